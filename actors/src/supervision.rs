//! Supervision as a table: who is started, in what order, how often each may fall. The verdict is a pure function. Only one
//! level is generous: a task that falls is started again by its region; a region that falls too often stops and says so.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use ractor::{Actor, ActorProcessingErr, ActorRef};
use tokio::task::JoinHandle;

/// How often something may fall.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Falls allowed.
    pub falls_max: usize,
    /// Within.
    pub within: Duration,
}

/// What to do with something that fell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Start it again.
    Restart,
    /// Stop everything: it will not get better by itself.
    GiveUp,
}

/// For tasks that should never fall at all.
pub const CALM: Budget = Budget { falls_max: 5, within: Duration::from_mins(1) };

/// Started top to bottom, stopped bottom to top: who feeds others starts last.
pub const CHILDREN: &[Child] = &[
    Child { name: "committer", budget: CALM },
    Child { name: "hall", budget: CALM },
    Child { name: "index", budget: CALM },
    Child { name: "sites", budget: CALM },
    Child { name: "dispatcher", budget: CALM },
    Child { name: "publisher", budget: CALM },
    Child { name: "feeders", budget: CALM },
    Child { name: "refusals", budget: CALM },
    Child { name: "couriers", budget: CALM },
    Child { name: "exporters", budget: CALM },
    Child { name: "heartbeat", budget: CALM },
    Child { name: "embassy", budget: CALM },
    Child { name: "relay", budget: CALM },
    Child { name: "intake", budget: CALM },
    Child { name: "sweeper", budget: CALM },
    Child { name: "roll", budget: CALM },
    Child { name: "leases", budget: CALM },
    Child { name: "reconciling", budget: CALM },
];

/// A row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Child {
    /// Its name, in logs.
    pub name: &'static str,
    /// How often it may fall.
    pub budget: Budget,
}

/// What to do about the last of `falls` (times since start, oldest first).
pub fn verdict(budget: Budget, falls: &[Duration], now: Duration) -> Verdict {
    let recent = falls.iter().filter(|at| **at + budget.within > now).count();
    if recent > budget.falls_max { Verdict::GiveUp } else { Verdict::Restart }
}

/// Makes a task anew.
pub(crate) type Task = Arc<dyn Fn() -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

/// An actor that runs one task, and falls when the task ends.
pub(crate) struct Runner;

/// What a runner starts with.
pub(crate) struct Running {
    pub(crate) name: &'static str,
    pub(crate) task: Task,
}

/// Ends the task when the actor is gone, however it went.
pub(crate) struct Guard(JoinHandle<()>);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// The task ended.
pub(crate) struct Ended;

impl Actor for Runner {
    type Msg = Ended;
    type State = (&'static str, Guard);
    type Arguments = Running;

    async fn pre_start(&self, me: ActorRef<Ended>, running: Running) -> Result<Self::State, ActorProcessingErr> {
        let task = (running.task)();
        let handle = ractor::concurrency::spawn(async move {
            let ended = Fell(me);
            task.await;
            drop(ended);
        });
        Ok((running.name, Guard(handle)))
    }

    async fn handle(&self, _: ActorRef<Ended>, _: Ended, state: &mut Self::State) -> Result<(), ActorProcessingErr> {
        Err(format!("`{}` ended, which it never should", state.0).into())
    }
}

/// Says that the task ended, also when it ended by a panic.
struct Fell(ActorRef<Ended>);

impl Drop for Fell {
    fn drop(&mut self) {
        drop(self.0.send_message(Ended));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn five_falls_in_a_minute_are_forgiven_and_the_sixth_is_not() {
        let falls: Vec<Duration> = (1..=5).map(at).collect();
        assert_eq!(verdict(CALM, &falls, at(5)), Verdict::Restart);
        let falls: Vec<Duration> = (1..=6).map(at).collect();
        assert_eq!(verdict(CALM, &falls, at(6)), Verdict::GiveUp);
    }

    #[test]
    fn old_falls_are_forgotten() {
        let falls: Vec<Duration> = (1..=9).map(|n| at(n * 60)).collect();
        assert_eq!(verdict(CALM, &falls, at(540)), Verdict::Restart);
    }
}
