//! The second act: an order of six pallets in two lots with a co-product, two pallets of which leave before it is complete, and whose
//! steel turns out to be in question; and an order whose period is closed, of which material was used before anybody knew it.
//! Everything is done by people of the foreign systems or over our own API, and may be done again after a restart.

use std::path::PathBuf;

use anyhow::Context as _;
use reqwest::Method;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use takt_protocol::case::CaseKind;
use takt_protocol::id::EntityId;
use takt_protocol::kernel::Own;
use takt_protocol::native::NativeId;
use takt_protocol::order::Order;
use takt_protocol::posting::{Standing, Use, accounts};
use takt_protocol::words::LotKey;
use takt_simulations::world::system::Kind;

use super::people::listed;
use super::start;
use super::tale::Tale;
use super::trouble::Finding;
use super::{Stage, write_whole};

/// Pieces on a pallet of the order with two lots, how many a second its line makes, and how many are begun.
pub(super) const PALLET: u32 = 48;
pub(super) const PIECES_PER_SECOND: u32 = 20;
pub(super) const PIECES: u32 = 288;

/// Pieces of the order whose period is closed.
pub(super) const FEW: u32 = 100;

/// A component of which two lots lie at the line, and how much of the first.
pub(super) const TWO_LOTS: (&str, [&str; 2], &str) = ("STEEL-5", ["H-5501", "H-5502"], "80");

/// What people at the line take without being told.
const GREASE: &str = "GREASE";

/// The number of an order that there will never be.
const MISTYPED: &str = "1999999";

impl Tale {
    /// Six pallets of two lots; the steel of the first ones is held when two have left, two stand on a truck, one in the warehouse,
    /// and the rest is in work.
    pub(super) async fn two_lots_and_bad_steel(&self) -> anyhow::Result<()> {
        let order = self.release().await?;
        let native = self.number_of(order).await?;
        let job = self.job_of(order).await?;
        self.scene.say.line(&self.plant, &native, &format!("accepted by the plant as {job}"));
        let two = Decimal::from(2 * PALLET);
        self.made(&job, 2 * PALLET).await?;
        self.once(
            &format!("second-lot-{}", self.number),
            &json!({ "do": "change_lot", "job": job.to_string(), "lot": format!("{native}-B") }),
        )
        .await?;
        self.made(&job, 4 * PALLET).await?;
        self.pause(&job).await?;
        self.stored(order, 2).await?;
        let early = self.delivery(1);
        self.plan(&early, two).await?;
        self.departed(&early).await?;
        // What left a moment ago may be on its way to us still; the steel is in question when we know it.
        let known = async || {
            let state = self.shipment(&early).await?;
            Ok(state
                .is_some_and(|state| matches!(&state.own, Own::Shipment(gone) if gone.stage == takt_protocol::shipment::Stage::Departed))
                .then_some(()))
        };
        self.scene.people.until(&format!("word that {early} has left"), known).await?;
        let complete = self.order(order).await?.completed;
        anyhow::ensure!(
            !complete || self.scene.is_done(&format!("resumed-{}", self.number)),
            "order {native} was complete before {early} left"
        );
        self.scene.say.line(&self.plant, &native, &format!("{early} left with two pallets while the order runs"));
        self.stored(order, 4).await?;
        let late = self.delivery(2);
        self.plan(&late, two).await?;
        self.question_the_steel(order, &native, [&early, &late]).await?;
        self.resume(&job).await?;
        self.until("its last piece", order, |order| order.completed.then_some(())).await?;
        let pallets = self.until("every pallet announced", order, |order| Some(order.units.len())).await?;
        let lots = self.until("two lots and a co-product", order, two_lots).await?;
        self.scene.say.line(&self.plant, &native, &format!("completed at the plant: {pallets} pallets of {lots}"));
        self.stored(order, pallets).await?;
        self.departed(&late).await?;
        self.scene.say.line(&self.plant, &native, &format!("{late} left with clearance"));
        self.settle(order).await
    }

    fn delivery(&self, part: u32) -> String {
        format!("SHP-{}-{part}", 7780 + self.number)
    }

    /// Until the people at the line have seen so many good pieces.
    async fn made(&self, job: &NativeId, wanted: u32) -> anyhow::Result<()> {
        let url = format!("{}/jobs/{job}", self.plant.mes.url);
        let seen = async || {
            let job = self.scene.people.read(&url).await?;
            let good = listed(&job, "steps").last().and_then(|step| step.get("good")).and_then(Value::as_u64);
            Ok(good.is_some_and(|good| good >= u64::from(wanted)).then_some(()))
        };
        self.scene.people.until(&format!("{wanted} pieces of {job} at the line"), seen).await
    }

