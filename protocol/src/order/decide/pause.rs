//! An order on hold, by a planner's wish: it is not sent to its plant, and a plant that has it is asked to stop. Ours alone:
//! the ERP does not know it, and what was made is posted all the same. A quality hold is another thing, and a lot's.

use super::Turn;
use crate::answer::Answer;
use crate::case::{CaseKind, Proposal};
use crate::draft::NewCase;
use crate::effect::Effect;
use crate::intent::Tier;
use crate::kernel::refuse;
use crate::name::SiteId;
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
        // Of a job that it gave back, or is done with, it need not do anything.
        let OutboxFact::Settled(Outcome::Rejected { code, text }) = step else { return };
        let Some(plant) = self.order.plant().filter(|_| self.plant_has_it() && !self.order.completed) else { return };
        let what = format!("the plant would not {wish} the job: {code} {text}");
        let offers = vec![Proposal::Do("agree with the shift leader at the plant".into()), Proposal::Acknowledge];
        self.draft.open_case(NewCase::new(CaseKind::Discrepancy, "planning", what).because_of(unwilling(plant)).offers(offers));
    }

    /// Whether it would stop a job, or go on with it, no longer matters once it is done with it.
    pub(super) fn stops_nothing_more(&mut self) {
        if let Some(plant) = self.order.plant() {
            self.draft.close_about(self.common, &CaseKind::Discrepancy, &unwilling(plant), "the plant is done with it");
        }
    }
}

/// What the cases of a plant share that does not stop a job, or go on with it.
fn unwilling(plant: SiteId) -> String {
    format!("{plant} would not stop jobs, or go on with them")
}
