//! An MES with a JSON dialect of its own. This page is its interface reference.
//!
//! Apart from the mesh in every respect ([`super`]). Its words are not the ERP's: a *job* makes *pieces* of a *part* by a *recipe* over
//! *steps* at *stations*. Counts are whole JSON numbers, measured amounts decimal text, times local with their offset.
//!
//! # Speaking with it
//!
//! | path | what |
//! |---|---|
//! | `POST /jobs` | dispatch; 201 with the verdict; the same key and content again: 200 with the same; other content: 409 `KEY_REUSED` |
//! | `GET /jobs`, `GET /jobs?externalKey=…`, `GET /jobs/{job}` | jobs with state (`waiting running held finished revoked aborted rejected`), counts a step, material used, labour |
//! | `POST /jobs/{job}/revoke` | `{"verdict":"revoked"}`, or `{"verdict":"refused","code":"ALREADY_RUNNING"}` |
//! | `POST /jobs/{job}/hold` `{"reason":"…"}`, `POST /jobs/{job}/resume` | `{"verdict":"done"}`, also when it is so already, or `{"verdict":"refused","code":"ENDED"}` |
//! | `PUT /jobs/{job}/notes` | `{"notes":"due 06:00"}`, what the people at the line see |
//! | `POST /jobs/{job}/quantity-proposals` | `{"proposal":"…","pieces":4000}`: `{"verdict":"agreed","begun":1200}`, or `refused` with `BELOW_BEGUN`, `BAD_QUANTITY`, `ENDED`, `OTHER_PROPOSAL_OPEN`; once agreed the line begins no piece beyond it |
//! | `POST /jobs/{job}/quantity-proposals/{proposal}/commit`, `…/withdraw` | the second phase; repeating it is harmless |
//! | `GET /recipes`, `GET /recipes/{part}`, `PUT /recipes/{part}`, `DELETE /recipes/{part}` | `{"version":"12","lotManaged":true,"steps":[{"step":10,"station":"PRESS-4","minutesPerPiece":"0.25"}],"coProducts":[{"part":"FG-110","every":10}],"palletPieces":48,"piecesPerSecond":"20"}`; what is made of what beyond steps may be left out |
//! | `GET /stations`, `GET /stations/{station}`, `PUT /stations/{station}` | `{"state":"up","counting":"each","calibratedUntil":"2026-12-31"}`; `down` stops the pieces there; `counting` is `each` or `counter` |
//!
//! ```json
//! { "externalKey": "erp-eu/1000042/1", "part": "FG-100", "recipeVersion": "12", "pieces": "5000", "lot": "N7-1123",
//!   "palletPieces": 480, "steps": [{ "step": 10, "station": "PRESS-4" }], "notes": "due 06:00",
//!   "materials": [{ "item": "0010", "part": "STEEL-3", "step": 10, "amount": "1600", "measure": "KG", "lot": "H-5501" }] }
//! ```
//! answers
//! ```json
//! { "job": "J-000001", "externalKey": "erp-eu/1000042/1", "verdict": "rejected", "code": "RECIPE_VERSION_MISMATCH", "detail": "…" }
//! ```
//! or `"verdict": "accepted"`. Codes: `MISSING_RECIPE`, `RECIPE_VERSION_MISMATCH`, `MISSING_STATION`, `STATION_DOWN`,
//! `CALIBRATION_OVERDUE`, `UNKNOWN_STEP`, `BAD_QUANTITY`, `MISSING_LOT`, and whatever the habit `reject_job` says (`CAPACITY`). A rejected
//! key stays rejected. `pieces` is what is begun: good ones and scrap together. Faults are `{"fault":"…","detail":"…"}`.
//!
//! # What it tells
//!
//! One message a report, in the lane of the job; `sequence` counts without gaps within a job.
//!
//! ```json
//! { "message": "mes-nord-17", "kind": "piece.counted", "job": "J-000001", "externalKey": "erp-eu/1000042/1", "sequence": 17,
//!   "at": "2026-11-24T03:12:11.120+01:00", "step": 20, "station": "WELD-2", "person": "P-120", "pieces": 1, "lot": "N7-1123" }
//! ```
//!
//! | kind | beyond the common fields |
//! |---|---|
//! | `job.started`, `step.started`, `job.resumed` | |
//! | `piece.counted` | `pieces` 1, `lot`: one good piece (stations that count `each`) |
//! | `counter.read` | `counter: {epoch, good}`, `lot`: good pieces of this job and step since the epoch began (stations that count by `counter`) |
//! | `scrap.counted` | `pieces` 1, `reason`, `lot`; never in the counter |
//! | `material.used` | `item`, `part`, `lot` or null, `amount`, `measure` |
//! | `labour.booked` | `minutes` |
//! | `sample.due` | `piece`, `part`, `lot` |
//! | `pallet.closed` | `sscc`, `pieces`, `part`, `lots: [{lot, pieces}]`; the last one may be partly full |
//! | `coproduct.packed` | the same, for what came out beside the part that was made; when the job ends |
//! | `material.used_by_hand` | `order` as somebody typed it, `part`, `lot` or null, `amount`, `measure`: without `job` and `sequence`, in the lane of that order |
//! | `step.finished`, `job.finished` | `good`, `scrap` in all, `lot` |
//! | `job.held`, `job.aborted` | `good`, `scrap`, `reason` |
//! | `count.corrected` | `pieces` (signed change of good), `person`, `reason`, `lot`; also after the end |
//! | `defect.raised` | `pieces`, `pallets: [sscc]`, `part`, `lot`, `reason` |
//! | `station.changed` | `station`, `state`; without `job` and `sequence`, in the lane of the station |
//!
//! # Its own people
//!
//! | path | body |
//! |---|---|
//! | `GET`, `PUT /_sim/pace` | `{"piecesPerSecond":"200","startAfterMs":500,"scrapEvery":50,"sampleEvery":500,"useEvery":10,"labourEvery":100,"readEvery":20,"palletPieces":480}` |
//! | `PUT /_sim/line-stock` | `{"STEEL-3":[{"lot":"H-5501","amount":"800"},{"lot":"H-5502","amount":"9999"}]}`: used in this order; goes before the job's `lot` |
//! | `POST /_sim/by-hand` | `{"do":"hold","job":…,"reason":…}`, `resume`, `abort`, `{"do":"correct_count","job":…,"step":20,"pieces":-6,"person":"S. Keller","reason":"miscount"}`, `{"do":"defect","job":…,"step":20,"pieces":960,"pallets":[…],"reason":…}`, `{"do":"resend","job":…,"kind":"job.finished","times":1000}`, `{"do":"restart_counter","job":…,"step":10}`, `{"do":"change_lot","job":…,"lot":"N7-1124"}` from the next pallet on |
//! | `POST /_sim/use` | `{"order":"1000043","step":10,"part":"GREASE","lot":null,"amount":"1.5","measure":"KG"}`: used for an order whose number somebody typed |

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::exchange::{Request, Response};
use super::habits::Habit;
use super::moment::{Moment, Zone};
use super::system::{Desk, House, Kind, Rules};
use jobs::{Job, NewJob, Proposal, State};
use recipes::{Recipe, Station};

