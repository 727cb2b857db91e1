//! An edge, from outside: a process in which nothing is at home keeps what a laboratory tells while its line is down, is killed, fills up
//! until it takes nothing but holds, and brings all of it when the line is mended. Judged by the log of the laboratory's home: each
//! message that was acknowledged stands in it once, and its bytes are kept there.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};
use takt_cluster::clock::SystemClock;
use takt_cluster::jetstream::JetStream;
use takt_cluster::jetstream::servers::Servers;
use takt_simulations::logs::Logs;

use crate::federation::{client, is_up, link, region, told};
use crate::servers;
use crate::several::{Node, read, until};
use crate::wire::Wire;

/// Messages for which there is room at the edge, and how many more that hold goods.
const ROOM: usize = 100;
const RESERVE: usize = 10;

/// The folder to start from; its laboratory is at home on servers and is heard at an edge, too.
fn write(config: &Path, servers: &Servers, wire: &Wire) {
    takt_config::start::write_to(config).unwrap();
    let change = |file: &str, from: &str, to: &str| {
        let text = std::fs::read_to_string(config.join(file)).unwrap();
        assert!(text.contains(from), "{file} does not say `{from}`");
        std::fs::write(config.join(file), text.replacen(from, to, 1)).unwrap();
    };
    change("mesh.yaml", "regions: [main]", "regions: [main, edge]");
    change("sites/lims.yaml", "region: main\n", "region: main\nedge: edge\n");
    // JSON is YAML.
    let engines = json!({
        "main": { "jetstream": {
            "servers": servers.addresses(), "monitors": servers.monitors(), "user": "a0", "password": "${NATS_PASSWORD}", "shards": 4,
        } },
        "edge": { "embedded": { "spool": { "most": ROOM, "reserve": RESERVE } } },
    });
    std::fs::write(config.join("regions.yaml"), engines.to_string()).unwrap();
    let road = json!([{
        "from": "edge", "to": "main", "servers": [format!("nats://{}", wire.address)], "user": "a0", "password": "${NATS_PASSWORD}",
    }]);
    std::fs::write(config.join("roads.yaml"), road.to_string()).unwrap();
}

/// Tells the edge something of a lot; the status.
async fn tell(edge: &Node, topic: &str, number: usize) -> u16 {
    let message = json!({
        "message": format!("told-{number}"), "at": "2026-11-24T03:10:00+01:00", "plant": "plant-1", "material": "FG-100",
        "nonconformance": format!("NC-{number}"), "reference": format!("plant-1/S-{number}"), "lot": format!("L-{}", number % 10),
        "pallets": [], "reason": "weld", "verdict": "pass", "values": [],
    });
    post(edge, topic, message.to_string()).await
}

async fn post(edge: &Node, topic: &str, body: String) -> u16 {
    let request = client().post(format!("{}/in/lims/{topic}", edge.url)).bearer_auth("LIMS").body(body);
    request.header("content-type", "application/json").send().await.unwrap().status().as_u16()
}

/// Waits until people are told so about the room at the edge.
async fn alarm(edge: &Node, word: &Value) {
    until("people are told how full it is", async || link(edge, "edge").await["alarm"] == *word).await;
}

