//! Restores a region from a folder: everything is verified before anything is written, and what was written is read back and compared.
//! A store in which this did not come to its end is marked, and nobody starts on it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, bail};
use bytes::Bytes;
use takt_actors::restored;
use takt_cluster::seam::{Append, Appended, Message, Seams, Timer};
use takt_protocol::id::EntityId;
use takt_protocol::name::Region;

use super::manifest::{self, DEAD, Heads, LOG, Manifest, PARTS, Place, QUEUES, RAW};
use super::part::Reader;
use super::queues;
use super::write::followed;

/// Written at once, at most.
const GROUP: usize = 512;
const GROUP_BYTES: usize = 4 << 20;
/// How often a group is sent again of which nobody knows whether it was written.
const TRIES: usize = 10;
/// For how long a dead letter is ours while it is laid down again.
const LEASE: Duration = Duration::from_mins(1);

/// The manifest of a backup of which every part is as it was written, and every chain whole.
pub(super) fn verified(dir: &Path, region: Region) -> anyhow::Result<Manifest> {
    let found = Manifest::read(dir, region)?;
    for part in PARTS {
        let mut reader = Reader::open(&dir.join(part))?;
        let mut heads = Heads::new();
        match part {
            LOG => {
                while let Some([_, _, bytes]) = reader.next::<3>()? {
                    followed(&mut heads, &bytes)?;
                }
                if manifest::digest(&heads) != found.heads {
                    bail!("the last commits of its log are not those that it was written with: use another backup");
                }
            }
            DEAD => while reader.next::<4>()?.is_some() {},
            RAW => while reader.next::<1>()?.is_some() {},
            _ => while reader.next::<3>()?.is_some() {},
        }
        if found.parts.get(part) != Some(&reader.sum()) {
            bail!("{} is not as it was written: use another backup", dir.join(part).display());
        }
    }
    Ok(found)
}

/// Writes it into a store, which has to be empty.
pub(super) async fn into(seams: &Seams, dir: &Path, whole: &Manifest) -> anyhow::Result<()> {
    is_empty(seams, whole).await?;
    restored::begin(seams).await?;
    raw(seams, dir).await?;
    let places = log(seams, dir, whole).await?;
    dead(seams, dir).await?;
    waiting(seams, dir).await?;
    for place in &places {
        restored::put_place(seams, &place.follower, place.shard, place.at).await?;
    }
    if manifest::digest(&read_back(seams).await?) != whole.heads {
        bail!("what was written does not read as the backup does: delete it, and restore again");
    }
    restored::end(seams).await?;
    // Durable, and with it what was put on the shelf before it.
    seams.blobs.keep(vec![Bytes::from(serde_json::to_vec(whole)?)]).await?;
    Ok(())
}

async fn is_empty(seams: &Seams, whole: &Manifest) -> anyhow::Result<()> {
    let journal = &seams.journal;
    restored::standing(seams).await?;
    if journal.shards() != whole.shards {
        bail!("the backup has {} shards and the store {}: set `shards: {}` in regions.yaml", whole.shards, journal.shards(), whole.shards);
    }
    let mut is_used = !seams.queue.names().await?.is_empty() || !seams.queue.graves().await?.is_empty();
    for shard in 0..journal.shards() {
        is_used |= journal.head(shard).await? > 0;
    }
    if is_used {
        bail!("there is a region already: restore into an empty place (another --data, or servers without its streams), and keep this one");
    }
    Ok(())
}

async fn raw(seams: &Seams, dir: &Path) -> anyhow::Result<()> {
    let mut reader = Reader::open(&dir.join(RAW))?;
    let (mut group, mut bytes) = (Vec::new(), 0);
    while let Some([payload]) = reader.next::<1>()? {
        bytes += payload.len();
        group.push(Bytes::from(payload));
        if group.len() >= GROUP || bytes >= GROUP_BYTES {
            seams.blobs.keep(std::mem::take(&mut group)).await?;
            bytes = 0;
        }
    }
    if !group.is_empty() {
        seams.blobs.keep(group).await?;
    }
    Ok(())
}

/// What is appended next, each entity once: the fence of its next commit is what comes of this one.
#[derive(Default)]
struct Group {
    appends: Vec<Append>,
    /// Shard and number in the store that was backed up.
    from: Vec<(u16, u64)>,
    entities: BTreeSet<EntityId>,
    bytes: usize,
}

