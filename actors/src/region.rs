//! A region on this node: everything that runs for it, started in the order of the supervision table, and the door through
//! which requests come in.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use futures::future::join_all;
use ractor::{Actor, ActorRef};
use takt_cluster::seam::{Message, QueueName, Seams};
use takt_cluster::views::Views;
use takt_protocol::book::Book;
use takt_protocol::envelope::{Envelope, RawRef};
use takt_protocol::id::EntityId;
use takt_protocol::input::{Address, Body, Input};
use takt_protocol::instant::Instant;
use takt_protocol::kernel::{Reply, State};
use takt_protocol::name::{Region as RegionName, SiteId};
use takt_protocol::payload::Payload;
use takt_protocol::{site as site_word, wire};

use crate::abroad::embassy::Embassy;
use crate::abroad::peers::{self, Peer};
use crate::abroad::{Abroad, Answers, LinkStanding};
use crate::committer::Committer;
use crate::courier::{Far, Way};
use crate::doors::Doors;
use crate::duties::{Duties, Duty};
use crate::hall::{Hall, Lost};
use crate::index::Index;
use crate::leases::Leases;
use crate::node::{Node, Settings};
use crate::reach::Reach;
use crate::roll::{Caller, Roll};
pub use crate::site::SiteLink;

mod projections;
mod sites;
mod tasks;
mod top;

pub use projections::Projections;
pub(crate) use top::Order;
use top::{STOPPING, Top};

/// What a region is made of.
pub struct Plan {
    /// Its name.
    pub region: RegionName,
    /// Its seams.
    pub seams: Seams,
    /// The book in force.
    pub book: Arc<Book>,
    /// Limits.
    pub settings: Settings,
    /// The sites its entities ask, each with a link: also sites of other regions, as far as they are reached from here.
    pub sites: Vec<SiteLink>,
    /// Roads to the other regions.
    pub roads: Vec<Far>,
    /// Rows that may be lost, for the index: `Stamp` them with [`crate::index::SCHEMA`].
    pub views: Views,
    /// Whether what was recorded is handed on and indexed; off only to measure what that costs.
    pub projections: Projections,
}

/// A running region. Cheap to clone; runs until it is stopped.
#[derive(Clone)]
pub struct Region {
    node: Arc<Node>,
    reach: Reach,
    index: Index,
    links: Arc<BTreeMap<SiteId, SiteLink>>,
    caller: Caller,
    abroad: Arc<BTreeMap<RegionName, Abroad>>,
    answers: Arc<OnceLock<Arc<dyn Answers>>>,
    leases: Option<Arc<Leases>>,
    top: ActorRef<Order>,
}

