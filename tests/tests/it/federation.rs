//! Two regions in two processes, from outside: one on three real nats-servers, and an embedded one that dials it. Asked in both
//! directions, cut apart, told a lot meanwhile on both sides, and joined again. Judged by the logs: all that was taken stands in them
//! once.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use takt_cluster::clock::SystemClock;
use takt_cluster::embedded::{self, Embedded};
use takt_cluster::jetstream::JetStream;
use takt_cluster::jetstream::servers::Servers;
use takt_cluster::seam::{Clock as _, Seams};
use takt_protocol::name::Region;
use takt_simulations::logs::Logs;
use tokio::task::JoinSet;

use crate::demo::TAKT;
use crate::servers;
use crate::several::{Node, until};
use crate::wire::Wire;

mod seen;
mod twice;

use seen::{events, heard_alike, one_cause_from_afar, seen_whole};

/// Messages that each side is told while they are apart: half of them holds, half of them not.
const TOLD: usize = 1_000;

/// Who tells them, on each side.
const TELLERS: usize = 16;

/// Lots that they are about, on each side.
const LOTS: usize = 25;

pub(crate) fn region(name: &str) -> Region {
    Region::parse(name).unwrap()
}

/// The folder to start from, with its plant and an ERP and a quality system of their own at `edge`, another plant and the rest at `main`.
pub(crate) fn two_regions(config: &Path) {
    takt_config::start::write_to(config).unwrap();
    let change = |file: &str, as_file: &str, changes: &[(&str, &str)]| {
        let mut text = std::fs::read_to_string(config.join(file)).unwrap();
        for (from, to) in changes {
            assert!(text.contains(from), "{file} does not say `{from}`");
            text = text.replace(from, to);
        }
        std::fs::write(config.join(as_file), text).unwrap();
    };
    change("mesh.yaml", "mesh.yaml", &[("regions: [main]", "regions: [main, edge]")]);
    change("sites/plant-1.yaml", "sites/plant-2.yaml", &[("${PLANT_1_TOKEN}", "${PLANT_2_TOKEN}")]);
    change("sites/lims.yaml", "sites/lims-2.yaml", &[("region: main", "region: edge"), ("${LIMS_TOKEN}", "${LIMS_2_TOKEN}")]);
    change("sites/erp.yaml", "sites/erp-2.yaml", &[("region: main", "region: edge"), ("${ERP_TOKEN}", "${ERP_2_TOKEN}")]);
    change("sites/plant-1.yaml", "sites/plant-1.yaml", &[("region: main", "region: edge"), ("erp: erp\n", "erp: erp-2\n")]);
    for folder in ["recipes", "equipment"] {
        for file in std::fs::read_dir(config.join(folder)).unwrap() {
            let file = format!("{folder}/{}", file.unwrap().file_name().to_str().unwrap());
            change(&file, &file.replace("plant-1", "plant-2"), &[("plant-1", "plant-2")]);
        }
    }
}

pub(crate) fn write(config: &Path, servers: &Servers, wire: &Wire) {
    two_regions(config);
    // JSON is YAML.
    let engine = json!({ "main": { "jetstream": {
        "servers": servers.addresses(), "monitors": servers.monitors(), "user": "a0", "password": "${NATS_PASSWORD}", "shards": 4,
    } } });
    std::fs::write(config.join("regions.yaml"), engine.to_string()).unwrap();
    let road = json!([{
        "from": "edge", "to": "main", "servers": [format!("nats://{}", wire.address)], "user": "a0", "password": "${NATS_PASSWORD}",
    }]);
    std::fs::write(config.join("roads.yaml"), road.to_string()).unwrap();
}

pub(crate) fn client() -> reqwest::Client {
    reqwest::Client::builder().timeout(Duration::from_secs(12)).build().unwrap()
}

