//! What a step in the life of an intent means for the order: track D for jobs, track P for postings, track B for a
//! conversion the ERP made.

use super::Turn;
use crate::case::{CaseKind, Proposal};
use crate::common::Common;
use crate::draft::{Draft, NewCase};
use crate::effect::{Conversion, Effect};
use crate::intent::Intent;
use crate::kernel::Context;
use crate::name::SiteId;
use crate::native::NativeKind;
use crate::order::{Business, Dispatch, Fact, Header, Order};
use crate::outbox::{OutboxFact, Outcome, Receipt};
use crate::posting::{self, PostingFact};
use crate::refusal::Code;

impl Order {
    pub(crate) fn follow(
        &self,
        common: &Common,
        number: u32,
        effect: &Effect,
        step: &OutboxFact,
        context: &Context<'_>,
        draft: &mut Draft,
    ) {
        let envelope = crate::kernel::clockwork(context.now);
        let mut turn = Turn { order: self, common, envelope: &envelope, context, draft, late: None };
        match effect {
            Effect::Post(_) => turn.posted_step(number, step),
            Effect::ReadBooks(_) => turn.reading_step(number, step),
            Effect::DispatchJob(job) => turn.job_step(job.attempt, step),
            Effect::ChangeOrder(_) | Effect::ChangeJob { .. } | Effect::RevokeJob(_) if turn.change_step(number, step) => {}
            Effect::RevokeJob(_) => turn.revoke_step(step),
            Effect::ChangeJob { total, .. } => turn.told_step(*total, step),
            Effect::HoldJob { .. } => turn.pause_step("stop", step),
            Effect::ResumeJob(_) => turn.pause_step("go on with", step),
            Effect::ConvertPlannedOrder(conversion) => turn.conversion_step(conversion, step),
            // Of a change that is no longer under way nothing is expected.
            Effect::ChangeOrder(_)
            | Effect::ChangeStockStatus { .. }
            | Effect::AnnounceUnit(_)
            | Effect::BlockStock(_)
            | Effect::UnblockStock(_)
            | Effect::BlockShipment { .. }
            | Effect::UnblockShipment { .. }
            | Effect::AnswerDeparture { .. }
            | Effect::TellHold(_)
            | Effect::OpenInspection { .. }
            | Effect::ReportBreakdown(_)
            | Effect::TenderLoad(_)
            | Effect::PlaceDemand(_)
            | Effect::AnswerDemand(_)
            | Effect::TellEvents(_) => {}
        }
        turn.tell_demand();
    }
}

impl Turn<'_, '_> {
    fn posted_step(&mut self, intent: u32, step: &OutboxFact) {
        self.posting_step(intent, step);
        // What was to be read made room for it.
        if let (OutboxFact::Settled(_) | OutboxFact::Parked { .. }, Some(site)) = (step, self.asked_site(intent)) {
            self.read_on(site);
        }
    }

    fn reading_step(&mut self, intent: u32, step: &OutboxFact) {
        if let Some(site) = self.asked_site(intent) {
            self.books_step(site, step);
        }
    }

    /// The site that an intent is for.
    fn asked_site(&self, intent: u32) -> Option<SiteId> {
        match &self.common.outbox.get(intent)?.intent {
            Intent::Site { site, .. } => Some(*site),
            Intent::Mail { .. } | Intent::Wake { .. } => None,
        }
    }

    fn posting_step(&mut self, intent: u32, step: &OutboxFact) {
        let Some(posting) = self.order.carries.get(&intent).copied() else { return };
        if matches!(step, OutboxFact::NotDone { .. }) && self.adopt_twin(posting) {
            return;
        }
        let facts = posting::settle(&self.order.ledger, posting, step);
        self.tell_booked(posting, &facts);
        for fact in facts {
            let parked = self.parked_by(&fact);
            self.note(Fact::Posting(fact.clone()));
            let Some((posting, why)) = parked else { continue };
            if !matches!(step, OutboxFact::Parked { .. }) {
                let refused = matches!(step, OutboxFact::Settled(Outcome::Rejected { .. }));
                let advice = refused.then(|| mend_there(&posting));
                self.park_case(&posting, &why, None, advice);
            }
            self.park_stranded(&fact);
        }
    }

    /// What would take back a posting that was just parked stays here until a person has decided about that one.
    fn park_stranded(&mut self, parked: &PostingFact) {
        let mut ledger = self.order.ledger.clone();
        ledger.evolve(parked);
        for number in posting::stranded(&ledger) {
            let Some(entry) = ledger.posting(number) else { continue };
            let why = posting::Stuck::Uncovered.to_string();
            self.note(Fact::Posting(PostingFact::Stands {
                posting: number,
                standing: posting::Standing::Parked { why: why.clone(), proposed: None },
            }));
            for (intent, _) in self.order.carries.iter().filter(|(_, carried)| **carried == number) {
                if self.common.outbox.get(*intent).is_some() {
                    self.draft.settle(*intent, Outcome::Superseded);
                }
            }
            self.park_case(&entry.posting, &why, None, None);
        }
    }

