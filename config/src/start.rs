//! A configuration to start from that is nobody's demo: one ERP, one plant, one warehouse, one quality system. It is the demo's
//! folder with other names, so that there is one text to keep right; and no system in it is played.

use std::path::Path;

use crate::demo;

/// The files of the demo's folder that are taken, by how their names begin.
const TAKEN: [&str; 15] = [
    "equipment/nord.yaml",
    "mappings/",
    "materials/",
    "mesh.yaml",
    "ownership.yaml",
    "plants/nord/",
    "recipes/nord-",
    "roles.yaml",
    "rules/",
    "sites/erp-eu.yaml",
    "sites/nord.yaml",
    "sites/qms.yaml",
    "sites/wms-na.yaml",
    "workflows/",
    "README.md",
];

/// The systems around them are left out: who has one takes its text from the demo's folder.
const LEFT: [&str; 11] = [
    "mappings/analytics-json/",
    "mappings/aps-json/",
    "mappings/cmms-json/",
    "mappings/erp-odoo/",
    "mappings/erp-sap-demand/",
    "mappings/erp-tryton/",
    "mappings/mes-csv/",
    "mappings/mes-sql/",
    "mappings/plm-json/",
    "mappings/portal-json/",
    "mappings/tms-json/",
];

/// The lines that name what is left out, or have the demo play a system.
const UNSAID: [&str; 10] = [
    "simulated:",
    "maintenance:",
    "transport:",
    "planning: aps",
    "supplier: portal",
    "# Who sends the trucks",
    "# Whose demand it plans for",
    "  place_demand:",
    "      place_demand:",
    "# Whose ship notices",
];

/// What is called otherwise here; in this order.
const NAMES: [(&str, &str); 18] = [
    ("sites: [nord, ohio]", "sites: [nord]"),
    ("regions: [eu, na, asia]", "regions: [main]"),
    ("region: eu", "region: main"),
    ("region: na", "region: main"),
    ("NORD", "PLANT_1"),
    ("ERP_EU", "ERP"),
    ("WMS_NA", "WAREHOUSE"),
    ("QMS", "LIMS"),
    ("nord", "plant-1"),
    ("erp-eu", "erp"),
    // Whose messages the tests of a mapping are.
    ("erp-asia", "erp"),
    ("suzhou", "plant-1"),
    ("3010", "1010"),
    ("wms-na", "warehouse"),
    ("qms.yaml", "lims.yaml"),
    ("qms-7", "lims-7"),
    (": qms", ": lims"),
    ("when `takt demo` starts, and again whenever a file changes", "when the node starts, and again whenever a file changes"),
];

const README: &str = include_str!("../start/README.md");

/// Every file, by its path within the folder.
pub fn files() -> Vec<(String, String)> {
    let taken = demo::FILES.iter().filter(|(name, _)| {
        let begins = |with: &[&str]| with.iter().any(|begin| name.starts_with(begin));
        begins(&TAKEN) && !begins(&LEFT)
    });
    let named = taken.map(|(name, text)| match *name {
        "README.md" => (String::from("README.md"), README.to_owned()),
        // The folders of mappings are named after the words in them, not after sites.
        name if name.starts_with("mappings/") => (name.to_owned(), renamed(text)),
        name => (renamed(name), renamed(&unplayed(text))),
    });
    named.collect()
}

fn renamed(text: &str) -> String {
    NAMES.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

/// Without the lines that are not for here.
fn unplayed(text: &str) -> String {
    text.lines().filter(|line| !UNSAID.iter().any(|begin| line.starts_with(begin))).flat_map(|line| [line, "\n"]).collect()
}

/// Writes the folder.
pub fn write_to(dir: &Path) -> std::io::Result<()> {
    for (name, text) in files() {
        let path = dir.join(name);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(path, text)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::trial::check;

    /// A plant's own codes and clocks: nobody has those that stand here.
    #[test]
    fn the_tests_of_the_mappings_hold_whatever_codes_and_clocks_the_sites_have() {
        let dir = tempfile::tempdir().unwrap();
        write_to(dir.path()).unwrap();
        let others = [
            ("erp", "\"1010\"", "P-77"),
            (
                "erp",
                "H87: EA, KGM: KG, GRM: G, TNE: TO, MIN: MIN, HUR: HR",
                "H87: STK, KGM: KILO, GRM: GRAMM, TNE: TONNE, MIN: MINUTE, HUR: STD",
            ),
            ("erp", "raw: \"0001\", finished: \"0002\"", "raw: R1, finished: F1"),
            (
                "erp",
                "unrestricted: \"01\", quality_inspection: \"02\", blocked: \"07\"",
                "unrestricted: F, quality_inspection: Q, blocked: S",
            ),
            ("erp", "Europe/Berlin", "America/New_York"),
            ("plant-1", "H87: EA, KGM: KG, TNE: T, MIN: MIN", "H87: STK, KGM: KILO, TNE: TONNE, MIN: MINUTE"),
            ("plant-1", "zone: Europe/Berlin", "zone: Asia/Tokyo"),
            ("warehouse", "unit: {default: H87}", "unit: {default: EA}"),
            ("warehouse", "item_unit: {STEEL-3: KGM}", "item_unit: {STEEL-9: TNE}"),
            ("lims", "H87: EA, KGM: KG", "H87: STK, KGM: KILO"),
        ];
        for (site, ours, theirs) in others {
            let file = dir.path().join(format!("sites/{site}.yaml"));
            let text = std::fs::read_to_string(&file).unwrap();
            assert!(text.contains(ours), "sites/{site}.yaml has no `{ours}`");
            std::fs::write(&file, text.replace(ours, theirs)).unwrap();
        }
        let checked = check(dir.path(), &BTreeMap::new());
        assert!(checked.findings.is_empty(), "{:#?}", checked.findings);
        assert!(checked.mapping_cases >= 15, "{checked:?}");
    }

    #[test]
    fn the_folder_to_start_from_is_right_and_names_nothing_of_the_demo() {
        let dir = tempfile::tempdir().unwrap();
        write_to(dir.path()).unwrap();
        let checked = check(dir.path(), &BTreeMap::new());
        assert!(checked.findings.is_empty(), "{:#?}", checked.findings);
        assert!(checked.mapping_cases >= 15 && checked.rule_cases >= 6, "{checked:?}");
        let wanted = ["ERP_TOKEN", "ERP_URL", "LIMS_TOKEN", "LIMS_URL", "PLANT_1_TOKEN", "PLANT_1_URL"];
        assert_eq!(checked.unset.get(..6).unwrap(), wanted);
        for (name, text) in files() {
            for odd in ["nord", "erp-eu", "erp-asia", "suzhou", "wms-na", "demo", "simulated"] {
                assert!(!name.contains(odd) && !text.contains(odd), "{name} says `{odd}`");
            }
        }
    }
}
