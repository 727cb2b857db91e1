//! Transitions 16 to 18, track B after release: cancelled, technically complete, reopened, closed. The track is the ERP's:
//! a request is guarded, and then the ERP is asked; its own fact is applied, and what contradicts it is shown.

use super::{Books, Turn};
use crate::answer::Answer;
use crate::case::{CaseKind, Proposal};
use crate::draft::NewCase;
use crate::effect::Effect;
use crate::envelope::Envelope;
use crate::input::Body;
use crate::intent::{Tier, Wake};
use crate::kernel::{not_owner, refuse};
use crate::order::{Business, Change, Dispatch, Fact, Supply};
use crate::outbox::{OutboxFact, Outcome};
use crate::posting::Due;
use crate::qty::Qty;
use crate::refusal::Code;
use crate::site;

/// A word that came no later than this was not held up on its way.
const LATE_MS: u64 = 60_000;

impl Turn<'_, '_> {
    /// A client wants it given up.
    pub(super) fn wish_cancel(&mut self) -> Answer {
        if self.order.business == Business::Cancelled {
            return Answer::Accepted;
        }
        if self.was_worked_on() {
            return refuse(
                Code::State,
                "work was reported for this order".into(),
                "complete it technically instead, or reverse what was posted first",
                "",
            );
        }
        self.begin(Change::Cancel, None)
    }

    /// A client wants the job back from the plant, to change it or to run it elsewhere.
    pub(super) fn wish_revoke(&mut self) -> Answer {
        match self.with_plant() {
            Some(_) if self.order.pending.is_some() => {
                refuse(Code::State, "a change of this order is under way".into(), "wait until it is over, then ask again", "")
            }
            Some(attempt) => {
                self.revoke(attempt);
                Answer::Accepted
            }
            None => refuse(Code::State, "the plant does not have the job".into(), "there is nothing to take back", ""),
        }
    }

    /// Asks the plant for the job; the intent.
    pub(super) fn revoke(&mut self, attempt: u32) -> Option<u32> {
        let (job, plant) = (self.job_ref()?, self.order.plant()?);
        self.note(Fact::Dispatch(Dispatch::Revoking { attempt }));
        Some(self.draft.ask_site(plant, Tier::PlantCritical, Effect::RevokeJob(job)).0)
    }

    /// The plant answers about a job that is wanted back for no change of ours.
    pub(super) fn revoke_step(&mut self, step: &OutboxFact) {
        match step {
            OutboxFact::Settled(Outcome::Accepted(_)) => self.note(Fact::Dispatch(Dispatch::Revoked)),
            OutboxFact::Settled(Outcome::Rejected { .. }) if self.never_taken() => {}
            OutboxFact::Settled(Outcome::Rejected { code, text }) => {
                self.note(Fact::Dispatch(Dispatch::RevokeRefused));
                let what = format!("the plant keeps the job: {code} {text}");
                self.draft.open_case(NewCase::new(CaseKind::Discrepancy, "planning", what));
            }
            OutboxFact::Settled(Outcome::Adopted { .. } | Outcome::WrittenOff | Outcome::Superseded)
            | OutboxFact::Released { .. }
            | OutboxFact::Requeued
            | OutboxFact::InFlight { .. }
            | OutboxFact::InDoubt { .. }
            | OutboxFact::NotDone { .. }
            | OutboxFact::Parked { .. } => {}
        }
    }

    /// The ERP cancelled it.
    pub(super) fn cancelled(&mut self) -> Answer {
        if self.order.business == Business::Cancelled {
            return Answer::Accepted;
        }
        self.note(Fact::Business(Business::Cancelled));
        self.nothing_to_start();
        self.left_the_line();
        self.wake_to_forget();
        if let Some(attempt) = self.with_plant() {
            self.revoke(attempt);
        }
        if !self.was_worked_on() {
            return Answer::Accepted;
        }
        let mut offers = vec![Proposal::Do("reopen it in the ERP and post, post to a cost centre, or write the quantities off".into())];
        if !self.order.completed {
            offers.push(Proposal::Do("or have the plant stop it, if it still runs".into()));
        }
        self.contradicted("the ERP cancelled the order, and work was reported for it", self.order.processed(), offers)
    }

