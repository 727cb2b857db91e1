//! How each system stands, by all who speak with it: this process, the other nodes of its regions, the regions that run elsewhere, and
//! the logs, which know also what was before a node started. Who does not answer is named, because it may have heard what nobody here has.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures::future::join_all;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use takt_actors::link::deliveries::Traffic;
use takt_actors::region::Region;
use takt_actors::site::SiteStatus;
use takt_protocol::id::EntityId;
use takt_protocol::instant::Instant;
use takt_protocol::name::{Region as RegionName, SiteId};

use super::neighbours::{OWN_SIGHTS, SIGHTS};
use super::{Denied, Reception};
use crate::answers::order::Probes;
use crate::answers::world::RegionPart;

/// How long another node of a region may take.
pub(super) const NODE_PATIENCE: Duration = Duration::from_millis(400);

/// How long another region may take, which asks its own nodes.
pub(super) const REGION_PATIENCE: Duration = Duration::from_millis(800);

/// What is asked.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Wanted {
    /// Of which systems.
    pub(super) sites: BTreeSet<SiteId>,
    /// What came of these of our references there.
    pub(super) references: BTreeSet<(SiteId, String)>,
    /// Whether also what waits for them, and what is in doubt there.
    pub(super) waiting: bool,
    /// How often this was told what it had heard before.
    #[serde(default)]
    pub(super) repeats: Option<EntityId>,
}

/// A system, as it stands with some of those who speak with it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Sight {
    /// Whether a link leads there.
    linked: bool,
    heard_at: Option<Instant>,
    trouble: Option<String>,
    trouble_since: Option<Instant>,
    #[serde(default)]
    trouble_lasts: bool,
    next_try_at: Option<Instant>,
    per_minute_max: Option<u64>,
    clock_ahead_ms: Option<i64>,
    came: u64,
    went: u64,
    waiting: [u64; 3],
    /// Errands in doubt, by where the things stand that they are about.
    #[serde(default)]
    doubts: Vec<(Option<SiteId>, u64)>,
}

/// All of them, and who did not say what it knows.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Sights {
    /// What each process knows by itself. One that runs several regions is asked once for each, and says the same each time.
    by: BTreeMap<String, Own>,
    /// What queues and logs of the regions know: what waits, and what is in doubt.
    sites: BTreeMap<SiteId, Sight>,
    asked: Vec<(SiteId, String, Probes)>,
    missing: BTreeSet<String>,
}

/// What one process knows by itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Own {
    sites: BTreeMap<SiteId, Sight>,
    repeats: u64,
}

impl Sight {
    /// The same by the word of one more who speaks with it.
    fn and(&mut self, other: Self) {
        if other.heard_at > self.heard_at || self.clock_ahead_ms.is_none() {
            self.clock_ahead_ms = other.clock_ahead_ms.or(self.clock_ahead_ms);
        }
        // Who leaves it alone for a while knows more of its trouble than who only missed it.
        let weight = |sight: &Self| (sight.next_try_at, sight.trouble_lasts, sight.trouble_since);
        if weight(&other) > weight(self) {
            (self.trouble, self.trouble_since, self.trouble_lasts) = (other.trouble, other.trouble_since, other.trouble_lasts);
            self.next_try_at = other.next_try_at;
        }
        self.linked |= other.linked;
        self.heard_at = self.heard_at.max(other.heard_at);
        self.per_minute_max = self.per_minute_max.max(other.per_minute_max);
        self.came += other.came;
        self.went += other.went;
        self.doubts.extend(other.doubts);
        for (sum, more) in self.waiting.iter_mut().zip(other.waiting) {
            *sum += more;
        }
    }

