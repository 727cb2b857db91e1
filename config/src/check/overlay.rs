//! What plants have of their own: for a plant that is there, in the place of something that is there, and never of what is one
//! for all.

use std::collections::BTreeSet;

use takt_protocol::book::SiteKind;
use takt_protocol::name::SiteId;
use takt_protocol::workflow::{Flow, Step};

use super::{Checks, word};
use crate::finding::Finding;
use crate::nearest::listed;
use crate::overlay::{Overlay, rule_in_force};
use crate::text::{TransportText, VariantsText};

impl Checks<'_> {
    pub(super) fn overlays(&mut self) {
        let pages = self.pages;
        for (plant, overlay) in &pages.plants {
            let found = pages.sites.get(plant).map(|page| page.value.kind);
            if found == Some(SiteKind::Plant) {
                self.overlay(*plant, overlay);
            } else if !pages.broken.contains(&format!("sites/{plant}.yaml")) {
                let plants: Vec<SiteId> = crate::govern::plants(pages).map(|(plant, _)| plant).collect();
                let what = found.map_or_else(
                    || format!("there is no plant {plant} for this folder"),
                    |kind| format!("{plant} is of kind {}, and only plants have a folder of their own", word(&kind)),
                );
                self.say_of(&format!("plants/{plant}"), what, format!("rename it after one of {}", listed(&plants)));
            }
        }
    }

    fn overlay(&mut self, plant: SiteId, overlay: &Overlay) {
        let pages = self.pages;
        let named: BTreeSet<String> = {
            let link = pages.sites.get(&plant).and_then(|page| page.value.link.as_ref());
            link.into_iter().flat_map(TransportText::mapping_files).map(|file| file.value.clone()).collect()
        };
        for (central, file) in &overlay.mappings {
            if !named.contains(file) {
                let what = format!("this mapping is in the place of nothing: the link of {plant} does not name {central}");
                self.say_of(file, what, format!("name {central} in sites/{plant}.yaml, or delete this file"));
            }
        }
        self.own_rules(plant, overlay);
        if let Some(page) = &overlay.notes {
            let mut seen = BTreeSet::new();
            for note in page.value.iter().filter(|note| !seen.insert((&note.value.material, &note.value.version))) {
                let what = format!("version {} of {} is noted twice", note.value.version, note.value.material);
                self.say(&page.file, note.referenced, what, "delete one of them");
            }
        }
        for (page, note) in overlay.notes.iter().flat_map(|page| page.value.iter().map(move |note| (page, note))) {
            let there = pages.recipes.iter().any(|recipe| {
                let recipe = &recipe.value;
                recipe.plant.value == plant && recipe.material.value == note.value.material && recipe.version.value == note.value.version
            });
            if !there && pages.whole("recipes") {
                let what = format!("{plant} has no recipe {} of {} to note this on", note.value.version, note.value.material);
                self.say(&page.file, note.referenced, what, "correct material and version, or write the recipe in recipes/");
            }
        }
        if let Some(page) = &overlay.variants {
            self.variants(&page.file, plant, &page.value);
        }
    }

    /// A plant's rule is for that plant, and one that has the name of a central one takes its place.
    fn own_rules(&mut self, plant: SiteId, overlay: &Overlay) {
        let pages = self.pages;
        let central = |id: &str| {
            let all = pages.rules.iter().filter(|page| page.file.starts_with("rules/")).flat_map(|page| &page.value);
            all.map(|rule| &rule.value).find(|rule| rule.id == id)
        };
        for (page, rule) in overlay.rules.iter().flat_map(|page| page.value.iter().map(move |rule| (page, rule))) {
            if let Some(other) = rule.value.matches.site.filter(|site| *site != plant) {
                let what = format!("the rule {} is for {other} and stands in the folder of {plant}", rule.value.id);
                self.say(&page.file, rule.referenced, what, "leave `site` out: rules here are for this plant");
            }
            let Some(before) = central(&rule.value.id) else { continue };
            let own = rule_in_force(&rule.value, plant, Some(before)).matches;
            let same = (&own.material, &own.op, own.purpose) == (&before.matches.material, &before.matches.op, before.matches.purpose);
            if !same {
                let what = format!("the rule {} is for other reports than the central one of that name", rule.value.id);
                self.say(&page.file, rule.referenced, what, "leave `match` out, or give it a name of its own");
            }
        }
    }

    fn variants(&mut self, file: &str, plant: SiteId, variants: &VariantsText) {
        for (flow, variant) in variants {
            for (key, value) in variant.value.central() {
                let what = format!("the {key} of {} is one for the whole mesh: {plant} cannot have its own", flow.word());
                self.say(file, value.referenced, what, "a plant may switch steps only, under `without` and `with`");
            }
            for name in variant.value.without.iter().chain(&variant.value.with) {
                self.switch(file, *flow, name);
            }
            let idle: Vec<_> = variant.value.with.iter().filter(|name| !self.is_off(*flow, &name.value)).collect();
            for name in idle {
                let what = format!("{plant} has {} anyway: no workflow in workflows/ does without it", name.value);
                self.note(file, name.referenced, what, "take it out of `with`");
            }
            let without: Vec<&str> = variant.value.without.iter().map(|name| name.value.as_str()).collect();
            for name in variant.value.with.iter().filter(|name| without.contains(&name.value.as_str())) {
                let what = format!("{plant} is to have {} and to do without it", name.value);
                self.say(file, name.referenced, what, "take it out of one of the lists");
            }
        }
    }

    /// Whether a step is switched off for all; of one that cannot be switched this is not asked.
    fn is_off(&self, flow: Flow, step: &str) -> bool {
        let texts = self.pages.workflows.iter().filter_map(|page| page.value.get(&flow));
        let off = texts.flat_map(|text| &text.value.without).any(|name| name.value == step);
        off || Step::ALL.iter().all(|(known, _)| known.word() != step)
    }

    /// That every variable is closed: what is left open would go out as it stands.
    pub(super) fn open_variables(&mut self) {
        let folder = self.folder;
        for file in folder.pages() {
            for (line, column, name) in crate::fill::unclosed(folder.file(file).unwrap_or_default()) {
                let remedy = format!("write `${{{name}}}`");
                let finding = Finding::about(file, format!("the variable {name} has no closing brace"), remedy);
                self.findings.push(Finding { line, column, ..finding });
            }
        }
    }

    /// A use of a recipe that is reported has a rule, or it would be collected and never posted.
    pub(super) fn ruled(&mut self, file: &str, place: serde_saphyr::Location, what: &str, purpose: &str, rules: usize) {
        if rules == 0 && self.pages.whole("rules") {
            let remedy = format!("add a rule with `match: {{use: {purpose}}}` to rules/; with `method: skip` where nobody posts it");
            self.say(file, place, format!("no posting rule takes {what}"), remedy);
        }
    }
}
