//! Watching an order over this door: whoever is cut off goes on where it was, and misses nothing.

use std::time::Duration;

use tokio_stream::StreamExt as _;

use super::{Token, channel, completion, plant};
use crate::ask::tests::fixture::World;
use crate::ask::v1;
use crate::ask::v1::queries_client::QueriesClient;

/// A step: its key, the commit it stands in, and the place behind it.
fn step(document: &prost_types::Struct) -> (String, u64, u64) {
    let Some(prost_types::value::Kind::StringValue(key)) = document.fields["key"].kind.clone() else { panic!("{document:?}") };
    let number = |field: &str| {
        let Some(prost_types::value::Kind::NumberValue(number)) = document.fields[field].kind else { panic!("{document:?}") };
        format!("{number:.0}").parse().unwrap()
    };
    (key, number("commit"), number("next"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_cut_off_within_a_commit_goes_on_and_misses_no_step_of_it() {
    let world = World::start().await;
    let order = world.released("1000042").await.to_string();
    let (requests, mut queries) = (plant(&world).await, QueriesClient::with_interceptor(channel(&world).await, Token));
    // Reports that arrive together are written together.
    let reports = (0..40).map(|number| {
        let mut requests = requests.clone();
        async move { requests.confirm_completion(completion(&format!("c{number}"), "1000042", "1 H87")).await.unwrap() }
    });
    futures::future::join_all(reports).await;
    let mut watched = queries.watch_order(v1::WatchFrom { id: order.clone(), after: 0 }).await.unwrap().into_inner();
    let mut seen = Vec::new();
    let is_ours = |(key, ..): &&(String, u64, u64)| key.rsplit('/').next().is_some_and(|key| key.starts_with('c'));
    while seen.iter().filter(is_ours).count() < 40 {
        let next = tokio::time::timeout(Duration::from_secs(20), watched.next()).await.unwrap().unwrap().unwrap();
        seen.push(step(&next));
    }
    let within: Vec<usize> = (1..seen.len()).filter(|cut| seen[cut - 1].1 == seen[*cut].1).collect();
    assert!(!within.is_empty(), "no commit has several steps, so this shows nothing: {seen:?}");
    for cut in within.into_iter().take(20).chain([1, seen.len() - 1]) {
        let from = v1::WatchFrom { id: order.clone(), after: seen[cut - 1].2 };
        let mut rest = queries.watch_order(from).await.unwrap().into_inner();
        // The steps of a commit that was not told whole come again, and none before it.
        let whole = seen[..cut].iter().filter(|(_, commit, _)| *commit <= seen[cut - 1].2).count();
        for wanted in &seen[whole..=cut] {
            let told = tokio::time::timeout(Duration::from_secs(20), rest.next()).await.unwrap().unwrap().unwrap();
            assert_eq!(step(&told), *wanted, "cut off after {cut}");
        }
    }
    world.stop().await;
}
