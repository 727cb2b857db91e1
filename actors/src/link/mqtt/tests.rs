//! What a mapping may ask to be published, and what of that is refused before anything is sent.

use serde_json::json;

use super::*;

fn asked(said: Value) -> Result<(Letter, Option<u32>), String> {
    serde_path_to_error::deserialize::<_, Asked>(said).map_err(|error| error.to_string())?.letter(1_000)
}

#[test]
fn a_text_is_published_as_it_is_and_anything_else_as_json() {
    let (letter, expires_s) = asked(json!({ "topic": "a/b", "payload": "<x/>" })).unwrap();
    let wanted = Letter { topic: "a/b".into(), payload: b"<x/>".to_vec(), acknowledged: true, retain: false };
    assert_eq!((letter, expires_s), (wanted, None));
    let (letter, expires_s) = asked(json!({ "topic": "a", "payload": { "qty": 1 }, "retain": true, "expires_s": 60 })).unwrap();
    assert_eq!((letter.payload, letter.retain, expires_s), (br#"{"qty":1}"#.to_vec(), true, Some(60)));
}

#[test]
fn a_command_goes_to_its_node_and_is_not_acknowledged_unless_that_is_wanted() {
    let command =
        json!({ "node": "nord/line-1", "device": "press-1", "metrics": [{ "name": "Order/Next", "type": "string", "value": "4711" }] });
    let (letter, _) = asked(json!({ "sparkplug": command })).unwrap();
    assert_eq!((letter.topic.as_str(), letter.acknowledged, letter.retain), ("spBv1.0/nord/DCMD/line-1/press-1", false, false));
    let (letter, _) =
        asked(json!({ "sparkplug": { "node": "nord/line-1", "metrics": [{ "name": "Stop", "type": "boolean", "value": true }] },
        "acknowledged": true }))
        .unwrap();
    assert_eq!((letter.topic.as_str(), letter.acknowledged), ("spBv1.0/nord/NCMD/line-1", true));
}

#[test]
fn what_cannot_be_published_is_told_with_its_place() {
    for (said, word) in [
        (json!({ "topic": "a/+" , "payload": 1 }), "no topic"),
        (json!({ "topic": "", "payload": 1 }), "no topic"),
        (json!({ "topic": "a" }), "neither"),
        (json!({ "topic": "a", "payload": 1, "sparkplug": { "node": "a/b", "metrics": [] } }), "or both"),
        (json!({ "topic": "a", "payload": 1, "qos": 2 }), "unknown field `qos`"),
        (json!({ "sparkplug": { "node": "line-1", "metrics": [{ "name": "a", "type": "int8", "value": 1 }] } }), "group/node"),
        (json!({ "sparkplug": { "node": "a/b", "metrics": [] } }), "sets no metric"),
        (json!({ "sparkplug": { "node": "a/b", "metrics": [{ "name": "a", "type": "int8", "value": 300 }] } }), "300 is no int8"),
        (json!({ "sparkplug": { "node": "a/#", "metrics": [{ "name": "a", "type": "int8", "value": 1 }] } }), "no topic"),
    ] {
        let told = asked(said.clone()).unwrap_err();
        assert!(told.contains(word), "{said}: {told}");
        assert!(fits(&said).unwrap_err().contains(word));
    }
}
