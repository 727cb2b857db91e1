//! The kernel: `decide` what an input means, `evolve` what a fact changes. Live running, recovery, simulation and time
//! travel are these two functions and nothing else. Pure: no clock, IO, log or randomness; the same state, input and
//! context give the same facts on every machine.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::answer::Answer;
use crate::book::Book;
use crate::commit::Step;
use crate::common::Common;
use crate::desk::{Action, Wish};
use crate::draft::Draft;
use crate::envelope::{Envelope, Key, Mark};
use crate::fact::Fact;
use crate::id::{EntityId, Kind};
use crate::input::{Body, Input};
use crate::instant::Instant;
use crate::name::{Region, SiteId, Source};
use crate::outbox::ClaimAnswer;
use crate::planted::{self, Bug};
use crate::seen::{ContentHash, Known};
use crate::{case, lot, order, record, shipment, site, unit, wire};

mod claim;
mod decide;
mod repeat;
#[cfg(test)]
pub(crate) mod tests;

pub use decide::decide;
pub(crate) use decide::{acknowledge, not_given_up, not_owner, refuse};

/// The state of an entity.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// Who it is.
    pub id: EntityId,
    /// What all entities have.
    pub common: Common,
    /// What its kind has.
    pub own: Own,
}

/// The part of a state that is the entity's own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Own {
    /// A production order.
    Order(Box<order::Order>),
    /// A lot.
    Lot(Box<lot::Lot>),
    /// A handling unit.
    Unit(Box<unit::Unit>),
    /// A shipment.
    Shipment(Box<shipment::Shipment>),
    /// A site.
    Site(Box<site::Site>),
    /// A record of master data.
    Record(Box<record::Record>),
}

/// What a decision may look at besides the state.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// Now, by the node's clock.
    pub now: Instant,
    /// The configuration and master data in force.
    pub book: &'a Book,
    /// The incarnation of the store, part of every intent id.
    pub incarnation: u64,
    /// The regions that are known not to be reached from here just now.
    pub unreached: &'a BTreeSet<Region>,
}

/// Of no region it is known that it is not reached.
pub static ALL_REACHED: BTreeSet<Region> = BTreeSet::new();

/// What came of an input.
#[derive(Debug)]
pub struct Stepped {
    /// The state after it.
    pub state: State,
    /// What must be recorded before anybody is told; `None` when nothing moved.
    pub step: Option<Step>,
    /// What its sender is told, once the step is durable.
    pub reply: Reply,
}

/// What the sender of an input is told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// The answer.
    Answer(Answer),
    /// Heard before; the answer then.
    Known(Answer),
    /// The answer to a claim.
    Claim(ClaimAnswer),
    /// There is no such entity, and none is born from this: it belongs into its site's quarantine.
    Unborn,
}

/// A decision: what the sender is told, and what to record.
#[derive(Debug)]
pub struct Decision {
    /// The answer.
    pub answer: Answer,
    /// The facts.
    pub facts: Vec<Fact>,
}

impl State {
    /// An entity nobody has heard of.
    pub fn unknown(id: EntityId) -> Self {
        let own = match id.kind() {
            Kind::Order => Own::Order(Box::default()),
            Kind::Lot => Own::Lot(Box::default()),
            Kind::Unit => Own::Unit(Box::default()),
            Kind::Shipment => Own::Shipment(Box::default()),
            Kind::Site => Own::Site(Box::default()),
            Kind::Record => Own::Record(Box::default()),
        };
        Self { id, common: Common::default(), own }
    }

    /// Whether anything was ever recorded about it.
    pub fn is_born(&self) -> bool {
        !self.common.seen.is_empty()
    }

    /// The site it stands at, as far as it is known: an order's and a lot's plant, a shipment's warehouse, the last of a
    /// handling unit's two. A site is known by its name in the book alone.
    pub fn site(&self) -> Option<SiteId> {
        match &self.own {
            Own::Order(order) => order.plant().or(order.wished.as_ref().map(|wish| wish.plant)),
            Own::Lot(lot) => lot.site,
            Own::Unit(unit) => unit.standing_at(),
            Own::Shipment(shipment) => shipment.warehouse,
            Own::Site(_) => None,
            Own::Record(record) => record.of.as_ref().map(|of| of.system),
        }
    }

    /// A draft of facts for this entity.
    pub fn draft(&self, context: &Context<'_>) -> Draft {
        Draft::new(self.id, context.incarnation, context.now, context.book.workflows.tiers(), &self.common)
    }
}

/// What a fact changes.
pub fn evolve(state: &mut State, fact: &Fact) {
    state.common.evolve(fact);
    match (&mut state.own, fact) {
        (Own::Order(order), Fact::Order(fact)) => order.evolve(fact),
        (Own::Lot(lot), Fact::Lot(fact)) => lot.evolve(fact),
        (Own::Unit(unit), Fact::Unit(fact)) => unit.evolve(fact),
        (Own::Shipment(shipment), Fact::Shipment(fact)) => shipment.evolve(fact),
        (Own::Site(site), Fact::Site(fact)) => site.evolve(fact),
        (Own::Record(record), Fact::Record(fact)) => record.evolve(fact),
        // A fact of another kind cannot stand in this log; common facts were taken above.
        (Own::Order(_) | Own::Lot(_) | Own::Unit(_) | Own::Shipment(_) | Own::Site(_) | Own::Record(_), _) => {}
    }
}

/// What a recorded step changes: its key is known from now on, and its facts hold.
#[must_use]
pub fn replay(mut state: State, step: &Step) -> State {
    relive(&mut state, step);
    state
}

