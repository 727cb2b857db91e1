//! What the screens say beyond the thing itself: which orders matter, how fresh systems are, what a posting stands on, how far a
//! hold would reach. Over a real mesh.

use reqwest::Method;
use serde_json::{Value, json};
use takt_protocol::order::Dispatch;

use super::{Person, completion, hold, release};
use crate::ask::tests::fixture::World;
use crate::screens;

fn ids(page: &Value) -> Vec<String> {
    page["rows"].as_array().unwrap().iter().map(|row| row["number"].as_str().unwrap_or_default().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn orders_that_need_a_look_come_first_and_a_list_is_narrowed() {
    let world = World::start().await;
    let plant = Person::plant(&world);
    for number in ["1000041", "1000042"] {
        world.released(number).await;
    }
    // Steel without a lot is a case of its order.
    let odd = json!({ "plant": "nord", "order": "1000042", "operation": "10", "material": "STEEL-3", "quantity": "1 KGM" });
    assert_eq!(plant.posts("/v1/material-issues", "k1", odd).await.field("answer"), "discrepant");
    let all = plant.gets("/v1/orders").await.body;
    assert_eq!(ids(&all), ["1000042", "1000041"], "{all}");
    assert_eq!((all["rows"][0]["status"].as_str(), all["rows"][1]["status"].as_str()), (Some("accepted"), Some("accepted")));
    plant.posts("/v1/production-order-releases", "r1", release("PL-1")).await.entity();
    assert_eq!(ids(&plant.gets("/v1/orders?plant=nord").await.body).len(), 3);
    assert!(ids(&plant.gets("/v1/orders?plant=afar").await.body).is_empty());
    let waiting = ids(&plant.gets("/v1/orders?unacknowledged=true&open=true").await.body);
    assert_eq!(waiting, ["PL-1"], "the others were taken by their plant");
    let first = plant.gets("/v1/orders?most=1").await.body;
    let next = first["next"].as_str().unwrap();
    let second = plant.gets(&format!("/v1/orders?most=1&after={next}")).await.body;
    assert_ne!(ids(&first), ids(&second));
    plant.gets("/v1/orders?plant=nowhere").await.is(404, "UNKNOWN", "plant");
    plant.gets("/v1/orders?open=perhaps").await.is(400, "SCHEMA", "query");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_says_how_fresh_its_systems_are_and_never_guesses_when_it_ends() {
    let world = World::start().await;
    world.released("1000042").await;
    let plant = Person::plant(&world);
    let seen = plant.gets("/v1/orders/1000042").await.body;
    let systems: Vec<&str> = seen["systems"].as_array().unwrap().iter().map(|system| system["system"].as_str().unwrap()).collect();
    assert_eq!(systems, ["nord", "erp-eu", "wms-hub", "qms"]);
    assert_eq!((&seen["systems"][0]["link"], &seen["systems"][2]["link"]), (&json!("ok"), &json!("unheard")));
    assert_eq!((&seen["forecast"]["answer"], &seen["figures"]["reported"]), (&json!("unknown"), &Value::Null));
    assert_eq!(seen["figures"]["target"], json!("480 H87"));
    assert!(seen["answers"]["accepted"]["at"].is_string() && seen["answers"]["released"]["by"].is_string(), "{}", seen["answers"]);
    assert!(seen["answers"]["completed"]["at"].is_null(), "nothing was counted yet");
    assert_eq!(seen["operations"][0]["rule"], json!("yield v1 (completion)"));
    assert_eq!(seen["operations"][1]["state"], json!("not_started"));
    plant.posts("/v1/operation-completions", "c1", completion("1000042", "40 H87")).await.entity();
    let seen = plant.gets("/v1/orders/1000042").await.body;
    assert_eq!((&seen["row"]["status"], &seen["answers"]["started"]["by"]), (&json!("running"), &json!("mes-nord (plant)")));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_posting_leads_to_its_messages_and_a_message_to_its_postings() {
    let world = World::start().await;
    let order = world.released("1000042").await.to_string();
    let plant = Person::plant(&world);
    plant.posts("/v1/operation-completions", "c1", completion("1000042", "40 H87")).await.entity();
    let last = json!({ "plant": "nord", "order": "1000042", "operation": "10", "good": "2 H87", "last": true });
    plant.posts("/v1/operation-completions", "c2", last).await.entity();
    plant
        .posts("/v1/operation-completions", "c3", json!({ "plant": "nord", "order": "1000042", "operation": "20", "good": "1 H87" }))
        .await;
    world.until(&order, |order| order.ledger.has_documents()).await;
    let all = plant.gets("/v1/orders/1000042/postings").await.body;
    let sources = all["postings"][0]["sources"].as_array().unwrap();
    let keys: Vec<&str> = sources.iter().map(|source| source["key"].as_str().unwrap()).collect();
    assert_eq!((keys, all["open"][0]["key"].as_str()), (vec!["c1", "c2"], Some("c3")));
    let raw = sources[1]["raw"].as_str().unwrap();
    assert_eq!(plant.gets(&format!("/v1/raw/{raw}")).await.field("good"), "2 H87");
    let led = plant.gets(&format!("/v1/orders/1000042/postings?raw={raw}")).await.body;
    assert_eq!((led["postings"].as_array().unwrap().len(), &led["postings"][0]["sources"][0]["key"]), (1, &json!("c2")));
    plant.gets(&format!("/v1/orders/1000042/postings?raw={}", "0".repeat(64))).await.is(404, "UNKNOWN", "raw");
    let tree = plant.gets("/v1/orders/1000042/genealogy").await.body;
    assert_eq!((&tree["order"], &tree["consumed"]), (&json!("1000042@erp-eu"), &json!([])));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ledger_says_what_was_corrected_and_is_read_as_a_file_with_its_proof() {
    let world = World::start().await;
    world.released("1000042").await;
    let plant = Person::plant(&world);
    plant.posts("/v1/operation-completions", "c1", completion("1000042", "40 H87")).await.entity();
    plant.posts("/v1/operation-completions", "c1", completion("1000042", "40 H87")).await.entity();
    let correction =
        json!({ "plant": "nord", "order": "1000042", "operation": "10", "use": "yield", "difference": "-6 H87", "reason": "miscount" });
    plant.posts("/v1/count-corrections", "k1", correction).await.entity();
    let ledger = plant.gets("/v1/orders/1000042/ledger").await.body;
    assert_eq!((&ledger["order"], &ledger["plant"], &ledger["repeats"]), (&json!("1000042@erp-eu"), &json!("nord"), &json!(1)));
    let one = &ledger["corrections"][0];
    assert_eq!([&one["before"], &one["after"], &one["reason"], &one["by"]], ["40 H87", "34 H87", "miscount", "mes-nord (plant)"]);
    let file = plant.request(Method::GET, "/v1/orders/1000042/ledger.csv").send().await.unwrap();
    assert!(file.headers()["content-type"].to_str().unwrap().starts_with("text/csv"));
    let text = file.text().await.unwrap();
    assert!(text.contains("line,yield,10,FG-100,,34 H87,0 H87,"), "{text}");
    let head = plant.gets("/v1/orders/1000042/timeline").await.field("chain_head").to_owned();
    assert!(text.contains(&format!("proof,chain_head_sha256,{head}\r\n")) && head.len() == 64, "{text}");
    plant.gets("/v1/orders/nothing/ledger.csv").await.is(404, "UNKNOWN", "order");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lot_is_found_by_its_bare_number_and_says_how_far_a_hold_would_reach() {
    let world = World::start().await;
    let plant = Person::plant(&world);
    plant.posts("/v1/quality-holds", "h1", hold("0007")).await.entity();
    let hits = plant.gets("/v1/search?q=7").await.body;
    assert_eq!((&hits["rows"][0]["kind"], &hits["rows"][0]["name"]), (&json!("lot"), &json!("FG-100/0007@nord")));
    let lot = plant.gets("/v1/lots/0007").await.body;
    assert_eq!((&lot["holds"][0]["by"], lot["holds"][0]["due_at"].is_string()), (&json!("mes-nord (plant)"), true));
    let reach = plant.gets("/v1/lots/0007/reach").await.body;
    assert_eq!((reach["lots"].as_array().unwrap().len(), &reach["departed"], &reach["lot"]), (1, &json!(0), &json!("FG-100/0007")));
    assert_eq!(reach["lots"][0]["holds"], json!(["NC-881"]));
    let other = json!({ "hold": "NC-882", "plant": "nord", "material": "STEEL-3", "lot": "0007", "reason": "rust" });
    plant.posts("/v1/quality-holds", "h2", other).await.entity();
    assert_eq!(plant.gets("/v1/search?q=7").await.body["rows"].as_array().unwrap().len(), 2);
    let either = plant.gets("/v1/lots/0007").await;
    either.is(409, "AMBIGUOUS", "lot");
    let choices = either.body["choices"].as_array().unwrap();
    assert!(choices.iter().any(|choice| choice.as_str().unwrap().starts_with("lot STEEL-3/0007@nord (lot.eu.")), "{choices:?}");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lot_that_an_order_will_make_is_named_where_a_hold_would_reach_it_before() {
    let world = World::start().await;
    world.released("1000042").await;
    let plant = Person::plant(&world);
    let issue =
        json!({ "plant": "nord", "order": "1000042@erp-eu", "operation": "10", "material": "STEEL-3", "lot": "H-1", "quantity": "4 KGM" });
    plant.posts("/v1/material-issues", "i1", issue).await.entity();
    let reach = loop {
        let reach = plant.gets("/v1/lots/H-1/reach").await.body;
        if reach["lots"].as_array().is_some_and(|lots| lots.len() == 2) {
            break reach;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!((&reach["lots"][1]["lot"], &reach["lots"][1]["unmade"]), (&json!("FG-100/1000042"), &json!(true)), "{reach}");
    let screen = screens::reach(&reach, &screens::Zones::of(&plant.gets("/v1/sites").await.body));
    assert!(screen.contains("lot   FG-100/1000042   nothing made of it yet"), "{screen}");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plant_shows_its_systems_what_is_down_and_the_orders_of_its_shift() {
    let world = World::start().await;
    world.released("1000042").await;
    world.press_is_down().await;
    let plant = Person::plant(&world);
    let seen = plant.gets("/v1/sites/nord").await.body;
    let systems: Vec<&str> = seen["systems"].as_array().unwrap().iter().map(|system| system["system"].as_str().unwrap()).collect();
    assert_eq!((systems, &seen["reached"]), (vec!["nord", "erp-eu", "wms-hub", "qms"], &json!(true)));
    assert_eq!((&seen["down"][0]["equipment"], &seen["down"][0]["stops"]), (&json!("PRESS-4"), &json!(["1000042"])));
    assert!(seen["down"][0]["since"].is_string() && seen["configured_at"].is_string(), "{seen}");
    assert_eq!((&seen["recipes"][0]["expected"], &seen["recipes"][0]["same"]), (&json!("7"), &json!("unknown")));
    assert_eq!((&seen["configuration"], &seen["shift"]["name"], &seen["zone"]), (&json!("test"), &json!("day"), &json!("Europe/Berlin")));
    // One that was not sent because of it stands still, too, and is told by the exceptions in the same words.
    let kept_back = world.ordered("1000043").await.to_string();
    world.until(&kept_back, |order| matches!(order.dispatch, Dispatch::Invalid { .. })).await;
    let stops = plant.gets("/v1/sites/nord").await.body["down"][0]["stops"].clone();
    let mut stops: Vec<&str> = stops.as_array().unwrap().iter().map(|order| order.as_str().unwrap()).collect();
    stops.sort_unstable();
    assert_eq!(stops, ["1000042", "1000043"]);
    let afar = plant.gets("/v1/sites/afar").await.body;
    assert_eq!((&afar["reached"], &afar["recipes"]), (&json!(false), &json!([])));
    plant.gets("/v1/sites/nowhere").await.is(404, "UNKNOWN", "id");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_nobody_said_is_shown_as_unknown_and_every_screen_leads_on() {
    let world = World::start().await;
    world.released("1000042").await;
    let plant = Person::plant(&world);
    let zones = screens::Zones::of(&plant.gets("/v1/sites").await.body);
    let order = screens::order(&plant.gets("/v1/orders/1000042").await.body, &zones);
    for words in [
        "ORDER 1000042 @erp-eu  FG-100 bracket  nord  ACCEPTED",
        "nord heard 0:00:0",
        "target 480   reported nothing yet",
        "stock   nothing heard of yet",
        "forecast UNKNOWN: operation 20 has reported nothing yet",
        "by rule yield v1 (completion)",
    ] {
        assert!(order.contains(words), "`{words}` is not in\n{order}");
    }
    plant.posts("/v1/operation-completions", "c1", completion("1000042", "40 H87")).await.entity();
    let ledger = screens::ledger(&plant.gets("/v1/orders/1000042/ledger").await.body, &zones);
    assert!(ledger.starts_with("LEDGER 1000042@erp-eu   cut-off ") && ledger.contains("takt order postings 1000042@erp-eu"), "{ledger}");
    let postings = screens::postings(&plant.gets("/v1/orders/1000042/postings").await.body, &zones);
    assert!(postings.contains("in no posting yet: 1 reports") && postings.contains(" mes-nord  yield 40 H87 FG-100"), "{postings}");
    let site = screens::site(&plant.gets("/v1/sites/nord").await.body, &zones);
    assert!(
        site.contains("FG-100 recipe 7, the plant has not said which it has") && site.contains("this shift   1 orders to do"),
        "{site}"
    );
    plant.posts("/v1/quality-holds", "h1", hold("N7-1123")).await.entity();
    let lot = screens::lot(&plant.gets("/v1/lots/FG-100%2FN7-1123").await.body, &zones);
    assert!(lot.contains("HOLD NC-881 weld binding ") && lot.contains("by mes-nord (plant) · decision due "), "{lot}");
    let reach = screens::reach(&plant.gets("/v1/lots/N7-1123/reach").await.body, &zones);
    assert!(reach.contains("1 lots, -, 0 pallets; 0 trucks, of which 0 departed"), "{reach}");
    assert!(![order, ledger, postings, site, lot, reach].iter().any(|screen| screen.contains("null")), "a screen shows what is not there");
    world.stop().await;
}
