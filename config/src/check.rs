//! What may not contradict what, across files. Each finding names file, line and remedy; all of them are told at once.

use std::collections::BTreeMap;

use serde_saphyr::{Location, Spanned};
use takt_protocol::book::SiteKind;
use takt_protocol::effect::Effect;
use takt_protocol::name::{Region, SiteId};
use takt_protocol::posting::{RuleBook, Use};
use takt_protocol::words::MaterialId;

use crate::finding::Finding;
use crate::folder::Folder;
use crate::load::{In, Pages};
use crate::text::{MaterialText, RecipeText, SiteText};

/// Looks at everything.
pub(crate) fn all(pages: &Pages, folder: &Folder, findings: &mut Vec<Finding>) {
    let materials = materials(pages, findings);
    let mut checks = Checks { pages, folder, materials, findings };
    for (name, page) in &pages.sites {
        checks.site(*name, page);
    }
    for page in &pages.equipment {
        checks.plant(&page.file, &page.value.plant);
    }
    for page in &pages.recipes {
        checks.recipe(page);
    }
    checks.rules();
}

type Materials<'a> = BTreeMap<&'a MaterialId, &'a MaterialText>;

struct Checks<'a> {
    pages: &'a Pages,
    folder: &'a Folder,
    materials: Materials<'a>,
    findings: &'a mut Vec<Finding>,
}

/// All materials; one that stands in two files is a finding.
fn materials<'a>(pages: &'a Pages, findings: &mut Vec<Finding>) -> Materials<'a> {
    let mut known: BTreeMap<&MaterialId, (&str, &MaterialText)> = BTreeMap::new();
    for page in &pages.materials {
        for (name, text) in &page.value {
            if let Some((other, _)) = known.insert(name, (&page.file, text)) {
                findings.push(Finding::about(&page.file, format!("the material {name} stands in {other} too"), "delete one of them"));
            }
        }
    }
    known.into_iter().map(|(name, (_, text))| (name, text)).collect()
}

