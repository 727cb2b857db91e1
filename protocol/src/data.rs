//! Master data as a region knows it: of every record what was stated last, to be looked up by name. Values, like all of the
//! book; a region makes them from the logs of its records and may lose and make them again. Knows nothing of what a
//! record means.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Bound;
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

    /// Records of a site of one kind behind a name (`""` for all), in the order of their names as they are matched. Reads no further than it
    /// is asked for.
    pub fn after<'a>(&'a self, system: SiteId, kind: NativeKind, name: &str) -> impl Iterator<Item = (&'a str, &'a Record)> {
        let behind = (Bound::Excluded(normal(name)), Bound::Unbounded);
        let drawers = self.shelves.get(&(system, kind)).into_iter().flat_map(|shelf| &shelf.drawers);
        let mut ahead: Vec<_> = drawers.map(|drawer| drawer.range::<str, _>(behind)).collect();
        let mut first: BTreeMap<&str, (usize, &Record)> = BTreeMap::new();
        for (at, drawer) in ahead.iter_mut().enumerate() {
            first.extend(drawer.next().map(|(name, record)| (name.as_str(), (at, record.as_ref()))));
        }
        std::iter::from_fn(move || {
            let (name, (at, record)) = first.pop_first()?;
            let next = ahead.get_mut(at).and_then(Iterator::next);
            first.extend(next.map(|(name, record)| (name.as_str(), (at, record.as_ref()))));
            Some((name, record))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::native::NativeId;

    #[test]
    fn records_behind_a_name_come_in_order_whatever_drawer_they_lie_in() {
        let (plm, other) = (SiteId::parse("plm").unwrap(), SiteId::parse("other").unwrap());
        let mut data = Data::default();
        let mut put =
            |system, name: &str| data.put(&Ref::new(system, NativeKind::Material, NativeId::parse(name).unwrap()), Arc::default());
        (0..700).rev().for_each(|number| put(plm, &format!("FG-{number:03}")));
        put(other, "FG-0005");
        let names = |after: &str| data.after(plm, NativeKind::Material, after).map(|(name, _)| name.to_owned()).collect::<Vec<_>>();
        assert_eq!(names(""), (0..700).map(|number| format!("FG-{number:03}")).collect::<Vec<_>>());
        assert_eq!(names("FG-697"), ["FG-698", "FG-699"]);
        assert_eq!(names("FG-6975"), ["FG-698", "FG-699"], "also behind a name that is not there");
    }
}
