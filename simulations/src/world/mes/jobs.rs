//! Jobs: what a dispatcher sends, what the MES answers, and how far a job is.
//!
//! Apart from running them because accepting is judging. Known by their external key: the same key with the same content is
//! the same job with the same verdict; with other content it is a conflict.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::super::habits::Habit;
use super::super::system::Desk;
use super::Mes;
use super::recipes::Recipe;
use super::run::Progress;

/// A job as it is dispatched. A field that is not in here is refused.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct NewJob {
    pub(super) external_key: String,
    pub(super) part: String,
    pub(super) recipe_version: String,
    /// How many pieces to start: good ones and scrap together.
    pub(super) pieces: Decimal,
    #[serde(default)]
    pub(super) lot: Option<String>,
    #[serde(default)]
    pub(super) pallet_pieces: Option<u64>,
    /// Which station to use for a step, where it is not the recipe's own.
    #[serde(default)]
    pub(super) steps: Vec<StationFor>,
    #[serde(default)]
    pub(super) materials: Vec<MaterialFor>,
    /// What else the dispatcher wants the people at the line to see.
    #[serde(default)]
    pub(super) notes: Option<String>,
}

/// The station of one step.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StationFor {
    pub(super) step: u32,
    pub(super) station: String,
}

/// A material to be used up by the whole job, explicitly reported.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MaterialFor {
    pub(super) item: String,
    pub(super) part: String,
    pub(super) step: u32,
    pub(super) amount: Decimal,
    pub(super) measure: String,
    #[serde(default)]
    pub(super) lot: Option<String>,
}

/// Where a job is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum State {
    Rejected { code: String, detail: String },
    Waiting,
    Running,
    Held,
    Finished,
    Revoked,
    Aborted,
}

impl State {
    const fn name(&self) -> &'static str {
        match self {
            Self::Rejected { .. } => "rejected",
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Held => "held",
            Self::Finished => "finished",
            Self::Revoked => "revoked",
            Self::Aborted => "aborted",
        }
    }
}

/// A new number of pieces that the dispatcher asked about and has not yet decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Proposal {
    pub(super) key: String,
    pub(super) pieces: u64,
}

/// One job.
#[derive(Clone, Debug)]
pub(super) struct Job {
    pub(super) number: String,
    pub(super) sent: NewJob,
    /// What the people at the line see now.
    pub(super) notes: Option<String>,
    pub(super) state: State,
    /// Into which lot it is made now, and into which one from the next pallet on.
    pub(super) lot: Option<String>,
    pub(super) next_lot: Option<String>,
    pub(super) pieces: u64,
    pub(super) proposal: Option<Proposal>,
    pub(super) decided: Vec<(Proposal, bool)>,
    pub(super) progress: Progress,
}

impl Job {
    /// The answer to its dispatch, whenever it is asked for.
    pub(super) fn verdict(&self) -> Value {
        let (number, key) = (&self.number, &self.sent.external_key);
        match &self.state {
            State::Rejected { code, detail } => {
                json!({ "job": number, "externalKey": key, "verdict": "rejected", "code": code, "detail": detail })
            }
            State::Waiting | State::Running | State::Held | State::Finished | State::Revoked | State::Aborted => {
                json!({ "job": number, "externalKey": key, "verdict": "accepted" })
            }
        }
    }

    /// The job with its counts.
    pub(super) fn view(&self) -> Value {
        let mut view = self.verdict();
        if let Some(fields) = view.as_object_mut() {
            fields.insert("state".to_owned(), json!(self.state.name()));
            fields.insert("pieces".to_owned(), json!(self.pieces));
            fields.insert("part".to_owned(), json!(self.sent.part));
            fields.insert("lot".to_owned(), json!(self.lot));
            fields.insert("notes".to_owned(), json!(self.notes));
            fields.insert("steps".to_owned(), json!(self.progress.views()));
            fields.insert("used".to_owned(), json!(self.progress.used_views()));
            fields.insert("labour".to_owned(), json!(self.progress.labour().to_string()));
        }
        view
    }
}

/// Why a job is not accepted: code and detail.
type Objection = (String, String);

fn objection(code: &str, detail: String) -> Objection {
    (code.to_owned(), detail)
}

