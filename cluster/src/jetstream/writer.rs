//! The writers: what many followers store in one stream at the same time goes together, in as few atomic batches as possible,
//! because a batch is one entry of the servers' own log, and syncs every disk. A writer lingers for more: shortly for mail, on which
//! somebody may wait, and longer for what only has to come some time; and longer where the servers are slow, because commits, for which
//! people wait, come first.

use std::time::Duration;

use futures::future::join_all;
use tokio::sync::{mpsc, oneshot};

use super::api::{Api, BATCH_BYTES_MAX, BATCH_MAX, Item};
use super::fault::Fault;

/// Groups that wait for a writer before callers have to wait.
const WAITING_MAX: usize = 1_024;

/// How long a writer lingers at least and at most: mail is on its way to somebody who waits, timers and events are not.
const MAIL: Linger = Linger { least: Duration::from_millis(2), most: Duration::from_millis(20) };
const REST: Linger = Linger { least: Duration::from_millis(20), most: Duration::from_millis(50) };

/// Between the two, so many times as long as the last write took: where the servers are busy, few writes with much in each.
const RESTS: u32 = 4;

/// How long one gathers before the servers are asked for the next.
#[derive(Clone, Copy)]
pub(super) struct Linger {
    pub(super) least: Duration,
    pub(super) most: Duration,
}

impl Linger {
    /// How long to linger behind a write or a reading that took so long.
    pub(super) fn behind(self, took: Duration) -> Duration {
        took.saturating_mul(RESTS).clamp(self.least, self.most)
    }
}

/// A group, and who stores it.
struct Wish {
    items: Vec<Item>,
    reply: oneshot::Sender<Result<(), Fault>>,
}

/// A writer of one stream.
pub(super) struct Writer {
    wishes: mpsc::Sender<Wish>,
}

/// The writers of a region.
pub(super) struct Writers {
    /// Of queues.
    pub(super) work: Writer,
    /// Of timers, and of what came due.
    pub(super) timer: Writer,
    /// Of public events.
    pub(super) events: Writer,
}

impl Writers {
    /// Writers, and what has to run for each.
    pub(super) fn to(api: &Api) -> (Self, [impl Future<Output = ()> + Send + 'static; 3]) {
        let ((work, a), (timer, b), (events, c)) = (pair(api, MAIL), pair(api, REST), pair(api, REST));
        (Self { work, timer, events }, [a, b, c])
    }
}

fn pair(api: &Api, linger: Linger) -> (Writer, impl Future<Output = ()> + Send + 'static) {
    let (wishes, waiting) = mpsc::channel(WAITING_MAX);
    (Writer { wishes }, run(api.clone(), linger, waiting))
}

impl Writer {
    /// Stores messages in their order. All of a group that fits into a batch, or nothing; after an error it may be there all the same.
    pub(super) async fn store(&self, items: Vec<Item>) -> Result<(), Fault> {
        if items.is_empty() {
            return Ok(());
        }
        let (reply, outcome) = oneshot::channel();
        self.wishes.send(Wish { items, reply }).await.map_err(|_| Fault::Silent)?;
        outcome.await.unwrap_or(Err(Fault::Silent))
    }
}

/// Runs until nobody can wish for anything any more.
async fn run(api: Api, linger: Linger, mut waiting: mpsc::Receiver<Wish>) {
    let mut took = Duration::ZERO;
    while let Some(first) = waiting.recv().await {
        api.clock.sleep(linger.behind(took)).await;
        let (mut count, mut bytes) = size(&first);
        let mut group = vec![first];
        while count < BATCH_MAX && bytes < BATCH_BYTES_MAX {
            let Ok(next) = waiting.try_recv() else { break };
            let (more, long) = size(&next);
            (count, bytes) = (count + more, bytes + long);
            group.push(next);
        }
        let began = api.clock.elapsed();
        store(&api, group).await;
        took = api.clock.elapsed().saturating_sub(began);
    }
}

fn size(wish: &Wish) -> (usize, usize) {
    (wish.items.len(), wish.items.iter().map(|item| item.bytes.len()).sum())
}

async fn store(api: &Api, group: Vec<Wish>) {
    let all = group.iter().flat_map(|wish| wish.items.iter().cloned()).collect();
    let alone = group.len() == 1;
    let done = api.store_all(all).await;
    // What the servers refuse may be one of them only: each stands or falls by itself. What nobody answered, nobody answers again.
    let outcomes = match &done {
        Err(fault) if !alone && *fault != Fault::Silent => join_all(group.iter().map(|wish| api.store_all(wish.items.clone()))).await,
        Ok(()) | Err(_) => vec![done; group.len()],
    };
    for (wish, outcome) in group.into_iter().zip(outcomes) {
        if wish.reply.send(outcome).is_err() {
            tracing::debug!("whoever stored did not wait for the outcome");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_writes_to_slow_servers_lingers_longer_and_not_for_ever() {
        let ms = Duration::from_millis;
        let lingers: Vec<Duration> = [0, 1, 3, 60].into_iter().map(|took| MAIL.behind(ms(took))).collect();
        assert_eq!(lingers, [ms(2), ms(4), ms(12), ms(20)]);
        assert_eq!([0, 9, 60].map(|took| REST.behind(ms(took))), [ms(20), ms(36), ms(50)]);
    }
}
