//! What a person may get wrong about what is asked of a system: half of a switch, what nobody can do without, what is asked of others.

use super::*;

const ALL: &str = "def request: empty; def outcome: empty; def inputs: empty; def file: { body: {} };";
const ERP_VERBS: &[&str] = &["change_order", "change_stock_status", "convert_planned_order", "post"];
const PLANT_VERBS: &[&str] = &["change_job", "dispatch_job", "hold_job", "resume_job", "revoke_job"];
const WMS_VERBS: &[&str] = &["announce_unit", "answer_departure", "block_shipment", "block_stock", "unblock_shipment", "unblock_stock"];
const QMS_VERBS: &[&str] = &["open_inspection", "tell_hold"];
const TMS_VERBS: &[&str] = &["answer_departure", "block_shipment", "tender_load", "unblock_shipment"];
const CMMS_VERBS: &[&str] = &["report_breakdown"];

/// Each system, what else its text says, and what it is sent.
const SYSTEMS: [(&str, &str, &str, &[&str]); 6] = [
    ("erp", "erp", "", ERP_VERBS),
    ("nord", "plant", "erp: erp\nwarehouse: wms\nquality: qms\nmaintenance: cmms\n", PLANT_VERBS),
    ("wms", "warehouse", "transport: tms\n", WMS_VERBS),
    ("qms", "quality", "", QMS_VERBS),
    ("tms", "transport", "", TMS_VERBS),
    ("cmms", "maintenance", "", CMMS_VERBS),
];

fn text((name, kind, more, verbs): (&str, &str, &str, &[&str])) -> String {
    let send: Vec<String> = verbs.iter().map(|verb| format!("      {verb}: mappings/all.jq\n")).collect();
    let send = if send.is_empty() { String::new() } else { format!("    send:\n{}", send.concat()) };
    format!(
        "kind: {kind}\nregion: eu\ncalendar: {{zone: Europe/Berlin}}\n{more}link:\n  http:\n    base: 'http://{name}'\n{send}    inbound: {{token: t-{name}, topics: {{'*': mappings/all.jq}}}}\n"
    )
}

/// The six systems, with this one otherwise and more files; what is found, and what is noted.
fn with(changed: (&str, &str, &[&str]), more: &[(&str, &str)]) -> (Vec<String>, Vec<String>) {
    let (name, own, verbs) = changed;
    let sites = SYSTEMS.map(|(site, kind, usual, all)| {
        let changed = if site == name { (site, kind, own, verbs) } else { (site, kind, usual, all) };
        (format!("sites/{site}.yaml"), text(changed))
    });
    let mut files: Vec<(&str, &str)> = sites.iter().map(|(file, text)| (file.as_str(), text.as_str())).collect();
    let inspected = MATERIALS.replace("base: H87}", "base: H87, lot_mode: lot, inspected: true}");
    files.extend([("mappings/all.jq", ALL), ("materials/all.yaml", inspected.as_str())]);
    files.extend(more);
    let (dir, mut notes) = (folder(&files), Vec::new());
    let loaded = load_noted(&Folder::read(dir.path()).unwrap(), &BTreeMap::new(), None, &mut notes);
    let told = |found: &[Finding]| {
        found
            .iter()
            .map(ToString::to_string)
            .filter(|one| !one.starts_with("mesh.yaml") && !one.contains("stands in the text"))
            .collect::<Vec<_>>()
    };
    (loaded.err().map(|found| told(&found)).unwrap_or_default(), told(&notes))
}

/// A system without a verb.
fn without(name: &str, verbs: &[&str]) -> (Vec<String>, Vec<String>) {
    let (_, _, usual, all) = SYSTEMS.into_iter().find(|(site, ..)| *site == name).unwrap();
    let left: Vec<&str> = all.iter().copied().filter(|verb| !verbs.contains(verb)).collect();
    with((name, usual, &left), &[])
}

#[test]
fn a_mesh_in_which_everybody_can_be_asked_everything_is_right_and_nothing_is_noted() {
    assert_eq!(with(("", "", &[]), &[]), (Vec::new(), Vec::new()));
}

