//! The simulated engine keeps what every engine keeps; and its faults take effect, and only those.

use std::sync::Arc;

use async_trait::async_trait;

use super::{Fate, Memory, Operation, Untroubled};
use crate::clock::SystemClock;
use crate::conformance::Bench;
use crate::seam::{Append, Appended, Seams};
use takt_protocol::id::{EntityId, Kind};
use takt_protocol::name::Region;

struct InMemory(Memory);

fn in_memory() -> InMemory {
    InMemory(memory(Untroubled))
}

fn memory(fates: impl super::Fates + 'static) -> Memory {
    Memory::new(3, Arc::new(SystemClock::start()), Box::new(fates))
}

#[async_trait]
impl Bench for InMemory {
    async fn seams(&mut self) -> Seams {
        self.0.seams()
    }

    async fn reopen(&mut self) -> Seams {
        self.0.crash();
        self.0.seams()
    }
}

crate::conformance_tests!(tokio::test, in_memory());

fn append() -> Vec<Append> {
    let entity = EntityId::from_parts(Kind::Order, Region::parse("eu").unwrap(), 1, 7);
    vec![Append { entity, after: 0, bytes: "x".into() }]
}

/// The first append meets `fate`; everything else goes well.
fn once(fate: Fate) -> impl FnMut(Operation) -> Fate + Send + 'static {
    let mut left = Some(fate);
    move |operation| if operation.name == "journal.append" { left.take().unwrap_or(Fate::Done) } else { Fate::Done }
}

#[tokio::test]
async fn a_lost_answer_leaves_the_effect_and_a_lost_request_leaves_nothing() {
    for (fate, there) in [(Fate::UnknownDone, 1), (Fate::UnknownNotDone, 0)] {
        let memory = memory(once(fate));
        let seams = memory.seams();
        let entity = append()[0].entity;
        assert_eq!(seams.journal.append(append()).await, [Appended::Unknown]);
        assert_eq!(seams.journal.read(entity, 0).await.unwrap().len(), there);
        assert_eq!(memory.account().values().sum::<u64>(), 1);
    }
}

#[tokio::test]
async fn a_dead_node_is_never_answered_and_what_it_did_before_it_died_is_there() {
    for (fate, there) in [(Fate::CrashAfter, 1), (Fate::CrashBefore, 0)] {
        let memory = memory(once(fate));
        let dead = memory.seams();
        let entity = append()[0].entity;
        let silence = std::time::Duration::from_millis(30);
        assert!(tokio::time::timeout(silence, dead.journal.append(append())).await.is_err(), "a dead node was answered");
        assert!(tokio::time::timeout(silence, dead.journal.last(entity)).await.is_err(), "a dead node was answered");
        assert_eq!(memory.seams().journal.read(entity, 0).await.unwrap().len(), there);
    }
}

#[tokio::test]
async fn a_lost_tail_is_really_lost_so_that_a_checker_can_prove_that_it_sees_it() {
    let memory = memory(Untroubled);
    let entity = append()[0].entity;
    memory.seams().journal.append(append()).await;
    memory.lose_tail(1);
    assert_eq!(memory.seams().journal.last(entity).await.unwrap(), 0);
}

#[tokio::test]
async fn a_bus_knows_whether_anybody_listens() {
    let bus = memory(Untroubled).seams().bus;
    assert!(!bus.is_heard());
    let listener = bus.subscribe("events.>", 1).await.unwrap();
    assert!(bus.is_heard());
    drop(listener);
    bus.publish(crate::seam::Note { subject: "events.eu".into(), id: "1".into(), bytes: "x".into() }).await.unwrap();
    assert!(!bus.is_heard(), "who left is still listened for");
}

#[tokio::test]
async fn a_node_that_is_held_still_writes_nothing_until_it_runs_again() {
    let memory = memory(Untroubled);
    let (seams, reins) = memory.node();
    let entity = append()[0].entity;
    reins.stop();
    let silence = std::time::Duration::from_millis(30);
    let writing = tokio::spawn(async move { seams.journal.append(append()).await });
    tokio::time::sleep(silence).await;
    assert_eq!(memory.seams().journal.last(entity).await.unwrap(), 0, "it wrote although it stood still");
    reins.run();
    assert!(matches!(writing.await.unwrap()[..], [Appended::Committed { .. }]));
}

#[tokio::test]
async fn a_restored_backup_has_what_stood_in_it_and_is_another_store() {
    let memory = memory(Untroubled);
    let (seams, entity) = (memory.seams(), append()[0].entity);
    seams.shelf.put(vec![("place/1".to_owned(), "7".into())]).await.unwrap();
    let (backup, before) = (memory.backup(), seams.journal.incarnation());
    assert!(matches!(seams.journal.append(append()).await[..], [Appended::Committed { .. }]));
    assert_eq!(memory.restore(backup), 1);
    let seams = memory.seams();
    assert_eq!(seams.journal.read(entity, 0).await.unwrap().len(), 0);
    assert_ne!(seams.journal.incarnation(), before);
    assert_eq!(seams.shelf.get("place/1").await.unwrap().unwrap(), "7");
    assert_eq!((memory.scribble("place/"), memory.scribble("other/")), (1, 0));
    assert_ne!(seams.shelf.get("place/1").await.unwrap().unwrap(), "7");
}
