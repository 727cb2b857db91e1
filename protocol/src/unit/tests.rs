//! A handling unit at its warehouse: what it is packed onto, and what is counted.

use super::*;
use crate::answer::Answer;
use crate::book::Book;
use crate::envelope::Envelope;
use crate::id::Kind;
use crate::input::{Address, Body};
use crate::kernel::{self, Context, Own, Reply, State};
use crate::native::{NativeId, NativeKind, Ref};

/// A unit that its plant filled, and what comes of what its warehouse reports.
fn told(reports: Vec<Report>) -> (Unit, Vec<Answer>) {
    let sscc = Sscc::parse("340123450000000018").unwrap();
    let name = Ref::new(SiteId::parse("nord").unwrap(), NativeKind::Unit, NativeId::parse(sscc.as_str()).unwrap());
    let id = EntityId::born(Kind::Unit, crate::name::Region::parse("eu").unwrap(), 1, &name);
    let filled = Mail::Filled { sscc, contents: Vec::new(), from: name.system, to: None };
    let inputs = std::iter::once(Input::Mail(filled)).chain(reports.into_iter().map(Input::Report));
    let book = Book::default();
    let context = Context { now: crate::instant::Instant::EPOCH, book: &book, incarnation: 1, unreached: &crate::kernel::ALL_REACHED };
    let (mut state, mut answers) = (State::unknown(id), Vec::new());
    for (number, input) in inputs.enumerate() {
        let input = crate::input::Input {
            to: Address::Entity(id),
            envelope: Envelope::ours(number, crate::instant::Instant::EPOCH),
            body: Body::Unit(input),
        };
        let stepped = kernel::step(state, &input, &context);
        state = stepped.state;
        if let Reply::Answer(answer) = stepped.reply {
            answers.push(answer);
        }
    }
    let Own::Unit(unit) = state.own else { panic!("no unit") };
    (*unit, answers)
}

fn nested(within: Option<&str>) -> Report {
    Report::Nested { within: within.map(|number| Sscc::parse(number).unwrap()) }
}

#[test]
fn a_unit_knows_what_it_stands_on_until_it_is_taken_off() {
    let outer = "340123450000000900";
    assert_eq!(told(vec![nested(Some(outer))]).0.within.as_ref().map(Sscc::as_str), Some(outer));
    assert_eq!(told(vec![nested(Some(outer)), nested(None)]).0.within, None);
}

#[test]
fn a_unit_on_itself_is_a_case_and_moves_nothing() {
    let (unit, answers) = told(vec![nested(Some("340123450000000018"))]);
    assert_eq!(unit.within, None);
    assert!(matches!(answers.last(), Some(Answer::Discrepant { .. })), "{answers:?}");
}

#[test]
fn a_second_count_stands_and_moves_the_unit_nowhere() {
    let count = |text: &str| Report::Counted { qty: Qty::parse(text).unwrap() };
    let place = crate::words::Place::parse("A-12-3").unwrap();
    let (unit, _) = told(vec![Report::PutAway { place: place.clone() }, count("480 H87"), count("477 H87")]);
    assert_eq!((unit.received, unit.stage, unit.place), (Some(Qty::parse("477 H87").unwrap()), Stage::PutAway, Some(place)));
}

#[test]
fn an_announcement_that_the_warehouse_does_not_take_is_shown_until_it_takes_one() {
    use crate::floor::{Floor, person};
    let mut floor = Floor::new();
    let sscc = Sscc::parse("340123450000000018").unwrap();
    let (nord, wms) = (SiteId::parse("nord").unwrap(), SiteId::parse("wms-na").unwrap());
    let id = floor.book.unit_entity(nord, &sscc).unwrap();
    let filled = Mail::Filled { sscc, contents: Vec::new(), from: nord, to: Some(wms) };
    floor.tell(id, "takt", Body::Unit(Input::Mail(filled)));
    floor.refuses("announce_unit");
    let shown: Vec<_> = floor.cases(id).iter().map(|case| (case.owner.to_string(), case.what.clone())).collect();
    let what = "wms-na does not take that 340123450000000018 comes: E42 not with me".to_owned();
    assert_eq!(shown, [("planning".to_owned(), what)]);
    floor.wish(id, person("planner"), Body::Unit(Input::Request(Request::RequestHandover { warehouse: wms })));
    floor.does("announce_unit", &crate::outbox::Receipt::default());
    assert!(floor.cases(id).is_empty());
}
