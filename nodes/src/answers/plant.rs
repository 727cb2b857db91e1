//! A site as plant IT asks for it at three in the morning: how fresh each system is and what waits for it, what the plant's own
//! system has against what is expected, what is down, what this shift has to make, and by which configuration.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use takt_actors::index::Tally;
use takt_protocol::book::Book;
use takt_protocol::case::stakes;
use takt_protocol::id::EntityId;
use takt_protocol::instant::Instant;
use takt_protocol::kernel::{Own, State};
use takt_protocol::name::SiteId;
use takt_protocol::order::{Dispatch, Order};
use takt_protocol::posting::Use;
use takt_protocol::refusal::Code;
use takt_protocol::site::Site;
use takt_protocol::words::{EquipmentId, MaterialId};
use utoipa::ToSchema;

use super::case::{CaseRow, row};
use super::demand::{DemandRow, demands};
use super::order::{OrderRow, listed};
use super::reconcile::Reconciliation;
use super::record::{has_version, made_at};
use super::system::SystemRow;
use super::word_of;

mod alone;

pub(crate) use alone::autonomy;
pub use alone::{Autonomy, SampleRow, Samples};

/// A site, whole.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct PlantView {
    /// Its name.
    pub name: String,
    /// erp, plant, warehouse, quality, `product_data`, maintenance, transport, planning, supplier or analytics.
    pub kind: String,
    /// Where it is at home.
    pub region: String,
    /// Its time zone.
    pub zone: String,
    /// When this was so.
    pub as_of: String,
    /// Its shift now.
    pub shift: Shift,
    /// Itself and the systems that serve it; of any other site, it alone.
    pub systems: Vec<SystemRow>,
    /// Messages in its quarantine, which match nothing yet.
    pub quarantine: usize,
    /// What its own system has against what is expected; of a plant.
    pub recipes: Vec<RecipeRow>,
    /// Equipment that may not run.
    pub down: Vec<DownRow>,
    /// Equipment whose calibration is over.
    pub uncalibrated: Vec<String>,
    /// What this shift has to make: orders that should run in it, and what is late from before.
    pub orders: ShiftOrders,
    /// What it wants, and what becomes of that; of a planning system.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub demands: Vec<DemandRow>,
    /// Its open exceptions.
    pub exceptions: Vec<CaseRow>,
    /// The hash of the configuration in force.
    pub configuration: String,
    /// Since when that is in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub configured_at: Option<String>,
    /// How the books of the systems that serve it stand beside ours, of those that are compared.
    pub books: Vec<Reconciliation>,
    /// Whether its region answers here; most of it is unknown while it does not.
    pub reached: bool,
    /// What it can do without the other regions; of a plant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub autonomy: Option<Autonomy>,
    /// Samples of its lots that nobody judged yet; of a plant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub samples: Option<Samples>,
}

/// A shift of a site.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Shift {
    /// Its name.
    pub name: String,
    /// The production day it belongs to.
    pub day: String,
    /// When it ends.
    pub ends_at: String,
}

/// A recipe that is approved for the plant, and what the plant's own system has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RecipeRow {
    /// Of which material.
    pub material: String,
    /// The newest approved version.
    pub expected: String,
    /// What the plant's own system has; nothing when it has none of this material.
    pub has: Vec<String>,
    /// Whether it has the expected one: yes, no, or unknown while the plant has not said which recipes it has.
    pub same: String,
    /// The orders that wait for it, by their numbers.
    pub blocks: Vec<String>,
}

/// Equipment that may not run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DownRow {
    /// Which.
    pub equipment: String,
    /// The maintenance system's own word.
    pub state: String,
    /// Since when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// Orders that can run nowhere else, by their numbers.
    pub stops: Vec<String>,
    /// Orders that may use other equipment, by their numbers.
    pub touches: Vec<String>,
}

/// The orders of a shift.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct ShiftOrders {
    /// All of them.
    pub all: usize,
    /// Neither late nor blocked.
    pub on_time: usize,
    /// Should have begun or ended by now, and have not.
    pub late: usize,
    /// Cannot go on: something is missing, the plant refused or did not answer.
    pub blocked: usize,
    /// What was done in it until now.
    #[serde(default)]
    pub done: ShiftDone,
    /// Who did not say which orders of the plant are at home there, such as `region na`: all figures are without those.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
    /// The rows, at most 200: first what is blocked, then what is late.
    pub rows: Vec<OrderRow>,
}

/// What was done in a shift until now.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ShiftDone {
    /// When the shift began.
    pub since: String,
    /// Orders that the plant said it is done with.
    pub completed: u64,
    /// Documents that the ERP made for what was reported, or that were adopted.
    pub posted: u64,
    /// What was made, a row for each material.
    pub rows: Vec<DoneRow>,
}

