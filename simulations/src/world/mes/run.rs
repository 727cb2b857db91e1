//! The line at work: pieces go from step to step by a plan that time alone decides.
//!
//! Apart from the jobs because this is physics. Deterministic: what happened by a given instant does not depend on how often
//! somebody looked. Never judges; says through the reports what was done.

use rust_decimal::{Decimal, RoundingStrategy};
use serde_json::{Value, json};

use super::super::habits::Habit;
use super::super::moment::Moment;
use super::super::system::Desk;
use super::Mes;
use super::jobs::{Job, NewJob, State};
use super::recipes::{Counting, Recipe};
use super::reports::Report;

/// A tick does not do more pieces than this, so that nobody waits long for an answer; the next tick goes on.
const PIECES_PER_TICK: usize = 2_000;

/// How far one step is.
#[derive(Clone, Debug)]
pub(super) struct StepRun {
    pub(super) step: u32,
    pub(super) station: String,
    minutes_per_piece: Decimal,
    /// Pieces that came to this step, and what became of them.
    entered: u64,
    processed: u64,
    pub(super) good: u64,
    pub(super) scrap: u64,
    started: bool,
    pub(super) finished: bool,
    /// When the station is done with the piece before, in microseconds.
    free_at_us: i64,
    /// PLC: the epoch of its counter, and the good pieces that it has counted in that. Who corrects a count does not move it.
    epoch: u32,
    counter: u64,
    labour_booked: Decimal,
}

/// A material and how much of it is reported as used.
#[derive(Clone, Debug)]
pub(super) struct Usage {
    item: String,
    part: String,
    step: u32,
    total: Decimal,
    of_pieces: u64,
    measure: String,
    lot: Option<String>,
    used: Decimal,
}

/// How far a job is.
#[derive(Clone, Debug, Default)]
pub(super) struct Progress {
    pub(super) steps: Vec<StepRun>,
    usages: Vec<Usage>,
    pub(super) sequence: u64,
    on_pallet: u64,
    pallet_pieces: Option<u64>,
    cycle_us: Option<i64>,
    others: Vec<Other>,
}

/// Another part that comes out, and how many of it did so far.
#[derive(Clone, Debug)]
struct Other {
    part: String,
    every: u64,
    packed: u64,
}

impl Progress {
    /// Nothing done yet; may begin at that instant.
    pub(super) fn planned(recipe: &Recipe, sent: &NewJob, pieces: u64, starts_at: Moment) -> Self {
        let steps = recipe.stations(&sent.steps).map(|(step, station)| StepRun {
            step: step.step,
            station: station.to_owned(),
            minutes_per_piece: step.minutes_per_piece,
            entered: 0,
            processed: 0,
            good: 0,
            scrap: 0,
            started: false,
            finished: false,
            free_at_us: starts_at.millis().saturating_mul(1_000),
            epoch: 1,
            counter: 0,
            labour_booked: Decimal::ZERO,
        });
        let usages = sent.materials.iter().map(|material| Usage {
            item: material.item.clone(),
            part: material.part.clone(),
            step: material.step,
            total: material.amount,
            of_pieces: pieces,
            measure: material.measure.clone(),
            lot: material.lot.clone(),
            used: Decimal::ZERO,
        });
        let others = recipe.co_products.iter().map(|other| Other { part: other.part.clone(), every: other.every.max(1), packed: 0 });
        Self {
            steps: steps.collect(),
            usages: usages.collect(),
            sequence: 0,
            on_pallet: 0,
            pallet_pieces: sent.pallet_pieces.or(recipe.pallet_pieces),
            cycle_us: recipe.pieces_per_second.map(cycle_us),
            others: others.collect(),
        }
    }

    /// Pieces that were started.
    pub(super) fn begun(&self) -> u64 {
        self.steps.first().map_or(0, |step| step.processed)
    }

    /// All pieces that became scrap.
    pub(super) fn scrap(&self) -> u64 {
        self.steps.iter().map(|step| step.scrap).sum()
    }

    /// All labour booked so far, in minutes.
    pub(super) fn labour(&self) -> Decimal {
        self.steps.iter().map(|step| step.labour_booked).sum()
    }

