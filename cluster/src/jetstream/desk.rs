//! What this node was handed out of the queues: until when it may keep each message, and where to answer. Here the lease of a
//! reader meets the servers' own: while it runs they hear signs of life, when it ends they hear that the message is free, and
//! when the node is gone they hear nothing and hand it to another.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_nats::HeaderMap;
use bytes::Bytes;
use tokio::sync::Notify;

use super::api::Api;
use crate::seam::{QueueName, Receipt};

/// What is said to the servers about a message.
pub(super) const DONE: &[u8] = b"+ACK";
const STILL: &[u8] = b"+WPI";
const FREE: &[u8] = b"-NAK";

/// The messages of this node.
pub(super) struct Desk {
    api: Api,
    /// Between two signs of life.
    sign: Duration,
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Default)]
struct State {
    handed: BTreeMap<Receipt, Handed>,
    /// What is to be said next, by when.
    due: BTreeSet<(Duration, Receipt)>,
}

/// A message as it came.
pub(super) struct Laid {
    /// Where to answer.
    pub(super) answer: String,
    pub(super) id: String,
    pub(super) bytes: Bytes,
}

struct Handed {
    laid: Laid,
    until: Duration,
    due: Duration,
    /// Whether its reader may still answer.
    open: bool,
}

impl Desk {
    /// A desk whose servers take a message back after `silence`.
    pub(super) fn new(api: Api, silence: Duration) -> Self {
        Self { api, sign: silence / 3, state: Mutex::default(), changed: Notify::new() }
    }

    /// A message came; it is kept for a reader until then. An earlier delivery of it is void.
    pub(super) fn lay(&self, receipt: Receipt, laid: Laid, until: Duration) {
        let due = until.min(self.api.clock.elapsed() + self.sign);
        let mut state = self.state();
        let earlier: Vec<Receipt> =
            state.handed.range(Receipt { delivery: 0, ..receipt }..Receipt { ..receipt }).map(|(earlier, _)| *earlier).collect();
        for earlier in earlier {
            state.forget(&earlier);
        }
        state.due.insert((due, receipt));
        state.handed.insert(receipt, Handed { laid, until, due, open: true });
        drop(state);
        self.changed.notify_one();
    }

    /// A reader takes it until then; `false` when it is no longer here.
    pub(super) fn hand(&self, receipt: Receipt, until: Duration) -> bool {
        self.set(receipt, until, true)
    }

    /// The reader does not want it before then.
    pub(super) fn put_back(&self, receipt: Receipt, until: Duration) -> bool {
        self.set(receipt, until, false)
    }

    /// Nobody here reads that queue any more: what was handed out of it is free at once, and counts as over for whoever still
    /// has it here. What its reader put back for a while stays put back.
    pub(super) fn give_back(&self, queue: QueueName) {
        let open: Vec<Receipt> = self
            .state()
            .handed
            .iter()
            .filter(|(receipt, handed)| receipt.queue == queue && handed.open)
            .map(|(receipt, _)| *receipt)
            .collect();
        for receipt in open {
            self.put_back(receipt, Duration::ZERO);
        }
    }

    fn set(&self, receipt: Receipt, until: Duration, open: bool) -> bool {
        let due = until.min(self.api.clock.elapsed() + self.sign);
        let mut state = self.state();
        let Some(handed) = state.handed.get_mut(&receipt).filter(|handed| handed.open) else { return false };
        let was = std::mem::replace(&mut handed.due, due);
        (handed.until, handed.open) = (until, open);
        state.due.remove(&(was, receipt));
        state.due.insert((due, receipt));
        drop(state);
        self.changed.notify_one();
        true
    }

    /// The reader is done with it: the message, or `None` when that delivery no longer counts.
    pub(super) fn take(&self, receipt: Receipt) -> Option<Laid> {
        let mut state = self.state();
        state.handed.get(&receipt).filter(|handed| handed.open)?;
        state.forget(&receipt).map(|handed| handed.laid)
    }

    /// Says what is due, for ever.
    pub(super) async fn run(self: Arc<Self>) {
        loop {
            let changed = self.changed.notified();
            let now = self.api.clock.elapsed();
            let words = self.state().say(now, self.sign);
            for (answer, word) in words {
                // What is not heard is said by silence: the servers take the message back.
                if self.api.tell(answer, HeaderMap::new(), Bytes::from_static(word)).await.is_err() {
                    tracing::debug!("a sign of life for a message did not go out");
                }
            }
            let next = self.state().due.first().map(|(at, _)| *at);
            match next {
                Some(at) => tokio::select! {
                    biased;
                    () = changed => {}
                    () = self.api.clock.sleep(at.saturating_sub(self.api.clock.elapsed()).max(Duration::from_millis(1))) => {}
                },
                None => changed.await,
            }
        }
    }

    /// Everything is free again: the node ends.
    pub(super) async fn give_all_back(&self) {
        let handed = std::mem::take(&mut *self.state()).handed;
        for handed in handed.into_values() {
            if self.api.tell(handed.laid.answer, HeaderMap::new(), Bytes::from_static(FREE)).await.is_err() {
                return;
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn forget(&mut self, receipt: &Receipt) -> Option<Handed> {
        let handed = self.handed.remove(receipt)?;
        self.due.remove(&(handed.due, *receipt));
        Some(handed)
    }

    /// What is due by now: leases that ended are given back, the others live on.
    fn say(&mut self, now: Duration, sign: Duration) -> Vec<(String, &'static [u8])> {
        let mut words = Vec::new();
        while let Some((_, receipt)) = self.due.first().copied().filter(|(at, _)| *at <= now) {
            let Some(mut handed) = self.forget(&receipt) else { break };
            if handed.until <= now {
                words.push((handed.laid.answer, FREE));
                continue;
            }
            words.push((handed.laid.answer.clone(), STILL));
            handed.due = handed.until.min(now + sign);
            self.due.insert((handed.due, receipt));
            self.handed.insert(receipt, handed);
        }
        words
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIGN: Duration = Duration::from_secs(3);

    fn receipt(sequence: u64, delivery: u32) -> Receipt {
        Receipt { queue: QueueName::In { shard: 0 }, sequence, delivery }
    }

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn laid(until: Duration) -> State {
        let mut state = State::default();
        let due = until.min(SIGN);
        state.due.insert((due, receipt(1, 1)));
        let laid = Laid { answer: "a".to_owned(), id: String::new(), bytes: Bytes::new() };
        state.handed.insert(receipt(1, 1), Handed { laid, until, due, open: true });
        state
    }

    #[test]
    fn a_long_lease_is_kept_by_signs_of_life_and_given_back_at_its_end() {
        let mut state = laid(seconds(7));
        let said: Vec<_> =
            (0..=8).map(|second| state.say(seconds(second), SIGN).into_iter().map(|(_, word)| word).collect::<Vec<_>>()).collect();
        let words: Vec<&[u8]> = said.concat();
        assert_eq!(words, [STILL, STILL, FREE]);
        assert!(said[3] == [STILL] && said[6] == [STILL] && said[7] == [FREE], "{said:?}");
        assert!(state.handed.is_empty() && state.due.is_empty());
    }

    #[test]
    fn what_was_answered_is_said_no_more() {
        let mut state = laid(seconds(7));
        assert!(state.forget(&receipt(1, 1)).is_some());
        assert_eq!(state.say(seconds(9), SIGN), []);
    }
}
