//! What a fact means for an order. Total: never refuses, never looks anything up.

use super::{Business, Dispatch, Execution, Fact, Header, LotQuality, Operation, Order, Release, Stage, Unbooked, UnitStage};
use crate::id::EntityId;
use crate::posting::Use;
use crate::qty::Qty;
use crate::words::{OpNo, Sscc};

impl Order {
    fn order(&mut self, header: &Header, business: Business) {
        self.header = Some(header.clone());
        self.wished = None;
        self.business = business;
    }

    /// What a fact changes.
    pub(crate) fn evolve(&mut self, fact: &Fact) {
        match fact {
            Fact::Wished(release) => self.wish(release),
            Fact::Unmade => self.unmade = true,
            Fact::Created(header) => self.order(header, Business::Created),
            Fact::Released(header) => self.order(header, Business::Released),
            Fact::Business(business) => self.business = *business,
            Fact::Locked { since } => self.locked = *since,
            Fact::OnHold(reason) => self.on_hold.clone_from(reason),
            Fact::ChangeMoved(pending) => self.pending = Some(pending.as_ref().clone()),
            Fact::ChangeEnded { .. } => self.pending = None,
            Fact::TotalChanged { .. }
            | Fact::Measured { .. }
            | Fact::Rescheduled { .. }
            | Fact::Replaced { .. }
            | Fact::RecipeChanged { .. } => self.amend(fact),
            Fact::SplitFrom { parent } => self.parent = Some(*parent),
            Fact::SplitInto { child, number, total } => drop(self.children.insert(*child, (number.clone(), *total))),
            Fact::Validating { attempt } => {
                self.validations = *attempt;
                self.dispatch = Dispatch::Validating;
            }
            Fact::Resolved(resolved) => self.resolved = Some(resolved.as_ref().clone()),
            Fact::Dispatch(dispatch) => self.dispatch = dispatch.clone(),
            Fact::DispatchedBy { attempt, intent } => {
                self.attempts = *attempt;
                self.dispatch_intent = Some(*intent);
            }
            Fact::Job(job) => self.job = Some(job.clone()),
            Fact::Supply(supply) => self.supply = supply.clone(),
            Fact::Posting(fact) => self.ledger.evolve(fact),
            Fact::Carries { intent, posting } => drop(self.carries.insert(*intent, *posting)),
            Fact::Execution { op, to } => self.execute(op, to),
            Fact::Worked { op, purpose, qty, .. } => self.work(op, *purpose, *qty),
            Fact::Counter { op, purpose, source, counter, goods } => {
                let epochs = self.counters.entry((op.clone(), *purpose, *source, goods.clone())).or_default();
                epochs.insert(counter.epoch, counter.value);
            }
            Fact::Early(early) => self.early.push(early.as_ref().clone()),
            Fact::EarlyBooked { case } => self.early.retain(|early| early.case != *case),
            Fact::Unbooked(unbooked) => self.unbooked(unbooked),
            Fact::UnbookedOver { case, given_up } => self.unbooked_over(*case, *given_up),
            Fact::Declared { op, good } => self.operation(op, *good).declared = Some(*good),
            Fact::Completed => self.completed = true,
            Fact::Lot { lot, quality } => self.hear_of_lot(*lot, quality),
            Fact::Consumed { key, lot } => drop(self.consumed.insert((key.clone(), *lot))),
            Fact::Made { key, lot } => drop(self.made.insert((key.clone(), *lot))),
            Fact::Filled { sscc, unit, qty } => self.fill(sscc, *unit, *qty),
            Fact::UnitMoved { sscc, stage } => self.units.get_mut(sscc).into_iter().for_each(|unit| unit.stage = unit.stage.max(*stage)),
            Fact::UnitTaken { sscc, qty } => self.take_of(sscc, *qty),
            Fact::Equipment { stop, over } => self.stop(stop, *over),
            Fact::Books { site, step } => self.books.entry(*site).or_default().evolve(step),
            Fact::ForeignPosting { document, twin, .. } => {
                if let Some(posting) = twin {
                    self.twins.insert(*posting, document.clone());
                }
                self.foreign.insert(document.clone());
            }
        }
    }

    fn wish(&mut self, release: &Release) {
        (self.business, self.wished, self.unmade) = (Business::Planned, Some(Box::new(release.clone())), false);
    }

    /// Some of a pallet left, and the rest stayed.
    fn take_of(&mut self, sscc: &Sscc, qty: Qty) {
        if let Some(unit) = self.units.get_mut(sscc) {
            unit.taken = Some(unit.taken.map_or(qty, |sum| sum.plus(qty).unwrap_or(sum)));
        }
    }

    /// More may be put on what is on its way already.
    fn fill(&mut self, sscc: &Sscc, unit: EntityId, qty: Qty) {
        let zero = UnitStage { unit, qty: Qty::zero(qty.uom()), stage: Stage::Filled, taken: None };
        let known = self.units.entry(sscc.clone()).or_insert(zero);
        known.qty.add(qty);
    }

    fn amend(&mut self, fact: &Fact) {
        let Some(header) = &mut self.header else { return };
        if let Fact::TotalChanged { total } = fact {
            header.total = *total;
        }
        if let Fact::Measured { said, total } = fact {
            header.total = *total;
            self.said = Some(*said);
        }
        if let Fact::Rescheduled { start, end } = fact {
            (header.start, header.end) = (*start, *end);
        }
        if let Fact::RecipeChanged { version } = fact {
            header.recipe = Some(version.clone());
        }
        if let Fact::Replaced { item, material } = fact {
            self.replaced.insert(item.clone(), material.clone());
        }
    }

    fn execute(&mut self, op: &OpNo, to: &Execution) {
        let zero = self.header.as_ref().map_or(Qty::default(), |header| Qty::zero(header.total.uom()));
        let operation = self.operation(op, zero);
        operation.execution = to.clone();
        if *to == Execution::Completed {
            operation.declared = None;
        }
    }

    fn unbooked(&mut self, unbooked: &Unbooked) {
        self.unbooked.retain(|known| known.case != unbooked.case);
        self.unbooked.push(unbooked.clone());
        self.unbooked_row = self.unbooked_row.max(unbooked.row);
    }

    fn unbooked_over(&mut self, case: u32, given_up: bool) {
        if given_up {
            self.unbooked.iter_mut().filter(|known| known.case == case).for_each(|known| known.given_up = true);
        } else {
            self.unbooked.retain(|known| known.case != case);
        }
    }

    fn hear_of_lot(&mut self, lot: EntityId, quality: &LotQuality) {
        if self.lots.get(&lot).is_none_or(|known| known.word <= quality.word) {
            self.lots.insert(lot, quality.clone());
        }
    }

    fn work(&mut self, op: &OpNo, purpose: Use, qty: Qty) {
        let operation = self.operation(op, qty);
        let sum = match purpose {
            Use::Yield => &mut operation.good,
            Use::Scrap => &mut operation.scrap,
            Use::Rework => &mut operation.rework,
            Use::Consumed | Use::Produced | Use::Labour | Use::Machine => return,
        };
        *sum = sum.plus(qty).unwrap_or(*sum);
    }

    fn operation(&mut self, op: &OpNo, like: Qty) -> &mut Operation {
        let zero = Qty::zero(like.uom());
        self.ops.entry(op.clone()).or_insert(Operation {
            execution: Execution::NotStarted,
            good: zero,
            scrap: zero,
            rework: zero,
            declared: None,
        })
    }
}
