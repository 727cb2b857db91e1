//! Transition 15 at the shipment: it leaves by our word only when no gate is shut and every lot on it said yes for this
//! attempt. An unreachable lot means no. A hold that comes after the yes blocks it again, or is shown when it has gone.

use super::decide::Turn;
use super::part::by_lot;
use super::{Departure, Fact, Gate, Stage};
use crate::answer::Answer;
use crate::case::{CaseKind, Proposal, total};
use crate::draft::NewCase;
use crate::effect::Effect;
use crate::envelope::Envelope;
use crate::id::EntityId;
use crate::input::Body;
use crate::intent::{Tier, Wake};
use crate::kernel::refuse;
use crate::lot;
use crate::native::NativeId;
use crate::planted::{self, Bug};
use crate::qty::Qty;
use crate::refusal::Code;
use crate::words::{HoldNo, Reason, Sscc};
use std::collections::BTreeMap;

impl Turn<'_, '_> {
    /// The warehouse wants to let it go, or the truck to leave: its lots are asked once, when both do.
    pub(super) fn wants_to_leave(&mut self, attempt: u32, envelope: &Envelope) -> Answer {
        let source = envelope.key.source;
        if self.shipment.truck.as_ref().is_some_and(|truck| truck.transport == source) {
            return self.truck_asks(attempt);
        }
        if self.shipment.stage == Stage::Departed {
            let asked_before = self.shipment.departure.as_ref().is_some_and(|departure| departure.attempt >= attempt);
            let by_truck = self.shipment.truck.as_ref().is_some_and(|truck| truck.left);
            return if Some(source) == self.shipment.warehouse && by_truck && !asked_before {
                self.asks_behind(attempt)
            } else {
                refuse(Code::State, "the shipment has left".into(), "ask how it stands", "")
            };
        }
        if self.shipment.departure.as_ref().is_some_and(|departure| departure.attempt >= attempt) {
            return refuse(
                Code::StaleVersion,
                format!("attempt {attempt} was asked for before"),
                "ask under a new attempt number",
                "attempt",
            );
        }
        if self.waits_for_truck(attempt, source) {
            return Answer::Accepted;
        }
        self.ask_lots(attempt);
        Answer::Accepted
    }

    /// Its warehouse asks, and the truck has left by the word of its own system: one of both is wrong, and the warehouse would wait
    /// for an answer for ever.
    fn asks_behind(&mut self, attempt: u32) -> Answer {
        let (Some(warehouse), Some(delivery)) = (self.shipment.warehouse, self.shipment.delivery.clone()) else { return Answer::Accepted };
        let about = format!("{warehouse} asks whether {delivery} may leave");
        let what = format!("{about}, which has left already: its truck's system said so");
        let answer = Effect::AnswerDeparture {
            shipment: delivery,
            attempt,
            granted: false,
            until: None,
            reasons: vec!["it has left already".into()],
        };
        self.draft.ask_site(warehouse, Tier::PlantCritical, answer);
        if let Some(case) = self.common.cases_about(&CaseKind::Discrepancy, &about).next() {
            return Answer::Discrepant { case };
        }
        let look = "look whether it stands there: is it gone, have the warehouse book it out; is it there, tell the transport system";
        let offers = vec![Proposal::Do(look.into()), Proposal::Acknowledge];
        let case = NewCase::new(CaseKind::Discrepancy, "planning", what).because_of(about).impact(self.context.now).offers(offers);
        Answer::Discrepant { case: self.draft.open_case(case) }
    }