    pub(super) fn views(&self) -> Vec<Value> {
        let view = |step: &StepRun| {
            json!({ "step": step.step, "station": step.station, "good": step.good, "scrap": step.scrap, "finished": step.finished,
                    "labour": step.labour_booked.to_string() })
        };
        self.steps.iter().map(view).collect()
    }

    pub(super) fn used_views(&self) -> Vec<Value> {
        let view = |usage: &Usage| json!({ "part": usage.part, "amount": usage.used.to_string(), "measure": usage.measure });
        self.usages.iter().map(view).collect()
    }

    /// Nothing happens before this instant.
    pub(super) fn wait_until(&mut self, moment: Moment) {
        for step in &mut self.steps {
            step.free_at_us = step.free_at_us.max(moment.millis().saturating_mul(1_000));
        }
    }

    /// The next step to take a piece, and when.
    fn next(&self, begin_at_most: u64, up: impl Fn(&str) -> bool) -> Option<(i64, usize)> {
        let ready = |(at, step): (usize, &StepRun)| {
            let has_piece = if at == 0 { step.processed < begin_at_most } else { step.processed < step.entered };
            (has_piece && up(&step.station)).then_some((step.free_at_us, at))
        };
        self.steps.iter().enumerate().filter_map(ready).min()
    }
}

impl Mes {
    /// Does everything that is due by now, in the order of time. True when something happened.
    pub(super) fn run(&mut self, desk: &mut Desk) -> bool {
        for done in 0..PIECES_PER_TICK {
            match self.next_piece() {
                Some((at_us, number, at)) if at_us <= desk.now.millis().saturating_mul(1_000) => self.piece(desk, &number, at, at_us),
                Some(_) | None => return done > 0,
            }
        }
        true
    }

    /// When the next piece is due.
    pub(super) fn next_due(&self) -> Option<Moment> {
        self.next_piece().map(|(at_us, ..)| Moment::from_millis(at_us.div_euclid(1_000) + i64::from(at_us.rem_euclid(1_000) > 0)))
    }

    fn next_piece(&self) -> Option<(i64, String, usize)> {
        let up = |station: &str| self.stations.get(station).is_some_and(super::recipes::Station::is_up);
        let open = self.open.iter().filter_map(|number| self.jobs.get(number));
        let at_work = open.filter(|job| matches!(job.state, State::Waiting | State::Running));
        let next = |job: &Job| {
            let limit = job.proposal.as_ref().map_or(job.pieces, |proposal| proposal.pieces.min(job.pieces));
            job.progress.next(limit, up).map(|(at_us, at)| (at_us, job.number.clone(), at))
        };
        at_work.filter_map(next).min()
    }

    /// One piece is done at one step.
    fn piece(&mut self, desk: &mut Desk, number: &str, at: usize, at_us: i64) {
        let Some(mut job) = self.jobs.remove(number) else { return };
        let moment = Moment::from_millis(at_us.div_euclid(1_000));
        self.begin(desk, &mut job, at, moment);
        let good = self.count(desk, &mut job, at, moment);
        let cycle_us = job.progress.cycle_us.unwrap_or_else(|| cycle_us(self.pace.pieces_per_second));
        if let Some(step) = job.progress.steps.get_mut(at) {
            step.free_at_us = at_us + cycle_us;
        }
        match job.progress.steps.get_mut(at + 1) {
            Some(next) if good => next.receive(at_us + cycle_us),
            None if good => self.pack(desk, &mut job, moment),
            Some(_) | None => {}
        }
        self.book(desk, &mut job, at, moment, false);
        self.finish(desk, &mut job, moment);
        self.put_back(job);
    }

    pub(super) fn put_back(&mut self, job: Job) {
        match job.state {
            State::Waiting | State::Running | State::Held => self.open.insert(job.number.clone()),
            State::Rejected { .. } | State::Finished | State::Revoked | State::Aborted => self.open.remove(&job.number),
        };
        self.jobs.insert(job.number.clone(), job);
    }

