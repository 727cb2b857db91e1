//! A hold that is released while the quality system is not reached, and what quality says of it later.

use super::*;
use crate::case::CaseKind;
use crate::fact::Fact as Noted;
use crate::refusal::Code;
use crate::words::Role;

/// The plant's shift leader was given the right; the region of the quality system is not reached.
fn apart() -> Floor {
    let mut floor = two_pallets();
    floor.book.policy.local_quality_roles = vec![Role::parse("shift").unwrap()];
    place(&mut floor, "NC-1", &[]);
    floor.unreached = [Region::parse("eu").unwrap()].into();
    floor
}

fn wishes(floor: &mut Floor, role: &str, disposition: Disposition) -> Answer {
    floor.wish(goods(), person(role), Body::Lot(Input::Request(Request::RecordDisposition(disposition))))
}

fn frees(floor: &mut Floor, role: &str) -> Answer {
    wishes(floor, role, disposition("NC-1", vec![verdict(Verdict::Accept)]))
}

/// Released without quality, whose region is reached again.
fn provisional() -> Floor {
    let mut floor = apart();
    assert_eq!(frees(&mut floor, "shift"), Answer::Accepted);
    floor.unreached.clear();
    floor
}

/// What its order last heard: open holds, and what was released without quality.
fn told(floor: &Floor) -> (Vec<HoldNo>, Vec<HoldNo>) {
    let last = floor.mail.iter().rev().find_map(|mail| match &mail.body {
        Body::Order(crate::order::Input::Mail(crate::order::Mail::Quality { holds, provisional, .. })) => {
            Some((holds.clone(), provisional.clone()))
        }
        _ => None,
    });
    last.expect("its order is told")
}

fn events(floor: &Floor) -> Vec<String> {
    let facts = floor.log.iter().flat_map(|(_, step)| &step.facts);
    let lot = facts.filter(|fact| matches!(fact, Noted::Lot(_)));
    lot.filter_map(crate::event::contract_of).map(|contract| contract.name.to_owned()).collect()
}

#[test]
fn without_the_quality_system_only_a_delegated_role_releases_and_only_a_whole_hold() {
    let mut floor = apart();
    let Answer::Refused(refusal) = frees(&mut floor, "quality") else { panic!("granted") };
    assert_eq!(refusal.code, Code::NotOwner);
    assert!(refusal.text.contains("qms") && refusal.text.contains("region eu"), "{}", refusal.text);
    assert!(refusal.remedy.contains("release_hold_offline"), "{}", refusal.remedy);
    assert_eq!(crate::floor::refused(&frees(&mut floor, "planner")), Code::NotOwner);
    let part = Decision { unit: Some(pallet(1)), ..verdict(Verdict::Accept) };
    assert_eq!(crate::floor::refused(&wishes(&mut floor, "shift", disposition("NC-1", vec![part]))), Code::NotOwner);
    let open = Disposition { last: false, ..disposition("NC-1", vec![verdict(Verdict::Accept)]) };
    assert_eq!(crate::floor::refused(&wishes(&mut floor, "shift", open)), Code::NotOwner);
    let scrap = disposition("NC-1", vec![verdict(Verdict::Scrap)]);
    assert_eq!(crate::floor::refused(&wishes(&mut floor, "shift", scrap.clone())), Code::NotOwner);
    assert!(!asks(&mut floor, truck(1), 1, &pallet(1)).is_empty(), "all of it is held");
    assert_eq!(wishes(&mut floor, "quality", scrap), Answer::Accepted, "what frees nothing needs nobody");
}

#[test]
fn where_the_quality_system_is_reached_a_delegated_role_decides_nothing() {
    let mut floor = apart();
    floor.unreached.clear();
    assert_eq!(crate::floor::refused(&frees(&mut floor, "shift")), Code::NotOwner);
    assert!(!asks(&mut floor, truck(1), 1, &pallet(1)).is_empty());
    assert_eq!(frees(&mut floor, "quality"), Answer::Accepted);
    assert!(floor.lot(goods()).provisional.is_empty() && floor.cases(goods()).is_empty());
}

