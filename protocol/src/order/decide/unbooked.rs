//! What was reported and cannot be booked yet: of a material that nobody knows, or in a unit that nobody can convert. It is
//! kept with its report, stands in the account as waiting for a person, and comes to the order once more, as it was, when
//! master data allows it or somebody asks. It is given up only by two persons.

use super::confirm::NoWay;
use super::counter::Dial;
use super::{Input, Turn};
use crate::answer::Answer;
use crate::case::{Case, CaseKind, Proposal};
use crate::desk::Action;
use crate::draft::NewCase;
use crate::envelope::{Envelope, Key, KeyText, Mark};
use crate::fact::Fact as Noted;
use crate::input::{Address, Body, Input as Told};
use crate::intent::Wake;
use crate::kernel::{not_given_up, refuse};
use crate::order::{Amount, Business, Counted, Counting, Fact, Order, Report, Unbooked};
use crate::posting::Use;
use crate::qty::Qty;
use crate::refusal::Code;
use crate::words::{MaterialId, OpNo};

/// How soon it is looked at for the first time; twice as long each time it is in vain.
const FIRST_LOOK_MS: u64 = 5_000;
/// How often it is looked at in the end.
const LAST_LOOK_MS: u64 = 3_600_000;
/// How many come again with one look.
const AT_ONCE: usize = 64;
/// How the key of what comes again begins; the number of its case follows.
const LATE: &str = "takt:unbooked:";

/// Whether this is the key of something that comes again.
pub(super) fn is_late(key: &Key) -> bool {
    matches!(&key.mark, Mark::Text(text) if text.as_str().starts_with(LATE))
}

fn late_mark(case: u32) -> Mark {
    Mark::Text(KeyText::ours(format_args!("{LATE}{case}")))
}

/// What booking a report would need: each quantity in it, and the material that it is about where that is not the order's own.
fn parts<'r>(order: &Order, report: &'r Report) -> Vec<(Use, Option<&'r MaterialId>, Qty)> {
    let own = |material: &&MaterialId| order.header.as_ref().is_some_and(|header| header.material == **material);
    let material = report.material().filter(|material| matches!(report, Report::Consumed { .. }) || !own(material));
    report.quantities().into_iter().map(|(purpose, qty)| (purpose, material, qty)).collect()
}

impl Order {
    /// What waits, where an input is that, come again.
    pub(super) fn late(&self, input: &Input, envelope: &Envelope) -> Option<&Unbooked> {
        let Input::Report(report) = input else { return None };
        let again = |known: &&Unbooked| !known.given_up && late_mark(known.case) == envelope.key.mark && known.report == *report;
        self.unbooked.iter().find(again)
    }
}

impl Turn<'_, '_> {
    /// A quantity that cannot be converted is kept and shown.
    pub(super) fn unbookable(&mut self, no: &NoWay, purpose: Use, qty: Qty, report: Report) -> Answer {
        let (plant, material) = (self.order.plant(), self.order.header.as_ref().map(|header| header.material.to_string()));
        let about = plant.map(|plant| format!("{plant} reports of {}: {}", material.unwrap_or_default(), no.why));
        let offers = if no.may_come {
            waiting("have the conversion added to the material's master data, or put right there; it is booked by itself then")
        } else {
            vec![
                Proposal::Do("mend the mapping or the count at the plant, report it again there, and have this one written off".into()),
                Proposal::WriteOff,
            ]
        };
        let case = NewCase::new(CaseKind::Rejected(Code::UomUnmapped), "it", format!("a reported quantity cannot be booked: {}", no.why))
            .stake(qty)
            .because_of(about.unwrap_or_default())
            .offers(offers);
        self.keep(report, (purpose, qty), case, !no.may_come)
    }

    /// Goods of a material that nobody knows: no posting rule and no unit can be chosen for them.
    pub(super) fn unknown_material(&mut self, verb: &str, report: Report, (purpose, qty): (Use, Qty)) -> Answer {
        let Some((_, Some(material), _)) = parts(self.order, &report).into_iter().next() else { return Answer::Accepted };
        if qty.is_zero() {
            return Answer::Accepted;
        }
        let header = self.order.header.as_ref();
        let (number, plant) = header.map(|header| (header.number.to_string(), header.plant.to_string())).unwrap_or_default();
        let what = format!(
            "{qty} of {material} were reported as {verb} on {number}, and the master data in force at {plant} knows no such material: not booked yet"
        );
        let remedy = format!(
            "have the owner of {material} state it, it is booked by itself then; is it a wrong number, report it again under the right one and have this one written off"
        );
        let about = format!("{plant}: the material {material} is not known");
        let case =
            NewCase::new(CaseKind::Rejected(Code::MissingMaterial), "it", what).stake(qty).because_of(about).offers(waiting(&remedy));
        self.keep(report, (purpose, qty), case, false)
    }

