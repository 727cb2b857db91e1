//! Timers on disk, and the bell that moves those whose time has come into their queue.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use redb::ReadableTable as _;
use tokio::sync::oneshot;

use super::Shared;
use super::job::Job;
use super::table::TIMERS;
use crate::Error;
use crate::seam::{Timer, Timers};

/// Timers moved at once.
const RUNG_MAX: usize = 512;
/// How long the bell waits when the disk does not answer.
const PATIENCE: Duration = Duration::from_secs(1);

#[async_trait]
impl Timers for Shared {
    async fn set(&self, group: Vec<Timer>) -> Result<(), Error> {
        let (reply, answer) = oneshot::channel();
        self.hand_over(Job::Set(group, reply)).await?;
        answer.await.unwrap_or(Err(Error::Stopped))
    }
}

/// Rings until the store is stopped.
pub(super) async fn ring(shared: Arc<Shared>) {
    while shared.jobs().is_some() {
        let now = shared.clock.now();
        let wait = match first_timers(&shared) {
            Err(error) => {
                tracing::error!(%error, "failed to look at the timers");
                Some(PATIENCE)
            }
            Ok(first) => {
                let due: Vec<(i64, String)> = first.iter().filter(|(at, _)| *at <= now.utc_ns()).cloned().collect();
                let next = first.first().map(|(at, _)| Duration::from_nanos(u64::try_from(at - now.utc_ns()).unwrap_or(0)));
                if due.is_empty() {
                    next
                } else {
                    let (reply, answer) = oneshot::channel();
                    let handed = shared.hand_over(Job::Ring(due, reply)).await.is_ok();
                    if handed && answer.await.is_ok() { Some(Duration::ZERO) } else { Some(PATIENCE) }
                }
            }
        };
        match wait {
            Some(Duration::ZERO) => {}
            Some(wait) => {
                tokio::select! {
                    biased;
                    () = shared.timed.notified() => {}
                    () = shared.clock.sleep(wait.max(Duration::from_millis(1))) => {}
                }
            }
            None => shared.timed.notified().await,
        }
    }
}

fn first_timers(shared: &Shared) -> Result<Vec<(i64, String)>, redb::Error> {
    let read = shared.read()?;
    let table = read.open_table(TIMERS)?;
    let mut found = Vec::new();
    for row in table.iter()?.take(RUNG_MAX) {
        let (key, _) = row?;
        let (at, id) = key.value();
        found.push((at, id.to_owned()));
    }
    Ok(found)
}
