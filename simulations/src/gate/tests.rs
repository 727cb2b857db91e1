//! The gate, as CI runs it: every crash point of a day, random trouble, and every planted bug caught.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

fn must_hold(trial: Trial) -> Verdict {
    let verdict = run(trial).unwrap();
    assert!(verdict.broken.is_empty(), "{trial:?}\n{}", verdict.broken.join("\n"));
    verdict
}

/// Runs trials on all cores; the first broken one is told.
fn all_hold(trials: &[Trial]) -> Vec<Verdict> {
    let next = AtomicUsize::new(0);
    let verdicts = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, std::num::NonZero::get) {
            scope.spawn(|| {
                while let Some(trial) = trials.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let verdict = must_hold(*trial);
                    verdicts.lock().unwrap().push(verdict);
                }
            });
        }
    });
    verdicts.into_inner().unwrap()
}

#[test]
fn a_day_without_trouble_ends_with_everything_posted_and_the_truck_gone() {
    let verdict = must_hold(Trial::default());
    assert_eq!(verdict.departures, 1);
    assert!(verdict.documents > 5);
    assert!(verdict.faults.is_empty(), "{:?}", verdict.faults);
}

#[test]
fn the_same_seed_is_the_same_day() {
    let trial = Trial { seed: 11, trouble_one_in: 30, crash_one_in: 400, habits: true, ..Trial::default() };
    let (one, other) = (must_hold(trial), must_hold(trial));
    assert_eq!(format!("{one:?}"), format!("{other:?}"));
}

#[test]
fn a_crash_at_every_write_and_await_of_an_order_s_way_breaks_no_promise() {
    let day = Trial { seed: 1, habits: true, ..Trial::default() };
    let operations = must_hold(day).operations;
    let points: Vec<Trial> =
        (0..operations).flat_map(|at| [false, true].map(|after| Trial { crash_at: Some((at, after)), ..day })).collect();
    assert!(points.len() >= 2_000, "the day has only {} crash points", points.len());
    let verdicts = all_hold(&points);
    let crashed = verdicts.iter().filter(|verdict| verdict.crashes > 0).count();
    eprintln!("gate: {} crash points, {crashed} of them took effect", points.len());
    assert!(crashed * 100 >= points.len() * 95, "only {crashed} of {} crashes took effect", points.len());
}

#[test]
fn random_trouble_and_crashes_break_no_promise() {
    let trials: Vec<Trial> =
        (0..40).map(|seed| Trial { seed, trouble_one_in: 25, crash_one_in: 300, habits: true, ..Trial::default() }).collect();
    let verdicts = all_hold(&trials);
    for fault in ["crash after", "crash before", "answer lost after the effect", "request lost", "request heard late", "said twice", "busy"]
    {
        let met: u64 = verdicts.iter().filter_map(|verdict| verdict.faults.get(fault)).sum();
        assert!(met > 0, "no run met the fault `{fault}`");
    }
}

/// A block whose answer was lost was sent again behind its own end, and the truck never left.
#[test]
fn days_that_once_broke_a_promise_keep_it() {
    all_hold(&[22, 72, 121].map(|seed| Trial { seed, trouble_one_in: 12, crash_one_in: 120, habits: true, ..Trial::default() }));
}

/// A bug is caught by a promise that broke: not by a day that takes too long, and not by one that is as bad without it.
#[test]
fn every_planted_bug_is_caught() {
    for bug in Bug::GATE {
        let caught = (0..40).find_map(|seed| {
            let trial = Trial { seed, trouble_one_in: 12, crash_one_in: 120, habits: true, bug: Some(bug), ..Trial::default() };
            let broken = run(trial).unwrap().broken.into_iter().find(|sentence| !sentence.starts_with("T9"))?;
            Some((trial, broken))
        });
        let (trial, broken) = caught.unwrap_or_else(|| panic!("{bug:?} was not caught by forty seeds"));
        must_hold(Trial { bug: None, ..trial });
        eprintln!("gate: {bug:?} caught by seed {}: {broken}", trial.seed);
    }
}
