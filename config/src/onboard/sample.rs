//! Messages of a system as files: what they are written as, seen by how they begin.

use std::path::{Path, PathBuf};

use serde_json::Value;
use takt_actors::link::format::edi::Standard;
use takt_actors::link::format::{Csv, Format, Quotes};

/// The most files that are looked at.
const FILES_MAX: usize = 500;

/// A message as it lies there.
#[derive(Clone, Debug)]
pub(super) struct Sample {
    /// Its path below the folder of samples.
    pub(super) name: String,
    pub(super) bytes: Vec<u8>,
}

/// Every plain file below a folder, by name.
pub(super) fn all(dir: &Path) -> Result<Vec<Sample>, String> {
    let (mut found, mut open) = (Vec::new(), vec![dir.to_owned()]);
    while let Some(folder) = open.pop() {
        let listed = std::fs::read_dir(&folder).map_err(|error| format!("{} cannot be read: {error}", folder.display()))?;
        for path in listed.flatten().map(|entry| entry.path()).filter(|path| !is_hidden(path)) {
            if path.is_dir() {
                open.push(path);
            } else {
                let bytes = std::fs::read(&path).map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
                let name = path.strip_prefix(dir).unwrap_or(&path).to_string_lossy().into_owned();
                found.push(Sample { name, bytes });
            }
        }
        if found.len() > FILES_MAX {
            return Err(format!("{} holds more than {FILES_MAX} files: name a folder with some of each kind of message", dir.display()));
        }
    }
    if found.is_empty() {
        return Err(format!("{} holds no file: put messages there as the system sends them, each in a file", dir.display()));
    }
    found.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(found)
}

fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'))
}

impl Sample {
    /// The name of its file.
    pub(super) fn file(&self) -> &str {
        self.name.rsplit('/').next().unwrap_or_default()
    }

    /// What its topic may be called, from how it is called: `order.released-2.json` may be of `order.released`, and so may
    /// whatever lies in a folder of that name.
    pub(super) fn topics(&self) -> Vec<String> {
        let path = PathBuf::from(&self.name);
        let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let cut = |sign: char| stem.rsplit_once(sign).map(|(before, _)| before.to_owned());
        let folder = path.parent().and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned());
        let mut all: Vec<String> =
            [Some(stem.clone()), cut('-'), cut('_'), folder].into_iter().flatten().filter(|topic| !topic.is_empty()).collect();
        all.dedup();
        all
    }

    /// How it seems to be written.
    pub(super) fn format(&self) -> Format {
        let text = self.bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&self.bytes).trim_ascii_start();
        match text.first() {
            None | Some(b'{' | b'[') => Format::Json,
            Some(b'<') => Format::Xml,
            _ if text.starts_with(b"ISA") => Format::Edi(Standard::X12),
            _ if text.starts_with(b"UNA") || text.starts_with(b"UNB") => Format::Edi(Standard::Edifact),
            Some(_) => Format::Csv(rows(text)),
        }
    }

    /// What it says, read as this.
    pub(super) fn read(&self, format: &Format) -> Result<Value, String> {
        let json = format.read(&self.bytes)?;
        serde_json::from_slice(&json).map_err(|error| error.to_string())
    }
}

/// What stands between fields: what stands most often in the first line. Who does not write UTF-8 mostly writes as old Windows does.
fn rows(text: &[u8]) -> Csv {
    let first = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let count = |sign: &u8| first.split(|byte| byte == sign).count();
    let delimiter = [b',', b';', b'\t', b'|'].into_iter().max_by_key(count).unwrap_or(b',');
    let charset = std::str::from_utf8(text).is_err().then(|| "windows-1252".to_owned());
    Csv { delimiter, header: true, charset, quotes: Quotes::default() }
}
