//! A truck that its transport system plans: it leaves when warehouse, truck and lots agree, and is stopped with the goods.

use super::*;
use crate::effect::Effect;
use crate::outbox::{Claim, Receipt};

fn tms() -> SiteId {
    SiteId::parse("tms").unwrap()
}

/// A warehouse with a transport system, and a packed shipment on its way to a truck.
struct Dock {
    yard: Yard,
}

impl Dock {
    fn packed() -> Self {
        let mut dock = Self { yard: Yard::packed(Some(tms())) };
        assert!(matches!(dock.asked().as_slice(), [(site, Effect::TenderLoad(load))] if *site == tms() && load.units == 1
            && load.shipment.as_str() == "wms/SHP-1"));
        let alias = Ref::new(tms(), NativeKind::Shipment, NativeId::parse("L-1").unwrap());
        dock.yard.settles(&Claim::Accepted { attempt: 1, receipt: Receipt { alias: Some(alias), ..Receipt::default() } });
        assert_eq!(dock.truck().load.as_ref().map(NativeId::as_str), Some("L-1"));
        dock
    }

    /// Warehouse and truck have asked, and the lot has said yes.
    fn cleared() -> Self {
        let mut dock = Self::packed();
        dock.warehouse(1);
        dock.truck_asks(1);
        dock.lot_says(1);
        assert_eq!((dock.yard.granted(), dock.truck().told), (Some(true), Some(true)));
        dock
    }

    fn warehouse(&mut self, attempt: u32) {
        self.yard.says(Input::Request(Request::ClearDeparture { attempt }));
    }

    fn truck_asks(&mut self, ask: u32) -> Answer {
        self.yard.says_as(tms(), Input::Request(Request::ClearDeparture { attempt: ask }))
    }

    fn lot_says(&mut self, attempt: u32) {
        self.yard.says(Input::Mail(Mail::ClearanceAnswered { attempt, lot: lot(1), refused: Vec::new() }));
    }

    fn hold(&mut self) {
        let (hold, reason) = (HoldNo::parse("NC-1").unwrap(), Reason::parse("weld").unwrap());
        let key = LotKey { material: MaterialId::parse("FG-100").unwrap(), lot: crate::words::LotNo::parse("N7").unwrap() };
        self.yard.says(Input::Mail(Mail::Held { lot: lot(1), key, hold, units: Vec::new(), reason, revokes: Some(1) }));
    }

    fn truck(&self) -> &Truck {
        self.yard.shipment().truck.as_ref().unwrap()
    }

    /// What the last input asked sites to do.
    fn asked(&self) -> Vec<(SiteId, Effect)> {
        self.yard.asked()
    }
}

#[test]
fn the_lots_are_asked_when_both_the_warehouse_and_the_truck_want_to_leave() {
    for truck_first in [false, true] {
        let mut dock = Dock::packed();
        if truck_first {
            dock.truck_asks(1);
        } else {
            dock.warehouse(1);
        }
        assert!(dock.yard.shipment().departure.is_none(), "only one of them wants to");
        if truck_first {
            dock.warehouse(1);
        } else {
            dock.truck_asks(1);
        }
        assert_eq!(dock.yard.told_lots().len(), 1);
        dock.lot_says(1);
        let answers: Vec<(SiteId, bool)> = dock
            .asked()
            .iter()
            .filter_map(|(site, effect)| match effect {
                Effect::AnswerDeparture { granted, .. } => Some((*site, *granted)),
                _ => None,
            })
            .collect();
        assert_eq!(answers, [(wms(), true), (tms(), true)]);
    }
}

