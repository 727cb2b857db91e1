//! What people at the plant do: set the pace of the line, lay out material, hold, correct and send things again.
//!
//! Apart from the interface for dispatchers because no habit touches it.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::super::exchange::{Method, Request, Response};
use super::super::system::Desk;
use super::jobs::{Job, State};
use super::recipes::LineLot;
use super::reports::Report;
use super::run::restart_counter;
use super::{Fault, Mes, fault};

/// How fast the line is, and how often it says what.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct Pace {
    /// Pieces a second at every station.
    pub(super) pieces_per_second: Decimal,
    pub(super) start_after_ms: u32,
    /// Every so many pieces one is scrap at each step; 0 is never.
    pub(super) scrap_every: u64,
    /// Every so many good pieces of the last step a sample is due; 0 is never.
    pub(super) sample_every: u64,
    pub(super) use_every: u64,
    pub(super) labour_every: u64,
    pub(super) read_every: u64,
    /// Pieces on a full pallet, where the job says nothing.
    pub(super) pallet_pieces: u64,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            pieces_per_second: Decimal::TEN,
            start_after_ms: 500,
            scrap_every: 50,
            sample_every: 500,
            use_every: 10,
            labour_every: 100,
            read_every: 20,
            pallet_pieces: 480,
        }
    }
}

/// Why a dispatcher wants a job to wait.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wish {
    reason: String,
}

/// What the people at the line see.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Notes {
    notes: String,
}

#[derive(Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
enum ByHand {
    Hold {
        job: String,
        reason: String,
    },
    Resume {
        job: String,
    },
    Abort {
        job: String,
        reason: String,
    },
    CorrectCount {
        job: String,
        step: u32,
        pieces: i64,
        person: String,
        reason: String,
        /// Its own count is right; only what its counters said is not, as a PLC loses pieces when it starts again.
        #[serde(default)]
        only_told: bool,
    },
    Defect {
        job: String,
        step: u32,
        pieces: u64,
        pallets: Vec<String>,
        reason: String,
    },
    Resend {
        job: String,
        kind: String,
        times: u32,
    },
    RestartCounter {
        job: String,
        step: u32,
    },
    ChangeLot {
        job: String,
        lot: String,
    },
}

/// Material that somebody used for an order whose number he typed.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Use {
    order: String,
    step: u32,
    part: String,
    #[serde(default)]
    lot: Option<String>,
    amount: Decimal,
    measure: String,
}

impl ByHand {
    fn job(&self) -> &str {
        match self {
            Self::Hold { job, .. }
            | Self::Resume { job }
            | Self::Abort { job, .. }
            | Self::CorrectCount { job, .. }
            | Self::Defect { job, .. }
            | Self::Resend { job, .. }
            | Self::RestartCounter { job, .. }
            | Self::ChangeLot { job, .. } => job,
        }
    }
}

impl Mes {
    /// `/_sim/…` of the MES.
    pub(super) fn in_house(&mut self, desk: &mut Desk, request: &Request) -> Result<Response, Fault> {
        match (request.method, request.path.as_str()) {
            (Method::Get, "/_sim/pace") => Ok(Response::json(200, &json!(self.pace))),
            (Method::Put, "/_sim/pace") => {
                self.pace = super::read(request)?;
                Ok(Response::json(200, &json!(self.pace)))
            }
            (Method::Put, "/_sim/line-stock") => {
                let lots: BTreeMap<String, Vec<LineLot>> = super::read(request)?;
                self.line_stock.set(lots);
                Ok(Response::empty(204))
            }
            (Method::Post, "/_sim/use") => {
                let used = super::read(request)?;
                Ok(self.use_by_hand(desk, &used))
            }
            (Method::Post, "/_sim/by-hand") => self.by_hand(desk, super::read(request)?),
            _ => Err(fault(404, "NO_SUCH_DESK", request.path.clone())),
        }
    }

    /// Told as it was typed: no job is looked for.
    fn use_by_hand(&self, desk: &mut Desk, used: &Use) -> Response {
        let at = desk.stamp(desk.now);
        let message = format!("{}-{}", self.name, desk.outbox.number());
        let body = json!({ "message": message, "kind": "material.used_by_hand", "at": desk.zone.iso(at), "order": used.order,
            "step": used.step, "part": used.part, "lot": used.lot, "amount": used.amount.to_string(), "measure": used.measure });
        desk.habits.count("used_by_hand");
        desk.tell(&used.order, "material.used_by_hand", &body);
        Response::json(200, &body)
    }

    fn by_hand(&mut self, desk: &mut Desk, deed: ByHand) -> Result<Response, Fault> {
        let number = deed.job().to_owned();
        let Some(mut job) = self.jobs.remove(&number) else { return Err(fault(404, "UNKNOWN_JOB", number)) };
        let done = self.do_by_hand(desk, &mut job, deed);
        let view = job.view();
        self.put_back(job);
        done.map(|()| Response::json(200, &view))
    }

