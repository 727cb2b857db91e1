//! How postings end: taken, taken in part, refused, in doubt, adopted, sent again, given up.

use super::*;

fn one_issue() -> Shop {
    let mut shop = Shop::new(vec![rule("issue", Use::Consumed, vec![Trigger::Completion])]);
    shop.report(actual(Use::Consumed, "5 KGM").of_lot("H-1"));
    shop.report(actual(Use::Consumed, "7 KGM").of_lot("H-2"));
    shop.report(actual(Use::Consumed, "9 KGM").of_lot("H-3"));
    shop.flush_everything();
    shop
}

fn in_flight() -> OutboxFact {
    OutboxFact::InFlight { attempt: 1, not_after: Instant::EPOCH, class: crate::outbox::Class::AtMostOnce, asker: 0 }
}

fn document(number: &str) -> DocNo {
    DocNo::parse(number).unwrap()
}

#[test]
fn a_posting_is_in_one_place_at_every_step_of_its_way() {
    let mut shop = Shop::new(vec![rule("issue", Use::Consumed, vec![Trigger::Completion])]);
    let five = qty("5 KGM");
    shop.report(actual(Use::Consumed, "5 KGM"));
    assert_eq!(shop.account().pending, five);
    shop.flush_everything();
    assert_eq!(shop.account().pending, five);
    shop.step(1, &in_flight());
    assert_eq!(shop.account().in_flight, five);
    shop.step(1, &OutboxFact::InDoubt { attempt: 1, why: "no reply".into() });
    assert_eq!(shop.account().in_doubt, five);
    shop.step(1, &OutboxFact::NotDone { attempt: 1, why: "a probe found nothing".into() });
    assert_eq!(shop.account().pending, five);
    shop.step(1, &OutboxFact::Parked { why: "reads are not consistent there".into() });
    assert_eq!(shop.account().parked, five);
    shop.step(1, &OutboxFact::Requeued);
    assert_eq!(shop.account().pending, five);
    shop.accept(1, &[]);
    assert_eq!(shop.account().posted, five);
    assert!(!shop.ledger.is_unsettled() && shop.ledger.has_documents());
}

#[test]
fn lines_that_the_erp_drops_although_it_took_the_document_are_a_parked_posting_of_their_own() {
    let mut shop = one_issue();
    let taken = shop.accept(1, &[0, 2]);
    assert_eq!(*shop.standing(1), Standing::Posted { document: taken });
    assert_eq!(shop.lines(), ["7 KGM", "5 KGM", "9 KGM"]);
    let Standing::Parked { why, .. } = shop.standing(2) else { panic!("not parked") };
    assert!(why.contains("line 0: deficit of stock") && why.contains("line 2"), "{why}");
    shop.note(retry(&shop.ledger, 2, &shop.periods).unwrap());
    shop.accept(2, &[]);
    assert!(accounts(&shop.ledger).iter().all(|account| account.posted == account.reported));
}

#[test]
fn a_failed_line_that_the_posting_does_not_have_makes_no_empty_posting() {
    let mut shop = one_issue();
    shop.accept(1, &[3, 99]);
    assert_eq!(shop.ledger.postings().count(), 1);
    assert!(!shop.ledger.is_unsettled());
}

#[test]
fn a_yes_without_a_document_is_not_a_success() {
    let mut shop = one_issue();
    shop.step(1, &OutboxFact::Settled(Outcome::Accepted(Receipt::default())));
    assert!(is_parked(shop.standing(1)));
    assert!(!shop.ledger.has_documents());
}

#[test]
fn a_refusal_parks_with_the_words_of_the_erp_and_a_retry_sends_the_same_lines() {
    let mut shop = one_issue();
    let before = shop.ledger.posting(1).unwrap().posting.clone();
    shop.reject(1);
    let Standing::Parked { why, .. } = shop.standing(1) else { panic!("not parked") };
    assert!(why.contains("M7/021 deficit of stock"), "{why}");
    shop.note(retry(&shop.ledger, 1, &shop.periods).unwrap());
    assert_eq!((&shop.ledger.posting(1).unwrap().posting, shop.standing(1)), (&before, &Standing::Prepared));
}

#[test]
fn only_what_is_parked_is_sent_again_or_given_up_and_only_that_or_what_is_in_doubt_is_adopted() {
    let mut shop = one_issue();
    let may = |shop: &Shop| {
        let again = retry(&shop.ledger, 1, &shop.periods).is_ok();
        (again, adopt(&shop.ledger, 1, document("77")).is_some(), !write_off(&shop.ledger, 1).is_empty())
    };
    assert_eq!(may(&shop), (false, false, false), "prepared");
    shop.step(1, &in_flight());
    assert_eq!(may(&shop), (false, false, false), "in flight");
    shop.step(1, &OutboxFact::InDoubt { attempt: 1, why: "no reply".into() });
    assert_eq!(may(&shop), (false, true, false), "in doubt");
    shop.step(1, &OutboxFact::Parked { why: "no probe".into() });
    assert_eq!(may(&shop), (true, true, true), "parked");
    shop.accept(1, &[]);
    assert_eq!(may(&shop), (false, false, false), "posted");
    assert_eq!(retry(&shop.ledger, 9, &shop.periods), Err(Stuck::NotParked(9)), "unknown");
}

#[test]
fn what_is_over_stays_over_whatever_is_still_heard_of_its_intent() {
    let adopted = |shop: &mut Shop| {
        shop.reject(1);
        shop.note(adopt(&shop.ledger, 1, document("77")).unwrap());
    };
    let written_off = |shop: &mut Shop| {
        shop.reject(1);
        shop.note(write_off(&shop.ledger, 1).remove(0));
    };
    let posted = |shop: &mut Shop| {
        shop.accept(1, &[]);
    };
    let ends: [&dyn Fn(&mut Shop); 3] = [&adopted, &written_off, &posted];
    for end in ends {
        let mut shop = one_issue();
        end(&mut shop);
        let before = shop.ledger.clone();
        shop.step(1, &OutboxFact::Released { site: crate::name::SiteId::parse("erp").unwrap(), tier: crate::intent::Tier::Business });
        shop.step(1, &in_flight());
        shop.step(1, &OutboxFact::Parked { why: "late".into() });
        shop.reject(1);
        shop.accept(1, &[0]);
        assert_eq!(shop.ledger, before);
    }
}

#[test]
fn what_is_adopted_counts_as_standing_and_what_is_given_up_does_not() {
    for (adopted, covered) in [(true, true), (false, false)] {
        let mut shop = Shop::new(vec![rule("yield", Use::Yield, vec![Trigger::EachReport])]);
        shop.report(actual(Use::Yield, "40 H87"));
        shop.reject(1);
        let end = if adopted { adopt(&shop.ledger, 1, document("77")) } else { write_off(&shop.ledger, 1).pop() };
        shop.note(end.unwrap());
        shop.report(actual(Use::Yield, "-3 H87"));
        assert_eq!(!is_parked(shop.standing(2)), covered);
        assert_eq!(shop.ledger.posting(2).unwrap().posting.reverses, if adopted { vec![document("77")] } else { vec![] });
    }
}
