//! What became of an append when nobody said so: the log is the witness.

use std::time::Duration;

use takt_protocol::subject;
use tokio::sync::{Semaphore, oneshot};

use super::super::JetStream;
use super::super::api::Item;
use super::super::committer::{Job, headers};
use super::super::fault::Fault;
use super::super::reads;
use super::super::settle::settle;
use super::{calm, eu, open, quick};
use crate::conformance::entity;
use crate::seam::{Append, Appended, Journal as _, QueueName};

async fn engine() -> JetStream {
    let (servers, account) = calm();
    open(quick(servers.settings(eu(), account))).await
}

/// An append as the committer would have sent it.
fn job(engine: &JetStream, id: &str, after: u64, text: &str) -> Job {
    let order = entity(1);
    let append = Append { entity: order, after, bytes: text.to_owned().into() };
    let until = engine.shared.api.clock.elapsed() + Duration::from_secs(5);
    Job::new(append, subject::log(&order, order.shard(3)), id.to_owned(), until, oneshot::channel().0)
}

async fn arrives(engine: &JetStream, job: &Job) -> u64 {
    let item = Item { subject: job.subject.clone(), headers: headers(job), bytes: job.append.bytes.clone() };
    engine.shared.api.store(item).await.unwrap()
}

async fn settled(engine: &JetStream, job: &Job, fault: Fault) -> Appended {
    settle(&engine.shared.api, &engine.shared.names.log, job, fault, &Semaphore::new(1)).await
}

#[tokio::test]
async fn an_append_whose_acknowledgement_was_lost_is_found_by_its_id_and_not_written_twice() {
    let engine = engine().await;
    let mine = job(&engine, "me-1", 0, "same bytes");
    let sequence = arrives(&engine, &mine).await;
    assert_eq!(settled(&engine, &mine, Fault::Silent).await, Appended::Committed { sequence });
    // Also when it was overtaken since.
    arrives(&engine, &job(&engine, "me-2", sequence, "the next")).await;
    assert_eq!(settled(&engine, &mine, Fault::Fence).await, Appended::Committed { sequence });
    assert_eq!(engine.shared.read(entity(1), 0).await.unwrap().len(), 2);
}

