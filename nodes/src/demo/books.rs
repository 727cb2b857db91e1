//! The last thing that finance does on a day: the books of every ERP and warehouse beside ours, at a stated cut-off, asked for and
//! read at the door of the mesh like anybody would. Looks into no system itself: that the mesh finds everything is the point.

use reqwest::Method;
use serde_json::{Value, json};

use super::Stage;
use super::start::token;

/// What the books say.
pub(super) struct Compared {
    /// A line a system, for a person.
    pub(super) lines: Vec<String>,
    /// What nobody can explain, each a sentence.
    pub(super) broken: Vec<String>,
}

/// Has all books compared, everything that is known there, and waits for it.
pub(super) async fn compare(stage: &Stage) -> anyhow::Result<Compared> {
    let cut_off = stage.mesh().clock().now().to_string();
    let list = ask(stage, Method::GET, "", &Value::Null, "").await?;
    let rows = list.get("rows").and_then(Value::as_array).cloned().unwrap_or_default();
    let sites: Vec<String> = rows.iter().filter_map(|row| Some(row.get("site")?.as_str()?.to_owned())).collect();
    for site in &sites {
        // One that a demo before this one began ends first.
        over(stage, site).await?;
        let body = json!({ "site": site, "at": cut_off, "every": true, "reason": "end of the demo" });
        ask(stage, Method::POST, "", &body, &format!("books/{site}/{cut_off}")).await?;
    }
    let mut compared = Compared { lines: vec![format!("cut-off {cut_off}")], broken: Vec::new() };
    for site in &sites {
        let found = over(stage, site).await?;
        compared.judge(site, &found);
    }
    Ok(compared)
}

/// Waits until no run is under way at a system; how it stands.
async fn over(stage: &Stage, site: &str) -> anyhow::Result<Value> {
    let look = async || {
        let seen = ask(stage, Method::GET, &format!("/{site}"), &Value::Null, "").await?;
        let under_way = seen.get("run").is_some_and(|run| run.get("ended_at").is_none());
        Ok((!under_way).then_some(seen))
    };
    stage.people.until(&format!("the books of {site} compared"), look).await
}

async fn ask(stage: &Stage, method: Method, path: &str, body: &Value, key: &str) -> anyhow::Result<Value> {
    let bearer = format!("Bearer {}", token("TAKT_FINANCE"));
    let headers = [("authorization", bearer.as_str()), ("idempotency-key", key)];
    let headers = if key.is_empty() { headers.get(..1).unwrap_or_default() } else { &headers[..] };
    stage.people.done(method, &format!("{}/v1/reconciliations{path}", stage.door), body, headers).await
}

impl Compared {
    fn judge(&mut self, site: &str, found: &Value) {
        let number = |field: &str| found.pointer(&format!("/run/{field}")).and_then(Value::as_u64).unwrap_or_default();
        let list = |field: &str| found.pointer(&format!("/run/{field}")).and_then(Value::as_array).cloned().unwrap_or_default();
        let unexplained: Vec<String> = list("unexplained").iter().filter_map(|qty| qty.as_str().map(ToOwned::to_owned)).collect();
        let netted: Vec<String> = list("netted_out").iter().map(netted).collect();
        let things = if found.get("kind").and_then(Value::as_str) == Some("warehouse") { "handling units" } else { "orders" };
        let apart = number("differs_once") + number("differs_twice") + number("unread");
        let agrees = apart == 0 && unexplained.is_empty() && number("equal") + number("accepted") == number("of");
        self.lines.push(format!(
            "{site:<10} {:>4} {things:<14} {:>4} equal   netted out: {}   unexplained: {} {}",
            number("of"),
            number("equal"),
            if netted.is_empty() { "nothing".to_owned() } else { netted.join(", ") },
            if unexplained.is_empty() { "nothing".to_owned() } else { unexplained.join(" + ") },
            if agrees { '✔' } else { '✘' }
        ));
        if !agrees {
            let rows = found.get("rows").and_then(Value::as_array).cloned().unwrap_or_default();
            let equal = |row: &&Value| row.get("verdict").and_then(Value::as_str) != Some("equal");
            let all: Vec<String> = rows.iter().filter(equal).map(ToString::to_string).collect();
            self.broken.push(format!("books: {site} and we do not say the same of {apart} {things}: {}", all.join("; ")));
        }
    }
}

fn netted(row: &Value) -> String {
    let text = |field: &str| row.get(field).and_then(Value::as_str).unwrap_or_default().replace('_', " ");
    format!("{} {}", text("place"), text("quantity"))
}
