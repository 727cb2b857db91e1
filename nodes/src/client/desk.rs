//! The command line of the desk: what is open, what an action would do, and doing it. Knows paths and bodies, and decides
//! nothing.

use std::path::Path;

use reqwest::Method;
use serde_json::{Value, json};

use super::words::{Act, Correction, Deed, Desk, ExceptionQuestion, Hold, HoldQuestion};
use super::{Client, Trouble, moment, told};
use crate::screens;

/// Whether something is done, or only looked at before.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Preview,
    Do,
}

impl Client {
    pub(super) async fn exceptions(&self, question: &ExceptionQuestion) -> Result<(), Trouble> {
        match question {
            ExceptionQuestion::List(desk) => self.desk(desk).await,
            ExceptionQuestion::Show { id, then } if is_group(id) => {
                self.show_at(&["exception-groups", id], then.at.as_deref(), screens::exception_group).await
            }
            ExceptionQuestion::Show { id, then } => self.show_then(&["exceptions", id], then, screens::exception).await,
            ExceptionQuestion::Runbook { kind } => self.show(&["runbooks", &kind.replace('-', "_")], screens::runbook).await,
            ExceptionQuestion::Preview { deed } => self.deed(deed, Way::Preview).await,
            ExceptionQuestion::Do(deed) => self.deed(deed, Way::Do).await,
            ExceptionQuestion::RetryDeadLetter { id } => {
                let url = self.url(&["dead-letters", id, "retry"])?;
                let answer = told(self.http.request(Method::POST, url).bearer_auth(&self.reach.token)).await?;
                self.print(&answer, |answer, _| screens::revived(answer)).await
            }
        }
    }

    async fn desk(&self, desk: &Desk) -> Result<(), Trouble> {
        let mut query: Vec<(&str, &str)> = Vec::new();
        query.extend(desk.owner.as_deref().map(|owner| ("owner", owner)));
        query.extend(desk.site.as_deref().map(|site| ("site", site)));
        query.extend(desk.at.as_deref().map(|at| ("at", at)));
        if desk.snoozed {
            query.push(("snoozed", "true"));
        }
        let list = if desk.each { "exceptions" } else { "exception-groups" };
        let mut all = self.all(&[list], &query).await?;
        let dead = self.read(&["dead-letters"], &[]).await?;
        if let Some(fields) = all.as_object_mut() {
            fields.insert("dead_letters".to_owned(), dead.get("rows").cloned().unwrap_or_default());
        }
        self.print(&all, screens::exceptions).await
    }

    async fn deed(&self, deed: &Deed, way: Way) -> Result<(), Trouble> {
        let (act, action, mut body) = match deed {
            Deed::Retry(act) => (act, "retry", json!({})),
            Deed::Adopt { act, document } => (act, "adopt", json!({ "document": document })),
            Deed::WriteOff(act) => (act, "write_off", json!({})),
            Deed::Match { act, entity } => (act, "match", json!({ "entity": entity })),
            Deed::Edit { act, input: Some(file), .. } => (act, "edit", json!({ "input": text_of(file)? })),
            Deed::Edit { act, payload: Some(file), .. } => (act, "edit", json!({ "payload": text_of(file)? })),
            Deed::Edit { act, .. } => (act, "edit", json!({})),
            Deed::HandTo { act, role } => (act, "hand_to", json!({ "role": role })),
            Deed::Snooze { act, until } => (act, "snooze", json!({ "until": until })),
            Deed::Ack(act) => (act, "acknowledge", json!({})),
        };
        if let Some(fields) = body.as_object_mut() {
            fields.insert("action".to_owned(), json!(action));
            fields.extend(act.reason.as_ref().map(|reason| ("reason".to_owned(), json!(reason))));
        }
        let (group, id) = named(act);
        let key = act.key.clone().unwrap_or_else(|| fresh(id, action));
        let list = if group { "exception-groups" } else { "exceptions" };
        match (way, group) {
            (Way::Do, false) => {
                let answer = self.post(&[list, id, "actions"], &key, &body).await?;
                self.print(&answer, |answer, _| screens::outcome(answer)).await
            }
            (Way::Do, true) => {
                let answer = self.post(&[list, id, "actions"], &key, &body).await?;
                self.print(&answer, |answer, _| screens::group_outcome(answer)).await
            }
            (Way::Preview, false) => {
                let answer = self.post(&[list, id, "actions", "preview"], &key, &body).await?;
                self.print(&answer, screens::preview).await
            }
            (Way::Preview, true) => {
                let answer = self.post(&[list, id, "actions", "preview"], &key, &body).await?;
                self.print(&answer, screens::group_preview).await
            }
        }
    }

