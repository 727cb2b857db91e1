//! What a plant's site keeps of an order that will not run, or is over, and what rings too early.

use super::*;
use crate::intent::Wake;
use crate::kernel::Own;
use crate::posting::{RuleBook, Trigger, Use};
use crate::site::Site;

fn keeper(floor: &Floor) -> EntityId {
    floor.book.site_entity(site("nord")).unwrap()
}

fn plant(floor: &Floor) -> &Site {
    let Own::Site(site) = &floor.state(keeper(floor)).own else { panic!("no site") };
    site
}

/// The order cannot run: its plant has no recipe.
fn waiting() -> Floor {
    let mut floor = released();
    floor.book.recipes.clear();
    floor.deliver();
    assert_eq!(plant(&floor).waiting.len(), 1);
    floor
}

#[test]
fn a_plant_waits_no_more_for_an_order_that_was_cancelled() {
    let mut floor = waiting();
    says(&mut floor, "erp-eu", OwnerFact::Cancelled);
    floor.deliver();
    assert!(plant(&floor).waiting.is_empty());
}

#[test]
fn a_plant_keeps_nothing_of_an_order_that_said_its_last_word_and_knows_all_that_it_told() {
    let mut floor = waiting();
    let before = floor.mail.len();
    says(&mut floor, "erp-eu", OwnerFact::Closed);
    floor.wait_ms(floor.book.policy.names_kept_ms);
    let told: Vec<_> =
        floor.mail.iter().skip(before).filter(|mail| mail.to == crate::input::Address::Entity(keeper(&floor))).cloned().collect();
    assert!(!told.is_empty());
    floor.deliver();
    let common = &floor.state(keeper(&floor)).common;
    assert_eq!((plant(&floor).waiting.len(), common.seen.len()), (0, 0));
    assert!(floor.state(keeper(&floor)).is_born());
    for again in told {
        assert_eq!(floor.take(keeper(&floor), &again), crate::kernel::Reply::Known(Answer::Accepted));
    }
}

/// One report, of which good pieces are posted after ten minutes and labour after thirty.
fn worked() -> Floor {
    let mut floor = Floor::new();
    let mut rules = floor.book.rules.rules().to_vec();
    for rule in &mut rules {
        let minutes = if rule.matches.purpose == Some(Use::Labour) { 30 } else { 10 };
        rule.trigger = vec![Trigger::EveryMinutes(minutes)];
    }
    floor.book.rules = RuleBook::new(rules).unwrap();
    let id = me(&floor);
    floor.take(id, &Day::release());
    floor.deliver();
    floor.does("dispatch_job", &named(site("nord"), NativeKind::Job, "J-7"));
    let labour = Some(crate::kernel::tests::fixture::amount("1.5 HUR"));
    reports(&mut floor, Report::Confirmed(Box::new(Confirmation { labour, ..work("10", "40 H87") })));
    floor
}

fn posts(wake: &Wake) -> bool {
    *wake == Wake::Postings
}

#[test]
fn a_timer_that_rings_by_a_clock_ahead_of_ours_does_what_it_was_set_for() {
    let mut floor = worked();
    let due = floor.wakes.iter().filter(|(_, _, wake)| posts(wake)).map(|(_, at, _)| *at).min().unwrap();
    floor.now = due.minus(std::time::Duration::from_secs(2));
    floor.ring_early(1_000, posts);
    assert!(floor.asked("post").is_empty());
    floor.ring_early(2_000, posts);
    assert_eq!(floor.asked("post").len(), 1);
}

#[test]
fn what_was_reported_at_once_and_is_due_at_different_times_is_posted_each_at_its_own() {
    let mut floor = worked();
    for (minutes, posted) in [(10, 1), (20, 2)] {
        floor.wait_ms(minutes * 60_000);
        assert_eq!(floor.asked("post").len(), posted);
    }
}
