//! Transition 12: holds. Anyone may place one; it binds in this lot's commit, before and whatever any other system answers,
//! and comes down to what was made from the lot. Who else is told is in `contain`, how it ends in `dispose`.

use std::collections::{BTreeMap, BTreeSet};

use super::decide::Turn;
use super::{Fact, Ground, Hold, Origin, Placement};
use crate::answer::Answer;
use crate::id::EntityId;
use crate::input::Body;
use crate::intent::Wake;
use crate::lot;
use crate::native::NativeId;
use crate::planted::{self, Bug};
use crate::shipment;
use crate::words::{CHARS_MAX, HoldNo, LotKey, Reason, Sscc};

impl Turn<'_, '_> {
    /// A hold is placed. The number of an open hold reaches further; the number of one that is over begins another.
    pub(super) fn place(&mut self, placement: &Placement) -> Answer {
        self.known(&placement.lot, placement.site);
        let mut units: BTreeSet<Sscc> = placement.units.iter().cloned().collect();
        // What was released under this number without quality is held again with it: the next decision about it is about all of that.
        if let Some(before) = self.lot.provisional_hold(&placement.hold) {
            units = if units.is_empty() || before.covers_all() { BTreeSet::new() } else { &units | &before.units };
        }
        let open = self.lot.open_hold(&placement.hold).cloned();
        let number = open.or_else(|| self.unused(&placement.hold));
        let Some(number) = number else { return Answer::Accepted };
        let mut hold = self.lot.holds.get(&number).cloned().unwrap_or_else(|| self.fresh(&placement.hold, &placement.reason));
        if hold.own && (units.is_empty() || hold.units.is_empty()) {
            hold.units.clear();
        } else {
            hold.units.extend(units);
        }
        hold.own = true;
        self.bind(&number, &hold);
        Answer::Accepted
    }

    /// A sample failed: the lot is held until somebody decides.
    pub(super) fn hold_for_failure(&mut self, sample: &NativeId, findings: &str) {
        let cut = |text: String| text.chars().take(CHARS_MAX).collect::<String>();
        let called = HoldNo::parse(&cut(format!("sample {sample}")));
        let reason = Reason::parse(&cut(format!("failed: {findings}")));
        let (Ok(called), Ok(reason)) = (called, reason) else { return };
        if let Some(number) = self.unused(&called) {
            let hold = Hold { own: true, ..self.fresh(&called, &reason) };
            self.bind(&number, &hold);
        }
    }

    /// A lot it was made from is held, and is not known to be free again.
    pub(super) fn parent_held(&mut self, parent: &LotKey, called: &HoldNo, reason: &Reason, origin: &Origin) {
        let ground = Ground { parent: parent.clone(), hold: called.clone(), origin: origin.clone() };
        let over = self.lot.freed.contains(&(parent.clone(), called.clone())) || self.lot.over.contains(origin);
        // What was placed here comes back where goods go round in a circle: it holds already.
        let ours = self.key.as_ref().is_some_and(|key| *key == origin.0 && self.lot.holds.contains_key(&origin.1));
        let known = self.lot.holds.values().any(|hold| hold.parents.contains(&ground));
        if over || ours || known {
            return;
        }
        let Some(number) = self.lot.open_hold(called).cloned().or_else(|| self.unused(called)) else { return };
        let mut hold = self.lot.holds.get(&number).cloned().unwrap_or_else(|| self.fresh(called, reason));
        hold.parents.insert(ground);
        self.bind(&number, &hold);
    }

    pub(super) fn fresh(&self, called: &HoldNo, reason: &Reason) -> Hold {
        Hold {
            called: called.clone(),
            own: false,
            units: BTreeSet::new(),
            reason: reason.clone(),
            bound_at: self.context.now,
            parents: BTreeSet::new(),
            containment: BTreeMap::new(),
            decisions: Vec::new(),
            provisional: None,
        }
    }

