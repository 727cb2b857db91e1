//! Documents of other people, read and written.

use serde_json::{Value, json};

use super::*;

fn read(format: &Format, payload: &[u8]) -> Result<Value, String> {
    format.read(payload).map(|text| serde_json::from_slice(&text).unwrap())
}

fn xml(text: &str) -> Result<Value, String> {
    read(&Format::Xml, text.as_bytes())
}

#[test]
fn another_prefix_or_namespace_is_the_same_document() {
    let wanted = json!({ "Schedule": [{ "ID": [{ "#": "S-1" }], "Request": [{ "@kind": "make", "ID": [{ "#": "1" }] }, { "ID": [{ "#": "2" }] }] }] });
    let documents = [
        "<?xml version='1.0'?><Schedule xmlns='urn:a'><ID>S-1</ID><Request kind=\"make\"><ID>1</ID></Request><Request><ID>2</ID></Request></Schedule>",
        "\u{feff}<!-- ours --><b:Schedule xmlns:b='urn:b'>\n <b:ID> S-1\n</b:ID><b:Request b:kind='make'><b:ID>1</b:ID></b:Request>\n<b:Request><b:ID>2</b:ID></b:Request></b:Schedule>",
    ];
    for document in documents {
        assert_eq!(xml(document).unwrap(), wanted);
    }
}

#[test]
fn an_empty_element_is_there_and_text_keeps_what_was_escaped() {
    let read = xml("<a><uom/><uom></uom><t>1 &lt; 2 &#38; <![CDATA[<3>]]></t></a>").unwrap();
    assert_eq!(read, json!({ "a": [{ "uom": [{}, {}], "t": [{ "#": "1 < 2 & <3>" }] }] }));
}

#[test]
fn what_is_no_document_is_told_with_its_place() {
    let deep = format!("{}{}", "<a>".repeat(80), "</a>".repeat(80));
    let bomb = "<!DOCTYPE a [<!ENTITY b 'x'>]><a>&b;</a>";
    for (text, words) in [
        ("<a><b></a>", "byte 10: ill-formed document: expected `</b>`"),
        ("<a>", "ends within"),
        ("<a/><b/>", "more than one"),
        ("plain", "no root"),
        ("<a>&b;</a>", "entity &b;"),
        (bomb, "document type"),
        (deep.as_str(), "within each other"),
        ("<a x='1' x='2'/>", "byte"),
    ] {
        let error = xml(text).unwrap_err();
        assert!(error.contains(words), "{text:.40}: {error}");
    }
}

#[test]
fn charsets_are_read_by_their_label() {
    assert_eq!(
        read(&Format::Xml, b"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a>M\xfcller</a>").unwrap(),
        json!({ "a": [{ "#": "M\u{fc}ller" }] })
    );
    assert!(read(&Format::Xml, b"<a>M\xfcller</a>").unwrap_err().contains("UTF-8"));
    let csv = Format::Csv(Csv { delimiter: b';', charset: Some("windows-1252".to_owned()), ..Csv::default() });
    assert_eq!(read(&csv, b"who;how much\nM\xfcller;\"1,5\"\n").unwrap(), json!([{ "who": "M\u{fc}ller", "how much": "1,5" }]));
    let odd = Format::Csv(Csv { charset: Some("klingon".to_owned()), ..Csv::default() });
    assert!(read(&odd, b"a\n1\n").unwrap_err().contains("klingon"));
}

#[test]
fn rows_are_written_in_the_charset_of_their_reader_or_not_at_all() {
    let csv = Format::Csv(Csv { delimiter: b';', header: false, charset: Some("windows-1252".to_owned()), ..Csv::default() });
    assert_eq!(csv.write(&json!([["H", "Ma\u{df} pr\u{fc}fen"]])).unwrap(), (b"H;Ma\xdf pr\xfcfen\n".to_vec(), "text/csv"));
    assert!(csv.write(&json!([["\u{65e5}"]])).unwrap_err().contains("windows-1252"));
}

#[test]
fn rows_have_the_fields_that_the_first_line_names_and_keep_their_letters() {
    let csv = Format::Csv(Csv::default());
    assert_eq!(read(&csv, b"order,qty\n000042,1.50\n").unwrap(), json!([{ "order": "000042", "qty": "1.50" }]));
    assert!(read(&csv, b"order,qty\n1,2\n3\n").unwrap_err().contains("line 3: 1 fields stand where 2 are named"));
    assert!(read(&csv, b"order,order\n1,2\n").unwrap_err().contains("two columns are called `order`"));
    let bare = Format::Csv(Csv { header: false, ..Csv::default() });
    assert_eq!(read(&bare, b"1,2\n3\n").unwrap(), json!([["1", "2"], ["3"]]));
}

