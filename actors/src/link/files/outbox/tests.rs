//! Files for others: whole, once, and found again.

use std::fs;
use std::path::Path;

use serde_json::json;
use takt_protocol::effect::Effect;
use takt_protocol::intent::Reference;
use takt_protocol::words::DocNo;

use super::*;
use crate::link::fixture::nord;
use crate::link::format::Csv;
use crate::link::format::edi::Standard;

const UNBLOCK: &str = r#"def file: { name: "UNBLOCK", document: .reference,
  body: { Shipment: { ID: .effect.shipment, Ref: .reference } } };"#;

fn errand(reference: &str) -> Errand {
    let effect: Effect = serde_json::from_value(json!({ "unblock_shipment": { "shipment": "SHP-1" } })).unwrap();
    let reference: Reference = serde_json::from_value(json!(reference)).unwrap();
    Errand { reference, attempt: 1, effect: Box::new(effect) }
}

/// What a posting is known by there.
fn receipt() -> Receipt {
    Receipt { document: Some(DocNo::parse(FIRST).unwrap()), ..Receipt::default() }
}

fn link(dir: &Path, format: Format, mapping: &str) -> FilesLink {
    for folder in ["in", "taken", "bad"] {
        fs::create_dir_all(dir.join(folder)).unwrap();
    }
    let spec =
        FilesSpec { inbox: dir.join("in"), archive: vec![dir.join("taken")], errors: vec![dir.join("bad")], format, tables: json!({}) };
    let mapping = Mapping::compile("unblock.jq", mapping).unwrap();
    FilesLink::new(nord(), Some(spec), BTreeMap::from([("unblock_shipment".to_owned(), mapping)]))
}

fn lies(dir: &Path) -> Vec<String> {
    fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

const FIRST: &str = "REFERENCE0000001";

#[tokio::test]
async fn a_file_lies_there_whole_under_our_reference_and_is_not_written_twice() {
    let dir = tempfile::tempdir().unwrap();
    let link = link(dir.path(), Format::Xml, UNBLOCK);
    assert_eq!(link.probe(&errand(FIRST)).await, Probed::Absent);
    for _ in 0..2 {
        assert_eq!(link.send(&errand(FIRST)).await, Sent::Accepted(receipt()));
        assert_eq!(lies(&dir.path().join("in")), ["UNBLOCK-REFERENCE0000001.xml"]);
    }
    let text = fs::read_to_string(dir.path().join("in/UNBLOCK-REFERENCE0000001.xml")).unwrap();
    assert!(text.contains("<ID>SHP-1</ID>") && text.contains("<Ref>REFERENCE0000001</Ref>"), "{text}");
    assert_eq!(link.probe(&errand(FIRST)).await, Probed::Found(receipt()));
    assert_eq!(link.probe(&errand("REFERENCE0000002")).await, Probed::Absent);
}

#[tokio::test]
async fn what_the_system_took_is_found_whatever_it_calls_it_and_what_it_refused_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let link = link(dir.path(), Format::Json, UNBLOCK);
    assert!(matches!(link.send(&errand(FIRST)).await, Sent::Accepted(_)));
    let (inbox, name) = (dir.path().join("in"), "UNBLOCK-REFERENCE0000001.json");
    fs::rename(inbox.join(name), dir.path().join("taken/20261127_UNBLOCK-REFERENCE0000001.json.ok")).unwrap();
    assert_eq!(link.probe(&errand(FIRST)).await, Probed::Found(receipt()));
    assert!(matches!(link.send(&errand(FIRST)).await, Sent::Accepted(_)));
    assert!(lies(&inbox).is_empty(), "it was taken, and is not laid down again");

    fs::rename(dir.path().join("taken/20261127_UNBLOCK-REFERENCE0000001.json.ok"), dir.path().join("bad").join(name)).unwrap();
    assert_eq!(link.probe(&errand(FIRST)).await, Probed::Absent, "it was not done");
    // Which is seen also when nobody asks for it any more; what is none of ours is passed over.
    fs::write(dir.path().join("bad/somebody-else-1.json"), "{}").unwrap();
    let place = dir.path().join("bad").join(name).display().to_string();
    assert_eq!(link.late_refusals().await, Ok(vec![LateRefusal { reference: FIRST.to_owned(), place }]));
    let stamped = "20261127T103000Z_UNBLOCK-REFERENCE0000001.json";
    fs::rename(dir.path().join("bad").join(name), dir.path().join("bad").join(stamped)).unwrap();
    let found = link.late_refusals().await.unwrap();
    assert!(found.iter().any(|one| one.reference == FIRST), "a stamp in front hides it: {found:?}");
    fs::rename(dir.path().join("bad").join(stamped), dir.path().join("bad").join(name)).unwrap();
    let sent = link.send(&errand(FIRST)).await;
    assert!(matches!(&sent, Sent::Rejected { code, text } if code == "FILE" && text.contains("bad/UNBLOCK-")), "{sent:?}");
    assert!(lies(&inbox).is_empty());
    fs::remove_file(dir.path().join("bad").join(name)).unwrap();
    assert!(matches!(link.send(&errand(FIRST)).await, Sent::Accepted(_)), "a person took it away there");
}

