use super::*;

fn at(text: &str) -> Instant {
    Instant::parse(text).unwrap()
}

fn three_shifts(zone: &str) -> Calendar {
    let shift = |name: &str, hour| Shift { name: name.into(), starts: Time::constant(hour, 0, 0, 0) };
    let pattern = Pattern { zone: zone.into(), shifts: vec![shift("A", 6), shift("B", 14), shift("C", 22)], closed: BTreeSet::new() };
    Calendar::new(pattern).unwrap()
}

#[test]
fn a_night_shift_belongs_to_the_production_day_it_started_on_and_finance_still_sees_the_calendar_date() {
    let nord = three_shifts("Europe/Berlin");
    let three_at_night = at("2026-11-24T03:12:00+01:00");
    assert_eq!(nord.plant_day(three_at_night).date.to_string(), "2026-11-23");
    assert_eq!(nord.plant_day(three_at_night).shift, "C");
    assert_eq!(nord.posting_date(three_at_night).to_string(), "2026-11-24");
    assert_eq!(nord.shift_end(three_at_night), at("2026-11-24T06:00:00+01:00"));
}

#[test]
fn a_night_shift_has_seven_hours_in_spring_and_nine_in_autumn() {
    let nord = three_shifts("Europe/Berlin");
    let spring = at("2026-03-28T22:00:00+01:00");
    assert_eq!(nord.shift_end(spring).since(spring).as_secs(), 7 * 3600);
    let autumn = at("2026-10-24T22:00:00+02:00");
    assert_eq!(nord.shift_end(autumn).since(autumn).as_secs(), 9 * 3600);
}

#[test]
fn half_past_two_twice_is_two_instants_of_one_shift() {
    let nord = three_shifts("Europe/Berlin");
    let (first, second) = (at("2026-10-25T02:30:00+02:00"), at("2026-10-25T02:30:00+01:00"));
    assert!(first < second);
    assert_eq!(nord.plant_day(first), nord.plant_day(second));
}

#[test]
fn three_plants_close_their_day_at_three_instants() {
    let now = at("2026-11-23T12:00:00Z");
    let ends: Vec<Instant> = ["America/Chicago", "Europe/Berlin", "Asia/Shanghai"]
        .iter()
        .map(|zone| Calendar::plain(zone).unwrap().next_midnight(now))
        .collect();
    assert_eq!(ends, [at("2026-11-24T00:00:00-06:00"), at("2026-11-24T00:00:00+01:00"), at("2026-11-24T00:00:00+08:00")]);
}

#[test]
fn a_closed_period_says_the_first_open_day_and_shifts_nothing() {
    let mut periods = PeriodBook::default();
    periods.set(2026, 10, PeriodState::Closed);
    periods.set(2026, 11, PeriodState::Closed);
    let late = PostingDate::parse("2026-10-31").unwrap();
    assert_eq!(periods.place(late), Placement::Closed { next_open: PostingDate::parse("2026-12-01").unwrap() });
    assert_eq!(periods.place(PostingDate::parse("2026-12-02").unwrap()), Placement::Open);
}

#[test]
fn a_frozen_month_is_never_proposed_as_the_open_one() {
    let mut periods = PeriodBook::default();
    periods.set(2026, 10, PeriodState::Closed);
    periods.set(2026, 11, PeriodState::Frozen);
    let late = PostingDate::parse("2026-10-31").unwrap();
    assert_eq!(periods.place(late), Placement::Closed { next_open: PostingDate::parse("2026-12-01").unwrap() });
    assert_eq!(periods.place(PostingDate::parse("2026-11-02").unwrap()), Placement::Frozen);
}

#[test]
fn a_shift_always_ends_after_now_even_in_the_hour_that_comes_twice() {
    let shift = |name: &str, hour, minute| Shift { name: name.into(), starts: Time::constant(hour, minute, 0, 0) };
    let pattern = Pattern { zone: "Europe/Berlin".into(), shifts: vec![shift("A", 2, 30), shift("B", 14, 0)], closed: BTreeSet::new() };
    let nord = Calendar::new(pattern).unwrap();
    let mut now = at("2026-10-24T22:00:00Z");
    for _ in 0..16 {
        assert!(nord.shift_end(now) > now, "{now}");
        now = now.plus_ms(15 * 60_000);
    }
}

#[test]
fn a_day_without_a_midnight_starts_when_it_starts() {
    let cairo = Calendar::plain("Africa/Cairo").unwrap();
    let evening = at("2026-04-23T23:30:00+02:00");
    assert_eq!(cairo.next_midnight(evening), at("2026-04-24T01:00:00+03:00"));
    assert_eq!(cairo.posting_date(cairo.next_midnight(evening)).to_string(), "2026-04-24");
}

#[test]
fn nonsense_does_not_become_a_calendar() {
    assert!(Calendar::plain("Europe/Atlantis").is_err());
    let none = Pattern { zone: "UTC".into(), shifts: Vec::new(), closed: BTreeSet::new() };
    assert!(Calendar::new(none).is_err());
}

#[test]
fn a_calendar_comes_back_from_text() {
    let calendar = three_shifts("Asia/Shanghai");
    assert_eq!(serde_json::from_str::<Calendar>(&serde_json::to_string(&calendar).unwrap()).unwrap(), calendar);
}

#[test]
fn a_time_without_an_offset_is_read_from_the_clock_on_the_sites_wall() {
    let berlin = Calendar::plain("Europe/Berlin").unwrap();
    for (text, wanted) in [
        ("2026-11-24T06:00:00", "2026-11-24T06:00:00+01:00"),
        ("2026-07-24T06:00:00.5", "2026-07-24T06:00:00.5+02:00"),
        ("2026-11-24", "2026-11-24T00:00:00+01:00"),
        ("2026-11-24T06:00:00-05:00", "2026-11-24T06:00:00-05:00"),
        ("2026-11-24T06:00:00Z", "2026-11-24T06:00:00Z"),
        // It was put back at three, so this is twice; and put forward at two, so this is never.
        ("2026-10-25T02:30:00", "2026-10-25T02:30:00+02:00"),
        ("2026-03-29T02:30:00", "2026-03-29T03:30:00+02:00"),
    ] {
        assert_eq!(berlin.clock_time(text).map(|at| at.to_string()), Ok(wanted.to_owned()), "{text}");
    }
    for odd in ["", "soon", "2026-13-01T00:00:00"] {
        assert!(berlin.clock_time(odd).is_err(), "{odd}");
    }
}
