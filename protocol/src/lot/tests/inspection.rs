//! Inspection at birth, apart from holds: not before use without a verdict; a failed sample holds; quality has the last word.

use super::*;

fn sampled(floor: &mut Floor, sample: &str) {
    let taken = Mail::SampleTaken {
        order: order(),
        lot: Day::lot(),
        site: site("nord"),
        sample: NativeId::parse(sample).unwrap(),
        qty: None,
        taken_at: floor.now,
    };
    mail(floor, goods(), taken);
}

fn closed(floor: &mut Floor, sample: &str, passed: bool) {
    let sample = NativeId::parse(sample).unwrap();
    let fact = OwnerFact::InspectionClosed { sample, passed, lot: Day::lot(), findings: "pores".into() };
    floor.tell(goods(), "qms", Body::Lot(Input::OwnerFact(fact)));
}

#[test]
fn goods_that_must_be_inspected_wait_for_the_verdict_on_every_sample() {
    let mut floor = Floor::new();
    made(&mut floor, Some(pallet(1)), "480 H87", true);
    assert!(!asks(&mut floor, truck(1), 1, &pallet(1)).is_empty(), "nobody has looked yet");
    sampled(&mut floor, "S-1");
    sampled(&mut floor, "S-2");
    closed(&mut floor, "S-1", true);
    assert!(!asks(&mut floor, truck(1), 2, &pallet(1)).is_empty(), "one sample is open");
    closed(&mut floor, "S-2", true);
    assert!(asks(&mut floor, truck(1), 3, &pallet(1)).is_empty());
}

#[test]
fn a_failed_sample_holds_until_quality_accepts_the_goods_as_they_are() {
    let mut floor = Floor::new();
    made(&mut floor, Some(pallet(1)), "480 H87", true);
    sampled(&mut floor, "S-1");
    closed(&mut floor, "S-1", false);
    assert!(!asks(&mut floor, truck(1), 1, &pallet(1)).is_empty());
    let holds: Vec<HoldNo> = floor.lot(goods()).holds.keys().cloned().collect();
    assert_eq!(holds.len(), 1);
    decide(&mut floor, holds[0].as_str(), vec![verdict(Verdict::Accept)]);
    assert!(asks(&mut floor, truck(1), 2, &pallet(1)).is_empty(), "accepted is free; nobody will judge that sample again");
}

#[test]
fn a_sample_that_is_taken_late_puts_a_free_lot_back_into_inspection_and_its_orders_hear_of_it() {
    let mut floor = two_pallets();
    sampled(&mut floor, "S-9");
    assert!(!asks(&mut floor, truck(1), 1, &pallet(1)).is_empty());
    floor.mail.clear();
    closed(&mut floor, "S-9", true);
    assert!(floor.mail.iter().any(|mail| matches!(&mail.body, Body::Order(_))));
    assert!(asks(&mut floor, truck(1), 2, &pallet(1)).is_empty());
}

#[test]
fn two_failed_samples_with_long_names_are_two_holds() {
    let mut floor = Floor::new();
    made(&mut floor, Some(pallet(1)), "480 H87", true);
    let long = "2026-11-23/line-4/shift-B/furnace-2/sample-00000000000001";
    let other = "2026-11-23/line-4/shift-B/furnace-2/sample-00000000000002";
    for sample in [long, other] {
        sampled(&mut floor, sample);
        closed(&mut floor, sample, false);
    }
    let holds: Vec<HoldNo> = floor.lot(goods()).holds.keys().cloned().collect();
    assert_eq!(holds.len(), 2, "{holds:?}");
    decide(&mut floor, holds[0].as_str(), vec![verdict(Verdict::Accept)]);
    assert!(!asks(&mut floor, truck(1), 1, &pallet(1)).is_empty());
}

#[test]
fn a_plant_may_leave_it_to_its_laboratory_to_find_samples_and_to_see_holds() {
    use crate::workflow::Step;
    let asked = |without: &[Step], verb: &str| {
        let mut floor = Floor::new();
        floor.book.workflows.without.insert(site("nord"), without.iter().copied().collect());
        made(&mut floor, Some(pallet(1)), "480 H87", true);
        sampled(&mut floor, "S-1");
        closed(&mut floor, "S-1", false);
        floor.asked(verb).len()
    };
    assert_eq!((asked(&[], "open_inspection"), asked(&[], "tell_hold")), (1, 1));
    assert_eq!((asked(&[Step::OpenInspection], "open_inspection"), asked(&[Step::TellHold], "tell_hold")), (0, 0));
    assert_eq!(asked(&[Step::TellHold], "block_stock"), asked(&[], "block_stock"), "the warehouse hears of it in any case");
}

#[test]
fn who_owns_quality_status_has_the_word_about_a_sample_and_nobody_else() {
    use crate::ownership::{Domain, Holder, Ownership};
    let mut floor = Floor::new();
    floor.book.ownership = Ownership::new([((site("nord"), Domain::QualityStatus), Holder::Erp)].into());
    made(&mut floor, Some(pallet(1)), "480 H87", true);
    sampled(&mut floor, "S-1");
    closed(&mut floor, "S-1", true);
    assert!(!asks(&mut floor, truck(1), 1, &pallet(1)).is_empty(), "the quality system does not own it here");
    let sample = NativeId::parse("S-1").unwrap();
    let fact = OwnerFact::InspectionClosed { sample, passed: true, lot: Day::lot(), findings: String::new() };
    floor.tell(goods(), "erp-eu", Body::Lot(Input::OwnerFact(fact)));
    assert!(asks(&mut floor, truck(1), 2, &pallet(1)).is_empty());
}
