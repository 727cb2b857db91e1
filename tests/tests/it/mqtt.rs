//! Links over MQTT against a real broker, in both versions: what is told of a broker that does not take us, messages that come under load
//! while the broker ends and we are killed, and (`stage`) a whole plant in Sparkplug B with an ERP beside it.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use takt_actors::link::{Errand, Sent};
use takt_cluster::clock::SystemClock;
use takt_cluster::embedded::{Embedded, Settings};
use takt_cluster::seam::Clock;
use takt_config::load::{Mesh, load};
use takt_protocol::fact::Fact;
use takt_protocol::name::{Region as RegionName, SiteId};
use takt_protocol::{site, wire};

use crate::broker::{Broker, NEEDS, Peer, peers};
use crate::skipped::skipped;
use crate::sql::stage::{Running, begin, until};

mod stage;

/// A machine's state, said to the plant's own entity.
const MACHINES: &str = r#"
def inputs: { to: { native: { kind: "site", names: [{ system: .site, kind: "document", id: .site }] } }, occurred_at: "2026-11-24T03:12:00Z",
  key: { mark: { text: .body.key } },
  body: { site: { report: { equipment_state: { equipment: .body.machine, available: false, state: "down" } } } } };
"#;

/// Writes text; its folder is made where it is missing.
fn write(dir: &Path, name: &str, text: &str) {
    let path = dir.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

/// A plant that is one MQTT client.
fn plant(dir: &Path, link: &str) -> Mesh {
    write(dir, "mesh.yaml", "regions: [eu]\nclients: [{name: planner, token: p, role: planning}]\n");
    write(dir, "mappings/machines.jq", MACHINES);
    let erp = "kind: erp\nregion: eu\ncalendar: {zone: Europe/Berlin}\n";
    write(dir, "sites/erp.yaml", erp);
    // Whoever blocks shipments is a warehouse.
    let kind = if link.contains("block_shipment") { "kind: warehouse" } else { "kind: plant\nerp: erp" };
    let nord = format!("{kind}\nregion: eu\ncalendar: {{zone: Europe/Berlin}}\nlink:\n  mqtt:\n{link}");
    write(dir, "sites/nord.yaml", &nord);
    load(dir, &BTreeMap::new()).unwrap_or_else(|found| panic!("{found:#?}"))
}

fn listening(broker: &str, version: &str, more: &str) -> String {
    format!(
        "    broker: {broker}\n    version: '{version}'\n    client: takt-nord\n    keep_alive_s: 1\n{more}    \
         topics: {{'plant/+/machines': {{mapping: mappings/machines.jq}}}}\n"
    )
}

fn engine(dir: &Path) -> (Embedded, Arc<dyn Clock>) {
    drop(rustls::crypto::ring::default_provider().install_default());
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::start());
    let engine = Embedded::open(&dir.join("store"), Settings::of(RegionName::parse("eu").unwrap()), Arc::clone(&clock)).unwrap();
    (engine, clock)
}

fn nord() -> SiteId {
    SiteId::parse("nord").unwrap()
}

/// Every change of a machine that ever happened, by the log of the plant.
async fn machines(mesh: &Mesh, engine: &Embedded) -> Vec<String> {
    let keeper = mesh.book.site_entity(nord()).unwrap();
    let entries = engine.seams().journal.read(keeper, 0).await.unwrap();
    let facts = entries.iter().flat_map(|entry| wire::open(&entry.bytes).unwrap().0.steps).flat_map(|step| step.facts);
    let machine = |fact| {
        let Fact::Site(fact) = fact else { return None };
        let site::Fact::Equipment { equipment, .. } = *fact else { return None };
        Some(equipment.to_string())
    };
    facts.filter_map(machine).collect()
}

async fn wait_for(clock: &dyn Clock, mesh: &Mesh, engine: &Embedded, most: usize) -> usize {
    let since = clock.elapsed();
    loop {
        let count = machines(mesh, engine).await.len();
        if count >= most {
            return count;
        }
        assert!(clock.elapsed().saturating_sub(since) < Duration::from_mins(4), "{count} of {most} came");
        clock.sleep(Duration::from_millis(100)).await;
    }
}

