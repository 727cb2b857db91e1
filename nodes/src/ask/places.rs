//! Master data that stands in the configuration folder and that no system has stated: who asks for its record is told where it
//! is. Apart from the records because those are of what was stated.

use std::sync::{Arc, PoisonError, RwLock};

use takt_config::places::Places;
use takt_protocol::name::SiteId;
use takt_protocol::native::NativeKind;

use super::{Denied, Reception, Sort};

/// In which file of the folder in force a thing stands. Clones share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct FolderPlaces {
    places: Arc<RwLock<Places>>,
}

impl FolderPlaces {
    /// Of a folder.
    pub(crate) fn new(places: Places) -> Self {
        Self { places: Arc::new(RwLock::new(places)) }
    }

    /// Of another folder from now on.
    pub(crate) fn replace(&self, by: Places) {
        *self.places.write().unwrap_or_else(PoisonError::into_inner) = by;
    }

    fn find(&self, kind: NativeKind, name: &str, of: Option<SiteId>) -> Vec<String> {
        let places = self.places.read().unwrap_or_else(PoisonError::into_inner);
        places.find(kind, name, of).into_iter().map(ToOwned::to_owned).collect()
    }
}

impl Reception {
    /// The same, with where things stand in the folder.
    #[must_use]
    pub(crate) fn with_places(self, places: FolderPlaces) -> Self {
        Self { places, ..self }
    }

    /// That no system has stated a record of this name, and where the folder has it if it does.
    pub(super) fn unstated(&self, (word, kind): (&str, NativeKind), name: &str, of: Option<SiteId>) -> Denied {
        let files = self.places.find(kind, name, of);
        if files.is_empty() {
            return Denied::nobody_knows(word, "id");
        }
        let message = format!("no system has stated the {word} `{}`: what holds stands in {}", name.escape_debug(), files.join(", "));
        let remedy = "look there, in the configuration folder; it has versions here once its owner states it through its link";
        Denied::new(Sort::NotFound, "UNKNOWN", message, remedy).at("id")
    }
}
