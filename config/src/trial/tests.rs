//! The tests of a folder: they pass where the text is right, and fail where it is not.

use std::collections::BTreeMap;
use std::path::Path;

use super::check;
use crate::demo;

/// The demo's folder with one text changed.
fn checked(file: &str, before: &str, after: &str) -> Vec<String> {
    let dir = tempfile::tempdir().unwrap();
    demo::write_to(dir.path()).unwrap();
    let path = dir.path().join(file);
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains(before), "{file} has no `{before}`");
    std::fs::write(&path, text.replacen(before, after, 1)).unwrap();
    found(dir.path())
}

fn found(dir: &Path) -> Vec<String> {
    check(dir, &BTreeMap::new()).findings.iter().map(ToString::to_string).collect()
}

#[test]
fn the_folder_to_start_from_passes_its_own_tests_and_needs_no_secret_for_it() {
    let dir = tempfile::tempdir().unwrap();
    demo::write_to(dir.path()).unwrap();
    let checked = check(dir.path(), &BTreeMap::new());
    assert!(checked.findings.is_empty(), "{:#?}", checked.findings);
    assert!(checked.mapping_cases >= 15 && checked.rule_cases >= 6, "{checked:?}");
    assert_eq!(checked.unset, demo::VARIABLES);
}

#[test]
fn a_mapping_that_was_broken_fails_its_test_with_place_and_what_it_gave() {
    let found = checked("mappings/mes-json/reports.jq", "mark: { number: .body.sequence }", "mark: { number: 1 }");
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(found[0].starts_with("mappings/mes-json/reports.test.yaml:4:"), "{found:?}");
    assert!(
        found[0].contains("`a piece is counted, and known again by its job's sequence` fails") && found[0].contains("\"number\":1"),
        "{found:?}"
    );
}

#[test]
fn a_rule_that_was_changed_fails_its_test_with_the_postings_that_came() {
    let found = checked("rules/all.yaml", "trigger: [{count: 50}, shift_end, completion]", "trigger: [shift_end, completion]");
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(found[0].contains("1 postings were wanted, and there came no posting"), "{found:?}");
    let found = checked("rules/all.test.yaml", "qty: 100 H87}", "qty: 99 H87}");
    assert!(found[0].contains("what was left is 100 H87 Yield op 10 of FG-100"), "{found:?}");
}

#[test]
fn a_test_that_stands_beside_nothing_or_gives_what_there_is_not_is_told() {
    let dir = tempfile::tempdir().unwrap();
    demo::write_to(dir.path()).unwrap();
    std::fs::write(dir.path().join("mappings/mine.test.yaml"), "site: nord\ncases: []\n").unwrap();
    std::fs::write(dir.path().join("mappings/erp-sap/events.test.yaml"), "site: west\ncases: [{name: x, given: {}}]\n").unwrap();
    std::fs::write(dir.path().join("mappings/qms-json/tell_hold.test.yaml"), "site: qms\ncases: [{name: x, effect: {hold: {}}}]\n")
        .unwrap();
    let found = found(dir.path());
    assert_eq!(found.len(), 3, "{found:#?}");
    for (found, words) in
        found.iter().zip(["there is no site west with a link", "there is no mapping mappings/mine.jq", "`effect` is none that Takt has"])
    {
        assert!(found.contains(words), "{found}");
    }
}

#[test]
fn a_test_does_not_change_what_is_in_force() {
    let dir = tempfile::tempdir().unwrap();
    demo::write_to(dir.path()).unwrap();
    let before = check(dir.path(), &BTreeMap::new()).hash;
    std::fs::write(dir.path().join("rules/more.test.yaml"), "plant: nord\nmaterial: FG-100\ntotal: 1 H87\ncases: []\n").unwrap();
    assert_eq!(check(dir.path(), &BTreeMap::new()).hash, before);
}
