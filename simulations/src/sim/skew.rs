//! The clock of a region that may be wrong: set ahead or back, and too fast or too slow from then on. How long something takes it still
//! knows, as a machine does whose wall clock is wrong.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use takt_cluster::seam::Clock;
use takt_protocol::instant::Instant;

use crate::clock::VirtualClock;

/// A region's clock.
#[derive(Debug)]
pub(super) struct SkewedClock {
    right: Arc<VirtualClock>,
    /// How far it is ahead, in ms.
    ahead_ms: AtomicI64,
    /// By how much it is too fast, in parts of a million, since when, in ms.
    drift_ppm: AtomicI64,
    since_ms: AtomicI64,
    /// How often somebody was told a wrong time.
    told_wrong: AtomicU64,
}

impl SkewedClock {
    pub(super) fn new(right: Arc<VirtualClock>) -> Self {
        let (ahead_ms, drift_ppm, since_ms, told_wrong) = Default::default();
        Self { right, ahead_ms, drift_ppm, since_ms, told_wrong }
    }

    /// From now on it is so wrong; right with two zeros.
    pub(super) fn set(&self, ahead_ms: i64, drift_ppm: i64) {
        self.ahead_ms.store(ahead_ms, Ordering::Relaxed);
        self.drift_ppm.store(drift_ppm, Ordering::Relaxed);
        self.since_ms.store(self.elapsed_ms(), Ordering::Relaxed);
    }

    pub(super) fn told_wrong(&self) -> u64 {
        self.told_wrong.load(Ordering::Relaxed)
    }

    fn elapsed_ms(&self) -> i64 {
        i64::try_from(self.right.elapsed().as_millis()).unwrap_or(i64::MAX)
    }
}

#[async_trait]
impl Clock for SkewedClock {
    fn now(&self) -> Instant {
        let drift = self.drift_ppm.load(Ordering::Relaxed);
        let drifted = if drift == 0 { 0 } else { (self.elapsed_ms() - self.since_ms.load(Ordering::Relaxed)) * drift / 1_000_000 };
        let wrong = self.ahead_ms.load(Ordering::Relaxed) + drifted;
        let by = Duration::from_millis(wrong.unsigned_abs());
        if wrong != 0 {
            self.told_wrong.fetch_add(1, Ordering::Relaxed);
        }
        if wrong < 0 { self.right.now().minus(by) } else { self.right.now().plus(by) }
    }

    fn elapsed(&self) -> Duration {
        self.right.elapsed()
    }

    async fn sleep(&self, duration: Duration) {
        self.right.sleep(duration).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_wrong_clock_is_wrong_by_as_much_as_was_said_and_right_again_when_it_is_set() {
        let right = Arc::new(VirtualClock::starting(Instant::parse("2026-11-23T06:00:00+01:00").unwrap()));
        let clock = SkewedClock::new(Arc::clone(&right));
        assert_eq!((clock.now(), clock.told_wrong()), (right.now(), 0));
        clock.set(-60_000, 1_000);
        clock.sleep(Duration::from_secs(1_000)).await;
        assert_eq!(clock.now(), right.now().minus(Duration::from_secs(59)), "a second in a thousand too fast");
        assert_eq!((clock.elapsed(), clock.told_wrong()), (right.elapsed(), 1));
        clock.set(0, 0);
        assert_eq!((clock.now(), clock.told_wrong()), (right.now(), 1));
    }
}
