//! Questions about one order that lead down to what was sent: its timeline, its postings, its raw messages, its ledger as a file.

use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use takt_protocol::envelope::RawRef;

use super::words::{OrderQuestion, Stretch, Then};
use super::{Client, Trouble};
use crate::screens::{self, Zones};

/// What a step says of the message that it came by.
const OF_A_MESSAGE: [&str; 6] = ["commit", "at", "source", "key", "raw", "mapping"];

impl Client {
    pub(super) async fn order(&self, question: &OrderQuestion) -> Result<(), Trouble> {
        match question {
            OrderQuestion::List(wanted) => {
                let mut query: Vec<(&str, &str)> = Vec::new();
                query.extend(wanted.plant.as_deref().map(|plant| ("plant", plant)));
                query.extend(wanted.at.as_deref().map(|at| ("at", at)));
                for (field, set) in [("open", wanted.open), ("late", wanted.late), ("unacknowledged", wanted.unacked)] {
                    query.extend(set.then_some((field, "true")));
                }
                let all = self.all(&["orders"], &query).await?;
                self.print(&all, screens::orders).await
            }
            OrderQuestion::Show { order, then } => self.show_then(&["orders", order], then, screens::order).await,
            OrderQuestion::Correct(wish) => self.correct(wish).await,
            OrderQuestion::Verb(verb) => self.order_verb(verb).await,
            OrderQuestion::Watch { order } => self.watch(order).await,
            OrderQuestion::Timeline { order, stretch } => self.steps(&["orders", order], stretch, screens::timeline).await,
            OrderQuestion::Raw { order, stretch } => self.raws(&["orders", order], stretch).await,
            OrderQuestion::Postings { order, raw, then } => {
                let mut query: Vec<(&str, &str)> = raw.iter().map(|raw| ("raw", raw.as_str())).collect();
                query.extend(then.at.as_deref().map(|at| ("at", at)));
                let found = self.read(&["orders", order, "postings"], &query).await?;
                self.print(&found, |found, zones| format!("{}{}", screens::then(found, zones), screens::postings(found, zones))).await
            }
            OrderQuestion::Genealogy { order, then } => self.show_then(&["orders", order, "genealogy"], then, screens::genealogy).await,
        }
    }

    /// The steps of a thing, by the clock of where it is.
    pub(super) async fn steps(
        &self,
        thing: &[&str],
        stretch: &Stretch,
        screen: impl Fn(&Value, &str, &Zones) -> String,
    ) -> Result<(), Trouble> {
        let found = self.stretch(&[thing, &["timeline"]].concat(), stretch, &["steps"]).await?;
        self.there(thing, &found, screen).await
    }

    /// The raw messages among the steps of a thing, and nothing else of these.
    async fn raws(&self, thing: &[&str], stretch: &Stretch) -> Result<(), Trouble> {
        let mut found = self.stretch(&[thing, &["timeline"]].concat(), stretch, &["steps"]).await?;
        if let Some(steps) = found.get_mut("steps").and_then(Value::as_array_mut) {
            steps.retain(|step| step.get("raw").is_some());
            steps
                .iter_mut()
                .filter_map(Value::as_object_mut)
                .for_each(|step| step.retain(|field, _| OF_A_MESSAGE.contains(&field.as_str())));
        }
        self.there(thing, &found, screens::raws).await
    }

    /// Prints what was told of a thing, by the clock of where it is.
    async fn there(&self, thing: &[&str], found: &Value, screen: impl Fn(&Value, &str, &Zones) -> String) -> Result<(), Trouble> {
        let seen = self.read(thing, &[]).await?;
        let where_it_is = ["/row/plant", "/plant", "/warehouse", "/from", "/name"];
        let site = where_it_is.iter().find_map(|path| seen.pointer(path)?.as_str()).unwrap_or_default().to_owned();
        self.print(found, |found, zones| screen(found, &site, zones)).await
    }

    /// A raw message: as it came, or readable when it is JSON.
    pub(super) async fn raw(&self, hash: &str) -> Result<(), Trouble> {
        let bytes = self.bytes(&["raw", hash], &[]).await?;
        let json = serde_json::from_slice::<Value>(&bytes).ok().and_then(|json| serde_json::to_string_pretty(&json).ok());
        screens::print(&json.unwrap_or_else(|| String::from_utf8_lossy(&bytes).into_owned()));
        Ok(())
    }

    /// The ledger as a file, and the hash of the file.
    pub(super) async fn export(&self, order: &str, then: &Then, file: &Path) -> Result<(), Trouble> {
        let query: Vec<(&str, &str)> = then.at.iter().map(|at| ("at", at.as_str())).collect();
        let bytes = self.bytes(&["orders", order, "ledger.csv"], &query).await?;
        std::fs::write(file, &bytes).map_err(|error| Trouble::Told(unwritten(file, &error)))?;
        screens::exported(file, &RawRef::of(&bytes).to_string(), self.reach.json);
        Ok(())
    }

    async fn bytes(&self, parts: &[&str], query: &[(&str, &str)]) -> Result<Vec<u8>, Trouble> {
        let request = self.http.get(self.url(parts)?).query(query).bearer_auth(&self.reach.token).timeout(Duration::from_secs(30));
        let unreached = |error: reqwest::Error| Trouble::Unreached(error.to_string());
        let answer = request.send().await.map_err(unreached)?;
        let good = answer.status().is_success();
        let bytes = answer.bytes().await.map_err(unreached)?;
        if good {
            return Ok(bytes.to_vec());
        }
        Err(serde_json::from_slice(&bytes).map_or_else(|error| Trouble::Unreached(error.to_string()), Trouble::Told))
    }
}

fn unwritten(file: &Path, error: &std::io::Error) -> Value {
    serde_json::json!({
        "code": "FILE",
        "message": format!("{} could not be written: {error}", file.display()),
        "remedy": "name a file in a folder that is there and may be written to",
    })
}
