//! What all decisions about a hold say together. A word about a handling unit by its name is meant more closely than one about all,
//! whichever came first; of two about the same, the later one counts. So many refused pieces, of which nobody said where they stand,
//! keep the hold until somebody names their handling units, or accepts everything by its quantity.

use super::{Decision, Hold, Lot};
use crate::qty::Qty;
use crate::words::{HoldNo, Sscc};

impl Lot {
    /// How much of a hold is not to leave, and nobody said on which handling units: less than all that it holds.
    pub(super) fn unplaced(&self, number: &HoldNo, now: &[Decision]) -> Option<Qty> {
        let hold = self.holds.get(number)?;
        let (mut open, mut placed): (Vec<&Decision>, Vec<Qty>) = (Vec::new(), Vec::new());
        for said in &hold.decisions {
            if self.refuses_some(number, said, now) {
                // Said again it is not more.
                open.extend((!open.contains(&said)).then_some(said));
            } else if said.unit.is_none() && self.is_of_all(number, said, now) && (said.qty.is_some() || !said.verdict.frees()) {
                (open, placed) = (Vec::new(), Vec::new());
            } else if !open.is_empty() {
                placed.extend(self.placed(said));
            }
        }
        if now.iter().any(|said| said.verdict.frees() && self.is_everything(hold, said)) || self.names_all(hold, now) {
            return None;
        }
        placed.extend(now.iter().filter_map(|said| self.placed(said)));
        let before = open.iter().filter_map(|said| said.qty).reduce(|sum, qty| sum.plus(qty).unwrap_or(sum));
        let before = before.map(|sum| placed.into_iter().fold(sum, |left, qty| left.minus(qty).unwrap_or(left)));
        let more = now.iter().filter(|said| self.refuses_some(number, said, now) && !open.contains(said)).filter_map(|said| said.qty);
        let left = before.filter(Qty::is_positive).into_iter().chain(more);
        left.reduce(|sum, qty| sum.plus(qty).unwrap_or(sum))
    }

    /// Whether it is about all that a hold is on; a refusal also by a quantity that is all of it, as far as known.
    pub(super) fn is_of_all(&self, number: &HoldNo, said: &Decision, now: &[Decision]) -> bool {
        let Some(hold) = self.holds.get(number).filter(|_| said.unit.is_none()) else { return false };
        match said.qty {
            None => true,
            Some(_) if said.verdict.frees() => self.is_everything(hold, said),
            Some(qty) => self.rest(number, now).map_or(!hold.covers_all(), |rest| qty.compare(&rest).is_none_or(std::cmp::Ordering::is_ge)),
        }
    }

    /// How much a hold is on, without the handling units that are or were decided about by name. A hold on the whole lot is on what
    /// stands on no handling unit, too. Of a lot of which nothing was made yet nobody knows that.
    pub(super) fn rest(&self, number: &HoldNo, now: &[Decision]) -> Option<Qty> {
        let hold = self.holds.get(number)?;
        let covered = self.units.iter().filter(|(unit, _)| hold.covers(unit));
        let (apart, on): (Vec<_>, Vec<_>) = covered.partition(|(unit, _)| hold.names(unit, now));
        if hold.covers_all() {
            return self.total().map(|total| apart.iter().fold(total, |left, (_, qty)| left.minus(**qty).unwrap_or(left)));
        }
        on.into_iter().map(|(_, qty)| *qty).reduce(|sum, qty| sum.plus(qty).unwrap_or(sum))
    }

    fn refuses_some(&self, number: &HoldNo, said: &Decision, now: &[Decision]) -> bool {
        said.unit.is_none() && said.qty.is_some() && !said.verdict.frees() && !self.is_of_all(number, said, now)
    }

    /// Whether it says a quantity that is certainly all that a hold is on.
    fn is_everything(&self, hold: &Hold, said: &Decision) -> bool {
        let all = if hold.covers_all() { self.total() } else { self.sum(hold) };
        let Some((qty, all)) = said.qty.zip(all).filter(|_| said.unit.is_none()) else { return false };
        qty.compare(&all).is_some_and(std::cmp::Ordering::is_ge)
    }

    /// What is on the handling units that a hold names; nothing while one of them is not known.
    fn sum(&self, hold: &Hold) -> Option<Qty> {
        let all: Option<Vec<Qty>> = hold.units.iter().map(|unit| self.on(unit)).collect();
        all?.into_iter().reduce(|sum, qty| sum.plus(qty).unwrap_or(sum))
    }

    /// How much is refused on a handling unit by its name.
    fn placed(&self, said: &Decision) -> Option<Qty> {
        let unit = said.unit.as_ref().filter(|_| !said.verdict.frees())?;
        said.qty.or_else(|| self.on(unit))
    }

    /// Whether every piece that a hold is on stands on a handling unit that was decided about by its name.
    fn names_all(&self, hold: &Hold, now: &[Decision]) -> bool {
        let loose = hold.covers_all() && self.loose().is_none_or(|loose| !loose.is_zero());
        let known = hold.covers_all() || self.sum(hold).is_some();
        let mut covered = self.units.keys().filter(|unit| hold.covers(unit)).peekable();
        known && !loose && covered.peek().is_some() && covered.all(|unit| hold.names(unit, now))
    }
}

impl Hold {
    /// Whether a handling unit is or was decided about by its name.
    fn names(&self, unit: &Sscc, now: &[Decision]) -> bool {
        self.decisions.iter().chain(now).filter_map(|said| said.unit.as_ref()).any(|known| known.is(unit))
    }
}
