//! `takt node`: a node over a folder of configuration, until somebody ends it. The demo starts its mesh by the same steps, so
//! that what is played is what runs. Decides nothing.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use takt_actors::node::{NodeName, Settings};
use takt_cluster::seam::Clock;
use takt_config::against::{Standing, against};
use takt_config::folder::Folder;
use takt_config::kept::Kept;
use takt_config::links::{Way, ways};
use takt_config::load::{Mesh as Text, load_read};
use takt_config::text::EngineText;
use takt_config::{Finding, trial};
use takt_protocol::book::Book;
use takt_protocol::name::{Region, SiteId};
use takt_protocol::outbox::Class;
use tokio::task::JoinSet;

use crate::ask::{Clients, FolderPlaces, Limits, Reception};
use crate::doors::{self, Doors};
use crate::mesh::{Mesh, Stores};
use crate::screens;

mod before;
mod upkeep;

use before::Shelves;
use upkeep::Upkeep;

/// What to run.
#[derive(Clone, Debug, clap::Args)]
pub struct Serve {
    /// The folder that holds mesh.yaml. What it leaves open as `${NAME}` is taken from the environment.
    #[arg(long, default_value = ".")]
    config: PathBuf,
    /// Which regions run in this process, such as `eu` or `eu,na`; left out, all of them. The others are reached by the roads of
    /// roads.yaml.
    #[arg(long, value_delimiter = ',', value_parser = Region::parse)]
    region: Vec<Region>,
    /// What this node is called among those that run the same regions; left out, as its host.
    #[arg(long, value_parser = NodeName::parse)]
    node: Option<NodeName>,
    /// Where the stores of the regions are kept; the same folder goes on where it was. Each node has one of its own.
    #[arg(long, default_value = "takt-data")]
    data: PathBuf,
    /// Where HTTP and gRPC are spoken.
    #[arg(long, default_value = "127.0.0.1:7400")]
    listen: SocketAddr,
    /// The same at another port; 0 for any that is free.
    #[arg(long)]
    port: Option<u16>,
}

/// How long a lease of a node lasts, in ms: as long as the others wait with its work when it dies.
const LEASE_MS: u64 = 3_000;

/// How often the folder is looked at, in ms. What changed counts when it stands so twice: nobody is writing in it any more.
const LOOK_MS: u64 = 500;

/// What the links of sites promise, by verb.
type Classes = BTreeMap<SiteId, BTreeMap<String, Class>>;

/// A node at work.
pub(crate) struct Node {
    pub(crate) mesh: Arc<Mesh>,
    clients: Clients,
    places: FolderPlaces,
    /// What is in force from this start to the next, whatever is saved.
    kept: Kept,
    /// What each link was started with promises: another promise is another link's, and comes with it.
    classes: Classes,
    /// Where it is kept what is in force.
    shelves: Shelves,
    upkeep: Upkeep,
    /// What is asked for or looked at regularly.
    chores: JoinSet<()>,
    doors: Doors,
}

/// A folder as it was read once: what is tested is what is put in force, whatever is saved meanwhile.
#[derive(Clone, Copy)]
pub(crate) struct Source<'a> {
    /// Where it stands, for people.
    pub(crate) config: &'a Path,
    /// What stood there.
    pub(crate) folder: &'a Folder,
}

