//! What customers are told, and when: paid, please pay, do not forget to pay, proof decided, given back, ends soon.
use super::letter::{Letter, one_line};
use super::texts::{self, Texts};
use super::writing::{About, Draft, to_customer};
use crate::domain::lang::Lang;
use crate::domain::message::{Message, MessageKind};
use crate::domain::order::{Customer, Order};
use crate::domain::payment::Payment;
use crate::domain::proof::{Proof, ProofStatus};
use crate::domain::refund::Refund;
use crate::domain::{Money, Timestamp};
use crate::providers::find;
use crate::services::tenants::Tenant;
use crate::services::{App, format, orders as order_service};
use crate::store::{StoreError, Tx, orders, tenants};
use jiff::tz::TimeZone;

/// The tenant as its customer reads of it, and in which language.
struct Voice {
    tenant: Tenant,
    merchant: String,
    lang: Lang,
    zone: TimeZone,
}

impl Voice {
    async fn of(tx: &mut Tx<'_>, order: &Order) -> Result<Option<Self>, StoreError> {
        let tenant = tenants::by_id(tx, &order.tenant_id).await?;
        Ok(tenant.map(|t| Self::new(t, order.locale.as_deref())))
    }

    fn new(tenant: Tenant, locale: Option<&str>) -> Self {
        let lang = locale
            .and_then(Lang::parse)
            .or_else(|| Lang::parse(&tenant.locale))
            .unwrap_or(Lang::En);
        Self {
            merchant: one_line(&tenant.name),
            zone: format::zone(&tenant.timezone),
            lang,
            tenant,
        }
    }

    fn texts(&self) -> &'static Texts {
        texts::of(self.lang)
    }

    fn money(&self, money: Money) -> String {
        format::money(self.lang, money)
    }

    fn when(&self, at: Timestamp) -> String {
        format::full(self.lang, &self.zone, at)
    }

    /// The day on which something is due; what is due at midnight is due on the day that ends.
    fn day(&self, due_at: Timestamp) -> String {
        format::day_only(self.lang, &self.zone, due_at.plus_secs(-1))
    }

    /// A code or reference that keeps its own order.
    fn code(&self, text: &str) -> String {
        format::isolate(self.lang, &one_line(text))
    }

    /// A letter with its greeting and its foot.
    fn letter(&self, customer: &Customer, subject: String, body: Vec<String>) -> Letter {
        let t = self.texts();
        let name = one_line(customer.name.as_deref().unwrap_or_default());
        let hello = if name.is_empty() {
            t.hello_plain.to_owned()
        } else {
            (t.hello)(&name)
        };
        let mut foot = Vec::new();
        let (phone, email) = (&self.tenant.contact_phone, &self.tenant.contact_email);
        let contact = match (phone.is_empty(), email.is_empty()) {
            (false, _) => format::phone(self.lang, phone, &self.tenant.country),
            (true, false) => self.code(email),
            (true, true) => String::new(),
        };
        if !contact.is_empty() {
            foot.push((t.questions)(&self.merchant, &contact));
        }
        foot.push((t.no_answer)(&self.merchant));
        foot.push(t.no_secrets.to_owned());
        Letter {
            subject,
            hello,
            body,
            facts: vec![],
            button: None,
            foot,
        }
    }

    /// What the order is for, and the merchant's own reference.
    fn about(&self, order: &Order) -> Vec<(&'static str, String)> {
        let t = self.texts();
        vec![
            (t.for_, one_line(&order.description)),
            (t.reference, self.code(&order.reference)),
        ]
    }
}

/// Tells the customer that the order, or a part of it, is paid; `p` is the payment that did it.
pub async fn receipt(
    app: &App,
    tx: &mut Tx<'_>,
    order: &Order,
    p: &Payment,
) -> Result<(), StoreError> {
    let Some(v) = Voice::of(tx, order).await? else {
        return Ok(());
    };
    let t = v.texts();
    let livemode = order.livemode && !p.test_mode;
    let left = order.left();
    let (amount, key) = if order.parts.is_empty() {
        (v.money(order.paid()), format!("receipt:{}", order.id))
    } else {
        // Each part has a receipt of its own.
        let key = format!("receipt:{}:{}", order.id, p.id);
        (v.money(p.captured()), key)
    };
    let number = format::short_number(p, !livemode);
    let link = order_service::checkout_url(app, order);
    let with = match p.provider.as_str() {
        "manual" | "mock" => String::new(),
        name => find(name).map_or_else(String::new, |a| v.code(a.info().label)),
    };
    let body = vec![(t.receipt_body)(&v.merchant)];
    let subject = (t.receipt_subject)(&amount, &v.merchant);
    let mut letter = v.letter(&order.customer, subject, body);
    letter.facts = vec![(t.paid, amount.clone())];
    letter.facts.extend(v.about(order));
    letter.facts.extend([
        (t.paid_with, with),
        (t.code, v.code(p.receipt.as_deref().unwrap_or_default())),
        (t.receipt_number, v.code(&number)),
        (t.date, v.when(app.clock.now())),
    ]);
    if left.minor > 0 {
        letter.facts.push((t.left, v.money(left)));
        let due = order.due_at().map(|due| v.day(due));
        letter.facts.push((t.pay_by, due.unwrap_or_default()));
    }
    letter.button = Some((t.see_receipt.to_owned(), link.clone()));
    let sms = (t.receipt_sms)(&amount, &v.merchant, &number);
    let draft = Draft {
        kind: MessageKind::Receipt,
        lang: v.lang,
        livemode,
        letter,
        sms: Some(format!("{sms} {link}")),
        about: About {
            order: Some(order.id.clone()),
            payment: Some(p.id.clone()),
            refund: None,
        },
        key,
    };
    to_customer(app, tx, &v.tenant, &order.customer, draft).await?;
    Ok(())
}

