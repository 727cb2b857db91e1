//! The tests that stand in a folder, beside what they are about: what a mapping makes of a message, and which postings come of
//! which reports. Run on what was loaded, by the same code that runs in a mesh. Reads nothing, and tells a failed test as any
//! other finding: with its place and what to do.

use std::collections::BTreeMap;
use std::path::Path;

use serde_saphyr::Location;
use takt_protocol::name::SiteId;

use crate::finding::Finding;
use crate::folder::Folder;
use crate::load::{self, Mesh};
use crate::text::{MappingTestsText, RuleTestsText};

pub mod conform;
pub mod mapping;
pub mod rule;

/// How the name of a file of tests ends.
pub(crate) const ENDING: &str = ".test.yaml";

/// What a folder was found to be.
#[derive(Debug, Default)]
pub struct Checked {
    /// What is wrong with it; nothing when it may be put in force.
    pub findings: Vec<Finding>,
    /// What is right, and may not be what somebody thinks it is.
    pub notes: Vec<Finding>,
    /// Files that were read.
    pub files: usize,
    /// Tests of mappings that were run.
    pub mapping_cases: usize,
    /// Tests of posting rules that were run.
    pub rule_cases: usize,
    /// Variables that are wanted and not set here: they are set where the mesh runs.
    pub unset: Vec<String>,
    /// The configuration's hash.
    pub hash: String,
}

/// Loads a folder, compares everything with everything, and runs its tests. A variable that is not set is no fault here: who
/// checks a folder need not know its secrets.
pub fn check(dir: &Path, variables: &BTreeMap<String, String>) -> Checked {
    match Folder::read(dir) {
        Ok(folder) => check_read(&folder, variables),
        Err(findings) => Checked { findings, ..Checked::default() },
    }
}

/// The same of a folder as it was read, whatever stands there by now.
pub fn check_read(folder: &Folder, variables: &BTreeMap<String, String>) -> Checked {
    let (filled, unset) = filled(folder, variables);
    let mut checked = Checked { files: folder.names().count(), unset, hash: folder.hash(), ..Checked::default() };
    match load::load_noted(folder, &filled, None, &mut checked.notes) {
        Ok(mesh) => checked.run(folder, &mesh),
        Err(findings) => checked.findings = findings,
    }
    checked.notes.sort();
    checked.notes.dedup();
    checked
}

/// The variables, with a placeholder for each that is wanted and not there: never the same for two, as two tokens may not be.
pub fn filled(folder: &Folder, variables: &BTreeMap<String, String>) -> (BTreeMap<String, String>, Vec<String>) {
    let mut filled = variables.clone();
    let (mut unset, mut ports) = (Vec::new(), 0);
    for name in folder.variables() {
        if !filled.contains_key(&name) {
            let value = match name.rsplit_once('_') {
                Some((_, "URL")) => format!("http://unset.invalid/{name}"),
                Some((_, "DIR")) => format!("/unset/{name}"),
                Some((_, "PORT")) => {
                    ports += 1;
                    ports.to_string()
                }
                Some(_) | None => format!("unset-{name}"),
            };
            filled.insert(name.clone(), value);
            unset.push(name);
        }
    }
    (filled, unset)
}

impl Checked {
    fn run(&mut self, folder: &Folder, mesh: &Mesh) {
        for name in folder.tests() {
            let mut findings = Vec::new();
            let of_rules = name.starts_with("rules/") || name.ends_with(&format!("/rules{ENDING}"));
            if of_rules && !name.starts_with("mappings/") {
                if let Some(tests) = folder.parse::<RuleTestsText>(name, &mut findings) {
                    self.rule_cases += tests.cases.len();
                    self.tests_nothing(name, tests.cases.is_empty());
                    findings.extend(rule::failed(name, &tests, mesh));
                }
            } else if let Some(tests) = folder.parse::<MappingTestsText>(name, &mut findings) {
                self.mapping_cases += tests.cases.len();
                self.of_another_kind(name, tests.site.value, mesh);
                self.tests_nothing(name, tests.cases.is_empty());
                findings.extend(mapping::failed(name, &tests, folder, mesh));
            }
            self.findings.append(&mut findings);
        }
        self.findings.sort();
    }
}

impl Checked {
    /// A mapping that is tried with what one kind of system says, and reads what another kind says.
    fn of_another_kind(&mut self, name: &str, tried: SiteId, mesh: &Mesh) {
        let kind = |site: SiteId| mesh.book.sites.get(&site).map(|site| site.kind);
        let Some(meant) = kind(tried) else { return };
        let about = name.replace(ENDING, ".jq");
        for (site, link) in mesh.links.iter().filter(|(site, _)| kind(**site).is_some_and(|kind| kind != meant)) {
            for (_, file) in link.transport.slots().into_iter().filter(|(_, file)| file.value == about) {
                let what = format!("{about} is tried with what {tried} says, and {site} is another kind of system");
                let remedy = format!("name a mapping for {site}, or name {site} in {name}");
                self.notes.push(Finding::about(&format!("sites/{site}.yaml"), what, remedy).at(file.referenced));
            }
        }
    }

    fn tests_nothing(&mut self, name: &str, nothing: bool) {
        if nothing {
            self.notes.push(Finding::about(name, "there is no case in this file of tests", "write one under `cases`, or delete the file"));
        }
    }
}

/// A test that failed.
fn finding(file: &str, place: Location, case: &str, why: impl std::fmt::Display, remedy: &str) -> Finding {
    Finding::about(file, format!("the test `{case}` fails: {why}"), remedy).at(place)
}

#[cfg(test)]
mod tests;
