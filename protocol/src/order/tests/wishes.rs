//! What a client wishes for before there is an order: refused, asked of the wrong ERP, or not made by the right one.

use super::*;
use crate::desk::{Action, Wish};
use crate::input::Address;
use crate::kernel::Reply;

fn release(reference: &str, change: impl Fn(&mut Release)) -> Body {
    let Body::Order(Input::OwnerFact(OwnerFact::Released(header))) = Day::release().body else { panic!("no release") };
    let Header { erp, plant, material, total, start, end, .. } = *header;
    let planned_order = NativeId::parse(reference).unwrap();
    let mut release = Release { erp, planned_order, plant, material, total, recipe: None, lot: None, start, end };
    change(&mut release);
    Body::Order(Input::Request(Request::Release(release)))
}

#[test]
fn nothing_is_born_from_a_refusal_and_the_same_wish_is_looked_at_again() {
    let mut floor = Floor::new();
    let id = order_of(&floor, "PL-1");
    let envelope = floor.envelope("desk");
    let mut input = crate::input::Input { to: Address::Entity(id), envelope, body: release("PL-1", |wish| wish.total = qty("5 KGM")) };
    for _ in 0..2 {
        assert!(matches!(floor.take(id, &input), Reply::Answer(Answer::Refused(_))));
        assert!(!floor.state(id).is_born(), "a refused wish is no order");
    }
    input.body = release("PL-1", |_| ());
    assert_eq!(floor.take(id, &input), Reply::Answer(Answer::Accepted));
}

#[test]
fn an_order_is_asked_of_the_erp_that_owns_the_plants_orders() {
    let mut floor = Floor::new();
    let other = floor.book.sites[&site("erp-eu")].clone();
    floor.book.sites.insert(site("erp-na"), other);
    let id = floor.book.born_at(site("erp-na"), Kind::Order, NativeKind::Order, "PL-1").unwrap();
    let answer = floor.wish(id, person("planner"), release("PL-1", |wish| wish.erp = site("erp-na")));
    assert_eq!(refused(&answer), Code::NotOwner);
}

#[test]
fn what_its_erp_makes_without_saying_its_number_is_not_asked_for_twice() {
    let (mut floor, id) = wished("PL-1");
    floor.does("convert_planned_order", &done());
    let again = floor.wish(id, person("planner"), release("PL-1", |_| ()));
    assert_eq!(refused(&again), Code::DuplicateOrder);
    assert_eq!(floor.asked("convert_planned_order").len(), 0, "a second order would be made");
}

#[test]
fn what_its_erp_would_not_make_can_be_asked_for_again() {
    for by_hand in [true, false] {
        let (mut floor, id) = wished("PL-1");
        let again = || release("PL-1", |_| ());
        assert!(matches!(floor.wish(id, person("planner"), again()), Answer::Refused(_)), "its ERP has not answered");
        floor.refuses("convert_planned_order");
        let case = floor.cases(id)[0].number;
        let answer = if by_hand {
            floor.wish(id, person("planner"), Body::Desk(Wish { case, action: Action::Retry }))
        } else {
            floor.wish(id, person("planner"), again())
        };
        assert_eq!(answer, Answer::Accepted, "by hand {by_hand}");
        assert_eq!(floor.cases(id).len(), 0, "the case is over");
        floor.does("convert_planned_order", &super::named(site("erp-eu"), NativeKind::Order, "1000042"));
        assert_eq!(floor.order(id).header().unwrap().number.as_str(), "1000042");
        assert_eq!(floor.order(id).wished, None);
    }
}

#[test]
fn the_hours_that_were_wished_for_stand_where_the_erp_keeps_days_alone() {
    let day = 86_400_000;
    for (later, stands) in [(0, true), (day, false)] {
        let (mut floor, id) = wished("PL-1");
        let wish = floor.order(id).wished.clone().unwrap();
        let Body::Order(Input::OwnerFact(OwnerFact::Released(mut header))) = Day::release().body else { panic!("no release") };
        let told = (wish.start.plus_ms(later + 60_000), wish.end.plus_ms(later + 60_000));
        (header.start, header.end) = told;
        let envelope = floor.envelope("erp-eu");
        let body = Body::Order(Input::OwnerFact(OwnerFact::Created(header)));
        assert_eq!(floor.take(id, &crate::input::Input { to: Address::Entity(id), envelope, body }), Reply::Answer(Answer::Accepted));
        let made = floor.order(id).header.clone().unwrap();
        assert_eq!((made.start, made.end), if stands { (wish.start, wish.end) } else { told }, "{later} ms later");
    }
}
