//! An order as people ask for it: quantities first, then the six answers, then what stands beside.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use takt_protocol::book::Book;
use takt_protocol::commit::Commit;
use takt_protocol::instant::Instant;
use takt_protocol::kernel::State;
use takt_protocol::name::{Region, SiteId};
use takt_protocol::order::{Business, Dispatch, Execution, Order, Pending, Phase, Stage};
use takt_protocol::qty::Qty;
use utoipa::ToSchema;

use super::case::{CaseRow, row};
use super::lot::HeldRow;
use super::system::Heard;
use super::{Head, Word, head, word_of};

mod errand;
mod figures;
mod forecast;
mod operation;
mod six;

pub use errand::ErrandRow;
pub(crate) use errand::{Probes, references};
pub use figures::Figures;
pub use forecast::{Forecast, OrderTruck};
pub use operation::{HandRow, OperationRow};
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
    /// How it is, in a word: planned, created, released, blocked (something is missing, or nobody took it), accepted, running,
    /// stopped, completed (something of it is not settled yet), done (all of it is), `technically_completed`, closed or cancelled.
    pub status: String,
    /// planned, created, released, `technically_completed`, closed or cancelled: the ERP's word.
    pub business: String,
    /// How far it is on its way to the plant.
    pub dispatch: String,
    /// When it should start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<String>,
    /// When it should end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<String>,
    /// What deserves a look: late, `in_doubt`, parked, hold, `not_accepted`, short, locked, `on_hold`, changing, foreign, exception.
    pub badges: Vec<String>,
}

/// An order, whole.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct OrderView {
    /// Who it is, and when this was so.
    #[serde(flatten)]
    pub head: Head,
    /// The row of the list, with when it should start and end.
    pub row: OrderRow,
    /// The material's text, once its plant has looked it up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// How fresh the systems are that have a part in it, the plant's first.
    pub systems: Vec<Heard>,
    /// Since when somebody has it open in its ERP, so that postings wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open_in_erp_since: Option<String>,
    /// Its quantities.
    pub figures: Figures,
    /// When it will be done.
    pub forecast: Forecast,
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
    /// The regions in which lots of it are at home and that are not reached: what is free, in inspection or blocked there is in none of
    /// its quantities.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unreached: Vec<String>,
    /// What was made of it and where that stands, by lot.
    pub stock: Vec<StockRow>,
    /// Handling units and how far they are.
    pub units: Vec<UnitRow>,
    /// Good, scrapped and reworked, by operation.
    pub operations: Vec<OperationRow>,
    /// Released, accepted, started, completed, quality-cleared, handed over.
    pub answers: Six,
    /// What it asked systems to do that has not come to an end, the doubtful first.
    pub errands: Vec<ErrandRow>,
    /// Holds on its lots.
    pub holds: Vec<HeldRow>,
    /// Documents that people made by hand in the ERP, adopted or not.
    pub by_hand: Vec<HandRow>,
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
    /// Whether its home is not reached: the rest is as it was last told here, and may be otherwise by now.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unreached: bool,
    /// Free for use, with what of it has left.
    pub free: String,
    /// Blocked by holds.
    pub blocked: String,
    /// Whether it waits for inspection.
    pub in_inspection: bool,
    /// Open holds.
    pub holds: Vec<String>,
    /// Holds that were released without the quality system, which has to countersign.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub provisional: Vec<String>,
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

/// What an order is shown with beside its own state: what others say of it, as far as they are reached.
pub(crate) struct Beside<'a> {
    /// The book in force.
    pub(crate) book: &'a Book,
    /// Its log, until the moment that is shown.
    pub(crate) commits: &'a [Commit],
    /// The incarnation of the store that its log is in.
    pub(crate) incarnation: u64,
    /// The systems that have a part in it.
    pub(crate) systems: Vec<Heard>,
    /// Its lots, as far as they are reached.
    pub(crate) lots: &'a [State],
    /// The regions of those that are not.
    pub(crate) unreached: BTreeSet<Region>,
    /// Holds on them.
    pub(crate) holds: Vec<HeldRow>,
    /// The shipments that want to leave with any of it.
    pub(crate) trucks: Vec<OrderTruck>,
    /// What a system was asked about our reference.
    pub(crate) asked: &'a (dyn Fn(SiteId, &str) -> Probes + Sync),
}

/// An order in a list.
pub fn listed(state: &State, order: &Order, now: Instant) -> OrderRow {
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
        status: status(order).to_owned(),
        business: word_of(&order.business),
        dispatch: word_of(&order.dispatch),
        start: header.map(|header| header.start.to_string()),
        end: header.map(|header| header.end.to_string()),
        badges: badges(state, order, now),
    }
}

/// How it is, in a word that says the most.
fn status(order: &Order) -> &'static str {
    match order.business {
        Business::Cancelled => return "cancelled",
        Business::Closed => return "closed",
        Business::TechnicallyCompleted => return "technically_completed",
        Business::Created | Business::PartlyReleased if order.ops.is_empty() => return "created",
        Business::Planned if order.header.is_none() => return "planned",
        Business::Planned | Business::Created | Business::PartlyReleased | Business::Released => {}
    }
    let any = |is: fn(&Execution) -> bool| order.ops.values().any(|op| is(&op.execution));
    let settled = !order.ledger.is_unsettled() && !order.ledger.has_open_groups() && !order.has_unbooked();
    match &order.dispatch {
        _ if order.completed && settled => "done",
        _ if order.completed => "completed",
        _ if any(|execution| *execution == Execution::Running) => "running",
        _ if any(|execution| *execution != Execution::NotStarted) => "stopped",
        Dispatch::Accepted { .. } | Dispatch::Revoking { .. } | Dispatch::RevokeRefused => "accepted",
        Dispatch::Invalid { .. } | Dispatch::Rejected { .. } | Dispatch::TimedOut { .. } => "blocked",
        Dispatch::Idle | Dispatch::Validating | Dispatch::Ready | Dispatch::Sent { .. } | Dispatch::Revoked => "released",
    }
}