/// Runs until it is asked to end.
pub async fn run(serve: &Serve) -> anyhow::Result<()> {
    let config = &serve.config;
    let here = (!serve.region.is_empty()).then_some(serve.region.as_slice());
    let folder = Folder::read(config).map_err(|found| told(config, &found))?;
    // What would be refused when it is saved is not started with.
    if let Some(findings) = wrong(&folder).await {
        return Err(told(config, &findings));
    }
    let loaded = |folder: &Folder| read_for(Source { config, folder }, &std::env::vars().collect(), here);
    let text = loaded(&folder)?;
    let here = run_here(&text, here)?;
    let name = serve.node.clone().unwrap_or_else(host);
    let listen = SocketAddr::new(serve.listen.ip(), serve.port.unwrap_or(serve.listen.port()));
    let settings = Settings { node: name.clone(), lease_ms: Some(LEASE_MS), ..Settings::default() };
    let node = Node::start(&text, Source { config, folder: &folder }, (&serve.data, &here), listen, &settings).await?;
    let regions: Vec<String> = here.iter().map(ToString::to_string).collect();
    let hash = text.book.hash.get(..8).unwrap_or_default().to_owned();
    screens::print(&format!("takt  node {name}, regions {}, {} sites, configuration {hash}", regions.join(", "), text.book.sites.len()));
    screens::print(&format!("  API   http://{0}  (OpenAPI at http://{0}/openapi.json; gRPC on the same port)", node.doors.http));
    screens::print(&format!("  data  {}", serve.data.display()));
    for (region, abroad) in node.mesh.all_abroad() {
        screens::print(&format!(
            "  road  to {region}, which {}; `takt links` says how it stands",
            if abroad.dials() { "is dialled" } else { "dials" }
        ));
    }
    for site in text.book.sites.keys().filter(|site| !text.links.contains_key(site)) {
        screens::print(&format!("  {site} has no link: what is asked of it waits"));
    }
    let clock = node.mesh.clock();
    let renew = async |folder: &Folder| node.activate(Source { config, folder }, &loaded(folder)?).await;
    tokio::select! {
        ended = asked_to_end() => ended?,
        () = watch(clock.as_ref(), config, text.book.hash.clone(), |folder| node.changed(folder), renew) => {}
    }
    screens::print(if node.mesh.has_others() {
        "takt ends: its work is handed to the other nodes, and what is under way is answered"
    } else {
        "takt ends: what is under way is answered"
    });
    node.stop().await;
    Ok(())
}

impl Node {
    /// Opens the stores of these regions, starts them, and opens the doors.
    pub(crate) async fn start(
        text: &Text,
        source: Source<'_>,
        (data, here): (&Path, &[Region]),
        listen: SocketAddr,
        settings: &Settings,
    ) -> anyhow::Result<Self> {
        let stores = Stores::open_as(data, here.iter().copied(), &text.engines).await;
        let stores = stores.with_context(|| format!("the stores in {} did not open", data.display()))?;
        let stores = stores.with_roads(&text.roads, &text.engines).await.context("a road of roads.yaml cannot be used")?;
        let ways = ways(text)?;
        let outs: Vec<_> = ways.iter().map(|way| way.out.clone()).collect();
        let shelves = Shelves::of(here.iter().filter_map(|region| stores.seams(*region)));
        let findings = shelves.changed(source.folder).await?;
        if !findings.is_empty() {
            stores.stop().await;
            return Err(told(source.config, &findings));
        }
        shelves.begins(&text.book).await?;
        let mesh = Arc::new(Mesh::start(stores, Arc::clone(&text.book), &outs, settings).await?);
        shelves.counts(&text.book).await;
        let upkeep = Upkeep::begin(&mesh, data);
        let clients = clients(text, source.config)?;
        let places = FolderPlaces::new(text.places.clone());
        let (reception, chores) = open(&mesh, clients.clone(), ways);
        let reception = reception.with_places(places.clone());
        let doors = doors::serve(reception, listen, listen).await;
        let doors = doors.with_context(|| format!("{listen} cannot be opened: choose another address, or end what listens there"))?;
        Ok(Self { mesh, clients, places, kept: Kept::of(source.folder, text), classes: classes(text), shelves, upkeep, chores, doors })
    }

    /// What a folder says otherwise under a name and a number that is in force.
    pub(crate) fn changed(&self, folder: &Folder) -> Vec<Finding> {
        against(&Standing::of(&self.mesh.book()), folder)
    }

    /// Puts what a folder says in force, and who may ask by it; what a person is told of that.
    pub(crate) async fn activate(&self, source: Source<'_>, text: &Text) -> anyhow::Result<String> {
        let clients = clients(text, source.config)?;
        let before = self.mesh.book();
        let new: Vec<&str> = text.book.sites.keys().filter(|site| !before.sites.contains_key(site)).map(SiteId::as_str).collect();
        self.shelves.begins(&text.book).await?;
        self.mesh.activate(Arc::new(promised(text.book.as_ref().clone(), &self.classes))).await?;
        self.shelves.counts(&text.book).await;
        self.clients.replace(&clients);
        self.places.replace(text.places.clone());
        if !new.is_empty() {
            screens::print(&format!("{} will be spoken with after the next start", new.join(", ")));
        }
        Ok(in_force(&text.book.hash, &self.kept.changed(&Kept::of(source.folder, text))))
    }

