//! The systems around plants and warehouses: what they know before anything happens, what their people do, and what of their
//! books must agree with our logs at the end. Apart from plants, ERPs and warehouses because a mesh may well have none of them.

use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::{Value, json};
use takt_protocol::book::Book;
use takt_protocol::case::CaseKind;
use takt_protocol::fact::Fact;
use takt_protocol::id::EntityId;
use takt_protocol::kernel::Own;
use takt_protocol::shipment::{self, Shipment};
use takt_protocol::site;
use takt_simulations::logs::Logs;

use super::cast::{Cast, Plant, System};
use super::people::{People, listed, text};
use super::tale::Tale;

/// What the books of these systems hold against us, and what was counted on the way.
#[derive(Debug, Default)]
pub(super) struct Looked {
    /// Broken promises.
    pub(super) broken: Vec<String>,
    /// For a person.
    pub(super) counted: Vec<(&'static str, u64)>,
}

/// Tells the systems around a plant what they have to know.
pub(super) async fn set(people: &People, plant: &Plant, book: &Book) -> anyhow::Result<()> {
    if let Some(cmms) = &plant.cmms {
        let known = people.read(&format!("{}/assets", cmms.url)).await?;
        for piece in book.equipment.get(&plant.site).map_or(&[][..], Vec::as_slice) {
            let tag = format!("{}/{}", plant.site, piece.id);
            if listed(&known, "results").iter().any(|asset| text(asset, "tag") == tag) {
                continue;
            }
            // Good for a hundred years: what runs out of calibration is another story.
            let asset = json!({ "tag": tag, "plant": plant.site.as_str(), "calibrated_until": 4_102_444_799_000_i64 });
            people.done(Method::POST, &format!("{}/_sim/assets", cmms.url), &asset, &[]).await?;
        }
    }
    if let Some(tms) = &plant.tms {
        let yard = json!({ "docks": ["D1", "D2"], "carriers": [{ "carrier": "KURIER", "pallets": 1 }, { "carrier": "NORDFRACHT", "pallets": 33 }] });
        people.done(Method::PUT, &format!("{}/_sim/yards/{}", tms.url, plant.wms.site), &yard, &[]).await?;
        let pace = json!({ "book_ms": 200, "arrive_ms": 500, "ask_ms": 200, "leave_ms": 300, "ask_again_ms": 1000 });
        people.done(Method::PUT, &format!("{}/_sim/pace", tms.url), &pace, &[]).await?;
    }
    Ok(())
}

impl Tale {
    /// A machine breaks down while it runs. The line tells of it, the maintenance system says so, and the order shows what is at
    /// stake until it is repaired.
    pub(super) async fn break_a_machine(&self, order: EntityId, native: &str) -> anyhow::Result<()> {
        let (Some(cmms), Some(operation)) = (&self.plant.cmms, self.recipe.operations.first()) else { return Ok(()) };
        let mark = format!("breakdown-{}", self.number);
        let book = self.scene.mesh.book();
        let piece = book.equipment.get(&self.plant.site).and_then(|all| all.iter().find(|piece| piece.class == operation.class));
        let Some(piece) = piece.filter(|_| !self.scene.is_done(&mark)) else { return Ok(()) };
        self.until("some pieces counted before the breakdown", order, |order| {
            order.ops.get(&operation.op)?.good.is_positive().then_some(())
        })
        .await?;
        // An earlier breakdown may be over there, and not here yet.
        self.agreed(cmms, piece.id.as_str(), None).await?;
        match self.heard_of(cmms, piece.id.as_str()).await? {
            None => {
                self.scene.done(&self.breaking())?;
                self.station(piece.id.as_str(), "down").await?;
            }
            Some("OPERATIONAL") => {
                self.station(piece.id.as_str(), "up").await?;
                return self.scene.done(&mark);
            }
            Some(_) => {}
        }
        self.agreed(cmms, piece.id.as_str(), Some("DOWN")).await?;
        let shown = self
            .scene
            .people
            .until(&format!("order {}: the breakdown of {} shown", self.planned_order(), piece.id), async || {
                let state = self.state(order).await?;
                let shown = state.common.cases.values().find(|case| case.kind == CaseKind::EquipmentDown);
                let over = matches!(&state.own, Own::Order(order) if order.completed);
                Ok(shown.map(|case| case.what.clone()).or(over.then(|| format!("{} broke down after the last piece", piece.id))))
            })
            .await?;
        self.scene.say.trouble(&self.plant, native, &shown);
        let asset = json!({ "asset": format!("{}/{}", self.plant.site, piece.id) });
        self.scene.people.once(&format!("{}/_sim/repairs", cmms.url), &asset).await?;
        self.station(piece.id.as_str(), "up").await?;
        self.agreed(cmms, piece.id.as_str(), Some("OPERATIONAL")).await?;
        self.scene.done(&mark)?;
        self.scene.say.line(&self.plant, native, &format!("{} is repaired, says {}", piece.id, cmms.site));
        Ok(())
    }

