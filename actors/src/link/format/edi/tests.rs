//! Interchanges that are right, those that are not, and bytes that are none.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::link::format::Format;

const X12: &[u8] = include_bytes!("samples/all.x12");
const EDIFACT: &[u8] = include_bytes!("samples/all.edi");
const AT: &str = "2026-11-24T06:01";

fn x12() -> String {
    String::from_utf8(X12.to_vec()).unwrap()
}

fn edifact() -> String {
    EDIFACT.iter().map(|byte| char::from(*byte)).collect()
}

/// The bytes of a text whose letters are those of ISO 8859-1.
fn latin(text: &str) -> Vec<u8> {
    text.chars().map(|letter| u8::try_from(u32::from(letter)).unwrap()).collect()
}

fn types(read: &Value) -> Vec<String> {
    let groups = read.as_array().unwrap().iter().flat_map(|one| one["groups"].as_array().unwrap());
    let messages = groups.flat_map(|group| group["messages"].as_array().unwrap());
    messages.map(|message| message["type"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn every_message_that_people_exchange_about_goods_is_read_and_written_as_it_was() {
    let read = Standard::X12.read(X12).unwrap();
    assert_eq!(types(&read), ["850", "856", "861", "940", "943", "944", "945", "997"]);
    assert_eq!(String::from_utf8(Standard::X12.write(&read).unwrap()).unwrap(), x12().replace('\n', ""));
    let read = Standard::Edifact.read(EDIFACT).unwrap();
    assert_eq!(types(&read), ["ORDERS", "DESADV", "RECADV", "INVRPT", "APERAK", "CONTRL"]);
    // The usual separators need not be named, and what separates nothing need not be released.
    let wanted = edifact().replace('\n', "").replacen("UNA:+.? '", "", 1).replace("?,", ",");
    assert_eq!(Standard::Edifact.write(&read).unwrap(), latin(&wanted));
}

#[test]
fn a_mapping_sees_elements_by_the_places_that_the_standards_give_them() {
    let read = Standard::X12.read(X12).unwrap();
    let whole = &read[0];
    assert_eq!(
        json!([whole["sender"], whole["receiver"], whole["control"], whole["at"], whole["test"], whole["acknowledge"]]),
        json!([{ "qualifier": "ZZ", "id": "NORDPLANT" }, { "qualifier": "01", "id": "123456789" }, "000000905", "2026-11-24T06:00", true, true])
    );
    let notice = &whole["groups"][1];
    assert_eq!(json!([notice["code"], notice["control"], notice["version"]]), json!(["SH", "2", "004010"]));
    assert_eq!(notice["messages"][0]["segments"][0], json!(["BSN", "00", "ASN-7781", "20261123", "1830", "0001"]));
    assert_eq!(notice["messages"][0]["segments"][2], json!(["HL", "1", "", "S"]));
    let read = Standard::Edifact.read(EDIFACT).unwrap();
    let error = &read[0]["groups"][0]["messages"][4];
    assert_eq!(error["segments"][4], json!(["FTX", "AAO", "", "", "100+1 pieces: is that 1'001? Köln"]));
    assert_eq!(json!([error["version"], error["release"], error["agency"], error["association"]]), json!(["D", "96A", "UN", ""]));
}

#[test]
fn what_separates_things_is_what_the_envelope_says() {
    let other = x12().replace('\n', "").replace('*', "|").replace('>', "^").replace('~', "\r\n");
    // The end of a segment is one letter: where lines end with two, it is the second.
    let other = other.replacen("^\r\n", "^\n", 1);
    assert_eq!(Standard::X12.read(other.as_bytes()).unwrap()[0]["groups"], Standard::X12.read(X12).unwrap()[0]["groups"]);
    let repeated = x12().replacen("*U*00401*", "*^*00501*", 1).replacen("REF*IA*10045", "REF*IA*1^2>3", 1);
    let read = Standard::X12.read(repeated.as_bytes()).unwrap();
    assert_eq!(read[0]["groups"][0]["messages"][0]["segments"][1], json!(["REF", "IA", { "each": ["1", ["2", "3"]] }]));
    assert_eq!(Standard::X12.write(&read).unwrap(), repeated.replace('\n', "").into_bytes());
    let named = "UNA|#,! ~UNB#UNOC|3#A#B#261124|0600#7~UNH#1#ORDERS|D|96A|UN~BGM#220#a!#b'?+~QTY#21|1,5~UNT#4#1~UNZ#1#7~";
    let read = Standard::Edifact.read(named.as_bytes()).unwrap();
    assert_eq!(read[0]["groups"][0]["messages"][0]["segments"], json!([["BGM", "220", "a#b'?+"], ["QTY", ["21", "1,5"]]]));
    assert_eq!(read[0]["separators"]["decimal"], ",");
    assert_eq!(Standard::Edifact.write(&read).unwrap(), named.as_bytes());
}

#[test]
fn several_interchanges_of_one_payload_are_a_list() {
    let twice = [X12, b"\r\n", X12].concat();
    let read = Standard::X12.read(&twice).unwrap();
    assert_eq!((read.as_array().unwrap().len(), types(&read).len()), (2, 16));
    let twice = [EDIFACT, EDIFACT].concat();
    assert_eq!(types(&Standard::Edifact.read(&twice).unwrap()).len(), 12);
    assert_eq!(Format::Edi(Standard::X12).read(b"").unwrap().as_ref(), b"");
}

#[test]
fn what_is_wrong_is_told_with_its_segment_and_its_element() {
    for (from, to, wanted) in [
        ("SE*9*0001", "SE*8*0001", "segment 11 (SE), element 1: it says `8` segments, and there are 9"),
        ("SE*9*0001", "SE*9*0002", "segment 11 (SE), element 2: it is closed as `0002`, and was opened as `0001`"),
        ("GE*1*1~", "GE*2*1~", "segment 12 (GE), element 1: it says `2` messages, and there are 1"),
        ("GE*1*1~", "", "segment 2 (GS): the group is not closed: there is no GE"),
        ("IEA*8*", "IEA*7*", "(IEA), element 1: it says `7` groups or messages, and there are 8"),
        ("IEA*8*000000905", "IEA*8*000000906", "element 2: it is closed as `000000906`, and was opened as `000000905`"),
        ("GS*PO", "GS*SH", "segment 3 (ST), element 1: 850 stands in a group of `PO`, and this one is of `SH`"),
        ("BEG*00", "BEX*00", "segment 3 (ST): 850 has a BEG, and this one has none"),
        ("SE*9*0001~", "", "segment 3 (ST): the message is not closed: there is no SE"),
        (
            "ISA*00*          *",
            "ISA*00*         *",
            "segment 1 (ISA), element 2: it has 10 letters, filled up with blanks, and a `*` behind it",
        ),
        ("ISA*00", "HELLO", "segment 1: an interchange begins with ISA, and here stands `HEL`"),
        ("HL*1**S", "hl*1**S", "it does not begin with the name of a segment"),
        ("STEEL-3*VP", "STEEL\u{1}3*VP", "segment 8 (PO1): a letter stands in it that nobody can see: \\u{1}"),
        ("*T*>", "*T*A", "segment 1 (ISA), element 16: `A` cannot be what separates things"),
    ] {
        assert!(x12().contains(from), "{from}");
        let wrong = Standard::X12.read(x12().replacen(from, to, 1).as_bytes()).unwrap_err();
        assert!(wrong.contains(wanted), "{from} -> {to}: {wrong}");
    }
    for (from, to, wanted) in [
        ("UNT+13+1", "UNT+12+1", "segment 14 (UNT), element 1: it says `12` segments, and there are 13"),
        ("UNT+13+1'", "UNT+13+9'", "segment 14 (UNT), element 2: it is closed as `9`, and was opened as `1`"),
        ("UNZ+6", "UNZ+5", "(UNZ), element 1: it says `5` groups or messages, and there are 6"),
        ("UNZ+6+IC905", "UNZ+6+IC906", "element 2: it is closed as `IC906`, and was opened as `IC905`"),
        ("UNZ+6+IC905'", "", "segment 1 (UNB): the interchange is not closed: there is no UNZ"),
        ("BGM+220", "BGN+220", "segment 2 (UNH): ORDERS has a BGM, and this one has none"),
        ("UNH+1+ORDERS:D:96A:UN:EAN008", "UNH+1", "segment 2 (UNH), element 2: it does not say of what type it is"),
        ("UNA:+.? '", "UNA::.? '", "segment 1 (UNA): `:` cannot be what separates things"),
        ("UNB+UNOC", "UNC+UNOC", "an interchange begins with UNA or UNB, and here stands `UNC`"),
    ] {
        assert!(edifact().contains(from), "{from}");
        let wrong = Standard::Edifact.read(&latin(&edifact().replacen(from, to, 1))).unwrap_err();
        assert!(wrong.contains(wanted), "{from} -> {to}: {wrong}");
    }
    let broken = x12().split_once("5000*KG").unwrap().0.to_owned();
    assert_eq!(Standard::X12.read(broken.as_bytes()).unwrap_err(), "segment 8 (PO1): the payload breaks off in the middle of it");
    let broken = edifact().split_once("COIL").unwrap().0.to_owned();
    assert!(Standard::Edifact.read(broken.as_bytes()).unwrap_err().contains("(IMD): the payload breaks off"));
}

fn acknowledged(standard: Standard, payload: &[u8]) -> Value {
    let said = acknowledgement(standard, payload, 7, AT).unwrap();
    // It can be written, and is right by our own reading.
    standard.read(&standard.write(&said).unwrap()).unwrap()
}

fn segments(read: &Value, group: usize) -> Value {
    read[0]["groups"][group]["messages"][0]["segments"].clone()
}

#[test]
fn what_was_taken_is_acknowledged_and_an_acknowledgement_is_not() {
    let told = acknowledged(Standard::X12, X12);
    assert_eq!(
        json!([told[0]["sender"]["id"], told[0]["receiver"]["id"], told[0]["control"]]),
        json!(["123456789", "NORDPLANT", "000000007"])
    );
    assert_eq!(types(&told), ["997"; 7]);
    assert_eq!(segments(&told, 1), json!([["AK1", "SH", "2"], ["AK2", "856", "0001"], ["AK5", "A"], ["AK9", "A", "1", "1", "1"]]));
    assert_eq!(told[0]["aside"], json!([]));
    assert_eq!(acknowledgement(Standard::X12, &Standard::X12.write(&told).unwrap(), 8, AT), None);
    let told = acknowledged(Standard::Edifact, EDIFACT);
    assert_eq!(
        json!([told[0]["sender"]["id"], told[0]["receiver"]["id"], told[0]["control"]]),
        json!(["4098765000004", "4012345000009", "7"])
    );
    assert_eq!(segments(&told, 0), json!([["UCI", "IC905", ["4012345000009", "14"], ["4098765000004", "14"], "7"]]));
    assert_eq!(acknowledgement(Standard::Edifact, &Standard::Edifact.write(&told).unwrap(), 8, AT), None);
    assert_eq!(acknowledgement(Standard::X12, b"no interchange", 7, AT), None);
}

#[test]
fn what_was_not_taken_is_rejected_whole_with_what_is_wrong_where_it_is() {
    let broken = x12().replacen("SE*9*0001", "SE*8*0001", 1);
    let told = acknowledged(Standard::X12, broken.as_bytes());
    assert_eq!(segments(&told, 0), json!([["AK1", "PO", "1"], ["AK2", "850", "0001"], ["AK5", "R", "4"], ["AK9", "R", "1", "1", "0"]]));
    assert_eq!(segments(&told, 1), json!([["AK1", "SH", "2"], ["AK2", "856", "0001"], ["AK5", "R"], ["AK9", "R", "1", "1", "0"]]));
    let broken = x12().replacen("IEA*8*", "IEA*7*", 1).replacen("GE*1*1~", "GE*1*9~", 1);
    let told = acknowledged(Standard::X12, broken.as_bytes());
    assert_eq!(told[0]["aside"], json!([["TA1", "000000905", "261124", "0600", "R", "021"]]));
    assert_eq!(segments(&told, 0)[3], json!(["AK9", "R", "1", "1", "0", "4"]));
    let broken = latin(&edifact().replacen("UNT+13+1'", "UNT+12+1'", 1));
    let told = acknowledged(Standard::Edifact, &broken);
    let kind = json!(["ORDERS", "D", "96A", "UN", "EAN008"]);
    let parties = (json!(["4012345000009", "14"]), json!(["4098765000004", "14"]));
    assert_eq!(segments(&told, 0), json!([["UCI", "IC905", parties.0, parties.1, "4", "18"], ["UCM", "1", kind, "4", "29"]]));
}

fn notice(lot: &str) -> Value {
    json!({ "sender": { "id": "US" }, "receiver": { "id": "THEM", "qualifier": "14" }, "control": 42, "at": "2026-11-24T06:00",
        "groups": [{ "messages": [{ "type": "856", "segments": [["BSN", "00", lot, null, 7, ""]] }] }] })
}

#[test]
fn what_cannot_be_written_is_told_and_what_separates_is_released_where_it_can_be() {
    let text = String::from_utf8(Standard::X12.write(&notice("N-1")).unwrap()).unwrap();
    assert!(text.contains("GS*SH*US*THEM*20261124*0600*1*X*004010~ST*856*0001~BSN*00*N-1**7~SE*3*0001~GE*1*1~IEA*1*000000042~"), "{text}");
    let mut other = notice("N*1");
    let wrong = Standard::X12.write(&other).unwrap_err();
    assert_eq!(
        wrong,
        "groups[0].messages[0].segments[0] (BSN), element 2: `*` stands in it, which separates things here: write other `separators`, or leave it out"
    );
    other["separators"] = json!({ "element": "|" });
    assert!(String::from_utf8(Standard::X12.write(&other).unwrap()).unwrap().contains("BSN|00|N*1||7~"));
    for (pointer, value, wanted) in [
        ("/control", Value::Null, "the interchange has no `control`"),
        ("/control", json!("12345678901"), "it has one to nine digits"),
        ("/at", json!("soon"), "give the time as 2026-11-24T06:00"),
        ("/sender/id", json!("A NAME OF MORE THAN 15"), "it has 15 letters of ASCII at most"),
        ("/groups/0/messages/0/type", json!("999"), "group 0 has no `code`"),
        ("/groups/0/messages/0/segments/0/0", json!("bsn"), "segments[0] does not begin with the name of a segment"),
        ("/groups/0/messages/0/segments/0/2", json!(true), "element 2: true is no text and no number"),
        ("/groups/0/messages/0/segments/0/2", json!({ "each": ["a", "b"] }), "nothing separates repetitions here"),
        ("/groups/0/messages/0", json!({ "segments": [] }), "no interchange: groups[0].messages[0]: missing field `type`"),
    ] {
        let mut other = notice("N-1");
        *other.pointer_mut(pointer).unwrap() = value;
        let wrong = Standard::X12.write(&other).unwrap_err();
        assert!(wrong.contains(wanted), "{pointer}: {wrong}");
    }
    let mut other = notice("it's 5: +1?");
    other["groups"][0]["messages"][0]["type"] = json!("DESADV");
    other["groups"][0]["messages"][0]["segments"][0] = json!(["BGM", "351", "it's 5: +1? ä"]);
    let written = Standard::Edifact.write(&other).unwrap();
    assert_eq!(segments(&Standard::Edifact.read(&written).unwrap(), 0)[0], json!(["BGM", "351", "it's 5: +1? ä"]));
    other["syntax"] = json!("UNOA");
    assert!(Standard::Edifact.write(&other).unwrap_err().contains("`syntax` says which letters there are, and is UNOA"));
}

/// Whatever is read can be written, and is the same then.
fn holds(standard: Standard, payload: &[u8]) -> Result<(), TestCaseError> {
    let said = acknowledgement(standard, payload, 1, AT);
    if let Some(written) = said.and_then(|said| standard.write(&said).ok()) {
        prop_assert!(standard.read(&written).is_ok(), "an acknowledgement of ours cannot be read: {}", String::from_utf8_lossy(&written));
    }
    let Ok(read) = Format::Edi(standard).read(payload) else { return Ok(()) };
    let read: Value = serde_json::from_slice(&read).unwrap_or_default();
    let Ok(written) = standard.write(&read) else { return Ok(()) };
    if written.is_ascii() && !read.is_null() {
        let again = standard.read(&written);
        prop_assert!(again.is_ok(), "{again:?}: {}", String::from_utf8_lossy(&written));
        prop_assert_eq!(standard.write(&again.unwrap()), Ok(written));
    }
    Ok(())
}

/// A sample in which some bytes are others, or stand there twice, or not at all.
fn broken(sample: &'static [u8]) -> impl Strategy<Value = Vec<u8>> {
    let change = (0..sample.len(), 0..4_u8, any::<u8>(), prop::sample::select(b"*~>+:'?^\n \0UIAZ09".to_vec()));
    prop::collection::vec(change, 1..6).prop_map(move |changes| {
        let mut bytes = sample.to_vec();
        for (at, how, any, sign) in changes {
            let at = at.min(bytes.len().saturating_sub(1));
            match how {
                0 => bytes[at] = any,
                1 => bytes[at] = sign,
                2 => bytes.insert(at, sign),
                _ => bytes.truncate(at.max(1)),
            }
        }
        bytes
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        for begin in [&b""[..], b"UNA:+.? '", b"UNB+UNOC:3+A+B+261124:0600+1'"] {
            holds(Standard::Edifact, &[begin, &bytes[..]].concat())?;
        }
        let head = X12.get(..106).unwrap_or_default();
        holds(Standard::X12, &[head, &bytes[..]].concat())?;
        holds(Standard::X12, &bytes)?;
    }

    #[test]
    fn a_broken_interchange_is_read_or_refused(x12 in broken(X12), edifact in broken(EDIFACT)) {
        holds(Standard::X12, &x12)?;
        holds(Standard::Edifact, &edifact)?;
    }
}

#[test]
fn what_is_endless_is_refused_before_it_fills_the_memory() {
    let head = x12().get(..107).unwrap().to_owned();
    for (body, wanted) in [
        ("*".repeat(1_000_000), "it has more than 200 parts"),
        (format!("~{}", "A1~".repeat(60_000)), "more than 50000 segments are not read at once"),
    ] {
        let wrong = Standard::X12.read(format!("{head}BEG{body}").as_bytes()).unwrap_err();
        assert!(wrong.contains(wanted), "{wrong}");
    }
    let wrong = Standard::Edifact.read(format!("UNB+A{}'", ":".repeat(300)).as_bytes()).unwrap_err();
    assert!(wrong.contains("it has more than 200 parts"), "{wrong}");
}