    /// Hands its work to the other nodes, if there are any, while its doors are open; then takes nobody new, answers what is in
    /// flight, and closes the stores.
    pub(crate) async fn stop(mut self) {
        if self.mesh.has_others() {
            self.mesh.hand_over().await;
        }
        self.doors.stop().await;
        self.chores.shutdown().await;
        self.upkeep.end(&self.mesh).await;
        if let Ok(mesh) = Arc::try_unwrap(self.mesh) {
            mesh.stop().await;
        } else {
            tracing::warn!("somebody still asks the mesh; what was acknowledged is durable");
        }
    }
}

fn classes(text: &Text) -> Classes {
    text.book.sites.iter().map(|(name, site)| (*name, site.classes.clone())).collect()
}

/// A book with the promises of the links that are spoken through.
fn promised(mut book: Book, classes: &Classes) -> Book {
    for (name, site) in &mut book.sites {
        if let Some(started) = classes.get(name) {
            site.classes.clone_from(started);
        }
    }
    book
}

/// That a configuration is in force, and what of it is not yet.
fn in_force(hash: &str, waits: &[&str]) -> String {
    let hash = hash.get(..8).unwrap_or_default();
    if waits.is_empty() {
        return format!("configuration {hash} is in force");
    }
    format!("configuration {hash} is in force, but for what a node reads at its start; in force after the next start: {}", waits.join(", "))
}

/// Who may ask by a folder.
fn clients(text: &Text, config: &Path) -> anyhow::Result<Clients> {
    Clients::of(&text.clients, &text.book).map_err(|error| anyhow::anyhow!("{}/mesh.yaml: {error}", config.display()))
}

/// What this machine is called.
fn host() -> NodeName {
    let named = std::fs::read_to_string("/proc/sys/kernel/hostname").ok().or_else(|| std::env::var("HOSTNAME").ok());
    let fits = |letter: char| if letter.is_ascii_alphanumeric() || ".-_".contains(letter) { letter } else { '-' };
    let name: String = named.unwrap_or_default().trim().chars().map(fits).take(NodeName::LEN_MAX).collect();
    NodeName::parse(&name).unwrap_or_default()
}

/// Loads a folder, or says all that is wrong with it.
pub(crate) fn read(source: Source<'_>, variables: &BTreeMap<String, String>) -> anyhow::Result<Text> {
    read_for(source, variables, None)
}

/// The same for a process that runs only these regions.
fn read_for(source: Source<'_>, variables: &BTreeMap<String, String>, here: Option<&[Region]>) -> anyhow::Result<Text> {
    load_read(source.folder, variables, here).map_err(|found| told(source.config, &found))
}

/// The regions that run in this process. Where regions live apart, a process says which are its own: a region on a disk that ran in two
/// places would have two logs.
fn run_here(text: &Text, here: Option<&[Region]>) -> anyhow::Result<Vec<Region>> {
    let all = || text.regions.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    if let Some(strange) = here.and_then(|here| here.iter().find(|region| !text.regions.contains(region))) {
        anyhow::bail!("there is no region {strange}: use some of {}, as mesh.yaml has them", all());
    }
    let on_disk = |region: &Region| !matches!(text.engines.get(region), Some(EngineText::Jetstream(_)));
    let apart = text.roads.iter().flat_map(|road| [road.from.value, road.to.value]).find(|region| on_disk(region));
    match (here, apart) {
        (Some(here), _) => Ok(here.to_vec()),
        (None, None) => Ok(text.regions.clone()),
        (None, Some(region)) => anyhow::bail!(
            "region {region} is on the disk of one node, and roads.yaml says that regions run apart: say which run here, such as \
             `--region {region}`; all in one process is `--region {}`",
            all().replace(' ', "")
        ),
    }
}

pub(crate) fn told(config: &Path, found: &[Finding]) -> anyhow::Error {
    let lines: Vec<String> = found.iter().map(|finding| format!("  {finding}")).collect();
    anyhow::anyhow!("the configuration in {} cannot be used:\n{}", config.display(), lines.join("\n"))
}

