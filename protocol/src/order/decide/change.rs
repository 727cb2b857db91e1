//! Transition 8 and its like: a change of an order in two phases. First the plant agrees, where it has the job, then the
//! ERP, which owns the order, makes it so; only then has anything changed. Whoever refuses is shown, and whoever had
//! agreed is told to go back.

use super::Turn;
use crate::answer::Answer;
use crate::case::{CaseKind, Proposal};
use crate::draft::NewCase;
use crate::effect::{Effect, JobRef, OrderChange};
use crate::instant::Instant;
use crate::intent::{Tier, Wake};
use crate::kernel::refuse;
use crate::order::{Agreed, Business, Change, Dispatch, Fact, Header, Pending, Phase, Split, plausible};
use crate::outbox::{OutboxFact, Outcome};
use crate::refusal::Code;
use crate::words::{ItemNo, MaterialId};

impl Turn<'_, '_> {
    /// Begins a change that its own guard has let through.
    pub(super) fn begin(&mut self, change: Change, split: Option<Split>) -> Answer {
        let Some(header) = &self.order.header else {
            return refuse(Code::State, "the ERP has not released this order".into(), "wait until it is released", "");
        };
        if let Some(pending) = &self.order.pending {
            let text = format!("somebody else asked to {} and is not answered yet", pending.change.words());
            return refuse(Code::State, text, "wait until that is over, then ask again", "");
        }
        if matches!(self.order.dispatch, Dispatch::Revoking { .. }) {
            return refuse(Code::State, "the plant is being asked for the job".into(), "wait for its answer, then ask again", "");
        }
        let before = Agreed::from(header);
        let to = change.on(before);
        let slip = plausible::slip_of_total(&to.total).or_else(|| plausible::slip_of_end(to.start, to.end));
        if let Some((_, slip)) = slip.filter(|_| !change.ends() && self.plant_has_it()) {
            let text = format!("{} says of the order what cannot be meant, and its plant does not know that: {slip}", header.erp);
            return refuse(Code::State, text, "have the ERP say what is meant, then ask again", "");
        }
        let pending = Pending { change, before, phase: Phase::Plant, intent: None, plant_agreed: false, split };
        match self.ask_plant(&pending.change, &before) {
            Some(intent) => self.note(Fact::ChangeMoved(Box::new(Pending { intent: Some(intent), ..pending }))),
            None => self.ask_erp(pending, Phase::Erp),
        }
        Answer::Accepted
    }

    /// The plant is asked first, when it has the job and the change is any of its business.
    fn ask_plant(&mut self, change: &Change, now: &Agreed) -> Option<u32> {
        let attempt = self.with_plant()?;
        match change {
            Change::Quantity { .. } | Change::Dates { .. } => self.tell_plant(change.on(*now)),
            Change::Cancel => self.revoke(attempt),
            Change::Component { .. } | Change::Recipe { .. } | Change::TechnicallyComplete | Change::Reopen | Change::Close => None,
        }
    }

    pub(super) fn ask_erp(&mut self, pending: Pending, phase: Phase) {
        let Some(header) = &self.order.header else { return };
        let change = match phase {
            Phase::Plant | Phase::Erp | Phase::Child => pending.change.clone(),
            Phase::Back => Change::Quantity { total: pending.before.total },
        };
        let change = OrderChange { order: self.draft.me(), erp_order: header.number.clone(), plant: header.plant, change };
        let (intent, _) = self.draft.ask_site(header.erp, Tier::Business, Effect::ChangeOrder(change));
        self.note(Fact::ChangeMoved(Box::new(Pending { phase, intent: Some(intent), ..pending })));
    }

    /// The attempt by which the plant has the job, as long as nobody asks to have it back. What it did not give back it has.
    pub(super) fn with_plant(&self) -> Option<u32> {
        match self.order.dispatch {
            Dispatch::Sent { attempt } | Dispatch::Accepted { attempt, .. } | Dispatch::TimedOut { attempt } => Some(attempt),
            Dispatch::RevokeRefused => Some(self.order.attempts),
            Dispatch::Idle
            | Dispatch::Validating
            | Dispatch::Invalid { .. }
            | Dispatch::Ready
            | Dispatch::Rejected { .. }
            | Dispatch::Revoking { .. }
            | Dispatch::Revoked => None,
        }
    }

    /// Whether the plant has the job, also one that it is being asked for: it may keep it, and hears what comes meanwhile.
    pub(super) fn plant_has_it(&self) -> bool {
        self.with_plant().is_some() || matches!(self.order.dispatch, Dispatch::Revoking { .. })
    }

    /// Whether the plant refused the job while it was asked to give it back: there is nothing to give.
    pub(super) fn never_taken(&self) -> bool {
        matches!(self.order.dispatch, Dispatch::Rejected { .. })
    }

