//! A region on this node: everything that runs for it, started in the order of the supervision table, and the door through
//! which requests come in.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use ractor::{Actor, ActorCell, ActorId, ActorProcessingErr, ActorRef, SupervisionEvent};
use takt_cluster::seam::{Message, QueueName, Seams};
use takt_cluster::views::Views;
use takt_protocol::book::{Book, SiteKind};
use takt_protocol::envelope::Envelope;
use takt_protocol::id::EntityId;
use takt_protocol::input::{Address, Body, Input};
use takt_protocol::kernel::{Reply, State};
use takt_protocol::name::{Region as RegionName, SiteId};
use takt_protocol::{site as site_word, wire};
use tokio::sync::Mutex;

use crate::committer::{self, Committer};
use crate::courier::{self, Far};
use crate::dispatcher;
use crate::hall::{Hall, Keeper, Lost};
use crate::index::{self, Index};
use crate::intake::{self, Intake};
use crate::link::deliveries::{Delivered, Deliveries};
use crate::node::{Node, Settings};
use crate::publisher;
pub use crate::site::SiteLink;
use crate::site::{self, SiteDesk, SiteStatus};
use crate::supervision::{CHILDREN, Runner, Running, Task, Verdict, verdict};

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
    /// Rows that may be lost, for the index: `Stamp` them with [`index::SCHEMA`].
    pub views: Views,
    /// Whether what was recorded is handed on and indexed; off only to measure what that costs.
    pub projections: bool,
}

