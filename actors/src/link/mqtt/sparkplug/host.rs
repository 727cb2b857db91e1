//! What a host application knows of edge nodes and their devices: who was born and did not die, what their aliases mean, and which number
//! comes next. Pure: messages and a clock go in, findings come out. It is as old as its connection: over the next one everybody is unknown.

use std::collections::BTreeMap;
use std::time::Duration;

use prost::Message as _;

use super::payload::{Held, Metric, Payload};
use super::{SPACE, value};
use crate::link::telemetry::{Came, Said, Source};

/// What a message shows.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::link::mqtt) enum Finding {
    /// Metrics of a source say something, in this order.
    Heard {
        /// Whose.
        source: Source,
        /// Which, and what.
        metrics: Vec<(String, Said)>,
        /// How.
        came: Came,
    },
    /// A node is to say everything again.
    Ask {
        /// Its group.
        group: String,
        /// Its name.
        node: String,
    },
    /// Something cannot be understood, under the name by which people see it.
    Wrong {
        /// Of what.
        called: String,
        /// Why.
        why: String,
    },
    /// What was wrong under this name is right.
    Right {
        /// Of what.
        called: String,
    },
    /// A node is there, or is not.
    Node {
        /// Its group and name.
        node: String,
        /// What is the matter with it; nothing where it is there.
        trouble: Option<String>,
    },
}

/// Nodes that are known at once, and metrics of one source: whoever makes up more is not listened to.
const NODES_MAX: usize = 10_000;
const METRICS_MAX: usize = 20_000;

/// Everybody who is known.
#[derive(Debug)]
pub(in crate::link::mqtt) struct Host {
    rebirth: Duration,
    silent: Duration,
    nodes: BTreeMap<(String, String), Node>,
}

#[derive(Debug, Default)]
struct Node {
    /// Its birth, if it was seen and the node did not die since.
    born: Option<Born>,
    devices: BTreeMap<String, Names>,
    /// Since when what it says, or a device at it, is not read, because a birth is missing or a message before it.
    unread: BTreeMap<Option<String>, Duration>,
    heard_at: Duration,
    asked_at: Option<Duration>,
}

#[derive(Debug)]
struct Born {
    /// Counts its connections: a death of another one is not this one's.
    bd_seq: Option<u64>,
    /// The number that its next message has.
    next: u64,
    names: Names,
    /// A message is missing: what it said may be what the others go by.
    gap: bool,
}

/// What its birth said that the metrics of a source are called.
#[derive(Debug, Default)]
struct Names {
    types: BTreeMap<String, u32>,
    aliases: BTreeMap<u64, String>,
}

/// Why the metrics of a source cannot be read.
enum Unread {
    /// A birth would say it.
    Unknown(String),
    /// It is wrong.
    Wrong(String),
}

impl Names {
    fn of(metrics: &[Metric]) -> Result<Self, String> {
        if metrics.len() > METRICS_MAX {
            return Err(format!("{} metrics are more than the {METRICS_MAX} that are kept", metrics.len()));
        }
        let mut names = Self::default();
        for metric in metrics {
            let Some(name) = metric.name.clone() else { return Err("a metric of a birth has no name".to_owned()) };
            if let Some(other) = metric.alias.and_then(|alias| names.aliases.insert(alias, name.clone())).filter(|other| *other != name) {
                return Err(format!("{name} and {other} have one alias"));
            }
            names.types.insert(name, metric.datatype.unwrap_or_default());
        }
        Ok(names)
    }

    /// Metrics with their names, without those of a time that is over.
    fn read(&self, metrics: &[Metric]) -> Result<Vec<(String, Said)>, Unread> {
        let mut said = Vec::with_capacity(metrics.len());
        for metric in metrics.iter().filter(|metric| metric.is_historical != Some(true)) {
            let named = metric.name.as_ref().filter(|name| !name.is_empty());
            let name = match (named, metric.alias) {
                (Some(name), _) => name,
                (None, Some(alias)) => self.aliases.get(&alias).ok_or_else(|| Unread::Unknown(format!("the alias {alias}")))?,
                (None, None) => return Err(Unread::Wrong("a metric has neither name nor alias".to_owned())),
            };
            let kind = self.types.get(name).ok_or_else(|| Unread::Unknown(format!("the metric {name}")))?;
            let value = value::said(metric, Some(*kind)).map_err(|why| Unread::Wrong(format!("{name}: {why}")))?;
            said.push((name.clone(), value));
        }
        Ok(said)
    }
}

/// A message as its topic says whose it is.
struct Letter<'a> {
    group: &'a str,
    kind: &'a str,
    node: &'a str,
    device: Option<&'a str>,
}

fn letter(topic: &str) -> Option<Letter<'_>> {
    let mut levels = topic.strip_prefix(SPACE)?.split('/');
    let (group, kind, node, device) = (levels.next()?, levels.next()?, levels.next()?, levels.next());
    levels.next().is_none().then_some(Letter { group, kind, node, device })
}

impl Host {
    pub(in crate::link::mqtt) fn new(rebirth_ms: u64, silent_ms: u64) -> Self {
        Self { rebirth: Duration::from_millis(rebirth_ms), silent: Duration::from_millis(silent_ms), nodes: BTreeMap::new() }
    }

