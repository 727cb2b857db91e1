//! Transitions 12 and 13: holds. Anyone may place one; it binds in this lot's commit, before and whatever any other system
//! answers. Only the quality system, or an allowed quality role, decides; a hold comes down to what was made from the lot.

use super::decide::Turn;
use super::{Containment, Disposition, Fact, Hold, Lot, Placement, Verdict};
use crate::answer::Answer;
use crate::case::{CaseKind, Proposal};
use crate::draft::NewCase;
use crate::effect::{Effect, StockBlock};
use crate::id::EntityId;
use crate::input::Body;
use crate::intent::{Tier, Wake};
use crate::kernel::refuse;
use crate::lot;
use crate::native::NativeId;
use crate::outbox::{OutboxFact, Outcome};
use crate::planted::{self, Bug};
use crate::refusal::Code;
use crate::shipment;
use crate::words::{HoldNo, LotKey, Reason, Sscc, StockStatus};

impl Turn<'_, '_> {
    /// A hold is placed.
    pub(super) fn place(&mut self, placement: &Placement) -> Answer {
        self.known(&placement.lot, placement.site);
        let units = placement.units.iter().cloned().collect();
        self.bind(&placement.hold, units, &placement.reason, None);
        Answer::Accepted
    }

    /// A sample failed: the lot is held until somebody decides.
    pub(super) fn hold_for_failure(&mut self, sample: &NativeId, findings: &str) {
        let hold = HoldNo::parse(&format!("sample {sample}").chars().take(40).collect::<String>());
        let reason = Reason::parse(&format!("failed: {findings}").chars().take(40).collect::<String>());
        if let (Ok(hold), Ok(reason)) = (hold, reason) {
            self.bind(&hold, std::collections::BTreeSet::new(), &reason, None);
        }
    }

    /// A lot it was made from is held.
    pub(super) fn parent_held(&mut self, parent: &LotKey, hold: &HoldNo, reason: &Reason) {
        self.bind(hold, std::collections::BTreeSet::new(), reason, Some(parent.clone()));
    }

    /// From this commit on, nothing of it is cleared.
    fn bind(&mut self, number: &HoldNo, units: std::collections::BTreeSet<Sscc>, reason: &Reason, parent: Option<LotKey>) {
        if self.lot.holds.contains_key(number) || self.lot.released.contains(number) {
            return;
        }
        let now = self.context.now;
        let hold = Hold {
            units,
            reason: reason.clone(),
            bound_at: now,
            parent,
            containment: std::collections::BTreeMap::new(),
            decisions: Vec::new(),
        };
        if !planted::is(Bug::HoldAfterAnswer) {
            self.note(Fact::Held { hold: number.clone(), bound: hold.clone() });
        }
        self.revoke_clearances(number, &hold);
        let scope: Vec<Sscc> = hold.units.iter().cloned().collect();
        self.block_everywhere(number, &hold, &scope);
        let children: Vec<(LotKey, EntityId)> = self.lot.children.iter().cloned().collect();
        self.hold_children(number, reason, &children);
        self.draft.wake(now.plus_ms(self.context.book.policy.disposition_ms), Wake::DispositionDue { hold: number.clone() });
        let mut after = self.lot.clone();
        after.evolve(&Fact::Held { hold: number.clone(), bound: hold });
        self.tell_orders(&after);
    }

    /// Every shipment that wants to leave with it is told; one that was cleared is told that it is no longer.
    fn revoke_clearances(&mut self, number: &HoldNo, hold: &Hold) {
        let (Some(key), me) = (self.key.clone(), self.draft.me()) else { return };
        for (shipment, units) in &self.lot.shipments {
            if !units.keys().any(|unit| hold.covers(unit)) {
                continue;
            }
            let revokes = self.lot.clearances.get(shipment).map(|(attempt, _)| *attempt);
            if revokes.is_some() {
                self.note(Fact::ClearanceRevoked { shipment: *shipment });
            }
            let mail = shipment::Mail::Held {
                lot: me,
                key: key.clone(),
                hold: number.clone(),
                units: hold.units.iter().cloned().collect(),
                reason: hold.reason.clone(),
                revokes,
            };
            self.draft.tell_first(*shipment, Body::Shipment(shipment::Input::Mail(mail)));
        }
    }

