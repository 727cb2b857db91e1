//! What has left is not told what holds only for what is still there.

use super::*;

#[test]
fn what_has_left_is_told_nothing_when_its_last_hold_is_over_or_somebody_opens_a_gate() {
    let unblocks = |yard: &Yard| {
        let told = yard
            .last
            .iter()
            .filter(|fact| matches!(fact, crate::fact::Fact::Intended { intent, .. } if format!("{intent:?}").contains("UnblockShipment")));
        told.count()
    };
    let mut yard = Yard::cleared();
    yard.says(held(1, "NC-9", Some(1)));
    yard.says(freed("NC-9"));
    assert_eq!(unblocks(&yard), 1, "what is still here hears that nothing keeps it");
    let mut yard = Yard::cleared();
    assert!(yard.leaves());
    yard.says(held(1, "NC-9", None));
    yard.says(freed("NC-9"));
    assert!(yard.shipment().holds.is_empty(), "the hold is over all the same");
    assert_eq!(unblocks(&yard), 0, "there is nothing left to let go");
    let answer = yard.says(Input::Request(Request::Release { gate: Gate::Manual }));
    assert!(matches!(&answer, Answer::Refused(refusal) if refusal.code == Code::State), "{answer:?}");
    assert_eq!(unblocks(&yard), 0);
}
