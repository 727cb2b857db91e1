//! What may become of an order after it was made: other quantities, dates, materials, another version, another status.
//!
//! Apart from the people and the services that ask for it, because the rules are the same for both.

use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::json;

use super::super::exchange::Response;
use super::super::system::Desk;
use super::Erp;
use super::documents::read_quantity;
use super::events::Event;
use super::odata::{Outcome, day_text, not_found, read_day, refused};
use super::orders::{Life, Order};

/// What is to be changed; what is empty stays.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Change {
    pub(super) quantity: String,
    pub(super) start: String,
    pub(super) end: String,
    pub(super) production_version: String,
    /// A component line, and the material it is to have.
    pub(super) item: String,
    /// An operation that is to be released before the others.
    pub(super) operation: String,
    pub(super) material: String,
}

impl Erp {
    /// Something happens to an order, by a planner or by a service: the same rules, the same event.
    pub(super) fn act(&mut self, desk: &mut Desk, number: &str, action: &str, change: &Change) -> Outcome<Response> {
        self.order(number)?;
        if !change.material.is_empty() {
            self.known_material(&change.material)?;
        }
        let at = desk.stamp(desk.now);
        if action == "change" && !change.production_version.is_empty() {
            self.another_version(number, &change.production_version)?;
        }
        let Some(order) = self.orders.get_mut(number) else { return Err(not_found(number)) };
        let event = match action {
            "release" => release(order)?,
            "release-operation" => release_operation(order, &change.operation)?,
            "change" => order.change(change)?,
            "technically-complete" => move_on(order, &[Life::Created, Life::Released], Life::TechnicallyCompleted)?,
            "reopen" => move_on(order, &[Life::TechnicallyCompleted], Life::Released)?,
            "close" => move_on(order, &[Life::TechnicallyCompleted], Life::Closed)?,
            "cancel" => move_on(order, &[Life::Created, Life::Released], Life::Cancelled)?,
            "lock" | "unlock" => {
                order.locked = action == "lock";
                Event::Changed
            }
            other => return Err(not_found(format!("action {other}"))),
        };
        order.changed_at = at;
        let order = order.view();
        self.tell(desk, event, number, &json!({ "ManufacturingOrder": number }));
        Ok(Response::json(200, &json!({ "d": order })))
    }

    /// The plan of another version, while nothing was done under the old one.
    fn another_version(&mut self, number: &str, version: &str) -> Outcome<()> {
        let order = self.order(number)?;
        let begun = order.operations.iter().any(|operation| operation.confirmations > 0);
        let taken = order.components.iter().any(|component| !component.withdrawn.is_zero());
        order.is_open("Change version")?;
        if begun || taken {
            return Err(refused("CO/110", format!("Order {number} was worked on: its version stays {}", order.production_version)));
        }
        let (operations, components) = self.planned_by(order, version)?;
        if let Some(order) = self.orders.get_mut(number) {
            (order.operations, order.components) = (operations, components);
            version.clone_into(&mut order.production_version);
        }
        Ok(())
    }
}

impl Order {
    /// Refuses a change of an order that is not open for changes.
    fn is_open(&self, what: &str) -> Outcome<()> {
        let open = matches!(self.life, Life::Created | Life::Released) && !self.locked;
        if open { Ok(()) } else { Err(refused("BS/007", format!("'{what}' is not allowed (ORD {})", self.number))) }
    }

    fn change(&mut self, change: &Change) -> Outcome<Event> {
        self.is_open("Change")?;
        if !change.quantity.is_empty() {
            self.change_quantity(&change.quantity)?;
        }
        for (day, text) in [(&mut self.start_day, &change.start), (&mut self.end_day, &change.end)] {
            if !text.is_empty() {
                *day = day_text(read_day(text)?);
            }
        }
        if !change.material.is_empty() {
            self.change_component(&change.item, &change.material)?;
        }
        Ok(Event::Changed)
    }

    /// The ERP lets a planner go below what was made: its own people know better. It is for others to notice.
    fn change_quantity(&mut self, quantity: &str) -> Outcome<()> {
        let total = read_quantity("TotalQuantity", quantity)?;
        if total <= Decimal::ZERO {
            return Err(refused("BS/007", format!("'Change quantity' is not allowed (ORD {})", self.number)));
        }
        let factor = total / self.total;
        self.components.iter_mut().for_each(|component| component.required = (component.required * factor).round_dp(3));
        self.total = total;
        self.deliver(Decimal::ZERO, false);
        Ok(())
    }

    fn change_component(&mut self, item: &str, material: &str) -> Outcome<()> {
        let number = self.number.clone();
        let component = self.components.iter_mut().find(|component| component.item == item);
        let component = component.ok_or_else(|| not_found(format!("component {item} of order {number}")))?;
        if !component.withdrawn.is_zero() {
            return Err(refused("CO/111", format!("Component {item} of order {number} was withdrawn already")));
        }
        material.clone_into(&mut component.material);
        component.batch.clear();
        Ok(())
    }
}

fn release(order: &mut Order) -> Outcome<Event> {
    if order.locked || order.life != Life::Created {
        return Err(refused("BS/007", format!("'Release' is not allowed (ORD {})", order.number)));
    }
    order.life = Life::Released;
    order.operations.iter_mut().for_each(|operation| operation.released = true);
    Ok(Event::Released)
}

/// One operation before the others: the order is partly released, until all of it is.
fn release_operation(order: &mut Order, number: &str) -> Outcome<Event> {
    let (open, order_number) = (!order.locked && order.life == Life::Created, order.number.clone());
    let operation = order.operations.iter_mut().find(|operation| operation.number == number);
    let operation = operation.filter(|_| open);
    let Some(operation) = operation else {
        return Err(refused("BS/007", format!("'Release operation {number}' is not allowed (ORD {order_number})")));
    };
    operation.released = true;
    Ok(Event::Changed)
}

fn move_on(order: &mut Order, from: &[Life], to: Life) -> Outcome<Event> {
    if order.locked || !from.contains(&order.life) {
        return Err(refused("BS/007", format!("Change of status is not allowed (ORD {})", order.number)));
    }
    order.life = to;
    Ok(match to {
        Life::TechnicallyCompleted => Event::TechnicallyCompleted,
        Life::Closed => Event::Closed,
        Life::Cancelled => Event::Cancelled,
        Life::Created | Life::Released => Event::Reopened,
    })
}
