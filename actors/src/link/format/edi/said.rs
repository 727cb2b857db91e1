//! An interchange as a mapping says it, and its segments as text.

use serde::Deserialize;
use serde_json::Value;

use super::{Separators, is_name};

/// An interchange that is to be written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Said {
    /// Which standard; the format of the link says so, too.
    #[serde(default)]
    #[expect(dead_code, reason = "it stands in what was read, and may be written back")]
    standard: Option<String>,
    pub(super) sender: Party,
    pub(super) receiver: Party,
    pub(super) control: Option<Word>,
    /// When, such as `2026-11-24T06:00`.
    pub(super) at: Option<String>,
    #[serde(default)]
    pub(super) version: Option<Word>,
    /// Of EDIFACT: which letters there are, such as `UNOC`.
    #[serde(default)]
    pub(super) syntax: Option<String>,
    #[serde(default)]
    pub(super) test: bool,
    #[serde(default)]
    pub(super) acknowledge: bool,
    #[serde(default)]
    pub(super) separators: SaidSeparators,
    /// Acknowledgements of interchanges, in X12.
    #[serde(default)]
    pub(super) aside: Vec<Value>,
    #[serde(default)]
    pub(super) groups: Vec<SaidGroup>,
}

/// Who sends or receives.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Party {
    pub(super) id: String,
    #[serde(default)]
    pub(super) qualifier: String,
}

/// A group that is to be written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SaidGroup {
    #[serde(default)]
    pub(super) code: Option<String>,
    #[serde(default)]
    pub(super) sender: Option<String>,
    #[serde(default)]
    pub(super) receiver: Option<String>,
    #[serde(default)]
    pub(super) control: Option<Word>,
    #[serde(default)]
    pub(super) at: Option<String>,
    #[serde(default)]
    pub(super) version: Option<Word>,
    pub(super) messages: Vec<SaidMessage>,
}

/// A message that is to be written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SaidMessage {
    #[serde(rename = "type")]
    pub(super) kind: Word,
    #[serde(default)]
    pub(super) control: Option<Word>,
    #[serde(default)]
    pub(super) version: Option<Word>,
    #[serde(default)]
    pub(super) release: Option<Word>,
    #[serde(default)]
    pub(super) agency: Option<String>,
    #[serde(default)]
    pub(super) association: Option<String>,
    pub(super) segments: Vec<Value>,
}

/// Separators, as far as they are not the usual ones.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SaidSeparators {
    element: Option<char>,
    component: Option<char>,
    repetition: Option<char>,
    release: Option<char>,
    segment: Option<char>,
    decimal: Option<char>,
}

/// A text, or a number that is written as one.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Word {
    Text(String),
    Number(u64),
}

impl Word {
    pub(super) fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Number(number) => number.to_string(),
        }
    }
}

/// Reads what a mapping said; if it is no interchange, where and why.
pub(super) fn read(said: &Value) -> Result<Said, String> {
    serde_path_to_error::deserialize(said).map_err(|error| format!("no interchange: {}: {}", error.path(), error.inner()))
}

impl SaidSeparators {
    /// These, and the usual ones where nothing is said; each another letter.
    pub(super) fn over(&self, usual: Separators) -> Result<Separators, String> {
        let separators = Separators {
            element: self.element.unwrap_or(usual.element),
            component: self.component.unwrap_or(usual.component),
            repetition: self.repetition.or(usual.repetition),
            release: usual.release.map(|usual| self.release.unwrap_or(usual)),
            segment: self.segment.unwrap_or(usual.segment),
            decimal: self.decimal.unwrap_or(usual.decimal),
        };
        let own =
            [Some(separators.element), Some(separators.component), separators.repetition, separators.release, Some(separators.segment)];
        let own: Vec<char> = own.into_iter().flatten().filter(|letter| *letter != ' ').collect();
        for (at, letter) in own.iter().enumerate() {
            if letter.is_ascii_alphanumeric() || !letter.is_ascii() {
                return Err(format!("`{}` cannot separate anything: take a sign of ASCII", letter.escape_debug()));
            }
            if own.iter().skip(at.saturating_add(1)).any(|other| other == letter) {
                return Err(format!("`{}` separates two things: give each its own sign", letter.escape_debug()));
            }
        }
        Ok(separators)
    }
}

