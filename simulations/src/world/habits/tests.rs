//! The doses of the habits: when they show, and that chance is the seed's.

use std::collections::BTreeMap;

use super::{Dose, Habit, Habits};

fn with(habit: Habit, dose: Dose, seed: u64) -> Habits {
    let mut habits = Habits::seeded(seed);
    habits.set(BTreeMap::from([(habit, dose)]));
    habits
}

#[test]
fn a_habit_for_the_next_two_occasions_shows_twice_and_is_counted() {
    let mut habits = with(Habit::LostReply, Dose::next(2), 1);
    let shown = (0..5).filter(|_| habits.takes(Habit::LostReply, "POST /jobs").is_some()).count();
    assert_eq!(shown, 2);
    assert_eq!(habits.effects().get("lost_reply"), Some(&2));
}

#[test]
fn a_habit_for_one_place_leaves_the_others_alone() {
    let mut habits = with(Habit::Unavailable, Dose::always().at("POST /jobs"), 1);
    assert!(habits.takes(Habit::Unavailable, "GET /jobs").is_none());
    assert!(habits.takes(Habit::Unavailable, "POST /jobs").is_some());
}

#[test]
fn the_same_seed_meets_the_same_misfortune() {
    let run = |seed| {
        let mut habits = with(Habit::Slow, Dose { per_mille: 300, ..Dose::default() }, seed);
        (0..64).map(|_| habits.takes(Habit::Slow, "").is_some()).collect::<Vec<_>>()
    };
    assert_eq!(run(7), run(7));
    assert_ne!(run(7), run(8));
    assert!(run(7).contains(&true) && run(7).contains(&false));
}

#[test]
fn every_habit_is_spelt_the_same_in_settings_and_in_effects() {
    let others = [
        Habit::PartialGoods,
        Habit::RequestIdDedup,
        Habit::RejectJob,
        Habit::CounterRestart,
        Habit::ReceivedDiffers,
        Habit::DepartsUncleared,
    ];
    for habit in Habit::COMMON.into_iter().chain(others) {
        assert_eq!(serde_json::to_value(habit).unwrap(), habit.name());
    }
}
