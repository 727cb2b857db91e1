//! What a screen says of what is not known here: who did not say it, and never that it is not so.

use serde_json::json;

use super::*;

fn zones() -> Zones {
    Zones::of(&json!({ "rows": [{ "name": "nord", "zone": "Europe/Berlin" }, { "name": "sud", "zone": "Europe/Berlin" }] }))
}

#[test]
fn a_list_is_as_of_the_clock_of_its_sites_and_without_the_small_change_of_seconds() {
    let as_of = "2026-11-29T11:44:10.320520968Z";
    let told =
        json!({ "as_of": as_of, "rows": [], "regions": [{ "region": "edge", "as_of": as_of }, { "region": "far", "heard": as_of }] });
    let here = "2026-11-29 12:44:10+01:00";
    for screen in [
        exceptions(&told, &zones()),
        lots(&told, &zones()),
        shipments(&told, &zones()),
        records(&told, &zones()),
        orders(&told, &zones()),
        trace(&told, &zones()),
        genealogy(&told, &zones()),
        parts(&told, &zones()),
    ] {
        assert!(screen.contains(here) && !screen.contains("320520968"), "{screen}");
    }
    // Where sites have several clocks, that of the plant of all rows counts, or none of theirs.
    let far = Zones::of(&json!({ "rows": [{ "name": "nord", "zone": "Europe/Berlin" }, { "name": "ohio", "zone": "America/New_York" }] }));
    let of = |plants: &[&str]| json!({ "as_of": as_of, "rows": plants.iter().map(|plant| json!({ "plant": plant })).collect::<Vec<_>>() });
    for (plants, clock) in
        [(&["nord", "nord"][..], here), (&["ohio"], "2026-11-29 06:44:10-05:00"), (&["nord", "ohio"], "2026-11-29 11:44:10Z")]
    {
        assert!(lots(&of(plants), &far).contains(clock), "{clock}: {}", lots(&of(plants), &far));
    }
}

#[test]
fn a_system_that_nobody_heard_is_unknown_as_long_as_somebody_did_not_say() {
    let now = "2026-11-24T02:12:00Z";
    let row =
        |link: &str, missing: &[&str]| json!({ "system": "erp", "link": link, "heard_at": "2026-11-24T02:11:56Z", "missing": missing });
    let said = |link, missing: &[&str]| heard(&row(link, missing), "nord", now, &zones());
    assert_eq!(said("ok", &[]), "erp heard 0:00:04 ago");
    assert_eq!(said("ok", &["node b"]), "erp heard 0:00:04 ago (node b may have heard it, and DID NOT SAY)");
    assert_eq!(said("unheard", &[]), "erp not heard yet, as far as anybody knows");
    let unknown = said("unknown", &["node b", "region na"]);
    assert_eq!(unknown, "erp UNKNOWN (node b, region na may have heard it, and DID NOT SAY)");
    let listed =
        sites(&json!({ "as_of": now, "rows": [{ "name": "erp", "link": "unknown", "missing": ["node b"], "reached": true }] }), &zones());
    assert!(listed.contains("node b may have heard it, and DID NOT SAY"), "{listed}");
}

#[test]
fn deliveries_say_who_knows_them_and_since_when_and_whose_are_missing() {
    let nodes = json!([{ "who": "node a", "since": "2026-11-24T02:05:10Z" }, { "who": "node b", "missing": "it does not answer" }]);
    let known = ["node a knows what was since it started, 2026-11-24 03:05:10+01:00", "node b is MISSING: it does not answer"];
    let row = json!({ "at": "2026-11-24T02:06:00Z", "way": "in", "what": "LOG_9.txt", "outcome": "taken", "took_ms": 3 });
    for rows in [json!([]), json!([row])] {
        let screen = deliveries(&json!({ "rows": rows, "nodes": nodes }), "nord", &zones());
        assert!(known.iter().all(|words| screen.contains(words)), "{screen}");
        assert_eq!(screen.contains("LOG_9.txt"), rows != json!([]), "{screen}");
    }
}

#[test]
fn deliveries_that_were_kept_over_a_restart_and_more_that_follow_are_said() {
    let nodes = json!([{ "who": "node a", "since": "2026-11-24T02:05:10Z", "kept_since": "2026-11-23T23:00:00Z" },
        { "who": "node b", "missing": "silent since 2026-11-24T02:00:00Z, what it knew of is not here" }]);
    let row = json!({ "at": "2026-11-24T02:06:00Z", "way": "in", "what": "LOG_9.txt", "outcome": "taken", "took_ms": 3 });
    let screen = deliveries(&json!({ "rows": [row], "nodes": nodes, "next": "7.1" }), "nord", &zones());
    for words in [
        "since it started, 2026-11-24 03:05:10+01:00; and what it kept of before, from 2026-11-24 00:00:00+01:00",
        "node b is MISSING: silent since 2026-11-24 03:00:00+01:00, what it knew of is not here",
        "more follows: --after 7.1",
    ] {
        assert!(screen.contains(words), "{words}: {screen}");
    }
}

