//! Refunds by the transaction's numeric id. v3 has no idempotency here: our refund's id goes into
//! `comments`, by which lists find it after a lost answer.
//! Source: v3 docs, Refunds; Node SDK, `documentation/transactions.md`.
use super::wire::{self, data, unknown};
use super::{key, transaction};
use crate::domain::payment::FailureCode;
use crate::domain::{Money, Timestamp};
use crate::providers::http::{segment, text};
use crate::providers::{Call, PaymentRef, ProviderError, RefundFound, RefundReport, StartRefund};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// How many pages of a list are read.
const MAX_PAGES: usize = 50;
const DAY_SECS: i64 = 86_400;

/// The id of the payment's transaction; `None` where nothing was paid.
async fn paid_id(call: &Call<'_>, of: &PaymentRef) -> Result<Option<String>, ProviderError> {
    if let Some(id) = of.receipt.as_deref().and_then(wire::number_of) {
        return Ok(Some(id.to_owned()));
    }
    let found = transaction(call, of).await?;
    let paid = found.filter(super::succeeded);
    Ok(paid.and_then(|paid| wire::id(&paid, "/id")))
}

pub(super) async fn send(
    call: &Call<'_>,
    req: &StartRefund,
) -> Result<RefundReport, ProviderError> {
    let Some(amount) = wire::to_major(req.amount) else {
        let message = "the amount cannot be sent";
        return Err(ProviderError::declined(FailureCode::NotRefundable, message));
    };
    let id = match paid_id(call, &req.payment).await {
        Ok(Some(id)) => id,
        Ok(None) => {
            let message = "Flutterwave knows no paid transaction of this payment";
            return Err(ProviderError::declined(FailureCode::NotRefundable, message));
        }
        // Only asked so far: nothing was sent back.
        Err(ProviderError::Unknown(why)) => return Err(ProviderError::Unavailable(why)),
        Err(other) => return Err(other),
    };
    let comments = wire::comment(&req.reference, &req.payment.reference);
    let body = json!({ "amount": amount, "comments": comments });
    let path = format!("/v3/transactions/{}/refund", segment(&id));
    let answer = call.post(&path, key(call.account)?, &body).await?;
    let row = data(&answer).map_err(|error| match error {
        ProviderError::Declined(failure) => {
            ProviderError::declined(wire::refund_cause(&failure.message), failure.message)
        }
        other => other,
    })?;
    about(&row, &id, req.amount)
}

/// The report of a refund that must belong to our transaction.
fn about(row: &Value, transaction: &str, wanted: Money) -> Result<RefundReport, ProviderError> {
    if wire::transaction_of(row).is_some_and(|theirs| theirs != transaction) {
        return Err(unknown("the refund belongs to another transaction"));
    }
    wire::refund_report(row, wanted)
}

pub(super) async fn ask(call: &Call<'_>, of: &StartRefund) -> Result<RefundReport, ProviderError> {
    let id = paid_id(call, &of.payment).await?;
    let Some(id) = id else {
        return Err(unknown("the payment's transaction id is not known"));
    };
    if let Some(refund) = of.provider_ref.as_deref().and_then(wire::number_of) {
        let path = format!("/v3/refunds/{}", segment(refund));
        let answer = call.get(&path, key(call.account)?).await?;
        if !wire::says_no_refund(&answer) {
            let found = match data(&answer)? {
                Value::Array(rows) => rows
                    .into_iter()
                    .find(|row| text(row, "/id").as_deref() == Some(refund))
                    .ok_or_else(|| unknown("the answer is about other refunds"))?,
                row => row,
            };
            return about(&found, &id, of.amount);
        }
    }
    let of_transaction = format!("id={}", segment(&id));
    if let Some(report) = listed(call, &of_transaction, &id, of).await? {
        return Ok(report);
    }
    // Public adapters do not agree whether `id` of the list is the transaction's or the refund's
    // (UNVERIFIED), so before "never received" all refunds since the payment are read.
    let since = format!(
        "from={}&to={}",
        date(of.payment.created_at.plus_secs(-DAY_SECS)),
        date(call.now.plus_secs(DAY_SECS))
    );
    if let Some(report) = listed(call, &since, &id, of).await? {
        return Ok(report);
    }
    if of.provider_ref.is_some() {
        return Err(unknown("Flutterwave does not find the refund that it took"));
    }
    Ok(RefundReport {
        found: RefundFound::Missing,
        provider_ref: None,
        said: "Flutterwave has no refund with our id".to_owned(),
    })
}

