//! Transitions 12 and 13: a hold binds in the lot's own commit, covers what it says, and is over when quality says so.

use super::*;
use crate::case::CaseKind;
use crate::effect::Effect;
use crate::outbox::Receipt;
use crate::refusal::Code;

#[test]
fn a_held_pallet_is_not_cleared_and_its_neighbour_is() {
    let mut floor = two_pallets();
    place(&mut floor, "NC-1", &[pallet(1)]);
    assert!(!asks(&mut floor, truck(1), 1, &pallet(1)).is_empty());
    assert!(asks(&mut floor, truck(2), 1, &pallet(2)).is_empty());
}

#[test]
fn a_hold_binds_whatever_the_erp_the_warehouse_and_the_quality_system_answer() {
    let mut floor = two_pallets();
    place(&mut floor, "NC-1", &[]);
    for verb in ["block_stock", "change_stock_status", "tell_hold"] {
        floor.refuses(verb);
    }
    assert!(!asks(&mut floor, truck(1), 1, &pallet(1)).is_empty());
    assert_eq!(floor.open(goods(), &CaseKind::Discrepancy), 3, "each refusal is shown");
}

#[test]
fn a_hold_that_is_extended_under_its_own_number_holds_the_new_pallet_too() {
    let mut floor = two_pallets();
    place(&mut floor, "NC-1", &[pallet(1)]);
    place(&mut floor, "NC-1", &[pallet(2)]);
    assert!(!asks(&mut floor, truck(1), 1, &pallet(1)).is_empty());
    assert!(!asks(&mut floor, truck(2), 1, &pallet(2)).is_empty());
    let blocked = floor.asked("block_stock").len();
    assert_eq!(blocked, 2, "the warehouse is told of the second pallet");
}

#[test]
fn a_hold_placed_again_after_it_was_released_holds_again() {
    let mut floor = two_pallets();
    place(&mut floor, "NC-1", &[]);
    decide(&mut floor, "NC-1", vec![verdict(Verdict::Accept)]);
    assert!(asks(&mut floor, truck(1), 1, &pallet(1)).is_empty());
    place(&mut floor, "NC-1", &[]);
    assert!(!asks(&mut floor, truck(2), 1, &pallet(1)).is_empty());
    decide(&mut floor, "NC-1", vec![verdict(Verdict::Accept)]);
    assert!(asks(&mut floor, truck(2), 2, &pallet(1)).is_empty(), "and is released again under its own number");
}

#[test]
fn what_is_made_after_a_hold_on_the_whole_lot_is_blocked_in_the_warehouse_and_in_the_erp() {
    let mut floor = two_pallets();
    place(&mut floor, "NC-1", &[]);
    floor.asked.clear();
    made(&mut floor, Some(pallet(3)), "100 H87", false);
    assert!(matches!(floor.asked("block_stock")[..], [Effect::BlockStock(block)] if block.units == [pallet(3)]));
    assert!(moves(&floor).is_empty(), "the ERP does not have it yet");
    received(&mut floor, 3, "100 H87", StockStatus::Unrestricted);
    assert_eq!(moves(&floor), [(StockStatus::Unrestricted, StockStatus::Blocked, "100 H87".to_owned())]);
    assert!(!asks(&mut floor, truck(1), 1, &pallet(3)).is_empty());
}

#[test]
fn two_holds_block_the_stock_once_and_the_erp_frees_it_with_the_last() {
    let mut floor = two_pallets();
    place(&mut floor, "NC-1", &[]);
    place(&mut floor, "NC-2", &[pallet(1)]);
    assert_eq!(floor.asked("change_stock_status").len(), 1, "blocked stock is not blocked again");
    floor.does("change_stock_status", &Receipt::default());
    decide(&mut floor, "NC-1", vec![verdict(Verdict::Accept)]);
    let freed: Vec<_> = floor.asked("change_stock_status").into_iter().cloned().collect();
    assert!(
        matches!(&freed[..], [Effect::ChangeStockStatus { qty: freed, to: StockStatus::Unrestricted, .. }] if *freed == qty("480 H87"))
    );
    assert!(!asks(&mut floor, truck(1), 1, &pallet(1)).is_empty());
    floor.does("change_stock_status", &Receipt::default());
    decide(&mut floor, "NC-2", vec![verdict(Verdict::Accept)]);
    assert!(matches!(floor.asked("change_stock_status")[..], [Effect::ChangeStockStatus { qty: freed, .. }] if *freed == qty("480 H87")));
    assert!(asks(&mut floor, truck(1), 2, &pallet(1)).is_empty());
}

