//! Loading an entity: its snapshot if there is a good one, then the tail of its log, each commit checked against the chain.
//! A hole or a fork stops the entity: better no answer than a wrong one.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use takt_cluster::seam::{Entry, Message, QueueName};
use takt_protocol::envelope::{Envelope, RawRef};
use takt_protocol::id::EntityId;
use takt_protocol::input::{Address, Body, Input};
use takt_protocol::kernel::{State, replay};
use takt_protocol::name::SiteId;
use takt_protocol::planted::{self, Bug};
use takt_protocol::seen::Seen;
use takt_protocol::{commit, site, wire};

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
    #[error("failed to read commit {} of {}", place.number, place.entity)]
    Wire {
        /// Which.
        place: Box<Place>,
        /// Why.
        #[source]
        source: wire::WireError,
    },
    /// The chain is broken.
    #[error("the log of {} has a hole or a fork at commit {}: it stands still until a person has looked", .0.entity, .0.number)]
    Chain(Box<Place>),
    /// Written by a newer binary.
    #[error("the log of {entity} was written with {version}, this binary knows schema {}: update it", wire::SCHEMA)]
    Newer {
        /// Whose.
        entity: EntityId,
        /// By what.
        version: String,
    },
}

impl LoadError {
    /// A log that is broken stands still and cannot say so itself: a site of its region opens the case, its own where that is known.
    pub(crate) async fn tell(&self, node: &Node) {
        let (place, why) = match self {
            Self::Chain(place) => (place, "its log has a hole or a fork"),
            Self::Wire { place, .. } => (place, "its log cannot be read"),
            Self::Store { .. } | Self::Newer { .. } => return,
        };
        let Place { entity, number: commit, site } = **place;
        let book = node.book();
        let keeper = |site| book.site_entity(site).filter(|keeper| keeper.region() == node.region && *keeper != entity);
        let Some(keeper) = site.into_iter().chain(book.sites.keys().copied()).find_map(keeper) else { return };
        let mail = site::Mail::LogBroken { entity, commit, why: why.to_owned() };
        let id = format!("broken/{entity}/{commit}");
        let envelope = Envelope::ours(&id, node.seams.clock.now());
        let input = Input { to: Address::Entity(keeper), envelope, body: Body::Site(site::Input::Mail(mail)) };
        let queue = QueueName::In { shard: keeper.shard(node.seams.journal.shards()) };
        let told = match wire::pack(input) {
            Ok(bytes) => {
                let message = Message { queue, id, bytes: Bytes::from(bytes) };
                node.seams.queue.publish(vec![message]).await.map_err(|error| error.to_string())
            }
            Err(error) => Err(error.to_string()),
        };
        if let Err(error) = told {
            tracing::error!(%entity, %error, "a broken log could not be made a case; it is told again when it is looked for again");
        }
    }
}

/// A commit in a log.
#[derive(Debug)]
pub(crate) struct Place {
    entity: EntityId,
    number: u64,
    /// Where the entity is, as far as was read.
    site: Option<SiteId>,
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
        let place = Place { entity, number: head.number + 1, site: state.site() };
        let (commit, hash) = match wire::open(&entry.bytes) {
            Ok(opened) => opened,
            Err(wire::WireError::Newer { version, .. }) => return Err(LoadError::Newer { entity, version }),
            Err(source) => return Err(LoadError::Wire { place: Box::new(place), source }),
        };
        if commit.entity != entity || commit.number != place.number || commit.previous != head.hash {
            return Err(LoadError::Chain(Box::new(place)));
        }
        state = commit.steps.iter().fold(state, replay);
        head = Head { number: commit.number, hash, sequence: entry.sequence };
    }
    Ok((state, head))
}

fn name(entity: EntityId) -> String {
    format!("snapshot/{entity}")
}
