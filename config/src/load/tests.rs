//! What a person may get wrong, each with its exact place and remedy.

use super::*;

mod asked;
mod contradictions;
mod demo;
mod edges;
mod governance;
mod links;
mod mqtt;
mod notes;
mod plants;
mod regions;
mod roads;
mod sense;
mod speaks;
mod words;

const MESH: &str = "regions: [eu]\n";
const CLIENTS: &str = "clients: [{name: planner, token: p, role: planning}, {name: other, token: q, role: planning}]\n";
const ERP: &str = "kind: erp\nregion: eu\ncalendar: {zone: Europe/Berlin}\n";
const PLANT: &str = "kind: plant\nregion: eu\ncalendar: {zone: Europe/Berlin}\nerp: erp\n";
const MATERIALS: &str = "FG: {description: bracket, base: H87}\nSTEEL: {description: steel, base: KGM}\n";
const EQUIPMENT: &str = "plant: nord\nequipment: [{id: P1, class: PRESS, capabilities: []}]\n";
const RULES: &str = "- {id: receipt, version: 1, match: {use: produced}, trigger: [each_report], movement: goods_receipt}\n";
/// What is done with the uses that the rules above are not about.
const USUAL: &str = "- {id: work, version: 1, match: {use: yield}, trigger: [completion], movement: confirmation}\n- {id: used, version: 1, match: {use: consumed}, trigger: [completion], movement: goods_issue}\n";
const RECIPE: &str = "plant: nord\nmaterial: FG\nversion: '7'\nsource: PLM\nbase_quantity: 1 H87\noperations:\n  - {op: '0010', class: PRESS, milestone: true}\ncomponents:\n  - {item: '1', op: '0010', material: STEEL, qty: 0.4 KGM}\noutputs:\n  - {kind: main, material: FG}\n";

/// A folder that is right, but for these files.
fn folder(changed: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let mesh = format!("{MESH}{CLIENTS}");
    let right = [
        ("mesh.yaml", mesh.as_str()),
        ("sites/erp.yaml", ERP),
        ("sites/nord.yaml", PLANT),
        ("materials/all.yaml", MATERIALS),
        ("equipment/nord.yaml", EQUIPMENT),
        ("rules/all.yaml", RULES),
        ("rules/usual.yaml", USUAL),
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
fn everything_that_is_wrong_is_told_at_once() {
    let found = findings(&[
        ("sites/nord.yaml", &PLANT.replace("erp: erp", "erp: erq")),
        ("recipes/fg.yaml", &RECIPE.replace("0.4 KGM", "0.4 MTR")),
    ]);
    assert_eq!(found.len(), 2, "{found:?}");
}

#[test]
fn the_hash_changes_with_any_byte_and_with_nothing_else() {
    let hash = |dir: &tempfile::TempDir| load(dir.path(), &BTreeMap::new()).unwrap().book.hash.clone();
    let (one, same, other) = (folder(&[]), folder(&[]), folder(&[("mesh.yaml", &format!("regions: [eu] \n{CLIENTS}"))]));
    assert_eq!(hash(&one), hash(&same));
    assert_ne!(hash(&one), hash(&other));
}

#[test]
fn the_hash_is_the_same_whatever_was_written_first() {
    let files = [("materials/a.yaml", "A: {description: a, base: H87}\n"), ("materials/b.yaml", "B: {description: b, base: H87}\n")];
    let [first, second] = files;
    let hash = |files: &[(&str, &str)]| load(folder(files).path(), &BTreeMap::new()).unwrap().book.hash.clone();
    assert_eq!(hash(&[first, second]), hash(&[second, first]));
    assert_ne!(hash(&[first]), hash(&[first, second]));
}

#[test]
fn an_empty_folder_says_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let found = load(dir.path(), &BTreeMap::new()).unwrap_err();
    assert_eq!(found.len(), 1);
    assert!(
        found[0]
            .to_string()
            .ends_with("no configuration is here. name the folder that holds mesh.yaml; `takt demo` writes one to start from")
    );
}
