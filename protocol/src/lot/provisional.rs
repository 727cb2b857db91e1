//! A hold that is released while the quality system is not reached: only a role that this was delegated to may, of the whole hold,
//! and only until quality countersigns. What quality then says counts: another decision than this one holds the lot again first.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::decide::Turn;
use super::{Disposition, Fact, Hold, Lot, Verdict};
use crate::answer::Answer;
use crate::case::{CaseKind, Proposal};
use crate::draft::NewCase;
use crate::instant::Instant;
use crate::kernel::refuse;
use crate::name::{Region, SiteId};
use crate::ownership::Domain;
use crate::refusal::Code;
use crate::words::{HoldNo, Role};

/// A release without the quality system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provisional {
    /// When.
    pub at: Instant,
    /// In which role it was decided.
    pub role: String,
    /// The quality system that was not reached, and has to countersign.
    pub by: SiteId,
}

/// What a case about such a release is about.
fn uncertain(number: &HoldNo) -> String {
    format!("released provisionally: {number}")
}

impl Lot {
    /// The key of a hold of this number that was released provisionally.
    pub fn provisional_hold(&self, called: &HoldNo) -> Option<&HoldNo> {
        let exact = self.provisional.get_key_value(called).map(|(number, _)| number);
        exact.or_else(|| self.provisional.iter().rfind(|(_, hold)| hold.called == *called).map(|(number, _)| number))
    }
}

impl Turn<'_, '_> {
    /// Whether who asks may decide that now, and whether only provisionally; the refusal where not.
    pub(super) fn by_right(&self, disposition: &Disposition) -> Result<Option<Provisional>, Answer> {
        let policy = &self.context.book.policy;
        let role = self.envelope.who.as_ref().map(|who| who.role.clone()).unwrap_or_default();
        let is = |roles: &[Role]| roles.iter().any(|known| known.as_str() == role);
        let (quality, delegated) = (is(&policy.quality_roles), is(&policy.local_quality_roles));
        let frees = disposition.decisions.iter().any(|decision| decision.verdict.frees());
        let unreached = self.quality_unreached();
        let Some((by, region)) = unreached.filter(|_| frees && (quality || delegated)) else {
            let text = match (delegated, unreached) {
                (false, _) => "only quality decides about a hold",
                (true, Some(_)) => "this role only releases a hold, and that is no release",
                (true, None) => "the quality system is reached, and decides about a hold itself",
            };
            let refusal = || refuse(Code::NotOwner, text.into(), "ask the quality department to decide", "who.role");
            return if quality { Ok(None) } else { Err(refusal()) };
        };
        if !delegated {
            let text = format!("{by} has to release the hold, and region {region}, where it is at home, is not reached from here");
            let remedy =
                "ask somebody whose role may `release_hold_offline` in roles.yaml; or ask again when `takt links` shows the road up";
            return Err(refuse(Code::NotOwner, text, remedy, "who.role"));
        }
        if !disposition.last || disposition.decisions.iter().any(|decision| !is_all_free(decision)) {
            let text = format!("without {by} only a whole hold is released, and this decides about a part");
            return Err(refuse(Code::NotOwner, text, "accept all that it is on; or leave it held until quality decides", "decisions"));
        }
        Ok(Some(Provisional { at: self.context.now, role, by }))
    }

    /// The quality system that decides about it, and its home, where that is not reached.
    fn quality_unreached(&self) -> Option<(SiteId, Region)> {
        let book = self.context.book;
        let quality = book.owner(self.site?, Domain::QualityStatus)?;
        let home = book.sites.get(&quality)?.region;
        self.context.unreached.contains(&home).then_some((quality, home))
    }

    /// The goods are free for now, and somebody at quality is told.
    pub(super) fn release_provisionally(&mut self, number: &HoldNo, disposition: &Disposition, provisional: Provisional) -> Answer {
        let Some(hold) = self.lot.holds.get(number).cloned() else { return Answer::Accepted };
        let Provisional { role, by, .. } = provisional.clone();
        let answer = self.decide(number, disposition, Some(provisional));
        let what = format!("hold {number} ({}) was released by {role} while {by} was not reached, until quality countersigns", hold.reason);
        let offers = vec![
            Proposal::Do(format!("decide about {number} in {by}, or release it in a quality role: if all is accepted, that countersigns")),
            Proposal::Do("any other decision holds the lot again, down to what was made from it and to shipments that took it".into()),
        ];
        let due = self.context.now.plus_ms(self.context.book.policy.disposition_ms);
        let case = NewCase::new(CaseKind::Provisional, "quality", what).offers(offers).impact(due).because_of(uncertain(number));
        self.draft.open_case(match self.lot.total() {
            Some(total) => case.stake(total),
            None => case,
        });
        answer
    }

    /// Quality says what is to be of a hold that was released without it; nothing where none was.
    pub(super) fn countersigned(&mut self, disposition: &Disposition) -> Option<Answer> {
        let number = self.lot.provisional_hold(&disposition.hold)?.clone();
        let hold = self.lot.provisional.get(&number)?.clone();
        let accepts = disposition.decisions.iter().all(|decision| decision.verdict == Verdict::Accept);
        let agrees = disposition.last && (accepts || disposition.decisions == hold.decisions);
        self.note(Fact::Decided { hold: number.clone(), decisions: disposition.decisions.clone(), provisional: None });
        self.settled(&number, if agrees { "countersigned" } else { "quality decided otherwise" });
        Some(if agrees { Answer::Accepted } else { self.hold_again(hold, disposition) })
    }

    /// Quality did not agree: it is held again, as a hold of its own, and then decided about.
    fn hold_again(&mut self, hold: Hold, disposition: &Disposition) -> Answer {
        let Some(number) = self.unused(&hold.called) else { return Answer::Accepted };
        let units = if hold.covers_all() { BTreeSet::new() } else { hold.units.clone() };
        let again = Hold {
            own: true,
            units,
            bound_at: self.context.now,
            parents: BTreeSet::new(),
            containment: BTreeMap::new(),
            decisions: Vec::new(),
            provisional: None,
            ..hold
        };
        self.bind(&number, &again);
        let after = self.after();
        let mut held = Turn {
            lot: &after,
            common: self.common,
            envelope: self.envelope,
            context: self.context,
            draft: &mut *self.draft,
            key: self.key.clone(),
            site: self.site,
        };
        held.decide(&number, disposition, None)
    }

    /// A hold of the same number was placed since, and is decided about: that goes for the one before, too.
    pub(super) fn replaces_provisional(&mut self, called: &HoldNo) {
        if let Some(number) = self.lot.provisional_hold(called).cloned() {
            self.note(Fact::Decided { hold: number.clone(), decisions: Vec::new(), provisional: None });
            self.settled(&number, "quality decided about a later hold of this number");
        }
    }

    fn settled(&mut self, number: &HoldNo, how: &str) {
        self.draft.close_about(self.common, &CaseKind::Provisional, &uncertain(number), how);
    }
}

/// Whether a decision frees all that is held.
fn is_all_free(decision: &super::Decision) -> bool {
    decision.verdict.frees() && decision.qty.is_none() && decision.unit.is_none()
}
