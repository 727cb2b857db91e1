//! A system's books on disk: the list of its inputs, one JSON line each, in a file that only grows.
//!
//! Apart because durability is decided here. A system is a pure function of its inputs, so they are all that must be kept; a write is
//! one append and one fsync for a whole batch. A torn last line was never answered and is cut off; any other damage is an
//! error. Never understands an input.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{BufRead, BufReader, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::super::exchange::Request;
use super::super::moment::Moment;
use super::super::system::{Kind, System};
use super::{LaunchError, SystemSpec};

/// The form of the lines below. Books of another form are refused, not guessed at.
const FORM: u32 = 1;

/// The first line: whose books these are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Opening {
    form: u32,
    name: String,
    kind: Kind,
    time_zone: String,
    seed: u64,
    port: u16,
}

impl Opening {
    pub(super) fn of(spec: &SystemSpec, port: u16) -> Self {
        let (name, time_zone) = (spec.name.clone(), spec.time_zone.clone());
        Self { form: FORM, name, kind: spec.kind, time_zone, seed: spec.seed, port }
    }

    /// The port it had; refuses to go on as another system, to which the same inputs would mean something else.
    pub(super) fn accepts(&self, spec: &SystemSpec) -> Result<u16, LaunchError> {
        let asked = Self::of(spec, spec.port.unwrap_or(self.port));
        if *self == asked {
            return Ok(self.port);
        }
        Err(LaunchError::OtherSystem { name: spec.name.clone(), before: format!("{self:?}"), asked: format!("{asked:?}") })
    }
}

/// One input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Entry {
    Took(Request),
    Ticked,
    Delivered(Vec<u64>),
    Refused { id: u64, status: Option<u16> },
}

impl Entry {
    /// Lets the system live through it again.
    pub(super) fn replay(self, system: &mut dyn System, at: Moment) {
        match self {
            Self::Took(request) => drop(system.answer(at, &request)),
            Self::Ticked => drop(system.tick(at)),
            Self::Delivered(ids) => system.delivered(at, &ids),
            Self::Refused { id, status } => system.refused(at, id, status),
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Line {
    at: Moment,
    entry: Entry,
}

/// An open journal, locked against others.
#[derive(Debug)]
pub(super) struct Books {
    file: File,
    path: PathBuf,
    /// The instant of the last entry.
    pub(super) last: Moment,
}

impl Books {
    /// Opens the books in this folder and replays them; `None` when there are none yet.
    pub(super) fn reopen(folder: &Path, mut replay: impl FnMut(Moment, Entry)) -> Result<Option<(Self, Opening)>, LaunchError> {
        let path = folder.join("journal.jsonl");
        if !path.exists() {
            return Ok(None);
        }
        let disk = |doing| failed(doing, &path);
        let file = OpenOptions::new().read(true).write(true).open(&path).map_err(disk("open"))?;
        lock(&file, &path)?;
        let mut lines = Lines { reader: BufReader::new(&file), path: &path, number: 0, good: 0 };
        let opening = lines.next::<Opening>()?.ok_or_else(|| lines.damaged())?;
        if opening.form != FORM {
            return Err(lines.damaged());
        }
        let mut last = Moment::default();
        while let Some(line) = lines.next::<Line>()? {
            last = line.at;
            replay(line.at, line.entry);
        }
        let good = lines.good;
        file.set_len(good).map_err(disk("cut the torn end of"))?;
        (&file).seek(SeekFrom::End(0)).map_err(disk("go to the end of"))?;
        Ok(Some((Self { file, path, last }, opening)))
    }

    /// Opens new books in this folder: they are there with their first line, or not at all.
    pub(super) fn create(folder: &Path, opening: &Opening) -> Result<Self, LaunchError> {
        let path = folder.join("journal.jsonl");
        let draft = folder.join("journal.new");
        let disk = |doing| failed(doing, &path);
        fs::create_dir_all(folder).map_err(disk("make the folder of"))?;
        let mut file = File::create(&draft).map_err(disk("create"))?;
        lock(&file, &path)?;
        let line = serde_json::to_string(opening).map_err(std::io::Error::from).map_err(disk("write"))?;
        file.write_all(format!("{line}\n").as_bytes()).map_err(disk("write"))?;
        file.sync_all().map_err(disk("write"))?;
        fs::rename(&draft, &path).map_err(disk("create"))?;
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(disk("create"))?;
        Ok(Self { file, path, last: Moment::default() })
    }

    /// Appends these entries; when it returns without an error they have survived a power cut.
    pub(super) fn write(&mut self, entries: Vec<(Moment, Entry)>) -> Result<(), LaunchError> {
        let mut text = Vec::new();
        for (at, entry) in entries {
            self.last = at;
            let line = Line { at, entry };
            serde_json::to_writer(&mut text, &line).map_err(|wrong| failed("write", &self.path)(wrong.into()))?;
            text.push(b'\n');
        }
        self.file.write_all(&text).and_then(|()| self.file.sync_data()).map_err(failed("write", &self.path))
    }
}

fn failed(doing: &'static str, path: &Path) -> impl Fn(std::io::Error) -> LaunchError {
    move |source| LaunchError::Disk { doing, path: path.to_owned(), source }
}

fn lock(file: &File, path: &Path) -> Result<(), LaunchError> {
    match file.try_lock() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => Err(LaunchError::InUse { path: path.to_owned() }),
        Err(TryLockError::Error(source)) => Err(failed("lock", path)(source)),
    }
}

struct Lines<'a> {
    reader: BufReader<&'a File>,
    path: &'a Path,
    number: usize,
    /// The length of all whole lines so far, in bytes.
    good: u64,
}

impl Lines<'_> {
    /// The next whole line; `None` at the end, also when the last line was never finished.
    fn next<T: serde::de::DeserializeOwned>(&mut self) -> Result<Option<T>, LaunchError> {
        let mut line = Vec::new();
        let read = self.reader.read_until(b'\n', &mut line).map_err(failed("read", self.path))?;
        self.number += 1;
        if line.pop() != Some(b'\n') {
            return Ok(None);
        }
        let parsed = serde_json::from_slice(&line).map_err(|_| self.damaged())?;
        self.good += read as u64;
        Ok(Some(parsed))
    }

    fn damaged(&self) -> LaunchError {
        LaunchError::Damaged { path: self.path.to_owned(), line: self.number }
    }
}
