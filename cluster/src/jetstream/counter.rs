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
use super::fetch::{self, End, Place, nanos};
use crate::seam::{Delivery, QueueName, Receipt};

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
}

#[derive(Default)]
struct State {
    ready: VecDeque<Delivery>,
    /// The most that one of the waiting readers would take.
    wanted: usize,
    /// Nobody here reads it any more: what still comes goes back.
    is_let_go: bool,
    /// Since when nobody answers.
    failing: Option<(Duration, Fault)>,
}

impl Counter {
    pub(super) fn new(source: Source) -> Self {
        Self { source, state: Mutex::default(), wanted: Notify::new(), arrived: Notify::new() }
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

    /// Nobody here reads it any more; a question that is still out brings its messages for nobody.
    pub(super) fn let_go(&self) {
        let mut state = self.state();
        state.is_let_go = true;
        state.wanted = 0;
        state.ready.clear();
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
        let mut is_made = false;
        let mut pause = PAUSE;
        loop {
            let most = std::mem::take(&mut self.state().wanted);
            if most == 0 {
                self.wanted.notified().await;
                continue;
            }
            match self.ask(&api, most, &mut is_made).await {
                Ok(messages) => {
                    self.state().failing = None;
                    pause = PAUSE;
                    self.lay_out(&desk, &api, messages);
                }
                Err(fault) => {
                    tracing::debug!(queue = ?self.source.queue, ?fault, "a queue cannot be read just now");
                    is_made = false;
                    self.state().failing.get_or_insert((api.clock.elapsed(), fault));
                    api.clock.sleep(pause).await;
                    pause = (pause * 2).min(PAUSE_MAX);
                }
            }
            // Whoever still waits says so again.
            self.arrived.notify_waiters();
        }
    }

    async fn ask(&self, api: &Api, most: usize, is_made: &mut bool) -> Result<Vec<Message>, Fault> {
        let Source { stream, consumer, .. } = &self.source;
        if !*is_made {
            make(api, &self.source).await?;
            *is_made = true;
        }
        let (mut messages, mut end) = fetch::now(api, stream, consumer, most).await?;
        if messages.is_empty() && matches!(end, End::Done) {
            (messages, end) = fetch::first(api, stream, consumer).await?;
            if !messages.is_empty() && most > 1 && matches!(end, End::Done) {
                let (more, and) = fetch::now(api, stream, consumer, most - 1).await.unwrap_or((Vec::new(), End::Gone));
                messages.extend(more);
                end = and;
            }
        }
        match end {
            End::Gone if messages.is_empty() => return Err(Fault::Absent),
            End::Gone => *is_made = false,
            End::Done => {}
        }
        Ok(messages)
    }

    fn lay_out(&self, desk: &Desk, api: &Api, messages: Vec<Message>) {
        let until = api.clock.elapsed() + self.source.silence / 2;
        for message in messages {
            let (Some(place), Some(answer)) = (Place::of(&message), message.reply.as_ref()) else { continue };
            let receipt = Receipt { queue: self.source.queue, sequence: place.sequence, delivery: place.delivery };
            let id = api::id_of(api::text(message.headers.as_ref(), api::ID), place.sequence);
            let laid = Laid { answer: answer.to_string(), id: id.clone(), bytes: message.payload.clone() };
            desk.lay(receipt, laid, until);
            if self.state().is_let_go {
                desk.put_back(receipt, Duration::ZERO);
                continue;
            }
            self.state().ready.push_back(Delivery { receipt, id, deliveries: place.delivery, bytes: message.payload });
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Makes the consumer of a queue, or finds that it is as it must be.
async fn make(api: &Api, source: &Source) -> Result<(), Fault> {
    let Source { stream, consumer, subject, .. } = source;
    let config = json!({
        "durable_name": consumer, "name": consumer, "filter_subject": subject, "deliver_policy": "all", "ack_policy": "explicit",
        "ack_wait": nanos(source.silence), "max_deliver": -1, "max_ack_pending": source.handed_max, "max_waiting": 512,
    });
    let request = json!({"stream_name": stream, "config": config, "action": "create"});
    match api.call::<Value>(&format!("CONSUMER.CREATE.{stream}.{consumer}.{subject}"), &request).await {
        Ok(_) => Ok(()),
        Err(Fault::Otherwise) => {
            let words = "it was made with another `handed_max` or `silence`: set those it was made with, or delete it (nothing is lost)";
            Err(Fault::Refused(format!("consumer `{consumer}`: {words}")))
        }
        Err(fault) => Err(fault),
    }
}
