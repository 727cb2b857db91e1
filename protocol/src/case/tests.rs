//! Cases as the desk needs them: where they are, when they hurt and by what, and what many of them have in common.

use super::*;
use crate::answer::Answer;
use crate::desk::{Action, Wish};
use crate::envelope::Who;
use crate::floor::{Floor, person, refused};
use crate::id::Kind;
use crate::input::{Address, Body, Input};
use crate::kernel::tests::fixture::{Day, at, qty, site};
use crate::lot;
use crate::native::{NativeId, NativeKind, Ref};
use crate::order::{self, Amount, Counting, OwnerFact, Report};
use crate::shipment;
use crate::site::{Slip, unmatched};
use crate::words::{HoldNo, ItemNo, LotNo, MaterialId, OpNo, Reason, Sscc};

fn order_id(floor: &Floor, number: &str) -> EntityId {
    floor.book.born_at(site("erp-eu"), Kind::Order, NativeKind::Order, number).unwrap()
}

/// An order under this number, released when its plant has no recipe of what it makes.
fn without_recipe(floor: &mut Floor, number: &str) -> EntityId {
    floor.book.recipes.clear();
    let id = order_id(floor, number);
    let mut release = Day::release();
    if let Body::Order(order::Input::OwnerFact(OwnerFact::Released(header))) = &mut release.body {
        header.number = NativeId::parse(number).unwrap();
    }
    floor.take(id, &release);
    floor.deliver();
    id
}

fn only(floor: &Floor, of: EntityId, kind: &CaseKind) -> Case {
    let found: Vec<&Case> = floor.cases(of).into_iter().filter(|case| case.kind == *kind).collect();
    assert_eq!(found.len(), 1, "{found:?}");
    found[0].clone()
}

fn act(floor: &mut Floor, of: EntityId, case: u32, action: Action) -> Answer {
    floor.wish(of, person("planner"), Body::Desk(Wish { case, action }))
}

fn edit(copies: Vec<Input>) -> Action {
    Action::Edit { raw: crate::envelope::RawRef::of(format!("{copies:?}").as_bytes()), copies }
}

/// A consumption that the plant tells of an order by this number.
fn consumption(number: &str) -> Input {
    let name = Ref::new(site("nord"), NativeKind::Job, NativeId::parse(number).unwrap());
    let key = crate::envelope::Key { source: site("nord"), epoch: 0, mark: crate::envelope::Mark::Number(7) };
    let report = Report::Consumed {
        op: OpNo::parse("10").unwrap(),
        item: ItemNo::parse("1").ok(),
        material: MaterialId::parse("STEEL-3").unwrap(),
        lot: LotNo::parse("H-5502").ok(),
        amount: Amount { qty: qty("12.4 KGM"), counting: Counting::Delta, native: None },
    };
    let envelope = crate::envelope::Envelope::of(key, at(0));
    Input { to: Address::Native { kind: Kind::Order, names: vec![name] }, envelope, body: Body::Order(order::Input::Report(report)) }
}

#[test]
fn what_one_missing_recipe_stops_is_one_cause_and_hurts_at_each_start() {
    let mut floor = Floor::new();
    let (one, two) = (without_recipe(&mut floor, "1000042"), without_recipe(&mut floor, "1000043"));
    let (first, second) = (only(&floor, one, &CaseKind::NotReady), only(&floor, two, &CaseKind::NotReady));
    assert_eq!(first.cause(one), second.cause(two));
    assert_ne!(first.what, second.what);
    let start = floor.order(one).header.as_ref().unwrap().start;
    let shift = floor.book.sites[&site("nord")].calendar.shift_end(floor.now);
    assert!(start > floor.now, "or this shows nothing");
    assert_eq!((first.impact_at, first.impact_by), (Some(start), Some(Impact::Start)));
    // One that should have begun hurts now, and not with the next shift.
    floor.now = start.plus_ms(60_000);
    let late = without_recipe(&mut floor, "1000044");
    let case = only(&floor, late, &CaseKind::NotReady);
    assert!(shift > floor.now && (case.impact_at, case.impact_by) == (Some(floor.now), Some(Impact::Now)), "{case:?}");
    assert_eq!(first.site, Some(site("nord")));
    let total = stakes([first.stake.as_str(), second.stake.as_str(), "no quantity"]);
    let whole = floor.order(one).header.as_ref().unwrap().total;
    assert_eq!(total, whole.plus(whole).unwrap().to_string());
}

