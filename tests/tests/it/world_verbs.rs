//! The mappings for the second ERP, verb by verb over real HTTP: what it is asked for it does, asked again it does no more, what
//! only looks done is not taken for it, and its refusals come back in its own words.

use std::sync::Arc;

use serde_json::{Value, json};
use takt_actors::link::{Errand, Link, Probed, Sent};
use takt_config::links::ways;
use takt_protocol::effect::{Conversion, Effect, OrderChange};
use takt_protocol::id::{EntityId, Kind as EntityKind};
use takt_protocol::instant::Instant;
use takt_protocol::intent::IntentId;
use takt_protocol::name::{Region, SiteId};
use takt_protocol::native::NativeId;
use takt_protocol::order::Change;
use takt_protocol::qty::Qty;
use takt_protocol::words::{ItemNo, MaterialId, Version};
use takt_simulations::world::launch::{RunningWorld, SystemSpec, WorldSpec, launch};
use takt_simulations::world::system::Kind;

use super::world_swap::stage::configured;

/// The ERP, and the link to it that the swapped folder describes.
struct House {
    _dir: tempfile::TempDir,
    world: RunningWorld,
    link: Arc<dyn Link>,
    client: reqwest::Client,
    errands: u32,
}

fn entity() -> EntityId {
    EntityId::from_parts(EntityKind::Order, Region::parse("eu").unwrap(), 1, 42)
}

fn at(text: &str) -> Instant {
    Instant::parse(text).unwrap()
}

impl House {
    async fn open() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let systems = vec![SystemSpec::new("erp-eu", Kind::ErpOdoo, "Europe/Berlin")];
        let world = launch(&WorldSpec::of(systems), &dir.path().join("world"), "http://127.0.0.1:9").await.unwrap();
        let mesh = configured(&dir.path().join("config"), &world);
        let link = ways(&mesh).unwrap().into_iter().find(|way| way.site.as_str() == "erp-eu").unwrap().out.link;
        let house = Self { _dir: dir, world, link, client: reqwest::Client::new(), errands: 0 };
        house.sim("warehouses", &json!({ "warehouse": "1010", "time_zone": "Europe/Berlin" })).await;
        for (code, uom) in [("FG-100", "Units"), ("STEEL-3", "kg"), ("STEEL-4", "kg")] {
            house.sim("products", &json!({ "code": code, "uom": uom, "tracking": "lot" })).await;
        }
        for version in ["7", "8"] {
            house
                .sim(
                    "boms",
                    &json!({ "product": "FG-100", "warehouse": "1010", "version": version, "base_quantity": 1, "over_tolerance": 0,
                "operations": [{ "operation": "10", "workcenter": "PRESS" }],
                "components": [{ "line": "0010", "operation": "10", "product": "STEEL-3", "quantity": 0.1, "uom": "kg" }] }),
                )
                .await;
        }
        house.sim("stock", &json!({ "product": "STEEL-3", "warehouse": "1010", "lot": "H-5501", "quantity": 50 })).await;
        house
    }

    async fn request(&self, method: reqwest::Method, path: &str, body: Option<&Value>) -> Value {
        let request = self.client.request(method, format!("{}{path}", self.world.url("erp-eu").unwrap()));
        let request = if let Some(body) = body { request.json(body) } else { request };
        let value: Value = request.send().await.unwrap().json().await.unwrap();
        assert!(value.get("error").is_none(), "{path}: {value}");
        value
    }

    async fn sim(&self, desk: &str, body: &Value) -> Value {
        self.request(reqwest::Method::POST, &format!("/_sim/{desk}"), Some(body)).await
    }

    async fn habits(&self, habits: &Value) {
        self.request(reqwest::Method::PUT, "/_sim/habits", Some(habits)).await;
    }

    /// How often a habit took effect.
    async fn effect(&self, habit: &str) -> u64 {
        self.request(reqwest::Method::GET, "/_sim/effects", None).await[habit].as_u64().unwrap_or(0)
    }

    async fn all(&self, model: &str) -> Vec<Value> {
        self.request(reqwest::Method::GET, &format!("/api/{model}"), None).await["records"].as_array().unwrap().clone()
    }

    fn errand(&mut self, effect: Effect) -> Errand {
        self.errands += 1;
        let intent = IntentId { entity: entity(), incarnation: 1, number: self.errands };
        Errand { reference: intent.reference(), attempt: 1, effect: Box::new(effect) }
    }

    /// Sends an effect twice, under one reference.
    async fn twice(&mut self, effect: Effect) -> (Sent, Sent) {
        let errand = self.errand(effect);
        (self.link.send(&errand).await, self.link.send(&errand).await)
    }

    /// Sends it as long as nobody says what became of it, as the mesh does after it has probed.
    async fn until_settled(&mut self, effect: Effect) -> Sent {
        let errand = self.errand(effect);
        for _ in 0..9 {
            match self.link.send(&errand).await {
                Sent::NotDone { .. } => {}
                Sent::Lost { .. } => match self.link.probe(&errand).await {
                    Probed::Found(receipt) => return Sent::Accepted(receipt),
                    Probed::Absent => {}
                    Probed::NoAnswer { why } => panic!("no answer to a probe: {why}"),
                },
                settled @ (Sent::Accepted(_) | Sent::Rejected { .. } | Sent::Misconfigured { .. } | Sent::Read { .. }) => return settled,
            }
        }
        panic!("never settled");
    }

    /// An order of 5000 pieces, made and confirmed; its name.
    async fn released(&mut self) -> String {
        match self.twice(conversion()).await {
            (Sent::Accepted(first), Sent::Accepted(second)) if first == second => first.alias.unwrap().id.to_string(),
            other => panic!("not made once: {other:?}"),
        }
    }
}

