//! Instants: the line, the offset, and texts that are neither.

use super::*;

#[test]
fn an_instant_keeps_the_offset_its_source_wrote() {
    for text in ["2026-11-23T02:30:00+01:00", "2026-11-23T02:30:00.123456789-05:30", "2026-11-23T02:30:00Z"] {
        assert_eq!(Instant::parse(text).unwrap().to_string(), text);
    }
}

#[test]
fn a_time_without_an_offset_is_refused() {
    for text in ["2026-11-23T02:30:00", "2026-11-23", "yesterday", "2026-13-23T02:30:00Z", "", "2026-11-23T02:30:00[Europe/Berlin]"] {
        assert!(Instant::parse(text).is_err(), "{text}");
    }
}

#[test]
fn order_is_by_the_line_not_by_the_clock_on_the_wall() {
    let berlin = Instant::parse("2026-11-23T02:30:00+01:00").unwrap();
    let utc = Instant::parse("2026-11-23T01:45:00Z").unwrap();
    assert!(berlin < utc);
    assert_eq!(utc.since(berlin), Duration::from_mins(15));
    assert_eq!(berlin.since(utc), Duration::ZERO);
}

#[test]
fn binary_and_text_both_come_back() {
    let instant = Instant::parse("2026-03-29T03:30:00+02:00").unwrap();
    assert_eq!(rmp_serde::from_slice::<Instant>(&rmp_serde::to_vec_named(&instant).unwrap()).unwrap(), instant);
    assert_eq!(serde_json::from_str::<Instant>(&serde_json::to_string(&instant).unwrap()).unwrap(), instant);
}

#[test]
fn an_offset_no_place_on_earth_has_is_refused_not_forgotten_on_the_way_through_the_log() {
    for text in ["2026-11-23T02:30:00+19:00", "2026-11-23T02:30:00-25:00", "2026-11-23T02:30:00+01:00[Europe/Berlin]"] {
        if let Ok(instant) = Instant::parse(text) {
            let stored = rmp_serde::from_slice::<Instant>(&rmp_serde::to_vec_named(&instant).unwrap()).unwrap();
            assert_eq!((stored, stored.to_string()), (instant, instant.to_string()), "{text}");
        }
    }
    assert!(Instant::parse("2026-11-23T02:30:00+19:00").is_err());
}

#[test]
fn time_stops_at_its_ends_and_does_not_turn_around() {
    let end = Instant::new(i64::MAX, 0);
    assert_eq!(end.plus(Duration::from_secs(1)), end);
    assert_eq!(Instant::new(i64::MIN, 0).minus(Duration::from_secs(1)), Instant::new(i64::MIN, 0));
    assert_eq!(Instant::new(i64::MIN, 0).since(end), Duration::ZERO);
}
