//! Transition 13: how a hold ends. Only the quality system, or an allowed quality role, decides, a quantity at a time; what
//! came down from a component is over when the component is free.

use super::decide::{Turn, overdue};
use super::{Decision, Disposition, Early, Fact, Ground, Hold, Origin, Placement, Rest, Verdict};
use crate::answer::Answer;
use crate::case::{CaseKind, Proposal};
use crate::draft::NewCase;
use crate::effect::{Effect, StockBlock};
use crate::input::Body;
use crate::intent::Tier;
use crate::kernel::refuse;
use crate::lot;
use crate::qty::Qty;
use crate::refusal::Code;
use crate::shipment;
use crate::words::{HoldNo, LotKey, Sscc};

/// Holds whose decision is kept before there is word of them: more are no crossing on the road.
const EARLY_MAX: usize = 100;

/// What the question is about where refused pieces stand.
fn unplaced(hold: &HoldNo) -> String {
    format!("where the refused pieces of {hold} stand")
}

/// What a case about such a decision is about.
fn awaited(hold: &HoldNo) -> String {
    format!("decided before {hold}")
}

impl Turn<'_, '_> {
    /// A person wants to decide.
    pub(super) fn wish_disposition(&mut self, disposition: &Disposition) -> Answer {
        let provisional = match self.by_right(disposition) {
            Ok(provisional) => provisional,
            Err(refusal) => return refusal,
        };
        let (open, waits) = (self.lot.open_hold(&disposition.hold).cloned(), self.lot.provisional_hold(&disposition.hold).is_some());
        if open.is_none() && waits && provisional.is_some() {
            return Answer::Accepted;
        }
        if open.is_none() && !waits {
            return refuse(Code::Unknown, format!("hold {} is not open on this lot", disposition.hold), "ask which holds are open", "hold");
        }
        let total = self.lot.total();
        let beyond = |qty: &Qty| total.is_some_and(|total| qty.compare(&total).is_none_or(std::cmp::Ordering::is_gt));
        let said = disposition.decisions.iter().filter_map(|decision| decision.qty);
        if let (Some(qty), Some(total)) = (said.clone().find(|qty| !qty.is_positive() || beyond(qty)), total) {
            let text = format!("{qty} cannot be decided about: the lot has {total}");
            return refuse(
                Code::Schema,
                text,
                "send a quantity of the lot in its own unit; or none, for all that the hold is on",
                "decisions",
            );
        }
        match (open, provisional) {
            (Some(number), Some(provisional)) => self.release_provisionally(&number, disposition, provisional),
            (Some(_) | None, _) => self.decided(disposition),
        }
    }

    /// The quality system decided.
    pub(super) fn decided(&mut self, disposition: &Disposition) -> Answer {
        let Some(number) = self.lot.open_hold(&disposition.hold).cloned() else {
            if let Some(answer) = self.countersigned(disposition) {
                return answer;
            }
            if self.lot.released.contains(&disposition.hold) {
                return Answer::Accepted;
            }
            return self.too_early(disposition);
        };
        self.replaces_provisional(disposition);
        self.decide(&number, disposition)
    }

    /// What is decided about an open hold is done.
    pub(super) fn decide(&mut self, number: &HoldNo, disposition: &Disposition) -> Answer {
        self.note(Fact::Decided { hold: number.clone(), decisions: disposition.decisions.clone(), provisional: None });
        // What is said of a handling unit by its name is meant more closely than what is said of all.
        let (named, of_all): (Vec<_>, Vec<_>) = disposition.decisions.iter().partition(|decision| decision.unit.is_some());
        for decision in of_all.into_iter().chain(named) {
            self.execute(number, decision, &disposition.decisions);
        }
        self.unblock_refused(number);
        match self.lot.unplaced(number, &disposition.decisions) {
            Some(qty) if disposition.last => return Answer::Discrepant { case: self.ask_which(number, qty) },
            Some(_) | None if !disposition.last => {}
            Some(_) | None => self.release(number),
        }
        Answer::Accepted
    }

    /// There is no word of that hold: it may be on the road behind its decision, which then counts as soon as it comes.
    fn too_early(&mut self, disposition: &Disposition) -> Answer {
        let (hold, decisions, last) = (disposition.hold.clone(), disposition.decisions.clone(), disposition.last);
        let waits = self.lot.early.len() < EARLY_MAX || self.lot.early.contains_key(&hold);
        let what = format!("a decision came for hold {hold}, which is not known here");
        let case = NewCase::new(CaseKind::Discrepancy, "quality", what).because_of(awaited(&hold));
        let case = self.draft.open_case(case);
        if waits {
            let early = Early { decisions, last, at: self.envelope.occurred_at };
            self.note(Fact::DecidedEarly { hold, early });
        }
        Answer::Discrepant { case }
    }

    /// A hold was placed just now: what had been decided about it counts, unless it was placed after that.
    pub(super) fn decided_before(&mut self, placement: &Placement, mut answer: Answer) -> Answer {
        let Some(early) = self.lot.early.get(&placement.hold) else { return answer };
        self.draft.close_about(self.common, &CaseKind::Discrepancy, &awaited(&placement.hold), "word of the hold came");
        for early in early.iter().filter(|early| self.envelope.occurred_at <= early.at) {
            let (lot, hold, decisions, last) = (placement.lot.clone(), placement.hold.clone(), early.decisions.clone(), early.last);
            let after = self.after();
            answer = self.over(&after).decided(&Disposition { lot, hold, decisions, last });
        }
        answer
    }

