//! What every state table has in common: names in the database, allowed steps, one error.

/// A step that the tables of states do not allow (R2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{article} {what} cannot go from {from} to {to}", article = article(.what))]
pub struct TransitionError {
    pub what: &'static str,
    pub from: &'static str,
    pub to: &'static str,
}

fn article(what: &str) -> &'static str {
    if what.starts_with(['a', 'e', 'i', 'o', 'u']) {
        "an"
    } else {
        "a"
    }
}

/// Declares a state enum: its stored names, its table of steps, and `go`, the only way to step.
macro_rules! states {
    (
        $(#[$doc:meta])* $name:ident, $what:literal {
            $($(#[$vdoc:meta])* $variant:ident = $tag:literal => [$($next:ident),*],)*
        }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$vdoc])* $variant,)* }

        impl $name {
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The name in the database, the API and events.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $tag,)* }
            }

            pub fn parse(tag: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|s| s.as_str() == tag)
            }

            /// The states that may follow this one (R2).
            pub const fn next(self) -> &'static [Self] {
                match self { $(Self::$variant => &[$(Self::$next),*],)* }
            }

            pub fn can_become(self, to: Self) -> bool {
                self.next().contains(&to)
            }

            /// Takes one step of the table.
            ///
            /// # Errors
            /// [`TransitionError`] for a step that the table does not have.
            pub fn go(self, to: Self) -> Result<Self, $crate::domain::TransitionError> {
                if self.can_become(to) {
                    Ok(to)
                } else {
                    Err($crate::domain::TransitionError {
                        what: $what,
                        from: self.as_str(),
                        to: to.as_str(),
                    })
                }
            }
        }
    };
}
pub(crate) use states;

/// Checks a whole table: every pair of `allowed` steps, and the refusal of every other pair.
#[cfg(test)]
macro_rules! assert_table {
    ($name:ty, { $($from:ident => [$($to:ident),*]),* $(,)? }) => {{
        let mut rows = std::collections::HashMap::new();
        $(rows.insert(<$name>::$from, vec![$(<$name>::$to),*]);)*
        for &from in <$name>::ALL {
            assert_eq!(<$name>::parse(from.as_str()), Some(from));
            for &to in <$name>::ALL {
                let allowed = rows.get(&from).is_some_and(|row| row.contains(&to));
                assert_eq!(from.go(to).is_ok(), allowed, "{from:?} -> {to:?}");
            }
        }
    }};
}
#[cfg(test)]
pub(crate) use assert_table;