    /// Asks every lot on it.
    pub(super) fn ask_lots(&mut self, attempt: u32) {
        let missing: Vec<&Sscc> = self.shipment.units.iter().filter(|(_, located)| located.is_none()).map(|(sscc, _)| sscc).collect();
        let (lots, parts, mut unknown) = (self.lots(), self.shipment.split(), self.shipment.unknown_parts());
        if !missing.is_empty() {
            unknown.push(format!("the lots of {} handling units are not known yet", missing.len()));
        } else if lots.is_empty() && unknown.is_empty() {
            unknown.push("nothing is on it".to_owned());
        }
        if !unknown.is_empty() {
            self.note(Fact::Asked { attempt, until: self.context.now, lots: Vec::new() });
            self.tell(attempt, unknown);
            return;
        }
        // Whoever asks anew does not go by what it was told before.
        self.over_now();
        let until = self.context.now.plus_ms(self.context.book.policy.clearance_ms);
        self.note(Fact::Asked { attempt, until, lots: lots.keys().copied().collect() });
        if planted::is(Bug::NoClearance) {
            self.tell(attempt, Vec::new());
            return;
        }
        let shipment = self.draft.me();
        for (lot, units) in lots {
            let ask = lot::Mail::AskClearance { shipment, attempt, parts: parts_of(&units, &parts), units, until };
            self.draft.tell(lot, Body::Lot(lot::Input::Mail(ask)));
        }
        self.draft.wake(until, Wake::ClearanceExpiry { attempt });
    }

    /// A lot answers.
    pub(super) fn answered(&mut self, attempt: u32, lot: EntityId, refused: &[String]) {
        let Some(departure) = self.shipment.departure.as_ref().filter(|departure| departure.attempt == attempt) else { return };
        if departure.lots.get(&lot).is_none_or(Option::is_some) {
            return;
        }
        self.note(Fact::Answered { attempt, lot, refused: refused.to_vec() });
        let mut after = departure.clone();
        after.lots.insert(lot, Some(refused.to_vec()));
        if after.told.is_none() && after.lots.values().all(Option::is_some) {
            let reasons = self.reasons_against(&after);
            self.tell(attempt, reasons);
        }
    }

    /// Whoever has not answered by now has said no; and a yes that was not used is over.
    pub(super) fn time_is_up(&mut self, attempt: u32) {
        let Some(departure) = self.shipment.departure.clone().filter(|departure| departure.attempt == attempt) else { return };
        if departure.told.is_none() {
            self.tell(attempt, vec!["a lot on it could not be reached".to_owned()]);
        }
    }

    /// What speaks against it: lots that said no, holds that came since, gates that are shut.
    fn reasons_against(&self, departure: &Departure) -> Vec<String> {
        let lots = departure.lots.values().flatten().flatten().cloned();
        let holds = self.shipment.holds.iter().map(|((_, hold), reason)| format!("hold {hold}: {reason}"));
        let gates = self.shipment.gates.values().map(Reason::to_string);
        let mut reasons: Vec<String> = lots.chain(holds).chain(gates).collect();
        reasons.sort();
        reasons.dedup();
        reasons
    }

    fn tell(&mut self, attempt: u32, reasons: Vec<String>) {
        let (Some(warehouse), Some(delivery)) = (self.shipment.warehouse, self.shipment.delivery.clone()) else { return };
        let granted = reasons.is_empty();
        self.note(Fact::Told { attempt, granted });
        let until = self.shipment.departure.as_ref().map(|departure| departure.until).filter(|_| granted);
        self.draft.ask_site(
            warehouse,
            Tier::PlantCritical,
            Effect::AnswerDeparture { shipment: delivery.clone(), attempt, granted, until, reasons: reasons.clone() },
        );
        self.show_refusal(&delivery, &reasons);
        self.tell_truck(granted, until, reasons);
    }

    /// Something else is on it than its lots were asked about: what they said never was for what is on it now.
    pub(super) fn changed(&mut self, what: &str) {
        if self.shipment.stage != Stage::Departed {
            self.never_was();
            self.ask_again(what);
        }
    }

    /// What was said or is about to be said to its attempt does not count any more.
    fn ask_again(&mut self, what: &str) {
        let Some(departure) = self.shipment.departure.as_ref().filter(|departure| departure.told != Some(false)) else { return };
        if self.shipment.stage != Stage::Departed {
            self.tell(departure.attempt, vec![format!("{what}: ask again, under a new attempt number")]);
        }
    }

    /// The warehouse took it that the shipment may not leave: the yes it had is over from now on.
    pub(super) fn knows_that_it_is_over(&mut self) {
        let stands = self.shipment.departure.as_ref().is_some_and(|departure| departure.told == Some(true));
        if self.shipment.stage != Stage::Departed && !stands {
            self.over_now();
        }
    }

