//! A hold that is released while the quality system is not reached: only a role that this was delegated to may, of the whole hold,
//! and only until quality countersigns. What quality then says counts: another decision than this one holds the lot again first.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::decide::Turn;
use super::{Decision, Disposition, Fact, Hold, Lot, Verdict};
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
    /// The last hold of this number that was released provisionally: it is on all that those before it were on.
    pub fn provisional_hold(&self, called: &HoldNo) -> Option<&Hold> {
        self.provisional_holds(called).max_by_key(|(_, hold)| hold.bound_at).map(|(_, hold)| hold)
    }

    fn provisional_holds(&self, called: &HoldNo) -> impl Iterator<Item = (&HoldNo, &Hold)> {
        self.provisional.iter().filter(move |(number, hold)| *number == called || hold.called == *called)
    }
}

impl Turn<'_, '_> {
    /// Whether who asks may decide that now, and whether only provisionally; the refusal where not.
    pub(super) fn by_right(&self, disposition: &Disposition) -> Result<Option<Provisional>, Answer> {
        let policy = &self.context.book.policy;
        let role = self.envelope.who.as_ref().map(|who| who.role.clone()).unwrap_or_default();
        let is = |roles: &[Role]| roles.iter().any(|known| known.as_str() == role);
        let (quality, delegated) = (is(&policy.quality_roles), is(&policy.local_quality_roles));
        let frees = frees(disposition);
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
        if !disposition.last || disposition.decisions.is_empty() || !disposition.decisions.iter().all(is_all_free) {
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

    /// The hold is over for now, and somebody at quality is told. That is all: what quality refused before stays refused.
    pub(super) fn release_provisionally(&mut self, number: &HoldNo, disposition: &Disposition, provisional: Provisional) -> Answer {
        let Some(hold) = self.lot.holds.get(number).cloned() else { return Answer::Accepted };
        let Provisional { role, by, .. } = provisional.clone();
        if let Some(bad) = self.lot.unplaced(number, &disposition.decisions) {
            let text = format!("{bad} of what {number} is on must not leave, and nobody said which handling units they are on");
            return refuse(Code::NotOwner, text, "leave it held until quality decides", "decisions");
        }
        let restricted = disposition.decisions.iter().any(|decision| decision.verdict == Verdict::AcceptRestricted);
        let on = self.lot.rest(number, &disposition.decisions).filter(|_| restricted);
        let decisions = disposition.decisions.clone();
        self.note(Fact::Decided { hold: number.clone(), decisions, provisional: Some(provisional) });
        if let Some(qty) = on {
            self.note(Fact::Restricted { qty });
        }
        self.release(number);
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
        Answer::Accepted
    }

    /// Quality says what is to be of a hold that was released without it; nothing where none was.
    pub(super) fn countersigned(&mut self, disposition: &Disposition) -> Option<Answer> {
        let hold = self.lot.provisional_hold(&disposition.hold)?.clone();
        let accepts = disposition.decisions.iter().all(|decision| decision.verdict == Verdict::Accept);
        let said = hold.decisions.ends_with(&disposition.decisions) && disposition.decisions.iter().all(is_all_free);
        // Where something of it is refused, an acceptance says more than that the hold is over, and is carried out.
        let refused = self.lot.refused.is_some() || !self.lot.barred.is_empty();
        let agrees = disposition.last && (accepts || said) && !refused;
        self.settle(disposition, &disposition.decisions, if agrees { "countersigned" } else { "quality decided otherwise" });
        Some(if agrees { Answer::Accepted } else { self.hold_again(hold, disposition) })
    }

    /// It is held again, as a hold of its own that goes on where the one before was released, and then decided about.
    fn hold_again(&mut self, mut hold: Hold, disposition: &Disposition) -> Answer {
        let Some(number) = self.unused(&hold.called) else { return Answer::Accepted };
        while hold.decisions.last().is_some_and(is_all_free) {
            hold.decisions.pop();
        }
        let units = if hold.covers_all() { BTreeSet::new() } else { hold.units.clone() };
        let again = Hold {
            own: true,
            units,
            bound_at: self.context.now,
            parents: BTreeSet::new(),
            containment: BTreeMap::new(),
            provisional: None,
            ..hold
        };
        self.bind(&number, &again);
        let after = self.after();
        self.over(&after).decide(&number, disposition)
    }

    /// A hold of the same number was placed since, on no less, and is decided about: that goes for the one before, too.
    pub(super) fn replaces_provisional(&mut self, disposition: &Disposition) {
        self.settle(disposition, &[], "quality decided about a later hold of this number");
    }

    fn settle(&mut self, disposition: &Disposition, decisions: &[Decision], how: &str) {
        let numbers: Vec<HoldNo> = self.lot.provisional_holds(&disposition.hold).map(|(number, _)| number.clone()).collect();
        for hold in numbers {
            self.draft.close_about(self.common, &CaseKind::Provisional, &uncertain(&hold), how);
            self.note(Fact::Decided { hold, decisions: decisions.to_vec(), provisional: None });
        }
    }
}

/// Whether something may leave by it that must not before: it says so, or the hold is over and not all of it is refused.
fn frees(disposition: &Disposition) -> bool {
    let refuses_all = |decision: &Decision| !decision.verdict.frees() && decision.qty.is_none() && decision.unit.is_none();
    let over = disposition.last && !disposition.decisions.iter().any(refuses_all);
    over || disposition.decisions.iter().any(|decision| decision.verdict.frees())
}

/// Whether a decision frees all that is held.
fn is_all_free(decision: &Decision) -> bool {
    decision.verdict.frees() && decision.qty.is_none() && decision.unit.is_none()
}
