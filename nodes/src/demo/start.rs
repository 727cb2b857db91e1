//! Sets a demo up: the folder, the simulated systems, the mesh, the doors; and keeps an eye on the folder while it runs.
//! Apart from what is played because a mesh that is not a demo is started in the same order.

use std::path::Path;

use anyhow::{Context as _, bail};
use serde_json::Value;
use takt_actors::node::Settings;
use takt_config::demo;
use takt_config::folder::Folder;
use takt_config::load::Mesh as Text;
use takt_config::text::TransportText;
use takt_config::trial;
use takt_protocol::kernel::Own;
use takt_simulations::played::played_by;
use takt_simulations::world::launch::{RunningWorld, SystemSpec, WorldSpec, launch};

use super::cast::{Cast, Plant, System};
use super::people::People;
use super::stage::{self, Odd};
use super::{Play, Stage, Variables, chain, loopback, nats, product};
use crate::serve::{self, Node, Source, read, told};

/// The token of each client of the demo, and of each simulated system: a demo listens on loopback only.
const CLIENTS: [&str; 6] = ["CONTROLLER", "PLANNER", "QUALITY", "FINANCE", "SHOPFLOOR", "IT"];

/// Everything, from an empty folder or from where it was.
pub(super) async fn stage(data: &Path, play: &Play) -> anyhow::Result<Stage> {
    let config = data.join("config");
    let servers = nats::plan(data, play.nats).await?;
    demo::write_to(&config).with_context(|| format!("cannot write the configuration to {}", config.display()))?;
    let address = loopback(free(play.port)?);
    let door = format!("http://{address}");
    let folder = Folder::read(&config).map_err(|found| told(&config, &found))?;
    let (sites, source) = (sites(&folder), Source { config: &config, folder: &folder });
    let first = read(source, &variables(&sites, None, &nats::none()))?;
    sound(source)?;
    // The simulated systems first: they come back on the ports that they had, before others draw any.
    let world = launch(&world_of(&first), &data.join("world"), &door).await.context("the simulated systems did not start")?;
    let cluster = servers.map(nats::Plan::start).transpose()?;
    let text = read(source, &variables(&sites, Some(&world), &outside(cluster.as_ref())))?;
    let node = Node::start(&text, source, (data, &text.regions), address, &Settings::default()).await?;
    let people = People::new(node.mesh.clock())?;
    let cast = cast(&text, &world);
    stage::set(&people, &cast, &text.book, &odd(&cast)).await?;
    product::set(&people, &cast, &text.book).await?;
    chain::set(&people, &cast, &text.book).await?;
    let token = token("TAKT_PLANNER");
    Ok(Stage { data: data.to_owned(), node, cluster, world, cast, people, door, token })
}

/// What the servers of the regions fill in, where there are any.
fn outside(cluster: Option<&nats::Cluster>) -> Variables {
    cluster.map(nats::Cluster::variables).cloned().unwrap_or_default()
}

/// What `takt check` calls wrong is not played: its tests say that something would go otherwise than is meant.
fn sound(source: Source<'_>) -> anyhow::Result<()> {
    let found = trial::check_read(source.folder, &std::env::vars().collect()).findings;
    if found.is_empty() { Ok(()) } else { Err(told(source.config, &found)) }
}

/// A port: the one asked for, or any that is free just now.
fn free(port: u16) -> anyhow::Result<u16> {
    let listener =
        std::net::TcpListener::bind(loopback(port)).with_context(|| format!("port {port} is taken: choose another one with --port"))?;
    Ok(listener.local_addr()?.port())
}

/// The names of the sites that are written down.
fn sites(folder: &Folder) -> Vec<String> {
    folder.within("sites").map(|file| file.trim_start_matches("sites/").trim_end_matches(".yaml").to_owned()).collect()
}

/// What the files leave to be filled in: addresses of the simulated systems and of the servers, tokens. The environment goes before.
fn variables(sites: &[String], world: Option<&RunningWorld>, servers: &Variables) -> Variables {
    let mut variables = servers.clone();
    for site in sites {
        let name = site.to_uppercase().replace('-', "_");
        let url = world.and_then(|world| world.url(site)).unwrap_or_else(|| "http://127.0.0.1:1".to_owned());
        variables.insert(format!("{name}_URL"), url);
        let folder = world.and_then(|world| world.folder(site)).map_or_else(|| Path::new("/nowhere").join(site), Path::to_owned);
        for part in ["in", "out", "archive"] {
            variables.insert(format!("{name}_{}_DIR", part.to_uppercase()), absolute(&folder.join(part)));
        }
        variables.insert(format!("{name}_TOKEN"), token(&name));
    }
    for client in CLIENTS {
        variables.insert(format!("TAKT_{client}_TOKEN"), token(&format!("TAKT_{client}")));
    }
    variables.extend(std::env::vars().filter(|(name, _)| !servers.contains_key(name)));
    variables
}

/// The whole path: a configuration may be read from another folder than the demo runs in.
fn absolute(path: &Path) -> String {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).display().to_string()
}

pub(super) fn token(name: &str) -> String {
    std::env::var(format!("{name}_TOKEN")).unwrap_or_else(|_| format!("demo-{}", name.trim_start_matches("TAKT_").to_lowercase()))
}

fn world_of(text: &Text) -> WorldSpec {
    let simulated = text.links.iter().filter_map(|(site, link)| {
        let (seed, known) = (link.simulated.as_ref()?.seed, text.book.sites.get(site)?);
        let kind = played_by(text, *site)?;
        let token = match &link.transport {
            TransportText::Http(http) => http.inbound.as_ref().and_then(|inbound| inbound.token.clone()),
            TransportText::Files(_) | TransportText::Sql(_) | TransportText::Mqtt(_) => None,
        };
        Some(SystemSpec { seed, token, ..SystemSpec::new(site.as_str(), kind, known.calendar.zone()) })
    });
    WorldSpec { systems: simulated.collect(), path: "/in/{system}/{topic}".to_owned() }
}

