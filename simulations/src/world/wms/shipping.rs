//! The way to the truck: pick, pack, ask for clearance, load, leave.
//!
//! Apart from what is kept of a delivery because this is what happens to it. It leaves only with the clearance of its last attempt,
//! unblocked, unless a habit or somebody's hand lets it go.

use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::json;

use super::super::exchange::Response;
use super::super::habits::Habit;
use super::super::moment::Moment;
use super::super::system::Desk;
use super::deliveries::{Line, Pick, Stage};
use super::units::Place;
use super::{Refusal, Task, Wms, refusal};

/// Somebody's answer to a request for departure.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Clearance {
    attempt: u32,
    #[serde(rename = "clearance")]
    verdict: Verdict,
    #[serde(default)]
    reasons: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Verdict {
    Granted,
    Refused,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Reason {
    reason: String,
}

impl Wms {
    /// Looks at all open deliveries again: stock came, or a block went.
    pub(super) fn look_again(&mut self, at: Moment) {
        let open = self.deliveries.values().filter(|delivery| delivery.stage == Stage::Picking);
        for number in open.map(|delivery| delivery.number.clone()) {
            self.agenda.note(at.plus_ms(self.pace.pick_ms.into()), Task::Pick(number));
        }
    }

    /// Picks every line for which enough lies free.
    pub(super) fn pick(&mut self, desk: &mut Desk, number: &str, at: Moment) {
        let Some(mut delivery) = self.deliveries.remove(number) else { return };
        if delivery.stage == Stage::Picking && !delivery.packed {
            for line in delivery.lines.iter_mut().filter(|line| !line.picked) {
                let picks = self.gather(line);
                line.picked = !picks.is_empty();
                for pick in &picks {
                    let mut body = pick.view();
                    if let Some(fields) = body.as_object_mut() {
                        fields.insert("delivery".to_owned(), json!(number));
                    }
                    self.tell(desk, number, "picked", at, body);
                }
                delivery.picks.extend(picks);
            }
            if delivery.lines.iter().all(|line| line.picked) {
                delivery.packed = true;
                self.agenda.note(at.plus_ms(self.pace.pack_ms.into()), Task::Pack(number.to_owned()));
            }
        }
        self.deliveries.insert(number.to_owned(), delivery);
    }

    /// Takes the units of a line out of bins, oldest number first; nothing when there is not enough.
    fn gather(&mut self, line: &Line) -> Vec<Pick> {
        let mut missing = line.units;
        let mut picks = Vec::new();
        for unit in self.units.values().filter(|unit| matches!(unit.place, Place::PutAway { .. })) {
            for content in unit.contents.iter().filter(|content| content.item == line.item && content.units > Decimal::ZERO) {
                let units = content.units.min(missing);
                if units > Decimal::ZERO && self.blocks.on(&unit.sscc, content).next().is_none() {
                    missing -= units;
                    let (sscc, item, lot) = (unit.sscc.clone(), content.item.clone(), content.lot.clone());
                    picks.push(Pick { line: line.number.clone(), sscc, item, lot, units });
                }
            }
        }
        if missing > Decimal::ZERO {
            return Vec::new();
        }
        for pick in &picks {
            self.take_out(pick);
        }
        picks
    }

    fn take_out(&mut self, pick: &Pick) {
        let Some(unit) = self.units.get_mut(&pick.sscc) else { return };
        let same = unit.contents.iter_mut().find(|content| content.item == pick.item && content.lot == pick.lot);
        if let Some(content) = same {
            content.units -= pick.units;
        }
        if unit.contents.iter().all(|content| content.units.is_zero()) {
            unit.place = Place::Emptied;
        }
    }

    pub(super) fn pack(&mut self, desk: &mut Desk, number: &str, at: Moment) {
        let Some(delivery) = self.deliveries.get_mut(number).filter(|delivery| delivery.stage == Stage::Picking) else { return };
        delivery.stage = Stage::Packed;
        let body = json!({ "delivery": number, "contents": delivery.contents() });
        self.tell(desk, number, "packed", at, body);
        self.agenda.note(at.plus_ms(self.pace.ask_ms.into()), Task::Ask(number.to_owned()));
    }

    /// Asks whether it may leave; a blocked delivery asks when it is unblocked.
    pub(super) fn ask(&mut self, desk: &mut Desk, number: &str, at: Moment) {
        let ready = |delivery: &&mut super::Delivery| delivery.stage == Stage::Packed && delivery.reasons.is_empty();
        let Some(delivery) = self.deliveries.get_mut(number).filter(ready) else { return };
        delivery.stage = Stage::Asking;
        delivery.attempt += 1;
        let body = json!({ "delivery": number, "attempt": delivery.attempt, "contents": delivery.contents() });
        self.tell(desk, number, "departure.requested", at, body);
        if desk.habits.takes(Habit::DepartsUncleared, number).is_some() {
            self.leave(desk, number, None, at);
        }
    }

    /// Takes the answer to a request for departure.
    pub(super) fn clear(&mut self, desk: &mut Desk, number: &str, clearance: &Clearance) -> Result<Response, Refusal> {
        let delivery = self.deliveries.get_mut(number).ok_or_else(|| refusal(404, "unknown_delivery", number))?;
        let granted = clearance.verdict == Verdict::Granted;
        let repeated = delivery.answered == Some((clearance.attempt, granted));
        if !repeated && delivery.has_left() {
            return Err(refusal(409, "departed", number));
        }
        if !repeated && clearance.attempt != delivery.attempt {
            return Err(refusal(409, "stale_attempt", format!("the last attempt is {}", delivery.attempt)));
        }
        let task = match (delivery.stage, granted) {
            _ if repeated => None,
            (Stage::Asking, true) => {
                delivery.stage = Stage::Cleared;
                Some((self.pace.load_ms, Task::Depart(number.to_owned(), clearance.attempt)))
            }
            (Stage::Asking | Stage::Cleared, false) => {
                delivery.stage = Stage::Packed;
                Some((self.pace.ask_again_ms, Task::Ask(number.to_owned())))
            }
            // It is blocked and would not have left: the refusal says nothing new.
            (Stage::Packed, false) => None,
            (Stage::Picking | Stage::Departed, _) | (Stage::Packed | Stage::Cleared, true) => {
                return Err(refusal(409, "stale_attempt", "this attempt was answered already"));
            }
        };
        delivery.answered = Some((clearance.attempt, granted));
        let answer =
            json!({ "delivery": number, "state": delivery.stage.name(), "attempt": delivery.attempt, "reasons": clearance.reasons });
        if let Some((after_ms, task)) = task {
            self.agenda.note(desk.now.plus_ms(after_ms.into()), task);
        }
        Ok(Response::json(200, &answer))
    }

    /// Leaves, if the clearance still stands.
    pub(super) fn depart(&mut self, desk: &mut Desk, number: &str, attempt: u32, at: Moment) {
        let cleared = |delivery: &super::Delivery| delivery.stage == Stage::Cleared && delivery.attempt == attempt;
        if self.deliveries.get(number).is_some_and(cleared) {
            self.leave(desk, number, Some(attempt), at);
        }
    }

    /// The truck is gone.
    pub(super) fn leave(&mut self, desk: &mut Desk, number: &str, attempt: Option<u32>, at: Moment) {
        let Some(delivery) = self.deliveries.get_mut(number).filter(|delivery| !delivery.has_left()) else { return };
        delivery.stage = Stage::Departed;
        let body = json!({ "delivery": number, "attempt": attempt, "contents": delivery.contents() });
        self.tell(desk, number, "departed", at, body);
    }

    /// Blocks a delivery; one that was cleared has to ask again.
    pub(super) fn block_delivery(&mut self, number: &str, reason: Reason) -> Result<Response, Refusal> {
        let delivery = self.deliveries.get_mut(number).ok_or_else(|| refusal(404, "unknown_delivery", number))?;
        if delivery.has_left() {
            return Err(refusal(409, "departed", number));
        }
        delivery.reasons.insert(reason.reason);
        if matches!(delivery.stage, Stage::Asking | Stage::Cleared) {
            delivery.stage = Stage::Packed;
        }
        Ok(Response::json(200, &delivery.view()))
    }

    pub(super) fn unblock_delivery(&mut self, desk: &mut Desk, number: &str, reason: &Reason) -> Result<Response, Refusal> {
        let delivery = self.deliveries.get_mut(number).ok_or_else(|| refusal(404, "unknown_delivery", number))?;
        let gone = delivery.reasons.remove(&reason.reason);
        if gone && delivery.stage == Stage::Packed {
            self.agenda.note(desk.now.plus_ms(self.pace.ask_ms.into()), Task::Ask(number.to_owned()));
        }
        Ok(Response::json(200, &delivery.view()))
    }
}
