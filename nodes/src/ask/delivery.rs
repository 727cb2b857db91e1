//! What went to a system and what came from it lately, by every process that speaks with it. Apart from the site itself because each
//! process knows its own part, of no log, and only since it runs.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use takt_actors::region::Region;
use takt_protocol::instant::Instant;
use takt_protocol::name::{Region as RegionName, SiteId};

use super::neighbours::{DELIVERIES, OWN_DELIVERIES};
use super::sights::{REGION_PATIENCE, unreached};
use super::{Denied, Reception, Sort, part};
use crate::answers::Page;
use crate::answers::delivery::{self, Deliveries, DeliveryRow, NodePart};

/// Which.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Wanted {
    site: SiteId,
    most: usize,
}

/// What some processes know. One that runs several regions is asked once for each, and says the same each time.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Known {
    by: BTreeMap<String, (Vec<DeliveryRow>, NodePart)>,
    missing: Vec<NodePart>,
}

impl Known {
    fn and(&mut self, other: Self) {
        self.by.extend(other.by);
        self.missing.extend(other.missing);
    }

    fn missing(who: String, why: String) -> Self {
        Self { by: BTreeMap::new(), missing: vec![NodePart { who, since: None, missing: Some(why) }] }
    }
}

impl Reception {
    /// The newest deliveries of a site by all who speak with it, newest first.
    pub async fn deliveries(&self, site: &str, most: Option<u64>) -> Result<Deliveries, Denied> {
        let most = part::most(most)?;
        let book = self.mesh().book();
        let site = SiteId::parse(site).ok().filter(|site| book.sites.contains_key(site)).ok_or_else(|| {
            let message = format!("there is no site {}", site.escape_debug());
            Denied::new(Sort::NotFound, "UNKNOWN", message, "use the name of a site")
                .at("id")
                .choose(book.sites.keys().map(ToString::to_string))
        })?;
        let wanted = Wanted { site, most };
        let question = serde_json::to_vec(&wanted).unwrap_or_default();
        let far = self.gathered_within::<Known>(REGION_PATIENCE, DELIVERIES, |_| question.clone());
        let regions: Vec<&Region> = self.mesh().regions().values().collect();
        let (far, mut all) = tokio::join!(far, self.deliveries_near(&regions, &wanted));
        far.parts.into_values().for_each(|part| all.and(part));
        for part in far.fresh.iter().filter(|part| part.as_of.is_none()) {
            all.and(Known::missing(unreached(part), part.missing.clone().unwrap_or_default()));
        }
        let (rows, mut nodes): (Vec<Vec<DeliveryRow>>, Vec<NodePart>) = all.by.into_values().unzip();
        nodes.extend(all.missing);
        let mut rows = rows.concat();
        rows.sort_by_cached_key(|row| Reverse(Instant::parse(&row.at).ok()));
        rows.truncate(most);
        nodes.sort_by(|one, other| one.who.cmp(&other.who));
        let page = Page { rows, next: None, as_of: Some(self.mesh().clock().now().to_string()) };
        Ok(Deliveries { page, nodes })
    }

    /// The same by one region that runs here, with all its nodes.
    pub(super) async fn deliveries_of(&self, region: RegionName, wanted: &Wanted) -> Known {
        let regions: Vec<&Region> = self.mesh().regions().get(&region).into_iter().collect();
        self.deliveries_near(&regions, wanted).await
    }

    async fn deliveries_near(&self, regions: &[&Region], wanted: &Wanted) -> Known {
        let question = serde_json::to_vec(wanted).unwrap_or_default();
        let told = self.others::<Known>(regions, OWN_DELIVERIES, &question).await;
        let mut all = self.deliveries_here(wanted);
        for (who, told) in told {
            all.and(told.unwrap_or_else(|why| Known::missing(who, why)));
        }
        all
    }

    /// By this process alone. All its regions share what they know of a link.
    pub(super) fn deliveries_here(&self, wanted: &Wanted) -> Known {
        let regions = || self.mesh().regions().values();
        let deliveries = regions().find_map(|region| region.deliveries(wanted.site));
        let rows = deliveries.map(|deliveries| deliveries.latest(wanted.most)).unwrap_or_default();
        let since = regions().map(Region::since).min().map(|since| since.to_string());
        let who = regions().map(|region| format!("node {}", region.node().settings.node)).next().unwrap_or_default();
        let own = (rows.into_iter().map(delivery::row).collect(), NodePart { who, since, missing: None });
        Known { by: [(self.process(), own)].into(), missing: Vec::new() }
    }
}
