//! `cargo sim`: runs the simulator from the command line, one process a seed: the seed first, what took effect, how fast it was, the hash
//! of the trace last; on failure the promise that broke and the command that reproduces it.

#![expect(clippy::print_stdout, reason = "this is what a person reads")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::{Command, ExitCode, Output};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use takt_cluster::clock::SystemClock;
use takt_cluster::seam::Clock as _;
use takt_protocol::planted::Bug;
use takt_simulations::sim::scenario::{self, Scenario};
use takt_simulations::sim::{Schedule, Trial, Verdict, autonomy, coverage, run};

const USAGE: &str =
    "usage: cargo sim [--seed S | --seeds N | --minutes M] [--scenario NAME] [--config DIR] [--twice] [--mutants] [--shrink S] [--only FAULTS] [--trace FILE]
  --seed S         one run
  --seeds N        so many seeds, from 0 on or from S on, each of every scenario, or of the one that is named; 5 when nothing is said
  --minutes M      seeds from 0 on for so long
  --scenario NAME  only this one; see below
  --config DIR     a configuration of your own instead of the demo's
  --twice          each seed in two processes, whose traces must be the same
  --mutants        each planted bug must be caught within the seeds (a debug build has them)
  --bug NAME       one run with that bug planted
  --shrink S       drops faults of the failing run of that seed for as long as it still fails, and prints the shortest schedule
  --autonomy       cuts a plant off for an hour up to two weeks, and writes a page about it into the file of --out
  --out FILE       where that page goes; autonomy.html when nothing is said
  --only FAULTS    one run with only these faults, as --shrink writes them
  --trace FILE     with --seed: every line of the trace";

/// What was asked for.
#[derive(Clone, Default)]
struct Wish {
    seed: Option<u64>,
    seeds: Option<u64>,
    minutes: Option<u64>,
    scenario: Option<&'static Scenario>,
    config: Option<PathBuf>,
    trace: Option<PathBuf>,
    bug: Option<Bug>,
    shrink: Option<u64>,
    autonomy: bool,
    out: Option<PathBuf>,
    only: Option<Schedule>,
    twice: bool,
    mutants: bool,
}

