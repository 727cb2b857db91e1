//! How many requests may be under way: each tier has room of its own, so that no flood of queries or reports keeps a hold
//! out. Apart because memory is bounded here and nowhere else on the way in. Never queues: who finds no room is told when
//! to come back, or waits where its own stream slows it.

use std::sync::Arc;

use takt_protocol::intent::Tier;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::Denied;

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
}

impl Default for Room {
    fn default() -> Self {
        Self { plant_critical_max: 256, business_max: 1024, analytical_max: 128, watching_max: 256 }
    }
}

/// Who may come in now.
pub struct Admission {
    plant_critical: Arc<Semaphore>,
    business: Arc<Semaphore>,
    analytical: Arc<Semaphore>,
    watching: Arc<Semaphore>,
}

/// A place that is taken until this is dropped.
#[must_use]
pub struct Ticket {
    _place: OwnedSemaphorePermit,
}

impl Admission {
    pub(super) fn new(room: &Room) -> Self {
        let places = |max| Arc::new(Semaphore::new(max));
        Self {
            plant_critical: places(room.plant_critical_max),
            business: places(room.business_max),
            analytical: places(room.analytical_max),
            watching: places(room.watching_max),
        }
    }

    /// A place now, or the answer that there is none.
    pub fn enter(&self, tier: Tier) -> Result<Ticket, Denied> {
        let place = Arc::clone(self.places(tier)).try_acquire_owned().map_err(|_| Denied::overloaded(tier))?;
        Ok(Ticket { _place: place })
    }

    /// A place, as soon as there is one.
    pub async fn wait(&self, tier: Tier) -> Result<Ticket, Denied> {
        let place = Arc::clone(self.places(tier)).acquire_owned().await.map_err(|_| Denied::overloaded(tier))?;
        Ok(Ticket { _place: place })
    }

    /// A place for a watcher now, or the answer that there is none.
    pub fn watch(&self) -> Result<Ticket, Denied> {
        let place = Arc::clone(&self.watching).try_acquire_owned().map_err(|_| Denied::overloaded(Tier::Analytical))?;
        Ok(Ticket { _place: place })
    }

    fn places(&self, tier: Tier) -> &Arc<Semaphore> {
        match tier {
            Tier::PlantCritical => &self.plant_critical,
            Tier::Business => &self.business,
            Tier::Analytical => &self.analytical,
        }
    }
}
