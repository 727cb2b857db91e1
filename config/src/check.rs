//! What may not contradict what, across files. Each finding names file, line, column and remedy; all of them are told at once.
//! Looks at pages only; what is misspelled was told by who read them, and is not called missing here.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_saphyr::{Location, Spanned};
use takt_protocol::book::SiteKind;
use takt_protocol::name::{Region, SiteId};
use takt_protocol::words::MaterialId;

use crate::finding::Finding;
use crate::folder::Folder;
use crate::nearest::{listed, nearest};
use crate::place;
use crate::read::Pages;
use crate::text::MaterialText;

mod advice;
mod asks;
mod codes;
mod credential;
mod doubtful;
mod edge;
mod format;
mod link;
mod material;
mod mesh;
mod mqtt;
mod observe;
mod overlay;
mod ownership;
mod people;
mod recipe;
mod region;
mod road;
mod role;
mod rule;
mod shared;
mod site;
mod speaks;
mod sql;
mod telemetry;
mod workflow;

/// Looks at everything. What is wrong goes into `findings`; what is right, and may not be what somebody thinks it is, into `notes`.
pub(crate) fn all(pages: &Pages, folder: &Folder, findings: &mut Vec<Finding>, notes: &mut Vec<Finding>) {
    let mut checks = Checks { pages, folder, materials: BTreeMap::new(), findings, notes };
    checks.materials();
    if let Some(mesh) = &pages.mesh {
        checks.mesh(mesh);
    }
    checks.engines();
    checks.roads();
    for (name, page) in &pages.sites {
        checks.site(*name, page);
    }
    checks.equipment();
    checks.recipes();
    checks.rules();
    checks.ownership();
    checks.workflows();
    checks.roles();
    checks.overlays();
    checks.shared();
    checks.open_variables();
    checks.advice();
    checks.doubtful();
}

struct Checks<'a> {
    pages: &'a Pages,
    folder: &'a Folder,
    materials: BTreeMap<&'a MaterialId, &'a MaterialText>,
    findings: &'a mut Vec<Finding>,
    notes: &'a mut Vec<Finding>,
}

impl Checks<'_> {
    fn say(&mut self, file: &str, place: Location, what: String, remedy: impl Into<String>) {
        self.findings.push(Finding::about(file, what, remedy).at(place));
    }

    /// About a file as a whole, when what is wrong is that something is not there.
    fn say_of(&mut self, file: &str, what: String, remedy: impl Into<String>) {
        self.findings.push(Finding::about(file, what, remedy));
    }

    /// About what stands under a path of keys in a file, or as far of it as there is.
    fn say_at(&mut self, file: &str, path: &[&str], what: String, remedy: impl Into<String>) {
        let finding = self.at(file, path, what, remedy);
        self.findings.push(finding);
    }

    /// The same, of what is right and may not be what somebody thinks it is.
    fn note_at(&mut self, file: &str, path: &[&str], what: String, remedy: impl Into<String>) {
        let note = self.at(file, path, what, remedy);
        self.notes.push(note);
    }

    fn note(&mut self, file: &str, place: Location, what: String, remedy: impl Into<String>) {
        self.notes.push(Finding::about(file, what, remedy).at(place));
    }

    fn at(&self, file: &str, path: &[&str], what: String, remedy: impl Into<String>) -> Finding {
        let finding = Finding::about(file, what, remedy);
        match self.folder.file(file).and_then(|text| place::of(text, path)) {
            Some(place) => finding.at(place),
            None => finding,
        }
    }

    fn regions(&self) -> Vec<Region> {
        self.pages.mesh.iter().flat_map(|mesh| &mesh.regions).map(|region| region.value).collect()
    }

    /// That a site is there and of a kind.
    fn is_a(&mut self, file: &str, named: &Spanned<SiteId>, kind: SiteKind) {
        let found = self.pages.sites.get(&named.value).map(|page| page.value.kind);
        if found == Some(kind) || self.pages.broken.contains(&format!("sites/{}.yaml", named.value)) {
            return;
        }
        let fit: Vec<SiteId> = self.pages.sites.iter().filter(|(_, page)| page.value.kind == kind).map(|(name, _)| *name).collect();
        let (what, write) = match found {
            None => (format!("there is no site {}", named.value), format!("write sites/{}.yaml", named.value)),
            Some(other) => {
                let what = format!("{} is not of kind {}, it is of kind {}", named.value, word(&kind), word(&other));
                (what, format!("write a site of kind {}", word(&kind)))
            }
        };
        let remedy = if fit.is_empty() { write } else { format!("use one of {}, or {write}", listed(&fit)) };
        self.say(file, named.referenced, what, remedy);
    }

    fn material(&mut self, file: &str, name: &MaterialId, place: Location) {
        if !self.materials.contains_key(name) && self.pages.whole("materials") {
            let all: Vec<&str> = self.materials.keys().map(|name| name.as_str()).collect();
            self.say(file, place, format!("there is no material {name}"), nearest(name.as_str(), &all));
        }
    }

    /// That a word stands once in a list.
    fn once<'b, T: Ord + ToString + 'b>(&mut self, file: &str, what: &str, words: impl Iterator<Item = &'b Spanned<T>>) {
        let mut seen = BTreeSet::new();
        for word in words {
            if !seen.insert(&word.value) {
                self.say(
                    file,
                    word.referenced,
                    format!("the {what} {} stands twice", word.value.to_string()),
                    "rename or delete one of them",
                );
            }
        }
    }
}

/// One of our words, as it is written in text.
pub(crate) fn word<T: Serialize>(value: &T) -> String {
    serde_json::to_value(value).ok().and_then(|value| value.as_str().map(ToOwned::to_owned)).unwrap_or_default()
}