/// Whether it should have begun, or ended, by now.
fn is_late(order: &Order, now: Instant) -> bool {
    let over = matches!(order.business, Business::Cancelled | Business::Closed | Business::TechnicallyCompleted);
    let Some(header) = order.header_or_wish().filter(|_| !over && !order.completed) else { return false };
    let begun = order.ops.values().any(|op| op.execution != Execution::NotStarted);
    header.end < now || (!begun && header.start < now)
}

/// An order, whole, as it is at `now`.
pub(crate) fn view(state: &State, order: &Order, now: Instant, beside: Beside<'_>) -> OrderView {
    let exceptions: Vec<CaseRow> = state.common.cases.values().map(|case| row(state.id, case)).collect();
    let resolved = order.resolved.as_ref();
    let forecast = forecast::forecast(state, order, beside.commits, beside.trucks, now);
    let mut listed = listed(state, order, now);
    if forecast.answer == "late" && !listed.badges.iter().any(|badge| badge == "late") {
        listed.badges.insert(0, "late".to_owned());
    }
    OrderView {
        head: head(state, now),
        row: listed,
        description: resolved.map(|resolved| resolved.description.clone()),
        systems: beside.systems,
        open_in_erp_since: order.locked.map(|since| since.to_string()),
        figures: figures::figures(order, state.id, beside.lots),
        forecast,
        on_hold: order.on_hold.as_ref().map(ToString::to_string),
        change: order.pending.as_ref().map(change),
        split_from: order.parent.map(|parent| parent.to_string()),
        split_into: order.children.values().map(|(number, total)| format!("{number} ({total})")).collect(),
        job: order.job.as_ref().map(ToString::to_string),
        recipe: resolved.map(|resolved| format!("{} ({})", resolved.recipe, resolved.recipe_source)),
        unreached: beside.unreached.iter().map(ToString::to_string).collect(),
        stock: stock(order, &beside.unreached),
        units: units(order),
        operations: operation::operations(order, beside.book, now),
        answers: six::answers(&state.common, order, beside.commits, beside.book),
        errands: errand::errands(state, order, beside.commits, beside.incarnation, beside.asked),
        holds: beside.holds,
        by_hand: operation::by_hand(order, beside.commits),
        next: said(&exceptions, |case| &case.advice),
        forbidden: said(&exceptions, |case| &case.forbidden),
        exceptions,
    }
}

/// What is said of exceptions, of those of one cause once.
fn said(exceptions: &[CaseRow], words: fn(&CaseRow) -> &Vec<String>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let is_new = |(case, words): &(&CaseRow, &String)| seen.insert((case.group.clone(), (*words).clone()));
    let all = exceptions.iter().flat_map(|case| words(case).iter().map(move |words| (case, words)));
    let alone = |case: &CaseRow| exceptions.iter().filter(|other| other.group == case.group).count() == 1;
    all.filter(is_new).map(|(case, words)| format!("{}: {words}", if alone(case) { &case.id } else { &case.group })).collect()
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

fn badges(state: &State, order: &Order, now: Instant) -> Vec<String> {
    let money = order.accounts();
    let any = |of: fn(&takt_protocol::posting::Account) -> Qty| money.iter().any(|account| !of(account).is_zero());
    let short = matches!(order.supply, takt_protocol::order::Supply::Short { .. });
    let refused = matches!(order.dispatch, Dispatch::Rejected { .. } | Dispatch::Invalid { .. } | Dispatch::TimedOut { .. });
    let found = [
        ("late", is_late(order, now)),
        ("in_doubt", any(|account| account.in_doubt)),
        ("parked", any(|account| account.parked)),
        ("hold", order.lots.values().any(|lot| !lot.holds.is_empty())),
        ("provisional", order.lots.values().any(|lot| !lot.provisional.is_empty())),
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

fn stock(order: &Order, unreached: &BTreeSet<Region>) -> Vec<StockRow> {
    let row = |(id, lot): (&takt_protocol::id::EntityId, &takt_protocol::order::LotQuality)| StockRow {
        id: id.to_string(),
        lot: lot.lot.to_string(),
        unreached: unreached.contains(&id.region()),
        free: lot.free.to_string(),
        blocked: lot.blocked.to_string(),
        in_inspection: lot.in_inspection,
        holds: lot.holds.iter().map(ToString::to_string).collect(),
        provisional: lot.provisional.iter().map(ToString::to_string).collect(),
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

/// How many handling units have come so far, of how many.
fn arrived(order: &Order) -> (usize, usize) {
    (order.units.values().filter(|unit| unit.stage >= Stage::Received).count(), order.units.len())
}

fn yes_no(yes: bool, evidence: String) -> Word {
    Word::new(if yes { "yes" } else { "no" }, evidence)
}
