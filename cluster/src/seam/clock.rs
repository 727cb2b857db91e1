//! Time, as the only door to it.

use std::time::Duration;

use async_trait::async_trait;
use takt_protocol::instant::Instant;

/// Now, and waiting.
#[async_trait]
pub trait Clock: Send + Sync {
    /// The wall clock. May jump.
    fn now(&self) -> Instant;

    /// Time since this clock was made. Never jumps back.
    fn elapsed(&self) -> Duration;

    /// Returns when `duration` has passed on the monotonic clock.
    async fn sleep(&self, duration: Duration);
}
