//! Requests to the servers: JetStream's own interface in JSON, and messages that a stream acknowledges. Every request has an
//! end: the time it may take is bounded, whatever becomes of the connection.

use std::sync::Arc;
use std::time::Duration;

use async_nats::{Client, HeaderMap, Request, RequestErrorKind};
use bytes::Bytes;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use takt_protocol::subject;

use super::fault::Fault;
use crate::seam::Clock;

/// JetStream's interface.
pub(super) const INTERFACE: &str = "$JS.API";
/// What servers are called together where leaf nodes come to them.
pub(super) const DOMAIN: &str = "takt";
/// Their interface through a leaf node: over that they refuse the other name (`decisions/0011`).
pub(super) const INTERFACE_BY_LEAF: &str = "$JS.takt.API";
/// The header with the id of a message of ours.
pub(super) const ID: &str = "Takt-Id";
/// The fence of JetStream: the sequence of the last message on the subject; 0 for none.
pub(super) const FENCE: &str = "Nats-Expected-Last-Subject-Sequence";
/// The most messages of one atomic batch; the servers take 1,000.
pub(super) const BATCH_MAX: usize = 500;
/// And the most bytes, so that one entry of the servers' own log stays of a size they ship at once.
pub(super) const BATCH_BYTES_MAX: usize = 8 << 20;
/// How often what nobody answers is asked at least.
pub(super) const LOOKS: u32 = 4;
/// Between two tries of what was not done.
const PAUSE: Duration = Duration::from_millis(50);

/// A connection, and how long it may take.
#[derive(Clone)]
pub(super) struct Api {
    pub(super) client: Client,
    pub(super) clock: Arc<dyn Clock>,
    /// One request.
    pub(super) patience: Duration,
    /// What JetStream's interface is called from here.
    pub(super) interface: &'static str,
}

/// A message that a stream is to keep.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub(super) subject: String,
    pub(super) headers: HeaderMap,
    pub(super) bytes: Bytes,
}

/// A stream's acknowledgement.
#[derive(Debug, Deserialize)]
struct Stored {
    #[serde(default)]
    seq: u64,
    error: Option<Refusal>,
}

#[derive(Debug, Deserialize)]
struct Refusal {
    #[serde(default)]
    code: u64,
    #[serde(default)]
    err_code: u64,
    #[serde(default)]
    description: String,
}

impl Refusal {
    fn fault(&self) -> Fault {
        // An answer without a number of its own is one of HTTP's: 503 is a server that is not ready.
        match (self.err_code, self.code) {
            (0, 503) => Fault::Absent,
            (code, _) => Fault::of(code, &self.description),
        }
    }
}

/// What an acknowledgement says: the sequence of the message, of the last one when it was a batch.
pub(super) fn stored(payload: &[u8]) -> Result<u64, Fault> {
    let answer: Stored = serde_json::from_slice(payload).map_err(|error| Fault::Refused(format!("an unreadable answer: {error}")))?;
    match answer.error {
        Some(refusal) => Err(refusal.fault()),
        None if answer.seq == 0 => Err(Fault::Silent),
        None => Ok(answer.seq),
    }
}

impl Api {
    /// Asks JetStream's interface, such as `$JS.API.<subject>`.
    pub(super) async fn call<T: DeserializeOwned>(&self, subject: &str, body: &Value) -> Result<T, Fault> {
        let body = if body.is_null() { Bytes::new() } else { Bytes::from(body.to_string()) };
        let answer = self.ask(format!("{}.{subject}", self.interface), HeaderMap::new(), body).await?;
        let found: Value = serde_json::from_slice(&answer).map_err(|error| Fault::Refused(format!("an unreadable answer: {error}")))?;
        if let Some(refusal) = found.get("error") {
            let refusal = Refusal::deserialize(refusal).map_err(|error| Fault::Refused(format!("an unreadable refusal: {error}")))?;
            return Err(refusal.fault());
        }
        T::deserialize(found).map_err(|error| Fault::Refused(format!("an answer that says something else: {error}")))
    }

    /// Asks what changes nothing, again and again in the same time: a leader that is away says nothing, and one that is new is
    /// there for the next question.
    pub(super) async fn look<T: DeserializeOwned>(&self, subject: &str, body: &Value) -> Result<T, Fault> {
        let until = self.clock.elapsed() + self.patience;
        let short = Self { patience: self.patience / LOOKS, ..self.clone() };
        loop {
            match short.call(subject, body).await {
                Err(Fault::Silent | Fault::Absent) if self.clock.elapsed() < until => self.clock.sleep(PAUSE).await,
                done => return done,
            }
        }
    }

    /// Stores one message, and returns its sequence when it is durable. Tries again what was surely not done.
    pub(super) async fn store(&self, item: Item) -> Result<u64, Fault> {
        let until = self.clock.elapsed() + self.patience;
        loop {
            let Item { subject, headers, bytes } = item.clone();
            let fault = match self.ask(subject, headers, bytes).await.and_then(|answer| stored(&answer)) {
                Ok(sequence) => return Ok(sequence),
                Err(fault) => fault,
            };
            if !fault.is_not_done() || self.clock.elapsed() >= until {
                return Err(fault);
            }
            self.clock.sleep(PAUSE).await;
        }
    }

