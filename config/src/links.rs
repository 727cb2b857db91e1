//! From text to ways to sites: the links a region speaks through, and the doors through which systems speak to it.

use std::collections::BTreeMap;
use std::num::{NonZeroU16, NonZeroU64};
use std::path::PathBuf;
use std::sync::Arc;

use takt_actors::link::Link;
use takt_actors::link::asks::Asks;
use takt_actors::link::carrier::Carrier;
use takt_actors::link::files::drop::{DropSpec, Watcher};
use takt_actors::link::files::names::Pattern;
use takt_actors::link::files::outbox::{FilesLink, FilesSpec};
use takt_actors::link::format::Format;
use takt_actors::link::http::{Client, Credential, HttpLink, HttpSpec};
use takt_actors::link::inbound::{Inbound, Topic};
use takt_actors::link::mapping::Mapping;
use takt_actors::link::mqtt::sparkplug::SparkplugSpec;
use takt_actors::link::mqtt::{self, MqttLink, MqttSpec, Tls, Version};
use takt_actors::link::observed::Observed;
use takt_actors::link::poll::{self, Poll, Reads};
use takt_actors::link::sql::{SqlLink, SqlSpec};
use takt_actors::link::telemetry;
use takt_actors::region::{Region, SiteLink};
use takt_cluster::seam::Clock;
use takt_protocol::name::{Region as RegionName, SiteId};
use takt_protocol::signature::Signature;

use crate::load::{LinkText, Mesh};
use crate::text::{
    CredentialText, DropText, FilesText, HttpText, MqttText, PollText, SignatureText, SparkplugText, SqlText, TransportText, VersionText,
};

/// A site as it is spoken with.
pub struct Way {
    /// The site.
    pub site: SiteId,
    /// The region that keeps what the system tells until that is brought home, if there is one.
    pub edge: Option<RegionName>,
    /// What errands are carried out through.
    pub out: SiteLink,
    topics: BTreeMap<String, Topic>,
    /// How the system shows at our door who it is, where it speaks to us by itself.
    pub shows: Option<Shows>,
    works: Works,
}

/// How a system shows at our door who it is.
#[derive(Clone, Debug)]
pub struct Shows {
    /// The bearer token, if it shows one; nobody else is taken for it.
    pub token: Option<String>,
    /// How what it says is signed, if it is.
    pub signature: Option<Signature>,
}

/// What has to be done regularly for what the system tells.
enum Works {
    Http { link: Arc<HttpLink>, polls: Vec<Poll> },
    Files { tables: serde_json::Value, drop: Option<DropSpec> },
    Sql { link: Arc<SqlLink>, polls: Vec<Poll> },
    Mqtt { link: Arc<MqttLink> },
}

/// Work on a site that never ends.
pub type Chore = std::pin::Pin<Box<dyn Future<Output = ()> + Send>>;

impl Way {
    /// The same, where nothing is to be sent: it is written down.
    fn observed(self, file: &std::path::Path, text: &LinkText) -> Self {
        let link = Observed::new(Arc::clone(&self.out.link), file.to_owned());
        Self { out: SiteLink::new(self.site, Arc::new(link), text.limits.clone()), ..self }
    }

    /// The door for what the system tells, into the region its site is at home in; or into its edge, which keeps it.
    pub fn door(&self, region: Region) -> Inbound {
        match &self.works {
            Works::Http { link, .. } => Inbound::new(Arc::clone(link), self.topics.clone(), region),
            Works::Files { tables, .. } => Inbound::deaf(self.site, tables.clone(), self.topics.clone(), region),
            Works::Sql { link, .. } => {
                Inbound::deaf(self.site, link.tables().clone(), self.topics.clone(), region).asking(Arc::clone(link) as Arc<dyn Asks>)
            }
            Works::Mqtt { link } => Inbound::deaf(self.site, link.tables().clone(), self.topics.clone(), region),
        }
    }

    /// What has to be done all the time for what the system does not tell by itself: what is asked for regularly, and folders
    /// that are looked at.
    pub fn chores(&self, region: &Region) -> Vec<Chore> {
        match &self.works {
            Works::Http { link, polls } => polls.iter().map(|poll| self.asking(Arc::clone(link) as Arc<dyn Asks>, poll, region)).collect(),
            Works::Sql { link, polls } => polls.iter().map(|poll| self.asking(Arc::clone(link) as Arc<dyn Asks>, poll, region)).collect(),
            Works::Files { drop, .. } => drop.iter().map(|spec| self.looking(spec, region)).collect(),
            Works::Mqtt { link } => vec![self.listening(Arc::clone(link), region)],
        }
    }

