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
use crate::input::Body;
use crate::intent::Tier;
use crate::kernel::Context;
use crate::name::SiteId;
use crate::native::{NativeId, NativeKind, Ref};
use crate::order::{self, Stage};
use crate::outbox::{OutboxFact, Outcome};
use crate::qty::Qty;
use crate::site;
use crate::words::{Place, Sscc};

impl Unit {
    pub(crate) fn decide(&self, _common: &Common, input: &Input, _envelope: &Envelope, context: &Context<'_>, draft: &mut Draft) -> Answer {
        match input {
            Input::Mail(Mail::Filled { sscc, contents, from, to }) => self.filled(sscc, contents, *from, *to, context, draft),
            Input::Mail(Mail::Shipped { .. }) => self.moved(Stage::Shipped, None, draft),
            Input::Request(Request::RequestHandover { warehouse }) => self.announce(*warehouse, context, draft),
            Input::Report(Report::Received { qty, place }) => {
                self.moved(Stage::Received, place.as_ref(), draft);
                return self.counted(*qty, draft);
            }
            Input::Report(Report::Counted { qty }) => return self.counted(*qty, draft),
            Input::Report(Report::Nested { within }) => return self.nested(within.as_ref(), draft),
            Input::Report(Report::PutAway { place }) => self.moved(Stage::PutAway, Some(place), draft),
            Input::Report(Report::Picked { .. }) => self.moved(Stage::Picked, None, draft),
        }
        Answer::Accepted
    }

    pub(crate) fn follow(
        &self,
        _common: &Common,
        _number: u32,
        effect: &Effect,
        step: &OutboxFact,
        _context: &Context<'_>,
        draft: &mut Draft,
    ) {
        let announced = matches!((effect, step), (Effect::AnnounceUnit(_), OutboxFact::Settled(Outcome::Accepted(_))));
        if announced {
            self.moved(Stage::Announced, None, draft);
        }
    }

    pub(crate) fn evolve(&mut self, fact: &Fact) {
        match fact {
            Fact::Filled { sscc, contents, from, to } => {
                self.sscc = Some(sscc.clone());
                self.contents.extend(contents.iter().cloned());
                self.from = Some(*from);
                self.to = *to;
            }
            Fact::Moved { stage, place } => {
                self.stage = self.stage.max(*stage);
                if place.is_some() {
                    self.place.clone_from(place);
                }
            }
            Fact::Counted(qty) => self.received = Some(*qty),
            Fact::Nested(within) => self.within.clone_from(within),
        }
    }

    fn filled(&self, sscc: &Sscc, contents: &[UnitContent], from: SiteId, to: Option<SiteId>, context: &Context<'_>, draft: &mut Draft) {
        draft.note(Noted::Unit(Box::new(Fact::Filled { sscc: sscc.clone(), contents: contents.to_vec(), from, to })));
        let filled = Self {
            sscc: Some(sscc.clone()),
            contents: self.contents.iter().chain(contents).cloned().collect(),
            from: Some(from),
            ..self.clone()
        };
        if let Ok(id) = NativeId::parse(sscc.as_str()) {
            draft.note(Noted::Named(Ref::new(from, NativeKind::Unit, id)));
        }
        if let Some(warehouse) = to {
            filled.announce(warehouse, context, draft);
        }
    }

    /// Tells a warehouse that it will come, and its site which entity the number means.
    fn announce(&self, warehouse: SiteId, context: &Context<'_>, draft: &mut Draft) {
        let (Some(sscc), Some(from)) = (&self.sscc, self.from) else { return };
        let notice = UnitNotice { sscc: sscc.clone(), contents: self.contents.clone(), from, to: None };
        draft.ask_site(warehouse, Tier::Business, Effect::AnnounceUnit(notice));
        let (Some(site), Ok(id)) = (context.book.site_entity(warehouse), NativeId::parse(sscc.as_str())) else { return };
        let names = vec![Ref::new(warehouse, NativeKind::Unit, id)];
        let expect = site::Mail::Expect { entity: draft.me(), names, contents: self.contents.clone() };
        draft.tell(site, Body::Site(site::Input::Mail(expect)));
    }

    fn moved(&self, stage: Stage, place: Option<&Place>, draft: &mut Draft) {
        draft.note(Noted::Unit(Box::new(Fact::Moved { stage, place: place.cloned() })));
        let Some(sscc) = self.sscc.clone() else { return };
        let mut orders: Vec<_> = self.contents.iter().map(|content| content.order).collect();
        orders.sort();
        orders.dedup();
        for order in orders {
            let mail = order::Mail::UnitMoved { sscc: sscc.clone(), stage };
            draft.tell(order, Body::Order(order::Input::Mail(mail)));
        }
    }

    /// Where it stands on or in. The inner one knows the outer one; the outer one need not be known here at all.
    fn nested(&self, within: Option<&Sscc>, draft: &mut Draft) -> Answer {
        let Some(sscc) = self.sscc.as_ref().filter(|sscc| Some(*sscc) == within) else {
            draft.note(Noted::Unit(Box::new(Fact::Nested(within.cloned()))));
            return Answer::Accepted;
        };
        let what = format!("{sscc} was reported to be packed onto itself");
        let offers = vec![Proposal::Do("look which unit it stands on, and report that".into()), Proposal::Acknowledge];
        Answer::Discrepant { case: draft.open_case(NewCase::new(CaseKind::Discrepancy, "warehouse", what).offers(offers)) }
    }

    fn counted(&self, qty: Qty, draft: &mut Draft) -> Answer {
        draft.note(Noted::Unit(Box::new(Fact::Counted(qty))));
        let announced = self.contents.iter().map(|content| content.qty).reduce(|a, b| a.plus(b).unwrap_or(a));
        let Some(announced) = announced.filter(|announced| *announced != qty) else { return Answer::Accepted };
        let number = self.sscc.as_ref().map(Sscc::to_string).unwrap_or_default();
        let what = format!("{number} was announced with {announced}, and {qty} were received");
        let offers =
            vec![Proposal::Do("count again at the dock; correct the count at the plant or at the warehouse".into()), Proposal::Acknowledge];
        Answer::Discrepant { case: draft.open_case(NewCase::new(CaseKind::Discrepancy, "warehouse", what).stake(announced).offers(offers)) }
    }
}
