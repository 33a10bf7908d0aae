//! R12: what is written beside every change, in its transaction.
use super::{Actor, App, deliveries, idempotency, objects};
use crate::domain::event::EventType;
use crate::domain::ids::{OrderId, PaymentId, RefundId, TenantId};
use crate::domain::order::Order;
use crate::domain::payment::Payment;
use crate::domain::refund::Refund;
use crate::store::books::{AuditRow, Event, Step, insert_audit, insert_event, insert_step};
use crate::store::{StoreError, Tx};
use serde_json::{Value, json};

/// One entry of an order's story, filled in step by step.
pub struct Entry<'a> {
    tenant: &'a TenantId,
    order: &'a OrderId,
    payment: Option<&'a PaymentId>,
    refund: Option<&'a RefundId>,
    kind: &'a str,
    actor: &'a Actor,
    words: String,
    data: Value,
}

impl<'a> Entry<'a> {
    pub fn order(order: &'a Order, kind: &'a str, actor: &'a Actor) -> Self {
        Self {
            tenant: &order.tenant_id,
            order: &order.id,
            payment: None,
            refund: None,
            kind,
            actor,
            words: String::new(),
            data: json!({}),
        }
    }

    pub fn payment(payment: &'a Payment, kind: &'a str, actor: &'a Actor) -> Self {
        Self {
            tenant: &payment.tenant_id,
            order: &payment.order_id,
            payment: Some(&payment.id),
            refund: None,
            kind,
            actor,
            words: String::new(),
            data: json!({}),
        }
    }

    pub fn refund(
        refund: &'a Refund,
        payment: &'a Payment,
        kind: &'a str,
        actor: &'a Actor,
    ) -> Self {
        let data = json!({ "amount": refund.amount.minor, "currency": refund.amount.currency });
        Self {
            refund: Some(&refund.id),
            data,
            ..Self::payment(payment, kind, actor)
        }
    }

    pub fn words(mut self, words: &str) -> Self {
        words.clone_into(&mut self.words);
        self
    }

    pub fn data(mut self, data: Value) -> Self {
        self.data = data;
        self
    }

    /// Writes it; by a person or an API key also into the audit log.
    pub async fn write(self, app: &App, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        let now = app.clock.now();
        let subject = match (self.refund, self.payment) {
            (Some(refund), _) => refund.to_string(),
            (None, Some(payment)) => payment.to_string(),
            (None, None) => self.order.to_string(),
        };
        let step = Step {
            id: app.clock.id(),
            tenant_id: self.tenant.clone(),
            order_id: self.order.clone(),
            payment_id: self.payment.cloned(),
            refund_id: self.refund.cloned(),
            kind: self.kind.to_owned(),
            actor: self.actor.as_str().to_owned(),
            words: self.words.clone(),
            data: self.data.to_string(),
            at: now,
        };
        insert_step(tx, &step).await?;
        if self.actor.is_audited() {
            let detail = json!({ "words": self.words, "data": self.data });
            audit(
                app,
                tx,
                self.tenant,
                self.actor,
                self.kind,
                &subject,
                &detail,
            )
            .await?;
        }
        Ok(())
    }
}

/// Writes what a person or API key did, and notes it on the idempotency key that it came under.
pub async fn audit(
    app: &App,
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    actor: &Actor,
    action: &str,
    subject: &str,
    detail: &Value,
) -> Result<(), StoreError> {
    let row = AuditRow {
        id: app.clock.id(),
        tenant_id: tenant.clone(),
        actor: actor.as_str().to_owned(),
        action: action.to_owned(),
        subject: subject.to_owned(),
        detail: detail.to_string(),
        at: app.clock.now(),
    };
    insert_audit(tx, &row).await?;
    idempotency::done(tx, actor, subject).await
}

/// Tells the merchant of an order.
pub async fn tell_order(
    app: &App,
    tx: &mut Tx<'_>,
    order: &Order,
    event_type: EventType,
) -> Result<(), StoreError> {
    let data = objects::order(app, order, &[]);
    tell(
        app,
        tx,
        &order.tenant_id,
        order.livemode,
        order.id.to_string(),
        event_type,
        &data,
    )
    .await
}

/// Tells the merchant of a payment. Test money is never told as live (R11).
pub async fn tell_payment(
    app: &App,
    tx: &mut Tx<'_>,
    payment: &Payment,
    event_type: EventType,
) -> Result<(), StoreError> {
    let live = payment.livemode && !payment.test_mode;
    let (data, subject) = (objects::payment(app, payment), payment.id.to_string());
    tell(
        app,
        tx,
        &payment.tenant_id,
        live,
        subject,
        event_type,
        &data,
    )
    .await
}

/// Tells the merchant of a refund.
pub async fn tell_refund(
    app: &App,
    tx: &mut Tx<'_>,
    refund: &Refund,
    payment: &Payment,
    event_type: EventType,
) -> Result<(), StoreError> {
    let live = payment.livemode && !payment.test_mode;
    let (data, subject) = (objects::refund(refund), refund.id.to_string());
    tell(app, tx, &refund.tenant_id, live, subject, event_type, &data).await
}

/// Writes an event with its deliveries.
pub async fn tell(
    app: &App,
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    livemode: bool,
    subject: String,
    event_type: EventType,
    data: &Value,
) -> Result<(), StoreError> {
    let event = Event {
        id: app.clock.id(),
        tenant_id: tenant.clone(),
        event_type: event_type.as_str().to_owned(),
        livemode,
        subject,
        data: data.to_string(),
        at: app.clock.now(),
    };
    insert_event(tx, &event).await?;
    deliveries::fan_out(app, tx, &event).await
}
