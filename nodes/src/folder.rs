//! The command line about a configuration folder: check it, begin one, try a mapping or a rule before it is in force. Needs
//! no node that runs. Decides nothing: what is right is `takt_config`'s to say.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use takt_actors::link::format::Format;
use takt_actors::link::mapping::Mapping;
use takt_config::folder::Folder;
use takt_config::load::{Mesh, load};
use takt_config::text::RuleTestsText;
use takt_config::trial::mapping::{self, Given, What};
use takt_config::trial::{self, rule};
use takt_config::{Finding, explain, start};
use takt_protocol::name::SiteId;

use crate::screens;

mod site;

pub use site::SiteWork;

/// About a configuration folder.
#[derive(Clone, Debug, Subcommand)]
pub enum Work {
    /// Reads a configuration folder whole, compares everything with everything, and runs its tests. What is right is in force in a node
    /// that runs when it is saved; links, mappings, regions and roads are after its next start.
    Check {
        /// The folder that holds mesh.yaml.
        #[arg(default_value = ".")]
        dir: PathBuf,
    },
    /// Writes a folder to start from, with comments.
    Init {
        /// A folder that is not there yet, or empty.
        dir: PathBuf,
    },
    /// Says which file and line set a value, and what that is in the place of.
    Explain {
        /// What it is called, such as `limits.nord.window_ms`, `rules.nord.labour`, `workflows.release`, `ownership.nord`, `roles.quality`,
        /// `verbs.release_hold`, `policy` or `mappings.nord`; part of a name is everything below it.
        key: String,
        /// The folder that holds mesh.yaml.
        #[arg(default_value = ".")]
        dir: PathBuf,
    },
    /// One system: a new one from a template, its contract, what it would have been told.
    #[command(subcommand)]
    Site(SiteWork),
    /// Mappings.
    #[command(subcommand)]
    Map(MapWork),
    /// Posting rules.
    #[command(subcommand)]
    Rule(RuleWork),
}

/// About mappings.
#[derive(Clone, Debug, Subcommand)]
pub enum MapWork {
    /// Shows what a mapping makes of a message, and which of its fields it did not look at.
    Try(TryMap),
}

/// About posting rules.
#[derive(Clone, Debug, Subcommand)]
pub enum RuleWork {
    /// Shows which postings come of the reports in a file of tests, and what is left.
    Try {
        /// The file, such as rules/all.test.yaml.
        file: PathBuf,
        /// The folder that holds mesh.yaml; left out, the nearest one above the file.
        #[arg(long)]
        dir: Option<PathBuf>,
    },
}

/// A mapping and what it is given.
#[derive(Clone, Debug, Args)]
pub struct TryMap {
    /// The mapping, such as mappings/mes-json/reports.jq.
    file: PathBuf,
    /// The site whose name and code tables it sees.
    #[arg(long)]
    site: String,
    /// A file with the message, as the system sends it; `-` is what comes in here. For what is sent: the effect, as JSON.
    #[arg(long)]
    input: PathBuf,
    /// The topic of the message.
    #[arg(long, default_value = "")]
    topic: String,
    /// The name of the file that the message stands in, where it comes as one.
    #[arg(long)]
    file_name: Option<String>,
    /// The function that is called; left out, `inputs` where there is one, else `request`, else `file`.
    #[arg(long)]
    call: Option<String>,
    /// A file with a JSON list of the answers that the mapping has by then, each with `status` and `body`.
    #[arg(long)]
    answers: Option<PathBuf>,
    /// The folder that holds mesh.yaml; left out, the nearest one above the mapping.
    #[arg(long)]
    dir: Option<PathBuf>,
}

/// What cannot be done, for a person; or what is wrong with a folder.
enum Trouble {
    Said(String),
    Found(Vec<Finding>),
}

impl From<String> for Trouble {
    fn from(said: String) -> Self {
        Self::Said(said)
    }
}

/// Does it, prints, and says by its exit code how it went: 0 right, 1 something is wrong.
pub fn work(work: &Work, as_json: bool) -> ExitCode {
    let done = match work {
        Work::Check { dir } => return check(dir, as_json),
        Work::Init { dir } => init(dir),
        Work::Explain { key, dir } => explained(dir, key, as_json),
        Work::Site(work) => match site::work(work, as_json) {
            Ok(true) => Ok(()),
            Ok(false) => return ExitCode::FAILURE,
            Err(trouble) => Err(trouble),
        },
        Work::Map(MapWork::Try(given)) => try_map(given, as_json),
        Work::Rule(RuleWork::Try { file, dir }) => try_rule(file, dir.as_deref(), as_json),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(Trouble::Said(why)) => {
            screens::wrong(&why);
            ExitCode::FAILURE
        }
        Err(Trouble::Found(findings)) => {
            screens::findings(&findings, as_json);
            ExitCode::FAILURE
        }
    }
}

