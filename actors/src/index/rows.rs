//! The rows of the index, and what a stretch of a log does to them. To change what a row means is to raise [`SCHEMA`].

use std::collections::BTreeMap;

use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use takt_cluster::Error;
use takt_cluster::views::{Row, Table, Views};
use takt_protocol::case::{Case, short};
use takt_protocol::commit::Commit;
use takt_protocol::fact::Fact;
use takt_protocol::id::{EntityId, Kind};
use takt_protocol::instant::Instant;
use takt_protocol::name::{Region, SiteId};
use takt_protocol::native::{NativeId, NativeKind, Ref};
use takt_protocol::outbox::OutboxFact;
use takt_protocol::record::{self, Record};
use takt_protocol::{site, wire};

use super::brief::{Brief, Due, Lane, Since};
use super::evidence;
use crate::tape::Run;

/// How rows are written.
pub const SCHEMA: u64 = 6;

/// A number, its system and its kind: the entity it means.
pub(super) const NAMES: Table = Table(1);
/// An entity at home here.
pub(super) const ENTITIES: Table = Table(2);
/// An entity and a number: its open case.
pub(super) const CASES: Table = Table(3);
/// What people call a case, and whose it is: that one, also once it is closed.
pub(super) const CALLED: Table = Table(5);
/// A cause and a case of it: that case, also once it is closed.
pub(super) const CAUSES: Table = Table(11);
/// A shard: when its newest commit was made that was read.
pub(super) const READ: Table = Table(4);

/// The number of a lot alone, and its whole name: the name, and the lot.
pub(super) const LOTS: Table = Table(6);
/// An order at home here, in brief.
pub(super) const BRIEFS: Table = Table(7);
/// An entity and the number of an intent of it: its reply was lost.
pub(super) const DOUBTS: Table = Table(8);
/// A plant and a piece of its equipment: since when it is down.
pub(super) const DOWN: Table = Table(9);
/// A name of master data: its record, as a region knows it.
pub(super) const RECORDS: Table = Table(12);
/// Orders in the order of a list: their lane, when they are due, and their id.
pub(super) const PLACES: Table = Table(13);
/// The same, of one plant each.
pub(super) const PLANTS: Table = Table(14);
/// The number of a document or a hold, and an entity that it is about: what it is, and that entity.
pub(super) const EVIDENCE: Table = Table(15);

/// An open case, and what people did about it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OpenCase {
    /// Whose it is.
    pub entity: EntityId,
    /// The case as it stands.
    pub case: Case,
    /// What people did about it, oldest first.
    pub notes: Vec<Note>,
}

/// What a person did about a case that is still open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// When it was recorded.
    pub at: Instant,
    /// What, in words.
    pub what: String,
    /// Who; empty where nobody said.
    pub who: String,
    /// Why; empty where nobody said.
    pub why: String,
}

/// No number contains it.
const END: u8 = 0;

/// Where everything begins that is known by a number.
pub(super) fn number_key(number: &NativeId) -> Vec<u8> {
    let mut key = number.normal().as_bytes().to_vec();
    key.push(END);
    key
}

/// A name as it is matched.
pub(super) fn name_key(name: &Ref) -> Vec<u8> {
    let mut key = number_key(&name.id);
    key.push(name.kind as u8);
    key.extend_from_slice(name.system.as_str().as_bytes());
    key
}

/// The name of a key, its number in the form for matching.
pub(super) fn name_of(key: &[u8]) -> Option<Ref> {
    let end = key.iter().position(|byte| *byte == END)?;
    let (number, rest) = key.split_at_checked(end)?;
    let (kind, system) = rest.get(1..)?.split_first()?;
    let kind = *NativeKind::ALL.get(usize::from(*kind))?;
    let text = |bytes| std::str::from_utf8(bytes).ok();
    Some(Ref::new(SiteId::parse(text(system)?).ok()?, kind, NativeId::parse(text(number)?).ok()?))
}

/// Sorts as ids do.
pub(super) fn entity_key(entity: EntityId) -> Vec<u8> {
    let mut key = vec![entity.kind() as u8];
    key.extend_from_slice(entity.region().as_str().as_bytes());
    key.push(END);
    key.extend_from_slice(&entity.generation().to_be_bytes());
    key.extend_from_slice(&entity.local().to_be_bytes());
    key
}

