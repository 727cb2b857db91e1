//! A small mesh, its clients, and its doors open on free ports. The sites behind it accept everything, as systems on a good
//! day do: the bad days are the gate's and the simulated world's.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};
use takt_actors::link::format::Format;
use takt_actors::link::http::{HttpLink, HttpSpec};
use takt_actors::link::inbound::{Inbound, Topic};
use takt_actors::link::mapping::Mapping;
use takt_actors::link::{Errand, Link, Probed, Sent};
use takt_actors::node::Settings;
use takt_actors::region::SiteLink;
use takt_actors::site::SiteLimits;
use takt_config::places::Places;
use takt_protocol::books::{About, Question};
use takt_protocol::calendar::{Calendar, PeriodState};
use takt_protocol::effect::{Document, Effect};
use takt_protocol::envelope::{Envelope, Key, KeyText, Mark};
use takt_protocol::id::{EntityId, Kind};
use takt_protocol::input::{Address, Body, Input};
use takt_protocol::instant::Instant;
use takt_protocol::kernel::{Own, Reply, State};
use takt_protocol::name::{Region, SiteId, Source};
use takt_protocol::native::{NativeId, NativeKind, Ref};
use takt_protocol::order::{self, Header, Order, OwnerFact};
use takt_protocol::outbox::{Class, Receipt};
use takt_protocol::qty::Qty;
use takt_protocol::shipment;
use takt_protocol::signature::Signature;
use takt_protocol::words::{DocNo, EquipmentId, MaterialId, OutputKind, Role, Sscc};

use crate::ask::{Client, Clients, FolderPlaces, Inbox, Limits, NotTaken, Reception};
use crate::doors::{Doors, serve};
use crate::mesh::{Mesh, Stores};

mod book;

pub(crate) use book::book;

/// The token of the plant's client, and of quality's.
pub(crate) const PLANT: &str = "token-of-the-plant";
pub(crate) const QUALITY: &str = "token-of-quality";
/// One client of each other role: its token, its name and its role are one word.
pub(crate) const OTHERS: [&str; 6] = ["planning", "production", "finance", "it", "king", "afar-only"];

/// The tokens of two people in finance.
pub(crate) const FINANCE: &str = "token-of-finance";
pub(crate) const CONTROLLER: &str = "token-of-the-controller";

/// The token by which the plant's MES is known at the inbound door.
pub(crate) const MES: &str = "token-of-the-mes";

/// The token of the warehouse, whose messages are signed, too.
pub(crate) const SIGNED: &str = "token-of-the-warehouse";

/// An inbox whose spool is full.
struct Full;

#[tonic::async_trait]
impl Inbox for Full {
    async fn receive(&self, _: &str, _: Bytes) -> Result<(), NotTaken> {
        Err(NotTaken { why: "the spool is full".to_owned() })
    }

    async fn brought(&self, _: &str, _: Bytes) -> Result<(), NotTaken> {
        Err(NotTaken { why: "the spool is full".to_owned() })
    }

    async fn foresee(&self, _: &str, _: Bytes) -> Result<Result<Vec<Input>, String>, NotTaken> {
        Err(NotTaken { why: "the spool is full".to_owned() })
    }
}

/// The plant's own words: a topic that says which recipes it has.
const RECIPES: &str = r#"
def inputs: { to: { entity: .body.site }, key: { mark: { text: "recipes/\(.body.n)" } }, occurred_at: .body.at,
              body: { site: { report: { plant_recipes: { recipes: [] } } } } };
"#;

/// Another topic: that a machine stopped.
const STOPS: &str = r#"
def inputs: { to: { entity: .body.site }, key: { mark: { text: "stop/\(.body.n)" } }, occurred_at: .body.at,
              body: { site: { report: { equipment_state: { equipment: .body.machine, available: false, state: .body.why } } } } };
"#;

/// Another topic: all the recipes that it has.
const HAS: &str = r#"
def inputs: { to: { entity: .body.site }, key: { mark: { text: "has/\(.body.n)" } }, occurred_at: .body.at,
              body: { site: { report: { plant_recipe_list: { recipes: .body.recipes } } } } };
"#;

/// The door of the plant's MES, as a configuration would make it.
fn inbound(mesh: &Mesh) -> Inbound {
    let link = nobody("nord");
    let topic = |name: &str, text| (name.to_owned(), Topic { format: Format::Json, mapping: Mapping::compile(name, text).unwrap() });
    Inbound::new(
        link,
        BTreeMap::from([topic("recipes", RECIPES), topic("stops", STOPS), topic("has", HAS)]),
        mesh.region_of(site("nord")).unwrap().clone(),
    )
}