#[tokio::test]
async fn an_append_that_was_lost_is_written_once_and_one_that_lost_is_a_conflict_though_its_bytes_are_the_same() {
    let engine = engine().await;
    let mine = job(&engine, "me-1", 0, "same bytes");
    let written = settled(&engine, &mine, Fault::Silent).await;
    let Appended::Committed { sequence } = written else { panic!("{written:?}") };
    let theirs = job(&engine, "you-1", 0, "same bytes");
    for fault in [Fault::Silent, Fault::Fence, Fault::Absent] {
        assert_eq!(settled(&engine, &theirs, fault).await, Appended::Conflict { last: sequence });
    }
    assert_eq!(engine.shared.read(entity(1), 0).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_fence_that_was_refused_although_it_is_right_is_tried_again() {
    let engine = engine().await;
    let outcome = settled(&engine, &job(&engine, "me-1", 0, "x"), Fault::Fence).await;
    assert!(matches!(outcome, Appended::Committed { .. }), "{outcome:?}");
}

#[tokio::test]
async fn a_late_copy_of_an_append_that_came_through_meanwhile_changes_nothing() {
    let engine = engine().await;
    let mine = job(&engine, "me-1", 0, "x");
    assert!(matches!(settled(&engine, &mine, Fault::Silent).await, Appended::Committed { .. }));
    let item = Item { subject: mine.subject.clone(), headers: headers(&mine), bytes: mine.append.bytes.clone() };
    assert_eq!(engine.shared.api.store(item).await, Err(Fault::Fence));
    assert_eq!(engine.shared.read(entity(1), 0).await.unwrap().len(), 1);
}

#[tokio::test]
async fn many_appends_at_once_go_in_batches_and_one_conflict_in_them_punishes_nobody_else() {
    let engine = engine().await;
    let journal = engine.seams().journal;
    let append = |number: u32, text: &str| Append { entity: entity(number), after: 0, bytes: text.to_owned().into() };
    let Some(Appended::Committed { sequence: there }) = journal.append(vec![append(77, "there")]).await.first().copied() else { panic!() };
    let outcomes = journal.append((0..400).map(|number| append(number, "many")).collect()).await;
    for (number, outcome) in (0_u32..).zip(&outcomes) {
        match outcome {
            Appended::Conflict { last } => assert_eq!((number, *last), (77, there)),
            Appended::Committed { sequence } => assert_eq!(journal.last(entity(number)).await.unwrap(), *sequence, "{number}"),
            Appended::Unknown => panic!("{number} is unknown on calm servers"),
        }
    }
    assert_eq!(outcomes.iter().filter(|outcome| matches!(outcome, Appended::Conflict { .. })).count(), 1);
    // 200 that nobody contests stand in the log as the batches they came in.
    journal.append((1_000..1_200).map(|number| append(number, "many")).collect()).await;
    let order = entity(1_199);
    let last = reads::last(&engine.shared.api, &engine.shared.names.log, &subject::log(&order, order.shard(3))).await.unwrap().unwrap();
    let place: usize = last.header("Nats-Batch-Sequence").expect("it came alone").parse().unwrap();
    assert!(place > 50, "batches of {place} are none");
}

#[tokio::test]
async fn the_largest_commit_is_taken_and_read_back_and_a_larger_one_is_not_tried() {
    let engine = engine().await;
    let journal = engine.seams().journal;
    let most = takt_protocol::wire::COMMIT_BYTES_MAX;
    let large = |bytes: usize, after| vec![Append { entity: entity(5), after, bytes: vec![7; bytes].into() }];
    let written = journal.append(large(most, 0)).await;
    let [Appended::Committed { sequence }] = written[..] else { panic!("{written:?}") };
    assert_eq!(journal.append(large(most + 1, sequence)).await, [Appended::Unknown]);
    let read = journal.read(entity(5), 0).await.unwrap();
    assert_eq!(read.iter().map(|entry| entry.bytes.len()).collect::<Vec<_>>(), [most]);
}

#[tokio::test]
async fn what_a_node_was_handed_is_free_at_once_when_it_ends_in_order() {
    let (servers, account) = calm();
    let settings = super::Settings { silence: Duration::from_hours(1), ..quick(servers.settings(eu(), account)) };
    let queue = QueueName::In { shard: 0 };
    let first = open(settings.clone()).await;
    let message = crate::seam::Message { queue, id: "größe 4/7\r\n".to_owned(), bytes: "x".into() };
    first.seams().queue.publish(vec![message]).await.unwrap();
    assert_eq!(first.seams().queue.pull(queue, 5, Duration::from_hours(1)).await.unwrap().len(), 1);
    first.stop().await;
    let second = open(settings).await.seams();
    let pulled = tokio::time::timeout(Duration::from_secs(10), second.queue.pull(queue, 5, Duration::from_hours(1))).await;
    let found = pulled.expect("it is still the first one's").unwrap();
    assert_eq!(found.iter().map(|delivery| (delivery.id.as_str(), delivery.deliveries)).collect::<Vec<_>>(), [("größe 4/7\r\n", 2)]);
}

#[tokio::test]
async fn public_events_are_kept_for_those_who_come_later_and_other_notes_are_not() {
    let engine = engine().await;
    let bus = engine.seams().bus;
    let note = |subject: String| crate::seam::Note { id: "e-1".to_owned(), subject, bytes: "x".into() };
    let event = subject::event(eu(), None, "order", "released");
    bus.publish(note(event.clone())).await.unwrap();
    bus.publish_all(vec![note(subject::command(eu(), 1)), note(event.clone()), note(event.clone())]).await.unwrap();
    let kept = reads::last(&engine.shared.api, &engine.shared.names.events, &event).await.unwrap().unwrap();
    assert_eq!((kept.sequence, kept.header("Takt-Id")), (3, Some("e-1")));
    let stored: serde_json::Value = engine.shared.api.call("STREAM.INFO.takt-eu-evt", &serde_json::Value::Null).await.unwrap();
    assert_eq!(stored["state"]["messages"], 3);
}
