//! A link over MQTT, 3.1.1 or 5, to whatever speaks through a broker. What is published and what a message means is said by mappings;
//! this file carries it to the broker, and `line` brings what comes from there.
//!
//! A verb's mapping has `request`, which gives `{ topic, payload }`: a text is sent as it is, anything else as JSON. Beside them may stand
//! `acknowledged: false` (the broker need not say that it has it: what it did not hear is lost then), `retain: true` (the broker keeps it
//! for whoever comes later) and `expires_s` (MQTT 5: the broker drops it when nobody took it by then). In the place of a topic and a
//! payload, `sparkplug: { node, device, metrics: [{ name, type, value }] }` is a command in Sparkplug B ([`sparkplug`]), which nobody
//! acknowledges unless `acknowledged: true` stands beside it: the node says by its metrics what it did. `outcome` sees `.acknowledged`, and over MQTT 5 `.unheard: true` where the broker says that nobody has subscribed; an outcome that gives nothing for that
//! leaves it not done, to be tried again.
//!
//! What it promises: what the broker did not acknowledge is not done. It was not sent (`NotDone`), or nobody knows (`Lost`): the broker
//! cannot be asked later. So a verb is `at_most_once`, where what is lost waits for a person, or `dedup_by_key`, where whoever reads the
//! message knows our reference again, which `request` puts into it. Acknowledged means that the *broker* has it; what the system makes
//! of it, it tells by a message of its own.
//!
//! What comes is subscribed to with acknowledgement (QoS 1), after every connection anew, and acknowledged only when it is durable here.
//! Where that is put off, nothing more is read. A message may come twice, and has one effect: its mapping gives a `key`. What nobody
//! acknowledges (a publisher that uses QoS 0) may be lost on its way to us, and nobody can tell.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::{Value, json};
use takt_cluster::clock::SystemClock;
use takt_cluster::seam::Clock;
use takt_protocol::instant::Instant;
use takt_protocol::name::SiteId;
use tokio::sync::Notify;

use super::mapping::Mapping;
use super::meaning::{Outcome, said, view};
use super::{Errand, Link, Probed, Sent};
use sparkplug::SparkplugSpec;
use wire::{Letter, Posted, Sender, Trouble};

pub mod filter;
pub mod line;
mod plant;
pub mod sparkplug;
mod trouble;
mod v4;
mod v5;
mod wire;

/// How a broker is reached.
#[derive(Clone, Debug)]
pub struct MqttSpec {
    /// Its host.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// With whose certificates, where it is spoken to over TLS.
    pub tls: Option<Tls>,
    /// In which version.
    pub version: Version,
    /// As which client: no two have the same.
    pub client: String,
    /// As which user, if any.
    pub user: Option<String>,
    /// With which password.
    pub password: Option<String>,
    /// After how many seconds without a word the other side is asked whether it is there.
    pub keep_alive_s: u16,
    /// For how many seconds the broker keeps what comes while we are away; 0 for nothing.
    pub session_s: u32,
    /// The longest payload that is understood, in bytes.
    pub payload_bytes_max: usize,
    /// The most messages that wait here to become durable, before no more are read.
    pub waiting_max: u16,
    /// How long one errand may take, in ms.
    pub window_ms: u32,
    /// The filters of what is subscribed to.
    pub filters: Vec<String>,
    /// For how many ms nothing may come of all that, before that is trouble; nothing where silence is usual.
    pub silent_ms: Option<u64>,
    /// What is heard and said in Sparkplug B.
    pub sparkplug: Option<SparkplugSpec>,
    /// Code tables, given to every mapping as `.tables`.
    pub tables: Value,
}

/// Whom we trust, and who we are, over TLS.
#[derive(Clone, Debug, Default)]
pub struct Tls {
    /// The file of the certificates of those who vouch for brokers (PEM); left out, those that the host trusts.
    pub root_certificates: Option<PathBuf>,
    /// The files of our own certificate and its key (PEM), where the broker wants one.
    pub identity: Option<(PathBuf, PathBuf)>,
}

/// A version of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// 3.1.1, ISO/IEC 20922.
    V311,
    /// 5, OASIS 2019.
    V5,
}

/// The longest packet that is read at all, in bytes: above what is understood, so that what is too long is somebody's case and not the
/// end of every connection.
const PACKET_BYTES_MAX: usize = 16 << 20;