fn main() -> anyhow::Result<ExitCode> {
    let mut words = std::env::args().skip(1);
    let mut wish = Wish::default();
    while let Some(word) = words.next() {
        let mut next = || words.next().ok_or_else(|| anyhow::anyhow!("{word} wants something behind it\n{USAGE}"));
        match word.as_str() {
            "--seed" => wish.seed = Some(number(&next()?)?),
            "--seeds" => wish.seeds = Some(number(&next()?)?),
            "--minutes" => wish.minutes = Some(number(&next()?)?),
            "--scenario" => wish.scenario = Some(named(&next()?)?),
            "--config" => wish.config = Some(PathBuf::from(next()?)),
            "--trace" => wish.trace = Some(PathBuf::from(next()?)),
            "--bug" => wish.bug = Some(bug(&next()?)?),
            "--autonomy" => wish.autonomy = true,
            "--out" => wish.out = Some(PathBuf::from(next()?)),
            "--shrink" => wish.shrink = Some(number(&next()?)?),
            "--only" => wish.only = Some(Schedule::parse(&next()?).map_err(anyhow::Error::msg)?),
            "--twice" => wish.twice = true,
            "--mutants" => wish.mutants = true,
            "--help" | "-h" => {
                println!("{USAGE}\n\nscenarios:");
                for known in &scenario::ALL {
                    println!("  {:<18} {}", known.name, known.about);
                }
                return Ok(ExitCode::SUCCESS);
            }
            other => anyhow::bail!("unknown word {other}\n{USAGE}"),
        }
    }
    if wish.autonomy {
        return Ok(if report(&wish)? { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    }
    if let Some(seed) = wish.shrink {
        return Ok(if shrink(&wish, seed)? { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    }
    let kept = match wish.seed {
        Some(seed) if !wish.twice && !wish.mutants && wish.seeds.is_none() => one(&wish, seed)?,
        _ if wish.mutants => mutants(&wish)?,
        _ => many(&wish)?,
    };
    Ok(if kept { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn number(text: &str) -> anyhow::Result<u64> {
    text.parse().map_err(|_| anyhow::anyhow!("`{text}` is not a number\n{USAGE}"))
}

fn named(name: &str) -> anyhow::Result<&'static Scenario> {
    let known = || scenario::ALL.iter().map(|known| known.name).collect::<Vec<_>>().join(", ");
    scenario::named(name).ok_or_else(|| anyhow::anyhow!("there is no scenario `{name}`: choose one of {}", known()))
}

fn bug(name: &str) -> anyhow::Result<Bug> {
    let known = || Bug::ALL.map(|bug| format!("{bug:?}")).join(", ");
    Bug::ALL
        .into_iter()
        .find(|bug| format!("{bug:?}") == name)
        .ok_or_else(|| anyhow::anyhow!("there is no bug `{name}`: choose one of {}", known()))
}

/// One run, in this process.
fn one(wish: &Wish, seed: u64) -> anyhow::Result<bool> {
    let scenario = wish.scenario.map_or_else(|| named("ordinary-day"), Ok)?;
    println!("seed {seed}  scenario {}", scenario.name);
    let trial = Trial { seed, scenario, config: wish.config.clone(), bug: wish.bug, only: wish.only.clone(), trace: wish.trace.clone() };
    let clock = SystemClock::start();
    let verdict = run(&trial)?;
    tell(&verdict, clock.elapsed());
    if !verdict.broken.is_empty() {
        println!("again: {}", again(wish, seed, scenario));
        println!("shortest schedule: {}", again(wish, seed, scenario).replace("--seed", "--shrink"));
    }
    println!("trace sha256:{}", verdict.trace);
    Ok(verdict.broken.is_empty())
}

fn tell(verdict: &Verdict, took: Duration) {
    for note in &verdict.notes {
        println!("note  {note}");
    }
    for (name, count) in &verdict.account {
        println!("{count:>9}  {name}");
    }
    let hours = verdict.took.as_secs_f64() / 3_600.0;
    println!("{hours:.1} simulated hours in {:.1} s: {:.1} hours a second", took.as_secs_f64(), hours / took.as_secs_f64().max(0.001));
    for (name, count) in &verdict.codes {
        println!("code  {name}: {count}");
    }
    for sentence in &verdict.broken {
        println!("BROKEN {sentence}");
    }
}

fn again(wish: &Wish, seed: u64, scenario: &Scenario) -> String {
    let config = wish.config.as_ref().map(|dir| format!(" --config {}", dir.display())).unwrap_or_default();
    let bug = wish.bug.map(|bug| format!(" --bug {bug:?}")).unwrap_or_default();
    let only = wish.only.as_ref().map(|only| format!(" --only {only}")).unwrap_or_default();
    format!("cargo sim --seed {seed} --scenario {}{config}{bug}{only}", scenario.name)
}

/// One run in a process of its own.
fn apart(wish: &Wish, seed: u64, scenario: &Scenario, bug: Option<Bug>) -> anyhow::Result<Output> {
    apart_with(wish, seed, scenario, bug, wish.only.as_ref())
}

/// The same, with only these faults.
fn apart_with(wish: &Wish, seed: u64, scenario: &Scenario, bug: Option<Bug>, only: Option<&Schedule>) -> anyhow::Result<Output> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["--seed", &seed.to_string(), "--scenario", scenario.name]);
    if let Some(dir) = &wish.config {
        command.arg("--config").arg(dir);
    }
    if let Some(bug) = bug {
        command.args(["--bug", &format!("{bug:?}")]);
    }
    if let Some(only) = only {
        command.args(["--only", &only.to_string()]);
    }
    Ok(command.output()?)
}

/// The most runs that a schedule is shrunk in.
const SHRINK_RUNS: usize = 80;

/// The shortest schedule of a failing run that breaks the same promise.
fn shrink(wish: &Wish, seed: u64) -> anyhow::Result<bool> {
    let scenario = wish.scenario.map_or_else(|| named("ordinary-day"), Ok)?;
    let promise = |ran: &Output| -> Option<String> {
        let text = String::from_utf8_lossy(&ran.stdout).into_owned();
        let broken = text.lines().find_map(|line| line.strip_prefix("BROKEN "))?;
        Some(broken.split(':').next().unwrap_or(broken).to_owned())
    };
    println!("seed {seed}  scenario {}", scenario.name);
    let whole = wish.only.clone().unwrap_or_else(|| Schedule::of(scenario));
    let Some(broken) = promise(&apart_with(wish, seed, scenario, wish.bug, Some(&whole))?) else {
        println!("it breaks no promise: there is nothing to shrink");
        return Ok(true);
    };
    println!("{broken} breaks with {} faults: {whole}", whole.len());
    let short = whole.shrink(SHRINK_RUNS, |tried| {
        let ran = apart_with(wish, seed, scenario, wish.bug, Some(tried))?;
        let same = String::from_utf8_lossy(&ran.stdout).lines().any(|line| line.starts_with(&format!("BROKEN {broken}:")));
        println!("  {}  {tried}", if same { "breaks" } else { "holds " });
        Ok::<_, anyhow::Error>(same)
    })?;
    println!("{broken} breaks with {} faults: {short}", short.len());
    let wish = Wish { only: Some(short), ..wish.clone() };
    println!("again: {}", again(&wish, seed, scenario));
    Ok(false)
}

fn scenarios(wish: &Wish) -> Vec<&'static Scenario> {
    let all = scenario::ALL.iter().filter_map(|known| scenario::named(known.name)).collect();
    wish.scenario.map_or(all, |one| vec![one])
}

/// Seeds on all cores, each in a process of its own.
fn many(wish: &Wish) -> anyhow::Result<bool> {
    let (scenarios, clock) = (scenarios(wish), SystemClock::start());
    let first = wish.seed.unwrap_or(0);
    let seeds = wish.seeds.unwrap_or(if wish.seed.is_some() { 1 } else { 5 });
    let runs = seeds.saturating_mul(scenarios.len() as u64);
    let (next, kept, failed) = (AtomicU64::new(0), AtomicBool::new(true), Mutex::new(None));
    let reached: Mutex<BTreeMap<String, BTreeSet<u64>>> = Mutex::default();
    let work = || -> anyhow::Result<()> {
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let over = wish.minutes.map_or(at >= runs, |minutes| clock.elapsed() >= Duration::from_mins(minutes));
            let count = scenarios.len() as u64;
            let Some(scenario) = usize::try_from(at % count).ok().and_then(|at| scenarios.get(at)).filter(|_| !over) else { return Ok(()) };
            let seed = first.saturating_add(at / count);
            let ran = apart(wish, seed, scenario, None)?;
            let mut good = ran.status.success();
            let mut text = shown(&ran, good);
            if wish.twice && last(&ran) != last(&apart(wish, seed, scenario, None)?) {
                good = false;
                text.push_str("\nBROKEN two processes with the same seed have other traces");
            }
            for code in codes(&ran) {
                reached.lock().unwrap_or_else(PoisonError::into_inner).entry(code).or_default().insert(seed);
            }
            println!("seed {seed} {:<18} {text}", scenario.name);
            kept.fetch_and(good, Ordering::Relaxed);
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, std::num::NonZero::get) {
            scope.spawn(|| {
                if let Err(error) = work() {
                    *failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                }
            });
        }
    });
    if let Some(error) = failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
        return Err(error);
    }
    tell_coverage(&reached.into_inner().unwrap_or_else(PoisonError::into_inner));
    let kept = kept.into_inner();
    println!("{}", if kept { "every promise held" } else { "a promise broke: see above" });
    Ok(kept)
}

