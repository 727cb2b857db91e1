//! Parts of lists, moments in the past, events and raw messages: the same over this door as over the other.

use tokio_stream::StreamExt as _;
use tonic::Code;

use super::{Token, channel, completion, is, plant};
use crate::ask::tests::fixture::World;
use crate::ask::v1;
use crate::ask::v1::queries_client::QueriesClient;

/// How many rows a document has.
fn rows(document: &prost_types::Struct) -> usize {
    match document.fields.get("rows").and_then(|rows| rows.kind.as_ref()) {
        Some(prost_types::value::Kind::ListValue(rows)) => rows.values.len(),
        other => panic!("no rows: {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parts_and_moments_are_the_same_as_over_http() {
    let world = World::start().await;
    world.released("1000042").await;
    let (http, mut queries) = (crate::http::tests::Person::plant(&world), QueriesClient::with_interceptor(channel(&world).await, Token));
    let asked = |most: Option<u32>, after: &str, at: Option<&str>| v1::PartOf {
        id: "1000042".to_owned(),
        at: at.map(str::to_owned),
        after: Some(after.to_owned()),
        most,
    };
    let list = |part: &prost_types::Struct| match part.fields["steps"].kind.clone() {
        Some(prost_types::value::Kind::ListValue(steps)) => steps.values,
        other => panic!("no steps: {other:?}"),
    };
    let part = queries.show_timeline(asked(Some(2), "", None)).await.unwrap().into_inner();
    let same = http.gets("/v1/orders/1000042/timeline?most=2").await.body;
    let Some(prost_types::value::Kind::StringValue(next)) = part.fields["next"].kind.clone() else { panic!("{part:?}") };
    assert_eq!((list(&part).len(), next.as_str()), (2, same["next"].as_str().unwrap()));
    let rest = queries.show_timeline(asked(None, &next, None)).await.unwrap().into_inner();
    assert!(!list(&rest).is_empty() && !rest.fields.contains_key("next"));
    for most in [0, 201] {
        is(&queries.show_timeline(asked(Some(most), "", None)).await.unwrap_err(), Code::InvalidArgument, "SCHEMA", "most");
        let orders = v1::OrdersWanted { most: Some(most), ..v1::OrdersWanted::default() };
        is(&queries.list_orders(orders).await.unwrap_err(), Code::InvalidArgument, "SCHEMA", "most");
    }
    is(&queries.show_timeline(asked(None, "x", None)).await.unwrap_err(), Code::InvalidArgument, "SCHEMA", "after");
    let long_ago = asked(None, "", Some("2001-01-01T00:00:00Z"));
    is(&queries.show_timeline(long_ago.clone()).await.unwrap_err(), Code::NotFound, "UNKNOWN", "at");
    is(&queries.trace_lot(v1::PartOf { id: "nothing".to_owned(), ..long_ago }).await.unwrap_err(), Code::NotFound, "UNKNOWN", "lot");
    let then = v1::Which { id: "nord".to_owned(), at: Some("2001-01-01T00:00:00Z".to_owned()) };
    is(&queries.show_site(then).await.unwrap_err(), Code::InvalidArgument, "NOW_ONLY", "at");
    let beyond = v1::WatchFrom { id: "1000042".to_owned(), after: 4_711 };
    is(&queries.watch_order(beyond).await.map(|_| ()).unwrap_err(), Code::FailedPrecondition, "STALE_VERSION", "after");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_contracts_deliveries_and_raw_messages_are_told_here_too() {
    let world = World::start().await;
    world.released("1000042").await;
    plant(&world).await.confirm_completion(completion("c1", "1000042", "40 H87")).await.unwrap();
    let (http, mut queries) = (crate::http::tests::Person::plant(&world), QueriesClient::with_interceptor(channel(&world).await, Token));
    let wanted =
        |after: &str| v1::EventsWanted { after: Some(after.to_owned()), r#type: Some("order.work".to_owned()), ..Default::default() };
    let told = queries.list_events(wanted("")).await.unwrap().into_inner();
    assert_eq!(rows(&told), http.gets("/v1/events?type=order.work").await.body["rows"].as_array().unwrap().len());
    let mut watched = queries.watch_events(wanted("")).await.unwrap().into_inner();
    assert_eq!(rows(&watched.next().await.unwrap().unwrap()), 2, "good pieces and labour of one report");
    is(&queries.list_events(wanted("x")).await.unwrap_err(), Code::InvalidArgument, "SCHEMA", "after");
    let contracts = queries.list_contracts(v1::All::default()).await.unwrap().into_inner();
    assert_eq!(rows(&contracts), http.gets("/v1/contracts").await.body["rows"].as_array().unwrap().len());
    let which = |id: &str| v1::Which { id: id.to_owned(), at: None };
    assert!(queries.show_contract(which("order.released.v1")).await.unwrap().into_inner().fields.contains_key("properties"));
    is(&queries.show_contract(which("order.eaten.v1")).await.unwrap_err(), Code::NotFound, "UNKNOWN", "id");
    let deliveries = queries
        .list_deliveries(v1::DeliveriesWanted { id: "nord".to_owned(), most: Some(1), ..Default::default() })
        .await
        .unwrap()
        .into_inner();
    assert_eq!(rows(&deliveries), 1);
    let steps = http.gets("/v1/orders/1000042/timeline").await.body["steps"].clone();
    let hash = steps.as_array().unwrap().iter().find_map(|step| step["raw"].as_str()).unwrap().to_owned();
    let raw = queries.read_raw(which(&hash)).await.unwrap().into_inner().raw;
    assert_eq!(takt_protocol::envelope::RawRef::of(&raw).to_string(), hash);
    is(&queries.read_raw(which("00")).await.unwrap_err(), Code::InvalidArgument, "SCHEMA", "hash");
    drop(watched);
    world.stop().await;
}
