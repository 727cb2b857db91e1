//! Public events can be read from any place, again and again, and watched on from there; each keeps its contract.

use std::collections::BTreeSet;
use std::time::Duration;

use reqwest::Method;
use serde_json::Value;
use takt_cluster::seam::Note;
use takt_protocol::event;
use takt_protocol::name::Region;
use takt_protocol::subject;

use super::{Person, completion};
use crate::ask::tests::fixture::World;

/// All events from a place on, and the place behind them.
async fn read(plant: &Person<'_>, query: &str, mut after: String) -> (Vec<Value>, String) {
    let mut events = Vec::new();
    loop {
        let page = plant.gets(&format!("/v1/events?most=2&wait_ms=200&after={after}{query}")).await.body;
        events.extend(page["rows"].as_array().unwrap().iter().cloned());
        let next = page["next"].as_str().unwrap().to_owned();
        if next == after {
            return (events, next);
        }
        after = next;
    }
}

fn types(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["type"].as_str().unwrap()).collect()
}

fn ids(events: &[Value]) -> BTreeSet<String> {
    events.iter().map(|event| event["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_are_paged_through_and_begun_again_from_any_place() {
    let world = World::start().await;
    let plant = Person::plant(&world);
    world.released("1000042").await;
    let (first, place) = read(&plant, "", String::new()).await;
    let told = types(&first);
    assert!(told.contains(&"takt.order.released.v1") && told.contains(&"takt.order.dispatch_changed.v1"), "{told:?}");
    assert_eq!(ids(&first).len(), first.len(), "an event was told twice");
    plant.posts("/v1/operation-completions", "c1", completion("1000042", "40 H87")).await.entity();
    let (then, _) = read(&plant, "", place).await;
    let worked = then.iter().find(|event| event["type"] == "takt.order.work_reported.v1").unwrap();
    assert_eq!((&worked["data"]["quantity"], &worked["data"]["use"]), (&Value::from("40 H87"), &Value::from("yield")));
    assert_eq!(worked["source"], "/takt/eu/nord");
    let (all, _) = read(&plant, "", String::new()).await;
    let whole: BTreeSet<String> = ids(&first).union(&ids(&then)).cloned().collect();
    assert!(ids(&all).is_superset(&whole));
    let (some, _) = read(&plant, "&type=order.work&site=nord", String::new()).await;
    assert_eq!(types(&some), ["takt.order.work_reported.v1"]);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_event_keeps_the_contract_it_names() {
    let world = World::start().await;
    let plant = Person::plant(&world);
    world.released("1000042").await;
    let listed = plant.gets("/v1/contracts").await.body;
    assert_eq!(listed["rows"].as_array().unwrap().len(), event::contracts().count());
    let (events, _) = read(&plant, "", String::new()).await;
    assert!(!events.is_empty());
    for told in events {
        let place = told["dataschema"].as_str().unwrap();
        let schema = plant.gets(place).await.body;
        assert_eq!(format!("takt.{}", schema["title"].as_str().unwrap()), told["type"].as_str().unwrap());
        let contract = event::contracts().find(|contract| place.ends_with(&contract.id())).unwrap();
        assert_eq!(contract.breaches(told["data"].as_object().unwrap()), Vec::<String>::new());
    }
    plant.gets("/v1/contracts/order.eaten.v1").await.is(404, "UNKNOWN", "id");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_watcher_that_comes_back_with_the_last_id_misses_nothing() {
    let world = World::start().await;
    let plant = Person::plant(&world);
    world.released("1000042").await;
    let (all, _) = read(&plant, "", String::new()).await;
    let mut seen: Vec<String> = Vec::new();
    let mut last = String::new();
    // One event a visit, as if the line broke after each.
    while ids(&all).iter().any(|id| !seen.contains(id)) {
        let before = seen.len();
        let request = plant.request(Method::GET, "/v1/events/watch").header("Last-Event-ID", &last);
        let mut stream = request.send().await.unwrap();
        let mut text = String::new();
        while !text.contains("\n\n") || seen.len() == before {
            let chunk = tokio::time::timeout(Duration::from_secs(10), stream.chunk()).await.unwrap().unwrap().unwrap();
            text.push_str(std::str::from_utf8(&chunk).unwrap());
            for message in text.split("\n\n") {
                let field = |name: &str| message.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
                let (Some(id), Some(data)) = (field("id: "), field("data: ")) else { continue };
                let Ok(event) = serde_json::from_str::<Value>(&data) else { continue };
                let event = event["id"].as_str().unwrap().to_owned();
                if !seen.contains(&event) {
                    seen.push(event);
                }
                last = id;
            }
        }
    }
    assert!(ids(&all).iter().all(|id| seen.contains(id)));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_published_on_the_subjects_is_what_the_log_tells() {
    let world = World::start().await;
    let plant = Person::plant(&world);
    let eu = Region::parse("eu").unwrap();
    let bus = world.mesh.regions()[&eu].node().seams.bus.clone();
    let mut heard = bus.subscribe(&subject::events(eu), 1_000).await.unwrap();
    world.released("1000042").await;
    let (told, _) = read(&plant, "", String::new()).await;
    let mut waiting: BTreeSet<String> = ids(&told);
    while !waiting.is_empty() {
        let note: Note = tokio::time::timeout(Duration::from_secs(10), heard.recv()).await.unwrap().unwrap();
        let event: Value = serde_json::from_slice(&note.bytes).unwrap();
        assert_eq!(event["id"].as_str().unwrap(), note.id);
        let words: Vec<&str> = note.subject.split('.').collect();
        assert_eq!(
            (words[..3].join("."), words[4]),
            ("takt.eu.evt".to_owned(), event["type"].as_str().unwrap().split('.').nth(1).unwrap())
        );
        waiting.remove(&note.id);
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_no_event_could_match_is_refused_and_said() {
    let world = World::start().await;
    let plant = Person::plant(&world);
    plant.gets("/v1/events?type=banana").await.is(422, "SCHEMA", "type");
    plant.gets("/v1/events?site=nowhere").await.is(422, "UNKNOWN", "site");
    plant.gets("/v1/events?after=yesterday").await.is(422, "SCHEMA", "after");
    plant.gets("/v1/events?after=mars:0:1f:7").await.is(422, "SCHEMA", "after");
    plant.gets("/v1/events?after=eu:0:1f:7").await.is(409, "STALE_VERSION", "after");
    let now = plant.gets("/v1/events?after=now").await.body["next"].as_str().unwrap().to_owned();
    let beyond = format!("{}9999999", now.split(',').next().unwrap());
    plant.gets(&format!("/v1/events?after={beyond}")).await.is(409, "STALE_VERSION", "after");
    plant.gets(&format!("/v1/events?after={}", now.replace("eu:0:", "eu:7:"))).await.is(422, "SCHEMA", "after");
    for wait in ["20001", "18446744073709551615"] {
        plant.gets(&format!("/v1/events?after=now&wait_ms={wait}")).await.is(422, "SCHEMA", "wait_ms");
    }
    plant.gets("/v1/events?since=7").await.is(400, "SCHEMA", "query");
    let nothing = plant.gets("/v1/events?after=now").await.body;
    assert_eq!(nothing["rows"], Value::Array(Vec::new()));
    world.stop().await;
}
