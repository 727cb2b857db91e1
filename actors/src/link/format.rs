//! Formats: bytes as a system sends them, turned into the JSON that a mapping sees, and what a mapping says turned into bytes.
//! Apart from transports and mappings, because each of the three is chosen by itself. Knows no field and judges no content.
//!
//! | format | a mapping sees |
//! |---|---|
//! | JSON | the payload as it is |
//! | XML | an element is an object: its children by local name, each a **list** however often it stands there; attributes as `@name`; its text as `#`. Namespaces and prefixes are left out: `.ProductionSchedule[0].ID[0]["#"]`. To write one, an element may also be a text; children whose order counts stand as a list of objects in `>` |
//! | fixed width | a list of objects: the columns by name, every one a text without the blanks around it; where there are several sorts of lines, what it starts with as `record` |
//! | X12, EDIFACT | a list of interchanges, whose form says [`edi`] |
//! | CSV | a list of rows: objects by the names of the first line, or lists of fields where there is no such line; every field a text |
//!
//! Other charsets than UTF-8 are read by their label; XML says its own.

use std::borrow::Cow;

use serde_json::Value;

use super::mapping;

mod csv;
pub mod edi;
mod fixed;
mod xml;

pub use csv::{Csv, Quotes};
pub use fixed::{Column, Fixed, Record};

/// How bytes are read and written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// JSON.
    #[default]
    Json,
    /// XML, without a document type.
    Xml,
    /// Fields between delimiters, a line a row.
    Csv(Csv),
    /// Columns of a fixed width, a line a row.
    Fixed(Fixed),
    /// Interchanges of messages of segments.
    Edi(edi::Standard),
}

impl Format {
    /// The JSON text that a mapping sees of a payload; an empty one is nothing at all, whatever the format. The error says
    /// what is wrong, and where.
    pub fn read<'a>(&self, payload: &'a [u8]) -> Result<Cow<'a, [u8]>, String> {
        self.looked(payload).map_err(short)
    }

    fn looked<'a>(&self, payload: &'a [u8]) -> Result<Cow<'a, [u8]>, String> {
        if payload.len() > mapping::INPUT_BYTES_MAX {
            return Err(format!("{} bytes are more than the {} that are read", payload.len(), mapping::INPUT_BYTES_MAX));
        }
        let value = match self {
            Self::Json => {
                let is_plain = !is_marked(payload) && !is_wide(payload);
                let payload = if is_plain { Cow::Borrowed(payload) } else { Cow::Owned(text(payload, None)?.into_owned().into_bytes()) };
                mapping::fit(&payload).map_err(|wrong| if looks_like_xml(&payload) { format!("{wrong}; {XML_THERE}") } else { wrong })?;
                return Ok(payload);
            }
            Self::Xml | Self::Csv(_) | Self::Fixed(_) | Self::Edi(_) if payload.is_empty() => return Ok(Cow::Borrowed(payload)),
            Self::Xml => xml::read(payload)?,
            Self::Csv(csv) => csv.read(payload)?,
            Self::Fixed(fixed) => fixed.read(payload)?,
            Self::Edi(standard) => standard.read(payload)?,
        };
        Ok(Cow::Owned(value.to_string().into_bytes()))
    }

    /// The bytes of what a mapping said, and their media type. The error says what cannot be written.
    pub fn write(&self, said: &Value) -> Result<(Vec<u8>, &'static str), String> {
        self.written(said).map_err(short)
    }

    fn written(&self, said: &Value) -> Result<(Vec<u8>, &'static str), String> {
        match self {
            Self::Json => Ok((said.to_string().into_bytes(), "application/json")),
            Self::Xml => Ok((xml::write(said)?, "application/xml; charset=utf-8")),
            Self::Csv(csv) => Ok((csv.write(said)?, csv.media())),
            Self::Fixed(fixed) => Ok((fixed.write(said)?, "text/plain")),
            Self::Edi(edi::Standard::X12) => Ok((edi::Standard::X12.write(said)?, "application/edi-x12")),
            Self::Edi(edi::Standard::Edifact) => Ok((edi::Standard::Edifact.write(said)?, "application/edifact")),
        }
    }
}

/// The longest error, in letters: what it quotes of a message may be as long as that.
const ERROR_MAX: usize = 1_000;

fn short(mut wrong: String) -> String {
    if let Some((end, _)) = wrong.char_indices().nth(ERROR_MAX) {
        wrong.truncate(end);
        wrong.push('…');
    }
    wrong
}

/// Whether it begins with a mark of how it is written: of UTF-8 or UTF-16.
fn is_marked(payload: &[u8]) -> bool {
    encoding_rs::Encoding::for_bom(payload).is_some()
}

/// Whether its first letters take two bytes each, and no mark says in which order.
fn is_wide(payload: &[u8]) -> bool {
    !is_marked(payload) && payload.iter().take(4).any(|byte| *byte == 0)
}

/// What helps who gave XML where JSON is read.
const XML_THERE: &str = "it looks like XML: name a site that speaks it by this mapping, or write `format: xml` in its site file";

/// Whether it begins as a document does.
fn looks_like_xml(payload: &[u8]) -> bool {
    payload.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(payload).trim_ascii_start().starts_with(b"<")
}

/// Text of a charset, by its label as the web knows it, such as `windows-1252`; UTF-8 where none is given. A mark at the
/// beginning of the bytes goes before the label.
fn text<'a>(payload: &'a [u8], label: Option<&str>) -> Result<Cow<'a, str>, String> {
    let named = label.map_or(Some(encoding_rs::UTF_8), |label| encoding_rs::Encoding::for_label(label.as_bytes()));
    let charset = named.ok_or_else(|| format!("the charset `{}` is not known", label.unwrap_or_default().escape_debug()))?;
    if is_wide(payload) && charset != encoding_rs::UTF_16LE && charset != encoding_rs::UTF_16BE {
        return Err(
            "it looks like UTF-16 without a mark at its beginning: save it as UTF-8, or as UTF-16 with a byte order mark".to_owned()
        );
    }
    let (text, read_as, broken) = charset.decode(payload);
    if broken { Err(format!("there are bytes in it that are no {}", read_as.name())) } else { Ok(text) }
}

/// The same text in another charset. A letter that it has not cannot be written: nobody guesses one for it.
fn encoded(text: Vec<u8>, label: &str) -> Result<Vec<u8>, String> {
    let charset = encoding_rs::Encoding::for_label(label.as_bytes());
    let charset = charset.ok_or_else(|| format!("the charset `{}` is not known", label.escape_debug()))?;
    let text = String::from_utf8(text).map_err(|error| error.to_string())?;
    let (bytes, written_as, broken) = charset.encode(&text);
    if broken { Err(format!("there are letters in it that {} has not", written_as.name())) } else { Ok(bytes.into_owned()) }
}

#[cfg(test)]
mod tests;
