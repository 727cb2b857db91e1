//! Commits: what one write of an entity holds. One or more steps, each an input with its answer and its facts, chained by
//! hash to the commit before, under the configuration and schema they were decided with.
//!
//! The chain covers everything but personal data and raw messages: who and why and what was sent stand beside it, so that retention
//! can delete them and the chain still verifies.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::answer::Answer;
use crate::envelope::{Envelope, Key, KeyText, Mark, Origin, RawRef, Who};
use crate::fact::Fact;
use crate::id::EntityId;
use crate::instant::Instant;
use crate::name::SiteId;
use crate::payload::Payload;
use crate::seen::ContentHash;

/// Everything one write holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Commit {
    /// Whose.
    pub entity: EntityId,
    /// From 1, without a gap.
    pub number: u64,
    /// The hash of the commit before; all zero for the first.
    pub previous: RawRef,
    /// The site it stands at, as far as it is known: whose events these are, and who may read them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<SiteId>,
    /// The incarnation of the store it was written for.
    pub incarnation: u64,
    /// The hash of the configuration in force.
    pub config: String,
    /// The schema epoch of the binary that decided.
    pub schema: u16,
    /// When it was decided, by the node's clock.
    pub at: Instant,
    /// What happened, in order.
    pub steps: Vec<Step>,
    /// Who stood behind each step, by its position, and who matched it by hand; outside the chain.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub who: Vec<(u16, Who)>,
    /// The messages behind steps, by their position, as they came: those that are not kept among the payloads. Outside the chain.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub raw: Vec<(u16, Payload)>,
}

/// One input and what came of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// The input's key.
    pub key: Key,
    /// The hash of what it said.
    pub content: ContentHash,
    /// What its sender was told.
    pub answer: Answer,
    /// When it happened, by its source.
    pub occurred_at: Instant,
    /// When the mesh first wrote it down.
    pub received_at: Instant,
    /// The raw payload behind it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    /// The thread it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation: Option<String>,
    /// What caused it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub causation: Option<String>,
    /// Whether the key is to be remembered: claims and wake-ups know their own repetition.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub remembered: bool,
    /// What is now known.
    pub facts: Vec<Fact>,
}

fn yes() -> bool {
    true
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_yes(remembered: &bool) -> bool {
    *remembered
}

impl Commit {
    /// The person or client who said what a step holds, by its position.
    pub fn said_by(&self, at: usize) -> Option<&Who> {
        self.behind(at).find(|who| !who.matched)
    }

    /// Who matched it with this entity by hand, and why.
    pub fn matched_by(&self, at: usize) -> Option<&Who> {
        self.behind(at).find(|who| who.matched)
    }

    /// The messages that are kept in it, each with the hash that its step names.
    pub fn raw(&self) -> impl Iterator<Item = (&RawRef, &Payload)> {
        let origin = |at: u16| self.steps.get(usize::from(at)).and_then(|step| step.origin.as_ref());
        self.raw.iter().filter_map(move |(at, raw)| Some((&origin(*at)?.raw, raw)))
    }

    fn behind(&self, at: usize) -> impl Iterator<Item = &Who> {
        self.who.iter().filter(move |(of, _)| usize::from(*of) == at).map(|(_, who)| who)
    }
}

impl Step {
    /// The step of an envelope, without its facts.
    pub fn of(envelope: &Envelope, content: ContentHash, answer: Answer, facts: Vec<Fact>) -> Self {
        Self {
            key: envelope.key.clone(),
            content,
            answer,
            occurred_at: envelope.occurred_at,
            received_at: envelope.received_at,
            origin: envelope.origin.clone(),
            correlation: envelope.correlation.clone(),
            causation: envelope.causation.clone(),
            remembered: true,
            facts,
        }
    }

    /// The text of a key, for people.
    pub fn key_text(&self) -> String {
        match &self.key.mark {
            Mark::Number(n) => format!("#{n}"),
            Mark::Text(text) => KeyText::as_str(text).to_owned(),
        }
    }
}

/// The hash before the first commit.
pub const GENESIS: [u8; 32] = [0; 32];

/// The hash of a commit's bytes without its personal part; the next commit names it.
pub fn chain_hash(chained: &[u8]) -> RawRef {
    RawRef::from_bytes(Sha256::digest(chained).into())
}
