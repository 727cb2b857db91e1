//! Fields between delimiters, as spreadsheets and older systems write them.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::{encoded, text};

/// How much a payload may become, in bytes, when every row carries the names of its fields.
const READ_BYTES_MAX: usize = 16 * 1024 * 1024;

/// How rows are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Csv {
    /// What stands between two fields.
    pub delimiter: u8,
    /// Whether the first line names the fields.
    pub header: bool,
    /// The charset, by its label; UTF-8 where none is given.
    pub charset: Option<String>,
    /// What a quotation mark at the beginning of a field means.
    pub quotes: Quotes,
}

/// What a quotation mark at the beginning of a field means. Many older systems quote nothing, and a mark in their data would
/// otherwise take all up to the next one for one field, over the ends of lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quotes {
    /// Nothing: it is a letter as any other.
    None,
    /// Up to the next one all is one field, within its line; a field that does not end there is refused.
    #[default]
    Line,
    /// Up to the next one all is one field, also over the ends of lines.
    Lines,
}

impl Default for Csv {
    fn default() -> Self {
        Self { delimiter: b',', header: true, charset: None, quotes: Quotes::Line }
    }
}

impl Csv {
    /// The media type of what is written.
    pub(super) fn media(&self) -> &'static str {
        if self.charset.is_some() { "text/csv" } else { "text/csv; charset=utf-8" }
    }

    pub(super) fn read(&self, payload: &[u8]) -> Result<Value, String> {
        let text = text(payload, self.charset.as_deref())?;
        if let Some(line) = self.unclosed(&text) {
            return Err(runs_on(line));
        }
        let mut how = csv::ReaderBuilder::new();
        how.delimiter(self.delimiter).has_headers(false).flexible(!self.header).quoting(self.quotes != Quotes::None);
        let mut reader = how.from_reader(text.as_bytes());
        let mut names: Option<Vec<String>> = None;
        let mut rows = Vec::new();
        let mut room = READ_BYTES_MAX;
        for record in reader.records() {
            let record = record.map_err(|error| said(&error))?;
            let takes = record.as_slice().len() + names.iter().flatten().map(String::len).sum::<usize>();
            room = room.checked_sub(takes).ok_or_else(|| too_long(record.position()))?;
            let fields = record.iter().map(str::to_owned);
            match &names {
                None if self.header => names = Some(distinct(fields.map(|name| name.trim().to_owned()).collect())?),
                None => rows.push(Value::Array(fields.map(Value::String).collect())),
                Some(names) => rows.push(Value::Object(names.iter().cloned().zip(fields.map(Value::String)).collect())),
            }
        }
        Ok(Value::Array(rows))
    }

    /// A list of objects with the same fields, or of lists of fields.
    pub(super) fn write(&self, said: &Value) -> Result<Vec<u8>, String> {
        let rows = said.as_array().ok_or("CSV is written from a list of rows")?;
        let quotes = if self.quotes == Quotes::None { csv::QuoteStyle::Never } else { csv::QuoteStyle::Necessary };
        let mut writer = csv::WriterBuilder::new().delimiter(self.delimiter).flexible(true).quote_style(quotes).from_writer(Vec::new());
        let mut names: Option<Vec<&String>> = None;
        for row in rows {
            let fields = match row {
                Value::Array(fields) => fields.iter().map(field).collect::<Result<Vec<_>, _>>()?,
                Value::Object(fields) => {
                    if names.is_none() {
                        let first: Vec<&String> = fields.keys().collect();
                        if self.header {
                            writer.write_record(&first).map_err(|error| said_of(&error))?;
                        }
                        names = Some(first);
                    }
                    let names = names.as_deref().unwrap_or_default();
                    named(names, fields)?
                }
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => return Err(format!("{row} is no row")),
            };
            self.fits(&fields)?;
            writer.write_record(&fields).map_err(|error| said_of(&error))?;
        }
        let bytes = writer.into_inner().map_err(|error| error.to_string())?;
        match &self.charset {
            Some(label) => encoded(bytes, label),
            None => Ok(bytes),
        }
    }
}

