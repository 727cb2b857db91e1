//! What is said of an order before its ERP made it, or before anybody looked whether it can run; and readings of counters.

use std::collections::BTreeMap;

use super::*;
use crate::desk::{Action, Wish};
use crate::envelope::Envelope;
use crate::input::{Address, Input as Told};
use crate::kernel::Reply;
use crate::posting::{OverPolicy, Rule, RuleBook, Trigger, Use, accounts};
use crate::words::{OutputKind, StockStatus};

fn amount(text: &str, counting: Counting) -> Amount {
    Amount { qty: qty(text), counting, native: None }
}

fn used(text: &str, counting: Counting) -> Report {
    let (op, material) = (OpNo::parse("10").unwrap(), MaterialId::parse("STEEL-3").unwrap());
    Report::Consumed { op, item: None, material, lot: LotNo::parse("H-5501").ok(), amount: amount(text, counting) }
}

fn made(text: &str) -> Report {
    let unit = Sscc::parse("340123450000000018").ok();
    let amount = amount(text, Counting::Delta);
    Report::Produced { output: OutputKind::Main, material: None, lot: None, amount, unit, serials: Vec::new() }
}

/// As the intake does it: what its entity does not take waits at the plant.
fn tell(floor: &mut Floor, to: Address, body: Input) -> Reply {
    let entity = match &to {
        Address::Entity(entity) => *entity,
        Address::Native { names, .. } => order_of(floor, names[0].id.as_str()),
    };
    let envelope = floor.envelope("nord");
    let input = Told { to, envelope, body: Body::Order(body) };
    let reply = floor.take(entity, &input);
    if reply == Reply::Unborn {
        let plant = floor.book.site_entity(site("nord")).unwrap();
        floor.take(plant, &crate::site::unmatched(plant, input));
    }
    reply
}

fn reported(floor: &Floor, id: EntityId, purpose: Use) -> Vec<String> {
    let all = accounts(&floor.order(id).ledger);
    all.iter().filter(|account| account.series.purpose == purpose).map(|account| account.reported.to_string()).collect()
}

#[test]
fn what_is_said_of_an_order_that_its_erp_has_not_made_waits_and_is_booked_when_it_has() {
    let (mut floor, id) = wished("PL-1");
    let by_number =
        Address::Native { kind: Kind::Order, names: vec![Ref::new(site("erp-eu"), NativeKind::Order, NativeId::parse("PL-1").unwrap())] };
    assert_eq!(tell(&mut floor, by_number, Input::Report(used("12.5 KGM", Counting::Delta))), Reply::Unborn);
    assert_eq!(tell(&mut floor, Address::Entity(id), Input::Report(made("30 H87"))), Reply::Unborn);
    assert_eq!(
        tell(&mut floor, Address::Entity(id), Input::OwnerFact(OwnerFact::Cancelled)),
        Reply::Unborn,
        "nor is it anybody's to cancel"
    );
    floor.does("convert_planned_order", &named(site("erp-eu"), NativeKind::Order, "1000042"));
    floor.deliver();
    assert_eq!(reported(&floor, id, Use::Consumed), ["12.5 KGM"]);
    assert_eq!(reported(&floor, id, Use::Produced), ["30 H87"]);
    assert_eq!(floor.open(id, &CaseKind::NotOwner), 1, "the plant may not cancel it");
    let plant = floor.book.site_entity(site("nord")).unwrap();
    assert_eq!(floor.open(plant, &CaseKind::Unmatched), 0, "nothing waits any more");
}

#[test]
fn what_comes_out_of_an_order_that_was_not_sent_is_inspected_all_the_same_and_shown() {
    let mut floor = released();
    assert!(matches!(reports(&mut floor, made("30 H87")), Answer::Discrepant { .. }));
    let all = accounts(&order(&floor).ledger);
    let made: Vec<_> = all.iter().filter(|account| account.series.purpose == Use::Produced).collect();
    assert_eq!(made[0].series.status, StockStatus::QualityInspection);
    assert_eq!(floor.open(me(&floor), &CaseKind::Discrepancy), 1);
    reports(&mut floor, self::made("5 H87"));
    assert_eq!(floor.open(me(&floor), &CaseKind::Discrepancy), 1, "told once");
}

#[test]
fn goods_are_not_corrected_by_a_count_that_names_no_lot() {
    let mut floor = accepted();
    reports(&mut floor, used("12.5 KGM", Counting::Delta));
    let before = accounts(&order(&floor).ledger);
    for purpose in [Use::Consumed, Use::Produced] {
        let (op, reason) = (OpNo::parse("10").unwrap(), Reason::parse("miscount").unwrap());
        let said = Report::CountCorrected { op, purpose, difference: qty("5 H87"), reason };
        assert!(matches!(reports(&mut floor, said), Answer::Discrepant { .. }));
    }
    assert_eq!(accounts(&order(&floor).ledger), before, "nothing was booked");
}

