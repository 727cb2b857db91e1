//! What a start refuses, each with the sentence that mends it; and what it leaves alone.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::super::api::Api;
use super::super::servers::{Plan, Servers};
use super::super::{Check, Durability, JetStream, Settings, Verdict, examine};
use super::{calm, cluster, eu, open, quick};
use crate::Error;
use crate::clock::SystemClock;
use crate::seam::{Append, Appended};

async fn refused(settings: Settings) -> String {
    let error = JetStream::open(settings, Arc::new(SystemClock::start())).await.err().unwrap();
    assert!(matches!(error, Error::Refused { .. }), "{error}");
    error.to_string()
}

/// Somebody with the region's credentials and another tool.
async fn tool(settings: &Settings) -> Api {
    let (user, password) = settings.login.clone().unwrap();
    let client = async_nats::ConnectOptions::new().user_and_password(user, password).connect(settings.servers.clone()).await.unwrap();
    Api { client, clock: Arc::new(SystemClock::start()), patience: Duration::from_secs(5), interface: settings.interface() }
}

async fn streams(api: &Api) -> Vec<Value> {
    let found: Value = api.call("STREAM.NAMES", &Value::Null).await.unwrap();
    found["streams"].as_array().cloned().unwrap_or_default()
}

fn lazy() -> Servers {
    cluster(Plan { servers: 1, accounts: 1, sync_always: false })
}

#[tokio::test]
async fn servers_that_acknowledge_before_the_disk_has_it_are_refused_and_nothing_is_made_on_them() {
    let servers = lazy();
    let settings = quick(servers.settings(eu(), 0));
    let words = refused(settings.clone()).await;
    assert!(words.contains("`n1`") && words.contains("sync_interval: always"), "{words}");
    assert_eq!(streams(&tool(&settings).await).await, Vec::<Value>::new());
    let relaxed = open(Settings { durability: Durability::Relaxed, ..settings }).await;
    let order = crate::conformance::entity(1);
    let written = relaxed.seams().journal.append(vec![Append { entity: order, after: 0, bytes: "x".into() }]).await;
    assert_eq!(written, [Appended::Committed { sequence: 1 }], "for development they are good enough");
}

async fn visit(settings: &Settings) -> Vec<Check> {
    examine(settings, Arc::new(SystemClock::start())).await
}

#[tokio::test]
async fn a_visit_says_what_a_start_would_refuse_and_makes_nothing() {
    let servers = lazy();
    let settings = quick(servers.settings(eu(), 0));
    let found = visit(&settings).await;
    let dangers: Vec<&Check> = found.iter().filter(|check| check.is_unsafe()).collect();
    assert!(dangers.len() == 1 && dangers[0].what == "sync" && dangers[0].says.contains("sync_interval: always"), "{found:#?}");
    assert_eq!(streams(&tool(&settings).await).await, Vec::<Value>::new());
    let nobody = Settings { servers: vec!["nats://127.0.0.1:1".to_owned()], patience: Duration::from_millis(500), ..settings };
    let found = visit(&nobody).await;
    assert!(found.len() == 1 && found[0].is_unsafe() && found[0].says.contains("start the servers of region eu"), "{found:#?}");
}

