//! What PayMongo's resources say of a payment: sessions and intents by the payments they hold,
//! sources by their status, payments by themselves.
use super::super::{Charge, Found, ProviderError, Report};
use super::begin::REFERENCE;
use super::wire::{Object, failure, from_centavos, short, unknown, whole};
use crate::domain::Money;
use crate::domain::account::Mode;
use crate::domain::method::Method;
use crate::domain::payment::{Failure, FailureCode, PaymentStatus};
use serde_json::Value;

/// The resource in `data`, which must be of the kind that its id shows.
pub fn kind_of<'a>(data: &'a Value, prefix: &str) -> Result<Object<'a>, ProviderError> {
    Object::of(data)
        .filter(|o| o.id.starts_with(prefix))
        .ok_or_else(|| unknown(format!("the answer holds no {prefix} resource")))
}

/// Our reference, as the first of these resources that has one tells it. `metadata` may be null.
pub fn reference(told: &[Object<'_>]) -> Option<String> {
    let pointers = [
        "/reference_number".to_owned(),
        format!("/metadata/{REFERENCE}"),
    ];
    told.iter()
        .find_map(|object| pointers.iter().find_map(|pointer| object.text(pointer)))
}

/// Whether a resource of a list is about our reference: by metadata, by PayMongo's copy of the
/// reference number, or as a word of the description.
pub fn names(object: &Object<'_>, reference: &str) -> bool {
    if let Some(theirs) = self::reference(&[*object]) {
        return theirs == reference;
    }
    let copied = object.text("/external_reference_number");
    let words = object.text("/description").unwrap_or_default();
    copied.as_deref() == Some(reference)
        || words
            .split(|c: char| c.is_whitespace() || matches!(c, '(' | ')'))
            .any(|word| word == reference)
}

/// The mode that these resources tell: one that is not the account's before one that is (R6).
fn test_mode(mode: Mode, told: &[Object<'_>]) -> Option<bool> {
    let mut tests = told.iter().filter_map(|o| o.livemode().map(|live| !live));
    let first = tests.next()?;
    let other = std::iter::once(first)
        .chain(tests)
        .find(|test| *test != mode.is_test());
    Some(other.unwrap_or(first))
}

/// The money of a payment and what stands around it, the payment first.
fn charge(mode: Mode, told: &[Object<'_>], asked: Option<Money>) -> Result<Charge, ProviderError> {
    let amount = told.first().and_then(Object::money);
    let amount =
        amount.ok_or_else(|| unknown("the amount or currency of the payment cannot be read"))?;
    // What holds the payment tells our reference better than the copy in the payment.
    let outside_first: Vec<Object<'_>> = told.iter().rev().copied().collect();
    Ok(Charge {
        amount,
        asked,
        payer_may_bear_fee: false,
        reference: reference(&outside_first),
        test_mode: test_mode(mode, told),
    })
}

/// A payment that is paid stays so when it is refunded.
pub fn is_paid(payment: &Object<'_>) -> bool {
    payment.status() == "paid"
}

/// The payment that says most: the paid one, then one under way, then a failed one.
pub fn best<'a>(payments: impl Iterator<Item = Object<'a>>) -> Option<Object<'a>> {
    payments.min_by_key(|p| match p.status() {
        "paid" => 0,
        "failed" => 2,
        _ => 1,
    })
}

fn report(found: Found, id: &str, receipt: Option<&str>, said: &str) -> Report {
    Report {
        found,
        provider_ref: Some(id.to_owned()),
        receipt: receipt.map(str::to_owned),
        said: short(said),
    }
}

fn ended(code: FailureCode, said: &str) -> Failure {
    Failure {
        code,
        message: said.to_owned(),
    }
}

/// What the lines of a session ask for; `None` where a line cannot be read.
fn asked_by_lines(session: &Object<'_>) -> Option<Money> {
    let lines = session.at["line_items"]
        .as_array()
        .filter(|l| !l.is_empty())?;
    let mut sum = 0_i64;
    let mut currency = None;
    for line in lines {
        let each = whole(line, "/amount")?.checked_mul(whole(line, "/quantity")?)?;
        sum = sum.checked_add(each)?;
        let theirs = line["currency"].as_str()?;
        if *currency.get_or_insert(theirs) != theirs {
            return None;
        }
    }
    from_centavos(sum, currency?)
}

/// Reads a Checkout Session. Its own status stays `active` after a payment, and the intent's
/// lags: the payments decide. A failed try leaves the page open.
/// Source: PayMongo reference, Checkout Session; webhooks guide, `checkout_session.payment.paid`.
pub fn session(mode: Mode, session: &Object<'_>) -> Result<Report, ProviderError> {
    let intent = session.at.get("payment_intent").and_then(Object::of);
    let inner = intent.map_or(&Value::Null, |i| &i.at["payments"]);
    let payments = Object::list(&session.at["payments"]).chain(Object::list(inner));
    let payment = best(payments);
    let state = intent.map(|i| i.status()).unwrap_or_default();
    let said = format!("session {}, intent {state}", session.status());
    let open = |status| Ok(report(Found::Open(status), session.id, None, &said));

    if let Some(paid) = payment.filter(is_paid) {
        let told: Vec<_> = [Some(paid), intent, Some(*session)]
            .into_iter()
            .flatten()
            .collect();
        let charge = charge(mode, &told, asked_by_lines(session))?;
        return Ok(report(
            Found::Succeeded(charge),
            session.id,
            Some(paid.id),
            "paid",
        ));
    }
    if let Some(intent) = intent.filter(|i| i.status() == "succeeded") {
        let charge = charge(mode, &[intent, *session], asked_by_lines(session))?;
        return Ok(report(Found::Succeeded(charge), session.id, None, &said));
    }
    let under_way = payment.is_some_and(|p| p.status() != "failed");
    if under_way || matches!(state, "processing" | "awaiting_capture") {
        return open(PaymentStatus::Processing);
    }
    match session.status() {
        "expired" => {
            let failure = ended(FailureCode::Expired, "the page was closed");
            Ok(report(Found::Expired(failure), session.id, None, &said))
        }
        "" => Err(unknown("the session has no status")),
        _ => open(PaymentStatus::RequiresAction),
    }
}

/// Reads a payment intent. A wallet's way there is used up once it failed, so that ends the
/// attempt; a card's is the page of a session, where the customer may try again.
/// Source: PayMongo reference, Payment Intent.
pub fn intent(mode: Mode, method: Method, intent: &Object<'_>) -> Result<Report, ProviderError> {
    let payment = best(Object::list(&intent.at["payments"]));
    let status = intent.status();
    let said = format!("intent {status}");
    let open = |status| Ok(report(Found::Open(status), intent.id, None, &said));
    let asked = intent.money();
    if let Some(paid) = payment.filter(is_paid) {
        let charge = charge(mode, &[paid, *intent], asked)?;
        return Ok(report(
            Found::Succeeded(charge),
            intent.id,
            Some(paid.id),
            "paid",
        ));
    }
    match status {
        "succeeded" => {
            let charge = charge(mode, &[*intent], asked)?;
            Ok(report(Found::Succeeded(charge), intent.id, None, &said))
        }
        "processing" | "awaiting_capture" => open(PaymentStatus::Processing),
        "awaiting_next_action" => open(PaymentStatus::RequiresAction),
        "awaiting_payment_method" if method == Method::Card => open(PaymentStatus::RequiresAction),
        "awaiting_payment_method" => {
            let error = &intent.at["last_payment_error"];
            let failed = payment.filter(|p| p.status() == "failed");
            let why = match failed {
                _ if error.is_object() => failure(error),
                Some(payment) => failure(payment.at),
                None => return open(PaymentStatus::Pending),
            };
            let said = format!("{said}: {}", why.message);
            Ok(report(Found::Failed(why), intent.id, None, &said))
        }
        "cancelled" => {
            let failure = ended(FailureCode::CancelledByCustomer, &said);
            Ok(report(Found::Cancelled(failure), intent.id, None, &said))
        }
        "" => Err(unknown("the intent has no status")),
        _ => open(PaymentStatus::Pending),
    }
}

/// What a source says by itself. `chargeable` is not paid.
pub enum SourceSays {
    Ended(Report),
    /// The customer agreed; the money is still to be taken.
    Chargeable,
    /// It was charged.
    Paid,
}

/// Source: PayMongo guides, "The Sources object".
pub fn source(source: &Object<'_>) -> Result<SourceSays, ProviderError> {
    let status = source.status();
    let said = format!("source {status}");
    let told = |found| Ok(SourceSays::Ended(report(found, source.id, None, &said)));
    match status {
        "chargeable" => Ok(SourceSays::Chargeable),
        "paid" => Ok(SourceSays::Paid),
        "pending" => told(Found::Open(PaymentStatus::RequiresAction)),
        "cancelled" => told(Found::Cancelled(ended(
            FailureCode::CancelledByCustomer,
            &said,
        ))),
        "expired" => told(Found::Expired(ended(FailureCode::Expired, &said))),
        "" => Err(unknown("the source has no status")),
        _ => told(Found::Open(PaymentStatus::Pending)),
    }
}

/// Reads the payment that was made of a source.
pub fn charged(
    mode: Mode,
    payment: &Object<'_>,
    source: &Object<'_>,
) -> Result<Report, ProviderError> {
    let said = format!("source {}, payment {}", source.status(), payment.status());
    match payment.status() {
        "paid" => {
            let charge = charge(mode, &[*payment, *source], source.money())?;
            Ok(report(
                Found::Succeeded(charge),
                source.id,
                Some(payment.id),
                &said,
            ))
        }
        "failed" => {
            let why = failure(payment.at);
            let said = format!("{said}: {}", why.message);
            Ok(report(Found::Failed(why), source.id, None, &said))
        }
        "" => Err(unknown("the payment has no status")),
        _ => {
            let found = Found::Open(PaymentStatus::Processing);
            Ok(report(found, source.id, None, &said))
        }
    }
}

/// A source that was charged, whose payment the list does not show (yet).
pub fn charged_unseen(mode: Mode, source: &Object<'_>) -> Result<Report, ProviderError> {
    let charge = charge(mode, &[*source], source.money())?;
    Ok(report(
        Found::Succeeded(charge),
        source.id,
        None,
        "source paid",
    ))
}

/// What a payment belongs to: its intent, or its source where there is none.
pub fn parent(payment: &Object<'_>) -> Option<String> {
    let source = payment
        .text("/source/id")
        .filter(|id| id.starts_with("src_"));
    payment.text("/payment_intent_id").or(source)
}

/// Reads a payment by itself. A failed one ends nothing on a page where the customer may try
/// again.
/// Source: PayMongo reference, Payment.
pub fn payment(mode: Mode, method: Method, payment: &Object<'_>) -> Result<Report, ProviderError> {
    let status = payment.status();
    let found = match status {
        "paid" => Found::Succeeded(charge(mode, &[*payment], None)?),
        "failed" if method == Method::Card => Found::Open(PaymentStatus::RequiresAction),
        "failed" => Found::Failed(failure(payment.at)),
        "" => return Err(unknown("the payment has no status")),
        _ => Found::Open(PaymentStatus::Processing),
    };
    Ok(Report {
        found,
        provider_ref: parent(payment),
        receipt: is_paid(payment).then(|| payment.id.to_owned()),
        said: short(&format!("payment {status}")),
    })
}
