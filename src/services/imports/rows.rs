//! The rows of a file: read, looked at, and turned into what an order says.
use crate::domain::import::{ImportRow, RowProblem, RowStatus};
use crate::domain::order::{Customer, OrderKind};
use crate::services::InputProblem;
use crate::services::amounts::typed_amount;
use crate::services::orders::{self, NewOrder};
use crate::services::tenants::Tenant;
use std::collections::{BTreeMap, HashMap};

/// Of the file, in bytes.
pub const MOST_BYTES: usize = 1024 * 1024;
/// Rows of one file.
pub const MOST_ROWS: usize = 5_000;

/// The columns that a file may have, in the order of the download.
pub const COLUMNS: [&str; 10] = [
    "reference",
    "amount",
    "currency",
    "description",
    "customer_name",
    "customer_email",
    "customer_phone",
    "expires_in_days",
    "remind",
    "kind",
];

pub(super) fn file_problem(words: impl Into<String>) -> InputProblem {
    InputProblem::new("file", "file_invalid", words)
}

/// The column that a head cell names: as people write it, with spaces or capitals.
fn column(head: &str) -> Option<&'static str> {
    let plain = head.trim().to_lowercase().replace([' ', '-'], "_");
    COLUMNS.into_iter().find(|c| *c == plain)
}

/// What separates the cells: some tables write semicolons or tabs.
fn separator(text: &str) -> u8 {
    let head = text.lines().next().unwrap_or_default();
    let count = |c: char| head.matches(c).count();
    [(',', b','), (';', b';'), ('\t', b'\t')]
        .into_iter()
        .rev()
        .max_by_key(|(c, _)| count(*c))
        .map_or(b',', |(_, b)| b)
}

pub(super) fn read(
    tenant: &Tenant,
    livemode: bool,
    bytes: &[u8],
) -> Result<Vec<ImportRow>, InputProblem> {
    if bytes.len() > MOST_BYTES {
        return Err(file_problem("is larger than 1 MB"));
    }
    let text = std::str::from_utf8(bytes)
        .ok()
        .filter(|t| !t.contains('\0'))
        .ok_or_else(|| file_problem("is no text in UTF-8: save the table as CSV UTF-8"))?;
    let text = text.trim_start_matches('\u{feff}');
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .delimiter(separator(text))
        .from_reader(text.as_bytes());
    let heads = reader
        .headers()
        .map_err(|e| file_problem(format!("cannot be read: {e}")))?
        .clone();
    let mut columns = Vec::new();
    for head in &heads {
        let Some(known) = column(head) else {
            let words = format!("has a column “{}”, which is none of ours", head.trim());
            return Err(file_problem(words));
        };
        if columns.contains(&known) {
            return Err(file_problem(format!("has the column {known} twice")));
        }
        columns.push(known);
    }
    for needed in ["reference", "amount"] {
        if !columns.contains(&needed) {
            let words = format!("has no column “{needed}” in its first line");
            return Err(file_problem(words));
        }
    }
    let mut rows = Vec::new();
    let mut seen: HashMap<String, i64> = HashMap::new();
    for record in reader.records() {
        let record = record.map_err(|e| file_problem(format!("cannot be read: {e}")))?;
        if record.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        if rows.len() == MOST_ROWS {
            return Err(file_problem(format!("has more than {MOST_ROWS} rows")));
        }
        let line = record.position().map_or(0, csv::Position::line);
        let line = i64::try_from(line).unwrap_or(i64::MAX);
        rows.push(look_at(
            tenant, livemode, &columns, &record, line, &mut seen,
        ));
    }
    if rows.is_empty() {
        return Err(file_problem("has no rows below its first line"));
    }
    Ok(rows)
}

