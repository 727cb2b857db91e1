//! Goods on handling units, from the order that filled them to the truck: whoever put a lot on, wherever the unit stands, that
//! lot is asked before it leaves. And counts and corrections, in whatever order they come.

use super::*;
use crate::fact::Fact as Noted;
use crate::intent::{Intent, Wake};
use crate::posting::{Use, accounts};
use crate::words::{OutputKind, Place};
use crate::{shipment, site as sites, unit};

const PALLET: &str = "340123450000000018";
const BOX: &str = "340123450000000506";

/// An order at its plant, and a second warehouse beside the one its goods go to.
fn begun() -> Floor {
    let mut floor = accepted();
    let hub = floor.book.sites[&site("wms-na")].clone();
    floor.book.sites.insert(site("hub"), hub);
    floor
}

fn sscc(text: &str) -> Sscc {
    Sscc::parse(text).unwrap()
}

fn amount(text: &str, counting: Counting) -> Amount {
    Amount { qty: qty(text), counting, native: None }
}

fn made(lot: &str, pallet: &str, pieces: &str) -> Report {
    Report::Produced {
        output: OutputKind::Main,
        material: None,
        lot: LotNo::parse(lot).ok(),
        amount: amount(pieces, Counting::Delta),
        unit: Some(sscc(pallet)),
        serials: Vec::new(),
    }
}

fn unit_of(floor: &Floor, number: &str) -> EntityId {
    floor.book.unit_entity(site("nord"), &sscc(number)).unwrap()
}

fn unit(floor: &Floor, number: &str) -> unit::Unit {
    let crate::kernel::Own::Unit(unit) = &floor.state(unit_of(floor, number)).own else { panic!("no unit") };
    unit.as_ref().clone()
}

fn says_of(floor: &mut Floor, number: &str, source: &str, report: unit::Report) -> Answer {
    let unit = unit_of(floor, number);
    floor.tell(unit, source, Body::Unit(unit::Input::Report(report)))
}

/// A second order of the plant, which nobody has found able to run.
fn unresolved(floor: &mut Floor) -> EntityId {
    let id = order_of(floor, "1000043");
    let mut release = Day::release();
    let Body::Order(Input::OwnerFact(OwnerFact::Released(header))) = &mut release.body else { panic!("no release") };
    header.number = NativeId::parse("1000043").unwrap();
    floor.take(id, &release);
    id
}

fn truck(floor: &Floor, warehouse: &str) -> EntityId {
    floor.book.born_at(site(warehouse), Kind::Shipment, NativeKind::Shipment, "SHP-1").unwrap()
}

/// The truck of a warehouse wants to leave with these; the lots that are asked, by number.
fn asked(floor: &mut Floor, warehouse: &str, units: &[&str], attempt: u32) -> Vec<String> {
    let id = truck(floor, warehouse);
    let delivery = NativeId::parse("SHP-1").unwrap();
    let announced = shipment::Report::Announced { warehouse: site(warehouse), delivery, lines: Vec::new(), planned: None };
    let picked = shipment::Report::Picked { units: units.iter().map(|number| sscc(number)).collect() };
    for report in [announced, picked] {
        floor.tell(id, warehouse, Body::Shipment(shipment::Input::Report(report)));
    }
    floor.deliver();
    leave(floor, warehouse, attempt)
}

fn leave(floor: &mut Floor, warehouse: &str, attempt: u32) -> Vec<String> {
    let id = truck(floor, warehouse);
    floor.tell(id, warehouse, Body::Shipment(shipment::Input::Request(shipment::Request::ClearDeparture { attempt })));
    let crate::kernel::Own::Shipment(shipment) = &floor.state(id).own else { panic!("no shipment") };
    let lots = shipment.departure.iter().flat_map(|departure| departure.lots.keys());
    let name = |lot: &EntityId| floor.lot(*lot).key.as_ref().map(|key| key.lot.to_string()).unwrap_or_default();
    let mut names: Vec<String> = lots.map(name).collect();
    names.sort();
    names
}