fn variables() -> BTreeMap<String, String> {
    std::env::vars().collect()
}

fn check(dir: &Path, as_json: bool) -> ExitCode {
    let checked = trial::check(dir, &variables());
    screens::checked(&checked, as_json);
    if checked.findings.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn init(dir: &Path) -> Result<(), Trouble> {
    let empty = std::fs::read_dir(dir).map_or(true, |mut listed| listed.next().is_none());
    if !empty {
        return Err(Trouble::Said(format!("{} is not empty: name a folder that is not there yet", dir.display())));
    }
    start::write_to(dir).map_err(|error| format!("cannot write to {}: {error}", dir.display()))?;
    let dir = dir.display();
    screens::print(&format!("{dir} holds a configuration to start from: read {dir}/README.md, then `takt check {dir}`"));
    Ok(())
}

fn explained(dir: &Path, key: &str, as_json: bool) -> Result<(), Trouble> {
    let found = explain::explain(dir, &variables(), key).map_err(Trouble::Found)?;
    screens::explained(&found, as_json);
    Ok(())
}

/// The folder that holds mesh.yaml: as named, else the nearest above a file; and the file's name within it.
fn within(dir: Option<&Path>, file: &Path) -> Result<(PathBuf, String), Trouble> {
    let whole = std::fs::canonicalize(file).map_err(|error| format!("{} cannot be read: {error}", file.display()))?;
    let above = || whole.ancestors().skip(1).find(|folder| folder.join("mesh.yaml").exists()).map(Path::to_owned);
    let found = match dir {
        Some(dir) => Some(std::fs::canonicalize(dir).map_err(|error| format!("{} cannot be read: {error}", dir.display()))?),
        None => above(),
    };
    let dir = found.ok_or_else(|| format!("no folder above {} holds mesh.yaml: name it with --dir", file.display()))?;
    let name = whole.strip_prefix(&dir).map_err(|_| format!("{} is not in {}", file.display(), dir.display()))?;
    Ok((dir.clone(), name.to_string_lossy().into_owned()))
}

fn loaded(dir: &Path) -> Result<(Folder, Mesh), Trouble> {
    let folder = Folder::read(dir).map_err(Trouble::Found)?;
    let (filled, _) = trial::filled(&folder, &variables());
    Ok((folder, load(dir, &filled).map_err(Trouble::Found)?))
}

fn try_map(wanted: &TryMap, as_json: bool) -> Result<(), Trouble> {
    let (dir, name) = within(wanted.dir.as_deref(), &wanted.file)?;
    let (folder, mesh) = loaded(&dir)?;
    let text = folder.file(&name).ok_or_else(|| format!("{name} is no mapping: its name ends in .jq"))?;
    let mapping = Mapping::compile(&name, text).map_err(|wrong| wrong.to_string())?;
    let site = SiteId::parse(&wanted.site).map_err(|wrong| wrong.to_string())?;
    let tables = mapping::tables(&mesh, site).ok_or_else(|| format!("there is no site {site} with a link in {}", dir.display()))?;
    let call = mapping::call(&mapping, wanted.call.as_deref())?;
    let payload = bytes_of(&wanted.input).map_err(|error| format!("{} cannot be read: {error}", wanted.input.display()))?;
    let answers = wanted.answers.as_deref().map(json_list).transpose()?.unwrap_or_default();
    let what = if matches!(call, "inputs" | "read" | "ask" | "items") {
        let format = if matches!(call, "ask" | "items") { Format::Json } else { mapping::format(&mesh, site, &name) };
        let payload = format.read(&payload)?.into_owned();
        let file = wanted.file_name.as_deref().map(mapping::file_called);
        What::Message { topic: wanted.topic.clone(), payload, read: answers, file }
    } else {
        let payload = Format::Json.read(&payload)?;
        let effect: Value = serde_json::from_slice(&payload).map_err(|error| format!("the effect is no JSON: {error}"))?;
        What::Errand { errand: Box::new(mapping::errand(&effect)?), answers }
    };
    let given = Given { site, tables, calendar: mapping::calendar(&mesh, site), call, named: mapping::named(&mesh, site, &name), what };
    let outputs = given.run(&mapping).map_err(|why| why_not(&given, why))?;
    let left = given.left(&mapping);
    if as_json {
        screens::print(&screens::pretty(&json!({ "outputs": outputs, "not_looked_at": left })));
        return Ok(());
    }
    screens::print(&screens::tried(&name, call, &outputs, &left));
    Ok(())
}

/// A file as it stands there, in whatever letters it is written; `-` is what is typed in.
fn bytes_of(input: &Path) -> std::io::Result<Vec<u8>> {
    if input.as_os_str() != "-" {
        return std::fs::read(input);
    }
    let mut bytes = Vec::new();
    std::io::Read::read_to_end(&mut std::io::stdin(), &mut bytes).map(|_| bytes)
}

/// Why nothing came of it, with what the person who tries may have left out.
fn why_not(given: &Given, why: String) -> String {
    match &given.what {
        What::Message { payload, .. } if payload.is_empty() => format!("{why}: the input is empty, nothing stands in it"),
        What::Message { topic, .. } if topic.is_empty() && why.contains("the topic  ") => {
            "no topic is named, and this mapping tells messages apart by it: add --topic with the one it came by".to_owned()
        }
        What::Message { .. } | What::Errand { .. } => why,
    }
}

fn json_list(file: &Path) -> Result<Vec<Value>, Trouble> {
    let text = std::fs::read_to_string(file).map_err(|error| format!("{} cannot be read: {error}", file.display()))?;
    Ok(serde_json::from_str(&text).map_err(|error| format!("{} is no JSON list: {error}", file.display()))?)
}

fn try_rule(file: &Path, dir: Option<&Path>, as_json: bool) -> Result<(), Trouble> {
    let (dir, name) = within(dir, file)?;
    let (folder, mesh) = loaded(&dir)?;
    let tests: RuleTestsText = folder.read_as(&name).map_err(Trouble::Found)?;
    let mut told = Vec::new();
    for case in &tests.cases {
        let outcome = rule::play(&tests, &case.value, &mesh.book).map_err(|why| format!("{}: {why}", case.value.name))?;
        told.push((case.value.name.clone(), outcome));
    }
    if as_json {
        let cases = told.iter().map(|(name, outcome)| {
            let left: Vec<Value> = outcome.left.iter().map(|(series, qty)| json!({ "series": series, "qty": qty })).collect();
            json!({ "case": name, "postings": outcome.postings, "left": left })
        });
        screens::print(&screens::pretty(&Value::Array(cases.collect())));
        return Ok(());
    }
    for (name, outcome) in &told {
        screens::print(&screens::posted(name, outcome));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use takt_config::demo;

    use super::*;

    /// What a person is told who tries a mapping of the demo's on this.
    fn told(mapping: &str, site: &str, payload: &str) -> String {
        match tried(mapping, site, payload.as_bytes()) {
            Err(Trouble::Said(why)) => why,
            Err(Trouble::Found(found)) => panic!("{found:?}"),
            Ok(()) => panic!("it took {payload}"),
        }
    }

    fn tried(mapping: &str, site: &str, payload: &[u8]) -> Result<(), Trouble> {
        let dir = tempfile::tempdir().unwrap();
        demo::write_to(dir.path()).unwrap();
        let input = dir.path().join("message");
        std::fs::write(&input, payload).unwrap();
        let file = dir.path().join("mappings").join(mapping);
        let (topic, site) = (String::new(), site.to_owned());
        let wanted = TryMap { file, site, input, topic, file_name: None, call: None, answers: None, dir: None };
        try_map(&wanted, true)
    }

    #[test]
    fn a_message_in_utf_16_is_read_by_its_mark_and_is_told_apart_without_one() {
        let sample = include_bytes!("../../config/mappings/mes-csv/samples/every-kind.csv");
        let text: String = sample.iter().filter(|byte| byte.is_ascii()).map(|byte| char::from(*byte)).collect();
        // As a program of old Windows saves it.
        let plain: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let marked = [&[0xff, 0xfe][..], &plain].concat();
        assert!(tried("mes-csv/reports.jq", "pune", &marked).is_ok());
        let Err(Trouble::Said(why)) = tried("mes-csv/reports.jq", "pune", &plain) else { panic!("it was read as something") };
        assert!(why.contains("save it as UTF-8, or as UTF-16 with a byte order mark"), "{why}");
    }

    #[test]
    fn who_tries_a_mapping_is_told_what_was_left_out_of_the_trial() {
        for (mapping, site, payload, words) in [
            ("wms-json/events.jq", "wms-eu", "{}", "add --topic"),
            ("wms-json/events.jq", "wms-eu", "", "the input is empty"),
            ("mes-json/reports.jq", "nord", "{}", "add --topic"),
            ("b2mml/schedule.jq", "erp-eu", "<a/>", "it looks like XML: name a site that speaks it"),
        ] {
            let told = told(mapping, site, payload);
            assert!(told.contains(words), "{mapping} on `{payload}`: {told}");
        }
    }
}
