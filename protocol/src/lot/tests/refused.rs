//! What quality refused stays blocked, whether it stands on a handling unit or not, and whenever that one is told of.

use super::*;
use crate::effect::Effect;
use crate::outbox::Receipt;
use StockStatus::{Blocked, Unrestricted};

/// A receipt without a handling unit stands in the ERP.
fn received_loose(floor: &mut Floor, posting: u32, pieces: &str) {
    let parts = vec![Booking { status: Unrestricted, unit: None, qty: qty(pieces) }];
    mail(floor, goods(), Mail::Booked { order: order(), lot: Day::lot(), site: site("nord"), posting, parts });
}

/// Where the ERP has it, with all moves done.
fn erp(floor: &mut Floor) -> Vec<(StockStatus, String)> {
    while !moves(floor).is_empty() {
        floor.does("change_stock_status", &Receipt::default());
    }
    let stands = &floor.lot(goods()).stock.stands;
    stands.iter().filter(|(_, qty)| !qty.is_zero()).map(|(status, qty)| (*status, qty.to_string())).collect()
}

fn on(verdict: Verdict, unit: Sscc) -> Decision {
    Decision { verdict, qty: None, unit: Some(unit) }
}

fn blocked(floor: &Floor) -> String {
    floor.lot(goods()).blocked().unwrap().to_string()
}

#[test]
fn a_lot_on_no_handling_unit_stays_blocked_when_it_is_refused() {
    for bad in [Verdict::Scrap, Verdict::Rework, Verdict::Return] {
        for much in [None, Some(qty("500 H87"))] {
            let mut floor = Floor::new();
            made(&mut floor, None, "500 H87", false);
            received_loose(&mut floor, 1, "500 H87");
            place(&mut floor, "NC-1", &[]);
            assert_eq!(erp(&mut floor), [(Blocked, "500 H87".to_owned())]);
            decide(&mut floor, "NC-1", vec![Decision { verdict: bad, qty: much, unit: None }]);
            assert_eq!(erp(&mut floor), [(Blocked, "500 H87".to_owned())], "{bad:?}");
            assert!(floor.asked("unblock_stock").is_empty(), "the warehouse keeps its block");
            assert_eq!(blocked(&floor), "500 H87");
            assert!(floor.lot(goods()).holds.is_empty(), "the decision is taken all the same");
        }
    }
}

#[test]
fn of_a_lot_that_is_partly_on_pallets_what_is_on_none_is_refused_too() {
    for decisions in [
        vec![verdict(Verdict::Scrap), on(Verdict::Accept, pallet(1))],
        vec![on(Verdict::Accept, pallet(1)), verdict(Verdict::Scrap)],
        vec![on(Verdict::Accept, pallet(1)), Decision { verdict: Verdict::Scrap, qty: Some(qty("20 H87")), unit: None }],
    ] {
        let mut floor = Floor::new();
        made(&mut floor, Some(pallet(1)), "480 H87", false);
        made(&mut floor, None, "20 H87", false);
        received(&mut floor, 1, "480 H87", Unrestricted);
        received_loose(&mut floor, 2, "20 H87");
        place(&mut floor, "NC-1", &[]);
        decide(&mut floor, "NC-1", decisions.clone());
        assert_eq!(erp(&mut floor), [(Unrestricted, "480 H87".to_owned()), (Blocked, "20 H87".to_owned())], "{decisions:?}");
        assert_eq!(blocked(&floor), "20 H87");
        assert!(floor.cases(goods()).iter().any(|case| case.what.starts_with("20 H87 of")), "the task is about these alone");
        assert!(asks(&mut floor, truck(1), 1, &pallet(1)).is_empty(), "what was accepted by name may leave");
        let freed: Vec<_> = floor.asked("unblock_stock").into_iter().cloned().collect();
        assert!(matches!(&freed[..], [Effect::UnblockStock(block)] if block.units == [pallet(1)]), "{freed:?}");
    }
}

#[test]
fn as_much_as_is_on_the_known_pallets_is_not_all_of_a_lot_that_is_partly_on_none() {
    let mut floor = Floor::new();
    made(&mut floor, Some(pallet(1)), "480 H87", false);
    made(&mut floor, None, "20 H87", false);
    place(&mut floor, "NC-1", &[]);
    let answer = decide(&mut floor, "NC-1", vec![Decision { verdict: Verdict::Scrap, qty: Some(qty("480 H87")), unit: None }]);
    assert!(matches!(answer, Answer::Discrepant { .. }));
    assert_eq!(blocked(&floor), "500 H87", "nobody knows which 480 are meant");
}

#[test]
fn a_pallet_is_refused_whether_it_is_told_of_before_or_after_the_verdict() {
    for late in [false, true] {
        let mut floor = Floor::new();
        made(&mut floor, Some(pallet(1)), "480 H87", false);
        let told = |floor: &mut Floor| {
            made(floor, Some(pallet(2)), "480 H87", false);
            received(floor, 2, "480 H87", Unrestricted);
        };
        received(&mut floor, 1, "480 H87", Unrestricted);
        if !late {
            told(&mut floor);
        }
        place(&mut floor, "NC-1", &[]);
        decide(&mut floor, "NC-1", vec![verdict(Verdict::Scrap)]);
        if late {
            floor.asked.retain(|asked| asked.effect.verb() != "block_stock");
            assert!(!asks(&mut floor, truck(1), 1, &pallet(2)).is_empty());
            told(&mut floor);
            assert!(matches!(floor.asked("block_stock")[..], [Effect::BlockStock(block)] if block.units == [pallet(2)]));
        }
        assert_eq!(erp(&mut floor), [(Blocked, "960 H87".to_owned())], "late: {late}");
        assert!(!asks(&mut floor, truck(2), 1, &pallet(2)).is_empty());
        assert_eq!(blocked(&floor), "960 H87");
    }
}