#[test]
fn scrapped_goods_do_not_leave_although_their_hold_is_decided() {
    for bad in [Verdict::Scrap, Verdict::Rework, Verdict::Return] {
        let mut floor = two_pallets();
        place(&mut floor, "NC-1", &[]);
        let decisions = vec![
            Decision { verdict: Verdict::Accept, qty: None, unit: Some(pallet(1)) },
            Decision { verdict: bad, qty: None, unit: Some(pallet(2)) },
        ];
        decide(&mut floor, "NC-1", decisions);
        assert!(asks(&mut floor, truck(1), 1, &pallet(1)).is_empty());
        assert!(!asks(&mut floor, truck(2), 1, &pallet(2)).is_empty(), "{bad:?}");
        place(&mut floor, "NC-2", &[pallet(2)]);
        decide(&mut floor, "NC-2", vec![verdict(Verdict::Accept)]);
        assert!(asks(&mut floor, truck(2), 2, &pallet(2)).is_empty(), "decided anew, it is free");
    }
}

#[test]
fn only_quality_decides() {
    let mut floor = two_pallets();
    place(&mut floor, "NC-1", &[]);
    let wish = Body::Lot(Input::Request(Request::RecordDisposition(disposition("NC-1", vec![verdict(Verdict::Accept)]))));
    assert_eq!(crate::floor::refused(&floor.wish(goods(), person("planner"), wish.clone())), Code::NotOwner);
    assert!(!asks(&mut floor, truck(1), 1, &pallet(1)).is_empty());
    assert_eq!(floor.wish(goods(), person("quality"), wish), Answer::Accepted);
    assert!(asks(&mut floor, truck(1), 2, &pallet(1)).is_empty());
}

#[test]
fn a_decision_that_does_not_come_from_the_quality_system_moves_nothing_and_is_shown() {
    let mut floor = two_pallets();
    place(&mut floor, "NC-1", &[]);
    let fact = OwnerFact::Decided(disposition("NC-1", vec![verdict(Verdict::Accept)]));
    let answer = floor.tell(goods(), "nord", Body::Lot(Input::OwnerFact(fact)));
    assert!(matches!(answer, Answer::Discrepant { .. }));
    assert_eq!(floor.open(goods(), &CaseKind::NotOwner), 1);
    assert!(!asks(&mut floor, truck(1), 1, &pallet(1)).is_empty());
}

#[test]
fn a_decision_that_overtook_its_hold_on_the_road_counts_when_the_hold_comes() {
    let mut floor = two_pallets();
    assert!(matches!(decide(&mut floor, "NC-1", vec![verdict(Verdict::Accept)]), Answer::Discrepant { .. }));
    assert_eq!(floor.open(goods(), &CaseKind::Discrepancy), 1, "somebody is told as long as there is no such hold");
    assert_eq!(place(&mut floor, "NC-1", &[]), Answer::Accepted);
    assert_eq!(floor.open(goods(), &CaseKind::Discrepancy), 0);
    assert!(asks(&mut floor, truck(1), 1, &pallet(1)).is_empty(), "it is over as it is placed");
    floor.wait_ms(floor.book.policy.disposition_ms);
    assert_eq!(floor.open(goods(), &CaseKind::Unanswered), 0);
    assert_eq!(decide(&mut floor, "NC-1", vec![verdict(Verdict::Accept)]), Answer::Accepted, "who says it once more is heard");
}