#[test]
fn a_lot_that_an_order_which_cannot_run_put_on_a_pallet_is_asked_before_it_leaves() {
    let mut floor = accepted();
    reports(&mut floor, made("A", PALLET, "30 H87"));
    floor.deliver();
    let second = unresolved(&mut floor);
    floor.tell(second, "nord", Body::Order(Input::Report(made("B", PALLET, "10 H87"))));
    floor.deliver();
    assert_eq!(asked(&mut floor, "wms-na", &[PALLET], 1), ["A", "B"]);
}

#[test]
fn a_warehouse_that_a_pallet_was_handed_to_hears_of_what_is_put_on_it_later() {
    let mut floor = begun();
    reports(&mut floor, made("A", PALLET, "30 H87"));
    floor.deliver();
    let handed = unit::Request::RequestHandover { warehouse: site("hub") };
    let id = unit_of(&floor, PALLET);
    floor.wish(id, person("planner"), Body::Unit(unit::Input::Request(handed)));
    floor.deliver();
    reports(&mut floor, made("B", PALLET, "10 H87"));
    floor.deliver();
    assert_eq!(asked(&mut floor, "hub", &[PALLET], 1), ["A", "B"]);
}

#[test]
fn what_stands_on_a_pallet_leaves_with_it_and_its_lot_is_asked() {
    let nested = |within: Option<&str>| unit::Report::Nested { within: within.map(sscc) };
    for known in [true, false] {
        let mut floor = accepted();
        if known {
            reports(&mut floor, made("A", PALLET, "30 H87"));
        }
        reports(&mut floor, made("B", BOX, "10 H87"));
        floor.deliver();
        says_of(&mut floor, BOX, "wms-na", nested(Some(PALLET)));
        floor.deliver();
        let both: &[&str] = if known { &["A", "B"] } else { &["B"] };
        assert_eq!(asked(&mut floor, "wms-na", &[PALLET], 1), both, "known {known}");
        says_of(&mut floor, BOX, "wms-na", nested(None));
        floor.deliver();
        let alone: &[&str] = if known { &["A"] } else { &[] };
        assert_eq!(leave(&mut floor, "wms-na", 2), alone, "it was taken off again");
        says_of(&mut floor, BOX, "wms-na", nested(Some(PALLET)));
        floor.deliver();
        let departed = truck(&floor, "wms-na");
        assert_eq!(leave(&mut floor, "wms-na", 3), both);
        floor.tell(departed, "wms-na", Body::Shipment(shipment::Input::Report(shipment::Report::Departed)));
        floor.deliver();
        assert_eq!(unit(&floor, BOX).stage, Stage::Shipped);
        assert!(floor.state(floor_lot(&floor, "B")).site().is_some());
        assert!(floor.lot(floor_lot(&floor, "B")).has_left(&sscc(BOX)), "its lot still counts it in stock");
    }
}

/// A delivery that takes so much of a pallet: what its lots say to its leaving, nothing for yes.
fn takes(floor: &mut Floor, delivery: &str, of: &str, lot: Option<&str>, qty: &str) -> (EntityId, Vec<String>) {
    let id = floor.book.born_at(site("wms-na"), Kind::Shipment, NativeKind::Shipment, delivery).unwrap();
    let delivery = NativeId::parse(delivery).unwrap();
    let lot = lot.map(|number| LotKey { material: Day::lot().material, lot: LotNo::parse(number).unwrap() });
    let part = shipment::Part { lot, qty: Qty::parse(qty).unwrap() };
    let said = [
        shipment::Input::Report(shipment::Report::Announced { warehouse: site("wms-na"), delivery, lines: Vec::new(), planned: None }),
        shipment::Input::Report(shipment::Report::PickedPart { unit: sscc(of), part }),
    ];
    for input in said {
        floor.tell(id, "wms-na", Body::Shipment(input));
    }
    floor.deliver();
    floor.tell(id, "wms-na", Body::Shipment(shipment::Input::Request(shipment::Request::ClearDeparture { attempt: 1 })));
    floor.deliver();
    (id, refusals(floor, id))
}

