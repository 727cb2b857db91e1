//! The ERP's bad habits and its people behind our back.

use serde_json::json;

use super::super::super::exchange::Request;
use super::super::super::habits::{Dose, Habit};
use super::super::odata;
use super::{Clerk, DOCUMENTS, System, code, document, issue};

#[test]
fn a_lock_is_told_in_the_erps_words_with_the_status_of_its_release() {
    let mut clerk = Clerk::at_work();
    for (dose, status) in [(Dose::next(1), 400), (Dose::next(1).of(423), 423)] {
        clerk.has(Habit::Locked, &dose);
        let response = clerk.post(DOCUMENTS, &document(&[issue("1")]));
        assert_eq!((response.status, code(&response).as_str()), (status, "CO/469"));
    }
    assert_eq!((clerk.effect("locked"), clerk.stock("STEEL-3", "01").as_str()), (2, "50"));
}

#[test]
fn a_lost_reply_leaves_a_document_that_only_its_reference_finds() {
    let mut clerk = Clerk::at_work();
    clerk.has(Habit::LostReply, &Dose::next(1).at("POST"));
    let request = Request::post(DOCUMENTS, &document(&[issue("1")])).with_header("x-csrf-token", &odata::token(clerk.now, 0));
    assert_eq!(clerk.house.answer(clerk.now, &request).reply.response(), None);
    assert_eq!(clerk.read(DOCUMENTS, "ReferenceDocument eq 'K7Q2'").len(), 1);
    assert_eq!(clerk.effect("lost_reply"), 1);
}

#[test]
fn a_posting_by_hand_obeys_the_rules_names_its_user_and_is_told() {
    let mut clerk = Clerk::at_work();
    let by_hand = json!({ "do": "post", "user": "MUELLER", "document": document(&[issue("25")]) });
    let posted = clerk.sim("by-hand", &by_hand);
    assert_eq!(posted["d"]["CreatedByUser"], "MUELLER");
    assert_eq!(clerk.told(), ["document.posted_by_hand"]);
    assert_eq!(clerk.effect("posted_by_hand"), 1);
    let refused =
        clerk.answer(&Request::post("/_sim/by-hand", &json!({ "do": "post", "user": "MUELLER", "document": document(&[issue("26")]) })));
    assert_eq!(code(&refused), "M7/021");
}

#[test]
fn an_order_completed_behind_our_back_is_told_and_counted() {
    let mut clerk = Clerk::at_work();
    clerk.sim("by-hand", &json!({ "do": "order", "order": "1000042", "action": "technically-complete" }));
    assert_eq!((clerk.told(), clerk.effect("order_changed_by_hand")), (vec!["order.technically_completed".to_owned()], 1));
    assert_eq!(code(&clerk.post(DOCUMENTS, &document(&[issue("1")]))), "BS/013");
}

#[test]
fn a_document_undone_by_hand_is_told_as_well() {
    let mut clerk = Clerk::at_work();
    clerk.post(DOCUMENTS, &document(&[issue("25")]));
    clerk.sim("by-hand", &json!({ "do": "undo", "user": "MUELLER", "year": 2026, "document": 4_900_000_002_u64 }));
    assert_eq!(clerk.stock("STEEL-3", "01"), "50");
    assert_eq!(clerk.told(), ["document.posted_by_hand"]);
}

#[test]
fn a_gateway_that_knows_request_ids_posts_once_and_gives_the_first_answer_again() {
    let mut clerk = Clerk::at_work();
    clerk.has(Habit::RequestIdDedup, &Dose::always().of(1_000));
    let request = Request::post(DOCUMENTS, &document(&[issue("1")])).with_header("x-csrf-token", &odata::token(clerk.now, 0));
    let request = request.with_header("requestid", "5E1C");
    let first = clerk.answer(&request);
    assert_eq!(first.headers["repeatabilityresult"], "accepted");
    assert_eq!(clerk.answer(&request).body, first.body);
    assert_eq!((clerk.stock("STEEL-3", "01").as_str(), clerk.effect("request_id_dedup")), ("49", 1));
    clerk.now = clerk.now.plus_ms(1_001);
    let late = clerk.answer(&request);
    assert_eq!((late.status, code(&late).as_str()), (400, "/IWFND/CM_CORE/109"));
}

#[test]
fn a_gateway_without_that_ability_says_so_and_posts_twice() {
    let mut clerk = Clerk::at_work();
    let request = Request::post(DOCUMENTS, &document(&[issue("1")])).with_header("x-csrf-token", &odata::token(clerk.now, 0));
    let request = request.with_header("requestid", "5E1C");
    assert_eq!(clerk.answer(&request).headers["repeatabilityresult"], "unsupported");
    clerk.answer(&request);
    assert_eq!(clerk.stock("STEEL-3", "01"), "48");
}

#[test]
fn a_wrong_clock_shows_in_what_the_erp_writes_and_counts() {
    let mut clerk = Clerk::at_work();
    clerk.has(Habit::WrongClock, &Dose::always().of(-4 * 3_600_000));
    let posted = clerk.post(DOCUMENTS, &json!({ "to_MaterialDocumentItem": [issue("1")] })).value();
    assert_eq!(posted["d"]["CreationTime"], "PT23H12M11S");
    assert_eq!(posted["d"]["PostingDate"], "/Date(1795392000000)/");
    assert!(clerk.effect("wrong_clock") > 0);
}

#[test]
fn the_same_requests_leave_the_same_books() {
    let run = || {
        let mut clerk = Clerk::at_work();
        clerk.has(Habit::Unavailable, &Dose { per_mille: 400, ..Dose::default() });
        (0..20).for_each(|_| drop(clerk.post(DOCUMENTS, &document(&[issue("1")]))));
        clerk.house.books().to_string()
    };
    assert_eq!(run(), run());
}
