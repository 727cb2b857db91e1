//! Pitfalls 11 and 12: which date a posting gets, and what happens when its period is not open.

use super::*;

fn issue(late: LatePolicy) -> Rule {
    Rule { late, ..rule("issue", Use::Consumed, vec![Trigger::EachReport]) }
}

#[test]
fn a_night_shift_is_one_production_day_and_two_posting_dates() {
    let by_shift = Rule { group_by: vec![Axis::PlantDay], ..rule("issue", Use::Consumed, vec![Trigger::Completion]) };
    let mut shop = Shop::new(vec![by_shift]);
    for at in ["2026-11-23T23:30:00+01:00", "2026-11-24T00:30:00+01:00", "2026-11-24T05:59:00+01:00"] {
        shop.report(actual(Use::Consumed, "1 KGM").at(at));
    }
    let days: Vec<_> = shop.ledger.groups.values().map(|group| group.key.day.clone().unwrap().date.to_string()).collect();
    assert_eq!(days, ["2026-11-23", "2026-11-23"]);
    let postings = shop.flush_everything();
    let told: Vec<_> = postings.iter().map(|posting| (posting.date, posting.lines[0].qty)).collect();
    assert_eq!(told, [(date("2026-11-23"), qty("1 KGM")), (date("2026-11-24"), qty("2 KGM"))]);
}

#[test]
fn half_past_two_twice_in_the_night_the_clocks_go_back_is_one_posting_date() {
    let mut shop = Shop::new(vec![rule("issue", Use::Consumed, vec![Trigger::Completion])]);
    for at in ["2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+01:00", "2026-10-24T22:59:00Z"] {
        shop.report(actual(Use::Consumed, "1 KGM").at(at));
    }
    let postings = shop.flush_everything();
    assert_eq!(postings.len(), 1);
    assert_eq!(
        (postings[0].date, postings[0].lines[0].qty),
        (date("2026-10-25"), qty("3 KGM")),
        "22:59 in UTC is past midnight at the plant"
    );
}

#[test]
fn a_rule_may_date_by_the_flush_and_then_says_when_it_happened() {
    let mut shop = Shop::new(vec![Rule { date: DatePolicy::Flushed, ..rule("issue", Use::Consumed, vec![Trigger::Completion]) }]);
    shop.report(actual(Use::Consumed, "1 KGM").on("2026-11-21"));
    shop.report(actual(Use::Consumed, "1 KGM").on("2026-11-20"));
    shop.report(actual(Use::Consumed, "1 KGM").on("2026-11-23"));
    let postings = shop.flush_everything();
    assert_eq!(postings.len(), 1, "one document of the day it is flushed on");
    assert_eq!((postings[0].date, postings[0].original_date), (date("2026-11-23"), Some(date("2026-11-20"))));
}

#[test]
fn a_late_report_for_a_closed_period_waits_for_finance_with_a_date_that_would_be_possible() {
    let mut shop = Shop::new(vec![issue(LatePolicy::Park)]).period(2026, 10, PeriodState::Closed);
    shop.report(actual(Use::Consumed, "5 KGM").on("2026-10-31"));
    let Standing::Parked { why, proposed } = shop.standing(1) else { panic!("not parked") };
    assert!(why.contains("2026-10-31 is closed"), "{why}");
    assert_eq!(*proposed, Some(date("2026-11-01")));
    assert_eq!(shop.ledger.posting(1).unwrap().posting.date, date("2026-10-31"), "nothing was shifted");
    assert_eq!(shop.account().parked, qty("5 KGM"));
}

#[test]
fn a_policy_may_post_on_the_first_open_date_and_then_keeps_the_original_one() {
    let mut shop =
        Shop::new(vec![issue(LatePolicy::NextOpenDate)]).period(2026, 9, PeriodState::Closed).period(2026, 10, PeriodState::Closed);
    shop.report(actual(Use::Consumed, "5 KGM").on("2026-09-30"));
    let posting = &shop.ledger.posting(1).unwrap().posting;
    assert_eq!((posting.date, posting.original_date), (date("2026-11-01"), Some(date("2026-09-30"))));
    assert_eq!(*shop.standing(1), Standing::Prepared);
}

