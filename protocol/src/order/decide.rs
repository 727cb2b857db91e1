//! Who decides about which input of an order: one transition a file. Requests are guarded; what the owner says and what
//! happened on the floor is applied, and a broken guard becomes a case.

use super::{Business, Input, Mail, Order, OwnerFact, Report, Request};
use crate::answer::Answer;
use crate::common::Common;
use crate::draft::Draft;
use crate::effect::Effect;
use crate::envelope::Envelope;
use crate::fact::Fact as Noted;
use crate::instant::Instant;
use crate::intent::Wake;
use crate::kernel::{Context, not_owner};
use crate::name::{SiteId, Source};
use crate::ownership::Domain;

mod amend;
mod books;
mod business;
mod change;
mod compare;
mod confirm;
mod correct;
mod counter;
mod demand;
mod desk;
mod dispatch;
mod equipment;
mod execution;
mod follow;
mod foreign;
mod genealogy;
mod goods;
mod measure;
mod pause;
mod quantity;
mod release;
mod reverse;
mod split;
mod stock;
mod unbooked;

use books::Books;

/// How soon a posting that waits for an open order is looked at again.
const LOOKS_AGAIN_MS: u64 = 1_000;

/// Everything a transition looks at, and the draft it writes into.
pub(super) struct Turn<'a, 'd> {
    pub(super) order: &'a Order,
    pub(super) common: &'a Common,
    pub(super) envelope: &'a Envelope,
    pub(super) context: &'a Context<'a>,
    pub(super) draft: &'d mut Draft,
    /// What is booked late, where that is what this decision is about.
    pub(super) late: Option<&'a super::Unbooked>,
}

impl Turn<'_, '_> {
    fn note(&mut self, fact: super::Fact) {
        self.draft.note(Noted::Order(Box::new(fact)));
    }
}

impl Order {
    pub(crate) fn decide(&self, common: &Common, input: &Input, envelope: &Envelope, context: &Context<'_>, draft: &mut Draft) -> Answer {
        let late = self.late(input, envelope);
        if late.is_none() && unbooked::is_late(&envelope.key) {
            // It was given up on its way.
            return Answer::Accepted;
        }
        let mut turn = Turn { order: self, common, envelope, context, draft, late };
        let answer = match input {
            Input::Request(request) => turn.request(request),
            Input::OwnerFact(fact) => turn.owner_fact(fact),
            Input::Report(report) => turn.report(report),
            Input::Mail(mail) => turn.mail(mail),
        };
        turn.tell_demand();
        answer
    }

    /// Until when an effect should not be sent: a posting, while somebody has the order open in its ERP. Never for long, as
    /// the word that it is open no longer may have been lost; after that the ERP itself says whether it is.
    pub(crate) fn waits(&self, effect: &Effect, context: &Context<'_>) -> Option<Instant> {
        let (Effect::Post(_), Some(since)) = (effect, self.locked) else { return None };
        let end = since.plus_ms(context.book.policy.lock_patience_ms);
        (context.now < end).then(|| end.min(context.now.plus_ms(LOOKS_AGAIN_MS)))
    }

    pub(crate) fn woken(&self, common: &Common, wake: &Wake, context: &Context<'_>, draft: &mut Draft) {
        let envelope = crate::kernel::clockwork(context.now);
        let mut turn = Turn { order: self, common, envelope: &envelope, context, draft, late: None };
        match wake {
            Wake::Postings => turn.flush_by_time(),
            Wake::DispatchAnswer { attempt } => turn.no_answer(*attempt),
            Wake::PlannedStart => turn.start_is_near(),
            Wake::FinalGap { op } => turn.gap_stays(op),
            Wake::Unbooked { row, round } => turn.look_at_unbooked(*row, *round),
            Wake::Forget => turn.forget(),
            Wake::Books { site } => turn.read_on(*site),
            Wake::ClearanceExpiry { .. } | Wake::DispositionDue { .. } | Wake::Reconcile { .. } | Wake::ReconcileEnds { .. } => {}
        }
    }
}

impl Turn<'_, '_> {
    fn request(&mut self, request: &Request) -> Answer {
        if let Some(refusal) = self.not_in_its_unit(request) {
            return refusal;
        }
        match request {
            Request::Release(release) => self.wish(release),
            Request::ChangeQuantity { total } => self.wish_quantity(*total),
            Request::Reschedule { start, end } => self.wish_dates(*start, *end),
            Request::ReplaceComponent { item, material } => self.wish_component(item, material),
            Request::ChangeRecipe { version } => self.wish_recipe(version),
            Request::Split { total, reference, plant, start, end } => {
                self.wish_split(&amend::Share { total: *total, reference, plant: *plant, start: *start, end: *end })
            }
            Request::Hold { reason } => self.wish_hold(reason),
            Request::Resume => self.wish_resume(),
            Request::Revoke => self.wish_revoke(),
            Request::Redispatch => self.redispatch(),
            Request::Cancel => self.wish_cancel(),
            Request::TechnicallyComplete { force } => self.wish_technical_completion(*force),
            Request::Reopen => self.wish_reopen(),
            Request::Close => self.wish_close(),
            Request::ReversePosting { posting } => self.wish_reversal(*posting),
        }
    }

