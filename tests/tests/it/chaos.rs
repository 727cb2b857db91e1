//! Whole orders while things break: three real nats-servers, two `takt` processes that run one region over them, and simulated systems
//! behind real HTTP, from the wish to the booked end. Servers and nodes are killed, stopped where they stand, cut off from the network,
//! out of room, and restarted in turn; `TAKT_CHAOS_ROUNDS` says how often. Judged by the logs and by the ERP's own books: what was acknowledged is there once.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::{Value, json};
use takt_protocol::order::Order;
use tokio::task::JoinHandle;

use crate::several::{Load, Node, read, until};
use account::account;
use place::{Ground, Place, SHARDS, owned, recovered};

mod account;
mod faults;
mod place;

pub(crate) use place::{Door, world};

pub(crate) const PLANNER: &str = "t-TAKT_PLANNER_TOKEN";

/// Who asks, and the pause of each between two orders.
const CALLERS: usize = 2;
const PAUSE: Duration = Duration::from_secs(1);

/// How often each fault comes, where `TAKT_CHAOS_ROUNDS` does not say it.
const ROUNDS: usize = 1;

/// A small order: a few pieces, each of which the plant reports by itself.
fn order(number: u64) -> Value {
    json!({
        "erp": "erp-eu", "planned_order": format!("PL-{number}"), "plant": "nord", "material": "FG-100", "total": "4 H87",
        "start": "2027-01-11T06:00:00+01:00", "end": "2027-01-11T14:00:00+01:00",
    })
}

fn rounds() -> usize {
    std::env::var("TAKT_CHAOS_ROUNDS").map_or(ROUNDS, |set| set.parse().expect("TAKT_CHAOS_ROUNDS is a number"))
}

/// Orders that are asked for at two nodes.
struct Work {
    load: Arc<Load>,
    callers: Vec<JoinHandle<()>>,
}

impl Work {
    /// Starts both nodes, and the work as soon as they are at it.
    async fn start(place: &Place) -> (Self, [Node; 2]) {
        let (a, b) = (place.start("a"), place.start("b"));
        let load = Arc::new(Load::new(order, PAUSE, PLANNER));
        place.answers(&load, &[&a, &b]);
        until("both nodes run a part of the shards", async || {
            let (of_a, of_b) = (owned(&a.url, "a").await, owned(&a.url, "b").await);
            !of_a.is_empty() && !of_b.is_empty() && of_a.len() + of_b.len() == usize::from(SHARDS)
        })
        .await;
        until("the plant said which recipes it has", async || {
            read(&a.url, PLANNER, "sites/nord").await.is_some_and(|site| site["recipes"].as_array().is_some_and(|known| !known.is_empty()))
        })
        .await;
        let callers = (0..CALLERS).map(|_| tokio::spawn(Arc::clone(&load).call())).collect();
        recovered("the start", &load, load.now()).await;
        (Self { load, callers }, [a, b])
    }

    /// Waits until all that was asked for is made and booked, and takes the account.
    async fn end(self, place: Place, nodes: [Node; 2]) {
        let Self { load, callers } = self;
        load.over.store(true, Ordering::Relaxed);
        for caller in callers {
            caller.await.unwrap();
        }
        let over = load.now();
        let settled = |order: &Order| order.completed && !order.ledger.is_unsettled() && !order.ledger.has_open_groups();
        until("every order is made and booked", async || place.logs().await.0.orders().all(|(_, order)| settled(order))).await;
        eprintln!("chaos: every order made and booked {:?} after the last was asked for", load.now().saturating_sub(over));
        drop(nodes);
        account(&place, &load).await;
        place.world.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whole_orders_survive_a_killed_leader_a_stopped_node_and_rolling_restarts_of_servers_and_nodes() {
    drop(rustls::crypto::ring::default_provider().install_default());
    let mut place = Place::new(Ground::default()).await;
    let (work, mut nodes) = Work::start(&place).await;
    for _ in 0..rounds() {
        faults::leader_is_killed(&mut place, &work.load).await;
        faults::node_is_stopped(&place, &work.load, &nodes[0], &nodes[1]).await;
        faults::every_server_is_restarted(&mut place, &work.load).await;
        nodes = faults::every_node_is_restarted(&place, &work.load, nodes).await;
    }
    work.end(place, nodes).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whole_orders_survive_a_leader_and_a_node_that_are_cut_off_a_leader_that_stands_still_and_one_without_room() {
    drop(rustls::crypto::ring::default_provider().install_default());
    let mut place = Place::new(Ground::of_its_own("chaos")).await;
    let (work, [a, b]) = Work::start(&place).await;
    for _ in 0..rounds() {
        faults::leader_is_cut_off(&place, &work.load).await;
        faults::node_is_cut_off(&place, &work.load, &a, &b).await;
        faults::server_is_stopped(&place, &work.load).await;
        faults::disk_is_full(&mut place, &work.load).await;
    }
    work.end(place, [a, b]).await;
}
