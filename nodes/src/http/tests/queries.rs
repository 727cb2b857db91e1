//! Questions are answered from what is durable, and nothing is shown as known that nobody said.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use super::{Person, completion, hold, release};
use crate::ask::tests::fixture::World;

fn at<'a>(body: &'a Value, path: &str) -> &'a str {
    body.pointer(path).and_then(Value::as_str).unwrap_or_else(|| panic!("{path} is not a text in {body}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_is_shown_with_its_quantities_and_the_six_answers() {
    let world = World::start().await;
    let order = world.released("1000042").await.to_string();
    let plant = Person::plant(&world);
    let before = plant.gets("/v1/orders/1000042").await.body;
    let six = |body: &Value| {
        let words = ["released", "accepted", "started", "completed", "quality_cleared", "handed_over"];
        words.map(|word| at(body, &format!("/answers/{word}/answer")).to_owned())
    };
    assert_eq!(six(&before), ["yes", "yes", "no", "no", "unknown", "no"]);
    plant.posts("/v1/operation-completions", "c1", completion("1000042", "40 H87")).await.entity();
    let after = plant.gets("/v1/orders/J-1000042").await.body;
    assert_eq!(six(&after), ["yes", "yes", "yes", "part", "unknown", "no"]);
    assert_eq!((at(&after, "/id"), at(&after, "/row/target"), at(&after, "/row/processed")), (order.as_str(), "480 H87", "40 H87"));
    assert_eq!((at(&after, "/operations/0/good"), at(&after, "/operations/0/posted")), ("40 H87", "0 H87"));
    assert!(at(&after, "/answers/completed/evidence").contains("40 H87 of 480 H87"), "{after}");
    plant.gets("/v1/orders/nobody").await.is(404, "UNKNOWN", "order");
    plant.gets("/v1/orders/order.eu.1.0123456789ABCDEFGHJKMNPQRS").await.is(404, "UNKNOWN", "order");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_posting_leads_back_to_the_words_that_were_sent() {
    let world = World::start().await;
    let order = world.released("1000042").await.to_string();
    let plant = Person::plant(&world);
    let last = json!({ "plant": "nord", "order": "1000042", "operation": "10", "good": "40 H87", "last": true });
    plant.posts("/v1/operation-completions", "c1", last).await.entity();
    world.until(&order, |order| order.ledger.has_documents()).await;
    let ledger = plant.gets("/v1/orders/1000042/ledger").await.body;
    assert_eq!(ledger["balances"], json!(true));
    assert_eq!((at(&ledger, "/lines/0/reported"), at(&ledger, "/lines/0/posted")), ("40 H87", "40 H87"));
    assert_eq!(at(&ledger, "/postings/0/standing"), "posted");
    assert!(!at(&ledger, "/postings/0/document").is_empty());
    let timeline = plant.gets("/v1/orders/1000042/timeline").await.body;
    assert_eq!(timeline["chain_verified_to"], timeline["commits"]);
    let step = timeline["steps"].as_array().unwrap().iter().find(|step| step["key"] == "c1").unwrap();
    assert_eq!((at(step, "/source"), at(step, "/who"), at(step, "/answer")), ("mes-nord", "mes-nord (plant)", "accepted"));
    let raw = plant.gets(&format!("/v1/raw/{}", at(step, "/raw"))).await;
    assert_eq!(raw.field("good"), "40 H87");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn orders_are_listed_in_parts_and_found_by_any_number() {
    let world = World::start().await;
    for number in ["1000041", "1000042", "1000043"] {
        world.released(number).await;
    }
    let plant = Person::plant(&world);
    let whole = plant.gets("/v1/orders").await.body;
    assert_eq!(whole["rows"].as_array().unwrap().len(), 3);
    let (mut after, mut ids) = (String::new(), Vec::new());
    loop {
        let part = plant.gets(&format!("/v1/orders?most=1{after}")).await.body;
        ids.extend(part["rows"].as_array().unwrap().iter().map(|row| row["id"].clone()));
        match part["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }
    let expected: Vec<Value> = whole["rows"].as_array().unwrap().iter().map(|row| row["id"].clone()).collect();
    assert_eq!(ids, expected);
    for (text, name) in [("1000042", "1000042@erp-eu"), ("J-1000042", "J-1000042@nord"), ("1000042@erp-eu", "1000042@erp-eu")] {
        let hits = plant.gets(&format!("/v1/search?q={text}")).await.body;
        assert_eq!((at(&hits, "/rows/0/kind"), at(&hits, "/rows/0/name")), ("order", name));
    }
    plant.gets("/v1/search").await.is(400, "SCHEMA", "query");
    plant.gets("/v1/orders?most=many").await.is(400, "SCHEMA", "query");
    plant.gets("/v1/orders?after=x").await.is(422, "SCHEMA", "after");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_held_lot_shows_who_was_told_and_a_shipment_why_it_may_not_leave() {
    let world = World::start().await;
    let shipment = world.announced("SHP-7781").await.to_string();
    let plant = Person::plant(&world);
    plant.posts("/v1/quality-holds", "h1", hold("N7-1123")).await.entity();
    let lot = plant.gets("/v1/lots/FG-100%2FN7-1123").await.body;
    assert_eq!((at(&lot, "/lot"), at(&lot, "/holds/0/hold"), at(&lot, "/holds/0/reason")), ("FG-100/N7-1123", "NC-881", "weld"));
    assert!(!lot["holds"][0]["containment"].as_array().unwrap().is_empty(), "{lot}");
    let trace = plant.gets("/v1/lots/FG-100%2FN7-1123/trace").await.body;
    assert_eq!((trace["ancestors"].as_array().unwrap().len(), &trace["cut"]), (0, &json!(false)));
    let blocked = plant.posts("/v1/shipments/SHP-7781/blocks", "b1", json!({ "gate": "customs", "reason": "papers" })).await;
    assert_eq!(blocked.entity(), shipment);
    let shown = plant.gets("/v1/shipments/SHP-7781").await.body;
    assert_eq!((at(&shown, "/cleared/answer"), at(&shown, "/blocked_by/0")), ("no", "customs: papers"));
    plant.posts("/v1/shipments/SHP-7781/releases", "b2", json!({ "gate": "customs" })).await.entity();
    assert_eq!(plant.gets("/v1/shipments/SHP-7781").await.body["blocked_by"], json!([]));
    plant.gets("/v1/units/pallet-9").await.is(404, "UNKNOWN", "unit");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_exception_is_listed_and_acted_on_with_a_name_and_a_reason() {
    let world = World::start().await;
    let order = world.released("1000042").await.to_string();
    let plant = Person::plant(&world);
    let odd = plant.posts("/v1/operation-completions", "c1", completion("100042", "12 H87")).await;
    assert_eq!(odd.status.as_u16(), 202);
    let desk = loop {
        let desk = plant.gets("/v1/exceptions").await.body;
        if !desk["rows"].as_array().unwrap().is_empty() {
            break desk;
        }
        tokio::task::yield_now().await;
    };
    let id = at(&desk, "/rows/0/id");
    assert_eq!((at(&desk, "/rows/0/kind"), at(&desk, "/rows/0/owner")), ("unmatched", "it"));
    let actions = format!("/v1/exceptions/{id}/actions");
    plant.posts(&actions, "a1", json!({ "action": "forget" })).await.is(422, "SCHEMA", "action");
    plant.posts(&actions, "a2", json!({ "action": "match" })).await.is(400, "SCHEMA", "entity");
    plant.posts(&actions, "a3", json!({ "action": "match", "entity": order })).await.is(422, "SCHEMA", "reason");
    plant.posts(&actions, "a4", json!({ "action": "acknowledge" })).await.is(409, "STATE", "action");
    assert_eq!(plant.gets(&format!("/v1/exceptions/{id}")).await.field("id"), id);
    let matched = json!({ "action": "match", "entity": order, "reason": "one digit is missing" });
    for elsewhere in ["lot.eu.1.0000000000000000000000000G", "order.eu.1.0000000000000000000000000G", "4711"] {
        let lost = json!({ "action": "match", "entity": elsewhere, "reason": "one digit is missing" });
        plant.posts(&actions, "a5", lost).await.is(404, "UNKNOWN", "entity");
    }
    let first = plant.posts(&actions, "a5", matched.clone()).await;
    first.entity();
    let again = plant.posts(&actions, "a5", matched).await;
    assert_eq!((again.entity(), again.replayed), (first.entity(), true), "its case is closed, and the answer is still the same");
    world.until(&order, |order| order.ops.values().any(|op| op.good.is_positive())).await;
    let over = plant.gets(&format!("/v1/exceptions/{id}")).await.body;
    assert_eq!(at(&over, "/closed/how"), "matched with 1000042@erp-eu by hand, by plant", "{over}");
    let steps = plant.gets(&format!("/v1/orders/{order}/timeline")).await.body;
    let told = steps["steps"].as_array().unwrap().iter().find(|step| at(step, "/key") == "c1").unwrap();
    assert_eq!((at(told, "/matched_by"), at(told, "/matched_because")), ("mes-nord (plant)", "one digit is missing"), "{told}");
    assert_eq!((at(told, "/who"), told.get("reason")), ("mes-nord (plant)", None), "who said it is another question");
    let refused = plant.posts(&actions, "a4", json!({ "action": "acknowledge" })).await;
    refused.is(409, "STATE", "action");
    assert!(refused.replayed, "a refusal that was heard before says so");
    plant.posts("/v1/exceptions/E-0-0/actions", "a6", json!({ "action": "retry" })).await.is(404, "UNKNOWN", "exception");
    let sites = plant.gets("/v1/sites").await.body;
    let afar = sites["rows"].as_array().unwrap().iter().find(|row| row["name"] == "afar").unwrap();
    assert_eq!((&afar["reached"], sites["rows"].as_array().unwrap().len()), (&json!(false), 5));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_is_watched_without_a_gap_until_the_door_closes() {
    let world = World::start().await;
    let plant = Person::plant(&world);
    plant.posts("/v1/production-order-releases", "r1", release("PL-4711")).await.entity();
    let mut response = plant.request(Method::GET, "/v1/orders/PL-4711@erp-eu/watch").send().await.unwrap();
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let mut heard = String::new();
    plant.posts("/v1/production-order-releases", "r2", release("PL-4711")).await.is(409, "DUPLICATE_ORDER", "planned_order");
    let both = async {
        while !(heard.contains("\"key\":\"r1\"") && heard.contains("refused DUPLICATE_ORDER")) {
            heard.push_str(std::str::from_utf8(&response.chunk().await.unwrap().unwrap()).unwrap());
        }
    };
    tokio::time::timeout(Duration::from_secs(10), both).await.unwrap_or_else(|_| panic!("what was, and what came: {heard}"));
    let closing = tokio::time::timeout(Duration::from_secs(5), world.stop());
    closing.await.expect("somebody still watches, and the door closes all the same");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_reads_without_a_credential() {
    let world = World::start().await;
    let plant = Person::plant(&world);
    for path in ["/v1/orders", "/v1/orders/x", "/v1/orders/x/watch", "/v1/exceptions", "/v1/sites", "/v1/search?q=x", "/v1/raw/x"] {
        let stranger = plant.client.get(format!("http://{}{path}", world.doors.http));
        super::back(stranger).await.is(401, "UNAUTHENTICATED", "authorization");
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_is_shown_as_it_was_at_any_moment_and_why() {
    let world = World::start().await;
    let before = world.mesh.clock().now();
    let order = world.released("1000042").await.to_string();
    let plant = Person::plant(&world);
    plant.posts("/v1/operation-completions", "c1", completion("1000042", "40 H87")).await.entity();
    let then = world.mesh.clock().now();
    plant.posts("/v1/operation-completions", "c2", completion("1000042", "2 H87")).await.entity();
    let at = |path: &str, at: takt_protocol::instant::Instant| format!("/v1/orders/1000042{path}?at={at}");
    let (now, past) = (plant.gets("/v1/orders/1000042").await, plant.gets(&at("", then)).await);
    assert_eq!((now.body["operations"][0]["good"].as_str(), now.body.get("because")), (Some("42 H87"), None));
    assert_eq!((past.body["operations"][0]["good"].as_str(), past.field("as_of")), (Some("40 H87"), then.to_string().as_str()));
    assert_eq!((past.field("id"), past.body["because"]["key"].as_str()), (order.as_str(), Some("c1")));
    let ledger = plant.gets(&at("/ledger", then)).await;
    assert_eq!((ledger.body["lines"][0]["reported"].as_str(), ledger.field("cut_off")), (Some("40 H87"), then.to_string().as_str()));
    plant.gets(&at("", before)).await.is(404, "UNKNOWN", "at");
    plant.gets(&at("", then.plus_ms(3_600_000))).await.is(422, "SCHEMA", "at");
    plant.gets("/v1/orders/1000042?at=yesterday").await.is(422, "SCHEMA", "at");
    plant.gets("/v1/orders/1000042?when=now").await.is(400, "SCHEMA", "query");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_planner_learns_which_equipment_may_run_and_why_the_rest_may_not() {
    let world = World::start().await;
    let plant = Person::plant(&world);
    let path = "/v1/routing-assignments?plant=nord&material=FG-100";
    let fit = plant.gets(path).await.body;
    assert_eq!((at(&fit, "/recipe"), &fit["runnable"], at(&fit, "/at_plant/answer")), ("7", &json!(true), "unknown"));
    assert_eq!((at(&fit, "/operations/0/operation"), at(&fit, "/operations/0/equipment/0/equipment")), ("10", "PRESS-4"));
    assert_eq!(at(&fit, "/operations/0/equipment/0/state"), "fit");
    world.press_is_down().await;
    let down = plant.gets(path).await.body;
    assert_eq!((at(&down, "/operations/0/equipment/0/why"), &down["runnable"]), ("bearing", &json!(false)));
    plant.gets("/v1/routing-assignments?plant=west&material=FG-100").await.is(422, "UNKNOWN", "plant");
    plant.gets("/v1/routing-assignments?plant=nord&material=FG-9").await.is(422, "MISSING_MATERIAL", "material");
    plant.gets("/v1/routing-assignments?plant=nord&material=FG-100&recipe=8").await.is(422, "MISSING_RECIPE", "recipe");
    plant.gets("/v1/routing-assignments?plant=nord").await.is(400, "SCHEMA", "query");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_says_of_itself_what_it_runs_also_where_it_is_alone() {
    let world = World::start().await;
    world.released("1000042").await;
    let plant = Person::plant(&world);
    let nodes = plant.gets("/v1/nodes").await.body;
    let node = &nodes["rows"][0];
    assert_eq!((nodes["rows"].as_array().map(Vec::len), at(node, "/name"), &node["answers"]), (Some(1), "takt", &json!(true)));
    assert_eq!((&node["regions"], &node["shards"]), (&json!(["eu", "na"]), &json!(2)));
    assert!(node["load"].as_u64() > Some(0) && at(node, "/since").starts_with("20"), "{node}");
    let shards = plant.gets("/v1/shards").await.body;
    let rows = shards["rows"].as_array().unwrap();
    assert_eq!(rows.iter().map(|row| (at(row, "/region"), at(row, "/owner"))).collect::<Vec<_>>(), [("eu", "takt"), ("na", "takt")]);
    assert!(rows.iter().all(|row| row["epoch"] == 0 && row["shard"] == 0 && row["since"].is_string()), "{shards}");
    world.stop().await;
}
