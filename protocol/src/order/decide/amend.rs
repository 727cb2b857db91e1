//! The guards of a client's wish to change an order: each is checked against what was made and where the job is, before
//! anybody outside is asked.

use super::Turn;
use crate::answer::Answer;
use crate::instant::Instant;
use crate::kernel::refuse;
use crate::name::SiteId;
use crate::native::{NativeId, NativeKind};
use crate::order::{Business, Change, Header, Release, Split};
use crate::qty::Qty;
use crate::refusal::Code;
use crate::words::{ItemNo, MaterialId, Version};

/// A part of an order that is to become one of its own.
pub(super) struct Share<'a> {
    pub(super) total: Qty,
    pub(super) reference: &'a NativeId,
    pub(super) plant: Option<SiteId>,
    pub(super) start: Option<Instant>,
    pub(super) end: Option<Instant>,
}

impl Turn<'_, '_> {
    /// A client wants another total.
    pub(super) fn wish_quantity(&mut self, total: Qty) -> Answer {
        match self.fits(total, total) {
            Err(refusal) => refusal,
            Ok(_) => self.begin(Change::Quantity { total }, None),
        }
    }

    /// A client wants other dates.
    pub(super) fn wish_dates(&mut self, start: Instant, end: Instant) -> Answer {
        let header = match self.open_order() {
            Ok(header) => header,
            Err(refusal) => return refusal,
        };
        match self.workable(header.plant, start, end) {
            Some(refusal) => refusal,
            None => self.begin(Change::Dates { start, end }, None),
        }
    }

    /// A client wants another material on a component line.
    pub(super) fn wish_component(&mut self, item: &ItemNo, material: &MaterialId) -> Answer {
        let header = match self.not_with_plant() {
            Ok(header) => header,
            Err(refusal) => return refusal,
        };
        let book = self.context.book;
        let recipe = book.recipe(header.plant, &header.material, header.recipe.as_ref(), header.start).ok();
        let Some(line) = recipe.and_then(|recipe| recipe.components.iter().find(|line| line.item == *item)) else {
            let text = format!("the recipe of {} has no component line {item}", header.material);
            return refuse(Code::Unknown, text, "name a line of the recipe in force", "item");
        };
        let Some(known) = book.material(header.plant, material, header.start) else {
            let text = format!("the material {material} is not known");
            return refuse(Code::MissingMaterial, text, "add it to the master data, or correct the number", "material");
        };
        if !known.conversions.knows(line.qty.uom(), known.base) {
            let text = format!("the line needs {}, and {material} is kept in {}", line.qty.uom(), known.base);
            return refuse(Code::UomUnmapped, text, "choose a material in that unit, or add a conversion", "material");
        }
        self.begin(Change::Component { item: item.clone(), material: material.clone() }, None)
    }

    /// A client wants another version of the recipe.
    pub(super) fn wish_recipe(&mut self, version: &Version) -> Answer {
        let header = match self.not_with_plant() {
            Ok(header) => header,
            Err(refusal) => return refusal,
        };
        if let Err(code) = self.context.book.recipe(header.plant, &header.material, Some(version), header.start) {
            let text = format!("no approved recipe {version} for {} at {}", header.material, header.plant);
            return refuse(code, text, "approve it for this plant, or name another version", "version");
        }
        self.begin(Change::Recipe { version: version.clone() }, None)
    }

    /// A client wants a part of the order made as an order of its own, maybe elsewhere. What was reported stays here.
    pub(super) fn wish_split(&mut self, share: &Share<'_>) -> Answer {
        let Some(total) = self.order.header.as_ref().map(|header| header.total) else {
            return refuse(Code::State, "the ERP has not released this order".into(), "wait until it is released", "");
        };
        let Ok(rest) = total.minus(share.total) else {
            return refuse(
                Code::UomUnmapped,
                format!("the order is kept in {}", total.uom()),
                "send the part in the order's unit",
                "total",
            );
        };
        let header = match self.fits(share.total, rest) {
            Ok(header) => header,
            Err(refusal) => return refusal,
        };
        let plant = share.plant.unwrap_or(header.plant);
        let (start, end) = (share.start.unwrap_or(header.start), share.end.unwrap_or(header.end));
        if let Some(refusal) = self.workable(plant, start, end) {
            return refusal;
        }
        let recipe = header.recipe.clone().filter(|_| plant == header.plant);
        if let Err(code) = self.context.book.recipe(plant, &header.material, recipe.as_ref(), start) {
            let text = format!("no approved recipe for {} at {plant}", header.material);
            return refuse(code, text, "approve one for that plant, or choose another plant", "plant");
        }
        let child = self.context.book.born_at(header.erp, crate::id::Kind::Order, NativeKind::Order, share.reference.as_str());
        let Some(child) = child.filter(|child| *child != self.draft.me() && !self.order.children.contains_key(child)) else {
            let text = format!("{} names this order, or one that was split off already", share.reference);
            return refuse(Code::DuplicateOrder, text, "give the new order a reference of its own", "reference");
        };
        let release = Release {
            erp: header.erp,
            planned_order: share.reference.clone(),
            plant,
            material: header.material.clone(),
            total: share.total,
            recipe,
            lot: None,
            start,
            end,
        };
        self.begin(Change::Quantity { total: rest }, Some(Split { child, release }))
    }

    /// The order, where `asked` is an amount of it and `total` may become its total.
    fn fits(&self, asked: Qty, total: Qty) -> Result<Header, Answer> {
        let header = self.open_order()?;
        if asked.uom() != header.total.uom() || !asked.is_positive() {
            let text = format!("the order is kept in {}, and a quantity of it must be more than nothing", header.total.uom());
            return Err(refuse(Code::UomUnmapped, text, "send a positive quantity in the order's unit", "total"));
        }
        if !total.is_positive() || self.breaks_reported(total) {
            let text = format!("{} were made already of {}", self.order.processed().unwrap_or(Qty::zero(total.uom())), header.total);
            return Err(refuse(Code::Capacity, text, "choose a total that is not below what was reported", "total"));
        }
        Ok(header)
    }

    fn open_order(&self) -> Result<Header, Answer> {
        let open = matches!(self.order.business, Business::Created | Business::PartlyReleased | Business::Released);
        self.order
            .header
            .clone()
            .filter(|_| open)
            .ok_or_else(|| refuse(Code::State, "the order is not open in its ERP".into(), "release it first, or reopen it", ""))
    }

    fn not_with_plant(&self) -> Result<Header, Answer> {
        let header = self.open_order()?;
        if self.plant_has_it() || self.was_worked_on() {
            let text = format!("{} has the job, with its own copy of recipe and components", header.plant);
            return Err(refuse(Code::State, text, "revoke the job first, then change the order and send it again", ""));
        }
        Ok(header)
    }

    fn workable(&self, plant: SiteId, start: Instant, end: Instant) -> Option<Answer> {
        if !self.context.book.sites.contains_key(&plant) {
            return Some(refuse(Code::Unknown, format!("no plant {plant} is configured"), "ask `takt sites` for the names", "plant"));
        }
        if end < start {
            return Some(refuse(Code::Schema, "the order would end before it starts".into(), "send an end after the start", "end"));
        }
        (!self.context.book.is_open(plant, start))
            .then(|| refuse(Code::CalendarClosed, format!("{plant} is closed then"), "choose a day on which the plant works", "start"))
    }
}
