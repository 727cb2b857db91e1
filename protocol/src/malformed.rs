//! The one error of parsing: which word was wrong, what was sent, and what to send instead.

/// A text that is not what it should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a valid {what}: {remedy}")]
pub struct Malformed {
    /// What was expected, as a person calls it.
    pub what: &'static str,
    /// What came, cut at [`Malformed::CHARS_MAX`] characters.
    pub text: String,
    /// What to send instead.
    pub remedy: &'static str,
}

impl Malformed {
    /// How much of the text an error repeats.
    pub const CHARS_MAX: usize = 80;

    /// An error about `text`.
    pub fn new(what: &'static str, text: &str, remedy: &'static str) -> Self {
        Self { what, text: text.chars().take(Self::CHARS_MAX).collect(), remedy }
    }
}
