//! The mesh that the tests of both doors ask: real regions in a temporary directory, with sites that do what they are told.

use std::sync::Arc;

use super::{Client, Clients, Limits, Reception, Verb, v1};

pub(crate) mod fixture;

/// Bytes of a request that waits for its answer: it is allocated, cleared and copied for each.
const REQUEST_BYTES_MAX: usize = 8 << 10;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_waits_takes_little_memory() {
    let world = fixture::World::start().await;
    let reception = Reception::new(Arc::clone(&world.mesh), Clients::new([]), Limits::default());
    let client =
        Client { source: takt_protocol::name::Source::parse("bench").unwrap(), role: takt_protocol::words::Role::parse("plant").unwrap() };
    let verb = Verb::ConfirmCompletion(v1::ConfirmCompletion::default());
    let taken = size_of_val(&reception.decided(&client, &verb));
    assert!(taken <= REQUEST_BYTES_MAX, "{taken} bytes, of which {} to read it", size_of_val(&reception.read(&client, &verb)));
    drop(reception);
    world.stop().await;
}
