//! Reports of what nobody knows yet, and what could not be sent: kept, counted, booked once, and shown for what it is.

use super::*;
use crate::case::Proposal;
use crate::conversion::Conversion;
use crate::desk::{Action, Wish};
use crate::floor::person;
use crate::intent::Wake;
use crate::lot;
use crate::outbox::Claim;
use crate::posting::{Account, Standing, Use};
use crate::uom::Uom;
use crate::words::{HoldNo, OutputKind};

const KNOWN: CaseKind = CaseKind::Rejected(Code::MissingMaterial);
const UNIT: CaseKind = CaseKind::Rejected(Code::UomUnmapped);

fn amount(text: &str, counting: Counting) -> Amount {
    Amount { qty: qty(text), counting, native: None }
}

fn used(material: &str, number: &str, much: &str, counting: Counting) -> Report {
    let (op, material) = (OpNo::parse("10").unwrap(), MaterialId::parse(material).unwrap());
    Report::Consumed { op, item: None, material, lot: LotNo::parse(number).ok(), amount: amount(much, counting) }
}

fn made(material: &str, number: &str, much: &str, pallet: &str) -> Report {
    Report::Produced {
        output: OutputKind::ByProduct,
        material: MaterialId::parse(material).ok(),
        lot: LotNo::parse(number).ok(),
        amount: amount(much, Counting::Delta),
        unit: Sscc::parse(pallet).ok(),
        serials: Vec::new(),
    }
}

/// What stands in the account of a material: reported, waiting for a person, given up.
fn places(floor: &Floor, material: &str) -> Vec<(String, String, String)> {
    let all = order(floor).accounts();
    assert!(all.iter().all(Account::balances), "{all:?}");
    let of = all.iter().filter(|account| account.series.material.as_str() == material);
    of.map(|account| (account.reported.to_string(), account.parked.to_string(), account.written_off.to_string())).collect()
}

fn texts(of: &[(&str, &str, &str)]) -> Vec<(String, String, String)> {
    of.iter().map(|(a, b, c)| ((*a).to_owned(), (*b).to_owned(), (*c).to_owned())).collect()
}

/// Master data says at last what it is.
fn stated(floor: &mut Floor, material: &str, like: &str) {
    let known = floor.book.materials[&MaterialId::parse(like).unwrap()].clone();
    floor.book.materials.insert(MaterialId::parse(material).unwrap(), known);
}

fn decide(floor: &mut Floor, who: Who, case: u32, action: Action) -> Answer {
    let id = me(floor);
    floor.wish(id, who, Body::Desk(Wish { case, action }))
}

fn key(material: &str, number: &str) -> LotKey {
    LotKey { material: MaterialId::parse(material).unwrap(), lot: LotNo::parse(number).unwrap() }
}

fn lot_of<'a>(floor: &'a Floor, material: &str, number: &str) -> &'a lot::Lot {
    let entity = floor.book.lot_entity(site("nord"), &key(material, number)).unwrap();
    match &floor.state(entity).own {
        crate::kernel::Own::Lot(lot) => lot,
        other => panic!("not a lot: {other:?}"),
    }
}

/// The next looks at what waits, and what comes of them.
fn looks(floor: &mut Floor) {
    for _ in 0..3 {
        floor.wait_ms(7_200_000);
        floor.deliver();
    }
}

fn looked_for(floor: &Floor) -> bool {
    floor.wakes.iter().any(|(_, _, wake)| matches!(wake, Wake::Unbooked { .. }))
}

/// A box is that many pieces.
fn boxes(floor: &mut Floor, pieces: u32) {
    let known = floor.book.materials.get_mut(&MaterialId::parse("FG-100").unwrap()).unwrap();
    known.conversions.insert(Uom::parse("BX").unwrap(), Conversion::new(pieces, 1).unwrap());
}

