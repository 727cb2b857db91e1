//! Another ERP in the place of the demo's European one: the file that changes, and by that the proof that no other does. The
//! ERP keeps its name; plants, rules, recipes and everybody else do not learn of it. The mappings are those of another region's ERP.

use std::path::Path;

macro_rules! files {
    ($($name:literal => $path:literal,)*) => {
        /// Every file, by its path within a configuration's folder.
        pub const FILES: &[(&str, &str)] = &[$(($name, include_str!($path)),)*];
    };
}

files! {
    "sites/erp-eu.yaml" => "../swap/sites/erp-eu.yaml",
}

/// Puts the files into the folder of a demo, in the place of those before.
pub fn write_over(dir: &Path) -> std::io::Result<()> {
    for (name, text) in FILES {
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
    use crate::demo;
    use crate::trial::check;

    #[test]
    fn another_erp_takes_the_place_of_the_first_and_its_mappings_do_what_their_tests_want() {
        let dir = tempfile::tempdir().unwrap();
        demo::write_to(dir.path()).unwrap();
        let before = check(dir.path(), &BTreeMap::new());
        write_over(dir.path()).unwrap();
        let checked = check(dir.path(), &BTreeMap::new());
        assert!(checked.findings.is_empty(), "{:#?}", checked.findings);
        assert!(checked.mapping_cases > 30 && checked.mapping_cases == before.mapping_cases, "{} cases", checked.mapping_cases);
        assert_eq!(checked.unset, before.unset, "a swap needs no other address and no other secret");
    }

    /// Who lays the file over a demo's folder by hand does nothing else, and the demo plays the other ERP.
    #[test]
    fn the_file_is_all_that_a_person_copies_and_the_demo_plays_what_it_names() {
        let dir = tempfile::tempdir().unwrap();
        demo::write_to(dir.path()).unwrap();
        let files = |dir: &Path| crate::folder::Folder::read(dir).unwrap().names().map(str::to_owned).collect::<Vec<_>>();
        let before = files(dir.path());
        write_over(dir.path()).unwrap();
        assert_eq!(files(dir.path()), before, "nothing is taken away, and nothing is added");
        let folder = crate::folder::Folder::read(dir.path()).unwrap();
        let (filled, _) = crate::trial::filled(&folder, &BTreeMap::new());
        let mesh = crate::load::load(dir.path(), &filled).unwrap();
        let played = mesh.links.iter().find(|(site, _)| site.as_str() == "erp-eu").and_then(|(_, link)| link.simulated.as_ref());
        assert_eq!(played.map(|played| played.manner), Some(crate::text::Manner::Odoo));
    }

    #[test]
    fn a_swap_changes_the_erps_own_file_and_no_other_that_was_there() {
        let there = |name: &str| demo::FILES.iter().any(|(known, _)| *known == name);
        let changed: Vec<&str> = FILES.iter().map(|(name, _)| *name).filter(|name| there(name)).collect();
        assert_eq!(changed, ["sites/erp-eu.yaml"]);
        let verbs = |begin: &str| {
            let own = demo::FILES.iter().filter_map(|(name, _)| name.strip_prefix(begin)?.strip_suffix(".jq"));
            own.map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(verbs("mappings/erp-odoo/"), verbs("mappings/erp-sap/"), "every verb of the one has a mapping for the other");
    }
}
