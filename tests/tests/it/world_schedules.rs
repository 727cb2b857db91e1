//! Schedules in B2MML as other people's products write them, laid down in a folder of a node that runs: each becomes orders, or a
//! case that says what is wrong, by its name and in the folder for what was not understood.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::several::{Node, read, until};

/// What a file becomes.
enum Becomes {
    /// Orders with these numbers, each of 500 pieces of FG-100.
    Orders(&'static [&'static str]),
    /// A case that says this, and nothing else.
    Case(&'static str),
}

use Becomes::{Case, Orders};

/// A file that somebody's product wrote.
struct Laid {
    name: &'static str,
    bytes: Vec<u8>,
    becomes: Becomes,
}

fn laid(name: &'static str, bytes: impl Into<Vec<u8>>, becomes: Becomes) -> Laid {
    Laid { name, bytes: bytes.into(), becomes }
}

/// A quantity of V0600 and V7, with its unit as it stands there.
fn amount(number: &str, unit: &str) -> String {
    format!("<Quantity><QuantityString>{number}</QuantityString><DataType>decimal</DataType>{unit}</Quantity>")
}

/// Something that a segment makes.
fn made(material: &str, quantity: &str) -> String {
    format!(
        "<MaterialRequirement><MaterialDefinitionID>{material}</MaterialDefinitionID><MaterialUse>Produced</MaterialUse>{quantity}\
         </MaterialRequirement>"
    )
}

const PIECES: &str = "<UnitOfMeasure>EA</UnitOfMeasure>";

/// A request of V0600 and V7 for what these lines say.
fn request(id: &str, lines: &str) -> String {
    format!(
        "<OperationsRequest><ID>{id}</ID><OperationsType>Production</OperationsType><StartTime>2026-12-01T06:00:00Z</StartTime>\
         <EndTime>2026-12-01T14:00:00Z</EndTime><SegmentRequirement><ID>10</ID>{lines}</SegmentRequirement>\
         <RequestState>Released</RequestState></OperationsRequest>"
    )
}

/// The usual one.
fn plain(id: &str) -> String {
    request(id, &made("FG-100", &amount("500", PIECES)))
}

fn schedule(requests: &str) -> String {
    format!(
        "<OperationsSchedule><ID>S-1</ID><HierarchyScope><EquipmentID>XX01</EquipmentID><EquipmentElementLevel>Site\
         </EquipmentElementLevel></HierarchyScope>{requests}</OperationsSchedule>"
    )
}

/// A document whose root carries this namespace.
fn alone(id: &str, namespace: &str) -> String {
    schedule(&plain(id)).replacen("<OperationsSchedule>", &format!("<OperationsSchedule xmlns=\"{namespace}\">"), 1)
}

/// The same in a transaction, every element under a prefix.
fn transaction(verb: &str, schedules: &str) -> String {
    let whole = format!(
        "<{verb}OperationsSchedule releaseID=\"1\"><ApplicationArea><CreationDateTime>2026-11-30T12:00:00Z</CreationDateTime>\
         </ApplicationArea><DataArea><{verb}/>{schedules}</DataArea></{verb}OperationsSchedule>"
    );
    let prefixed = whole.replace("</", "\u{1}").replace('<', "<b2m:").replace('\u{1}', "</b2m:");
    prefixed.replacen(" releaseID", " xmlns:b2m=\"http://www.mesa.org/xml/B2MML-V0600\" releaseID", 1)
}

