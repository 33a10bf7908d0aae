//! What a page answers to the last action: a refused form with what was typed, or what was done.
//! Staff pages are in one language, so the sentence itself travels in the reader's own cookie.
use crate::services::InputProblem;
use crate::web::admin::parts::{Note, Typed};
use crate::web::flash::Flash;

/// The flash of an action that was done.
pub const DONE: &str = "admin/done";
const SENTENCE: &str = "sentence";
const FAULT: &str = "fault";

/// An action was done: the sentence that the next page says.
pub fn done(sentence: &str) -> Flash {
    Flash::new(DONE).error_with("", SENTENCE, &[sentence])
}

/// An action without a form was refused: the sentence that the next page says.
pub fn fault(sentence: &str) -> Flash {
    Flash::new(DONE).error_with("", FAULT, &[sentence])
}

/// A field was refused.
pub fn refused(flash: Flash, field: &str, sentence: &str) -> Flash {
    flash.error_with(field, SENTENCE, &[sentence])
}

/// A service's words as a sentence: `must be above zero` → `Must be above zero.`
pub fn sentence(words: &str) -> String {
    let mut chars = words.trim().chars();
    let mut text: String = match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => return String::new(),
    };
    if !text.ends_with(['.', '!', '?']) {
        text.push('.');
    }
    text
}

/// What a service says of a field.
pub fn input(problem: &InputProblem) -> String {
    sentence(&problem.message)
}

/// What the page got.
#[derive(Default)]
pub struct Told {
    pub typed: Typed,
    /// What was done or refused, to stand above the page.
    pub note: Option<Note>,
    /// The same as words, for desks.
    pub said: Option<String>,
    /// A flash was read: it must be forgotten.
    pub read: bool,
}

impl Told {
    pub fn new(form: Option<Flash>, done: Option<Flash>) -> Self {
        let mut told = Self {
            read: form.is_some() || done.is_some(),
            ..Self::default()
        };
        if let Some(flash) = form {
            told.typed = Typed {
                problems: flash
                    .errors
                    .iter()
                    .map(|e| {
                        (
                            e.field.clone(),
                            e.params.first().cloned().unwrap_or_default(),
                        )
                    })
                    .collect(),
                values: flash.values,
            };
        }
        let answer = done.and_then(|d| d.errors.into_iter().next());
        if let Some(answer) = answer {
            let words = answer.params.into_iter().next().unwrap_or_default();
            told.note = Some(if answer.code == FAULT {
                Note::bad(words.clone(), "").answer()
            } else {
                Note::ok(words.clone(), "").answer()
            });
            told.said = Some(words);
        }
        told
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_services_read_as_sentences() {
        assert_eq!(sentence("must be above zero"), "Must be above zero.");
        assert_eq!(sentence("Is it?"), "Is it?");
        assert_eq!(sentence(""), "");
    }
}
