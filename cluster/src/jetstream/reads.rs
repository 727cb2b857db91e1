//! Reading what a stream holds. The leader is never behind and is asked one message at a time; any server that has a copy is
//! quick and may be behind, so it is asked only for what the leader already said is there.

use async_nats::HeaderMap;
use bytes::Bytes;
use futures::StreamExt as _;
use serde::Deserialize;
use serde_json::{Value, json};

use super::api::{self, Api};
use super::base64;
use super::fault::Fault;

/// Messages asked for at once: of one entity, and of a bucket of payloads, which may be long.
const PAGE: usize = 256;
const PAGE_OF_LONG: usize = 8;
const PAGE_BY_LEADER: usize = 16;

/// A message as a stream keeps it.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    pub(super) sequence: u64,
    pub(super) bytes: Bytes,
    headers: Vec<(String, String)>,
}

impl Kept {
    /// The text of one of its headers.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, text)| text.as_str())
    }
}

#[derive(Deserialize)]
struct Answer {
    message: Raw,
}

#[derive(Deserialize)]
struct Raw {
    seq: u64,
    #[serde(default)]
    hdrs: String,
    #[serde(default)]
    data: String,
}

/// The last message on a subject, by the leader; the subject may have wildcards.
pub(super) async fn last(api: &Api, stream: &str, subject: &str) -> Result<Option<Kept>, Fault> {
    leader(api, stream, &json!({"last_by_subj": subject})).await
}

/// The first message on a subject at or behind a sequence, by the leader.
pub(super) async fn next(api: &Api, stream: &str, subject: &str, from: u64) -> Result<Option<Kept>, Fault> {
    leader(api, stream, &json!({"seq": from.max(1), "next_by_subj": subject})).await
}

async fn leader(api: &Api, stream: &str, which: &Value) -> Result<Option<Kept>, Fault> {
    let found: Answer = match api.look(&format!("STREAM.MSG.GET.{stream}"), which).await {
        Ok(found) => found,
        Err(Fault::NoMessage) => return Ok(None),
        Err(fault) => return Err(fault),
    };
    let Raw { seq, hdrs, data } = found.message;
    let unreadable = || Fault::Refused(format!("message {seq} came in letters that are not base 64"));
    let head = base64::decode(&hdrs).ok_or_else(unreadable)?;
    let bytes = Bytes::from(base64::decode(&data).ok_or_else(unreadable)?);
    Ok(Some(Kept { sequence: seq, bytes, headers: lines(&String::from_utf8_lossy(&head)) }))
}

/// The lines of a block of headers, behind its version.
fn lines(head: &str) -> Vec<(String, String)> {
    let pair = |line: &str| line.split_once(':').map(|(name, text)| (name.to_owned(), text.trim().to_owned()));
    head.lines().skip(1).filter_map(pair).collect()
}

/// What stands on a subject behind `after` and up to `upto`, which the leader said is there; oldest first, without gaps.
pub(super) async fn between(api: &Api, stream: &str, subject: &str, after: u64, upto: u64) -> Result<Vec<Kept>, Fault> {
    let mut found: Vec<Kept> = Vec::new();
    let mut cursor = after;
    while cursor < upto {
        let page = copies(api, stream, subject, (cursor, upto), PAGE).await.unwrap_or_default();
        let page = if page.is_empty() { by_leader(api, stream, subject, (cursor, upto)).await? } else { page };
        cursor = page.last().map_or(upto, |message| message.sequence);
        found.extend(page);
    }
    Ok(found)
}

/// A few, by the leader: the copy that was asked is behind, or stands still.
async fn by_leader(api: &Api, stream: &str, subject: &str, (after, upto): (u64, u64)) -> Result<Vec<Kept>, Fault> {
    let mut page = Vec::new();
    let mut cursor = after;
    while cursor < upto && page.len() < PAGE_BY_LEADER {
        let message = next(api, stream, subject, cursor + 1).await?.filter(|message| message.sequence <= upto).ok_or(Fault::NoMessage)?;
        cursor = message.sequence;
        page.push(message);
    }
    Ok(page)
}

/// The first message on a subject that is meant; read page by page up to the last one that the leader knows of.
pub(super) async fn find(api: &Api, stream: &str, subject: &str, is_meant: impl Fn(&Kept) -> bool) -> Result<Option<Kept>, Fault> {
    let Some(last) = last(api, stream, subject).await? else { return Ok(None) };
    let upto = last.sequence;
    if is_meant(&last) {
        return Ok(Some(last));
    }
    let mut cursor = 0;
    while cursor < upto {
        let mut page = copies(api, stream, subject, (cursor, upto), PAGE_OF_LONG).await.unwrap_or_default();
        if page.is_empty() {
            page.extend(next(api, stream, subject, cursor + 1).await?);
        }
        cursor = page.last().map_or(upto, |message| message.sequence);
        if let Some(found) = page.into_iter().find(&is_meant) {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// One page, by whoever has a copy: what came in order, up to the first doubt.
async fn copies(api: &Api, stream: &str, subject: &str, (after, upto): (u64, u64), most: usize) -> Result<Vec<Kept>, Fault> {
    let inbox = api.client.new_inbox();
    let mut answers = api.client.subscribe(inbox.clone()).await.map_err(|_| Fault::Silent)?;
    let body = json!({"seq": after + 1, "next_by_subj": subject, "batch": most}).to_string();
    let question = format!("{}.DIRECT.GET.{stream}", api.interface);
    api.client.publish_with_reply(question, inbox, body.into()).await.map_err(|_| Fault::Silent)?;
    let mut page: Vec<Kept> = Vec::new();
    loop {
        let answer = tokio::select! {
            biased;
            answer = answers.next() => answer,
            () = api.clock.sleep(api.patience / api::LOOKS) => None,
        };
        // 204 is the end of a page, 404 nothing, 503 nobody there.
        let Some(message) = answer.filter(|message| message.status.is_none()) else { return Ok(page) };
        let headers = message.headers.as_ref();
        let number = |name| api::text(headers, name).and_then(|text| text.parse::<u64>().ok());
        let (Some(sequence), Some(before)) = (number("Nats-Sequence"), number("Nats-Last-Sequence")) else { return Ok(page) };
        let expected = page.last().map_or(before, |message| message.sequence);
        if before != expected || sequence > upto {
            return Ok(page);
        }
        page.push(Kept { sequence, bytes: message.payload.clone(), headers: pairs(headers) });
        if sequence == upto || page.len() == most {
            return Ok(page);
        }
    }
}

fn pairs(headers: Option<&HeaderMap>) -> Vec<(String, String)> {
    let ours = |name: &'static str| api::text(headers, name).map(|text| (name.to_owned(), text.to_owned()));
    [api::ID, super::dead::REASON].into_iter().filter_map(ours).collect()
}

#[cfg(test)]
mod tests {
    use super::lines;

    #[test]
    fn a_block_of_headers_is_read_line_by_line_behind_its_version() {
        let found = lines("NATS/1.0\r\nTakt-Id: a:b c\r\nNats-Batch-Sequence: 1\r\n\r\n");
        assert_eq!(found, [("Takt-Id".to_owned(), "a:b c".to_owned()), ("Nats-Batch-Sequence".to_owned(), "1".to_owned())]);
        assert_eq!(lines(""), []);
    }
}
