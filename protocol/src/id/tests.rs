//! Identities: born once from a first name, the same for everybody, one text each.

use proptest::prelude::*;

use super::*;
use crate::name::SiteId;
use crate::native::{NativeId, NativeKind};

fn named(kind: NativeKind, id: &str) -> Ref {
    Ref::new(SiteId::parse("erp-eu").unwrap(), kind, NativeId::parse(id).unwrap())
}

fn eu() -> Region {
    Region::parse("eu").unwrap()
}

fn order(id: &str) -> EntityId {
    EntityId::born(Kind::Order, eu(), 1, &named(NativeKind::Order, id))
}

fn lot(id: &str) -> EntityId {
    EntityId::born(Kind::Lot, eu(), 1, &named(NativeKind::Lot, id))
}

#[test]
fn an_order_is_the_same_order_with_and_without_leading_zeros() {
    assert_eq!(order("000001000042"), order("1000042"));
    assert_ne!(order("1000042"), order("10000420"));
    assert_ne!(order("A1000042"), order("1000042"));
}

#[test]
fn a_lot_is_the_same_lot_however_its_material_and_number_are_padded() {
    assert_eq!(lot("000000000000004711/0000001234"), lot("4711/1234"));
    assert_eq!(lot("FG-100/0001"), lot("FG-100/1"));
    assert_ne!(lot("FG-100/1"), lot("FG-10/01"));
    assert_ne!(lot("FG-100/L1"), lot("FG-100/L01"), "letters are not padded with zeros");
}

#[test]
fn the_same_number_in_two_systems_regions_generations_or_of_two_kinds_is_two_things() {
    let other = Ref::new(SiteId::parse("erp-na").unwrap(), NativeKind::Order, NativeId::parse("1000042").unwrap());
    let all = [
        order("1000042"),
        EntityId::born(Kind::Order, eu(), 1, &other),
        EntityId::born(Kind::Order, Region::parse("na").unwrap(), 1, &named(NativeKind::Order, "1000042")),
        EntityId::born(Kind::Order, eu(), 2, &named(NativeKind::Order, "1000042")),
        EntityId::born(Kind::Order, eu(), 1, &named(NativeKind::Job, "1000042")),
        EntityId::born(Kind::Shipment, eu(), 1, &named(NativeKind::Order, "1000042")),
    ];
    let apart: std::collections::BTreeSet<u128> = all.iter().map(EntityId::local).collect();
    assert_eq!(apart.len(), all.len());
}

#[test]
fn an_identity_has_one_text_and_every_other_is_refused() {
    let printed = order("1000042").to_string();
    let number = printed.rsplit('.').next().unwrap();
    assert_eq!(EntityId::parse(&printed).unwrap(), order("1000042"));
    for text in [
        format!("order.eu.01.{number}"),
        format!("order.eu.+1.{number}"),
        format!("order.eu.1.{}", number.to_lowercase()),
        format!("order.eu.1.{number}."),
        format!("order.eu.1.8{}", &number[1..]),
        format!("Order.eu.1.{number}"),
        format!("order.e u.1.{number}"),
        "order.eu.1".to_owned(),
        String::new(),
    ] {
        assert!(EntityId::parse(&text).is_err(), "{text}");
    }
}

proptest! {
    #[test]
    fn what_is_printed_is_read_back(local in any::<u128>(), generation in any::<u16>()) {
        for kind in Kind::ALL {
            let id = EntityId::from_parts(kind, eu(), generation, local);
            prop_assert_eq!(EntityId::parse(&id.to_string()).unwrap(), id);
            prop_assert!(id.shard(7) < 7);
        }
    }
}
