//! `regions.yaml`: what keeps the log of each region; `roads.yaml`: how regions in different processes reach each other. Read when a
//! node starts; what changes in them counts from the next start on.

use std::collections::{BTreeMap, BTreeSet};
use std::num::{NonZeroU16, NonZeroU32};

use serde::Deserialize;
use serde_saphyr::Spanned;
use takt_actors::exporter::Export;
use takt_protocol::event::{self, Contract};
use takt_protocol::name::{Region, SiteId};

/// `regions.yaml`: regions by name. One that is left out is on the embedded engine.
pub type RegionsText = BTreeMap<Region, Spanned<EngineText>>;

/// `roads.yaml`: the roads between regions that run in different processes. Without it one process runs all of them.
pub type RoadsText = Vec<Spanned<RoadText>>;

/// A road between two regions. Whoever dials runs both directions over its connection, so the other one dials nobody.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoadText {
    /// The region that dials.
    pub from: Spanned<Region>,
    /// The region that is dialled: one on servers, which are the meeting place.
    pub to: Spanned<Region>,
    /// Where its servers are for whoever dials, or a leaf node that leads to them; left out, as `regions.yaml` says.
    #[serde(default)]
    pub servers: Vec<Spanned<String>>,
    /// The user that dials, in the account of the region that is dialled.
    pub user: Option<Spanned<String>>,
    /// Its password; write `${NAME}` and keep the secret in the environment.
    pub password: Option<Spanned<String>>,
    /// A token, where the servers ask for one instead; written like a password.
    pub token: Option<Spanned<String>>,
    /// Certificates of those who may vouch for the servers, by its absolute path; makes TLS a must.
    pub root_certificates: Option<Spanned<String>>,
    /// How much ordinary mail may go over it in a second, in each direction; left out, as much as there is. Holds go at once.
    pub mail_per_second: Option<NonZeroU32>,
    /// That `servers` is a leaf node beside whoever dials, whose configuration is written, too.
    #[serde(default)]
    pub leaf: bool,
    /// The public events of whoever dials that are told over it, too: kept by the servers of the region that is dialled.
    #[serde(default)]
    pub events: Vec<Spanned<ExportText>>,
}

/// Public events that are told over a road.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExportText {
    /// What happened: `order.released`, or `lot.*` for all that happens to lots.
    pub types: Vec<Spanned<String>>,
    /// Only at these sites of the region that dials; left out, at all of them.
    pub sites: Option<Vec<Spanned<SiteId>>>,
}

/// What keeps the log of a region.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum EngineText {
    /// A store on the disk of the one node of the region.
    Embedded(EmbeddedText),
    /// A cluster of nats-servers.
    Jetstream(Box<JetStreamText>),
}

/// A store on the node's own disk.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmbeddedText {
    /// Shards of the log, fixed when it is made; left out, 1.
    pub shards: Option<NonZeroU16>,
    /// How much may wait while it is offline.
    pub spool: Option<SpoolText>,
}

/// How many inputs may wait in one queue of a region: to be decided, or to be brought to another region.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpoolText {
    /// Any: whoever brings one more is not acknowledged, and keeps it.
    pub most: NonZeroU32,
    /// How many more that hold goods; left out, a tenth of them.
    pub reserve: Option<u32>,
}

/// A cluster of nats-servers, and how it is come to.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JetStreamText {
    /// The servers, such as `nats://10.0.0.1:4222`; any of them leads to all.
    pub servers: Vec<Spanned<String>>,
    /// The monitoring address of each server, such as `10.0.0.1:8222`.
    #[serde(default)]
    pub monitors: Vec<Spanned<String>>,
    /// The user of the region's account.
    pub user: Option<Spanned<String>>,
    /// Its password; write `${NAME}` and keep the secret in the environment.
    pub password: Option<Spanned<String>>,
    /// A token, where the servers ask for one instead; written like a password.
    pub token: Option<Spanned<String>>,
    /// Certificates of those who may vouch for the servers, by its absolute path; makes TLS a must.
    pub root_certificates: Option<Spanned<String>>,
    /// What is promised about what was acknowledged; left out, that it is durable.
    #[serde(default)]
    pub durability: DurabilityText,
    /// Shards of the log, fixed when it is made; left out, 16.
    pub shards: Option<NonZeroU16>,
}

/// What is promised about what was acknowledged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DurabilityText {
    /// It is on the disks of most of three servers.
    #[default]
    Durable,
    /// Nothing: for development.
    Relaxed,
}

impl EngineText {
    /// Gives every text that may hold a variable to `fill`.
    pub(crate) fn each_text(&mut self, fill: &mut dyn FnMut(&mut String)) {
        let Self::Jetstream(text) = self else { return };
        let single = [&mut text.user, &mut text.password, &mut text.token, &mut text.root_certificates];
        let all = text.servers.iter_mut().chain(&mut text.monitors).chain(single.into_iter().flatten());
        all.for_each(|text| fill(&mut text.value));
    }

    /// The same of its servers alone, for a process that only dials them.
    pub(crate) fn each_server(&mut self, fill: &mut dyn FnMut(&mut String)) {
        let Self::Jetstream(text) = self else { return };
        text.servers.iter_mut().for_each(|server| fill(&mut server.value));
    }
}

impl RoadText {
    /// Whether whoever dials has a login of its own.
    pub fn has_login(&self) -> bool {
        self.user.is_some() || self.token.is_some()
    }

    /// The user and password that dial, if they are its own.
    pub fn login(&self) -> Option<(String, String)> {
        let (user, password) = (self.user.as_ref()?, self.password.as_ref()?);
        Some((user.value.clone(), password.value.clone()))
    }

    /// The public events that are told over it, where these are the sites of whoever dials.
    pub fn exports(&self, sites: &BTreeSet<SiteId>) -> Vec<Export> {
        let of = |export: &ExportText| {
            let named = export.sites.as_ref().map(|named| named.iter().map(|site| site.value).collect());
            let sites: BTreeSet<SiteId> = named.unwrap_or_else(|| sites.clone());
            let one = |(family, name): (String, Option<String>)| Export { family, name, sites: sites.clone() };
            export.types.iter().filter_map(|word| event_type(&word.value)).map(one).collect::<Vec<_>>()
        };
        self.events.iter().flat_map(|export| of(&export.value)).collect()
    }

    /// Gives every text that may hold a variable to `fill`.
    pub(crate) fn each_text(&mut self, fill: &mut dyn FnMut(&mut String)) {
        let single = [&mut self.user, &mut self.password, &mut self.token, &mut self.root_certificates];
        self.servers.iter_mut().chain(single.into_iter().flatten()).for_each(|text| fill(&mut text.value));
    }

    /// What must not stand in the text itself, by its key.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = (&'static str, &Spanned<String>)> {
        [("password", &self.password), ("token", &self.token)].into_iter().filter_map(|(key, secret)| Some((key, secret.as_ref()?)))
    }
}

/// What a word says of events: what they are about, and what happened, or nothing for all of that.
pub(crate) fn event_type(word: &str) -> Option<(String, Option<String>)> {
    let (family, name) = word.split_once('.')?;
    let known = |contract: &&Contract| contract.family == family && (name == "*" || contract.name == name);
    event::contracts().any(|contract| known(&contract)).then(|| (family.to_owned(), Some(name.to_owned()).filter(|name| name != "*")))
}

impl JetStreamText {
    /// What must not stand in the text itself, by its key.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = (&'static str, &Spanned<String>)> {
        [("password", &self.password), ("token", &self.token)].into_iter().filter_map(|(key, secret)| Some((key, secret.as_ref()?)))
    }
}
