//! Nonconformances, holds that others told of, and what is decided about them.
//!
//! Apart from the laboratory because here people decide. Each case is decided once.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::super::exchange::Response;
use super::super::moment::Moment;
use super::super::system::Desk;
use super::plan::{Decide, Share, cut};
use super::{Qms, Refusal, Task, refusal};

/// A case as it is raised, or told of by a hold.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewCase {
    #[serde(default)]
    reference: String,
    material: String,
    lot: String,
    #[serde(default)]
    plant: String,
    #[serde(default)]
    pallets: Vec<String>,
    quantity: Decimal,
    unit: String,
    reason: String,
    #[serde(default)]
    severity: String,
    /// For a hold: the nonconformance of this house that it follows.
    #[serde(default)]
    nonconformance: Option<String>,
    /// For a planned case: what will be decided.
    #[serde(default, skip_serializing)]
    decisions: Option<Vec<Share>>,
}

impl NewCase {
    /// A case that the laboratory found.
    pub(super) fn found(material: String, lot: String, plant: String, quantity: Decimal, unit: String, reason: String) -> Self {
        let (reference, pallets, nonconformance, decisions) = (String::new(), Vec::new(), None, None);
        let severity = "major".to_owned();
        Self { reference, material, lot, plant, pallets, quantity, unit, reason, severity, nonconformance, decisions }
    }

    fn view(&self) -> Value {
        json!({ "reference": self.reference, "material": self.material, "lot": self.lot, "plant": self.plant, "pallets": self.pallets,
                "quantity": self.quantity.normalize().to_string(), "unit": self.unit, "reason": self.reason, "severity": self.severity })
    }
}

/// A case: `NC-…` when it was raised here, `QR-…` when a hold of others opened it.
#[derive(Clone, Debug)]
pub(super) struct Case {
    number: String,
    raised: NewCase,
    disposition: Option<String>,
}

impl Case {
    pub(super) fn view(&self) -> Value {
        with(self.raised.view(), &[("nonconformance", json!(self.number)), ("disposition", json!(self.disposition))])
    }
}

/// A hold that somebody told of.
#[derive(Clone, Debug)]
pub(super) struct Hold {
    record: String,
    told: NewCase,
}

impl Hold {
    pub(super) fn view(&self) -> Value {
        with(self.told.view(), &[("record", json!(self.record)), ("nonconformance", json!(self.told.nonconformance))])
    }
}

fn with(mut view: Value, more: &[(&str, Value)]) -> Value {
    if let Some(fields) = view.as_object_mut() {
        fields.extend(more.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    }
    view
}

impl Qms {
    /// Raises a nonconformance and tells of it.
    pub(super) fn raise(&mut self, desk: &mut Desk, at: Moment, case: NewCase) -> String {
        let number = format!("NC-{:06}", self.cases.len() + 1);
        let body = with(case.view(), &[("nonconformance", json!(number))]);
        self.tell(desk, &case.lot, "nonconformance.raised", at, body);
        self.open(at, number.clone(), case);
        number
    }

    fn open(&mut self, at: Moment, number: String, raised: NewCase) {
        self.agenda.note(at.plus_ms(self.plan.decide_after_ms.into()), Task::Decide(number.clone()));
        self.cases.insert(number.clone(), Case { number, raised, disposition: None });
    }

    /// Somebody holds stock: it is put on record, and becomes a case unless it follows one.
    pub(super) fn note_hold(&mut self, desk: &mut Desk, told: NewCase) -> Result<Response, Refusal> {
        if told.reference.is_empty() {
            return Err(refusal(400, "malformed", "a hold needs a reference"));
        }
        if let Some(known) = self.holds.values().find(|known| known.told.reference == told.reference) {
            if known.told.view() != told.view() || known.told.nonconformance != told.nonconformance {
                return Err(refusal(409, "reference_reused", known.record.clone()));
            }
            return Ok(Response::json(200, &known.view()));
        }
        let record = format!("QR-{:06}", self.holds.len() + 1);
        if !told.nonconformance.as_ref().is_some_and(|number| self.cases.contains_key(number)) {
            self.open(desk.now, record.clone(), told.clone());
        }
        let hold = Hold { record: record.clone(), told };
        let view = hold.view();
        self.holds.insert(record, hold);
        Ok(Response::json(201, &view))
    }

    /// The plan's decision, unless somebody was faster.
    pub(super) fn decide_by_plan(&mut self, desk: &mut Desk, number: &str, at: Moment) {
        let Some(case) = self.cases.get(number).filter(|case| case.disposition.is_none()) else { return };
        let shares = case.raised.decisions.clone().unwrap_or_else(|| self.plan.decisions.clone());
        self.decide(desk, number, at, &shares, "quality board");
    }

    pub(super) fn decide_by_hand(&mut self, desk: &mut Desk, decide: &Decide) -> Result<Response, Refusal> {
        let case = self.cases.get(&decide.case).ok_or_else(|| refusal(404, "unknown", decide.case.clone()))?;
        if let Some(disposition) = &case.disposition {
            return Err(refusal(409, "already_decided", disposition.clone()));
        }
        let now = desk.now;
        self.decide(desk, &decide.case, now, &decide.decisions, &decide.decided_by);
        let view = self.cases.get(&decide.case).map(Case::view);
        Ok(Response::json(200, &json!(view)))
    }

    fn decide(&mut self, desk: &mut Desk, number: &str, at: Moment, shares: &[Share], by: &str) {
        let disposition = format!("D-{:06}", self.dispositions.len() + 1);
        let Some(case) = self.cases.get_mut(number) else { return };
        case.disposition = Some(disposition.clone());
        let raised = case.raised.clone();
        let kind = if number.starts_with("NC-") { "nonconformance" } else { "record" };
        let body = json!({
            "disposition": disposition, kind: number, "reference": raised.reference, "material": raised.material, "lot": raised.lot,
            "pallets": raised.pallets, "decisions": cut(shares, raised.quantity, &raised.unit), "decided_by": by,
        });
        self.dispositions.insert(disposition, body.clone());
        self.tell(desk, &raised.lot, "disposition.decided", at, body);
    }
}
