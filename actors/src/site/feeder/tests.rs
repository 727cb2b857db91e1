//! A reader is told everything that happened, whatever falls on the way, and waits when others have to.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use serde_json::Value;
use takt_cluster::seam::{Message, Seams};
use takt_cluster::views::Views;
use takt_protocol::book::{Around, Book, Site, SiteKind};
use takt_protocol::calendar::{Calendar, PeriodBook};
use takt_protocol::envelope::{Envelope, Key, Mark};
use takt_protocol::input::{Address, Body, Input};
use takt_protocol::instant::Instant;
use takt_protocol::name::{Region as RegionName, SiteId};
use takt_protocol::outbox::Receipt;
use takt_protocol::site::{self, Report};
use takt_protocol::words::EquipmentId;

use super::*;
use crate::committer::Committer;
use crate::duties::Duties;
use crate::hall::Hall;
use crate::link::{Link, Probed};
use crate::node::{Node, Settings};
use crate::reach::Reach;
use crate::region::{Plan, Region, SiteLink};
use crate::site::SiteLimits;
use crate::tape::tests::seams;

/// A reader that loses the first few tellings, after it has read them.
#[derive(Default)]
struct Reader {
    told: Mutex<Vec<Value>>,
    loses: Mutex<u32>,
}

#[async_trait]
impl Link for Reader {
    fn takes(&self, _verb: &str) -> bool {
        true
    }

    async fn send(&self, errand: &Errand) -> Sent {
        let Effect::TellEvents(batch) = errand.effect.as_ref() else { return Sent::Misconfigured { why: "not for a reader".to_owned() } };
        self.told.lock().unwrap_or_else(PoisonError::into_inner).extend(batch.events.iter().cloned());
        let mut loses = self.loses.lock().unwrap_or_else(PoisonError::into_inner);
        let lost = *loses > 0;
        *loses = loses.saturating_sub(1);
        if lost { Sent::Lost { why: "no answer".to_owned() } } else { Sent::Accepted(Receipt::default()) }
    }

    async fn probe(&self, _: &Errand) -> Probed {
        Probed::Absent
    }
}

impl Reader {
    fn losing(times: u32) -> Arc<Self> {
        Arc::new(Self { told: Mutex::default(), loses: Mutex::new(times) })
    }

