//! A hold that is decided about a part at a time: what was refused by an earlier decision is not freed because the rest is good.

use super::*;

/// Decides a part.
fn step(floor: &mut Floor, decisions: Vec<Decision>, last: bool) -> Answer {
    let said = Disposition { last, ..disposition("NC-1", decisions) };
    floor.tell(goods(), "qms", Body::Lot(Input::OwnerFact(OwnerFact::Decided(said))))
}

fn some(verdict: Verdict, much: &str) -> Decision {
    Decision { verdict, qty: Some(qty(much)), unit: None }
}

fn on(verdict: Verdict, number: u32) -> Decision {
    Decision { verdict, qty: None, unit: Some(pallet(number)) }
}

/// Two pallets of 480, all held.
fn held() -> Floor {
    let mut floor = two_pallets();
    place(&mut floor, "NC-1", &[]);
    floor.asked.clear();
    floor
}

/// Which of both pallets may leave.
fn free(floor: &mut Floor, attempt: u32) -> [bool; 2] {
    [1, 2].map(|number| asks(floor, truck(u64::from(number)), attempt, &pallet(number)).is_empty())
}

#[test]
fn pieces_to_be_scrapped_are_not_freed_when_the_rest_is_accepted_until_somebody_takes_them_out() {
    for rest in [verdict(Verdict::Accept), some(Verdict::Accept, "948 H87")] {
        let mut floor = held();
        assert_eq!(step(&mut floor, vec![some(Verdict::Scrap, "12 H87")], false), Answer::Accepted);
        let first = step(&mut floor, vec![rest.clone()], true);
        assert!(matches!(first, Answer::Discrepant { .. }), "{rest:?}: {first:?}");
        assert_eq!((free(&mut floor, 1), floor.lot(goods()).holds.len()), ([false, false], 1));
        assert!(floor.asked("unblock_stock").is_empty());
        assert!(floor.cases(goods()).iter().any(|case| case.what.starts_with("12 H87 of") && case.what.ends_with("all stay held")));
        assert_eq!(step(&mut floor, vec![rest.clone()], true), first, "it is asked for once, and stands until it is answered");
        // The bad pieces are taken out and booked, and what is left is good.
        made(&mut floor, Some(pallet(2)), "-12 H87", false);
        assert_eq!(step(&mut floor, vec![some(Verdict::Accept, "948 H87")], true), Answer::Accepted);
        assert_eq!((free(&mut floor, 2), floor.lot(goods()).holds.len()), ([true, true], 0));
        assert!(!floor.cases(goods()).iter().any(|case| case.what.ends_with("all stay held")), "it is answered");
    }
}

#[test]
fn pieces_to_be_scrapped_are_no_question_any_more_when_their_pallet_is_named_or_everything_is_accepted_by_its_quantity() {
    for (answer, expected) in
        [(vec![on(Verdict::Scrap, 2), verdict(Verdict::Accept)], [true, false]), (vec![some(Verdict::Accept, "960 H87")], [true, true])]
    {
        let mut floor = held();
        step(&mut floor, vec![some(Verdict::Scrap, "12 H87")], false);
        assert_eq!(step(&mut floor, answer, true), Answer::Accepted);
        assert_eq!((free(&mut floor, 1), floor.lot(goods()).holds.len()), (expected, 0));
    }
}

#[test]
fn a_pallet_to_be_scrapped_stays_when_the_rest_is_accepted_and_is_free_by_its_name() {
    let mut floor = held();
    step(&mut floor, vec![on(Verdict::Scrap, 2)], false);
    assert_eq!(step(&mut floor, vec![verdict(Verdict::Accept)], true), Answer::Accepted);
    assert_eq!(free(&mut floor, 1), [true, false]);
    assert_eq!(floor.lot(goods()).blocked(), Some(qty("480 H87")));
    let mut floor = held();
    step(&mut floor, vec![on(Verdict::Scrap, 2)], false);
    step(&mut floor, vec![on(Verdict::Accept, 2)], false);
    assert_eq!(step(&mut floor, vec![verdict(Verdict::Accept)], true), Answer::Accepted);
    assert_eq!(free(&mut floor, 1), [true, true]);
}

