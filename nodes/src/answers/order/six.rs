//! The six answers everybody wants of an order: released, accepted, started, completed, quality-cleared, handed over. What
//! nobody has said yet is unknown, never no.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use takt_protocol::book::Book;
use takt_protocol::case::CaseKind;
use takt_protocol::commit::Commit;
use takt_protocol::common::Common;
use takt_protocol::intent::Intent;
use takt_protocol::order::{Business, Dispatch, Execution, Fact, Order, Stage};
use takt_protocol::outbox::{Open, Standing};
use takt_protocol::qty::Qty;
use utoipa::ToSchema;

use super::{arrived, yes_no};
use crate::answers::{Word, history, word_of};

/// The six answers.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Six {
    /// By its ERP.
    pub released: Word,
    /// By its plant.
    pub accepted: Word,
    /// By its plant.
    pub started: Word,
    /// By its plant.
    pub completed: Word,
    /// By quality.
    pub quality_cleared: Word,
    /// To the warehouse.
    pub handed_over: Word,
}

/// The answers, each with when that came about by the log.
pub(super) fn answers(common: &Common, order: &Order, commits: &[Commit], book: &Book) -> Six {
    let last = |is: fn(&Fact) -> bool| history::last(commits, |fact| matches!(fact, takt_protocol::fact::Fact::Order(fact) if is(fact)));
    let first = |is: fn(&Fact) -> bool| history::first(commits, |fact| matches!(fact, takt_protocol::fact::Fact::Order(fact) if is(fact)));
    let begun = |fact: &Fact| matches!(fact, Fact::Execution { to, .. } if *to != Execution::NotStarted);
    // What is corrected later completes nothing.
    let counted: fn(&Fact) -> bool =
        if order.completed { |fact| matches!(fact, Fact::Completed) } else { |fact| matches!(fact, Fact::Worked { .. }) };
    let released_by = |fact: &Fact| matches!(fact, Fact::Released(_) | Fact::Business(_) | Fact::Created(_) | Fact::Wished(_));
    Six {
        released: released(common, order).since(last(released_by)),
        accepted: accepted(common, order, &earlier(commits)).since(last(|fact| matches!(fact, Fact::Dispatch(_)))),
        started: started(order).since(first(begun)),
        completed: completed(order).since(last(counted)),
        quality_cleared: quality_cleared(order).since(last(|fact| matches!(fact, Fact::Lot { .. }))),
        handed_over: handed_over(order, has_warehouse(order, book))
            .since(last(|fact| matches!(fact, Fact::UnitMoved { stage: Stage::Received | Stage::PutAway, .. }))),
    }
}

/// What became of the attempts to hand it to its plant that came to nothing, by their number.
fn earlier(commits: &[Commit]) -> BTreeMap<u32, String> {
    let mut found = BTreeMap::new();
    for (.., fact) in history::facts(commits) {
        let takt_protocol::fact::Fact::Order(fact) = fact else { continue };
        let Fact::Dispatch(dispatch) = fact.as_ref() else { continue };
        if let Dispatch::Rejected { attempt, code } = dispatch {
            found.insert(*attempt, format!("refused {code}"));
        } else if let Dispatch::TimedOut { attempt } = dispatch {
            found.entry(*attempt).or_insert_with(|| "no answer in time".to_owned());
        } else if let Dispatch::Accepted { attempt, .. } = dispatch {
            found.remove(attempt);
        }
    }
    found
}

fn released(common: &Common, order: &Order) -> Word {
    let evidence = format!("the ERP says {}", word_of(&order.business));
    match order.business {
        Business::Released | Business::TechnicallyCompleted | Business::Closed => Word::new("yes", evidence),
        Business::Created | Business::Cancelled => Word::new("no", evidence),
        Business::PartlyReleased => Word::new("part", evidence),
        Business::Planned => {
            let refused = common.cases.values().find(|case| matches!(case.kind, CaseKind::Rejected(_)));
            Word::new("no", refused.map_or_else(|| "the ERP is asked to make and release it".to_owned(), |case| case.what.clone()))
        }
    }
}

