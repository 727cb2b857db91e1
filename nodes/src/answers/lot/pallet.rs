//! The handling units of a lot: when each was reported, how it stands in the ERP, where it is in the warehouse, which truck
//! wants it, and what keeps it. Four systems, a line each; what one of them has not said is absent.

use serde::{Deserialize, Serialize};
use takt_protocol::book::SiteKind;
use takt_protocol::fact::Fact;
use takt_protocol::id::EntityId;
use takt_protocol::kernel::{Own, State};
use takt_protocol::lot::{self, Containment, Lot};
use takt_protocol::posting::Standing;
use takt_protocol::shipment::Shipment;
use takt_protocol::unit::Unit;
use takt_protocol::words::Sscc;
use utoipa::ToSchema;

use super::Beside;
use crate::answers::{history, word_of};

/// A handling unit of the lot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LotUnit {
    /// Its number.
    pub sscc: String,
    /// How much of the lot is on it; of one that some was taken of, what is left.
    pub quantity: String,
    /// When that was reported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reported_at: Option<String>,
    /// How it stands in the ERP: free, inspection, shipped, blocked, `block_asked`, `not_posted`, `in_flight`, `in_doubt`, parked or `written_off`;
    /// absent where its plant is not posted by handling unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub erp: Option<String>,
    /// Whether the document that has it was made by hand.
    pub adopted: bool,
    /// How far it is with its warehouse; absent while the unit is not reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warehouse: Option<Way>,
    /// The shipment that wants it, by its number; by our id where it is not reached, as at a moment in the past.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipment: Option<String>,
    /// How far that is: open, picking, packed or departed; blocked while something keeps it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipment_stage: Option<String>,
    /// The numbers of the holds that are on it.
    pub holds: Vec<String>,
    /// What keeps it from leaving; empty when nothing does.
    pub blocked_by: Vec<String>,
    /// The shipment it left with; of one that some was taken of, how much, with which.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_with: Option<String>,
}

/// How far a handling unit is with its warehouse.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Way {
    /// The warehouse it goes to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<String>,
    /// filled, announced, received, `put_away`, picked or shipped.
    pub stage: String,
    /// Where it stands, in the warehouse's own word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
}

/// All handling units of a lot.
pub(super) fn units(lot: &Lot, beside: &Beside<'_>) -> Vec<LotUnit> {
    lot.units.iter().map(|(sscc, qty)| unit(lot, sscc, &qty.to_string(), beside)).collect()
}

fn unit(lot: &Lot, sscc: &Sscc, quantity: &str, beside: &Beside<'_>) -> LotUnit {
    let made = |fact: &Fact| matches!(fact, Fact::Lot(fact) if matches!(fact.as_ref(), lot::Fact::Produced { unit: Some(unit), .. } if unit == sscc));
    let standing = standing(lot, sscc, beside.others);
    let shipment = shipment(lot, sscc, beside.others);
    let name = |shipment: EntityId| super::delivery(shipment, beside.others);
    let whole = lot.departed.iter().find(|(unit, _)| unit.is(sscc)).map(|(_, shipment)| name(*shipment));
    let taken = lot.taken.iter().filter(|(unit, _)| unit.is(sscc)).flat_map(|(_, by)| by);
    let parts: Vec<String> = taken.map(|(shipment, qty)| format!("{qty} with {}", name(*shipment))).collect();
    let is_parted = whole.is_none() && !parts.is_empty();
    LotUnit {
        sscc: sscc.to_string(),
        quantity: lot.still_on(sscc).filter(|_| is_parted).map_or_else(|| quantity.to_owned(), |left| left.to_string()),
        reported_at: history::first(beside.commits, made).map(|moment| moment.at.to_string()),
        adopted: matches!(standing, Some(Standing::Adopted { .. })),
        erp: standing.map(|standing| erp(lot, sscc, standing, beside)).or_else(|| not_posted(lot, beside.others)),
        warehouse: warehouse(sscc, beside.others),
        shipment: wanted_by(lot, sscc).or(shipment.map(|(state, _)| state.id)).map(name),
        shipment_stage: shipment.map(|(_, shipment)| stage(shipment)),
        holds: holds(lot, sscc),
        blocked_by: lot.blocks(sscc),
        left_with: whole.or_else(|| Some(parts.join(", ")).filter(|_| is_parted)),
    }
}

/// The holds that are on it, and those under whose numbers a decision keeps it.
fn holds(lot: &Lot, sscc: &Sscc) -> Vec<String> {
    let open = lot.holds.iter().filter(|(_, hold)| hold.covers(sscc)).map(|(number, _)| number);
    let decided = lot.kept.iter().filter(|(unit, _)| unit.is(sscc) && lot.bars(unit).is_some()).flat_map(|(_, by)| by);
    let all: std::collections::BTreeSet<String> = open.chain(decided.map(|rest| &rest.hold)).map(ToString::to_string).collect();
    all.into_iter().collect()
}

