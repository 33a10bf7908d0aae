use super::*;
use crate::domain::bill::BillReference;
use crate::providers::testing::hook as raw;
use crate::providers::{BillPayment, RawHook};

const CONFIRMATION: &str = r#"{"TransactionType":"Pay Bill","TransID":"RKL51ZDR4F","TransTime":"20231121121325","TransAmount":"5.00","BusinessShortCode":"174379","BillRefNumber":"bk7x-42qm","InvoiceNumber":"","OrgAccountBalance":"25.00","ThirdPartyTransID":"","MSISDN":"2547 ***** 126","FirstName":"NICHOLAS","MiddleName":"","LastName":"Otieno"}"#;

fn by_hand() -> StartPayment {
    StartPayment {
        bill: Some(BillReference::make(77)),
        ..start_of(money(150_000, "KES"), Method::Paybill)
    }
}

fn till() -> Account {
    let mut account = ours();
    let set = [("transaction_type", "till"), ("till_number", "555001")];
    let set = set.map(|(k, v)| (k.to_owned(), v.into()));
    account.credentials.extend(set);
    account
}

#[tokio::test]
async fn instructions_name_the_number_and_at_a_paybill_the_account() {
    let req = by_hand();
    let nobody = Router::new();
    let bench = Bench::new(ours(), nobody.clone()).await;
    let started = Mpesa.start(&bench.call(), &req).await.unwrap();
    assert_eq!(started.status, PaymentStatus::RequiresAction);
    let wanted = NextAction::PayBill {
        business_number: "174379".to_owned(),
        account_number: req.bill.as_ref().map(ToString::to_string),
    };
    assert_eq!(started.next_action, wanted);
    let bench = Bench::new(till(), nobody).await;
    let started = Mpesa.start(&bench.call(), &req).await.unwrap();
    let wanted = NextAction::PayBill {
        business_number: "555001".to_owned(),
        account_number: None,
    };
    assert_eq!(started.next_action, wanted);
    let of = ref_of(money(150_000, "KES"), Method::Paybill);
    let report = Mpesa.fetch(&bench.call(), &of).await.unwrap();
    assert_eq!(report.found, Found::Open(PaymentStatus::RequiresAction));
}

#[test]
fn paybill_is_offered_unless_it_is_switched_off_or_the_till_is_missing() {
    let mut account = till();
    assert_eq!(Mpesa.check(&account, &by_hand()), Ok(()));
    account.credentials.remove("till_number");
    let problem = Mpesa.check(&account, &by_hand()).unwrap_err();
    assert_eq!(problem.code, "method_not_configured");
    let mut account = ours();
    account
        .options
        .insert("paybill".to_owned(), "off".to_owned());
    let problem = Mpesa.check(&account, &by_hand()).unwrap_err();
    assert_eq!(problem.code, "method_not_configured");
    assert_eq!(Mpesa.check(&account, &push()), Ok(()));
}

#[test]
fn the_prompt_carries_the_reference_of_its_bill() {
    let req = by_hand();
    let shown = account_reference(&req);
    assert_eq!(
        Some(shown.as_str()),
        req.bill.as_ref().map(BillReference::as_str)
    );
    assert!(shown.len() <= 12);
}

fn read(account: &Account, body: &str, path: &str) -> Result<HookAbout, HookError> {
    receive(&Mpesa, account, &hook(&[], body, path)).map(|r| r.1.about)
}

#[test]
fn a_confirmation_is_read_with_its_payer_masked() {
    let reading = receive(&Mpesa, &ours(), &hook(&[], CONFIRMATION, "confirmation"));
    let reading = reading.unwrap().1;
    assert_eq!(reading.dedupe_key, "c2b:RKL51ZDR4F");
    let bill = BillPayment {
        receipt: "RKL51ZDR4F".to_owned(),
        amount: money(500, "KES"),
        business_number: "174379".to_owned(),
        ours: true,
        typed: "bk7x-42qm".to_owned(),
        payer_name: "N*** O***".to_owned(),
        payer_phone: "2547 ***** 126".to_owned(),
    };
    assert_eq!(reading.about, HookAbout::Bill(bill));
}

