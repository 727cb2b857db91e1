//! Ripe groups become postings: lines of the same movement, date and rule go into one document. A line is the rounded
//! cumulative sum of its series less what was put into postings before, so no residual is ever lost.

use std::collections::BTreeMap;

use super::{Group, Ledger, Line, Method, Movement, Posting, PostingFact, Series, Trigger};
use crate::calendar::{PeriodBook, Placement, PostingDate};
use crate::instant::Instant;
use crate::posting::rule::{DatePolicy, LatePolicy};
use crate::qty::Qty;
use crate::words::{OpNo, Sscc};

/// Why groups are flushed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Due<'a> {
    /// These are ripe by count.
    Groups(&'a [u32]),
    /// It is that late.
    Time(Instant),
    /// That operation is complete.
    Operation(&'a OpNo),
    /// That handling unit is closed.
    Unit(&'a Sscc),
    /// The order is complete, or a person says so: everything.
    Everything,
}

/// What goes into one document: the same movement, date and rule and, for confirmations, the same operation.
type DocumentKey = (Movement, PostingDate, (String, u32), Option<OpNo>);

/// What a flush looks at besides the ledger.
#[derive(Clone, Copy, Debug)]
struct Desk<'a> {
    today: PostingDate,
    periods: &'a PeriodBook,
    last: bool,
}

/// The facts that flush what is due. `today` is the plant's calendar date.
pub fn flush(ledger: &Ledger, due: &Due<'_>, today: PostingDate, periods: &PeriodBook) -> Vec<PostingFact> {
    let desk = Desk { today, periods, last: matches!(due, Due::Operation(_) | Due::Everything) };
    let mut documents: BTreeMap<DocumentKey, Vec<u32>> = BTreeMap::new();
    for (number, group) in ledger.groups.iter().filter(|(number, group)| is_due(**number, group, due)) {
        let op = group.key.series.op.clone().filter(|_| group.rule.movement == Movement::Confirmation);
        documents.entry((group.rule.movement, date_of(group, desk), group.key.rule.clone(), op)).or_default().push(*number);
    }
    let mut running = Running { rounded: BTreeMap::new(), next: ledger.last_posting + 1 };
    documents.into_iter().map(|((_, date, ..), groups)| running.document(ledger, groups, date, desk)).collect()
}

/// When the earliest open group must be flushed.
pub fn next_wake(ledger: &Ledger) -> Option<Instant> {
    ledger.groups.values().filter_map(|group| group.due).min()
}

fn is_due(number: u32, group: &Group, due: &Due<'_>) -> bool {
    let triggered = |wanted: Trigger| group.rule.trigger.contains(&wanted);
    match due {
        Due::Groups(ripe) => ripe.contains(&number),
        Due::Time(now) => group.due.is_some_and(|at| at <= *now),
        Due::Operation(op) => group.key.series.op.as_ref() == Some(*op) && !triggered(Trigger::Hold),
        Due::Unit(unit) => triggered(Trigger::UnitClosed) && group.key.unit.as_ref().is_none_or(|on| on == *unit),
        Due::Everything => true,
    }
}

fn date_of(group: &Group, desk: Desk<'_>) -> PostingDate {
    match group.rule.date {
        DatePolicy::Occurred => group.key.date,
        DatePolicy::Flushed => desk.today,
    }
}

/// Sums of this flush, for series that stand in several of its groups.
struct Running {
    rounded: BTreeMap<Series, (Qty, Qty)>,
    next: u32,
}

impl Running {
    fn document(&mut self, ledger: &Ledger, groups: Vec<u32>, date: PostingDate, desk: Desk<'_>) -> PostingFact {
        let members: Vec<&Group> = groups.iter().filter_map(|number| ledger.groups.get(number)).collect();
        let lines: Vec<Line> = members.iter().filter_map(|group| self.line(ledger, group)).collect();
        let Some(first) = members.first().filter(|_| !lines.is_empty()) else {
            return PostingFact::Flushed { groups, posting: None, parked: None };
        };
        let (date, original_date, parked) = place(date, first.rule.late, desk.periods);
        let mut reverses: Vec<_> =
            lines.iter().filter(|line| line.qty.is_negative()).flat_map(|line| ledger.documents_of(&line.series)).collect();
        reverses.dedup();
        let number = self.next;
        self.next += 1;
        let posting = Posting {
            number,
            movement: first.rule.movement,
            code: first.rule.code.clone(),
            date,
            original_date,
            lines,
            rule: first.key.rule.clone(),
            last: desk.last,
            reverses,
        };
        PostingFact::Flushed { groups, posting: Some(Box::new(posting)), parked }
    }

    /// The line of a group; `None` when nothing is to be posted of it.
    fn line(&mut self, ledger: &Ledger, group: &Group) -> Option<Line> {
        if group.rule.method != Method::Explicit {
            return None;
        }
        let series = &group.key.series;
        let zero = Qty::zero(group.sum.uom());
        let before = self.rounded.get(series).copied().or_else(|| ledger.series.get(series).map(|sums| (sums.flushed, sums.rounded)));
        let (flushed, rounded) = before.unwrap_or((zero, zero));
        let flushed = flushed.plus(group.sum).ok()?;
        let target = flushed.rounded(group.rule.scale, group.rule.rounding);
        let qty = target.minus(rounded).ok()?;
        self.rounded.insert(series.clone(), (flushed, target));
        if qty.is_zero() {
            return None;
        }
        let line = Line {
            series: series.clone(),
            unit: group.key.unit.clone(),
            qty,
            serials: group.serials.clone(),
            actuals: group.actuals.clone(),
        };
        Some(line)
    }
}

type Placed = (PostingDate, Option<PostingDate>, Option<(String, Option<PostingDate>)>);

fn place(date: PostingDate, late: LatePolicy, periods: &PeriodBook) -> Placed {
    match (periods.place(date), late) {
        (Placement::Open, _) => (date, None, None),
        (Placement::Frozen, _) => (date, None, Some((format!("the period of {date} is frozen"), None))),
        (Placement::Closed { next_open }, LatePolicy::NextOpenDate) => (next_open, Some(date), None),
        (Placement::Closed { next_open }, LatePolicy::Park) => {
            (date, None, Some((format!("the period of {date} is closed"), Some(next_open))))
        }
    }
}
