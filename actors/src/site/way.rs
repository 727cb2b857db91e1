//! A way to a site, with its limits and what went over it. Its clones share all of that: several regions of a process may have
//! errands for the site.

use std::sync::Arc;

use takt_cluster::seam::Clock;
use takt_protocol::name::SiteId;

use super::{Pace, SiteLimits, SiteStatus};
use crate::link::Link;
use crate::link::deliveries::Deliveries;

/// A way to a site, with its limits.
#[derive(Clone)]
pub struct SiteLink {
    /// Which site.
    pub site: SiteId,
    /// The link.
    pub link: Arc<dyn Link>,
    /// Its limits.
    pub limits: SiteLimits,
    pub(crate) pace: Arc<Pace>,
    pub(crate) deliveries: Arc<Deliveries>,
}

impl SiteLink {
    /// A way to a site.
    pub fn new(site: SiteId, link: Arc<dyn Link>, limits: SiteLimits) -> Self {
        let pace = Arc::new(Pace::of(&limits));
        Self { site, link, limits, pace, deliveries: Arc::default() }
    }

    /// How the site stands with us.
    pub fn status(&self, clock: &dyn Clock) -> SiteStatus {
        SiteStatus { clock_ahead_ms: self.link.clock_ahead_ms(), ..self.pace.status(clock.elapsed()) }
    }
}
