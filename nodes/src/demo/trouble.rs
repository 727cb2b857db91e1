//! What goes wrong on the way, each done where it happens in the world: at the ERP's gateway, at the line, in the laboratory,
//! at somebody's desk. Each waits until it has really happened; the demo fails when it does not.

use reqwest::Method;
use serde_json::{Value, json};
use takt_protocol::fact::Fact;
use takt_protocol::id::EntityId;
use takt_protocol::native::NativeId;
use takt_protocol::order::{Dispatch, Execution, Order};
use takt_protocol::outbox::{OutboxFact, Outcome};
use takt_protocol::posting::{Movement, Standing};
use takt_protocol::wire;
use takt_simulations::world::system::Kind;

use super::cast::{Plant, System};
use super::people::{People, text};
use super::tale::{Tale, Trouble};
use crate::answers::timeline;

/// More orders than the story has.
const ORDERS_MAX: usize = 100;

/// Where goods are posted in an ERP, by its manner.
fn goods_at(erp: &System) -> &'static str {
    // In the second manner a picking is made first, and moves nothing until it is validated.
    if erp.kind == Kind::ErpOdoo { "/api/stock_picking/" } else { "/sap/opu/odata/sap/API_MATERIAL_DOCUMENT_SRV" }
}

/// What the laboratory finds wrong with a lot, in our words.
pub(super) struct Finding<'a> {
    pub(super) material: &'a str,
    pub(super) lot: &'a str,
    /// Only these; all of the lot when there are none.
    pub(super) pallets: &'a [&'a str],
    pub(super) quantity: &'a str,
    pub(super) unit: &'a str,
    pub(super) reason: &'a str,
    pub(super) severity: &'a str,
}

impl Finding<'_> {
    /// The quality system of a plant raises a nonconformance; `false` when it has one of that lot already, from before a restart.
    pub(super) async fn raise(&self, people: &People, plant: &Plant) -> anyhow::Result<bool> {
        let qms = &plant.qms;
        let known = people.read(&format!("{}/nonconformances", qms.url)).await?;
        if known.to_string().contains(&format!("\"{}\"", self.lot)) {
            return Ok(false);
        }
        let body = json!({ "material": self.material, "lot": self.lot, "plant": qms.word("plant", plant.site.as_str()),
            "pallets": self.pallets, "quantity": self.quantity, "unit": qms.word("unit", self.unit), "reason": self.reason,
            "severity": self.severity });
        people.done(Method::POST, &format!("{}/_sim/raise", qms.url), &body, &[]).await?;
        Ok(true)
    }
}

impl Tale {
    async fn habits(&self, system: &System, habits: &Value) -> anyhow::Result<()> {
        self.scene.people.done(Method::PUT, &format!("{}/_sim/habits", system.url), habits, &[]).await?;
        Ok(())
    }

    /// How often a habit took effect so far.
    pub(super) async fn took_effect(&self, system: &System, habit: &str) -> anyhow::Result<u64> {
        let effects = self.scene.people.read(&format!("{}/_sim/effects", system.url)).await?;
        Ok(effects.get(habit).and_then(Value::as_u64).unwrap_or(0))
    }

    pub(super) async fn by_hand(&self, system: &System, body: &Value) -> anyhow::Result<Value> {
        self.scene.people.done(Method::POST, &format!("{}/_sim/by-hand", system.url), body, &[]).await
    }

