//! The shapes in which Mamo reports: links, charges, refunds and events.

use serde_json::{Number, Value, json};

use super::{Sale, Try};
use crate::simulator::clock::iso;
use crate::simulator::ledger::{Payment, Refund};

/// Major units as a JSON number: 390.0, 33.99.
pub fn major(minor: i64) -> Value {
    let written = format!("{}.{:02}", minor / 100, minor % 100);
    written.parse::<Number>().map_or(Value::Null, Value::Number)
}

/// Fils of a JSON number with at most two decimals.
pub fn fils(value: &Value) -> Option<i64> {
    let Value::Number(number) = value else {
        return None;
    };
    let written = number.to_string();
    let (whole, fraction) = written.split_once('.').unwrap_or((&written, ""));
    let fraction = fraction.trim_end_matches('0');
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    if fraction.len() > 2 || whole.is_empty() || !digits(whole) || !digits(fraction) {
        return None;
    }
    format!("{whole}{fraction:0<2}").parse().ok()
}

/// `2023-12-25-14-38-53`
pub fn stamp(milliseconds: i64) -> String {
    iso(milliseconds)[..19].replace(['T', ':'], "-")
}

pub fn page_url(sim_url: &str, payment: &Payment, sale: &Sale) -> String {
    let mount = super::mount(&payment.mode);
    format!("{sim_url}/{mount}/pay/{}", sale.slug)
}

/// A link without its charges, as it is created and listed.
pub fn link(sim_url: &str, payment: &Payment, sale: &Sale) -> Value {
    json!({
        "id": payment.id,
        "title": sale.title,
        "name": sale.title,
        "description": sale.description,
        "capacity": sale.capacity,
        "active": sale.active,
        "return_url": sale.return_url,
        "failure_return_url": sale.failure_return_url,
        "amount": sale.amount,
        "amount_currency": payment.currency,
        "send_customer_receipt": sale.send_customer_receipt,
        "platform": "client",
        "prefilled_customer": sale.customer,
        "external_id": sale.external_id,
        "hold_and_charge_later": false,
        "internal_note": null,
        "lang": "en",
        "expiration_date": null,
        "enable_tabby": false,
        "is_widget": false,
        "link_type": "standalone",
        "max_amount": null,
        "processing_fee_percentage": 0,
        "processing_fee_amount": null,
        "enable_message": false,
        "enable_tips": false,
        "enable_quantity": false,
        "payment_methods": sale.payment_methods,
        "rules": {"allowed": []},
        "enable_customer_details": false,
        "payment_url": page_url(sim_url, payment, sale),
        "save_card": "off",
        "terms_and_conditions_url": null,
        "subscription": null,
        "payouts_share": null,
        "custom_data": sale.custom_data,
    })
}

/// A link as it is fetched.
pub fn link_with_charges(
    sim_url: &str,
    payment: &Payment,
    sale: &Sale,
    refunds: &[Refund],
) -> Value {
    let mut told = link(sim_url, payment, sale);
    let charges: Vec<Value> = sale
        .tries
        .iter()
        .map(|t| charge(sim_url, payment, sale, t, refunds))
        .collect();
    told["charges"] = charges.into();
    told
}

/// What went back or is on its way back.
pub fn given_back(refunds: &[Refund]) -> i64 {
    refunds
        .iter()
        .filter(|r| r.status != "failed")
        .map(|r| r.amount)
        .sum()
}

/// A charge; `refunds` are those of the payment, which only the captured one can have.
pub fn charge(
    sim_url: &str,
    payment: &Payment,
    sale: &Sale,
    of: &Try,
    refunds: &[Refund],
) -> Value {
    let captured = payment.receipt.as_deref() == Some(of.id.as_str());
    let refunds = if captured { refunds } else { &[] };
    let back = given_back(refunds);
    let rows: Vec<Value> = refunds
        .iter()
        .map(|r| {
            json!({
                "id": r.id, "amount": major(r.amount), "amount_currency": r.currency,
                "status": r.status, "created_date": stamp(r.created_at),
            })
        })
        .collect();
    let refund_status = match refunds.last().map(|r| r.status.as_str()) {
        None => "No refund",
        Some("failed") => "failed",
        Some("initiated") => "initiated",
        Some(_) => "success",
    };
    let fee = payment.amount * 29 / 1000 + 80;
    let settled = captured.then(|| major((payment.amount - fee).max(0)));
    json!({
        "status": of.status,
        "id": of.id,
        "amount": major(payment.amount),
        "amount_currency": payment.currency,
        "refund_amount": major(back),
        "refund_status": refund_status,
        "refunds": rows,
        "max_refund_amount": captured.then(|| major(payment.amount - back)),
        "billing_descriptor": "Mamo*Merchant",
        "custom_data": sale.custom_data,
        "created_date": stamp(of.created_at),
        "subscription_id": null,
        "next_payment_date": null,
        "settlement_amount": settled,
        "settlement_currency": "AED",
        "settlement_date": captured.then(|| iso(of.created_at + 3 * 86_400_000)[..10].to_owned()),
        "customer_details": {
            "name": "", "email": "payer@example.com", "phone_number": "-", "comment": "-",
        },
        "payment_method": {
            "card_id": null, "type": of.kind, "card_holder_name": "John Doe",
            "card_last4": of.last4, "card_expiry_month": "01", "card_expiry_year": "28",
            "origin": "International card",
        },
        "settlement_fee": format!("AED {}.{:02}", fee / 100, fee % 100),
        "settlement_vat": "AED 0.10",
        "payment_link_id": payment.id,
        "payment_link_url": page_url(sim_url, payment, sale),
        "external_id": sale.external_id,
        "error_code": of.error_code,
        "error_message": of.error_message,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_numbers_in_major_units() {
        assert_eq!(major(39_000).to_string(), "390.0");
        assert_eq!(major(3_399).to_string(), "33.99");
        assert_eq!(fils(&json!(33.99)), Some(3_399));
        assert_eq!(fils(&json!(390.0)), Some(39_000));
        assert_eq!(fils(&json!(10)), Some(1_000));
        for bad in [
            json!("10"),
            json!(-1),
            json!(1.999),
            json!(1e30),
            json!(null),
        ] {
            assert_eq!(fils(&bad), None, "{bad}");
        }
    }

    #[test]
    fn moments_are_written_with_dashes() {
        assert_eq!(stamp(1_767_605_349_000), "2026-01-05-09-29-09");
    }
}