impl Version {
    fn word(self) -> &'static str {
        match self {
            Self::V311 => "MQTT 3.1.1",
            Self::V5 => "MQTT 5",
        }
    }
}

impl MqttSpec {
    /// The broker as people see it.
    fn broker(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }
}

/// A certificate and its key, as they stand in their files.
type Identity = (Vec<u8>, Vec<u8>);

impl Tls {
    fn roots(&self) -> Result<Option<Vec<u8>>, Trouble> {
        self.root_certificates.as_ref().map(file).transpose()
    }

    fn identity(&self) -> Result<Option<Identity>, Trouble> {
        self.identity.as_ref().map(|(certificate, key)| Ok((file(certificate)?, file(key)?))).transpose()
    }
}

/// A file of a certificate; it is small, and read once a connection.
fn file(path: &PathBuf) -> Result<Vec<u8>, Trouble> {
    std::fs::read(path).map_err(|error| Trouble::Wrong(format!("{} cannot be read: {error}; write the path of a PEM file", path.display())))
}

/// A way to whatever speaks through one broker. It sends while [`line::run`] keeps a connection.
pub struct MqttLink {
    site: SiteId,
    spec: MqttSpec,
    verbs: BTreeMap<String, Mapping>,
    /// What sends, while there is a connection; else why there is none.
    open: Mutex<Result<Sender, Trouble>>,
    /// Has the connection given up: what nobody waits for any more is not to be sent later.
    cut: Notify,
    /// Nodes that are known to be away, and why: nothing is sent to them that they would not hear.
    away: Mutex<BTreeMap<String, String>>,
    clock: Arc<dyn Clock>,
}

/// A moment as others write it: in ms since 1970.
fn ms_of(at: Instant) -> u64 {
    u64::try_from(at.utc_ms()).unwrap_or_default()
}

/// What a mapping wants to be published.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    topic: Option<String>,
    payload: Option<Value>,
    acknowledged: Option<bool>,
    #[serde(default)]
    retain: bool,
    expires_s: Option<u32>,
    sparkplug: Option<sparkplug::Command>,
}

impl Asked {
    fn letter(self, now_ms: u64) -> Result<(Letter, Option<u32>), String> {
        // What the specification of Sparkplug wants of commands.
        let acknowledged = self.acknowledged.unwrap_or(self.sparkplug.is_none());
        let (topic, payload) = match (self.topic, self.payload, self.sparkplug) {
            (Some(topic), Some(Value::String(text)), None) => (topic, text.into_bytes()),
            (Some(topic), Some(value), None) => (topic, value.to_string().into_bytes()),
            (None, None, Some(command)) => command.written(now_ms)?,
            _ => return Err("it gives neither `topic` and `payload` nor `sparkplug`, or both".to_owned()),
        };
        if !filter::is_topic(&topic) {
            return Err(format!("`{}` is no topic: it is not empty, and has no + and no # in it", topic.escape_debug()));
        }
        Ok((Letter { topic, payload, acknowledged, retain: self.retain }, self.expires_s))
    }
}

/// Whether an output is something to publish; if not, where and why.
pub(super) fn fits(output: &Value) -> Result<(), String> {
    let asked = serde_path_to_error::deserialize::<_, Asked>(output).map_err(|error| format!("{}: {}", error.path(), error.inner()))?;
    asked.letter(0).map(drop)
}

impl MqttLink {
    /// A link to `site`, with a mapping for each verb it can carry out.
    pub fn new(site: SiteId, spec: MqttSpec, verbs: BTreeMap<String, Mapping>) -> Self {
        let open = Mutex::new(Err(Trouble::Away(format!("there is no connection to the broker {} yet", spec.broker()))));
        Self { site, spec, verbs, open, cut: Notify::new(), away: Mutex::default(), clock: Arc::new(SystemClock::start()) }
    }

    /// Code tables.
    pub fn tables(&self) -> &Value {
        &self.spec.tables
    }

    /// The filters that it subscribes to.
    pub fn filters(&self) -> BTreeSet<&str> {
        self.spec.filters.iter().map(String::as_str).collect()
    }

    fn sender(&self) -> Result<Sender, Trouble> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn away(&self) -> MutexGuard<'_, BTreeMap<String, String>> {
        self.away.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn stands(&self, open: Result<Sender, Trouble>) {
        *self.open.lock().unwrap_or_else(PoisonError::into_inner) = open;
    }

