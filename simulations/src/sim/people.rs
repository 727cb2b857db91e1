//! The people: planners ask for orders, a clerk at each warehouse sends away what lies there, quality asks about lots that are on their
//! way. Each does it by chance of their own; who got no answer asks again, with the same words.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rust_decimal::Decimal;
use serde_json::{Value, json};
use takt_protocol::answer::Answer;
use takt_protocol::envelope::{Envelope, Key, KeyText, Mark};
use takt_protocol::id::{EntityId, Kind as Entity};
use takt_protocol::input::{Address, Body, Input};
use takt_protocol::kernel::{Own, Reply, State};
use takt_protocol::name::Source;
use takt_protocol::native::{NativeId, NativeKind, Ref};
use takt_protocol::order::{self, Release, Request};
use takt_protocol::qty::Qty;
use takt_protocol::refusal::Code;
use tokio::task::JoinHandle;

use super::stage::{self, Plant};
use super::text::Loaded;
use super::town::{House, Town, lock};
use super::yard::Yard;
use super::{Trial, drivers, hand, promises};
use crate::gate::Luck;
use crate::world::Request as Asked;
use crate::world::system::Kind;

/// A request that was answered: the entity it was about, and under which key.
#[derive(Clone, Debug)]
pub(super) struct Answered {
    pub(super) entity: EntityId,
    pub(super) key: Key,
    pub(super) refused: Option<Code>,
    /// When, in virtual time.
    pub(super) at: Duration,
}

/// When every planner asks, where all ask together.
const TOGETHER_AT: Duration = Duration::from_mins(30);

/// All of them.
pub(super) struct People {
    trial: Trial,
    pub(super) town: Arc<Town>,
    pub(super) yard: Arc<Yard>,
    pub(super) text: Arc<Loaded>,
    pub(super) plants: Vec<Plant>,
    answered: Mutex<Vec<Answered>>,
    asking: Mutex<usize>,
}

impl People {
    pub(super) fn new(trial: &Trial, text: &Arc<Loaded>, town: &Arc<Town>, yard: &Arc<Yard>) -> Self {
        let plants = stage::plants(text, town);
        let (trial, town, yard, text) = (trial.clone(), Arc::clone(town), Arc::clone(yard), Arc::clone(text));
        Self { trial, town, yard, text, plants, answered: Mutex::default(), asking: Mutex::default() }
    }

    /// Everybody at work.
    pub(super) fn at_work(self: &Arc<Self>) -> Vec<JoinHandle<()>> {
        let mut tasks = Vec::new();
        for plant in &self.plants {
            tasks.push(tokio::spawn(Arc::clone(self).plan(plant.clone())));
            if self.trial.scenario.hold_every_min > 0 {
                tasks.push(tokio::spawn(Arc::clone(self).question(plant.clone())));
            }
        }
        for house in self.town.houses().filter(|house| house.kind == Kind::Wms) {
            tasks.push(tokio::spawn(Arc::clone(self).send_away(Arc::clone(house))));
        }
        for house in self.town.houses().filter(|house| house.kind == Kind::Tms) {
            tasks.push(tokio::spawn(drivers::wait(Arc::clone(self), Arc::clone(house))));
        }
        tasks
    }

    pub(super) fn luck(&self, who: &str) -> Luck {
        Luck::of(self.trial.seed, who)
    }

    /// So many minutes, more or less.
    async fn about(luck: &mut Luck, minutes: u64) {
        tokio::time::sleep(Duration::from_millis(minutes * 30_000 + luck.below(minutes * 60_000))).await;
    }

