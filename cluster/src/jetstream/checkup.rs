//! The look at a region's servers and streams: what is safe, what is not, and the sentence that mends it. Every start looks before
//! it writes anything, and `takt doctor` looks without starting; both see the same.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures::future::join_all;

use super::api::Api;
use super::layout::{self, Names, Wanted};
use super::monitor;
use super::settings::{Durability, PAYLOAD_BYTES_MIN, Settings};
use super::start::{self, There};
use crate::Error;
use crate::seam::Clock;

/// How it stands with what was looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// As it must be.
    Good,
    /// A node starts, and somebody should look.
    Warning,
    /// No node starts.
    Unsafe,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// Of whom, such as ``server `n1` ``.
    pub about: String,
    /// What of it, in a word or two, such as `version`.
    pub what: &'static str,
    /// How it stands.
    pub verdict: Verdict,
    /// A sentence that says so, with what mends it.
    pub says: String,
}

impl Check {
    pub(super) fn new(about: &str, what: &'static str, verdict: Verdict, says: String) -> Self {
        Self { about: about.to_owned(), what, verdict, says }
    }

    pub(super) fn is_unsafe(&self) -> bool {
        self.verdict == Verdict::Unsafe
    }
}

/// Looks at the servers of a region and at its streams, and changes nothing. Asks once: what does not answer now is said not to.
/// Must be called on a tokio runtime.
pub async fn examine(settings: &Settings, clock: Arc<dyn Clock>) -> Vec<Check> {
    let nonsense = nonsense(settings);
    if !nonsense.is_empty() {
        return nonsense;
    }
    let servers = || settings.servers.join(", ");
    let wrong = |error: Error| Check::new("the servers", "connection", Verdict::Unsafe, unreached(&error, settings));
    let api = match super::api(settings, &clock, "checkup").await {
        Ok(api) => api,
        Err(error) => return vec![wrong(error)],
    };
    let mut found = vec![Check::new("the servers", "connection", Verdict::Good, format!("{} answer and take our credentials", servers()))];
    match streams(&api, settings, &mut found).await {
        Ok(()) => {}
        Err(error) => found.push(wrong(error)),
    }
    found
}

async fn streams(api: &Api, settings: &Settings, found: &mut Vec<Check>) -> Result<(), Error> {
    let watch = Watch::of(api, settings).await;
    found.extend(watch.checks.iter().cloned());
    let names = Names::of(settings.region);
    let mut streams = Streams::default();
    for wanted in layout::streams(settings, &names) {
        let there = start::there(api, &wanted).await?;
        found.extend(streams.look(&wanted, there.as_ref()));
    }
    found.extend(watch.unseen(settings, &streams.peers));
    Ok(())
}

/// What to do about servers that do not answer.
fn unreached(error: &Error, settings: &Settings) -> String {
    let Error::Unreachable { place } = error else { return error.to_string() };
    format!("no answer from {place}: start the servers of region {}, or mend its `servers` in regions.yaml", settings.region)
}

/// What contradicts itself in the settings.
pub(super) fn nonsense(settings: &Settings) -> Vec<Check> {
    let about = format!("region {}", settings.region);
    settings.nonsense().into_iter().map(|says| Check::new(&about, "settings", Verdict::Unsafe, says)).collect()
}

/// What is unsafe, as one text.
pub(super) fn dangers(found: &[Check]) -> Option<String> {
    let dangers: Vec<&str> = found.iter().filter(|check| check.is_unsafe()).map(|check| check.says.as_str()).collect();
    (!dangers.is_empty()).then(|| dangers.join("; "))
}

/// What the servers say of themselves.
pub(super) struct Watch {
    pub(super) checks: Vec<Check>,
    seen: BTreeSet<String>,
    silent: Vec<String>,
}

impl Watch {
    /// Asks the server we are connected to, and every monitoring address.
    pub(super) async fn of(api: &Api, settings: &Settings) -> Self {
        let mut watch = Self { checks: connected(api), seen: BTreeSet::new(), silent: Vec::new() };
        if settings.durability == Durability::Relaxed {
            return watch;
        }
        let ask = |address| monitor::ask(address, api.clock.as_ref(), settings.patience);
        for answer in join_all(settings.monitors.iter().map(String::as_str).map(ask)).await {
            match answer {
                Ok(server) => {
                    let about = server.about();
                    // It says more of itself than the connection did.
                    watch.checks.retain(|check| check.about != about);
                    watch.checks.extend(server.checks());
                    watch.seen.insert(server.name);
                }
                Err(why) => watch.silent.push(why),
            }
        }
        watch
    }

