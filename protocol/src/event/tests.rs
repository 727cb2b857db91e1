use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::wire::tests::{a_life, commits};
use crate::words::EquipmentId;

/// Where the contracts stand as they were first published; a published version never changes.
const PUBLISHED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/contracts");

fn told_by_a_life() -> Vec<Event> {
    commits(&a_life()).values().flat_map(of).collect()
}

#[test]
fn every_event_keeps_its_contract_and_has_an_id_of_its_own() {
    let events = told_by_a_life();
    let mut ids = BTreeSet::new();
    for event in &events {
        assert_eq!(event.contract.breaches(&event.data), Vec::<String>::new(), "{}", event.kind());
        assert!(ids.insert(&event.id), "{} twice", event.id);
        assert!(contracts().any(|known| known == event.contract), "{} is listed nowhere", event.kind());
    }
    let families: BTreeSet<_> = events.iter().map(|event| event.contract.family).collect();
    assert_eq!(families, BTreeSet::from(["exception", "lot", "order", "record", "shipment", "unit"]));
}

#[test]
fn a_site_tells_of_its_equipment() {
    let down = crate::site::Fact::Equipment {
        equipment: EquipmentId::parse("PRESS-4").unwrap(),
        available: false,
        state: "DOWN".into(),
        at: None,
    };
    let (contract, data) = told(&Fact::Site(Box::new(down))).unwrap();
    assert_eq!(contract.id(), "site.equipment_changed.v1");
    assert_eq!(Value::Object(data), json!({ "equipment": "PRESS-4", "available": false, "state": "DOWN" }));
}

#[test]
fn a_contract_notices_what_it_does_not_allow() {
    let contract = contracts().find(|contract| contract.id() == "order.work_reported.v1").unwrap();
    let event = told_by_a_life().into_iter().find(|event| event.contract == contract).unwrap();
    let mut broken = event.data;
    broken.remove("operation");
    broken.insert("quantity".to_owned(), json!(4.5));
    broken.insert("by".to_owned(), json!("K. Ott"));
    assert_eq!(contract.breaches(&broken), ["by: not in the contract", "operation: missing", "quantity: 4.5 is no Quantity"]);
}

#[test]
fn an_event_is_a_cloud_event_with_its_subject_and_tells_the_same_for_ever() {
    let events = told_by_a_life();
    assert_eq!(events, told_by_a_life());
    let released = events.iter().find(|event| event.kind() == "takt.order.released.v1").unwrap();
    let json = serde_json::to_value(released).unwrap();
    assert_eq!(json["specversion"], "1.0");
    assert_eq!(json["source"], format!("/takt/{}/nord", released.region));
    assert_eq!(json["dataschema"], "/v1/contracts/order.released.v1");
    assert_eq!(json["subject"], released.entity.to_string());
    assert!(json["data"]["total"].as_str().unwrap().ends_with(" H87"));
    assert_eq!(released.subject(), format!("takt.{}.evt.nord.order.released", released.region));
}

#[test]
fn nobody_is_named_in_an_event() {
    let people: BTreeSet<String> = commits(&a_life()).values().flat_map(|commit| &commit.who).map(|(_, who)| who.user.clone()).collect();
    assert!(!people.is_empty());
    for event in told_by_a_life() {
        let text = serde_json::to_string(&event).unwrap();
        assert!(people.iter().all(|person| !text.contains(&format!("\"{person}\""))), "{text}");
    }
}

#[test]
fn a_published_contract_never_changes() {
    let place = std::path::Path::new(PUBLISHED);
    let mut named = BTreeMap::new();
    for contract in contracts() {
        let schema = serde_json::to_string_pretty(&contract.schema()).unwrap() + "\n";
        assert!(named.insert(contract.id(), schema).is_none(), "{} twice", contract.id());
    }
    let published = || std::fs::read_dir(place).into_iter().flatten().map(|file| file.unwrap().file_name().into_string().unwrap());
    for (id, schema) in &named {
        let file = place.join(format!("{id}.json"));
        if !file.exists() && std::env::var_os("TAKT_FREEZE").is_some() {
            std::fs::create_dir_all(place).unwrap();
            std::fs::write(&file, schema).unwrap();
        }
        let known =
            std::fs::read_to_string(&file).unwrap_or_else(|_| panic!("{id} is not published: TAKT_FREEZE=1 cargo test -p takt-protocol"));
        assert_eq!(known, *schema, "{id} was published otherwise: make a new version of it");
    }
    for file in published() {
        assert!(named.contains_key(file.trim_end_matches(".json")), "{file} is published and no longer told: keep telling it");
    }
}
