//! What a series adds up to, and the rounding that loses nothing: a line is the rounded cumulative sum less what was put
//! into lines before. Apart, because deciding about a line and remembering it must be the same arithmetic.

use serde::{Deserialize, Serialize};

use crate::planted::{self, Bug};
use crate::qty::{Qty, Rounding};
use crate::uom::Uom;

/// What a series adds up to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Sums {
    /// All that was reported.
    pub(super) reported: Qty,
    /// What of it is in flushed groups.
    pub(super) flushed: Qty,
    /// What was put into postings, rounded.
    pub(super) rounded: Qty,
    /// What no posting is made of, by rule.
    pub(super) skipped: Qty,
    /// What of that the ERP takes by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) backflushed: Option<Qty>,
    /// The actuals that are flushed and stand behind no line yet, as ranges from and to: the next line is theirs too.
    pub(super) carried: Vec<(u32, u32)>,
}

impl Sums {
    pub(super) fn zero(uom: Uom) -> Self {
        let zero = Qty::zero(uom);
        Self { reported: zero, flushed: zero, rounded: zero, skipped: zero, backflushed: None, carried: Vec::new() }
    }

    /// A group of so much, made of these actuals, is flushed.
    pub(super) fn flush(&mut self, sum: Qty, actuals: &[(u32, u32)]) {
        if planted::is(Bug::ResidualDropped) {
            self.rounded = self.flushed;
        }
        self.flushed = self.flushed.plus(sum).unwrap_or(self.flushed);
        self.carried.extend_from_slice(actuals);
    }

    /// A group of so much is flushed, and no posting is made of it, by rule.
    pub(super) fn skip(&mut self, sum: Qty, by_the_erp: bool) {
        self.skipped = self.skipped.plus(sum).unwrap_or(self.skipped);
        if by_the_erp {
            self.backflushed = Some(self.backflushed.map_or(sum, |before| before.plus(sum).unwrap_or(before)));
        }
    }

    /// What may be posted now, never finer than `scale`. Where an earlier rule kept more decimals the total cannot be a
    /// rounded one any more: then whole steps are posted as they fill.
    pub(super) fn postable(&self, scale: u32, rounding: Rounding) -> Option<Qty> {
        let qty = if self.rounded.rounded(scale, Rounding::Down) == self.rounded {
            self.flushed.rounded(scale, rounding).minus(self.rounded).ok()?
        } else {
            self.flushed.minus(self.rounded).ok()?.rounded(scale, Rounding::Down)
        };
        if planted::is(Bug::RoundingOffByOne) && qty.is_positive() && !self.rounded.is_zero() {
            return qty.plus(Qty::parse(&format!("1 {}", qty.uom().code())).ok()?).ok();
        }
        (!qty.is_zero()).then_some(qty)
    }

    /// A line of so much, with these actuals behind it, was made.
    pub(super) fn post(&mut self, qty: Qty, actuals: &[(u32, u32)]) {
        self.rounded = self.rounded.plus(qty).unwrap_or(self.rounded);
        let behind = |number: u32| actuals.iter().any(|(from, to)| (*from..=*to).contains(&number));
        self.carried.retain(|(from, _)| !behind(*from));
    }

    /// The actuals the next line stands for, in order, neighbours joined.
    pub(super) fn behind(&self) -> Vec<(u32, u32)> {
        let mut sorted = self.carried.clone();
        sorted.sort_unstable();
        let mut joined: Vec<(u32, u32)> = Vec::new();
        for (from, to) in sorted {
            match joined.last_mut() {
                Some((_, end)) if *end + 1 == from => *end = to,
                Some(_) | None => joined.push((from, to)),
            }
        }
        joined
    }
}