    /// A sum that does not fit.
    pub(super) fn does_not_fit(&mut self, why: &str, qty: Qty) {
        let offers = vec![Proposal::Do("correct the count at the plant".into()), Proposal::Acknowledge];
        let what = format!("a reported quantity cannot be booked: {why}");
        self.draft.open_case(NewCase::new(CaseKind::Rejected(Code::Other), "it", what).stake(qty).offers(offers));
    }

    /// Keeps a report that cannot be booked. A counter that counts up says everything again: its highest reading waits.
    fn keep(&mut self, report: Report, (purpose, qty): (Use, Qty), case: NewCase<'_>, for_good: bool) -> Answer {
        let case = match self.read_before(&report).map(|before| (before.case, before.qty)) {
            Some((shown, read)) if !read.compare(&qty).is_some_and(std::cmp::Ordering::is_lt) => return Answer::Discrepant { case: shown },
            Some((shown, _)) => shown,
            None => self.draft.open_case(case),
        };
        let stuck = for_good || self.late.is_some();
        // What nothing can make fit begins no row, and ends nobody else's.
        let row = self.order.unbooked_row.saturating_add(u32::from(!stuck));
        let begun =
            self.draft.has(|fact| matches!(fact, Noted::Order(fact) if matches!(fact.as_ref(), Fact::Unbooked(known) if !known.stuck)));
        let envelope = Envelope { who: None, matched_by: None, ..self.envelope.clone() };
        self.note(Fact::Unbooked(Box::new(Unbooked { case, purpose, qty, report, envelope, row, stuck, given_up: false })));
        if !stuck && !begun {
            self.draft.wake(self.context.now.plus_ms(FIRST_LOOK_MS), Wake::Unbooked { row, round: 0 });
        }
        Answer::Discrepant { case }
    }

    /// What waits of the same counter, in the same epoch of it.
    fn read_before(&self, report: &Report) -> Option<&Unbooked> {
        let (source, epoch) = (self.envelope.key.source, self.envelope.key.epoch);
        let dial = self.dial(report)?;
        let same = |known: &&Unbooked| {
            !known.given_up
                && (known.envelope.key.source, known.envelope.key.epoch) == (source, epoch)
                && self.dial(&known.report).is_some_and(|other| dial == other)
        };
        self.order.unbooked.iter().find(same)
    }

