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
    fn is_of(&self, content: &UnitContent) -> bool {
        self.lot.as_ref().is_none_or(|lot| *lot == content.lot) && self.qty.uom() == content.qty.uom()
    }
}

impl Shipment {
    /// What was picked of a handling unit; nothing when it was taken whole.
    fn parts(&self, sscc: &Sscc) -> Option<&Vec<Part>> {
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
        let Some(parts) = self.parts(sscc) else { return located.contents.clone() };
        let mut left = parts.clone();
        let mut taken = Vec::new();
        for content in &located.contents {
            let Some(part) = left.iter_mut().find(|part| part.is_of(content) && part.qty.is_positive()) else { continue };
            let qty = if part.qty.compare(&content.qty).is_some_and(std::cmp::Ordering::is_lt) { part.qty } else { content.qty };
            part.qty = part.qty.minus(qty).unwrap_or(part.qty);
            taken.push(UnitContent { qty, ..content.clone() });
        }
        taken
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
                    let of = part.lot.as_ref().map_or_else(|| "no lot".to_owned(), |lot| format!("lot {lot}"));
                    unknown.push(format!("{} of {of} were picked from {sscc}, and it is not known which of its goods that are", part.qty));
                }
            }
        }
        unknown
    }
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
            let was = self.shipment.on_it(name, located);
            for content in after.on_it(name, located).iter().filter(|content| !was.contains(content)) {
                self.register(name, content);
            }
        }
    }

    /// Of a handling unit of which some was picked, the rest was, too.
    pub(super) fn picked_rest(&mut self, sscc: &Sscc) {
        if let Some((name, Some(located))) = self.shipment.known(sscc).filter(|(name, _)| self.shipment.parts(name).is_some()) {
            for content in &located.contents {
                self.register(name, content);
            }
        }
    }
}
