//! Things as they were: what has a past shows it, and what has none says so and what to ask instead. Over a real mesh.

use serde_json::{Value, json};

use super::{Person, completion, hold};
use crate::ask::tests::fixture::World;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postings_reach_and_exceptions_are_shown_as_they_were() {
    let world = World::start().await;
    let order = world.released("1000042").await.to_string();
    let plant = Person::plant(&world);
    let before = world.mesh.clock().now();
    plant.posts("/v1/operation-completions", "c1", completion("1000042", "40 H87")).await.entity();
    let odd = json!({ "plant": "nord", "order": "1000042", "operation": "99", "good": "1 H87" });
    let odd = plant.posts("/v1/operation-completions", "c2", odd).await;
    assert_eq!(odd.field("answer"), "discrepant", "{odd:?}");
    let case = plant.gets("/v1/exceptions").await.body["rows"][0]["id"].as_str().unwrap().to_owned();
    let then = world.mesh.clock().now();
    let last = json!({ "plant": "nord", "order": "1000042", "operation": "10", "good": "2 H87", "last": true });
    plant.posts("/v1/operation-completions", "c3", last).await.entity();
    world.until(&order, |order| order.ledger.has_documents()).await;
    let noted = json!({ "action": "hand_to", "role": "plant", "reason": "ours" });
    plant.posts(&format!("/v1/exceptions/{case}/actions"), "a1", noted).await.entity();
    plant.posts(&format!("/v1/exceptions/{case}/actions"), "a2", json!({ "action": "acknowledge", "reason": "seen" })).await.entity();
    let at = |path: &str, at: takt_protocol::instant::Instant| format!("/v1/{path}?at={at}");
    let (now, past) = (plant.gets("/v1/orders/1000042/postings").await.body, plant.gets(&at("orders/1000042/postings", then)).await.body);
    let count = |body: &Value, list: &str| body[list].as_array().unwrap().len();
    assert_eq!((count(&now, "postings"), count(&past, "postings"), count(&past, "open")), (1, 0, 2), "{past}");
    assert_eq!((&past["as_of"], &past["because"]["key"]), (&json!(then.to_string()), &json!("c2")));
    let ledgers = (plant.gets("/v1/orders/1000042/ledger").await.body, plant.gets(&at("orders/1000042/ledger", then)).await.body);
    let timeline = plant.gets(&at("orders/1000042/timeline", then)).await.body;
    assert_eq!(ledgers.1["chain_head"], timeline["chain_head"], "a ledger of then is proven by what stood there then");
    assert_ne!(ledgers.0["chain_head"], ledgers.1["chain_head"]);
    assert_eq!((ledgers.0["repeats"].is_u64(), ledgers.1.get("repeats")), (true, None), "nobody counts how many there were once");
    let (over, open) =
        (plant.gets(&format!("/v1/exceptions/{case}")).await.body, plant.gets(&at(&format!("exceptions/{case}"), then)).await);
    assert!(over["closed"].is_object() && open.body.get("closed").is_none(), "{over} {open:?}");
    assert_eq!((open.field("owner"), &open.body["notes"], &open.body["actions"]), ("planning", &json!([]), &json!([])));
    plant.gets(&at(&format!("exceptions/{case}"), before)).await.is(404, "UNKNOWN", "at");
    let held_before = world.mesh.clock().now();
    plant.posts("/v1/quality-holds", "h1", hold("N7-1123")).await.entity();
    let held = world.mesh.clock().now();
    let lift = json!({ "hold": "NC-881", "plant": "nord", "material": "FG-100", "lot": "N7-1123", "reason": "it is good" });
    Person::quality(&world).posts("/v1/quality-hold-releases", "h2", lift).await.entity();
    let lot = "lots/FG-100%2FN7-1123";
    let (free, past) = (plant.gets(&format!("/v1/{lot}/reach")).await.body, plant.gets(&at(&format!("{lot}/reach"), held)).await.body);
    assert_eq!((&free["lots"][0]["holds"], &past["lots"][0]["holds"]), (&json!([]), &json!(["NC-881"])));
    assert_eq!(past["as_of"], json!(held.to_string()));
    plant.gets(&at(&format!("{lot}/reach"), held_before)).await.is(404, "UNKNOWN", "at");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_is_never_shown_as_of_now_to_who_asks_for_then() {
    let world = World::start().await;
    world.released("1000042").await;
    let plant = Person::plant(&world);
    let then = world.mesh.clock().now();
    for (path, instead) in [
        ("orders", "/v1/orders/{id}?at="),
        ("orders?plant=nord", "/v1/orders/{id}?at="),
        ("lots", "/v1/lots/{id}?at="),
        ("shipments", "/v1/shipments/{id}?at="),
        ("exceptions", "/v1/exceptions/{id}?at="),
        ("exception-groups", "/v1/exceptions/{id}?at="),
        ("exception-groups/G-00000000", "/v1/exceptions/{id}?at="),
        ("sites", "/v1/sites/{id}/timeline?at="),
        ("sites/nord", "/v1/sites/{id}/timeline?at="),
        ("sites/nord/drift", "/v1/sites/{id}/timeline?at="),
        ("nodes", "timeline"),
        ("links", "timeline"),
        ("search?q=1000042", "timeline"),
        ("reconciliations", "timeline"),
    ] {
        let sign = if path.contains('?') { '&' } else { '?' };
        let no = plant.gets(&format!("/v1/{path}{sign}at={then}")).await;
        no.is(422, "NOW_ONLY", "at");
        assert!(no.field("remedy").contains(instead), "{path}: {no:?}");
    }
    plant.gets("/v1/sites?sorted=yes").await.is(400, "SCHEMA", "query");
    world.stop().await;
}
