//! The truck of a shipment, as its transport system plans it: asked for when the goods are packed, booked, at a dock, gone.
//! Warehouse and truck each want to leave; the lots are asked once, when both do, and both get the same answer.
//!
//! Apart from the clearance itself because a warehouse may well have no transport system: then all of this is nothing.

use serde::{Deserialize, Serialize};

use super::decide::Turn;
use super::{Fact, Shipment, Stage};
use crate::answer::Answer;
use crate::case::{CaseKind, Proposal};
use crate::common::Common;
use crate::draft::{Draft, NewCase};
use crate::effect::{Effect, LoadTender};
use crate::fact::Fact as Noted;
use crate::input::Body;
use crate::instant::Instant;
use crate::intent::{Intent, Tier};
use crate::kernel::{Context, refuse};
use crate::lot::{self, Containment};
use crate::name::{SiteId, Source};
use crate::native::NativeId;
use crate::outbox::{OutboxFact, Outcome};
use crate::refusal::Code;
use crate::words::{Carrier, Place};

/// A truck.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Truck {
    /// The transport system that sends it.
    pub transport: SiteId,
    /// For how many handling units it was asked for.
    pub units: u32,
    /// The transport system's number for the load.
    pub load: Option<NativeId>,
    /// Who drives.
    pub carrier: Option<Carrier>,
    /// When it is to come.
    pub appointment: Option<Instant>,
    /// Where it stands.
    pub dock: Option<Place>,
    /// The warehouse's attempt that waits for it.
    pub waited_for: Option<u32>,
    /// How often it wanted to leave, by the transport system's count.
    pub ask: u32,
    /// What was told to the last time, once it was.
    pub told: Option<bool>,
    /// Which of its questions was answered with yes the last time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub granted: Option<u32>,
    /// It has left.
    pub left: bool,
}

impl Truck {
    fn new(transport: SiteId, units: u32) -> Self {
        let (load, carrier, appointment, dock) = (None, None, None, None);
        let (waited_for, told, granted) = (None, None, None);
        Self { transport, units, load, carrier, appointment, dock, waited_for, ask: 0, told, granted, left: false }
    }

    /// Whether it wants to leave, and waits for an answer.
    fn asks(&self) -> bool {
        self.ask > 0 && self.told.is_none()
    }
}

impl Shipment {
    /// What a fact changes about the truck.
    pub(super) fn evolve_truck(&mut self, fact: &Fact) {
        if let Fact::Tendered { transport, units } = fact {
            self.truck = Some(Truck::new(*transport, *units));
        }
        let Some(truck) = &mut self.truck else { return };
        match fact {
            Fact::Load(load) => truck.load = Some(load.clone()),
            Fact::Booked { carrier, appointment } => {
                (truck.carrier, truck.appointment) = (Some(carrier.clone()), Some(*appointment));
            }
            Fact::Docked(dock) => truck.dock = Some(dock.clone()),
            Fact::WaitsForTruck { attempt } => truck.waited_for = Some(*attempt),
            Fact::TruckAsked { ask } => (truck.ask, truck.told) = (*ask, None),
            Fact::TruckTold { ask, granted } if *ask == truck.ask => {
                truck.told = Some(*granted);
                truck.granted = granted.then_some(*ask).or(truck.granted);
            }
            Fact::TruckLeft => truck.left = true,
            // Whoever is blocked asks again, under another number.
            Fact::Asked { .. } | Fact::Held { .. } | Fact::Blocked { .. } => truck.waited_for = None,
            Fact::Announced { .. }
            | Fact::Picked(_)
            | Fact::PickedPart { .. }
            | Fact::Located { .. }
            | Fact::Stage(_)
            | Fact::Unblocked(_)
            | Fact::Freed { .. }
            | Fact::Answered { .. }
            | Fact::Told { .. }
            | Fact::Over { .. }
            | Fact::Tendered { .. }
            | Fact::TruckTold { .. } => {}
        }
    }

    /// What a step in the life of an intent means: the transport system took the load, or heard of a block.
    pub(crate) fn follow(
        &self,
        common: &Common,
        number: u32,
        effect: &Effect,
        step: &OutboxFact,
        context: &Context<'_>,
        draft: &mut Draft,
    ) {
        let Some(Intent::Site { site, .. }) = common.outbox.get(number).map(|open| &open.intent) else { return };
        let mut turn = Turn { shipment: self, common, context, draft, ask: None };
        if self.warehouse == Some(*site) {
            turn.warehouse_answered(*site, effect, step);
        }
        let Some(truck) = self.truck.as_ref().filter(|truck| truck.transport == *site) else { return };
        match (effect, step) {
            (Effect::TenderLoad(_), OutboxFact::Settled(Outcome::Accepted(receipt))) => {
                if let Some(load) = receipt.alias.clone().filter(|_| truck.load.is_none()) {
                    turn.note(Fact::Load(load.id.clone()));
                    turn.draft.note(Noted::Named(load));
                }
                turn.block_late();
            }
            (Effect::TenderLoad(_), OutboxFact::Settled(Outcome::Rejected { code, text })) => {
                turn.without_truck(&format!("{site} takes no such load: {code} {text}"));
            }
            (Effect::BlockShipment { .. }, _) => turn.contained(*site, step),
            (Effect::AnswerDeparture { granted: false, .. }, OutboxFact::Settled(Outcome::Rejected { code, text })) => {
                let what = format!("{site} did not take back that the truck may leave: {code} {text}");
                let offers = vec![Proposal::Do("call the driver back, or recall the shipment".into()), Proposal::Acknowledge];
                turn.draft.open_case(NewCase::new(CaseKind::Discrepancy, "quality", what).impact(context.now).offers(offers));
            }
            _ => {}
        }
    }
}