#[test]
fn odd_confirmations_are_read_as_far_as_they_go() {
    let with = |field: &str, value: Value| {
        let mut body: Value = serde_json::from_str(CONFIRMATION).unwrap();
        body[field] = value;
        read(&till(), &body.to_string(), "confirmation")
    };
    let bill = |about| match about {
        Ok(HookAbout::Bill(bill)) => bill,
        other => panic!("{other:?}"),
    };
    assert_eq!(bill(with("BillRefNumber", Value::Null)).typed, "");
    assert!(!bill(with("BusinessShortCode", json!("600000"))).ours);
    assert!(bill(with("BusinessShortCode", json!(555_001))).ours);
    assert_eq!(bill(with("TransAmount", json!(5))).amount.minor, 500);
    assert_eq!(bill(with("TransAmount", json!("5"))).amount.minor, 500);
    assert_eq!(
        bill(with("MSISDN", json!("254712345126"))).payer_phone,
        "2547 ***** 126"
    );
    assert_eq!(bill(with("MSISDN", json!("2f".repeat(32)))).payer_phone, "");
    assert_eq!(bill(with("FirstName", json!([1]))).payer_name, "O***");
    let long = bill(with("BillRefNumber", json!("x\n".repeat(500)))).typed;
    assert_eq!(long, "x".repeat(40));
    for (field, value) in [
        ("TransID", json!("")),
        ("TransID", json!("../x")),
        ("TransAmount", json!("-5")),
        ("TransAmount", json!("5.001")),
        ("TransAmount", json!("much")),
    ] {
        assert!(with(field, value.clone()).is_err(), "{field} {value}");
    }
    for body in ["", "[]", "null", "{}", r#"{"TransID":[]}"#, "\u{0}"] {
        for path in [
            "confirmation",
            "validation",
            "0a1b",
            "0a1b/0",
            "0a1b/1",
            "m0a1b",
            "",
        ] {
            let _ = read(&ours(), body, path);
        }
        assert!(read(&ours(), body, "confirmation").is_err());
    }
}

#[test]
fn a_validation_is_a_question_and_never_money() {
    let asked = |path| Mpesa.question(&ours(), &raw(&[], CONFIRMATION, path));
    assert_eq!(asked("confirmation"), Ok(None));
    assert_eq!(
        asked("validation").unwrap().unwrap().amount,
        money(500, "KES")
    );
    let about = read(&ours(), CONFIRMATION, "validation").unwrap();
    assert!(matches!(about, HookAbout::Nothing(_)), "{about:?}");
    let unreadable: RawHook = raw(&[], "{}", "validation");
    assert!(Mpesa.question(&ours(), &unreadable).is_err());
    for (verdict, code) in [
        (Verdict::Welcome, "0"),
        (Verdict::UnknownReference, "C2B00012"),
        (Verdict::WrongAmount, "C2B00013"),
        (Verdict::OtherNumber, "C2B00015"),
        (Verdict::Closed, "C2B00016"),
    ] {
        let body: Value = serde_json::from_str(Mpesa.verdict(verdict)).unwrap();
        assert_eq!(body["ResultCode"], code);
        let desc = if code == "0" { "Accepted" } else { "Rejected" };
        assert_eq!(body["ResultDesc"], desc);
    }
}

#[tokio::test]
async fn addresses_are_registered_once_and_what_stands_in_the_way_is_said() {
    let seen: Arc<Mutex<Vec<Value>>> = Arc::default();
    let log = seen.clone();
    let router = safaricom(404, "").route(
        "/mpesa/c2b/v2/registerurl",
        post(|body: String| async move {
            log.lock().unwrap().push(serde_json::from_str(&body).unwrap());
            r#"{"OriginatorCoversationID":"6e86","ResponseCode":"00000000","ResponseDescription":"Success"}"#
        }),
    );
    let bench = Bench::new(ours(), router).await;
    let url = "https://pay.example/hooks/0a1b";
    assert!(Mpesa.info().registers_hooks);
    Mpesa.register_hooks(&bench.call(), url).await.unwrap();
    let sent = seen.lock().unwrap().remove(0);
    let wanted = json!({
        "ShortCode": "174379", "ResponseType": "Completed",
        "ConfirmationURL": "https://pay.example/hooks/0a1b/confirmation",
        "ValidationURL": "https://pay.example/hooks/0a1b/validation",
    });
    assert_eq!(sent, wanted);
    let worded = "https://mpesa.example/hooks/0a1b";
    let refused = Mpesa.register_hooks(&bench.call(), worded).await;
    assert!(refused.is_err());
    for (status, body, says) in [
        (
            500,
            error("500.003.1001", "Urls are already registered."),
            "URL Management",
        ),
        (
            400,
            error("400.003.02", "Duplicate notification info, SP ID 1"),
            "older platform",
        ),
        (
            400,
            error("400.002.02", "Bad Request - Invalid ConfirmationURL"),
            "ConfirmationURL",
        ),
        (
            200,
            r#"{"ResponseCode":"1","ResponseDescription":"No"}"#.to_owned(),
            "No",
        ),
    ] {
        let bench = Bench::new(ours(), safaricom(status, body)).await;
        let refused = Mpesa.register_hooks(&bench.call(), url).await.unwrap_err();
        assert!(refused.to_string().contains(says), "{refused}");
        assert!(
            matches!(refused, ProviderError::Misconfigured(_)),
            "{refused}"
        );
    }
}
