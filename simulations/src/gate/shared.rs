//! A region that several nodes run together, under virtual time: the day of the gate, and requests to either node all the while. One
//! dies at work, one is stopped for longer than its leases last and goes on where it was, one comes, one goes as planned. Nothing
//! acknowledged may be lost, nothing doubled, and where work is handed over as planned, no request refused.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use takt_actors::courier::{Far, NextDoor, Way};
use takt_actors::node::{NodeName, Settings};
use takt_actors::region::{Plan, Region, SiteLink};
use takt_actors::roll::Roll;
use takt_actors::site::SiteLimits;
use takt_cluster::memory::{Memory, Reins, Untroubled};
use takt_cluster::views::Views;
use takt_protocol::envelope::{Envelope, Key, KeyText, Mark};
use takt_protocol::input::{Address, Body, Input};
use takt_protocol::instant::Instant;
use takt_protocol::kernel::Reply;
use takt_protocol::name::{Region as RegionName, SiteId, Source};
use takt_protocol::site::{self, Progress};
use tokio::time::{sleep, timeout};

use super::floor::{self, Floor};
use super::yard::Present;
use super::{Luck, PATIENCE, Verdict, book, check, day, lock};
use crate::clock::VirtualClock;
use crate::logs::Logs;

mod cases;

/// Shards of each region's log.
const SHARDS: u16 = 8;

/// How long a lease lasts.
const LEASE: Duration = Duration::from_secs(3);

/// Between two requests.
const EVERY: Duration = Duration::from_millis(30);

/// How long a caller waits before it asks another node.
const CALLER: Duration = Duration::from_secs(9);

fn region(name: &str) -> RegionName {
    RegionName::parse(name).unwrap()
}

/// A node that lives.
#[derive(Clone)]
struct Living {
    region: Region,
    reins: Reins,
    /// Whether callers ask it.
    open: bool,
}

/// What became of the requests.
#[derive(Default)]
struct Asked {
    sent: u64,
    answered: BTreeSet<String>,
    /// Answers of a node that were none, each with the node's words.
    refused: Vec<String>,
    /// When each was answered, and how long that took.
    times: Vec<(Duration, Duration)>,
}

/// The nodes of two regions over their stores, and what goes on.
struct Site {
    memories: BTreeMap<RegionName, Memory>,
    clock: Arc<VirtualClock>,
    floor: Arc<Mutex<Floor>>,
    nodes: Rc<RefCell<BTreeMap<&'static str, Living>>>,
    present: Rc<RefCell<Present>>,
    asked: Rc<RefCell<Asked>>,
    over: Rc<RefCell<bool>>,
}

impl Site {
    fn new(seed: u64) -> Self {
        let start = Instant::parse("2026-11-23T08:00:00+01:00").unwrap();
        let clock = Arc::new(VirtualClock::starting(start));
        let memory = |name: &str| (region(name), Memory::new(SHARDS, Arc::clone(&clock) as _, Box::new(Untroubled)));
        Self {
            memories: book::REGIONS.map(memory).into_iter().collect(),
            floor: Arc::new(Mutex::new(Floor::new(seed, true, start).unwrap())),
            clock,
            nodes: Rc::default(),
            present: Rc::default(),
            asked: Rc::default(),
            over: Rc::default(),
        }
    }

    /// Starts a node of Europe, or says why it may not.
    async fn start(&self, name: &'static str) -> Result<(), String> {
        let (region, reins) = self.node("eu", name).await?;
        self.nodes.borrow_mut().insert(name, Living { region, reins, open: true });
        Ok(())
    }

