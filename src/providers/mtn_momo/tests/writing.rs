use super::*;

#[test]
fn r1_amounts_are_written_and_read_back_exactly_in_every_currency() {
    for (code, minor, wire) in [
        ("EUR", 2_550, "25.50"),
        ("EUR", 2_500, "25"),
        ("GHS", 1, "0.01"),
        ("GNF", 50_000, "50000"),
        ("LRD", 100_005, "1000.05"),
        ("NGN", 10, "0.10"),
        ("RWF", 1_500, "1500"),
        ("SSP", 100, "1"),
        ("SZL", 199, "1.99"),
        ("UGX", 10, "10"),
        ("XAF", 100, "100"),
        ("XOF", 1, "1"),
        ("ZAR", 1_000_000_000_000_000, "10000000000000"),
        ("ZMW", 12_345, "123.45"),
    ] {
        let amount = money(minor, code);
        assert_eq!(to_wire(amount), wire, "{code}");
        assert_eq!(from_wire(wire, amount.currency), Some(amount), "{code}");
        assert!(INFO.rule(amount.currency).is_some(), "{code}");
    }
    let eur = Currency::parse("EUR").unwrap();
    for (told, want) in [("6.0", 600), ("6", 600), ("6.000", 600), ("06.5", 650)] {
        assert_eq!(from_wire(told, eur), Some(money(want, "EUR")), "{told}");
    }
    for odd in ["6,0", "1e3", "-6", "6.005", "", " 6 7", "\u{664}"] {
        assert_eq!(from_wire(odd, eur), None, "{odd}");
    }
    assert_eq!(from_wire("6.5", Currency::XOF), None);
    let most = Money::new(Money::MOST_MINOR, Currency::XOF);
    assert_eq!(from_wire(&to_wire(most), Currency::XOF), Some(most));
}

#[test]
fn each_environment_has_a_currency_that_the_provider_lists_and_a_choice() {
    let names: Vec<_> = ENVIRONMENTS.iter().map(|e| e.name).collect();
    assert_eq!(names, NAMES);
    for environment in &ENVIRONMENTS {
        let currency = Currency::parse(environment.currency).unwrap();
        assert!(INFO.rule(currency).is_some(), "{}", environment.name);
    }
    for rule in INFO.currencies {
        let used = ENVIRONMENTS.iter().any(|e| e.currency == rule.code);
        assert!(used, "{}", rule.code);
    }
}

#[test]
fn r3_the_id_is_a_uuid_v4_that_our_reference_alone_decides() {
    let id = reference_id(Errand::Payment, "p-77");
    let parsed = uuid::Uuid::try_parse(&id).unwrap();
    assert_eq!(parsed.get_version_num(), 4);
    assert_eq!(parsed.get_variant(), uuid::Variant::RFC4122);
    // Payments and refunds that are on their way must be found again by every later version.
    assert_eq!(id, "55a1801b-5e10-4b5e-a425-f2030a4c8bab");
    assert_ne!(id, reference_id(Errand::Payment, "p-78"));
    assert_ne!(id, reference_id(Errand::Refund, "p-77"));
    let other = "c0ffee00-1111-4222-8333-444455556666";
    assert_eq!(known_or_made(Some(other), Errand::Payment, "p-77"), other);
    assert_eq!(known_or_made(Some("p-77"), Errand::Payment, "p-77"), id);
    assert_eq!(known_or_made(None, Errand::Payment, "p-77"), id);
}

