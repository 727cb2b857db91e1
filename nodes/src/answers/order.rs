//! An order as people ask for it: quantities first, then the six answers, then what stands beside.

use serde::{Deserialize, Serialize};
use takt_protocol::instant::Instant;
use takt_protocol::kernel::State;
use takt_protocol::order::{Dispatch, Order, Pending, Phase, Stage};
use takt_protocol::posting::{Use, accounts};
use takt_protocol::qty::Qty;
use utoipa::ToSchema;

use super::case::{CaseRow, row};
use super::{Head, Word, head, word_of};

mod six;

pub use six::Six;

/// An order in a list.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct OrderRow {
    /// Our id.
    pub id: String,
    /// Its number in its ERP, once it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// Its ERP, once known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub erp: Option<String>,
    /// Its plant, once known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plant: Option<String>,
    /// What it makes, once known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub material: Option<String>,
    /// How much it should make, planned scrap included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// What the most advanced operation has made, scrap included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub processed: Option<String>,
    /// planned, created, released, `technically_completed`, closed or cancelled: the ERP's word.
    pub business: String,
    /// How far it is on its way to the plant.
    pub dispatch: String,
    /// What deserves a look: `in_doubt`, parked, hold, `not_accepted`, short, locked, `on_hold`, changing, foreign, exception.
    pub badges: Vec<String>,
}

/// An order, whole.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct OrderView {
    /// Who it is, and when this was so.
    #[serde(flatten)]
    pub head: Head,
    /// The row of the list.
    pub row: OrderRow,
    /// When it should start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<String>,
    /// When it should end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<String>,
    /// Why a planner wants it to wait, as long as it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_hold: Option<String>,
    /// What somebody asked for that plant or ERP have not agreed to yet, and who is asked now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<String>,
    /// Our id of the order it was split off from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub split_from: Option<String>,
    /// Orders split off from it: their numbers in the ERP.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub split_into: Vec<String>,
    /// The plant's job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<String>,
    /// The recipe, and where it came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipe: Option<String>,
    /// What was made of it and where that stands, by lot.
    pub stock: Vec<StockRow>,
    /// Handling units and how far they are.
    pub units: Vec<UnitRow>,
    /// Good, scrapped and reworked, by operation.
    pub operations: Vec<OperationRow>,
    /// Released, accepted, started, completed, quality-cleared, handed over.
    pub answers: Six,
    /// What waits for a person.
    pub exceptions: Vec<CaseRow>,
    /// The next safe actions.
    pub next: Vec<String>,
    /// What must not be done.
    pub forbidden: Vec<String>,
}

/// A lot of the order.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct StockRow {
    /// Our id of the lot.
    pub id: String,
    /// The lot, as `material/lot`.
    pub lot: String,
    /// Free for use.
    pub free: String,
    /// Blocked by holds.
    pub blocked: String,
    /// Whether it waits for inspection.
    pub in_inspection: bool,
    /// Open holds.
    pub holds: Vec<String>,
}

/// A handling unit of the order.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct UnitRow {
    /// Our id of it.
    pub id: String,
    /// Its number.
    pub sscc: String,
    /// How much of this order is on it.
    pub quantity: String,
    /// filled, announced, received, `put_away`, picked or shipped.
    pub stage: String,
}

/// An operation.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct OperationRow {
    /// Which.
    pub operation: String,
    /// `not_started`, running, interrupted, completed or aborted.
    pub state: String,
    /// Good pieces.
    pub good: String,
    /// Scrap.
    pub scrap: String,
    /// To be worked on again.
    pub rework: String,
    /// In the ERP, of the good ones.
    pub posted: String,
}

/// An order in a list.
pub fn listed(state: &State, order: &Order) -> OrderRow {
    let header = order.header_or_wish();
    let header = header.as_ref();
    OrderRow {
        id: state.id.to_string(),
        number: header.map(|header| header.number.to_string()),
        erp: header.map(|header| header.erp.to_string()),
        plant: header.map(|header| header.plant.to_string()),
        material: header.map(|header| header.material.to_string()),
        target: header.map(|header| header.total.to_string()),
        processed: order.processed().map(|qty| qty.to_string()),
        business: word_of(&order.business),
        dispatch: word_of(&order.dispatch),
        badges: badges(state, order),
    }
}