    /// A planner of a plant.
    async fn plan(self: Arc<Self>, plant: Plant) {
        let mut luck = self.luck(&format!("planner {}", plant.site));
        let every = self.trial.scenario.order_every_min;
        let (end, together) = (Duration::from_hours(self.trial.scenario.hours), self.trial.scenario.orders_together);
        tokio::time::sleep(if together > 0 { TOGETHER_AT } else { Duration::from_millis(30_000 + luck.below(every * 20_000)) }).await;
        let mut number = 0;
        while self.town.elapsed() < end {
            let since = self.town.elapsed();
            let mut asked = Vec::new();
            for _ in 0..together.max(1) {
                number += 1;
                let most = self.trial.scenario.pieces_max.max(2);
                let pieces = most / 2 + luck.below(most / 2 + 1);
                let which = usize::try_from(luck.below(plant.makes.len() as u64)).unwrap_or_default();
                match self.release(&plant, which, number, pieces) {
                    Ok(input) => asked.push(self.ask(input, ["orders refused", "orders asked for"])),
                    Err(error) => tracing::warn!(%error, "an order cannot be asked for"),
                }
            }
            futures::future::join_all(asked).await;
            if together > 0 {
                self.town.add("orders released together", together);
                tokio::time::sleep((since + Duration::from_mins(every)).saturating_sub(self.town.elapsed())).await;
            } else {
                Self::about(&mut luck, every).await;
            }
        }
    }

    /// The most pieces that an order has.
    pub(super) fn pieces_max(&self) -> u64 {
        self.trial.scenario.pieces_max
    }

    /// A wish for an order that could be, of what the plant makes at that place.
    pub(super) fn release(&self, plant: &Plant, which: usize, number: u64, pieces: u64) -> anyhow::Result<Input> {
        let (material, recipe) = plant.makes.get(which).ok_or_else(|| anyhow::anyhow!("{} makes nothing", plant.site))?;
        let planned_order = NativeId::parse(&format!("P-{}-{number}", plant.site))?;
        let (now, unit) = (self.town.now(), recipe.base_quantity.uom().code());
        let erp = self.yard.book().sites.get(&plant.site).and_then(|site| site.erp).unwrap_or(plant.erp);
        let release = Release {
            erp,
            planned_order: planned_order.clone(),
            plant: plant.site,
            material: material.clone(),
            total: Qty::parse(&format!("{pieces} {unit}"))?,
            recipe: None,
            lot: None,
            start: now.plus_ms(3_600_000),
            end: now.plus_ms(10_800_000),
        };
        let key =
            Key { source: Source::parse("planner")?, epoch: 0, mark: Mark::Text(KeyText::parse(&format!("{}/{number}", plant.site))?) };
        let to = Address::Native { kind: Entity::Order, names: vec![Ref::new(erp, NativeKind::Order, planned_order)] };
        Ok(Input { to, envelope: Envelope::of(key, now), body: Body::Order(order::Input::Request(Request::Release(release))) })
    }

    /// Asks until there is an answer, whatever node is there; counted by whether it was refused, and how, which it says.
    pub(super) async fn ask(&self, input: Input, [refused, taken]: [&str; 2]) -> Option<Code> {
        *lock(&self.asking) += 1;
        let code = loop {
            if let Some(answered) = self.asked_once(&input).await {
                let code = answered.refused;
                self.town.count(if code.is_some() { refused } else { taken });
                lock(&self.answered).push(answered);
                break code;
            }
            self.town.count("asked again");
            tokio::time::sleep(Duration::from_secs(10)).await;
        };
        *lock(&self.asking) -= 1;
        code
    }

    async fn asked_once(&self, input: &Input) -> Option<Answered> {
        // Any node knows whose it is; what it is called there by now, its home alone.
        let anywhere = self.yard.regions().into_iter().find_map(|name| self.yard.region(name)?.entity(&input.to))?;
        let home = self.yard.region(anywhere.region())?;
        let entity = home.entity(&input.to)?;
        let reply = tokio::time::timeout(Duration::from_secs(10), home.ask(input.clone())).await.ok()?.ok()?;
        let refused = match reply {
            Reply::Answer(Answer::Refused(refusal)) | Reply::Known(Answer::Refused(refusal)) => Some(refusal.code),
            Reply::Answer(_) | Reply::Known(_) | Reply::Claim(_) | Reply::Unborn => None,
        };
        Some(Answered { entity, key: input.envelope.key.clone(), refused, at: self.town.elapsed() })
    }

