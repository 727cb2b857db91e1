//! The ledger of an order: where every reported unit is, and every posting with its document. One predicate says whether it
//! balances: promise T4's own.

use serde::{Deserialize, Serialize};
use takt_protocol::instant::Instant;
use takt_protocol::kernel::State;
use takt_protocol::order::Order;
use takt_protocol::posting::{Account, Entry, Standing, accounts};
use utoipa::ToSchema;

use super::word_of;

/// The account of an order.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Ledger {
    /// Our id of the order.
    pub id: String,
    /// Everything recorded by then is in it, and nothing later.
    pub cut_off: String,
    /// Whether every line balances.
    pub balances: bool,
    /// The commits whose hash chain was verified for this answer.
    pub chain_verified_to: u64,
    /// Where what was reported is.
    pub lines: Vec<Line>,
    /// What was made of it.
    pub postings: Vec<PostingRow>,
    /// Documents somebody made by hand in the ERP.
    pub foreign: Vec<String>,
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

/// The ledger of an order at a cut-off; its log's chain was verified up to commit `verified`.
pub fn view(state: &State, order: &Order, verified: u64, cut_off: Instant) -> Ledger {
    let lines: Vec<Line> = accounts(&order.ledger).iter().map(line).collect();
    Ledger {
        id: state.id.to_string(),
        cut_off: cut_off.to_string(),
        balances: lines.iter().all(|line| line.balances),
        chain_verified_to: verified,
        lines,
        postings: order.ledger.postings().map(posting).collect(),
        foreign: order.foreign.iter().map(ToString::to_string).collect(),
    }
}

fn line(account: &Account) -> Line {
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
        balances: account.balances(),
    }
}

fn posting(entry: &Entry) -> PostingRow {
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
    let words = |line: &takt_protocol::posting::Line| {
        let lot = line.series.lot.as_ref().map(|lot| format!(" / {lot}")).unwrap_or_default();
        format!("{} {} {}{lot}", word_of(&line.series.purpose), line.qty, line.series.material)
    };
    PostingRow {
        number: posting.number,
        movement: word_of(&posting.movement),
        standing: word_of(&entry.standing),
        document: entry.standing.document().map(ToString::to_string),
        why,
        date: word_of(&posting.date),
        rule: format!("{} v{}", posting.rule.0, posting.rule.1),
        lines: posting.lines.iter().map(words).collect(),
    }
}