#[test]
fn cases_that_say_nothing_of_their_cause_stand_alone() {
    let mut floor = Floor::new();
    let id = without_recipe(&mut floor, "1000042");
    let mut alone = only(&floor, id, &CaseKind::NotReady);
    alone.about.clear();
    let other = Case { number: 9, ..alone.clone() };
    assert_ne!(alone.cause(id), other.cause(id));
    assert!(alone.cause(id).as_str().starts_with("G-") && alone.cause(id).as_str().len() == 10);
}

#[test]
fn stakes_are_summed_by_unit() {
    assert_eq!(stakes(["12.4 KGM + 3 H87", "2 H87", "", "soon"]), "5 H87 + 12.4 KGM");
}

#[test]
fn a_message_that_matches_nothing_hurts_when_the_plants_day_ends() {
    let mut floor = Floor::new();
    let keeper = floor.book.site_entity(site("nord")).unwrap();
    floor.take(keeper, &unmatched(keeper, consumption("J-100042")));
    let case = only(&floor, keeper, &CaseKind::Unmatched);
    let midnight = floor.book.sites[&site("nord")].calendar.next_midnight(floor.now);
    assert_eq!((case.impact_at, case.impact_by, case.site), (Some(midnight), Some(Impact::Day), Some(site("nord"))));
    assert_eq!(case.stake, "12.4 KGM");
    assert!(case.proposals.contains(&Proposal::Edit));
}

#[test]
fn the_last_day_of_a_month_ends_its_period() {
    let mut floor = Floor::new();
    floor.now = Instant::parse("2026-11-30T20:00:00+01:00").unwrap();
    let keeper = floor.book.site_entity(site("nord")).unwrap();
    floor.take(keeper, &unmatched(keeper, consumption("J-100042")));
    assert_eq!(only(&floor, keeper, &CaseKind::Unmatched).impact_by, Some(Impact::Period));
}

#[test]
fn a_case_is_put_away_with_a_reason_and_never_past_what_it_hurts() {
    let mut floor = Floor::new();
    let id = without_recipe(&mut floor, "1000042");
    let case = only(&floor, id, &CaseKind::NotReady);
    let hurts = case.impact_at.unwrap();
    let soon = floor.now.plus_ms(60_000);
    assert!(soon < hurts);
    let mut silent = person("planner");
    silent.reason = None;
    let wish = Body::Desk(Wish { case: case.number, action: Action::Snooze { until: soon } });
    assert_eq!(refused(&floor.wish(id, silent, wish)), Code::Schema);
    for (until, code) in [(floor.now, Code::Schema), (hurts.plus_ms(1), Code::State)] {
        assert_eq!(refused(&act(&mut floor, id, case.number, Action::Snooze { until })), code);
    }
    assert_eq!(act(&mut floor, id, case.number, Action::Snooze { until: soon }), Answer::Accepted);
    let case = only(&floor, id, &CaseKind::NotReady);
    assert!(case.is_snoozed(floor.now) && !case.is_snoozed(soon));
    let longer = Case { snoozed_until: Some(hurts.plus_ms(60_000)), ..case };
    assert!(longer.is_snoozed(soon) && !longer.is_snoozed(hurts), "what hurts is back, whatever an old log says");
}