#[test]
fn goods_of_an_unknown_material_stand_in_the_account_and_are_booked_once_when_it_is_stated() {
    let mut floor = accepted();
    reports(&mut floor, used("RESIN-9", "R-1", "2.5 KGM", Counting::Delta));
    reports(&mut floor, used("RESIN-9", "R-1", "0.5 KGM", Counting::Delta));
    assert_eq!(reports(&mut floor, used("RESIN-9", "R-1", "0 KGM", Counting::Delta)), Answer::Accepted, "nothing is nothing");
    assert_eq!(places(&floor, "RESIN-9"), texts(&[("3 KGM", "3 KGM", "0 KGM")]));
    assert_eq!(floor.open(me(&floor), &KNOWN), 2);
    looks(&mut floor);
    assert_eq!(places(&floor, "RESIN-9"), texts(&[("3 KGM", "3 KGM", "0 KGM")]), "it is not known yet");
    assert!(looked_for(&floor));
    stated(&mut floor, "RESIN-9", "STEEL-3");
    looks(&mut floor);
    assert_eq!(places(&floor, "RESIN-9"), texts(&[("3 KGM", "0 KGM", "0 KGM")]));
    assert!(order(&floor).unbooked.is_empty() && !looked_for(&floor), "nothing is looked for any more");
    assert_eq!(floor.open(me(&floor), &KNOWN), 0);
}

#[test]
fn what_it_says_is_the_same_whether_the_material_was_known_before_or_is_stated_later() {
    let said = [
        used("RESIN-9", "R-1", "4 KGM", Counting::Cumulative),
        used("RESIN-9", "R-1", "9 KGM", Counting::Cumulative),
        used("RESIN-9", "R-1", "7 KGM", Counting::Cumulative),
        used("RESIN-9", "R-2", "3 KGM", Counting::Delta),
        used("RESIN-9", "R-2", "-1 KGM", Counting::Delta),
    ];
    let mut before = accepted();
    stated(&mut before, "RESIN-9", "STEEL-3");
    let mut later = accepted();
    for report in said {
        reports(&mut before, report.clone());
        reports(&mut later, report);
    }
    assert_eq!(places(&later, "RESIN-9"), texts(&[("9 KGM", "9 KGM", "0 KGM"), ("2 KGM", "2 KGM", "0 KGM")]), "a counter is no sum");
    assert_eq!(order(&later).unbooked.len(), 3, "one of each counter");
    stated(&mut later, "RESIN-9", "STEEL-3");
    looks(&mut later);
    assert_eq!(places(&later, "RESIN-9"), places(&before, "RESIN-9"));
    assert_eq!(places(&later, "RESIN-9"), texts(&[("9 KGM", "0 KGM", "0 KGM"), ("2 KGM", "0 KGM", "0 KGM")]));
    reports(&mut later, used("RESIN-9", "R-1", "12 KGM", Counting::Cumulative));
    assert_eq!(places(&later, "RESIN-9")[0].0, "12 KGM", "the counter goes on");
}

#[test]
fn an_output_of_an_unknown_material_is_held_before_it_is_counted_and_is_counted_in_its_own_unit() {
    let mut floor = accepted();
    reports(&mut floor, made("BY-9", "B-1", "12 BX", "340123450000000018"));
    floor.deliver();
    let entity = floor.book.lot_entity(site("nord"), &key("BY-9", "B-1")).unwrap();
    let hold = lot::Placement {
        hold: HoldNo::parse("NC-1").unwrap(),
        lot: key("BY-9", "B-1"),
        site: site("nord"),
        units: Vec::new(),
        reason: Reason::parse("smell").unwrap(),
        severity: String::new(),
    };
    floor.wish(entity, person("quality"), Body::Lot(lot::Input::Request(lot::Request::PlaceHold(hold))));
    floor.deliver();
    assert!(!lot_of(&floor, "BY-9", "B-1").holds.is_empty());
    stated(&mut floor, "BY-9", "FG-100");
    let known = floor.book.materials.get_mut(&MaterialId::parse("BY-9").unwrap()).unwrap();
    known.conversions.insert(Uom::parse("BX").unwrap(), Conversion::new(20, 1).unwrap());
    looks(&mut floor);
    assert_eq!(places(&floor, "BY-9"), texts(&[("240 H87", "0 H87", "0 H87")]));
    let lot = lot_of(&floor, "BY-9", "B-1");
    assert_eq!(lot.produced[&me(&floor)].to_string(), "240 H87");
    assert_eq!(lot.units[&Sscc::parse("340123450000000018").unwrap()].to_string(), "240 H87");
    assert!(lot.inspected && !lot.holds.is_empty());
}

