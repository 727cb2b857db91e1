//! What stands outside of the folder: `${NAME}` in addresses, paths, code tables and secrets. Filled in after reading, so that
//! places stay true, a secret may have any letters, and no message about a file can show one. Knows nothing of YAML.

use std::collections::{BTreeMap, BTreeSet};

use crate::finding::Finding;

/// The variables a caller gave, and the names that were wanted and not among them.
#[derive(Debug)]
pub(crate) struct Variables<'a> {
    known: &'a BTreeMap<String, String>,
    missing: BTreeSet<String>,
}

impl<'a> Variables<'a> {
    pub(crate) fn new(known: &'a BTreeMap<String, String>) -> Self {
        Self { known, missing: BTreeSet::new() }
    }

    /// Fills in one text.
    pub(crate) fn fill(&mut self, text: &mut String) {
        let mut out = String::with_capacity(text.len());
        let mut rest = text.as_str();
        while let Some((before, name, behind)) = next(rest) {
            out.push_str(before);
            match self.known.get(name) {
                Some(value) => out.push_str(value),
                None => drop(self.missing.insert(name.to_owned())),
            }
            rest = behind;
        }
        out.push_str(rest);
        *text = out;
    }

    /// What was missing so far, at each place of the file that wants it.
    pub(crate) fn findings(&self, file: &str, text: &str) -> Vec<Finding> {
        let written = (1..).zip(text.lines()).filter(|(_, line)| !line.trim_start().starts_with('#'));
        written.flat_map(|(number, line)| self.in_line(file, number, line)).collect()
    }

    fn in_line(&self, file: &str, number: u64, line: &str) -> Vec<Finding> {
        let mut found = Vec::new();
        let mut rest = line;
        while let Some((before, name, behind)) = next(rest) {
            let column = (line.chars().count() - rest.chars().count() + before.chars().count()) as u64 + 1;
            if self.missing.contains(name) {
                let remedy = format!("set it in the environment: {name}=… takt …");
                let finding = Finding::about(file, format!("the variable {name} is not set"), remedy);
                found.push(Finding { line: number, column, ..finding });
            }
            rest = behind;
        }
        found
    }
}

/// The names of all variables in a line.
pub(crate) fn names(line: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut rest = line;
    while let Some((_, name, behind)) = next(rest) {
        names.push(name.to_owned());
        rest = behind;
    }
    names
}

/// Each `${` of a text that no brace closes, outside of comments: its line, its column, and the name behind it.
pub(crate) fn unclosed(text: &str) -> Vec<(u64, u64, String)> {
    let mut found = Vec::new();
    for (number, line) in (1..).zip(text.lines()).filter(|(_, line)| !line.trim_start().starts_with('#')) {
        let mut rest = line;
        while let Some((_, after)) = rest.split_once("${") {
            let name: String = after.chars().take_while(|letter| letter.is_ascii_alphanumeric() || *letter == '_').collect();
            let behind = after.get(name.len()..).unwrap_or_default();
            if !behind.starts_with('}') && !name.is_empty() {
                let column = line.chars().count() - after.chars().count() - 1;
                found.push((number, column as u64, name));
            }
            rest = behind;
        }
    }
    found
}

/// What stands before the next variable, its name, and what stands behind it.
fn next(text: &str) -> Option<(&str, &str, &str)> {
    let (before, after) = text.split_once("${")?;
    let (name, behind) = after.split_once('}')?;
    Some((before, name, behind))
}
