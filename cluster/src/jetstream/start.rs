//! The start: the servers are looked at, then the streams are looked at or made. What is unsafe or otherwise than needed is
//! named, all of it at once, and nothing is changed.

use serde_json::{Value, json};

use super::api::Api;
use super::checkup::{self, Check, Streams, Verdict, Watch};
use super::fault::Fault;
use super::layout::{self, Names, Wanted};
use super::settings::Settings;
use crate::Error;

/// A stream that is there.
pub(super) struct There {
    pub(super) config: Value,
    pub(super) messages: u64,
    /// The servers that hold a copy, and whether each has all of it.
    pub(super) peers: Vec<(String, bool)>,
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
    let watch = Watch::of(api, settings).await;
    let mut found = watch.checks.clone();
    // Nothing is made on servers that are not safe.
    safe(settings, &found)?;
    let all = layout::streams(settings, names);
    let there = at_once(all.iter().map(|wanted| there(api, wanted))).await?;
    let mut streams = Streams::default();
    for (wanted, there) in all.iter().zip(&there) {
        found.extend(streams.look(wanted, there.as_ref()));
    }
    // Nor beside streams that are not as they must be.
    safe(settings, &found)?;
    if there.iter().any(Option::is_none) {
        // Beside each other: servers take their time for each.
        let made = at_once(all.iter().zip(there).map(|(wanted, there)| made(api, wanted, there))).await?;
        streams = Streams::default();
        found = watch.checks.clone();
        for (wanted, there) in all.iter().zip(&made) {
            found.extend(streams.look(wanted, Some(there)));
        }
    }
    found.extend(watch.unseen(settings, &streams.peers));
    safe(settings, &found)?;
    for check in found.iter().filter(|check| check.verdict == Verdict::Warning) {
        tracing::warn!(region = %settings.region, says = check.says, "the servers");
    }
    Ok(streams.incarnation)
}

fn safe(settings: &Settings, found: &[Check]) -> Result<(), Error> {
    let dangers = checkup::dangers(found);
    dangers.map_or(Ok(()), |what| Err(Error::Refused { place: format!("region {}", settings.region), what }))
}

/// All of them, or the first that went wrong.
async fn at_once<T>(asked: impl Iterator<Item = impl Future<Output = Result<T, Error>>>) -> Result<Vec<T>, Error> {
    futures::future::join_all(asked).await.into_iter().collect()
}

/// A stream as it is, once it is made.
async fn made(api: &Api, wanted: &Wanted, there: Option<There>) -> Result<There, Error> {
    if let Some(there) = there {
        return Ok(there);
    }
    let place = super::place(&wanted.name);
    let request = wanted.request(crate::chance::number());
    match api.call::<Value>(&format!("STREAM.CREATE.{}", wanted.name), &request).await {
        Ok(_) => tracing::info!(stream = wanted.name, "made a stream"),
        // Another node was first, and made it as it makes them.
        Err(Fault::Otherwise) => {}
        Err(fault) => return Err(fault.error(&place)),
    }
    info(api, &wanted.name).await.map_err(|fault| fault.error(&place))
}

/// A stream as it is; `None` when it is not there.
pub(super) async fn there(api: &Api, wanted: &Wanted) -> Result<Option<There>, Error> {
    let place = super::place(&wanted.name);
    match info(api, &wanted.name).await {
        Ok(there) => return Ok(Some(there)),
        Err(Fault::Absent) => {}
        Err(fault) => return Err(fault.error(&place)),
    }
    // "No such stream" is also the answer while nobody leads: only a list by the leader of all says that it does not exist.
    if exists(api, &wanted.name).await.map_err(|fault| fault.error(&place))? {
        return Err(Error::Unreachable { place });
    }
    Ok(None)
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
