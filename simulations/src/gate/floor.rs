//! The foreign systems of the gate: an ERP without any dedup, a plant, a laboratory and a warehouse, with rules and books of
//! their own, which outlive every crash of a node. They speak through links that lose replies as real ones do.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use takt_actors::link::{Errand, Link, Probed, Sent};
use takt_protocol::effect::Effect;
use takt_protocol::input::Input;
use takt_protocol::instant::Instant;
use takt_protocol::name::SiteId;
use takt_protocol::native::{NativeId, NativeKind, Ref};
use takt_protocol::outbox::Receipt;
use takt_protocol::words::DocNo;

use super::day::Script;
use super::luck::Luck;

/// A document in the ERP's books.
#[derive(Clone, Debug)]
pub(super) struct Document {
    pub(super) reference: String,
    pub(super) number: DocNo,
    /// What for, and how much: in the ERP's own words.
    pub(super) lines: Vec<(String, rust_decimal::Decimal)>,
}

/// A message of a system to us, at least once.
#[derive(Clone, Debug)]
pub(super) struct Outgoing {
    pub(super) id: String,
    pub(super) input: Input,
    pub(super) not_before: Duration,
    pub(super) acknowledged: bool,
    pub(super) again: bool,
}

/// What the warehouse knows of its one delivery.
#[derive(Debug, Default)]
pub(super) struct Delivery {
    pub(super) attempt: u32,
    pub(super) asked: bool,
    pub(super) blocked: bool,
    /// The attempts that were granted, and the one it left with.
    pub(super) granted: BTreeSet<u32>,
    pub(super) left_with: Option<u32>,
}

/// All systems, their books and what they are about to say.
pub(super) struct Floor {
    pub(super) luck: Luck,
    pub(super) habits: bool,
    pub(super) script: Script,
    pub(super) began: tokio::time::Instant,
    pub(super) documents: Vec<Document>,
    pub(super) late: usize,
    pub(super) done: BTreeSet<String>,
    pub(super) outgoing: Vec<Outgoing>,
    pub(super) announced: BTreeSet<String>,
    /// Whether trouble is found only when the truck wants to leave.
    pub(super) found_at_the_gate: bool,
    pub(super) delivery: Delivery,
    pub(super) effects: BTreeMap<String, u64>,
}

impl Floor {
    pub(super) fn new(seed: u64, habits: bool, start: Instant) -> anyhow::Result<Self> {
        let script = Script::new(start);
        let mut floor = Self {
            found_at_the_gate: Luck::of(seed, "trouble").one_in(2),
            luck: Luck::of(seed, "systems"),
            habits,
            began: tokio::time::Instant::now(),
            documents: Vec::new(),
            late: 0,
            done: BTreeSet::new(),
            outgoing: Vec::new(),
            announced: BTreeSet::new(),
            delivery: Delivery::default(),
            effects: BTreeMap::new(),
            script,
        };
        let release = floor.script.release()?;
        floor.say(release, 0);
        Ok(floor)
    }

    /// A message, in so many milliseconds.
    pub(super) fn say(&mut self, input: Input, in_ms: u64) {
        let id = format!("{}/{}", input.envelope.key, self.outgoing.len());
        let not_before = self.began.elapsed() + Duration::from_millis(in_ms);
        let again = self.habits && self.luck.one_in(5);
        self.outgoing.push(Outgoing { id, input, not_before, acknowledged: false, again });
    }

    pub(super) fn count(&mut self, effect: &str) {
        *self.effects.entry(effect.to_owned()).or_default() += 1;
    }

    /// Everything was said and heard, and the truck has left.
    pub(super) fn is_over(&self) -> bool {
        self.outgoing.iter().all(|message| message.acknowledged) && self.delivery.left_with.is_some() && self.late == 0
    }

    /// What a stuck day waits for.
    pub(super) fn what_is_open(&self) -> String {
        let waiting: Vec<&str> = self.outgoing.iter().filter(|message| !message.acknowledged).map(|message| message.id.as_str()).collect();
        format!("unacknowledged {waiting:?}, pallets {:?}, delivery {:?}", self.announced, self.delivery)
    }

