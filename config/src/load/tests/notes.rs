//! What is right, and may not be what somebody thinks it is.

use super::*;
use crate::{demo, start};

const ALL: &str = "def request: empty; def outcome: empty; def inputs: empty;";

/// What is noted of a folder that is right.
fn noted(changed: &[(&str, &str)]) -> Vec<String> {
    let (dir, mut notes) = (folder(changed), Vec::new());
    let loaded = load_noted(&Folder::read(dir.path()).unwrap(), &BTreeMap::from([("T".to_owned(), "t".to_owned())]), None, &mut notes);
    assert!(loaded.is_ok(), "{:#?}", loaded.err());
    notes.iter().map(ToString::to_string).collect()
}

#[test]
fn nothing_is_noted_of_the_folders_to_start_from() {
    type Write = fn(&Path) -> std::io::Result<()>;
    for write in [demo::write_to as Write, start::write_to] {
        let dir = tempfile::tempdir().unwrap();
        write(dir.path()).unwrap();
        let checked = crate::trial::check(dir.path(), &BTreeMap::new());
        assert!(checked.notes.is_empty() && checked.findings.is_empty(), "{:#?}", checked.notes);
    }
}

/// Files that are otherwise, and how a note begins that there is then.
type Case<'a> = (&'a [(&'a str, &'a str)], &'a str);

