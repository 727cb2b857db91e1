//! The way of an order over the floor: its plant's answer, and what its lots hear.

use super::*;
use crate::case::Case;
use crate::lot;
use crate::outbox::Claim;
use crate::words::{HoldNo, OutputKind};

#[test]
fn a_plant_that_does_not_answer_in_time_is_shown_and_its_late_answer_still_counts() {
    let mut floor = released();
    floor.deliver();
    let patience = floor.book.policy.dispatch_patience_ms;
    floor.wait_ms(patience);
    assert_eq!(order(&floor).dispatch, Dispatch::TimedOut { attempt: 1 });
    assert_eq!(floor.open(me(&floor), &CaseKind::Unanswered), 1);
    floor.does("dispatch_job", &named(site("nord"), NativeKind::Job, "J-7"));
    assert_eq!(order(&floor).dispatch, Dispatch::Accepted { attempt: 1, implied: false });
    assert_eq!(floor.open(me(&floor), &CaseKind::Unanswered), 0);
}

fn amount(text: &str) -> Amount {
    Amount { qty: qty(text), counting: Counting::Delta, native: None }
}

fn consumes(floor: &mut Floor, material: &str, number: &str, much: &str) {
    let (op, material) = (OpNo::parse("10").unwrap(), MaterialId::parse(material).unwrap());
    let lot = LotNo::parse(number).ok();
    reports(floor, Report::Consumed { op, item: None, material, lot, amount: amount(much) });
}

fn puts_out(floor: &mut Floor, lot: Option<&str>, pallet: &str) {
    let made = Report::Produced {
        output: OutputKind::Main,
        material: None,
        lot: lot.and_then(|lot| LotNo::parse(lot).ok()),
        amount: amount("30 H87"),
        unit: Sscc::parse(pallet).ok(),
        serials: Vec::new(),
    };
    reports(floor, made);
}

fn lot_of(floor: &Floor, material: &str, number: &str) -> EntityId {
    floor.book.lot_entity(site("nord"), &key(material, number)).unwrap()
}

fn key(material: &str, number: &str) -> LotKey {
    LotKey { material: MaterialId::parse(material).unwrap(), lot: LotNo::parse(number).unwrap() }
}

/// A nonconformance on a lot: on one pallet, or on all of it.
fn is_bad(floor: &mut Floor, lot: LotKey, pallet: Option<&str>) {
    let entity = floor.book.lot_entity(site("nord"), &lot).unwrap();
    let placed = lot::Placement {
        hold: HoldNo::parse("NC-1").unwrap(),
        lot,
        site: site("nord"),
        units: pallet.and_then(|pallet| Sscc::parse(pallet).ok()).into_iter().collect(),
        reason: Reason::parse("cracks").unwrap(),
        severity: String::new(),
    };
    floor.tell(entity, "qms", Body::Lot(lot::Input::OwnerFact(lot::OwnerFact::Nonconformance(placed))));
    floor.deliver();
}

#[test]
fn what_goes_into_an_order_and_comes_out_of_it_is_in_the_genealogy_of_its_lot() {
    let mut floor = accepted();
    consumes(&mut floor, "STEEL-3", "H-5501", "12 KGM");
    puts_out(&mut floor, None, "pallet-1");
    floor.deliver();
    let lot = floor.lot(Day::lot_entity());
    assert_eq!(lot.total(), Some(qty("30 H87")));
    assert_eq!(lot.parents.iter().map(|(key, _)| key.lot.as_str()).collect::<Vec<_>>(), ["H-5501"]);
}

#[test]
fn a_bad_component_holds_every_lot_of_the_order_whatever_the_plant_calls_it_and_whenever_it_says_so() {
    for component_first in [true, false] {
        let mut floor = accepted();
        if component_first {
            consumes(&mut floor, "STEEL-3", "H-5501", "12 KGM");
        }
        puts_out(&mut floor, Some("N7-1"), "pallet-1");
        puts_out(&mut floor, Some("N7-2"), "pallet-2");
        if !component_first {
            consumes(&mut floor, "STEEL-3", "H-5501", "12 KGM");
        }
        floor.deliver();
        is_bad(&mut floor, key("STEEL-3", "H-5501"), None);
        for number in ["N7-1", "N7-2"] {
            let lot = floor.lot(lot_of(&floor, "FG-100", number));
            assert_eq!(lot.parents.iter().map(|(key, _)| key.lot.as_str()).collect::<Vec<_>>(), ["H-5501"], "{number}");
            assert_eq!(lot.holds.len(), 1, "{number} may leave, component first: {component_first}");
        }
    }
}

