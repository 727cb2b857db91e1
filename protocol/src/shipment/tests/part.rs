//! Parts of handling units: two orders on one pallet, picks that follow each other, and word that comes after the truck has left.

use super::*;
use crate::case::CaseKind;

fn qty(text: &str) -> Qty {
    Qty::parse(text).unwrap()
}

fn part(number: u32, of: &str, named: bool) -> Input {
    let part = Part { lot: named.then(|| content(1).lot), qty: qty(of) };
    Input::Report(Report::PickedPart { unit: sscc(number), part })
}

/// A pallet on which two orders put some of the same lot: 60 and 40.
fn of_two_orders(number: u32) -> Input {
    let other = EntityId::from_parts(Kind::Order, crate::name::Region::parse("eu").unwrap(), 1, 2);
    let contents =
        vec![UnitContent { qty: qty("60 H87"), ..content(1) }, UnitContent { qty: qty("40 H87"), order: Some(other), ..content(1) }];
    told(sscc(number), Located { unit: Some(unit(number)), word: 1, contents, via: None })
}

/// A lot, what left of it on which handling unit, and of which of them not all.
type Gone = (EntityId, Vec<(Sscc, Qty)>, Vec<Sscc>);

/// What lots were told that left.
fn gone(yard: &Yard) -> Vec<Gone> {
    let gone = |(to, mail)| match mail {
        crate::lot::Mail::Departed { units, parts, .. } => Some((to, units, parts)),
        _ => None,
    };
    yard.told_lots().into_iter().filter_map(gone).collect()
}

/// What of units was told to have left by the last input; empty for all of one.
fn shipped(yard: &Yard) -> Vec<Vec<Qty>> {
    let told = |fact: &crate::fact::Fact| {
        let crate::fact::Fact::Intended { intent, .. } = fact else { return None };
        let crate::intent::Intent::Mail { parcel: crate::intent::Parcel::Body(body), .. } = intent.as_ref() else { return None };
        match body.as_ref() {
            Body::Unit(crate::unit::Input::Mail(crate::unit::Mail::Shipped { part, .. })) => Some(part.iter().map(|row| row.qty).collect()),
            _ => None,
        }
    };
    yard.last.iter().filter_map(told).collect()
}

#[test]
fn a_lot_of_two_orders_on_one_pallet_is_told_one_sum_of_it() {
    let mut yard = Yard::picked(None);
    yard.says(part(2, "80 H87", true));
    yard.says(of_two_orders(2));
    yard.says(Input::Request(Request::ClearDeparture { attempt: 1 }));
    let asked = yard.told_lots().into_iter().find_map(|(_, mail)| match mail {
        crate::lot::Mail::AskClearance { units, parts, .. } => Some((units, parts)),
        _ => None,
    });
    assert_eq!(asked, Some((vec![(sscc(1), qty("480 H87")), (sscc(2), qty("80 H87"))], vec![sscc(2)])));
    yard.says(Input::Report(Report::Departed));
    assert_eq!(gone(&yard), [(lot(1), vec![(sscc(1), qty("480 H87")), (sscc(2), qty("80 H87"))], vec![sscc(2)])]);
}

#[test]
fn picks_with_and_without_a_lot_add_up_and_more_than_is_there_is_said() {
    let mut yard = Yard::picked(None);
    yard.says(part(1, "30 H87", true));
    assert_eq!(yard.shipment().stage, Stage::Picking);
    // Taken whole before: that stands.
    assert!(yard.shipment().parts.is_empty());
    for (of, named) in [("50 H87", false), ("30 H87", true)] {
        yard.says(part(2, of, named));
    }
    yard.says(of_two_orders(2));
    let on_it = |yard: &Yard| {
        let located = yard.shipment().units[&sscc(2)].clone().unwrap();
        yard.shipment().on_it(&sscc(2), &located).into_iter().map(|row| row.qty).collect::<Vec<_>>()
    };
    assert_eq!(on_it(&yard), [qty("60 H87"), qty("20 H87")]);
    yard.says(part(2, "25 H87", true));
    assert_eq!(on_it(&yard), [qty("60 H87"), qty("40 H87")]);
    yard.says(Input::Request(Request::ClearDeparture { attempt: 1 }));
    assert_eq!(yard.granted(), Some(false));
    let why = yard.asked().into_iter().find_map(|(_, effect)| match effect {
        crate::effect::Effect::AnswerDeparture { reasons, .. } => Some(reasons),
        _ => None,
    });
    assert_eq!(why.unwrap(), ["5 H87 of no lot more were picked from pallet-2 than is known to be on it"]);
}

#[test]
fn a_part_that_is_told_after_the_truck_has_left_has_left_too_and_is_an_escape() {
    let mut yard = Yard::picked(None);
    yard.says(part(2, "40 H87", true));
    yard.says(located(2, &[1]));
    yard.says(Input::Report(Report::Departed));
    let before = yard.state.common.cases.len();
    yard.says(part(2, "20 H87", true));
    assert_eq!(gone(&yard), [(lot(1), vec![(sscc(2), qty("20 H87"))], vec![sscc(2)])]);
    assert_eq!(shipped(&yard), [vec![qty("20 H87")]]);
    let escapes = yard.state.common.cases.values().filter(|case| case.kind == CaseKind::Escape).count();
    assert_eq!((yard.state.common.cases.len(), escapes), (before + 1, before + 1));
    yard.says(picked(2));
    assert_eq!(gone(&yard), [(lot(1), vec![(sscc(2), qty("420 H87"))], Vec::new())], "the rest of it left, too");
    assert_eq!(shipped(&yard), [vec![qty("420 H87")]]);
    yard.says(located(2, &[1]));
    assert!(gone(&yard).is_empty(), "told once");
}

#[test]
fn a_departure_that_is_refused_again_and_again_and_given_up_is_closed_by_a_person() {
    let mut yard = Yard::picked(None);
    yard.says(picked(9));
    for attempt in [1, 2] {
        yard.says(Input::Request(Request::ClearDeparture { attempt }));
    }
    let case = yard.state.common.cases.values().find(|case| case.kind == CaseKind::Blocked).unwrap().number;
    let who = Who { user: "q".into(), role: "quality".into(), reason: Some("taken off the plan".into()), ..Who::default() };
    let wish = crate::desk::Wish { case, action: crate::desk::Action::Acknowledge };
    yard.wishes(who, Body::Desk(wish));
    assert!(yard.state.common.cases.is_empty(), "{:?}", yard.state.common.cases);
}
