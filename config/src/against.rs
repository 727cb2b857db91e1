//! What changed under the name and number that it had before. A posting names the rule it was made by, and an order the recipe it
//! was made to, each with its version: two contents of one version would both be in force, and nobody could tell which was meant.
//! And what cannot change where there are logs: what a site is and where it is at home, and a generation that was reached. Compares
//! a folder with what is in force, or was before a start; looks at nothing else.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use takt_protocol::book::{Book, Recipe, SiteKind};
use takt_protocol::name::{Region, SiteId};
use takt_protocol::posting::Rule;
use takt_protocol::words::MaterialId;

use crate::check::word;
use crate::finding::Finding;
use crate::folder::Folder;
use crate::read;

/// Of a book that is in force, what a folder after it may not say otherwise. Can be kept for the next start: a book cannot.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Standing {
    generation: u16,
    sites: BTreeMap<SiteId, (Region, SiteKind)>,
    rules: Vec<Rule>,
    recipes: Vec<(SiteId, MaterialId, Recipe)>,
}

impl Standing {
    /// Of a book.
    pub fn of(book: &Book) -> Self {
        let versions = book.recipes.iter().flat_map(|((plant, material), all)| all.iter().map(move |recipe| (plant, material, recipe)));
        Self {
            generation: book.generation,
            sites: book.sites.iter().map(|(name, site)| (*name, (site.region, site.kind))).collect(),
            rules: book.rules.rules().to_vec(),
            recipes: versions.map(|(plant, material, recipe)| (*plant, material.clone(), unsigned(recipe))).collect(),
        }
    }
}

/// The rules and recipes of a folder that are otherwise than those in force and have their version, and the sites that are another's
/// under one name. What a plant is told of where a recipe comes from is no part of it, and may be said anew.
pub fn against(before: &Standing, folder: &Folder) -> Vec<Finding> {
    // Variables stand in neither, and what is wrong with the rest is told by the checks.
    let pages = read::pages(folder, &BTreeMap::new(), None, &mut Vec::new());
    let mut findings = Vec::new();
    for (file, rule) in pages.rules.iter().flat_map(|page| page.value.iter().map(move |rule| (&page.file, rule))) {
        let now = &rule.value;
        let same = |old: &&Rule| old.id == now.id && old.version == now.version;
        if before.rules.iter().find(same).is_some_and(|old| old != now) {
            let what = format!("the rule {} is in force as version {} with another content", now.id, now.version);
            findings.push(Finding::about(file, what, "raise its `version`: postings name it").at(rule.referenced));
        }
    }
    let versions: BTreeMap<_, _> =
        before.recipes.iter().map(|(plant, material, recipe)| ((*plant, material, &recipe.version), recipe)).collect();
    for page in &pages.recipes {
        let (plant, material, version) = (page.value.plant.value, &page.value.material.value, &page.value.version);
        let now = unsigned(&page.value.recipe());
        if versions.get(&(plant, material, &now.version)).is_some_and(|old| **old != now) {
            let what = format!("version {} of {material} at {plant} is in force with another content", version.value);
            findings.push(
                Finding::about(&page.file, what, "raise its `version`: orders and the plant's own system name it").at(version.referenced),
            );
        }
    }
    for (name, page) in &pages.sites {
        let (Some((region, kind)), now) = (before.sites.get(name), &page.value) else { continue };
        if *region != now.region.value {
            let what = format!("{name} is at home in {region}, and its log stays there");
            findings.push(Finding::about(&page.file, what, "write it under another name in its new region").at(now.region.referenced));
        }
        if *kind != now.kind {
            let what = format!("{name} is in force as a site of kind {}, and its log is one of that", word(kind));
            findings.push(Finding::about(&page.file, what, "give the other system a name of its own"));
        }
    }
    if pages.mesh.as_ref().is_some_and(|mesh| mesh.generation.get() < before.generation) {
        let what = format!("generation {} is in force, and entities were born in it", before.generation);
        findings.push(Finding::about("mesh.yaml", what, format!("write `generation: {}` or more", before.generation)));
    }
    findings.sort();
    findings
}

