//! The files of a configuration: read once, and hashed as they stand on disk. Knows nothing of what the files mean.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::de::DeserializeOwned;
use takt_protocol::envelope::RawRef;

use crate::finding::Finding;
use crate::{fill, trial, wrong};

/// A configuration as text.
#[derive(Clone, Debug, Default)]
pub struct Folder {
    files: BTreeMap<String, String>,
    /// Files of other kinds: known by name only, to tell that nothing reads them.
    unread: BTreeSet<String>,
}

/// The largest file taken, in bytes: master data belongs into storage, not into text.
pub const FILE_BYTES_MAX: u64 = 4 << 20;

/// The files that are read. One that ends in `yml` is read to say that it must be renamed.
const ENDINGS: [&str; 3] = ["yaml", "yml", "jq"];

impl Folder {
    /// Reads every `.yaml` and `.jq` file below `dir` but hidden ones, whatever order the disk lists them in.
    pub fn read(dir: &Path) -> Result<Self, Vec<Finding>> {
        let mut folder = Self::default();
        let mut findings = Vec::new();
        folder.enter(dir, "", &mut findings);
        if folder.files.is_empty() && findings.is_empty() {
            let remedy = "name the folder that holds mesh.yaml; `takt demo` writes one to start from";
            findings.push(Finding::about(&dir.display().to_string(), "no configuration is here", remedy));
        }
        if findings.is_empty() { Ok(folder) } else { Err(findings) }
    }

    fn enter(&mut self, dir: &Path, below: &str, findings: &mut Vec<Finding>) {
        let wrong = |error: std::io::Error, name: &str| {
            Finding::about(name, format!("cannot be read: {error}"), "check that it is there and readable")
        };
        let listed = match std::fs::read_dir(dir) {
            Ok(listed) => listed,
            Err(error) => return findings.push(wrong(error, &dir.display().to_string())),
        };
        for entry in listed.flatten() {
            let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
            if name.starts_with('.') {
                continue;
            }
            let name = if below.is_empty() { name } else { format!("{below}/{name}") };
            if path.is_dir() {
                self.enter(&path, &name, findings);
            } else if path.extension().is_some_and(|ending| ENDINGS.iter().any(|known| ending == *known)) {
                match small_text(&path) {
                    Ok(Ok(text)) => drop(self.files.insert(name, text)),
                    Ok(Err(line)) => {
                        let remedy = "save it as UTF-8, in which every letter of every language can be written";
                        findings.push(Finding { line, column: 1, ..Finding::about(&name, "is not written in UTF-8", remedy) });
                    }
                    Err(error) => findings.push(wrong(error, &name)),
                }
            } else if !(name.ends_with('~') || path.extension().is_some_and(|ending| ending == "md")) {
                // What an editor leaves beside a file, and what is for reading, is no wish.
                self.unread.insert(name);
            }
        }
    }

    /// A file as it stands on disk.
    pub fn file(&self, name: &str) -> Option<&str> {
        self.files.get(name).map(String::as_str)
    }

    /// The names of the YAML files directly in a sub-folder, sorted.
    pub fn within(&self, folder: &str) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str).filter(move |name| {
            name.strip_prefix(folder)
                .and_then(|rest| rest.strip_prefix('/'))
                .is_some_and(|rest| !rest.contains('/') && is_yaml(rest) && !rest.ends_with(trial::ENDING))
        })
    }

    /// The names of the YAML files that are no tests, sorted.
    pub(crate) fn pages(&self) -> impl Iterator<Item = &str> {
        self.names().filter(|name| is_yaml(name) && !name.ends_with(trial::ENDING))
    }

    /// The names of the files that are of no kind that is read, sorted.
    pub(crate) fn unread(&self) -> impl Iterator<Item = &str> {
        self.unread.iter().map(String::as_str)
    }

    /// The names of the files of tests, sorted.
    pub(crate) fn tests(&self) -> impl Iterator<Item = &str> {
        self.names().filter(|name| name.ends_with(trial::ENDING))
    }

    /// The variables that any file wants, sorted.
    pub fn variables(&self) -> BTreeSet<String> {
        let files = self.files.iter().filter(|(name, _)| is_yaml(name));
        let lines = files.flat_map(|(_, text)| text.lines()).filter(|line| !line.trim_start().starts_with('#'));
        lines.flat_map(fill::names).collect()
    }

    /// SHA-256 over names and contents, but of tests, sorted, as 64 hexadecimal digits: the same for the same text, whoever holds it.
    pub fn hash(&self) -> String {
        self.hash_of(|name| !name.ends_with(trial::ENDING))
    }

    /// The same of everything, tests among it: another one, when there may be something new to say of the folder.
    pub fn hash_of_all(&self) -> String {
        self.hash_of(|_| true)
    }

    fn hash_of(&self, counts: impl Fn(&str) -> bool) -> String {
        let mut whole = Vec::new();
        for part in self.files.iter().filter(|(name, _)| counts(name)).flat_map(|(name, text)| [name, text]) {
            whole.extend((part.len() as u64).to_be_bytes());
            whole.extend(part.as_bytes());
        }
        RawRef::of(&whole).to_string()
    }

    /// Reads a file as YAML of a shape; all that is wrong with it goes into `findings`.
    pub(crate) fn parse<T: DeserializeOwned>(&self, name: &str, findings: &mut Vec<Finding>) -> Option<T> {
        let text = self.file(name)?;
        match serde_saphyr::from_str(text) {
            Ok(value) => Some(value),
            Err(error) => {
                findings.extend(wrong::all::<T>(name, text, &error));
                None
            }
        }
    }

    /// A file as YAML of a shape, or all that is wrong with it.
    pub fn read_as<T: DeserializeOwned>(&self, name: &str) -> Result<T, Vec<Finding>> {
        let mut findings = Vec::new();
        let read = self.parse(name, &mut findings);
        if findings.is_empty() && read.is_none() {
            findings.push(Finding::about(name, "there is no such file", "name a .yaml file by its path within the folder"));
        }
        read.ok_or(findings)
    }

    /// The names of all files, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }
}

fn is_yaml(name: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(_, ending)| ending == "yaml")
}

/// The text, or the line from which on it is no UTF-8.
fn small_text(path: &Path) -> std::io::Result<Result<String, u64>> {
    if std::fs::metadata(path)?.len() > FILE_BYTES_MAX {
        return Err(std::io::Error::other(format!("it is larger than {} MiB", FILE_BYTES_MAX >> 20)));
    }
    let line = |before: &[u8]| before.split(|byte| *byte == b'\n').count() as u64;
    let read = String::from_utf8(std::fs::read(path)?);
    Ok(read.map_err(|wrong| line(wrong.as_bytes().get(..wrong.utf8_error().valid_up_to()).unwrap_or_default())))
}
