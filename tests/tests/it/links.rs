//! The mappings that ship with the product, against the simulated systems over real HTTP: what a system is asked for it does,
//! asked again it does no more, and its refusals come back in its own words.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};
use takt_actors::link::{Errand, Link, Probed, Sent};
use takt_config::demo;
use takt_config::links::ways;
use takt_config::load::load;
use takt_protocol::effect::{Conversion, Effect, Job, JobComponent, JobOperation, JobRef, OrderChange};
use takt_protocol::id::{EntityId, Kind as EntityKind};
use takt_protocol::instant::Instant;
use takt_protocol::intent::IntentId;
use takt_protocol::name::{Region, SiteId};
use takt_protocol::native::NativeId;
use takt_protocol::order::Change;
use takt_protocol::qty::Qty;
use takt_protocol::words::{EquipmentId, ItemNo, LotNo, MaterialId, OpNo, Reason, Version};
use takt_simulations::world::launch::{RunningWorld, SystemSpec, WorldSpec, launch};
use takt_simulations::world::system::Kind;

fn site(name: &str) -> SiteId {
    SiteId::parse(name).unwrap()
}

fn qty(text: &str) -> Qty {
    Qty::parse(text).unwrap()
}

fn at(text: &str) -> Instant {
    Instant::parse(text).unwrap()
}

fn native(text: &str) -> NativeId {
    NativeId::parse(text).unwrap()
}

fn order() -> EntityId {
    EntityId::from_parts(EntityKind::Order, Region::parse("eu").unwrap(), 1, 42)
}

/// An ERP and an MES with their masters, and the links that the demo's folder describes.
struct House {
    _dir: tempfile::TempDir,
    world: RunningWorld,
    links: BTreeMap<SiteId, Arc<dyn Link>>,
    client: reqwest::Client,
    errands: u32,
}

