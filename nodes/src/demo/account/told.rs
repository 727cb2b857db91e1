//! The account as a program reads it: every order with what it was, how it stands and where its quantities are, in names that are the
//! same in every run. Two demos that played the same story say the same here, whatever engine was under them.

use serde_json::{Map, Value, json};
use takt_protocol::kernel::{Own, State};
use takt_protocol::order::Order;
use takt_protocol::posting::Account as Places;
use takt_simulations::logs::Logs;

use super::Account;

/// All of it.
pub(super) fn account(account: &Account, logs: &Logs) -> Value {
    let mut orders: Vec<Value> = logs.entities().values().filter_map(|told| order(&told.state)).collect();
    orders.sort_by_key(Value::to_string);
    let counted: Map<String, Value> = account.counted.iter().map(|(what, count)| ((*what).to_owned(), json!(count))).collect();
    json!({ "orders": orders, "counted": counted, "open": account.open, "broken": account.broken })
}

fn order(state: &State) -> Option<Value> {
    let Own::Order(order) = &state.own else { return None };
    let header = order.header()?;
    let number = header.number.as_str();
    // What a person or planning called it: the number that its ERP gives depends on who came first.
    let wanted = header.demand.as_ref().map(|demand| demand.number.to_string());
    let other = state.common.names.iter().find(|name| name.system == header.erp && name.id != header.number);
    let known = wanted.or_else(|| other.map(|name| name.id.to_string()));
    let ledger: Vec<Value> = order.accounts().iter().map(|places| row(places, number)).collect();
    Some(json!({
        "wanted_as": known,
        "erp": header.erp,
        "plant": header.plant,
        "material": header.material,
        "total": header.total.to_string(),
        "business": order.business,
        "completed": order.completed,
        "units": units(order),
        "lots": order.made.iter().map(|(lot, _)| lot.to_string().replace(number, "#")).collect::<Vec<_>>(),
        "documents_by_hand": order.foreign.len(),
        "ledger": ledger,
    }))
}

/// How many handling units stand where.
fn units(order: &Order) -> Map<String, Value> {
    let mut stages: Map<String, Value> = Map::new();
    for unit in order.units.values() {
        let stage = stages.entry(format!("{:?} of {}", unit.stage, unit.qty)).or_insert(json!(0));
        *stage = json!(stage.as_u64().unwrap_or_default() + 1);
    }
    stages
}

/// Where a quantity is; a lot that is named after its order stands under `#`.
fn row(places: &Places, order: &str) -> Value {
    let series = &places.series;
    let under_way = [places.pending, places.in_flight, places.in_doubt].map(|qty| qty.to_string());
    json!({
        "use": series.purpose,
        "op": series.op,
        "item": series.item,
        "material": series.material,
        "lot": series.lot.as_ref().map(|lot| lot.as_str().replace(order, "#")),
        "status": series.status,
        "reported": places.reported.to_string(),
        "posted": places.posted.to_string(),
        "adopted": places.adopted.to_string(),
        "parked": places.parked.to_string(),
        "written_off": places.written_off.to_string(),
        "carried": places.residual.to_string(),
        "under_way": under_way,
        "balances": places.balances(),
    })
}
