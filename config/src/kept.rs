//! What of a folder a node takes at its start, and keeps until the next: how systems are spoken to, what keeps the logs, and the
//! roads. Compared with the folder as it is now, so that nobody takes for in force what is only saved.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::folder::Folder;
use crate::load::Mesh;

/// What a node that starts with a folder keeps of it, by the file it stands in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    parts: BTreeMap<String, String>,
}

impl Kept {
    /// Of a folder, and of what was loaded from it.
    pub fn of(folder: &Folder, mesh: &Mesh) -> Self {
        let mut parts = BTreeMap::new();
        let mut keep = |file: String, keys: &[&str]| {
            let said = said(folder, &file, keys);
            parts.insert(file, said);
        };
        for site in mesh.book.sites.keys() {
            keep(format!("sites/{site}.yaml"), &["link", "limits", "classes"]);
            keep(format!("plants/{site}/limits.yaml"), &[]);
        }
        keep("regions.yaml".to_owned(), &[]);
        keep("roads.yaml".to_owned(), &[]);
        keep("mesh.yaml".to_owned(), &["regions"]);
        for mapping in mesh.links.values().flat_map(|link| link.transport.mapping_files()) {
            parts.insert(mapping.value.clone(), folder.file(&mapping.value).unwrap_or_default().to_owned());
        }
        Self { parts }
    }

    /// The files in which something is otherwise now. What is all new there is in nobody's place, and is not among them.
    pub fn changed<'a>(&'a self, now: &Self) -> Vec<&'a str> {
        let otherwise = self.parts.iter().filter(|(file, said)| now.parts.get(*file) != Some(*said));
        otherwise.map(|(file, _)| file.as_str()).collect()
    }
}

/// What a file says under these keys, or all of it: without comments, blanks and places.
fn said(folder: &Folder, file: &str, keys: &[&str]) -> String {
    let Some(text) = folder.file(file) else { return String::new() };
    let Ok(whole) = folder.read_as::<Value>(file) else { return text.to_owned() };
    if keys.is_empty() {
        return whole.to_string();
    }
    let parts: Vec<Option<&Value>> = keys.iter().map(|key| whole.get(key)).collect();
    serde_json::json!(parts).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{demo, load, trial};

    /// What is kept of the demo's folder with a text changed in a file.
    fn kept(file: &str, before: &str, after: &str) -> Kept {
        let dir = tempfile::tempdir().unwrap();
        demo::write_to(dir.path()).unwrap();
        let path = dir.path().join(file);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(before), "{file} has no `{before}`");
        std::fs::write(&path, text.replacen(before, after, 1)).unwrap();
        let folder = Folder::read(dir.path()).unwrap();
        let (filled, _) = trial::filled(&folder, &BTreeMap::new());
        Kept::of(&folder, &load(dir.path(), &filled).unwrap())
    }

    #[test]
    fn what_is_in_force_after_the_next_start_only_is_told_by_its_file() {
        let nord = "sites/nord.yaml";
        let started = kept(nord, "kind: plant", "kind: plant");
        for (file, before, after) in [
            (nord, "unit: {H87: EA", "unit: {H87: STK"),
            (nord, "window_ms: 10000", "window_ms: 20000"),
            (nord, "every_ms: 5000", "every_ms: 6000"),
            ("mappings/mes-json/reports.jq", "def inputs", "# Ours.\ndef inputs"),
        ] {
            assert_eq!(started.changed(&kept(file, before, after)), [file], "{before} is {after}");
        }
        for (file, before, after) in [
            (nord, "kind: plant", "# A line more.\nkind: plant"),
            (nord, "Europe/Berlin", "Europe/Paris"),
            ("materials/all.yaml", "description: ", "description:  "),
            ("mappings/mes-json/reports.test.yaml", "cases:", "# Ours.\ncases:"),
        ] {
            assert!(started.changed(&kept(file, before, after)).is_empty(), "{file}: {before} is {after}");
        }
    }
}
