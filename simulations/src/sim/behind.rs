//! What people do at their own systems and desks, and tell nobody: a plant with another recipe, a machine that is gone from the master data,
//! components that are short, a counter that begins again, a planner who changes an order twice or takes it away, a document of which
//! only its ERP knows, a credential that has run out. Each leads to a refusal or a case in words of its own, is put right after a while where
//! that is how it ends, and costs nobody else anything.

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use serde_json::{Value, json};
use takt_protocol::book::{Book, LotMode};
use takt_protocol::id::EntityId;
use takt_protocol::kernel::Own;
use takt_protocol::order::{Header, Order};
use takt_protocol::words::Role;

use super::people::{People, list, text};
use super::stage::{self, Plant};
use super::town::House;
use crate::gate::Luck;
use crate::world::Request as Asked;
use crate::world::system::Kind;

mod desk;

/// What a deed of theirs is counted as.
pub(super) const DONE: &str = "done behind our back";

/// How many kinds of deed there are.
const DEEDS: u64 = 15;

/// How long something is wrong.
const WRONG_FOR: Duration = Duration::from_mins(12);

/// When whoever reads a system now and then has read it.
const READ_BY_THEN: Duration = Duration::from_mins(3);

/// At every plant one deed after the other, until the time is over.
pub(super) async fn strike(people: &People, lasts: Duration) {
    delegate(people).await;
    let until = people.town.elapsed() + lasts;
    join_all(people.plants.iter().enumerate().map(|(at, plant)| work(people, plant, at as u64, until))).await;
}

/// A role of the plants may release a hold while the quality system is not reached.
async fn delegate(people: &People) {
    let mut book = Book::clone(&people.yard.book());
    match Role::parse("production") {
        Ok(role) => book.policy.local_quality_roles = vec![role],
        Err(error) => tracing::warn!(%error, "nobody is delegated"),
    }
    book.hash = format!("{}d", book.hash);
    people.yard.put_in_force(Arc::new(book), "a role delegated").await;
}

async fn work(people: &People, plant: &Plant, at: u64, until: Duration) {
    let mut luck = people.luck(&format!("deeds {}", plant.site));
    let mut doer = Doer { people, plant, number: 0 };
    let mut round = at * 5 + luck.below(DEEDS);
    while people.town.elapsed() < until {
        round += 1;
        if let Err(error) = doer.one(round % DEEDS, &mut luck).await {
            tracing::debug!(%error, plant = %plant.site, "something is not done behind our back");
        }
        doer.whatever_waits(round).await;
        tokio::time::sleep(Duration::from_mins(2 + luck.below(4))).await;
    }
}

/// Somebody of a plant, or of a system around it.
struct Doer<'a> {
    people: &'a People,
    plant: &'a Plant,
    /// Orders that were asked for on the way.
    number: u64,
}

