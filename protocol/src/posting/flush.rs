//! Ripe groups become postings: lines of the same movement, direction, date and rule go into one document. A line is the
//! rounded cumulative sum of its series less what was put into postings before, so no residual is ever lost.

use std::collections::BTreeMap;

use super::place::{Stock, dated};
use super::{DatePolicy, Group, LatePolicy, Ledger, Line, Method, Movement, Posting, PostingFact, Series, Sums, Trigger, last};
use crate::calendar::{PeriodBook, PostingDate};
use crate::instant::Instant;
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

/// In which order the documents of a day go out: stock comes in before it goes out, so that a receipt is only taken back
/// after the issues of the same lot; work is confirmed last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    In,
    Out,
    Work,
}

/// What goes into one document; for confirmations also the same operation. Documents go out in this order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Sheet {
    date: PostingDate,
    stage: Stage,
    takes_back: bool,
    movement: Movement,
    rule: (String, u32),
    op: Option<OpNo>,
}

/// A document that is being written.
pub(super) struct Draft {
    pub(super) groups: Vec<u32>,
    pub(super) posting: Posting,
    pub(super) late: LatePolicy,
}

/// The facts that flush what is due. `today` is the plant's calendar date.
pub fn flush(ledger: &Ledger, due: &Due<'_>, today: PostingDate, periods: &PeriodBook) -> Vec<PostingFact> {
    let (unposted, mut drafts) = drafts(ledger, due, today);
    last::mark(ledger, due, today, &mut drafts);
    let mut stock = Stock::of(ledger);
    let silent = (!unposted.is_empty()).then_some(PostingFact::Flushed { groups: unposted, posting: None, parked: None });
    let numbered = (ledger.last_posting + 1..).zip(drafts);
    silent.into_iter().chain(numbered.map(|(number, draft)| draft.into_fact(number, &mut stock, periods))).collect()
}

/// When the earliest open group must be flushed.
pub fn next_wake(ledger: &Ledger) -> Option<Instant> {
    ledger.groups.values().filter_map(|group| group.due).min()
}

/// The groups that leave nothing to post, and the documents of the others in the order they go out.
fn drafts(ledger: &Ledger, due: &Due<'_>, today: PostingDate) -> (Vec<u32>, Vec<Draft>) {
    let mut ripe: Vec<(u32, &Group)> =
        ledger.groups.iter().map(|(number, group)| (*number, group)).filter(|(number, group)| is_due(*number, group, due)).collect();
    // By key, not by arrival: the same reports in another order are rounded alike.
    ripe.sort_by(|(_, a), (_, b)| a.key.cmp(&b.key));
    let mut sums = BTreeMap::new();
    let mut unposted = Vec::new();
    let mut sheets: BTreeMap<Sheet, Draft> = BTreeMap::new();
    for (number, group) in ripe {
        match line(ledger, &mut sums, group) {
            Some(line) => {
                let sheet = Sheet::of(group, &line, today);
                sheets.entry(sheet).or_insert_with_key(|sheet| Draft::new(sheet, group)).add(number, group, line);
            }
            None => unposted.push(number),
        }
    }
    (unposted, sheets.into_values().collect())
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

/// The line of a group; `None` when nothing is to be posted of it. `sums` are those of this flush, for series that stand
/// in several of its groups.
fn line(ledger: &Ledger, sums: &mut BTreeMap<Series, Sums>, group: &Group) -> Option<Line> {
    if group.rule.method != Method::Explicit {
        return None;
    }
    let series = &group.key.series;
    let known = || ledger.series.get(series).cloned().unwrap_or_else(|| Sums::zero(series.uom));
    let sums = sums.entry(series.clone()).or_insert_with(known);
    sums.flush(group.sum, &group.actuals);
    let qty = sums.postable(group.rule.scale, group.rule.rounding)?;
    let actuals = sums.behind();
    sums.post(qty, &actuals);
    Some(Line { series: series.clone(), unit: group.key.unit.clone(), qty, serials: group.serials.clone(), actuals })
}

impl Sheet {
    fn of(group: &Group, line: &Line, today: PostingDate) -> Self {
        let (movement, takes_back) = (group.rule.movement, line.qty.is_negative());
        let stage = match (movement, takes_back) {
            (Movement::GoodsReceipt, false) | (Movement::GoodsIssue, true) => Stage::In,
            (Movement::GoodsIssue, false) | (Movement::GoodsReceipt, true) => Stage::Out,
            (Movement::Confirmation, _) => Stage::Work,
        };
        let date = match group.rule.date {
            DatePolicy::Occurred => group.key.date,
            DatePolicy::Flushed => today,
        };
        let op = group.key.series.op.clone().filter(|_| movement == Movement::Confirmation);
        Self { date, stage, takes_back, movement, rule: group.key.rule.clone(), op }
    }
}

impl Draft {
    fn new(sheet: &Sheet, group: &Group) -> Self {
        let posting = Posting {
            number: 0,
            movement: sheet.movement,
            code: group.rule.code.clone(),
            date: sheet.date,
            original_date: None,
            lines: Vec::new(),
            rule: sheet.rule.clone(),
            last: false,
            reverses: Vec::new(),
            after: None,
        };
        Self { groups: Vec::new(), posting, late: group.rule.late }
    }

    fn add(&mut self, number: u32, group: &Group, line: Line) {
        self.groups.push(number);
        self.posting.lines.push(line);
        if group.key.date != self.posting.date {
            let earliest = self.posting.original_date.map_or(group.key.date, |date| date.min(group.key.date));
            self.posting.original_date = Some(earliest);
        }
    }

    fn into_fact(self, number: u32, stock: &mut Stock<'_>, periods: &PeriodBook) -> PostingFact {
        let mut posting = Posting { number, ..self.posting };
        let placed = dated(posting.date, self.late, periods).and_then(|date| {
            posting.reverses = stock.reverses(&posting.lines, &[])?;
            Ok(date)
        });
        let parked = match placed {
            Ok(date) => {
                stock.sent(&posting.lines);
                if date != posting.date {
                    posting.original_date.get_or_insert(posting.date);
                    posting.date = date;
                }
                None
            }
            Err(stuck) => Some(stuck.parked()),
        };
        PostingFact::Flushed { groups: self.groups, posting: Some(Box::new(posting)), parked }
    }
}