/// The same, in place.
fn relive(state: &mut State, step: &Step) {
    if step.remembered {
        state.common.seen.remember(&step.key, step.content, &step.answer);
    }
    step.facts.iter().for_each(|fact| evolve(state, fact));
}

/// Takes one input whole: known already, expired, decided, lanes released. The only way an input becomes facts.
pub fn step(mut state: State, input: &Input, context: &Context<'_>) -> Stepped {
    let (step, reply) = take(&mut state, input, context);
    Stepped { state, step, reply }
}

/// The same, in place: what must be recorded before anybody is told, and what the sender is told then.
pub fn take(state: &mut State, input: &Input, context: &Context<'_>) -> (Option<Step>, Reply) {
    if let Body::Claim { intent, claim } = &input.body {
        return claim::step(state, input, *intent, claim, context);
    }
    if !state.is_born() && !input.body.may_be_born_from() {
        return (None, Reply::Unborn);
    }
    let hash = content_of(input);
    if let Body::Woken { intent, wake, at } = &input.body {
        // Whose clock rings may be ahead of ours: the time that was waited for has come all the same, and rings once.
        let context = &Context { now: at.map_or(context.now, |at| context.now.max(at)), ..*context };
        let decision = decide::woken(state, *intent, wake, context);
        return record(state, input, hash, false, decision, context);
    }
    match state.common.seen.ask(&input.envelope.key, hash) {
        Known::Same(answer) => (None, Reply::Known(answer)),
        Known::Other(_) => repeat::step(state, input, hash, context),
        Known::Never if is_premature(state, &input.body) => (None, Reply::Unborn),
        Known::Never => {
            let decision = decide(state, input, context);
            // Who was never told anything is not born: the first word of all is remembered whatever it is.
            let remembered = !(state.is_born() && is_the_same_again(&input.body));
            record(state, input, hash, remembered, decision, context)
        }
    }
}

/// The answer that an input got when it was told before, word for word; nothing when it never was.
pub fn heard(state: &State, input: &Input) -> Option<Answer> {
    match state.common.seen.ask(&input.envelope.key, content_of(input)) {
        Known::Same(answer) => Some(answer),
        Known::Never | Known::Other(_) => None,
    }
}

/// Whether it is about an order that was wished for and that its ERP has not made yet, or never will: nothing can be booked on
/// it, nor does anybody own it. It waits where what matches nothing waits, and is offered again when the order is made.
fn is_premature(state: &State, body: &Body) -> bool {
    let (Own::Order(order), Body::Order(said)) = (&state.own, body) else { return false };
    order.header.is_none()
        && match said {
            order::Input::Report(_) => true,
            order::Input::OwnerFact(fact) => fact.header().is_none(),
            order::Input::Request(_) | order::Input::Mail(_) => false,
        }
}

/// Whether it means the same however often it is told, and is told for as long as a site lives: it would fill its memory.
fn is_the_same_again(body: &Body) -> bool {
    let Body::Site(site::Input::Mail(mail)) = body else { return false };
    matches!(mail, site::Mail::Read(_) | site::Mail::Tallied { .. } | site::Mail::RecordsStated { .. } | site::Mail::BookActivated { .. })
}

/// What an input says: its body, and what its sender stated beside it.
fn content_of(input: &Input) -> ContentHash {
    if let Body::Site(site::Input::Mail(site::Mail::Unmatched(_))) = &input.body {
        // Its key is its content; when it was written down differs from one delivery to the next.
        return ContentHash::of(&[]);
    }
    let body = if let Body::Desk(Wish { case, action: Action::Edit { raw, .. } }) = &input.body {
        ContentHash::of(format!("edit {case} {raw}").as_bytes())
    } else {
        wire::content_of(&input.body)
    };
    input.envelope.stated().map_or(body, |stated| ContentHash::of(format!("{body}\n{stated}").as_bytes()))
}

/// Makes a decision into a step, lets the lanes go on, and evolves the state by all of it.
fn record(
    state: &mut State,
    input: &Input,
    content: ContentHash,
    remembered: bool,
    mut decision: Decision,
    context: &Context<'_>,
) -> (Option<Step>, Reply) {
    case::frame(state, input, context, &mut decision.facts);
    let reply = Reply::Answer(decision.answer.clone());
    // Nothing is born from a refusal: told again, it is looked at again.
    let unborn = !state.is_born() && matches!(decision.answer, Answer::Refused(_));
    if (!remembered || unborn) && decision.facts.is_empty() {
        return (None, reply);
    }
    let mut step = Step::of(&input.envelope, content, decision.answer, decision.facts);
    step.remembered = remembered;
    relive(state, &step);
    for fact in claim::overtaken(&state.common) {
        evolve(state, &fact);
        step.facts.push(fact);
    }
    for (number, released) in state.common.outbox.releasable() {
        let released = Fact::Outbox { number, step: released };
        evolve(state, &released);
        step.facts.push(released);
    }
    let lanes_hold = state.common.outbox.lanes_hold() || planted::is(Bug::ReversalOvertakes);
    debug_assert!(lanes_hold, "a site has two of an entity's intents at once");
    (Some(step), reply)
}

/// The envelope of what nobody sent: a wake-up, or a step of the entity's own intent.
pub(crate) fn clockwork(now: Instant) -> Envelope {
    let key = Key { source: Source::default(), epoch: 0, mark: Mark::Number(0) };
    Envelope::of(key, now)
}
