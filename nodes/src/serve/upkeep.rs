//! What a node does beside its work, for those who look for it later: it writes down that it is there, and keeps in its data folder
//! what went to its sites and came from them lately, so that this is still known after a restart. Nothing depends on either.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use takt_actors::region::Region;
use takt_protocol::name::SiteId;
use tokio::task::JoinHandle;

use crate::answers::delivery::{DeliveryRow, delivered, row};
use crate::mesh::Mesh;

/// How often. So much of the log is lost when a node is killed.
const EVERY: Duration = Duration::from_secs(10);

/// The newest row of each site that stands in its file.
type Newest = BTreeMap<SiteId, DeliveryRow>;

/// At work until it is ended.
pub(super) struct Upkeep {
    task: JoinHandle<()>,
    folder: PathBuf,
}

impl Upkeep {
    /// Reads what was kept before the start, and begins.
    pub(super) fn begin(mesh: &Arc<Mesh>, data: &Path) -> Self {
        let folder = data.join("deliveries");
        read(mesh, &folder);
        let (there, clock, at) = (Arc::downgrade(mesh), mesh.clock(), folder.clone());
        let task = tokio::spawn(async move {
            let mut newest = Newest::new();
            // It keeps nobody from ending who wants to.
            while let Some(mesh) = there.upgrade() {
                mesh.is_there().await;
                kept(&mesh, &at, &mut newest).await;
                drop(mesh);
                clock.sleep(EVERY).await;
            }
        });
        Self { task, folder }
    }

    /// Keeps what is known by now, and ends.
    pub(super) async fn end(self, mesh: &Mesh) {
        self.task.abort();
        drop(self.task.await);
        kept(mesh, &self.folder, &mut Newest::new()).await;
    }
}

fn file(folder: &Path, site: SiteId) -> PathBuf {
    folder.join(format!("{site}.json"))
}

/// Each site with the region of this process that speaks with it.
fn spoken_with(mesh: &Mesh) -> impl Iterator<Item = (SiteId, &Region)> {
    let sites: Vec<SiteId> = mesh.book().sites.keys().copied().collect();
    sites.into_iter().filter_map(move |site| Some((site, mesh.regions().values().find(|region| region.deliveries(site).is_some())?)))
}

fn read(mesh: &Mesh, folder: &Path) {
    for (site, region) in spoken_with(mesh) {
        let rows: Vec<DeliveryRow> =
            std::fs::read(file(folder, site)).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
        // The newest stands first, and the oldest makes room.
        rows.iter().rev().filter_map(delivered).for_each(|row| region.note(site, row));
    }
}

/// Writes the file of each site of which there is news.
async fn kept(mesh: &Mesh, folder: &Path, newest: &mut Newest) {
    for (site, region) in spoken_with(mesh) {
        let Some(deliveries) = region.deliveries(site) else { continue };
        let Some(last) = deliveries.latest(1).into_iter().next().map(row) else { continue };
        if newest.get(&site) == Some(&last) {
            continue;
        }
        let rows: Vec<DeliveryRow> = deliveries.latest(usize::MAX).into_iter().map(row).collect();
        match written(folder, &file(folder, site), &rows).await {
            Ok(()) => drop(newest.insert(site, last)),
            Err(error) => tracing::debug!(%error, %site, "what went to it and came from it is not kept"),
        }
    }
}

/// Written aside first: a crash leaves the file as it was, or whole.
async fn written(folder: &Path, file: &Path, rows: &[DeliveryRow]) -> io::Result<()> {
    let (aside, bytes) = (file.with_extension("new"), serde_json::to_vec(rows)?);
    tokio::fs::create_dir_all(folder).await?;
    tokio::fs::write(&aside, bytes).await?;
    tokio::fs::rename(&aside, file).await
}
