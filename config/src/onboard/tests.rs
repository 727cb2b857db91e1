use std::collections::BTreeMap;
use std::path::Path;

use super::*;
use crate::start;
use crate::trial::check;

fn wanted(name: &str, template: &str, samples: Option<&Path>) -> Wanted {
    Wanted {
        name: SiteId::parse(name).unwrap(),
        template: template.to_owned(),
        region: None,
        erp: None,
        samples: samples.map(Path::to_owned),
    }
}

fn begun() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    start::write_to(dir.path()).unwrap();
    dir
}

#[test]
fn every_template_is_right_in_a_folder_to_start_from_and_passes_the_tests_of_its_mappings() {
    for (template, text) in TEMPLATES {
        let dir = begun();
        let before = check(dir.path(), &BTreeMap::new()).mapping_cases;
        let written = onboard(dir.path(), &wanted("new-1", template, None)).unwrap();
        assert!(written.files.iter().any(|file| file.contains(".jq")) && !about(text).is_empty(), "{template}: {written:?}");
        let mut lines = std::fs::read_to_string(dir.path().join("sites/new-1.yaml")).unwrap();
        assert!(!lines.contains("TEMPLATE") && !lines.contains("REGION"), "{lines}");
        // Who is the plant's quality system, maintenance or warehouse, only a person can say.
        if lines.contains("kind: maintenance") {
            let plant = dir.path().join("sites/plant-1.yaml");
            let text = std::fs::read_to_string(&plant).unwrap();
            std::fs::write(&plant, text.replace("erp: erp\n", "erp: erp\nmaintenance: new-1\n")).unwrap();
        }
        lines.clear();
        let checked = check(dir.path(), &BTreeMap::new());
        assert!(checked.findings.is_empty(), "{template}: {:#?}", checked.findings);
        assert!(checked.mapping_cases > before, "{template} has no test of its mappings");
    }
}

#[test]
fn samples_are_read_and_what_nobody_reads_of_them_is_told() {
    let dir = begun();
    let samples = tempfile::tempdir().unwrap();
    let put = |name: &str, text: &str| std::fs::write(samples.path().join(name), text).unwrap();
    std::fs::write(samples.path().join("RUECK_1.csv"), include_bytes!("../../mappings/mes-csv/samples/every-kind.csv")).unwrap();
    put(
        "ausschuss-1.json",
        r#"{"Auftrag": "100042", "Vorgang": "0020", "Menge": 40, "Ausschuss": "1,5", "Einheit": "Karton", "Zeit": "24.11.2026 06:00:00", "Farbe": "rot", "Material": "XX-9"}"#,
    );
    put("broken.json", "{\"a\": ");
    let written = onboard(dir.path(), &wanted("new-1", "mes-csv", Some(samples.path()))).unwrap();
    let [taken, drafted, broken] = written.gaps.as_slice() else { panic!("{:?}", written.gaps) };
    assert_eq!(taken.taken.as_ref().map(|(topic, _)| topic.as_str()), Some("reports"), "{taken:?}");
    assert!(taken.inputs > 1, "{taken:?}");
    assert_eq!(drafted.drafted.as_deref(), Some("mappings/new-1/ausschuss.jq"), "{drafted:?}");
    assert!(drafted.units.contains("Karton") && drafted.ids.contains(&("material", "XX-9".to_owned())), "{drafted:?}");
    assert!(broken.why.as_ref().is_some_and(|why| why.contains("cannot be read")) && broken.drafted.is_none(), "{broken:?}");
    let checked = check(dir.path(), &BTreeMap::new());
    assert!(checked.findings.is_empty(), "{:#?}", checked.findings);
    let text = std::fs::read_to_string(dir.path().join("mappings/new-1/ausschuss.jq")).unwrap();
    assert!(text.contains("$m[\"Auftrag\"]") && text.contains("scrap"), "{text}");
}

#[test]
fn what_cannot_be_is_told_with_its_remedy_and_writes_nothing() {
    let dir = begun();
    for (name, template, words) in [("new-1", "mes-rst", "did you mean mes-rest?"), ("erp", "tryton", "sites/erp.yaml is there already")] {
        let Err(Unwritten::Said(why)) = onboard(dir.path(), &wanted(name, template, None)) else { panic!("{template} was written") };
        assert!(why.contains(words), "{why}");
    }
    assert!(!dir.path().join("mappings/new-1").exists());
}
