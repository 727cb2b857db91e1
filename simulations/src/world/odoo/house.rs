//! What people inside this ERP's own house do: maintain masters, close books, and everything clients do, by hand.
//!
//! Apart from the routes because nobody outside may come here and no habit interferes. What is done by hand goes through
//! the very same rules as what comes from outside.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::exchange::{Request, Response};
use super::super::moment::Zone;
use super::super::system::Desk;
use super::products::Place;
use super::records::{Fault, Named, Outcome, answered, no_args, read_date};
use super::{Odoo, Warehouse};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewWarehouse {
    warehouse: String,
    time_zone: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OpeningBalance {
    product: String,
    warehouse: String,
    #[serde(default)]
    lot: String,
    quantity: f64,
}

#[derive(Deserialize)]
struct ByHand {
    user: String,
    #[serde(flatten)]
    deed: Deed,
}

#[derive(Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
enum Deed {
    Create {
        model: String,
        values: Value,
    },
    Write {
        model: String,
        id: u64,
        values: Value,
    },
    Press {
        model: String,
        id: u64,
        button: String,
        #[serde(default = "no_args")]
        args: Value,
    },
}

fn sent<T: serde::de::DeserializeOwned>(request: &Request) -> Outcome<T> {
    request.read().map_err(Fault::malformed)
}

impl Odoo {
    /// `/_sim/…` of this ERP.
    pub(super) fn in_house(&mut self, desk: &mut Desk, request: &Request) -> Outcome<Response> {
        let result = match (request.method.name(), request.segments().get(1..).unwrap_or_default()) {
            ("POST", ["warehouses"]) => self.open_warehouse(sent(request)?)?,
            ("POST", ["products"]) => self.maintain_product(sent(request)?)?,
            ("POST", ["boms"]) => self.maintain_bom(sent(request)?)?,
            ("POST", ["stock"]) => self.open_stock(sent(request)?)?,
            ("PUT", ["lock-dates"]) => self.lock_books(&sent(request)?)?,
            ("POST", ["by-hand"]) => self.by_hand(desk, sent(request)?)?,
            _ => return Ok(Fault::malformed(format!("{} is not a desk of this house", request.path)).as_not_found()),
        };
        Ok(answered(&result))
    }

    fn open_warehouse(&mut self, new: NewWarehouse) -> Outcome<Value> {
        let zone = Zone::named(&new.time_zone).map_err(|wrong| Fault::malformed(wrong.to_string()))?;
        let known = self.warehouses.get(&new.warehouse).map(|known| (known.id, known.locked_until));
        let (id, locked_until) = known.unwrap_or_else(|| (self.next_id(), None));
        self.warehouses.insert(new.warehouse, Warehouse { id, zone, locked_until });
        Ok(json!(id))
    }

    fn open_stock(&mut self, balance: OpeningBalance) -> Outcome<Value> {
        let product = self.product(&Named::Name(balance.product))?.clone();
        let warehouse = self.warehouse(&Named::Name(balance.warehouse))?;
        if product.tracked == balance.lot.is_empty() {
            return Err(Fault::user(format!("{} is tracked by lot, or it is not.", product.code)));
        }
        let quantity = product.in_own_unit(balance.quantity, &product.uom)?;
        if !balance.lot.is_empty() {
            let id = self.next_id();
            self.lots.entry((product.code.clone(), balance.lot.clone())).or_insert(id);
        }
        let place = Place { product: product.code, warehouse, location: "Stock".to_owned(), lot: balance.lot };
        *self.quants.entry(place).or_default() += quantity;
        Ok(json!(true))
    }

    fn lock_books(&mut self, dates: &BTreeMap<String, String>) -> Outcome<Value> {
        let read: Vec<(String, Date)> = dates.iter().map(|(code, date)| Ok((code.clone(), read_date(date)?))).collect::<Outcome<_>>()?;
        for (code, _) in &read {
            self.warehouse(&Named::Name(code.clone()))?;
        }
        for (code, warehouse) in &mut self.warehouses {
            warehouse.locked_until = read.iter().find(|(named, _)| named == code).map(|(_, date)| *date);
        }
        Ok(self.lock_dates())
    }

    /// The lock date of each warehouse that has one.
    pub(super) fn lock_dates(&self) -> Value {
        let locked = self.warehouses.iter().filter_map(|(code, one)| Some((code.clone(), one.locked_until?.to_string())));
        json!(locked.collect::<BTreeMap<String, String>>())
    }

    fn by_hand(&mut self, desk: &mut Desk, ByHand { user, deed }: ByHand) -> Outcome<Value> {
        desk.habits.count("done_by_hand");
        match deed {
            Deed::Create { model, values } => self.create(desk, &user, &model, &values),
            Deed::Write { model, id, values } => self.write(desk, &user, &model, id, &values),
            Deed::Press { model, id, button, args } => self.press(desk, &user, (&model, id, &button), &args),
        }
    }
}
