//! The account: every reported unit is in exactly one place. The one predicate of promise T4, used by tests, checkers and
//! the ledger's screen alike.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Ledger, Method, OverPolicy, Series, Standing};
use crate::qty::Qty;
use crate::words::{MaterialId, OpNo};

/// Where the reported quantity of a series is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Account {
    /// Which series.
    pub series: Series,
    /// All that was reported.
    pub reported: Qty,
    /// In open groups, and in postings nobody has claimed yet.
    pub pending: Qty,
    /// In postings that may be under way.
    pub in_flight: Qty,
    /// In postings whose reply was lost.
    pub in_doubt: Qty,
    /// In the ERP, by us.
    pub posted: Qty,
    /// In the ERP, by hand.
    pub adopted: Qty,
    /// Waiting for a person.
    pub parked: Qty,
    /// Given up.
    pub written_off: Qty,
    /// Posted by nobody, by rule.
    pub skipped: Qty,
    /// Less than the ERP's smallest step: carried to the next posting.
    pub residual: Qty,
}

impl Account {
    /// Of a series of which nothing was reported.
    pub(crate) fn empty(series: Series) -> Self {
        let zero = Qty::zero(series.uom);
        Self {
            series,
            reported: zero,
            pending: zero,
            in_flight: zero,
            in_doubt: zero,
            posted: zero,
            adopted: zero,
            parked: zero,
            written_off: zero,
            skipped: zero,
            residual: zero,
        }
    }

    /// Promise T4: the places add up to what was reported.
    pub fn balances(&self) -> bool {
        let places = [
            self.pending,
            self.in_flight,
            self.in_doubt,
            self.posted,
            self.adopted,
            self.parked,
            self.written_off,
            self.skipped,
            self.residual,
        ];
        let sum = places.iter().try_fold(Qty::zero(self.reported.uom()), |sum, place| sum.plus(*place));
        sum.is_ok_and(|sum| sum == self.reported)
    }
}

/// The accounts of a ledger, one a series.
pub fn accounts(ledger: &Ledger) -> Vec<Account> {
    ledger.series.keys().filter_map(|series| account(ledger, series)).collect()
}

fn account(ledger: &Ledger, series: &Series) -> Option<Account> {
    let sums = ledger.series.get(series)?;
    let mut account = Account {
        reported: sums.reported,
        skipped: sums.skipped,
        residual: sums.flushed.minus(sums.rounded).ok()?,
        ..Account::empty(series.clone())
    };
    for group in ledger.groups.values().filter(|group| group.key.series == *series) {
        account.pending = account.pending.plus(group.sum).ok()?;
    }
    for entry in ledger.postings.values() {
        let place = match entry.standing {
            Standing::Prepared => &mut account.pending,
            Standing::InFlight => &mut account.in_flight,
            Standing::InDoubt => &mut account.in_doubt,
            Standing::Posted { .. } => &mut account.posted,
            Standing::Adopted { .. } => &mut account.adopted,
            Standing::Parked { .. } => &mut account.parked,
            Standing::WrittenOff => &mut account.written_off,
        };
        for line in entry.posting.lines.iter().filter(|line| line.series == *series) {
            *place = place.plus(line.qty).ok()?;
        }
    }
    Some(account)
}

impl Ledger {
    /// What of each series the ERP takes by itself: so much is flushed and must be there, so much is open and may be.
    pub fn backflushed(&self) -> Vec<(&Series, Qty, Qty)> {
        let open = |series: &Series| {
            let groups = self.groups.values().filter(|group| group.key.series == *series && group.rule.method == Method::Backflush);
            groups.map(|group| group.sum).reduce(|sum, more| sum.plus(more).unwrap_or(sum))
        };
        let all = self.series.iter().map(|(series, sums)| (series, sums.backflushed, open(series)));
        let zero = |series: &Series| Qty::zero(series.uom);
        all.filter(|(_, flushed, open)| flushed.is_some() || open.is_some())
            .map(|(series, flushed, open)| (series, flushed.unwrap_or(zero(series)), open.unwrap_or(zero(series))))
            .collect()
    }

    /// Whether a group is one that its rule parks when more was made than is allowed.
    pub fn waits_when_above(&self, group: u32) -> bool {
        self.groups.get(&group).is_some_and(|group| group.rule.over == OverPolicy::Park)
    }
}

/// What was made of a material above a limit, in words; `None` while it was not.
pub fn above(ledger: &Ledger, material: &MaterialId, limit: Option<Qty>) -> Option<String> {
    let limit = limit?;
    // Every operation counts the same pieces, and so do the receipts: each of them may exceed it by itself.
    let mut made: BTreeMap<Option<&OpNo>, Qty> = BTreeMap::new();
    for (series, sums) in ledger.series.iter().filter(|(series, _)| series.material == *material && series.purpose.is_output()) {
        let sum = made.entry(series.op.as_ref()).or_insert(Qty::zero(sums.reported.uom()));
        *sum = sum.plus(sums.reported).unwrap_or(*sum);
    }
    let most = made.into_values().find(|sum| sum.compare(&limit).is_some_and(std::cmp::Ordering::is_gt))?;
    Some(format!("{most} were made, and no more than {limit} may be"))
}