    /// What was to go wrong and did not: the systems count what took effect, and the order's log has what it met.
    pub(super) async fn missed(&self, order: EntityId) -> anyhow::Result<Vec<String>> {
        let (effects, facts): (&[(&System, &str)], &[&str]) = match self.trouble {
            Trouble::LostReplyHoldAndCorrection => (&[(&self.plant.erp, "lost_reply")], &[]),
            Trouble::RejectionRestartAndRepeats => (&[(&self.plant.mes, "reject_job")], &["/order/dispatch/rejected"]),
            Trouble::MissingRecipeAndHandPosting => (&[(&self.plant.erp, "posted_by_hand")], &["/order/dispatch/invalid"]),
            Trouble::TwoLotsAndBadSteel | Trouble::ClosedPeriodAndStrangers | Trouble::Nothing => (&[], &[]),
        };
        let mut missed = Vec::new();
        for (system, habit) in effects {
            if self.took_effect(system, habit).await? == 0 {
                missed.push(format!("{}: `{habit}` never took effect at {}", self.planned_order(), system.site));
            }
        }
        if self.trouble == Trouble::LostReplyHoldAndCorrection && !self.broke_down().await? {
            missed.push(format!("{}: no machine broke down", self.planned_order()));
        }
        let home = self.scene.mesh.home(order)?;
        let log = timeline::view(order.to_string(), &home.node().seams.journal.read(order, 0).await?);
        for fact in facts {
            if !log.steps.iter().any(|step| step.facts.iter().any(|told| told.pointer(fact).is_some())) {
                missed.push(format!("{}: there is no `{fact}` in its log", self.planned_order()));
            }
        }
        Ok(missed)
    }

    /// A document of the ERP whose reply was lost on its way: it was asked for by our reference, found, and not posted again. The reply
    /// to the next goods posting is lost, and on a slow machine that may be one of an order that runs beside this one.
    pub(super) async fn lost_and_found(&self, order: EntityId, native: &str) -> anyhow::Result<()> {
        let home = self.scene.mesh.home(order)?;
        let by_probe = |fact: &Fact| {
            let Fact::Outbox { step: OutboxFact::Settled(Outcome::Accepted(receipt)), .. } = fact else { return None };
            receipt.document.clone().filter(|_| receipt.by_probe)
        };
        let found = async || {
            let beside =
                home.index().entities(takt_protocol::id::Kind::Order, None, ORDERS_MAX).into_iter().filter(|other| *other != order);
            for any in std::iter::once(order).chain(beside) {
                let entries = home.node().seams.journal.read(any, 0).await?;
                let commits = entries.iter().filter_map(|entry| wire::open(&entry.bytes).ok());
                let found = commits.flat_map(|(commit, _)| commit.steps).flat_map(|step| step.facts).find_map(|fact| by_probe(&fact));
                if found.is_some() {
                    return Ok(found);
                }
            }
            Ok(None)
        };
        let document = self.scene.people.until("a document found by a probe", found).await?;
        let erp = self.plant.erp.site;
        self.scene.say.trouble(
            &self.plant,
            native,
            &format!("the reply of {erp} was lost; document {document} was found by our reference, and posted once"),
        );
        Ok(())
    }

    /// What will go wrong at a system by itself is set up before anything is asked for, so that it cannot come too late.
    pub(super) async fn prepare(&self) -> anyhow::Result<()> {
        let (system, habit, dose) = match self.trouble {
            // The ERP will do the next goods posting, and its reply will be lost.
            Trouble::LostReplyHoldAndCorrection => {
                (&self.plant.erp, "lost_reply", json!({ "next": 1, "matching": format!("POST {}", goods_at(&self.plant.erp)) }))
            }
            Trouble::RejectionRestartAndRepeats => (&self.plant.mes, "reject_job", json!({ "next": 1, "code": "CAPACITY" })),
            Trouble::MissingRecipeAndHandPosting | Trouble::TwoLotsAndBadSteel | Trouble::ClosedPeriodAndStrangers | Trouble::Nothing => {
                return Ok(());
            }
        };
        if self.took_effect(system, habit).await? == 0 {
            self.habits(system, &json!({ habit: dose })).await?;
        }
        Ok(())
    }

