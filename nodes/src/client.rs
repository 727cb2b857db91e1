//! The command line of people who keep a mesh running: asks a node over HTTP, as anybody could, and prints what it says as a
//! screen or, with `--json`, as it came. Knows paths and nothing else of the mesh; decides nothing.

use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use serde_json::{Value, json};

use crate::screens::{self, Zones};

mod desk;
mod evidence;
mod reconcile;
mod stock;
mod verb;
mod words;

pub use words::Question;
use words::{DataQuestion, EventQuestion, SiteQuestion, Stretch, Then};

/// Which node, who asks, and how it is shown.
#[derive(Clone, Debug, Args)]
pub struct Reach {
    /// Where the node listens.
    #[arg(long, env = "TAKT_URL", default_value = "http://127.0.0.1:7400", global = true)]
    url: String,
    /// The bearer token; the default is the demo's planner.
    #[arg(long, env = "TAKT_TOKEN", default_value = "demo-planner", hide_env_values = true, global = true)]
    token: String,
    /// Print the answer as JSON.
    #[arg(long, global = true)]
    pub json: bool,
}

/// How long a page of events waits for the next one, where they are followed.
const FOLLOW_MS: u64 = 1_000;

/// Why there is nothing to show.
enum Trouble {
    /// The node did not answer.
    Unreached(String),
    /// It answered with an error: what it said.
    Told(Value),
}

/// Asks, prints, and says by its exit code how it went: 0 an answer, 1 an error answer, 3 not reached.
pub async fn ask(reach: &Reach, question: &Question) -> ExitCode {
    let client = Client { reach: reach.clone(), http: reqwest::Client::new() };
    match client.answer(question).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(Trouble::Told(told)) => {
            screens::complain(&told, reach.json);
            ExitCode::from(1)
        }
        Err(Trouble::Unreached(why)) => {
            screens::unreached(&reach.url, &why);
            ExitCode::from(3)
        }
    }
}

struct Client {
    reach: Reach,
    http: reqwest::Client,
}

impl Client {
    async fn answer(&self, question: &Question) -> Result<(), Trouble> {
        match question {
            Question::Order(question) => self.order(question).await,
            Question::Raw { hash } => self.raw(hash).await,
            Question::Lot(question) => self.lot(question).await,
            Question::Unit(question) => self.unit(question).await,
            Question::Shipment(question) => self.shipment(question).await,
            Question::Sites { question: Some(SiteQuestion::Timeline { site, stretch }), .. } => {
                self.steps(&["sites", site], stretch, screens::timeline).await
            }
            Question::Ledger { order, then, csv: Some(file) } => self.export(order, then, file).await,
            Question::Ledger { order, then, csv: None } => self.show_then(&["orders", order, "ledger"], then, screens::ledger).await,
            Question::Exceptions(question) => self.exceptions(question).await,
            Question::Hold(question) => self.hold(question).await,
            Question::Reconcile(books) => self.reconcile(books).await,
            Question::Events(wanted) => self.events(wanted).await,
            Question::Contracts { id: None } => self.show(&["contracts"], screens::contracts).await,
            Question::Contracts { id: Some(id) } => {
                let schema = self.read(&["contracts", id], &[]).await?;
                screens::print(&serde_json::to_string_pretty(&schema).unwrap_or_default());
                Ok(())
            }
            Question::Sites { question: None, at } => self.show_at(&["sites"], at.as_deref(), screens::sites).await,
            Question::Sites { question: Some(SiteQuestion::Show { site, at }), .. } => {
                self.show_at(&["sites", site], at.as_deref(), screens::site).await
            }
            Question::Sites { question: Some(SiteQuestion::Deliveries { site, most, find, outcome, after }), .. } => {
                let most = most.to_string();
                let mut query = vec![("most", most.as_str())];
                let asked = [("find", find), ("outcome", outcome), ("after", after)];
                query.extend(asked.iter().filter_map(|(name, value)| Some((*name, value.as_deref()?))));
                let found = self.read(&["sites", site, "deliveries"], &query).await?;
                self.print(&found, |found, zones| screens::deliveries(found, site, zones)).await
            }
            Question::Nodes => self.show(&["nodes"], screens::nodes).await,
            Question::Shards => self.show(&["shards"], screens::shards).await,
            Question::Links => self.show(&["links"], screens::links).await,
            Question::Data(DataQuestion::List { kind, of, after, most }) => {
                let most = most.to_string();
                let mut query = vec![("most", most.as_str())];
                query.extend(of.as_deref().map(|of| ("of", of)));
                query.extend(after.as_deref().map(|after| ("after", after)));
                let found = self.read(&["master-data", kind], &query).await?;
                self.print(&found, screens::records).await
            }
            Question::Data(DataQuestion::Show { kind, id }) => self.show(&["master-data", kind, id], screens::record).await,
            Question::Sites { question: Some(SiteQuestion::Drift { plant }), .. } => {
                self.show(&["sites", plant, "drift"], screens::drift).await
            }
            Question::Search { text } => {
                let found = self.read(&["search"], &[("q", text)]).await?;
                self.print(&found, screens::hits).await
            }
        }
    }

