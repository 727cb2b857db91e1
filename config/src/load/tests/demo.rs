//! The folder to start from: right as it is, and easy to add to.

use super::super::*;
use crate::demo;

/// What the demo fills in.
fn variables() -> BTreeMap<String, String> {
    let value = |name: &str| if name.ends_with("_DIR") { format!("/t/{name}") } else { format!("http://127.0.0.1:1/{name}") };
    demo::VARIABLES.iter().map(|name| ((*name).to_owned(), value(name))).collect()
}

#[test]
fn the_demo_s_folder_is_right_and_what_people_changed_stays() {
    let dir = tempfile::tempdir().unwrap();
    demo::write_to(dir.path()).unwrap();
    let mesh = load(dir.path(), &variables()).unwrap_or_else(|found| panic!("{found:?}"));
    assert_eq!(mesh.regions.len(), 3);
    std::fs::write(dir.path().join("README.md"), "mine").unwrap();
    demo::write_to(dir.path()).unwrap();
    assert_eq!(std::fs::read_to_string(dir.path().join("README.md")).unwrap(), "mine");
}

/// A mapping or a test of one that is not in the folder is run by nobody.
#[test]
fn every_mapping_and_every_test_of_one_is_in_the_folder() {
    let whole = Path::new(env!("CARGO_MANIFEST_DIR")).join("mappings");
    let mut counted = 0;
    for system in std::fs::read_dir(&whole).unwrap() {
        for file in std::fs::read_dir(system.unwrap().path()).unwrap() {
            let path = file.unwrap().path();
            if path.is_file() {
                let name = format!("mappings/{}", path.strip_prefix(&whole).unwrap().display());
                assert!(demo::FILES.iter().any(|(known, _)| *known == name), "{name} is not in the folder");
                counted += 1;
            }
        }
    }
    assert!(counted > 80, "only {counted} files");
}

#[test]
fn it_is_explained_when_and_how_the_books_of_a_system_are_compared() {
    let dir = tempfile::tempdir().unwrap();
    demo::write_to(dir.path()).unwrap();
    let told = |key: &str| {
        let found = crate::explain::explain(dir.path(), &variables(), key).unwrap_or_else(|found| panic!("{found:?}"));
        found.iter().map(|one| format!("{} = {} {}", one.key, one.in_force.value, one.in_force)).collect::<Vec<_>>()
    };
    assert_eq!(
        told("reconcile.erp-eu"),
        [
            "reconcile.erp-eu.at = 22:00 sites/erp-eu.yaml:19 (central, for this one)",
            "reconcile.erp-eu.at_once = 4 sites/erp-eu.yaml:19 (central, for this one)",
            "reconcile.erp-eu.by_itself_within_percent = 0 built in",
            "reconcile.erp-eu.every_ms = never built in",
            "reconcile.erp-eu.patience_ms = 600000 sites/erp-eu.yaml:19 (central, for this one)",
            "reconcile.erp-eu.settle_ms = 1500 sites/erp-eu.yaml:19 (central, for this one)",
        ]
    );
    assert!(told("reconcile").len() > 5, "{:?}", told("reconcile"));
}

/// The commands of the guide, as a stranger would type them.
fn guide() -> &'static str {
    let (_, readme) = demo::FILES.iter().find(|(name, _)| *name == "README.md").unwrap();
    readme.split_once("```sh\n").unwrap().1.split_once("```").unwrap().0
}

#[test]
fn a_stranger_adds_a_material_and_a_plant_by_the_guide_s_own_commands() {
    let dir = tempfile::tempdir().unwrap();
    demo::write_to(dir.path()).unwrap();
    let before = load(dir.path(), &variables()).unwrap();
    let ran = std::process::Command::new("sh").args(["-e", "-c", guide()]).current_dir(dir.path()).status().unwrap();
    assert!(ran.success());
    let mut variables = variables();
    variables.insert("SUED_URL".to_owned(), "http://127.0.0.1:1".to_owned());
    variables.insert("SUED_TOKEN".to_owned(), "t".to_owned());
    let mesh = load(dir.path(), &variables).unwrap_or_else(|found| panic!("{found:?}"));
    let sued = SiteId::parse("sued").unwrap();
    assert!(mesh.book.sites.contains_key(&sued) && mesh.links.contains_key(&sued));
    assert!(mesh.book.recipes.contains_key(&(sued, MaterialId::parse("FG-900").unwrap())));
    assert!(mesh.book.equipment.contains_key(&sued));
    assert_ne!(mesh.book.hash, before.book.hash);
}

#[test]
fn every_word_that_the_rules_comments_name_is_read() {
    let dir = tempfile::tempdir().unwrap();
    demo::write_to(dir.path()).unwrap();
    let rule =
        "- {id: mine, version: 1, match: {use: rework, site: nord, material: FG-100, op: '10'}, movement: confirmation, method: explicit,
   trigger: [each_report, {count: 50}, {every_minutes: 60}, shift_end, completion, unit_closed],
   group_by: [op, plant_day, unit], scale: 3, rounding: half_even, date: flushed, late: next_open_date}
- {id: other, version: 1, match: {use: machine}, trigger: [hold], movement: confirmation, method: backflush, rounding: down}
- {id: last, version: 1, match: {use: rework}, trigger: [hold], movement: confirmation, method: skip, rounding: half_up,
   date: occurred, late: park}
";
    std::fs::write(dir.path().join("rules/mine.yaml"), rule).unwrap();
    let mesh = load(dir.path(), &variables()).unwrap_or_else(|found| panic!("{found:?}"));
    assert_eq!(mesh.book.rules.rules().len(), 9, "five for all, one of ohio's own, and these");
}