    /// Which counter a report reads; nothing if it tells what came in addition.
    fn dial<'r>(&self, report: &'r Report) -> Option<Dial<'r>> {
        static GOODS: std::sync::OnceLock<Option<OpNo>> = std::sync::OnceLock::new();
        let counts_up = |amount: &Amount| amount.counting == Counting::Cumulative;
        match report {
            Report::Consumed { op, item, material, lot, amount } if counts_up(amount) => {
                let item = item.clone().or_else(|| self.component_line(material));
                let goods = Counted { item, ..Counted::of(material.clone(), lot.clone()) };
                Some(Dial { op, purpose: Use::Consumed, goods: Some(goods) })
            }
            Report::Produced { output, material, lot, amount, unit, .. } if counts_up(amount) => {
                let material = material.clone().or_else(|| self.order.header.as_ref().map(|header| header.material.clone()))?;
                let lot = lot.clone().or_else(|| self.order.lot());
                let goods = Counted { output: Some(*output), unit: unit.clone(), ..Counted::of(material, lot) };
                let op = GOODS.get_or_init(|| OpNo::parse("0").ok()).as_ref()?;
                Some(Dial { op, purpose: Use::Produced, goods: Some(goods) })
            }
            Report::Confirmed(work) => {
                let part = work.amounts().into_iter().find_map(|(purpose, amount)| amount.map(|amount| (purpose, amount)));
                let (purpose, _) = part.filter(|(_, amount)| counts_up(amount))?;
                Some(Dial { op: &work.op, purpose, goods: None })
            }
            Report::JobAccepted { .. }
            | Report::JobRejected { .. }
            | Report::WishRefused { .. }
            | Report::OperationStarted { .. }
            | Report::OperationResumed { .. }
            | Report::OperationHeld { .. }
            | Report::OperationAborted { .. }
            | Report::Consumed { .. }
            | Report::Produced { .. }
            | Report::CountCorrected { .. }
            | Report::SampleTaken { .. }
            | Report::Completed
            | Report::Staged { .. } => None,
        }
    }

    /// Looks at what waits: what can be booked comes again, and the rest is looked at later.
    pub(super) fn look_at_unbooked(&mut self, row: u32, round: u32) {
        if row != self.order.unbooked_row {
            return;
        }
        let waits: Vec<&Unbooked> = self.order.unbooked.iter().filter(|known| !known.stuck && !known.given_up).collect();
        let ready: Vec<&Unbooked> = waits.iter().copied().filter(|known| self.can_be_booked(known)).collect();
        for known in ready.iter().take(AT_ONCE) {
            self.comes_again(known);
        }
        if ready.len() > AT_ONCE {
            self.draft.wake(self.context.now.plus_ms(FIRST_LOOK_MS), Wake::Unbooked { row, round: 0 });
            return;
        }
        let shut = matches!(self.order.business, Business::Closed | Business::Cancelled);
        if waits.len() > ready.len() && !shut {
            let round = round.saturating_add(1);
            let wait = FIRST_LOOK_MS.saturating_mul(1 << round.min(10)).min(LAST_LOOK_MS);
            self.draft.wake(self.context.now.plus_ms(wait), Wake::Unbooked { row, round });
        }
    }

    /// Whether something that waits could be booked now.
    fn can_be_booked(&self, known: &Unbooked) -> bool {
        let fits = |(purpose, material, qty): (Use, Option<&MaterialId>, Qty)| match material {
            Some(material) => !self.is_unheard_of(material) && self.material_base(material, qty).is_ok(),
            None => self.in_base(purpose, qty).is_ok(),
        };
        parts(self.order, &known.report).into_iter().all(fits)
    }

    /// It comes once more: as it was reported, with its own time, source, epoch and raw message.
    fn comes_again(&mut self, known: &Unbooked) {
        let me = self.draft.me();
        let key = Key { mark: late_mark(known.case), ..known.envelope.key.clone() };
        let envelope = Envelope { key, ..known.envelope.clone() };
        let body = Body::Order(Input::Report(known.report.clone()));
        self.draft.forward(me, Told { to: Address::Entity(me), envelope, body });
    }

    /// What this decision is about waited, and is here.
    pub(super) fn no_longer_waits(&mut self) {
        let Some(known) = self.late else { return };
        self.note(Fact::UnbookedOver { case: known.case, given_up: false });
        if self.common.cases.contains_key(&known.case) {
            self.draft.close_case(known.case, "its material and its unit are known now");
        }
    }

    /// What waits of an operation, in words that go on a sentence.
    pub(super) fn waits_at(&self, op: &OpNo) -> String {
        let at = |known: &&Unbooked| matches!(&known.report, Report::Confirmed(work) if work.op == *op && known.purpose == Use::Yield);
        let waits: Vec<String> = self.order.unbooked.iter().filter(at).map(|known| known.qty.to_string()).collect();
        if waits.is_empty() { String::new() } else { format!(", and {} that cannot be booked yet", waits.join(" + ")) }
    }

    /// What a person decides about it; nothing if the case is about something else.
    pub(super) fn act_on_unbooked(&mut self, case: &Case, action: &Action) -> Option<Answer> {
        let known = self.order.unbooked.iter().find(|known| known.case == case.number && !known.given_up)?;
        let answer = match action {
            Action::Retry if self.can_be_booked(known) => {
                self.comes_again(known);
                Answer::Accepted
            }
            Action::Retry => {
                let text = "it can still not be booked: its material or its unit is not known".to_owned();
                refuse(Code::State, text, "have it stated by its owner, or add it to the configuration folder", "case")
            }
            Action::WriteOff if self.dial(&known.report).is_some() => {
                let text = "it is the reading of a counter that counts up: the next one would say it again".to_owned();
                refuse(Code::State, text, "have the material or the unit stated, and correct the count at the plant", "case")
            }
            Action::WriteOff => not_given_up(case, self.envelope.who.as_ref(), self.context, self.draft).unwrap_or_else(|| {
                self.note(Fact::UnbookedOver { case: case.number, given_up: true });
                self.draft.close_case(case.number, "written off");
                Answer::Accepted
            }),
            Action::Adopt { .. }
            | Action::Match { .. }
            | Action::HandTo { .. }
            | Action::Acknowledge
            | Action::Snooze { .. }
            | Action::Edit { .. } => super::desk::not_offered(case),
        };
        Some(answer)
    }
}

/// What a person may do about what waits.
fn waiting(remedy: &str) -> Vec<Proposal> {
    let by_hand = "post it by hand: it would be there twice once it is booked; was it posted already, have it written off here".to_owned();
    vec![Proposal::DoNot(by_hand), Proposal::Do(remedy.to_owned()), Proposal::Retry, Proposal::WriteOff]
}