    /// The plant is told what the order is to be, if it has the job and that can be meant; the intent.
    pub(super) fn tell_plant(&mut self, to: Agreed) -> Option<u32> {
        let slip = plausible::slip_of_total(&to.total).or_else(|| plausible::slip_of_end(to.start, to.end));
        if !self.plant_has_it() || slip.is_some() {
            return None;
        }
        let (job, plant) = (self.job_ref()?, self.order.plant()?);
        let effect = Effect::ChangeJob { job, total: to.total, start: to.start, end: to.end };
        Some(self.draft.ask_site(plant, Tier::PlantCritical, effect).0)
    }

    /// The order's job by every name it has.
    pub(super) fn job_ref(&self) -> Option<JobRef> {
        let intent = self.order.dispatch_intent?;
        Some(JobRef { order: self.draft.me(), dispatch: self.draft.intent_id(intent).reference(), job: self.order.job.clone() })
    }

    /// A step of the intent that asks for a change; `false` when it asks for none that is under way.
    pub(super) fn change_step(&mut self, number: u32, step: &OutboxFact) -> bool {
        let Some(pending) = self.order.pending.clone().filter(|pending| pending.intent == Some(number)) else { return false };
        let OutboxFact::Settled(outcome) = step else { return true };
        match (pending.phase, outcome) {
            (Phase::Plant, Outcome::Accepted(_)) => self.plant_agreed(pending),
            (Phase::Plant, Outcome::Rejected { code, text }) => self.plant_refused(pending, &format!("{code} {text}")),
            (Phase::Erp, Outcome::Accepted(_)) => self.made_so(pending),
            (Phase::Erp, Outcome::Rejected { code, text }) => self.erp_refused(&pending, &format!("{code} {text}")),
            (Phase::Back, Outcome::Accepted(_)) => self.gone_back(&pending),
            (Phase::Back, Outcome::Rejected { code, text }) => self.stuck_between(&pending, &format!("{code} {text}")),
            (Phase::Plant | Phase::Erp | Phase::Back, Outcome::Adopted { .. } | Outcome::WrittenOff | Outcome::Superseded)
            | (Phase::Child, _) => {
                self.note(Fact::ChangeEnded { done: false });
                self.go_on_after(&pending.change);
            }
        }
        true
    }

    fn plant_agreed(&mut self, pending: Pending) {
        if pending.change == Change::Cancel {
            self.note(Fact::Dispatch(Dispatch::Revoked));
        }
        if let (Change::Quantity { total }, Some(made)) = (&pending.change, self.order.processed())
            && self.breaks_reported(*total)
        {
            self.note(Fact::ChangeEnded { done: false });
            self.tell_plant_what_is();
            let why = format!("{made} were made while it was asked");
            self.not_changed(&pending, "the plant", &why, "ask for a total of at least what was made");
            return;
        }
        self.ask_erp(Pending { plant_agreed: true, ..pending }, Phase::Erp);
    }

    fn plant_refused(&mut self, pending: Pending, why: &str) {
        if pending.change == Change::Cancel && self.never_taken() {
            return self.plant_agreed(pending);
        }
        let pending = &pending;
        if pending.change == Change::Cancel {
            self.note(Fact::Dispatch(Dispatch::RevokeRefused));
        }
        self.note(Fact::ChangeEnded { done: false });
        self.not_changed(pending, "the plant", why, "agree with the plant, then ask again");
    }

    /// The plant had agreed to what will not be: it goes back to what is. A job that it gave back it does not get again by
    /// itself.
    fn erp_refused(&mut self, pending: &Pending, why: &str) {
        self.note(Fact::ChangeEnded { done: false });
        if pending.change == Change::Cancel && pending.plant_agreed {
            self.not_changed(pending, "the ERP", why, "the plant gave the job back: send it again, or cancel it in the ERP");
            return;
        }
        if pending.plant_agreed {
            self.tell_plant_what_is();
        }
        self.not_changed(pending, "the ERP", why, "mend the cause in the ERP, then ask again");
        self.go_on_after(&pending.change);
    }

    /// An order that was to end waits before it is sent, and goes on when it is not to end after all.
    fn go_on_after(&mut self, change: &Change) {
        if let (true, Some(header)) = (change.ends(), self.order.header.clone()) {
            self.look_again(&header);
        }
    }

    fn not_changed(&mut self, pending: &Pending, who: &str, why: &str, remedy: &str) {
        let what = format!("{who} would not {}: {why}", pending.change.words());
        let case = NewCase::new(CaseKind::Rejected(Code::Other), "planning", what).stake(pending.before.total);
        self.draft.open_case(case.offers(vec![Proposal::Do(remedy.into()), Proposal::Acknowledge]));
    }

