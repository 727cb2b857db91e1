//! Revisions: drafted, released, superseded; which one counts on a day, and when nobody can tell.

use serde_json::{Value, json};

use super::super::exchange::Request;
use super::super::habits::{Dose, Habit};
use super::super::system::Kind;
use super::super::testing::Visitor;

fn draft(item: &str, revision: &str, from: &str, of: &str) -> Value {
    json!({ "item": item, "plant": "nord", "revision": revision, "effective_from": from, "base": "1000", "unit": "PC",
        "bom": [{ "pos": "0010", "op": "10", "item": of, "qty": "320", "unit": "KG" }], "routing": [{ "op": "10", "class": "PRESS" }] })
}

fn release(visitor: &mut Visitor, draft: &Value) -> Value {
    visitor.posts("/_sim/revisions", draft);
    visitor.posts(&path(draft, "release"), &json!({ "approved_by": "A. Roth" }))
}

fn path(draft: &Value, what: &str) -> String {
    format!("/_sim/revisions/{}/nord/{}/{what}", draft["item"].as_str().unwrap(), draft["revision"].as_str().unwrap())
}

/// Revision A from October, B from December.
fn two() -> Visitor {
    let mut visitor = Visitor::of(Kind::Plm);
    release(&mut visitor, &draft("FG-100", "A", "2026-10-01", "STEEL-3"));
    release(&mut visitor, &draft("FG-100", "B", "2026-12-01", "STEEL-4"));
    visitor
}

fn on(visitor: &mut Visitor, day: &str) -> Value {
    let request = Request::get("/effective").with_query("item", "FG-100").with_query("plant", "nord").with_query("on", day);
    let response = visitor.asks(&request);
    if response.is_success() { response.value()["revision"].clone() } else { response.value()["error"].clone() }
}

#[test]
fn a_released_revision_ends_the_one_before_on_the_day_before() {
    let mut visitor = two();
    for (day, revision) in
        [("2026-09-30", "nothing_effective"), ("2026-10-01", "A"), ("2026-11-30", "A"), ("2026-12-01", "B"), ("2030-01-01", "B")]
    {
        assert_eq!(on(&mut visitor, day), revision, "{day}");
    }
    assert_eq!(visitor.hears_of(), ["revision.released", "revision.superseded", "revision.released"]);
    assert_eq!(visitor.gets("/revisions?state=released&plant=nord")["results"][0]["effective_to"], "2026-11-30");
}

#[test]
fn a_draft_counts_for_nothing_and_may_be_written_again() {
    let mut visitor = Visitor::of(Kind::Plm);
    visitor.posts("/_sim/revisions", &draft("FG-100", "A", "2026-10-01", "STEEL-3"));
    visitor.posts("/_sim/revisions", &draft("FG-100", "A", "2026-10-01", "STEEL-4"));
    assert_eq!((on(&mut visitor, "2026-10-01"), visitor.hears().len()), (json!("nothing_effective"), 0));
    assert_eq!(visitor.gets("/revisions")["results"][0]["bom"][0]["item"], "STEEL-4");
}

#[test]
fn a_released_revision_is_never_edited_and_released_once() {
    let mut visitor = two();
    visitor.refused("/_sim/revisions", &draft("FG-100", "B", "2026-12-01", "STEEL-5"), 409, "released");
    visitor.posts("/_sim/revisions/FG-100/nord/B/release", &json!({ "approved_by": "B. Kern" }));
    assert_eq!(visitor.gets("/releases")["last"], 3);
    visitor.refused("/_sim/revisions/FG-100/nord/Z/release", &json!({ "approved_by": "x" }), 404, "unknown");
}

#[test]
fn one_that_would_not_have_begun_cannot_be_ended_so_the_release_is_refused() {
    let mut visitor = two();
    let early = draft("FG-100", "C", "2026-11-01", "STEEL-3");
    visitor.posts("/_sim/revisions", &early);
    visitor.refused(&path(&early, "release"), &json!({ "approved_by": "x" }), 409, "overlapping");
    assert_eq!(on(&mut visitor, "2026-11-15"), "A");
}

#[test]
fn no_item_is_made_of_itself_whatever_is_between() {
    let mut visitor = Visitor::of(Kind::Plm);
    release(&mut visitor, &draft("PART", "A", "2026-10-01", "PIN"));
    release(&mut visitor, &draft("FG-100", "A", "2026-10-01", "PART"));
    let circle = draft("PIN", "A", "2026-10-01", "FG-100");
    visitor.posts("/_sim/revisions", &circle);
    visitor.refused(&path(&circle, "release"), &json!({ "approved_by": "x" }), 409, "circular");
}

#[test]
fn what_nobody_could_make_anything_of_is_refused() {
    let mut visitor = Visitor::of(Kind::Plm);
    for (field, value, status) in [
        ("base", json!("0"), 400),
        ("routing", json!([]), 400),
        ("effective_to", json!("2026-09-01"), 400),
        ("routing", json!([{ "op": "20", "class": "WELD" }]), 409),
        ("effective_from", json!("1.10.2026"), 400),
    ] {
        let mut spoilt = draft("FG-100", "A", "2026-10-01", "STEEL-3");
        spoilt[field] = value;
        assert_eq!(visitor.asks(&Request::post("/_sim/revisions", &spoilt)).status, status, "{spoilt}");
    }
}

#[test]
fn an_obsolete_revision_counts_no_more_and_leaves_a_gap() {
    let mut visitor = two();
    visitor.posts("/_sim/revisions/FG-100/nord/B/obsolete", &json!({}));
    assert_eq!((on(&mut visitor, "2026-12-24"), on(&mut visitor, "2026-11-24")), (json!("nothing_effective"), json!("A")));
    visitor.refused("/_sim/revisions/FG-100/nord/B/release", &json!({ "approved_by": "x" }), 409, "obsolete");
}

#[test]
fn two_that_overlap_are_ambiguous_and_not_whichever_comes_first() {
    let mut visitor = Visitor::of(Kind::Plm);
    release(&mut visitor, &draft("FG-100", "A", "2026-10-01", "STEEL-3"));
    visitor.has(Habit::Overlaps, &Dose::next(1));
    release(&mut visitor, &draft("FG-100", "B", "2026-12-01", "STEEL-4"));
    assert_eq!(
        (on(&mut visitor, "2026-12-01"), on(&mut visitor, "2026-11-01"), visitor.effect("overlaps")),
        (json!("ambiguous"), json!("A"), 1)
    );
}

#[test]
fn a_revision_that_is_changed_in_place_keeps_its_name_and_nobody_is_told() {
    let mut visitor = two();
    visitor.hears();
    visitor.has(Habit::ChangedInPlace, &Dose::next(1));
    visitor.posts("/_sim/revisions", &draft("FG-100", "B", "2026-12-01", "STEEL-5"));
    let now = visitor.gets("/revisions?revision=B")["results"][0].clone();
    assert_eq!((&now["state"], &now["bom"][0]["item"], visitor.hears().len()), (&json!("released"), &json!("STEEL-5"), 0));
    assert_eq!((visitor.effect("changed_in_place"), visitor.gets("/releases")["last"].clone()), (1, json!(3)));
}
