//! The tables of the file, and the names of queues in it.

use std::path::Path;
use std::sync::Arc;

use redb::{Database, ReadableTable as _, TableDefinition};
use takt_protocol::name::{Region, SiteId};

use super::Embedded;
use crate::Error;
use crate::seam::QueueName;

/// Format, shards, incarnation.
pub(super) const META: TableDefinition<'_, &str, u64> = TableDefinition::new("meta");
/// Chunks of the log by shard and first sequence.
pub(super) const LOG: TableDefinition<'_, (u16, u64), &[u8]> = TableDefinition::new("log");
/// The last sequence of each entity.
pub(super) const LAST: TableDefinition<'_, &[u8], u64> = TableDefinition::new("last");
/// Messages by queue and number: id and bytes.
pub(super) const QUEUE: TableDefinition<'_, (&str, u64), (&str, &[u8])> = TableDefinition::new("queue");
/// The dead-letter box: id, reason and bytes.
pub(super) const BURIED: TableDefinition<'_, (&str, u64), (&str, &str, &[u8])> = TableDefinition::new("buried");
/// Timers by due time (UTC nanoseconds) and id: shard and bytes.
pub(super) const TIMERS: TableDefinition<'_, (i64, &str), (u16, &[u8])> = TableDefinition::new("timers");
/// The due time of each timer.
pub(super) const TIMER_IDS: TableDefinition<'_, &str, i64> = TableDefinition::new("timer ids");
/// Raw payloads by hash.
pub(super) const BLOBS: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("blobs");
/// Snapshots and cursors.
pub(super) const SHELF: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("shelf");

/// An error of the disk.
pub(super) fn disk(attempt: &'static str, place: &Path, source: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::Disk { attempt, place: place.display().to_string(), source: Arc::new(source) }
}

/// Makes the tables of a new file, or checks those of an old one; its incarnation.
pub(super) fn prepare(database: &Database, place: &Path, shards: u16) -> Result<u64, Error> {
    let made = prepared(database, shards).map_err(|error| disk("prepare the store", place, error))?;
    let refuse = |what| Err(Error::Refused { place: place.display().to_string(), what });
    if made.format != Embedded::FORMAT {
        return refuse(format!("it is of format {}, this binary reads format {}", made.format, Embedded::FORMAT));
    }
    if made.shards != u64::from(shards) {
        return refuse(format!("it was made with {} shards and is asked for {shards}: set the number it was made with", made.shards));
    }
    Ok(made.incarnation)
}

struct Made {
    format: u64,
    shards: u64,
    incarnation: u64,
}

fn prepared(database: &Database, shards: u16) -> Result<Made, redb::Error> {
    let write = database.begin_write()?;
    let made = {
        let mut meta = write.open_table(META)?;
        if meta.get("format")?.is_none() {
            meta.insert("format", Embedded::FORMAT)?;
            meta.insert("shards", u64::from(shards))?;
            meta.insert("incarnation", crate::chance::number())?;
        }
        let number = |name| Ok::<u64, redb::Error>(meta.get(name)?.map_or(0, |value| value.value()));
        Made { format: number("format")?, shards: number("shards")?, incarnation: number("incarnation")? }
    };
    write.open_table(LOG)?;
    write.open_table(LAST)?;
    write.open_table(QUEUE)?;
    write.open_table(BURIED)?;
    write.open_table(TIMERS)?;
    write.open_table(TIMER_IDS)?;
    write.open_table(BLOBS)?;
    write.open_table(SHELF)?;
    write.commit()?;
    Ok(made)
}

/// A queue's name in the file.
pub(super) fn queue_key(queue: QueueName) -> String {
    match queue {
        QueueName::In { shard } => format!("in/{shard}"),
        QueueName::Due { shard } => format!("due/{shard}"),
        QueueName::Out { site, tier } => format!("out/{site}/{tier}"),
        QueueName::Fwd { region, urgent } => format!("fwd/{region}/{}", if urgent { "urgent" } else { "normal" }),
    }
}

/// The queue of a name in the file.
pub(super) fn queue_name(key: &str) -> Option<QueueName> {
    let mut parts = key.split('/');
    let (kind, first, second) = (parts.next()?, parts.next()?, parts.next());
    match (kind, second) {
        ("in", None) => Some(QueueName::In { shard: first.parse().ok()? }),
        ("due", None) => Some(QueueName::Due { shard: first.parse().ok()? }),
        ("out", Some(tier)) => Some(QueueName::Out { site: SiteId::parse(first).ok()?, tier: tier.parse().ok()? }),
        ("fwd", Some(urgent)) => Some(QueueName::Fwd { region: Region::parse(first).ok()?, urgent: urgent == "urgent" }),
        _ => None,
    }
}
