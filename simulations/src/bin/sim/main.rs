//! `cargo sim`: runs the simulator from the command line, one process a seed: the seed first, what took effect, how fast it was, the hash
//! of the trace last; on failure the promise that broke and the command that reproduces it.

#![expect(clippy::print_stdout, reason = "this is what a person reads")]

use std::path::PathBuf;
use std::process::{Command, ExitCode, Output};
use std::time::Duration;

use takt_cluster::clock::SystemClock;
use takt_cluster::seam::Clock as _;
use takt_protocol::planted::Bug;
use takt_simulations::sim::scenario::{self, Scenario};
use takt_simulations::sim::{Schedule, Trial, Verdict, autonomy, run};

mod many;
mod mutants;

use many::many;
use mutants::mutants;

/// Systems write out and read much text: with the allocator of the system a third of a run is its work.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const USAGE: &str =
    "usage: cargo sim [--seed S | --seeds N | --minutes M] [--scenario NAME] [--config DIR] [--twice] [--mutants] [--shrink S] [--only FAULTS] [--draw FILE] [--trace FILE]
  --seed S         one run
  --seeds N        so many seeds, from 0 on or from S on, each of every scenario, or of the one that is named; 5 when nothing is said
  --minutes M      seeds from 0 on, or from S on, for so long
  --scenario NAME  only this one; see below
  --config DIR     a configuration of your own instead of the demo's
  --twice          each seed in two processes, whose traces must be the same
  --mutants        each planted bug must be caught within the seeds (a debug build has them)
  --bug NAME       one run with that bug planted
  --shrink S       drops faults of the failing run of that seed for as long as it still fails, and prints the shortest schedule
  --autonomy       cuts a plant off for an hour up to two weeks, and writes a page about it into the file of --out
  --out FILE       where that page goes; autonomy.html when nothing is said
  --only FAULTS    one run with only these faults, as --shrink writes them
  --draw FILE      with --seed: the run as an SVG: nodes, links, systems, faults, and an order's way
  --trace FILE     with --seed: every line of the trace
  --short          without the scenarios that take minutes: many days, or many orders
  --again FILE     the runs that a file lists, each as a seed and a scenario: those that ever failed stand in simulations/seeds.txt";

/// What was asked for.
#[derive(Clone, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a word of the command line")]
struct Wish {
    seed: Option<u64>,
    seeds: Option<u64>,
    minutes: Option<u64>,
    scenario: Option<&'static Scenario>,
    config: Option<PathBuf>,
    trace: Option<PathBuf>,
    draw: Option<PathBuf>,
    bug: Option<Bug>,
    shrink: Option<u64>,
    autonomy: bool,
    out: Option<PathBuf>,
    only: Option<Schedule>,
    again: Option<PathBuf>,
    short: bool,
    twice: bool,
    mutants: bool,
}

fn main() -> ExitCode {
    asked().unwrap_or_else(|wrong| {
        eprintln!("{wrong:#}");
        ExitCode::FAILURE
    })
}

/// What was asked for, done.
fn asked() -> anyhow::Result<ExitCode> {
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
            "--draw" => wish.draw = Some(PathBuf::from(next()?)),
            "--bug" => wish.bug = Some(bug(&next()?)?),
            "--autonomy" => wish.autonomy = true,
            "--out" => wish.out = Some(PathBuf::from(next()?)),
            "--shrink" => wish.shrink = Some(number(&next()?)?),
            "--only" => wish.only = Some(Schedule::parse(&next()?).map_err(anyhow::Error::msg)?),
            "--again" => wish.again = Some(PathBuf::from(next()?)),
            "--short" => wish.short = true,
            "--twice" => wish.twice = true,
            "--mutants" => wish.mutants = true,
            "--help" | "-h" => {
                println!("{USAGE}\n\nscenarios:");
                for known in &scenario::ALL {
                    println!("  {:<20} {}", known.name, known.about);
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
        Some(seed) if !wish.twice && !wish.mutants && wish.seeds.is_none() && wish.minutes.is_none() && wish.again.is_none() => {
            one(&wish, seed)?
        }
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
    let (config, only, trace, draw) = (wish.config.clone(), wish.only.clone(), wish.trace.clone(), wish.draw.is_some());
    let trial = Trial { seed, scenario, config, bug: wish.bug, only, draw, trace };
    let clock = SystemClock::start();
    let verdict = run(&trial)?;
    tell(&verdict, clock.elapsed());
    if let (Some(file), Some(picture)) = (&wish.draw, &verdict.picture) {
        std::fs::write(file, picture)?;
        println!("drawn in {}", file.display());
    }
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
    let (spent, of_plants) = (took.as_secs_f64(), hours * f64::from(u32::try_from(verdict.plants).unwrap_or(u32::MAX)));
    let plants = verdict.plants;
    println!("{hours:.1} simulated hours of {plants} plants in {spent:.1} s: {:.1} plant-hours a second", of_plants / spent.max(0.001));
    for (name, count) in &verdict.codes {
        println!("code  {name}: {count}");
    }
    for sentence in &verdict.broken {
        println!("BROKEN {sentence}");
    }
    // What people were told may say why.
    for case in verdict.cases.iter().filter(|_| !verdict.broken.is_empty()).take(CASES_MAX) {
        println!("open  {case}");
    }
}

/// Open cases that are told of a run that failed.
const CASES_MAX: usize = 60;

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
    let all =
        scenario::ALL.iter().filter(|known| !(wish.short && known.is_long())).filter_map(|known| scenario::named(known.name)).collect();
    wish.scenario.map_or(all, |one| vec![one])
}

/// The autonomy report.
fn report(wish: &Wish) -> anyhow::Result<bool> {
    let seed = wish.seed.unwrap_or(1);
    let cut = autonomy::whom(wish.config.as_deref())?;
    println!("seed {seed}  autonomy: {} with region {}, which cannot reach {}", cut.plant, cut.region, cut.outside.join(", "));
    if let Some(note) = cut.note() {
        println!("note  {note}");
    }
    let mut rows = Vec::new();
    for hours in autonomy::HOURS {
        let row = autonomy::cut_off(wish.config.clone(), seed, hours)?;
        println!(
            "{hours:>4} h cut off: {} jobs finished and {} orders completed meanwhile, {} messages waited, caught up after {} s, {} lost, {} doubled",
            row.finished,
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
    std::fs::write(&out, autonomy::page(&of, &cut, seed, &rows))?;
    println!("written to {}", out.display());
    Ok(rows.iter().all(|row| row.broken.is_empty()))
}
