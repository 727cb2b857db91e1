//! What a system still has to tell: messages in order, kept until somebody took them.
//!
//! Apart because all systems tell in the same way: at least once, in order within a lane (one order, job, pallet or
//! delivery), with a growing pause after a failure. A refusal (4xx) is counted and tried again slowly, never dropped.
//! Never sends anything: whoever drives the system asks for what is pending and says what became of it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::habits::{Habit, Habits};
use super::moment::Moment;

const FIRST_PAUSE_MS: i64 = 100;
const LONGEST_PAUSE_MS: i64 = 5_000;
const REFUSED_PAUSE_MS: i64 = 2_000;
const HELD_BACK_MS: i64 = 500;

/// One message on its way out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outgoing {
    /// Its place in the outbox; a duplicate has a place of its own.
    pub id: u64,
    /// Within one lane order is kept: the order, job, pallet or delivery it is about.
    pub lane: String,
    /// What it is about, such as `order.released`; also the last part of the address.
    pub topic: String,
    /// The JSON body.
    pub body: String,
}

#[derive(Clone, Debug)]
struct Waiting {
    message: Outgoing,
    not_before: Moment,
    held_back: bool,
    attempts: u32,
}

/// The messages that nobody took yet.
#[derive(Clone, Debug, Default)]
pub struct Outbox {
    waiting: BTreeMap<u64, Waiting>,
    last_id: u64,
    last_number: u64,
}

impl Outbox {
    /// A number for a new message; duplicates of the message keep it.
    pub fn number(&mut self) -> u64 {
        self.last_number += 1;
        self.last_number
    }

    /// Puts a message at the end of its lane, as well or as badly as the habits allow.
    pub fn put(&mut self, now: Moment, habits: &mut Habits, lane: &str, topic: &str, body: &Value) {
        let held_ms = habits.shows(Habit::LateMessage, topic).map(|dose| dose.amount.unwrap_or(HELD_BACK_MS));
        let copies = if habits.takes(Habit::DuplicateMessage, topic).is_some() { 2 } else { 1 };
        for _ in 0..copies {
            self.last_id += 1;
            let (lane, topic) = (lane.to_owned(), topic.to_owned());
            let message = Outgoing { id: self.last_id, lane, topic, body: body.to_string() };
            let not_before = now.plus_ms(held_ms.unwrap_or(0));
            let entry = Waiting { message, not_before, held_back: held_ms.is_some(), attempts: 0 };
            self.waiting.insert(self.last_id, entry);
        }
    }

    /// What may go out now, oldest first, at most so many. A message that has to wait stops its lane, unless a habit holds it back.
    pub fn pending(&self, now: Moment, at_most: usize) -> Vec<Outgoing> {
        let mut stopped = BTreeSet::new();
        let mut ready = Vec::new();
        for entry in self.waiting.values() {
            if ready.len() == at_most {
                break;
            }
            if entry.not_before > now {
                if !entry.held_back {
                    stopped.insert(entry.message.lane.as_str());
                }
            } else if !stopped.contains(entry.message.lane.as_str()) {
                ready.push(entry.message.clone());
            }
        }
        ready
    }

    /// Takes these off the list: their receiver has them.
    pub fn delivered(&mut self, habits: &mut Habits, ids: &[u64]) {
        for id in ids {
            let Some(gone) = self.waiting.remove(id) else { continue };
            if !gone.held_back && self.overtook(&gone.message) {
                habits.count(Habit::LateMessage.name());
            }
        }
    }

    fn overtook(&self, gone: &Outgoing) -> bool {
        self.waiting.range(..gone.id).any(|(_, older)| older.held_back && older.message.lane == gone.lane)
    }

    /// Keeps it for later: nobody took it, or somebody refused it with this status.
    pub fn refused(&mut self, now: Moment, habits: &mut Habits, id: u64, status: Option<u16>) {
        let Some(entry) = self.waiting.get_mut(&id) else { return };
        entry.attempts += 1;
        let pause_ms = match status {
            Some(400..=428 | 430..=499) => {
                habits.count("message_refused");
                REFUSED_PAUSE_MS
            }
            Some(_) | None => FIRST_PAUSE_MS.saturating_mul(1 << entry.attempts.min(6)).min(LONGEST_PAUSE_MS),
        };
        entry.not_before = now.plus_ms(pause_ms);
    }

    /// When the next message may go out.
    pub fn due(&self) -> Option<Moment> {
        self.waiting.values().map(|entry| entry.not_before).min()
    }

    /// How many messages nobody took yet.
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Whether all is told.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }
}

#[cfg(test)]
mod tests;