    /// Something that the people of the plant do once.
    async fn once(&self, mark: &str, body: &Value) -> anyhow::Result<()> {
        if self.scene.is_done(mark) {
            return Ok(());
        }
        self.by_hand(&self.plant.mes, body).await?;
        self.scene.done(mark)
    }

    /// The people at the line take a break. A held job is not held again: they may have done it before a restart.
    async fn pause(&self, job: &NativeId) -> anyhow::Result<()> {
        let mark = format!("pause-{}", self.number);
        if self.is_held(job).await? {
            return self.scene.done(&mark);
        }
        self.once(&mark, &json!({ "do": "hold", "job": job.to_string(), "reason": "shift break" })).await
    }

    /// The break is over; a job that goes on already is left alone.
    async fn resume(&self, job: &NativeId) -> anyhow::Result<()> {
        let mark = format!("resumed-{}", self.number);
        if !self.is_held(job).await? {
            return self.scene.done(&mark);
        }
        self.once(&mark, &json!({ "do": "resume", "job": job.to_string() })).await
    }

    async fn is_held(&self, job: &NativeId) -> anyhow::Result<bool> {
        let job = self.scene.people.read(&format!("{}/jobs/{job}", self.plant.mes.url)).await?;
        Ok(job.get("state").and_then(Value::as_str) == Some("held"))
    }

    /// The lot of a component that was at the line first is in question: everything that was made of it is held wherever it is, until
    /// the laboratory has decided.
    async fn question_the_steel(&self, order: EntityId, native: &str, trucks: [&str; 2]) -> anyhow::Result<()> {
        let [early, late] = trucks;
        let mark = format!("steel-{}", self.number);
        if self.scene.is_done(&mark) {
            return Ok(());
        }
        self.packing(late).await?;
        let LotKey { material, lot } = self.until("a lot of a component used", order, first_used).await?;
        Finding {
            material: material.as_str(),
            lot: lot.as_str(),
            pallets: &[],
            quantity: TWO_LOTS.2,
            unit: "KGM",
            reason: "hardness",
            severity: "critical",
        }
        .raise(&self.scene.people, &self.plant)
        .await?;
        let held = self.until("a lot held that was made of it", order, held_lots).await?;
        self.scene.say.trouble(&self.plant, native, &format!("lot {lot} of {material} is in question: {held} held"));
        self.scene
            .people
            .until(&format!("{early} on the recall list, {late} stopped"), async || {
                let gone = self.shipment_says(early, CaseKind::HeldAfterClearance).await?;
                let stopped = self.shipment_holds(late).await?;
                Ok((gone && stopped).then_some(()))
            })
            .await?;
        self.scene.say.trouble(&self.plant, native, &format!("{early} has left and is on the recall list; {late} is stopped"));
        self.until("the steel decided", order, |order| order.lots.values().all(|lot| lot.holds.is_empty()).then_some(())).await?;
        self.scene.say.line(&self.plant, native, &format!("lot {lot} of {material} decided: accepted"));
        self.scene.done(&mark)
    }

    async fn shipment(&self, delivery: &str) -> anyhow::Result<Option<takt_protocol::kernel::State>> {
        for region in self.scene.mesh.regions().values() {
            for found in region.index().search(&NativeId::parse(delivery)?) {
                let state = self.state(found.1).await?;
                if matches!(state.own, Own::Shipment(_)) {
                    return Ok(Some(state));
                }
            }
        }
        Ok(None)
    }

    async fn shipment_says(&self, delivery: &str, kind: CaseKind) -> anyhow::Result<bool> {
        let state = self.shipment(delivery).await?;
        Ok(state.is_some_and(|state| state.common.cases.values().any(|case| case.kind == kind)))
    }

    async fn shipment_holds(&self, delivery: &str) -> anyhow::Result<bool> {
        let Some(state) = self.shipment(delivery).await? else { return Ok(false) };
        Ok(matches!(&state.own, Own::Shipment(shipment) if !shipment.holds.is_empty()))
    }

