//! Renders every page with sample data in every language and checks what all pages promise.
use super::by_hand::{ByHand, Instructions, ProofForm, ProofView, by_hand, proof};
use super::choose::{Choose, Details, Offer, choose, details};
use super::ends::{
    Already, Closed, ComesBack, Failed, Receipt, Surplus, already, bare, closed, comes_back,
    failed, mock, receipt,
};
use super::parts::{Frame, Instrument, Page, PartLine, TestPanel};
use super::paybill::{Instead, PayBill, paybill};
use super::style::Brand;
use super::waiting::{Wait, Waiting, waiting};
use crate::domain::method::Method;
use crate::domain::order::{OrderKind, OrderStatus};
use crate::domain::payment::FailureCode;
use crate::domain::proof::ProofStatus;
use crate::domain::{Currency, Money};
use crate::web::flash::Flash;
use crate::web::texts::{How, Lang, Outcome, Speaks};
use axum::http::{StatusCode, header};
use axum::response::Response;
use http_body_util::BodyExt;

fn frame(lang: Lang, test: bool) -> Frame {
    Frame {
        lang,
        brand: Brand::new("#0b6e5f"),
        merchant: "Amani <Dental> Clinic".into(),
        contact_phone: "+254 712 000 111".into(),
        contact_email: "pay@amani.example".into(),
        description: "Check-up and cleaning".into(),
        kind: OrderKind::Booking,
        reference: "BK-20418".into(),
        amount: Money::new(150_000, Currency::KES),
        paid: None,
        part: None,
        pay_by: "Fri 20 Nov, 18:00".into(),
        base: "/pay/0123456789abcdef0123456789abcdef".into(),
        test,
    }
}

fn offer(provider: &'static str, label: &'static str, method: Method, how: How) -> Offer {
    Offer {
        provider,
        label,
        monogram: "Mp",
        method,
        how,
        test: true,
        recommended: provider == "mpesa",
        needs_phone: how == How::Prompt,
        needs_email: provider == "paystack",
        fee: (provider == "paystack").then(|| "plus a fee of about KES 22.50".to_owned()),
    }
}

fn panels() -> Vec<TestPanel> {
    let instrument = |number, detail, outcome| Instrument {
        number,
        detail,
        outcome,
        simulator_only: false,
    };
    let card = TestPanel {
        provider: "paystack",
        label: "Paystack",
        instruments: vec![
            instrument("4084084084084081", "CVV 408", Outcome::Paid),
            instrument("4084080000005408", "CVV 001", Outcome::Declined),
        ],
    };
    let phone = TestPanel {
        provider: "mpesa",
        label: "M-Pesa",
        instruments: vec![instrument("254708374149", "", Outcome::NeverAnswers)],
    };
    vec![card, phone]
}

fn offers() -> Vec<Offer> {
    vec![
        offer("mpesa", "M-Pesa", Method::StkPush, How::Prompt),
        offer("paystack", "Paystack", Method::Card, How::Page),
        offer(
            "manual",
            "Manual payment",
            Method::BankTransfer,
            How::Transfer,
        ),
        offer(
            "manual",
            "Manual payment",
            Method::CashOnDelivery,
            How::Cash,
        ),
    ]
}

fn proof_form(refused: Option<Flash>) -> ProofForm {
    ProofForm {
        action: "/pay/x/proof/y".into(),
        form_key: "k".into(),
        refused,
    }
}

fn by_hand_instead() -> Instead {
    Instead {
        choice: "mpesa.paybill".into(),
        form_key: "0123456789ab".into(),
        label: "M-Pesa".into(),
    }
}

fn pay_bill(account: Option<&str>) -> PayBill {
    PayBill {
        payment_id: "pay_1".into(),
        state: "requires_action".into(),
        label: "M-Pesa".into(),
        business_number: "600984".into(),
        account_number: account.map(str::to_owned),
        digits: "1500".into(),
        age_secs: 20,
        panels: panels(),
    }
}

fn waits(kind: Wait, method: How, age_secs: i64) -> Waiting {
    Waiting {
        payment_id: "pay_1".into(),
        state: "pending".into(),
        kind,
        label: "M-Pesa".into(),
        method,
        amount: "KES 1,500".into(),
        phone: "0712 345 678".into(),
        sent_at: "14:32:05".into(),
        asked_at: Some("14:36".into()),
        age_secs,
        page_url: Some("https://checkout.paystack.com/x".into()),
        instead: Some(by_hand_instead()),
        panels: panels(),
    }
}

