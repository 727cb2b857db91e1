//! The buttons of a manufacturing order: each from some states to another, with its own reason to refuse.
//!
//! Apart from what is written because a button says no. The same buttons are pressed by people and by clients.

use serde::Deserialize;
use serde_json::{Value, json};

use super::super::system::Desk;
use super::Odoo;
use super::orders::{Order, State};
use super::products::rounded;
use super::records::{Fault, Named, Outcome, missing, read};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Quantity {
    quantity: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Version {
    version: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Replacement {
    line: String,
    product: Named,
}

impl Odoo {
    /// Presses a button of an order.
    pub(super) fn press_order(&mut self, desk: &mut Desk, user: &str, id: u64, button: &str, args: &Value) -> Outcome<Value> {
        let order = self.orders.get(&id).ok_or_else(|| missing("manufacturing_order", &id.to_string()))?;
        let before = order.state;
        let mut after = order.clone();
        match button {
            "action_confirm" => after.moves(&[State::Draft], State::Confirmed)?,
            "button_to_close" => after.moves(&[State::Confirmed, State::Progress], State::ToClose)?,
            "button_reopen" => after.moves(&[State::ToClose], if after.begun { State::Progress } else { State::Confirmed })?,
            "button_mark_done" => after.moves(&[State::ToClose], State::Done)?,
            "action_cancel" => after.cancel()?,
            "change_quantity" => self.change_quantity(&mut after, read::<Quantity>(args)?.quantity)?,
            "change_bom" => self.change_bom(&mut after, &read::<Version>(args)?.version)?,
            "replace_component" => {
                // Only the line is written: the order's own `write_date` stays, and nobody is told.
                self.replace_component(&mut after, &read(args)?)?;
                self.orders.insert(id, after);
                return Ok(json!(true));
            }
            other => return Err(Fault::malformed(format!("'manufacturing_order' has no button '{other}'"))),
        }
        after.written(desk, user);
        self.tell_order(desk, &after, Some(before));
        self.orders.insert(id, after);
        Ok(json!(true))
    }

    fn change_quantity(&self, order: &mut Order, quantity: f64) -> Outcome<()> {
        order.is_open()?;
        let product = self.product(&Named::Name(order.product.clone()))?;
        let quantity = product.in_own_unit(quantity, &product.uom)?;
        if quantity <= 0.0 || quantity < rounded(order.produced) {
            return Err(Fault::user(format!("You have already processed {}. Please input a quantity higher than that.", order.produced)));
        }
        let factor = quantity / order.quantity;
        order.components.iter_mut().for_each(|component| component.quantity = rounded(component.quantity * factor));
        order.quantity = quantity;
        Ok(())
    }

    fn change_bom(&mut self, order: &mut Order, version: &str) -> Outcome<()> {
        order.is_open()?;
        if order.begun {
            return Err(Fault::user(format!("{} was worked on: its bill of material stays {}.", order.name, order.bom_version)));
        }
        let bom = self.bom(&order.product, &order.warehouse, Some(version))?.clone();
        order.components = self.needs(&bom, order.quantity)?;
        order.work = self.work_of(&bom);
        order.bom_version = bom.version;
        Ok(())
    }

    fn replace_component(&self, order: &mut Order, wish: &Replacement) -> Outcome<()> {
        order.is_open()?;
        let (code, uom) = self.product(&wish.product).map(|product| (product.code.clone(), product.uom.clone()))?;
        let name = order.name.clone();
        let component = order.components.iter_mut().find(|component| component.line == wish.line);
        let component = component.ok_or_else(|| Fault::user(format!("{name} has no component line {}.", wish.line)))?;
        if rounded(component.consumed) != 0.0 {
            return Err(Fault::user(format!("Component line {} of {name} was consumed already.", wish.line)));
        }
        (component.product, component.uom) = (code, uom);
        Ok(())
    }
}

impl Order {
    /// Refuses a change of an order that is not open for changes.
    fn is_open(&self) -> Outcome<()> {
        match self.state {
            State::Draft | State::Confirmed | State::Progress => Ok(()),
            State::ToClose | State::Done | State::Cancel => {
                Err(Fault::user(format!("{} is in state {} and cannot be changed.", self.name, self.state.name())))
            }
        }
    }

    fn moves(&mut self, from: &[State], to: State) -> Outcome<()> {
        if !from.contains(&self.state) {
            return Err(Fault::user(format!("{} cannot go from {} to {}.", self.name, self.state.name(), to.name())));
        }
        self.state = to;
        Ok(())
    }

    fn cancel(&mut self) -> Outcome<()> {
        if self.begun {
            return Err(Fault::user(format!("{} has been worked on and cannot be cancelled.", self.name)));
        }
        self.moves(&[State::Draft, State::Confirmed], State::Cancel)
    }
}