fn accepted(common: &Common, order: &Order, earlier: &BTreeMap<u32, String>) -> Word {
    let before: Vec<String> = earlier.iter().map(|(attempt, how)| format!("attempt {attempt}: {how}")).collect();
    let before = if before.is_empty() { String::new() } else { format!(" ({})", before.join("; ")) };
    match &order.dispatch {
        Dispatch::Accepted { attempt, implied: false } => Word::new("yes", format!("attempt {attempt}{before}")),
        Dispatch::Accepted { attempt, implied: true } => Word::new("yes", format!("attempt {attempt}, known only because it started")),
        Dispatch::Sent { attempt } => sent(common, *attempt),
        Dispatch::TimedOut { attempt } => Word::new("unknown", format!("attempt {attempt} got no answer in time; a later one still wins")),
        Dispatch::Rejected { attempt, code } => Word::new("no", format!("attempt {attempt} was refused: {code}")),
        Dispatch::Invalid { missing } => {
            let missing: Vec<&str> = missing.iter().map(|(_, what)| what.as_str()).collect();
            Word::new("no", format!("not sent, missing: {}", missing.join("; ")))
        }
        Dispatch::Idle | Dispatch::Validating => Word::new("no", "not sent yet"),
        Dispatch::Ready if order.on_hold.is_some() => Word::new("no", "not sent: a planner wants it to wait"),
        Dispatch::Ready => Word::new("no", "not sent: the ERP has not released all of it"),
        Dispatch::Revoking { .. } => Word::new("part", "asked for it back"),
        Dispatch::Revoked => Word::new("no", "the plant gave it back"),
        Dispatch::RevokeRefused => Word::new("yes", "the plant keeps it"),
    }
}

/// Of an attempt without an answer: whether it left us at all.
fn sent(common: &Common, attempt: u32) -> Word {
    let handing_over = |open: &Open| matches!(&open.intent, Intent::Site { effect, .. } if effect.verb() == "dispatch_job");
    let Some((number, open)) = common.outbox.iter().find(|(_, open)| handing_over(open)) else {
        return Word::new("unknown", format!("attempt {attempt} was sent, no answer yet"));
    };
    match open.standing {
        Standing::Parked => {
            let why = common.cases.values().find(|case| case.intent == Some(number)).map(|case| format!(": {}", case.what));
            Word::new("no", format!("attempt {attempt} waits for a person{}", why.unwrap_or_default()))
        }
        Standing::Waiting | Standing::Released if open.attempts == 0 => Word::new("no", format!("attempt {attempt} is not sent yet")),
        Standing::InDoubt { .. } => Word::new("unknown", format!("attempt {attempt} was sent, and its reply was lost")),
        Standing::Waiting | Standing::Released | Standing::InFlight { .. } => {
            Word::new("unknown", format!("attempt {attempt} was sent, no answer yet"))
        }
    }
}

fn started(order: &Order) -> Word {
    let first = order.ops.iter().find(|(_, operation)| operation.execution != Execution::NotStarted);
    match first {
        Some((op, operation)) => Word::new("yes", format!("operation {op} is {}", word_of(&operation.execution))),
        None => yes_no(false, "no operation was reported".to_owned()),
    }
}

fn completed(order: &Order) -> Word {
    let Some(header) = &order.header else { return Word::new("no", "not released yet") };
    let Some(processed) = order.processed() else { return Word::new("no", format!("nothing of {}", header.total)) };
    let evidence = format!("{processed} of {}", header.total);
    match (order.completed, processed.is_positive()) {
        (true, _) => Word::new("yes", evidence),
        (false, true) => Word::new("part", evidence),
        (false, false) => Word::new("no", evidence),
    }
}