    async fn node(&self, at: &str, name: &str) -> Result<(Region, Reins), String> {
        let limits = SiteLimits { window_ms: 2_000, open_ms: 500, ..SiteLimits::default() };
        let settings = Settings {
            node: NodeName::parse(name).unwrap(),
            lease_ms: Some(u64::try_from(LEASE.as_millis()).unwrap()),
            // The store does not know which node was handed what: that of a dead one comes back with time.
            intake_lease_ms: 2_000,
            idle_ms: 2_000,
            snapshot_every: 8,
            pause_max_ms: 1_000,
            deliveries_max: 1_000,
            ..Settings::default()
        };
        let far = |(region, memory): (&RegionName, &Memory)| {
            let road = NextDoor { queue: memory.seams().queue, waiting_max: 100_000, reserve: 1_000 };
            Far { region: *region, shards: SHARDS, way: Way::Beside(Arc::new(road)) }
        };
        let (seams, reins) = self.memories[&region(at)].node();
        let plan = Plan {
            region: region(at),
            seams,
            book: Arc::new(book::book().unwrap()),
            settings,
            sites: floor::links(&self.floor).into_iter().map(|(site, link)| SiteLink::new(site, link, limits.clone())).collect(),
            roads: self.memories.iter().filter(|(name, _)| **name != region(at)).map(far).collect(),
            views: Views::in_memory(),
            projections: takt_actors::region::Projections::All,
        };
        Region::start(plan).await.map(|region| (region, reins)).map_err(|error| error.to_string())
    }

    /// A node that callers may ask just now; in turn.
    fn pick(&self, turn: u64) -> Option<Living> {
        let nodes = self.nodes.borrow();
        let open: Vec<&Living> = nodes.values().filter(|node| node.open).collect();
        open.get(usize::try_from(turn).unwrap() % open.len().max(1)).map(|node| (*node).clone())
    }

    fn of(&self, name: &str) -> Living {
        self.nodes.borrow()[name].clone()
    }

    /// Asks for ever, one request after the other, of whichever node is next; each until it is answered.
    async fn ask(self: Rc<Self>) {
        let mut number = 0;
        while !*self.over.borrow() {
            sleep(EVERY).await;
            number += 1;
            self.asked.borrow_mut().sent += 1;
            let site = Rc::clone(&self);
            tokio::task::spawn_local(async move { site.until_answered(number).await });
            // What systems say goes to either node, too.
            if let (Some(node), Some(other)) = (self.pick(number / 3), self.memories.keys().find(|name| name.as_str() == "eu")) {
                self.present.borrow_mut().insert(*other, node.region);
            }
        }
    }

    async fn until_answered(&self, number: u64) {
        let (key, input) = request(number);
        let began = self.began();
        for turn in number.. {
            let Some(node) = self.pick(turn) else { return };
            match timeout(CALLER, node.region.ask(input.clone())).await {
                Ok(Ok(Reply::Answer(_) | Reply::Known(_))) => {
                    let mut asked = self.asked.borrow_mut();
                    asked.answered.insert(key);
                    asked.times.push((self.began(), self.began().saturating_sub(began)));
                    return;
                }
                Ok(other) => self.asked.borrow_mut().refused.push(format!("{key}: {other:?}")),
                // Dead, or stopped: the caller asks another one, under the same key.
                Err(_) => {}
            }
        }
    }

    fn began(&self) -> Duration {
        takt_cluster::seam::Clock::elapsed(self.clock.as_ref())
    }

    async fn roll(&self, name: &str) -> Roll {
        self.of(name).region.roll().await.unwrap()
    }

    /// The shards that a node says a node has.
    async fn shards(&self, by: &str, of: &str) -> usize {
        self.roll(by).await.shards.iter().filter(|row| row.owner.as_deref() == Some(of)).count()
    }

    /// Waits until it is so, for some leases' time.
    async fn until(&self, what: &str, is: impl AsyncFn() -> bool) {
        for _ in 0..400 {
            if is().await {
                return;
            }
            sleep(Duration::from_millis(50)).await;
        }
        panic!("after twenty seconds it is not so that {what}");
    }
}

/// A request to one of the sites, which is decided and recorded once under its key.
fn request(number: u64) -> (String, Input) {
    let book = book::book().unwrap();
    let sites = ["erp", "nord", "qms"];
    let site = SiteId::parse(sites[usize::try_from(number).unwrap() % sites.len()]).unwrap();
    let until = i64::try_from(number).unwrap();
    let progress = Progress { topic: format!("asked-{}", number % 5), until: Some(Instant::from_utc_ms(until)), ..Progress::default() };
    let key =
        Key { source: Source::parse("caller").unwrap(), epoch: 0, mark: Mark::Text(KeyText::parse(&format!("ask/{number}")).unwrap()) };
    let text = key.to_string();
    let to = Address::Entity(book.site_entity(site).unwrap());
    (text, Input { to, envelope: Envelope::of(key, Instant::EPOCH), body: Body::Site(site::Input::Mail(site::Mail::Read(progress))) })
}

