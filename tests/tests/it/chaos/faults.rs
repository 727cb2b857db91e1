//! What goes wrong on purpose. Each fault asserts that it took effect, and says what it cost.

use std::time::Duration;

use crate::several::{Load, Node, until};

use super::place::{FAR, Place, SHARDS, owned, recovered};

/// How long something is stopped or cut off: longer than leases.
const STOPPED_FOR: Duration = Duration::from_secs(8);

/// How long a server with a full disk may keep the lead before somebody ends it.
const GIVES_WAY: Duration = Duration::from_secs(20);

pub(super) async fn leader_is_killed(place: &mut Place, load: &Load) {
    let leader = place.leader().await.unwrap();
    let from = load.now();
    assert!(place.servers.kill(leader) && place.servers.is_out(leader), "the leader was not killed");
    until("another server leads the log", async || place.leader().await.is_some_and(|now| now != leader)).await;
    recovered("kill -9 of the server that leads the log", load, from).await;
    place.servers.revive(leader).unwrap();
    place.whole().await;
}

pub(super) async fn node_is_stopped(place: &Place, load: &Load, a: &Node, b: &Node) {
    // What was before may have taken its leases.
    until("the node runs a part that could be missed", async || !owned(&a.url, "b").await.is_empty()).await;
    let from = load.now();
    b.signal("-STOP");
    // Each of its threads stops when it is looked at next.
    until("the node is stopped", async || b.standing() == 'T').await;
    place.answers(load, &[a]);
    until("the other node runs every shard", async || owned(&a.url, "a").await.len() == usize::from(SHARDS)).await;
    recovered("SIGSTOP of a node", load, from).await;
    tokio::time::sleep((from + STOPPED_FOR).saturating_sub(load.now())).await;
    b.signal("-CONT");
    assert_ne!(b.standing(), 'T', "the node still stands");
    let woke = load.now();
    until("the node that woke up runs a part again", async || !owned(&a.url, "b").await.is_empty()).await;
    place.answers(load, &[a, b]);
    recovered("the node wakes up", load, woke).await;
}

pub(super) async fn server_is_stopped(place: &Place, load: &Load) {
    let leader = place.leader().await.unwrap();
    let from = load.now();
    assert!(place.servers.freeze(leader) && place.servers.is_out(leader), "the leader was not stopped");
    until("another server leads the log", async || place.leader().await.is_some_and(|now| now != leader)).await;
    recovered("SIGSTOP of the server that leads the log", load, from).await;
    tokio::time::sleep((from + STOPPED_FOR).saturating_sub(load.now())).await;
    assert!(place.servers.is_out(leader), "it went on by itself");
    assert!(place.servers.thaw(leader) && !place.servers.is_out(leader), "the server still stands");
    place.whole().await;
}

pub(super) async fn leader_is_cut_off(place: &Place, load: &Load) {
    let Some(net) = &place.ground.net else { return };
    let leader = place.leader().await.unwrap();
    let (host, address) = (u8::try_from(leader).unwrap(), place.servers.monitors()[leader].clone());
    assert!(is_reached(&address).await, "nobody is at {address}");
    let from = load.now();
    net.pull(host);
    assert!(!is_reached(&address).await, "the leader was not cut off");
    until("another server leads the log", async || place.leader().await.is_some_and(|now| now != leader)).await;
    recovered("partition of the server that leads the log", load, from).await;
    assert!(!is_reached(&address).await, "the cable is in again");
    net.plug(host);
    until("the server is reached", async || is_reached(&address).await).await;
    place.whole().await;
}

