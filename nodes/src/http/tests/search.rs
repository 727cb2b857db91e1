//! The search: whatever number somebody has at hand, however it is typed, leads to the thing it is about. Over a real mesh.

use reqwest::Method;
use serde_json::{Value, json};
use takt_protocol::id::Kind;
use takt_protocol::input::Body;
use takt_protocol::native::{NativeId, NativeKind, Ref};
use takt_protocol::order::{Input, OwnerFact, Report};
use takt_protocol::posting::Use;
use takt_protocol::qty::Qty;
use takt_protocol::unit;
use takt_protocol::words::{DocNo, MaterialId, Place};

use super::{Person, completion, hold, release};
use crate::ask::tests::fixture::{World, site};
use crate::screens::{self, Zones};

/// What is found: kind, name and our id.
fn found(page: &Value) -> Vec<(&str, &str, &str)> {
    let text = |row: &'_ Value, field: &str| row[field].as_str().unwrap().to_owned().leak() as &str;
    page["rows"].as_array().unwrap().iter().map(|row| (text(row, "kind"), text(row, "name"), text(row, "id"))).collect()
}

async fn search(plant: &Person<'_>, typed: &str) -> Value {
    super::back(plant.request(Method::GET, "/v1/search").query(&[("q", typed)])).await.body
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_is_found_however_it_is_typed_and_never_taken_for_another() {
    let world = World::start().await;
    let plant = Person::plant(&world);
    let order = world.released("1000042").await.to_string();
    let planned = plant.posts("/v1/production-order-releases", "r1", release("PL-4711")).await.entity().to_owned();
    for typed in ["1000042", "1 000 042", "0001000042", "j 1000042", "j1000042", "J-1000042"] {
        let page = search(&plant, typed).await;
        assert!(found(&page).iter().any(|(kind, _, id)| (*kind, *id) == ("order", &order)), "{typed}: {page}");
    }
    for typed in ["pl-4711", "PL 4711", "4711", "004711", "pl4711@erp-eu"] {
        let page = search(&plant, typed).await;
        assert_eq!(found(&page).first(), Some(&("order", "PL-4711@erp-eu", planned.as_str())), "{typed}");
    }
    assert!(found(&search(&plant, "pl-4712").await).is_empty());
    // Who asks for a thing by such a number is told the right one, and gets no other.
    let near = plant.gets("/v1/orders/pl%204711").await;
    near.is(404, "UNKNOWN", "order");
    assert_eq!(near.body["choices"], json!(["PL-4711@erp-eu"]), "{near:?}");
    plant.posts("/v1/orders/pl%204711/cancellations", "c1", json!({ "reason": "slip" })).await.is(404, "UNKNOWN", "order");
    for (typed, kind) in [("fg 100", "material"), ("press4", "equipment"), ("NORD", "site")] {
        let page = search(&plant, typed).await;
        assert!(found(&page).iter().any(|(known, ..)| *known == kind), "{typed}: {page}");
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn holds_bins_postings_and_causes_lead_to_what_they_are_about() {
    let world = World::start().await;
    let plant = Person::plant(&world);
    let order = world.released("1000042").await.to_string();
    world.produces(&order, "pallet-1", "20 H87").await;
    let unit = unit_of(&world, &plant).await;
    for (at, bin) in [(1, "A-12-3"), (2, "B-7")] {
        let name = Ref::new(site("nord"), NativeKind::Unit, NativeId::parse("pallet-1").unwrap());
        let stands = unit::Report::PutAway { place: Place::parse(bin).unwrap() };
        world.tell("wms-hub", Kind::Unit, name, &format!("bin/{at}"), Body::Unit(unit::Input::Report(stands))).await;
    }
    assert_eq!(found(&search(&plant, "b 7").await), [("bin", "B-7", unit.as_str())]);
    assert!(found(&search(&plant, "A-12-3").await).is_empty(), "nothing stands there any more");
    let lot = plant.posts("/v1/quality-holds", "h1", hold("N7-1123")).await.entity().to_owned();
    for typed in ["NC-881", "nc 881", "881"] {
        assert_eq!(found(&search(&plant, typed).await), [("hold", "NC-881", lot.as_str())], "{typed}");
    }
    let last = json!({ "plant": "nord", "order": "1000042", "operation": "10", "good": "40 H87", "last": true });
    plant.posts("/v1/operation-completions", "c1", last).await.entity();
    world.until(&order, |order| order.ledger.has_documents()).await;
    // The system of this test calls its document by our reference.
    let postings = plant.gets("/v1/orders/1000042/postings").await.body;
    let reference = postings["postings"][0]["document"].as_str().unwrap();
    let page = search(&plant, &reference.to_lowercase()).await;
    let kinds: Vec<&str> = found(&page).iter().map(|(kind, ..)| *kind).collect();
    assert!(kinds.contains(&"posting") && kinds.contains(&"document"), "{page}");
    let screen = screens::hits(&page, &Zones::of(&plant.gets("/v1/sites").await.body));
    assert!(screen.contains(&format!("takt order postings {order}")), "{screen}");
    assert_eq!(plant.posts("/v1/operation-completions", "c2", completion("1000042", "-1 H87")).await.status.as_u16(), 422);
    let odd = json!({ "plant": "nord", "order": "1000042", "operation": "99", "good": "1 H87" });
    plant.posts("/v1/operation-completions", "c3", odd).await.entity();
    let groups = plant.gets("/v1/exception-groups").await.body;
    let row = groups["rows"].as_array().unwrap().iter().find(|row| row["what"].as_str().unwrap().contains("99")).unwrap();
    let (group, case) = (row["id"].as_str().unwrap(), row["first"].as_str().unwrap());
    assert_eq!(found(&search(&plant, &group.to_lowercase()).await)[0].0, "exception group");
    assert_eq!(found(&search(&plant, &case.to_lowercase()[2..]).await), [("exception", case, order.as_str())]);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_acted_with_a_reason_or_posted_by_hand_leads_to_what_they_did() {
    let world = World::start().await;
    let plant = Person::plant(&world);
    let order = world.released("1000042").await.to_string();
    let quiet = world.released("1000043").await.to_string();
    plant.posts("/v1/operation-completions", "c1", completion("1000043", "1 H87")).await.entity();
    let name = Ref::new(site("erp-eu"), NativeKind::Order, NativeId::parse("1000042").unwrap());
    let by_hand = OwnerFact::ForeignPosting {
        document: DocNo::parse("4900012377").unwrap(),
        by: "K. Ott".to_owned(),
        purpose: Use::Yield,
        material: MaterialId::parse("FG-100").unwrap(),
        lot: None,
        qty: Qty::parse("5 H87").unwrap(),
    };
    world.tell("erp-eu", Kind::Order, name, "by-hand", Body::Order(Input::OwnerFact(by_hand))).await;
    let mut page = Value::Null;
    for typed in ["K. Ott", "k.ott", "KOTT"] {
        page = search(&plant, typed).await;
        assert_eq!(found(&page), [("person", "K. Ott", order.as_str())], "{typed}");
    }
    let zones = Zones::of(&plant.gets("/v1/sites").await.body);
    assert!(screens::hits(&page, &zones).contains(&format!("takt order timeline {order}")));
    let lot = plant.posts("/v1/quality-holds", "h1", hold("N7-1123")).await.entity().to_owned();
    let page = search(&plant, "mes nord").await;
    assert!(found(&page).contains(&("person", "mes-nord", lot.as_str())), "{page}");
    assert!(!page.to_string().contains(&quiet), "who only reports is not found by everything that it reported: {page}");
    assert!(screens::hits(&search(&plant, "NOBODY").await, &zones).contains("of people those are found who acted and said why"));
    world.stop().await;
}

/// Our id of the only handling unit, once it is known.
async fn unit_of(world: &World, plant: &Person<'_>) -> String {
    for _ in 0..400 {
        let page = search(plant, "Pallet 1").await;
        if let Some((.., id)) = found(&page).into_iter().find(|(kind, ..)| *kind == "unit") {
            return id.to_owned();
        }
        world.mesh.clock().sleep(std::time::Duration::from_millis(5)).await;
    }
    panic!("the handling unit is not found")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_shift_of_a_plant_shows_what_was_done_beside_what_is_to_do() {
    let world = World::start().await;
    let plant = Person::plant(&world);
    let order = world.released("1000042").await.to_string();
    let work = |operation: &str, good: &str, scrap: &str| json!({ "plant": "nord", "order": "1000042", "operation": operation, "good": good, "scrap": scrap });
    plant.posts("/v1/operation-completions", "w1", work("10", "40 H87", "2 H87")).await.entity();
    plant.posts("/v1/operation-completions", "w2", work("20", "30 H87", "1 H87")).await.entity();
    world.produces(&order, "pallet-1", "20 H87").await;
    let name = Ref::new(site("erp-eu"), NativeKind::Order, NativeId::parse("1000042").unwrap());
    world.tell("nord", Kind::Order, name, "done", Body::Order(Input::Report(Report::Completed))).await;
    world.until(&order, |order| order.ledger.postings().filter(|entry| entry.standing.document().is_some()).count() >= 5).await;
    let seen = plant.gets("/v1/sites/nord").await.body;
    let done = &seen["orders"]["done"];
    let made = json!([{ "material": "FG-100", "good": "30 H87", "scrap": "3 H87", "put_out": "20 H87" }]);
    assert_eq!((&done["rows"], &done["completed"]), (&made, &json!(1)), "{done}");
    assert_eq!(done["posted"], json!(5), "two yields, two times scrap, one receipt: {done}");
    let screen = screens::site(&seen, &Zones::of(&plant.gets("/v1/sites").await.body));
    for words in [
        "FG-100 30 H87 good, 3 H87 scrap, 20 H87 put out; 1 orders completed, 5 documents posted",
        "AUTONOMY     at home elsewhere: wms-hub (na)",
    ] {
        assert!(screen.contains(words), "`{words}` is not in\n{screen}");
    }
    assert_eq!((&seen["autonomy"]["orders_at"], &seen["autonomy"]["decides"]), (&json!("eu"), &json!(true)));
    let afar = plant.gets("/v1/sites/afar").await.body;
    assert_eq!((&afar["autonomy"]["orders_at"], &afar["autonomy"]["decides"]), (&json!("eu"), &json!(false)));
    world.stop().await;
}
