//! Which layer set what is in force: what is built in, what a central file says, what a plant's own folder says, each with file
//! and line, the last of them counting. Reads pages as the checks do, and nothing that runs.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use serde_saphyr::Location;

use crate::finding::Finding;
use crate::folder::Folder;
use crate::load::load;
use crate::nearest::nearest;
use crate::read;
use crate::trial;

mod central;
mod govern;

/// How near to a thing somebody stands who says something of it. The later counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Layer {
    /// What holds where nobody says anything.
    BuiltIn,
    /// For everybody.
    Central,
    /// For one site or plant, in a central file.
    Named,
    /// The plant's own folder.
    Plant,
}

impl Layer {
    /// As a program reads it.
    pub fn word(self) -> &'static str {
        match self {
            Self::BuiltIn => "built_in",
            Self::Central => "central",
            Self::Named => "named",
            Self::Plant => "plant",
        }
    }
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BuiltIn => "built in",
            Self::Central => "central",
            Self::Named => "central, for this one",
            Self::Plant => "plant",
        })
    }
}

/// What one layer says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// The layer.
    pub layer: Layer,
    /// What it says.
    pub value: String,
    /// In which file; empty for what is built in.
    pub file: String,
    /// On which line, from 1; 0 for a file as a whole.
    pub line: u64,
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.file.is_empty(), self.line) {
            (true, _) => write!(f, "{}", self.layer),
            (false, 0) => write!(f, "{} ({})", self.file, self.layer),
            (false, line) => write!(f, "{}:{line} ({})", self.file, self.layer),
        }
    }
}

/// A value in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explained {
    /// What it is called, such as `limits.nord.window_ms`.
    pub key: String,
    /// What counts.
    pub in_force: Said,
    /// What it is in the place of, the nearest first.
    pub overrode: Vec<Said>,
}

/// Everything that is said about everything.
#[derive(Debug, Default)]
struct Book {
    said: BTreeMap<String, Vec<Said>>,
}

impl Book {
    fn built_in(&mut self, key: &str, value: &impl ToString) {
        self.add(key, Said { layer: Layer::BuiltIn, value: value.to_string(), file: String::new(), line: 0 });
    }

    fn say(&mut self, key: &str, value: &impl ToString, layer: Layer, (file, place): (&str, Location)) {
        self.add(key, Said { layer, value: value.to_string(), file: file.to_owned(), line: place.line() });
    }

    fn say_of_file(&mut self, key: &str, value: &impl ToString, layer: Layer, file: &str) {
        self.add(key, Said { layer, value: value.to_string(), file: file.to_owned(), line: 0 });
    }

    fn add(&mut self, key: &str, said: Said) {
        self.said.entry(key.to_owned()).or_default().push(said);
    }
}

/// What is in force under a key and below it, in the order of the keys; `limits.nord` is all of `limits.nord.…`. Findings where
/// the folder is wrong, since then nothing of it is in force, and where there is no such key.
pub fn explain(dir: &Path, variables: &BTreeMap<String, String>, key: &str) -> Result<Vec<Explained>, Vec<Finding>> {
    let folder = Folder::read(dir)?;
    let (filled, _) = trial::filled(&folder, variables);
    load(dir, &filled)?;
    let pages = read::as_written(&folder, &filled);
    let mut book = Book::default();
    central::all(&pages, &mut book);
    govern::all(&pages, &mut book);
    let below = |known: &str| known == key || known.strip_prefix(key).is_some_and(|rest| rest.starts_with('.'));
    let found: Vec<Explained> = book.said.iter().filter(|(known, _)| below(known)).filter_map(|(key, said)| last(key, said)).collect();
    if found.is_empty() {
        let known: Vec<&str> = book.said.keys().map(String::as_str).collect();
        return Err(vec![Finding::about(&dir.display().to_string(), format!("nothing is called {key}"), near(key, &known))]);
    }
    Ok(found)
}

/// The remedy for a key that nothing has: as far as it is right it is kept, and from there on the nearest word, or those there are.
fn near(key: &str, known: &[&str]) -> String {
    let mut right = String::new();
    for word in key.split('.') {
        let mut there: Vec<&str> = known.iter().filter_map(|known| known.strip_prefix(right.as_str())?.split('.').next()).collect();
        there.dedup();
        if there.contains(&word) {
            right = format!("{right}{word}.");
            continue;
        }
        if there.is_empty() {
            return format!("nothing is below {}", right.trim_end_matches('.'));
        }
        let whole: Vec<String> = there.iter().map(|word| format!("{right}{word}")).collect();
        return nearest(&format!("{right}{word}"), &whole.iter().map(String::as_str).collect::<Vec<_>>());
    }
    nearest(key, known)
}

fn last(key: &str, said: &[Said]) -> Option<Explained> {
    let mut layers: Vec<Said> = said.to_vec();
    layers.sort_by_key(|said| said.layer);
    let in_force = layers.pop()?;
    layers.reverse();
    // Who says what was said before changes nothing.
    let mut nearer = in_force.value.clone();
    layers.retain(|said| std::mem::replace(&mut nearer, said.value.clone()) != said.value);
    Some(Explained { key: key.to_owned(), in_force, overrode: layers })
}
