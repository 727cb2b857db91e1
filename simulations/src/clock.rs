//! Virtual time: the clock of a paused tokio runtime. It stands still while anybody has something to do, and jumps to the
//! next timer when nobody has.

use std::time::Duration;

use async_trait::async_trait;
use takt_cluster::seam::Clock;
use takt_protocol::instant::Instant;

/// A clock that starts at a stated moment.
#[derive(Debug)]
pub struct VirtualClock {
    start: Instant,
    began: tokio::time::Instant,
}

impl VirtualClock {
    /// A clock that says `start` now. Must be made on a paused runtime.
    pub fn starting(start: Instant) -> Self {
        Self { start, began: tokio::time::Instant::now() }
    }
}

#[async_trait]
impl Clock for VirtualClock {
    fn now(&self) -> Instant {
        self.start.plus(self.elapsed())
    }

    fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}
