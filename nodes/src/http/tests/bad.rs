//! Bad input of every kind: a clear typed answer, and nothing moves.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use takt_cluster::seam::{Message, QueueName};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::{Person, back, completion, hold, release};
use crate::ask::tests::fixture::{PLANT, World};
use crate::ask::{Limits, Room};

const RELEASES: &str = "/v1/production-order-releases";

/// A release with one field changed.
fn but(field: &str, value: Value) -> Value {
    let mut body = release("PL-9");
    body[field] = value;
    body
}

/// A release without one field.
fn without(field: &str) -> Value {
    let mut body = release("PL-9");
    body.as_object_mut().unwrap().remove(field);
    body
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_senseless_release_is_told_which_field_and_what_to_do() {
    let world = World::start().await;
    let plant = Person::plant(&world);
    let table = [
        (without("total"), 400, "SCHEMA", "total"),
        (but("total", json!(480)), 400, "SCHEMA", "total"),
        (but("colour", json!("red")), 400, "SCHEMA", "colour"),
        (json!([]), 400, "SCHEMA", ""),
        (but("total", json!("")), 400, "SCHEMA", "total"),
        (but("total", json!("480 PCE")), 422, "UOM_UNMAPPED", "total"),
        (but("total", json!("480 KGM")), 422, "UOM_UNMAPPED", "total"),
        (but("total", json!("4e2 H87")), 422, "SCHEMA", "total"),
        (but("total", json!("0 H87")), 422, "SCHEMA", "total"),
        (but("start", json!("2026-11-24T06:00:00")), 422, "SCHEMA", "start"),
        (but("end", json!("2026-11-20T06:00:00Z")), 422, "SCHEMA", "end"),
        (but("erp", json!("erp-us")), 422, "UNKNOWN", "erp"),
        (but("erp", json!("nord")), 422, "UNKNOWN", "erp"),
        (but("erp", json!("ERP EU")), 422, "SCHEMA", "erp"),
        (but("plant", json!("west")), 422, "UNKNOWN", "plant"),
        (but("material", json!("FG-1OO")), 422, "MISSING_MATERIAL", "material"),
        (but("recipe", json!("\u{7}")), 422, "SCHEMA", "recipe"),
        (but("planned_order", json!("a\u{0}b")), 422, "SCHEMA", "planned_order"),
        (but("planned_order", json!("x".repeat(65))), 422, "SCHEMA", "planned_order"),
        (but("planned_order", json!("   ")), 422, "SCHEMA", "planned_order"),
    ];
    for (at, (body, status, code, field)) in table.into_iter().enumerate() {
        plant.posts(RELEASES, &format!("bad{at}"), body).await.is(status, code, field);
    }
    let good = plant.posts(RELEASES, "good", release("PL-9")).await;
    assert_eq!(good.field("answer"), "accepted", "nothing of the above made the order: {good:?}");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_place_is_answered_with_where_to_configure_it_and_what_there_is() {
    let world = World::start().await;
    let plant = Person::plant(&world);
    let erp = plant.posts(RELEASES, "k1", but("erp", json!("erp-us"))).await;
    assert!(erp.field("remedy").contains("sites/erp-us.yaml"), "{erp:?}");
    assert_eq!(erp.body["choices"], json!(["erp-eu"]));
    let plant_less = plant.posts(RELEASES, "k2", but("plant", json!("west"))).await;
    assert!(plant_less.field("remedy").contains("sites/"), "{plant_less:?}");
    let material = plant.posts(RELEASES, "k3", but("material", json!("FG-1OO"))).await;
    assert!(material.field("remedy").contains("materials/"), "{material:?}");
    let mut typo = hold("N7-1123");
    typo["material"] = json!("FG-1OO");
    plant.posts("/v1/quality-holds", "k4", typo).await.is(422, "MISSING_MATERIAL", "material");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_path_and_a_wrong_method_are_told_what_there_is() {
    let world = World::start().await;
    let plant = Person::plant(&world);
    let nothing = plant.posts("/v1/production-orders", "k", release("PL-9")).await;
    nothing.is(404, "UNKNOWN_PATH", "");
    assert!(nothing.body["choices"].as_array().unwrap().contains(&json!("POST /v1/production-order-releases")), "{nothing:?}");
    back(plant.request(Method::DELETE, RELEASES)).await.is(405, "WRONG_METHOD", "");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_heard_without_a_credential_or_a_key() {
    let world = World::start().await;
    let plant = Person::plant(&world);
    let url = format!("http://{}{RELEASES}", world.doors.http);
    back(plant.client.post(&url).json(&release("PL-9"))).await.is(401, "UNAUTHENTICATED", "authorization");
    back(plant.client.post(&url).bearer_auth("guess").json(&release("PL-9"))).await.is(401, "UNAUTHENTICATED", "authorization");
    let keyless = back(plant.request(Method::POST, RELEASES).json(&release("PL-9"))).await;
    assert_eq!(keyless.body["message"], "the header `Idempotency-Key` is missing");
    keyless.is(400, "MISSING_KEY", "Idempotency-Key");
    plant.posts(RELEASES, &"k".repeat(121), release("PL-9")).await.is(400, "MISSING_KEY", "Idempotency-Key");
    back(plant.request(Method::POST, RELEASES).header("Idempotency-Key", "k").body("{\"erp\":")).await.is(400, "SCHEMA", "");
    back(plant.request(Method::POST, RELEASES).header("Idempotency-Key", "k").body(format!("{} {{}}", release("PL-9"))))
        .await
        .is(400, "SCHEMA", "");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_after_its_own_deadline_is_refused_and_does_nothing() {
    let world = World::start().await;
    let plant = Person::plant(&world);
    let request = |key: &str, not_after: &str| {
        let request = plant.request(Method::POST, RELEASES).header("Idempotency-Key", key);
        request.header("Request-Not-After", not_after).json(&release("PL-9"))
    };
    back(request("late", "2020-01-01T00:00:00Z")).await.is(410, "EXPIRED", "Request-Not-After");
    back(request("late", "2020-01-01T00:00:00Z")).await.is(410, "EXPIRED", "Request-Not-After");
    back(request("odd", "tomorrow")).await.is(422, "SCHEMA", "Request-Not-After");
    assert_eq!(back(request("soon", "2126-01-01T00:00:00Z")).await.field("answer"), "accepted");
    world.stop().await;
}

/// What the server says to a release with this header and as much of its body.
async fn raw(world: &World, header: &str, body: &[u8]) -> String {
    let mut socket = tokio::net::TcpStream::connect(world.doors.http).await.unwrap();
    let head = format!("POST {RELEASES} HTTP/1.1\r\nHost: takt\r\nAuthorization: Bearer {PLANT}\r\nIdempotency-Key: k\r\n{header}\r\n\r\n");
    socket.write_all(head.as_bytes()).await.unwrap();
    socket.write_all(body).await.unwrap();
    let mut answer = String::new();
    tokio::time::timeout(Duration::from_secs(5), socket.read_to_string(&mut answer)).await.unwrap().unwrap();
    answer
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_of_fifty_megabytes_is_refused_before_it_is_read() {
    let world = World::start().await;
    // Not one byte of the body is sent, and yet there is an answer.
    let declared = raw(&world, "Content-Length: 50000000", &[]).await;
    assert!(declared.starts_with("HTTP/1.1 413") && declared.contains("TOO_LARGE"), "{declared}");
    // A body that does not say how long it is, is read up to the limit.
    let chunk = format!("8000\r\n{}\r\n", " ".repeat(0x8000));
    let streamed = raw(&world, "Transfer-Encoding: chunked", chunk.repeat(9).as_bytes()).await;
    assert!(streamed.starts_with("HTTP/1.1 413") && streamed.contains("TOO_LARGE"), "{streamed}");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_of_any_script_with_dots_blanks_and_wildcards_work_end_to_end() {
    let world = World::start().await;
    let plant = Person::plant(&world);
    for (at, name) in ["PL.4711.a", "PL 4711", "PL>*$", "Überführung 第7号", "a/b?c#d", "%2e%2e", "1000042@nowhere"].into_iter().enumerate()
    {
        let made = plant.posts(RELEASES, &format!("r{at}"), release(name)).await;
        let entity = made.entity().to_owned();
        let change = json!({ "total": "500 H87" });
        let mut url = reqwest::Url::parse(&format!("http://{}", world.doors.http)).unwrap();
        url.path_segments_mut().unwrap().extend(["v1", "orders", &format!("{name}@erp-eu"), "quantity-changes"]);
        let asked = plant.client.post(url).bearer_auth(plant.token).header("Idempotency-Key", "q").json(&change);
        back(asked).await.is(409, "STATE", "");
        assert_eq!(plant.posts(RELEASES, &format!("r{at}"), release(name)).await.entity(), entity);
    }
    back(plant.request(Method::POST, "/v1/orders/%00/closings").header("Idempotency-Key", "q")).await.is(422, "SCHEMA", "order");
    back(plant.request(Method::POST, "/v1/orders/%ff/closings").header("Idempotency-Key", "q")).await.is(400, "SCHEMA", "path");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_unknown_ambiguous_or_out_of_reach_is_said_so() {
    let world = World::start().await;
    let plant = Person::plant(&world);
    plant.posts("/v1/orders/nobody/cancellations", "k1", json!({})).await.is(404, "UNKNOWN", "order");
    let never = "order.eu.1.0123456789ABCDEFGHJKMNPQRS";
    plant.posts(&format!("/v1/orders/{never}/cancellations"), "k2", json!({})).await.is(404, "UNKNOWN", "order");
    plant.posts("/v1/operation-completions", "k3", completion(never, "1 H87")).await.is(404, "UNKNOWN", "order");
    plant.posts("/v1/shipments/SHP-1/blocks", "k4", json!({ "gate": "manual", "reason": "x" })).await.is(404, "UNKNOWN", "shipment");
    plant.posts("/v1/shipments/SHP-1/blocks", "k5", json!({ "gate": "front", "reason": "x" })).await.is(422, "SCHEMA", "gate");
    let mut afar = hold("N7-1123");
    afar["plant"] = json!("afar");
    let away = plant.posts("/v1/quality-holds", "k6", afar).await;
    away.is(503, "UNREACHABLE", "");
    assert!(away.retry_after.is_some());
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn overload_is_said_and_holds_have_room_of_their_own() {
    let room = Room { business_max: 0, ..Room::default() };
    let world = World::limited(Limits { room, ..Limits::default() }).await;
    let plant = Person::plant(&world);
    let full = plant.posts(RELEASES, "k", release("PL-9")).await;
    full.is(429, "OVERLOADED", "");
    assert_eq!(full.retry_after.as_deref(), Some("1"));
    plant.posts("/v1/quality-holds", "h", hold("N7-1123")).await.entity();
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_not_answered_in_time_may_send_the_same_again() {
    let world = World::limited(Limits { deadline_ms: 50, ..Limits::default() }).await;
    // The body is announced and never comes.
    let late = raw(&world, "Content-Length: 10\r\nConnection: close", &[]).await;
    assert!(late.starts_with("HTTP/1.1 504") && late.contains("DEADLINE") && late.contains("same key"), "{late}");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_key_for_another_time_is_not_the_same_report() {
    let world = World::start().await;
    let order = world.released("1000042").await.to_string();
    let plant = Person::plant(&world);
    let at = |time: &str| {
        let mut body = completion("1000042", "12 H87");
        body["occurred_at"] = json!(time);
        body
    };
    let path = "/v1/operation-completions";
    assert_eq!(plant.posts(path, "c1", at("2026-11-24T07:00:00+01:00")).await.field("answer"), "accepted");
    assert!(plant.posts(path, "c1", at("2026-11-24T07:00:00+01:00")).await.replayed);
    let other = plant.posts(path, "c1", at("2026-11-23T07:00:00+01:00")).await;
    assert_eq!((other.field("answer"), other.replayed), ("discrepant", false), "another day is another posting date");
    assert_eq!(world.order(&order).await.ledger.actuals(), 1);
    // Who gives no time sends the same again, whenever it is.
    assert_eq!(plant.posts(path, "c2", completion("1000042", "3 H87")).await.field("answer"), "accepted");
    assert!(plant.posts(path, "c2", completion("1000042", "3 H87")).await.replayed);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_nobody_can_read_lies_where_a_person_sees_it_and_is_tried_again_when_told() {
    let world = World::start().await;
    let plant = Person::plant(&world);
    assert_eq!(plant.gets("/v1/dead-letters").await.body["rows"], json!([]));
    let region = world.mesh.region_of(crate::ask::tests::fixture::site("nord")).unwrap();
    let message = Message { queue: QueueName::In { shard: 0 }, id: "odd/1".to_owned(), bytes: bytes::Bytes::from_static(b"\xc1") };
    region.node().seams.queue.publish(vec![message]).await.unwrap();
    let listed = async || loop {
        let rows = plant.gets("/v1/dead-letters").await.body["rows"].clone();
        if rows.as_array().is_some_and(|rows| !rows.is_empty()) {
            break rows[0].clone();
        }
        tokio::task::yield_now().await;
    };
    let letter = listed().await;
    assert_eq!((letter["message"].as_str(), letter["region"].as_str()), (Some("odd/1"), Some("eu")));
    assert!(letter["reason"].as_str().unwrap().contains("cannot be read"), "{letter}");
    let id = letter["id"].as_str().unwrap();
    let retried = back(plant.request(Method::POST, &format!("/v1/dead-letters/{id}/retry"))).await;
    assert_eq!(retried.field("id"), id);
    assert_eq!(listed().await["id"].as_str(), Some(id), "nothing was mended: it is back");
    back(plant.request(Method::POST, "/v1/dead-letters/DL-0/retry")).await.is(404, "UNKNOWN", "id");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_region_that_fell_is_told_and_takes_nothing() {
    let world = World::start().await;
    let plant = Person::plant(&world);
    assert_eq!(plant.gets("/healthz").await.field("status"), "ok");
    let region = world.mesh.region_of(crate::ask::tests::fixture::site("nord")).unwrap().clone();
    region.kill();
    while region.health().is_ok() {
        tokio::task::yield_now().await;
    }
    let health = plant.gets("/healthz").await;
    assert_eq!((health.status.as_u16(), health.field("status")), (503, "not at work"));
    assert!(health.body["troubles"]["eu"].is_string(), "{health:?}");
    plant.posts(RELEASES, "r1", release("PL-1")).await.is(503, "UNAVAILABLE", "");
    drop(region);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_completion_takes_nothing_back_and_does_not_happen_tomorrow() {
    let world = World::start().await;
    let order = world.released("1000042").await.to_string();
    let plant = Person::plant(&world);
    for field in ["good", "scrap", "rework", "labour", "machine"] {
        let mut wrong = completion("1000042", "1 H87");
        wrong[field] = json!(if field == "labour" || field == "machine" { "-5 MIN" } else { "-5 H87" });
        let no = plant.posts("/v1/operation-completions", &format!("n-{field}"), wrong).await;
        no.is(422, "SCHEMA", field);
        assert!(no.field("remedy").contains("count-corrections"), "{no:?}");
    }
    let mut ahead = completion("1000042", "1 H87");
    ahead["occurred_at"] = json!(world.mesh.clock().now().plus_ms(600_000).to_string());
    plant.posts("/v1/operation-completions", "ahead", ahead).await.is(422, "SCHEMA", "occurred_at");
    assert!(world.order(&order).await.ops.is_empty(), "nothing of that was recorded");
    world.stop().await;
}
