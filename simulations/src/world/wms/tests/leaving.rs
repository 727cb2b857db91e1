//! Deliveries: picked, packed, and gone only with a clearance that stands.

use serde_json::{Value, json};

use super::{Dose, Habit, Storekeeper, topics};

/// A warehouse whose delivery SHP-1 of 500 units waits for its first clearance.
fn asking() -> (Storekeeper, Vec<Value>) {
    let mut keeper = Storekeeper::with_stock();
    keeper.plan("SHP-1", "500");
    let told = keeper.work(3_000);
    (keeper, told)
}

#[test]
fn a_delivery_is_picked_packed_and_asks_and_waits_as_long_as_nobody_answers() {
    let (mut keeper, told) = asking();
    assert_eq!(topics(&told), ["picked", "picked", "packed", "departure.requested"]);
    let taken: Vec<(&str, &str)> = told[..2].iter().map(|pick| (pick["sscc"].as_str().unwrap(), pick["units"].as_str().unwrap())).collect();
    assert_eq!(taken, [("51", "480"), ("52", "20")]);
    assert_eq!((told[3]["attempt"].as_u64(), &told[3]["contents"][1]["lot"]), (Some(1), &json!("N7")));
    assert!(keeper.work(1_000_000).is_empty());
    assert_eq!(keeper.get("/handling-units/51")["state"], "picked");
}

#[test]
fn a_cleared_delivery_leaves_and_says_with_which_attempt() {
    let (mut keeper, _) = asking();
    assert_eq!(keeper.clear("SHP-1", 1, "granted").value()["state"], "cleared");
    assert_eq!(keeper.clear("SHP-1", 1, "granted").status, 200);
    let told = keeper.work(1_000);
    assert_eq!((topics(&told), told[0]["attempt"].as_u64()), (vec!["departed"], Some(1)));
    assert_eq!(keeper.get("/handling-units/51")["state"], "shipped");
    assert_eq!(keeper.get("/stock")["results"][0]["shipped"], "500");
    assert_eq!(keeper.clear("SHP-1", 1, "refused").value()["error"], "departed");
}

#[test]
fn a_refused_delivery_asks_again_with_the_next_attempt_and_the_old_grant_is_stale() {
    let (mut keeper, _) = asking();
    assert_eq!(keeper.clear("SHP-1", 1, "refused").status, 200);
    let told = keeper.work(2_500);
    assert_eq!((topics(&told), told[0]["attempt"].as_u64()), (vec!["departure.requested"], Some(2)));
    assert_eq!(keeper.clear("SHP-1", 1, "granted").value()["error"], "stale_attempt");
    assert!(keeper.work(9_000).is_empty());
    keeper.clear("SHP-1", 2, "granted");
    assert_eq!(topics(&keeper.work(1_000)), ["departed"]);
}

#[test]
fn a_clearance_taken_back_while_loading_keeps_the_truck_here() {
    let (mut keeper, _) = asking();
    keeper.clear("SHP-1", 1, "granted");
    keeper.work(100);
    assert_eq!(keeper.clear("SHP-1", 1, "refused").status, 200);
    assert!(keeper.work(1_500).is_empty());
    assert_eq!(keeper.state("SHP-1"), "packed");
}

#[test]
fn a_block_while_loading_keeps_the_truck_here_until_it_is_gone_and_a_new_clearance_came() {
    let (mut keeper, _) = asking();
    keeper.clear("SHP-1", 1, "granted");
    keeper.post("/deliveries/SHP-1/block", &json!({ "reason": "QUALITY" }));
    assert!(keeper.work(9_000).is_empty());
    assert_eq!(keeper.clear("SHP-1", 1, "refused").status, 200);
    keeper.post("/deliveries/SHP-1/unblock", &json!({ "reason": "CUSTOMS" }));
    assert!(keeper.work(9_000).is_empty());
    keeper.post("/deliveries/SHP-1/unblock", &json!({ "reason": "QUALITY" }));
    assert_eq!(topics(&keeper.work(9_000)), ["departure.requested"]);
    assert_eq!(keeper.state("SHP-1"), "asking");
}

#[test]
fn a_truck_that_leaves_without_clearance_says_so_by_having_none() {
    let mut keeper = Storekeeper::with_stock();
    keeper.has(Habit::DepartsUncleared, &Dose::next(1));
    keeper.plan("SHP-1", "480");
    let told = keeper.work(9_000);
    assert_eq!((topics(&told).last(), &told.last().unwrap()["attempt"]), (Some(&"departed"), &Value::Null));
    assert_eq!(keeper.effect("departs_uncleared"), 1);
    assert_eq!(keeper.post("/deliveries/SHP-1/block", &json!({ "reason": "QUALITY" })).status, 409);
}

#[test]
fn a_truck_sent_away_by_hand_leaves_once() {
    let (mut keeper, _) = asking();
    for _ in 0..2 {
        keeper.post("/_sim/by-hand", &json!({ "do": "depart", "delivery": "SHP-1" }));
    }
    assert_eq!(topics(&keeper.work(0)), ["departed"]);
    assert_eq!(keeper.effect("departed_by_hand"), 2);
}

#[test]
fn a_delivery_waits_for_stock_and_is_picked_when_it_comes() {
    let mut keeper = Storekeeper::at_work();
    keeper.plan("SHP-1", "480");
    assert!(keeper.work(60_000).is_empty());
    keeper.post("/inbound-notices", &super::notice("51"));
    assert_eq!(topics(&keeper.work(9_000)).len(), 5);
    assert_eq!(keeper.state("SHP-1"), "asking");
}
