//! What other regions ask of this one, and other nodes of this one: questions of the API, answered for one region alone, each with when
//! that was so. Apart from asking them because the two ends of a question are seldom looked at together.

use std::sync::{Arc, Weak};

use bytes::Bytes;
use prost::Message;
use serde::Serialize;
use serde::de::DeserializeOwned;
use takt_actors::abroad::Answers;
use takt_actors::doors::{Doors, Shut};
use takt_actors::index::OpenCase;
use takt_protocol::id::EntityId;
use takt_protocol::instant::Instant;
use takt_protocol::name::{Region as RegionName, SiteId};

use super::world::Part;
use super::{Denied, Reception};

/// Open exceptions that a region tells at most, those that hurt first.
const CASES_MAX: usize = 4_000;

// What is asked of a region. The words are those of the API's own requests.
pub(super) const ORDERS: &str = "list_orders";
pub(super) const LOTS: &str = "list_lots";
pub(super) const SHIPMENTS: &str = "list_shipments";
pub(super) const CASES: &str = "list_exceptions";
pub(super) const CAUSED: &str = "list_caused";
pub(super) const AWAITED: &str = "list_awaited";
pub(super) const CALLED: &str = "find_exception";
pub(super) const SITES: &str = "list_sites";
pub(super) const SITE: &str = "show_site";
pub(super) const WORKED: &str = "show_worked";
pub(super) const SEARCH: &str = "search";
pub(super) const RECORDS: &str = "list_records";
pub(super) const RECORD: &str = "show_record";
pub(super) const DRIFT: &str = "show_drift";
pub(super) const EVENTS: &str = "list_events";
pub(super) const LETTERS: &str = "list_dead_letters";
pub(super) const NODES: &str = "list_nodes";
pub(super) const SHARDS: &str = "list_shards";
pub(super) const SIGHTS: &str = "list_sights";
pub(super) const DELIVERIES: &str = "list_deliveries";

// What is asked of one node, because no other one knows it.
pub(super) const OWN_SIGHTS: &str = "list_own_sights";
pub(super) const OWN_DELIVERIES: &str = "list_own_deliveries";

impl Reception {
    /// Has the reception answer other regions and other nodes, for each region that runs here.
    pub(crate) fn answer_abroad(self: &Arc<Self>) {
        for (name, region) in self.mesh().regions() {
            region.answers_by(Arc::new(Desk { region: *name, reception: Arc::downgrade(self) }));
            region.doors_by(Arc::new(Inboxes(Arc::downgrade(self))));
        }
    }

    /// The open exceptions of one region that runs here, those that hurt first.
    fn cases_of(&self, region: RegionName) -> Vec<OpenCase> {
        let mut cases = self.mesh().regions().get(&region).map(|region| region.index().cases()).unwrap_or_default();
        cases.sort_by_cached_key(|open| crate::answers::case::Rank::of(open.entity, &open.case));
        cases.truncate(CASES_MAX);
        cases
    }

    fn called_of(&self, region: RegionName, text: &str) -> Vec<(EntityId, u32)> {
        self.mesh().regions().get(&region).map(|region| region.index().called(text)).unwrap_or_default()
    }
}

/// Who answers others for one region of this node.
struct Desk {
    region: RegionName,
    /// Weak: the region must end although others might still ask.
    reception: Weak<Reception>,
}

/// The doors of the systems, for what they told at an edge.
struct Inboxes(Weak<Reception>);

#[tonic::async_trait]
impl Doors for Inboxes {
    async fn receive(&self, site: SiteId, topic: &str, raw: Bytes) -> Result<(), Shut> {
        let reception = self.0.upgrade().ok_or_else(|| Shut::NotNow("it is just ending".to_owned()))?;
        reception.brought(site, topic, raw).await
    }
}

#[tonic::async_trait]
impl Answers for Desk {
    async fn answer(&self, name: &str, question: Vec<u8>) -> Result<Vec<u8>, String> {
        let reception = self.reception.upgrade().ok_or("it is just ending")?;
        let (region, question) = (self.region, question.as_slice());
        match name {
            OWN_SIGHTS => return written(&reception.sights_here(&json(question)?)),
            OWN_DELIVERIES => return written(&reception.deliveries_here(&json(question)?)),
            _ => {}
        }
        let as_of = reception.indexed().await;
        let told = Told { as_of };
        match name {
            ORDERS => told.part(reception.orders_of(region, &proto(question)?).await),
            LOTS => told.part(reception.lots_of(region, &proto(question)?).await),
            SHIPMENTS => told.part(reception.shipments_of(region, &proto(question)?).await),
            RECORDS => told.part(reception.records_of(region, &proto(question)?)),
            RECORD => told.part(Ok(reception.record_of(region, &json(question)?))),
            DRIFT => told.part(reception.drift(text(question)?).await),
            EVENTS => told.part(reception.events_of(region, json(question)?).await),
            CASES => told.part(Ok(reception.cases_of(region))),
            CAUSED => told.part(Ok(reception.members_of(region, text(question)?))),
            AWAITED => told.part(reception.awaited_at(region, json::<Option<String>>(question)?.as_deref()).await),
            CALLED => told.part(Ok(reception.called_of(region, text(question)?))),
            SITES => told.part(reception.sites_at(region).await),
            SITE => told.part(reception.plant(text(question)?).await),
            WORKED => told.part(Ok(reception.worked_of(region, text(question)?))),
            SEARCH => told.part(reception.hits_of(region, text(question)?)),
            LETTERS => told.part(reception.letters_of(region).await),
            NODES => told.part(reception.nodes_of(region).await),
            SHARDS => told.part(reception.shards_of(region).await),
            SIGHTS => told.part(reception.sights_of(region, &json(question)?).await),
            DELIVERIES => told.part(Ok(reception.deliveries_of(region, &json(question)?).await)),
            _ => Err(format!("`{name}` is not known here: its nodes run another version")),
        }
    }
}

/// When a part is told.
struct Told {
    as_of: Instant,
}

impl Told {
    fn part<T: Serialize>(&self, part: Result<T, Denied>) -> Result<Vec<u8>, String> {
        let part = part.map_err(|denied| denied.complaint.message.clone())?;
        written(&Part { as_of: self.as_of, part })
    }
}

fn text(question: &[u8]) -> Result<&str, String> {
    std::str::from_utf8(question).map_err(|error| unread(&error))
}

fn proto<T: Message + Default>(question: &[u8]) -> Result<T, String> {
    T::decode(question).map_err(|error| unread(&error))
}

fn json<T: DeserializeOwned>(question: &[u8]) -> Result<T, String> {
    serde_json::from_slice(question).map_err(|error| unread(&error))
}

fn unread(error: &dyn std::fmt::Display) -> String {
    format!("the question cannot be read: {error}")
}

fn written<T: Serialize>(answer: &T) -> Result<Vec<u8>, String> {
    serde_json::to_vec(answer).map_err(|error| error.to_string())
}