    /// The first number of this name that never held: word of a hold and of its end may cross on the road, and must not be
    /// taken for word of another one.
    pub(super) fn unused(&self, called: &HoldNo) -> Option<HoldNo> {
        let taken = |number: &HoldNo| self.lot.holds.contains_key(number) || self.lot.released.contains(number);
        let stem: String = called.as_str().chars().take(CHARS_MAX - 5).collect();
        let numbered = (2..10_000).filter_map(|n| HoldNo::parse(&format!("{stem}~{n}")).ok());
        std::iter::once(called.clone()).chain(numbered).find(|number| !taken(number))
    }

    /// From this commit on, nothing that it covers is cleared.
    pub(super) fn bind(&mut self, number: &HoldNo, hold: &Hold) {
        let before = self.lot.holds.get(number);
        if before == Some(hold) {
            return;
        }
        let wider = before.is_none_or(|before| before.scope() != hold.scope());
        let told: Vec<Sscc> = hold.scope().into_iter().filter(|unit| before.is_none_or(|before| !before.covers(unit))).collect();
        if !planted::is(Bug::HoldAfterAnswer) {
            self.note(Fact::Held { hold: number.clone(), bound: hold.clone() });
        }
        if let Some(me) = self.key.clone() {
            let known = before.map(|before| before.origins(number, &me)).unwrap_or_default();
            let fresh: BTreeSet<Origin> = hold.origins(number, &me).difference(&known).cloned().collect();
            let children: Vec<(LotKey, EntityId)> = self.lot.children.iter().cloned().collect();
            self.hold_children(number, &hold.reason, &fresh, &children);
        }
        if !wider {
            return;
        }
        self.revoke_clearances(number, hold);
        self.block_everywhere(number, hold, &told);
        let due = self.context.now.plus_ms(self.context.book.policy.disposition_ms);
        self.draft.wake(due, Wake::DispositionDue { hold: number.clone() });
    }

    /// Every shipment that wants to leave with it is told; one that was cleared is told that it is no longer.
    fn revoke_clearances(&mut self, number: &HoldNo, hold: &Hold) {
        let (Some(key), me) = (self.key.clone(), self.draft.me()) else { return };
        for (shipment, units) in &self.lot.shipments {
            if !units.keys().any(|unit| hold.covers(unit)) {
                continue;
            }
            let revokes = self.lot.clearances.get(shipment).map(|(attempt, _)| *attempt);
            if revokes.is_some() {
                self.note(Fact::ClearanceRevoked { shipment: *shipment });
            }
            let mail = shipment::Mail::Held {
                lot: me,
                key: key.clone(),
                hold: number.clone(),
                units: hold.scope(),
                reason: hold.reason.clone(),
                revokes,
            };
            self.draft.tell_first(*shipment, Body::Shipment(shipment::Input::Mail(mail)));
        }
    }

    /// What was made from it is held under the same number, once for each place the hold was placed at.
    fn hold_children(&mut self, number: &HoldNo, reason: &Reason, origins: &BTreeSet<Origin>, children: &[(LotKey, EntityId)]) {
        let Some(parent) = self.key.clone() else { return };
        for (child, origin) in children.iter().flat_map(|(_, child)| origins.iter().map(move |origin| (child, origin))) {
            let mail =
                lot::Mail::ParentHeld { parent: parent.clone(), hold: number.clone(), reason: reason.clone(), origin: origin.clone() };
            self.draft.tell_first(*child, Body::Lot(lot::Input::Mail(mail)));
        }
    }

    /// Consuming a held lot holds what is made of it, also what was freed by a decision before more of it went in.
    pub(super) fn pass_holds_on(&mut self, into: &[(LotKey, EntityId)]) {
        let Some(me) = self.key.clone() else { return };
        for (number, hold) in self.lot.holds.clone() {
            self.hold_children(&number, &hold.reason, &hold.origins(&number, &me), into);
        }
    }
}
