//! The actor at the top of a region: starts its tasks in the order of the table, starts again what falls, and starts and stops all
//! that belongs to one duty when it is told to.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use ractor::{Actor, ActorCell, ActorId, ActorProcessingErr, ActorRef, SupervisionEvent};
use tokio::sync::oneshot;

use super::tasks::Named;
use crate::duties::Duty;
use crate::hall::{Hall, Keeper};
use crate::leases::Leases;
use crate::node::Node;
use crate::supervision::{CALM, CHILDREN, Runner, Running, Verdict, verdict};

/// Why a task ends that was asked to: no fall.
pub(super) const STOPPING: &str = "stopping";

/// How long a task may take to end.
const ENDING: Duration = Duration::from_secs(1);

/// What it is told.
pub(crate) enum Order {
    /// Start what belongs to a duty.
    Begin(Duty),
    /// Stop what belongs to it, and say when that has ended.
    End(Duty, oneshot::Sender<()>),
}

/// The actor.
pub(super) struct Top {
    pub(super) node: Arc<Node>,
    pub(super) hall: Hall,
    pub(super) tasks: Vec<Named>,
    /// Who says which duties are this node's; nobody where all of them are.
    pub(super) leases: Option<Arc<Leases>>,
}

/// Who runs, and who fell when.
pub(super) struct Children {
    running: BTreeMap<ActorId, (usize, ActorCell)>,
    keeper: Option<ActorCell>,
    falls: Vec<Vec<Duration>>,
}

impl Actor for Top {
    type Msg = Order;
    type State = Children;
    type Arguments = ();

    async fn pre_start(&self, me: ActorRef<Order>, (): ()) -> Result<Children, ActorProcessingErr> {
        let mut children = Children { running: BTreeMap::new(), keeper: None, falls: vec![Vec::new(); self.tasks.len()] };
        let (keeper, _) = Actor::spawn_linked(None, Keeper { hall: self.hall.clone() }, (), me.get_cell()).await?;
        children.keeper = Some(keeper.get_cell());
        if let Some(leases) = &self.leases {
            leases.led_by(me.clone());
        }
        for (at, task) in self.tasks.iter().enumerate() {
            if task.duty.is_none() || self.leases.is_none() {
                self.run(&me, &mut children, at).await?;
            }
        }
        Ok(children)
    }

    async fn handle(&self, me: ActorRef<Order>, order: Order, children: &mut Children) -> Result<(), ActorProcessingErr> {
        match order {
            Order::Begin(duty) => {
                self.end(children, duty).await;
                for at in self.of(duty) {
                    self.run(&me, children, at).await?;
                }
            }
            Order::End(duty, ended) => {
                self.end(children, duty).await;
                if ended.send(()).is_err() {
                    tracing::debug!(?duty, "nobody waits for its end any more");
                }
            }
        }
        Ok(())
    }

    async fn handle_supervisor_evt(
        &self,
        me: ActorRef<Order>,
        event: SupervisionEvent,
        children: &mut Children,
    ) -> Result<(), ActorProcessingErr> {
        let fallen = match event {
            SupervisionEvent::ActorTerminated(_, _, Some(reason)) if reason == STOPPING => return Ok(()),
            SupervisionEvent::ActorTerminated(cell, ..) | SupervisionEvent::ActorFailed(cell, _) => cell.get_id(),
            SupervisionEvent::ActorStarted(_) | SupervisionEvent::ProcessGroupChanged(_) => return Ok(()),
        };
        let Some((at, _)) = children.running.remove(&fallen) else { return Ok(()) };
        let (now, name) = (self.node.seams.clock.elapsed(), self.tasks.get(at).map_or("", |task| task.name));
        let budget = CHILDREN.iter().find(|child| child.name == name).map_or(CALM, |child| child.budget);
        let Some(falls) = children.falls.get_mut(at) else { return Ok(()) };
        falls.push(now);
        match verdict(budget, falls, now) {
            Verdict::Restart if name != "committer" => {
                tracing::warn!(name, region = %self.node.region, "a task fell and is started again");
                self.run(&me, children, at).await
            }
            Verdict::Restart | Verdict::GiveUp => {
                tracing::error!(name, region = %self.node.region, "a task fell for good; the region stops");
                Err(format!("`{name}` fell for good").into())
            }
        }
    }
}

impl Top {
    async fn run(&self, me: &ActorRef<Order>, children: &mut Children, at: usize) -> Result<(), ActorProcessingErr> {
        if let Some(Named { name, task, .. }) = self.tasks.get(at) {
            let running = Running { name, task: Arc::clone(task) };
            let (runner, _) = Actor::spawn_linked(None, Runner, running, me.get_cell()).await?;
            children.running.insert(runner.get_id(), (at, runner.get_cell()));
        }
        Ok(())
    }

    /// The tasks of a duty, in the order of the table.
    fn of(&self, duty: Duty) -> Vec<usize> {
        self.tasks.iter().enumerate().filter(|(_, task)| task.duty == Some(duty)).map(|(at, _)| at).collect()
    }

    /// Stops what runs of a duty, in the other order.
    async fn end(&self, children: &mut Children, duty: Duty) {
        for at in self.of(duty).into_iter().rev() {
            let found = children.running.iter().find(|(_, (running, _))| *running == at).map(|(id, _)| *id);
            let Some((_, cell)) = found.and_then(|id| children.running.remove(&id)) else { continue };
            drop(cell.stop_and_wait(Some(STOPPING.to_owned()), Some(ENDING)).await);
        }
    }
}
