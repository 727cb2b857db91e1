//! Lots, in the language of the floor: what is held, what is cleared, what comes down from a component, what is free again.
#![expect(clippy::wildcard_enum_match_arm, reason = "a test names what it is about, and fails on the rest")]

mod clearance;
mod expect;
mod genealogy;
mod holds;
mod inspection;
mod provisional;
mod refused;
mod steps;
mod stock;
mod warehouses;

use super::*;
use crate::answer::Answer;
use crate::floor::{Floor, person};
use crate::input::Body;
use crate::kernel::tests::fixture::{Day, qty, site};
use crate::name::Region;
use crate::shipment;
use crate::words::{LotNo, MaterialId, OutputKind, StockStatus};

fn hold_no(number: &str) -> HoldNo {
    HoldNo::parse(number).unwrap()
}

fn pallet(number: u32) -> Sscc {
    Sscc::parse(&format!("pallet-{number}")).unwrap()
}

fn lot_key(material: &str, lot: &str) -> LotKey {
    LotKey { material: MaterialId::parse(material).unwrap(), lot: LotNo::parse(lot).unwrap() }
}

/// The lot that the order makes.
fn goods() -> EntityId {
    Day::lot_entity()
}

fn entity(kind: crate::id::Kind, number: u64) -> EntityId {
    EntityId::from_parts(kind, Region::parse("eu").unwrap(), 1, u128::from(number))
}

fn order() -> EntityId {
    entity(crate::id::Kind::Order, 1)
}

fn truck(number: u64) -> EntityId {
    entity(crate::id::Kind::Shipment, number)
}

fn mail(floor: &mut Floor, to: EntityId, mail: Mail) -> Answer {
    floor.tell(to, "takt", Body::Lot(Input::Mail(mail)))
}

fn made(floor: &mut Floor, unit: Option<Sscc>, pieces: &str, inspected: bool) {
    let production = Production {
        order: order(),
        lot: Day::lot(),
        site: site("nord"),
        output: OutputKind::Main,
        qty: qty(pieces),
        unit,
        from: Vec::new(),
        inspected,
    };
    mail(floor, goods(), Mail::Produced(production));
}

/// A receipt of the order stands in the ERP: its posting number, and the pallet.
fn received(floor: &mut Floor, posting: u32, pieces: &str, status: StockStatus) {
    let parts = vec![Booking { status, unit: Some(pallet(posting)), qty: qty(pieces) }];
    mail(floor, goods(), Mail::Booked { order: order(), lot: Day::lot(), site: site("nord"), posting, parts });
}

/// What the ERP is asked to move, and has not answered: from, to, how much.
fn moves(floor: &Floor) -> Vec<(StockStatus, StockStatus, String)> {
    let as_move = |effect: &&crate::effect::Effect| match effect {
        crate::effect::Effect::ChangeStockStatus { from, to, qty, .. } => (*from, *to, qty.to_string()),
        other => panic!("not a move: {other:?}"),
    };
    floor.asked("change_stock_status").iter().map(as_move).collect()
}

/// Two pallets of 480 pieces, free, and received in the ERP.
fn two_pallets() -> Floor {
    let mut floor = Floor::new();
    made(&mut floor, Some(pallet(1)), "480 H87", false);
    made(&mut floor, Some(pallet(2)), "480 H87", false);
    received(&mut floor, 1, "480 H87", StockStatus::Unrestricted);
    received(&mut floor, 2, "480 H87", StockStatus::Unrestricted);
    floor.mail.clear();
    floor
}

fn placement(number: &str, units: &[Sscc]) -> Placement {
    Placement {
        hold: hold_no(number),
        lot: Day::lot(),
        site: site("nord"),
        units: units.to_vec(),
        reason: Reason::parse("weld").unwrap(),
        severity: String::new(),
    }
}

fn place(floor: &mut Floor, number: &str, units: &[Sscc]) -> Answer {
    floor.tell(goods(), "qms", Body::Lot(Input::OwnerFact(OwnerFact::Nonconformance(placement(number, units)))))
}

fn verdict(verdict: Verdict) -> Decision {
    Decision { verdict, qty: None, unit: None }
}

fn disposition(number: &str, decisions: Vec<Decision>) -> Disposition {
    Disposition { lot: Day::lot(), hold: hold_no(number), decisions, last: true }
}

fn decide(floor: &mut Floor, number: &str, decisions: Vec<Decision>) -> Answer {
    floor.tell(goods(), "qms", Body::Lot(Input::OwnerFact(OwnerFact::Decided(disposition(number, decisions)))))
}

/// What a shipment that asks for a pallet is told: the reasons against it, none of them meaning yes.
fn asks(floor: &mut Floor, shipment: EntityId, attempt: u32, unit: &Sscc) -> Vec<String> {
    floor.mail.clear();
    let until = floor.now.plus_ms(3_600_000);
    mail(floor, goods(), Mail::AskClearance { shipment, attempt, units: vec![(unit.clone(), qty("480 H87"))], parts: Vec::new(), until });
    let told = floor.mail.iter().find_map(|mail| match &mail.body {
        Body::Shipment(shipment::Input::Mail(shipment::Mail::ClearanceAnswered { refused, .. })) => Some(refused.clone()),
        _ => None,
    });
    told.expect("a lot always answers")
}
