//! The gate: the real actors of two regions, under virtual time, over engines that can misbehave, with a simulated ERP,
//! plant, laboratory and, in the other region, warehouse; crashed at every single write and await of an order's way, and at random. Nothing
//! else is built on a kernel that does not pass it.
//!
//! A run is a [`Trial`]: it says what goes wrong; its [`Verdict`] says which promise broke, and what took effect.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use takt_protocol::instant::Instant;
use takt_protocol::planted::{self, Bug};

mod book;
mod check;
mod day;
mod floor;
mod luck;
#[cfg(test)]
mod shared;
mod yard;

use floor::Floor;
pub use luck::Luck;
use yard::Yard;

/// What goes wrong in a run.
#[derive(Clone, Copy, Debug, Default)]
pub struct Trial {
    /// Draws everything that is drawn: the habits of the systems, and random trouble.
    pub seed: u64,
    /// The node dies at this operation of the engine (from 0), before or after it took effect.
    pub crash_at: Option<(u64, bool)>,
    /// Besides, one operation in so many is lost, or its answer is; 0 for none.
    pub trouble_one_in: u64,
    /// Besides, the node dies at one operation in so many; 0 for never.
    pub crash_one_in: u64,
    /// The foreign systems have bad habits.
    pub habits: bool,
    /// A bug that must be seen.
    pub bug: Option<Bug>,
}

/// How a run ended.
#[derive(Clone, Debug, Default)]
pub struct Verdict {
    /// Broken promises, each a sentence that begins with its id.
    pub broken: Vec<String>,
    /// Operations of the engine that happened.
    pub operations: u64,
    /// Times the node died.
    pub crashes: u64,
    /// Faults that took effect in the engine and in the systems, by name.
    pub faults: std::collections::BTreeMap<String, u64>,
    /// Documents in the ERP.
    pub documents: usize,
    /// Departures.
    pub departures: usize,
    /// How long it took, in virtual time.
    pub took: Duration,
}

/// How long a run may take before it counts as stuck, in virtual time; a day takes less than one minute.
const PATIENCE: Duration = Duration::from_mins(15);

/// Runs a trial, on a runtime of its own.
pub fn run(trial: Trial) -> anyhow::Result<Verdict> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build()?;
    planted::plant(trial.bug);
    let verdict = tokio::task::LocalSet::new().block_on(&runtime, play(trial));
    planted::plant(None);
    verdict
}

async fn play(trial: Trial) -> anyhow::Result<Verdict> {
    let start = Instant::parse("2026-11-23T08:00:00+01:00")?;
    let mut yard = Yard::new(trial, start)?;
    let floor = Arc::new(Mutex::new(Floor::new(trial.seed, trial.habits, start)?));
    let driver = tokio::task::spawn_local(day::drive(Arc::clone(&floor), yard.present()));
    let mut verdict = Verdict::default();
    let mut waited = Duration::ZERO;
    yard.start(&floor).await?;
    loop {
        let pause = Duration::from_millis(10);
        tokio::time::sleep(pause).await;
        waited += pause;
        verdict.crashes += yard.restart_the_dead(&floor).await?;
        let over = lock(&floor).is_over();
        if over {
            yard.calm();
        }
        if waited > PATIENCE || (over && yard.at_rest().await) {
            break;
        }
    }
    if waited > PATIENCE {
        verdict.broken.push(format!(
            "T9: after {} virtual seconds the day is not over: {}",
            PATIENCE.as_secs(),
            lock(&floor).what_is_open()
        ));
    }
    verdict.took = waited;
    verdict.operations = yard.operations();
    driver.abort();
    check::all(&yard.close(), &floor, &mut verdict).await?;
    Ok(verdict)
}

fn lock(floor: &Mutex<Floor>) -> std::sync::MutexGuard<'_, Floor> {
    floor.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
