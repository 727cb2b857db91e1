//! Somebody posted in the ERP behind our back. What is exactly one of our postings that has not gone through is adopted,
//! so that nothing is posted twice; everything else is a case.

use super::Turn;
use crate::answer::Answer;
use crate::case::{CaseKind, Proposal};
use crate::draft::NewCase;
use crate::fact::Fact as Noted;
use crate::order::Fact;
use crate::outbox::{Outcome, Standing};
use crate::posting::{self, Entry, PostingFact, Use};
use crate::qty::Qty;
use crate::words::{DocNo, LotNo, MaterialId};
use crate::workflow::Flow;

/// A document that carries another reference than one of ours.
pub(super) struct Foreign<'a> {
    pub(super) document: &'a DocNo,
    pub(super) by: &'a str,
    pub(super) purpose: Use,
    pub(super) material: &'a MaterialId,
    pub(super) lot: Option<&'a LotNo>,
    pub(super) qty: Qty,
}

impl Turn<'_, '_> {
    /// A document that somebody made by hand was read in the ERP.
    pub(super) fn foreign_posting(&mut self, found: &Foreign<'_>) -> Answer {
        let ours = self.order.ledger.postings().any(|entry| entry.standing.document() == Some(found.document));
        if ours || self.order.foreign.contains(found.document) {
            return Answer::Accepted;
        }
        let same = || self.order.ledger.postings().filter(|entry| found.is(entry));
        let free = same().find(|entry| self.may_adopt(entry)).map(|entry| entry.posting.number);
        let doubtful = same().find(|entry| self.is_doubtful(entry)).map(|entry| entry.posting.number);
        let twin = doubtful.filter(|_| free.is_none());
        self.note(Fact::ForeignPosting { document: found.document.clone(), by: found.by.to_owned(), qty: found.qty, twin });
        self.moved_in_books(Flow::Confirm);
        match free {
            Some(posting) => self.adopt(posting, found.document.clone()),
            None => return Answer::Discrepant { case: self.contested(found, twin) },
        }
        Answer::Accepted
    }

    /// A posting turned out not to have gone through: what somebody made meanwhile by hand stands for it.
    pub(super) fn adopt_twin(&mut self, posting: u32) -> bool {
        let twin = self.order.twins.get(&posting).cloned();
        if let Some(document) = twin.clone() {
            self.adopt(posting, document);
        }
        twin.is_some()
    }

    /// Takes a document as the one of a posting; its intent is over, its lane goes on.
    pub(super) fn adopt(&mut self, posting: u32, document: DocNo) {
        let (intent, by_hand) = (self.order.carrier(posting), made_by_hand(&document));
        if let Some(intent) = intent.filter(|intent| self.common.outbox.get(*intent).is_some()) {
            self.draft.settle(intent, Outcome::Adopted { document: document.clone() });
        }
        let adopted = PostingFact::Stands { posting, standing: posting::Standing::Adopted { document } };
        self.tell_booked(posting, std::slice::from_ref(&adopted));
        self.note(Fact::Posting(adopted));
        for case in self.common.cases.values() {
            let about = case.posting == Some(posting) || (intent.is_some() && case.intent == intent);
            if about || (case.kind == CaseKind::ForeignPosting && case.about == by_hand) {
                self.draft.close_case(case.number, "adopted");
            }
        }
    }

    /// Only what has certainly not gone through: not what is being sent, and not what nobody knows the end of.
    fn may_adopt(&self, entry: &Entry) -> bool {
        match entry.standing {
            posting::Standing::Prepared | posting::Standing::Parked { .. } => {
                !self.is_doubtful(entry) && !self.is_decided(entry.posting.number)
            }
            posting::Standing::InDoubt
            | posting::Standing::InFlight
            | posting::Standing::Posted { .. }
            | posting::Standing::Adopted { .. }
            | posting::Standing::WrittenOff => false,
        }
    }

    /// Whether this very decision has moved it.
    fn is_decided(&self, number: u32) -> bool {
        self.draft.facts().iter().any(|fact| match fact {
            Noted::Order(fact) => {
                matches!(fact.as_ref(), Fact::Posting(PostingFact::Stands { posting, .. }) if *posting == number)
            }
            Noted::Named(_)
            | Noted::Intended { .. }
            | Noted::Outbox { .. }
            | Noted::CaseOpened(_)
            | Noted::CaseHandedOver { .. }
            | Noted::CaseSnoozed { .. }
            | Noted::CaseGivingUp { .. }
            | Noted::CaseClosed { .. }
            | Noted::Lot(_)
            | Noted::Unit(_)
            | Noted::Shipment(_)
            | Noted::Site(_)
            | Noted::Record(_) => false,
        })
    }

    /// May it have gone through, as far as anybody knows?
    fn is_doubtful(&self, entry: &Entry) -> bool {
        let over = match entry.standing {
            posting::Standing::Posted { .. } | posting::Standing::Adopted { .. } | posting::Standing::WrittenOff => true,
            posting::Standing::Prepared | posting::Standing::InFlight | posting::Standing::InDoubt | posting::Standing::Parked { .. } => {
                false
            }
        };
        let intent = self.order.carrier(entry.posting.number);
        let open = intent.and_then(|intent| self.common.outbox.get(intent));
        let lost =
            open.is_some_and(|open| matches!(open.standing, Standing::InFlight { .. } | Standing::InDoubt { .. } | Standing::Parked));
        !over && lost
    }

    fn contested(&mut self, found: &Foreign<'_>, twin: Option<u32>) -> u32 {
        let mut what = format!("{} posted {} of {} by hand, document {}", found.by, found.qty, found.material, found.document);
        let advice = match twin {
            Some(posting) => {
                what = format!("{what}, while nobody knows whether our posting {posting} of the same went through");
                "wait until the ERP was asked: if ours is not there, this one is adopted; if it is, reverse this one in the ERP"
            }
            None => "if it is one of the postings that wait here, adopt it there; if not, reverse it in the ERP",
        };
        let offers = vec![Proposal::Do(advice.into()), Proposal::Acknowledge];
        let case = NewCase::new(CaseKind::ForeignPosting, "finance", what)
            .stake(found.qty)
            .offers(offers)
            .because_of(made_by_hand(found.document));
        self.draft.open_case(case)
    }
}

/// What a case about a document of somebody's is known by, when the document turns out to stand for one of ours.
fn made_by_hand(document: &DocNo) -> String {
    format!("document {document} was posted by hand")
}

impl Foreign<'_> {
    /// Whether a posting of ours says exactly the same.
    fn is(&self, entry: &Entry) -> bool {
        let [line] = entry.posting.lines.as_slice() else { return false };
        line.series.purpose == self.purpose
            && line.series.material == *self.material
            && line.series.lot.as_ref() == self.lot
            && line.qty == self.qty
    }
}