impl Turn<'_, '_> {
    /// The transport system of its warehouse.
    pub(super) fn transport(&self) -> Option<SiteId> {
        let configured = || self.context.book.sites.get(&self.shipment.warehouse?)?.around.transport;
        self.shipment.truck.as_ref().map(|truck| truck.transport).or_else(configured)
    }

    /// What the transport system calls it: by its warehouse, too, because it serves more than one.
    fn named(&self) -> Option<NativeId> {
        NativeId::parse(&format!("{}/{}", self.shipment.warehouse?, self.shipment.delivery.as_ref()?.as_str())).ok()
    }

    /// The transport system that was asked for a truck, and what it calls the shipment.
    pub(super) fn at_transport(&self) -> Option<(SiteId, NativeId)> {
        let truck = self.shipment.truck.as_ref().filter(|truck| !truck.left)?;
        Some((truck.transport, self.named()?))
    }

    /// It is packed: how much of a truck it needs is known, and one is asked for.
    pub(super) fn tender(&mut self) {
        let wanted = self.shipment.truck.is_none() && self.shipment.stage != Stage::Departed;
        let (Some(transport), Some(shipment), Some(warehouse), true) = (self.transport(), self.named(), self.shipment.warehouse, wanted)
        else {
            return;
        };
        let picked = self.shipment.units.values().filter(|located| located.as_ref().is_none_or(|known| known.via.is_none())).count();
        let units = u32::try_from(picked).unwrap_or(u32::MAX).max(1);
        self.note(Fact::Tendered { transport, units });
        let tender = LoadTender { shipment, warehouse, units, planned: self.shipment.planned };
        self.draft.ask_site(transport, Tier::Business, Effect::TenderLoad(tender));
    }

    /// Whether the warehouse's wish waits until the truck wants to leave, too. Somebody at the desk does not wait. A truck that has its
    /// yes does not ask again: it waits for the goods.
    pub(super) fn waits_for_truck(&mut self, attempt: u32, source: Source) -> bool {
        let truck = self.shipment.truck.as_ref().filter(|truck| !truck.asks() && !truck.left && truck.told != Some(true));
        let waits = truck.is_some() && Some(source) == self.shipment.warehouse;
        if waits {
            self.note(Fact::WaitsForTruck { attempt });
        }
        waits
    }

    /// The truck wants to leave.
    pub(super) fn truck_asks(&mut self, ask: u32) -> Answer {
        let Some(truck) = self.shipment.truck.as_ref() else { return Answer::Accepted };
        if truck.left {
            return refuse(Code::State, "the truck has left".into(), "ask how the shipment stands", "");
        }
        if truck.ask >= ask {
            return refuse(Code::StaleVersion, format!("question {ask} was asked before"), "ask under a new number", "attempt");
        }
        self.note(Fact::TruckAsked { ask });
        self.ask = Some(ask);
        let present = self.shipment.departure.as_ref().filter(|departure| departure.told == Some(true));
        let until = present.map(|departure| departure.until).filter(|until| self.context.now <= *until);
        let free = self.shipment.holds.is_empty() && self.shipment.gates.is_empty();
        match (truck.waited_for, until) {
            // A yes that stands is of an earlier wish, and no answer to this one: its warehouse would wait for ever.
            (Some(attempt), _) if self.shipment.stage != Stage::Departed => self.ask_lots(attempt),
            (_, Some(until)) if free => self.tell_truck(true, Some(until), Vec::new()),
            // It is answered with the warehouse's own wish, which is under way or will come.
            _ => {}
        }
        Answer::Accepted
    }

    /// The truck gets the answer that the warehouse gets: to its open question, or as one that takes a yes back.
    pub(super) fn tell_truck(&mut self, granted: bool, until: Option<Instant>, reasons: Vec<String>) {
        let (Some(truck), Some((transport, shipment))) = (self.shipment.truck.as_ref(), self.at_transport()) else { return };
        let taken_back = truck.told == Some(true) && !granted;
        let Some(ask) = self.ask.or_else(|| (truck.asks() || taken_back).then_some(truck.ask)) else { return };
        self.note(Fact::TruckTold { ask, granted });
        let answer = Effect::AnswerDeparture { shipment, attempt: ask, granted, until, reasons };
        self.draft.ask_site(transport, Tier::PlantCritical, answer);
    }

