//! The gRPC door, over real sockets and a real mesh.

mod protos;

use std::collections::BTreeSet;

use futures::future::join_all;
use prost::Message as _;
use takt_protocol::qty::Qty;
use tokio_stream::StreamExt as _;
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Channel;
use tonic::{Code, Request, Status};
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;

use super::status::{COMPLAINT, Rich};
use crate::ask::tests::fixture::{PLANT, World};
use crate::ask::v1::answer::Result as Outcome;
use crate::ask::v1::queries_client::QueriesClient;
use crate::ask::v1::request::Verb;
use crate::ask::v1::requests_client::RequestsClient;
use crate::ask::{Limits, v1};

mod parts;
mod watch;

/// Puts the plant's token on every call.
#[derive(Clone)]
struct Token;

impl Interceptor for Token {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request.metadata_mut().insert("authorization", format!("Bearer {PLANT}").parse().unwrap());
        Ok(request)
    }
}

type Plant = RequestsClient<InterceptedService<Channel, Token>>;

async fn channel(world: &World) -> Channel {
    Channel::from_shared(format!("http://{}", world.doors.grpc)).unwrap().connect().await.unwrap()
}

async fn plant(world: &World) -> Plant {
    RequestsClient::with_interceptor(channel(world).await, Token)
}

#[expect(clippy::unnecessary_wraps, reason = "a message field is an option")]
fn under(key: &str) -> Option<v1::Cover> {
    Some(v1::Cover { key: key.to_owned(), ..v1::Cover::default() })
}

fn release(key: &str, number: &str) -> v1::ReleaseOrder {
    v1::ReleaseOrder {
        cover: under(key),
        erp: "erp-eu".into(),
        planned_order: number.into(),
        plant: "nord".into(),
        material: "FG-100".into(),
        total: "480 H87".into(),
        start: "2036-11-24T06:00:00+01:00".into(),
        end: "2036-11-24T14:00:00+01:00".into(),
        ..v1::ReleaseOrder::default()
    }
}

fn completion(key: &str, order: &str, good: &str) -> v1::ConfirmCompletion {
    v1::ConfirmCompletion {
        cover: under(key),
        plant: "nord".into(),
        order: order.into(),
        operation: "10".into(),
        good: Some(good.into()),
        labour: Some("12 MIN".into()),
        ..v1::ConfirmCompletion::default()
    }
}

fn asking(verb: Verb) -> v1::Request {
    v1::Request { verb: Some(verb) }
}

/// What a status says, and that it says it in its details too.
fn complaint(status: &Status) -> v1::Complaint {
    let details = Rich::decode(status.details()).unwrap();
    assert_eq!(details.details[0].type_url, COMPLAINT);
    let complaint = v1::Complaint::decode(details.details[0].value.as_slice()).unwrap();
    assert!(!complaint.message.is_empty() && !complaint.remedy.is_empty(), "{complaint:?}");
    complaint
}