fn all_noted(cases: &[Case<'_>]) {
    let told = cases.iter().map(|(changed, wanted)| (wanted, noted(changed)));
    let wrong: Vec<_> = told.filter(|(wanted, notes)| !notes.iter().any(|note| note.starts_with(*wanted))).collect();
    assert!(wrong.is_empty(), "wanted, and noted: {wrong:#?}");
}

#[test]
fn what_nobody_names_does_or_compares_is_noted() {
    let finance = "clients: [{name: a, token: '${T}', role: finance}]\n";
    let shifts = RULES.replace("each_report", "shift_end");
    let regrind = RECIPE.replace("material: STEEL, qty: 0.4 KGM", "material: FG, qty: 1 H87");
    let chain = RECIPE
        .replace("material: FG\n", "material: STEEL\n")
        .replace("base_quantity: 1 H87", "base_quantity: 1 KGM")
        .replace("material: STEEL, qty: 0.4 KGM", "material: FG, qty: 1 H87")
        .replace("kind: main, material: FG", "kind: main, material: STEEL");
    let roles = format!("planning: {{may: [{}], sites: [erp]}}\n", takt_protocol::role::VERBS.join(", "));
    let all = takt_protocol::role::VERBS.join(", ");
    all_noted(&[
        (&[("mesh.yaml", &format!("regions: [eu, far]\n{finance}"))], "mesh.yaml:1:15: no site is at home in the region far."),
        (
            &[("mesh.yaml", &format!("{MESH}{finance}"))],
            "mesh.yaml:2:10: only a may write_off, and what is given up wants a second client who may.",
        ),
        (&[], "mesh.yaml:2:11: the token of planner stands in the text, for everybody who may read it. write `token: ${NAME}`"),
        (
            &[("sites/cmms.yaml", &ERP.replace("kind: erp", "kind: maintenance"))],
            "sites/cmms.yaml:1:7: no site of kind plant has cmms as its `maintenance`.",
        ),
        (
            &[("plants/nord/workflows.yaml", "release: {with: [equipment]}\n")],
            "plants/nord/workflows.yaml:1:18: nord has equipment anyway: no workflow in workflows/ does without it.",
        ),
        (&[("rules/all.yaml", &shifts)], "rules/all.yaml:1:3: nord says nothing of shifts, so the rule receipt posts at midnight there."),
        (&[("recipes/fg.yaml", &regrind)], "recipes/fg.yaml:9:39: FG is made of FG. correct the material, where it is no recycling"),
        (&[("recipes/steel.yaml", &chain)], "recipes/fg.yaml:9:39: FG is made of FG by way of STEEL."),
        (&[("roles.yaml", &roles)], &format!("roles.yaml: nobody may {all} at nord: every role that may is limited to other sites.")),
    ]);
}

#[test]
fn what_rules_recipes_and_codes_may_not_mean_is_noted() {
    let hears = "inbound: {token: '${T}', topics: {'*': m.jq}}";
    let erp = |more: &str| format!("{ERP}link: {{http: {{base: 'http://b', {hears}{more}}}}}\n");
    let plant = format!("{PLANT}link: {{http: {{base: 'http://b', {hears}}}}}\n");
    all_noted(&[
        (
            &[("sites/nord.yaml", &plant), ("m.jq", "def inputs: { confirmed: { labour: { qty: .b } } };")],
            "sites/nord.yaml:5:72: m.jq can report labour, and no posting rule takes it at nord. add a rule with `match: {use: labour}`",
        ),
        (
            &[("sites/erp.yaml", &erp(", tables: {units: {H87: EA}}")), ("m.jq", "def inputs: .tables.unit[.body];")],
            "sites/erp.yaml:4:96: no mapping of erp looks at its table units. did you mean unit?",
        ),
        (
            &[
                ("sites/erp.yaml", &erp(", tables: {plant: {sued: X}}")),
                ("sites/two.yaml", ERP),
                ("sites/sued.yaml", &PLANT.replace("erp: erp", "erp: two")),
                ("m.jq", "def inputs: .tables.plant;"),
            ],
            "sites/erp.yaml:4:103: the table plant of erp has a word for sued, whose ERP is two.",
        ),
        (
            &[("sites/erp.yaml", &erp(", tables: {unit: {default: STK}}")), ("m.jq", "def inputs: .tables.unit;")],
            "sites/erp.yaml:4:105: `STK` for what says no unit is not a valid unit of measure.",
        ),
        (
            &[("workflows/all.yaml", governance::WORKFLOWS), ("sites/erp.yaml", &erp("")), ("m.jq", ALL)],
            "workflows/all.yaml:2:121: what batch_completion moves is to be compared with the books of erp, and nobody reads them.",
        ),
        (
            &[("rules/more.yaml", &RULES.replace("id: receipt", "id: odd").replace("use: produced", "use: produced, material: STEEL"))],
            "rules/more.yaml:1:3: the rule odd is for STEEL, which no recipe there makes.",
        ),
        (
            &[("recipes/fg.yaml", &format!("{RECIPE}  - {{kind: co_product, material: STEEL}}\n"))],
            "recipes/fg.yaml:9:39: STEEL is made of STEEL.",
        ),
        (&[], "mesh.yaml:2:10: no client may confirm_completion, correct_count, issue_material, reconcile,"),
    ]);
}

#[test]
fn what_is_asked_too_early_or_by_another_mapping_is_noted() {
    let hears = "inbound: {token: '${T}', topics: {'*': m.jq}}";
    let erp = |more: &str| format!("{ERP}link: {{http: {{base: 'http://b', {hears}{more}}}}}\n");
    let plant = format!("{PLANT}link: {{http: {{base: 'http://b', {hears}}}}}\n");
    all_noted(&[
        (
            &[("materials/more.yaml", "Fg: {description: x, base: H87}\n")],
            "materials/more.yaml:1:5: Fg and FG are two materials. write it in the same letters, where it is one",
        ),
        (&[], "mesh.yaml:2:10: exceptions are opened for the roles finance, it, production, quality, and no client has one of them."),
        (
            &[("rules/all.yaml", &RULES.replace("[each_report]", "[each_report, completion]"))],
            "rules/all.yaml:1:3: the rule receipt posts each report at once, so its other triggers never come true.",
        ),
        (
            &[("rules/all.yaml", &RULES.replace("movement:", "method: skip, movement:"))],
            "recipes/fg.yaml:11:28: FG made at nord is received by nobody: its rules are to be skipped.",
        ),
        (
            &[
                ("mesh.yaml", &format!("{MESH}policy: {{dispatch_patience_ms: 9000}}\n{CLIENTS}")),
                ("sites/nord.yaml", &plant),
                ("m.jq", ALL),
            ],
            "mesh.yaml:2:32: nord is asked again after 9000 ms, and one attempt may take 10000 ms.",
        ),
        (
            &[
                ("sites/nord.yaml", &format!("{PLANT}link: {{http: {{base: 'http://b', send: {{dispatch_job: x/hold_job.jq}}}}}}\n")),
                ("x/hold_job.jq", ALL),
            ],
            "sites/nord.yaml:5:54: dispatch_job is sent by a mapping that is called hold_job. look whether two mappings were exchanged",
        ),
        (
            &[("sites/erp.yaml", &erp(", tables: {unit: {H87: EA}}")), ("m.jq", "def inputs: .tables.unit;")],
            "sites/erp.yaml:4:95: the table unit of erp has no word for KGM, in which something is measured.",
        ),
        (
            &[("sites/erp.yaml", &erp(", tables: {unit: {H87: KGM, KGM: H87}}")), ("m.jq", "def inputs: .tables.unit;")],
            "sites/erp.yaml:4:101: the table unit of erp has KGM for H87, and a word for KGM itself.",
        ),
        (
            &[("sites/erp.yaml", &erp(", tables: {stock: {unrestricted: A}}")), ("m.jq", "def inputs: .tables.stock;")],
            "sites/erp.yaml:4:96: the table stock of erp has no word for quality_inspection, blocked.",
        ),
    ]);
}

#[test]
fn who_says_nothing_and_what_tests_nothing_is_noted() {
    let mute = format!("{PLANT}link: {{http: {{base: 'http://b', send: {{dispatch_job: m.jq}}}}}}\n");
    let notes = noted(&[("sites/nord.yaml", &mute), ("m.jq", ALL)]);
    assert!(notes.iter().any(|note| note.starts_with("sites/nord.yaml:5:7: nord could never say what it makes.")), "{notes:#?}");
    assert!(
        notes.iter().any(|note| note.contains("nord cannot be asked to change_job, hold_job, resume_job, revoke_job: a person does it"))
    );
    let literal =
        format!("{ERP}link: {{http: {{base: 'http://b', bearer: s3cret, inbound: {{token: '${{T}}', topics: {{'*': m.jq}}}}}}}}\n");
    let notes = noted(&[("sites/erp.yaml", &literal), ("m.jq", ALL)]);
    assert!(notes.iter().any(|note| note.starts_with("sites/erp.yaml:4:41: the bearer stands in the text")), "{notes:#?}");
    assert!(!notes.iter().any(|note| note.contains("s3cret") || note.contains("the token stands")), "{notes:#?}");
    let dir = folder(&[("rules/none.test.yaml", "plant: nord\nmaterial: FG\ntotal: 1 H87\ncases: []\n")]);
    let checked = crate::trial::check(dir.path(), &BTreeMap::new());
    let empty = "rules/none.test.yaml: there is no case in this file of tests.";
    assert!(checked.findings.is_empty() && checked.notes.iter().any(|note| note.to_string().starts_with(empty)), "{checked:#?}");
}

#[test]
fn a_secret_by_which_two_could_speak_for_each_other_is_noted() {
    let http = |text: &str, token: &str| {
        format!("{text}link: {{http: {{base: 'http://b', inbound: {{token: {token}, topics: {{'*': m.jq}}}}}}}}\n")
    };
    let both = |erp: &str, nord: &str| {
        let notes = noted(&[("sites/erp.yaml", &http(ERP, erp)), ("sites/nord.yaml", &http(PLANT, nord)), ("m.jq", ALL)]);
        notes.into_iter().filter(|note| note.contains("the same secret")).collect::<Vec<_>>()
    };
    assert!(both("a", "b").is_empty());
    let own = "so each could speak for the other. give each its own: `${NAME}` with a name for each";
    assert_eq!(both("a", "a"), [format!("sites/nord.yaml:5:50: nord shows who it is by the same secret as erp, {own}")]);
    assert_eq!(both("p", "b"), [format!("sites/erp.yaml:4:50: erp shows who it is by the same secret as the client planner, {own}")]);
}

#[test]
fn limits_that_no_system_has_are_noted_where_they_stand() {
    let with = |limits: &str| noted(&[("sites/nord.yaml", &format!("{PLANT}limits: {{{limits}}}\n"))]);
    let about = |notes: Vec<String>| notes.into_iter().filter(|note| note.contains("` is ")).collect::<Vec<_>>();
    for (limits, wanted) in [
        (
            "window_ms: 10",
            "sites/nord.yaml:5:21: `window_ms` is 10: nearly every answer would come too late, and be in doubt. write 100 or more",
        ),
        (
            "window_ms: 86400000",
            "sites/nord.yaml:5:21: `window_ms` is 86400000: an errand whose reply was lost would be noticed that late.",
        ),
        ("at_once: 9000", "sites/nord.yaml:5:19: `at_once` is 9000: few systems stand so many calls at once. write 256 or less"),
        ("per_minute: 900000", "sites/nord.yaml:5:22: `per_minute` is 900000: more than one call a millisecond is no limit."),
        ("failures: 5000", "sites/nord.yaml:5:20: `failures` is 5000:"),
        ("rest_ms: 1", "sites/nord.yaml:5:19: `rest_ms` is 1: that is no rest."),
        ("rest_max_ms: 864000000", "sites/nord.yaml:5:23: `rest_max_ms` is 864000000:"),
    ] {
        let notes = about(with(limits));
        assert!(matches!(notes.as_slice(), [one] if one.starts_with(wanted)), "{limits}: {notes:#?}");
    }
    assert_eq!(
        about(with("window_ms: 100, at_once: 256, per_minute: 60000, failures: 1000, rest_ms: 100, rest_max_ms: 86400000")),
        [""; 0]
    );
    let own = about(noted(&[("plants/nord/limits.yaml", "window_ms: 10\n")]));
    assert!(matches!(own.as_slice(), [one] if one.starts_with("plants/nord/limits.yaml:1:12: `window_ms` is 10")), "{own:#?}");
}

#[test]
fn a_file_that_two_topics_fit_is_noted_with_the_one_that_takes_it() {
    let link = |topics: &str| format!("{PLANT}link: {{files: {{inbound: {{folder: /in, every_ms: 1000, topics: {{{topics}}}}}}}}}\n");
    let about = |topics: &str| {
        let notes = noted(&[("sites/nord.yaml", &link(topics)), ("m.jq", ALL)]);
        notes.into_iter().filter(|note| note.contains("a file that is one of")).collect::<Vec<_>>()
    };
    let notes = about("all: {names: '*', mapping: m.jq}, orders: {names: '*.xml', mapping: m.jq}");
    let wanted = "a file that is one of all (*) and of orders (*.xml) is taken as one of orders. leave it so where that is meant, or name the files of all more exactly";
    assert!(matches!(notes.as_slice(), [one] if one.ends_with(wanted)), "{notes:#?}");
    assert_eq!(about("rows: {names: '*.csv', mapping: m.jq}, orders: {names: '*.xml', mapping: m.jq}"), [""; 0]);
}

#[test]
fn a_plant_that_nothing_can_be_made_at_or_that_its_erp_cannot_name_is_noted() {
    let sued = ("sites/sued.yaml", PLANT);
    let about = |files: &[(&str, &str)], words: &str| noted(files).into_iter().filter(|note| note.contains(words)).collect::<Vec<_>>();
    let none = "sites/sued.yaml:1:7: no recipe is for sued, so no order of it could be made. write one in recipes/ with `plant: sued`";
    assert_eq!(about(&[sued], "no recipe is for"), [none]);
    let plm = format!(
        "{}link: {{http: {{base: 'http://b', inbound: {{token: '${{T}}', topics: {{'*': m.jq}}}}}}}}\n",
        ERP.replace("kind: erp", "kind: product_data")
    );
    assert_eq!(about(&[sued, ("sites/plm.yaml", &plm), ("m.jq", ALL)], "no recipe is for"), [""; 0], "its recipes may come from there");
    let erp = format!(
        "{ERP}link: {{http: {{base: 'http://b', inbound: {{token: '${{T}}', topics: {{'*': m.jq}}}}, tables: {{plant: {{nord: X}}}}}}}}\n"
    );
    let unnamed = about(&[sued, ("sites/erp.yaml", &erp), ("m.jq", "def inputs: .tables.plant;")], "no word for");
    let wanted = "the table plant has no word for sued, whose orders are this ERP's. add `sued:` with the ERP's own word for it";
    assert!(matches!(unnamed.as_slice(), [one] if one.starts_with("sites/erp.yaml:4:") && one.ends_with(wanted)), "{unnamed:#?}");
}
