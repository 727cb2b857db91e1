//! Genealogy: which lots went in, and which came out of it. Every lot that came out was made from every lot that went in, in
//! whatever order the reports come, and under whatever numbers: a hold that missed one of them would let bad goods leave.
//! A lot that is worked on again goes into itself, which is no edge.

use super::Turn;
use super::goods::Output;
use crate::effect::UnitContent;
use crate::id::EntityId;
use crate::input::Body;
use crate::lot::{self, Production};
use crate::order::Fact;
use crate::qty::Qty;
use crate::words::{LotKey, OpNo};

/// A lot, by its name and its entity.
type Named = (LotKey, EntityId);

impl Turn<'_, '_> {
    /// Some of a lot went in, or came back.
    pub(super) fn tell_component(&mut self, op: &OpNo, key: &LotKey, qty: Qty) {
        let Some(plant) = self.order.plant() else { return };
        let Some(lot) = self.context.book.lot_entity(plant, key) else { return };
        let used = (key.clone(), lot);
        // Also what is to come under the order's own lot number: a hold is on it before it is made.
        let into: Vec<Named> = self.order.made.iter().cloned().chain(self.own_lot()).filter(|made| made.1 != lot).collect();
        let into = distinct(into);
        let mail = lot::Mail::Consumed { order: self.draft.me(), op: op.clone(), qty, into, site: plant, lot: key.clone() };
        self.draft.tell(lot, Body::Lot(lot::Input::Mail(mail)));
        if self.order.consumed.contains(&used) {
            return;
        }
        self.note(Fact::Consumed { key: key.clone(), lot });
        for made in self.order.made.clone().into_iter().filter(|made| made.1 != lot) {
            self.link(made, vec![used.clone()], Vec::new());
        }
    }

    /// Some of a lot came out.
    pub(super) fn tell_product(&mut self, made: &Output<'_>, key: &LotKey, qty: Qty, inspected: bool) {
        let Some(plant) = self.order.plant() else { return };
        let Some(lot) = self.context.book.lot_entity(plant, key) else { return };
        let from = self.told_product(made, (key.clone(), lot), qty, inspected);
        if let Some(sscc) = made.unit {
            let order = Some(self.draft.me());
            let content = UnitContent { lot: key.clone(), lot_entity: lot, order, output: made.kind, qty };
            self.fill(sscc, content);
        }
        self.came_out(&(key.clone(), lot), from);
    }

    /// Tells a lot what came out into it, and what that was made from; those.
    fn told_product(&mut self, made: &Output<'_>, product: Named, qty: Qty, inspected: bool) -> Vec<Named> {
        let (order, from) = (self.draft.me(), self.order.consumed.iter().filter(|used| used.1 != product.1).cloned().collect::<Vec<_>>());
        let Some(site) = self.order.plant() else { return from };
        let (output, unit) = (made.kind, made.unit.cloned());
        let production = Production { order, lot: product.0, site, output, qty, unit, from: from.clone(), inspected };
        self.draft.tell(product.1, Body::Lot(lot::Input::Mail(lot::Mail::Produced(production))));
        from
    }

    /// The same of what nobody can count yet: the lot and what went into it know each other, and a hold finds it. How much it
    /// is, and that it is on a handling unit, is told when it is booked.
    pub(super) fn tell_uncounted(&mut self, made: &Output<'_>, key: &LotKey, inspected: bool) {
        let Some(plant) = self.order.plant() else { return };
        let Some(lot) = self.context.book.lot_entity(plant, key) else { return };
        let from = self.told_product(made, (key.clone(), lot), Qty::zero(made.amount.qty.uom()), inspected);
        self.came_out(&(key.clone(), lot), from);
    }

    /// Those that went in hear of a lot that came out, once.
    fn came_out(&mut self, product: &Named, from: Vec<Named>) {
        if self.order.made.contains(product) {
            return;
        }
        self.note(Fact::Made { key: product.0.clone(), lot: product.1 });
        for used in from {
            self.link(used, Vec::new(), vec![product.clone()]);
        }
    }

    /// Tells a lot of edges it could not know.
    fn link(&mut self, to: Named, from: Vec<Named>, into: Vec<Named>) {
        let Some(site) = self.order.plant() else { return };
        self.draft.tell(to.1, Body::Lot(lot::Input::Mail(lot::Mail::Linked { lot: to.0, site, from, into })));
    }

    /// The lot the order makes when nobody says otherwise.
    pub(super) fn own_lot(&self) -> Option<Named> {
        let header = self.order.header.as_ref()?;
        let key = LotKey { material: header.material.clone(), lot: self.order.lot()? };
        let entity = self.context.book.lot_entity(header.plant, &key)?;
        Some((key, entity))
    }
}

fn distinct(mut lots: Vec<Named>) -> Vec<Named> {
    lots.sort();
    lots.dedup();
    lots
}
