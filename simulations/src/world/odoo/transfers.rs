//! Pickings and their moves: how they are drafted, kept and shown.
//!
//! Apart from their validation because a draft moves nothing, whatever it says.

use serde::Deserialize;
use serde_json::{Value, json};

use super::super::moment::Moment;
use super::super::system::Desk;
use super::Odoo;
use super::records::{Fault, Named, Outcome, missing, or_false, or_nothing, read, read_date, stamped};
use super::search::Exactly;

/// Locations that hold stock.
pub(super) const INSIDE: [&str; 3] = ["Stock", "Quality", "Blocked"];

/// Where things come from and go to, and which hold none.
const OUTSIDE: [&str; 4] = ["Production", "Scrap", "Customers", "Inventory"];

/// Where a picking is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Draft,
    Done,
    Cancel,
}

impl Stage {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Done => "done",
            Self::Cancel => "cancel",
        }
    }
}

/// What an order has to do with a move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// It makes what is moved.
    Finished(u64),
    /// It uses what is moved.
    Component(u64),
    /// Nothing.
    None,
}

/// One line of a picking.
#[derive(Clone, Debug)]
pub(super) struct Move {
    pub(super) id: u64,
    pub(super) product: String,
    pub(super) lot: Option<String>,
    quantity: f64,
    uom: String,
    /// In the product's own unit.
    pub(super) base: f64,
    pub(super) warehouse: String,
    pub(super) from: &'static str,
    pub(super) to: &'static str,
    pub(super) purpose: Purpose,
}

/// One picking.
#[derive(Clone, Debug)]
pub(super) struct Picking {
    pub(super) id: u64,
    pub(super) name: String,
    client_reference: Option<String>,
    pub(super) date: Option<String>,
    note: Option<String>,
    pub(super) stage: Stage,
    pub(super) moves: Vec<Move>,
    pub(super) written_at: Moment,
    pub(super) written_by: String,
}

/// A picking as a client creates it. What else is sent is left aside.
#[derive(Deserialize)]
struct NewPicking {
    #[serde(default, deserialize_with = "or_false")]
    client_reference: Option<String>,
    #[serde(default, deserialize_with = "or_false")]
    date: Option<String>,
    #[serde(default, deserialize_with = "or_false")]
    note: Option<String>,
    /// Commands: create, of no id yet, with these values.
    moves: Vec<(u8, u64, NewMove)>,
}

#[derive(Deserialize)]
pub(super) struct NewMove {
    product_id: Named,
    quantity: f64,
    product_uom: String,
    warehouse_id: Named,
    location: String,
    location_dest: String,
    #[serde(default, deserialize_with = "or_false")]
    lot_name: Option<String>,
    #[serde(default, deserialize_with = "or_false")]
    production_id: Option<Named>,
    #[serde(default, deserialize_with = "or_false")]
    raw_material_production_id: Option<Named>,
}

impl Odoo {
    pub(super) fn create_picking(&mut self, desk: &mut Desk, user: &str, values: &Value) -> Outcome<u64> {
        let new: NewPicking = read(values)?;
        if new.moves.is_empty() {
            return Err(Fault::user("Please add some items to move."));
        }
        if let Some(date) = &new.date {
            read_date(date)?;
        }
        if new.moves.iter().any(|(command, _, _)| *command != 0) {
            return Err(Fault::malformed("a new record can only create its lines"));
        }
        let moves = new.moves.iter().map(|(_, _, one)| self.drafted(one)).collect::<Outcome<Vec<Move>>>()?;
        let moves: Vec<Move> = moves.into_iter().map(|one| Move { id: self.next_id(), ..one }).collect();
        let id = self.next_id();
        let picking = Picking {
            id,
            name: format!("WH-MV-{id:05}"),
            client_reference: new.client_reference,
            date: new.date,
            note: new.note,
            stage: Stage::Draft,
            moves,
            written_at: desk.stamp(desk.now),
            written_by: user.to_owned(),
        };
        self.pickings.insert(id, picking);
        Ok(id)
    }

