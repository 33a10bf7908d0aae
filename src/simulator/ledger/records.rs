//! What the books hold, one struct a table, and what can change in them.

use serde_json::Value;

/// A merchant as the provider knows him.
#[derive(Clone, Debug)]
pub struct Account {
    pub provider: String,
    pub id: String,
    pub hook_url: Option<String>,
    pub data: Value,
}

/// One payment; `amount` and `refunded` in the unit of the provider's wire.
#[derive(Clone, Debug)]
pub struct Payment {
    pub provider: String,
    /// The provider's own id.
    pub id: String,
    pub account: String,
    /// `test` or `live`.
    pub mode: String,
    /// The merchant's reference.
    pub reference: String,
    pub amount: i64,
    pub currency: String,
    pub status: String,
    pub receipt: Option<String>,
    pub refunded: i64,
    pub attempts: i64,
    pub phone: Option<String>,
    pub data: Value,
    pub created_at: i64,
    pub updated_at: i64,
}

/// One refund; `amount` in the unit of the provider's wire.
#[derive(Clone, Debug)]
pub struct Refund {
    pub provider: String,
    pub id: String,
    pub payment_id: String,
    pub account: String,
    pub mode: String,
    pub amount: i64,
    pub currency: String,
    pub status: String,
    pub data: Value,
    pub created_at: i64,
    pub updated_at: i64,
}

/// One call to a merchant's address; `status` is `pending`, `delivered`, `failed` or `lost`.
#[derive(Clone, Debug)]
pub struct Hook {
    /// 0 until it is saved.
    pub id: i64,
    pub provider: String,
    /// The payment it is about.
    pub subject: String,
    pub mode: String,
    pub url: String,
    pub event: String,
    pub headers: Vec<(String, String)>,
    pub body: String,
    pub status: String,
    pub fault: Option<String>,
    pub attempts: i64,
    /// The last HTTP status.
    pub answer: Option<i64>,
    /// Waits for the next hook of the provider, to be sent after it.
    pub held: bool,
    pub due_at: i64,
    pub created_at: i64,
}

/// Something that happens later by itself.
#[derive(Clone, Debug)]
pub struct Task {
    /// 0 until it is saved.
    pub id: i64,
    pub provider: String,
    pub kind: String,
    pub subject: String,
    pub due_at: i64,
}

/// One line of what is committed together.
#[derive(Clone, Debug)]
pub enum Change {
    Account(Account),
    Payment(Payment),
    Refund(Refund),
    /// A new hook. Held ones are let go behind it.
    Hook(Hook),
    Task(Task),
    /// The task with this id is done.
    Done(i64),
    /// A task that is not wanted any more.
    Forget {
        provider: String,
        subject: String,
    },
    Object {
        provider: String,
        kind: String,
        id: String,
        data: Value,
    },
}

/// An API call as the ledger shows it.
#[derive(Clone, Debug)]
pub struct Call {
    pub provider: String,
    pub operation: String,
    pub at: i64,
    pub reference: Option<String>,
    pub fault: Option<String>,
}