impl House {
    async fn open() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let berlin = "Europe/Berlin";
        let systems = vec![SystemSpec::new("erp-eu", Kind::Erp, berlin), SystemSpec::new("nord", Kind::Mes, berlin)];
        // Nobody listens there: what the systems tell is another test's matter.
        let world = launch(&WorldSpec::of(systems), &dir.path().join("world"), "http://127.0.0.1:9").await.unwrap();
        let folder = dir.path().join("config");
        demo::write_to(&folder).unwrap();
        let mut variables: BTreeMap<String, String> =
            demo::VARIABLES.iter().map(|name| ((*name).to_owned(), format!("t-{name}"))).collect();
        variables.iter_mut().filter(|(name, _)| name.ends_with("_DIR")).for_each(|(name, path)| *path = format!("/t/{name}"));
        variables.iter_mut().filter(|(name, _)| name.ends_with("_URL")).for_each(|(_, url)| "http://127.0.0.1:9".clone_into(url));
        variables.insert("ERP_EU_URL".into(), world.url("erp-eu").unwrap());
        variables.insert("NORD_URL".into(), world.url("nord").unwrap());
        let mesh = load(&folder, &variables).unwrap();
        let links = ways(&mesh).unwrap().into_iter().map(|way| (way.site, way.out.link)).collect();
        let house = Self { _dir: dir, world, links, client: reqwest::Client::new(), errands: 0 };
        house.furnish().await;
        house
    }

    async fn furnish(&self) {
        let erp = |desk: &str| format!("{}/_sim/{desk}", self.world.url("erp-eu").unwrap());
        let mes = |path: &str| format!("{}/{path}", self.world.url("nord").unwrap());
        self.put_post(true, &erp("plants"), json!({ "plant": "1010", "time_zone": "Europe/Berlin" })).await;
        for (name, unit) in [("FG-100", "EA"), ("STEEL-3", "KG"), ("STEEL-4", "KG")] {
            let material = json!({ "material": name, "base_unit": unit, "batch_managed": false, "units": {} });
            self.put_post(true, &erp("materials"), material).await;
        }
        let version = |version: &str| {
            json!({ "material": "FG-100", "plant": "1010", "production_version": version, "base_quantity": "1", "location": "0002",
                "operations": [{ "operation": "0010", "work_center": "PRESS" }],
                "components": [{ "item": "0010", "operation": "0010", "material": "STEEL-3", "quantity": "0.4", "unit": "KG", "location": "0001" }] })
        };
        self.put_post(true, &erp("production-versions"), version("7")).await;
        self.put_post(true, &erp("production-versions"), version("8")).await;
        self.put_post(false, &mes("stations/PRESS-4"), json!({ "state": "up", "counting": "each", "calibratedUntil": "2099-12-31" })).await;
        let steps = json!([{ "step": 10, "station": "PRESS-4", "minutesPerPiece": "0.1" }]);
        self.put_post(false, &mes("recipes/FG-100"), json!({ "version": "7", "lotManaged": true, "steps": steps })).await;
        // A job waits long enough to be changed before it begins.
        self.put_post(false, &mes("_sim/pace"), json!({ "startAfterMs": 600_000 })).await;
    }

    async fn put_post(&self, post: bool, url: &str, body: Value) {
        let request = if post { self.client.post(url) } else { self.client.put(url) };
        let answer = request.json(&body).send().await.unwrap();
        let status = answer.status();
        assert!(status.is_success(), "{url}: {status} {}", answer.text().await.unwrap());
    }

    fn errand(&mut self, effect: Effect) -> Errand {
        self.errands += 1;
        let intent = IntentId { entity: order(), incarnation: 1, number: self.errands };
        Errand { reference: intent.reference(), attempt: 1, effect: Box::new(effect) }
    }

    /// Sends an effect twice, under one reference: the answers.
    async fn twice(&mut self, to: &str, effect: Effect) -> (Sent, Sent) {
        let errand = self.errand(effect);
        let link = Arc::clone(&self.links[&site(to)]);
        (link.send(&errand).await, link.send(&errand).await)
    }

    async fn probe(&mut self, to: &str, effect: Effect) -> Probed {
        let errand = self.errand(effect);
        self.links[&site(to)].probe(&errand).await
    }

    async fn read(&self, system: &str, path: &str) -> Value {
        let url = format!("{}{path}", self.world.url(system).unwrap());
        self.client.get(url).send().await.unwrap().json().await.unwrap()
    }

    async fn erp_order(&self, number: &str) -> Value {
        let path =
            format!("/sap/opu/odata/sap/API_PRODUCTION_ORDER_2_SRV/A_ProductionOrder_2('{number}')?$expand=to_ProductionOrderComponent");
        self.read("erp-eu", &path).await["d"].clone()
    }

    /// An order of 5000 pieces, made and released; its number.
    async fn released(&mut self) -> String {
        let conversion = Conversion {
            planned_order: native("PL-1"),
            material: MaterialId::parse("FG-100").unwrap(),
            total: qty("5000 H87"),
            plant: site("nord"),
            recipe: Version::parse("7").unwrap(),
            start: at("2026-11-24T06:00:00+01:00"),
            end: at("2026-11-24T14:00:00+01:00"),
        };
        match self.twice("erp-eu", Effect::ConvertPlannedOrder(conversion)).await {
            (Sent::Accepted(first), Sent::Accepted(second)) if first == second => first.alias.unwrap().id.to_string(),
            other => panic!("not made once: {other:?}"),
        }
    }

    /// A job that waits at the MES; its number.
    async fn dispatched(&mut self) -> NativeId {
        let op = OpNo::parse("10").unwrap();
        let job = Job {
            order: order(),
            erp_order: native("1000042"),
            attempt: 1,
            material: MaterialId::parse("FG-100").unwrap(),
            description: "bracket".into(),
            total: qty("5000 H87"),
            lot: LotNo::parse("1000042").ok(),
            recipe: Version::parse("7").unwrap(),
            recipe_source: "PLM".into(),
            start: at("2026-11-24T06:00:00+01:00"),
            end: at("2026-11-24T14:00:00+01:00"),
            operations: vec![JobOperation { op: op.clone(), equipment: vec![EquipmentId::parse("PRESS-4").unwrap()] }],
            components: vec![JobComponent {
                item: ItemNo::parse("0010").unwrap(),
                op,
                material: MaterialId::parse("STEEL-3").unwrap(),
                required: qty("2000 KGM"),
                lot: None,
            }],
        };
        match self.twice("nord", Effect::DispatchJob(job)).await {
            (Sent::Accepted(first), Sent::Accepted(second)) if first == second => first.alias.unwrap().id,
            other => panic!("not taken once: {other:?}"),
        }
    }
}

fn change(number: &str, change: Change) -> Effect {
    Effect::ChangeOrder(OrderChange { order: order(), erp_order: native(number), plant: site("nord"), change })
}

fn job(number: Option<&NativeId>) -> JobRef {
    let dispatch = IntentId { entity: order(), incarnation: 1, number: 1 }.reference();
    JobRef { order: order(), dispatch, job: number.cloned() }
}

