//! A site as plant IT asks for it: what waits for it, what it misses, what is down.

use serde::{Deserialize, Serialize};
use takt_actors::site::SiteStatus;
use takt_protocol::book;
use takt_protocol::instant::Instant;
use takt_protocol::name::SiteId;
use takt_protocol::site::Site;
use utoipa::ToSchema;

use super::word_of;

/// A site.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct SiteRow {
    /// Its name.
    pub name: String,
    /// erp, plant, warehouse, quality, `product_data`, maintenance, transport, planning, supplier or analytics.
    pub kind: String,
    /// Where it is at home.
    pub region: String,
    /// Its time zone.
    pub zone: String,
    /// Errands that wait for it or are under way, in all regions that were reached: plant-critical, business, analytical.
    pub waiting: [u64; 3],
    /// ok, resting (it did not answer, and is left alone for a while), silent (it did not answer the last time), unheard
    /// (nothing of it stands in the logs, and no node heard it since it started), unknown (the same, but somebody who may have heard it
    /// did not say so) or `no_link`.
    pub link: String,
    /// When it last answered or told something, by the logs and by every node that speaks with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heard_at: Option<String>,
    /// What was seen when it was not reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
    /// When it is tried again, in ms from now.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub next_try_ms: u64,
    /// Messages in its quarantine, which match nothing yet.
    pub quarantine: usize,
    /// Orders that miss something there.
    pub orders_waiting: usize,
    /// Equipment that may not run.
    pub down: Vec<String>,
    /// Planned stops of equipment that are not over.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub maintenance: Vec<String>,
    /// Orders that are to run on equipment that may not run just now.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub affected: Vec<String>,
    /// Open exceptions of the site itself.
    pub exceptions: usize,
    /// Whether its region was restored from a backup and sends nothing, because nobody has said that it was compared.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub reconciling: bool,
    /// Who was asked and did not say what it heard of it, such as `node b` or `region na`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
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
        link: "no_link".to_owned(),
        heard_at: None,
        trouble: None,
        next_try_ms: 0,
        quarantine: 0,
        orders_waiting: 0,
        down: Vec::new(),
        maintenance: Vec::new(),
        affected: Vec::new(),
        exceptions: 0,
        reconciling: false,
        missing: Vec::new(),
        reached: false,
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// The same, as it stands by all who speak with it; `missing` is who did not say.
pub fn linked(row: SiteRow, status: Option<&SiteStatus>, missing: Vec<String>) -> SiteRow {
    SiteRow {
        link: super::system::link(status, &missing).to_owned(),
        heard_at: status.and_then(|status| status.heard_at).map(|at| at.to_string()),
        trouble: status.and_then(|status| status.trouble.clone()),
        next_try_ms: status.map_or(0, |status| status.rests_ms),
        missing,
        ..row
    }
}

/// The same, as its own log and the queues know it.
pub fn reached(row: SiteRow, site: &Site, exceptions: usize, waiting: [u64; 3], now: Instant) -> SiteRow {
    SiteRow {
        waiting,
        quarantine: site.quarantine.len(),
        orders_waiting: site.waiting.len(),
        down: site.down.iter().map(|(equipment, state)| format!("{equipment}: {state}")).collect(),
        maintenance: site
            .windows
            .iter()
            .map(|(number, window)| format!("{}: {number}, {} to {}", window.equipment, window.from, window.to))
            .collect(),
        affected: site.affected(now).iter().map(ToString::to_string).collect(),
        exceptions,
        reached: true,
        ..row
    }
}