/// Readings of a counter, told in some order: epoch and value.
fn counted(readings: &[(u32, u32)], report: impl Fn(u32) -> Report) -> BTreeMap<Use, String> {
    let mut floor = accepted();
    for (epoch, value) in readings {
        let id = me(&floor);
        let mut envelope: Envelope = floor.envelope("nord");
        envelope.key.epoch = *epoch;
        floor.take(id, &Told { to: Address::Entity(id), envelope, body: Body::Order(Input::Report(report(*value))) });
    }
    assert_eq!(floor.open(me(&floor), &CaseKind::CounterRestarted), 1, "the gap is shown");
    accounts(&order(&floor).ledger).iter().map(|account| (account.series.purpose, account.reported.to_string())).collect()
}

#[test]
fn a_counter_adds_up_to_the_same_in_whatever_order_its_readings_come() {
    let readings = [[(1, 480), (1, 500), (2, 10)], [(1, 480), (2, 10), (1, 500)], [(2, 10), (1, 500), (1, 480)]];
    let work = |value: u32| {
        let mut work = work("10", "1 H87");
        work.good = Some(amount(&format!("{value} H87"), Counting::Cumulative));
        Report::Confirmed(Box::new(work))
    };
    let flow = |value: u32| used(&format!("{value} KGM"), Counting::Cumulative);
    for order in &readings {
        assert_eq!(counted(order, work)[&Use::Yield], "510 H87", "{order:?}");
        assert_eq!(counted(order, flow)[&Use::Consumed], "510 KGM", "{order:?}");
    }
}

/// An order of 5000 pieces of which 5500 may be made, and confirmations above that wait.
fn strict() -> Floor {
    let mut floor = Floor::new();
    let rules = floor.book.rules.rules().iter().cloned();
    let strict = rules.map(|rule| Rule { over: OverPolicy::Park, trigger: vec![Trigger::EachReport], ..rule }).collect();
    floor.book.rules = RuleBook::new(strict).unwrap();
    let mut release = Day::release();
    let Body::Order(Input::OwnerFact(OwnerFact::Released(header))) = &mut release.body else { panic!("no release") };
    header.over_percent = Some(rust_decimal::Decimal::TEN);
    let id = me(&floor);
    floor.take(id, &release);
    floor.deliver();
    floor.does("dispatch_job", &named(site("nord"), NativeKind::Job, "J-7"));
    floor.deliver();
    floor
}

#[test]
fn a_posting_of_more_than_the_tolerance_allows_waits_for_a_person_where_its_rule_says_so() {
    let mut floor = strict();
    makes(&mut floor, "5500 H87");
    assert_eq!(floor.open(me(&floor), &CaseKind::ParkedPosting), 0, "so much may be made");
    floor.does("post", &posted("4900000001"));
    makes(&mut floor, "1 H87");
    assert_eq!((floor.asked("post").len(), floor.open(me(&floor), &CaseKind::ParkedPosting)), (0, 1));
    let case = floor.cases(me(&floor)).iter().find(|case| case.kind == CaseKind::ParkedPosting).unwrap().number;
    let id = me(&floor);
    floor.wish(id, person("finance"), Body::Desk(Wish { case, action: Action::Retry }));
    assert_eq!(floor.asked("post").len(), 1, "a person let it go");
}

#[test]
fn a_count_that_nobody_can_have_made_stands_and_is_shown_once() {
    let mut floor = accepted();
    let told = |floor: &mut Floor, pieces: &str| reports(floor, Report::Confirmed(Box::new(work("10", pieces))));
    assert_eq!(told(&mut floor, "49999 H87"), Answer::Accepted, "no limit was set for this order");
    for again in [1, 2] {
        assert!(matches!(told(&mut floor, "999999999 H87"), Answer::Discrepant { .. }), "time {again}");
    }
    assert_eq!(floor.open(me(&floor), &CaseKind::Tolerance), 1);
    assert_eq!(order(&floor).ops[&OpNo::parse("10").unwrap()].good, qty("2000049997 H87"), "what was told is not forgotten");
}

#[test]
fn a_counter_that_goes_on_counts_once_against_the_tolerance() {
    let mut floor = strict();
    for (reading, fits) in [("5000 H87", true), ("5400 H87", true), ("5501 H87", false)] {
        let good = Some(amount(reading, Counting::Cumulative));
        let told = reports(&mut floor, Report::Confirmed(Box::new(Confirmation { good, ..work("10", "0 H87") })));
        assert_eq!(told == Answer::Accepted, fits, "{reading}");
    }
    assert_eq!(floor.open(me(&floor), &CaseKind::Tolerance), 1);
}
