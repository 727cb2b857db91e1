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

fn header_of(input: &crate::input::Input) -> Header {
    match &input.body {
        Body::Order(Input::OwnerFact(OwnerFact::Released(header))) => header.as_ref().clone(),
        other => panic!("not a release: {other:?}"),
    }
}

#[test]
fn an_order_goes_to_its_plant_when_all_of_it_is_released_and_not_before() {
    let mut floor = Floor::new();
    let header = header_of(&Day::release());
    let dispatched = |floor: &Floor| floor.asked("dispatch_job").len();
    says(&mut floor, "erp-eu", OwnerFact::Created(Box::new(header.clone())));
    floor.deliver();
    assert_eq!((order(&floor).business, &order(&floor).dispatch, dispatched(&floor)), (Business::Created, &Dispatch::Ready, 0));
    says(&mut floor, "erp-eu", OwnerFact::PartlyReleased(Box::new(header.clone())));
    floor.deliver();
    assert_eq!((order(&floor).business, dispatched(&floor)), (Business::PartlyReleased, 0));
    says(&mut floor, "erp-eu", OwnerFact::Released(Box::new(header.clone())));
    floor.deliver();
    assert_eq!((order(&floor).business, dispatched(&floor)), (Business::Released, 1));
    for late in [OwnerFact::Created(Box::new(header.clone())), OwnerFact::PartlyReleased(Box::new(header))] {
        says(&mut floor, "erp-eu", late);
    }
    floor.deliver();
    assert_eq!((order(&floor).business, dispatched(&floor)), (Business::Released, 1), "late word takes nothing back");
}

#[test]
fn what_stands_at_the_line_is_said_by_the_warehouse_or_the_plant_and_counts_more_than_a_promise() {
    let mut floor = accepted();
    let staged = |missing: &[&str]| Report::Staged { missing: missing.iter().map(ToString::to_string).collect() };
    let tell = |floor: &mut Floor, source: &str, report: Report| {
        let id = me(floor);
        floor.tell(id, source, Body::Order(Input::Report(report)))
    };
    says(&mut floor, "erp-eu", OwnerFact::Availability { short: Vec::new() });
    assert_eq!(order(&floor).supply, Supply::Committed);
    assert_eq!(tell(&mut floor, "wms-na", staged(&["STEEL-3"])), Answer::Accepted);
    assert_eq!(floor.open(me(&floor), &CaseKind::Shortage), 1);
    assert_eq!(tell(&mut floor, "wms-na", staged(&[])), Answer::Accepted);
    says(&mut floor, "erp-eu", OwnerFact::Availability { short: Vec::new() });
    assert_eq!((&order(&floor).supply, floor.open(me(&floor), &CaseKind::Shortage)), (&Supply::Staged, 0));
    assert!(matches!(tell(&mut floor, "qms", staged(&[])), Answer::Discrepant { .. }));
    assert_eq!(floor.open(me(&floor), &CaseKind::NotOwner), 1);
}