mod house;
mod jobs;
mod recipes;
mod reports;
mod run;

/// The MES's rules and books.
#[derive(Clone, Debug)]
pub struct Mes {
    name: String,
    sscc_prefix: u32,
    recipes: BTreeMap<String, Recipe>,
    stations: BTreeMap<String, Station>,
    line_stock: recipes::LineStock,
    pace: house::Pace,
    jobs: BTreeMap<String, Job>,
    /// Jobs that still may move, so that a look at the line does not look at history.
    open: BTreeSet<String>,
    keys: BTreeMap<String, String>,
    pallets: u64,
    last_told: BTreeMap<(String, String), Value>,
}

/// A refusal in the MES's words.
struct Fault {
    status: u16,
    code: &'static str,
    detail: String,
}

fn fault(status: u16, code: &'static str, detail: impl Into<String>) -> Fault {
    Fault { status, code, detail: detail.into() }
}

fn read<T: DeserializeOwned>(request: &Request) -> Result<T, Fault> {
    request.read().map_err(|wrong| fault(400, "MALFORMED", wrong))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewProposal {
    proposal: String,
    pieces: u64,
}

impl Mes {
    /// An MES with empty books, of this name, whose people live in this zone.
    pub fn house(name: &str, zone: Zone, seed: u64) -> House<Self> {
        let sscc_prefix = name.bytes().fold(4_012_345_u32, |sum, byte| (sum * 31 + u32::from(byte)) % 10_000_000);
        let rules = Self {
            name: name.to_owned(),
            sscc_prefix,
            recipes: BTreeMap::new(),
            stations: BTreeMap::new(),
            line_stock: recipes::LineStock::default(),
            pace: house::Pace::default(),
            jobs: BTreeMap::new(),
            open: BTreeSet::new(),
            keys: BTreeMap::new(),
            pallets: 0,
            last_told: BTreeMap::new(),
        };
        House::new(rules, zone, seed)
    }

    fn serve(&mut self, desk: &mut Desk, request: &Request) -> Result<Response, Fault> {
        match (request.method.name(), request.segments().as_slice()) {
            ("POST", ["jobs"]) => self.dispatch(desk, request),
            ("GET", ["jobs"]) => Ok(self.list(request)),
            ("GET", ["jobs", number]) => Ok(Response::json(200, &self.job(number)?.view())),
            ("POST", ["jobs", number, "revoke"]) => self.revoke(number),
            ("POST", ["jobs", number, "hold"]) => self.hold_from_outside(desk, number, &read(request)?),
            ("POST", ["jobs", number, "resume"]) => self.resume_from_outside(desk, number),
            ("PUT", ["jobs", number, "notes"]) => self.note(number, read(request)?),
            ("POST", ["jobs", number, "quantity-proposals"]) => self.propose(number, request),
            ("POST", ["jobs", number, "quantity-proposals", key, phase @ ("commit" | "withdraw")]) => {
                self.decide(desk, number, key, *phase == "commit")
            }
            ("GET", ["recipes"]) => Ok(Response::json(200, &json!({ "recipes": self.recipes }))),
            ("GET", ["recipes", part]) => {
                let recipe = self.recipes.get(*part).ok_or_else(|| fault(404, "MISSING_RECIPE", *part))?;
                Ok(Response::json(200, &json!(recipe)))
            }
            ("PUT", ["recipes", part]) => {
                let recipe: Recipe = read(request)?;
                if !recipe.is_sensible() {
                    return Err(fault(400, "MALFORMED", "a recipe has steps, each of at most a day a piece"));
                }
                self.recipes.insert((*part).to_owned(), recipe);
                Ok(Response::empty(204))
            }
            ("DELETE", ["recipes", part]) => {
                self.recipes.remove(*part).ok_or_else(|| fault(404, "MISSING_RECIPE", *part))?;
                Ok(Response::empty(204))
            }
            ("GET", ["stations"]) => Ok(Response::json(200, &json!({ "stations": self.stations }))),
            ("GET", ["stations", name]) => {
                let station = self.stations.get(*name).ok_or_else(|| fault(404, "MISSING_STATION", *name))?;
                Ok(Response::json(200, &json!(station)))
            }
            ("PUT", ["stations", name]) => Ok(self.set_station(desk, name, &read(request)?)),
            _ => Err(fault(404, "NO_SUCH_PATH", request.path.clone())),
        }
    }

    fn job(&self, number: &str) -> Result<&Job, Fault> {
        self.jobs.get(number).ok_or_else(|| fault(404, "UNKNOWN_JOB", number))
    }

    fn dispatch(&mut self, desk: &mut Desk, request: &Request) -> Result<Response, Fault> {
        let sent: NewJob = read(request)?;
        if let Some(known) = self.keys.get(&sent.external_key).and_then(|number| self.jobs.get(number)) {
            if known.sent != sent {
                return Err(fault(409, "KEY_REUSED", format!("{} is job {} with other content", sent.external_key, known.number)));
            }
            return Ok(Response::json(200, &known.verdict()));
        }
        let job = self.take_in(desk, sent);
        let (number, verdict) = (job.number.clone(), job.verdict());
        if job.state == State::Waiting {
            self.open.insert(number);
        }
        Ok(Response::json(201, &verdict))
    }

    fn list(&self, request: &Request) -> Response {
        let wanted = request.query.get("externalKey");
        let fits = |job: &&Job| wanted.is_none_or(|key| *key == job.sent.external_key);
        let jobs: Vec<Value> = self.jobs.values().filter(fits).map(Job::view).collect();
        Response::json(200, &json!({ "jobs": jobs }))
    }

    /// A job may be taken back until it begins, and as often as one likes.
    fn revoke(&mut self, number: &str) -> Result<Response, Fault> {
        let mut job = self.jobs.remove(number).ok_or_else(|| fault(404, "UNKNOWN_JOB", number))?;
        let verdict = match job.state {
            State::Waiting | State::Revoked => {
                job.state = State::Revoked;
                json!({ "job": number, "verdict": "revoked" })
            }
            State::Running | State::Held => json!({ "job": number, "verdict": "refused", "code": "ALREADY_RUNNING" }),
            State::Rejected { .. } | State::Finished | State::Aborted => json!({ "job": number, "verdict": "refused", "code": "ENDED" }),
        };
        self.put_back(job);
        Ok(Response::json(200, &verdict))
    }

    fn propose(&mut self, number: &str, request: &Request) -> Result<Response, Fault> {
        let new: NewProposal = read(request)?;
        let job = self.jobs.get_mut(number).ok_or_else(|| fault(404, "UNKNOWN_JOB", number))?;
        let begun = job.progress.begun();
        let proposal = Proposal { key: new.proposal, pieces: new.pieces };
        let open = job.proposal.as_ref().is_some_and(|open| *open != proposal);
        let over = !matches!(job.state, State::Waiting | State::Running | State::Held);
        let code = if over {
            Some("ENDED")
        } else if open {
            Some("OTHER_PROPOSAL_OPEN")
        } else if proposal.pieces < begun {
            Some("BELOW_BEGUN")
        } else if !(1..=jobs::PIECES_MAX).contains(&proposal.pieces) {
            Some("BAD_QUANTITY")
        } else {
            None
        };
        if let Some(code) = code {
            return Ok(Response::json(200, &json!({ "job": number, "verdict": "refused", "code": code, "begun": begun })));
        }
        job.proposal = Some(proposal);
        Ok(Response::json(200, &json!({ "job": number, "verdict": "agreed", "begun": begun })))
    }

    fn decide(&mut self, desk: &mut Desk, number: &str, key: &str, commit: bool) -> Result<Response, Fault> {
        let mut job = self.jobs.remove(number).ok_or_else(|| fault(404, "UNKNOWN_JOB", number))?;
        let known = job.decided.iter().any(|(proposal, committed)| proposal.key == key && *committed == commit);
        let proposal = job.proposal.take_if(|proposal| proposal.key == key);
        let decided = proposal.is_some();
        if let Some(proposal) = proposal {
            if commit {
                job.pieces = proposal.pieces;
            }
            job.decided.push((proposal, commit));
            job.progress.wait_until(desk.now);
            if job.state == State::Running {
                let now = desk.now;
                self.finish(desk, &mut job, now);
            }
        }
        let pieces = job.pieces;
        self.put_back(job);
        if !known && !decided {
            return Err(fault(404, "UNKNOWN_PROPOSAL", key));
        }
        Ok(Response::json(200, &json!({ "job": number, "pieces": pieces })))
    }

    fn set_station(&mut self, desk: &mut Desk, name: &str, station: &Station) -> Response {
        let before = self.stations.insert(name.to_owned(), station.clone());
        if before.is_none_or(|before| before.state == station.state) {
            return Response::empty(204);
        }
        let now = desk.now;
        for job in self.jobs.values_mut().filter(|job| self.open.contains(&job.number)) {
            job.progress.wait_until(now);
        }
        let at = desk.stamp(now);
        let message = format!("{}-{}", self.name, desk.outbox.number());
        let body =
            json!({ "message": message, "kind": "station.changed", "at": desk.zone.iso(at), "station": name, "state": station.state });
        desk.tell(name, "station.changed", &body);
        Response::empty(204)
    }
}

impl Rules for Mes {
    const KIND: Kind = Kind::Mes;
    const HABITS: &'static [Habit] = &[Habit::RejectJob, Habit::CounterRestart];

    fn answer(&mut self, desk: &mut Desk, request: &Request) -> Response {
        let in_house = request.path.starts_with("/_sim/");
        let answer = if in_house { self.in_house(desk, request) } else { self.serve(desk, request) };
        answer.unwrap_or_else(|fault| Response::json(fault.status, &json!({ "fault": fault.code, "detail": fault.detail })))
    }

    fn tick(&mut self, desk: &mut Desk) -> bool {
        self.run(desk)
    }

    fn due(&self) -> Option<Moment> {
        self.next_due()
    }

    fn books(&self) -> Value {
        let jobs: Vec<Value> = self.jobs.values().map(Job::view).collect();
        json!({ "jobs": jobs, "recipes": self.recipes, "stations": self.stations, "pace": self.pace, "pallets": self.pallets })
    }

    fn locked(status: Option<u16>) -> Response {
        Response::json(status.unwrap_or(423), &json!({ "fault": "LOCKED", "detail": "somebody at the line has the job open" }))
    }
}

#[cfg(test)]
mod tests;