    /// Its period is closed from before it runs until it is complete; and material was used for it before anybody knew of it, and for an
    /// order that nobody will ever know.
    pub(super) async fn closed_period(&self, stage: &Stage) -> anyhow::Result<()> {
        self.use_before(&self.planned_order()).await?;
        let reopened = format!("reopened-{}", self.number);
        // What was opened again stays open, also when the demo is started once more.
        if !self.scene.is_done(&reopened) {
            self.set_period(stage, true).await?;
        }
        let order = self.release().await?;
        let native = self.number_of(order).await?;
        let job = self.job_of(order).await?;
        self.scene.say.line(&self.plant, &native, &format!("accepted by the plant as {job}"));
        self.until("its last piece", order, |order| order.completed.then_some(())).await?;
        if !self.scene.is_done(&reopened) {
            let (waiting, meant, proposed) = self.until("its postings parked", order, parked).await?;
            let say = format!("{waiting} postings of {meant} wait, for the period is closed; possible is {proposed}, and finance is asked");
            self.scene.say.trouble(&self.plant, &native, &say);
            self.set_period(stage, false).await?;
            self.scene.done(&reopened)?;
        }
        self.retry_parked(order).await?;
        self.quarantined(|waiting| waiting < 2).await?;
        self.scene.say.line(&self.plant, &native, "what was used before anybody knew it has found it by itself");
        self.match_mistyped(order, &native).await?;
        self.settle(order).await?;
        self.scene.say.line(&self.plant, &native, "done: posted on the days on which it happened");
        Ok(())
    }

    fn has_odoo(&self) -> bool {
        self.plant.erp.kind == Kind::ErpOdoo
    }

    /// Somebody at the line books grease for two numbers: one that is coming, and one that is mistyped.
    async fn use_before(&self, planned: &str) -> anyhow::Result<()> {
        let mark = format!("used-before-{}", self.number);
        if self.scene.is_done(&mark) {
            return Ok(());
        }
        let step: u32 = self.recipe.operations.first().map_or("10", |operation| operation.op.as_str()).parse()?;
        // After a restart, what they have booked is not booked again.
        let booked = usize::try_from(self.took_effect(&self.plant.mes, "used_by_hand").await?)?;
        for number in [planned, MISTYPED].into_iter().skip(booked) {
            let used = json!({ "order": number, "step": step, "part": GREASE, "lot": null, "amount": "0.25", "measure": "KG" });
            self.scene.people.done(Method::POST, &format!("{}/_sim/use", self.plant.mes.url), &used, &[]).await?;
        }
        self.quarantined(|waiting| waiting >= 2).await?;
        self.scene.done(&mark)?;
        self.scene.say.trouble(
            &self.plant,
            planned,
            &format!("used for {planned} and {MISTYPED}, which nobody knows: both wait at {}", self.plant.site),
        );
        Ok(())
    }

    /// Until so many inputs wait in the quarantine of the plant.
    async fn quarantined(&self, enough: impl Fn(usize) -> bool) -> anyhow::Result<()> {
        let site = self.scene.mesh.book().site_entity(self.plant.site).context("the plant is no site")?;
        let looked = async || match self.state(site).await?.own {
            Own::Site(site) if enough(site.quarantine.len()) => Ok(Some(())),
            Own::Site(_) | Own::Order(_) | Own::Lot(_) | Own::Unit(_) | Own::Shipment(_) | Own::Record(_) => Ok(None),
        };
        self.scene.people.until(&format!("the quarantine of {}", self.plant.site), looked).await
    }

    /// Closes this month for posting, or opens it: in the ERP itself, and in the text that says what we know of it.
    async fn set_period(&self, stage: &Stage, closed: bool) -> anyhow::Result<()> {
        let book = self.scene.mesh.book();
        let calendar = &book.sites.get(&self.plant.site).context("the plant is no site")?.calendar;
        let today = calendar.date(self.scene.mesh.clock().now()).to_string();
        let month: String = today.chars().take(7).collect();
        let code = self.plant.erp.word("plant", self.plant.site.as_str());
        let (desk, body) = if self.has_odoo() {
            ("lock-dates", json!({ code: if closed { today.as_str() } else { "2026-01-01" } }))
        } else {
            ("periods", json!({ "closed": if closed { vec![month.as_str()] } else { Vec::new() } }))
        };
        self.scene.people.done(Method::PUT, &format!("{}/_sim/{desk}", self.plant.erp.url), &body, &[]).await?;
        let path: PathBuf = self.scene.data.join("config/sites").join(format!("{}.yaml", self.plant.erp.site));
        let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let (open, shut) = ("periods: {}\n".to_owned(), format!("periods: {{\"{month}\": closed}}\n"));
        let changed = if closed { text.replace(&open, &shut) } else { text.replace(&shut, &open) };
        write_whole(&path, changed.as_bytes()).with_context(|| format!("cannot write {}", path.display()))?;
        start::renew(stage).await
    }