/// As an older MES package of the .NET world writes V0401: a mark at its beginning, CR LF, comments, places of schemas, blanks around
/// text, several quantities, and elements that nobody here looks at.
fn of_v0401() -> Vec<u8> {
    let text = "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n<!-- exported by a planning board -->\r\n\
        <ProductionSchedule xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xmlns=\"http://www.wbf.org/xml/b2mml-v0401\"\r\n\
        \txsi:schemaLocation=\"http://www.wbf.org/xml/b2mml-v0401 B2MML-V0401-ProductionSchedule.xsd\">\r\n\
        <ID>PB 77</ID>\r\n<Location><EquipmentID>XX01</EquipmentID><EquipmentElementLevel>Site</EquipmentElementLevel></Location>\r\n\
        <PublishedDate>2026-11-30T12:00:00.0000000+01:00</PublishedDate>\r\n<ProductionRequest>\r\n  <ID>\r\n    PB-0401\r\n  </ID>\r\n\
        <StartTime>2026-12-01T06:00:00.0000000+01:00</StartTime><EndTime>2026-12-01T14:00:00.0000000+01:00</EndTime>\r\n\
        <Priority>5</Priority><SegmentRequirement><ID>10</ID><MaterialProducedRequirement>\
        <MaterialDefinitionID>FG-100</MaterialDefinitionID><Location><EquipmentID>XX01</EquipmentID></Location>\
        <Quantity><QuantityString>500.000</QuantityString><DataType>float</DataType><UnitOfMeasure>EA</UnitOfMeasure><Key>planned</Key></Quantity>\
        <Quantity><QuantityString>0.000</QuantityString><DataType>float</DataType><UnitOfMeasure>EA</UnitOfMeasure><Key>made</Key></Quantity>\
        <Any><x:Colour xmlns:x=\"urn:example:board\">red &amp; <![CDATA[<blue>]]></x:Colour></Any>\
        </MaterialProducedRequirement></SegmentRequirement></ProductionRequest>\r\n</ProductionSchedule>\r\n";
    text.as_bytes().to_vec()
}

fn in_utf16(text: &str) -> Vec<u8> {
    format!("\u{feff}<?xml version=\"1.0\" encoding=\"utf-16\"?>{text}").encode_utf16().flat_map(u16::to_le_bytes).collect()
}

fn in_latin(text: &str) -> Vec<u8> {
    text.chars().map(|letter| u8::try_from(u32::from(letter)).unwrap()).collect()
}

/// What is understood.
fn good() -> Vec<Laid> {
    let v7 = "http://www.mesa.org/xml/B2MML";
    let several = format!("{}{}", schedule(&format!("{}{}", plain("V6-1"), plain("V6-2"))), schedule(&plain("V6-3")));
    let nested = made("FG-100", &amount("500", PIECES)).replacen("<MaterialRequirement>", "<SegmentRequirement><MaterialRequirement>", 1);
    let mixed = format!("{}<OperationsRequest><ID>M-1</ID><OperationsType>Maintenance</OperationsType></OperationsRequest>", plain("V6-7"));
    let latin = alone("V7-3", v7).replacen("<ID>S-1", "<Description>für Träger</Description><ID>S-1", 1);
    let latin = format!("<?xml version='1.0' encoding='ISO-8859-1'?>{latin}");
    let twice = made("FG-100", &amount("500", PIECES)).replacen("<MaterialDef", "<ID>1</ID><MaterialDef", 1).repeat(2);
    vec![
        laid("v0401.xml", of_v0401(), Orders(&["PB-0401"])),
        laid("v0600-several.xml", transaction("Process", &several), Orders(&["V6-1", "V6-2", "V6-3"])),
        laid("v7.xml", alone("V7-1", v7), Orders(&["V7-1"])),
        laid("v7-utf-16.xml", in_utf16(&alone("V7-2", v7)), Orders(&["V7-2"])),
        laid("v7-latin.xml", in_latin(&latin), Orders(&["V7-3"])),
        laid("strange-number.xml", alone("ORD/2026 042", v7), Orders(&["ORD/2026 042"])),
        laid("segment-in-segment.xml", schedule(&request("V6-5", &format!("{nested}</SegmentRequirement>"))), Orders(&["V6-5"])),
        laid("one-line-told-twice.xml", schedule(&request("V6-6", &twice)), Orders(&["V6-6"])),
        laid("beside-maintenance.xml", schedule(&mixed), Orders(&["V6-7"])),
    ]
}

