//! The index of a region: which entity a native name means, which entities live here, and which cases are open. Rows derived
//! from the logs, kept with the cursor they are valid at, and built again whenever they are missing or broken: nothing is
//! decided by them alone. A name that they do not know yet is born under, or waits in its site's quarantine.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use serde::de::DeserializeOwned;
use takt_cluster::views::{Applied, Span, Step, Views};
use takt_protocol::book::Book;
use takt_protocol::calendar::PlantDay;
use takt_protocol::envelope::RawRef;
use takt_protocol::id::{EntityId, Kind};
use takt_protocol::instant::Instant;
use takt_protocol::name::{Region, SiteId};
use takt_protocol::native::{NativeId, Ref};
use takt_protocol::record::Record;
use takt_protocol::wire;
use takt_protocol::words::EquipmentId;
use tokio::sync::Notify;

use crate::node::Node;

mod brief;
mod evidence;
mod heard;
mod keys;
mod loose;
mod masterdata;
mod rows;
mod shelf;
mod tally;

pub use brief::{Brief, Due, Handover, Lane, Progress, Since};
pub use evidence::Evidence;
pub use loose::{Found, loosened, typed};
pub use rows::{Note, OpenCase, SCHEMA};
pub use shelf::{Among, Glance, Shelf, Stand};
pub use tally::{Counted, Tally};

/// Rows read at most of what is found by one number that is no thing of its own: a carrier may drive ten thousand shipments.
const HITS_MAX: usize = 1_000;

/// A handle to the index of a region. Cheap to clone.
#[derive(Clone)]
pub struct Index {
    region: Region,
    views: Views,
    moved: Arc<Notify>,
    /// Up to where each shard was read for its master data before anything was decided.
    known: Arc<OnceLock<Vec<u64>>>,
}

impl Index {
    /// The index of a region over these rows.
    pub fn new(region: Region, views: Views) -> Self {
        Self { region, views, moved: Arc::default(), known: Arc::default() }
    }

    /// Has the region decide by all master data that its logs have at this moment, whether the rows have it or not.
    pub(crate) async fn teach(&self, node: &Node) -> Result<(), takt_cluster::Error> {
        let upto = masterdata::known_by_now(node, self).await?;
        self.known.get_or_init(|| upto);
        Ok(())
    }

    /// The cursor of a shard.
    fn cursor(&self, shard: u16) -> Result<u64, takt_cluster::Error> {
        self.views.cursor(shard)
    }

    /// What a name means, as far as the logs said.
    pub fn find(&self, name: &Ref) -> Option<EntityId> {
        self.get(rows::NAMES, &keys::name_key(name))
    }

    /// Every entity that any system knows by this number, and the name it has there. A lot is also found by its number alone,
    /// without its material.
    pub fn search(&self, number: &NativeId) -> Vec<(Ref, EntityId)> {
        let prefix = keys::number_key(number);
        let span = Span { prefix: &prefix, after: None, most: usize::MAX };
        let names = self.scan(rows::NAMES, span).into_iter().filter_map(|(key, entity)| Some((keys::name_of(&key)?, entity)));
        let lots: Vec<(Vec<u8>, (Ref, EntityId))> = self.scan(rows::LOTS, span);
        names.chain(lots.into_iter().map(|(_, lot)| lot)).collect()
    }

    /// What this number names that is no thing of its own, such as a document, with the entity that it is about.
    pub fn evidence(&self, number: &NativeId) -> Vec<(Evidence, EntityId)> {
        let prefix = keys::number_key(number);
        let rows: Vec<(Vec<u8>, (Found, EntityId))> = self.scan(rows::EVIDENCE, Span { prefix: &prefix, after: None, most: HITS_MAX });
        let what = |(_, (found, entity))| if let Found::Evidence(what, _) = found { Some((what, entity)) } else { None };
        rows.into_iter().filter_map(what).collect()
    }

