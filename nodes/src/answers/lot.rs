//! A lot as quality asks for it: what is on which handling unit, what holds it and who has confirmed that, what left.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use takt_protocol::book::Book;
use takt_protocol::case::CaseKind;
use takt_protocol::commit::Commit;
use takt_protocol::effect::Effect;
use takt_protocol::id::EntityId;
use takt_protocol::instant::Instant;
use takt_protocol::intent::Intent;
use takt_protocol::kernel::{Own, State};
use takt_protocol::lot::Lot;
use takt_protocol::outbox::Standing;
use takt_protocol::qty::Qty;
use takt_protocol::words::{Sscc, StockStatus};
use utoipa::ToSchema;

use super::case::{CaseRow, row};
use super::{Head, head, word_of};

mod clearance;
mod expected;
mod hold;
mod pallet;
mod reach;
mod row;
mod sample;

pub use expected::ExpectedRow;
pub(crate) use hold::held;
pub use hold::{ContainmentRow, HeldRow, HoldRow, ProvisionalRow};
pub use pallet::{LotUnit, Way};
pub(crate) use reach::reach;
pub use reach::{Reach, ReachedLot, ReachedTruck};
pub use row::LotRow;
pub(crate) use row::listed;
pub use sample::LotSample;
pub(crate) use sample::samples;

/// A lot, whole.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct LotView {
    /// Who it is, and when this was so.
    #[serde(flatten)]
    pub head: Head,
    /// The lot, as `material/lot`, once anybody said its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lot: Option<String>,
    /// The plant whose lot it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plant: Option<String>,
    /// All that was made of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<String>,
    /// What holds keep of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blocked: Option<String>,
    /// What is to become of all of it that stands on no handling unit, and of handling units that are told of later: `scrapped`,
    /// `reworked` or `returned`, and by a decision on which hold. Absent where nothing of the kind was decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
    /// Whether it waits for inspection.
    pub in_inspection: bool,
    /// Its samples.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub samples: Vec<LotSample>,
    /// What stands of it in the ERP, as status and quantity, by what its orders posted and what it had moved itself, without
    /// what left: the ERP issues its deliveries itself, and nobody here sees whether it did. Nothing for lots of components,
    /// whose opening stock is not known here.
    pub erp_stock: Vec<String>,
    /// What the ERP was asked to move and has not: `298 H87 from unrestricted to blocked`. Not in `erp_stock` yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub erp_asked: Vec<String>,
    /// How much left with shipments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left: Option<String>,
    /// Its handling units.
    pub units: Vec<LotUnit>,
    /// What a supplier said is on its way, and what of that came.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub expected: Vec<ExpectedRow>,
    /// Holds that are not over.
    pub holds: Vec<HoldRow>,
    /// Holds that were released while the quality system was not reached, and that it has not countersigned.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub provisional_holds: Vec<HoldRow>,
    /// Holds that are over.
    pub released_holds: Vec<String>,
    /// Clearances that were given, the newest last, and what became of each.
    pub clearances: Vec<ClearanceRow>,
    /// What left already: handling units, with their shipments.
    pub shipped: Vec<String>,
    /// Departures without a clearance, or although it was held: of the lot, and of the shipments that want any of it.
    pub escapes: Vec<CaseRow>,
    /// Orders that made it.
    pub orders: Vec<String>,
    /// What it was made from.
    pub from: Vec<Edge>,
    /// What was made from it.
    pub into: Vec<Edge>,
    /// What else was made of the lots that it was made from.
    pub siblings: Vec<Sibling>,
    /// What waits for a person.
    pub exceptions: Vec<CaseRow>,
}

/// A clearance that was given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ClearanceRow {
    /// Our id of the shipment.
    pub shipment: String,
    /// Its number in its warehouse, where it is reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery: Option<String>,
    /// For which attempt to leave.
    pub attempt: u32,
    /// Until when it is good, or was.
    pub until: String,
    /// `open`, `used` by a departure, `taken_back`, `replaced` by one of another attempt, or `expired`.
    pub state: String,
}

/// What else was made of a lot that this one was made from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Sibling {
    /// The lot that both were made from, as `material/lot`.
    pub of: String,
    /// The others.
    pub lots: Vec<Edge>,
}

/// An edge of genealogy.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
pub struct Edge {
    /// Our id of the lot.
    pub id: String,
    /// The lot, as `material/lot`.
    pub lot: String,
}

