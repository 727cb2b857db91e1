//! Transition 14: filled, announced, received, put away. What was received differs from what was announced: a discrepancy,
//! never a silent adjustment.

use super::{Fact, Input, Mail, Report, Request, Unit};
use crate::answer::Answer;
use crate::case::{CaseKind, Proposal};
use crate::common::Common;
use crate::draft::{Draft, NewCase};
use crate::effect::{Effect, UnitContent, UnitNotice};
use crate::envelope::Envelope;
use crate::fact::Fact as Noted;
use crate::id::EntityId;
use crate::input::Body;
use crate::intent::{Intent, Tier, Wake};
use crate::kernel::{Context, not_owner};
use crate::name::SiteId;
use crate::native::{NativeId, NativeKind, Ref};
use crate::order::{self, Stage};
use crate::outbox::{OutboxFact, Outcome};
use crate::qty::Qty;
use crate::words::{Place, Sscc};
use crate::workflow::Step;
use crate::{lot, site};

impl Unit {
    pub(crate) fn decide(&self, common: &Common, input: &Input, envelope: &Envelope, context: &Context<'_>, draft: &mut Draft) -> Answer {
        match input {
            Input::Mail(Mail::Filled { sscc, contents, from, to }) => {
                let filled = Fact::Filled { sscc: sscc.clone(), contents: contents.clone(), from: *from, to: *to };
                if let Ok(id) = NativeId::parse(sscc.as_str()) {
                    draft.note(Noted::Named(Ref::new(*from, NativeKind::Unit, id)));
                }
                self.changed(filled, context, draft);
            }
            Input::Mail(Mail::Shipped { shipment, part }) => {
                if !part.is_empty() && !self.taken_with(*shipment, part, draft) {
                    return Answer::Accepted;
                }
                self.moved(Stage::Shipped, None, draft);
                draft.wake(context.now.plus_ms(context.book.policy.names_kept_ms), Wake::Forget);
            }
            Input::Request(Request::RequestHandover { warehouse }) => {
                draft.note(Noted::Unit(Box::new(Fact::HandedTo(*warehouse))));
                self.tell_lots(*warehouse, draft);
                self.announce(*warehouse, context, draft);
                self.expect(*warehouse, context, draft);
            }
            Input::Mail(Mail::ReadBooks { site, called }) => self.read_books(common, *site, *called, context, draft),
            Input::Report(report) => {
                self.moved_in_books(common, envelope.key.source, context, draft);
                return self.report(report, envelope, context, draft);
            }
        }
        Answer::Accepted
    }

    /// Only who has it says where it is: a warehouse it was announced to, and its plant until it arrived. A client of ours may
    /// report for them, and no other system.
    fn report(&self, report: &Report, envelope: &Envelope, context: &Context<'_>, draft: &mut Draft) -> Answer {
        let source = envelope.key.source;
        let at_plant = self.from.filter(|_| self.stage < Stage::Received || self.told.is_empty());
        let has_it = self.told.contains(&source) || at_plant == Some(source) || !context.book.sites.contains_key(&source);
        if let Some(owner) = self.to.or(self.from).filter(|_| !has_it) {
            return not_owner(draft, source, owner, "where a handling unit is");
        }
        match report {
            Report::Received { qty, place } => {
                self.moved(Stage::Received, place.as_ref(), draft);
                return self.counted(*qty, draft);
            }
            Report::Counted { qty } => return self.counted(*qty, draft),
            Report::Nested { within } => return self.nested(within.as_ref(), context, draft),
            Report::PutAway { place } => self.moved(Stage::PutAway, Some(place), draft),
            Report::Picked { qty, .. } => {
                if qty.is_none_or(|qty| self.picked_out(qty, draft)) {
                    self.moved(Stage::Picked, None, draft);
                }
            }
        }
        Answer::Accepted
    }

    /// It has left long ago: the sites that were told of it need not know its number any more.
    pub(crate) fn woken(&self, common: &Common, wake: &Wake, context: &Context<'_>, draft: &mut Draft) {
        if let Wake::Books { site } = wake {
            self.read_on(common, *site, context, draft);
        }
        if *wake == Wake::Forget {
            for site in self.told.iter().filter_map(|site| context.book.site_entity(*site)) {
                let forget = site::Mail::Forget { entity: draft.me() };
                draft.tell(site, Body::Site(site::Input::Mail(forget)));
            }
        }
    }