    /// The plant hears what the order is, whatever it was asked before.
    pub(super) fn tell_plant_what_is(&mut self) {
        if let Some(header) = &self.order.header {
            let is = Agreed::from(header);
            self.tell_plant(is);
        }
    }

    /// The ERP did it. Where it said something else itself while the plant was asked, the plant hears what is now.
    fn made_so(&mut self, pending: Pending) {
        let Some(header) = self.order.header.clone() else { return };
        let now = Agreed::from(&header);
        let overtaken = now != pending.before;
        match &pending.change {
            Change::Quantity { total } => {
                self.now_total(&Header { total: *total, ..header });
                self.below_what_was_made(*total);
            }
            Change::Dates { start, end } => self.now_dates(&Header { start: *start, end: *end, ..header }),
            Change::Component { item, material } => {
                self.note(Fact::Replaced { item: item.clone(), material: material.clone() });
                self.look_again_with(&header, Some((item, material)));
            }
            Change::Recipe { version } => {
                self.note(Fact::RecipeChanged { version: version.clone() });
                self.look_again(&Header { recipe: Some(version.clone()), ..header });
            }
            Change::Cancel => {
                self.now_business(Business::Cancelled);
                self.nothing_to_start();
                self.left_the_line();
                self.wake_to_forget();
                // It may have been sent since, by another road.
                if let Some(attempt) = self.with_plant() {
                    self.revoke(attempt);
                }
            }
            Change::TechnicallyComplete => self.now_business(Business::TechnicallyCompleted),
            Change::Reopen => {
                self.now_business(Business::Released);
                self.look_again(&header);
            }
            Change::Close => self.now_business(Business::Closed),
        }
        if overtaken && pending.plant_agreed {
            self.tell_plant(pending.change.on(now));
        }
        match &pending.split {
            Some(split) => {
                let split = split.clone();
                self.note(Fact::ChangeMoved(Box::new(Pending { phase: Phase::Child, intent: None, ..pending })));
                self.tell_child(split);
            }
            None => self.note(Fact::ChangeEnded { done: true }),
        }
    }

    fn gone_back(&mut self, pending: &Pending) {
        let Some(header) = self.order.header.clone() else { return };
        self.now_total(&Header { total: pending.before.total, ..header.clone() });
        if pending.plant_agreed {
            // Its dates may be others by now: the ERP moves an order whenever it wants.
            self.tell_plant(Agreed { total: pending.before.total, ..Agreed::from(&header) });
        }
        self.note(Fact::ChangeEnded { done: false });
    }

    fn stuck_between(&mut self, pending: &Pending, why: &str) {
        self.note(Fact::ChangeEnded { done: false });
        let what = format!("the order split off did not come to be, and the ERP would not take the total back: {why}");
        let offers = vec![Proposal::Do(format!("raise the total to {} in the ERP", pending.before.total)), Proposal::Acknowledge];
        self.draft.open_case(NewCase::new(CaseKind::Discrepancy, "planning", what).stake(pending.before.total).offers(offers));
    }

    fn now_business(&mut self, to: Business) {
        if self.order.business != to {
            self.note(Fact::Business(to));
            if to == Business::Closed {
                self.wake_to_forget();
            }
        }
    }

    /// The total is that now; what was not sent yet is scaled anew.
    pub(super) fn now_total(&mut self, header: &Header) {
        self.note(Fact::TotalChanged { total: header.total });
        self.look_again(header);
    }

    /// The dates are those now; the alarm before the start moves along.
    pub(super) fn now_dates(&mut self, header: &Header) {
        self.note(Fact::Rescheduled { start: header.start, end: header.end });
        self.wake_before(header.start);
        self.moved_on_the_line(header);
        self.look_again(header);
    }

    pub(super) fn wake_before(&mut self, start: Instant) {
        let warn_at = start.minus(std::time::Duration::from_millis(self.context.book.policy.start_warning_ms));
        self.draft.wake(warn_at.max(self.context.now), Wake::PlannedStart);
    }

    /// What the plant does not have yet is validated as it is now.
    pub(super) fn look_again(&mut self, header: &Header) {
        self.look_again_with(header, None);
    }

    fn look_again_with(&mut self, header: &Header, replaced: Option<(&ItemNo, &MaterialId)>) {
        match self.order.dispatch {
            Dispatch::Validating | Dispatch::Invalid { .. } | Dispatch::Ready => {
                let mut all = self.order.replaced.clone();
                all.extend(replaced.map(|(item, material)| (item.clone(), material.clone())));
                self.validate_with(header, self.order.validations + 1, all);
            }
            Dispatch::Idle
            | Dispatch::Sent { .. }
            | Dispatch::Accepted { .. }
            | Dispatch::Rejected { .. }
            | Dispatch::TimedOut { .. }
            | Dispatch::Revoking { .. }
            | Dispatch::Revoked
            | Dispatch::RevokeRefused => {}
        }
    }
}
