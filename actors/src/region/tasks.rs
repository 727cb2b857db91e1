//! The tasks of a region on this node, in the order of the supervision table, each with the duty that it belongs to: what belongs
//! to none follows the node, and runs wherever the region does.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use takt_cluster::seam::{Bus, QueueName};
use takt_protocol::book::SiteKind;
use takt_protocol::name::Region as RegionName;
use tokio::sync::Mutex;
use tokio::sync::mpsc::UnboundedReceiver;

use crate::abroad::embassy::{self, Embassy};
use crate::abroad::{Abroad, Link, beat, peers};
use crate::committer::{self, Wanted};
use crate::courier::{self, Courier, Far, Line, Way};
use crate::duties::Duty;
use crate::exporter::Exporter;
use crate::hall::Hall;
use crate::index::{self, Index};
use crate::intake::{self, Intake};
use crate::leases::Leases;
use crate::node::Node;
use crate::reach::Reach;
use crate::roll::{self, Caller};
use crate::site::{self, SiteDesk, SiteLink};
use crate::supervision::Task;
use crate::{dispatcher, exporter, publisher, relay, restored};

/// The tasks that read the log.
pub(super) const PROJECTIONS: [&str; 5] = ["index", "dispatcher", "publisher", "feeders", "exporters"];

/// A task, its row in the table, and its duty.
pub(super) struct Named {
    pub(super) name: &'static str,
    pub(super) duty: Option<Duty>,
    pub(super) task: Task,
}

/// What tasks work with.
pub(super) struct Parts<'a> {
    pub(super) reach: &'a Reach,
    pub(super) index: &'a Index,
    pub(super) caller: &'a Caller,
    pub(super) leases: Option<&'a Arc<Leases>>,
    pub(super) abroad: &'a BTreeMap<RegionName, Abroad>,
    pub(super) embassy: &'a Embassy,
}

/// All of them, in the order of the table.
pub(super) fn of(parts: &Parts<'_>, sites: &[SiteLink], roads: &[Far], waiting: UnboundedReceiver<Wanted>) -> Vec<Named> {
    let node = &parts.reach.node;
    let shards = node.seams.journal.shards();
    let waiting = Arc::new(Mutex::new(Some(waiting)));
    let own = Arc::clone(node);
    let mut tasks = vec![named("committer", None, move || committing(Arc::clone(&own), Arc::clone(&waiting)))];
    for shard in 0..shards {
        let (own, index) = (Arc::clone(node), parts.index.clone());
        tasks.push(named("index", None, move || index::run(Arc::clone(&own), index.clone(), shard)));
    }
    for link in sites {
        at_site(parts, link, &mut tasks);
    }
    for shard in 0..shards {
        let (reach, duty) = (parts.reach.clone(), Some(Duty::Shard(shard)));
        tasks.push(named("dispatcher", duty, move || dispatcher::run(reach.clone(), shard)));
        let own = Arc::clone(node);
        tasks.push(named("publisher", duty, move || publisher::run(Arc::clone(&own), shard)));
    }
    for far in roads {
        road(parts, far, &mut tasks);
    }
    abroad(parts, roads, &mut tasks);
    deciding(parts, &mut tasks);
    let (own, hall) = (Arc::clone(node), parts.reach.hall.clone());
    tasks.push(named("sweeper", None, move || sweeping(Arc::clone(&own), hall.clone())));
    if node.is_reconciling() {
        let own = Arc::clone(node);
        tasks.push(named("reconciling", None, move || restored::watch(Arc::clone(&own))));
    }
    if let Some(leases) = parts.leases {
        let caller = parts.caller.clone();
        tasks.push(named("roll", None, move || roll::run(caller.clone())));
        if parts.abroad.values().any(|abroad| abroad.link().dials()) {
            let caller = parts.caller.clone();
            tasks.push(named("roll", None, move || roll::hear_roads(caller.clone())));
        }
        hearing(parts.embassy, &node.seams.bus, peers::door(node.region, &node.settings.node), &mut tasks);
        let leases = Arc::clone(leases);
        tasks.push(named("leases", None, move || Arc::clone(&leases).run()));
    }
    tasks
}

/// What speaks with a site, and tells it what happened where it reads along: there its order is that of the log of each shard, and
/// its limits hold for all of them together.
fn at_site(parts: &Parts<'_>, link: &SiteLink, tasks: &mut Vec<Named>) {
    let reach = parts.reach;
    let (node, duty) = (&reach.node, Duty::Site(link.site));
    let Some(post) = reach.duties.post(duty).cloned() else { return };
    let desk = Arc::new(SiteDesk {
        node: Arc::clone(node),
        reach: reach.clone(),
        site: link.site,
        link: Arc::clone(&link.link),
        limits: link.limits.clone(),
        pace: Arc::clone(&link.pace),
        deliveries: Arc::clone(&link.deliveries),
    });
    let readers = Arc::clone(&desk);
    tasks.push(named("sites", Some(duty), move || site::run(Arc::clone(&desk), Arc::clone(&post))));
    let reads = node.book().sites.get(&link.site).is_some_and(|site| site.kind == SiteKind::Analytics);
    for shard in (0..node.seams.journal.shards()).filter(|_| reads) {
        let desk = Arc::clone(&readers);
        tasks.push(named("feeders", Some(duty), move || site::feeder::run(Arc::clone(&desk), shard)));
    }
    if link.link.sees_late_refusals() {
        let (desk, index) = (readers, parts.index.clone());
        tasks.push(named("refusals", Some(duty), move || site::refused::run(Arc::clone(&desk), index.clone())));
    }
}