    pub(crate) fn follow(
        &self,
        common: &Common,
        number: u32,
        effect: &Effect,
        step: &OutboxFact,
        context: &Context<'_>,
        draft: &mut Draft,
    ) {
        let announced = matches!((effect, step), (Effect::AnnounceUnit(_), OutboxFact::Settled(Outcome::Accepted(_))));
        if announced {
            self.moved(Stage::Announced, None, draft);
        }
        let Some(Intent::Site { site, .. }) = common.outbox.get(number).map(|open| &open.intent) else { return };
        if let Effect::AnnounceUnit(_) = effect {
            self.announcement_step(common, *site, step, context, draft);
        }
        self.books_step(common, *site, effect, step, context, draft);
    }

    /// A warehouse that does not take that it comes cannot receive it: shown until the warehouse takes it.
    fn announcement_step(&self, common: &Common, warehouse: SiteId, step: &OutboxFact, context: &Context<'_>, draft: &mut Draft) {
        let about = format!("{warehouse} does not take what is announced to it");
        draft.show_refusal(common, &about, step, |code, text| {
            if self.stage >= Stage::Received {
                return None;
            }
            let number = self.sscc.as_ref().map(Sscc::to_string).unwrap_or_default();
            let what = format!("{warehouse} does not take that {number} comes: {code} {text}");
            let remedy = "put right in the warehouse what it says, then ask for the handover again";
            let offers = vec![Proposal::Do(remedy.to_owned()), Proposal::Acknowledge];
            let case = NewCase::new(CaseKind::Discrepancy, "planning", what).impact(context.now).offers(offers);
            Some(self.filled().into_iter().fold(case, NewCase::stake))
        });
    }

    /// Something on it is new, or it stands elsewhere: whoever was told that it comes hears of it.
    fn changed(&self, fact: Fact, context: &Context<'_>, draft: &mut Draft) {
        let mut after = self.clone();
        after.evolve(&fact);
        let more = matches!(fact, Fact::Filled { .. });
        draft.note(Noted::Unit(Box::new(fact)));
        for warehouse in &after.told {
            if more {
                after.announce(*warehouse, context, draft);
            }
            after.expect(*warehouse, context, draft);
        }
    }

    /// Its lots are held there, too, when they are.
    fn tell_lots(&self, warehouse: SiteId, draft: &mut Draft) {
        let Some(sscc) = &self.sscc else { return };
        let mut lots: Vec<EntityId> = self.contents.iter().map(|content| content.lot_entity).collect();
        lots.sort();
        lots.dedup();
        for lot in lots {
            let mail = lot::Mail::HandedTo { unit: sscc.clone(), warehouse };
            draft.tell(lot, Body::Lot(lot::Input::Mail(mail)));
        }
    }

    /// Tells a warehouse that it will come, and with what.
    fn announce(&self, warehouse: SiteId, context: &Context<'_>, draft: &mut Draft) {
        let (Some(sscc), Some(from)) = (&self.sscc, self.from) else { return };
        if !context.book.workflows.has(from, Step::AnnounceUnit) {
            return;
        }
        let notice = UnitNotice { sscc: sscc.clone(), contents: self.contents.clone(), from, to: None };
        draft.ask_site(warehouse, Tier::Business, Effect::AnnounceUnit(notice));
    }

    /// Tells the warehouse's site which entity the number means, what is on it and what it stands on.
    fn expect(&self, warehouse: SiteId, context: &Context<'_>, draft: &mut Draft) {
        let Some(sscc) = self.sscc.clone() else { return };
        let (Some(site), Ok(id)) = (context.book.site_entity(warehouse), NativeId::parse(sscc.as_str())) else { return };
        let names = vec![Ref::new(warehouse, NativeKind::Unit, id)];
        let load = site::Load { sscc, word: self.word, contents: self.contents.clone(), within: self.within.clone() };
        let expect = site::Mail::Expect { entity: draft.me(), names, load: Some(Box::new(load)) };
        draft.tell(site, Body::Site(site::Input::Mail(expect)));
    }

