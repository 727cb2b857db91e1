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
use crate::read::Pages;
use crate::text::MaterialText;

mod link;
mod mesh;
mod overlay;
mod ownership;
mod recipe;
mod region;
mod road;
mod role;
mod rule;
mod site;
mod speaks;
mod workflow;

/// Looks at everything.
pub(crate) fn all(pages: &Pages, folder: &Folder, findings: &mut Vec<Finding>) {
    let mut checks = Checks { pages, folder, materials: BTreeMap::new(), findings };
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
    checks.open_variables();
}

struct Checks<'a> {
    pages: &'a Pages,
    folder: &'a Folder,
    materials: BTreeMap<&'a MaterialId, &'a MaterialText>,
    findings: &'a mut Vec<Finding>,
}

impl<'a> Checks<'a> {
    fn say(&mut self, file: &str, place: Location, what: String, remedy: impl Into<String>) {
        self.findings.push(Finding::about(file, what, remedy).at(place));
    }

    /// About a file as a whole, when what is wrong is that something is not there.
    fn say_of(&mut self, file: &str, what: String, remedy: impl Into<String>) {
        self.findings.push(Finding::about(file, what, remedy));
    }

    fn regions(&self) -> Vec<Region> {
        self.pages.mesh.iter().flat_map(|mesh| &mesh.regions).map(|region| region.value).collect()
    }

    /// All materials; one that stands in two files is a finding.
    fn materials(&mut self) {
        let mut files: BTreeMap<&'a MaterialId, &'a str> = BTreeMap::new();
        let pages = self.pages;
        for page in &pages.materials {
            for (name, text) in &page.value {
                self.materials.insert(name, &text.value);
                if let Some(other) = files.insert(name, &page.file) {
                    let what = format!("the material {name} stands in {other} too");
                    self.say(&page.file, text.referenced, what, "delete one of them");
                }
            }
        }
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
