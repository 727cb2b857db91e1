//! What CI plays of the simulator, for some minutes: runs that broke a promise once, fresh ones that the commit draws, some of them in
//! two processes whose traces must be the same, and planted bugs, which must be seen. Bounded by time and not by number, because
//! machines differ; one of each is played wherever tests run.

use std::collections::BTreeMap;
use std::process::Command;
use std::time::Duration;

use takt_cluster::clock::SystemClock;
use takt_cluster::seam::Clock as _;

use super::*;

/// The number of the commit, for how many minutes, and what a process of its own plays.
const DRAWN_FROM: &str = "PROPTEST_RNG_SEED";
const MINUTES: &str = "TAKT_SIM_MINUTES";
const RUN: &str = "TAKT_SIM_RUN";

/// Bugs that few seeds are enough for, with the scenario that is made of what they need.
const BUGS: [(Bug, &str); 4] = [
    (Bug::NoKey, "everything-twice"),
    (Bug::CorrectionDropped, "correction-storm"),
    (Bug::NoClearance, "everything-twice"),
    (Bug::MailForgotten, "wan-cut"),
];

/// Seeds that a bug is looked for in.
const SEEDS_A_BUG: u64 = 12;

/// No commit is judged by a scenario that only a few seeds of have been played yet.
const YOUNG: &str = "behind-our-back";

/// What is played in turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Again,
    Fresh,
    Twice,
    Mutant,
}

/// Two processes and a planted bug take several runs, so they come less often.
const TURNS: [Kind; 8] = [Kind::Twice, Kind::Again, Kind::Mutant, Kind::Fresh, Kind::Again, Kind::Fresh, Kind::Again, Kind::Fresh];

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

/// One of them, from a place that the commit draws on.
fn drawn<T: Copy>(all: &[T], commit: u64, at: u64) -> T {
    all[usize::try_from((commit + at) % all.len() as u64).unwrap()]
}

/// Plays a turn; what was wrong.
fn play(kind: Kind, commit: u64, at: u64) -> Option<String> {
    let once: Vec<(u64, &'static Scenario)> = scenario::listed(include_str!("../../../seeds.txt")).unwrap();
    let days: Vec<&'static Scenario> = scenario::every().filter(|day| day.hours <= 14 && day.name != YOUNG).collect();
    // Nobody has played this seed before.
    let (seed, day) = (commit % 1_000_000_007 * 1_000 + at, drawn(&days, commit, at));
    match kind {
        Kind::Again => {
            let (seed, scenario) = drawn(&once, commit, at);
            holds(seed, scenario)
        }
        Kind::Fresh => holds(seed, day),
        Kind::Twice => {
            let (one, other) = (apart(seed, day), apart(seed, day));
            (one != other || !one.starts_with("trace sha256:"))
                .then(|| format!("seed {seed} of {} in two processes: {one}, {other}", day.name))
        }
        Kind::Mutant => seen(drawn(&BUGS, commit, at)),
    }
}

fn holds(seed: u64, scenario: &'static Scenario) -> Option<String> {
    let broken = run(&Trial::of(seed, scenario)).unwrap().broken;
    (!broken.is_empty()).then(|| format!("again: cargo sim --seed {seed} --scenario {}\n{}", scenario.name, broken.join("\n")))
}

/// The last line of a process of its own.
fn apart(seed: u64, scenario: &Scenario) -> String {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "sim::tests::commit::what_the_commit_draws_holds", "--nocapture", "--test-threads=1"]);
    let ran = command.env(RUN, format!("{seed} {}", scenario.name)).output().unwrap();
    let text = String::from_utf8_lossy(&ran.stdout).into_owned();
    text.lines().find(|line| line.starts_with("trace sha256:")).map_or(text.clone(), str::to_owned)
}

fn seen((bug, name): (Bug, &str)) -> Option<String> {
    let scenario = scenario::named(name).unwrap();
    let breaks = |seed| {
        let verdict = run(&Trial { bug: Some(bug), ..Trial::of(seed, scenario) }).unwrap();
        verdict.broken.iter().any(|sentence| !sentence.starts_with("T0") && !sentence.starts_with("T9"))
    };
    let caught = (0..SEEDS_A_BUG).any(breaks);
    (!caught).then(|| format!("{bug:?} is not seen by {SEEDS_A_BUG} seeds of {name}"))
}

#[test]
#[expect(clippy::print_stdout, reason = "a person reads what was played, and one process what the other one played")]
fn what_the_commit_draws_holds() {
    if let Ok(wanted) = std::env::var(RUN) {
        let (seed, scenario) = scenario::listed(&wanted).unwrap()[0];
        let verdict = must_hold(&Trial::of(seed, scenario));
        println!("\ntrace sha256:{}", verdict.trace);
        return;
    }
    let (commit, minutes, clock) = (number(DRAWN_FROM, 1), number(MINUTES, 0), SystemClock::start());
    let (next, played, wrong) = (AtomicUsize::new(0), Mutex::new(BTreeMap::<Kind, u64>::new()), Mutex::new(Vec::new()));
    let over = |at: usize| at >= TURNS.len() / 2 && clock.elapsed() >= Duration::from_mins(minutes);
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, std::num::NonZero::get) {
            scope.spawn(|| {
                for at in std::iter::from_fn(|| Some(next.fetch_add(1, Ordering::Relaxed)).filter(|at| !over(*at))) {
                    let kind = TURNS[at % TURNS.len()];
                    let found = play(kind, commit, at as u64);
                    *played.lock().unwrap().entry(kind).or_default() += 1;
                    wrong.lock().unwrap().extend(found);
                }
            });
        }
    });
    let (played, wrong) = (played.into_inner().unwrap(), wrong.into_inner().unwrap());
    println!("drawn from {commit}, in {} s: {played:?}", clock.elapsed().as_secs());
    assert_eq!(played.len(), 4, "one of each is the least");
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
