//! A warehouse that does not take what it is told is shown until it does, or until the goods are gone.

use super::*;
use crate::effect::Effect;
use crate::outbox::{Claim, Receipt};

impl Yard {
    /// The warehouse settles so what it was asked last of this verb, wherever that is in the outbox.
    fn answers(&mut self, verb: &str, taken: bool) {
        let open = self.state.common.outbox.iter().filter(|(_, open)| match &open.intent {
            crate::intent::Intent::Site { site, effect, .. } => *site == wms() && effect.verb() == verb,
            _ => false,
        });
        let (number, attempt) = open.map(|(number, open)| (number, open.attempts)).last().expect(verb);
        let intent = crate::intent::IntentId { entity: self.state.id, incarnation: 1, number };
        let claim = if taken {
            Claim::Accepted { attempt, receipt: Receipt::default() }
        } else {
            Claim::Rejected { attempt, code: "E42".into(), text: "not with me".into() }
        };
        self.hears(wms(), Body::Claim { intent, claim });
    }

    fn shown(&self) -> Vec<(String, String)> {
        self.state.common.cases.values().map(|case| (case.owner.to_string(), case.what.clone())).collect()
    }

    fn gate(&mut self, shut: bool) {
        let (gate, reason) = (Gate::Manual, Reason::parse("stop").unwrap());
        let request = if shut { Request::Block { gate, reason } } else { Request::Release { gate } };
        self.says(Input::Request(request));
    }
}

#[test]
fn a_block_that_the_warehouse_does_not_take_is_shown_until_it_takes_one() {
    let mut yard = Yard::packed(None);
    yard.gate(true);
    yard.answers("block_shipment", false);
    assert_eq!(yard.shown(), [("quality".to_owned(), "wms did not block SHP-1: E42 not with me".to_owned())]);
    yard.gate(false);
    yard.answers("unblock_shipment", false);
    assert_eq!(yard.shown()[1], ("planning".to_owned(), "wms did not free SHP-1: E42 not with me".to_owned()));
    yard.gate(true);
    yard.answers("block_shipment", true);
    assert_eq!(yard.shown().len(), 1);
    yard.gate(false);
    yard.answers("unblock_shipment", true);
    assert!(yard.shown().is_empty());
}

#[test]
fn a_no_that_the_warehouse_does_not_take_is_shown_until_the_goods_are_gone() {
    let mut yard = Yard::cleared();
    yard.answers("answer_departure", true);
    yard.says(picked(2));
    assert!(matches!(yard.asked().first(), Some((_, Effect::AnswerDeparture { granted: false, .. }))));
    yard.answers("answer_departure", false);
    let what = "wms did not take back that it may load and send off SHP-1: E42 not with me".to_owned();
    assert_eq!(yard.shown(), [("quality".to_owned(), what.clone())]);
    yard.says(Input::Report(Report::Departed));
    assert!(yard.shown().iter().all(|(_, shown)| *shown != what), "the escape is a case of its own");
}