#[expect(clippy::too_many_lines, reason = "one sample for each page")]
fn every_page(frame: &Frame) -> Vec<(&'static str, Page)> {
    let back = Some("https://shop.example/".to_owned());
    let first = |offers, refused| {
        let of = Choose {
            offers,
            chosen: None,
            panels: if frame.test { panels() } else { vec![] },
            form_key: "k".into(),
            return_url: back.clone(),
            targets: vec![],
            test_order: frame.test,
            refused,
        };
        choose(frame, of)
    };
    let second = |offer: Offer, refused| {
        let of = Details {
            offer,
            others: vec!["Card".to_owned(), "Bank transfer".to_owned()],
            panels: vec![],
            form_key: "k".into(),
            phone: String::new(),
            email: String::new(),
            targets: vec![],
            refused,
        };
        details(frame, of)
    };
    let by = |method, refused| {
        let of = ByHand {
            method,
            digits: "1500".into(),
            amount: "KES 1,500".into(),
            reason: "BK7X42QM".into(),
            instructions: Instructions {
                bank: "Pearl Coast Bank".into(),
                account_number: "01470033918802".into(),
                mobile_number: "0772000222".into(),
                words: "Ask for Grace.\nBring the slip.".into(),
                review_hours: Some(2),
                ..Instructions::default()
            },
            form: proof_form(refused),
        };
        by_hand(frame, of)
    };
    let shown = |status, claimed_at| {
        let of = ProofView {
            status,
            claimed_at,
            sent_at: "10:42".into(),
            file: Some("Photo, 1.2 MB".into()),
            reference: "FT26324K8LQ".into(),
            notes: "<b>Paid by my brother</b>".into(),
            staff_note: "One zero is missing.".into(),
            review_hours: Some(2),
            form: proof_form(None),
            takes_more: true,
            age_secs: 10,
        };
        proof(frame, of)
    };
    let paid = Receipt {
        amount: frame.amount,
        test: frame.test,
        date: "Fri 20 Nov 2026, 14:33 EAT".into(),
        paid_with: "M-Pesa, 0712 ••• 678".into(),
        provider: "M-Pesa".into(),
        code: Some("TKK4H7RW2N".into()),
        number: "7K2M-4Q9X".into(),
        given_back: Some(Money::new(50_000, Currency::KES)),
        return_url: back.clone(),
        notes: vec![],
        pay_rest: Some("KES 500".into()),
        rest: vec![("Left", "KES 500".into())],
    };
    let not_paid = |code| {
        let of = Failed {
            code,
            provider: "M-Pesa".into(),
            method: "M-Pesa".into(),
            amount: "KES 1,500".into(),
            phone: Some("0712 345 678".into()),
            is_card: true,
            again: Some("/pay/x/with/mpesa/stk_push".into()),
            instead: Some(by_hand_instead()),
            date: "Fri 20 Nov, 14:33".into(),
            number: "7K2M-4Q9X".into(),
            return_url: back.clone(),
        };
        failed(frame, of)
    };
    let end = |status| {
        let of = Closed {
            status,
            until: "Thu 19 Nov, 18:00".into(),
            look: Some("pay_1".into()),
            return_url: back.clone(),
        };
        closed(frame, of)
    };
    let money_back = |why, done| {
        let of = ComesBack {
            why,
            amount: "KES 1,500".into(),
            payments: vec![
                ("M-Pesa, 14:33".into(), "TKK4H7RW2N".into(), true),
                ("M-Pesa, 14:36".into(), "TKK8J2QF5M".into(), false),
            ],
            seen_at: "14:37".into(),
            done,
        };
        comes_back(frame, of)
    };
    let twice = Already {
        paid_with: "M-Pesa".into(),
        date: "Fri 20 Nov, 14:33".into(),
        number: "7K2M-4Q9X".into(),
        return_url: back.clone(),
    };
    let wrong_phone = Flash::new("start")
        .value("phone", "0712 345 67\"><script>")
        .error("phone", "phone_too_short");
    let wrong_file = Flash::new("proof")
        .value("have", "number")
        .value("notes", "</textarea><script>")
        .error("image", "file_too_large")
        .error("reference", "reference_invalid")
        .error("", "proof_closed");
    let gone = Flash::new("choose").error("", "method_not_configured");
    vec![
        ("choose", first(offers(), None)),
        ("choose-refused", first(offers(), Some(gone))),
        ("nothing", first(vec![], None)),
        ("phone", second(offers().remove(0), Some(wrong_phone))),
        ("email", second(offers().remove(1), None)),
        (
            "waiting",
            waiting(frame, waits(Wait::Customer, How::Prompt, 20)),
        ),
        (
            "waiting-old",
            waiting(frame, waits(Wait::Customer, How::Prompt, 700)),
        ),
        ("page", waiting(frame, waits(Wait::Customer, How::Page, 20))),
        (
            "unknown",
            waiting(frame, waits(Wait::Provider, How::Prompt, 20)),
        ),
        (
            "mismatch",
            waiting(frame, waits(Wait::Staff, How::Prompt, 20)),
        ),
        ("paybill", paybill(frame, pay_bill(Some("BK7X42QM")))),
        ("till", paybill(frame, pay_bill(None))),
        ("bank", by(Method::BankTransfer, None)),
        ("bank-refused", by(Method::BankTransfer, Some(wrong_file))),
        ("mobile", by(Method::MobileMoney, None)),
        ("cash", by(Method::CashOnDelivery, None)),
        ("proof-sent", shown(ProofStatus::Submitted, None)),
        (
            "proof-review",
            shown(ProofStatus::Submitted, Some("11:31".into())),
        ),
        ("proof-rejected", shown(ProofStatus::Rejected, None)),
        ("proof-more", shown(ProofStatus::MoreWanted, None)),
        ("proof-approved", shown(ProofStatus::Approved, None)),
        ("receipt", receipt(frame, paid)),
        ("failed", not_paid(FailureCode::InsufficientFunds)),
        ("declined", not_paid(FailureCode::Declined)),
        ("too-late", not_paid(FailureCode::Expired)),
        ("expired", end(OrderStatus::Expired)),
        ("cancelled", end(OrderStatus::Cancelled)),
        ("already", already(frame, twice)),
        ("twice", money_back(Surplus::Twice, false)),
        ("over", money_back(Surplus::Over, true)),
        ("after-cancel", money_back(Surplus::AfterCancel, false)),
        ("mock", mock(frame, "ref")),
    ]
}