/// A link to a system that is never asked.
fn nobody(name: &str) -> Arc<HttpLink> {
    let (base, tables) = ("http://127.0.0.1:1".to_owned(), serde_json::json!({}));
    let spec = HttpSpec { base, bearer: None, credential: None, csrf: None, signature: None, timeout_ms: 100, tables };
    Arc::new(HttpLink::new(site(name), spec, BTreeMap::new()).unwrap())
}

/// How the warehouse signs what it tells.
pub(crate) fn signature() -> Signature {
    Signature { header: "X-Signature".into(), secret: "we both know".into(), stamp: Some(("X-Time".into(), Duration::from_mins(5))) }
}

/// The door of the warehouse, which understands nothing.
fn warehouse(mesh: &Mesh) -> Inbound {
    Inbound::new(nobody("wms-hub"), BTreeMap::new(), mesh.region_of(site("wms-hub")).unwrap().clone())
}

/// A mesh with its doors open.
pub(crate) struct World {
    pub(crate) mesh: Arc<Mesh>,
    pub(crate) doors: Doors,
    /// What the ERP has in its books, by order: what was posted, and what a test writes there by hand.
    pub(crate) books: Written,
    _data: tempfile::TempDir,
}

/// Lines in the books of a system, each with the order it belongs to.
pub(crate) type Written = Arc<Mutex<Vec<(String, Value)>>>;

impl World {
    /// A mesh with the usual limits.
    pub(crate) async fn start() -> Self {
        Self::limited(Limits::default()).await
    }

    /// A mesh with limits of its own.
    pub(crate) async fn limited(limits: Limits) -> Self {
        let free: SocketAddr = "127.0.0.1:0".parse().unwrap();
        Self::at(limits, free, free).await
    }

    /// A mesh with its doors at these addresses.
    pub(crate) async fn at(limits: Limits, http: SocketAddr, grpc: SocketAddr) -> Self {
        // A second installation is told that there is one already, and that is fine.
        drop(rustls::crypto::ring::default_provider().install_default());
        let data = tempfile::tempdir().unwrap();
        let stores = Stores::open(data.path(), ["eu", "na"].map(|name| Region::parse(name).unwrap())).unwrap();
        let books = Written::default();
        let links: Vec<SiteLink> = ["erp-eu", "nord", "qms", "wms-hub"].iter().map(|name| obedient(name, &books)).collect();
        let mesh = Arc::new(Mesh::start(stores, Arc::new(book()), &links, &Settings::default()).await.unwrap());
        let client = |source, role| Client { source: Source::parse(source).unwrap(), role: Role::parse(role).unwrap() };
        let usual = [
            (PLANT.to_owned(), client("mes-nord", "plant")),
            (QUALITY.to_owned(), client("lims", "quality")),
            (FINANCE.to_owned(), client("ada", "finance")),
            (CONTROLLER.to_owned(), client("bob", "finance")),
        ];
        let others = OTHERS.iter().map(|role| ((*role).to_owned(), client(role, role)));
        let clients = Clients::new(usual.into_iter().chain(others));
        let places = Places::default().with(NativeKind::Material, "PIPE-20", None, "materials/all.yaml");
        let reception = Reception::new(Arc::clone(&mesh), clients, limits)
            .with_places(FolderPlaces::new(places))
            .with_inbox(site("nord"), Some(MES), None, Arc::new(inbound(&mesh)))
            .with_inbox(site("qms"), Some(MES), None, Arc::new(Full))
            .with_inbox(site("wms-hub"), Some(SIGNED), Some(signature()), Arc::new(warehouse(&mesh)));
        let doors = serve(reception, http, grpc).await.unwrap();
        Self { mesh, doors, books, _data: data }
    }

    /// The state of an entity.
    pub(crate) async fn state(&self, entity: &str) -> State {
        self.mesh.show(EntityId::parse(entity).unwrap()).await.unwrap()
    }

    /// The state of an order.
    pub(crate) async fn order(&self, entity: &str) -> Order {
        let state = self.state(entity).await;
        let Own::Order(order) = state.own else { panic!("{} is no order", state.id) };
        *order
    }