    /// How it stands at `now`. An errand that was missed before it was heard again, by whomever, is over; a channel that does not work
    /// is not, whatever else was heard.
    fn status(&self, now: Instant) -> SiteStatus {
        let rests_ms =
            self.next_try_at.filter(|next| *next > now).map_or(0, |next| u64::try_from(next.since(now).as_millis()).unwrap_or(0));
        let is_over = rests_ms == 0 && !self.trouble_lasts && self.heard_at > self.trouble_since;
        SiteStatus {
            heard_at: self.heard_at,
            trouble: self.trouble.clone().filter(|_| !is_over),
            trouble_since: self.trouble_since.filter(|_| !is_over),
            trouble_lasts: self.trouble_lasts,
            rests_ms,
            per_minute_max: self.per_minute_max,
            clock_ahead_ms: self.clock_ahead_ms,
        }
    }
}

impl Sights {
    /// How a system stands; nothing where no link leads there.
    pub(super) fn status(&self, site: SiteId, now: Instant) -> Option<SiteStatus> {
        Some(self.whole(site)).filter(|sight| sight.linked || sight.heard_at.is_some()).map(|sight| sight.status(now))
    }

    /// Those of these systems that are in trouble, with how they stand.
    pub(super) fn in_trouble(&self, sites: &BTreeSet<SiteId>, now: Instant) -> BTreeMap<SiteId, SiteStatus> {
        let standing = sites.iter().filter_map(|site| Some((*site, self.status(*site, now)?)));
        standing.filter(|(_, status)| status.trouble.is_some()).collect()
    }

    /// How much went over its links in the last minute.
    pub(super) fn traffic(&self, site: SiteId) -> Traffic {
        let sight = self.whole(site);
        Traffic { came: sight.came, went: sight.went }
    }

    /// Errands that wait for it, by tier.
    pub(super) fn waiting(&self, site: SiteId) -> [u64; 3] {
        self.sites.get(&site).map(|sight| sight.waiting).unwrap_or_default()
    }

    /// Errands in doubt at it: all, and those of things that stand at `plant`.
    pub(super) fn doubts(&self, site: SiteId, plant: SiteId) -> (u64, u64) {
        let all = || self.sites.get(&site).into_iter().flat_map(|sight| &sight.doubts);
        let here = all().filter(|(at, _)| *at == Some(plant));
        (all().map(|(_, many)| many).sum(), here.map(|(_, many)| many).sum())
    }

    /// How often that was told again what it had heard before, since those run who counted it.
    pub(super) fn repeats(&self) -> u64 {
        self.by.values().map(|own| own.repeats).sum()
    }

    /// What a system was asked about our reference.
    pub(super) fn asked(&self, site: SiteId, reference: &str) -> Probes {
        let of = self.asked.iter().filter(|(at, of, _)| *at == site && of == reference);
        of.map(|(.., probes)| probes.clone()).max_by_key(|probes| probes.count).unwrap_or_default()
    }

    /// Who did not say what it knows, such as `node b` or `region na`.
    pub(super) fn missing(&self) -> Vec<String> {
        self.missing.iter().cloned().collect()
    }

    /// A system, by all processes.
    fn whole(&self, site: SiteId) -> Sight {
        let mut sight = self.sites.get(&site).cloned().unwrap_or_default();
        self.by.values().filter_map(|own| own.sites.get(&site)).for_each(|own| sight.and(own.clone()));
        sight
    }

    fn and(&mut self, other: Self) {
        self.by.extend(other.by);
        for (site, sight) in other.sites {
            self.sites.entry(site).or_default().and(sight);
        }
        self.asked.extend(other.asked);
        self.missing.extend(other.missing);
    }
}

impl Reception {
    /// How these systems stand, by all who can be asked.
    pub(super) async fn sights(&self, wanted: &Wanted) -> Result<Sights, Denied> {
        let question = serde_json::to_vec(wanted).unwrap_or_default();
        let far = self.gathered_within::<Sights>(REGION_PATIENCE, SIGHTS, |_| question.clone());
        let (far, near) = tokio::join!(far, self.near(wanted, self.mesh().regions().iter()));
        let mut all = near?;
        far.parts.into_values().for_each(|part| all.and(part));
        all.missing.extend(far.fresh.iter().filter(|part| part.as_of.is_none()).map(unreached));
        Ok(all)
    }

