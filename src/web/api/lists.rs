//! Lists: filters and paging from the query, `{"data": […], "next_cursor": …}` back.
use super::call::Answer;
use crate::domain::ids::Id;
use crate::services::Cursor;
use crate::web::problem::Problem;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const DEFAULT: i64 = 25;
pub(super) const MOST: i64 = 100;

/// The parameters that were not read yet. Empty ones count as absent.
pub(super) struct Query(BTreeMap<String, String>);

impl Query {
    /// # Errors
    /// 422 for U+0000, which no database takes, and for a name that comes twice.
    pub fn parse(text: Option<&str>) -> Result<Self, Problem> {
        let mut all = BTreeMap::new();
        for (name, value) in url::form_urlencoded::parse(text.unwrap_or_default().as_bytes()) {
            let name: String = name.chars().filter(|c| *c != '\0').take(80).collect();
            if value.contains('\0') {
                return Err(Problem::input(name, "control_characters", "holds U+0000"));
            }
            if all.insert(name.clone(), value.into_owned()).is_some() {
                return Err(Problem::input(name, "repeated_field", "came twice"));
            }
        }
        Ok(Self(all))
    }

    pub fn text(&mut self, name: &str) -> Option<String> {
        self.0.remove(name).filter(|v| !v.is_empty())
    }

    /// A parameter that `parse` must know.
    pub fn word<T>(
        &mut self,
        name: &str,
        code: &'static str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, Problem> {
        let refuse = || Problem::input(name, code, "is not known");
        self.text(name)
            .map(|text| parse(&text).ok_or_else(refuse))
            .transpose()
    }

    /// From where, and how many.
    pub fn page<I: Id>(&mut self) -> Result<(Cursor, i64), Problem> {
        let range = |text: &str| text.parse().ok().filter(|n| (1..=MOST).contains(n));
        let limit = match self.text("limit") {
            None => DEFAULT,
            Some(text) => range(&text).ok_or_else(|| {
                let message = format!("must be 1 to {MOST}");
                Problem::input("limit", "limit_invalid", message)
            })?,
        };
        let cursor = match self.text("cursor") {
            None => Cursor::Newest,
            Some(text) => Cursor::After(
                I::parse(&text)
                    .map(|id| id.as_str().to_owned())
                    .ok_or_else(|| {
                        let message = "is no `next_cursor` of this list";
                        Problem::input("cursor", "cursor_invalid", message)
                    })?,
            ),
        };
        Ok((cursor, limit))
    }

    /// # Errors
    /// 422 `unknown_parameter`: a mistyped filter must not show everything.
    pub fn done(self) -> Result<(), Problem> {
        match self.0.into_keys().next() {
            None => Ok(()),
            Some(name) => Err(Problem::input(
                name,
                "unknown_parameter",
                "is not known here",
            )),
        }
    }
}

pub(super) fn answer(data: Vec<Value>, next: Option<String>) -> Answer {
    Answer::ok(json!({ "data": data, "next_cursor": next }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::OrderId;

    fn page(text: &str) -> Result<(Cursor, i64), &'static str> {
        let mut query = Query::parse(Some(text)).map_err(|p| p.code)?;
        let page = query.page::<OrderId>().map_err(|p| p.code)?;
        query.done().map_err(|p| p.code)?;
        Ok(page)
    }

    #[test]
    fn paging_is_read_within_its_bounds() {
        let id = OrderId::from_bits(9);
        assert_eq!(page(""), Ok((Cursor::Newest, 25)));
        assert_eq!(page("limit=&cursor="), Ok((Cursor::Newest, 25)));
        let after = Cursor::After(id.to_string());
        assert_eq!(page(&format!("limit=100&cursor={id}")), Ok((after, 100)));
        for bad in ["limit=0", "limit=101", "limit=x", "limit=-1"] {
            assert_eq!(page(bad), Err("limit_invalid"));
        }
        assert_eq!(page("cursor=pay_1"), Err("cursor_invalid"));
        assert_eq!(page("refrence=a"), Err("unknown_parameter"));
        assert_eq!(page("limit=1&limit=2"), Err("repeated_field"));
        assert_eq!(page("cursor=%00"), Err("control_characters"));
    }
}
