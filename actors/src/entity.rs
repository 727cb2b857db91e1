//! One actor an entity: it takes waiting inputs, lets the kernel decide, has one commit under way, and answers when that is
//! durable. It holds no rule and no format. `Err` from it means "I am broken, load me again", never "no".

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use ractor::{Actor, ActorProcessingErr, ActorRef};
use takt_cluster::seam::{Append, Appended};
use takt_protocol::commit::{Commit, Step};
use takt_protocol::envelope::Who;
use takt_protocol::id::EntityId;
use takt_protocol::input::Input;
use takt_protocol::kernel::{self, Context, Reply, State};
use takt_protocol::name::SiteId;
use takt_protocol::payload::Payload;
use takt_protocol::wire;
use tokio::sync::oneshot;

use crate::committer::{Committer, Wanted};
use crate::node::Node;

mod load;

pub(crate) use load::{Head, LoadError, load};

/// What an entity is told.
pub(crate) enum Told {
    /// An input, and who waits for the reply.
    Take(Box<Letter>),
    /// How its append went.
    Written(Appended),
    /// Send the commit again that nobody knows the end of.
    Again,
    /// Leave, if there is nothing to do.
    Retire,
    /// Leave as soon as what waits is over: another node runs the shard.
    Leave,
    /// Show the durable state.
    Show(oneshot::Sender<Box<State>>),
}

/// An input on its way to its entity.
pub(crate) struct Letter {
    pub(crate) input: Input,
    /// The message that it came in, where that is kept with what it leads to and nowhere else.
    pub(crate) raw: Option<Payload>,
    /// Dropped unanswered when the entity is lost: the sender then tries again.
    pub(crate) reply: oneshot::Sender<Reply>,
}

/// The actor.
pub(crate) struct Entity;

/// What it starts with.
pub(crate) struct Start {
    pub(crate) id: EntityId,
    /// Which site it is, when it is one.
    pub(crate) site: Option<SiteId>,
    pub(crate) node: Arc<Node>,
    pub(crate) committer: Committer,
}

/// What it holds.
pub(crate) struct Desk {
    start: Start,
    state: State,
    head: Head,
    waiting: VecDeque<Letter>,
    askers: Vec<oneshot::Sender<Box<State>>>,
    flight: Option<Flight>,
    failures: u32,
    last_snapshot: u64,
    leaves: bool,
}

/// Facts after which a commit takes no further input: one that says much must not make its neighbours too long to write.
const COMMIT_FACTS_MAX: usize = 256;

/// The parts of a commit in the making.
#[derive(Default)]
struct Decided {
    steps: Vec<Step>,
    who: Vec<(u16, Who)>,
    raw: Vec<(u16, Payload)>,
    replies: Vec<(oneshot::Sender<Reply>, Reply)>,
}

/// The commit under way; the state is already the one after it.
struct Flight {
    append: Append,
    head: Head,
    replies: Vec<(oneshot::Sender<Reply>, Reply)>,
}

impl Actor for Entity {
    type Msg = Told;
    type State = Desk;
    type Arguments = Start;

    async fn pre_start(&self, _: ActorRef<Told>, start: Start) -> Result<Desk, ActorProcessingErr> {
        let loaded = load(&start.node, start.id).await;
        if let Err(error) = &loaded {
            error.tell(&start.node).await;
        }
        let (state, head) = loaded?;
        let last_snapshot = head.number;
        let (waiting, askers) = (VecDeque::new(), Vec::new());
        Ok(Desk { start, state, head, waiting, askers, flight: None, failures: 0, last_snapshot, leaves: false })
    }

    async fn handle(&self, me: ActorRef<Told>, told: Told, desk: &mut Desk) -> Result<(), ActorProcessingErr> {
        match told {
            Told::Take(letter) => desk.waiting.push_back(*letter),
            Told::Show(asker) => desk.askers.push(asker),
            Told::Written(outcome) => desk.written(&me, outcome).await?,
            Told::Again => desk.submit(&me)?,
            Told::Retire => {
                if desk.is_idle() {
                    desk.retire(&me).await;
                }
                return Ok(());
            }
            Told::Leave => desk.leaves = true,
        }
        desk.work(&me)?;
        desk.show();
        desk.forget_who_left();
        if desk.flight.is_none() && desk.head.number >= desk.last_snapshot + desk.start.node.settings.snapshot_every {
            desk.snapshot().await;
        }
        if desk.leaves && desk.is_idle() {
            desk.retire(&me).await;
        }
        Ok(())
    }
}

impl Desk {
    fn is_idle(&self) -> bool {
        self.flight.is_none() && self.waiting.is_empty()
    }

    /// While an append hangs, who left again must not fill the memory.
    fn forget_who_left(&mut self) {
        if self.waiting.len().is_power_of_two() {
            self.waiting.retain(|letter| !letter.reply.is_closed());
        }
        if self.askers.len().is_power_of_two() {
            self.askers.retain(|asker| !asker.is_closed());
        }
    }

