//! The books of systems beside ours, as finance asks for them: up to which moment, how many things agree, what is netted out by
//! what, what differs once or twice; and each thing that is more than equal, item by item with its documents.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use takt_protocol::books::{Books, Comparison, Found, Kept, Place, Row, Run, Verdict};
use takt_protocol::case::{CaseKind, short};
use takt_protocol::id::EntityId;
use takt_protocol::kernel::{Own, State};
use takt_protocol::name::SiteId;
use takt_protocol::qty::Qty;
use utoipa::ToSchema;

use super::word_of;

/// The books of one system beside ours.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Reconciliation {
    /// Whose books.
    pub site: String,
    /// erp or warehouse.
    pub kind: String,
    /// When this was so.
    pub as_of: String,
    /// When the next run is due by the schedule; absent when nothing is scheduled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_at: Option<String>,
    /// Things that moved, or did not agree, since they were read last: the next run reads them.
    pub moved: usize,
    /// The last run, or the one that is under way; absent before the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<RunView>,
    /// Whether the site's region answers here; all but its name is unknown while it does not.
    pub reached: bool,
    /// What is more than equal, first what differs twice; 200 at most, and none in the list of all systems.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rows: Vec<ThingRow>,
}

/// A run over the books of a system.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct RunView {
    /// Its number at this system.
    pub number: u32,
    /// What was entered after that does not count.
    pub cut_off: String,
    /// When it began.
    pub began_at: String,
    /// When it was over; absent while it is under way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<String>,
    /// Who wanted it: a client, or `schedule`.
    pub by: String,
    /// Orders or handling units it is about.
    pub of: u32,
    /// Those that are not asked yet.
    pub waiting: usize,
    /// Those that are asked now.
    pub asked: usize,
    /// Those that agree.
    pub equal: u32,
    /// Of those that agree, how many have something netted out.
    pub netted: usize,
    /// Those that differ as they did when the difference was given up.
    pub accepted: u32,
    /// Those that differ, and are to be read again.
    pub differs_once: u32,
    /// Those that differ in two readings: exceptions.
    pub differs_twice: u32,
    /// Those of which the system did not say what it has.
    pub unread: u32,
    /// What is netted out, by place and unit: what is elsewhere when the books are read, also where the cut-off is before that.
    pub netted_out: Vec<NettedRow>,
    /// What nobody can explain, all together by unit, as amounts; empty when there is nothing.
    pub unexplained: Vec<String>,
}

/// What is netted out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NettedRow {
    /// `pending`, `in_flight`, `in_doubt`, `parked`, `written_off`, `skipped`, `carried`, `by_hand` or `counted`.
    pub place: String,
    /// How much, signed.
    pub quantity: String,
}

/// One thing beside the books of a system.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ThingRow {
    /// Our id.
    pub id: String,
    /// order or unit.
    pub kind: String,
    /// Its number: an order's in its ERP, a handling unit's own.
    pub name: String,
    /// `equal`, `accepted`, `differs_once`, `differs_twice` or `unread`.
    pub verdict: String,
    /// Why it was not read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// Both sides, as they were read last; absent when they never were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub books: Option<BooksView>,
    /// Its open exceptions that are about this.
    pub exceptions: Vec<String>,
}

/// Both sides of a thing.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct BooksView {
    /// Whose books.
    pub site: String,
    /// When they were read.
    pub read_at: String,
    /// What was entered after that does not count.
    pub cut_off: String,
    /// The hash of what the system answered, as it came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw: Option<String>,
    /// Since when they differ as they do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub differs_since: Option<String>,
    /// Item by item.
    pub items: Vec<ItemRow>,
}

/// Both sides of an item.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ItemRow {
    /// yield, scrap, rework, consumed, produced, labour or machine.
    #[serde(rename = "use")]
    pub purpose: String,
    /// At which operation; of work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// Of which material.
    pub material: String,
    /// Of which lot; of goods.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lot: Option<String>,
    /// What we say is there.
    pub ours: String,
    /// What its books say.
    pub theirs: String,
    /// What is elsewhere, or there for a reason that is known.
    pub netted: Vec<NettedRow>,
    /// Theirs without ours and without what is known.
    pub unexplained: String,
    /// Documents of ours that are not there, or say something else there.
    pub missing: Vec<String>,
    /// Documents that are there and not known here.
    pub strange: Vec<String>,
}

/// The books of a system, without its things; `books` is absent before anything of ours moved there.
pub(crate) fn view(site: SiteId, kind: &str, as_of: String, reached: bool, books: Option<&Books>) -> Reconciliation {
    Reconciliation {
        site: site.to_string(),
        kind: kind.to_owned(),
        as_of,
        next_at: books.and_then(|books| books.next).map(|at| at.to_string()),
        moved: books.map_or(0, |books| books.moved.len()),
        run: books.and_then(|books| books.last.as_deref()).map(run),
        reached,
        rows: Vec::new(),
    }
}

