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

/// Characters that nobody sees and that turn or split what people read: directions that override
/// the text's own, and spaces without width. The joiners that some scripts need are none of them.
pub fn is_hidden(c: char) -> bool {
    matches!(
        c,
        '\u{200b}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{2069}' | '\u{feff}'
    )
}