#[tokio::test]
async fn servers_that_are_as_they_must_be_are_good_in_everything_before_and_behind_the_first_start() {
    let (servers, account) = calm();
    let settings = quick(servers.settings(eu(), account));
    let found = visit(&settings).await;
    assert!(found.iter().all(|check| check.verdict == Verdict::Good), "{found:#?}");
    assert_eq!(found.iter().filter(|check| check.says.contains("is not there yet")).count(), 7, "{found:#?}");
    let sees = |what: &str| found.iter().filter(|check| check.what == what).count();
    assert_eq!(["version", "sync", "largest message", "disk", "clock"].map(sees), [3; 5], "{found:#?}");
    drop(open(settings.clone()).await);
    // A copy that was just made catches up.
    for _ in 0..100 {
        let found = visit(&settings).await;
        if found.iter().all(|check| check.verdict == Verdict::Good) {
            assert_eq!(found.iter().filter(|check| check.says.contains("has 3 copies, all of them current")).count(), 7, "{found:#?}");
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("{:#?}", visit(&settings).await);
}

#[tokio::test]
async fn a_region_whose_servers_nobody_watches_is_refused_with_the_names_of_the_servers() {
    let (servers, account) = calm();
    let settings = Settings { monitors: Vec::new(), ..quick(servers.settings(eu(), account)) };
    let words = refused(settings).await;
    assert!(["`n1`", "`n2`", "`n3`", "monitors", "durability: relaxed"].iter().all(|word| words.contains(word)), "{words}");
}

#[tokio::test]
async fn a_log_that_is_otherwise_than_needed_is_refused_with_every_difference_and_left_as_it_is() {
    let (servers, account) = calm();
    let settings = quick(servers.settings(eu(), account));
    let api = tool(&settings).await;
    let made =
        json!({"name": "takt-eu-log", "subjects": ["takt.eu.log.>"], "storage": "file", "num_replicas": 1, "max_age": 60_000_000_000_u64});
    api.call::<Value>("STREAM.CREATE.takt-eu-log", &made).await.unwrap();
    let words = refused(settings).await;
    let all = [
        "takt-eu-log",
        "`num_replicas` is 1 and must be 3",
        "`max_age`",
        "`discard`",
        "`deny_purge`",
        "`allow_atomic`",
        "incarnation",
        "3",
    ];
    assert!(all.iter().all(|word| words.contains(word)), "{words}");
    let found: Value = api.call("STREAM.INFO.takt-eu-log", &Value::Null).await.unwrap();
    assert_eq!((&found["config"]["num_replicas"], streams(&api).await), (&json!(1), vec![json!("takt-eu-log")]), "it was changed");
}

#[tokio::test]
async fn another_number_of_shards_is_refused_and_the_right_one_finds_its_incarnation_again() {
    let (servers, account) = calm();
    let settings = quick(servers.settings(eu(), account));
    let incarnation = open(settings.clone()).await.seams().journal.incarnation();
    let words = refused(Settings { shards: 4, ..settings.clone() }).await;
    assert!(words.contains("made with 3 shards and is asked for 4"), "{words}");
    assert_eq!(open(settings).await.seams().journal.incarnation(), incarnation);
    assert_ne!(incarnation, 0);
}

#[tokio::test]
async fn queues_that_are_gone_beside_a_log_with_a_past_are_not_made_anew_as_if_nothing_had_been() {
    let (servers, account) = calm();
    let settings = quick(servers.settings(eu(), account));
    let engine = open(settings.clone()).await;
    let order = crate::conformance::entity(1);
    engine.seams().journal.append(vec![Append { entity: order, after: 0, bytes: "x".into() }]).await;
    drop(engine);
    let api = tool(&settings).await;
    for name in ["takt-eu-work", "takt-eu-shelf"] {
        api.call::<Value>(&format!("STREAM.DELETE.{name}"), &Value::Null).await.unwrap();
    }
    let words = refused(settings).await;
    assert!(words.contains("`takt-eu-work` is not there") && words.contains("restore"), "{words}");
    assert!(!words.contains("takt-eu-shelf"), "snapshots may be lost: {words}");
}

#[tokio::test]
async fn wrong_credentials_are_said_to_be_wrong() {
    let (servers, _) = calm();
    let settings = Settings { login: Some(("a0".to_owned(), "guess".to_owned())), ..quick(servers.settings(eu(), 0)) };
    let words = refused(settings).await;
    assert!(words.contains("credentials"), "{words}");
}

#[tokio::test]
async fn servers_that_are_not_there_are_said_to_be_so_in_bounded_time() {
    let settings = Settings {
        patience: Duration::from_millis(500),
        start_patience: Duration::from_secs(1),
        ..Settings::of(eu(), vec!["nats://127.0.0.1:1".to_owned()])
    };
    let opened = tokio::time::timeout(Duration::from_secs(10), JetStream::open(settings, Arc::new(SystemClock::start()))).await;
    let error = opened.expect("it waited without end").err().unwrap();
    assert!(error.is_transient() && error.to_string().contains("127.0.0.1:1"), "{error}");
}