/// The recipe, whoever approved it.
fn unsigned(recipe: &Recipe) -> Recipe {
    Recipe { source: String::new(), ..recipe.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{demo, load, trial};

    /// What is told of the demo's folder in force, and a text in one of its files changed, and another.
    fn told(changes: &[(&str, &str, &str)]) -> Vec<String> {
        let dir = tempfile::tempdir().unwrap();
        demo::write_to(dir.path()).unwrap();
        let (variables, _) = trial::filled(&Folder::read(dir.path()).unwrap(), &BTreeMap::new());
        let before = load(dir.path(), &variables).unwrap().book;
        for (file, from, to) in changes {
            let path = dir.path().join(file);
            let text = std::fs::read_to_string(&path).unwrap();
            assert!(text.contains(from), "{file} has no `{from}`");
            std::fs::write(&path, text.replacen(from, to, 1)).unwrap();
        }
        let folder = Folder::read(dir.path()).unwrap();
        // As it is after it was kept, too.
        let kept = serde_json::from_slice(&serde_json::to_vec(&Standing::of(&before)).unwrap()).unwrap();
        assert_eq!(Standing::of(&before), kept);
        against(&kept, &folder).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_is_otherwise_under_its_version_is_told_and_a_new_version_is_right() {
        let rule = ("rules/all.yaml", "trigger: [{count: 50}, shift_end", "trigger: [{count: 60}, shift_end");
        let own = ("plants/ohio/rules.yaml", "every_minutes: 30", "every_minutes: 20");
        let recipe = ("recipes/nord-fg-150.yaml", "qty: 500 KGM", "qty: 510 KGM");
        for (change, wanted) in [
            (
                rule,
                "rules/all.yaml:27:3: the rule issue is in force as version 1 with another content. raise its `version`: postings name it",
            ),
            (
                own,
                "plants/ohio/rules.yaml:2:3: the rule labour@ohio is in force as version 1 with another content. raise its `version`: postings name it",
            ),
            (
                recipe,
                "recipes/nord-fg-150.yaml:4:10: version 3 of FG-150 at nord is in force with another content. raise its `version`: orders and the plant's own system name it",
            ),
        ] {
            assert_eq!(told(&[change]), [wanted]);
        }
        let raised = ("rules/all.yaml", "- id: issue\n  version: 1", "- id: issue\n  version: 2");
        assert_eq!(told(&[rule, raised]), Vec::<String>::new());
        assert_eq!(told(&[own, ("plants/ohio/rules.yaml", "version: 1", "version: 2")]), Vec::<String>::new());
        assert_eq!(told(&[recipe, ("recipes/nord-fg-150.yaml", "version: \"3\"", "version: \"4\"")]), Vec::<String>::new());
    }

    #[test]
    fn a_site_does_not_move_under_its_name_and_a_generation_does_not_shrink() {
        for (change, wanted) in [
            (
                ("sites/plm.yaml", "region: asia", "region: eu"),
                "sites/plm.yaml:4:9: plm is at home in asia, and its log stays there. write it under another name in its new region",
            ),
            (
                ("sites/plm.yaml", "kind: product_data", "kind: quality"),
                "sites/plm.yaml: plm is in force as a site of kind product_data, and its log is one of that. give the other system a name of its own",
            ),
        ] {
            assert_eq!(told(&[change]), [wanted]);
        }
        assert_eq!(told(&[("mesh.yaml", "generation: 1", "generation: 2")]), Vec::<String>::new());
        let dir = tempfile::tempdir().unwrap();
        demo::write_to(dir.path()).unwrap();
        let before = Book { generation: 2, ..Book::default() };
        let found: Vec<String> =
            against(&Standing::of(&before), &Folder::read(dir.path()).unwrap()).iter().map(ToString::to_string).collect();
        assert_eq!(found, ["mesh.yaml: generation 2 is in force, and entities were born in it. write `generation: 2` or more"]);
    }

    #[test]
    fn what_says_the_same_in_other_letters_is_the_same() {
        let nothing = Vec::<String>::new();
        assert_eq!(told(&[]), nothing);
        assert_eq!(told(&[("rules/all.yaml", "- id: issue", "# Ours.\n- id: issue"), ("rules/all.yaml", "scale", "# scale")]), nothing);
        assert_eq!(told(&[("recipes/nord-fg-150.yaml", "PLM, approved", "PLM, approved again")]), nothing);
        assert_eq!(told(&[("materials/all.yaml", "Bracket", "Bracket, black")]), nothing);
    }
}