/// The log, and the places of its followers by the numbers it has now.
async fn log(seams: &Seams, dir: &Path, whole: &Manifest) -> anyhow::Result<Vec<Place>> {
    let mut reader = Reader::open(&dir.join(LOG))?;
    let (mut last, mut heads, mut group): (BTreeMap<EntityId, u64>, _, _) = (BTreeMap::new(), Heads::new(), Group::default());
    let (mut numbers, mut timers): (Vec<(u16, u64, u64)>, Vec<Timer>) = (Vec::new(), Vec::new());
    while let Some([number, shard, bytes]) = reader.next::<3>()? {
        let commit = followed(&mut heads, &bytes)?;
        timers.extend(restored::timers(&commit, whole.shards));
        if group.entities.contains(&commit.entity) || group.appends.len() >= GROUP || group.bytes >= GROUP_BYTES {
            write(seams, std::mem::take(&mut group), &mut last, &mut numbers).await?;
        }
        let number = u64::from_be_bytes(number.try_into().map_err(|_| anyhow::anyhow!("a record of the log has no number"))?);
        let shard = u16::from_be_bytes(shard.try_into().map_err(|_| anyhow::anyhow!("a record of the log has no shard"))?);
        group.bytes += bytes.len();
        group.entities.insert(commit.entity);
        group.from.push((shard, number));
        let after = last.get(&commit.entity).copied().unwrap_or(0);
        group.appends.push(Append { entity: commit.entity, after, bytes: Bytes::from(bytes) });
    }
    write(seams, group, &mut last, &mut numbers).await?;
    for group in timers.chunks(GROUP) {
        seams.timers.set(group.to_vec()).await?;
    }
    Ok(whole.places.iter().map(|place| Place { at: now_at(place, &numbers), ..place.clone() }).collect())
}

/// Where a follower goes on: just before the first of what it had not done.
fn now_at(place: &Place, numbers: &[(u16, u64, u64)]) -> u64 {
    let of = || numbers.iter().filter(|(shard, ..)| *shard == place.shard);
    let to_do = of().filter(|(_, before, _)| *before > place.at).map(|(.., now)| *now).min();
    to_do.map_or_else(|| of().map(|(.., now)| *now).max().unwrap_or(0), |first| first.saturating_sub(1))
}

async fn write(seams: &Seams, group: Group, last: &mut BTreeMap<EntityId, u64>, numbers: &mut Vec<(u16, u64, u64)>) -> anyhow::Result<()> {
    let mut open: Vec<(Append, (u16, u64))> = group.appends.into_iter().zip(group.from).collect();
    for _ in 0..TRIES {
        if open.is_empty() {
            return Ok(());
        }
        let outcomes = seams.journal.append(open.iter().map(|(append, _)| append.clone()).collect()).await;
        let mut unknown = Vec::new();
        for ((append, (shard, number)), outcome) in open.into_iter().zip(outcomes) {
            match outcome {
                Appended::Committed { sequence } => {
                    last.insert(append.entity, sequence);
                    numbers.push((shard, number, sequence));
                }
                Appended::Conflict { .. } => bail!("somebody else writes into the store: stop every node of the region, and restore again"),
                Appended::Unknown => unknown.push((append, (shard, number))),
            }
        }
        open = unknown;
    }
    if open.is_empty() { Ok(()) } else { bail!("the store does not say whether it has written: delete what is there, and restore again") }
}

/// Dead letters first, while nothing else is in their queues.
async fn dead(seams: &Seams, dir: &Path) -> anyhow::Result<()> {
    let mut reader = Reader::open(&dir.join(DEAD))?;
    while let Some([queue, id, reason, bytes]) = reader.next::<4>()? {
        let queue = queues::read(&queue).context("a dead letter is of no queue that this binary knows")?;
        seams.queue.publish(vec![Message { queue, id: text(id)?, bytes: Bytes::from(bytes) }]).await?;
        for delivery in seams.queue.pull(queue, 1, LEASE).await? {
            seams.queue.bury(delivery.receipt, text(reason.clone())?).await?;
        }
    }
    Ok(())
}

async fn waiting(seams: &Seams, dir: &Path) -> anyhow::Result<()> {
    let mut reader = Reader::open(&dir.join(QUEUES))?;
    let (mut group, mut size) = (Vec::new(), 0);
    while let Some([queue, id, bytes]) = reader.next::<3>()? {
        let queue = queues::read(&queue).context("a message is of no queue that this binary knows")?;
        size += bytes.len();
        group.push(Message { queue, id: text(id)?, bytes: Bytes::from(bytes) });
        if group.len() >= GROUP || size >= GROUP_BYTES {
            seams.queue.publish(std::mem::take(&mut group)).await?;
            size = 0;
        }
    }
    if group.is_empty() { Ok(()) } else { Ok(seams.queue.publish(group).await?) }
}

fn text(bytes: Vec<u8>) -> anyhow::Result<String> {
    String::from_utf8(bytes).context("an id or a reason is no text")
}

/// The last commits of what is there now.
async fn read_back(seams: &Seams) -> anyhow::Result<Heads> {
    let mut heads = Heads::new();
    for shard in 0..seams.journal.shards() {
        let (mut after, end) = (0, seams.journal.head(shard).await?);
        while after < end {
            for entry in seams.journal.tail(shard, after, GROUP).await? {
                after = entry.sequence;
                followed(&mut heads, &entry.bytes)?;
            }
        }
    }
    Ok(heads)
}