#[test]
fn a_local_currency_cannot_be_paid_in_the_sandbox_nor_euro_outside_it() {
    let refused = |account: &Account, code: &str, phone: &str| {
        let req = StartPayment {
            phone: Some(phone.to_owned()),
            ..start_of(money(1_000, code), Method::MobileMoney)
        };
        MtnMomo.check(account, &req).map_err(|p| (p.field, p.code))
    };
    let currency = Err(("currency", "currency_not_supported"));
    assert_eq!(refused(&ours(), "EUR", "+46733123450"), Ok(()));
    assert_eq!(refused(&ours(), "UGX", "+256772123456"), currency);
    assert_eq!(
        refused(&live("mtnuganda"), "EUR", "+256772123456"),
        currency
    );
    assert_eq!(
        refused(&live("mtnuganda"), "KES", "+256772123456"),
        currency
    );
    for environment in ENVIRONMENTS.iter().filter(|e| !e.is_sandbox()) {
        let phone = format!("+{}700000001", environment.dial_code);
        let at = live(environment.name);
        assert_eq!(
            refused(&at, environment.currency, &phone),
            Ok(()),
            "{}",
            environment.name
        );
    }
    // Secrets, and even the environment, may be missing when a method is offered.
    let bare = account(&[("target_environment", "sandbox")]);
    assert_eq!(refused(&bare, "XOF", "+46733123450"), currency);
    assert_eq!(refused(&account(&[]), "XOF", "+22997000000"), Ok(()));
    // The currency is judged first: what the customer can still type hides no reason.
    let mut req = start_of(money(1_000, "UGX"), Method::MobileMoney);
    req.phone = None;
    assert_eq!(MtnMomo.check(&ours(), &req).unwrap_err().field, "currency");
    req.amount = money(1_000, "EUR");
    let problem = MtnMomo.check(&ours(), &req).unwrap_err();
    assert_eq!((problem.field, problem.code), ("phone", "phone_required"));
    req.method = Method::Card;
    assert_eq!(MtnMomo.check(&ours(), &req).unwrap_err().field, "method");
}

#[test]
fn phones_must_have_the_dial_code_of_the_environment() {
    let ghana = Environment::find("mtnghana");
    let read = |phone: &str, at| msisdn(phone, at).map_err(|p| (p.field, p.code));
    let digits = Ok("233244123456".to_owned());
    assert_eq!(read("+233 24-412 3456", ghana), digits);
    assert_eq!(read("233244123456", ghana), digits);
    let other = Err(("phone", "phone_not_of_country"));
    assert_eq!(read("+256772123456", ghana), other);
    let sandbox = Environment::find("sandbox");
    assert_eq!(read("+46733123450", sandbox), Ok("46733123450".to_owned()));
    for bad in [
        "0244123456",
        "00233244123456",
        "12",
        "+23324412345678901",
        "233x44123456",
        "",
    ] {
        assert_eq!(read(bad, ghana), Err(("phone", "phone_invalid")), "{bad}");
    }
}

#[test]
fn texts_hold_nothing_that_the_firewall_swallows() {
    for (text, want) in [
        ("Two tickets", "Two tickets"),
        ("Caf\u{e9} & cr\u{e8}me (2) #7", "Cafe creme 2 7"),
        ("inv-2026/0042", "inv-2026-0042"),
        ("ref_01ab", "ref-01ab"),
        ("O'Hara \u{2013} no. 5", "O Hara - no. 5"),
        ("\u{645}\u{631}\u{62d}\u{628}\u{627}\n\t", ""),
    ] {
        assert_eq!(plain(text, 160), want);
    }
    assert_eq!(plain(&"abc ".repeat(200), 160).len(), 159);
    assert_eq!(note("\u{2116}", "Payment"), "Payment");
}

#[test]
fn callbacks_are_asked_for_only_where_mtn_can_call() {
    let (sandbox, uganda) = (ours(), live("mtnuganda"));
    let at = |account: &Account, url: &'static str| {
        callback(account, environment(account).unwrap(), url)
    };
    let (secure, open) = ("https://pay.example/h/1", "http://pay.example/h/1");
    for (account, url, want) in [
        (&sandbox, secure, Some(secure)),
        (&sandbox, open, Some(open)),
        (&uganda, secure, Some(secure)),
        (&uganda, open, None),
        (&uganda, "https://192.0.2.7/h/1", None),
        (&sandbox, "", None),
        (&sandbox, "ftp://pay.example/h", None),
    ] {
        assert_eq!(at(account, url), want, "{url}");
    }
    let mut elsewhere = uganda.clone();
    let field = "callback_host".to_owned();
    elsewhere
        .credentials
        .insert(field.clone(), "shop.example".into());
    assert_eq!(at(&elsewhere, secure), None);
    elsewhere.credentials.insert(field, "Pay.Example".into());
    assert_eq!(at(&elsewhere, secure), Some(secure));
}
