//! The JetStream engine: all seams of a region on stock nats-server, 2.15 or newer, three of them, each of which has every
//! acknowledged message on its disk. What it rests on was measured (`decisions/0002` and behind): fences on one literal
//! subject an entity, three outcomes of an append, and reads by the leader where a stale answer would be wrong.
//!
//! It never decides that a message is written because somebody said "duplicate", nor that an entity is lost because a fence
//! was refused: the leader's log says so. A server that is gone makes it slow, never wrong, and never waits without end.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_nats::{Client, ConnectOptions, Event};
use futures::future::join_all;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;

use crate::Error;
use crate::seam::{Clock, QueueName, Seams};

mod api;
mod base64;
mod blobs;
mod bus;
mod checkup;
mod committer;
mod counter;
mod dead;
mod desk;
mod fault;
mod journal;
mod layout;
mod lease;
mod line;
mod monitor;
pub mod probe;
mod queue;
mod reads;
pub mod render;
mod rights;
mod river;
mod room;
pub mod servers;
mod settings;
mod settle;
mod shelf;
mod start;
mod tail;
mod timers;
mod visit;
mod writer;

pub use checkup::{Check, Verdict, examine};
pub use settings::{Durability, PAYLOAD_BYTES_MIN, Settings};
pub use visit::Visit;

use api::Api;
use committer::{Committer, Wish};
use counter::Counter;
use desk::Desk;
use layout::Names;
use writer::Writers;

/// The pause before the first try to connect again, and the longest.
const RECONNECT: Duration = Duration::from_millis(50);
const RECONNECT_MAX: Duration = Duration::from_secs(1);

/// A region's store on JetStream, as one node holds it.
pub struct JetStream {
    shared: Arc<Shared>,
    /// The connection of its appends.
    appends: Client,
}

struct Shared {
    settings: Settings,
    names: Names,
    api: Api,
    incarnation: u64,
    wishes: mpsc::Sender<Vec<Wish>>,
    desk: Arc<Desk>,
    counters: Mutex<BTreeMap<QueueName, Arc<Counter>>>,
    room: room::Room,
    tails: tail::Tails,
    river: river::River,
    writers: Writers,
    lately: blobs::Lately,
    tasks: Mutex<Vec<AbortHandle>>,
}

impl JetStream {
    /// Connects, looks at the servers and the streams, makes those that are missing, and opens the seams. What is unsafe or
    /// otherwise than needed is refused, all of it named at once, and nothing that is there is changed. Must be called on a
    /// tokio runtime.
    pub async fn open(settings: Settings, clock: Arc<dyn Clock>) -> Result<Self, Error> {
        if let Some(what) = checkup::dangers(&checkup::nonsense(&settings)) {
            return Err(Error::Refused { place: format!("region {}", settings.region), what });
        }
        let until = clock.elapsed() + settings.start_patience;
        let api = loop {
            match api(&settings, &clock, "seams").await {
                // Servers and nodes may start together.
                Err(Error::Unreachable { .. }) if clock.elapsed() < until => clock.sleep(RECONNECT_MAX / 4).await,
                connected => break connected?,
            }
        };
        let incarnation = start::prepare(&api, &settings, &Names::of(settings.region)).await?;
        // Acknowledgements and payloads of others must not stand in the way of appends.
        let appends = self::api(&settings, &clock, "appends").await?;
        let (wishes, waiting) = mpsc::channel(settings.waiting_max);
        let committer = Committer::new(appends.clone(), Names::of(settings.region).log, &settings);
        let replies = appends.client.subscribe(committer.replies()).await.map_err(|_| unreachable(&settings))?;
        let shared = Shared::new(settings, api, incarnation, wishes);
        shared.start(committer.run(waiting, replies));
        shared.start(river::run(Arc::clone(&shared)));
        Ok(Self { shared, appends: appends.client })
    }

    /// Its seams.
    pub fn seams(&self) -> Seams {
        Seams {
            journal: Arc::clone(&self.shared) as _,
            queue: Arc::clone(&self.shared) as _,
            timers: Arc::clone(&self.shared) as _,
            blobs: Arc::clone(&self.shared) as _,
            shelf: Arc::clone(&self.shared) as _,
            lease: Arc::clone(&self.shared) as _,
            bus: Arc::clone(&self.shared) as _,
            clock: Arc::clone(&self.shared.api.clock),
        }
    }

    /// Counts the messages that went over its connections so far: sent, and heard.
    pub fn counter(&self) -> impl Fn() -> (u64, u64) + use<> {
        let both = [&self.shared.api.client, &self.appends].map(Client::statistics);
        move || {
            let sum = |count: fn(&async_nats::Statistics) -> u64| both.iter().map(|client| count(client)).sum();
            (sum(|client| client.out_messages.load(Ordering::Relaxed)), sum(|client| client.in_messages.load(Ordering::Relaxed)))
        }
    }

    /// Gives back what was handed out, so that another node need not wait for it, and ends.
    pub async fn stop(self) {
        self.shared.give_all_back().await;
        if self.shared.api.client.flush().await.is_err() {
            tracing::debug!("the connection was gone before its end");
        }
    }
}

impl Drop for JetStream {
    fn drop(&mut self) {
        self.shared.tasks().drain(..).for_each(|task| task.abort());
    }
}

