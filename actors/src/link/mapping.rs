//! Mappings: jq programs, run by jaq, that turn foreign words into canonical ones and back. Apart from transports because one
//! mapping serves any of them. A program sees its input and nothing else: no clock, no environment, no other program.
//!
//! A file defines functions; those of the names in [`ENTRIES`] are called from outside. What every file may call stands in
//! `mapping/library.jq`. Programs are bounded three times:
//! input and output by size, nesting before it is parsed, and by what a program may say at all ([`MappingError`]): no
//! recursion, no `range`, `repeat`, `while`, `until`, `recurse` or `..`, so that every program ends by itself, and no product of
//! what may be a text, which would be repeated as often as a message says. What is slow all the same is given up after
//! [`TIME_MAX`] by whoever waits for it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jaq_core::data::JustLut;
use jaq_core::load::{self, Arena, File, Loader};
use jaq_core::{Compiler, Ctx, Vars, unwrap_valr};
use jaq_json::Val;
use serde_json::Value;

mod bound;
mod looked;
mod words;

/// The functions of a mapping file that are called from outside: for what is sent, `request` and `outcome`, `probe` and
/// `probed`, or `file` where it is laid down as one; for what is received, `read` and `inputs`; and for what is read
/// regularly item by item, `ask`, `items` and `mark`; for how we log in, `login`, `session` and `expired`.
pub const ENTRIES: [&str; 13] =
    ["ask", "expired", "file", "inputs", "items", "login", "mark", "outcome", "probe", "probed", "read", "request", "session"];

/// The largest input, in bytes.
pub const INPUT_BYTES_MAX: usize = 2 << 20;

/// The most values one run may put out.
pub const OUTPUTS_MAX: usize = 10_000;

/// How long one run may take.
pub const TIME_MAX: Duration = Duration::from_secs(5);

type Program = jaq_core::Filter<JustLut<Val>>;

/// A mapping file, compiled. Cheap to clone.
#[derive(Clone)]
pub struct Mapping {
    name: Arc<str>,
    entries: Arc<BTreeMap<&'static str, Program>>,
    in_place: bool,
}

/// What is wrong with a mapping file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name}:{line}:{column}: {what}. {remedy}")]
pub struct MappingError {
    /// The file.
    pub name: String,
    /// The line, from 1.
    pub line: u64,
    /// The column, from 1.
    pub column: u64,
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub remedy: String,
}

/// Why a run gave nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// The file has no function of that name.
    #[error("the mapping {mapping} has no `{entry}`: define it, or choose another mapping")]
    NoEntry {
        /// The mapping.
        mapping: String,
        /// The function.
        entry: &'static str,
    },
    /// The input cannot be taken.
    #[error("{0}")]
    Input(String),
    /// The program said so, or met a value of a kind it did not expect.
    #[error("{mapping}: {what}")]
    Failed {
        /// The mapping.
        mapping: String,
        /// What it said.
        what: String,
    },
    /// It did not end in time, or put out too much.
    #[error("the mapping {mapping} was given up: {why}")]
    Overran {
        /// The mapping.
        mapping: String,
        /// Why.
        why: String,
    },
}

impl Mapping {
    /// Compiles a file; refuses what could run without end.
    pub fn compile(name: &str, text: &str) -> Result<Self, MappingError> {
        let defined = words::check(text).map_err(|found| found.in_file(name, text))?;
        let mut entries = BTreeMap::new();
        for entry in ENTRIES.into_iter().filter(|entry| defined.contains(*entry)) {
            let code = format!("{text}\n{entry}");
            entries.insert(entry, program(&code).map_err(|(at, what)| MappingError::at(name, text, at, what, "see the jq manual"))?);
        }
        if entries.is_empty() {
            // A file that cannot be read has no functions either: then this is what is wrong.
            program(&format!("{text}\n.")).map_err(|(at, what)| MappingError::at(name, text, at, what, "see the jq manual"))?;
            let remedy = format!("define one of {}", ENTRIES.join(", "));
            return Err(MappingError::at(name, text, 0, "nothing in here is called from outside".to_owned(), &remedy));
        }
        Ok(Self { name: name.into(), entries: Arc::new(entries), in_place: false })
    }

    /// The same, run in place by whoever waits for it: for virtual time, which another thread would stop.
    #[must_use]
    pub fn in_place(self) -> Self {
        Self { in_place: true, ..self }
    }

    /// Its file.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it has this function.
    pub fn has(&self, entry: &str) -> bool {
        self.entries.contains_key(entry)
    }