    /// The posting that a fact parks, with the reason. The kernel opens the case itself when the intent was parked.
    fn parked_by(&self, fact: &PostingFact) -> Option<(posting::Posting, String)> {
        match fact {
            PostingFact::Stands { posting, standing: posting::Standing::Parked { why, .. } } => {
                Some((self.order.ledger.posting(*posting)?.posting.clone(), why.clone()))
            }
            PostingFact::Split { posting, into, why, lines, .. } => {
                let mut apart = self.order.ledger.posting(*posting)?.posting.clone();
                apart.number = *into;
                let taken_off = |at: usize| lines.iter().any(|line| usize::from(*line) == at);
                apart.lines = apart.lines.into_iter().enumerate().filter(|(at, _)| taken_off(*at)).map(|(_, line)| line).collect();
                Some((apart, why.clone()))
            }
            PostingFact::Stands { .. }
            | PostingFact::Recorded { .. }
            | PostingFact::Flushed { .. }
            | PostingFact::Reissued { .. }
            | PostingFact::TakenBack { .. } => None,
        }
    }

    fn job_step(&mut self, attempt: u32, step: &OutboxFact) {
        let present = attempt == self.order.attempts;
        match step {
            OutboxFact::Settled(Outcome::Accepted(receipt)) => {
                if let Some(job) = &receipt.alias {
                    self.name_job(&job.id);
                }
                match self.order.dispatch {
                    Dispatch::Sent { .. } | Dispatch::TimedOut { .. } if present => self.accept(attempt, false),
                    Dispatch::Idle
                    | Dispatch::Validating
                    | Dispatch::Invalid { .. }
                    | Dispatch::Ready
                    | Dispatch::Sent { .. }
                    | Dispatch::Accepted { .. }
                    | Dispatch::Rejected { .. }
                    | Dispatch::TimedOut { .. }
                    | Dispatch::Revoking { .. }
                    | Dispatch::Revoked
                    | Dispatch::RevokeRefused => {}
                }
            }
            OutboxFact::Settled(Outcome::Rejected { code, text }) if present => self.reject(attempt, code, text),
            OutboxFact::Parked { .. } => {
                self.draft.close_cases(
                    self.common,
                    &CaseKind::Unanswered,
                    "it is not asked again by itself: the exception about that says why",
                );
            }
            OutboxFact::Settled(_)
            | OutboxFact::Released { .. }
            | OutboxFact::Requeued
            | OutboxFact::InFlight { .. }
            | OutboxFact::InDoubt { .. }
            | OutboxFact::NotDone { .. } => {}
        }
    }

    fn conversion_step(&mut self, wish: &Conversion, step: &OutboxFact) {
        match step {
            OutboxFact::Settled(Outcome::Accepted(receipt)) => self.converted(wish, receipt),
            OutboxFact::Settled(Outcome::Rejected { code, text }) => {
                self.note(Fact::Unmade);
                let what = format!("the ERP did not make an order of {}: {code} {text}", wish.planned_order);
                let offers = vec![
                    Proposal::Do("mend the cause in the ERP, then have it asked again".into()),
                    Proposal::Retry,
                    Proposal::Acknowledge,
                ];
                let case = NewCase::new(CaseKind::Rejected(Code::Other), "planning", what).offers(offers);
                self.draft.open_case(case.stake(wish.total).impact(wish.start));
                self.unborn_of_split(&format!("{code} {text}"));
            }
            OutboxFact::Settled(_)
            | OutboxFact::Released { .. }
            | OutboxFact::Requeued
            | OutboxFact::InFlight { .. }
            | OutboxFact::InDoubt { .. }
            | OutboxFact::NotDone { .. }
            | OutboxFact::Parked { .. } => {}
        }
    }

    fn converted(&mut self, wish: &Conversion, receipt: &Receipt) {
        let number = receipt.alias.as_ref().filter(|alias| alias.kind == NativeKind::Order);
        let Some(alias) = number else { return };
        // The ERP may have told of it before it answered, and what it told is newer than what was wished.
        let header = self.order.header.clone().unwrap_or_else(|| Header {
            erp: alias.system,
            number: alias.id.clone(),
            plant: wish.plant,
            material: wish.material.clone(),
            total: wish.total,
            planned_scrap: None,
            over_percent: None,
            recipe: Some(wish.recipe.clone()),
            lot: None,
            start: wish.start,
            end: wish.end,
            demand: None,
        });
        self.ordered(&header, Business::Released);
    }
}

/// What is done about a posting that the ERP refused. Each ERP has codes of its own, so the period is named whatever it said.
fn mend_there(posting: &posting::Posting) -> Proposal {
    let day = posting.date.date();
    Proposal::Do(format!(
        "have what the ERP names put right there, and send it again; where the period of {day} is closed there, say so under `periods` of \
         the ERP in the configuration folder: sent again, it then takes the next day that is open, and keeps {day} as its own"
    ))
}
