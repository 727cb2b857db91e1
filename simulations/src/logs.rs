//! The logs of regions, read whole and replayed: what every checker starts from, in the gate and beside a running mesh.
//! Reads what is durable and nothing else; T3 and T10 are looked at while reading, with one predicate each for all who ask.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;
use takt_cluster::seam::Seams;
use takt_protocol::case::CaseKind;
use takt_protocol::commit::{Commit, GENESIS, Step};
use takt_protocol::envelope::RawRef;
use takt_protocol::fact::Fact;
use takt_protocol::id::EntityId;
use takt_protocol::kernel::{Own, State, replay};
use takt_protocol::posting::{PostingFact, Series, Use};
use takt_protocol::shipment::{self, Departure};
use takt_protocol::{lot, order, wire};

use crate::world::ledger::{Entry, Purpose};

/// An entity's log, read and replayed.
pub struct Told {
    /// Its commits, oldest first.
    pub commits: Vec<Commit>,
    /// What they add up to.
    pub state: State,
}

/// The logs of all entities.
#[derive(Default)]
pub struct Logs {
    entities: BTreeMap<EntityId, Told>,
}

/// Messages read at once.
const PAGE: usize = 4_096;

impl Logs {
    /// Reads every log of a region, up to what is durable now. What does not follow is told as a broken T3.
    pub async fn read(&mut self, seams: &Seams, broken: &mut Vec<String>) -> anyhow::Result<()> {
        let mut heads: BTreeMap<EntityId, RawRef> = BTreeMap::new();
        for shard in 0..seams.journal.shards() {
            // A tail waits where there is nothing more, so the end is asked for.
            let (mut after, end) = (0, seams.journal.head(shard).await?);
            while after < end {
                for entry in seams.journal.tail(shard, after, PAGE).await? {
                    after = entry.sequence;
                    let (commit, hash) = wire::open(&entry.bytes)?;
                    let previous = heads.insert(entry.entity, hash).unwrap_or(RawRef::from_bytes(GENESIS));
                    self.take(entry.entity, commit, previous, broken);
                }
            }
        }
        Ok(())
    }

    /// T5: what left, left with the clearance of every lot on it, and its warehouse had been told so; an escape would be shown as one. How
    /// many left.
    pub fn departures(&self, broken: &mut Vec<String>) -> u64 {
        let mut left = 0;
        for (entity, told) in &self.entities {
            let Own::Shipment(shipment) = &told.state.own else { continue };
            if shipment.stage != shipment::Stage::Departed {
                continue;
            }
            left += 1;
            let name = shipment.delivery.as_ref().map(ToString::to_string).unwrap_or_default();
            let cleared = told.left_with().is_some_and(|departure| {
                let lots = departure.lots.iter();
                lots.clone().count() > 0 && lots.clone().all(|(lot, _)| self.gave(*lot, *entity, departure.attempt))
            });
            let escaped = told.state.common.cases.values().any(|case| case.kind == CaseKind::Escape);
            if !cleared || escaped {
                broken.push(format!("T5: {name} left without the clearance of every lot on it"));
            }
        }
        left
    }

    /// Whether that lot, by its own log, gave that clearance.
    fn gave(&self, lot: EntityId, to: EntityId, asked: u32) -> bool {
        let mut facts = self.entities.get(&lot).into_iter().flat_map(Told::steps).flat_map(|step| &step.facts);
        let this = |fact: &lot::Fact| matches!(fact, lot::Fact::Cleared { shipment, attempt, .. } if *shipment == to && *attempt == asked);
        facts.any(|fact| if let Fact::Lot(fact) = fact { this(fact) } else { false })
    }

    /// T3: no two commits share a predecessor, no hole, the chain holds.
    fn take(&mut self, entity: EntityId, commit: Commit, previous: RawRef, broken: &mut Vec<String>) {
        let told = self.entities.entry(entity).or_insert_with(|| Told { commits: Vec::new(), state: State::unknown(entity) });
        if commit.number != told.commits.len() as u64 + 1 || commit.previous != previous {
            broken.push(format!("T3: commit {} of {entity} does not follow the one before it", commit.number));
        }
        let state = std::mem::replace(&mut told.state, State::unknown(entity));
        told.state = commit.steps.iter().fold(state, replay);
        if !told.state.common.outbox.lanes_hold() {
            broken.push(format!(
                "T2: after commit {} two intents of {entity} are out at one site: one may overtake the other",
                commit.number
            ));
        }
        told.commits.push(commit);
    }

    /// All entities, by id.
    pub fn entities(&self) -> &BTreeMap<EntityId, Told> {
        &self.entities
    }