async fn text(response: Response) -> (String, String) {
    let csp = &response.headers()[header::CONTENT_SECURITY_POLICY];
    let csp = csp.to_str().unwrap().to_owned();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (csp, String::from_utf8(body.to_vec()).unwrap())
}

fn count(html: &str, what: &str) -> usize {
    html.matches(what).count()
}

/// The value of an attribute in one tag.
fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let at = tag.find(&format!(" {name}=\""))? + name.len() + 3;
    tag[at..].split('"').next()
}

fn check(html: &str, csp: &str, lang: Lang, name: &str) {
    let head = format!("<html lang=\"{}\" dir=\"{}\">", lang.tag(), lang.dir());
    assert!(
        html.starts_with(&format!("<!DOCTYPE html>{head}")),
        "{name}"
    );
    assert_eq!(count(html, "<h1>"), 1, "{name}: one heading");
    assert_eq!(count(html, "<main "), 1, "{name}: one main");
    assert_eq!(count(html, " style=\""), 0, "{name}: the policy forbids it");
    assert!(!html.contains("<script>"), "{name}: typed text is escaped");
    assert!(
        !html.contains("Amani <Dental>"),
        "{name}: names are escaped"
    );
    let scripted = html.contains("<script");
    assert_eq!(scripted, html.contains("<leptos-island"), "{name}");
    assert_eq!(scripted, csp.contains("script-src"), "{name}");
    for tag in ["<input", "<textarea"] {
        for after in html.split(tag).skip(1) {
            let own = after.split('>').next().unwrap_or_default();
            let kind = attribute(own, "type").unwrap_or("text");
            if matches!(kind, "hidden" | "radio") {
                continue;
            }
            let id = attribute(own, "id").unwrap_or_else(|| panic!("{name}: {own}"));
            assert_eq!(
                count(html, &format!("<label for=\"{id}\"")),
                1,
                "{name}: {id}"
            );
            if let Some(described) = attribute(own, "aria-describedby") {
                for by in described.split(' ') {
                    assert_eq!(count(html, &format!(" id=\"{by}\"")), 1, "{name}: {by}");
                }
            }
        }
    }
}