    fn begin(&mut self, desk: &mut Desk, job: &mut Job, at: usize, moment: Moment) {
        if job.state == State::Waiting {
            job.state = State::Running;
            self.report(desk, job, None, moment, Report::JobStarted);
        }
        let Some(step) = job.progress.steps.get_mut(at).filter(|step| !step.started) else { return };
        step.started = true;
        self.report(desk, job, Some(at), moment, Report::StepStarted);
    }

    /// Counts the piece as good or scrap and reports it the way the station counts. True when it was good.
    fn count(&mut self, desk: &mut Desk, job: &mut Job, at: usize, moment: Moment) -> bool {
        let Some(step) = job.progress.steps.get_mut(at) else { return false };
        step.processed += 1;
        let every = self.pace.scrap_every;
        let good = every == 0 || step.processed % every != (7 + u64::from(step.step)) % every;
        *(if good { &mut step.good } else { &mut step.scrap }) += 1;
        step.counter += u64::from(good);
        let counting = self.stations.get(&step.station).map(|station| station.counting).unwrap_or_default();
        match (counting, good) {
            (_, false) => self.report(desk, job, Some(at), moment, Report::ScrapCounted { reason: "S12" }),
            (Counting::Each, true) => self.report(desk, job, Some(at), moment, Report::PieceCounted),
            (Counting::Counter, true) => self.read_counter(desk, job, at, moment, false),
        }
        good
    }

    /// Reads the PLC of a counting station now and then, and at the end.
    fn read_counter(&mut self, desk: &mut Desk, job: &mut Job, at: usize, moment: Moment, last: bool) {
        let Some(step) = job.progress.steps.get(at) else { return };
        let total = step.counter;
        if last || total.is_multiple_of(self.pace.read_every.max(1)) {
            let epoch = step.epoch;
            self.report(desk, job, Some(at), moment, Report::CounterRead { epoch, good: total });
            if !last && desk.habits.takes(Habit::CounterRestart, "").is_some() {
                restart_counter(job, at);
            }
        }
    }

    /// A good piece of the last step goes on a pallet; a full pallet leaves the line.
    fn pack(&mut self, desk: &mut Desk, job: &mut Job, moment: Moment) {
        let last = job.progress.steps.len().checked_sub(1);
        let sample_every = self.pace.sample_every;
        let good = last.and_then(|at| job.progress.steps.get(at)).map_or(0, |step| step.good);
        if sample_every > 0 && good.is_multiple_of(sample_every) {
            self.report(desk, job, last, moment, Report::SampleDue { piece: good });
        }
        job.progress.on_pallet += 1;
        if job.progress.on_pallet == job.progress.pallet_pieces.unwrap_or(self.pace.pallet_pieces) {
            self.close_pallet(desk, job, moment);
        }
    }

    fn close_pallet(&mut self, desk: &mut Desk, job: &mut Job, moment: Moment) {
        let pieces = std::mem::take(&mut job.progress.on_pallet);
        if pieces > 0 {
            self.pallets += 1;
            let sscc = super::reports::sscc(self.sscc_prefix, self.pallets);
            let last = job.progress.steps.len().checked_sub(1);
            self.report(desk, job, last, moment, Report::PalletClosed { sscc, pieces });
        }
        if let Some(lot) = job.next_lot.take() {
            job.lot = Some(lot);
        }
    }

    /// What came out beside the part that was made goes on pallets of its own when the job ends.
    fn pack_others(&mut self, desk: &mut Desk, job: &mut Job, moment: Moment) {
        let last = job.progress.steps.len().checked_sub(1);
        let good = job.progress.steps.last().map_or(0, |step| step.good);
        for other in 0..job.progress.others.len() {
            let Some(other) = job.progress.others.get_mut(other) else { continue };
            let pieces = good / other.every - other.packed;
            other.packed += pieces;
            let part = other.part.clone();
            if pieces > 0 {
                self.pallets += 1;
                let sscc = super::reports::sscc(self.sscc_prefix, self.pallets);
                self.report(desk, job, last, moment, Report::CoProductPacked { part, sscc, pieces });
            }
        }
    }

