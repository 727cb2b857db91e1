//! The other direction: what a system tells us. The raw bytes are kept before anybody tries to understand them; then a mapping
//! turns them into canonical inputs, and only when all of those are durable the sender may forget. Who the source is, is said
//! by the credential it showed: no mapping can set it.
//!
//! A topic's mapping has `inputs`, and `read` where the system tells only keys: requests whose answers come back as `.read`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};
use takt_protocol::envelope::{Envelope, Key, KeyText, Mark, Origin, RawRef, Who};
use takt_protocol::input::{Address, Body, Input};
use takt_protocol::instant::Instant;
use takt_protocol::name::SiteId;
use takt_protocol::site;

use super::format::Format;
use super::http::{Asked, HttpLink, Silence};
use super::mapping::Mapping;
use crate::region::Region;

/// How the messages of a topic are understood.
#[derive(Clone, Debug)]
pub struct Topic {
    /// How their bytes are read.
    pub format: Format,
    /// What they mean.
    pub mapping: Mapping,
}

/// A door for one system.
pub struct Inbound {
    link: Arc<HttpLink>,
    topics: BTreeMap<String, Topic>,
    region: Region,
}

/// Something that is asked for regularly, because the system does not tell it.
#[derive(Clone, Debug)]
pub struct Poll {
    /// The topic its answer is taken as.
    pub topic: String,
    /// What to GET.
    pub path: String,
    /// How often, in ms.
    pub every_ms: u64,
}

/// What became of a message. It is ours now, whatever is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    /// The raw payload, as it is kept.
    pub raw: RawRef,
    /// How many inputs it became.
    pub inputs: usize,
    /// Whether it could not be understood, and is a case of its site now.
    pub set_aside: bool,
}

/// It could not be taken: the sender must keep it, and come again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not taken, send it again: {why}")]
pub struct Refused {
    /// Why.
    pub why: String,
}

/// An input as a mapping says it: without a source, which is not the mapping's to say.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Said {
    to: Address,
    key: SaidKey,
    occurred_at: Instant,
    #[serde(default)]
    who: Option<SaidWho>,
    #[serde(default)]
    correlation: Option<String>,
    body: Body,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SaidKey {
    #[serde(default)]
    epoch: u32,
    mark: Mark,
}

/// A person in the other system. Never a role of ours: roles come with our own credentials.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SaidWho {
    user: String,
}

/// The topic whose mapping takes every other one.
const ANY: &str = "*";

impl Inbound {
    /// A door for the system of `link`; its inputs go into `region`, the one its site is at home in.
    pub fn new(link: Arc<HttpLink>, topics: BTreeMap<String, Topic>, region: Region) -> Self {
        Self { link, topics, region }
    }

    /// Which system.
    pub fn site(&self) -> SiteId {
        self.link.site()
    }

    /// Takes a message. `Ok` means that everything in it is durable here.
    pub async fn receive(&self, topic: &str, raw: Bytes) -> Result<Taken, Refused> {
        self.region.heard(self.site());
        let kept = self.region.node().seams.blobs.keep(vec![raw.clone()]).await.map_err(refused)?;
        let raw_ref = *kept.first().ok_or_else(|| Refused { why: "the payload was not kept".to_owned() })?;
        match self.understand(topic, &raw).await? {
            Ok((mapping, said)) => {
                let inputs = said.len();
                for (at, said) in said.into_iter().enumerate() {
                    let input = self.stamped(said, &mapping, raw_ref);
                    self.region.take(input, format!("{raw_ref}/{at}")).await.map_err(refused)?;
                }
                Ok(Taken { raw: raw_ref, inputs, set_aside: false })
            }
            Err(why) => {
                tracing::warn!(site = %self.site(), topic, %why, raw = %raw_ref, "a message cannot be understood and is set aside");
                self.set_aside(topic, raw_ref, why).await?;
                Ok(Taken { raw: raw_ref, inputs: 0, set_aside: true })
            }
        }
    }

    /// Asks for something regularly, for ever. An answer that is the same as the one before changes nothing.
    pub async fn poll(&self, poll: &Poll) {
        let clock = &self.region.node().seams.clock;
        let mut before = None;
        loop {
            match self.look(poll).await {
                Ok(Some(body)) if before.as_ref() != Some(&body) => match self.receive(&poll.topic, Bytes::from(body.clone())).await {
                    Ok(_) => before = Some(body),
                    Err(error) => tracing::debug!(%error, site = %self.site(), topic = poll.topic, "what was read could not be taken"),
                },
                Ok(_) => {}
                Err(why) => tracing::debug!(%why, site = %self.site(), topic = poll.topic, "a regular question was not answered"),
            }
            clock.sleep(Duration::from_millis(poll.every_ms.max(10))).await;
        }
    }

    async fn look(&self, poll: &Poll) -> Result<Option<String>, String> {
        let asked: Asked = serde_json::from_value(json!({ "path": poll.path })).map_err(|error| error.to_string())?;
        let answer = self.link.exchange(asked).await.map_err(why)?;
        let found = answer.get("status") == Some(&json!(200));
        Ok(answer.get("body").filter(|_| found).map(ToString::to_string))
    }

