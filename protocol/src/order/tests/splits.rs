//! A part becomes an order of its own, or nothing has happened.

use super::*;

fn split(floor: &mut Floor, pieces: &str) -> Answer {
    let reference = NativeId::parse("PL-SPLIT").unwrap();
    wish(floor, Request::Split { total: qty(pieces), reference, plant: None, start: None, end: None })
}

#[test]
fn the_parent_shrinks_first_and_is_done_when_the_child_has_a_number() {
    let mut floor = accepted();
    makes(&mut floor, "300 H87");
    assert_eq!(split(&mut floor, "2000 H87"), Answer::Accepted);
    floor.does("change_job", &done());
    assert!(floor.asked("convert_planned_order").is_empty(), "not before the parent is smaller in the ERP");
    floor.does("change_order", &done());
    assert_eq!(total(&floor), "3000 H87");
    floor.deliver();
    floor.does("convert_planned_order", &named(site("erp-eu"), NativeKind::Order, "1000043"));
    floor.deliver();
    let child = order_of(&floor, "PL-SPLIT");
    assert_eq!(order(&floor).children[&child], (NativeId::parse("1000043").unwrap(), qty("2000 H87")));
    assert!(order(&floor).pending.is_none());
    assert_eq!(order(&floor).ops[&OpNo::parse("10").unwrap()].good, qty("300 H87"), "what was reported stays with the parent");
    let born = floor.order(child);
    assert_eq!((born.parent, born.header().unwrap().total), (Some(me(&floor)), qty("2000 H87")));
    assert_eq!(floor.asked("dispatch_job").len(), 1, "and goes its own way");
}

#[test]
fn a_child_that_the_erp_refuses_leaves_the_parent_whole() {
    let mut floor = accepted();
    split(&mut floor, "2000 H87");
    floor.does("change_job", &done());
    floor.does("change_order", &done());
    floor.deliver();
    floor.refuses("convert_planned_order");
    floor.deliver();
    assert_eq!(asked_of_erp(&floor), [Change::Quantity { total: qty("5000 H87") }]);
    floor.does("change_order", &done());
    assert!(total(&floor) == "5000 H87" && order(&floor).pending.is_none() && order(&floor).children.is_empty());
    let told = floor.asked("change_job");
    assert!(matches!(told.as_slice(), [Effect::ChangeJob { total, .. }] if *total == qty("5000 H87")), "{told:?}");
    assert_eq!(floor.open(me(&floor), &CaseKind::Rejected(Code::Other)), 1);
}

/// A part is wanted, and the parent is smaller already.
fn asked_for(floor: &mut Floor) {
    assert_eq!(split(floor, "2000 H87"), Answer::Accepted);
    floor.does("change_job", &done());
    floor.does("change_order", &done());
    floor.deliver();
    assert_eq!(floor.asked("convert_planned_order").len(), 1);
}

#[test]
fn what_was_refused_once_may_be_split_off_again_under_the_same_reference() {
    let mut floor = accepted();
    asked_for(&mut floor);
    floor.refuses("convert_planned_order");
    floor.deliver();
    floor.does("change_order", &done());
    floor.does("change_job", &done());
    assert_eq!((total(&floor).as_str(), order(&floor).pending.is_none()), ("5000 H87", true));
    asked_for(&mut floor);
    floor.does("convert_planned_order", &named(site("erp-eu"), NativeKind::Order, "1000043"));
    floor.deliver();
    assert!(order(&floor).pending.is_none());
    assert_eq!(order(&floor).children[&order_of(&floor, "PL-SPLIT")], (NativeId::parse("1000043").unwrap(), qty("2000 H87")));
}

#[test]
fn an_order_that_was_moved_while_a_part_of_it_was_asked_for_keeps_its_new_dates() {
    let mut floor = accepted();
    split(&mut floor, "2000 H87");
    floor.does("change_job", &done());
    floor.does("change_order", &done());
    floor.deliver();
    let (start, end) = (at(3 * 1440), at(4 * 1440));
    says(&mut floor, "erp-eu", OwnerFact::DatesChanged { start, end });
    floor.does("change_job", &done());
    floor.refuses("convert_planned_order");
    floor.deliver();
    floor.does("change_order", &done());
    let told = floor.asked("change_job");
    let expected = Effect::ChangeJob { job: floor_job(&told), total: qty("5000 H87"), start, end };
    assert_eq!(told, [&expected]);
}

fn floor_job(told: &[&Effect]) -> crate::effect::JobRef {
    match told {
        [Effect::ChangeJob { job, .. }] => job.clone(),
        other => panic!("the plant was told {other:?}"),
    }
}

#[test]
fn no_part_is_split_off_that_was_made_already_or_names_an_order_that_is_there() {
    let mut floor = accepted();
    makes(&mut floor, "4000 H87");
    assert_eq!(refused(&split(&mut floor, "1001 H87")), Code::Capacity);
    assert_eq!(refused(&split(&mut floor, "5000 H87")), Code::Capacity);
    let own = NativeId::parse("1000042").unwrap();
    let request = Request::Split { total: qty("10 H87"), reference: own, plant: None, start: None, end: None };
    assert_eq!(refused(&wish(&mut floor, request)), Code::DuplicateOrder);
}
