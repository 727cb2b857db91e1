//! Regions that run in other processes: requests that are decided there, questions about what is at home there, and how the road to
//! each stands. A request is keyed, so that asking again has no second effect; a region that is not reached is said to be so, with
//! since when. Mail goes by `courier`.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use takt_cluster::seam::{Bus, Entry, Replied};
use takt_protocol::envelope::RawRef;
use takt_protocol::id::EntityId;
use takt_protocol::input::{Address, Input};
use takt_protocol::kernel::{Reply, State};
use takt_protocol::name::Region;
use takt_protocol::native::{NativeId, Ref};
use takt_protocol::subject;
use takt_protocol::wire::{self, Relayed};

use crate::courier::{Far, Way};
use crate::node::Node;
use crate::region::AskError;

pub(crate) mod beat;
pub(crate) mod embassy;
mod filling;
mod link;
pub(crate) mod peers;
mod words;

pub use embassy::Answers;
pub use link::{Direction, Down, LinkStanding};
pub(crate) use link::{Hearsay, Link, Toward};
pub use words::{Carried, Fill, Waiting};
use words::{Question, Raw, Told};

/// Between two tries, at first and at most.
const PAUSE: Duration = Duration::from_millis(20);
const PAUSE_MAX: Duration = Duration::from_millis(300);

/// How long a region is asked that is known not to be heard: it may be back this very moment.
const BRIEF: Duration = Duration::from_millis(400);

/// How long one question may take.
const PATIENCE: Duration = Duration::from_secs(4);

/// A region that runs in another process, as it is reached from here. Cheap to clone.
#[derive(Clone)]
pub struct Abroad {
    node: Arc<Node>,
    far: Region,
    shards: u16,
    bus: Arc<dyn Bus>,
    link: Arc<Link>,
}

/// How a try went that brought no answer.
enum Missed {
    /// Nobody looked at it.
    NotHeard,
    /// Somebody may have.
    MayBeDone,
    /// It cannot be carried at all.
    Never(AskError),
}

impl Abroad {
    /// `None` for a region that runs in this process.
    pub(crate) fn of(node: &Arc<Node>, far: &Far) -> Option<Self> {
        let (bus, dials) = match &far.way {
            Way::Beside(_) => return None,
            Way::Dials(line) => (Arc::clone(&line.bus), true),
            Way::Answers => (Arc::clone(&node.seams.bus), false),
        };
        let link = Arc::new(Link::new(far.region, dials, far.shards));
        Some(Self { node: Arc::clone(node), far: far.region, shards: far.shards, bus, link })
    }

    pub(crate) fn link(&self) -> &Arc<Link> {
        &self.link
    }

    /// Whether this side dials it.
    pub fn dials(&self) -> bool {
        self.link.dials()
    }

    /// Whether it is known that the region is not heard.
    pub fn down(&self) -> Option<Down> {
        self.link.down()
    }

    /// Has a request decided there, and answers when the outcome is durable there. Tried again until it is answered or its time is up.
    pub async fn ask(&self, entity: EntityId, input: Input) -> Result<Reply, AskError> {
        let clock = &self.node.seams.clock;
        let question = Bytes::from(wire::pack_mail(Input { to: Address::Entity(entity), ..input })?);
        let until = clock.elapsed() + self.patience(Duration::from_millis(self.node.settings.ask_patience_ms));
        let (mut may_be_done, mut pause) = (false, PAUSE);
        loop {
            match self.relay(entity, question.clone(), until.saturating_sub(clock.elapsed())).await {
                Ok(reply) => return Ok(reply),
                Err(Missed::Never(error)) => return Err(error),
                Err(Missed::MayBeDone) => may_be_done = true,
                Err(Missed::NotHeard) => {}
            }
            if clock.elapsed() + pause >= until {
                return Err(self.unreachable(may_be_done));
            }
            clock.sleep(pause).await;
            pause = (pause * 2).min(PAUSE_MAX);
        }
    }

