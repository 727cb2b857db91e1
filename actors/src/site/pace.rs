//! How fast a site may be spoken to, whether it is worth trying, and when it was last heard: shared by all regions of a
//! process that have errands for it, because the site feels the sum. Never decides what is sent.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
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
    /// What does not work, and since when: each channel by itself, so that one that works hides no other.
    troubles: BTreeMap<String, (String, Instant)>,
}

/// What a site is asked to do; every other channel has a name of its own: a topic, a folder, the events of a shard.
pub(crate) const ERRANDS: &str = "";

/// How a site stands with us, as plant IT asks first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SiteStatus {
    /// When it last answered us or told us something, since this process runs.
    pub heard_at: Option<Instant>,
    /// Why it was not reached since then; where several channels do not work, the one that fails longest, errands after all others, and
    /// how many more.
    pub trouble: Option<String>,
    /// Since when that channel does not work.
    pub trouble_since: Option<Instant>,
    /// Whether that is a channel that is served from here, so that no word of the system on another one says that it works.
    pub trouble_lasts: bool,
    /// How long nobody tries it, in ms; 0 while it is tried.
    pub rests_ms: u64,
    /// How many errands a minute it is sent at most; nothing where there is no limit.
    pub per_minute_max: Option<u64>,
    /// By how much its clock is ahead of ours at least, in ms; below zero where it is behind; nothing where it never said.
    pub clock_ahead_ms: Option<i64>,
}

/// A channel to a site that this process serves, as long as this lives: when another one serves it, what failed here says nothing more.
pub(crate) struct Channel {
    pace: Arc<Pace>,
    name: String,
}

impl Channel {
    pub(crate) fn to(pace: &Arc<Pace>, name: String) -> Self {
        Self { pace: Arc::clone(pace), name }
    }
}

impl Drop for Channel {
    fn drop(&mut self) {
        self.pace.heard.lock().unwrap_or_else(PoisonError::into_inner).troubles.remove(&self.name);
    }
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

    /// It answered on this channel, or told something by itself where there is none.
    pub(crate) fn heard(&self, channel: Option<&str>, at: Instant) {
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        heard.at = Some(at);
        if let Some(channel) = channel {
            heard.troubles.remove(channel);
        }
    }

    /// It was not reached on this channel.
    pub(crate) fn missed(&self, channel: &str, why: &str, at: Instant) {
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        let since = heard.troubles.get(channel).map_or(at, |(_, since)| *since);
        heard.troubles.insert(channel.to_owned(), (why.to_owned(), since));
    }

    /// How it stands at `now`, by the monotonic clock.
    pub(crate) fn status(&self, now: Duration) -> SiteStatus {
        let rests = self.with_breaker(|breaker| breaker.rests(now));
        let heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        let rests_ms = u64::try_from(rests.as_millis()).unwrap_or(u64::MAX);
        let spacing_ms = u64::try_from(self.spacing.as_millis()).unwrap_or(u64::MAX);
        let longest = heard.troubles.iter().min_by_key(|(channel, (_, since))| (*channel == ERRANDS, *since));
        let others = heard.troubles.len().saturating_sub(1);
        let trouble = longest.map(|(channel, (why, _))| {
            let channel = if channel == ERRANDS { String::new() } else { format!("{channel}: ") };
            let more = if others == 0 { String::new() } else { format!("; and {others} more") };
            format!("{channel}{why}{more}")
        });
        SiteStatus {
            heard_at: heard.at,
            trouble,
            trouble_since: longest.map(|(_, (_, since))| *since),
            trouble_lasts: longest.is_some_and(|(channel, _)| channel != ERRANDS),
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
        pace.missed(ERRANDS, "connection refused", first);
        pace.missed(ERRANDS, "no route", then);
        let status = pace.status(Duration::ZERO);
        assert_eq!((status.trouble.as_deref(), status.trouble_since), (Some("no route"), Some(first)));
        pace.heard(Some(ERRANDS), Instant::EPOCH);
        assert_eq!(pace.status(Duration::ZERO), SiteStatus { heard_at: Some(Instant::EPOCH), ..SiteStatus::default() });
    }

    #[test]
    fn a_channel_that_works_hides_none_that_does_not() {
        let pace = pace(1);
        let at = Instant::from_utc_ms;
        pace.missed("recipes", "/recipes answered 404", at(1));
        pace.missed("events of shard 3", "it does not take events", at(2));
        pace.heard(Some(ERRANDS), at(3));
        pace.heard(None, at(4));
        let told = |pace: &Pace| pace.status(Duration::ZERO).trouble.unwrap_or_default();
        assert_eq!(told(&pace), "recipes: /recipes answered 404; and 1 more");
        pace.heard(Some("recipes"), at(5));
        let status = pace.status(Duration::ZERO);
        assert_eq!((told(&pace).as_str(), status.trouble_since), ("events of shard 3: it does not take events", Some(at(2))));
        pace.heard(Some("events of shard 3"), at(6));
        assert_eq!((told(&pace).as_str(), pace.status(Duration::ZERO).heard_at), ("", Some(at(6))));
        let (pace, channel) = (Arc::new(pace), "events of shard 4");
        let here = Channel::to(&pace, channel.to_owned());
        pace.missed(channel, "it does not take events", at(7));
        drop(here);
        assert_eq!(told(&pace), "", "another process serves that now");
    }
}