    fn over_now(&mut self) {
        if let Some(yes) = self.shipment.cleared.filter(|yes| yes.over.is_none()) {
            self.note(Fact::Over { attempt: yes.attempt, at: Some(self.context.now) });
        }
    }

    pub(super) fn never_was(&mut self) {
        if let Some(yes) = self.shipment.cleared {
            self.note(Fact::Over { attempt: yes.attempt, at: None });
        }
    }

    /// A lot on it is held.
    pub(super) fn held(&mut self, lot: EntityId, hold: &HoldNo, reason: &Reason, revokes: Option<u32>) {
        let key = (lot, hold.clone());
        // The lot has taken its yes back, also when that hold should be over by now: what it allows may be less.
        if revokes.is_some() && revokes == self.shipment.departure.as_ref().map(|departure| departure.attempt) {
            self.ask_again(&format!("hold {hold} was placed since"));
        }
        if self.shipment.freed.contains(&key) {
            return;
        }
        let known = self.shipment.holds.contains_key(&key);
        self.note(Fact::Held { lot, hold: hold.clone(), reason: reason.clone() });
        if known {
            return;
        }
        self.take_back();
        match (self.shipment.stage, self.shipment.delivery.clone()) {
            (Stage::Departed, delivery) => {
                let number = delivery.map(|delivery| delivery.to_string()).unwrap_or_default();
                let what = format!("{number} had left when hold {hold} was placed: {reason}");
                let offers = vec![Proposal::Do("recall it, or tell the customer".into()), Proposal::Acknowledge];
                let gone = total(self.lots().remove(&lot).into_iter().flatten().map(|(_, qty)| qty));
                let case = NewCase::new(CaseKind::HeldAfterClearance, "quality", what).stake(gone).impact(self.context.now).offers(offers);
                self.draft.open_case(case.because_of(because_of(hold)));
            }
            (Stage::Open | Stage::Picking | Stage::Packed, Some(delivery)) => {
                self.blocked(&delivery, lot, hold, reason);
                self.block(delivery, &format!("hold {hold}: {reason}"));
            }
            (Stage::Open | Stage::Picking | Stage::Packed, None) => {}
        }
    }

    /// A yes that was given does not count any more; one that was used stays what it was.
    fn take_back(&mut self) {
        let given = self.shipment.departure.as_ref().filter(|departure| departure.told == Some(true));
        if let Some(departure) = given.filter(|_| self.shipment.stage != Stage::Departed) {
            self.note(Fact::Told { attempt: departure.attempt, granted: false });
        }
        self.stop_truck();
    }

    /// That hold is over; with the last one the gate opens.
    pub(super) fn freed(&mut self, lot: EntityId, hold: &HoldNo) {
        let key = (lot, hold.clone());
        if self.shipment.freed.contains(&key) {
            return;
        }
        // Word of the hold itself may be behind, on another road.
        self.note(Fact::Freed { lot, hold: hold.clone() });
        if !self.shipment.holds.keys().any(|other| *other != key && other.1 == *hold) {
            self.close_blocked(Some(hold), "the hold is over");
        }
        let last = self.shipment.holds.len() == 1 && self.shipment.gates.is_empty();
        if last && self.shipment.holds.contains_key(&key) {
            self.unblock();
        }
    }

    /// A truck that waits for a decision on a hold is shown, once for each hold.
    fn blocked(&mut self, delivery: &NativeId, lot: EntityId, hold: &HoldNo, reason: &Reason) {
        let about = because_of(hold);
        if self.common.cases_about(&CaseKind::Blocked, &about).next().is_some() {
            return;
        }
        let what = format!("hold {hold} ({reason}) keeps {delivery} from leaving");
        let offers = vec![
            Proposal::Do("decide about the hold, or have the warehouse take what is held off the truck".into()),
            Proposal::DoNot("let the truck go on the word of the warehouse alone".into()),
        ];
        let mut case = NewCase::new(CaseKind::Blocked, "quality", what).because_of(about).offers(offers);
        let units = self.lots().remove(&lot).unwrap_or_default();
        if let Some(stake) = units.iter().map(|(_, qty)| *qty).reduce(|a, b| a.plus(b).unwrap_or(a)) {
            case = case.stake(stake);
        }
        self.draft.open_case(case);
    }

