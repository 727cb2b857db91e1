//! The ledger of an order: where every reported unit is, and every posting with its document. One predicate says whether it
//! balances: promise T4's own.

use serde::{Deserialize, Serialize};
use takt_protocol::book::Book;
use takt_protocol::commit::Commit;
use takt_protocol::fact::Fact;
use takt_protocol::instant::Instant;
use takt_protocol::kernel::State;
use takt_protocol::order::{self, Order};
use takt_protocol::posting::{Account, Entry, PostingFact, Standing, Use, next_wake};
use takt_protocol::qty::Qty;
use utoipa::ToSchema;

use super::reconcile::BooksView;
use super::{history, word_of};

mod told;

pub(crate) use told::csv;
pub use told::{CorrectionRow, Goods};

/// The account of an order.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Ledger {
    /// Our id of the order.
    pub id: String,
    /// Its number, as `number@system`, once its ERP has made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<String>,
    /// Its plant, for its clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plant: Option<String>,
    /// Everything recorded by then is in it, and nothing later.
    pub cut_off: String,
    /// Whether every line balances.
    pub balances: bool,
    /// The commits whose hash chain was verified for this answer.
    pub chain_verified_to: u64,
    /// The hash of the last of them, which covers all before it.
    pub chain_head: String,
    /// The hash of the configuration that its last commit was decided under.
    pub configuration: String,
    /// The rules that its postings were made by, with their versions.
    pub rules: Vec<String>,
    /// When what is pending is flushed at the latest by time; absent when nothing is, or when it waits for an event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_flush_at: Option<String>,
    /// Goods by material and lot, and times: the sums of the lines, whatever operation and stock they stand at.
    pub totals: Vec<Line>,
    /// Where what was reported is, a line a series.
    pub lines: Vec<Line>,
    /// Counts that were corrected.
    pub corrections: Vec<CorrectionRow>,
    /// Inputs that came again and had no effect, since the nodes run that counted them; absent for the past, and while one of them does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeats: Option<u64>,
    /// How far its goods are, by the words of its handling units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub goods: Option<Goods>,
    /// What was made of it.
    pub postings: Vec<PostingRow>,
    /// Documents somebody made by hand in the ERP.
    pub foreign: Vec<String>,
    /// Both sides, as the books of its ERP were read last; nothing before they were.
    pub books: Vec<BooksView>,
}

/// Where the reported quantity of one series is: `reported` is the sum of all that follow it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Line {
    /// yield, scrap, rework, consumed, produced, labour or machine.
    pub purpose: String,
    /// At which operation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// Of which material.
    pub material: String,
    /// Of which lot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lot: Option<String>,
    /// All that was reported.
    pub reported: String,
    /// Not sent yet.
    pub pending: String,
    /// Perhaps under way.
    pub in_flight: String,
    /// The reply was lost.
    pub in_doubt: String,
    /// In the ERP, by us.
    pub posted: String,
    /// In the ERP, by hand.
    pub adopted: String,
    /// Waiting for a person.
    pub parked: String,
    /// Given up.
    pub written_off: String,
    /// Posted by nobody, by rule.
    pub skipped: String,
    /// Less than the ERP's smallest step: carried to the next posting.
    pub residual: String,
    /// What would be carried when everything that is pending was flushed now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub residual_then: Option<String>,
    /// Whether they add up.
    pub balances: bool,
}

/// A posting.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct PostingRow {
    /// Its number in this ledger.
    pub number: u32,
    /// What kind of document.
    pub movement: String,
    /// `prepared`, `in_flight`, `in_doubt`, `posted`, `adopted`, `parked` or `written_off`.
    pub standing: String,
    /// The ERP's document, when there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<String>,
    /// By whose word the document was adopted; nobody read it in the ERP for that. A reconciliation says whether it is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adopted_by: Option<String>,
    /// Why it is parked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// The posting date.
    pub date: String,
    /// The rule and its version.
    pub rule: String,
    /// What it books: quantity, material, lot.
    pub lines: Vec<String>,
}

/// What the log of an order proves.
pub(crate) struct Proof<'a> {
    /// Its commits, until the cut-off.
    pub(crate) commits: &'a [Commit],
    /// How many of them were verified.
    pub(crate) verified: u64,
    /// The hash of the last of these.
    pub(crate) head: String,
    /// Inputs that came again.
    pub(crate) repeats: Option<u64>,
}

/// The ledger of an order at a cut-off.
pub(crate) fn view(state: &State, order: &Order, proof: Proof<'_>, book: &Book, cut_off: Instant) -> Ledger {
    let money = order.accounts();
    let left = told::left(order, book, cut_off);
    let lines: Vec<Line> = money.iter().map(|account| line(account, left.get(&account.series).copied())).collect();
    let rules: std::collections::BTreeSet<String> = order.ledger.postings().map(|entry| rule(&entry.posting.rule)).collect();
    Ledger {
        id: state.id.to_string(),
        order: order.header().map(|header| format!("{}@{}", header.number, header.erp)),
        plant: order.plant().map(|plant| plant.to_string()),
        cut_off: cut_off.to_string(),
        balances: lines.iter().all(|line| line.balances),
        chain_verified_to: proof.verified,
        chain_head: proof.head,
        configuration: proof.commits.last().map_or_else(|| book.hash.clone(), |commit| commit.config.clone()),
        rules: rules.into_iter().collect(),
        next_flush_at: next_wake(&order.ledger).map(|at| at.to_string()),
        totals: totals(&money).iter().map(|account| line(account, None)).collect(),
        lines,
        corrections: told::corrections(proof.commits),
        repeats: proof.repeats,
        goods: told::goods(order),
        postings: order.ledger.postings().map(|entry| posting(entry, proof.commits)).collect(),
        foreign: order.foreign.iter().map(ToString::to_string).collect(),
        books: super::reconcile::all(&order.books),
    }
}

