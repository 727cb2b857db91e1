//! One layer under both protocols: takes a typed request, checks it, builds the input with its envelope, has it decided
//! where the thing is at home, and answers when that is durable. Apart from HTTP and gRPC so that the two cannot mean
//! different things. Never decides anything about an order, and never knows a header or a status.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use takt_actors::abroad::Abroad;
use takt_actors::region::{AskError, Region};
use takt_protocol::answer::Answer;
use takt_protocol::envelope::{Envelope, Key, KeyText, Mark, Origin, RawRef, Who};
use takt_protocol::id::EntityId;
use takt_protocol::input::Input;
use takt_protocol::instant::Instant;
use takt_protocol::kernel::Reply;
use takt_protocol::name::Region as RegionName;
use takt_protocol::payload::Payload;
use tokio::sync::{mpsc, watch as signal};

use crate::mesh::Mesh;

mod admission;
mod allowed;
mod board;
mod change;
mod clients;
mod dead;
mod delivery;
mod denied;
mod desk;
mod doubts;
mod ended;
mod events;
mod field;
mod floor;
mod groups;
mod inbox;
mod likely;
mod live;
mod meaning;
mod mend;
mod names;
mod neighbours;
mod nodes;
mod order;
mod orders;
mod part;
mod past;
mod places;
mod plant;
mod preview;
mod quality;
mod queries;
mod raw;
mod reconcile;
mod records;
mod routing;
mod shipment;
mod sights;
mod stock;
#[cfg(test)]
pub(crate) mod tests;
pub mod v1;
mod verb;
mod watch;
mod whole;
mod world;

pub use admission::{Admission, Room, Ticket};
pub(crate) use board::Wanted as DeskWanted;
pub use clients::{Client, Clients};
pub use denied::{Denied, Sort};
pub(crate) use events::{Told, Wanted};
pub use inbox::{Inbox, NotTaken};
pub use part::ROWS_MAX;
pub(crate) use part::behind;
pub(crate) use places::FolderPlaces;
pub use v1::request::Verb;
pub use verb::{Asked, Ranked};
pub(crate) use watch::Seen;

use inbox::Inboxes;
use live::Live;
use meaning::Meaning;

/// How long a request may take and how many may be under way.
#[derive(Clone, Debug)]
pub struct Limits {
    /// The longest a request is waited for, in ms; it may still be decided after that.
    pub deadline_ms: u64,
    /// The longest body taken, in bytes.
    pub body_bytes_max: usize,
    /// The longest body taken at the inbound door, in bytes.
    pub inbound_bytes_max: usize,
    /// Requests of one stream that are under way at once.
    pub stream_in_flight_max: usize,
    /// Requests under way at once, by tier.
    pub room: Room,
}

impl Default for Limits {
    fn default() -> Self {
        Self { deadline_ms: 10_000, body_bytes_max: 1 << 18, inbound_bytes_max: 1 << 20, stream_in_flight_max: 256, room: Room::default() }
    }
}

/// Where requests come in, whatever protocol brought them.
pub struct Reception {
    mesh: Arc<Mesh>,
    clients: Clients,
    inboxes: Inboxes,
    admission: Admission,
    live: Live,
    limits: Limits,
    places: FolderPlaces,
    closing: signal::Sender<bool>,
    /// Dropped last: when it is gone, nobody holds the mesh through this reception any more.
    present: Option<mpsc::Sender<Infallible>>,
}

/// What came of a request, and whether it was heard before.
#[derive(Clone, Debug, PartialEq)]
pub struct Taken {
    /// What its sender is told: the same words on every repetition.
    pub outcome: v1::Outcome,
    /// Whether this is the answer it got the first time.
    pub replayed: bool,
}

impl Reception {
    /// A reception of the mesh, for these clients.
    pub fn new(mesh: Arc<Mesh>, clients: Clients, limits: Limits) -> Self {
        let admission = Admission::new(&limits.room);
        Self {
            mesh,
            clients,
            inboxes: Inboxes::default(),
            admission,
            live: Live::default(),
            limits,
            places: FolderPlaces::default(),
            closing: signal::Sender::new(false),
            present: None,
        }
    }

    /// Hears nothing until the reception is gone, and the mesh let go.
    pub(crate) fn last_out(&mut self) -> mpsc::Receiver<Infallible> {
        let (present, gone) = mpsc::channel(1);
        self.present = Some(present);
        gone
    }