/// It was blocked when the yes came, and asks under another number when it is free.
#[test]
fn a_warehouse_that_asks_again_does_not_wait_for_a_truck_that_has_its_yes() {
    let mut dock = Dock::cleared();
    dock.warehouse(2);
    assert_eq!(dock.yard.told_lots().len(), 1, "the truck asks no more: it waits for the goods");
    dock.lot_says(2);
    let answered =
        |site: &SiteId, effect: &Effect| *site == wms() && matches!(effect, Effect::AnswerDeparture { attempt: 2, granted: true, .. });
    assert!(dock.asked().iter().any(|(site, effect)| answered(site, effect)), "{:?}", dock.asked());
    assert_eq!((dock.yard.granted(), dock.truck().told), (Some(true), Some(true)));
    assert_eq!(dock.yard.says_as(tms(), Input::Report(Report::TruckLeft { ask: Some(1) })), Answer::Accepted);
}

/// Somebody at the desk had asked before either of them did, and what they said then still counts when the truck comes.
#[test]
fn a_warehouse_that_waits_for_its_truck_is_answered_when_that_comes_whoever_asked_before() {
    let mut dock = Dock::packed();
    dock.yard.says_as(SiteId::parse("desk").unwrap(), Input::Request(Request::ClearDeparture { attempt: 1 }));
    dock.lot_says(1);
    assert_eq!(dock.yard.granted(), Some(true));
    dock.warehouse(2);
    assert!(dock.yard.told_lots().is_empty(), "it waits for its truck");
    dock.truck_asks(1);
    assert_eq!(dock.yard.told_lots().len(), 1, "both want to leave now");
    dock.lot_says(2);
    let answered = |attempt: u32, of: SiteId| {
        let yes = |effect: &Effect| matches!(effect, Effect::AnswerDeparture { attempt: told, granted: true, .. } if *told == attempt);
        dock.asked().iter().any(|(site, effect)| *site == of && yes(effect))
    };
    assert!(answered(2, wms()) && answered(1, tms()), "{:?}", dock.asked());
}

#[test]
fn a_hold_stops_warehouse_and_truck_and_both_have_to_ask_again() {
    let mut dock = Dock::cleared();
    dock.hold();
    let blocked: Vec<SiteId> =
        dock.asked().iter().filter(|(_, effect)| matches!(effect, Effect::BlockShipment { .. })).map(|(site, _)| *site).collect();
    assert_eq!(blocked, [wms(), tms()]);
    assert_eq!((dock.yard.granted(), dock.truck().told), (Some(false), Some(false)));
    dock.yard.says(Input::Mail(Mail::Freed { lot: lot(1), hold: HoldNo::parse("NC-1").unwrap() }));
    let freed: Vec<SiteId> =
        dock.asked().iter().filter(|(_, effect)| matches!(effect, Effect::UnblockShipment { .. })).map(|(site, _)| *site).collect();
    assert_eq!(freed, [wms(), tms()]);
    dock.truck_asks(2);
    assert_eq!(dock.truck().told, None, "the warehouse has not asked again");
    dock.warehouse(2);
    dock.lot_says(2);
    assert_eq!((dock.yard.granted(), dock.truck().told), (Some(true), Some(true)));
}

#[test]
fn the_lots_hear_how_the_transport_system_answered_to_a_hold() {
    let mut dock = Dock::cleared();
    dock.hold();
    dock.yard.settles(&Claim::Accepted { attempt: 1, receipt: Receipt::default() });
    let told = dock.yard.told_lots();
    assert!(matches!(told.as_slice(), [(_, crate::lot::Mail::Contained { site, .. })] if *site == tms()), "{told:?}");
}

#[test]
fn a_truck_that_leaves_with_its_answer_takes_the_goods_along() {
    let mut dock = Dock::cleared();
    assert_eq!(dock.yard.says_as(tms(), Input::Report(Report::TruckLeft { ask: Some(1) })), Answer::Accepted);
    assert_eq!((dock.yard.shipment().stage, dock.truck().left), (Stage::Departed, true));
    assert!(dock.yard.leaves(), "the warehouse says the same a moment later");
}

