//! Goods coming in, stock and its blocks.

use serde_json::json;

use super::{Dose, Habit, Method, Request, Storekeeper, notice, topics};

#[test]
fn an_announced_pallet_is_received_and_put_away_and_both_are_told() {
    let mut keeper = Storekeeper::at_work();
    keeper.post("/inbound-notices", &notice("51"));
    assert_eq!(keeper.get("/handling-units/51")["state"], "announced");
    let told = keeper.work(2_000);
    assert_eq!(topics(&told), ["handling_unit.received", "handling_unit.put_away"]);
    assert_eq!(told[0]["contents"], json!([{ "item": "FG-100", "lot": "N7", "units": "480" }]));
    assert_eq!(
        (told[0]["at"].as_str(), told[1]["at"].as_str()),
        (Some("2026-11-24T03:12:11.500+01:00"), Some("2026-11-24T03:12:12.000+01:00"))
    );
    assert_eq!(keeper.get("/handling-units/51")["bin"], told[1]["bin"]);
    assert_eq!(keeper.get("/stock")["results"][0]["on_hand"], "480");
}

#[test]
fn an_announcement_sent_again_is_the_same_and_one_that_contradicts_is_a_conflict() {
    let mut keeper = Storekeeper::at_work();
    let first = keeper.post("/inbound-notices", &notice("51"));
    let again = keeper.post("/inbound-notices", &notice("51"));
    assert_eq!((first.status, again.status, first.body == again.body), (201, 200, true));
    let mut other = notice("51");
    other["contents"][0]["units"] = json!("479");
    assert_eq!(keeper.post("/inbound-notices", &other).value()["error"], "reference_reused");
    other["notice_ref"] = json!("n-99");
    assert_eq!(keeper.post("/inbound-notices", &other).value()["error"], "known_handling_unit");
    assert_eq!(topics(&keeper.work(2_000)).len(), 2);
}

#[test]
fn a_pallet_that_was_counted_differently_is_told_as_counted() {
    let mut keeper = Storekeeper::at_work();
    keeper.has(Habit::ReceivedDiffers, &Dose::next(1).of(-3));
    keeper.post("/inbound-notices", &notice("51"));
    keeper.post("/inbound-notices", &notice("52"));
    let told = keeper.work(2_000);
    let counted: Vec<&str> = told
        .iter()
        .filter(|one| one["topic"] == "handling_unit.received")
        .map(|one| one["contents"][0]["units"].as_str().unwrap())
        .collect();
    assert_eq!(counted, ["477", "480"]);
    assert_eq!(keeper.effect("received_differs"), 1);
}

#[test]
fn a_blocked_lot_is_not_picked_and_neither_is_what_arrives_of_it_later() {
    let mut keeper = Storekeeper::with_stock();
    let block = json!({ "block_ref": "NC-881", "lot": "N7", "item": "FG-100", "reason": "weld" });
    let placed = keeper.post("/stock-blocks", &block).value();
    assert_eq!(placed["handling_units"], json!(["51", "52"]));
    assert_eq!(keeper.post("/stock-blocks", &block).status, 200);
    keeper.post("/inbound-notices", &notice("53"));
    keeper.plan("SHP-1", "480");
    assert_eq!(topics(&keeper.work(9_000)), ["handling_unit.received", "handling_unit.put_away"]);
    let stock = keeper.get("/stock")["results"][0].clone();
    assert_eq!((stock["blocked"].as_str(), stock["free"].as_str()), (Some("1440"), Some("0")));
    let lift = Request::new(Method::Delete, &format!("/stock-blocks/{}", placed["block"].as_str().unwrap()));
    assert_eq!((keeper.answer(&lift).status, keeper.answer(&lift).status), (204, 204));
    assert!(topics(&keeper.work(9_000)).contains(&"picked"));
}

