//! The names of queues in a backup.

use takt_cluster::seam::QueueName;
use takt_protocol::name::{Region, SiteId};

/// A queue's name.
pub(super) fn written(queue: QueueName) -> String {
    match queue {
        QueueName::In { shard } => format!("in/{shard}"),
        QueueName::Due { shard } => format!("due/{shard}"),
        QueueName::Out { site, tier } => format!("out/{site}/{tier}"),
        QueueName::Fwd { region, urgent } => format!("fwd/{region}/{}", if urgent { "urgent" } else { "normal" }),
    }
}

/// The queue of a name.
pub(super) fn read(name: &[u8]) -> Option<QueueName> {
    let parts: Vec<&str> = std::str::from_utf8(name).ok()?.split('/').collect();
    match parts.as_slice() {
        ["in", shard] => Some(QueueName::In { shard: shard.parse().ok()? }),
        ["due", shard] => Some(QueueName::Due { shard: shard.parse().ok()? }),
        ["out", site, tier] => Some(QueueName::Out { site: SiteId::parse(site).ok()?, tier: tier.parse().ok()? }),
        ["fwd", region, urgent] => Some(QueueName::Fwd { region: Region::parse(region).ok()?, urgent: *urgent == "urgent" }),
        _ => None,
    }
}