#[test]
fn a_frozen_period_is_never_posted_into_not_even_as_the_next_open_one() {
    for (late, possible) in [(LatePolicy::Park, Some(date("2026-12-01"))), (LatePolicy::NextOpenDate, None)] {
        let mut shop = Shop::new(vec![issue(late)]).period(2026, 10, PeriodState::Closed).period(2026, 11, PeriodState::Frozen);
        shop.report(actual(Use::Consumed, "5 KGM").on("2026-10-31"));
        shop.report(actual(Use::Consumed, "5 KGM").on("2026-11-02"));
        let proposed = |number| {
            let Standing::Parked { proposed, .. } = shop.standing(number) else { panic!("{late:?} sent it") };
            *proposed
        };
        assert_eq!((proposed(1), proposed(2)), (possible, None), "{late:?}: no date is proposed that is not open");
    }
}

#[test]
fn what_waited_for_a_frozen_period_goes_out_in_order_and_undated_when_it_thaws() {
    let mut shop = Shop::new(vec![issue(LatePolicy::Park)]).period(2026, 11, PeriodState::Frozen);
    shop.report(actual(Use::Consumed, "5 KGM").on("2026-11-02"));
    shop.report(actual(Use::Consumed, "-2 KGM").on("2026-11-03"));
    assert_eq!(retry(&shop.ledger, 1, &shop.periods), Err(Stuck::Frozen(date("2026-11-02"))), "still frozen");
    shop.periods.set(2026, 11, PeriodState::Open);
    assert_eq!(retry(&shop.ledger, 2, &shop.periods), Err(Stuck::Uncovered), "not before what it takes back");
    for number in [1, 2] {
        shop.note(retry(&shop.ledger, number, &shop.periods).unwrap());
        let posting = &shop.ledger.posting(number).unwrap().posting;
        assert_eq!(posting.original_date, None, "its own date is open again");
    }
    shop.accept_all();
    assert_eq!(shop.account().posted, qty("3 KGM"));
}

#[test]
fn a_retry_by_finance_posts_on_the_date_that_was_proposed_and_keeps_the_original_one() {
    let mut shop = Shop::new(vec![issue(LatePolicy::Park)]).period(2026, 10, PeriodState::Closed);
    shop.report(actual(Use::Consumed, "5 KGM").on("2026-10-31"));
    shop.note(retry(&shop.ledger, 1, &shop.periods).unwrap());
    let posting = &shop.ledger.posting(1).unwrap().posting;
    assert_eq!((posting.date, posting.original_date), (date("2026-11-01"), Some(date("2026-10-31"))));
    shop.reject(1);
    shop.periods.set(2026, 11, PeriodState::Closed);
    shop.note(retry(&shop.ledger, 1, &shop.periods).unwrap());
    let posting = &shop.ledger.posting(1).unwrap().posting;
    assert_eq!(
        (posting.date, posting.original_date),
        (date("2026-12-01"), Some(date("2026-10-31"))),
        "the day it happened, not the day it was moved to"
    );
}

#[test]
fn what_was_moved_to_a_date_that_the_erp_refused_goes_back_to_its_own_when_its_period_is_open_again() {
    let mut shop = Shop::new(vec![issue(LatePolicy::Park)]).period(2026, 10, PeriodState::Closed);
    shop.report(actual(Use::Consumed, "5 KGM").on("2026-10-31"));
    shop.note(retry(&shop.ledger, 1, &shop.periods).unwrap());
    assert_eq!(shop.ledger.posting(1).unwrap().posting.date, date("2026-11-01"));
    // The ERP has not opened November, and finance opens October once more.
    shop.reject(1);
    shop.periods.set(2026, 10, PeriodState::Open);
    shop.note(retry(&shop.ledger, 1, &shop.periods).unwrap());
    let posting = &shop.ledger.posting(1).unwrap().posting;
    assert_eq!((posting.date, posting.original_date), (date("2026-10-31"), None));
}

#[test]
fn a_document_has_one_date_and_an_order_over_midnight_has_two() {
    let mut shop = Shop::new(vec![rule("yield", Use::Yield, vec![Trigger::Completion])]);
    shop.report(actual(Use::Yield, "7 H87").on("2026-11-24"));
    shop.report(actual(Use::Yield, "3 H87").on("2026-11-23"));
    let dates: Vec<_> = shop.flush_everything().iter().map(|posting| posting.date).collect();
    assert_eq!(dates, [date("2026-11-23"), date("2026-11-24")], "in the order of the days, whatever came first");
}