#[test]
fn what_is_released_without_quality_is_free_and_says_so_until_quality_countersigns() {
    for by_request in [false, true] {
        let mut floor = provisional();
        assert_eq!(told(&floor), (Vec::new(), vec![hold_no("NC-1")]));
        assert!(asks(&mut floor, truck(1), 1, &pallet(1)).is_empty(), "it may be used");
        let kept = &floor.lot(goods()).provisional[&hold_no("NC-1")];
        assert_eq!(kept.provisional, Some(Provisional { at: floor.now, role: "shift".into(), by: site("qms") }));
        let [case] = floor.cases(goods())[..] else { panic!("{:?}", floor.cases(goods())) };
        assert!(
            case.kind == CaseKind::Provisional && case.owner.as_str() == "quality" && case.what.contains("released by shift"),
            "{case:?}"
        );
        let noted = crate::desk::Action::Acknowledge;
        let number = case.number;
        let wish = Body::Desk(crate::desk::Wish { case: number, action: noted });
        assert_eq!(crate::floor::refused(&floor.wish(goods(), person("quality"), wish)), Code::State, "it is not put away by a note");
        floor.mail.clear();
        let answer = if by_request { frees(&mut floor, "quality") } else { decide(&mut floor, "NC-1", vec![verdict(Verdict::Accept)]) };
        assert_eq!((answer, told(&floor)), (Answer::Accepted, (Vec::new(), Vec::new())));
        assert!(floor.cases(goods()).is_empty() && floor.lot(goods()).provisional.is_empty());
        let names = events(&floor);
        let told: Vec<_> =
            names.iter().filter(|name| ["provisionally_released", "hold_released", "decided"].contains(&name.as_str())).collect();
        assert_eq!(told, ["provisionally_released", "hold_released", "decided"]);
    }
}

#[test]
fn a_release_that_was_asked_for_twice_is_one_and_a_lost_answer_costs_nothing() {
    let mut floor = apart();
    assert_eq!(frees(&mut floor, "shift"), Answer::Accepted);
    assert_eq!(frees(&mut floor, "shift"), Answer::Accepted);
    assert_eq!(floor.open(goods(), &CaseKind::Provisional), 1);
}

#[test]
fn where_quality_does_not_agree_it_is_held_again_and_then_decided_about() {
    let mut floor = provisional();
    assert!(asks(&mut floor, truck(1), 1, &pallet(1)).is_empty());
    mail(&mut floor, goods(), Mail::Register { shipment: truck(1), unit: pallet(1), qty: qty("480 H87") });
    floor.mail.clear();
    let bad = Decision { verdict: Verdict::Scrap, qty: None, unit: Some(pallet(2)) };
    let first = Disposition { last: false, ..disposition("NC-1", vec![bad]) };
    assert_eq!(floor.tell(goods(), "qms", Body::Lot(Input::OwnerFact(OwnerFact::Decided(first)))), Answer::Accepted);
    let held: Vec<_> = floor.lot(goods()).holds.keys().cloned().collect();
    assert_eq!((held, floor.open(goods(), &CaseKind::Provisional)), (vec![hold_no("NC-1~2")], 0));
    let tells = |mail: &crate::input::Input| {
        matches!(&mail.body, Body::Shipment(shipment::Input::Mail(shipment::Mail::Held { revokes: Some(1), .. })))
    };
    assert!(floor.mail.iter().any(tells), "a truck that was cleared meanwhile is told");
    assert!(!asks(&mut floor, truck(1), 2, &pallet(1)).is_empty());
    assert_eq!(decide(&mut floor, "NC-1", vec![verdict(Verdict::Accept)]), Answer::Accepted);
    assert!(asks(&mut floor, truck(1), 3, &pallet(1)).is_empty());
    assert!(floor.lot(goods()).holds.is_empty());
}

