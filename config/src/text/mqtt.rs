//! A `link` over MQTT: what is published to a broker, what is subscribed to there, and a plant that speaks Sparkplug B.

use std::collections::BTreeMap;
use std::num::{NonZeroU16, NonZeroU64, NonZeroUsize};

use serde::Deserialize;
use serde_saphyr::Spanned;

use super::FormatText;
use super::telemetry::RuleText;

/// A link over MQTT.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MqttText {
    /// Where the broker listens: `mqtt://host`, or over TLS `mqtts://host`; a port may stand behind it.
    pub broker: Spanned<String>,
    /// In which version it is spoken to: `"5"`, or `"3.1.1"`; left out, 5.
    #[serde(default)]
    pub version: VersionText,
    /// As which client: no two at one broker have the same.
    pub client: Spanned<String>,
    /// As which user, if any.
    pub user: Option<String>,
    /// With which password: write `${NAME}` and keep it in the environment.
    pub password: Option<String>,
    /// The file of the certificates of those who vouch for the broker (PEM); left out, those that the host trusts.
    pub root_certificates: Option<Spanned<String>>,
    /// The file of our own certificate (PEM), where the broker wants one.
    pub client_certificate: Option<Spanned<String>>,
    /// The file of its key (PEM).
    pub client_key: Option<Spanned<String>>,
    /// After how many seconds without a word the broker is asked whether it is there; left out, 20.
    pub keep_alive_s: Option<NonZeroU16>,
    /// For how many seconds the broker keeps what comes while we are away; left out, seven days. 3.1.1 knows no such time: the broker's counts.
    pub session_s: Option<u32>,
    /// The longest payload that is understood, in bytes; left out, 1 MiB.
    pub payload_bytes_max: Option<Spanned<NonZeroUsize>>,
    /// The most messages that wait here to become durable, before no more are read; left out, 256.
    pub waiting_max: Option<NonZeroU16>,
    /// For how many ms nothing may come of all topics together before the broker is asked anew for everything; left out, silence is usual.
    pub silent_ms: Option<NonZeroU64>,
    /// The mapping file of each verb.
    #[serde(default)]
    pub send: BTreeMap<String, Spanned<String>>,
    /// What is subscribed to, by topic filters.
    #[serde(default)]
    pub topics: BTreeMap<String, Spanned<MqttTopicText>>,
    /// What is heard and said in Sparkplug B.
    pub sparkplug: Option<Spanned<SparkplugText>>,
    /// Code tables: our word, and theirs.
    #[serde(default)]
    pub tables: BTreeMap<String, BTreeMap<String, String>>,
}

/// A version of MQTT.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub enum VersionText {
    /// 3.1.1.
    #[serde(rename = "3.1.1")]
    V311,
    /// 5.
    #[default]
    #[serde(rename = "5")]
    V5,
}

/// The messages of a filter.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MqttTopicText {
    /// With which quality they are subscribed to; left out, 1. There is no other.
    #[serde(default = "one")]
    pub qos: u8,
    /// How they are written; left out, as JSON.
    #[serde(default)]
    pub format: FormatText,
    /// The mapping file of their content.
    pub mapping: Spanned<String>,
}

fn one() -> u8 {
    1
}

/// A plant that speaks Sparkplug B.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SparkplugText {
    /// The id of this host application.
    pub host: String,
    /// The groups that are listened to.
    pub groups: Vec<Spanned<String>>,
    /// How often a node is asked to say everything again at most, in ms; left out, 10000.
    pub rebirth_ms: Option<NonZeroU64>,
    /// For how many ms a node may be silent that was born and did not die; left out, 300000.
    pub silent_ms: Option<NonZeroU64>,
    /// What becomes of metrics: nothing of them goes any further but by a rule.
    #[serde(default)]
    pub rules: BTreeMap<String, Spanned<RuleText>>,
}

impl MqttText {
    /// Every mapping file it names, with the place of the name.
    pub fn mapping_files(&self) -> impl Iterator<Item = &Spanned<String>> {
        self.send.values().chain(self.told()).chain(self.rules().map(|(_, rule)| &rule.value.mapping))
    }

    /// The same, to be changed.
    pub(crate) fn mapping_files_mut(&mut self) -> impl Iterator<Item = &mut Spanned<String>> {
        let rules = self.sparkplug.iter_mut().flat_map(|plant| plant.value.rules.values_mut()).map(|rule| &mut rule.value.mapping);
        self.send.values_mut().chain(self.topics.values_mut().map(|topic| &mut topic.value.mapping)).chain(rules)
    }

    /// What each mapping file is named for.
    pub(crate) fn slots(&self) -> impl Iterator<Item = (String, &Spanned<String>)> {
        let sent = self.send.iter().map(|(verb, file)| (format!("send.{verb}"), file));
        let told = self.topics.iter().map(|(filter, topic)| (format!("topics.{filter}"), &topic.value.mapping));
        sent.chain(told).chain(self.rules().map(|(name, rule)| (format!("rules.{name}"), &rule.value.mapping)))
    }

    /// The mapping files of messages.
    pub(crate) fn told(&self) -> impl Iterator<Item = &Spanned<String>> {
        self.topics.values().map(|topic| &topic.value.mapping)
    }

    /// The rules over telemetry, by name.
    pub(crate) fn rules(&self) -> impl Iterator<Item = (&String, &Spanned<RuleText>)> {
        self.sparkplug.iter().flat_map(|plant| &plant.value.rules)
    }

    /// What must not be known to everybody, with the keys that lead to it.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = (&str, Vec<&'static str>)> {
        self.password.iter().map(|secret| (secret.as_str(), vec!["link", "mqtt", "password"]))
    }

    /// Gives every text that may hold a variable to `fill`.
    pub(crate) fn each_text(&mut self, fill: &mut dyn FnMut(&mut String)) {
        let files = [&mut self.root_certificates, &mut self.client_certificate, &mut self.client_key];
        let words = self.tables.values_mut().flat_map(BTreeMap::values_mut);
        let own = [&mut self.broker.value, &mut self.client.value].into_iter().chain(&mut self.user).chain(&mut self.password);
        own.chain(files.into_iter().flatten().map(|file| &mut file.value)).chain(words).for_each(fill);
    }
}