#[test]
fn a_case_is_closed_by_who_answers_for_it_and_for_a_reason() {
    let mut floor = Floor::new();
    let keeper = floor.book.site_entity(site("nord")).unwrap();
    let slip = crate::site::Mail::Unreadable { topic: "stops".into(), raw: crate::envelope::RawRef::of(b"{}"), why: "no machine".into() };
    floor.tell(keeper, "takt", Body::Site(crate::site::Input::Mail(slip)));
    let case = only(&floor, keeper, &CaseKind::Unmatched);
    assert_eq!(case.owner.as_str(), "it");
    let mut ack = |who: Who| floor.wish(keeper, who, Body::Desk(Wish { case: case.number, action: Action::Acknowledge }));
    let Answer::Refused(no) = ack(person("planning")) else { panic!("a case of it was closed by planning") };
    assert_eq!((no.code, no.field.as_str()), (Code::NotOwner, "who.role"));
    assert!(no.text.contains("for the role it to close") && no.remedy.contains("hand-to planning"), "{no:?}");
    assert_eq!(refused(&ack(Who { reason: None, ..person("it") })), Code::Schema);
    assert_eq!(ack(person("it")), Answer::Accepted);
}

#[test]
fn a_case_is_closed_by_a_role_that_may_decide_what_its_owner_decides_and_by_who_took_it_over() {
    for (taken_over, role) in [(false, "controlling"), (true, "planning")] {
        let mut floor = Floor::new();
        let id = without_recipe(&mut floor, "1000042");
        let case = only(&floor, id, &CaseKind::NotReady);
        let to = |role: &str| Action::HandTo { role: crate::words::Role::parse(role).unwrap() };
        let mut does = |role: &str, action| floor.wish(id, person(role), Body::Desk(Wish { case: case.number, action }));
        assert_eq!(does("it", to("finance")), Answer::Accepted);
        assert_eq!(refused(&does(role, Action::Acknowledge)), Code::NotOwner);
        if taken_over {
            assert_eq!(does(role, to(role)), Answer::Accepted);
        } else {
            floor.book.policy.finance_roles.push(crate::words::Role::parse(role).unwrap());
        }
        let wish = Body::Desk(Wish { case: case.number, action: Action::Acknowledge });
        assert_eq!(floor.wish(id, person(role), wish), Answer::Accepted, "{role}");
    }
}

#[test]
fn a_message_is_mended_in_a_copy_that_counts_once_and_the_original_stays() {
    let mut floor = Floor::new();
    let id = order_id(&floor, "1000042");
    floor.take(id, &Day::release());
    floor.deliver();
    let keeper = floor.book.site_entity(site("nord")).unwrap();
    let told = consumption("J-100042");
    floor.take(keeper, &unmatched(keeper, told.clone()));
    let case = only(&floor, keeper, &CaseKind::Unmatched).number;
    let copy = Input { to: Address::Entity(id), ..told.clone() };
    let mut other = copy.clone();
    other.envelope.key.mark = crate::envelope::Mark::Number(8);
    assert_eq!(refused(&act(&mut floor, keeper, case, edit(vec![other]))), Code::Schema, "it would count beside");
    assert_eq!(refused(&act(&mut floor, keeper, case, edit(Vec::new()))), Code::Schema);
    let wish = Input { body: Body::Order(order::Input::Request(order::Request::Close)), ..copy.clone() };
    assert_eq!(refused(&act(&mut floor, keeper, case, edit(vec![wish]))), Code::Schema);
    assert_eq!(act(&mut floor, keeper, case, edit(vec![copy.clone()])), Answer::Accepted);
    assert_eq!(floor.open(keeper, &CaseKind::Unmatched), 0);
    floor.deliver();
    let lots: Vec<String> = floor.order(id).consumed.iter().map(|(lot, _)| lot.to_string()).collect();
    assert_eq!(lots, ["STEEL-3/H-5502"]);
    let before = floor.order(id).clone();
    floor.take(id, &copy);
    assert_eq!(floor.order(id), &before, "told again, it is known");
    let kept = floor.log.iter().any(|(of, step)| *of == keeper && format!("{:?}", step.facts).contains("J-100042"));
    assert!(kept, "the original is in the log");
}

#[test]
fn a_copy_that_still_matches_nothing_waits_under_a_case_of_its_own() {
    let mut floor = Floor::new();
    let keeper = floor.book.site_entity(site("nord")).unwrap();
    floor.take(keeper, &unmatched(keeper, consumption("J-100042")));
    let case = only(&floor, keeper, &CaseKind::Unmatched).number;
    let copy = Input { to: consumption("J-77").to, ..consumption("J-100042") };
    assert_eq!(act(&mut floor, keeper, case, edit(vec![copy])), Answer::Accepted);
    let waits = only(&floor, keeper, &CaseKind::Unmatched);
    assert!(waits.number != case && waits.what.contains("J-77"), "{waits:?}");
}

