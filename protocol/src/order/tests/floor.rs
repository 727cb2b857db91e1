//! The way of an order over the floor: its plant's answer, and what its lots hear.

use super::*;
use crate::lot;
use crate::words::{HoldNo, OutputKind};

#[test]
fn a_plant_that_does_not_answer_in_time_is_shown_and_its_late_answer_still_counts() {
    let mut floor = released();
    floor.deliver();
    let patience = floor.book.policy.dispatch_patience_ms;
    floor.wait_ms(patience);
    assert_eq!(order(&floor).dispatch, Dispatch::TimedOut { attempt: 1 });
    assert_eq!(floor.open(me(&floor), &CaseKind::Unanswered), 1);
    floor.does("dispatch_job", &named(site("nord"), NativeKind::Job, "J-7"));
    assert_eq!(order(&floor).dispatch, Dispatch::Accepted { attempt: 1, implied: false });
    assert_eq!(floor.open(me(&floor), &CaseKind::Unanswered), 0);
}

fn amount(text: &str) -> Amount {
    Amount { qty: qty(text), counting: Counting::Delta, native: None }
}

fn consumes(floor: &mut Floor, material: &str, number: &str, much: &str) {
    let (op, material) = (OpNo::parse("10").unwrap(), MaterialId::parse(material).unwrap());
    let lot = LotNo::parse(number).ok();
    reports(floor, Report::Consumed { op, item: None, material, lot, amount: amount(much) });
}

fn puts_out(floor: &mut Floor, lot: Option<&str>, pallet: &str) {
    let made = Report::Produced {
        output: OutputKind::Main,
        material: None,
        lot: lot.and_then(|lot| LotNo::parse(lot).ok()),
        amount: amount("30 H87"),
        unit: Sscc::parse(pallet).ok(),
        serials: Vec::new(),
    };
    reports(floor, made);
}

fn lot_of(floor: &Floor, material: &str, number: &str) -> EntityId {
    floor.book.lot_entity(site("nord"), &key(material, number)).unwrap()
}

fn key(material: &str, number: &str) -> LotKey {
    LotKey { material: MaterialId::parse(material).unwrap(), lot: LotNo::parse(number).unwrap() }
}

/// A nonconformance on a lot: on one pallet, or on all of it.
fn is_bad(floor: &mut Floor, lot: LotKey, pallet: Option<&str>) {
    let entity = floor.book.lot_entity(site("nord"), &lot).unwrap();
    let placed = lot::Placement {
        hold: HoldNo::parse("NC-1").unwrap(),
        lot,
        site: site("nord"),
        units: pallet.and_then(|pallet| Sscc::parse(pallet).ok()).into_iter().collect(),
        reason: Reason::parse("cracks").unwrap(),
        severity: String::new(),
    };
    floor.tell(entity, "qms", Body::Lot(lot::Input::OwnerFact(lot::OwnerFact::Nonconformance(placed))));
    floor.deliver();
}

#[test]
fn what_goes_into_an_order_and_comes_out_of_it_is_in_the_genealogy_of_its_lot() {
    let mut floor = accepted();
    consumes(&mut floor, "STEEL-3", "H-5501", "12 KGM");
    puts_out(&mut floor, None, "pallet-1");
    floor.deliver();
    let lot = floor.lot(Day::lot_entity());
    assert_eq!(lot.total(), Some(qty("30 H87")));
    assert_eq!(lot.parents.iter().map(|(key, _)| key.lot.as_str()).collect::<Vec<_>>(), ["H-5501"]);
}

#[test]
fn a_bad_component_holds_every_lot_of_the_order_whatever_the_plant_calls_it_and_whenever_it_says_so() {
    for component_first in [true, false] {
        let mut floor = accepted();
        if component_first {
            consumes(&mut floor, "STEEL-3", "H-5501", "12 KGM");
        }
        puts_out(&mut floor, Some("N7-1"), "pallet-1");
        puts_out(&mut floor, Some("N7-2"), "pallet-2");
        if !component_first {
            consumes(&mut floor, "STEEL-3", "H-5501", "12 KGM");
        }
        floor.deliver();
        is_bad(&mut floor, key("STEEL-3", "H-5501"), None);
        for number in ["N7-1", "N7-2"] {
            let lot = floor.lot(lot_of(&floor, "FG-100", number));
            assert_eq!(lot.parents.iter().map(|(key, _)| key.lot.as_str()).collect::<Vec<_>>(), ["H-5501"], "{number}");
            assert_eq!(lot.holds.len(), 1, "{number} may leave, component first: {component_first}");
        }
    }
}

#[test]
fn a_lot_that_is_worked_on_again_is_not_its_own_component() {
    let mut floor = accepted();
    puts_out(&mut floor, None, "pallet-1");
    consumes(&mut floor, "FG-100", Day::lot().lot.as_str(), "3 H87");
    puts_out(&mut floor, None, "pallet-2");
    floor.deliver();
    is_bad(&mut floor, Day::lot(), Some("pallet-1"));
    let lot = floor.lot(Day::lot_entity());
    assert!(lot.parents.is_empty() && lot.children.is_empty());
    assert_eq!(lot.holds.values().flat_map(lot::Hold::scope).map(|unit| unit.to_string()).collect::<Vec<_>>(), ["pallet-1"]);
}
