//! A plant's warehouse may be another one by now: whoever has goods of a lot is told to block, and to free again.

use super::*;
use crate::effect::Effect;
use crate::outbox::Receipt;

/// What warehouses were asked with this verb, and for which handling units.
fn asked(floor: &Floor, verb: &str) -> Vec<(String, Vec<Sscc>)> {
    let units = |effect: &Effect| match effect {
        Effect::BlockStock(block) | Effect::UnblockStock(block) => block.units.clone(),
        other => panic!("no block: {other:?}"),
    };
    let mine = floor.asked.iter().filter(|asked| asked.effect.verb() == verb);
    mine.map(|asked| (asked.site.clone(), units(&asked.effect))).collect()
}

/// The plant's pallets go to another warehouse from now on.
fn moves_to(floor: &mut Floor, warehouse: &str) {
    let old = floor.book.sites[&site("wms-na")].clone();
    floor.book.sites.insert(site(warehouse), old);
    floor.book.sites.get_mut(&site("nord")).unwrap().warehouse = Some(site(warehouse));
}

fn both() -> [(String, Vec<Sscc>); 2] {
    [("wms-eu".to_owned(), Vec::new()), ("wms-na".to_owned(), Vec::new())]
}

#[test]
fn pallets_in_the_warehouse_of_before_are_blocked_and_freed_there() {
    let mut floor = two_pallets();
    moves_to(&mut floor, "wms-eu");
    place(&mut floor, "NC-1", &[]);
    assert_eq!(asked(&floor, "block_stock"), both());
    floor.does("block_stock", &Receipt::default());
    let containment = &floor.lot(goods()).holds[&hold_no("NC-1")].containment;
    for warehouse in ["wms-eu", "wms-na"] {
        assert!(matches!(containment[&site(warehouse)], Containment::Confirmed { .. }), "{warehouse}: {containment:?}");
    }
    decide(&mut floor, "NC-1", vec![verdict(Verdict::Accept)]);
    assert_eq!(asked(&floor, "unblock_stock"), both());
}

#[test]
fn a_block_that_the_warehouse_of_before_has_is_taken_off_there_and_new_pallets_are_blocked_where_they_go() {
    let mut floor = Floor::new();
    place(&mut floor, "NC-1", &[]);
    floor.does("block_stock", &Receipt::default());
    moves_to(&mut floor, "wms-eu");
    made(&mut floor, Some(pallet(1)), "480 H87", false);
    assert_eq!(asked(&floor, "block_stock"), [("wms-eu".to_owned(), vec![pallet(1)])]);
    floor.does("block_stock", &Receipt::default());
    decide(&mut floor, "NC-1", vec![verdict(Verdict::Accept)]);
    assert_eq!(asked(&floor, "unblock_stock"), both());
}

#[test]
fn a_pallet_that_is_handed_to_another_warehouse_is_held_there_too() {
    let mut floor = two_pallets();
    moves_to(&mut floor, "wms-eu");
    moves_to(&mut floor, "wms-na");
    place(&mut floor, "NC-1", &[pallet(1)]);
    floor.asked.clear();
    for number in [1, 2] {
        mail(&mut floor, goods(), Mail::HandedTo { unit: pallet(number), warehouse: site("wms-eu") });
    }
    assert_eq!(asked(&floor, "block_stock"), [("wms-eu".to_owned(), vec![pallet(1)])]);
    place(&mut floor, "NC-2", &[pallet(2)]);
    assert_eq!(asked(&floor, "block_stock").len(), 3, "both are told of what is held from now on");
}