/// Why a request got no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AskError {
    /// Try again: the entity was just being loaded or moved.
    #[error("the entity did not answer; send the same request again")]
    Lost(#[from] Lost),
    /// The names mean nothing here.
    #[error("no system of these names is configured here")]
    Unknown,
    /// It is at home elsewhere.
    #[error("this is at home in region {0}")]
    Elsewhere(RegionName),
    /// It is at home in a region that runs elsewhere, and that one is not reached.
    #[error("region {region} is not reached from here")]
    Unreachable {
        /// The region.
        region: RegionName,
        /// When it was heard last; nothing where it never was, or was heard a moment ago.
        heard: Option<Instant>,
        /// Whether it may have been heard and decided.
        may_be_done: bool,
    },
    /// Another region answered that it cannot say.
    #[error("region {region} answers: {why}")]
    Answered {
        /// The region.
        region: RegionName,
        /// In its words.
        why: String,
    },
    /// It could not be stored.
    #[error("failed to store the input")]
    Store(#[from] takt_cluster::Error),
    /// It cannot be written down.
    #[error("failed to encode the input")]
    Wire(#[from] wire::WireError),
    /// The region is not at work.
    #[error("the region is not at work: {0}")]
    Start(String),
    /// No node decides about it just now, and none has looked at it.
    #[error("no node runs shard {shard} just now; send the same request again")]
    NoNode {
        /// The shard.
        shard: u16,
    },
    /// It was carried to the node that decides about it, and no answer came back.
    #[error("no answer came in time, and nobody knows whether it was decided; send the same request again under the same key")]
    Unanswered,
}

impl Region {
    /// Starts everything, in the order of the table. Where other nodes run the region, too, this one does what falls to it as soon
    /// as nobody else does that any more.
    pub async fn start(plan: Plan) -> Result<Self, AskError> {
        let node = Arc::new(Node::new(plan.region, plan.seams, plan.book, plan.settings));
        let (committer, waiting) = Committer::pair();
        let hall = Hall::new(Arc::clone(&node), committer);
        let index = Index::new(node.region, plan.views);
        index.teach(&node).await?;
        let (since, lease) = (node.seams.clock.now(), node.settings.lease_ms.map(Duration::from_millis));
        let sites: Vec<SiteId> = plan.sites.iter().map(|link| link.site).collect();
        let run_here = plan.roads.iter().filter(|far| !matches!(far.way, Way::Answers));
        let roads: Vec<RegionName> = run_here.map(|far| far.region).collect();
        let abroad = plan.roads.iter().filter_map(|far| Some((far.region, Abroad::of(&node, far)?)));
        let abroad: Arc<BTreeMap<RegionName, Abroad>> = Arc::new(abroad.collect());
        drop(node.roads.set(abroad.values().map(|abroad| Arc::clone(abroad.link())).collect()));
        let alone = lease.is_none().then_some(since);
        let duties = Arc::new(Duties::new(node.seams.journal.shards(), &sites, &roads, alone));
        let leases = match lease {
            Some(lease) => Some(Arc::new(Leases::enter(Arc::clone(&node), hall.clone(), Arc::clone(&duties), lease).await?)),
            None => None,
        };
        let reach = Reach { node: Arc::clone(&node), hall: hall.clone(), duties };
        let links = Arc::new(abroad.values().map(|abroad| Arc::clone(abroad.link())).collect());
        let caller = Caller { reach: reach.clone(), index: index.clone(), since, links };
        let answers = Arc::new(OnceLock::new());
        let embassy = Embassy { reach: reach.clone(), index: index.clone(), api: Arc::clone(&answers) };
        let leases_of = leases.as_ref();
        let parts = tasks::Parts { reach: &reach, index: &index, caller: &caller, leases: leases_of, abroad: &abroad, embassy: &embassy };
        let mut tasks = tasks::of(&parts, &plan.sites, &plan.roads, waiting);
        tasks.retain(|task| plan.projections.run(task.name));
        let links = Arc::new(plan.sites.iter().map(|link| (link.site, link.clone())).collect());
        let top = Top { node: Arc::clone(&node), hall, tasks, leases: leases.clone() };
        let (top, _) = Actor::spawn(None, top, ()).await.map_err(|error| AskError::Start(error.to_string()))?;
        Ok(Self { node, reach, index, links, caller, abroad, answers, leases, top })
    }

    /// Whether it is at work; if not, why.
    pub fn health(&self) -> Result<(), AskError> {
        // It is at work from the moment that `start` came back, although ractor says so a moment later.
        if self.top.get_status() > ractor::ActorStatus::Upgrading {
            return Err(AskError::Start("a task of it fell for good, or it was stopped".to_owned()));
        }
        if self.node.seams.journal.is_open() { Ok(()) } else { Err(takt_cluster::Error::Stopped.into()) }
    }

    /// Whether it was restored from a backup, and sends nothing until a person says that it was compared.
    pub fn is_reconciling(&self) -> bool {
        self.node.is_reconciling()
    }

    /// Has a request decided now, by this node or the one that runs its shard, and answers when the outcome is durable.
    pub async fn ask(&self, input: Input) -> Result<Reply, AskError> {
        self.ask_with(input, None).await
    }

    /// The same, and has the message that it came in kept, which its origin names: durable when this is answered. A long one would make
    /// all who read the log slower: keep it among the payloads before.
    pub async fn ask_with(&self, input: Input, raw: Option<Payload>) -> Result<Reply, AskError> {
        let entity = self.entity(&input.to).ok_or(AskError::Unknown)?;
        if entity.region() != self.node.region {
            return Err(AskError::Elsewhere(entity.region()));
        }
        // What cannot be written would wait for ever.
        self.health()?;
        self.reach.ask(entity, input, raw).await
    }

    /// Stores an input durably: from now on it is ours, and the sender may forget it. Where too many wait already it is not
    /// taken, and the sender keeps it; what holds goods still finds room.
    pub async fn take(&self, input: Input, id: String) -> Result<(), AskError> {
        self.take_all(vec![(input, id)]).await
    }

    /// The same for all that one message says, each with its id in the queue: all of it or nothing, in one write.
    pub async fn take_all(&self, inputs: Vec<(Input, String)>) -> Result<(), AskError> {
        let settings = &self.node.settings;
        let urgent = inputs.iter().any(|(input, _)| input.body.holds_goods());
        let most = settings.waiting_max + if urgent { settings.waiting_reserve } else { 0 };
        Ok(self.node.seams.queue.offer(self.written(inputs)?, most).await?)
    }

    /// The same for what is in mail that waits here already, and goes when this is stored.
    pub(crate) async fn take_over(&self, inputs: Vec<(Input, String)>) -> Result<(), AskError> {
        Ok(self.node.seams.queue.publish(self.written(inputs)?).await?)
    }

    fn written(&self, inputs: Vec<(Input, String)>) -> Result<Vec<Message>, AskError> {
        let written = |(input, id)| {
            let (queue, input) = self.way(input);
            // A message that is only kept travels whole, and may be as long as any that a door takes.
            let whole = matches!(input.body, Body::Site(site_word::Input::Mail(site_word::Mail::Told { .. })));
            let bytes = if whole { wire::pack_mail(input) } else { wire::pack(input) }?;
            Ok(Message { queue, id, bytes: Bytes::from(bytes) })
        };
        inputs.into_iter().map(written).collect()
    }

    /// The queue that leads an input to its entity.
    fn way(&self, input: Input) -> (QueueName, Input) {
        match self.entity(&input.to) {
            // By entity, not by the name we know it under: its home may not know that name, and would send it back.
            Some(entity) if entity.region() != self.node.region => {
                let queue = QueueName::Fwd { region: entity.region(), urgent: input.body.holds_goods() };
                (queue, Input { to: Address::Entity(entity), ..input })
            }
            Some(entity) => (QueueName::In { shard: entity.shard(self.node.seams.journal.shards()) }, input),
            None => (QueueName::In { shard: 0 }, input),
        }
    }

    /// Puts another book in force: from the next decision on. Every site at home here hears of it: a plant looks again for
    /// what its orders miss, and one that is reconciled plans its next run. It may be one that was in force before, and counts again.
    pub async fn activate(&self, book: Arc<Book>) -> Result<(), AskError> {
        self.node.activate(Arc::clone(&book));
        let here = book.sites.iter().filter(|(_, site)| site.region == self.node.region);
        let now = self.node.seams.clock.now();
        for entity in here.filter_map(|(site, _)| book.site_entity(*site)) {
            // A book that comes back is news: the one between may have missed what this one has.
            let word = format!("book/{}/{}", book.hash, now.utc_ns());
            let envelope = Envelope::ours(&word, now);
            let body = Body::Site(site_word::Input::Mail(site_word::Mail::BookActivated { hash: book.hash.clone() }));
            self.take(Input { to: Address::Entity(entity), envelope, body }, format!("{word}/{entity}")).await?;
        }
        Ok(())
    }

    /// The entity an address means.
    pub fn entity(&self, address: &Address) -> Option<EntityId> {
        match address {
            Address::Entity(entity) => Some(*entity),
            Address::Native { kind, names } => self.index.resolve(&self.node.book(), *kind, names),
        }
    }

    /// A message by its hash, as it came: out of the log beside what it led to, or out of the payloads.
    pub async fn raw(&self, hash: &RawRef) -> Result<Option<Bytes>, AskError> {
        if let Some((entity, sequence)) = self.index.raw(hash) {
            let entries = self.node.seams.journal.read(entity, sequence.saturating_sub(1)).await?;
            let commit = entries.first().map(|entry| wire::open(&entry.bytes)).transpose()?;
            let raw = commit.iter().flat_map(|(commit, _)| commit.raw()).find(|(_, raw)| RawRef::of(raw.bytes()) == *hash);
            if let Some((_, raw)) = raw {
                return Ok(Some(Bytes::copy_from_slice(raw.bytes())));
            }
        }
        Ok(self.node.seams.blobs.get(hash).await?)
    }

    /// The durable state of an entity at home here.
    pub async fn show(&self, entity: EntityId) -> Result<State, AskError> {
        if entity.region() != self.node.region {
            return Err(AskError::Elsewhere(entity.region()));
        }
        self.reach.show(entity).await
    }

    /// Which names mean what, who lives here, and what is open.
    pub fn index(&self) -> &Index {
        &self.index
    }

    /// What its actors share.
    pub fn node(&self) -> &Arc<Node> {
        &self.node
    }

    /// How many entities are loaded.
    pub fn loaded(&self) -> usize {
        self.reach.hall.loaded()
    }

    /// Which nodes run the region, and which of them has which shard.
    pub async fn roll(&self) -> Result<Roll, AskError> {
        Ok(self.caller.call().await?)
    }

    /// Asks every other node that runs the region a question of the API, for what it alone knows; none where no other one may.
    pub async fn ask_others(&self, name: &str, question: &[u8], patience: Duration) -> Result<Vec<Peer>, AskError> {
        if self.leases.is_none() {
            return Ok(Vec::new());
        }
        peers::ask(&self.node, name, question, patience).await
    }

    /// Since when this node runs it.
    pub fn since(&self) -> Instant {
        self.caller.since
    }

    /// A region that runs in another process, as it is reached from here; `None` where no road leads there, or it runs beside.
    pub fn abroad(&self, region: RegionName) -> Option<&Abroad> {
        self.abroad.get(&region)
    }

    /// The regions in other processes to which a road leads from here.
    pub fn all_abroad(&self) -> impl Iterator<Item = (RegionName, &Abroad)> {
        self.abroad.iter().map(|(region, abroad)| (*region, abroad))
    }

    /// How the road to each of them stands.
    pub async fn link_standings(&self) -> Result<Vec<LinkStanding>, AskError> {
        Ok(self.caller.links().await?)
    }

    /// Who answers other regions that ask something of the API. Said once.
    pub fn answers_by(&self, answers: Arc<dyn Answers>) {
        drop(self.answers.set(answers));
    }

    /// Who takes what systems told at nodes that only keep it and have it brought here. Said once.
    pub fn doors_by(&self, doors: Arc<dyn Doors>) {
        drop(self.node.doors.set(doors));
    }

    /// Does what has to be done all the time for a site, for ever: whenever this node is the one that speaks with it.
    pub async fn at_site<C: Future<Output = ()>>(&self, site: SiteId, chores: impl Fn() -> Vec<C>) {
        let Some(post) = self.reach.duties.post(Duty::Site(site)) else { return };
        loop {
            post.here().await;
            tokio::select! {
                biased;
                () = post.leaving() => {}
                _ = join_all(chores()) => std::future::pending().await,
            }
        }
    }

    /// Whether other nodes run the region, too, and would take over what this one does.
    pub fn has_others(&self) -> bool {
        self.leases.as_ref().is_some_and(|leases| leases.has_others())
    }

    /// Hands what this node does to the others, and stays to carry requests to them. Nothing acknowledged is lost, and no request is
    /// refused by it.
    pub async fn hand_over(&self) {
        if let Some(leases) = &self.leases {
            leases.leave().await;
        }
    }

    /// Stops everything. What was acknowledged is durable; what was not comes again.
    pub async fn stop(&self) {
        self.hand_over().await;
        self.top.stop_children(Some(STOPPING.to_owned()));
        drop(self.top.stop_and_wait(Some(STOPPING.to_owned()), Some(Duration::from_secs(10))).await);
    }

    /// Ends everything at once, as a crash does.
    pub fn kill(&self) {
        for child in self.top.get_children() {
            child.kill();
        }
        self.top.kill();
    }
}

#[cfg(test)]
pub(crate) mod tests;
