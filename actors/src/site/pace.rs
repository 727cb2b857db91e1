//! How fast a site may be spoken to, and whether it is worth trying: shared by all regions of a process that have errands
//! for it, because the site feels the sum. Never decides what is sent.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use takt_cluster::seam::Clock;
use tokio::sync::{Semaphore, SemaphorePermit};

use super::SiteLimits;
use super::breaker::Breaker;

/// The pace of a site.
#[derive(Debug)]
pub(crate) struct Pace {
    breaker: Mutex<Breaker>,
    next_send: Mutex<Duration>,
    spacing: Duration,
    seats: Semaphore,
}

impl Pace {
    pub(crate) fn of(limits: &SiteLimits) -> Self {
        Self {
            breaker: Mutex::new(Breaker::closed(limits.failures_max, Duration::from_millis(limits.open_ms))),
            next_send: Mutex::new(Duration::ZERO),
            spacing: Duration::from_millis(limits.spacing_ms),
            seats: Semaphore::new(limits.at_once_max.clamp(1, Semaphore::MAX_PERMITS)),
        }
    }

    pub(crate) fn with_breaker<T>(&self, act: impl FnOnce(&mut Breaker) -> T) -> T {
        act(&mut self.breaker.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Waits for a seat and for a place in the row of sends. The seat is free again when what is returned is dropped.
    pub(crate) async fn take_turn(&self, clock: &dyn Clock) -> Option<SemaphorePermit<'_>> {
        // Nobody closes the seats, so there always is one in the end.
        let seat = self.seats.acquire().await.ok();
        let now = clock.elapsed();
        let turn = {
            let mut next = self.next_send.lock().unwrap_or_else(PoisonError::into_inner);
            let turn = (*next).max(now);
            *next = turn + self.spacing;
            turn
        };
        if turn > now {
            clock.sleep(turn.saturating_sub(now)).await;
        }
        seat
    }
}
