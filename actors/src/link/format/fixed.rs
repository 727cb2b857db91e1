//! Lines of columns of a fixed width, as older systems write them. A file may have several sorts of lines, told apart by what they start
//! with. Widths are in letters, not bytes.

use serde_json::{Map, Value, json};

use super::{encoded, text};

/// How lines are written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fixed {
    /// The sorts of lines.
    pub records: Vec<Record>,
    /// The charset, by its label; UTF-8 where none is given.
    pub charset: Option<String>,
    /// Whether a line of ours ends with a carriage return, too.
    pub crlf: bool,
}

/// A sort of line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// What it starts with, before its columns; may be nothing.
    pub starts: String,
    /// Its columns, one behind the other.
    pub columns: Vec<Column>,
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// What it is called.
    pub name: String,
    /// How many letters it has.
    pub width: usize,
    /// Whether it is filled up before its content and not behind it.
    pub right: bool,
}

/// The name under which a mapping sees what a line starts with, and says it, where there are several sorts.
const RECORD: &str = "record";

impl Fixed {
    /// A list of objects: the columns by name, without the blanks around their content.
    pub(super) fn read(&self, payload: &[u8]) -> Result<Value, String> {
        let text = text(payload, self.charset.as_deref())?;
        let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
        lines.map(|(at, line)| self.line(line).map_err(|why| format!("line {}: {why}", at.saturating_add(1)))).collect()
    }

    fn line(&self, line: &str) -> Result<Value, String> {
        let fitting = self.records.iter().filter(|record| line.starts_with(&record.starts));
        let record = fitting.max_by_key(|record| record.starts.len()).ok_or_else(|| {
            let begins: String = line.chars().take(8).collect();
            format!("no line starts like `{}`: add its sort to `records`", begins.escape_debug())
        })?;
        let mut letters = line.chars().skip(record.starts.chars().count());
        let mut fields = Map::new();
        if !record.starts.is_empty() {
            fields.insert(RECORD.to_owned(), json!(record.starts));
        }
        for column in &record.columns {
            let content: String = letters.by_ref().take(column.width).collect();
            fields.insert(column.name.clone(), json!(content.trim_matches(' ')));
        }
        let rest: String = letters.collect();
        if rest.trim().is_empty() {
            return Ok(Value::Object(fields));
        }
        Err(format!("`{}` stands behind its last column", rest.trim().escape_debug()))
    }

    /// Lines of a list of objects.
    pub(super) fn write(&self, said: &Value) -> Result<Vec<u8>, String> {
        let rows = said.as_array().ok_or("lines of a fixed width are written from a list of objects")?;
        let mut text = String::new();
        for (at, row) in rows.iter().enumerate() {
            self.written(row, &mut text).map_err(|why| format!("[{at}]: {why}"))?;
            text.push_str(if self.crlf { "\r\n" } else { "\n" });
        }
        match &self.charset {
            Some(label) => encoded(text.into_bytes(), label),
            None => Ok(text.into_bytes()),
        }
    }

    fn written(&self, row: &Value, text: &mut String) -> Result<(), String> {
        let fields = row.as_object().ok_or("a line is written from an object")?;
        let record = match (fields.get(RECORD).and_then(Value::as_str), self.records.as_slice()) {
            (Some(starts), records) => records.iter().find(|record| record.starts == starts),
            (None, [only]) => Some(only),
            (None, _) => None,
        };
        let record = record.ok_or("it does not say in `record` which sort of line it is, or there is none of it")?;
        if let Some(odd) = fields.keys().find(|name| *name != RECORD && !record.columns.iter().any(|column| column.name == **name)) {
            return Err(format!("there is no column {odd}"));
        }
        text.push_str(&record.starts);
        for column in &record.columns {
            let content = match fields.get(&column.name) {
                None | Some(Value::Null) => String::new(),
                Some(Value::String(content)) => content.clone(),
                Some(Value::Number(number)) => number.to_string(),
                Some(other) => return Err(format!("{} is {other}, which is no text and no number", column.name)),
            };
            if content.chars().count() > column.width || content.chars().any(char::is_control) {
                return Err(format!("`{}` does not fit into the {} letters of {}", content.escape_debug(), column.width, column.name));
            }
            let blanks = " ".repeat(column.width.saturating_sub(content.chars().count()));
            let (before, behind) = if column.right { (blanks.as_str(), "") } else { ("", blanks.as_str()) };
            text.extend([before, &content, behind]);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::format::Format;

    fn layout(crlf: bool) -> Format {
        let column = |name: &str, width, right| Column { name: name.to_owned(), width, right };
        let head = Record { starts: "K".to_owned(), columns: vec![column("order", 12, false), column("material", 8, false)] };
        let line = Record { starts: "P".to_owned(), columns: vec![column("op", 4, false), column("qty", 9, true)] };
        Format::Fixed(Fixed { records: vec![head, line], charset: Some("windows-1252".to_owned()), crlf })
    }

    const FILE: &[u8] = b"K4711        Tr\xE4ger  \r\nP0010   12,500\r\nP0020    0,001\r\n";

    #[test]
    fn columns_are_read_without_their_blanks_and_written_with_them() {
        let read: Value = serde_json::from_slice(&layout(true).read(FILE).unwrap()).unwrap();
        let wanted = json!([{ "record": "K", "order": "4711", "material": "Träger" }, { "record": "P", "op": "0010", "qty": "12,500" },
            { "record": "P", "op": "0020", "qty": "0,001" }]);
        assert_eq!(read, wanted);
        assert_eq!(layout(true).write(&read).unwrap().0, FILE);
        let short: Value = serde_json::from_slice(&layout(false).read(b"K4711\n\n").unwrap()).unwrap();
        assert_eq!(short, json!([{ "record": "K", "order": "4711", "material": "" }]));
        assert_eq!(layout(false).write(&json!([{ "record": "P", "op": "10", "qty": 5 }])).unwrap().0, b"P10          5\n");
    }

    #[test]
    fn what_does_not_fit_is_told_with_its_line_and_its_column() {
        for (file, wanted) in
            [(&b"K1\nX2\n"[..], "line 2: no line starts like `X2`"), (b"P0010   12,500 7\n", "line 1: `7` stands behind its last column")]
        {
            let wrong = layout(false).read(file).unwrap_err();
            assert!(wrong.starts_with(wanted), "{wrong}");
        }
        for (said, wanted) in [
            (json!([{ "record": "K", "order": "1234567890123" }]), "[0]: `1234567890123` does not fit into the 12 letters of order"),
            (json!([{ "order": "1" }]), "[0]: it does not say in `record` which sort of line it is"),
            (json!([{ "record": "K", "lot": "1" }]), "[0]: there is no column lot"),
            (json!([{ "record": "K", "order": ["1"] }]), "[0]: order is [\"1\"], which is no text and no number"),
            (json!({}), "lines of a fixed width are written from a list"),
            (json!([{ "record": "K", "order": "1\n2" }]), "does not fit"),
        ] {
            let wrong = layout(false).write(&said).unwrap_err();
            assert!(wrong.contains(wanted), "{wrong}");
        }
    }
}
