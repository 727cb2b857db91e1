//! What a mapping makes of what it is given, and what of that it did not look at.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use takt_actors::link::format::Format;
use takt_actors::link::inbound::FileMark;
use takt_actors::link::mapping::Mapping;
use takt_actors::link::{Errand, fits, inbound, local, meaning, poll};
use takt_protocol::calendar::Calendar;
use takt_protocol::effect::Effect;
use takt_protocol::instant::Instant;
use takt_protocol::intent::Reference;
use takt_protocol::name::SiteId;

use super::finding;
use crate::finding::Finding;
use crate::folder::Folder;
use crate::load::Mesh;
use crate::text::{FormatText, MappingCaseText, MappingTestsText, TransportText};

/// What a mapping is given.
#[derive(Clone, Debug)]
pub struct Given {
    /// The site whose name and code tables it sees.
    pub site: SiteId,
    /// Its code tables.
    pub tables: Value,
    /// Whose clock a time without an offset is read from.
    pub calendar: Calendar,
    /// The function.
    pub call: &'static str,
    /// Whether its messages have a name where they come from, so that an input may leave out its key.
    pub named: bool,
    /// What it is about.
    pub what: What,
}

/// What a function of a mapping is called with.
#[derive(Clone, Debug)]
pub enum What {
    /// A message that came in.
    Message {
        /// Its topic.
        topic: String,
        /// What it says, as JSON.
        payload: Vec<u8>,
        /// The answers to what the mapping reads first.
        read: Vec<Value>,
        /// The file it stood in, if any.
        file: Option<FileMark>,
    },
    /// Something that is to be done at a site.
    Errand {
        /// What.
        errand: Box<Errand>,
        /// The answers so far.
        answers: Vec<Value>,
    },
}

/// When the messages of tests come in.
const RECEIVED_AT: &str = "2026-11-24T03:12:00Z";

/// Our reference in tests of what is sent.
const REFERENCE: &str = "REFERENCE0000001";

impl Given {
    /// What the mapping puts out, each output of the shape that is wanted of it.
    pub fn run(&self, mapping: &Mapping) -> Result<Vec<Value>, String> {
        let outputs = mapping.run(self.call, &self.view()).map_err(|error| error.to_string())?;
        let outputs = match self.call {
            "inputs" | "items" => outputs.into_iter().map(|one| local::settle(one, &self.calendar)).collect::<Result<Vec<_>, _>>()?,
            _ => outputs,
        };
        fits(self.call, &outputs, self.named)
            .map_err(|wrong| format!("{} gives nothing that `{}` may give: {wrong}", mapping.name(), self.call))?;
        Ok(outputs)
    }

    fn view(&self) -> Vec<u8> {
        match &self.what {
            // Given whole: the answer, and what to read from on, or to log in with.
            What::Message { topic, payload, .. } if matches!(self.call, "ask" | "items" | "mark" | "login" | "session" | "expired") => {
                let given = serde_json::from_slice(payload).unwrap_or_default();
                poll::view(self.site, topic, &self.tables, &given).to_string().into_bytes()
            }
            What::Message { topic, payload, read, file } => {
                let received_at = Instant::parse(RECEIVED_AT).unwrap_or(Instant::EPOCH);
                inbound::view(self.site, topic, received_at, &self.tables, file.as_ref(), payload, read)
            }
            What::Errand { errand, answers } => meaning::view(self.site, &self.tables, errand, answers).to_string().into_bytes(),
        }
    }

    /// The fields of a message that change nothing in what comes out: what the mapping did not look at. Each is asked for by
    /// giving another value in its place.
    pub fn left(&self, mapping: &Mapping) -> Vec<String> {
        let What::Message { topic, payload, read, file } = &self.what else { return Vec::new() };
        let Ok(whole) = serde_json::from_slice::<Value>(payload) else { return Vec::new() };
        let before = self.run(mapping);
        let mut leaves = Vec::new();
        collect(&whole, String::new(), &mut leaves);
        leaves.retain(|pointer| {
            let mut other = whole.clone();
            let Some(value) = other.pointer_mut(pointer) else { return false };
            *value = another(value);
            let payload = other.to_string().into_bytes();
            let what = What::Message { topic: topic.clone(), payload, read: read.clone(), file: file.clone() };
            Self { what, ..self.clone() }.run(mapping) == before
        });
        leaves
    }
}

/// The pointers of all values that hold no others.
fn collect(value: &Value, pointer: String, leaves: &mut Vec<String>) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            for (name, field) in fields {
                collect(field, format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1")), leaves);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for (at, item) in items.iter().enumerate() {
                collect(item, format!("{pointer}/{at}"), leaves);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => leaves.push(pointer),
    }
}

/// Another value of the same kind.
fn another(value: &Value) -> Value {
    match value {
        Value::Bool(yes) => json!(!yes),
        Value::Number(number) => json!(number.as_i64().map_or(7, |number| number.wrapping_add(1))),
        Value::String(text) => json!(format!("{text}~")),
        Value::Null | Value::Array(_) | Value::Object(_) => json!("~"),
    }
}

