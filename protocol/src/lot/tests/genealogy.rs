//! The cascade: a held component holds what it went into, and what that went into; free again only when all are.

use super::*;
use crate::effect::Effect;
use crate::words::OpNo;

fn steel(number: &str) -> LotKey {
    lot_key("STEEL-3", number)
}

fn component(floor: &Floor, number: &str) -> EntityId {
    floor.book.lot_entity(site("nord"), &steel(number)).unwrap()
}

fn used(floor: &mut Floor, number: &str, into: (LotKey, EntityId)) {
    let lot = component(floor, number);
    let consumed = Mail::Consumed {
        order: order(),
        op: OpNo::parse("10").unwrap(),
        qty: qty("12 KGM"),
        into: vec![into],
        site: site("nord"),
        lot: steel(number),
    };
    mail(floor, lot, consumed);
}

fn into_goods() -> (LotKey, EntityId) {
    (Day::lot(), goods())
}

fn hold_steel(floor: &mut Floor, number: &str, hold: &str) {
    let to = component(floor, number);
    let placed = Placement { lot: steel(number), ..placement(hold, &[]) };
    floor.tell(to, "qms", Body::Lot(Input::OwnerFact(OwnerFact::Nonconformance(placed))));
}

fn free_steel(floor: &mut Floor, number: &str, hold: &str) {
    let to = component(floor, number);
    let decided = Disposition { lot: steel(number), ..disposition(hold, vec![verdict(Verdict::Accept)]) };
    floor.tell(to, "qms", Body::Lot(Input::OwnerFact(OwnerFact::Decided(decided))));
}

#[test]
fn a_held_component_holds_what_was_made_of_it_down_to_the_second_generation() {
    let mut floor = two_pallets();
    let built = lot_key("CAR-1", "1000099");
    let car = floor.book.lot_entity(site("nord"), &built).unwrap();
    used(&mut floor, "H-1", into_goods());
    let consumed = Mail::Consumed {
        order: order(),
        op: OpNo::parse("10").unwrap(),
        qty: qty("4 H87"),
        into: vec![(built, car)],
        site: site("nord"),
        lot: Day::lot(),
    };
    mail(&mut floor, goods(), consumed);
    hold_steel(&mut floor, "H-1", "NC-1");
    floor.deliver();
    assert!(!asks(&mut floor, truck(1), 1, &pallet(1)).is_empty());
    assert_eq!(floor.lot(car).holds.len(), 1);
    free_steel(&mut floor, "H-1", "NC-1");
    floor.deliver();
    assert!(asks(&mut floor, truck(1), 2, &pallet(1)).is_empty());
    assert!(floor.lot(car).holds.is_empty());
}

#[test]
fn consuming_a_held_lot_holds_what_is_made_of_it() {
    let mut floor = two_pallets();
    hold_steel(&mut floor, "H-1", "NC-1");
    used(&mut floor, "H-1", into_goods());
    floor.deliver();
    assert!(!asks(&mut floor, truck(1), 1, &pallet(1)).is_empty());
}

#[test]
fn one_nonconformance_over_two_components_is_over_when_both_are_free() {
    let mut floor = two_pallets();
    for heat in ["H-1", "H-2"] {
        used(&mut floor, heat, into_goods());
        hold_steel(&mut floor, heat, "NC-1");
    }
    floor.deliver();
    free_steel(&mut floor, "H-1", "NC-1");
    floor.deliver();
    assert!(!asks(&mut floor, truck(1), 1, &pallet(1)).is_empty(), "the other component is still held");
    free_steel(&mut floor, "H-2", "NC-1");
    floor.deliver();
    assert!(asks(&mut floor, truck(1), 2, &pallet(1)).is_empty());
}

#[test]
fn freeing_a_component_does_not_free_goods_that_are_held_themselves_under_the_same_number() {
    let mut floor = two_pallets();
    used(&mut floor, "H-1", into_goods());
    place(&mut floor, "NC-1", &[pallet(1)]);
    hold_steel(&mut floor, "H-1", "NC-1");
    floor.deliver();
    assert!(!asks(&mut floor, truck(1), 1, &pallet(2)).is_empty(), "what came down covers the whole lot");
    free_steel(&mut floor, "H-1", "NC-1");
    floor.deliver();
    assert!(!asks(&mut floor, truck(1), 2, &pallet(1)).is_empty(), "its own hold stays");
    assert!(asks(&mut floor, truck(2), 3, &pallet(2)).is_empty(), "and covers what it said");
}

