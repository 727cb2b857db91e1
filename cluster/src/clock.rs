//! The system clock: the one place that may look at the wall, and the one that may wait.

use std::time::{Duration, Instant as Monotonic, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use takt_protocol::instant::Instant;

use crate::seam::Clock;

/// The machine's clocks.
#[derive(Debug)]
pub struct SystemClock {
    started: Monotonic,
}

impl SystemClock {
    /// A clock whose elapsed time starts now.
    #[expect(clippy::disallowed_methods, reason = "this is the door")]
    pub fn start() -> Self {
        Self { started: Monotonic::now() }
    }
}

#[async_trait]
impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the door")]
    fn now(&self) -> Instant {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Instant::new(i64::try_from(since.as_nanos()).unwrap_or(i64::MAX), 0)
    }

    fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}
