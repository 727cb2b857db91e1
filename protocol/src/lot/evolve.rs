//! What a fact means for a lot. Total.

use super::{Fact, Lot};
use crate::qty::Qty;

impl Lot {
    /// What a fact changes.
    pub(crate) fn evolve(&mut self, fact: &Fact) {
        match fact {
            Fact::Known { key, site } => {
                self.key = Some(key.clone());
                self.site = Some(*site);
            }
            Fact::Produced { order, qty, unit, from, inspected, .. } => {
                add(self.produced.entry(*order).or_insert(Qty::zero(qty.uom())), *qty);
                if let Some(unit) = unit {
                    add(self.units.entry(unit.clone()).or_insert(Qty::zero(qty.uom())), *qty);
                }
                self.parents.extend(from.iter().cloned());
                self.inspected |= *inspected;
            }
            Fact::Consumed { into, .. } => self.children.extend(into.iter().cloned()),
            Fact::Sampled(sample) => {
                self.samples.entry(sample.clone()).or_insert(None);
            }
            Fact::Judged { sample, passed } => {
                self.samples.insert(sample.clone(), Some(*passed));
            }
            Fact::Held { hold, bound } => {
                self.holds.insert(hold.clone(), bound.clone());
            }
            Fact::Contained { hold, site, containment } => {
                if let Some(hold) = self.holds.get_mut(hold) {
                    hold.containment.insert(*site, containment.clone());
                }
            }
            Fact::Decided { hold, decisions } => {
                if let Some(hold) = self.holds.get_mut(hold) {
                    hold.decisions.extend(decisions.iter().cloned());
                }
            }
            Fact::Released(hold) => {
                self.holds.remove(hold);
                self.released.insert(hold.clone());
            }
            Fact::Told => self.words += 1,
            Fact::Registered { shipment, unit, qty } => {
                self.shipments.entry(*shipment).or_default().insert(unit.clone(), *qty);
            }
            Fact::Unregistered { shipment, unit } => {
                if let Some(units) = self.shipments.get_mut(shipment) {
                    units.remove(unit);
                }
            }
            Fact::Cleared { shipment, attempt, until } => {
                self.clearances.insert(*shipment, (*attempt, *until));
            }
            Fact::ClearanceRevoked { shipment } => {
                self.clearances.remove(shipment);
            }
            Fact::Departed { shipment, units } => {
                self.departed.extend(units.iter().map(|unit| (unit.clone(), *shipment)));
                self.clearances.remove(shipment);
            }
        }
    }
}

fn add(sum: &mut Qty, qty: Qty) {
    *sum = sum.plus(qty).unwrap_or(*sum);
}
