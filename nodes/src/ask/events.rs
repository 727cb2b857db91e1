//! Public events, read from the logs themselves: from any place in them, as often as one likes, and on as they happen. The
//! order of a shard is kept, between shards there is none; a place names where the reader stands in each.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures::stream::SelectAll;
use futures::{Stream, StreamExt as _};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use takt_actors::node::Node;
use takt_actors::region::AskError;
use takt_protocol::event::{self, Event};
use takt_protocol::name::{Region, SiteId};

use super::live::Follower;
use super::neighbours::EVENTS;
use super::world::Gathered;
use super::{Client, Denied, ROWS_MAX, Reception, Sort, Ticket, field, part};
use crate::answers::Page;
use crate::answers::world::World;

mod place;

pub(crate) use place::Place;
use place::{Lost, Mark, NoPlace};

/// How long a page waits for what may still come, when nobody says otherwise: not at all, but for the reading itself.
const GLANCE_MS: u64 = 50;

/// How long a page for another region is read: whoever asked goes on from where it ended.
const FAR_MS: u64 = 600;

/// The longest a page may be asked to wait.
const WAIT_MAX_MS: u64 = 20_000;

/// Which events a reader wants.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wanted {
    /// Only types that begin so, such as `order.` or `lot.held`.
    pub(crate) types: Option<String>,
    /// Only those of this site.
    pub(crate) site: Option<String>,
}

/// What another region is asked: what it told behind a place of it.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Asked {
    after: Option<String>,
    types: Option<String>,
    site: Option<String>,
    most: usize,
}

/// What it told, and where its part ends.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct ToldThere {
    rows: Vec<Value>,
    place: String,
    /// Why nothing can be told behind that place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    no: Option<NoPlace>,
}

/// What one commit told, and where a reader stands behind it.
pub(crate) struct Told {
    pub(crate) events: Vec<Event>,
    pub(crate) place: Place,
}

/// A part of a log as it was read: whose, up to where, with what it told.
struct Read {
    shard: (Region, u16),
    upto: u64,
    commits: Vec<(u64, Vec<Event>)>,
}

type Reading = Pin<Box<dyn Stream<Item = Result<Read, Denied>> + Send>>;

impl Reception {
    /// Where a reader begins: behind `after`, at the beginning, or now. A region elsewhere that does not say where it is now is read from
    /// its beginning when it is heard again, so that nothing is missed.
    pub(crate) async fn place(&self, after: Option<&str>) -> Result<Place, Denied> {
        let asked = part::behind(after.filter(|after| *after != "now"), Place::parse)?.unwrap_or_default();
        let mut place = self.place_in(&asked, after == Some("now"), |_| true).await?;
        let abroad = self.mesh().all_abroad();
        if after == Some("now") {
            let question = Asked { after: Some("now".to_owned()), types: None, site: None, most: 0 };
            place.0.extend(self.read_abroad(|_| question.clone()).await.parts.into_values().flat_map(|told| told.place.0));
        }
        place.0.extend(asked.within(|region| abroad.contains_key(&region)).0);
        match asked.0.keys().find(|shard| !place.0.contains_key(shard)) {
            Some((region, shard)) => Err(NoPlace::NoShard(*region, *shard).denied()),
            None => Ok(place),
        }
    }

    /// The same in some of the regions that run here.
    async fn place_in(&self, asked: &Place, is_now: bool, is: impl Fn(Region) -> bool) -> Result<Place, Lost> {
        let mut place = Place::default();
        for (region, running) in self.mesh().regions().iter().filter(|(region, _)| is(**region)) {
            let journal = &running.node().seams.journal;
            let incarnation = journal.incarnation();
            for shard in 0..journal.shards() {
                let head = journal.head(shard).await.map_err(|error| Lost::Asking(Denied::asking(&AskError::Store(error))))?;
                let upto = match (is_now, asked.0.get(&(*region, shard))) {
                    (true, _) => head,
                    (false, None) => 0,
                    (false, Some(mark)) if mark.incarnation == incarnation && mark.upto <= head => mark.upto,
                    (false, Some(_)) => return Err(Lost::Place(NoPlace::AnotherLog(*region))),
                };
                place.0.insert((*region, shard), Mark { incarnation, upto });
            }
            if let Some((_, shard)) = asked.0.keys().find(|(of, shard)| of == region && *shard >= journal.shards()) {
                return Err(Lost::Place(NoPlace::NoShard(*region, *shard)));
            }
        }
        Ok(place)
    }

