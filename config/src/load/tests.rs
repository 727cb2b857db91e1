//! What a person may get wrong, each with its exact place and remedy.

use super::*;
use crate::demo;

const MESH: &str = "regions: [eu]\n";
const ERP: &str = "kind: erp\nregion: eu\ncalendar: {zone: Europe/Berlin}\n";
const PLANT: &str = "kind: plant\nregion: eu\ncalendar: {zone: Europe/Berlin}\nerp: erp\n";
const MATERIALS: &str = "FG: {description: bracket, base: H87}\nSTEEL: {description: steel, base: KGM}\n";
const EQUIPMENT: &str = "plant: nord\nequipment: [{id: P1, class: PRESS, capabilities: []}]\n";
const RULES: &str = "- {id: receipt, version: 1, match: {use: produced}, trigger: [each_report], movement: goods_receipt}\n";
const RECIPE: &str = "plant: nord\nmaterial: FG\nversion: '7'\nsource: PLM\nbase_quantity: 1 H87\noperations:\n  - {op: '0010', class: PRESS, milestone: true}\ncomponents:\n  - {item: '1', op: '0010', material: STEEL, qty: 0.4 KGM}\noutputs:\n  - {kind: main, material: FG}\n";

/// A folder that is right, but for these files.
fn folder(changed: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let right = [
        ("mesh.yaml", MESH),
        ("sites/erp.yaml", ERP),
        ("sites/nord.yaml", PLANT),
        ("materials/all.yaml", MATERIALS),
        ("equipment/nord.yaml", EQUIPMENT),
        ("rules/all.yaml", RULES),
        ("recipes/fg.yaml", RECIPE),
    ];
    for (name, text) in right.iter().chain(changed) {
        let path = dir.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    dir
}

fn findings(changed: &[(&str, &str)]) -> Vec<String> {
    let dir = folder(changed);
    load(dir.path(), &BTreeMap::new()).map_or_else(|found| found.iter().map(ToString::to_string).collect(), |_| Vec::new())
}

#[test]
fn a_folder_that_is_right_is_a_book() {
    let dir = folder(&[]);
    let mesh = load(dir.path(), &BTreeMap::new()).unwrap();
    assert_eq!(mesh.book.sites.len(), 2);
    assert_eq!(mesh.book.recipes.len(), 1);
    assert_eq!(mesh.book.hash.len(), 64);
}

#[test]
fn every_mistake_is_told_with_its_place_and_remedy() {
    let table: &[(&str, String, &str)] = &[
        (
            "sites/nord.yaml",
            PLANT.replace("erp: erp", "erp: erq"),
            "sites/nord.yaml:4:6: there is no site erq. use one of erp, or write sites/erq.yaml",
        ),
        (
            "sites/nord.yaml",
            PLANT.replace("erp: erp", "erp: nord"),
            "sites/nord.yaml:4:6: nord is not of kind erp, it is of kind plant. use one of erp, or write sites/nord.yaml",
        ),
        (
            "sites/nord.yaml",
            PLANT.replace("erp: erp\n", ""),
            "sites/nord.yaml: the plant nord has no ERP. add `erp:` with the ERP that owns its orders",
        ),
        (
            "sites/nord.yaml",
            PLANT.replace("region: eu", "region: us"),
            "sites/nord.yaml:2:9: there is no region us. add it to `regions` in mesh.yaml, or use one of eu",
        ),
        (
            "sites/nord.yaml",
            format!("{PLANT}classes: {{dispatch_jobb: dedup_by_key}}\n"),
            "sites/nord.yaml:5:26: there is no verb dispatch_jobb. did you mean dispatch_job?",
        ),
        (
            "recipes/fg.yaml",
            RECIPE.replace("material: STEEL", "material: STEL"),
            "recipes/fg.yaml:9:5: there is no material STEL. did you mean STEEL?",
        ),
        (
            "recipes/fg.yaml",
            RECIPE.replace("0.4 KGM", "0.4 MTR"),
            "recipes/fg.yaml:9:5: MTR is no unit of STEEL. use its base unit, or add MTR to its conversions",
        ),
        (
            "recipes/fg.yaml",
            RECIPE.replace("class: PRESS", "class: WELD"),
            "recipes/fg.yaml:7:5: nord has no equipment of class WELD. add one to equipment/nord.yaml",
        ),
        (
            "rules/all.yaml",
            RULES.replace("produced", "consumed"),
            "recipes/fg.yaml:11:5: no posting rule receives FG made at nord. add a rule with `match: {use: produced}` to rules/",
        ),
        (
            "rules/all.yaml",
            format!("{RULES}{}", RULES.replace("id: receipt", "id: twice")),
            "rules/all.yaml:1:3: posting rule receipt: matches the same reports as twice and is no more specific: narrow one of them",
        ),
    ];
    for (file, text, expected) in table {
        assert_eq!(findings(&[(file, text)]), [*expected]);
    }
}

#[test]
fn a_wrong_word_is_told_where_it_stands() {
    let found = findings(&[("materials/all.yaml", "FG: {description: bracket, base: PCE}\nSTEEL: {description: steel, base: KGM}\n")]);
    assert!(
        found.iter().any(|one| one.starts_with("materials/all.yaml:1:34: ") && one.contains("PCE") && one.contains("H87")),
        "{found:?}"
    );
    let found = findings(&[("sites/erp.yaml", "kind: erp\nregion: eu\ncalender: {zone: Europe/Berlin}\n")]);
    assert!(found.iter().any(|one| one.starts_with("sites/erp.yaml:3:1: ") && one.contains("calender")), "{found:?}");
}

#[test]
fn everything_that_is_wrong_is_told_at_once() {
    let found = findings(&[
        ("sites/nord.yaml", &PLANT.replace("erp: erp", "erp: erq")),
        ("recipes/fg.yaml", &RECIPE.replace("0.4 KGM", "0.4 MTR")),
    ]);
    assert_eq!(found.len(), 2, "{found:?}");
}

#[test]
fn a_secret_stands_outside_and_a_missing_one_is_named() {
    let with = format!("{MESH}clients: [{{name: p, token: '${{TOKEN}}', role: planning}}]\n");
    let dir = folder(&[("mesh.yaml", &with)]);
    let found = load(dir.path(), &BTreeMap::new()).unwrap_err();
    assert_eq!(found[0].to_string(), "mesh.yaml:2:29: the variable TOKEN is not set. set it in the environment: TOKEN=… takt …");
    let mesh = load(dir.path(), &BTreeMap::from([("TOKEN".to_owned(), "s3cret".to_owned())])).unwrap();
    assert_eq!(mesh.clients[0].token, "s3cret");
}

#[test]
fn the_hash_changes_with_any_byte_and_with_nothing_else() {
    let hash = |dir: &tempfile::TempDir| load(dir.path(), &BTreeMap::new()).unwrap().book.hash.clone();
    let (one, same, other) = (folder(&[]), folder(&[]), folder(&[("mesh.yaml", "regions: [eu] \n")]));
    assert_eq!(hash(&one), hash(&same));
    assert_ne!(hash(&one), hash(&other));
}

/// What the demo fills in.
fn variables() -> BTreeMap<String, String> {
    demo::VARIABLES.iter().map(|name| ((*name).to_owned(), format!("http://127.0.0.1:1/{name}"))).collect()
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

#[test]
fn a_stranger_adds_a_material_and_a_plant_by_copying_files() {
    let dir = tempfile::tempdir().unwrap();
    demo::write_to(dir.path()).unwrap();
    let copy = |from: &str, to: &str, changes: &[(&str, &str)]| {
        let mut text = std::fs::read_to_string(dir.path().join(from)).unwrap();
        for (old, new) in changes {
            assert!(text.contains(old), "{from} has no {old}");
            text = text.replace(old, new);
        }
        std::fs::write(dir.path().join(to), text).unwrap();
    };
    copy("sites/nord.yaml", "sites/sued.yaml", &[("NORD", "SUED")]);
    copy("equipment/nord.yaml", "equipment/sued.yaml", &[("plant: nord", "plant: sued")]);
    copy("recipes/nord-fg-100.yaml", "recipes/sued-fg-900.yaml", &[("plant: nord", "plant: sued"), ("FG-100", "FG-900")]);
    std::fs::write(dir.path().join("materials/mine.yaml"), "FG-900: {description: hinge, base: H87, lot_mode: lot, inspected: true}\n")
        .unwrap();
    let mut variables = variables();
    variables.insert("SUED_URL".to_owned(), "http://127.0.0.1:1".to_owned());
    variables.insert("SUED_TOKEN".to_owned(), "t".to_owned());
    let mesh = load(dir.path(), &variables).unwrap_or_else(|found| panic!("{found:?}"));
    let sued = SiteId::parse("sued").unwrap();
    assert!(mesh.book.sites.contains_key(&sued) && mesh.links.contains_key(&sued));
    assert!(mesh.book.recipes.contains_key(&(sued, MaterialId::parse("FG-900").unwrap())));
}

#[test]
fn a_mistake_in_a_mapping_is_told_in_the_mapping_s_own_file() {
    let link = format!("{PLANT}link: {{http: {{base: 'http://127.0.0.1:1', send: {{dispatch_job: mappings/job.jq}}}}}}\n");
    let found = findings(&[("sites/nord.yaml", &link)]);
    assert_eq!(
        found,
        ["sites/nord.yaml:5:64: there is no mapping file mappings/job.jq. name a .jq file by its path from this configuration's folder"]
    );
    let found = findings(&[("sites/nord.yaml", &link), ("mappings/job.jq", "def request:\n  .a | nosuch;\n")]);
    assert_eq!(found, ["mappings/job.jq:2:8: there is no filter nosuch. see the jq manual"]);
}
