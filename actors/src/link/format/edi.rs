//! EDI: X12 and EDIFACT. One grammar serves both: segments of elements of components, between letters that the envelope itself names;
//! messages within groups within interchanges, each counted and numbered at both ends. Knows what a segment is and not what it means.
//!
//! A payload is a list of interchanges. What is read has the same shape as what is written:
//!
//! ```text
//! { standard: "x12", sender: { qualifier, id }, receiver: { qualifier, id }, control, at, version, test, acknowledge,
//!   separators: { element, component, repetition, segment },
//!   groups: [{ code, sender, receiver, control, at, version, messages: [{ type, control, segments: [["BSN", "00", "S-1", …], …] }] }] }
//! ```
//!
//! A segment is a list that begins with its name, so that `.[2]` of a `BSN` is what the standard calls BSN02. An element is a text; one of
//! several components is a list of texts; one that is repeated is `{ each: [ … ] }`. Of EDIFACT a message has `type`, `version`, `release`,
//! `agency` and `association`; messages without a group stand in one without a `code`. Counts and the segments of the envelope are
//! written by us. What is wrong is said with the segment, by its place in the interchange, and the element.

use serde_json::{Value, json};

mod ack;
mod edifact;
mod envelope;
mod said;
mod x12;

pub use ack::acknowledgement;
use envelope::{Grammar, Interchange};

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standard {
    /// ANSI ASC X12.
    X12,
    /// UN/EDIFACT, syntax versions 1 to 4.
    Edifact,
}

/// The most segments of a payload.
const SEGMENTS_MAX: usize = 50_000;

/// The most elements of a segment, repetitions of an element, and components of one.
const PARTS_MAX: usize = 200;

/// The letters between things.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Separators {
    element: char,
    component: char,
    repetition: Option<char>,
    /// What takes its meaning from the letter behind it.
    release: Option<char>,
    segment: char,
    /// The decimal mark; it separates nothing.
    decimal: char,
}

/// What is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Wrong {
    /// The place of the segment in the payload, from 1.
    segment: usize,
    name: String,
    element: Option<usize>,
    what: String,
}

impl std::fmt::Display for Wrong {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "segment {}", self.segment)?;
        if !self.name.is_empty() {
            write!(f, " ({})", self.name)?;
        }
        if let Some(element) = self.element {
            write!(f, ", element {element}")?;
        }
        write!(f, ": {}", self.what)
    }
}

/// A segment as it stands there.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Segment {
    /// Its place in the payload, from 1.
    at: usize,
    name: String,
    elements: Vec<Value>,
}

impl Segment {
    /// An element, counted from 1, where it is a plain text; nothing where it is not there.
    fn text(&self, element: usize) -> &str {
        self.part(element, 1)
    }

    /// A component of an element, both counted from 1.
    fn part(&self, element: usize, component: usize) -> &str {
        let at = |place: usize| place.checked_sub(1);
        match at(element).and_then(|place| self.elements.get(place)) {
            Some(Value::String(text)) if component == 1 => text,
            Some(Value::Array(parts)) => at(component).and_then(|place| parts.get(place)).and_then(Value::as_str).unwrap_or_default(),
            Some(_) | None => "",
        }
    }

    fn wrong(&self, element: Option<usize>, what: impl Into<String>) -> Wrong {
        Wrong { segment: self.at, name: self.name.clone(), element, what: what.into() }
    }

    /// As a mapping sees it.
    fn shown(&self) -> Value {
        std::iter::once(json!(self.name)).chain(self.elements.iter().cloned()).collect()
    }
}

/// A segment that is being read: its elements, each of repetitions of components.
#[derive(Default)]
struct Open(Vec<Vec<Vec<String>>>);

impl Open {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn name(&self) -> String {
        self.0.first().and_then(|element| element.first()?.first()).map(|name| name.chars().take(3).collect()).unwrap_or_default()
    }

    fn letter(&mut self, letter: char) {
        if self.0.is_empty() {
            self.0.push(vec![vec![String::new()]]);
        }
        if let Some(text) = self.0.last_mut().and_then(|element| element.last_mut()?.last_mut()) {
            text.push(letter);
        }
    }

    /// Begins the next element, repetition or component; whether there is room for it.
    fn next(&mut self, letter: char, separators: &Separators) -> bool {
        if self.0.is_empty() {
            self.0.push(vec![vec![String::new()]]);
        }
        if letter == separators.element {
            self.0.push(vec![vec![String::new()]]);
            return self.0.len() <= PARTS_MAX;
        }
        let Some(element) = self.0.last_mut() else { return false };
        if letter == separators.component {
            let Some(repetition) = element.last_mut() else { return false };
            repetition.push(String::new());
            return repetition.len() <= PARTS_MAX;
        }
        element.push(vec![String::new()]);
        element.len() <= PARTS_MAX
    }

