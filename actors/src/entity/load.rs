//! Loading an entity: its snapshot if there is a good one, then the tail of its log, each commit checked against the chain.
//! A hole or a fork stops the entity: better no answer than a wrong one.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use takt_cluster::seam::Entry;
use takt_protocol::envelope::RawRef;
use takt_protocol::id::EntityId;
use takt_protocol::kernel::{State, replay};
use takt_protocol::planted::{self, Bug};
use takt_protocol::seen::Seen;
use takt_protocol::{commit, wire};

use crate::node::Node;

/// The end of an entity's log, as it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Head {
    /// The number of the last commit.
    pub(crate) number: u64,
    /// Its hash.
    pub(crate) hash: RawRef,
    /// Its sequence: the fence of the next append.
    pub(crate) sequence: u64,
}

/// Why an entity cannot be loaded.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LoadError {
    /// The store.
    #[error("failed to read the log of {entity}")]
    Store {
        /// Whose.
        entity: EntityId,
        /// Why.
        #[source]
        source: takt_cluster::Error,
    },
    /// Bytes that cannot be read.
    #[error("failed to read a commit of {entity}")]
    Wire {
        /// Whose.
        entity: EntityId,
        /// Why.
        #[source]
        source: wire::WireError,
    },
    /// The chain is broken.
    #[error("the log of {entity} has a hole or a fork at commit {number}: it stands still until a person has looked")]
    Chain {
        /// Whose.
        entity: EntityId,
        /// Where.
        number: u64,
    },
    /// Written by a newer binary.
    #[error("the log of {entity} was written with schema {schema}, this binary knows {}: update it", wire::SCHEMA)]
    Schema {
        /// Whose.
        entity: EntityId,
        /// The newer schema.
        schema: u16,
    },
}

#[derive(Serialize, Deserialize)]
struct Snapshot {
    schema: u16,
    head: Head,
    state: State,
}

/// The state of an entity, and the end of its log.
pub(crate) async fn load(node: &Node, entity: EntityId) -> Result<(State, Head), LoadError> {
    let store = |source| LoadError::Store { entity, source };
    let start = Head { number: 0, hash: RawRef::from_bytes(commit::GENESIS), sequence: 0 };
    let last = node.seams.journal.last(entity).await.map_err(store)?;
    // Most are loaded for the first time in their life: of those there is nothing to read.
    if last == 0 {
        return Ok((State::unknown(entity), start));
    }
    if let Some(mut snapshot) = find(node, entity).await {
        if planted::is(Bug::SeenForgotten) {
            snapshot.state.common.seen = Seen::default();
        }
        let stale = planted::is(Bug::SnapshotWithoutTail).then(|| snapshot.state.clone());
        let entries = node.seams.journal.read(entity, snapshot.head.sequence).await.map_err(store)?;
        // A snapshot that is ahead of the log, or does not fit to what follows it, is not used.
        if last >= snapshot.head.sequence
            && let Ok((state, head)) = follow(entity, snapshot.state, snapshot.head, &entries)
        {
            return Ok((stale.unwrap_or(state), head));
        }
        tracing::warn!(%entity, "a snapshot does not fit to its log; replaying from the start");
    }
    let entries = node.seams.journal.read(entity, 0).await.map_err(store)?;
    follow(entity, State::unknown(entity), start, &entries)
}

/// Keeps a snapshot. Losing it costs a replay, so a failure is only said.
pub(crate) async fn snapshot(node: &Node, state: &State, head: Head) {
    let snapshot = Snapshot { schema: wire::SCHEMA, head, state: state.clone() };
    let kept = match wire::encode("snapshot", &snapshot) {
        Ok(bytes) => node.seams.shelf.put(vec![(name(state.id), Bytes::from(bytes))]).await.map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    };
    if let Err(error) = kept {
        tracing::warn!(entity = %state.id, %error, "failed to keep a snapshot");
    }
}

async fn find(node: &Node, entity: EntityId) -> Option<Snapshot> {
    let bytes = node.seams.shelf.get(&name(entity)).await.ok()??;
    let snapshot: Snapshot = wire::decode("snapshot", &bytes).ok()?;
    (snapshot.schema == wire::SCHEMA && snapshot.state.id == entity).then_some(snapshot)
}

fn follow(entity: EntityId, mut state: State, mut head: Head, entries: &[Entry]) -> Result<(State, Head), LoadError> {
    for entry in entries {
        let (commit, hash) = wire::open(&entry.bytes).map_err(|source| LoadError::Wire { entity, source })?;
        if commit.schema > wire::SCHEMA {
            return Err(LoadError::Schema { entity, schema: commit.schema });
        }
        if commit.entity != entity || commit.number != head.number + 1 || commit.previous != head.hash {
            return Err(LoadError::Chain { entity, number: head.number + 1 });
        }
        state = commit.steps.iter().fold(state, replay);
        head = Head { number: commit.number, hash, sequence: entry.sequence };
    }
    Ok((state, head))
}

fn name(entity: EntityId) -> String {
    format!("snapshot/{entity}")
}
