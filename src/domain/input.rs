//! Input that is refused: which field, a stable code, and a sentence.

/// A field that cannot be taken as it is. Programs read the code, people the sentence.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {message}")]
pub struct InputProblem {
    /// `amount`, `currency`, `method`, `phone`, `customer.email`, …
    pub field: &'static str,
    pub code: &'static str,
    pub message: String,
}

impl InputProblem {
    pub fn new(field: &'static str, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            field,
            code,
            message: message.into(),
        }
    }
}