    /// The same by one region that runs here, with all its nodes.
    pub(super) async fn sights_of(&self, region: RegionName, wanted: &Wanted) -> Result<Sights, Denied> {
        self.near(wanted, self.mesh().regions().iter().filter(|(here, _)| **here == region)).await
    }

    /// By this process, the other nodes of these regions, and their queues.
    async fn near(&self, wanted: &Wanted, regions: impl Iterator<Item = (&RegionName, &Region)>) -> Result<Sights, Denied> {
        let regions: Vec<&Region> = regions.map(|(_, region)| region).collect();
        let question = serde_json::to_vec(wanted).unwrap_or_default();
        let told = self.others::<Sights>(&regions, OWN_SIGHTS, &question).await;
        let mut all = self.sights_here(wanted);
        for (who, told) in told {
            match told {
                Ok(sights) => all.and(sights),
                Err(_) => drop(all.missing.insert(who)),
            }
        }
        if !wanted.waiting {
            return Ok(all);
        }
        let mut doubts = self.doubts_in(|home| regions.iter().any(|region| region.node().region == home)).await;
        for site in &wanted.sites {
            let sight = all.sites.entry(*site).or_default();
            sight.waiting = self.waiting(*site, &regions).await?;
            sight.doubts = doubts.remove(site).map(|doubts| doubts.by_site().collect()).unwrap_or_default();
        }
        Ok(all)
    }

    /// By this process alone.
    pub(super) fn sights_here(&self, wanted: &Wanted) -> Sights {
        let (regions, now) = (|| self.mesh().regions().values(), self.mesh().clock().now());
        let sight = |site: SiteId| {
            let status = regions().find_map(|region| region.site(site));
            let linked = status.is_some();
            let status = status.unwrap_or_default();
            let traffic = regions().find_map(|region| region.deliveries(site)).map(|deliveries| deliveries.last_minute(now));
            let traffic = traffic.unwrap_or_default();
            Sight {
                linked,
                heard_at: status.heard_at.max(regions().filter_map(|region| region.index().heard(site)).max()),
                trouble: status.trouble,
                trouble_since: status.trouble_since,
                trouble_lasts: status.trouble_lasts,
                next_try_at: Some(status.rests_ms).filter(|rests| *rests > 0).map(|rests| now.plus_ms(rests)),
                per_minute_max: status.per_minute_max,
                clock_ahead_ms: status.clock_ahead_ms,
                came: traffic.came,
                went: traffic.went,
                waiting: [0; 3],
                doubts: Vec::new(),
            }
        };
        let asked = |(site, reference): &(SiteId, String)| {
            let deliveries = regions().find_map(|region| region.deliveries(*site))?;
            let asked = deliveries.asked(reference);
            let probes = Probes { count: asked.probes, last: asked.last.map(|last| last.word().to_owned()), next: asked.next };
            (probes != Probes::default()).then(|| (*site, reference.clone(), probes))
        };
        let own = Own {
            sites: wanted.sites.iter().map(|site| (*site, sight(*site))).collect(),
            repeats: wanted.repeats.and_then(|entity| Some(self.mesh().home(entity).ok()?.node().repeats(entity))).unwrap_or_default(),
        };
        let asked = wanted.references.iter().filter_map(asked).collect();
        Sights { by: [(self.process(), own)].into(), asked, ..Sights::default() }
    }

    /// What tells this process from every other one that may be asked.
    pub(super) fn process(&self) -> String {
        let regions = || self.mesh().regions().values();
        let since = regions().map(Region::since).min().unwrap_or(Instant::EPOCH);
        let node = regions().next().map(|region| region.node().settings.node.to_string()).unwrap_or_default();
        format!("{node}, since {since}")
    }

