//! What a posting fact means for the ledger. Total: a fact about something unknown changes nothing.

use super::{Entry, Group, GroupKey, Ledger, Method, PostingFact, Series, Standing, Sums};
use crate::posting::{Actual, Axis, Posting, Rule, Use};
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
                    self.close(*number, posting.as_deref());
                }
                if let Some(posting) = posting {
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
            PostingFact::Split { posting, lines, into, why } => self.split(*posting, lines, *into, why),
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
        let Some(group) = self.groups.get_mut(&group) else { return };
        let Ok(sum) = group.sum.plus(actual.qty) else { return };
        group.sum = sum;
        group.count += 1;
        group.serials.extend(actual.serials.iter().cloned());
        match group.actuals.last_mut() {
            Some((_, to)) if *to + 1 == number => *to = number,
            Some(_) | None => group.actuals.push((number, number)),
        }
        let sums = sums_of(&mut self.series, &group.key.series, actual.qty);
        sums.reported = sums.reported.plus(actual.qty).unwrap_or(sums.reported);
    }

    fn close(&mut self, number: u32, posting: Option<&Posting>) {
        let Some(group) = self.groups.remove(&number) else { return };
        self.keys.remove(&group.key);
        let sums = sums_of(&mut self.series, &group.key.series, group.sum);
        if group.rule.method != Method::Explicit {
            sums.skipped = sums.skipped.plus(group.sum).unwrap_or(sums.skipped);
            return;
        }
        sums.flushed = sums.flushed.plus(group.sum).unwrap_or(sums.flushed);
        let lines = posting.map_or(&[][..], |posting| posting.lines.as_slice());
        let mine = |line: &&super::Line| line.series == group.key.series && line.actuals == group.actuals;
        if let Some(line) = lines.iter().find(mine) {
            sums.rounded = sums.rounded.plus(line.qty).unwrap_or(sums.rounded);
        }
    }

    fn enter(&mut self, posting: Posting, standing: Standing) {
        self.last_posting = self.last_posting.max(posting.number);
        self.postings.insert(posting.number, Entry { posting, standing });
    }

    fn split(&mut self, number: u32, lines: &[u16], into: u32, why: &str) {
        let Some(entry) = self.postings.get_mut(&number) else { return };
        let mut apart = entry.posting.clone();
        let failed = |at: usize| lines.iter().any(|line| usize::from(*line) == at);
        apart.number = into;
        apart.lines = entry.posting.lines.iter().enumerate().filter(|(at, _)| failed(*at)).map(|(_, line)| line.clone()).collect();
        let kept = entry.posting.lines.iter().enumerate().filter(|(at, _)| !failed(*at)).map(|(_, line)| line.clone()).collect();
        entry.posting.lines = kept;
        self.enter(apart, Standing::Parked { why: why.to_owned(), proposed: None });
    }
}

fn sums_of<'a>(all: &'a mut std::collections::BTreeMap<Series, Sums>, series: &Series, like: Qty) -> &'a mut Sums {
    let zero = Qty::zero(like.uom());
    all.entry(series.clone()).or_insert(Sums { reported: zero, flushed: zero, rounded: zero, skipped: zero })
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
    };
    GroupKey {
        series,
        date: actual.date,
        day: by(Axis::PlantDay).then(|| actual.day.clone()),
        unit: actual.unit.clone().filter(|_| by(Axis::Unit)),
        rule: (rule.id.clone(), rule.version),
    }
}