/// Sends the link of an order. None where the customer has no address.
pub async fn payment_request(
    app: &App,
    tx: &mut Tx<'_>,
    order: &Order,
    key: String,
) -> Result<Option<Message>, StoreError> {
    let Some(v) = Voice::of(tx, order).await? else {
        return Ok(None);
    };
    let t = v.texts();
    let amount = v.money(order.asked(false));
    let link = order_service::checkout_url(app, order);
    let body = vec![(t.request_body)(&v.merchant, &amount)];
    let subject = (t.request_subject)(&amount, &v.merchant);
    let mut letter = v.letter(&order.customer, subject, body);
    letter.facts = vec![(t.amount, amount.clone())];
    letter.facts.extend(v.about(order));
    let due = order.due_at().map(|due| v.when(due));
    letter.facts.push((t.pay_by, due.unwrap_or_default()));
    letter.button = Some((t.pay_now.to_owned(), link.clone()));
    let sms = (t.request_sms)(&amount, &v.merchant);
    let draft = Draft {
        kind: MessageKind::PaymentRequest,
        lang: v.lang,
        livemode: order.livemode,
        letter,
        sms: Some(format!("{sms} {link}")),
        about: About {
            order: Some(order.id.clone()),
            ..About::default()
        },
        key,
    };
    to_customer(app, tx, &v.tenant, &order.customer, draft).await
}

/// Reminds the customer of what is to pay now, the next part or the whole. None where the customer
/// has no address, or the reminder was written before.
pub async fn payment_reminder(
    app: &App,
    tx: &mut Tx<'_>,
    order: &Order,
    key: String,
) -> Result<Option<Message>, StoreError> {
    let Some(v) = Voice::of(tx, order).await? else {
        return Ok(None);
    };
    let t = v.texts();
    let amount = v.money(order.asked(false));
    let due = order.due_at().unwrap_or(order.expires_at);
    let day = v.day(due);
    let body = if due > app.clock.now() {
        (t.reminder_body)(&v.merchant, &amount, &day)
    } else {
        (t.reminder_late_body)(&v.merchant, &amount, &day)
    };
    let link = order_service::checkout_url(app, order);
    let sms = format!("{body} {link}");
    let subject = (t.reminder_subject)(&amount, &v.merchant);
    let body = vec![body, t.reminder_paid.to_owned()];
    let mut letter = v.letter(&order.customer, subject, body);
    letter.facts = vec![(t.amount, amount), (t.pay_by, day)];
    letter.facts.extend(v.about(order));
    letter.button = Some((t.pay_now.to_owned(), link));
    let draft = Draft {
        kind: MessageKind::PaymentReminder,
        lang: v.lang,
        livemode: order.livemode,
        letter,
        sms: Some(sms),
        about: About {
            order: Some(order.id.clone()),
            ..About::default()
        },
        key,
    };
    to_customer(app, tx, &v.tenant, &order.customer, draft).await
}

