//! The habits that every system has, shown on a house whose only rule is to count its visitors.

use serde_json::{Value, json};

use super::super::exchange::{Method, Reply, Request, Response};
use super::super::habits::{Dose, Habit};
use super::super::moment::{Moment, Zone};
use super::{Desk, House, Kind, Rules, System};

#[derive(Clone, Debug, Default)]
struct Doorbell {
    rung: u64,
}

impl Rules for Doorbell {
    const KIND: Kind = Kind::Qms;
    const HABITS: &'static [Habit] = &[];

    fn answer(&mut self, desk: &mut Desk, request: &Request) -> Response {
        if request.method == Method::Get {
            return Response::json(200, &json!({ "rung": self.rung }));
        }
        self.rung += 1;
        let heard_at = desk.stamp(desk.now).millis();
        desk.tell("door", "rung", &json!({ "times": self.rung, "at": heard_at }));
        Response::json(201, &json!({ "rung": self.rung }))
    }

    fn tick(&mut self, _desk: &mut Desk) -> bool {
        false
    }

    fn due(&self) -> Option<Moment> {
        None
    }

    fn books(&self) -> Value {
        json!({ "rung": self.rung })
    }

    fn locked(status: Option<u16>) -> Response {
        Response::json(status.unwrap_or(423), &json!({ "error": "door is open elsewhere" }))
    }
}

const NOW: Moment = Moment::from_millis(1_000_000);

fn house(habit: Habit, dose: &Dose) -> House<Doorbell> {
    let mut house = House::new(Doorbell::default(), Zone::named("Asia/Tokyo").unwrap(), 1);
    let set = house.answer(NOW, &Request::put("/_sim/habits", &json!({ habit.name(): dose })));
    assert_eq!(set.reply.response().unwrap().status, 200);
    house
}

fn ring(house: &mut House<Doorbell>) -> Reply {
    house.answer(NOW, &Request::post("/ring", &json!({}))).reply
}

#[track_caller]
fn check(habit: Habit, dose: &Dose, status: Option<u16>, rung: u64) -> House<Doorbell> {
    let mut house = house(habit, dose);
    let reply = ring(&mut house).response();
    assert_eq!(reply.map(|response| response.status), status);
    assert_eq!(house.books()["rung"], rung);
    assert_eq!(house.books()["effects"][habit.name()], 1);
    house
}

#[test]
fn a_lost_reply_leaves_the_effect_in_the_books_and_the_asker_in_doubt() {
    check(Habit::LostReply, &Dose::next(1), None, 1);
}

#[test]
fn a_lost_request_leaves_nothing_in_the_books() {
    check(Habit::LostRequest, &Dose::next(1), None, 0);
}

#[test]
fn a_gateway_timeout_comes_after_the_effect() {
    check(Habit::GatewayTimeout, &Dose::next(1), Some(504), 1);
}

#[test]
fn an_unavailable_system_does_nothing() {
    check(Habit::Unavailable, &Dose::next(1), Some(503), 0);
}

#[test]
fn a_busy_system_says_when_to_come_again() {
    let mut house = house(Habit::TooManyRequests, &Dose::next(1).of(7));
    let reply = ring(&mut house).response().unwrap();
    assert_eq!((reply.status, reply.headers["retry-after"].as_str()), (429, "7"));
    assert_eq!(house.books()["effects"]["too_many_requests"], 1);
}

#[test]
fn a_locked_record_is_refused_in_the_systems_own_words_and_reading_goes_on() {
    let mut house = check(Habit::Locked, &Dose::always(), Some(423), 0);
    let reading = house.answer(NOW, &Request::get("/ring")).reply.response();
    assert_eq!(reading.unwrap().status, 200);
}

#[test]
fn a_hollow_success_reports_what_the_books_do_not_have_and_tells_nobody() {
    let house = check(Habit::HollowSuccess, &Dose::next(1), Some(201), 0);
    assert!(house.pending(NOW, 9).is_empty());
}

#[test]
fn a_slow_system_says_how_long_it_takes() {
    let mut house = house(Habit::Slow, &Dose::next(1).of(800));
    assert_eq!(house.answer(NOW, &Request::post("/ring", &json!({}))).after_ms, 800);
    assert_eq!(house.books()["effects"]["slow"], 1);
}

#[test]
fn a_wrong_clock_stamps_what_is_told() {
    let house = check(Habit::WrongClock, &Dose::always().of(-90_000), Some(201), 1);
    let told: Value = serde_json::from_str(&house.pending(NOW, 9)[0].body).unwrap();
    assert_eq!(told["at"], 910_000);
}

#[test]
fn a_reading_that_moves_no_habit_needs_no_writing() {
    let mut house = house(Habit::Slow, &Dose { per_mille: 500, ..Dose::default() }.at("POST"));
    assert!(!house.answer(NOW, &Request::get("/ring")).to_keep);
    assert!(house.answer(NOW, &Request::post("/ring", &json!({}))).to_keep);
}

#[test]
fn a_habit_that_the_system_does_not_have_is_refused_and_so_is_a_misspelt_one() {
    let mut house = house(Habit::Slow, &Dose::default());
    for body in [json!({ "reject_job": { "next": 1 } }), json!({ "lost_replies": {} }), json!({ "slow": { "nxt": 1 } })] {
        let reply = house.answer(NOW, &Request::put("/_sim/habits", &body)).reply.response().unwrap();
        assert_eq!(reply.status, 400, "{body}");
    }
}