    fn do_by_hand(&mut self, desk: &mut Desk, job: &mut Job, deed: ByHand) -> Result<(), Fault> {
        let now = desk.now;
        match deed {
            ByHand::Hold { reason, .. } => {
                expect(job, &[State::Waiting, State::Running])?;
                self.hold(desk, job, reason);
            }
            ByHand::Resume { .. } => {
                expect(job, &[State::Held])?;
                self.resume(desk, job);
            }
            ByHand::Abort { reason, .. } => {
                expect(job, &[State::Waiting, State::Running, State::Held])?;
                job.state = State::Aborted;
                self.report(desk, job, None, now, Report::JobAborted { reason });
            }
            ByHand::CorrectCount { step, pieces, person, reason, only_told, .. } => {
                let at = step_at(job, step)?;
                let counted = job.progress.steps.get(at).map_or(0, |step| step.good);
                let good = counted.checked_add_signed(pieces).ok_or_else(|| fault(409, "BELOW_ZERO", format!("only {counted} counted")))?;
                if let Some(step) = job.progress.steps.get_mut(at).filter(|_| !only_told) {
                    step.good = good;
                }
                desk.habits.count("count_corrected");
                self.report(desk, job, Some(at), now, Report::CountCorrected { pieces, person, reason });
            }
            ByHand::Defect { step, pieces, pallets, reason, .. } => {
                let at = step_at(job, step)?;
                self.report(desk, job, Some(at), now, Report::DefectRaised { pieces, pallets, reason });
            }
            ByHand::Resend { kind, times, .. } => self.resend(desk, job, &kind, times)?,
            ByHand::RestartCounter { step, .. } => {
                restart_counter(job, step_at(job, step)?);
                desk.habits.count("counter_restart");
            }
            ByHand::ChangeLot { lot, .. } => {
                expect(job, &[State::Waiting, State::Running, State::Held])?;
                job.next_lot = Some(lot);
            }
        }
        Ok(())
    }

    fn hold(&mut self, desk: &mut Desk, job: &mut Job, reason: String) {
        job.state = State::Held;
        let now = desk.now;
        self.report(desk, job, None, now, Report::JobHeld { reason });
    }

    fn resume(&mut self, desk: &mut Desk, job: &mut Job) {
        job.state = if job.progress.begun() == 0 { State::Waiting } else { State::Running };
        let now = desk.now;
        job.progress.wait_until(now);
        self.report(desk, job, None, now, Report::JobResumed);
    }

    /// A dispatcher wants a job to wait. Saying so again is harmless.
    pub(super) fn hold_from_outside(&mut self, desk: &mut Desk, number: &str, wish: &Wish) -> Result<Response, Fault> {
        self.wished(number, |mes, job| match job.state {
            State::Waiting | State::Running => {
                mes.hold(desk, job, wish.reason.clone());
                true
            }
            State::Held => true,
            State::Rejected { .. } | State::Finished | State::Revoked | State::Aborted => false,
        })
    }

    /// A dispatcher wants a job to go on. Saying so again is harmless.
    pub(super) fn resume_from_outside(&mut self, desk: &mut Desk, number: &str) -> Result<Response, Fault> {
        self.wished(number, |mes, job| match job.state {
            State::Held => {
                mes.resume(desk, job);
                true
            }
            State::Waiting | State::Running => true,
            State::Rejected { .. } | State::Finished | State::Revoked | State::Aborted => false,
        })
    }

    fn wished(&mut self, number: &str, deed: impl FnOnce(&mut Self, &mut Job) -> bool) -> Result<Response, Fault> {
        let mut job = self.jobs.remove(number).ok_or_else(|| fault(404, "UNKNOWN_JOB", number))?;
        let done = deed(self, &mut job);
        self.put_back(job);
        let refused = json!({ "job": number, "verdict": "refused", "code": "ENDED" });
        Ok(Response::json(200, &if done { json!({ "job": number, "verdict": "done" }) } else { refused }))
    }

    /// The dispatcher has other words for the people at the line.
    pub(super) fn note(&mut self, number: &str, new: Notes) -> Result<Response, Fault> {
        let job = self.jobs.get_mut(number).ok_or_else(|| fault(404, "UNKNOWN_JOB", number))?;
        job.notes = Some(new.notes);
        Ok(Response::empty(204))
    }

    /// Sends the last report of that kind again, so many times, as it was.
    fn resend(&self, desk: &mut Desk, job: &Job, kind: &str, times: u32) -> Result<(), Fault> {
        let told = self.last_told.get(&(job.number.clone(), kind.to_owned()));
        let body = told.ok_or_else(|| fault(404, "NEVER_TOLD", kind))?;
        for number in 0..times {
            // It was told in its order; what is told again needs none.
            desk.tell(&format!("{}/again-{}", job.number, number % AGAIN_AT_ONCE), kind, body);
            desk.habits.count("resent_by_hand");
        }
        Ok(())
    }
}

/// Messages that are told again go out beside each other.
const AGAIN_AT_ONCE: u32 = 8;

fn expect(job: &Job, states: &[State]) -> Result<(), Fault> {
    if states.contains(&job.state) { Ok(()) } else { Err(fault(409, "WRONG_STATE", job.number.clone())) }
}

fn step_at(job: &Job, step: u32) -> Result<usize, Fault> {
    let at = job.progress.steps.iter().position(|run| run.step == step);
    at.ok_or_else(|| fault(404, "UNKNOWN_STEP", step.to_string()))
}
