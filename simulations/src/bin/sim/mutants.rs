//! Planted bugs: each must be seen.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use takt_cluster::clock::SystemClock;
use takt_cluster::seam::Clock as _;
use takt_protocol::planted::Bug;
use takt_simulations::sim::scenario;

use crate::{Wish, apart, scenarios};

/// Every planted bug must be seen, by a promise that broke: not by a run that hangs, unless it only hangs, and not by one that is as bad
/// without it.
pub(crate) fn mutants(wish: &Wish) -> anyhow::Result<bool> {
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
    wish.seeds.unwrap_or(200)
}

/// Who caught a bug: seed, scenario and sentence.
fn catch(wish: &Wish, bug: Bug) -> anyhow::Result<Option<String>> {
    let reach: Vec<_> = shows_in(bug).iter().filter_map(|name| scenario::named(name)).collect();
    let scenarios = if wish.scenario.is_some() { scenarios(wish) } else { reach };
    let (clock, mut runs) = (SystemClock::start(), 0_u64);
    for seed in 0..seeds_a_mutant(wish) {
        for scenario in &scenarios {
            runs += 1;
            let ran = apart(wish, seed, scenario, Some(bug))?;
            let text = String::from_utf8_lossy(&ran.stdout).into_owned();
            let hangs = |line: &str| line.starts_with("BROKEN T9") && !bug.only_hangs();
            let seen = |line: &&str| line.starts_with("BROKEN T") && !hangs(line) && !line.starts_with("BROKEN T0");
            if let Some(line) = text.lines().find(seen)
                && apart(wish, seed, scenario, None)?.status.success()
            {
                let after = clock.elapsed().as_secs();
                return Ok(Some(format!("seed {seed}, {}, after {runs} runs and {after} s: {line}", scenario.name)));
            }
        }
    }
    Ok(None)
}

/// The scenarios that are made of what the bug needs.
fn shows_in(bug: Bug) -> &'static [&'static str] {
    match bug {
        Bug::HoldAfterAnswer | Bug::HoldNotOnLater => &["hold-unanswered", "hold-race"],
        Bug::CorrectionDropped => &["correction-storm"],
        Bug::BreakerNeverCloses | Bug::ReversalOvertakes | Bug::NoSettleTime | Bug::BlindRetry => &["retry-storm", "everything-twice"],
        Bug::TimerLost | Bug::SnapshotWithoutTail | Bug::SeenForgotten => &["node-lost", "everything-twice"],
        Bug::LostCursor => &["full-disk", "servers-lost"],
        Bug::GivesUpEarly => &["servers-unsteady"],
        Bug::SendsUncompared => &["old-backup"],
        Bug::MailForgotten => &["wan-cut", "rebooted-offline"],
        Bug::NoFence
        | Bug::NoKey
        | Bug::AcknowledgeFirst
        | Bug::NoClaim
        | Bug::NoClearance
        | Bug::RoundingOffByOne
        | Bug::ResidualDropped
        | Bug::RawNotKept
        | Bug::UnknownIsDone => &["everything-twice"],
    }
}
