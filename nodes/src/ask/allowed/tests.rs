use reqwest::StatusCode;
use serde_json::{Value, json};
use takt_protocol::role::{Roles, VERBS};
use takt_protocol::words::Role;
use tokio_stream::StreamExt as _;
use tonic::transport::Channel;
use tonic::{Code, Request, Status};

use crate::ask::tests::fixture::{OTHERS, QUALITY, World};
use crate::ask::v1::answer::Result as Outcome;
use crate::ask::v1::request::Verb;
use crate::ask::v1::requests_client::RequestsClient;
use crate::ask::v1::{self, queries_client::QueriesClient};

/// Where each request goes over HTTP.
const PATHS: [(&str, &str); 25] = [
    ("release_order", "production-order-releases"),
    ("confirm_completion", "operation-completions"),
    ("issue_material", "material-issues"),
    ("correct_count", "count-corrections"),
    ("place_hold", "quality-holds"),
    ("record_disposition", "quality-dispositions"),
    ("release_hold", "quality-hold-releases"),
    ("change_quantity", "orders/x/quantity-changes"),
    ("redispatch", "orders/x/redispatches"),
    ("cancel_order", "orders/x/cancellations"),
    ("complete_technically", "orders/x/technical-completions"),
    ("close_order", "orders/x/closings"),
    ("reschedule_order", "orders/x/reschedules"),
    ("replace_component", "orders/x/component-replacements"),
    ("change_recipe", "orders/x/recipe-changes"),
    ("split_order", "orders/x/splits"),
    ("hold_order", "orders/x/holds"),
    ("resume_order", "orders/x/resumptions"),
    ("revoke_dispatch", "orders/x/revocations"),
    ("reopen_order", "orders/x/reopenings"),
    ("reverse_posting", "orders/x/reversals"),
    ("block_shipment", "shipments/x/blocks"),
    ("release_shipment", "shipments/x/releases"),
    ("act_on_exception", "exceptions/x/actions"),
    ("reconcile", "reconciliations"),
];

/// The token of a role in the mesh of these tests.
fn token(role: &str) -> &str {
    if role == "quality" { QUALITY } else { role }
}

/// The five roles, and one that is none.
fn matrix() -> Vec<(&'static str, bool, Verb)> {
    let roles = Roles::default();
    let all = ["planning", "production", "quality", "finance", "it", "king"];
    let row = |role: &'static str| {
        let may = |verb: &Verb| roles.may(&Role::parse(role).unwrap(), verb.name());
        Verb::blanks().into_iter().map(move |verb| (role, may(&verb), verb)).collect::<Vec<_>>()
    };
    all.into_iter().flat_map(row).collect()
}

#[expect(clippy::unnecessary_wraps, reason = "an interceptor answers so")]
fn shows(mut request: Request<()>, role: &str) -> Result<Request<()>, Status> {
    request.metadata_mut().insert("authorization", format!("Bearer {}", token(role)).parse().unwrap());
    Ok(request)
}

async fn channel(world: &World) -> Channel {
    Channel::from_shared(format!("http://{}", world.doors.grpc)).unwrap().connect().await.unwrap()
}

