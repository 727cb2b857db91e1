//! Lists of the whole world: each region that runs elsewhere tells its part within a second, or is said to be missing. Where a page
//! ends is kept for each region by itself, so that a region which was missing loses nothing of what it would have shown.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::time::Duration;

use futures::future::join_all;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use takt_actors::abroad::Abroad;
use takt_protocol::instant::Instant;
use takt_protocol::name::Region as RegionName;

use super::{Denied, Reception};
use crate::answers::site::SiteRow;
use crate::answers::world::{RegionPart, World};
use crate::answers::{Hit, Page};

/// How long another region may take to tell its part.
const PATIENCE: Duration = Duration::from_secs(1);

/// A part, as a region tells it.
#[derive(Serialize, Deserialize)]
pub(super) struct Part<T> {
    pub(super) as_of: Instant,
    pub(super) part: T,
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
        self.gathered_within(PATIENCE, name, question).await
    }

    /// The same, with this much patience.
    pub(super) async fn gathered_within<T: DeserializeOwned>(
        &self,
        patience: Duration,
        name: &str,
        question: impl Fn(RegionName) -> Vec<u8>,
    ) -> Gathered<T> {
        let asked = self.mesh().all_abroad().into_iter().map(|(region, abroad)| {
            let written = question(region);
            async move {
                let told = abroad.api(name, written, patience).await.map_err(|error| error.to_string())?;
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
        let mut all: Vec<RegionPart> = self.mesh().regions().keys().map(ours).chain(fresh).collect();
        all.sort_by(|one, other| one.region.cmp(&other.region));
        all
    }

    /// What a region that runs elsewhere says of something of its own; nothing where it runs here, or does not answer in time.
    pub(super) async fn told_there<T: DeserializeOwned>(&self, region: RegionName, name: &str, question: &str) -> Option<T> {
        let told = self.mesh().abroad(region)?.api(name, question.as_bytes().to_vec(), PATIENCE).await.ok()?;
        serde_json::from_slice::<Part<T>>(&told).ok().map(|part| part.part)
    }

    /// A page of a list of all regions: what is at home here, of which only the place is known or the row, and what others told of
    /// theirs, each row with its place.
    pub(super) fn merged<P: Place, T>(
        &self,
        here: impl IntoIterator<Item = (P, Option<T>)>,
        far: Gathered<Placed<T>>,
        after: &Cursors<P>,
        most: usize,
    ) -> Result<Merged<P, T>, Denied> {
        let mut rows: Vec<(P, Option<T>)> = here.into_iter().collect();
        for (place, row) in far.parts.into_values().flatten() {
            let place = P::parse(&place).ok_or_else(|| Denied::ours("another region told a place that is none"))?;
            rows.push((place, Some(row)));
        }
        rows.sort_by(|(one, _), (other, _)| one.cmp(other));
        let all = self.mesh().regions().keys().copied().chain(self.mesh().all_abroad().into_keys());
        let last = rows.get(most).and_then(|_| rows.get(most - 1));
        let next = last.map(|(last, _)| after.moved(all, &missing(&far.fresh), last).to_string());
        rows.truncate(most);
        Ok(Merged { rows, next })
    }

    /// A list in which each region says what there is of its own, in this order.
    pub(super) async fn told_by_all<T: DeserializeOwned + utoipa::ToSchema, K: Ord>(
        &self,
        name: &str,
        here: impl Future<Output = Result<Vec<T>, Denied>>,
        order: impl Fn(&T) -> K,
    ) -> Result<World<T>, Denied> {
        let (far, here) = tokio::join!(self.gathered::<Vec<T>>(name, |_| Vec::new()), here);
        let as_of = self.mesh().clock().now();
        let mut rows: Vec<T> = here?.into_iter().chain(far.parts.into_values().flatten()).collect();
        rows.sort_by_key(order);
        let page = Page { rows, next: None, as_of: Some(as_of.to_string()) };
        Ok(World { page, regions: self.with_ours(far.fresh, as_of) })
    }
}

/// The regions whose part is missing.
pub(super) fn missing(fresh: &[RegionPart]) -> BTreeSet<RegionName> {
    fresh.iter().filter(|row| row.as_of.is_none()).filter_map(|row| RegionName::parse(&row.region).ok()).collect()
}

/// Where a row stands in a list, as it is printed and read again.
pub(super) trait Place: Ord + Clone + Display {
    /// Reads what it printed.
    fn parse(text: &str) -> Option<Self>;
}

/// A page: what is wanted of this node by its place, and the rows that are known already.
pub(super) struct Merged<P, T> {
    pub(super) rows: Vec<(P, Option<T>)>,
    pub(super) next: Option<String>,
}

/// Rows of a region, each with its place in the list.
pub(super) type Placed<T> = Vec<(String, T)>;
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

impl<P: Place> Cursors<P> {
    /// The place that somebody sent.
    pub(super) fn behind(after: Option<&str>) -> Result<Self, Denied> {
        Ok(super::part::behind(after, Self::parse)?.unwrap_or_default())
    }

    /// Every place in it.
    pub(super) fn places(&self) -> impl Iterator<Item = &P> {
        self.common.iter().chain(self.lag.values().flatten())
    }

    /// The same for the question to one region.
    pub(super) fn text(&self, region: RegionName) -> Option<String> {
        self.after(region).map(|place| place.to_string())
    }

    /// Reads what was printed.
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(';');
        let common = Some(P::parse(parts.next()?)?);
        let mut lag = BTreeMap::new();
        for part in parts {
            let (region, place) = part.split_once('=')?;
            let place = if place.is_empty() { None } else { Some(P::parse(place)?) };
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

    impl Place for u32 {
        fn parse(text: &str) -> Option<Self> {
            text.parse().ok()
        }
    }

    fn region(name: &str) -> RegionName {
        RegionName::parse(name).unwrap()
    }

    /// Pages of three over what each region has; which regions are missing, page by page.
    fn paged(has: &[(&str, &[u32])], missing: &[&[&str]]) -> Vec<Vec<u32>> {
        let (mut pages, mut after) = (Vec::new(), String::new());
        for missing in missing {
            let cursors = if after.is_empty() { Cursors::default() } else { Cursors::parse(&after).unwrap() };
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
            assert_eq!(Cursors::<u32>::parse(bad), None, "{bad}");
        }
    }
}