    /// Takes what waits into one commit. What needs no commit is answered at once.
    fn work(&mut self, me: &ActorRef<Told>) -> Result<(), ActorProcessingErr> {
        while self.flight.is_none() && !self.waiting.is_empty() {
            let Decided { steps, who, raw, replies } = self.decide();
            if steps.is_empty() {
                answer(replies);
                continue;
            }
            let mut commit = Commit {
                entity: self.start.id,
                number: self.head.number + 1,
                previous: self.head.hash,
                site: self.state.site().or(self.start.site),
                incarnation: self.start.node.seams.journal.incarnation(),
                config: self.start.node.book().hash.clone(),
                schema: wire::SCHEMA,
                at: self.start.node.seams.clock.now(),
                steps,
                who,
                raw,
            };
            let sealed = wire::seal(&mut commit)?;
            let append = Append { entity: self.start.id, after: self.head.sequence, bytes: Bytes::from(sealed.bytes) };
            let head = Head { number: commit.number, hash: sealed.hash, sequence: 0 };
            self.start.node.tape.written(&append.bytes, commit);
            self.flight = Some(Flight { append, head, replies });
            self.submit(me)?;
        }
        Ok(())
    }

    fn decide(&mut self) -> Decided {
        let node = Arc::clone(&self.start.node);
        let book = node.book();
        let (incarnation, unreached) = (node.seams.journal.incarnation(), node.unreached());
        let context = Context { now: node.seams.clock.now(), book: &book, incarnation, unreached: &unreached };
        let mut decided = Decided::default();
        let Decided { steps, who, raw, replies } = &mut decided;
        let mut facts = 0;
        while replies.len() < node.settings.commit_inputs_max && facts < COMMIT_FACTS_MAX {
            let Some(letter) = self.waiting.pop_front() else { break };
            let (step, reply) = kernel::take(&mut self.state, &letter.input, &context);
            if let Some(step) = step {
                facts += step.facts.len();
                if let Ok(at) = u16::try_from(steps.len()) {
                    let envelope = letter.input.envelope;
                    who.extend(envelope.who.into_iter().chain(envelope.matched_by).map(|person| (at, person)));
                    raw.extend(letter.raw.map(|raw| (at, raw)));
                }
                steps.push(step);
            }
            if matches!(reply, Reply::Known(_)) {
                node.repeated(self.start.id);
            }
            replies.push((letter.reply, reply));
        }
        decided
    }

    fn submit(&self, me: &ActorRef<Told>) -> Result<(), ActorProcessingErr> {
        let Some(flight) = &self.flight else { return Ok(()) };
        let wanted = Wanted { append: flight.append.clone(), by: me.clone() };
        if self.start.committer.submit(wanted) { Ok(()) } else { Err("the committer is gone".into()) }
    }

    async fn written(&mut self, me: &ActorRef<Told>, outcome: Appended) -> Result<(), ActorProcessingErr> {
        let Some(flight) = &self.flight else { return Ok(()) };
        match outcome {
            Appended::Committed { sequence } => self.committed(sequence),
            // A retry of ours may have found itself there: only the log says whose message it is.
            Appended::Conflict { last } if last > flight.append.after => {
                let entries = self.start.node.seams.journal.read(self.start.id, flight.append.after).await?;
                match entries.first().filter(|entry| entry.bytes == flight.append.bytes) {
                    Some(ours) if entries.len() == 1 => self.committed(ours.sequence),
                    Some(_) | None => return Err("somebody else writes this log".into()),
                }
            }
            Appended::Conflict { .. } => return Err("the log is behind what was read from it".into()),
            Appended::Unknown => {
                self.failures += 1;
                let pause = self.start.node.settings.pause(self.failures, flight.append.after);
                let (clock, me) = (Arc::clone(&self.start.node.seams.clock), me.clone());
                ractor::concurrency::spawn(async move {
                    clock.sleep(pause).await;
                    drop(me.send_message(Told::Again));
                });
            }
        }
        Ok(())
    }

    /// It is durable: only now is anybody told.
    fn committed(&mut self, sequence: u64) {
        self.failures = 0;
        if let Some(flight) = self.flight.take() {
            self.head = Head { sequence, ..flight.head };
            answer(flight.replies);
        }
    }

    /// Shows the state to who asked for it, if nothing in it may yet be lost.
    fn show(&mut self) {
        if self.flight.is_none() {
            for asker in self.askers.drain(..) {
                drop(asker.send(Box::new(self.state.clone())));
            }
        }
    }

    async fn retire(&mut self, me: &ActorRef<Told>) {
        self.snapshot().await;
        me.stop(Some("idle".to_owned()));
    }

    async fn snapshot(&mut self) {
        if self.head.number == self.last_snapshot {
            return;
        }
        self.last_snapshot = self.head.number;
        load::snapshot(&self.start.node, &self.state, self.head).await;
    }
}

fn answer(replies: Vec<(oneshot::Sender<Reply>, Reply)>) {
    for (sender, reply) in replies {
        if sender.send(reply).is_err() {
            tracing::debug!("an asker left before the answer");
        }
    }
}
