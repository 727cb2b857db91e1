//! When an order will be done: from the rate at which its last operation was reported, against the plan and against the trucks
//! that wait for it. Says from what it was computed; where nothing can be said it is unknown, never on time.

use std::time::Duration;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use takt_protocol::case::CaseKind;
use takt_protocol::commit::Commit;
use takt_protocol::fact::Fact;
use takt_protocol::instant::Instant;
use takt_protocol::kernel::State;
use takt_protocol::order::{self, Order};
use takt_protocol::posting::Use;
use takt_protocol::qty::Qty;
use takt_protocol::words::OpNo;
use utoipa::ToSchema;

use super::figures::last_op;
use crate::answers::history;

/// Reports that are older say nothing about how fast it runs now.
const WINDOW: Duration = Duration::from_hours(1);

/// When an order will be done.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Forecast {
    /// `on_time`, late, done or unknown.
    pub answer: String,
    /// What it was computed from, or why nothing can be said.
    pub evidence: String,
    /// When it will be done, or was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<String>,
    /// How much later than planned, in ms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub late_ms: Option<u64>,
    /// How much is made in an hour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_per_hour: Option<String>,
    /// How much is left to be made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remaining: Option<String>,
    /// The trucks that wait for it.
    pub trucks: Vec<OrderTruck>,
}

/// A shipment that wants to leave with goods of the order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OrderTruck {
    /// Our id of the shipment.
    pub id: String,
    /// Its number in its warehouse.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery: Option<String>,
    /// The warehouse.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warehouse: Option<String>,
    /// open, picking, packed or departed.
    pub stage: String,
    /// When it should leave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leaves_at: Option<String>,
    /// Whether something blocks it.
    pub blocked: bool,
}

/// What was counted in the window.
struct Pace {
    made: Qty,
    reports: usize,
    elapsed_ms: i64,
}

/// The forecast of an order at `now`, by what its log says until then.
pub(super) fn forecast(state: &State, order: &Order, commits: &[Commit], trucks: Vec<OrderTruck>, now: Instant) -> Forecast {
    let unknown = |evidence: String| Forecast { answer: "unknown".to_owned(), evidence, ..Forecast::default() };
    let said = match (&order.header, last_op(order)) {
        _ if order.completed => done(order, commits),
        _ if let Some(why) = stands(state, order) => unknown(why),
        (Some(header), Some(op)) => match pace(commits, op, now) {
            Ok(pace) => ahead(order, header, op, &pace, now),
            Err(why) => unknown(why),
        },
        (None, _) => unknown("its ERP has not made it yet".to_owned()),
        (Some(_), None) => unknown("nothing was reported, and its routing is not known yet".to_owned()),
    };
    Forecast { trucks, ..said }
}

/// Why it does not go on before something else happens: how fast it ran says nothing then.
fn stands(state: &State, order: &Order) -> Option<String> {
    let held = order.on_hold.as_ref().map(|reason| format!("it is on hold: {reason}"));
    let down = || state.common.cases.values().find(|case| case.kind == CaseKind::EquipmentDown);
    held.or_else(|| down().map(|case| case.what.clone()))
}

fn done(order: &Order, commits: &[Commit]) -> Forecast {
    let when = history::first(commits, |fact| matches!(fact, Fact::Order(fact) if **fact == order::Fact::Completed));
    let plan = order.header.as_ref().map(|header| header.end);
    let late_ms = when.as_ref().zip(plan).and_then(|(when, plan)| late(when.at, plan));
    Forecast {
        answer: "done".to_owned(),
        evidence: "the plant said that all is done".to_owned(),
        ends_at: when.map(|when| when.at.to_string()),
        late_ms,
        ..Forecast::default()
    }
}

fn ahead(order: &Order, header: &order::Header, op: &OpNo, pace: &Pace, now: Instant) -> Forecast {
    let processed = order.ops.get(op).and_then(|operation| operation.good.plus(operation.scrap).ok());
    let left = processed.and_then(|processed| header.total.minus(processed).ok());
    let ends = left.and_then(|left| {
        let ms = left.value().max(Decimal::ZERO).checked_mul(Decimal::from(pace.elapsed_ms))?.checked_div(pace.made.value())?;
        Some(now.plus_ms(u64::try_from(ms.round()).ok()?))
    });
    let (Some(left), Some(ends)) = (left, ends) else {
        let evidence = format!("{} of operation {op} cannot be compared with {}", pace.made, header.total);
        return Forecast { answer: "unknown".to_owned(), evidence, ..Forecast::default() };
    };
    let late_ms = late(ends, header.end);
    let rate = pace.made.value().checked_mul(Decimal::from(3_600_000)).and_then(|sum| sum.checked_div(Decimal::from(pace.elapsed_ms)));
    let minutes = pace.elapsed_ms / 60_000;
    Forecast {
        answer: if late_ms.is_some() { "late" } else { "on_time" }.to_owned(),
        evidence: format!(
            "{} in {} reports of operation {op} in the last {} min {} s",
            pace.made,
            pace.reports,
            minutes,
            pace.elapsed_ms / 1_000 % 60
        ),
        ends_at: Some(ends.to_string()),
        late_ms,
        rate_per_hour: rate.map(|rate| format!("{} {}", rate.round(), pace.made.uom())),
        remaining: Some(left.to_string()),
        trucks: Vec::new(),
    }
}

fn late(ends: Instant, plan: Instant) -> Option<u64> {
    (ends > plan).then(|| u64::try_from(ends.since(plan).as_millis()).unwrap_or(u64::MAX))
}

/// What the last operation made in the window, good and scrapped; or why there is no pace.
fn pace(commits: &[Commit], op: &OpNo, now: Instant) -> Result<Pace, String> {
    let since = now.minus(WINDOW);
    let (mut first, mut reports): (Option<Instant>, Vec<Qty>) = (None, Vec::new());
    let mut newest: Option<Instant> = None;
    for (commit, at, fact) in history::facts(commits) {
        let Fact::Order(fact) = fact else { continue };
        let order::Fact::Worked { op: at_op, purpose: Use::Yield | Use::Scrap, qty, .. } = fact.as_ref() else { continue };
        let Some(when) = commit.steps.get(at).map(|step| step.occurred_at).filter(|_| at_op == op) else { continue };
        newest = newest.max(Some(when));
        if when >= since && when <= now {
            first = Some(first.map_or(when, |first| first.min(when)));
            reports.push(*qty);
        }
    }
    let made = reports.iter().copied().reduce(|a, b| a.plus(b).unwrap_or(a)).filter(Qty::is_positive);
    match (first, made, newest) {
        (Some(first), Some(made), _) => {
            let elapsed_ms = now.utc_ms().saturating_sub(first.utc_ms()).max(1);
            if reports.len() < 2 || elapsed_ms < 1_000 {
                return Err(format!("one moment of reports of operation {op} says nothing about its pace yet"));
            }
            Ok(Pace { made, reports: reports.len(), elapsed_ms })
        }
        (_, _, Some(_)) => Err(format!("operation {op} has reported nothing for more than an hour")),
        (_, _, None) => Err(format!("operation {op} has reported nothing yet")),
    }
}

#[cfg(test)]
mod tests;
