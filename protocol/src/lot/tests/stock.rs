//! The ERP's stock of a lot ends where holds, samples and decisions want it, whatever comes first.

use super::*;
use crate::case::CaseKind;
use crate::outbox::Receipt;
use StockStatus::{Blocked, QualityInspection, Restricted, Unrestricted};

/// What happens to a lot of two pallets that must be inspected, in one order or another.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Event {
    Received(u32),
    Passed,
    Held,
    Freed,
}

/// Where the ERP has it, with all moves done.
fn erp(floor: &mut Floor) -> Vec<(StockStatus, String)> {
    while !moves(floor).is_empty() {
        floor.does("change_stock_status", &Receipt::default());
    }
    let stands = &floor.lot(goods()).stock.stands;
    stands.iter().filter(|(_, qty)| !qty.is_zero()).map(|(status, qty)| (*status, qty.to_string())).collect()
}

fn happens(floor: &mut Floor, event: Event) {
    match event {
        Event::Received(pallet) => received(floor, pallet, "480 H87", QualityInspection),
        Event::Passed => {
            let fact = OwnerFact::InspectionClosed {
                sample: NativeId::parse("S-1").unwrap(),
                passed: true,
                lot: Day::lot(),
                findings: String::new(),
            };
            floor.tell(goods(), "qms", Body::Lot(Input::OwnerFact(fact)));
        }
        Event::Held => drop(place(floor, "NC-1", &[pallet(1)])),
        Event::Freed => drop(decide(floor, "NC-1", vec![verdict(Verdict::Accept)])),
    }
}

fn inspected() -> Floor {
    let mut floor = Floor::new();
    made(&mut floor, Some(pallet(1)), "480 H87", true);
    made(&mut floor, Some(pallet(2)), "480 H87", true);
    floor
}