    /// The ERP decided what the plant had done otherwise, or does: what happened stands, and somebody decides what becomes of it.
    pub(super) fn contradicted(&mut self, what: &str, stake: Option<Qty>, mut offers: Vec<Proposal>) -> Answer {
        offers.push(Proposal::Acknowledge);
        if let Some(open) = self.common.cases.values().find(|case| case.kind == CaseKind::Contradicted && case.what.starts_with(what)) {
            return Answer::Discrepant { case: open.number };
        }
        let what = format!("{what}{}", self.told_late());
        let case = NewCase::new(CaseKind::Contradicted, "planning", what).offers(offers);
        Answer::Discrepant { case: self.draft.open_case(if let Some(stake) = stake { case.stake(stake) } else { case }) }
    }

    /// That this word was long on its way, for whoever wonders why nobody stopped.
    fn told_late(&self) -> String {
        let Envelope { occurred_at, .. } = self.envelope;
        if self.context.now < occurred_at.plus_ms(LATE_MS) {
            return String::new();
        }
        format!(": {} said so at {occurred_at}, and it was heard here at {}", self.envelope.key.source, self.context.now)
    }

    /// What was open because it should begin needs nobody any more.
    pub(super) fn nothing_to_start(&mut self) {
        for kind in [CaseKind::NotReady, CaseKind::Shortage, CaseKind::Unanswered, CaseKind::EquipmentDown] {
            self.draft.close_cases(self.common, &kind, "the order is cancelled");
        }
    }

    /// A client wants no more work. What was collected goes out before the ERP is asked to shut the gate.
    pub(super) fn wish_technical_completion(&mut self, force: bool) -> Answer {
        if self.order.business != Business::Released {
            return refuse(Code::State, "the order is not released".into(), "ask how it stands", "");
        }
        let unsettled = self.has_open_books();
        let reason = self.envelope.who.as_ref().and_then(|who| who.reason.as_ref());
        if unsettled && !(force && reason.is_some()) {
            return refuse(Code::State, "postings are not settled".into(), "settle them first, or force it and give a reason", "force");
        }
        if self.order.pending.is_none() {
            self.flush_everything();
        }
        self.begin(Change::TechnicallyComplete, None)
    }

    /// The ERP completed it technically.
    pub(super) fn technically_completed(&mut self) -> Answer {
        if self.order.business != Business::TechnicallyCompleted {
            self.flush_everything();
            self.note(Fact::Business(Business::TechnicallyCompleted));
        }
        Answer::Accepted
    }

    /// What comes when nothing more will make it ripe goes out with what it came with.
    pub(super) fn flush_when_over(&mut self, books: &mut Books<'_>) {
        let shut = matches!(self.order.business, Business::TechnicallyCompleted | Business::Closed | Business::Cancelled);
        if self.order.completed || shut {
            books.flush(self, &Due::Everything);
        }
    }

    /// Whether any quantity was reported, booked or not.
    pub(super) fn was_worked_on(&self) -> bool {
        self.order.ledger.actuals() > 0 || self.order.has_unbooked()
    }

    /// Whether something that was reported is not in the ERP yet.
    fn has_open_books(&self) -> bool {
        self.order.ledger.is_unsettled() || self.order.ledger.has_open_groups() || self.order.has_unbooked()
    }

    fn flush_everything(&mut self) {
        let mut books = Books::open(self.order);
        books.flush(self, &Due::Everything);
        books.close(self);
    }

    /// A client wants work again.
    pub(super) fn wish_reopen(&mut self) -> Answer {
        if self.order.business != Business::TechnicallyCompleted {
            return refuse(Code::State, "only a technically complete order can be reopened".into(), "ask how it stands", "");
        }
        self.begin(Change::Reopen, None)
    }

    /// The ERP reopened it.
    pub(super) fn reopened(&mut self) -> Answer {
        if self.order.business != Business::Released {
            self.note(Fact::Business(Business::Released));
            // What it was sent for may have come while it was shut.
            if let Some(header) = self.order.header.clone() {
                self.look_again(&header);
            }
        }
        Answer::Accepted
    }

