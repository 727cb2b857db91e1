//! Promise T6 for orders: who may say what about them.

use super::*;

#[test]
fn another_erp_moves_nothing_of_an_order_and_it_is_shown() {
    let mut floor = accepted();
    let before = order(&floor).clone();
    for fact in [OwnerFact::Cancelled, OwnerFact::QuantityChanged { total: qty("1 H87") }, OwnerFact::TechnicallyCompleted] {
        assert!(matches!(says(&mut floor, "qms", fact), Answer::Discrepant { .. }));
    }
    assert_eq!((order(&floor), floor.open(me(&floor), &CaseKind::NotOwner)), (&before, 3));
}

#[test]
fn a_document_is_adopted_for_the_intent_that_was_sent_last() {
    let mut floor = accepted();
    makes(&mut floor, "300 H87");
    reports(&mut floor, Report::Completed);
    floor.refuses("post");
    let id = me(&floor);
    let case = floor.cases(id).iter().find(|case| case.kind == CaseKind::ParkedPosting).unwrap().number;
    let act = |floor: &mut Floor, action| {
        let who = person("finance");
        floor.wish(id, who, Body::Desk(crate::desk::Wish { case, action }))
    };
    assert_eq!(act(&mut floor, crate::desk::Action::Retry), Answer::Accepted);
    floor.asked.clear();
    let foreign = OwnerFact::ForeignPosting {
        document: DocNo::parse("77/2026").unwrap(),
        by: "SCHMIDT".into(),
        purpose: Use::Yield,
        material: MaterialId::parse("FG-100").unwrap(),
        lot: None,
        qty: qty("300 H87"),
    };
    assert_eq!(says(&mut floor, "erp-eu", foreign), Answer::Accepted);
    assert!(floor.state(id).common.outbox.iter().count() == 0, "the intent that went out again is over, so nothing is posted twice");
}
