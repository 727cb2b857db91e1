//! A small floor for tests: every entity on its own, mail between them delivered when and in the order a test says, sites
//! that answer when a test lets them. Apart from the random mesh, because a transition is best read one step at a time.
//! Every step is also replayed: what was recorded must lead to the state that decided.
#![expect(clippy::wildcard_enum_match_arm, reason = "a test names what it is about, and fails on the rest")]

use std::collections::{BTreeMap, BTreeSet};

use crate::answer::Answer;
use crate::book::Book;
use crate::case::{Case, CaseKind};
use crate::commit::Step;
use crate::effect::Effect;
use crate::envelope::{Envelope, Key, KeyText, Mark, Who};
use crate::fact::Fact;
use crate::id::EntityId;
use crate::input::{Address, Body, Input};
use crate::instant::Instant;
use crate::intent::{Intent, IntentId, Parcel, Wake};
use crate::kernel::tests::fixture;
use crate::kernel::{Context, Own, Reply, State, replay, step};
use crate::name::{Region, Source};
use crate::outbox::{Claim, Receipt};
use crate::refusal::Code;
use crate::{lot, order, wire};

const INCARNATION: u64 = 1;

/// What an entity asked a site to do.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Asked {
    pub(crate) intent: IntentId,
    pub(crate) site: String,
    pub(crate) effect: Effect,
}

pub(crate) struct Floor {
    pub(crate) book: Book,
    pub(crate) now: Instant,
    /// Regions that are not reached.
    pub(crate) unreached: BTreeSet<Region>,
    states: BTreeMap<EntityId, State>,
    pub(crate) mail: Vec<Input>,
    pub(crate) asked: Vec<Asked>,
    pub(crate) wakes: Vec<(IntentId, Instant, Wake)>,
    told: u32,
    /// Every step of every entity, in the order they were taken.
    pub(crate) log: Vec<(EntityId, Step)>,
}

impl Floor {
    pub(crate) fn new() -> Self {
        let (book, now) = (fixture::book(), fixture::at(0));
        let unreached = BTreeSet::new();
        Self {
            book,
            now,
            unreached,
            states: BTreeMap::new(),
            mail: Vec::new(),
            asked: Vec::new(),
            wakes: Vec::new(),
            told: 0,
            log: Vec::new(),
        }
    }

    /// Tells an entity something from a source, now, under a fresh key; what it told others waits.
    pub(crate) fn hear(&mut self, to: EntityId, source: &str, body: Body) -> Reply {
        let envelope = self.envelope(source);
        self.take(to, &Input { to: Address::Entity(to), envelope, body })
    }

    /// The same, and the answer.
    #[track_caller]
    pub(crate) fn tell(&mut self, to: EntityId, source: &str, body: Body) -> Answer {
        match self.hear(to, source, body) {
            Reply::Answer(answer) | Reply::Known(answer) => answer,
            other => panic!("not an answer: {other:?}"),
        }
    }

    /// The same, by a person in a role.
    pub(crate) fn wish(&mut self, to: EntityId, who: Who, body: Body) -> Answer {
        let envelope = Envelope { who: Some(who), ..self.envelope("desk") };
        match self.take(to, &Input { to: Address::Entity(to), envelope, body }) {
            Reply::Answer(answer) => answer,
            other => panic!("not an answer: {other:?}"),
        }
    }

    /// Takes an input as it stands.
    pub(crate) fn take(&mut self, to: EntityId, input: &Input) -> Reply {
        let before = self.states.remove(&to).unwrap_or_else(|| State::unknown(to));
        let context = Context { now: self.now, book: &self.book, incarnation: INCARNATION, unreached: &self.unreached };
        let stepped = step(before.clone(), input, &context);
        if let Some(step) = &stepped.step {
            let bytes = wire::encode("step", step).unwrap();
            let read: Step = wire::decode("step", &bytes).unwrap();
            assert_eq!(replay(before, &read), stepped.state, "a replay ends elsewhere");
            step.facts.iter().for_each(|fact| self.post(to, fact));
            self.log.push((to, read));
        }
        self.states.insert(to, stepped.state);
        stepped.reply
    }

    fn post(&mut self, from: EntityId, fact: &Fact) {
        let Fact::Intended { number, intent } = fact else { return };
        let intent_id = IntentId { entity: from, incarnation: INCARNATION, number: *number };
        match intent.as_ref() {
            Intent::Mail { to, parcel: Parcel::Body(body), .. } => {
                let mut envelope = self.envelope("takt");
                envelope.key.mark = Mark::Text(intent_id.mail_key());
                self.mail.push(Input { to: Address::Entity(*to), envelope, body: body.as_ref().clone() });
            }
            Intent::Mail { parcel: Parcel::Forward(input), .. } => self.mail.push(input.as_ref().clone()),
            Intent::Site { site, effect, .. } => {
                self.asked.push(Asked { intent: intent_id, site: site.to_string(), effect: effect.as_ref().clone() });
            }
            Intent::Wake { at, wake } => self.wakes.push((intent_id, *at, wake.clone())),
        }
    }

    /// Delivers all mail, oldest first, until nobody has anything to say.
    pub(crate) fn deliver(&mut self) {
        while !self.mail.is_empty() {
            let mail = self.mail.remove(0);
            self.deliver_one(&mail);
        }
    }

    /// The same, newest first: as late as mail can come.
    pub(crate) fn deliver_backwards(&mut self) {
        while let Some(mail) = self.mail.pop() {
            self.deliver_one(&mail);
        }
    }

