//! Tells another region's world what happens here: the public events that a road's text names, kept by the servers of the region that
//! is dialled, on subjects of that region. Told at least once, each under its own id; while the line is down they wait in the log.

use std::collections::BTreeSet;
use std::sync::Arc;

use bytes::Bytes;
use takt_cluster::seam::{Bus, Note};
use takt_protocol::event::{self, Event};
use takt_protocol::name::SiteId;
use takt_protocol::subject;

use crate::abroad::{Link, Toward};
use crate::cursor::Cursor;
use crate::node::Node;

/// Events that are told over a road.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Export {
    /// What they are about, such as `order`.
    pub family: String,
    /// What happened, such as `released`; all that happens to it where nothing stands.
    pub name: Option<String>,
    /// Only of these sites.
    pub sites: BTreeSet<SiteId>,
}

impl Export {
    /// Whether it is about an event.
    pub fn takes(&self, event: &Event) -> bool {
        let of_site = event.site.is_some_and(|site| self.sites.contains(&site));
        of_site && event.contract.family == self.family && self.name.as_ref().is_none_or(|name| event.contract.name == name)
    }
}

/// A line over which events are told.
#[derive(Clone)]
pub(crate) struct Exporter {
    pub(crate) node: Arc<Node>,
    pub(crate) link: Arc<Link>,
    pub(crate) bus: Arc<dyn Bus>,
    pub(crate) exports: Arc<[Export]>,
}

/// Runs for ever on one shard.
pub(crate) async fn run(exporter: Exporter, shard: u16) {
    let Exporter { node, link, .. } = &exporter;
    let mut cursor = Cursor::of(node, &format!("exporter-{}", link.far()), shard).await;
    let mut failures = 0;
    loop {
        // What is sent into a dead line only piles up.
        link.open().await;
        match exporter.step(shard, cursor.at()).await {
            Ok(next) => {
                failures = 0;
                cursor.move_to(node, next).await;
            }
            Err(error) => {
                failures += 1;
                link.failed(Toward::Them, node.seams.clock.now(), &error);
                tracing::warn!(%error, shard, region = %link.far(), "events were not told there; trying again");
                node.seams.clock.sleep(node.settings.pause(failures, cursor.at())).await;
            }
        }
    }
}

impl Exporter {
    async fn step(&self, shard: u16, cursor: u64) -> Result<u64, takt_cluster::Error> {
        let run = self.node.tape.all_after(shard, cursor).await?;
        let events = run.commits().flat_map(|recorded| event::of(&recorded.commit));
        let told = events.filter(|event| self.exports.iter().any(|export| export.takes(event)));
        let notes: Vec<Note> = told.filter_map(|event| self.note(&event)).collect();
        if !notes.is_empty() {
            self.bus.publish_all(notes).await?;
        }
        Ok(run.upto)
    }

    /// On a subject of the far region; the event itself says where it is from.
    fn note(&self, event: &Event) -> Option<Note> {
        let subject = subject::event(self.link.far(), event.site, event.contract.family, event.contract.name);
        match serde_json::to_vec(event) {
            Ok(bytes) => Some(Note { subject, id: event.id.clone(), bytes: Bytes::from(bytes) }),
            Err(error) => {
                tracing::error!(%error, id = %event.id, "an event cannot be written down");
                None
            }
        }
    }
}
