//! `takt backup` and `takt restore`: a region's log, its queues and its raw payloads in a folder of files, each with a hash, and back
//! into a place that is empty. A region that was restored sends nothing until `takt reconciled` says that it was compared. Reads and
//! writes through the seams, so that the engine it came from and the one it goes to may differ.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use clap::Args;
use takt_actors::restored::{self, Restored, Word};
use takt_cluster::clock::SystemClock;
use takt_cluster::embedded::Embedded;
use takt_cluster::seam::{Clock, Seams};
use takt_config::Finding;
use takt_config::load::Mesh;
use takt_config::text::EngineText;
use takt_protocol::book::SiteKind;
use takt_protocol::name::{Region, SiteId};

use crate::engine::Engine;
use crate::{doctor, screens};

mod manifest;
mod part;
mod queues;
mod read;
mod write;

/// Which regions, and where they are kept.
#[derive(Clone, Debug, Args)]
pub struct Where {
    /// The folder that holds mesh.yaml and regions.yaml.
    #[arg(long, default_value = ".")]
    config: PathBuf,
    /// Where the stores of the regions are kept, as `takt node` is told.
    #[arg(long, default_value = "takt-data")]
    data: PathBuf,
    /// Which regions, such as `eu` or `eu,na`; left out, all of them.
    #[arg(long, value_delimiter = ',', value_parser = Region::parse)]
    region: Vec<Region>,
}

/// What to back up, or to restore.
#[derive(Clone, Debug, Args)]
pub struct Taken {
    /// The folder of the backup; each region has one of its own below it.
    dir: PathBuf,
    #[command(flatten)]
    place: Where,
}

/// That regions were compared.
#[derive(Clone, Debug, Args)]
pub struct Compared {
    #[command(flatten)]
    place: Where,
    /// Who says so.
    #[arg(long)]
    by: String,
    /// Why they may go on.
    #[arg(long)]
    reason: String,
}

/// What is known of the folder.
struct Folder {
    text: Mesh,
    regions: Vec<Region>,
    data: PathBuf,
    clock: Arc<dyn Clock>,
}

/// Writes a backup, and says by its exit code how it went.
pub async fn backup(what: &Taken, as_json: bool) -> ExitCode {
    done(Box::pin(async {
        let folder = Folder::open(&what.place, as_json)?;
        for region in &folder.regions {
            let store = folder.store(*region, true).await?;
            let readers = folder.readers();
            let made = write::region(&store.seams(), *region, &readers, &what.dir.join(region.as_str())).await;
            store.stop().await;
            let made = made.with_context(|| format!("region {region} is not backed up"))?;
            screens::print(&made.line(&format!("backed up to {}", what.dir.join(region.as_str()).display())));
        }
        Ok(())
    }))
    .await
}

/// Restores, into places that are empty.
pub async fn restore(what: &Taken, as_json: bool) -> ExitCode {
    done(Box::pin(async {
        let folder = Folder::open(&what.place, as_json)?;
        for region in &folder.regions {
            let dir = what.dir.join(region.as_str());
            let whole = read::verified(&dir, *region).with_context(|| format!("the backup in {} cannot be used", dir.display()))?;
            let store = folder.store(*region, false).await?;
            let restored = read::into(&store.seams(), &dir, &whole).await;
            store.stop().await;
            restored.with_context(|| format!("region {region} is not restored"))?;
            screens::print(&whole.line("restored, and verified against the backup"));
            screens::print(&format!(
                "  region {region} is RECONCILING: it sends nothing but questions and blocks. Start its node, have the books compared \
                 (`takt reconcile --every`), see what differs (`takt exceptions list`); then stop it where it is on its own disk, and say \
                 `takt reconciled --region {region} --by NAME --reason TEXT`"
            ));
        }
        Ok(())
    }))
    .await
}

/// Says that restored regions were compared with the world outside.
pub async fn reconciled(what: &Compared, as_json: bool) -> ExitCode {
    done(Box::pin(async {
        let folder = Folder::open(&what.place, as_json)?;
        if what.by.trim().is_empty() || what.reason.trim().is_empty() {
            bail!("say who compared them, and what was found: --by NAME --reason TEXT");
        }
        for region in &folder.regions {
            let store = folder.store(*region, true).await?;
            let said = said(&store.seams(), &folder.clock, what).await;
            store.stop().await;
            screens::print(&format!("region {region}: {}", said.with_context(|| format!("region {region}"))?));
        }
        Ok(())
    }))
    .await
}

async fn said(seams: &Seams, clock: &Arc<dyn Clock>, what: &Compared) -> anyhow::Result<&'static str> {
    match restored::standing(seams).await? {
        None => Ok("it was never restored, and sends what it has to"),
        Some(Restored::Compared) => Ok("somebody said so before"),
        Some(Restored::Reconciling) => {
            restored::compared(seams, &Word { by: what.by.clone(), reason: what.reason.clone(), at: clock.now() }).await?;
            Ok("it sends again; what was recorded before the backup is asked for at its site first")
        }
    }
}

async fn done(work: impl Future<Output = anyhow::Result<()>>) -> ExitCode {
    match work.await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            screens::wrong(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

impl Folder {
    fn open(place: &Where, as_json: bool) -> anyhow::Result<Self> {
        let text = doctor::read(&place.config, &std::env::vars().collect::<BTreeMap<_, _>>(), &["regions.yaml"]);
        let text = text.map_err(|found| wrong(&place.config, &found, as_json))?;
        if let Some(strange) = place.region.iter().find(|region| !text.regions.contains(region)) {
            let known: Vec<String> = text.regions.iter().map(ToString::to_string).collect();
            bail!("there is no region {strange}: use some of {}, as mesh.yaml has them", known.join(", "));
        }
        let regions = if place.region.is_empty() { text.regions.clone() } else { place.region.clone() };
        Ok(Self { text, regions, data: place.data.clone(), clock: Arc::new(SystemClock::start()) })
    }

    /// The sites that are told every event.
    fn readers(&self) -> Vec<SiteId> {
        self.text.book.sites.iter().filter(|(_, site)| site.kind == SiteKind::Analytics).map(|(name, _)| *name).collect()
    }

    /// The store of a region; one that has to be there is not made.
    async fn store(&self, region: Region, is_there: bool) -> anyhow::Result<Engine> {
        let dir = self.data.join("regions").join(region.as_str());
        let text = self.text.engines.get(&region);
        let on_disk = !matches!(text, Some(EngineText::Jetstream(_)));
        if is_there && on_disk && !dir.join(Embedded::FILE).exists() {
            bail!("region {region} has no store in {}: name its folder with --data, or other regions with --region", self.data.display());
        }
        Engine::open(region, text, &dir, Arc::clone(&self.clock))
            .await
            .with_context(|| format!("the store of region {region} does not open"))
    }
}

fn wrong(config: &Path, found: &[Finding], as_json: bool) -> anyhow::Error {
    screens::findings(found, as_json);
    anyhow::anyhow!("the configuration in {} cannot be used", config.display())
}

#[cfg(test)]
mod tests;