    /// ERP, warehouse and quality system are told to block; none of them makes the hold, none can undo it.
    pub(super) fn block_everywhere(&mut self, number: &HoldNo, hold: &Hold, units: &[Sscc]) {
        let (Some(key), Some(site)) = (self.key.clone(), self.site) else { return };
        let Some(plant) = self.context.book.sites.get(&site).cloned() else { return };
        let block = StockBlock { hold: number.clone(), lot: key.clone(), units: units.to_vec(), reason: hold.reason.clone() };
        let now = self.context.now;
        let mut told = Vec::new();
        if let Some(warehouse) = plant.warehouse {
            self.draft.ask_site_first(warehouse, Effect::BlockStock(block.clone()));
            told.push(warehouse);
        }
        if let (Some(erp), Some(qty)) = (plant.erp, self.held_qty(units)) {
            let from = if self.lot.in_inspection() { StockStatus::QualityInspection } else { StockStatus::Unrestricted };
            let effect = Effect::ChangeStockStatus { lot: key, plant: site, qty, from, to: StockStatus::Blocked, hold: number.clone() };
            self.draft.ask_site_first(erp, effect);
            told.push(erp);
        }
        if let Some(quality) = plant.quality {
            self.draft.ask_site(quality, Tier::Business, Effect::TellHold(block));
            told.push(quality);
        }
        for site in told {
            self.note(Fact::Contained { hold: number.clone(), site, containment: Containment::Requested { at: now } });
        }
    }

    fn held_qty(&self, units: &[Sscc]) -> Option<crate::qty::Qty> {
        if units.is_empty() {
            return self.lot.total().filter(crate::qty::Qty::is_positive);
        }
        let known = units.iter().filter_map(|unit| self.lot.units.get(unit).copied());
        known.reduce(|a, b| a.plus(b).unwrap_or(a)).filter(crate::qty::Qty::is_positive)
    }

    /// What was made from it is held under the same number.
    fn hold_children(&mut self, number: &HoldNo, reason: &Reason, children: &[(LotKey, EntityId)]) {
        let Some(parent) = self.key.clone() else { return };
        for (_, child) in children {
            let mail = lot::Mail::ParentHeld { parent: parent.clone(), hold: number.clone(), reason: reason.clone() };
            self.draft.tell_first(*child, Body::Lot(lot::Input::Mail(mail)));
        }
    }

    /// Consuming a held lot holds what is made of it.
    pub(super) fn pass_holds_on(&mut self, into: &[(LotKey, EntityId)]) {
        let fresh: Vec<_> = into.iter().filter(|child| !self.lot.children.contains(*child)).cloned().collect();
        for (number, hold) in self.lot.holds.clone() {
            self.hold_children(&number, &hold.reason, &fresh);
        }
    }

    /// A person wants to decide.
    pub(super) fn wish_disposition(&mut self, disposition: &Disposition) -> Answer {
        let roles = &self.context.book.policy.quality_roles;
        let allowed = self.envelope.who.as_ref().is_some_and(|who| roles.iter().any(|role| role.as_str() == who.role));
        if !allowed {
            return refuse(Code::NotOwner, "only quality decides about a hold".into(), "ask the quality department to decide", "who.role");
        }
        if !self.lot.holds.contains_key(&disposition.hold) {
            return refuse(Code::Unknown, format!("hold {} is not open on this lot", disposition.hold), "ask which holds are open", "hold");
        }
        self.decided(disposition)
    }

    /// The quality system decided.
    pub(super) fn decided(&mut self, disposition: &Disposition) -> Answer {
        if !self.lot.holds.contains_key(&disposition.hold) {
            if self.lot.released.contains(&disposition.hold) {
                return Answer::Accepted;
            }
            let what = format!("a decision came for hold {}, which is not known here", disposition.hold);
            return Answer::Discrepant { case: self.draft.open_case(NewCase::new(CaseKind::Discrepancy, "quality", what)) };
        }
        self.note(Fact::Decided { hold: disposition.hold.clone(), decisions: disposition.decisions.clone() });
        self.execute(disposition);
        if disposition.last {
            self.release(&disposition.hold);
        }
        Answer::Accepted
    }

    /// What is accepted is freed in the ERP; what is not is a task for people, shown as a case.
    fn execute(&mut self, disposition: &Disposition) {
        let (Some(key), Some(site)) = (self.key.clone(), self.site) else { return };
        let erp = self.context.book.sites.get(&site).and_then(|plant| plant.erp);
        for decision in &disposition.decisions {
            let all = self.lot.holds.get(&disposition.hold).map(|hold| hold.units.iter().cloned().collect::<Vec<_>>()).unwrap_or_default();
            let units: Vec<Sscc> = decision.unit.clone().map_or(all, |unit| vec![unit]);
            let Some(qty) = decision.qty.or_else(|| self.held_qty(&units)) else { continue };
            let to = match decision.verdict {
                Verdict::Accept => StockStatus::Unrestricted,
                Verdict::AcceptRestricted => StockStatus::Restricted,
                Verdict::Rework | Verdict::Scrap | Verdict::Return => {
                    let what = format!("{qty} of {key} are to be {}", decision.verdict.word());
                    let offers = vec![Proposal::Do("carry it out in the plant and book it there".into()), Proposal::Acknowledge];
                    self.draft.open_case(NewCase::new(CaseKind::Discrepancy, "quality", what).stake(qty).offers(offers));
                    continue;
                }
            };
            if let Some(erp) = erp {
                let effect = Effect::ChangeStockStatus {
                    lot: key.clone(),
                    plant: site,
                    qty,
                    from: StockStatus::Blocked,
                    to,
                    hold: disposition.hold.clone(),
                };
                self.draft.ask_site(erp, Tier::Business, effect);
            }
        }
    }