async fn under_load(version: &str, peers: &Path) {
    const ALL: usize = 600;
    let dir = tempfile::tempdir().unwrap();
    let mut broker = Broker::start("allow_anonymous true");
    let mesh = plant(&dir.path().join("config"), &listening(&format!("mqtt://127.0.0.1:{}", broker.port()), version, ""));
    let (engine, clock) = engine(dir.path());
    let running = begin(&mesh, &engine).await;
    // It has subscribed once before: from then on the broker keeps what comes while we are away.
    until(clock.as_ref(), "it has subscribed", || standing(&running).is_ok()).await;
    let mut mes = Peer::start(peers, &["publish", &broker.port().to_string(), "press", &ALL.to_string(), "0.01"]);
    let before = wait_for(clock.as_ref(), &mesh, &engine, ALL / 6).await;
    broker.end();
    clock.sleep(Duration::from_millis(300)).await;
    broker.restart();
    let after = wait_for(clock.as_ref(), &mesh, &engine, before + ALL / 6).await;
    assert!(!mes.is_done() && after < ALL, "there is no load any more: {after}");
    // We die where we stand; what comes meanwhile waits at the broker.
    running.kill();
    clock.sleep(Duration::from_millis(700)).await;
    assert!(machines(&mesh, &engine).await.len() < ALL);
    let running = begin(&mesh, &engine).await;
    until(clock.as_ref(), "everything was published", || mes.is_done()).await;
    wait_for(clock.as_ref(), &mesh, &engine, ALL).await;
    // What comes too late would come now.
    clock.sleep(Duration::from_secs(1)).await;
    let mut all = machines(&mesh, &engine).await;
    assert_eq!(all.len(), ALL, "something came twice");
    all.sort();
    all.dedup();
    assert_eq!(all.len(), ALL, "something was lost");
    running.region.stop().await;
    running.chores.iter().for_each(tokio::task::JoinHandle::abort);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_is_lost_or_doubled_when_the_broker_ends_and_we_are_killed_under_load() {
    let peers = match peers() {
        Ok(peers) => peers,
        Err(why) => return skipped("nothing_is_lost_or_doubled_when_the_broker_ends_and_we_are_killed_under_load", NEEDS, &why),
    };
    under_load("3.1.1", &peers).await;
    under_load("5", &peers).await;
}

/// What is wrong with the broker, as people see it; `Ok` where nothing is.
fn standing(running: &Running) -> Result<(), String> {
    let status = running.sites.iter().find(|way| way.site == nord()).unwrap().status(&SystemClock::start());
    match (status.heard_at, status.trouble) {
        (Some(_), None) => Ok(()),
        (_, trouble) => Err(trouble.unwrap_or_else(|| "nothing was heard yet".to_owned())),
    }
}

/// What is told of a link that cannot work; and it does nothing by itself.
async fn told(link: &str, words: &[&str]) {
    let dir = tempfile::tempdir().unwrap();
    let mesh = plant(&dir.path().join("config"), link);
    let (engine, clock) = engine(dir.path());
    let running = begin(&mesh, &engine).await;
    let says = || standing(&running).is_err_and(|why| words.iter().all(|word| why.contains(word)));
    let since = clock.elapsed();
    while !says() {
        assert!(clock.elapsed().saturating_sub(since) < Duration::from_mins(1), "{words:?}: {:?}", standing(&running));
        clock.sleep(Duration::from_millis(50)).await;
    }
    running.region.stop().await;
    running.chores.iter().for_each(tokio::task::JoinHandle::abort);
}

fn openssl(dir: &Path, words: &str) {
    let done = Command::new("openssl").args(words.split(' ')).current_dir(dir).stdin(Stdio::null()).output().unwrap();
    assert!(done.status.success(), "{words}: {}", String::from_utf8_lossy(&done.stderr));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_broker_is_told_with_what_to_do() {
    if let Err(why) = peers() {
        return skipped("what_is_wrong_with_a_broker_is_told_with_what_to_do", NEEDS, &why);
    }
    for version in ["3.1.1", "5"] {
        let dir = tempfile::tempdir().unwrap();
        let place = dir.path().display();
        // A user whose password is wrong.
        let made = Command::new("mosquitto_passwd").args(["-c", "-b"]).arg(dir.path().join("users")).args(["takt", "right"]).output();
        assert!(made.unwrap().status.success());
        let mut guarded = Broker::start(&format!("allow_anonymous false\npassword_file {place}/users"));
        let address = format!("mqtt://127.0.0.1:{}", guarded.port());
        told(&listening(&address, version, "    user: takt\n    password: wrong\n"), &["user takt", "check `user` and `password`"]).await;
        told(&listening(&address, version, ""), &["nobody (no `user` is given)", "check `user` and `password`"]).await;
        guarded.kill();
        told(&listening(&address, version, ""), &["no connection to the broker 127.0.0.1", "refused"]).await;
        // What may not be read there.
        let rights = json!({ "defaultACLAccess": { "publishClientSend": true, "publishClientReceive": true, "subscribe": false, "unsubscribe": true },
            "groups": [{ "groupname": "all", "roles": [] }], "anonymousGroup": "all" });
        std::fs::write(dir.path().join("rights.json"), rights.to_string()).unwrap();
        let strict = format!("allow_anonymous true\nplugin {}\nplugin_opt_config_file {place}/rights.json", rights_plugin().display());
        let broker = Broker::start(&strict);
        let address = format!("mqtt://127.0.0.1:{}", broker.port());
        told(&listening(&address, version, ""), &["does not give nobody the topics plant/+/machines", "the right to read them"]).await;
    }
}

/// What gives a mosquitto rights over subscriptions.
fn rights_plugin() -> std::path::PathBuf {
    let found = Command::new("find").args(["/usr/lib", "-name", "mosquitto_dynamic_security.so"]).output().unwrap();
    let found = String::from_utf8(found.stdout).unwrap();
    found.lines().next().expect("mosquitto comes with its plugin for rights").into()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_over_tls_is_taken_for_one_only_by_who_vouches_for_it() {
    if let Err(why) = peers() {
        return skipped("a_broker_over_tls_is_taken_for_one_only_by_who_vouches_for_it", NEEDS, &why);
    }
    let dir = tempfile::tempdir().unwrap();
    openssl(dir.path(), "req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 2 -subj /CN=ca");
    openssl(dir.path(), "req -newkey rsa:2048 -nodes -keyout broker.key -out broker.csr -subj /CN=localhost");
    std::fs::write(dir.path().join("names"), "subjectAltName=DNS:localhost").unwrap();
    openssl(dir.path(), "x509 -req -in broker.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out broker.pem -days 2 -extfile names");
    let place = dir.path().display();
    let broker =
        Broker::start(&format!("allow_anonymous true\ncafile {place}/ca.pem\ncertfile {place}/broker.pem\nkeyfile {place}/broker.key"));
    let address = format!("mqtts://localhost:{}", broker.port());
    for version in ["3.1.1", "5"] {
        told(&listening(&address, version, ""), &["nobody whom we trust vouches", "`root_certificates`"]).await;
        let trusting = format!("    root_certificates: {place}/ca.pem\n");
        let elsewhere = listening(&format!("mqtts://127.0.0.1:{}", broker.port()), version, &trusting);
        told(&elsewhere, &["its certificate is for another name"]).await;
        let home = tempfile::tempdir().unwrap();
        let mesh = plant(&home.path().join("config"), &listening(&address, version, &trusting));
        let (engine, clock) = engine(home.path());
        let running = begin(&mesh, &engine).await;
        until(clock.as_ref(), "it is connected over TLS", || standing(&running).is_ok()).await;
        running.kill();
    }
}

fn errand(reference: &str) -> Errand {
    let effect = json!({ "block_shipment": { "shipment": "wms/S-1", "reasons": ["quality"] } });
    let effect = Box::new(serde_json::from_value(effect).unwrap());
    Errand { reference: serde_json::from_value(json!(reference)).unwrap(), attempt: 1, effect }
}

/// Sends by the link of the plant, to a topic.
async fn sent(running: &Running, topic: &str, reference: &str) -> Sent {
    let mut errand = errand(reference);
    errand.attempt = u32::from(topic != "erp/postings") + 1;
    running.sites.iter().find(|way| way.site == nord()).unwrap().link.send(&errand).await
}

/// The first attempt goes to the ERP, others to where nobody listens.
const PUBLISHES: &str = r#"
def request: { topic: (if .attempt == 1 then "erp/postings" else "nobody/listens" end), payload: { reference: .reference } };
def outcome: if .unheard then empty else { accepted: { document: .reference } } end;
"#;

async fn acknowledged(version: &str, peers: &Path) {
    let dir = tempfile::tempdir().unwrap();
    let mut broker = Broker::start("allow_anonymous true");
    let config = dir.path().join("config");
    write(&config, "mappings/block_shipment.jq", PUBLISHES);
    // Those without which nobody would have a warehouse.
    let verbs = ["block_shipment", "answer_departure", "block_stock", "unblock_shipment", "unblock_stock"]
        .map(|verb| format!("{verb}: mappings/block_shipment.jq"));
    let sends = format!("    send: {{{}}}\n", verbs.join(", "));
    let link = listening(&format!("mqtt://127.0.0.1:{}", broker.port()), version, &sends);
    let mesh = plant(&config, &format!("{link}limits: {{window_ms: 2000}}\n"));
    let (engine, clock) = engine(dir.path());
    let running = begin(&mesh, &engine).await;
    until(clock.as_ref(), "it is connected", || standing(&running).is_ok()).await;
    let kept = dir.path().join("kept.json");
    let erp = Peer::start(peers, &["erp", &broker.port().to_string(), "1", kept.to_str().unwrap()]);
    until(clock.as_ref(), "what was acknowledged came to the ERP", || {
        let told =
            tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(sent(&running, "erp/postings", "REFERENCE0000001")));
        assert!(matches!(&told, Sent::Accepted(receipt) if receipt.document.is_some()) || version == "5", "{told:?}");
        std::fs::read_to_string(&kept).is_ok_and(|kept| kept.contains("REFERENCE0000001"))
    })
    .await;
    let told = sent(&running, "nobody/listens", "REFERENCE0000002").await;
    match version {
        "5" => assert!(matches!(&told, Sent::NotDone { why } if why.contains("nobody has subscribed")), "{told:?}"),
        _ => assert!(matches!(&told, Sent::Accepted(_)), "3.1.1 has no word for it: {told:?}"),
    }
    drop(erp);
    // It stands still: first nobody knows, then a ping is missed.
    broker.stand_still(true);
    let told = sent(&running, "erp/postings", "REFERENCE0000003").await;
    assert!(matches!(&told, Sent::Lost { why } if why.contains("did not acknowledge it")), "{told:?}");
    broker.stand_still(false);
    until(clock.as_ref(), "it is connected again", || standing(&running).is_ok()).await;
    broker.stand_still(true);
    until(clock.as_ref(), "the silence is seen", || standing(&running).is_err_and(|why| why.contains("not even to a ping"))).await;
    broker.stand_still(false);
    until(clock.as_ref(), "it is connected once more", || standing(&running).is_ok()).await;
    broker.kill();
    until(clock.as_ref(), "its death is seen", || standing(&running).is_err()).await;
    let told = sent(&running, "erp/postings", "REFERENCE0000004").await;
    assert!(matches!(&told, Sent::NotDone { .. }), "{told:?}");
    running.kill();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_the_broker_did_not_acknowledge_is_not_done() {
    let peers = match peers() {
        Ok(peers) => peers,
        Err(why) => return skipped("what_the_broker_did_not_acknowledge_is_not_done", NEEDS, &why),
    };
    acknowledged("3.1.1", &peers).await;
    acknowledged("5", &peers).await;
}
