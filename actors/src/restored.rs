//! A region that was restored from a backup: its log begins with commits of another store. Until a person says that it was compared with
//! the world outside, nothing of it goes out but questions and blocks. And what was recorded before the backup is asked for at its site
//! before it is sent, for as long as it is open: the life of the region that was lost may have sent it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use takt_cluster::Error;
use takt_cluster::seam::{Seams, Timer};
use takt_protocol::commit::Commit;
use takt_protocol::fact::Fact;
use takt_protocol::id::EntityId;
use takt_protocol::instant::Instant;
use takt_protocol::intent::IntentId;
use takt_protocol::name::SiteId;
use takt_protocol::wire;
use tokio::sync::watch;

use crate::node::Node;
use crate::{cursor, dispatcher};

/// On the shelf: who said that it was compared.
const COMPARED: &str = "restored/compared";
/// On the shelf: a restore that has not come to its end.
const UNDER_WAY: &str = "restored/under-way";

/// Between two looks whether somebody said so.
const LOOK: Duration = Duration::from_secs(1);

/// Entities of which it is remembered what was recorded before.
const REMEMBERED: usize = 100_000;

/// How far a region is that was restored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Restored {
    /// Nothing goes out.
    Reconciling,
    /// A person said that it was compared.
    Compared,
}

/// Who said that a region was compared with the world outside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Word {
    /// Who.
    pub by: String,
    /// Why it may go on.
    pub reason: String,
    /// When.
    pub at: Instant,
}

/// How far a region is, by its log and its shelf; `None` when it was never restored. A shelf that was lost makes it reconcile again.
pub async fn standing(seams: &Seams) -> Result<Option<Restored>, Error> {
    if seams.shelf.get(UNDER_WAY).await?.is_some() {
        let what = "a restore of it did not come to its end: delete what it wrote, and restore again".to_owned();
        return Err(Error::Damaged { place: "the store of the region".to_owned(), what });
    }
    let own = seams.journal.incarnation();
    for shard in 0..seams.journal.shards() {
        // A tail waits where there is nothing.
        if seams.journal.head(shard).await? == 0 {
            continue;
        }
        let first = seams.journal.tail(shard, 0, 1).await?;
        let commit = first.first().and_then(|entry| wire::open(&entry.bytes).ok());
        if commit.is_some_and(|(commit, _)| commit.incarnation != own) {
            let compared = seams.shelf.get(COMPARED).await?.is_some();
            return Ok(Some(if compared { Restored::Compared } else { Restored::Reconciling }));
        }
    }
    Ok(None)
}

/// Writes down that a region was compared; nodes that run hear of it within a moment.
pub async fn compared(seams: &Seams, word: &Word) -> Result<(), Error> {
    let bytes = wire::encode("word", word).map_err(|error| Error::Refused { place: COMPARED.to_owned(), what: error.to_string() })?;
    seams.shelf.put(vec![(COMPARED.to_owned(), Bytes::from(bytes.clone()))]).await?;
    // The shelf may be behind; what is written durably after it is not.
    seams.blobs.keep(vec![Bytes::from(bytes)]).await.map(drop)
}

/// Marks a store as one that is being restored: nobody may start on it.
pub async fn begin(seams: &Seams) -> Result<(), Error> {
    seams.shelf.put(vec![(UNDER_WAY.to_owned(), Bytes::from_static(b"1"))]).await
}

/// It is whole.
pub async fn end(seams: &Seams) -> Result<(), Error> {
    seams.shelf.remove(UNDER_WAY).await
}

/// Those who follow the log of a shard, each by the name of its place; sites that read along are among them.
pub fn followers(readers: &[SiteId]) -> Vec<String> {
    let feeders = readers.iter().map(|site| format!("feeder/{site}"));
    ["dispatcher", "publisher"].map(str::to_owned).into_iter().chain(feeders).collect()
}

/// How far a follower is; 0 for one that has not begun.
pub async fn place(seams: &Seams, follower: &str, shard: u16) -> Result<u64, Error> {
    let kept = seams.shelf.get(&cursor::name(follower, shard)).await?;
    Ok(kept.and_then(|bytes| bytes.as_ref().try_into().ok()).map_or(0, u64::from_be_bytes))
}

/// Puts a follower somewhere.
pub async fn put_place(seams: &Seams, follower: &str, shard: u16, at: u64) -> Result<(), Error> {
    seams.shelf.put(vec![(cursor::name(follower, shard), Bytes::copy_from_slice(&at.to_be_bytes()))]).await
}

/// The timers that a commit asks for. Those whose time is long over are no-ops when they come.
pub fn timers(commit: &Commit, shards: u16) -> Vec<Timer> {
    dispatcher::timers(commit, shards)
}