#[test]
fn a_pallet_that_was_accepted_by_its_name_stays_free_when_the_rest_is_to_be_scrapped() {
    for all in [verdict(Verdict::Scrap), some(Verdict::Scrap, "480 H87")] {
        let mut floor = held();
        step(&mut floor, vec![on(Verdict::Accept, 1)], false);
        assert_eq!(step(&mut floor, vec![all], true), Answer::Accepted);
        assert_eq!(free(&mut floor, 1), [true, false]);
    }
}

#[test]
fn of_two_words_about_all_of_it_the_later_one_counts_and_a_few_pieces_are_not_all() {
    for (answer, expected) in [
        (vec![verdict(Verdict::Accept)], [true, true]),
        (vec![some(Verdict::Accept, "12 H87")], [false, false]),
        (vec![some(Verdict::Accept, "960 KGM")], [false, false]),
        (vec![on(Verdict::Accept, 1)], [true, false]),
        (vec![some(Verdict::Accept, "960 H87")], [true, true]),
    ] {
        let mut floor = held();
        step(&mut floor, vec![verdict(Verdict::Scrap)], false);
        step(&mut floor, answer.clone(), true);
        assert_eq!(free(&mut floor, 1), expected, "{answer:?}");
    }
}

#[test]
fn the_same_refusal_said_again_is_not_more_and_an_earlier_one_by_name_does_not_answer_it() {
    let twelve = || vec![some(Verdict::Scrap, "12 H87"), verdict(Verdict::Accept)];
    let mut floor = held();
    let first = step(&mut floor, twelve(), true);
    assert_eq!(step(&mut floor, twelve(), true), first);
    let placed = Decision { qty: Some(qty("12 H87")), ..on(Verdict::Scrap, 2) };
    assert_eq!(step(&mut floor, vec![placed, verdict(Verdict::Accept)], true), Answer::Accepted);
    assert_eq!(free(&mut floor, 1), [true, false]);
    let mut floor = held();
    step(&mut floor, vec![on(Verdict::Scrap, 1)], false);
    step(&mut floor, vec![some(Verdict::Scrap, "12 H87")], false);
    assert!(matches!(step(&mut floor, vec![verdict(Verdict::Accept)], true), Answer::Discrepant { .. }), "the 12 are others");
    assert_eq!(free(&mut floor, 1), [false, false]);
}

#[test]
fn when_every_pallet_was_decided_about_by_its_name_nothing_is_left_to_ask() {
    let mut floor = held();
    step(&mut floor, vec![some(Verdict::Rework, "12 H87")], false);
    assert_eq!(step(&mut floor, vec![on(Verdict::Accept, 1), on(Verdict::Accept, 2)], true), Answer::Accepted);
    assert_eq!((free(&mut floor, 1), floor.lot(goods()).holds.len()), ([true, true], 0));
}

#[test]
fn rework_of_all_is_over_when_all_is_accepted() {
    let mut floor = held();
    step(&mut floor, vec![verdict(Verdict::Rework)], false);
    assert_eq!(free(&mut floor, 1), [false, false]);
    assert_eq!(step(&mut floor, vec![verdict(Verdict::Accept)], true), Answer::Accepted);
    assert_eq!((free(&mut floor, 2), floor.lot(goods()).blocked()), ([true, true], Some(qty("0 H87"))));
}

#[test]
fn a_hold_on_pallets_that_nobody_told_of_is_not_ended_for_all_by_a_few_pieces() {
    let mut floor = two_pallets();
    place(&mut floor, "NC-1", &[pallet(2), pallet(7)]);
    step(&mut floor, vec![verdict(Verdict::Scrap)], false);
    step(&mut floor, vec![some(Verdict::Accept, "12 H87")], true);
    assert!(!asks(&mut floor, truck(2), 1, &pallet(2)).is_empty(), "it is to be scrapped");
}