/// `YYYY-MM-DD`, UTC.
fn date(at: Timestamp) -> String {
    let at = jiff::Timestamp::from_millisecond(at.unix_ms()).unwrap_or_default();
    at.to_zoned(jiff::tz::TimeZone::UTC)
        .strftime("%Y-%m-%d")
        .to_string()
}

/// Every refund of a transaction on the pages of a list.
async fn rows(
    call: &Call<'_>,
    query: &str,
    transaction: &str,
) -> Result<Vec<Value>, ProviderError> {
    let mut seen = BTreeSet::new();
    let mut ours = Vec::new();
    for page in 1..=MAX_PAGES {
        let path = format!("/v3/refunds?{query}&page={page}");
        let answer = call.get(&path, key(call.account)?).await?;
        if wire::says_no_refund(&answer) {
            return Ok(ours);
        }
        let Value::Array(page_rows) = data(&answer)? else {
            return Err(unknown("the list of refunds is not a list"));
        };
        let before = seen.len();
        for row in page_rows {
            let Some(id) = wire::id(&row, "/id") else {
                return Err(unknown("a refund of the list has no id"));
            };
            // A row without a transaction answers a question about one.
            let belongs = wire::transaction_of(&row).is_none_or(|theirs| theirs == transaction);
            if seen.insert(id) && belongs {
                ours.push(row);
            }
        }
        let body = answer.json().unwrap_or_default();
        let pages = text(&body, "/meta/page_info/total_pages").and_then(|n| n.parse().ok());
        if seen.len() == before || pages.is_some_and(|pages: usize| page >= pages) {
            return Ok(ours);
        }
    }
    Err(unknown("the list of refunds is too long"))
}

/// Our refund on a list: by its comment. A row that carries no comment at all may be ours too
/// (UNVERIFIED whether every list shows them): it is taken where it alone has our amount and the
/// other rows explain what our other refunds gave back, and else a person must look, for "never
/// received" would send the money a second time.
async fn listed(
    call: &Call<'_>,
    query: &str,
    transaction: &str,
    of: &StartRefund,
) -> Result<Option<RefundReport>, ProviderError> {
    let rows = rows(call, query, transaction).await?;
    let said = |row: &Value| wire::comments(row);
    let named =
        |row: &&Value| said(row).is_some_and(|c| wire::words(&c).any(|word| word == of.reference));
    if let Some(row) = rows.iter().find(named) {
        return about(row, transaction, of.amount).map(Some);
    }
    let currency = of.amount.currency;
    let mut silent = rows.iter().filter(|row| {
        wire::transaction_of(row).is_some()
            && said(row).is_none()
            && wire::refunded(row, currency).is_none_or(|given| given == of.amount)
    });
    let Some(row) = silent.next() else {
        return Ok(None);
    };
    let id = text(row, "/id");
    let others = rows.iter().filter(|other| text(other, "/id") != id);
    let explained: i64 = others
        .filter_map(|other| wire::refunded(other, currency))
        .fold(0, |sum, given| sum.saturating_add(given.minor));
    if silent.next().is_none() && explained >= of.refunded_minor {
        return about(row, transaction, of.amount).map(Some);
    }
    Err(unknown(
        "refunds of the same amount carry no comment; a person must look",
    ))
}
