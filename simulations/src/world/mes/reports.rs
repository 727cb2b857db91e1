//! What the line reports, in the MES's words.
//!
//! Apart because these words are an interface of their own; [`super`] shows them. Every report of a job carries the next
//! number of that job's own sequence, so that a gap or a swap can be seen.

use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use super::super::moment::Moment;
use super::super::system::Desk;
use super::Mes;
use super::jobs::Job;

/// One report.
#[derive(Clone, Debug)]
pub(super) enum Report {
    JobStarted,
    StepStarted,
    PieceCounted,
    CounterRead { epoch: u32, good: u64 },
    ScrapCounted { reason: &'static str },
    MaterialUsed { item: String, part: String, lot: Option<String>, amount: Decimal, measure: String },
    LabourBooked { minutes: Decimal },
    SampleDue { piece: u64 },
    PalletClosed { sscc: String, pieces: u64 },
    CoProductPacked { part: String, sscc: String, pieces: u64 },
    StepFinished,
    JobFinished,
    JobHeld { reason: String },
    JobResumed,
    JobAborted { reason: String },
    CountCorrected { pieces: i64, person: String, reason: String },
    DefectRaised { pieces: u64, pallets: Vec<String>, reason: String },
}

impl Report {
    const fn kind(&self) -> &'static str {
        match self {
            Self::JobStarted => "job.started",
            Self::StepStarted => "step.started",
            Self::PieceCounted => "piece.counted",
            Self::CounterRead { .. } => "counter.read",
            Self::ScrapCounted { .. } => "scrap.counted",
            Self::MaterialUsed { .. } => "material.used",
            Self::LabourBooked { .. } => "labour.booked",
            Self::SampleDue { .. } => "sample.due",
            Self::PalletClosed { .. } => "pallet.closed",
            Self::CoProductPacked { .. } => "coproduct.packed",
            Self::StepFinished => "step.finished",
            Self::JobFinished => "job.finished",
            Self::JobHeld { .. } => "job.held",
            Self::JobResumed => "job.resumed",
            Self::JobAborted { .. } => "job.aborted",
            Self::CountCorrected { .. } => "count.corrected",
            Self::DefectRaised { .. } => "defect.raised",
        }
    }

    /// What this report says beyond where and when. Finished steps and jobs say what was made in all.
    fn body(self, job: &Job, at: Option<usize>) -> Value {
        let lot = job.lot.as_deref();
        match self {
            Self::JobStarted | Self::StepStarted | Self::JobResumed => json!({}),
            Self::PieceCounted => json!({ "pieces": 1, "lot": lot }),
            Self::CounterRead { epoch, good } => json!({ "counter": { "epoch": epoch, "good": good }, "lot": lot }),
            Self::ScrapCounted { reason } => json!({ "pieces": 1, "reason": reason, "lot": lot }),
            Self::MaterialUsed { item, part, lot, amount, measure } => {
                json!({ "item": item, "part": part, "lot": lot, "amount": amount.to_string(), "measure": measure })
            }
            Self::LabourBooked { minutes } => json!({ "minutes": minutes.normalize().to_string() }),
            Self::SampleDue { piece } => json!({ "piece": piece, "part": job.sent.part, "lot": lot }),
            Self::PalletClosed { sscc, pieces } => {
                json!({ "sscc": sscc, "pieces": pieces, "part": job.sent.part, "lots": [{ "lot": lot, "pieces": pieces }] })
            }
            Self::CoProductPacked { part, sscc, pieces } => {
                let lot = job.sent.lot.as_ref().map(|lot| format!("{lot}-{part}"));
                json!({ "sscc": sscc, "pieces": pieces, "part": part, "lots": [{ "lot": lot, "pieces": pieces }] })
            }
            Self::StepFinished | Self::JobFinished => totals(job, at),
            Self::JobHeld { reason } | Self::JobAborted { reason } => {
                let last = job.progress.steps.last();
                json!({ "good": last.map_or(0, |step| step.good), "scrap": job.progress.scrap(), "reason": reason })
            }
            Self::CountCorrected { pieces, person, reason } => {
                json!({ "pieces": pieces, "person": person, "reason": reason, "lot": lot })
            }
            Self::DefectRaised { pieces, pallets, reason } => {
                json!({ "pieces": pieces, "pallets": pallets, "reason": reason, "part": job.sent.part, "lot": lot })
            }
        }
    }
}

fn totals(job: &Job, at: Option<usize>) -> Value {
    let steps = &job.progress.steps;
    let last = at.map_or(steps.last(), |at| steps.get(at));
    let scrap: u64 = match at {
        Some(at) => steps.get(at).map_or(0, |step| step.scrap),
        None => job.progress.scrap(),
    };
    json!({ "good": last.map_or(0, |step| step.good), "scrap": scrap, "lot": job.lot })
}

impl Mes {
    /// Has a report of this job to tell, about one of its steps or the whole, that happened at this instant.
    pub(super) fn report(&mut self, desk: &mut Desk, job: &mut Job, at: Option<usize>, moment: Moment, report: Report) {
        let kind = report.kind();
        job.progress.sequence += 1;
        let stamp = desk.stamp(moment);
        let mut fields = Map::new();
        let message = format!("{}-{}", self.name, desk.outbox.number());
        fields.insert("message".to_owned(), json!(message));
        fields.insert("kind".to_owned(), json!(kind));
        fields.insert("job".to_owned(), json!(job.number));
        fields.insert("externalKey".to_owned(), json!(job.sent.external_key));
        fields.insert("sequence".to_owned(), json!(job.progress.sequence));
        fields.insert("at".to_owned(), json!(desk.zone.iso(stamp)));
        if let Some(step) = at.and_then(|at| job.progress.steps.get(at)) {
            fields.insert("step".to_owned(), json!(step.step));
            fields.insert("station".to_owned(), json!(step.station));
            fields.insert("person".to_owned(), json!(format!("P-{}", 100 + step.step)));
        }
        if let Value::Object(more) = report.body(job, at) {
            fields.extend(more);
        }
        let body = Value::Object(fields);
        desk.tell(&job.number, kind, &body);
        self.last_told.insert((job.number.clone(), kind.to_owned()), body);
    }
}

/// A serial shipping container code: extension digit 3, company prefix, serial number, check digit.
pub(super) fn sscc(prefix: u32, serial: u64) -> String {
    let digits = format!("3{prefix:07}{:09}", serial % 1_000_000_000);
    let weighed = digits.bytes().zip([3, 1].into_iter().cycle()).map(|(digit, weight)| u32::from(digit - b'0') * weight);
    let check = (10 - weighed.sum::<u32>() % 10) % 10;
    format!("{digits}{check}")
}
