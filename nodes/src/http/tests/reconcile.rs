//! The books of others beside ours, from the request to the screen: over a real mesh, against an ERP that keeps what it is told,
//! and in which a test writes by hand.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Person, completion};
use crate::ask::tests::fixture::World;
use crate::screens::{self, Zones};

/// The state of the ERP's run, once it is so.
async fn seen(person: &Person<'_>, world: &World, is: impl Fn(&Value) -> bool) -> Value {
    for _ in 0..1_000 {
        let found = person.gets("/v1/reconciliations/erp-eu").await.body;
        if is(&found) {
            return found;
        }
        world.mesh.clock().sleep(Duration::from_millis(5)).await;
    }
    panic!("it never came to that: {}", person.gets("/v1/reconciliations/erp-eu").await.body)
}

fn run<'a>(found: &'a Value, field: &str) -> &'a Value {
    &found["run"][field]
}

fn over(found: &Value) -> bool {
    found["run"]["ended_at"].is_string()
}

/// An order with 40 pieces of it confirmed.
async fn posted(world: &World) -> String {
    let order = world.released("1000042").await.to_string();
    let mut last = completion("1000042", "40 H87");
    last["last"] = json!(true);
    Person::plant(world).posts("/v1/operation-completions", "c1", last).await.entity();
    world.until(&order, |order| order.ledger.has_documents()).await;
    order
}

/// Somebody takes 40 pieces back in the ERP, and tells nobody.
fn taken_back(world: &World, document: &str) {
    let entry = json!({ "document": document, "by": "MUELLER", "use": "yield", "op": "10", "material": "FG-100", "qty": "-40 H87" });
    world.books.lock().unwrap().push(("1000042".to_owned(), entry));
}

