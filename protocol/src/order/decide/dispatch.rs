//! Transitions 2 to 5, track D: validate everything before the plant hears of it, send the frozen payload, wait for its
//! answer. A late answer still wins; a rejection is a decision for a planner, and nothing is posted.

use std::collections::BTreeMap;

use super::Turn;
use crate::answer::Answer;
use crate::case::{CaseKind, Proposal};
use crate::draft::NewCase;
use crate::effect::{Effect, Job};
use crate::fact::Fact as Noted;
use crate::input::Body;
use crate::intent::{Intent, Tier, Wake};
use crate::kernel::refuse;
use crate::native::{NativeId, NativeKind, Ref};
use crate::order::{Business, Dispatch, Fact, Header, JobWish, plausible};
use crate::outbox::{Outcome, Standing};
use crate::refusal::Code;
use crate::site::{self, Need, Resolution, Resolved};
use crate::words::{ItemNo, MaterialId};

impl Turn<'_, '_> {
    /// Asks the plant's site for everything the order needs.
    pub(super) fn validate(&mut self, header: &Header, attempt: u32) {
        self.validate_with(header, attempt, self.order.replaced.clone());
    }

    /// The same, with these materials on component lines instead of the recipe's.
    pub(super) fn validate_with(&mut self, header: &Header, attempt: u32, replaced: BTreeMap<ItemNo, MaterialId>) {
        self.note(Fact::Validating { attempt });
        let slips = plausible::slips(header, self.context.now);
        if !slips.is_empty() {
            return self.not_meant(header, &slips);
        }
        let need = Need {
            material: header.material.clone(),
            total: header.total,
            recipe: header.recipe.clone(),
            start: header.start,
            end: self.maintenance(header.plant).map(|_| header.end),
            replaced,
            has_lot: header.lot.is_some() || crate::book::lot_of_order(header.number.normal()).is_some(),
        };
        let me = self.draft.me();
        if let Some(plant) = self.context.book.site_entity(header.plant) {
            self.draft.tell(plant, Body::Site(site::Input::Mail(site::Mail::Resolve { order: me, attempt, need })));
        }
    }

    /// The plant's site answers.
    pub(super) fn resolution(&mut self, attempt: u32, found: &Resolution) -> Answer {
        let waiting = matches!(self.order.dispatch, Dispatch::Validating | Dispatch::Invalid { .. } | Dispatch::Ready);
        let (true, true, Some(header)) = (attempt == self.order.validations, waiting, self.order.header.clone()) else {
            return Answer::Accepted;
        };
        match found {
            Resolution::Missing(missing) => self.not_ready(&header, missing),
            Resolution::Resolved(resolved) => self.ready(&header, resolved),
        }
        Answer::Accepted
    }

    /// Its owner says what cannot be meant. That is kept, and the plant hears nothing of it.
    fn not_meant(&mut self, header: &Header, slips: &[(Code, String)]) {
        self.draft.close_cases(self.common, &CaseKind::NotReady, "looked at again");
        self.note(Fact::Dispatch(Dispatch::Invalid { missing: slips.to_vec() }));
        let what = slips.iter().map(|(_, what)| what.as_str()).collect::<Vec<_>>().join("; ");
        let remedy = format!("have {} say what is meant, or cancel it there; the order goes on by itself then", header.erp);
        let case = NewCase::new(CaseKind::NotReady, "planning", format!("{} was not sent to {}: {what}", header.number, header.plant))
            .stake(header.total)
            .impact(header.start)
            .offers(vec![Proposal::Do(remedy)]);
        self.draft.open_case(case);
    }

    fn not_ready(&mut self, header: &Header, missing: &[(Code, String)]) {
        self.draft.close_cases(self.common, &CaseKind::NotReady, "looked at again");
        self.note(Fact::Dispatch(Dispatch::Invalid { missing: missing.to_vec() }));
        let what = missing.iter().map(|(_, what)| what.as_str()).collect::<Vec<_>>().join("; ");
        let case = NewCase::new(CaseKind::NotReady, "production", format!("{} was not sent to {}: {what}", header.number, header.plant))
            .stake(header.total)
            .impact(header.start)
            .because_of(format!("{}: {what}", header.plant))
            .offers(vec![Proposal::Do("add what is missing; the order goes on by itself when it is there".into())]);
        self.draft.open_case(case);
    }

