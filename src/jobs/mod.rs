//! What runs after a commit: the registry of jobs. Each calls one service, and may run twice.
use crate::domain::ids::{
    BillId, EntitlementId, HookId, ImportId, MessageId, OrderId, PaymentId, RefundId,
};
use crate::domain::job::{Job, JobKind, Outcome};
use crate::services::{
    App, StoreError, alerts, bills, entitlements, imports, inbound, messages, orders, payments,
    refunds, reminders,
};
use crate::store::Tx;

pub mod outbox;
pub mod runner;

/// Runs one job. An error passes: it is tried again with backoff.
async fn run(app: &App, job: &Job) -> Result<Outcome, Box<dyn std::error::Error + Send + Sync>> {
    let (tenant, subject) = (&job.tenant_id, job.subject.clone());
    Ok(match job.kind {
        JobKind::ApplyHook => {
            inbound::apply(app, tenant, &HookId::from_stored(subject), job.attempts).await?
        }
        JobKind::PollPayment => {
            payments::poll(app, tenant, &PaymentId::from_stored(subject)).await?
        }
        JobKind::ExpireOrder => orders::expire(app, tenant, &OrderId::from_stored(subject)).await?,
        JobKind::ClosePage => {
            let id = PaymentId::from_stored(subject);
            payments::close_page(app, tenant, &id, job.attempts).await?
        }
        JobKind::SettleBill => bills::settle(app, tenant, &BillId::from_stored(subject)).await?,
        JobKind::BookBill => bills::book(app, tenant, &BillId::from_stored(subject)).await?,
        JobKind::WalkEntitlement => {
            entitlements::walk(app, tenant, &EntitlementId::from_stored(subject)).await?
        }
        JobKind::MakeImport => imports::run(app, tenant, &ImportId::from_stored(subject)).await?,
        JobKind::SendMessage => {
            messages::send(app, tenant, &MessageId::from_stored(subject)).await?
        }
        JobKind::RemindOrder => reminders::run(app, tenant, &OrderId::from_stored(subject)).await?,
        JobKind::WatchAlerts => alerts::watch(app, tenant).await?,
        JobKind::SendRefund => refunds::send(app, tenant, &RefundId::from_stored(subject)).await?,
    })
}

/// Whether a job may end without its work: a payment or refund that is not at its end is asked
/// after for as long as it takes (R13).
fn may_give_up(kind: JobKind) -> bool {
    matches!(kind, JobKind::ApplyHook | JobKind::ClosePage)
}

/// A hook that cannot be applied waits for a person, who may replay it.
async fn give_up(app: &App, tx: &mut Tx<'_>, job: &Job, error: &str) -> Result<(), StoreError> {
    if job.kind == JobKind::ApplyHook {
        let id = HookId::from_stored(job.subject.clone());
        inbound::give_up(app, tx, &job.tenant_id, &id, error).await?;
    }
    Ok(())
}