/// How a day with several nodes ended.
struct Ended {
    asked: Asked,
    /// The longest time without an answer to any caller, while they asked.
    gap: Duration,
    slowest: Duration,
}

/// Plays a day on two nodes, with what `trouble` does to them, and looks at every promise.
fn play(seed: u64, trouble: impl AsyncFnOnce(&Rc<Site>, &mut Luck)) -> Ended {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    tokio::task::LocalSet::new().block_on(&runtime, async {
        let site = Rc::new(Site::new(seed));
        let (na, _) = site.node("na", "far").await.unwrap();
        site.present.borrow_mut().insert(region("na"), na.clone());
        site.start("a").await.unwrap();
        site.start("b").await.unwrap();
        site.until("both nodes run a part", async || {
            let (a, b) = (site.shards("a", "a").await, site.shards("a", "b").await);
            a > 0 && b > 0 && a + b == usize::from(SHARDS)
        })
        .await;
        let driver = tokio::task::spawn_local(day::drive(Arc::clone(&site.floor), Rc::clone(&site.present)));
        let asker = tokio::task::spawn_local(Rc::clone(&site).ask());
        let mut luck = Luck::of(seed, "nodes");
        sleep(Duration::from_millis(500 + luck.below(3_000))).await;
        trouble(&site, &mut luck).await;
        let mut verdict = Verdict::default();
        let began = site.began();
        while !(lock(&site.floor).is_over() && at_rest(&site).await) {
            sleep(Duration::from_millis(50)).await;
            assert!(site.began() < began + PATIENCE, "the day is not over: {}", lock(&site.floor).what_is_open());
        }
        *site.over.borrow_mut() = true;
        asker.await.unwrap();
        sleep(CALLER * 2).await;
        driver.abort();
        for node in site.nodes.borrow().values() {
            node.region.kill();
        }
        na.kill();
        let memories: Vec<Memory> = site.memories.values().cloned().collect();
        memories.iter().for_each(Memory::crash);
        check::all(&memories, &site.floor, &mut verdict).await.unwrap();
        assert!(verdict.broken.is_empty(), "seed {seed}\n{}", verdict.broken.join("\n"));
        let asked = std::mem::take(&mut *site.asked.borrow_mut());
        each_once(&memories, &asked).await;
        ended(asked)
    })
}

async fn at_rest(site: &Site) -> bool {
    for memory in site.memories.values() {
        if !memory.seams().queue.names().await.unwrap().is_empty() {
            return false;
        }
    }
    true
}

/// Every request was answered, stands in a log, and in none twice.
async fn each_once(memories: &[Memory], asked: &Asked) {
    assert_eq!(asked.answered.len() as u64, asked.sent, "some requests were never answered");
    let (mut logs, mut broken) = (Logs::default(), Vec::new());
    for memory in memories {
        logs.read(&memory.seams(), &mut broken).await.unwrap();
    }
    let mut times: BTreeMap<String, usize> = BTreeMap::new();
    for (_, step) in logs.steps() {
        *times.entry(step.key.to_string()).or_default() += 1;
    }
    for key in &asked.answered {
        assert_eq!(times.get(key), Some(&1), "{key} was acknowledged, and stands in the logs another number of times");
    }
}

fn ended(asked: Asked) -> Ended {
    let mut at: Vec<Duration> = asked.times.iter().map(|(at, _)| *at).collect();
    at.sort_unstable();
    let gap = at.windows(2).map(|two| two[1].saturating_sub(two[0])).max().unwrap_or_default();
    let slowest = asked.times.iter().map(|(_, took)| *took).max().unwrap_or_default();
    Ended { asked, gap, slowest }
}
