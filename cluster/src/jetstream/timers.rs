//! Timers: message schedules of the servers (ADR-51), one subject a timer, so that a second one of an id takes the place of the
//! first. When its time comes the servers themselves put it into the `Due` queue of its shard.

use std::collections::BTreeMap;

use async_trait::async_trait;
use takt_protocol::instant::Instant;
use takt_protocol::subject;

use super::api::{Item, id_header};
use super::{Shared, place};
use crate::Error;
use crate::seam::{Timer, Timers};

#[async_trait]
impl Timers for Shared {
    async fn set(&self, group: Vec<Timer>) -> Result<(), Error> {
        // Of two of one id the later counts, and a batch takes a subject once.
        let latest: BTreeMap<(u16, String), Timer> = group.into_iter().map(|timer| ((timer.shard, timer.id.clone()), timer)).collect();
        let items = latest.into_values().map(|timer| self.schedule(timer)).collect();
        self.writers.timer.store(items).await.map_err(|fault| fault.error(&place(&self.names.timer)))
    }
}

impl Shared {
    fn schedule(&self, timer: Timer) -> Item {
        let region = self.settings.region;
        let mut headers = id_header(&timer.id);
        headers.insert("Nats-Schedule", format!("@at {}", Instant::new(timer.at.utc_ns(), 0)));
        headers.insert("Nats-Schedule-Target", subject::due(region, timer.shard));
        Item { subject: subject::timer(region, timer.shard, &timer.id), headers, bytes: timer.bytes }
    }
}
