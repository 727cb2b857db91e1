//! The embedded engine keeps what every engine keeps; and what only a file can break.

use std::sync::Arc;

use async_trait::async_trait;
use takt_protocol::name::Region;

use super::{Embedded, Settings};
use crate::clock::SystemClock;
use crate::conformance::Bench;
use crate::seam::Seams;

struct OnDisk {
    dir: tempfile::TempDir,
    engine: Option<Embedded>,
}

fn on_disk() -> OnDisk {
    OnDisk { dir: tempfile::tempdir().unwrap(), engine: None }
}

fn settings() -> Settings {
    Settings { shards: 3, ..Settings::of(Region::parse("eu").unwrap()) }
}

fn open(dir: &std::path::Path, settings: Settings) -> Result<Embedded, crate::Error> {
    Embedded::open(dir, settings, Arc::new(SystemClock::start()))
}

#[async_trait]
impl Bench for OnDisk {
    async fn seams(&mut self) -> Seams {
        self.engine.get_or_insert_with(|| open(self.dir.path(), settings()).unwrap()).seams()
    }

    async fn reopen(&mut self) -> Seams {
        self.engine.take();
        self.seams().await
    }
}

crate::conformance_tests!(tokio::test, on_disk());

#[tokio::test]
async fn a_store_of_another_shard_count_is_refused_with_a_remedy() {
    let dir = tempfile::tempdir().unwrap();
    open(dir.path(), settings()).unwrap().stop();
    let refused = open(dir.path(), Settings { shards: 4, ..settings() }).err().unwrap().to_string();
    assert!(refused.contains("3 shards") && refused.contains("truth.redb"), "{refused}");
}

#[tokio::test]
async fn a_store_that_another_process_has_open_is_refused_with_a_remedy() {
    let dir = tempfile::tempdir().unwrap();
    let _first = open(dir.path(), settings()).unwrap();
    let refused = open(dir.path(), settings()).err().unwrap().to_string();
    assert!(refused.contains("another process"), "{refused}");
}

#[tokio::test]
async fn a_file_that_is_not_a_store_is_refused_and_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let place = dir.path().join("truth.redb");
    std::fs::write(&place, b"minutes of a meeting, not a store; long enough to be looked at as one").unwrap();
    assert!(open(dir.path(), settings()).is_err());
    assert!(std::fs::read(&place).unwrap().starts_with(b"minutes"));
}

#[tokio::test]
async fn a_full_queue_says_so_and_takes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let engine = open(dir.path(), settings()).unwrap();
    let queue = crate::seam::QueueName::In { shard: 0 };
    let message = |id: &str| crate::seam::Message { queue, id: id.into(), bytes: id.to_owned().into() };
    let seams = engine.seams();
    seams.queue.offer(vec![message("a"), message("b")], 2).await.unwrap();
    let full = seams.queue.offer(vec![message("c")], 2).await.unwrap_err();
    assert!(full.is_transient(), "{full}");
    assert_eq!(seams.queue.depth(queue).await.unwrap(), 2);
    seams.queue.offer(vec![message("c")], 3).await.unwrap();
}

#[tokio::test]
async fn two_stores_have_two_incarnations_and_one_keeps_its_own() {
    let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let first = open(one.path(), settings()).unwrap().seams().journal.incarnation();
    let second = open(other.path(), settings()).unwrap().seams().journal.incarnation();
    assert_ne!(first, second);
    assert_eq!(open(one.path(), settings()).unwrap().seams().journal.incarnation(), first);
}
