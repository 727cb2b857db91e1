//! What a person decides about a case of an order: adopt, send again, write off.

use super::Turn;
use crate::answer::Answer;
use crate::calendar::PeriodBook;
use crate::case::{Case, CaseKind};
use crate::common::Common;
use crate::desk::Action;
use crate::draft::Draft;
use crate::envelope::Envelope;
use crate::kernel::{Context, not_given_up, refuse};
use crate::order::{Fact, Order};
use crate::outbox::Outcome;
use crate::posting::{self, PostingFact};
use crate::refusal::Code;

impl Order {
    pub(crate) fn act(
        &self,
        common: &Common,
        case: &Case,
        action: &Action,
        envelope: &Envelope,
        context: &Context<'_>,
        draft: &mut Draft,
    ) -> Answer {
        let mut turn = Turn { order: self, common, envelope, context, draft, late: None };
        if let Some(answer) = turn.act_on_books(case, action).or_else(|| turn.act_on_unbooked(case, action)) {
            return answer;
        }
        let posting = case.posting.or_else(|| case.intent.and_then(|intent| self.carries.get(&intent).copied()));
        let Some(posting) = posting else {
            return match action {
                Action::Retry => turn.redispatch(),
                Action::Adopt { .. }
                | Action::WriteOff
                | Action::Match { .. }
                | Action::HandTo { .. }
                | Action::Acknowledge
                | Action::Snooze { .. }
                | Action::Edit { .. } => not_offered(case),
            };
        };
        match action {
            Action::Adopt { document } => {
                if let Some(no) = may_not_adopt(case, envelope, context) {
                    return no;
                }
                if posting::adopt(&self.ledger, posting, document.clone()).is_none() {
                    return refuse(
                        Code::State,
                        format!("posting {posting} is neither parked nor in doubt"),
                        "look at how it stands now",
                        "case",
                    );
                }
                turn.adopt(posting, document.clone());
                Answer::Accepted
            }
            Action::Retry => not_finance(case, envelope, context, "send").unwrap_or_else(|| turn.retry_posting(case, posting)),
            Action::WriteOff => turn.write_off(case, posting),
            Action::Match { .. } | Action::HandTo { .. } | Action::Acknowledge | Action::Snooze { .. } | Action::Edit { .. } => {
                not_offered(case)
            }
        }
    }
}

/// Why a person may not say which document books a posting: it counts as booked then, on their word.
fn may_not_adopt(case: &Case, envelope: &Envelope, context: &Context<'_>) -> Option<Answer> {
    not_finance(case, envelope, context, "adopt").or_else(|| {
        let silent = envelope.who.as_ref().is_none_or(|who| who.reason.is_none());
        silent.then(|| refuse(Code::Schema, "adopting a document needs a reason".into(), "say who posted it, and why", "who.reason"))
    })
}

/// What becomes of a posting that is parked is for finance to say, whoever took the case over.
fn not_finance(case: &Case, envelope: &Envelope, context: &Context<'_>, what: &str) -> Option<Answer> {
    let finance = &context.book.policy.finance_roles;
    let who = envelope.who.as_ref();
    let is_theirs = case.kind != CaseKind::ParkedPosting || who.is_some_and(|who| finance.iter().any(|role| role.as_str() == who.role));
    let remedy = format!("ask somebody of finance to {what} it");
    (!is_theirs).then(|| refuse(Code::NotOwner, "what becomes of a posting that waits is for finance to say".into(), &remedy, "who.role"))
}

impl Turn<'_, '_> {
    /// A posting that was refused or parked goes out again, under a new intent.
    fn retry_posting(&mut self, case: &Case, number: u32) -> Answer {
        let periods = self.order.header.as_ref().and_then(|header| self.context.book.sites.get(&header.erp)).map(|site| &site.periods);
        let fact = match posting::retry(&self.order.ledger, number, periods.unwrap_or(&PeriodBook::default())) {
            Ok(fact) => fact,
            Err(stuck) => return refuse(Code::State, stuck.to_string(), "look at how it stands now", "case"),
        };
        if !self.order.business.takes_postings() {
            return refuse(
                Code::State,
                "the ERP takes no postings for this order in its present state".into(),
                "reopen the order in its ERP first",
                "case",
            );
        }
        if let PostingFact::Reissued { posting } = &fact {
            self.send_posting(posting.as_ref().clone());
        }
        self.note(Fact::Posting(fact));
        self.draft.close_case(case.number, "sent again");
        Answer::Accepted
    }

    /// What was given up along with another posting needs nobody's decision any more.
    fn close_with(&mut self, fact: &PostingFact, but: u32) {
        let PostingFact::Stands { posting, .. } = fact else { return };
        for open in self.common.cases.values().filter(|open| open.number != but && open.posting == Some(*posting)) {
            self.draft.close_case(open.number, "written off");
        }
    }

    /// Given up: only by finance, and by two persons.
    fn write_off(&mut self, case: &Case, number: u32) -> Answer {
        let facts = posting::write_off(&self.order.ledger, number);
        if facts.is_empty() {
            let text = format!("posting {number} is not parked, or waits for the reversal before it");
            return refuse(Code::State, text, "look at how it stands now", "case");
        }
        if let Some(answer) = not_given_up(case, self.envelope.who.as_ref(), self.context, self.draft) {
            return answer;
        }
        for fact in facts {
            self.close_with(&fact, case.number);
            self.note(Fact::Posting(fact));
        }
        if let Some(intent) = case.intent.filter(|intent| self.common.outbox.get(*intent).is_some()) {
            self.draft.settle(intent, Outcome::WrittenOff);
        }
        let same =
            |open: &&Case| open.number != case.number && open.intent.is_some() && open.intent == case.intent && open.posting.is_none();
        for open in self.common.cases.values().filter(same) {
            self.draft.close_case(open.number, "written off");
        }
        self.draft.close_case(case.number, "written off");
        Answer::Accepted
    }
}

pub(super) fn not_offered(case: &Case) -> Answer {
    refuse(Code::State, format!("case {} does not offer that", case.number), "choose one of the actions the case offers", "action")
}
