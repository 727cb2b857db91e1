//! What was sent and nobody knows the end of, by the system it was sent to: what a plant's screen counts, and what the desk shows
//! while it is asked again by itself.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use takt_actors::index::Index;
use takt_actors::site::SiteStatus;
use takt_protocol::case::stakes;
use takt_protocol::effect::Effect;
use takt_protocol::id::EntityId;
use takt_protocol::intent::Intent;
use takt_protocol::kernel::State;
use takt_protocol::name::{Region, SiteId};
use takt_protocol::outbox::Standing;

use super::neighbours::AWAITED;
use super::{Denied, Reception, sights};
use crate::answers::desk::Awaited;
use crate::answers::system;

/// Lost replies that are looked at, at most.
const DOUBTS_MAX: usize = 10_000;

/// How long it may take to find out which systems are silent, and what waits for them.
const SILENT_PATIENCE: Duration = Duration::from_secs(2);

/// How long a system may be silent before it is said to be, unless it is left alone for a while already.
const SILENT_AFTER: Duration = Duration::from_mins(1);

/// Errands in doubt at a system.
#[derive(Default)]
pub(super) struct Doubts {
    /// How many, by where the things stand that they are about.
    by_site: BTreeMap<Option<SiteId>, u64>,
    /// What of them are quantities to be posted.
    stakes: Vec<String>,
    /// What they are about, the first of it.
    about: Vec<EntityId>,
}

/// How many things a row of the desk names.
const NAMED_MAX: usize = 5;

impl Doubts {
    /// How many.
    pub(super) fn all(&self) -> u64 {
        self.by_site.values().sum()
    }

    /// How many, by where the things stand that they are about.
    pub(super) fn by_site(&self) -> impl Iterator<Item = (Option<SiteId>, u64)> {
        self.by_site.iter().map(|(at, many)| (*at, *many))
    }

    fn add(&mut self, state: &State, effect: &Effect) {
        *self.by_site.entry(state.site()).or_default() += 1;
        if self.about.len() < NAMED_MAX && !self.about.contains(&state.id) {
            self.about.push(state.id);
        }
        if let Effect::Post(document) = effect {
            self.stakes.extend(document.posting.lines.iter().map(|line| line.qty.to_string()));
        }
    }
}

impl Reception {
    /// What is in doubt, by system, of what is at home in these regions.
    pub(super) async fn doubts_in(&self, is: impl Fn(Region) -> bool) -> BTreeMap<SiteId, Doubts> {
        let mut by_entity: BTreeMap<EntityId, Vec<u32>> = BTreeMap::new();
        let indexes = self.mesh().regions().iter().filter(|(region, _)| is(**region)).map(|(_, region)| region.index());
        for (entity, number) in indexes.flat_map(Index::doubts).take(DOUBTS_MAX) {
            by_entity.entry(entity).or_default().push(number);
        }
        let mut found: BTreeMap<SiteId, Doubts> = BTreeMap::new();
        for state in self.reached(by_entity.keys().copied()).await {
            for (site, effect) in by_entity.get(&state.id).into_iter().flatten().filter_map(|number| in_doubt(&state, *number)) {
                found.entry(site).or_default().add(&state, effect);
            }
        }
        found
    }

    /// What is in doubt at each system and asked again by itself, in all regions; of a plant or of a system alone, if one is named.
    pub(super) async fn awaited(&self, site: Option<&str>) -> Result<Vec<Awaited>, Denied> {
        let question = serde_json::to_vec(&site).unwrap_or_default();
        let far = self.gathered::<Vec<Awaited>>(AWAITED, |_| question.clone());
        let (far, here) = tokio::join!(far, self.awaited_in(site, |_| true));
        let mut rows: Vec<Awaited> = here?.into_iter().chain(far.parts.into_values().flatten()).collect();
        // The desk is needed most when the servers are slow, and does not wait for what stands beside it.
        match tokio::time::timeout(SILENT_PATIENCE, self.silent_ones(site, &rows)).await {
            Ok(Ok(silent)) => rows.extend(silent),
            Ok(Err(denied)) => tracing::debug!(why = denied.complaint.message, "nobody could say which systems are silent"),
            Err(_) => tracing::debug!("nobody said in time which systems are silent"),
        }
        Ok(rows)
    }

