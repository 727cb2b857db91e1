//! A site as plant IT asks for it: what waits for it, what it misses, what is down.

use serde::{Deserialize, Serialize};
use takt_protocol::book;
use takt_protocol::name::SiteId;
use takt_protocol::site::Site;
use utoipa::ToSchema;

use super::word_of;

/// A site.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct SiteRow {
    /// Its name.
    pub name: String,
    /// erp, plant, warehouse or quality.
    pub kind: String,
    /// Where it is at home.
    pub region: String,
    /// Its time zone.
    pub zone: String,
    /// Errands that wait for it or are under way, in all regions of this node: plant-critical, business, analytical.
    pub waiting: [u64; 3],
    /// Messages in its quarantine, which match nothing yet.
    pub quarantine: usize,
    /// Orders that miss something there.
    pub orders_waiting: usize,
    /// Equipment that may not run.
    pub down: Vec<String>,
    /// Open exceptions of the site itself.
    pub exceptions: usize,
    /// Whether its region answers here; all but name, kind, region and zone are unknown while it does not.
    pub reached: bool,
}

/// A site as configured, of which nothing else is known.
pub fn unreached(name: SiteId, site: &book::Site) -> SiteRow {
    SiteRow {
        name: name.to_string(),
        kind: word_of(&site.kind),
        region: site.region.to_string(),
        zone: site.calendar.zone().to_owned(),
        waiting: [0; 3],
        quarantine: 0,
        orders_waiting: 0,
        down: Vec::new(),
        exceptions: 0,
        reached: false,
    }
}

/// The same, as its own log and the queues know it.
pub fn reached(row: SiteRow, site: &Site, exceptions: usize, waiting: [u64; 3]) -> SiteRow {
    SiteRow {
        waiting,
        quarantine: site.quarantine.len(),
        orders_waiting: site.waiting.len(),
        down: site.down.iter().map(|(equipment, state)| format!("{equipment}: {state}")).collect(),
        exceptions,
        reached: true,
        ..row
    }
}
