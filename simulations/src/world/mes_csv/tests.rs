//! Files that are laid down for the MES, what it lays down in return, and what stands in them.

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::super::exchange::Request;
use super::super::habits::{Dose, Habit};
use super::super::system::Kind;
use super::super::testing::Visitor;
use super::latin;

const ORDER: &str = "A;4711-1;FG-100;7;100,0;N7-1123;24.11.2026\r\nG;4711-1;10;PRESS-4\r\nG;4711-1;20;WELD-2\r\n\
                     M;4711-1;0010;10;STEEL-3;32,5;KG;H-5501\r\n";

fn at_work() -> Visitor {
    let mut visitor = Visitor::of(Kind::MesCsv);
    visitor.puts("/_sim/machines", &json!(["PRESS-4", "WELD-2"]));
    visitor.puts("/_sim/recipes/FG-100", &json!({ "version": "7", "operations": ["10", "20"] }));
    visitor.puts(
        "/_sim/pace",
        &json!({ "pieces_per_second": 100, "start_after_ms": 100, "bundle": 10, "scrap_every": 25, "pallet": 40, "rows_per_file": 20 }),
    );
    visitor
}

/// Lays a file down, as whoever drives the folders does.
fn lay(visitor: &mut Visitor, name: &str, letters: &str) {
    let request = Request { body: latin::encoded(letters), ..Request::new(super::super::exchange::Method::Post, &format!("/in/{name}")) };
    assert_eq!(visitor.asks(&request).status, 204);
}

/// Names and letters of what it laid down since, in order.
fn found(visitor: &mut Visitor) -> Vec<(String, String)> {
    let messages = visitor.house.pending(visitor.now, 10_000);
    let ids: Vec<u64> = messages.iter().map(|message| message.id).collect();
    visitor.house.delivered(visitor.now, &ids);
    let letters = |body: &str| latin::decoded(&serde_json::from_str::<String>(body).unwrap());
    messages.iter().map(|message| (message.topic.clone(), letters(&message.body))).collect()
}

#[track_caller]
fn refuses(file: &str, answer: &str) {
    let mut visitor = at_work();
    lay(&mut visitor, "a.csv", file);
    assert_eq!(found(&mut visitor), [("a.err".to_owned(), format!("{answer}\r\n"))]);
    assert_eq!(visitor.gets("/_sim/orders")["orders"], json!([]), "nothing of it was taken");
}

/// The cells of every row of all report files, with their file's header checked.
fn rows(files: &[(String, String)]) -> Vec<Vec<String>> {
    let mut all = Vec::new();
    for (_, letters) in files.iter().filter(|(name, _)| name.starts_with("RUECK_")) {
        let mut lines = letters.split("\r\n");
        assert_eq!(lines.next(), Some("LFD;ZEIT;ART;AUFTRAG;AG;MASCHINE;PERSON;TEIL;CHARGE;MENGE;ME;PALETTE;GRUND"));
        all.extend(lines.filter(|line| !line.is_empty()).map(|line| line.split(';').map(str::to_owned).collect::<Vec<_>>()));
    }
    all
}

fn sum(rows: &[Vec<String>], kind: &str, operation: &str) -> Decimal {
    let fits = |row: &&Vec<String>| row[2] == kind && (operation.is_empty() || row[4] == operation);
    rows.iter().filter(fits).map(|row| row[9].replace(',', ".").parse::<Decimal>().unwrap()).sum()
}

#[test]
fn an_order_is_taken_run_and_reported_to_the_last_piece_and_gram() {
    let mut visitor = at_work();
    lay(&mut visitor, "auftrag-1.csv", ORDER);
    visitor.waits(10_000);
    let files = found(&mut visitor);
    assert_eq!(files[0], ("auftrag-1.ok".to_owned(), "OK;4\r\n".to_owned()));
    let rows = rows(&files);
    let numbers: Vec<u64> = rows.iter().map(|row| row[0].parse().unwrap()).collect();
    assert_eq!(numbers, (1..=rows.len() as u64).collect::<Vec<_>>());
    assert_eq!(
        (sum(&rows, "GUT", "10"), sum(&rows, "AUS", "10"), sum(&rows, "GUT", "20"), sum(&rows, "PAL", "")),
        (96.into(), 4.into(), 96.into(), 96.into())
    );
    assert_eq!(sum(&rows, "MAT", "10"), Decimal::new(325, 1));
    assert_eq!(rows.last().unwrap()[2], "ENDE");
    let used = rows.iter().find(|row| row[2] == "MAT").unwrap();
    assert_eq!((used[7].as_str(), used[8].as_str(), used[9].as_str(), used[10].as_str()), ("STEEL-3", "H-5501", "3,25", "KG"));
    assert_eq!(visitor.gets("/_sim/orders")["orders"][0]["stage"], "ended");
}

