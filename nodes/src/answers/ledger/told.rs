//! What stands beside the lines of a ledger: what was corrected and by whom, what will be left when everything is flushed, how
//! far the goods are in the warehouse, and the whole as a file that can be checked.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use takt_protocol::book::Book;
use takt_protocol::commit::Commit;
use takt_protocol::fact::Fact;
use takt_protocol::instant::Instant;
use takt_protocol::order::{self, Order, Stage};
use takt_protocol::posting::{Due, Series, Use, accounts, flush};
use takt_protocol::qty::Qty;
use utoipa::ToSchema;

use super::{Ledger, Line, PostingRow};
use crate::answers::{history, word_of};

/// A count that was corrected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CorrectionRow {
    /// When it was found.
    pub at: String,
    /// By whom.
    pub by: String,
    /// At which operation.
    pub operation: String,
    /// yield, scrap, rework, labour or machine.
    pub purpose: String,
    /// What was counted before.
    pub before: String,
    /// What is counted since.
    pub after: String,
    /// Why.
    pub reason: String,
}

/// How far the goods of an order are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Goods {
    /// On handling units.
    pub filled: String,
    /// Announced to a warehouse, or further.
    pub announced: String,
    /// Arrived there, or further.
    pub received: String,
    /// In a bin, or further.
    pub put_away: String,
    /// Left.
    pub shipped: String,
}

/// All corrections, oldest first, each with the count before and after it.
pub(super) fn corrections(commits: &[Commit]) -> Vec<CorrectionRow> {
    let (mut sums, mut found): (BTreeMap<(String, Use), Qty>, Vec<CorrectionRow>) = (BTreeMap::new(), Vec::new());
    for (commit, at, fact) in history::facts(commits) {
        let Fact::Order(fact) = fact else { continue };
        let order::Fact::Worked { op, purpose, qty, reason } = fact.as_ref() else { continue };
        let sum = sums.entry((op.to_string(), *purpose)).or_insert(Qty::zero(qty.uom()));
        let before = *sum;
        *sum = sum.plus(*qty).unwrap_or(*sum);
        // Scrap has a reason, too: only what takes back or was sent as a correction is one.
        let (Some(reason), Some(moment)) = (reason, history::moment(commit, at)) else { continue };
        if *purpose != Use::Scrap || qty.is_negative() {
            found.push(CorrectionRow {
                at: moment.at.to_string(),
                by: moment.by,
                operation: op.to_string(),
                purpose: word_of(purpose),
                before: before.to_string(),
                after: sum.to_string(),
                reason: reason.to_string(),
            });
        }
    }
    found
}

/// What would be left of each series when everything was flushed at `now`: rounding carries it to the next posting.
pub(super) fn left(order: &Order, book: &Book, now: Instant) -> BTreeMap<Series, Qty> {
    let Some(header) = order.header() else { return BTreeMap::new() };
    let calendar = book.calendar(header.plant);
    let periods = book.sites.get(&header.erp).map(|site| site.periods.clone()).unwrap_or_default();
    let mut after = order.ledger.clone();
    for fact in flush(&order.ledger, &Due::Everything, calendar.posting_date(now), &periods) {
        after.evolve(&fact);
    }
    accounts(&after).into_iter().map(|account| (account.series, account.residual)).collect()
}

/// How far its goods are, by the words of its handling units; `None` when it has none.
pub(super) fn goods(order: &Order) -> Option<Goods> {
    let uom = order.units.values().next()?.qty.uom();
    let at = |stage: Stage| {
        let there = order.units.values().filter(|unit| unit.stage >= stage).map(|unit| unit.qty);
        there.fold(Qty::zero(uom), |sum, qty| sum.plus(qty).unwrap_or(sum)).to_string()
    };
    Some(Goods {
        filled: at(Stage::Filled),
        announced: at(Stage::Announced),
        received: at(Stage::Received),
        put_away: at(Stage::PutAway),
        shipped: at(Stage::Shipped),
    })
}

/// The ledger as comma-separated values: its lines, its postings, and at the end what proves it.
pub(crate) fn csv(ledger: &Ledger) -> String {
    let mut rows: Vec<Vec<String>> = vec![words(
        "line,use,operation,material,lot,reported,posted,adopted,pending,in_flight,in_doubt,parked,written_off,skipped,residual,balances",
    )];
    rows.extend(ledger.lines.iter().map(line));
    rows.push(words("posting,number,movement,standing,document,date,rule,books"));
    rows.extend(ledger.postings.iter().map(posting));
    rows.push(words("proof,what,value"));
    let proofs = [
        ("order", ledger.order.clone().unwrap_or_else(|| ledger.id.clone())),
        ("entity", ledger.id.clone()),
        ("cut_off", ledger.cut_off.clone()),
        ("chain_verified_to", ledger.chain_verified_to.to_string()),
        ("chain_head_sha256", ledger.chain_head.clone()),
        ("configuration_sha256", ledger.configuration.clone()),
    ];
    rows.extend(proofs.map(|(what, value)| vec!["proof".to_owned(), what.to_owned(), value]));
    rows.iter().map(|row| row.iter().map(|field| quoted(field)).collect::<Vec<_>>().join(",") + "\r\n").collect()
}

fn words(text: &str) -> Vec<String> {
    text.split(',').map(str::to_owned).collect()
}

fn line(line: &Line) -> Vec<String> {
    let text = |field: &Option<String>| field.clone().unwrap_or_default();
    vec![
        "line".to_owned(),
        line.purpose.clone(),
        text(&line.operation),
        line.material.clone(),
        text(&line.lot),
        line.reported.clone(),
        line.posted.clone(),
        line.adopted.clone(),
        line.pending.clone(),
        line.in_flight.clone(),
        line.in_doubt.clone(),
        line.parked.clone(),
        line.written_off.clone(),
        line.skipped.clone(),
        line.residual.clone(),
        line.balances.to_string(),
    ]
}

fn posting(row: &PostingRow) -> Vec<String> {
    vec![
        "posting".to_owned(),
        row.number.to_string(),
        row.movement.clone(),
        row.standing.clone(),
        row.document.clone().unwrap_or_default(),
        row.date.clone(),
        row.rule.clone(),
        row.lines.join("; "),
    ]
}

/// A field as RFC 4180 has it. What a spreadsheet would take for a formula is kept as text; a quantity may be negative.
fn quoted(field: &str) -> String {
    let number = |text: &str| text.strip_prefix('-').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    let formula = field.starts_with(['=', '+', '-', '@']) && !number(field);
    let field = if formula { format!("'{field}") } else { field.to_owned() };
    if field.contains([',', '"', '\n', '\r']) { format!("\"{}\"", field.replace('"', "\"\"")) } else { field }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_quoted_where_it_has_to_be_and_no_name_becomes_a_formula() {
        for (field, written) in [
            ("480 H87", "480 H87"),
            ("-6 H87", "-6 H87"),
            ("a,b", "\"a,b\""),
            ("say \"no\"", "\"say \"\"no\"\"\""),
            ("=1+1", "'=1+1"),
            ("-cmd", "'-cmd"),
        ] {
            assert_eq!(quoted(field), written);
        }
    }
}