/// One account a material and lot, and one a kind of time: what the operations counted is no sum of its own.
fn totals(money: &[Account]) -> Vec<Account> {
    let mut sums: Vec<Account> = Vec::new();
    let counted = |account: &&Account| matches!(account.series.purpose, Use::Consumed | Use::Produced | Use::Labour | Use::Machine);
    for account in money.iter().filter(counted) {
        let series = &account.series;
        let same = |sum: &&mut Account| {
            let known = &sum.series;
            (known.purpose, &known.material, &known.lot, known.uom) == (series.purpose, &series.material, &series.lot, series.uom)
        };
        if let Some(sum) = sums.iter_mut().find(same) {
            add(sum, account);
        } else {
            let mut first = account.clone();
            first.series.op = None;
            sums.push(first);
        }
    }
    sums
}

fn add(sum: &mut Account, other: &Account) {
    let plus = |a: Qty, b: Qty| a.plus(b).unwrap_or(a);
    sum.reported = plus(sum.reported, other.reported);
    sum.pending = plus(sum.pending, other.pending);
    sum.in_flight = plus(sum.in_flight, other.in_flight);
    sum.in_doubt = plus(sum.in_doubt, other.in_doubt);
    sum.posted = plus(sum.posted, other.posted);
    sum.adopted = plus(sum.adopted, other.adopted);
    sum.parked = plus(sum.parked, other.parked);
    sum.written_off = plus(sum.written_off, other.written_off);
    sum.skipped = plus(sum.skipped, other.skipped);
    sum.residual = plus(sum.residual, other.residual);
}

fn rule((id, version): &(String, u32)) -> String {
    format!("{id} v{version}")
}

fn line(account: &Account, left: Option<Qty>) -> Line {
    let series = &account.series;
    Line {
        purpose: word_of(&series.purpose),
        operation: series.op.as_ref().map(ToString::to_string),
        material: series.material.to_string(),
        lot: series.lot.as_ref().map(ToString::to_string),
        reported: account.reported.to_string(),
        pending: account.pending.to_string(),
        in_flight: account.in_flight.to_string(),
        in_doubt: account.in_doubt.to_string(),
        posted: account.posted.to_string(),
        adopted: account.adopted.to_string(),
        parked: account.parked.to_string(),
        written_off: account.written_off.to_string(),
        skipped: account.skipped.to_string(),
        residual: account.residual.to_string(),
        residual_then: left.filter(|left| !left.is_zero()).map(|left| left.to_string()),
        balances: account.balances(),
    }
}

/// A line of a posting, in words.
pub(crate) fn booked(line: &takt_protocol::posting::Line) -> String {
    let lot = line.series.lot.as_ref().map(|lot| format!(" / {lot}")).unwrap_or_default();
    let unit = line.unit.as_ref().map(|unit| format!(" on {unit}")).unwrap_or_default();
    format!("{} {} {}{lot}{unit}", word_of(&line.series.purpose), line.qty, line.series.material)
}

/// By whose word a posting is one with a document that was made by hand; nothing where it is not.
fn adopted_by(entry: &Entry, commits: &[Commit]) -> Option<String> {
    let adopts = |fact: &Fact| {
        let Fact::Order(fact) = fact else { return false };
        let order::Fact::Posting(PostingFact::Stands { posting, standing: Standing::Adopted { .. } }) = fact.as_ref() else { return false };
        *posting == entry.posting.number
    };
    let adopted = matches!(entry.standing, Standing::Adopted { .. });
    adopted.then(|| history::last(commits, adopts)).flatten().map(|moment| moment.by).filter(|by| !by.is_empty())
}

/// A posting as it is shown.
pub(crate) fn posting(entry: &Entry, commits: &[Commit]) -> PostingRow {
    let posting = &entry.posting;
    let why = match &entry.standing {
        Standing::Parked { why, .. } => Some(why.clone()),
        Standing::Prepared
        | Standing::InFlight
        | Standing::InDoubt
        | Standing::Posted { .. }
        | Standing::Adopted { .. }
        | Standing::WrittenOff => None,
    };
    PostingRow {
        number: posting.number,
        movement: word_of(&posting.movement),
        standing: word_of(&entry.standing),
        document: entry.standing.document().map(ToString::to_string),
        adopted_by: adopted_by(entry, commits),
        why,
        date: word_of(&posting.date),
        rule: rule(&posting.rule),
        lines: posting.lines.iter().map(booked).collect(),
    }
}
