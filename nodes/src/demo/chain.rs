//! The chain around the plants: planning wants something and its ERP makes orders of it by rules of its own, a supplier says what
//! is on its way, and somebody reads along. What their people do, and what of their books must agree with our logs at the end.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use reqwest::Method;
use serde_json::{Value, json};
use takt_protocol::book::{Book, SiteKind};
use takt_protocol::demand::{Demand, SupplyState, Verdict};
use takt_protocol::id::EntityId;
use takt_protocol::kernel::Own;
use takt_protocol::name::SiteId;
use takt_protocol::native::NativeId;

use super::Stage;
use super::cast::{Cast, Plant, System};
use super::people::{People, listed, text};
use super::tale::Scene;

mod account;
mod supplier;

pub(super) use account::{is_told, look};

/// Pieces that planning wants of each plant in the end, and those it said first.
const WANTED: [u32; 2] = [360, 480];

/// Pieces that a plant makes of it a day, as its ERP plans: less than is wanted.
const A_DAY: u32 = 240;

/// The service of the ERP in which a requirement is written.
const REQUIREMENTS: &str = "/sap/opu/odata/sap/API_PLND_INDEP_RQMT_SRV";

/// The planning system whose demand the ERP of a plant plans for, and that ERP's own name for the plant.
fn planning<'a>(cast: &'a Cast, book: &Book, plant: &Plant) -> Option<&'a System> {
    let planning = book.sites.get(&plant.erp.site)?.around.planning?;
    cast.systems.get(&planning)
}

/// Tells each ERP how it sources what its plants make.
pub(super) async fn set(people: &People, cast: &Cast, book: &Book) -> anyhow::Result<()> {
    for plant in cast.plants.iter().filter(|plant| planning(cast, book, plant).is_some()) {
        for (material, _) in &plant.makes {
            let source = json!({ "plant": plant.erp.word("plant", plant.site.as_str()), "per_day": A_DAY.to_string() });
            let rule = json!({ "material": material.as_str(), "sources": [source] });
            people.done(Method::POST, &format!("{}/_sim/sourcing", plant.erp.url), &rule, &[]).await?;
        }
    }
    Ok(())
}

/// What planning wants of one plant.
pub(super) struct Want<'a> {
    scene: &'a Arc<Scene>,
    plant: Plant,
    planning: System,
    /// Its ERP loses the reply to the first requirement.
    loses_a_reply: bool,
}

/// What is wanted of the plants that are told about; nothing where nobody plans. The ERP of the second one loses a reply.
pub(super) fn wants<'a>(stage: &Stage, scene: &'a Arc<Scene>, plants: &[SiteId]) -> Vec<Want<'a>> {
    let book = scene.mesh.book();
    let mut seen = BTreeSet::new();
    let told = plants.iter().filter(|site| seen.insert(**site));
    let told = told.filter_map(|site| stage.cast.plants.iter().find(|plant| plant.site == *site));
    let wants = told.filter(|plant| !plant.mes.in_files() && !plant.makes.is_empty()).filter_map(|plant| {
        let planning = planning(&stage.cast, &book, plant)?.clone();
        Some(Want { scene, plant: plant.clone(), planning, loses_a_reply: false })
    });
    let mut wants: Vec<Want<'a>> = wants.collect();
    if let Some(second) = wants.get_mut(1) {
        second.loses_a_reply = true;
    }
    wants
}

/// What planning wants of a plant.
struct Signal {
    number: NativeId,
    /// Whether it was raised just now, and not before a restart.
    is_new: bool,
}