    fn moved(&self, stage: Stage, place: Option<&Place>, draft: &mut Draft) {
        draft.note(Noted::Unit(Box::new(Fact::Moved { stage, place: place.cloned() })));
        let Some(sscc) = self.sscc.clone() else { return };
        if stage == Stage::Received {
            self.arrived(&sscc, draft);
        }
        let mut orders: Vec<_> = self.contents.iter().filter_map(|content| content.order).collect();
        orders.sort();
        orders.dedup();
        for order in orders {
            let mail = order::Mail::UnitMoved { sscc: sscc.clone(), stage };
            draft.tell(order, Body::Order(order::Input::Mail(mail)));
        }
    }

    /// Some of it was picked. Whether that was the last of it.
    fn picked_out(&self, qty: Qty, draft: &mut Draft) -> bool {
        draft.note(Noted::Unit(Box::new(Fact::PickedPart(qty))));
        let sum = self.picked.map_or(qty, |sum| sum.plus(qty).unwrap_or(sum));
        let all = self.received.or_else(|| self.filled());
        all.is_none_or(|all| sum.compare(&all).is_none_or(std::cmp::Ordering::is_ge))
    }

    /// Some of it left: the orders that made it hear how much. Whether that was the last of it.
    fn taken_with(&self, shipment: EntityId, part: &[UnitContent], draft: &mut Draft) -> bool {
        let fact = Fact::Taken { shipment, part: part.to_vec() };
        let mut after = self.clone();
        after.evolve(&fact);
        draft.note(Noted::Unit(Box::new(fact)));
        let has_left = |content: &UnitContent| {
            let same = |row: &&UnitContent| (&row.lot, row.order, row.output) == (&content.lot, content.order, content.output);
            after.taken.iter().find(same).is_some_and(|row| row.qty.compare(&content.qty).is_some_and(std::cmp::Ordering::is_ge))
        };
        if after.contents.iter().all(has_left) {
            return true;
        }
        for content in part {
            if let (Some(order), Some(sscc)) = (content.order, &self.sscc) {
                let mail = order::Mail::UnitTaken { sscc: sscc.clone(), qty: content.qty };
                draft.tell(order, Body::Order(order::Input::Mail(mail)));
            }
        }
        false
    }

    /// Goods that no order made are known to their lots from what was announced: they hear that it came.
    fn arrived(&self, sscc: &Sscc, draft: &mut Draft) {
        for content in self.contents.iter().filter(|content| content.order.is_none()) {
            let mail = lot::Mail::Arrived { unit: sscc.clone() };
            draft.tell(content.lot_entity, Body::Lot(lot::Input::Mail(mail)));
        }
    }

    /// Where it stands on or in. The inner one knows the outer one; the outer one need not be known here at all.
    fn nested(&self, within: Option<&Sscc>, context: &Context<'_>, draft: &mut Draft) -> Answer {
        let Some(sscc) = self.sscc.as_ref().filter(|sscc| within.is_some_and(|within| within.is(sscc))) else {
            self.changed(Fact::Nested(within.cloned()), context, draft);
            return Answer::Accepted;
        };
        let what = format!("{sscc} was reported to be packed onto itself");
        let offers = vec![Proposal::Do("look which unit it stands on, and report that".into()), Proposal::Acknowledge];
        Answer::Discrepant { case: draft.open_case(NewCase::new(CaseKind::Discrepancy, "planning", what).offers(offers)) }
    }

    fn counted(&self, qty: Qty, draft: &mut Draft) -> Answer {
        draft.note(Noted::Unit(Box::new(Fact::Counted(qty))));
        let Some(announced) = self.filled().filter(|announced| *announced != qty) else { return Answer::Accepted };
        let number = self.sscc.as_ref().map(Sscc::to_string).unwrap_or_default();
        let what = format!("{number} was announced with {announced}, and {qty} were received");
        let offers =
            vec![Proposal::Do("count again at the dock; correct the count at the plant or at the warehouse".into()), Proposal::Acknowledge];
        Answer::Discrepant { case: draft.open_case(NewCase::new(CaseKind::Discrepancy, "planning", what).stake(announced).offers(offers)) }
    }
}
