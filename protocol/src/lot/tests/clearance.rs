//! Transition 15 at the lot: whichever of hold and clearance is written first binds the other.

use super::*;
use crate::case::CaseKind;

fn held_mails(floor: &Floor, to: EntityId) -> usize {
    let held = |mail: &&crate::input::Input| {
        mail.to == crate::input::Address::Entity(to)
            && matches!(&mail.body, Body::Shipment(shipment::Input::Mail(shipment::Mail::Held { .. })))
    };
    floor.mail.iter().filter(held).count()
}

#[test]
fn a_hold_after_the_clearance_takes_it_back() {
    let mut floor = two_pallets();
    mail(&mut floor, goods(), Mail::Register { shipment: truck(1), unit: pallet(1), qty: qty("480 H87") });
    assert!(asks(&mut floor, truck(1), 1, &pallet(1)).is_empty());
    floor.mail.clear();
    place(&mut floor, "NC-1", &[]);
    let revoked = floor
        .mail
        .iter()
        .any(|mail| matches!(&mail.body, Body::Shipment(shipment::Input::Mail(shipment::Mail::Held { revokes: Some(1), .. }))));
    assert!(revoked);
}

#[test]
fn a_hold_reaches_a_shipment_that_was_cleared_before_its_registration_arrived() {
    let mut floor = two_pallets();
    assert!(asks(&mut floor, truck(1), 1, &pallet(1)).is_empty());
    floor.mail.clear();
    place(&mut floor, "NC-1", &[]);
    assert_eq!(held_mails(&floor, truck(1)), 1);
}

#[test]
fn a_shipment_that_registers_a_held_pallet_hears_of_the_hold_at_once() {
    let mut floor = two_pallets();
    place(&mut floor, "NC-1", &[pallet(1)]);
    floor.mail.clear();
    mail(&mut floor, goods(), Mail::Register { shipment: truck(1), unit: pallet(1), qty: qty("480 H87") });
    mail(&mut floor, goods(), Mail::Register { shipment: truck(2), unit: pallet(2), qty: qty("480 H87") });
    assert_eq!((held_mails(&floor, truck(1)), held_mails(&floor, truck(2))), (1, 0));
}

#[test]
fn a_pallet_that_has_left_is_not_cleared_for_another_truck() {
    let mut floor = two_pallets();
    assert!(asks(&mut floor, truck(1), 1, &pallet(1)).is_empty());
    let units = vec![(pallet(1), qty("480 H87"))];
    mail(&mut floor, goods(), Mail::Departed { shipment: truck(1), attempt: Some(1), units, parts: Vec::new() });
    assert!(!asks(&mut floor, truck(2), 1, &pallet(1)).is_empty());
    assert!(asks(&mut floor, truck(2), 2, &pallet(2)).is_empty());
}

#[test]
fn a_hold_on_stock_that_has_left_is_told_to_its_truck() {
    let mut floor = two_pallets();
    mail(&mut floor, goods(), Mail::Register { shipment: truck(1), unit: pallet(1), qty: qty("480 H87") });
    asks(&mut floor, truck(1), 1, &pallet(1));
    mail(
        &mut floor,
        goods(),
        Mail::Departed { shipment: truck(1), attempt: Some(1), units: vec![(pallet(1), qty("480 H87"))], parts: Vec::new() },
    );
    floor.mail.clear();
    place(&mut floor, "NC-1", &[]);
    assert_eq!(held_mails(&floor, truck(1)), 1, "it goes onto the recall list");
}

#[test]
fn goods_that_left_with_a_clearance_that_was_taken_back_since_are_no_escape() {
    let mut floor = two_pallets();
    assert!(asks(&mut floor, truck(1), 1, &pallet(1)).is_empty());
    place(&mut floor, "NC-1", &[]);
    let gone = |attempt| Mail::Departed { shipment: truck(1), attempt, units: vec![(pallet(1), qty("480 H87"))], parts: Vec::new() };
    mail(&mut floor, goods(), gone(Some(1)));
    assert_eq!(floor.open(goods(), &CaseKind::Escape), 0, "its shipment shows it as held after clearance");
    mail(&mut floor, goods(), gone(Some(2)));
    assert_eq!(floor.open(goods(), &CaseKind::Escape), 1, "nobody gave it that one");
}

#[test]
fn held_goods_that_leave_without_clearance_are_an_escape() {
    let mut floor = two_pallets();
    place(&mut floor, "NC-1", &[]);
    mail(
        &mut floor,
        goods(),
        Mail::Departed { shipment: truck(1), attempt: None, units: vec![(pallet(1), qty("480 H87"))], parts: Vec::new() },
    );
    assert_eq!(floor.open(goods(), &CaseKind::Escape), 1);
}

#[test]
fn a_request_that_comes_too_late_or_for_an_unknown_pallet_means_no() {
    let mut floor = two_pallets();
    assert!(!asks(&mut floor, truck(1), 1, &pallet(9)).is_empty());
    floor.mail.clear();
    let until = floor.now;
    floor.now = floor.now.plus_ms(1);
    mail(
        &mut floor,
        goods(),
        Mail::AskClearance { shipment: truck(1), attempt: 2, units: vec![(pallet(1), qty("480 H87"))], parts: Vec::new(), until },
    );
    let no = floor.mail.iter().any(|mail| {
        matches!(&mail.body, Body::Shipment(shipment::Input::Mail(shipment::Mail::ClearanceAnswered { refused, .. })) if !refused.is_empty())
    });
    assert!(no);
}
