//! Transition 1, track B: planned, created, released. Wished for by a client or said by the ERP; a planned order becomes
//! exactly one order, because both are born under the same name.

use super::Turn;
use crate::answer::Answer;
use crate::case::CaseKind;
use crate::effect::{Conversion, Effect};
use crate::fact::Fact as Noted;
use crate::input::Body;
use crate::intent::Tier;
use crate::kernel::refuse;
use crate::native::{NativeKind, Ref};
use crate::order::{Business, Dispatch, Fact, Header, Release, plausible};
use crate::ownership::Domain;
use crate::refusal::Code;
use crate::site;
use crate::words::Version;

impl Turn<'_, '_> {
    /// A client wants a planned order made and released.
    pub(super) fn wish(&mut self, wish: &Release) -> Answer {
        // A parent that it was split off from has gone on without it.
        self.wish_where(wish, self.order.unmade && self.order.parent.is_none())
    }

    /// The same, where `may_again` says whether what its ERP would not make before may be wished for once more.
    pub(super) fn wish_where(&mut self, wish: &Release, may_again: bool) -> Answer {
        if self.order.header.is_some() || (self.order.wished.is_some() && !may_again) {
            return refuse(
                Code::DuplicateOrder,
                format!("{} is an order already", wish.planned_order),
                "look it up by that number",
                "planned_order",
            );
        }
        if let Some(refusal) = self.impossible(wish) {
            return refusal;
        }
        let recipe = wish.recipe.clone().or_else(|| self.newest_recipe(wish));
        let Some(recipe) = recipe else {
            let text = format!("no approved recipe for {} at {}", wish.material, wish.plant);
            return refuse(Code::MissingRecipe, text, "approve one for this plant, or name the version that is meant", "recipe");
        };
        self.note(Fact::Wished(Box::new(wish.clone())));
        let name = Ref::new(wish.erp, NativeKind::Order, wish.planned_order.clone());
        if !self.common.names.contains(&name) {
            self.draft.note(Noted::Named(name));
        }
        // Its ERP would not make it before.
        self.draft.close_cases(self.common, &CaseKind::Rejected(Code::Other), "wished for again");
        let conversion = Conversion {
            planned_order: wish.planned_order.clone(),
            material: wish.material.clone(),
            total: wish.total,
            plant: wish.plant,
            recipe,
            start: wish.start,
            end: wish.end,
        };
        self.draft.ask_site(wish.erp, Tier::Business, Effect::ConvertPlannedOrder(conversion));
        Answer::Accepted
    }

    /// The ERP says that it has the order, and how far it is released: the plant gets it when all of it is.
    pub(super) fn ordered(&mut self, header: &Header, to: Business) -> Answer {
        if let Some(known) = &self.order.header {
            return self.ordered_again(&known.clone(), header, to);
        }
        let header = &self.as_wished(header);
        if to == Business::Released {
            self.note(Fact::Released(Box::new(header.clone())));
        } else {
            self.note(Fact::Created(Box::new(header.clone())));
        }
        if to == Business::PartlyReleased {
            self.note(Fact::Business(to));
        }
        self.take_over(header);
        Answer::Accepted
    }

    /// Many an ERP keeps days alone: where it made the order for the days that were wished for, the hours stand as they were wished.
    fn as_wished(&self, header: &Header) -> Header {
        let calendar = self.context.book.calendar(header.plant);
        let same = |one, other| calendar.posting_date(one) == calendar.posting_date(other);
        let wish = self.order.wished.as_ref().filter(|wish| same(wish.start, header.start) && same(wish.end, header.end));
        let (start, end) = wish.map_or((header.start, header.end), |wish| (wish.start, wish.end));
        Header { start, end, ..header.clone() }
    }

    /// What follows when the ERP has the order: it is named, its plant is told, and its way begins.
    fn take_over(&mut self, header: &Header) {
        let name = Ref::new(header.erp, NativeKind::Order, header.number.clone());
        self.draft.note(Noted::Named(name.clone()));
        let me = self.draft.me();
        // Also by the number it was wished for under: what was said of it since waits by that.
        let names: Vec<Ref> = std::iter::once(&name).chain(self.common.names.iter().filter(|known| **known != name)).cloned().collect();
        for site in [header.erp, header.plant] {
            if let Some(entity) = self.context.book.site_entity(site) {
                let expect = site::Mail::Expect { entity: me, names: names.clone(), load: None };
                self.draft.tell(entity, Body::Site(site::Input::Mail(expect)));
            }
        }
        self.validate(header, self.order.validations + 1);
        self.wake_before(header.start);
        self.born_of_split(&header.number);
    }