    /// A client wants it settled.
    pub(super) fn wish_close(&mut self) -> Answer {
        let open = self.has_open_books();
        if self.order.business != Business::TechnicallyCompleted || open {
            return refuse(
                Code::State,
                "only a technically complete order without open postings can be closed".into(),
                "complete it and settle its postings first",
                "",
            );
        }
        self.begin(Change::Close, None)
    }

    /// The ERP closed it.
    pub(super) fn closed(&mut self) -> Answer {
        if self.order.business == Business::Closed {
            return Answer::Accepted;
        }
        self.note(Fact::Business(Business::Closed));
        self.wake_to_forget();
        if !self.has_open_books() {
            return Answer::Accepted;
        }
        let what = "the ERP closed the order, and postings are not settled".to_owned();
        Answer::Discrepant { case: self.draft.open_case(NewCase::new(CaseKind::Discrepancy, "finance", what)) }
    }

    /// Its sites keep its names for a while: late reports and what is told twice still go to it.
    pub(super) fn wake_to_forget(&mut self) {
        self.draft.wake(self.context.now.plus_ms(self.context.book.policy.names_kept_ms), Wake::Forget);
    }

    /// It was closed or cancelled long ago: its sites need not know its names.
    pub(super) fn forget(&mut self) {
        let over = matches!(self.order.business, Business::Closed | Business::Cancelled);
        let Some(header) = self.order.header.as_ref().filter(|_| over) else { return };
        let me = self.draft.me();
        for site in [header.erp, header.plant].into_iter().filter_map(|site| self.context.book.site_entity(site)) {
            self.draft.tell(site, Body::Site(site::Input::Mail(site::Mail::Forget { entity: me })));
        }
    }

    /// Somebody has it open in the ERP, or has no longer: postings wait for a while.
    pub(super) fn locked(&mut self, locked: bool) -> Answer {
        if self.order.locked.is_some() != locked {
            self.note(Fact::Locked { since: locked.then_some(self.context.now) });
        }
        Answer::Accepted
    }

    /// Transition 11, the other half: what the ERP promised stands at the line, or does not. Said by the warehouse that brings
    /// it, or by the plant itself.
    pub(super) fn staged(&mut self, missing: &[String]) -> Answer {
        let source = self.envelope.key.source;
        let plant = self.order.plant();
        let warehouse = plant.and_then(|plant| self.context.book.sites.get(&plant)).and_then(|plant| plant.warehouse);
        if Some(source) != plant && Some(source) != warehouse {
            return not_owner(self.draft, source, "the plant's warehouse", "staged components");
        }
        if missing.is_empty() { self.supplied(Supply::Staged) } else { self.short(missing) }
    }

    /// Transition 11: components are there, or not. What is short before the start is for a planner: to hold the order, to
    /// replace the component, to wait. During the run it is the plant that stops.
    pub(super) fn availability(&mut self, short: &[String]) -> Answer {
        match (short.is_empty(), &self.order.supply) {
            // The ERP's promise is older news than what stands at the line.
            (true, Supply::Staged) => Answer::Accepted,
            (true, _) => self.supplied(Supply::Committed),
            (false, _) => self.short(short),
        }
    }

    fn supplied(&mut self, supply: Supply) -> Answer {
        if self.order.supply != supply {
            self.draft.close_cases(self.common, &CaseKind::Shortage, "looked at again");
            self.note(Fact::Supply(supply));
        }
        Answer::Accepted
    }

    fn short(&mut self, short: &[String]) -> Answer {
        let supply = Supply::Short { what: short.to_vec() };
        if self.order.supply == supply {
            return Answer::Accepted;
        }
        self.draft.close_cases(self.common, &CaseKind::Shortage, "looked at again");
        self.note(Fact::Supply(supply));
        if let Some(header) = &self.order.header {
            let what = format!("components of {} are short: {}", header.number, short.join(", "));
            let offers = vec![
                Proposal::Do("hold the order, move it, or replace the component; it goes on by itself when they are there".into()),
                Proposal::Acknowledge,
            ];
            let case = NewCase::new(CaseKind::Shortage, "planning", what).stake(header.total).impact(header.start).offers(offers);
            self.draft.open_case(case.because_of(format!("{} is short of {}", header.plant, short.join(", "))));
        }
        Answer::Accepted
    }
}
