//! A legacy MES that speaks in files. This page is its interface reference.
//!
//! Apart from the mesh in every respect ([`super`]), and from the other MES ([`super::mes`]): it has three folders and no door.
//!
//! # Speaking with it
//!
//! | folder | who writes | what |
//! |---|---|---|
//! | `in/` | you | order files, `*.csv`. Write under another name, then rename: it takes whatever ends in `.csv`, half or whole |
//! | `archive/` | it | every file that it has taken, under its name |
//! | `out/` | it | for each order file `<name>.ok` or `<name>.err`, and report files `RUECK_000001.csv`; written aside and renamed. What you have taken, you move away |
//!
//! Files are **windows-1252**, fields stand between **semicolons**, decimals have a **comma** (points separate thousands), times are **local and do
//! not say of where**: `25.10.2026 02:30:00` comes twice a year. There is no acknowledgement but those two: `OK;3` says how many rows
//! were taken, `FEHLER;2;MENGE;Menge ungültig: 0` why none was, with the line. **A file is taken whole or not at all.** A file of a name that
//! it knows is not read again: the same content gets its `.ok` or `.err` once more, other content `FEHLER;0;DATEI;…`.
//!
//! Order files have no header; the first field says what a row is:
//!
//! | row | fields |
//! |---|---|
//! | `A` | order: `A;AUFTRAG;TEIL;REZEPT;MENGE;CHARGE;TERMIN` |
//! | `G` | operation of an order above: `G;AUFTRAG;AG;MASCHINE` |
//! | `M` | material of an order above: `M;AUFTRAG;POS;AG;TEIL;MENGE;ME;CHARGE`; more than one row with other lots are used in their order |
//! | `S` | given back: `S;AUFTRAG`, only before it has begun |
//! | `H`, `W` | stop and go on: `H;AUFTRAG;GRUND`, `W;AUFTRAG`; also when it is so already |
//! | `X` | changed: `X;AUFTRAG;MENGE;TERMIN`, not below what was begun |
//!
//! Codes: `FORMAT`, `MENGE`, `REZEPT` (unknown, or another version), `MASCHINE`, `DOPPELT` (the order is known), `UNBEKANNT`, `STATUS`, `DATEI`.
//!
//! # What it reports
//!
//! Report files have a header. Rows are in order, `LFD` counts on over all files and orders; an empty field says nothing:
//!
//! ```text
//! LFD;ZEIT;ART;AUFTRAG;AG;MASCHINE;PERSON;TEIL;CHARGE;MENGE;ME;PALETTE;GRUND
//! 17;24.11.2026 03:12:11;GUT;4711-1;10;PRESS-4;P-117;FG-100;N7-1123;10;ST;;
//! 18;24.11.2026 03:12:11;MAT;4711-1;10;PRESS-4;P-117;STEEL-3;H-5501;3,2;KG;;
//! ```
//!
//! | `ART` | what |
//! |---|---|
//! | `START` | an operation begins |
//! | `GUT`, `AUS` | so many more good pieces, so many more scrapped with `GRUND` |
//! | `MAT` | material used |
//! | `ZEIT` | minutes worked, `ME` is `MIN` |
//! | `PAL` | a pallet is closed: `PALETTE` is its SSCC |
//! | `FERTIG` | an operation has ended: `MENGE` good in all |
//! | `ENDE` | the order has ended |
//! | `HALT`, `WEITER` | stopped at an operation, with `GRUND`, and gone on |
//!
//! # Its habits
//!
//! `lfd_restart`: `LFD` begins at 1 again with the next file, as after a new installation. `file_again`: a report file comes again, with all
//! its rows, under a number of its own.
//!
//! # Its own people
//!
//! | path | body |
//! |---|---|
//! | `PUT /_sim/recipes/{part}` | `{"version":"7","operations":["10","20"]}` |
//! | `PUT /_sim/machines` | `["PRESS-4","WELD-2"]` |
//! | `PUT /_sim/pace` | `{"pieces_per_second":200,"start_after_ms":500,"bundle":10,"scrap_every":50,"pallet":480,"rows_per_file":20}` |
//! | `GET /_sim/orders` | every order with what was counted |
//!
//! Whoever drives it hands each file of `in/` over as `POST /in/{name}`, with its bytes as characters, and lays every message down in `out/`
//! under its topic ([`mod@super::launch`] does).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::agenda::Agenda;
use super::exchange::{Method, Request, Response};
use super::front::{Answered, no_such_path, read, refusal, shown};
use super::habits::Habit;
use super::moment::{Moment, Zone};
use super::system::{Desk, House, Kind, Rules};
use orders::Order;
use reports::Reports;
use rows::Fault;
use run::{Pace, Task};

