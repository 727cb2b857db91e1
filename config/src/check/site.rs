//! A site, those it names, and its link: verbs that exist, mapping files that can do what the link promises.

use std::collections::BTreeMap;

use serde_saphyr::{Location, Spanned};
use takt_protocol::book::SiteKind;
use takt_protocol::effect::Effect;
use takt_protocol::name::SiteId;
use takt_protocol::outbox::Class;

use super::{Checks, word};
use crate::load::month_of;
use crate::nearest::{listed, nearest};
use crate::read::In;
use crate::text::{FormatText, HttpText, SiteText, TransportText};

/// The code tables that are read in both directions: two words of ours with one of theirs cannot be told apart on the way in.
const BOTH_WAYS: [&str; 2] = ["plant", "unit"];

impl Checks<'_> {
    pub(super) fn site(&mut self, name: SiteId, page: &In<SiteText>) {
        let (file, site) = (&page.file, &page.value);
        let regions = self.regions();
        if !regions.contains(&site.region.value) && !regions.is_empty() {
            let remedy = format!("add it to `regions` in mesh.yaml, or use one of {}", listed(&regions));
            self.say(file, site.region.referenced, format!("there is no region {}", site.region.value), remedy);
        }
        let wanted = [(&site.erp, SiteKind::Erp), (&site.warehouse, SiteKind::Warehouse), (&site.quality, SiteKind::Quality)];
        for (named, kind) in wanted {
            if let Some(named) = named {
                self.is_a(file, named, kind);
            }
        }
        if site.kind == SiteKind::Plant && site.erp.is_none() {
            self.say_of(file, format!("the plant {name} has no ERP"), "add `erp:` with the ERP that owns its orders");
        }
        self.periods(file, site);
        for (verb, class) in &site.classes {
            self.verb(file, verb, class.referenced);
        }
        if let Some(TransportText::Http(http)) = &site.link {
            self.link(file, http, &site.classes);
        }
    }

    fn periods(&mut self, file: &str, site: &SiteText) {
        for (month, state) in &site.periods {
            if month_of(month).is_none() {
                self.say(file, state.referenced, format!("`{month}` is not a valid month"), "write it as 2026-10");
            }
            if site.kind != SiteKind::Erp {
                let what = format!("a site of kind {} has no posting periods", word(&site.kind));
                self.say(file, state.referenced, what, "move `periods:` to the ERP's file");
            }
        }
    }

    fn verb(&mut self, file: &str, verb: &str, place: Location) {
        if !Effect::VERBS.contains(&verb) {
            self.say(file, place, format!("there is no verb {verb}"), nearest(verb, &Effect::VERBS));
        }
    }

    fn link(&mut self, file: &str, http: &HttpText, classes: &BTreeMap<String, Spanned<Class>>) {
        for (verb, mapping) in &http.send {
            self.verb(file, verb, mapping.referenced);
            self.has(file, mapping, &["request", "outcome"], "what is sent");
            match classes.get(verb).map(|class| class.value) {
                Some(Class::ProbeWithSettle { .. }) => self.has(file, mapping, &["probe", "probed"], "the class probe_with_settle"),
                Some(Class::DedupByKey | Class::AtMostOnce) | None => {}
            }
        }
        for mapping in http.told().chain(http.polls.values().map(|poll| &poll.mapping)) {
            self.has(file, mapping, &["inputs"], "what is received");
        }
        for mapping in http.mapping_files() {
            if self.folder.file(&mapping.value).is_none() {
                let what = format!("there is no mapping file {}", mapping.value);
                self.say(file, mapping.referenced, what, "name a .jq file by its path from this configuration's folder");
            }
        }
        if let Some(FormatText::Csv(csv)) = http.inbound.as_ref().map(|inbound| &inbound.format)
            && !csv.delimiter.is_ascii()
        {
            let what = format!("`{}` cannot stand between fields", csv.delimiter.escape_debug());
            self.say_of(file, what, "write a comma, a semicolon or another letter of ASCII as `delimiter`");
        }
        for table in BOTH_WAYS {
            self.told_apart(file, table, http.tables.get(table));
        }
    }

    /// That a mapping defines what it will be called for.
    fn has(&mut self, file: &str, mapping: &Spanned<String>, entries: &[&str], purpose: &str) {
        let Some(compiled) = self.pages.mappings.get(&mapping.value) else { return };
        let missing: Vec<&str> = entries.iter().copied().filter(|entry| !compiled.has(entry)).collect();
        if !missing.is_empty() {
            let what = format!("{} has no `{}`, which {purpose} needs", mapping.value, missing.join("` and no `"));
            self.say(file, mapping.referenced, what, "define it there, or name another mapping");
        }
    }

    fn told_apart(&mut self, file: &str, table: &str, words: Option<&BTreeMap<String, String>>) {
        let mut ours: BTreeMap<&str, &str> = BTreeMap::new();
        for (our, their) in words.into_iter().flatten() {
            if let Some(other) = ours.insert(their, our) {
                let what = format!("the table {table} has {their} for {other} and for {our}, so neither is known when it comes in");
                self.say_of(file, what, format!("give {other} and {our} two words, or leave out one of them"));
            }
        }
    }
}
