//! What a plant says that cannot be: materials and operations that nobody knows, and that it has no recipes at all; and the words in
//! which all of it is told. Over a real mesh.

use serde_json::{Value, json};
use takt_protocol::id::Kind;
use takt_protocol::input::Body;
use takt_protocol::native::{NativeId, NativeKind, Ref};
use takt_protocol::order::{Dispatch, Input, Report};
use takt_protocol::shipment;
use takt_protocol::words::Sscc;

use super::{Person, completion, hold};
use crate::ask::tests::fixture::{MES, World, site};
use crate::screens::{self, Zones};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_material_or_an_operation_that_nobody_knows_is_a_case_that_names_it() {
    let world = World::start().await;
    let order = world.released("1000042").await.to_string();
    let plant = Person::plant(&world);
    let issue =
        json!({ "plant": "nord", "order": "1000042", "operation": "10", "material": "STEL-3", "lot": "H-1", "quantity": "12.4 KGM" });
    let told = plant.posts("/v1/material-issues", "i1", issue.clone()).await;
    assert_eq!(told.field("answer"), "discrepant", "{told:?}");
    let again = plant.posts("/v1/material-issues", "i1", issue).await;
    assert_eq!((again.field("answer"), again.replayed), ("discrepant", true));
    let odd = json!({ "plant": "nord", "order": "1000042", "operation": "99", "good": "5 H87" });
    let told = plant.posts("/v1/operation-completions", "c1", odd).await;
    assert_eq!(told.field("answer"), "discrepant", "{told:?}");
    let desk = plant.gets("/v1/exceptions").await.body;
    let what: Vec<&str> = desk["rows"].as_array().unwrap().iter().map(|row| row["what"].as_str().unwrap()).collect();
    assert_eq!(what.len(), 2, "{desk}");
    assert!(what.iter().any(|what| what.starts_with("12.4 KGM of STEL-3 were reported as used on 1000042")), "{what:?}");
    assert!(what.contains(&"the plant reports operation 99, which is not in the routing of 1000042"), "{what:?}");
    let ledger = plant.gets("/v1/orders/1000042/ledger").await.body;
    let waits = ledger["lines"].as_array().unwrap().iter().find(|line| line["material"] == "STEL-3").unwrap();
    assert_eq!((&waits["reported"], &waits["parked"], &waits["posted"]), (&json!("12.4 KGM"), &json!("12.4 KGM"), &json!("0 KGM")));
    assert_eq!(ledger["balances"], json!(true), "{ledger}");
    assert_eq!(world.order(&order).await.consumed.len(), 1, "a hold on the lot finds what was made of it");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plant_that_says_it_has_no_recipes_at_all_is_sent_no_order() {
    let world = World::start().await;
    let plant = Person::plant(&world);
    let says = async |recipes: Value| {
        let plant = world.mesh.book().site_entity(site("nord")).unwrap();
        let at = world.mesh.clock().now().to_string();
        let body = json!({ "site": plant.to_string(), "n": at, "at": at, "recipes": recipes }).to_string();
        let post = reqwest::Client::new().post(format!("http://{}/in/nord/has", world.doors.http)).bearer_auth(MES).body(body);
        assert_eq!(super::back(post).await.status.as_u16(), 202);
    };
    says(json!({})).await;
    let shown = async || plant.gets("/v1/sites/nord").await.body["recipes"][0].clone();
    while shown().await["same"] != "no" {
        world.mesh.clock().sleep(std::time::Duration::from_millis(5)).await;
    }
    let order = world.ordered("1000042").await.to_string();
    world.until(&order, |order| matches!(order.dispatch, Dispatch::Invalid { .. })).await;
    let seen = plant.gets("/v1/orders/1000042").await.body;
    let case = &seen["exceptions"][0];
    assert!(case["what"].as_str().unwrap().contains("nord itself has no recipe of FG-100"), "{case}");
    assert!(case["impact_at"].is_string(), "it is an alarm with a time: {case}");
    let tried = plant.gets("/v1/sites/nord/deliveries").await.body;
    let out = tried["rows"].as_array().unwrap().iter().filter(|row| row["way"] == "out").count();
    assert_eq!(out, 0, "0 calls to the plant: {tried}");
    let work = plant.gets("/v1/routing-assignments?plant=nord&material=FG-100").await.body;
    assert_eq!(work["at_plant"]["answer"], json!("no"), "{work}");
    says(json!({ "FG-100": ["7"] })).await;
    world.until(&order, |order| matches!(order.dispatch, Dispatch::Accepted { .. })).await;
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_happened_is_told_in_the_words_of_the_field() {
    let world = World::start().await;
    let order = world.released("1000042").await.to_string();
    let shipment = world.announced("SHP-7781").await.to_string();
    let plant = Person::plant(&world);
    let last = json!({ "plant": "nord", "order": "1000042", "operation": "10", "good": "40 H87", "last": true });
    plant.posts("/v1/operation-completions", "c1", last).await.entity();
    plant.posts("/v1/operation-completions", "c2", completion("1000042", "1 H87")).await.entity();
    world.produces(&order, "pallet-1", "20 H87").await;
    world.press_is_down().await;
    let lot = plant.posts("/v1/quality-holds", "h1", hold("1000042")).await.entity().to_owned();
    plant.posts(&format!("/v1/shipments/{shipment}/blocks"), "b1", json!({ "gate": "customs", "reason": "papers" })).await.entity();
    world.until(&order, |order| order.ledger.has_documents()).await;
    let mut told = Vec::new();
    for path in [format!("orders/{order}"), format!("lots/{lot}"), format!("shipments/{shipment}"), "sites/nord".to_owned()] {
        let timeline = plant.gets(&format!("/v1/{path}/timeline")).await.body;
        for step in timeline["steps"].as_array().unwrap() {
            told.extend(step["what"].as_array().unwrap().iter().map(|what| what.as_str().unwrap().to_owned()));
        }
    }
    assert!(told.len() > 20, "{told:?}");
    for what in &told {
        assert!(!what.contains('_') && !what.contains("intent") && !what.contains("{ ") && !what.contains("Some("), "{what}");
    }
    for words in [
        "yield 40 H87 of FG-100 at operation 10, for ",
        "dispatch: attempt 1, state accepted",
        "kept by customs: papers",
        "PRESS-4 may not run (bearing)",
    ] {
        assert!(told.iter().any(|what| what.contains(words)), "`{words}` is not in {told:#?}");
    }
    let screen = screens::ledger(&plant.gets("/v1/orders/1000042/ledger").await.body, &Zones::of(&plant.gets("/v1/sites").await.body));
    assert!(!screen.contains("goods_") && !screen.contains("in_flight"), "{screen}");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hold_is_previewed_with_each_shipment_once_and_says_how_long_goods_could_be_promised() {
    let world = World::start().await;
    let order = world.released("1000042").await.to_string();
    let plant = Person::plant(&world);
    world.produces(&order, "pallet-1", "20 H87").await;
    let name = Ref::new(site("erp-eu"), NativeKind::Order, NativeId::parse("1000042").unwrap());
    world.tell("nord", Kind::Order, name, "done", Body::Order(Input::Report(Report::Completed))).await;
    world.announced("SHP-7781").await;
    let name = Ref::new(site("wms-hub"), NativeKind::Shipment, NativeId::parse("SHP-7781").unwrap());
    let picked = shipment::Report::Picked { units: vec![Sscc::parse("pallet-1").unwrap()] };
    world.tell("wms-hub", Kind::Shipment, name, "picked", Body::Shipment(shipment::Input::Report(picked))).await;
    let preview = until(
        &world,
        async || plant.posts("/v1/quality-holds/preview", "p1", hold("1000042")).await.body,
        |seen| seen.pointer("/reach/shipments").and_then(Value::as_array).is_some_and(|all| all.len() == 1),
    );
    let zones = Zones::of(&plant.gets("/v1/sites").await.body);
    let screen = screens::preview(&preview.await, &zones);
    let lines: Vec<&str> = screen.lines().filter(|line| line.trim_start().starts_with("shipment ")).collect();
    assert_eq!(lines.len(), 1, "{screen}");
    assert!(lines[0].contains("SHP-7781") && lines[0].ends_with(": hold NC-881 (weld) keeps it"), "{screen}");
    let shown = async || plant.gets("/v1/lots/FG-100%2F1000042").await.body;
    until(&world, shown, |lot| lot["erp_stock"].to_string().contains("20 H87")).await;
    plant.posts("/v1/quality-holds", "h1", hold("1000042")).await.entity();
    let held = until(&world, shown, |lot| lot["holds"][0]["promising"]["state"] == "out").await;
    assert_eq!(held["holds"][0]["promising"]["erp"], json!("erp-eu"));
    let screen = screens::lot(&held, &zones);
    assert!(screen.contains("promising   blocked in erp-eu; exposed for 0."), "{screen}");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_posting_that_is_answered_with_the_document_of_another_is_finances_to_decide() {
    let world = World::start().await;
    world.released("8000001").await;
    let plant = Person::plant(&world);
    for (key, operation) in [("c1", "10"), ("c2", "20")] {
        let last = json!({ "plant": "nord", "order": "8000001", "operation": operation, "good": "40 H87", "last": true });
        plant.posts("/v1/operation-completions", key, last).await.entity();
    }
    let shown = async || plant.gets("/v1/orders/8000001/ledger").await.body;
    let ledger = until(&world, shown, |ledger| ledger["postings"].to_string().contains("parked")).await;
    let standings: Vec<&Value> = ledger["postings"].as_array().unwrap().iter().map(|posting| &posting["standing"]).collect();
    assert_eq!((standings, &ledger["balances"]), (vec![&json!("posted"), &json!("parked")], &json!(true)), "{ledger}");
    let desk = plant.gets("/v1/exceptions?owner=finance").await.body;
    let case = &desk["rows"][0];
    let what = case["what"].as_str().unwrap();
    assert!(what.contains("document 4900000001, which is that of posting 1 already: look at the lines of 4900000001 there"), "{what}");
    assert!(["retry", "adopt", "write_off"].iter().all(|action| case["actions"].to_string().contains(action)), "{case}");
    let act = format!("/v1/exceptions/{}/actions", case["id"].as_str().unwrap());
    let both = json!({ "action": "adopt", "document": "4900000001", "reason": "it books both" });
    Person::finance(&world).posts(&act, "a1", both).await.entity();
    let ledger = shown().await;
    assert_eq!((&ledger["postings"][1]["standing"], &ledger["balances"]), (&json!("adopted"), &json!(true)), "{ledger}");
    world.stop().await;
}

/// Asks until the answer is so, and fails when it never is.
async fn until(world: &World, ask: impl AsyncFn() -> Value, is: impl Fn(&Value) -> bool) -> Value {
    let mut seen = Value::Null;
    for _ in 0..2_000 {
        seen = ask().await;
        if is(&seen) {
            return seen;
        }
        world.mesh.clock().sleep(std::time::Duration::from_millis(5)).await;
    }
    panic!("it never came to that: {seen}")
}