#[test]
fn what_it_writes_is_one_byte_a_letter_with_umlauts_as_people_write_them() {
    let mut visitor = at_work();
    lay(&mut visitor, "auftrag-1.csv", ORDER);
    visitor.waits(10_000);
    let messages = visitor.house.pending(visitor.now, 1_000);
    let bytes: Vec<u8> =
        messages.iter().flat_map(|message| latin::to_bytes(&serde_json::from_str::<String>(&message.body).unwrap())).collect();
    let scrapped = b"Ma\xdf \xfcberschritten";
    assert!(bytes.windows(scrapped.len()).any(|part| part == scrapped));
    assert_eq!(latin::decoded(&latin::of_bytes(b"10 \x80 f\xfcr \x84Tr\xe4ger\x93")), "10 € für „Träger“");
    assert_eq!(latin::encoded("日本"), "??");
}

#[test]
fn times_are_local_and_the_hour_that_comes_twice_looks_the_same_twice() {
    let mut visitor = at_work();
    let half_past_two = |utc: i64| super::super::moment::Moment::from_millis(1_792_886_400_000 + utc * 3_600_000 - 100 + 1_800_000);
    let mut times = Vec::new();
    for (name, hour) in [("4711-1", 0), ("4711-2", 1)] {
        visitor.now = half_past_two(hour);
        lay(&mut visitor, &format!("{name}.csv"), &ORDER.replace("4711-1", name));
        visitor.waits(10_000);
        let rows = rows(&found(&mut visitor));
        times.push(rows.iter().find(|row| row[2] == "START").unwrap()[1].clone());
    }
    assert_eq!(times, ["25.10.2026 02:30:00", "25.10.2026 02:30:00"]);
}

#[test]
fn a_file_with_one_wrong_row_is_not_taken_at_all_and_the_answer_says_which() {
    refuses(&ORDER.replace("100,0", "0"), "FEHLER;1;MENGE;Menge ungültig: 0");
    refuses(&ORDER.replace("100,0", "1.000,5"), "FEHLER;1;MENGE;keine ganze Stückzahl: 1000,5");
    refuses(&ORDER.replace(";7;", ";8;"), "FEHLER;1;REZEPT;kein gültiges Rezept 8 für FG-100");
    refuses(&ORDER.replace("PRESS-4", "PRESS-5"), "FEHLER;2;MASCHINE;Maschine PRESS-5 gibt es nicht");
    refuses(&ORDER.replace("M;4711-1", "M;4711-9"), "FEHLER;4;UNBEKANNT;Auftrag 4711-9 steht nicht in dieser Datei");
    refuses(&ORDER.replace("24.11.2026", "2026-11-24"), "FEHLER;1;FORMAT;Datum ungültig: 2026-11-24");
    refuses(&format!("{ORDER}Z;4711-1\r\n"), "FEHLER;5;FORMAT;Satzart unbekannt: Z");
    refuses("A;4711-1;FG-100;7;100;;\r\n", "FEHLER;0;FORMAT;4711-1 hat keinen Arbeitsgang");
    refuses("\r\n", "FEHLER;0;FORMAT;die Datei ist leer");
}

#[test]
fn thousands_have_a_point_and_the_end_of_a_row_may_be_left_out() {
    let mut visitor = at_work();
    lay(&mut visitor, "a.csv", "A;1;FG-100;7;1.000,000\nG;1;10;PRESS-4\n");
    assert_eq!((found(&mut visitor)[0].0.as_str(), &visitor.gets("/_sim/orders")["orders"][0]["total"]), ("a.ok", &json!(1000)));
}

#[test]
fn a_file_that_comes_again_is_answered_again_and_taken_once_and_an_order_that_comes_again_is_refused() {
    let mut visitor = at_work();
    for (name, file) in [("a.csv", ORDER), ("a.csv", ORDER), ("b.csv", ORDER), ("a.csv", "S;4711-1\r\n")] {
        lay(&mut visitor, name, file);
    }
    let answers: Vec<String> =
        found(&mut visitor).into_iter().map(|(name, letters)| format!("{name} {}", letters.split(';').nth(2).unwrap_or("ok"))).collect();
    assert_eq!(answers, ["a.ok ok", "a.ok ok", "b.err DOPPELT", "a.err DATEI"]);
    visitor.waits(10_000);
    assert_eq!(sum(&rows(&found(&mut visitor)), "GUT", "20"), 96.into());
}

