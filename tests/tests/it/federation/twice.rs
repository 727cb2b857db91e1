//! One process that runs two regions, beside another process with a third: what the first knows is told once, whoever is asked. And a
//! place in the events of a region is judged the same wherever it is shown.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::seen::{delivered, told};
use super::{get, region, release, write};
use crate::several::{Node, until};
use crate::{servers, wire::Wire};

/// The regions of the first process.
const BOTH: [&str; 2] = ["edge", "yard"];

fn list(page: &Value) -> &[Value] {
    page["rows"].as_array().unwrap_or_else(|| panic!("no rows in {page}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_of_two_regions_tells_each_thing_once_and_a_place_of_another_log_is_none_anywhere() {
    drop(rustls::crypto::ring::default_provider().install_default());
    let dir = tempfile::tempdir().unwrap();
    let servers = servers::three(dir.path());
    let wire = Wire::to(servers.addresses()[0].clone()).await;
    let config = dir.path().join("config");
    write(&config, &servers, &wire);
    for (file, from, to) in
        [("mesh.yaml", "regions: [main, edge]", "regions: [main, edge, yard]"), ("sites/lims-2.yaml", "region: edge", "region: yard")]
    {
        let text = std::fs::read_to_string(config.join(file)).unwrap();
        assert!(text.contains(from), "{file} does not say `{from}`");
        std::fs::write(config.join(file), text.replace(from, to)).unwrap();
    }
    let roads = BOTH.map(|from| {
        json!({ "from": from, "to": "main", "servers": [format!("nats://{}", wire.address)], "user": "a0", "password": "${NATS_PASSWORD}" })
    });
    std::fs::write(config.join("roads.yaml"), json!(roads).to_string()).unwrap();
    let both = Node::start(dir.path(), "both", &["--region", "edge,yard"]);
    let main = Node::start(dir.path(), "main", &["--region", "main"]);
    // Nobody answers at the ERP of the plant at edge: that it was tried is known to one process, which is asked for two regions.
    release(&main, "plant-1", "PL-1").await;
    until("somebody has tried its ERP", async || !list(&told(&both, "/v1/sites/erp-2/deliveries").await).is_empty()).await;
    for node in [&both, &main] {
        let page = told(node, "/v1/sites/erp-2/deliveries").await;
        let tried: BTreeSet<String> = delivered(&page).into_iter().collect();
        assert!(tried.iter().all(|row| row.contains("\"way\":\"out\"")), "{page}");
        let who: Vec<&str> = page["nodes"].as_array().unwrap().iter().map(|part| part["who"].as_str().unwrap()).collect();
        assert_eq!(who, ["node both", "node main"], "at {}", node.url);
        let named: Vec<(String, Value)> = list(&told(node, "/v1/nodes").await)
            .iter()
            .map(|row| (row["name"].as_str().unwrap().to_owned(), row["regions"].clone()))
            .collect();
        assert_eq!(named, [("both".to_owned(), json!(BOTH)), ("main".to_owned(), json!(["main"]))], "at {}", node.url);
    }
    placed(&both, &main).await;
}

/// A place in another log than the one that is there, and one in a shard that no region has, are refused alike at either node.
async fn placed(both: &Node, main: &Node) {
    let (_, page) = get(main, "/v1/events").await;
    let place = page["next"].as_str().unwrap().to_owned();
    let part =
        place.split(',').find(|part| part.starts_with("edge:0:")).unwrap_or_else(|| panic!("nothing of {} is in {place}", region("edge")));
    let store = part.split(':').nth(2).unwrap();
    let answers = async |after: &str| {
        let (at_home, abroad) =
            (get(both, &format!("/v1/events?after={after}")).await, get(main, &format!("/v1/events?after={after}")).await);
        let said = |(status, no): (u16, Value)| (status, ["code", "message", "remedy", "field"].map(|part| no[part].clone()));
        assert_eq!(said(at_home.clone()), said(abroad), "{after} is judged otherwise elsewhere");
        (at_home.0, at_home.1["code"].as_str().unwrap_or_default().to_owned())
    };
    assert_eq!(answers(&part.replace(store, "1")).await, (409, "STALE_VERSION".to_owned()));
    assert_eq!(answers(&part.replace("edge:0:", "edge:99:")).await, (422, "SCHEMA".to_owned()));
    let (status, page) = get(main, &format!("/v1/events?after={place}")).await;
    assert_eq!(status, 200, "{page}");
}