    /// The ids it was told, each once, in the order in which it heard them first.
    fn knows(&self) -> Vec<String> {
        let mut known = Vec::new();
        for event in self.told.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            let id = event["id"].as_str().unwrap().to_owned();
            if !known.contains(&id) {
                known.push(id);
            }
        }
        known
    }

    fn tellings(&self) -> usize {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

fn name(text: &str) -> SiteId {
    SiteId::parse(text).unwrap()
}

fn book() -> Arc<Book> {
    let plain = |kind| Site {
        kind,
        region: RegionName::parse("eu").unwrap(),
        calendar: Calendar::plain("Europe/Berlin").unwrap(),
        erp: None,
        warehouse: None,
        quality: None,
        around: Around::default(),
        classes: BTreeMap::new(),
        periods: PeriodBook::default(),
    };
    let sites = BTreeMap::from([(name("nord"), plain(SiteKind::Plant)), (name("lake"), plain(SiteKind::Analytics))]);
    Arc::new(Book { hash: "test".into(), generation: 1, sites, ..Book::default() })
}

async fn region(seams: &Seams, reader: &Arc<Reader>) -> Region {
    let plan = Plan {
        region: RegionName::parse("eu").unwrap(),
        seams: seams.clone(),
        book: book(),
        settings: Settings { pause_ms: 1, pause_max_ms: 5, readers_gather_ms: 1, ..Settings::default() },
        sites: vec![SiteLink::new(name("lake"), Arc::clone(reader) as Arc<dyn Link>, SiteLimits::default())],
        roads: Vec::new(),
        views: Views::in_memory(),
        projections: crate::region::Projections::All,
    };
    Region::start(plan).await.unwrap()
}

/// A machine of nord goes down: one public event.
fn down(number: u64) -> Input {
    let equipment = EquipmentId::parse(&format!("PRESS-{number}")).unwrap();
    let report = Report::EquipmentState { equipment, available: false, state: "down".into() };
    let key = Key { source: name("nord"), epoch: 0, mark: Mark::Number(number) };
    let to = Address::Entity(book().site_entity(name("nord")).unwrap());
    Input { to, envelope: Envelope::of(key, Instant::EPOCH), body: Body::Site(site::Input::Report(report)) }
}

async fn until(seams: &Seams, what: &str, mut is: impl FnMut() -> bool) {
    let waiting = async {
        while !is() {
            seams.clock.sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), waiting).await.unwrap_or_else(|_| panic!("{what} never came"));
}

#[tokio::test]
async fn a_reader_hears_everything_from_the_beginning_and_on_whatever_is_lost_or_falls() {
    let seams = seams();
    let first = Reader::losing(0);
    let eu = region(&seams, &first).await;
    for number in 1..=3 {
        eu.ask(down(number)).await.unwrap();
    }
    until(&seams, "what happened", || first.knows().len() == 3).await;
    eu.kill();
    // A reader that comes later, of which nobody knows how far it has read, and whose first answers are lost.
    seams.shelf.put(vec![("cursor/feeder/lake/0".to_owned(), Bytes::from_static(&[0; 8]))]).await.unwrap();
    let second = Reader::losing(2);
    let eu = region(&seams, &second).await;
    eu.ask(down(4)).await.unwrap();
    until(&seams, "the history and what happens now", || second.knows().len() == 4).await;
    assert_eq!(second.knows()[..3], first.knows(), "in the order of the log, under the same ids");
    assert!(second.tellings() > 4, "what was lost was not told again: {}", second.tellings());
    eu.stop().await;
}

#[tokio::test]
async fn a_reader_waits_while_more_waits_to_be_decided_than_it_may_and_loses_nothing_by_it() {
    let seams = seams();
    let eu = region(&seams, &Reader::losing(u32::MAX)).await;
    eu.ask(down(1)).await.unwrap();
    eu.kill();
    let settings = Settings { readers_wait_above: 1, pause_ms: 1, ..Settings::default() };
    let node = Arc::new(Node::new(RegionName::parse("eu").unwrap(), seams.clone(), book(), settings));
    let reader = Reader::losing(0);
    let way = SiteLink::new(name("lake"), Arc::clone(&reader) as Arc<dyn Link>, SiteLimits::default());
    let hall = Hall::new(Arc::clone(&node), Committer::pair().0);
    let duties = Arc::new(Duties::new(1, &[], &[], Some(Instant::EPOCH)));
    let desk = Arc::new(SiteDesk {
        reach: Reach { node: Arc::clone(&node), hall, duties },
        node,
        site: way.site,
        link: Arc::clone(&way.link),
        limits: way.limits.clone(),
        pace: Arc::clone(&way.pace),
        deliveries: Arc::clone(&way.deliveries),
    });
    // Nobody decides here: what is offered stays.
    let queue = QueueName::In { shard: 0 };
    let waits = |id: &str| Message { queue, id: id.to_owned(), bytes: Bytes::new() };
    seams.queue.offer(vec![waits("a"), waits("b")], 10).await.unwrap();
    assert!(yields(&desk, 0).await, "two wait, and a reader waits above one");
    let watching = async {
        seams.clock.sleep(Duration::from_millis(20)).await;
        assert_eq!(reader.tellings(), 0, "a reader was served before what waits");
        let decided = seams.queue.pull(queue, 1, Duration::from_mins(1)).await.unwrap();
        seams.queue.ack(decided.iter().map(|one| one.receipt).collect()).await.unwrap();
        until(&seams, "what happened", || reader.knows().len() == 1).await;
    };
    tokio::select! {
        biased;
        () = run(Arc::clone(&desk), 0) => panic!("it ended, which it never should"),
        () = watching => {}
    }
}