#[test]
fn a_quantity_in_a_unit_that_nobody_converts_is_booked_when_the_conversion_is_added_later() {
    let mut floor = accepted();
    let mut work = work("10", "100 H87");
    (work.good, work.scrap) = (Some(amount("4 BX", Counting::Delta)), Some(amount("2 BX", Counting::Delta)));
    (work.rework, work.last, work.declared) = (Some(amount("0 BX", Counting::Delta)), true, Some(qty("100 H87")));
    reports(&mut floor, Report::Confirmed(Box::new(work)));
    assert_eq!((floor.open(me(&floor), &UNIT), order(&floor).unbooked.len()), (2, 2));
    boxes(&mut floor, 25);
    looks(&mut floor);
    assert_eq!(places(&floor, "FG-100"), texts(&[("100 H87", "0 H87", "0 H87"), ("50 H87", "0 H87", "0 H87")]));
    assert_eq!((floor.open(me(&floor), &UNIT), looked_for(&floor)), (0, false));
}

#[test]
fn a_conversion_that_does_not_come_out_even_is_put_right_for_what_was_reported_already() {
    let mut floor = accepted();
    let known = floor.book.materials.get_mut(&MaterialId::parse("STEEL-3").unwrap()).unwrap();
    known.conversions.insert(Uom::parse("LTR").unwrap(), Conversion::new(9, 7).unwrap());
    reports(&mut floor, used("STEEL-3", "H-1", "1 LTR", Counting::Delta));
    assert_eq!(floor.open(me(&floor), &UNIT), 1);
    let known = floor.book.materials.get_mut(&MaterialId::parse("STEEL-3").unwrap()).unwrap();
    known.conversions.insert(Uom::parse("LTR").unwrap(), Conversion::new(9, 8).unwrap());
    looks(&mut floor);
    assert_eq!(places(&floor, "STEEL-3"), texts(&[("1.125 KGM", "0 KGM", "0 KGM")]));
}

#[test]
fn a_quantity_in_a_unit_that_nobody_converts_is_given_up_by_two_of_finance() {
    let mut floor = accepted();
    let mut work = work("10", "100 H87");
    work.good = Some(amount("4 BX", Counting::Delta));
    work.scrap = Some(amount("3 H87", Counting::Delta));
    work.last = true;
    reports(&mut floor, Report::Confirmed(Box::new(work)));
    let case = floor.cases(me(&floor)).into_iter().find(|case| case.kind == UNIT).unwrap().clone();
    assert_eq!(case.stake, "4 BX");
    assert!(case.proposals.contains(&Proposal::Retry) && !case.proposals.contains(&Proposal::Acknowledge), "{:?}", case.proposals);
    assert_eq!(places(&floor, "FG-100"), texts(&[("3 H87", "0 H87", "0 H87"), ("4 BX", "4 BX", "0 BX")]));
    let still = decide(&mut floor, person("it"), case.number, Action::Retry);
    assert!(matches!(&still, Answer::Refused(no) if no.code == Code::State), "{still:?}");
    let note = decide(&mut floor, person("it"), case.number, Action::Acknowledge);
    assert!(matches!(note, Answer::Refused(_)), "it would be forgotten: {note:?}");
    assert_eq!(says(&mut floor, "erp-eu", OwnerFact::TechnicallyCompleted), Answer::Accepted);
    assert!(matches!(wish(&mut floor, Request::Close), Answer::Refused(_)), "four boxes are nowhere yet");
    boxes(&mut floor, 25);
    floor.wait_ms(60_000);
    assert_eq!(floor.mail.len(), 1, "it is on its way");
    assert_eq!(decide(&mut floor, person("finance"), case.number, Action::WriteOff), Answer::Accepted);
    assert_eq!(places(&floor, "FG-100")[1].2, "0 BX", "one person is not enough");
    let second = Who { user: "another".into(), ..person("finance") };
    assert_eq!(decide(&mut floor, second, case.number, Action::WriteOff), Answer::Accepted);
    looks(&mut floor);
    assert_eq!(places(&floor, "FG-100")[1], ("4 BX".to_owned(), "0 BX".to_owned(), "4 BX".to_owned()), "given up, and booked all the same");
    assert_eq!((order(&floor).has_unbooked(), floor.open(me(&floor), &UNIT)), (false, 0));
}