/// Writes a segment that a mapping said, with its end behind it. What is empty at the end of it is left out.
pub(super) fn segment(said: &Value, separators: &Separators, place: &str) -> Result<String, String> {
    let parts = said.as_array().filter(|parts| !parts.is_empty()).ok_or_else(|| format!("{place} is no list that begins with a name"))?;
    let mut elements = parts.iter();
    let name = elements.next().and_then(Value::as_str).filter(|name| is_name(name));
    let name = name.ok_or_else(|| format!("{place} does not begin with the name of a segment"))?;
    let mut text = name.to_owned();
    let mut empty = String::new();
    for (at, element) in elements.enumerate() {
        let written =
            self::element(element, separators).map_err(|why| format!("{place} ({name}), element {}: {why}", at.saturating_add(1)))?;
        empty.push(separators.element);
        if !written.is_empty() {
            text.push_str(&empty);
            text.push_str(&written);
            empty.clear();
        }
    }
    text.push(separators.segment);
    Ok(text)
}

fn element(said: &Value, separators: &Separators) -> Result<String, String> {
    match said {
        Value::Object(fields) => {
            let each = fields.get("each").and_then(Value::as_array).filter(|_| fields.len() == 1);
            let each = each.ok_or("an element that is an object is { each: [ … ] }")?;
            let repetition = separators.repetition.ok_or("it is repeated, and nothing separates repetitions here: write `separators`")?;
            let written: Vec<String> = each.iter().map(|one| composite(one, separators)).collect::<Result<_, _>>()?;
            Ok(written.join(repetition.to_string().as_str()))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => composite(said, separators),
    }
}

fn composite(said: &Value, separators: &Separators) -> Result<String, String> {
    match said {
        Value::Array(parts) => {
            let mut written: Vec<String> = parts.iter().map(|part| plain(part, separators)).collect::<Result<_, _>>()?;
            while written.last().is_some_and(String::is_empty) {
                written.pop();
            }
            Ok(written.join(separators.component.to_string().as_str()))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => plain(said, separators),
    }
}

/// A text, with what would be taken for a separator released; where nothing releases it cannot be written.
fn plain(said: &Value, separators: &Separators) -> Result<String, String> {
    let text = match said {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Bool(_) | Value::Array(_) | Value::Object(_) => return Err(format!("{said} is no text and no number")),
    };
    let divides =
        [Some(separators.element), Some(separators.component), separators.repetition, separators.release, Some(separators.segment)];
    let mut written = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter.is_control() {
            return Err(format!("a letter stands in it that cannot be written: {}", letter.escape_debug()));
        }
        if divides.contains(&Some(letter)) {
            let release = separators.release.ok_or_else(|| {
                format!("`{letter}` stands in it, which separates things here: write other `separators`, or leave it out")
            })?;
            written.push(release);
        }
        written.push(letter);
    }
    Ok(written)
}

/// The digits of a moment such as `2026-11-24T06:00`: the day of eight, the time of four.
pub(super) fn moment(at: Option<&String>) -> Result<(String, String), String> {
    let at = at.ok_or("it has no `at`: give the time, such as 2026-11-24T06:00")?;
    let digits: String = at.chars().take(16).filter(char::is_ascii_digit).collect();
    match (digits.get(..8), digits.get(8..12), digits.len()) {
        (Some(day), Some(time), 12) => Ok((day.to_owned(), time.to_owned())),
        _ => Err(format!("`at` is `{}`: give the time as 2026-11-24T06:00", at.escape_debug())),
    }
}