/// How the posting stands that has it; of several the one that most needs a look.
fn standing<'a>(lot: &Lot, sscc: &Sscc, others: &'a [State]) -> Option<&'a Standing> {
    let entries = orders(others).flat_map(|order| order.ledger.postings());
    let has = |line: &takt_protocol::posting::Line| {
        let on = line.unit.as_ref().is_some_and(|unit| unit.is(sscc));
        let of = lot.key.as_ref().is_some_and(|key| line.series.material == key.material && line.series.lot.as_ref() == Some(&key.lot));
        on && of && line.qty.is_positive()
    };
    entries.filter(|entry| entry.posting.lines.iter().any(has)).map(|entry| &entry.standing).min_by_key(|standing| match standing {
        Standing::InDoubt => 0,
        Standing::Parked { .. } => 1,
        Standing::InFlight => 2,
        Standing::Prepared => 3,
        Standing::Adopted { .. } => 4,
        Standing::Posted { .. } => 5,
        Standing::WrittenOff => 6,
    })
}

fn orders(others: &[State]) -> impl Iterator<Item = &takt_protocol::order::Order> {
    others.iter().filter_map(|state| if let Own::Order(order) = &state.own { Some(order.as_ref()) } else { None })
}

/// Where its plant is posted by handling unit, what no posting has is not posted yet.
fn not_posted(lot: &Lot, others: &[State]) -> Option<String> {
    let by_unit =
        orders(others).flat_map(|order| order.ledger.postings()).any(|entry| entry.posting.lines.iter().any(|line| line.unit.is_some()));
    (by_unit && !lot.produced.is_empty()).then(|| "not_posted".to_owned())
}

fn erp(lot: &Lot, sscc: &Sscc, standing: &Standing, beside: &Beside<'_>) -> String {
    if !matches!(standing, Standing::Posted { .. } | Standing::Adopted { .. }) {
        let word = word_of(standing);
        return if word == "prepared" { "not_posted".to_owned() } else { word };
    }
    if lot.has_left(sscc) {
        return "shipped".to_owned();
    }
    let is_erp = |site: &takt_protocol::name::SiteId| beside.book.sites.get(site).is_some_and(|site| site.kind == SiteKind::Erp);
    let mut covering = lot.holds.values().filter(|hold| hold.covers(sscc)).peekable();
    if covering.peek().is_some() {
        let confirmed =
            covering.any(|hold| hold.containment.iter().any(|(site, how)| is_erp(site) && matches!(how, Containment::Confirmed { .. })));
        return if confirmed { "blocked" } else { "block_asked" }.to_owned();
    }
    // What was decided about it keeps it, whatever became of the hold.
    if lot.bars(sscc).is_some() {
        return "blocked".to_owned();
    }
    if lot.in_inspection() { "inspection" } else { "free" }.to_owned()
}

fn warehouse(sscc: &Sscc, others: &[State]) -> Option<Way> {
    let known = |state: &State| -> Option<Unit> {
        let Own::Unit(unit) = &state.own else { return None };
        unit.sscc.as_ref().is_some_and(|own| own.is(sscc)).then(|| unit.as_ref().clone())
    };
    let unit = others.iter().find_map(known)?;
    Some(Way {
        site: unit.to.map(|site| site.to_string()),
        stage: word_of(&unit.stage),
        place: unit.place.as_ref().map(ToString::to_string),
    })
}

/// The shipment that it wants to leave with, by the lot's own word.
fn wanted_by(lot: &Lot, sscc: &Sscc) -> Option<EntityId> {
    lot.shipments.iter().find(|(_, units)| units.keys().any(|unit| unit.is(sscc))).map(|(shipment, _)| *shipment)
}

fn shipment<'a>(lot: &Lot, sscc: &Sscc, others: &'a [State]) -> Option<(&'a State, &'a Shipment)> {
    let wants = |id: &EntityId| lot.shipments.get(id).is_some_and(|units| units.keys().any(|unit| unit.is(sscc)));
    let left = |id: &EntityId| lot.departed.iter().any(|(unit, with)| unit.is(sscc) && with == id);
    let found = |state: &'a State| {
        let Own::Shipment(shipment) = &state.own else { return None };
        (wants(&state.id) || left(&state.id)).then_some((state, shipment.as_ref()))
    };
    others.iter().find_map(found)
}

fn stage(shipment: &Shipment) -> String {
    let kept = !shipment.holds.is_empty() || !shipment.gates.is_empty();
    if kept && shipment.stage != takt_protocol::shipment::Stage::Departed { "blocked".to_owned() } else { word_of(&shipment.stage) }
}
