//! The one thread that writes. It takes what waits, never lingers for more, and answers when the transaction is durable.
//! An error of the disk ends it: what waited is answered with an error or with `Unknown`, and nothing more is taken, so
//! that a half-failed store cannot go on guessing.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::thread::JoinHandle;

use redb::{Durability, ReadableTable as _, WriteTransaction};
use takt_protocol::id::EntityId;
use tokio::sync::{mpsc, oneshot};

use super::job::Job;
use super::table::{BLOBS, BURIED, LAST, LOG, QUEUE, SHELF, TIMER_IDS, TIMERS, disk, queue_key};
use super::{Shared, chunk};
use crate::Error;
use crate::seam::{Append, Appended, Message, QueueName};

/// Entities whose last sequence is remembered between transactions.
const REMEMBERED_MAX: usize = 65_536;

pub(super) fn start(shared: Arc<Shared>, waiting: mpsc::Receiver<Job>) -> Result<JoinHandle<()>, Error> {
    let place = shared.place.clone();
    let heads = Heads::read(&shared)?;
    let writer = Writer { shared, waiting, heads, recent: BTreeMap::new() };
    let thread = std::thread::Builder::new().name("takt-store".to_owned());
    thread.spawn(move || writer.run()).map_err(|error| disk("start the writer", &place, error))
}

/// The numbers given out last.
struct Heads {
    shards: Vec<u64>,
    message: u64,
}

struct Writer {
    shared: Arc<Shared>,
    waiting: mpsc::Receiver<Job>,
    heads: Heads,
    recent: BTreeMap<EntityId, u64>,
}

/// What is answered when the transaction is durable.
#[derive(Default)]
struct Answers {
    appends: Vec<(oneshot::Sender<Vec<Appended>>, Vec<Appended>)>,
    plain: Vec<oneshot::Sender<Result<(), Error>>>,
    revived: Vec<(oneshot::Sender<Result<bool, Error>>, bool)>,
    joined: Vec<(QueueName, u64)>,
    timers: bool,
}

impl Heads {
    fn read(shared: &Shared) -> Result<Self, Error> {
        let failed = |error| disk("read the last numbers", &shared.place, error);
        let read = || -> Result<Self, redb::Error> {
            let transaction = shared.read()?;
            let log = transaction.open_table(LOG)?;
            let mut shards = Vec::new();
            for shard in 0..shared.settings.shards.max(1) {
                let last = log.range((shard, 0)..=(shard, u64::MAX))?.next_back().transpose()?;
                shards.push(last.map_or(0, |(key, row)| {
                    let (_, first) = key.value();
                    first + chunk::walk(row.value(), shared.settings.region, 0).count() as u64 - 1
                }));
            }
            let mut message = 0;
            for row in transaction.open_table(QUEUE)?.iter()? {
                message = message.max(row?.0.value().1);
            }
            for row in transaction.open_table(BURIED)?.iter()? {
                message = message.max(row?.0.value().1);
            }
            Ok(Self { shards, message })
        };
        read().map_err(failed)
    }
}

impl Writer {
    fn run(mut self) {
        while let Some(first) = self.waiting.blocking_recv() {
            let mut group = vec![first];
            let mut weight: usize = group.iter().map(Job::weight).sum();
            while weight < self.shared.settings.group_max {
                let Ok(job) = self.waiting.try_recv() else { break };
                weight += job.weight();
                group.push(job);
            }
            if let Err(error) = self.write(group) {
                tracing::error!(place = %self.shared.place.display(), %error, "the store failed and takes nothing more; restart the node when the disk is well");
                self.shared.close();
                return;
            }
        }
    }

    /// One transaction. Dropping the answers unsent tells everybody that the outcome is unknown.
    fn write(&mut self, group: Vec<Job>) -> Result<(), redb::Error> {
        let lasting = group.iter().any(Job::must_last);
        let mut answers = Answers::default();
        let mut transaction = self.shared.write()?;
        transaction.set_durability(if lasting { Durability::Immediate } else { Durability::None })?;
        self.apply(&transaction, group, &mut answers)?;
        transaction.commit()?;
        self.shared.written();
        self.answer(answers);
        if self.recent.len() > REMEMBERED_MAX {
            self.recent.clear();
        }
        Ok(())
    }