impl Doer<'_> {
    async fn one(&mut self, deed: u64, luck: &mut Luck) -> anyhow::Result<()> {
        match deed {
            0 => self.another_recipe().await,
            1 => self.no_machine().await,
            2 => self.nothing_runs(true).await,
            3 => self.nothing_runs(false).await,
            4 => self.used_without_a_lot().await,
            5 => self.short_of_components().await,
            6 => self.staged_by_a_stranger().await,
            7 => self.typed_a_wrong_number().await,
            8 => self.restarted_a_counter(),
            9 => self.changed_twice().await,
            10 => self.taken_away(luck.one_in(2)).await,
            11 => self.confirmed_at_the_erp().await,
            12 => self.taken_back_at_the_erp(luck).await,
            13 => self.typed_a_number_to_come().await,
            _ => self.credential_ran_out().await,
        }
    }

    /// Something that people do at a desk of a system.
    fn at(&self, house: &House, request: &Asked) -> anyhow::Result<Value> {
        let done = self.people.town.do_there(house, request)?;
        self.people.town.count(DONE);
        Ok(done)
    }

    fn house(&self, site: takt_protocol::name::SiteId) -> anyhow::Result<&Arc<House>> {
        self.people.town.house(site).ok_or_else(|| anyhow::anyhow!("nobody plays {site}"))
    }

    /// The ERP of the plant, where it speaks so.
    fn erp(&self) -> anyhow::Result<&Arc<House>> {
        let erp = self.house(self.plant.erp)?;
        anyhow::ensure!(erp.kind == Kind::Erp, "{} has no desk for that", erp.site);
        Ok(erp)
    }

    /// Somebody wants an order that could be, of what the plant makes first.
    async fn order(&mut self) -> anyhow::Result<()> {
        self.number += 1;
        let input = self.people.release(self.plant, 0, 100_000 + self.number, self.people.pieces_max())?;
        self.people.ask(input, ["orders refused", "orders asked for"]).await;
        Ok(())
    }

    /// The newest order of the plant at its ERP of which that is so.
    async fn newest(&self, is: impl Fn(&Order) -> bool) -> anyhow::Result<(EntityId, Header, Order)> {
        let orders = self.people.orders().await.into_iter().rev();
        let mut here = orders.filter_map(|(entity, state)| {
            let Own::Order(order) = state?.own else { return None };
            let header = order.header().filter(|header| header.plant == self.plant.site && header.erp == self.plant.erp)?.clone();
            is(&order).then_some((entity, header, *order))
        });
        here.next().ok_or_else(|| anyhow::anyhow!("{} has no such order", self.plant.site))
    }

    fn first(&self) -> anyhow::Result<&(takt_protocol::words::MaterialId, takt_protocol::book::Recipe)> {
        self.plant.makes.first().ok_or_else(|| anyhow::anyhow!("{} makes nothing", self.plant.site))
    }

    /// The plant's own system has another version of a recipe than ours.
    async fn another_recipe(&mut self) -> anyhow::Result<()> {
        let mes = Arc::clone(self.house(self.plant.site)?);
        let place = format!("/recipes/{}", self.first()?.0);
        let right = stage::read(&self.people.town, &mes, &place).ok_or_else(|| anyhow::anyhow!("no recipe there"))?;
        let mut wrong = right.clone();
        if let Some(fields) = wrong.as_object_mut() {
            fields.insert("version".to_owned(), json!("X"));
        }
        self.at(&mes, &Asked::put(&place, &wrong))?;
        tokio::time::sleep(READ_BY_THEN).await;
        self.order().await?;
        tokio::time::sleep(WRONG_FOR).await;
        self.at(&mes, &Asked::put(&place, &right)).map(drop)
    }

    /// All machines are broken, or out of calibration.
    async fn nothing_runs(&mut self, broken: bool) -> anyhow::Result<()> {
        let book = self.people.yard.book();
        let maintenance = book.sites.get(&self.plant.site).and_then(|site| site.around.maintenance);
        let cmms = Arc::clone(self.house(maintenance.ok_or_else(|| anyhow::anyhow!("nobody maintains anything"))?)?);
        let machines = book.equipment.get(&self.plant.site).into_iter().flatten();
        let assets: Vec<String> = machines.map(|machine| format!("{}/{}", self.plant.site, machine.id)).collect();
        let repair_ms = u64::try_from(WRONG_FOR.as_millis()).unwrap_or_default();
        for asset in &assets {
            let request = if broken {
                Asked::post("/_sim/breakdowns", &json!({ "asset": asset, "code": "HYD", "text": "no air", "repair_ms": repair_ms }))
            } else {
                Asked::post("/_sim/calibrations", &json!({ "asset": asset }))
            };
            self.at(&cmms, &request)?;
        }
        self.order().await?;
        tokio::time::sleep(WRONG_FOR).await;
        for asset in assets.iter().filter(|_| !broken) {
            self.at(&cmms, &Asked::post("/_sim/calibrations", &json!({ "asset": asset, "valid_until": 4_102_444_799_000_i64 })))?;
        }
        Ok(())
    }

    /// Somebody types what he used, and no lot.
    async fn used_without_a_lot(&self) -> anyhow::Result<()> {
        let (mes, book) = (self.house(self.plant.site)?, self.people.yard.book());
        let (_, header, _) = self.newest(|order| !order.completed).await?;
        let components = self.plant.makes.iter().filter(|(made, _)| *made == header.material).flat_map(|(_, recipe)| &recipe.components);
        let kept = |name| book.materials.get(name).is_some_and(|known| known.lot_mode != LotMode::None);
        let mut kept = components.filter(|component| kept(&component.material));
        let component = kept.next().ok_or_else(|| anyhow::anyhow!("nothing is kept in lots"))?;
        let step: u32 = component.op.as_str().parse()?;
        let measure = self.people.text.word(mes.site, "unit", component.qty.uom().code());
        let used = json!({ "order": header.number.to_string(), "step": step, "part": component.material.as_str(), "lot": null,
            "amount": "1.5", "measure": measure });
        self.at(mes, &Asked::post("/_sim/use", &used)).map(drop)
    }

    /// A warehouse brings the components of an order, but for some; and those when they are there.
    async fn short_of_components(&self) -> anyhow::Result<()> {
        let wms = self.house(self.plant.wms)?;
        let (_, header, _) = self.newest(|order| !order.completed).await?;
        let component = self.first()?.1.components.first().map(|component| component.material.to_string());
        self.stage(wms, &header, component.as_slice())?;
        tokio::time::sleep(WRONG_FOR).await;
        self.stage(wms, &header, &[])
    }

    /// A warehouse that is not the plant's says that it brought them.
    async fn staged_by_a_stranger(&self) -> anyhow::Result<()> {
        let mut others = self.people.town.houses().filter(|house| house.kind == Kind::Wms && house.site != self.plant.wms);
        let other = others.next().ok_or_else(|| anyhow::anyhow!("there is one warehouse"))?;
        let (_, header, _) = self.newest(|order| !order.completed).await?;
        self.stage(other, &header, &[])
    }

    fn stage(&self, wms: &House, header: &Header, missing: &[String]) -> anyhow::Result<()> {
        let staged = json!({ "do": "stage", "order": header.number.to_string(), "of": header.erp.as_str(), "missing": missing });
        self.at(wms, &Asked::post("/_sim/by-hand", &staged)).map(drop)
    }

    /// A PLC starts again at zero.
    fn restarted_a_counter(&self) -> anyhow::Result<()> {
        let mes = self.house(self.plant.site)?;
        let books = mes.with(|system| system.books());
        let job = list(&books, "jobs").iter().find(|job| text(job, "state") == "running").ok_or_else(|| anyhow::anyhow!("nothing runs"))?;
        for step in list(job, "steps") {
            let deed = json!({ "do": "restart_counter", "job": job.get("job"), "step": step.get("step") });
            self.at(mes, &Asked::post("/_sim/by-hand", &deed))?;
        }
        Ok(())
    }

    /// A planner changes the quantity of an order, and once more at once: who is told twice of the first reads the second.
    async fn changed_twice(&self) -> anyhow::Result<()> {
        let erp = self.erp()?;
        let (_, header, _) = self.newest(|order| !order.completed).await?;
        for more in [1_u32, 2, 3] {
            self.change(erp, &header, &(header.total.value() + rust_decimal::Decimal::from(more)).to_string())?;
            tokio::time::sleep(Duration::from_secs(3)).await;
        }
        Ok(())
    }

    fn change(&self, erp: &House, header: &Header, quantity: &str) -> anyhow::Result<()> {
        let place = format!("/_sim/production-orders/{}/change", header.number);
        self.at(erp, &Asked::post(&place, &json!({ "quantity": quantity }))).map(drop)
    }

    /// A planner cancels an order, or makes it smaller than what was made.
    async fn taken_away(&self, cancelled: bool) -> anyhow::Result<()> {
        let erp = self.erp()?;
        let begun = |order: &Order| !order.completed && order.processed().is_some_and(|made| made.value() > rust_decimal::Decimal::TWO);
        let (_, header, _) = self.newest(begun).await?;
        if cancelled {
            return self.at(erp, &Asked::post(&format!("/_sim/production-orders/{}/cancel", header.number), &json!({}))).map(drop);
        }
        self.change(erp, &header, "1")
    }

    /// Somebody confirms a piece at the ERP, which tells nobody; and the books are compared.
    async fn confirmed_at_the_erp(&self) -> anyhow::Result<()> {
        let erp = self.erp()?;
        let (_, header, _) = self.newest(|order| !order.completed && order.ledger.postings().count() > 0).await?;
        let recipe = self.plant.makes.iter().find(|(made, _)| *made == header.material).map(|(_, recipe)| recipe);
        let operation = recipe.and_then(|recipe| recipe.operations.first()).ok_or_else(|| anyhow::anyhow!("no operation"))?;
        let confirmation = json!({ "OrderID": header.number.to_string(), "OrderOperation": format!("{:0>4}", operation.op.as_str()),
            "ConfirmationUnit": self.people.text.word(erp.site, "unit", header.total.uom().code()), "ConfirmationYieldQuantity": "1",
            "APIConfHasNoGoodsMovements": true });
        self.at(erp, &Asked::post("/_sim/by-hand", &json!({ "do": "confirm", "user": "KOTT", "confirmation": confirmation })))?;
        self.compare(erp.site).await
    }

    /// Somebody at the ERP takes a document of ours back, of which it tells what its mapping makes no word of; and the books are compared.
    async fn taken_back_at_the_erp(&self, luck: &mut Luck) -> anyhow::Result<()> {
        let erp = self.erp()?;
        let (_, header, _) = self.newest(|order| !order.completed && order.ledger.postings().count() > 0).await?;
        let books = erp.with(|system| system.books());
        let its = |item: &&Value| {
            text(item, "ManufacturingOrder") == header.number.as_str()
                && text(item, "GoodsMovementType") == "261"
                && item.get("GoodsMovementIsCancelled") == Some(&json!(false))
        };
        let items = |document: &Value| document.pointer("/to_MaterialDocumentItem/results").and_then(Value::as_array).cloned();
        let issues: Vec<&Value> = list(&books, "documents")
            .iter()
            .filter(|document| {
                !text(document, "ReferenceDocument").is_empty() && items(document).is_some_and(|all| all.iter().any(|item| its(&item)))
            })
            .collect();
        let issue = usize::try_from(luck.below(issues.len().max(1) as u64)).ok().and_then(|at| issues.get(at));
        let issue = issue.ok_or_else(|| anyhow::anyhow!("{} has no issue to take back", header.number))?;
        let (year, document) = (text(issue, "MaterialDocumentYear").parse::<i64>()?, text(issue, "MaterialDocument").parse::<u64>()?);
        self.at(erp, &Asked::post("/_sim/by-hand", &json!({ "do": "undo", "user": "KOTT", "year": year, "document": document })))?;
        self.people.town.count("taken back at an ERP");
        self.compare(erp.site).await
    }

    /// The credential that we show at the ERP has run out; somebody puts it right, and what waits is sent again.
    async fn credential_ran_out(&self) -> anyhow::Result<()> {
        let erp = self.plant.erp;
        self.people.town.with_reach(|reach| _ = reach.locked_out.insert(erp));
        tokio::time::sleep(WRONG_FOR).await;
        self.people.town.with_reach(|reach| _ = reach.locked_out.remove(&erp));
        tokio::time::sleep(READ_BY_THEN).await;
        self.send_again().await
    }
}