    fn ready(&mut self, header: &Header, resolved: &Resolved) {
        let header = &match self.measured(header, resolved) {
            Ok(header) => header,
            Err(why) => return self.not_ready(header, &[(Code::UomUnmapped, why)]),
        };
        self.draft.close_cases(self.common, &CaseKind::NotReady, "everything is there");
        self.note(Fact::Resolved(Box::new(resolved.clone())));
        let ends = self.order.pending.as_ref().is_some_and(|pending| pending.change.ends());
        match (self.order.business, &self.order.on_hold) {
            (Business::Released, None) if !ends => self.send(header, resolved),
            (Business::Released | Business::PartlyReleased | Business::Created, _) => self.note(Fact::Dispatch(Dispatch::Ready)),
            (Business::Planned | Business::TechnicallyCompleted | Business::Closed | Business::Cancelled, _) => {}
        }
    }

    fn send(&mut self, header: &Header, resolved: &Resolved) {
        let attempt = self.order.attempts + 1;
        let job = Job {
            order: self.draft.me(),
            erp_order: header.number.clone(),
            attempt,
            material: header.material.clone(),
            description: resolved.description.clone(),
            total: header.total,
            lot: self.order.lot(),
            recipe: resolved.recipe.clone(),
            recipe_source: resolved.recipe_source.clone(),
            start: header.start,
            end: header.end,
            operations: resolved.operations.clone(),
            components: resolved.components.clone(),
        };
        let (intent, _) = self.draft.ask_site(header.plant, Tier::PlantCritical, Effect::DispatchJob(job));
        self.note(Fact::DispatchedBy { attempt, intent });
        self.note(Fact::Dispatch(Dispatch::Sent { attempt }));
        self.draft.wake(self.context.now.plus_ms(self.context.book.policy.dispatch_patience_ms), Wake::DispatchAnswer { attempt });
    }

    /// The plant took the job, by its own message.
    pub(super) fn job_accepted(&mut self, job: &NativeId) -> Answer {
        self.name_job(job);
        match self.order.dispatch {
            Dispatch::Sent { attempt } | Dispatch::TimedOut { attempt } => self.accept(attempt, false),
            Dispatch::Accepted { attempt, implied: true } => self.note(Fact::Dispatch(Dispatch::Accepted { attempt, implied: false })),
            Dispatch::Idle
            | Dispatch::Validating
            | Dispatch::Invalid { .. }
            | Dispatch::Ready
            | Dispatch::Accepted { .. }
            | Dispatch::Rejected { .. }
            | Dispatch::Revoking { .. }
            | Dispatch::Revoked
            | Dispatch::RevokeRefused => {}
        }
        Answer::Accepted
    }

    /// The plant refused the job, by its own message. One that speaks in files took it before it looked at it: then that counts
    /// as long as nothing was begun.
    pub(super) fn job_rejected(&mut self, code: &str, text: &str, of: Option<u32>) -> Answer {
        let (attempt, taken) = match self.order.dispatch {
            Dispatch::Sent { attempt } | Dispatch::TimedOut { attempt } => (attempt, false),
            Dispatch::Accepted { attempt, .. } | Dispatch::Revoking { attempt } => (attempt, true),
            Dispatch::Idle
            | Dispatch::Validating
            | Dispatch::Invalid { .. }
            | Dispatch::Ready
            | Dispatch::Rejected { .. }
            | Dispatch::Revoked
            | Dispatch::RevokeRefused => return Answer::Accepted,
        };
        if of.is_some_and(|of| of != attempt) {
            return Answer::Accepted;
        }
        if taken && (!self.order.ops.is_empty() || self.was_worked_on()) {
            return self.late_refusal(&format!("the plant refuses the job that it works on: {code} {text}"));
        }
        self.reject(attempt, code, text);
        Answer::Accepted
    }