#[test]
fn what_nobody_can_do_without_can_be_asked_wherever_anything_is() {
    let table: [(&str, &[&str], &str); 10] = [
        (
            "wms",
            &["block_stock", "unblock_stock"],
            "wms cannot be asked to block_stock, and nobody can do without: bad stock is held everywhere at once",
        ),
        ("wms", &["answer_departure"], "wms cannot be asked to answer_departure, and nobody can do without: no departure is authorised"),
        (
            "wms",
            &["unblock_stock"],
            "wms can be asked to block_stock and never to unblock_stock. add `unblock_stock` to `send` of its link",
        ),
        (
            "nord",
            &["dispatch_job"],
            "nord cannot be asked to dispatch_job, and nobody can do without: a released order reaches its plant. add `dispatch_job`",
        ),
        ("nord", &["resume_job"], "nord can be asked to hold_job and never to resume_job"),
        ("erp", &["post"], "erp cannot be asked to post, and nobody can do without: every reported unit is in exactly one place"),
        ("tms", &["tender_load"], "tms cannot be asked to tender_load, and nobody can do without: no truck would ever be asked for"),
        ("tms", &["block_shipment"], "tms can be asked to unblock_shipment and never to block_shipment"),
        (
            "qms",
            &["tell_hold"],
            "qms cannot be asked to tell_hold, and nord does not do without it. add `tell_hold` to `send` of its link, or write `hold_resolution: {without: [tell_hold]}` in plants/nord/workflows.yaml",
        ),
        ("wms", &["announce_unit"], "wms cannot be asked to announce_unit, and nord does not do without it"),
    ];
    for (name, verbs, wanted) in table {
        let (found, _) = without(name, verbs);
        assert!(
            found.len() == 1 && found[0].contains(wanted) && found[0].starts_with(&format!("sites/{name}.yaml:")),
            "{verbs:?}: {found:#?}"
        );
        let line = found[0].split(':').nth(1).unwrap();
        assert!(line.parse::<u32>().is_ok_and(|line| line > 4), "no line: {found:?}");
    }
}

#[test]
fn the_laboratory_is_told_of_samples_where_something_is_inspected() {
    let (found, _) = without("qms", &["open_inspection"]);
    assert!(found.len() == 1 && found[0].contains("qms cannot be asked to open_inspection, and nord does not do without it"), "{found:#?}");
    let plain = [("materials/all.yaml", MATERIALS)];
    let (found, notes) = with(("qms", "", &["tell_hold"]), &plain);
    assert!(
        found.is_empty() && notes.len() == 1 && notes[0].contains("qms cannot be asked to open_inspection: a person does it"),
        "{found:?} {notes:?}"
    );
}

#[test]
fn what_a_plant_does_without_and_who_only_tells_is_right() {
    let own = [("plants/nord/workflows.yaml", "hold_resolution: {without: [tell_hold]}\nbatch_completion: {without: [announce_unit]}\n")];
    assert!(with(("qms", "", &["open_inspection"]), &own).0.is_empty());
    let (_, _, usual, _) = SYSTEMS[1];
    let quiet: [(&str, &str, &[&str]); 4] =
        [("nord", usual, &[]), ("wms", "", &["announce_unit", "block_stock", "unblock_stock"]), ("qms", "", &[]), ("erp", "", &["post"])];
    for (name, more, verbs) in quiet {
        let (found, notes) = with((name, more, verbs), &[]);
        assert!(found.is_empty(), "{name}: {found:#?}");
        let noted = notes.iter().any(|note| note.starts_with(&format!("sites/{name}.yaml:")) && note.contains("cannot be asked to"));
        assert!(noted, "{name}: {notes:#?}");
    }
    // Whose books are only read is asked for nothing.
    let books = [("mappings/books.jq", ALL)];
    assert!(with(("wms", "", &["read_books"]), &books).0.is_empty());
    let skipped = [
        ("rules/all.yaml", RULES.replace("trigger:", "method: skip, trigger:")),
        ("rules/usual.yaml", USUAL.replace("trigger:", "method: backflush, trigger:")),
    ];
    let skipped = skipped.each_ref().map(|(file, text)| (*file, text.as_str()));
    assert!(with(("erp", "", &["change_order"]), &skipped).0.is_empty(), "what nobody posts needs no post");
}

#[test]
fn nobody_is_asked_what_only_others_are_or_promised_what_is_never_sent() {
    let (found, _) = with(("qms", "", &["open_inspection", "tell_hold", "dispatch_job"]), &[]);
    let wanted = "sites/qms.yaml:10:21: a site of kind quality is never asked to dispatch_job, so nothing is ever sent to qms by this. leave it out, or write it in the file of a site of kind plant";
    assert_eq!(found, [wanted]);
    let (found, _) = with(("qms", "classes: {dispatch_job: dedup_by_key}\n", QMS_VERBS), &[]);
    let wanted = "sites/qms.yaml:4:25: nothing is sent to qms by dispatch_job, so nothing can be promised of it. take it out of `classes`, or add it to `send` of the link";
    assert_eq!(found, [wanted]);
    let (found, _) = with(("wms", "classes: {answer_departure: dedup_by_key}\ntransport: tms\n", &WMS_VERBS[2..]), &[]);
    assert!(found.iter().all(|one| !one.contains("can be promised")), "what is missing was told: {found:#?}");
}