    /// Stores messages of one stream in its order, as few batches as possible, each all or nothing.
    pub(super) async fn store_all(&self, items: Vec<Item>) -> Result<(), Fault> {
        let mut batch = Vec::new();
        let mut bytes = 0;
        for item in items {
            if batch.len() == BATCH_MAX || (bytes + item.bytes.len() > BATCH_BYTES_MAX && !batch.is_empty()) {
                self.store_batch(std::mem::take(&mut batch)).await?;
                bytes = 0;
            }
            bytes += item.bytes.len();
            batch.push(item);
        }
        self.store_batch(batch).await
    }

    async fn store_batch(&self, mut batch: Vec<Item>) -> Result<(), Fault> {
        let Some(mut last) = batch.pop() else { return Ok(()) };
        if batch.is_empty() {
            return self.store(last).await.map(drop);
        }
        let until = self.clock.elapsed() + self.patience;
        loop {
            let id = self.client.new_inbox();
            let count = batch.len();
            for (at, item) in batch.iter().enumerate() {
                let mut headers = item.headers.clone();
                mark(&mut headers, &id, at + 1, false);
                self.tell(item.subject.clone(), headers, item.bytes.clone()).await?;
            }
            mark(&mut last.headers, &id, count + 1, true);
            let Item { subject, headers, bytes } = last.clone();
            match self.ask(subject, headers, bytes).await.and_then(|answer| stored(&answer)) {
                Ok(_) => return Ok(()),
                Err(fault) if !fault.is_not_done() || self.clock.elapsed() >= until => return Err(fault),
                Err(_) => self.clock.sleep(PAUSE).await,
            }
        }
    }

    /// Asks, and waits for the first answer.
    pub(super) async fn ask(&self, subject: String, headers: HeaderMap, bytes: Bytes) -> Result<Bytes, Fault> {
        let request = Request::new().headers(headers).payload(bytes).timeout(None);
        // The bound is around everything: the way into the client's own queue has none while the connection is gone.
        match self.bounded(self.client.send_request(subject, request)).await? {
            Ok(message) => Ok(message.payload),
            Err(error) => Err(match error.kind() {
                RequestErrorKind::NoResponders => Fault::Absent,
                RequestErrorKind::TimedOut | RequestErrorKind::Other => Fault::Silent,
                RequestErrorKind::InvalidSubject | RequestErrorKind::MaxPayloadExceeded => Fault::Refused(error.to_string()),
            }),
        }
    }

    /// Publishes without waiting for anybody.
    pub(super) async fn tell(&self, subject: String, headers: HeaderMap, bytes: Bytes) -> Result<(), Fault> {
        let published = self.bounded(self.client.publish_with_headers(subject, headers, bytes)).await?;
        published.map_err(|error| match error.kind() {
            async_nats::PublishErrorKind::Send => Fault::Silent,
            async_nats::PublishErrorKind::MaxPayloadExceeded | async_nats::PublishErrorKind::InvalidSubject => {
                Fault::Refused(error.to_string())
            }
        })
    }

    async fn bounded<T>(&self, act: impl Future<Output = T>) -> Result<T, Fault> {
        tokio::select! {
            biased;
            done = act => Ok(done),
            () = self.clock.sleep(self.patience) => Err(Fault::Silent),
        }
    }
}

/// Makes a message one of an atomic batch (ADR-50): which, at which place, and whether it is the last.
pub(super) fn mark(headers: &mut HeaderMap, batch: &str, place: usize, last: bool) {
    headers.insert("Nats-Batch-Id", batch);
    headers.insert("Nats-Batch-Sequence", place.to_string());
    if last {
        headers.insert("Nats-Batch-Commit", "1");
    }
}

/// The header with an id, which may be any text: a header takes one line.
pub(super) fn id_header(id: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(ID, subject::token(id));
    headers
}

/// The id in such a header; what somebody else put into the stream goes by its sequence.
pub(super) fn id_of(header: Option<&str>, sequence: u64) -> String {
    header.and_then(subject::untoken).unwrap_or_else(|| sequence.to_string())
}

/// The text of a header.
pub(super) fn text<'a>(headers: Option<&'a HeaderMap>, name: &'static str) -> Option<&'a str> {
    headers.and_then(|headers| headers.get(name)).map(async_nats::HeaderValue::as_str)
}

#[cfg(test)]
mod tests {
    use super::super::fault::Fault;
    use super::stored;

    #[test]
    fn an_acknowledgement_is_read_and_a_refusal_is_not_taken_for_one() {
        assert_eq!(stored(br#"{"stream":"LOG","seq":3,"batch":"b1","count":2}"#), Ok(3));
        let stale = br#"{"error":{"code":400,"err_code":10071,"description":"wrong last sequence: 1"},"stream":"LOG","seq":0}"#;
        assert_eq!(stored(stale), Err(Fault::Fence));
        assert_eq!(stored(br#"{"error":{"code":503,"description":"not ready"}}"#), Err(Fault::Absent));
        assert_eq!(stored(br#"{"stream":"LOG","seq":0}"#), Err(Fault::Silent));
        assert!(matches!(stored(b"+OK"), Err(Fault::Refused(_))));
    }
}
