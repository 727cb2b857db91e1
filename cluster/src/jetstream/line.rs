//! A line to a pull consumer: one place for its messages as long as anybody reads, and a question that stands ahead of them. A
//! place of its own for each question costs every server of the cluster more than the message does. Every wait has an end, and a
//! server that lives says so while there is nothing, so silence is told from an empty queue.

use std::time::Duration;

use async_nats::{Message, Subscriber};
use futures::{FutureExt as _, StreamExt as _};
use serde_json::{Value, json};

use super::api::{Api, text};
use super::fault::Fault;

/// How often a server says that it lives while there is nothing.
const HEARTBEAT: Duration = Duration::from_secs(1);
/// How long one question stands before it is asked anew.
const WAIT: Duration = Duration::from_secs(30);
/// How much longer than promised is waited for a sign of life.
const SLACK: Duration = Duration::from_secs(2);
/// How many messages of a question were not there when it ended.
const LEFT: &str = "Nats-Pending-Messages";

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

/// A time as the servers write it.
pub(super) fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// A consumer, the place its messages come to, and how many of them were asked for and have not come.
pub(super) struct Line {
    question: String,
    inbox: String,
    answers: Subscriber,
    open: usize,
    /// When the last sign of life came, or was asked for.
    heard: Duration,
    /// The consumer, or whoever leads it, is gone.
    is_gone: bool,
}

impl Line {
    /// A line on which nothing is asked yet.
    pub(super) async fn to(api: &Api, stream: &str, consumer: &str) -> Result<Self, Fault> {
        let inbox = api.client.new_inbox();
        let answers = tokio::select! {
            biased;
            answers = api.client.subscribe(inbox.clone()) => answers.map_err(|_| Fault::Silent)?,
            () = api.clock.sleep(api.patience) => return Err(Fault::Silent),
        };
        let question = format!("{}.CONSUMER.MSG.NEXT.{stream}.{consumer}", api.interface);
        Ok(Self { question, inbox, answers, open: 0, heard: Duration::ZERO, is_gone: false })
    }

    /// Whether messages were asked for that have not come.
    pub(super) fn is_open(&self) -> bool {
        self.open > 0
    }

    /// Asks for what is there, at most so much, in one go; where there is nothing, for the first that comes.
    pub(super) async fn gather(&mut self, api: &Api, most: usize) -> Result<(), Fault> {
        let body = json!({"batch": most, "no_wait": true, "expires": nanos(WAIT), "idle_heartbeat": nanos(HEARTBEAT)});
        self.question(api, &body, most).await
    }

    /// Asks until so many are on their way, as soon as half of them came.
    pub(super) async fn ask(&mut self, api: &Api, ahead: usize) -> Result<(), Fault> {
        if self.open > ahead / 2 || ahead == 0 {
            return Ok(());
        }
        let batch = ahead - self.open;
        let body = json!({"batch": batch, "expires": nanos(WAIT), "idle_heartbeat": nanos(HEARTBEAT)});
        self.question(api, &body, batch).await
    }

    async fn question(&mut self, api: &Api, body: &Value, batch: usize) -> Result<(), Fault> {
        let body = body.to_string();
        let asked = tokio::select! {
            biased;
            asked = api.client.publish_with_reply(self.question.clone(), self.inbox.clone(), body.into()) => asked.is_ok(),
            () = api.clock.sleep(api.patience) => false,
        };
        if !asked {
            return Err(Fault::Silent);
        }
        if self.open == 0 {
            self.heard = api.clock.elapsed();
        }
        self.open += batch;
        Ok(())
    }

    /// What has come, at most `most`, and waits while that is nothing: until a question ends that brought nothing more, or nobody
    /// gives a sign of life. May be left at any moment, and come back to: silence counts on meanwhile.
    pub(super) async fn next(&mut self, api: &Api, most: usize) -> Result<Vec<Message>, Fault> {
        let mut found = Vec::new();
        while found.len() < most && self.is_open() && !self.is_gone {
            let Some(answer) = self.answers.next().now_or_never() else {
                if !found.is_empty() {
                    break;
                }
                let silent = self.heard + HEARTBEAT + SLACK;
                let answer = tokio::select! {
                    biased;
                    answer = self.answers.next() => answer,
                    () = api.clock.sleep(silent.saturating_sub(api.clock.elapsed())) => return Err(Fault::Silent),
                };
                found.extend(self.hear(api, answer));
                continue;
            };
            found.extend(self.hear(api, answer));
        }
        if self.is_gone && found.is_empty() { Err(Fault::Absent) } else { Ok(found) }
    }

    /// Ends it: no question stands any more. What was on its way to it and is nobody's.
    pub(super) async fn close(mut self, api: &Api) -> Vec<Message> {
        let mut left = Vec::new();
        let end = async {
            if self.answers.drain().await.is_err() {
                return;
            }
            while let Some(answer) = self.answers.next().await {
                left.extend(Some(answer).filter(|answer| answer.status.is_none()));
            }
        };
        tokio::select! {
            biased;
            () = end => {}
            () = api.clock.sleep(api.patience) => {}
        }
        left
    }

    fn hear(&mut self, api: &Api, answer: Option<Message>) -> Option<Message> {
        self.heard = api.clock.elapsed();
        let Some(answer) = answer else {
            self.is_gone = true;
            return None;
        };
        match answer.status.map(|status| status.as_u16()) {
            None => {
                self.open = self.open.saturating_sub(1);
                return Some(answer);
            }
            Some(100) => {}
            // A question ended; what of it did not come is asked for no more.
            Some(404 | 408) => {
                let left = text(answer.headers.as_ref(), LEFT).and_then(|left| left.parse().ok());
                self.open = self.open.saturating_sub(left.unwrap_or(self.open));
            }
            // 409 also says that a request asked for too much; what we ask for is fixed, so it is the consumer that is gone.
            Some(_) => self.is_gone = true,
        }
        None
    }
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
