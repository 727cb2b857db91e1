//! The words that every mapping has: values that come as objects, decimals, times of OData, tables.

use serde_json::json;

use super::run;

fn says(program: &str, input: &serde_json::Value) -> Vec<serde_json::Value> {
    run(&format!("def inputs: {program};"), &input.to_string()).unwrap()
}

#[test]
fn values_that_stand_as_objects_are_texts_and_go_back_as_they_came() {
    let stands = json!({ "rows": [{
        "at": { "__class__": "datetime", "year": 2026, "month": 3, "day": 9, "hour": 5, "minute": 0, "second": 7, "microsecond": 41790 },
        "on": { "__class__": "date", "year": 2026, "month": 12, "day": 31 },
        "clock": { "__class__": "time", "hour": 6, "minute": 30, "second": 0, "microsecond": 0 },
        "price": { "__class__": "Decimal", "decimal": "0.10" },
        "raw": { "__class__": "bytes", "base64": "AP8=" },
        "takes": { "__class__": "timedelta", "seconds": 90.5 },
        "plain": { "year": 1 } }] });
    let plain = json!({ "rows": [{ "at": "2026-03-09T05:00:07.04179", "on": "2026-12-31", "clock": "06:30:00", "price": "0.10", "raw": "AP8=",
        "takes": 90.5, "plain": { "year": 1 } }] });
    assert_eq!(says("untyped(\"__class__\")", &stands), [plain]);
    let row = &stands["rows"][0];
    assert_eq!(says(". | typed_time(\"__class__\")", &json!("2026-03-09T05:00:07.04179")), [row["at"].clone()]);
    assert_eq!(says(". | typed_date(\"__class__\")", &json!("2026-12-31")), [row["on"].clone()]);
    assert_eq!(says(". | typed_decimal(\"__class__\")", &json!("0.10")), [row["price"].clone()]);
    assert_eq!(says(".[11:19] | length", &json!("2026-03-09T05:00:07Z")), [json!(8)]);
}

#[test]
fn a_float_becomes_the_decimal_it_was_meant_as() {
    for (float, text) in [
        (json!(0.1), "0.1"),
        (json!(16.667), "16.667"),
        (json!(10.0), "10"),
        (json!(-0.5), "-0.5"),
        (json!(0), "0"),
        (json!(1e-7), "0"),
        (json!(1200), "1200"),
    ] {
        assert_eq!(says("decimal", &float), [text], "{float}");
    }
    assert_eq!(says("decimal(2)", &json!(1.005_1)), ["1.01"]);
    assert_eq!(says("shifted(3)", &json!("-12")), ["-0.012"]);
    assert!(run("def inputs: shifted(2);", "\"1.5\"").unwrap_err().contains("1.5 is no whole number"));
    assert!(run("def inputs: decimal(.n);", "{\"n\": 4000000}").is_err());
}

#[test]
fn times_of_odata_are_moments_and_back() {
    for (theirs, ours) in [
        ("/Date(1796002252041)/", "2026-11-30T01:30:52.041Z"),
        ("/Date(1796002252000+0060)/", "2026-11-30T01:30:52Z"),
        ("/Date(-1000)/", "1969-12-31T23:59:59Z"),
    ] {
        assert_eq!(says("odata_time", &json!(theirs)), [ours]);
    }
    assert_eq!(says("to_odata_time", &json!("2026-11-30T01:30:52Z")), ["/Date(1796002252000)/"]);
    assert!(run("def inputs: odata_time;", "\"soon\"").unwrap_err().contains("soon is no time of OData"));
}

#[test]
fn a_word_is_looked_up_both_ways_and_a_mapping_may_have_its_own() {
    let table = json!({ "t": { "H87": "EA" }, "w": "EA" });
    assert_eq!(
        says(".t as $t | (.w | ours($t)), (\"H87\" | theirs($t)), (\"KGM\" | theirs($t)), (\"KG\" | ours(null))", &table),
        ["H87", "EA", "KGM", "KG"]
    );
    assert_eq!(run("def ours($t): \"own\"; def inputs: ours({});", "1").unwrap(), ["own"]);
}