    /// What the other nodes of these regions answer, each once, by who it is.
    pub(super) async fn others<T: DeserializeOwned>(
        &self,
        regions: &[&Region],
        name: &str,
        question: &[u8],
    ) -> BTreeMap<String, Result<T, String>> {
        let asked = regions.iter().map(|region| async move {
            let peers = region.ask_others(name, question, NODE_PATIENCE).await;
            peers.map_err(|error| (format!("other nodes of region {}", region.node().region), error.to_string()))
        });
        let mut all = BTreeMap::new();
        for told in join_all(asked).await {
            match told {
                Ok(peers) => all.extend(peers.into_iter().map(|peer| {
                    let read =
                        |bytes: Vec<u8>| serde_json::from_slice(&bytes).map_err(|error| format!("it answers something else: {error}"));
                    (format!("node {}", peer.node), peer.answer.and_then(read))
                })),
                Err((who, why)) => drop(all.insert(who, Err(why))),
            }
        }
        all
    }
}

/// How a region is called that did not say what it knows.
pub(super) fn unreached(part: &RegionPart) -> String {
    format!("region {}", part.region)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Instant {
        Instant::EPOCH.plus_ms(ms)
    }

    fn silent(since: u64, next: Option<u64>) -> Sight {
        let trouble = Some("no route".to_owned());
        Sight { linked: true, trouble, trouble_since: Some(at(since)), next_try_at: next.map(at), went: 2, ..Sight::default() }
    }

    impl Own {
        fn of(self, process: &str) -> BTreeMap<String, Self> {
            [(process.to_owned(), self)].into()
        }
    }

    #[test]
    fn a_system_stands_as_whoever_heard_or_missed_it_last_says() {
        let heard = |ms| Sight { linked: true, heard_at: Some(at(ms)), came: 3, per_minute_max: Some(40), ..Sight::default() };
        let both = |one: &Sight, other: &Sight| {
            let (mut forth, mut back) = (one.clone(), other.clone());
            forth.and(other.clone());
            back.and(one.clone());
            assert_eq!(forth, back, "it does not matter who is asked");
            forth
        };
        // A node that does not speak with it says nothing against one that does.
        let with_none = both(&heard(5), &Sight { linked: true, ..Sight::default() });
        assert_eq!(with_none.status(at(9)), SiteStatus { heard_at: Some(at(5)), per_minute_max: Some(40), ..SiteStatus::default() });
        let doubts = |at: &str, many| Sight { doubts: vec![(SiteId::parse(at).ok(), many)], ..Sight::default() };
        let erp = SiteId::parse("erp").unwrap();
        let by = |process: &str, repeats| Own { sites: [(erp, heard(5))].into(), repeats }.of(process);
        let mut all = Sights { sites: [(erp, doubts("nord", 26))].into(), by: by("a", 2), ..Sights::default() };
        all.and(Sights { sites: [(erp, doubts("sud", 15))].into(), by: by("b", 1), ..Sights::default() });
        // A process that runs two regions says the same for each.
        all.and(Sights { by: by("b", 1), ..Sights::default() });
        assert_eq!((all.doubts(erp, SiteId::parse("nord").unwrap()), all.repeats(), all.traffic(erp).came), ((41, 26), 3, 6));
        // Missed before it was heard by another: over. Missed since, or left alone for a while: not.
        let lasts = both(&heard(5), &Sight { trouble_lasts: true, ..silent(4, None) });
        assert_eq!(lasts.status(at(9)).trouble_since, Some(at(4)), "a poll that fails is none the better for that");
        let over = both(&heard(5), &silent(4, None));
        assert_eq!((over.status(at(9)).trouble, over.came, over.went), (None, 3, 2));
        assert_eq!(both(&heard(5), &silent(6, None)).status(at(9)).trouble_since, Some(at(6)));
        let rests = both(&heard(5), &silent(4, Some(20))).status(at(9));
        assert_eq!((rests.heard_at, rests.trouble.as_deref(), rests.rests_ms), (Some(at(5)), Some("no route"), 11));
        assert_eq!(both(&silent(6, None), &silent(4, Some(20))).next_try_at, Some(at(20)));
    }
}
