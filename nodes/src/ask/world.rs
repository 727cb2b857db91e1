//! Lists of the whole world: each region that runs elsewhere tells its part within a second, or is said to be missing. Where a page
//! ends is kept for each region by itself, so that a region which was missing loses nothing of what it would have shown.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::sync::{Arc, Weak};
use std::time::Duration;

use futures::future::join_all;
use prost::Message as _;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use takt_actors::abroad::{Abroad, Answers};
use takt_actors::index::OpenCase;
use takt_protocol::id::EntityId;
use takt_protocol::instant::Instant;
use takt_protocol::name::Region as RegionName;

use super::{Denied, Reception, v1};
use crate::answers::Hit;
use crate::answers::order::OrderRow;
use crate::answers::plant::PlantView;
use crate::answers::site::SiteRow;
use crate::answers::world::RegionPart;

/// How long another region may take to tell its part.
const PATIENCE: Duration = Duration::from_secs(1);

/// Open exceptions that a region tells at most, those that hurt first.
const CASES_MAX: usize = 4_000;

/// What is asked of a region. The words are those of the API's own requests.
pub(super) const ORDERS: &str = "list_orders";
pub(super) const CASES: &str = "list_exceptions";
pub(super) const CALLED: &str = "find_exception";
pub(super) const SITES: &str = "list_sites";
pub(super) const SITE: &str = "show_site";
pub(super) const SEARCH: &str = "search";

/// A part, as a region tells it.
#[derive(Serialize, Deserialize)]
struct Part<T> {
    as_of: Instant,
    part: T,
}

/// What was told by the regions that run elsewhere.
pub(super) struct Gathered<T> {
    pub(super) parts: BTreeMap<RegionName, T>,
    /// How fresh each is, and which are missing.
    pub(super) fresh: Vec<RegionPart>,
}

impl Reception {
    /// Asks every region that runs elsewhere, each its own question.
    pub(super) async fn gathered<T: DeserializeOwned>(&self, name: &str, question: impl Fn(RegionName) -> Vec<u8>) -> Gathered<T> {
        let asked = self.mesh().all_abroad().into_iter().map(|(region, abroad)| {
            let written = question(region);
            async move {
                let told = abroad.api(name, written, PATIENCE).await.map_err(|error| error.to_string())?;
                let part: Part<T> = serde_json::from_slice(&told).map_err(|error| format!("it answers something else: {error}"))?;
                Ok::<_, String>(part)
            }
        });
        let regions: Vec<RegionName> = self.mesh().all_abroad().into_keys().collect();
        let (mut parts, mut fresh) = (BTreeMap::new(), Vec::new());
        for (region, told) in regions.into_iter().zip(join_all(asked).await) {
            let heard = self.mesh().abroad(region).and_then(Abroad::down).and_then(|down| down.heard);
            let mut row = RegionPart { region: region.to_string(), as_of: None, heard: heard.map(|at| at.to_string()), missing: None };
            match told {
                Ok(Part { as_of, part }) => {
                    (row.as_of, row.heard) = (Some(as_of.to_string()), None);
                    parts.insert(region, part);
                }
                Err(why) => row.missing = Some(why),
            }
            fresh.push(row);
        }
        Gathered { parts, fresh }
    }

    /// The same with the regions that run here, which are as fresh as that; nothing where all of them do.
    pub(super) fn with_ours(&self, fresh: Vec<RegionPart>, as_of: Instant) -> Vec<RegionPart> {
        if fresh.is_empty() {
            return fresh;
        }
        let ours =
            |region: &RegionName| RegionPart { region: region.to_string(), as_of: Some(as_of.to_string()), heard: None, missing: None };
        self.mesh().regions().keys().map(ours).chain(fresh).collect()
    }

    /// A site that is at home elsewhere, as its own region shows it; nothing where that one does not answer in time.
    pub(super) async fn site_abroad(&self, region: RegionName, name: &str) -> Option<PlantView> {
        let told = self.mesh().abroad(region)?.api(SITE, name.as_bytes().to_vec(), PATIENCE).await.ok()?;
        serde_json::from_slice::<Part<PlantView>>(&told).ok().map(|part| part.part)
    }