    fn asking(&self, asked: Arc<dyn Asks>, poll: &Poll, region: &Region) -> Chore {
        let (door, poll) = (self.door(region.clone()), poll.clone());
        Box::pin(async move { poll::run(&door, asked.as_ref(), &poll).await })
    }

    fn listening(&self, link: Arc<MqttLink>, region: &Region) -> Chore {
        let door = self.door(region.clone());
        Box::pin(async move { mqtt::line::run(&link, &door).await })
    }

    fn looking(&self, spec: &DropSpec, region: &Region) -> Chore {
        Box::pin(Watcher::new(self.door(region.clone()), spec.clone()).run())
    }
}

/// What is under the links that speak HTTP where that is not the network: a carrier for each site, and the clock they go by.
pub struct Under<'a> {
    /// The carrier to a site, which gives up a request after so many ms.
    pub carrier: &'a dyn Fn(SiteId, u32) -> Arc<dyn Carrier>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
}

/// Every way of a mesh, over the network.
pub fn ways(mesh: &Mesh) -> Result<Vec<Way>, reqwest::Error> {
    mesh.links.iter().map(|(site, text)| way(*site, text, &mesh.mappings, None)).collect()
}

/// Every way of a mesh, with something else under it. Links that speak in files, SQL or MQTT stay where they are.
pub fn ways_over(mesh: &Mesh, under: &Under<'_>) -> Result<Vec<Way>, reqwest::Error> {
    mesh.links.iter().map(|(site, text)| way(*site, text, &mesh.mappings, Some(under))).collect()
}

fn way(site: SiteId, text: &LinkText, mappings: &BTreeMap<String, Mapping>, under: Option<&Under<'_>>) -> Result<Way, reqwest::Error> {
    let way = match &text.transport {
        TransportText::Http(http) => over_http(site, http, text, mappings, under)?,
        TransportText::Files(files) => over_files(site, files, text, mappings),
        TransportText::Sql(sql) => over_sql(site, sql, text, mappings),
        TransportText::Mqtt(mqtt) => over_mqtt(site, mqtt, text, mappings),
    };
    Ok(match &text.observe {
        Some(folder) => way.observed(&PathBuf::from(folder).join(format!("{site}.jsonl")), text),
        None => way,
    })
}

fn over_http(
    site: SiteId,
    http: &HttpText,
    text: &LinkText,
    mappings: &BTreeMap<String, Mapping>,
    under: Option<&Under<'_>>,
) -> Result<Way, reqwest::Error> {
    let mapped = |file: &str| mappings.get(file).cloned();
    let verbs = http.send.iter().filter_map(|(verb, file)| Some((verb.clone(), mapped(&file.value)?))).collect();
    let (spec, window_ms) = (spec(http, text.limits.window_ms, mappings), text.limits.window_ms);
    let link = Arc::new(match under {
        Some(under) => HttpLink::over(site, spec, verbs, (under.carrier)(site, window_ms), Arc::clone(&under.clock)),
        None => HttpLink::new(site, spec, verbs)?,
    });
    let told = http.inbound.iter().flat_map(|inbound| inbound.topics.iter().map(|(topic, file)| (topic, file, inbound.format.format())));
    // An answer to a question of ours is read by its media type, and is JSON by then.
    let polled = http.polls.iter().map(|(topic, poll)| (topic, &poll.mapping, Format::Json));
    let topics = told
        .chain(polled)
        .filter_map(|(topic, file, format)| Some((topic.clone(), Topic { format, mapping: mapped(&file.value)? })))
        .collect();
    Ok(Way {
        site,
        edge: text.edge,
        out: SiteLink::new(site, Arc::clone(&link) as Arc<dyn Link>, text.limits.clone()),
        topics,
        shows: http
            .inbound
            .as_ref()
            .map(|inbound| Shows { token: inbound.token.clone(), signature: inbound.signature.as_ref().map(SignatureText::signature) }),
        works: Works::Http { link, polls: http.polls.iter().map(|(topic, text)| asked(topic, text)).collect() },
    })
}

fn asked(topic: &str, text: &PollText) -> Poll {
    let reads = match &text.cursor {
        Some(cursor) => Reads::Changed { overlap_ms: cursor.overlap_ms.get() },
        None if text.marked => Reads::Marked,
        None => Reads::Whole(text.path.clone().unwrap_or_default()),
    };
    Poll { topic: topic.to_owned(), every_ms: text.every_ms.get(), reads }
}

