//! Watchers cost what they are worth: so many of a client, all of them reading a log together, and nobody misses a step.

use std::time::Duration;

use reqwest::{Method, Response};
use serde_json::json;

use super::Person;
use crate::ask::tests::fixture::World;
use crate::ask::{Limits, Room};

/// What a stream tells until `heard` has been told.
async fn until(stream: &mut Response, heard: &str) -> String {
    let mut told = String::new();
    let listening = async {
        while !told.contains(heard) {
            told.push_str(std::str::from_utf8(&stream.chunk().await.unwrap().unwrap()).unwrap());
        }
    };
    let outcome = tokio::time::timeout(Duration::from_secs(20), listening).await;
    outcome.unwrap_or_else(|_| panic!("{heard} was never told: {told}"));
    told
}

async fn watch(plant: &Person<'_>, path: &str) -> Response {
    let stream = plant.request(Method::GET, path).send().await.unwrap();
    assert_eq!(stream.status().as_u16(), 200, "{path}");
    stream
}

fn hold(key: &str) -> serde_json::Value {
    json!({ "reason": format!("for {key}") })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_watches_so_often_and_a_place_is_free_again_when_it_leaves() {
    let limits = Limits { room: Room { watching_max: 4, watching_each_max: 3, ..Room::default() }, ..Limits::default() };
    let world = World::limited(limits).await;
    world.released("1000042").await;
    let (plant, quality) = (Person::plant(&world), Person::quality(&world));
    let mut watching = vec![watch(&plant, "/v1/events/watch").await];
    for _ in 0..2 {
        watching.push(watch(&plant, "/v1/orders/1000042/watch").await);
    }
    let refused = plant.gets("/v1/orders/1000042/watch").await;
    refused.is(429, "OVERLOADED", "");
    assert!(refused.field("message").contains("3 times") && refused.retry_after.is_some(), "{refused:?}");
    plant.gets("/v1/events").await.is(429, "OVERLOADED", "");
    let other = watch(&quality, "/v1/orders/1000042/watch").await;
    let full = quality.gets("/v1/orders/1000042/watch").await;
    full.is(429, "OVERLOADED", "");
    assert!(full.field("message").contains("this node"), "{full:?}");
    drop((watching, other));
    let free = async {
        while plant.request(Method::GET, "/v1/orders/1000042/watch").send().await.unwrap().status().as_u16() != 200 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), free).await.expect("places are free again");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_who_watches_an_order_hears_every_step_from_where_they_were() {
    let world = World::start().await;
    let order = world.released("1000042").await.to_string();
    let plant = Person::plant(&world);
    let path = "/v1/orders/1000042/watch";
    let last = plant.gets("/v1/orders/1000042/timeline").await.body["commits"].as_u64().unwrap();
    let from_now = format!("{path}?after={last}");
    let mut watching = Vec::new();
    for at in 0..20 {
        watching.push(watch(&plant, if at % 2 == 0 { path } else { &from_now }).await);
    }
    for key in ["h1", "h2"] {
        let way = if key == "h1" { "holds" } else { "resumptions" };
        plant.posts(&format!("/v1/orders/{order}/{way}"), key, hold(key)).await.entity();
    }
    for (at, stream) in watching.iter_mut().enumerate() {
        let told = until(stream, "\"key\":\"h2\"").await;
        assert_eq!(told.matches("\"key\":\"h1\"").count(), 1, "{told}");
        assert_eq!(told.contains("released/1000042"), at % 2 == 0, "{told}");
    }
    world.stop().await;
}