    fn deliver_one(&mut self, mail: &Input) {
        let Address::Entity(to) = mail.to else { panic!("mail to a name") };
        self.take(to, mail);
    }

    /// Time passes, and every alarm that was set until then rings.
    pub(crate) fn wait_ms(&mut self, ms: u64) {
        self.now = self.now.plus_ms(ms);
        let due: Vec<_> = self.wakes.iter().filter(|(_, at, _)| *at <= self.now).cloned().collect();
        self.wakes.retain(|(_, at, _)| *at > self.now);
        for (intent, at, wake) in due {
            self.hear(intent.entity, "takt", Body::Woken { intent, wake, at: Some(at) });
        }
    }

    /// Every alarm that is set for something like this rings by a clock that is so much ahead of ours.
    pub(crate) fn ring_early(&mut self, ahead_ms: u64, such: impl Fn(&Wake) -> bool) {
        let (due, rest) =
            std::mem::take(&mut self.wakes).into_iter().partition(|(_, at, wake)| such(wake) && *at <= self.now.plus_ms(ahead_ms));
        self.wakes = rest;
        for (intent, at, wake) in due {
            self.hear(intent.entity, "takt", Body::Woken { intent, wake, at: Some(at) });
        }
    }

    /// What was asked with this verb and is not answered yet, oldest first.
    pub(crate) fn asked(&self, verb: &str) -> Vec<&Effect> {
        self.asked.iter().filter(|asked| asked.effect.verb() == verb).map(|asked| &asked.effect).collect()
    }

    /// A site does everything that was asked with this verb.
    pub(crate) fn does(&mut self, verb: &str, receipt: &Receipt) {
        self.answers(verb, |attempt| Claim::Accepted { attempt, receipt: receipt.clone() });
    }

    /// A site refuses everything that was asked with this verb.
    pub(crate) fn refuses(&mut self, verb: &str) {
        self.answers(verb, |attempt| Claim::Rejected { attempt, code: "E42".into(), text: "not with me".into() });
    }

    /// A site answers everything that was asked with this verb.
    pub(crate) fn answers(&mut self, verb: &str, claim: impl Fn(u32) -> Claim) {
        let (mine, rest): (Vec<_>, Vec<_>) = std::mem::take(&mut self.asked).into_iter().partition(|asked| asked.effect.verb() == verb);
        self.asked = rest;
        assert!(!mine.is_empty(), "nobody asked to {verb}");
        for asked in mine {
            let attempts = self.states.get(&asked.intent.entity).and_then(|state| state.common.outbox.get(asked.intent.number));
            let attempt = attempts.map_or(0, |open| open.attempts);
            self.hear(asked.intent.entity, "takt", Body::Claim { intent: asked.intent, claim: claim(attempt) });
        }
    }

    /// A worker says something about everything that was asked with this verb; the errands stay asked.
    pub(crate) fn claims(&mut self, verb: &str, claim: impl Fn(u32) -> Claim) {
        let mine: Vec<_> = self.asked.iter().filter(|asked| asked.effect.verb() == verb).map(|asked| asked.intent).collect();
        assert!(!mine.is_empty(), "nobody asked to {verb}");
        for intent in mine {
            let attempts = self.states.get(&intent.entity).and_then(|state| state.common.outbox.get(intent.number));
            let attempt = attempts.map_or(0, |open| open.attempts);
            self.hear(intent.entity, "takt", Body::Claim { intent, claim: claim(attempt) });
        }
    }

    pub(crate) fn state(&self, of: EntityId) -> &State {
        &self.states[&of]
    }

    /// Every open case of an entity.
    pub(crate) fn cases(&self, of: EntityId) -> Vec<&Case> {
        self.states.get(&of).map(|state| state.common.cases.values().collect()).unwrap_or_default()
    }

    /// How many cases of a kind are open.
    pub(crate) fn open(&self, of: EntityId, kind: &CaseKind) -> usize {
        self.cases(of).iter().filter(|case| case.kind == *kind).count()
    }

    #[track_caller]
    pub(crate) fn order(&self, of: EntityId) -> &order::Order {
        let Own::Order(order) = &self.state(of).own else { panic!("not an order") };
        order
    }

    #[track_caller]
    pub(crate) fn lot(&self, of: EntityId) -> &lot::Lot {
        let Own::Lot(lot) = &self.state(of).own else { panic!("not a lot") };
        lot
    }

    pub(crate) fn envelope(&mut self, source: &str) -> Envelope {
        self.told += 1;
        let mark = Mark::Text(KeyText::ours(format!("told {}", self.told)));
        let key = Key { source: Source::parse(source).unwrap(), epoch: 0, mark };
        let at = self.now;
        Envelope::of(key, at)
    }
}

/// Somebody in a role, with a reason.
pub(crate) fn person(role: &str) -> Who {
    Who { user: "ada".into(), role: role.into(), reason: Some("looked".into()), ..Who::default() }
}

/// Somebody else in a role, for whom or what two persons are needed.
pub(crate) fn another(role: &str) -> Who {
    Who { user: "bob".into(), ..person(role) }
}

/// The code a wish was refused with.
#[track_caller]
pub(crate) fn refused(answer: &Answer) -> Code {
    let Answer::Refused(refusal) = answer else { panic!("granted: {answer:?}") };
    assert!(!refusal.remedy.is_empty());
    refusal.code
}
