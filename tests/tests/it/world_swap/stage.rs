//! The stage of the test: the demo's folder with another ERP in it, the simulated systems behind real HTTP, one region that
//! runs over them, and the people who press the buttons.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path as Segments, State};
use axum::http::StatusCode;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use takt_actors::link::inbound::Inbound;
use takt_actors::node::Settings as NodeSettings;
use takt_actors::region::{Plan, Region};
use takt_cluster::clock::SystemClock;
use takt_cluster::embedded::{Embedded, Settings};
use takt_cluster::seam::{Clock, Seams};
use takt_cluster::views::Views;
use takt_config::links::ways;
use takt_config::load::{Mesh, load};
use takt_config::{demo, swap};
use takt_protocol::books::Run;
use takt_protocol::case::Case;
use takt_protocol::envelope::{Envelope, Key, KeyText, Mark, Who};
use takt_protocol::id::{EntityId, Kind as EntityKind};
use takt_protocol::input::{Address, Body, Input};
use takt_protocol::kernel::{Own, Reply};
use takt_protocol::name::{Region as RegionName, SiteId};
use takt_protocol::native::{NativeId, NativeKind, Ref};
use takt_protocol::order::{self, Order, Release, Request, Stage as Place};
use takt_protocol::qty::Qty;
use takt_protocol::site;
use takt_protocol::words::MaterialId;
use takt_simulations::logs::Logs;
use takt_simulations::world::launch::{RunningWorld, SystemSpec, WorldSpec, launch};
use takt_simulations::world::ledger::{Heap, Ledger, Status};
use takt_simulations::world::system::Kind;

use crate::desks::Desks;

/// How long anything may take before the test gives up.
const PATIENCE: Duration = Duration::from_mins(2);

/// Which systems play.
pub(crate) const CAST: [(&str, Kind); 3] = [("nord", Kind::Mes), ("qms", Kind::Qms), ("wms-na", Kind::Wms)];

/// Everything that runs.
pub(super) struct Stage {
    _dir: tempfile::TempDir,
    world: RunningWorld,
    engine: Embedded,
    region: Region,
    clock: Arc<dyn Clock>,
    tasks: Vec<tokio::task::JoinHandle<()>>,
    client: reqwest::Client,
}

