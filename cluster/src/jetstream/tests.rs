//! The JetStream engine keeps what every engine keeps, on three real servers; and what only servers can break.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use takt_protocol::name::Region;

use super::servers::{Plan, Servers, find};
use super::{JetStream, Settings};
use crate::clock::SystemClock;
use crate::conformance::Bench;
use crate::seam::{Message, QueueName, Seams};

mod appends;
mod faults;
mod starts;
mod visits;

const ACCOUNTS: usize = 64;

pub(super) fn eu() -> Region {
    Region::parse("eu").unwrap()
}

/// The program, fetched beside what is built when the machine has none.
pub(super) fn program() -> PathBuf {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    let find_it = || {
        let here = std::env::current_exe().unwrap();
        let target = here.ancestors().find(|path| path.ends_with("target")).unwrap_or(here.parent().unwrap());
        find(target).unwrap()
    };
    PROGRAM.get_or_init(find_it).clone()
}

fn cluster(plan: Plan) -> Servers {
    Servers::start(&program(), &std::env::temp_dir(), plan).unwrap()
}

/// The servers that nobody harms: one cluster for all tests of this process, an account each.
fn calm() -> (&'static Servers, usize) {
    static CALM: OnceLock<Servers> = OnceLock::new();
    static ACCOUNT: AtomicUsize = AtomicUsize::new(0);
    let account = ACCOUNT.fetch_add(1, Ordering::Relaxed);
    assert!(account < ACCOUNTS, "more tests than accounts");
    (CALM.get_or_init(|| cluster(Plan { servers: 3, accounts: ACCOUNTS, sync_always: true })), account)
}

/// Three shards, and servers that take back what they handed out after two seconds of silence.
fn quick(settings: Settings) -> Settings {
    Settings { shards: 3, silence: Duration::from_secs(2), ping: Duration::from_millis(500), ..settings }
}

pub(super) async fn open(settings: Settings) -> JetStream {
    JetStream::open(settings, Arc::new(SystemClock::start())).await.unwrap()
}

struct OnServers {
    settings: Settings,
    engine: Option<JetStream>,
}

fn on_servers() -> OnServers {
    let (servers, account) = calm();
    OnServers { settings: quick(servers.settings(eu(), account)), engine: None }
}

#[async_trait]
impl Bench for OnServers {
    async fn seams(&mut self) -> Seams {
        if self.engine.is_none() {
            self.engine = Some(open(self.settings.clone()).await);
        }
        self.engine.as_ref().unwrap().seams()
    }

    async fn reopen(&mut self) -> Seams {
        self.engine = None;
        self.seams().await
    }

    fn lease_time(&self) -> Duration {
        Duration::from_secs(1)
    }
}

crate::conformance_tests!(tokio::test, on_servers());

#[tokio::test]
async fn what_a_node_lets_go_of_is_read_by_another_one_at_once() {
    let (servers, account) = calm();
    let settings = Settings { silence: Duration::from_secs(30), ..servers.settings(eu(), account) };
    let (one, other) = (open(settings.clone()).await, open(settings).await);
    let (one, other) = (one.seams(), other.seams());
    let (queue, lease) = (QueueName::In { shard: 0 }, Duration::from_mins(1));
    let say = async |ids: &[&str]| {
        let message = |id: &&str| Message { queue, id: (*id).to_owned(), bytes: (*id).to_owned().into() };
        other.queue.publish(ids.iter().map(message).collect()).await.unwrap();
    };
    let soon = async |work| tokio::time::timeout(Duration::from_secs(8), work).await;
    say(&["a", "b"]).await;
    let mut handed = Vec::new();
    while handed.len() < 2 {
        handed.extend(one.queue.pull(queue, 8, lease).await.unwrap());
    }
    // A reader that leaves while it waits: what it had asked for comes to nobody.
    assert!(tokio::time::timeout(Duration::from_millis(300), one.queue.pull(queue, 8, lease)).await.is_err());
    one.queue.let_go(queue).await;
    say(&["c"]).await;
    let mut found = std::collections::BTreeSet::new();
    while found.len() < 3 {
        let next = soon(other.queue.pull(queue, 8, lease)).await.expect("what was let go of did not come").unwrap();
        found.extend(next.into_iter().map(|delivery| delivery.id));
    }
    // The answer of whoever let go is void.
    one.queue.ack(handed.into_iter().map(|delivery| delivery.receipt).collect()).await.unwrap();
    assert_eq!(other.queue.depth(queue).await.unwrap(), 3);
    // Who pulls again, reads again.
    let again = one.queue.pull(queue, 8, lease);
    let (found, ()) = tokio::join!(soon(again), say(&["d"]));
    assert_eq!(found.expect("nothing came").unwrap().first().map(|delivery| delivery.id.as_str()), Some("d"));
}
