//! What all actors of a region on this node share: the seams, the book in force, the settings.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};
use std::time::Duration;

use takt_cluster::seam::Seams;
use takt_protocol::book::Book;
use takt_protocol::id::EntityId;
use takt_protocol::malformed::Malformed;
use takt_protocol::name::Region;
use takt_protocol::record::Record;

use crate::abroad::Link;
use crate::doors::Doors;
use crate::restored::{Restored, Restoring};
use crate::tape::Tape;

/// The shared part of a region's actors. Cheap to clone by `Arc`.
pub struct Node {
    /// The region.
    pub region: Region,
    /// The seams.
    pub seams: Seams,
    /// Limits and patience.
    pub settings: Settings,
    /// What was recorded, for those who follow it.
    pub tape: Tape,
    pub(crate) restoring: Option<Restoring>,
    pub(crate) doors: OnceLock<Arc<dyn Doors>>,
    pub(crate) roads: OnceLock<Vec<Arc<Link>>>,
    book: RwLock<Arc<Book>>,
    repeats: Mutex<BTreeMap<EntityId, u64>>,
}

/// Entities whose repeated inputs are counted at once: where more are told things twice, the count begins anew.
const REPEATS_MAX: usize = 100_000;

/// What a node is called among those that run the same regions.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NodeName(Arc<str>);

impl NodeName {
    /// The longest, in letters.
    pub const LEN_MAX: usize = 63;

    /// Letters, digits, `.`, `-` and `_`, 63 at most.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let fits = |c: char| c.is_ascii_alphanumeric() || ".-_".contains(c);
        if text.is_empty() || text.len() > Self::LEN_MAX || !text.chars().all(fits) {
            let remedy = "use letters, digits, `.`, `-` and `_`, 63 at most";
            return Err(Malformed::new("name of a node", text, remedy));
        }
        Ok(Self(Arc::from(text)))
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for NodeName {
    fn default() -> Self {
        Self(Arc::from("takt"))
    }
}

impl std::fmt::Display for NodeName {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// The nodes that run a region just now, by what they keep alive in its store.
pub async fn nodes_of(seams: &Seams) -> Result<Vec<NodeName>, takt_cluster::Error> {
    let held = seams.lease.held(crate::leases::NODE).await?;
    Ok(held.iter().filter_map(|holding| crate::leases::node_of(&holding.holder)).collect())
}

/// Limits, each with its unit.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What this node is called; no two nodes that share a region are called alike.
    pub node: NodeName,
    /// How long a lease lasts where other nodes run the region, too, in ms: as long as they wait when this one dies. `None`
    /// where this node runs it alone, and needs no leases.
    pub lease_ms: Option<u64>,
    /// How far the region is, where it was restored from a backup.
    pub restored: Option<Restored>,
    /// How long a request is carried to the node that decides it before its sender hears that there is no answer, in ms.
    pub ask_patience_ms: u64,
    /// How long one try of that may take, in ms: the node that was asked may be gone.
    pub relay_patience_ms: u64,
    /// How long what is under way may take when its work is handed to another node, in ms.
    pub hand_over_ms: u64,
    /// Inputs of a shard that are being decided at once.
    pub intake_in_flight_max: usize,
    /// How long a pulled input is ours before somebody else may have it, in ms.
    pub intake_lease_ms: u64,
    /// Inputs one commit takes at most.
    pub commit_inputs_max: usize,
    /// Appends in one group at most.
    pub group_max: usize,
    /// Groups under way at once. An engine that groups once more what waits for its writer needs to see all of it: with few,
    /// a group of one that was handed over first holds up the large one behind it, and every second write is nearly empty.
    pub group_depth: usize,
    /// Commits between two snapshots of an entity.
    pub snapshot_every: u64,
    /// How long an entity may do nothing before it is retired, in ms.
    pub idle_ms: u64,
    /// Commits a projection takes at once.
    pub projection_max: usize,
    /// Inputs that may wait to be decided, or to be brought to another region, before no more are taken: the sender keeps
    /// them and comes again.
    pub waiting_max: usize,
    /// Inputs of a shard that may wait to be decided before systems that only read along are told nothing more: they wait first.
    pub readers_wait_above: usize,
    /// How long what happened is gathered for them before they are told, in ms.
    pub readers_gather_ms: u64,
    /// How many more may wait when they hold goods: bad stock is stopped although everything else has to wait.
    pub waiting_reserve: usize,
    /// How long the index waits at least between two changes of its rows, in ms: a small change costs as much as a large one.
    pub index_pause_ms: u64,
    /// How long at most, while much is recorded or changes take long.
    pub index_gather_ms: u64,
    /// How often an input is tried before it is set aside for a person.
    pub deliveries_max: u32,
    /// The first pause after a failure, in ms; doubles up to [`Settings::pause_max_ms`].
    pub pause_ms: u64,
    /// The longest pause after failures, in ms.
    pub pause_max_ms: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            node: NodeName::default(),
            lease_ms: None,
            restored: None,
            ask_patience_ms: 8_000,
            relay_patience_ms: 2_500,
            hand_over_ms: 10_000,
            intake_in_flight_max: 256,
            intake_lease_ms: 30_000,
            commit_inputs_max: 64,
            group_max: 512,
            group_depth: 64,
            snapshot_every: 256,
            idle_ms: 30_000,
            projection_max: 2_048,
            waiting_max: 100_000,
            waiting_reserve: 10_000,
            readers_wait_above: 1_000,
            readers_gather_ms: 250,
            index_pause_ms: 10,
            index_gather_ms: 50,
            deliveries_max: 20,
            pause_ms: 100,
            pause_max_ms: 30_000,
        }
    }
}

