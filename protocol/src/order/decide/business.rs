//! Transitions 16 to 18, track B after release: cancelled, technically complete, reopened, closed. A request is guarded;
//! the ERP's own fact is applied, and what contradicts it is shown.

use super::{Books, Turn};
use crate::answer::Answer;
use crate::case::{CaseKind, Proposal};
use crate::draft::NewCase;
use crate::effect::Effect;
use crate::intent::Tier;
use crate::kernel::refuse;
use crate::order::{Business, Dispatch, Fact, Supply};
use crate::posting::Due;
use crate::refusal::Code;

impl Turn<'_, '_> {
    /// A client wants it given up.
    pub(super) fn wish_cancel(&mut self) -> Answer {
        if self.order.ledger.has_documents() || self.order.ledger.is_unsettled() || self.order.ledger.has_open_groups() {
            return refuse(
                Code::State,
                "work was reported for this order".into(),
                "complete it technically instead, or reverse what was posted first",
                "",
            );
        }
        match self.order.dispatch {
            Dispatch::Sent { attempt } | Dispatch::Accepted { attempt, .. } | Dispatch::TimedOut { attempt } => self.revoke(attempt),
            Dispatch::Revoking { .. } => Answer::Accepted,
            Dispatch::RevokeRefused => refuse(Code::State, "the plant keeps the job".into(), "stop it at the plant first", ""),
            Dispatch::Idle | Dispatch::Validating | Dispatch::Invalid { .. } | Dispatch::Rejected { .. } | Dispatch::Revoked => {
                self.note(Fact::Business(Business::Cancelled));
                Answer::Accepted
            }
        }
    }

    fn revoke(&mut self, attempt: u32) -> Answer {
        if let (Some(job), Some(plant)) = (self.job_ref(), self.order.plant()) {
            self.note(Fact::Dispatch(Dispatch::Revoking { attempt }));
            self.draft.ask_site(plant, Tier::PlantCritical, Effect::RevokeJob(job));
        }
        Answer::Accepted
    }

    /// The ERP cancelled it.
    pub(super) fn cancelled(&mut self) -> Answer {
        if self.order.business == Business::Cancelled {
            return Answer::Accepted;
        }
        self.note(Fact::Business(Business::Cancelled));
        if let Dispatch::Sent { attempt } | Dispatch::Accepted { attempt, .. } | Dispatch::TimedOut { attempt } = self.order.dispatch {
            self.revoke(attempt);
        }
        let worked = self.order.ledger.actuals() > 0;
        if !worked {
            return Answer::Accepted;
        }
        let what = "the ERP cancelled the order, and work was reported for it".to_owned();
        let offers = vec![
            Proposal::Do("reopen it in the ERP and post, post to a cost centre, or write the quantities off".into()),
            Proposal::Acknowledge,
        ];
        Answer::Discrepant { case: self.draft.open_case(NewCase::new(CaseKind::Discrepancy, "planner", what).offers(offers)) }
    }

    /// A client wants no more work.
    pub(super) fn wish_technical_completion(&mut self, force: bool) -> Answer {
        if self.order.business != Business::Released {
            return refuse(Code::State, "the order is not released".into(), "ask how it stands", "");
        }
        let unsettled = self.order.ledger.is_unsettled() || self.order.ledger.has_open_groups();
        let reason = self.envelope.who.as_ref().and_then(|who| who.reason.as_ref());
        if unsettled && !(force && reason.is_some()) {
            return refuse(Code::State, "postings are not settled".into(), "settle them first, or force it and give a reason", "force");
        }
        self.finish();
        Answer::Accepted
    }

    /// The ERP completed it technically.
    pub(super) fn technically_completed(&mut self) -> Answer {
        if self.order.business != Business::TechnicallyCompleted {
            self.finish();
        }
        Answer::Accepted
    }

    /// What was collected goes out before the gate shuts.
    fn finish(&mut self) {
        let mut books = Books::open(self.order);
        books.flush(self, &Due::Everything);
        books.close(self);
        self.note(Fact::Business(Business::TechnicallyCompleted));
    }

    /// Work again.
    pub(super) fn reopened(&mut self) -> Answer {
        self.note(Fact::Business(Business::Released));
        Answer::Accepted
    }

    /// A client wants it settled.
    pub(super) fn wish_close(&mut self) -> Answer {
        let open = self.order.ledger.is_unsettled() || self.order.ledger.has_open_groups();
        if self.order.business != Business::TechnicallyCompleted || open {
            return refuse(
                Code::State,
                "only a technically complete order without open postings can be closed".into(),
                "complete it and settle its postings first",
                "",
            );
        }
        self.note(Fact::Business(Business::Closed));
        Answer::Accepted
    }

    /// The ERP closed it.
    pub(super) fn closed(&mut self) -> Answer {
        self.note(Fact::Business(Business::Closed));
        if !(self.order.ledger.is_unsettled() || self.order.ledger.has_open_groups()) {
            return Answer::Accepted;
        }
        let what = "the ERP closed the order, and postings are not settled".to_owned();
        Answer::Discrepant { case: self.draft.open_case(NewCase::new(CaseKind::Discrepancy, "finance", what)) }
    }

    /// Somebody has it open in the ERP.
    pub(super) fn locked(&mut self, locked: bool) -> Answer {
        self.note(Fact::Locked(locked));
        Answer::Accepted
    }

    /// Transition 11: components are there, or not.
    pub(super) fn availability(&mut self, short: &[String]) -> Answer {
        let supply = if short.is_empty() { Supply::Committed } else { Supply::Short { what: short.to_vec() } };
        self.note(Fact::Supply(supply));
        Answer::Accepted
    }
}