    /// The plant rejects its job; a planner sees it and sends the order again.
    pub(super) async fn reject_once(&self, order: EntityId) -> anyhow::Result<()> {
        let code = self
            .until("rejected by the plant, or accepted after all", order, |order| match &order.dispatch {
                Dispatch::Rejected { code, .. } => Some(Some(code.clone())),
                Dispatch::Accepted { .. } => Some(None),
                Dispatch::Idle
                | Dispatch::Validating
                | Dispatch::Ready
                | Dispatch::Invalid { .. }
                | Dispatch::Sent { .. }
                | Dispatch::TimedOut { .. }
                | Dispatch::Revoking { .. }
                | Dispatch::Revoked
                | Dispatch::RevokeRefused => None,
            })
            .await?;
        let Some(code) = code else { return Ok(()) };
        let native = self.number_of(order).await?;
        self.scene.say.trouble(&self.plant, &native, &format!("the plant rejected it: {code}; a planner sends it again"));
        let key = format!("demo-redispatch-{}", self.number);
        self.ask(&format!("orders/{order}/redispatches"), &key, &json!({ "reason": "capacity was found" })).await?;
        Ok(())
    }

    /// Nothing was sent to the plant while the recipe was missing; it goes on by itself when the recipe is there.
    pub(super) async fn miss_the_recipe(&self, order: EntityId) -> anyhow::Result<()> {
        let missing = self
            .until("stopped for want of a recipe", order, |order| match &order.dispatch {
                Dispatch::Invalid { missing } => Some(missing.first().map(|(code, what)| format!("{code:?}: {what}"))),
                Dispatch::Sent { .. } | Dispatch::Accepted { .. } => Some(None),
                Dispatch::Idle
                | Dispatch::Validating
                | Dispatch::Ready
                | Dispatch::Rejected { .. }
                | Dispatch::TimedOut { .. }
                | Dispatch::Revoking { .. }
                | Dispatch::Revoked
                | Dispatch::RevokeRefused => None,
            })
            .await?;
        if let Some(missing) = missing {
            let jobs = self.scene.people.read(&format!("{}/jobs", self.plant.mes.url)).await?;
            let sent = jobs.as_array().or_else(|| jobs.get("jobs").and_then(Value::as_array)).map_or(0, Vec::len);
            anyhow::ensure!(sent == 0, "{} has {sent} jobs although the recipe is missing", self.plant.site);
            let native = self.number_of(order).await?;
            self.scene.say.trouble(&self.plant, &native, &format!("{missing}; 0 calls to the plant"));
        }
        self.scene.publish_recipe(self).await
    }

    /// A PLC at the line starts again at zero.
    pub(super) async fn restart_a_counter(&self, order: EntityId, job: &NativeId) -> anyhow::Result<()> {
        let Some(operation) = self.recipe.operations.first() else { return Ok(()) };
        let mark = format!("restart-{}", self.number);
        if self.scene.is_done(&mark) {
            return Ok(());
        }
        self.until("some pieces counted", order, |order| {
            let op = order.ops.get(&operation.op)?;
            op.good.is_positive().then_some(())
        })
        .await?;
        let step: u32 = operation.op.as_str().parse()?;
        self.by_hand(&self.plant.mes, &json!({ "do": "restart_counter", "job": job.to_string(), "step": step })).await?;
        self.scene.done(&mark)?;
        let native = self.number_of(order).await?;
        self.scene.say.trouble(&self.plant, &native, &format!("the PLC of step {step} started again at zero"));
        Ok(())
    }

