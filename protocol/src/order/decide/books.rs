//! The order's hand on its ledger: records quantities, flushes what is ripe, and turns each posting into an intent for the
//! ERP. Copies the ledger only when one input has to book more than one thing.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::Turn;
use crate::case::{CaseKind, Proposal, total};
use crate::draft::NewCase;
use crate::effect::{Document, Effect};
use crate::intent::{Tier, Wake};
use crate::order::{Fact, Order};
use crate::posting::{self, Actual, Due, Ledger, Line, Moment, Movement, Posting, PostingFact, Rule, Trigger, Use};
use crate::words::{MaterialId, OpNo};
use crate::workflow::Flow;

/// An open ledger: facts booked so far in this decision count for the next one.
pub(super) struct Books<'a> {
    ledger: Cow<'a, Ledger>,
    unseen: Vec<PostingFact>,
    wakes: BTreeSet<crate::instant::Instant>,
    parked: bool,
}

impl<'a> Books<'a> {
    /// Opens the order's ledger.
    pub(super) fn open(order: &'a Order) -> Self {
        Self { ledger: Cow::Borrowed(&order.ledger), unseen: Vec::new(), wakes: BTreeSet::new(), parked: !order.business.takes_postings() }
    }

    /// Books a quantity; what becomes ripe with it is flushed.
    pub(super) fn record(&mut self, turn: &mut Turn<'_, '_>, actual: Actual) {
        let Some(plant) = turn.order.plant() else { return };
        let found = turn.context.book.rules.find(plant, &actual).cloned();
        let rule = found.unwrap_or_else(|| unruled(&actual));
        let calendar = turn.context.book.calendar(plant);
        let qty = actual.qty;
        let moment = Moment { now: turn.context.now, shift_end: calendar.shift_end(turn.context.now) };
        self.catch_up();
        let (fact, ripe) = match posting::record(&self.ledger, actual, &rule, moment) {
            Ok(recorded) => recorded,
            Err(error) => {
                turn.does_not_fit(&error.to_string(), qty);
                return;
            }
        };
        if let PostingFact::Recorded { opens: Some(_), due: Some(due), .. } = &fact {
            self.wakes.insert(*due);
        }
        self.book(turn, fact);
        if let Some(group) = ripe {
            self.flush(turn, &Due::Groups(&[group]));
        }
    }

    /// Flushes what is due.
    pub(super) fn flush(&mut self, turn: &mut Turn<'_, '_>, due: &Due<'_>) {
        let Some(header) = turn.order.header.clone() else { return };
        let book = turn.context.book;
        let calendar = book.calendar(header.plant);
        let periods = book.sites.get(&header.erp).map(|site| site.periods.clone()).unwrap_or_default();
        self.catch_up();
        let above = posting::above(&self.ledger, &header.material, header.over_limit());
        let facts = posting::flush(&self.ledger, due, calendar.posting_date(turn.context.now), &periods);
        for fact in facts {
            let fact =
                if self.parked { park(fact, || "the ERP takes no postings for this order in its present state".to_owned()) } else { fact };
            let fact = match &above {
                Some(above) if self.waits_when_above(&fact, &header.material) => park(fact, || above.clone()),
                Some(_) | None => fact,
            };
            let posting = match &fact {
                PostingFact::Flushed { posting: Some(posting), parked, .. } => Some((posting.as_ref().clone(), parked.clone())),
                PostingFact::Flushed { .. }
                | PostingFact::Recorded { .. }
                | PostingFact::Stands { .. }
                | PostingFact::Reissued { .. }
                | PostingFact::TakenBack { .. }
                | PostingFact::Split { .. } => None,
            };
            self.book(turn, fact);
            match posting {
                Some((posting, None)) => turn.send_posting(posting),
                Some((posting, Some((why, proposed)))) => turn.park_case(&posting, &why, proposed, None),
                None => {}
            }
        }
    }

    /// Whether a document about what the order makes is one that its rule parks when more was made than is allowed.
    fn waits_when_above(&self, fact: &PostingFact, material: &MaterialId) -> bool {
        let PostingFact::Flushed { groups, posting: Some(posting), parked: None } = fact else { return false };
        groups.iter().any(|group| self.ledger.waits_when_above(*group))
            && posting.lines.iter().any(|line| line.series.material == *material && line.series.purpose.is_output())
    }

