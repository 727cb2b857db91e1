//! The comparison by itself: what counts, what is netted out, and what is left.

mod floor;

use super::*;
use crate::kernel::tests::fixture::{at, qty};
use crate::workflow::Reconciliation;

fn goods(document: &str, lot: &str, pieces: &str) -> Stated {
    Stated {
        document: DocNo::parse(document).ok(),
        reference: None,
        by: Some("KOTT".into()),
        purpose: Use::Produced,
        op: None,
        material: MaterialId::parse("FG-100").unwrap(),
        lot: LotNo::parse(lot).ok(),
        qty: qty(pieces),
        entered_at: None,
    }
}

fn ours(document: &str, lot: &str, pieces: &str) -> Ours {
    let line = goods(document, lot, pieces);
    Ours { item: Item::new(line.purpose, None, &line.material, line.lot.as_ref()), document: line.document, qty: line.qty }
}

fn rows(side: &Side, entries: Vec<Stated>) -> Vec<Row> {
    compare(side, &Reading { entries }, at(100), |_| Reconciliation::Books)
}

fn one(side: &Side, entries: Vec<Stated>) -> Row {
    let mut all = rows(side, entries);
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}

fn side(all: &[(&str, &str, &str)]) -> Side {
    Side { ours: all.iter().map(|(document, lot, pieces)| ours(document, lot, pieces)).collect(), ..Side::default() }
}

#[test]
fn what_both_have_is_no_difference_whichever_lot_the_system_took_where_we_named_none() {
    let row = one(&side(&[("D1", "", "480 H87"), ("D2", "", "240 H87")]), vec![goods("D1", "N7", "480 H87"), goods("D2", "N8", "240 H87")]);
    assert_eq!((row.ours, row.theirs, row.differs()), (qty("720 H87"), qty("720 H87"), false));
}

#[test]
fn a_document_that_was_taken_back_or_is_gone_or_says_something_else_differs() {
    let both = [("D1", "N7", "480 H87"), ("D2", "N7", "240 H87")];
    let undone = one(&side(&both), vec![goods("D1", "N7", "480 H87"), goods("D2", "N7", "240 H87"), goods("D9", "N7", "-480 H87")]);
    assert_eq!((undone.unexplained, undone.missing.len(), undone.strange[0].as_str()), (qty("-480 H87"), 0, "D9"));
    let gone = one(&side(&both), vec![goods("D2", "N7", "240 H87")]);
    assert_eq!((gone.unexplained, gone.missing[0].as_str()), (qty("-480 H87"), "D1"));
    let other = one(&side(&both), vec![goods("D1", "N7", "479 H87"), goods("D2", "N7", "240 H87")]);
    assert_eq!((other.unexplained, other.missing[0].as_str()), (qty("-1 H87"), "D1"));
    // The sums agree, the documents do not.
    let swapped = one(&side(&both), vec![goods("D1", "N7", "240 H87"), goods("D2", "N7", "480 H87")]);
    assert!(swapped.unexplained.is_zero() && swapped.differs());
}

#[test]
fn a_document_by_hand_and_the_one_that_undoes_it_are_no_difference() {
    let row =
        one(&side(&[("D1", "N7", "1 H87")]), vec![goods("D1", "N7", "1 H87"), goods("D8", "N7", "5 H87"), goods("D9", "N7", "-5 H87")]);
    assert!(!row.differs() && row.strange.is_empty());
}

#[test]
fn what_is_known_by_hand_or_may_be_ours_is_named_and_netted_out() {
    let mut side = side(&[("D1", "N7", "480 H87")]);
    side.by_hand.insert(DocNo::parse("D8").unwrap());
    side.doubtful.insert("REF".into());
    let doubtful = Stated { reference: Some("REF".into()), ..goods("D9", "N7", "7 H87") };
    let row = one(&side, vec![goods("D1", "N7", "480 H87"), goods("D8", "N7", "5 H87"), doubtful]);
    assert_eq!((row.unexplained, row.theirs), (qty("0 H87"), qty("492 H87")));
    assert_eq!(row.netted, vec![(Place::ByHand, qty("5 H87")), (Place::InDoubt, qty("7 H87"))]);
}

#[test]
fn what_was_entered_after_the_cut_off_counts_on_neither_side() {
    let late = |document: &str, pieces: &str| Stated { entered_at: Some(at(101)), ..goods(document, "N7", pieces) };
    let row = one(
        &side(&[("D1", "N7", "480 H87"), ("D2", "N7", "240 H87")]),
        vec![Stated { entered_at: Some(at(100)), ..goods("D1", "N7", "480 H87") }, late("D2", "240 H87"), late("D9", "9 H87")],
    );
    assert_eq!((row.ours, row.theirs, row.differs()), (qty("480 H87"), qty("480 H87"), false));
}

#[test]
fn hours_and_minutes_of_one_operation_are_one_sum_and_its_number_has_no_leading_zeros() {
    let work =
        |document: &str, op: &str, time: &str| Stated { purpose: Use::Labour, op: OpNo::parse(op).ok(), ..goods(document, "", time) };
    let mut side = Side::default();
    for (document, op, time) in [("D1", "10", "1.5 HUR"), ("D2", "10", "6 MIN")] {
        let line = work(document, op, time);
        let item = Item::new(line.purpose, line.op.as_ref(), &line.material, None);
        side.ours.push(Ours { item, document: line.document, qty: line.qty });
    }
    let row = one(&side, vec![work("D1", "0010", "90 MIN"), work("D2", "0010", "6 MIN")]);
    assert_eq!((row.ours, row.theirs, row.differs()), (qty("96 MIN"), qty("96 MIN"), false));
}

