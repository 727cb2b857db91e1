//! The counter of a queue: a task that asks the servers for messages while readers wait, and lays out what came. Readers may
//! leave at any moment; what came for one who left is for the next, or goes back after a while.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_nats::Message;
use serde_json::{Value, json};
use tokio::sync::Notify;

use super::api::{self, Api};
use super::desk::{Desk, Laid};
use super::fault::Fault;
use super::line::{Line, Place, nanos};
use crate::seam::{Delivery, QueueName, Receipt};

/// How long after the last reader a question stands, and what came lies here.
const UNREAD: Duration = Duration::from_secs(2);
/// The most messages asked for at once.
const ASKED_MAX: usize = 512;
/// Between two tries when nobody answers, at first and at most.
const PAUSE: Duration = Duration::from_millis(50);
const PAUSE_MAX: Duration = Duration::from_secs(1);

/// Where a queue's messages are, and how they are read.
#[derive(Clone, Debug)]
pub(super) struct Source {
    pub(super) queue: QueueName,
    pub(super) stream: String,
    pub(super) consumer: String,
    pub(super) subject: String,
    /// Handed out at once, over all nodes.
    pub(super) handed_max: u32,
    /// After which the servers take a message back.
    pub(super) silence: Duration,
}

/// A queue's counter.
pub(super) struct Counter {
    source: Source,
    state: Mutex<State>,
    wanted: Notify,
    arrived: Notify,
    closed: Notify,
}

#[derive(Default)]
struct State {
    ready: VecDeque<Delivery>,
    /// The most that one of the waiting readers would take.
    wanted: usize,
    /// When somebody read, or waited, the last time.
    read: Duration,
    /// Nobody here reads it any more: what still comes goes back.
    is_let_go: bool,
    /// Messages may come: a line is open.
    is_open: bool,
    /// Since when nobody answers.
    failing: Option<(Duration, Fault)>,
}

impl Counter {
    pub(super) fn new(source: Source) -> Self {
        Self { source, state: Mutex::default(), wanted: Notify::new(), arrived: Notify::new(), closed: Notify::new() }
    }

    /// At most `most` messages, for `lease`; waits while there is none, and gives up when nobody answers for `patience`.
    pub(super) async fn pull(&self, desk: &Desk, api: &Api, most: usize, lease: Duration) -> Result<Vec<Delivery>, Fault> {
        let asked = api.clock.elapsed();
        loop {
            let arrived = self.arrived.notified();
            let now = api.clock.elapsed();
            let found = self.take(desk, now, most, lease);
            if !found.is_empty() {
                return Ok(found);
            }
            {
                let mut state = self.state();
                if let Some((since, fault)) = &state.failing
                    && now >= asked.max(*since) + api.patience
                {
                    return Err(fault.clone());
                }
                state.wanted = state.wanted.max(most.min(ASKED_MAX));
                state.read = now;
                state.is_let_go = false;
            }
            self.wanted.notify_one();
            tokio::select! {
                biased;
                () = arrived => {}
                // Another reader may have taken what was asked for both, and somebody must notice that nobody answers.
                () = api.clock.sleep(PAUSE_MAX) => {}
            }
        }
    }

    /// Nobody here reads it any more; returns when no message of it comes here any more, so that what is given back goes to others.
    pub(super) async fn let_go(&self, api: &Api) {
        {
            let mut state = self.state();
            state.is_let_go = true;
            state.wanted = 0;
            state.ready.clear();
        }
        self.wanted.notify_one();
        let patience = api.clock.elapsed() + api.patience;
        while api.clock.elapsed() < patience {
            let closed = self.closed.notified();
            if !self.state().is_open {
                return;
            }
            tokio::select! {
                biased;
                () = closed => {}
                () = api.clock.sleep(PAUSE) => {}
            }
        }
    }

    fn take(&self, desk: &Desk, now: Duration, most: usize, lease: Duration) -> Vec<Delivery> {
        let mut state = self.state();
        let mut found = Vec::new();
        while found.len() < most
            && let Some(delivery) = state.ready.pop_front()
        {
            // One that lay here too long went back.
            if desk.hand(delivery.receipt, now + lease) {
                found.push(delivery);
            }
        }
        found
    }