    /// What one region that runs here told, for another one that asks.
    pub(super) async fn events_of(&self, region: Region, asked: Asked) -> Result<ToldThere, Denied> {
        let now = asked.after.as_deref() == Some("now");
        let behind = part::behind(asked.after.as_deref().filter(|_| !now), Place::parse)?.unwrap_or_default();
        let place = match self.place_in(&behind, now, |here| here == region).await {
            Ok(place) => place,
            Err(Lost::Place(no)) => return Ok(ToldThere { no: Some(no), ..ToldThere::default() }),
            Err(Lost::Asking(denied)) => return Err(denied),
        };
        let wanted = Wanted { types: asked.types, site: asked.site }.checked(self)?;
        let told = self.events_here(place, wanted, asked.most.min(ROWS_MAX), (0, FAR_MS)).await?;
        Ok(ToldThere { rows: shown(&told.events), place: told.place.to_string(), no: None })
    }

    /// What the regions that run elsewhere told.
    async fn read_abroad(&self, question: impl Fn(Region) -> Asked) -> Gathered<ReadThere> {
        let written = |region| serde_json::to_vec(&question(region)).unwrap_or_default();
        let Gathered { parts, fresh } = self.gathered::<ToldThere>(EVENTS, written).await;
        let read = |told: ToldThere| Some(ReadThere { rows: told.rows, place: Place::parse(&told.place)?, no: told.no });
        Gathered { parts: parts.into_iter().filter_map(|(region, told)| Some((region, read(told)?))).collect(), fresh }
    }

    /// What was told behind `after` in the regions that run here, and what is told from now on, with the place where that begins; ends
    /// when the doors close.
    pub(crate) async fn events(
        &self,
        client: &Client,
        after: Option<&str>,
        wanted: Wanted,
    ) -> Result<(Place, impl Stream<Item = Result<Told, Denied>> + use<>), Denied> {
        // Finding the place may take a moment, in which the token may be taken away.
        let over = Box::pin(self.over_for(client));
        let place = self.within(self.place(after)).await?;
        let wanted = wanted.checked(self)?;
        let ticket = self.admission().watch(client)?;
        let mut readings: SelectAll<Reading> = SelectAll::new();
        for ((region, shard), mark) in &place.0 {
            let Some(running) = self.mesh().regions().get(region) else { continue };
            let follower = self.live.follow(running.node(), *shard, Some(mark.upto)).await;
            readings.push(following(*region, *shard, follower.map_err(|error| Denied::asking(&AskError::Store(error)))?));
        }
        let told = told(readings, place.clone(), wanted).map(move |told| {
            let _held_as_long_as_it_is_read: &Ticket = &ticket;
            told
        });
        Ok((place, told.take_until(over)))
    }

