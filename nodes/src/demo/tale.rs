//! One order's way, as its people live it: they ask for it, watch it, and do what goes wrong on the way. Everything is done
//! over HTTP and may be done again after a restart; what is watched is the order's own durable state.

use std::path::PathBuf;
use std::sync::Arc;

use reqwest::Method;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use takt_protocol::book::Recipe;
use takt_protocol::id::EntityId;
use takt_protocol::instant::Instant;
use takt_protocol::kernel::{Own, State};
use takt_protocol::native::NativeId;
use takt_protocol::order::{Dispatch, Order, Stage};
use takt_protocol::words::{MaterialId, Sscc};

use super::cast::Plant;
use super::people::People;
use super::say::Say;
use super::stage;
use crate::mesh::Mesh;

/// What goes wrong on the way of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// The ERP's reply to a posting is lost, a machine breaks down, a hold falls on the lot while its shipment is packed, a count
    /// is corrected after the end.
    LostReplyHoldAndCorrection,
    /// The plant rejects the order once, a PLC starts again at zero, and the completion is sent a thousand times.
    RejectionRestartAndRepeats,
    /// The recipe is missing at first, and somebody posts by hand in the ERP.
    MissingRecipeAndHandPosting,
    /// Two lots, a co-product, pallets that leave early, and a lot of a component that is in question.
    TwoLotsAndBadSteel,
    /// The period is closed, and material was used under numbers that nobody knows.
    ClosedPeriodAndStrangers,
    /// Nothing.
    Nothing,
}

/// What all tales share.
pub(super) struct Scene {
    pub(super) people: People,
    pub(super) mesh: Arc<Mesh>,
    /// Where our own API listens.
    pub(super) door: String,
    /// The planner's token for it.
    pub(super) token: String,
    /// Where the demo keeps what its people have done.
    pub(super) data: PathBuf,
    /// When the demo began, for good: a repeated request must be the same to the letter.
    pub(super) began: Instant,
    pub(super) say: Say,
}

impl Scene {
    /// Whether people have done something already; what they did is not done again after a restart.
    pub(super) fn is_done(&self, what: &str) -> bool {
        self.data.join("done").join(what).exists()
    }

    /// They have done it.
    pub(super) fn done(&self, what: &str) -> anyhow::Result<()> {
        let folder = self.data.join("done");
        std::fs::create_dir_all(&folder)?;
        Ok(std::fs::write(folder.join(what), "")?)
    }

    /// The plant gets the recipe it misses; nothing else is done about its orders.
    pub(super) async fn publish_recipe(&self, tale: &Tale) -> anyhow::Result<()> {
        let book = self.mesh.book();
        stage::load_recipe(&self.people, &tale.plant, &book, tale.material.as_str(), &tale.material, &tale.recipe).await
    }
}

/// An order that is told about.
pub(super) struct Tale {
    pub(super) scene: Arc<Scene>,
    /// From 1.
    pub(super) number: usize,
    pub(super) plant: Plant,
    pub(super) material: MaterialId,
    pub(super) recipe: Recipe,
    /// Pieces to begin, scrap included.
    pub(super) pieces: u32,
    pub(super) trouble: Trouble,
    /// How far it is.
    pub(super) chapter: tokio::sync::watch::Sender<Chapter>,
}

/// How far a tale is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Chapter {
    Untold,
    /// It has a number in its ERP, its plant works on it, and what goes wrong at the line is over.
    Running,
    /// It was told, well or not.
    Over,
}

impl Tale {
    /// From the wish to the cleared departure.
    pub(super) async fn tell(&self) -> anyhow::Result<()> {
        self.prepare().await?;
        let order = self.release().await?;
        self.run(order).await?;
        let native = self.number_of(order).await?;
        self.ship(order).await?;
        self.settle(order).await?;
        let missed = self.missed(order).await?;
        anyhow::ensure!(missed.is_empty(), "a trouble of the story did not happen: {}", missed.join("; "));
        self.scene.say.line(&self.plant, &native, "done: everything posted, the truck has left");
        Ok(())
    }

