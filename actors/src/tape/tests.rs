use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use takt_cluster::clock::SystemClock;
use takt_cluster::memory::{Memory, Untroubled};
use takt_cluster::seam::{Append, Appended, Seams};
use takt_protocol::commit::{Commit, GENESIS};
use takt_protocol::envelope::RawRef;
use takt_protocol::id::{EntityId, Kind};
use takt_protocol::instant::Instant;
use takt_protocol::name::Region;
use takt_protocol::wire;

use super::{FRESH_MAX, Tape};

pub(crate) fn seams() -> Seams {
    Memory::new(1, Arc::new(SystemClock::start()), Box::new(Untroubled)).seams()
}

pub(crate) fn order(number: u128) -> EntityId {
    EntityId::from_parts(Kind::Order, Region::parse("eu").unwrap(), 1, number)
}

/// Writes a first commit of an order; its sequence.
pub(crate) async fn write(seams: &Seams, commit: &mut Commit) -> u64 {
    let bytes = Bytes::from(wire::seal(commit).unwrap().bytes);
    let after = seams.journal.last(commit.entity).await.unwrap();
    let outcomes = seams.journal.append(vec![Append { entity: commit.entity, after, bytes }]).await;
    match outcomes.first() {
        Some(Appended::Committed { sequence }) => *sequence,
        other => panic!("the append was answered {other:?}"),
    }
}

pub(crate) fn commit(entity: EntityId, number: u64) -> Commit {
    Commit {
        entity,
        number,
        previous: RawRef::from_bytes(GENESIS),
        site: None,
        incarnation: 1,
        config: String::new(),
        schema: wire::SCHEMA,
        at: Instant::EPOCH,
        steps: Vec::new(),
        who: Vec::new(),
        raw: Vec::new(),
    }
}

async fn soon<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(5), work).await.unwrap()
}

#[tokio::test]
async fn followers_that_go_together_share_what_was_read() {
    let seams = seams();
    let tape = Tape::new(Arc::clone(&seams.journal), 10);
    let (one, other, written) = tokio::join!(soon(tape.after(0, 0)), soon(tape.after(0, 0)), async {
        tokio::task::yield_now().await;
        write(&seams, &mut commit(order(1), 1)).await
    });
    let (one, other) = (one.unwrap(), other.unwrap());
    assert!(Arc::ptr_eq(&one, &other), "the log was read twice");
    assert_eq!((one.after, one.upto, one.commits.len()), (0, written, 1));
}

#[tokio::test]
async fn who_is_behind_does_not_wait_for_who_is_in_front() {
    let seams = seams();
    let tape = Arc::new(Tape::new(Arc::clone(&seams.journal), 1));
    let mut last = 0;
    for number in 1..=10 {
        last = write(&seams, &mut commit(order(number), 1)).await;
    }
    let front = tokio::spawn({
        let tape = Arc::clone(&tape);
        async move { tape.after(0, last).await }
    });
    tokio::task::yield_now().await;
    let mut cursor = 0;
    while cursor < last {
        let stretch = soon(tape.after(0, cursor)).await.unwrap();
        assert_eq!(stretch.commits.len(), 1);
        cursor = stretch.upto;
    }
    assert!(!front.is_finished(), "there was nothing to read for it");
    write(&seams, &mut commit(order(99), 1)).await;
    assert_eq!(soon(front).await.unwrap().unwrap().commits.len(), 1);
}

#[tokio::test]
async fn a_reader_that_stops_listening_holds_up_nobody() {
    let seams = seams();
    let tape = Tape::new(Arc::clone(&seams.journal), 10);
    // Asked for once, and never again, as behind a line that hangs.
    let mut hangs = std::pin::pin!(tape.alone(0, 0));
    assert!(futures::poll!(hangs.as_mut()).is_pending());
    write(&seams, &mut commit(order(1), 1)).await;
    assert_eq!(soon(tape.after(0, 0)).await.unwrap().commits.len(), 1);
    assert_eq!(soon(hangs).await.unwrap().commits.len(), 1);
}

