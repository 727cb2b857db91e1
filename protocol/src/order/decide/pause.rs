//! An order on hold, by a planner's wish: it is not sent to its plant, and a plant that has it is asked to stop. Ours alone:
//! the ERP does not know it, and what was made is posted all the same. A quality hold is another thing, and a lot's.

use super::Turn;
use crate::answer::Answer;
use crate::case::{CaseKind, Proposal};
use crate::draft::NewCase;
use crate::effect::Effect;
use crate::intent::Tier;
use crate::kernel::refuse;
use crate::order::{Business, Dispatch, Fact};
use crate::outbox::{OutboxFact, Outcome};
use crate::refusal::Code;
use crate::words::Reason;

impl Turn<'_, '_> {
    /// A client wants it to wait.
    pub(super) fn wish_hold(&mut self, reason: &Reason) -> Answer {
        if !matches!(self.order.business, Business::Planned | Business::Created | Business::PartlyReleased | Business::Released) {
            return refuse(Code::State, "the order is over in its ERP".into(), "there is nothing to hold: ask how it stands", "");
        }
        if self.order.on_hold.is_some() {
            return Answer::Accepted;
        }
        self.note(Fact::OnHold(Some(reason.clone())));
        if let (true, Some(job), Some(plant)) = (self.plant_has_it(), self.job_ref(), self.order.plant()) {
            self.draft.ask_site(plant, Tier::PlantCritical, Effect::HoldJob { job, reason: reason.clone() });
        }
        Answer::Accepted
    }

    /// A client wants it to go on.
    pub(super) fn wish_resume(&mut self) -> Answer {
        if self.order.on_hold.is_none() {
            return refuse(Code::State, "the order is not on hold".into(), "nothing has to be done", "");
        }
        self.note(Fact::OnHold(None));
        if let (true, Some(job), Some(plant)) = (self.plant_has_it(), self.job_ref(), self.order.plant()) {
            self.draft.ask_site(plant, Tier::PlantCritical, Effect::ResumeJob(job));
        }
        if let (Dispatch::Ready, Some(header)) = (&self.order.dispatch, self.order.header.clone()) {
            self.validate(&header, self.order.validations + 1);
        }
        Answer::Accepted
    }

    /// The plant answers: what it would not do is shown, because nobody stands there and waits for it.
    pub(super) fn pause_step(&mut self, wish: &str, step: &OutboxFact) {
        // Of a job that it gave back it need not do anything.
        let OutboxFact::Settled(Outcome::Rejected { code, text }) = step else { return };
        if !self.plant_has_it() {
            return;
        }
        let what = format!("the plant would not {wish} the job: {code} {text}");
        let offers = vec![Proposal::Do("agree with the shift leader at the plant".into()), Proposal::Acknowledge];
        self.draft.open_case(NewCase::new(CaseKind::Discrepancy, "planning", what).offers(offers));
    }
}