fn cast(text: &Text, world: &RunningWorld) -> Cast {
    let systems = text.links.iter().filter_map(|(site, link)| {
        let (tables, kind) = (link.transport.tables().clone(), played_by(text, *site)?);
        let system = System { site: *site, kind, url: world.url(site.as_str())?, tables };
        Some((*site, system))
    });
    Cast::of(&text.book, systems.collect())
}

/// The plants in the order they are told about: Europe first, then the others by the names of their regions; those that speak
/// in files at the end. What somebody added is theirs to send orders to: the story is told of its own plants as long as there are any.
pub(super) fn plants(cast: &Cast) -> Vec<&Plant> {
    let ours = |plant: &&Plant| demo::FILES.iter().any(|(name, _)| *name == format!("sites/{}.yaml", plant.site));
    let mut plants: Vec<&Plant> = cast.plants.iter().filter(|plant| !plant.makes.is_empty()).collect();
    if plants.iter().any(ours) {
        plants.retain(ours);
    }
    plants.sort_by_key(|plant| (plant.mes.in_files(), plant.region.as_str() != "eu", std::cmp::Reverse(plant.region), plant.site));
    plants
}

/// The second plant counts by counters; the third does not have its recipe at first.
fn odd(cast: &Cast) -> Odd {
    let plants = plants(cast);
    let third = plants.get(2).and_then(|plant| Some((plant.site, plant.makes.first()?.0.clone())));
    Odd { withheld: third, counters: plants.get(1).map(|plant| plant.site) }
}

/// Waits until every plant has said which recipes it has: an order that comes before would be sent on trust.
pub(super) async fn plants_are_known(stage: &Stage) -> anyhow::Result<()> {
    // One that speaks in files says nothing of its recipes: it refuses what it cannot make.
    for plant in stage.cast.plants.iter().filter(|plant| !plant.mes.in_files()) {
        let Some(entity) = stage.mesh().book().site_entity(plant.site) else { bail!("{} is no site", plant.site) };
        let what = format!("{} said which recipes it has", plant.site);
        let known = async || match stage.mesh().show(entity).await?.own {
            Own::Site(site) if !site.recipes.is_empty() => Ok(Some(())),
            Own::Site(_) | Own::Order(_) | Own::Lot(_) | Own::Unit(_) | Own::Shipment(_) | Own::Record(_) => Ok(None),
        };
        stage.people.until(&what, known).await?;
    }
    product::is_stated(stage).await
}

/// Waits until no system has anything to tell and no queue holds anything, for a moment.
pub(super) async fn quiet(stage: &Stage) -> anyhow::Result<()> {
    let mut looks = 0;
    stage
        .people
        .until("nothing under way anywhere", async || {
            looks = if is_quiet(stage).await? { looks + 1 } else { 0 };
            Ok((looks >= 5).then_some(()))
        })
        .await
}

async fn is_quiet(stage: &Stage) -> anyhow::Result<bool> {
    for region in stage.mesh().regions().values() {
        if !region.node().seams.queue.names().await?.is_empty() {
            return Ok(false);
        }
    }
    for system in stage.cast.systems.values() {
        let books = stage.people.read(&format!("{}/_sim/books", system.url)).await?;
        if books.get("untold").and_then(Value::as_u64) != Some(0) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Looks at the folder, and puts what changed in it in force when it is right; the simulated systems learn of it first.
pub(super) async fn watch(stage: &Stage) {
    let config = stage.data.join("config");
    let renew = async |folder: &Folder| {
        let source = Source { config: &config, folder };
        let text = as_it_is(stage, source)?;
        let cast = cast(&text, &stage.world);
        stage::set(&stage.people, &cast, &text.book, &Odd { withheld: None, ..odd(&cast) }).await?;
        product::set(&stage.people, &cast, &text.book).await?;
        chain::set(&stage.people, &cast, &text.book).await?;
        stage.node.activate(source, &text).await
    };
    // What was saved while the story was told is otherwise than what is in force.
    let in_force = stage.mesh().book().hash.clone();
    serve::watch(stage.mesh().clock().as_ref(), &config, in_force, |folder| stage.node.changed(folder), renew).await;
}

/// Puts the folder in force as it is now.
pub(super) async fn renew(stage: &Stage) -> anyhow::Result<()> {
    let config = stage.data.join("config");
    let folder = Folder::read(&config).map_err(|found| told(&config, &found))?;
    let source = Source { config: &config, folder: &folder };
    stage.node.activate(source, &as_it_is(stage, source)?).await.map(drop)
}

/// What the folder says, with the addresses of the systems that play.
fn as_it_is(stage: &Stage, source: Source<'_>) -> anyhow::Result<Text> {
    read(source, &variables(&sites(source.folder), Some(&stage.world), &outside(stage.cluster.as_ref())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_whose_own_tests_fail_is_not_played() {
        let config = tempfile::tempdir().unwrap();
        demo::write_to(config.path()).unwrap();
        let checked = || {
            let folder = Folder::read(config.path()).unwrap();
            sound(Source { config: config.path(), folder: &folder })
        };
        checked().unwrap();
        let mapping = config.path().join("mappings/mes-json/reports.jq");
        let text = std::fs::read_to_string(&mapping).unwrap();
        std::fs::write(&mapping, text.replacen("mark: { number: .body.sequence }", "mark: { number: 1 }", 1)).unwrap();
        let why = checked().unwrap_err().to_string();
        assert!(why.contains("cannot be used") && why.contains("mappings/mes-json/reports.test.yaml:5:"), "{why}");
    }
}