/// What was made of a material in a shift.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DoneRow {
    /// The material.
    pub material: String,
    /// Good pieces of the last operation, by the recipe that counts today; absent where none was reported there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub good: Option<String>,
    /// Scrap of all operations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scrap: Option<String>,
    /// Goods that came out, on handling units or loose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub put_out: Option<String>,
}

/// What a plant did in the shift that `now` falls into; `posted` and `completed` are counted since it began.
pub(crate) fn done(book: &Book, plant: SiteId, now: Instant, tallies: Vec<Tally>, (completed, posted): (u64, u64)) -> ShiftDone {
    let since = book.calendar(plant).shift_start(now);
    let mut by_material: BTreeMap<MaterialId, Vec<Tally>> = BTreeMap::new();
    for tally in tallies {
        by_material.entry(tally.material.clone()).or_default().push(tally);
    }
    let row = |(material, tallies): (MaterialId, Vec<Tally>)| {
        let last = book.recipe(plant, &material, None, now).ok().and_then(|recipe| recipe.operations.last()).map(|last| last.op.clone());
        // Of what no recipe is known any more, the operation that comes last in the reports.
        let last = last.or_else(|| tallies.iter().filter_map(|tally| tally.op.clone()).max());
        let sum = |is: &dyn Fn(&Tally) -> bool| {
            let parts = tallies.iter().filter(|tally| is(tally)).map(|tally| tally.qty.to_string()).collect::<Vec<_>>();
            Some(stakes(parts.iter().map(String::as_str))).filter(|sum| !sum.is_empty())
        };
        DoneRow {
            material: material.to_string(),
            good: sum(&|tally| tally.purpose == Use::Yield && tally.op == last),
            scrap: sum(&|tally| tally.purpose == Use::Scrap),
            put_out: sum(&|tally| tally.purpose == Use::Produced),
        }
    };
    ShiftDone { since: since.to_string(), completed, posted, rows: by_material.into_iter().map(row).collect() }
}

/// Everything a site is shown by, as far as it is reached.
pub(crate) struct Beside<'a> {
    /// The book in force.
    pub(crate) book: &'a Book,
    /// Itself and the systems that serve it.
    pub(crate) systems: Vec<SystemRow>,
    /// Its orders that are not over.
    pub(crate) orders: &'a [State],
    /// Since when each piece of equipment is down.
    pub(crate) down_since: BTreeMap<EquipmentId, Instant>,
    /// How the books of these systems stand beside ours.
    pub(crate) books: Vec<Reconciliation>,
    /// Since when the configuration is in force.
    pub(crate) configured_at: Option<Instant>,
    /// What was done in its shift.
    pub(crate) done: ShiftDone,
    /// Who did not say what is to do and was done.
    pub(crate) untold: Vec<String>,
    /// What it can do without the other regions.
    pub(crate) autonomy: Option<Autonomy>,
    /// Samples that nobody judged yet.
    pub(crate) samples: Option<Samples>,
}

/// A site, whole, as it is at `now`; `state` is absent while its region does not answer here.
pub(crate) fn view(name: SiteId, state: Option<&State>, now: Instant, beside: Beside<'_>) -> Option<PlantView> {
    let site = beside.book.sites.get(&name)?;
    let own = state.and_then(|state| if let Own::Site(own) = &state.own { Some(own.as_ref()) } else { None });
    let day = site.calendar.plant_day(now);
    let ends = site.calendar.shift_end(now);
    let orders: Vec<(&State, &Order)> = beside.orders.iter().filter_map(order).collect();
    Some(PlantView {
        name: name.to_string(),
        kind: word_of(&site.kind),
        region: site.region.to_string(),
        zone: site.calendar.zone().to_owned(),
        as_of: now.to_string(),
        shift: Shift { name: day.shift, day: day.date.to_string(), ends_at: ends.to_string() },
        systems: beside.systems,
        quarantine: own.map_or(0, |own| own.quarantine.len()),
        recipes: own.map(|own| recipes(beside.book, name, own, &orders, now)).unwrap_or_default(),
        down: own.map(|own| down(own, &beside.down_since, &orders)).unwrap_or_default(),
        uncalibrated: own
            .iter()
            .flat_map(|own| &own.calibrated)
            .filter(|(_, until)| **until < now)
            .map(|(piece, _)| piece.to_string())
            .collect(),
        orders: ShiftOrders { done: beside.done, missing: beside.untold, ..shift(&orders, ends, now) },
        demands: own.map(demands).unwrap_or_default(),
        exceptions: state.iter().flat_map(|state| state.common.cases.values().map(|case| row(state.id, case))).collect(),
        configuration: beside.book.hash.clone(),
        configured_at: beside.configured_at.map(|at| at.to_string()),
        books: beside.books,
        reached: own.is_some(),
        autonomy: beside.autonomy,
        samples: beside.samples,
    })
}