/// The tests of a mapping, ready to be run.
struct Opened<'a> {
    site: SiteId,
    mapping: Mapping,
    tables: Value,
    calendar: Calendar,
    format: Format,
    named: bool,
    tests: &'a MappingTestsText,
}

impl<'a> Opened<'a> {
    fn of(file: &str, tests: &'a MappingTestsText, folder: &Folder, mesh: &Mesh) -> Result<Self, Finding> {
        let about = file.replace(super::ENDING, ".jq");
        let site = tests.site.value;
        let Some(text) = folder.file(&about) else {
            let what = format!("there is no mapping {about}");
            return Err(Finding::about(file, what, "put the tests beside their mapping, under its name"));
        };
        let mapping = Mapping::compile(&about, text).map_err(|wrong| Finding {
            file: about.clone(),
            line: wrong.line,
            column: wrong.column,
            what: wrong.what,
            remedy: wrong.remedy,
        })?;
        let Some(tables) = tables(mesh, site) else {
            let what = format!("there is no site {site} with a link");
            return Err(Finding::about(file, what, "name the site whose messages these are").at(tests.site.referenced));
        };
        let tables = tests.tables.as_ref().map_or(tables, |own| json!(own));
        let calendar = tests.calendar.clone().unwrap_or_else(|| calendar(mesh, site));
        let format = tests.format.as_ref().map_or_else(|| format(mesh, site, &about), FormatText::format);
        let named = named(mesh, site, &about);
        Ok(Self { site, mapping, tables, calendar, format, named, tests })
    }

    fn given(&self, case: &MappingCaseText) -> Result<Given, String> {
        let given = given(self.site, &self.tables, &self.format, case, &self.mapping)?;
        Ok(Given { named: !case.posted && (self.named || case.file.is_some()), calendar: self.calendar.clone(), ..given })
    }
}

/// The tests of a mapping that fail.
pub(super) fn failed(file: &str, tests: &MappingTestsText, folder: &Folder, mesh: &Mesh) -> Vec<Finding> {
    let opened = match Opened::of(file, tests, folder, mesh) {
        Ok(opened) => opened,
        Err(finding) => return vec![finding],
    };
    let failed = opened.tests.cases.iter().filter_map(|case| {
        let why = opened.given(&case.value).and_then(|given| wanted(&case.value, &given, &opened.mapping)).err()?;
        Some(finding(file, case.referenced, &case.value.name, why, "mend the mapping, or what the test wants of it"))
    });
    failed.collect()
}

/// A mapping and what its tests give it.
pub struct Suite {
    /// Its file.
    pub file: String,
    /// The mapping.
    pub mapping: Mapping,
    /// How its messages are written.
    pub format: Format,
    /// What the tests give it, those left out whose message is no message at all.
    pub tried: Vec<Tried>,
}

/// What one test gives a mapping.
#[derive(Debug)]
pub struct Tried {
    /// The message as it came; none where the test is about something that is to be done.
    pub message: Option<Vec<u8>>,
    /// What the mapping is called with.
    pub given: Given,
}

/// The mappings of a folder that was loaded, each with what its tests give it; those without tests are left out.
pub fn suites(folder: &Folder, mesh: &Mesh) -> Vec<Suite> {
    let mut suites = Vec::new();
    for file in folder.tests() {
        let Some(tests) = folder.parse::<MappingTestsText>(file, &mut Vec::new()) else { continue };
        let Ok(opened) = Opened::of(file, &tests, folder, mesh) else { continue };
        let tried = opened.tests.cases.iter().filter_map(|case| {
            let given = opened.given(&case.value).ok()?;
            Some(Tried { message: case.value.given.as_ref().map(letters), given })
        });
        let tried = tried.collect();
        suites.push(Suite { file: opened.mapping.name().to_owned(), mapping: opened.mapping, format: opened.format, tried });
    }
    suites
}

/// A message of a test as it came.
fn letters(given: &Value) -> Vec<u8> {
    given.as_str().map_or_else(|| given.to_string(), str::to_owned).into_bytes()
}

/// The code tables of a site.
pub fn tables(mesh: &Mesh, site: SiteId) -> Option<Value> {
    Some(json!(mesh.links.get(&site)?.transport.tables()))
}

/// How the messages are written that a mapping of a site takes: as its link says.
pub fn format(mesh: &Mesh, site: SiteId, file: &str) -> Format {
    let told = match mesh.links.get(&site).map(|link| &link.transport) {
        Some(TransportText::Http(http)) => {
            let inbound = http.inbound.as_ref().filter(|inbound| inbound.topics.values().any(|topic| topic.value == file));
            inbound.map(|inbound| &inbound.format)
        }
        Some(TransportText::Files(files)) => {
            let mut topics = files.inbound.iter().flat_map(|inbound| inbound.topics.values());
            topics.find(|topic| topic.value.mapping.value == file).map(|topic| &topic.value.format)
        }
        Some(TransportText::Mqtt(mqtt)) => {
            mqtt.topics.values().find(|topic| topic.value.mapping.value == file).map(|topic| &topic.value.format)
        }
        Some(TransportText::Sql(_)) | None => None,
    };
    told.map(FormatText::format).unwrap_or_default()
}

