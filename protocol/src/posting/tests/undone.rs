//! A document is taken back in part: what the ERP did not take back is not posted again.

use super::*;

fn two_lots() -> Shop {
    let mut shop = Shop::new(vec![rule("receipt", Use::Produced, vec![Trigger::Completion])]);
    shop.report(actual(Use::Produced, "10 H87").of_lot("A"));
    shop.report(actual(Use::Produced, "5 H87").of_lot("B"));
    shop.flush_everything();
    shop.accept(1, &[]);
    let fact = take_back(&shop.ledger, 1, "ada", date("2026-11-23"), &shop.periods).unwrap();
    shop.note(fact);
    shop
}

/// What stands in the ERP and may be on its way there, by lot.
fn posted(shop: &Shop) -> Vec<(String, Qty)> {
    let named = |account: Account| (account.series.lot.map(|lot| lot.to_string()).unwrap_or_default(), account.posted);
    accounts(&shop.ledger).into_iter().map(named).collect()
}

fn again(shop: &mut Shop, posting: u32) -> DocNo {
    let fact = retry(&shop.ledger, posting, &shop.periods).unwrap();
    shop.note(fact);
    shop.accept(posting, &[])
}

#[test]
fn only_the_lines_that_were_taken_back_are_posted_again() {
    let mut shop = two_lots();
    shop.accept(2, &[1]);
    assert_eq!(posted(&shop), [("A".to_owned(), qty("0 H87")), ("B".to_owned(), qty("5 H87"))]);
    again(&mut shop, 3);
    assert_eq!(posted(&shop), [("A".to_owned(), qty("10 H87")), ("B".to_owned(), qty("5 H87"))], "B stands once");
    let (back, rest) = (4, 5);
    assert_eq!(retry(&shop.ledger, rest, &shop.periods), Err(Stuck::After(back)), "not before its own line is taken back");
    again(&mut shop, back);
    assert_eq!(posted(&shop)[1].1, qty("0 H87"));
    again(&mut shop, rest);
    assert_eq!(posted(&shop)[1].1, qty("5 H87"));
    assert!(!shop.ledger.is_unsettled());
}

#[test]
fn a_reversal_given_up_in_part_takes_only_its_own_part_along() {
    let mut shop = two_lots();
    shop.accept(2, &[0]);
    for fact in write_off(&shop.ledger, 4) {
        shop.note(fact);
    }
    assert_eq!((shop.standing(4), shop.standing(5)), (&Standing::WrittenOff, &Standing::WrittenOff));
    again(&mut shop, 3);
    assert_eq!(posted(&shop), [("A".to_owned(), qty("10 H87")), ("B".to_owned(), qty("5 H87"))]);
}

#[test]
fn a_reversal_of_which_no_line_was_taken_waits_whole() {
    let mut shop = two_lots();
    shop.accept(2, &[0, 1]);
    assert!(is_parked(shop.standing(2)));
    assert_eq!(retry(&shop.ledger, 3, &shop.periods), Err(Stuck::After(2)));
    again(&mut shop, 2);
    again(&mut shop, 3);
    assert_eq!(posted(&shop), [("A".to_owned(), qty("10 H87")), ("B".to_owned(), qty("5 H87"))]);
}
