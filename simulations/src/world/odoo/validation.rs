//! Validating a picking: the rules of stock, orders and dates, and what changes when all of them hold.
//!
//! Apart because only here does anything move. A picking is validated whole or not at all.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::super::system::Desk;
use super::Odoo;
use super::orders::{Order, State};
use super::products::{Place, rounded};
use super::records::{Fault, Outcome, missing, read, read_date, stamped};
use super::transfers::{INSIDE, Move, Picking, Purpose, Stage};

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
#[derive(Default)]
struct Answers {
    confirm_overproduction: bool,
}

/// What a picking is about to change.
#[derive(Default)]
struct Pending {
    stock: BTreeMap<Place, f64>,
    produced: BTreeMap<u64, f64>,
    /// What would be more than ordered and tolerated.
    over: Option<String>,
    went_negative: u32,
}

impl Odoo {
    /// Does what a draft says, or asks back, or refuses.
    pub(super) fn validate(&mut self, desk: &mut Desk, user: &str, id: u64, args: &Value) -> Outcome<Value> {
        let answers: Answers = read(args)?;
        let picking = self.pickings.get(&id).ok_or_else(|| missing("stock_picking", &id.to_string()))?.clone();
        match picking.stage {
            Stage::Draft => {}
            Stage::Done => return Err(Fault::user(format!("{} is done already.", picking.name))),
            Stage::Cancel => return Err(Fault::user(format!("{} was cancelled.", picking.name))),
        }
        let mut pending = Pending::default();
        for one in &picking.moves {
            self.check_date(desk, &one.warehouse, picking.date.as_deref())?;
            self.check(&mut pending, one)?;
        }
        if let Some(message) = pending.over.take().filter(|_| !answers.confirm_overproduction) {
            desk.habits.count("asked_back");
            return Ok(json!({ "type": "act_window", "res_model": "confirm_overproduction", "message": message }));
        }
        self.take_over(desk, user, &picking, pending)?;
        self.finish(desk, user, id);
        Ok(json!(true))
    }

    /// Refuses a date after today in the warehouse's zone, and one on or before its lock date.
    pub(super) fn check_date(&self, desk: &mut Desk, warehouse: &str, date: Option<&str>) -> Outcome<()> {
        let (Some(warehouse), Some(date)) = (self.warehouses.get(warehouse), date) else { return Ok(()) };
        let date = read_date(date)?;
        if date > warehouse.zone.day(desk.now) {
            return Err(Fault::user(format!("You cannot date {date}: that is in the future.")));
        }
        if let Some(locked) = warehouse.locked_until.filter(|locked| date <= *locked) {
            desk.habits.count("period_closed");
            return Err(Fault::user(format!("You cannot add or modify entries prior to and inclusive of the lock date {locked}.")));
        }
        Ok(())
    }

    /// Checks one line against the books and what is pending already.
    fn check(&self, pending: &mut Pending, one: &Move) -> Outcome<()> {
        let tracked = self.products.get(&one.product).is_some_and(|product| product.tracked);
        match (tracked, &one.lot) {
            (true, None) => return Err(Fault::user(format!("You need to supply a Lot/Serial Number for product {}.", one.product))),
            (false, Some(_)) => return Err(Fault::user(format!("{} is not tracked by lot.", one.product))),
            (true, Some(_)) | (false, None) => {}
        }
        match one.purpose {
            Purpose::Finished(order) => self.check_finished(pending, one, order)?,
            Purpose::Component(order) => self.check_component(one, order)?,
            Purpose::None if one.from == "Production" || one.to == "Production" => {
                return Err(Fault::user("A move from or to Production needs its manufacturing order."));
            }
            Purpose::None => {}
        }
        let place = |location: &str| Place {
            product: one.product.clone(),
            warehouse: one.warehouse.clone(),
            location: location.to_owned(),
            lot: one.lot.clone().unwrap_or_default(),
        };
        if INSIDE.contains(&one.from) {
            self.check_stock(pending, one, place(one.from))?;
        }
        if INSIDE.contains(&one.to) {
            *pending.stock.entry(place(one.to)).or_default() += one.base;
        }
        Ok(())
    }

