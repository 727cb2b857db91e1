//! A region with one site, for the tests of links: what a message set off is read from the site's own log, so that what
//! happened twice is seen twice.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use takt_cluster::seam::{QueueName, Seams};
use takt_cluster::views::Views;
use takt_protocol::book::{Book, Policy, Site, SiteKind};
use takt_protocol::calendar::{Calendar, PeriodBook};
use takt_protocol::fact::Fact;
use takt_protocol::id::EntityId;
use takt_protocol::kernel::Own;
use takt_protocol::name::{Region as RegionName, SiteId};
use takt_protocol::posting::RuleBook;
use takt_protocol::site::{self, Cursor};
use takt_protocol::wire;

use super::files::outbox::FilesLink;
use super::format::Format;
use super::inbound::{Inbound, Topic};
use super::mapping::Mapping;
use crate::node::Settings;
use crate::region::{Plan, Region, SiteLink};
use crate::tape::tests::seams;

/// A machine's state, said to the plant's own entity; without a key, unless the message has one.
pub(crate) const MACHINES: &str = r#"
def machine($b):
  { to: { native: { kind: "site", names: [{ system: .site, kind: "document", id: .site }] } }, occurred_at: "2026-11-24T03:12:00Z",
    body: { site: { report: { equipment_state: { equipment: $b.machine, available: false, state: ($b.state // "down") } } } } }
  + (if $b.key then { key: { mark: { text: $b.key } } } else {} end);
def inputs: if .body | type == "array" then . as $in | .body[] as $b | $in | machine($b) else machine(.body) end;
"#;

pub(crate) fn nord() -> SiteId {
    SiteId::parse("nord").unwrap()
}

/// A region that runs.
pub(crate) struct Yard {
    pub(crate) region: Region,
    seams: Seams,
}

impl Yard {
    pub(crate) async fn start() -> Self {
        Self::over(seams(), Settings::default()).await
    }

    pub(crate) async fn over(seams: Seams, settings: Settings) -> Self {
        let link = FilesLink::new(nord(), None, BTreeMap::new());
        let plan = Plan {
            region: RegionName::parse("eu").unwrap(),
            seams: seams.clone(),
            book: Arc::new(book()),
            settings,
            sites: vec![SiteLink::new(nord(), Arc::new(link), crate::site::SiteLimits::default())],
            roads: Vec::new(),
            views: Views::in_memory(),
            projections: crate::region::Projections::All,
        };
        Self { region: Region::start(plan).await.unwrap(), seams }
    }

    /// The same after a crash: what was durable is there, and nothing else.
    pub(crate) async fn crash(self) -> Self {
        self.region.kill();
        Self::over(self.seams, Settings::default()).await
    }

    /// A door with one mapping for these topics.
    pub(crate) fn door(&self, topics: &[(&str, Format, &str)]) -> Inbound {
        let topic = |(name, format, text): &(&str, Format, &str)| {
            let mapping = Mapping::compile(&format!("{name}.jq"), text).unwrap();
            ((*name).to_owned(), Topic { format: format.clone(), mapping })
        };
        Inbound::deaf(nord(), json!({}), topics.iter().map(topic).collect(), self.region.clone())
    }

    /// Waits until everything that was taken is decided.
    async fn quiet(&self) {
        let waiting = async {
            while self.seams.queue.depth(QueueName::In { shard: 0 }).await.unwrap() > 0 {
                self.seams.clock.sleep(Duration::from_millis(2)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), waiting).await.unwrap();
    }

    async fn facts(&self) -> Vec<Fact> {
        self.quiet().await;
        let entries = self.seams.journal.read(entity(), 0).await.unwrap();
        let commits = entries.iter().map(|entry| wire::open(&entry.bytes).unwrap().0);
        commits.flat_map(|commit| commit.steps).flat_map(|step| step.facts).collect()
    }

    /// Every change of a machine that ever happened, sorted: no order is promised.
    pub(crate) async fn machines(&self) -> Vec<String> {
        let fact = |fact| {
            let Fact::Site(fact) = fact else { return None };
            let site::Fact::Equipment { equipment, state, .. } = *fact else { return None };
            Some(format!("{equipment} {state}"))
        };
        let mut machines: Vec<String> = self.facts().await.into_iter().filter_map(fact).collect();
        machines.sort();
        machines
    }

    /// What people see of the site.
    pub(crate) async fn cases(&self) -> Vec<String> {
        self.quiet().await;
        self.region.show(entity()).await.unwrap().common.cases.values().map(|case| case.what.clone()).collect()
    }

    /// How far a topic is read.
    pub(crate) async fn cursor(&self, topic: &str) -> Cursor {
        let state = self.region.show(entity()).await.unwrap();
        let Own::Site(site) = state.own else { panic!("it is no site: {:?}", state.own) };
        site.cursors.get(topic).cloned().unwrap_or_default()
    }
}

fn entity() -> EntityId {
    book().site_entity(nord()).unwrap()
}

fn book() -> Book {
    let site = Site {
        kind: SiteKind::Plant,
        region: RegionName::parse("eu").unwrap(),
        calendar: Calendar::plain("Europe/Berlin").unwrap(),
        erp: None,
        warehouse: None,
        quality: None,
        around: takt_protocol::book::Around::default(),
        classes: BTreeMap::new(),
        periods: PeriodBook::default(),
    };
    Book {
        hash: "test".into(),
        generation: 1,
        sites: BTreeMap::from([(nord(), site)]),
        materials: BTreeMap::new(),
        recipes: BTreeMap::new(),
        equipment: BTreeMap::new(),
        data: takt_protocol::data::Data::default(),
        rules: RuleBook::new(Vec::new()).unwrap(),
        policy: Policy::default(),
        ..Book::default()
    }
}