    pub(super) async fn hold(&self, question: &HoldQuestion) -> Result<(), Trouble> {
        let (hold, way) = match question {
            HoldQuestion::Preview(hold) => (hold, Way::Preview),
            HoldQuestion::Place(hold) => (hold, Way::Do),
            HoldQuestion::Decide(decide) => return self.decide(decide).await,
            HoldQuestion::Release(of) => return self.free(of).await,
        };
        let body = body_of(hold)?;
        let key = hold.key.clone().unwrap_or_else(|| fresh(&hold.number, "hold"));
        match way {
            Way::Preview => {
                let answer = self.post(&["quality-holds", "preview"], &key, &body).await?;
                self.print(&answer, screens::preview).await
            }
            Way::Do => {
                let answer = self.post(&["quality-holds"], &key, &body).await?;
                self.print(&answer, |answer, _| screens::outcome(answer)).await
            }
        }
    }

    /// Corrects a count of an order, at the plant that runs it.
    pub(super) async fn correct(&self, wish: &Correction) -> Result<(), Trouble> {
        let seen = self.read(&["orders", &wish.order], &[]).await?;
        let field = |path: &str| seen.pointer(path).and_then(Value::as_str).unwrap_or_default();
        let body = json!({
            "plant": field("/row/plant"), "order": field("/id"), "operation": wish.operation, "use": wish.purpose,
            "difference": wish.difference, "reason": wish.reason, "corrects": wish.corrects,
        });
        let key = wish.key.clone().unwrap_or_else(|| fresh("count", &wish.operation));
        if wish.preview {
            let answer = self.post(&["count-corrections", "preview"], &key, &body).await?;
            return self.print(&answer, screens::preview).await;
        }
        let answer = self.post(&["count-corrections"], &key, &body).await?;
        self.print(&answer, |answer, _| screens::outcome(answer)).await
    }

    /// Sends a request under a key; where nobody answered, the key is what a person needs.
    pub(super) async fn post(&self, parts: &[&str], key: &str, body: &Value) -> Result<Value, Trouble> {
        let request = self.http.request(Method::POST, self.url(parts)?).bearer_auth(&self.reach.token);
        told(request.header("idempotency-key", key).json(body)).await.map_err(|trouble| match trouble {
            Trouble::Unreached(why) => {
                Trouble::Unreached(format!("{why}; whether it was done is not known: send it again with --key {key}"))
            }
            Trouble::Told(told) => Trouble::Told(told),
        })
    }
}

fn is_group(id: &str) -> bool {
    id.starts_with("G-")
}

/// Whether all of a cause are meant, and which.
fn named(act: &Act) -> (bool, &str) {
    let one = act.id.as_deref().unwrap_or_default();
    act.group.as_deref().map_or((is_group(one), one), |group| (true, group))
}

pub(super) fn fresh(about: &str, action: &str) -> String {
    format!("{about}-{action}-{}", std::process::id()) + &moment()
}

fn text_of(file: &Path) -> Result<String, Trouble> {
    std::fs::read_to_string(file).map_err(|error| {
        let message = format!("{} cannot be read: {error}", file.display());
        Trouble::Told(json!({ "code": "SCHEMA", "message": message, "remedy": "name a file of text that is there" }))
    })
}

fn body_of(hold: &Hold) -> Result<Value, Trouble> {
    let (material, lot, plant) = lot_of(&hold.lot)?;
    Ok(json!({
        "hold": hold.number, "plant": plant, "material": material, "lot": lot, "units": hold.units, "reason": hold.reason,
    }))
}

/// A lot as people name it: its material, its number, its plant.
pub(super) fn lot_of(text: &str) -> Result<(&str, &str, &str), Trouble> {
    let parts = text.rsplit_once('@').and_then(|(lot, plant)| Some((lot.split_once('/')?, plant)));
    parts.map(|((material, lot), plant)| (material, lot, plant)).ok_or_else(|| {
        let message = format!("`{text}` names no lot of a plant");
        Trouble::Told(json!({ "code": "SCHEMA", "message": message, "remedy": "name it as material/lot@plant" }))
    })
}