impl Settings {
    /// The pause after the `failures`-th failure in a row, spread by `salt` so that those who failed together do not come
    /// back together.
    pub fn pause(&self, failures: u32, salt: u64) -> Duration {
        let doubled = self.pause_ms.saturating_mul(1 << failures.saturating_sub(1).min(16)).min(self.pause_max_ms).max(1);
        // Between half of it and all of it.
        Duration::from_millis(doubled / 2 + salt % (doubled / 2 + 1))
    }
}

impl Node {
    /// What a region's actors share.
    pub fn new(region: Region, seams: Seams, book: Arc<Book>, settings: Settings) -> Self {
        let tape = Tape::new(Arc::clone(&seams.journal), settings.projection_max);
        let restoring = settings.restored.map(Restoring::new);
        Self {
            region,
            seams,
            settings,
            tape,
            restoring,
            doors: OnceLock::new(),
            roads: OnceLock::new(),
            book: RwLock::new(book),
            repeats: Mutex::default(),
        }
    }

    /// The regions that are known not to be reached from here just now.
    pub fn unreached(&self) -> BTreeSet<Region> {
        let roads = self.roads.get().into_iter().flatten();
        roads.filter(|road| road.down().is_some()).map(|road| road.far()).collect()
    }

    /// The book in force.
    pub fn book(&self) -> Arc<Book> {
        Arc::clone(&self.book.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// How many inputs an entity was sent that it had heard before, since this process runs: they leave nothing in its log.
    pub fn repeats(&self, entity: EntityId) -> u64 {
        self.repeats.lock().unwrap_or_else(PoisonError::into_inner).get(&entity).copied().unwrap_or_default()
    }

    /// An entity was sent something that it had heard before.
    pub(crate) fn repeated(&self, entity: EntityId) {
        let mut repeats = self.repeats.lock().unwrap_or_else(PoisonError::into_inner);
        if repeats.len() >= REPEATS_MAX {
            repeats.clear();
        }
        *repeats.entry(entity).or_default() += 1;
    }

    /// Another book is in force from now on; the master data stays what it was.
    pub fn activate(&self, book: Arc<Book>) {
        let mut held = self.book.write().unwrap_or_else(PoisonError::into_inner);
        let book = if held.data.is_empty() { book } else { Arc::new(Book { data: held.data.clone(), ..book.as_ref().clone() }) };
        *held = book;
    }

    /// Master data is so from the next decision on.
    pub(crate) fn learn(&self, records: impl IntoIterator<Item = Record>) {
        let mut held = self.book.write().unwrap_or_else(PoisonError::into_inner);
        let mut book = held.as_ref().clone();
        for record in records {
            if let Some(of) = record.of.clone() {
                book.data.put(&of, Arc::new(record));
            }
        }
        *held = Arc::new(book);
    }
}
