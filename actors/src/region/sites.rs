//! What a region knows of the sites that it speaks with: how each stands, what went there and came from it, which channels work.

use takt_protocol::name::SiteId;

use super::Region;
use crate::link::deliveries::{Delivered, Deliveries};
use crate::site::{Channel, SiteStatus};

impl Region {
    /// How a site stands with us; `None` where no link leads from here.
    pub fn site(&self, site: SiteId) -> Option<SiteStatus> {
        self.links.get(&site).map(|link| link.status(self.node.seams.clock.as_ref()))
    }

    /// Whether a site can be asked to do that by its link; `None` where no link leads from here.
    pub fn takes(&self, site: SiteId, verb: &str) -> Option<bool> {
        self.links.get(&site).map(|link| link.link.takes(verb))
    }

    /// What went to a site and came from it lately; `None` where no link leads from here.
    pub fn deliveries(&self, site: SiteId) -> Option<&Deliveries> {
        self.links.get(&site).map(|link| link.deliveries.as_ref())
    }

    /// Writes down what came of something that a site told, or was refused to.
    pub fn note(&self, site: SiteId, row: Delivered) {
        if let Some(deliveries) = self.deliveries(site) {
            deliveries.note(row);
        }
    }

    /// A channel to a site that is served from here, as long as what is given back lives.
    pub(crate) fn channel(&self, site: SiteId, name: &str) -> Option<Channel> {
        self.links.get(&site).map(|link| Channel::to(&link.pace, name.to_owned()))
    }

    /// A site could not be asked for what it has for us on this channel: a topic, or a folder.
    pub(crate) fn missed(&self, site: SiteId, channel: &str, why: &str) {
        if let Some(link) = self.links.get(&site) {
            link.pace.missed(channel, why, self.node.seams.clock.now());
        }
    }

    /// A site told us something, asked for it on a channel or by itself: if it was left alone, it is tried soon.
    pub(crate) fn heard(&self, site: SiteId, channel: Option<&str>) {
        if let Some(link) = self.links.get(&site) {
            let clock = &self.node.seams.clock;
            link.pace.heard(channel, clock.now());
            link.pace.with_breaker(|breaker| breaker.stirred(clock.elapsed()));
        }
    }
}