    /// An order that its ERP released under this number, and that its plant has accepted.
    pub(crate) async fn released(&self, number: &str) -> EntityId {
        let entity = self.ordered(number).await;
        let accepted = |order: &Order| matches!(order.dispatch, order::Dispatch::Accepted { .. });
        self.until(&entity.to_string(), accepted).await;
        entity
    }

    /// An order that its ERP released under this number.
    pub(crate) async fn ordered(&self, number: &str) -> EntityId {
        let erp = site("erp-eu");
        let native = NativeId::parse(number).unwrap();
        let header = Header {
            erp,
            number: native.clone(),
            plant: site("nord"),
            material: MaterialId::parse("FG-100").unwrap(),
            total: Qty::parse("480 H87").unwrap(),
            planned_scrap: None,
            over_percent: None,
            recipe: None,
            lot: None,
            start: Instant::parse("2026-11-24T06:00:00+01:00").unwrap(),
            end: Instant::parse("2026-11-24T14:00:00+01:00").unwrap(),
            demand: None,
        };
        let name = Ref::new(erp, NativeKind::Order, native);
        let body = Body::Order(order::Input::OwnerFact(OwnerFact::Released(Box::new(header))));
        self.tell("erp-eu", Kind::Order, name, &format!("released/{number}"), body).await
    }

    /// The plant made so much of an order, on this handling unit.
    pub(crate) async fn produces(&self, order: &str, unit: &str, qty: &str) {
        let amount = order::Amount { qty: Qty::parse(qty).unwrap(), counting: order::Counting::Delta, native: None };
        let report = order::Report::Produced {
            output: OutputKind::Main,
            material: None,
            lot: None,
            amount,
            unit: Sscc::parse(unit).ok(),
            serials: Vec::new(),
        };
        let to = Address::Entity(EntityId::parse(order).unwrap());
        self.say("nord", to, &format!("made/{unit}"), Body::Order(order::Input::Report(report))).await;
    }

    /// The month of the ERP's books that is now is open, or closed.
    pub(crate) async fn period(&self, state: PeriodState) {
        let mut book = book();
        book.hash = format!("{state:?}");
        let today = Calendar::plain("Europe/Berlin").unwrap().posting_date(self.mesh.clock().now()).date();
        if let Some(erp) = book.sites.get_mut(&site("erp-eu")) {
            erp.periods.set(today.year(), today.month(), state);
        }
        self.mesh.activate(Arc::new(book)).await.unwrap();
    }

    /// The ERP can be asked what became of a posting, and nothing found counts an hour later: until then nobody has to decide.
    pub(crate) async fn erp_can_be_asked(&self) {
        let mut book = book();
        book.hash = "asked".to_owned();
        if let Some(erp) = book.sites.get_mut(&site("erp-eu")) {
            erp.classes.insert("post".to_owned(), Class::ProbeWithSettle { settle_ms: 3_600_000 });
        }
        self.mesh.activate(Arc::new(book)).await.unwrap();
    }

    /// A delivery that its warehouse announced.
    pub(crate) async fn announced(&self, number: &str) -> EntityId {
        let (warehouse, delivery) = (site("wms-hub"), NativeId::parse(number).unwrap());
        let name = Ref::new(warehouse, NativeKind::Shipment, delivery.clone());
        let line = shipment::Line { material: MaterialId::parse("FG-100").unwrap(), qty: Qty::parse("20 H87").unwrap() };
        let announced = shipment::Report::Announced { warehouse, delivery, lines: vec![line], planned: None };
        self.tell("wms-hub", Kind::Shipment, name, number, Body::Shipment(shipment::Input::Report(announced))).await
    }

    /// The maintenance system says that the only press is down.
    pub(crate) async fn press_is_down(&self) {
        let equipment = EquipmentId::parse("PRESS-4").unwrap();
        let down = takt_protocol::site::Report::EquipmentState { equipment, available: false, state: "bearing".to_owned() };
        let to = Address::Entity(self.mesh.book().site_entity(site("nord")).unwrap());
        self.say("nord", to, "down/PRESS-4", Body::Site(takt_protocol::site::Input::Report(down))).await;
    }

    /// Has a system say something to whatever the name means.
    pub(crate) async fn tell(&self, source: &str, kind: Kind, name: Ref, key: &str, body: Body) -> EntityId {
        self.say(source, Address::Native { kind, names: vec![name] }, key, body).await
    }