    /// It goes forward only: word that it was made may come after word that it was released.
    fn ordered_again(&mut self, known: &Header, header: &Header, to: Business) -> Answer {
        let forward =
            matches!(self.order.business, Business::Planned | Business::Created | Business::PartlyReleased) && self.order.business < to;
        if forward {
            self.note(Fact::Business(to));
        }
        if matches!(self.order.dispatch, Dispatch::Invalid { .. }) && !plausible::slips(known, self.context.now).is_empty() {
            return self.put_right(known, header);
        }
        if known.total != header.total {
            return self.quantity_changed(header.total);
        }
        if forward && to == Business::Released && self.order.dispatch == Dispatch::Ready {
            self.validate(known, self.order.validations + 1);
        }
        Answer::Accepted
    }

    /// It was not sent because of what its ERP said of it: what that says now counts whole.
    fn put_right(&mut self, known: &Header, said: &Header) -> Answer {
        let header = Header { total: said.total, start: said.start, end: said.end, ..known.clone() };
        if header.total != known.total {
            self.note(Fact::TotalChanged { total: header.total });
        }
        if (header.start, header.end) != (known.start, known.end) {
            self.note(Fact::Rescheduled { start: header.start, end: header.end });
            self.wake_before(header.start);
            self.moved_on_the_line(&header);
        }
        self.look_again(&header);
        Answer::Accepted
    }

    fn impossible(&self, wish: &Release) -> Option<Answer> {
        let book = self.context.book;
        let unknown = |what: &str, field: &str| {
            Some(refuse(Code::Unknown, format!("no {what} of that name is configured"), "ask `takt sites` for the names", field))
        };
        if !book.sites.contains_key(&wish.erp) {
            return unknown("ERP", "erp");
        }
        if !book.sites.contains_key(&wish.plant) {
            return unknown("plant", "plant");
        }
        if let Some(owner) = book.owner(wish.plant, Domain::Orders).filter(|owner| *owner != wish.erp) {
            let text = format!("the orders of {} are {owner}'s, not {}'s", wish.plant, wish.erp);
            return Some(refuse(Code::NotOwner, text, "name the ERP that owns the plant's orders, or another plant", "erp"));
        }
        let Some(material) = book.material(wish.plant, &wish.material, wish.start) else {
            let text = format!("the material {} is not known", wish.material);
            return Some(refuse(Code::MissingMaterial, text, "add it to the master data, or correct the number", "material"));
        };
        if !wish.total.is_positive() {
            return Some(refuse(Code::Schema, "the total must be more than nothing".into(), "send a positive quantity", "total"));
        }
        if !material.conversions.knows(wish.total.uom(), material.base) {
            let text = format!("{} is kept in {}, and nobody said how many {} that is", wish.material, material.base, wish.total.uom());
            return Some(refuse(Code::UomUnmapped, text, "send the unit the material is kept in, or add a conversion", "total"));
        }
        let exact = material.conversions.to_base(wish.total, material.base).ok().filter(|total| !plausible::cuts_a_piece(total));
        if wish.total.uom() != material.base && exact.is_none() {
            let text = format!("{} is kept in {}, and {} are not exactly so many of it", wish.material, material.base, wish.total);
            return Some(refuse(Code::UomUnmapped, text, "send the total in the unit the material is kept in", "total"));
        }
        if wish.end < wish.start {
            return Some(refuse(Code::Schema, "the order would end before it starts".into(), "send an end after the start", "end"));
        }
        (!book.is_open(wish.plant, wish.start)).then(|| {
            refuse(Code::CalendarClosed, format!("{} is closed then", wish.plant), "choose a day on which the plant works", "start")
        })
    }

    fn newest_recipe(&self, wish: &Release) -> Option<Version> {
        self.context.book.recipe(wish.plant, &wish.material, None, wish.start).ok().map(|recipe| recipe.version.clone())
    }
}
