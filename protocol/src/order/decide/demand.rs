//! An order that was made of a demand tells its planning system how far it is, whenever that is otherwise than before. Says
//! nothing of what the demand is: that is the ERP's and planning's.

use super::Turn;
use crate::demand::{DemandRef, Supply, SupplyState};
use crate::fact::Fact as Noted;
use crate::input::Body;
use crate::order::{Business, Fact, Order};
use crate::posting::Use;
use crate::site;

impl Order {
    /// What it is to the demand it was made of, as word number `word`.
    fn supplies(&self, word: u32) -> Option<(DemandRef, Supply)> {
        let header = self.header.as_ref()?;
        let demand = header.demand.clone()?;
        let state = match self.business {
            Business::Cancelled => SupplyState::Cancelled,
            Business::TechnicallyCompleted | Business::Closed => SupplyState::Completed,
            Business::PartlyReleased | Business::Released if self.completed => SupplyState::Completed,
            Business::PartlyReleased | Business::Released => SupplyState::Released,
            Business::Planned | Business::Created => SupplyState::Created,
        };
        let last = self.resolved.as_ref().and_then(|resolved| resolved.operations.last()).and_then(|last| self.ops.get(&last.op));
        let confirmed = last.map(|operation| operation.good).filter(|_| state == SupplyState::Completed);
        let (erp, order, plant, total) = (header.erp, header.number.clone(), header.plant, header.total);
        Some((demand, Supply { erp, order, plant, total, confirmed, state, word }))
    }

    /// Whether a fact may change that.
    fn changes_supply(&self, fact: &Fact) -> bool {
        if let Fact::Created(header) | Fact::Released(header) = fact {
            return header.demand.is_some();
        }
        // What is counted while it runs is told when it has run, and what is corrected afterwards at once.
        let corrected = matches!(fact, Fact::Worked { purpose: Use::Yield, .. }) && self.completed;
        let moved = matches!(fact, Fact::Business(_) | Fact::TotalChanged { .. } | Fact::Completed);
        (moved || corrected) && self.header.as_ref().is_some_and(|header| header.demand.is_some())
    }
}

impl Turn<'_, '_> {
    /// Planning hears what becomes of what it asked for.
    pub(super) fn tell_demand(&mut self) {
        let matters = |fact: &Noted| matches!(fact, Noted::Order(fact) if self.order.changes_supply(fact));
        if !self.draft.facts().iter().any(matters) {
            return;
        }
        let mut after = self.order.clone();
        for fact in self.draft.facts() {
            if let Noted::Order(fact) = fact {
                after.evolve(fact);
            }
        }
        if self.order.supplies(0) == after.supplies(0) {
            return;
        }
        // The number of the intent that carries it grows with each word.
        let Some((demand, supply)) = after.supplies(self.draft.next_intent()) else { return };
        if let Some(planning) = self.context.book.site_entity(demand.system) {
            let mail = site::Mail::Supplies { order: self.draft.me(), demand: demand.number, supply: Box::new(supply) };
            self.draft.tell(planning, Body::Site(site::Input::Mail(mail)));
        }
    }
}
