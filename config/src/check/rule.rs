//! Posting rules: whom they name, whether each can hold, and whether any two would fight over a report.

use std::collections::BTreeSet;

use serde_json::Value;
use serde_saphyr::Spanned;
use takt_protocol::book::SiteKind;
use takt_protocol::name::SiteId;
use takt_protocol::posting::{Rule, RuleBook, Trigger};

use super::Checks;
use crate::nearest::nearest;
use crate::wrong::cut;

impl Checks<'_> {
    pub(super) fn rules(&mut self) {
        let pages = self.pages;
        for page in &pages.rules {
            for rule in &page.value {
                self.rule(&page.file, rule);
            }
        }
        self.fights();
    }

    fn rule(&mut self, file: &str, rule: &Spanned<Rule>) {
        let (matches, place) = (&rule.value.matches, rule.referenced);
        if let Some(site) = matches.site {
            self.is_a(file, &Spanned { value: site, referenced: place, defined: place }, SiteKind::Plant);
        }
        if let Some(material) = &matches.material {
            self.material(file, material, place);
        }
        self.done_somewhere(file, rule);
        if rule.value.id.trim().is_empty() {
            self.say(file, place, "a rule has no name".to_owned(), "write `id:`: postings name the rule they were made by");
        }
        let twice = |all: &[Value]| all.iter().enumerate().any(|(at, one)| all.iter().take(at).any(|other| other == one));
        let text = serde_json::to_value(&rule.value).unwrap_or_default();
        for key in ["trigger", "group_by"].into_iter().filter(|key| text.get(key).and_then(Value::as_array).is_some_and(|all| twice(all))) {
            self.say(file, place, format!("the `{key}` of the rule {} says something twice", rule.value.id), "delete one of them");
        }
        let triggers = &rule.value.trigger;
        if triggers.contains(&Trigger::EachReport) && triggers.len() > 1 {
            let what = format!("the rule {} posts each report at once, so its other triggers never come true", rule.value.id);
            self.note(file, place, what, "leave out `each_report`, or the others");
        }
    }

    /// That the operation that a rule is for is one of a recipe.
    fn done_somewhere(&mut self, file: &str, rule: &Spanned<Rule>) {
        let pages = self.pages;
        let (matches, place) = (&rule.value.matches, rule.referenced);
        let meant = |plant: SiteId| matches.site.is_none_or(|site| site == plant);
        let Some(op) = matches.op.as_ref().filter(|_| pages.whole("recipes")) else { return };
        let here = || pages.recipes.iter().map(|page| &page.value).filter(|recipe| meant(recipe.plant.value));
        let known: BTreeSet<&str> = here().flat_map(|recipe| &recipe.operations.value).map(|one| one.op.value.as_str()).collect();
        // Where recipes come from a product data system nobody here knows their operations.
        let plants = pages.sites.iter().filter(|(name, page)| page.value.kind == SiteKind::Plant && meant(**name)).map(|(name, _)| *name);
        let told = |plant: SiteId| here().any(|recipe| recipe.plant.value == plant);
        if plants.clone().count() > 0 && plants.clone().all(told) && !known.contains(op.as_str()) {
            let what = format!("the rule {} is for operation {op}, which no recipe has", rule.value.id);
            let known: Vec<&str> = known.into_iter().collect();
            self.say(file, place, what, nearest(op.as_str(), &known));
        }
    }

    fn fights(&mut self) {
        let pages = self.pages;
        let all: Vec<(&str, &Spanned<Rule>)> =
            pages.rules.iter().flat_map(|page| page.value.iter().map(|rule| (page.file.as_str(), rule))).collect();
        let mut firsts: Vec<(&str, &Spanned<Rule>)> = Vec::new();
        for (file, rule) in all {
            if let Some((other, _)) = firsts.iter().find(|(_, before)| before.value.id == rule.value.id) {
                let what = format!("the rule {} stands in {other} already", rule.value.id);
                self.say(file, rule.referenced, what, "rename one of them: postings name the rule they were made by");
            } else {
                firsts.push((file, rule));
            }
        }
        for contradiction in RuleBook::new(firsts.iter().map(|(_, rule)| rule.value.clone()).collect()).err().unwrap_or_default() {
            if let Some((file, rule)) = firsts.iter().find(|(_, rule)| rule.value.id == contradiction.rule) {
                let (what, remedy) = cut(&format!("rule `{}` {}", contradiction.rule, contradiction.what));
                self.say(file, rule.referenced, what, remedy);
            }
        }
    }
}
