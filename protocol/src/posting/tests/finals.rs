//! Who says "final": the last document of an operation and no other, also when nothing is left to post.

use super::*;

fn op(number: &str) -> OpNo {
    OpNo::parse(number).unwrap()
}

fn finals(postings: &[Posting]) -> Vec<bool> {
    postings.iter().map(|posting| posting.last).collect()
}

#[test]
fn an_operation_over_two_days_is_final_with_its_last_document_only() {
    let mut shop = Shop::new(vec![rule("yield", Use::Yield, vec![Trigger::Completion])]);
    shop.report(actual(Use::Yield, "7 H87").on("2026-11-23"));
    shop.report(actual(Use::Yield, "3 H87").on("2026-11-24"));
    assert_eq!(finals(&shop.flush(&Due::Operation(&op("10")))), [false, true]);
}

#[test]
fn an_operation_that_was_posted_to_the_last_piece_is_still_told_to_be_final_and_once() {
    let mut shop =
        Shop::new(vec![rule("yield", Use::Yield, vec![Trigger::EachReport]), rule("labour", Use::Labour, vec![Trigger::EachReport])]);
    shop.report(actual(Use::Yield, "7 H87"));
    shop.report(actual(Use::Labour, "12 MIN"));
    let postings = shop.flush(&Due::Operation(&op("10")));
    assert_eq!(finals(&postings), [true]);
    assert_eq!(postings[0].lines.len(), 1);
    assert_eq!(postings[0].lines[0].qty.value(), qty("0 H87").value());
    assert!(shop.flush(&Due::Operation(&op("10"))).is_empty(), "told once");
    assert!(shop.flush_everything().is_empty(), "and not again by the order");
}

#[test]
fn the_order_completes_every_operation_that_was_confirmed_and_no_other() {
    let mut shop = Shop::new(vec![rule("yield", Use::Yield, vec![Trigger::Count(2), Trigger::Completion])]);
    for number in ["10", "10", "20", "30"] {
        shop.report(actual(Use::Yield, "1 H87").of_op(number));
    }
    shop.flush(&Due::Operation(&op("30")));
    let postings = shop.flush_everything();
    let told: Vec<_> =
        postings.iter().map(|posting| (posting.lines[0].series.op.clone().unwrap(), posting.lines[0].qty, posting.last)).collect();
    assert_eq!(told, [(op("20"), qty("1 H87"), true), (op("10"), qty("0 H87"), true)]);
}

#[test]
fn a_correction_after_the_final_is_told_and_the_operation_is_final_again() {
    let mut shop = Shop::new(vec![rule("yield", Use::Yield, vec![Trigger::Completion])]);
    shop.report(actual(Use::Yield, "40 H87"));
    shop.flush(&Due::Operation(&op("10")));
    shop.accept_all();
    shop.report(actual(Use::Yield, "-3 H87"));
    let postings = shop.flush(&Due::Operation(&op("10")));
    let told: Vec<_> = postings.iter().map(|posting| (posting.lines[0].qty, posting.last)).collect();
    assert_eq!(told, [(qty("-3 H87"), false), (qty("0 H87"), true)]);
}

#[test]
fn scrap_alone_is_a_valid_final_confirmation_and_nothing_at_all_is_none() {
    let mut shop = Shop::new(vec![rule("scrap", Use::Scrap, vec![Trigger::Completion])]);
    assert!(shop.flush(&Due::Operation(&op("10"))).is_empty(), "nothing was reported: nothing is made up");
    shop.report(actual(Use::Scrap, "5 H87"));
    let postings = shop.flush(&Due::Operation(&op("10")));
    assert_eq!((finals(&postings), postings[0].lines[0].qty), (vec![true], qty("5 H87")));
}

#[test]
fn a_flush_by_count_or_time_is_never_final() {
    let mut shop = Shop::new(vec![rule("yield", Use::Yield, vec![Trigger::Count(1), Trigger::EveryMinutes(5)])]);
    shop.report(actual(Use::Yield, "7 H87"));
    assert!(!shop.ledger.posting(1).unwrap().posting.last);
}
