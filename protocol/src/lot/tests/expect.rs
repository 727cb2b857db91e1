//! Goods that a supplier sends: known before they come, held before they come, counted when they come.

use super::*;
use crate::effect::Effect;
use crate::native::{NativeId, NativeKind, Ref};
use crate::outbox::Receipt;
use crate::unit;

/// A plant whose suppliers announce what they send by a portal.
fn dock() -> Floor {
    let mut floor = Floor::new();
    let portal = crate::book::Site { kind: crate::book::SiteKind::Supplier, ..floor.book.sites[&site("qms")].clone() };
    floor.book.sites.insert(site("portal"), portal);
    floor.book.sites.get_mut(&site("nord")).unwrap().around.supplier = Some(site("portal"));
    floor
}

fn steel() -> LotKey {
    lot_key("STEEL-3", "H-0001")
}

fn lot(floor: &Floor) -> EntityId {
    floor.book.lot_entity(site("nord"), &steel()).unwrap()
}

fn pack(floor: &Floor, number: u32) -> EntityId {
    floor.book.unit_entity(site("portal"), &pallet(number)).unwrap()
}

fn announces(floor: &mut Floor, source: &str, number: u32) -> Answer {
    let id = |text: &str| NativeId::parse(text).unwrap();
    let said = Announcement {
        lot: steel(),
        site: site("nord"),
        notice: id("ASN-1"),
        purchase: Some(id("45-1")),
        supplier: id("STAHL-AG"),
        unit: pallet(number),
        qty: qty("500 KGM"),
    };
    let to = lot(floor);
    floor.tell(to, source, Body::Lot(Input::Report(Report::Announced(Box::new(said)))))
}

fn comes(floor: &mut Floor, number: u32, counted: &str) -> Answer {
    let unit = pack(floor, number);
    let report = unit::Report::Received { qty: qty(counted), place: None };
    let answer = floor.tell(unit, "wms-na", Body::Unit(unit::Input::Report(report)));
    floor.deliver();
    answer
}

fn hold(floor: &mut Floor) {
    let (to, placed) = (lot(floor), Placement { lot: steel(), ..placement("NC-1", &[]) });
    floor.tell(to, "qms", Body::Lot(Input::OwnerFact(OwnerFact::Nonconformance(placed))));
    floor.deliver();
}

#[test]
fn a_lot_is_known_before_it_comes_by_the_supplier_s_number_and_its_packs_are_announced_to_the_warehouse() {
    let mut floor = dock();
    assert_eq!(announces(&mut floor, "portal", 1), Answer::Accepted);
    assert_eq!(announces(&mut floor, "portal", 1), Answer::Accepted, "told again");
    floor.deliver();
    let entity = lot(&floor);
    let name = Ref::new(site("portal"), NativeKind::Lot, NativeId::parse("STEEL-3/H-0001").unwrap());
    assert!(floor.state(entity).common.names.contains(&name), "{:?}", floor.state(entity).common.names);
    let told = floor.asked("announce_unit");
    assert!(matches!(told[..], [Effect::AnnounceUnit(notice)] if notice.sscc == pallet(1) && notice.contents[0].order.is_none()));
    assert_eq!(floor.lot(entity).expected[&pallet(1)].arrived, None);
    floor.does("announce_unit", &Receipt::default());
    assert_eq!(comes(&mut floor, 1, "500 KGM"), Answer::Accepted);
    assert_eq!(floor.lot(entity).expected[&pallet(1)].arrived, Some(floor.now));
}

#[test]
fn what_comes_short_of_the_ship_notice_is_shown() {
    let mut floor = dock();
    announces(&mut floor, "portal", 1);
    floor.deliver();
    assert!(matches!(comes(&mut floor, 1, "498 KGM"), Answer::Discrepant { .. }));
    let unit = pack(&floor, 1);
    assert!(floor.cases(unit)[0].what.contains("announced with 500 KGM, and 498 KGM were received"), "{:?}", floor.cases(unit));
}

#[test]
fn a_hold_on_goods_that_are_on_their_way_is_in_force_when_they_come_and_on_what_is_announced_later() {
    let mut floor = dock();
    announces(&mut floor, "portal", 1);
    floor.deliver();
    hold(&mut floor);
    let blocked = |floor: &Floor| floor.asked("block_stock").len();
    assert_eq!(blocked(&floor), 1, "the warehouse blocks the lot before any of it is there");
    comes(&mut floor, 1, "500 KGM");
    let entity = lot(&floor);
    assert_eq!(floor.lot(entity).blocks(&pallet(1)).len(), 1);
    announces(&mut floor, "portal", 2);
    assert_eq!(blocked(&floor), 2);
    assert_eq!(floor.lot(entity).blocks(&pallet(2)).len(), 1);
}

#[test]
fn a_hold_on_a_lot_that_nobody_has_announced_yet_is_on_it_when_it_is() {
    let mut floor = dock();
    hold(&mut floor);
    announces(&mut floor, "portal", 1);
    let (entity, all) = (lot(&floor), floor.asked("block_stock"));
    assert!(all.iter().any(|effect| matches!(effect, Effect::BlockStock(block) if block.units == [pallet(1)])), "{all:?}");
    assert_eq!(floor.lot(entity).blocks(&pallet(1)).len(), 1);
}

#[test]
fn only_the_portal_of_its_plant_announces_goods() {
    let mut floor = dock();
    assert!(matches!(announces(&mut floor, "wms-na", 1), Answer::Discrepant { .. }));
    let entity = lot(&floor);
    assert!(floor.lot(entity).expected.is_empty());
    floor.book.sites.get_mut(&site("nord")).unwrap().around.supplier = None;
    assert!(matches!(announces(&mut floor, "portal", 2), Answer::Discrepant { .. }), "the plant names no portal");
}