/// Every order of these events in which the hold is placed before it is decided.
fn orders(events: &[Event]) -> Vec<Vec<Event>> {
    if events.is_empty() {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for at in 0..events.len() {
        let mut rest = events.to_vec();
        let first = rest.remove(at);
        all.extend(orders(&rest).into_iter().map(|tail| [vec![first], tail].concat()));
    }
    let place = |order: &[Event], event| order.iter().position(|known| *known == event);
    all.retain(|order| place(order, Event::Freed).is_none_or(|freed| place(order, Event::Held).is_none_or(|held| held < freed)));
    all
}

#[test]
fn stock_is_free_in_the_end_in_whatever_order_receipt_verdict_hold_and_decision_come() {
    let events = [Event::Received(1), Event::Received(2), Event::Passed, Event::Held, Event::Freed];
    let all = orders(&events);
    assert_eq!(all.len(), 60);
    for order in all {
        for at_once in [true, false] {
            let mut floor = inspected();
            for event in &order {
                happens(&mut floor, *event);
                if at_once {
                    erp(&mut floor);
                }
            }
            assert_eq!(erp(&mut floor), [(Unrestricted, "960 H87".to_owned())], "{order:?}");
            assert!(floor.cases(goods()).is_empty());
        }
    }
}

#[test]
fn a_held_pallet_is_blocked_and_the_rest_is_where_the_inspection_has_it() {
    for order in orders(&[Event::Received(1), Event::Received(2), Event::Passed, Event::Held]) {
        let mut floor = inspected();
        for event in &order {
            happens(&mut floor, *event);
        }
        assert_eq!(erp(&mut floor), [(Unrestricted, "480 H87".to_owned()), (Blocked, "480 H87".to_owned())], "{order:?}");
    }
    let mut waiting = inspected();
    for event in [Event::Received(1), Event::Received(2), Event::Held] {
        happens(&mut waiting, event);
    }
    assert_eq!(erp(&mut waiting), [(QualityInspection, "480 H87".to_owned()), (Blocked, "480 H87".to_owned())]);
}

#[test]
fn a_receipt_told_twice_is_booked_once_and_one_taken_back_is_gone() {
    let mut floor = inspected();
    received(&mut floor, 1, "480 H87", QualityInspection);
    received(&mut floor, 1, "480 H87", QualityInspection);
    assert_eq!(erp(&mut floor), [(QualityInspection, "480 H87".to_owned())]);
    received(&mut floor, 9, "-80 H87", QualityInspection);
    happens(&mut floor, Event::Passed);
    assert_eq!(erp(&mut floor), [(Unrestricted, "400 H87".to_owned())]);
}

#[test]
fn a_sample_of_goods_that_need_no_inspection_moves_nothing_in_the_erp() {
    let mut floor = two_pallets();
    let taken = Mail::SampleTaken {
        order: order(),
        lot: Day::lot(),
        site: site("nord"),
        sample: NativeId::parse("S-9").unwrap(),
        qty: None,
        taken_at: floor.now,
    };
    mail(&mut floor, goods(), taken);
    assert!(moves(&floor).is_empty());
    place(&mut floor, "NC-1", &[]);
    assert_eq!(moves(&floor), [(Unrestricted, Blocked, "960 H87".to_owned())], "from where it stands");
}

#[test]
fn goods_accepted_for_restricted_use_stand_apart() {
    let mut floor = two_pallets();
    place(&mut floor, "NC-1", &[]);
    erp(&mut floor);
    let decisions = vec![
        Decision { verdict: Verdict::Accept, qty: None, unit: Some(pallet(1)) },
        Decision { verdict: Verdict::AcceptRestricted, qty: None, unit: Some(pallet(2)) },
    ];
    decide(&mut floor, "NC-1", decisions);
    assert_eq!(erp(&mut floor), [(Unrestricted, "480 H87".to_owned()), (Restricted, "480 H87".to_owned())]);
}

#[test]
fn a_move_that_the_erp_refuses_is_shown_once_and_tried_again_when_there_is_something_new() {
    let mut floor = two_pallets();
    place(&mut floor, "NC-1", &[pallet(1)]);
    floor.refuses("change_stock_status");
    assert_eq!((moves(&floor).len(), floor.open(goods(), &CaseKind::Discrepancy)), (0, 1));
    place(&mut floor, "NC-2", &[pallet(1)]);
    assert!(moves(&floor).is_empty(), "nothing has changed in the ERP");
    received(&mut floor, 3, "10 H87", Unrestricted);
    assert_eq!(moves(&floor), [(Unrestricted, Blocked, "480 H87".to_owned())]);
}

#[test]
fn what_has_left_is_not_blocked_in_the_erp_any_more() {
    let mut floor = two_pallets();
    asks(&mut floor, truck(1), 1, &pallet(1));
    mail(
        &mut floor,
        goods(),
        Mail::Departed { shipment: truck(1), attempt: Some(1), units: vec![(pallet(1), qty("480 H87"))], parts: Vec::new() },
    );
    place(&mut floor, "NC-1", &[]);
    assert_eq!(moves(&floor), [(Unrestricted, Blocked, "480 H87".to_owned())]);
}

#[test]
fn what_was_refused_is_asked_for_again_when_another_move_was_done() {
    let mut floor = two_pallets();
    place(&mut floor, "NC-1", &[pallet(1)]);
    floor.does("change_stock_status", &Receipt::default());
    decide(&mut floor, "NC-1", vec![verdict(Verdict::Accept)]);
    let back = floor.asked.iter().position(|asked| asked.effect.verb() == "change_stock_status").map(|at| floor.asked.remove(at)).unwrap();
    place(&mut floor, "NC-2", &[]);
    floor.refuses("change_stock_status");
    assert!(moves(&floor).is_empty());
    floor.asked.push(back);
    floor.does("change_stock_status", &Receipt::default());
    assert_eq!(moves(&floor), [(Unrestricted, Blocked, "960 H87".to_owned())], "there is something to block now");
}

#[test]
fn what_was_on_a_pallet_may_be_told_after_it_has_left() {
    let mut floor = Floor::new();
    made(&mut floor, None, "20 H87", false);
    received(&mut floor, 2, "20 H87", Unrestricted);
    mail(
        &mut floor,
        goods(),
        Mail::Departed { shipment: truck(1), attempt: None, units: vec![(pallet(1), qty("480 H87"))], parts: Vec::new() },
    );
    made(&mut floor, Some(pallet(1)), "480 H87", false);
    received(&mut floor, 1, "480 H87", Unrestricted);
    place(&mut floor, "NC-1", &[]);
    assert_eq!(moves(&floor), [(Unrestricted, Blocked, "20 H87".to_owned())], "the ERP does not have what left");
}

#[test]
fn what_was_taken_of_a_pallet_before_its_receipt_was_posted_is_not_blocked_after_it() {
    for late in [false, true] {
        let mut floor = Floor::new();
        made(&mut floor, Some(pallet(1)), "480 H87", false);
        made(&mut floor, Some(pallet(2)), "480 H87", false);
        let books = |floor: &mut Floor| {
            received(floor, 1, "480 H87", Unrestricted);
            received(floor, 2, "480 H87", Unrestricted);
        };
        if !late {
            books(&mut floor);
        }
        let gone = Mail::Departed { shipment: truck(1), attempt: None, units: vec![(pallet(1), qty("300 H87"))], parts: vec![pallet(1)] };
        mail(&mut floor, goods(), gone);
        if late {
            books(&mut floor);
        }
        place(&mut floor, "NC-1", &[pallet(1)]);
        let blocked: Vec<_> = moves(&floor).into_iter().filter(|(_, to, _)| *to == Blocked).map(|(_, _, qty)| qty).collect();
        assert_eq!(blocked, ["180 H87"], "late: {late}");
    }
}
