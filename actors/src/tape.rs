//! The tape: what a shard's log says, read and decoded once for everybody who follows it. Each follower keeps a cursor of its
//! own; those who go together share a stretch, one that is behind reads for itself and waits for nobody.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use takt_cluster::Error;
use takt_cluster::seam::{Entry, Journal};
use takt_protocol::commit::Commit;
use takt_protocol::id::EntityId;
use takt_protocol::wire::{self, WireError};

/// Stretches of a shard that are kept for those who come a little later, and the commits in them.
const KEPT: usize = 512;
const COMMITS_KEPT: usize = 8_192;

/// Commits of this node, of a shard, that are kept for the follower who will read them in the log.
const FRESH_MAX: usize = 8_192;

/// The longest of them, in bytes of the log: a few that say very much would take all the memory.
const FRESH_BYTES_MAX: usize = 8_192;

/// A commit, and where it stands in its shard's log.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// Its sequence.
    pub sequence: u64,
    /// The commit.
    pub commit: Commit,
}

/// A piece of a shard's log, without gaps. What cannot be decoded is left out, and was said aloud.
#[derive(Clone, Debug)]
pub struct Stretch {
    /// The cursor it begins behind.
    pub after: u64,
    /// The cursor once it is read.
    pub upto: u64,
    /// What was recorded.
    pub commits: Vec<Recorded>,
}

/// Stretches that follow each other.
#[derive(Clone, Debug)]
pub struct Run {
    /// The cursor once they are read.
    pub upto: u64,
    stretches: Vec<Arc<Stretch>>,
}

impl Run {
    /// What was recorded, in order.
    pub fn commits(&self) -> impl Iterator<Item = &Recorded> {
        self.stretches.iter().flat_map(|stretch| &stretch.commits)
    }

    fn take(&mut self, next: Arc<Stretch>) {
        self.upto = next.upto;
        self.stretches.push(next);
    }
}

/// The logs of a region, for followers. Cheap to share.
pub struct Tape {
    journal: Arc<dyn Journal>,
    most: usize,
    reels: Vec<Reel>,
}

/// What is shared about one shard.
#[derive(Default)]
struct Reel {
    recent: Mutex<Recent>,
    reading: tokio::sync::Mutex<()>,
    fresh: Mutex<Fresh>,
}

/// What this node is writing: who follows the log need not decode it again. Some of it will not be found in the log.
#[derive(Default)]
struct Fresh {
    /// Nothing is kept that nobody follows.
    followed: bool,
    /// By entity, in the order of its log.
    commits: BTreeMap<EntityId, VecDeque<Written>>,
    /// In the order in which they were written, with those that are gone from above.
    order: VecDeque<(EntityId, u64)>,
}

/// A commit, and its bytes in the log.
struct Written {
    number: u64,
    bytes: Bytes,
    commit: Commit,
}

#[derive(Default)]
struct Recent {
    stretches: VecDeque<Arc<Stretch>>,
    commits: usize,
    /// The furthest cursor anybody reads behind: whoever is before it need not wait for what comes after it.
    front: u64,
}

impl Tape {
    /// The tape of a journal, read at most `most` commits at a time.
    pub fn new(journal: Arc<dyn Journal>, most: usize) -> Self {
        let reels = (0..journal.shards()).map(|_| Reel::default()).collect();
        Self { journal, most: most.max(1), reels }
    }

    /// What a shard recorded behind `cursor`, for a reader who may stop listening at any moment, as one behind a slow line
    /// does: waits while there is nothing, and holds up nobody.
    pub async fn alone(&self, shard: u16, cursor: u64) -> Result<Arc<Stretch>, Error> {
        let found = self.reels.get(usize::from(shard)).and_then(|reel| reel.recent().find(cursor));
        match found {
            Some(found) => Ok(found),
            None => self.read(shard, cursor, None).await.map(Arc::new),
        }
    }

    /// What a shard recorded behind `cursor`, for the tasks of the region, which never stop: waits while there is nothing, and
    /// shares what it reads.
    pub(crate) async fn after(&self, shard: u16, cursor: u64) -> Result<Arc<Stretch>, Error> {
        let Some(reel) = self.reels.get(usize::from(shard)) else { return self.read(shard, cursor, None).await.map(Arc::new) };
        let (found, behind) = {
            let recent = reel.recent();
            (recent.find(cursor), cursor < recent.front)
        };
        if let Some(found) = found {
            return Ok(found);
        }
        if behind {
            return self.read(shard, cursor, None).await.map(Arc::new);
        }
        reel.fresh().followed = true;
        reel.recent().front = cursor;
        let _one_at_a_time = reel.reading.lock().await;
        let found = reel.recent().find(cursor);
        if let Some(found) = found {
            return Ok(found);
        }
        let stretch = Arc::new(self.read(shard, cursor, Some(reel)).await?);
        reel.recent().keep(Arc::clone(&stretch));
        Ok(stretch)
    }

