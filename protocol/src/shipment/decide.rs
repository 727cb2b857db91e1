//! What a shipment is told before it wants to leave: what is on it, whose lots those are, and what holds them.

use super::part::by_lot;
use super::{Fact, Input, Located, Mail, Report, Request, Shipment, Stage};
use crate::answer::Answer;
use crate::common::Common;
use crate::draft::Draft;
use crate::effect::UnitContent;
use crate::envelope::Envelope;
use crate::fact::Fact as Noted;
use crate::input::Body;
use crate::intent::Wake;
use crate::kernel::{Context, not_owner};
use crate::name::SiteId;
use crate::native::{NativeId, NativeKind, Ref};
use crate::shipment::Line;
use crate::words::Sscc;
use crate::{lot, site};

/// Everything a transition looks at, and the draft it writes into.
pub(super) struct Turn<'a, 'd> {
    pub(super) shipment: &'a Shipment,
    pub(super) common: &'a Common,
    pub(super) context: &'a Context<'a>,
    pub(super) draft: &'d mut Draft,
    /// The truck's question that came with this very input.
    pub(super) ask: Option<u32>,
}

impl Shipment {
    pub(crate) fn decide(&self, common: &Common, input: &Input, envelope: &Envelope, context: &Context<'_>, draft: &mut Draft) -> Answer {
        let mut turn = Turn { shipment: self, common, context, draft, ask: None };
        match input {
            Input::Request(Request::ClearDeparture { attempt }) => return turn.wants_to_leave(*attempt, envelope),
            Input::Request(Request::Block { gate, reason }) => return turn.shut(*gate, reason),
            Input::Request(Request::Release { gate }) => return turn.release(*gate, envelope),
            Input::Report(report) => return turn.report(report, envelope),
            Input::Mail(Mail::Located { sscc, located }) => turn.located(sscc, located),
            Input::Mail(Mail::ClearanceAnswered { attempt, lot, refused }) => turn.answered(*attempt, *lot, refused),
            Input::Mail(Mail::Held { lot, hold, reason, revokes, .. }) => turn.held(*lot, hold, reason, *revokes),
            Input::Mail(Mail::Freed { lot, hold }) => turn.freed(*lot, hold),
        }
        Answer::Accepted
    }

    pub(crate) fn woken(&self, common: &Common, wake: &Wake, context: &Context<'_>, draft: &mut Draft) {
        let mut turn = Turn { shipment: self, common, context, draft, ask: None };
        if let Wake::ClearanceExpiry { attempt } = wake {
            turn.time_is_up(*attempt);
        }
        if *wake == Wake::Forget {
            turn.forget();
        }
    }
}

impl Turn<'_, '_> {
    pub(super) fn note(&mut self, fact: Fact) {
        self.draft.note(Noted::Shipment(Box::new(fact)));
    }

    fn report(&mut self, report: &Report, envelope: &Envelope) -> Answer {
        // Only its own warehouse says where it is, and only the transport system what the truck does. A client of ours may report
        // for them, and no other system.
        let owner = if is_of_truck(report) { self.transport() } else { self.shipment.warehouse };
        let source = envelope.key.source;
        if let Some(owner) = owner.filter(|owner| *owner != source && self.context.book.sites.contains_key(&source)) {
            return not_owner(self.draft, source, owner, "where a shipment is");
        }
        match report {
            Report::Announced { warehouse, delivery, lines, planned } => self.announced(*warehouse, delivery, lines, *planned),
            Report::Picked { units } => self.picked(units),
            Report::PickedPart { unit, part } => self.picked_part(unit, part),
            Report::Packed => {
                self.note(Fact::Stage(Stage::Packed));
                self.tender();
            }
            Report::Departed => return self.left(envelope.occurred_at),
            Report::Booked { carrier, appointment } => {
                self.note(Fact::Booked { carrier: carrier.clone(), appointment: *appointment });
            }
            Report::Docked { dock } => self.note(Fact::Docked(dock.clone())),
            Report::Unplaced => return self.unplaced(),
            Report::TruckLeft { ask } => return self.truck_left(*ask, envelope.occurred_at),
        }
        Answer::Accepted
    }