/// The entity of a key that begins with one.
pub(super) fn entity_of(key: &[u8]) -> Option<EntityId> {
    let (kind, rest) = key.split_first()?;
    let kind = *Kind::ALL.get(usize::from(*kind))?;
    let end = rest.iter().position(|byte| *byte == END)?;
    let region = Region::parse(std::str::from_utf8(rest.get(..end)?).ok()?).ok()?;
    let (generation, rest) = rest.get(end + 1..)?.split_first_chunk()?;
    let (local, _) = rest.split_first_chunk()?;
    Some(EntityId::from_parts(kind, region, u16::from_be_bytes(*generation), u128::from_be_bytes(*local)))
}

/// Where the orders of a lane begin; of one plant, or of all.
pub(super) fn lane_key(plant: Option<SiteId>, lane: Lane) -> Vec<u8> {
    let mut key = plant.map_or_else(Vec::new, |plant| called_key(plant.as_str()));
    key.extend([lane.progress as u8, u8::from(lane.taken)]);
    key
}

/// An order's place in its lane. Sorts as [`Due`] does.
pub(super) fn place_key(plant: Option<SiteId>, lane: Lane, due: Due) -> Vec<u8> {
    let mut key = lane_key(plant, lane);
    key.extend(due_key(due.at_ns));
    key.extend(entity_key(due.order));
    key
}

/// Behind what the wanted part of a lane begins.
pub(super) fn since_key(plant: Option<SiteId>, lane: Lane, since: Since) -> Option<Vec<u8>> {
    match since {
        Since::Start => None,
        // Every place that is due then is longer.
        Since::Due(at_ns) => Some([lane_key(plant, lane), due_key(at_ns).to_vec()].concat()),
        Since::Behind(due) => Some(place_key(plant, lane, due)),
    }
}

/// Sorts as the moments do, those before 1970 first.
fn due_key(at_ns: i64) -> [u8; 8] {
    (at_ns ^ i64::MIN).to_be_bytes()
}

/// What [`place_key`] wrote behind its lane.
pub(super) fn due_of(key: &[u8]) -> Option<Due> {
    let (at, order) = key.split_first_chunk()?;
    Some(Due { at_ns: i64::from_be_bytes(*at) ^ i64::MIN, order: entity_of(order)? })
}

/// Where every case begins that people call so.
pub(super) fn called_key(short: &str) -> Vec<u8> {
    let mut key = short.as_bytes().to_vec();
    key.push(END);
    key
}

/// Where every case of a cause begins.
pub(super) fn cause_key(cause: &str) -> Vec<u8> {
    called_key(cause)
}

/// Something that an entity numbers: a case, an intent.
fn numbered_key(entity: EntityId, number: u32) -> Vec<u8> {
    let mut key = entity_key(entity);
    key.extend_from_slice(&number.to_be_bytes());
    key
}

/// The number of a lot alone, then its whole name; nothing for names that are not `material/lot`.
fn lot_key(name: &Ref) -> Option<Vec<u8>> {
    let number = name.id.as_str().split_once('/').filter(|_| name.kind == NativeKind::Lot)?.1;
    let mut key = number_key(&NativeId::parse(number).ok()?);
    key.extend(name_key(name));
    Some(key)
}

/// What a part of a shard's log changes.
pub(super) fn of(views: &Views, shard: u16, run: &Run) -> Result<Vec<Row>, Error> {
    let mut pages = Pages { views, rows: BTreeMap::new() };
    let mut newest = None;
    for recorded in run.commits() {
        let commit = &recorded.commit;
        newest = newest.max(Some(commit.at));
        if commit.number == 1 {
            pages.born(commit.entity);
        }
        for (at, step, fact) in commit.steps.iter().enumerate().flat_map(|(at, step)| step.facts.iter().map(move |fact| (at, step, fact))) {
            pages.read(commit, at, step.occurred_at, fact)?;
        }
    }
    if let Some(at) = newest {
        pages.put(READ, shard.to_be_bytes().to_vec(), &at);
    }
    Ok(pages.rows.into_iter().map(|((table, key), value)| Row { table, key, value }).collect())
}