fn conversion() -> Effect {
    Effect::ConvertPlannedOrder(Conversion {
        planned_order: NativeId::parse("PL-1").unwrap(),
        material: MaterialId::parse("FG-100").unwrap(),
        total: Qty::parse("5000 H87").unwrap(),
        plant: SiteId::parse("nord").unwrap(),
        recipe: Version::parse("7").unwrap(),
        start: at("2026-11-24T06:00:00+01:00"),
        end: at("2026-11-24T14:00:00+01:00"),
    })
}

fn change(number: &str, change: Change) -> Effect {
    let erp_order = NativeId::parse(number).unwrap();
    Effect::ChangeOrder(OrderChange { order: entity(), erp_order, plant: SiteId::parse("nord").unwrap(), change })
}

/// A posting of one line, as it stands in an intent.
fn post(number: &str, movement: &str, date: &str, series: &Value, qty: &str) -> Effect {
    let line = json!({ "series": series, "qty": qty, "actuals": [[1, 1]] });
    let posting = json!({ "number": 1, "movement": movement, "code": "", "date": date, "rule": ["r", 1], "lines": [line] });
    let document = json!({ "order": entity().to_string(), "erp_order": number, "plant": "nord", "posting": posting });
    serde_json::from_value(json!({ "post": document })).unwrap()
}

fn issue(number: &str, date: &str, qty: &str) -> Effect {
    post(
        number,
        "goods_issue",
        date,
        &json!({ "use": "consumed", "material": "STEEL-3", "lot": "H-5501", "status": "unrestricted", "uom": "KGM" }),
        qty,
    )
}

fn receipt(number: &str, date: &str, qty: &str) -> Effect {
    post(
        number,
        "goods_receipt",
        date,
        &json!({ "use": "produced", "output": "main", "material": "FG-100", "lot": "N7", "status": "unrestricted", "uom": "H87" }),
        qty,
    )
}

fn work(number: &str, date: &str, qty: &str) -> Effect {
    post(
        number,
        "confirmation",
        date,
        &json!({ "use": "yield", "op": "10", "material": "FG-100", "status": "unrestricted", "uom": "H87" }),
        qty,
    )
}

fn done(sent: &(Sent, Sent)) -> bool {
    matches!(sent, (Sent::Accepted(one), Sent::Accepted(other)) if one == other)
}

