//! Somebody at an ERP loses patience: while it takes no goods postings from us, they post by hand what waits, although ours may be
//! under way.

use std::time::Duration;

use serde_json::{Value, json};
use takt_protocol::kernel::Own;
use takt_protocol::order::Order;
use takt_protocol::posting::{Movement, Standing};

use super::people::{People, list, text};
use super::town::House;
use crate::world::Request;
use crate::world::habits::Habit;
use crate::world::system::Kind;

/// How often they look.
const LOOK: Duration = Duration::from_secs(20);

/// For so long.
pub(super) async fn post(people: &People, lasts: Duration) {
    let until = people.town.elapsed() + lasts;
    let erps: Vec<_> = people.town.houses().filter(|house| house.kind == Kind::Erp).collect();
    for erp in &erps {
        people.town.set_habits(erp, &[(Habit::GatewayTimeout, 300), (Habit::LostReply, 300), (Habit::Unavailable, 300)]);
    }
    let mut done = std::collections::BTreeSet::new();
    while people.town.elapsed() < until {
        tokio::time::sleep(LOOK).await;
        for (entity, state) in people.orders().await {
            let Some(Own::Order(order)) = state.map(|state| state.own) else { continue };
            let Some(erp) = order.header().and_then(|header| erps.iter().find(|erp| erp.site == header.erp)) else { continue };
            if let Some(document) = document(people, erp, &order)
                && done.insert(entity)
            {
                let body = json!({ "do": "post", "user": "KOTT", "document": document });
                match people.town.do_there(erp, &Request::post("/_sim/by-hand", &body)) {
                    Ok(_) => people.town.count("posted_by_hand"),
                    Err(error) => tracing::debug!(%error, "it cannot be posted by hand"),
                }
            }
        }
    }
    for erp in erps {
        people.town.usual_habits(erp);
    }
}

/// At each plant somebody counts again, now and then, and takes a piece back or adds one.
pub(super) async fn correct(people: &People, lasts: Duration) {
    let until = people.town.elapsed() + lasts;
    let mut luck = people.luck("corrections");
    while people.town.elapsed() < until {
        tokio::time::sleep(LOOK * 6).await;
        for mes in people.town.houses().filter(|house| house.kind == Kind::Mes) {
            let books = mes.with(|system| system.books());
            let jobs: Vec<&Value> = list(&books, "jobs").iter().filter(|job| counted(job)).collect();
            let Some(job) = usize::try_from(luck.below(jobs.len() as u64)).ok().and_then(|at| jobs.get(at)) else { continue };
            let steps = list(job, "steps");
            let Some(step) = usize::try_from(luck.below(steps.len() as u64)).ok().and_then(|at| steps.get(at)) else { continue };
            let pieces = if luck.one_in(3) { 1 } else { -1 };
            let body = json!({ "do": "correct_count", "job": job.get("job"), "step": step.get("step"), "pieces": pieces,
                "person": "S. Keller", "reason": "miscount" });
            if let Err(error) = people.town.do_there(mes, &Request::post("/_sim/by-hand", &body)) {
                tracing::debug!(%error, "a count cannot be corrected");
            }
        }
    }
}

/// Whether there is something to correct at every step of a job that is under way.
fn counted(job: &Value) -> bool {
    let steps = list(job, "steps");
    let good = |step: &Value| step.get("good").and_then(Value::as_u64).is_some_and(|good| good > 3);
    text(job, "state") == "running" && !steps.is_empty() && steps.iter().all(good)
}

/// The first goods receipt of an order that may be under way, as a person writes it down.
fn document(people: &People, erp: &House, order: &Order) -> Option<Value> {
    let waits = |standing: &Standing| matches!(standing, Standing::Prepared | Standing::InFlight | Standing::InDoubt);
    let entry = order.ledger.postings().find(|entry| entry.posting.movement == Movement::GoodsReceipt && waits(&entry.standing))?;
    let (receipt, line) = (&entry.posting, entry.posting.lines.first()?);
    let header = order.header()?;
    let word = |table: &str, ours: &str| people.text.word(erp.site, table, ours);
    let status = serde_json::to_value(line.series.status).ok()?;
    Some(json!({ "GoodsMovementCode": "02", "PostingDate": format!("{}T00:00:00", receipt.date),
        "to_MaterialDocumentItem": [{ "Material": line.series.material.as_str(), "Plant": word("plant", header.plant.as_str()),
            "StorageLocation": word("location", "finished"),
            "Batch": line.series.lot.as_ref().map(ToString::to_string).unwrap_or_default(), "GoodsMovementType": "101",
            "ManufacturingOrder": header.number.to_string(), "ManufacturingOrderItem": "1", "GoodsMovementRefDocType": "F",
            "InventoryStockType": word("stock", status.as_str().unwrap_or_default()),
            "QuantityInEntryUnit": line.qty.value().to_string(), "EntryUnit": word("unit", line.qty.uom().code()) }] }))
}
