//! `roads.yaml`: regions that exist, of which one dials and the other one is on servers; and a road wherever one region's sites work
//! with another's.

use std::collections::{BTreeMap, BTreeSet};

use serde_saphyr::{Location, Spanned};
use takt_protocol::event;
use takt_protocol::name::{Region, SiteId};

use super::Checks;
use crate::nearest::{listed, nearest};
use crate::read::In;
use crate::text::{EngineText, RoadText, SiteText, event_type};

const FILE: &str = "roads.yaml";

/// Two regions, the one whose name comes first first.
type Pair = (Region, Region);

impl Checks<'_> {
    pub(super) fn roads(&mut self) {
        let pages = self.pages;
        let Some(page) = &pages.roads else { return };
        let mut seen: BTreeMap<Pair, &RoadText> = BTreeMap::new();
        for road in &page.value {
            self.road(road);
            let (from, to) = (road.value.from.value, road.value.to.value);
            if let Some(other) = seen.insert(pair(from, to), &road.value).filter(|_| from != to) {
                let (what, remedy) = if other.from.value == from {
                    (format!("the road from {from} to {to} stands twice"), "delete one of them")
                } else {
                    let remedy = "delete one of them: whoever dials runs both directions over its connection";
                    (format!("{from} and {to} both dial"), remedy)
                };
                self.say(FILE, road.referenced, what, remedy);
            }
        }
        self.unreached(&seen.into_keys().collect());
    }

    fn road(&mut self, road: &Spanned<RoadText>) {
        let (known, text) = (self.regions(), &road.value);
        for region in [&text.from, &text.to] {
            if !known.contains(&region.value) && self.pages.mesh.is_some() {
                let remedy = format!("add it to `regions` in mesh.yaml, or use one of {}", listed(&known));
                self.say(FILE, region.referenced, format!("there is no region {}", region.value), remedy);
                return;
            }
        }
        let (from, to) = (text.from.value, text.to.value);
        if from == to {
            self.say(FILE, road.referenced, format!("a road from {from} to itself"), "name the other region under `to`");
        } else if !self.is_on_servers(to) && !self.pages.broken.contains("regions.yaml") {
            let what = format!("{to} has no servers that {from} could dial");
            let remedy = if self.is_on_servers(from) {
                format!("let {to} dial: write `from: {to}` and `to: {from}`")
            } else {
                format!("name servers of {to} in regions.yaml: of two regions at least the one that is dialled is on JetStream")
            };
            self.say(FILE, text.to.referenced, what, remedy);
        }
        self.exports(from, text);
        if text.leaf && (text.servers.len() != 1 || text.user.is_none()) {
            let remedy = format!("write the one address at which {from} comes to it as `servers`, and `user` and `password` of the road");
            self.say(
                FILE,
                road.referenced,
                format!("it is not said where the leaf node from {from} to {to} stands, or as whom it comes"),
                remedy,
            );
        }
        self.credentials(FILE, text.user.as_ref(), text.password.as_ref(), text.token.as_ref());
        self.certificates(FILE, text.root_certificates.as_ref());
        // A variable that is not set was told, and leaves addresses that are none.
        if !self.findings.iter().any(|found| found.file == FILE && found.what.contains("variable")) {
            self.servers(FILE, &text.servers);
        }
    }

    /// That what is told over it are events, of sites that are at home where they come from.
    fn exports(&mut self, from: Region, text: &RoadText) {
        let pages = self.pages;
        let known: Vec<String> = event::contracts().map(|contract| format!("{}.{}", contract.family, contract.name)).collect();
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        for export in text.events.iter().map(|export| &export.value) {
            if let Some(site) = export.types.is_empty().then_some(&text.from) {
                self.say(FILE, site.referenced, "`events` names no types".to_owned(), "write `types: [order.*]`, or leave the line out");
            }
            for word in export.types.iter().filter(|word| event_type(&word.value).is_none()) {
                let remedy = format!("{} (`order.*` means all that happens to orders)", nearest(&word.value, &known));
                self.say(FILE, word.referenced, format!("there are no events {}", word.value), remedy);
            }
            for site in export.sites.iter().flatten() {
                let home = pages.sites.get(&site.value).map(|page| page.value.region.value);
                if home != Some(from) && !pages.broken.contains(&format!("sites/{}.yaml", site.value)) {
                    let what = format!("{} is not at home in {from}, whose events these are", site.value);
                    self.say(FILE, site.referenced, what, "name a site of the region that dials, or leave `sites` out for all of them");
                }
            }
        }
    }

    fn is_on_servers(&self, region: Region) -> bool {
        let engine = self.pages.regions.as_ref().and_then(|page| page.value.get(&region));
        engine.is_some_and(|engine| matches!(engine.value, EngineText::Jetstream(_)))
    }

    /// Sites that work with a site of a region to which no road leads: what is told there would never arrive.
    fn unreached(&mut self, roads: &BTreeSet<Pair>) {
        let pages = self.pages;
        let home = |site: &SiteId| pages.sites.get(site).map(|page| page.value.region.value);
        let mut told: BTreeSet<Pair> = BTreeSet::new();
        for page in pages.sites.values() {
            let here = page.value.region.value;
            for (other, place) in named(page) {
                let Some(there) = home(&other).filter(|there| *there != here) else { continue };
                if !roads.contains(&pair(here, there)) && told.insert(pair(here, there)) {
                    let what = format!("no road leads from {here} to {there}, where {other} is");
                    let remedy = format!("write `- {{from: {here}, to: {there}}}` in {FILE}, or the other way round: one of them dials");
                    self.say(&page.file, place, what, remedy);
                }
            }
        }
    }
}

/// The sites that a site works with, each where it is named.
fn named(page: &In<SiteText>) -> Vec<(SiteId, Location)> {
    let text = &page.value;
    let all = [&text.erp, &text.warehouse, &text.quality, &text.maintenance, &text.transport, &text.planning, &text.supplier];
    all.into_iter().flatten().map(|site| (site.value, site.referenced)).collect()
}

fn pair(a: Region, b: Region) -> Pair {
    (a.min(b), a.max(b))
}
