//! People who ask for what cannot be: an order of nothing, at a plant that nobody has, for a day on which it is closed, twice, too late. And
//! what they find in the morning: machines that are down or out of calibration. Each is refused or shown in words of its own, and costs
//! nobody else anything.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use takt_protocol::book::{Book, Recipe, SiteKind};
use takt_protocol::calendar::{Calendar, Pattern};
use takt_protocol::desk::{Action, Wish};
use takt_protocol::envelope::{Envelope, Key, KeyText, Mark, Who};
use takt_protocol::id::{EntityId, Kind as Entity};
use takt_protocol::input::{Address, Body, Input};
use takt_protocol::kernel::{Own, State};
use takt_protocol::name::{SiteId, Source};
use takt_protocol::native::{NativeId, NativeKind, Ref};
use takt_protocol::order::{self, Release, Request};
use takt_protocol::qty::Qty;
use takt_protocol::shipment;
use takt_protocol::words::{ItemNo, MaterialId, Version};

use super::people::People;
use super::stage::Plant;
use super::town::House;
use crate::gate::Luck;
use crate::world::Request as Asked;

/// What each request is counted as.
const COUNTED: [&str; 2] = ["mistakes refused", "mistakes taken"];

/// In how many days every plant is closed.
const CLOSED_IN: Duration = Duration::from_hours(24 * 30);

/// Makes every mistake at every plant, one after the other, again and again until the time is over.
pub(super) async fn strike(people: &People, lasts: Duration) {
    close_a_day(people).await;
    let until = people.town.elapsed() + lasts;
    let mut luck = people.luck("mistakes");
    let mut round = 0;
    while people.town.elapsed() < until {
        round += 1;
        break_machines(people, &mut luck);
        for plant in &people.plants {
            match made(people, plant, round) {
                Ok(inputs) => {
                    for input in inputs {
                        people.ask(input, COUNTED).await;
                    }
                }
                Err(error) => tracing::warn!(%error, "a mistake cannot be made"),
            }
            for input in about_orders(people, plant, round).await.unwrap_or_default() {
                people.ask(input, COUNTED).await;
            }
        }
        tokio::time::sleep(Duration::from_mins(20 + luck.below(20))).await;
    }
    repair(people);
}

/// Every plant is closed on a day to come.
async fn close_a_day(people: &People) {
    let mut book = Book::clone(&people.yard.book());
    let day = people.town.now().plus(CLOSED_IN);
    for site in book.sites.values_mut().filter(|site| site.kind == SiteKind::Plant) {
        let date = site.calendar.plant_day(day).date;
        let mut pattern = Pattern::from(site.calendar.clone());
        pattern.closed.insert(date);
        match Calendar::new(pattern) {
            Ok(calendar) => site.calendar = calendar,
            Err(error) => tracing::warn!(%error, "a plant cannot be closed"),
        }
    }
    book.hash = format!("{}.", book.hash);
    people.yard.put_in_force(Arc::new(book), "a closed day in force").await;
}

/// A machine breaks for half an hour, and the calibration of another one fails until it is repeated an hour later.
fn break_machines(people: &People, luck: &mut Luck) {
    for plant in &people.plants {
        let book = people.yard.book();
        let Some(cmms) = maintenance(people, plant) else { continue };
        let machines = book.equipment.get(&plant.site).map_or(&[][..], Vec::as_slice);
        let Some(machine) = usize::try_from(luck.below(machines.len().max(1) as u64)).ok().and_then(|at| machines.get(at)) else {
            continue;
        };
        let tag = format!("{}/{}", plant.site, machine.id);
        let desk = |what: &str, body: serde_json::Value| match people.town.do_there(cmms, &Asked::post(&format!("/_sim/{what}"), &body)) {
            Ok(_) => people.town.count(what),
            Err(error) => tracing::debug!(%error, "a machine did not break"),
        };
        match luck.below(3) {
            0 => desk("breakdowns", json!({ "asset": tag, "code": "HYD", "text": "no pressure", "repair_ms": 1_800_000 })),
            1 => desk("calibrations", json!({ "asset": tag })),
            _ => desk("calibrations", json!({ "asset": tag, "valid_until": 4_102_444_799_000_i64 })),
        }
    }
}

/// Every machine runs again, and is calibrated.
fn repair(people: &People) {
    for plant in &people.plants {
        let book = people.yard.book();
        let Some(cmms) = maintenance(people, plant) else { continue };
        for machine in book.equipment.get(&plant.site).into_iter().flatten() {
            let body = json!({ "asset": format!("{}/{}", plant.site, machine.id), "valid_until": 4_102_444_799_000_i64 });
            if let Err(error) = people.town.do_there(cmms, &Asked::post("/_sim/calibrations", &body)) {
                tracing::debug!(%error, "a machine is not calibrated");
            }
        }
    }
}

fn maintenance<'a>(people: &'a People, plant: &Plant) -> Option<&'a Arc<House>> {
    let book = people.yard.book();
    people.town.house(book.sites.get(&plant.site)?.around.maintenance?)
}

