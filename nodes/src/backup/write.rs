//! Writes a region into a folder, also beside nodes that run it. The order matters: what followers have done is read first, then what
//! waits, then the log. So whatever was handed on before stands in the queues or in the log, and what waits twice is known by its key.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context as _, bail};
use bytes::Bytes;
use takt_actors::restored;
use takt_cluster::seam::{QueueName, Seams};
use takt_protocol::commit::{Commit, GENESIS};
use takt_protocol::envelope::RawRef;
use takt_protocol::name::{Region, SiteId};
use takt_protocol::wire;

use super::manifest::{self, DEAD, Heads, LOG, Manifest, Place, QUEUES, RAW};
use super::part::Writer;
use super::queues;

/// Messages read at once.
const PAGE: usize = 512;
/// Dead letters of a queue; more are not looked at.
const DEAD_MAX: usize = 100_000;

/// Writes one region into a folder that is not there yet, or empty.
pub(super) async fn region(seams: &Seams, region: Region, readers: &[SiteId], dir: &Path) -> anyhow::Result<Manifest> {
    let empty = std::fs::read_dir(dir).map_or(true, |mut listed| listed.next().is_none());
    if !empty {
        bail!("{} is not empty: name a folder that is not there yet", dir.display());
    }
    std::fs::create_dir_all(dir).with_context(|| format!("cannot make {}", dir.display()))?;
    // Half a store is none.
    restored::standing(seams).await?;
    let journal = &seams.journal;
    let mut made = Manifest::new(region, seams.clock.now().to_string(), journal.incarnation(), journal.shards());
    for follower in restored::followers(readers) {
        for shard in 0..journal.shards() {
            let at = restored::place(seams, &follower, shard).await?;
            made.places.push(Place { follower: follower.clone(), shard, at });
        }
    }
    let mut raw = BTreeSet::new();
    waiting(seams, dir, &mut made, &mut raw).await?;
    log(seams, dir, &mut made, &mut raw).await?;
    payloads(seams, dir, &mut made, raw).await?;
    made.write(dir)?;
    Ok(made)
}

async fn waiting(seams: &Seams, dir: &Path, made: &mut Manifest, raw: &mut BTreeSet<RawRef>) -> anyhow::Result<()> {
    let (mut all, mut dead) = (Writer::create(&dir.join(QUEUES))?, Writer::create(&dir.join(DEAD))?);
    for queue in seams.queue.names().await? {
        let (name, mut after) = (queues::written(queue), 0);
        loop {
            let page = seams.queue.list(queue, after, PAGE).await?;
            let Some((last, ..)) = page.last() else { break };
            after = *last;
            for (_, id, bytes) in page {
                raw.extend(named(queue, &bytes));
                all.put(&[name.as_bytes(), id.as_bytes(), &bytes])?;
            }
        }
    }
    for queue in seams.queue.graves().await? {
        let name = queues::written(queue);
        for (id, reason, bytes) in seams.queue.buried(queue, DEAD_MAX).await? {
            raw.extend(named(queue, &bytes));
            dead.put(&[name.as_bytes(), id.as_bytes(), reason.as_bytes(), &bytes])?;
        }
    }
    made.parts.insert(QUEUES.to_owned(), all.end()?);
    made.parts.insert(DEAD.to_owned(), dead.end()?);
    Ok(())
}

/// The payload that an input in a queue came from.
fn named(queue: QueueName, bytes: &Bytes) -> Option<RawRef> {
    match queue {
        QueueName::Out { .. } => None,
        QueueName::In { .. } | QueueName::Due { .. } | QueueName::Fwd { .. } => {
            wire::unpack(bytes).ok()?.envelope.origin.map(|origin| origin.raw)
        }
    }
}

async fn log(seams: &Seams, dir: &Path, made: &mut Manifest, raw: &mut BTreeSet<RawRef>) -> anyhow::Result<()> {
    let (journal, mut heads) = (&seams.journal, Heads::new());
    let mut part = Writer::create(&dir.join(LOG))?;
    // One moment for all shards, where their numbers are those of one log.
    let mut cut = 0;
    for shard in 0..journal.shards() {
        cut = journal.head(shard).await?.max(cut);
    }
    for shard in 0..journal.shards() {
        let (mut after, end) = (0, journal.head(shard).await?.min(cut));
        while after < end {
            for entry in journal.tail(shard, after, PAGE).await? {
                after = entry.sequence;
                // What stands behind the cut may come in one page with the rest.
                if after > end {
                    break;
                }
                let commit = followed(&mut heads, &entry.bytes)?;
                let along: BTreeSet<RawRef> = commit.raw().map(|(hash, _)| *hash).collect();
                let origins = commit.steps.iter().filter_map(|step| step.origin.as_ref()).map(|origin| origin.raw);
                raw.extend(origins.filter(|hash| !along.contains(hash)));
                part.put(&[&entry.sequence.to_be_bytes(), &shard.to_be_bytes(), &entry.bytes])?;
            }
        }
    }
    (made.entities, made.heads) = (heads.len() as u64, manifest::digest(&heads));
    made.parts.insert(LOG.to_owned(), part.end()?);
    Ok(())
}

/// The commit, which has to follow the one before of its entity.
pub(super) fn followed(heads: &mut Heads, bytes: &[u8]) -> anyhow::Result<Commit> {
    let (commit, hash) = wire::open(bytes).context("a commit cannot be read")?;
    let before = heads.insert(commit.entity, hash).unwrap_or(RawRef::from_bytes(GENESIS));
    if commit.previous != before {
        bail!("the log of {} has a hole or a fork at commit {}", commit.entity, commit.number);
    }
    Ok(commit)
}

async fn payloads(seams: &Seams, dir: &Path, made: &mut Manifest, raw: BTreeSet<RawRef>) -> anyhow::Result<()> {
    let mut part = Writer::create(&dir.join(RAW))?;
    for hash in raw {
        match seams.blobs.get(&hash).await? {
            Some(payload) => part.put(&[&payload])?,
            None => made.raw_gone += 1,
        }
    }
    made.parts.insert(RAW.to_owned(), part.end()?);
    Ok(())
}
