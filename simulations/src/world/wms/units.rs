//! Handling units: announced, received as counted, put away, and what lies in them.
//!
//! Apart from deliveries because goods come before anybody wants them. Never corrects a count to what was announced.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::super::exchange::Response;
use super::super::habits::Habit;
use super::super::moment::Moment;
use super::super::system::Desk;
use super::{Refusal, Task, Wms, refusal};

/// How long things take here, in milliseconds.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(clippy::struct_field_names, reason = "the unit is part of what people set")]
pub(super) struct Pace {
    pub(super) receive_ms: u32,
    pub(super) put_away_ms: u32,
    pub(super) pick_ms: u32,
    pub(super) pack_ms: u32,
    pub(super) ask_ms: u32,
    pub(super) load_ms: u32,
    pub(super) ask_again_ms: u32,
}

impl Default for Pace {
    fn default() -> Self {
        Self { receive_ms: 500, put_away_ms: 500, pick_ms: 500, pack_ms: 800, ask_ms: 200, load_ms: 500, ask_again_ms: 2_000 }
    }
}

/// Units of an item of one lot in a handling unit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Content {
    pub(super) item: String,
    #[serde(default)]
    pub(super) lot: Option<String>,
    pub(super) units: Decimal,
}

impl Content {
    pub(super) fn view(&self) -> Value {
        json!({ "item": self.item, "lot": self.lot, "units": self.units.normalize().to_string() })
    }
}

/// An announcement.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Notice {
    #[serde(rename = "notice_ref")]
    reference: String,
    sscc: String,
    contents: Vec<Content>,
}

/// Where a handling unit is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Announced,
    Received {
        dock: String,
    },
    PutAway {
        bin: String,
    },
    /// All that was in it is picked for deliveries.
    Emptied,
}

/// One handling unit.
#[derive(Clone, Debug)]
pub(super) struct Unit {
    pub(super) sscc: String,
    number: String,
    notice: Notice,
    pub(super) contents: Vec<Content>,
    pub(super) place: Place,
}

impl Unit {
    fn contents_view(&self) -> Vec<Value> {
        self.contents.iter().map(Content::view).collect()
    }
}

/// No content is larger than this; it keeps sums far from the end of the decimals.
const UNITS_MAX: u64 = 1_000_000_000_000;

impl Wms {
    pub(super) fn unit(&self, sscc: &str) -> Result<&Unit, Refusal> {
        self.units.get(sscc).ok_or_else(|| refusal(404, "unknown_handling_unit", sscc))
    }

    pub(super) fn unit_view(&self, unit: &Unit) -> Value {
        let (state, place) = match &unit.place {
            Place::Announced => ("announced", None),
            Place::Received { dock } => ("received", Some(dock)),
            Place::PutAway { bin } => ("put_away", Some(bin)),
            Place::Emptied if self.has_left(&unit.sscc) => ("shipped", None),
            Place::Emptied => ("picked", None),
        };
        let blocks: Vec<&str> = unit.contents.iter().flat_map(|content| self.blocks.on(&unit.sscc, content)).collect();
        json!({ "sscc": unit.sscc, "notice": unit.number, "notice_ref": unit.notice.reference, "state": state, "bin": place,
                "contents": unit.contents_view(), "picked": self.picked_from(&unit.sscc), "blocks": blocks })
    }

    /// Takes an announcement in.
    pub(super) fn announce(&mut self, desk: &mut Desk, notice: Notice) -> Result<Response, Refusal> {
        let sane = |content: &Content| content.units > Decimal::ZERO && content.units <= Decimal::from(UNITS_MAX);
        if notice.sscc.is_empty() || notice.contents.is_empty() || !notice.contents.iter().all(sane) {
            return Err(refusal(400, "malformed", "an sscc and contents of more than zero units are needed"));
        }
        let answer = |unit: &Unit| json!({ "notice": unit.number, "sscc": unit.sscc });
        if let Some(known) = self.units.values().find(|unit| unit.notice.reference == notice.reference || unit.sscc == notice.sscc) {
            if known.notice == notice {
                return Ok(Response::json(200, &answer(known)));
            }
            let error = if known.notice.reference == notice.reference { "reference_reused" } else { "known_handling_unit" };
            return Err(refusal(409, error, known.number.clone()));
        }
        let number = format!("IN-{:06}", self.units.len() + 1);
        self.agenda.note(desk.now.plus_ms(self.pace.receive_ms.into()), Task::Receive(notice.sscc.clone()));
        let (sscc, contents) = (notice.sscc.clone(), notice.contents.clone());
        let unit = Unit { sscc: sscc.clone(), number, notice, contents, place: Place::Announced };
        let response = Response::json(201, &answer(&unit));
        self.units.insert(sscc, unit);
        Ok(response)
    }

    /// The truck is at the dock and somebody counts.
    pub(super) fn receive(&mut self, desk: &mut Desk, sscc: &str, at: Moment) {
        let Some(unit) = self.units.get_mut(sscc) else { return };
        let dock = format!("DOCK-{}", 1 + unit.number.len() % 3);
        unit.place = Place::Received { dock: dock.clone() };
        if let Some(dose) = desk.habits.takes(Habit::ReceivedDiffers, sscc) {
            let by = Decimal::from(dose.amount.unwrap_or(-1));
            change(unit, by);
        }
        let body = json!({ "sscc": sscc, "notice_ref": unit.notice.reference, "dock": dock, "contents": unit.contents_view() });
        self.tell(desk, sscc, "handling_unit.received", at, body);
        self.agenda.note(at.plus_ms(self.pace.put_away_ms.into()), Task::PutAway(sscc.to_owned()));
    }

    pub(super) fn put_away(&mut self, desk: &mut Desk, sscc: &str, at: Moment) {
        self.bins += 1;
        let bin = format!("A-{:02}-{}", self.bins / 4 % 100, 1 + self.bins % 4);
        let Some(unit) = self.units.get_mut(sscc) else { return };
        unit.place = Place::PutAway { bin: bin.clone() };
        let body = json!({ "sscc": sscc, "bin": bin, "contents": unit.contents_view() });
        self.tell(desk, sscc, "handling_unit.put_away", at, body);
        self.look_again(at);
    }

    /// Somebody counts once more and changes the books.
    pub(super) fn adjust(&mut self, desk: &mut Desk, sscc: &str, by: Decimal, person: &str) -> Result<Response, Refusal> {
        let unit = self.units.get_mut(sscc).ok_or_else(|| refusal(404, "unknown_handling_unit", sscc))?;
        change(unit, by.clamp(-Decimal::from(UNITS_MAX), Decimal::from(UNITS_MAX)));
        let body = json!({ "sscc": sscc, "contents": unit.contents_view(), "person": person });
        let now = desk.now;
        desk.habits.count("adjusted_by_hand");
        self.tell(desk, sscc, "stock.adjusted", now, body);
        Ok(Response::json(200, &self.unit_view(self.unit(sscc)?)))
    }
}

/// Changes what was counted of the first content, never below nothing.
fn change(unit: &mut Unit, by: Decimal) {
    if let Some(content) = unit.contents.first_mut() {
        content.units = (content.units + by).clamp(Decimal::ZERO, Decimal::from(UNITS_MAX));
    }
}