    /// What the PLC counted between its last reading and its restart was told by nobody, and the final confirmation declares it:
    /// somebody counts on the floor, and says so.
    pub(super) async fn count_what_the_restart_lost(&self, order: EntityId, native: &str, job: &NativeId) -> anyhow::Result<()> {
        let Some(operation) = self.recipe.operations.first() else { return Ok(()) };
        let mark = format!("recount-{}", self.number);
        if self.scene.is_done(&mark) {
            return Ok(());
        }
        let step: u32 = operation.op.as_str().parse()?;
        let what = format!("the final confirmation of step {step}");
        let gap = self
            .until(&what, order, |order| {
                let op = order.ops.get(&operation.op)?;
                let over = op.execution == Execution::Completed;
                op.declared.map(|declared| declared.minus(op.good).ok()).or_else(|| over.then_some(None))
            })
            .await?;
        let Some(gap) = gap.filter(takt_protocol::qty::Qty::is_positive) else { return self.scene.done(&mark) };
        // What was corrected before a restart is not corrected again.
        if self.took_effect(&self.plant.mes, "count_corrected").await? == 0 {
            let pieces: i64 = gap.value().normalize().to_string().parse()?;
            let body = json!({ "do": "correct_count", "job": job.to_string(), "step": step, "pieces": pieces, "only_told": true,
                "person": "M. Ortiz", "reason": "PLC restart" });
            self.by_hand(&self.plant.mes, &body).await?;
        }
        let right = |order: &Order| (order.ops.get(&operation.op)?.execution == Execution::Completed).then_some(());
        self.until(&format!("the count of step {step} put right"), order, right).await?;
        self.scene.done(&mark)?;
        self.scene.say.trouble(&self.plant, native, &format!("step {step}: {gap} that its PLC lost are found on the floor and counted"));
        Ok(())
    }

    /// The MES says a thousand times that the job is finished.
    pub(super) async fn repeat_the_completion(&self, native: &str, job: &NativeId) -> anyhow::Result<()> {
        let mark = format!("repeats-{}", self.number);
        if self.scene.is_done(&mark) {
            return Ok(());
        }
        let body = json!({ "do": "resend", "job": job.to_string(), "kind": "job.finished", "times": 1000 });
        self.by_hand(&self.plant.mes, &body).await?;
        self.scene.done(&mark)?;
        self.scene.say.trouble(&self.plant, native, "the plant sends its completion a thousand times more");
        let url = format!("{}/_sim/books", self.plant.mes.url);
        let what = format!("all repeats of {job} taken");
        self.scene
            .people
            .until(&what, async || {
                let books = self.scene.people.read(&url).await?;
                Ok((books.get("untold").and_then(Value::as_u64) == Some(0)).then_some(()))
            })
            .await
    }

    /// The first pallet on a delivery, once it is being packed.
    pub(super) async fn packing(&self, delivery: &str) -> anyhow::Result<Value> {
        let url = format!("{}/deliveries/{delivery}", self.plant.wms.url);
        let packed = async || Ok(self.scene.people.read(&url).await?.pointer("/contents/0").cloned());
        self.scene.people.until(&format!("{delivery} being packed"), packed).await
    }

    /// The quality system raises a nonconformance on one pallet while the truck is being packed; then decides.
    pub(super) async fn hold_while_packing(&self, order: EntityId, delivery: &str) -> anyhow::Result<()> {
        let pallet = self.packing(delivery).await?;
        let native = self.number_of(order).await?;
        let (lot, sscc) = (text(&pallet, "lot"), text(&pallet, "sscc"));
        let finding = Finding {
            material: self.material.as_str(),
            lot,
            pallets: &[sscc],
            quantity: text(&pallet, "units"),
            unit: self.recipe.base_quantity.uom().code(),
            reason: "weld",
            severity: "major",
        };
        if !finding.raise(&self.scene.people, &self.plant).await? {
            return Ok(());
        }
        let held = self.until("the hold binds", order, |order| order.lots.values().find_map(|lot| lot.holds.first().cloned())).await?;
        let say = format!("hold {held} on pallet {sscc} while {delivery} is packed in {}", self.plant.wms.site);
        self.scene.say.trouble(&self.plant, &native, &say);
        self.until("the hold decided and released", order, |order| order.lots.values().all(|lot| lot.holds.is_empty()).then_some(()))
            .await?;
        self.scene.say.line(&self.plant, &native, &format!("hold {held} decided: accepted"));
        Ok(())
    }