    fn announced(&mut self, warehouse: SiteId, delivery: &NativeId, lines: &[Line], planned: Option<crate::instant::Instant>) {
        self.note(Fact::Announced { warehouse, delivery: delivery.clone(), lines: lines.to_vec(), planned });
        let name = Ref::new(warehouse, NativeKind::Shipment, delivery.clone());
        self.draft.note(Noted::Named(name.clone()));
        let me = self.draft.me();
        if let Some(site) = self.context.book.site_entity(warehouse) {
            let expect = site::Mail::Expect { entity: me, names: vec![name], load: None };
            self.draft.tell(site, Body::Site(site::Input::Mail(expect)));
        }
    }

    /// It has left long ago: its warehouse's site need not know its number, nor that it asks for units.
    fn forget(&mut self) {
        if let Some(site) = self.shipment.warehouse.and_then(|warehouse| self.context.book.site_entity(warehouse)) {
            let forget = site::Mail::Forget { entity: self.draft.me() };
            self.draft.tell(site, Body::Site(site::Input::Mail(forget)));
        }
    }

    /// These are on it, whole.
    fn picked(&mut self, units: &[Sscc]) {
        let more: Vec<&Sscc> = units.iter().filter(|sscc| !self.shipment.is_whole(sscc)).collect();
        if let Some(first) = more.first() {
            self.changed(&format!("{first} was picked since"));
        }
        for sscc in more {
            self.note(Fact::Picked(sscc.clone()));
            self.picked_rest(sscc);
            self.locate(sscc);
        }
    }

    /// Whose lots are on a handling unit is known to the warehouse's site.
    pub(super) fn locate(&mut self, sscc: &Sscc) {
        let Some(site) = self.shipment.warehouse.and_then(|warehouse| self.context.book.site_entity(warehouse)) else { return };
        let locate = site::Mail::Locate { shipment: self.draft.me(), sscc: sscc.clone() };
        self.draft.tell(site, Body::Site(site::Input::Mail(locate)));
    }

    /// The lots hear that the shipment wants some of them, or otherwise than before, and tell it of holds from now on.
    pub(super) fn register(&mut self, unit: &Sscc, was: &[UnitContent], is: &[UnitContent]) {
        let (was, shipment) = (by_lot(was), self.draft.me());
        for content in by_lot(is).iter().filter(|content| !was.contains(content)) {
            let mail = lot::Mail::Register { shipment, unit: unit.clone(), qty: content.qty };
            self.draft.tell(content.lot_entity, Body::Lot(lot::Input::Mail(mail)));
        }
    }

    /// Registers at each lot: from now on the shipment hears of its holds. What is on a unit may turn out to be something else:
    /// what its lots had said does not count then, and what has left already is told to the lots all the same.
    fn located(&mut self, sscc: &Sscc, located: &Located) {
        let me = self.draft.me();
        let known = self.shipment.known(sscc);
        // The name that was picked stays: the site may spell it otherwise.
        let sscc = known.map_or(sscc, |(name, _)| name).clone();
        let before = known.and_then(|(_, located)| located);
        if before.is_some_and(|before| before.word > located.word || before.via.is_none() && located.via.is_some()) {
            return;
        }
        let on_it = |located: &Located| self.shipment.on_it(&sscc, located);
        let (was, is) = (before.map(on_it).unwrap_or_default(), on_it(located));
        let left = self.shipment.stage == Stage::Departed;
        if is.is_empty() && was.is_empty() && before.is_some() || left && is.is_empty() {
            return;
        }
        if was != is && (before.is_some() || known.is_none()) {
            self.changed(&format!("what is on {sscc} was told again, otherwise"));
        }
        self.register(&sscc, &was, &is);
        let gone = |content: &&UnitContent| !is.iter().any(|other| other.lot_entity == content.lot_entity);
        for content in was.iter().filter(gone) {
            let mail = lot::Mail::Unregister { shipment: me, unit: sscc.clone() };
            self.draft.tell(content.lot_entity, Body::Lot(lot::Input::Mail(mail)));
        }
        if left {
            self.left_unseen(&sscc, located, (&was, &is));
        }
        self.note(Fact::Located { sscc, located: located.clone() });
    }
}

/// Whether it says something of the truck, and not of the goods.
fn is_of_truck(report: &Report) -> bool {
    match report {
        Report::Booked { .. } | Report::Docked { .. } | Report::Unplaced | Report::TruckLeft { .. } => true,
        Report::Announced { .. } | Report::Picked { .. } | Report::PickedPart { .. } | Report::Packed | Report::Departed => false,
    }
}
