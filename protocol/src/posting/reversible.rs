//! How much of a series stands in the ERP or is on its way there, document by document, and what may still be taken back
//! of it. Apart, because "reversals never exceed their originals" is computed here and nowhere else. Never decides what
//! becomes of a posting that would.

use std::collections::BTreeMap;

use super::{Entry, Ledger, Line, Series, Standing};
use crate::qty::Qty;
use crate::words::DocNo;

/// What stands of a series, oldest document first. A document is absent while its posting is on its way.
#[derive(Clone)]
pub(super) struct Reversible {
    total: Qty,
    parts: Vec<(Option<DocNo>, Qty)>,
}

impl Reversible {
    /// What stands of a series now.
    pub(super) fn of(ledger: &Ledger, series: &Series) -> Self {
        let mut stands = Self { total: Qty::zero(series.uom), parts: Vec::new() };
        for entry in ledger.postings.values().filter(|entry| entry.standing.counts()) {
            for line in entry.posting.lines.iter().filter(|line| line.series == *series) {
                stands.book(entry, line);
            }
        }
        stands
    }

    fn book(&mut self, entry: &Entry, line: &Line) {
        if line.qty.is_positive() {
            self.add(entry.standing.document().cloned(), line.qty);
        } else {
            self.total = self.total.plus(line.qty).unwrap_or(self.total);
            self.draw(line.qty, &entry.posting.reverses);
        }
    }

    /// So much more stands.
    pub(super) fn add(&mut self, document: Option<DocNo>, qty: Qty) {
        self.total = self.total.plus(qty).unwrap_or(self.total);
        self.parts.push((document, qty));
    }

    /// How much stands under a document; `None` when none of the series was posted under it.
    pub(super) fn under(&self, document: &DocNo) -> Option<Qty> {
        let parts = self.parts.iter().filter(|(known, _)| known.as_ref() == Some(document)).map(|(_, left)| *left);
        parts.reduce(|sum, left| sum.plus(left).unwrap_or(sum))
    }

    /// Takes back `qty`, which is negative, from the preferred documents first, then newest first; the documents it takes back from as far as they have a number.
    /// `None` when so much does not stand.
    pub(super) fn take_back(&mut self, qty: Qty, preferred: &[DocNo]) -> Option<Vec<DocNo>> {
        self.total = self.total.plus(qty).ok().filter(|left| !left.is_negative())?;
        Some(self.draw(qty, preferred))
    }

    /// Draws from the preferred documents first, then from the newest.
    fn draw(&mut self, qty: Qty, preferred: &[DocNo]) -> Vec<DocNo> {
        let liked = |document: &Option<DocNo>| document.as_ref().is_some_and(|document| preferred.contains(document));
        let mut order: Vec<usize> = (0..self.parts.len()).rev().collect();
        order.sort_by_key(|at| self.parts.get(*at).is_some_and(|(document, _)| !liked(document)));
        let mut owed = qty;
        let mut drawn = Vec::new();
        for at in order {
            let Some((document, left)) = self.parts.get_mut(at).filter(|(_, left)| left.is_positive() && owed.is_negative()) else {
                continue;
            };
            let Ok(after) = left.plus(owed) else { continue };
            let zero = Qty::zero(after.uom());
            (*left, owed) = if after.is_negative() { (zero, after) } else { (after, zero) };
            drawn.extend(document.clone());
        }
        drawn
    }
}

/// The postings that nobody has claimed yet and that would take back what will not stand when their turn comes, because
/// the original was refused or parked: they must not go out before it does.
pub fn stranded(ledger: &Ledger) -> Vec<u32> {
    let mut stands: BTreeMap<&Series, Qty> = BTreeMap::new();
    let mut entries: Vec<&Entry> = ledger.postings.values().filter(|entry| entry.standing.counts()).collect();
    entries.sort_by_key(|entry| (entry.standing.document().is_none(), entry.turn));
    let mut found = Vec::new();
    for entry in entries {
        let mut after = stands.clone();
        for line in &entry.posting.lines {
            let sum = after.entry(&line.series).or_insert_with(|| Qty::zero(line.qty.uom()));
            *sum = sum.plus(line.qty).unwrap_or(*sum);
        }
        let overdraws =
            entry.posting.lines.iter().any(|line| line.qty.is_negative() && after.get(&line.series).is_some_and(Qty::is_negative));
        if overdraws && entry.standing == Standing::Prepared {
            found.push(entry.posting.number);
        } else {
            stands = after;
        }
    }
    found
}
