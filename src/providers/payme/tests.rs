use super::*;
use crate::providers::testing::{Bench, account, money, ref_of, refund_of, start_of};
use crate::providers::{RefundFound, http::Http};
use axum::Router;

const MERCHANT: &str = "587f72c72cac0d162c722ae2";

fn ours() -> Account {
    account(&[("merchant_id", MERCHANT), ("secret_key", "K%&#@?()y")])
}

fn uzs(minor: i64) -> crate::domain::Money {
    money(minor, "UZS")
}

/// The text behind a link, and where the link leads.
async fn link(bench: &Bench, req: &StartPayment) -> (String, String) {
    let started = Payme.start(&bench.call(), req).await.unwrap();
    assert_eq!(started.provider_ref, None);
    let NextAction::Redirect { url } = started.next_action else {
        panic!();
    };
    let (host, encoded) = url.rsplit_once('/').unwrap();
    let text = STANDARD.decode(encoded).unwrap();
    (host.to_owned(), String::from_utf8(text).unwrap())
}

#[tokio::test]
async fn a_link_says_what_payme_documents_and_calls_nobody() {
    let bench = Bench::new(ours(), Router::new()).await;
    let mut req = start_of(uzs(500_000), Method::Payme);
    req.language = "uz".to_owned();
    let (host, text) = link(&bench, &req).await;
    assert_eq!(host, bench.base_url);
    assert_eq!(
        text,
        format!("m={MERCHANT};ac.order_id=pay_77;a=500000;l=uz;c=https://pay.example/return")
    );
    // The documentation's own example.
    let known = "bT01ODdmNzJjNzJjYWMwZDE2MmM3MjJhZTI7YWMub3JkZXJfaWQ9MTk3O2E9NTAw";
    let text = format!("m={MERCHANT};ac.order_id=197;a=500");
    assert_eq!(STANDARD.encode(text), known);
}

#[tokio::test]
async fn pages_and_api_have_their_own_hosts_unless_the_operator_says_otherwise() {
    let http = Http::with_timeout(std::time::Duration::from_secs(1)).unwrap();
    let bench = Bench::new(ours(), Router::new()).await;
    let mut shop = ours();
    for (mode, base_url, want) in [
        (Mode::Test, TEST_URL, "https://test.paycom.uz/"),
        (Mode::Live, LIVE_URL, "https://checkout.paycom.uz/"),
        (
            Mode::Test,
            "http://127.0.0.1:1/payme",
            "http://127.0.0.1:1/payme/",
        ),
        (
            Mode::Live,
            "http://127.0.0.1:1/payme",
            "http://127.0.0.1:1/payme/",
        ),
    ] {
        shop.mode = mode;
        let call = Call {
            account: &shop,
            base_url,
            http: &http,
            now: crate::providers::testing::NOW,
            tokens: &bench.tokens,
        };
        let req = start_of(uzs(500_000), Method::Payme);
        let started = Payme.start(&call, &req).await.unwrap();
        let NextAction::Redirect { url } = started.next_action else {
            panic!();
        };
        let encoded = url.strip_prefix(want).unwrap_or_else(|| panic!("{url}"));
        assert!(!encoded.contains(['/', '+']), "{url}");
    }
}

#[tokio::test]
async fn what_a_link_cannot_carry_is_refused_or_escaped() {
    let mut bench = Bench::new(ours(), Router::new()).await;
    let mut req = start_of(uzs(1), Method::Payme);
    req.return_url = "https://shop.example/a;b".to_owned();
    req.language = "sw".to_owned();
    let (_, text) = link(&bench, &req).await;
    assert!(
        text.ends_with(";a=1;l=en;c=https://shop.example/a%3Bb"),
        "{text}"
    );
    let set = |bench: &mut Bench, field: &str, value: &str| {
        bench
            .account
            .credentials
            .insert(field.to_owned(), value.into());
    };
    set(&mut bench, "account_field", "booking");
    assert!(link(&bench, &req).await.1.contains(";ac.booking=pay_77;"));
    for (field, value) in [
        ("account_field", "a;b"),
        ("account_field", "a=b"),
        ("merchant_id", ""),
    ] {
        let mut bench = Bench::new(ours(), Router::new()).await;
        set(&mut bench, field, value);
        let error = Payme.start(&bench.call(), &req).await.unwrap_err();
        assert!(matches!(error, ProviderError::Misconfigured(_)), "{error}");
    }
}

#[test]
fn r1_payme_takes_tiyin_of_uzs_alone() {
    let check = |amount| {
        Payme
            .check(&ours(), &start_of(amount, Method::Payme))
            .map_err(|p| p.code)
    };
    assert_eq!(check(uzs(1)), Ok(()));
    assert_eq!(check(uzs(123_456_789)), Ok(()));
    assert_eq!(check(money(100, "USD")), Err("method_not_for_currency"));
    assert_eq!(
        Payme
            .check(&ours(), &start_of(uzs(1), Method::Card))
            .map_err(|p| p.code),
        Err("method_not_supported")
    );
    assert_eq!(uzs(1).currency.exponent(), 2);
}

#[tokio::test]
async fn in_merchant_mode_nobody_is_asked_and_refunds_are_done_in_the_cabinet() {
    let bench = Bench::new(ours(), Router::new()).await;
    let mut of = ref_of(uzs(500_000), Method::Payme);
    of.provider_ref = None;
    let call = bench.call();
    assert_eq!(Payme.fetch(&call, &of).await.unwrap().found, Found::Missing);
    assert!(matches!(
        Payme.refunds(&ours(), &of),
        RefundSupport::Elsewhere(way) if way.contains("cabinet")
    ));
    let back = refund_of(uzs(500_000), of.clone());
    for report in [
        Payme.refund(&call, &back).await.unwrap(),
        Payme.fetch_refund(&call, &back).await.unwrap(),
    ] {
        assert_eq!(report.found, RefundFound::ByHand);
    }
    Payme.close(&call, &of).await.unwrap();
    let said = Payme.self_test(&call).await.unwrap();
    assert!(said.contains(MERCHANT) && !said.contains("K%&"), "{said}");
    // A receipt stays one, whatever the account is set to now.
    of.provider_ref = Some("2e0b1bc1f1eb50d487ba268d".to_owned());
    assert_eq!(Payme.refunds(&ours(), &of), RefundSupport::FullOnly);
}

#[test]
fn uzbek_numbers_are_sent_as_twelve_digits() {
    assert_eq!(uz_phone("+998901234567"), Some("998901234567"));
    for other in ["+254712345678", "998", "+99890123456", "+9989012345678", ""] {
        assert_eq!(uz_phone(other), None, "{other}");
    }
    for (asked, want) in [
        ("ru", "ru"),
        ("uz", "uz"),
        ("uz-Latn", "uz"),
        ("ar", "en"),
        ("", "en"),
    ] {
        assert_eq!(language(asked), want);
    }
}
