use std::sync::Arc;
use std::time::Duration;

use ractor::Actor;
use takt_cluster::seam::{Message, QueueName, Seams};
use takt_cluster::views::Views;
use takt_protocol::envelope::{Envelope, Key, Mark};
use takt_protocol::fact::Fact;
use takt_protocol::id::{EntityId, Kind};
use takt_protocol::input::{Address, Body, Input};
use takt_protocol::instant::Instant;
use takt_protocol::name::{Region, SiteId};
use takt_protocol::native::{NativeId, NativeKind, Ref};
use takt_protocol::shipment::{self, Report};
use takt_protocol::wire;

use super::Intake;
use crate::committer::{self, Committer};
use crate::duties::Duties;
use crate::hall::{Hall, Keeper};
use crate::index::{self, Index};
use crate::reach::Reach;
use crate::tape::tests::{seams, write};

const QUEUE: QueueName = QueueName::In { shard: 0 };

fn delivery(number: &str) -> Ref {
    Ref::new(SiteId::parse("wms").unwrap(), NativeKind::Shipment, NativeId::parse(number).unwrap())
}

/// Makes a shipment known, under two names.
async fn announce(seams: &Seams) {
    let warehouse = SiteId::parse("wms").unwrap();
    let key = Key { source: warehouse, epoch: 0, mark: Mark::Number(2) };
    let report = Report::Announced { warehouse, delivery: NativeId::parse("8000").unwrap(), lines: Vec::new(), planned: None };
    let to = Address::Native { kind: Kind::Shipment, names: vec![delivery("8000"), delivery("SHP-1")] };
    let input = Input { to, envelope: Envelope::of(key, Instant::EPOCH), body: Body::Shipment(shipment::Input::Report(report)) };
    let bytes = wire::pack(input).unwrap().into();
    seams.queue.publish(vec![Message { queue: QUEUE, id: "announced".to_owned(), bytes }]).await.unwrap();
}

#[tokio::test]
async fn nobody_is_born_under_a_name_that_the_index_has_not_read_yet() {
    let seams = seams();
    let node = index::tests::node(&seams);
    let known = EntityId::from_parts(Kind::Shipment, Region::parse("eu").unwrap(), 1, 1);
    let first = write(&seams, &mut index::tests::saying(known, 1, vec![Fact::Named(delivery("SHP-1"))])).await;
    let (committer, waiting) = Committer::pair();
    tokio::spawn(committer::run(node.clone(), waiting));
    let hall = Hall::new(node.clone(), committer);
    let (keeper, _) = Actor::spawn(None, Keeper { hall: hall.clone() }, ()).await.unwrap();
    let index = Index::new(node.region, Views::in_memory());
    let duties = Arc::new(Duties::new(1, &[], &[], Some(Instant::EPOCH)));
    let reach = Reach { node: node.clone(), hall, duties };
    let intake = Intake { node: node.clone(), reach, index: index.clone() };
    announce(&seams).await;
    let taken = async || {
        let pulled = seams.queue.pull(QUEUE, 1, Duration::from_secs(30)).await.unwrap();
        intake.take(pulled.into_iter().next().unwrap()).await;
    };

    taken().await;
    assert_eq!(seams.journal.head(0).await.unwrap(), first, "the index has read nothing: nobody may be born");
    assert_eq!(seams.queue.depth(QUEUE).await.unwrap(), 1, "and nothing is lost");

    let reading = tokio::spawn(index::run(node, index.clone(), 0));
    taken().await;
    assert!(seams.journal.last(known).await.unwrap() > first, "it belongs to the one that has its other name");
    assert_eq!(seams.queue.depth(QUEUE).await.unwrap(), 0);
    reading.abort();
    keeper.stop(None);
}