#[test]
fn an_order_is_given_back_before_it_begins_and_not_after() {
    for (wait, ending, stage) in [(0, "b.ok", "given_back"), (5_000, "b.err", "ended")] {
        let mut visitor = at_work();
        lay(&mut visitor, "a.csv", ORDER);
        visitor.waits(wait);
        lay(&mut visitor, "b.csv", "S;4711-1\r\n");
        visitor.waits(10_000);
        let files = found(&mut visitor);
        assert!(files.iter().any(|(name, _)| name == ending), "{files:?}");
        assert_eq!(visitor.gets("/_sim/orders")["orders"][0]["stage"], stage);
    }
}

#[test]
fn a_stopped_line_makes_nothing_and_goes_on_where_it_was() {
    let mut visitor = at_work();
    lay(&mut visitor, "a.csv", ORDER);
    visitor.waits(450);
    lay(&mut visitor, "b.csv", "H;4711-1;kein Träger\r\n");
    visitor.waits(60_000);
    let before = rows(&found(&mut visitor));
    assert_eq!(
        (before.last().unwrap()[2].as_str(), before.last().unwrap()[12].as_str(), sum(&before, "GUT", "10") + sum(&before, "AUS", "10")),
        ("HALT", "kein Träger", 30.into())
    );
    lay(&mut visitor, "c.csv", "W;4711-1\r\n");
    lay(&mut visitor, "d.csv", "W;4711-1\r\n");
    visitor.waits(60_000);
    let after = rows(&found(&mut visitor));
    let starts = |rows: &[Vec<String>], operation: &str| rows.iter().filter(|row| row[2] == "START" && row[4] == operation).count();
    assert_eq!((starts(&before, "10") + starts(&after, "10"), starts(&after, "20")), (1, 1));
    assert_eq!(after.iter().filter(|row| row[2] == "WEITER").count(), 1);
    assert_eq!((sum(&before, "GUT", "10") + sum(&after, "GUT", "10"), after.last().unwrap()[2].as_str()), (96.into(), "ENDE"));
}

#[test]
fn an_order_is_changed_while_it_runs_but_not_below_what_was_begun() {
    let mut visitor = at_work();
    lay(&mut visitor, "a.csv", ORDER);
    visitor.waits(450);
    lay(&mut visitor, "b.csv", "X;4711-1;29;25.11.2026\r\n");
    lay(&mut visitor, "c.csv", "X;4711-1;60;25.11.2026\r\n");
    visitor.waits(60_000);
    let files = found(&mut visitor);
    assert_eq!(files.iter().find(|(name, _)| name == "b.err").unwrap().1, "FEHLER;1;MENGE;30 Stück sind schon begonnen\r\n");
    assert_eq!(sum(&rows(&files), "GUT", "10") + sum(&rows(&files), "AUS", "10"), 60.into());
}

#[test]
fn a_report_that_comes_again_has_the_same_rows_in_another_file() {
    let mut visitor = at_work();
    visitor.has(Habit::FileAgain, &Dose::next(1));
    lay(&mut visitor, "a.csv", ORDER);
    visitor.waits(10_000);
    let files: Vec<(String, String)> = found(&mut visitor).into_iter().skip(1).collect();
    assert_eq!((files[0].1 == files[1].1, files[0].0 == files[1].0, visitor.effect("file_again")), (true, false, 1));
}

#[test]
fn numbers_may_begin_again_and_then_they_mean_something_else() {
    let mut visitor = at_work();
    visitor.has(Habit::LfdRestart, &Dose::next(1));
    lay(&mut visitor, "a.csv", ORDER);
    visitor.waits(10_000);
    let all = rows(&found(&mut visitor));
    let first: Vec<&Vec<String>> = all.iter().filter(|row| row[0] == "1").collect();
    assert_eq!((first.len(), first[0] == first[1], visitor.effect("lfd_restart")), (2, false, 1));
}

#[test]
fn a_line_that_would_stand_still_is_refused() {
    let mut visitor = at_work();
    for field in ["pieces_per_second", "bundle", "pallet", "rows_per_file"] {
        let response = visitor.asks(&Request::put("/_sim/pace", &json!({ field: 0 })));
        assert_eq!((response.status, response.value()["error"].clone()), (400, Value::from("malformed")), "{field}");
    }
}