    fn check_stock(&self, pending: &mut Pending, one: &Move, place: Place) -> Outcome<()> {
        let there = self.quants.get(&place).copied().unwrap_or_default();
        let change = pending.stock.entry(place).or_default();
        *change -= one.base;
        if rounded(there + *change) >= 0.0 {
            return Ok(());
        }
        // What an order uses is believed, whatever the books say.
        if matches!(one.purpose, Purpose::Component(_)) && one.from == "Stock" {
            pending.went_negative += 1;
            return Ok(());
        }
        Err(Fault::user(format!("There is not enough {} in {}: {there} and not {}.", one.product, one.from, one.base)))
    }

    fn check_finished(&self, pending: &mut Pending, one: &Move, id: u64) -> Outcome<()> {
        let order = self.at_work(id)?;
        if !order.makes(&one.product) {
            return Err(Fault::user(format!("{} does not produce {}.", order.name, one.product)));
        }
        if order.product != one.product {
            return Ok(());
        }
        let change = pending.produced.entry(id).or_default();
        *change += if one.from == "Production" { one.base } else { -one.base };
        let after = rounded(order.produced + *change);
        if after < 0.0 {
            return Err(Fault::user(format!("{}: more would be taken back than was made.", order.name)));
        }
        if one.from == "Production" && order.tolerated().is_some_and(|most| after > rounded(most)) {
            pending.over = Some(format!("{}: {after} is more than the {} ordered. Do you want to confirm?", order.name, order.quantity));
        }
        Ok(())
    }

    fn check_component(&self, one: &Move, id: u64) -> Outcome<()> {
        self.at_work(id)?;
        let known = |lot: &String| self.lots.contains_key(&(one.product.clone(), lot.clone()));
        match &one.lot {
            Some(lot) if !known(lot) => Err(Fault::user(format!("The lot {lot} of {} does not exist.", one.product))),
            Some(_) | None => Ok(()),
        }
    }

    /// The order, if work may be reported for it.
    pub(super) fn at_work(&self, id: u64) -> Outcome<&Order> {
        let order = self.orders.get(&id).ok_or_else(|| missing("manufacturing_order", &id.to_string()))?;
        if order.state.takes_work() {
            return Ok(order);
        }
        Err(Fault::user(format!("{} is in state {}: nothing can be reported for it.", order.name, order.state.name())))
    }

    fn take_over(&mut self, desk: &mut Desk, user: &str, picking: &Picking, pending: Pending) -> Outcome<()> {
        (0..pending.went_negative).for_each(|_| desk.habits.count("stock_went_negative"));
        for (place, change) in pending.stock {
            if !place.lot.is_empty() && !self.lots.contains_key(&(place.product.clone(), place.lot.clone())) {
                let id = self.next_id();
                self.lots.insert((place.product.clone(), place.lot.clone()), id);
            }
            // Never rounded: this is where 0.1 + 0.2 is not 0.3.
            *self.quants.entry(place).or_default() += change;
        }
        for (id, change) in pending.produced {
            if let Some(order) = self.orders.get_mut(&id) {
                order.produced += change;
            }
        }
        for one in &picking.moves {
            match one.purpose {
                Purpose::Component(id) => {
                    self.consume(id, one);
                    self.begin(desk, user, id)?;
                }
                Purpose::Finished(id) => self.begin(desk, user, id)?,
                Purpose::None => {}
            }
        }
        Ok(())
    }

    fn consume(&mut self, id: u64, one: &Move) {
        let Some(order) = self.orders.get_mut(&id) else { return };
        if let Some(component) = order.components.iter_mut().find(|component| component.product == one.product) {
            component.consumed += if one.to == "Production" { one.base } else { -one.base };
        }
    }

    /// The first thing that is reported for an order sets it to work.
    pub(super) fn begin(&mut self, desk: &mut Desk, user: &str, id: u64) -> Outcome<()> {
        let mut order = self.at_work(id)?.clone();
        order.begun = true;
        if order.state == State::Confirmed {
            order.state = State::Progress;
            order.written(desk, user);
            self.tell_order(desk, &order, Some(State::Confirmed));
        }
        self.orders.insert(id, order);
        Ok(())
    }

    fn finish(&mut self, desk: &mut Desk, user: &str, id: u64) {
        let stamp = desk.stamp(desk.now);
        let Some(picking) = self.pickings.get_mut(&id) else { return };
        picking.stage = Stage::Done;
        picking.written(stamp, user);
        let body = json!({
            "_action": format!("webhook of {}", self.name), "_model": "stock_picking", "_id": id, "state": "done", "old_state": "draft",
            "write_date": stamped(picking.written_at),
        });
        desk.tell(&picking.name.clone(), "stock_picking", &body);
    }
}
