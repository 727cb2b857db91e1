//! The simulator, as CI runs it: two scenarios whole, the same seed twice, and a planted bug.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use takt_protocol::book::SiteKind;

use super::*;

mod commit;

/// A seed that holds. Every commit is to draw its own once thousands of them have been seen to; until then `cargo sim --seeds` does.
const SEED: u64 = 1;

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

/// Scenarios that are played.
const A_COMMIT: usize = 2;

#[test]
fn whole_days_keep_every_promise() {
    let days: Vec<&Scenario> = scenario::ALL.iter().filter(|known| known.hours <= 24).collect();
    let from = usize::try_from(SEED % days.len() as u64).unwrap();
    let drawn = days.iter().cycle().skip(from).take(A_COMMIT).filter_map(|drawn| scenario::named(drawn.name));
    let trials: Vec<Trial> = drawn.map(|scenario| Trial::of(SEED, scenario)).collect();
    assert_eq!(all_hold(&trials).len(), A_COMMIT);
}

/// A decision overtook its hold, which stayed for ever; its truck kept its dock, and others never left.
#[test]
fn days_that_once_broke_a_promise_keep_it() {
    let trials: Vec<Trial> = [(0, "rebooted-offline")].map(|(seed, name)| Trial::of(seed, scenario::named(name).unwrap())).into();
    assert_eq!(all_hold(&trials).len(), trials.len());
}

#[test]
fn the_same_seed_is_the_same_trace_and_another_seed_another_one() {
    let traces: Vec<String> = [7, 7, 8].into_iter().map(|seed| run(&Trial::of(seed, &WILD)).unwrap().trace).collect();
    assert_eq!(traces[0], traces[1]);
    assert_ne!(traces[0], traces[2]);
}

/// A day on which nothing goes wrong. Orders are large enough for the line to take a sample of each.
const QUIET: Scenario = Scenario {
    name: "calm",
    about: "two hours of work",
    begins: "2026-11-23T06:00:00+01:00",
    hours: 2,
    order_every_min: 60,
    pieces_max: 24,
    piece_s: 50,
    orders_together: 0,
    sisters: 1,
    hold_every_min: 0,
    lines: false,
    odds: scenario::Odds {
        request_lost: 0,
        answer_lost: 0,
        heard_late: 0,
        message_lost: 0,
        acknowledgement_lost: 0,
        told_twice: 0,
        engine_trouble: 0,
        crash: 0,
        habits_per_mille: 0,
    },
    blows: &[],
    must: &["told twice"],
};

static CALM: Scenario = QUIET;

/// The same, with much going wrong.
static WILD: Scenario = Scenario { name: "wild", odds: scenario::WILD, must: &["told twice", "heard late"], ..QUIET };

/// What is said of it.
const PROVES_NOTHING: [&str; 1] = ["T0: the run proves nothing: `told twice` never took effect"];

#[test]
fn a_run_in_which_nothing_went_wrong_has_not_passed() {
    let verdict = run(&Trial::of(1, &CALM)).unwrap();
    assert_eq!(verdict.broken, PROVES_NOTHING);
}

#[test]
fn a_folder_that_is_nobody_s_demo_is_simulated_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    takt_config::start::write_to(dir.path()).unwrap();
    let verdict = run(&Trial { config: Some(dir.path().to_owned()), ..Trial::of(1, &CALM) }).unwrap();
    assert_eq!(verdict.broken, PROVES_NOTHING);
    assert!(verdict.account.get("departures").is_some_and(|count| *count > 0), "{:?}", verdict.account);
}

#[test]
fn a_mesh_of_six_plants_is_made_of_the_demo_s_three() {
    let plants = |of_each: u64| {
        let mesh = text::load(None, of_each).unwrap().mesh;
        mesh.links.keys().filter(|site| mesh.book.sites[*site].kind == SiteKind::Plant).count()
    };
    assert_eq!((plants(1), plants(2)), (3, 6));
}

#[test]
fn what_cannot_be_simulated_is_said() {
    let dir = tempfile::tempdir().unwrap();
    let nowhere = Trial { config: Some(dir.path().join("nowhere")), ..Trial::of(1, &CALM) };
    assert!(run(&nowhere).unwrap_err().to_string().contains("cannot be used"));
    let demo = run(&Trial::of(2, &CALM)).unwrap();
    assert!(demo.notes.iter().any(|note| note.starts_with("pune speaks in files")), "{:?}", demo.notes);
}

/// Who forgets which keys were heard counts twice what is told twice.
#[test]
fn a_planted_bug_is_seen() {
    let seen = (0..10).any(|seed| {
        let verdict = run(&Trial { bug: Some(Bug::NoKey), ..Trial::of(seed, &WILD) }).unwrap();
        verdict.broken.iter().any(|sentence| sentence.starts_with("T2"))
    });
    assert!(seen, "ten seeds did not see it");
}

/// Of all that goes wrong, only what makes us hear something twice is needed for that.
#[test]
fn a_failing_schedule_is_shrunk_to_what_the_failure_needs() {
    let breaks = |seed: u64, only: &Schedule| -> anyhow::Result<bool> {
        let verdict = run(&Trial { bug: Some(Bug::NoKey), only: Some(only.clone()), ..Trial::of(seed, &WILD) })?;
        Ok(verdict.broken.iter().any(|sentence| sentence.starts_with("T2")))
    };
    let whole = Schedule::of(&WILD);
    let seed = (0..10).find(|seed| breaks(*seed, &whole).unwrap()).unwrap();
    let short = whole.shrink(24, |tried| breaks(seed, tried)).unwrap();
    assert!(short.len() < whole.len() / 2, "{whole} was only shrunk to {short}");
    assert!(breaks(seed, &Schedule::parse(&short.to_string()).unwrap()).unwrap(), "{short} as it is printed breaks nothing");
    assert!(!breaks(seed, &Schedule::parse("nothing").unwrap()).unwrap(), "it breaks without any fault");
}

#[test]
fn a_disk_and_a_clock_that_are_wrong_are_noticed_and_survived() {
    let trials = ["full-disk", "wrong-clock"].map(|name| Trial::of(SEED, scenario::named(name).unwrap()));
    let account = |at: usize, name: &str, verdicts: &[Verdict]| verdicts.get(at).and_then(|verdict| verdict.account.get(name)).copied();
    let full = [must_hold(&trials[0])];
    assert!(account(0, "refused by a full disk", &full).is_some_and(|count| count > 0));
    let wrong = [must_hold(&trials[1])];
    assert!(account(0, "a clock was wrong", &wrong).is_some_and(|count| count > 0));
}