    /// Systems that do not answer while something waits for them, of which nothing is in doubt: nobody else would say so.
    async fn silent_ones(&self, site: Option<&str>, told: &[Awaited]) -> Result<Vec<Awaited>, Denied> {
        let (book, now) = (self.mesh().book(), self.mesh().clock().now());
        let is_told = |system: &SiteId| told.iter().any(|row| row.heard.system == system.as_str());
        let serves =
            |system: &SiteId| site.is_none_or(|site| SiteId::parse(site).is_ok_and(|plant| system::serving(&book, plant).contains(system)));
        let sites: BTreeSet<SiteId> = book.sites.keys().copied().filter(|system| serves(system) && !is_told(system)).collect();
        let mut silent = self.sights(&sights::Wanted { sites: sites.clone(), ..Default::default() }).await?.in_trouble(&sites, now);
        let lasts = |status: &SiteStatus| status.trouble_since.is_some_and(|since| now.since(since) >= SILENT_AFTER);
        silent.retain(|_, status| status.rests_ms > 0 || lasts(status));
        if silent.is_empty() {
            return Ok(Vec::new());
        }
        // Only of these it is counted what waits, which every queue has to be asked for.
        let asked = sights::Wanted { sites: silent.keys().copied().collect(), waiting: true, ..Default::default() };
        let sights = self.sights(&asked).await?;
        let row = |(system, status)| Awaited {
            heard: system::heard(&book, system, Some(&status), sights.missing(), now),
            in_doubt: 0,
            waiting: Some(sights.waiting(system).iter().sum()),
            sites: Vec::new(),
            stake: String::new(),
            look_at: Vec::new(),
            forbidden: "DO NOT DO IT BY HAND: it goes out as soon as it answers".to_owned(),
        };
        Ok(silent.into_iter().map(row).filter(|row| row.waiting > Some(0)).collect())
    }

    /// The same of what is at home in one region that runs here.
    pub(super) async fn awaited_at(&self, region: Region, site: Option<&str>) -> Result<Vec<Awaited>, Denied> {
        self.awaited_in(site, |home| home == region).await
    }

    async fn awaited_in(&self, site: Option<&str>, is: impl Fn(Region) -> bool) -> Result<Vec<Awaited>, Denied> {
        let (book, now) = (self.mesh().book(), self.mesh().clock().now());
        let concerns = |system: &SiteId, doubts: &Doubts| {
            site.is_none_or(|site| system.as_str() == site || doubts.by_site.keys().flatten().any(|at| at.as_str() == site))
        };
        let mut found = self.doubts_in(is).await;
        found.retain(|system, doubts| concerns(system, doubts));
        let sights = self.sights(&sights::Wanted { sites: found.keys().copied().collect(), ..Default::default() }).await?;
        let row = |(system, doubts): (SiteId, Doubts)| Awaited {
            heard: system::heard(&book, system, sights.status(system, now).as_ref(), sights.missing(), now),
            in_doubt: usize::try_from(doubts.all()).unwrap_or(usize::MAX),
            waiting: None,
            sites: doubts.by_site.iter().map(|(at, many)| at.map_or(format!("- {many}"), |at| format!("{at} {many}"))).collect(),
            stake: stakes(doubts.stakes.iter().map(String::as_str)),
            look_at: doubts.about.iter().map(ToString::to_string).collect(),
            forbidden: "DO NOT DO IT BY HAND until probed".to_owned(),
        };
        Ok(found.into_iter().map(row).collect())
    }
}

/// What was asked of which site by an intent, while nobody knows whether it was done and no person must decide.
fn in_doubt(state: &State, number: u32) -> Option<(SiteId, &Effect)> {
    let open = state.common.outbox.get(number)?;
    let doubtful = open.doubted.is_some() && open.standing != Standing::Parked;
    match &open.intent {
        Intent::Site { site, effect, .. } if doubtful => Some((*site, effect)),
        Intent::Site { .. } | Intent::Mail { .. } | Intent::Wake { .. } => None,
    }
}