    fn apply(&mut self, transaction: &WriteTransaction, group: Vec<Job>, answers: &mut Answers) -> Result<(), redb::Error> {
        let mut rows: BTreeMap<u16, (u64, Vec<u8>)> = BTreeMap::new();
        let mut touched: BTreeMap<[u8; chunk::KEY_LEN], u64> = BTreeMap::new();
        for job in group {
            match job {
                Job::Append(appends, reply) => {
                    let mut outcomes = Vec::with_capacity(appends.len());
                    for append in &appends {
                        outcomes.push(self.append(transaction, append, &mut rows, &mut touched)?);
                    }
                    answers.appends.push((reply, outcomes));
                }
                Job::Publish(messages, reply) => {
                    self.publish(transaction, &messages, answers)?;
                    answers.plain.push(reply);
                }
                Job::Done(_) | Job::Bury(..) | Job::Revive(..) | Job::Set(..) | Job::Ring(..) | Job::Keep(..) | Job::Shelve(_) => {
                    self.apply_other(transaction, job, answers)?;
                }
            }
        }
        let mut log = transaction.open_table(LOG)?;
        for (shard, (first, row)) in rows {
            log.insert((shard, first), row.as_slice())?;
        }
        let mut last = transaction.open_table(LAST)?;
        for (entity, sequence) in touched {
            last.insert(entity.as_slice(), sequence)?;
        }
        Ok(())
    }

    /// The fence: the entity's last sequence must be the one the writer knows.
    fn append(
        &mut self,
        transaction: &WriteTransaction,
        append: &Append,
        rows: &mut BTreeMap<u16, (u64, Vec<u8>)>,
        touched: &mut BTreeMap<[u8; chunk::KEY_LEN], u64>,
    ) -> Result<Appended, redb::Error> {
        let key = chunk::key(&append.entity);
        let last = match self.recent.get(&append.entity) {
            Some(last) => *last,
            None => transaction.open_table(LAST)?.get(key.as_slice())?.map_or(0, |last| last.value()),
        };
        if last != append.after {
            self.recent.insert(append.entity, last);
            return Ok(Appended::Conflict { last });
        }
        let shard = append.entity.shard(self.shared.settings.shards);
        let Some(head) = self.heads.shards.get_mut(usize::from(shard)) else { return Ok(Appended::Unknown) };
        *head += 1;
        let sequence = *head;
        let (_, row) = rows.entry(shard).or_insert_with(|| (sequence, Vec::new()));
        chunk::push(row, &append.entity, last, &append.bytes);
        touched.insert(key, sequence);
        self.recent.insert(append.entity, sequence);
        Ok(Appended::Committed { sequence })
    }

    fn publish(&mut self, transaction: &WriteTransaction, messages: &[Message], answers: &mut Answers) -> Result<(), redb::Error> {
        let mut table = transaction.open_table(QUEUE)?;
        for message in messages {
            self.heads.message += 1;
            let name = queue_key(message.queue);
            table.insert((name.as_str(), self.heads.message), (message.id.as_str(), message.bytes.as_ref()))?;
            answers.joined.push((message.queue, self.heads.message));
        }
        Ok(())
    }