    /// A message came. What is nobody's affair here (commands, other hosts) shows nothing.
    pub(in crate::link::mqtt) fn hear(&mut self, topic: &str, bytes: &[u8], now: Duration) -> Vec<Finding> {
        let Some(letter) = letter(topic) else { return vec![wrong(topic, "its topic is none of Sparkplug B's".to_owned())] };
        if matches!(letter.kind, "NCMD" | "DCMD") || letter.group == "STATE" {
            return Vec::new();
        }
        let payload = match Payload::decode(bytes) {
            Ok(payload) => payload,
            Err(error) => return vec![wrong(topic, format!("it is no payload of Sparkplug B: {error}"))],
        };
        let key = (letter.group.to_owned(), letter.node.to_owned());
        if self.nodes.len() >= NODES_MAX && !self.nodes.contains_key(&key) {
            return vec![wrong(topic, format!("{NODES_MAX} nodes are known, and no more are listened to"))];
        }
        let at = At { now, rebirth: self.rebirth };
        let node = self.nodes.entry(key).or_default();
        node.heard_at = now;
        let findings = match (letter.kind, letter.device) {
            ("NBIRTH", None) => node.birth(&letter, &payload),
            ("NDEATH", None) => node.death(&letter, &payload),
            ("NDATA", None) => node.data(&letter, &payload, at),
            ("DBIRTH", Some(device)) => node.device_birth(&letter, device, &payload, at),
            ("DDEATH", Some(device)) => node.device_death(&letter, device, &payload, at),
            ("DDATA", Some(device)) => node.device_data(&letter, device, &payload, at),
            (_, _) => vec![wrong(topic, format!("{} is no message of Sparkplug B, or not of one with as many levels", letter.kind))],
        };
        node.debounced(findings, at)
    }

    /// Who is silent although it is there.
    pub(in crate::link::mqtt) fn look(&mut self, now: Duration) -> Vec<Finding> {
        let mut findings = Vec::new();
        for ((group, name), node) in &mut self.nodes {
            let since = now.saturating_sub(node.heard_at);
            if node.born.is_none() || since < self.silent {
                continue;
            }
            let why = format!("silent for {} s although it was born and did not die", since.as_secs());
            let found = vec![Finding::Node { node: format!("{group}/{name}"), trouble: Some(why) }, ask(group, name)];
            findings.extend(node.debounced(found, At { now, rebirth: self.rebirth }));
        }
        findings
    }
}

/// When a message came.
#[derive(Clone, Copy)]
struct At {
    now: Duration,
    /// For how long a node has time to say everything again, before it is asked once more, and before a person is told.
    rebirth: Duration,
}

impl At {
    fn since(self, earlier: Duration) -> Duration {
        self.now.saturating_sub(earlier)
    }
}

impl Node {
    /// Asks no more often than is wanted: a node that is asked says everything again, and many at once are a storm.
    fn debounced(&mut self, findings: Vec<Finding>, at: At) -> Vec<Finding> {
        let mut rests = self.asked_at.is_some_and(|asked| at.since(asked) < at.rebirth);
        let mut kept = Vec::with_capacity(findings.len());
        for finding in findings {
            if matches!(finding, Finding::Ask { .. }) && std::mem::replace(&mut rests, true) {
                continue;
            }
            if matches!(finding, Finding::Ask { .. }) {
                self.asked_at = Some(at.now);
            }
            kept.push(finding);
        }
        kept
    }

    /// It begins anew: everybody at it is unknown until they are born, too.
    fn birth(&mut self, letter: &Letter<'_>, payload: &Payload) -> Vec<Finding> {
        let called = letter.called();
        let names = match Names::of(&payload.metrics) {
            Ok(names) => names,
            Err(why) => return vec![wrong(&called, why)],
        };
        let Some(seq) = payload.seq else { return vec![wrong(&called, "its birth has no number (seq)".to_owned())] };
        let metrics = match names.read(&payload.metrics) {
            Ok(metrics) => metrics,
            Err(unread) => return vec![wrong(&called, unread.why())],
        };
        self.devices.clear();
        self.unread.clear();
        self.born = Some(Born { bd_seq: bd_seq(payload), next: after(seq), names, gap: false });
        vec![
            Finding::Right { called },
            Finding::Node { node: letter.shown(), trouble: None },
            Finding::Heard { source: letter.source(), metrics, came: Came::Anew },
        ]
    }

    /// A death tells of one connection: that of an earlier one says nothing about this one.
    fn death(&mut self, letter: &Letter<'_>, payload: &Payload) -> Vec<Finding> {
        let known = self.born.as_ref().and_then(|born| born.bd_seq);
        if self.born.is_none() || bd_seq(payload) != known {
            return Vec::new();
        }
        self.born = None;
        self.devices.clear();
        vec![Finding::Node { node: letter.shown(), trouble: Some("it lost its line, or was switched off".to_owned()) }]
    }