    /// Books material and labour: every so many pieces, and the rest at the end of the step.
    fn book(&mut self, desk: &mut Desk, job: &mut Job, at: usize, moment: Moment, rest: bool) {
        let Some(step) = job.progress.steps.get_mut(at) else { return };
        let (number, processed) = (step.step, step.processed);
        if rest || processed.is_multiple_of(self.pace.labour_every.max(1)) {
            let minutes = step.minutes_per_piece * Decimal::from(processed) - step.labour_booked;
            step.labour_booked += minutes;
            if minutes > Decimal::ZERO {
                self.report(desk, job, Some(at), moment, Report::LabourBooked { minutes });
            }
        }
        if !rest && !processed.is_multiple_of(self.pace.use_every.max(1)) {
            return;
        }
        for usage in 0..job.progress.usages.len() {
            let Some(due) = job.progress.usages.get_mut(usage).filter(|usage| usage.step == number) else { continue };
            let total = due.after(processed);
            let amount = total - due.used;
            due.used = total;
            let (part, lot) = (due.part.clone(), due.lot.clone());
            let (item, measure) = (due.item.clone(), due.measure.clone());
            for (lot, amount) in if amount > Decimal::ZERO { self.line_stock.take(&part, amount, lot.as_deref()) } else { Vec::new() } {
                let (item, part, measure) = (item.clone(), part.clone(), measure.clone());
                self.report(desk, job, Some(at), moment, Report::MaterialUsed { item, part, lot, amount, measure });
            }
        }
    }

    /// Ends every step that has nothing left to come, and the job after its last step.
    pub(super) fn finish(&mut self, desk: &mut Desk, job: &mut Job, moment: Moment) {
        for at in 0..job.progress.steps.len() {
            let before = at.checked_sub(1).and_then(|at| job.progress.steps.get(at));
            let ends = before.is_none_or(|before| before.finished);
            let Some(step) = job.progress.steps.get(at) else { return };
            let due = if at == 0 { job.pieces } else { step.entered };
            if step.finished || !ends || step.processed < due {
                continue;
            }
            self.finish_step(desk, job, at, moment);
        }
        if !job.progress.steps.is_empty() && job.progress.steps.iter().all(|step| step.finished) {
            self.close_pallet(desk, job, moment);
            self.pack_others(desk, job, moment);
            job.state = State::Finished;
            self.report(desk, job, None, moment, Report::JobFinished);
        }
    }

    fn finish_step(&mut self, desk: &mut Desk, job: &mut Job, at: usize, moment: Moment) {
        self.book(desk, job, at, moment, true);
        let station = job.progress.steps.get(at).and_then(|step| self.stations.get(&step.station));
        if station.is_some_and(|station| station.counting == Counting::Counter) {
            self.read_counter(desk, job, at, moment, true);
        }
        if let Some(step) = job.progress.steps.get_mut(at) {
            step.finished = true;
        }
        self.report(desk, job, Some(at), moment, Report::StepFinished);
    }
}

/// Microseconds a piece takes.
fn cycle_us(pieces_per_second: Decimal) -> i64 {
    let slowest = pieces_per_second.max(Decimal::new(1, 5));
    i64::try_from((Decimal::from(1_000_000) / slowest).round()).unwrap_or(1_000_000).max(1)
}

/// The PLC of this step starts again at zero, in a new epoch.
pub(super) fn restart_counter(job: &mut Job, at: usize) {
    if let Some(step) = job.progress.steps.get_mut(at) {
        step.epoch += 1;
        step.counter = 0;
    }
}

impl StepRun {
    /// A piece comes in at that instant; a station with nothing to do waits for it.
    fn receive(&mut self, at_us: i64) {
        if self.processed == self.entered {
            self.free_at_us = self.free_at_us.max(at_us);
        }
        self.entered += 1;
    }
}

impl Usage {
    /// How much is used up after so many pieces, to four places; the sum over the job is exact.
    fn after(&self, processed: u64) -> Decimal {
        let exact = self.total * Decimal::from(processed) / Decimal::from(self.of_pieces.max(1));
        exact.round_dp_with_strategy(4, RoundingStrategy::MidpointAwayFromZero)
    }
}