#[test]
fn what_has_no_common_unit_stands_in_rows_of_its_own_and_differs() {
    let all = rows(&side(&[("D1", "N7", "480 H87")]), vec![goods("D1", "N7", "480 KGM")]);
    assert_eq!((all.len(), all.iter().filter(|row| row.differs()).count()), (2, 2));
}

#[test]
fn what_the_system_books_by_itself_is_netted_out_and_what_counts_is_said_by_the_workflow() {
    let mut known = Side::default();
    let line = goods("D1", "N7", "5 H87");
    known.elsewhere.push((Item::new(line.purpose, None, &line.material, line.lot.as_ref()), Place::Skipped, qty("5 H87")));
    assert!(!one(&known, vec![line.clone()]).differs());
    // Whichever lot it took, and in how many documents.
    assert!(!one(&known, vec![goods("D1", "", "2 H87"), goods("D2", "N9", "3 H87")]).differs());
    let much = one(&known, vec![goods("D1", "N7", "1000 H87")]);
    assert_eq!((much.unexplained, much.differs()), (qty("995 H87"), true));
    let reading = Reading { entries: vec![goods("D1", "N7", "479 H87")] };
    let by = |impact| compare(&side(&[("D1", "N7", "480 H87")]), &reading, at(100), |_| impact);
    assert!(by(Reconciliation::Books)[0].differs() && by(Reconciliation::Stock)[0].differs());
    assert!(!by(Reconciliation::Presence)[0].differs());
    assert!(by(Reconciliation::None).is_empty());
    let gone = compare(&side(&[("D1", "N7", "480 H87")]), &Reading::default(), at(100), |_| Reconciliation::Presence);
    assert!(gone[0].differs());
}

#[test]
fn what_the_system_takes_by_itself_is_what_was_used_or_differs() {
    let used = |document: &str, pieces: &str| Stated { purpose: Use::Consumed, ..goods(document, "", pieces) };
    let line = used("D1", "5 H87");
    let item = Item::new(line.purpose, None, &line.material, None);
    let mut known = Side {
        elsewhere: vec![(item.clone(), Place::Skipped, qty("100 H87"))],
        backflushed: vec![(item.clone(), qty("100 H87"), qty("0 H87"))],
        ..Side::default()
    };
    let apart = |known: &Side, pieces: &str| one(known, vec![used("D1", pieces)]).unexplained;
    assert_eq!(apart(&known, "100 H87"), qty("0 H87"));
    assert_eq!(apart(&known, "103 H87"), qty("3 H87"));
    assert_eq!(apart(&known, "97 H87"), qty("-3 H87"));
    assert_eq!(one(&known, Vec::new()).unexplained, qty("-100 H87"), "it took nothing at all");
    // What is not flushed here yet may be there already; and what came after the cut-off is counted on both sides or on none.
    known.backflushed = vec![(item.clone(), qty("100 H87"), qty("10 H87"))];
    assert_eq!((apart(&known, "110 H87"), apart(&known, "111 H87"), apart(&known, "100 H87")), (qty("0 H87"), qty("1 H87"), qty("0 H87")));
    known.backflushed = vec![(item, qty("100 H87"), qty("0 H87"))];
    let late = Stated { entered_at: Some(at(101)), ..used("D2", "40 H87") };
    assert_eq!(one(&known, vec![used("D1", "60 H87"), late]).unexplained, qty("0 H87"));
    known.within_percent = 3;
    assert_eq!((apart(&known, "103 H87"), apart(&known, "97 H87")), (qty("0 H87"), qty("0 H87")));
    assert_eq!((apart(&known, "104 H87"), apart(&known, "96 H87")), (qty("4 H87"), qty("-4 H87")));
    // It takes it with what is confirmed: as long as that is on its way, less is no difference, and more is.
    let made = goods("D2", "N7", "1 H87");
    known.elsewhere.push((Item::new(Use::Yield, None, &made.material, None), Place::Parked, qty("1 H87")));
    let of_what_was_used = |pieces: &str| {
        let all = rows(&known, vec![used("D1", pieces)]);
        all.iter().find(|row| row.item.purpose == Use::Consumed).unwrap().unexplained
    };
    assert_eq!((of_what_was_used("50 H87"), of_what_was_used("104 H87")), (qty("0 H87"), qty("4 H87")));
}

#[test]
fn the_next_run_is_due_by_the_clock_on_the_wall_or_at_a_whole_stretch() {
    let berlin = crate::calendar::Calendar::plain("Europe/Berlin").unwrap();
    let now = Instant::parse("2026-11-24T03:12:00+01:00").unwrap();
    let at = vec!["06:00".parse().unwrap(), "22:00".parse().unwrap()];
    let pace = Pace { at, ..Pace::default() };
    let next = pace.next(&berlin, now).unwrap();
    assert_eq!(next, Instant::parse("2026-11-24T06:00:00+01:00").unwrap());
    assert_eq!(pace.next(&berlin, next).unwrap(), Instant::parse("2026-11-24T22:00:00+01:00").unwrap());
    let pace = Pace { every_ms: Some(3_600_000), ..Pace::default() };
    assert_eq!(pace.next(&berlin, now).unwrap().utc_ms(), Instant::parse("2026-11-24T04:00:00+01:00").unwrap().utc_ms());
    assert_eq!(Pace::default().next(&berlin, now), None);
}
