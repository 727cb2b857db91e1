//! The desk over HTTP: by time to impact and by cause, previews that do nothing, one action for many, and messages mended in a
//! copy; each over a real mesh.

use serde_json::{Value, json};
use takt_protocol::calendar::PeriodState;
use takt_protocol::kernel::Own;
use takt_protocol::order::Order;
use takt_protocol::words::{LotKey, LotNo, MaterialId};

use super::{Back, Person, completion, hold};
use crate::ask::tests::fixture::{MES, World, site};
use crate::screens::{self, Zones};

fn at<'a>(body: &'a Value, path: &str) -> &'a str {
    body.pointer(path).and_then(Value::as_str).unwrap_or_default()
}

fn rows(back: &Back) -> Vec<Value> {
    back.body["rows"].as_array().unwrap().clone()
}

/// Waits until the desk shows as many causes, and gives them.
async fn causes(plant: &Person<'_>, wanted: usize) -> Vec<Value> {
    for _ in 0..400 {
        let found = rows(&plant.gets("/v1/exception-groups").await);
        if found.len() == wanted {
            return found;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("never {wanted} causes: {:?}", plant.gets("/v1/exception-groups").await)
}

/// Orders whose first confirmation waits, because the month is closed.
async fn parked(world: &World, plant: &Person<'_>, numbers: &[&str]) -> Vec<String> {
    let mut orders = Vec::new();
    for number in numbers {
        orders.push(world.released(number).await.to_string());
    }
    world.period(PeriodState::Closed).await;
    for number in numbers {
        let mut last = completion(number, "40 H87");
        last["last"] = json!(true);
        plant.posts("/v1/operation-completions", "c1", last).await.entity();
    }
    orders
}

fn posted(order: &Order) -> bool {
    order.ledger.postings().any(|entry| entry.standing.document().is_some())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_of_one_cause_are_one_row_and_one_action_under_a_key_of_its_own_each() {
    let world = World::start().await;
    let (plant, finance) = (Person::plant(&world), Person::finance(&world));
    let orders = parked(&world, &plant, &["1000042", "1000043", "1000044"]).await;
    let found = causes(&plant, 1).await;
    let (group, row) = (at(&found[0], "/id").to_owned(), &found[0]);
    assert_eq!((&row["count"], at(row, "/kind"), at(row, "/stake")), (&json!(3), "parked_posting", "120 H87"));
    assert_eq!((&row["sites"], at(row, "/owners/0")), (&json!(["nord"]), "finance"));
    assert!(["close", "period"].contains(&at(row, "/impact_by")) && !at(row, "/impact_at").is_empty(), "{row}");
    let whole = plant.gets(&format!("/v1/exception-groups/{group}")).await;
    assert_eq!(whole.body["exceptions"].as_array().unwrap().len(), 3);
    let path = format!("/v1/exception-groups/{group}/actions");
    let wish = json!({ "action": "retry", "reason": "the month is open again" });

    // While the month is frozen nothing is granted, and each says so. Closed, it would go out at the next open date.
    world.period(PeriodState::Frozen).await;
    let too_early = finance.posts(&path, "g1", wish.clone()).await;
    assert_eq!((&too_early.body["done"], &too_early.body["refused"]), (&json!(0), &json!(3)), "{too_early:?}");
    assert!(!at(&too_early.body, "/outcomes/0/remedy").is_empty());

    world.period(PeriodState::Open).await;
    let preview = finance.posts(&format!("{path}/preview"), "g2", wish.clone()).await;
    assert_eq!(preview.body["previews"].as_array().unwrap().len(), 3);
    let sends = at(&preview.body, "/previews/0/preview/sends/0/what");
    assert!(sends.contains("40 H87") && sends.contains("FG-100"), "{preview:?}");
    for order in &orders {
        assert!(!posted(&world.order(order).await), "a preview did something");
    }

    let done = finance.posts(&path, "g2", wish.clone()).await;
    assert_eq!((&done.body["done"], &done.body["refused"]), (&json!(3), &json!(0)), "{done:?}");
    for order in &orders {
        world.until(order, posted).await;
    }
    causes(&plant, 0).await;
    let again = finance.posts(&path, "g2", wish).await;
    assert_eq!((&again.body["done"], &again.body["outcomes"][2]["replayed"]), (&json!(3), &json!(true)), "{again:?}");
    finance.posts(&path, "g3", json!({ "action": "retry" })).await.is(404, "UNKNOWN", "group");
    finance.posts(&path, "g4", json!({ "action": "adopt" })).await.is(422, "SCHEMA", "action");
    plant.gets("/v1/exception-groups/G-00000000").await.is(404, "UNKNOWN", "group");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_quantity_is_given_up_when_two_clients_of_an_allowed_role_asked_for_it() {
    let world = World::start().await;
    let (plant, finance) = (Person::plant(&world), Person::finance(&world));
    let order = parked(&world, &plant, &["1000042"]).await.remove(0);
    let case = at(&causes(&plant, 1).await[0], "/first").to_owned();
    let path = format!("/v1/exceptions/{case}/actions");
    let give_up = json!({ "action": "write_off", "reason": "never made" });
    plant.posts(&path, "w1", give_up.clone()).await.is(409, "NOT_OWNER", "authorization");
    finance.posts(&path, "w0", json!({ "action": "write_off" })).await.is(422, "SCHEMA", "reason");
    finance.posts(&path, "w2", give_up.clone()).await.entity();
    let waits = plant.gets(&format!("/v1/exceptions/{case}")).await.body;
    assert_eq!(waits["waits_for_second"], json!(true), "{waits}");
    assert!(screens::exception(&waits, &Zones::of(&json!({ "rows": [] }))).contains("waits for a second person"), "{waits}");
    finance.posts(&path, "w3", give_up.clone()).await.is(409, "NOT_OWNER", "authorization");
    let bob = Person::second(&world);
    let preview = bob.posts(&format!("{path}/preview"), "w4", give_up.clone()).await;
    assert_eq!((preview.field("answer"), at(&preview.body, "/closes/0")), ("accepted", case.as_str()), "{preview:?}");
    assert_eq!(world.state(&order).await.common.cases.len(), 1, "a preview did something");
    bob.posts(&path, "w4", give_up).await.entity();
    let over = plant.gets(&format!("/v1/exceptions/{case}")).await.body;
    assert_eq!(
        (at(&over, "/closed/how"), at(&over, "/closed/who"), &over["actions"]),
        ("written off", "bob (finance)", &json!([])),
        "{over}"
    );
    assert_eq!((at(&over, "/notes/0/who"), at(&over, "/notes/0/why")), ("ada (finance)", "never made"), "{over}");
    assert!(screens::exception(&over, &Zones::of(&json!({ "rows": [] }))).contains("CLOSED"), "{over}");
    causes(&plant, 0).await;
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_document_is_adopted_on_the_word_of_who_says_so_and_a_word_is_no_document() {
    let world = World::start().await;
    let (plant, finance) = (Person::plant(&world), Person::finance(&world));
    let order = parked(&world, &plant, &["1000042"]).await.remove(0);
    let case = at(&causes(&plant, 1).await[0], "/first").to_owned();
    let path = format!("/v1/exceptions/{case}/actions");
    let adopt = |document: &str| json!({ "action": "adopt", "document": document, "reason": "posted by hand" });
    for word in ["banana", "thrown away"] {
        finance.posts(&path, word, adopt(word)).await.is(422, "SCHEMA", "document");
    }
    // It counts as booked on their word: that of finance, with a reason.
    plant.posts(&path, "a0", adopt("4900012377")).await.is(409, "NOT_OWNER", "authorization");
    finance.posts(&path, "a2", json!({ "action": "adopt", "document": "4900012377" })).await.is(422, "SCHEMA", "reason");
    finance.posts(&path, "a1", adopt("4900012377")).await.entity();
    for list in ["ledger", "postings"] {
        let shown = plant.gets(&format!("/v1/orders/{order}/{list}")).await.body;
        let posting = shown.pointer("/postings/0").unwrap();
        assert_eq!((at(posting, "/document"), at(posting, "/adopted_by")), ("4900012377", "ada (finance)"), "{shown}");
    }
    let shown = plant.gets(&format!("/v1/orders/{order}/postings")).await.body;
    let screen = screens::postings(&shown, &Zones::of(&json!({ "rows": [] })));
    assert!(screen.contains("on the word of ada (finance), not read in the ERP"), "{screen}");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_put_away_is_back_when_asked_for_and_says_who_and_why() {
    let world = World::start().await;
    let plant = Person::plant(&world);
    parked(&world, &plant, &["1000042"]).await;
    let found = causes(&plant, 1).await;
    let (case, hurts) = (at(&found[0], "/first").to_owned(), at(&found[0], "/impact_at").to_owned());
    let path = format!("/v1/exceptions/{case}/actions");
    let until = |at: &str| json!({ "action": "snooze", "until": at, "reason": "finance comes at nine" });
    plant.posts(&path, "z1", until("2020-01-01T00:00:00Z")).await.is(422, "SCHEMA", "until");
    plant.posts(&path, "z2", until("2099-01-01T00:00:00Z")).await.is(409, "STATE", "until");
    plant.posts(&path, "z3", until(&hurts)).await.entity();
    causes(&plant, 0).await;
    for list in ["exceptions", "exception-groups"] {
        let left_out = plant.gets(&format!("/v1/{list}")).await.body;
        assert_eq!(left_out["put_away"], json!(1), "{left_out}");
        let screen = screens::exceptions(&left_out, &Zones::of(&json!({ "rows": [] })));
        assert!(screen.contains("none at hand") && screen.contains("1 more put away"), "{screen}");
        assert_eq!(plant.gets(&format!("/v1/{list}?snoozed=true")).await.body["put_away"], json!(0));
        assert_eq!(plant.gets(&format!("/v1/{list}?owner=quality")).await.body["put_away"], json!(0), "nobody's but finance's");
    }
    assert_eq!(rows(&plant.gets("/v1/exception-groups?snoozed=true").await).len(), 1);
    let shown = plant.gets(&format!("/v1/exceptions/{case}")).await.body;
    assert_eq!((at(&shown, "/notes/0/who"), at(&shown, "/notes/0/why")), ("mes-nord", "finance comes at nine"), "{shown}");
    let hand_to = |role: &str| json!({ "action": "hand_to", "role": role, "reason": "hers" });
    let nobody = plant.posts(&path, "h0", hand_to("planner")).await;
    nobody.is(404, "UNKNOWN", "role");
    assert!(nobody.body["choices"].as_array().unwrap().contains(&json!("planning")), "{nobody:?}");
    plant.posts(&path, "h1", hand_to("planning")).await.entity();
    let hers = async || rows(&plant.gets("/v1/exceptions?snoozed=true&owner=planning&site=nord").await);
    while hers().await.is_empty() {
        tokio::task::yield_now().await;
    }
    assert!(rows(&plant.gets("/v1/exceptions?snoozed=true&owner=quality").await).is_empty());
    for list in ["exceptions", "exception-groups"] {
        let nobody = plant.gets(&format!("/v1/{list}?owner=nobody")).await;
        nobody.is(404, "UNKNOWN", "owner");
        assert!(nobody.body["choices"].as_array().unwrap().contains(&json!("it")), "{nobody:?}");
    }
    let all = at(&found[0], "/id");
    plant.posts(&format!("/v1/exception-groups/{all}/actions"), "h2", hand_to("nobody")).await.is(404, "UNKNOWN", "role");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_matches_nothing_shows_what_it_meant_and_is_mended_in_a_copy() {
    let world = World::start().await;
    let plant = Person::plant(&world);
    let order = world.released("1000042").await.to_string();
    let issue = |order: &str, key: &str| {
        let body =
            json!({ "plant": "nord", "order": order, "operation": "10", "material": "STEEL-3", "lot": "H-5502", "quantity": "12.4 KGM" });
        (key.to_owned(), body)
    };
    let (key, body) = issue("100042", "i1");
    assert_eq!(plant.posts("/v1/material-issues", &key, body).await.status.as_u16(), 202);
    let case = at(&causes(&plant, 1).await[0], "/first").to_owned();
    let shown = plant.gets(&format!("/v1/exceptions/{case}")).await.body;
    assert_eq!((at(&shown, "/candidates/0/entity"), at(&shown, "/candidates/0/name")), (order.as_str(), "1000042@erp-eu"), "{shown}");
    let screen = screens::exception(&shown, &Zones::of(&plant.gets("/v1/sites").await.body));
    for words in
        ["about nord (site.eu.", "it says order report consumed: counting delta, qty 12.4 KGM", &format!("likely 1000042@erp-eu ({order})")]
    {
        assert!(screen.contains(words), "`{words}` is not in\n{screen}");
    }
    let because = shown["candidates"][0]["because"].to_string();
    assert!(because.contains("one character is missing") && because.contains("STEEL-3 goes into it"), "{because}");

    let path = format!("/v1/exceptions/{case}/actions");
    let matching = json!({ "action": "match", "entity": order, "reason": "one digit is missing" });
    let preview = plant.posts(&format!("{path}/preview"), "m1", matching).await.body;
    let touched: Vec<&str> = preview["touches"].as_array().unwrap().iter().map(|one| at(one, "/kind")).collect();
    assert!(touched.contains(&"order") && touched.contains(&"lot"), "{preview}");
    assert!(world.order(&order).await.consumed.is_empty(), "a preview did something");

    let mut input = shown["input"].clone();
    input["to"] = json!({ "entity": order });
    input["body"]["order"]["report"]["consumed"]["lot"] = json!("H-5503");
    let edit = |input: &Value| json!({ "action": "edit", "input": input.to_string(), "reason": "the lot was misread, too" });
    plant.posts(&path, "e0", json!({ "action": "edit", "input": "{}", "reason": "x" })).await.is(422, "SCHEMA", "input");
    plant.posts(&path, "e0", json!({ "action": "edit", "reason": "x" })).await.is(400, "SCHEMA", "input");
    plant.posts(&path, "e1", edit(&input)).await.entity();
    assert!(plant.posts(&path, "e1", edit(&input)).await.replayed);
    let used = world.until(&order, |order| !order.consumed.is_empty()).await;
    assert_eq!(used.consumed.first().unwrap().0.lot.as_str(), "H-5503");
    let steps = plant.gets(&format!("/v1/orders/{order}/timeline")).await.body;
    let copy = steps["steps"].as_array().unwrap().iter().find(|step| at(step, "/mapping").starts_with("edit of")).unwrap();
    assert_eq!((at(copy, "/who"), at(copy, "/reason")), ("mes-nord (plant)", "the lot was misread, too"));
    let raw = plant.gets(&format!("/v1/raw/{}", at(copy, "/raw"))).await.body;
    assert_eq!(raw, input, "the mended text is kept");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_payload_that_no_mapping_understands_goes_through_it_again_as_it_should_have_been() {
    let world = World::start().await;
    let plant = Person::plant(&world);
    let tells = plant.client.post(format!("http://{}/in/nord/stops", world.doors.http)).bearer_auth(MES);
    tells.body(r#"{"n": 1}"#).send().await.unwrap();
    let found = causes(&plant, 1).await;
    assert_eq!((at(&found[0], "/kind"), at(&found[0], "/site")), ("unmatched", "nord"));
    let case = at(&found[0], "/first").to_owned();
    let path = format!("/v1/exceptions/{case}/actions");
    let nord = world.mesh.book().site_entity(site("nord")).unwrap().to_string();
    let edit = |payload: &str| json!({ "action": "edit", "payload": payload, "reason": "the machine was left out" });
    plant.posts(&path, "p1", edit(r#"{"n": 1}"#)).await.is(422, "SCHEMA", "payload");
    let mended = format!(r#"{{"n": 1, "site": "{nord}", "at": "2026-11-24T06:00:00+01:00", "machine": "PRESS-4", "why": "bearing"}}"#);
    let preview = plant.posts(&format!("{path}/preview"), "p2", edit(&mended)).await;
    assert!(preview.body["touches"].to_string().contains("PRESS-4 may not run"), "{preview:?}");
    let down = async || {
        let Own::Site(plant) = world.state(&nord).await.own else { panic!("no site") };
        plant.down.into_iter().map(|(machine, why)| format!("{machine} {why}")).collect::<Vec<_>>()
    };
    assert!(down().await.is_empty(), "a preview did something");
    plant.posts(&path, "p2", edit(&mended)).await.entity();
    causes(&plant, 0).await;
    while down().await != ["PRESS-4 bearing"] {
        tokio::task::yield_now().await;
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hold_is_seen_on_all_it_would_be_on_before_it_is_placed() {
    let world = World::start().await;
    let plant = Person::plant(&world);
    let order = world.released("1000042").await.to_string();
    let issue =
        json!({ "plant": "nord", "order": "1000042", "operation": "10", "material": "STEEL-3", "lot": "H-5501", "quantity": "12.4 KGM" });
    plant.posts("/v1/material-issues", "i1", issue).await.entity();
    world.produces(&order, "pallet-1", "20 H87").await;
    let mut bad = hold("H-5501");
    bad["material"] = json!("STEEL-3");
    let reach = async || plant.posts("/v1/quality-holds/preview", "h1", bad.clone()).await.body["reach"].clone();
    let mut seen = reach().await;
    for _ in 0..400 {
        if seen["lots"].as_array().is_some_and(|lots| lots.len() == 2) && seen["blocked_units"] == json!(1) {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        seen = reach().await;
    }
    let lots: Vec<&str> = seen["lots"].as_array().unwrap().iter().map(|lot| at(lot, "/lot")).collect();
    assert!(lots.contains(&"STEEL-3/H-5501") && lots.iter().any(|lot| lot.starts_with("FG-100/")), "{seen}");
    assert_eq!((&seen["blocked_units"], at(&seen, "/blocked")), (&json!(1), "20 H87"), "{seen}");
    let key = LotKey { material: MaterialId::parse("STEEL-3").unwrap(), lot: LotNo::parse("H-5501").unwrap() };
    let lot = world.mesh.book().lot_entity(site("nord"), &key).unwrap();
    let Own::Lot(lot) = world.state(&lot.to_string()).await.own else { panic!("no lot") };
    assert!(lot.holds.is_empty(), "a preview held something");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_correction_is_seen_before_and_says_which_count_it_corrects() {
    let world = World::start().await;
    let plant = Person::plant(&world);
    let order = world.released("1000042").await.to_string();
    plant.posts("/v1/operation-completions", "c1", completion("1000042", "40 H87")).await.entity();
    let wrong = json!({
        "plant": "nord", "order": "1000042", "operation": "10", "use": "yield", "difference": "-6 H87", "reason": "miscount", "corrects": "c1"
    });
    let preview = plant.posts("/v1/count-corrections/preview", "k1", wrong.clone()).await;
    assert!(preview.body["touches"][0]["what"].to_string().contains("-6 H87"), "{preview:?}");
    let good = async || world.order(&order).await.ops.values().next().unwrap().good.to_string();
    assert_eq!(good().await, "40 H87");
    plant.posts("/v1/count-corrections", "k1", wrong).await.entity();
    assert_eq!(good().await, "34 H87");
    let home = world.mesh.home(takt_protocol::id::EntityId::parse(&order).unwrap()).unwrap();
    let log = home.node().seams.journal.read(takt_protocol::id::EntityId::parse(&order).unwrap(), 0).await.unwrap();
    let caused = log.iter().flat_map(|entry| takt_protocol::wire::open(&entry.bytes).unwrap().0.steps);
    assert_eq!(caused.filter(|step| step.causation.as_deref() == Some("c1")).count(), 1);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_kind_has_a_runbook() {
    let world = World::start().await;
    let plant = Person::plant(&world);
    let book = plant.gets("/v1/runbooks/in_doubt").await;
    assert!(book.field("never").contains("by hand") && book.body["steps"].as_array().unwrap().len() >= 3);
    let none = plant.gets("/v1/runbooks/sunshine").await;
    none.is(404, "UNKNOWN", "kind");
    assert!(none.body["choices"].as_array().unwrap().contains(&json!("escape")));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_system_that_is_silent_while_something_waits_for_it_is_on_the_desk_although_nothing_is_in_doubt() {
    let world = World::start().await;
    let plant = Person::plant(&world);
    world.released("7000042").await;
    let mut last = completion("7000042", "40 H87");
    last["last"] = json!(true);
    plant.posts("/v1/operation-completions", "c1", last).await.entity();
    let desk = loop {
        let desk = plant.gets("/v1/exceptions").await.body;
        if desk.get("awaited").is_some() {
            break desk;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    };
    let row = &desk["awaited"][0];
    assert_eq!((at(row, "/system"), &row["in_doubt"], &row["waiting"]), ("erp-eu", &json!(0), &json!(1)));
    let screen = screens::exceptions(&desk, &Zones::of(&plant.gets("/v1/sites").await.body));
    assert!(screen.contains("erp-eu  1 or more wait for it  SILENT since") && screen.contains("nobody is there"), "{screen}");
    assert_eq!(plant.gets("/v1/exceptions?site=nord").await.body["awaited"][0]["waiting"], json!(1), "its plant waits");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_in_doubt_and_asked_again_by_itself_is_on_the_desk_and_is_no_exception() {
    let world = World::start().await;
    world.erp_can_be_asked().await;
    let plant = Person::plant(&world);
    assert!(plant.gets("/v1/exceptions").await.body.get("awaited").is_none());
    for number in ["9000042", "9000043"] {
        world.released(number).await;
    }
    let done = async |number: &str| {
        let mut last = completion(number, "40 H87");
        last["last"] = json!(true);
        plant.posts("/v1/operation-completions", number, last).await.entity().to_owned()
    };
    tokio::join!(done("9000042"), done("9000043"));
    let awaited = loop {
        let desk = plant.gets("/v1/exception-groups").await.body;
        assert!(desk["rows"].as_array().unwrap().is_empty(), "nobody has to decide yet: {desk}");
        if desk["awaited"][0]["in_doubt"] == json!(2) {
            break desk;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    };
    let row = &awaited["awaited"][0];
    assert_eq!((at(row, "/system"), &row["sites"], at(row, "/stake")), ("erp-eu", &json!(["nord 2"]), "80 H87"));
    let screen = screens::exceptions(&awaited, &Zones::of(&plant.gets("/v1/sites").await.body));
    assert!(screen.contains("erp-eu  2 in doubt (nord 2)") && screen.contains("DO NOT DO IT BY HAND"), "{screen}");
    assert_eq!(plant.gets("/v1/exceptions?site=nord").await.body["awaited"][0]["in_doubt"], json!(2));
    assert!(plant.gets("/v1/exceptions?site=wms-hub").await.body.get("awaited").is_none());
    assert!(plant.gets("/v1/exceptions?owner=finance").await.body.get("awaited").is_none(), "it is nobody's");
    world.stop().await;
}