/// One row with everything that is wrong with it.
fn look_at(
    tenant: &Tenant,
    livemode: bool,
    columns: &[&'static str],
    record: &csv::StringRecord,
    line: i64,
    seen: &mut HashMap<String, i64>,
) -> ImportRow {
    let cells = columns.iter().zip(record.iter());
    let asked: BTreeMap<String, String> = cells
        .map(|(column, cell)| (*column, cell.trim()))
        .filter(|(_, cell)| !cell.is_empty())
        .map(|(column, cell)| (column.to_owned(), cell.chars().take(1_000).collect()))
        .collect();
    let mut problems = Vec::new();
    if record.len() > columns.len() {
        problems.push(RowProblem {
            column: String::new(),
            message: format!(
                "has {} cells, but the first line names {}",
                record.len(),
                columns.len()
            ),
        });
    }
    if let Some(reference) = asked.get("reference") {
        if let Some(first) = seen.get(reference) {
            problems.push(RowProblem {
                column: "reference".to_owned(),
                message: format!("stands on line {first} already"),
            });
        } else {
            seen.insert(reference.clone(), line);
        }
    }
    if let Err(more) = order_of(tenant, livemode, &asked) {
        problems.extend(more);
    }
    ImportRow {
        line,
        status: if problems.is_empty() {
            RowStatus::Ready
        } else {
            RowStatus::Bad
        },
        asked,
        problems,
        order_id: None,
    }
}

/// The column of a service's field.
fn column_of(field: &str) -> &str {
    match field {
        "customer.name" => "customer_name",
        "customer.email" => "customer_email",
        "customer.phone" => "customer_phone",
        "expires_in" => "expires_in_days",
        other => other,
    }
}

pub(super) fn problem(p: &InputProblem) -> RowProblem {
    RowProblem {
        column: column_of(p.field).to_owned(),
        message: p.message.clone(),
    }
}

/// The order that a row asks for, or all that is wrong with it.
pub(super) fn order_of(
    tenant: &Tenant,
    livemode: bool,
    asked: &BTreeMap<String, String>,
) -> Result<NewOrder, Vec<RowProblem>> {
    let cell = |column: &str| asked.get(column).map(String::as_str);
    let mut problems = Vec::new();
    let currency = cell("currency").map_or_else(
        || tenant.currency.code().to_owned(),
        str::to_ascii_uppercase,
    );
    let amount = match cell("amount") {
        Some(typed) => typed_amount("amount", typed, &currency),
        None => Err(InputProblem::new("amount", "required", "is missing")),
    };
    let amount = amount.map_err(|p| problems.push(problem(&p))).ok();
    if cell("reference").is_none() {
        let missing = InputProblem::new("reference", "required", "is missing");
        problems.push(problem(&missing));
    }
    let kind = cell("kind").map(|k| OrderKind::parse(&k.to_lowercase()));
    if kind == Some(None) {
        let words = "must be order, booking, invoice, subscription or deposit";
        problems.push(problem(&InputProblem::new("kind", "kind_unknown", words)));
    }
    let days = cell("expires_in_days").map(|d| d.parse::<i64>().ok());
    let days_fine = |d: &Option<i64>| d.is_some_and(|d| (1..=90).contains(&d));
    if days.as_ref().is_some_and(|d| !days_fine(d)) {
        let words = "must be a whole number of days, 1 to 90";
        let p = InputProblem::new("expires_in", "expires_in_invalid", words);
        problems.push(problem(&p));
    }
    let reminds = cell("remind").map(str::to_lowercase);
    let reminds = match reminds.as_deref() {
        Some("yes" | "y" | "1" | "true") => true,
        None | Some("no" | "n" | "0" | "false") => false,
        Some(_) => {
            let p = InputProblem::new("remind", "remind_invalid", "must be yes or no");
            problems.push(problem(&p));
            false
        }
    };
    if reminds && cell("customer_email").is_none() && cell("customer_phone").is_none() {
        let words = "needs an e-mail or a phone to go to";
        problems.push(problem(&InputProblem::new("remind", "no_address", words)));
    }
    let text = |column: &str| cell(column).map(str::to_owned);
    let new = amount.map(|amount| {
        let reference = cell("reference").unwrap_or("-");
        NewOrder {
            kind: kind.flatten().unwrap_or_default(),
            reminds,
            description: text("description").unwrap_or_default(),
            customer: Customer {
                external_id: None,
                name: text("customer_name"),
                email: text("customer_email"),
                phone: text("customer_phone"),
            },
            expires_in_secs: days
                .flatten()
                .filter(|d| (1..=90).contains(d))
                .map(|d| d * 86_400),
            ..NewOrder::new(reference, amount, livemode)
        }
    });
    if let Some(new) = &new
        && problems.is_empty()
        && let Err(p) = orders::try_check(tenant, new)
    {
        problems.push(problem(&p));
    }
    match new {
        Some(new) if problems.is_empty() => Ok(new),
        _ => Err(problems),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_tells_what_separates_the_cells() {
        assert_eq!(separator("reference,amount\n"), b',');
        assert_eq!(separator("reference;amount;kind\n"), b';');
        assert_eq!(separator("reference\tamount"), b'\t');
        assert_eq!(separator("reference"), b',');
        assert_eq!(column(" Customer Name "), Some("customer_name"));
        assert_eq!(column("notes"), None);
    }
}