impl Csv {
    /// Whether a reader that takes quotation marks so gets the same fields back.
    fn fits(&self, fields: &[String]) -> Result<(), String> {
        let in_between = |letter: char| match self.quotes {
            Quotes::None => letter == char::from(self.delimiter) || matches!(letter, '\n' | '\r'),
            Quotes::Line => matches!(letter, '\n' | '\r'),
            Quotes::Lines => false,
        };
        match fields.iter().find(|field| field.contains(in_between)) {
            Some(field) => Err(format!(
                "the field {field:?} holds what ends a field or a line: leave that out in the mapping, or say `quotes: line` (delimiters \
                 within fields) or `quotes: lines` (ends of lines, too) where its reader takes that"
            )),
            None => Ok(()),
        }
    }
}

impl Csv {
    /// The line of a field that begins with a quotation mark and does not end where it must: in its line, or at all.
    fn unclosed(&self, text: &str) -> Option<usize> {
        let across = match self.quotes {
            Quotes::None => return None,
            Quotes::Line => false,
            Quotes::Lines => true,
        };
        let (mut line, mut began, mut at_start) = (1, None, true);
        let mut letters = text.chars().peekable();
        while let Some(letter) = letters.next() {
            let ends_line = letter == '\n' || (letter == '\r' && letters.peek() != Some(&'\n'));
            match (began, letter) {
                (Some(since), _) if ends_line && !across => return Some(since),
                // Two of them stand for one.
                (Some(_), '"') if letters.peek() == Some(&'"') => drop(letters.next()),
                (Some(_), '"') => began = None,
                (Some(_), _) => {}
                (None, '"') if at_start => began = Some(line),
                (None, _) => at_start = ends_line || letter == char::from(self.delimiter),
            }
            at_start &= began.is_none() && letter != '"';
            line += usize::from(ends_line);
        }
        began
    }
}

/// A field that began with a quotation mark and does not end.
fn runs_on(line: usize) -> String {
    format!(
        "from line {line} on, a field that begins with a quotation mark runs over the end of its line: say `quotes: none` where its system \
         quotes nothing, or `quotes: lines` where fields may have several lines"
    )
}

/// The fields of a row in the order of the first one.
fn named(names: &[&String], fields: &Map<String, Value>) -> Result<Vec<String>, String> {
    if let Some(odd) = fields.keys().find(|name| !names.contains(name)) {
        return Err(format!("a row has the field `{odd}`, which the first one has not"));
    }
    names.iter().map(|name| fields.get(*name).map_or_else(|| Ok(String::new()), field)).collect()
}

fn field(value: &Value) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Null => Ok(String::new()),
        Value::Bool(_) | Value::Number(_) => Ok(value.to_string()),
        Value::Array(_) | Value::Object(_) => Err(format!("{value} is no field")),
    }
}

fn distinct(names: Vec<String>) -> Result<Vec<String>, String> {
    let mut seen = BTreeSet::new();
    match names.iter().find(|name| !seen.insert(*name)) {
        Some(name) => Err(format!("two columns are called `{}`", name.escape_debug())),
        None => Ok(names),
    }
}

fn too_long(place: Option<&csv::Position>) -> String {
    let line = place.map(csv::Position::line).unwrap_or_default();
    format!("line {line}: with the names of its columns on every row it is longer than {READ_BYTES_MAX} bytes: send fewer rows at once")
}

fn said(error: &csv::Error) -> String {
    match (error.kind(), error.position()) {
        (csv::ErrorKind::UnequalLengths { expected_len, len, .. }, Some(place)) => {
            format!("line {}: {len} fields stand where {expected_len} are named", place.line())
        }
        (_, Some(place)) => format!("line {}: {error}", place.line()),
        (_, None) => said_of(error),
    }
}

fn said_of(error: &csv::Error) -> String {
    error.to_string()
}