impl Stage {
    /// Sets the stage with an ERP of this sort.
    pub(super) async fn set(erp: Kind) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let socket = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let door = format!("http://{}", socket.local_addr().unwrap());
        let berlin = |(name, kind): (&str, Kind)| SystemSpec::new(name, kind, "Europe/Berlin");
        let systems = [("erp-eu", erp)].into_iter().chain(CAST).map(berlin).collect();
        let world = launch(&WorldSpec::of(systems), &dir.path().join("world"), &door).await.unwrap();
        let mesh = configured(&dir.path().join("config"), &world);
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::start());
        let eu = RegionName::parse("eu").unwrap();
        let engine = Embedded::open(&dir.path().join("store"), Settings::of(eu), Arc::clone(&clock)).unwrap();
        let all = ways(&mesh).unwrap();
        let plan = Plan {
            region: eu,
            seams: engine.seams(),
            book: Arc::clone(&mesh.book),
            settings: NodeSettings::default(),
            sites: all.iter().map(|way| way.out.clone()).collect(),
            roads: Vec::new(),
            views: Views::in_memory(),
            projections: takt_actors::region::Projections::All,
        };
        let region = Region::start(plan).await.unwrap();
        region.activate(Arc::clone(&mesh.book)).await.unwrap();
        let client = reqwest::Client::new();
        let mut stage = Self { _dir: dir, world, engine, region: region.clone(), clock, tasks: Vec::new(), client };
        stage.desks().furnish().await;
        let mut doors = BTreeMap::new();
        for way in all {
            if way.site.as_str() == "nord" {
                stage.tasks.extend(way.chores(&region).into_iter().map(tokio::spawn));
            }
            doors.insert(way.site.to_string(), way.door(region.clone()));
        }
        let router = Router::new().route("/{system}/{topic}", axum::routing::post(hear)).with_state(Arc::new(doors));
        stage.tasks.push(tokio::spawn(async move { axum::serve(socket, router).await.unwrap() }));
        stage.plant_is_known().await;
        stage
    }

    /// An order that came before the plant said which recipes it has would be sent on trust.
    async fn plant_is_known(&self) {
        let plant = self.region.node().book().site_entity(SiteId::parse("nord").unwrap()).unwrap();
        self.until("the plant said which recipes it has", async || {
            let Own::Site(site) = self.region.show(plant).await.unwrap().own else { return None };
            (!site.recipes.is_empty()).then_some(())
        })
        .await;
    }

    /// A planner asks for an order.
    pub(super) async fn release(&self, pieces: u32) -> EntityId {
        let erp = SiteId::parse("erp-eu").unwrap();
        let planned_order = NativeId::parse("PL-1").unwrap();
        let name = Ref::new(erp, NativeKind::Order, planned_order.clone());
        let to = Address::Native { kind: EntityKind::Order, names: vec![name] };
        let order = self.region.entity(&to).unwrap();
        let start = self.clock.now().plus_ms(3_600_000);
        let wish = Release {
            erp,
            planned_order,
            plant: SiteId::parse("nord").unwrap(),
            material: MaterialId::parse("FG-100").unwrap(),
            total: Qty::parse(&format!("{pieces} H87")).unwrap(),
            recipe: None,
            lot: None,
            start,
            end: start.plus_ms(7_200_000),
        };
        self.ask(to, "release", Request::Release(wish)).await;
        order
    }

    /// A planner wants something of an order.
    pub(super) async fn wish(&self, order: EntityId, wish: Request) {
        let key = format!("{wish:?}");
        self.ask(Address::Entity(order), &key, wish).await;
    }

    async fn ask(&self, to: Address, key: &str, wish: Request) {
        let key = Key { source: SiteId::parse("erp-eu").unwrap(), epoch: 0, mark: Mark::Text(KeyText::parse(key).unwrap()) };
        let who = Some(Who { user: "planner".to_owned(), role: "planning".to_owned(), ..Who::default() });
        let envelope = Envelope { who, ..Envelope::of(key, self.clock.now()) };
        let reply = self.region.ask(Input { to, envelope, body: Body::Order(order::Input::Request(wish)) }).await.unwrap();
        assert!(matches!(&reply, Reply::Answer(answer) if answer.is_accepted()), "{reply:?}");
    }

    /// Finance wants the books of a system compared with ours.
    pub(super) async fn compare(&self, system: &str, every: bool) {
        let site = SiteId::parse(system).unwrap();
        let to = Address::Entity(self.region.node().book().site_entity(site).unwrap());
        let key = Key { source: site, epoch: 0, mark: Mark::Text(KeyText::ours(self.clock.now())) };
        let who = Some(Who { user: "ada".to_owned(), role: "finance".to_owned(), ..Who::default() });
        let envelope = Envelope { who, ..Envelope::of(key, self.clock.now()) };
        let body = Body::Site(site::Input::Request(site::Request::Reconcile { cut_off: None, every }));
        let reply = self.region.ask(Input { to, envelope, body }).await.unwrap();
        assert!(matches!(&reply, Reply::Answer(answer) if answer.is_accepted()), "{reply:?}");
    }

    /// The last run over a system's books, once it is so.
    pub(super) async fn run_when(&self, system: &str, what: &str, is_so: impl Fn(&Run) -> bool) -> Run {
        let entity = self.region.node().book().site_entity(SiteId::parse(system).unwrap()).unwrap();
        self.until(what, async || {
            let Own::Site(site) = self.region.show(entity).await.unwrap().own else { return None };
            site.books?.last.map(|run| *run).filter(|run| is_so(run))
        })
        .await
    }

    /// The same, asked for and over.
    pub(super) async fn compared(&self, system: &str, every: bool) -> Run {
        self.compare(system, every).await;
        self.run_when(system, "the books compared", |run| !run.is_under_way()).await
    }

    /// The open cases of an entity.
    pub(super) async fn cases(&self, entity: EntityId) -> Vec<Case> {
        self.region.show(entity).await.unwrap().common.cases.into_values().collect()
    }

    /// The order, once it is so.
    pub(super) async fn order_when(&self, entity: EntityId, what: &str, is_so: impl Fn(&Order) -> bool) -> Order {
        self.until(what, async || {
            let Own::Order(order) = self.region.show(entity).await.unwrap().own else { return None };
            is_so(&order).then_some(*order)
        })
        .await
    }

    /// The laboratory raises a case about everything that was made; once it is blocked in the ERP, all is found well.
    pub(super) async fn hold_and_accept(&self, made: &Order) {
        let (lot, pieces) = (made.header().unwrap().number.to_string(), pieces(made).to_string());
        let blocked = async |wanted: &str| {
            let books = Ledger::of(Kind::ErpOdoo, &self.books("erp-eu").await).unwrap();
            let heap = Heap { material: "FG-100".to_owned(), lot: lot.clone(), status: Status::Blocked };
            (books.stock.get(&heap).copied().unwrap_or_default().to_string() == wanted).then_some(())
        };
        let case =
            json!({ "material": "FG-100", "lot": lot, "plant": "nord", "pallets": [], "quantity": pieces, "unit": "EA", "reason": "weld" });
        let raised = self.post("qms/_sim/raise", &case).await["nonconformance"].clone();
        self.until("the lot blocked in the ERP", async || blocked(&pieces).await).await;
        self.post("qms/_sim/decide", &json!({ "case": raised, "decided_by": "L. Brandt", "decisions": [{ "decision": "Accept" }] })).await;
        self.until("the lot free again in the ERP", async || blocked("0").await).await;
    }

    /// A truck for everything that was made, with clearance.
    pub(super) async fn ship(&self, made: &Order) {
        self.until("every pallet put away", async || {
            let now = self.order_when(made_id(self, made), "there", |_| true).await;
            let stored = now.units.values().filter(|unit| unit.stage >= Place::PutAway).count();
            (stored > 0 && stored == now.units.len()).then_some(())
        })
        .await;
        let line = json!({ "line": "10", "item": "FG-100", "units": pieces(made).to_string() });
        self.post("wms-na/_sim/deliveries", &json!({ "delivery": "SHP-1", "lines": [line] })).await;
        self.until("the truck gone", async || {
            let delivery = self.get("wms-na/deliveries/SHP-1").await;
            (delivery["state"] == "departed").then(|| assert!(!delivery["attempt"].is_null(), "it left without clearance"))
        })
        .await;
    }

    /// Waits until nothing is under way any more.
    pub(super) async fn quiet(&self) {
        let mut looks = 0;
        self.until("nothing under way", async || {
            let mut still = self.engine.seams().queue.names().await.unwrap().is_empty();
            for (name, _) in [("erp-eu", Kind::ErpOdoo)].into_iter().chain(CAST) {
                still &= self.books(name).await["untold"] == 0;
            }
            looks = if still { looks + 1 } else { 0 };
            (looks >= 5).then_some(())
        })
        .await;
    }

    async fn until<T>(&self, what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
        let since = self.clock.elapsed();
        loop {
            if let Some(found) = look().await {
                return found;
            }
            if self.clock.elapsed().saturating_sub(since) > PATIENCE {
                let warehouse = self.books("wms-na").await;
                panic!(
                    "not within {PATIENCE:?}: {what}\n{}\n{}\n{}",
                    self.troubles().await,
                    warehouse["deliveries"],
                    warehouse["stock_blocks"]
                );
            }
            self.clock.sleep(Duration::from_millis(50)).await;
        }
    }

    /// The open exceptions of all entities, for who reads that the test failed.
    async fn troubles(&self) -> String {
        let (mut logs, mut broken) = (Logs::default(), Vec::new());
        logs.read(&self.seams(), &mut broken).await.unwrap();
        let open = logs.entities().values().flat_map(|told| told.state.common.cases.values().map(|case| case.what.clone()));
        open.chain(broken).collect::<Vec<_>>().join("\n")
    }

    /// What is durable.
    pub(super) fn seams(&self) -> Seams {
        self.engine.seams()
    }

    /// Everything a system knows.
    pub(super) async fn books(&self, system: &str) -> Value {
        self.get(&format!("{system}/_sim/books")).await
    }

    async fn get(&self, place: &str) -> Value {
        self.request(reqwest::Method::GET, place, None).await
    }

    /// `POST` of `system/path`.
    pub(super) async fn post(&self, place: &str, body: &Value) -> Value {
        self.request(reqwest::Method::POST, place, Some(body)).await
    }

    /// `PUT` of `system/path`.
    pub(super) async fn put(&self, place: &str, body: &Value) -> Value {
        self.request(reqwest::Method::PUT, place, Some(body)).await
    }

    async fn request(&self, method: reqwest::Method, place: &str, body: Option<&Value>) -> Value {
        self.desks().request(method, place, body).await
    }

    fn desks(&self) -> Desks<'_> {
        Desks { client: &self.client, world: &self.world }
    }

    /// The world around first, so that nobody tells anything to a door that is shut.
    pub(super) async fn end(self) {
        self.world.stop().await;
        self.tasks.iter().for_each(tokio::task::JoinHandle::abort);
        self.region.stop().await;
    }
}