/// The autonomy report.
fn report(wish: &Wish) -> anyhow::Result<bool> {
    let seed = wish.seed.unwrap_or(1);
    println!("seed {seed}  autonomy");
    let mut rows = Vec::new();
    for hours in autonomy::HOURS {
        let row = autonomy::cut_off(wish.config.clone(), seed, hours)?;
        println!(
            "{hours:>4} h cut off: {} orders completed meanwhile, {} messages waited, caught up after {} s, {} lost, {} doubled",
            row.completed,
            row.spool,
            row.catch_up_s.map_or_else(|| "more than 43200".to_owned(), |seconds| seconds.to_string()),
            row.lost,
            row.doubled
        );
        rows.push(row);
    }
    let out = wish.out.clone().unwrap_or_else(|| PathBuf::from("autonomy.html"));
    let of = wish.config.as_ref().map_or_else(|| "the demo".to_owned(), |dir| dir.display().to_string());
    std::fs::write(&out, autonomy::page(&of, seed, &rows))?;
    println!("written to {}", out.display());
    Ok(rows.iter().all(|row| row.broken.is_empty()))
}

/// The codes that a run reached.
fn codes(ran: &Output) -> Vec<String> {
    let text = String::from_utf8_lossy(&ran.stdout).into_owned();
    let told = text.lines().filter_map(|line| line.strip_prefix("code  ")?.split_once(':'));
    told.map(|(name, _)| name.to_owned()).collect()
}

