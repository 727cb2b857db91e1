//! What becomes of master data once it stands in a log: the region's next decisions are made by it, and the plants that it
//! is for look again at what waits. Done before the rows are written, so that a crash between the two does it again.

use std::collections::BTreeSet;

use bytes::Bytes;
use takt_cluster::Error;
use takt_cluster::seam::{Message, QueueName};
use takt_cluster::views::Row;
use takt_protocol::book::{Book, SiteKind};
use takt_protocol::envelope::Envelope;
use takt_protocol::id::EntityId;
use takt_protocol::input::{Address, Body, Input};
use takt_protocol::name::{Region, SiteId};
use takt_protocol::record::Record;
use takt_protocol::{site, wire};

use super::rows::RECORDS;
use crate::node::Node;
use crate::tape::Run;

/// Takes in what a stretch of a log says of master data.
pub(super) async fn learn(node: &Node, shard: u16, run: &Run, rows: &[Row]) -> Result<(), Error> {
    let values = rows.iter().filter(|row| row.table == RECORDS).filter_map(|row| row.value.as_ref());
    let records: Vec<Record> = values.filter_map(|value| wire::decode("row", value).ok()).collect();
    if records.is_empty() {
        return Ok(());
    }
    let systems: BTreeSet<SiteId> = records.iter().filter_map(|record| record.of.as_ref()).map(|of| of.system).collect();
    node.learn(records);
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