#[test]
fn what_can_be_asked_for_is_what_roles_are_made_of() {
    let mut named: Vec<&str> = Verb::NAMES.iter().copied().chain(["release_hold_offline", "retry_dead_letter", "write_off"]).collect();
    named.sort_unstable();
    assert_eq!(named, VERBS);
    let paths: Vec<&str> = PATHS.iter().map(|(verb, _)| *verb).collect();
    assert_eq!(paths, Verb::NAMES);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_role_is_let_in_over_http_for_what_it_may_and_for_nothing_else() {
    let world = World::start().await;
    let client = reqwest::Client::new();
    let (mut let_in, mut refused) = (0, 0);
    for (role, may, verb) in matrix() {
        let path = PATHS.iter().find(|(name, _)| *name == verb.name()).unwrap().1;
        let request = client.post(format!("http://{}/v1/{path}", world.doors.http)).bearer_auth(token(role));
        let answer = request.header("Idempotency-Key", "k").body(verb.raw().unwrap()).send().await.unwrap();
        let (status, body) = (answer.status(), answer.json::<Value>().await.unwrap());
        if may {
            assert_ne!(status, StatusCode::FORBIDDEN, "{role} {}: {body}", verb.name());
            let_in += 1;
        } else {
            assert_eq!((status, &body["code"]), (StatusCode::FORBIDDEN, &json!("FORBIDDEN")), "{role} {}: {body}", verb.name());
            let who: Vec<String> = Roles::default().who_may(verb.name()).iter().map(|role| role.as_str().to_owned()).collect();
            assert!(who.iter().all(|role| body["choices"].as_array().unwrap().contains(&json!(role))), "{body}");
            assert!(body["remedy"].as_str().unwrap().contains("roles.yaml"), "{body}");
            refused += 1;
        }
    }
    assert!(let_in >= 40 && refused >= 60, "{let_in} let in, {refused} refused");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_role_is_let_in_over_grpc_for_what_it_may_and_for_nothing_else() {
    let world = World::start().await;
    for role in ["planning", "production", "quality", "finance", "it", "king"] {
        let mut door = RequestsClient::with_interceptor(channel(&world).await, |request| shows(request, role));
        let mine: Vec<_> = matrix().into_iter().filter(|(of, ..)| *of == role).collect();
        for (_, may, verb) in mine {
            let name = verb.name();
            let asked = tokio_stream::iter([v1::Request { verb: Some(verb) }]);
            let answer = door.exchange(asked).await.unwrap().into_inner().next().await.unwrap().unwrap();
            let Some(Outcome::Complaint(complaint)) = answer.result else { panic!("{role} {name}: nothing was said, and it was taken") };
            assert_eq!(complaint.code != "FORBIDDEN", may, "{role} {name}: {complaint:?}");
        }
    }
    let mut king = RequestsClient::with_interceptor(channel(&world).await, |request| shows(request, "king"));
    let status = king.place_hold(v1::PlaceHold::default()).await.unwrap_err();
    assert_eq!(status.code(), Code::PermissionDenied, "{status}");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_who_may_sends_dead_letters_on_and_gives_quantities_up() {
    let world = World::start().await;
    let client = reqwest::Client::new();
    let posts = async |role: &str, path: &str, body: Value| {
        let request = client.post(format!("http://{}/v1/{path}", world.doors.http)).bearer_auth(token(role));
        request.header("Idempotency-Key", "k").json(&body).send().await.unwrap().status().as_u16()
    };
    assert_eq!(posts("planning", "dead-letters/DL-1/retry", Value::Null).await, 403);
    assert_eq!(posts("it", "dead-letters/DL-1/retry", Value::Null).await, 404);
    let mut over_grpc = QueriesClient::with_interceptor(channel(&world).await, |request| shows(request, "planning"));
    let status = over_grpc.retry_dead_letter(v1::Which { id: "DL-1".into(), ..v1::Which::default() }).await.unwrap_err();
    assert_eq!(status.code(), Code::PermissionDenied, "{status}");
    let give_up = json!({ "action": "write_off" });
    assert_eq!(posts("quality", "exceptions/x/actions", give_up.clone()).await, 403);
    assert_eq!(posts("finance", "exceptions/x/actions", give_up).await, 404);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_role_for_one_plant_asks_about_nothing_of_another() {
    let world = World::start().await;
    let order = world.released("1000042").await.to_string();
    let client = reqwest::Client::new();
    let role = OTHERS.last().copied().unwrap();
    let posts = async |key: &str, path: &str, body: Value| {
        let request = client.post(format!("http://{}/v1/{path}", world.doors.http)).bearer_auth(token(role));
        let answer = request.header("Idempotency-Key", key).json(&body).send().await.unwrap();
        (answer.status().as_u16(), answer.json::<Value>().await.unwrap())
    };
    let completion = json!({ "plant": "nord", "order": "1000042", "operation": "10", "good": "1 H87" });
    let release = json!({ "erp": "erp-eu", "planned_order": "P-9", "plant": "nord", "material": "FG-100", "total": "1 H87",
        "start": "2036-11-24T06:00:00+01:00", "end": "2036-11-24T14:00:00+01:00" });
    let hold = json!({ "hold": "NC-1", "plant": "nord", "material": "FG-100", "lot": "L1", "reason": "weld" });
    let change = format!("orders/{order}/quantity-changes");
    for (at, (path, body)) in [
        ("operation-completions", completion),
        ("production-order-releases", release),
        ("quality-holds", hold),
        (change.as_str(), json!({ "total": "4 H87" })),
    ]
    .into_iter()
    .enumerate()
    {
        let (status, said) = posts(&format!("k{at}"), path, body).await;
        assert_eq!((status, said["code"].as_str()), (403, Some("FORBIDDEN")), "{path}: {said}");
        assert!(said["message"].as_str().unwrap().contains("nord"), "{said}");
    }
    let own = json!({ "hold": "NC-1", "plant": "afar", "material": "FG-100", "lot": "L1", "reason": "weld" });
    let (status, said) = posts("own", "quality-holds", own).await;
    assert_ne!(status, 403, "{said}");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slip_in_a_date_or_a_half_piece_is_told_before_an_order_is_born() {
    let world = World::start().await;
    let client = reqwest::Client::new();
    let posts = async |key: &str, start: &str, total: &str| {
        let body = json!({ "erp": "erp-eu", "planned_order": "P-9", "plant": "nord", "material": "FG-100", "total": total,
            "start": start, "end": "2036-11-24T14:00:00+01:00" });
        let request = client.post(format!("http://{}/v1/production-order-releases", world.doors.http)).bearer_auth("planning");
        let answer = request.header("Idempotency-Key", key).json(&body).send().await.unwrap();
        let status = answer.status().as_u16();
        let said: Value = answer.json().await.unwrap();
        (status, said["field"].as_str().unwrap_or_default().to_owned())
    };
    let then = "2036-11-24T06:00:00+01:00";
    assert_eq!(posts("a", "2016-11-24T06:00:00+01:00", "480 H87").await, (422, "start".to_owned()));
    assert_eq!(posts("b", then, "1.5 H87").await, (422, "total".to_owned()));
    assert_eq!(posts("c", then, "1.0 H87").await.0, 200, "a whole number may be written with a point");
    world.stop().await;
}