    /// What was shown of a hold, or of every one, needs nobody any more.
    pub(super) fn close_blocked(&mut self, hold: Option<&HoldNo>, how: &str) {
        let about = hold.map(because_of);
        for open in self.common.cases.values().filter(|open| open.kind == CaseKind::Blocked) {
            if about.as_ref().is_none_or(|about| *about == open.about) {
                self.draft.close_case(open.number, how);
            }
        }
    }

    /// Somebody wants a gate shut: a yes that was given is taken back.
    pub(super) fn shut(&mut self, gate: Gate, reason: &Reason) -> Answer {
        if self.shipment.stage == Stage::Departed {
            return refuse(Code::State, "the shipment has left".into(), "recall it, or tell the customer", "");
        }
        self.note(Fact::Blocked { gate, reason: reason.clone() });
        self.take_back();
        if let Some(delivery) = self.shipment.delivery.clone() {
            self.block(delivery, reason.as_str());
        }
        Answer::Accepted
    }

    /// Somebody wants a gate open. Quality and credit are opened by those who answer for them, whoever shut the gate.
    pub(super) fn release(&mut self, gate: Gate, envelope: &Envelope) -> Answer {
        let policy = &self.context.book.policy;
        let owners = match gate {
            Gate::Quality => Some(&policy.quality_roles),
            Gate::Credit => Some(&policy.finance_roles),
            Gate::Customs | Gate::Manual => None,
        };
        let role = envelope.who.as_ref().map(|who| who.role.as_str()).unwrap_or_default();
        if let Some(owners) = owners.filter(|owners| !owners.iter().any(|owner| owner.as_str() == role)) {
            let named: Vec<&str> = owners.iter().map(crate::words::Role::as_str).collect();
            return refuse(
                Code::NotOwner,
                format!("this gate is not opened by the role `{role}`"),
                &format!("ask somebody in the role {}", named.join(" or ")),
                "gate",
            );
        }
        if self.shipment.stage == Stage::Departed {
            let remedy = "look at it: takt shipment show; a gate of what has left is neither open nor shut";
            return refuse(Code::State, "the shipment has left".into(), remedy, "");
        }
        self.open(gate);
        Answer::Accepted
    }

    fn open(&mut self, gate: Gate) {
        if !self.shipment.gates.contains_key(&gate) {
            return;
        }
        self.note(Fact::Unblocked(gate));
        if self.shipment.gates.len() == 1 && self.shipment.holds.is_empty() {
            self.unblock();
        }
    }

    /// What has left is not told that it may: there is nothing left to let go.
    fn unblock(&mut self) {
        if self.shipment.stage == Stage::Departed {
            return;
        }
        if let (Some(warehouse), Some(delivery)) = (self.shipment.warehouse, self.shipment.delivery.clone()) {
            self.draft.ask_site(warehouse, Tier::PlantCritical, Effect::UnblockShipment { shipment: delivery });
        }
        if let Some((transport, shipment)) = self.at_transport() {
            self.draft.ask_site(transport, Tier::PlantCritical, Effect::UnblockShipment { shipment });
        }
    }

    /// How much is on it, by unit of measure.
    pub(super) fn load(&self) -> String {
        total(self.lots().into_values().flatten().map(|(_, qty)| qty))
    }

    /// The lots on it, each with its handling units, each of these once.
    pub(super) fn lots(&self) -> BTreeMap<EntityId, Vec<(Sscc, Qty)>> {
        let mut lots: BTreeMap<EntityId, Vec<(Sscc, Qty)>> = BTreeMap::new();
        for (sscc, located) in &self.shipment.units {
            for content in located.iter().flat_map(|located| by_lot(&self.shipment.on_it(sscc, located))) {
                lots.entry(content.lot_entity).or_default().push((sscc.clone(), content.qty));
            }
        }
        lots
    }
}

/// Of these handling units those that are not on it whole.
pub(super) fn parts_of(units: &[(Sscc, Qty)], parts: &[Sscc]) -> Vec<Sscc> {
    parts.iter().filter(|part| units.iter().any(|(unit, _)| unit == *part)).cloned().collect()
}

/// The cause that all trucks share which one hold keeps.
fn because_of(hold: &HoldNo) -> String {
    format!("hold {hold}")
}
