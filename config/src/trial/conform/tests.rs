use super::*;
use crate::onboard::{TEMPLATES, Wanted, onboard};
use crate::start;

fn begun(template: &str) -> (tempfile::TempDir, SiteId) {
    let dir = tempfile::tempdir().unwrap();
    start::write_to(dir.path()).unwrap();
    let name = SiteId::parse("new-1").unwrap();
    onboard(dir.path(), &Wanted { name, template: template.to_owned(), region: None, erp: None, samples: None }).unwrap();
    if template == "cmms" {
        let plant = dir.path().join("sites/plant-1.yaml");
        let text = std::fs::read_to_string(&plant).unwrap();
        std::fs::write(&plant, text.replace("erp: erp\n", "erp: erp\nmaintenance: new-1\n")).unwrap();
    }
    (dir, name)
}

fn wrong(dir: &Path, name: SiteId) -> Vec<String> {
    let looked = site(dir, &BTreeMap::new(), name).unwrap();
    assert!(looked.len() > 2, "{looked:?}");
    looked.into_iter().filter_map(|one| Some(format!("{}: {}", one.what, one.wrong?))).collect()
}

#[test]
fn the_mappings_that_ship_for_a_whole_system_believe_nothing_that_is_no_answer() {
    let (dir, name) = begun("tryton");
    assert_eq!(wrong(dir.path(), name), Vec::<String>::new());
    for (template, _) in TEMPLATES {
        let (dir, name) = begun(template);
        let all = wrong(dir.path(), name);
        assert!(all.iter().all(|why| !why.contains("takes it for")), "{template}: {all:#?}");
    }
}

#[test]
fn a_mapping_that_believes_whatever_it_hears_does_not_keep_the_contract() {
    let (dir, name) = begun("tryton");
    let file = dir.path().join("mappings/new-1/post.jq");
    let text = std::fs::read_to_string(&file).unwrap();
    let (before, _) = text.split_once("def outcome:").unwrap();
    std::fs::write(&file, format!("{before}def outcome: {{ accepted: {{}} }};\ndef probe: request;\ndef probed: \"absent\";\n")).unwrap();
    let all = wrong(dir.path(), name);
    assert!(all.iter().any(|why| why.contains("takes it for accepted")), "{all:#?}");
    assert!(all.iter().any(|why| why.contains("it would be posted again")), "{all:#?}");
}
