//! Master data through a link: a plant whose recipes the configuration does not hold gets them from a product data system,
//! over real HTTP. An order waits for its recipe, and for the plant's own system to have it, and goes on by itself.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use takt_actors::node::Settings as NodeSettings;
use takt_actors::region::{Plan, Region};
use takt_cluster::clock::SystemClock;
use takt_cluster::embedded::{Embedded, Settings};
use takt_cluster::seam::Clock;
use takt_cluster::views::Views;
use takt_config::demo;
use takt_config::links::{Way, ways};
use takt_config::load::{Mesh, load};
use takt_protocol::book::Book;
use takt_protocol::case::CaseKind;
use takt_protocol::envelope::{Envelope, Key, KeyText, Mark};
use takt_protocol::id::{EntityId, Kind as EntityKind};
use takt_protocol::input::{Address, Body, Input};
use takt_protocol::kernel::{Own, State};
use takt_protocol::name::{Region as RegionName, SiteId};
use takt_protocol::native::{NativeId, NativeKind, Ref};
use takt_protocol::order::{self, Dispatch, Header, OwnerFact};
use takt_protocol::qty::Qty;
use takt_protocol::refusal::Code;
use takt_protocol::words::{LotNo, MaterialId};
use takt_simulations::world::launch::{RunningWorld, SystemSpec, WorldSpec, launch};
use takt_simulations::world::system::Kind;

const PATIENCE: Duration = Duration::from_mins(2);

struct Stage {
    dir: tempfile::TempDir,
    world: RunningWorld,
    engine: Embedded,
    mesh: Mesh,
    clock: Arc<dyn Clock>,
    client: reqwest::Client,
}

/// A region at work, and what it does regularly.
struct Running {
    region: Region,
    chores: Vec<tokio::task::JoinHandle<()>>,
}

fn site(name: &str) -> SiteId {
    SiteId::parse(name).unwrap()
}

