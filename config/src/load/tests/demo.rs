//! The folder to start from: right as it is, and easy to add to.

use super::super::*;
use crate::demo;

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