fn done(sent: &(Sent, Sent)) -> bool {
    matches!(sent, (Sent::Accepted(_), Sent::Accepted(_)))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erp_changes_an_order_as_it_is_asked_and_asking_again_is_harmless() {
    let mut house = House::open().await;
    let number = house.released().await;
    let (start, end) = (at("2026-11-26T06:00:00+01:00"), at("2026-11-27T14:00:00+01:00"));
    let steps: [(Change, &str, &str); 5] = [
        (Change::Quantity { total: qty("4000 H87") }, "/TotalQuantity", "4000.000"),
        (Change::Dates { start, end }, "/MfgOrderPlannedStartDate", "/Date(1795651200000)/"),
        (Change::Recipe { version: Version::parse("8").unwrap() }, "/ProductionVersion", "8"),
        (
            Change::Component { item: ItemNo::parse("0010").unwrap(), material: MaterialId::parse("STEEL-4").unwrap() },
            "/to_ProductionOrderComponent/results/0/Material",
            "STEEL-4",
        ),
        (Change::TechnicallyComplete, "/OrderIsTechnicallyCompleted", "X"),
    ];
    for (wish, path, value) in steps {
        let effect = change(&number, wish);
        assert_eq!(house.probe("erp-eu", effect.clone()).await, Probed::Absent, "{effect:?}");
        let sent = house.twice("erp-eu", effect.clone()).await;
        assert!(done(&sent), "{effect:?}: {sent:?}");
        assert!(matches!(house.probe("erp-eu", effect).await, Probed::Found(_)));
        let order = house.erp_order(&number).await;
        assert_eq!(order.pointer(path), Some(&json!(value)));
    }
    let late = house.twice("erp-eu", change(&number, Change::Quantity { total: qty("3000 H87") })).await;
    assert!(matches!(&late, (Sent::Rejected { code, .. }, Sent::Rejected { .. }) if code == "BS/007"), "{late:?}");
    for wish in [Change::Reopen, Change::TechnicallyComplete, Change::Close] {
        let sent = house.twice("erp-eu", change(&number, wish.clone())).await;
        assert!(done(&sent), "{wish:?}: {sent:?}");
    }
    house.world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_mes_agrees_to_a_change_stops_goes_on_and_gives_a_job_back_under_any_name() {
    let mut house = House::open().await;
    let number = house.dispatched().await;
    let end = at("2026-11-25T14:00:00+01:00");
    for (known, pieces) in [(Some(&number), 4000), (None, 3500)] {
        let effect = Effect::ChangeJob { job: job(known), total: qty(&format!("{pieces} H87")), start: end, end };
        let sent = house.twice("nord", effect).await;
        assert!(done(&sent), "{sent:?}");
        let view = house.read("nord", &format!("/jobs/{number}")).await;
        assert_eq!((&view["pieces"], &view["notes"]), (&json!(pieces), &json!("due 2026-11-25T14:00:00+01:00")));
    }
    let none = Effect::ChangeJob { job: job(Some(&number)), total: qty("0 H87"), start: end, end };
    assert!(matches!(house.twice("nord", none).await.0, Sent::Rejected { code, .. } if code == "BAD_QUANTITY"));
    for known in [Some(&number), None] {
        let hold = Effect::HoldJob { job: job(known), reason: Reason::parse("design change").unwrap() };
        assert!(done(&house.twice("nord", hold).await));
        assert_eq!(house.read("nord", &format!("/jobs/{number}")).await["state"], "held");
        assert!(done(&house.twice("nord", Effect::ResumeJob(job(known))).await));
        assert_eq!(house.read("nord", &format!("/jobs/{number}")).await["state"], "waiting");
    }
    assert!(done(&house.twice("nord", Effect::RevokeJob(job(None))).await));
    assert_eq!(house.read("nord", &format!("/jobs/{number}")).await["state"], "revoked");
    let ended = house.twice("nord", Effect::ResumeJob(job(Some(&number)))).await;
    assert!(matches!(&ended.0, Sent::Rejected { code, .. } if code == "ENDED"), "{ended:?}");
    let stranger = house.twice("nord", Effect::ResumeJob(job(Some(&native("J-999"))))).await;
    assert!(matches!(&stranger.0, Sent::Rejected { code, .. } if code == "UNKNOWN_JOB"), "{stranger:?}");
    house.world.stop().await;
}