#[tokio::test]
async fn every_page_keeps_its_promises_in_every_language() {
    for lang in Lang::ALL {
        for test in [false, true] {
            let frame = frame(lang, test);
            for (name, page) in every_page(&frame) {
                let (csp, html) = text(frame.respond(page)).await;
                check(&html, &csp, lang, name);
                assert_eq!(html.contains("class=\"strip\""), test, "{name}");
                assert_eq!(
                    html.contains(&format!("<title>{}", lang.texts().test_prefix)),
                    test
                );
                if let Some(folder) = option_env!("MALIPO_PAGES") {
                    let kind = if test { "test" } else { "live" };
                    let file = format!("{folder}/{name}-{}-{kind}.html", lang.tag());
                    std::fs::write(file, &html).unwrap();
                }
            }
            for status in [StatusCode::NOT_FOUND, StatusCode::INTERNAL_SERVER_ERROR] {
                let response = bare(lang, status);
                assert_eq!(response.status(), status);
                let (csp, html) = text(response).await;
                check(&html, &csp, lang, "bare");
            }
        }
    }
}

#[tokio::test]
async fn an_order_in_parts_says_so_and_keeps_the_amount_that_was_chosen() {
    for lang in Lang::ALL {
        let t = lang.texts();
        let part = PartLine {
            of: (t.part_of)("1", "3"),
            whole: false,
            left: Some("KES 4,500".into()),
            next: Some((t.amount_by)("KES 1,500", "Fri 18 Dec 2026")),
            switch: Some(("/pay/x?all=1".into(), (t.pay_whole)("KES 4,500"))),
        };
        let mut frame = frame(lang, false);
        frame.part = Some(part);
        for (name, page) in every_page(&frame) {
            let (csp, html) = text(frame.respond(page)).await;
            check(&html, &csp, lang, name);
            assert!(!html.contains("name=\"all\""), "{name}");
            if name == "choose" {
                for words in [(t.part_of)("1", "3"), (t.pay_whole)("KES 4,500")] {
                    assert!(html.contains(&words), "{name}: {words}");
                }
            }
        }
        frame.part.as_mut().unwrap().whole = true;
        for (name, page) in every_page(&frame) {
            let (_, html) = text(frame.respond(page)).await;
            // Every form that begins to pay carries the wish on, and so does every other language.
            let forms = ["choose", "start"].map(|to| format!("action=\"/do/checkout/{to}\""));
            let begins: usize = forms.iter().map(|form| count(&html, form)).sum();
            let carried = count(&html, "<input type=\"hidden\" name=\"all\" value=\"1\"");
            assert_eq!(begins, carried, "{name}");
            assert!(html.contains("?lang=fr&amp;all=1"), "{name}");
        }
    }
}

#[tokio::test]
async fn an_unknown_outcome_never_offers_to_pay_again() {
    let frame = frame(Lang::En, false);
    for kind in [Wait::Provider, Wait::Staff] {
        let page = waiting(&frame, waits(kind, How::Prompt, 20));
        let (_, html) = text(frame.respond(page)).await;
        assert!(html.contains("do not pay again") || html.contains("Do not pay again"));
        assert!(!html.contains(&format!("href=\"{}\"", frame.base)));
        assert!(!html.contains("Nothing was taken"));
    }
}

#[tokio::test]
async fn the_test_receipt_is_marked_all_over_and_waiting_refreshes_for_ten_minutes() {
    let frame = frame(Lang::En, true);
    for (name, page) in every_page(&frame) {
        let refresh = page.refresh;
        let (_, html) = text(frame.respond(page)).await;
        assert_eq!(html.contains("class=\"mark\""), name == "receipt");
        match name {
            "waiting" | "page" | "unknown" => assert_eq!(refresh, Some(5)),
            "waiting-old" => assert_eq!(refresh, None),
            _ => {}
        }
    }
}
