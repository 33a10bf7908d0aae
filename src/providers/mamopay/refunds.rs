//! Mamo's refunds have no id and no key of ours: a charge tells only the sum that went back. So a
//! refund of ours is known by the sum that the charge reaches with it, `total:4000` for 40.00,
//! which is our `provider_ref`.
//!
//! Where the sums leave a doubt (another refund is under way, or one was made on Mamo's dashboard
//! meanwhile), the answer stays unknown and a person looks.
use super::wire::{currency_of, from_value, object, to_number, unknown};
use super::{MamoPay, charge_path, get, lookup_charge, post};
use crate::domain::payment::{Failure, FailureCode};
use crate::providers::http::text;
use crate::providers::{
    Call, PaymentProvider, ProviderError, RefundFound, RefundReport, StartRefund,
};
use serde_json::{Value, json};

/// Source: mamopay.readme.io, Refund Payment, `amount`: at least 1.
const LEAST_MINOR: i64 = 100;
const TOTAL: &str = "total:";

/// The id of the payment's charge.
async fn charge_id(call: &Call<'_>, of: &StartRefund) -> Result<Option<String>, ProviderError> {
    if let Some(id) = &of.payment.receipt {
        return Ok(Some(id.clone()));
    }
    Ok(MamoPay.fetch(call, &of.payment).await?.receipt)
}

/// Sends the amount in major units.
/// Source: mamopay.readme.io, Refund Payment. "Only AED transfers supported": of other currencies
/// Mamo's own refusal is reported.
pub async fn refund(call: &Call<'_>, req: &StartRefund) -> Result<RefundReport, ProviderError> {
    let refuse = |what: &str| Err(ProviderError::declined(FailureCode::NotRefundable, what));
    if req.amount.minor < LEAST_MINOR {
        return refuse("Mamo gives back at least 1.00");
    }
    let Some(amount) = to_number(req.amount) else {
        return refuse("the amount cannot be sent");
    };
    let Some(id) = charge_id(call, req).await? else {
        return refuse("the payment has no charge that was captured");
    };
    let path = format!("{}/refunds", charge_path(&id));
    let answer = object(&post(call, &path, &json!({ "amount": amount })).await?)?;
    let status = text(&answer, "/refund_status").unwrap_or_default();
    if says_failed(&status) {
        let said = format!("refund_status {status}");
        return Err(ProviderError::declined(FailureCode::NotRefundable, said));
    }
    let told = from_value(&answer["refund_amount"], req.amount.currency).map(|m| m.minor);
    if told.is_none() && status.is_empty() {
        return Err(unknown("the answer tells neither a sum nor a status"));
    }
    let total = total_after(req, told)?;
    // "success" is said when it is taken on; the charge says when it is done. It is asked at once,
    // and only its yes counts: words about an earlier refund may still stand there.
    let now = match get(call, &charge_path(&id)).await {
        Ok(answer) => object(&answer).and_then(|charge| judge(&charge, req, total)),
        Err(error) => Err(error),
    };
    if let Ok(report) = now
        && report.found == RefundFound::Succeeded
    {
        return Ok(report);
    }
    Ok(RefundReport {
        found: RefundFound::Pending,
        provider_ref: Some(format!("{TOTAL}{total}")),
        said: format!("Mamo took the refund on: {status}"),
    })
}

/// The sum that the charge reaches with this refund. UNVERIFIED: whether `refund_amount` in the
/// answer is the sum so far or this refund alone; it is at least what our books say.
fn total_after(req: &StartRefund, told: Option<i64>) -> Result<i64, ProviderError> {
    let ours = req
        .refunded_minor
        .checked_add(req.under_way_minor)
        .and_then(|sum| sum.checked_add(req.amount.minor))
        .ok_or_else(|| unknown("the sums are too large"))?;
    Ok(told.map_or(ours, |told| told.max(ours)))
}