    /// What closes every stream that is open here, by sending `true`.
    pub(crate) fn closing(&self) -> signal::Sender<bool> {
        self.closing.clone()
    }

    /// Waits until that was sent. An error means that nobody can send it any more: that is an end, too.
    pub(crate) fn closed(&self) -> impl Future<Output = ()> + Send + use<> {
        let mut closing = self.closing.subscribe();
        async move { drop(closing.wait_for(|closing| *closing).await) }
    }

    /// Waits until a stream of this client has to end: the door closes, or its token is taken away.
    pub(crate) fn over_for(&self, client: &Client) -> impl Future<Output = ()> + Send + use<> {
        let (closed, gone) = (self.closed(), self.clients.until_gone(client));
        async move {
            tokio::select! {
                () = closed => {}
                () = gone => {}
            }
        }
    }

    /// Its limits.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The regions behind it.
    pub fn mesh(&self) -> &Arc<Mesh> {
        &self.mesh
    }

    /// Who a credential names, as it stands in `authorization`.
    pub fn client(&self, authorization: Option<&[u8]>) -> Result<Client, Denied> {
        self.clients.who(authorization)
    }

    /// Whether every region of this node is at work; if not, what is wrong with which.
    pub fn health(&self) -> Result<(), BTreeMap<String, String>> {
        let wrong = |(name, region): (&RegionName, &Region)| Some((name.to_string(), region.health().err()?.to_string()));
        let troubles: BTreeMap<String, String> = self.mesh.regions().iter().filter_map(wrong).collect();
        if troubles.is_empty() { Ok(()) } else { Err(troubles) }
    }

    /// The regions elsewhere that are not heard, each with since when; this node goes on without them.
    pub fn silent(&self) -> BTreeMap<String, String> {
        let silent = |(region, abroad): (RegionName, &Abroad)| {
            let down = abroad.down()?;
            Some((region.to_string(), down.heard.map_or_else(|| "never heard".to_owned(), |heard| format!("not heard since {heard}"))))
        };
        self.mesh.all_abroad().into_iter().filter_map(silent).collect()
    }

    /// Who may come in now.
    pub fn admission(&self) -> &Admission {
        &self.admission
    }

    /// Has a request decided, and answers when the outcome is durable; after the deadline it says that nobody knows yet.
    pub async fn take(&self, client: &Client, verb: &Verb, _ticket: Ticket) -> Result<Taken, Denied> {
        self.within(Box::pin(self.decided(client, verb))).await
    }

    /// Waits for something, no longer than the deadline.
    pub(crate) async fn within<T>(&self, work: impl Future<Output = Result<T, Denied>>) -> Result<T, Denied> {
        match tokio::time::timeout(Duration::from_millis(self.limits.deadline_ms), work).await {
            Ok(outcome) => outcome,
            Err(_) => Err(Denied::late(self.limits.deadline_ms)),
        }
    }

    /// What a request means, and under which envelope. Nothing is kept yet.
    async fn read(&self, client: &Client, verb: &Verb) -> Result<(Meaning, Envelope), Denied> {
        let cover = verb.cover();
        self.may(client, verb)?;
        let key = field::verbatim("cover.key", &cover.key, KeyText::parse).map_err(Denied::about_the_key)?;
        let meaning = self.meaning(client, verb).await?;
        self.may_there(client, verb, &meaning).await?;
        self.plausible(&meaning)?;
        let envelope = self.envelope(client, key, cover, &meaning)?;
        Ok((meaning, envelope))
    }

    async fn decided(&self, client: &Client, verb: &Verb) -> Result<Taken, Denied> {
        let cover = verb.cover();
        let (meaning, mut envelope) = self.read(client, verb).await?;
        let raw = if meaning.quarantine.is_some() { Some(Payload::new(verb.raw()?)) } else { None };
        envelope.origin = raw.as_ref().map(|raw| Origin { raw: RawRef::of(raw.bytes()), mapping: format!("api/{}@1", verb.name()) });
        let raw = raw.as_ref();
        self.keep_copies(&meaning).await?;
        let to = self.meant(&meaning.to).await;
        let meant = || self.mesh.entity(&to).ok_or_else(|| Denied::asking(&AskError::Unknown));
        let input = Input { to: to.clone(), envelope, body: meaning.body.clone() };
        let mut entity = meant()?;
        let mut reply = Box::pin(self.asked(entity, input.clone(), &meaning, raw)).await?;
        if reply == Reply::Unborn {
            // It may have got that name this very moment.
            Box::pin(self.indexed()).await;
            let found = meant()?;
            if found != entity {
                entity = found;
                reply = Box::pin(self.asked(entity, input.clone(), &meaning, raw)).await?;
            }
        }
        match reply {
            Reply::Answer(answer) => taken(&cover.key, entity, &answer, false),
            Reply::Known(answer) => taken(&cover.key, entity, &answer, true),
            Reply::Unborn => Box::pin(self.unborn(&cover.key, entity, Input { to: meaning.to.clone(), ..input }, (&meaning, raw))).await,
            Reply::Claim(_) => Err(Denied::ours("a request was answered as a claim")),
        }
    }