    /// Everything whose number has this form, as [`typed`] gives it. For who looks for something; nothing is matched by it.
    pub fn loosely(&self, form: &str) -> BTreeSet<(Found, EntityId)> {
        let Ok(number) = NativeId::parse(form) else { return BTreeSet::new() };
        let mut found: BTreeSet<_> = self.search(&number).into_iter().map(|(name, entity)| (Found::Name(name), entity)).collect();
        let prefix = keys::number_key(&number);
        let span = Span { prefix: &prefix, after: None, most: HITS_MAX };
        for table in [rows::EVIDENCE, rows::LOOSE] {
            let rows: Vec<(Vec<u8>, (Found, EntityId))> = self.scan(table, span);
            found.extend(rows.into_iter().map(|(_, row)| row));
        }
        found
    }

    /// The entity that names mean: a known one, else the one that would be born under the first.
    pub(crate) fn resolve(&self, book: &Book, kind: Kind, names: &[Ref]) -> Option<EntityId> {
        let known = names.iter().find_map(|name| self.find(name));
        known.or_else(|| {
            let first = names.first()?;
            book.born_at(first.system, kind, first.kind, first.id.as_str())
        })
    }

    /// Entities of a kind after `after`, in the order of their ids, at most `most`.
    pub fn entities(&self, kind: Kind, after: Option<EntityId>, most: usize) -> Vec<EntityId> {
        // A page is behind one id in the order of all regions.
        let after = match after {
            Some(after) if after.region() > self.region => return Vec::new(),
            Some(after) if after.region() == self.region => Some(keys::entity_key(after)),
            Some(_) | None => None,
        };
        let prefix = [kind as u8];
        let rows = self.scan(rows::ENTITIES, Span { prefix: &prefix, after: after.as_deref(), most });
        rows.into_iter().map(|(_, entity)| entity).collect()
    }

    /// Every open case, with whose it is and what people did about it.
    pub fn cases(&self) -> Vec<OpenCase> {
        let rows: Vec<(Vec<u8>, OpenCase)> = self.scan(rows::CASES, Span { prefix: &[], after: None, most: usize::MAX });
        rows.into_iter().map(|(_, open)| open).collect()
    }

    /// Whether a case is open.
    pub fn is_open(&self, entity: EntityId, number: u32) -> bool {
        self.views.get(rows::CASES, &keys::numbered_key(entity, number)).is_ok_and(|row| row.is_some())
    }

    /// The cases that a cause ever had, also closed ones.
    pub fn caused(&self, cause: &str) -> Vec<(EntityId, u32)> {
        let prefix = keys::cause_key(cause);
        let rows = self.scan(rows::CAUSES, Span { prefix: &prefix, after: None, most: usize::MAX });
        rows.into_iter().map(|(_, case)| case).collect()
    }

    /// An order at home here, in brief.
    pub fn brief(&self, order: EntityId) -> Option<Brief> {
        self.get(rows::BRIEFS, &keys::entity_key(order))
    }

    /// The orders of a lane, those that are due first, at most `most`; of one plant, if it is named.
    pub fn placed(&self, plant: Option<SiteId>, lane: Lane, since: Since, most: usize) -> Vec<Due> {
        let prefix = keys::lane_key(plant, lane);
        let after = keys::since_key(plant, lane, since);
        let span = Span { prefix: &prefix, after: after.as_deref(), most };
        let found = self.keys(if plant.is_some() { rows::PLANTS } else { rows::PLACES }, span);
        found.iter().filter_map(|key| keys::due_of(key.get(prefix.len()..)?)).collect()
    }

    /// Lots or shipments that stand on a shelf, those that come first, behind `behind` and at most `most`.
    pub fn shelved(&self, among: &Among, shelf: Shelf, behind: Option<Stand>, most: usize) -> Vec<Stand> {
        let prefix = shelf::prefix(among, shelf);
        let after = behind.map(|stand| shelf::key(among, shelf, stand));
        let found = self.keys(rows::SHELVES, Span { prefix: &prefix, after: after.as_deref(), most });
        found.iter().filter_map(|key| shelf::stand_of(key.get(prefix.len()..)?)).collect()
    }