/// What speaks against a departure, in the words that its warehouse was told.
fn refusals(floor: &Floor, shipment: EntityId) -> Vec<String> {
    let told = floor.state(shipment).common.outbox.iter().filter_map(|(_, open)| match &open.intent {
        Intent::Site { effect, .. } => match effect.as_ref() {
            crate::effect::Effect::AnswerDeparture { reasons, .. } => Some(reasons.clone()),
            _ => None,
        },
        _ => None,
    });
    told.last().unwrap_or_else(|| panic!("the warehouse was told nothing"))
}

fn blocked_cases(floor: &Floor, shipment: EntityId) -> Vec<String> {
    let cases = floor.state(shipment).common.cases.values();
    cases.filter(|case| case.kind == crate::case::CaseKind::Blocked).map(|case| case.what.clone()).collect()
}

fn leaves(floor: &mut Floor, shipment: EntityId) {
    floor.tell(shipment, "wms-na", Body::Shipment(shipment::Input::Report(shipment::Report::Departed)));
    floor.deliver();
}

/// The quality system found nothing wrong with a lot.
fn passes(floor: &mut Floor, number: &str) {
    let lot = LotKey { material: Day::lot().material, lot: LotNo::parse(number).unwrap() };
    let sample = NativeId::parse(&format!("S-{number}")).unwrap();
    let closed = crate::lot::OwnerFact::InspectionClosed { sample, passed: true, lot, findings: String::new() };
    floor.tell(floor_lot(floor, number), "qms", Body::Lot(crate::lot::Input::OwnerFact(closed)));
}

#[test]
fn what_was_picked_of_a_pallet_leaves_and_the_rest_of_it_stays_until_it_is_picked_too() {
    let mut floor = accepted();
    reports(&mut floor, made("A", PALLET, "30 H87"));
    floor.deliver();
    let lot = floor_lot(&floor, "A");
    passes(&mut floor, "A");
    let (first, refused) = takes(&mut floor, "SHP-1", PALLET, Some("A"), "10 H87");
    assert_eq!(refused, Vec::<String>::new());
    leaves(&mut floor, first);
    assert_eq!((floor.lot(lot).has_left(&sscc(PALLET)), floor.lot(lot).still_on(&sscc(PALLET))), (false, Qty::parse("20 H87").ok()));
    assert_ne!(unit(&floor, PALLET).stage, Stage::Shipped, "most of it is still here");
    assert_eq!(order(&floor).units[&sscc(PALLET)].taken, Qty::parse("10 H87").ok());

    let (second, refused) = takes(&mut floor, "SHP-2", PALLET, Some("A"), "25 H87");
    assert!(refused.iter().any(|why| why.contains("20 H87 are left on it")), "{refused:?}");
    assert!(blocked_cases(&floor, second).is_empty(), "it may have been a matter of moments");
    for attempt in [2, 3] {
        let again = shipment::Input::Request(shipment::Request::ClearDeparture { attempt });
        floor.tell(second, "wms-na", Body::Shipment(again));
        floor.deliver();
        let cases = blocked_cases(&floor, second);
        assert!(cases.len() == 1 && cases[0].contains("20 H87 are left on it"), "{cases:?}");
    }

    let (last, refused) = takes(&mut floor, "SHP-3", PALLET, None, "20 H87");
    assert_eq!(refused, Vec::<String>::new());
    leaves(&mut floor, last);
    assert!(floor.lot(lot).has_left(&sscc(PALLET)));
    assert_eq!((unit(&floor, PALLET).stage, order(&floor).units[&sscc(PALLET)].stage), (Stage::Shipped, Stage::Shipped));
}

