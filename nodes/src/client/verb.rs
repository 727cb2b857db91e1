//! Sends what people ask to be done to an order, a shipment or a hold, and prints what came of it.

use serde_json::{Map, Value, json};

use super::desk::{fresh, lot_of};
use super::words::{Decide, OfHold, OrderVerb, ShipmentVerb, Why};
use super::{Client, Trouble};
use crate::screens;

impl Client {
    pub(super) async fn order_verb(&self, verb: &OrderVerb) -> Result<(), Trouble> {
        let (of, path, body) = match verb {
            OrderVerb::ChangeQuantity { of, total } => (of, "quantity-changes", json!({ "total": total })),
            OrderVerb::Reschedule { of, start, end } => (of, "reschedules", json!({ "start": start, "end": end })),
            OrderVerb::Split { of, total, reference, plant, start, end } => {
                let part = json!({ "total": total, "reference": reference, "plant": plant, "start": start, "end": end });
                (of, "splits", part)
            }
            OrderVerb::ReplaceComponent { of, item, material } => {
                (of, "component-replacements", json!({ "item": item, "material": material }))
            }
            OrderVerb::ChangeRecipe { of, version } => (of, "recipe-changes", json!({ "version": version })),
            OrderVerb::Hold(of) => (of, "holds", json!({})),
            OrderVerb::Resume(of) => (of, "resumptions", json!({})),
            OrderVerb::Revoke(of) => (of, "revocations", json!({})),
            OrderVerb::Redispatch(of) => (of, "redispatches", json!({})),
            OrderVerb::Cancel(of) => (of, "cancellations", json!({})),
            OrderVerb::Complete { of, force } => (of, "technical-completions", json!({ "force": force })),
            OrderVerb::Reopen(of) => (of, "reopenings", json!({})),
            OrderVerb::Close(of) => (of, "closings", json!({})),
            OrderVerb::Reverse { of, posting } => (of, "reversals", json!({ "posting": posting })),
        };
        self.wish(&["orders", &of.order, path], &of.why, body).await
    }

    pub(super) async fn shipment_verb(&self, verb: &ShipmentVerb) -> Result<(), Trouble> {
        let (of, path) = match verb {
            ShipmentVerb::Block(of) => (of, "blocks"),
            ShipmentVerb::Release(of) => (of, "releases"),
        };
        self.wish(&["shipments", &of.shipment, path], &of.why, json!({ "gate": of.gate })).await
    }

    /// A decision about what a hold keeps.
    pub(super) async fn decide(&self, decide: &Decide) -> Result<(), Trouble> {
        let mut body = hold(&decide.of)?;
        let decision = json!({ "verdict": decide.verdict, "quantity": decide.quantity, "unit": decide.unit });
        body.extend([("decisions".to_owned(), json!([decision])), ("last".to_owned(), json!(decide.last))]);
        self.wish(&["quality-dispositions"], &decide.of.why, Value::Object(body)).await
    }

    /// Everything that a hold keeps is accepted.
    pub(super) async fn free(&self, of: &OfHold) -> Result<(), Trouble> {
        self.wish(&["quality-hold-releases"], &of.why, Value::Object(hold(of)?)).await
    }

    async fn wish(&self, path: &[&str], why: &Why, mut body: Value) -> Result<(), Trouble> {
        if let Some(fields) = body.as_object_mut() {
            fields.retain(|_, value| !value.is_null());
            fields.extend(why.reason.as_ref().map(|reason| ("reason".to_owned(), json!(reason))));
        }
        let key = why.key.clone().unwrap_or_else(|| fresh("cli", path.last().copied().unwrap_or_default()));
        let answer = self.post(path, &key, &body).await?;
        self.print(&answer, |answer, _| screens::outcome(answer)).await
    }
}

/// A hold, in the fields of the API.
fn hold(of: &OfHold) -> Result<Map<String, Value>, Trouble> {
    let (material, lot, plant) = lot_of(&of.lot)?;
    let fields = [("hold", of.number.as_str()), ("plant", plant), ("material", material), ("lot", lot)];
    Ok(fields.into_iter().map(|(field, value)| (field.to_owned(), json!(value))).collect())
}