    /// What was told behind `place` in all regions, at most about `most`; waits up to `wait_ms` for the first that is told here.
    pub(crate) async fn events_page(&self, place: Place, wanted: Wanted, most: Option<u64>, wait_ms: u64) -> Result<World<Value>, Denied> {
        let (most, wanted) = (part::most(most)?, wanted.checked(self)?);
        if wait_ms > WAIT_MAX_MS {
            let message = format!("a page waits for at most {WAIT_MAX_MS} ms, and not for {wait_ms}");
            let remedy = format!("send a number from 0 to {WAIT_MAX_MS}, and ask again with what `next` said; or watch");
            return Err(Denied::new(Sort::Unprocessable, "SCHEMA", message, remedy).at("wait_ms"));
        }
        let each = most / (self.mesh().all_abroad().len() + 1);
        let question = |region| Asked {
            after: Some(place.within(|marked| marked == region).to_string()),
            types: wanted.types.clone(),
            site: wanted.site.clone(),
            most: each.max(1),
        };
        let far = self.read_abroad(question).await;
        let (mut rows, mut behind) = (BTreeMap::new(), place.clone());
        for (region, told) in far.parts {
            if let Some(no) = told.no {
                return Err(no.denied());
            }
            rows.insert(region, told.rows);
            behind.0.extend(told.place.0);
        }
        let told: usize = rows.values().map(Vec::len).sum();
        let (left, wait_ms) = (most.saturating_sub(told), if told == 0 { wait_ms } else { 0 });
        let patience_ms = self.limits().deadline_ms.max(wait_ms);
        let here = place.within(|region| self.mesh().regions().contains_key(&region));
        let told = self.events_here(here, wanted, left, (wait_ms, patience_ms)).await?;
        // Region by region, whoever is asked.
        for event in &told.events {
            rows.entry(event.region).or_default().extend(shown(std::slice::from_ref(event)));
        }
        behind.0.extend(told.place.0);
        let rows = rows.into_values().flatten().collect();
        let page = Page { rows, next: Some(behind.to_string()), as_of: None };
        Ok(World { page, regions: self.with_ours(far.fresh, self.mesh().clock().now()) })
    }

    /// The same in the regions that run here; waits so long for the first, and reads so long at most.
    async fn events_here(&self, place: Place, wanted: Wanted, most: usize, (wait_ms, most_ms): (u64, u64)) -> Result<Told, Denied> {
        let mut readings: SelectAll<Reading> = SelectAll::new();
        for ((region, shard), mark) in &place.0 {
            let Some(running) = self.mesh().regions().get(region) else { continue };
            readings.push(reading(Arc::clone(running.node()), *shard, mark.upto));
        }
        let mut told = told(readings, place.clone(), wanted);
        let mut page = Told { events: Vec::new(), place };
        let filling = async {
            while page.events.len() < most {
                let patience = if page.events.is_empty() { wait_ms.max(GLANCE_MS) } else { GLANCE_MS };
                let Ok(Some(next)) = tokio::time::timeout(Duration::from_millis(patience), told.next()).await else { break };
                let next = next?;
                page.events.extend(next.events);
                page.place = next.place;
            }
            Ok(())
        };
        // A long log with little of what is wanted: the place moves on, and the reader asks again.
        tokio::time::timeout(Duration::from_millis(most_ms), filling).await.unwrap_or(Ok::<(), Denied>(()))?;
        // Whichever shard was read first: a page is the same for all who ask for it.
        let shards = |region: Region| self.mesh().regions().get(&region).map_or(1, |running| running.node().seams.journal.shards());
        page.events.sort_by_key(|event| (event.region, event.entity.shard(shards(event.region))));
        Ok(page)
    }
}

/// What a region elsewhere told, and the place behind it.
struct ReadThere {
    rows: Vec<Value>,
    place: Place,
    no: Option<NoPlace>,
}

/// Events as they are told.
fn shown(events: &[Event]) -> Vec<Value> {
    events.iter().filter_map(|event| serde_json::to_value(event).ok()).collect()
}