    pub(super) async fn release(&self) -> anyhow::Result<EntityId> {
        let start = self.scene.began.plus_ms(3_600_000);
        let unit = self.recipe.base_quantity.uom().code();
        let body = json!({ "erp": self.plant.erp.site.as_str(), "planned_order": self.planned_order(), "plant": self.plant.site.as_str(),
            "material": self.material.as_str(), "total": format!("{} {unit}", self.pieces),
            "start": start.to_string(), "end": start.plus_ms(7_200_000).to_string() });
        let answer = self.ask("production-order-releases", &format!("demo-release-{}", self.number), &body).await?;
        let entity = answer.get("entity").and_then(Value::as_str).unwrap_or_default();
        self.scene.say.line(&self.plant, &self.planned_order(), &format!("released: {} {unit} of {}", self.pieces, self.material));
        Ok(EntityId::parse(entity)?)
    }

    pub(super) fn planned_order(&self) -> String {
        format!("7{:07}", self.number)
    }

    /// A request to our own API.
    pub(super) async fn ask(&self, path: &str, key: &str, body: &Value) -> anyhow::Result<Value> {
        let bearer = format!("Bearer {}", self.scene.token);
        let headers = [("authorization", bearer.as_str()), ("idempotency-key", key)];
        self.scene.people.done(Method::POST, &format!("{}/v1/{path}", self.scene.door), body, &headers).await
    }

    /// The order as it stands, durable.
    pub(super) async fn order(&self, entity: EntityId) -> anyhow::Result<Order> {
        Ok(match self.state(entity).await?.own {
            Own::Order(order) => *order,
            Own::Lot(_) | Own::Unit(_) | Own::Shipment(_) | Own::Site(_) | Own::Record(_) => anyhow::bail!("{entity} is no order"),
        })
    }

    pub(super) async fn state(&self, entity: EntityId) -> anyhow::Result<State> {
        Ok(self.scene.mesh.show(entity).await?)
    }

    pub(super) async fn until<T>(&self, what: &str, entity: EntityId, look: impl Fn(&Order) -> Option<T>) -> anyhow::Result<T> {
        let what = format!("order {}: {what}", self.planned_order());
        self.scene.people.until(&what, async || Ok(look(&self.order(entity).await?))).await
    }

    /// Its number in the ERP.
    pub(super) async fn number_of(&self, entity: EntityId) -> anyhow::Result<String> {
        self.until("a number in the ERP", entity, |order| order.header().map(|header| header.number.to_string())).await
    }

    /// Its job at the plant, once the plant took it.
    pub(super) async fn job_of(&self, entity: EntityId) -> anyhow::Result<NativeId> {
        self.until("accepted by the plant", entity, |order| match order.dispatch {
            Dispatch::Accepted { .. } => order.job.clone(),
            Dispatch::Idle
            | Dispatch::Validating
            | Dispatch::Ready
            | Dispatch::Invalid { .. }
            | Dispatch::Sent { .. }
            | Dispatch::Rejected { .. }
            | Dispatch::TimedOut { .. }
            | Dispatch::Revoking { .. }
            | Dispatch::Revoked
            | Dispatch::RevokeRefused => None,
        })
        .await
    }

    /// From the ERP's release to the last piece.
    async fn run(&self, order: EntityId) -> anyhow::Result<()> {
        match self.trouble {
            Trouble::RejectionRestartAndRepeats => self.reject_once(order).await?,
            Trouble::MissingRecipeAndHandPosting => self.miss_the_recipe(order).await?,
            Trouble::LostReplyHoldAndCorrection | Trouble::TwoLotsAndBadSteel | Trouble::ClosedPeriodAndStrangers | Trouble::Nothing => {}
        }
        let native = self.number_of(order).await?;
        let job = self.job_of(order).await?;
        self.scene.say.line(&self.plant, &native, &format!("accepted by the plant as {job}"));
        match self.trouble {
            Trouble::RejectionRestartAndRepeats => self.restart_a_counter(order, &job).await?,
            Trouble::MissingRecipeAndHandPosting => self.post_by_hand(order).await?,
            Trouble::LostReplyHoldAndCorrection => self.break_a_machine(order, &native).await?,
            Trouble::TwoLotsAndBadSteel | Trouble::ClosedPeriodAndStrangers | Trouble::Nothing => {}
        }
        self.chapter.send_replace(Chapter::Running);
        self.until("its last piece", order, |order| order.completed.then_some(())).await?;
        self.scene.say.line(&self.plant, &native, "completed at the plant");
        if self.trouble == Trouble::RejectionRestartAndRepeats {
            self.repeat_the_completion(&native, &job).await?;
            self.count_what_the_restart_lost(order, &native, &job).await?;
        }
        Ok(())
    }

