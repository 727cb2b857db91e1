//! The start: the servers are looked at, then the streams are looked at or made. What is unsafe or otherwise than needed is
//! named, all of it at once, and nothing is changed.

use std::collections::BTreeSet;

use futures::future::join_all;
use serde_json::{Value, json};

use super::api::Api;
use super::fault::Fault;
use super::layout::{self, Names, Wanted};
use super::monitor;
use super::settings::{Durability, PAYLOAD_BYTES_MIN, Settings};
use crate::Error;

/// A stream that is there.
struct There {
    config: Value,
    messages: u64,
    /// The servers that hold a copy, and whether each has all of it.
    peers: Vec<(String, bool)>,
}

/// Looks at everything, makes what is missing; the incarnation of the log.
pub(super) async fn prepare(api: &Api, settings: &Settings, names: &Names) -> Result<u64, Error> {
    let until = api.clock.elapsed() + settings.start_patience;
    loop {
        match once(api, settings, names).await {
            // A cluster that just came up places no streams yet, and a stream whose leader is elected is not there.
            Err(Error::Unreachable { place }) if api.clock.elapsed() < until => {
                tracing::debug!(place, "the servers are not ready");
                api.clock.sleep(std::time::Duration::from_millis(250)).await;
            }
            done => return done,
        }
    }
}

async fn once(api: &Api, settings: &Settings, names: &Names) -> Result<u64, Error> {
    let mut wrong = connected(api, settings);
    let watch = Watch::of(settings).await;
    wrong.extend(watch.dangers.iter().cloned());
    if !wrong.is_empty() {
        // Nothing is made on servers that are not safe.
        return Err(refused(settings, &wrong));
    }
    let mut peers = BTreeSet::new();
    let mut incarnation = 0;
    let mut has_history = false;
    for (at, wanted) in layout::streams(settings, names).iter().enumerate() {
        let is_log = at == 0;
        let is_lost = has_history && wanted.truth;
        // Beside a log that is not as it must be, nothing is made.
        let Some(there) = there_or_made(api, wanted, wrong.is_empty() && !is_lost).await? else {
            if is_lost {
                let name = &wanted.name;
                wrong.push(format!(
                    "stream `{name}` is not there, although the log has messages: what it held is lost, restore it from a backup"
                ));
            }
            continue;
        };
        let named = |difference| {
            format!("stream `{}`: {difference} (`nats stream edit`, or what that refuses, by a new stream and a restore)", wanted.name)
        };
        wrong.extend(wanted.differences(&there.config).into_iter().map(named));
        for (name, current) in there.peers {
            if !current {
                tracing::warn!(stream = wanted.name, server = name, "a copy is behind or its server is away: one more loss is not covered");
            }
            peers.insert(name);
        }
        if is_log {
            has_history = there.messages > 0;
            incarnation = layout::incarnation(&there.config).unwrap_or(0);
            if incarnation == 0 {
                wrong.push(format!("stream `{}` has no incarnation in its metadata: it was not made by Takt", wanted.name));
            }
        }
    }
    wrong.extend(watch.unseen(settings, &peers));
    if wrong.is_empty() { Ok(incarnation) } else { Err(refused(settings, &wrong)) }
}

fn refused(settings: &Settings, wrong: &[String]) -> Error {
    Error::Refused { place: format!("region {}", settings.region), what: wrong.join("; ") }
}

/// What is wrong with the server we are connected to.
fn connected(api: &Api, settings: &Settings) -> Vec<String> {
    let info = api.client.server_info();
    let (name, version) = (&info.server_name, &info.version);
    let mut wrong = settings.nonsense();
    if !monitor::is_new_enough(version) {
        wrong.push(format!("server `{name}` is version {version}: install nats-server 2.15 or newer"));
    }
    if info.max_payload < PAYLOAD_BYTES_MIN {
        let most = info.max_payload;
        wrong.push(format!("server `{name}` takes messages of at most {most} bytes: set `max_payload: {PAYLOAD_BYTES_MIN}` or more"));
    }
    wrong
}