/// Asks the charge what came of a refund.
pub async fn fetch(call: &Call<'_>, of: &StartRefund) -> Result<RefundReport, ProviderError> {
    let Some(id) = charge_id(call, of).await? else {
        return Err(unknown("the payment's charge is not known"));
    };
    let Some(charge) = lookup_charge(call, &id).await? else {
        return Err(unknown("Mamo does not know the charge"));
    };
    let total = of
        .provider_ref
        .as_deref()
        .and_then(|r| r.strip_prefix(TOTAL));
    match total.and_then(|t| t.parse().ok()) {
        Some(total) => judge(&charge, of, total),
        None => find(&charge, of),
    }
}

/// How far the refunds of a charge are.
struct Sums {
    given_minor: i64,
    /// A refund is on its way.
    moving: bool,
    failed: bool,
    said: String,
}

/// UNVERIFIED: the words of `refund_status` beside "No refund" and "success".
fn says_failed(status: &str) -> bool {
    let status = status.to_lowercase();
    ["fail", "declined", "reject"]
        .iter()
        .any(|w| status.contains(w))
}

fn says_moving(status: &str) -> bool {
    let status = status.to_lowercase();
    ["initiated", "pending", "processing"]
        .iter()
        .any(|w| status.contains(w))
}

fn sums(charge: &Value, of: &StartRefund) -> Result<Sums, ProviderError> {
    let currency = currency_of(charge).unwrap_or(of.amount.currency);
    if currency != of.amount.currency {
        return Err(unknown("the charge is in another currency"));
    }
    let told = from_value(&charge["refund_amount"], currency).map(|m| m.minor);
    let listed = charge["refunds"].as_array().and_then(|rows| {
        let standing = rows
            .iter()
            .filter(|r| !says_failed(&text(r, "/status").unwrap_or_default()));
        standing
            .map(|r| from_value(&r["amount"], currency).map(|m| m.minor))
            .try_fold(0_i64, |sum, minor| sum.checked_add(minor?))
    });
    let Some(given_minor) = told.or(listed) else {
        return Err(unknown("the charge tells no refund_amount"));
    };
    let status = text(charge, "/status").unwrap_or_default();
    let words = text(charge, "/refund_status").unwrap_or_default();
    Ok(Sums {
        given_minor,
        moving: status == "refund_initiated" || says_moving(&words),
        failed: status == "refund_failed" || says_failed(&words),
        said: format!("{status}, refund_status {words}"),
    })
}

fn report(found: RefundFound, total: Option<i64>, said: String) -> RefundReport {
    RefundReport {
        found,
        provider_ref: total.map(|t| format!("{TOTAL}{t}")),
        said,
    }
}

/// A refund that Mamo took on, known by the sum that the charge reaches with it.
fn judge(charge: &Value, of: &StartRefund, total: i64) -> Result<RefundReport, ProviderError> {
    let sums = sums(charge, of)?;
    let found = if sums.moving {
        RefundFound::Pending
    } else if sums.given_minor >= total {
        // A sum that stands beside a failure is for a person.
        if sums.failed {
            RefundFound::Pending
        } else {
            RefundFound::Succeeded
        }
    } else if sums.failed && of.under_way_minor == 0 {
        RefundFound::Failed(Failure {
            code: FailureCode::Declined,
            message: sums.said.clone(),
        })
    } else {
        RefundFound::Pending
    };
    Ok(report(found, Some(total), sums.said))
}

/// A refund whose answer was lost: the charge's sum against our books.
fn find(charge: &Value, of: &StartRefund) -> Result<RefundReport, ProviderError> {
    let sums = sums(charge, of)?;
    let total = total_after(of, None)?;
    let alone = of.under_way_minor == 0;
    if sums.moving {
        return if alone {
            Ok(report(RefundFound::Pending, Some(total), sums.said))
        } else {
            Err(unknown("more than one refund may be under way"))
        };
    }
    if sums.given_minor == total {
        // Everything that is under way here has gone back there.
        return judge(charge, of, total);
    }
    if sums.given_minor == of.refunded_minor {
        // Also where it failed there: those words may be about an earlier refund.
        let said = format!("{}: it has not gone back", sums.said);
        return Ok(report(RefundFound::Missing, None, said));
    }
    Err(unknown(format!(
        "{}: the sum that went back is not one of our books",
        sums.said
    )))
}
