//! A store goes into a folder and comes back whole, into an empty place only; and a folder in which something is not as it was written
//! restores nothing.

use bytes::Bytes;
use takt_cluster::embedded::Settings;
use takt_cluster::seam::{Append, Appended, Message, QueueName};
use takt_protocol::commit::{Commit, GENESIS};
use takt_protocol::envelope::RawRef;
use takt_protocol::id::{EntityId, Kind};
use takt_protocol::wire;

use super::*;

const IN: QueueName = QueueName::In { shard: 0 };

fn eu() -> Region {
    Region::parse("eu").unwrap()
}

fn store(dir: &Path) -> Embedded {
    Embedded::open(dir, Settings::of(eu()), Arc::new(SystemClock::start())).unwrap()
}

/// Appends commits of some entities in turn; the hash of the last one of each.
async fn fill(seams: &Seams) -> manifest::Heads {
    let mut heads = manifest::Heads::new();
    let mut fences = BTreeMap::new();
    for number in 1..=3 {
        for order in 0..5 {
            let entity = EntityId::from_parts(Kind::Order, eu(), 1, order);
            let mut commit = Commit {
                entity,
                number,
                previous: heads.get(&entity).copied().unwrap_or(RawRef::from_bytes(GENESIS)),
                site: None,
                incarnation: seams.journal.incarnation(),
                config: "c".to_owned(),
                schema: wire::SCHEMA,
                at: seams.clock.now(),
                steps: Vec::new(),
                who: Vec::new(),
                raw: Vec::new(),
            };
            let sealed = wire::seal(&mut commit).unwrap();
            heads.insert(entity, sealed.hash);
            let after = fences.get(&entity).copied().unwrap_or(0);
            let done = seams.journal.append(vec![Append { entity, after, bytes: sealed.bytes.into() }]).await;
            let [Appended::Committed { sequence }] = done[..] else { panic!("{done:?}") };
            fences.insert(entity, sequence);
        }
    }
    heads
}

async fn say(seams: &Seams, id: &str) {
    seams.queue.publish(vec![Message { queue: IN, id: id.to_owned(), bytes: Bytes::from(id.to_owned()) }]).await.unwrap();
}

/// A store with something of everything, and a backup of it.
async fn backed_up(room: &Path) -> manifest::Heads {
    let engine = store(&room.join("a"));
    let seams = engine.seams();
    let heads = fill(&seams).await;
    say(&seams, "dead").await;
    let found = seams.queue.pull(IN, 1, std::time::Duration::from_mins(1)).await.unwrap();
    seams.queue.bury(found[0].receipt, "cannot be read".to_owned()).await.unwrap();
    // What is put on the shelf is there with the next durable write.
    restored::put_place(&seams, "dispatcher", 0, 7).await.unwrap();
    say(&seams, "one").await;
    say(&seams, "two").await;
    let made = write::region(&seams, eu(), &[], &room.join("backup")).await.unwrap();
    assert!(made.line("").contains("15 commits of 5 entities, 2 messages that wait, 1 dead letters"), "{}", made.line(""));
    engine.stop();
    heads
}

#[tokio::test]
async fn a_store_comes_back_whole_and_reconciling_and_only_into_an_empty_place() {
    let room = tempfile::tempdir().unwrap();
    let heads = backed_up(room.path()).await;
    let whole = read::verified(&room.path().join("backup"), eu()).unwrap();
    let engine = store(&room.path().join("b"));
    let seams = engine.seams();
    read::into(&seams, &room.path().join("backup"), &whole).await.unwrap();
    for (entity, head) in &heads {
        let log = seams.journal.read(*entity, 0).await.unwrap();
        assert_eq!((log.len(), wire::open(&log.last().unwrap().bytes).unwrap().1), (3, *head), "{entity}");
    }
    let waiting = seams.queue.list(IN, 0, 10).await.unwrap();
    assert_eq!(waiting.iter().map(|(_, id, _)| id.as_str()).collect::<Vec<_>>(), ["one", "two"]);
    assert_eq!(seams.queue.buried(IN, 10).await.unwrap(), [("dead".to_owned(), "cannot be read".to_owned(), Bytes::from("dead"))]);
    assert_eq!(restored::place(&seams, "dispatcher", 0).await.unwrap(), 7);
    assert_eq!(restored::standing(&seams).await.unwrap(), Some(Restored::Reconciling));
    let again = read::into(&seams, &room.path().join("backup"), &whole).await.unwrap_err();
    assert!(again.to_string().contains("there is a region already"), "{again}");
    let word = Word { by: "ada".to_owned(), reason: "the books agree".to_owned(), at: seams.clock.now() };
    restored::compared(&seams, &word).await.unwrap();
    drop(seams);
    engine.stop();
    let engine = store(&room.path().join("b"));
    assert_eq!(restored::standing(&engine.seams()).await.unwrap(), Some(Restored::Compared));
    let engine = store(&room.path().join("a"));
    assert_eq!(restored::standing(&engine.seams()).await.unwrap(), None, "it was never restored");
}

#[tokio::test]
async fn nobody_starts_on_a_store_whose_restore_did_not_come_to_its_end() {
    let room = tempfile::tempdir().unwrap();
    let engine = store(room.path());
    restored::begin(&engine.seams()).await.unwrap();
    // What is put on the shelf is there with the next durable write.
    say(&engine.seams(), "one").await;
    let refused = restored::standing(&engine.seams()).await.unwrap_err();
    assert!(refused.to_string().contains("restore again"), "{refused}");
    restored::end(&engine.seams()).await.unwrap();
    say(&engine.seams(), "two").await;
    assert_eq!(restored::standing(&engine.seams()).await.unwrap(), None);
}

#[tokio::test]
async fn a_backup_that_is_not_as_it_was_written_restores_nothing() {
    let room = tempfile::tempdir().unwrap();
    backed_up(room.path()).await;
    let dir = room.path().join("backup");
    let refused = |region: &str| format!("{:#}", read::verified(&dir, Region::parse(region).unwrap()).unwrap_err());
    assert!(refused("na").contains("it is of region eu, not of na"), "{}", refused("na"));
    for part in [manifest::LOG, manifest::QUEUES, manifest::DEAD] {
        let path = dir.join(part);
        let bytes = std::fs::read(&path).unwrap();
        for (at, change) in [(bytes.len() / 2, 1), (bytes.len() - 1, 255)] {
            let mut damaged = bytes.clone();
            damaged[at] = damaged[at].wrapping_add(change);
            std::fs::write(&path, &damaged).unwrap();
            read::verified(&dir, eu()).expect_err("a byte was changed, and nobody noticed");
        }
        std::fs::write(&path, &bytes[..bytes.len() - 1]).unwrap();
        read::verified(&dir, eu()).expect_err("its end is missing, and nobody noticed");
        std::fs::write(&path, &bytes).unwrap();
    }
    assert!(read::verified(&dir, eu()).is_ok());
    std::fs::remove_file(dir.join(manifest::FILE)).unwrap();
    assert!(refused("eu").contains("name the folder of a backup that came to its end"), "{}", refused("eu"));
}
