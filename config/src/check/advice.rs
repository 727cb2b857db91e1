//! What is right, and may not be what somebody thinks it is: systems that nobody names, comparisons that nobody makes, what goes
//! out at midnight, what is made of itself. Told as notes; a folder is right with them.

use std::collections::{BTreeMap, BTreeSet};

use serde_saphyr::Spanned;
use takt_protocol::book::SiteKind;
use takt_protocol::name::SiteId;
use takt_protocol::posting::{Method, Movement, Rule, Trigger, Use};
use takt_protocol::words::MaterialId;
use takt_protocol::workflow::Reconciliation;

use super::{Checks, word};
use crate::govern::plants;
use crate::nearest::listed;
use crate::place;
use crate::text::{RecipeText, SiteText, TransportText};

/// What a report may be of, as a mapping writes it.
const USES: [(Use, &str); 4] = [(Use::Scrap, "scrap"), (Use::Rework, "rework"), (Use::Labour, "labour"), (Use::Machine, "machine")];

impl Checks<'_> {
    pub(super) fn advice(&mut self) {
        self.notes.extend(self.pages.notes.iter().cloned());
        self.idle_regions();
        self.people();
        self.compared();
        self.patience();
        let pages = self.pages;
        for (name, page) in &pages.sites {
            self.named(*name, &page.file, &page.value);
            self.coded(*name, &page.file, &page.value);
        }
        for (plant, text) in plants(pages) {
            self.unruled(plant, text);
        }
        for (file, recipe) in pages.recipes.iter().map(|page| (&page.file, &page.value)) {
            self.received_by_nobody(file, recipe);
        }
        for (file, rule) in pages.rules.iter().flat_map(|page| page.value.iter().map(move |rule| (&page.file, rule))) {
            self.midnight(file, rule);
            self.of_nothing(file, rule);
        }
        self.loops();
    }

    fn idle_regions(&mut self) {
        let pages = self.pages;
        let Some(mesh) = pages.mesh.as_ref().filter(|_| pages.whole("sites")) else { return };
        let used: BTreeSet<_> = pages.sites.values().map(|page| page.value.region.value).collect();
        for region in mesh.regions.iter().filter(|region| !used.contains(&region.value)) {
            let what = format!("no site is at home in the region {}", region.value);
            self.note("mesh.yaml", region.referenced, what, "write `region:` in the file of a site, or take it out");
        }
    }

    /// What a workflow moves is to be compared with books that somebody reads.
    fn compared(&mut self) {
        let pages = self.pages;
        let mut told: BTreeSet<SiteId> = BTreeSet::new();
        for (file, flow, text) in
            pages.workflows.iter().flat_map(|page| page.value.iter().map(move |(flow, text)| (&page.file, flow, &text.value)))
        {
            let Some(compared) = &text.reconciliation else { continue };
            let keepers = |plant: &SiteText| match compared.value {
                Reconciliation::Books => vec![plant.erp.clone()],
                Reconciliation::Stock => vec![plant.erp.clone(), plant.warehouse.clone()],
                Reconciliation::Presence | Reconciliation::None => Vec::new(),
            };
            let named: BTreeSet<SiteId> = plants(pages).flat_map(|(_, plant)| keepers(plant)).flatten().map(|site| site.value).collect();
            for site in named {
                let page = pages.sites.get(&site).filter(|page| page.value.reconcile.is_none() && page.value.link.is_some());
                if page.is_some() && told.insert(site) {
                    let what = format!("what {} moves is to be compared with the books of {site}, and nobody reads them", flow.word());
                    let remedy = format!("write `reconcile: {{at: [\"22:00\"]}}` in sites/{site}.yaml, with a mapping for `read_books`");
                    self.note(file, compared.referenced, what, remedy);
                }
            }
        }
    }

    /// A system that no other names serves nobody.
    fn named(&mut self, name: SiteId, file: &str, site: &SiteText) {
        type Key = fn(&SiteText) -> &Option<Spanned<SiteId>>;
        let by: (&str, SiteKind, Key) = match site.kind {
            SiteKind::Erp => ("erp", SiteKind::Plant, |text| &text.erp),
            SiteKind::Warehouse => ("warehouse", SiteKind::Plant, |text| &text.warehouse),
            SiteKind::Quality => ("quality", SiteKind::Plant, |text| &text.quality),
            SiteKind::Maintenance => ("maintenance", SiteKind::Plant, |text| &text.maintenance),
            SiteKind::Transport => ("transport", SiteKind::Warehouse, |text| &text.transport),
            SiteKind::Plant | SiteKind::ProductData | SiteKind::Planning | SiteKind::Supplier | SiteKind::Analytics => return,
        };
        let (key, kind, names) = by;
        let mut others = self.pages.sites.values().map(|page| &page.value);
        if self.pages.whole("sites") && !others.any(|other| names(other).as_ref().is_some_and(|named| named.value == name)) {
            let what = format!("no site of kind {} has {name} as its `{key}`", word(&kind));
            self.note_at(file, &["kind"], what, format!("write `{key}: {name}` in the file of each {} that it serves", word(&kind)));
        }
    }

    /// What a plant's mapping can report, and no rule posts.
    fn unruled(&mut self, plant: SiteId, text: &SiteText) {
        let pages = self.pages;
        let Some(link) = text.link.as_ref().filter(|_| pages.whole("rules")) else { return };
        let folder = self.folder;
        let told: Vec<&Spanned<String>> = match link {
            TransportText::Http(http) => http.told().chain(http.polls.values().map(|poll| &poll.mapping)).collect(),
            TransportText::Files(files) => files.told().collect(),
            TransportText::Sql(sql) => sql.polls.values().map(|poll| &poll.mapping).collect(),
            TransportText::Mqtt(mqtt) => mqtt.told().chain(mqtt.rules().map(|(_, rule)| &rule.value.mapping)).collect(),
        };
        for mapping in told.into_iter().collect::<Vec<_>>() {
            let Some(content) = folder.file(&mapping.value) else { continue };
            let says = |word: &str| lines(content).any(|line| line.contains(&format!("{word}: {{")));
            let posts = |purpose: Use| {
                let fits = |rule: &Rule| {
                    rule.matches.purpose.is_none_or(|wanted| wanted == purpose) && rule.matches.site.is_none_or(|site| site == plant)
                };
                pages.rules.iter().flat_map(|page| &page.value).any(|rule| fits(&rule.value))
            };
            let open: Vec<&str> = USES.into_iter().filter(|(purpose, word)| says(word) && !posts(*purpose)).map(|(_, word)| word).collect();
            if !open.is_empty() {
                let what = format!("{} can report {}, and no posting rule takes it at {plant}", mapping.value, open.join(", "));
                let remedy = format!(
                    "add a rule with `match: {{use: {}}}` to rules/; with `method: skip` where nobody posts it",
                    open.join("}` or `{use: ")
                );
                self.note(&format!("sites/{plant}.yaml"), mapping.referenced, what, remedy);
            }
        }
    }

    /// What is made and comes into nobody's books.
    fn received_by_nobody(&mut self, file: &str, recipe: &RecipeText) {
        for material in recipe.outputs.value.iter().map(|output| &output.material) {
            let rules = || self.posting(recipe, &material.value, Use::Produced).chain(self.posting(recipe, &material.value, Use::Yield));
            let receipts: Vec<&Rule> = rules().filter(|rule| rule.movement == Movement::GoodsReceipt).collect();
            if !receipts.is_empty() && receipts.iter().all(|rule| rule.method == Method::Skip) {
                let what = format!("{} made at {} is received by nobody: its rules are to be skipped", material.value, recipe.plant.value);
                self.note(
                    file,
                    material.referenced,
                    what,
                    "write `method: explicit` in one of them, or `backflush` where the ERP receives it itself",
                );
            }
        }
    }

    /// Whoever is asked again while an attempt may be under way is asked twice.
    fn patience(&mut self) {
        let pages = self.pages;
        let Some(patience) = pages.mesh.as_ref().and_then(|mesh| mesh.policy.dispatch_patience_ms.as_ref()) else { return };
        for (plant, text) in plants(pages) {
            let window = text.limits.limits().window_ms;
            if patience.value.get() <= u64::from(window) && text.link.is_some() {
                let what = format!("{plant} is asked again after {} ms, and one attempt may take {window} ms", patience.value);
                self.note(
                    "mesh.yaml",
                    patience.referenced,
                    what,
                    format!("write a longer `dispatch_patience_ms`, or a shorter `window_ms` for {plant}"),
                );
            }
        }
    }

    /// The end of a shift is midnight where nobody works in shifts.
    fn midnight(&mut self, file: &str, rule: &Spanned<Rule>) {
        if !rule.value.trigger.contains(&Trigger::ShiftEnd) {
            return;
        }
        let pages = self.pages;
        let meant = plants(pages).filter(|(plant, _)| rule.value.matches.site.is_none_or(|site| site == *plant));
        let without = meant.filter_map(|(plant, _)| pages.sites.get(&plant).map(|page| (plant, page)));
        let without =
            without.filter(|(_, page)| !place::is_there(self.folder.file(&page.file).unwrap_or_default(), &["calendar", "shifts"]));
        let without: Vec<SiteId> = without.map(|(plant, _)| plant).collect();
        if let Some(plant) = without.first() {
            let what = format!("{} says nothing of shifts, so the rule {} posts at midnight there", listed(&without), rule.value.id);
            self.note(
                file,
                rule.referenced,
                what,
                format!("write `shifts` under `calendar` in sites/{plant}.yaml, where it works in shifts"),
            );
        }
    }

    /// A rule for a material that no recipe of its plants makes or uses in that way.
    fn of_nothing(&mut self, file: &str, rule: &Spanned<Rule>) {
        let pages = self.pages;
        let matches = &rule.value.matches;
        let Some(material) = matches.material.as_ref().filter(|_| pages.whole("recipes")) else { return };
        let meant = |plant: SiteId| matches.site.is_none_or(|site| site == plant);
        let here = || pages.recipes.iter().map(|page| &page.value).filter(|recipe| meant(recipe.plant.value));
        let uses = here().any(|recipe| recipe.components.iter().any(|component| component.material.value == *material));
        let makes = here().any(|recipe| recipe.outputs.value.iter().any(|output| output.material.value == *material));
        let there = match matches.purpose {
            None => uses || makes,
            Some(Use::Consumed) => uses,
            Some(Use::Produced | Use::Yield | Use::Scrap | Use::Rework | Use::Labour | Use::Machine) => makes,
        };
        // Where recipes come from a product data system nobody here knows what they are of.
        let told = plants(pages)
            .map(|(plant, _)| plant)
            .filter(|plant| meant(*plant))
            .all(|plant| here().any(|recipe| recipe.plant.value == plant));
        if !there && told && self.materials.contains_key(material) {
            let what =
                format!("the rule {} is for {material}, which no recipe there {}", rule.value.id, if uses { "makes" } else { "names so" });
            self.note(file, rule.referenced, what, "correct `match`, or delete the rule");
        }
    }

    /// What is made of itself, at once or by way of something else.
    fn loops(&mut self) {
        let pages = self.pages;
        let mut made_of: BTreeMap<&MaterialId, BTreeSet<&MaterialId>> = BTreeMap::new();
        for recipe in pages.recipes.iter().map(|page| &page.value) {
            for output in &recipe.outputs.value {
                made_of
                    .entry(&output.material.value)
                    .or_default()
                    .extend(recipe.components.iter().map(|component| &component.material.value));
            }
        }
        for (file, recipe) in pages.recipes.iter().map(|page| (&page.file, &page.value)) {
            for component in &recipe.components {
                let part = &component.material.value;
                let (mut seen, mut open) = (BTreeSet::new(), vec![part]);
                while let Some(next) = open.pop() {
                    if seen.insert(next) {
                        open.extend(made_of.get(next).into_iter().flatten().copied());
                    }
                }
                let made = recipe.outputs.value.iter().map(|output| &output.material.value);
                if let Some(product) = made.filter(|made| seen.contains(made)).min_by_key(|made| *made != part) {
                    let way = if product == part { String::new() } else { format!(" by way of {part}") };
                    let what = format!("{product} is made of {product}{way}");
                    self.note(file, component.material.referenced, what, "correct the material, where it is no recycling");
                }
            }
        }
    }
}

/// The lines of a mapping that are no comments.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.trim_start().starts_with('#'))
}

/// The names in a mapping, outside of comments.
pub(super) fn identifiers(text: &str) -> impl Iterator<Item = &str> {
    lines(text).flat_map(|line| line.split(|letter: char| !letter.is_alphanumeric() && letter != '_')).filter(|name| !name.is_empty())
}
