//! What was decided in the ERP and done otherwise at the plant, because the word of it was long on its way: what happened stands,
//! and a person decides what becomes of it.

use super::*;
use crate::case::Proposal;
use crate::input::{Address, Input as Told};
use crate::kernel::Reply;
use crate::order::Execution;

/// Three hours without a line.
const APART_MS: u64 = 3 * 3_600_000;

/// The plant makes 300 pieces while it is cut off; only then comes what the ERP said when it was not yet.
fn told_late(fact: OwnerFact) -> (Floor, Answer) {
    let mut floor = accepted();
    let said_at = floor.now;
    floor.wait_ms(APART_MS);
    makes(&mut floor, "300 H87");
    let id = me(&floor);
    let mut envelope = floor.envelope("erp-eu");
    (envelope.occurred_at, envelope.received_at) = (said_at, said_at);
    let Reply::Answer(answer) = floor.take(id, &Told { to: Address::Entity(id), envelope, body: Body::Order(Input::OwnerFact(fact)) })
    else {
        panic!("no answer")
    };
    (floor, answer)
}

fn processed(floor: &Floor) -> String {
    order(floor).processed().unwrap().to_string()
}

#[test]
fn an_order_that_was_cancelled_or_changed_while_its_plant_ran_it_is_listed_with_what_can_be_done_and_what_was_made_stands() {
    let later = Instant::parse("2027-01-11T06:00:00+01:00").unwrap();
    let cases = [
        (OwnerFact::Cancelled, "the ERP cancelled the order, and work was reported for it", "300 H87"),
        (
            OwnerFact::QuantityChanged { total: qty("100 H87") },
            "the ERP reduced the order to 100 H87, and 300 H87 were made already",
            "300 H87",
        ),
        (OwnerFact::DatesChanged { start: later, end: later.plus_ms(3_600_000) }, "the ERP moved the order to begin at", "300 H87"),
    ];
    for (fact, words, stake) in cases {
        let (floor, answer) = told_late(fact);
        let [case] = floor.cases(me(&floor))[..] else { panic!("{:?}", floor.cases(me(&floor))) };
        assert_eq!((answer, &case.kind, case.stake.as_str()), (Answer::Discrepant { case: case.number }, &CaseKind::Contradicted, stake));
        assert!(case.what.starts_with(words) && case.what.contains("erp-eu said so at"), "{}", case.what);
        assert!(case.owner.as_str() == "planning" && case.proposals.contains(&Proposal::Acknowledge), "{case:?}");
        assert!(case.proposals.iter().any(|offer| matches!(offer, Proposal::Do(what) if what.contains("in the ERP"))), "{case:?}");
        assert_eq!(processed(&floor), "300 H87", "what was made is made");
    }
}

#[test]
fn what_is_moved_before_the_plant_begins_or_after_it_ended_contradicts_nothing() {
    let later = Instant::parse("2027-01-11T06:00:00+01:00").unwrap();
    let moved = || OwnerFact::DatesChanged { start: later, end: later.plus_ms(3_600_000) };
    let mut floor = accepted();
    assert_eq!(says(&mut floor, "erp-eu", moved()), Answer::Accepted);
    let mut floor = accepted();
    let last = Confirmation { last: true, ..work("10", "5000 H87") };
    reports(&mut floor, Report::Confirmed(Box::new(last)));
    assert!(order(&floor).ops.values().all(|op| op.execution == Execution::Completed));
    assert_eq!(says(&mut floor, "erp-eu", moved()), Answer::Accepted);
}

#[test]
fn what_a_plant_still_reports_of_a_cancelled_order_is_counted_and_listed_once() {
    let mut floor = accepted();
    says(&mut floor, "erp-eu", OwnerFact::Cancelled);
    for minute in 0..3 {
        floor.wait_ms(minute * 60_000);
        makes(&mut floor, "40 H87");
    }
    assert_eq!((floor.open(me(&floor), &CaseKind::Contradicted), processed(&floor).as_str()), (1, "120 H87"));
    assert!(floor.cases(me(&floor)).iter().any(|case| case.what.contains("which was cancelled in its ERP")));
}