/// A stream as it is, or as it is once it is made; `None` when it is not there and must not be made.
async fn there_or_made(api: &Api, wanted: &Wanted, may_make: bool) -> Result<Option<There>, Error> {
    let place = format!("stream `{}`", wanted.name);
    match info(api, &wanted.name).await {
        Ok(there) => return Ok(Some(there)),
        Err(Fault::Absent) => {}
        Err(fault) => return Err(fault.error(&place)),
    }
    // "No such stream" is also the answer while nobody leads: only a list by the leader of all says that it does not exist.
    if exists(api, &wanted.name).await.map_err(|fault| fault.error(&place))? {
        return Err(Error::Unreachable { place });
    }
    if !may_make {
        return Ok(None);
    }
    let request = wanted.request(crate::chance::number());
    match api.call::<Value>(&format!("STREAM.CREATE.{}", wanted.name), &request).await {
        Ok(_) => tracing::info!(stream = wanted.name, "made a stream"),
        // Another node was first, and made it as it makes them.
        Err(Fault::Otherwise) => {}
        Err(fault) => return Err(fault.error(&place)),
    }
    info(api, &wanted.name).await.map(Some).map_err(|fault| fault.error(&place))
}

async fn info(api: &Api, name: &str) -> Result<There, Fault> {
    let found: Value = api.call(&format!("STREAM.INFO.{name}"), &Value::Null).await?;
    let cluster = found.get("cluster").cloned().unwrap_or(Value::Null);
    let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
    let mut peers: Vec<(String, bool)> = text(cluster.get("leader")).map(|leader| (leader, true)).into_iter().collect();
    for replica in cluster.get("replicas").and_then(Value::as_array).into_iter().flatten() {
        let is = |key| replica.get(key).and_then(Value::as_bool).unwrap_or(false);
        peers.extend(text(replica.get("name")).map(|name| (name, is("current") && !is("offline"))));
    }
    let messages = found.get("state").and_then(|state| state.get("messages")).and_then(Value::as_u64).unwrap_or(0);
    Ok(There { config: found.get("config").cloned().unwrap_or(Value::Null), messages, peers })
}

/// Whether the leader of all knows a stream of that name.
async fn exists(api: &Api, name: &str) -> Result<bool, Fault> {
    let mut offset = 0;
    loop {
        let found: Value = api.call("STREAM.NAMES", &json!({"offset": offset})).await?;
        let names = found.get("streams").and_then(Value::as_array).cloned().unwrap_or_default();
        if names.iter().any(|known| known == name) {
            return Ok(true);
        }
        offset += names.len() as u64;
        if names.is_empty() || offset >= found.get("total").and_then(Value::as_u64).unwrap_or(0) {
            return Ok(false);
        }
    }
}

/// What the monitoring addresses say of the servers.
struct Watch {
    dangers: Vec<String>,
    seen: BTreeSet<String>,
    silent: Vec<String>,
}

impl Watch {
    async fn of(settings: &Settings) -> Self {
        let mut watch = Self { dangers: Vec::new(), seen: BTreeSet::new(), silent: Vec::new() };
        if settings.durability == Durability::Relaxed {
            return watch;
        }
        for answer in join_all(settings.monitors.iter().map(|address| monitor::ask(address, settings.patience))).await {
            match answer {
                Ok(server) => {
                    watch.dangers.extend(server.dangers());
                    watch.seen.insert(server.name);
                }
                Err(why) => watch.silent.push(why),
            }
        }
        watch
    }

    /// The servers that hold copies and that nobody asked, or nothing is promised. A few that are away now are what the copies
    /// are for: what they were told to do, they were asked when the others started.
    fn unseen(&self, settings: &Settings, peers: &BTreeSet<String>) -> Vec<String> {
        if settings.durability == Durability::Relaxed {
            return Vec::new();
        }
        let unseen: Vec<&String> = peers.difference(&self.seen).collect();
        if unseen.len() <= self.silent.len() && self.silent.len() * 2 < settings.monitors.len() {
            for why in &self.silent {
                tracing::warn!(why, "a server was not asked whether it is safe");
            }
            return Vec::new();
        }
        let unasked = |name: &&String| {
            format!(
                "server `{name}` holds copies, and nothing says whether it syncs: name its monitoring address (`http: …` in its \
                 configuration) in `monitors`, or say `durability: relaxed` where nothing may be lost that matters"
            )
        };
        unseen.iter().map(unasked).chain(self.silent.iter().cloned()).collect()
    }
}