/// What is a case.
fn bad() -> Vec<Laid> {
    let of = |quantity: &str| schedule(&request("BAD-1", &made("FG-100", quantity)));
    let whole = alone("BAD-2", "http://www.mesa.org/xml/B2MML");
    let (cut, _) = whole.split_once("mentRequirement").unwrap();
    let two = made("FG-100", &amount("300", PIECES)).repeat(2);
    let both = format!("{}{}", made("FG-100", &amount("500", PIECES)), made("FG-150", &amount("20", PIECES)));
    let latin = in_latin(&alone("Träger", "urn:x"));
    let half = schedule(&format!("{}{}", plain("BAD-3"), request("BAD-4", "")));
    vec![
        laid("no-unit.xml", of(&amount("500", "")), Case("the quantity of FG-100 has no unit")),
        laid("empty-unit.xml", of(&amount("500", "<UnitOfMeasure/>")), Case("the quantity of FG-100 has no unit")),
        laid("strange-unit.xml", of(&amount("500", "<UnitOfMeasure>STK</UnitOfMeasure>")), Case("`STK` is not a valid unit")),
        laid("empty-quantity.xml", of(&amount("", PIECES)), Case("the quantity of FG-100 is empty")),
        laid("grouped-number.xml", of(&amount("1,500", PIECES)), Case("the quantity of FG-100 is `1,500`")),
        laid("twice.xml", schedule(&request("BAD-1", &two)), Case("it makes FG-100 more than once in one segment")),
        laid("two-products.xml", schedule(&request("BAD-1", &both)), Case("it makes FG-100 and FG-150")),
        laid("one-of-two.xml", half, Case("the request BAD-4: it makes nothing")),
        laid("strange-plant.xml", schedule(&plain("BAD-1")).replace("XX01", "ZZ99"), Case("the plant code ZZ99")),
        laid("cut.xml", cut, Case("tag not closed")),
        laid("not-utf-8.xml", latin, Case("no UTF-8")),
        laid("with-dtd.xml", format!("<!DOCTYPE a [<!ENTITY b 'c'>]>{}", schedule(&plain("BAD-1"))), Case("a document type")),
        laid("gateway.xml", "<html><body>502 Bad Gateway</body></html>", Case("it begins with html")),
        laid("nothing.xml", "", Case("is empty")),
        laid("answer.xml", transaction("Acknowledge", &schedule(&plain("BAD-1"))), Case("begins with AcknowledgeOperationsSchedule")),
    ]
}

/// A folder to start from, and beside its ERP one that lays schedules down as files; where they are laid.
fn place(dir: &Path) -> PathBuf {
    let (config, files) = (dir.join("config"), dir.join("schedules"));
    takt_config::start::write_to(&config).unwrap();
    let site = json!({ "kind": "erp", "region": "main", "calendar": { "zone": "Europe/Berlin" }, "link": { "files": {
        "inbound": { "folder": files, "every_ms": 100, "settle_ms": 100, "topics": {
            "schedules": { "names": "*.xml", "format": "xml", "mapping": "mappings/b2mml/schedule.jq" } } },
        "tables": { "plant": { "plant-1": "XX01" }, "unit": { "H87": "EA", "KGM": "KG" } },
    } } });
    // JSON is YAML.
    std::fs::write(config.join("sites/board.yaml"), site.to_string()).unwrap();
    let plant = config.join("sites/plant-1.yaml");
    let text = std::fs::read_to_string(&plant).unwrap();
    assert!(text.contains("erp: erp\n"), "the plant does not say which ERP it has");
    std::fs::write(plant, text.replace("erp: erp\n", "erp: board\n")).unwrap();
    files
}

