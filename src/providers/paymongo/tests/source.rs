//! Charging a source: once, whatever is lost on the way.
use super::*;

const ASK: &str = "GET /v1/sources/src_a";
const LIST: &str = "GET /v1/payments?limit=100";
const CHARGE: &str = "POST /v1/payments";

fn of() -> PaymentRef {
    payment_ref(Method::Gcash, "src_a")
}

/// The payment of our source. Its metadata may be null.
fn made(status: &str) -> Value {
    let mut payment = paid("pay_s", status);
    payment["attributes"]["source"] = json!({"id": "src_a", "type": "gcash"});
    payment["attributes"]["payment_intent_id"] = Value::Null;
    payment["attributes"]["metadata"] = Value::Null;
    payment
}

#[tokio::test]
async fn a_chargeable_source_is_charged_with_the_exact_amount_and_our_key() {
    let script = Script::default()
        .then(ASK, 200, one(source("chargeable")))
        .then(ASK, 200, one(source("chargeable")))
        .then(LIST, 200, list(vec![paid("pay_x", "paid")]))
        .then(CHARGE, 200, one(made("paid")));
    let report = asked(older(), &of(), &script).await.unwrap();
    assert_eq!(report.receipt.as_deref(), Some("pay_s"));
    assert_eq!(report.provider_ref.as_deref(), Some("src_a"));
    let charge = charge_of(&report);
    assert_eq!(
        (charge.amount, charge.asked),
        (php(25_000), Some(php(25_000)))
    );
    assert_eq!(charge.reference.as_deref(), Some("p-77"));
    let sent = script.seen().pop().unwrap();
    assert_eq!(sent.headers["idempotency-key"], "p-77-charge");
    assert_eq!(
        sent.attributes(),
        &json!({"amount": 25_000, "currency": "PHP", "description": "Payment (p-77)",
            "source": {"id": "src_a", "type": "source"},
            "metadata": {"payment_reference": "p-77"}})
    );
}

#[tokio::test]
async fn r4_a_charge_whose_answer_was_lost_is_found_and_not_repeated() {
    // The first answer is lost.
    for status in [0, 500] {
        let script = Script::default()
            .then(ASK, 200, one(source("chargeable")))
            .then(ASK, 200, one(source("chargeable")))
            .then(LIST, 200, list(vec![]))
            .then(CHARGE, status, "");
        let error = asked(older(), &of(), &script).await.unwrap_err();
        assert!(matches!(error, ProviderError::Unknown(_)), "{error}");
    }
    // The next question: the list shows the payment although the source lags.
    let script = Script::default()
        .then(ASK, 200, one(source("chargeable")))
        .then(ASK, 200, one(source("chargeable")))
        .then(LIST, 200, list(vec![made("paid")]));
    let report = asked(older(), &of(), &script).await.unwrap();
    assert_eq!(report.receipt.as_deref(), Some("pay_s"));
    // Or the source says it, and the list lags.
    let script =
        Script::default()
            .then(ASK, 200, one(source("paid")))
            .then(LIST, 200, list(vec![]));
    let report = asked(older(), &of(), &script).await.unwrap();
    assert_eq!(report.receipt, None);
    assert_eq!(charge_of(&report).amount, php(25_000));
    // A list that cannot be read charges nothing.
    let script = Script::default()
        .then(ASK, 200, one(source("chargeable")))
        .then(ASK, 200, one(source("chargeable")))
        .then(LIST, 500, "");
    assert!(asked(older(), &of(), &script).await.is_err());
}

#[tokio::test]
async fn a_charge_that_another_process_made_first_is_read_from_the_source() {
    let script = Script::default()
        .then(ASK, 200, one(source("chargeable")))
        .then(ASK, 200, one(source("chargeable")))
        .then(LIST, 200, list(vec![]))
        .then(CHARGE, 400, error("resource_failed_state"))
        .then(ASK, 200, one(source("paid")))
        .then(LIST, 200, list(vec![made("paid")]));
    let report = asked(older(), &of(), &script).await.unwrap();
    assert_eq!(report.receipt.as_deref(), Some("pay_s"));
    charge_of(&report);
    // Refused, and still chargeable: no end is made up.
    let script = Script::default()
        .then(ASK, 200, one(source("chargeable")))
        .then(ASK, 200, one(source("chargeable")))
        .then(LIST, 200, list(vec![]))
        .then(CHARGE, 400, error("resource_failed_state"))
        .then(ASK, 200, one(source("chargeable")));
    let error = asked(older(), &of(), &script).await.unwrap_err();
    assert!(matches!(error, ProviderError::Unknown(_)), "{error}");
}

