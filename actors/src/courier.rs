//! Brings mail to another region: takes it from `fwd`, stores it in the other one's `in`, and only then acknowledges it
//! here. Ids make it safe to do twice. Urgent mail has a courier of its own. Where this side dials, the same couriers fetch what the
//! other one has for us.

use std::num::NonZeroU32;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use takt_cluster::Error;
use takt_cluster::seam::{Bus, Delivery, Message, Queue, QueueName};
use takt_protocol::input::Address;
use takt_protocol::name::Region;
use takt_protocol::planted::{self, Bug};
use takt_protocol::wire::{self, WireError};

use crate::abroad::{Link, Toward, beat};
use crate::duties::Post;
use crate::exporter::Export;
use crate::node::Node;

/// A way to store something in another region.
#[async_trait]
pub trait Road: Send + Sync {
    /// Stores mail there, durably, all or nothing. Must end by itself when the far side is silent: an error then, although it
    /// may have been stored; the same mail comes again under the same ids. Urgent mail finds room where other mail does not.
    async fn bring(&self, mail: Vec<Message>, urgent: bool) -> Result<(), Error>;
}

/// The road into a queue that is at hand, of this process or of servers that were dialled: straight into it, while it has room.
pub struct NextDoor {
    /// That queue.
    pub queue: Arc<dyn Queue>,
    /// How many may wait there.
    pub waiting_max: usize,
    /// How many more, for urgent mail.
    pub reserve: usize,
}

#[async_trait]
impl Road for NextDoor {
    async fn bring(&self, mail: Vec<Message>, urgent: bool) -> Result<(), Error> {
        let reserve = if urgent { self.reserve } else { 0 };
        self.queue.offer(mail, self.waiting_max + reserve).await
    }
}

/// The other end of a road: the far region, how many shards it has, and how it is reached.
#[derive(Clone)]
pub struct Far {
    /// The region.
    pub region: Region,
    /// Its shards.
    pub shards: u16,
    /// How it is reached.
    pub way: Way,
}

/// How another region is reached.
#[derive(Clone)]
pub enum Way {
    /// It runs in this process.
    Beside(Arc<dyn Road>),
    /// It runs elsewhere, and this side dials: over this line it does all that is to be done between the two.
    Dials(Line),
    /// It runs elsewhere and dials: it fetches our mail and brings its own, and hears what it is asked on our servers.
    Answers,
}

impl Way {
    fn pace(&self) -> Option<NonZeroU32> {
        match self {
            Self::Dials(line) => line.per_second,
            Self::Beside(_) | Self::Answers => None,
        }
    }
}

/// A line to another region's servers.
#[derive(Clone)]
pub struct Line {
    /// The queues of the region.
    pub queue: Arc<dyn Queue>,
    /// Requests and replies over its servers.
    pub bus: Arc<dyn Bus>,
    /// The public events of ours that are told there.
    pub exports: Arc<[Export]>,
    /// How much ordinary mail it takes in a second, in each direction; as much as there is when `None`.
    pub per_second: Option<NonZeroU32>,
}

/// Mail taken at once: next door, and over a line, where each time costs a round trip.
const BAG_MAX: usize = 64;
const BAG_OVER_A_LINE_MAX: usize = 512;

/// The longest pause of a courier over a line; it is cut short when the far side is heard again.
const PAUSE_MAX: Duration = Duration::from_secs(5);

/// One direction of a road, for urgent mail or for the rest.
#[derive(Clone)]
pub(crate) struct Courier {
    node: Arc<Node>,
    /// Where mail waits.
    from: Arc<dyn Queue>,
    queue: QueueName,
    /// Where it is brought, and how many shards there are.
    to: Arc<dyn Road>,
    region: Region,
    shards: u16,
    urgent: bool,
    /// How the road stands, where it is one over a line.
    link: Option<(Arc<Link>, Toward)>,
    /// How much it brings in a second at most. Never said of urgent mail.
    pace: Option<NonZeroU32>,
    /// Where the region that the mail comes from is asked whether it may go: it may be one that was restored.
    asks: Option<Arc<dyn Bus>>,
}