    fn data(&mut self, letter: &Letter<'_>, payload: &Payload, at: At) -> Vec<Finding> {
        if let Some(unread) = self.out_of_step(letter, payload, at) {
            return unread;
        }
        match self.born.as_ref().map(|born| born.names.read(&payload.metrics)) {
            Some(read) => self.heard(letter, read, at),
            None => Vec::new(),
        }
    }

    fn device_birth(&mut self, letter: &Letter<'_>, device: &str, payload: &Payload, at: At) -> Vec<Finding> {
        if let Some(unread) = self.out_of_step(letter, payload, at) {
            return unread;
        }
        let called = letter.called();
        let read = Names::of(&payload.metrics).and_then(|names| Ok((names.read(&payload.metrics).map_err(Unread::why)?, names)));
        match read {
            Ok((metrics, names)) => {
                self.devices.insert(device.to_owned(), names);
                self.unread.remove(&Some(device.to_owned()));
                vec![Finding::Right { called }, Finding::Heard { source: letter.source(), metrics, came: Came::Anew }]
            }
            Err(why) => vec![wrong(&called, why)],
        }
    }

    fn device_death(&mut self, letter: &Letter<'_>, device: &str, payload: &Payload, at: At) -> Vec<Finding> {
        let unread = self.out_of_step(letter, payload, at);
        self.devices.remove(device);
        unread.unwrap_or_default()
    }

    fn device_data(&mut self, letter: &Letter<'_>, device: &str, payload: &Payload, at: At) -> Vec<Finding> {
        if let Some(unread) = self.out_of_step(letter, payload, at) {
            return unread;
        }
        match self.devices.get(device).map(|names| names.read(&payload.metrics)) {
            Some(read) => self.heard(letter, read, at),
            None => self.unread(letter, "its birth was not seen", at),
        }
    }

    /// What is to be done where nobody can tell what a message means, because of what is missing before it: the birth of its node, or any
    /// message. A counter that is not read now is read with everything else when the node says it again.
    fn out_of_step(&mut self, letter: &Letter<'_>, payload: &Payload, at: At) -> Option<Vec<Finding>> {
        let Some(born) = &mut self.born else { return Some(self.unread(letter, "the birth of its node was not seen", at)) };
        if let Some(seq) = payload.seq {
            born.gap |= seq != born.next;
            born.next = after(seq);
        }
        born.gap.then(|| self.unread(letter, "a message of its node is missing", at))
    }

    /// It is not read until it says everything again, which it is asked for. Where it does not, a person is told.
    fn unread(&mut self, letter: &Letter<'_>, why: &str, at: At) -> Vec<Finding> {
        let since = *self.unread.entry(letter.device.map(str::to_owned)).or_insert(at.now);
        let asked = std::iter::once(ask(letter.group, letter.node));
        let lasts = (at.since(since) >= at.rebirth).then(|| {
            wrong(
                &letter.called(),
                format!("{why}: nothing it says is read until it says everything again, which it was asked for in vain"),
            )
        });
        asked.chain(lasts).collect()
    }

    fn heard(&mut self, letter: &Letter<'_>, read: Result<Vec<(String, Said)>, Unread>, at: At) -> Vec<Finding> {
        match read {
            Ok(metrics) if metrics.is_empty() => Vec::new(),
            Ok(metrics) => vec![Finding::Heard { source: letter.source(), metrics, came: Came::Live }],
            Err(Unread::Unknown(what)) => self.unread(letter, &format!("{what} is none that its birth named"), at),
            Err(Unread::Wrong(why)) => vec![wrong(&letter.called(), why)],
        }
    }
}

impl Letter<'_> {
    fn shown(&self) -> String {
        format!("{}/{}", self.group, self.node)
    }

    /// Under which name people see what is the matter with it: one for all that only its birth would mend.
    fn called(&self) -> String {
        format!("{SPACE}{}", self.source().shown())
    }

    fn source(&self) -> Source {
        Source { group: self.group.to_owned(), node: self.node.to_owned(), device: self.device.map(str::to_owned) }
    }
}

impl Unread {
    fn why(self) -> String {
        match self {
            Self::Unknown(what) => format!("nobody introduced {what}"),
            Self::Wrong(why) => why,
        }
    }
}

fn wrong(called: &str, why: String) -> Finding {
    Finding::Wrong { called: called.to_owned(), why }
}

fn ask(group: &str, node: &str) -> Finding {
    Finding::Ask { group: group.to_owned(), node: node.to_owned() }
}

/// The numbers of messages go from 0 to 255 and round again.
fn after(seq: u64) -> u64 {
    (seq % 256 + 1) % 256
}

fn bd_seq(payload: &Payload) -> Option<u64> {
    let metric = payload.metrics.iter().find(|metric| metric.name.as_deref() == Some("bdSeq"))?;
    match metric.value.as_ref()? {
        Held::Int(int) => Some(u64::from(*int)),
        Held::Long(long) => Some(*long),
        Held::Float(_)
        | Held::Double(_)
        | Held::Boolean(_)
        | Held::Text(_)
        | Held::Bytes(_)
        | Held::DataSet(_)
        | Held::Template(_)
        | Held::Extension(_) => None,
    }
}

#[cfg(test)]
mod tests;