    /// Some of it is bad, and it stands among the good: everything stays where it is until somebody says which units it is on.
    fn ask_which(&mut self, number: &HoldNo, qty: Qty) -> u32 {
        let key = self.key.as_ref().map(ToString::to_string).unwrap_or_default();
        let what = format!(
            "{qty} of {key} must not leave, and the decision on {number} does not say which handling units they are on: all stay held"
        );
        // It is asked for once, and stands until it is answered.
        if let Some(open) = self.common.cases_about(&CaseKind::Discrepancy, &unplaced(number)).next() {
            return open;
        }
        let offers = vec![
            Proposal::Do(
                "decide again in the quality system, a handling unit at a time; or take the bad pieces out, book that, and accept what is \
                 left by its quantity"
                    .into(),
            ),
            Proposal::Acknowledge,
        ];
        let case = NewCase::new(CaseKind::Discrepancy, "quality", what).because_of(unplaced(number)).stake(qty);
        self.draft.open_case(case.impact(self.context.now).offers(offers))
    }

    /// What is accepted is free, as far as nothing else holds it; what is not must not leave, and is a task for people, shown
    /// as a case. The ERP's stock follows in `stock`.
    fn execute(&mut self, number: &HoldNo, decision: &Decision, decisions: &[Decision]) {
        let (Some(key), Some(hold)) = (self.key.clone(), self.lot.holds.get(number)) else { return };
        let all = self.lot.is_of_all(number, decision, decisions);
        let units = match &decision.unit {
            Some(unit) => vec![unit.clone()],
            // Those that the hold names are decided about, although nobody told of them yet.
            None if all => {
                let covered = self.lot.units.keys().filter(|unit| hold.covers(unit)).cloned().chain(hold.scope());
                // What was decided about by its name is decided about otherwise only by its name.
                let apart = |unit: &Sscc| hold.said(unit).is_some_and(|said| said.frees() != decision.verdict.frees());
                covered.filter(|unit| !apart(unit)).collect()
            }
            None => Vec::new(),
        };
        let whole = all && hold.covers_all();
        let under = Box::new(Rest { hold: number.clone(), reason: hold.reason.clone() });
        let rest = whole.then(|| under.clone());
        self.note(Fact::Disposed { units, verdict: decision.verdict, rest, under: Some(under) });
        let qty =
            decision.qty.or_else(|| decision.unit.as_ref().map_or_else(|| self.lot.rest(number, decisions), |unit| self.lot.on(unit)));
        match (decision.verdict, qty) {
            (Verdict::AcceptRestricted, Some(qty)) => self.note(Fact::Restricted { qty }),
            (Verdict::Accept | Verdict::AcceptRestricted, _) => {}
            (Verdict::Rework | Verdict::Scrap | Verdict::Return, qty) => {
                let much = qty.map_or_else(|| "what is held".to_owned(), |qty| qty.to_string());
                let what = format!("{much} of {key} are to be {}", decision.verdict.word());
                let book = "carry it out in the plant and book it there; it stays blocked until a count takes it back, or quality accepts \
                            it by a decision on another hold";
                let offers = vec![Proposal::Do(book.into()), Proposal::Acknowledge];
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

    /// The warehouse may move what was held, but not what is to be scrapped, reworked or returned: that stays blocked by itself.
    pub(super) fn unblock_everywhere(&mut self, number: &HoldNo, hold: &Hold) {
        let (after, scope) = (self.after(), hold.scope());
        let on = if scope.is_empty() { after.units.keys().cloned().collect() } else { scope.clone() };
        let (keep, free): (Vec<Sscc>, Vec<Sscc>) = on.into_iter().partition(|unit| after.bars(unit).is_some());
        // The lot as a whole is free only when nothing was decided about it as a whole.
        let all = scope.is_empty() && after.refused.is_none();
        if all || !free.is_empty() {
            self.unblock_units(number, hold, if all { Vec::new() } else { free }, keep);
        }
    }

    /// The same for these handling units, and for all of it where none are named.
    pub(super) fn unblock_units(&mut self, number: &HoldNo, hold: &Hold, units: Vec<Sscc>, keep: Vec<Sscc>) {
        let (Some(lot), Some(plant)) = (self.key.clone(), self.site) else { return };
        let block = StockBlock { hold: number.clone(), lot, plant, units, keep, reason: hold.reason.clone() };
        for warehouse in self.warehouses(hold) {
            self.draft.ask_site(warehouse, Tier::Business, Effect::UnblockStock(block.clone()));
        }
    }

    /// A hold is over: whoever was told to block is told so, down to what was made from it.
    pub(super) fn release(&mut self, number: &HoldNo) {
        let Some(hold) = self.lot.holds.get(number).cloned() else { return };
        self.note(Fact::Released(number.clone()));
        self.draft.close_about(self.common, &CaseKind::Discrepancy, &unplaced(number), "decided");
        let overdue = overdue(number, &hold.reason);
        for case in self.common.cases.values().filter(|case| case.kind == CaseKind::Unanswered && case.what == overdue) {
            self.draft.close_case(case.number, "decided");
        }
        let Some(key) = self.key.clone().filter(|_| self.site.is_some()) else { return };
        self.unblock_everywhere(number, &hold);
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
