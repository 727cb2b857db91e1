//! Every list and every stream is read in parts by the same words, and what is told of a thing is also told as it was.

use reqwest::Method;
use serde_json::Value;

use super::{Person, completion};
use crate::ask::tests::fixture::World;

/// Everything that is told in a list of an answer, part by part.
async fn walked(plant: &Person<'_>, path: &str, list: &str) -> (Vec<Value>, usize) {
    let (mut all, mut after, mut parts) = (Vec::new(), String::new(), 0);
    loop {
        let part = plant.gets(&format!("{path}?most=2&after={after}")).await.body;
        let rows = part[list].as_array().unwrap_or_else(|| panic!("{part}"));
        assert!(rows.len() <= 2, "{part}");
        all.extend(rows.iter().cloned());
        parts += 1;
        match part["next"].as_str() {
            Some(next) => next.clone_into(&mut after),
            None => return (all, parts),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_timeline_is_told_in_parts_and_as_it_was() {
    let world = World::start().await;
    let before = world.mesh.clock().now();
    world.released("1000042").await;
    let plant = Person::plant(&world);
    plant.posts("/v1/operation-completions", "c1", completion("1000042", "40 H87")).await.entity();
    let then = world.mesh.clock().now();
    plant.posts("/v1/operation-completions", "c2", completion("1000042", "2 H87")).await.entity();
    let path = "/v1/orders/1000042/timeline";
    let whole = plant.gets(path).await.body;
    let keys = |steps: &Value| steps.as_array().unwrap().iter().map(|step| step["key"].clone()).collect::<Vec<_>>();
    assert!(whole["next"].is_null() && keys(&whole["steps"]).contains(&"c2".into()), "{whole}");
    let (steps, parts) = walked(&plant, path, "steps").await;
    let known = whole["steps"].as_array().unwrap();
    assert!(parts > 1 && steps.starts_with(known), "the parts are the whole: {steps:?}");
    let past = plant.gets(&format!("{path}?at={then}")).await.body;
    assert_eq!(past["as_of"], then.to_string());
    assert_eq!(past["chain_verified_to"], past["commits"]);
    let known = keys(&past["steps"]);
    assert!(known.contains(&"c1".into()) && !known.contains(&"c2".into()), "{known:?}");
    let last = past["commits"].as_u64().unwrap();
    let after = plant.gets(&format!("{path}?after={last}")).await.body;
    let known = keys(&after["steps"]);
    assert!(known.contains(&"c2".into()) && !known.contains(&"c1".into()), "a commit's number is a place, as a watcher has it: {after}");
    plant.gets(&format!("{path}?at={before}")).await.is(404, "UNKNOWN", "at");
    plant.gets(&format!("{path}?at=2300-01-01T00:00:00Z")).await.is(422, "SCHEMA", "at");
    let beyond = plant.gets(&format!("{path}?at=2300-01-01T00:00:00Z")).await;
    assert!(beyond.field("remedy").contains("2262-04-11"), "{beyond:?}");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trace_is_told_in_parts_and_as_it_was() {
    let world = World::start().await;
    let order = world.released("1000042").await.to_string();
    let plant = Person::plant(&world);
    let before = world.mesh.clock().now();
    for lot in ["H-1", "H-2", "H-3"] {
        let issue = serde_json::json!({ "plant": "nord", "order": "1000042@erp-eu", "operation": "10", "material": "STEEL-3", "lot": lot,
            "quantity": "4 KGM" });
        plant.posts("/v1/material-issues", lot, issue).await.entity();
    }
    world.produces(&order, "340123450000000018", "20 H87").await;
    let made = world.order(&order).await.made.iter().next().map(|(_, lot)| lot.to_string()).unwrap();
    let path = format!("/v1/lots/{made}/trace");
    let whole = loop {
        let whole = plant.gets(&path).await;
        if whole.body["ancestors"].as_array().is_some_and(|all| all.len() == 3) {
            break whole.body;
        }
        tokio::task::yield_now().await;
    };
    let (ancestors, parts) = walked(&plant, &path, "ancestors").await;
    assert_eq!((Value::from(ancestors), parts), (whole["ancestors"].clone(), 2), "the parts are the whole");
    plant.gets(&format!("{path}?at={before}")).await.is(404, "UNKNOWN", "at");
    let genealogy = plant.gets("/v1/orders/1000042/genealogy").await.body;
    assert_eq!(genealogy["consumed"].as_array().unwrap().len(), 3);
    let past = plant.gets(&format!("/v1/orders/1000042/genealogy?at={before}")).await.body;
    assert_eq!((past["consumed"].as_array().unwrap().len(), &past["made"]), (0, &serde_json::json!([])), "{past}");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_place_and_a_length_are_judged_the_same_whatever_list_they_are_for() {
    let world = World::start().await;
    world.released("1000042").await;
    let plant = Person::plant(&world);
    let lists = [
        "/v1/orders",
        "/v1/lots",
        "/v1/shipments",
        "/v1/exceptions",
        "/v1/exception-groups",
        "/v1/master-data/material",
        "/v1/orders/1000042/timeline",
        "/v1/events",
    ];
    for list in lists {
        plant.gets(&format!("{list}?after=x")).await.is(422, "SCHEMA", "after");
        assert_eq!(plant.gets(&format!("{list}?after=")).await.status.as_u16(), 200, "{list}: nothing is the beginning");
    }
    let deliveries = "/v1/sites/nord/deliveries";
    plant.gets(&format!("{deliveries}?after=x")).await.is(422, "SCHEMA", "after");
    plant.gets(&format!("{deliveries}?outcome=eaten")).await.is(422, "SCHEMA", "outcome");
    let tried = |page: &super::Back| page.body["rows"].as_array().unwrap().iter().map(|row| row["what"].clone()).collect::<Vec<_>>();
    assert_eq!(tried(&plant.gets(&format!("{deliveries}?find=DISPATCH&outcome=accepted")).await), ["dispatch_job"]);
    assert_eq!(tried(&plant.gets(&format!("{deliveries}?find=DISPATCH&outcome=failed")).await), [""; 0]);
    for list in lists.into_iter().chain([deliveries]) {
        for most in ["0", "201", "4294967295"] {
            plant.gets(&format!("{list}?most={most}")).await.is(422, "SCHEMA", "most");
        }
        plant.gets(&format!("{list}?most=-1")).await.is(400, "SCHEMA", "query");
        assert_eq!(plant.gets(&format!("{list}?most=200")).await.status.as_u16(), 200, "{list}");
    }
    for stream in ["/v1/events/watch", "/v1/orders/1000042/watch"] {
        for (seen, code) in [("x", 422), ("\u{e9}", 422)] {
            let come_back = plant.request(Method::GET, stream).header("Last-Event-ID", seen.as_bytes());
            super::back(come_back).await.is(code, "SCHEMA", "after");
        }
        super::back(plant.request(Method::GET, stream).header("Last-Event-ID", &b"\xff"[..])).await.is(400, "SCHEMA", "last-event-id");
        plant.gets(&format!("{stream}?after=x")).await.is(422, "SCHEMA", "after");
    }
    plant.gets("/v1/orders/1000042/watch?after=4711").await.is(409, "STALE_VERSION", "after");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_has_the_same_names_for_reports_as_for_questions() {
    let world = World::start().await;
    let order = world.released("1000042").await.to_string();
    let plant = Person::plant(&world);
    for (at, name) in ["1000042", "J-1000042", "1000042@erp-eu", "J-1000042@nord", order.as_str()].into_iter().enumerate() {
        assert_eq!(plant.gets(&format!("/v1/orders/{name}")).await.field("id"), order, "{name}");
        assert_eq!(plant.posts("/v1/operation-completions", &format!("c{at}"), completion(name, "1 H87")).await.entity(), order, "{name}");
    }
    for wrong in ["1000042@erp-xx", "1000042@"] {
        let asked = plant.gets(&format!("/v1/orders/{wrong}")).await;
        let told = plant.posts("/v1/operation-completions", "w", completion(wrong, "1 H87")).await;
        for no in [asked, told, plant.gets(&format!("/v1/search?q={wrong}")).await] {
            no.is(404, "UNKNOWN", if no.field("field") == "q" { "q" } else { "order" });
            assert!(no.body["choices"].as_array().unwrap().contains(&"erp-eu".into()), "{no:?}");
        }
    }
    let early = plant.posts("/v1/operation-completions", "e", completion("1000043@erp-eu", "7 H87")).await;
    assert_eq!((early.status.as_u16(), early.field("answer")), (202, "quarantined"), "it may come: {early:?}");
    let late = world.released("1000043").await.to_string();
    world.until(&late, |order| order.ops.values().any(|op| op.good.is_positive())).await;
    world.stop().await;
}