    /// The pallets that stand in the warehouse, with the pieces on each.
    pub(super) async fn stored(&self, order: EntityId, wanted: usize) -> anyhow::Result<Vec<Sscc>> {
        let what = format!("{wanted} pallets put away");
        self.until(&what, order, |order| {
            let stored: Vec<Sscc> =
                order.units.iter().filter(|(_, unit)| unit.stage >= Stage::PutAway).map(|(sscc, _)| sscc.clone()).collect();
            (stored.len() >= wanted).then_some(stored)
        })
        .await
    }

    /// A truck for everything that was made; a hold on the way for the one who is to meet one.
    async fn ship(&self, order: EntityId) -> anyhow::Result<()> {
        let made = self.until("every pallet announced", order, |order| order.completed.then_some(order.units.len())).await?;
        let pallets = self.stored(order, made).await?;
        let native = self.number_of(order).await?;
        self.scene.say.line(&self.plant, &native, &format!("{} pallets put away at {}", pallets.len(), self.plant.wms.site));
        let delivery = format!("SHP-{}", 7780 + self.number);
        let troubled = self.trouble == Trouble::LostReplyHoldAndCorrection;
        // It may take a while, in which a truck that was planned before would be packed and gone.
        if troubled {
            self.lost_and_found(order, &native).await?;
        }
        self.plan_delivery(order, &delivery).await?;
        if troubled {
            self.hold_while_packing(order, &delivery).await?;
            self.correct_a_count(order, &native).await?;
        }
        self.departed(&delivery).await?;
        let truck = self.truck_left(&delivery).await?.map(|truck| format!(": {truck}")).unwrap_or_default();
        self.scene.say.line(&self.plant, &native, &format!("{delivery} left with clearance{truck}"));
        Ok(())
    }

    async fn plan_delivery(&self, order: EntityId, delivery: &str) -> anyhow::Result<()> {
        let sum = self
            .until("pallets with quantities", order, |order| {
                order.units.values().map(|unit| unit.qty).reduce(|sum, qty| sum.plus(qty).unwrap_or(sum))
            })
            .await?;
        self.plan(delivery, sum.value()).await
    }

    /// Somebody at the warehouse plans a delivery of so many pieces.
    pub(super) async fn plan(&self, delivery: &str, pieces: Decimal) -> anyhow::Result<()> {
        let lines = json!([{ "line": "10", "item": self.material.as_str(), "units": pieces.to_string() }]);
        let body = json!({ "delivery": delivery, "lines": lines });
        self.scene.people.once(&format!("{}/_sim/deliveries", self.plant.wms.url), &body).await
    }

    /// Until a delivery has left.
    pub(super) async fn departed(&self, delivery: &str) -> anyhow::Result<()> {
        let url = format!("{}/deliveries/{delivery}", self.plant.wms.url);
        let what = format!("delivery {delivery} departed");
        let left = async || {
            let seen = self.scene.people.read(&url).await?;
            Ok((seen.get("state").and_then(Value::as_str) == Some("departed")).then_some(()))
        };
        self.scene.people.until(&what, left).await
    }

    /// Until nothing of it is under way any more.
    pub(super) async fn settle(&self, order: EntityId) -> anyhow::Result<()> {
        self.until("every posting settled", order, |order| (!order.ledger.is_unsettled() && !order.ledger.has_open_groups()).then_some(()))
            .await
    }
}