    /// Until the maintenance system and our own site say the same of a piece, and that it is so.
    async fn agreed(&self, cmms: &System, piece: &str, wanted: Option<&str>) -> anyhow::Result<()> {
        let (tag, url) = (format!("{}/{piece}", self.plant.site), format!("{}/assets", cmms.url));
        let Some(site) = self.scene.mesh.book().site_entity(self.plant.site) else { return Ok(()) };
        let what = format!("{} and {} say the same of {piece}", self.plant.site, cmms.site);
        self.scene
            .people
            .until(&what, async || {
                let assets = self.scene.people.read(&url).await?;
                let status = listed(&assets, "results").iter().find(|asset| text(asset, "tag") == tag).map(|asset| text(asset, "status"));
                let Own::Site(site) = self.state(site).await?.own else { return Ok(None) };
                let down = site.down.keys().any(|known| known.as_str() == piece);
                let same = status.is_some_and(|status| (status == "DOWN") == down && wanted.is_none_or(|wanted| wanted == status));
                Ok(same.then_some(()))
            })
            .await
    }

    /// Whether a machine of its plant broke down, where one was to.
    pub(super) async fn broke_down(&self) -> anyhow::Result<bool> {
        let Some(cmms) = &self.plant.cmms else { return Ok(true) };
        let orders = self.scene.people.read(&format!("{}/work-orders", cmms.url)).await?;
        Ok(!listed(&orders, "results").is_empty())
    }

    /// That the machine was stopped is written down before it is: a demo that is killed then does not stop it a second time.
    fn breaking(&self) -> String {
        format!("breaking-{}", self.number)
    }

    /// What the maintenance system says of a piece since it has an order for it; nothing while it has none. One that was stopped before
    /// the demo was killed is given time to be heard of.
    async fn heard_of(&self, cmms: &System, piece: &str) -> anyhow::Result<Option<&'static str>> {
        let (tag, clock) = (format!("{}/{piece}", self.plant.site), self.scene.mesh.clock());
        let looks = if self.scene.is_done(&self.breaking()) { 100 } else { 1 };
        for _ in 0..looks {
            let orders = self.scene.people.read(&format!("{}/work-orders", cmms.url)).await?;
            if listed(&orders, "results").iter().any(|order| text(order, "asset") == tag) {
                let assets = self.scene.people.read(&format!("{}/assets", cmms.url)).await?;
                let runs =
                    listed(&assets, "results").iter().any(|asset| text(asset, "tag") == tag && text(asset, "status") == "OPERATIONAL");
                return Ok(Some(if runs { "OPERATIONAL" } else { "DOWN" }));
            }
            clock.sleep(std::time::Duration::from_millis(200)).await;
        }
        Ok(None)
    }

    async fn station(&self, station: &str, state: &str) -> anyhow::Result<()> {
        let url = format!("{}/stations/{station}", self.plant.mes.url);
        let mut body = self.scene.people.read(&url).await?;
        if let Some(fields) = body.as_object_mut() {
            fields.insert("state".to_owned(), json!(state));
        }
        self.scene.people.done(Method::PUT, &url, &body, &[]).await?;
        Ok(())
    }

    /// Until the truck of a delivery has left, too; who drove it and from which dock. Nothing where nobody plans trucks.
    pub(super) async fn truck_left(&self, delivery: &str) -> anyhow::Result<Option<String>> {
        let Some(tms) = &self.plant.tms else { return Ok(None) };
        let url = format!("{}/loads?shipment={}/{delivery}", tms.url, self.plant.wms.site);
        let load = self
            .scene
            .people
            .until(&format!("the truck of {delivery} left"), async || {
                let loads = self.scene.people.read(&url).await?;
                Ok(listed(&loads, "results").iter().find(|load| text(load, "state") == "departed").cloned())
            })
            .await?;
        Ok(Some(format!("{} of {} from dock {}", text(&load, "load"), text(&load, "carrier"), text(&load, "dock"))))
    }
}

/// Looks at the books of the systems around.
pub(super) fn look(logs: &Logs, cast: &Cast, book: &Book, books: &BTreeMap<String, Value>) -> Looked {
    let mut looked = Looked::default();
    let mut seen: Vec<&System> = Vec::new();
    for plant in &cast.plants {
        if let Some(cmms) = &plant.cmms {
            looked.maintenance(logs, book, plant, books.get(cmms.site.as_str()));
        }
        if let Some(tms) = plant.tms.as_ref().filter(|tms| !seen.iter().any(|known| known.site == tms.site)) {
            seen.push(tms);
            looked.transport(logs, tms, books.get(tms.site.as_str()));
        }
    }
    let mut sums: BTreeMap<&'static str, u64> = BTreeMap::new();
    looked.counted.iter().for_each(|(what, count)| *sums.entry(what).or_default() += count);
    Looked { counted: sums.into_iter().collect(), ..looked }
}