pub(crate) async fn get(node: &Node, path: &str) -> (u16, Value) {
    let answer = client().get(format!("{}{path}", node.url)).bearer_auth("PLANNER").send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

pub(crate) async fn post(node: &Node, path: &str, (key, by): (&str, &str), body: &Value) -> (u16, Value) {
    let request = client().post(format!("{}/v1/{path}", node.url)).bearer_auth(by).header("Idempotency-Key", key).json(body);
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

/// Releases an order of a plant; its id.
pub(crate) async fn release(node: &Node, plant: &str, number: &str) -> String {
    let order = json!({
        "erp": if plant == "plant-1" { "erp-2" } else { "erp" }, "planned_order": number, "plant": plant, "material": "FG-100", "total": "10 H87",
        "start": "2027-01-11T06:00:00+01:00", "end": "2027-01-11T14:00:00+01:00",
    });
    let (status, answer) = post(node, "production-order-releases", (number, "PLANNER"), &order).await;
    assert_eq!(status, 200, "{answer}");
    answer["entity"].as_str().unwrap().to_owned()
}

/// Places a hold on a lot of a plant.
pub(crate) async fn hold(node: &Node, plant: &str, lot: &str) -> (u16, Value) {
    let hold = json!({ "hold": format!("H-{lot}"), "plant": plant, "material": "FG-100", "lot": lot, "reason": "weld" });
    post(node, "quality-holds", (&format!("hold-{lot}"), "QUALITY"), &hold).await
}

/// The row of one direction.
pub(crate) async fn link(node: &Node, from: &str) -> Value {
    let (_, found) = get(node, "/v1/links").await;
    let rows = found["rows"].as_array().cloned().unwrap_or_default();
    rows.into_iter().find(|row| row["from"] == from).unwrap_or_default()
}

/// Tells a node what a quality system says of lots of a plant that is at home in the other region.
async fn tell(node: &Node, (system, token): (&str, &str), plant: &str) {
    let mut telling = JoinSet::new();
    for first in 0..TELLERS {
        let (client, url, token, plant) = (client(), format!("{}/in/{system}", node.url), token.to_owned(), plant.to_owned());
        telling.spawn(async move {
            for number in (first..TOLD).step_by(TELLERS) {
                let topic = if number % 2 == 0 { "nonconformance.raised" } else { "result.reported" };
                let lot = format!("{plant}-{}", number % LOTS);
                let message = json!({
                    "message": format!("told-{plant}-{number}"), "at": "2026-11-24T03:10:00+01:00", "plant": plant, "material": "FG-100",
                    "nonconformance": format!("NC-{plant}-{number}"), "reference": format!("{plant}/S-{number}"), "lot": lot,
                    "pallets": [], "reason": "weld", "verdict": "pass", "values": [],
                });
                let request = client.post(format!("{url}/{topic}")).bearer_auth(&token).json(&message);
                let answer = request.send().await.unwrap();
                assert_eq!(answer.status(), 202, "{}", answer.text().await.unwrap());
            }
        });
    }
    while let Some(told) = telling.join_next().await {
        told.unwrap();
    }
}

/// How often each message that was told stands in the logs of a region.
pub(crate) async fn told(seams: &Seams) -> BTreeMap<String, usize> {
    let (mut logs, mut broken) = (Logs::default(), Vec::new());
    logs.read(seams, &mut broken).await.unwrap();
    assert_eq!(broken, Vec::<String>::new());
    let mut keys = BTreeMap::new();
    for (_, step) in logs.steps() {
        let key = step.key.to_string();
        let message = key.rsplit('/').next().unwrap_or_default();
        if message.starts_with("told-") {
            *keys.entry(message.to_owned()).or_default() += 1;
        }
    }
    keys
}

pub(crate) async fn is_up(node: &Node, up: bool) -> bool {
    link(node, "main").await["up"] == up && link(node, "edge").await["up"] == up
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_regions_in_two_processes_ask_each_other_and_lose_and_double_nothing_when_they_are_cut_apart() {
    drop(rustls::crypto::ring::default_provider().install_default());
    let dir = tempfile::tempdir().unwrap();
    let servers = servers::three(dir.path());
    let wire = Wire::to(servers.addresses()[0].clone()).await;
    write(&dir.path().join("config"), &servers, &wire);
    // The plant is there first, and needs nobody.
    wire.is_cut.send_replace(true);
    let edge = Node::start(dir.path(), "edge", &["--region", "edge"]);
    release(&edge, "plant-1", "PL-alone").await;
    let main = Node::start(dir.path(), "main", &["--region", "main"]);
    wire.is_cut.send_replace(false);
    until("both ends hear each other", async || is_up(&main, true).await && is_up(&edge, true).await).await;

    asked_both_ways(&main, &edge).await;
    every_question(&main, &edge).await;
    let order = release(&main, "plant-1", "PL-before").await;
    seen_whole(&main, true).await;
    seen_whole(&edge, true).await;
    heard_alike(&main, &edge).await;
    one_cause_from_afar(&main).await;
    wire.is_cut.send_replace(true);
    until("both ends see that they are cut apart", async || is_up(&main, false).await && is_up(&edge, false).await).await;
    apart(&main, &edge, &order).await;
    wire.is_cut.send_replace(false);
    joined(&main, &edge, &order).await;

    drop((main, edge));
    let mut settings = servers.settings(region("main"), 0);
    settings.shards = 4;
    let on_servers = JetStream::open(settings, Arc::new(SystemClock::start())).await.unwrap();
    let store = dir.path().join("edge").join("regions").join("edge");
    let on_disk = Embedded::open(&store, embedded::Settings::of(region("edge")), Arc::new(SystemClock::start())).unwrap();
    for (seams, plant) in [(on_servers.seams(), "plant-2"), (on_disk.seams(), "plant-1")] {
        let found = told(&seams).await;
        let wrong: Vec<_> = (0..TOLD)
            .map(|number| format!("told-{plant}-{number}"))
            .filter(|message| found.get(message).copied().unwrap_or_default() != 1)
            .collect();
        assert!(wrong.is_empty() && found.len() == TOLD, "{} of {TOLD} not once, {} in all: {wrong:?}", wrong.len(), found.len());
    }
    on_servers.stop().await;
    on_disk.stop();
}

/// What is at home in the other region is decided there, and shown here.
pub(crate) async fn asked_both_ways(main: &Node, edge: &Node) {
    for (node, plant, home, number) in [(main, "plant-1", "edge", "PL-1"), (edge, "plant-2", "main", "PL-2")] {
        let order = release(node, plant, number).await;
        assert!(order.contains(&format!(".{home}.")), "{order} is not at home in {home}");
        // By our id, and by a number that only the other region knows.
        for path in [format!("/v1/orders/{order}"), format!("/v1/orders/{number}"), format!("/v1/orders/{order}/timeline")] {
            let (status, shown) = get(node, &path).await;
            assert_eq!(status, 200, "{path}: {shown}");
        }
        // A report by that number waits at its plant, because the ERP of the order has not made it yet.
        let done = json!({ "plant": plant, "order": number, "operation": "20", "good": "1 H87" });
        let (status, told) = post(node, "operation-completions", (&format!("done-{number}"), "SHOPFLOOR"), &done).await;
        assert!(status == 202 && told["entity"] == order && told["answer"] == "quarantined", "{told}");
        let quarantined = async || {
            let (_, sites) = get(node, "/v1/sites").await;
            sites["rows"].as_array().unwrap().iter().any(|site| site["name"] == plant && site["quarantine"] == 1)
        };
        until("the plant keeps the report", quarantined).await;
        // The same request again has its answer, and no second effect.
        assert_eq!(release(node, plant, number).await, order);
        for lot in 0..LOTS {
            let (status, held) = hold(node, plant, &format!("{plant}-{lot}")).await;
            assert_eq!(status, 200, "{held}");
        }
        let (status, lot) = get(node, &format!("/v1/lots/FG-100%2F{plant}-0")).await;
        assert!(status == 200 && lot["holds"].as_array().is_some_and(|holds| holds.len() == 1), "{lot}");
    }
}

/// Each goes on alone: what is at home here is decided, what is at home there is refused with a word, and what is told is taken.
async fn apart(main: &Node, edge: &Node, order: &str) {
    let (status, no) = get(main, &format!("/v1/orders/{order}")).await;
    assert_eq!((status, &no["code"]), (503, &json!("UNREACHABLE")), "{no}");
    let said = no["message"].as_str().unwrap();
    assert!(said.contains("region edge") && said.contains("heard last at"), "{said}");
    let (status, no) = hold(edge, "plant-2", "plant-2-late").await;
    assert_eq!((status, &no["code"]), (503, &json!("UNREACHABLE")), "{no}");
    let (status, health) = get(main, "/healthz").await;
    assert!(status == 200 && health["silent"]["edge"].as_str().is_some_and(|said| said.contains("not heard since")), "{health}");
    seen_whole(main, false).await;
    seen_whole(edge, false).await;
    let (_, told) = get(main, "/v1/sites/erp-2/deliveries").await;
    assert!(told["nodes"].to_string().contains(r#""who":"region edge""#) && told["nodes"].to_string().contains("missing"), "{told}");
    let (_, shown) = get(main, "/v1/orders/PL-2").await;
    assert!(shown["systems"].as_array().unwrap().iter().all(|row| row["missing"] == json!(["region edge"])), "{}", shown["systems"]);
    release(edge, "plant-1", "PL-apart").await;
    release(main, "plant-2", "PL-apart-2").await;
    let clock = SystemClock::start();
    tokio::join!(tell(main, ("lims", "LIMS"), "plant-1"), tell(edge, ("lims-2", "LIMS_2"), "plant-2"));
    eprintln!("federation: {} messages taken in {:?} while cut apart", 2 * TOLD, clock.elapsed());
    for (node, from) in [(main, "main"), (edge, "edge")] {
        until("what waits is counted", async || {
            let row = link(node, from).await;
            let half = Some(TOLD as u64 / 2);
            row["urgent"].as_u64() >= half && row["other"].as_u64() >= half && row["oldest"].is_string()
        })
        .await;
    }
    alone(edge, main).await;
}

/// What the command line says at a node; whether it was told.
async fn asked(node: &Node, words: &[&str]) -> (bool, String) {
    let mut command = std::process::Command::new(TAKT);
    command.args(words).args(["--url", &node.url, "--token", "PLANNER"]);
    let told = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    (told.status.success(), format!("{}{}", String::from_utf8_lossy(&told.stdout), String::from_utf8_lossy(&told.stderr)))
}

/// The plant's own screen says what goes on while it is cut off, what waits, and since when; the other end says what it cannot know.
async fn alone(edge: &Node, main: &Node) {
    let (told, screen) = asked(edge, &["sites", "show", "plant-1"]).await;
    eprintln!("{screen}");
    for words in [
        "AUTONOMY     at home elsewhere: warehouse (main)",
        "works: orders, lots, handling units and holds of this plant are decided here   waits: what is meant for warehouse (main)",
        "main → edge DOWN since ",
        "edge → main DOWN since ",
        "holds and ",
        "room ",
    ] {
        assert!(told && screen.contains(words), "`{words}` is not in\n{screen}");
    }
    let (_, screen) = asked(main, &["sites", "show", "plant-1"]).await;
    assert!(screen.contains("region edge\nits region does not answer here: most of this is unknown"), "{screen}");
}

/// Every question of a screen has its answer at either node, wherever the thing is at home.
async fn every_question(main: &Node, edge: &Node) {
    for (node, order, plant) in [(main, "PL-1", "plant-1"), (edge, "PL-2", "plant-2"), (main, "PL-2", "plant-2"), (edge, "PL-1", "plant-1")]
    {
        let lot = format!("FG-100/{plant}-0@{plant}");
        let questions: [(&[&str], &str); 12] = [
            (&["order", "show", order], "ORDER "),
            (&["order", "timeline", order], "chain verified to commit"),
            (&["order", "postings", order], "POSTINGS "),
            (&["order", "genealogy", order], "GENEALOGY "),
            (&["ledger", order], "reported = posted + adopted"),
            (&["lot", "show", &lot], &format!("HOLD H-{plant}-0")),
            (&["lot", "reach", &lot], "REACH of a hold on"),
            (&["lot", "trace", &lot], "TRACE "),
            (&["sites", "show", plant], &format!("PLANT {plant}")),
            (&["exceptions", "list"], "EXCEPTIONS "),
            (&["search", order], order),
            (&["links"], "LINKS"),
        ];
        for (words, wanted) in questions {
            let (told, screen) = asked(node, words).await;
            assert!(told && screen.contains(wanted), "takt {} at {}: {screen}", words.join(" "), node.url);
        }
        let (told, raws) = asked(node, &["order", "raw", order, "--json"]).await;
        assert!(told && raws.contains("\"steps\"") && !raws.contains("\"facts\""), "the whole timeline, and not its messages: {raws}");
    }
}

/// What waited arrives, and both ask each other again.
async fn joined(main: &Node, edge: &Node, order: &str) {
    let clock = SystemClock::start();
    until("nothing waits any more", async || {
        let rows = [link(main, "main").await, link(edge, "edge").await];
        rows.iter().all(|row| row["up"] == true && row["urgent"] == 0 && row["other"] == 0 && row["dead"] == 0)
    })
    .await;
    eprintln!("federation: {} messages brought {:?} after the wire was mended", 2 * TOLD, clock.elapsed());
    for node in [main, edge] {
        for from in ["main", "edge"] {
            until("what was brought is told at both ends", async || link(node, from).await["brought"].as_u64() >= Some(TOLD as u64)).await;
        }
    }
    let (status, shown) = get(main, &format!("/v1/orders/{order}")).await;
    assert_eq!(status, 200, "{shown}");
    for (node, plant) in [(main, "plant-1"), (edge, "plant-2")] {
        until("what was told of a lot is decided", async || {
            let (_, lot) = get(node, &format!("/v1/lots/FG-100%2F{plant}-0")).await;
            lot["holds"].as_array().is_some_and(|holds| holds.len() > 1)
        })
        .await;
    }
    let (status, held) = hold(edge, "plant-2", "plant-2-late").await;
    assert_eq!(status, 200, "{held}");
    // What is in the queues by now is decided before anybody looks into the logs.
    for (node, region) in [(main, "main"), (edge, "edge")] {
        until("every input is decided", async || {
            let (_, shards) = get(node, "/v1/shards").await;
            let rows = shards["rows"].as_array().cloned().unwrap_or_default();
            let here: Vec<_> = rows.iter().filter(|row| row["region"] == region).collect();
            !here.is_empty() && here.iter().all(|row| row["waiting"] == 0)
        })
        .await;
    }
    let (here, _) = events(main, "", true).await;
    let (there, _) = events(edge, "", true).await;
    assert!(here.len() > TOLD && here == there, "{} events are told at main, {} at edge", here.len(), there.len());
}
