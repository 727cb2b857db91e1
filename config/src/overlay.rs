//! A plant's own folder, laid over what holds for all: `plants/<plant>/rules.yaml`, `limits.yaml`, `recipes.yaml`,
//! `workflows.yaml` and `mappings/`. Applied to the pages as they were read, so that everything behind looks at what is in force;
//! each thing keeps the file and line it came from. What is one for the whole mesh has no place in it.

use std::collections::BTreeMap;

use serde_saphyr::Spanned;
use takt_protocol::name::SiteId;
use takt_protocol::posting::{Match, Rule};

use crate::read::{In, Pages};
use crate::text::{LimitsText, NotesText, RulesText, VariantsText};

/// What the folder of a plant may hold, beside mappings.
pub(crate) const FILES: [&str; 4] = ["limits.yaml", "recipes.yaml", "rules.yaml", "workflows.yaml"];

/// One plant's own folder.
#[derive(Debug, Default)]
pub(crate) struct Overlay {
    pub(crate) rules: Option<In<RulesText>>,
    pub(crate) limits: Option<In<LimitsText>>,
    pub(crate) notes: Option<In<NotesText>>,
    pub(crate) variants: Option<In<VariantsText>>,
    /// The mapping file that is used in the place of each.
    pub(crate) mappings: BTreeMap<String, String>,
}

/// The name by which postings tell a plant's rule from the one it is in the place of.
pub(crate) fn rule_name(id: &str, plant: SiteId) -> String {
    format!("{id}@{plant}")
}

/// A plant's rule as it is in force: for its plant alone, and for what the central rule of that name is for where it does not say.
pub(crate) fn rule_in_force(rule: &Rule, plant: SiteId, central: Option<&Rule>) -> Rule {
    let unsaid = rule.matches == Match::default();
    let matches = central.filter(|_| unsaid).map_or_else(|| rule.matches.clone(), |central| central.matches.clone());
    Rule { id: rule_name(&rule.id, plant), matches: Match { site: Some(matches.site.unwrap_or(plant)), ..matches }, ..rule.clone() }
}

/// Lays every plant's folder over the pages.
pub(crate) fn apply(pages: &mut Pages) {
    let plants = std::mem::take(&mut pages.plants);
    let mut rules = Vec::new();
    for (plant, overlay) in &plants {
        if let Some(page) = &overlay.rules {
            let central =
                |id: &str| pages.rules.iter().flat_map(|page| &page.value).find(|rule| rule.value.id == id).map(|rule| &rule.value);
            let own = page
                .value
                .iter()
                .map(|rule| Spanned { value: rule_in_force(&rule.value, *plant, central(&rule.value.id)), ..rule.clone() });
            rules.push(In { file: page.file.clone(), value: own.collect() });
        }
        if let (Some(page), Some(site)) = (&overlay.limits, pages.sites.get_mut(plant)) {
            site.value.limits = page.value.over(&site.value.limits);
        }
        for note in overlay.notes.iter().flat_map(|page| &page.value) {
            let about = |page: &&mut In<crate::text::RecipeText>| {
                let recipe = &page.value;
                recipe.plant.value == *plant && recipe.material.value == note.value.material && recipe.version.value == note.value.version
            };
            if let Some(page) = pages.recipes.iter_mut().find(about) {
                page.value.source.clone_from(&note.value.source);
            }
        }
    }
    pages.rules.extend(rules);
    pages.plants = plants;
}