fn quality_cleared(order: &Order) -> Word {
    let held = order.lots.values().any(|lot| !lot.holds.is_empty());
    let waiting = order.lots.values().any(|lot| lot.in_inspection);
    let free = order.lots.values().any(|lot| lot.free.is_positive());
    let inspected = order.header.as_ref().and_then(|header| order.material(&header.material)).map(|material| material.inspected);
    match (order.lots.is_empty(), held || waiting, inspected) {
        (true, _, _) => Word::new("unknown", "no lot of it has said anything"),
        (false, true, _) if free => Word::new("part", by_lot(order)),
        (false, true, _) => Word::new("no", by_lot(order)),
        (false, false, Some(false)) => Word::new("not_required", "the material needs no inspection, and nothing holds it"),
        (false, false, Some(true) | None) => Word::new("yes", by_lot(order)),
    }
}

fn by_lot(order: &Order) -> String {
    let words = order.lots.values().map(|lot| {
        let holds: Vec<String> = lot.holds.iter().map(ToString::to_string).collect();
        let provisional: Vec<String> = lot.provisional.iter().map(ToString::to_string).collect();
        let so = if provisional.is_empty() {
            String::new()
        } else {
            format!(", {} released provisionally: quality has to countersign", provisional.join(", "))
        };
        let why = match (holds.is_empty(), lot.in_inspection) {
            (false, _) => format!(" ({})", holds.join(", ")),
            (true, true) => " (in inspection)".to_owned(),
            (true, false) => String::new(),
        };
        format!("{}: {} free, {} blocked{why}{so}", lot.lot, lot.free, lot.blocked)
    });
    words.collect::<Vec<_>>().join("; ")
}

/// Whether there is somebody to take it.
fn has_warehouse(order: &Order, book: &Book) -> bool {
    let resolved = order.resolved.as_ref().and_then(|resolved| resolved.warehouse);
    resolved.or_else(|| book.sites.get(&order.header_or_wish()?.plant)?.warehouse).is_some()
}

fn handed_over(order: &Order, has_warehouse: bool) -> Word {
    let (here, all) = arrived(order);
    let evidence = format!("{here} of {all} handling units{}", quantity(order));
    match (all, here) {
        (_, 0) if !has_warehouse => Word::new("not_required", "its plant has no warehouse that would take it"),
        (0, _) => Word::new("no", "no handling unit was filled"),
        (_, 0) => Word::new("no", evidence),
        (all, here) if here < all => Word::new("part", evidence),
        // There may be more to come.
        (_, _) if !order.completed => Word::new("part", format!("{evidence} so far")),
        (_, _) => Word::new("yes", evidence),
    }
}

fn quantity(order: &Order) -> String {
    let here = order.units.values().filter(|unit| unit.stage >= Stage::Received).map(|unit| unit.qty);
    let sum = here.reduce(|a, b| a.plus(b).unwrap_or(a));
    sum.map(|sum: Qty| format!(", {sum}")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use takt_protocol::id::{EntityId, Kind};
    use takt_protocol::name::Region;
    use takt_protocol::order::UnitStage;
    use takt_protocol::words::Sscc;

    use super::*;

    fn order(stages: &[Stage], completed: bool) -> Order {
        let mut order = Order { completed, ..Order::default() };
        for (number, stage) in (0..).zip(stages) {
            let unit = EntityId::from_parts(Kind::Unit, Region::parse("eu").unwrap(), 1, number);
            let stage = UnitStage { unit, qty: Qty::parse("100 H87").unwrap(), stage: *stage, taken: None };
            order.units.insert(Sscc::parse(&format!("pallet-{number}")).unwrap(), stage);
        }
        order
    }

    #[test]
    fn what_still_runs_is_handed_over_in_part_and_what_nobody_takes_is_not_waited_for() {
        let said = |warehouse: bool, stages: &[Stage], completed: bool| handed_over(&order(stages, completed), warehouse).answer;
        let (here, not) = (Stage::Received, Stage::Filled);
        assert_eq!(said(true, &[here, here], false), "part", "more may come");
        assert_eq!(said(true, &[here, here], true), "yes");
        assert_eq!(said(true, &[here, not], true), "part");
        assert_eq!((said(true, &[not], true), said(true, &[], false)), ("no".to_owned(), "no".to_owned()));
        assert_eq!(said(false, &[not], true), "not_required");
    }
}
