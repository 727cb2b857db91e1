//! Who decides about which input of a lot, and what a lot tells its orders.

use super::{Fact, Input, Lot, Mail, OwnerFact, Production, Report, Request};
use crate::answer::Answer;
use crate::book::SiteKind;
use crate::case::CaseKind;
use crate::common::Common;
use crate::draft::{Draft, NewCase};
use crate::effect::Effect;
use crate::envelope::Envelope;
use crate::fact::Fact as Noted;
use crate::input::Body;
use crate::intent::{Intent, Tier, Wake};
use crate::kernel::{Context, not_owner};
use crate::name::SiteId;
use crate::native::{NativeId, NativeKind, Ref};
use crate::order;
use crate::outbox::OutboxFact;
use crate::ownership::Domain;
use crate::qty::Qty;
use crate::words::{HoldNo, LotKey, Reason, Sscc};
use crate::workflow::Step;

/// Everything a transition looks at, and the draft it writes into.
pub(super) struct Turn<'a, 'd> {
    pub(super) lot: &'a Lot,
    pub(super) common: &'a Common,
    pub(super) envelope: &'a Envelope,
    pub(super) context: &'a Context<'a>,
    pub(super) draft: &'d mut Draft,
    /// Its name and plant, also when this very input says them first.
    pub(super) key: Option<LotKey>,
    pub(super) site: Option<SiteId>,
}

impl Lot {
    pub(crate) fn decide(&self, common: &Common, input: &Input, envelope: &Envelope, context: &Context<'_>, draft: &mut Draft) -> Answer {
        let mut turn = Turn { lot: self, common, envelope, context, draft, key: self.key.clone(), site: self.site };
        let answer = turn.hear(input);
        turn.close_unseen();
        turn.move_stock();
        turn.tell_orders();
        answer
    }

