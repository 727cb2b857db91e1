//! The operations of an order with the rule that each is posted by, and the documents that people made by hand.

use serde::{Deserialize, Serialize};
use takt_protocol::book::Book;
use takt_protocol::commit::Commit;
use takt_protocol::fact::Fact;
use takt_protocol::instant::Instant;
use takt_protocol::order::{self, Order};
use takt_protocol::posting::{Actual, PostingFact, Rule, Standing, Trigger, Use, accounts};
use takt_protocol::qty::Qty;
use takt_protocol::words::{OpNo, StockStatus};
use utoipa::ToSchema;

use crate::answers::ledger::booked;
use crate::answers::{history, word_of};

/// An operation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
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
    /// The rule by which its good pieces are posted, with its version and what triggers it; absent when there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// The equipment that may run it, by the job.
    pub equipment: Vec<String>,
}

/// A document that somebody made by hand in the ERP.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HandRow {
    /// When we heard of it, or took it as ours.
    pub at: String,
    /// The document.
    pub document: String,
    /// Who posted it, where the ERP says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// What it books.
    pub what: String,
    /// The posting it was adopted for; absent while it is nobody's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub posting: Option<u32>,
}

/// All operations: those that were reported, and those of the routing that were not.
pub(super) fn operations(order: &Order, book: &Book, now: Instant) -> Vec<OperationRow> {
    let routed = order.resolved.iter().flat_map(|resolved| resolved.operations.iter().map(|operation| &operation.op));
    let mut all: Vec<&OpNo> = order.ops.keys().collect();
    all.extend(routed.filter(|op| !order.ops.contains_key(*op)));
    all.sort();
    all.into_iter().map(|op| row(order, op, book, now)).collect()
}

fn row(order: &Order, op: &OpNo, book: &Book, now: Instant) -> OperationRow {
    let zero = Qty::zero(order.header_or_wish().map(|header| header.total.uom()).unwrap_or_default());
    let known = order.ops.get(op);
    let text = |of: fn(&order::Operation) -> Qty| known.map_or(zero, of).to_string();
    let fit = order.resolved.iter().flat_map(|resolved| &resolved.operations).filter(|operation| operation.op == *op);
    OperationRow {
        operation: op.to_string(),
        state: known.map_or_else(|| "not_started".to_owned(), |operation| word_of(&operation.execution)),
        good: text(|operation| operation.good),
        scrap: text(|operation| operation.scrap),
        rework: text(|operation| operation.rework),
        posted: posted(order, op, known.map_or(zero, |operation| Qty::zero(operation.good.uom()))).to_string(),
        rule: rule(order, op, book, now),
        equipment: fit.flat_map(|operation| operation.equipment.iter().map(ToString::to_string)).collect(),
    }
}

fn posted(order: &Order, op: &OpNo, zero: Qty) -> Qty {
    let money = accounts(&order.ledger);
    let good = money.iter().filter(|account| account.series.purpose == Use::Yield && account.series.op.as_ref() == Some(op));
    good.fold(zero, |sum, account| [account.posted, account.adopted].iter().try_fold(sum, |sum, qty| sum.plus(*qty)).unwrap_or(sum))
}

/// The rule its postings were made by; before there is one, the rule in force.
fn rule(order: &Order, op: &OpNo, book: &Book, now: Instant) -> Option<String> {
    let of_op = |line: &takt_protocol::posting::Line| line.series.purpose == Use::Yield && line.series.op.as_ref() == Some(op);
    let newest = order.ledger.postings().filter(|entry| entry.posting.lines.iter().any(of_op)).last();
    let made_by = newest.map(|entry| entry.posting.rule.clone());
    let header = order.header()?;
    let calendar = &book.sites.get(&header.plant)?.calendar;
    let actual = Actual {
        purpose: Use::Yield,
        op: Some(op.clone()),
        item: None,
        output: None,
        material: header.material.clone(),
        lot: None,
        status: StockStatus::default(),
        unit: None,
        serials: Vec::new(),
        qty: Qty::zero(header.total.uom()),
        native: None,
        day: calendar.plant_day(now),
        date: calendar.posting_date(now),
        corrects: None,
    };
    let in_force = book.rules.find(header.plant, &actual);
    let same = in_force.filter(|rule| made_by.as_ref().is_none_or(|(id, version)| rule.id == *id && rule.version == *version));
    same.map(told).or_else(|| made_by.map(|(id, version)| format!("{id} v{version}")))
}

/// A rule and what triggers it.
fn told(rule: &Rule) -> String {
    let trigger = |trigger: &Trigger| match trigger {
        Trigger::EachReport => "each report".to_owned(),
        Trigger::Count(count) => format!("every {count} reports"),
        Trigger::EveryMinutes(minutes) => format!("every {minutes} min"),
        Trigger::ShiftEnd => "end of shift".to_owned(),
        Trigger::Completion => "completion".to_owned(),
        Trigger::UnitClosed => "each handling unit".to_owned(),
        Trigger::Hold => "by request".to_owned(),
    };
    let all: Vec<String> = rule.trigger.iter().map(trigger).collect();
    format!("{} v{} ({})", rule.id, rule.version, all.join(", "))
}

/// What people posted by hand, oldest first: what was adopted, and what is nobody's.
pub(super) fn by_hand(order: &Order, commits: &[Commit]) -> Vec<HandRow> {
    let mut found: Vec<HandRow> = Vec::new();
    for (commit, at, fact) in history::facts(commits) {
        let (Fact::Order(fact), Some(moment)) = (fact, history::moment(commit, at)) else { continue };
        if let order::Fact::ForeignPosting { document, by, qty, .. } = fact.as_ref() {
            found.push(HandRow {
                at: moment.at.to_string(),
                document: document.to_string(),
                by: Some(by.clone()).filter(|by| !by.is_empty()),
                what: qty.to_string(),
                posting: None,
            });
        }
        let order::Fact::Posting(PostingFact::Stands { posting, standing: Standing::Adopted { document } }) = fact.as_ref() else {
            continue;
        };
        let lines = order.ledger.posting(*posting).map(|entry| entry.posting.lines.iter().map(booked).collect::<Vec<_>>().join("; "));
        let document = document.to_string();
        if let Some(known) = found.iter_mut().find(|row| row.document == document) {
            (known.posting, known.what) = (Some(*posting), lines.unwrap_or_default());
        } else {
            let at = moment.at.to_string();
            found.push(HandRow { at, document, by: Some(moment.by), what: lines.unwrap_or_default(), posting: Some(*posting) });
        }
    }
    found
}