    /// Done: whatever was opened wants to be woken in time, each at its own.
    pub(super) fn close(self, turn: &mut Turn<'_, '_>) {
        for at in self.wakes {
            turn.draft.wake(at, Wake::Postings);
        }
    }

    fn book(&mut self, turn: &mut Turn<'_, '_>, fact: PostingFact) {
        self.unseen.push(fact.clone());
        turn.note(Fact::Posting(fact));
    }

    /// Makes the ledger know what was booked in this decision; most decisions book once and never need it.
    fn catch_up(&mut self) {
        for fact in std::mem::take(&mut self.unseen) {
            self.ledger.to_mut().evolve(&fact);
        }
    }
}

impl Turn<'_, '_> {
    /// Hands a posting to the ERP's site.
    pub(super) fn send_posting(&mut self, posting: Posting) {
        let Some(header) = &self.order.header else { return };
        let number = posting.number;
        let flow = if posting.movement == Movement::GoodsReceipt { Flow::BatchCompletion } else { Flow::Confirm };
        let document = Document { order: self.draft.me(), erp_order: header.number.clone(), plant: header.plant, posting };
        let (intent, _) = self.draft.ask_site(header.erp, Tier::Business, Effect::Post(document));
        self.note(Fact::Carries { intent, posting: number });
        self.moved_in_books(flow);
    }

    /// A posting that may not go out is a case, with the date that would be possible, or what else is to be done first.
    pub(super) fn park_case(
        &mut self,
        posting: &Posting,
        why: &str,
        proposed: Option<crate::calendar::PostingDate>,
        first: Option<Proposal>,
    ) {
        let hint = proposed.map_or_else(String::new, |date| format!("; {date} would be open"));
        let offers = first.into_iter().chain([Proposal::Retry, Proposal::Adopt, Proposal::WriteOff]).collect();
        let case = NewCase::new(CaseKind::ParkedPosting, "finance", format!("posting {} waits: {why}{hint}", posting.number))
            .stake(self.at_stake(posting))
            .because_of(self.order.header.as_ref().map_or_else(String::new, |header| format!("{}: {why}", header.erp)))
            .offers(offers)
            .about_posting(posting.number);
        self.draft.open_case(case);
    }

    /// What a posting stands for. Every operation counts the same pieces, and what was received is those again: what only confirms
    /// them is said in words, so that nobody who adds up stakes counts a piece twice.
    fn at_stake(&self, posting: &Posting) -> String {
        let accounts = self.order.accounts();
        let counted =
            |op: &OpNo| accounts.iter().any(|account| account.series.purpose == Use::Yield && account.series.op.as_ref() == Some(op));
        let mut operations = self.order.resolved.iter().flat_map(|resolved| &resolved.operations).map(|operation| &operation.op);
        let last = operations.rfind(|op| counted(op));
        let received = accounts.iter().any(|account| account.series.purpose == Use::Produced);
        let counts = |line: &&Line| match line.series.purpose {
            Use::Produced | Use::Consumed | Use::Scrap | Use::Labour | Use::Machine => true,
            Use::Yield => !received && (last.is_none() || line.series.op.as_ref() == last),
            Use::Rework => false,
        };
        let (goods, confirmed): (Vec<&Line>, Vec<&Line>) = posting.lines.iter().partition(counts);
        let sum = |lines: &[&Line]| total(lines.iter().map(|line| line.qty));
        let (goods, confirmed) = (sum(&goods), sum(&confirmed));
        let confirmed = if confirmed.is_empty() { confirmed } else { format!("{confirmed} confirmed") };
        [goods, confirmed].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" + ")
    }

    /// Groups whose time has come.
    pub(super) fn flush_by_time(&mut self) {
        let mut books = Books::open(self.order);
        books.flush(self, &Due::Time(self.context.now));
        books.close(self);
    }
}

/// What no rule was written for is collected and waits: reported is never lost.
fn unruled(actual: &Actual) -> Rule {
    Rule::collecting(actual.purpose, vec![Trigger::Hold])
}

fn park(fact: PostingFact, why: impl Fn() -> String) -> PostingFact {
    match fact {
        PostingFact::Flushed { groups, posting, parked: None } => PostingFact::Flushed { groups, posting, parked: Some((why(), None)) },
        PostingFact::Flushed { .. }
        | PostingFact::Recorded { .. }
        | PostingFact::Stands { .. }
        | PostingFact::Reissued { .. }
        | PostingFact::TakenBack { .. }
        | PostingFact::Split { .. } => fact,
    }
}