    /// A count was wrong, and it is only found when everything is finally confirmed.
    pub(super) async fn correct_a_count(&self, order: EntityId, native: &str) -> anyhow::Result<()> {
        let Some(operation) = self.recipe.operations.first() else { return Ok(()) };
        let mark = format!("correction-{}", self.number);
        if self.scene.is_done(&mark) {
            return Ok(());
        }
        // What was corrected before a restart is not corrected again.
        if self.took_effect(&self.plant.mes, "count_corrected").await? > 0 {
            return self.scene.done(&mark);
        }
        let step: u32 = operation.op.as_str().parse()?;
        let job = self.job_of(order).await?;
        let before = self.until("a good count", order, |order| Some(order.ops.get(&operation.op)?.good)).await?;
        let body = json!({ "do": "correct_count", "job": job.to_string(), "step": step, "pieces": -6, "person": "S. Keller",
            "reason": "miscount" });
        self.by_hand(&self.plant.mes, &body).await?;
        self.scene.done(&mark)?;
        let after = self
            .until("the corrected count", order, |order| {
                let good = order.ops.get(&operation.op)?.good;
                (good != before).then_some(good)
            })
            .await?;
        self.scene.say.trouble(&self.plant, native, &format!("step {step}: {before} is corrected to {after} after the final confirmation"));
        Ok(())
    }

    /// The ERP takes no postings for a moment; somebody posts a waiting receipt by hand, and we must not post it again.
    pub(super) async fn post_by_hand(&self, order: EntityId) -> anyhow::Result<()> {
        if self.took_effect(&self.plant.erp, "posted_by_hand").await? > 0 {
            // The process may have ended before the ERP was itself again.
            return self.habits(&self.plant.erp, &json!({})).await;
        }
        let busy = json!({ "unavailable": { "per_mille": 1000, "matching": format!("POST {}", goods_at(&self.plant.erp)) } });
        self.habits(&self.plant.erp, &busy).await?;
        let receipt = self
            .until("a goods receipt that waits", order, |order| {
                let waits = |entry: &&takt_protocol::posting::Entry| {
                    entry.posting.movement == Movement::GoodsReceipt && matches!(entry.standing, Standing::Prepared | Standing::InDoubt)
                };
                order.ledger.postings().find(waits).map(|entry| entry.posting.clone())
            })
            .await?;
        let Some(line) = receipt.lines.first() else { return Ok(()) };
        let (native, erp) = (self.number_of(order).await?, &self.plant.erp);
        let status = serde_json::to_value(line.series.status)?;
        let document = json!({ "GoodsMovementCode": "02", "PostingDate": format!("{}T00:00:00", receipt.date),
            "to_MaterialDocumentItem": [{ "Material": line.series.material.as_str(), "Plant": erp.word("plant", self.plant.site.as_str()),
                "StorageLocation": erp.word("location", "finished"), "Batch": line.series.lot.as_ref().map(ToString::to_string).unwrap_or_default(),
                "GoodsMovementType": "101", "ManufacturingOrder": native, "ManufacturingOrderItem": "1", "GoodsMovementRefDocType": "F",
                "InventoryStockType": erp.word("stock", status.as_str().unwrap_or_default()),
                "QuantityInEntryUnit": line.qty.value().to_string(), "EntryUnit": erp.word("unit", line.qty.uom().code()) }] });
        self.by_hand(erp, &json!({ "do": "post", "user": "KOTT", "document": document })).await?;
        let adopted = self
            .until("the posting by hand adopted", order, |order| {
                order.ledger.postings().find_map(|entry| match &entry.standing {
                    Standing::Adopted { document } => Some(document.clone()),
                    Standing::Prepared
                    | Standing::InFlight
                    | Standing::InDoubt
                    | Standing::Posted { .. }
                    | Standing::Parked { .. }
                    | Standing::WrittenOff => None,
                })
            })
            .await;
        self.habits(erp, &json!({})).await?;
        let say = format!("{} of {} was posted by KOTT by hand, document {}: adopted", line.qty, line.series.material, adopted?);
        self.scene.say.trouble(&self.plant, &native, &say);
        Ok(())
    }
}