    /// The servers that hold copies and that nobody asked, or nothing is promised. A few that are away now are what the copies
    /// are for: what they were told to do, they were asked when the others started.
    pub(super) fn unseen(&self, settings: &Settings, peers: &BTreeSet<String>) -> Vec<Check> {
        if settings.durability == Durability::Relaxed {
            return vec![Check::new(
                "the servers",
                "durability",
                Verdict::Good,
                "nothing is promised about what is acknowledged (`durability: relaxed`): for development".to_owned(),
            )];
        }
        let unseen: Vec<&String> = peers.difference(&self.seen).collect();
        let covered = unseen.len() <= self.silent.len() && self.silent.len() * 2 < settings.monitors.len();
        let verdict = if covered { Verdict::Warning } else { Verdict::Unsafe };
        let silent = self.silent.iter().map(|why| {
            let says = format!("{why}: start that server, or mend `monitors` in regions.yaml");
            Check::new("the servers", "monitoring", verdict, says)
        });
        let unasked = |name: &&String| {
            let says = format!(
                "server `{name}` holds copies, and nothing says whether it syncs: name its monitoring address (`http: …` in its \
                 configuration) in `monitors`, or say `durability: relaxed` where nothing may be lost that matters"
            );
            Check::new(&format!("server `{name}`"), "monitoring", Verdict::Unsafe, says)
        };
        let unasked: Vec<Check> = if covered { Vec::new() } else { unseen.iter().map(unasked).collect() };
        unasked.into_iter().chain(silent).collect()
    }
}

/// What the server we are connected to said when we came.
fn connected(api: &Api) -> Vec<Check> {
    let info = api.client.server_info();
    let about = format!("server `{}`", info.server_name);
    vec![version(&about, &info.version), payload(&about, info.max_payload as u64)]
}

pub(super) fn version(about: &str, version: &str) -> Check {
    let (major, minor) = monitor::VERSION_MIN;
    if monitor::is_new_enough(version) {
        return Check::new(about, "version", Verdict::Good, format!("{about} is version {version}"));
    }
    let says = format!("{about} is version {version}: install nats-server {major}.{minor} or newer");
    Check::new(about, "version", Verdict::Unsafe, says)
}

pub(super) fn payload(about: &str, most: u64) -> Check {
    if most >= PAYLOAD_BYTES_MIN as u64 {
        return Check::new(about, "largest message", Verdict::Good, format!("{about} takes messages of up to {most} bytes"));
    }
    let says =
        format!("{about} takes messages of at most {most} bytes: set `max_payload: {PAYLOAD_BYTES_MIN}` or more in its configuration");
    Check::new(about, "largest message", Verdict::Unsafe, says)
}

/// What was seen of a region's streams so far, the log first.
#[derive(Default)]
pub(super) struct Streams {
    seen: bool,
    has_history: bool,
    pub(super) incarnation: u64,
    /// The servers that hold copies.
    pub(super) peers: BTreeSet<String>,
}

impl Streams {
    /// Whether a stream that is not there is missed.
    fn is_lost(&self, wanted: &Wanted) -> bool {
        self.has_history && wanted.truth
    }

    /// Looks at the next one.
    pub(super) fn look(&mut self, wanted: &Wanted, there: Option<&There>) -> Vec<Check> {
        let is_log = !std::mem::replace(&mut self.seen, true);
        let name = &wanted.name;
        let about = super::place(name);
        let Some(there) = there else {
            return vec![if self.is_lost(wanted) {
                let says = format!("{about} is not there, although the log has messages: what it held is lost, restore it from a backup");
                Check::new(&about, "settings", Verdict::Unsafe, says)
            } else {
                Check::new(&about, "settings", Verdict::Good, format!("{about} is not there yet: the first start makes it"))
            }];
        };
        let mut found: Vec<Check> = Vec::new();
        for difference in wanted.differences(&there.config) {
            let says = format!("{about}: {difference} (`nats stream edit`, or what that refuses, by a new stream and a restore)");
            found.push(Check::new(&about, "settings", Verdict::Unsafe, says));
        }
        if is_log {
            self.has_history = there.messages > 0;
            self.incarnation = layout::incarnation(&there.config).unwrap_or(0);
            if self.incarnation == 0 {
                let says = format!("{about} has no incarnation in its metadata: it was not made by Takt");
                found.push(Check::new(&about, "settings", Verdict::Unsafe, says));
            }
        }
        if found.is_empty() {
            found.push(Check::new(&about, "settings", Verdict::Good, format!("{about} is set as it must be")));
        }
        found.push(self.copies(&about, there));
        found
    }

    fn copies(&mut self, about: &str, there: &There) -> Check {
        self.peers.extend(there.peers.iter().map(|(name, _)| name.clone()));
        let behind: Vec<&str> = there.peers.iter().filter(|(_, current)| !current).map(|(name, _)| name.as_str()).collect();
        if behind.is_empty() {
            return Check::new(about, "copies", Verdict::Good, format!("{about} has {} copies, all of them current", there.peers.len()));
        }
        let says = format!(
            "{about}: the copy on {} is behind or its server is away, so one more loss is not covered: start that server, or wait until \
             it has caught up",
            behind.join(" and ")
        );
        Check::new(about, "copies", Verdict::Warning, says)
    }
}