/// Everything a lot came from and went into.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Trace {
    /// Our id of the lot.
    pub id: String,
    /// The lot, as `material/lot`, once anybody said its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lot: Option<String>,
    /// The plant that it is of, once known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plant: Option<String>,
    /// All lots it was made from, over any number of steps, by their ids.
    pub ancestors: Vec<Edge>,
    /// All lots that were made from it, over any number of steps, by their ids.
    pub descendants: Vec<Edge>,
    /// Shipments that left with any of them, or want to, by their ids.
    pub shipments: Vec<TracedShipment>,
    /// Whether the walk ended at its limit, so that there is more.
    pub cut: bool,
    /// What to send as `after` for more of it: first all it was made from, then what was made from it, then shipments. Absent at
    /// the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// When this was so.
    #[serde(default)]
    pub as_of: String,
}

/// A shipment that has, or had, some of a lot.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
pub struct TracedShipment {
    /// Our id of it.
    pub id: String,
    /// Its number in its warehouse; absent where it is not reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery: Option<String>,
    /// The warehouse it leaves from, where it is reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warehouse: Option<String>,
    /// open, picking, packed or departed; absent where it is not reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage: Option<String>,
}

impl TracedShipment {
    /// As it stands among those that are reached.
    pub(crate) fn of(id: EntityId, reached: &[State]) -> Self {
        let own = reached.iter().find(|state| state.id == id).map(|state| &state.own);
        let shipment = own.and_then(|own| if let Own::Shipment(shipment) = own { Some(shipment) } else { None });
        Self {
            id: id.to_string(),
            delivery: shipment.and_then(|shipment| shipment.delivery.as_ref()).map(ToString::to_string),
            warehouse: shipment.and_then(|shipment| shipment.warehouse).map(|site| site.to_string()),
            stage: shipment.map(|shipment| word_of(&shipment.stage)),
        }
    }
}

/// A place in a trace, behind one of its rows.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct TracePlace {
    way: Part,
    id: String,
}

/// The rows of a trace, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    From,
    Into,
    Left,
}

impl TracePlace {
    /// Reads what it printed: `into.lot.eu.3.…`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (way, id) = text.split_once('.')?;
        let way = [Part::From, Part::Into, Part::Left].into_iter().find(|one| one.word() == way)?;
        EntityId::parse(id).ok().map(|id| Self { way, id: id.to_string() })
    }
}

impl Part {
    fn word(self) -> &'static str {
        match self {
            Self::From => "from",
            Self::Into => "into",
            Self::Left => "left",
        }
    }
}

impl std::fmt::Display for TracePlace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.way.word(), self.id)
    }
}

impl Trace {
    /// A lot that nobody has said anything of yet.
    pub(crate) fn unheard_of(id: EntityId, lot: Option<String>, as_of: Instant) -> Self {
        let (ancestors, descendants, shipments) = (Vec::new(), Vec::new(), Vec::new());
        Self { id: id.to_string(), lot, plant: None, ancestors, descendants, shipments, cut: false, next: None, as_of: as_of.to_string() }
    }

    /// At most `most` of its rows behind a place.
    #[must_use]
    pub(crate) fn part(mut self, after: Option<&TracePlace>, most: usize) -> Self {
        self.ancestors.sort();
        self.descendants.sort();
        self.shipments.sort();
        let (mut left, mut last) = (most, None);
        let mut more = false;
        let mut takes = |way: Part, id: &str| {
            let place = TracePlace { way, id: id.to_owned() };
            let behind = after.is_none_or(|after| place > *after);
            let taken = behind && left > 0;
            if taken {
                (left, last) = (left - 1, Some(place));
            }
            more |= behind && !taken;
            taken
        };
        self.ancestors.retain(|edge| takes(Part::From, &edge.id));
        self.descendants.retain(|edge| takes(Part::Into, &edge.id));
        self.shipments.retain(|shipment| takes(Part::Left, &shipment.id));
        self.next = last.filter(|_| more).map(|place| place.to_string());
        self
    }
}

/// What went into an order and what came out of it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Genealogy {
    /// Our id of the order.
    pub id: String,
    /// Its number, as `number@system`, once its ERP has made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<String>,
    /// Its plant, once known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plant: Option<String>,
    /// The lots that went into it.
    pub consumed: Vec<Edge>,
    /// The lots that came out of it, each with everything it came from and went into.
    pub made: Vec<Trace>,
    /// When this was so.
    #[serde(default)]
    pub as_of: String,
}

/// What a lot is shown with beside its own state, as far as it is reached.
pub(crate) struct Beside<'a> {
    /// The book in force.
    pub(crate) book: &'a Book,
    /// Its log, until the moment that is shown.
    pub(crate) commits: &'a [Commit],
    /// Its handling units, the orders that made it, and the shipments that want any of it.
    pub(crate) others: &'a [State],
    /// What else was made of the lots that it was made from.
    pub(crate) siblings: Vec<Sibling>,
}

