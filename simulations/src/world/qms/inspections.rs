//! The laboratory: inspections that somebody asked for, and their results after a while.
//!
//! Apart from cases because a laboratory reports numbers and decides nothing.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::super::exchange::Response;
use super::super::moment::Moment;
use super::super::system::Desk;
use super::cases::NewCase;
use super::{Qms, Refusal, Task, refusal};

/// An inspection as it is asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewInspection {
    reference: String,
    material: String,
    lot: String,
    #[serde(default)]
    plant: String,
    #[serde(default)]
    quantity: Decimal,
    #[serde(default)]
    unit: String,
    #[serde(default)]
    characteristics: Vec<Characteristic>,
}

/// What is measured, and between which limits it must lie.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Characteristic {
    name: String,
    low: Decimal,
    high: Decimal,
}

/// One inspection; without a verdict it is open.
#[derive(Clone, Debug)]
pub(super) struct Inspection {
    number: String,
    asked: NewInspection,
    /// When its result is promised for.
    due: String,
    passed: Option<bool>,
}

impl Inspection {
    /// The inspection with its state.
    pub(super) fn view(&self) -> Value {
        let state = match self.passed {
            None => "open",
            Some(true) => "passed",
            Some(false) => "failed",
        };
        json!({ "inspection": self.number, "state": state, "reference": self.asked.reference,
                "material": self.asked.material, "lot": self.asked.lot, "due": self.due })
    }
}

impl Qms {
    pub(super) fn ask(&mut self, desk: &mut Desk, asked: NewInspection) -> Result<Response, Refusal> {
        if let Some(known) = self.inspections.values().find(|known| known.asked.reference == asked.reference) {
            if known.asked != asked {
                return Err(refusal(409, "reference_reused", known.number.clone()));
            }
            return Ok(Response::json(200, &known.view()));
        }
        let number = format!("IL-{:06}", self.inspections.len() + 1);
        let due = desk.now.plus_ms(self.plan.result_after_ms.into());
        self.agenda.note(due, Task::Test(number.clone()));
        let inspection = Inspection { number: number.clone(), asked, due: desk.zone.iso(due), passed: None };
        let view = inspection.view();
        self.inspections.insert(number, inspection);
        Ok(Response::json(201, &view))
    }

    /// The result comes in; a failed one raises a nonconformance.
    pub(super) fn test(&mut self, desk: &mut Desk, number: &str, at: Moment) {
        let tested = self.inspections.values().filter(|one| one.passed.is_some()).count() + 1;
        let passed = self.plan.fail_every == 0 || tested % self.plan.fail_every != 0;
        let Some(inspection) = self.inspections.get_mut(number) else { return };
        inspection.passed = Some(passed);
        let asked = inspection.asked.clone();
        let values: Vec<Value> = asked.characteristics.iter().map(|one| one.measured(passed)).collect();
        let body = json!({ "inspection": number, "reference": asked.reference, "material": asked.material, "lot": asked.lot,
                           "verdict": if passed { "pass" } else { "fail" }, "values": values });
        self.tell(desk, &asked.lot, "result.reported", at, body);
        if !passed {
            let reason = format!("failed inspection {number}");
            let case = NewCase::found(asked.material, asked.lot, asked.plant, asked.quantity, asked.unit, reason);
            self.raise(desk, at, case);
        }
    }
}

impl Characteristic {
    /// In the middle of the limits, or as far above them as they are apart.
    fn measured(&self, passed: bool) -> Value {
        let value = if passed {
            self.low.saturating_add(self.high) / Decimal::TWO
        } else {
            self.high.saturating_add(self.high).saturating_sub(self.low)
        };
        let text = |value: Decimal| value.normalize().to_string();
        json!({ "name": self.name, "value": text(value), "low": text(self.low), "high": text(self.high) })
    }
}
