//! The engine of a region on this node: a file of its own, or a cluster of nats-servers, as `regions.yaml` says. A region does not
//! move from one to the other by a change of text: its log would seem to be empty.

use std::io;
use std::path::Path;
use std::sync::Arc;

use takt_actors::node::Settings as Limits;
use takt_cluster::Error;
use takt_cluster::embedded::{self, Embedded};
use takt_cluster::jetstream::{Durability, JetStream, Settings};
use takt_cluster::seam::{Clock, Seams};
use takt_config::text::{DurabilityText, EmbeddedText, EngineText, JetStreamText, RoadText};
use takt_protocol::name::Region;

/// Stands in the folder of a region whose log is on servers.
const ON_JETSTREAM: &str = "on-jetstream";

/// What keeps the log of a region, open.
pub(crate) enum Engine {
    Embedded(Embedded),
    JetStream(JetStream),
}

impl Engine {
    /// Opens what the text says; the usual store in `dir` where it says nothing. Refuses servers that are unsafe, with what mends them.
    pub(crate) async fn open(region: Region, text: Option<&EngineText>, dir: &Path, clock: Arc<dyn Clock>) -> Result<Self, Error> {
        match text {
            Some(EngineText::Jetstream(text)) => Self::on_jetstream(settings(region, text), dir, clock).await,
            Some(EngineText::Embedded(text)) => Self::embedded(region, text, dir, clock),
            None => Self::embedded(region, &EmbeddedText::default(), dir, clock),
        }
    }

    /// The store in `dir`.
    pub(crate) fn embedded(region: Region, text: &EmbeddedText, dir: &Path, clock: Arc<dyn Clock>) -> Result<Self, Error> {
        let mark = dir.join(ON_JETSTREAM);
        if mark.exists() {
            let what = "its log is on servers: name them in regions.yaml, or choose another `--data`".to_owned();
            return Err(Error::Refused { place: format!("region {region}"), what });
        }
        let usual = embedded::Settings::of(region);
        let settings = embedded::Settings { shards: text.shards.map_or(usual.shards, std::num::NonZero::get), ..usual };
        Ok(Self::Embedded(Embedded::open(dir, settings, clock)?))
    }

    async fn on_jetstream(settings: Settings, dir: &Path, clock: Arc<dyn Clock>) -> Result<Self, Error> {
        let (region, store) = (settings.region, dir.join(Embedded::FILE));
        if store.exists() {
            let what = format!(
                "its log is in `{}`, and does not move by a change of text: take its servers out of regions.yaml, or choose another `--data`",
                store.display()
            );
            return Err(Error::Refused { place: format!("region {region}"), what });
        }
        let servers = settings.servers.join(", ");
        let opened = JetStream::open(settings, clock).await.map_err(|error| {
            let Error::Unreachable { place } = error else { return error };
            let what = format!("no answer from {place}: start its servers, or mend regions.yaml; `takt doctor` says how they are");
            Error::Refused { place: format!("region {region}"), what }
        })?;
        kept(dir, &servers).map_err(|error| Error::Disk {
            attempt: "write down where the log is",
            place: dir.display().to_string(),
            source: Arc::new(error),
        })?;
        Ok(Self::JetStream(opened))
    }

    /// Its seams.
    pub(crate) fn seams(&self) -> Seams {
        match self {
            Self::Embedded(engine) => engine.seams(),
            Self::JetStream(engine) => engine.seams(),
        }
    }

    /// Whether several nodes may run the region over it.
    pub(crate) fn is_shared(&self) -> bool {
        match self {
            Self::Embedded(_) => false,
            Self::JetStream(_) => true,
        }
    }

    /// Closes it: what was acknowledged is durable.
    pub(crate) async fn stop(self) {
        match self {
            Self::Embedded(engine) => engine.stop(),
            Self::JetStream(engine) => engine.stop().await,
        }
    }
}

/// The shards of a region, by its text: known without its servers, because they may be away.
pub(crate) fn shards(region: Region, text: Option<&EngineText>) -> u16 {
    match text {
        Some(EngineText::Jetstream(text)) => settings(region, text).shards,
        Some(EngineText::Embedded(EmbeddedText { shards: Some(shards), .. })) => shards.get(),
        Some(EngineText::Embedded(_)) | None => embedded::Settings::of(region).shards,
    }
}

/// The limits of a region, by its text: how much may wait in it.
pub(crate) fn limits(usual: &Limits, text: Option<&EngineText>) -> Limits {
    let mut limits = usual.clone();
    if let Some(EngineText::Embedded(EmbeddedText { spool: Some(spool), .. })) = text {
        let most = spool.most.get();
        limits.waiting_max = usize::try_from(most).unwrap_or(usize::MAX);
        limits.waiting_reserve = usize::try_from(spool.reserve.unwrap_or(most / 10)).unwrap_or(usize::MAX);
    }
    limits
}

/// How a road comes to the servers of the region that it leads to; `None` for a region that has none.
pub(crate) fn line(road: &RoadText, text: Option<&EngineText>) -> Option<Settings> {
    let Some(EngineText::Jetstream(text)) = text else { return None };
    let mut line = settings(road.to.value, text);
    if !road.servers.is_empty() {
        line.servers = road.servers.iter().map(|server| server.value.clone()).collect();
    }
    line.by_leaf = road.leaf;
    if road.has_login() {
        line.login = road.login();
        line.token = road.token.as_ref().map(|token| token.value.clone());
        line.root_certificates = None;
    }
    if let Some(path) = &road.root_certificates {
        line.root_certificates = Some(path.value.clone().into());
    }
    Some(line)
}

fn kept(dir: &Path, servers: &str) -> io::Result<()> {
    std::fs::create_dir_all(dir)?;
    std::fs::write(dir.join(ON_JETSTREAM), format!("{servers}\n"))
}

/// What the text says of a region on JetStream.
pub(crate) fn settings(region: Region, text: &JetStreamText) -> Settings {
    let (user, password) = (text.user.as_ref(), text.password.as_ref());
    let usual = Settings::of(region, text.servers.iter().map(|server| server.value.clone()).collect());
    Settings {
        shards: text.shards.map_or(usual.shards, std::num::NonZero::get),
        login: user.zip(password).map(|(user, password)| (user.value.clone(), password.value.clone())),
        token: text.token.as_ref().map(|token| token.value.clone()),
        root_certificates: text.root_certificates.as_ref().map(|path| path.value.clone().into()),
        monitors: text.monitors.iter().map(|monitor| monitor.value.clone()).collect(),
        durability: match text.durability {
            DurabilityText::Durable => usual.durability,
            DurabilityText::Relaxed => Durability::Relaxed,
        },
        ..usual
    }
}
