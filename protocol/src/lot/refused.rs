//! A refusal (scrap, rework, return) of a lot as a whole: it is of what stands on no handling unit, too, and of handling units
//! that are told of later. Such goods stay blocked until a count takes them back, or quality decides otherwise about them: that
//! a hold is over never frees what was refused. What was refused on a handling unit that is known is in [`Lot::barred`].

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::decide::Turn;
use super::{Hold, Lot, Verdict};
use crate::qty::Qty;
use crate::words::{HoldNo, Reason, Sscc};

/// The hold that a decision was about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Rest {
    /// Its number.
    pub hold: HoldNo,
    /// Why it was placed.
    pub reason: Reason,
}

/// What is to become of everything that stands on no handling unit, and of handling units that nobody told of yet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Refused {
    /// What.
    pub verdict: Verdict,
    /// By a decision on which hold, under whose number the warehouse keeps blocking.
    pub by: Rest,
    /// Handling units that were freed since, told of or not.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub except: BTreeSet<Sscc>,
    /// Decisions of before that said no less: the blocks of their holds stand, too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub before: Vec<Rest>,
}

impl Refused {
    /// Every hold under whose number the warehouse blocks the lot as a whole.
    fn all(&self) -> impl Iterator<Item = &Rest> {
        self.before.iter().chain([&self.by])
    }

    fn reaches(&self, unit: &Sscc) -> bool {
        !self.except.iter().any(|known| known.is(unit))
    }
}

impl Lot {
    /// What was decided about a handling unit that must not leave. One that nobody told of yet is part of the lot as a whole.
    pub fn bars(&self, unit: &Sscc) -> Option<Verdict> {
        let known = self.barred.iter().find(|(known, _)| known.is(unit)).map(|(_, verdict)| *verdict);
        let unknown = || self.refused.as_ref().filter(|refused| self.on(unit).is_none() && refused.reaches(unit));
        known.or_else(|| unknown().map(|refused| refused.verdict))
    }

    /// How much of it stands on no handling unit, as far as told.
    pub fn loose(&self) -> Option<Qty> {
        let total = self.total()?;
        let left = self.units.values().fold(total, |left, qty| left.minus(*qty).unwrap_or(left));
        Some(if left.is_positive() { left } else { Qty::zero(total.uom()) })
    }

    /// What a decision means for handling units, and for the lot as a whole.
    pub(super) fn disposed(&mut self, units: &[Sscc], verdict: Verdict, rest: Option<&Rest>, under: Option<&Rest>) {
        for unit in units {
            self.dispose(unit, verdict, under);
        }
        match rest {
            Some(_) if verdict.frees() => self.refused = None,
            Some(by) => {
                let before = self.refused.iter().flat_map(Refused::all).filter(|known| *known != by).cloned().collect();
                self.refused = Some(Refused { verdict, by: by.clone(), except: BTreeSet::new(), before });
            }
            None => {}
        }
        if let Some(refused) = self.refused.as_mut().filter(|_| rest.is_none()) {
            refused.except.retain(|known| !units.iter().any(|unit| known.is(unit)));
            refused.except.extend(units.iter().filter(|_| verdict.frees()).cloned());
        }
    }

    fn dispose(&mut self, unit: &Sscc, verdict: Verdict, under: Option<&Rest>) {
        self.barred.retain(|known, _| !(verdict.frees() && known.is(unit)));
        self.kept.retain(|known, _| !(verdict.frees() && known.is(unit)));
        if !verdict.frees() {
            self.bar(unit, verdict, under);
        }
    }

    fn bar(&mut self, unit: &Sscc, verdict: Verdict, under: Option<&Rest>) {
        self.barred.insert(unit.clone(), verdict);
        if let Some(under) = under {
            let kept = self.kept.entry(unit.clone()).or_default();
            kept.extend((!kept.contains(under)).then(|| under.clone()));
        }
    }

    /// A handling unit is told of for the first time: it shares what was decided about the lot as a whole.
    pub(super) fn bar_newcomer(&mut self, unit: &Sscc) {
        if let Some(verdict) = self.bars(unit) {
            let under = self.refused.as_ref().map(|refused| refused.by.clone());
            self.bar(unit, verdict, under.as_ref());
        }
    }
}

impl Turn<'_, '_> {
    /// A handling unit of goods that were refused as a whole is blocked like those that were known then.
    pub(super) fn block_refused(&mut self, unit: &Sscc) {
        let Some(by) = self.lot.refused.as_ref().map(|refused| refused.by.clone()) else { return };
        if self.lot.on(unit).is_none() && self.lot.bars(unit).is_some() {
            let hold = Hold { own: true, ..self.fresh(&by.hold, &by.reason) };
            self.block_newcomers(&by.hold, &hold, std::slice::from_ref(unit));
        }
    }

    /// What was refused before is free after all, as a whole or some handling units of it: the blocks of that time are taken off. The
    /// hold that is decided about just now, and those that are open, end by themselves.
    pub(super) fn unblock_refused(&mut self, deciding: &HoldNo) {
        let after = self.after();
        let ends_itself = |by: &Rest| by.hold == *deciding || self.lot.holds.contains_key(&by.hold);
        let before: Vec<&Rest> = self.lot.refused.iter().flat_map(Refused::all).filter(|by| !ends_itself(by)).collect();
        let except = self.lot.refused.as_ref().map(|refused| &refused.except);
        let stands =
            |by: &Rest| after.refused.as_ref().is_some_and(|still| Some(&still.except) == except && still.all().any(|one| one == by));
        let as_a_whole: Vec<Rest> = before.into_iter().filter(|by| !stands(by)).cloned().collect();
        let mut by_name: BTreeMap<Rest, Vec<Sscc>> = BTreeMap::new();
        for (unit, kept) in self.lot.kept.iter().filter(|(unit, _)| after.bars(unit).is_none()) {
            for by in kept.iter().filter(|by| !ends_itself(by) && !as_a_whole.contains(by)) {
                by_name.entry(by.clone()).or_default().push(unit.clone());
            }
        }
        for by in as_a_whole {
            let hold = Hold { own: true, ..self.fresh(&by.hold, &by.reason) };
            self.unblock_everywhere(&by.hold, &hold);
        }
        for (by, units) in by_name {
            let hold = Hold { own: true, ..self.fresh(&by.hold, &by.reason) };
            self.unblock_units(&by.hold, &hold, units, Vec::new());
        }
    }
}
