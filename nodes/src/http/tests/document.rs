//! The `OpenAPI` document is what the server does: every path of it answers, every example can be pasted.

use std::collections::{BTreeMap, BTreeSet};

use reqwest::Method;
use serde_json::Value;

use super::{Person, back};
use crate::ask::tests::fixture::World;

/// No generic create, read, update, delete: a path names a business event or a thing, never a table.
const TABLES: [&str; 4] = ["/update", "/delete", "/create", "/upsert"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_example_of_the_document_is_understood() {
    let world = World::start().await;
    let plant = Person::plant(&world);
    let document = back(plant.request(Method::GET, "/openapi.json")).await.body;
    let paths = document["paths"].as_object().unwrap();
    let mut tried = 0;
    for (path, item) in paths.iter().filter(|(_, item)| item.get("post").is_some()) {
        assert!(TABLES.iter().all(|table| !path.contains(table)), "{path}");
        let post = &item["post"];
        let Some(example) = post.pointer("/requestBody/content/application~1json/example") else { continue };
        let id = post["parameters"].as_array().unwrap().iter().find(|parameter| parameter["name"] == "id");
        let path = path.replace("{id}", id.and_then(|id| id["example"].as_str()).unwrap_or_default());
        let key = post["parameters"].as_array().unwrap().iter().find(|parameter| parameter["name"] == "Idempotency-Key");
        let about = key.and_then(|key| key["description"].as_str()).unwrap_or_default();
        assert!(about.contains("within the thing it is about") && about.contains("another order is another request"), "{path}: {about}");
        let answer = plant.posts(&path, "example", example.clone()).await;
        let code = answer.field("code");
        assert!(!["SCHEMA", "UNKNOWN_PATH", "UOM_UNMAPPED", "INTERNAL"].contains(&code), "{path}: {answer:?}");
        let shell = post["x-codeSamples"][0]["source"].as_str().unwrap();
        assert!(shell.contains(&path) && shell.contains(&example.to_string()), "{shell}");
        tried += 1;
    }
    assert!(tried >= 15, "only {tried} paths have an example");
    world.stop().await;
}

/// Two types under one name in the document: one of them would be described as the other.
#[test]
fn no_two_answers_have_one_name() {
    let mut names = BTreeMap::new();
    let mut folders = vec![std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            let lines: Vec<&str> = text.lines().collect();
            for (at, _) in lines.iter().enumerate().filter(|(_, line)| line.starts_with("#[derive(") && line.contains("ToSchema")) {
                let declared = lines[at..].iter().find_map(|line| line.split_once("struct ").or_else(|| line.split_once("enum ")));
                let named = lines[at..at + 4].iter().find_map(|line| line.strip_prefix("#[schema(as = "));
                let words = named.or(declared.map(|(_, name)| name)).unwrap();
                let name: String = words.chars().take_while(|letter| letter.is_alphanumeric()).collect();
                if let Some(other) = names.insert(name.clone(), path.clone()) {
                    panic!("{name} is declared in {} and in {}", path.display(), other.display());
                }
            }
        }
    }
    assert!(names.len() > 60, "{names:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_operation_is_described_and_names_its_troubles() {
    let world = World::start().await;
    let document = back(Person::plant(&world).request(Method::GET, "/openapi.json")).await.body;
    let schemas = document["components"]["schemas"].as_object().unwrap();
    let mut ids = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            assert!(operation["summary"].is_string(), "{method} {path} says nothing");
            assert!(
                ids.insert(operation["operationId"].to_string()),
                "{method} {path} has the name of another: {}",
                operation["operationId"]
            );
            if path.starts_with("/v1/") && method == "post" {
                let headers: Vec<&str> =
                    operation["parameters"].as_array().unwrap().iter().filter_map(|one| one["name"].as_str()).collect();
                assert!(headers.contains(&"Idempotency-Key"), "{path}");
                assert_eq!(
                    operation["responses"]["409"]["content"]["application/json"]["schema"]["$ref"],
                    "#/components/schemas/Complaint"
                );
            }
        }
    }
    let release = &schemas["ReleaseOrder"];
    let required: Vec<&str> = release["required"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert!(required.contains(&"total") && !required.contains(&"recipe"), "{release}");
    assert!(release["properties"]["total"]["description"].as_str().unwrap().contains("UNECE"), "{release}");
    assert!(release["properties"].get("cover").is_none(), "{release}");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_node_says_that_it_is_at_work() {
    let world = World::start().await;
    let health = back(Person::plant(&world).request(Method::GET, "/healthz")).await.body;
    assert_eq!((health["status"].as_str(), health["regions"].as_array().unwrap().len()), (Some("ok"), 2));
    world.stop().await;
}
