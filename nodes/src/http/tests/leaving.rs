//! What has left: it is shown by the numbers of its warehouse, with the clearance it left with, and nothing is said of it that holds
//! only for what is still there. Over a real mesh.

use std::time::Duration;

use serde_json::{Value, json};
use takt_protocol::id::Kind;
use takt_protocol::input::Body;
use takt_protocol::native::{NativeId, NativeKind, Ref};
use takt_protocol::order::{Input, Report};
use takt_protocol::shipment;
use takt_protocol::words::Sscc;

use super::{Person, hold};
use crate::ask::tests::fixture::{World, site};
use crate::screens::{self, Zones};

/// The warehouse says something of the shipment.
async fn says(world: &World, key: &str, report: shipment::Report) {
    tells(world, key, shipment::Input::Report(report)).await;
}

async fn tells(world: &World, key: &str, input: shipment::Input) {
    let name = Ref::new(site("wms-hub"), NativeKind::Shipment, NativeId::parse("SHP-7781").unwrap());
    world.tell("wms-hub", Kind::Shipment, name, key, Body::Shipment(input)).await;
}

/// Asks until the answer is so.
async fn until(world: &World, ask: impl AsyncFn() -> Value, is: impl Fn(&Value) -> bool) -> Value {
    let mut seen = Value::Null;
    for _ in 0..2_000 {
        seen = ask().await;
        if is(&seen) {
            return seen;
        }
        world.mesh.clock().sleep(Duration::from_millis(5)).await;
    }
    panic!("it never came to that: {seen}")
}

/// A shipment with the only pallet of a lot, cleared; it has left when that is wanted.
async fn shipped(world: &World, plant: &Person<'_>, leaves: bool) {
    let order = world.released("1000042").await.to_string();
    world.produces(&order, "pallet-1", "20 H87").await;
    let name = Ref::new(site("erp-eu"), NativeKind::Order, NativeId::parse("1000042").unwrap());
    world.tell("nord", Kind::Order, name, "done", Body::Order(Input::Report(Report::Completed))).await;
    world.announced("SHP-7781").await;
    says(world, "picked", shipment::Report::Picked { units: vec![Sscc::parse("pallet-1").unwrap()] }).await;
    says(world, "packed", shipment::Report::Packed).await;
    let on_it = async || plant.gets("/v1/shipments/SHP-7781").await.body;
    until(world, on_it, |seen| seen["units"][0]["contents"].is_array()).await;
    tells(world, "asks", shipment::Input::Request(shipment::Request::ClearDeparture { attempt: 1 })).await;
    until(world, on_it, |seen| seen["cleared"]["answer"] == "yes").await;
    if leaves {
        says(world, "left", shipment::Report::Departed).await;
        until(world, async || plant.gets("/v1/lots/FG-100%2F1000042").await.body, |lot| !lot["shipped"][0].is_null()).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_has_left_is_told_by_its_number_and_with_the_clearance_it_left_with() {
    let world = World::start().await;
    let plant = Person::plant(&world);
    shipped(&world, &plant, true).await;
    let zones = Zones::of(&plant.gets("/v1/sites").await.body);
    let lot = plant.gets("/v1/lots/FG-100%2F1000042").await.body;
    let given = &lot["clearances"][0];
    assert_eq!((&given["delivery"], &given["attempt"], &given["state"]), (&json!("SHP-7781"), &json!(1), &json!("used")), "{lot}");
    let screen = screens::lot(&lot, &zones);
    assert!(screen.contains("clearances given 1: SHP-7781 (attempt 1, used) · SHIPPED ALREADY pallet-1 with SHP-7781"), "{screen}");
    let trace = plant.gets("/v1/lots/FG-100%2F1000042/trace").await.body;
    assert_eq!(trace["shipments"][0]["delivery"], json!("SHP-7781"), "{trace}");
    let screen = screens::trace(&trace, &zones);
    assert!(screen.contains("shipments  SHP-7781@wms-hub departed") && !screen.contains("shipment."), "{screen}");
    let screen = screens::genealogy(&plant.gets("/v1/orders/1000042/genealogy").await.body, &zones);
    assert!(screen.contains("shipments  SHP-7781@wms-hub departed"), "{screen}");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hold_does_not_claim_to_keep_what_has_left_and_nobody_lets_it_go_again() {
    let world = World::start().await;
    let plant = Person::plant(&world);
    shipped(&world, &plant, true).await;
    let preview = plant.posts("/v1/quality-holds/preview", "p1", hold("1000042")).await.body;
    let screen = screens::preview(&preview, &Zones::of(&plant.gets("/v1/sites").await.body));
    assert!(screen.contains("shipment SHP-7781 departed") && screen.contains("HAS LEFT: hold NC-881 (weld) cannot keep it"), "{screen}");
    assert!(!screen.contains("keeps it"), "{screen}");
    let lot = plant.posts("/v1/quality-holds", "h1", hold("1000042")).await.entity().to_owned();
    assert!(!lot.is_empty());
    for gate in ["manual", "customs"] {
        let open = json!({ "gate": gate, "reason": "papers are there" });
        let key = format!("o-{gate}");
        plant.posts("/v1/shipments/SHP-7781/releases", &key, open).await.is(409, "STATE", "");
    }
    let told = plant.gets("/v1/sites/wms-hub/deliveries").await.body;
    assert!(!told.to_string().contains("unblock_shipment"), "{told}");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clearance_that_a_hold_took_back_is_shown_as_taken_back() {
    let world = World::start().await;
    let plant = Person::plant(&world);
    shipped(&world, &plant, false).await;
    let shown = async || plant.gets("/v1/lots/FG-100%2F1000042").await.body;
    assert_eq!(shown().await["clearances"][0]["state"], json!("open"));
    plant.posts("/v1/quality-holds", "h1", hold("1000042")).await.entity();
    let lot = until(&world, shown, |lot| lot["clearances"][0]["state"] == "taken_back").await;
    assert_eq!(lot["clearances"].as_array().unwrap().len(), 1, "{lot}");
    let before = lot["holds"][0]["bound_at"].as_str().unwrap();
    let past = plant.gets(&format!("/v1/lots/FG-100%2F1000042?at={}", before.replace('+', "%2B"))).await;
    assert!(past.status.is_success(), "{past:?}");
    world.stop().await;
}