    async fn say(&self, source: &str, to: Address, key: &str, body: Body) -> EntityId {
        let now = self.mesh.clock().now();
        let key = Key { source: site(source), epoch: 0, mark: Mark::Text(KeyText::parse(key).unwrap()) };
        let envelope = Envelope::of(key, now);
        let entity = self.mesh.entity(&to).unwrap();
        let reply = self.mesh.ask(Input { to, envelope, body }).await.unwrap();
        assert!(matches!(&reply, Reply::Answer(answer) if answer.is_accepted()), "{reply:?}");
        entity
    }

    /// Waits until an order is so, and fails when it never is.
    pub(crate) async fn until(&self, entity: &str, is: impl Fn(&Order) -> bool) -> Order {
        let clock = self.mesh.clock();
        for _ in 0..2_000 {
            let order = self.order(entity).await;
            if is(&order) {
                return order;
            }
            clock.sleep(Duration::from_millis(5)).await;
        }
        panic!("it never came to that: {:?}", self.order(entity).await)
    }

    pub(crate) async fn stop(self) {
        self.doors.stop().await;
        match Arc::into_inner(self.mesh) {
            Some(mesh) => mesh.stop().await,
            None => panic!("somebody still holds the mesh after its doors are closed"),
        }
    }
}

pub(crate) fn site(name: &str) -> SiteId {
    SiteId::parse(name).unwrap()
}

/// A system that does everything at once.
struct Obedient {
    site: SiteId,
    books: Written,
}

fn obedient(name: &str, books: &Written) -> SiteLink {
    let site = site(name);
    SiteLink::new(site, Arc::new(Obedient { site, books: Arc::clone(books) }), SiteLimits::default())
}

impl Obedient {
    fn post(&self, document: &Document, number: &str) {
        let mut books = self.books.lock().unwrap();
        for line in &document.posting.lines {
            let entry = json!({ "document": number, "use": line.series.purpose, "op": line.series.op, "material": line.series.material,
                "lot": line.series.lot, "qty": line.qty });
            books.push((document.erp_order.to_string(), entry));
        }
    }

    fn read(&self, question: &Question) -> Sent {
        let books = self.books.lock().unwrap();
        let of = |order: &str| books.iter().filter(|(known, _)| known == order).map(|(_, line)| line.clone()).collect::<Vec<_>>();
        let entries = if let About::Order(number) = &question.about { of(number.as_str()) } else { Vec::new() };
        Sent::Read { raw: json!(entries).to_string().into_bytes(), said: json!({ "entries": entries }) }
    }
}

#[tonic::async_trait]
impl Link for Obedient {
    fn takes(&self, _verb: &str) -> bool {
        true
    }

    async fn send(&self, errand: &Errand) -> Sent {
        let mut receipt = Receipt::default();
        if let Effect::DispatchJob(job) = errand.effect.as_ref() {
            let number = NativeId::parse(&format!("J-{}", job.erp_order)).unwrap();
            receipt.alias = Some(Ref::new(self.site, NativeKind::Job, number));
        }
        if let Effect::OpenInspection { sample, taken_at, .. } = errand.effect.as_ref() {
            // Of samples whose numbers begin with an S, the laboratory says by when.
            receipt.due = sample.as_str().starts_with('S').then(|| taken_at.plus(Duration::from_hours(1)));
        }
        if silent_about(errand) {
            return Sent::Lost { why: "no answer".to_owned() };
        }
        if is_about(errand, '7') {
            return Sent::NotDone { why: "nobody is there".to_owned() };
        }
        if let Effect::Post(document) = errand.effect.as_ref() {
            // Of orders whose numbers begin with an 8, everything is answered with one document.
            let number = if document.erp_order.as_str().starts_with('8') { "4900000001" } else { errand.reference.as_str() };
            receipt.document = DocNo::parse(number).ok();
            self.post(document, number);
        }
        if let Effect::ReadBooks(question) = errand.effect.as_ref() {
            return self.read(question);
        }
        Sent::Accepted(receipt)
    }

    async fn probe(&self, errand: &Errand) -> Probed {
        if silent_about(errand) { Probed::NoAnswer { why: "no answer".to_owned() } } else { Probed::Absent }
    }
}

/// Of orders whose numbers begin with a 9, what is posted is never answered; of those with a 7, nobody is there who would take it.
fn silent_about(errand: &Errand) -> bool {
    is_about(errand, '9')
}

fn is_about(errand: &Errand, first: char) -> bool {
    if let Effect::Post(document) = errand.effect.as_ref() { document.erp_order.as_str().starts_with(first) } else { false }
}