#[test]
fn a_lot_that_is_worked_on_again_is_not_its_own_component() {
    let mut floor = accepted();
    puts_out(&mut floor, None, "pallet-1");
    consumes(&mut floor, "FG-100", Day::lot().lot.as_str(), "3 H87");
    puts_out(&mut floor, None, "pallet-2");
    floor.deliver();
    is_bad(&mut floor, Day::lot(), Some("pallet-1"));
    let lot = floor.lot(Day::lot_entity());
    assert!(lot.parents.is_empty() && lot.children.is_empty());
    assert_eq!(lot.holds.values().flat_map(lot::Hold::scope).map(|unit| unit.to_string()).collect::<Vec<_>>(), ["pallet-1"]);
}

/// The plant's MES says what it has, whole: versions of FG-100, or of nothing at all.
fn has(floor: &mut Floor, versions: &[&str]) {
    let plant = floor.book.site_entity(site("nord")).unwrap();
    let all = versions.iter().map(|version| crate::words::Version::parse(version).unwrap()).collect();
    let recipes =
        if versions.is_empty() { std::collections::BTreeMap::new() } else { [(MaterialId::parse("FG-100").unwrap(), all)].into() };
    let said = crate::site::Report::PlantRecipeList { recipes };
    assert_eq!(floor.tell(plant, "nord", Body::Site(crate::site::Input::Report(said))), Answer::Accepted);
}

#[test]
fn a_plant_that_says_it_has_no_recipes_at_all_is_sent_nothing_until_it_has() {
    let mut floor = Floor::new();
    has(&mut floor, &[]);
    let id = me(&floor);
    floor.take(id, &Day::release());
    floor.deliver();
    assert_eq!(floor.asked("dispatch_job").len(), 0);
    assert!(matches!(&order(&floor).dispatch, Dispatch::Invalid { missing } if missing[0].0 == Code::MissingRecipe));
    let start = order(&floor).header().unwrap().start;
    let cases = floor.cases(id);
    let case = cases.iter().find(|case| case.kind == CaseKind::NotReady).unwrap();
    assert!(case.what.contains("nord itself has no recipe of FG-100") && case.impact_at == Some(start), "{}", case.what);
    has(&mut floor, &["6"]);
    floor.deliver();
    assert_eq!(floor.asked("dispatch_job").len(), 0, "another version");
    has(&mut floor, &["6", "7"]);
    floor.deliver();
    assert_eq!((floor.asked("dispatch_job").len(), floor.open(id, &CaseKind::NotReady)), (1, 0));
}

#[test]
fn a_plant_whose_recipe_is_gone_is_sent_no_order_more_and_the_same_list_again_records_nothing() {
    let mut floor = Floor::new();
    has(&mut floor, &["7"]);
    let recorded = floor.log.iter().map(|(_, step)| step.facts.len()).sum::<usize>();
    has(&mut floor, &["7"]);
    assert_eq!(floor.log.iter().map(|(_, step)| step.facts.len()).sum::<usize>(), recorded, "nothing is otherwise");
    has(&mut floor, &[]);
    let id = me(&floor);
    floor.take(id, &Day::release());
    floor.deliver();
    assert_eq!((floor.asked("dispatch_job").len(), floor.open(id, &CaseKind::NotReady)), (0, 1));
}

