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
    assert!(found[0].starts_with("mappings/mes-json/reports.test.yaml:5:"), "{found:?}");
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
    let found = checked("rules/all.test.yaml", "confirmed: {op: \"10\", scrap", "confirmed: {op: \"70\", scrap");
    assert!(found.len() == 1 && found[0].contains("{\"confirmed\":{\"op\":\"70\""), "as it is written, not as we keep it: {found:?}");
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
fn a_mapping_of_another_kind_of_system_is_noted() {
    let dir = tempfile::tempdir().unwrap();
    demo::write_to(dir.path()).unwrap();
    let path = dir.path().join("sites/qms.yaml");
    let text = std::fs::read_to_string(&path).unwrap();
    let other = text.replace("mappings/qms-json/events.jq", "mappings/erp-sap/events.jq");
    assert_ne!(text, other);
    std::fs::write(&path, other).unwrap();
    std::fs::write(dir.path().join("mappings/erp-sap/events.test.yaml"), "site: erp-eu\ncases: [{name: x, given: {}, fails: topic}]\n")
        .unwrap();
    let notes: Vec<String> = check(dir.path(), &BTreeMap::new()).notes.iter().map(ToString::to_string).collect();
    let wanted = "sites/qms.yaml:16:21: mappings/erp-sap/events.jq is tried with what erp-eu says, and qms is another kind of system.";
    assert!(notes.iter().any(|note| note.starts_with(wanted)), "{notes:#?}");
}

#[test]
fn a_test_does_not_change_what_is_in_force() {
    let dir = tempfile::tempdir().unwrap();
    demo::write_to(dir.path()).unwrap();
    let before = check(dir.path(), &BTreeMap::new()).hash;
    std::fs::write(dir.path().join("rules/more.test.yaml"), "plant: nord\nmaterial: FG-100\ntotal: 1 H87\ncases: []\n").unwrap();
    assert_eq!(check(dir.path(), &BTreeMap::new()).hash, before);
}

/// A format of one's own: a mapping written in text takes XML or CSV, and is tried letter for letter.
#[test]
fn a_plant_that_speaks_xml_or_csv_is_text_only() {
    let speaks = |format: &str, jq: &str, given: &str| {
        let dir = tempfile::tempdir().unwrap();
        demo::write_to(dir.path()).unwrap();
        let site = dir.path().join("sites/nord.yaml");
        let text = std::fs::read_to_string(&site).unwrap();
        let own = text.replace(
            "topics: {\"*\": mappings/mes-json/reports.jq}",
            &format!("format: {format}\n      topics: {{\"*\": mappings/own.jq}}"),
        );
        assert_ne!(own, text);
        std::fs::write(site, own).unwrap();
        std::fs::write(dir.path().join("mappings/own.jq"), jq).unwrap();
        let wanted = "    has:\n      /0/body/order/report/confirmed/good/qty: 40 H87\n      /1/key/mark/text: b\n";
        std::fs::write(
            dir.path().join("mappings/own.test.yaml"),
            format!("site: nord\ncases:\n  - name: two lines\n    given: |\n{given}{wanted}"),
        )
        .unwrap();
        found(dir.path())
    };
    let say = r#"def say($order; $op; $good; $key; $at): { to: { native: { kind: "order", names: [{ system: "erp-eu", kind: "order", id: $order }] } },
  key: { mark: { text: $key } }, occurred_at: $at, body: { order: { report: { confirmed: { op: $op, good: { qty: "\($good) H87" } } } } } };
"#;
    let xml = r##"def text: .[0]["#"];
def inputs: .body.Performance[0] | .Response[] | say(.Order | text; .Segment | text; .Good | text; .["@id"]; .At | text);
"##;
    let document = r#"      <?xml version="1.0"?>
      <p:Performance xmlns:p="urn:theirs">
        <p:Response id="a"><p:Order>1000042</p:Order><p:Segment>10</p:Segment><p:Good>40</p:Good><p:At>2026-11-24T03:10:00+01:00</p:At></p:Response>
        <p:Response id="b"><p:Order>1000042</p:Order><p:Segment>20</p:Segment><p:Good>2</p:Good><p:At>2026-11-24T03:10:00+01:00</p:At></p:Response>
      </p:Performance>
"#;
    assert_eq!(speaks("xml", &format!("{say}{xml}"), document), Vec::<String>::new());
    let csv = "def inputs: .body[] | say(.order; .op; (.good | sub(\",\"; \".\")); .key; .at);\n";
    let rows =
        "      key;order;op;good;at\n      a;1000042;10;40;2026-11-24T03:10:00+01:00\n      b;1000042;20;2,5;2026-11-24T03:10:00+01:00\n";
    assert_eq!(speaks("{csv: {delimiter: \";\"}}", &format!("{say}{csv}"), rows), Vec::<String>::new());
    let found = speaks("{csv: {delimiter: \"\u{a7}\"}}", &format!("{say}{csv}"), rows);
    assert!(found.len() == 1 && found[0].contains("cannot stand between fields"), "{found:?}");
}