    /// The plant did not do what it was asked about the job, and says so when that counted as done.
    pub(super) fn wish_refused(&mut self, wish: JobWish, code: &str, text: &str) -> Answer {
        let asked = match wish {
            JobWish::Revoke => "give the job back",
            JobWish::Change => "change the job",
            JobWish::Hold => "stop the job",
            JobWish::Resume => "go on with the job",
        };
        if wish == JobWish::Revoke && matches!(self.order.dispatch, Dispatch::Revoked | Dispatch::Revoking { .. }) {
            self.note(Fact::Dispatch(Dispatch::RevokeRefused));
        }
        self.late_refusal(&format!("the plant did not {asked}: {code} {text}"))
    }

    fn late_refusal(&mut self, what: &str) -> Answer {
        let offers = vec![Proposal::Do("agree with the shift leader at the plant".into()), Proposal::Acknowledge];
        Answer::Discrepant { case: self.draft.open_case(NewCase::new(CaseKind::Discrepancy, "planning", what).offers(offers)) }
    }

    /// Track D reaches Accepted.
    pub(super) fn accept(&mut self, attempt: u32, implied: bool) {
        self.draft.close_cases(self.common, &CaseKind::Unanswered, "the plant has it");
        self.sent_after_all();
        self.note(Fact::Dispatch(Dispatch::Accepted { attempt, implied }));
    }

    /// Track D reaches Rejected: a planner decides.
    pub(super) fn reject(&mut self, attempt: u32, code: &str, text: &str) {
        self.note(Fact::Dispatch(Dispatch::Rejected { attempt, code: code.to_owned() }));
        let Some(header) = &self.order.header else { return };
        let what = format!("{} refused {}: {code} {text}", header.plant, header.number);
        let case = NewCase::new(CaseKind::Rejected(Code::Other), "planning", what)
            .stake(header.total)
            .impact(header.start)
            .because_of(format!("{} refuses {}: {code}", header.plant, header.material))
            .offers(vec![
                Proposal::Do("mend the cause and send it again as a new attempt, choose another plant, or cancel".into()),
                Proposal::Retry,
            ]);
        self.draft.open_case(case);
    }

    /// The plant's number for the job is one of the order's names.
    pub(super) fn name_job(&mut self, job: &NativeId) {
        let Some(plant) = self.order.plant() else { return };
        if self.order.job.as_ref() == Some(job) {
            return;
        }
        self.note(Fact::Job(job.clone()));
        let name = Ref::new(plant, NativeKind::Job, job.clone());
        self.draft.note(Noted::Named(name.clone()));
        let me = self.draft.me();
        if let Some(site) = self.context.book.site_entity(plant) {
            let expect = site::Mail::Expect { entity: me, names: vec![name], load: None };
            self.draft.tell(site, Body::Site(site::Input::Mail(expect)));
        }
    }

    /// No answer in time: shown; the link goes on asking with the same key.
    pub(super) fn no_answer(&mut self, attempt: u32) {
        let (Dispatch::Sent { attempt: present }, Some(header)) = (&self.order.dispatch, &self.order.header) else { return };
        if *present != attempt {
            return;
        }
        let what = format!("{} has not answered about {} yet", header.plant, header.number);
        let case = NewCase::new(CaseKind::Unanswered, "it", what)
            .stake(header.total)
            .impact(header.start)
            .offers(vec![Proposal::Do("nothing: it is asked again with the same key, and a late answer still counts".into())]);
        self.note(Fact::Dispatch(Dispatch::TimedOut { attempt }));
        // Where it waits for a person, there is an exception that says so.
        if self.job_in_doubt().is_none() {
            self.draft.open_case(case);
        }
    }