    pub(crate) fn woken(&self, common: &Common, wake: &Wake, context: &Context<'_>, draft: &mut Draft) {
        let Wake::DispositionDue { hold } = wake else { return };
        if let Some(open) = self.holds.get(hold) {
            let what = overdue(hold, &open.reason);
            let known = common.cases.values().any(|case| case.what == what);
            if !known {
                draft.open_case(NewCase::new(CaseKind::Unanswered, "quality", what).impact(context.now));
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
        let envelope = crate::kernel::clockwork(context.now);
        let mut turn = Turn { lot: self, common, envelope: &envelope, context, draft, key: self.key.clone(), site: self.site };
        let by = common.outbox.get(number).and_then(|open| match &open.intent {
            Intent::Site { site, .. } => Some(*site),
            Intent::Mail { .. } | Intent::Wake { .. } => None,
        });
        turn.answered(by, effect, step);
        turn.move_stock();
        turn.tell_orders();
    }
}

/// What is said of a hold that nobody decides.
pub(super) fn overdue(hold: &HoldNo, reason: &Reason) -> String {
    format!("no decision on hold {hold} ({reason}) yet")
}

impl Turn<'_, '_> {
    /// The same over the lot as it is with everything written so far, `lot`.
    pub(super) fn over<'t>(&'t mut self, lot: &'t Lot) -> Turn<'t, 't> {
        Turn {
            lot,
            common: self.common,
            envelope: self.envelope,
            context: self.context,
            draft: &mut *self.draft,
            key: self.key.clone(),
            site: self.site,
        }
    }

    fn hear(&mut self, input: &Input) -> Answer {
        match input {
            Input::Request(Request::PlaceHold(placement)) => {
                let answer = self.place(placement);
                self.show_unseen(placement, answer)
            }
            Input::OwnerFact(OwnerFact::Nonconformance(placement)) => {
                let answer = self.place(placement);
                self.decided_before(placement, answer)
            }
            Input::Request(Request::RecordDisposition(disposition)) => self.wish_disposition(disposition),
            Input::OwnerFact(OwnerFact::Decided(disposition)) => {
                self.not_quality("a decision on a hold").unwrap_or_else(|| self.decided(disposition))
            }
            Input::OwnerFact(OwnerFact::InspectionClosed { sample, passed, findings, .. }) => {
                self.not_quality("the verdict on a sample").unwrap_or_else(|| self.judged(sample, *passed, findings))
            }
            Input::Report(Report::TestResult { sample, characteristic, value, passed }) => {
                if *passed {
                    Answer::Accepted
                } else {
                    self.judged(sample, false, &format!("{characteristic} = {value}"))
                }
            }
            Input::Report(Report::Announced(announcement)) => self.announced(announcement),
            Input::Mail(mail) => self.mail(mail),
        }
    }

    /// Track Q is the quality system's: whoever else says so is shown, and moves nothing. Anyone may hold.
    fn not_quality(&mut self, what: &str) -> Option<Answer> {
        let (book, source) = (self.context.book, self.envelope.key.source);
        let owner = self.site.and_then(|site| book.owner(site, Domain::QualityStatus));
        let owns =
            owner.map_or_else(|| book.sites.get(&source).is_some_and(|site| site.kind == SiteKind::Quality), |owner| owner == source);
        (!owns).then(|| not_owner(self.draft, source, "the quality system", what))
    }

    pub(super) fn note(&mut self, fact: Fact) {
        self.draft.note(Noted::Lot(Box::new(fact)));
    }

    fn mail(&mut self, mail: &Mail) -> Answer {
        match mail {
            Mail::Produced(production) => self.produced(production),
            Mail::Consumed { order, qty, into, site, lot, .. } => {
                self.known(lot, *site);
                self.note(Fact::Consumed { order: *order, qty: *qty, into: into.clone() });
                self.pass_holds_on(into);
            }
            Mail::Linked { lot, site, from, into } => {
                self.known(lot, *site);
                self.note(Fact::Linked { from: from.clone(), into: into.clone() });
                self.pass_holds_on(into);
            }
            Mail::Booked { order, lot, site, posting, parts } => {
                self.known(lot, *site);
                self.booked(*order, *posting, parts);
            }
            Mail::SampleTaken { lot, site, sample, qty, taken_at, .. } => {
                self.known(lot, *site);
                self.sampled(lot, *site, sample, *qty, *taken_at);
            }
            Mail::Register { shipment, unit, qty } => self.register(*shipment, unit, *qty),
            Mail::Unregister { shipment, unit } => self.note(Fact::Unregistered { shipment: *shipment, unit: unit.clone() }),
            Mail::AskClearance { shipment, attempt, units, parts, until } => {
                self.ask_clearance(*shipment, *attempt, (units, parts), *until);
            }
            Mail::Departed { shipment, attempt, units, parts } => self.departed(*shipment, *attempt, (units, parts)),
            Mail::Contained { hold, site, containment } => {
                if self.lot.holds.contains_key(hold) {
                    self.note(Fact::Contained { hold: hold.clone(), site: *site, containment: containment.clone() });
                }
            }
            Mail::Arrived { unit } => self.arrived(unit),
            Mail::ParentHeld { parent, hold, reason, origin } => self.parent_held(parent, hold, reason, origin),
            Mail::ParentReleased { parent, hold } => self.parent_released(parent, hold),
            Mail::OriginReleased { origin } => self.origin_released(origin),
            Mail::HandedTo { unit, warehouse } => self.handed_to(unit, *warehouse),
        }
        Answer::Accepted
    }

    /// Its name, told once.
    pub(super) fn known(&mut self, key: &LotKey, site: SiteId) {
        if self.key.is_some() {
            return;
        }
        (self.key, self.site) = (Some(key.clone()), Some(site));
        self.note(Fact::Known { key: key.clone(), site });
        if let Ok(id) = NativeId::parse(&key.to_string()) {
            self.draft.note(Noted::Named(Ref::new(site, NativeKind::Lot, id)));
        }
    }

    fn produced(&mut self, made: &Production) {
        self.known(&made.lot, made.site);
        let Production { order, output, qty, unit, from, inspected, .. } = made.clone();
        self.note(Fact::Produced { order, output, qty, unit: unit.clone(), from, inspected });
        if unit.is_some() {
            self.goes_to_warehouse();
        }
        // A hold on the whole lot holds what is made after it, too.
        let whole = self.lot.holds.iter().find(|(_, hold)| hold.covers_all()).map(|(number, hold)| (number.clone(), hold.clone()));
        if let Some((number, hold)) = whole {
            let units: Vec<Sscc> = unit.into_iter().collect();
            self.block_newcomers(&number, &hold, &units);
        }
        if let Some(unit) = &made.unit {
            self.block_refused(unit);
        }
    }

    fn sampled(&mut self, key: &LotKey, site: SiteId, sample: &NativeId, qty: Option<Qty>, taken_at: crate::instant::Instant) {
        if self.lot.samples.contains_key(sample) {
            return;
        }
        self.note(Fact::Sampled(sample.clone()));
        self.draft.note(Noted::Named(Ref::new(site, NativeKind::Quality, sample.clone())));
        let quality = self.context.book.sites.get(&site).and_then(|plant| plant.quality);
        if let Some(quality) = quality.filter(|_| self.context.book.workflows.has(site, Step::OpenInspection)) {
            let effect = Effect::OpenInspection { lot: key.clone(), site, sample: sample.clone(), qty, taken_at };
            self.draft.ask_site(quality, Tier::Business, effect);
        }
    }

    /// The verdict on a sample; a failed one holds the lot.
    fn judged(&mut self, sample: &NativeId, passed: bool, findings: &str) -> Answer {
        if self.lot.samples.get(sample).copied().flatten() == Some(passed) {
            return Answer::Accepted;
        }
        self.note(Fact::Judged { sample: sample.clone(), passed });
        if !passed {
            self.hold_for_failure(sample, findings);
        }
        Answer::Accepted
    }

    /// It as it is with everything written so far.
    pub(super) fn after(&self) -> Lot {
        let mut after = self.lot.clone();
        for fact in self.draft.facts() {
            if let Noted::Lot(fact) = fact {
                after.evolve(fact);
            }
        }
        after
    }

    /// Tells every order that made some of it how it is now, when that is otherwise than before.
    fn tell_orders(&mut self) {
        let said = |such: &dyn Fn(&Fact) -> bool| self.draft.facts().iter().any(|fact| matches!(fact, Noted::Lot(fact) if such(fact)));
        // What was released without quality is so until quality has decided.
        let countersigned = !self.lot.provisional.is_empty() && said(&|fact| matches!(fact, Fact::Decided { .. }));
        let shows = countersigned || said(&Fact::shows);
        let Some(key) = self.key.clone().filter(|_| shows) else { return };
        let (me, after) = (self.draft.me(), self.after());
        self.note(Fact::Told);
        for (order, made) in &after.produced {
            let zero = Qty::zero(made.uom());
            let blocked = after.blocked().unwrap_or(zero);
            let unusable = if after.in_inspection() { *made } else { blocked };
            let mail = order::Mail::Quality {
                lot: me,
                key: key.clone(),
                holds: after.holds.keys().cloned().collect(),
                provisional: after.provisional.keys().cloned().collect(),
                in_inspection: after.in_inspection(),
                free: made.minus(unusable).unwrap_or(zero),
                blocked,
                word: after.words + 1,
            };
            self.draft.tell(*order, Body::Order(order::Input::Mail(mail)));
        }
    }
}
