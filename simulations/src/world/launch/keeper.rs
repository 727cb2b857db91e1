//! One thread a system: it takes what has come in, lets the system work, writes the books, and only then lets answers go.
//!
//! Apart because the order of these four is the promise. Whatever came in while the disk was busy is written together. When
//! the disk fails the keeper closes: better no answer than one that the books do not know.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::oneshot;

use super::super::exchange::{Answer, Request};
use super::super::moment::Moment;
use super::super::outbox::Outgoing;
use super::super::system::System;
use super::books::{Books, Entry};
use super::wall_clock;

const TICK: Duration = Duration::from_millis(20);
const BATCH_MAX: usize = 256;
const PENDING_MAX: usize = 256;

/// What became of a message.
#[derive(Clone, Copy, Debug)]
pub(super) enum Settled {
    Delivered(u64),
    Refused { id: u64, status: Option<u16> },
}

/// What can be asked of a keeper.
#[derive(Debug)]
enum Ask {
    Take(Request, oneshot::Sender<Answer>),
    Pending(oneshot::Sender<Vec<Outgoing>>),
    Settle(Vec<Settled>),
    Stop,
}

/// A system at work.
#[derive(Debug)]
pub(super) struct Keeper {
    asks: Sender<Ask>,
    thread: JoinHandle<()>,
}

/// A way to ask it.
#[derive(Clone, Debug)]
pub(super) struct Desk {
    asks: Sender<Ask>,
}

impl Keeper {
    /// Starts the thread that keeps these books.
    pub(super) fn start(system: Box<dyn System>, books: Books) -> Self {
        let (asks, incoming) = channel();
        let thread = std::thread::spawn(move || Work { now: books.last, system, books }.keep(&incoming));
        Self { asks, thread }
    }

    pub(super) fn desk(&self) -> Desk {
        Desk { asks: self.asks.clone() }
    }

    /// Lets it finish what has come in, and waits until it has closed its books.
    pub(super) fn stop(self) {
        if self.asks.send(Ask::Stop).is_err() {
            tracing::debug!("the keeper had closed already");
        }
        if self.thread.join().is_err() {
            tracing::error!("the keeper of a simulated system broke");
        }
    }
}

impl Desk {
    /// The system's answer; `None` when it is closed.
    pub(super) async fn take(&self, request: Request) -> Option<Answer> {
        let (reply, answer) = oneshot::channel();
        self.asks.send(Ask::Take(request, reply)).ok()?;
        answer.await.ok()
    }

    /// What may go out now; `None` when it is closed.
    pub(super) async fn pending(&self) -> Option<Vec<Outgoing>> {
        let (reply, pending) = oneshot::channel();
        self.asks.send(Ask::Pending(reply)).ok()?;
        pending.await.ok()
    }

    /// Says what became of messages; `None` when it is closed.
    pub(super) fn settle(&self, settled: Vec<Settled>) -> Option<()> {
        self.asks.send(Ask::Settle(settled)).ok()
    }
}

struct Work {
    system: Box<dyn System>,
    books: Books,
    now: Moment,
}

/// Answers that wait for the disk.
#[derive(Default)]
struct Held {
    answers: Vec<(oneshot::Sender<Answer>, Answer)>,
    askers: Vec<oneshot::Sender<Vec<Outgoing>>>,
    entries: Vec<(Moment, Entry)>,
    stop: bool,
}

impl Work {
    fn keep(mut self, incoming: &Receiver<Ask>) {
        loop {
            let first = match incoming.recv_timeout(TICK) {
                Ok(ask) => Some(ask),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => return,
            };
            // A clock that is set back must not let the books run backwards.
            self.now = self.now.max(wall_clock());
            let mut held = Held::default();
            for ask in first.into_iter().chain(incoming.try_iter().take(BATCH_MAX)) {
                self.hear(ask, &mut held);
            }
            if self.system.tick(self.now) {
                held.entries.push((self.now, Entry::Ticked));
            }
            let stop = held.stop;
            if let Err(error) = self.let_go(held) {
                tracing::error!(?error, "a simulated system closes: its books cannot be written");
                return;
            }
            if stop {
                return;
            }
        }
    }

    fn hear(&mut self, ask: Ask, held: &mut Held) {
        match ask {
            Ask::Take(request, reply) => {
                let answer = self.system.answer(self.now, &request);
                if answer.to_keep {
                    held.entries.push((self.now, Entry::Took(request)));
                }
                held.answers.push((reply, answer));
            }
            Ask::Pending(reply) => held.askers.push(reply),
            Ask::Settle(settled) => self.settle(&settled, held),
            Ask::Stop => held.stop = true,
        }
    }

    fn settle(&mut self, settled: &[Settled], held: &mut Held) {
        let mut delivered = Vec::new();
        for one in settled {
            match *one {
                Settled::Delivered(id) => delivered.push(id),
                Settled::Refused { id, status } => {
                    self.system.refused(self.now, id, status);
                    held.entries.push((self.now, Entry::Refused { id, status }));
                }
            }
        }
        if !delivered.is_empty() {
            self.system.delivered(self.now, &delivered);
            held.entries.push((self.now, Entry::Delivered(delivered)));
        }
    }

    /// First the disk, then the answers, then what may be told.
    fn let_go(&mut self, held: Held) -> Result<(), super::LaunchError> {
        if !held.entries.is_empty() {
            self.books.write(held.entries)?;
        }
        for (reply, answer) in held.answers {
            if reply.send(answer).is_err() {
                tracing::debug!("the asker left before the answer");
            }
        }
        for asker in held.askers {
            if asker.send(self.system.pending(self.now, PENDING_MAX)).is_err() {
                tracing::debug!("the courier left before the messages");
            }
        }
        Ok(())
    }
}
