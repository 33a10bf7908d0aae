//! Asking what became of a payment, by PayMongo's id or by our reference; charging a source whose
//! customer agreed, once; closing a page.
use super::super::http::segment;
use super::super::{Call, Found, PaymentRef, ProviderError, Report};
use super::begin::REFERENCE;
use super::read::{self, SourceSays};
use super::to_centavos;
use super::wire::{
    Object, act, data, get, key, listed, post, refusal, says_not_found, short, unknown,
};
use crate::domain::payment::{FailureCode, PaymentStatus};
use serde_json::{Value, json};

/// How long after the start a payment that no list shows is still unknown. After that it waits
/// for its end like one that nobody pays: the page that the lost answer named was shown to nobody.
const LOST_SECS: i64 = 600;

/// Where a resource is asked for, by the kind that its id shows.
fn path_of(id: &str) -> Option<String> {
    let (kind, _) = id.split_once('_')?;
    let place = match kind {
        "cs" => "checkout_sessions",
        "pi" => "payment_intents",
        "src" => "sources",
        "pay" => "payments",
        _ => return None,
    };
    Some(format!("/v1/{place}/{}", segment(id)))
}

pub async fn payment(call: &Call<'_>, of: &PaymentRef) -> Result<Report, ProviderError> {
    if let Some(id) = of.provider_ref.as_deref() {
        let Some(path) = path_of(id) else {
            return Err(unknown("the id is none of PayMongo's"));
        };
        let answer = get(call, &path).await?;
        if says_not_found(&answer) {
            let said = "PayMongo has no such resource in this mode";
            return Ok(Report::new(Found::Missing, said));
        }
        let told = data(&answer)?;
        let object = same(&told, id)?;
        return read_one(call, of, &object).await;
    }
    match claimed(call, of).await? {
        Some(report) => Ok(report),
        None => by_reference(call, of).await,
    }
}

/// The resource with the id that was asked for.
fn same<'a>(told: &'a Value, id: &str) -> Result<Object<'a>, ProviderError> {
    Object::of(told)
        .filter(|o| o.id == id)
        .ok_or_else(|| unknown("PayMongo answered with another resource"))
}

async fn read_one(
    call: &Call<'_>,
    of: &PaymentRef,
    object: &Object<'_>,
) -> Result<Report, ProviderError> {
    let mode = call.account.mode;
    match object.id.split_once('_').map(|(kind, _)| kind) {
        Some("cs") => read::session(mode, object),
        Some("pi") => read::intent(mode, of.method, object),
        Some("src") => source(call, of, object).await,
        _ => read::payment(mode, of.method, object),
    }
}

/// What a hook named. Nothing vouches for it, so it counts only where the resource itself tells
/// our reference.
async fn claimed(call: &Call<'_>, of: &PaymentRef) -> Result<Option<Report>, ProviderError> {
    let Some(claims) = &of.claims else {
        return Ok(None);
    };
    for id in [&claims.provider_ref, &claims.receipt]
        .into_iter()
        .flatten()
    {
        let Some(path) = path_of(id) else { continue };
        let answer = get(call, &path).await?;
        if says_not_found(&answer) {
            continue;
        }
        let told = data(&answer)?;
        let object = same(&told, id)?;
        if read::reference(&[object]).as_deref() == Some(of.reference.as_str()) {
            return read_one(call, of, &object).await.map(Some);
        }
    }
    Ok(None)
}

/// After a lost first answer. PayMongo documents no list of sessions, intents or sources, and no
/// search; the list of payments tells whether money came.
async fn by_reference(call: &Call<'_>, of: &PaymentRef) -> Result<Report, ProviderError> {
    let ours = |o: &Object<'_>| read::names(o, &of.reference);
    let rows = listed(call, "/v1/payments", of.created_at, ours).await?;
    if let Some(payment) = read::best(rows.iter().filter_map(Object::of)) {
        return read::payment(call.account.mode, of.method, &payment);
    }
    let said = "PayMongo lists no payment with our reference";
    if call.now.secs_since(of.created_at) < LOST_SECS {
        return Err(unknown(said));
    }
    Ok(Report::new(Found::Open(PaymentStatus::Pending), said))
}

fn source_of(payment: &Object<'_>) -> Option<String> {
    payment.text("/source/id")
}

/// The payment that was made of a source, as the list shows it.
async fn payment_of(
    call: &Call<'_>,
    of: &PaymentRef,
    source: &Object<'_>,
) -> Result<Option<Value>, ProviderError> {
    let ours = |o: &Object<'_>| source_of(o).as_deref() == Some(source.id);
    let rows = listed(call, "/v1/payments", of.created_at, ours).await?;
    let best = read::best(rows.iter().filter_map(Object::of)).map(|p| p.id.to_owned());
    let is_best = |row: &Value| Object::of(row).map(|o| o.id) == best.as_deref();
    Ok(best
        .is_some()
        .then(|| rows.iter().find(|r| is_best(r)).cloned())
        .flatten())
}

async fn source(
    call: &Call<'_>,
    of: &PaymentRef,
    object: &Object<'_>,
) -> Result<Report, ProviderError> {
    match read::source(object)? {
        SourceSays::Ended(report) => Ok(report),
        SourceSays::Paid => paid_source(call, of, object).await,
        SourceSays::Chargeable if of.wanted => charge(call, of, object.id).await,
        SourceSays::Chargeable => {
            let said = "the customer agreed, but nothing is owed any more; it was not charged";
            Ok(Report::new(Found::Open(PaymentStatus::Processing), said))
        }
    }
}

