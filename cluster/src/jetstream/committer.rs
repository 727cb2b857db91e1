//! The committer: one connection, one subscription for all acknowledgements, and every append of the node. Few appends go one
//! by one, many in atomic batches, because a batch is one entry of the servers' own log; it takes what waits and never lingers
//! for more. What is not plainly acknowledged is settled apart, by looking at the log (`settle`).

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use async_nats::{HeaderMap, Message, Subscriber};
use futures::{FutureExt as _, StreamExt as _};
use takt_protocol::id::EntityId;
use tokio::sync::{Semaphore, mpsc, oneshot};

use super::api::{Api, BATCH_BYTES_MAX, FENCE, ID, mark, stored};
use super::fault::Fault;
use super::settings::Settings;
use super::settle::settle;
use crate::seam::{Append, Appended};

/// How often the committer looks for acknowledgements that are overdue, and for a connection that is new.
const TICK: Duration = Duration::from_millis(50);
/// Appends settled at once: each asks the leader about its own entity.
const SETTLED_AT_ONCE: usize = 64;

/// An append on its way.
pub(super) struct Job {
    pub(super) append: Append,
    /// The entity's subject.
    pub(super) subject: String,
    /// What every try of this append carries and no other append has: by it the log says whose a message is.
    pub(super) id: String,
    /// When its outcome is `Unknown` at the latest, by the clock.
    pub(super) until: Duration,
    /// It was refused in a batch, where nobody says which one it was.
    alone: bool,
    reply: oneshot::Sender<Appended>,
}

impl Job {
    pub(super) fn new(append: Append, subject: String, id: String, until: Duration, reply: oneshot::Sender<Appended>) -> Self {
        Self { append, subject, id, until, alone: false, reply }
    }
}

/// What the committer is asked.
pub(super) struct Wish {
    pub(super) append: Append,
    pub(super) subject: String,
    pub(super) reply: oneshot::Sender<Appended>,
}

/// What was sent under one acknowledgement.
struct Flight {
    jobs: Vec<Job>,
    overdue: Duration,
}

/// The committer's state; it lives in one task.
pub(super) struct Committer {
    api: Api,
    stream: String,
    batch_from: usize,
    batch_max: usize,
    batch_depth: usize,
    append_patience: Duration,
    reply_patience: Duration,
    /// Who we are, unlike every other connection.
    session: String,
    inbox: String,
    count: u64,
    waiting: VecDeque<Job>,
    flights: BTreeMap<u64, Flight>,
    batches: usize,
    under_way: usize,
    /// Entities with an append under way; an entity's next one waits for its turn, in the order it came.
    busy: BTreeSet<EntityId>,
    turn: BTreeMap<EntityId, VecDeque<Job>>,
    settled: (mpsc::UnboundedSender<EntityId>, mpsc::UnboundedReceiver<EntityId>),
    settlers: Arc<Semaphore>,
    connects: u64,
}

impl Committer {
    pub(super) fn new(api: Api, stream: String, settings: &Settings) -> Self {
        let inbox = api.client.new_inbox();
        let connects = connects(&api);
        Self {
            api,
            stream,
            batch_from: settings.batch_from,
            batch_max: settings.batch_max,
            batch_depth: settings.batch_depth,
            append_patience: settings.append_patience,
            reply_patience: settings.reply_patience,
            session: format!("{:x}", crate::chance::number()),
            inbox,
            count: 0,
            waiting: VecDeque::new(),
            flights: BTreeMap::new(),
            batches: 0,
            under_way: 0,
            busy: BTreeSet::new(),
            turn: BTreeMap::new(),
            settled: mpsc::unbounded_channel(),
            settlers: Arc::new(Semaphore::new(SETTLED_AT_ONCE)),
            connects,
        }
    }

    /// The subject under which all acknowledgements come.
    pub(super) fn replies(&self) -> String {
        format!("{}.*", self.inbox)
    }