/// What is read of all shards, a commit at a time, each with the place behind it.
fn told(readings: SelectAll<Reading>, place: Place, wanted: Wanted) -> Pin<Box<dyn Stream<Item = Result<Told, Denied>> + Send>> {
    let (mut place, mut broken) = (place, false);
    let told = readings.flat_map(|read| futures::stream::iter(unfold(read))).map(move |commit| {
        let (shard, upto, events) = commit?;
        if let Some(mark) = place.0.get_mut(&shard) {
            mark.upto = upto;
        }
        Ok(Told { events: events.into_iter().filter(|event| wanted.takes(event)).collect(), place: place.clone() })
    });
    // An error is the last word: the reader comes back with its place.
    Box::pin(told.take_while(move |told| std::future::ready(!std::mem::replace(&mut broken, told.is_err()))))
}

/// A part a commit at a time; where none could be read, the place still moves on.
type Commits = Vec<Result<((Region, u16), u64, Vec<Event>), Denied>>;

fn unfold(read: Result<Read, Denied>) -> Commits {
    match read {
        Err(denied) => vec![Err(denied)],
        Ok(read) => {
            let commits = read.commits.into_iter().map(|(sequence, events)| Ok((read.shard, sequence, events)));
            commits.chain([Ok((read.shard, read.upto, Vec::new()))]).collect()
        }
    }
}

/// A shard for as long as somebody watches, heard together with all others who do.
fn following(region: Region, shard: u16, follower: Follower) -> Reading {
    let parts = futures::stream::unfold(follower, move |mut follower| async move {
        let read = match follower.next().await {
            Ok((before, stretch)) => {
                let new = stretch.commits.iter().filter(|recorded| recorded.sequence > before);
                let commits = new.map(|recorded| (recorded.sequence, event::of(&recorded.commit)));
                Ok(Read { shard: (region, shard), upto: stretch.upto, commits: commits.collect() })
            }
            Err(error) => Err(Denied::asking(&AskError::Store(error))),
        };
        Some((read, follower))
    });
    Box::pin(parts)
}

/// A shard from a cursor on, for one who asks once.
fn reading(node: Arc<Node>, shard: u16, cursor: u64) -> Reading {
    let parts = futures::stream::unfold((node, cursor), move |(node, cursor)| async move {
        let read = match node.tape.alone(shard, cursor).await {
            Ok(stretch) => {
                let commits = stretch.commits.iter().map(|recorded| (recorded.sequence, event::of(&recorded.commit)));
                Ok(Read { shard: (node.region, shard), upto: stretch.upto, commits: commits.collect() })
            }
            Err(error) => Err(Denied::asking(&AskError::Store(error))),
        };
        let next = read.as_ref().map_or(cursor, |read| read.upto);
        Some((read, (node, next)))
    });
    Box::pin(parts)
}

impl Wanted {
    /// Refuses what nothing could ever match.
    fn checked(self, reception: &Reception) -> Result<Self, Denied> {
        let types = self.types.map(|types| types.strip_prefix("takt.").unwrap_or(&types).to_owned());
        if let Some(types) = &types
            && !event::contracts().any(|contract| contract.id().starts_with(types.as_str()))
        {
            let message = format!("no event's type begins with `{}`", types.escape_debug());
            let choices = event::contracts().map(event::Contract::id);
            return Err(Denied::new(Sort::Unprocessable, "SCHEMA", message, "send the beginning of one of the choices")
                .at("type")
                .choose(choices));
        }
        let site = field::maybe("site", self.site.as_ref(), SiteId::parse)?;
        if let Some(site) = site
            && !reception.mesh().book().sites.contains_key(&site)
        {
            let choices = reception.mesh().book().sites.keys().map(ToString::to_string).collect::<Vec<_>>();
            return Err(Denied::new(Sort::Unprocessable, "UNKNOWN", format!("no site `{site}` is configured"), "send one of the choices")
                .at("site")
                .choose(choices));
        }
        Ok(Self { types, site: self.site })
    }

    fn takes(&self, event: &Event) -> bool {
        self.types.as_ref().is_none_or(|types| event.contract.id().starts_with(types.as_str()))
            && self.site.as_ref().is_none_or(|site| event.site.is_some_and(|at| at.as_str() == site))
    }
}
