//! Pitfall 13 and invariant 7: corrections after posting, what they take back, and in which order.

use super::*;

fn shop() -> Shop {
    Shop::new(vec![
        rule("yield", Use::Yield, vec![Trigger::EachReport]),
        rule("issue", Use::Consumed, vec![Trigger::EachReport]),
        rule("receipt", Use::Produced, vec![Trigger::Completion]),
    ])
}

fn reverses(shop: &Shop, posting: u32) -> Vec<DocNo> {
    shop.ledger.posting(posting).unwrap().posting.reverses.clone()
}

#[test]
fn a_correction_after_posting_is_a_new_dated_document_that_names_what_it_takes_back() {
    let mut shop = shop();
    shop.report(actual(Use::Yield, "40 H87").on("2026-11-20"));
    let first = shop.accept(1, &[]);
    shop.report(Actual { corrects: Some(1), ..actual(Use::Yield, "-3 H87") });
    let posting = &shop.ledger.posting(2).unwrap().posting;
    assert_eq!((posting.date, posting.lines[0].qty), (date("2026-11-23"), qty("-3 H87")));
    assert_eq!(posting.reverses, [first]);
    shop.accept_all();
    assert_eq!(shop.account().posted, qty("37 H87"));
}

#[test]
fn a_correction_before_posting_is_only_a_smaller_posting() {
    let mut shop = Shop::new(vec![rule("yield", Use::Yield, vec![Trigger::Completion])]);
    shop.report(actual(Use::Yield, "40 H87"));
    shop.report(actual(Use::Yield, "-3 H87"));
    let postings = shop.flush_everything();
    assert_eq!((postings.len(), postings[0].lines[0].qty, postings[0].reverses.len()), (1, qty("37 H87"), 0));
}

#[test]
fn what_is_taken_back_in_parts_is_drawn_from_what_is_left_of_each_document_newest_first() {
    let mut shop = shop();
    let mut documents = Vec::new();
    for much in ["10 H87", "5 H87"] {
        shop.report(actual(Use::Yield, much));
        documents.push(shop.accept(shop.ledger.last_posting, &[]));
    }
    for (much, taken) in [("-3 H87", vec![1]), ("-4 H87", vec![1, 0]), ("-8 H87", vec![0])] {
        shop.report(actual(Use::Yield, much));
        let named: Vec<_> = taken.iter().map(|at| documents[*at].clone()).collect();
        assert_eq!(reverses(&shop, shop.ledger.last_posting), named, "{much}");
        shop.accept_all();
    }
    assert_eq!(shop.account().posted, qty("0 H87"));
}

#[test]
fn a_reversal_of_more_than_stands_waits_for_a_person() {
    let mut shop = shop();
    shop.report(actual(Use::Consumed, "5 KGM").of_lot("H-1"));
    shop.accept_all();
    shop.report(actual(Use::Consumed, "-7 KGM").of_lot("H-1"));
    assert!(is_parked(shop.standing(2)));
    assert_eq!((shop.account().posted, shop.account().parked), (qty("5 KGM"), qty("-7 KGM")), "kept, shown, not sent");
    assert_eq!(retry(&shop.ledger, 2, &shop.periods), Err(Stuck::Uncovered));
    shop.report(actual(Use::Consumed, "2 KGM").of_lot("H-1"));
    shop.accept_all();
    shop.note(retry(&shop.ledger, 2, &shop.periods).unwrap());
    assert_eq!(reverses(&shop, 2).len(), 2, "now as much stands, in two documents");
}

#[test]
fn a_correction_of_what_waits_for_a_person_waits_with_it() {
    let mut shop = shop();
    shop.report(actual(Use::Yield, "40 H87"));
    shop.reject(1);
    shop.report(actual(Use::Yield, "-3 H87"));
    assert!(is_parked(shop.standing(2)), "the ERP has nothing to take back from");
}

#[test]
fn a_correction_on_its_way_behind_a_posting_that_is_refused_is_stranded_and_shown() {
    let mut shop = shop();
    shop.report(actual(Use::Yield, "40 H87"));
    shop.report(actual(Use::Yield, "-3 H87"));
    assert_eq!(*shop.standing(2), Standing::Prepared, "it will find its original there");
    assert!(stranded(&shop.ledger).is_empty());
    shop.reject(1);
    assert_eq!(stranded(&shop.ledger), [2]);
}

#[test]
fn the_retry_of_a_stranded_correction_names_the_document_that_is_there_by_now() {
    let mut shop = shop();
    shop.report(actual(Use::Yield, "40 H87"));
    shop.report(actual(Use::Yield, "-3 H87"));
    assert!(reverses(&shop, 2).is_empty(), "its original has no number yet");
    shop.reject(1);
    shop.reject(2);
    shop.note(retry(&shop.ledger, 1, &shop.periods).unwrap());
    let first = shop.accept(1, &[]);
    shop.note(retry(&shop.ledger, 2, &shop.periods).unwrap());
    assert_eq!(reverses(&shop, 2), [first]);
}

#[test]
fn a_document_posts_or_takes_back_and_an_issue_is_taken_back_before_the_receipt_of_the_same_lot() {
    let mut shop = Shop::new(vec![
        rule("receipt", Use::Produced, vec![Trigger::Completion]),
        rule("issue", Use::Consumed, vec![Trigger::Completion]),
        rule("yield", Use::Yield, vec![Trigger::Completion]),
    ]);
    for (purpose, lot) in [(Use::Produced, "L1"), (Use::Consumed, "L1"), (Use::Yield, "L1"), (Use::Produced, "L2"), (Use::Consumed, "L2")] {
        shop.report(actual(purpose, "10 H87").of_lot(lot));
    }
    let forward: Vec<_> = shop.flush_everything().iter().map(|posting| posting.movement).collect();
    assert_eq!(forward, [Movement::GoodsReceipt, Movement::GoodsIssue, Movement::Confirmation]);
    shop.accept_all();
    for (purpose, much) in [(Use::Produced, "-4 H87"), (Use::Consumed, "-4 H87"), (Use::Produced, "6 H87"), (Use::Consumed, "6 H87")] {
        let lot = if much.starts_with('-') { "L1" } else { "L2" };
        shop.report(actual(purpose, much).of_lot(lot));
    }
    let postings = shop.flush_everything();
    let order: Vec<_> = postings.iter().map(|posting| (posting.movement, posting.lines.len(), posting.lines[0].qty)).collect();
    let expected = [
        (Movement::GoodsReceipt, 1, qty("6 H87")),
        (Movement::GoodsIssue, 1, qty("-4 H87")),
        (Movement::GoodsIssue, 1, qty("6 H87")),
        (Movement::GoodsReceipt, 1, qty("-4 H87")),
    ];
    assert_eq!(order, expected, "stock comes in before it goes out");
}

#[test]
fn a_document_that_several_lines_take_back_is_named_once() {
    let mut shop = Shop::new(vec![rule("receipt", Use::Produced, vec![Trigger::Completion])]);
    for _ in 0..2 {
        shop.report(actual(Use::Produced, "5 H87").of_lot("A"));
        shop.report(actual(Use::Produced, "5 H87").of_lot("B"));
        shop.flush_everything();
        shop.accept_all();
    }
    shop.report(actual(Use::Produced, "-8 H87").of_lot("A"));
    shop.report(actual(Use::Produced, "-8 H87").of_lot("B"));
    let postings = shop.flush_everything();
    assert_eq!((postings[0].lines.len(), postings[0].reverses.len()), (2, 2));
}
