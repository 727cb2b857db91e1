//! Formats: what separates fields, charsets, columns, and where interchanges are acknowledged.

use std::collections::BTreeSet;

use takt_actors::link::format::{Csv, Format};

use super::Checks;
use crate::text::{CsvText, FilesText, FixedText, FormatText};

/// The widest column: more is a slip of the finger.
const WIDTH_MAX: usize = 10_000;

impl Checks<'_> {
    pub(super) fn format(&mut self, file: &str, path: &[&str], format: &FormatText) {
        match format {
            FormatText::Csv(csv) => self.csv(file, &[path, &["csv"]].concat(), csv),
            FormatText::Fixed(fixed) => self.fixed(file, &[path, &["fixed"]].concat(), fixed),
            FormatText::Json | FormatText::Xml | FormatText::X12 | FormatText::Edifact => {}
        }
    }

    fn csv(&mut self, file: &str, path: &[&str], csv: &CsvText) {
        let splits = csv.delimiter.is_ascii() && !csv.delimiter.is_ascii_alphanumeric() && !['"', '\r', '\n', '.'].contains(&csv.delimiter);
        if !splits {
            let what = format!("`{}` cannot stand between fields", csv.delimiter.escape_debug());
            let path = [path, &["delimiter"]].concat();
            self.say_at(file, &path, what, "write a comma, a semicolon, a tab or another sign as `delimiter`");
        }
        self.charset(file, path, csv.charset.as_deref());
    }

    fn charset(&mut self, file: &str, path: &[&str], charset: Option<&str>) {
        let Some(charset) = charset else { return };
        if Format::Csv(Csv { charset: Some(charset.to_owned()), ..Csv::default() }).read(b"a").is_err() {
            let what = format!("there is no charset {}", charset.escape_debug());
            self.say_at(
                file,
                &[path, &["charset"]].concat(),
                what,
                "write a label such as windows-1252, iso-8859-15 or utf-16le, or leave it out for UTF-8",
            );
        }
    }

    /// That sorts of lines can be told apart, and columns named.
    fn fixed(&mut self, file: &str, path: &[&str], fixed: &FixedText) {
        self.charset(file, path, fixed.charset.as_deref());
        if fixed.records.is_empty() {
            let what = "a format of fixed width has no sort of line".to_owned();
            self.say_at(file, &[path, &["records"]].concat(), what, "write `records`, each with its `columns`");
        }
        let mut starts: BTreeSet<&str> = BTreeSet::new();
        for record in &fixed.records {
            let at = record.referenced;
            if !starts.insert(&record.value.starts) {
                let what = format!("two sorts of lines start with `{}`", record.value.starts.escape_debug());
                self.say(file, at, what, "give each what it `starts` with, or leave out one");
            }
            let mut names: BTreeSet<&str> = BTreeSet::from(["record"]);
            for column in &record.value.columns {
                if !names.insert(&column.name) {
                    let what = format!("the column {} stands twice, or is called as what a line starts with", column.name);
                    self.say(file, at, what, "give each column of a line a name of its own, and not `record`");
                }
                if column.width.get() > WIDTH_MAX {
                    let what = format!("the column {} has {} letters, and no line is so long", column.name, column.width);
                    self.say(file, at, what, format!("write a `width` of {WIDTH_MAX} at most"));
                }
            }
            if record.value.columns.is_empty() {
                self.say(file, at, "a line has no columns".to_owned(), "write `columns`, each with `name` and `width`");
            }
        }
    }

    /// That acknowledgements have a folder of their own or the one that we lay down files in, and are of interchanges.
    pub(super) fn acknowledged(&mut self, file: &str, files: &FilesText) {
        let Some(inbound) = &files.inbound else { return };
        let Some(folder) = inbound.acknowledge.as_ref().filter(|folder| !folder.value.is_empty()) else { return };
        if !folder.value.starts_with('/') {
            let what = format!("`{}` is not the whole path of a folder", folder.value);
            self.say(file, folder.referenced, what, "begin it with a slash; the part that differs from host to host may be a `${NAME}`");
        }
        let path = folder.value.trim_end_matches('/');
        let own = [Some(&inbound.folder), inbound.done.as_ref(), inbound.errors.as_ref()];
        if own.into_iter().flatten().any(|own| own.value.trim_end_matches('/') == path) {
            let what = format!("acknowledgements in {path} would be taken for what the system sent");
            self.say(file, folder.referenced, what, "name the folder from which the system takes files, such as that of `outbound`");
        }
        let is_edi = |format: &FormatText| matches!(format, FormatText::X12 | FormatText::Edifact);
        if !inbound.topics.values().any(|topic| is_edi(&topic.value.format)) {
            let what = "nothing that comes here is acknowledged: no topic is of `x12` or `edifact`".to_owned();
            self.say(file, folder.referenced, what, "write the `format` of its topics, or leave out `acknowledge`");
        }
    }
}