    /// One try.
    async fn relay(&self, entity: EntityId, question: Bytes, left: Duration) -> Result<Reply, Missed> {
        let subject = subject::command(self.far, entity.shard(self.shards));
        let patience = left.min(Duration::from_millis(self.node.settings.relay_patience_ms));
        match self.bus.request(&subject, question, patience).await {
            Ok(Replied::Answer(bytes)) => match wire::unpack_relayed(&bytes) {
                Ok(Relayed::Reply(reply)) => Ok(reply),
                Ok(Relayed::Elsewhere) => Err(Missed::NotHeard),
                Ok(Relayed::Lost) => Err(Missed::MayBeDone),
                Err(error) => Err(Missed::Never(error.into())),
            },
            Ok(Replied::NoResponders) => Err(Missed::NotHeard),
            Ok(Replied::TimedOut) => Err(Missed::MayBeDone),
            Err(error) if error.is_transient() => Err(Missed::MayBeDone),
            Err(error) => Err(Missed::Never(error.into())),
        }
    }

    /// The durable state of an entity at home there.
    pub async fn show(&self, entity: EntityId) -> Result<State, AskError> {
        let Told::State(state) = self.put(&Question::Show(entity), PATIENCE).await? else { return Err(self.odd()) };
        Ok(*state)
    }

    /// What stands in the log of an entity at home there, oldest first.
    pub async fn log(&self, entity: EntityId) -> Result<Vec<Entry>, AskError> {
        let mut found: Vec<Entry> = Vec::new();
        loop {
            let after = found.last().map_or(0, |entry| entry.sequence);
            let Told::Log(part, more) = self.put(&Question::Log(entity, after), PATIENCE).await? else { return Err(self.odd()) };
            let more = more && !part.is_empty();
            found.extend(part.into_iter().map(|(sequence, raw)| Entry { sequence, entity, bytes: Bytes::from(raw.0) }));
            if !more {
                return Ok(found);
            }
        }
    }

    /// What is known there by a number.
    pub async fn find(&self, number: &NativeId, patience: Duration) -> Result<Vec<(Ref, EntityId)>, AskError> {
        let Told::Found(found) = self.put(&Question::Find(number.clone()), patience).await? else { return Err(self.odd()) };
        Ok(found)
    }

    /// Keeps a payload there, durably.
    pub async fn keep(&self, payload: Bytes) -> Result<RawRef, AskError> {
        let Told::Kept(hash) = self.put(&Question::Keep(Raw(payload.to_vec())), PATIENCE).await? else { return Err(self.odd()) };
        Ok(hash)
    }

    /// Asks a question of the API, by its name, for that region alone.
    pub async fn api(&self, name: &str, question: Vec<u8>, patience: Duration) -> Result<Vec<u8>, AskError> {
        let Told::Api(Raw(answer)) = self.put(&Question::Api(name.to_owned(), Raw(question)), patience).await? else {
            return Err(self.odd());
        };
        Ok(answer)
    }

    async fn put(&self, question: &Question, patience: Duration) -> Result<Told, AskError> {
        let clock = &self.node.seams.clock;
        let bytes = Bytes::from(wire::encode("question", question)?);
        let until = clock.elapsed() + self.patience(patience);
        loop {
            let left = until.saturating_sub(clock.elapsed());
            match self.bus.request(&embassy::door(self.far), bytes.clone(), left).await {
                Ok(Replied::Answer(bytes)) => {
                    let told = wire::decode("answer", &bytes)?;
                    return if let Told::No(why) = told { Err(AskError::Answered { region: self.far, why }) } else { Ok(told) };
                }
                // Its node may just be starting, or the line be coming back.
                Ok(Replied::NoResponders) if clock.elapsed() + PAUSE_MAX < until => clock.sleep(PAUSE_MAX).await,
                Ok(Replied::NoResponders | Replied::TimedOut) => return Err(self.unreachable(false)),
                Err(error) if error.is_transient() => return Err(self.unreachable(false)),
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn patience(&self, usual: Duration) -> Duration {
        if self.link.down().is_some() { usual.min(BRIEF) } else { usual }
    }

    fn unreachable(&self, may_be_done: bool) -> AskError {
        AskError::Unreachable { region: self.far, heard: self.link.down().and_then(|down| down.heard), may_be_done }
    }

    fn odd(&self) -> AskError {
        AskError::Answered { region: self.far, why: "it answered something else: its nodes run another version".to_owned() }
    }
}

#[cfg(test)]
mod tests;
