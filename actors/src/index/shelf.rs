//! Lots and shipments as lists put them in order: at a glance, from the facts of their logs, so that a page of a long list need
//! not load the rest of it. A shelf is what matters about a thing; on one, shipments stand by when they leave, and what is over
//! or needs nothing by how new it is. Says nothing that the thing's own state does not say better.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use takt_protocol::fact::Fact;
use takt_protocol::id::{EntityId, Kind};
use takt_protocol::instant::Instant;
use takt_protocol::lot;
use takt_protocol::name::SiteId;
use takt_protocol::native::NativeId;
use takt_protocol::shipment::{self, Gate, Stage};
use takt_protocol::words::{HoldNo, MaterialId};

use super::keys::{END, due_key, entity_key, entity_of};

/// What matters about a lot or a shipment; the first ones come first in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Shelf {
    /// A lot that is held.
    Held = 0,
    /// A lot that waits for the verdict on a sample, or for a sample.
    Inspected = 1,
    /// A lot that nothing holds.
    Free = 2,
    /// A shipment that has not left, and that a hold or a gate keeps.
    Blocked = 3,
    /// A shipment that has not left.
    Leaving = 4,
    /// A shipment that left.
    Left = 5,
}

impl Shelf {
    /// Those of lots, the first one first.
    pub const LOTS: [Self; 3] = [Self::Held, Self::Inspected, Self::Free];
    /// Those of shipments.
    pub const SHIPMENTS: [Self; 3] = [Self::Blocked, Self::Leaving, Self::Left];
}

/// Where a thing stands on its shelf. Sorts as lists do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stand {
    /// Nanoseconds of UTC: when it leaves, and `i64::MAX` while nobody said; for everything else, how new it is, below zero.
    pub at_ns: i64,
    /// Which thing.
    pub entity: EntityId,
}

/// Among which things a list looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Among {
    /// All.
    All,
    /// Those of a plant, or of a warehouse.
    Site(SiteId),
    /// Lots of a material.
    Material(MaterialId),
}

/// A lot or a shipment at a glance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Glance {
    /// When it was heard of first.
    pub since: Instant,
    /// Its plant, or its warehouse, once known.
    pub site: Option<SiteId>,
    /// What only one of the two kinds has.
    pub of: Of,
}

/// What only one of the two kinds has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Of {
    /// Of a lot.
    Lot {
        /// Its material, once known.
        material: Option<MaterialId>,
        /// Holds that are not over.
        holds: BTreeSet<HoldNo>,
        /// Samples without a verdict.
        open: BTreeSet<NativeId>,
        /// Whether it must be inspected and no sample was taken yet.
        unsampled: Option<bool>,
    },
    /// Of a shipment.
    Shipment {
        /// When it should leave, as it was planned.
        planned: Option<Instant>,
        /// When its truck comes.
        truck: Option<Instant>,
        /// When it left.
        left: Option<Instant>,
        /// Holds on its lots.
        holds: BTreeSet<(EntityId, HoldNo)>,
        /// Gates that are shut.
        gates: BTreeSet<Gate>,
    },
}

impl Glance {
    /// Of a thing of this kind that was heard of then; nothing of kinds that no shelf is for.
    pub(super) fn born(kind: Kind, since: Instant) -> Option<Self> {
        let of = match kind {
            Kind::Lot => Of::Lot { material: None, holds: BTreeSet::new(), open: BTreeSet::new(), unsampled: None },
            Kind::Shipment => Of::Shipment { planned: None, truck: None, left: None, holds: BTreeSet::new(), gates: BTreeSet::new() },
            Kind::Order | Kind::Unit | Kind::Site | Kind::Record => return None,
        };
        Some(Self { since, site: None, of })
    }

    /// On which shelf it stands.
    pub fn shelf(&self) -> Shelf {
        match &self.of {
            Of::Lot { holds, .. } if !holds.is_empty() => Shelf::Held,
            Of::Lot { open, unsampled, .. } if !open.is_empty() || *unsampled == Some(true) => Shelf::Inspected,
            Of::Lot { .. } => Shelf::Free,
            Of::Shipment { left: Some(_), .. } => Shelf::Left,
            Of::Shipment { holds, gates, .. } if !holds.is_empty() || !gates.is_empty() => Shelf::Blocked,
            Of::Shipment { .. } => Shelf::Leaving,
        }
    }

    /// Where on it, in nanoseconds of UTC: see [`Stand`].
    fn at_ns(&self) -> i64 {
        match &self.of {
            Of::Lot { .. } => -self.since.utc_ns(),
            Of::Shipment { left: Some(left), .. } => -left.utc_ns(),
            Of::Shipment { planned, truck, .. } => truck.or(*planned).map_or(i64::MAX, |at| at.utc_ns()),
        }
    }

    /// Its material, of a lot.
    fn material(&self) -> Option<&MaterialId> {
        match &self.of {
            Of::Lot { material, .. } => material.as_ref(),
            Of::Shipment { .. } => None,
        }
    }

