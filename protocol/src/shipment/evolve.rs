//! What a fact means for a shipment. Total.

use super::{Departure, Fact, Located, Shipment, Stage, Yes};
use crate::instant::Instant;
use crate::words::Sscc;

impl Shipment {
    /// A handling unit on it, however it is spelled.
    pub(super) fn known(&self, sscc: &Sscc) -> Option<(&Sscc, Option<&Located>)> {
        let same = || self.units.iter().find(|(name, _)| name.is(sscc));
        self.units.get_key_value(sscc).or_else(same).map(|(name, located)| (name, located.as_ref()))
    }

    fn over(&mut self, attempt: u32, at: Option<Instant>) {
        let Some(yes) = self.cleared.as_mut().filter(|yes| yes.attempt == attempt) else { return };
        match at {
            Some(at) => yes.over = yes.over.or(Some(at)),
            None => self.cleared = None,
        }
    }

    /// What a fact changes.
    pub(crate) fn evolve(&mut self, fact: &Fact) {
        self.evolve_truck(fact);
        match fact {
            Fact::Announced { warehouse, delivery, lines, planned } => {
                self.warehouse = Some(*warehouse);
                self.delivery = Some(delivery.clone());
                self.lines.clone_from(lines);
                self.planned = *planned;
            }
            Fact::Picked(sscc) => {
                let name = self.taken_by_itself(sscc);
                self.parts.remove(&name);
            }
            Fact::PickedPart { unit, part } => self.take_part(unit, part),
            Fact::Located { sscc, located } => {
                self.units.insert(sscc.clone(), Some(located.clone()));
            }
            Fact::Stage(stage) => self.stage = self.stage.max(*stage),
            Fact::Blocked { gate, reason } => drop(self.gates.insert(*gate, reason.clone())),
            Fact::Unblocked(gate) => {
                self.gates.remove(gate);
            }
            Fact::Held { lot, hold, reason } => {
                self.holds.insert((*lot, hold.clone()), reason.clone());
            }
            Fact::Freed { lot, hold } => {
                self.holds.remove(&(*lot, hold.clone()));
                self.freed.insert((*lot, hold.clone()));
            }
            Fact::Asked { attempt, until, lots } => {
                let lots = lots.iter().map(|lot| (*lot, None)).collect();
                let again = self.departure.as_ref().is_some_and(|before| before.told == Some(false));
                self.departure = Some(Departure { attempt: *attempt, until: *until, lots, told: None, again });
            }
            Fact::Answered { attempt, lot, refused } => {
                if let Some(departure) = self.departure.as_mut().filter(|departure| departure.attempt == *attempt) {
                    departure.lots.insert(*lot, Some(refused.clone()));
                }
            }
            Fact::Told { attempt, granted } => {
                // With what was told when it left, it has left.
                let open = self.departure.as_mut().filter(|_| self.stage != Stage::Departed);
                if let Some(departure) = open.filter(|departure| departure.attempt == *attempt) {
                    departure.told = Some(*granted);
                    let yes = granted.then_some(Yes { attempt: *attempt, until: departure.until, over: None });
                    self.cleared = yes.or(self.cleared);
                }
            }
            Fact::Over { attempt, at } => self.over(*attempt, *at),
            // Of the truck; see there.
            Fact::Tendered { .. }
            | Fact::Load(_)
            | Fact::Booked { .. }
            | Fact::Docked(_)
            | Fact::WaitsForTruck { .. }
            | Fact::TruckAsked { .. }
            | Fact::TruckTold { .. }
            | Fact::TruckLeft => {}
        }
    }
}