async fn paid_source(
    call: &Call<'_>,
    of: &PaymentRef,
    source: &Object<'_>,
) -> Result<Report, ProviderError> {
    let mode = call.account.mode;
    match payment_of(call, of, source).await? {
        Some(row) => read::charged(mode, &read::kind_of(&row, "pay_")?, source),
        None => read::charged_unseen(mode, source),
    }
}

/// Makes the payment of a chargeable source. It may run twice, side by side or after a lost
/// answer, and must take the money once. Four things see to that: one at a time in this process;
/// the source is asked anew and payments made of it are looked for before anything is sent; each
/// try carries the same idempotency key; and PayMongo makes one payment of a source, so that a
/// second one is refused and the source says `paid`.
async fn charge(call: &Call<'_>, of: &PaymentRef, id: &str) -> Result<Report, ProviderError> {
    let _one_at_a_time = call.tokens.guard().await;
    let mode = call.account.mode;
    let told = asked_again(call, id).await?;
    let source = same(&told, id)?;
    if let Some(report) = no_longer_chargeable(call, of, &source).await? {
        return Ok(report);
    }
    if let Some(row) = payment_of(call, of, &source).await? {
        return read::charged(mode, &read::kind_of(&row, "pay_")?, &source);
    }
    let Some(amount) = to_centavos(of.amount).filter(|_| fits(call, of, &source)) else {
        let said = "the source is not what we asked for; it was not charged";
        return Ok(Report {
            provider_ref: Some(id.to_owned()),
            ..Report::new(Found::Open(PaymentStatus::Processing), said)
        });
    };
    let attributes = json!({
        "amount": amount,
        "currency": of.amount.currency.code(),
        "source": {"id": id, "type": "source"},
        "description": format!("Payment ({})", of.reference),
        "metadata": { REFERENCE: of.reference },
    });
    let key = format!("{}-charge", of.reference);
    let answer = post(call, "/v1/payments", attributes, Some(&key)).await?;
    if answer.is_success() {
        let told = data(&answer)?;
        return read::charged(mode, &read::kind_of(&told, "pay_")?, &source);
    }
    match refusal(&answer) {
        // Refused: perhaps because another process was faster.
        ProviderError::Declined(failure) => {
            let told = asked_again(call, id).await?;
            let source = same(&told, id)?;
            match no_longer_chargeable(call, of, &source).await? {
                Some(report) => Ok(report),
                // The customer agreed, PayMongo does not take it yet. The source lapses in time.
                None => Err(unknown(format!("not charged: {}", short(&failure.message)))),
            }
        }
        error => Err(error),
    }
}

async fn asked_again(call: &Call<'_>, id: &str) -> Result<Value, ProviderError> {
    data(&get(call, &format!("/v1/sources/{}", segment(id))).await?)
}

async fn no_longer_chargeable(
    call: &Call<'_>,
    of: &PaymentRef,
    source: &Object<'_>,
) -> Result<Option<Report>, ProviderError> {
    match read::source(source)? {
        SourceSays::Chargeable => Ok(None),
        SourceSays::Paid => paid_source(call, of, source).await.map(Some),
        SourceSays::Ended(report) => Ok(Some(report)),
    }
}

/// Whether a source is the one that we asked for, as far as it tells (R6).
fn fits(call: &Call<'_>, of: &PaymentRef, source: &Object<'_>) -> bool {
    let other_mode = source.livemode() == Some(call.account.mode.is_test());
    let theirs = read::reference(&[*source]);
    source.money() == Some(of.amount)
        && !other_mode
        && theirs.is_none_or(|theirs| theirs == of.reference)
}

/// Closes the page of an unpaid payment: a session expires, an intent is cancelled. A source
/// cannot be cancelled.
/// Source: PayMongo reference, "Expire a Checkout Session", "Cancel a Payment Intent".
pub async fn close(call: &Call<'_>, of: &PaymentRef) -> Result<(), ProviderError> {
    key(call.account)?;
    let Some(id) = of.provider_ref.as_deref() else {
        return Err(unknown("the page's id is not known"));
    };
    let Some(path) = path_of(id) else {
        return Err(unknown("the id is none of PayMongo's"));
    };
    let verb = match id.split_once('_').map(|(kind, _)| kind) {
        Some("cs") => "expire",
        Some("pi") => "cancel",
        _ => return ended(call, of).await,
    };
    let answer = act(call, &format!("{path}/{verb}")).await?;
    if answer.is_success() {
        let told = data(&answer);
        if told.is_ok_and(|told| same(&told, id).is_ok()) {
            return Ok(());
        }
        return ended(call, of).await;
    }
    match refusal(&answer) {
        // Paid, or closed before.
        ProviderError::Declined(_) => ended(call, of).await,
        error => Err(error),
    }
}

/// Whether there is nothing left to close. Asks, and never charges a source.
async fn ended(call: &Call<'_>, of: &PaymentRef) -> Result<(), ProviderError> {
    let id = of.provider_ref.as_deref().unwrap_or_default();
    let path = path_of(id).unwrap_or_default();
    let answer = get(call, &path).await?;
    if says_not_found(&answer) {
        return Ok(());
    }
    let told = data(&answer)?;
    let object = same(&told, id)?;
    let over = match read::session(call.account.mode, &object) {
        Ok(report) if id.starts_with("cs_") => !matches!(report.found, Found::Open(_)),
        _ => matches!(
            object.status(),
            "succeeded" | "cancelled" | "paid" | "expired" | "failed"
        ),
    };
    if over {
        return Ok(());
    }
    let said = format!(
        "PayMongo did not close it: it is {}",
        short(object.status())
    );
    Err(ProviderError::declined(FailureCode::Declined, said))
}