    fn envelope(&self, client: &Client, key: KeyText, cover: &v1::Cover, meaning: &Meaning) -> Result<Envelope, Denied> {
        let now = self.mesh.clock().now();
        let who = Who {
            user: client.source.to_string(),
            role: client.role.as_str().to_owned(),
            on_behalf_of: field::remark("cover.on_behalf_of", cover.on_behalf_of.as_ref())?,
            reason: field::remark("reason", meaning.reason.as_ref())?,
            ..Who::default()
        };
        Ok(Envelope {
            key: Key { source: client.source, epoch: 0, mark: Mark::Text(key) },
            occurred_at: meaning.occurred_at.unwrap_or(now),
            received_at: now,
            not_after: field::maybe("cover.not_after", cover.not_after.as_ref(), Instant::parse)?,
            who: Some(who),
            origin: None,
            correlation: field::remark("cover.correlation", cover.correlation.as_ref())?,
            causation: field::remark("corrects", meaning.causation.as_ref())?,
            floor: meaning.quarantine,
            matched_by: None,
        })
    }

    /// Has it decided. What a report said is kept, so that a posting leads back to it: in the one write of what it leads to, or before,
    /// where that is at home elsewhere.
    async fn asked(&self, entity: EntityId, input: Input, meaning: &Meaning, raw: Option<&Payload>) -> Result<Reply, Denied> {
        let along = raw.filter(|_| self.mesh.home(entity).is_ok());
        if along.is_none() {
            Box::pin(self.kept(meaning, raw)).await?;
        }
        self.mesh.ask_with(input, along.cloned()).await.map_err(|error| Denied::asking(&error))
    }

    /// Keeps what a report said in the region of its plant.
    async fn kept(&self, meaning: &Meaning, raw: Option<&Payload>) -> Result<(), Denied> {
        let Some(raw) = raw else { return Ok(()) };
        let region = meaning.quarantine.and_then(|plant| self.mesh.book().sites.get(&plant).map(|site| site.region));
        let region = region.ok_or_else(|| Denied::asking(&AskError::Unknown))?;
        let kept = self.mesh.keep(region, Bytes::copy_from_slice(raw.bytes())).await;
        kept.map(drop).map_err(|error| Denied::asking(&error))
    }

    /// Nobody has heard of it: a report waits in its plant's quarantine, a request is about nothing.
    async fn unborn(
        &self,
        key: &str,
        entity: EntityId,
        input: Input,
        (meaning, raw): (&Meaning, Option<&Payload>),
    ) -> Result<Taken, Denied> {
        // It goes on from here without its message.
        self.kept(meaning, raw).await?;
        let named = meaning.quarantine.filter(|_| meaning.is_named());
        let Some(plant) = named else { return Err(Denied::nobody_knows(entity.kind().word(), meaning.field)) };
        let id = format!("api/{}", input.envelope.key);
        self.mesh.take(plant, input, id).await.map_err(|error| Denied::asking(&error))?;
        let outcome = v1::Outcome { key: key.to_owned(), entity: entity.to_string(), answer: "quarantined".to_owned(), case: None };
        Ok(Taken { outcome, replayed: false })
    }
}

fn taken(key: &str, entity: EntityId, answer: &Answer, replayed: bool) -> Result<Taken, Denied> {
    let (word, case) = match answer {
        Answer::Accepted => ("accepted", None),
        Answer::Discrepant { case } => ("discrepant", Some(*case)),
        Answer::Quarantined { case } => ("quarantined", Some(*case)),
        Answer::Refused(refusal) => return Err(Denied { replayed, ..Denied::refused(refusal) }),
    };
    let outcome = v1::Outcome { key: key.to_owned(), entity: entity.to_string(), answer: word.to_owned(), case };
    Ok(Taken { outcome, replayed })
}