#[test]
fn goods_of_a_material_that_nobody_knows_are_a_case_that_names_it_and_no_posting_and_a_hold_finds_them_all_the_same() {
    let mut floor = accepted();
    let (op, material) = (OpNo::parse("10").unwrap(), MaterialId::parse("STEL-3").unwrap());
    let lot = LotNo::parse("H-5501").ok();
    let used = Report::Consumed { op, item: None, material: material.clone(), lot, amount: amount("12 KGM") };
    assert!(matches!(reports(&mut floor, used), Answer::Discrepant { .. }));
    let made = Report::Produced {
        output: OutputKind::CoProduct,
        material: Some(material),
        lot: None,
        amount: amount("3 H87"),
        unit: None,
        serials: Vec::new(),
    };
    assert!(matches!(reports(&mut floor, made), Answer::Discrepant { .. }));
    puts_out(&mut floor, None, "pallet-1");
    reports(&mut floor, Report::Completed);
    floor.deliver();
    let cases: Vec<String> = floor.cases(me(&floor)).iter().map(|case| case.what.clone()).collect();
    assert!(cases.iter().filter(|what| what.contains("of STEL-3 were reported")).count() == 2, "{cases:?}");
    let posts = floor.asked("post");
    let posted = |effect: &&Effect| format!("{effect:?}").contains("STEL-3");
    assert!(!posts.is_empty() && !posts.iter().any(posted), "only what is known is posted");
    is_bad(&mut floor, key("STEL-3", "H-5501"), None);
    assert_eq!(floor.lot(Day::lot_entity()).holds.len(), 1, "it went into what came out");
}

#[test]
fn whatever_is_said_of_an_operation_that_the_order_does_not_have_is_a_case_that_names_it() {
    let op = || OpNo::parse("99").unwrap();
    let reason = || Reason::parse("jam").unwrap();
    let said = [
        Report::Confirmed(Box::new(work("99", "5 H87"))),
        Report::CountCorrected { op: op(), purpose: crate::posting::Use::Yield, difference: qty("5 H87"), reason: reason() },
        Report::OperationHeld { op: op(), reason: reason() },
        Report::OperationAborted { op: op(), reason: reason() },
    ];
    for report in said {
        let mut floor = accepted();
        assert!(matches!(reports(&mut floor, report.clone()), Answer::Discrepant { .. }), "{report:?}");
        let cases: Vec<&str> = floor.cases(me(&floor)).iter().map(|case| case.what.as_str()).collect::<Vec<_>>();
        assert_eq!(cases, ["the plant reports operation 99, which is not in the routing of 1000042"], "{report:?}");
    }
}

#[test]
fn work_on_an_order_that_was_not_sent_yet_is_shown_until_the_plant_has_it() {
    let mut floor = released();
    reports(&mut floor, Report::OperationStarted { op: OpNo::parse("10").unwrap(), equipment: None });
    let id = me(&floor);
    assert_eq!(floor.open(id, &CaseKind::Discrepancy), 1);
    floor.deliver();
    assert_eq!(floor.open(id, &CaseKind::Discrepancy), 1, "it is on its way");
    floor.does("dispatch_job", &named(site("nord"), NativeKind::Job, "J-7"));
    floor.deliver();
    assert_eq!(floor.open(id, &CaseKind::Discrepancy), 0);
}

#[test]
fn a_person_corrects_no_more_than_was_counted_and_only_where_the_order_is_made() {
    let mut floor = accepted();
    makes(&mut floor, "40 H87");
    let mut corrects = |op: &str, pieces: &str| {
        let report = Report::CountCorrected {
            op: OpNo::parse(op).unwrap(),
            purpose: Use::Yield,
            difference: qty(pieces),
            reason: Reason::parse("miscount").unwrap(),
        };
        let id = me(&floor);
        let answer = floor.wish(id, person("production"), Body::Order(Input::Report(report)));
        (answer, order(&floor).ops[&OpNo::parse("10").unwrap()].good.to_string(), floor.cases(id).len())
    };
    for (op, pieces, code, field) in [("10", "-41 H87", Code::Schema, "difference"), ("77", "-6 H87", Code::Unknown, "operation")] {
        let (Answer::Refused(no), good, cases) = corrects(op, pieces) else { panic!("{op} {pieces} was taken") };
        assert_eq!((no.code, no.field.as_str(), good.as_str(), cases), (code, field, "40 H87", 0), "{no:?}");
        assert!(!no.remedy.is_empty());
    }
    let (Answer::Refused(no), good, cases) = corrects("10", "-3 KGM") else { panic!("kilograms of pieces were taken") };
    assert_eq!((no.code, no.field.as_str(), good.as_str(), cases), (Code::Schema, "difference", "40 H87", 0), "{no:?}");
    assert!(no.text.contains("-3 KGM"), "{no:?}");
    assert_eq!(corrects("10", "-40 H87"), (Answer::Accepted, "0 H87".to_owned(), 0));
}

