//! What a posting fact means for the ledger. Total: a fact about something unknown changes nothing.

use super::{Actual, Axis, Entry, Group, GroupKey, Ledger, Method, Posting, PostingFact, Rule, Series, Standing, Sums, Use};
use crate::planted::{self, Bug};
use crate::qty::Qty;

impl Ledger {
    /// What a fact changes.
    pub fn evolve(&mut self, fact: &PostingFact) {
        match fact {
            PostingFact::Recorded { number, actual, group, opens, due } => {
                self.last_actual = self.last_actual.max(*number);
                if let Some(rule) = opens {
                    self.open(*group, actual, rule, *due);
                }
                self.add(*number, actual, *group);
            }
            PostingFact::Flushed { groups, posting, parked } => {
                for number in groups {
                    self.close(*number);
                }
                if let Some(posting) = posting {
                    self.put_into_lines(posting);
                    let standing = match parked {
                        Some((why, proposed)) => Standing::Parked { why: why.clone(), proposed: *proposed },
                        None => Standing::Prepared,
                    };
                    self.enter(posting.as_ref().clone(), standing);
                }
            }
            PostingFact::Stands { posting, standing } => {
                if let Some(entry) = self.postings.get_mut(posting) {
                    entry.standing = standing.clone();
                }
            }
            PostingFact::Reissued { posting } => self.enter(posting.as_ref().clone(), Standing::Prepared),
            PostingFact::TakenBack { back, again, why } => {
                self.enter(back.as_ref().clone(), Standing::Prepared);
                self.enter(again.as_ref().clone(), Standing::Parked { why: why.clone(), proposed: None });
            }
            PostingFact::Split { posting, lines, into, why, after } => self.split(*posting, lines, (*into, *after), why),
        }
    }

    fn open(&mut self, number: u32, actual: &Actual, rule: &Rule, due: Option<crate::instant::Instant>) {
        let key = group_key(actual, rule);
        self.last_group = self.last_group.max(number);
        self.keys.insert(key.clone(), number);
        let zero = Qty::zero(actual.qty.uom());
        let group = Group { key, rule: Box::new(rule.clone()), sum: zero, count: 0, serials: Vec::new(), actuals: Vec::new(), due };
        self.groups.insert(number, group);
    }

    fn add(&mut self, number: u32, actual: &Actual, group: u32) {
        if planted::is(Bug::CorrectionDropped) && actual.qty.is_negative() {
            return;
        }
        let Some(group) = self.groups.get_mut(&group) else { return };
        let Ok(sum) = group.sum.plus(actual.qty) else { return };
        group.sum = sum;
        group.count += 1;
        for serial in &actual.serials {
            match group.serials.iter().position(|listed| listed == serial).filter(|_| actual.qty.is_negative()) {
                Some(listed) => drop(group.serials.remove(listed)),
                None => group.serials.push(serial.clone()),
            }
        }
        match group.actuals.last_mut() {
            Some((_, to)) if *to + 1 == number => *to = number,
            Some(_) | None => group.actuals.push((number, number)),
        }
        let sums = self.series.entry(group.key.series.clone()).or_insert_with(|| Sums::zero(actual.qty.uom()));
        sums.reported = sums.reported.plus(actual.qty).unwrap_or(sums.reported);
    }

    fn close(&mut self, number: u32) {
        let Some(group) = self.groups.remove(&number) else { return };
        self.keys.remove(&group.key);
        let sums = self.series.entry(group.key.series.clone()).or_insert_with(|| Sums::zero(group.sum.uom()));
        match group.rule.method {
            Method::Explicit => sums.flush(group.sum, &group.actuals),
            Method::Backflush => sums.skip(group.sum, true),
            Method::Skip => sums.skip(group.sum, false),
        }
    }

    fn put_into_lines(&mut self, posting: &Posting) {
        for line in &posting.lines {
            if let Some(sums) = self.series.get_mut(&line.series) {
                sums.post(line.qty, &line.actuals);
            }
        }
    }

    fn enter(&mut self, posting: Posting, standing: Standing) {
        self.last_posting = self.last_posting.max(posting.number);
        self.last_turn += 1;
        self.postings.insert(posting.number, Entry { posting, standing, turn: self.last_turn });
    }

    fn split(&mut self, number: u32, lines: &[u16], (into, after): (u32, Option<u32>), why: &str) {
        let Some(entry) = self.postings.get_mut(&number) else { return };
        let mut apart = entry.posting.clone();
        let failed = |at: usize| lines.iter().any(|line| usize::from(*line) == at);
        apart.number = into;
        apart.after = after.or(apart.after);
        apart.lines = entry.posting.lines.iter().enumerate().filter(|(at, _)| failed(*at)).map(|(_, line)| line.clone()).collect();
        let kept = entry.posting.lines.iter().enumerate().filter(|(at, _)| !failed(*at)).map(|(_, line)| line.clone()).collect();
        entry.posting.lines = kept;
        self.enter(apart, Standing::Parked { why: why.to_owned(), proposed: None });
    }
}

/// The group a quantity belongs to under a rule.
pub(super) fn group_key(actual: &Actual, rule: &Rule) -> GroupKey {
    let by = |axis| rule.group_by.contains(&axis);
    let work = match actual.purpose {
        Use::Yield | Use::Scrap | Use::Rework | Use::Labour | Use::Machine => true,
        Use::Consumed | Use::Produced => false,
    };
    let series = Series {
        purpose: actual.purpose,
        op: actual.op.clone().filter(|_| work || by(Axis::Op)),
        item: actual.item.clone(),
        output: actual.output,
        material: actual.material.clone(),
        lot: actual.lot.clone(),
        status: actual.status,
        uom: actual.qty.uom(),
    };
    GroupKey {
        series,
        date: actual.date,
        day: by(Axis::PlantDay).then(|| actual.day.clone()),
        unit: actual.unit.clone().filter(|_| by(Axis::Unit)),
        rule: (rule.id.clone(), rule.version),
    }
}
