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

/// What the ERP before had beside its mappings: tests that want its words, which nobody there speaks any more.
pub const GONE: [&str; 2] = ["mappings/erp-sap/post.test.yaml", "mappings/erp-sap/read_books.test.yaml"];

/// Puts the files into the folder of a demo, in the place of those before.
pub fn write_over(dir: &Path) -> std::io::Result<()> {
    for (name, text) in FILES {
        let path = dir.join(name);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(path, text)?;
    }
    for name in GONE {
        std::fs::remove_file(dir.join(name))?;
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
        assert!(checked.mapping_cases > 30 && checked.mapping_cases < before.mapping_cases, "{} cases", checked.mapping_cases);
        assert_eq!(checked.unset, before.unset, "a swap needs no other address and no other secret");
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
