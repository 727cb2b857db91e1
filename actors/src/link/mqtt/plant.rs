//! The plant behind a broker, in Sparkplug B: what its nodes say goes to the rules, what the rules have counted is kept in the site's own
//! log and then told through its door, and nodes are asked to say everything again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use takt_protocol::envelope::{Envelope, RawRef};
use takt_protocol::input::{Address, Body, Input};
use takt_protocol::kernel::Own;
use takt_protocol::site::{self, Tally};

use super::sparkplug::host::{Finding, Host};
use super::sparkplug::{self, SparkplugSpec};
use super::wire::{Letter, Sender};
use super::{MqttLink, ms_of};
use crate::link::inbound::{Called, Inbound, Told};
use crate::link::telemetry::{self, Run};
use crate::site::Channel;

/// How often it is looked whether there is something to tell.
const LOOK: Duration = Duration::from_millis(100);

/// The name under which the standing of a site shows that what is counted cannot be told.
const RULES: &str = "rules over telemetry";

/// A plant.
pub(super) struct Plant<'a> {
    link: &'a MqttLink,
    door: &'a Inbound,
    spec: &'a SparkplugSpec,
    host: Mutex<Host>,
    /// The rules at work, once it is known how far they were.
    runs: Mutex<Vec<Run>>,
    /// What is a case because nobody understands it, by its name; nothing before that was looked at.
    aside: Mutex<Option<BTreeMap<String, String>>>,
    /// What has a trouble of its own in the standing of the site: when this is dropped, that is over.
    channels: Mutex<BTreeMap<String, Option<Channel>>>,
}

