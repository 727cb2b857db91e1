//! The mapping for a MES that speaks in files, against sample files and against what the simulated one writes.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use rust_decimal::Decimal;
use serde_json::{Value, json};
use takt_actors::link::format::{Csv, Format};
use takt_actors::link::mapping::Mapping;
use takt_actors::link::{fits, inbound};
use takt_protocol::instant::Instant;
use takt_protocol::name::SiteId;
use takt_simulations::world::{Kind, Method, Moment, Request, System, Zone};

const ORDER: &str = "order.eu.1.3MPV9CKQ1HVBQYVSD7X7ZW2RT3";

/// Compiled once: there are many files.
static MAPPING: LazyLock<Mapping> =
    LazyLock::new(|| Mapping::compile("reports.jq", include_str!("../../../config/mappings/mes-csv/reports.jq")).unwrap());

/// What the mapping makes of a file, each output an input of ours.
fn understood(file: &[u8]) -> Result<Vec<Value>, String> {
    let format = Format::Csv(Csv { delimiter: b';', header: true, charset: Some("windows-1252".to_owned()), ..Csv::default() });
    let tables = json!({ "unit": { "H87": "ST", "KGM": "KG", "MIN": "MIN" }, "clock": { "winter": "+01:00", "summer": "+02:00" } });
    let rows = format.read(file)?;
    let input = inbound::view(SiteId::parse("nord").unwrap(), "RUECK", Instant::EPOCH, &tables, None, &rows, &[]);
    let outputs = MAPPING.run("inputs", &input).map_err(|error| error.to_string())?;
    fits("inputs", &outputs, false)?;
    Ok(outputs)
}

fn reports(outputs: &[Value]) -> Vec<&Value> {
    outputs.iter().map(|output| &output["body"]["order"]["report"]).collect()
}

#[test]
fn every_kind_of_row_is_a_report_with_its_decimals_and_its_umlauts() {
    let outputs = understood(include_bytes!("../../../config/mappings/mes-csv/samples/every-kind.csv")).unwrap();
    let wanted = [
        json!({ "operation_started": { "op": "10", "equipment": "PRESS-4" } }),
        json!({ "confirmed": { "op": "10", "good": { "qty": "1200 H87" } } }),
        json!({ "confirmed": { "op": "10", "scrap": { "qty": "1 H87" }, "scrap_reason": "Maß überschritten" } }),
        json!({ "consumed": { "op": "10", "material": "STEEL-3", "lot": "H-5501", "amount": { "qty": "1384.125 KGM" } } }),
        json!({ "confirmed": { "op": "10", "labour": { "qty": "0.5 MIN" } } }),
        json!({ "operation_held": { "op": "10", "reason": "kein Träger für „Halter“" } }),
        json!({ "operation_resumed": { "op": "10" } }),
        json!({ "produced": { "output": "main", "lot": "N7-1123", "amount": { "qty": "480 H87" }, "unit": "340888880000000010" } }),
        json!({ "confirmed": { "op": "20", "last": true, "declared": "1200 H87" } }),
        json!("completed"),
    ];
    assert_eq!(reports(&outputs), wanted.iter().collect::<Vec<_>>());
    assert_eq!(outputs[1]["to"], json!({ "entity": ORDER }));
    assert_eq!(outputs[1]["key"], json!({ "mark": { "text": "18/24.11.2026 03:12:12/GUT" } }));
    assert_eq!(outputs[1]["occurred_at"], "2026-11-24T03:12:12+01:00");
}

#[test]
fn the_wall_clock_gets_its_offset_by_the_european_rule_and_the_double_hour_is_the_first_one() {
    let outputs = understood(include_bytes!("../../../config/mappings/mes-csv/samples/clock-changes.csv")).unwrap();
    let times: Vec<&str> = outputs.iter().map(|output| output["occurred_at"].as_str().unwrap()).collect();
    let wanted = [
        "2027-03-28T01:59:59+01:00",
        "2027-03-28T03:00:00+02:00",
        "2026-10-25T01:59:59+02:00",
        "2026-10-25T02:30:00+02:00",
        "2026-10-25T03:00:00+01:00",
        "2027-10-31T02:59:59+02:00",
        "2026-07-01T12:00:00+02:00",
        "2026-12-31T23:59:59+01:00",
    ];
    assert_eq!(times, wanted);
}

