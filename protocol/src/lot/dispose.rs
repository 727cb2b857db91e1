//! Transition 13: how a hold ends. Only the quality system, or an allowed quality role, decides, a quantity at a time; what
//! came down from a component is over when the component is free.

use super::decide::{Turn, overdue};
use super::{Decision, Disposition, Fact, Ground, Hold, Origin, Verdict};
use crate::answer::Answer;
use crate::case::{CaseKind, Proposal};
use crate::draft::NewCase;
use crate::effect::{Effect, StockBlock};
use crate::input::Body;
use crate::intent::Tier;
use crate::kernel::refuse;
use crate::lot;
use crate::refusal::Code;
use crate::shipment;
use crate::words::{HoldNo, LotKey};

impl Turn<'_, '_> {
    /// A person wants to decide.
    pub(super) fn wish_disposition(&mut self, disposition: &Disposition) -> Answer {
        let roles = &self.context.book.policy.quality_roles;
        let allowed = self.envelope.who.as_ref().is_some_and(|who| roles.iter().any(|role| role.as_str() == who.role));
        if !allowed {
            return refuse(Code::NotOwner, "only quality decides about a hold".into(), "ask the quality department to decide", "who.role");
        }
        if self.lot.open_hold(&disposition.hold).is_none() {
            return refuse(Code::Unknown, format!("hold {} is not open on this lot", disposition.hold), "ask which holds are open", "hold");
        }
        self.decided(disposition)
    }

    /// The quality system decided.
    pub(super) fn decided(&mut self, disposition: &Disposition) -> Answer {
        let Some(number) = self.lot.open_hold(&disposition.hold).cloned() else {
            if self.lot.released.contains(&disposition.hold) {
                return Answer::Accepted;
            }
            let what = format!("a decision came for hold {}, which is not known here", disposition.hold);
            return Answer::Discrepant { case: self.draft.open_case(NewCase::new(CaseKind::Discrepancy, "quality", what)) };
        };
        self.note(Fact::Decided { hold: number.clone(), decisions: disposition.decisions.clone() });
        for decision in &disposition.decisions {
            self.execute(&number, decision);
        }
        if disposition.last {
            self.release(&number);
        }
        Answer::Accepted
    }

    /// What is accepted is free, as far as nothing else holds it; what is not must not leave, and is a task for people, shown
    /// as a case. The ERP's stock follows in `stock`.
    fn execute(&mut self, number: &HoldNo, decision: &Decision) {
        let (Some(key), Some(hold)) = (self.key.clone(), self.lot.holds.get(number)) else { return };
        let units = match (&decision.unit, decision.qty) {
            (Some(unit), _) => vec![unit.clone()],
            (None, None) => self.lot.units.keys().filter(|unit| hold.covers(unit)).cloned().collect(),
            (None, Some(_)) => Vec::new(),
        };
        self.note(Fact::Disposed { units, verdict: decision.verdict });
        let qty = decision.qty.or_else(|| decision.unit.as_ref().map_or_else(|| self.lot.blocked(), |unit| self.lot.on(unit)));
        match (decision.verdict, qty) {
            (Verdict::AcceptRestricted, Some(qty)) => self.note(Fact::Restricted { qty }),
            (Verdict::Accept | Verdict::AcceptRestricted, _) => {}
            (Verdict::Rework | Verdict::Scrap | Verdict::Return, qty) => {
                let much = qty.map_or_else(|| "what is held".to_owned(), |qty| qty.to_string());
                let what = format!("{much} of {key} are to be {}", decision.verdict.word());
                let offers = vec![Proposal::Do("carry it out in the plant and book it there".into()), Proposal::Acknowledge];
                self.draft.open_case(NewCase::new(CaseKind::Discrepancy, "quality", what).stake(much).offers(offers));
            }
        }
    }

    /// A lot it was made from is free again. A hold that has no other ground is over.
    pub(super) fn parent_released(&mut self, parent: &LotKey, called: &HoldNo) {
        let rests = |ground: &Ground| ground.parent == *parent && ground.hold == *called;
        let numbers = self.resting_on(rests);
        self.note(Fact::ParentFreed { parent: parent.clone(), hold: called.clone() });
        self.release_groundless(&numbers);
    }

    /// A hold is over where it was placed: it rests on nothing here, whatever way it came, and further down neither.
    pub(super) fn origin_released(&mut self, origin: &Origin) {
        if self.lot.over.contains(origin) {
            return;
        }
        let numbers = self.resting_on(|ground| ground.origin == *origin);
        self.note(Fact::OriginFreed { origin: origin.clone() });
        if !numbers.is_empty() {
            self.tell_children(&lot::Mail::OriginReleased { origin: origin.clone() });
        }
        self.release_groundless(&numbers);
    }

    /// The holds that rest on such a ground.
    fn resting_on(&self, such: impl Fn(&Ground) -> bool) -> Vec<HoldNo> {
        let rests = |hold: &Hold| hold.parents.iter().any(&such);
        self.lot.holds.iter().filter(|(_, hold)| rests(hold)).map(|(number, _)| number.clone()).collect()
    }

    /// Of these, what has no other ground is over.
    fn release_groundless(&mut self, numbers: &[HoldNo]) {
        let after = self.after();
        for number in numbers {
            if !after.holds.get(number).is_some_and(|hold| hold.own || !hold.parents.is_empty()) {
                self.release(number);
            }
        }
    }

    fn tell_children(&mut self, mail: &lot::Mail) {
        let me = self.draft.me();
        for (_, child) in self.lot.children.iter().filter(|(_, child)| *child != me) {
            self.draft.tell(*child, Body::Lot(lot::Input::Mail(mail.clone())));
        }
    }

    /// A hold is over: whoever was told to block is told so, down to what was made from it.
    fn release(&mut self, number: &HoldNo) {
        let Some(hold) = self.lot.holds.get(number).cloned() else { return };
        self.note(Fact::Released(number.clone()));
        let overdue = overdue(number, &hold.reason);
        for case in self.common.cases.values().filter(|case| case.kind == CaseKind::Unanswered && case.what == overdue) {
            self.draft.close_case(case.number, "decided");
        }
        let (Some(key), Some(site)) = (self.key.clone(), self.site) else { return };
        let warehouse = self.context.book.sites.get(&site).and_then(|plant| plant.warehouse);
        if let Some(warehouse) = warehouse {
            let block = StockBlock { hold: number.clone(), lot: key.clone(), units: hold.scope(), reason: hold.reason.clone() };
            self.draft.ask_site(warehouse, Tier::Business, Effect::UnblockStock(block));
        }
        let me = self.draft.me();
        for shipment in self.lot.shipments.keys() {
            let mail = shipment::Mail::Freed { lot: me, hold: number.clone() };
            self.draft.tell(*shipment, Body::Shipment(shipment::Input::Mail(mail)));
        }
        self.tell_children(&lot::Mail::ParentReleased { parent: key.clone(), hold: number.clone() });
        if hold.own {
            let origin = (key, number.clone());
            self.note(Fact::OriginFreed { origin: origin.clone() });
            self.tell_children(&lot::Mail::OriginReleased { origin });
        }
    }
}