    /// Asks while somebody waits, for ever.
    pub(super) async fn run(self: Arc<Self>, desk: Arc<Desk>, api: Api) {
        let mut line = None;
        let mut pause = PAUSE;
        loop {
            let (most, is_let_go, unread) = {
                let mut state = self.state();
                (std::mem::take(&mut state.wanted), state.is_let_go, state.read + UNREAD)
            };
            let now = api.clock.elapsed();
            if is_let_go || most == 0 && now >= unread {
                // What is said from now on goes to those who read.
                self.close(&desk, &api, line.take()).await;
            }
            if most == 0 && !line.as_ref().is_some_and(Line::is_open) {
                self.wanted.notified().await;
                continue;
            }
            let heard = match self.asked(&api, most, &mut line).await {
                Ok(line) => tokio::select! {
                    biased;
                    heard = line.next(&api, ASKED_MAX) => heard,
                    // Somebody wants more than was asked for, or nothing any more.
                    () = self.wanted.notified() => continue,
                    () = api.clock.sleep(unread.saturating_sub(now)) => continue,
                },
                Err(fault) => Err(fault),
            };
            match heard {
                Ok(messages) => {
                    self.state().failing = None;
                    pause = PAUSE;
                    self.lay_out(&desk, &api, messages);
                }
                Err(fault) => {
                    tracing::debug!(queue = ?self.source.queue, ?fault, "a queue cannot be read just now");
                    self.close(&desk, &api, line.take()).await;
                    self.state().failing.get_or_insert((api.clock.elapsed(), fault));
                    api.clock.sleep(pause).await;
                    pause = (pause * 2).min(PAUSE_MAX);
                }
            }
            // Whoever still waits says so again.
            self.arrived.notify_waiters();
        }
    }

    /// With a line its question ends; what was on its way to it is free.
    async fn close(&self, desk: &Desk, api: &Api, line: Option<Line>) {
        if let Some(line) = line {
            for message in line.close(api).await {
                if let Some(delivery) = self.lay(desk, Duration::ZERO, message) {
                    desk.put_back(delivery.receipt, Duration::ZERO);
                }
            }
        }
        self.state().is_open = false;
        self.closed.notify_waiters();
    }

    /// A line on which so much is asked for. Not to be left half-way: what was wanted would be forgotten.
    async fn asked<'l>(&self, api: &Api, most: usize, line: &'l mut Option<Line>) -> Result<&'l mut Line, Fault> {
        let Source { stream, consumer, .. } = &self.source;
        let line = if let Some(line) = line {
            line
        } else {
            make(api, &self.source).await?;
            self.state().is_open = true;
            line.insert(Line::to(api, stream, consumer).await?)
        };
        line.ask(api, most).await?;
        Ok(line)
    }

    fn lay_out(&self, desk: &Desk, api: &Api, messages: Vec<Message>) {
        let until = api.clock.elapsed() + UNREAD.min(self.source.silence / 2);
        for message in messages {
            let Some(delivery) = self.lay(desk, until, message) else { continue };
            let mut state = self.state();
            if state.is_let_go {
                desk.put_back(delivery.receipt, Duration::ZERO);
            } else {
                state.ready.push_back(delivery);
            }
        }
    }

    fn lay(&self, desk: &Desk, until: Duration, message: Message) -> Option<Delivery> {
        let (place, answer) = (Place::of(&message)?, message.reply.as_ref()?);
        let receipt = Receipt { queue: self.source.queue, sequence: place.sequence, delivery: place.delivery };
        let id = api::id_of(api::text(message.headers.as_ref(), api::ID), place.sequence);
        let laid = Laid { answer: answer.to_string(), id: id.clone(), bytes: message.payload.clone() };
        desk.lay(receipt, laid, until);
        Some(Delivery { receipt, id, deliveries: place.delivery, bytes: message.payload })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Makes the consumer of a queue, or finds that it is as it must be. What it knows is in the memory of the servers that hold the
/// stream: on a disk each of them would write and sync a file for every few messages, and what is done is gone from the stream
/// itself. When all of them stop, what was handed out and not done is handed out again (`decisions/0010`).
async fn make(api: &Api, source: &Source) -> Result<(), Fault> {
    let Source { stream, consumer, subject, .. } = source;
    let config = json!({
        "durable_name": consumer, "name": consumer, "filter_subject": subject, "deliver_policy": "all", "ack_policy": "explicit",
        "ack_wait": nanos(source.silence), "max_deliver": -1, "max_ack_pending": source.handed_max, "max_waiting": 512,
        "mem_storage": true,
    });
    let request = json!({"stream_name": stream, "config": config, "action": "create"});
    match api.call::<Value>(&format!("CONSUMER.CREATE.{stream}.{consumer}.{subject}"), &request).await {
        Ok(_) => Ok(()),
        Err(Fault::Otherwise) => {
            let words = "it was made by an earlier binary, or with another `handed_max` or `silence`: delete it (nothing is lost), or set those it was made with";
            Err(Fault::Refused(format!("consumer `{consumer}`: {words}")))
        }
        Err(fault) => Err(fault),
    }
}