#[test]
fn a_person_need_not_wait_and_what_nothing_can_convert_is_not_looked_for() {
    let mut floor = accepted();
    let said = Report::CountCorrected {
        op: OpNo::parse("10").unwrap(),
        purpose: Use::Labour,
        difference: qty("5 BX"),
        reason: Reason::parse("miscount").unwrap(),
    };
    reports(&mut floor, said);
    assert!(!looked_for(&floor), "a box is no time, whatever master data says");
    reports(&mut floor, used("RESIN-9", "R-1", "2 KGM", Counting::Delta));
    let labour = Confirmation { good: None, labour: Some(amount("1 BX", Counting::Delta)), ..work("15", "1 H87") };
    reports(&mut floor, Report::Confirmed(Box::new(labour)));
    assert_eq!(floor.open(me(&floor), &UNIT), 2);
    let case = floor.cases(me(&floor)).into_iter().find(|case| case.kind == KNOWN).unwrap().number;
    stated(&mut floor, "RESIN-9", "STEEL-3");
    assert_eq!(decide(&mut floor, person("it"), case, Action::Retry), Answer::Accepted);
    floor.deliver();
    assert_eq!(places(&floor, "RESIN-9"), texts(&[("2 KGM", "0 KGM", "0 KGM")]));
    assert_eq!(floor.open(me(&floor), &UNIT), 2, "the others wait on");
    reports(&mut floor, used("RESIN-8", "R-1", "2 KGM", Counting::Delta));
    reports(
        &mut floor,
        Report::Confirmed(Box::new(Confirmation { good: None, labour: Some(amount("1 BX", Counting::Delta)), ..work("15", "1 H87") })),
    );
    stated(&mut floor, "RESIN-8", "STEEL-3");
    looks(&mut floor);
    assert_eq!(places(&floor, "RESIN-8"), texts(&[("2 KGM", "0 KGM", "0 KGM")]), "what never fits keeps nobody else");
    assert!(matches!(wish(&mut floor, Request::Cancel), Answer::Refused(_)), "work was reported for it");
}

#[test]
fn what_is_booked_late_says_nothing_of_the_job_that_the_plant_was_sent_since() {
    let mut floor = accepted();
    reports(&mut floor, used("RESIN-9", "R-1", "2 KGM", Counting::Delta));
    wish(&mut floor, Request::Revoke);
    floor.does("revoke_job", &done());
    wish(&mut floor, Request::Redispatch);
    floor.deliver();
    assert_eq!(order(&floor).dispatch, Dispatch::Sent { attempt: 2 });
    stated(&mut floor, "RESIN-9", "STEEL-3");
    floor.wait_ms(6_000);
    floor.deliver();
    assert_eq!(places(&floor, "RESIN-9"), texts(&[("2 KGM", "0 KGM", "0 KGM")]));
    assert_eq!(order(&floor).dispatch, Dispatch::Sent { attempt: 2 }, "nobody has heard of that one");
}

#[test]
fn what_is_booked_late_keeps_its_time_and_does_not_stay_in_a_group_that_nobody_flushes() {
    let mut floor = accepted();
    reports(&mut floor, used("RESIN-9", "R-1", "2 KGM", Counting::Delta));
    let then = order(&floor).unbooked[0].envelope.occurred_at;
    says(&mut floor, "erp-eu", OwnerFact::TechnicallyCompleted);
    stated(&mut floor, "RESIN-9", "STEEL-3");
    looks(&mut floor);
    assert_eq!(places(&floor, "RESIN-9"), texts(&[("2 KGM", "2 KGM", "0 KGM")]), "parked: the ERP takes no postings any more");
    assert!(!order(&floor).ledger.has_open_groups());
    assert_eq!(floor.open(me(&floor), &CaseKind::ParkedPosting), 1);
    let booked = order(&floor).ledger.postings().map(|entry| entry.posting.date).next().unwrap();
    assert_eq!(booked, floor.book.calendar(site("nord")).posting_date(then));
}