#[test]
fn a_later_hold_of_the_same_number_is_decided_for_both() {
    let mut floor = provisional();
    place(&mut floor, "NC-1", &[]);
    assert!(!asks(&mut floor, truck(1), 1, &pallet(1)).is_empty());
    assert_eq!(decide(&mut floor, "NC-1", vec![verdict(Verdict::Accept)]), Answer::Accepted);
    assert!(floor.lot(goods()).provisional.is_empty() && floor.lot(goods()).holds.is_empty() && floor.cases(goods()).is_empty());
}

#[test]
fn what_quality_refused_stays_refused_whatever_is_released_without_it() {
    let mut floor = two_pallets();
    floor.book.policy.local_quality_roles = vec![Role::parse("shift").unwrap()];
    place(&mut floor, "NC-1", &[]);
    let bad = Decision { unit: Some(pallet(2)), ..verdict(Verdict::Scrap) };
    assert_eq!(decide(&mut floor, "NC-1", vec![bad, verdict(Verdict::Accept)]), Answer::Accepted);
    place(&mut floor, "NC-9", &[]);
    floor.unreached = [Region::parse("eu").unwrap()].into();
    assert_eq!(wishes(&mut floor, "shift", disposition("NC-9", vec![verdict(Verdict::Accept)])), Answer::Accepted);
    assert!(asks(&mut floor, truck(1), 1, &pallet(1)).is_empty());
    assert!(!asks(&mut floor, truck(2), 1, &pallet(2)).is_empty(), "it is to be scrapped");
    floor.unreached.clear();
    assert_eq!(decide(&mut floor, "NC-9", vec![verdict(Verdict::Accept)]), Answer::Accepted);
    assert!(asks(&mut floor, truck(2), 2, &pallet(2)).is_empty(), "quality may free it, by a decision on another hold");
    assert!(floor.lot(goods()).provisional.is_empty() && floor.lot(goods()).holds.is_empty());
}

#[test]
fn without_the_quality_system_the_rest_of_a_hold_is_not_freed_by_a_decision_about_a_part() {
    let mut floor = apart();
    let bad = Decision { unit: Some(pallet(2)), ..verdict(Verdict::Scrap) };
    for decisions in [vec![bad.clone()], Vec::new()] {
        for role in ["quality", "shift"] {
            assert_eq!(crate::floor::refused(&wishes(&mut floor, role, disposition("NC-1", decisions.clone()))), Code::NotOwner);
        }
    }
    let first = Disposition { last: false, ..disposition("NC-1", vec![bad]) };
    assert_eq!(wishes(&mut floor, "quality", first), Answer::Accepted);
    assert!(!asks(&mut floor, truck(1), 1, &pallet(1)).is_empty());
}

#[test]
fn what_is_bad_on_nobody_knows_which_pallet_is_not_released_without_quality() {
    let mut floor = apart();
    let bad = Decision { qty: Some(qty("10 H87")), ..verdict(Verdict::Scrap) };
    let first = Disposition { last: false, ..disposition("NC-1", vec![bad]) };
    floor.tell(goods(), "qms", Body::Lot(Input::OwnerFact(OwnerFact::Decided(first))));
    let before = floor.cases(goods()).len();
    assert_eq!(crate::floor::refused(&frees(&mut floor, "shift")), Code::NotOwner);
    assert!(floor.lot(goods()).provisional.is_empty() && floor.cases(goods()).len() == before);
    assert!(!asks(&mut floor, truck(1), 1, &pallet(1)).is_empty());
}

#[test]
fn a_later_hold_of_the_same_number_on_less_holds_all_of_it_again() {
    let mut floor = provisional();
    place(&mut floor, "NC-1", &[pallet(2)]);
    assert!(!asks(&mut floor, truck(1), 1, &pallet(1)).is_empty());
    assert_eq!(decide(&mut floor, "NC-1", vec![verdict(Verdict::Scrap)]), Answer::Accepted);
    assert!(floor.lot(goods()).provisional.is_empty() && floor.open(goods(), &CaseKind::Provisional) == 0);
    for number in [1, 2] {
        assert!(!asks(&mut floor, truck(1), 1 + number, &pallet(number)).is_empty(), "pallet {number}");
    }
}
