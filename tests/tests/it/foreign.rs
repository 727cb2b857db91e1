//! Clients of other makes, from outside: nats-py reads public events from a region's servers by the published contracts; grpcio and curl
//! ask for an order at any node of any region, and get the same answer. They are fetched by Python's pip, once for a target folder;
//! where there is none the test says so, and is not passed.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader, Lines};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::Value;

use crate::federation::{get, hold, is_up, release, write};
use crate::servers;
use crate::several::{Node, until};
use crate::skipped::skipped;
use crate::wire::Wire;

const SCRIPTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/foreign");
const PROTO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../nodes/proto");

/// What is fetched.
const PACKAGES: [&str; 4] = ["nats-py", "grpcio", "grpcio-tools", "jsonschema"];

/// Without an event for so long, all have come.
const QUIET_SECONDS: &str = "8";

/// A Python that has the packages; the reason where there is none.
fn python() -> Result<PathBuf, String> {
    let room = Path::new(env!("CARGO_TARGET_TMPDIR")).join("foreign");
    let python = room.join("bin/python");
    let run = |program: &Path, words: &[&str]| -> Result<(), String> {
        let output = Command::new(program).args(words).output().map_err(|error| format!("{}: {error}", program.display()))?;
        output.status.success().then_some(()).ok_or_else(|| String::from_utf8_lossy(&output.stderr).trim().to_owned())
    };
    let is_there = ["-c", "import grpc, grpc_tools, jsonschema, nats"];
    if run(&python, &is_there).is_err() {
        run(Path::new("python3"), &["-m", "venv", room.to_str().unwrap()])?;
        run(&python, &["-m", "pip", "install", "--quiet"].into_iter().chain(PACKAGES).collect::<Vec<_>>())?;
        run(&python, &is_there)?;
    }
    Ok(python)
}