fn spec(http: &HttpText, timeout_ms: u32, mappings: &BTreeMap<String, Mapping>) -> HttpSpec {
    HttpSpec {
        base: http.base.trim_end_matches('/').to_owned(),
        bearer: http.bearer.clone(),
        credential: http.credential.as_ref().and_then(|text| credential(text, mappings)),
        csrf: http.csrf.clone(),
        signature: http.signature.as_ref().map(SignatureText::signature),
        timeout_ms,
        tables: serde_json::json!(http.tables),
    }
}

fn credential(text: &CredentialText, mappings: &BTreeMap<String, Mapping>) -> Option<Credential> {
    Some(match text {
        CredentialText::Basic(basic) => Credential::basic(&basic.user, &basic.password),
        CredentialText::Key(key) => Credential::Fixed(vec![(key.header.clone(), key.value.clone())]),
        CredentialText::Oauth2(client) => Credential::Client(Client {
            token: client.token.clone(),
            id: client.id.clone(),
            secret: client.secret.clone(),
            scope: client.scope.clone(),
        }),
        CredentialText::Login(login) => {
            let mapping = mappings.get(&login.mapping.value)?.clone();
            Credential::Login { mapping, secrets: serde_json::json!(login.secrets) }
        }
    })
}

fn over_files(site: SiteId, files: &FilesText, text: &LinkText, mappings: &BTreeMap<String, Mapping>) -> Way {
    let mapped = |file: &str| mappings.get(file).cloned();
    let tables = serde_json::json!(files.tables);
    let verbs = files.sent().filter_map(|(verb, file)| Some((verb.clone(), mapped(&file.value)?))).collect();
    let outbound = files.outbound.as_ref().map(|outbound| FilesSpec {
        inbox: PathBuf::from(&outbound.folder.value),
        archive: outbound.archive.iter().map(|folder| PathBuf::from(&folder.value)).collect(),
        errors: outbound.errors.iter().map(|folder| PathBuf::from(&folder.value)).collect(),
        format: outbound.format.format(),
        tables: tables.clone(),
    });
    let told = files.inbound.iter().flat_map(|inbound| &inbound.topics).filter_map(|(topic, text)| {
        let mapping = mapped(&text.value.mapping.value)?;
        Some((topic.clone(), Topic { format: text.value.format.format(), mapping }))
    });
    Way {
        site,
        edge: text.edge,
        out: SiteLink::new(site, Arc::new(FilesLink::new(site, outbound, verbs)), text.limits.clone()),
        topics: told.collect(),
        shows: None,
        works: Works::Files { tables, drop: files.inbound.as_ref().map(looked_at) },
    }
}

fn looked_at(text: &DropText) -> DropSpec {
    let folder = PathBuf::from(&text.folder.value);
    let within = |named: &Option<serde_saphyr::Spanned<String>>, usual: &str| {
        named.as_ref().map_or_else(|| folder.join(usual), |named| PathBuf::from(&named.value))
    };
    DropSpec {
        done: within(&text.done, "done"),
        errors: within(&text.errors, "error"),
        acknowledge: text.acknowledge.as_ref().map(|folder| PathBuf::from(&folder.value)),
        every_ms: text.every_ms.get(),
        settle_ms: text.settle_ms,
        topics: text.topics.iter().map(|(topic, text)| (topic.clone(), Pattern::new(&text.value.names))).collect(),
        folder,
    }
}

fn over_sql(site: SiteId, sql: &SqlText, text: &LinkText, mappings: &BTreeMap<String, Mapping>) -> Way {
    let mapped = |file: &str| mappings.get(file).cloned();
    let verbs = sql.send.iter().filter_map(|(verb, file)| Some((verb.clone(), mapped(&file.value)?))).collect();
    let (url, password) = (sql.url.value.clone(), sql.password.clone());
    let spec = SqlSpec { url, password, window_ms: text.limits.window_ms, tables: serde_json::json!(sql.tables) };
    let link = Arc::new(SqlLink::new(site, spec, verbs));
    // What a column holds is JSON by then.
    let polled = sql
        .polls
        .iter()
        .filter_map(|(topic, poll)| Some((topic.clone(), Topic { format: Format::Json, mapping: mapped(&poll.mapping.value)? })));
    Way {
        site,
        edge: text.edge,
        out: SiteLink::new(site, Arc::clone(&link) as Arc<dyn Link>, text.limits.clone()),
        topics: polled.collect(),
        shows: None,
        works: Works::Sql { link, polls: sql.polls.iter().map(|(topic, text)| asked(topic, text)).collect() },
    }
}