    /// The address of a path; each part is escaped, so that a number may hold a slash.
    fn url(&self, parts: &[&str]) -> Result<reqwest::Url, Trouble> {
        let wrong = |why: String| Trouble::Unreached(why);
        // Escaped or not, these two would lead to another address.
        if let Some(dots) = parts.iter().find(|part| matches!(**part, "." | "..")) {
            let told = json!({ "code": "UNKNOWN", "message": format!("`{dots}` names nothing"), "remedy": "send a number as its system shows it" });
            return Err(Trouble::Told(told));
        }
        let mut url = reqwest::Url::parse(&self.reach.url).map_err(|error| wrong(error.to_string()))?;
        url.path_segments_mut().map_err(|()| wrong("the address has no path".to_owned()))?.push("v1").extend(parts);
        Ok(url)
    }

    async fn read(&self, parts: &[&str], query: &[(&str, &str)]) -> Result<Value, Trouble> {
        let request = self.http.get(self.url(parts)?).query(query).bearer_auth(&self.reach.token);
        told(request.timeout(Duration::from_secs(30))).await
    }

    /// All rows of a list that these words choose, part by part.
    async fn all(&self, parts: &[&str], query: &[(&str, &str)]) -> Result<Value, Trouble> {
        let first = self.read(parts, query).await?;
        self.rest(parts, query, first, &["rows"]).await
    }

    /// What is told of a thing, now or then: one part of it, or all that follows.
    async fn stretch(&self, parts: &[&str], stretch: &Stretch, lists: &[&str]) -> Result<Value, Trouble> {
        let most = stretch.most.to_string();
        let query: Vec<(&str, &str)> = stretch.then.at.iter().map(|at| ("at", at.as_str())).collect();
        let mut asked = query.clone();
        asked.extend(stretch.after.as_deref().map(|after| ("after", after)));
        asked.push(("most", &most));
        let first = self.read(parts, &asked).await?;
        if stretch.all { self.rest(parts, &query, first, lists).await } else { Ok(first) }
    }

    /// The same answer with what follows in its lists, part by part.
    async fn rest(&self, parts: &[&str], query: &[(&str, &str)], mut whole: Value, lists: &[&str]) -> Result<Value, Trouble> {
        while let Some(next) = whole.get("next").and_then(Value::as_str).map(ToOwned::to_owned) {
            let mut asked = query.to_vec();
            asked.push(("after", &next));
            let mut part = self.read(parts, &asked).await?;
            for list in lists {
                let more = part.get_mut(list).and_then(Value::as_array_mut).map(std::mem::take).unwrap_or_default();
                if let Some(rows) = whole.get_mut(list).and_then(Value::as_array_mut) {
                    rows.extend(more);
                }
            }
            if let Some(fields) = whole.as_object_mut() {
                fields.remove("next");
                fields.extend(part.get("next").cloned().map(|next| ("next".to_owned(), next)));
            }
        }
        Ok(whole)
    }

    async fn show(&self, parts: &[&str], screen: impl Fn(&Value, &Zones) -> String) -> Result<(), Trouble> {
        let answer = self.read(parts, &[]).await?;
        self.print(&answer, screen).await
    }

    /// What is known as it is now: who asks for the past of it is told what else there is.
    async fn show_at(&self, parts: &[&str], at: Option<&str>, screen: impl Fn(&Value, &Zones) -> String) -> Result<(), Trouble> {
        let query: Vec<(&str, &str)> = at.iter().map(|at| ("at", *at)).collect();
        let answer = self.read(parts, &query).await?;
        self.print(&answer, screen).await
    }