    /// Finance sends everything again that waited for the period, each under a key of its own.
    async fn retry_parked(&self, order: EntityId) -> anyhow::Result<()> {
        self.scene
            .people
            .until("nothing parked any more", async || {
                let state = self.state(order).await?;
                let Own::Order(own) = &state.own else { return Ok(Some(())) };
                if !own.ledger.postings().any(|entry| matches!(entry.standing, Standing::Parked { .. })) {
                    return Ok(Some(()));
                }
                for case in state.common.cases.values().filter(|case| case.posting.is_some()) {
                    let body = json!({ "action": "retry", "reason": "the period is open again" });
                    self.act(&takt_protocol::case::short(order, case.number), "FINANCE", &body).await?;
                }
                Ok(None)
            })
            .await
    }

    /// Production says which order the mistyped number meant.
    async fn match_mistyped(&self, order: EntityId, native: &str) -> anyhow::Result<()> {
        let entity = self.scene.mesh.book().site_entity(self.plant.site).context("the plant is no site")?;
        let state = self.state(entity).await?;
        let case = state.common.cases.values().find(|case| case.kind == CaseKind::Unmatched && case.what.contains(MISTYPED));
        let Some(case) = case else { return Ok(()) };
        let before = grease(&self.order(order).await?);
        let body = json!({ "action": "match", "entity": order.to_string(), "reason": "typed wrong at the line" });
        self.act(&takt_protocol::case::short(entity, case.number), "IT", &body).await?;
        self.until("what was used under a mistyped number", order, |order| (grease(order) > before).then_some(())).await?;
        self.scene.say.line(&self.plant, native, &format!("what was used for {MISTYPED} was meant for it, says a person"));
        Ok(())
    }

    /// What a person of a role does about an exception.
    async fn act(&self, case: &str, role: &str, body: &Value) -> anyhow::Result<()> {
        let bearer = format!("Bearer {}", start::token(&format!("TAKT_{role}")));
        let key = format!("demo-{role}-{case}");
        let headers = [("authorization", bearer.as_str()), ("idempotency-key", key.as_str())];
        let url = format!("{}/v1/exceptions/{case}/actions", self.scene.door);
        self.scene.people.done(Method::POST, &url, body, &headers).await.map(drop)
    }
}

/// Two lots of the product, and one of what comes out beside it.
fn two_lots(order: &Order) -> Option<String> {
    let product = &order.header()?.material;
    let (main, other): (Vec<_>, Vec<_>) = order.made.iter().map(|(key, _)| key).partition(|key| key.material == *product);
    let named = |keys: Vec<&LotKey>| keys.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and ");
    (main.len() == 2 && other.len() == 1).then(|| format!("{} with the co-product {}", named(main), named(other)))
}

/// The lot of the component that was at the line first.
fn first_used(order: &Order) -> Option<LotKey> {
    order.consumed.iter().map(|(key, _)| key).find(|key| key.lot.as_str() == TWO_LOTS.1[0]).cloned()
}

/// Which of its lots are held, when any is.
fn held_lots(order: &Order) -> Option<String> {
    let is_held = |lot: &EntityId| order.lots.get(lot).is_some_and(|lot| !lot.holds.is_empty());
    let held: Vec<String> = order.made.iter().filter(|(_, lot)| is_held(lot)).map(|(key, _)| key.to_string()).collect();
    (!held.is_empty()).then(|| held.join(" and "))
}

/// Postings that wait for their period: how many, for which day, and which day would be possible. None while others are under way.
fn parked(order: &Order) -> Option<(usize, String, String)> {
    let under_way = |standing: &Standing| matches!(standing, Standing::Prepared | Standing::InFlight | Standing::InDoubt);
    if !order.completed || order.ledger.has_open_groups() || order.ledger.postings().any(|entry| under_way(&entry.standing)) {
        return None;
    }
    let mut waiting = order.ledger.postings().filter_map(|entry| match &entry.standing {
        Standing::Parked { proposed: Some(proposed), .. } => Some((entry.posting.date.to_string(), proposed.to_string())),
        Standing::Parked { .. }
        | Standing::Prepared
        | Standing::InFlight
        | Standing::InDoubt
        | Standing::Posted { .. }
        | Standing::Adopted { .. }
        | Standing::WrittenOff => None,
    });
    let (meant, proposed) = waiting.next()?;
    Some((waiting.count() + 1, meant, proposed))
}

/// All that was used of the material that people use by hand.
fn grease(order: &Order) -> Decimal {
    let used = accounts(&order.ledger).into_iter().filter(|places| places.series.purpose == Use::Consumed);
    used.filter(|places| places.series.material.as_str() == GREASE).map(|places| places.reported.value()).sum()
}