    /// Has the reception answer the regions that run elsewhere, for each region that runs here.
    pub(crate) fn answer_abroad(self: &Arc<Self>) {
        for (name, region) in self.mesh().regions() {
            region.answers_by(Arc::new(Desk { region: *name, reception: Arc::downgrade(self) }));
        }
    }
}

/// The regions whose part is missing.
pub(super) fn missing(fresh: &[RegionPart]) -> BTreeSet<RegionName> {
    fresh.iter().filter(|row| row.as_of.is_none()).filter_map(|row| RegionName::parse(&row.region).ok()).collect()
}

/// Who answers other regions for one region of this node.
struct Desk {
    region: RegionName,
    /// Weak: the region must end although others might still ask.
    reception: Weak<Reception>,
}

#[tonic::async_trait]
impl Answers for Desk {
    async fn answer(&self, name: &str, question: Vec<u8>) -> Result<Vec<u8>, String> {
        let reception = self.reception.upgrade().ok_or("it is just ending")?;
        let said = |denied: Denied| denied.complaint.message.clone();
        let as_of = reception.indexed().await;
        match name {
            ORDERS => {
                let wanted =
                    v1::OrdersWanted::decode(question.as_slice()).map_err(|error| format!("the question cannot be read: {error}"))?;
                told(as_of, &reception.orders_of(self.region, &wanted).await.map_err(said)?)
            }
            CASES => told(as_of, &reception.cases_of(self.region)),
            CALLED => told(as_of, &reception.called_of(self.region, text(&question)?)),
            SITES => told(as_of, &reception.sites_at(self.region).await.map_err(said)?),
            SITE => told(as_of, &reception.plant(text(&question)?).await.map_err(said)?),
            SEARCH => told(as_of, &reception.hits_of(self.region, text(&question)?).map_err(said)?),
            _ => Err(format!("`{name}` is not known here: its nodes run another version")),
        }
    }
}

impl Reception {
    /// The open exceptions of one region that runs here, those that hurt first.
    fn cases_of(&self, region: RegionName) -> Vec<OpenCase> {
        let mut cases = self.mesh().regions().get(&region).map(|region| region.index().cases()).unwrap_or_default();
        cases.sort_by_cached_key(|open| crate::answers::case::Rank::of(open.entity, &open.case));
        cases.truncate(CASES_MAX);
        cases
    }

    fn called_of(&self, region: RegionName, text: &str) -> Vec<(EntityId, u32)> {
        self.mesh().regions().get(&region).map(|region| region.index().called(text)).unwrap_or_default()
    }
}

fn text(question: &[u8]) -> Result<&str, String> {
    std::str::from_utf8(question).map_err(|error| format!("the question cannot be read: {error}"))
}

fn told<T: Serialize>(as_of: Instant, part: &T) -> Result<Vec<u8>, String> {
    serde_json::to_vec(&Part { as_of, part }).map_err(|error| error.to_string())
}

/// Orders of a region, each with its place in the list.
pub(super) type Placed = Vec<(String, OrderRow)>;
/// Sites of a region.
pub(super) type Sites = Vec<SiteRow>;
/// What is known in a region by a number.
pub(super) type Hits = Vec<Hit>;

/// Where a page of a list begins, in each region: behind a place that is one for all of them, but for those that were missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cursors<P> {
    common: Option<P>,
    /// Regions that stand elsewhere; at the beginning where there is no place.
    lag: BTreeMap<RegionName, Option<P>>,
}

impl<P> Default for Cursors<P> {
    fn default() -> Self {
        Self { common: None, lag: BTreeMap::new() }
    }
}

impl<P: Ord + Clone> Cursors<P> {
    /// Reads what was printed.
    pub(super) fn parse(text: &str, parse: impl Fn(&str) -> Option<P>) -> Option<Self> {
        let mut parts = text.split(';');
        let common = Some(parse(parts.next()?)?);
        let mut lag = BTreeMap::new();
        for part in parts {
            let (region, place) = part.split_once('=')?;
            let place = if place.is_empty() { None } else { Some(parse(place)?) };
            lag.insert(RegionName::parse(region).ok()?, place);
        }
        Some(Self { common, lag })
    }