impl Courier {
    /// The couriers of a road, as far as this side has any: it has none where the other one dials.
    pub(crate) fn of(node: &Arc<Node>, far: &Far, link: Option<&Arc<Link>>) -> Vec<Self> {
        let settings = &node.settings;
        let door = |queue: &Arc<dyn Queue>| -> Arc<dyn Road> {
            Arc::new(NextDoor { queue: Arc::clone(queue), waiting_max: settings.waiting_max, reserve: settings.waiting_reserve })
        };
        let out = |to: &Arc<dyn Road>, urgent| Self {
            node: Arc::clone(node),
            from: Arc::clone(&node.seams.queue),
            queue: QueueName::Fwd { region: far.region, urgent },
            to: Arc::clone(to),
            region: far.region,
            shards: far.shards,
            urgent,
            link: link.map(|link| (Arc::clone(link), Toward::Them)),
            pace: far.way.pace().filter(|_| !urgent),
            asks: None,
        };
        match &far.way {
            Way::Beside(road) => [true, false].map(|urgent| out(road, urgent)).into(),
            Way::Dials(line) => {
                let (there, here) = (door(&line.queue), door(&node.seams.queue));
                let back = |urgent| Self {
                    from: Arc::clone(&line.queue),
                    queue: QueueName::Fwd { region: node.region, urgent },
                    to: Arc::clone(&here),
                    region: node.region,
                    shards: node.seams.journal.shards(),
                    link: link.map(|link| (Arc::clone(link), Toward::Us)),
                    // Holds still come out of a region that was restored.
                    asks: (!urgent).then(|| Arc::clone(&line.bus)),
                    ..out(&there, urgent)
                };
                vec![out(&there, true), back(true), out(&there, false), back(false)]
            }
            Way::Answers => Vec::new(),
        }
    }
}

/// Runs for ever on one direction of a road; begins nothing more when the road is handed over.
pub(crate) async fn run(courier: Courier, post: Arc<Post>) {
    let at_work = post.at_work();
    let mut leaving = pin!(post.leaving());
    let mut failures = 0;
    loop {
        let done = tokio::select! {
            biased;
            // What was under way comes again, under the same ids.
            () = &mut leaving => break,
            done = courier.carry() => done,
        };
        match done {
            Ok(()) => failures = 0,
            Err(error) => {
                failures += 1;
                tokio::select! {
                    biased;
                    () = &mut leaving => break,
                    () = courier.failed(&error, failures) => {}
                }
            }
        }
    }
    drop(at_work);
    // Whoever asked it to leave ends it.
    std::future::pending::<()>().await;
}

impl Courier {
    /// Says that a road is closed, and waits until it may be open again.
    async fn failed(&self, error: &Error, failures: u32) {
        let pause = self.node.settings.pause(failures, u64::from(self.urgent));
        match &self.link {
            None => {
                tracing::warn!(%error, region = %self.region, "the road is closed; mail waits");
                self.node.seams.clock.sleep(pause).await;
            }
            Some((link, toward)) => {
                link.failed(*toward, self.node.seams.clock.now(), error);
                tracing::debug!(%error, region = %link.far(), ?toward, "a bag of mail was not brought; it waits");
                self.node.seams.clock.sleep(pause.min(PAUSE_MAX)).await;
            }
        }
    }

    /// Brings what waits, or waits until there is something.
    async fn carry(&self) -> Result<(), Error> {
        if let Some((link, _)) = &self.link {
            // What is sent into a dead line only piles up.
            link.open().await;
            if self.asks.is_some() && link.keeps_mail() {
                return Err(beat::kept(link));
            }
        }
        if !self.urgent && self.region != self.node.region {
            // Holds still go out of a region that was restored; the rest waits until it was compared.
            self.node.may_go_out().await;
        }
        let most = if self.link.is_some() { BAG_OVER_A_LINE_MAX } else { BAG_MAX };
        let most = self.pace.and_then(|pace| usize::try_from(pace.get()).ok()).map_or(most, |pace| pace.min(most));
        let lease = Duration::from_millis(self.node.settings.intake_lease_ms);
        let (mut bag, mut mail, mut unread) = (Vec::new(), Vec::new(), None);
        for delivery in self.from.pull(self.queue, most, lease).await? {
            match wire::unpack(&delivery.bytes) {
                Ok(input) => {
                    let shard = match input.to {
                        Address::Entity(entity) => entity.shard(self.shards),
                        Address::Native { .. } => 0,
                    };
                    mail.push(Message { queue: QueueName::In { shard }, id: delivery.id.clone(), bytes: delivery.bytes.clone() });
                    bag.push(delivery);
                }
                Err(error) => unread = Some(self.not_read(delivery, &error).await?),
            }
        }
        let (count, began) = (bag.len(), self.node.seams.clock.elapsed());
        let brought = self.deliver(bag, mail).await;
        self.paced(count, began).await;
        unread.map_or(brought.clone(), |unread| brought.and(Err(unread)))
    }

