//! What two regions in two processes show: each list with the part of either, and who is missing while they are cut apart.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::get;
use crate::several::{Node, until};

/// Pages without news after which there is no more.
const QUIET: usize = 3;

/// Pages that anybody would walk through.
const PAGES_MAX: usize = 1_000;

/// Who said nothing of what they were asked for a page.
fn silent(page: &Value) -> usize {
    let parts = ["regions", "nodes"].map(|who| page[who].as_array().cloned().unwrap_or_default()).concat();
    assert!(!parts.is_empty(), "nobody was asked: {page}");
    parts.iter().filter(|part| part["missing"].is_string()).count()
}

/// A page to which everybody told a part: on a slow machine, or just after a start, one may come too late for its second.
pub(super) async fn told(node: &Node, path: &str) -> Value {
    let mut page = Value::Null;
    until("everybody tells a part", async || {
        let (status, shown) = get(node, path).await;
        assert_eq!(status, 200, "{path}: {shown}");
        page = shown;
        silent(&page) == 0
    })
    .await;
    page
}

/// A page of all regions, of which one is not reached where the world is not whole.
async fn shown(node: &Node, path: &str, whole: bool) -> Value {
    if whole {
        return told(node, path).await;
    }
    let (status, page) = get(node, path).await;
    assert!(status == 200 && silent(&page) == 1, "{path}: {page}");
    page
}

/// The orders that a node lists, page by page.
async fn listed(node: &Node, whole: bool) -> Vec<String> {
    let (mut orders, mut after) = (Vec::new(), String::new());
    loop {
        let page = shown(node, &format!("/v1/orders?most=2&after={after}"), whole).await;
        orders.extend(page["rows"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()));
        let Some(next) = page["next"].as_str() else { return orders };
        after = next.replace(';', "%3B").replace('=', "%3D");
    }
}

/// The events that a node tells, each with its source; and the place behind them. None is told twice. Where nothing is cut, a part that
/// does not come in time comes with the next page; and one page without news, on a busy machine, is not the end yet.
pub(super) async fn events(node: &Node, which: &str, whole: bool) -> (BTreeMap<String, String>, String) {
    let (mut told, mut after, mut quiet) = (BTreeMap::new(), String::new(), 0);
    for _ in 0..PAGES_MAX {
        let page = shown(node, &format!("/v1/events?after={after}{which}"), whole).await;
        for event in page["rows"].as_array().unwrap() {
            let [id, source] = ["id", "source"].map(|field| event[field].as_str().unwrap().to_owned());
            assert_eq!(told.insert(id, source), None, "told twice: {event}");
        }
        let next = page["next"].as_str().unwrap().to_owned();
        quiet = if next == after { quiet + 1 } else { 0 };
        if quiet == QUIET {
            return (told, after);
        }
        after = next;
    }
    panic!("{PAGES_MAX} pages are not the end at {}", node.url)
}

/// The rows of a page, sorted: each try is told once, for none of them begins at the very moment of another.
pub(super) fn delivered(page: &Value) -> Vec<String> {
    let mut rows: Vec<String> = page["rows"].as_array().unwrap().iter().map(ToString::to_string).collect();
    rows.sort();
    let told = rows.len();
    rows.dedup();
    assert!(told > 0 && rows.len() == told, "{} of {told} rows are told twice, or there are none: {page}", told - rows.len());
    rows
}