impl Looked {
    /// What the maintenance system has down is down with us, each breakdown was heard once, and no order shows one that is over.
    fn maintenance(&mut self, logs: &Logs, book: &Book, plant: &Plant, books: Option<&Value>) {
        let Some((books, told)) = books.zip(book.site_entity(plant.site).and_then(|entity| logs.entities().get(&entity))) else { return };
        let Own::Site(site) = &told.state.own else { return };
        let mine = |one: &&Value| text(one, "asset").strip_prefix(plant.site.as_str()).is_some_and(|rest| rest.starts_with('/'));
        let orders: Vec<&Value> = listed(books, "work_orders").iter().filter(mine).collect();
        let heard = told.commits.iter().flat_map(|commit| commit.steps.iter().flat_map(|step| &step.facts));
        let heard =
            heard.filter(|fact| matches!(fact, Fact::Site(fact) if matches!(**fact, site::Fact::Equipment { available: false, .. })));
        let heard = heard.count();
        if heard != orders.len() {
            self.broken.push(format!("T1: {} breakdowns of {} were told, and {heard} were heard", orders.len(), plant.site));
        }
        let open = orders.iter().filter(|order| text(order, "state") == "open").count();
        if open != site.down.len() {
            self.broken.push(format!("T1: {open} machines of {} are down, and we say {}", plant.site, site.down.len()));
        }
        let shows = |own: &Own| matches!(own, Own::Order(order) if order.plant() == Some(plant.site));
        let mut stale = logs.entities().values().filter(|told| shows(&told.state.own));
        if open == 0 && stale.any(|told| told.state.common.cases.values().any(|case| case.kind == CaseKind::EquipmentDown)) {
            self.broken.push(format!("T9: an order of {} still shows a breakdown that is over", plant.site));
        }
        let ours = orders.iter().filter(|order| order.get("client_ref").is_some_and(Value::is_string)).count();
        self.counted.push(("breakdowns, as the maintenance system has them", orders.len() as u64));
        self.counted.push(("of these, reported to it by the line", ours as u64));
    }

    /// Every shipment that left has one truck that left, and no truck left without our yes.
    fn transport(&mut self, logs: &Logs, tms: &System, books: Option<&Value>) {
        let Some(books) = books else { return };
        let ours = logs.entities().values().filter_map(|told| match &told.state.own {
            Own::Shipment(shipment) if shipment.truck.as_ref().is_some_and(|truck| truck.transport == tms.site) => Some(shipment.as_ref()),
            Own::Shipment(_) | Own::Order(_) | Own::Lot(_) | Own::Unit(_) | Own::Site(_) | Own::Record(_) => None,
        });
        let ours: BTreeMap<String, &Shipment> = ours.map(|shipment| (called(shipment), shipment)).collect();
        let mut trucks: BTreeMap<&str, u32> = BTreeMap::new();
        for load in listed(books, "loads") {
            let (name, gone) = (text(load, "shipment"), text(load, "state") == "departed");
            *trucks.entry(name).or_default() += 1;
            let Some(shipment) = ours.get(name) else {
                self.broken.push(format!("T2: {} has a load of {name}, which nobody tendered", tms.site));
                continue;
            };
            let Some(truck) = &shipment.truck else { continue };
            let agrees = truck.left == gone
                && truck.carrier.as_ref().map_or("", |carrier| carrier.as_str()) == text(load, "carrier")
                && truck.dock.as_ref().map_or("", |dock| dock.as_str()) == text(load, "dock");
            if !agrees {
                self.broken.push(format!("T1: the truck of {name} is not what {} says: {truck:?}, {load}", tms.site));
            }
            if gone && (truck.told != Some(true) || load.get("ask").and_then(Value::as_u64) != Some(u64::from(truck.ask))) {
                self.broken.push(format!("T5: the truck of {name} left without our yes"));
            }
        }
        let left = ours.iter().filter(|(_, shipment)| shipment.stage == shipment::Stage::Departed);
        for (name, _) in left.filter(|(name, _)| trucks.get(name.as_str()) != Some(&1)) {
            self.broken.push(format!("T2: {name} left with {} trucks", trucks.get(name.as_str()).copied().unwrap_or(0)));
        }
        self.counted.push(("trucks, each told that it may leave", trucks.len() as u64));
    }
}

/// What a transport system calls a shipment.
fn called(shipment: &Shipment) -> String {
    let warehouse = shipment.warehouse.map(|site| site.to_string()).unwrap_or_default();
    format!("{warehouse}/{}", shipment.delivery.as_ref().map(ToString::to_string).unwrap_or_default())
}