#[tokio::test]
async fn a_reader_that_is_gone_leaves_the_tape_to_the_next() {
    let seams = seams();
    let tape = Tape::new(Arc::clone(&seams.journal), 10);
    assert!(tokio::time::timeout(Duration::from_millis(20), tape.after(0, 0)).await.is_err());
    write(&seams, &mut commit(order(1), 1)).await;
    assert_eq!(soon(tape.after(0, 0)).await.unwrap().commits.len(), 1);
}

#[tokio::test]
async fn what_cannot_be_read_is_passed_over_and_the_rest_goes_on() {
    let seams = seams();
    let tape = Tape::new(Arc::clone(&seams.journal), 10);
    let odd = Append { entity: order(1), after: 0, bytes: Bytes::from_static(b"not ours") };
    assert!(matches!(seams.journal.append(vec![odd]).await.first(), Some(Appended::Committed { .. })));
    let last = write(&seams, &mut commit(order(2), 1)).await;
    let stretch = soon(tape.after(0, 0)).await.unwrap();
    assert_eq!((stretch.upto, stretch.commits.len()), (last, 1));
}

#[tokio::test]
async fn what_a_newer_binary_wrote_stops_who_follows_and_is_not_passed_over() {
    let seams = seams();
    let tape = Tape::new(Arc::clone(&seams.journal), 10);
    let read = write(&seams, &mut commit(order(1), 1)).await;
    let mut newer = commit(order(2), 1);
    newer.schema = wire::SCHEMA + 1;
    write(&seams, &mut newer).await;
    assert_eq!(soon(tape.after(0, 0)).await.unwrap().upto, read);
    let error = soon(tape.after(0, read)).await.unwrap_err().to_string();
    assert!(error.contains("newer binary"), "{error}");
}

/// A commit as it is said to have been written, and what stands in the log for it.
fn said(number: u128, config: &str) -> (Bytes, Commit) {
    let bytes = Bytes::from(wire::seal(&mut commit(order(number), 1)).unwrap().bytes);
    (bytes, Commit { config: config.to_owned(), ..commit(order(number), 1) })
}

#[tokio::test]
async fn what_this_node_wrote_is_not_decoded_again_and_what_another_wrote_is() {
    let seams = seams();
    let tape = Tape::new(Arc::clone(&seams.journal), 10);
    let first = write(&seams, &mut commit(order(1), 1)).await;
    soon(tape.after(0, 0)).await.unwrap();
    // Only who takes it from the tape's memory sees the word that is not in the log.
    let (bytes, ours) = said(2, "ours");
    tape.written(&bytes, ours);
    let (_, never) = said(3, "never written so");
    tape.written(&Bytes::from_static(b"other bytes"), never);
    for number in [2, 3] {
        write(&seams, &mut commit(order(number), 1)).await;
    }
    let stretch = soon(tape.after(0, first)).await.unwrap();
    assert_eq!(stretch.commits.iter().map(|recorded| recorded.commit.config.as_str()).collect::<Vec<_>>(), ["ours", ""]);
}

#[test]
fn what_nobody_will_read_takes_no_room_for_ever() {
    let tape = Tape::new(seams().journal, 10);
    let kept = || tape.reels[0].fresh().commits.len();
    let fill = |numbers: std::ops::Range<u128>| {
        for (bytes, commit) in numbers.map(|number| said(number, "")) {
            tape.written(&bytes, commit);
        }
    };
    fill(0..10);
    assert_eq!(kept(), 0, "nobody follows");
    tape.reels[0].fresh().followed = true;
    fill(0..FRESH_MAX as u128 + 10);
    assert_eq!((kept(), tape.reels[0].fresh().order.len()), (FRESH_MAX, FRESH_MAX));
}

#[tokio::test]
async fn who_pauses_gets_all_short_stretches_that_were_read_meanwhile() {
    let seams = seams();
    let tape = Tape::new(Arc::clone(&seams.journal), 10);
    let mut cursor = 0;
    for number in 1..=5 {
        write(&seams, &mut commit(order(number), 1)).await;
        cursor = soon(tape.after(0, cursor)).await.unwrap().upto;
    }
    assert_eq!(soon(tape.alone(0, 0)).await.unwrap().commits.len(), 1, "they were read one by one");
    let run = soon(tape.all_alone(0, 0)).await.unwrap();
    assert_eq!((run.upto, run.commits().count()), (cursor, 5));
}