    fn owner_fact(&mut self, fact: &OwnerFact) -> Answer {
        let owner = self.order.header.as_ref().or_else(|| fact.header()).map(|header| header.erp);
        let source = self.envelope.key.source;
        // Whose orders a plant makes is said by the configuration, and not by who sends one.
        let of_plant = || fact.header().and_then(|header| self.context.book.owner(header.plant, Domain::Orders));
        if let Some(other) = of_plant().filter(|other| self.order.header.is_none() && *other != source) {
            return not_owner(self.draft, source, other, "an order for its plant");
        }
        match owner.filter(|owner| *owner != source) {
            Some(owner) => not_owner(self.draft, source, owner, "word about the order itself"),
            None => match self.in_our_unit(fact) {
                Ok(fact) => self.owned(&fact),
                Err(answer) => answer,
            },
        }
    }

    fn owned(&mut self, fact: &OwnerFact) -> Answer {
        match fact {
            OwnerFact::Created(header) => self.ordered(header, Business::Created),
            OwnerFact::PartlyReleased(header) => self.ordered(header, Business::PartlyReleased),
            OwnerFact::Released(header) => self.ordered(header, Business::Released),
            OwnerFact::QuantityChanged { total } => self.quantity_changed(*total),
            OwnerFact::DatesChanged { start, end } => self.dates_changed(*start, *end),
            OwnerFact::Cancelled => self.cancelled(),
            OwnerFact::TechnicallyCompleted => self.technically_completed(),
            OwnerFact::Reopened => self.reopened(),
            OwnerFact::Closed => self.closed(),
            OwnerFact::Locked(locked) => self.locked(*locked),
            OwnerFact::Availability { short } => self.availability(short),
            OwnerFact::ForeignPosting { document, by, purpose, material, lot, qty } => {
                self.foreign_posting(&foreign::Foreign { document, by, purpose: *purpose, material, lot: lot.as_ref(), qty: *qty })
            }
        }
    }

    fn report(&mut self, report: &Report) -> Answer {
        if let Some((source, owner)) = self.stranger(report) {
            return not_owner(self.draft, source, owner, "what happened on its floor");
        }
        self.no_longer_waits();
        match report {
            Report::JobAccepted { job } => self.job_accepted(job),
            Report::JobRejected { code, text, attempt } => self.job_rejected(code, text, *attempt),
            Report::WishRefused { wish, code, text } => self.wish_refused(*wish, code, text),
            Report::OperationStarted { op, .. } | Report::OperationResumed { op } => self.started(op),
            Report::OperationHeld { op, reason } => self.interrupted(op, reason),
            Report::OperationAborted { op, reason } => self.aborted(op, reason),
            Report::Confirmed(confirmation) => self.confirmed(confirmation),
            Report::Consumed { op, item, material, lot, amount } => {
                self.consumed(&goods::Consumption { op, item: item.as_ref(), material, lot: lot.as_ref(), amount })
            }
            Report::Produced { output, material, lot, amount, unit, serials } => self.produced(&goods::Output {
                kind: *output,
                material: material.as_ref(),
                lot: lot.as_ref(),
                amount,
                unit: unit.as_ref(),
                serials,
            }),
            Report::CountCorrected { op, purpose, difference, reason } => self.count_corrected(op, *purpose, *difference, reason),
            Report::SampleTaken { sample, lot, qty } => self.sample_taken(sample, lot.as_ref(), *qty),
            Report::Completed => self.completed(),
            Report::Staged { missing } => self.staged(missing),
        }
    }

    /// A system that speaks for a floor that is another one's, or a client that says it happened on such a floor. A client of ours
    /// may report for a plant, and no other system; components are brought by whoever brings them.
    fn stranger(&self, report: &Report) -> Option<(Source, SiteId)> {
        let (source, plant) = (self.envelope.floor.unwrap_or(self.envelope.key.source), self.order.plant()?);
        let speaks = source == plant || matches!(report, Report::Staged { .. });
        let is_site = self.envelope.floor.is_some() || self.context.book.sites.contains_key(&source);
        (!speaks && is_site).then_some((source, plant))
    }

    fn mail(&mut self, mail: &Mail) -> Answer {
        match mail {
            Mail::Resolution { attempt, found } => self.resolution(*attempt, found),
            Mail::SplitOff { parent, release } => self.split_off(*parent, release),
            Mail::SplitBorn { child, number } => self.split_born(*child, number),
            Mail::SplitRefused { child, why } => self.split_refused(*child, why),
            Mail::Quality { lot, key, holds, provisional, in_inspection, free, blocked, word } => {
                let quality = super::LotQuality {
                    lot: key.clone(),
                    holds: holds.clone(),
                    provisional: provisional.clone(),
                    in_inspection: *in_inspection,
                    free: *free,
                    blocked: *blocked,
                    word: *word,
                };
                self.note(super::Fact::Lot { lot: *lot, quality });
                Answer::Accepted
            }
            Mail::Equipment { stop, over } => self.equipment(stop, *over),
            Mail::ReadBooks { site, called } => self.read_books(*site, *called),
            Mail::UnitTaken { sscc, qty } => {
                self.note(super::Fact::UnitTaken { sscc: sscc.clone(), qty: *qty });
                Answer::Accepted
            }
            Mail::UnitMoved { sscc, stage } => {
                self.note(super::Fact::UnitMoved { sscc: sscc.clone(), stage: *stage });
                Answer::Accepted
            }
        }
    }
}