#[test]
fn what_was_decided_later_than_it_happened_says_so() {
    let line = |at: &str, recorded: &str| {
        step(&json!({ "commit": 15, "at": at, "recorded_at": recorded, "who": "mes", "what": ["breakdown"] }), "nord", &zones())
    };
    assert!(line("2026-11-24T16:49:18Z", "2026-11-24T16:55:27Z").ends_with("breakdown   (decided 17:55:27)"));
    assert!(line("2026-11-24T16:49:18Z", "2026-11-25T16:55:27Z").ends_with("(decided 11-25 17:55:27)"));
    assert!(line("2026-11-24T16:49:18Z", "2026-11-24T16:49:20Z").ends_with("breakdown"), "two seconds are nothing to tell");
}

#[test]
fn a_lot_whose_home_is_not_reached_is_shown_as_last_told() {
    let lot = |unreached: bool| json!({ "lot": "FG-100/L-9", "free": "298 H87", "blocked": "0 H87", "unreached": unreached });
    let row = |unreached| {
        let screen = order(&shown(&json!({ "stock": [lot(unreached)] })), &zones());
        screen.lines().find(|line| line.starts_with("lot FG-100/L-9")).unwrap().to_owned()
    };
    assert!(row(true).ends_with("AS LAST TOLD: its home is not reached") && row(false).ends_with("blocked 0 H87"));
}

/// An order with these figures and exceptions.
fn shown(more: &Value) -> Value {
    let mut answer = json!({ "as_of": "2026-11-24T02:12:00Z", "row": { "plant": "nord", "number": "1000042", "erp": "erp" } });
    answer.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    answer
}

#[test]
fn what_lots_say_that_are_not_reached_is_unknown_and_not_nothing() {
    let stock = |answer: &Value| {
        let screen = order(answer, &zones());
        screen.lines().find(|line| line.starts_with("  stock")).unwrap().to_owned()
    };
    assert_eq!(stock(&shown(&json!({}))), "  stock   nothing heard of yet");
    let unreached = json!({ "unreached": ["edge"] });
    assert_eq!(stock(&shown(&unreached)), "  stock   UNKNOWN: its lots are at home in edge, not reached from here");
    let some = stock(&shown(&json!({ "unreached": ["edge"], "figures": { "free": "298 H87" } })));
    assert!(some.contains("free 298") && some.ends_with("WITHOUT its lots in edge, not reached from here"), "{some}");
    let alone = json!({ "figures": { "free": "9 H87" }, "answers": { "handed_over": { "answer": "not_required" } } });
    assert_eq!(stock(&shown(&alone)), "  stock   free 9   QI ?   blocked ?", "no warehouse takes it");
}

#[test]
fn exceptions_of_one_cause_are_one_line_of_their_order() {
    let case = |id: &str, group: &str| json!({ "id": id, "group": group, "what": format!("{id} is wrong"), "owner": "it" });
    let screen = order(&shown(&json!({ "exceptions": [case("E-1", "G-1"), case("E-2", "G-2"), case("E-3", "G-1")] })), &zones());
    let found: Vec<&str> = screen.lines().filter(|line| line.contains("is wrong")).collect();
    assert_eq!(found, ["G-1  2 like E-1  E-1 is wrong  (it)", "E-2  E-2 is wrong  (it)"]);
}

#[test]
fn only_a_plants_own_screen_says_how_many_of_the_doubts_are_its_own() {
    let of = |kind: &str, here: u64| {
        let system = json!({ "system": "erp", "link": "ok", "in_doubt": 41, "in_doubt_here": here });
        site(&json!({ "name": "here", "kind": kind, "reached": true, "systems": [system] }), &zones())
    };
    assert!(of("plant", 26).contains("41 (here 26)") && of("erp", 0).contains("41") && !of("erp", 0).contains("(here 0)"));
}

#[test]
fn points_in_time_within_words_are_by_the_clock_of_the_plant_and_keys_stay_as_they_are() {
    let said =
        zones().in_words("nord", "looks again at 2026-11-29T17:00:33.152718164Z, end 2026-12-01T14:00:00Z (OS-7/2026-11-28T20:00:00Z/x)");
    assert_eq!(said, "looks again at 2026-11-29 18:00:33+01:00, end 2026-12-01 15:00:00+01:00 (OS-7/2026-11-28T20:00:00Z/x)");
}

#[test]
fn what_a_region_does_not_say_is_not_none() {
    let row = |reached: bool| json!({ "name": "nord", "link": "ok", "waiting": [0, 0, 0], "quarantine": 0, "orders_waiting": 0, "exceptions": 0, "reached": reached });
    let screen = |reached| sites(&json!({ "rows": [row(reached)] }), &zones());
    assert!(screen(true).contains("0/0/0") && !screen(true).contains('?'), "{}", screen(true));
    assert!(!screen(false).contains('0') && screen(false).matches('?').count() == 4, "{}", screen(false));
}

#[test]
fn a_step_that_changed_nothing_says_so() {
    let one = step(
        &json!({ "commit": 7, "at": "2026-11-24T02:05:10Z", "source": "erp", "key": "claim/1", "answer": "accepted", "what": [] }),
        "nord",
        &zones(),
    );
    assert!(one.ends_with("accepted, which changed nothing (claim/1)"), "{one}");
}