fn run(run: &Run) -> RunView {
    let stands = |verdict| run.found.values().filter(move |found| found.verdict == verdict);
    let netted: Vec<(Place, Qty)> = run.found.values().flat_map(|found| &found.netted).copied().collect();
    let apart = run.found.values().filter(|found| matches!(found.verdict, Verdict::Once | Verdict::Twice));
    RunView {
        number: run.number,
        cut_off: run.cut_off.to_string(),
        began_at: run.began_at.to_string(),
        ended_at: run.ended_at.map(|at| at.to_string()),
        by: run.by.clone(),
        of: run.of,
        waiting: run.waiting.len(),
        asked: run.out.len(),
        equal: run.with(Verdict::Equal),
        netted: stands(Verdict::Equal).count(),
        accepted: run.with(Verdict::Accepted),
        differs_once: run.with(Verdict::Once),
        differs_twice: run.with(Verdict::Twice),
        unread: run.with(Verdict::Unread),
        netted_out: netted_rows(&netted),
        unexplained: amounts(apart.flat_map(|found| &found.unexplained)),
    }
}

/// Amounts by unit: what is too much here does not make up for what is missing there.
fn amounts<'a>(all: impl Iterator<Item = &'a Qty>) -> Vec<String> {
    let mut sums: BTreeMap<&str, Qty> = BTreeMap::new();
    for qty in all {
        let amount = if qty.is_negative() { qty.negated() } else { *qty };
        let sum = sums.entry(amount.uom().code()).or_insert(Qty::zero(amount.uom()));
        *sum = sum.plus(amount).unwrap_or(*sum);
    }
    sums.into_values().map(|sum| sum.to_string()).collect()
}

/// Sums by place and unit.
fn netted_rows(all: &[(Place, Qty)]) -> Vec<NettedRow> {
    let mut sums: BTreeMap<(Place, &str), Qty> = BTreeMap::new();
    for (place, qty) in all {
        let sum = sums.entry((*place, qty.uom().code())).or_insert(Qty::zero(qty.uom()));
        *sum = sum.plus(*qty).unwrap_or(*sum);
    }
    sums.into_iter().map(|((place, _), qty)| NettedRow { place: place.word().to_owned(), quantity: qty.to_string() }).collect()
}

/// What is more than equal, first what differs twice, and of that as many as are wanted.
pub(crate) fn worth_showing(run: &Run, most: usize) -> Vec<(EntityId, &Found)> {
    let rank = |verdict| match verdict {
        Verdict::Twice => 0,
        Verdict::Once => 1,
        Verdict::Unread => 2,
        Verdict::Accepted => 3,
        Verdict::Equal => 4,
    };
    let mut all: Vec<(EntityId, &Found)> = run.found.iter().map(|(entity, found)| (*entity, found)).collect();
    all.sort_by_key(|(entity, found)| (rank(found.verdict), *entity));
    all.truncate(most);
    all
}

/// One thing of a run.
pub(crate) fn thing(state: &State, site: SiteId, found: &Found) -> ThingRow {
    let kept = books_of(state).and_then(|books| books.get(&site));
    let about = |kind: &CaseKind| matches!(kind, CaseKind::BooksDiffer | CaseKind::ForeignPosting);
    ThingRow {
        id: state.id.to_string(),
        kind: state.id.kind().to_string(),
        name: name_of(state),
        verdict: found.verdict.word().to_owned(),
        why: Some(found.why.clone()).filter(|why| !why.is_empty()),
        books: kept.and_then(both),
        exceptions: state.common.cases.values().filter(|case| about(&case.kind)).map(|case| short(state.id, case.number)).collect(),
    }
}

/// Both sides of everything that is compared of a thing, a system at a time.
pub(crate) fn all(books: &BTreeMap<SiteId, Kept>) -> Vec<BooksView> {
    books.values().filter_map(both).collect()
}

fn both(kept: &Kept) -> Option<BooksView> {
    let Comparison { site, read_at, cut_off, raw, rows } = kept.last.as_deref()?;
    Some(BooksView {
        site: site.to_string(),
        read_at: read_at.to_string(),
        cut_off: cut_off.to_string(),
        raw: raw.map(|raw| raw.to_string()),
        differs_since: kept.since.map(|at| at.to_string()),
        items: rows.iter().map(item).collect(),
    })
}

fn item(row: &Row) -> ItemRow {
    ItemRow {
        purpose: word_of(&row.item.purpose),
        operation: row.item.op.as_ref().map(ToString::to_string),
        material: row.item.material.to_string(),
        lot: row.item.lot.as_ref().map(ToString::to_string),
        ours: row.ours.to_string(),
        theirs: row.theirs.to_string(),
        netted: netted_rows(&row.netted),
        unexplained: row.unexplained.to_string(),
        missing: row.missing.iter().map(ToString::to_string).collect(),
        strange: row.strange.iter().map(ToString::to_string).collect(),
    }
}

fn books_of(state: &State) -> Option<&BTreeMap<SiteId, Kept>> {
    match &state.own {
        Own::Order(order) => Some(&order.books),
        Own::Unit(unit) => Some(&unit.books),
        Own::Lot(_) | Own::Shipment(_) | Own::Site(_) | Own::Record(_) => None,
    }
}

fn name_of(state: &State) -> String {
    let name = match &state.own {
        Own::Order(order) => order.header_or_wish().map(|header| header.number.to_string()),
        Own::Unit(unit) => unit.sscc.as_ref().map(ToString::to_string),
        Own::Lot(_) | Own::Shipment(_) | Own::Site(_) | Own::Record(_) => None,
    };
    name.unwrap_or_else(|| state.id.to_string())
}