#[test]
fn a_truck_that_leaves_without_an_answer_is_an_escape() {
    let mut dock = Dock::packed();
    dock.truck_asks(1);
    assert!(matches!(dock.yard.says_as(tms(), Input::Report(Report::TruckLeft { ask: None })), Answer::Discrepant { .. }));
    assert!(dock.yard.state.common.cases.values().any(|case| case.kind == crate::case::CaseKind::Escape));
    // Also when its warehouse had let the goods go: that yes was not the truck's.
    let mut dock = Dock::cleared();
    dock.yard.leaves();
    assert!(matches!(dock.yard.says_as(tms(), Input::Report(Report::TruckLeft { ask: None })), Answer::Discrepant { .. }));
}

#[test]
fn a_truck_whose_yes_was_taken_back_after_its_goods_had_left_is_no_escape() {
    let mut dock = Dock::cleared();
    assert!(dock.yard.leaves());
    dock.hold();
    assert_eq!(dock.truck().told, Some(false));
    assert!(matches!(dock.yard.says_as(tms(), Input::Report(Report::TruckLeft { ask: Some(1) })), Answer::Discrepant { .. }));
    let held = |case: &crate::case::Case| case.kind == crate::case::CaseKind::HeldAfterClearance;
    assert!(dock.yard.state.common.cases.values().all(held), "{:?}", dock.yard.state.common.cases);
    // Who asked again since does not go by the answer before.
    let mut dock = Dock::cleared();
    assert!(dock.yard.leaves());
    dock.hold();
    dock.truck_asks(2);
    dock.yard.says_as(tms(), Input::Report(Report::TruckLeft { ask: Some(1) }));
    assert!(dock.yard.state.common.cases.values().any(|case| case.kind == crate::case::CaseKind::Escape));
}

#[test]
fn a_warehouse_that_asks_when_the_truck_has_left_is_answered_and_shown_once() {
    let mut dock = Dock::cleared();
    assert_eq!(dock.yard.says_as(tms(), Input::Report(Report::TruckLeft { ask: Some(1) })), Answer::Accepted);
    let ask = |attempt| Input::Request(Request::ClearDeparture { attempt });
    let first = dock.yard.says_as(wms(), ask(2));
    assert!(matches!(first, Answer::Discrepant { .. }), "{first:?}");
    let no = |(site, effect): &(SiteId, Effect)| *site == wms() && matches!(effect, Effect::AnswerDeparture { granted: false, .. });
    assert!(dock.asked().iter().any(no), "it waits for an answer");
    assert_eq!(dock.yard.says_as(wms(), ask(3)), first, "shown once");
    let desk = SiteId::parse("desk").unwrap();
    assert!(matches!(dock.yard.says_as(desk, ask(4)), Answer::Refused(_)), "a person is told so at once");
}

#[test]
fn only_the_transport_system_says_what_the_truck_does_and_only_the_warehouse_where_the_goods_are() {
    let mut dock = Dock::packed();
    let booked =
        || Input::Report(Report::Booked { carrier: crate::words::Carrier::parse("NORDFRACHT").unwrap(), appointment: Instant::EPOCH });
    assert!(matches!(dock.yard.says(booked()), Answer::Discrepant { .. }));
    assert_eq!(dock.truck().carrier, None);
    assert_eq!(dock.yard.says_as(tms(), booked()), Answer::Accepted);
    assert_eq!(dock.truck().carrier.as_ref().map(crate::words::Carrier::as_str), Some("NORDFRACHT"));
    assert!(matches!(dock.yard.says_as(tms(), Input::Report(Report::Departed)), Answer::Discrepant { .. }));
    assert_eq!(dock.yard.shipment().stage, Stage::Packed);
}

#[test]
fn a_load_that_no_carrier_takes_is_shown_and_somebody_may_ask_by_hand() {
    let mut dock = Dock::packed();
    assert!(matches!(dock.yard.says_as(tms(), Input::Report(Report::Unplaced)), Answer::Discrepant { .. }));
    let desk = SiteId::parse("desk").unwrap();
    dock.yard.says_as(desk, Input::Request(Request::ClearDeparture { attempt: 1 }));
    assert_eq!(dock.yard.told_lots().len(), 1, "a person at the desk does not wait for a truck that never comes");
}
