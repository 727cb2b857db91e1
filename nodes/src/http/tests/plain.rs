//! What somebody new sends wrong is told in words of the business, with the place and the remedy.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Back, Person, back, hold, release};
use crate::ask::tests::fixture::World;

const RELEASES: &str = "/v1/production-order-releases";

/// Words of our libraries, which say nothing to whoever sends a request.
const OURS: [&str; 8] = ["struct ", "deserialize", "u64", "u32", "invalid type", "provided string", "field `", "expected"];

fn but(field: &str, value: Value) -> Value {
    let mut body = release("PL-9");
    body[field] = value;
    body
}

fn says(no: &Back, words: &str) {
    assert!(no.field("message").contains(words), "{words}: {no:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shape_that_is_wrong_is_told_without_a_word_of_our_program() {
    let world = World::start().await;
    let plant = Person::plant(&world);
    let twice = format!("{{\"total\": \"1 H87\", {}", release("PL-9").to_string().trim_start_matches('{'));
    let table = [
        (RELEASES, "\"x\"".to_owned(), "", "the text \"x\" stands where an object belongs"),
        (RELEASES, "7".to_owned(), "", "the number `7` stands where an object belongs"),
        (RELEASES, "null".to_owned(), "", "null stands where an object belongs"),
        (RELEASES, but("total", json!(480)).to_string(), "total", "the number `480` stands where a text belongs"),
        (RELEASES, but("total", json!({})).to_string(), "total", "an object stands where a text belongs"),
        (RELEASES, twice, "total", "stands twice"),
        (
            "/v1/quality-holds",
            hold("N7").to_string().replacen('{', "{\"units\": \"1\",", 1),
            "units",
            "the text \"1\" stands where a list belongs",
        ),
        (
            "/v1/orders/PL-9/technical-completions",
            "{\"force\": 1}".to_owned(),
            "force",
            "the number `1` stands where true or false belongs",
        ),
        ("/v1/orders/PL-9/reversals", "{\"posting\": -1, \"reason\": \"x\"}".to_owned(), "posting", "a whole number from 0 on belongs"),
    ];
    for (at, (path, body, field, words)) in table.into_iter().enumerate() {
        let no = back(plant.request(Method::POST, path).header("Idempotency-Key", format!("s{at}")).body(body)).await;
        no.is(400, "SCHEMA", field);
        says(&no, words);
        let message = no.field("message").replace("the field `total`", "");
        assert!(OURS.iter().all(|ours| !message.contains(ours)), "{no:?}");
    }
    for (path, words) in [
        ("/v1/search", "the parameter `q` is missing"),
        ("/v1/search?q=a&q=b", "the parameter `q` stands twice"),
        ("/v1/orders?most=-1", "the parameter `most` is no whole number"),
        ("/v1/orders?open=perhaps", "the parameter `open` is neither true nor false"),
        ("/v1/orders?colour=red", "there is no parameter `colour`"),
    ] {
        let no = plant.gets(path).await;
        no.is(400, "SCHEMA", "query");
        says(&no, words);
        assert!(OURS.iter().all(|ours| !no.field("message").contains(ours)), "{no:?}");
    }
    let strange = plant.gets("/v1/orders?colour=red").await;
    assert!(strange.body["choices"].as_array().unwrap().contains(&json!("most")), "{strange:?}");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_is_said_to_be_no_json_is_refused_and_one_of_which_nothing_is_said_is_taken() {
    let world = World::start().await;
    let plant = Person::plant(&world);
    let sent = async |kind: Option<&str>, key: &str| {
        let request = plant.request(Method::POST, RELEASES).header("Idempotency-Key", key);
        let request = kind.iter().fold(request, |request, kind| request.header("Content-Type", *kind));
        back(request.body(release("PL-9").to_string())).await
    };
    for kind in ["text/plain", "application/x-www-form-urlencoded", "application/xml", "application/+json", "text/json; charset=utf-8"] {
        let no = sent(Some(kind), "k").await;
        no.is(415, "MEDIA_TYPE", "Content-Type");
        assert!(no.field("remedy").contains("application/json"), "{no:?}");
    }
    for (at, kind) in [None, Some("application/json"), Some("Application/JSON; charset=utf-8"), Some("application/vnd.plant+json")]
        .into_iter()
        .enumerate()
    {
        let taken = sent(kind, "k").await;
        assert_eq!((taken.status.as_u16(), taken.replayed), (200, at > 0), "{kind:?}: {taken:?}");
    }
    let document = plant.gets("/openapi.json").await.body;
    assert!(document["paths"][RELEASES]["post"]["responses"]["415"].is_object());
    assert!(document["paths"]["/in/{source}/{topic}"]["post"]["responses"]["415"].is_null(), "a system sends whatever it sends");
    assert!(document["paths"][RELEASES]["post"]["x-codeSamples"][0]["source"].as_str().unwrap().contains("Content-Type: application/json"));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_that_does_not_look_like_what_it_is_is_refused_and_one_that_is_padded_is_found() {
    let world = World::start().await;
    let plant = Person::plant(&world);
    for (at, (name, remedy)) in [
        (" PL-9", "without the blanks"),
        ("PL-9 ", "without the blanks"),
        ("\u{a0}PL-9", "without the blanks"),
        ("PL\t-9", "type it anew"),
        ("PL-\u{202e}9", "type it anew"),
        ("PL-\u{2066}9\u{2069}", "type it anew"),
        ("PL-\u{200b}9", "type it anew"),
        ("\u{feff}PL-9", "type it anew"),
    ]
    .into_iter()
    .enumerate()
    {
        for field in ["planned_order", "material", "lot", "total"] {
            let no = plant.posts(RELEASES, &format!("n{at}{field}"), but(field, json!(name))).await;
            no.is(422, "SCHEMA", field);
            assert!(no.field("remedy").contains(remedy), "{no:?}");
            assert!(no.field("message").chars().all(|letter| !('\u{2000}'..'\u{2070}').contains(&letter)), "{no:?}");
        }
        plant.posts("/v1/quality-holds", &format!("h{at}"), hold(name)).await.is(422, "SCHEMA", "lot");
    }
    for qty in ["5  MTR", "5 M TR"] {
        let no = plant.posts(RELEASES, "q", but("total", json!(qty))).await;
        no.is(422, "SCHEMA", "total");
        assert!(no.field("remedy").contains("one blank"), "{no:?}");
    }
    let order = world.released("1000042").await.to_string();
    assert_eq!(plant.gets("/v1/orders/%20%201000042%20").await.field("id"), order, "as its ERP pads it");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_site_that_is_no_plant_is_told_with_the_plants_there_are() {
    let world = World::start().await;
    let plant = Person::plant(&world);
    let order = world.released("1000042").await.to_string();
    let split = |site: &str| json!({ "total": "100 H87", "reference": "S-1", "plant": site, "reason": "half of it elsewhere" });
    for (at, site) in ["wms-hub", "erp-eu", "west"].into_iter().enumerate() {
        let released = plant.posts(RELEASES, &format!("r{at}"), but("plant", json!(site))).await;
        let split = plant.posts(&format!("/v1/orders/{order}/splits"), &format!("s{at}"), split(site)).await;
        for no in [released, split] {
            no.is(422, "UNKNOWN", "plant");
            assert_eq!(no.body["choices"], json!(["afar", "nord"]), "{no:?}");
        }
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_material_that_only_the_folder_has_is_told_with_its_file() {
    let world = World::start().await;
    let plant = Person::plant(&world);
    let known = plant.gets("/v1/master-data/material/PIPE-20").await;
    known.is(404, "UNKNOWN", "id");
    says(&known, "no system has stated the material `PIPE-20`: what holds stands in materials/all.yaml");
    let nobody = plant.gets("/v1/master-data/material/PIPE-21").await;
    nobody.is(404, "UNKNOWN", "id");
    says(&nobody, "no material of that name is known");
    world.stop().await;
}