/// Tells results until there is no more room: how many of them were taken, the holds behind them included.
async fn fill(dir: &Path, mut edge: Node) -> (Node, usize) {
    let mut number = 0;
    alarm(&edge, &Value::Null).await;
    for (upto, word) in [(ROOM / 2, "half"), (ROOM * 8 / 10, "most")] {
        while number < upto {
            assert_eq!(tell(&edge, "result.reported", number).await, 202);
            number += 1;
        }
        alarm(&edge, &json!(word)).await;
        // A node that is dropped is killed with kill -9.
        drop(edge);
        edge = Node::start(dir, "edge", &["--region", "edge"]);
        until("it says what waits", async || link(&edge, "edge").await["other"] == number).await;
    }
    // As long as a message may be.
    let long = format!("{{\"this is\": \"{}\"}}", "x".repeat((1 << 20) - 15));
    assert_eq!((long.len(), post(&edge, "result.reported", long).await), (1 << 20, 202));
    while tell(&edge, "result.reported", number).await == 202 {
        number += 1;
        assert!(number < 2 * ROOM, "more was taken than there is room for");
    }
    alarm(&edge, &json!("full")).await;
    let row = link(&edge, "edge").await;
    assert_eq!((&row["most"], &row["other"], &row["up"]), (&json!(ROOM), &json!(number + 1), &json!(false)), "{row}");
    assert_eq!(tell(&edge, "result.reported", number).await, 503, "there is no room");
    for _ in 0..RESERVE {
        assert_eq!(tell(&edge, "nonconformance.raised", number).await, 202, "a hold found no room");
        number += 1;
    }
    (edge, number)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_edge_keeps_what_is_told_while_its_line_is_down_and_brings_each_message_once() {
    drop(rustls::crypto::ring::default_provider().install_default());
    let dir = tempfile::tempdir().unwrap();
    let servers = servers::three(dir.path());
    let wire = Wire::to(servers.addresses()[0].clone()).await;
    write(&dir.path().join("config"), &servers, &wire);
    let main = Node::start(dir.path(), "main", &["--region", "main"]);
    let edge = Node::start(dir.path(), "edge", &["--region", "edge"]);
    until("both ends hear each other", async || is_up(&main, true).await && is_up(&edge, true).await).await;
    // What is told at both doors is one message.
    assert_eq!((tell(&edge, "result.reported", 5_000).await, tell(&main, "result.reported", 5_000).await), (202, 202));
    let emptied = async |edge: &Node| {
        let row = link(edge, "edge").await;
        row["other"] == 0 && row["urgent"] == 0
    };
    // What waits is counted now and then; that something was brought is known at once.
    let brought = async || link(&edge, "edge").await["sequence"].as_u64() > Some(0);
    until("it is brought", async || brought().await && emptied(&edge).await).await;
    wire.is_cut.send_replace(true);
    until("both ends see that they are cut apart", async || is_up(&main, false).await && is_up(&edge, false).await).await;

    let (edge, count) = fill(dir.path(), edge).await;
    wire.is_cut.send_replace(false);
    until("the road is open", async || is_up(&edge, true).await).await;
    until("nothing waits at the edge any more", async || emptied(&edge).await).await;
    alarm(&edge, &Value::Null).await;
    assert_eq!(tell(&edge, "result.reported", 6_000).await, 202, "there is room again");
    let case = async || read(&main.url, "QUALITY", "exceptions").await.is_some_and(|found| found.to_string().contains("result.reported"));
    until("what nobody understands is a case where its system is at home", case).await;
    judged(&servers, count).await;
    drop((main, edge));
}

/// The account: each message stands in the log of its home once, as soon as all is decided, and leads back to its bytes.
async fn judged(servers: &Servers, count: usize) {
    let mut settings = servers.settings(region("main"), 0);
    settings.shards = 4;
    let engine = JetStream::open(settings, Arc::new(SystemClock::start())).await.unwrap();
    let seams = engine.seams();
    let wanted: BTreeSet<String> = (0..count).chain([5_000, 6_000]).map(|number| format!("told-{number}")).collect();
    until("every message is decided", async || told(&seams).await.len() >= wanted.len()).await;
    let found = told(&seams).await;
    assert_eq!(found.keys().cloned().collect::<BTreeSet<_>>(), wanted);
    assert!(found.values().all(|times| *times == 1), "{found:?}");
    let (mut logs, mut broken) = (Logs::default(), Vec::new());
    logs.read(&seams, &mut broken).await.unwrap();
    let behind = logs.steps().filter(|(_, step)| step.key.to_string().contains("/told-"));
    let raws: Vec<_> = behind.filter_map(|(_, step)| step.origin.as_ref().map(|origin| origin.raw)).collect();
    assert_eq!(raws.len(), wanted.len(), "a message does not lead back to its bytes");
    for raw in raws {
        assert!(seams.blobs.get(&raw).await.unwrap().is_some(), "the bytes {raw} are gone");
    }
    engine.stop().await;
}
