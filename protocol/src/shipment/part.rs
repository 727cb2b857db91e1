//! Part of a handling unit, picked by quantity: only that leaves, and the rest stands where it stood.

use serde::{Deserialize, Serialize};

use super::decide::Turn;
use super::{Fact, Located, Shipment, Stage};
use crate::effect::UnitContent;
use crate::qty::Qty;
use crate::words::{LotKey, Sscc};

/// What was picked of a handling unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Which lot of it; nothing where the warehouse names none, which says enough only while one lot is on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lot: Option<LotKey>,
    /// How much, in the unit in which the lot is counted.
    pub qty: Qty,
}

impl Part {
    fn said(&self) -> String {
        let of = self.lot.as_ref().map_or_else(|| "no lot".to_owned(), |lot| format!("lot {lot}"));
        format!("{} of {of}", self.qty)
    }

    fn is_of(&self, content: &UnitContent) -> bool {
        self.lot.as_ref().is_none_or(|lot| *lot == content.lot) && self.qty.uom() == content.qty.uom()
    }
}

impl Shipment {
    /// What was picked of a handling unit; nothing when it was taken whole.
    pub(super) fn parts(&self, sscc: &Sscc) -> Option<&Vec<Part>> {
        self.parts.get(sscc).or_else(|| self.parts.iter().find(|(known, _)| known.is(sscc)).map(|(_, parts)| parts))
    }

    /// Some of a handling unit was picked. One that was taken whole stays so.
    pub(super) fn take_part(&mut self, sscc: &Sscc, part: &Part) {
        if self.is_whole(sscc) {
            return;
        }
        let name = self.taken_by_itself(sscc);
        let parts = self.parts.entry(name).or_default();
        let same = parts.iter_mut().find(|known| known.lot == part.lot);
        match same.and_then(|known| known.qty.plus(part.qty).ok().map(|sum| (known, sum))) {
            Some((known, sum)) => known.qty = sum,
            None => parts.push(part.clone()),
        }
    }

    /// A handling unit is on it, by the name it has here; what stood on another one is known by itself from now on.
    pub(super) fn taken_by_itself(&mut self, sscc: &Sscc) -> Sscc {
        let name = self.known(sscc).map_or(sscc, |(name, _)| name).clone();
        if let Some(located) = self.units.entry(name.clone()).or_insert(None) {
            located.via = None;
        }
        self.stage = self.stage.max(Stage::Picking);
        name
    }

    /// Whether all of a handling unit was picked by itself.
    pub(super) fn is_whole(&self, sscc: &Sscc) -> bool {
        let itself = |(_, located): (&Sscc, Option<&Located>)| located.is_none_or(|located| located.via.is_none());
        self.known(sscc).is_some_and(itself) && self.parts(sscc).is_none()
    }

    /// What of a handling unit is on it: all, or what was picked of it.
    pub fn on_it(&self, sscc: &Sscc, located: &Located) -> Vec<UnitContent> {
        self.parts(sscc).map_or_else(|| located.contents.clone(), |parts| allotted(parts, &located.contents).0)
    }

    /// The handling units of which less than all is on it, as far as that is known.
    pub(super) fn split(&self) -> Vec<Sscc> {
        let less = |located: &Located, sscc: &Sscc| self.on_it(sscc, located) != located.contents;
        let part = |(sscc, located): &(&Sscc, &Option<Located>)| located.as_ref().is_some_and(|located| less(located, sscc));
        self.units.iter().filter(part).map(|(sscc, _)| sscc.clone()).collect()
    }

    /// What was picked of what is not known to be on a handling unit: nobody can be asked about it.
    pub(super) fn unknown_parts(&self) -> Vec<String> {
        let mut unknown = Vec::new();
        for (sscc, parts) in &self.parts {
            let Some(located) = self.units.get(sscc).and_then(Option::as_ref) else { continue };
            for part in parts.iter().filter(|part| part.qty.is_positive()) {
                let first = located.contents.first().map(|content| &content.lot);
                let unsaid = part.lot.is_none() && located.contents.iter().any(|content| Some(&content.lot) != first);
                if unsaid || !located.contents.iter().any(|content| part.is_of(content)) {
                    unknown.push(format!("{} were picked from {sscc}, and it is not known which of its goods that are", part.said()));
                }
            }
            let over = allotted(parts, &located.contents).1.into_iter().filter(|part| part.qty.is_positive());
            let over = over.filter(|part| located.contents.iter().any(|content| part.is_of(content)));
            unknown.extend(over.map(|part| format!("{} more were picked from {sscc} than is known to be on it", part.said())));
        }
        unknown
    }
}

