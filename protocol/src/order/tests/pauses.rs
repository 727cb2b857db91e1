//! Orders that wait: on a planner's word, for components, for somebody who has them open in the ERP.

use super::*;
use crate::kernel::Reply;
use crate::outbox::{Claim, ClaimAnswer};
use crate::words::Reason;

fn hold() -> Request {
    Request::Hold { reason: Reason::parse("design change").unwrap() }
}

#[test]
fn an_order_on_hold_is_not_sent_and_goes_when_it_may() {
    let mut floor = released();
    assert_eq!(wish(&mut floor, hold()), Answer::Accepted);
    floor.deliver();
    assert_eq!((&order(&floor).dispatch, floor.asked("dispatch_job").len()), (&Dispatch::Ready, 0));
    assert_eq!(wish(&mut floor, Request::Resume), Answer::Accepted);
    floor.deliver();
    assert_eq!(floor.asked("dispatch_job").len(), 1);
    assert_eq!(refused(&wish(&mut floor, Request::Resume)), Code::State);
}

#[test]
fn an_order_that_the_erp_has_not_made_yet_may_be_held_already() {
    let (mut floor, id) = wished("PL-9");
    assert_eq!(floor.wish(id, person("planner"), Body::Order(Input::Request(hold()))), Answer::Accepted);
    floor.does("convert_planned_order", &named(site("erp-eu"), NativeKind::Order, "1000042"));
    floor.deliver();
    assert_eq!((&floor.order(id).dispatch, floor.asked("dispatch_job").len()), (&Dispatch::Ready, 0));
}

#[test]
fn a_plant_that_has_the_job_is_asked_to_stop_and_its_refusal_is_shown() {
    let mut floor = accepted();
    wish(&mut floor, hold());
    floor.refuses("hold_job");
    assert_eq!(floor.open(me(&floor), &CaseKind::Discrepancy), 1);
    wish(&mut floor, Request::Resume);
    floor.does("resume_job", &done());
    assert!(order(&floor).on_hold.is_none());
}

#[test]
fn that_a_plant_would_not_stop_is_over_when_it_is_done() {
    let mut floor = accepted();
    wish(&mut floor, hold());
    floor.refuses("hold_job");
    let id = me(&floor);
    assert_eq!(floor.open(id, &CaseKind::Discrepancy), 1);
    wish(&mut floor, Request::Resume);
    makes(&mut floor, "300 H87");
    reports(&mut floor, Report::Completed);
    assert_eq!(floor.cases(id).iter().filter(|case| case.what.contains("would not")).count(), 0);
    floor.refuses("resume_job");
    assert_eq!(floor.cases(id).iter().filter(|case| case.what.contains("would not")).count(), 0, "nor does it open then");
}

#[test]
fn a_shortage_is_a_planner_s_case_until_the_components_are_there() {
    let mut floor = released();
    says(&mut floor, "erp-eu", OwnerFact::Availability { short: vec!["STEEL-3".into()] });
    says(&mut floor, "erp-eu", OwnerFact::Availability { short: vec!["STEEL-3".into()] });
    assert_eq!(floor.open(me(&floor), &CaseKind::Shortage), 1);
    says(&mut floor, "erp-eu", OwnerFact::Availability { short: Vec::new() });
    assert_eq!((floor.open(me(&floor), &CaseKind::Shortage), &order(&floor).supply), (0, &Supply::Committed));
}

/// What the worker is told that wants to send the first posting.
fn may_post(floor: &mut Floor) -> ClaimAnswer {
    let asked = floor.asked.iter().find(|asked| asked.effect.verb() == "post").unwrap();
    let (id, intent) = (asked.intent.entity, asked.intent);
    match floor.hear(id, "takt", Body::Claim { intent, claim: Claim::May { window_ms: 1000, asker: 0 } }) {
        Reply::Claim(answer) => answer,
        other => panic!("not about a claim: {other:?}"),
    }
}

#[test]
fn what_was_posted_and_is_refused_a_while_later_is_a_case_of_finance_once() {
    let mut floor = accepted();
    makes(&mut floor, "300 H87");
    reports(&mut floor, Report::Completed);
    let intent = floor.asked.iter().find(|asked| asked.effect.verb() == "post").unwrap().intent;
    let late = || Body::Claim { intent, claim: Claim::RefusedLate { why: "it stands as errors/POST-1.xml".into() } };
    let id = me(&floor);
    floor.hear(id, "takt", late());
    assert!(floor.cases(id).is_empty(), "it is not settled, and finds out by itself");
    floor.does("post", &posted("4900000001/1"));
    for _ in 0..2 {
        floor.hear(id, "takt", late());
        let cases = floor.cases(id);
        let [case] = &cases[..] else { panic!("{cases:?}") };
        assert!(case.what.contains("4900000001") && case.what.contains("errors/POST-1.xml"), "{case:?}");
        assert_eq!((case.owner.as_str(), case.stake.is_empty(), case.intent), ("finance", false, Some(intent.number)));
    }
}

#[test]
fn a_posting_waits_while_somebody_has_the_order_open_but_not_for_ever() {
    let mut floor = accepted();
    makes(&mut floor, "300 H87");
    reports(&mut floor, Report::Completed);
    says(&mut floor, "erp-eu", OwnerFact::Locked(true));
    assert!(matches!(may_post(&mut floor), ClaimAnswer::Wait { .. }));
    floor.now = floor.now.plus_ms(floor.book.policy.lock_patience_ms);
    assert!(matches!(may_post(&mut floor), ClaimAnswer::Send { .. }), "the word that it is open no longer may have been lost");

    let mut soon = accepted();
    makes(&mut soon, "300 H87");
    reports(&mut soon, Report::Completed);
    says(&mut soon, "erp-eu", OwnerFact::Locked(true));
    says(&mut soon, "erp-eu", OwnerFact::Locked(false));
    assert!(matches!(may_post(&mut soon), ClaimAnswer::Send { .. }));
}
