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