    /// Whether a fact may change it: most do not, and need no row to be read.
    pub(super) fn hears(fact: &Fact) -> bool {
        let of_lot = |fact: &lot::Fact| {
            matches!(
                fact,
                lot::Fact::Known { .. }
                    | lot::Fact::Produced { inspected: true, .. }
                    | lot::Fact::Sampled(_)
                    | lot::Fact::Judged { .. }
                    | lot::Fact::Held { .. }
                    | lot::Fact::Released(_)
            )
        };
        let of_shipment = |fact: &shipment::Fact| {
            matches!(
                fact,
                shipment::Fact::Announced { .. }
                    | shipment::Fact::Booked { .. }
                    | shipment::Fact::Stage(Stage::Departed)
                    | shipment::Fact::Blocked { .. }
                    | shipment::Fact::Unblocked(_)
                    | shipment::Fact::Held { .. }
                    | shipment::Fact::Freed { .. }
            )
        };
        matches!(fact, Fact::Lot(fact) if of_lot(fact)) || matches!(fact, Fact::Shipment(fact) if of_shipment(fact))
    }

    /// What a fact changes that happened then.
    pub(super) fn follow(&mut self, fact: &Fact, at: Instant) {
        if let Fact::Lot(fact) = fact {
            self.follow_lot(fact);
        }
        if let Fact::Shipment(fact) = fact {
            self.follow_shipment(fact, at);
        }
    }

    fn follow_lot(&mut self, fact: &lot::Fact) {
        let Of::Lot { material, holds, open, unsampled } = &mut self.of else { return };
        match fact {
            lot::Fact::Known { key, site } => {
                *material = Some(key.material.clone());
                self.site = Some(*site);
            }
            lot::Fact::Produced { inspected: true, .. } => drop(unsampled.get_or_insert(true)),
            lot::Fact::Sampled(sample) => {
                *unsampled = Some(false);
                open.insert(sample.clone());
            }
            lot::Fact::Judged { sample, .. } => {
                *unsampled = Some(false);
                open.remove(sample);
            }
            lot::Fact::Held { hold, .. } => drop(holds.insert(hold.clone())),
            lot::Fact::Released(hold) => drop(holds.remove(hold)),
            lot::Fact::Produced { .. }
            | lot::Fact::Consumed { .. }
            | lot::Fact::Linked { .. }
            | lot::Fact::Contained { .. }
            | lot::Fact::Decided { .. }
            | lot::Fact::DecidedEarly { .. }
            | lot::Fact::Disposed { .. }
            | lot::Fact::Restricted { .. }
            | lot::Fact::Booked { .. }
            | lot::Fact::Moved { .. }
            | lot::Fact::MoveRefused { .. }
            | lot::Fact::MoveDone { .. }
            | lot::Fact::ParentFreed { .. }
            | lot::Fact::OriginFreed { .. }
            | lot::Fact::Registered { .. }
            | lot::Fact::Unregistered { .. }
            | lot::Fact::Cleared { .. }
            | lot::Fact::ClearanceRevoked { .. }
            | lot::Fact::Departed { .. }
            | lot::Fact::Told
            | lot::Fact::Announced { .. }
            | lot::Fact::Arrived { .. }
            | lot::Fact::GoesTo(_) => {}
        }
    }

    fn follow_shipment(&mut self, fact: &shipment::Fact, at: Instant) {
        let Of::Shipment { planned, truck, left, holds, gates } = &mut self.of else { return };
        match fact {
            shipment::Fact::Announced { warehouse, planned: at, .. } => {
                self.site = Some(*warehouse);
                *planned = *at;
            }
            shipment::Fact::Booked { appointment, .. } => *truck = Some(*appointment),
            shipment::Fact::Stage(Stage::Departed) => drop(left.get_or_insert(at)),
            shipment::Fact::Blocked { gate, .. } => drop(gates.insert(*gate)),
            shipment::Fact::Unblocked(gate) => drop(gates.remove(gate)),
            shipment::Fact::Held { lot, hold, .. } => drop(holds.insert((*lot, hold.clone()))),
            shipment::Fact::Freed { lot, hold } => drop(holds.remove(&(*lot, hold.clone()))),
            shipment::Fact::Picked(_)
            | shipment::Fact::Located { .. }
            | shipment::Fact::Stage(_)
            | shipment::Fact::Asked { .. }
            | shipment::Fact::Answered { .. }
            | shipment::Fact::Told { .. }
            | shipment::Fact::Over { .. }
            | shipment::Fact::Tendered { .. }
            | shipment::Fact::Load(_)
            | shipment::Fact::Docked(_)
            | shipment::Fact::WaitsForTruck { .. }
            | shipment::Fact::TruckAsked { .. }
            | shipment::Fact::TruckTold { .. }
            | shipment::Fact::TruckLeft
            | shipment::Fact::PickedPart { .. } => {}
        }
    }
}

