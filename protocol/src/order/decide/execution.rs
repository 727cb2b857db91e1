//! Transition 6, track X: what the plant does. A start that comes before the plant's acceptance implies it.

use super::Turn;
use crate::answer::Answer;
use crate::case::{CaseKind, Proposal};
use crate::draft::NewCase;
use crate::name::SiteId;
use crate::order::{Business, Dispatch, Execution, Fact};
use crate::outbox::{Outcome, Receipt};
use crate::posting::Due;
use crate::words::{OpNo, Reason};

impl Turn<'_, '_> {
    /// An operation runs.
    pub(super) fn started(&mut self, op: &OpNo) -> Answer {
        self.imply_acceptance();
        match self.execution(op) {
            Execution::NotStarted | Execution::Interrupted { .. } => self.note(Fact::Execution { op: op.clone(), to: Execution::Running }),
            Execution::Running | Execution::Completed | Execution::Aborted { .. } => {}
        }
        self.unexpected_work(op)
    }

    /// An operation stopped for a while.
    pub(super) fn interrupted(&mut self, op: &OpNo, reason: &Reason) -> Answer {
        self.imply_acceptance();
        match self.execution(op) {
            Execution::NotStarted | Execution::Running | Execution::Interrupted { .. } => {
                self.note(Fact::Execution { op: op.clone(), to: Execution::Interrupted { why: reason.to_string() } });
            }
            Execution::Completed | Execution::Aborted { .. } => {}
        }
        self.unrouted_work(op)
    }

    /// An operation was given up.
    pub(super) fn aborted(&mut self, op: &OpNo, reason: &Reason) -> Answer {
        self.imply_acceptance();
        self.note(Fact::Execution { op: op.clone(), to: Execution::Aborted { why: reason.to_string() } });
        self.unrouted_work(op)
    }

    /// The plant says that the whole order is done: everything that was collected goes out.
    pub(super) fn completed(&mut self) -> Answer {
        self.imply_acceptance();
        self.job_was_done();
        if !self.order.completed {
            self.note(Fact::Completed);
            self.left_the_line();
        }
        let mut books = super::Books::open(self.order);
        books.flush(self, &Due::Everything);
        books.close(self);
        Answer::Accepted
    }

    /// How far an operation is.
    pub(super) fn execution(&self, op: &OpNo) -> Execution {
        self.order.ops.get(op).map_or(Execution::NotStarted, |operation| operation.execution.clone())
    }

    /// Whatever the plant does with the order, it has it.
    pub(super) fn imply_acceptance(&mut self) {
        // What was reported long ago says nothing of the job that the plant was sent since.
        if self.late.is_some() {
            return;
        }
        if let Dispatch::Sent { attempt } | Dispatch::TimedOut { attempt } = self.order.dispatch {
            self.accept(attempt, true);
        }
    }

    /// The plant is done with it, so nobody need ask any more whether it has the job, or send it again.
    fn job_was_done(&mut self) {
        self.stops_nothing_more();
        let open: Vec<u32> =
            self.common.outbox.iter().filter(|(_, open)| self.is_present_job(&open.intent)).map(|(number, _)| number).collect();
        for intent in open.into_iter().filter(|_| self.late.is_none()) {
            self.draft.settle(intent, Outcome::Accepted(Receipt::default()));
            for case in self.common.cases.values().filter(|case| case.intent == Some(intent)) {
                self.draft.close_case(case.number, "the plant has done it");
            }
        }
    }

    /// Work that the ERP's state or the routing does not expect is applied and shown.
    pub(super) fn unexpected_work(&mut self, op: &OpNo) -> Answer {
        if self.order.business == Business::Cancelled && self.late.is_none() {
            let number = self.order.header.as_ref().map(|header| header.number.to_string()).unwrap_or_default();
            let what = format!("the plant works on {number}, which was cancelled in its ERP");
            let offers = vec![Proposal::Do("reopen the order in its ERP, or have the plant stop it and correct what it reported".into())];
            return self.contradicted(&what, None, offers);
        }
        let what = self.surprise(op);
        self.show(what)
    }

    /// What is said of an operation that the order does not have is applied and shown.
    pub(super) fn unrouted_work(&mut self, op: &OpNo) -> Answer {
        let what = self.unrouted(op);
        self.show(what)
    }

    /// Goods that come out of an order that the plant was never sent are booked and shown.
    pub(super) fn unsent_work(&mut self) -> Answer {
        let what = self.unsent();
        self.show(what)
    }

    /// The plant has it: that it began before it was sent is over.
    pub(super) fn sent_after_all(&mut self) {
        if let Some(plant) = self.order.plant() {
            self.draft.close_about(self.common, &CaseKind::Discrepancy, &about_unsent(plant), "it was sent, and the plant has it");
        }
    }

    fn show(&mut self, what: Option<Surprise>) -> Answer {
        // It was shown when it was reported.
        let Some(Surprise { what, about, remedy }) = what.filter(|_| self.late.is_none()) else { return Answer::Accepted };
        if let Some(open) = self.common.cases.values().find(|case| case.kind == CaseKind::Discrepancy && case.what == what) {
            return Answer::Discrepant { case: open.number };
        }
        let offers = vec![Proposal::Do(remedy.into()), Proposal::Acknowledge];
        let case = NewCase::new(CaseKind::Discrepancy, "planning", what).because_of(about).offers(offers);
        Answer::Discrepant { case: self.draft.open_case(case) }
    }

    /// The plant works on what was never found to be able to run there: nobody checked recipe, equipment or lots.
    fn unsent(&self) -> Option<Surprise> {
        let header = self.order.header.as_ref().filter(|_| self.order.resolved.is_none())?;
        Some(Surprise {
            what: format!("the plant works on {}, which was not sent to it: what it needs was not checked", header.number),
            about: about_unsent(header.plant),
            remedy: "ask the plant why it began; when the order can be sent, it is, and this closes by itself once the plant has taken it",
        })
    }

    fn surprise(&self, op: &OpNo) -> Option<Surprise> {
        let number = self.order.header.as_ref().map(|header| header.number.to_string()).unwrap_or_default();
        let remedy = "reopen the order in its ERP, or correct the report at the plant";
        let over = |what: String| Some(Surprise { what, about: String::new(), remedy });
        match self.order.business {
            Business::Cancelled => return None,
            Business::Closed => return over(format!("the plant reports on {number}, which is closed in its ERP")),
            Business::TechnicallyCompleted => return over(format!("the plant reports on {number}, which is technically complete")),
            Business::Planned | Business::Created | Business::PartlyReleased | Business::Released => {}
        }
        if self.order.resolved.is_none() { self.unsent() } else { self.unrouted(op) }
    }

    /// That an operation is none of the order's.
    pub(super) fn unrouted(&self, op: &OpNo) -> Option<Surprise> {
        let resolved = self.order.resolved.as_ref()?;
        let number = self.order.header.as_ref().map(|header| header.number.to_string()).unwrap_or_default();
        let routed = resolved.operations.iter().any(|known| known.op == *op);
        (!routed).then(|| Surprise {
            what: format!("the plant reports operation {op}, which is not in the routing of {number}"),
            about: String::new(),
            remedy: "correct the report at the plant, or have the routing of its recipe mended",
        })
    }
}

/// Work that nobody expects: what is seen, what it shares with others of its kind, and what is done about it.
pub(super) struct Surprise {
    what: String,
    about: String,
    remedy: &'static str,
}

fn about_unsent(plant: SiteId) -> String {
    format!("{plant} works on what it was not sent")
}