impl Shared {
    fn new(settings: Settings, api: Api, incarnation: u64, wishes: mpsc::Sender<Vec<Wish>>) -> Arc<Self> {
        let desk = Arc::new(Desk::new(api.clone(), settings.silence));
        let (writers, writing) = Writers::to(&api);
        let shared = Arc::new(Self {
            names: Names::of(settings.region),
            settings,
            api,
            incarnation,
            wishes,
            desk: Arc::clone(&desk),
            counters: Mutex::default(),
            room: room::Room::default(),
            tails: tail::Tails::default(),
            river: river::River::default(),
            writers,
            lately: blobs::Lately::default(),
            tasks: Mutex::default(),
        });
        shared.start(desk.run());
        for task in writing {
            shared.start(task);
        }
        shared
    }

    /// Gives back what was handed out, when nothing more comes here.
    async fn give_all_back(&self) {
        let counters: Vec<Arc<Counter>> = self.counters().values().cloned().collect();
        join_all(counters.iter().map(|counter| counter.let_go(&self.api))).await;
        self.desk.give_all_back().await;
    }

    fn counters(&self) -> MutexGuard<'_, BTreeMap<QueueName, Arc<Counter>>> {
        self.counters.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tasks(&self) -> MutexGuard<'_, Vec<AbortHandle>> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts a task that ends with the engine.
    fn start(&self, task: impl Future<Output = ()> + Send + 'static) {
        let handle = tokio::spawn(task).abort_handle();
        let mut tasks = self.tasks();
        tasks.retain(|task| !task.is_finished());
        tasks.push(handle);
    }
}

async fn api(settings: &Settings, clock: &Arc<dyn Clock>, what_for: &str) -> Result<Api, Error> {
    let client = connect(settings, what_for, false).await?;
    Ok(Api { client, clock: Arc::clone(clock), patience: settings.patience, interface: settings.interface() })
}

/// A connection that heals by itself; what it was asked meanwhile is bounded by whoever asked. One for `whenever` is there at once, and
/// is made as soon as somebody answers.
async fn connect(settings: &Settings, what_for: &str, whenever: bool) -> Result<Client, Error> {
    let mut options = ConnectOptions::new()
        .name(format!("takt {} {what_for}", settings.region))
        .connection_timeout(settings.patience)
        .ping_interval(settings.ping)
        .request_timeout(None)
        .max_reconnects(None)
        .reconnect_delay_callback(|tries| {
            let doubled = RECONNECT.saturating_mul(1 << tries.saturating_sub(1).min(10)).min(RECONNECT_MAX);
            // Between half of it and all of it: those who were cut off together do not come back together.
            let spread = u32::try_from(crate::chance::number() % 512).unwrap_or(0);
            doubled / 2 + doubled / 1_024 * spread
        })
        .event_callback(move |event| async move { tell(&event, whenever) });
    if whenever {
        // From afar only the addresses that the text names lead there, whatever the servers call each other.
        options = options.retry_on_initial_connect().ignore_discovered_servers();
    }
    if let Some((user, password)) = &settings.login {
        // Answers come to a place that only this user hears, where the servers say so (`rights`).
        options = options.user_and_password(user.clone(), password.clone()).custom_inbox_prefix(rights::inbox(user));
    }
    if let Some(token) = &settings.token {
        options = options.token(token.clone());
    }
    if let Some(path) = &settings.root_certificates {
        options = options.add_root_certificates(path.clone()).require_tls(true);
    }
    options.connect(settings.servers.clone()).await.map_err(|error| match error.kind() {
        async_nats::ConnectErrorKind::AuthorizationViolation | async_nats::ConnectErrorKind::Authentication => {
            let what = "the servers refuse our credentials: set those of the region's account".to_owned();
            Error::Refused { place: settings.servers.join(", "), what }
        }
        async_nats::ConnectErrorKind::Tls | async_nats::ConnectErrorKind::ServerParse => {
            let what = format!("{error}: name the servers as `nats://host:4222`, and the certificates of those who vouch for them");
            Error::Refused { place: settings.servers.join(", "), what }
        }
        async_nats::ConnectErrorKind::Dns
        | async_nats::ConnectErrorKind::TimedOut
        | async_nats::ConnectErrorKind::Io
        | async_nats::ConnectErrorKind::MaxReconnects => unreachable(settings),
    })
}

/// What an error calls a stream.
fn place(stream: &str) -> String {
    format!("stream `{stream}`")
}

fn unreachable(settings: &Settings) -> Error {
    Error::Unreachable { place: settings.servers.join(", ") }
}

/// Says how a connection is. One that may be away for days says only that it went: who runs the road says the rest.
fn tell(event: &Event, whenever: bool) {
    match event {
        Event::SlowConsumer(_) | Event::ServerError(_) | Event::ClientError(_) if whenever => {
            tracing::debug!(%event, "the servers of a road");
        }
        Event::Connected | Event::Draining | Event::Closed => tracing::debug!(%event, "the servers"),
        Event::Disconnected | Event::LameDuckMode => tracing::warn!(%event, "the servers: trying the others"),
        Event::SlowConsumer(_) | Event::ServerError(_) | Event::ClientError(_) => tracing::warn!(%event, "the servers"),
    }
}

#[cfg(test)]
mod tests;