    /// Behind which place a region's part begins.
    pub(super) fn after(&self, region: RegionName) -> Option<P> {
        self.lag.get(&region).cloned().unwrap_or_else(|| self.common.clone())
    }

    /// Where the next page begins when this one ended with `last`: all that those regions have up to there was shown.
    pub(super) fn moved(&self, all: impl Iterator<Item = RegionName>, missing: &BTreeSet<RegionName>, last: &P) -> Self {
        let common = self.common.as_ref().map_or(last, |common| common.max(last)).clone();
        let mut lag = BTreeMap::new();
        for region in all {
            let was = self.after(region);
            let is = if missing.contains(&region) { was } else { was.max(Some(last.clone())) };
            if is.as_ref() != Some(&common) {
                lag.insert(region, is);
            }
        }
        Self { common: Some(common), lag }
    }
}

impl<P: Display> Display for Cursors<P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(common) = &self.common {
            write!(f, "{common}")?;
        }
        for (region, place) in &self.lag {
            match place {
                Some(place) => write!(f, ";{region}={place}")?,
                None => write!(f, ";{region}=")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn region(name: &str) -> RegionName {
        RegionName::parse(name).unwrap()
    }

    /// Pages of three over what each region has; which regions are missing, page by page.
    fn paged(has: &[(&str, &[u32])], missing: &[&[&str]]) -> Vec<Vec<u32>> {
        let (mut pages, mut after) = (Vec::new(), String::new());
        for missing in missing {
            let cursors = if after.is_empty() { Cursors::default() } else { Cursors::parse(&after, |text| text.parse().ok()).unwrap() };
            let missing: BTreeSet<RegionName> = missing.iter().map(|name| region(name)).collect();
            let parts = has.iter().filter(|(name, _)| !missing.contains(&region(name)));
            let mut rows: Vec<u32> = parts
                .flat_map(|(name, rows)| rows.iter().filter(|row| cursors.after(region(name)).is_none_or(|at| **row > at)))
                .copied()
                .collect();
            rows.sort_unstable();
            rows.truncate(3);
            if let Some(last) = rows.last() {
                after = cursors.moved(has.iter().map(|(name, _)| region(name)), &missing, last).to_string();
            }
            pages.push(rows);
        }
        pages
    }

    #[test]
    fn pages_over_several_regions_show_everything_once_in_its_order() {
        let has: [(&str, &[u32]); 3] = [("asia", &[1, 5, 6]), ("eu", &[2, 3, 9]), ("na", &[4])];
        assert_eq!(paged(&has, &[&[], &[], &[], &[]]), [vec![1, 2, 3], vec![4, 5, 6], vec![9], vec![]]);
    }

    #[test]
    fn a_region_that_was_missing_is_shown_when_it_is_back_and_nothing_of_it_is_left_out_or_shown_twice() {
        let has: [(&str, &[u32]); 3] = [("asia", &[1, 5, 6]), ("eu", &[2, 3, 9]), ("na", &[4])];
        assert_eq!(paged(&has, &[&["asia"], &[], &["na"], &[]]), [vec![2, 3, 4], vec![1, 5, 6], vec![9], vec![]]);
        assert_eq!(paged(&has, &[&["asia", "na"], &["asia"], &[], &[]]), [vec![2, 3, 9], vec![4], vec![1, 5, 6], vec![]]);
        assert_eq!(paged(&has, &[&["eu"], &["eu"], &[], &[]]), [vec![1, 4, 5], vec![6], vec![2, 3, 9], vec![]]);
    }

    #[test]
    fn what_is_no_place_is_none() {
        for bad in ["x", "1;", "1;eu", "1;EU=2", "1;eu=x", ""] {
            assert_eq!(Cursors::<u32>::parse(bad, |text| text.parse().ok()), None, "{bad}");
        }
    }
}
