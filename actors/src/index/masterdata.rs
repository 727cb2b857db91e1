//! What becomes of master data once it stands in a log: the region's next decisions are made by it, and the plants that it
//! is for look again at what waits. Done before the rows are written, so that a crash between the two does it again.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use takt_cluster::Error;
use takt_cluster::seam::{Message, QueueName};
use takt_cluster::views::Row;
use takt_protocol::book::{Book, SiteKind};
use takt_protocol::envelope::Envelope;
use takt_protocol::fact::Fact;
use takt_protocol::id::EntityId;
use takt_protocol::input::{Address, Body, Input};
use takt_protocol::name::{Region, SiteId};
use takt_protocol::record::{self, Record};
use takt_protocol::{site, wire};

use super::Index;
use super::keys::name_key;
use super::rows::RECORDS;
use crate::node::Node;
use crate::tape::Run;

/// Takes in all master data that the logs have at this moment, before anything is decided by it: rows may be behind, or lost. Up to
/// where each shard was read.
pub(crate) async fn known_by_now(node: &Node, index: &Index) -> Result<Vec<u64>, Error> {
    let named = |record: Record| Some((name_key(record.of.as_ref()?), record));
    let mut records: BTreeMap<Vec<u8>, Record> = index.records().into_iter().filter_map(named).collect();
    let mut upto = Vec::new();
    for shard in 0..node.seams.journal.shards() {
        let (mut cursor, head) = (index.cursor(shard)?, node.seams.journal.head(shard).await?);
        while cursor < head {
            let stretch = node.tape.alone(shard, cursor).await?;
            for fact in stretch.commits.iter().flat_map(|recorded| &recorded.commit.steps).flat_map(|step| &step.facts) {
                let Fact::Record(fact) = fact else { continue };
                let record::Fact::Stated { of, .. } = fact.as_ref();
                let key = name_key(of);
                let before = records.remove(&key).unwrap_or_default();
                records.insert(key, before.with(fact));
            }
            cursor = stretch.upto;
        }
        upto.push(cursor);
    }
    node.learn(records.into_values());
    Ok(upto)
}

/// Takes in what a stretch of a log says of master data; up to `known` it was taken in before, and may have become otherwise since.
pub(super) async fn learn(node: &Node, shard: u16, run: &Run, rows: &[Row], known: u64) -> Result<(), Error> {
    let values = rows.iter().filter(|row| row.table == RECORDS).filter_map(|row| row.value.as_ref());
    let records: Vec<Record> = values.filter_map(|value| wire::decode("row", value).ok()).collect();
    if records.is_empty() {
        return Ok(());
    }
    let systems: BTreeSet<SiteId> = records.iter().filter_map(|record| record.of.as_ref()).map(|of| of.system).collect();
    if run.upto > known {
        node.learn(records);
    }
    let book = node.book();
    let messages: Vec<Message> =
        plants(&book, node.region, &systems).filter_map(|plant| look_again(node, plant, shard, run.upto)).collect();
    if messages.is_empty() { Ok(()) } else { node.seams.queue.publish(messages).await }
}

/// The plants at home here whose orders such data may let go on.
fn plants<'a>(book: &'a Book, region: Region, systems: &'a BTreeSet<SiteId>) -> impl Iterator<Item = EntityId> + 'a {
    let here = book.sites.iter().filter(move |(_, site)| site.kind == SiteKind::Plant && site.region == region);
    let concerned = here.filter(|(plant, site)| systems.contains(plant) || site.erp.is_some_and(|erp| systems.contains(&erp)));
    concerned.filter_map(|(plant, _)| book.site_entity(*plant))
}

fn look_again(node: &Node, plant: EntityId, shard: u16, upto: u64) -> Option<Message> {
    let word = format!("records/{shard}/{upto}");
    let body = Body::Site(site::Input::Mail(site::Mail::RecordsStated { shard, upto }));
    let input = Input { to: Address::Entity(plant), envelope: Envelope::ours(&word, node.seams.clock.now()), body };
    match wire::pack(input) {
        Ok(bytes) => {
            let queue = QueueName::In { shard: plant.shard(node.seams.journal.shards()) };
            Some(Message { queue, id: format!("{word}/{plant}"), bytes: Bytes::from(bytes) })
        }
        Err(error) => {
            tracing::error!(%error, "word of new master data cannot be written down");
            None
        }
    }
}
