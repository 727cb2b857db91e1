//! What rings too early, and what is due at different times.

use super::*;
use crate::intent::Wake;
use crate::posting::{RuleBook, Trigger, Use};

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
