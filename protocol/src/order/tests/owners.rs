//! Promise T6 for orders: who may say what about them.

use super::*;
use crate::envelope::Envelope;
use crate::input::Address;
use crate::kernel::Reply;
use crate::outbox::Claim;

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

#[test]
fn another_plant_reports_nothing_of_an_order_and_it_is_shown() {
    let mut floor = accepted();
    let (id, before) = (me(&floor), order(&floor).clone());
    let report = Report::Confirmed(Box::new(work("10", "40 H87")));
    for stranger in ["qms", "wms-na"] {
        let told = floor.tell(id, stranger, Body::Order(Input::Report(report.clone())));
        assert!(matches!(told, Answer::Discrepant { .. }), "{stranger}: {told:?}");
    }
    assert_eq!((order(&floor), floor.open(id, &CaseKind::NotOwner)), (&before, 2));
    // A client of ours is no system: it may report for the plant.
    assert_eq!(floor.tell(id, "shopfloor", Body::Order(Input::Report(report))), Answer::Accepted);
}

/// Goods were sent to the ERP and no reply came; then somebody posts the same by hand.
fn in_doubt() -> (Floor, OwnerFact) {
    let mut floor = accepted();
    makes(&mut floor, "300 H87");
    reports(&mut floor, Report::Completed);
    let window_ms = 1_000;
    floor.claims("post", |_| Claim::May { window_ms, asker: 0 });
    floor.claims("post", |attempt| Claim::Lost { attempt, why: "no reply".into() });
    let by_hand = OwnerFact::ForeignPosting {
        document: DocNo::parse("77/2026").unwrap(),
        by: "SCHMIDT".into(),
        purpose: Use::Yield,
        material: MaterialId::parse("FG-100").unwrap(),
        lot: None,
        qty: qty("300 H87"),
    };
    (floor, by_hand)
}

fn adopted(floor: &Floor) -> usize {
    order(floor).ledger.postings().filter(|entry| matches!(entry.standing, crate::posting::Standing::Adopted { .. })).count()
}

#[test]
fn what_may_have_gone_through_is_not_taken_for_somebody_s_posting_before_the_erp_was_asked() {
    let (mut floor, by_hand) = in_doubt();
    assert!(matches!(says(&mut floor, "erp-eu", by_hand), Answer::Discrepant { .. }));
    assert_eq!(adopted(&floor), 0);
    floor.claims("post", |_| Claim::Accepted { attempt: 1, receipt: posted("12/2026") });
    assert_eq!((adopted(&floor), floor.open(me(&floor), &CaseKind::ForeignPosting)), (0, 1), "ours stands, and the other is one too many");
}

#[test]
fn a_posting_that_turns_out_not_to_be_there_is_not_sent_again_when_somebody_made_it_by_hand() {
    let (mut floor, by_hand) = in_doubt();
    says(&mut floor, "erp-eu", by_hand);
    floor.wait_ms(60_000);
    let asked_at = floor.now;
    assert_eq!(floor.open(me(&floor), &CaseKind::ForeignPosting), 1, "nobody knows yet which of the two stands");
    floor.claims("post", |attempt| Claim::Absent { attempt, asked_at });
    assert_eq!(floor.open(me(&floor), &CaseKind::ForeignPosting), 0, "it stands for ours, and needs nobody any more");
    assert_eq!((adopted(&floor), floor.state(me(&floor)).common.outbox.iter().count()), (1, 0), "adopted, and nothing goes out again");
}

/// An ERP's release with this changed about it.
fn released_with(change: impl Fn(&mut Header)) -> (Floor, Header) {
    let (mut floor, mut header) = (Floor::new(), header_of(&Day::release()));
    let right = header.clone();
    change(&mut header);
    says(&mut floor, "erp-eu", OwnerFact::Released(Box::new(header)));
    floor.deliver();
    (floor, right)
}

#[test]
fn what_cannot_be_meant_is_kept_and_goes_to_no_plant_until_its_erp_puts_it_right() {
    type Slip = fn(&mut Header);
    let slips: [(&str, Slip); 5] = [
        ("its total is -5 H87, which is nothing to make", |header| header.total = qty("-5 H87")),
        ("its total is 0 H87, which is nothing to make", |header| header.total = qty("0 H87")),
        ("its total is 1000.5 H87, which is a part of a piece", |header| header.total = qty("1000.5 H87")),
        ("before it starts at", |header| header.end = at(30)),
        ("is long past", |header| header.start = Instant::parse("2020-01-06T06:00:00+01:00").unwrap()),
    ];
    for (words, slip) in slips {
        let (mut floor, right) = released_with(slip);
        let id = me(&floor);
        assert_eq!((order(&floor).business, floor.asked("dispatch_job").len()), (Business::Released, 0), "{words}");
        assert!(matches!(order(&floor).dispatch, Dispatch::Invalid { .. }), "{words}");
        let cases: Vec<(CaseKind, String)> = floor.cases(id).iter().map(|case| (case.kind.clone(), case.what.clone())).collect();
        assert!(matches!(&cases[..], [(CaseKind::NotReady, what)] if what.contains(words)), "{words}: {cases:?}");
        says(&mut floor, "erp-eu", OwnerFact::Released(Box::new(right)));
        floor.deliver();
        assert_eq!((floor.asked("dispatch_job").len(), floor.open(id, &CaseKind::NotReady)), (1, 0), "{words}");
    }
}

#[test]
fn a_change_puts_it_right_as_well_and_one_that_cannot_be_meant_is_not_told_to_the_plant() {
    let (mut floor, right) = released_with(|header| header.total = qty("0.5 H87"));
    says(&mut floor, "erp-eu", OwnerFact::QuantityChanged { total: right.total });
    floor.deliver();
    assert_eq!(floor.asked("dispatch_job").len(), 1);

    let mut floor = accepted();
    let wrong = [OwnerFact::QuantityChanged { total: qty("-5 H87") }, OwnerFact::DatesChanged { start: at(90_000), end: at(0) }];
    for (open, fact) in wrong.into_iter().enumerate() {
        assert!(matches!(says(&mut floor, "erp-eu", fact), Answer::Discrepant { .. }));
        assert_eq!((floor.asked("change_job").len(), floor.open(me(&floor), &CaseKind::Discrepancy)), (0, open + 1));
    }
    says(&mut floor, "erp-eu", OwnerFact::DatesChanged { start: at(60), end: at(600) });
    assert_eq!(floor.asked("change_job").len(), 0, "the total is still none");
    says(&mut floor, "erp-eu", OwnerFact::QuantityChanged { total: qty("4000 H87") });
    assert_eq!(floor.asked("change_job").len(), 1, "what is meant is told");
}

#[test]
fn a_client_that_names_another_plant_than_the_order_is_at_is_shown_and_nothing_is_booked() {
    let mut floor = accepted();
    let (id, before) = (me(&floor), order(&floor).clone());
    let report = |floor: &mut Floor, plant: &str| {
        let said = Body::Order(Input::Report(Report::Confirmed(Box::new(work("10", "40 H87")))));
        let envelope = Envelope { floor: Some(site(plant)), ..floor.envelope("shopfloor") };
        floor.take(id, &crate::input::Input { to: Address::Entity(id), envelope, body: said })
    };
    assert!(matches!(report(&mut floor, "ohio"), Reply::Answer(Answer::Discrepant { .. })));
    assert_eq!((order(&floor), floor.open(id, &CaseKind::NotOwner)), (&before, 1));
    assert!(matches!(report(&mut floor, "nord"), Reply::Answer(Answer::Accepted)));
}