/// The demo's folder with the second ERP in it; the warehouse is at home in Europe here, so that one region is enough, and nobody
/// plans its trucks.
pub(crate) fn configured(folder: &std::path::Path, world: &RunningWorld) -> Mesh {
    let variables = written(folder, world);
    load(folder, &variables).unwrap_or_else(|found| panic!("{found:#?}"))
}

/// Writes it; what it leaves open.
pub(crate) fn written(folder: &std::path::Path, world: &RunningWorld) -> BTreeMap<String, String> {
    demo::write_to(folder).unwrap();
    swap::write_over(folder).unwrap();
    let warehouse = folder.join("sites/wms-na.yaml");
    let text = std::fs::read_to_string(&warehouse).unwrap();
    std::fs::write(&warehouse, text.replace("region: na", "region: eu").replace("transport: tms\n", "")).unwrap();
    let mut variables: BTreeMap<String, String> = demo::VARIABLES.iter().map(|name| ((*name).to_owned(), format!("t-{name}"))).collect();
    variables.iter_mut().filter(|(name, _)| name.ends_with("_DIR")).for_each(|(name, path)| *path = format!("/t/{name}"));
    variables.iter_mut().filter(|(name, _)| name.ends_with("_URL")).for_each(|(_, url)| "http://127.0.0.1:9".clone_into(url));
    for (name, address) in world.addresses() {
        variables.insert(format!("{}_URL", name.to_uppercase().replace('-', "_")), format!("http://{address}"));
    }
    variables
}

/// Pieces on all pallets of an order.
fn pieces(made: &Order) -> Decimal {
    made.units.values().map(|unit| unit.qty.value()).sum()
}

fn made_id(stage: &Stage, made: &Order) -> EntityId {
    let name = Ref::new(SiteId::parse("erp-eu").unwrap(), NativeKind::Order, made.header().unwrap().number.clone());
    stage.region.entity(&Address::Native { kind: EntityKind::Order, names: vec![name] }).unwrap()
}

type Doors = Arc<BTreeMap<String, Inbound>>;

/// Takes what a system tells; 503 makes it come again.
async fn hear(State(doors): State<Doors>, Segments((system, topic)): Segments<(String, String)>, body: Bytes) -> StatusCode {
    match doors[&system].receive(&topic, body).await {
        Ok(taken) if taken.set_aside.is_some() => panic!("{system} said something that nobody understands: {topic}"),
        Ok(_) => StatusCode::NO_CONTENT,
        Err(_) => StatusCode::SERVICE_UNAVAILABLE,
    }
}
