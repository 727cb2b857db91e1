//! What a backup says of itself: of which store it is, from when, and what each of its parts must hold. Written last, so that a backup
//! without it is none.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context as _, bail};
use serde::{Deserialize, Serialize};
use takt_protocol::envelope::RawRef;
use takt_protocol::id::EntityId;
use takt_protocol::name::Region;

use super::part::Sum;

/// The file.
pub(super) const FILE: &str = "manifest.json";
/// The format that this binary writes and reads.
const FORMAT: u32 = 1;

/// The parts, each a file: the commits of every entity, what waits, dead letters, raw payloads.
pub(super) const LOG: &str = "log";
pub(super) const QUEUES: &str = "queues";
pub(super) const DEAD: &str = "dead-letters";
pub(super) const RAW: &str = "raw";
pub(super) const PARTS: [&str; 4] = [LOG, QUEUES, DEAD, RAW];

/// The last commit of each entity, by its hash.
pub(super) type Heads = BTreeMap<EntityId, RawRef>;

/// How far a follower of a shard's log was, by the numbers of the store that was backed up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Place {
    pub(super) follower: String,
    pub(super) shard: u16,
    pub(super) at: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Manifest {
    pub(super) format: u32,
    pub(super) region: Region,
    pub(super) taken_at: String,
    /// Of the store, in hexadecimal digits.
    pub(super) incarnation: String,
    pub(super) shards: u16,
    pub(super) entities: u64,
    /// The hash over the last commit of every entity.
    pub(super) heads: RawRef,
    /// Payloads that were named and not there any more.
    pub(super) raw_gone: u64,
    pub(super) places: Vec<Place>,
    pub(super) parts: BTreeMap<String, Sum>,
}

impl Manifest {
    pub(super) fn new(region: Region, taken_at: String, incarnation: u64, shards: u16) -> Self {
        Self {
            format: FORMAT,
            region,
            taken_at,
            incarnation: format!("{incarnation:x}"),
            shards,
            entities: 0,
            heads: RawRef::from_bytes([0; 32]),
            raw_gone: 0,
            places: Vec::new(),
            parts: BTreeMap::new(),
        }
    }

    pub(super) fn write(&self, dir: &Path) -> anyhow::Result<()> {
        let (path, aside) = (dir.join(FILE), dir.join(format!("{FILE}.new")));
        let write = || -> std::io::Result<()> {
            let mut file = File::create(&aside)?;
            file.write_all(&serde_json::to_vec_pretty(self)?)?;
            file.sync_all()?;
            fs::rename(&aside, &path)?;
            File::open(dir)?.sync_all()
        };
        write().with_context(|| format!("cannot write {}", path.display()))
    }

    pub(super) fn read(dir: &Path, region: Region) -> anyhow::Result<Self> {
        let path = dir.join(FILE);
        let text = fs::read(&path)
            .with_context(|| format!("{} cannot be read: name the folder of a backup that came to its end", path.display()))?;
        let found: Self = serde_json::from_slice(&text).with_context(|| format!("{} is no manifest of a backup", path.display()))?;
        if found.format != FORMAT {
            bail!("it is of format {}, and this binary reads format {FORMAT}: use the version of Takt that wrote it", found.format);
        }
        if found.region != region {
            bail!("it is of region {}, not of {region}: name the folder above the one of the region", found.region);
        }
        Ok(found)
    }

    /// What is in it, for a person.
    pub(super) fn line(&self, done: &str) -> String {
        let records = |part: &str| self.parts.get(part).map_or(0, |sum| sum.records);
        format!(
            "region {} as of {}: {} commits of {} entities, {} messages that wait, {} dead letters, {} raw payloads; {done}",
            self.region,
            self.taken_at,
            records(LOG),
            self.entities,
            records(QUEUES),
            records(DEAD),
            records(RAW)
        )
    }
}

/// The hash over all heads, in the order of the entities.
pub(super) fn digest(heads: &Heads) -> RawRef {
    let step = |sum: RawRef, (entity, head): (&EntityId, &RawRef)| {
        RawRef::of(&[sum.bytes().as_slice(), entity.to_string().as_bytes(), head.bytes().as_slice()].concat())
    };
    heads.iter().fold(RawRef::from_bytes([0; 32]), step)
}
