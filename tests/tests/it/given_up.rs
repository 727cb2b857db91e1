//! What a link gave up does not arrive when the cable is in again: the system may have been asked for it meanwhile, had nothing, and
//! got it a second time. The kernel of the sender would keep it for minutes and deliver it then, as it does for a plain connection
//! beside the link.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Lines, Write as _};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::{Path, State};
use takt_actors::link::http::{HttpLink, HttpSpec};
use takt_actors::link::mapping::Mapping;
use takt_actors::link::{Errand, Link as _, Sent};
use takt_protocol::effect::{Effect, JobRef};
use takt_protocol::id::{EntityId, Kind};
use takt_protocol::intent::IntentId;
use takt_protocol::name::{Region, SiteId};
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};

use crate::namespaces::{NEEDS, Net};
use crate::several::until;
use crate::skipped::skipped;

/// Where the sender finds the system; set in its process only.
const SYSTEM: &str = "TAKT_TEST_GIVEN_UP";

/// How long the link may take for one errand, in ms.
const WINDOW_MS: u32 = 2_000;

const MAPPING: &str = r#"def request: { method: "POST", path: "/heard/\(.reference)" }; def outcome: { accepted: {} };"#;

/// How long after it the plain connection says something.
const BEHIND: Duration = Duration::from_millis(50);

type Heard = Arc<Mutex<Vec<String>>>;

/// A process of its own at the other end of a cable, which does one thing for each line that it is told.
struct Sender {
    process: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Sender {
    fn start(net: &Net, system: &str) -> Self {
        let mut command = Command::new("nsenter");
        command.arg(format!("--net={}", net.namespace(0).display())).arg(std::env::current_exe().unwrap());
        command.args(["given_up::the_sender_at_the_other_end", "--exact", "--nocapture"]).env(SYSTEM, system);
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        Self { process, lines }
    }

    /// Tells it to do the next thing; how that went.
    fn next(&mut self) -> String {
        self.process.stdin.as_mut().unwrap().write_all(b"\n").unwrap();
        loop {
            let line = self.lines.next().expect("the sender ended").unwrap();
            if let Some((_, said)) = line.split_once("sender: ") {
                return said.to_owned();
            }
        }
    }
}

impl Drop for Sender {
    fn drop(&mut self) {
        // One that is gone by itself said why.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_posting_that_was_given_up_does_not_arrive_when_the_cable_is_in_again() {
    let net = match Net::make(1) {
        Ok(net) => net,
        Err(why) => return skipped("a posting that was given up", NEEDS, &why),
    };
    let heard = Heard::default();
    let socket = TcpListener::bind((net.here(), 0)).await.unwrap();
    let system = socket.local_addr().unwrap().to_string();
    let hear = async |State(heard): State<Heard>, Path(what): Path<String>| heard.lock().unwrap().push(what);
    let router = Router::new().route("/heard/{what}", axum::routing::post(hear)).with_state(Arc::clone(&heard));
    tokio::spawn(async move { axum::serve(socket, router).await.unwrap() });
    let was_heard = |what: &str| heard.lock().unwrap().iter().any(|heard| heard == what);

    let mut sender = Sender::start(&net, &system);
    let before = sender.next();
    assert!(before.starts_with("accepted"), "{before}");
    let (_, before) = before.split_once(' ').unwrap();
    until("the first posting is heard", async || was_heard(before)).await;

    net.pull(0);
    let given_up = sender.next();
    assert!(given_up.starts_with("lost"), "the cable was pulled, and the posting was {given_up}");
    let (_, given_up) = given_up.split_once(' ').unwrap();
    assert!(!was_heard(given_up), "the cable was pulled, and it arrived all the same");
    // What a plain connection sent a moment later is delivered, and so would this have been, a moment before it.
    net.plug(0);
    until("what the kernel kept is delivered", async || was_heard("plain")).await;
    let again = sender.next();
    assert!(again.starts_with("accepted"), "{again}");
    assert!(!was_heard(given_up), "a posting that was given up arrived: {:?}", heard.lock().unwrap());
}

/// The other process of the test above; alone it has nothing to do.
#[tokio::test]
async fn the_sender_at_the_other_end() {
    let Ok(system) = std::env::var(SYSTEM) else { return };
    drop(rustls::crypto::ring::default_provider().install_default());
    let (base, tables) = (format!("http://{system}"), serde_json::Value::Null);
    let spec = HttpSpec { base, bearer: None, credential: None, csrf: None, signature: None, timeout_ms: WINDOW_MS, tables };
    let verbs = BTreeMap::from([("revoke_job".to_owned(), Mapping::compile("test.jq", MAPPING).unwrap())]);
    let link = HttpLink::new(SiteId::parse("nord").unwrap(), spec, verbs).unwrap();
    let mut plain = TcpStream::connect(&system).await.unwrap();
    // It does the next thing when it is told to, and stays until nobody tells it anything any more.
    let told = || std::io::stdin().lines().next().is_some();
    let send = async |number: u32| {
        let order = EntityId::from_parts(Kind::Order, Region::parse("eu").unwrap(), 1, 42);
        let dispatch = IntentId { entity: order, incarnation: 1, number: 99 }.reference();
        let reference = IntentId { entity: order, incarnation: 1, number }.reference();
        let named = reference.as_str().to_owned();
        let effect = Effect::RevokeJob(JobRef { order, dispatch, job: None });
        match link.send(&Errand { reference, attempt: 1, effect: Box::new(effect) }).await {
            Sent::Accepted(_) => format!("accepted {named}"),
            Sent::Lost { .. } => format!("lost {named}"),
            other @ (Sent::Rejected { .. } | Sent::NotDone { .. } | Sent::Misconfigured { .. } | Sent::Read { .. }) => format!("{other:?}"),
        }
    };
    assert!(told());
    say(&send(1).await);
    assert!(told());
    let beside = async {
        tokio::time::sleep(BEHIND).await;
        plain.write_all(b"POST /heard/plain HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n").await.unwrap();
    };
    let (sent, ()) = tokio::join!(send(2), beside);
    say(&sent);
    assert!(told());
    say(&send(3).await);
    assert!(!told());
}

/// Past the harness, to whoever started this process.
fn say(what: &str) {
    std::io::stdout().write_all(format!("sender: {what}\n").as_bytes()).unwrap();
}