async fn begins(person: &Person<'_>, key: &str, every: bool) {
    let answer = person.posts("/v1/reconciliations", key, json!({ "site": "erp-eu", "every": every, "reason": "month end" })).await;
    assert_eq!(answer.field("answer"), "accepted", "{answer:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn books_that_agree_are_counted_and_the_screens_say_so() {
    let world = World::start().await;
    let finance = Person::finance(&world);
    let order = posted(&world).await;
    assert!(finance.gets("/v1/reconciliations/erp-eu").await.body.get("run").is_none());
    begins(&finance, "r1", false).await;
    let found = seen(&finance, &world, over).await;
    assert_eq!((run(&found, "of"), run(&found, "equal"), run(&found, "by")), (&json!(1), &json!(1), &json!("ada")), "{found}");
    assert!(run(&found, "unexplained").as_array().unwrap().is_empty(), "{found}");
    let ledger = finance.gets(&format!("/v1/orders/{order}/ledger")).await.body;
    let item = &ledger["books"][0]["items"][0];
    assert_eq!((&item["ours"], &item["theirs"], &item["unexplained"]), (&json!("40 H87"), &json!("40 H87"), &json!("0 H87")), "{ledger}");
    let raw = ledger["books"][0]["raw"].as_str().unwrap();
    assert!(finance.gets(&format!("/v1/raw/{raw}")).await.body.is_array(), "the ERP's own answer is kept");
    let zones = Zones::of(&finance.gets("/v1/sites").await.body);
    assert!(screens::ledger(&ledger, &zones).contains("erp-eu as read"), "{}", screens::ledger(&ledger, &zones));
    let list = finance.gets("/v1/reconciliations").await.body;
    let screen = screens::reconciliations(&list, &zones);
    assert!(screen.contains("erp-eu") && screen.contains("wms-hub") && screen.contains("never"), "{screen}");
    let plant = finance.gets("/v1/sites/nord").await.body;
    assert!(screens::site(&plant, &zones).contains("books        erp-eu at"), "{plant}");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_taken_back_behind_our_back_is_an_exception_after_two_readings_and_not_after_one() {
    let world = World::start().await;
    let finance = Person::finance(&world);
    posted(&world).await;
    taken_back(&world, "D-9");
    begins(&finance, "r1", false).await;
    let once = seen(&finance, &world, |found| run(found, "differs_once") == &json!(1)).await;
    assert!(!over(&once) && run(&once, "differs_twice") == &json!(0), "{once}");
    assert!(finance.gets("/v1/exceptions").await.body["rows"].as_array().unwrap().is_empty(), "one reading is no case");
    let twice = seen(&finance, &world, over).await;
    assert_eq!((run(&twice, "differs_twice"), run(&twice, "unexplained")), (&json!(1), &json!(["40 H87"])), "{twice}");
    let row = &twice["rows"][0];
    assert_eq!((&row["verdict"], &row["name"]), (&json!("differs_twice"), &json!("1000042")), "{twice}");
    assert_eq!(row["books"]["items"][0]["strange"], json!(["D-9"]), "{twice}");
    let case = row["exceptions"][0].as_str().unwrap();
    let shown = finance.gets(&format!("/v1/exceptions/{case}")).await.body;
    assert!(shown.to_string().contains("books_differ") && shown.to_string().contains("D-9"), "{shown}");
    let zones = Zones::of(&finance.gets("/v1/sites").await.body);
    let screen = screens::reconciliation(&twice, &zones);
    assert!(screen.contains("DIFFERS TWICE 1") && screen.contains("not ours: D-9") && screen.contains("-40 H87 ✘"), "{screen}");

    // It is put right in the ERP; whoever looks has it read at once, and it closes by itself.
    world.books.lock().unwrap().pop();
    let path = format!("/v1/exceptions/{case}/actions");
    finance.posts(&path, "a1", json!({ "action": "acknowledge", "reason": "seen" })).await.is(409, "STATE", "action");
    let again = finance.posts(&path, "a2", json!({ "action": "retry", "reason": "put right" })).await;
    assert_eq!(again.field("answer"), "accepted", "{again:?}");
    seen(&finance, &world, |found| run(found, "equal") == &json!(1)).await;
    assert!(finance.gets("/v1/exceptions").await.body["rows"].as_array().unwrap().is_empty());
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_agreed_is_read_again_when_everything_is_asked_for() {
    let world = World::start().await;
    let finance = Person::finance(&world);
    posted(&world).await;
    begins(&finance, "r1", false).await;
    seen(&finance, &world, over).await;
    taken_back(&world, "D-9");
    begins(&finance, "r2", false).await;
    let none = seen(&finance, &world, |found| over(found) && run(found, "number") == &json!(2)).await;
    assert_eq!(run(&none, "of"), &json!(0), "nothing of ours moved");
    let zones = Zones::of(&finance.gets("/v1/sites").await.body);
    let screen = screens::reconciliation(&none, &zones);
    assert!(screen.contains("NOTHING WAS COMPARED") && screen.contains("takt reconcile --site erp-eu --every"), "{screen}");
    let mut asked = none.clone();
    asked["run"]["every"] = json!(true);
    let screen = screens::reconciliation(&asked, &zones);
    assert!(screen.contains("NOTHING WAS COMPARED") && !screen.contains("--every"), "it was just done: {screen}");
    assert!(!screen.contains("unexplained"), "it looks as if all were well:\n{screen}");
    let list = screens::reconciliations(&finance.gets("/v1/reconciliations").await.body, &zones);
    assert!(list.contains("nothing compared"), "{list}");
    begins(&finance, "r3", true).await;
    let all = seen(&finance, &world, |found| over(found) && run(found, "number") == &json!(3)).await;
    assert_eq!((run(&all, "of"), run(&all, "differs_twice")), (&json!(1), &json!(1)), "{all}");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_is_refused_with_a_remedy_where_there_is_nothing_to_compare() {
    let world = World::start().await;
    let finance = Person::finance(&world);
    let posts = async |key: &str, body: Value| finance.posts("/v1/reconciliations", key, body).await;
    posts("k1", json!({ "site": "nowhere" })).await.is(404, "UNKNOWN", "site");
    posts("k2", json!({ "site": "nord" })).await.is(404, "UNKNOWN", "site");
    posts("k3", json!({ "site": "erp-eu", "at": "soon" })).await.is(422, "SCHEMA", "at");
    posts("k4", json!({ "site": "erp-eu", "at": "2099-11-24T22:00:00+01:00" })).await.is(422, "SCHEMA", "at");
    posts("k5", json!({ "site": "erp-eu", "at": "2001-11-24T22:00:00+01:00" })).await.is(422, "SCHEMA", "at");
    finance.gets("/v1/reconciliations/nowhere").await.is(404, "UNKNOWN", "site");
    world.stop().await;
}