/// Today as the ERP's people have it: it refuses what is dated later.
fn today() -> String {
    jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date().to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_changed_as_it_is_asked_and_asking_again_is_harmless() {
    let mut house = House::open().await;
    let number = house.released().await;
    assert_eq!(house.all("manufacturing_order").await.len(), 1);
    let (start, end) = (at("2026-11-26T06:00:00+01:00"), at("2026-11-27T14:00:00+01:00"));
    let (item, material) = (ItemNo::parse("0010").unwrap(), MaterialId::parse("STEEL-4").unwrap());
    let steps: [(Change, &str, Value); 8] = [
        (Change::Quantity { total: Qty::parse("4000 H87").unwrap() }, "/product_qty", json!(4000.0)),
        (Change::Dates { start, end }, "/date_finished", json!("2026-11-27 13:00:00")),
        (Change::Recipe { version: Version::parse("8").unwrap() }, "/bom_version", json!("8")),
        (Change::Component { item, material }, "/components/0/product_id/1", json!("STEEL-4")),
        (Change::TechnicallyComplete, "/state", json!("to_close")),
        (Change::Reopen, "/state", json!("confirmed")),
        (Change::TechnicallyComplete, "/state", json!("to_close")),
        (Change::Close, "/state", json!("done")),
    ];
    for (wish, path, value) in steps {
        let effect = change(&number, wish);
        let before = house.errand(effect.clone());
        assert_eq!(house.link.probe(&before).await, Probed::Absent, "{effect:?}");
        let sent = house.twice(effect.clone()).await;
        assert!(done(&sent), "{effect:?}: {sent:?}");
        assert!(matches!(house.link.probe(&before).await, Probed::Found(_)), "{effect:?}");
        assert_eq!(house.all("manufacturing_order").await[0].pointer(path), Some(&value), "{effect:?}");
    }
    let late = house.twice(change(&number, Change::Cancel)).await;
    assert!(matches!(&late.0, Sent::Rejected { code, .. } if code == "exceptions.UserError"), "{late:?}");
    let dates = house.twice(change(&number, Change::Dates { start: end, end })).await;
    assert!(matches!(&dates.0, Sent::Rejected { code, .. } if code == "LEFT_ASIDE"), "{dates:?}");
    house.world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_lost_or_only_looks_done_there_is_one_order_and_one_posting_of_each() {
    let mut house = House::open().await;
    house.habits(&json!({ "lost_reply": { "next": 2, "matching": "POST /api/manufacturing_order" }, "hollow_success": { "next": 2, "matching": "POST /api/manufacturing_order" },
        "locked": { "next": 1, "matching": "POST /api/manufacturing_order" } })).await;
    let Sent::Accepted(made) = house.until_settled(conversion()).await else { panic!("not made") };
    let number = made.alias.unwrap().id.to_string();
    assert_eq!(
        (house.all("manufacturing_order").await.len(), house.all("manufacturing_order").await[0]["state"].clone()),
        (1, json!("confirmed"))
    );
    let rounds = [
        ("lost_reply", "POST /api"),
        ("lost_reply", "button_validate"),
        ("hollow_success", "POST /api"),
        ("hollow_success", "button_validate"),
        ("hollow_success", "work_log"),
        ("locked", "POST /api"),
        ("gateway_timeout", "POST /api"),
        ("unavailable", "POST /api"),
    ];
    for (habit, matching) in rounds {
        let before = house.effect(habit).await;
        house.habits(&json!({ habit: { "next": 2, "matching": matching } })).await;
        let used = [issue(&number, &today(), "0.1 KGM"), issue(&number, &today(), "-0.1 KGM")];
        for effect in [receipt(&number, &today(), "480 H87"), work(&number, &today(), "480 H87"), work(&number, &today(), "-1 H87")]
            .into_iter()
            .chain(used)
        {
            let sent = house.until_settled(effect).await;
            assert!(matches!(sent, Sent::Accepted(_)), "{habit} at {matching}: {sent:?}");
        }
        // A yes that did nothing is followed by a no: one of the two occasions may pass without an effect.
        assert!(house.effect(habit).await > before, "{habit} at {matching} did not take effect");
    }
    let pickings = house.all("stock_picking").await;
    let count = |state: &str| pickings.iter().filter(|picking| picking["state"] == state).count();
    assert_eq!((count("done"), count("draft"), house.all("work_log").await.len()), (24, 0, 16));
    assert_eq!(house.all("manufacturing_order").await[0]["qty_produced"], json!(3840.0));
    assert_eq!(house.all("work_order").await[0]["qty_good"], json!(3832.0));
    house.world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_erp_refuses_or_asks_back_is_refused_and_leaves_no_draft_to_be_validated_by_mistake() {
    let mut house = House::open().await;
    let number = house.released().await;
    let locked = today();
    house.request(reqwest::Method::PUT, "/_sim/lock-dates", Some(&json!({ "1010": locked }))).await;
    let closed = house.twice(issue(&number, &locked, "1 KGM")).await;
    assert!(matches!(&closed.0, Sent::Rejected { text, .. } if text.contains("lock date")), "{closed:?}");
    house.request(reqwest::Method::PUT, "/_sim/lock-dates", Some(&json!({}))).await;
    let over = house.twice(receipt(&number, &locked, "5001 H87")).await;
    assert!(matches!(&over.0, Sent::Rejected { code, .. } if code == "confirm_overproduction"), "{over:?}");
    let unknown = house.twice(issue("MO-99999", &locked, "1 KGM")).await;
    assert!(matches!(&unknown.0, Sent::Rejected { code, .. } if code == "exceptions.ValidationError"), "{unknown:?}");
    let states: Vec<Value> = house.all("stock_picking").await.into_iter().map(|picking| picking["state"].clone()).collect();
    assert!(!states.is_empty() && states.iter().all(|state| state == "cancel"), "{states:?}");
    house.world.stop().await;
}