#[test]
fn a_row_that_makes_no_sense_leaves_the_whole_file_for_a_person() {
    let sample = String::from_utf8_lossy(include_bytes!("../../../config/mappings/mes-csv/samples/every-kind.csv")).into_owned();
    for (from, to, why) in [
        (";GUT;", ";PAUSE;", "not known here: PAUSE"),
        ("1.200;ST", "viele;ST", "is no number"),
        ("1.200;ST", "1.2.00;ST", "is no number"),
        ("1.200;ST", "12.5;ST", "is no number"),
        ("24.11.2026 03:12:11", "gestern", ""),
    ] {
        let wrong = understood(sample.replacen(from, to, 1).as_bytes()).unwrap_err();
        assert!(wrong.contains(why), "{to}: {wrong}");
    }
}

/// Lays order files down for the simulated MES, and waits until everything has run; the report files, as bytes.
fn run(mes: &mut dyn System, order: &str) -> Vec<Vec<u8>> {
    let mut now = Moment::from_millis(1_795_486_331_000);
    let mut ask = |method: Method, path: &str, body: &str, now: Moment| {
        let request = Request { body: body.to_owned(), ..Request::new(method, path) };
        assert!(mes.answer(now, &request).reply.response().unwrap().is_success(), "{path}");
    };
    ask(Method::Put, "/_sim/machines", r#"["PRESS-4","WELD-2"]"#, now);
    ask(Method::Put, "/_sim/recipes/FG-100", r#"{"version":"7","operations":["10","20"]}"#, now);
    // A row a second or less: numbers that begin again within one second cannot be told apart by anybody.
    ask(Method::Put, "/_sim/pace", r#"{"pieces_per_second":10,"bundle":10,"rows_per_file":10}"#, now);
    ask(Method::Put, "/_sim/habits", r#"{"file_again":{"next":2},"lfd_restart":{"next":1}}"#, now);
    ask(Method::Post, "/in/a.csv", order, now);
    while let Some(due) = mes.due().filter(|_| mes.pending(now, 1_000).iter().all(|message| !message.body.contains(";ENDE;"))) {
        now = due.max(now).plus_ms(1);
        mes.tick(now);
    }
    let files = mes.pending(now, 1_000).into_iter().filter(|message| message.topic.starts_with("RUECK"));
    let bytes =
        |body: &str| serde_json::from_str::<String>(body).unwrap().chars().map(|byte| u8::try_from(u32::from(byte)).unwrap()).collect();
    files.map(|message| bytes(&message.body)).collect()
}

#[test]
fn what_the_simulated_mes_writes_adds_up_to_what_its_books_say_though_files_come_again_and_numbers_restart() {
    let mut mes = takt_simulations::world::system(Kind::MesCsv, "mes", Zone::named("Europe/Berlin").unwrap(), 1);
    let order = format!(
        "A;{ORDER}/1;FG-100;7;1.000;N7;24.11.2026\nG;{ORDER}/1;10;PRESS-4\nG;{ORDER}/1;20;WELD-2\nM;{ORDER}/1;0010;10;STEEL-3;320,5;KG;H-5501\n"
    );
    let files = run(mes.as_mut(), &order);
    let all: Vec<Value> = files.iter().flat_map(|file| understood(file).unwrap()).collect();
    // The same key is the same report, told again.
    let mut known: BTreeMap<String, Value> = BTreeMap::new();
    for output in &all {
        let before = known.insert(output["key"].to_string(), output.clone());
        assert!(before.is_none_or(|before| before == *output), "{output}");
    }
    assert!(known.len() < all.len(), "no file came again");
    let sum = |pointer: &str, op: &str| -> Decimal {
        let here = known
            .values()
            .map(|output| &output["body"]["order"]["report"])
            .filter(|report| report.pointer("/confirmed/op").is_none_or(|at| at == op));
        here.filter_map(|report| report.pointer(pointer)?.as_str()?.split(' ').next()?.parse::<Decimal>().ok()).sum()
    };
    let books = mes.books();
    let operations = &books["orders"][0]["operations"];
    assert_eq!(
        json!([
            sum("/confirmed/good/qty", "10").to_string(),
            sum("/confirmed/scrap/qty", "10").to_string(),
            sum("/confirmed/good/qty", "20").to_string()
        ]),
        json!([operations[0]["good"].to_string(), operations[0]["scrap"].to_string(), operations[1]["good"].to_string()])
    );
    assert_eq!((sum("/consumed/amount/qty", ""), sum("/produced/amount/qty", "")), (Decimal::new(3205, 1), Decimal::from(980)));
}