impl Stage {
    async fn set() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let systems = [("plm", Kind::Plm), ("nord", Kind::Mes)].map(|(name, kind)| SystemSpec::new(name, kind, "Europe/Berlin"));
        // Nobody listens to what they tell by themselves: what is read from them is enough.
        let world = launch(&WorldSpec::of(systems.into()), &dir.path().join("world"), "http://127.0.0.1:9").await.unwrap();
        let mesh = configured(&dir.path().join("config"), &world);
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::start());
        let engine = Embedded::open(&dir.path().join("store"), Settings::of(RegionName::parse("eu").unwrap()), Arc::clone(&clock)).unwrap();
        Self { dir, world, engine, mesh, clock, client: reqwest::Client::new() }
    }

    /// Starts the region with rows that know nothing, as after a loss of them.
    async fn start(&self) -> Running {
        let all: Vec<Way> = ways(&self.mesh).unwrap();
        let plan = Plan {
            region: RegionName::parse("eu").unwrap(),
            seams: self.engine.seams(),
            book: Arc::clone(&self.mesh.book),
            settings: NodeSettings::default(),
            sites: all.iter().map(|way| way.out.clone()).collect(),
            roads: Vec::new(),
            views: Views::in_memory(),
            projections: takt_actors::region::Projections::All,
        };
        let region = Region::start(plan).await.unwrap();
        let played = all.iter().filter(|way| ["plm", "nord"].contains(&way.site.as_str()));
        let chores = played.flat_map(|way| way.chores(&region)).map(tokio::spawn).collect();
        Running { region, chores }
    }

    async fn until<T>(&self, what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
        let since = self.clock.elapsed();
        loop {
            if let Some(found) = look().await {
                return found;
            }
            assert!(self.clock.elapsed().saturating_sub(since) < PATIENCE, "not within {PATIENCE:?}: {what}");
            self.clock.sleep(Duration::from_millis(50)).await;
        }
    }

    async fn ask(&self, method: reqwest::Method, place: &str, body: &Value) -> Value {
        let (system, path) = place.split_once('/').unwrap();
        let request = self.client.request(method, format!("{}/{path}", self.world.url(system).unwrap()));
        let answer = request.json(body).send().await.unwrap();
        let (status, value) = (answer.status(), answer.json::<Value>().await.unwrap_or_default());
        assert!(status.is_success(), "{place}: {status} {value}");
        value
    }

    async fn draft(&self, revision: &str, class: &str) {
        let body = json!({ "item": "FG-100", "plant": "nord", "revision": revision, "effective_from": "2026-01-01", "base": "1000",
            "unit": "PC", "bom": [{ "pos": "0010", "op": "10", "item": "STEEL-3", "qty": "320", "unit": "KG" }],
            "routing": [{ "op": "10", "class": class }] });
        self.ask(reqwest::Method::POST, "plm/_sim/revisions", &body).await;
    }

    async fn plant_has(&self, version: &str) {
        let steps = json!([{ "step": 10, "station": "PRESS-4", "minutesPerPiece": "0.05" }]);
        self.ask(reqwest::Method::PUT, "nord/recipes/FG-100", &json!({ "version": version, "lotManaged": true, "steps": steps })).await;
    }

    /// The ERP released an order, and says so.
    async fn released(&self, region: &Region) -> EntityId {
        let erp = site("erp-eu");
        let number = NativeId::parse("1000042").unwrap();
        let start = self.clock.now().plus_ms(3_600_000);
        let header = Header {
            erp,
            number: number.clone(),
            plant: site("nord"),
            material: MaterialId::parse("FG-100").unwrap(),
            total: Qty::parse("1000 H87").unwrap(),
            planned_scrap: None,
            over_percent: None,
            recipe: None,
            lot: LotNo::parse("N7-1").ok(),
            start,
            end: start.plus_ms(3_600_000),
            demand: None,
        };
        let to = Address::Native { kind: EntityKind::Order, names: vec![Ref::new(erp, NativeKind::Order, number)] };
        let order = region.entity(&to).unwrap();
        let key = Key { source: erp, epoch: 0, mark: Mark::Text(KeyText::parse("released").unwrap()) };
        let body = Body::Order(order::Input::OwnerFact(OwnerFact::Released(Box::new(header))));
        region.ask(Input { to, envelope: Envelope::of(key, self.clock.now()), body }).await.unwrap();
        order
    }

    /// Until the order misses just these.
    async fn misses(&self, region: &Region, order: EntityId, codes: &[Code]) {
        self.until(&format!("an order that misses {codes:?}"), async || {
            let Own::Order(order) = region.show(order).await.unwrap().own else { return None };
            let Dispatch::Invalid { missing } = order.dispatch else { return None };
            (missing.iter().map(|(code, _)| *code).collect::<Vec<_>>() == codes).then_some(())
        })
        .await;
    }
}

fn configured(folder: &std::path::Path, world: &RunningWorld) -> Mesh {
    demo::write_to(folder).unwrap();
    std::fs::remove_file(folder.join("recipes/nord-fg-100.yaml")).unwrap();
    // At home in the one region that runs here, as everything that is played.
    let plm = folder.join("sites/plm.yaml");
    let text = std::fs::read_to_string(&plm).unwrap();
    assert!(text.contains("region: asia"), "{text}");
    std::fs::write(&plm, text.replacen("region: asia", "region: eu", 1)).unwrap();
    let mut variables: BTreeMap<String, String> = demo::VARIABLES.iter().map(|name| ((*name).to_owned(), format!("t-{name}"))).collect();
    variables.iter_mut().filter(|(name, _)| name.ends_with("_URL")).for_each(|(_, url)| "http://127.0.0.1:9".clone_into(url));
    variables.iter_mut().filter(|(name, _)| name.ends_with("_DIR")).for_each(|(name, path)| *path = format!("/t/{name}"));
    for (name, address) in world.addresses() {
        variables.insert(format!("{}_URL", name.to_uppercase()), format!("http://{address}"));
    }
    load(folder, &variables).unwrap_or_else(|found| panic!("{found:#?}"))
}

