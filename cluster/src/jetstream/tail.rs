//! The tail of a shard: an ephemeral consumer that hands out the log in order from a cursor, and keeps no memory of its own on
//! any disk. The cursors are ours; a reader that goes on where it was goes on with the same consumer, and one whose messages
//! do not follow each other is thrown away and made anew behind what was shown. Who has caught up reads the river instead (`river`).

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_nats::Message;
use serde_json::{Value, json};
use takt_protocol::subject;

use super::api::Api;
use super::fault::Fault;
use super::line::{Line, Place, nanos};
use super::{Shared, place};
use crate::Error;
use crate::seam::Entry;

/// How long the servers keep a consumer that nobody asks.
const IDLE: Duration = Duration::from_mins(1);
/// Readers of this node that are remembered, over all shards; who is forgotten begins with a new consumer.
const REMEMBERED: usize = 256;
/// Messages that are asked for ahead of who reads them.
const AHEAD: usize = 512;
/// Between two tries when nobody answers.
const PAUSE: Duration = Duration::from_millis(200);

/// The readers of this node, by shard and cursor.
#[derive(Default)]
pub(super) struct Tails {
    idle: Mutex<BTreeMap<(u16, u64), Tail>>,
}

/// A line to a consumer, and the number of its next message.
pub(super) struct Tail {
    line: Line,
    next: u64,
}

impl Tails {
    /// At most `most` messages of a shard behind a cursor; waits while there is none, and gives up when nobody answers.
    pub(super) async fn follow(&self, api: &Api, shared: &Shared, shard: u16, after: u64, most: usize) -> Result<Vec<Entry>, Error> {
        let (began, mut failing_since) = (api.clock.elapsed(), None);
        loop {
            let moves = shared.river.moves();
            if let Some(entries) = shared.river.find(shard, after, most.max(1)) {
                self.idle().remove(&(shard, after));
                if !entries.is_empty() {
                    return Ok(entries);
                }
                let failing = shared.river.failing();
                if failing.is_some_and(|since| api.clock.elapsed() >= since.max(began) + api.patience) {
                    return Err(Error::Unreachable { place: place(&shared.names.log) });
                }
                tokio::select! {
                    biased;
                    () = moves => {}
                    () = api.clock.sleep(api.patience) => {}
                }
                continue;
            }
            match self.once(api, shared, shard, after, most.max(1)).await {
                Ok(Some(entries)) => return Ok(entries),
                Ok(None) => failing_since = None,
                Err(Fault::Silent | Fault::Absent | Fault::NoConsumer) => {
                    let now = api.clock.elapsed();
                    let since = *failing_since.get_or_insert(now);
                    if now >= since + api.patience {
                        return Err(Error::Unreachable { place: place(&shared.names.log) });
                    }
                    api.clock.sleep(PAUSE).await;
                }
                Err(fault) => return Err(fault.error(&place(&shared.names.log))),
            }
        }
    }

    /// One look and one wait; `None` when there was nothing.
    async fn once(&self, api: &Api, shared: &Shared, shard: u16, after: u64, most: usize) -> Result<Option<Vec<Entry>>, Fault> {
        let known = self.idle().remove(&(shard, after));
        let mut tail = if let Some(tail) = known {
            tail
        } else {
            let filter = subject::shard_logs(shared.settings.region, shard);
            begin(api, &shared.names.log, (&format!("tail-{shard}"), &filter), after).await?
        };
        tail.line.ask(api, AHEAD).await?;
        let messages = tail.line.next(api, most).await?;
        let (entries, whole) = tail.in_order(after, messages);
        let cursor = entries.last().map_or(after, |entry| entry.sequence);
        if whole {
            self.remember(shard, cursor, tail);
        }
        Ok((!entries.is_empty()).then_some(entries))
    }

    fn remember(&self, shard: u16, cursor: u64, tail: Tail) {
        let mut idle = self.idle();
        if idle.len() >= REMEMBERED {
            idle.pop_first();
        }
        idle.insert((shard, cursor), tail);
    }

    fn idle(&self) -> MutexGuard<'_, BTreeMap<(u16, u64), Tail>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tail {
    /// What is there, at most so much; the first that comes where that is nothing, and nothing after a while.
    pub(super) async fn gathered(&mut self, api: &Api, most: usize) -> Result<Vec<Message>, Fault> {
        self.line.gather(api, most).await?;
        let mut found = Vec::new();
        while self.line.is_open() {
            found.extend(self.line.next(api, most).await?);
        }
        Ok(found)
    }

    /// The messages as far as they follow each other, and whether all do.
    pub(super) fn in_order(&mut self, after: u64, messages: Vec<Message>) -> (Vec<Entry>, bool) {
        let mut entries: Vec<Entry> = Vec::with_capacity(messages.len());
        for message in messages {
            let Some(place) = Place::of(&message) else { return (entries, false) };
            let cursor = entries.last().map_or(after, |entry| entry.sequence);
            if place.count != self.next || place.sequence <= cursor {
                return (entries, false);
            }
            self.next += 1;
            match subject::parse_log(message.subject.as_str()) {
                Some(entity) => entries.push(Entry { sequence: place.sequence, entity, bytes: message.payload }),
                // Only somebody who writes past Takt makes such a subject; nobody could read on behind a stop.
                None => {
                    tracing::error!(subject = message.subject.as_str(), "a message in the log whose subject is no entity's: passed over");
                }
            }
        }
        (entries, true)
    }
}

/// A tail of what stands in a log on a subject behind a place; what its consumer is called, for who looks at the servers.
pub(super) async fn begin(api: &Api, log: &str, (name, filter): (&str, &str), after: u64) -> Result<Tail, Fault> {
    let consumer = format!("{name}-{:x}", crate::chance::number());
    let config = json!({
        "name": consumer, "filter_subject": filter, "deliver_policy": "by_start_sequence", "opt_start_seq": after.saturating_add(1),
        "ack_policy": "none", "max_deliver": 1, "mem_storage": true, "num_replicas": 1, "inactive_threshold": nanos(IDLE),
    });
    let request = json!({"stream_name": log, "config": config, "action": "create"});
    api.call::<Value>(&format!("CONSUMER.CREATE.{log}.{consumer}.{filter}"), &request).await?;
    Ok(Tail { line: Line::to(api, log, &consumer).await?, next: 1 })
}
