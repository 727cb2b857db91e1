//! A plant that is cut off from its quality system, from outside: who may release a hold meanwhile, how that is shown, and what quality's
//! word does when the line is mended. And public events of the plant that its road's text names, read at the other region's servers:
//! those come, also what happened while there was no line, and others do not.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};
use takt_cluster::clock::SystemClock;
use takt_cluster::jetstream::JetStream;
use takt_cluster::jetstream::servers::Servers;
use takt_cluster::seam::Subscription;

use crate::federation::{get, hold, is_up, post, region, write};
use crate::servers;
use crate::several::{Node, until};
use crate::wire::Wire;

const LOT: &str = "/v1/lots/FG-100%2FL-1";

/// Production at the plant may release a hold while quality is not reached; two kinds of the plant's events are told at the other region.
fn delegate(config: &Path) {
    let change = |file: &str, from: &str, to: &str| {
        let text = std::fs::read_to_string(config.join(file)).unwrap();
        assert!(text.contains(from), "{file} does not say `{from}`");
        std::fs::write(config.join(file), text.replacen(from, to, 1)).unwrap();
    };
    change("roles.yaml", "may: [confirm_completion,", "may: [release_hold_offline, confirm_completion,");
    let file = config.join("roads.yaml");
    let mut roads: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    roads[0]["events"] =
        json!([{ "types": ["lot.provisionally_released", "lot.decided"], "sites": ["plant-1"] }, { "types": ["order.*"] }]);
    std::fs::write(file, roads.to_string()).unwrap();
}

/// Releases the hold at a node, in a role.
async fn release(node: &Node, key: &str, by: &str) -> (u16, Value) {
    let wish = json!({ "hold": "H-L-1", "plant": "plant-1", "material": "FG-100", "lot": "L-1", "reason": "looked at it" });
    post(node, "quality-hold-releases", (key, by), &wish).await
}

/// Whether the lot is held, whether it was released provisionally, and whether that is an exception.
async fn stands(node: &Node) -> (bool, bool, bool) {
    let (_, lot) = get(node, LOT).await;
    let some = |name: &str| lot[name].as_array().is_some_and(|all| !all.is_empty());
    let (_, cases) = get(node, "/v1/exceptions").await;
    (some("holds"), some("provisional_holds"), cases.to_string().contains("\"provisional\""))
}

async fn cut(wire: &Wire, cut: bool, main: &Node, edge: &Node) {
    wire.is_cut.send_replace(cut);
    until("both ends see it", async || is_up(main, !cut).await && is_up(edge, !cut).await).await;
}

/// What is told until a type of event comes; each with where it is from.
async fn told(events: &mut Subscription, upto: &str) -> Vec<(String, String)> {
    let mut told = Vec::new();
    loop {
        let note = tokio::time::timeout(std::time::Duration::from_mins(1), events.recv()).await.unwrap().unwrap();
        let event: Value = serde_json::from_slice(&note.bytes).unwrap();
        told.push((event["type"].as_str().unwrap().to_owned(), event["source"].as_str().unwrap().to_owned()));
        if told.last().is_some_and(|(kind, _)| kind == upto) {
            return told;
        }
    }
}

async fn listener(servers: &Servers) -> (JetStream, Subscription) {
    let mut settings = servers.settings(region("main"), 0);
    settings.shards = 4;
    let engine = JetStream::open(settings, Arc::new(SystemClock::start())).await.unwrap();
    let events = engine.seams().bus.subscribe("takt.main.evt.plant-1.>", 1_000).await.unwrap();
    (engine, events)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_quality_is_not_reached_a_delegated_role_releases_and_quality_countersigns_and_events_that_are_named_are_told() {
    drop(rustls::crypto::ring::default_provider().install_default());
    let dir = tempfile::tempdir().unwrap();
    let servers = servers::three(dir.path());
    let wire = Wire::to(servers.addresses()[0].clone()).await;
    write(&dir.path().join("config"), &servers, &wire);
    delegate(&dir.path().join("config"));
    let (main, edge) = (Node::start(dir.path(), "main", &["--region", "main"]), Node::start(dir.path(), "edge", &["--region", "edge"]));
    until("both ends hear each other", async || is_up(&main, true).await && is_up(&edge, true).await).await;
    let (engine, mut events) = listener(&servers).await;
    let (status, said) = hold(&edge, "plant-1", "L-1").await;
    assert_eq!(status, 200, "{said}");
    let (status, said) = release(&edge, "reached", "SHOPFLOOR").await;
    assert!(status != 200 && said.to_string().contains("the quality system is reached"), "{status} {said}");

    cut(&wire, true, &main, &edge).await;
    let (status, said) = release(&edge, "quality", "QUALITY").await;
    assert!(status != 200 && said["remedy"].as_str().is_some_and(|remedy| remedy.contains("release_hold_offline")), "{status} {said}");
    assert!(said["message"].as_str().is_some_and(|what| what.contains("region main")), "{said}");
    assert_eq!(stands(&edge).await, (true, false, false));
    let (status, said) = release(&edge, "shift", "SHOPFLOOR").await;
    assert_eq!(status, 200, "{said}");
    until("it is free, and everybody sees how", async || stands(&edge).await == (false, true, true)).await;
    let (_, lot) = get(&edge, LOT).await;
    let so = &lot["provisional_holds"][0]["provisional"];
    assert_eq!((&so["role"], &so["quality"]), (&json!("production"), &json!("lims")), "{lot}");

    cut(&wire, false, &main, &edge).await;
    until("it is shown at quality's own node", async || stands(&main).await == (false, true, true)).await;
    let (status, said) = release(&main, "countersigned", "QUALITY").await;
    assert_eq!(status, 200, "{said}");
    until("it is over", async || stands(&main).await == (false, false, false)).await;
    let found = told(&mut events, "takt.lot.decided.v1").await;
    let names: BTreeSet<&str> = found.iter().map(|(kind, _)| kind.as_str()).collect();
    assert_eq!(names, BTreeSet::from(["takt.lot.decided.v1", "takt.lot.provisionally_released.v1"]), "the hold itself is not told");
    assert!(found.iter().all(|(_, source)| source == "/takt/edge/plant-1"), "{found:?}");
    engine.stop().await;
    drop((main, edge));
}