pub(super) async fn node_is_cut_off(place: &Place, load: &Load, a: &Node, b: &Node) {
    let Some(net) = &place.ground.net else { return };
    until("the node runs a part that could be missed", async || !owned(&a.url, "b").await.is_empty()).await;
    let address = b.url.trim_start_matches("http://");
    assert!(is_reached(address).await, "nobody is at {address}");
    let from = load.now();
    net.pull(FAR);
    assert!(!is_reached(address).await, "the node was not cut off");
    place.answers(load, &[a]);
    until("the other node runs every shard", async || owned(&a.url, "a").await.len() == usize::from(SHARDS)).await;
    recovered("partition of a node", load, from).await;
    tokio::time::sleep((from + STOPPED_FOR).saturating_sub(load.now())).await;
    assert!(!is_reached(address).await, "the cable is in again");
    let back = load.now();
    net.plug(FAR);
    until("the node is reached", async || is_reached(address).await).await;
    until("the node that came back runs a part again", async || !owned(&a.url, "b").await.is_empty()).await;
    place.answers(load, &[a, b]);
    recovered("the node is there again", load, back).await;
}

pub(super) async fn disk_is_full(place: &mut Place, load: &Load) {
    if place.ground.disks.is_empty() {
        return;
    }
    let leader = place.leader().await.unwrap();
    let from = load.now();
    let disk = &place.ground.disks[leader];
    disk.fill();
    assert!(disk.is_full(), "there is room left");
    until("the server meets its full disk", async || place.servers.log(leader).contains("no space left on device")).await;
    // It depends on what it was writing whether it gives the lead away, or keeps it and acknowledges nothing.
    let moved = async || place.leader().await.is_some_and(|now| now != leader);
    let gave_way = moves_within(GIVES_WAY, moved).await;
    if gave_way {
        recovered("full disk of the server that leads the log", load, from).await;
    }
    place.ground.disks[leader].free();
    assert!(!place.ground.disks[leader].is_full(), "there is no room again");
    // A server that met a full disk keeps no streams until it is started again.
    place.end(leader).await;
    if !gave_way {
        until("another server leads the log", async || place.leader().await.is_some_and(|now| now != leader)).await;
        recovered("full disk of a server that kept the lead until somebody ended it", load, from).await;
    }
    place.servers.revive(leader).unwrap();
    place.whole().await;
}

/// Whether something is so within a time.
async fn moves_within(most: Duration, moved: impl AsyncFn() -> bool) -> bool {
    let waiting = async {
        while !moved().await {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(most, waiting).await.is_ok()
}

/// Whether somebody answers at an address.
async fn is_reached(address: &str) -> bool {
    let connected = tokio::time::timeout(Duration::from_secs(1), tokio::net::TcpStream::connect(address));
    matches!(connected.await, Ok(Ok(_)))
}

pub(super) async fn every_server_is_restarted(place: &mut Place, load: &Load) {
    let from = load.now();
    for at in 0..place.servers.count() {
        place.end(at).await;
        place.servers.revive(at).unwrap();
        until("the server is back", async || place.has_the_log(at).await).await;
        place.whole().await;
    }
    recovered("rolling restart of the servers", load, from).await;
}

/// Each node goes as planned and comes back, while requests come in at both: none is refused.
pub(super) async fn every_node_is_restarted(place: &Place, load: &Load, nodes: [Node; 2]) -> [Node; 2] {
    let [mut a, mut b] = nodes;
    let from = load.now();
    for (name, other) in [("a", "b"), ("b", "a")] {
        let (leaves, stays) = if name == "a" { (a, b) } else { (b, a) };
        leaves.signal("-TERM");
        let ended = tokio::task::spawn_blocking(move || leaves.wait()).await.unwrap();
        assert!(ended.success(), "{name} was asked to end and said {ended}");
        place.answers(load, &[&stays]);
        let all = usize::from(SHARDS);
        until("the other node runs every shard", async || owned(&stays.url, other).await.len() == all).await;
        let back = place.start(name);
        place.answers(load, &[&back, &stays]);
        until("the node that came back runs a part", async || {
            let (of_back, of_stays) = (owned(&stays.url, name).await, owned(&stays.url, other).await);
            !of_back.is_empty() && of_back.len() + of_stays.len() == all
        })
        .await;
        (a, b) = if name == "a" { (back, stays) } else { (stays, back) };
    }
    recovered("rolling restart of the nodes", load, from).await;
    assert_eq!(load.refused(from, load.now()), Vec::<String>::new(), "a rolling restart of the nodes refused requests");
    [a, b]
}