#[test]
fn word_that_a_component_is_free_may_overtake_word_that_it_was_held() {
    let mut floor = two_pallets();
    used(&mut floor, "H-1", into_goods());
    hold_steel(&mut floor, "H-1", "NC-1");
    free_steel(&mut floor, "H-1", "NC-1");
    floor.deliver_backwards();
    assert!(asks(&mut floor, truck(1), 1, &pallet(1)).is_empty(), "nobody would ever release it");
}

#[test]
fn a_component_held_anew_holds_anew_what_was_made_of_it() {
    for backwards in [false, true] {
        let mut floor = two_pallets();
        used(&mut floor, "H-1", into_goods());
        hold_steel(&mut floor, "H-1", "NC-1");
        free_steel(&mut floor, "H-1", "NC-1");
        hold_steel(&mut floor, "H-1", "NC-1");
        if backwards {
            floor.deliver_backwards();
        } else {
            floor.deliver();
        }
        assert!(!asks(&mut floor, truck(1), 1, &pallet(1)).is_empty(), "backwards: {backwards}");
    }
}

#[test]
fn stock_that_was_blocked_because_of_a_component_is_free_in_the_erp_again_with_it() {
    let mut floor = two_pallets();
    used(&mut floor, "H-1", into_goods());
    hold_steel(&mut floor, "H-1", "NC-1");
    floor.deliver();
    let moved = |floor: &Floor| {
        let all = floor.asked.iter().filter(|asked| asked.intent.entity == goods());
        all.filter_map(|asked| match &asked.effect {
            Effect::ChangeStockStatus { qty, to, .. } => Some((*qty, *to)),
            _ => None,
        })
        .collect::<Vec<_>>()
    };
    assert_eq!(moved(&floor), [(qty("960 H87"), crate::words::StockStatus::Blocked)]);
    free_steel(&mut floor, "H-1", "NC-1");
    floor.deliver();
    assert_eq!(moved(&floor)[1..], [(qty("960 H87"), crate::words::StockStatus::Unrestricted)]);
}

/// Another lot, made of the goods, that goes into the goods again; the component went into both.
fn a_circle() -> (Floor, EntityId) {
    let mut floor = two_pallets();
    let built = lot_key("CAR-1", "1000099");
    let car = floor.book.lot_entity(site("nord"), &built).unwrap();
    for into in [into_goods(), (built.clone(), car)] {
        used(&mut floor, "H-1", into);
    }
    let linked = |lot, into| Mail::Linked { lot, site: site("nord"), from: Vec::new(), into: vec![into] };
    mail(&mut floor, goods(), linked(Day::lot(), (built.clone(), car)));
    mail(&mut floor, car, linked(built, into_goods()));
    floor.deliver();
    (floor, car)
}

#[test]
fn goods_that_go_round_in_a_circle_do_not_hold_each_other_for_ever() {
    for backwards in [false, true] {
        let (mut floor, car) = a_circle();
        let run = |floor: &mut Floor| if backwards { floor.deliver_backwards() } else { floor.deliver() };
        hold_steel(&mut floor, "H-1", "NC-1");
        run(&mut floor);
        assert_eq!((floor.lot(goods()).holds.len(), floor.lot(car).holds.len()), (1, 1));
        free_steel(&mut floor, "H-1", "NC-1");
        run(&mut floor);
        assert!(floor.lot(goods()).holds.is_empty() && floor.lot(car).holds.is_empty(), "backwards: {backwards}");
        place(&mut floor, "NC-2", &[pallet(1)]);
        run(&mut floor);
        assert_eq!(floor.lot(car).holds.len(), 1);
        assert_eq!(floor.lot(goods()).holds[&hold_no("NC-2")].scope(), [pallet(1)], "its own hold came back and grew");
        decide(&mut floor, "NC-2", vec![verdict(Verdict::Accept)]);
        run(&mut floor);
        assert!(floor.lot(goods()).holds.is_empty() && floor.lot(car).holds.is_empty(), "backwards: {backwards}");
    }
}

#[test]
fn what_quality_frees_half_way_down_stays_free_and_the_rest_stays_held() {
    let (mut floor, car) = a_circle();
    hold_steel(&mut floor, "H-1", "NC-1");
    floor.deliver();
    decide(&mut floor, "NC-1", vec![verdict(Verdict::Accept)]);
    floor.deliver();
    assert!(floor.lot(goods()).holds.is_empty());
    assert_eq!(floor.lot(car).holds.len(), 1, "it came from the component itself, too");
    free_steel(&mut floor, "H-1", "NC-1");
    floor.deliver();
    assert!(floor.lot(car).holds.is_empty());
}
