//! The door for what systems tell.

use reqwest::StatusCode;

use super::{Back, Person, back};
use crate::ask::Limits;
use crate::ask::tests::fixture::{MES, PLANT, World};

async fn tells(world: &World, path: &str, token: &str, body: Vec<u8>) -> Back {
    back(Person::plant(world).client.post(format!("http://{}{path}", world.doors.http)).bearer_auth(token).body(body)).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_system_tells_what_it_wants_and_its_bytes_are_taken_as_they_are() {
    let world = World::start().await;
    let taken = tells(&world, "/in/nord/reports", MES, b"\x00\xff no JSON at all".to_vec()).await;
    assert_eq!((taken.status, taken.field("answer")), (StatusCode::ACCEPTED, "taken"));
    assert_eq!(world.told.payloads.lock().unwrap()[0].1.as_ref(), b"\x00\xff no JSON at all");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_speaks_for_a_system_without_its_token() {
    let world = World::start().await;
    for (path, token) in
        [("/in/nord/reports", PLANT), ("/in/nord/reports", ""), ("/in/wms-hub/reports", MES), ("/in/No%20One/reports", MES)]
    {
        tells(&world, path, token, Vec::new()).await.is(401, "UNAUTHENTICATED", "authorization");
    }
    assert!(world.told.payloads.lock().unwrap().is_empty());
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_taken_is_said_so_and_may_come_again() {
    let world = World::limited(Limits { inbound_bytes_max: 1_000, ..Limits::default() }).await;
    let topic = tells(&world, "/in/nord/gossip", MES, Vec::new()).await;
    topic.is(404, "UNKNOWN_TOPIC", "topic");
    assert_eq!(topic.body["choices"], serde_json::json!(["full", "reports"]));
    let full = tells(&world, "/in/nord/full", MES, Vec::new()).await;
    full.is(503, "UNAVAILABLE", "");
    assert!(full.retry_after.is_some());
    tells(&world, "/in/nord/reports", MES, vec![b'x'; 1_001]).await.is(413, "TOO_LARGE", "");
    assert!(world.told.payloads.lock().unwrap().is_empty());
    world.stop().await;
}
