//! What every engine keeps, as cases written once against the traits. A case gets a [`Bench`], which can open the store
//! anew after its node is gone; it panics with a sentence when a promise is broken. Tests only: nothing here runs in a node.

#![expect(clippy::unwrap_used, clippy::panic, clippy::missing_panics_doc, reason = "a case fails by panicking, as tests do")]

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use takt_protocol::id::{EntityId, Kind};
use takt_protocol::name::Region;

use crate::seam::{Append, Appended, Message, QueueName, Seams, Timer};

mod logs;
mod queues;
mod rest;

pub use logs::{
    a_conflict_does_not_punish_its_neighbours, a_stale_fence_is_refused_and_names_the_last_sequence, an_entity_reads_back_what_it_wrote,
    the_tail_shows_everything_once_in_order, the_tail_waits_for_what_is_not_there_yet, two_writers_of_one_entity_cannot_both_win,
    what_was_acknowledged_is_there_after_the_node_is_gone,
};
pub use queues::{
    a_buried_message_is_shown_with_its_reason_and_can_be_revived, a_message_is_handed_to_one_reader_until_its_lease_ends,
    a_message_put_back_comes_again_not_before_its_time, an_acknowledged_message_does_not_come_again,
    queues_are_apart_and_say_how_deep_they_are, queues_survive_the_node, the_oldest_message_is_shown_to_whoever_looks_and_handed_to_nobody,
};
pub use rest::{
    a_lease_has_one_holder_and_a_growing_epoch, a_request_is_answered_and_nobody_listening_is_said_so, a_subscriber_hears_what_matches,
    a_timer_comes_not_before_its_time_and_survives_the_node, leases_of_a_class_are_listed_while_they_are_held,
    payloads_are_found_by_their_hash, the_shelf_gives_back_what_was_put,
};

/// An engine under test.
#[async_trait]
pub trait Bench: Send {
    /// The seams of a node on the store.
    async fn seams(&mut self) -> Seams;

    /// The node is gone; the seams of another one on the same store.
    async fn reopen(&mut self) -> Seams;

    /// The shortest time for which the engine gives a lease.
    fn lease_time(&self) -> Duration {
        LEASE
    }
}

const LEASE: Duration = Duration::from_millis(200);

pub(crate) fn entity(number: u32) -> EntityId {
    let region = Region::parse("eu").unwrap();
    EntityId::from_parts(Kind::Order, region, 1, u128::from(number) << 100 | u128::from(number))
}

fn bytes(text: &str) -> Bytes {
    Bytes::copy_from_slice(text.as_bytes())
}

fn append(number: u32, after: u64, text: &str) -> Append {
    Append { entity: entity(number), after, bytes: bytes(text) }
}

fn message(queue: QueueName, id: &str) -> Message {
    Message { queue, id: id.to_owned(), bytes: bytes(id) }
}

fn committed(outcome: Option<&Appended>) -> u64 {
    match outcome {
        Some(Appended::Committed { sequence }) => *sequence,
        other => panic!("expected a commit, got {other:?}"),
    }
}

async fn write(seams: &Seams, number: u32, after: u64, text: &str) -> u64 {
    committed(seams.journal.append(vec![append(number, after, text)]).await.first())
}

/// Gives up when the engine hangs.
async fn soon<T>(seams: &Seams, wanted: impl Future<Output = T>) -> T {
    tokio::select! {
        biased;
        found = wanted => found,
        () = seams.clock.sleep(Duration::from_secs(20)) => panic!("no answer in twenty seconds"),
    }
}

/// Makes a test of each case for an engine: `conformance_tests!(fresh_bench)`.
#[macro_export]
macro_rules! conformance_tests {
    ($attribute:meta, $bench:expr) => {
        $crate::conformance_tests! { @each $attribute, $bench,
            an_entity_reads_back_what_it_wrote, a_stale_fence_is_refused_and_names_the_last_sequence,
            a_conflict_does_not_punish_its_neighbours, two_writers_of_one_entity_cannot_both_win,
            what_was_acknowledged_is_there_after_the_node_is_gone, the_tail_shows_everything_once_in_order,
            the_tail_waits_for_what_is_not_there_yet, an_acknowledged_message_does_not_come_again,
            a_message_is_handed_to_one_reader_until_its_lease_ends, a_message_put_back_comes_again_not_before_its_time,
            a_buried_message_is_shown_with_its_reason_and_can_be_revived, queues_survive_the_node,
            queues_are_apart_and_say_how_deep_they_are, the_oldest_message_is_shown_to_whoever_looks_and_handed_to_nobody, a_timer_comes_not_before_its_time_and_survives_the_node,
            payloads_are_found_by_their_hash, the_shelf_gives_back_what_was_put, a_lease_has_one_holder_and_a_growing_epoch,
            leases_of_a_class_are_listed_while_they_are_held, a_subscriber_hears_what_matches, a_request_is_answered_and_nobody_listening_is_said_so,
        }
    };
    (@each $attribute:meta, $bench:expr, $($case:ident,)*) => {
        $(
            #[$attribute]
            async fn $case() {
                let mut bench = $bench;
                $crate::conformance::$case(&mut bench).await;
            }
        )*
    };
}