impl Want<'_> {
    /// Planning raises it, changes its mind once, and makes it firm; each time its ERP plans anew.
    pub(super) async fn raise(&self) -> anyhow::Result<()> {
        let Signal { number, is_new } = self.signal().await?;
        let place = format!("{}/_sim/signals/{number}", self.planning.url);
        let planned = self.answered(&number, "planned by its ERP").await?;
        if planned.signal.version == 1 {
            self.say(
                &number,
                &format!("wanted: {} of {} by {}, planned", planned.signal.total, planned.signal.material, planned.signal.due),
            );
            self.people().done(Method::POST, &format!("{place}/revise"), &json!({ "quantity": WANTED[0] }), &[]).await?;
        }
        self.until(&number, "revised, and planned anew", |demand| (demand.signal.version > 1 && is_planned(demand)).then_some(())).await?;
        self.people().done(Method::POST, &format!("{place}/firm"), &json!({}), &[]).await?;
        let firm = self.until(&number, "firm in its ERP", |demand| {
            let firm = demand.signal.firmness == takt_protocol::demand::Firmness::Firm;
            (firm && is_planned(demand)).then(|| demand.clone())
        });
        let firm = firm.await?;
        self.until_firm_there(&number).await?;
        self.say(
            &number,
            &format!("revised to {} and firm; {} plans for it as {}", firm.signal.total, self.plant.erp.site, requirement(&firm)),
        );
        // Where it was raised before a restart, the kill may have come between the requirement and its reply, and lost that itself.
        if is_new { self.lost().await } else { Ok(()) }
    }

    /// The ERP's planners make orders of it, and its plant makes what was wanted.
    pub(super) async fn supply(&self) -> anyhow::Result<()> {
        let Signal { number, .. } = self.signal().await?;
        self.people().done(Method::POST, &format!("{}/_sim/conversions", self.plant.erp.url), &json!({}), &[]).await?;
        let made = self.until(&number, "orders over all of it", |demand| is_covered(demand).then(|| demand.orders.clone())).await?;
        for supply in made.values() {
            self.say(&number, &format!("{} made order {} over {} of it", supply.erp, supply.order, supply.total));
        }
        let done = self.until(&number, "everything it wanted completed", |demand| is_supplied(demand).then(|| demand.clone())).await?;
        for order in done.orders.keys() {
            self.settled(*order).await?;
        }
        let orders: Vec<String> = done.orders.values().map(|supply| supply.order.to_string()).collect();
        self.say(&number, &format!("supplied by {}", orders.join(" and ")));
        Ok(())
    }

    fn people(&self) -> &People {
        &self.scene.people
    }

    fn say(&self, number: &NativeId, what: &str) {
        self.scene.say.line(&self.plant, number.as_str(), what);
    }

    /// What is wanted of this plant: raised, unless it was before a restart.
    async fn signal(&self) -> anyhow::Result<Signal> {
        let all = format!("{}/signals?plant={}", self.planning.url, self.plant.site);
        let number = |signals: &Value| signals.pointer("/results/0/signal").and_then(Value::as_str).map(ToOwned::to_owned);
        if let Some(known) = number(&self.people().read(&all).await?) {
            return Ok(Signal { number: NativeId::parse(&known)?, is_new: false });
        }
        self.lose_a_reply().await?;
        let (material, recipe) = self.plant.makes.first().ok_or_else(|| anyhow::anyhow!("{} makes nothing", self.plant.site))?;
        let unit = self.planning.word("unit", recipe.base_quantity.uom().code());
        let wish = json!({ "item": material.as_str(), "plant": self.plant.site.as_str(), "quantity": WANTED[1], "unit": unit,
            "need_by": self.due()? });
        let raised = self.people().done(Method::POST, &format!("{}/_sim/signals", self.planning.url), &wish, &[]).await?;
        let number = NativeId::parse(raised.get("signal").and_then(Value::as_str).unwrap_or_default())?;
        Ok(Signal { number, is_new: true })
    }

    /// The first Friday in a week or later: enough working days before it for two plans.
    fn due(&self) -> anyhow::Result<String> {
        let book = self.scene.mesh.book();
        let site = book.sites.get(&self.plant.site).ok_or_else(|| anyhow::anyhow!("{} is no site", self.plant.site))?;
        let mut due = site.calendar.date(self.scene.began.plus_ms(7 * 86_400_000));
        while due.weekday().to_monday_one_offset() != 5 {
            due = due.tomorrow()?;
        }
        Ok(due.to_string())
    }

    async fn lose_a_reply(&self) -> anyhow::Result<()> {
        if !self.loses_a_reply {
            return Ok(());
        }
        let habit = json!({ "lost_reply": { "next": 1, "matching": format!("POST {REQUIREMENTS}") } });
        self.people().done(Method::PUT, &format!("{}/_sim/habits", self.plant.erp.url), &habit, &[]).await?;
        Ok(())
    }

    /// That the reply was lost where it was to be.
    async fn lost(&self) -> anyhow::Result<()> {
        if self.loses_a_reply {
            let effects = self.people().read(&format!("{}/_sim/effects", self.plant.erp.url)).await?;
            let lost = effects.get("lost_reply").and_then(Value::as_u64).unwrap_or(0);
            anyhow::ensure!(lost > 0, "{} lost no reply to a requirement", self.plant.erp.site);
        }
        Ok(())
    }

    async fn answered(&self, number: &NativeId, what: &str) -> anyhow::Result<Demand> {
        self.until(number, what, |demand| is_planned(demand).then(|| demand.clone())).await
    }

    /// A demand as planning's own entity has it, once it looks so.
    async fn until<T>(&self, number: &NativeId, what: &str, look: impl Fn(&Demand) -> Option<T>) -> anyhow::Result<T> {
        let Some(entity) = self.scene.mesh.book().site_entity(self.planning.site) else {
            anyhow::bail!("{} is no site", self.planning.site)
        };
        let what = format!("demand {number}: {what}");
        let found = async || {
            let Own::Site(site) = self.scene.mesh.show(entity).await?.own else { return Ok(None) };
            Ok(site.demands.get(number).and_then(&look))
        };
        self.people().until(&what, found).await
    }

    /// Until the ERP itself shows it as firm: what it converts is what is firm there.
    async fn until_firm_there(&self, number: &NativeId) -> anyhow::Result<()> {
        let (url, name) = (format!("{}/_sim/books", self.plant.erp.url), format!("{}/{number}", self.planning.site));
        let firm = async || {
            let books = self.people().read(&url).await?;
            let all = books.get("requirements").and_then(Value::as_array).cloned().unwrap_or_default();
            let mine = all.iter().find(|one| one.get("RequirementReference") == Some(&json!(name)));
            Ok(mine.filter(|one| one.get("IsFirm") == Some(&json!(true))).map(|_| ()))
        };
        self.people().until(&format!("demand {number}: firm in {}", self.plant.erp.site), firm).await
    }

    async fn settled(&self, order: EntityId) -> anyhow::Result<()> {
        let settled = async || {
            let Own::Order(order) = self.scene.mesh.show(order).await?.own else { return Ok(None) };
            Ok((!order.ledger.is_unsettled() && !order.ledger.has_open_groups()).then_some(()))
        };
        self.people().until(&format!("order {order}: every posting settled"), settled).await
    }
}

