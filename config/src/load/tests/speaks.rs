//! What a person may get wrong about the systems of the chain: planning that nobody plans for, a portal of no plant, a reader that
//! writes.

use super::*;

const SEND: &str = "def request: empty; def outcome: empty; def inputs: empty;";
const APS: &str = "kind: planning
region: eu
calendar: {zone: Europe/Berlin}
link:
  http: {base: 'http://b', send: {answer_demand: mappings/all.jq}, inbound: {token: t, topics: {'*': mappings/all.jq}}}
";
const PORTAL: &str = "kind: supplier
region: eu
calendar: {zone: Europe/Berlin}
link: {http: {base: 'http://b', inbound: {token: u, topics: {'*': mappings/all.jq}}}}
";
const LAKE: &str = "kind: analytics
region: eu
calendar: {zone: Europe/Berlin}
link:
  http: {base: 'http://b', send: {tell_events: mappings/all.jq}}
";

/// The folder with a planning system, a portal and a reader that are right, but for this file.
fn told(changed: &str, text: &str) -> Vec<String> {
    let erp = format!(
        "{ERP}planning: aps\nlink: {{http: {{base: 'http://b', send: {{place_demand: mappings/all.jq, post: mappings/all.jq}}}}}}\n"
    );
    let plant = format!("{PLANT}supplier: portal\n");
    let right = [
        ("sites/erp.yaml", erp.as_str()),
        ("sites/nord.yaml", plant.as_str()),
        ("sites/aps.yaml", APS),
        ("sites/portal.yaml", PORTAL),
        ("sites/lake.yaml", LAKE),
        ("mappings/all.jq", SEND),
    ];
    let mut files: Vec<(&str, &str)> = right.into_iter().filter(|(name, _)| *name != changed).collect();
    if !changed.is_empty() {
        files.push((changed, text));
    }
    findings(&files)
}

#[test]
fn planning_a_portal_and_a_reader_are_right_and_stand_in_the_book() {
    assert!(told("", "").is_empty(), "{:#?}", told("", ""));
    let (erp, plant) = (format!("{ERP}planning: aps\n"), format!("{PLANT}supplier: portal\n"));
    let dir = folder(&[
        ("sites/erp.yaml", &erp),
        ("sites/nord.yaml", &plant),
        ("sites/aps.yaml", "kind: planning\nregion: eu\ncalendar: {zone: Europe/Berlin}\n"),
        ("sites/portal.yaml", "kind: supplier\nregion: eu\ncalendar: {zone: Europe/Berlin}\n"),
    ]);
    let mesh = load(dir.path(), &BTreeMap::new()).unwrap();
    let site = |name: &str| &mesh.book.sites[&SiteId::parse(name).unwrap()];
    assert_eq!(site("erp").around.planning.map(|named| named.to_string()).as_deref(), Some("aps"));
    assert_eq!(site("nord").around.supplier.map(|named| named.to_string()).as_deref(), Some("portal"));
}

#[test]
fn each_system_of_the_chain_has_what_it_must_and_nothing_else() {
    let table: [(&str, String, &str); 9] = [
        (
            "sites/erp.yaml",
            format!("{ERP}planning: aps\nlink: {{http: {{base: 'http://b'}}}}\n"),
            "sites/erp.yaml:4:11: erp plans for aps, and its link cannot place a demand. add `place_demand` to `send`, or leave out `planning:`",
        ),
        (
            "sites/erp.yaml",
            ERP.to_owned(),
            "sites/aps.yaml: no site of kind erp has aps as its `planning`, so whatever it says is refused. write `planning: aps` in the file of each erp that it speaks to",
        ),
        (
            "sites/nord.yaml",
            format!("{PLANT}supplier: portal\nplanning: aps\n"),
            "sites/nord.yaml:6:11: a site of kind plant has no planning. write `planning:` in the file of each erp that aps serves",
        ),
        (
            "sites/aps.yaml",
            APS.replace("send: {answer_demand: mappings/all.jq}, ", ""),
            "sites/aps.yaml: the planning system aps would never hear what becomes of its demand. add `answer_demand` to `send` of its link",
        ),
        (
            "sites/aps.yaml",
            APS.replace(", inbound: {token: t, topics: {'*': mappings/all.jq}}", ""),
            "sites/aps.yaml: aps could never say what is wanted. give its link `inbound` topics, or a poll",
        ),
        (
            "sites/portal.yaml",
            PORTAL.replace(", inbound: {token: u, topics: {'*': mappings/all.jq}}", ""),
            "sites/portal.yaml: portal could never say what suppliers send. give its link `inbound` topics, or a poll",
        ),
        (
            "sites/lake.yaml",
            LAKE.replace("}}", "}, polls: {all: {path: /x, every_ms: 1000, mapping: mappings/all.jq}}}"),
            "sites/lake.yaml: the reader lake says something, and nothing it says could count. leave out `inbound` and `polls`, or say with `kind` what it is the owner of",
        ),
        (
            "sites/lake.yaml",
            LAKE.replace("}}", ", post: mappings/all.jq}}"),
            "sites/lake.yaml: the reader lake is asked to post, and does nothing but read. leave out `post`",
        ),
        (
            "sites/lake.yaml",
            LAKE.replace(", send: {tell_events: mappings/all.jq}", ""),
            "sites/lake.yaml: the reader lake would never be told anything. add `tell_events` to `send` of its link",
        ),
    ];
    let wrong: Vec<_> = table
        .iter()
        .map(|(file, text, wanted)| (told(file, text), vec![(*wanted).to_owned()]))
        .filter(|(found, wanted)| found != wanted)
        .collect();
    assert!(wrong.is_empty(), "told, and wanted: {wrong:#?}");
}

#[test]
fn who_is_no_reader_is_sent_no_events() {
    let aps = APS.replace("answer_demand: mappings/all.jq", "answer_demand: mappings/all.jq, tell_events: mappings/all.jq");
    let wanted = "sites/aps.yaml: aps is sent public events, and is no reader of them. write a site of kind analytics for who reads them, or leave out `tell_events`";
    assert_eq!(told("sites/aps.yaml", &aps), [wanted]);
}
