//! When each source was last heard, by what stands in the logs: the same on every node, and still known when a node starts again.
//! Pure.

use std::collections::BTreeMap;

use takt_protocol::commit::{Commit, Step};
use takt_protocol::fact::Fact;
use takt_protocol::instant::Instant;
use takt_protocol::name::Source;
use takt_protocol::outbox::{OutboxFact, Outcome};

use super::keys::called_key;

/// When the newest was written down that each source said in these commits.
pub(super) fn newest<'a>(commits: impl Iterator<Item = &'a Commit>) -> BTreeMap<Source, Instant> {
    let mut heard = BTreeMap::new();
    for step in commits.flat_map(|commit| &commit.steps).filter(|step| is_word(step)) {
        let last = heard.entry(step.key.source).or_insert(step.received_at);
        *last = step.received_at.max(*last);
    }
    heard
}

/// Whether its source said something by it: a report, or what came of an errand. That an errand is sent is our word, not its own.
fn is_word(step: &Step) -> bool {
    let answered =
        |fact: &Fact| matches!(fact, Fact::Outbox { step: OutboxFact::Settled(Outcome::Accepted(_) | Outcome::Rejected { .. }), .. });
    step.remembered || step.facts.iter().any(answered)
}

/// What a source told the entities of a shard; the source alone begins the keys of all of them.
pub(super) fn key(source: Source, shard: u16) -> Vec<u8> {
    let mut key = called_key(source.as_str());
    key.extend_from_slice(&shard.to_be_bytes());
    key
}