    /// A line whose names all mean something.
    fn drafted(&self, new: &NewMove) -> Outcome<Move> {
        let product = self.product(&new.product_id)?;
        let base = product.in_own_unit(new.quantity, &new.product_uom)?;
        if base <= 0.0 {
            return Err(Fault::user(format!("The quantity of {} must be positive.", product.code)));
        }
        let purpose = match (&new.production_id, &new.raw_material_production_id) {
            (None, None) => Purpose::None,
            (Some(order), None) => Purpose::Finished(self.order(order)?.id),
            (None, Some(order)) => Purpose::Component(self.order(order)?.id),
            (Some(_), Some(_)) => return Err(Fault::malformed("a move is of a finished product or of a component, not of both")),
        };
        Ok(Move {
            id: 0,
            product: product.code.clone(),
            lot: new.lot_name.clone(),
            quantity: new.quantity,
            uom: new.product_uom.clone(),
            base,
            warehouse: self.warehouse(&new.warehouse_id)?,
            from: location(&new.location)?,
            to: location(&new.location_dest)?,
            purpose,
        })
    }

    /// Gives a draft up.
    pub(super) fn cancel_picking(&mut self, desk: &mut Desk, user: &str, id: u64) -> Outcome<Value> {
        let stamp = desk.stamp(desk.now);
        let picking = self.pickings.get_mut(&id).ok_or_else(|| missing("stock_picking", &id.to_string()))?;
        match picking.stage {
            Stage::Draft | Stage::Cancel => picking.stage = Stage::Cancel,
            Stage::Done => return Err(Fault::user("You cannot cancel a transfer that has been done. Create a return instead.")),
        }
        picking.written(stamp, user);
        Ok(json!(true))
    }

    pub(super) fn picking_view(&self, picking: &Picking) -> Value {
        json!({
            "id": picking.id, "name": picking.name, "client_reference": or_nothing(picking.client_reference.as_deref()),
            "date": or_nothing(picking.date.as_deref()), "note": or_nothing(picking.note.as_deref()), "state": picking.stage.name(),
            "moves": self.move_views(picking, &Exactly::default()), "write_date": stamped(picking.written_at), "write_uid": picking.written_by,
        })
    }

    /// The moves of a picking that can be meant by those who name what they are for.
    pub(super) fn move_views(&self, picking: &Picking, named: &Exactly) -> Vec<Value> {
        let order = |id: u64| self.orders.get(&id).map_or(json!(false), |order| json!([order.id, order.name]));
        let view = |one: &Move| {
            let (finished, component) = match one.purpose {
                Purpose::Finished(id) => (order(id), json!(false)),
                Purpose::Component(id) => (json!(false), order(id)),
                Purpose::None => (json!(false), json!(false)),
            };
            json!({
                "id": one.id, "picking_id": [picking.id, picking.name], "product_id": self.product_pair(&one.product),
                "lot_name": or_nothing(one.lot.as_deref()), "quantity": one.quantity, "product_uom": one.uom, "quantity_base": one.base,
                "warehouse_id": self.warehouse_pair(&one.warehouse), "location": one.from, "location_dest": one.to,
                "production_id": finished, "raw_material_production_id": component, "state": picking.stage.name(),
                "date": or_nothing(picking.date.as_deref()), "write_date": stamped(picking.written_at),
            })
        };
        picking.moves.iter().filter(|one| self.is_move_meant(one, named)).map(view).collect()
    }

    fn is_move_meant(&self, one: &Move, named: &Exactly) -> bool {
        let to = |id: u64| self.orders.get(&id).map(|order| (order.id, order.name.as_str()));
        let (finished, component) = match one.purpose {
            Purpose::Finished(id) => (to(id), None),
            Purpose::Component(id) => (None, to(id)),
            Purpose::None => (None, None),
        };
        named.may(one.id, &[]) && named.may_lead("production_id", finished) && named.may_lead("raw_material_production_id", component)
    }
}

impl Picking {
    pub(super) fn is_meant(&self, named: &Exactly) -> bool {
        named.may(self.id, &[("client_reference", self.client_reference.as_deref()), ("name", Some(self.name.as_str()))])
    }

    /// Notes who wrote it, and when: never the same instant twice.
    pub(super) fn written(&mut self, stamp: Moment, user: &str) {
        self.written_at = stamp.max(self.written_at.plus_ms(1));
        user.clone_into(&mut self.written_by);
    }
}

fn location(name: &str) -> Outcome<&'static str> {
    let known = INSIDE.into_iter().chain(OUTSIDE).find(|known| *known == name);
    known.ok_or_else(|| Fault::malformed(format!("No matching record found for '{name}' in field 'Location'")))
}
