//! From text to ways to sites: the links a region speaks through, and the doors through which systems speak to it.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_saphyr::Spanned;
use takt_actors::link::format::Format;
use takt_actors::link::http::{HttpLink, HttpSpec};
use takt_actors::link::inbound::{Inbound, Poll, Topic};
use takt_actors::link::mapping::Mapping;
use takt_actors::region::{Region, SiteLink};
use takt_protocol::name::SiteId;

use crate::load::{LinkText, Mesh};
use crate::text::{HttpText, TransportText};

/// A site as it is spoken with.
pub struct Way {
    /// The site.
    pub site: SiteId,
    /// What errands are carried out through.
    pub out: SiteLink,
    link: Arc<HttpLink>,
    topics: BTreeMap<String, Topic>,
    /// The bearer token the system shows; nobody else is taken for it.
    pub token: Option<String>,
    /// What it is asked for regularly.
    pub polls: Vec<Poll>,
}

impl Way {
    /// The door for what the system tells, into the region its site is at home in.
    pub fn door(&self, region: Region) -> Inbound {
        Inbound::new(Arc::clone(&self.link), self.topics.clone(), region)
    }
}

/// Every way of a mesh.
pub fn ways(mesh: &Mesh) -> Result<Vec<Way>, reqwest::Error> {
    mesh.links.iter().map(|(site, text)| way(*site, text, &mesh.mappings)).collect()
}

fn way(site: SiteId, text: &LinkText, mappings: &BTreeMap<String, Mapping>) -> Result<Way, reqwest::Error> {
    let TransportText::Http(http) = &text.transport;
    let mapped = |file: &str| mappings.get(file).cloned();
    let verbs = http.send.iter().filter_map(|(verb, file)| Some((verb.clone(), mapped(&file.value)?))).collect();
    let link = Arc::new(HttpLink::new(site, spec(http, text.limits.window_ms), verbs)?);
    let told = http.inbound.iter().flat_map(|inbound| inbound.topics.iter().map(|(topic, file)| (topic, file, inbound.format.format())));
    // An answer to a question of ours is read by its media type, and is JSON by then.
    let polled = http.polls.iter().map(|(topic, poll)| (topic, &poll.mapping, Format::Json));
    let topics = told.chain(polled);
    let topic =
        |(topic, file, format): (&String, &Spanned<String>, Format)| Some((topic.clone(), Topic { format, mapping: mapped(&file.value)? }));
    Ok(Way {
        site,
        out: SiteLink::new(site, Arc::clone(&link) as _, text.limits.clone()),
        link,
        topics: topics.filter_map(topic).collect(),
        token: http.inbound.as_ref().map(|inbound| inbound.token.clone()),
        polls: http
            .polls
            .iter()
            .map(|(topic, poll)| Poll { topic: topic.clone(), path: poll.path.clone(), every_ms: poll.every_ms.get() })
            .collect(),
    })
}

fn spec(http: &HttpText, timeout_ms: u32) -> HttpSpec {
    HttpSpec {
        base: http.base.trim_end_matches('/').to_owned(),
        bearer: http.bearer.clone(),
        csrf: http.csrf.clone(),
        timeout_ms,
        tables: serde_json::json!(http.tables),
    }
}
