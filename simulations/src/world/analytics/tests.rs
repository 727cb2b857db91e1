//! Events that are counted once, and what happens to those that are told again, or are none.

use serde_json::{Value, json};

use super::super::habits::{Dose, Habit};
use super::super::system::Kind;
use super::super::testing::Visitor;

fn event(id: u32) -> Value {
    json!({ "specversion": "1.0", "id": format!("e-{id}"), "source": "takt/eu", "type": "order.released.v1", "time": format!("2026-11-24T03:12:{:02}+01:00", id % 60),
        "data": { "order": "1000042" } })
}

fn many(count: u32) -> Value {
    json!((0..count).map(event).collect::<Vec<_>>())
}

#[test]
fn an_event_is_counted_once_however_often_and_however_packed_it_is_told() {
    let mut visitor = Visitor::of(Kind::Analytics);
    assert_eq!(visitor.posts("/events", &event(1)), json!({ "counted": 1, "repeated": 0 }));
    assert_eq!(visitor.posts("/events", &many(3)), json!({ "counted": 2, "repeated": 1 }));
    assert_eq!(visitor.posts("/events", &json!([event(7), event(7)])), json!({ "counted": 1, "repeated": 1 }));
    let counts = visitor.gets("/counts");
    assert_eq!(
        (&counts["events"], &counts["repeated"], &counts["days"], &counts["sources"]["takt/eu"]),
        (&json!(4), &json!(2), &json!({ "2026-11-24": 4 }), &json!(4))
    );
    let of_type = visitor.gets("/counts/order.released.v1");
    assert_eq!((&of_type["first"], &of_type["last"]), (&json!("2026-11-24T03:12:00+01:00"), &json!("2026-11-24T03:12:07+01:00")));
}

#[test]
fn one_that_is_no_event_leaves_the_whole_list_uncounted_and_its_place_is_told() {
    let mut visitor = Visitor::of(Kind::Analytics);
    for (field, value) in [("id", json!("")), ("type", json!(7)), ("time", json!("yesterday")), ("source", Value::Null)] {
        let mut spoilt = event(1);
        spoilt[field] = value;
        visitor.refused("/events", &json!([event(0), spoilt]), 422, "not_an_event");
    }
    assert_eq!(visitor.gets("/counts")["events"], 0);
    visitor.refused("/events", &many(501), 413, "too_many");
    assert_eq!(visitor.posts("/events", &many(500))["counted"], 500);
}

#[test]
fn an_id_that_means_something_else_now_is_a_conflict() {
    let mut visitor = Visitor::of(Kind::Analytics);
    visitor.posts("/events", &event(1));
    let mut other = event(1);
    other["type"] = json!("order.closed.v1");
    visitor.refused("/events", &other, 409, "id_reused");
    visitor.refused(
        "/events",
        &json!([event(2), { "id": "e-2", "source": "takt/eu", "type": "x", "time": "2026-11-24T03:12:02+01:00" }]),
        409,
        "id_reused",
    );
    // The same id of another source is another event.
    other["source"] = json!("takt/na");
    assert_eq!(visitor.posts("/events", &other)["counted"], 1);
    assert_eq!(visitor.gets("/counts")["events"], 2);
}

#[test]
fn who_lost_its_place_counts_again_what_it_is_told_again() {
    let mut visitor = Visitor::of(Kind::Analytics);
    visitor.posts("/events", &many(3));
    visitor.has(Habit::LosesPlace, &Dose::next(1));
    assert_eq!(visitor.posts("/events", &many(3))["counted"], 3);
    assert_eq!((visitor.gets("/counts")["events"].clone(), visitor.effect("loses_place")), (json!(6), 1));
}

#[test]
fn a_half_taken_batch_says_so_only_in_its_answer_and_the_rest_counts_when_it_comes_again() {
    let mut visitor = Visitor::of(Kind::Analytics);
    visitor.has(Habit::HalfBatch, &Dose::next(1).of(2));
    assert_eq!(visitor.posts("/events", &many(5)), json!({ "counted": 2, "repeated": 0 }));
    assert_eq!(visitor.posts("/events", &many(5)), json!({ "counted": 3, "repeated": 2 }));
    assert_eq!(visitor.effect("half_batch"), 1);
}