#[test]
fn a_block_on_one_pallet_leaves_the_others_free() {
    let mut keeper = Storekeeper::with_stock();
    keeper.post("/stock-blocks", &json!({ "block_ref": "NC-882", "sscc": "51", "reason": "dent" }));
    keeper.plan("SHP-1", "480");
    let told = keeper.work(900);
    assert_eq!((told[0]["topic"].as_str(), told[0]["sscc"].as_str()), (Some("picked"), Some("52")));
}

#[test]
fn a_block_says_which_deliveries_have_the_stock_already() {
    let mut keeper = Storekeeper::with_stock();
    keeper.plan("SHP-1", "480");
    keeper.work(9_000);
    let block = |reference: &str| json!({ "block_ref": reference, "lot": "N7", "reason": "weld" });
    assert_eq!(keeper.post("/stock-blocks", &block("a")).value()["picked"], json!(["SHP-1"]));
    keeper.clear("SHP-1", 1, "granted");
    keeper.work(9_000);
    let after = keeper.post("/stock-blocks", &block("b")).value();
    assert_eq!((&after["picked"], &after["shipped"], &after["handling_units"]), (&json!([]), &json!(["SHP-1"]), &json!(["52"])));
}

#[test]
fn a_block_needs_something_to_block_and_keeps_its_reference() {
    let mut keeper = Storekeeper::with_stock();
    assert_eq!(keeper.post("/stock-blocks", &json!({ "block_ref": "x", "reason": "?" })).status, 400);
    keeper.post("/stock-blocks", &json!({ "block_ref": "x", "lot": "N7", "reason": "weld" }));
    assert_eq!(keeper.post("/stock-blocks", &json!({ "block_ref": "x", "lot": "N8", "reason": "weld" })).status, 409);
    assert_eq!(keeper.answer(&Request::new(Method::Delete, "/stock-blocks/B-9")).status, 404);
    let found = keeper.answer(&Request::get("/stock-blocks").with_query("block_ref", "x")).value();
    assert_eq!(found["results"].as_array().unwrap().len(), 1);
}

#[test]
fn a_count_adjusted_by_hand_is_told_and_never_below_nothing() {
    let mut keeper = Storekeeper::with_stock();
    let adjust = |units: &str| json!({ "do": "adjust", "sscc": "51", "units": units, "person": "J. Weiss" });
    assert_eq!(keeper.post("/_sim/by-hand", &adjust("-3")).value()["contents"][0]["units"], "477");
    assert_eq!(keeper.post("/_sim/by-hand", &adjust("-999")).value()["contents"][0]["units"], "0");
    assert_eq!(topics(&keeper.work(0)), ["stock.adjusted", "stock.adjusted"]);
    assert_eq!(keeper.effect("adjusted_by_hand"), 2);
}

#[test]
fn nonsense_is_refused() {
    let mut keeper = Storekeeper::with_stock();
    let mut empty = notice("60");
    empty["contents"][0]["units"] = json!("0");
    for (path, body) in
        [("/inbound-notices", &empty), ("/inbound-notices", &json!({})), ("/_sim/deliveries", &json!({ "delivery": "x", "lines": [] }))]
    {
        assert_eq!(keeper.post(path, body).status, 400, "{path}");
    }
    for path in ["/handling-units/99", "/deliveries/99", "/elsewhere"] {
        assert_eq!(keeper.answer(&Request::get(path)).status, 404, "{path}");
    }
}

#[test]
fn handling_units_are_packed_onto_another_one_and_taken_off_it() {
    let mut keeper = Storekeeper::with_stock();
    let pack = |off: bool, inner: &str| json!({ "do": "pack", "sscc": "900", "units": [inner], "off": off });
    assert_eq!(keeper.post("/_sim/by-hand", &pack(false, "51")).status, 200);
    assert_eq!(keeper.post("/_sim/by-hand", &pack(true, "51")).status, 200);
    assert_eq!(keeper.post("/_sim/by-hand", &pack(false, "99")).status, 404);
    assert_eq!(topics(&keeper.work(0)), ["handling_unit.packed", "handling_unit.unpacked"]);
}