/// What of the goods on a handling unit was picked, row by row, and what was picked beyond them. What names its lot goes first.
fn allotted(parts: &[Part], contents: &[UnitContent]) -> (Vec<UnitContent>, Vec<Part>) {
    let mut left = parts.to_vec();
    left.sort_by_key(|part| part.lot.is_none());
    let mut taken = Vec::new();
    for content in contents {
        let mut qty = Qty::zero(content.qty.uom());
        for part in left.iter_mut().filter(|part| part.is_of(content)) {
            let open = content.qty.minus(qty).unwrap_or(qty);
            let some = if part.qty.compare(&open).is_some_and(std::cmp::Ordering::is_lt) { part.qty } else { open };
            part.qty = part.qty.minus(some).unwrap_or(part.qty);
            qty = qty.plus(some).unwrap_or(qty);
        }
        if qty.is_positive() {
            taken.push(UnitContent { qty, ..content.clone() });
        }
    }
    (taken, left)
}

/// The same goods, one row a lot: two orders may have put some of it on one handling unit.
pub(super) fn by_lot(contents: &[UnitContent]) -> Vec<UnitContent> {
    let mut lots: Vec<UnitContent> = Vec::new();
    for content in contents {
        let known = lots.iter_mut().find(|known| known.lot_entity == content.lot_entity);
        match known.and_then(|known| known.qty.plus(content.qty).ok().map(|sum| (known, sum))) {
            Some((known, sum)) => known.qty = sum,
            None => lots.push(content.clone()),
        }
    }
    lots
}

/// What is more than it was, row by row.
pub(super) fn more(was: &[UnitContent], is: &[UnitContent]) -> Vec<UnitContent> {
    let grown = |row: &UnitContent| {
        let same = |known: &&UnitContent| (known.lot_entity, known.order, known.output) == (row.lot_entity, row.order, row.output);
        let before = was.iter().find(same).map_or(Qty::zero(row.qty.uom()), |known| known.qty);
        row.qty.minus(before).ok().filter(Qty::is_positive).map(|qty| UnitContent { qty, ..row.clone() })
    };
    is.iter().filter_map(grown).collect()
}

impl Turn<'_, '_> {
    /// Some of a handling unit was picked: its lots are told of that much.
    pub(super) fn picked_part(&mut self, sscc: &Sscc, part: &Part) {
        if self.shipment.is_whole(sscc) {
            return;
        }
        self.changed(&format!("some of {sscc} was picked since"));
        self.note(Fact::PickedPart { unit: sscc.clone(), part: part.clone() });
        if self.shipment.parts(sscc).is_none() {
            self.locate(sscc);
            return;
        }
        let mut after = self.shipment.clone();
        after.take_part(sscc, part);
        if let Some((name, Some(located))) = self.shipment.known(sscc) {
            self.grown(name, located, &after.on_it(name, located));
        }
    }

    /// Of a handling unit of which some was picked, the rest was, too.
    pub(super) fn picked_rest(&mut self, sscc: &Sscc) {
        if let Some((name, Some(located))) = self.shipment.known(sscc).filter(|(name, _)| self.shipment.parts(name).is_some()) {
            self.grown(name, located, &located.contents);
        }
    }

    /// More of a handling unit is on it than was known: its lots hear that, and when it has left that so much more is gone.
    fn grown(&mut self, sscc: &Sscc, located: &Located, is: &[UnitContent]) {
        let was = self.shipment.on_it(sscc, located);
        self.register(sscc, &was, is);
        if self.shipment.stage == Stage::Departed {
            self.left_unseen(sscc, located, (&was, is));
        }
    }
}