fn order(state: &State) -> Option<(&State, &Order)> {
    if let Own::Order(order) = &state.own { Some((state, order.as_ref())) } else { None }
}

/// How people call an order: by its number in its ERP.
fn number(state: &State, order: &Order) -> String {
    order.header_or_wish().map_or_else(|| state.id.to_string(), |header| header.number.to_string())
}

fn recipes(book: &Book, plant: SiteId, own: &Site, orders: &[(&State, &Order)], now: Instant) -> Vec<RecipeRow> {
    let waits = |material: &MaterialId| -> Vec<EntityId> {
        own.waiting.iter().filter(|(_, (_, need))| need.material == *material).map(|(order, _)| *order).collect()
    };
    let row = |material: MaterialId| {
        let expected = book.recipe(plant, &material, None, now).ok()?;
        let has = own.recipes.get(&material);
        let same = match has_version(own, &material, &expected.version) {
            Some(true) => "yes",
            Some(false) => "no",
            None => "unknown",
        };
        // Who waits for something else is not kept back by the recipe.
        let blocked = if same == "yes" { Vec::new() } else { waits(&material) };
        Some(RecipeRow {
            material: material.to_string(),
            expected: expected.version.to_string(),
            has: has.into_iter().flatten().map(ToString::to_string).collect(),
            same: same.to_owned(),
            blocks: blocked.iter().map(|order| called(*order, orders)).collect(),
        })
    };
    made_at(book, plant).into_iter().filter_map(row).collect()
}

fn called(id: EntityId, orders: &[(&State, &Order)]) -> String {
    orders.iter().find(|(state, _)| state.id == id).map_or_else(|| id.to_string(), |(state, order)| number(state, order))
}

fn down(own: &Site, since: &BTreeMap<EquipmentId, Instant>, orders: &[(&State, &Order)]) -> Vec<DownRow> {
    let row = |(piece, state): (&EquipmentId, &String)| {
        let (mut stops, mut touches) = (Vec::new(), Vec::new());
        for (of, order) in orders.iter().filter(|(_, order)| !order.completed) {
            let uses: Vec<&Vec<EquipmentId>> = order
                .resolved
                .iter()
                .flat_map(|resolved| &resolved.operations)
                .map(|operation| &operation.equipment)
                .filter(|equipment| equipment.contains(piece))
                .collect();
            if uses.iter().any(|equipment| equipment.iter().all(|one| own.down.contains_key(one))) || waits_for(order, piece) {
                stops.push(number(of, order));
            } else if !uses.is_empty() {
                touches.push(number(of, order));
            }
        }
        DownRow { equipment: piece.to_string(), state: state.clone(), since: since.get(piece).map(ToString::to_string), stops, touches }
    };
    own.down.iter().map(row).collect()
}

/// Whether an order was not sent because of this piece, as its plant's site said.
fn waits_for(order: &Order, piece: &EquipmentId) -> bool {
    let Dispatch::Invalid { missing } = &order.dispatch else { return false };
    let of_equipment = |code: &Code| *code == Code::EquipmentUnavailable;
    missing.iter().any(|(code, what)| of_equipment(code) && what.split(|letter: char| !is_named(letter)).any(|word| word == piece.as_str()))
}

fn is_named(letter: char) -> bool {
    letter.is_alphanumeric() || matches!(letter, '-' | '_' | '.' | '/')
}

/// The orders that should run before the shift ends, and are not done.
fn shift(orders: &[(&State, &Order)], ends: Instant, now: Instant) -> ShiftOrders {
    let due = |order: &Order| order.header_or_wish().is_some_and(|header| header.start < ends);
    let mut rows: Vec<OrderRow> = orders.iter().filter(|(_, order)| due(order)).map(|(state, order)| listed(state, order, now)).collect();
    let is_late = |row: &OrderRow| row.badges.iter().any(|badge| badge == "late");
    let blocked = rows.iter().filter(|row| row.status == "blocked").count();
    let late = rows.iter().filter(|row| row.status != "blocked" && is_late(row)).count();
    rows.sort_by_key(|row| (row.status != "blocked", !is_late(row), row.end.clone()));
    let all = rows.len();
    rows.truncate(crate::ask::ROWS_MAX);
    ShiftOrders { all, on_time: all - blocked - late, late, blocked, done: ShiftDone::default(), missing: Vec::new(), rows }
}