/// The reception with a door for every system; what has to be asked for or looked at regularly is, from now on.
fn open(mesh: &Arc<Mesh>, clients: Clients, ways: Vec<Way>) -> (Reception, JoinSet<()>) {
    let mut chores = JoinSet::new();
    let mut reception = Reception::new(Arc::clone(mesh), clients, Limits::default());
    for way in ways.into_iter().map(Arc::new) {
        let Some(region) = mesh.region_of(way.site).cloned() else {
            // At its edge it is heard, and nothing else is done for it.
            if let (Some(shows), Some(edge)) = (way.shows.clone(), way.edge.and_then(|edge| mesh.regions().get(&edge)).cloned()) {
                reception = reception.with_inbox(way.site, shows.token.as_deref(), shows.signature, Arc::new(way.door(edge)));
            }
            continue;
        };
        let (doing, at) = (Arc::clone(&way), region.clone());
        chores.spawn(async move { at.at_site(doing.site, || doing.chores(&at)).await });
        if let Some(shows) = way.shows.clone() {
            reception = reception.with_inbox(way.site, shows.token.as_deref(), shows.signature, Arc::new(way.door(region)));
        }
    }
    (reception, chores)
}

/// Looks at the folder, and has what changed in it put in force when it is right. What is wrong is told once, and looked at again
/// when anything in the folder is otherwise, a test among it. `changed` says what of a folder that is right is in force under the same
/// version with another content.
pub(crate) async fn watch(
    clock: &dyn Clock,
    config: &Path,
    in_force: String,
    changed: impl Fn(&Folder) -> Vec<Finding>,
    renew: impl AsyncFn(&Folder) -> anyhow::Result<String>,
) {
    let (mut in_force, mut seen, mut done) = (in_force, String::new(), String::new());
    loop {
        clock.sleep(Duration::from_millis(LOOK_MS)).await;
        let now = Folder::read(config);
        let mark = now.as_ref().map_or_else(|findings| format!("{findings:?}"), Folder::hash_of_all);
        let still = std::mem::replace(&mut seen, mark.clone()) == mark;
        if !still || mark == done {
            continue;
        }
        done = mark;
        let folder = match now {
            Ok(folder) if folder.hash() == in_force => continue,
            Ok(folder) => folder,
            Err(findings) => {
                stays(&findings);
                continue;
            }
        };
        if let Some(findings) = wrong(&folder).await {
            stays(&findings);
            continue;
        }
        let findings = changed(&folder);
        if !findings.is_empty() {
            stays(&findings);
            continue;
        }
        match renew(&folder).await {
            Ok(told) => {
                in_force = folder.hash();
                screens::print(&told);
            }
            Err(error) => {
                // Some of it may be in force by now: whatever is right next is put in force whole, the one before among it.
                in_force.clear();
                screens::print(&format!("✘ {error:#}\n  not all of it is in force: mend it, or put back what was there before"));
            }
        }
    }
}

/// Why what was saved is not in force.
fn stays(findings: &[Finding]) {
    screens::findings(findings, false);
    screens::print("  the configuration before stays in force");
}

/// What is wrong in a folder, its tests among it, if anything is.
async fn wrong(folder: &Folder) -> Option<Vec<Finding>> {
    let folder = folder.clone();
    let check = move || trial::check_read(&folder, &std::env::vars().collect()).findings;
    // A check that did not come to an end has found nothing right.
    let fell = |error: tokio::task::JoinError| {
        vec![Finding::about("the check", format!("it broke off: {error}"), "take back what was saved last, and report what it was")]
    };
    let findings = tokio::task::spawn_blocking(check).await.unwrap_or_else(fell);
    (!findings.is_empty()).then_some(findings)
}

/// Ctrl-C, or the signal by which service managers end a process.
pub(crate) async fn asked_to_end() -> std::io::Result<()> {
    #[cfg(unix)]
    {
        let mut terminated = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
        tokio::select! {
            ended = tokio::signal::ctrl_c() => ended,
            _ = terminated.recv() => Ok(()),
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await
}

#[cfg(test)]
mod tests;
