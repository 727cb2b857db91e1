//! What a fact means for a shipment. Total.

use super::{Departure, Fact, Shipment, Stage};

impl Shipment {
    /// What a fact changes.
    pub(crate) fn evolve(&mut self, fact: &Fact) {
        match fact {
            Fact::Announced { warehouse, delivery, lines, planned } => {
                self.warehouse = Some(*warehouse);
                self.delivery = Some(delivery.clone());
                self.lines.clone_from(lines);
                self.planned = *planned;
            }
            Fact::Picked(sscc) => {
                self.units.entry(sscc.clone()).or_insert(None);
                self.stage = self.stage.max(Stage::Picking);
            }
            Fact::Located { sscc, located } => {
                self.units.insert(sscc.clone(), Some(located.clone()));
            }
            Fact::Stage(stage) => self.stage = self.stage.max(*stage),
            Fact::Blocked { gate, reason } => {
                self.gates.insert(*gate, reason.clone());
            }
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
                self.departure = Some(Departure { attempt: *attempt, until: *until, lots, told: None });
            }
            Fact::Answered { attempt, lot, refused } => {
                if let Some(departure) = self.departure.as_mut().filter(|departure| departure.attempt == *attempt) {
                    departure.lots.insert(*lot, Some(refused.clone()));
                }
            }
            Fact::Told { attempt, granted } => {
                if let Some(departure) = self.departure.as_mut().filter(|departure| departure.attempt == *attempt) {
                    departure.told = Some(*granted);
                }
            }
        }
    }
}