    /// What a message says, or why nobody can tell. Only what may be otherwise next time is `Err` outside.
    async fn understand(&self, topic: &str, raw: &Bytes) -> Result<Result<(Mapping, Vec<Said>), String>, Refused> {
        let Some(Topic { format, mapping }) = self.topics.get(topic).or_else(|| self.topics.get(ANY)) else {
            return Ok(Err(format!("no mapping takes the topic {topic}: add one to `inbound.topics`")));
        };
        let raw = match format.read(raw) {
            Ok(json) => json,
            Err(wrong) => return Ok(Err(wrong)),
        };
        let read = match self.read(mapping, topic, &raw).await? {
            Ok(read) => read,
            Err(why) => return Ok(Err(why)),
        };
        let input = self.view(topic, &raw, &read);
        let outputs = match mapping.run_bounded("inputs", input).await {
            Ok(outputs) => outputs,
            Err(error) => return Ok(Err(error.to_string())),
        };
        let mut said = Vec::new();
        for (at, output) in outputs.into_iter().enumerate() {
            match serde_path_to_error::deserialize(output) {
                Ok(one) => said.push(one),
                Err(error) => return Ok(Err(format!("{} gives no input: [{at}].{}: {}", mapping.name(), error.path(), error.inner()))),
            }
        }
        Ok(Ok((mapping.clone(), said)))
    }

    /// What has to be read from the system before its message can be understood.
    async fn read(&self, mapping: &Mapping, topic: &str, raw: &[u8]) -> Result<Result<Vec<Value>, String>, Refused> {
        if !mapping.has("read") {
            return Ok(Ok(Vec::new()));
        }
        let asked = match mapping.run_bounded("read", self.view(topic, raw, &[])).await {
            Ok(asked) => asked,
            Err(error) => return Ok(Err(error.to_string())),
        };
        let mut answers = Vec::new();
        for one in asked {
            let asked: Asked = match serde_path_to_error::deserialize(one) {
                Ok(asked) => asked,
                Err(error) => return Ok(Err(format!("{} gives no request: {error}", mapping.name()))),
            };
            let answer = self.link.exchange(asked).await.map_err(|silence| Refused { why: why(silence) })?;
            match answer.get("status").and_then(Value::as_u64) {
                Some(200..=299) => answers.push(answer),
                Some(404) => return Ok(Err(format!("{} does not know what its message is about", self.site()))),
                status => return Err(Refused { why: format!("reading from {} answered {}", self.site(), status.unwrap_or_default()) }),
            }
        }
        Ok(Ok(answers))
    }

    fn view(&self, topic: &str, raw: &[u8], read: &[Value]) -> Vec<u8> {
        view(self.site(), topic, self.now(), self.link.tables(), raw, read)
    }

    fn now(&self) -> Instant {
        self.region.node().seams.clock.now()
    }

    fn stamped(&self, said: Said, mapping: &Mapping, raw: RawRef) -> Input {
        let envelope = Envelope {
            key: Key { source: self.site(), epoch: said.key.epoch, mark: said.key.mark },
            occurred_at: said.occurred_at,
            received_at: self.now(),
            not_after: None,
            who: said.who.map(|who| Who { user: who.user, ..Who::default() }),
            origin: Some(Origin { raw, mapping: mapping.name().to_owned() }),
            correlation: said.correlation,
            causation: None,
        };
        Input { to: said.to, envelope, body: said.body }
    }

    /// A message that nobody understands is a case of its site, with the payload and the reason.
    async fn set_aside(&self, topic: &str, raw: RawRef, why: String) -> Result<(), Refused> {
        let book = self.region.node().book();
        let Some(entity) = book.site_entity(self.site()) else {
            return Err(Refused { why: format!("{} is no site of ours", self.site()) });
        };
        let key = Key { source: self.site(), epoch: 0, mark: Mark::Text(KeyText::ours(format_args!("unreadable/{raw}"))) };
        let origin = Some(Origin { raw, mapping: topic.to_owned() });
        let envelope = Envelope { origin, ..Envelope::of(key, self.now()) };
        let body = Body::Site(site::Input::Mail(site::Mail::Unreadable { topic: topic.to_owned(), raw, why }));
        self.region.take(Input { to: Address::Entity(entity), envelope, body }, format!("unreadable/{raw}")).await.map_err(refused)
    }
}

/// Everything a mapping sees of a message. The payload goes in as it is, so that decimals keep their digits.
pub fn view(site: SiteId, topic: &str, received_at: Instant, tables: &Value, raw: &[u8], read: &[Value]) -> Vec<u8> {
    let around = json!({ "site": site.as_str(), "topic": topic, "received_at": received_at.to_string(), "tables": tables, "read": read });
    let mut text = around.to_string().into_bytes();
    text.pop();
    text.extend(b",\"body\":");
    text.extend(if raw.is_empty() { b"null".as_slice() } else { raw });
    text.push(b'}');
    text
}

/// Whether an output is an input of ours; if not, where and why.
pub(super) fn fits(output: &Value) -> Result<(), serde_path_to_error::Error<serde_json::Error>> {
    serde_path_to_error::deserialize::<_, Said>(output).map(drop)
}

fn refused(error: impl std::fmt::Display) -> Refused {
    Refused { why: error.to_string() }
}

fn why(silence: Silence) -> String {
    match silence {
        Silence::Unsent(why) | Silence::Unknown(why) | Silence::Wrong(why) => why,
    }
}