/// Lays a file down as careful products do: under a hidden name first.
fn lay(folder: &Path, name: &str, bytes: &[u8]) {
    let aside = folder.join(format!(".{name}"));
    std::fs::write(&aside, bytes).unwrap();
    std::fs::rename(aside, folder.join(name)).unwrap();
}

async fn rows(node: &Node, list: &str) -> Vec<Value> {
    read(&node.url, "PLANNER", list).await.and_then(|page| page["rows"].as_array().cloned()).unwrap_or_default()
}

fn numbers(orders: &[Value]) -> BTreeSet<&str> {
    orders.iter().filter_map(|row| row["number"].as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn schedules_of_other_people_become_orders_or_a_case_that_says_what_is_wrong() {
    drop(rustls::crypto::ring::default_provider().install_default());
    let dir = tempfile::tempdir().unwrap();
    let folder = place(dir.path());
    let node = Node::start(dir.path(), "one", &[]);
    std::fs::create_dir_all(&folder).unwrap();
    let all: Vec<Laid> = good().into_iter().chain(bad()).collect();
    for file in &all {
        lay(&folder, file.name, &file.bytes);
    }
    let wanted: BTreeSet<&str> =
        all.iter().flat_map(|file| if let Orders(orders) = file.becomes { orders } else { &[] }).copied().collect();
    let there = |part: &str, name: &str| folder.join(part).join(name).exists();
    until("every file is taken or laid aside", async || all.iter().all(|file| there("done", file.name) || there("error", file.name))).await;
    until("every order is there", async || wanted.is_subset(&numbers(&rows(&node, "orders").await))).await;
    let orders = rows(&node, "orders").await;
    assert_eq!(numbers(&orders), wanted, "of a file that is a case nothing is done");
    for order in &orders {
        let said = json!([order["erp"], order["plant"], order["material"], order["business"]]);
        assert_eq!(said, json!(["board", "plant-1", "FG-100", "released"]), "{order}");
        assert!(order["target"].as_str().unwrap().starts_with("500"), "{order}");
    }
    let words = |file: &Laid| if let Case(words) = file.becomes { Some((file.name, words)) } else { None };
    let unmatched = |cases: &[Value]| cases.iter().filter(|case| case["kind"] == "unmatched").count();
    until("every file that is none is a case", async || unmatched(&rows(&node, "exceptions").await) == bad().len()).await;
    let cases = rows(&node, "exceptions").await;
    for (name, words) in all.iter().filter_map(words) {
        let reason = std::fs::read_to_string(folder.join("error").join(format!("{name}.reason.txt"))).unwrap();
        assert!(reason.contains(words), "{name}: {reason}");
        let mine: Vec<&str> =
            cases.iter().filter_map(|case| case["what"].as_str()).filter(|what| what.contains(&format!("`{name}`"))).collect();
        assert!(mine.len() == 1 && mine[0].contains(words), "{name}: {mine:?}");
    }
    // What is withdrawn is withdrawn, and not released once more.
    lay(&folder, "withdrawn.xml", transaction("Cancel", &schedule("<OperationsRequest><ID>V6-2</ID></OperationsRequest>")).as_bytes());
    until("the order is cancelled", async || {
        rows(&node, "orders").await.iter().any(|order| order["number"] == "V6-2" && order["business"] == "cancelled")
    })
    .await;
    // The same order in another file, unchanged, is known; a file that was taken out of the error folder and mended closes its case.
    std::fs::remove_file(folder.join("error/no-unit.xml")).unwrap();
    lay(&folder, "no-unit.xml", schedule(&plain("MENDED")).as_bytes());
    until("the case of the mended file is over", async || {
        let cases = rows(&node, "exceptions").await;
        !cases.is_empty() && cases.iter().all(|case| !case["what"].as_str().unwrap_or_default().contains("`no-unit.xml`"))
    })
    .await;
    assert!(numbers(&rows(&node, "orders").await).contains("MENDED"));
}