    /// Runs a function on a JSON text: all it puts out. Decimals keep their digits where they are passed through as text.
    pub fn run(&self, entry: &'static str, input: &[u8]) -> Result<Vec<Value>, RunError> {
        let mapping = || self.name.to_string();
        let program = self.entries.get(entry).ok_or_else(|| RunError::NoEntry { mapping: mapping(), entry })?;
        bound::check(input).map_err(RunError::Input)?;
        let input = jaq_json::read::parse_single(input).map_err(|error| RunError::Input(format!("no JSON: {error}")))?;
        let context = Ctx::<JustLut<Val>>::new(&program.lut, Vars::new([]));
        let mut found = Vec::new();
        for output in program.id.run((context, input)).map(unwrap_valr) {
            let value = output.map_err(|error| RunError::Failed { mapping: mapping(), what: hinted(error.to_string()) })?;
            if found.len() == OUTPUTS_MAX {
                return Err(RunError::Overran { mapping: mapping(), why: format!("it put out more than {OUTPUTS_MAX} values") });
            }
            let text = value.to_string();
            found.push(serde_json::from_str(&text).map_err(|error| RunError::Failed { mapping: mapping(), what: error.to_string() })?);
        }
        Ok(found)
    }

    /// The same, on a thread that may be left alone with a program that does not end.
    pub async fn run_bounded(&self, entry: &'static str, input: Vec<u8>) -> Result<Vec<Value>, RunError> {
        if self.in_place {
            return self.run(entry, &input);
        }
        let own = self.clone();
        let running = tokio::task::spawn_blocking(move || own.run(entry, &input));
        match tokio::time::timeout(TIME_MAX, running).await {
            Ok(Ok(done)) => done,
            Ok(Err(_)) => Err(RunError::Overran { mapping: self.name.to_string(), why: "it broke down".to_owned() }),
            Err(_) => Err(RunError::Overran { mapping: self.name.to_string(), why: format!("it took more than {} s", TIME_MAX.as_secs()) }),
        }
    }
}

/// What jq says of a value of the wrong kind, which names no field, with what that mostly means.
fn hinted(what: String) -> String {
    if what.starts_with("cannot ") || what.ends_with("must be strings\"") {
        return format!("{what}: a field that the mapping reads is missing in the message, or of another kind than it takes");
    }
    what
}

/// Says what is wrong with a payload, if anything is: too long, too deep, or no JSON. Nothing at all is fit.
pub fn fit(payload: &[u8]) -> Result<(), String> {
    bound::check(payload)?;
    if payload.is_empty() {
        return Ok(());
    }
    serde_json::from_slice::<looked::Looked>(payload).map(drop).map_err(|error| format!("the payload is no JSON: {error}"))
}

impl std::fmt::Debug for Mapping {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Mapping").field(&self.name).finish()
    }
}

/// What every mapping may call besides the words of jq: tables, decimals, typed values, times of OData.
const LIBRARY: &str = include_str!("mapping/library.jq");

/// What a program may not ask for, because the answer would not be the same again.
const UNSAID: [&str; 12] = [
    "now",
    "env",
    "halt",
    "halt_error",
    "input",
    "inputs",
    "localtime",
    "strflocaltime",
    "debug",
    "stderr",
    "input_filename",
    "input_line_number",
];

/// Compiles one program, or tells where (as an offset) and what is wrong.
fn program(code: &str) -> Result<Program, (usize, String)> {
    let said = |name: &str| !UNSAID.contains(&name);
    let ours = load::parse(LIBRARY, |parser| parser.defs()).unwrap_or_default();
    let defs = jaq_core::defs().chain(jaq_std::defs()).chain(jaq_json::defs()).filter(|def| said(def.name)).chain(ours);
    let funs = jaq_core::funs().chain(jaq_std::funs()).chain(jaq_json::funs()).filter(|(name, ..)| said(name));
    let arena = Arena::default();
    let modules = Loader::new(defs).load(&arena, File { code, path: () }).map_err(|found| {
        let first = found.into_iter().next();
        match first {
            Some((_, load::Error::Lex(errors))) => {
                place(code, errors.first().map(|(wanted, at)| (*at, format!("expected {}", wanted.as_str()))))
            }
            Some((_, load::Error::Parse(errors))) => {
                place(code, errors.first().map(|(wanted, at)| (*at, format!("expected {}", wanted.as_str()))))
            }
            Some((_, load::Error::Io(errors))) => place(code, errors.first().map(|(at, what)| (*at, what.clone()))),
            None => (0, "cannot be read".to_owned()),
        }
    })?;
    Compiler::default().with_funs(funs).compile(modules).map_err(|found| {
        let first = found.into_iter().flat_map(|(_, errors)| errors).next();
        place(code, first.map(|(at, kind)| (at, format!("there is no {} {at}", kind.as_str()))))
    })
}

/// Where a piece of the code stands in it.
fn place(code: &str, found: Option<(&str, String)>) -> (usize, String) {
    let Some((at, what)) = found else { return (0, "cannot be compiled".to_owned()) };
    ((at.as_ptr() as usize).saturating_sub(code.as_ptr() as usize).min(code.len()), what)
}

impl MappingError {
    fn at(name: &str, text: &str, offset: usize, what: String, remedy: &str) -> Self {
        let before = text.get(..offset).unwrap_or(text.trim_end());
        let line = before.matches('\n').count() as u64 + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() as u64 + 1;
        Self { name: name.to_owned(), line, column, what, remedy: remedy.to_owned() }
    }
}

#[cfg(test)]
mod tests;