    /// Runs until nobody can wish for anything any more.
    pub(super) async fn run(mut self, mut wishes: mpsc::Receiver<Vec<Wish>>, mut replies: Subscriber) {
        let clock = Arc::clone(&self.api.clock);
        let mut tick = clock.sleep(TICK);
        loop {
            tokio::select! {
                biased;
                () = &mut tick => {
                    self.look_around();
                    tick = clock.sleep(TICK);
                }
                Some(message) = replies.next() => {
                    self.answered(&message);
                    while let Some(Some(message)) = replies.next().now_or_never() {
                        self.answered(&message);
                    }
                }
                Some(entity) = self.settled.1.recv() => {
                    self.under_way -= 1;
                    self.free(entity);
                }
                group = wishes.recv() => {
                    let Some(group) = group else { return };
                    self.wished(group);
                    while let Ok(group) = wishes.try_recv() {
                        self.wished(group);
                    }
                }
            }
            self.send().await;
        }
    }

    fn wished(&mut self, group: Vec<Wish>) {
        let until = self.api.clock.elapsed() + self.append_patience;
        for wish in group {
            self.count += 1;
            let id = format!("{}-{}", self.session, self.count);
            let job = Job::new(wish.append, wish.subject, id, until, wish.reply);
            if self.busy.insert(job.append.entity) {
                self.waiting.push_back(job);
            } else {
                self.turn.entry(job.append.entity).or_default().push_back(job);
            }
        }
    }

    /// The entity's append is done: its next one may go.
    fn free(&mut self, entity: EntityId) {
        let Some(queue) = self.turn.get_mut(&entity) else {
            self.busy.remove(&entity);
            return;
        };
        self.waiting.extend(queue.pop_front());
        if queue.is_empty() {
            self.turn.remove(&entity);
        }
    }

    /// Sends what waits, as far as there is room for it.
    async fn send(&mut self) {
        while let Some(first) = self.waiting.front() {
            if self.api.client.connection_state() != async_nats::connection::State::Connected {
                return;
            }
            let few = self.batches == 0 && self.under_way + self.waiting.len() < self.batch_from;
            if first.alone || few {
                let job = self.waiting.pop_front();
                self.launch(job.into_iter().collect()).await;
            } else if self.batches < self.batch_depth {
                let batch = self.take_batch();
                self.launch(batch).await;
            } else {
                return;
            }
        }
    }

    fn take_batch(&mut self) -> Vec<Job> {
        let mut batch = Vec::new();
        let mut bytes = 0;
        while let Some(next) = self.waiting.front() {
            bytes += next.append.bytes.len();
            let is_full = batch.len() == self.batch_max || (bytes > BATCH_BYTES_MAX && !batch.is_empty());
            if next.alone || is_full {
                break;
            }
            batch.extend(self.waiting.pop_front());
        }
        batch
    }

    /// One message for one job, an atomic batch for several; acknowledged together.
    async fn launch(&mut self, jobs: Vec<Job>) {
        self.count += 1;
        let flight = self.count;
        let reply = format!("{}.{flight}", self.inbox);
        let batch = format!("{}-{flight}", self.session);
        let overdue = self.api.clock.elapsed() + self.reply_patience;
        let count = jobs.len();
        for (at, job) in jobs.iter().enumerate() {
            let mut headers = headers(job);
            if count > 1 {
                mark(&mut headers, &batch, at + 1, at + 1 == count);
            }
            let reply = (at + 1 == count).then(|| reply.clone());
            if !self.publish(&job.subject, reply, headers, job.append.bytes.clone()).await {
                break;
            }
        }
        self.under_way += count;
        self.batches += usize::from(count > 1);
        self.flights.insert(flight, Flight { jobs, overdue });
    }

    /// `false` when it did not go out in time; whatever becomes of it, the flight is overdue then.
    async fn publish(&self, subject: &str, reply: Option<String>, headers: HeaderMap, bytes: bytes::Bytes) -> bool {
        let (client, subject) = (&self.api.client, subject.to_owned());
        let publish = async {
            match reply {
                Some(reply) => client.publish_with_reply_and_headers(subject, reply, headers, bytes).await.is_ok(),
                None => client.publish_with_headers(subject, headers, bytes).await.is_ok(),
            }
        };
        tokio::select! {
            biased;
            sent = publish => sent,
            () = self.api.clock.sleep(self.reply_patience) => false,
        }
    }