    /// The planned start comes near: what is not with the plant is an alarm.
    pub(super) fn start_is_near(&mut self) {
        let Some(header) = &self.order.header else { return };
        let what = match &self.order.dispatch {
            Dispatch::Validating => format!("{} is not validated by {} and starts soon", header.number, header.plant),
            Dispatch::Ready if self.order.on_hold.is_some() => format!("{} is on hold and should start soon", header.number),
            Dispatch::Ready => format!("{} is not released in its ERP and should start soon", header.number),
            Dispatch::Idle
            | Dispatch::Invalid { .. }
            | Dispatch::Sent { .. }
            | Dispatch::Accepted { .. }
            | Dispatch::Rejected { .. }
            | Dispatch::TimedOut { .. }
            | Dispatch::Revoking { .. }
            | Dispatch::Revoked
            | Dispatch::RevokeRefused => return,
        };
        self.draft.open_case(NewCase::new(CaseKind::NotReady, "it", what).stake(header.total).impact(header.start));
    }

    /// A planner wants it sent again.
    pub(super) fn redispatch(&mut self) -> Answer {
        if let Some(wish) = self.order.wished.as_deref().filter(|_| self.order.unmade) {
            return self.wish(wish);
        }
        let Some(header) = self.order.header.clone().filter(|_| self.order.business == Business::Released) else {
            return refuse(Code::State, "the order is not released".into(), "release it in its ERP first", "");
        };
        if let Some((intent, attempt)) = self.job_in_doubt() {
            return self.give_up_attempt(&header, intent, attempt);
        }
        match self.order.dispatch {
            Dispatch::Rejected { .. } | Dispatch::Revoked | Dispatch::Invalid { .. } => {
                self.draft.close_cases(self.common, &CaseKind::Rejected(Code::Other), "sent again");
                self.validate(&header, self.order.validations + 1);
                Answer::Accepted
            }
            Dispatch::Idle
            | Dispatch::Validating
            | Dispatch::Ready
            | Dispatch::Sent { .. }
            | Dispatch::Accepted { .. }
            | Dispatch::TimedOut { .. }
            | Dispatch::Revoking { .. }
            | Dispatch::RevokeRefused => {
                refuse(Code::State, "the plant has it, or is being asked".into(), "wait for its answer, or revoke the job first", "")
            }
        }
    }

    /// The present attempt, where its job waits for a person because nobody knows whether the plant has it.
    pub(super) fn job_in_doubt(&self) -> Option<(u32, u32)> {
        let waits = matches!(self.order.dispatch, Dispatch::Sent { .. } | Dispatch::TimedOut { .. } | Dispatch::RevokeRefused);
        let mut parked = self.common.outbox.iter().filter(|(_, open)| waits && open.standing == Standing::Parked);
        parked.find(|(_, open)| self.is_present_job(&open.intent)).map(|(number, _)| (number, self.order.attempts))
    }

    /// Whether that sends the job, in its present attempt.
    pub(super) fn is_present_job(&self, intent: &Intent) -> bool {
        let Intent::Site { effect, .. } = intent else { return false };
        matches!(effect.as_ref(), Effect::DispatchJob(job) if job.attempt == self.order.attempts)
    }

    /// Somebody looked at the plant, and it does not have the job: it is sent as a new attempt.
    fn give_up_attempt(&mut self, header: &Header, intent: u32, attempt: u32) -> Answer {
        if self.envelope.who.as_ref().is_none_or(|who| who.reason.is_none()) {
            let text = "nobody knows whether the plant has the job".to_owned();
            return refuse(Code::Schema, text, "look at the plant, and say with the reason that it has it not", "reason");
        }
        let how = "sent as a new attempt by who looked at the plant";
        self.draft.settle(intent, Outcome::Superseded);
        for case in self.common.cases.values().filter(|case| case.intent == Some(intent)) {
            self.draft.close_case(case.number, how);
        }
        self.draft.close_cases(self.common, &CaseKind::Unanswered, how);
        self.note(Fact::Dispatch(Dispatch::Rejected { attempt, code: "NOT_THERE".to_owned() }));
        self.validate(header, self.order.validations + 1);
        Answer::Accepted
    }
}