    /// A thing as it is, or as it was.
    async fn show_then(&self, parts: &[&str], then: &Then, screen: impl Fn(&Value, &Zones) -> String) -> Result<(), Trouble> {
        let query: Vec<(&str, &str)> = then.at.iter().map(|at| ("at", at.as_str())).collect();
        let answer = self.read(parts, &query).await?;
        self.print(&answer, |answer, zones| format!("{}{}", screens::then(answer, zones), screen(answer, zones))).await
    }

    async fn print(&self, answer: &Value, screen: impl Fn(&Value, &Zones) -> String) -> Result<(), Trouble> {
        if self.reach.json {
            screens::print(&serde_json::to_string_pretty(answer).unwrap_or_default());
            return Ok(());
        }
        let zones = Zones::of(&self.read(&["sites"], &[]).await?);
        screens::print(&format!("{}{}", screen(answer, &zones), screens::parts(answer, &zones)));
        Ok(())
    }

    /// Prints every step, those that were and those that come, until the node ends or the person does.
    async fn watch(&self, order: &str) -> Result<(), Trouble> {
        let zones = Zones::of(&self.read(&["sites"], &[]).await?);
        let seen = self.read(&["orders", order], &[]).await?;
        let plant = seen.pointer("/row/plant").and_then(Value::as_str).unwrap_or_default().to_owned();
        let watched = self.http.get(self.url(&["orders", order, "watch"])?);
        self.stream(watched, |step| screens::step(step, &plant, &zones)).await
    }

    /// Prints public events: those that were, page by page, or those that come, until the node ends or the person does.
    async fn events(&self, wanted: &EventQuestion) -> Result<(), Trouble> {
        let zones = Zones::of(&self.read(&["sites"], &[]).await?);
        let mut query: Vec<(&str, &str)> = Vec::new();
        query.extend(wanted.types.as_deref().map(|types| ("type", types)));
        query.extend(wanted.site.as_deref().map(|site| ("site", site)));
        // Page by page also when they are followed: a watch is of the regions of one process, a page of all of them.
        let wait = FOLLOW_MS.to_string();
        if wanted.follow {
            query.push(("wait_ms", &wait));
        }
        let mut after = wanted.after.clone().unwrap_or_default();
        let mut silent = Vec::new();
        loop {
            let mut asked = query.clone();
            asked.push(("after", &after));
            let page = self.read(&["events"], &asked).await?;
            for event in screens::rows(&page) {
                screens::print(&if self.reach.json { event.to_string() } else { screens::event(event, &zones) });
            }
            let missing = screens::missing(&page);
            if missing != silent {
                screens::complain_of(&missing);
                silent = missing;
            }
            let next = page.get("next").and_then(Value::as_str).unwrap_or_default().to_owned();
            if next == after && !wanted.follow {
                screens::place(&next);
                return Ok(());
            }
            after = next;
        }
    }

    /// Prints what a stream of server-sent events tells, a line each.
    async fn stream(&self, request: reqwest::RequestBuilder, line: impl Fn(&Value) -> String) -> Result<(), Trouble> {
        let answer = request.bearer_auth(&self.reach.token).send().await.map_err(|error| Trouble::Unreached(error.to_string()))?;
        if !answer.status().is_success() {
            return Err(Trouble::Told(answer.json().await.map_err(|error| Trouble::Unreached(error.to_string()))?));
        }
        let mut stream = answer;
        let mut rest = Vec::new();
        while let Ok(Some(chunk)) = stream.chunk().await {
            rest.extend_from_slice(&chunk);
            while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
                let read: Vec<u8> = rest.drain(..=end).collect();
                let Some(data) = read.strip_prefix(b"data: ") else { continue };
                let Ok(told) = serde_json::from_slice::<Value>(data) else { continue };
                screens::print(&if self.reach.json { told.to_string() } else { line(&told) });
            }
        }
        Ok(())
    }
}

/// Tells two calls apart, also of one process.
fn moment() -> String {
    format!("-{:x}", takt_cluster::seam::Clock::now(&takt_cluster::clock::SystemClock::start()).utc_ns())
}

async fn told(request: reqwest::RequestBuilder) -> Result<Value, Trouble> {
    let answer = request.send().await.map_err(|error| Trouble::Unreached(error.to_string()))?;
    let good = answer.status().is_success();
    let body: Value = answer.json().await.map_err(|error| Trouble::Unreached(error.to_string()))?;
    if good { Ok(body) } else { Err(Trouble::Told(body)) }
}
