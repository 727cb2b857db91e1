//! The command line of reconciliation: has books compared, follows the runs until they are over, and shows what they found.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use takt_cluster::clock::SystemClock;
use takt_cluster::seam::Clock as _;

use super::words::{Books, BooksQuestion};
use super::{Client, Trouble, moment};
use crate::screens;

/// How often a run is looked at.
const LOOK: Duration = Duration::from_millis(200);

impl Client {
    pub(super) async fn reconcile(&self, books: &Books) -> Result<(), Trouble> {
        match &books.question {
            Some(BooksQuestion::Show { site: Some(site) }) => self.show(&["reconciliations", site], screens::reconciliation).await,
            Some(BooksQuestion::Show { site: None }) => self.show(&["reconciliations"], screens::reconciliations).await,
            None => self.run(books).await,
        }
    }

    /// Begins a run at each system that is meant, waits for all of them, and shows what they found.
    async fn run(&self, books: &Books) -> Result<(), Trouble> {
        let all = self.read(&["reconciliations"], &[]).await?;
        let known = || screens::rows(&all).iter().filter_map(|row| row.get("site")?.as_str());
        let sites: Vec<&str> = books.site.as_deref().map_or_else(|| known().collect(), |site| vec![site]);
        let given = books.key.clone().unwrap_or_else(|| format!("reconcile-{}{}", std::process::id(), moment()));
        for site in &sites {
            let body = json!({ "site": site, "at": books.at, "every": books.every.then_some(true), "reason": books.reason });
            self.post(&["reconciliations"], &format!("{given}/{site}"), &without_nulls(body)).await?;
        }
        let mut found = Vec::new();
        for site in sites {
            let mut seen = self.finished(site).await?;
            // Who asked for every thing is not told to.
            if let Some(run) = seen.get_mut("run").and_then(Value::as_object_mut).filter(|_| books.every) {
                run.insert("every".to_owned(), Value::Bool(true));
            }
            found.push(seen);
        }
        match found.as_slice() {
            [one] => self.print(one, screens::reconciliation).await,
            _several => {
                let answer = json!({ "rows": found });
                self.print(&answer, screens::reconciliations_whole).await
            }
        }
    }

    /// Waits until a run is over, and shows how far it is meanwhile.
    async fn finished(&self, site: &str) -> Result<Value, Trouble> {
        let clock = SystemClock::start();
        let style = ProgressStyle::with_template("{msg:<12} {bar:30} {pos}/{len} compared, {elapsed}");
        let bar = ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar())).with_message(site.to_owned());
        loop {
            let seen = self.read(&["reconciliations", site], &[]).await?;
            let number = |field: &str| seen.pointer(&format!("/run/{field}")).and_then(Value::as_u64).unwrap_or_default();
            let to_come = number("waiting") + number("asked") + number("differs_once");
            bar.set_length(number("of"));
            bar.set_position(number("of").saturating_sub(to_come));
            if seen.pointer("/run/ended_at").is_some() {
                bar.finish_and_clear();
                return Ok(seen);
            }
            clock.sleep(LOOK).await;
        }
    }
}

/// What is not said is left out: a field that is there and empty says something.
fn without_nulls(mut body: Value) -> Value {
    if let Some(fields) = body.as_object_mut() {
        fields.retain(|_, value| !value.is_null());
    }
    body
}
