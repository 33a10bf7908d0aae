//! From the steps that were written to the lines that staff read.
use crate::domain::ids::PaymentId;
use crate::domain::payment::{FailureCode, Flag};
use crate::domain::{Currency, Money, Timestamp};
use crate::services::payments::Step;
use crate::web::admin::parts::timeline::Line;
use crate::web::admin::parts::{Frame, money_text};
use crate::web::admin::sentences::{self, Tone};
use serde_json::Value;

/// The story of one payment: its own steps and those of its order.
pub fn of_payment(f: &Frame, steps: &[Step], payment: &PaymentId) -> Vec<Line> {
    steps
        .iter()
        .filter(|s| s.payment_id.as_ref().is_none_or(|p| p == payment))
        .map(|s| line(f, s))
        .collect()
}

/// The story of an order: all steps, with a link where a payment or refund begins.
pub fn of_order(f: &Frame, steps: &[Step]) -> Vec<Line> {
    steps
        .iter()
        .map(|s| {
            let mut l = line(f, s);
            l.link = match (s.kind.as_str(), &s.payment_id, &s.refund_id) {
                ("refund.requested", _, Some(id)) => {
                    Some((f.url(&format!("/refunds/{id}")), "refund".to_owned()))
                }
                ("payment.created", Some(id), _) => {
                    Some((f.url(&format!("/payments/{id}")), "payment".to_owned()))
                }
                _ => None,
            };
            l
        })
        .collect()
}

fn text<'a>(data: &'a Value, key: &str) -> &'a str {
    data.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn money(data: &Value) -> Option<Money> {
    let minor = data.get("amount")?.as_i64()?;
    let currency = Currency::parse(text(data, "currency"))?;
    Some(Money::new(minor, currency))
}

fn instant(data: &Value, key: &str) -> Option<Timestamp> {
    let at: jiff::Timestamp = text(data, key).parse().ok()?;
    Some(Timestamp::from_unix_ms(at.as_millisecond()))
}

fn flag_words(data: &Value) -> String {
    let flags: Vec<_> = data
        .get("flags")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|v| v.as_str().and_then(Flag::parse))
        .map(sentences::flag_word)
        .collect();
    flags.join(" and ")
}

