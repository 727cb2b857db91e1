//! The way of an order over the floor: its plant's answer, and what its lots hear.

use super::*;
use crate::words::OutputKind;

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

#[test]
fn what_goes_into_an_order_and_comes_out_of_it_is_in_the_genealogy_of_its_lot() {
    let mut floor = accepted();
    let steel = MaterialId::parse("STEEL-3").unwrap();
    let amount = |text: &str| Amount { qty: qty(text), counting: Counting::Delta, native: None };
    let op = OpNo::parse("10").unwrap();
    let lot = LotNo::parse("H-5501").ok();
    reports(&mut floor, Report::Consumed { op, item: None, material: steel, lot, amount: amount("12 KGM") });
    let pallet = Sscc::parse("pallet-1").ok();
    let made = Report::Produced {
        output: OutputKind::Main,
        material: None,
        lot: None,
        amount: amount("30 H87"),
        unit: pallet,
        serials: Vec::new(),
    };
    reports(&mut floor, made);
    floor.deliver();
    let lot = floor.lot(Day::lot_entity());
    assert_eq!(lot.total(), Some(qty("30 H87")));
    assert_eq!(lot.parents.iter().map(|(key, _)| key.lot.as_str()).collect::<Vec<_>>(), ["H-5501"]);
}
