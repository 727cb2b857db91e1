//! Asking a pull consumer for messages: what is there now, or the first that comes. Every wait has an end, and a server that
//! lives says so while there is nothing, so silence is told from an empty queue.

use std::time::Duration;

use async_nats::Message;
use futures::StreamExt as _;
use serde_json::json;

use super::api::Api;
use super::fault::Fault;

/// How often a server says that it lives while there is nothing.
const HEARTBEAT: Duration = Duration::from_secs(1);
/// How long one wait lasts before it is asked anew.
const WAIT: Duration = Duration::from_secs(10);
/// How much longer than promised is waited for a sign of life.
const SLACK: Duration = Duration::from_secs(2);

/// What a message of a consumer says in its reply subject: `$JS.ACK.<stream>.<consumer>.<delivered>.<stream sequence>.<consumer
/// sequence>.<time>.<pending>`, with a domain and an account before the stream where those are set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) delivery: u32,
    pub(super) sequence: u64,
    pub(super) count: u64,
}

impl Place {
    pub(super) fn of(message: &Message) -> Option<Self> {
        Self::parse(message.reply.as_ref()?.as_str())
    }

    fn parse(reply: &str) -> Option<Self> {
        let tokens: Vec<&str> = reply.split('.').collect();
        let from = match tokens.len() {
            9 => 4,
            // A domain, an account hash, and a random token at the end.
            11 | 12 => 6,
            _ => return None,
        };
        let number = |at: usize| tokens.get(from + at)?.parse::<u64>().ok();
        (tokens.starts_with(&["$JS", "ACK"])).then_some(())?;
        Some(Self { delivery: u32::try_from(number(0)?).ok()?, sequence: number(1)?, count: number(2)? })
    }
}

/// How a wait ended, besides its messages.
pub(super) enum End {
    /// All that was asked for, or all there is.
    Done,
    /// The consumer, or whoever leads it, is gone.
    Gone,
}

/// At most `most` messages that are there now.
pub(super) async fn now(api: &Api, stream: &str, consumer: &str, most: usize) -> Result<(Vec<Message>, End), Fault> {
    fetch(api, stream, consumer, most, &json!({"batch": most, "no_wait": true}).to_string(), api.patience).await
}

/// The first message that comes; none when none came for a while.
pub(super) async fn first(api: &Api, stream: &str, consumer: &str) -> Result<(Vec<Message>, End), Fault> {
    let body = json!({"batch": 1, "expires": nanos(WAIT), "idle_heartbeat": nanos(HEARTBEAT)});
    fetch(api, stream, consumer, 1, &body.to_string(), HEARTBEAT + SLACK).await
}

/// A time as the servers write it.
pub(super) fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

async fn fetch(api: &Api, stream: &str, consumer: &str, most: usize, body: &str, silence: Duration) -> Result<(Vec<Message>, End), Fault> {
    let inbox = api.client.new_inbox();
    let ask = async {
        let answers = api.client.subscribe(inbox.clone()).await.map_err(|_| Fault::Silent)?;
        let subject = format!("$JS.API.CONSUMER.MSG.NEXT.{stream}.{consumer}");
        api.client.publish_with_reply(subject, inbox.clone(), body.to_owned().into()).await.map_err(|_| Fault::Silent)?;
        Ok::<_, Fault>(answers)
    };
    let mut answers = tokio::select! {
        biased;
        asked = ask => asked?,
        () = api.clock.sleep(api.patience) => return Err(Fault::Silent),
    };
    let mut found = Vec::new();
    while found.len() < most {
        let answer = tokio::select! {
            biased;
            answer = answers.next() => answer,
            () = api.clock.sleep(silence) => None,
        };
        let Some(message) = answer else {
            return if found.is_empty() { Err(Fault::Silent) } else { Ok((found, End::Gone)) };
        };
        match message.status.map(|status| status.as_u16()) {
            None => found.push(message),
            Some(100) => {}
            Some(404 | 408) => break,
            // 409 also says that a request asked for too much; what we ask for is fixed, so it is the consumer that is gone.
            Some(_) => return Ok((found, End::Gone)),
        }
    }
    Ok((found, End::Done))
}

#[cfg(test)]
mod tests {
    use super::Place;

    #[test]
    fn where_a_message_stands_is_read_from_both_shapes_of_its_reply() {
        let place = Some(Place { delivery: 2, sequence: 303, count: 106 });
        assert_eq!(Place::parse("$JS.ACK.takt-eu-work.in_0.2.303.106.1795860352192328070.0"), place);
        assert_eq!(Place::parse("$JS.ACK.hub.ACCHASH.takt-eu-work.in_0.2.303.106.1795860352192328070.0"), place);
        assert_eq!(Place::parse("$JS.ACK.hub.ACCHASH.takt-eu-work.in_0.2.303.106.1795860352192328070.0.rnd"), place);
        for bad in ["", "_INBOX.a.b", "$JS.ACK.a.b.x.1.1.1.0", "$JS.FC.a.b.1.1.1.1.0"] {
            assert_eq!(Place::parse(bad), None, "{bad}");
        }
    }
}
