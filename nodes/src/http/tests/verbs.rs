//! Each verb does what it says, once.

use futures::future::join_all;
use serde_json::json;
use takt_protocol::kernel::Own;
use takt_protocol::qty::Qty;

use super::{Person, completion, hold, release};
use crate::ask::tests::fixture::{World, site};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_release_is_recorded_and_a_repetition_gets_the_same_answer() {
    let world = World::start().await;
    let plant = Person::plant(&world);
    let first = plant.posts("/v1/production-order-releases", "r1", release("PL-4711")).await;
    let order = world.order(first.entity()).await;
    assert!(order.header.is_none(), "the ERP has not made it yet: {order:?}");
    let again = plant.posts("/v1/production-order-releases", "r1", release("PL-4711")).await;
    assert_eq!(again.body, first.body);
    assert!(again.replayed && !first.replayed);
    let mut other = release("PL-4711");
    other["total"] = json!("500 H87");
    plant.posts("/v1/production-order-releases", "r1", other.clone()).await.is(409, "KEY_REUSED", "Idempotency-Key");
    plant.posts("/v1/production-order-releases", "r2", other).await.is(409, "DUPLICATE_ORDER", "planned_order");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_completion_counts_once_however_often_it_is_sent_at_once() {
    let world = World::start().await;
    let order = world.released("1000042").await.to_string();
    let plant = Person::plant(&world);
    let sent = (0..500).map(|_| plant.posts("/v1/operation-completions", "c1", completion("1000042", "40 H87")));
    let answers = join_all(sent).await;
    assert!(answers.iter().all(|back| back.entity() == order && back.field("answer") == "accepted"));
    assert_eq!(answers.iter().filter(|back| !back.replayed).count(), 1);
    let good = world.order(&order).await.ops.values().next().unwrap().good;
    assert_eq!(good, Qty::parse("40 H87").unwrap());
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_is_found_by_its_id_its_erp_number_and_its_job() {
    let world = World::start().await;
    let order = world.released("0001000042").await.to_string();
    let plant = Person::plant(&world);
    let names = [order.as_str(), "1000042", "0001000042", "J-0001000042"];
    for (at, name) in names.iter().enumerate() {
        let back = plant.posts("/v1/operation-completions", &format!("c{at}"), completion(name, "1 H87")).await;
        assert_eq!(back.entity(), order, "{name}");
    }
    for (at, name) in names.iter().copied().chain(["1000042@erp-eu"]).enumerate() {
        let path = format!("/v1/orders/{name}/quantity-changes");
        let total = format!("{} H87", 500 + at);
        let back = plant.posts(&path, &format!("q{at}"), json!({ "total": total })).await;
        assert_eq!(back.entity(), order, "{name}");
        let total = Qty::parse(&total).unwrap();
        world.until(&order, |order| order.pending.is_none() && order.header.as_ref().is_some_and(|header| header.total == total)).await;
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_report_about_an_order_that_nobody_knows_yet_waits_and_is_offered_when_it_arrives() {
    let world = World::start().await;
    let plant = Person::plant(&world);
    let early = plant.posts("/v1/operation-completions", "early", completion("1000077", "12 H87")).await;
    assert_eq!((early.status.as_u16(), early.field("answer")), (202, "quarantined"));
    let order = world.released("1000077").await.to_string();
    let counted = |order: &takt_protocol::order::Order| order.ops.values().any(|op| op.good == Qty::parse("12 H87").unwrap());
    world.until(&order, counted).await;
    let again = plant.posts("/v1/operation-completions", "early", completion("1000077", "12 H87")).await;
    assert!(again.replayed && again.entity() == order, "{again:?}");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn material_is_issued_and_a_count_is_corrected() {
    let world = World::start().await;
    let order = world.released("1000042").await.to_string();
    let plant = Person::plant(&world);
    let issue =
        json!({ "plant": "nord", "order": "1000042", "operation": "10", "material": "STEEL-3", "lot": "H-5501", "quantity": "12.4 KGM" });
    assert_eq!(plant.posts("/v1/material-issues", "i1", issue).await.entity(), order);
    plant.posts("/v1/operation-completions", "c1", completion("1000042", "40 H87")).await.entity();
    let wrong =
        json!({ "plant": "nord", "order": "1000042", "operation": "10", "use": "yield", "difference": "-6 H87", "reason": "miscount" });
    assert_eq!(plant.posts("/v1/count-corrections", "k1", wrong).await.entity(), order);
    let state = world.order(&order).await;
    assert_eq!(state.ops.values().next().unwrap().good, Qty::parse("34 H87").unwrap());
    assert_eq!(state.consumed.iter().next().unwrap().0.lot.as_str(), "H-5501");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn anyone_places_a_hold_and_only_quality_ends_it() {
    let world = World::start().await;
    let (plant, quality) = (Person::plant(&world), Person::quality(&world));
    let placed = plant.posts("/v1/quality-holds", "h1", hold("N7-1123")).await;
    let lot = placed.entity().to_owned();
    let holds = async || {
        let Own::Lot(lot) = world.state(&lot).await.own else { panic!("{lot} is no lot") };
        lot.holds.len()
    };
    assert_eq!(holds().await, 1);
    let end = json!({ "hold": "NC-881", "plant": "nord", "material": "FG-100", "lot": "N7-1123" });
    plant.posts("/v1/quality-hold-releases", "x1", end.clone()).await.is(409, "NOT_OWNER", "authorization");
    assert_eq!(holds().await, 1);
    let mut part = end.clone();
    part["decisions"] = json!([{ "verdict": "scrap", "quantity": "2 H87" }]);
    part["last"] = json!(false);
    quality.posts("/v1/quality-dispositions", "d1", part).await.entity();
    assert_eq!(holds().await, 1);
    // Two pieces are to be scrapped, and nobody said where they stand: the rest is not freed over that.
    assert_eq!(quality.posts("/v1/quality-hold-releases", "x1", end.clone()).await.field("answer"), "discrepant");
    assert_eq!(holds().await, 1);
    let mut named = end;
    named["decisions"] = json!([{ "verdict": "accept" }, { "verdict": "scrap", "quantity": "2 H87", "unit": "340123450000000018" }]);
    named["last"] = json!(true);
    quality.posts("/v1/quality-dispositions", "d2", named).await.entity();
    assert_eq!(holds().await, 0);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_is_changed_on_its_way_and_says_what_is_under_way() {
    let world = World::start().await;
    let order = world.released("1000042").await.to_string();
    let plant = Person::plant(&world);
    let path = |wish: &str| format!("/v1/orders/1000042/{wish}");
    assert_eq!(plant.posts(&path("holds"), "h1", json!({ "reason": "design change" })).await.entity(), order);
    assert_eq!(plant.gets(&format!("/v1/orders/{order}")).await.field("on_hold"), "design change");
    plant.posts(&path("resumptions"), "r1", json!({})).await.entity();
    plant.posts(&path("resumptions"), "r2", json!({})).await.is(409, "STATE", "");
    plant
        .posts(&path("reschedules"), "d1", json!({ "start": "tomorrow", "end": "2026-11-26T14:00:00+01:00" }))
        .await
        .is(422, "SCHEMA", "start");
    plant.posts(&path("recipe-changes"), "v1", json!({ "version": "99" })).await.is(409, "STATE", "");
    plant.posts(&path("component-replacements"), "m1", json!({ "item": "0099", "material": "STEEL-3" })).await.is(409, "STATE", "");
    plant.posts(&path("splits"), "s1", json!({ "total": "1 KGM", "reference": "PL-B" })).await.is(422, "UOM_UNMAPPED", "total");
    plant.posts(&path("reopenings"), "o1", json!({})).await.is(409, "STATE", "");
    plant.posts(&path("reversals"), "b1", json!({ "posting": 1, "reason": "wrong" })).await.is(409, "NOT_OWNER", "authorization");
    plant.posts(&path("revocations"), "j1", json!({ "reason": "wrong", "more": 1 })).await.is(400, "SCHEMA", "more");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_goes_to_its_end_by_requests() {
    let world = World::start().await;
    let order = world.released("1000042").await.to_string();
    let plant = Person::plant(&world);
    plant.posts("/v1/operation-completions", "c1", completion("1000042", "40 H87")).await.entity();
    plant.posts("/v1/orders/1000042/cancellations", "a1", json!({})).await.is(409, "STATE", "");
    plant.posts("/v1/orders/1000042/technical-completions", "t1", json!({})).await.is(409, "STATE", "force");
    let forced = json!({ "force": true, "reason": "the rest is not needed" });
    plant.posts("/v1/orders/1000042/technical-completions", "t2", forced).await.entity();
    let settled = |order: &takt_protocol::order::Order| {
        let over = order.business == takt_protocol::order::Business::TechnicallyCompleted;
        over && !order.ledger.is_unsettled() && !order.ledger.has_open_groups()
    };
    world.until(&order, settled).await;
    plant.posts("/v1/orders/1000042/closings", "z1", json!({})).await.entity();
    world.until(&order, |order| order.business == takt_protocol::order::Business::Closed).await;
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_report_said_is_kept_word_for_word_and_found_by_its_hash() {
    let world = World::start().await;
    world.released("1000042").await;
    let plant = Person::plant(&world);
    plant.posts("/v1/operation-completions", "c1", completion("1000042", "40 H87")).await.entity();
    let said = br#"{"plant":"nord","order":"1000042","operation":"10","good":"40 H87"}"#;
    let hash = takt_protocol::envelope::RawRef::of(said);
    let kept = plant.gets(&format!("/v1/raw/{hash}")).await;
    assert_eq!(kept.field("good"), "40 H87", "{kept:?}");
    // In the one write of what it led to: a second one before it would cost as much again.
    let blobs = &world.mesh.region_of(site("nord")).unwrap().node().seams.blobs;
    assert_eq!(blobs.get(&hash).await.unwrap(), None);
    // Nobody knows its order: it waits, and what it said is among the payloads.
    assert_eq!(plant.posts("/v1/operation-completions", "c2", completion("nobody", "7 H87")).await.status.as_u16(), 202);
    let waits = br#"{"plant":"nord","order":"nobody","operation":"10","good":"7 H87"}"#;
    let waits = takt_protocol::envelope::RawRef::of(waits);
    assert!(blobs.get(&waits).await.unwrap().is_some());
    assert_eq!(plant.gets(&format!("/v1/raw/{waits}")).await.field("good"), "7 H87");
    plant.gets(&format!("/v1/raw/{}", "0".repeat(64))).await.is(404, "UNKNOWN", "hash");
    plant.gets("/v1/raw/..%2f..%2fetc").await.is(422, "SCHEMA", "hash");
    world.stop().await;
}
