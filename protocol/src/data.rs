//! Master data as a region knows it: of every record what was stated last, to be looked up by name. Values, like all of the
//! book; a region makes them from the logs of its records and may lose and make them again. Knows nothing of what a
//! record means.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::name::SiteId;
use crate::native::{NativeKind, Ref, normal};
use crate::record::Record;

/// Records by whose they are, what they are and their name. A clone shares all that neither side changes afterwards, since
/// a book is made anew with every change and there may be a hundred thousand records.
#[derive(Clone, Default)]
pub struct Data {
    shelves: BTreeMap<(SiteId, NativeKind), Shelf>,
}

type Drawer = BTreeMap<String, Arc<Record>>;

#[derive(Clone)]
struct Shelf {
    drawers: Vec<Arc<Drawer>>,
}

/// Drawers of a shelf: what has to be copied for one change is one of so many.
const DRAWERS: usize = 256;

impl Data {
    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.shelves.is_empty()
    }

    /// How many records there are.
    pub fn len(&self) -> usize {
        self.shelves.values().flat_map(|shelf| &shelf.drawers).map(|drawer| drawer.len()).sum()
    }

    /// Puts a record in the place of what was known of it.
    pub fn put(&mut self, of: &Ref, record: Arc<Record>) {
        let shelf = self.shelves.entry((of.system, of.kind)).or_default();
        let name = of.id.normal();
        if let Some(drawer) = shelf.drawers.get_mut(drawer_of(name)) {
            Arc::make_mut(drawer).insert(name.to_owned(), record);
        }
    }

    /// A record by its name.
    pub fn get(&self, system: SiteId, kind: NativeKind, name: &str) -> Option<&Record> {
        let name = normal(name);
        self.shelves.get(&(system, kind))?.drawers.get(drawer_of(name))?.get(name).map(Arc::as_ref)
    }

    /// All records of a site of one kind, in no order that means anything.
    pub fn all(&self, system: SiteId, kind: NativeKind) -> impl Iterator<Item = &Record> {
        self.shelves.get(&(system, kind)).into_iter().flat_map(|shelf| &shelf.drawers).flat_map(|drawer| drawer.values()).map(Arc::as_ref)
    }

    /// Everything, by whose it is, what it is, and its name.
    pub fn iter(&self) -> impl Iterator<Item = (SiteId, NativeKind, &str, &Record)> {
        self.shelves.iter().flat_map(|((system, kind), shelf)| {
            let records = shelf.drawers.iter().flat_map(|drawer| drawer.iter());
            records.map(move |(name, record)| (*system, *kind, name.as_str(), record.as_ref()))
        })
    }
}

impl Default for Shelf {
    fn default() -> Self {
        Self { drawers: vec![Arc::default(); DRAWERS] }
    }
}

impl fmt::Debug for Data {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Data({} records)", self.len())
    }
}

fn drawer_of(name: &str) -> usize {
    usize::from(name.bytes().fold(0_u8, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte)))
}