/// nats-py, listening.
struct Reader {
    process: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Reader {
    fn start(python: &Path, server: &str, node: &Node) -> Self {
        let mut command = Command::new(python);
        command.arg(format!("{SCRIPTS}/events.py")).args([server, "a0", "a0", "takt.main.evt.>", &node.url, "PLANNER", QUIET_SECONDS]);
        let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        assert_eq!(lines.next().unwrap().unwrap(), "listening");
        Self { process, lines }
    }

    /// All that it read; it has ended well.
    fn read(mut self) -> Vec<Value> {
        let read = self.lines.by_ref().map(|line| serde_json::from_str(&line.unwrap()).unwrap()).collect();
        assert!(self.process.wait().unwrap().success(), "an event is not what its contract says");
        read
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// What moves on between two questions, because a system that is away is tried again: how it is heard, and how often it was asked.
const MOVES: [&str; 6] = ["as_of", "systems", "attempts", "standing", "since", "next_try_at"];

/// Without what moves on between two questions; and whole numbers are whole, whatever a format makes of them.
fn compared(answer: &Value) -> Value {
    match answer {
        Value::Object(fields) => {
            fields.iter().filter(|(name, _)| !MOVES.contains(&name.as_str())).map(|(name, value)| (name.clone(), compared(value))).collect()
        }
        Value::Array(all) => all.iter().map(compared).collect(),
        Value::Number(number) if number.as_f64().is_some_and(|number| number.fract() == 0.0) => {
            format!("{:.0}", number.as_f64().unwrap()).into()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => answer.clone(),
    }
}

fn by_curl(node: &Node, order: &str) -> Value {
    let mut command = Command::new("curl");
    command.args(["--silent", "--fail", "--header", "Authorization: Bearer PLANNER", &format!("{}/v1/orders/{order}", node.url)]);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {output:?}");
    compared(&serde_json::from_slice(&output.stdout).unwrap())
}

fn by_grpc(python: &Path, nodes: &[&Node], orders: &[&str]) -> Vec<Value> {
    let room = tempfile::tempdir().unwrap();
    let hosts: Vec<&str> = nodes.iter().map(|node| node.url.trim_start_matches("http://")).collect();
    let mut command = Command::new(python);
    command.arg(format!("{SCRIPTS}/query.py")).args([PROTO, room.path().to_str().unwrap(), "PLANNER"]).args(&hosts).arg("--").args(orders);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let answers: BTreeMap<String, BTreeMap<String, Value>> = serde_json::from_slice(&output.stdout).unwrap();
    hosts.iter().flat_map(|host| orders.iter().map(|order| compared(&answers[*host][*order]))).collect()
}

fn id(event: &Value) -> String {
    event["id"].as_str().unwrap().to_owned()
}

/// Holds a lot; its id.
async fn held(node: &Node, plant: &str, lot: &str) -> String {
    let (status, answer) = hold(node, plant, lot).await;
    assert_eq!(status, 200, "{answer}");
    answer["entity"].as_str().unwrap().to_owned()
}

/// The ids of the events of an entity at plant-2 that a node tells.
async fn ids(node: &Node, entity: &str) -> BTreeSet<String> {
    let (_, page) = get(node, "/v1/events?site=plant-2").await;
    page["rows"].as_array().unwrap().iter().filter(|event| event["subject"] == entity).map(id).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_of_other_makes_read_events_by_their_contracts_and_get_the_same_answer_at_every_node() {
    drop(rustls::crypto::ring::default_provider().install_default());
    let python = match python() {
        Ok(python) => python,
        Err(why) => return skipped("clients_of_other_makes", "python3 with pip, and a registry of packages", &why),
    };
    let dir = tempfile::tempdir().unwrap();
    let servers = servers::three(dir.path());
    let wire = Wire::to(servers.addresses()[0].clone()).await;
    write(&dir.path().join("config"), &servers, &wire);
    let start = |name: &str, region: &str| Node::start(dir.path(), name, &["--region", region]);
    let (one, two, edge) = (start("one", "main"), start("two", "main"), start("edge", "edge"));
    until("both ends hear each other", async || is_up(&one, true).await && is_up(&two, true).await && is_up(&edge, true).await).await;

    let reader = Reader::start(&python, &servers.addresses()[1], &two);
    let (here, there) = (held(&one, "plant-2", "L-here").await, held(&one, "plant-1", "L-there").await);
    let at_once = ids(&two, &here).await;
    let read = tokio::task::spawn_blocking(move || reader.read()).await.unwrap();
    let heard: BTreeSet<String> = read.iter().filter(|event| event["entity"] == here.as_str()).map(id).collect();
    let told = ids(&two, &here).await;
    assert!(
        !at_once.is_empty() && at_once.is_subset(&heard) && heard.is_subset(&told),
        "heard {heard:?}, told {at_once:?} and then {told:?}"
    );
    until("a node of the other region tells the same", async || ids(&edge, &here).await == told).await;
    assert!(read.iter().all(|event| event["entity"] != there.as_str()), "what another region has at home is told there");
    eprintln!("foreign: nats-py read {} events of {} types by their contracts", read.len(), {
        read.iter().filter_map(|event| event["type"].as_str()).collect::<BTreeSet<_>>().len()
    });

    let (here, there) = (release(&one, "plant-2", "PL-here").await, release(&one, "plant-1", "PL-there").await);
    let (nodes, orders) = ([&one, &two, &edge], ["PL-here", "PL-there"]);
    let curled: Vec<Value> = nodes.iter().flat_map(|node| orders.map(|order| by_curl(node, order))).collect();
    assert_eq!(curled, by_grpc(&python, &nodes, &orders), "gRPC answers otherwise than HTTP");
    for (at, order) in orders.iter().enumerate() {
        let answers: Vec<&Value> = curled.iter().skip(at).step_by(orders.len()).collect();
        assert!(answers.len() == 3 && answers.windows(2).all(|two| two[0] == two[1]), "{order}: {answers:#?}");
        assert_eq!(answers[0]["id"], if at == 0 { here.as_str() } else { there.as_str() });
    }
    eprintln!("foreign: curl and grpcio got the same answer at 3 nodes of 2 regions");
}
