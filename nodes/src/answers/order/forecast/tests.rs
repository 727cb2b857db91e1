use takt_protocol::answer::Answer;
use takt_protocol::commit::{Commit, GENESIS, Step};
use takt_protocol::envelope::{Envelope, Key, Mark, RawRef};
use takt_protocol::id::{EntityId, Kind};
use takt_protocol::name::{Region, SiteId};
use takt_protocol::native::NativeId;
use takt_protocol::order::{Execution, Header, Operation};
use takt_protocol::seen::ContentHash;
use takt_protocol::words::{MaterialId, Reason};

use super::*;

const HOUR: i64 = 3_600_000;

fn at(minutes: i64) -> Instant {
    Instant::from_utc_ms(100 * HOUR + minutes * 60_000)
}

fn qty(text: &str) -> Qty {
    Qty::parse(text).unwrap()
}

/// A log in which the last operation was reported at these minutes, so many pieces each time.
fn log(reports: &[(i64, &str)]) -> Vec<Commit> {
    let op = OpNo::parse("20").unwrap();
    let commit = |(minutes, pieces): &(i64, &str)| {
        let envelope = Envelope::of(Key { source: SiteId::parse("nord").unwrap(), epoch: 0, mark: Mark::Number(1) }, at(*minutes));
        let worked = order::Fact::Worked { op: op.clone(), purpose: Use::Yield, qty: qty(pieces), reason: None };
        let step = Step::of(&envelope, ContentHash::of(b"x"), Answer::Accepted, vec![Fact::Order(Box::new(worked))]);
        Commit {
            entity: EntityId::from_parts(Kind::Order, Region::parse("eu").unwrap(), 1, 1),
            number: 1,
            previous: RawRef::from_bytes(GENESIS),
            site: None,
            incarnation: 1,
            config: String::new(),
            schema: 1,
            at: at(*minutes),
            steps: vec![step],
            who: Vec::new(),
            raw: Vec::new(),
        }
    };
    reports.iter().map(commit).collect()
}

/// An order of 600 pieces, planned to end after five hours, of which so many are good.
fn order(good: &str) -> Order {
    let zero = qty("0 H87");
    let operation = Operation { execution: Execution::Running, good: qty(good), scrap: zero, rework: zero, declared: None };
    let header = Header {
        erp: SiteId::parse("erp-eu").unwrap(),
        number: NativeId::parse("1000042").unwrap(),
        plant: SiteId::parse("nord").unwrap(),
        material: MaterialId::parse("FG-100").unwrap(),
        total: qty("600 H87"),
        planned_scrap: None,
        over_percent: None,
        recipe: None,
        lot: None,
        start: at(0),
        end: at(300),
        demand: None,
    };
    Order { header: Some(header), ops: [(OpNo::parse("20").unwrap(), operation)].into(), ..Order::default() }
}

fn seen(order: &Order, commits: &[Commit], now: Instant) -> Forecast {
    let entity = EntityId::from_parts(Kind::Order, Region::parse("eu").unwrap(), 1, 1);
    forecast(&State::unknown(entity), order, commits, Vec::new(), now)
}

#[test]
fn the_end_is_what_is_left_at_the_rate_of_the_last_hour() {
    let reports = log(&[(0, "100 H87"), (30, "50 H87"), (60, "50 H87")]);
    let seen = seen(&order("200 H87"), &reports, at(60));
    assert_eq!(
        (seen.answer.as_str(), seen.rate_per_hour.as_deref(), seen.remaining.as_deref()),
        ("on_time", Some("200 H87"), Some("400 H87"))
    );
    assert_eq!((seen.ends_at, seen.late_ms), (Some(at(180).to_string()), None));
    // It stood still since: the same reports over a longer time, and what is older than an hour says nothing any more.
    let seen = self::seen(&order("200 H87"), &reports, at(90));
    assert_eq!((seen.answer.as_str(), seen.rate_per_hour.as_deref()), ("late", Some("100 H87")));
    assert_eq!((seen.ends_at, seen.late_ms), (Some(at(330).to_string()), Some(30 * 60_000)));
}

#[test]
fn where_nothing_can_be_said_it_is_unknown_and_says_why() {
    for (reports, now, why) in [
        (log(&[]), 60, "reported nothing yet"),
        (log(&[(0, "100 H87")]), 0, "says nothing about its pace"),
        (log(&[(0, "100 H87"), (1, "100 H87")]), 90, "more than an hour"),
    ] {
        let seen = seen(&order("200 H87"), &reports, at(now));
        assert_eq!((seen.answer.as_str(), seen.ends_at), ("unknown", None));
        assert!(seen.evidence.contains(why), "{}", seen.evidence);
    }
    assert_eq!(seen(&Order::default(), &[], at(0)).answer, "unknown");
    let held = Order { on_hold: Some(Reason::parse("tool change").unwrap()), ..order("200 H87") };
    let held = seen(&held, &log(&[(0, "100 H87"), (60, "100 H87")]), at(60));
    assert_eq!((held.answer.as_str(), held.evidence.as_str()), ("unknown", "it is on hold: tool change"));
}