/// One step as a line. A kind that is not known here is shown by its own name.
pub fn line(f: &Frame, s: &Step) -> Line {
    let data: Value = serde_json::from_str(&s.data).unwrap_or_default();
    let who = f.by(&s.actor);
    let by_person = !matches!(s.actor.as_str(), "system" | "provider");
    let amount = money(&data).map(money_text);
    let of = |words: &str| {
        amount
            .as_ref()
            .map_or_else(|| words.to_owned(), |m| format!("{words} {m}"))
    };
    let (icon, tone, title): (_, _, String) = match s.kind.as_str() {
        "order.created" => ("user", Tone::Plain, of("Order made:")),
        "order.paid" => ("s-done", Tone::Ok, "Order paid".to_owned()),
        "order.partially_paid" => ("s-part", Tone::Plain, "Order partially paid".to_owned()),
        "order.cancelled" => ("s-stop", Tone::Plain, "Order cancelled".to_owned()),
        "order.reminded" => ("ask", Tone::Plain, of("Reminded to pay")),
        "order.reminders_on" => ("ask", Tone::Plain, "Reminders switched on".to_owned()),
        "order.reminders_off" => ("s-stop", Tone::Plain, "Reminders switched off".to_owned()),
        "order.renewed" => ("s-wait", Tone::Plain, "Link renewed".to_owned()),
        "message.requested" => ("out", Tone::Plain, "Payment link sent".to_owned()),
        "order.expired" => ("s-time", Tone::Plain, "Link ended".to_owned()),
        "payment.created" => (
            "phone",
            Tone::Plain,
            "The customer chose how to pay".to_owned(),
        ),
        "provider.accepted" => (
            "out",
            Tone::Plain,
            "The provider took the request".to_owned(),
        ),
        "payment.pending" => ("s-wait", Tone::Plain, "Pending".to_owned()),
        "payment.requires_action" => ("s-ph", Tone::Plain, "The customer is asked".to_owned()),
        "payment.processing" => ("s-run", Tone::Plain, "The provider works on it".to_owned()),
        "payment.unknown" => ("s-unk", Tone::Warn, "No answer: unknown".to_owned()),
        "payment.mismatched" => ("s-ne", Tone::Bad, "Mismatched".to_owned()),
        "payment.succeeded" => {
            let flags = flag_words(&data);
            let flags = if flags.is_empty() {
                flags
            } else {
                format!(", {flags}")
            };
            ("s-done", Tone::Ok, format!("Succeeded{flags}"))
        }
        "payment.failed" => ("s-fail", Tone::Bad, "Failed".to_owned()),
        "payment.cancelled" => ("s-stop", Tone::Plain, "Cancelled".to_owned()),
        "payment.expired" => ("s-time", Tone::Plain, "Expired".to_owned()),
        "entitlement.activated" => ("plans", Tone::Ok, "Plan runs".to_owned()),
        "entitlement.reminded" => ("ask", Tone::Plain, "Reminded of the end".to_owned()),
        "entitlement.grace" => ("s-time", Tone::Plain, "Plan ended, in grace".to_owned()),
        "entitlement.suspended" => ("s-stop", Tone::Plain, "Plan suspended".to_owned()),
        "entitlement.replaced" => ("plans", Tone::Plain, "Other plan replaced".to_owned()),
        "entitlement.restored" => ("plans", Tone::Plain, "Other plan restored".to_owned()),
        "entitlement.shortened" => ("refunds", Tone::Plain, "Plan shortened".to_owned()),
        "entitlement.revoked" => ("refunds", Tone::Plain, "Plan taken back".to_owned()),
        "payme.fiscal" => ("info", Tone::Plain, "Fiscal receipt registered".to_owned()),
        "hook.received" => ("in", Tone::Plain, "Hook came".to_owned()),
        "proof.submitted" => ("proofs", Tone::Plain, "Proof sent".to_owned()),
        "proof.approved" => ("s-done", Tone::Ok, "Proof approved".to_owned()),
        "proof.rejected" => ("s-fail", Tone::Bad, "Proof rejected".to_owned()),
        "proof.more_wanted" => ("ask", Tone::Plain, "More was asked for".to_owned()),
        "refund.requested" => ("refunds", Tone::Plain, of("Refund asked:")),
        "refund.approved" => ("s-done", Tone::Plain, "Refund approved".to_owned()),
        "refund.rejected" => ("s-stop", Tone::Plain, "Refund rejected".to_owned()),
        "refund.sending" => ("out", Tone::Plain, "Refund sent to the provider".to_owned()),
        "refund.accepted" => (
            "s-run",
            Tone::Plain,
            "The provider took the refund".to_owned(),
        ),
        "refund.pending" => (
            "s-run",
            Tone::Plain,
            "The refund is still on its way".to_owned(),
        ),
        "refund.unknown" => ("s-unk", Tone::Warn, "Refund: no answer".to_owned()),
        "refund.succeeded" => ("s-done", Tone::Ok, of("Given back")),
        "refund.failed" => ("s-fail", Tone::Bad, "The refund failed".to_owned()),
        other => ("info", Tone::Plain, other.replace(['.', '_'], " ")),
    };
    let mut line = Line::new(s.at, icon, title);
    line.tone = tone;
    line.detail = detail(&s.kind, &data, &who, by_person);
    if let Some(end) = instant(&data, "ends_at") {
        line.detail = join(&line.detail, &format!("Its end: {}.", f.zone.near(end)));
    }
    // A person's note is a sentence of ours; the provider's words stand in their own bar.
    if by_person && !s.words.is_empty() {
        let quoted = format!("“{}”", s.words);
        line.detail = join(&line.detail, &quoted);
    } else {
        line.said.clone_from(&s.words);
    }
    line
}

fn join(a: &str, b: &str) -> String {
    if a.is_empty() {
        b.to_owned()
    } else {
        format!("{a} {b}")
    }
}

fn detail(kind: &str, data: &Value, who: &str, by_person: bool) -> String {
    let mut out = if by_person {
        format!("By {who}.")
    } else {
        String::new()
    };
    if let Some(ms) = data.get("took_ms").and_then(Value::as_i64) {
        out = join(&out, &format!("It answered in {ms} ms."));
    }
    let receipt = text(data, "receipt");
    if !receipt.is_empty() {
        out = join(&out, &format!("Receipt {receipt}."));
    }
    let why = text(data, "why");
    if !why.is_empty() {
        out = join(&out, &crate::web::admin::told::sentence(why));
    }
    let code = text(data, "code");
    if !code.is_empty() && kind != "provider.accepted" {
        out = join(&out, sentences::failure(FailureCode::parse(code)));
    }
    if kind == "payment.created" {
        out = join(
            &out,
            "The attempt was saved before the provider was called.",
        );
    }
    out
}
