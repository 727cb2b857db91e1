//! What a fact means for a lot. Total.

use std::collections::BTreeSet;

use super::{Booking, Decision, Fact, Hold, Lot, Provisional};
use crate::id::EntityId;
use crate::qty::Qty;
use crate::words::{HoldNo, LotKey, Sscc, StockStatus};

impl Lot {
    /// What a fact changes.
    pub(crate) fn evolve(&mut self, fact: &Fact) {
        match fact {
            Fact::Known { key, site } => (self.key, self.site) = (Some(key.clone()), Some(*site)),
            Fact::Produced { order, qty, unit, from, inspected, .. } => {
                self.produce(*order, *qty, unit.as_ref());
                self.parents.extend(from.iter().cloned());
                self.inspected |= *inspected;
            }
            Fact::Consumed { into, .. } => self.children.extend(into.iter().cloned()),
            Fact::Linked { from, into } => {
                self.parents.extend(from.iter().cloned());
                self.children.extend(into.iter().cloned());
            }
            Fact::Sampled(sample) => {
                self.samples.entry(sample.clone()).or_insert(None);
            }
            Fact::Judged { sample, passed } => drop(self.samples.insert(sample.clone(), Some(*passed))),
            Fact::Held { hold, bound } => self.hold(hold, bound),
            Fact::DecidedEarly { hold, early } => self.early.entry(hold.clone()).or_default().push(early.clone()),
            Fact::Contained { hold, site, containment } => {
                if let Some(hold) = self.holds.get_mut(hold) {
                    hold.containment.insert(*site, containment.clone());
                }
            }
            Fact::Decided { hold, decisions, provisional } => self.decide_about(hold, decisions, provisional.as_ref()),
            Fact::Disposed { units, verdict, rest, under } => self.disposed(units, *verdict, rest.as_deref(), under.as_deref()),
            Fact::Restricted { qty } => self.stock.restrict(*qty),
            Fact::Booked { order, posting, parts } => self.book(*order, *posting, parts),
            Fact::Moved { from, to, qty } => self.stock.moved(*from, *to, *qty),
            Fact::MoveRefused { from, to, qty } => self.stock.not_moved(*from, *to, *qty),
            Fact::MoveDone { .. } => self.stock.did_move(),
            Fact::ParentFreed { parent, hold } => self.free_from(&(parent.clone(), hold.clone())),
            Fact::OriginFreed { origin } => {
                self.holds.values_mut().for_each(|hold| hold.parents.retain(|ground| ground.origin != *origin));
                self.over.insert(origin.clone());
            }
            Fact::Released(hold) => {
                self.release(hold);
                self.released.insert(hold.clone());
            }
            Fact::GoesTo(warehouse) => drop(self.warehouses.insert(*warehouse)),
            Fact::Told => self.words += 1,
            Fact::Announced { .. } | Fact::Arrived { .. } => self.expect(fact),
            Fact::Registered { shipment, unit, qty } => {
                self.shipments.entry(*shipment).or_default().insert(unit.clone(), *qty);
            }
            Fact::Unregistered { shipment, unit } => {
                if let Some(units) = self.shipments.get_mut(shipment) {
                    units.remove(unit);
                }
            }
            Fact::Cleared { shipment, attempt, until } => drop(self.clearances.insert(*shipment, (*attempt, *until))),
            Fact::ClearanceRevoked { shipment } => {
                self.revoked.extend(self.clearances.remove(shipment).map(|(attempt, _)| (*shipment, attempt)));
            }
            Fact::Departed { shipment, units, parts } => units.iter().for_each(|unit| self.depart(*shipment, unit, parts.get(unit))),
        }
    }

    /// With word of a hold, what was decided about it before that is taken, or is about another one.
    fn hold(&mut self, number: &HoldNo, bound: &Hold) {
        if bound.own {
            self.early.remove(&bound.called);
        }
        self.holds.insert(number.clone(), bound.clone());
    }

    fn decide_about(&mut self, number: &HoldNo, decisions: &[Decision], provisional: Option<&Provisional>) {
        if let Some(hold) = self.holds.get_mut(number) {
            hold.decisions.extend(decisions.iter().cloned());
            hold.provisional = provisional.cloned();
        } else {
            self.provisional.remove(number);
        }
    }

    fn release(&mut self, number: &HoldNo) {
        if let Some(hold) = self.holds.remove(number).filter(|hold| hold.provisional.is_some()) {
            self.provisional.insert(number.clone(), hold);
        }
    }

    fn produce(&mut self, order: EntityId, qty: Qty, unit: Option<&Sscc>) {
        add(self.produced.entry(order).or_insert(Qty::zero(qty.uom())), qty);
        if let Some(unit) = unit {
            self.bar_newcomer(unit);
            add(self.units.entry(unit.clone()).or_insert(Qty::zero(qty.uom())), qty);
            if self.has_left(unit) {
                // Word of what was on it came after it had left.
                self.stock.add(StockStatus::Unrestricted, qty.negated());
            }
        }
    }

    /// What shipments took of a handling unit before the ERP had any of it is not there now.
    fn book(&mut self, order: EntityId, posting: u32, parts: &[Booking]) {
        let unbooked = |unit: &&Sscc| !self.stock.units.keys().any(|known| known.is(unit));
        let first: BTreeSet<Sscc> = parts.iter().filter_map(|part| part.unit.as_ref()).filter(unbooked).cloned().collect();
        self.stock.book(order, posting, parts);
        for unit in first {
            let taken = self.taken.iter().filter(|(known, _)| known.is(&unit)).flat_map(|(_, by)| by.values());
            if let Some(sum) = self.stock.units.get_mut(&unit) {
                taken.for_each(|qty| add(sum, qty.negated()));
            }
        }
    }

    fn free_from(&mut self, freed: &(LotKey, HoldNo)) {
        for hold in self.holds.values_mut() {
            hold.parents.retain(|ground| (&ground.parent, &ground.hold) != (&freed.0, &freed.1));
        }
        self.freed.insert(freed.clone());
    }

    /// The ERP issues what its delivery takes: it stands there no longer.
    fn depart(&mut self, shipment: EntityId, unit: &Sscc, part: Option<&Qty>) {
        self.clearances.remove(&shipment);
        self.revoked.remove(&shipment);
        let left = self.still_on(unit).filter(|_| !self.has_left(unit));
        if let (Some(part), Some(left)) = (part, left)
            && part.compare(&left).is_some_and(std::cmp::Ordering::is_lt)
        {
            add(self.taken.entry(unit.clone()).or_default().entry(shipment).or_insert(Qty::zero(part.uom())), *part);
            self.stock.add(StockStatus::Unrestricted, part.negated());
            self.stock.units.iter_mut().filter(|(known, _)| known.is(unit)).for_each(|(_, qty)| add(qty, part.negated()));
            return;
        }
        self.departed.insert(unit.clone(), shipment);
        if let Some(qty) = left {
            self.stock.add(StockStatus::Unrestricted, qty.negated());
            self.stock.units.retain(|known, _| !known.is(unit));
        }
    }
}

fn add(sum: &mut Qty, qty: Qty) {
    sum.add(qty);
}
