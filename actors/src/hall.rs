//! The hall: which entities are loaded here. An entity is loaded on first use and retired when idle; one that broke is
//! forgotten, and loaded again by whoever needs it next.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ractor::{Actor, ActorCell, ActorId, ActorProcessingErr, ActorRef, ActorRuntime, SupervisionEvent};
use takt_protocol::id::EntityId;
use takt_protocol::input::Input;
use takt_protocol::kernel::{Reply, State};
use takt_protocol::payload::Payload;
use tokio::sync::oneshot;

use crate::committer::Committer;
use crate::entity::{Entity, Letter, Start, Told};
use crate::node::Node;

/// Why an entity did not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the entity could not be loaded or lost its log just now; try again")]
pub struct Lost;

/// A handle to the hall. Cheap to clone.
#[derive(Clone)]
pub struct Hall {
    shared: Arc<Shared>,
}

struct Shared {
    node: Arc<Node>,
    committer: Committer,
    loaded: Mutex<Table>,
    keeper: Mutex<Option<ActorCell>>,
}

/// Who is loaded, and whose actor an actor is: one that leaves is known by itself alone.
#[derive(Default)]
struct Table {
    by_entity: BTreeMap<EntityId, Loaded>,
    by_actor: BTreeMap<ActorId, EntityId>,
}

struct Loaded {
    actor: ActorRef<Told>,
    used: Duration,
}

impl Hall {
    pub(crate) fn new(node: Arc<Node>, committer: Committer) -> Self {
        Self { shared: Arc::new(Shared { node, committer, loaded: Mutex::default(), keeper: Mutex::new(None) }) }
    }

    /// Tells an entity something, and waits until the outcome is durable.
    pub async fn tell(&self, entity: EntityId, input: Input) -> Result<Reply, Lost> {
        self.tell_with(entity, input, None).await
    }

    /// The same, and has the message that it came in kept with what it leads to.
    pub(crate) async fn tell_with(&self, entity: EntityId, input: Input, raw: Option<Payload>) -> Result<Reply, Lost> {
        let (reply, answer) = oneshot::channel();
        self.send(entity, Told::Take(Box::new(Letter { input, raw, reply })))?;
        answer.await.map_err(|_| Lost)
    }

    /// The durable state of an entity.
    pub async fn show(&self, entity: EntityId) -> Result<State, Lost> {
        let (reply, answer) = oneshot::channel();
        self.send(entity, Told::Show(reply))?;
        answer.await.map(|state| *state).map_err(|_| Lost)
    }

    /// How many entities are loaded.
    pub fn loaded(&self) -> usize {
        self.table().by_entity.len()
    }

    /// Asks every entity that did nothing for a while to leave.
    pub(crate) fn sweep(&self) {
        let now = self.shared.node.seams.clock.elapsed();
        let idle = Duration::from_millis(self.shared.node.settings.idle_ms);
        for loaded in self.table().by_entity.values().filter(|loaded| loaded.used + idle <= now) {
            drop(loaded.actor.send_message(Told::Retire));
        }
    }

    /// Asks every entity of a shard to leave when what is under way is over.
    pub(crate) fn leave(&self, shard: u16) {
        for loaded in self.of(&self.table(), shard) {
            drop(loaded.actor.send_message(Told::Leave));
        }
    }

    /// How many entities of a shard are loaded.
    pub(crate) fn loaded_of(&self, shard: u16) -> usize {
        self.of(&self.table(), shard).count()
    }

    /// Forgets every entity of a shard at once, whatever it is about: its log may have been written elsewhere.
    pub(crate) fn clear(&self, shard: u16) {
        let mut table = self.table();
        let gone: Vec<ActorRef<Told>> = self.of(&table, shard).map(|loaded| loaded.actor.clone()).collect();
        for actor in gone {
            if let Some(entity) = table.by_actor.remove(&actor.get_id()) {
                table.by_entity.remove(&entity);
            }
            actor.kill();
        }
    }

    fn of<'a>(&self, table: &'a Table, shard: u16) -> impl Iterator<Item = &'a Loaded> {
        let shards = self.shared.node.seams.journal.shards();
        table.by_entity.iter().filter(move |(entity, _)| entity.shard(shards) == shard).map(|(_, loaded)| loaded)
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.shared.loaded.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn send(&self, entity: EntityId, told: Told) -> Result<(), Lost> {
        let mut table = self.table();
        let now = self.shared.node.seams.clock.elapsed();
        let told = match table.by_entity.get_mut(&entity) {
            None => told,
            Some(loaded) => {
                loaded.used = now;
                match loaded.actor.send_message(told) {
                    Ok(()) => return Ok(()),
                    Err(ractor::MessagingErr::SendErr(told)) => told,
                    Err(_) => return Err(Lost),
                }
            }
        };
        let actor = self.load(entity)?;
        let sent = actor.send_message(told).map_err(|_| Lost);
        table.by_actor.insert(actor.get_id(), entity);
        if let Some(before) = table.by_entity.insert(entity, Loaded { actor, used: now }) {
            table.by_actor.remove(&before.actor.get_id());
        }
        sent
    }

    fn load(&self, id: EntityId) -> Result<ActorRef<Told>, Lost> {
        let keeper = self.shared.keeper.lock().unwrap_or_else(PoisonError::into_inner).clone().ok_or(Lost)?;
        let site = self.shared.node.book().site_of(id);
        let start = Start { id, site, node: Arc::clone(&self.shared.node), committer: self.shared.committer.clone() };
        let (actor, _starting) = ActorRuntime::spawn_linked_instant(None, Entity, start, keeper).map_err(|_| Lost)?;
        Ok(actor)
    }

    fn forget(&self, actor: ActorId) {
        let mut table = self.table();
        if let Some(entity) = table.by_actor.remove(&actor) {
            table.by_entity.remove(&entity);
        }
    }
}

/// The actor that stands over all entities of the hall.
pub(crate) struct Keeper {
    pub(crate) hall: Hall,
}

impl Actor for Keeper {
    type Msg = ();
    type State = ();
    type Arguments = ();

    async fn pre_start(&self, me: ActorRef<()>, (): ()) -> Result<(), ActorProcessingErr> {
        *self.hall.shared.keeper.lock().unwrap_or_else(PoisonError::into_inner) = Some(me.get_cell());
        Ok(())
    }

    async fn handle_supervisor_evt(&self, _: ActorRef<()>, event: SupervisionEvent, (): &mut ()) -> Result<(), ActorProcessingErr> {
        match event {
            SupervisionEvent::ActorTerminated(cell, ..) => self.hall.forget(cell.get_id()),
            SupervisionEvent::ActorFailed(cell, error) => {
                tracing::warn!(%error, "an entity stopped; it is loaded again when it is needed");
                self.hall.forget(cell.get_id());
            }
            SupervisionEvent::ActorStarted(_) | SupervisionEvent::ProcessGroupChanged(_) => {}
        }
        Ok(())
    }
}
