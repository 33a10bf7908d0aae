//! An export: rows of one kind, taken out of the books as CSV by a person.
use super::Timestamp;
use super::ids::{ExportId, TenantId};
use super::states::states;
use serde::{Deserialize, Serialize};

/// What is exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportKind {
    Orders,
    Payments,
    Refunds,
    Events,
}

impl ExportKind {
    pub const ALL: [Self; 4] = [Self::Orders, Self::Payments, Self::Refunds, Self::Events];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Orders => "orders",
            Self::Payments => "payments",
            Self::Refunds => "refunds",
            Self::Events => "events",
        }
    }

    pub fn parse(tag: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|k| k.as_str() == tag)
    }

    /// Whether its rows belong to a provider.
    pub const fn has_provider(self) -> bool {
        matches!(self, Self::Payments | Self::Refunds)
    }
}

states! {
    /// Where an export stands.
    ExportStatus, "export" {
        /// Asked for; its rows were counted.
        Made = "made" => [Running],
        /// Rows go to a browser.
        Running = "running" => [Done, Broken],
        /// The last row was handed over. It may be taken again.
        Done = "done" => [Running],
        /// The browser went away or the database failed before the last row.
        Broken = "broken" => [Running],
    }
}

/// Which rows are wanted. What is empty leaves nothing out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportFilter {
    /// A state; for events their type.
    #[serde(default)]
    pub status: String,
    #[serde(default)]
    pub provider: String,
    /// Test money alone; else live money alone (R11).
    #[serde(default)]
    pub test: bool,
    /// Made at or after this instant, Unix milliseconds.
    #[serde(default)]
    pub from_ms: Option<i64>,
    /// Made before this instant, Unix milliseconds.
    #[serde(default)]
    pub to_ms: Option<i64>,
}

impl ExportFilter {
    pub fn from(&self) -> Option<Timestamp> {
        self.from_ms.map(Timestamp::from_unix_ms)
    }

    pub fn to(&self) -> Option<Timestamp> {
        self.to_ms.map(Timestamp::from_unix_ms)
    }
}

/// One export with how far it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Export {
    pub id: ExportId,
    pub tenant_id: TenantId,
    /// The user's id.
    pub made_by: String,
    pub kind: ExportKind,
    pub filter: ExportFilter,
    pub status: ExportStatus,
    /// Rows that the filter found when it was last begun.
    pub total: i64,
    /// Rows that were handed over.
    pub written: i64,
    /// How often it was begun: a later run takes over from one that hangs.
    pub runs: i64,
    /// Rows made after this are not in it.
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl Export {
    /// A run says that it lives at least this often.
    pub const QUIET_SECS: i64 = 900;

    /// Whether it is under way. A run that was cut off with its process is none.
    pub fn is_running(&self, now: Timestamp) -> bool {
        self.status == ExportStatus::Running && now.secs_since(self.updated_at) < Self::QUIET_SECS
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::states::assert_table;

    #[test]
    fn r2_exports_step_only_along_their_table() {
        assert_table!(ExportStatus, {
            Made => [Running],
            Running => [Done, Broken],
            Done => [Running],
            Broken => [Running],
        });
    }
}
