//! How many requests may be under way: each tier has room of its own, so that no flood of queries or reports keeps a hold
//! out. Watchers have room of their own, and each caller a part of it. Apart because memory is bounded here and nowhere else on the
//! way in. Never queues: who finds no room is told when to come back, or waits where its own stream slows it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use takt_protocol::intent::Tier;
use takt_protocol::name::Source;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{Client, Denied};

/// Requests under way at once, by tier.
#[derive(Clone, Debug)]
pub struct Room {
    /// Holds and blocks.
    pub plant_critical_max: usize,
    /// Everything else that changes something.
    pub business_max: usize,
    /// Queries.
    pub analytical_max: usize,
    /// Who watches something, for as long as they watch.
    pub watching_max: usize,
    /// The same of one client.
    pub watching_each_max: usize,
}

impl Default for Room {
    fn default() -> Self {
        Self { plant_critical_max: 256, business_max: 1024, analytical_max: 128, watching_max: 256, watching_each_max: 64 }
    }
}

/// Who may come in now.
pub struct Admission {
    plant_critical: Arc<Semaphore>,
    business: Arc<Semaphore>,
    analytical: Arc<Semaphore>,
    watching: Arc<Semaphore>,
    each: Arc<Each>,
    each_max: usize,
}

/// How many watch on behalf of each client; none that nobody does for.
#[derive(Default)]
struct Each {
    watching: Mutex<BTreeMap<Source, usize>>,
}

/// A place that is taken until this is dropped.
#[must_use]
pub struct Ticket {
    _place: OwnedSemaphorePermit,
    _watcher: Option<Watcher>,
}

/// One who watches on behalf of a client.
struct Watcher {
    each: Arc<Each>,
    client: Source,
}

impl Each {
    /// One more for a client, unless it has enough.
    fn enter(self: &Arc<Self>, client: Source, max: usize) -> Option<Watcher> {
        let mut watching = self.watching.lock().unwrap_or_else(PoisonError::into_inner);
        let mine = watching.entry(client).or_default();
        if *mine >= max {
            return None;
        }
        *mine += 1;
        Some(Watcher { each: Arc::clone(self), client })
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        let mut watching = self.each.watching.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(mine) = watching.get_mut(&self.client) {
            *mine = mine.saturating_sub(1);
        }
        watching.retain(|_, mine| *mine > 0);
    }
}

impl Admission {
    pub(super) fn new(room: &Room) -> Self {
        let places = |max| Arc::new(Semaphore::new(max));
        Self {
            plant_critical: places(room.plant_critical_max),
            business: places(room.business_max),
            analytical: places(room.analytical_max),
            watching: places(room.watching_max),
            each: Arc::default(),
            each_max: room.watching_each_max,
        }
    }

    /// A place now, or the answer that there is none.
    pub fn enter(&self, tier: Tier) -> Result<Ticket, Denied> {
        let place = Arc::clone(self.places(tier)).try_acquire_owned().map_err(|_| Denied::overloaded(tier))?;
        Ok(Ticket { _place: place, _watcher: None })
    }

    /// A place, as soon as there is one.
    pub async fn wait(&self, tier: Tier) -> Result<Ticket, Denied> {
        let place = Arc::clone(self.places(tier)).acquire_owned().await.map_err(|_| Denied::overloaded(tier))?;
        Ok(Ticket { _place: place, _watcher: None })
    }

    /// A place for a watcher of this client now, or the answer that there is none.
    pub fn watch(&self, client: &Client) -> Result<Ticket, Denied> {
        let watcher = self.each.enter(client.source, self.each_max).ok_or_else(|| {
            let message = format!("{} watches {} times at once, as often as one client may", client.source, self.each_max);
            Denied::crowded(message)
        })?;
        let place = Arc::clone(&self.watching).try_acquire_owned();
        let place = place.map_err(|_| Denied::crowded("too many watch at this node at once".to_owned()))?;
        Ok(Ticket { _place: place, _watcher: Some(watcher) })
    }

    fn places(&self, tier: Tier) -> &Arc<Semaphore> {
        match tier {
            Tier::PlantCritical => &self.plant_critical,
            Tier::Business => &self.business,
            Tier::Analytical => &self.analytical,
        }
    }
}
