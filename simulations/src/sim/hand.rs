//! Somebody at an ERP loses patience: while it takes no goods postings from us, they post by hand what waits, although ours may be
//! under way.

use std::time::Duration;

use serde_json::{Value, json};
use takt_protocol::kernel::Own;
use takt_protocol::order::Order;
use takt_protocol::posting::{Movement, Standing};

use super::people::People;
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