#[test]
fn a_decision_that_overtook_its_hold_bars_what_it_scraps_and_frees_nothing_that_is_held_later() {
    let mut floor = two_pallets();
    let scrapped = Decision { unit: Some(pallet(1)), ..verdict(Verdict::Scrap) };
    decide(&mut floor, "NC-1", vec![verdict(Verdict::Accept), scrapped]);
    place(&mut floor, "NC-1", &[]);
    assert!(!asks(&mut floor, truck(1), 1, &pallet(1)).is_empty(), "that one is to be scrapped");
    assert!(asks(&mut floor, truck(2), 1, &pallet(2)).is_empty());
    decide(&mut floor, "NC-2", vec![verdict(Verdict::Accept)]);
    floor.wait_ms(1_000);
    place(&mut floor, "NC-2", &[pallet(2)]);
    assert!(!asks(&mut floor, truck(2), 2, &pallet(2)).is_empty(), "it was placed after that was decided, so it is another one");
}

#[test]
fn a_hold_that_nobody_decides_becomes_a_case_and_only_its_own_decision_closes_it() {
    let mut floor = two_pallets();
    place(&mut floor, "NC-1", &[pallet(1)]);
    place(&mut floor, "NC-2", &[pallet(2)]);
    floor.wait_ms(floor.book.policy.disposition_ms);
    assert_eq!(floor.open(goods(), &CaseKind::Unanswered), 2);
    decide(&mut floor, "NC-1", vec![verdict(Verdict::Accept)]);
    assert_eq!(floor.open(goods(), &CaseKind::Unanswered), 1);
    assert!(floor.cases(goods()).iter().any(|case| case.what.contains("NC-2")));
}

#[test]
fn a_hold_on_a_pallet_finds_it_however_its_number_is_padded() {
    let mut floor = Floor::new();
    let (ours, theirs) = (Sscc::parse("340123450000000018").unwrap(), Sscc::parse("00340123450000000018").unwrap());
    made(&mut floor, Some(ours.clone()), "480 H87", false);
    assert!(asks(&mut floor, truck(1), 1, &theirs).is_empty(), "the warehouse asks with its own spelling");
    place(&mut floor, "NC-1", &[theirs]);
    assert!(floor.mail.iter().any(|mail| matches!(&mail.body, Body::Shipment(shipment::Input::Mail(shipment::Mail::Held { .. })))));
    assert!(!asks(&mut floor, truck(2), 1, &ours).is_empty());
}

#[test]
fn what_a_system_will_not_free_is_shown() {
    let mut floor = two_pallets();
    place(&mut floor, "NC-1", &[]);
    floor.asked.clear();
    decide(&mut floor, "NC-1", vec![verdict(Verdict::Accept)]);
    floor.refuses("change_stock_status");
    floor.refuses("unblock_stock");
    let shown = floor.cases(goods()).len();
    assert_eq!(shown, 2, "a refusal that nobody sees leaves stock blocked for ever");
}

#[test]
fn an_order_is_told_of_a_hold_by_the_newest_word_of_its_lot() {
    let mut floor = Floor::new();
    made(&mut floor, Some(pallet(1)), "480 H87", true);
    let sample = NativeId::parse("S-1").unwrap();
    let fact = OwnerFact::InspectionClosed { sample, passed: false, lot: Day::lot(), findings: "pores".into() };
    floor.mail.clear();
    floor.tell(goods(), "qms", Body::Lot(Input::OwnerFact(fact)));
    let words: Vec<(u64, usize)> = floor
        .mail
        .iter()
        .filter_map(|mail| match &mail.body {
            Body::Order(crate::order::Input::Mail(crate::order::Mail::Quality { word, holds, .. })) => Some((*word, holds.len())),
            _ => None,
        })
        .collect();
    let newest = words.iter().map(|(word, _)| *word).max().unwrap();
    assert!(words.iter().filter(|(word, _)| *word == newest).all(|(_, holds)| *holds == 1), "{words:?}");
}

fn by_quantity(verdict: Verdict, much: &str) -> Decision {
    Decision { verdict, qty: Some(qty(much)), unit: None }
}

