//! The line: what it reports adds up, whoever looks how often, and what people at the plant do to it.

use std::collections::BTreeSet;

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::super::super::habits::{Dose, Habit};
use super::super::reports::sscc;
use super::{Dispatcher, NOW, job, kinds, of_kind};

fn run_all(step_ms: i64) -> (Dispatcher, Vec<Value>) {
    let mut dispatcher = Dispatcher::at_work();
    dispatcher.post("/jobs", &job());
    let told = dispatcher.work(3_000, step_ms);
    (dispatcher, told)
}

fn sum(told: &[Value], kind: &str, field: &str) -> Decimal {
    of_kind(told, kind).map(|report| report[field].as_str().unwrap().parse::<Decimal>().unwrap()).sum()
}

#[test]
fn a_job_runs_from_start_to_end_and_every_count_adds_up() {
    let (mut dispatcher, told) = run_all(50);
    let made = dispatcher.get("/jobs/J-000001");
    let (press, pack) = (&made["steps"][0], &made["steps"][1]);
    assert_eq!((press["good"].as_u64(), press["scrap"].as_u64()), (Some(95), Some(5)));
    assert_eq!(pack["good"].as_u64().unwrap() + pack["scrap"].as_u64().unwrap(), 95);
    let kinds = kinds(&told);
    assert_eq!(kinds["piece.counted"] as u64, pack["good"].as_u64().unwrap());
    assert_eq!(kinds["scrap.counted"] as u64, 5 + pack["scrap"].as_u64().unwrap());
    let last = of_kind(&told, "counter.read").last().unwrap();
    assert_eq!(last["counter"], json!({ "epoch": 1, "good": 95 }));
    assert_eq!(told.last().unwrap()["kind"], "job.finished");
    assert_eq!(told.last().unwrap()["good"], pack["good"]);
}

#[test]
fn material_is_used_to_the_last_digit_and_from_lot_after_lot() {
    let (_, told) = run_all(50);
    assert_eq!(sum(&told, "material.used", "amount").to_string(), "33.3333");
    let first: Decimal = of_kind(&told, "material.used")
        .filter(|report| report["lot"] == "H-1")
        .map(|r| r["amount"].as_str().unwrap().parse::<Decimal>().unwrap())
        .sum();
    assert_eq!(first.normalize().to_string(), "13");
    assert!(of_kind(&told, "material.used").any(|report| report["lot"] == "H-2"));
}

#[test]
fn labour_is_booked_for_every_piece_that_was_worked_on() {
    let (mut dispatcher, told) = run_all(50);
    let worked = Decimal::new(25, 2) * Decimal::from(100) + Decimal::new(1, 1) * Decimal::from(95);
    assert_eq!(sum(&told, "labour.booked", "minutes"), worked);
    assert_eq!(dispatcher.get("/jobs/J-000001")["labour"].as_str().unwrap().parse::<Decimal>().unwrap(), worked);
}

#[test]
fn pallets_leave_while_the_job_still_runs_and_hold_every_good_piece() {
    let (_, told) = run_all(50);
    let pallets: Vec<&Value> = of_kind(&told, "pallet.closed").collect();
    let pieces: Vec<u64> = pallets.iter().map(|pallet| pallet["pieces"].as_u64().unwrap()).collect();
    assert_eq!(pieces.iter().sum::<u64>(), of_kind(&told, "piece.counted").count() as u64);
    assert_eq!(pieces[..2], [40, 40]);
    assert_eq!(pallets[0]["lots"], json!([{ "lot": "N7-1123", "pieces": 40 }]));
    let numbers: BTreeSet<&str> = pallets.iter().map(|pallet| pallet["sscc"].as_str().unwrap()).collect();
    assert_eq!(numbers.len(), pallets.len());
    assert!(told.iter().position(|one| one["kind"] == "pallet.closed") < told.iter().position(|one| one["kind"] == "step.finished"));
    assert_eq!(of_kind(&told, "sample.due").count(), 2);
}

#[test]
fn a_pallet_number_ends_in_the_check_digit_that_the_standard_asks_for() {
    // 376104250021234569 is the example that GS1 prints: prefix 7610425, serial 002123456.
    assert_eq!(sscc(7_610_425, 2_123_456), "376104250021234569");
}

#[test]
fn what_happened_does_not_depend_on_how_often_somebody_looked() {
    let without_numbers = |told: Vec<Value>| told.into_iter().map(|report| report.to_string()).collect::<Vec<_>>();
    let (_, often) = run_all(1);
    let (_, seldom) = run_all(1_500);
    assert_eq!(without_numbers(often), without_numbers(seldom));
}

#[test]
fn the_reports_of_a_job_are_numbered_without_a_gap_and_dated_in_local_time() {
    let (_, told) = run_all(50);
    assert!((1..).zip(&told).all(|(number, report)| report["sequence"] == number));
    assert_eq!(told[0]["at"], "2026-11-24T03:12:11.100+01:00");
    let instants: Vec<&str> = told.iter().map(|report| report["at"].as_str().unwrap()).collect();
    assert!(instants.is_sorted());
}

#[test]
fn a_plc_that_starts_again_at_zero_opens_an_epoch_and_no_piece_is_lost() {
    let mut dispatcher = Dispatcher::at_work();
    dispatcher.has(Habit::CounterRestart, &Dose::next(2));
    dispatcher.post("/jobs", &job());
    let told = dispatcher.work(3_000, 50);
    let mut best = std::collections::BTreeMap::new();
    for read in of_kind(&told, "counter.read") {
        best.insert(read["counter"]["epoch"].as_u64().unwrap(), read["counter"]["good"].as_u64().unwrap());
    }
    assert_eq!((best.len(), best.values().sum::<u64>()), (3, 95));
    assert_eq!(dispatcher.effect("counter_restart"), 2);
}

