//! An order in another unit than its material is kept in: its plant is told so many of that unit, or nothing.

use super::*;
use crate::conversion::Conversion;
use crate::uom::Uom;

/// The ERP released so much; boxes are three and a third, dozens twelve.
fn released_as(total: &str) -> Floor {
    let mut floor = Floor::new();
    let fg = crate::words::MaterialId::parse("FG-100").unwrap();
    let known = floor.book.materials.get_mut(&fg).unwrap();
    known.conversions.insert(Uom::parse("DZN").unwrap(), Conversion::new(12, 1).unwrap());
    known.conversions.insert(Uom::parse("BX").unwrap(), Conversion::new(10, 3).unwrap());
    let id = me(&floor);
    let fact = said(total, None);
    floor.tell(id, "erp-eu", Body::Order(Input::OwnerFact(fact)));
    floor
}

fn said(total: &str, over: Option<i64>) -> OwnerFact {
    let Body::Order(Input::OwnerFact(OwnerFact::Released(header))) = Day::release().body else { panic!("no release") };
    let over_percent = over.map(rust_decimal::Decimal::from);
    OwnerFact::Released(Box::new(Header { total: qty(total), over_percent, ..*header }))
}

/// What the plant was told: the total, and how much of its component.
fn job(floor: &Floor) -> (String, String) {
    let Effect::DispatchJob(job) = floor.asked("dispatch_job")[0] else { panic!("no job") };
    (job.total.to_string(), job.components[0].required.to_string())
}

#[test]
fn the_plant_is_told_the_total_in_the_unit_that_the_material_is_kept_in() {
    let mut floor = released_as("50 DZN");
    floor.deliver();
    assert_eq!(job(&floor), ("600 H87".to_owned(), "240 KGM".to_owned()));
    assert_eq!((total(&floor), order(&floor).said), ("600 H87".to_owned(), Some(qty("50 DZN"))));
}

#[test]
fn what_is_not_exactly_so_many_is_told_to_no_plant_until_the_erp_says_what_is_meant() {
    for wrong in ["1 BX", "0.1 DZN"] {
        let mut floor = released_as(wrong);
        floor.deliver();
        assert!(floor.asked("dispatch_job").is_empty(), "{wrong}");
        assert_eq!(floor.open(me(&floor), &CaseKind::NotReady), 1);
        says(&mut floor, "erp-eu", said("3 BX", None));
        floor.deliver();
        assert_eq!(job(&floor).0, "10 H87", "after {wrong}");
        assert_eq!(floor.open(me(&floor), &CaseKind::NotReady), 0);
    }
}

#[test]
fn the_same_word_of_the_erp_again_changes_nothing_and_another_total_is_brought_into_our_unit() {
    let mut floor = released_as("50 DZN");
    floor.deliver();
    floor.does("dispatch_job", &named(site("nord"), NativeKind::Job, "J-7"));
    says(&mut floor, "erp-eu", said("50 DZN", None));
    assert_eq!(total(&floor), "600 H87");
    assert!(floor.asked("change_job").is_empty());
    says(&mut floor, "erp-eu", OwnerFact::QuantityChanged { total: qty("40 DZN") });
    assert_eq!(total(&floor), "480 H87");
    assert!(matches!(floor.asked("change_job")[..], [Effect::ChangeJob { total, .. }] if *total == qty("480 H87")));
    let answer = says(&mut floor, "erp-eu", OwnerFact::QuantityChanged { total: qty("1 BX") });
    assert!(matches!(answer, Answer::Discrepant { .. }));
    assert_eq!((total(&floor), floor.asked("change_job").len()), ("480 H87".to_owned(), 1), "the plant hears nothing of it");
}

#[test]
fn what_is_made_is_compared_with_the_total_and_its_tolerance() {
    let mut floor = released_as("50 DZN");
    floor.deliver();
    floor.does("dispatch_job", &named(site("nord"), NativeKind::Job, "J-7"));
    makes(&mut floor, "490 H87");
    let answer = says(&mut floor, "erp-eu", OwnerFact::QuantityChanged { total: qty("40 DZN") });
    assert!(matches!(answer, Answer::Discrepant { .. }), "490 were made of 480");
}

#[test]
fn a_bare_number_in_our_unit_is_not_sent_to_an_erp_that_keeps_the_order_in_another() {
    let mut floor = released_as("50 DZN");
    floor.deliver();
    floor.does("dispatch_job", &named(site("nord"), NativeKind::Job, "J-7"));
    let answer = wish(&mut floor, Request::ChangeQuantity { total: qty("480 H87") });
    assert_eq!(refused(&answer), Code::UomUnmapped);
    assert!(floor.asked("change_order").is_empty() && floor.asked("change_job").is_empty());
}

#[test]
fn components_are_scaled_by_the_recipe_s_base_quantity_whatever_its_unit() {
    for (base, expected) in [("2 DZN", Some("10 KGM")), ("1 BX", None)] {
        let mut floor = released_as("600 H87");
        floor.book.recipes.values_mut().flatten().for_each(|recipe| recipe.base_quantity = qty(base));
        floor.deliver();
        match expected {
            Some(required) => assert_eq!(job(&floor), ("600 H87".to_owned(), required.to_owned())),
            None => assert!(floor.asked("dispatch_job").is_empty(), "{base} is not exactly so many pieces"),
        }
    }
}

#[test]
fn a_wish_in_a_unit_that_is_not_exactly_so_many_is_refused() {
    for (wanted, fits) in [("50 DZN", true), ("3 BX", true), ("1 BX", false), ("0.1 DZN", false)] {
        let mut floor = released_as("1 H87");
        let id = order_of(&floor, "PL-1");
        let Body::Order(Input::OwnerFact(OwnerFact::Released(header))) = Day::release().body else { panic!("no release") };
        let Header { erp, plant, material, start, end, .. } = *header;
        let planned_order = NativeId::parse("PL-1").unwrap();
        let release = Release { erp, planned_order, plant, material, total: qty(wanted), recipe: None, lot: None, start, end };
        let answer = floor.wish(id, person("planner"), Body::Order(Input::Request(Request::Release(release))));
        if fits {
            assert_eq!(answer, Answer::Accepted, "{wanted}");
        } else {
            assert_eq!(refused(&answer), Code::UomUnmapped, "{wanted}");
        }
    }
}