#[test]
fn scrap_decided_by_quantity_alone_does_not_free_what_is_held() {
    let mut floor = two_pallets();
    place(&mut floor, "NC-1", &[pallet(1)]);
    floor.asked.clear();
    decide(&mut floor, "NC-1", vec![by_quantity(Verdict::Scrap, "480 H87")]);
    assert!(!asks(&mut floor, truck(1), 1, &pallet(1)).is_empty(), "all that the hold is on is to be scrapped");
    assert!(floor.asked("unblock_stock").is_empty(), "and the warehouse does not move it");
    assert!(asks(&mut floor, truck(2), 1, &pallet(2)).is_empty());
}

#[test]
fn a_part_that_is_to_be_scrapped_keeps_the_hold_until_somebody_says_where_it_stands() {
    let mut floor = two_pallets();
    place(&mut floor, "NC-1", &[]);
    floor.asked.clear();
    let part = || vec![by_quantity(Verdict::Accept, "950 H87"), by_quantity(Verdict::Scrap, "10 H87")];
    assert!(matches!(decide(&mut floor, "NC-1", part()), Answer::Discrepant { .. }));
    for number in [1, 2] {
        assert!(!asks(&mut floor, truck(u64::from(number)), 1, &pallet(number)).is_empty());
    }
    assert!(floor.asked("unblock_stock").is_empty());
    let named = Decision { verdict: Verdict::Scrap, qty: None, unit: Some(pallet(2)) };
    decide(&mut floor, "NC-1", vec![by_quantity(Verdict::Accept, "480 H87"), named]);
    assert!(asks(&mut floor, truck(1), 2, &pallet(1)).is_empty());
    assert!(!asks(&mut floor, truck(2), 2, &pallet(2)).is_empty());
    let freed = |effect: &&Effect| matches!(effect, Effect::UnblockStock(block) if block.units.is_empty() && block.keep == [pallet(2)]);
    assert_eq!(floor.asked("unblock_stock").iter().filter(|effect| freed(effect)).count(), 1, "it stays blocked when the lot is freed");
}

#[test]
fn a_hold_that_a_person_places_on_what_nobody_has_seen_binds_and_is_shown_until_it_is_seen() {
    let wished = |floor: &mut Floor, units: &[Sscc]| {
        let placement = Placement {
            hold: HoldNo::parse("H-1").unwrap(),
            lot: Day::lot(),
            site: site("nord"),
            units: units.to_vec(),
            reason: Reason::parse("weld").unwrap(),
            severity: String::new(),
        };
        floor.wish(goods(), person("quality"), Body::Lot(Input::Request(Request::PlaceHold(placement))))
    };
    let mut floor = Floor::new();
    assert!(matches!(wished(&mut floor, &[]), Answer::Discrepant { .. }));
    assert!(matches!(wished(&mut floor, &[]), Answer::Discrepant { .. }), "and again");
    let cases = floor.cases(goods());
    assert!(matches!(&cases[..], [case] if case.site == Some(site("nord")) && case.impact_at.is_some()), "{cases:?}");
    assert_eq!(floor.lot(goods()).holds.len(), 1);
    decide(&mut floor, "H-1", vec![verdict(Verdict::Accept)]);
    assert!(floor.lot(goods()).holds.is_empty() && floor.cases(goods()).is_empty(), "nothing is held any more");
    let mut floor = Floor::new();
    wished(&mut floor, &[]);
    made(&mut floor, Some(pallet(1)), "480 H87", false);
    assert_eq!(floor.open(goods(), &CaseKind::Discrepancy), 0, "it is there");
    assert!(!asks(&mut floor, truck(1), 1, &pallet(1)).is_empty(), "and held");

    let mut floor = Floor::new();
    made(&mut floor, Some(pallet(1)), "480 H87", false);
    assert!(matches!(wished(&mut floor, &[pallet(1), pallet(7)]), Answer::Discrepant { .. }));
    made(&mut floor, Some(pallet(2)), "480 H87", false);
    let cases = floor.cases(goods());
    assert!(matches!(&cases[..], [case] if case.what.contains(pallet(7).as_str()) && !case.what.contains(pallet(1).as_str())), "{cases:?}");
    made(&mut floor, Some(pallet(7)), "480 H87", false);
    assert!(floor.cases(goods()).is_empty());
    assert_eq!(wished(&mut floor, &[pallet(1)]), Answer::Accepted);
}