#[test]
fn the_names_a_site_knows_are_offered_the_nearest_first() {
    let mut floor = Floor::new();
    let id = order_id(&floor, "1000042");
    floor.take(id, &Day::release());
    floor.deliver();
    let keeper = floor.book.site_entity(site("nord")).unwrap();
    let crate::kernel::Own::Site(plant) = &floor.state(keeper).own else { panic!("no site") };
    let likely = plant.likely(&consumption("100042"), 5);
    assert_eq!((likely[0].entity, likely[0].slip), (id, Slip::Missing), "{likely:?}");
    assert!(plant.likely(&consumption("77"), 5).is_empty());
}

#[test]
fn a_truck_that_a_hold_keeps_is_shown_until_the_hold_is_over() {
    let mut floor = Floor::new();
    let (warehouse, delivery) = (site("wms-na"), NativeId::parse("SHP-1").unwrap());
    let truck = floor.book.born_at(warehouse, Kind::Shipment, NativeKind::Shipment, "SHP-1").unwrap();
    let leaves = floor.now.plus_ms(3_600_000);
    let announced = shipment::Report::Announced { warehouse, delivery, lines: Vec::new(), planned: Some(leaves) };
    floor.tell(truck, "wms-na", Body::Shipment(shipment::Input::Report(announced)));
    let hold = HoldNo::parse("NC-1").unwrap();
    let lots = [Day::lot_entity(), order_id(&floor, "1")];
    for lot in lots {
        let held = shipment::Mail::Held {
            lot,
            key: Day::lot(),
            hold: hold.clone(),
            units: Vec::<Sscc>::new(),
            reason: Reason::parse("weld").unwrap(),
            revokes: None,
        };
        floor.tell(truck, "takt", Body::Shipment(shipment::Input::Mail(held)));
    }
    let case = only(&floor, truck, &CaseKind::Blocked);
    assert_eq!(refused(&act(&mut floor, truck, case.number, Action::Acknowledge)), Code::State, "it is over when the hold is");
    assert_eq!((case.impact_at, case.impact_by, case.site), (Some(leaves), Some(Impact::Truck), Some(warehouse)));
    for (lot, left) in lots.into_iter().zip([1, 0]) {
        let freed = shipment::Mail::Freed { lot, hold: hold.clone() };
        floor.tell(truck, "takt", Body::Shipment(shipment::Input::Mail(freed)));
        assert_eq!(floor.open(truck, &CaseKind::Blocked), left);
    }
}

#[test]
fn a_quantity_is_given_up_by_two_people_and_not_by_one_under_two_spellings() {
    let mut floor = Floor::new();
    let id = order_id(&floor, "1000042");
    floor.take(id, &Day::release());
    floor.deliver();
    floor.does("dispatch_job", &crate::outbox::Receipt::default());
    floor.tell(
        id,
        "nord",
        Body::Order(order::Input::Report(Report::Confirmed(Box::new(crate::kernel::tests::fixture::work("10", "300 H87"))))),
    );
    floor.tell(id, "nord", Body::Order(order::Input::Report(Report::Completed)));
    floor.refuses("post");
    let case = only(&floor, id, &CaseKind::ParkedPosting);
    assert_eq!(case.impact_by, Some(Impact::Day));
    let give_up = |floor: &mut Floor, who: Who| floor.wish(id, who, Body::Desk(Wish { case: case.number, action: Action::WriteOff }));
    let finance = person("finance");
    let named =
        |user: &str, for_whom: Option<&str>| Who { user: user.into(), on_behalf_of: for_whom.map(str::to_owned), ..finance.clone() };
    assert_eq!(refused(&give_up(&mut floor, Who { reason: None, ..finance.clone() })), Code::Schema, "not without a reason");
    assert_eq!(give_up(&mut floor, named("ada", Some("Carol"))), Answer::Accepted);
    assert_eq!(only(&floor, id, &CaseKind::ParkedPosting).asked_by.len(), 2, "it is open, and waits for a second person");
    for (user, for_whom) in [("ada", None), (" Ada ", None), ("carol", None), ("bob", Some("ada"))] {
        assert_eq!(refused(&give_up(&mut floor, named(user, for_whom))), Code::NotOwner, "{user} {for_whom:?}");
    }
    assert_eq!(refused(&give_up(&mut floor, crate::floor::another("planner"))), Code::NotOwner, "of finance, too");
    assert_eq!(give_up(&mut floor, crate::floor::another("finance")), Answer::Accepted);
    assert_eq!(floor.open(id, &CaseKind::ParkedPosting), 0);
}