/// The rows as they will be.
struct Pages<'a> {
    views: &'a Views,
    rows: BTreeMap<(Table, Vec<u8>), Option<Bytes>>,
}

impl Pages<'_> {
    fn put<T: Serialize>(&mut self, table: Table, key: Vec<u8>, value: &T) {
        match wire::encode("row", value) {
            Ok(bytes) => drop(self.rows.insert((table, key), Some(Bytes::from(bytes)))),
            Err(error) => tracing::error!(%error, "a row of the index cannot be written down"),
        }
    }

    fn named(&mut self, name: &Ref, entity: EntityId) {
        self.put(NAMES, name_key(name), &entity);
        if let Some(key) = lot_key(name) {
            self.put(LOTS, key, &(name, entity));
        }
    }

    /// What a fact of the step at this place, which happened then, changes.
    fn read(&mut self, commit: &Commit, at: usize, occurred_at: Instant, fact: &Fact) -> Result<(), Error> {
        let entity = commit.entity;
        for (number, what) in evidence::of(fact) {
            self.put(EVIDENCE, [number_key(&number), entity_key(entity)].concat(), &(what, entity));
        }
        match fact {
            Fact::Named(name) => self.named(name, entity),
            Fact::Site(fact) => self.of_site(entity, occurred_at, fact),
            Fact::Order(fact) if Brief::hears(fact) => {
                let before: Brief = self.known(BRIEFS, &entity_key(entity))?.unwrap_or_default();
                let mut brief = before.clone();
                if brief.follow(fact) {
                    self.moved(entity, Some(&before), &brief);
                }
            }
            Fact::Outbox { number, step: OutboxFact::InDoubt { .. } } => {
                self.put(DOUBTS, numbered_key(entity, *number), &(entity, *number));
            }
            Fact::Outbox { number, step: OutboxFact::Settled(_) | OutboxFact::NotDone { .. } } => {
                let key = numbered_key(entity, *number);
                if self.known::<(EntityId, u32)>(DOUBTS, &key)?.is_some() {
                    self.rows.insert((DOUBTS, key), None);
                }
            }
            Fact::CaseOpened(case) => {
                let mut called = called_key(&short(entity, case.number));
                called.extend(entity_key(entity));
                self.put(CALLED, called, &(entity, case.number));
                let mut cause = cause_key(case.cause(entity).as_str());
                cause.extend(numbered_key(entity, case.number));
                self.put(CAUSES, cause, &(entity, case.number));
                let open = OpenCase { entity, case: case.as_ref().clone(), notes: Vec::new() };
                self.put(CASES, numbered_key(entity, case.number), &open);
            }
            Fact::CaseHandedOver { .. } | Fact::CaseSnoozed { .. } | Fact::CaseGivingUp { .. } => self.noted(commit, at, fact)?,
            Fact::CaseClosed { case, .. } => drop(self.rows.insert((CASES, numbered_key(entity, *case)), None)),
            Fact::Record(fact) => self.state(fact)?,
            Fact::Intended { .. } | Fact::Outbox { .. } | Fact::Order(_) | Fact::Lot(_) | Fact::Unit(_) | Fact::Shipment(_) => {}
        }
        Ok(())
    }

    /// An entity was heard of for the first time.
    fn born(&mut self, entity: EntityId) {
        self.put(ENTITIES, entity_key(entity), &entity);
        if entity.kind() == Kind::Order {
            self.moved(entity, None, &Brief::default());
        }
    }

    /// Puts an order where it stands in lists from now on.
    fn moved(&mut self, order: EntityId, before: Option<&Brief>, brief: &Brief) {
        let stood: Vec<_> = before.into_iter().flat_map(|before| places(order, before)).collect();
        let stands: Vec<_> = places(order, brief).collect();
        // Most changes leave an order where it is.
        if stood != stands {
            self.rows.extend(stood.into_iter().map(|key| (key, None)));
            self.rows.extend(stands.into_iter().map(|key| (key, Some(Bytes::new()))));
        }
        self.put(BRIEFS, entity_key(order), brief);
    }

    /// Master data is kept whole, so that it need not be looked for in the logs.
    fn state(&mut self, fact: &record::Fact) -> Result<(), Error> {
        let record::Fact::Stated { of, .. } = fact;
        let key = name_key(of);
        let known: Record = self.known(RECORDS, &key)?.unwrap_or_default();
        self.put(RECORDS, key, &known.with(fact));
        Ok(())
    }

    /// Changes an open case, and notes who did it and why.
    fn noted(&mut self, commit: &Commit, at: usize, fact: &Fact) -> Result<(), Error> {
        let Some((case, what)) = fact.deed() else { return Ok(()) };
        let key = numbered_key(commit.entity, case);
        let Some(mut open) = self.known::<OpenCase>(CASES, &key)? else { return Ok(()) };
        let who = commit.said_by(at);
        let name = who.map(|who| who.on_behalf_of.as_ref().map_or_else(|| who.user.clone(), |other| format!("{} for {other}", who.user)));
        let why = who.and_then(|who| who.reason.clone()).unwrap_or_default();
        open.notes.push(Note { at: commit.at, what, who: name.unwrap_or_default(), why });
        open.case.follow(fact);
        self.put(CASES, key, &open);
        Ok(())
    }

    fn of_site(&mut self, site: EntityId, at: Instant, fact: &site::Fact) {
        match fact {
            site::Fact::Expects { entity, names, .. } => names.iter().for_each(|name| self.named(name, *entity)),
            site::Fact::Equipment { equipment, available, .. } => {
                let mut key = entity_key(site);
                key.extend_from_slice(equipment.as_str().as_bytes());
                if *available {
                    self.rows.insert((DOWN, key), None);
                } else {
                    self.put(DOWN, key, &(equipment, at));
                }
            }
            site::Fact::Forgot(_)
            | site::Fact::Waits { .. }
            | site::Fact::WaitsNoMore(_)
            | site::Fact::Locates { .. }
            | site::Fact::Quarantined { .. }
            | site::Fact::Matched { .. }
            | site::Fact::Calibrated { .. }
            | site::Fact::Recipes { .. }
            | site::Fact::Read(_)
            | site::Fact::Mended { .. }
            | site::Fact::Window { .. }
            | site::Fact::Planned { .. }
            | site::Fact::Finished(_)
            | site::Fact::Demand(_)
            | site::Fact::Books(_)
            | site::Fact::LastWord(_) => {}
        }
    }

    /// A row as it stands, this stretch included.
    fn known<T: DeserializeOwned>(&self, table: Table, key: &[u8]) -> Result<Option<T>, Error> {
        let row = match self.rows.get(&(table, key.to_vec())) {
            Some(changed) => changed.clone(),
            None => self.views.get(table, key)?,
        };
        Ok(row.and_then(|row| wire::decode("row", &row).ok()))
    }
}