fn version_in(book: &Book) -> Option<String> {
    let at = takt_protocol::instant::Instant::parse("2026-12-01T08:00:00+01:00").unwrap();
    book.recipe(site("nord"), &MaterialId::parse("FG-100").unwrap(), None, at).ok().map(|recipe| recipe.version.to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_goes_on_when_its_recipe_is_released_and_the_plant_has_it() {
    let stage = Stage::set().await;
    let running = stage.start().await;
    let region = &running.region;
    stage.ask(reqwest::Method::PUT, "nord/stations/PRESS-4", &json!({ "state": "up", "counting": "each" })).await;
    stage.plant_has("B").await;
    let plant = region.node().book().site_entity(site("nord")).unwrap();
    stage
        .until("the plant said which recipes it has", async || {
            let Own::Site(site) = region.show(plant).await.unwrap().own else { return None };
            (!site.recipes.is_empty()).then_some(())
        })
        .await;
    let order = stage.released(region).await;
    stage.misses(region, order, &[Code::MissingRecipe]).await;
    // A draft is not enough; a release is, but the plant has another one.
    stage.draft("C", "PRESS").await;
    let of = Ref::new(site("nord"), NativeKind::Recipe, NativeId::parse("FG-100").unwrap());
    let record = region.node().book().record_entity(&of).unwrap();
    stage
        .until("the draft is known", async || {
            let Own::Record(known) = region.show(record).await.unwrap().own else { return None };
            (known.versions.len() == 1).then_some(())
        })
        .await;
    stage.misses(region, order, &[Code::MissingRecipe]).await;
    stage.ask(reqwest::Method::POST, "plm/_sim/revisions/FG-100/nord/C/release", &json!({ "approved_by": "A. Roth" })).await;
    stage.until("the release is in force", async || version_in(&region.node().book())).await;
    // It is looked at again, and what it misses now is told when somebody asks again.
    let jobs = stage.ask(reqwest::Method::GET, "nord/jobs", &Value::Null).await;
    assert!(!jobs.to_string().contains("1000042"), "nothing is sent to a plant that has another recipe: {jobs}");
    stage.plant_has("C").await;
    let resolved = stage
        .until("sent to the plant", async || {
            let Own::Order(order) = region.show(order).await.unwrap().own else { return None };
            order.resolved.filter(|_| matches!(order.dispatch, Dispatch::Sent { .. } | Dispatch::Accepted { .. }))
        })
        .await;
    assert_eq!(resolved.recipe_source, "plm, approved by A. Roth");
    assert_eq!(resolved.components[0].required, Qty::parse("320 KGM").unwrap());
    changed_in_place(&stage, region, record).await;
    // Another book in force, and rows that are lost with the process: the data is there all the same.
    region.activate(Arc::new(Book { hash: "another".to_owned(), ..stage.mesh.book.as_ref().clone() })).await.unwrap();
    assert_eq!(version_in(&region.node().book()).as_deref(), Some("C"));
    running.chores.iter().for_each(tokio::task::JoinHandle::abort);
    region.stop().await;
    let again = stage.start().await;
    let known = stage.until("master data read from the log again", async || version_in(&again.region.node().book())).await;
    assert_eq!(known, "C");
    again.chores.iter().for_each(tokio::task::JoinHandle::abort);
    again.region.stop().await;
    stage.world.stop().await;
    drop(stage.dir);
}

/// What was released is edited there all the same, and nobody is told: seen by the next reading, shown, and not taken over.
async fn changed_in_place(stage: &Stage, region: &Region, record: EntityId) {
    stage.ask(reqwest::Method::PUT, "plm/_sim/habits", &json!({ "changed_in_place": { "next": 1 } })).await;
    stage.draft("C", "LASER").await;
    let effects = stage.ask(reqwest::Method::GET, "plm/_sim/effects", &Value::Null).await;
    assert_eq!(effects["changed_in_place"], json!(1));
    let state: State = stage
        .until("the change is seen", async || {
            let state = region.show(record).await.unwrap();
            state.common.cases.values().any(|case| case.kind == CaseKind::Discrepancy).then_some(state)
        })
        .await;
    let Own::Record(known) = state.own else { panic!("no record") };
    assert!(!format!("{known:?}").contains("LASER"), "what was approved stands");
}