    /// The same, and all that was just read behind it by others: who works in groups takes what there is.
    pub(crate) async fn all_after(&self, shard: u16, cursor: u64) -> Result<Run, Error> {
        let mut run = Run { upto: cursor, stretches: Vec::new() };
        run.take(self.after(shard, cursor).await?);
        self.gather(shard, &mut run);
        Ok(run)
    }

    /// What [`Self::alone`] gives, and all that was read behind it meanwhile: who pauses between two readings would else fall behind by
    /// a pause for every short stretch.
    pub(crate) async fn all_alone(&self, shard: u16, cursor: u64) -> Result<Run, Error> {
        let mut run = Run { upto: cursor, stretches: Vec::new() };
        run.take(self.alone(shard, cursor).await?);
        self.gather(shard, &mut run);
        Ok(run)
    }

    /// Takes what was just read behind a run, until that is long enough.
    fn gather(&self, shard: u16, run: &mut Run) {
        let Some(reel) = self.reels.get(usize::from(shard)) else { return };
        let recent = reel.recent();
        let mut count = run.commits().count();
        while count < self.most
            && let Some(next) = recent.find(run.upto)
        {
            count += next.commits.len();
            run.take(next);
        }
    }

    /// A commit of this node on its way into the log, and its bytes there.
    pub(crate) fn written(&self, bytes: &Bytes, commit: Commit) {
        if bytes.len() > FRESH_BYTES_MAX {
            return;
        }
        let shard = commit.entity.shard(self.journal.shards());
        if let Some(mut fresh) = self.reels.get(usize::from(shard)).map(Reel::fresh).filter(|fresh| fresh.followed) {
            fresh.keep(bytes.clone(), commit);
        }
    }

    /// Reads a stretch; at the end of the log, where what this node wrote is met.
    async fn read(&self, shard: u16, after: u64, end: Option<&Reel>) -> Result<Stretch, Error> {
        let entries = self.journal.tail(shard, after, self.most).await?;
        let mut stretch = Stretch { after, upto: after, commits: Vec::with_capacity(entries.len()) };
        for entry in entries {
            let ours = end.and_then(|reel| reel.fresh().take(&entry));
            match ours.map_or_else(|| wire::open(&entry.bytes).map(|(commit, _)| commit), Ok) {
                Ok(commit) => stretch.commits.push(Recorded { sequence: entry.sequence, commit }),
                // A newer binary wrote it, and what follows from it would never happen if this node went on behind it. What
                // was read before it goes its way.
                Err(error @ WireError::Newer { .. }) => {
                    let (entity, sequence) = (entry.entity, entry.sequence);
                    tracing::error!(%error, %entity, sequence, "a commit was written by a newer binary: start that one again");
                    if stretch.upto > after {
                        break;
                    }
                    let what = format!("commit {sequence} of {entity} was written by a newer binary: {error}");
                    return Err(Error::Damaged { place: format!("shard {shard}"), what });
                }
                Err(error) => {
                    tracing::error!(%error, entity = %entry.entity, sequence = entry.sequence, "a commit cannot be read: nothing follows from it");
                }
            }
            stretch.upto = entry.sequence;
        }
        Ok(stretch)
    }
}

impl Reel {
    fn recent(&self) -> MutexGuard<'_, Recent> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fresh(&self) -> MutexGuard<'_, Fresh> {
        self.fresh.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Fresh {
    fn keep(&mut self, bytes: Bytes, commit: Commit) {
        let (entity, number) = (commit.entity, commit.number);
        self.order.push_back((entity, number));
        self.commits.entry(entity).or_default().push_back(Written { number, bytes, commit });
        while self.order.len() > FRESH_MAX
            && let Some((oldest, number)) = self.order.pop_front()
        {
            self.forget(oldest, number);
        }
    }

    /// The commit of an entry, if this node wrote just that; those of its entity before it will be met no more.
    fn take(&mut self, entry: &Entry) -> Option<Commit> {
        let written = self.commits.get_mut(&entry.entity)?;
        let at = written.iter().position(|written| written.bytes == entry.bytes)?;
        let taken = written.drain(..=at).next_back().map(|written| written.commit);
        if written.is_empty() {
            self.commits.remove(&entry.entity);
        }
        taken
    }

    fn forget(&mut self, entity: EntityId, upto: u64) {
        if let Some(written) = self.commits.get_mut(&entity) {
            written.retain(|written| written.number > upto);
            if written.is_empty() {
                self.commits.remove(&entity);
            }
        }
    }
}

impl Recent {
    fn find(&self, cursor: u64) -> Option<Arc<Stretch>> {
        // They lie in the order of the log; where two readers crossed, one may not be found, and its reader reads for itself.
        let at = self.stretches.binary_search_by_key(&cursor, |stretch| stretch.after).ok()?;
        self.stretches.get(at).cloned()
    }

    fn keep(&mut self, stretch: Arc<Stretch>) {
        self.front = self.front.max(stretch.upto);
        self.commits += stretch.commits.len();
        self.stretches.push_back(stretch);
        while self.stretches.len() > KEPT || (self.commits > COMMITS_KEPT && self.stretches.len() > 1) {
            let gone = self.stretches.pop_front();
            self.commits -= gone.map_or(0, |gone| gone.commits.len());
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