/// The calendar of a site.
pub fn calendar(mesh: &Mesh, site: SiteId) -> Calendar {
    mesh.book.sites.get(&site).map(|site| site.calendar.clone()).unwrap_or_default()
}

/// Whether the messages that a mapping of a site takes have a name where they come from: files, and items of a list.
pub fn named(mesh: &Mesh, site: SiteId, file: &str) -> bool {
    match mesh.links.get(&site).map(|link| &link.transport) {
        Some(TransportText::Http(http)) => http.polls.values().any(|poll| poll.is_of_items() && poll.mapping.value == file),
        Some(TransportText::Sql(sql)) => sql.polls.values().any(|poll| poll.is_of_items() && poll.mapping.value == file),
        Some(TransportText::Files(files)) => files.told().any(|named| named.value == file),
        Some(TransportText::Mqtt(mqtt)) => mqtt.rules().any(|(_, rule)| rule.value.mapping.value == file),
        None => false,
    }
}

/// The file that a message of a test stands in.
pub fn file_called(name: &str) -> FileMark {
    FileMark { name: name.to_owned(), modified_at: Instant::parse(RECEIVED_AT).unwrap_or(Instant::EPOCH) }
}

/// The function of that name; left out, the one a mapping is mostly called for.
pub fn call(mapping: &Mapping, named: Option<&str>) -> Result<&'static str, String> {
    let usual = ["inputs", "request", "file"].into_iter().find(|entry| mapping.has(entry));
    let wanted = named.or(usual).unwrap_or("inputs");
    let known = takt_actors::link::mapping::ENTRIES.into_iter().find(|entry| *entry == wanted);
    known.filter(|entry| mapping.has(entry)).ok_or_else(|| format!("{} has no function `{wanted}`", mapping.name()))
}

fn given(site: SiteId, tables: &Value, format: &Format, case: &MappingCaseText, mapping: &Mapping) -> Result<Given, String> {
    let call = call(mapping, case.call.as_deref())?;
    let what = match (&case.effect, &case.given) {
        (Some(effect), None) => What::Errand { errand: Box::new(errand(effect)?), answers: case.answers.clone() },
        (None, Some(text @ Value::String(_))) => message(case, format.read(&letters(text))?.into_owned()),
        (None, Some(value)) => message(case, letters(value)),
        (Some(_), Some(_)) | (None, None) => return Err("it has neither `given` nor `effect`, or both".to_owned()),
    };
    Ok(Given { site, tables: tables.clone(), calendar: Calendar::default(), call, named: false, what })
}

fn message(case: &MappingCaseText, payload: Vec<u8>) -> What {
    What::Message { topic: case.topic.clone(), payload, read: case.read.clone(), file: case.file.as_deref().map(file_called) }
}

/// An errand with this effect, which must be one that there is.
pub fn errand(effect: &Value) -> Result<Errand, String> {
    let effect: Effect = serde_json::from_value(effect.clone()).map_err(|error| format!("`effect` is none that Takt has: {error}"))?;
    let reference: Reference = serde_json::from_value(json!(REFERENCE)).map_err(|error| error.to_string())?;
    Ok(Errand { reference, attempt: 1, effect: Box::new(effect) })
}

fn wanted(case: &MappingCaseText, given: &Given, mapping: &Mapping) -> Result<(), String> {
    let outputs = match (given.run(mapping), &case.fails) {
        (Err(why), Some(words)) if why.contains(words.as_str()) => return Ok(()),
        (Err(why), _) => return Err(why),
        (Ok(outputs), Some(words)) => return Err(format!("it was to be refused with `{words}`, and gave {}", json!(outputs))),
        (Ok(outputs), None) => outputs,
    };
    if case.then.is_none() && case.has.is_empty() {
        return Err(format!("it wants nothing: write `then`, `has` or `fails`; it gave {}", json!(outputs)));
    }
    if let Some(then) = case.then.as_ref().filter(|then| **then != outputs) {
        return Err(format!("it gave {} and not {}", json!(outputs), json!(then)));
    }
    let outputs = Value::Array(outputs);
    let differs = |(pointer, value): (&String, &Value)| {
        let found = outputs.pointer(pointer);
        (found != Some(value))
            .then(|| format!("at {pointer} stands {} and not {value}", found.map_or("nothing".to_owned(), Value::to_string)))
    };
    let differences: BTreeMap<usize, String> = case.has.iter().filter_map(differs).enumerate().collect();
    if differences.is_empty() { Ok(()) } else { Err(differences.into_values().collect::<Vec<_>>().join("; ")) }
}