/// A running region. Cheap to clone; runs until it is stopped.
#[derive(Clone)]
pub struct Region {
    node: Arc<Node>,
    hall: Hall,
    index: Index,
    links: Arc<BTreeMap<SiteId, SiteLink>>,
    top: ActorRef<()>,
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
    /// It could not be stored.
    #[error("failed to store the input")]
    Store(#[from] takt_cluster::Error),
    /// It cannot be written down.
    #[error("failed to encode the input")]
    Wire(#[from] wire::WireError),
    /// The region is not at work.
    #[error("the region is not at work: {0}")]
    Start(String),
}

impl Region {
    /// Starts everything, in the order of the table.
    pub async fn start(plan: Plan) -> Result<Self, AskError> {
        let node = Arc::new(Node::new(plan.region, plan.seams, plan.book, plan.settings));
        let (committer, waiting) = Committer::pair();
        let hall = Hall::new(Arc::clone(&node), committer);
        let index = Index::new(node.region, plan.views);
        node.learn(index.records());
        let tasks = tasks(&node, &hall, &index, &plan.sites, &plan.roads, waiting);
        let tasks = tasks.into_iter().filter(|(name, _)| plan.projections || !PROJECTIONS.contains(name)).collect();
        let links = Arc::new(plan.sites.iter().map(|link| (link.site, link.clone())).collect());
        let top = Top { node: Arc::clone(&node), hall: hall.clone(), tasks };
        let (top, _) = Actor::spawn(None, top, ()).await.map_err(|error| AskError::Start(error.to_string()))?;
        Ok(Self { node, hall, index, links, top })
    }

    /// Whether it is at work; if not, why.
    pub fn health(&self) -> Result<(), AskError> {
        // It is at work from the moment that `start` came back, although ractor says so a moment later.
        if self.top.get_status() > ractor::ActorStatus::Upgrading {
            return Err(AskError::Start("a task of it fell for good, or it was stopped".to_owned()));
        }
        if self.node.seams.journal.is_open() { Ok(()) } else { Err(takt_cluster::Error::Stopped.into()) }
    }

    /// Decides a request now, and answers when the outcome is durable.
    pub async fn ask(&self, input: Input) -> Result<Reply, AskError> {
        let entity = self.entity(&input.to).ok_or(AskError::Unknown)?;
        if entity.region() != self.node.region {
            return Err(AskError::Elsewhere(entity.region()));
        }
        // What cannot be written would wait for ever.
        self.health()?;
        Ok(self.hall.tell(entity, input).await?)
    }

    /// Stores an input durably: from now on it is ours, and the sender may forget it. Where too many wait already it is not
    /// taken, and the sender keeps it; what holds goods still finds room.
    pub async fn take(&self, input: Input, id: String) -> Result<(), AskError> {
        self.take_all(vec![(input, id)]).await
    }

    /// The same for all that one message says, each with its id in the queue: all of it or nothing, in one write.
    pub async fn take_all(&self, inputs: Vec<(Input, String)>) -> Result<(), AskError> {
        let settings = &self.node.settings;
        let (mut group, mut urgent) = (Vec::with_capacity(inputs.len()), false);
        for (input, id) in inputs {
            urgent |= input.body.holds_goods();
            let (queue, input) = self.way(input);
            group.push(Message { queue, id, bytes: Bytes::from(wire::pack(input)?) });
        }
        let most = settings.waiting_max + if urgent { settings.waiting_reserve } else { 0 };
        Ok(self.node.seams.queue.offer(group, most).await?)
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
    /// what its orders miss, and one that is reconciled plans its next run. The same book a second time changes nothing.
    pub async fn activate(&self, book: Arc<Book>) -> Result<(), AskError> {
        self.node.activate(Arc::clone(&book));
        let here = book.sites.iter().filter(|(_, site)| site.region == self.node.region);
        for entity in here.filter_map(|(site, _)| book.site_entity(*site)) {
            let word = format!("book/{}", book.hash);
            let envelope = Envelope::ours(&word, self.node.seams.clock.now());
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

    /// The durable state of an entity at home here.
    pub async fn show(&self, entity: EntityId) -> Result<State, AskError> {
        if entity.region() != self.node.region {
            return Err(AskError::Elsewhere(entity.region()));
        }
        Ok(self.hall.show(entity).await?)
    }

    /// Which names mean what, who lives here, and what is open.
    pub fn index(&self) -> &Index {
        &self.index
    }

    /// How a site stands with us; `None` where no link leads from here.
    pub fn site(&self, site: SiteId) -> Option<SiteStatus> {
        self.links.get(&site).map(|link| link.status(self.node.seams.clock.as_ref()))
    }

    /// What went to a site and came from it lately; `None` where no link leads from here.
    pub fn deliveries(&self, site: SiteId) -> Option<&Deliveries> {
        self.links.get(&site).map(|link| link.deliveries.as_ref())
    }

    /// Writes down what came of something that a site told, or was refused to.
    pub fn note(&self, site: SiteId, row: Delivered) {
        if let Some(deliveries) = self.deliveries(site) {
            deliveries.note(row);
        }
    }

    /// A site could not be asked for what it has for us.
    pub(crate) fn missed(&self, site: SiteId, why: &str) {
        if let Some(link) = self.links.get(&site) {
            link.pace.missed(why, self.node.seams.clock.now());
        }
    }

    /// A site told us something.
    pub(crate) fn heard(&self, site: SiteId) {
        if let Some(link) = self.links.get(&site) {
            link.pace.heard(self.node.seams.clock.now());
        }
    }

    /// What its actors share.
    pub fn node(&self) -> &Arc<Node> {
        &self.node
    }

    /// How many entities are loaded.
    pub fn loaded(&self) -> usize {
        self.hall.loaded()
    }

    /// Stops everything. What was acknowledged is durable; what was not comes again.
    pub async fn stop(&self) {
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

/// Why a task ends that was asked to: no fall.
const STOPPING: &str = "stopping";

/// The tasks that read the log.
const PROJECTIONS: [&str; 4] = ["index", "dispatcher", "publisher", "feeders"];

type Named = (&'static str, Task);

/// The tasks of a region, in the order of the table.
fn tasks(
    node: &Arc<Node>,
    hall: &Hall,
    index: &Index,
    sites: &[SiteLink],
    roads: &[Far],
    waiting: tokio::sync::mpsc::UnboundedReceiver<committer::Wanted>,
) -> Vec<Named> {
    let mut tasks: Vec<Named> = Vec::new();
    let shards = node.seams.journal.shards();
    let waiting = Arc::new(Mutex::new(Some(waiting)));
    let own = Arc::clone(node);
    tasks.push(("committer", task(move || committing(Arc::clone(&own), Arc::clone(&waiting)))));
    for shard in 0..shards {
        let (own, index) = (Arc::clone(node), index.clone());
        tasks.push(("index", task(move || index::run(Arc::clone(&own), index.clone(), shard))));
    }
    for link in sites {
        let desk = Arc::new(SiteDesk {
            node: Arc::clone(node),
            hall: hall.clone(),
            site: link.site,
            link: Arc::clone(&link.link),
            limits: link.limits.clone(),
            pace: Arc::clone(&link.pace),
            deliveries: Arc::clone(&link.deliveries),
        });
        let readers = Arc::clone(&desk);
        tasks.push(("sites", task(move || site::run(Arc::clone(&desk)))));
        let reads = node.book().sites.get(&link.site).is_some_and(|site| site.kind == SiteKind::Analytics);
        for shard in (0..shards).filter(|_| reads) {
            let desk = Arc::clone(&readers);
            tasks.push(("feeders", task(move || site::feeder::run(Arc::clone(&desk), shard))));
        }
    }
    for shard in 0..shards {
        let own = Arc::clone(node);
        tasks.push(("dispatcher", task(move || dispatcher::run(Arc::clone(&own), shard))));
        let own = Arc::clone(node);
        tasks.push(("publisher", task(move || publisher::run(Arc::clone(&own), shard))));
    }
    for (far, urgent) in roads.iter().flat_map(|far| [(far, true), (far, false)]) {
        let (own, far) = (Arc::clone(node), far.clone());
        tasks.push(("couriers", task(move || courier::run(Arc::clone(&own), far.clone(), urgent))));
    }
    let intake = Intake { node: Arc::clone(node), hall: hall.clone(), index: index.clone() };
    for queue in (0..shards).flat_map(|shard| [QueueName::In { shard }, QueueName::Due { shard }]) {
        let intake = intake.clone();
        tasks.push(("intake", task(move || intake::run(intake.clone(), queue))));
    }
    let (own, hall) = (Arc::clone(node), hall.clone());
    tasks.push(("sweeper", task(move || sweeping(Arc::clone(&own), hall.clone()))));
    tasks
}

fn task<F: Future<Output = ()> + Send + 'static>(make: impl Fn() -> F + Send + Sync + 'static) -> Task {
    Arc::new(move || Box::pin(make()))
}

/// The committer's end of the channel outlives a fall of the committer.
async fn committing(node: Arc<Node>, waiting: Arc<Mutex<Option<tokio::sync::mpsc::UnboundedReceiver<committer::Wanted>>>>) {
    if let Some(receiver) = waiting.lock().await.take() {
        committer::run(node, receiver).await;
    }
}

async fn sweeping(node: Arc<Node>, hall: Hall) {
    loop {
        node.seams.clock.sleep(Duration::from_millis(node.settings.idle_ms.max(1))).await;
        hall.sweep();
    }
}

/// The actor at the top of a region.
struct Top {
    node: Arc<Node>,
    hall: Hall,
    tasks: Vec<Named>,
}

/// Who runs, and who fell when.
struct Children {
    running: BTreeMap<ActorId, usize>,
    keeper: Option<ActorCell>,
    falls: Vec<Vec<Duration>>,
}

impl Actor for Top {
    type Msg = ();
    type State = Children;
    type Arguments = ();

    async fn pre_start(&self, me: ActorRef<()>, (): ()) -> Result<Children, ActorProcessingErr> {
        let mut children = Children { running: BTreeMap::new(), keeper: None, falls: vec![Vec::new(); self.tasks.len()] };
        let (keeper, _) = Actor::spawn_linked(None, Keeper { hall: self.hall.clone() }, (), me.get_cell()).await?;
        children.keeper = Some(keeper.get_cell());
        for at in 0..self.tasks.len() {
            self.run(&me, &mut children, at).await?;
        }
        Ok(children)
    }

    async fn handle_supervisor_evt(
        &self,
        me: ActorRef<()>,
        event: SupervisionEvent,
        children: &mut Children,
    ) -> Result<(), ActorProcessingErr> {
        let fallen = match event {
            SupervisionEvent::ActorTerminated(_, _, Some(reason)) if reason == STOPPING => return Ok(()),
            SupervisionEvent::ActorTerminated(cell, ..) | SupervisionEvent::ActorFailed(cell, _) => cell.get_id(),
            SupervisionEvent::ActorStarted(_) | SupervisionEvent::ProcessGroupChanged(_) => return Ok(()),
        };
        let Some(at) = children.running.remove(&fallen) else { return Ok(()) };
        let (now, name) = (self.node.seams.clock.elapsed(), self.tasks.get(at).map_or("", |(name, _)| *name));
        let budget = CHILDREN.iter().find(|child| child.name == name).map_or(crate::supervision::CALM, |child| child.budget);
        let Some(falls) = children.falls.get_mut(at) else { return Ok(()) };
        falls.push(now);
        match verdict(budget, falls, now) {
            Verdict::Restart if name != "committer" => {
                tracing::warn!(name, region = %self.node.region, "a task fell and is started again");
                self.run(&me, children, at).await
            }
            Verdict::Restart | Verdict::GiveUp => {
                tracing::error!(name, region = %self.node.region, "a task fell for good; the region stops");
                Err(format!("`{name}` fell for good").into())
            }
        }
    }
}

impl Top {
    async fn run(&self, me: &ActorRef<()>, children: &mut Children, at: usize) -> Result<(), ActorProcessingErr> {
        if let Some((name, task)) = self.tasks.get(at) {
            let running = Running { name, task: Arc::clone(task) };
            let (runner, _) = Actor::spawn_linked(None, Runner, running, me.get_cell()).await?;
            children.running.insert(runner.get_id(), at);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
