//! Sparkplug B (Eclipse Sparkplug 3.0.0) over MQTT, as a host application: what edge nodes and their devices say of themselves is kept as
//! long as the connection, their metrics go to the rules of [`telemetry`](crate::link::telemetry) and nowhere else, and commands go out.
//!
//! Sparkplug's own messages are not acknowledged by anybody, so one may be lost. That is seen by their numbers: a node whose numbers have
//! a gap, whose metrics nobody introduced, or that is silent though it never died, is asked to say everything again (a rebirth), not more
//! often than once in `rebirth_ms`. Until it does, what is not known is a case and is guessed by nobody. No count is lost by a lost message,
//! because a counter says where it stands.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::link::telemetry::Rule;
use payload::{Held, Metric, Payload};
use prost::Message as _;

pub(super) mod host;
mod payload;
mod value;

/// What is heard and said in Sparkplug B.
#[derive(Clone, Debug)]
pub struct SparkplugSpec {
    /// The id of this host application: edge nodes may wait for it.
    pub host: String,
    /// The groups that are listened to.
    pub groups: Vec<String>,
    /// How often a node is asked for its rebirth at most, in ms.
    pub rebirth_ms: u64,
    /// For how many ms a node may be silent that was born and did not die.
    pub silent_ms: u64,
    /// What becomes of metrics.
    pub rules: Vec<Rule>,
}

/// What all topics of Sparkplug B begin with.
pub const SPACE: &str = "spBv1.0/";

impl SparkplugSpec {
    /// What is subscribed to.
    pub fn filters(&self) -> Vec<String> {
        let groups = self.groups.iter().map(|group| format!("{SPACE}{group}/#"));
        groups.chain([self.state_topic()]).collect()
    }

    pub(super) fn state_topic(&self) -> String {
        format!("{SPACE}STATE/{}", self.host)
    }
}

/// What a host says of itself: whether it is there, and since when, in ms since 1970. The broker says the same in its place when it is
/// gone, with the same moment, so that nobody takes an old word for a new one.
pub(super) fn state(online: bool, since_ms: u64) -> Vec<u8> {
    json!({ "online": online, "timestamp": since_ms }).to_string().into_bytes()
}

/// A command, as a mapping says it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Command {
    /// The edge node, as `group/node`.
    pub node: String,
    /// The device at it; left out, the node itself.
    pub device: Option<String>,
    /// What is to be set.
    pub metrics: Vec<Setting>,
}

/// A metric that is to be set.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Setting {
    /// Its name.
    pub name: String,
    /// Its type, such as `int32` or `string`.
    #[serde(rename = "type")]
    pub kind: String,
    /// What it is to be.
    pub value: Value,
}

impl Command {
    /// Its topic and its bytes. The error says what cannot be written.
    pub(super) fn written(&self, now_ms: u64) -> Result<(String, Vec<u8>), String> {
        let (group, node) = self.node.split_once('/').ok_or_else(|| format!("`{}` is no node: write group/node", self.node))?;
        if self.metrics.is_empty() {
            return Err("a command sets no metric".to_owned());
        }
        let topic = match &self.device {
            Some(device) => format!("{SPACE}{group}/DCMD/{node}/{device}"),
            None => format!("{SPACE}{group}/NCMD/{node}"),
        };
        let mut metrics = Vec::new();
        for setting in &self.metrics {
            let (datatype, held) = value::written(&setting.kind, &setting.value).map_err(|why| format!("{}: {why}", setting.name))?;
            metrics.push(metric(&setting.name, datatype, held, now_ms));
        }
        Ok((topic, Payload { timestamp: Some(now_ms), metrics, seq: None }.encode_to_vec()))
    }
}

fn metric(name: &str, datatype: u32, held: Held, now_ms: u64) -> Metric {
    Metric {
        name: Some(name.to_owned()),
        alias: None,
        timestamp: Some(now_ms),
        datatype: Some(datatype),
        is_historical: None,
        is_null: None,
        value: Some(held),
    }
}

/// The command by which a node is asked to say everything again.
pub(super) fn rebirth(group: &str, node: &str, now_ms: u64) -> (String, Vec<u8>) {
    const BOOLEAN: u32 = 11;
    let metrics = vec![metric("Node Control/Rebirth", BOOLEAN, Held::Boolean(true), now_ms)];
    (format!("{SPACE}{group}/NCMD/{node}"), Payload { timestamp: Some(now_ms), metrics, seq: None }.encode_to_vec())
}
