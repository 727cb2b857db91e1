//! Where a region's servers are, and how much of everything at once.

use std::path::PathBuf;
use std::time::Duration;

use takt_protocol::name::Region;
use takt_protocol::wire::MAIL_BYTES_MAX;

use super::api::{INTERFACE, INTERFACE_BY_LEAF};

/// How a region on JetStream is reached and bounded.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The region whose entities it keeps.
    pub region: Region,
    /// Shards of the log; fixed when the log is made.
    pub shards: u16,
    /// The servers, such as `nats://10.0.0.1:4222`; any of them leads to all.
    pub servers: Vec<String>,
    /// That they are reached through a leaf node, which is what `servers` names.
    pub by_leaf: bool,
    /// User and password, where the servers ask for them.
    pub login: Option<(String, String)>,
    /// A token, where the servers ask for one instead.
    pub token: Option<String>,
    /// Certificates of those who may vouch for the servers, beside the machine's own; makes TLS a must.
    pub root_certificates: Option<PathBuf>,
    /// The monitoring address of each server, such as `10.0.0.1:8222`; asked at start whether what it keeps is safe.
    pub monitors: Vec<String>,
    /// What is promised about what was acknowledged.
    pub durability: Durability,
    /// How long one request to the servers may take.
    pub patience: Duration,
    /// How long the start waits for servers that are not ready.
    pub start_patience: Duration,
    /// How long an append is tried before its outcome is `Unknown`.
    pub append_patience: Duration,
    /// How long an acknowledgement of an append is awaited before the log is looked at.
    pub reply_patience: Duration,
    /// Between two signs of life of a connection; two that stay without an answer end it.
    pub ping: Duration,
    /// From so many appends under way on they go in batches.
    pub batch_from: usize,
    /// The most appends of a batch.
    pub batch_max: usize,
    /// Batches under way at once.
    pub batch_depth: usize,
    /// Groups of appends that wait for the committer before callers have to wait.
    pub waiting_max: usize,
    /// Messages of a queue handed out at once, over all nodes.
    pub handed_max: u32,
    /// A node that says nothing for so long has lost what it was handed.
    pub silence: Duration,
    /// How long public events are kept for those who come later.
    pub events_kept: Duration,
    /// How long raw payloads are kept; for ever when `None`.
    pub raw_kept: Option<Duration>,
}

/// What is promised about what was acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// It is on the disks of most of three servers when it is acknowledged. A node that cannot see that it is so does not start.
    Durable {
        /// Copies of everything: 3 or 5.
        copies: u8,
    },
    /// As good as the servers are: for development. One copy, and no question asked.
    Relaxed,
}

impl Settings {
    /// What suits three servers in one place.
    pub fn of(region: Region, servers: Vec<String>) -> Self {
        Self {
            region,
            shards: 16,
            servers,
            by_leaf: false,
            login: None,
            token: None,
            root_certificates: None,
            monitors: Vec::new(),
            durability: Durability::Durable { copies: 3 },
            patience: Duration::from_secs(5),
            start_patience: Duration::from_secs(30),
            append_patience: Duration::from_secs(15),
            reply_patience: Duration::from_secs(2),
            ping: Duration::from_secs(2),
            batch_from: 16,
            batch_max: 512,
            batch_depth: 1,
            waiting_max: 4_096,
            handed_max: 4_096,
            silence: Duration::from_secs(10),
            events_kept: Duration::from_hours(7 * 24),
            raw_kept: None,
        }
    }

    /// What JetStream's interface is called from here.
    pub(super) fn interface(&self) -> &'static str {
        if self.by_leaf { INTERFACE_BY_LEAF } else { INTERFACE }
    }

    /// Copies of each stream.
    pub(super) fn copies(&self) -> u8 {
        match self.durability {
            Durability::Durable { copies } => copies,
            Durability::Relaxed => 1,
        }
    }

    /// What contradicts itself, as sentences.
    pub(super) fn nonsense(&self) -> Vec<String> {
        let mut found = Vec::new();
        if self.servers.is_empty() {
            found.push("no server is named: name at least one, such as `nats://10.0.0.1:4222`".to_owned());
        }
        if self.shards == 0 {
            found.push("a log has at least 1 shard".to_owned());
        }
        if let Durability::Durable { copies } = self.durability
            && copies != 3
            && copies != 5
        {
            found.push(format!(
                "{copies} copies outlive no server: set 3 or 5, or say `durability: relaxed` where nothing may be lost that matters"
            ));
        }
        for (name, number) in [("batch_max", self.batch_max), ("batch_depth", self.batch_depth), ("waiting_max", self.waiting_max)] {
            if number == 0 {
                found.push(format!("`{name}` is 0, so nothing would ever be written: set at least 1"));
            }
        }
        if self.batch_max > 1_000 {
            found.push(format!("`batch_max` is {}, and the servers take at most 1000 messages in a batch", self.batch_max));
        }
        if self.silence < Duration::from_secs(1) {
            found.push("`silence` is below a second, so work would be handed out twice whenever a node is slow".to_owned());
        }
        found
    }
}

/// The largest message the servers must take: the largest mail, and its headers (`decisions/0004`).
pub const PAYLOAD_BYTES_MIN: usize = MAIL_BYTES_MAX + (64 << 10);