    /// A lot or a shipment at home here, at a glance.
    pub fn glance(&self, entity: EntityId) -> Option<Glance> {
        self.get(rows::GLANCES, &keys::entity_key(entity))
    }

    /// What orders at home here reported in a shift of their plant.
    pub fn tallies(&self, plant: SiteId, day: &PlantDay) -> Vec<Tally> {
        let prefix = tally::day_key(plant, day);
        let rows = self.scan(rows::TALLIES, Span { prefix: &prefix, after: None, most: usize::MAX });
        rows.into_iter().map(|(_, tally)| tally).collect()
    }

    /// How often something came about at a plant since a moment, of orders at home here.
    pub fn counted(&self, plant: SiteId, what: Counted, since: Instant) -> u64 {
        let (prefix, after) = (tally::count_prefix(plant, what), tally::before_key(plant, what, since));
        let rows: Vec<(Vec<u8>, u64)> = self.scan(rows::COUNTS, Span { prefix: &prefix, after: Some(&after), most: usize::MAX });
        rows.into_iter().map(|(_, count)| count).sum()
    }

    /// The intents whose reply was lost, with whose they are; some of them may have been settled this very moment.
    pub fn doubts(&self) -> Vec<(EntityId, u32)> {
        let rows: Vec<(Vec<u8>, (EntityId, u32))> = self.scan(rows::DOUBTS, Span { prefix: &[], after: None, most: usize::MAX });
        rows.into_iter().map(|(_, doubt)| doubt).collect()
    }

    /// Since when each piece of a plant's equipment is down that is.
    pub fn down_since(&self, plant: EntityId) -> BTreeMap<EquipmentId, Instant> {
        let prefix = keys::entity_key(plant);
        let rows: Vec<(Vec<u8>, (EquipmentId, Instant))> = self.scan(rows::DOWN, Span { prefix: &prefix, after: None, most: usize::MAX });
        rows.into_iter().map(|(_, down)| down).collect()
    }

    /// The cases that people call so, also closed ones.
    pub fn called(&self, short: &str) -> Vec<(EntityId, u32)> {
        let prefix = keys::called_key(short);
        let rows = self.scan(rows::CALLED, Span { prefix: &prefix, after: None, most: usize::MAX });
        rows.into_iter().map(|(_, case)| case).collect()
    }

    /// All master data that this region has.
    pub(crate) fn records(&self) -> Vec<Record> {
        let rows = self.scan(rows::RECORDS, Span { prefix: &[], after: None, most: usize::MAX });
        rows.into_iter().map(|(_, record)| record).collect()
    }

    /// Whose log keeps the message of this hash, and in which of its commits.
    pub(crate) fn raw(&self, hash: &RawRef) -> Option<(EntityId, u64)> {
        self.get(rows::RAW, hash.bytes())
    }

    /// When the newest was written down that a site told the entities at home here, also before this node ran.
    pub fn heard(&self, site: SiteId) -> Option<Instant> {
        let prefix = keys::called_key(site.as_str());
        let rows: Vec<(Vec<u8>, Instant)> = self.scan(rows::HEARD, Span { prefix: &prefix, after: None, most: usize::MAX });
        rows.into_iter().map(|(_, at)| at).max()
    }

    /// When the newest commit was made that the index has read.
    pub fn as_of(&self) -> Option<Instant> {
        let rows: Vec<(Vec<u8>, Instant)> = self.scan(rows::READ, Span { prefix: &[], after: None, most: usize::MAX });
        rows.into_iter().map(|(_, at)| at).max()
    }

    /// Returns once everything is indexed that stands in the logs now, so that who wrote finds what it wrote.
    pub async fn caught_up(&self, node: &Node) -> Result<(), takt_cluster::Error> {
        for shard in 0..node.seams.journal.shards() {
            let head = node.seams.journal.head(shard).await?;
            loop {
                let moved = self.moved.notified();
                if self.views.cursor(shard)? >= head {
                    break;
                }
                moved.await;
            }
        }
        Ok(())
    }