/// How a system is heard, and what went to it, is the same at both nodes, whichever of them speaks with it; who does not say is named.
pub(super) async fn heard_alike(main: &Node, edge: &Node) {
    // Whoever asked for orders there has tried it, and nobody answered.
    until("somebody has tried both ERPs", async || {
        let (_, tried) = get(edge, "/v1/sites/erp-2/deliveries").await;
        let (_, too) = get(main, "/v1/sites/erp/deliveries").await;
        [tried, too].iter().all(|page| page["rows"].as_array().is_some_and(|rows| !rows.is_empty()))
    })
    .await;
    for (near, far, system, order) in [(edge, main, "erp-2", "PL-1"), (main, edge, "erp", "PL-2")] {
        let known = told(near, &format!("/v1/sites/{system}/deliveries")).await;
        let told = told(far, &format!("/v1/sites/{system}/deliveries")).await;
        let (known, shown) = (delivered(&known), delivered(&told));
        assert!(known.iter().all(|row| shown.contains(row)), "what went to {system} is told only where it went from: {told}");
        assert_eq!(told["nodes"].as_array().unwrap().iter().filter(|node| node["since"].is_string()).count(), 2, "{told}");
        for node in [near, far] {
            until("an order says since when its ERP is silent", async || {
                let (_, shown) = get(node, &format!("/v1/orders/{order}")).await;
                let row = shown["systems"].as_array().unwrap().iter().find(|row| row["system"] == system).unwrap();
                row["silent_since"].is_string() && row["missing"].is_null()
            })
            .await;
        }
    }
}

/// Each region's part is in every list, and said to be missing while it is not reached.
pub(super) async fn seen_whole(node: &Node, whole: bool) {
    let orders = listed(node, whole).await;
    let apart = |home: &str| orders.iter().filter(|order| order.contains(home)).count();
    assert_eq!(apart(".main.") > 0 && apart(".edge.") > 0, whole, "{orders:?}");
    let once: BTreeSet<&String> = orders.iter().collect();
    assert_eq!(once.len(), orders.len(), "an order is on two pages: {orders:?}");
    for (path, found) in [("/v1/search?q=PL-1", "PL-1"), ("/v1/search?q=PL-2", "PL-2")] {
        let hits = shown(node, path, whole).await;
        assert!(!whole || hits["rows"][0]["name"].as_str().is_some_and(|name| name.starts_with(found)), "{hits}");
    }
    for list in ["shipments", "master-data/material", "dead-letters", "shards"] {
        shown(node, &format!("/v1/{list}"), whole).await;
    }
    let lots = shown(node, "/v1/lots", whole).await;
    let homes = [".main.", ".edge."].map(|home| lots["rows"].to_string().contains(home));
    assert_eq!(homes == [true, true], whole, "{lots}");
    let nodes = shown(node, "/v1/nodes", whole).await;
    assert_eq!(nodes["rows"].as_array().unwrap().len(), if whole { 2 } else { 1 }, "{nodes}");
    let (events, _) = events(node, "&type=lot.", whole).await;
    let homes = ["main", "edge"].map(|home| events.values().any(|source| source.starts_with(&format!("/takt/{home}/"))));
    assert_eq!(homes == [true, true], whole, "events of {homes:?}");
    let sites = shown(node, "/v1/sites", whole).await;
    let reached = sites["rows"].as_array().unwrap().iter().all(|site| site["reached"] == true);
    assert_eq!(reached, whole, "{sites}");
    let desk = shown(node, "/v1/exceptions", whole).await;
    let homes = ["main", "edge"].map(|home| desk.to_string().contains(&format!(".{home}.")));
    assert_eq!(homes == [true, true], whole, "{desk}");
}

/// A cause whose exceptions are at home in the other region is acted on from here, and told again under its key.
pub(super) async fn one_cause_from_afar(main: &Node) {
    let (_, desk) = get(main, "/v1/exception-groups").await;
    let rows = desk["rows"].as_array().unwrap();
    let row = rows.iter().find(|row| row["site"] == "plant-1" && row["kind"] == "unmatched").unwrap_or_else(|| panic!("{desk}"));
    let (path, wish) = (
        format!("exception-groups/{}/actions", row["id"].as_str().unwrap()),
        serde_json::json!({ "action": "hand_to", "role": "planning", "reason": "its order was never made" }),
    );
    for replayed in [false, true] {
        let (status, done) = super::post(main, &path, ("one-cause", "IT"), &wish).await;
        assert!(status == 200 && done["done"] == row["count"] && done["refused"] == 0, "{done}");
        assert_eq!(done["outcomes"][0]["replayed"], replayed, "{done}");
    }
}