#[test]
fn the_word_of_an_attempt_that_is_over_parks_no_later_one() {
    let mut floor = released();
    floor.deliver();
    let may = |asker| move |_| Claim::May { window_ms: 1_000, asker };
    floor.claims("dispatch_job", may(7));
    floor.claims("dispatch_job", |attempt| Claim::NotDone { attempt, why: "no line".into() });
    floor.claims("dispatch_job", may(8));
    floor.claims("dispatch_job", |attempt| Claim::Park { attempt: attempt - 1, why: "401".into() });
    assert_eq!(floor.open(me(&floor), &CaseKind::Misconfigured), 0, "the second attempt is on its way");
}

#[test]
fn a_correction_that_fills_the_gap_of_a_final_confirmation_completes_its_operation() {
    let mut floor = accepted();
    let op = OpNo::parse("10").unwrap();
    let mut last = work("10", "90 H87");
    (last.last, last.declared) = (true, Some(qty("100 H87")));
    reports(&mut floor, Report::Confirmed(Box::new(last)));
    let found = |pieces: &str| Report::CountCorrected {
        op: OpNo::parse("10").unwrap(),
        purpose: Use::Yield,
        difference: qty(pieces),
        reason: Reason::parse("PLC restart").unwrap(),
    };
    reports(&mut floor, found("9 H87"));
    assert_eq!(order(&floor).ops[&op].execution, Execution::Running, "one is missing still");
    reports(&mut floor, found("1 H87"));
    assert_eq!(order(&floor).ops[&op].execution, Execution::Completed);
    assert!(!order(&floor).ledger.has_open_groups());
    floor.wait_ms(3_600_000);
    assert_eq!(floor.open(me(&floor), &CaseKind::Discrepancy), 0, "nothing is missing");
}

#[test]
fn what_could_not_be_sent_as_configured_is_not_in_doubt() {
    let no_mapping = |attempt| Claim::Park { attempt, why: "the link of nord has no mapping for dispatch_job".into() };
    let may = || Claim::May { window_ms: 1_000, asker: 7 };
    let mut floor = released();
    floor.deliver();
    floor.claims("dispatch_job", |_| may());
    floor.claims("dispatch_job", no_mapping);
    let case = floor.cases(me(&floor)).into_iter().find(|case| case.kind == CaseKind::Misconfigured).unwrap().clone();
    assert_eq!(case.stake, order(&floor).header.as_ref().unwrap().total.to_string());
    assert!(case.what.contains("nothing was done") && case.about.contains("nord: dispatch_job"), "{case:?}");
    assert!(case.proposals.contains(&Proposal::Retry) && !case.proposals.iter().any(|offer| matches!(offer, Proposal::DoNot(_))));
    assert_eq!(decide(&mut floor, person("it"), case.number, Action::Retry), Answer::Accepted);
    assert_eq!(floor.open(me(&floor), &CaseKind::Misconfigured), 0);
}

#[test]
fn a_posting_that_a_mapping_refused_is_parked_and_one_with_a_lost_reply_behind_it_is_in_doubt() {
    let no_mapping = |attempt| Claim::Park { attempt, why: "no mapping".into() };
    let may = |asker| move |_| Claim::May { window_ms: 1_000, asker };
    for (lost, kind) in [(false, CaseKind::Misconfigured), (true, CaseKind::InDoubt)] {
        let mut floor = accepted();
        let pallet = Report::Produced {
            output: OutputKind::Main,
            material: None,
            lot: None,
            amount: amount("30 H87", Counting::Delta),
            unit: None,
            serials: Vec::new(),
        };
        reports(&mut floor, pallet);
        floor.claims("post", may(7));
        if lost {
            floor.claims("post", |attempt| Claim::Lost { attempt, why: "no reply".into() });
        }
        floor.claims("post", no_mapping);
        let standing = order(&floor).ledger.postings().map(|entry| entry.standing.clone()).next().unwrap();
        assert!(matches!(standing, Standing::Parked { .. }), "{standing:?}");
        assert_eq!(floor.open(me(&floor), &kind), 1, "{kind:?}: {:?}", floor.cases(me(&floor)));
    }
}
