//! In which file of a folder a thing of master data stands: for whoever asks for one that no system has stated.

use std::collections::BTreeMap;

use takt_protocol::name::SiteId;
use takt_protocol::native::NativeKind;

use crate::read::Pages;

/// The files, by what stands in them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Places {
    files: BTreeMap<(NativeKind, String), Vec<Place>>,
}

/// A file, and whose the thing in it is; nobody's, if it is one for all.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    of: Option<SiteId>,
    file: String,
}

impl Places {
    /// The same, and one more.
    #[must_use]
    pub fn with(mut self, kind: NativeKind, name: &str, of: Option<SiteId>, file: &str) -> Self {
        self.files.entry((kind, name.to_owned())).or_default().push(Place { of, file: file.to_owned() });
        self
    }

    /// Where something of this kind stands under this name; of one site, if it is named.
    pub fn find(&self, kind: NativeKind, name: &str, of: Option<SiteId>) -> Vec<&str> {
        let places = self.files.get(&(kind, name.to_owned())).into_iter().flatten();
        let meant = places.filter(|place| of.is_none() || place.of.is_none() || place.of == of);
        meant.map(|place| place.file.as_str()).collect()
    }

    /// Of everything that was read.
    pub(crate) fn of(pages: &Pages) -> Self {
        let mut places = Self::default();
        for page in &pages.materials {
            for name in page.value.keys() {
                places = places.with(NativeKind::Material, name.as_str(), None, &page.file);
            }
        }
        for page in &pages.recipes {
            places = places.with(NativeKind::Recipe, page.value.material.value.as_str(), Some(page.value.plant.value), &page.file);
        }
        for page in &pages.equipment {
            for piece in &page.value.equipment {
                places = places.with(NativeKind::Equipment, piece.id.value.as_str(), Some(page.value.plant.value), &page.file);
            }
        }
        for (site, page) in &pages.sites {
            places = places.with(NativeKind::Calendar, site.as_str(), Some(*site), &page.file);
        }
        places
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{demo, folder::Folder, load, trial};

    #[test]
    fn everything_of_the_folder_is_found_in_its_file() {
        let dir = tempfile::tempdir().unwrap();
        demo::write_to(dir.path()).unwrap();
        let (filled, _) = trial::filled(&Folder::read(dir.path()).unwrap(), &BTreeMap::new());
        let places = load(dir.path(), &filled).unwrap().places;
        let site = |name| Some(SiteId::parse(name).unwrap());
        for (kind, name, of, files) in [
            (NativeKind::Material, "FG-100", None, &["materials/all.yaml"][..]),
            (NativeKind::Material, "FG-100", site("nord"), &["materials/all.yaml"]),
            (NativeKind::Material, "FG-1OO", None, &[]),
            (NativeKind::Recipe, "FG-100", site("nord"), &["recipes/nord-fg-100.yaml"]),
            (NativeKind::Recipe, "FG-100", site("ohio"), &[]),
            (NativeKind::Equipment, "PRESS-4", site("nord"), &["equipment/nord.yaml"]),
            (NativeKind::Calendar, "nord", None, &["sites/nord.yaml"]),
        ] {
            assert_eq!(places.find(kind, name, of), files, "{kind:?} {name} of {of:?}");
        }
    }
}