#[test]
fn of_a_pallet_with_two_lots_only_the_one_that_was_picked_is_asked_and_it_must_be_named() {
    let mut floor = accepted();
    reports(&mut floor, made("A", PALLET, "30 H87"));
    reports(&mut floor, made("B", PALLET, "10 H87"));
    floor.deliver();
    passes(&mut floor, "B");
    let (first, refused) = takes(&mut floor, "SHP-1", PALLET, Some("B"), "4 H87");
    let crate::kernel::Own::Shipment(shipment) = &floor.state(first).own else { panic!("no shipment") };
    let asked: Vec<&EntityId> = shipment.departure.iter().flat_map(|departure| departure.lots.keys()).collect();
    assert_eq!((refused, asked), (Vec::new(), vec![&floor_lot(&floor, "B")]));
    for (delivery, lot) in [("SHP-2", None), ("SHP-3", Some("C"))] {
        let (_, refused) = takes(&mut floor, delivery, PALLET, lot, "4 H87");
        assert!(refused.iter().any(|why| why.contains("it is not known which of its goods")), "{lot:?}: {refused:?}");
    }
}

fn floor_lot(floor: &Floor, number: &str) -> EntityId {
    let key = LotKey { material: Day::lot().material, lot: LotNo::parse(number).unwrap() };
    floor.book.lot_entity(site("nord"), &key).unwrap()
}

#[test]
fn pieces_put_on_one_by_one_are_one_row_and_one_announcement() {
    let mut floor = accepted();
    for _ in 0..5 {
        reports(&mut floor, made("A", PALLET, "1 H87"));
        floor.deliver();
    }
    let unit = unit(&floor, PALLET);
    assert_eq!(unit.contents.iter().map(|row| row.qty.to_string()).collect::<Vec<_>>(), ["5 H87"]);
    let id = unit_of(&floor, PALLET);
    let open = floor.state(id).common.outbox.iter().filter(|(_, open)| matches!(open.intent, Intent::Site { .. })).count();
    assert_eq!(open, 2, "one is out, and of those behind it the newest says all");
    for of in order(&floor).units.values() {
        assert_eq!(of.qty.to_string(), "5 H87");
    }
}

#[test]
fn late_word_of_what_is_on_a_unit_takes_it_back_no_stage() {
    let mut floor = accepted();
    reports(&mut floor, made("A", PALLET, "40 H87"));
    floor.deliver();
    says_of(&mut floor, PALLET, "wms-na", unit::Report::PutAway { place: Place::parse("A-1").unwrap() });
    floor.deliver();
    reports(&mut floor, made("A", PALLET, "20 H87"));
    let known = order(&floor).units.get(&sscc(PALLET)).unwrap();
    assert_eq!((known.qty.to_string().as_str(), known.stage), ("60 H87", Stage::PutAway));
}

#[test]
fn only_who_has_a_unit_says_where_it_is() {
    let mut floor = begun();
    reports(&mut floor, made("A", PALLET, "40 H87"));
    floor.deliver();
    let put = || unit::Report::PutAway { place: Place::parse("A-1").unwrap() };
    for other in ["erp-eu", "hub"] {
        assert!(matches!(says_of(&mut floor, PALLET, other, put()), Answer::Discrepant { .. }), "{other} said so");
        assert_ne!(unit(&floor, PALLET).stage, Stage::PutAway);
    }
    assert_eq!(floor.open(unit_of(&floor, PALLET), &CaseKind::NotOwner), 2);
    assert_eq!(says_of(&mut floor, PALLET, "wms-na", put()), Answer::Accepted);
    assert!(matches!(says_of(&mut floor, PALLET, "nord", put()), Answer::Discrepant { .. }), "its plant has it no more");
}

