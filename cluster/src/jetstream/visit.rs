//! Another region's store as somebody from outside comes to it: its queues, and its bus, over a connection that they dial. Nothing is
//! made there and nothing is asked at the start, because the far servers may be away for days; what is asked while nobody answers ends
//! by itself.

use std::sync::Arc;

use async_nats::connection::State;
use tokio::sync::mpsc;

use super::api::Api;
use super::settings::Settings;
use super::{Shared, checkup, connect};
use crate::Error;
use crate::seam::{Bus, Clock, Queue};

/// A visit to another region's servers. Its leaf nodes are the same from here: an address that leads to them.
pub struct Visit {
    shared: Arc<Shared>,
}

impl Visit {
    /// Begins to connect and returns, whether or not anybody answers yet. `settings` are of the region that is visited. Must be called
    /// on a tokio runtime.
    pub async fn begin(settings: Settings, clock: Arc<dyn Clock>) -> Result<Self, Error> {
        if let Some(what) = checkup::dangers(&checkup::nonsense(&settings)) {
            return Err(Error::Refused { place: format!("the road to region {}", settings.region), what });
        }
        let client = connect(&settings, "road", true).await?;
        let api = Api { client, clock, patience: settings.patience, interface: settings.interface() };
        // Nobody here writes the log of another region: what would be appended is refused.
        let (wishes, _) = mpsc::channel(1);
        Ok(Self { shared: Shared::new(settings, api, 0, wishes) })
    }

    /// The queues of the region.
    pub fn queue(&self) -> Arc<dyn Queue> {
        Arc::clone(&self.shared) as _
    }

    /// Requests and replies over its servers.
    pub fn bus(&self) -> Arc<dyn Bus> {
        Arc::clone(&self.shared) as _
    }

    /// Whether the connection stands just now, as far as this side knows.
    pub fn is_connected(&self) -> bool {
        self.shared.api.is_connected()
    }

    /// Gives back what was handed out, and ends.
    pub async fn stop(self) {
        if self.is_connected() {
            self.shared.give_all_back().await;
            if self.shared.api.client.flush().await.is_err() {
                tracing::debug!("the connection was gone before its end");
            }
        }
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        self.shared.tasks().drain(..).for_each(|task| task.abort());
    }
}

impl Api {
    /// Whether the connection stands, as far as this side knows.
    pub(super) fn is_connected(&self) -> bool {
        self.client.connection_state() == State::Connected
    }
}
