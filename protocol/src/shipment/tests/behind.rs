//! Word of a departure that comes behind a hold: by the time it left, not by the time we heard.

use super::*;
use crate::case::CaseKind;
use crate::outbox::{Claim, Receipt};

/// What is open at it.
fn open(yard: &Yard) -> Vec<CaseKind> {
    yard.state.common.cases.values().map(|case| case.kind.clone()).collect()
}

/// The attempt that its lots hear it left with.
fn left_with(yard: &Yard) -> Option<u32> {
    let departed = |(_, mail): &(EntityId, crate::lot::Mail)| match mail {
        crate::lot::Mail::Departed { attempt, .. } => Some(*attempt),
        _ => None,
    };
    yard.told_lots().iter().find_map(departed).unwrap()
}

/// A cleared truck that meets a hold a second later, and whose warehouse takes that after another second.
fn held_behind() -> Yard {
    let mut yard = Yard::cleared();
    yard.now = yard.now.plus_ms(1_000);
    yard.says(held(1, "NC-1", Some(1)));
    assert_eq!(yard.granted(), Some(false));
    yard
}

fn left_at(yard: &mut Yard, ms: u64) {
    yard.now = Instant::EPOCH.plus_ms(ms);
    assert!(!yard.leaves(), "somebody has to look at it");
    assert_eq!(yard.shipment().stage, Stage::Departed);
}

#[test]
fn a_truck_that_left_before_the_hold_and_is_told_of_behind_it_is_held_after_clearance() {
    let mut yard = held_behind();
    left_at(&mut yard, 500);
    assert_eq!((open(&yard), left_with(&yard)), (vec![CaseKind::HeldAfterClearance], Some(1)));
    assert!(yard.shipment().cleared.is_some(), "it left with its clearance");
}

#[test]
fn a_truck_that_left_before_its_warehouse_knew_of_the_hold_is_held_after_clearance() {
    for left in [1_500, 2_500] {
        let mut yard = held_behind();
        yard.now = Instant::EPOCH.plus_ms(2_000);
        yard.settles_at(wms(), &Claim::Accepted { attempt: 1, receipt: Receipt::default() });
        assert_eq!(yard.shipment().cleared.and_then(|yes| yes.over), Some(yard.now), "the warehouse knows");
        left_at(&mut yard, left);
        let expected = if left < 2_000 { (vec![CaseKind::HeldAfterClearance], Some(1)) } else { (vec![CaseKind::Escape], None) };
        assert_eq!((open(&yard), left_with(&yard)), expected, "left at {left}");
    }
}

#[test]
fn a_truck_that_left_with_what_its_lots_were_not_asked_about_is_an_escape_whenever_it_left() {
    let mut yard = Yard::cleared();
    yard.now = yard.now.plus_ms(1_000);
    yard.says(picked(2));
    yard.now = Instant::EPOCH.plus_ms(500);
    assert!(!yard.leaves());
    assert_eq!((open(&yard).contains(&CaseKind::Escape), left_with(&yard)), (true, None));
    assert_eq!(yard.shipment().cleared, None);
}

#[test]
fn a_warehouse_that_asks_anew_does_not_go_by_its_old_yes() {
    for (left, cleared) in [(500, Some(1)), (1_500, None)] {
        let mut yard = Yard::cleared();
        yard.now = Instant::EPOCH.plus_ms(1_000);
        yard.says(Input::Request(Request::ClearDeparture { attempt: 2 }));
        left_at(&mut yard, left);
        assert_eq!(left_with(&yard), cleared, "left at {left}");
    }
}

#[test]
fn a_block_that_was_sent_before_the_yes_and_is_taken_behind_it_does_not_end_it() {
    let mut yard = Yard::picked(None);
    yard.says(Input::Request(Request::Block { gate: Gate::Manual, reason: Reason::parse("stop").unwrap() }));
    let blocked = yard.last.clone();
    let who = Who { user: "somebody".into(), role: "planning".into(), ..Who::default() };
    yard.wishes(who, Body::Shipment(Input::Request(Request::Release { gate: Gate::Manual })));
    yard.says(Input::Request(Request::ClearDeparture { attempt: 1 }));
    yard.says(Input::Mail(Mail::ClearanceAnswered { attempt: 1, lot: lot(1), refused: Vec::new() }));
    assert_eq!(yard.granted(), Some(true));
    yard.last = blocked;
    yard.settles_at(wms(), &Claim::Accepted { attempt: 1, receipt: Receipt::default() });
    assert!(yard.shipment().cleared.is_some_and(|yes| yes.over.is_none()));
    assert!(yard.leaves());
}
