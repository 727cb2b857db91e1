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
use takt_protocol::name::{SiteId, Source};
use takt_protocol::native::{NativeId, Ref};
use takt_protocol::outbox::OutboxFact;
use takt_protocol::record::{self, Record};
use takt_protocol::{order, site, wire};

use super::brief::{Brief, Due};
use super::evidence::{self, Evidence};
use super::heard;
use super::keys::{called_key, cause_key, entity_key, lot_key, name_key, number_key, numbered_key, place_key};
use super::loose::{self, Found};
use super::shelf::{Glance, shelves};
use super::tally;
use crate::tape::Run;

/// How rows are written.
pub const SCHEMA: u64 = 13;

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
/// The number of a document, a hold and the like, what it is, and an entity that it is about: what it is, and that entity.
pub(super) const EVIDENCE: Table = Table(15);
/// A lot or a shipment at home here, at a glance.
pub(super) const GLANCES: Table = Table(16);
/// Lots and shipments in the order of a list: among which they stand, their shelf, when, and their id.
pub(super) const SHELVES: Table = Table(17);
/// What an entity has one of at a time, such as its bin, and that entity: its number.
pub(super) const PRESENT: Table = Table(18);
/// A form of a number that people may type instead, and what it is: that, and the entity.
pub(super) const LOOSE: Table = Table(19);
/// A plant, a shift and what was counted in it: how much.
pub(super) const TALLIES: Table = Table(20);
/// A plant, what was counted and when: how often.
pub(super) const COUNTS: Table = Table(21);
/// A source and a shard: when the newest was written down that it told the entities there.
pub(super) const HEARD: Table = Table(22);

/// The hash of a message that stands in a log: the entity, and the sequence of the commit.
pub(super) const RAW: Table = Table(23);

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