#[test]
fn every_kind_has_its_own_word_as_it_stands_on_the_wire() {
    for kind in CaseKind::ALL {
        let wire = serde_json::to_value(&kind).unwrap();
        let word = wire.as_str().map_or_else(|| wire.as_object().unwrap().keys().next().unwrap().clone(), str::to_owned);
        assert_eq!(kind.word(), word);
    }
}

#[test]
fn a_hold_that_nobody_decides_hurts_already() {
    let mut floor = Floor::new();
    let placement = lot::Placement {
        hold: HoldNo::parse("NC-1").unwrap(),
        lot: Day::lot(),
        site: site("nord"),
        units: Vec::new(),
        reason: Reason::parse("weld").unwrap(),
        severity: String::new(),
    };
    let lot = Day::lot_entity();
    floor.tell(lot, "qms", Body::Lot(lot::Input::OwnerFact(lot::OwnerFact::Nonconformance(placement))));
    floor.wait_ms(floor.book.policy.disposition_ms + 1);
    let case = only(&floor, lot, &CaseKind::Unanswered);
    assert_eq!((case.impact_by, case.impact_at, case.site), (Some(Impact::Now), Some(floor.now), Some(site("nord"))));
    let later = floor.now.plus_ms(3_600_000);
    assert_eq!(refused(&act(&mut floor, lot, case.number, Action::Snooze { until: later })), Code::State, "it cannot be put away");
}

#[test]
fn who_hands_over_what_is_somebody_elses_says_why() {
    let mut floor = Floor::new();
    let id = without_recipe(&mut floor, "1000042");
    let case = only(&floor, id, &CaseKind::NotReady);
    let mut hands = |who: Who, role: &str| {
        let action = Action::HandTo { role: crate::words::Role::parse(role).unwrap() };
        floor.wish(id, who, Body::Desk(Wish { case: case.number, action }))
    };
    let silent = |role: &str| Who { reason: None, ..person(role) };
    let Answer::Refused(no) = hands(silent("finance"), "finance") else { panic!("it was handed over without a word") };
    assert_eq!((no.code, no.field.as_str()), (Code::Schema, "who.reason"));
    assert_eq!(hands(silent(case.owner.as_str()), "it"), Answer::Accepted, "its owner may");
    assert_eq!(hands(person("finance"), "finance"), Answer::Accepted);
}

#[test]
fn what_a_quality_system_says_and_nobody_understands_hurts_now() {
    for (system, now) in [("qms", true), ("nord", false)] {
        let mut floor = Floor::new();
        let keeper = floor.book.site_entity(site(system)).unwrap();
        let (topic, raw) = ("nonconformance.raised".into(), crate::envelope::RawRef::of(b"{}"));
        let slip = crate::site::Mail::Unreadable { topic, raw, why: "plant 1010 is none of ours".into() };
        floor.tell(keeper, "takt", Body::Site(crate::site::Input::Mail(slip)));
        let case = only(&floor, keeper, &CaseKind::Unmatched);
        assert_eq!((case.impact_at == Some(floor.now), case.impact_by == Some(Impact::Now)), (now, now), "{case:?}");
        let by_hand = case.proposals.iter().any(|offer| matches!(offer, Proposal::Do(what) if what.contains("takt hold place")));
        assert_eq!(by_hand, now, "{case:?}");
    }
}
