//! What a plant has of its own is in force there, and can be told from what holds for all; and what a folder may not hold at all.

use takt_protocol::ownership::Domain;
use takt_protocol::workflow::{Flow, Step};

use super::governance::{OWNERSHIP, WORKFLOWS, all_told};
use super::*;
use crate::explain::{Explained, explain};

#[test]
fn what_is_reported_has_a_rule() {
    all_told(&[
        (
            "rules/usual.yaml",
            USUAL.lines().last().unwrap().to_owned(),
            "recipes/fg.yaml:7:3: no posting rule takes the yield of FG at nord. add a rule with `match: {use: yield}` to rules/; with `method: skip` where nobody posts it",
        ),
        (
            "rules/usual.yaml",
            USUAL.lines().next().unwrap().to_owned(),
            "recipes/fg.yaml:9:39: no posting rule takes the consumption of STEEL at nord. add a rule with `match: {use: consumed}` to rules/; with `method: skip` where nobody posts it",
        ),
    ]);
}

#[test]
fn a_file_that_cannot_be_read_as_text_and_one_that_nothing_reads_are_told() {
    all_told(&[(
        "sites/hint.txt",
        "x".to_owned(),
        "sites/hint.txt: nothing reads this file. rename it so that it ends in .yaml, or move it out of this folder",
    )]);
    assert!(findings(&[("sites/nord.yaml~", "x"), ("notes/hint.txt", "x"), ("rules/README.md", "x")]).is_empty());
    let dir = folder(&[]);
    std::fs::write(
        dir.path().join("materials/all.yaml"),
        b"FG: {description: bracket, base: H87}\nSTEEL: {description: st\xe4hl, base: KGM}\n",
    )
    .unwrap();
    let found: Vec<String> = load(dir.path(), &BTreeMap::new()).unwrap_err().iter().map(ToString::to_string).collect();
    assert_eq!(
        found,
        ["materials/all.yaml:2:1: is not written in UTF-8. save it as UTF-8, in which every letter of every language can be written"]
    );
}

#[test]
fn a_variable_that_is_left_open_is_told_and_does_not_go_out_as_it_stands() {
    let open = format!("{MESH}clients: [{{name: p, token: '${{TOKEN', role: planning}}]\n");
    assert_eq!(findings(&[("mesh.yaml", &open)]), ["mesh.yaml:2:29: the variable TOKEN has no closing brace. write `${TOKEN}`"]);
}

#[test]
fn no_finding_speaks_of_the_language_this_is_written_in() {
    let odd = [
        ("mesh.yaml", format!("regions: eu\n{CLIENTS}")),
        ("mesh.yaml", format!("{MESH}generation: many\n{CLIENTS}")),
        ("mesh.yaml", format!("{MESH}policy: {{window_ms: [1]}}\n{CLIENTS}")),
        ("rules/all.yaml", RULES.replace("[each_report]", "each_report")),
        ("rules/all.yaml", RULES.replace("[each_report]", "[each_repot]")),
        ("rules/all.yaml", RULES.replace("[each_report]", "[{count: few}]")),
        ("rules/all.yaml", RULES.replace("version: 1", "version: one")),
        ("sites/erp.yaml", format!("{ERP}classes: {{post: dedup}}\n")),
        ("sites/erp.yaml", format!("{ERP}classes: {{post: {{probe_with_settle: 3}}}}\n")),
        ("sites/erp.yaml", format!("{ERP}limits: 4\n")),
        ("recipes/fg.yaml", RECIPE.replace("milestone: true", "milestone: perhaps")),
        ("materials/all.yaml", MATERIALS.replace("{description: steel, base: KGM}", "steel")),
        ("roles.yaml", "planning: [release_order]\n".to_owned()),
        ("workflows/all.yaml", WORKFLOWS.replace("{class: near_time, within_ms: 30000}", "fast")),
        ("ownership.yaml", "orders: erp\n".to_owned()),
    ];
    for (file, text) in odd {
        let found = findings(&[(file, &text)]);
        assert!(!found.is_empty(), "{file} was taken: {text}");
        for line in &found {
            let foreign = [
                "invalid type",
                "invalid value",
                "unknown variant",
                "unknown field",
                "struct ",
                "enum ",
                "expected",
                "u32",
                "u64",
                "sequence",
                "nonzero",
            ];
            assert!(!foreign.iter().any(|word| line.contains(word)), "{line}");
            assert!(line.contains(". "), "no remedy: {line}");
        }
    }
}

/// A folder in which one plant has something of everything.
fn varied() -> tempfile::TempDir {
    folder(&[
        ("sites/sued.yaml", PLANT),
        ("ownership.yaml", OWNERSHIP),
        ("workflows/all.yaml", &WORKFLOWS.replacen("presence}", "presence, without: [calibration]}", 1)),
        (
            "sites/nord.yaml",
            &format!(
                "{PLANT}limits: {{at_once: 3, failures: 9}}\nlink: {{http: {{base: 'http://127.0.0.1:1', send: {{dispatch_job: mappings/p.jq}}}}}}\n"
            ),
        ),
        ("mappings/p.jq", "def request: {path: \"/\"};\ndef outcome: {accepted: {}};\n"),
        ("plants/nord/mappings/p.jq", "def request: {path: \"/own\"};\ndef outcome: {accepted: {}};\n"),
        ("plants/nord/limits.yaml", "at_once: 2\n"),
        ("plants/nord/rules.yaml", "- {id: work, version: 4, trigger: [each_report], movement: confirmation}\n"),
        ("plants/nord/recipes.yaml", "- {material: FG, version: '7', source: as nord knows it}\n"),
        ("plants/nord/workflows.yaml", "release: {without: [equipment], with: [calibration]}\n"),
    ])
}

