//! What went to a system and what came from it lately. Apart from the site itself because it is of this process and of no log.

use takt_protocol::name::SiteId;

use super::{Denied, Reception, Sort, part};
use crate::answers::Page;
use crate::answers::delivery::{self, DeliveryRow};

impl Reception {
    /// The newest deliveries of a site, newest first.
    pub fn deliveries(&self, site: &str, most: Option<u64>) -> Result<Page<DeliveryRow>, Denied> {
        let most = part::most(most)?;
        let book = self.mesh().book();
        let known = SiteId::parse(site).ok().filter(|site| book.sites.contains_key(site)).ok_or_else(|| {
            let message = format!("there is no site {}", site.escape_debug());
            Denied::new(Sort::NotFound, "UNKNOWN", message, "use the name of a site")
                .at("id")
                .choose(book.sites.keys().map(ToString::to_string))
        })?;
        // All regions of a process share what they know of a link.
        let deliveries = self.mesh().regions().values().find_map(|region| region.deliveries(known));
        let rows = deliveries.map(|deliveries| deliveries.latest(most)).unwrap_or_default();
        let rows = rows.into_iter().map(delivery::row).collect();
        Ok(Page { rows, next: None, as_of: Some(self.mesh().clock().now().to_string()) })
    }
}