#[test]
fn a_pallet_that_a_hold_names_is_refused_although_it_is_told_of_later() {
    let mut floor = Floor::new();
    made(&mut floor, Some(pallet(1)), "480 H87", false);
    place(&mut floor, "NC-1", &[pallet(2)]);
    decide(&mut floor, "NC-1", vec![verdict(Verdict::Scrap)]);
    made(&mut floor, Some(pallet(2)), "480 H87", false);
    assert!(!asks(&mut floor, truck(2), 1, &pallet(2)).is_empty());
    assert!(asks(&mut floor, truck(1), 1, &pallet(1)).is_empty(), "its neighbour was not decided about");
}

#[test]
fn what_was_refused_is_free_when_a_count_takes_it_back_or_quality_accepts_it() {
    let refused = || {
        let mut floor = Floor::new();
        made(&mut floor, Some(pallet(1)), "480 H87", false);
        made(&mut floor, None, "20 H87", false);
        received(&mut floor, 1, "480 H87", Unrestricted);
        received_loose(&mut floor, 2, "20 H87");
        place(&mut floor, "NC-1", &[]);
        decide(&mut floor, "NC-1", vec![verdict(Verdict::Scrap), on(Verdict::Accept, pallet(1))]);
        floor
    };
    let mut counted = refused();
    made(&mut counted, None, "-20 H87", false);
    received_loose(&mut counted, 3, "-20 H87");
    assert_eq!((erp(&mut counted), blocked(&counted)), (vec![(Unrestricted, "480 H87".to_owned())], "0 H87".to_owned()));

    let mut accepted = refused();
    place(&mut accepted, "NC-2", &[]);
    accepted.asked.retain(|asked| asked.effect.verb() != "unblock_stock");
    decide(&mut accepted, "NC-2", vec![verdict(Verdict::Accept)]);
    assert_eq!(erp(&mut accepted), [(Unrestricted, "500 H87".to_owned())]);
    let off = |effect: &Effect| match effect {
        Effect::UnblockStock(block) => (block.hold.to_string(), block.units.len() + block.keep.len()),
        other => panic!("not the end of a block: {other:?}"),
    };
    let off: Vec<_> = accepted.asked("unblock_stock").into_iter().map(off).collect();
    assert_eq!(off, [("NC-1".to_owned(), 0), ("NC-2".to_owned(), 0)], "the block of the first hold is taken off, too");
}

/// The ends of blocks that warehouses were asked for: under which hold, and of which handling units.
fn ended(floor: &Floor) -> Vec<(String, Vec<Sscc>)> {
    let off = |effect: &Effect| match effect {
        Effect::UnblockStock(block) => (block.hold.to_string(), block.units.clone()),
        other => panic!("not the end of a block: {other:?}"),
    };
    floor.asked("unblock_stock").into_iter().map(off).collect()
}

#[test]
fn what_was_refused_by_name_and_is_accepted_later_is_free_in_the_warehouse_too() {
    for named in [false, true] {
        let mut floor = two_pallets();
        if named {
            place(&mut floor, "NC-1", &[pallet(2)]);
            decide(&mut floor, "NC-1", vec![verdict(Verdict::Scrap)]);
        } else {
            place(&mut floor, "NC-1", &[]);
            decide(&mut floor, "NC-1", vec![verdict(Verdict::Accept), on(Verdict::Scrap, pallet(2))]);
        }
        place(&mut floor, "NC-2", &[pallet(2)]);
        floor.asked.retain(|asked| asked.effect.verb() != "unblock_stock");
        decide(&mut floor, "NC-2", vec![verdict(Verdict::Accept)]);
        let both = [("NC-1".to_owned(), vec![pallet(2)]), ("NC-2".to_owned(), vec![pallet(2)])];
        assert_eq!(ended(&floor), both, "named: {named}");
        assert!(floor.lot(goods()).kept.is_empty());
    }
}

#[test]
fn every_block_of_what_was_refused_twice_is_taken_off_when_it_is_accepted() {
    let mut floor = two_pallets();
    for (number, bad) in [("NC-1", Verdict::Scrap), ("NC-2", Verdict::Rework)] {
        place(&mut floor, number, &[]);
        decide(&mut floor, number, vec![verdict(bad)]);
    }
    assert!(ended(&floor).is_empty());
    place(&mut floor, "NC-3", &[]);
    decide(&mut floor, "NC-3", vec![verdict(Verdict::Accept)]);
    let mut ended = ended(&floor);
    ended.sort();
    assert_eq!(ended, ["NC-1", "NC-2", "NC-3"].map(|number| (number.to_owned(), Vec::new())));
}

#[test]
fn a_block_of_a_new_pallet_leaves_what_was_accepted_free() {
    let mut floor = two_pallets();
    place(&mut floor, "NC-1", &[]);
    decide(&mut floor, "NC-1", vec![verdict(Verdict::Scrap), on(Verdict::Accept, pallet(1))]);
    made(&mut floor, Some(pallet(3)), "10 H87", false);
    floor.does("block_stock", &Receipt::default());
    floor.does("unblock_stock", &Receipt::default());
    let settled = floor.log.iter().flat_map(|(_, step)| &step.facts).filter(|fact| {
        matches!(fact, crate::fact::Fact::Outbox { step: crate::outbox::OutboxFact::Settled(crate::outbox::Outcome::Superseded), .. })
    });
    assert_eq!(settled.count(), 0, "nothing passed the end of the block of the first pallet");
}