#[test]
fn a_quotation_mark_takes_no_rows_of_others_with_it() {
    let with = |quotes| Format::Csv(Csv { header: false, quotes, ..Csv::default() });
    let rows = b"17,\"Toni,1\n18,Eva,480\n19,\"Toni,2\n20,Eva,5\n";
    let apart = json!([["17", "\"Toni", "1"], ["18", "Eva", "480"], ["19", "\"Toni", "2"], ["20", "Eva", "5"]]);
    assert_eq!(read(&with(Quotes::None), rows).unwrap(), apart);
    let no = read(&with(Quotes::Line), rows).unwrap_err();
    assert!(no.starts_with("from line 1 on, a field that begins with a quotation mark") && no.contains("`quotes: none`"), "{no}");
    for (row, fields) in [("1,\"a,b\"\n", ["1", "a,b"]), ("\"\",\"x\"\"y\"", ["", "x\"y"]), ("a\"b,c\"", ["a\"b", "c\""])] {
        assert_eq!(read(&with(Quotes::Line), row.as_bytes()).unwrap(), json!([fields]), "{row}");
    }
    // Also at the very end, without the end of a line.
    for quotes in [Quotes::Line, Quotes::Lines] {
        assert!(read(&with(quotes), b"18,Eva,480\n19,\"Bert,2").unwrap_err().starts_with("from line 2 on"));
    }
    let several = b"1,\"a\nb\"\n2,c\n";
    assert!(read(&with(Quotes::Line), several).is_err());
    assert_eq!(read(&with(Quotes::Lines), several).unwrap(), json!([["1", "a\nb"], ["2", "c"]]));
    // What is written is what its reader gets.
    for (quotes, odd) in [(Quotes::None, "a,b"), (Quotes::None, "a\nb"), (Quotes::Line, "a\nb")] {
        assert!(with(quotes).write(&json!([[odd]])).unwrap_err().contains("leave that out in the mapping"), "{odd}");
    }
    assert_eq!(with(Quotes::None).write(&json!([["\"a", "b"]])).unwrap().0, b"\"a,b\n");
}

#[test]
fn what_is_written_reads_back_the_same() {
    let document =
        json!({ "Order": [{ "@v": "1", "ID": [{ "#": "A<&>\"" }], "Item": [{ "No": [{ "#": "10" }] }, { "No": [{ "#": "20" }] }] }] });
    let (bytes, media) = Format::Xml.write(&document).unwrap();
    assert_eq!((read(&Format::Xml, &bytes).unwrap(), media), (document, "application/xml; charset=utf-8"));
    let short = json!({ "Order": { "ID": "1", "Qty": 2, "Note": null } });
    let (bytes, _) = Format::Xml.write(&short).unwrap();
    assert_eq!(read(&Format::Xml, &bytes).unwrap(), json!({ "Order": [{ "ID": [{ "#": "1" }], "Qty": [{ "#": "2" }], "Note": [{}] }] }));
    let ordered =
        json!({ "Order": { "@v": "1", ">": [{ "Z": "1" }, { "A": ["2", { ">": [{ "C": "3" }, { "B": null }] }] }, { "Z": "4" }] } });
    let (bytes, _) = Format::Xml.write(&ordered).unwrap();
    let text = String::from_utf8(bytes).unwrap();
    assert!(text.ends_with("<Order v=\"1\"><Z>1</Z><A>2</A><A><C>3</C><B/></A><Z>4</Z></Order>"), "{text}");
    assert!(Format::Xml.write(&json!({ "Order": { ">": ["1"] } })).unwrap_err().contains("list of objects"));
    let csv = Format::Csv(Csv::default());
    let rows = json!([{ "a": "x,y", "b": "1" }, { "a": "\"", "b": "" }]);
    assert_eq!(read(&csv, &csv.write(&rows).unwrap().0).unwrap(), rows);
}

#[test]
fn what_cannot_be_written_is_told() {
    for odd in [json!([]), json!({ "a": 1, "b": 2 }), json!({ "a b": 1 }), json!({ "a": { "@x": {} } }), json!("a")] {
        assert!(Format::Xml.write(&odd).is_err(), "{odd}");
    }
    for odd in [json!({}), json!([1]), json!([{ "a": 1 }, { "b": 2 }]), json!([[[]]])] {
        assert!(Format::Csv(Csv::default()).write(&odd).is_err(), "{odd}");
    }
}