#[test]
fn a_station_that_goes_down_stops_its_pieces_and_is_told() {
    let mut dispatcher = Dispatcher::at_work();
    dispatcher.post("/jobs", &job());
    dispatcher.work(400, 50);
    dispatcher.put("/stations/PACK-1", &json!({ "state": "down" }));
    let told = dispatcher.work(3_000, 50);
    assert_eq!((kinds(&told).get("station.changed"), kinds(&told).get("piece.counted")), (Some(&1), None));
    dispatcher.put("/stations/PACK-1", &json!({ "state": "up" }));
    assert_eq!(kinds(&dispatcher.work(3_000, 50)).get("job.finished"), Some(&1));
}

#[test]
fn a_held_job_rests_until_it_is_resumed_and_an_aborted_one_ends() {
    let mut dispatcher = Dispatcher::at_work();
    dispatcher.post("/jobs", &job());
    dispatcher.work(400, 50);
    dispatcher.by_hand(&json!({ "do": "hold", "job": "J-000001", "reason": "tool" }));
    assert_eq!(dispatcher.work(2_000, 50).iter().map(|report| report["kind"].as_str().unwrap()).collect::<Vec<_>>(), ["job.held"]);
    dispatcher.by_hand(&json!({ "do": "resume", "job": "J-000001" }));
    assert!(dispatcher.work(200, 50).len() > 10);
    dispatcher.by_hand(&json!({ "do": "abort", "job": "J-000001", "reason": "fire" }));
    let told = dispatcher.work(2_000, 50);
    assert_eq!((told.len(), told[0]["kind"].as_str()), (1, Some("job.aborted")));
    assert_eq!(dispatcher.by_hand(&json!({ "do": "resume", "job": "J-000001" })).status, 409);
}

#[test]
fn a_count_is_corrected_after_the_end_and_never_below_zero() {
    let (mut dispatcher, _) = run_all(50);
    let correction = |pieces: i64| json!({ "do": "correct_count", "job": "J-000001", "step": 10, "pieces": pieces, "person": "S. Keller", "reason": "miscount" });
    assert_eq!(dispatcher.by_hand(&correction(-6)).status, 200);
    assert_eq!(dispatcher.by_hand(&correction(-90)).status, 409);
    let told = dispatcher.take_all();
    assert_eq!((told.len(), told[0]["kind"].as_str(), told[0]["pieces"].as_i64()), (1, Some("count.corrected"), Some(-6)));
    assert_eq!((dispatcher.get("/jobs/J-000001")["steps"][0]["good"].as_u64(), dispatcher.effect("count_corrected")), (Some(89), 1));
}

#[test]
fn a_count_that_is_corrected_under_way_moves_no_plc() {
    let mut dispatcher = Dispatcher::at_work();
    dispatcher.post("/jobs", &job());
    let mut told = dispatcher.work(600, 50);
    assert!(of_kind(&told, "counter.read").next().is_some() && !kinds(&told).contains_key("job.finished"));
    let correction =
        json!({ "do": "correct_count", "job": "J-000001", "step": 10, "pieces": -1, "person": "S. Keller", "reason": "miscount" });
    assert_eq!(dispatcher.by_hand(&correction).status, 200);
    told.extend(dispatcher.work(3_000, 50));
    assert_eq!(of_kind(&told, "counter.read").last().unwrap()["counter"], json!({ "epoch": 1, "good": 95 }), "it was corrected twice");
    assert_eq!(dispatcher.get("/jobs/J-000001")["steps"][0]["good"], 94);
}

#[test]
fn a_completion_can_be_sent_a_thousand_times_as_it_was() {
    let (mut dispatcher, told) = run_all(50);
    let finished = told.last().unwrap().clone();
    dispatcher.by_hand(&json!({ "do": "resend", "job": "J-000001", "kind": "job.finished", "times": 1000 }));
    let again = dispatcher.take_all();
    assert!(again.len() == 1000 && again.iter().all(|report| *report == finished));
    assert_eq!(dispatcher.effect("resent_by_hand"), 1000);
    assert_eq!(dispatcher.by_hand(&json!({ "do": "resend", "job": "J-000001", "kind": "job.held", "times": 1 })).status, 404);
}

#[test]
fn a_defect_names_the_pallets_it_is_about() {
    let (mut dispatcher, _) = run_all(50);
    let defect = json!({ "do": "defect", "job": "J-000001", "step": 20, "pieces": 40, "pallets": ["3"], "reason": "weld" });
    assert_eq!(dispatcher.by_hand(&defect).status, 200);
    let told = dispatcher.take_all();
    assert_eq!((told[0]["kind"].as_str(), &told[0]["pallets"], &told[0]["lot"]), (Some("defect.raised"), &json!(["3"]), &json!("N7-1123")));
}

#[test]
fn a_wrong_clock_dates_the_reports_wrongly_and_nothing_else() {
    let mut dispatcher = Dispatcher::at_work();
    dispatcher.has(Habit::WrongClock, &Dose::always().of(3_600_000));
    dispatcher.post("/jobs", &job());
    let told = dispatcher.work(3_000, 50);
    assert_eq!(told[0]["at"], "2026-11-24T04:12:11.100+01:00");
    assert_eq!(kinds(&told).get("job.finished"), Some(&1));
    assert!(dispatcher.effect("wrong_clock") > 0);
}

#[test]
fn the_line_says_when_it_next_does_something() {
    let mut dispatcher = Dispatcher::at_work();
    assert_eq!(super::System::due(&dispatcher.house), None);
    dispatcher.post("/jobs", &job());
    assert_eq!(super::System::due(&dispatcher.house), Some(NOW.plus_ms(100)));
}