    fn apply_other(&mut self, transaction: &WriteTransaction, job: Job, answers: &mut Answers) -> Result<(), redb::Error> {
        match job {
            Job::Append(..) | Job::Publish(..) => {}
            Job::Done(receipts) => {
                let mut table = transaction.open_table(QUEUE)?;
                for receipt in receipts {
                    table.remove((queue_key(receipt.queue).as_str(), receipt.sequence))?;
                }
            }
            Job::Bury(receipt, reason, reply) => {
                let name = queue_key(receipt.queue);
                let mut queue = transaction.open_table(QUEUE)?;
                if let Some(row) = queue.remove((name.as_str(), receipt.sequence))? {
                    let (id, bytes) = row.value();
                    transaction.open_table(BURIED)?.insert((name.as_str(), receipt.sequence), (id, reason.as_str(), bytes))?;
                }
                answers.plain.push(reply);
            }
            Job::Revive(queue, id, reply) => {
                let found = self.exhume(transaction, queue, &id, answers)?;
                answers.revived.push((reply, found));
            }
            Job::Set(timers, reply) => {
                set(transaction, &timers)?;
                answers.timers = true;
                answers.plain.push(reply);
            }
            Job::Ring(due, reply) => {
                let messages = rung(transaction, due)?;
                self.publish(transaction, &messages, answers)?;
                answers.plain.push(reply);
            }
            Job::Keep(payloads, reply) => {
                let mut table = transaction.open_table(BLOBS)?;
                for (hash, payload) in payloads {
                    table.insert(hash.bytes().as_slice(), payload.as_ref())?;
                }
                answers.plain.push(reply);
            }
            Job::Shelve(values) => shelve(transaction, values)?,
        }
        Ok(())
    }

    fn exhume(&mut self, transaction: &WriteTransaction, queue: QueueName, id: &str, answers: &mut Answers) -> Result<bool, redb::Error> {
        let name = queue_key(queue);
        let mut buried = transaction.open_table(BURIED)?;
        let mut found = None;
        for row in buried.range((name.as_str(), 0)..=(name.as_str(), u64::MAX))? {
            let (key, value) = row?;
            if value.value().0 == id {
                found = Some((key.value().1, value.value().2.to_vec()));
                break;
            }
        }
        let Some((number, bytes)) = found else { return Ok(false) };
        buried.remove((name.as_str(), number))?;
        self.publish(transaction, &[Message { queue, id: id.to_owned(), bytes: bytes.into() }], answers)?;
        Ok(true)
    }

    fn answer(&self, answers: Answers) {
        let appended = !answers.appends.is_empty();
        for (reply, outcomes) in answers.appends {
            let _gone = reply.send(outcomes);
        }
        if !answers.joined.is_empty() {
            let mut lines = self.shared.lines();
            for (queue, number) in answers.joined {
                lines.entry(queue).or_default().join(number);
            }
            drop(lines);
            self.shared.queued.notify_waiters();
        }
        for reply in answers.plain {
            let _gone = reply.send(Ok(()));
        }
        for (reply, found) in answers.revived {
            let _gone = reply.send(Ok(found));
        }
        if appended {
            self.shared.appended.notify_waiters();
        }
        if answers.timers {
            self.shared.timed.notify_one();
        }
    }
}

fn set(transaction: &WriteTransaction, timers: &[crate::seam::Timer]) -> Result<(), redb::Error> {
    let (mut table, mut ids) = (transaction.open_table(TIMERS)?, transaction.open_table(TIMER_IDS)?);
    for timer in timers {
        let due = timer.at.utc_ns();
        if let Some(before) = ids.insert(timer.id.as_str(), due)? {
            table.remove((before.value(), timer.id.as_str()))?;
        }
        table.insert((due, timer.id.as_str()), (timer.shard, timer.bytes.as_ref()))?;
    }
    Ok(())
}

/// Takes timers out; each is a message for its shard. One that was replaced meanwhile is not there any more.
fn rung(transaction: &WriteTransaction, due: Vec<(i64, String)>) -> Result<Vec<Message>, redb::Error> {
    let (mut table, mut ids) = (transaction.open_table(TIMERS)?, transaction.open_table(TIMER_IDS)?);
    let mut messages = Vec::new();
    for (at, id) in due {
        let Some(row) = table.remove((at, id.as_str()))? else { continue };
        let (shard, bytes) = row.value();
        messages.push(Message { queue: QueueName::Due { shard }, id: id.clone(), bytes: bytes.to_vec().into() });
        drop(row);
        ids.remove(id.as_str())?;
    }
    Ok(messages)
}

fn shelve(transaction: &WriteTransaction, values: Vec<(String, Option<bytes::Bytes>)>) -> Result<(), redb::Error> {
    let mut table = transaction.open_table(SHELF)?;
    for (name, value) in values {
        match value {
            Some(value) => drop(table.insert(name.as_str(), value.as_ref())?),
            None => drop(table.remove(name.as_str())?),
        }
    }
    Ok(())
}