#[tokio::test]
async fn the_half_of_a_file_from_before_a_crash_is_none_and_is_written_over() {
    let dir = tempfile::tempdir().unwrap();
    let link = link(dir.path(), Format::Json, UNBLOCK);
    let half = dir.path().join("in/.UNBLOCK-REFERENCE0000001.json.tmp");
    fs::write(&half, "{\"Shipment\"").unwrap();
    assert_eq!(link.probe(&errand(FIRST)).await, Probed::Absent);
    assert!(matches!(link.send(&errand(FIRST)).await, Sent::Accepted(_)));
    assert_eq!(lies(&dir.path().join("in")), ["UNBLOCK-REFERENCE0000001.json"]);
}

#[tokio::test]
async fn a_folder_that_is_not_mounted_is_not_an_empty_one() {
    let dir = tempfile::tempdir().unwrap();
    let link = link(dir.path(), Format::Json, UNBLOCK);
    fs::remove_dir(dir.path().join("taken")).unwrap();
    let (sent, probed) = (link.send(&errand(FIRST)).await, link.probe(&errand(FIRST)).await);
    assert!(matches!(&sent, Sent::NotDone { why } if why.contains("taken cannot be read")), "{sent:?}");
    assert!(matches!(&probed, Probed::NoAnswer { why } if why.contains("taken cannot be read")), "{probed:?}");
    assert!(lies(&dir.path().join("in")).is_empty());
}

#[tokio::test]
async fn what_a_mapping_gives_that_is_no_file_is_a_wrong_configuration() {
    let dir = tempfile::tempdir().unwrap();
    for (mapping, words) in [
        (r#"def file: { name: "../x", body: {} };"#, "`../x`"),
        (r#"def file: { name: "a b", body: {} };"#, "`a b`"),
        ("def file: empty;", "gives no file"),
        ("def file: { content: 1 };", "unknown field `content`"),
        (r#"def file: { body: "x" };"#, "cannot be written"),
        ("def request: {};", "has no `file`"),
    ] {
        let sent = link(dir.path(), Format::Csv(Csv::default()), mapping).send(&errand(FIRST)).await;
        assert!(matches!(&sent, Sent::Misconfigured { why } if why.contains(words)), "{mapping}: {sent:?}");
    }
    let none = FilesLink::new(nord(), None, BTreeMap::new());
    assert!(matches!(none.send(&errand(FIRST)).await, Sent::Misconfigured { why } if why.contains("outbound.send")));
    assert!(lies(&dir.path().join("in")).is_empty());
}

const NOTICE: &str = r#"def file: { name: "UNBLOCK", document: .reference, body: { sender: { id: "US" }, receiver: { id: "THEM" },
  groups: [{ messages: [{ type: "856", segments: [["BSN", "00", .reference]] }] }] } };"#;

#[tokio::test]
async fn each_interchange_has_a_control_number_of_its_own_and_the_time_at_which_it_was_laid_down() {
    let dir = tempfile::tempdir().unwrap();
    let link = link(dir.path(), Format::Edi(Standard::X12), NOTICE);
    let mut numbers = Vec::new();
    for reference in [FIRST, "REFERENCE0000002"] {
        assert!(matches!(link.send(&errand(reference)).await, Sent::Accepted(_)));
        let file = dir.path().join(format!("in/UNBLOCK-{reference}.x12"));
        let read = Format::Edi(Standard::X12).read(&fs::read(file).unwrap()).unwrap().into_owned();
        let read: Value = serde_json::from_slice(&read).unwrap();
        assert_eq!(read[0]["groups"][0]["messages"][0]["segments"], json!([["BSN", "00", reference]]));
        assert!(read[0]["at"].as_str().unwrap() > "2025", "{read}");
        numbers.push(read[0]["control"].as_str().unwrap().parse::<u64>().unwrap());
    }
    assert_eq!(numbers[1], numbers[0] + 1);
    // Asked again it is there, and no number is used up.
    assert!(matches!(link.send(&errand(FIRST)).await, Sent::Accepted(_)));
    assert_eq!(fs::read_to_string(dir.path().join("in/.takt-control")).unwrap(), numbers[1].to_string());
}
