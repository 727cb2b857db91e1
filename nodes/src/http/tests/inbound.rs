//! The door for what systems tell.

use reqwest::StatusCode;
use takt_protocol::envelope::RawRef;

use super::{Back, Person, back};
use crate::ask::Limits;
use crate::ask::tests::fixture::{MES, PLANT, SIGNED, World, signature, site};

async fn tells(world: &World, path: &str, token: &str, body: Vec<u8>) -> Back {
    back(Person::plant(world).client.post(format!("http://{}{path}", world.doors.http)).bearer_auth(token).body(body)).await
}

/// What people see of the plant's site.
async fn cases(world: &World) -> Vec<String> {
    let site = world.mesh.book().site_entity(site("nord")).unwrap();
    world.state(&site.to_string()).await.common.cases.values().map(|case| case.what.clone()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_system_tells_is_kept_and_what_cannot_be_understood_is_a_case() {
    let world = World::start().await;
    for (topic, bytes, why) in [("recipes", &b"\x00\xff no JSON at all"[..], "recipes"), ("gossip", b"{}", "gossip")] {
        let taken = tells(&world, &format!("/in/nord/{topic}"), MES, bytes.to_vec()).await;
        assert_eq!((taken.status, taken.field("answer")), (StatusCode::ACCEPTED, "taken"));
        let clock = world.mesh.clock();
        while !cases(&world).await.iter().any(|what| what.contains(why)) {
            clock.sleep(std::time::Duration::from_millis(5)).await;
        }
        let kept = world.mesh.region_of(site("nord")).unwrap().node().seams.blobs.get(&RawRef::of(bytes)).await.unwrap();
        assert_eq!(kept.as_deref(), Some(bytes));
    }
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
    assert!(cases(&world).await.is_empty());
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_taken_is_said_so_and_may_come_again() {
    let world = World::limited(Limits { inbound_bytes_max: 1_000, ..Limits::default() }).await;
    let full = tells(&world, "/in/qms/results", MES, Vec::new()).await;
    full.is(503, "UNAVAILABLE", "");
    assert!(full.retry_after.is_some());
    tells(&world, "/in/nord/recipes", MES, vec![b'x'; 1_001]).await.is(413, "TOO_LARGE", "");
    assert!(cases(&world).await.is_empty());
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_signed_as_agreed_is_nobodys_and_every_delivery_is_listed() {
    let world = World::start().await;
    let now = world.mesh.clock().now();
    let tells = async |body: &str, headers: Vec<(String, String)>| {
        let post = Person::plant(&world).client.post(format!("http://{}/in/wms-hub/picked", world.doors.http)).bearer_auth(SIGNED);
        back(headers.iter().fold(post, |post, (name, text)| post.header(name, text)).body(body.to_owned())).await
    };
    let signed = signature().sign(b"{}", now);
    tells("{}", Vec::new()).await.is(401, "UNSIGNED", "X-Signature");
    tells("{ }", signed.clone()).await.is(401, "UNSIGNED", "X-Signature");
    let old = signature().sign(b"{}", now.minus(std::time::Duration::from_mins(15)));
    let late = tells("{}", old).await;
    late.is(401, "UNSIGNED", "X-Signature");
    assert!(late.field("message").contains(" s away from now, and 300 s are allowed"), "{late:?}");
    assert_eq!(tells("{}", signed).await.status, StatusCode::ACCEPTED);
    let listed = Person::plant(&world).gets("/v1/sites/wms-hub/deliveries?most=10").await;
    let rows = listed.body["rows"].as_array().unwrap();
    let outcomes: Vec<&str> = rows.iter().map(|row| row["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, ["set_aside", "refused", "refused", "refused"], "{rows:?}");
    assert_eq!(rows[0]["reference"], RawRef::of(b"{}").to_string());
    assert_eq!((&rows[0]["way"], &rows[0]["what"]), (&"in".into(), &"picked".into()));
    assert!(rows[1]["reference"].as_str().unwrap().is_empty(), "nothing is kept of what was refused: {rows:?}");
    Person::plant(&world).gets("/v1/sites/nowhere/deliveries").await.is(404, "UNKNOWN", "id");
    world.stop().await;
}
