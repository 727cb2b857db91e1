//! The simulator: the mesh of a configuration as text, with the systems it speaks with, in one thread under virtual time. A seed draws
//! the workload, the network, the engines' trouble and the systems' habits, each from a stream of its own; a scenario says what is
//! ordinary and what happens when. At the end everything is healed, and every promise is looked at.
//!
//! What runs is what `takt node` runs: the regions, links, mappings and doors that the text makes; only the network under the links,
//! the engine under the regions and the clock are others. The simulated systems are those that the demo serves over sockets.
//!
//! A run is a [`Trial`]; its [`Verdict`] says which promise broke, what took effect, and the hash of all that happened.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use takt_protocol::instant::Instant;
use takt_protocol::planted::{self, Bug};

use crate::clock::VirtualClock;

pub mod autonomy;
mod backup;
mod behind;
mod bus;
pub mod coverage;
mod cutover;
mod draw;
mod drivers;
mod hand;
mod line;
mod mistakes;
mod panics;
mod people;
mod promises;
mod road;
mod rules;
pub mod scenario;
pub mod schedule;
mod sisters;
mod skew;
mod stage;
mod teller;
mod text;
mod town;
mod trace;
mod troubles;
mod weather;
mod yard;

#[cfg(test)]
mod tests;

use people::People;
pub use scenario::Scenario;
pub use schedule::Schedule;
use town::Town;
use trace::Trace;
use yard::Yard;

/// What is to be run.
#[derive(Clone, Debug)]
pub struct Trial {
    /// Draws everything that is drawn.
    pub seed: u64,
    /// What is ordinary, and what happens when.
    pub scenario: &'static Scenario,
    /// The folder of the configuration; without one, that of the demo.
    pub config: Option<PathBuf>,
    /// A bug that must be seen.
    pub bug: Option<Bug>,
    /// The faults that may take effect, where they are not all that the scenario has.
    pub only: Option<Schedule>,
    /// Whether the run is drawn.
    pub draw: bool,
    /// Where every line of the trace is written, for whoever looks for the first difference.
    pub trace: Option<PathBuf>,
}

impl Trial {
    /// A run of a scenario over the demo's own configuration.
    pub fn of(seed: u64, scenario: &'static Scenario) -> Self {
        Self { seed, scenario, config: None, bug: None, only: None, draw: false, trace: None }
    }
}

/// How a run ended.
#[derive(Clone, Debug, Default)]
pub struct Verdict {
    /// Broken promises, each a sentence that begins with its id.
    pub broken: Vec<String>,
    /// What a person has to know of the run: what of the configuration is not played.
    pub notes: Vec<String>,
    /// Faults that took effect, by name, and what was done meanwhile.
    pub account: BTreeMap<String, u64>,
    /// How often each kind of case and of refusal was reached, by [`coverage`]'s names.
    pub codes: BTreeMap<String, u64>,
    /// The cases that are open in the end: the entity, the kind, and what a person reads.
    pub cases: Vec<String>,
    /// The run as an SVG, where it was to be drawn.
    pub picture: Option<String>,
    /// Plants that were given orders.
    pub plants: u64,
    /// How long it took, in virtual time.
    pub took: Duration,
    /// The hash over every exchange with a system and every commit.
    pub trace: String,
}

/// How long everything may take to come to an end when nothing goes wrong any more, in virtual time.
const PATIENCE: Duration = Duration::from_hours(12);

/// How often it is looked whether it has.
const LOOK: Duration = Duration::from_secs(30);

/// Runs a trial, on a runtime of its own.
pub fn run(trial: &Trial) -> anyhow::Result<Verdict> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build()?;
    planted::plant(trial.bug);
    panics::watch();
    let verdict = runtime.block_on(play(trial));
    planted::plant(None);
    let mut verdict = verdict?;
    verdict.broken.extend(panics::seen());
    Ok(verdict)
}

async fn play(trial: &Trial) -> anyhow::Result<Verdict> {
    let text = Arc::new(text::load(trial.config.as_deref(), trial.scenario.sisters)?);
    let start = Instant::parse(trial.scenario.begins)?;
    let clock = Arc::new(VirtualClock::starting(start));
    let trace = Trace::new(trial.trace.as_deref())?;
    let town = Arc::new(Town::new(trial, &text, Arc::clone(&clock), trace)?);
    stage::set(&town, &text, trial.scenario)?;
    let yard = Arc::new(Yard::new(trial, &text, &town));
    let mut tasks = yard.keep();
    tasks.extend(teller::all(&town, &yard));
    let people = Arc::new(People::new(trial, &text, &town, &yard));
    tasks.extend(people.at_work());
    tasks.push(tokio::spawn(weather::change(trial.scenario, trial.seed, Arc::clone(&people))));
    let (mut minutes, mut live) = (0_u64, 0);
    for _ in 0..trial.scenario.hours * 60 {
        tokio::time::sleep(Duration::from_mins(1)).await;
        yard.measure().await;
        minutes += 1;
        if minutes % 60 == 0 {
            live = live.max(people.live().await);
        }
    }
    town.add("orders live at once, at most", live);
    if live >= 600 {
        town.count("orders live at once, six hundred");
    }
    town.calm();
    yard.calm();
    let mut verdict = Verdict { notes: text.notes.clone(), ..Verdict::default() };
    settle(&town, &yard, &people, &mut verdict).await;
    verdict.took = town.elapsed();
    verdict.plants = people.plants.len() as u64;
    for task in tasks {
        task.abort();
    }
    promises::look(trial, &town, yard.close(), &people, &mut verdict).await?;
    verdict.trace = town.trace().close();
    Ok(verdict)
}

/// Waits until nothing is under way any more; T9 when that does not come.
async fn settle(town: &Arc<Town>, yard: &Arc<Yard>, people: &Arc<People>, verdict: &mut Verdict) {
    let since = town.elapsed();
    let mut quiet = 0;
    loop {
        tokio::time::sleep(LOOK).await;
        yard.measure().await;
        let open = match people.open().await {
            Some(open) => Some(open),
            None => match town.untold() {
                Some(untold) => Some(untold),
                None => yard.waiting().await,
            },
        };
        quiet = if open.is_none() { quiet + 1 } else { 0 };
        if quiet >= 3 {
            return;
        }
        if town.elapsed().saturating_sub(since) > PATIENCE {
            let what = open.unwrap_or_default();
            verdict.broken.push(format!("T9: {} hours after all was healed it is not over: {what}", PATIENCE.as_secs() / 3_600));
            return;
        }
    }
}
