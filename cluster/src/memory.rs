//! The engine that can misbehave: all seams in memory, deterministic, on whatever clock it is given. It crashes, loses,
//! delays and lies only where a [`Fates`] says so, and only in the ways the seams allow; every fault that took effect is
//! counted. What it stores outlives the crash of the node that wrote it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use crate::Error;
use crate::seam::{Clock, Seams};

mod bus;
mod fate;
mod journal;
mod queue;
mod reins;
mod small;
mod store;

pub use fate::{Fate, Fates, Operation, Untroubled};
pub use reins::Reins;
pub use store::Backup;
use store::Store;

#[cfg(test)]
mod tests;

/// A region's store in memory. Cheap to clone; all clones are the same store.
#[derive(Clone)]
pub struct Memory {
    shared: Arc<Shared>,
}

struct Shared {
    store: Mutex<Store>,
    fates: Mutex<Box<dyn Fates>>,
    clock: Arc<dyn Clock>,
    shards: u16,
}

/// A node's hold on the store: dead once the node crashed, whoever still has it.
#[derive(Clone)]
struct Hold {
    shared: Arc<Shared>,
    epoch: u64,
    reins: Option<Reins>,
}

impl Memory {
    /// An empty store of so many shards.
    pub fn new(shards: u16, clock: Arc<dyn Clock>, fates: Box<dyn Fates>) -> Self {
        let shared = Shared { store: Mutex::new(Store::default()), fates: Mutex::new(fates), clock, shards };
        Self { shared: Arc::new(shared) }
    }

    /// The seams, as a node that starts now holds them.
    pub fn seams(&self) -> Seams {
        self.held(None, Arc::clone(&self.shared.clock))
    }

    /// The same for one node of several on this store, with the reins to hold that node still as a stopped process is.
    pub fn node(&self) -> (Seams, Reins) {
        let reins = Reins::default();
        (self.held(Some(reins.clone()), reins.clock(Arc::clone(&self.shared.clock))), reins)
    }

    fn held(&self, reins: Option<Reins>, clock: Arc<dyn Clock>) -> Seams {
        let hold = Arc::new(Hold { shared: Arc::clone(&self.shared), epoch: self.shared.store().epoch, reins });
        Seams {
            journal: Arc::clone(&hold) as _,
            queue: Arc::clone(&hold) as _,
            timers: Arc::clone(&hold) as _,
            blobs: Arc::clone(&hold) as _,
            lease: Arc::clone(&hold) as _,
            bus: Arc::clone(&hold) as _,
            shelf: hold,
            clock,
        }
    }

    /// The node dies: whatever it holds answers no more, and what was handed out to it comes back.
    pub fn crash(&self) {
        self.shared.store().crash();
    }

    /// Forgets the last `count` messages of the log although they were acknowledged: a fault that checkers must catch.
    pub fn lose_tail(&self, count: usize) {
        self.shared.store().lose_tail(count);
    }

    /// What a backup that is taken now has of it.
    pub fn backup(&self) -> Backup {
        self.shared.store().backup()
    }

    /// Everything is lost, and a backup is restored: what came after it is gone, and what comes now is another store's. How many
    /// messages of the log are gone.
    pub fn restore(&self, backup: Backup) -> u64 {
        self.shared.store().restore(backup)
    }

    /// What stands on the shelf under names that begin so is from now on of a kind that nobody here can read, as another binary
    /// leaves it; how many there were.
    pub fn scribble(&self, prefix: &str) -> u64 {
        self.shared.store().scribble(prefix)
    }

    /// How often each fault took effect.
    pub fn account(&self) -> BTreeMap<&'static str, u64> {
        self.shared.store().account.clone()
    }
}

impl Shared {
    fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Hold {
    /// Does something with the store, unless this hold is of a node that died.
    fn with<T>(&self, act: impl FnOnce(&mut Store) -> T) -> Option<T> {
        let mut store = self.shared.store();
        (store.epoch == self.epoch).then(|| act(&mut store))
    }

    /// One operation: asks the fates, does it, asks nobody any more. A dead node waits for ever.
    async fn perform<T>(&self, operation: Operation, act: impl FnOnce(&mut Store) -> T, lost: impl FnOnce() -> T) -> T {
        self.runs().await;
        let fate = self.shared.fates.lock().unwrap_or_else(PoisonError::into_inner).decide(operation);
        if let Some(fault) = fate.fault() {
            self.with(|store| *store.account.entry(fault).or_default() += 1);
        }
        if let Fate::Delayed(time) = fate {
            self.shared.clock.sleep(time).await;
        }
        match fate {
            Fate::CrashBefore => self.die().await,
            Fate::Refused | Fate::UnknownNotDone => lost(),
            Fate::UnknownDone => {
                self.with(act);
                lost()
            }
            Fate::Done | Fate::Delayed(_) | Fate::CrashAfter => {
                let Some(done) = self.with(act) else { return std::future::pending().await };
                if let Fate::CrashAfter = fate {
                    return self.die().await;
                }
                // An answer takes a turn, so that nothing depends on the engine answering at once.
                tokio::task::yield_now().await;
                self.runs().await;
                done
            }
        }
    }

    /// Returns when the node is not held still.
    async fn runs(&self) {
        if let Some(reins) = &self.reins {
            reins.runs().await;
        }
    }

    async fn die<T>(&self) -> T {
        self.with(Store::crash);
        std::future::pending().await
    }

    /// Asks `look` until it finds something: whenever it is told of a change, and when `due` says that time alone may change it.
    async fn wait_for<T>(&self, told: &Notify, mut look: impl FnMut(&mut Store, Duration) -> (Option<T>, Option<Duration>)) -> T {
        loop {
            self.runs().await;
            let changed = told.notified();
            let now = self.shared.clock.elapsed();
            let due = match self.with(|store| look(store, now)) {
                None => return std::future::pending().await,
                Some((Some(found), _)) => return found,
                Some((None, due)) => due,
            };
            match due {
                Some(at) => {
                    tokio::select! {
                        biased;
                        () = changed => {}
                        () = self.shared.clock.sleep(at.saturating_sub(now).max(Duration::from_millis(1))) => {}
                    }
                }
                None => changed.await,
            }
        }
    }
}

fn unreachable<T>() -> Result<T, Error> {
    Err(Error::Unreachable { place: "the simulated engine".to_owned() })
}