    fn post(&mut self, errand: &Errand) -> Receipt {
        let number = format!("49{:08}", self.documents.len() + 1);
        let Ok(number) = DocNo::parse(&number) else { return Receipt::default() };
        let Effect::Post(document) = errand.effect.as_ref() else { return Receipt::default() };
        let lines = document.posting.lines.iter().map(|line| (format!("{:?}", line.series.purpose), line.qty.value())).collect();
        self.documents.push(Document { reference: errand.reference.as_str().to_owned(), number: number.clone(), lines });
        Receipt { document: Some(number), ..Receipt::default() }
    }

    fn find(&self, errand: &Errand) -> Option<Receipt> {
        let found = self.documents.iter().find(|document| document.reference == errand.reference.as_str())?;
        Some(Receipt { document: Some(found.number.clone()), ..Receipt::default() })
    }

    /// An effect at a system that knows our key: done once, answered every time.
    fn perform(&mut self, site: SiteId, errand: &Errand) -> anyhow::Result<Receipt> {
        let fresh = self.done.insert(errand.reference.as_str().to_owned());
        if let Effect::DispatchJob(job) = errand.effect.as_ref() {
            if fresh {
                self.script.job_taken(job.order);
                super::day::work(self)?;
            }
            let alias = Ref::new(site, NativeKind::Job, NativeId::parse("J-8812")?);
            return Ok(Receipt { alias: Some(alias), ..Receipt::default() });
        }
        if fresh {
            super::day::react(self, &errand.effect)?;
        }
        Ok(Receipt::default())
    }
}

/// A way to one of the systems.
struct Wire {
    site: SiteId,
    floor: Arc<Mutex<Floor>>,
}

/// The links of all systems.
pub(super) fn links(floor: &Arc<Mutex<Floor>>) -> Vec<(SiteId, Arc<dyn Link>)> {
    let names = ["erp", "nord", "wms", "qms"];
    let sites = names.iter().filter_map(|name| SiteId::parse(name).ok());
    sites.map(|site| (site, Arc::new(Wire { site, floor: Arc::clone(floor) }) as Arc<dyn Link>)).collect()
}

#[async_trait]
impl Link for Wire {
    fn takes(&self, _verb: &str) -> bool {
        true
    }

    async fn send(&self, errand: &Errand) -> Sent {
        self.travel().await;
        let posting = matches!(errand.effect.as_ref(), Effect::Post(_));
        let drawn = {
            let mut floor = super::lock(&self.floor);
            if floor.habits { floor.luck.below(10) } else { 9 }
        };
        let sent = match (drawn, posting) {
            (0, true) => self.arrive_late(errand).await,
            (1, true) => {
                let mut floor = super::lock(&self.floor);
                floor.count("reply lost after the effect");
                floor.post(errand);
                Sent::Lost { why: "connection closed".to_owned() }
            }
            (2, _) => {
                super::lock(&self.floor).count("request lost");
                Sent::Lost { why: "connection refused after the request".to_owned() }
            }
            (3, _) => {
                super::lock(&self.floor).count("busy");
                Sent::NotDone { why: "429".to_owned() }
            }
            (_, true) => Sent::Accepted(super::lock(&self.floor).post(errand)),
            (_, false) => match super::lock(&self.floor).perform(self.site, errand) {
                Ok(receipt) => Sent::Accepted(receipt),
                Err(error) => Sent::Misconfigured { why: error.to_string() },
            },
        };
        self.travel().await;
        sent
    }

    async fn probe(&self, errand: &Errand) -> Probed {
        self.travel().await;
        match super::lock(&self.floor).find(errand) {
            Some(receipt) => Probed::Found(receipt),
            None => Probed::Absent,
        }
    }
}

impl Wire {
    async fn travel(&self) {
        let time = 1 + super::lock(&self.floor).luck.below(60);
        tokio::time::sleep(Duration::from_millis(time)).await;
    }

    /// The request is heard long after everybody gave up on it, within the settle time: the trap of every probe.
    async fn arrive_late(&self, errand: &Errand) -> Sent {
        let (floor, errand) = (Arc::clone(&self.floor), errand.clone());
        let delay = {
            let mut floor = super::lock(&self.floor);
            floor.count("request heard late");
            floor.late += 1;
            2_000 + floor.luck.below(u64::from(super::book::SETTLE_MS) - 500)
        };
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(delay)).await;
            let mut floor = super::lock(&floor);
            floor.late -= 1;
            floor.post(&errand);
        });
        std::future::pending().await
    }
}