#[test]
fn what_a_plant_has_of_its_own_is_in_force_there_and_nowhere_else() {
    let dir = varied();
    let mesh = load(dir.path(), &BTreeMap::new()).map_err(|found| format!("{found:#?}")).unwrap();
    let [nord, sued] = ["nord", "sued"].map(|name| SiteId::parse(name).unwrap());
    assert_eq!((mesh.links[&nord].limits.at_once_max, mesh.links[&nord].limits.failures_max), (2, 9));
    let work: Vec<(&str, u32, Option<SiteId>)> = mesh
        .book
        .rules
        .rules()
        .iter()
        .filter(|rule| rule.id.starts_with("work"))
        .map(|rule| (rule.id.as_str(), rule.version, rule.matches.site))
        .collect();
    assert_eq!(work, [("work", 1, None), ("work@nord", 4, Some(nord))]);
    assert_eq!(mesh.book.recipes[&(nord, MaterialId::parse("FG").unwrap())][0].source, "as nord knows it");
    let has = |plant, step| mesh.book.workflows.has(plant, step);
    assert_eq!([has(nord, Step::Equipment), has(nord, Step::Calibration)], [false, true]);
    assert_eq!([has(sued, Step::Equipment), has(sued, Step::Calibration)], [true, false]);
    assert_eq!(mesh.book.workflows.declared[&Flow::Inspect].sla, takt_protocol::intent::Tier::Analytical);
    assert_eq!(mesh.book.owner(nord, Domain::QualityStatus), SiteId::parse("erp").ok());
    assert_eq!(mesh.book.owner(nord, Domain::Logistics), Some(nord));
    assert!(mesh.mappings.contains_key("plants/nord/mappings/p.jq") && !mesh.mappings.contains_key("mappings/p.jq"));
}

#[test]
fn an_explanation_names_the_layer_that_counts_and_what_it_is_in_the_place_of() {
    let dir = varied();
    let lines = |key: &str| -> Vec<String> {
        let found = explain(dir.path(), &BTreeMap::new(), key).map_err(|found| format!("{found:#?}")).unwrap();
        let told = |one: &Explained| {
            let before: Vec<String> = one.overrode.iter().map(|before| format!("{} {before}", before.value)).collect();
            format!("{} = {} {} < {}", one.key, one.in_force.value, one.in_force, before.join(" < "))
        };
        found.iter().map(told).collect()
    };
    let usual = takt_actors::site::SiteLimits::default();
    assert_eq!(
        lines("limits.nord.at_once"),
        [format!(
            "limits.nord.at_once = 2 plants/nord/limits.yaml:1 (plant) < 3 sites/nord.yaml:5 (central, for this one) < {} built in",
            usual.at_once_max
        )]
    );
    assert_eq!(lines("limits.nord").len(), 6);
    assert_eq!(
        lines("mappings.nord.send.dispatch_job"),
        [
            "mappings.nord.send.dispatch_job = plants/nord/mappings/p.jq plants/nord/mappings/p.jq (plant) < mappings/p.jq sites/nord.yaml:6 (central, for this one)"
        ]
    );
    assert_eq!(
        lines("recipes.nord.FG.7.source"),
        ["recipes.nord.FG.7.source = as nord knows it plants/nord/recipes.yaml:1 (plant) < PLM recipes/fg.yaml (central, for this one)"]
    );
    assert_eq!(
        lines("workflows.release.nord.calibration"),
        ["workflows.release.nord.calibration = on plants/nord/workflows.yaml:1 (plant) < off workflows/all.yaml:1 (central) < on built in"]
    );
    assert_eq!(
        lines("ownership.nord.quality_status"),
        ["ownership.nord.quality_status = erp (erp of nord) ownership.yaml:3 (central) < "],
        "who says the same again is in the place of nothing"
    );
    assert!(
        lines("rules.nord.work")[0].starts_with("rules.nord.work = {\"id\":\"work@nord\",\"version\":4"),
        "{:?}",
        lines("rules.nord.work")
    );
    assert!(lines("rules.nord.work")[0].contains("plants/nord/rules.yaml:1 (plant) < {\"id\":\"work\""));
    assert_eq!(lines("workflows.ship.sla"), ["workflows.ship.sla = plant_critical workflows/all.yaml:6 (central) < "]);
    assert_eq!(lines("policy.window_ms"), ["policy.window_ms = 20000 built in < "]);
    assert_eq!(lines("verbs.write_off"), ["verbs.write_off = finance built in < "]);
    assert_eq!(lines("reconcile.erp"), ["reconcile.erp = never: its books are not compared with ours built in < "]);
    let wrong = explain(dir.path(), &BTreeMap::new(), "limit.nord").unwrap_err();
    assert!(wrong[0].to_string().ends_with("nothing is called limit.nord. did you mean limits?"), "{wrong:?}");
}

#[test]
fn a_key_that_there_is_not_is_told_with_those_that_are_near() {
    let dir = varied();
    let told = |key: &str| match explain(dir.path(), &BTreeMap::new(), key) {
        Ok(found) => panic!("{key}: {found:#?}"),
        Err(found) => found.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
    };
    for (key, words) in [
        ("limits.nosuch", "nothing is called limits.nosuch. use one of limits.erp, limits.nord"),
        ("limits.nort.at_once", "nothing is called limits.nort.at_once. did you mean limits.nord?"),
        ("limits.nord.window", "use one of limits.nord.at_once, limits.nord.failures"),
        ("limits.nord.at_once.x", "nothing is below limits.nord.at_once"),
        ("verbs.nosuch", "use one of verbs."),
        ("verbs.release_hol", "did you mean verbs.release_hold?"),
        ("limit", "did you mean limits?"),
    ] {
        let found = told(key);
        assert!(found.contains(words), "{key}: {found}");
    }
}