impl Checks<'_> {
    fn say(&mut self, file: &str, place: Location, what: String, remedy: impl Into<String>) {
        self.findings.push(Finding::about(file, what, remedy).at(place));
    }

    fn regions(&self) -> Vec<Region> {
        self.pages.mesh.regions.iter().map(|region| region.value).collect()
    }

    fn site(&mut self, name: SiteId, page: &In<SiteText>) {
        let (file, site) = (&page.file, &page.value);
        if !self.regions().contains(&site.region.value) {
            let remedy = format!("add it to `regions` in mesh.yaml, or use one of {}", listed(&self.regions()));
            self.say(file, site.region.referenced, format!("there is no region {}", site.region.value), remedy);
        }
        let wanted = [(&site.erp, SiteKind::Erp), (&site.warehouse, SiteKind::Warehouse), (&site.quality, SiteKind::Quality)];
        for (named, kind) in wanted {
            if let Some(named) = named {
                self.is_a(file, named, kind);
            }
        }
        if site.kind == SiteKind::Plant && site.erp.is_none() {
            self.findings.push(Finding::about(
                file,
                format!("the plant {name} has no ERP"),
                "add `erp:` with the ERP that owns its orders",
            ));
        }
        if site.kind != SiteKind::Erp && !site.periods.is_empty() {
            self.findings.push(Finding::about(file, "only an ERP has posting periods".to_owned(), "move `periods:` to the ERP's file"));
        }
        for (verb, class) in &site.classes {
            self.verb(file, verb, class.referenced);
        }
        self.link(file, site);
    }

    fn verb(&mut self, file: &str, verb: &str, place: Location) {
        if !Effect::VERBS.contains(&verb) {
            self.say(file, place, format!("there is no verb {verb}"), nearest(verb, &Effect::VERBS));
        }
    }

    fn link(&mut self, file: &str, site: &SiteText) {
        let Some(crate::text::TransportText::Http(http)) = &site.link else { return };
        for (verb, mapping) in &http.send {
            self.verb(file, verb, mapping.referenced);
        }
        for mapping in site.mapping_files() {
            if self.folder.file(&mapping.value).is_none() {
                let what = format!("there is no mapping file {}", mapping.value);
                self.say(file, mapping.referenced, what, "name a .jq file by its path from this configuration's folder");
            }
        }
    }

    fn is_a(&mut self, file: &str, named: &Spanned<SiteId>, kind: SiteKind) {
        let found = self.pages.sites.get(&named.value).map(|page| page.value.kind);
        if found == Some(kind) {
            return;
        }
        let fit: Vec<SiteId> = self.pages.sites.iter().filter(|(_, page)| page.value.kind == kind).map(|(name, _)| *name).collect();
        let remedy = format!("use one of {}, or write sites/{}.yaml", listed(&fit), named.value);
        let what = match found {
            None => format!("there is no site {}", named.value),
            Some(other) => format!("{} is not of kind {}, it is of kind {}", named.value, word(kind), word(other)),
        };
        self.say(file, named.referenced, what, remedy);
    }

    fn plant(&mut self, file: &str, named: &Spanned<SiteId>) {
        self.is_a(file, named, SiteKind::Plant);
    }

    fn recipe(&mut self, page: &In<RecipeText>) {
        let (file, recipe) = (&page.file, &page.value);
        self.plant(file, &recipe.plant);
        self.material(file, &recipe.material.value, recipe.material.referenced);
        for operation in &recipe.operations {
            let able = self.pages.equipment.iter().filter(|page| page.value.plant.value == recipe.plant.value);
            if !able.flat_map(|page| &page.value.equipment).any(|piece| piece.class == operation.value.class) {
                let what = format!("{} has no equipment of class {}", recipe.plant.value, operation.value.class);
                self.say(file, operation.referenced, what, format!("add one to equipment/{}.yaml", recipe.plant.value));
            }
        }
        for component in &recipe.components {
            self.material(file, &component.value.material, component.referenced);
            let (name, unit) = (&component.value.material, component.value.qty.uom());
            let known = self.materials.get(name).is_none_or(|text| text.conversions.knows(unit, text.base));
            if !known {
                let what = format!("{unit} is no unit of {name}");
                self.say(file, component.referenced, what, format!("use its base unit, or add {unit} to its conversions"));
            }
        }
        for output in &recipe.outputs {
            self.material(file, &output.value.material, output.referenced);
            self.received(file, recipe, &output.value.material, output.referenced);
        }
    }

    fn material(&mut self, file: &str, name: &MaterialId, place: Location) {
        if !self.materials.contains_key(name) {
            let all: Vec<&str> = self.materials.keys().map(|name| name.as_str()).collect();
            self.say(file, place, format!("there is no material {name}"), nearest(name.as_str(), &all));
        }
    }

    /// What is made must be received in the ERP by some rule.
    fn received(&mut self, file: &str, recipe: &RecipeText, material: &MaterialId, place: Location) {
        let mut rules = self.pages.rules.iter().flat_map(|page| &page.value).map(|rule| &rule.value.matches);
        let covered = rules.any(|rule| {
            rule.site.is_none_or(|site| site == recipe.plant.value)
                && rule.material.as_ref().is_none_or(|wanted| wanted == material)
                && rule.purpose.is_none_or(|purpose| purpose == Use::Produced)
        });
        if !covered {
            let what = format!("no posting rule receives {material} made at {}", recipe.plant.value);
            self.say(file, place, what, "add a rule with `match: {use: produced}` to rules/");
        }
    }

    fn rules(&mut self) {
        for page in &self.pages.rules {
            for rule in &page.value {
                if let Some(site) = rule.value.matches.site.filter(|site| !self.pages.sites.contains_key(site)) {
                    self.say(&page.file, rule.referenced, format!("there is no site {site}"), "name a plant, or leave `site` out for all");
                }
                if let Some(material) = rule.value.matches.material.clone() {
                    self.material(&page.file, &material, rule.referenced);
                }
            }
        }
        let all = self.pages.rules.iter().flat_map(|page| &page.value).map(|rule| rule.value.clone()).collect();
        for contradiction in RuleBook::new(all).err().unwrap_or_default() {
            let place = self.pages.rules.iter().find_map(|page| {
                let rule = page.value.iter().find(|rule| rule.value.id == contradiction.rule)?;
                Some((page.file.clone(), rule.referenced))
            });
            if let Some((file, place)) = place {
                self.say(&file, place, contradiction.to_string(), "");
            }
        }
    }
}

fn word(kind: SiteKind) -> &'static str {
    match kind {
        SiteKind::Erp => "erp",
        SiteKind::Plant => "plant",
        SiteKind::Warehouse => "warehouse",
        SiteKind::Quality => "quality",
    }
}

fn listed<T: ToString>(all: &[T]) -> String {
    all.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// The remedy that names the word that was probably meant.
fn nearest(wrong: &str, known: &[&str]) -> String {
    match known.iter().min_by_key(|word| distance(wrong, word)) {
        Some(best) if distance(wrong, best) <= 2 => format!("did you mean {best}?"),
        Some(_) | None => format!("use one of {}", listed(known.get(..known.len().min(20)).unwrap_or_default())),
    }
}

/// How many letters have to be changed to make one word of the other.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, letter) in a.chars().enumerate() {
        let mut next = vec![i + 1];
        for (j, (other, pair)) in b.iter().zip(row.windows(2)).enumerate() {
            let [diagonal, above] = pair else { continue };
            let left = next.get(j).copied().unwrap_or_default();
            next.push((above + 1).min(left + 1).min(diagonal + usize::from(letter != *other)));
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}