pub(crate) mod latin;
mod orders;
mod reports;
mod rows;
mod run;

/// The MES's rules and books.
#[derive(Clone, Debug)]
pub struct MesCsv {
    pace: Pace,
    recipes: BTreeMap<String, Recipe>,
    machines: BTreeSet<String>,
    orders: BTreeMap<String, Order>,
    /// Every file that was read: what stood in it, and what was answered.
    files: BTreeMap<String, (String, Verdict)>,
    reports: Reports,
    pallets: u64,
    agenda: Agenda<Task>,
}

/// How a part is made here.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Recipe {
    version: String,
    operations: Vec<String>,
}

/// What was said to a file: taken with so many rows, or why not.
type Verdict = Result<usize, Fault>;

impl MesCsv {
    /// An MES with empty books, whose people live in this zone.
    pub fn house(_name: &str, zone: Zone, seed: u64) -> House<Self> {
        let rules = Self {
            pace: Pace::default(),
            recipes: BTreeMap::new(),
            machines: BTreeSet::new(),
            orders: BTreeMap::new(),
            files: BTreeMap::new(),
            reports: Reports::default(),
            pallets: 0,
            agenda: Agenda::default(),
        };
        House::new(rules, zone, seed)
    }

    fn serve(&mut self, desk: &mut Desk, request: &Request) -> Answered {
        match (request.method, request.segments().as_slice()) {
            (Method::Post, ["in", name]) => Ok(self.take_file(desk, name, &request.body)),
            (Method::Put, ["_sim", "recipes", part]) => {
                let recipe: Recipe = read(request)?;
                if recipe.operations.is_empty() {
                    return Err(refusal(400, "malformed", "a recipe has an operation"));
                }
                self.recipes.insert((*part).to_owned(), recipe);
                Ok(Response::empty(204))
            }
            (Method::Put, ["_sim", "machines"]) => {
                self.machines = read(request)?;
                Ok(Response::empty(204))
            }
            (Method::Put, ["_sim", "pace"]) => {
                self.pace = read::<Pace>(request)?.sane()?;
                Ok(shown(&json!(self.pace)))
            }
            (Method::Get, ["_sim", "orders"]) => Ok(shown(&self.order_views())),
            _ => Err(no_such_path(request)),
        }
    }

    /// Reads a file whole or not at all, and lays its answer down. One that is known is answered as before.
    fn take_file(&mut self, desk: &mut Desk, name: &str, file: &str) -> Response {
        let verdict = match self.files.get(name) {
            Some((before, verdict)) if before == file => verdict.clone(),
            Some(_) => Err(Fault { line: 0, code: "DATEI", text: format!("{name} wurde schon verarbeitet, mit anderem Inhalt") }),
            None => {
                let mut after = self.clone();
                let verdict = after.take_rows(desk.now, &latin::decoded(file));
                if verdict.is_ok() {
                    *self = after;
                }
                self.files.insert(name.to_owned(), (file.to_owned(), verdict.clone()));
                verdict
            }
        };
        let stem = name.strip_suffix(".csv").unwrap_or(name);
        let (ending, answer) = match verdict {
            Ok(rows) => ("ok", format!("OK;{rows}\r\n")),
            Err(fault) => ("err", format!("FEHLER;{};{};{}\r\n", fault.line, fault.code, fault.text)),
        };
        desk.tell("answers", &format!("{stem}.{ending}"), &json!(latin::encoded(&answer)));
        Response::empty(204)
    }

    fn order_views(&self) -> Value {
        json!({ "orders": self.orders.values().map(Order::view).collect::<Vec<_>>() })
    }
}

impl Rules for MesCsv {
    const KIND: Kind = Kind::MesCsv;
    const HABITS: &'static [Habit] = &[Habit::LfdRestart, Habit::FileAgain];

    fn answer(&mut self, desk: &mut Desk, request: &Request) -> Response {
        self.serve(desk, request).unwrap_or_else(|refusal| refusal.response())
    }

    fn tick(&mut self, desk: &mut Desk) -> bool {
        let mut worked = false;
        while let Some((at, task)) = self.agenda.take(desk.now) {
            worked = true;
            self.work(desk, &task, at);
        }
        worked
    }

    fn due(&self) -> Option<Moment> {
        self.agenda.due()
    }

    fn books(&self) -> Value {
        let files: BTreeMap<&String, bool> = self.files.iter().map(|(name, (_, verdict))| (name, verdict.is_ok())).collect();
        super::front::with(self.order_views(), "files", json!(files))
    }

    /// A folder that nobody can read: the file stays where it is.
    fn locked(status: Option<u16>) -> Response {
        super::front::locked(status)
    }
}

#[cfg(test)]
mod tests;
