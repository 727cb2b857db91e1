//! How lines of columns of a fixed width are written.

use std::num::NonZeroUsize;

use serde::Deserialize;
use serde_saphyr::Spanned;
use takt_actors::link::format::{Column, Fixed, Record};

/// Lines of columns.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FixedText {
    /// The sorts of lines.
    pub records: Vec<Spanned<RecordText>>,
    /// The charset, by its label such as `windows-1252`; left out, UTF-8.
    pub charset: Option<String>,
    /// Whether lines of ours end with a carriage return, too; left out, they do not.
    #[serde(default)]
    pub crlf: bool,
}

/// A sort of line.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordText {
    /// What such a line starts with, before its columns; where there is one sort only it may start with anything.
    #[serde(default)]
    pub starts: String,
    /// Its columns, one behind the other.
    pub columns: Vec<ColumnText>,
}

/// A column.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnText {
    /// What it is called.
    pub name: String,
    /// How many letters it has.
    pub width: NonZeroUsize,
    /// On which side its content stands; left out, on the left.
    #[serde(default)]
    pub align: AlignText,
}

/// On which side the content of a column stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlignText {
    /// On the left: blanks behind it.
    #[default]
    Left,
    /// On the right: blanks before it.
    Right,
}

impl FixedText {
    /// The format.
    pub(crate) fn fixed(&self) -> Fixed {
        let column = |text: &ColumnText| Column { name: text.name.clone(), width: text.width.get(), right: text.align == AlignText::Right };
        let record = |text: &Spanned<RecordText>| Record {
            starts: text.value.starts.clone(),
            columns: text.value.columns.iter().map(column).collect(),
        };
        Fixed { records: self.records.iter().map(record).collect(), charset: self.charset.clone(), crlf: self.crlf }
    }
}
