//! Where a system's own messages come in: by its credential, as raw bytes, taken only when they are durable. Apart from
//! requests because a system says what happened in its own words, and a link understands them. Never looks into a payload.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use takt_actors::doors::Shut;
use takt_actors::link::deliveries::{Delivered, Outcome, Way};
use takt_actors::link::inbound::Inbound;
use takt_protocol::envelope::RawRef;
use takt_protocol::input::Input;
use takt_protocol::instant::Instant;
use takt_protocol::intent::Tier;
use takt_protocol::name::SiteId;
use takt_protocol::signature::{Signature, Unsigned};

use super::{Denied, Reception, Sort, clients};

/// Takes what one system tells.
#[tonic::async_trait]
pub trait Inbox: Send + Sync {
    /// Takes a payload of a topic; `Ok` when it is durable here, and the sender may forget it.
    async fn receive(&self, topic: &str, raw: Bytes) -> Result<(), NotTaken>;

    /// The same for a payload that the system told at an edge, and that was brought here: it was let in already.
    async fn brought(&self, topic: &str, raw: Bytes) -> Result<(), NotTaken>;

    /// What a payload would become, or why nobody understands it. Nothing is kept.
    async fn foresee(&self, topic: &str, raw: Bytes) -> Result<Result<Vec<Input>, String>, NotTaken>;
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

    async fn brought(&self, topic: &str, raw: Bytes) -> Result<(), NotTaken> {
        Self::brought(self, topic, raw).await.map(drop).map_err(|refused| NotTaken { why: refused.to_string() })
    }

    async fn foresee(&self, topic: &str, raw: Bytes) -> Result<Result<Vec<Input>, String>, NotTaken> {
        Self::foresee(self, topic, raw).await.map_err(|refused| NotTaken { why: refused.to_string() })
    }
}

/// The inboxes of all systems, each with the hash of the token that opens it.
#[derive(Default)]
pub(super) struct Inboxes {
    by_source: BTreeMap<SiteId, Door>,
}

/// One system's door.
struct Door {
    /// The hash of its token; where there is none, its signature is enough.
    token: Option<RawRef>,
    signature: Option<Signature>,
    inbox: Arc<dyn Inbox>,
}

/// Somebody who showed the token of a system.
pub(crate) struct Known<'a> {
    site: SiteId,
    door: &'a Door,
}

impl Reception {
    /// The same, with a door for what this system tells, for who shows this token and signs like this: one of them is there.
    #[must_use]
    pub fn with_inbox(mut self, source: SiteId, token: Option<&str>, signature: Option<Signature>, inbox: Arc<dyn Inbox>) -> Self {
        let token = token.map(|token| RawRef::of(token.as_bytes()));
        if token.is_some() || signature.is_some() {
            self.inboxes.by_source.insert(source, Door { token, signature, inbox });
        }
        self
    }

    /// Whose message this is: a wrong token and an unknown source get the same answer.
    pub(crate) fn inbox(&self, source: &str, authorization: Option<&[u8]>) -> Result<Known<'_>, Denied> {
        let known = SiteId::parse(source).ok().and_then(|source| Some((source, self.inboxes.by_source.get(&source)?)));
        let shown = authorization.and_then(clients::bearer).map(RawRef::of);
        match (known, shown) {
            (Some((site, door)), shown) if door.token.is_none() || door.token == shown => Ok(Known { site, door }),
            (Some(_) | None, _) => {
                let remedy = "send `Authorization: Bearer <token>` with the token of `link.http.inbound` in the system's site file";
                Err(Denied::new(Sort::Unauthenticated, "UNAUTHENTICATED", "this token does not speak for that source", remedy)
                    .at("authorization"))
            }
        }
    }

    /// Takes a payload, no longer than the deadline; one that is to be signed and is not is nobody's, and nothing of it is
    /// kept.
    pub(crate) async fn receive(
        &self,
        known: &Known<'_>,
        topic: &str,
        header: impl Fn(&str) -> Option<String>,
        raw: Bytes,
    ) -> Result<(), Denied> {
        let now = self.mesh().clock().now();
        if let Some(signature) = &known.door.signature
            && let Err(unsigned) = signature.check(header, &raw, now)
        {
            self.refused(known.site, topic, &unsigned, now);
            let remedy = "sign the bytes of the body as `link.http.inbound.signature` of the system's site file says, with its secret";
            return Err(Denied::new(Sort::Unauthenticated, "UNSIGNED", unsigned.to_string(), remedy).at(signature.header.clone()));
        }
        self.within(async { known.door.inbox.receive(topic, raw).await.map_err(not_taken) }).await
    }

    /// Takes a payload that its system told at an edge: who it is was seen there.
    pub(super) async fn brought(&self, site: SiteId, topic: &str, raw: Bytes) -> Result<(), Shut> {
        let door = self.inboxes.by_source.get(&site).ok_or(Shut::NoDoor)?;
        door.inbox.brought(topic, raw).await.map_err(|NotTaken { why }| Shut::NotNow(why))
    }

    /// What a payload of a system would become at its door.
    pub(super) async fn foresee_payload(&self, site: SiteId, topic: &str, raw: Bytes) -> Result<Vec<Input>, Denied> {
        let Some(door) = self.inboxes.by_source.get(&site) else {
            let message = format!("{site} tells nothing over HTTP, so its payload cannot be given here");
            let remedy = "mend the file or the mapping, and have the system send it again";
            return Err(Denied::new(Sort::Conflict, "STATE", message, remedy).at("payload"));
        };
        door.inbox.foresee(topic, raw).await.map_err(not_taken)?.map_err(|why| {
            Denied::new(Sort::Unprocessable, "SCHEMA", why, "mend the payload further, or the mapping of its topic").at("payload")
        })
    }

    /// Writes down that somebody was refused at a system's door, for those who wonder where its messages are.
    fn refused(&self, site: SiteId, topic: &str, unsigned: &Unsigned, at: Instant) {
        let Some(region) = self.mesh().region_of(site) else { return };
        region.note(
            site,
            Delivered {
                at,
                way: Way::In,
                what: topic.to_owned(),
                reference: String::new(),
                attempt: 0,
                outcome: Outcome::Refused,
                detail: unsigned.to_string(),
                took_ms: 0,
            },
        );
    }

    /// Room for a message of a system.
    pub(crate) fn enter_inbox(&self) -> Result<super::Ticket, Denied> {
        self.admission().enter(Tier::Business)
    }
}

fn not_taken(not: NotTaken) -> Denied {
    Denied::new(Sort::Unavailable, "UNAVAILABLE", not.why, "send the same message again").retry(5)
}
