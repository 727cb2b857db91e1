//! The lists of lots and shipments: what is held or blocked first, narrowed, in parts, and with the commands that show each.

use serde_json::{Value, json};
use takt_protocol::id::Kind;
use takt_protocol::input::Body;
use takt_protocol::instant::Instant;
use takt_protocol::native::{NativeId, NativeKind, Ref};
use takt_protocol::order::{Input, Report};

use super::{Person, hold};
use crate::ask::tests::fixture::{World, site};
use crate::screens::{self, Zones};

fn column(page: &Value, name: &str) -> Vec<String> {
    page["rows"].as_array().unwrap().iter().map(|row| row[name].as_str().unwrap_or_default().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn held_lots_come_first_and_a_list_is_narrowed_and_read_in_parts() {
    let world = World::start().await;
    let plant = Person::plant(&world);
    let order = world.released("1000042").await.to_string();
    for lot in ["H-1", "H-2"] {
        let issue = json!({ "plant": "nord", "order": "1000042@erp-eu", "operation": "10", "material": "STEEL-3", "lot": lot, "quantity": "4 KGM" });
        plant.posts("/v1/material-issues", lot, issue).await.entity();
    }
    world.produces(&order, "340123450000000018", "20 H87").await;
    let made = loop {
        let all = plant.gets("/v1/lots").await.body;
        let lots = column(&all, "lot");
        if let Some(made) = lots.iter().find(|lot| lot.starts_with("FG-100/")).filter(|_| lots.len() == 3) {
            break made.clone();
        }
        tokio::task::yield_now().await;
    };
    assert!(column(&plant.gets("/v1/lots?held=true").await.body, "lot").is_empty());
    plant.posts("/v1/quality-holds", "h1", hold(made.trim_start_matches("FG-100/"))).await.entity();
    let all = plant.gets("/v1/lots").await.body;
    assert_eq!(column(&all, "lot"), [made.as_str(), "STEEL-3/H-2", "STEEL-3/H-1"], "held first, then the newest: {all}");
    let held = &all["rows"][0];
    assert_eq!((&held["holds"], &held["blocked"], &held["units"]), (&json!(["NC-881"]), &json!("20 H87"), &json!(1)));
    assert_eq!(column(&plant.gets("/v1/lots?held=true").await.body, "lot"), [made.as_str()]);
    assert_eq!(column(&plant.gets("/v1/lots?material=STEEL-3").await.body, "lot").len(), 2);
    assert_eq!(column(&plant.gets("/v1/lots?material=STEEL-3&plant=nord").await.body, "lot").len(), 2);
    assert!(column(&plant.gets("/v1/lots?material=STEEL-3&plant=afar").await.body, "lot").is_empty());
    assert!(column(&plant.gets("/v1/lots?plant=nord&in_inspection=true").await.body, "lot").is_empty());
    plant.gets("/v1/lots?plant=nowhere").await.is(404, "UNKNOWN", "plant");
    let told = plant.gets(&format!("/v1/lots/{}/timeline", made.replace('/', "%2F"))).await.body;
    let step = told["steps"].as_array().unwrap().iter().find(|step| step["key"] == "h1").unwrap_or_else(|| panic!("{told}"));
    assert_eq!((&step["who"], &told["chain_verified_to"]), (&json!("mes-nord (plant)"), &told["commits"]));
    for path in ["units/340123450000000018", "sites/nord"] {
        let told = plant.gets(&format!("/v1/{path}/timeline?most=1")).await.body;
        assert_eq!(told["steps"].as_array().unwrap().len(), 1, "{path}: {told}");
    }
    plant.gets("/v1/sites/nowhere/timeline").await.is(404, "UNKNOWN", "id");
    let (mut walked, mut after) = (Vec::new(), String::new());
    loop {
        let part = plant.gets(&format!("/v1/lots?most=1&after={after}")).await.body;
        walked.extend(column(&part, "lot"));
        let Some(next) = part["next"].as_str() else { break };
        next.clone_into(&mut after);
    }
    assert_eq!(walked, column(&all, "lot"), "the parts are the whole");
    let screen = screens::lots(&all, &Zones::of(&plant.gets("/v1/sites").await.body));
    assert!(screen.contains("NC-881") && screen.contains(&made), "{screen}");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn blocked_shipments_come_first() {
    let world = World::start().await;
    let plant = Person::plant(&world);
    for number in ["SHP-1", "SHP-2", "SHP-3"] {
        world.announced(number).await;
    }
    let stop = json!({ "gate": "manual", "reason": "the customer called" });
    plant.posts("/v1/shipments/SHP-2/blocks", "b1", stop).await.entity();
    let all = plant.gets("/v1/shipments").await.body;
    let numbers = column(&all, "delivery");
    assert_eq!((numbers.len(), numbers[0].as_str()), (3, "SHP-2"), "{all}");
    assert_eq!(all["rows"][0]["blocked_by"], json!(["manual: the customer called"]));
    assert_eq!(column(&plant.gets("/v1/shipments?blocked=true").await.body, "delivery"), ["SHP-2"]);
    assert_eq!(column(&plant.gets("/v1/shipments?open=true&warehouse=wms-hub").await.body, "delivery").len(), 3);
    plant.gets("/v1/shipments?warehouse=nord").await.is(404, "UNKNOWN", "warehouse");
    plant.gets("/v1/shipments?warehouse=nowhere").await.is(404, "UNKNOWN", "warehouse");
    plant.gets("/v1/shipments?after=0.1.x").await.is(422, "SCHEMA", "after");
    let told = plant.gets("/v1/shipments/SHP-2/timeline").await.body;
    assert!(told["steps"].to_string().contains("the customer called"), "{told}");
    let screen = screens::shipments(&all, &Zones::of(&plant.gets("/v1/sites").await.body));
    assert!(screen.contains("SHP-2") && screen.contains("the customer called"), "{screen}");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sample_says_by_when_its_laboratory_promised_a_verdict_and_when_it_promised_nothing() {
    let world = World::start().await;
    let plant = Person::plant(&world);
    let order = world.released("1000042").await.to_string();
    world.produces(&order, "pallet-1", "20 H87").await;
    for sample in ["S-1", "T-1"] {
        let name = Ref::new(site("erp-eu"), NativeKind::Order, NativeId::parse("1000042").unwrap());
        let taken = Report::SampleTaken { sample: NativeId::parse(sample).unwrap(), lot: None, qty: None };
        world.tell("nord", Kind::Order, name, sample, Body::Order(Input::Report(taken))).await;
    }
    let mut lot = Value::Null;
    for _ in 0..2_000 {
        lot = plant.gets("/v1/lots/FG-100%2F1000042").await.body;
        if lot["samples"][0]["due_at"].is_string() && lot["samples"][1]["sample"].is_string() {
            break;
        }
        world.mesh.clock().sleep(std::time::Duration::from_millis(5)).await;
    }
    let at = |row: &Value, field: &str| Instant::parse(row[field].as_str().unwrap_or_else(|| panic!("{field}: {lot}"))).unwrap();
    let promised = &lot["samples"][0];
    let promise = at(promised, "due_at").since(at(promised, "taken_at"));
    assert!((3_590..=3_600).contains(&promise.as_secs()), "{lot}");
    assert!(lot["samples"][1]["due_at"].is_null() && lot["samples"][1]["passed"].is_null(), "{lot}");
    let zones = Zones::of(&plant.gets("/v1/sites").await.body);
    let screen = screens::lot(&lot, &zones);
    assert!(screen.contains(": no verdict yet, due ") && screen.contains("its laboratory has not said by when"), "{screen}");
    let screen = screens::site(&plant.gets("/v1/sites/nord").await.body, &zones);
    assert!(screen.contains("sample S-1 of FG-100/1000042: due ") && screen.contains("sample T-1 of"), "{screen}");
    world.stop().await;
}