fn is(status: &Status, code: Code, word: &str, field: &str) {
    let complaint = complaint(status);
    assert_eq!((status.code(), complaint.code.as_str(), complaint.field.as_str()), (code, word, field), "{status:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_is_answered_and_a_repetition_gets_the_same_answer() {
    let world = World::start().await;
    let mut plant = plant(&world).await;
    let first = plant.release_order(release("r1", "PL-4711")).await.unwrap();
    let again = plant.release_order(release("r1", "PL-4711")).await.unwrap();
    assert_eq!(first.get_ref(), again.get_ref());
    assert!(first.metadata().get("idempotent-replayed").is_none());
    assert_eq!(again.metadata().get("idempotent-replayed").unwrap(), "true");
    let other = v1::ReleaseOrder { total: "500 H87".into(), ..release("r1", "PL-4711") };
    is(&plant.release_order(other).await.unwrap_err(), Code::FailedPrecondition, "KEY_REUSED", "cover.key");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_with_a_call_is_in_the_details_of_its_status() {
    let world = World::start().await;
    let mut plant = plant(&world).await;
    let keyless = v1::ReleaseOrder { cover: None, ..release("", "PL-1") };
    is(&plant.release_order(keyless).await.unwrap_err(), Code::InvalidArgument, "MISSING_KEY", "cover.key");
    let unit = v1::ReleaseOrder { total: "480 PCE".into(), ..release("k1", "PL-1") };
    is(&plant.release_order(unit).await.unwrap_err(), Code::InvalidArgument, "UOM_UNMAPPED", "total");
    let nothing = v1::ReleaseOrder { total: String::new(), ..release("k2", "PL-1") };
    is(&plant.release_order(nothing).await.unwrap_err(), Code::InvalidArgument, "SCHEMA", "total");
    let late = v1::Cover { key: "k3".into(), not_after: Some("2020-01-01T00:00:00Z".into()), ..v1::Cover::default() };
    let expired = v1::ReleaseOrder { cover: Some(late), ..release("", "PL-1") };
    is(&plant.release_order(expired).await.unwrap_err(), Code::FailedPrecondition, "EXPIRED", "cover.not_after");
    let unknown = v1::CloseOrder { cover: under("k4"), order: "nobody".into(), reason: None };
    is(&plant.close_order(unknown).await.unwrap_err(), Code::NotFound, "UNKNOWN", "order");
    let mut stranger = RequestsClient::new(channel(&world).await);
    is(&stranger.release_order(release("k5", "PL-1")).await.unwrap_err(), Code::Unauthenticated, "UNAUTHENTICATED", "authorization");
    assert_eq!(plant.release_order(release("k6", "PL-1")).await.unwrap().get_ref().answer, "accepted");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_is_too_long_is_refused() {
    let world = World::limited(Limits { body_bytes_max: 1_000, ..Limits::default() }).await;
    let mut plant = plant(&world).await;
    let long = v1::ReleaseOrder { material: "x".repeat(2_000), ..release("k", "PL-1") };
    is(&plant.release_order(long.clone()).await.unwrap_err(), Code::OutOfRange, "TOO_LARGE", "");
    let mut stranger = RequestsClient::new(channel(&world).await);
    is(&stranger.release_order(long).await.unwrap_err(), Code::Unauthenticated, "UNAUTHENTICATED", "authorization");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_cannot_be_read_ends_its_stream_and_what_was_read_before_is_answered() {
    let world = World::limited(Limits { body_bytes_max: 1_000, ..Limits::default() }).await;
    let mut plant = plant(&world).await;
    let mut requests: Vec<_> = (0..20).map(|n| asking(Verb::ReleaseOrder(release(&format!("r{n}"), &format!("PL-{n}"))))).collect();
    requests.push(asking(Verb::ReleaseOrder(v1::ReleaseOrder { material: "x".repeat(2_000), ..release("k", "PL-1") })));
    let answers: Vec<_> = plant.exchange(tokio_stream::iter(requests)).await.unwrap().into_inner().collect().await;
    let mut done = 0;
    let mut refused = Vec::new();
    for answer in answers {
        match answer.unwrap().result.unwrap() {
            Outcome::Outcome(_) => done += 1,
            Outcome::Complaint(complaint) => refused.push(complaint.code),
        }
    }
    assert_eq!((done, refused), (20, vec!["TOO_LARGE".to_owned()]));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_does_not_read_the_answers_keeps_nobody_else_out() {
    let room = crate::ask::Room { business_max: 2, ..crate::ask::Room::default() };
    let world = World::limited(Limits { room, stream_in_flight_max: 8, ..Limits::default() }).await;
    let reach = Channel::from_shared(format!("http://{}", world.doors.grpc)).unwrap();
    // No answer fits into what this client lets the server send.
    let narrow = reach.initial_stream_window_size(Some(8)).connect().await.unwrap();
    let mut stalled: Plant = RequestsClient::with_interceptor(narrow, Token);
    let requests: Vec<_> = (0..100).map(|n| asking(Verb::ReleaseOrder(release(&format!("s{n}"), &format!("S-{n}"))))).collect();
    let (open, rest) = tokio::sync::mpsc::channel(1);
    let told = tokio_stream::iter(requests).chain(tokio_stream::wrappers::ReceiverStream::new(rest));
    let unread = stalled.exchange(told).await.unwrap();
    let mut other = plant(&world).await;
    for n in 0..20 {
        // While a request of the stream is decided there may be no room for a moment.
        let mut answer = other.release_order(release(&format!("o{n}"), &format!("O-{n}"))).await;
        while answer.as_ref().is_err_and(|status| status.code() == Code::ResourceExhausted) {
            tokio::task::yield_now().await;
            answer = other.release_order(release(&format!("o{n}"), &format!("O-{n}"))).await;
        }
        answer.unwrap();
    }
    drop((unread, stalled, open));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_answers_every_request_by_its_key() {
    let world = World::limited(Limits { stream_in_flight_max: 16, ..Limits::default() }).await;
    let order = world.released("1000042").await.to_string();
    let mut plant = plant(&world).await;
    let reports = (0..300).map(|n| asking(Verb::ConfirmCompletion(completion(&format!("c{n}"), "1000042", "1 H87"))));
    let senseless = asking(Verb::ConfirmCompletion(completion("bad", "1000042", "1 PCE")));
    let requests: Vec<_> = reports.chain([senseless, v1::Request { verb: None }]).collect();
    let mut answers = plant.exchange(tokio_stream::iter(requests)).await.unwrap().into_inner();
    let (mut accepted, mut complaints) = (std::collections::BTreeSet::new(), Vec::new());
    while let Some(answer) = answers.next().await {
        let answer = answer.unwrap();
        match answer.result.unwrap() {
            Outcome::Outcome(outcome) => {
                assert_eq!((outcome.answer.as_str(), &outcome.key), ("accepted", &answer.key));
                accepted.insert(answer.key);
            }
            Outcome::Complaint(complaint) => complaints.push((answer.key, complaint.code)),
        }
    }
    complaints.sort();
    let expected = [("", "UNKNOWN_VERB"), ("bad", "UOM_UNMAPPED")].map(|(key, code)| (key.to_owned(), code.to_owned()));
    assert_eq!((accepted.len(), complaints), (300, expected.to_vec()));
    assert_eq!(world.order(&order).await.ops.values().next().unwrap().good, Qty::parse("300 H87").unwrap());
    world.stop().await;
}

/// Other clients send each message in a frame of its own, and write for as long as the window of the stream lets them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_writes_thousands_of_small_messages_ahead_is_answered_to_each() {
    const MANY: usize = 6_000;
    let world = World::start().await;
    world.released("1000042").await;
    let reports = (0..MANY).map(|n| asking(Verb::ConfirmCompletion(completion(&format!("c{n}"), "1000042", "1 H87"))));
    let apart = tokio_stream::iter(reports).then(async |report| {
        // Waits once, so that what was encoded before goes out as a frame.
        tokio::task::yield_now().await;
        report
    });
    let answers = plant(&world).await.exchange(apart).await.unwrap().into_inner();
    let answers: Vec<_> = answers.collect().await;
    let broken = answers.iter().find_map(|answer| answer.as_ref().err());
    assert_eq!((answers.len(), broken.map(ToString::to_string)), (MANY, None));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_times_the_same_completion_over_both_doors_has_one_effect() {
    let world = World::start().await;
    let order = world.released("1000042").await.to_string();
    let (http, body) = (crate::http::tests::Person::plant(&world), same());
    let posts = (0..350).map(|_| http.posts("/v1/operation-completions", "c1", body.clone()));
    let client = plant(&world).await;
    let calls = (0..300).map(|_| {
        let mut plant = client.clone();
        async move { plant.confirm_completion(completion("c1", "1000042", "40 H87")).await.unwrap().into_inner() }
    });
    let mut streaming = client.clone();
    let streamed = async {
        let requests: Vec<_> = (0..350).map(|_| asking(Verb::ConfirmCompletion(completion("c1", "1000042", "40 H87")))).collect();
        let answers = streaming.exchange(tokio_stream::iter(requests)).await.unwrap().into_inner();
        answers.map(|answer| answer.unwrap()).collect::<Vec<_>>().await
    };
    let (posted, called, streamed) = tokio::join!(join_all(posts), join_all(calls), streamed);
    assert!(posted.iter().all(|back| back.entity() == order));
    assert!(called.iter().all(|outcome| outcome.entity == order && outcome.answer == "accepted"));
    assert!(streamed.iter().all(|answer| matches!(&answer.result, Some(Outcome::Outcome(outcome)) if outcome.entity == order)));
    assert_eq!(posted.len() + called.len() + streamed.len(), 1_000);
    let state = world.order(&order).await;
    assert_eq!(state.ops.values().next().unwrap().good, Qty::parse("40 H87").unwrap());
    // Good pieces and labour of one completion: no inventory and no labour is counted twice.
    assert_eq!(state.ledger.actuals(), 2);
    world.stop().await;
}

fn same() -> serde_json::Value {
    serde_json::json!({ "plant": "nord", "order": "1000042", "operation": "10", "good": "40 H87", "labour": "12 MIN" })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_open_stream_does_not_keep_the_door_from_closing() {
    let world = World::start().await;
    let mut plant = plant(&world).await;
    let (sender, receiver) = tokio::sync::mpsc::channel(1);
    let open = tokio_stream::wrappers::ReceiverStream::new(receiver);
    let mut answers = plant.exchange(open).await.unwrap().into_inner();
    sender.send(asking(Verb::ReleaseOrder(release("r1", "PL-1")))).await.unwrap();
    assert!(matches!(answers.next().await.unwrap().unwrap().result, Some(Outcome::Outcome(_))));
    let closing = tokio::time::timeout(std::time::Duration::from_secs(5), world.stop());
    closing.await.expect("the stream is still open at its sender, and the door closes all the same");
    assert!(answers.next().await.is_none_or(|answer| answer.is_err()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_server_says_that_it_is_healthy_and_what_it_speaks() {
    let world = World::start().await;
    let mut health = tonic_health::pb::health_client::HealthClient::new(channel(&world).await);
    let asked = tonic_health::pb::HealthCheckRequest { service: "takt.v1.Requests".into() };
    assert_eq!(health.check(asked).await.unwrap().into_inner().status, 1);
    let mut reflection = ServerReflectionClient::new(channel(&world).await);
    let ask = tonic_reflection::pb::v1::ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::ListServices(String::new())),
    };
    let mut answers = reflection.server_reflection_info(tokio_stream::iter([ask])).await.unwrap().into_inner();
    let Some(MessageResponse::ListServicesResponse(list)) = answers.next().await.unwrap().unwrap().message_response else {
        panic!("no list of services")
    };
    let named: BTreeSet<String> = list.service.into_iter().map(|service| service.name).collect();
    assert!(named.contains("takt.v1.Requests"), "{named:?}");
    assert_eq!(named, listed_before(&world).await, "the reflection that older clients ask says the same");
    let both = ["grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection"];
    assert!(both.iter().all(|service| named.contains(*service)), "{named:?}");
    world.stop().await;
}

/// The services as the reflection before v1 lists them.
async fn listed_before(world: &World) -> BTreeSet<String> {
    use tonic_reflection::pb::v1alpha;
    use v1alpha::server_reflection_request::MessageRequest;
    use v1alpha::server_reflection_response::MessageResponse;

    let mut reflection = v1alpha::server_reflection_client::ServerReflectionClient::new(channel(world).await);
    let ask = v1alpha::ServerReflectionRequest { host: String::new(), message_request: Some(MessageRequest::ListServices(String::new())) };
    let mut answers = reflection.server_reflection_info(tokio_stream::iter([ask])).await.unwrap().into_inner();
    let Some(MessageResponse::ListServicesResponse(list)) = answers.next().await.unwrap().unwrap().message_response else {
        panic!("no list of services")
    };
    list.service.into_iter().map(|service| service.name).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_address_for_both_is_one_port_for_both() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let world = World::at(Limits::default(), free, free).await;
    assert_eq!(world.doors.http, world.doors.grpc);
    let mut plant = plant(&world).await;
    let called = plant.release_order(release("r1", "PL-1")).await.unwrap().into_inner();
    let health = crate::http::tests::Person::plant(&world).gets("/healthz").await;
    assert!(called.entity.starts_with("order.eu.") && health.field("status") == "ok", "{health:?}");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_question_gets_the_same_document_over_both_doors() {
    let world = World::start().await;
    let order = world.released("1000042").await.to_string();
    let (http, mut queries) = (crate::http::tests::Person::plant(&world), QueriesClient::with_interceptor(channel(&world).await, Token));
    plant(&world).await.confirm_completion(completion("c1", "1000042", "40 H87")).await.unwrap();
    let which = |id: &str| v1::Which { id: id.to_owned(), at: None };
    let text = |document: &prost_types::Struct, field: &str| {
        let Some(prost_types::value::Kind::StringValue(text)) = &document.fields[field].kind else { panic!("{field} is no text") };
        text.clone()
    };
    let shown = queries.show_order(which("1000042")).await.unwrap().into_inner();
    assert_eq!(text(&shown, "id"), http.gets("/v1/orders/1000042").await.field("id"));
    let ledger = queries.show_ledger(which("1000042")).await.unwrap().into_inner();
    let same = http.gets("/v1/orders/1000042/ledger").await.body;
    assert_eq!(ledger.fields.keys().cloned().collect::<Vec<_>>(), same.as_object().unwrap().keys().cloned().collect::<Vec<_>>());
    let from = v1::WatchFrom { id: order, after: 0 };
    let mut steps = queries.watch_order(from).await.unwrap().into_inner();
    assert_eq!(text(&steps.next().await.unwrap().unwrap(), "key"), "released/1000042");
    is(&queries.show_lot(which("nothing")).await.unwrap_err(), Code::NotFound, "UNKNOWN", "lot");
    let listed = queries.list_orders(v1::OrdersWanted { most: Some(1), ..v1::OrdersWanted::default() }).await.unwrap().into_inner();
    assert!(listed.fields.contains_key("rows") && !listed.fields.contains_key("next"), "there is only one order");
    let site = queries.show_site(which("nord")).await.unwrap().into_inner();
    assert_eq!(text(&site, "name"), "nord");
    let postings = queries.show_postings(v1::PostingsWanted { id: "1000042".to_owned(), raw: None, at: None }).await.unwrap().into_inner();
    let tree = queries.show_genealogy(which("1000042")).await.unwrap().into_inner();
    assert_eq!(text(&postings, "id"), text(&tree, "id"));
    is(&queries.show_reach(which("nothing")).await.unwrap_err(), Code::NotFound, "UNKNOWN", "lot");
    for listed in [queries.list_nodes(v1::All::default()).await, queries.list_shards(v1::All::default()).await] {
        assert!(listed.unwrap().into_inner().fields.contains_key("rows"));
    }
    let mut stranger = QueriesClient::new(channel(&world).await);
    is(&stranger.list_sites(v1::All::default()).await.unwrap_err(), Code::Unauthenticated, "UNAUTHENTICATED", "authorization");
    drop(steps);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_desk_is_the_same_as_over_http() {
    let world = World::start().await;
    let order = world.released("1000042").await.to_string();
    let mut requests = plant(&world).await;
    let word = |said: &prost_types::Struct, field: &str| match said.fields.get(field).and_then(|value| value.kind.clone()) {
        Some(prost_types::value::Kind::StringValue(word)) => word,
        other => panic!("no word: {other:?}"),
    };
    let wish = v1::Request { verb: Some(Verb::ConfirmCompletion(completion("c1", "1000042", "40 H87"))) };
    // Its plant may not have heard of the order yet.
    let mut answers = Vec::new();
    while answers.last().is_none_or(|answer| answer != "accepted") {
        assert!(answers.len() < 200, "{answers:?}");
        answers.push(word(&requests.preview(wish.clone()).await.unwrap().into_inner(), "answer"));
        world.mesh.clock().sleep(std::time::Duration::from_millis(20)).await;
    }
    assert!(world.order(&order).await.ops.is_empty(), "a preview did something");
    let nothing = requests.preview(v1::Request { verb: None }).await.unwrap_err();
    assert_eq!(nothing.code(), Code::InvalidArgument);
    let many = v1::ActOnGroup { cover: under("g1"), group: "G-00000000".into(), action: "retry".into(), ..v1::ActOnGroup::default() };
    assert_eq!(requests.act_on_group(many).await.unwrap_err().code(), Code::NotFound);
    let mut queries = QueriesClient::with_interceptor(channel(&world).await, Token);
    let book = queries.show_runbook(v1::ExceptionKind { kind: "in_doubt".into() }).await.unwrap().into_inner();
    assert_eq!(word(&book, "kind"), "in_doubt");
    let desk = queries.list_exception_groups(v1::DeskPart { snoozed: Some(true), ..v1::DeskPart::default() }).await.unwrap().into_inner();
    assert!(desk.fields.contains_key("rows"));
    world.stop().await;
}
