//! What mappings may do, and what they may not do to us.

use super::*;

fn run(text: &str, input: &str) -> Result<Vec<Value>, String> {
    let mapping = Mapping::compile("test.jq", text).map_err(|error| error.to_string())?;
    mapping.run("inputs", input.as_bytes()).map_err(|error| error.to_string())
}

#[test]
fn a_program_sees_its_input_and_gives_all_it_finds() {
    let found = run("def piece: { qty: \"\\(.n) H87\" }; def inputs: .all[] | piece;", r#"{"all":[{"n":1},{"n":2}]}"#).unwrap();
    assert_eq!(found, [serde_json::json!({ "qty": "1 H87" }), serde_json::json!({ "qty": "2 H87" })]);
}

#[test]
fn a_decimal_keeps_every_digit_on_its_way_into_a_text() {
    let found = run("def inputs: \"\\(.a) KGM\";", r#"{"a":100.12345678901234567890}"#).unwrap();
    assert_eq!(found, ["100.12345678901234567890 KGM"]);
}

#[test]
fn what_could_run_for_ever_is_refused_with_its_place() {
    for (text, wanted) in [
        ("def inputs: last(range(1e12));", "test.jq:1:18: `range` may run for ever"),
        ("def f: 1 + f;\ndef inputs: f;", "test.jq:1:12: `f` calls itself"),
        ("def f(g): g | f(g); def inputs: f(.);", "test.jq:1:15: `f` calls itself"),
        ("def inputs: [..];", "test.jq:1:14: `..` may run for ever"),
        ("def inputs: \"\\(repeat(1))\";", "test.jq:1:16: `repeat` may run for ever"),
        ("def inputs: def g: g; g;", "test.jq:1:20: `g` calls itself"),
    ] {
        let error = Mapping::compile("test.jq", text).unwrap_err().to_string();
        assert!(error.starts_with(wanted), "{error}");
    }
}

#[test]
fn nothing_is_repeated_as_often_as_a_message_says() {
    for text in [
        "\"0\" * .n",
        ".n * \"0\"",
        ".a * .n",
        ".a * 1000",
        "1000 * .a",
        ".a *= 1000",
        "(.a | tostring) * (.n | tonumber)",
        "f(.a; tonumber) * 3",
        "(.n | tonumber) * \"0\"",
        "[.n | tonumber, \"0\" * 9]",
        "(\"x\", (.n | tonumber)) * 3",
        "(if . then .a else .n | tonumber end) * 3",
        "\"\\(.a * .n)\"",
        "-.a * 2",
        ".a * { n: (.n | tonumber) }.n",
        ".a * (.n | tonumber).x",
        "(.n | tonumber) * (.a)",
    ] {
        let error = Mapping::compile("test.jq", &format!("def f(a; b): a;\ndef inputs: {text};")).unwrap_err();
        assert!(error.what.starts_with("`*` repeats") && error.line == 2, "{text}: {error}");
    }
    for (text, wanted) in [
        ("(.n | tonumber) * 1000", 3000),
        ("2 * 1.5 * -2", -6),
        ("2 * (3 + 4)", 14),
        ("(.n | tonumber) * (1000)", 3000),
        ("3 * (.a | length)", 3),
        ("(.n | tonumber | floor) * 2", 6),
        ("(.n | tonumber) * (.n | . | tonumber)", 9),
        ("if true then (.n | tonumber) * 2 else 0 end", 6),
        ("({ a: 1 } * { a: 2 } | .a)", 2),
        ("(. * { n: 5 } | .n)", 5),
        ("{ \"a*b\": 7 } | .[\"a*b\"]", 7),
        // What is a text in the message is a number, or no number, and never repeated.
        ("(.a | tonumber) * (.n | tonumber)", 12),
    ] {
        let found = run(&format!("def inputs: {text} | floor;"), r#"{"n":"3","a":"4"}"#).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(found, [serde_json::json!(wanted)], "{text}");
    }
    let mapping = Mapping::compile("test.jq", "def inputs: (.a | tonumber) * 3;").unwrap();
    assert!(mapping.run("inputs", br#"{"a":"many"}"#).is_err());
}

#[test]
fn a_file_that_cannot_be_read_is_told_where_it_cannot() {
    for (text, wanted) in [
        ("# Ours.\ndef (( inputs:\n  .a;\n", "test.jq:2:5: `(` is never closed."),
        ("def inputs:\n  [.a };", "test.jq:2:7: `}` stands where `[` is to be closed."),
        ("def inputs: .a);", "test.jq:1:15: `)` closes nothing that is open."),
        ("def inputs: \"\\(.a)\" | { a: [ \"(\" ] };\n# )\n)", "test.jq:3:1: `)` closes nothing that is open."),
        ("# Ours.\ndef helper\n  1;\n", "test.jq:3:3: expected "),
    ] {
        let error = Mapping::compile("test.jq", text).unwrap_err().to_string();
        assert!(error.starts_with(wanted), "{text}: {error}");
    }
    assert_eq!(run("def inputs: \"\\([.a] | .[0]))\";", r#"{"a":"("}"#).unwrap(), ["()"]);
}

#[test]
fn a_field_a_key_or_a_text_may_be_called_what_it_likes() {
    let text = "# range repeat\ndef inputs: { range: .until, \"while\": \"recurse\" };";
    assert_eq!(run(text, r#"{"until":1}"#).unwrap(), [serde_json::json!({ "range": 1, "while": "recurse" })]);
}

#[test]
fn a_program_knows_no_clock_and_no_environment() {
    for word in ["now", "env", "input", "halt", "localtime", "debug"] {
        let error = Mapping::compile("test.jq", &format!("def inputs: {word};")).unwrap_err();
        assert!(error.what.contains(word), "{error}");
    }
}

#[test]
fn a_mistake_is_told_with_line_and_column() {
    let error = Mapping::compile("test.jq", "def inputs:\n  .a | nosuch;\n").unwrap_err();
    assert_eq!((error.line, error.column), (2, 8), "{error}");
    let error = Mapping::compile("test.jq", "def inputs: {;").unwrap_err();
    assert_eq!(error.line, 1, "{error}");
    let error = Mapping::compile("test.jq", "def helper: 1;").unwrap_err();
    assert!(error.what.contains("called from outside"), "{error}");
}

#[test]
fn a_payload_that_is_too_deep_too_long_or_no_json_is_refused_before_it_is_parsed() {
    let text = "def inputs: .;";
    let deep = "[".repeat(200_000);
    assert!(run(text, &deep).unwrap_err().contains("nested deeper"));
    assert!(run(text, &format!("\"{}\"", "x".repeat(INPUT_BYTES_MAX))).unwrap_err().contains("more than"));
    assert!(run(text, "{").unwrap_err().contains("no JSON"));
    assert_eq!(run(text, "\"[[[[\"").unwrap(), ["[[[["]);
}

#[test]
fn a_flood_of_values_is_cut_off() {
    let many = format!("[{}]", vec!["1"; 200].join(","));
    assert!(run("def inputs: .[] as $a | .[] as $b | $a + $b;", &many).unwrap_err().contains("given up"));
}

#[test]
fn a_field_that_is_missing_is_told_as_that_and_what_a_mapping_says_itself_stays() {
    let said = |program: &str| {
        let mapping = Mapping::compile("m.jq", program).unwrap();
        mapping.run("inputs", b"{}").unwrap_err().to_string()
    };
    for program in ["def inputs: .body | split(\" \");", "def inputs: .body[] | .a;"] {
        let told = said(program);
        assert!(told.contains("is missing in the message, or of another kind"), "{told}");
    }
    assert_eq!(said("def inputs: error(\"the order has no site\");"), "m.jq: \"the order has no site\"");
}

#[test]
fn a_program_that_would_take_all_room_of_a_thread_is_refused_and_one_with_a_long_list_is_not() {
    let refused = |text: String| Mapping::compile("test.jq", &text).err().map(|error| error.to_string()).unwrap_or_default();
    for text in [
        format!("def inputs: .{};", " | .a".repeat(20_000)),
        format!("def inputs: 1{};", "+1".repeat(20_000)),
        format!("def inputs: if . == 1 then 1{} else 3 end;", " elif . == 2 then 2".repeat(20_000)),
        format!("def inputs: {}1{};", "\"\\(".repeat(20_000), ")\"".repeat(20_000)),
        format!("def inputs: {}1{};", "(".repeat(20_000), ")".repeat(20_000)),
        format!("def inputs: {}1;", "-".repeat(20_000)),
    ] {
        let told = refused(text);
        assert!(told.contains("more than 500 steps stand within each other or in one chain"), "{told}");
    }
    let fields: Vec<String> = (0..2_000).map(|n| format!("f{n}: (.a | .b + {n})")).collect();
    assert_eq!(refused(format!("def inputs: {{{}}};", fields.join(", "))), "");
    let many: Vec<String> = (0..2_000).map(|n| format!("def f{n}: .a | .b;\n")).collect();
    assert_eq!(refused(format!("{}def inputs: f1;", many.concat())), "");
}

mod library;