#[test]
fn names_of_what_is_over_are_forgotten_when_nobody_can_ask_any_more() {
    let mut floor = accepted();
    reports(&mut floor, made("A", PALLET, "40 H87"));
    floor.deliver();
    asked(&mut floor, "wms-na", &[PALLET], 1);
    let gone = truck(&floor, "wms-na");
    floor.tell(gone, "wms-na", Body::Shipment(shipment::Input::Report(shipment::Report::Departed)));
    floor.deliver();
    says(&mut floor, "erp-eu", OwnerFact::TechnicallyCompleted);
    says(&mut floor, "erp-eu", OwnerFact::Closed);
    floor.deliver();
    let known = |floor: &Floor| -> usize {
        let of = |name: &str| floor.book.site_entity(site(name)).unwrap();
        let count = |id: EntityId| match &floor.state(id).own {
            crate::kernel::Own::Site(site) => site.expected.len() + site.loads.len() + site.locating.len(),
            _ => 0,
        };
        ["wms-na", "nord", "erp-eu"].into_iter().map(of).map(count).sum()
    };
    assert!(known(&floor) > 5);
    floor.wait_ms(floor.book.policy.names_kept_ms);
    floor.deliver();
    assert_eq!(known(&floor), 0);
    let forgets = |(_, step): &&(EntityId, crate::commit::Step)| {
        step.facts.iter().any(|fact| matches!(fact, Noted::Site(fact) if matches!(**fact, sites::Fact::Forgot(_))))
    };
    assert!(floor.log.iter().filter(forgets).count() >= 3 && floor.wakes.iter().all(|(_, _, wake)| *wake != Wake::Forget));
}

#[test]
fn two_component_lines_of_one_material_are_counted_each_by_itself() {
    let used = |item: &str, much: &str| Report::Consumed {
        op: OpNo::parse("10").unwrap(),
        item: ItemNo::parse(item).ok(),
        material: MaterialId::parse("STEEL-3").unwrap(),
        lot: LotNo::parse("H-5501").ok(),
        amount: amount(much, Counting::Cumulative),
    };
    for lines in [[("0010", "5 KGM"), ("0020", "7 KGM")], [("0020", "7 KGM"), ("0010", "5 KGM")]] {
        let mut floor = accepted();
        for (item, much) in lines {
            reports(&mut floor, used(item, much));
        }
        let all = accounts(&order(&floor).ledger);
        let mut booked: Vec<String> = all.iter().map(|account| account.reported.to_string()).collect();
        booked.sort();
        assert_eq!(booked, ["5 KGM", "7 KGM"], "{lines:?}");
    }
}

#[test]
fn a_correction_that_overtakes_its_count_is_booked_when_the_count_has_come() {
    let corrected = |pieces: &str| Report::CountCorrected {
        op: OpNo::parse("10").unwrap(),
        purpose: Use::Yield,
        difference: qty(pieces),
        reason: Reason::parse("miscount").unwrap(),
    };
    let good = |pieces: &str| Report::Confirmed(Box::new(work("10", pieces)));
    let ends = [
        vec![good("40 H87"), corrected("-5 H87")],
        vec![corrected("-5 H87"), good("40 H87")],
        vec![corrected("-5 H87"), good("3 H87"), good("37 H87")],
        vec![good("3 H87"), corrected("-5 H87"), corrected("37 H87")],
    ];
    for said in ends {
        let mut floor = accepted();
        for report in said.clone() {
            reports(&mut floor, report);
        }
        assert_eq!(order(&floor).ops[&OpNo::parse("10").unwrap()].good.to_string(), "35 H87", "{said:?}");
        let booked: Vec<String> = accounts(&order(&floor).ledger).iter().map(|account| account.reported.to_string()).collect();
        assert_eq!(booked, ["35 H87"], "{said:?}");
        assert_eq!((order(&floor).early.len(), floor.open(me(&floor), &CaseKind::Discrepancy)), (0, 0), "{said:?}");
    }
    let mut alone = accepted();
    reports(&mut alone, corrected("-5 H87"));
    assert_eq!(alone.open(me(&alone), &CaseKind::Discrepancy), 1, "it is shown as long as it waits");
}