#[test]
fn json_goes_through_as_it_is_and_nothing_is_nothing() {
    assert_eq!(Format::Json.read(b"{\"a\":1.10}").unwrap().as_ref(), b"{\"a\":1.10}");
    assert!(Format::Json.read(b"{").is_err());
    for format in [Format::Json, Format::Xml, Format::Csv(Csv::default())] {
        assert_eq!(format.read(b"").unwrap().as_ref(), b"");
        assert!(format.read(&vec![b' '; (2 << 20) + 1]).is_err());
    }
}

#[test]
fn json_that_somebody_else_would_stumble_over_is_told_with_its_place() {
    for (payload, wrong) in [
        (&b"{\"name\":\n\"M\xfcller\"}"[..], "invalid unicode code point at line 2 column 3"),
        (b"[1,\n1e999]", "number out of range at line 2"),
        (b"[\"\\ud800\"]", "at line 1"),
    ] {
        let told = read(&Format::Json, payload).unwrap_err();
        assert!(told.contains(wrong), "{}: {told}", payload.escape_ascii());
    }
}

#[test]
fn an_error_quotes_no_more_of_a_message_than_a_person_reads() {
    let long = format!("<a></{}>", "b".repeat(20_000));
    let told = read(&Format::Xml, long.as_bytes()).unwrap_err();
    assert!(told.len() < 1_100 && told.ends_with('…'), "{} bytes: {told}", told.len());
}

#[test]
fn a_few_letters_do_not_become_gigabytes() {
    let bomb = format!("{}\n{}", "n".repeat(500_000), "1\n".repeat(250_000));
    let told = Format::Csv(Csv::default()).read(bomb.as_bytes()).unwrap_err();
    assert!(told.contains("send fewer rows") && told.contains("line "), "{told}");
    let wide: Vec<String> = (0..150_000).map(|column| format!("c{column}")).collect();
    assert!(Format::Csv(Csv::default()).read(format!("{}\n", wide.join(",")).as_bytes()).is_ok());
}

#[test]
fn xml_where_json_is_read_is_told_as_what_it_is() {
    for payload in ["<a/>", "\u{feff} <a/>"] {
        let wrong = Format::Json.read(payload.as_bytes()).unwrap_err();
        assert!(wrong.contains("no JSON") && wrong.contains("looks like XML") && wrong.contains("`format: xml`"), "{wrong}");
    }
    let wrong = Format::Json.read(b"{").unwrap_err();
    assert!(!wrong.contains("XML"), "{wrong}");
}

/// As a program of old Windows saves it: two bytes a letter, the low one first, behind a mark.
fn wide(text: &str, mark: &[u8]) -> Vec<u8> {
    mark.iter().copied().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect()
}

#[test]
fn utf_16_is_read_by_its_mark_and_what_has_none_is_told_apart() {
    let formats = [
        (Format::Json, "{\"a\": \"M\u{fc}ller\"}", json!({ "a": "M\u{fc}ller" })),
        (Format::Xml, "<?xml version=\"1.0\" encoding=\"UTF-16\"?><a>M\u{fc}ller</a>", json!({ "a": [{ "#": "M\u{fc}ller" }] })),
        (
            Format::Csv(Csv { charset: Some("windows-1252".to_owned()), ..Csv::default() }),
            "a\nM\u{fc}ller\n",
            json!([{ "a": "M\u{fc}ller" }]),
        ),
    ];
    for (format, text, wanted) in formats {
        assert_eq!(read(&format, &wide(text, &[0xff, 0xfe])).unwrap(), wanted);
        let why = read(&format, &wide(text, &[])).unwrap_err();
        assert!(why.contains("UTF-16 with a byte order mark"), "{format:?}: {why}");
        let told = format!("\u{feff}{}", text.replace("UTF-16", "UTF-8"));
        assert_eq!(read(&format, told.as_bytes()).unwrap(), wanted, "a mark of UTF-8 is no letter");
    }
    let labelled = Format::Csv(Csv { charset: Some("utf-16le".to_owned()), ..Csv::default() });
    assert_eq!(read(&labelled, &wide("a\nb\n", &[])).unwrap(), json!([{ "a": "b" }]), "who says how it is written is believed");
}
