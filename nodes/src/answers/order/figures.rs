//! The quantities of an order, in its own unit: how much should come, came, stands in the ERP, is in doubt, can be used, has
//! left. What nobody has said is absent, never zero.

use serde::{Deserialize, Serialize};
use takt_protocol::id::EntityId;
use takt_protocol::kernel::{Own, State};
use takt_protocol::order::{Order, Stage, UnitStage};
use takt_protocol::posting::{Account, Use, accounts};
use takt_protocol::qty::Qty;
use takt_protocol::words::{OpNo, Sscc};
use utoipa::ToSchema;

/// The quantities of an order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Figures {
    /// What was reported is this: goods of the main product, or the good pieces of the last operation where no goods are
    /// reported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counted_as: Option<String>,
    /// How much should be made, planned scrap included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// How much was reported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reported: Option<String>,
    /// Of that: in the ERP, by us or adopted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub posted: Option<String>,
    /// Of that: not sent yet, or under way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pending: Option<String>,
    /// Of that: sent, and the reply was lost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_doubt: Option<String>,
    /// How many handling units that are.
    pub in_doubt_units: usize,
    /// Of that: waits for a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parked: Option<String>,
    /// Free for use, by its lots' own word, and has not left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub free: Option<String>,
    /// Of what is free or has left: not in the ERP, because it waits, is under way, in doubt or parked there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub free_not_posted: Option<String>,
    /// In inspection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_inspection: Option<String>,
    /// Blocked by holds and decisions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blocked: Option<String>,
    /// Arrived in a warehouse, whatever became of it there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub received: Option<String>,
    /// Of that: put away in its bin, or further.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub put_away: Option<String>,
    /// Of that: left with a shipment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipped: Option<String>,
}

/// The last operation of the routing, or of what was reported.
pub(super) fn last_op(order: &Order) -> Option<&OpNo> {
    let routed = order.resolved.as_ref().and_then(|resolved| resolved.operations.last()).map(|operation| &operation.op);
    routed.or_else(|| order.ops.keys().next_back())
}

/// The figures of an order; `lots` are the states of its lots, as far as they are reached.
pub(super) fn figures(order: &Order, me: EntityId, lots: &[State]) -> Figures {
    let Some(header) = order.header_or_wish() else { return Figures::default() };
    let money = accounts(&order.ledger);
    let made: Vec<&Account> =
        money.iter().filter(|account| account.series.purpose == Use::Produced && account.series.material == header.material).collect();
    let last = last_op(order);
    let good: Vec<&Account> =
        money.iter().filter(|account| account.series.purpose == Use::Yield && account.series.op.as_ref() == last).collect();
    let (counted_as, counted) = match (made.is_empty(), last) {
        (false, _) => (Some("goods".to_owned()), made),
        (true, Some(op)) if !good.is_empty() => (Some(format!("good pieces of operation {op}")), good),
        (true, _) => (None, Vec::new()),
    };
    let sum = |of: fn(&Account) -> Vec<Qty>| total(counted.iter().flat_map(|account| of(account)));
    // What comes along with the main product is counted in its ledger lines, and not as if it were that.
    let of_main =
        |state: &&State| matches!(&state.own, Own::Lot(lot) if lot.key.as_ref().is_some_and(|key| key.material == header.material));
    let mains: Vec<&State> = lots.iter().filter(of_main).collect();
    let here_too =
        |unit: &Sscc| mains.is_empty() || mains.iter().any(|state| matches!(&state.own, Own::Lot(lot) if lot.on(unit).is_some()));
    let lots: Vec<Share> = order.lots.iter().filter_map(|(lot, quality)| Share::of(me, *lot, quality, &mains)).collect();
    let zero = order.units.values().next().map(|unit| Qty::zero(unit.qty.uom()));
    let moved = |stage: Stage| {
        // Of a pallet that is still here, what was taken of it has left all the same.
        let taken = |unit: &UnitStage| unit.taken.filter(|_| stage == Stage::Shipped);
        let counts = |unit: &UnitStage| if unit.stage >= stage { Some(unit.qty) } else { taken(unit) };
        let units = order.units.iter().filter(|(unit, _)| here_too(unit)).map(|(_, stage)| stage);
        sum_of(zero.into_iter().chain(units.filter_map(counts)))
    };
    let (shipped, may_be_used) = (moved(Stage::Shipped), sum_of(lots.iter().map(|share| share.free)));
    Figures {
        target: Some(header.total.to_string()),
        reported: sum(|account| vec![account.reported]),
        posted: sum(|account| vec![account.posted, account.adopted]),
        pending: sum(|account| vec![account.pending, account.in_flight]),
        in_doubt: sum(|account| vec![account.in_doubt]),
        in_doubt_units: doubtful_units(order),
        parked: sum(|account| vec![account.parked]),
        free: may_be_used.map(|free| here(free, shipped).to_string()),
        free_not_posted: not_posted(
            lots.iter().map(|share| share.free),
            counted.iter().flat_map(|account| [account.posted, account.adopted]),
        ),
        in_inspection: total(lots.iter().map(|share| share.in_inspection)),
        blocked: total(lots.iter().map(|share| share.blocked)),
        received: moved(Stage::Received).map(|qty| qty.to_string()),
        put_away: moved(Stage::PutAway).map(|qty| qty.to_string()),
        shipped: shipped.map(|qty| qty.to_string()),
        counted_as,
    }
}

/// What a lot says of the part that this order made.
struct Share {
    free: Qty,
    in_inspection: Qty,
    blocked: Qty,
}

impl Share {
    fn of(me: EntityId, lot: EntityId, quality: &takt_protocol::order::LotQuality, lots: &[&State]) -> Option<Self> {
        let state = lots.iter().find(|state| state.id == lot)?;
        let Own::Lot(own) = &state.own else { return None };
        let made = *own.produced.get(&me)?;
        let waits = if quality.in_inspection { made.minus(quality.blocked).unwrap_or(made) } else { Qty::zero(made.uom()) };
        Some(Self { free: quality.free, in_inspection: waits, blocked: quality.blocked })
    }
}

/// How much more is free than stands in the ERP; nothing where it is not.
fn not_posted(free: impl Iterator<Item = Qty>, posted: impl Iterator<Item = Qty>) -> Option<String> {
    let sum = |a: Qty, b: Qty| a.plus(b).unwrap_or(a);
    let more = free.reduce(sum)?.minus(posted.reduce(sum)?).ok()?;
    more.is_positive().then(|| more.to_string())
}

/// What is left of what may be used when so much has left.
fn here(free: Qty, shipped: Option<Qty>) -> Qty {
    let left = shipped.map_or(free, |shipped| free.minus(shipped).unwrap_or(free));
    if left.is_negative() { Qty::zero(free.uom()) } else { left }
}

/// The sum of what is of one unit; nothing of nothing.
fn sum_of(all: impl Iterator<Item = Qty>) -> Option<Qty> {
    all.reduce(|a, b| a.plus(b).unwrap_or(a))
}

/// The same, as text.
fn total(all: impl Iterator<Item = Qty>) -> Option<String> {
    sum_of(all).map(|sum| sum.to_string())
}

fn doubtful_units(order: &Order) -> usize {
    let doubtful = order.ledger.postings().filter(|entry| entry.standing == takt_protocol::posting::Standing::InDoubt);
    doubtful.flat_map(|entry| entry.posting.lines.iter().filter_map(|line| line.unit.as_ref())).count()
}
