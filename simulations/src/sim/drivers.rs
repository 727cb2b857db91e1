//! Truck drivers. A truck and the goods on it are one thing, although two systems know of it: a driver leaves when the warehouse has booked
//! his goods out, and not before, whenever the transport system lets him go.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use takt_protocol::name::SiteId;

use super::people::{People, list, text};
use super::town::House;
use crate::world::Request;

/// How often a driver looks out of his window.
const LOOK: Duration = Duration::from_mins(1);

/// The drivers of a transport system, for ever.
pub(super) async fn wait(people: Arc<People>, tms: Arc<House>) {
    let mut loaded = BTreeSet::new();
    loop {
        tokio::time::sleep(LOOK).await;
        let books = tms.with(|system| system.books());
        let ready = list(&books, "loads").iter().filter(|load| text(load, "state") == "released" && !loaded.contains(text(load, "load")));
        let mut warehouses = BTreeMap::new();
        for load in ready.collect::<Vec<_>>() {
            let number = text(load, "load").to_owned();
            if !is_loaded(&people, text(load, "shipment"), &mut warehouses) {
                continue;
            }
            match people.town.do_there(&tms, &Request::post(&format!("/_sim/loaded/{number}"), &json!({}))) {
                Ok(_) => _ = loaded.insert(number),
                Err(error) => tracing::warn!(%error, "a driver is not told that his truck is loaded"),
            }
        }
    }
}

/// Whether the warehouse has booked out what a transport system calls so: a warehouse and its delivery. The books of a warehouse are
/// written out once a look.
fn is_loaded(people: &People, shipment: &str, books: &mut BTreeMap<SiteId, Value>) -> bool {
    let Some((warehouse, delivery)) = shipment.split_once('/') else { return false };
    let Some(wms) = people.town.houses().find(|house| house.site.as_str() == warehouse) else { return false };
    let books = books.entry(wms.site).or_insert_with(|| wms.with(|system| system.books()));
    list(books, "deliveries").iter().any(|one| text(one, "delivery") == delivery && text(one, "state") == "departed")
}
