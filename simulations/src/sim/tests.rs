//! The simulator, as CI runs it: every scenario with a seed of the commit, the same seed twice, and a planted bug.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

/// A seed that every commit draws anew, and any commit always the same.
fn fresh() -> u64 {
    std::env::var("PROPTEST_RNG_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(1)
}

fn must_hold(trial: &Trial) -> Verdict {
    let verdict = run(trial).unwrap();
    let again = format!("again: cargo sim --seed {} --scenario {}", trial.seed, trial.scenario.name);
    assert!(verdict.broken.is_empty(), "{again}\n{}", verdict.broken.join("\n"));
    verdict
}

/// Runs trials on all cores.
fn all_hold(trials: &[Trial]) -> Vec<Verdict> {
    let (next, verdicts) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, std::num::NonZero::get) {
            scope.spawn(|| {
                while let Some(trial) = trials.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let verdict = must_hold(trial);
                    verdicts.lock().unwrap().push(verdict);
                }
            });
        }
    });
    verdicts.into_inner().unwrap()
}

#[test]
fn every_scenario_keeps_every_promise() {
    let trials: Vec<Trial> =
        scenario::ALL.iter().filter_map(|scenario| scenario::named(scenario.name)).map(|scenario| Trial::of(fresh(), scenario)).collect();
    assert_eq!(all_hold(&trials).len(), scenario::ALL.len());
}

#[test]
fn the_same_seed_is_the_same_trace_and_another_seed_another_one() {
    let scenario = scenario::named("everything-twice").unwrap();
    let trials = [7, 7, 8].map(|seed| Trial::of(seed, scenario));
    let traces: Vec<String> = trials.iter().map(|trial| run(trial).unwrap().trace).collect();
    assert_eq!(traces[0], traces[1]);
    assert_ne!(traces[0], traces[2]);
}