    /// How far it is behind the logs, in their numbers: the most of any shard.
    pub(crate) async fn behind(&self, node: &Node) -> u64 {
        let mut most = 0;
        for shard in 0..node.seams.journal.shards() {
            let (head, read) = (node.seams.journal.head(shard).await.unwrap_or(0), self.views.cursor(shard).unwrap_or(0));
            most = most.max(head.saturating_sub(read));
        }
        most
    }

    fn get<T: DeserializeOwned>(&self, table: takt_cluster::views::Table, key: &[u8]) -> Option<T> {
        match self.views.get(table, key) {
            Ok(row) => row.and_then(|row| read(&row)),
            Err(error) => {
                tracing::warn!(%error, "failed to read the index; the row counts as missing");
                None
            }
        }
    }

    fn keys(&self, table: takt_cluster::views::Table, span: Span<'_>) -> Vec<Vec<u8>> {
        match self.views.scan(table, span) {
            Ok(rows) => rows.into_iter().map(|(key, _)| key).collect(),
            Err(error) => {
                tracing::warn!(%error, "failed to read the index; its rows count as missing");
                Vec::new()
            }
        }
    }

    fn scan<T: DeserializeOwned>(&self, table: takt_cluster::views::Table, span: Span<'_>) -> Vec<(Vec<u8>, T)> {
        match self.views.scan(table, span) {
            Ok(rows) => rows.into_iter().filter_map(|(key, row)| Some((key, read(&row)?))).collect(),
            Err(error) => {
                tracing::warn!(%error, "failed to read the index; its rows count as missing");
                Vec::new()
            }
        }
    }
}

fn read<T: DeserializeOwned>(row: &Bytes) -> Option<T> {
    wire::decode("row", row).ok()
}

/// Follows a shard's log for ever.
pub(crate) async fn run(node: Arc<Node>, index: Index, shard: u16) {
    let mut failures = 0;
    loop {
        match follow(&node, &index, shard).await {
            Ok(()) => failures = 0,
            Err(error) => {
                failures += 1;
                tracing::warn!(%error, shard, "failed to index what was recorded; trying again");
                node.seams.clock.sleep(node.settings.pause(failures, u64::from(shard))).await;
            }
        }
    }
}

/// Commits in one change of the rows from which on they are gathered for longer: rows that change again and again, as a running order's
/// do, are then written once.
const BUSY: usize = 128;

/// So many times as long as a change took, the index rests behind it, for each shard: all shards together then take a tenth of a thread,
/// and commits, for which people wait, come first.
const RESTS: u32 = 9;

async fn follow(node: &Node, index: &Index, shard: u16) -> Result<(), takt_cluster::Error> {
    let mut cursor = index.views.cursor(shard)?;
    loop {
        let run = node.tape.all_after(shard, cursor).await?;
        let began = node.seams.clock.elapsed();
        let rows = rows::of(&index.views, shard, &run)?;
        let known = index.known.get().and_then(|known| known.get(usize::from(shard))).copied().unwrap_or_default();
        masterdata::learn(node, shard, &run, &rows, known).await?;
        cursor = match index.views.apply(Step { shard, after: cursor, upto: run.upto, rows })? {
            Applied::Done => run.upto,
            Applied::Stale { at } => at,
        };
        index.moved.notify_waiters();
        let took = node.seams.clock.elapsed().saturating_sub(began);
        node.seams.clock.sleep(pause(node, run.commits().count(), took)).await;
    }
}

/// How long to gather before the rows are changed again, after a change by so many commits that took so long.
fn pause(node: &Node, commits: usize, took: Duration) -> Duration {
    let settings = &node.settings;
    // There is more already: who is behind reads on, and lets others work.
    if commits >= settings.projection_max {
        return Duration::from_millis(1);
    }
    let most = Duration::from_millis(settings.index_gather_ms);
    if commits >= BUSY {
        return most;
    }
    let rest = took.saturating_mul(RESTS * u32::from(node.seams.journal.shards()));
    rest.max(Duration::from_millis(settings.index_pause_ms)).min(most)
}

#[cfg(test)]
pub(crate) mod tests;