    /// Every step of every entity, in the order of its log.
    pub fn steps(&self) -> impl Iterator<Item = (EntityId, &Step)> {
        self.entities.iter().flat_map(|(entity, told)| told.steps().map(|step| (*entity, step)))
    }

    /// Whether an entity has an open case of that kind.
    pub fn has_case(&self, entity: EntityId, kind: &CaseKind) -> bool {
        self.entities.get(&entity).is_some_and(|told| told.state.common.cases.values().any(|case| case.kind == *kind))
    }

    /// Every order.
    pub fn orders(&self) -> impl Iterator<Item = (EntityId, &order::Order)> {
        self.entities
            .iter()
            .filter_map(|(entity, told)| if let Own::Order(order) = &told.state.own { Some((*entity, order.as_ref())) } else { None })
    }

    /// T10: every posting leads back to the reports behind it, and each of those to its raw message.
    pub async fn every_posting_leads_back(&self, regions: &[Seams], broken: &mut Vec<String>) -> anyhow::Result<u64> {
        let mut led_back = 0;
        for told in self.entities.values() {
            let Own::Order(order) = &told.state.own else { continue };
            let behind = told.quantities();
            let along: BTreeSet<RawRef> = told.commits.iter().flat_map(Commit::raw).map(|(_, raw)| RawRef::of(raw.bytes())).collect();
            let ranges = order.ledger.postings().flat_map(|entry| entry.posting.lines.iter().flat_map(|line| &line.actuals));
            for number in ranges.flat_map(|(from, to)| *from..=*to) {
                let Some(origin) = behind.get(&number).and_then(|step| step.origin.as_ref()) else {
                    broken.push(format!("T10: no message stands behind quantity {number}"));
                    continue;
                };
                if along.contains(&origin.raw) || kept(regions, &origin.raw).await? {
                    led_back += 1;
                } else {
                    broken.push(format!("T10: the raw message {} is gone", origin.raw));
                }
            }
        }
        Ok(led_back)
    }
}

impl Told {
    /// The attempt whose yes a shipment left with, as it stood when its warehouse was told.
    fn left_with(&self) -> Option<Departure> {
        let first = self.commits.first()?;
        let (mut state, mut yes) = (State::unknown(first.entity), None);
        for step in self.steps() {
            state = replay(state, step);
            let Own::Shipment(shipment) = &state.own else { continue };
            if shipment.stage == shipment::Stage::Departed {
                let with = shipment.cleared?.attempt;
                return yes.filter(|departure: &Departure| departure.attempt == with);
            }
            yes = shipment.departure.clone().filter(|departure| departure.told == Some(true)).or(yes);
        }
        None
    }

    /// Its steps, oldest first.
    pub fn steps(&self) -> impl Iterator<Item = &Step> {
        self.commits.iter().flat_map(|commit| &commit.steps)
    }

    /// The step that recorded each quantity of an order.
    fn quantities(&self) -> BTreeMap<u32, &Step> {
        let mut behind = BTreeMap::new();
        for step in self.steps() {
            for fact in &step.facts {
                if let Fact::Order(fact) = fact
                    && let order::Fact::Posting(PostingFact::Recorded { number, .. }) = fact.as_ref()
                {
                    behind.insert(*number, step);
                }
            }
        }
        behind
    }
}

async fn kept(regions: &[Seams], raw: &RawRef) -> anyhow::Result<bool> {
    for seams in regions {
        if seams.blobs.get(raw).await?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What an order says its ERP has, in the words in which any ERP's books are read: posted by us, or adopted.
pub fn booked(order: &order::Order) -> BTreeMap<Entry, Decimal> {
    let number = order.header().map(|header| header.number.to_string()).unwrap_or_default();
    let mut booked = BTreeMap::new();
    for places in order.accounts() {
        *booked.entry(entry(&number, &places.series)).or_default() += places.posted.value() + places.adopted.value();
    }
    booked
}

/// Where a quantity of ours stands in the books of an ERP.
fn entry(order: &str, series: &Series) -> Entry {
    let (purpose, work) = match series.purpose {
        Use::Produced => (Purpose::Produced, false),
        Use::Consumed => (Purpose::Consumed, false),
        Use::Yield => (Purpose::Yield, true),
        Use::Scrap => (Purpose::Scrap, true),
        Use::Rework => (Purpose::Rework, true),
        Use::Labour => (Purpose::Labour, true),
        Use::Machine => (Purpose::Machine, true),
    };
    let operation = series.op.as_ref().filter(|_| work).map(|op| op.as_str().trim_start_matches('0').to_owned());
    Entry { order: order.to_owned(), purpose, operation, material: series.material.to_string() }
}
