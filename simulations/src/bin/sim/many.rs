//! Many seeds, on all cores, each in a process of its own; and what all of them together reached.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Output;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use takt_cluster::clock::SystemClock;
use takt_cluster::seam::Clock as _;
use takt_simulations::sim::coverage;
use takt_simulations::sim::scenario::{self, Scenario};

use crate::{Wish, again, apart, scenarios};

/// What is to be run, one after the other.
struct Jobs<'a> {
    wish: &'a Wish,
    scenarios: Vec<&'static Scenario>,
    /// What a file lists, where one does.
    listed: Option<Vec<(u64, &'static Scenario)>>,
    clock: SystemClock,
    next: AtomicU64,
}

impl<'a> Jobs<'a> {
    fn of(wish: &'a Wish) -> anyhow::Result<Self> {
        let listed = wish.again.as_deref().map(listed).transpose()?;
        Ok(Self { wish, scenarios: scenarios(wish), listed, clock: SystemClock::start(), next: AtomicU64::new(0) })
    }

    /// The next run; none when all is done, or the time is over.
    fn next(&self) -> Option<(u64, &'static Scenario)> {
        let at = self.next.fetch_add(1, Ordering::Relaxed);
        if let Some(listed) = &self.listed {
            return listed.get(usize::try_from(at).ok()?).copied();
        }
        let (first, count) = (self.wish.seed.unwrap_or(0), self.scenarios.len() as u64);
        let seeds = self.wish.seeds.unwrap_or(if self.wish.seed.is_some() { 1 } else { 5 });
        let all = at >= seeds.saturating_mul(count);
        let over = self.wish.minutes.map_or(all, |minutes| self.clock.elapsed() >= Duration::from_mins(minutes));
        let scenario = self.scenarios.get(usize::try_from(first.wrapping_add(at) % count).ok()?)?;
        (!over).then(|| (first.saturating_add(at / count), *scenario))
    }
}

/// What all runs together came to.
#[derive(Default)]
struct Sum {
    runs: u64,
    codes: BTreeMap<String, BTreeSet<u64>>,
    effects: BTreeMap<String, u64>,
    played: BTreeSet<&'static str>,
    /// The commands that run again what failed.
    failed: Vec<String>,
}

impl Sum {
    fn add(&mut self, (seed, scenario): (u64, &'static Scenario), ran: &Output) {
        self.runs += 1;
        self.played.insert(scenario.name);
        for (name, count) in account(ran) {
            *self.effects.entry(name).or_default() += count;
        }
        for code in codes(ran) {
            self.codes.entry(code).or_default().insert(seed);
        }
    }
}

/// Seeds on all cores, each in a process of its own.
pub(crate) fn many(wish: &Wish) -> anyhow::Result<bool> {
    let (jobs, sum) = (Jobs::of(wish)?, Mutex::<Sum>::default());
    let locked = || sum.lock().unwrap_or_else(PoisonError::into_inner);
    let work = || -> anyhow::Result<()> {
        while let Some((seed, scenario)) = jobs.next() {
            let ran = apart(wish, seed, scenario, None)?;
            let mut good = ran.status.success();
            let mut text = shown(&ran, good);
            if wish.twice && last(&ran) != last(&apart(wish, seed, scenario, None)?) {
                good = false;
                text.push_str("\nBROKEN two processes with the same seed have other traces");
            }
            println!("seed {seed} {:<20} {text}", scenario.name);
            let mut sum = locked();
            sum.add((seed, scenario), &ran);
            if !good {
                sum.failed.push(again(wish, seed, scenario));
            }
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        let hands: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
        hands.into_iter().try_for_each(|hand| hand.join().map_err(|_| anyhow::anyhow!("a run could not be looked after"))?)
    })?;
    let whole = wish.scenario.is_none() && jobs.listed.is_none() && locked().played.len() == jobs.scenarios.len();
    Ok(tell(&locked(), whole))
}

/// Tells what all runs came to; where every scenario was played, every fault must have taken effect.
fn tell(sum: &Sum, whole: bool) -> bool {
    tell_coverage(&sum.codes);
    let missed = tell_effects(&sum.effects);
    if whole && !missed.is_empty() {
        println!("BROKEN T0: every scenario was played, and these faults never took effect: {}", missed.join(", "));
    }
    for again in &sum.failed {
        println!("failed: {again}");
    }
    let kept = sum.failed.is_empty() && (!whole || missed.is_empty());
    println!(
        "{} runs of {} scenarios: {}",
        sum.runs,
        sum.played.len(),
        if kept { "every promise held" } else { "a promise broke: see above" }
    );
    kept
}

/// The runs that a file lists.
fn listed(file: &Path) -> anyhow::Result<Vec<(u64, &'static Scenario)>> {
    let text = std::fs::read_to_string(file).map_err(|error| anyhow::anyhow!("{} cannot be read: {error}", file.display()))?;
    scenario::listed(&text).map_err(anyhow::Error::msg)
}

/// What every fault is counted under: over all scenarios each must have taken effect.
const FAULTS: [&str; 46] = [
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
    "refused by unsteady servers",
    "a clock was wrong",
    "held",
    "count_corrected",
    "posted_by_hand",
    "period closed",
    "rules changed",
    "a rule changed in mid-order",
    "orders released together",
    "cut over",
    "snapshots of another binary",
    "restored from a backup",
    "mistakes refused",
    "done behind our back",
    "locked out",
    "breakdowns",
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
    let beyond = |code: &String| coverage::BEYOND.iter().any(|(name, _)| name == code);
    let never: Vec<String> = coverage::all().filter(|code| !reached.contains_key(code) && !beyond(code)).collect();
    println!("reached by no seed: {}", if never.is_empty() { "none".to_owned() } else { never.join(", ") });
    for (code, why) in coverage::BEYOND {
        println!("out of reach: {code}: {why}");
    }
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