/// An order, whole, as it is now.
pub fn view(state: &State, order: &Order, now: Instant) -> OrderView {
    let exceptions: Vec<CaseRow> = state.common.cases.values().map(|case| row(state.id, case)).collect();
    let resolved = order.resolved.as_ref();
    OrderView {
        head: head(state, now),
        row: listed(state, order),
        start: order.header_or_wish().map(|header| header.start.to_string()),
        end: order.header_or_wish().map(|header| header.end.to_string()),
        on_hold: order.on_hold.as_ref().map(ToString::to_string),
        change: order.pending.as_ref().map(change),
        split_from: order.parent.map(|parent| parent.to_string()),
        split_into: order.children.values().map(|(number, total)| format!("{number} ({total})")).collect(),
        job: order.job.as_ref().map(ToString::to_string),
        recipe: resolved.map(|resolved| format!("{} ({})", resolved.recipe, resolved.recipe_source)),
        stock: stock(order),
        units: units(order),
        operations: operations(order),
        answers: six::answers(&state.common, order),
        next: exceptions.iter().flat_map(|case| case.advice.iter().map(|words| format!("{}: {words}", case.id))).collect(),
        forbidden: exceptions.iter().flat_map(|case| case.forbidden.iter().map(|words| format!("{}: {words}", case.id))).collect(),
        exceptions,
    }
}

fn change(pending: &Pending) -> String {
    let asked = match pending.phase {
        Phase::Plant => "the plant",
        Phase::Erp => "the ERP",
        Phase::Child => "the order that is split off",
        Phase::Back => "the ERP, to go back",
    };
    format!("asked to {}; waits for {asked}", pending.change.words())
}

fn badges(state: &State, order: &Order) -> Vec<String> {
    let money = accounts(&order.ledger);
    let any = |of: fn(&takt_protocol::posting::Account) -> Qty| money.iter().any(|account| !of(account).is_zero());
    let short = matches!(order.supply, takt_protocol::order::Supply::Short { .. });
    let refused = matches!(order.dispatch, Dispatch::Rejected { .. } | Dispatch::Invalid { .. } | Dispatch::TimedOut { .. });
    let found = [
        ("in_doubt", any(|account| account.in_doubt)),
        ("parked", any(|account| account.parked)),
        ("hold", order.lots.values().any(|lot| !lot.holds.is_empty())),
        ("not_accepted", refused),
        ("short", short),
        ("locked", order.locked.is_some()),
        ("on_hold", order.on_hold.is_some()),
        ("changing", order.pending.is_some()),
        ("foreign", !order.foreign.is_empty()),
        ("exception", !state.common.cases.is_empty()),
    ];
    found.into_iter().filter(|(_, is)| *is).map(|(badge, _)| badge.to_owned()).collect()
}

fn stock(order: &Order) -> Vec<StockRow> {
    let row = |(id, lot): (&takt_protocol::id::EntityId, &takt_protocol::order::LotQuality)| StockRow {
        id: id.to_string(),
        lot: lot.lot.to_string(),
        free: lot.free.to_string(),
        blocked: lot.blocked.to_string(),
        in_inspection: lot.in_inspection,
        holds: lot.holds.iter().map(ToString::to_string).collect(),
    };
    order.lots.iter().map(row).collect()
}

fn units(order: &Order) -> Vec<UnitRow> {
    let row = |(sscc, unit): (&takt_protocol::words::Sscc, &takt_protocol::order::UnitStage)| UnitRow {
        id: unit.unit.to_string(),
        sscc: sscc.to_string(),
        quantity: unit.qty.to_string(),
        stage: word_of(&unit.stage),
    };
    order.units.iter().map(row).collect()
}

fn operations(order: &Order) -> Vec<OperationRow> {
    let money = accounts(&order.ledger);
    let posted = |op: &takt_protocol::words::OpNo, zero: Qty| {
        let good = money.iter().filter(|account| account.series.purpose == Use::Yield && account.series.op.as_ref() == Some(op));
        good.fold(zero, |sum, account| [account.posted, account.adopted].iter().try_fold(sum, |sum, qty| sum.plus(*qty)).unwrap_or(sum))
    };
    let row = |(op, operation): (&takt_protocol::words::OpNo, &takt_protocol::order::Operation)| OperationRow {
        operation: op.to_string(),
        state: word_of(&operation.execution),
        good: operation.good.to_string(),
        scrap: operation.scrap.to_string(),
        rework: operation.rework.to_string(),
        posted: posted(op, Qty::zero(operation.good.uom())).to_string(),
    };
    order.ops.iter().map(row).collect()
}

/// How many handling units have come so far, of how many.
fn arrived(order: &Order) -> (usize, usize) {
    (order.units.values().filter(|unit| unit.stage >= Stage::Received).count(), order.units.len())
}

fn yes_no(yes: bool, evidence: String) -> Word {
    Word::new(if yes { "yes" } else { "no" }, evidence)
}