/// Where a shelf begins.
pub(super) fn prefix(among: &Among, shelf: Shelf) -> Vec<u8> {
    let (mark, name) = match among {
        Among::All => (b'a', ""),
        Among::Site(site) => (b's', site.as_str()),
        Among::Material(material) => (b'm', material.as_str()),
    };
    [&[mark], name.as_bytes(), &[END, shelf as u8]].concat()
}

/// A place on a shelf. Sorts as [`Stand`] does.
pub(super) fn key(among: &Among, shelf: Shelf, stand: Stand) -> Vec<u8> {
    [&prefix(among, shelf)[..], &due_key(stand.at_ns), &entity_key(stand.entity)].concat()
}

/// What [`key`] wrote behind the beginning of its shelf.
pub(super) fn stand_of(key: &[u8]) -> Option<Stand> {
    let (at, entity) = key.split_first_chunk()?;
    Some(Stand { at_ns: i64::from_be_bytes(*at) ^ i64::MIN, entity: entity_of(entity)? })
}

/// Every place at which a thing stands.
pub(super) fn shelves(entity: EntityId, glance: &Glance) -> impl Iterator<Item = Vec<u8>> {
    let (shelf, stand) = (glance.shelf(), Stand { at_ns: glance.at_ns(), entity });
    let site = glance.site.map(Among::Site);
    let material = glance.material().cloned().map(Among::Material);
    [Some(Among::All), site, material].into_iter().flatten().map(move |among| key(&among, shelf, stand))
}

#[cfg(test)]
mod tests {
    use takt_protocol::name::Region;
    use takt_protocol::words::Reason;

    use super::*;

    fn shipment(local: u128) -> EntityId {
        EntityId::from_parts(Kind::Shipment, Region::parse("eu").unwrap(), 1, local)
    }

    #[test]
    fn a_place_is_read_back_from_its_key_and_sorts_by_when() {
        let among = Among::Site(SiteId::parse("wms-eu").unwrap());
        let key = |at_ns, local| super::key(&among, Shelf::Leaving, Stand { at_ns, entity: shipment(local) });
        assert!([key(-5, 9), key(0, 1), key(0, 2), key(i64::MAX, 0)].is_sorted());
        let read = stand_of(&key(7, 3)[prefix(&among, Shelf::Leaving).len()..]);
        assert_eq!(read, Some(Stand { at_ns: 7, entity: shipment(3) }));
    }

    #[test]
    fn a_shipment_is_blocked_while_a_hold_or_a_gate_keeps_it_and_until_it_left() {
        let mut glance = Glance::born(Kind::Shipment, Instant::EPOCH).unwrap();
        let mut after = |fact| {
            let fact = Fact::Shipment(Box::new(fact));
            assert!(Glance::hears(&fact));
            glance.follow(&fact, Instant::from_utc_ms(60_000));
            (glance.shelf(), glance.at_ns())
        };
        let (lot, hold) = (shipment(1), HoldNo::parse("NC-1").unwrap());
        let reason = Reason::parse("weld").unwrap();
        let planned = Some(Instant::from_utc_ms(1));
        let (warehouse, delivery) = (SiteId::parse("wms-eu").unwrap(), NativeId::parse("SHP-1").unwrap());
        let announced = shipment::Fact::Announced { warehouse, delivery, lines: Vec::new(), planned };
        assert_eq!(after(announced), (Shelf::Leaving, 1_000_000));
        let held = shipment::Fact::Held { lot, hold: hold.clone(), reason: reason.clone() };
        assert_eq!(after(held).0, Shelf::Blocked);
        assert_eq!(after(shipment::Fact::Blocked { gate: Gate::Credit, reason }).0, Shelf::Blocked);
        assert_eq!(after(shipment::Fact::Freed { lot, hold }).0, Shelf::Blocked, "the gate is still shut");
        assert_eq!(after(shipment::Fact::Unblocked(Gate::Credit)).0, Shelf::Leaving);
        assert_eq!(after(shipment::Fact::Stage(Stage::Departed)), (Shelf::Left, -60_000_000_000));
    }

    #[test]
    fn a_lot_waits_for_a_sample_until_all_are_judged() {
        let mut glance = Glance::born(Kind::Lot, Instant::EPOCH).unwrap();
        let mut after = |fact| {
            let fact = Fact::Lot(Box::new(fact));
            assert!(Glance::hears(&fact));
            glance.follow(&fact, Instant::EPOCH);
            glance.shelf()
        };
        let sample = |text: &str| NativeId::parse(text).unwrap();
        assert_eq!(after(lot::Fact::Sampled(sample("1"))), Shelf::Inspected);
        assert_eq!(after(lot::Fact::Sampled(sample("2"))), Shelf::Inspected);
        assert_eq!(after(lot::Fact::Judged { sample: sample("1"), passed: true }), Shelf::Inspected);
        assert_eq!(after(lot::Fact::Judged { sample: sample("2"), passed: true }), Shelf::Free);
    }
}
