//! A plant that takes what it is sent before it looks at it, and says later what it makes of it.

use super::*;
use crate::order::JobWish;

fn rejected(attempt: u32) -> Report {
    Report::JobRejected { code: "REZEPT".into(), text: "kein gültiges Rezept".into(), attempt: Some(attempt) }
}

#[test]
fn a_job_that_was_taken_and_is_refused_before_it_began_is_rejected() {
    let mut floor = accepted();
    reports(&mut floor, rejected(7));
    assert!(matches!(order(&floor).dispatch, Dispatch::Accepted { .. }), "that was another attempt");
    reports(&mut floor, rejected(1));
    assert!(matches!(&order(&floor).dispatch, Dispatch::Rejected { attempt: 1, code } if code == "REZEPT"));
}

#[test]
fn a_refusal_of_what_it_works_on_moves_nothing_and_is_shown() {
    let mut floor = accepted();
    reports(&mut floor, Report::OperationStarted { op: OpNo::parse("10").unwrap(), equipment: None });
    assert!(matches!(reports(&mut floor, rejected(1)), Answer::Discrepant { .. }));
    assert!(matches!(order(&floor).dispatch, Dispatch::Accepted { .. }));
}

#[test]
fn a_job_that_it_did_not_give_back_is_with_the_plant_still() {
    let mut floor = accepted();
    wish(&mut floor, Request::Revoke);
    floor.does("revoke_job", &done());
    assert_eq!(order(&floor).dispatch, Dispatch::Revoked);
    let refused = Report::WishRefused { wish: JobWish::Revoke, code: "STATUS".into(), text: "läuft bereits".into() };
    assert!(matches!(reports(&mut floor, refused), Answer::Discrepant { .. }));
    assert_eq!(order(&floor).dispatch, Dispatch::RevokeRefused);
}