    /// A clerk at a warehouse: sends away what lies there free, now and then.
    async fn send_away(self: Arc<Self>, wms: Arc<House>) {
        let mut luck = self.luck(&format!("clerk {}", wms.site));
        let mut number = 0;
        loop {
            Self::about(&mut luck, 30).await;
            let books = wms.with(|system| system.books());
            for (item, units) in free(&books) {
                number += 1;
                let lines = json!([{ "line": "10", "item": item, "units": units.normalize().to_string() }]);
                let body = json!({ "delivery": format!("SHP-{}-{number}", wms.site), "lines": lines });
                match self.town.do_there(&wms, &Asked::post("/_sim/deliveries", &body)) {
                    Ok(_) => self.town.count("deliveries planned"),
                    Err(error) => tracing::warn!(%error, "a delivery cannot be planned"),
                }
            }
        }
    }

    /// Quality asks about a lot of a plant that is in its warehouse, packed or not.
    async fn question(self: Arc<Self>, plant: Plant) {
        let mut luck = self.luck(&format!("quality {}", plant.site));
        let end = Duration::from_hours(self.trial.scenario.hours);
        while self.town.elapsed() < end {
            Self::about(&mut luck, self.trial.scenario.hold_every_min).await;
            let (Some(wms), Some(qms)) = (self.town.house(plant.wms), self.town.house(plant.qms)) else { return };
            let books = wms.with(|system| system.books());
            let units = suspects(&plant, &books, luck.one_in(2));
            let Some(unit) = usize::try_from(luck.below(units.len() as u64)).ok().and_then(|at| units.get(at)) else { continue };
            let Some(content) = unit.pointer("/contents/0") else { continue };
            // A pallet, or all of the lot.
            let (pallets, quantity) = if luck.one_in(2) { (vec![text(unit, "sscc")], text(content, "units")) } else { (Vec::new(), "0") };
            let (item, lot) = (text(content, "item"), text(content, "lot"));
            let body = json!({ "material": item, "lot": lot, "plant": self.text.word(qms.site, "plant", plant.site.as_str()),
                "pallets": pallets, "quantity": quantity, "unit": self.unit_of(qms, &plant, item), "reason": "weld", "severity": "major" });
            match self.town.do_there(qms, &Asked::post("/_sim/raise", &body)) {
                Ok(_) => self.town.count("held"),
                Err(error) => tracing::warn!(%error, "quality cannot ask"),
            }
        }
    }

    fn unit_of(&self, qms: &House, plant: &Plant, item: &str) -> String {
        let made = plant.makes.iter().find(|(material, _)| material.as_str() == item);
        let unit = made.map_or("H87", |(_, recipe)| recipe.base_quantity.uom().code());
        self.text.word(qms.site, "unit", unit)
    }

    /// Somebody at each ERP posts by hand what waits, for so long.
    pub(super) async fn post_by_hand(&self, lasts: Duration) {
        hand::post(self, lasts).await;
    }

    /// At each plant somebody counts again, and corrects.
    pub(super) async fn correct(&self, lasts: Duration) {
        hand::correct(self, lasts).await;
    }

    /// The orders that were asked for, with how they stand.
    pub(super) async fn orders(&self) -> BTreeMap<EntityId, Option<State>> {
        let mut orders = BTreeMap::new();
        for entity in self.asked_for() {
            orders.insert(entity, self.show(entity).await);
        }
        orders
    }

    /// The orders that were asked for.
    fn asked_for(&self) -> BTreeSet<EntityId> {
        lock(&self.answered).iter().filter(|one| one.refused.is_none()).map(|one| one.entity).collect()
    }

    async fn show(&self, entity: EntityId) -> Option<State> {
        let region = self.yard.region(entity.region())?;
        tokio::time::timeout(Duration::from_secs(5), region.show(entity)).await.ok().and_then(Result::ok)
    }

    /// Whether an order is at another ERP than its plant had in the beginning.
    pub(super) fn is_elsewhere(&self, header: &order::Header) -> bool {
        self.plants.iter().any(|plant| plant.site == header.plant && plant.erp != header.erp)
    }

    /// How many of them are not complete.
    pub(super) async fn live(&self) -> u64 {
        let orders = self.orders().await;
        let live = |state: &&Option<State>| state.as_ref().is_some_and(|state| matches!(&state.own, Own::Order(order) if !order.completed));
        orders.values().filter(live).count() as u64
    }

    pub(super) fn answered(&self) -> Vec<Answered> {
        lock(&self.answered).clone()
    }