/// What a part of a shard's log changes.
pub(super) fn of(views: &Views, shard: u16, run: &Run) -> Result<Vec<Row>, Error> {
    let mut pages = Pages { views, rows: BTreeMap::new() };
    let mut newest = None;
    for recorded in run.commits() {
        let commit = &recorded.commit;
        newest = newest.max(Some(commit.at));
        if commit.number == 1 {
            pages.born(commit);
        }
        for (hash, _) in commit.raw() {
            pages.put(RAW, hash.bytes().to_vec(), &(commit.entity, recorded.sequence));
        }
        for name in (0..commit.steps.len()).filter_map(|at| commit.said_by(at)).flat_map(evidence::person) {
            pages.evident(&name, Evidence::Person, commit.entity)?;
        }
        for (at, step, fact) in commit.steps.iter().enumerate().flat_map(|(at, step)| step.facts.iter().map(move |fact| (at, step, fact))) {
            pages.read(commit, at, step.occurred_at, fact)?;
        }
    }
    for (source, at) in heard::newest(run.commits().map(|recorded| &recorded.commit)) {
        pages.heard(shard, source, at)?;
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
        for form in loose::forms_of(name).iter().filter(|form| !loose::is_plain(form, &name.id)) {
            self.loose(form, &name_key(name), &Found::Name(name.clone()), entity);
        }
    }

    /// A source said something then; the newest counts.
    fn heard(&mut self, shard: u16, source: Source, at: Instant) -> Result<(), Error> {
        let key = heard::key(source, shard);
        if self.known::<Instant>(HEARD, &key)?.is_none_or(|before| before < at) {
            self.put(HEARD, key, &at);
        }
        Ok(())
    }

    /// A form by which something is found that is known by another number.
    fn loose(&mut self, form: &str, of: &[u8], found: &Found, entity: EntityId) {
        if let Some(key) = loose::form_key(form) {
            self.put(LOOSE, [&key, of].concat(), &(found, entity));
        }
    }

    /// A number that is no thing of its own speaks of an entity; what an entity has one of at a time takes the place of the last.
    fn evident(&mut self, number: &NativeId, what: Evidence, entity: EntityId) -> Result<(), Error> {
        if what.is_present() {
            let present = [&[what as u8][..], &entity_key(entity)].concat();
            if let Some(before) = self.known::<NativeId>(PRESENT, &present)? {
                self.rows.extend(evident_rows(&before, what, entity).map(|row| (row, None)));
            }
            self.put(PRESENT, present, number);
        }
        for (table, key) in evident_rows(number, what, entity) {
            // The same in both tables, so that one may be read as the other.
            self.put(table, key, &(Found::Evidence(what, number.as_str().to_owned()), entity));
        }
        Ok(())
    }

    /// What a fact of the step at this place, which happened then, changes.
    fn read(&mut self, commit: &Commit, at: usize, occurred_at: Instant, fact: &Fact) -> Result<(), Error> {
        let entity = commit.entity;
        for (number, what) in evidence::of(commit, fact) {
            self.evident(&number, what, entity)?;
        }
        if let (Some(plant), Fact::Order(fact)) = (commit.site, fact) {
            self.tallied(plant, (occurred_at, commit.at), fact)?;
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
            Fact::Lot(_) | Fact::Shipment(_) => self.glanced(entity, occurred_at, fact)?,
            Fact::Outbox { number, step: OutboxFact::InDoubt { .. } } => {
                self.put(DOUBTS, numbered_key(entity, *number), &(entity, *number));
                self.looked(entity, |brief| brief.doubts.insert(*number))?;
            }
            Fact::Outbox { number, step: OutboxFact::Settled(_) | OutboxFact::NotDone { .. } } => {
                let key = numbered_key(entity, *number);
                if self.known::<(EntityId, u32)>(DOUBTS, &key)?.is_some() {
                    self.rows.insert((DOUBTS, key), None);
                    self.looked(entity, |brief| brief.doubts.remove(number))?;
                }
            }
            Fact::CaseOpened(case) => self.opened(entity, case)?,
            Fact::CaseHandedOver { .. } | Fact::CaseSnoozed { .. } | Fact::CaseGivingUp { .. } => self.noted(commit, at, fact)?,
            Fact::CaseClosed { case, .. } => {
                self.rows.insert((CASES, numbered_key(entity, *case)), None);
                self.looked(entity, |brief| brief.cases.remove(case))?;
            }
            Fact::Record(fact) => self.state(fact)?,
            Fact::Intended { .. } | Fact::Outbox { .. } | Fact::Order(_) | Fact::Unit(_) => {}
        }
        Ok(())
    }

    /// A case is open from now on.
    fn opened(&mut self, entity: EntityId, case: &Case) -> Result<(), Error> {
        let short = short(entity, case.number);
        for form in loose::forms(&short) {
            self.loose(&form, &[&called_key(&short)[..], &entity_key(entity)].concat(), &Found::Exception(short.clone()), entity);
        }
        let mut called = called_key(&short);
        called.extend(entity_key(entity));
        self.put(CALLED, called, &(entity, case.number));
        let mut cause = cause_key(case.cause(entity).as_str());
        cause.extend(numbered_key(entity, case.number));
        self.put(CAUSES, cause, &(entity, case.number));
        let open = OpenCase { entity, case: case.clone(), notes: Vec::new() };
        self.put(CASES, numbered_key(entity, case.number), &open);
        self.looked(entity, |brief| brief.cases.insert(case.number))
    }

    /// Something about an order has to be looked at, or no more; `change` says whether that is new.
    fn looked(&mut self, entity: EntityId, change: impl FnOnce(&mut Brief) -> bool) -> Result<(), Error> {
        if entity.kind() == Kind::Order {
            let before: Brief = self.known(BRIEFS, &entity_key(entity))?.unwrap_or_default();
            let mut brief = before.clone();
            if change(&mut brief) {
                self.moved(entity, Some(&before), &brief);
            }
        }
        Ok(())
    }

    /// What a fact of an order adds to what its plant did.
    fn tallied(&mut self, plant: SiteId, (happened, recorded): (Instant, Instant), fact: &order::Fact) -> Result<(), Error> {
        if let Some((key, more)) = tally::added(plant, fact) {
            let sum = tally::sum(self.known(TALLIES, &key)?, more);
            self.put(TALLIES, key, &sum);
        }
        if let Some((what, at)) = tally::moment(fact, happened, recorded) {
            let key = tally::count_key(plant, what, at);
            let count: u64 = self.known(COUNTS, &key)?.unwrap_or_default();
            self.put(COUNTS, key, &(count + 1));
        }
        Ok(())
    }

    /// An entity was heard of for the first time.
    fn born(&mut self, commit: &Commit) {
        let entity = commit.entity;
        self.put(ENTITIES, entity_key(entity), &entity);
        if entity.kind() == Kind::Order {
            self.moved(entity, None, &Brief::default());
        }
        if let Some(glance) = Glance::born(entity.kind(), commit.at) {
            self.shelved(entity, None, &glance);
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

    /// What a fact that happened then changes of a lot or a shipment at a glance.
    fn glanced(&mut self, entity: EntityId, occurred_at: Instant, fact: &Fact) -> Result<(), Error> {
        if Glance::hears(fact)
            && let Some(before) = self.known::<Glance>(GLANCES, &entity_key(entity))?
        {
            let mut glance = before.clone();
            glance.follow(fact, occurred_at);
            self.shelved(entity, Some(&before), &glance);
        }
        Ok(())
    }

    /// Puts a lot or a shipment where it stands in lists from now on.
    fn shelved(&mut self, entity: EntityId, before: Option<&Glance>, glance: &Glance) {
        if before != Some(glance) {
            let stood = before.into_iter().flat_map(|before| shelves(entity, before));
            self.rows.extend(stood.map(|key| ((SHELVES, key), None)));
            self.rows.extend(shelves(entity, glance).map(|key| ((SHELVES, key), Some(Bytes::new()))));
            self.put(GLANCES, entity_key(entity), glance);
        }
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
                let key = [&entity_key(site)[..], equipment.as_str().as_bytes()].concat();
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
            | site::Fact::RecipesListed
            | site::Fact::Heard { .. }
            | site::Fact::Read(_)
            | site::Fact::Tallied { .. }
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

/// The rows by which a number is found that is no thing of its own.
fn evident_rows(number: &NativeId, what: Evidence, entity: EntityId) -> impl Iterator<Item = (Table, Vec<u8>)> {
    let of = [&[what as u8][..], &entity_key(entity)].concat();
    let forms: Vec<String> = loose::forms(number.as_str()).into_iter().filter(|form| !loose::is_plain(form, number)).collect();
    let loosely: Vec<_> =
        forms.iter().filter_map(|form| Some((LOOSE, [&loose::form_key(form)?[..], &number_key(number), &of].concat()))).collect();
    std::iter::once((EVIDENCE, [&number_key(number)[..], &of].concat())).chain(loosely)
}