/// Where an order stands in lists.
fn places(order: EntityId, brief: &Brief) -> impl Iterator<Item = (Table, Vec<u8>)> {
    let (lane, due) = (brief.lane(), Due { at_ns: brief.due_ns(), order });
    let at_plant = brief.plant.map(|plant| (PLANTS, place_key(Some(plant), lane, due)));
    at_plant.into_iter().chain([(PLACES, place_key(None, lane, due))])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_back_from_its_key_and_sorts_by_when_it_is_due() {
        let region = Region::parse("eu").unwrap();
        let lane = Brief::default().lane();
        let key = |at_ns, local| place_key(None, lane, Due { at_ns, order: EntityId::from_parts(Kind::Order, region, 1, local) });
        let sorted = [key(i64::MIN, 3), key(-1, 9), key(0, 1), key(0, 2), key(1, 0), key(i64::MAX, 0)];
        assert!(sorted.is_sorted());
        let order = EntityId::from_parts(Kind::Order, region, 1, 9);
        let behind = sorted[1].strip_prefix(&lane_key(None, lane)[..]).unwrap();
        assert_eq!(due_of(behind), Some(Due { at_ns: -1, order }));
    }

    #[test]
    fn a_name_is_read_back_from_its_key() {
        for kind in NativeKind::ALL {
            let name = Ref::new(SiteId::parse("erp-eu").unwrap(), kind, NativeId::parse("FG-100/N 7").unwrap());
            assert_eq!(name_of(&name_key(&name)), Some(name));
        }
    }
}