/// No job begins more pieces, and uses more of a material, than this: far beyond any plant, and safe to reckon with.
pub(super) const PIECES_MAX: u64 = 1_000_000_000;
const AMOUNT_MAX: u64 = 1_000_000_000_000;

fn whole_pieces(pieces: Decimal) -> Result<u64, Objection> {
    let whole = u64::try_from(pieces).ok().filter(|whole| pieces.fract().is_zero() && (1..=PIECES_MAX).contains(whole));
    whole.ok_or_else(|| objection("BAD_QUANTITY", format!("{pieces} is not a number of pieces")))
}

fn sensible(material: &MaterialFor) -> Result<(), Objection> {
    let sensible = material.amount >= Decimal::ZERO && material.amount <= Decimal::from(AMOUNT_MAX);
    if sensible { Ok(()) } else { Err(objection("BAD_QUANTITY", format!("{} of {}", material.amount, material.part))) }
}

impl Mes {
    /// Judges a job that is new here and gives it a number.
    pub(super) fn take_in(&mut self, desk: &mut Desk, sent: NewJob) -> &Job {
        let number = format!("J-{:06}", self.jobs.len() + 1);
        let (state, pieces, progress) = match self.judge(desk, &sent) {
            Ok((pieces, progress)) => (State::Waiting, pieces, progress),
            Err((code, detail)) => {
                desk.habits.count(&format!("rejected_{}", code.to_lowercase()));
                (State::Rejected { code, detail }, 0, Progress::default())
            }
        };
        let (notes, lot) = (sent.notes.clone(), sent.lot.clone());
        let (decided, next_lot) = (Vec::new(), None);
        let job = Job { number: number.clone(), sent, notes, state, lot, next_lot, pieces, proposal: None, decided, progress };
        self.keys.insert(job.sent.external_key.clone(), number.clone());
        self.jobs.entry(number).or_insert(job)
    }

    fn judge(&self, desk: &mut Desk, sent: &NewJob) -> Result<(u64, Progress), Objection> {
        if let Some(dose) = desk.habits.takes(Habit::RejectJob, &sent.part) {
            let code = dose.code.unwrap_or_else(|| "CAPACITY".to_owned());
            return Err((code, "the line says no".to_owned()));
        }
        let missing = || objection("MISSING_RECIPE", format!("no recipe for {}", sent.part));
        let recipe = self.recipes.get(&sent.part).ok_or_else(missing)?;
        if recipe.version != sent.recipe_version {
            let detail = format!("recipe of {} is {} here, not {}", sent.part, recipe.version, sent.recipe_version);
            return Err(objection("RECIPE_VERSION_MISMATCH", detail));
        }
        let pieces = whole_pieces(sent.pieces)?;
        sent.materials.iter().try_for_each(sensible)?;
        if recipe.lot_managed && sent.lot.is_none() {
            return Err(objection("MISSING_LOT", format!("{} is made in lots", sent.part)));
        }
        self.judge_stations(desk, recipe, sent)?;
        let starts_at = desk.now.plus_ms(i64::from(self.pace.start_after_ms));
        Ok((pieces, Progress::planned(recipe, sent, pieces, starts_at)))
    }

    fn judge_stations(&self, desk: &mut Desk, recipe: &Recipe, sent: &NewJob) -> Result<(), Objection> {
        let wanted = sent.steps.iter().filter(|wanted| !recipe.steps.iter().any(|step| step.step == wanted.step));
        if let Some(foreign) = wanted.map(|wanted| wanted.step).next() {
            return Err(objection("UNKNOWN_STEP", format!("the recipe has no step {foreign}")));
        }
        let stamp = desk.stamp(desk.now);
        let today = desk.zone.day(stamp);
        for (_, name) in recipe.stations(&sent.steps) {
            let missing = || objection("MISSING_STATION", format!("there is no station {name}"));
            let station = self.stations.get(name).ok_or_else(missing)?;
            if !station.is_up() {
                return Err(objection("STATION_DOWN", format!("station {name} is down")));
            }
            if station.calibrated_until.is_some_and(|until| until < today) {
                return Err(objection("CALIBRATION_OVERDUE", format!("calibration of {name} is overdue")));
            }
        }
        Ok(())
    }
}