fn held<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<'a> Plant<'a> {
    pub(super) fn new(link: &'a MqttLink, door: &'a Inbound) -> Option<Self> {
        let spec = link.spec.sparkplug.as_ref()?;
        let host = Mutex::new(Host::new(spec.rebirth_ms, spec.silent_ms));
        Some(Self { link, door, spec, host, runs: Mutex::default(), aside: Mutex::default(), channels: Mutex::default() })
    }

    /// What the host says of itself.
    pub(super) fn state(&self, online: bool, since_ms: u64) -> Letter {
        let payload = sparkplug::state(online, since_ms);
        Letter { topic: self.spec.state_topic(), payload, acknowledged: true, retain: true }
    }

    /// A connection begins: nobody is known yet. The rules go on from where they were, which is looked up before anything is read.
    pub(super) async fn begin(&self) {
        *held(&self.host) = Host::new(self.spec.rebirth_ms, self.spec.silent_ms);
        self.link.away().clear();
        while held(&self.runs).is_empty() && !self.spec.rules.is_empty() {
            match self.tallies().await {
                Ok(mut tallies) => {
                    let run = |rule: &telemetry::Rule| Run::from(rule.clone(), tallies.remove(&rule.name).unwrap_or_default());
                    *held(&self.runs) = self.spec.rules.iter().map(run).collect();
                }
                Err(why) => self.put_off(&why).await,
            }
        }
        while held(&self.aside).is_none() {
            match self.door.not_understood().await {
                Ok(topics) => *held(&self.aside) = Some(topics.into_iter().map(|topic| (topic, String::new())).collect()),
                Err(refused) => self.put_off(&refused.why).await,
            }
        }
    }

    async fn put_off(&self, why: &str) {
        tracing::warn!(site = %self.door.site(), why, "what a plant says is put off");
        self.link.clock.sleep(Duration::from_secs(1)).await;
    }

    /// How far each rule is, by the site's own log.
    async fn tallies(&self) -> Result<BTreeMap<String, Tally>, String> {
        let region = self.door.region();
        let book = region.node().book();
        let entity = book.site_entity(self.door.site()).ok_or_else(|| format!("{} is no site of ours", self.door.site()))?;
        match region.show(entity).await.map_err(|error| error.to_string())?.own {
            Own::Site(site) => Ok(site.tallies),
            Own::Order(_) | Own::Lot(_) | Own::Unit(_) | Own::Shipment(_) | Own::Record(_) => Ok(BTreeMap::new()),
        }
    }

    /// Takes one message of the plant.
    pub(super) async fn take(&self, sender: &Sender, topic: &str, payload: &Bytes, since_ms: u64) {
        if topic == self.spec.state_topic() {
            // The last word of an earlier connection may come after the first one of this.
            let ours = sparkplug::state(true, since_ms);
            if *payload != ours {
                drop(sender.post(self.state(true, since_ms), None).await);
            }
            return;
        }
        let findings = held(&self.host).hear(topic, payload, self.link.clock.elapsed());
        self.act(sender, topic, payload, findings).await;
    }

    async fn act(&self, sender: &Sender, topic: &str, payload: &Bytes, findings: Vec<Finding>) {
        for finding in findings {
            match finding {
                Finding::Heard { source, metrics, came } => {
                    let now = self.link.clock.now();
                    for run in held(&self.runs).iter_mut().filter(|run| run.rule().source == source) {
                        run.hear(&metrics, came, now);
                    }
                }
                Finding::Ask { group, node } => {
                    let (topic, payload) = sparkplug::rebirth(&group, &node, ms_of(self.link.clock.now()));
                    drop(sender.post(Letter { topic, payload, acknowledged: false, retain: false }, None).await);
                }
                Finding::Wrong { called, why } => self.aside(&called, topic, payload, &why).await,
                Finding::Right { called } => self.right(&called).await,
                Finding::Node { node, trouble } => {
                    let (region, channel) = (self.door.region(), format!("node {node}"));
                    match trouble {
                        None => {
                            self.link.away().remove(&node);
                            region.heard(self.door.site(), Some(&channel));
                        }
                        Some(why) => {
                            self.missed(&channel, &why);
                            self.link.away().insert(node, why);
                        }
                    }
                }
            }
        }
    }

    fn missed(&self, channel: &str, why: &str) {
        let (region, site) = (self.door.region(), self.door.site());
        held(&self.channels).entry(channel.to_owned()).or_insert_with(|| region.channel(site, channel));
        region.missed(site, channel, why);
    }

    /// Makes a case of it, once.
    async fn aside(&self, called: &str, topic: &str, payload: &Bytes, why: &str) {
        if held(&self.aside).as_ref().is_some_and(|aside| aside.get(called).is_some_and(|known| known == why)) {
            return;
        }
        let Ok(kept) = self.door.region().node().seams.blobs.keep(vec![payload.clone()]).await else { return };
        let Some(raw) = kept.first() else { return };
        if self.door.set_aside_as(called, topic, *raw, why).await.is_ok()
            && let Some(aside) = held(&self.aside).as_mut()
        {
            aside.insert(called.to_owned(), why.to_owned());
        }
    }

    async fn right(&self, called: &str) {
        let was = held(&self.aside).as_ref().is_some_and(|aside| aside.contains_key(called));
        if was
            && self.door.understood(called).await.is_ok()
            && let Some(aside) = held(&self.aside).as_mut()
        {
            aside.remove(called);
        }
    }

    /// Tells what the rules have counted, and looks who is silent, for ever.
    pub(super) async fn keep_telling(&self) {
        let mut sorry = BTreeSet::new();
        loop {
            self.link.clock.sleep(LOOK).await;
            let was_sorry = !std::mem::take(&mut sorry).is_empty();
            let due = |run: &mut Run| run.due(self.link.clock.now()).map(|tally| (run.rule().clone(), tally));
            let due: Vec<_> = held(&self.runs).iter_mut().filter_map(due).collect();
            for (rule, tally) in due {
                if let Err(why) = self.tell(&rule, tally).await {
                    sorry.insert(why);
                }
            }
            for why in &sorry {
                self.missed(RULES, why);
                self.link.clock.sleep(Duration::from_secs(1)).await;
            }
            if was_sorry && sorry.is_empty() {
                self.door.region().heard(self.door.site(), Some(RULES));
            }
            self.look().await;
        }
    }

    async fn look(&self) {
        let Ok(sender) = self.link.sender() else { return };
        let findings = held(&self.host).look(self.link.clock.elapsed());
        self.act(&sender, "", &Bytes::new(), findings).await;
    }

    /// Keeps how far a rule is, and then tells what it has to tell: each parcel until it is durable.
    async fn tell(&self, rule: &telemetry::Rule, tally: Tally) -> Result<(), String> {
        let parcels = tally.parcels.clone();
        if let Err(why) = self.keep(rule, tally).await {
            self.with(rule, Run::not_kept);
            return Err(why);
        }
        for parcel in parcels {
            let (topic, raw) = (rule.topic(), Bytes::from(telemetry::shown(rule, &parcel).to_string()));
            let taken = if let Some(doubt) = &parcel.doubt {
                self.door.take_as_case(&topic, raw, telemetry::doubted(rule, &parcel, doubt)).await.map(drop)
            } else {
                let called = Some(Called::item(&topic, &parcel.number.to_string(), ""));
                self.door.take(&Told { topic: &topic, raw, called, file: None, brought: false }).await.map(drop)
            };
            taken.map_err(|refused| refused.to_string())?;
            self.with(rule, |run| run.told(&parcel));
        }
        Ok(())
    }

    fn with(&self, rule: &telemetry::Rule, act: impl FnOnce(&mut Run)) {
        if let Some(run) = held(&self.runs).iter_mut().find(|run| run.rule().name == rule.name) {
            act(run);
        }
    }

    async fn keep(&self, rule: &telemetry::Rule, tally: Tally) -> Result<(), String> {
        let region = self.door.region();
        let entity =
            region.node().book().site_entity(self.door.site()).ok_or_else(|| format!("{} is no site of ours", self.door.site()))?;
        let content = serde_json::to_vec(&tally).map_err(|error| error.to_string())?;
        let key = format!("tally/{}/{}/{}", self.door.site(), rule.name, RawRef::of(&content));
        let envelope = Envelope::ours(key, region.node().seams.clock.now());
        let body = Body::Site(site::Input::Mail(site::Mail::Tallied { rule: rule.name.clone(), tally: Box::new(tally) }));
        region.ask(Input { to: Address::Entity(entity), envelope, body }).await.map(drop).map_err(|error| error.to_string())
    }
}
