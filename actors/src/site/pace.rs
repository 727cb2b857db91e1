//! How fast a site may be spoken to, whether it is worth trying, and when it was last heard: shared by all regions of a
//! process that have errands for it, because the site feels the sum. Never decides what is sent.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use takt_cluster::seam::Clock;
use takt_protocol::instant::Instant;
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
    /// One seat fewer: what is not plant-critical has to leave one.
    common: Option<Semaphore>,
    heard: Mutex<Heard>,
}

#[derive(Debug, Default)]
struct Heard {
    at: Option<Instant>,
    trouble: Option<String>,
    since: Option<Instant>,
}

/// How a site stands with us, as plant IT asks first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SiteStatus {
    /// When it last answered us or told us something, since this process runs.
    pub heard_at: Option<Instant>,
    /// Why it was not reached since then.
    pub trouble: Option<String>,
    /// When it was not reached for the first time since then.
    pub trouble_since: Option<Instant>,
    /// How long nobody tries it, in ms; 0 while it is tried.
    pub rests_ms: u64,
    /// How many errands a minute it is sent at most; nothing where there is no limit.
    pub per_minute_max: Option<u64>,
    /// By how much its clock is ahead of ours at least, in ms; below zero where it is behind; nothing where it never said.
    pub clock_ahead_ms: Option<i64>,
}

/// A seat at a site, free again when this is dropped.
pub(crate) struct Seat<'a> {
    _common: Option<SemaphorePermit<'a>>,
    _seat: Option<SemaphorePermit<'a>>,
}

impl Pace {
    pub(crate) fn of(limits: &SiteLimits) -> Self {
        Self {
            breaker: Mutex::new(Breaker::closed(
                limits.failures_max,
                Duration::from_millis(limits.open_ms),
                Duration::from_millis(limits.open_max_ms),
            )),
            next_send: Mutex::new(Duration::ZERO),
            spacing: Duration::from_millis(limits.spacing_ms),
            seats: Semaphore::new(limits.at_once_max.clamp(1, Semaphore::MAX_PERMITS)),
            common: (limits.reserve() > 0).then(|| Semaphore::new((limits.at_once_max - limits.reserve()).min(Semaphore::MAX_PERMITS))),
            heard: Mutex::default(),
        }
    }

    pub(crate) fn with_breaker<T>(&self, act: impl FnOnce(&mut Breaker) -> T) -> T {
        act(&mut self.breaker.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// It answered, or told something.
    pub(crate) fn heard(&self, at: Instant) {
        *self.heard.lock().unwrap_or_else(PoisonError::into_inner) = Heard { at: Some(at), trouble: None, since: None };
    }

    /// It was not reached.
    pub(crate) fn missed(&self, why: &str, at: Instant) {
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        heard.trouble = Some(why.to_owned());
        heard.since.get_or_insert(at);
    }

    /// How it stands at `now`, by the monotonic clock.
    pub(crate) fn status(&self, now: Duration) -> SiteStatus {
        let rests = self.with_breaker(|breaker| breaker.rests(now));
        let heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        let rests_ms = u64::try_from(rests.as_millis()).unwrap_or(u64::MAX);
        let spacing_ms = u64::try_from(self.spacing.as_millis()).unwrap_or(u64::MAX);
        SiteStatus {
            heard_at: heard.at,
            trouble: heard.trouble.clone(),
            trouble_since: heard.since,
            rests_ms,
            per_minute_max: (spacing_ms > 0).then(|| 60_000 / spacing_ms),
            clock_ahead_ms: None,
        }
    }

    /// Waits for a seat and for a place in the row of sends. One seat is for plant-critical errands alone, where there is
    /// more than one: a hold does not wait for what hangs.
    pub(crate) async fn take_turn(&self, clock: &dyn Clock, critical: bool) -> Seat<'_> {
        // Nobody closes the seats, so there always is one in the end.
        let common = match &self.common {
            Some(common) if !critical => common.acquire().await.ok(),
            Some(_) | None => None,
        };
        let seat = Seat { _common: common, _seat: self.seats.acquire().await.ok() };
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

#[cfg(test)]
mod tests {
    use takt_cluster::clock::SystemClock;

    use super::*;

    fn pace(at_once_max: usize) -> Pace {
        Pace::of(&SiteLimits { at_once_max, ..SiteLimits::default() })
    }

    async fn soon<T>(work: impl Future<Output = T>) -> Option<T> {
        tokio::time::timeout(Duration::from_millis(50), work).await.ok()
    }

    #[tokio::test]
    async fn a_hold_does_not_wait_for_errands_that_hang() {
        let (pace, clock) = (pace(3), SystemClock::start());
        let _hang = [pace.take_turn(&clock, false).await, pace.take_turn(&clock, false).await];
        assert!(soon(pace.take_turn(&clock, false)).await.is_none(), "the last seat was given away");
        assert!(soon(pace.take_turn(&clock, true)).await.is_some(), "a plant-critical errand found no seat");
    }

    #[tokio::test]
    async fn where_there_is_one_seat_all_share_it() {
        let (pace, clock) = (pace(1), SystemClock::start());
        let seat = pace.take_turn(&clock, false).await;
        assert!(soon(pace.take_turn(&clock, true)).await.is_none());
        drop(seat);
        assert!(soon(pace.take_turn(&clock, false)).await.is_some());
    }

    #[test]
    fn what_was_not_reached_is_told_until_it_is_heard_again() {
        let pace = pace(1);
        let (first, then) = (Instant::from_utc_ms(1), Instant::from_utc_ms(2));
        pace.missed("connection refused", first);
        pace.missed("no route", then);
        let status = pace.status(Duration::ZERO);
        assert_eq!((status.trouble.as_deref(), status.trouble_since), (Some("no route"), Some(first)));
        pace.heard(Instant::EPOCH);
        assert_eq!(pace.status(Duration::ZERO), SiteStatus { heard_at: Some(Instant::EPOCH), ..SiteStatus::default() });
    }
}
