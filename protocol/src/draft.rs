//! The draft of a decision: facts in the order they are found, with the numbers of intents and cases given out on the way.
//! It knows nothing of any entity; the transitions write into it, so that none of them can forget a number or reuse one.

use crate::case::{Case, CaseKind, Proposal};
use crate::common::Common;
use crate::effect::Effect;
use crate::fact::Fact;
use crate::id::EntityId;
use crate::input::{Body, Input};
use crate::instant::Instant;
use crate::intent::{Intent, IntentId, Parcel, Reference, Tier, Wake};
use crate::name::SiteId;
use crate::outbox::{OutboxFact, Outcome};
use crate::words::Role;
use crate::workflow::Tiers;

/// Facts in the making.
#[derive(Debug)]
pub struct Draft {
    me: EntityId,
    incarnation: u64,
    now: Instant,
    tiers: Tiers,
    next_intent: u32,
    next_case: u32,
    facts: Vec<Fact>,
}

/// A case as a transition describes it; the draft numbers it and dates it.
#[derive(Debug)]
pub struct NewCase<'a> {
    /// What kind.
    pub kind: CaseKind,
    /// What is wrong, naming the things.
    pub what: String,
    /// What is at stake.
    pub stake: String,
    /// When it starts to hurt.
    pub impact_at: Option<Instant>,
    /// Who should act.
    pub owner: &'a str,
    /// The next safe actions.
    pub proposals: Vec<Proposal>,
    /// The intent it is about.
    pub intent: Option<u32>,
    /// The posting it is about.
    pub posting: Option<u32>,
    /// What it shares with every case of the same cause.
    pub about: String,
}

impl<'a> NewCase<'a> {
    /// A case of which nothing more is known.
    pub fn new(kind: CaseKind, owner: &'a str, what: impl Into<String>) -> Self {
        Self {
            kind,
            what: what.into(),
            stake: String::new(),
            impact_at: None,
            owner,
            proposals: vec![Proposal::Acknowledge],
            intent: None,
            posting: None,
            about: String::new(),
        }
    }

    /// With what it shares with every case of the same cause, in words that name no order.
    #[must_use]
    pub fn because_of(mut self, about: impl Into<String>) -> Self {
        self.about = about.into();
        self
    }

    /// With what is at stake.
    #[must_use]
    pub fn stake(mut self, stake: impl std::fmt::Display) -> Self {
        self.stake = format!("{stake}");
        self
    }

    /// With the time it starts to hurt.
    #[must_use]
    pub fn impact(mut self, at: Instant) -> Self {
        self.impact_at = Some(at);
        self
    }

    /// With these actions.
    #[must_use]
    pub fn offers(mut self, proposals: Vec<Proposal>) -> Self {
        self.proposals = proposals;
        self
    }

    /// About this intent.
    #[must_use]
    pub fn about_intent(mut self, number: u32) -> Self {
        self.intent = Some(number);
        self
    }

    /// About this posting.
    #[must_use]
    pub fn about_posting(mut self, number: u32) -> Self {
        self.posting = Some(number);
        self
    }
}

impl Draft {
    /// An empty draft for an entity in this state.
    pub fn new(me: EntityId, incarnation: u64, now: Instant, tiers: Tiers, common: &Common) -> Self {
        let (next_intent, next_case) = (common.outbox.next_number(), common.last_case + 1);
        Self { me, incarnation, now, tiers, next_intent, next_case, facts: Vec::new() }
    }

    /// Whose draft it is.
    pub fn me(&self) -> EntityId {
        self.me
    }

    /// Writes a fact down.
    pub fn note(&mut self, fact: Fact) {
        self.facts.push(fact);
    }

    /// Whether such a fact was found in this decision.
    pub fn has(&self, such: impl Fn(&Fact) -> bool) -> bool {
        self.facts.iter().any(such)
    }

    /// Intends an effect at a site; its number, and our reference for foreign documents. Its workflow's tier counts where one
    /// was declared, else the usual one of such an errand.
    pub fn ask_site(&mut self, site: SiteId, usual: Tier, effect: Effect) -> (u32, Reference) {
        let tier = self.tiers.of(&effect, usual);
        self.intend(Intent::Site { site, tier, overtakes: false, effect: Box::new(effect) })
    }

    /// The same for holds and blocks, which may pass what waits for that site; no declaration makes them wait.
    pub fn ask_site_first(&mut self, site: SiteId, effect: Effect) -> (u32, Reference) {
        self.intend(Intent::Site { site, tier: Tier::PlantCritical, overtakes: true, effect: Box::new(effect) })
    }