/// Tells that a proof was rejected or that more is wanted, with the reason. An approved proof is
/// told by the receipt.
pub async fn proof_decided(
    app: &App,
    tx: &mut Tx<'_>,
    proof: &Proof,
    p: &Payment,
) -> Result<(), StoreError> {
    let rejected = match proof.status {
        ProofStatus::Rejected => true,
        ProofStatus::MoreWanted => false,
        ProofStatus::Approved | ProofStatus::Submitted => return Ok(()),
    };
    let Some(order) = orders::get(tx, &p.tenant_id, &p.order_id).await? else {
        return Ok(());
    };
    let Some(v) = Voice::of(tx, &order).await? else {
        return Ok(());
    };
    let t = v.texts();
    let amount = v.money(p.amount);
    let (kind, subject, body, next, button) = if rejected {
        (
            MessageKind::ProofRejected,
            (t.rejected_subject)(&v.merchant),
            (t.rejected_body)(&v.merchant, &amount),
            Some(t.rejected_next.to_owned()),
            t.pay_or_send,
        )
    } else {
        (
            MessageKind::ProofMoreWanted,
            (t.more_subject)(&v.merchant),
            (t.more_body)(&v.merchant, &amount),
            None,
            t.send_more,
        )
    };
    let body = std::iter::once(body).chain(next).collect();
    let mut letter = v.letter(&order.customer, subject, body);
    letter.facts = vec![
        (t.merchant_says, one_line(&proof.decision_note)),
        (t.amount, amount),
    ];
    letter.facts.extend(v.about(&order));
    letter.button = Some((button.to_owned(), order_service::checkout_url(app, &order)));
    let draft = Draft {
        kind,
        lang: v.lang,
        livemode: p.livemode && !p.test_mode,
        letter,
        sms: None,
        about: About {
            order: Some(order.id.clone()),
            payment: Some(p.id.clone()),
            refund: None,
        },
        // More may be wanted again and again; each decision has its time.
        key: format!(
            "{}:{}:{}",
            kind.as_str(),
            proof.id,
            proof.updated_at.unix_ms()
        ),
    };
    to_customer(app, tx, &v.tenant, &order.customer, draft).await?;
    Ok(())
}

/// Tells that money was given back.
pub async fn refunded(
    app: &App,
    tx: &mut Tx<'_>,
    refund: &Refund,
    p: &Payment,
) -> Result<(), StoreError> {
    let Some(order) = orders::get(tx, &p.tenant_id, &p.order_id).await? else {
        return Ok(());
    };
    let Some(v) = Voice::of(tx, &order).await? else {
        return Ok(());
    };
    let t = v.texts();
    let amount = v.money(refund.amount);
    let body = vec![
        (t.refund_body)(&amount, &v.merchant),
        t.refund_next.to_owned(),
    ];
    let subject = (t.refund_subject)(&amount, &v.merchant);
    let mut letter = v.letter(&order.customer, subject, body);
    let livemode = p.livemode && !p.test_mode;
    letter.facts = vec![(t.given_back, amount)];
    letter.facts.extend(v.about(&order));
    letter.facts.extend([
        (
            t.receipt_number,
            v.code(&format::short_number(p, !livemode)),
        ),
        (t.date, v.when(app.clock.now())),
    ]);
    letter.button = Some((
        t.see_receipt.to_owned(),
        order_service::checkout_url(app, &order),
    ));
    let draft = Draft {
        kind: MessageKind::RefundSucceeded,
        lang: v.lang,
        livemode,
        letter,
        sms: None,
        about: About {
            order: Some(order.id.clone()),
            payment: Some(p.id.clone()),
            refund: Some(refund.id.clone()),
        },
        key: format!("refund_succeeded:{}", refund.id),
    };
    to_customer(app, tx, &v.tenant, &order.customer, draft).await?;
    Ok(())
}

/// A plan that ends soon, or has ended and can still be kept.
pub struct Renewal<'a> {
    pub customer: &'a Customer,
    /// The order that renews it.
    pub order: &'a Order,
    pub plan: &'a str,
    pub ends_at: Timestamp,
    /// Names this end of this entitlement: it is told once.
    pub key: &'a str,
}

/// Reminds a customer that a plan ends. None where it is not wanted, cannot be told, or was told.
pub async fn renewal_reminder(
    app: &App,
    tx: &mut Tx<'_>,
    r: &Renewal<'_>,
) -> Result<Option<Message>, StoreError> {
    let Some(v) = Voice::of(tx, r.order).await? else {
        return Ok(None);
    };
    let t = v.texts();
    let plan = one_line(r.plan);
    let ends = v.when(r.ends_at);
    let link = order_service::checkout_url(app, r.order);
    let (subject, body) = if r.ends_at > app.clock.now() {
        (t.renewal_subject, t.renewal_body)
    } else {
        (t.renewal_late_subject, t.renewal_late_body)
    };
    let (subject, body) = (subject(&plan, &ends), body(&plan, &v.merchant, &ends));
    let sms = format!("{body} {link}");
    let mut letter = v.letter(r.customer, subject, vec![body]);
    letter.facts = vec![
        (t.plan, plan),
        (t.ends, ends),
        (t.amount, v.money(r.order.left())),
    ];
    letter.button = Some((t.renew_now.to_owned(), link));
    let draft = Draft {
        kind: MessageKind::RenewalReminder,
        lang: v.lang,
        livemode: r.order.livemode,
        letter,
        sms: Some(sms),
        about: About {
            order: Some(r.order.id.clone()),
            ..About::default()
        },
        key: format!("renewal:{}", r.key),
    };
    to_customer(app, tx, &v.tenant, r.customer, draft).await
}