    /// What is under way still: an order, a delivery, or something free that will be sent away.
    pub(super) async fn open(&self) -> Option<String> {
        if *lock(&self.asking) > 0 {
            return Some("somebody still asks for an order".to_owned());
        }
        // The first that is open is enough: of many orders each costs its whole state.
        for entity in self.asked_for().into_iter().filter(|entity| !self.town.has_forgotten(entity.region())) {
            let Some(state) = self.show(entity).await else { return Some(format!("{entity} does not answer")) };
            if let Own::Order(order) = &state.own
                && let Some(open) = promises::t9_decided::open_order(order, &state)
            {
                return Some(format!("{entity}: {open}"));
            }
        }
        // What a region forgot may keep a delivery for ever, wherever that is.
        let known = !self.yard.regions().into_iter().any(|region| self.town.has_forgotten(region));
        for house in self.town.houses().filter(|house| known && house.kind == Kind::Wms) {
            let books = house.with(|system| system.books());
            let gone = |delivery: &Value| text(delivery, "state") == "departed";
            if let Some(open) = list(&books, "deliveries").iter().find(|delivery| !gone(delivery)) {
                return Some(format!("{} of {} is {}", text(open, "delivery"), house.site, text(open, "state")));
            }
            if let Some((item, _)) = free(&books).first() {
                return Some(format!("{item} lies free at {}", house.site));
            }
        }
        None
    }
}

/// The pallets in a warehouse that quality may ask about: of those whose lot is packed to leave, where `packed` and there are any.
fn suspects<'a>(plant: &Plant, books: &'a Value, packed: bool) -> Vec<&'a Value> {
    let units: Vec<&Value> = list(books, "handling_units").iter().filter(|unit| may_be_bad(plant, unit)).collect();
    let leaves = |delivery: &&Value| text(delivery, "state") == "packed" || text(delivery, "state") == "asking";
    let leaving = list(books, "deliveries").iter().filter(leaves).flat_map(|delivery| list(delivery, "contents"));
    let lots: BTreeSet<&str> = leaving.map(|content| text(content, "lot")).collect();
    let on_its_way = |unit: &&&Value| unit.pointer("/contents/0").is_some_and(|content| lots.contains(text(content, "lot")));
    let wanted: Vec<&Value> = units.iter().filter(on_its_way).copied().collect();
    if packed && !wanted.is_empty() { wanted } else { units }
}

/// Whether a pallet stands in the warehouse with a lot that the plant made.
fn may_be_bad(plant: &Plant, unit: &Value) -> bool {
    let content = unit.pointer("/contents/0");
    let made = content.is_some_and(|content| plant.makes.iter().any(|(material, _)| material.as_str() == text(content, "item")));
    made && content.is_some_and(|content| !text(content, "lot").is_empty()) && text(unit, "state") != "announced"
}

/// What lies free in a warehouse and no open delivery wants, by item.
fn free(books: &Value) -> Vec<(String, Decimal)> {
    let number = |value: &Value, field: &str| text(value, field).parse::<Decimal>().unwrap_or_default();
    let mut free: BTreeMap<String, Decimal> = BTreeMap::new();
    for unit in list(books, "handling_units") {
        let blocked = unit.get("blocks").and_then(Value::as_array).is_some_and(|blocks| !blocks.is_empty());
        if text(unit, "state") != "put_away" || blocked {
            continue;
        }
        for content in list(unit, "contents") {
            *free.entry(text(content, "item").to_owned()).or_default() += number(content, "units");
        }
    }
    for delivery in list(books, "deliveries").iter().filter(|delivery| text(delivery, "state") == "picking") {
        for line in list(delivery, "lines").iter().filter(|line| line.get("picked") != Some(&Value::Bool(true))) {
            *free.entry(text(line, "item").to_owned()).or_default() -= number(line, "units");
        }
    }
    free.into_iter().filter(|(_, units)| *units > Decimal::ZERO).collect()
}

/// A list in what a system said; empty where there is none.
pub(super) fn list<'a>(said: &'a Value, name: &str) -> &'a [Value] {
    said.get(name).and_then(Value::as_array).map_or(&[][..], Vec::as_slice)
}

/// A text in what a system said; empty where there is none.
pub(super) fn text<'a>(said: &'a Value, name: &str) -> &'a str {
    said.get(name).and_then(Value::as_str).unwrap_or_default()
}
