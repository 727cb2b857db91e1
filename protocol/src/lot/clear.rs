//! Transition 15 at the lot: a shipment registers before it is packed, asks when it wants to leave, and is told yes or no
//! by this log. A hold that was written first says no; one that is written later takes the yes back.

use super::decide::Turn;
use super::{Fact, Lot};
use crate::case::{CaseKind, Proposal};
use crate::draft::NewCase;
use crate::id::EntityId;
use crate::input::Body;
use crate::instant::Instant;
use crate::planted::{self, Bug};
use crate::qty::Qty;
use crate::shipment;
use crate::words::Sscc;

impl Turn<'_, '_> {
    /// A shipment wants to leave with some of it, some day: it is told of holds from now on, and of those there are.
    pub(super) fn register(&mut self, shipment: EntityId, unit: &Sscc, qty: Qty) {
        self.note(Fact::Registered { shipment, unit: unit.clone(), qty });
        let (Some(key), me) = (self.lot.key.clone(), self.draft.me()) else { return };
        if planted::is(Bug::HoldNotOnLater) {
            return;
        }
        for (number, hold) in self.lot.holds.iter().filter(|(_, hold)| hold.covers(unit)) {
            let mail = shipment::Mail::Held {
                lot: me,
                key: key.clone(),
                hold: number.clone(),
                units: hold.scope(),
                reason: hold.reason.clone(),
                revokes: None,
            };
            self.draft.tell_first(shipment, Body::Shipment(shipment::Input::Mail(mail)));
        }
    }

    /// A shipment asks whether it may leave. Whoever asks is registered: word of a later hold must find it, even where
    /// its registration is still on the road.
    pub(super) fn ask_clearance(&mut self, shipment: EntityId, attempt: u32, (units, parts): (&[(Sscc, Qty)], &[Sscc]), until: Instant) {
        let mut refused: Vec<String> = units.iter().flat_map(|(unit, _)| self.lot.blocks(unit)).collect();
        if planted::is(Bug::HoldNotOnLater) {
            refused.clear();
        }
        refused.sort();
        refused.dedup();
        let unknown = units.iter().filter(|(unit, _)| self.lot.on(unit).is_none());
        refused.extend(unknown.map(|(unit, _)| format!("{unit} is not known to hold any of this lot")));
        let gone = |unit: &Sscc| self.lot.departed.iter().any(|(known, with)| known.is(unit) && *with != shipment);
        refused.extend(units.iter().filter(|(unit, _)| gone(unit)).map(|(unit, _)| format!("{unit} has left with another shipment")));
        refused.extend(units.iter().filter(|(unit, _)| parts.contains(unit)).filter_map(|(unit, qty)| self.lot.too_much(unit, *qty)));
        if self.context.now > until {
            refused.push("the request for clearance came too late".to_owned());
        }
        let known = self.lot.shipments.get(&shipment);
        for (unit, qty) in units.iter().filter(|(unit, _)| known.is_none_or(|known| !known.contains_key(unit))) {
            self.note(Fact::Registered { shipment, unit: unit.clone(), qty: *qty });
        }
        if refused.is_empty() {
            self.note(Fact::Cleared { shipment, attempt, until });
        }
        let lot = self.draft.me();
        let mail = shipment::Mail::ClearanceAnswered { attempt, lot, refused };
        self.draft.tell(shipment, Body::Shipment(shipment::Input::Mail(mail)));
    }

    /// A shipment left with some of it. Without a clearance that held at that time it is an escape.
    pub(super) fn departed(&mut self, shipment: EntityId, attempt: Option<u32>, (units, parts): (&[(Sscc, Qty)], &[Sscc])) {
        let stands = self.lot.clearances.get(&shipment).map(|(attempt, _)| *attempt);
        let given = [stands, self.lot.revoked.get(&shipment).copied()];
        let parts = units.iter().filter(|(unit, _)| parts.contains(unit)).cloned().collect();
        self.note(Fact::Departed { shipment, units: units.iter().map(|(unit, _)| unit.clone()).collect(), parts });
        let held: Vec<String> = units.iter().flat_map(|(unit, _)| self.lot.blocks(unit)).collect();
        // What left with one that was taken back since is shown by its shipment, as held after clearance.
        if held.is_empty() || (attempt.is_some() && given.contains(&attempt)) {
            return;
        }
        let what = format!("{} handling units left while not free: {}", units.len(), held.join("; "));
        let offers = vec![Proposal::Do("recall the shipment, and find out how it left".into()), Proposal::Acknowledge];
        let case = NewCase::new(CaseKind::Escape, "quality", what).impact(self.context.now).offers(offers);
        self.draft.open_case(case);
    }
}

impl Lot {
    /// Why so much cannot leave on a handling unit: others took some of it before.
    fn too_much(&self, unit: &Sscc, qty: Qty) -> Option<String> {
        let left = self.still_on(unit).filter(|_| self.taken.keys().any(|known| known.is(unit)))?;
        let over = qty.compare(&left).is_some_and(std::cmp::Ordering::is_gt);
        over.then(|| format!("{qty} are to leave with {unit}, and {left} are left on it: the rest has left with other shipments"))
    }
}
