//! Who may open which gate of a shipment.

use super::*;
use crate::answer::Answer;
use crate::book::Book;
use crate::envelope::{Envelope, Who};
use crate::id::Kind;
use crate::input::{Address, Body};
use crate::kernel::{self, Context, Own, Reply, State};
use crate::native::{NativeKind, Ref};
use crate::refusal::Code;

/// A shipment with one gate shut, and what comes of somebody in a role wanting it open.
fn opened(gate: Gate, role: &str) -> (Answer, bool) {
    let name = Ref::new(SiteId::parse("wms").unwrap(), NativeKind::Shipment, NativeId::parse("SHP-1").unwrap());
    let id = EntityId::born(Kind::Shipment, crate::name::Region::parse("eu").unwrap(), 1, &name);
    let book = Book::default();
    let context = Context { now: Instant::EPOCH, book: &book, incarnation: 1 };
    let announced = Report::Announced { warehouse: name.system, delivery: name.id.clone(), lines: Vec::new(), planned: None };
    let said = [
        Input::Report(announced),
        Input::Request(Request::Block { gate, reason: Reason::parse("stop").unwrap() }),
        Input::Request(Request::Release { gate }),
    ];
    let mut state = State::unknown(id);
    let mut answer = Answer::Accepted;
    for (number, input) in said.into_iter().enumerate() {
        let who = Some(Who { user: "somebody".into(), role: role.into(), ..Who::default() });
        let envelope = Envelope { who, ..Envelope::ours(number, Instant::EPOCH) };
        let input = crate::input::Input { to: Address::Entity(id), envelope, body: Body::Shipment(input) };
        let stepped = kernel::step(state, &input, &context);
        state = stepped.state;
        if let Reply::Answer(told) = stepped.reply {
            answer = told;
        }
    }
    let Own::Shipment(shipment) = state.own else { panic!("no shipment") };
    (answer, shipment.gates.is_empty())
}

#[test]
fn quality_and_credit_are_opened_only_by_those_who_answer_for_them() {
    for (gate, owner) in [(Gate::Quality, "quality"), (Gate::Credit, "finance")] {
        let (answer, open) = opened(gate, "planning");
        assert!(matches!(&answer, Answer::Refused(refusal) if refusal.code == Code::NotOwner), "{answer:?}");
        assert!(!open, "{gate:?} was opened by a planner");
        assert_eq!(opened(gate, owner), (Answer::Accepted, true));
    }
    assert_eq!(opened(Gate::Manual, "planning"), (Answer::Accepted, true));
}