/// What brings mail to another region, and fetches it where this side dials.
fn road(parts: &Parts<'_>, far: &Far, tasks: &mut Vec<Named>) {
    let (node, duty) = (&parts.reach.node, Duty::Road(far.region));
    let Some(post) = parts.reach.duties.post(duty) else { return };
    let link = parts.abroad.get(&far.region).map(Abroad::link);
    for courier in Courier::of(node, far, link) {
        let post = Arc::clone(post);
        tasks.push(named("couriers", Some(duty), move || courier::run(courier.clone(), Arc::clone(&post))));
    }
    if let (Way::Dials(line), Some(link)) = (&far.way, link) {
        post.reads_abroad(Arc::clone(&line.queue), [true, false].map(|urgent| QueueName::Fwd { region: node.region, urgent }).into());
        let told =
            Exporter { node: Arc::clone(node), link: Arc::clone(link), bus: Arc::clone(&line.bus), exports: Arc::clone(&line.exports) };
        for shard in (0..node.seams.journal.shards()).filter(|_| !line.exports.is_empty()) {
            let told = told.clone();
            tasks.push(named("exporters", Some(duty), move || exporter::run(told.clone(), shard)));
        }
        let (node, link, bus) = (Arc::clone(node), Arc::clone(link), Arc::clone(&line.bus));
        tasks.push(named("heartbeat", Some(duty), move || beat::give(Arc::clone(&node), Arc::clone(&link), Arc::clone(&bus))));
    }
}

/// What hears other regions: over the lines that this side dialled, and over its own servers where others dial.
fn abroad(parts: &Parts<'_>, roads: &[Far], tasks: &mut Vec<Named>) {
    let node = &parts.reach.node;
    let mut buses: Vec<Arc<dyn Bus>> = roads.iter().filter_map(line).map(|line| Arc::clone(&line.bus)).collect();
    let dial_us: Vec<Arc<Link>> = parts.abroad.values().map(Abroad::link).filter(|link| !link.dials()).cloned().collect();
    if !dial_us.is_empty() {
        buses.push(Arc::clone(&node.seams.bus));
        let node = Arc::clone(node);
        tasks.push(named("heartbeat", None, move || beat::hear(Arc::clone(&node), dial_us.clone())));
    }
    for bus in buses {
        hearing(parts.embassy, &bus, embassy::door(node.region), tasks);
    }
    for bus in roads.iter().filter_map(line).map(|line| &line.bus) {
        relays(parts.reach, bus, tasks);
    }
    // Where other nodes run the region, they are heard in the same way.
    if parts.leases.is_some() || roads.iter().any(|far| matches!(far.way, Way::Answers)) {
        relays(parts.reach, &node.seams.bus, tasks);
    }
}

/// What hears questions on a subject of a bus.
fn hearing(embassy: &Embassy, bus: &Arc<dyn Bus>, door: String, tasks: &mut Vec<Named>) {
    let (embassy, bus) = (embassy.clone(), Arc::clone(bus));
    tasks.push(named("embassy", None, move || embassy::run(embassy.clone(), Arc::clone(&bus), door.clone())));
}

fn line(far: &Far) -> Option<&Line> {
    match &far.way {
        Way::Dials(line) => Some(line),
        Way::Beside(_) | Way::Answers => None,
    }
}

/// What hears requests over a bus, for each shard.
fn relays(reach: &Reach, bus: &Arc<dyn Bus>, tasks: &mut Vec<Named>) {
    for (duty, post) in reach.duties.all() {
        let Some(shard) = shard(duty) else { continue };
        let (reach, post, bus) = (reach.clone(), Arc::clone(post), Arc::clone(bus));
        tasks.push(named("relay", Some(duty), move || relay::run(reach.clone(), shard, Arc::clone(&post), Arc::clone(&bus))));
    }
}

/// What brings inputs to the entities of each shard, out of the queues.
fn deciding(parts: &Parts<'_>, tasks: &mut Vec<Named>) {
    let reach = parts.reach;
    let posts: Vec<_> = reach.duties.all().filter_map(|(duty, post)| Some((duty, shard(duty)?, Arc::clone(post)))).collect();
    let intake = Intake { node: Arc::clone(&reach.node), reach: reach.clone(), index: parts.index.clone() };
    for (duty, shard, post) in posts {
        for queue in [QueueName::In { shard }, QueueName::Due { shard }] {
            let (intake, post) = (intake.clone(), Arc::clone(&post));
            tasks.push(named("intake", Some(duty), move || intake::run(intake.clone(), queue, Arc::clone(&post))));
        }
    }
}

fn shard(duty: Duty) -> Option<u16> {
    match duty {
        Duty::Shard(shard) => Some(shard),
        Duty::Site(_) | Duty::Road(_) => None,
    }
}

fn named<F: Future<Output = ()> + Send + 'static>(
    name: &'static str,
    duty: Option<Duty>,
    make: impl Fn() -> F + Send + Sync + 'static,
) -> Named {
    Named { name, duty, task: Arc::new(move || Box::pin(make())) }
}

/// The committer's end of the channel outlives a fall of the committer.
async fn committing(node: Arc<Node>, waiting: Arc<Mutex<Option<UnboundedReceiver<Wanted>>>>) {
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