/// Orders that cannot be.
fn made(people: &People, plant: &Plant, round: u64) -> anyhow::Result<Vec<Input>> {
    let desk = Desk { people, plant, round };
    let (material, recipe) = plant.makes.first().ok_or_else(|| anyhow::anyhow!("{} makes nothing", plant.site))?;
    let good = desk.release(material, recipe)?;
    let raw = recipe.components.first().map_or_else(|| material.clone(), |component| component.material.clone());
    let raw_qty = recipe.components.first().map_or(good.total, |component| component.qty);
    let stranger =
        people.town.houses().find(|house| house.of == SiteKind::Erp && house.site != good.erp).map_or(good.erp, |house| house.site);
    let closed = people.town.now().plus(CLOSED_IN);
    let wrong = [
        ("material", Release { material: MaterialId::parse("NO-SUCH")?, ..good.clone() }),
        ("unit", Release { total: Qty::parse("5 LTR")?, ..good.clone() }),
        ("nothing", Release { total: Qty::parse(&format!("0 {}", good.total.uom().code()))?, ..good.clone() }),
        ("erp", Release { erp: stranger, ..good.clone() }),
        ("plant", Release { plant: SiteId::parse("atlantis")?, ..good.clone() }),
        ("end", Release { end: good.start.minus(Duration::from_hours(2)), ..good.clone() }),
        ("recipe", Release { material: raw, total: raw_qty, ..good.clone() }),
        ("closed", Release { start: closed, end: closed.plus(Duration::from_hours(4)), ..good.clone() }),
        ("version", Release { recipe: Some(Version::parse("99")?), ..good.clone() }),
    ];
    let mut inputs = Vec::new();
    for (what, release) in wrong {
        inputs.push(desk.wish(what, what, release)?);
    }
    // The same order under two keys, another order under a key that was used, and one that is too late.
    inputs.push(desk.wish("twice", "twice", good.clone())?);
    inputs.push(desk.wish("twice", "again", good.clone())?);
    let more = Release { total: Qty::parse(&format!("7 {}", good.total.uom().code()))?, ..good.clone() };
    inputs.push(desk.wish("twice", "twice", more)?);
    let mut late = desk.wish("late", "late", good)?;
    late.envelope.not_after = Some(people.town.now().minus(Duration::from_mins(5)));
    inputs.push(late);
    Ok(inputs)
}

/// What nobody may ask of an order that is under way.
async fn about_orders(people: &People, plant: &Plant, round: u64) -> anyhow::Result<Vec<Input>> {
    let desk = Desk { people, plant, round };
    let orders = people.orders().await;
    let total = |state: Option<State>| {
        let Own::Order(order) = state?.own else { return None };
        order.header().filter(|header| header.plant == plant.site).map(|header| header.total)
    };
    let Some((entity, total)) = orders.into_iter().filter_map(|(entity, state)| Some((entity, total(state)?))).next_back() else {
        return Ok(Vec::new());
    };
    let unit = total.uom().code();
    // Where nothing was counted yet it may be less: then enough for a sample.
    let less = Qty::parse(&format!("10 {unit}"))?;
    let requests = [
        ("less", Request::ChangeQuantity { total: less }),
        ("litres", Request::ChangeQuantity { total: Qty::parse("5 LTR")? }),
        ("send-again", Request::Redispatch),
        ("go-on", Request::Resume),
        ("component", Request::ReplaceComponent { item: ItemNo::parse("0010")?, material: MaterialId::parse("NO-SUCH")? }),
        ("reverse", Request::ReversePosting { posting: 1 }),
    ];
    let mut inputs = Vec::new();
    for (what, request) in requests {
        inputs.push(desk.to(entity, what, Body::Order(order::Input::Request(request)))?);
    }
    let body = Body::Shipment(shipment::Input::Request(shipment::Request::ClearDeparture { attempt: 1 }));
    inputs.push(desk.to(entity, "shipment", body)?);
    inputs.push(desk.to(entity, "case", Body::Desk(Wish { case: 9_999, action: Action::Acknowledge }))?);
    Ok(inputs)
}

/// Somebody at a plant who asks.
struct Desk<'a> {
    people: &'a People,
    plant: &'a Plant,
    round: u64,
}

impl Desk<'_> {
    /// An order that could be.
    fn release(&self, material: &MaterialId, recipe: &Recipe) -> anyhow::Result<Release> {
        let now = self.people.town.now();
        let erp = self.people.yard.book().sites.get(&self.plant.site).and_then(|site| site.erp).unwrap_or(self.plant.erp);
        Ok(Release {
            erp,
            planned_order: NativeId::parse("none")?,
            plant: self.plant.site,
            material: material.clone(),
            total: Qty::parse(&format!("15 {}", recipe.base_quantity.uom().code()))?,
            recipe: None,
            lot: None,
            start: now.plus_ms(3_600_000),
            end: now.plus_ms(10_800_000),
        })
    }

    fn envelope(&self, key: &str) -> anyhow::Result<Envelope> {
        let mark = Mark::Text(KeyText::parse(&format!("mistake/{}/{}/{key}", self.plant.site, self.round))?);
        let who = Who { user: "b.neu".to_owned(), role: "planning".to_owned(), ..Who::default() };
        Ok(Envelope { who: Some(who), ..Envelope::of(Key { source: Source::parse("newcomer")?, epoch: 0, mark }, self.people.town.now()) })
    }

    /// A wish for an order of a name.
    fn wish(&self, name: &str, key: &str, release: Release) -> anyhow::Result<Input> {
        let planned_order = NativeId::parse(&format!("M-{}-{}-{name}", self.plant.site, self.round))?;
        let names = vec![Ref::new(self.plant.erp, NativeKind::Order, planned_order.clone())];
        let body = Body::Order(order::Input::Request(Request::Release(Release { planned_order, ..release })));
        Ok(Input { to: Address::Native { kind: Entity::Order, names }, envelope: self.envelope(key)?, body })
    }

    fn to(&self, entity: EntityId, key: &str, body: Body) -> anyhow::Result<Input> {
        Ok(Input { to: Address::Entity(entity), envelope: self.envelope(key)?, body })
    }
}
