//! How the people of the demo speak with systems, ours included: over HTTP, as anybody could, and patiently. Never looks into
//! a system's memory.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use reqwest::Method;
use serde_json::Value;
use takt_cluster::seam::Clock;

/// Somebody with a browser.
#[derive(Clone)]
pub(super) struct People {
    client: reqwest::Client,
    clock: Arc<dyn Clock>,
}

/// How long something is waited for before the demo says that it does not come.
const PATIENCE: Duration = Duration::from_mins(3);

/// How often people look.
const LOOK: Duration = Duration::from_millis(100);

impl People {
    pub(super) fn new(clock: Arc<dyn Clock>) -> anyhow::Result<Self> {
        let client = reqwest::Client::builder().timeout(Duration::from_secs(20)).build().context("cannot make an HTTP client")?;
        Ok(Self { client, clock })
    }

    /// One request: the status, and the body as JSON (null when it is none).
    pub(super) async fn ask(&self, method: Method, url: &str, body: &Value, headers: &[(&str, &str)]) -> anyhow::Result<(u16, Value)> {
        let mut request = self.client.request(method.clone(), url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if !body.is_null() {
            request = request.json(body);
        }
        let answer = request.send().await.with_context(|| format!("{method} {url} was not answered"))?;
        let status = answer.status().as_u16();
        let bytes = answer.bytes().await.with_context(|| format!("the answer of {method} {url} broke off"))?;
        Ok((status, serde_json::from_slice(&bytes).unwrap_or(Value::Null)))
    }

    /// Reads something that must be there.
    pub(super) async fn read(&self, url: &str) -> anyhow::Result<Value> {
        self.done(Method::GET, url, &Value::Null, &[]).await
    }

    /// A request that must succeed; asked again while the other side is only busy.
    pub(super) async fn done(&self, method: Method, url: &str, body: &Value, headers: &[(&str, &str)]) -> anyhow::Result<Value> {
        let mut tries = 0;
        loop {
            tries += 1;
            match self.ask(method.clone(), url, body, headers).await {
                Ok((200..=299, answer)) => return Ok(answer),
                Ok((429 | 500..=599, _)) | Err(_) if tries < 50 => self.pause().await,
                Ok((status, answer)) => bail!("{method} {url} answered {status}: {answer}"),
                Err(error) => return Err(error),
            }
        }
    }

    /// Makes something that may be there already.
    pub(super) async fn once(&self, url: &str, body: &Value) -> anyhow::Result<()> {
        let (status, answer) = self.ask(Method::POST, url, body, &[]).await?;
        anyhow::ensure!(matches!(status, 200..=299 | 409), "POST {url} answered {status}: {answer}");
        Ok(())
    }

    /// Looks until it is there; says what did not come.
    pub(super) async fn until<T>(&self, what: &str, mut look: impl AsyncFnMut() -> anyhow::Result<Option<T>>) -> anyhow::Result<T> {
        let since = self.clock.elapsed();
        loop {
            if let Some(found) = look().await? {
                return Ok(found);
            }
            if self.clock.elapsed().saturating_sub(since) > PATIENCE {
                bail!("waited {} s in vain for this: {what}", PATIENCE.as_secs());
            }
            self.pause().await;
        }
    }

    pub(super) async fn pause(&self) {
        self.clock.sleep(LOOK).await;
    }
}

/// A list in what a system said; empty where there is none.
pub(super) fn listed<'a>(said: &'a Value, list: &str) -> &'a [Value] {
    said.get(list).and_then(Value::as_array).map_or(&[][..], Vec::as_slice)
}

/// A text in what a system said; empty where there is none.
pub(super) fn text<'a>(said: &'a Value, field: &str) -> &'a str {
    said.get(field).and_then(Value::as_str).unwrap_or_default()
}
