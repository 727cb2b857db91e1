//! What each node of a region shows of what only one of them knows.

use super::{Node, read, until};

/// How the ERP stands, and what went to it, is told by either node, although only one of them speaks with it.
pub(super) async fn seen(a: &Node, b: &Node) {
    for node in [a, b] {
        until("somebody's tries of the ERP are told", async || {
            let found = read(&node.url, "PLANNER", "sites/erp/deliveries").await.unwrap_or_default();
            let nodes = found["nodes"].as_array().cloned().unwrap_or_default();
            nodes.len() == 2
                && nodes.iter().all(|node| node["since"].is_string())
                && found["rows"].as_array().is_some_and(|rows| !rows.is_empty())
        })
        .await;
        let sites = read(&node.url, "PLANNER", "sites").await.unwrap();
        let erp = sites["rows"].as_array().unwrap().iter().find(|site| site["name"] == "erp").unwrap().clone();
        assert!(erp["trouble"].is_string() && erp["missing"].is_null(), "nobody answers there, and {} says {erp}", node.url);
    }
}

/// A node that was killed is named where it is missed: what it alone knew of the ERP is in nobody's list.
pub(super) async fn missed(a: &Node, killed: &str) {
    until("the killed node is named", async || {
        let found = read(&a.url, "PLANNER", "sites/erp/deliveries").await.unwrap_or_default();
        let nodes = found["nodes"].as_array().cloned().unwrap_or_default();
        let named = nodes.iter().find(|node| node["who"] == format!("node {killed}"));
        named.is_some_and(|node| node["missing"].as_str().is_some_and(|why| why.starts_with("silent since 20")))
    })
    .await;
}
