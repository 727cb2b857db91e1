//! Messages on their way out: order, duplicates, held-back ones, and what nobody took.

use std::collections::BTreeMap;

use serde_json::json;

use super::super::habits::{Dose, Habit, Habits};
use super::super::moment::Moment;
use super::Outbox;

const START: Moment = Moment::from_millis(1_000_000);

fn filled(habits: &mut Habits) -> Outbox {
    let mut outbox = Outbox::default();
    for (lane, topic) in [("A", "first"), ("A", "second"), ("B", "first")] {
        outbox.put(START, habits, lane, topic, &json!({ "lane": lane }));
    }
    outbox
}

fn told(outbox: &Outbox, now: Moment) -> Vec<String> {
    outbox.pending(now, 99).into_iter().map(|message| format!("{} {}", message.lane, message.topic)).collect()
}

#[test]
fn a_message_that_nobody_took_stops_its_own_order_only() {
    let mut habits = Habits::seeded(1);
    let mut outbox = filled(&mut habits);
    outbox.refused(START, &mut habits, 1, None);
    assert_eq!(told(&outbox, START), ["B first"]);
    assert_eq!(told(&outbox, START.plus_ms(200)), ["A first", "A second", "B first"]);
}

#[test]
fn a_refused_message_is_counted_and_offered_again_until_somebody_takes_it() {
    let mut habits = Habits::seeded(1);
    let mut outbox = filled(&mut habits);
    outbox.refused(START, &mut habits, 3, Some(422));
    assert_eq!(habits.effects().get("message_refused"), Some(&1));
    assert_eq!(told(&outbox, START.plus_ms(2_000)), ["A first", "A second", "B first"]);
    outbox.delivered(&mut habits, &[1, 2, 3]);
    assert!(outbox.is_empty());
}

#[test]
fn the_pause_after_failures_grows_and_has_an_end() {
    let mut habits = Habits::seeded(1);
    let mut outbox = filled(&mut habits);
    let mut pauses_ms = Vec::new();
    for _ in 0..9 {
        outbox.refused(START, &mut habits, 3, Some(503));
        let back = (0..100).find(|tenths| told(&outbox, START.plus_ms(tenths * 100)).contains(&"B first".to_owned()));
        pauses_ms.push(back.unwrap() * 100);
    }
    assert_eq!(pauses_ms, [200, 400, 800, 1600, 3200, 5000, 5000, 5000, 5000]);
}

#[test]
fn a_duplicated_message_goes_out_twice_with_the_same_body() {
    let mut habits = Habits::seeded(1);
    habits.set(BTreeMap::from([(Habit::DuplicateMessage, Dose::next(1).at("second"))]));
    let outbox = filled(&mut habits);
    assert_eq!(told(&outbox, START), ["A first", "A second", "A second", "B first"]);
    assert_eq!(habits.effects().get("duplicate_message"), Some(&1));
}

#[test]
fn a_late_message_lets_later_ones_of_its_order_go_ahead_and_counts_once_they_did() {
    let mut habits = Habits::seeded(1);
    habits.set(BTreeMap::from([(Habit::LateMessage, Dose::next(1).of(400))]));
    let mut outbox = filled(&mut habits);
    assert_eq!(told(&outbox, START), ["A second", "B first"]);
    assert_eq!(habits.effects().get("late_message"), None);
    outbox.delivered(&mut habits, &[2, 3]);
    assert_eq!(habits.effects().get("late_message"), Some(&1));
    assert_eq!(told(&outbox, START.plus_ms(400)), ["A first"]);
}
