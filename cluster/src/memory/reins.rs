//! Holding one node of several still, as a stopped process is: whatever it waits for, it does not go on before it is let run
//! again, and by then its own time has passed. What it stored, and who asks it meanwhile, stand as they are.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use takt_protocol::instant::Instant;
use tokio::sync::watch;

use crate::seam::Clock;

/// The reins of a node. Clones hold the same node.
#[derive(Clone)]
pub struct Reins {
    still: Arc<watch::Sender<bool>>,
}

impl Default for Reins {
    fn default() -> Self {
        Self { still: Arc::new(watch::Sender::new(false)) }
    }
}

impl Reins {
    /// Nothing goes on in the node from now on.
    pub fn stop(&self) {
        self.still.send_replace(true);
    }

    /// It goes on where it was.
    pub fn run(&self) {
        self.still.send_replace(false);
    }

    /// Returns when the node runs.
    pub(super) async fn runs(&self) {
        if *self.still.borrow() {
            // The sender is ours, so there is no end of it to meet.
            drop(self.still.subscribe().wait_for(|still| !still).await);
        }
    }

    /// The node's own clock: time passes for it, too, but it does not notice before it runs.
    pub(super) fn clock(&self, clock: Arc<dyn Clock>) -> Arc<dyn Clock> {
        Arc::new(Held { clock, reins: self.clone() })
    }
}

struct Held {
    clock: Arc<dyn Clock>,
    reins: Reins,
}

#[async_trait]
impl Clock for Held {
    fn now(&self) -> Instant {
        self.clock.now()
    }

    fn elapsed(&self) -> Duration {
        self.clock.elapsed()
    }

    async fn sleep(&self, duration: Duration) {
        self.clock.sleep(duration).await;
        self.reins.runs().await;
    }
}