/// What a node of a restored region keeps in mind.
pub(crate) struct Restoring {
    reconciling: watch::Sender<bool>,
    /// The last number of an entity that was recorded in each store before, oldest first.
    before: Mutex<BTreeMap<EntityId, Vec<(u32, u64)>>>,
    /// What its site was asked for.
    asked: Mutex<BTreeSet<IntentId>>,
}

impl Restoring {
    pub(crate) fn new(standing: Restored) -> Self {
        let reconciling = watch::Sender::new(standing == Restored::Reconciling);
        Self { reconciling, before: Mutex::default(), asked: Mutex::default() }
    }
}

impl Node {
    /// Whether nothing goes out, because the region was restored and nobody has said that it was compared.
    pub fn is_reconciling(&self) -> bool {
        self.restoring.as_ref().is_some_and(|restoring| *restoring.reconciling.borrow())
    }

    /// Waits until things may go out.
    pub(crate) async fn may_go_out(&self) {
        if let Some(restoring) = &self.restoring
            && restoring.reconciling.subscribe().wait_for(|reconciling| !reconciling).await.is_err()
        {
            std::future::pending::<()>().await;
        }
    }

    /// An intent under the store that it was recorded in: its reference at a site is of that one.
    pub(crate) async fn origin(&self, intent: IntentId) -> Result<IntentId, Error> {
        let Some(restoring) = &self.restoring else { return Ok(intent) };
        let known = restoring.before.lock().unwrap_or_else(PoisonError::into_inner).get(&intent.entity).cloned();
        let before = if let Some(before) = known {
            before
        } else {
            let before = self.before(intent.entity).await?;
            let mut kept = restoring.before.lock().unwrap_or_else(PoisonError::into_inner);
            if kept.len() >= REMEMBERED {
                kept.clear();
            }
            kept.insert(intent.entity, before.clone());
            before
        };
        let own = self.seams.journal.incarnation();
        let incarnation = before.iter().find(|(last, _)| intent.number <= *last).map_or(own, |(_, incarnation)| *incarnation);
        Ok(IntentId { incarnation, ..intent })
    }

    async fn before(&self, entity: EntityId) -> Result<Vec<(u32, u64)>, Error> {
        let own = self.seams.journal.incarnation();
        let mut before: Vec<(u32, u64)> = Vec::new();
        for entry in self.seams.journal.read(entity, 0).await? {
            let unread = |error: wire::WireError| Error::Damaged { place: format!("the log of {entity}"), what: error.to_string() };
            let (commit, _) = wire::open(&entry.bytes).map_err(unread)?;
            if commit.incarnation == own {
                break;
            }
            let facts = commit.steps.iter().flat_map(|step| &step.facts);
            let numbers = facts.filter_map(|fact| if let Fact::Intended { number, .. } = fact { Some(*number) } else { None });
            let Some(last) = numbers.max() else { continue };
            match before.last_mut() {
                Some((upto, incarnation)) if *incarnation == commit.incarnation => *upto = last,
                Some(_) | None => before.push((last, commit.incarnation)),
            }
        }
        Ok(before)
    }

    /// Whether an intent was recorded before the backup: a life that was lost may have sent it.
    pub(crate) fn is_from_before(&self, intent: IntentId) -> bool {
        self.restoring.is_some() && intent.incarnation != self.seams.journal.incarnation()
    }

    /// The same intent, as its entity is asked about it: in this store.
    pub(crate) fn as_here(&self, intent: IntentId) -> IntentId {
        if self.restoring.is_none() { intent } else { IntentId { incarnation: self.seams.journal.incarnation(), ..intent } }
    }

    /// Its site was asked for it since this node runs, or knows it when it comes again.
    pub(crate) fn was_asked(&self, intent: IntentId) {
        if let Some(restoring) = &self.restoring {
            restoring.asked.lock().unwrap_or_else(PoisonError::into_inner).insert(intent);
        }
    }

    pub(crate) fn is_asked(&self, intent: IntentId) -> bool {
        let asked = self.restoring.as_ref().map(|restoring| restoring.asked.lock().unwrap_or_else(PoisonError::into_inner));
        asked.is_some_and(|asked| asked.contains(&intent))
    }
}

/// Looks whether a person said that the region was compared, for ever.
pub(crate) async fn watch(node: Arc<Node>) {
    let mut failures = 0;
    while let Some(restoring) = node.restoring.as_ref().filter(|_| node.is_reconciling()) {
        node.seams.clock.sleep(LOOK).await;
        match node.seams.shelf.get(COMPARED).await {
            Ok(Some(_)) => {
                tracing::warn!(region = %node.region, "the restored region was compared; from now on things go out again");
                restoring.reconciling.send_replace(false);
            }
            Ok(None) => failures = 0,
            Err(error) => {
                failures += 1;
                tracing::debug!(%error, "it cannot be seen just now whether the region was compared");
                node.seams.clock.sleep(node.settings.pause(failures, 0)).await;
            }
        }
    }
    std::future::pending::<()>().await;
}