    /// Publishes what a mapping asked for, once.
    async fn publish(&self, asked: Asked) -> Result<Posted, Sent> {
        let node = asked.sparkplug.as_ref().map(|command| command.node.clone());
        let (letter, expires_s) = asked.letter(ms_of(self.clock.now())).map_err(|why| Sent::Misconfigured { why })?;
        if let Some(why) = node.and_then(|node| self.away().get(&node).cloned()) {
            return Err(Sent::NotDone { why });
        }
        let sender = self.sender().map_err(|trouble| match trouble {
            Trouble::Away(why) => Sent::NotDone { why },
            Trouble::Wrong(why) => Sent::Misconfigured { why },
        })?;
        let patience = Duration::from_millis(u64::from(self.spec.window_ms.max(4))).mul_f64(0.75);
        let Ok(posted) = tokio::time::timeout(patience, sender.post(letter, expires_s)).await else {
            // It may be under way, and is not to arrive when a line is there again: it goes with its connection.
            self.cut.notify_one();
            return Err(Sent::Lost { why: format!("the broker did not acknowledge it within {} ms", patience.as_millis()) });
        };
        Ok(posted)
    }
}

#[async_trait]
impl Link for MqttLink {
    fn takes(&self, verb: &str) -> bool {
        self.verbs.contains_key(verb)
    }

    async fn send(&self, errand: &Errand) -> Sent {
        let verb = errand.effect.verb();
        let Some(mapping) = self.verbs.get(verb) else {
            return Sent::Misconfigured { why: format!("the link of {} has no mapping for {verb}: add one to `send`", self.site) };
        };
        let input = view(self.site, &self.spec.tables, errand, &[]).to_string().into_bytes();
        let asked = match mapping.run_bounded("request", input).await.map(|said| said.into_iter().next()) {
            Ok(Some(asked)) => serde_path_to_error::deserialize::<_, Asked>(asked),
            Ok(None) => return Sent::Misconfigured { why: format!("{} asks for nothing", mapping.name()) },
            Err(error) => return Sent::Misconfigured { why: error.to_string() },
        };
        let (posted, acknowledged) = match asked {
            Ok(asked) => {
                let acknowledged = asked.acknowledged.unwrap_or(asked.sparkplug.is_none());
                (self.publish(asked).await, acknowledged)
            }
            Err(error) => return Sent::Misconfigured { why: format!("{} gives nothing to publish: {error}", mapping.name()) },
        };
        let unheard = match posted {
            Ok(Posted::Taken) => false,
            Ok(Posted::Unheard) => true,
            Ok(Posted::NotSent(why)) => return Sent::NotDone { why },
            Ok(Posted::Unknown(why)) => return Sent::Lost { why },
            Ok(Posted::Refused(code)) => {
                let why =
                    format!("the broker {} does not take it ({code}): check the topic, and what our user may write", self.spec.broker());
                return Sent::Misconfigured { why };
            }
            Err(sent) => return sent,
        };
        let answers = [json!({ "acknowledged": acknowledged, "unheard": unheard })];
        let input = view(self.site, &self.spec.tables, errand, &answers).to_string().into_bytes();
        match said(mapping, mapping.run_bounded("outcome", input).await) {
            Ok(Some(Outcome::Accepted(receipt))) => Sent::Accepted(receipt),
            Ok(Some(Outcome::Rejected { code, text })) => Sent::Rejected { code, text },
            Ok(Some(Outcome::NotDone { why })) => Sent::NotDone { why },
            Ok(Some(Outcome::Misconfigured { why })) => Sent::Misconfigured { why },
            Ok(Some(Outcome::Read(_))) => {
                Sent::Misconfigured { why: format!("{} reads, and nothing can be read over MQTT", mapping.name()) }
            }
            Ok(None) if unheard => Sent::NotDone { why: "nobody has subscribed to it, and the broker threw it away".to_owned() },
            Ok(None) => Sent::Lost { why: format!("{} says nothing of what came of it", mapping.name()) },
            Ok(Some(Outcome::Lost { why })) | Err(why) => Sent::Lost { why },
        }
    }

    async fn probe(&self, errand: &Errand) -> Probed {
        Probed::NoAnswer { why: format!("nobody can be asked over MQTT what became of {}", errand.effect.verb()) }
    }
}

#[cfg(test)]
mod tests;
