//! A file of requests: checked row by row, then made into orders, each row once.
use super::Timestamp;
use super::ids::{ImportId, OrderId, TenantId};
use super::states::states;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

states! {
    /// Where a file of requests stands.
    ImportStatus, "import" {
        /// Read and looked at; nothing is made.
        Checked = "checked" => [Making],
        Making = "making" => [Made],
        Made = "made" => [],
    }
}

states! {
    /// Where a row stands.
    RowStatus, "row" {
        Ready = "ready" => [Made, Bad],
        Bad = "bad" => [],
        Made = "made" => [],
    }
}

/// A file of requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    pub id: ImportId,
    pub tenant_id: TenantId,
    pub livemode: bool,
    pub file_name: String,
    /// Of the file's bytes, in hex.
    pub sha256: String,
    pub status: ImportStatus,
    /// Rows that make an order, as they were read.
    pub good: i64,
    pub bad: i64,
    pub created_by: String,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// What is wrong with one cell of a row; without a column it is the row as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowProblem {
    pub column: String,
    pub message: String,
}

/// A row with what was typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportRow {
    /// Of the file, as an editor counts: the header is usually line 1.
    pub line: i64,
    pub status: RowStatus,
    /// The cells by their columns.
    pub asked: BTreeMap<String, String>,
    pub problems: Vec<RowProblem>,
    pub order_id: Option<OrderId>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::states::assert_table;

    #[test]
    fn r2_imports_and_their_rows_step_only_forward() {
        assert_table!(ImportStatus, {
            Checked => [Making],
            Making => [Made],
        });
        assert_table!(RowStatus, {
            Ready => [Made, Bad],
        });
    }
}
