//! Posting rules: whom they name, whether each can hold, and whether any two would fight over a report.

use serde_saphyr::{Location, Spanned};
use takt_protocol::book::SiteKind;
use takt_protocol::posting::{Method, Rule, RuleBook, Use};

use super::{Checks, word};
use crate::wrong::cut;

const USES: [Use; 7] = [Use::Yield, Use::Scrap, Use::Rework, Use::Consumed, Use::Produced, Use::Labour, Use::Machine];

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
        if rule.value.method != Method::Skip {
            self.movement(file, &rule.value, place);
        }
    }

    /// Each use has one kind of document: what is produced is received, what is consumed is issued, work is confirmed.
    fn movement(&mut self, file: &str, rule: &Rule, place: Location) {
        let right = |purpose: Use| Rule::collecting(purpose, Vec::new()).movement;
        match rule.matches.purpose {
            Some(purpose) if right(purpose) != rule.movement => {
                let what = format!("rule {}: what is {} cannot be posted as {}", rule.id, word(&purpose), word(&rule.movement));
                self.say(file, place, what, format!("write `movement: {}`", word(&right(purpose))));
            }
            Some(_) => {}
            None => {
                let fit: Vec<String> =
                    USES.into_iter().filter(|purpose| right(*purpose) == rule.movement).map(|purpose| word(&purpose)).collect();
                let what = format!("rule {} is for every use, and {} cannot be right for all of them", rule.id, word(&rule.movement));
                self.say(file, place, what, format!("add `use:` to its match, one of {}", fit.join(", ")));
            }
        }
    }

    fn fights(&mut self) {
        let pages = self.pages;
        let all: Vec<(&str, &Spanned<Rule>)> =
            pages.rules.iter().flat_map(|page| page.value.iter().map(|rule| (page.file.as_str(), rule))).collect();
        for (at, (file, rule)) in all.iter().enumerate() {
            if let Some((other, _)) = all.iter().take(at).find(|(_, before)| before.value.id == rule.value.id) {
                let what = format!("the rule {} stands in {other} already", rule.value.id);
                self.say(file, rule.referenced, what, "rename one of them: postings name the rule they were made by");
            }
        }
        for contradiction in RuleBook::new(all.iter().map(|(_, rule)| rule.value.clone()).collect()).err().unwrap_or_default() {
            if let Some((file, rule)) = all.iter().find(|(_, rule)| rule.value.id == contradiction.rule) {
                let (what, remedy) = cut(&format!("rule `{}` {}", contradiction.rule, contradiction.what));
                self.say(file, rule.referenced, what, remedy);
            }
        }
    }
}