    fn close(self, at: usize) -> Result<Segment, Wrong> {
        let name = self.name();
        let wrong = |what: &str| Wrong { segment: at, name: name.clone(), element: None, what: what.to_owned() };
        let mut elements = self.0.into_iter().map(|element| {
            let mut shown: Vec<Value> = element.into_iter().map(components).collect();
            if shown.len() > 1 { json!({ "each": shown }) } else { shown.pop().unwrap_or_default() }
        });
        match elements.next() {
            Some(Value::String(whole)) if is_name(&whole) => Ok(Segment { at, name: whole, elements: elements.collect() }),
            Some(_) => Err(wrong("it does not begin with the name of a segment: two or three letters and digits")),
            None => Err(wrong("it is empty")),
        }
    }
}

fn components(mut parts: Vec<String>) -> Value {
    if parts.len() > 1 { json!(parts) } else { json!(parts.pop().unwrap_or_default()) }
}

fn is_name(text: &str) -> bool {
    (2..=3).contains(&text.len())
        && text.starts_with(|first: char| first.is_ascii_uppercase())
        && text.chars().all(|letter| letter.is_ascii_uppercase() || letter.is_ascii_digit())
}

/// The segments of a text; the first of them is the one at this place.
fn scan(text: &str, separators: &Separators, first: usize) -> Result<Vec<Segment>, Wrong> {
    let (mut segments, mut open, mut released) = (Vec::new(), Open::default(), false);
    for letter in text.chars() {
        let at = first.saturating_add(segments.len());
        let wrong = |open: &Open, what: &str| Wrong { segment: at, name: open.name(), element: None, what: what.to_owned() };
        let divides = [Some(separators.element), Some(separators.component), separators.repetition].contains(&Some(letter));
        if released {
            open.letter(letter);
            released = false;
        } else if Some(letter) == separators.release {
            released = true;
        } else if letter == separators.segment {
            if segments.len() == SEGMENTS_MAX {
                return Err(wrong(&open, &format!("more than {SEGMENTS_MAX} segments are not read at once")));
            }
            // What only ends a line between segments is none.
            if !(open.is_empty() && separators.segment == '\n') {
                segments.push(std::mem::take(&mut open).close(at)?);
            }
        } else if divides {
            if !open.next(letter, separators) {
                return Err(wrong(&open, &format!("it has more than {PARTS_MAX} parts")));
            }
        } else if matches!(letter, '\r' | '\n') && (open.is_empty() || separators.segment == '\n') {
            // A line ends between two segments.
        } else if letter.is_control() {
            return Err(wrong(&open, &format!("a letter stands in it that nobody can see: {}", letter.escape_debug())));
        } else {
            open.letter(letter);
        }
    }
    if open.is_empty() && !released {
        return Ok(segments);
    }
    let at = first.saturating_add(segments.len());
    Err(Wrong { segment: at, name: open.name(), element: None, what: "the payload breaks off in the middle of it".to_owned() })
}

impl Standard {
    fn grammar(self) -> &'static Grammar {
        match self {
            Self::X12 => &x12::GRAMMAR,
            Self::Edifact => &edifact::GRAMMAR,
        }
    }

    /// Its interchanges, and what is wrong with each.
    fn interchanges(self, payload: &[u8]) -> Result<Vec<(Interchange, Separators)>, Wrong> {
        let text = match self {
            Self::X12 => x12::text(payload),
            Self::Edifact => edifact::text(payload),
        };
        let text = text.map_err(|what| Wrong { segment: 1, name: String::new(), element: None, what })?;
        let (mut rest, mut found, mut before) = (text.trim_start(), Vec::new(), 0_usize);
        while !rest.is_empty() {
            let (separators, whole, behind) = match self {
                Self::X12 => x12::cut(rest, before)?,
                Self::Edifact => edifact::cut(rest, before)?,
            };
            before = before.saturating_add(whole.len());
            found.push((envelope::parse(self.grammar(), whole), separators));
            rest = behind.trim_start();
        }
        Ok(found)
    }

    /// What a mapping sees of a payload. The error says what is wrong first.
    pub(super) fn read(self, payload: &[u8]) -> Result<Value, String> {
        let mut shown = Vec::new();
        for (mut interchange, separators) in self.interchanges(payload).map_err(|wrong| wrong.to_string())? {
            envelope::judge(self, &mut interchange);
            if let Some(fault) = interchange.faults.first() {
                return Err(fault.wrong.to_string());
            }
            shown.push(match self {
                Self::X12 => x12::shown(&interchange, &separators),
                Self::Edifact => edifact::shown(&interchange, &separators),
            });
        }
        Ok(Value::Array(shown))
    }

    /// The bytes of what a mapping said: one interchange, or a list of them.
    pub(super) fn write(self, said: &Value) -> Result<Vec<u8>, String> {
        let mut bytes = Vec::new();
        for one in said.as_array().map_or(std::slice::from_ref(said), Vec::as_slice) {
            let interchange = said::read(one)?;
            bytes.extend(match self {
                Self::X12 => x12::write(&interchange)?,
                Self::Edifact => edifact::write(&interchange)?,
            });
        }
        Ok(bytes)
    }

    /// What files of it are called.
    pub fn ending(self) -> &'static str {
        match self {
            Self::X12 => "x12",
            Self::Edifact => "edi",
        }
    }
}

#[cfg(test)]
mod tests;