    /// It is blocked at the transport system: the truck asks again when nothing blocks it any more.
    pub(super) fn stop_truck(&mut self) {
        if let Some(truck) = self.shipment.truck.as_ref().filter(|truck| truck.ask > 0 && truck.told != Some(false) && !truck.left) {
            self.note(Fact::TruckTold { ask: truck.ask, granted: false });
        }
    }

    /// The warehouse must not load it, nor the truck leave.
    pub(super) fn block(&mut self, delivery: NativeId, reason: &str) {
        let reasons = vec![reason.to_owned()];
        if let Some(warehouse) = self.shipment.warehouse {
            self.draft.ask_site_first(warehouse, Effect::BlockShipment { shipment: delivery, reasons: reasons.clone() });
        }
        if let Some((transport, shipment)) = self.at_transport() {
            self.draft.ask_site_first(transport, Effect::BlockShipment { shipment, reasons });
        }
    }

    /// The transport system may have heard of a block before it had the load.
    fn block_late(&mut self) {
        let holds = self.shipment.holds.iter().map(|((_, hold), reason)| format!("hold {hold}: {reason}"));
        let reasons: Vec<String> = holds.chain(self.shipment.gates.values().map(ToString::to_string)).collect();
        if let (Some((transport, shipment)), false) = (self.at_transport(), reasons.is_empty()) {
            self.draft.ask_site_first(transport, Effect::BlockShipment { shipment, reasons });
        }
    }

    /// Every hold on it is told how the transport system answered to its block.
    fn contained(&mut self, site: SiteId, step: &OutboxFact) {
        let at = self.context.now;
        let containment = match step {
            OutboxFact::Settled(Outcome::Accepted(_)) => Containment::Confirmed { at },
            OutboxFact::Settled(Outcome::Rejected { code, text }) => Containment::Failed { at, why: format!("{code} {text}") },
            OutboxFact::Parked { why } => Containment::Failed { at, why: why.clone() },
            OutboxFact::Settled(Outcome::Adopted { .. } | Outcome::WrittenOff | Outcome::Superseded)
            | OutboxFact::Released { .. }
            | OutboxFact::Requeued
            | OutboxFact::InFlight { .. }
            | OutboxFact::InDoubt { .. }
            | OutboxFact::NotDone { .. } => return,
        };
        for (lot, hold) in self.shipment.holds.keys() {
            let mail = lot::Mail::Contained { hold: hold.clone(), site, containment: containment.clone() };
            self.draft.tell(*lot, Body::Lot(lot::Input::Mail(mail)));
        }
        if let Containment::Failed { why, .. } = containment {
            let what = format!("{site} did not stop the truck: {why}; what holds the shipment is in force all the same");
            let offers = vec![Proposal::Do("call the driver, or the gate of the yard".into()), Proposal::Acknowledge];
            self.draft.open_case(NewCase::new(CaseKind::Discrepancy, "quality", what).impact(at).offers(offers));
        }
    }

    /// No carrier takes it.
    pub(super) fn unplaced(&mut self) -> Answer {
        Answer::Discrepant { case: self.without_truck("no carrier takes it") }
    }

    fn without_truck(&mut self, why: &str) -> u32 {
        let number = self.shipment.delivery.as_ref().map(ToString::to_string).unwrap_or_default();
        let what = format!("{number} has no truck: {why}");
        let offers =
            vec![Proposal::Do("order a truck by hand, and ask for the departure when it stands at the dock".into()), Proposal::Acknowledge];
        let case = NewCase::new(CaseKind::Rejected(Code::Other), "planning", what);
        self.draft.open_case(case.impact(self.shipment.planned.unwrap_or(self.context.now)).offers(offers))
    }

    /// The truck is gone, and with it the goods, whether their warehouse said so or not.
    pub(super) fn truck_left(&mut self, ask: Option<u32>, at: Instant) -> Answer {
        let Some(truck) = self.shipment.truck.as_ref().filter(|truck| !truck.left) else { return Answer::Accepted };
        // Whoever asked again since does not go by the answer before.
        let told = ask == Some(truck.ask) && ask == truck.granted;
        let taken_back = told && truck.told != Some(true);
        self.note(Fact::TruckLeft);
        if self.shipment.stage != Stage::Departed {
            return self.left(at);
        }
        if told && !taken_back {
            return Answer::Accepted;
        }
        let number = self.shipment.delivery.as_ref().map(ToString::to_string).unwrap_or_default();
        let (kind, what) = if taken_back {
            (CaseKind::HeldAfterClearance, format!("the truck of {number} left with a yes that was taken back since"))
        } else {
            (CaseKind::Escape, format!("the truck of {number} left without having been told that it may"))
        };
        let offers = vec![Proposal::Do("find out how it left; recall it if something holds it".into()), Proposal::Acknowledge];
        let case = NewCase::new(kind, "quality", what).stake(self.load()).impact(self.context.now).offers(offers);
        Answer::Discrepant { case: self.draft.open_case(case) }
    }
}