fn is_planned(demand: &Demand) -> bool {
    demand.verdict == Some(Verdict::Planned)
}

fn requirement(demand: &Demand) -> String {
    demand.requirement.as_ref().map(ToString::to_string).unwrap_or_default()
}

/// Whether there are orders over all that is wanted.
fn is_covered(demand: &Demand) -> bool {
    let total = demand.orders.values().map(|supply| supply.total).reduce(|sum, qty| sum.plus(qty).unwrap_or(sum));
    total == Some(demand.signal.total)
}

/// Whether they are completed.
fn is_supplied(demand: &Demand) -> bool {
    is_covered(demand) && demand.orders.values().all(|supply| supply.state == SupplyState::Completed)
}

/// What its suppliers send to the first plant of the story that has a portal.
pub(super) async fn deliver(stage: &Stage, scene: &Arc<Scene>, plants: &[SiteId]) -> anyhow::Result<()> {
    let book = scene.mesh.book();
    let portal = |plant: &Plant| stage.cast.systems.get(&book.sites.get(&plant.site)?.around.supplier?).cloned();
    let told = plants.iter().filter_map(|site| stage.cast.plants.iter().find(|plant| plant.site == *site));
    match told.into_iter().find_map(|plant| Some((plant, portal(plant)?))) {
        Some((plant, portal)) => supplier::Delivery { scene, plant: plant.clone(), portal }.play().await,
        None => Ok(()),
    }
}

/// The systems of a kind.
fn of_kind<'a>(cast: &'a Cast, book: &'a Book, kind: SiteKind) -> impl Iterator<Item = &'a System> {
    cast.systems.values().filter(move |system| book.sites.get(&system.site).is_some_and(|site| site.kind == kind))
}

/// Counts by what was counted, in the order of their names.
type Counted = BTreeMap<&'static str, u64>;