    /// What this binary cannot read waits: a newer one wrote it, and one will read it. Only what is of our own version and still cannot
    /// be read after many tries is set aside.
    async fn not_read(&self, delivery: Delivery, error: &WireError) -> Result<Error, Error> {
        let what = format!("mail cannot be read: {error}");
        let newer = matches!(error, WireError::Newer { .. });
        if !newer && delivery.deliveries >= self.node.settings.deliveries_max {
            self.from.bury(delivery.receipt, what.clone()).await?;
        } else {
            let pause = self.node.settings.pause(delivery.deliveries, delivery.receipt.sequence);
            self.from.later(delivery.receipt, pause).await?;
        }
        Ok(Error::Refused { place: format!("region {}", self.region), what })
    }

    /// Waits until so much mail may be behind a moment.
    async fn paced(&self, count: usize, began: Duration) {
        let each = self.pace.and_then(|pace| Duration::from_secs(1).checked_div(pace.get()));
        if let Some(whole) = each.and_then(|each| each.checked_mul(u32::try_from(count).ok()?)) {
            let clock = &self.node.seams.clock;
            clock.sleep((began + whole).saturating_sub(clock.elapsed())).await;
        }
    }

    async fn deliver(&self, bag: Vec<Delivery>, mail: Vec<Message>) -> Result<(), Error> {
        if bag.is_empty() {
            return Ok(());
        }
        // Asked when it is in hand: it may have waited long for it, and the region may have been restored meanwhile.
        if let (Some(bus), Some((link, _))) = (&self.asks, &self.link)
            && let Err(error) = beat::lets_go(&self.node, link, bus.as_ref()).await
        {
            return self.not_now(bag, error).await;
        }
        match self.to.bring(mail.clone(), self.urgent).await {
            Ok(()) => self.brought(&bag).await,
            // One of them may be what is refused, and must not keep the others back.
            Err(error @ Error::Refused { .. }) => self.one_by_one(bag, mail, error).await,
            Err(_) if planted::is(Bug::MailForgotten) => self.brought(&bag).await,
            Err(error) => self.not_now(bag, error).await,
        }
    }

    async fn not_now(&self, bag: Vec<Delivery>, error: Error) -> Result<(), Error> {
        for delivery in bag {
            self.from.later(delivery.receipt, Duration::from_millis(self.node.settings.pause_ms)).await?;
        }
        Err(error)
    }

    async fn brought(&self, bag: &[Delivery]) -> Result<(), Error> {
        if let Some((link, toward)) = &self.link {
            let last = bag.iter().map(|delivery| delivery.receipt.sequence).max().unwrap_or_default();
            link.brought(*toward, self.node.seams.clock.now(), last, bag.len());
        }
        self.from.ack(bag.iter().map(|delivery| delivery.receipt).collect()).await
    }

    /// Mail that is refused again and again is set aside for a person; the rest goes on.
    async fn one_by_one(&self, bag: Vec<Delivery>, mail: Vec<Message>, refused: Error) -> Result<(), Error> {
        let mut outcome = Ok(());
        for (delivery, message) in bag.into_iter().zip(mail) {
            match self.to.bring(vec![message], self.urgent).await {
                Ok(()) => self.brought(std::slice::from_ref(&delivery)).await?,
                Err(error @ Error::Refused { .. }) if delivery.deliveries >= self.node.settings.deliveries_max => {
                    tracing::error!(id = delivery.id, %error, region = %self.region, "mail was refused and is set aside for a person");
                    self.from.bury(delivery.receipt, format!("region {} refuses it: {error}", self.region)).await?;
                }
                Err(_) => {
                    let pause = self.node.settings.pause(delivery.deliveries, delivery.receipt.sequence);
                    self.from.later(delivery.receipt, pause).await?;
                    outcome = Err(refused.clone());
                }
            }
        }
        outcome
    }
}
