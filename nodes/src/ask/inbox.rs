//! Where a system's own messages come in: by its credential, as raw bytes, taken only when they are durable. Apart from
//! requests because a system says what happened in its own words, and a link understands them. Never looks into a payload.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use takt_actors::link::inbound::Inbound;
use takt_protocol::envelope::RawRef;
use takt_protocol::intent::Tier;
use takt_protocol::name::SiteId;

use super::{Denied, Reception, Sort, clients};

/// Takes what one system tells.
#[tonic::async_trait]
pub trait Inbox: Send + Sync {
    /// Takes a payload of a topic; `Ok` when it is durable here, and the sender may forget it.
    async fn receive(&self, topic: &str, raw: Bytes) -> Result<(), NotTaken>;
}

/// It could not be read or stored just now: the sender must come again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotTaken {
    /// What was seen, for a person.
    pub why: String,
}

#[tonic::async_trait]
impl Inbox for Inbound {
    async fn receive(&self, topic: &str, raw: Bytes) -> Result<(), NotTaken> {
        Self::receive(self, topic, raw).await.map(drop).map_err(|refused| NotTaken { why: refused.to_string() })
    }
}

/// The inboxes of all systems, each with the hash of the token that opens it.
#[derive(Default)]
pub(super) struct Inboxes {
    by_source: BTreeMap<SiteId, (RawRef, Arc<dyn Inbox>)>,
}

impl Reception {
    /// The same, with a door for what this system tells.
    #[must_use]
    pub fn with_inbox(mut self, source: SiteId, token: &str, inbox: Arc<dyn Inbox>) -> Self {
        self.inboxes.by_source.insert(source, (RawRef::of(token.as_bytes()), inbox));
        self
    }

    /// Whose message this is: a wrong token and an unknown source get the same answer.
    pub(crate) fn inbox(&self, source: &str, authorization: Option<&[u8]>) -> Result<Arc<dyn Inbox>, Denied> {
        let known = SiteId::parse(source).ok().and_then(|source| self.inboxes.by_source.get(&source));
        let shown = authorization.and_then(clients::bearer).map(RawRef::of);
        match (known, shown) {
            (Some((token, inbox)), Some(shown)) if *token == shown => Ok(Arc::clone(inbox)),
            (Some(_) | None, _) => {
                let remedy = "send `Authorization: Bearer <token>` with the token of `link.http.inbound` in the system's site file";
                Err(Denied::new(Sort::Unauthenticated, "UNAUTHENTICATED", "this token does not speak for that source", remedy)
                    .at("authorization"))
            }
        }
    }

    /// Takes a payload, no longer than the deadline.
    pub(crate) async fn receive(&self, inbox: &dyn Inbox, topic: &str, raw: Bytes) -> Result<(), Denied> {
        self.within(async { inbox.receive(topic, raw).await.map_err(not_taken) }).await
    }

    /// Room for a message of a system.
    pub(crate) fn enter_inbox(&self) -> Result<super::Ticket, Denied> {
        self.admission().enter(Tier::Business)
    }
}

fn not_taken(not: NotTaken) -> Denied {
    Denied::new(Sort::Unavailable, "UNAVAILABLE", not.why, "send the same message again").retry(5)
}
