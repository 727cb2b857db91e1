//! A hold that a person places on goods of which nothing was seen here: it binds all the same, for they may be on their way,
//! and is shown, for the number may be mistyped.

use super::decide::Turn;
use super::{Fact, Lot, Placement};
use crate::answer::Answer;
use crate::case::{CaseKind, Proposal};
use crate::draft::NewCase;
use crate::fact::Fact as Noted;
use crate::words::Sscc;

impl Lot {
    /// Whether any of it was made, used or announced here.
    pub fn was_seen(&self) -> bool {
        !self.produced.is_empty() || !self.children.is_empty() || !self.parents.is_empty() || !self.expected.is_empty()
    }

    fn has_unit(&self, unit: &Sscc) -> bool {
        self.on(unit).is_some() || self.expected.keys().any(|known| known.is(unit))
    }
}

impl Turn<'_, '_> {
    /// What a placement names that nobody has seen, in a sentence; nothing when all of it is known.
    fn unseen(&self, placement: &Placement) -> Option<String> {
        if !self.lot.was_seen() {
            let (lot, site) = (&placement.lot, placement.site);
            return Some(format!("{lot} is held at {site} under {}, and nothing of it was made, used or announced there", placement.hold));
        }
        let unknown: Vec<&str> = placement.units.iter().filter(|unit| !self.lot.has_unit(unit)).map(Sscc::as_str).collect();
        let (hold, units) = (&placement.hold, unknown.join(", "));
        (!unknown.is_empty()).then(|| format!("hold {hold} names {units}, and nobody said that any of {} is on it", placement.lot))
    }

    /// A person placed a hold: what it names that nobody has seen is shown.
    pub(super) fn show_unseen(&mut self, placement: &Placement, answer: Answer) -> Answer {
        let Some(what) = self.unseen(placement).filter(|_| answer == Answer::Accepted) else { return answer };
        if let Some(open) = self.common.cases.values().find(|case| case.about == ABOUT && case.what == what) {
            return Answer::Discrepant { case: open.number };
        }
        let remedy = "compare the numbers with the label; if they are wrong, end this hold and place it on what is meant".to_owned();
        let case = NewCase::new(CaseKind::Discrepancy, "quality", what).because_of(ABOUT);
        Answer::Discrepant { case: self.draft.open_case(case.offers(vec![Proposal::Do(remedy), Proposal::Acknowledge])) }
    }

    /// Some of it was made, used or announced, or is not held any more: what was shown is over, as far as it was about that.
    pub(super) fn close_unseen(&mut self) {
        let shows = |fact: &Noted| matches!(fact, Noted::Lot(fact) if matches!(fact.as_ref(), Fact::Produced { .. } | Fact::Consumed { .. } | Fact::Linked { .. } | Fact::Announced { .. } | Fact::Released(_)));
        let used = |fact: &Noted| matches!(fact, Noted::Lot(fact) if matches!(fact.as_ref(), Fact::Consumed { .. }));
        let is_used = self.draft.facts().iter().any(used);
        let shown = self.common.cases_about(&CaseKind::Discrepancy, ABOUT).next().is_some();
        if !shown || !self.draft.facts().iter().any(shows) {
            return;
        }
        let after = self.after();
        let all = |units: &std::collections::BTreeSet<Sscc>| units.iter().all(|unit| after.has_unit(unit));
        let mut held = after.holds.values().filter(|hold| hold.own).peekable();
        let how = if held.peek().is_none() { "it is not held any more" } else { "it was seen" };
        if held.all(|hold| (after.was_seen() || is_used) && all(&hold.units)) {
            self.draft.close_about(self.common, &CaseKind::Discrepancy, ABOUT, how);
        }
    }
}

/// What such a case is about.
const ABOUT: &str = "unseen";
