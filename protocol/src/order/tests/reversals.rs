//! Transition 20: a document is taken back, once, in an open period, and its quantity is never forgotten.

use super::*;
use crate::calendar::{PeriodBook, PeriodState};
use crate::desk::{Action, Wish};
use crate::posting::{Standing, accounts};

/// 300 pieces confirmed under a document.
fn confirmed() -> Floor {
    let mut floor = accepted();
    makes(&mut floor, "300 H87");
    reports(&mut floor, Report::Completed);
    floor.does("post", &posted("100/1"));
    floor
}

fn reverse(floor: &mut Floor) -> Answer {
    wish_as(floor, person("finance"), Request::ReversePosting { posting: 1 })
}

fn balances(floor: &Floor) -> bool {
    accounts(&order(floor).ledger).iter().all(crate::posting::Account::balances)
}

#[test]
fn a_document_is_taken_back_by_one_that_names_it_and_its_quantity_waits_for_a_decision() {
    let mut floor = confirmed();
    assert_eq!(reverse(&mut floor), Answer::Accepted);
    assert!(balances(&floor), "at every moment");
    let back = floor.asked("post");
    let names = |effect: &Effect| match effect {
        Effect::Post(document) => (document.posting.lines[0].qty, document.posting.reverses.clone()),
        other => panic!("not a posting: {other:?}"),
    };
    assert_eq!(names(back[0]), (qty("-300 H87"), vec![DocNo::parse("100/1").unwrap()]));
    let act = |floor: &mut Floor, action: Action| {
        let id = me(floor);
        let case = floor.cases(id).iter().find(|case| case.posting == Some(3)).unwrap().number;
        floor.wish(id, person("finance"), Body::Desk(Wish { case, action }))
    };
    assert_eq!(refused(&act(&mut floor, Action::Retry)), Code::State, "not before the reversal stands");
    assert_eq!(refused(&act(&mut floor, Action::WriteOff)), Code::State);
    floor.does("post", &posted("101/1"));
    assert_eq!(act(&mut floor, Action::Retry), Answer::Accepted);
    floor.does("post", &posted("102/1"));
    assert!(balances(&floor) && !order(&floor).ledger.is_unsettled());
}

#[test]
fn nothing_is_taken_back_twice_or_without_role_reason_and_open_period() {
    let mut floor = confirmed();
    assert_eq!(refused(&wish(&mut floor, Request::ReversePosting { posting: 1 })), Code::NotOwner);
    let silent = Who { reason: None, ..person("finance") };
    assert_eq!(refused(&wish_as(&mut floor, silent, Request::ReversePosting { posting: 1 })), Code::Schema);
    assert_eq!(refused(&wish_as(&mut floor, person("finance"), Request::ReversePosting { posting: 9 })), Code::State);
    let erp = floor.book.sites.get_mut(&site("erp-eu")).unwrap();
    let open = std::mem::replace(&mut erp.periods, closed());
    assert_eq!(refused(&reverse(&mut floor)), Code::PeriodClosed);
    floor.book.sites.get_mut(&site("erp-eu")).unwrap().periods = open;
    assert_eq!(reverse(&mut floor), Answer::Accepted);
    assert_eq!(refused(&reverse(&mut floor)), Code::State, "all of it is on its way back already");
}

#[test]
fn a_reversal_that_is_given_up_leaves_the_document_and_nothing_to_post_again() {
    let mut floor = confirmed();
    reverse(&mut floor);
    floor.refuses("post");
    let id = me(&floor);
    let case = floor.cases(id).iter().find(|case| case.posting == Some(2)).unwrap().number;
    for who in [person("finance"), crate::floor::another("finance")] {
        assert_eq!(floor.wish(id, who, Body::Desk(Wish { case, action: Action::WriteOff })), Answer::Accepted);
    }
    let standing = |number| order(&floor).ledger.posting(number).unwrap().standing.clone();
    assert!(matches!(standing(1), Standing::Posted { .. }));
    assert_eq!((standing(2), standing(3)), (Standing::WrittenOff, Standing::WrittenOff));
    assert!(balances(&floor) && floor.cases(id).iter().all(|case| case.posting != Some(3)));
}

#[test]
fn a_second_posting_that_is_answered_with_the_document_of_the_first_waits_for_finance() {
    let mut floor = accepted();
    for op in ["10", "20"] {
        reports(&mut floor, Report::Confirmed(Box::new(Confirmation { last: true, ..work(op, "500 H87") })));
        floor.does("post", &posted("100/1"));
    }
    let id = me(&floor);
    let standing = |floor: &Floor, number| order(floor).ledger.posting(number).unwrap().standing.clone();
    assert!(matches!(standing(&floor, 1), Standing::Posted { .. }) && matches!(standing(&floor, 2), Standing::Parked { .. }));
    let case = floor.cases(id).iter().find(|case| case.kind == CaseKind::ParkedPosting).map(|case| (*case).clone()).unwrap();
    assert_eq!((case.owner.as_str(), case.posting), ("finance", Some(2)));
    assert!(case.what.contains("document 100/1, which is that of posting 1 already"), "{}", case.what);
    assert!(balances(&floor));
    let act = |floor: &mut Floor, action: Action| floor.wish(id, person("finance"), Body::Desk(Wish { case: case.number, action }));
    assert_eq!(act(&mut floor, Action::Retry), Answer::Accepted);
    floor.does("post", &posted("100/2"));
    assert_eq!(standing(&floor, 2), Standing::Posted { document: DocNo::parse("100/2").unwrap() });
    assert!(balances(&floor) && floor.open(id, &CaseKind::ParkedPosting) == 0);
}

pub(super) fn closed() -> PeriodBook {
    let mut periods = PeriodBook::default();
    periods.set(2026, 11, PeriodState::Closed);
    periods
}