#[test]
fn goods_without_a_lot_are_one_cause_however_much_each_report_is() {
    let mut floor = accepted();
    for much in ["5 KGM", "7 KGM"] {
        let op = OpNo::parse("10").unwrap();
        let material = MaterialId::parse("STEEL-3").unwrap();
        reports(&mut floor, Report::Consumed { op, item: None, material, lot: None, amount: amount(much) });
    }
    let id = me(&floor);
    let causes: Vec<_> = floor.cases(id).iter().map(|case| (case.kind.clone(), case.cause(id))).collect();
    assert!(matches!(&causes[..], [one, other] if one == other && one.0 == CaseKind::Rejected(Code::MissingLot)), "{causes:?}");
}

#[test]
fn the_same_pieces_are_at_stake_once() {
    let mut floor = accepted();
    floor.book.sites.get_mut(&site("erp-eu")).unwrap().periods = super::reversals::closed();
    makes(&mut floor, "30 H87");
    puts_out(&mut floor, None, "340123450000000018");
    reports(&mut floor, Report::Completed);
    let cases = floor.cases(me(&floor));
    let parked: Vec<&str> = cases.iter().filter(|case| case.kind == CaseKind::ParkedPosting).map(|case| case.stake.as_str()).collect();
    assert!(parked.len() > 1, "the receipt waits, and so does the confirmation: {parked:?}");
    assert_eq!(crate::case::stakes(parked.iter().copied()), "30 H87", "{parked:?}");
}

#[test]
fn a_job_that_nobody_knows_of_is_sent_anew_by_who_looked_at_the_plant() {
    let mut floor = released();
    floor.deliver();
    let id = me(&floor);
    let may = || Claim::May { window_ms: 1_000, asker: 7 };
    floor.claims("dispatch_job", |_| may());
    let patience = floor.book.policy.dispatch_patience_ms;
    floor.wait_ms(patience);
    assert_eq!(floor.open(id, &CaseKind::Unanswered), 1);
    floor.claims("dispatch_job", |attempt| Claim::Lost { attempt, why: "no answer".into() });
    // Its link can neither ask nor send it again.
    floor.claims("dispatch_job", |_| may());
    let doubt: Vec<Case> = floor.cases(id).into_iter().cloned().collect();
    assert!(matches!(&doubt[..], [one] if one.kind == CaseKind::InDoubt && one.stake == total(&floor)), "{doubt:?}");
    let silent = Who { reason: None, ..person("planner") };
    assert_eq!(refused(&wish_as(&mut floor, silent, Request::Redispatch)), Code::Schema);
    assert_eq!(wish(&mut floor, Request::Redispatch), Answer::Accepted);
    floor.deliver();
    let asked: Vec<u32> = floor.asked("dispatch_job").iter().map(|effect| attempt_of(effect)).collect();
    assert_eq!((asked.last(), floor.cases(id).len()), (Some(&2), 0), "{asked:?}");
    floor.does("dispatch_job", &named(site("nord"), NativeKind::Job, "J-7"));
    assert_eq!(order(&floor).dispatch, Dispatch::Accepted { attempt: 2, implied: false });
}

fn attempt_of(effect: &Effect) -> u32 {
    match effect {
        Effect::DispatchJob(job) => job.attempt,
        other => panic!("not a job: {other:?}"),
    }
}

#[test]
fn a_job_that_the_plant_is_done_with_is_not_asked_for_any_more() {
    let mut floor = released();
    floor.deliver();
    let id = me(&floor);
    let may = || Claim::May { window_ms: 1_000, asker: 7 };
    floor.claims("dispatch_job", |_| may());
    floor.claims("dispatch_job", |attempt| Claim::Lost { attempt, why: "no answer".into() });
    floor.claims("dispatch_job", |_| may());
    assert_eq!(floor.open(id, &CaseKind::InDoubt), 1);
    reports(&mut floor, Report::Completed);
    assert_eq!(floor.open(id, &CaseKind::InDoubt), 0);
    assert!(floor.state(id).common.outbox.iter().all(|(_, open)| !format!("{:?}", open.intent).contains("DispatchJob")));
    assert_eq!(order(&floor).dispatch, Dispatch::Accepted { attempt: 1, implied: true });
}
