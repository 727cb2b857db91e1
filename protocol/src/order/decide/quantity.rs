//! Transition 8: another total. A request may not go below what was made and is agreed with the plant; the ERP's own fact
//! is applied, and becomes a discrepancy where it breaks that guard.

use super::Turn;
use crate::answer::Answer;
use crate::case::{CaseKind, Proposal};
use crate::draft::NewCase;
use crate::effect::{Effect, JobRef};
use crate::intent::Tier;
use crate::kernel::refuse;
use crate::order::{Dispatch, Fact};
use crate::qty::Qty;
use crate::refusal::Code;

impl Turn<'_, '_> {
    /// A client wants another total.
    pub(super) fn wish_quantity(&mut self, total: Qty) -> Answer {
        let Some(header) = &self.order.header else {
            return refuse(Code::State, "the ERP has not released this order".into(), "wait until it is released", "");
        };
        if total.uom() != header.total.uom() || !total.is_positive() {
            let text = format!("the order is kept in {}, and its total must be more than nothing", header.total.uom());
            return refuse(Code::UomUnmapped, text, "send a positive quantity in the order's unit", "total");
        }
        if self.breaks_reported(total) {
            let text = format!("{} were made already", self.order.processed().unwrap_or(total));
            return refuse(Code::Capacity, text, "choose a total that is not below what was reported", "total");
        }
        self.ask_plant(total);
        Answer::Accepted
    }

    /// The ERP changed the total.
    pub(super) fn quantity_changed(&mut self, total: Qty) -> Answer {
        self.note(Fact::TotalChanged { total });
        self.ask_plant(total);
        if !self.breaks_reported(total) {
            return Answer::Accepted;
        }
        let made = self.order.processed().unwrap_or(total);
        let what = format!("the ERP reduced the order to {total}, and {made} were made already");
        let offers = vec![Proposal::Do("raise the total in the ERP again, or accept the surplus there".into()), Proposal::Acknowledge];
        Answer::Discrepant { case: self.draft.open_case(NewCase::new(CaseKind::Discrepancy, "planner", what).stake(made).offers(offers)) }
    }

    fn breaks_reported(&self, total: Qty) -> bool {
        self.order.processed().is_some_and(|made| made.compare(&total).is_some_and(std::cmp::Ordering::is_gt))
    }

    /// The plant must agree; a request's total holds when it did.
    fn ask_plant(&mut self, total: Qty) {
        let with_plant = matches!(self.order.dispatch, Dispatch::Sent { .. } | Dispatch::Accepted { .. } | Dispatch::TimedOut { .. });
        let Some(job) = self.job_ref().filter(|_| with_plant) else {
            self.note(Fact::TotalChanged { total });
            return;
        };
        if let Some(plant) = self.order.plant() {
            self.draft.ask_site(plant, Tier::PlantCritical, Effect::ChangeJobQuantity { job, total });
        }
    }

    /// The order's job by every name it has.
    pub(super) fn job_ref(&self) -> Option<JobRef> {
        let intent = self.order.dispatch_intent?;
        Some(JobRef { order: self.draft.me(), dispatch: self.draft.intent_id(intent).reference(), job: self.order.job.clone() })
    }
}