    fn answered(&mut self, message: &Message) {
        let number = message.subject.as_str().rsplit('.').next().and_then(|text| text.parse().ok());
        let Some(flight) = number.and_then(|number| self.land(number)) else { return };
        let outcome = match message.status {
            Some(status) if status == async_nats::StatusCode::NO_RESPONDERS => Err(Fault::Absent),
            _ => stored(&message.payload),
        };
        let count = flight.jobs.len() as u64;
        match outcome {
            // A batch is one entry: its messages stand behind each other, and the last one is named.
            Ok(last) => {
                for (job, sequence) in flight.jobs.into_iter().zip(last + 1 - count..) {
                    self.free(job.append.entity);
                    finish(job, Appended::Committed { sequence });
                }
                self.under_way -= usize::try_from(count).unwrap_or(0);
            }
            // Nobody says which one it was: each stands or falls by itself.
            Err(fault) if count > 1 && fault != Fault::Silent => {
                self.under_way -= flight.jobs.len();
                for mut job in flight.jobs.into_iter().rev() {
                    job.alone = true;
                    self.waiting.push_front(job);
                }
            }
            Err(fault) => flight.jobs.into_iter().for_each(|job| self.settle(job, fault.clone())),
        }
    }

    fn land(&mut self, number: u64) -> Option<Flight> {
        let flight = self.flights.remove(&number)?;
        self.batches -= usize::from(flight.jobs.len() > 1);
        Some(flight)
    }

    /// The log says what became of it; it stays under way until then.
    fn settle(&self, job: Job, fault: Fault) {
        // A leader that is away says nothing: asking again soon costs little, waiting costs the time until the next one.
        let (api, stream) = (Api { patience: self.reply_patience / 2, ..self.api.clone() }, self.stream.clone());
        let (settled, settlers) = (self.settled.0.clone(), Arc::clone(&self.settlers));
        tokio::spawn(async move {
            let outcome = settle(&api, &stream, &job, fault, &settlers).await;
            let entity = job.append.entity;
            finish(job, outcome);
            if settled.send(entity).is_err() {
                tracing::debug!("the committer ended before an append was settled");
            }
        });
    }

    /// Acknowledgements that are overdue, or whose connection is gone; and what waited too long to be sent.
    fn look_around(&mut self) {
        let now = self.api.clock.elapsed();
        let connects = connects(&self.api);
        let lost = std::mem::replace(&mut self.connects, connects) != connects;
        let overdue = |flight: &Flight| lost || flight.overdue <= now;
        let late: Vec<u64> = self.flights.iter().filter(|(_, flight)| overdue(flight)).map(|(number, _)| *number).collect();
        for flight in late.into_iter().filter_map(|number| self.land(number)).collect::<Vec<_>>() {
            flight.jobs.into_iter().for_each(|job| self.settle(job, Fault::Silent));
        }
        let (gone, waiting) = std::mem::take(&mut self.waiting).into_iter().partition::<VecDeque<Job>, _>(|job| job.until <= now);
        self.waiting = waiting;
        for job in gone {
            self.free(job.append.entity);
            finish(job, Appended::Unknown);
        }
    }
}

/// The headers of every try of an append.
pub(super) fn headers(job: &Job) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(ID, job.id.as_str());
    headers.insert(FENCE, job.append.after.to_string());
    headers
}

/// Whoever asked may have left: that is `Unknown` to them.
fn finish(job: Job, outcome: Appended) {
    if job.reply.send(outcome).is_err() {
        tracing::debug!(entity = %job.append.entity, "whoever appended did not wait for the outcome");
    }
}

fn connects(api: &Api) -> u64 {
    api.client.statistics().connects.load(std::sync::atomic::Ordering::Relaxed)
}
