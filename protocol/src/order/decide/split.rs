//! Transition 9: a part of an order becomes an order of its own. The parent's total is reduced first, as any change is; it
//! is done when the child has a number in the ERP, and goes back when the child comes to nothing. Reported actuals stay
//! with the parent.

use super::Turn;
use crate::answer::Answer;
use crate::case::{CaseKind, Proposal};
use crate::draft::NewCase;
use crate::id::EntityId;
use crate::input::Body;
use crate::native::NativeId;
use crate::order::{Fact, Input, Mail, Pending, Phase, Release, Split};
use crate::refusal::Code;

impl Turn<'_, '_> {
    /// The parent is smaller now: the child may be made.
    pub(super) fn tell_child(&mut self, split: Split) {
        let parent = self.draft.me();
        self.draft.tell(split.child, Body::Order(Input::Mail(Mail::SplitOff { parent, release: Box::new(split.release) })));
    }

    /// At the child: a parent asks it to come to be.
    pub(super) fn split_off(&mut self, parent: EntityId, release: &Release) -> Answer {
        if self.order.parent == Some(parent) && !self.order.unmade {
            // Asked once more, under the same reference: the parent waits for an answer.
            if let Some(header) = &self.order.header {
                self.born_of_split(&header.number.clone());
            }
            return Answer::Accepted;
        }
        match self.wish_where(release, self.order.unmade) {
            Answer::Refused(refusal) => self.tell_parent(parent, Mail::SplitRefused { child: self.draft.me(), why: refusal.text }),
            Answer::Accepted | Answer::Discrepant { .. } | Answer::Quarantined { .. } => self.note(Fact::SplitFrom { parent }),
        }
        Answer::Accepted
    }

    /// At the child: the ERP has it.
    pub(super) fn born_of_split(&mut self, number: &NativeId) {
        if let Some(parent) = self.order.parent {
            self.tell_parent(parent, Mail::SplitBorn { child: self.draft.me(), number: number.clone() });
        }
    }

    /// At the child: the ERP will not have it.
    pub(super) fn unborn_of_split(&mut self, why: &str) {
        if let Some(parent) = self.order.parent {
            self.tell_parent(parent, Mail::SplitRefused { child: self.draft.me(), why: why.to_owned() });
        }
    }

    fn tell_parent(&mut self, parent: EntityId, mail: Mail) {
        self.draft.tell(parent, Body::Order(Input::Mail(mail)));
    }

    /// At the parent: the child is there.
    pub(super) fn split_born(&mut self, child: EntityId, number: &NativeId) -> Answer {
        if let Some(pending) = self.splitting(child) {
            let total = pending.split.map_or(pending.before.total, |split| split.release.total);
            self.note(Fact::SplitInto { child, number: number.clone(), total });
            self.note(Fact::ChangeEnded { done: true });
        }
        Answer::Accepted
    }

    /// At the parent: there will be no child, so the parent is whole again.
    pub(super) fn split_refused(&mut self, child: EntityId, why: &str) -> Answer {
        let Some(pending) = self.splitting(child) else { return Answer::Accepted };
        let what = format!("{} was not split off: {why}", pending.split.as_ref().map_or(pending.before.total, |split| split.release.total));
        let offers = vec![
            Proposal::Do("mend the cause and split again: the order goes back to its old total by itself".into()),
            Proposal::Acknowledge,
        ];
        self.draft.open_case(NewCase::new(CaseKind::Rejected(Code::Other), "planning", what).stake(pending.before.total).offers(offers));
        self.ask_erp(pending, Phase::Back);
        Answer::Accepted
    }

    fn splitting(&self, child: EntityId) -> Option<Pending> {
        let of_child = |pending: &Pending| pending.split.as_ref().is_some_and(|split| split.child == child);
        self.order.pending.clone().filter(|pending| pending.phase == Phase::Child && of_child(pending))
    }
}