    /// The same for what may wait for everything else: readings.
    pub fn ask_site_last(&mut self, site: SiteId, effect: Effect) -> (u32, Reference) {
        self.intend(Intent::Site { site, tier: Tier::Analytical, overtakes: false, effect: Box::new(effect) })
    }

    /// Tells another entity.
    pub fn tell(&mut self, to: EntityId, body: Body) {
        self.intend(Intent::Mail { to, urgent: false, parcel: Parcel::Body(Box::new(body)) });
    }

    /// Tells another entity before all ordinary mail: holds and shipment blocks.
    pub fn tell_first(&mut self, to: EntityId, body: Body) {
        self.intend(Intent::Mail { to, urgent: true, parcel: Parcel::Body(Box::new(body)) });
    }

    /// Passes an input on as it came, under its own key.
    pub fn forward(&mut self, to: EntityId, input: Input) {
        self.intend(Intent::Mail { to, urgent: false, parcel: Parcel::Forward(Box::new(input)) });
    }

    /// Wants to be woken.
    pub fn wake(&mut self, at: Instant, wake: Wake) {
        self.intend(Intent::Wake { at, wake });
    }

    /// Settles one of the entity's own intents without asking the site: superseded, adopted, written off.
    pub fn settle(&mut self, number: u32, outcome: Outcome) {
        self.facts.push(Fact::Outbox { number, step: OutboxFact::Settled(outcome) });
    }

    /// Opens a case; its number.
    pub fn open_case(&mut self, case: NewCase<'_>) -> u32 {
        let number = self.next_case;
        self.next_case += 1;
        let owner = Role::parse(case.owner).or_else(|_| Role::parse("it"));
        let Ok(owner) = owner else { return number };
        self.facts.push(Fact::CaseOpened(Box::new(Case {
            number,
            kind: case.kind,
            what: case.what,
            stake: case.stake,
            impact_at: case.impact_at,
            owner,
            proposals: case.proposals,
            intent: case.intent,
            posting: case.posting,
            opened_at: self.now,
            about: case.about,
            // What is the same for every case is added when the decision is whole.
            site: None,
            impact_by: None,
            origin: None,
            snoozed_until: None,
            asked_by: std::collections::BTreeSet::new(),
        })));
        number
    }

    /// Closes a case.
    pub fn close_case(&mut self, case: u32, how: impl Into<String>) {
        self.facts.push(Fact::CaseClosed { case, how: how.into() });
    }

    /// Closes every open case of a kind.
    pub fn close_cases(&mut self, common: &Common, kind: &CaseKind, how: &str) {
        for case in common.cases.values().filter(|case| case.kind == *kind) {
            self.close_case(case.number, how);
        }
    }

    /// Closes every open case of a kind that is about this.
    pub fn close_about(&mut self, common: &Common, kind: &CaseKind, about: &str, how: &str) {
        for case in common.cases_about(kind, about) {
            self.close_case(case, how);
        }
    }

    /// What a system makes of an errand: a refusal is a case about this, one however often it refuses, until it takes the same. What
    /// was parked has its case already. `refused` says what the case is, by the system's own code and words; nothing where a refusal
    /// means nothing any more.
    pub fn show_refusal<'c>(
        &mut self,
        common: &Common,
        about: &str,
        step: &OutboxFact,
        refused: impl FnOnce(&str, &str) -> Option<NewCase<'c>>,
    ) {
        match step {
            OutboxFact::Settled(Outcome::Accepted(_)) => self.close_about(common, &CaseKind::Discrepancy, about, "it was taken since"),
            OutboxFact::Settled(Outcome::Rejected { code, text }) if common.cases_about(&CaseKind::Discrepancy, about).next().is_none() => {
                if let Some(case) = refused(code, text) {
                    self.open_case(case.because_of(about));
                }
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

    /// What was written so far.
    pub fn facts(&self) -> &[Fact] {
        &self.facts
    }

    /// The number the next intent gets.
    pub fn next_intent(&self) -> u32 {
        self.next_intent
    }

    /// The id of an intent of this entity.
    pub fn intent_id(&self, number: u32) -> IntentId {
        IntentId { entity: self.me, incarnation: self.incarnation, number }
    }

    /// The facts.
    pub fn into_facts(self) -> Vec<Fact> {
        self.facts
    }

    fn intend(&mut self, intent: Intent) -> (u32, Reference) {
        let number = self.next_intent;
        self.next_intent += 1;
        self.facts.push(Fact::Intended { number, intent: Box::new(intent) });
        (number, self.intent_id(number).reference())
    }
}