/// A lot, whole, as it is at `now`.
pub(crate) fn view(state: &State, lot: &Lot, now: Instant, beside: Beside<'_>) -> LotView {
    let (stands, asked) = in_erp(state, lot);
    LotView {
        head: head(state, now),
        lot: lot.key.as_ref().map(ToString::to_string),
        plant: lot.site.map(|site| site.to_string()),
        total: lot.total().map(|qty| qty.to_string()),
        blocked: lot.blocked().map(|qty| qty.to_string()),
        refused: lot.refused.as_ref().map(|refused| format!("{} by the decision on {}", refused.verdict.word(), refused.by.hold)),
        in_inspection: lot.in_inspection(),
        samples: samples(lot, beside.commits),
        erp_stock: stands.iter().map(|(status, qty)| format!("{} {qty}", status.word())).collect(),
        erp_asked: asked,
        left: lot.left().map(|qty| qty.to_string()),
        units: pallet::units(lot, &beside),
        expected: lot.expected.iter().map(expected::expected).collect(),
        holds: lot.holds.iter().map(|open| hold::hold(open, beside.commits, beside.book, now)).collect(),
        provisional_holds: lot.provisional.iter().map(|open| hold::hold(open, beside.commits, beside.book, now)).collect(),
        released_holds: lot.released.iter().map(ToString::to_string).collect(),
        clearances: clearance::given(beside.commits, now, |shipment| delivery(shipment, beside.others)),
        shipped: left(lot, |_| true, |shipment| delivery(shipment, beside.others)),
        escapes: escapes(state, beside.others),
        orders: lot.produced.keys().map(EntityId::to_string).collect(),
        from: lot.parents.iter().map(edge).collect(),
        into: lot.children.iter().map(edge).collect(),
        siblings: beside.siblings,
        exceptions: state.common.cases.values().map(|case| row(state.id, case)).collect(),
    }
}

/// What stands in the ERP, and what it was asked to move and did not say that it has.
fn in_erp(state: &State, lot: &Lot) -> (BTreeMap<StockStatus, Qty>, Vec<String>) {
    let mut stock = lot.stock.clone();
    let mut asked = Vec::new();
    for (_, open) in state.common.outbox.iter() {
        if let Intent::Site { effect, .. } = &open.intent
            && let Effect::ChangeStockStatus { from, to, qty, .. } = effect.as_ref()
        {
            stock.moved(*to, *from, *qty);
            let parked = if open.standing == Standing::Parked { ", which waits for a person" } else { "" };
            asked.push(format!("{qty} from {} to {}{parked}", from.word(), to.word()));
        }
    }
    (stock.stands, asked)
}

/// What left of the handling units that count, and with which shipment: whole ones, and what was taken of those that are still here.
pub(super) fn left(lot: &Lot, counts: impl Fn(&Sscc) -> bool, name: impl Fn(EntityId) -> String) -> Vec<String> {
    let whole = lot.departed.iter().map(|(unit, shipment)| (unit, *shipment, unit.to_string()));
    let parts = lot.taken.iter().flat_map(|(unit, by)| by.iter().map(move |(shipment, qty)| (unit, *shipment, format!("{qty} of {unit}"))));
    whole.chain(parts).filter(|(unit, ..)| counts(unit)).map(|(_, shipment, what)| format!("{what} with {}", name(shipment))).collect()
}

/// The number of a shipment in its warehouse; our id where it is not reached.
fn delivery(shipment: EntityId, others: &[State]) -> String {
    let own = others.iter().find(|state| state.id == shipment).map(|state| &state.own);
    let number = own.and_then(|own| if let Own::Shipment(shipment) = own { shipment.delivery.as_ref() } else { None });
    number.map_or_else(|| shipment.to_string(), ToString::to_string)
}

fn escapes(state: &State, others: &[State]) -> Vec<CaseRow> {
    let shipments = others.iter().filter(|other| matches!(other.own, Own::Shipment(_)));
    let all = std::iter::once(state).chain(shipments).flat_map(|of| of.common.cases.values().map(move |case| (of.id, case)));
    let escaped = all.filter(|(_, case)| matches!(case.kind, CaseKind::Escape | CaseKind::HeldAfterClearance));
    escaped.map(|(entity, case)| row(entity, case)).collect()
}

/// An edge of genealogy as it is shown.
pub(crate) fn edge((key, id): &(takt_protocol::words::LotKey, EntityId)) -> Edge {
    Edge { id: id.to_string(), lot: key.to_string() }
}