/// Which codes were reached by how many seeds, and which by none.
fn tell_coverage(reached: &BTreeMap<String, BTreeSet<u64>>) {
    for (code, seeds) in reached {
        println!("reached by {:>4} seeds  {code}", seeds.len());
    }
    let never: Vec<String> = coverage::all().filter(|code| !reached.contains_key(code)).collect();
    println!("reached by no seed: {}", if never.is_empty() { "none".to_owned() } else { never.join(", ") });
}

/// What is worth reading of a run: of a good one its last lines.
fn shown(ran: &Output, good: bool) -> String {
    let text = String::from_utf8_lossy(&ran.stdout).into_owned();
    if good {
        let lines: Vec<&str> = text.lines().rev().take(2).collect();
        return lines.into_iter().rev().collect::<Vec<_>>().join("  ");
    }
    format!("\n{text}{}", String::from_utf8_lossy(&ran.stderr))
}

/// The hash of its trace.
fn last(ran: &Output) -> String {
    String::from_utf8_lossy(&ran.stdout).lines().last().unwrap_or_default().to_owned()
}

/// Every planted bug must be seen, by a promise that broke: not by a run that hangs, unless it only hangs, and not by one that is as bad
/// without it.
fn mutants(wish: &Wish) -> anyhow::Result<bool> {
    let bugs = wish.bug.map_or_else(|| Bug::ALL.to_vec(), |bug| vec![bug]);
    let (next, all) = (AtomicUsize::new(0), AtomicBool::new(true));
    let work = || -> anyhow::Result<()> {
        while let Some(bug) = bugs.get(next.fetch_add(1, Ordering::Relaxed)) {
            let caught = catch(wish, *bug)?;
            all.fetch_and(caught.is_some(), Ordering::Relaxed);
            println!("{bug:?}  {}", caught.unwrap_or_else(|| format!("NOT CAUGHT by {} seeds", seeds_a_mutant(wish))));
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        let hands: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
        hands.into_iter().try_for_each(|hand| hand.join().map_err(|_| anyhow::anyhow!("a run could not be looked after"))?)
    })?;
    Ok(all.into_inner())
}

fn seeds_a_mutant(wish: &Wish) -> u64 {
    wish.seeds.unwrap_or(20)
}

/// Who caught a bug: seed, scenario and sentence.
fn catch(wish: &Wish, bug: Bug) -> anyhow::Result<Option<String>> {
    let mut scenarios = scenarios(wish);
    scenarios.sort_by_key(|scenario| scenario.name != shows_in(bug));
    for seed in 0..seeds_a_mutant(wish) {
        for scenario in &scenarios {
            let ran = apart(wish, seed, scenario, Some(bug))?;
            let text = String::from_utf8_lossy(&ran.stdout).into_owned();
            let hangs = |line: &str| line.starts_with("BROKEN T9") && !bug.only_hangs();
            let seen = |line: &&str| line.starts_with("BROKEN T") && !hangs(line) && !line.starts_with("BROKEN T0");
            if let Some(line) = text.lines().find(seen)
                && apart(wish, seed, scenario, None)?.status.success()
            {
                return Ok(Some(format!("seed {seed}, {}: {line}", scenario.name)));
            }
        }
    }
    Ok(None)
}

/// The scenario that is tried first, because it is made of what the bug needs.
fn shows_in(bug: Bug) -> &'static str {
    match bug {
        Bug::HoldAfterAnswer | Bug::HoldNotOnLater => "hold-unanswered",
        Bug::CorrectionDropped => "correction-storm",
        Bug::BreakerNeverCloses | Bug::ReversalOvertakes | Bug::NoSettleTime | Bug::BlindRetry => "retry-storm",
        Bug::TimerLost | Bug::SnapshotWithoutTail | Bug::SeenForgotten => "node-lost",
        Bug::LostCursor | Bug::GivesUpEarly => "full-disk",
        Bug::MailForgotten => "wan-cut",
        Bug::NoFence
        | Bug::NoKey
        | Bug::AcknowledgeFirst
        | Bug::NoClaim
        | Bug::NoClearance
        | Bug::RoundingOffByOne
        | Bug::ResidualDropped
        | Bug::RawNotKept
        | Bug::UnknownIsDone => "everything-twice",
    }
}
