//! What runs after a commit: the registry of jobs. Each calls one service, and may run twice.
use crate::domain::ids::{HookId, OrderId, PaymentId, RefundId};
use crate::domain::job::{Job, JobKind, Outcome};
use crate::services::{App, inbound, orders, payments, refunds};

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
        JobKind::SendRefund => refunds::send(app, tenant, &RefundId::from_stored(subject)).await?,
    })
}