#[tokio::test]
async fn r6_a_source_that_is_not_what_we_asked_for_is_not_charged() {
    for (at, value) in [
        ("amount", json!(24_900)),
        ("currency", json!("USD")),
        ("livemode", json!(true)),
        ("metadata", json!({"payment_reference": "p-78"})),
    ] {
        let mut other = source("chargeable");
        other["attributes"][at] = value;
        let script = Script::default()
            .then(ASK, 200, one(other.clone()))
            .then(ASK, 200, one(other))
            .then(LIST, 200, list(vec![]));
        let report = asked(older(), &of(), &script).await.unwrap();
        assert_eq!(report.found, Found::Open(PaymentStatus::Processing), "{at}");
    }
}

#[tokio::test]
async fn a_source_ends_as_its_status_says_and_a_failed_charge_is_not_tried_again() {
    for (status, want) in [
        ("pending", PaymentStatus::RequiresAction),
        ("brand_new", PaymentStatus::Pending),
    ] {
        let script = Script::default().then(ASK, 200, one(source(status)));
        let report = asked(older(), &of(), &script).await.unwrap();
        assert_eq!(report.found, Found::Open(want), "{status}");
    }
    let script = Script::default().then(ASK, 200, one(source("cancelled")));
    let report = asked(older(), &of(), &script).await.unwrap();
    assert!(matches!(report.found, Found::Cancelled(_)));
    let script = Script::default().then(ASK, 200, one(source("expired")));
    let report = asked(older(), &of(), &script).await.unwrap();
    assert!(matches!(report.found, Found::Expired(_)));
    for (status, fails) in [("failed", true), ("pending", false)] {
        let script = Script::default()
            .then(ASK, 200, one(source("chargeable")))
            .then(ASK, 200, one(source("chargeable")))
            .then(LIST, 200, list(vec![made(status)]));
        let report = asked(older(), &of(), &script).await.unwrap();
        assert_eq!(matches!(report.found, Found::Failed(_)), fails, "{status}");
        assert!(fails || report.found == Found::Open(PaymentStatus::Processing));
    }
}

/// A PayMongo that makes one payment of a source and refuses the second.
#[derive(Clone, Default)]
struct Till(Arc<Mutex<Option<Value>>>, Arc<Mutex<u32>>);

async fn till(State(till): State<Till>, verb: Verb, uri: Uri) -> (StatusCode, String) {
    tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    let mut payment = till.0.lock().unwrap();
    let status = if payment.is_some() {
        "paid"
    } else {
        "chargeable"
    };
    let told = match (verb.as_str(), uri.path()) {
        ("GET", "/v1/sources/src_a") => one(source(status)),
        ("GET", _) => list(payment.iter().cloned().collect()),
        _ if payment.is_none() => {
            *till.1.lock().unwrap() += 1;
            *payment = Some(made("paid"));
            one(made("paid"))
        }
        _ => {
            return (
                StatusCode::BAD_REQUEST,
                error("resource_failed_state").to_string(),
            );
        }
    };
    (StatusCode::OK, told.to_string())
}

#[tokio::test]
async fn r8_many_questions_at_once_charge_a_source_once() {
    let side = Till::default();
    let router = Router::new().fallback(till).with_state(side.clone());
    let bench = Bench::new(older(), router).await;
    let (call, of) = (bench.call(), of());
    let asks = (0..6).map(|_| Paymongo.fetch(&call, &of));
    for report in futures::future::join_all(asks).await {
        assert_eq!(report.unwrap().receipt.as_deref(), Some("pay_s"));
    }
    assert_eq!(*side.1.lock().unwrap(), 1);
}