    /// A hold is over: whoever was told to block is told so, down to what was made from it.
    pub(super) fn release(&mut self, number: &HoldNo) {
        let Some(hold) = self.lot.holds.get(number).cloned() else { return };
        self.note(Fact::Released(number.clone()));
        self.draft.close_cases(self.common, &CaseKind::Unanswered, "decided");
        let (Some(key), Some(site)) = (self.key.clone(), self.site) else { return };
        let warehouse = self.context.book.sites.get(&site).and_then(|plant| plant.warehouse);
        if let Some(warehouse) = warehouse {
            let block = StockBlock {
                hold: number.clone(),
                lot: key.clone(),
                units: hold.units.iter().cloned().collect(),
                reason: hold.reason.clone(),
            };
            self.draft.ask_site(warehouse, Tier::Business, Effect::UnblockStock(block));
        }
        let me = self.draft.me();
        for shipment in self.lot.shipments.keys() {
            let mail = shipment::Mail::Freed { lot: me, hold: number.clone() };
            self.draft.tell(*shipment, Body::Shipment(shipment::Input::Mail(mail)));
        }
        for (_, child) in &self.lot.children {
            let mail = lot::Mail::ParentReleased { parent: key.clone(), hold: number.clone() };
            self.draft.tell(*child, Body::Lot(lot::Input::Mail(mail)));
        }
        let mut after: Lot = self.lot.clone();
        after.evolve(&Fact::Released(number.clone()));
        self.tell_orders(&after);
    }

    /// How a system answered when it was told to block.
    pub(super) fn contained(&mut self, effect: &Effect, step: &OutboxFact) {
        let now = self.context.now;
        let containment = match step {
            OutboxFact::Settled(Outcome::Accepted(_) | Outcome::Adopted { .. }) => Containment::Confirmed { at: now },
            OutboxFact::Settled(Outcome::Rejected { code, text }) => Containment::Failed { at: now, why: format!("{code} {text}") },
            OutboxFact::Parked { why } => Containment::Failed { at: now, why: why.clone() },
            OutboxFact::Settled(Outcome::WrittenOff | Outcome::Superseded)
            | OutboxFact::Released { .. }
            | OutboxFact::Requeued
            | OutboxFact::InFlight { .. }
            | OutboxFact::InDoubt { .. }
            | OutboxFact::NotDone { .. } => return,
        };
        let plant = self.lot.site.and_then(|site| self.context.book.sites.get(&site));
        let Some(plant) = plant else { return };
        let told = match effect {
            Effect::BlockStock(block) => plant.warehouse.map(|site| (site, &block.hold)),
            Effect::TellHold(block) => plant.quality.map(|site| (site, &block.hold)),
            Effect::ChangeStockStatus { to: StockStatus::Blocked, hold, .. } => plant.erp.map(|site| (site, hold)),
            Effect::ConvertPlannedOrder(_)
            | Effect::DispatchJob(_)
            | Effect::RevokeJob(_)
            | Effect::ChangeOrder(_)
            | Effect::ChangeJob { .. }
            | Effect::HoldJob { .. }
            | Effect::ResumeJob(_)
            | Effect::Post(_)
            | Effect::ChangeStockStatus { .. }
            | Effect::AnnounceUnit(_)
            | Effect::UnblockStock(_)
            | Effect::BlockShipment { .. }
            | Effect::UnblockShipment { .. }
            | Effect::AnswerDeparture { .. }
            | Effect::OpenInspection { .. } => None,
        };
        let Some((site, hold)) = told else { return };
        if planted::is(Bug::HoldAfterAnswer) && matches!(effect, Effect::BlockStock(_)) {
            let units = std::collections::BTreeSet::new();
            let Ok(reason) = Reason::parse("planted") else { return };
            let bound =
                Hold { units, reason, bound_at: now, parent: None, containment: std::collections::BTreeMap::new(), decisions: Vec::new() };
            self.note(Fact::Held { hold: hold.clone(), bound });
        }
        if let Containment::Failed { why, .. } = &containment {
            let what = format!("{site} did not block for hold {hold}: {why}; the hold is in force all the same");
            self.draft.open_case(NewCase::new(CaseKind::Discrepancy, "quality", what));
        }
        self.note(Fact::Contained { hold: hold.clone(), site, containment });
    }
}
