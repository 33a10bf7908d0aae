//! Work that must happen after a commit. A payload is an id, never a record.
use super::Timestamp;
use super::ids::{JobId, TenantId};

macro_rules! job_kinds {
    ($($(#[$doc:meta])* $variant:ident = $tag:literal,)*) => {
        /// What a job does.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum JobKind { $($(#[$doc])* $variant,)* }
        impl JobKind {
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $tag,)* }
            }
            pub fn parse(tag: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|k| k.as_str() == tag)
            }
        }
    };
}

job_kinds! {
    /// Subject: a hook's id.
    ApplyHook = "apply_hook",
    /// Subject: a payment's id. Asks the provider until the payment ends (R13).
    PollPayment = "poll_payment",
    /// Subject: an order's id. Runs at its expiry.
    ExpireOrder = "expire_order",
    /// Subject: a refund's id. Sends it once, then asks until it ends.
    SendRefund = "send_refund",
    /// Subject: the id of money paid by hand. Asks after it, and books it or leaves it to a desk.
    SettleBill = "settle_bill",
    /// Subject: the id of money paid by hand that is true. Books it once its prompt has ended.
    BookBill = "book_bill",
    /// Subject: a payment's id. Ends its page at the provider, once nobody may pay there any more.
    ClosePage = "close_page",
    /// Subject: an entitlement's id. Walks its clock: reminders, grace, the end.
    WalkEntitlement = "walk_entitlement",
    /// Subject: an order's id. Reminds its customer to pay, each time once.
    RemindOrder = "remind_order",
    /// Subject: an import's id. Makes its orders, each row once.
    MakeImport = "make_import",
    /// Subject: a message's id. Sends it, for about a day.
    SendMessage = "send_message",
    /// Subject: a tenant's id. Holds the tenant's figures against its alert rules, for ever.
    WatchAlerts = "watch_alerts",
}

/// A row of the queue that this process has claimed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    pub id: JobId,
    pub tenant_id: TenantId,
    pub kind: JobKind,
    pub subject: String,
    /// How often it was claimed, this time included.
    pub attempts: i64,
    pub run_at: Timestamp,
}

/// What a job's run came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Finished; the row goes.
    Done,
    /// Run it again at this time: not an error, the subject is not at its end.
    Again(Timestamp),
    /// Trouble that passes: run it again with backoff.
    Retry(String),
    /// Trouble that does not pass: kept for a person.
    Fail(String),
}
