//! Many seeds, on all cores, each in a process of its own; and what all of them together reached.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Output;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use takt_cluster::clock::SystemClock;
use takt_cluster::seam::Clock as _;
use takt_simulations::sim::coverage;

use crate::{Wish, apart, scenarios};

/// Seeds on all cores, each in a process of its own.
pub(crate) fn many(wish: &Wish) -> anyhow::Result<bool> {
    let (scenarios, clock) = (scenarios(wish), SystemClock::start());
    let first = wish.seed.unwrap_or(0);
    let seeds = wish.seeds.unwrap_or(if wish.seed.is_some() { 1 } else { 5 });
    let runs = seeds.saturating_mul(scenarios.len() as u64);
    let (next, kept, failed) = (AtomicU64::new(0), AtomicBool::new(true), Mutex::new(None));
    let reached: Mutex<BTreeMap<String, BTreeSet<u64>>> = Mutex::default();
    let effects: Mutex<BTreeMap<String, u64>> = Mutex::default();
    let played: Mutex<BTreeSet<&str>> = Mutex::default();
    let work = || -> anyhow::Result<()> {
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let over = wish.minutes.map_or(at >= runs, |minutes| clock.elapsed() >= Duration::from_mins(minutes));
            let count = scenarios.len() as u64;
            let turn = first.wrapping_add(at) % count;
            let Some(scenario) = usize::try_from(turn).ok().and_then(|at| scenarios.get(at)).filter(|_| !over) else { return Ok(()) };
            let seed = first.saturating_add(at / count);
            let ran = apart(wish, seed, scenario, None)?;
            let mut good = ran.status.success();
            let mut text = shown(&ran, good);
            if wish.twice && last(&ran) != last(&apart(wish, seed, scenario, None)?) {
                good = false;
                text.push_str("\nBROKEN two processes with the same seed have other traces");
            }
            played.lock().unwrap_or_else(PoisonError::into_inner).insert(scenario.name);
            for (name, count) in account(&ran) {
                *effects.lock().unwrap_or_else(PoisonError::into_inner).entry(name).or_default() += count;
            }
            for code in codes(&ran) {
                reached.lock().unwrap_or_else(PoisonError::into_inner).entry(code).or_default().insert(seed);
            }
            println!("seed {seed} {:<20} {text}", scenario.name);
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
    let whole = wish.scenario.is_none() && played.into_inner().unwrap_or_else(PoisonError::into_inner).len() == scenarios.len();
    let missed = tell_effects(&effects.into_inner().unwrap_or_else(PoisonError::into_inner));
    if whole && !missed.is_empty() {
        println!("BROKEN T0: every scenario was played, and these faults never took effect: {}", missed.join(", "));
    }
    let kept = kept.into_inner() && (!whole || missed.is_empty());
    println!("{}", if kept { "every promise held" } else { "a promise broke: see above" });
    Ok(kept)
}

/// What every fault is counted under: over all scenarios each must have taken effect.
const FAULTS: [&str; 38] = [
    "request lost",
    "answer lost",
    "heard late",
    "message lost",
    "acknowledgement lost",
    "told twice",
    "no way",
    "mail lost",
    "receipt of mail lost",
    "road closed",
    "door shut",
    "node died",
    "node lost",
    "rebooted while offline",
    "engine: answer lost after the effect",
    "engine: crash after",
    "engine: crash before",
    "engine: delayed",
    "engine: refused",
    "engine: request lost",
    "refused by a full disk",
    "waited for a slow disk",
    "refused by servers that are gone",
    "a clock was wrong",
    "held",
    "count_corrected",
    "posted_by_hand",
    "period closed",
    "rules changed",
    "a rule changed in mid-order",
    "orders released together",
    "too_many_requests",
    "unavailable",
    "locked",
    "slow",
    "lost_reply",
    "late_message",
    "duplicate_message",
];

/// What a run counted.
fn account(ran: &Output) -> Vec<(String, u64)> {
    let text = String::from_utf8_lossy(&ran.stdout).into_owned();
    let line = |line: &str| {
        let (count, name) = line.trim_start().split_once("  ")?;
        Some((name.to_owned(), count.parse().ok()?))
    };
    text.lines().filter(|line| line.starts_with(' ')).filter_map(line).collect()
}

/// What took effect in all runs together; the faults that never did.
fn tell_effects(effects: &BTreeMap<String, u64>) -> Vec<&'static str> {
    for (name, count) in effects {
        println!("{count:>9}  {name}");
    }
    FAULTS.into_iter().filter(|name| effects.get(*name).is_none_or(|count| *count == 0)).collect()
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