fn over_mqtt(site: SiteId, mqtt: &MqttText, text: &LinkText, mappings: &BTreeMap<String, Mapping>) -> Way {
    let mapped = |file: &str| mappings.get(file).cloned();
    let verbs = mqtt.send.iter().filter_map(|(verb, file)| Some((verb.clone(), mapped(&file.value)?))).collect();
    let told = mqtt.topics.iter().filter_map(|(filter, topic)| {
        let mapping = mapped(&topic.value.mapping.value)?;
        Some((filter.clone(), Topic { format: topic.value.format.format(), mapping }))
    });
    let counted = mqtt.rules().filter_map(|(name, rule)| {
        Some((telemetry::topic(name), Topic { format: Format::Json, mapping: mapped(&rule.value.mapping.value)? }))
    });
    let topics = told.chain(counted).collect();
    let link = Arc::new(MqttLink::new(site, mqtt_spec(mqtt, text.limits.window_ms), verbs));
    let out = SiteLink::new(site, Arc::clone(&link) as Arc<dyn Link>, text.limits.clone());
    Way { site, edge: text.edge, out, topics, shows: None, works: Works::Mqtt { link } }
}

fn mqtt_spec(mqtt: &MqttText, window_ms: u32) -> MqttSpec {
    /// A week: over a long weekend nothing is lost that a broker can keep.
    const SESSION_S: u32 = 7 * 24 * 3_600;
    let (host, port, is_tls) = broker(&mqtt.broker.value).unwrap_or_default();
    let path = |file: &Option<serde_saphyr::Spanned<String>>| file.as_ref().map(|file| PathBuf::from(&file.value));
    let tls =
        Tls { root_certificates: path(&mqtt.root_certificates), identity: path(&mqtt.client_certificate).zip(path(&mqtt.client_key)) };
    let version = match mqtt.version {
        VersionText::V311 => Version::V311,
        VersionText::V5 => Version::V5,
    };
    MqttSpec {
        host,
        port,
        tls: is_tls.then_some(tls),
        version,
        client: mqtt.client.value.clone(),
        user: mqtt.user.clone(),
        password: mqtt.password.clone(),
        keep_alive_s: mqtt.keep_alive_s.map_or(20, NonZeroU16::get),
        session_s: mqtt.session_s.unwrap_or(if mqtt.topics.is_empty() { 0 } else { SESSION_S }),
        payload_bytes_max: mqtt.payload_bytes_max.as_ref().map_or(1 << 20, |most| most.value.get()),
        waiting_max: mqtt.waiting_max.map_or(256, NonZeroU16::get),
        window_ms,
        filters: mqtt.topics.keys().cloned().collect(),
        silent_ms: mqtt.silent_ms.map(NonZeroU64::get),
        sparkplug: mqtt.sparkplug.as_ref().map(|plant| sparkplug(&plant.value)),
        tables: serde_json::json!(mqtt.tables),
    }
}

fn sparkplug(plant: &SparkplugText) -> SparkplugSpec {
    SparkplugSpec {
        host: plant.host.clone(),
        groups: plant.groups.iter().map(|group| group.value.clone()).collect(),
        rebirth_ms: plant.rebirth_ms.map_or(10_000, NonZeroU64::get),
        silent_ms: plant.silent_ms.map_or(300_000, NonZeroU64::get),
        rules: plant.rules.iter().filter_map(|(name, rule)| rule.value.rule(name)).collect(),
    }
}

/// Where a broker listens, and whether over TLS; `None` where the address is none.
pub(crate) fn broker(address: &str) -> Option<(String, u16, bool)> {
    let (is_tls, usual) = match address.split_once("://")?.0 {
        "mqtt" => (false, 1_883),
        "mqtts" => (true, 8_883),
        _ => return None,
    };
    let url = reqwest::Url::parse(address).ok()?;
    let host = url.host_str().filter(|host| !host.is_empty())?.to_owned();
    let plain = matches!(url.path(), "" | "/") && url.query().is_none() && url.fragment().is_none();
    plain.then(|| (host, url.port().unwrap_or(usual), is_tls))
}
