//! The demo as its user runs it: the `takt` binary, six orders, real HTTP on loopback; killed with -9 in the middle and
//! started again over the same folder. The account at its end is the judge, and is itself made to fail once.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};
use takt_cluster::clock::SystemClock;
use takt_cluster::seam::Clock as _;

/// Pieces of each order: two pallets, so that receipts wait for each other.
const PIECES: &str = "1000";

/// The binary.
pub(crate) const TAKT: &str = env!("CARGO_BIN_EXE_takt-under-test");

/// One demo at a time: a simulated system comes back on its own port, which nobody may have taken meanwhile.
pub(crate) static STAGE: Mutex<()> = Mutex::new(());

/// A demo that runs.
pub(crate) struct Demo {
    process: Child,
    lines: std::io::Lines<BufReader<ChildStdout>>,
    said: Vec<String>,
}

impl Demo {
    pub(crate) fn start(data: &Path, once: bool) -> Self {
        Self::start_with(data, once, |_| {})
    }

    /// The same, with more on its command line or in its environment.
    pub(crate) fn start_with(data: &Path, once: bool, more: impl FnOnce(&mut Command)) -> Self {
        let mut command = Command::new(TAKT);
        command.args(["demo", "--port", "0", "--pieces", PIECES, "--data"]).arg(data);
        if once {
            command.arg("--once");
        }
        more(&mut command);
        let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        Self { process, lines, said: Vec::new() }
    }

    /// Reads until it says something of this; what it said so far when it ended before.
    pub(crate) fn hear(&mut self, wanted: &[&str]) {
        while let Some(Ok(line)) = self.lines.next() {
            let found = wanted.iter().any(|wanted| line.contains(wanted));
            self.said.push(line);
            if found {
                return;
            }
        }
        panic!("it ended and never said `{}`:\n{}", wanted.join("` or `"), self.said.join("\n"));
    }

    pub(crate) fn kill(mut self) -> ExitStatus {
        self.process.kill().unwrap();
        self.process.wait().unwrap()
    }

    /// Lets it end by itself.
    pub(crate) fn end(mut self) -> (bool, String) {
        self.said.extend(self.lines.by_ref().map_while(Result::ok));
        let ended = self.process.wait().unwrap();
        (ended.success(), self.said.join("\n"))
    }

    /// Where a simulated system listens.
    fn url(&self, system: &str) -> String {
        let line = self.said.iter().find(|line| line.trim_start().starts_with(system)).unwrap();
        line.split_whitespace().last().unwrap().to_owned()
    }
}

#[test]
fn the_demo_killed_at_any_moment_goes_on_and_every_promise_is_kept() {
    let _stage = STAGE.lock().unwrap_or_else(PoisonError::into_inner);
    let dir = tempfile::tempdir().unwrap();
    // What happens once may have happened while another moment was waited for: then any later one will do.
    let moments: [&[&str]; 7] = [
        &["released:"],
        &["accepted by the plant"],
        &["completed at the plant"],
        &["put away"],
        &["for the period is closed", "done: posted on the days"],
        &["hold NC-", "left with clearance"],
        &["is in question", "left with clearance"],
    ];
    for moment in moments {
        let mut demo = Demo::start(dir.path(), true);
        demo.hear(moment);
        let ended = demo.kill();
        assert_eq!(ended.signal(), Some(9), "it was not killed after `{moment:?}` but ended with {ended}");
    }
    let (kept, said) = Demo::start(dir.path(), true).end();
    assert!(kept, "{said}");
    for sentence in [
        "Every promise was kept",
        "10  orders",
        "6  departures, all cleared",
        "6  trucks, each told that it may leave",
        "2  demands, each planned for once",
        "4  orders that ERPs made of them",
        "2  packs that suppliers announced, each there",
    ] {
        assert!(said.contains(sentence), "it never said `{sentence}`:\n{said}");
    }
}

#[test]
fn the_demo_on_nats_servers_ends_with_the_orders_postings_and_ledger_of_the_embedded_engine() {
    let _stage = STAGE.lock().unwrap_or_else(PoisonError::into_inner);
    let (embedded, servers) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let clock = SystemClock::start();
    let beside = Demo::start(embedded.path(), true);
    let demo = Demo::start_with(servers.path(), true, |command| {
        command.arg("--nats");
    });
    for (what, demo) in [("on the embedded engine", beside), ("on nats-servers", demo)] {
        let (kept, said) = demo.end();
        assert!(kept, "{what}:\n{said}");
        eprintln!("demo: {what} it had ended {:?} after both began", clock.elapsed());
    }
    assert!(servers.path().join("regions/eu/on-jetstream").exists(), "no region was on the servers");
    assert!(!embedded.path().join("regions/eu/on-jetstream").exists());
    let ((ours, our_counts), (theirs, their_counts)) = (account(embedded.path()), account(servers.path()));
    for (ours, theirs) in our_counts.into_iter().zip(their_counts) {
        assert!(ours.abs_diff(theirs) <= 1, "{ours} and {theirs}: no more than a counter that lost nothing makes");
    }
    assert_eq!(ours["orders"].as_array().unwrap().len(), 10);
    for (at, order) in ours["orders"].as_array().unwrap().iter().enumerate() {
        assert_eq!(order, &theirs["orders"][at], "an order went otherwise");
    }
    assert_eq!(ours, theirs);
}

/// What a demo said at its end, without what the moment decides at which a counter starts again and who is asked first; and how many
/// reports and postings there were, of which what it lost may be one more.
fn account(data: &Path) -> (Value, Vec<u64>) {
    let mut account: Value = serde_json::from_slice(&std::fs::read(data.join("account.json")).unwrap()).unwrap();
    let mut counters = 0;
    for order in account["orders"].as_array_mut().unwrap() {
        let row = |row: &&mut Value| row["use"] == "yield" && row["op"] == "10" && row["material"] == "FG-200";
        let whole = order["total"] == format!("{PIECES} H87");
        // Planning numbers what it wants by who is first.
        if order["wanted_as"].as_str().is_some_and(|wanted| wanted.starts_with("S-")) {
            order["wanted_as"] = json!("S");
        }
        for row in order["ledger"].as_array_mut().unwrap().iter_mut().filter(row).filter(|_| whole) {
            counters += 1;
            assert_eq!(row["reported"], row["posted"], "{row}");
            let reported: u64 = row["reported"].as_str().unwrap().trim_end_matches(" H87").parse().unwrap();
            let good = PIECES.parse::<u64>().unwrap() / 50 * 49;
            assert_eq!(reported, good, "what its PLC lost was not counted on the floor");
        }
    }
    assert_eq!(counters, 1, "the counter that starts again is not found");
    account["orders"].as_array_mut().unwrap().sort_by_key(Value::to_string);
    // Where the counter stood, and the number that an ERP gave.
    let without_numbers = |text: &str| text.chars().filter(|letter| !letter.is_ascii_digit()).collect::<String>();
    for open in account["open"].as_array_mut().unwrap() {
        *open = Value::from(without_numbers(open.as_str().unwrap()));
    }
    let counted = account["counted"].as_object_mut().unwrap();
    for how_often in ["commits, chain verified", "inputs", "public events, each counted once by who reads along"] {
        assert!(counted.remove(how_often).is_some_and(|count| count.as_u64() > Some(1_000)), "{how_often}");
    }
    let counts = ["postings made of them", "quantities behind postings, each with its raw message", "quantities reported"];
    let counts = counts.map(|what| counted.remove(what).and_then(|count| count.as_u64()).unwrap());
    (account, counts.into())
}

#[test]
fn a_recipe_in_another_unit_than_its_material_is_kept_in_goes_the_whole_way() {
    let _stage = STAGE.lock().unwrap_or_else(PoisonError::into_inner);
    let dir = tempfile::tempdir().unwrap();
    let config = dir.path().join("config");
    takt_config::demo::write_to(&config).unwrap();
    // Tonnes and grams of what every system keeps in kilograms: for both ERPs, both dialects of MES, and the product data system.
    for (file, kept, other) in [
        ("nord-fg-100.yaml", "qty: 320 KGM", "qty: 0.32 TNE"),
        ("ohio-fg-200.yaml", "qty: 210.5 KGM", "qty: 0.2105 TNE"),
        ("pune-fg-400.yaml", "qty: 2 KGM", "qty: 0.002 TNE"),
    ] {
        let path = config.join("recipes").join(file);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(kept), "{file} does not say `{kept}`");
        std::fs::write(&path, text.replacen(kept, other, 1)).unwrap();
    }
    let (kept, said) = Demo::start(dir.path(), true).end();
    assert!(kept && said.contains("Every promise was kept"), "{said}");
}

#[test]
fn a_posting_that_nobody_reported_breaks_the_account() {
    let _stage = STAGE.lock().unwrap_or_else(PoisonError::into_inner);
    let dir = tempfile::tempdir().unwrap();
    let mut demo = Demo::start(dir.path(), false);
    demo.hear(&["The mesh stays up"]);
    let stock = r#"{"do":"post","user":"MUELLER","document":{"GoodsMovementCode":"02","to_MaterialDocumentItem":[{"Material":"FG-100","Plant":"1010","StorageLocation":"0002","Batch":"1000001","GoodsMovementType":"101","ManufacturingOrder":"1000001","ManufacturingOrderItem":"1","GoodsMovementRefDocType":"F","QuantityInEntryUnit":"7","EntryUnit":"EA"}]}}"#;
    let answer = post(&demo.url("erp-eu"), "/_sim/by-hand", stock);
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    taken_back_behind_our_back(&demo);
    assert_eq!(demo.kill().signal(), Some(9));
    let (kept, said) = Demo::start(dir.path(), true).end();
    assert!(!kept && said.contains("T4: order 1000001: erp-eu has"), "the account did not see it:\n{said}");
}

/// Another program takes a receipt back in the ERP, which tells nobody of it: the mesh finds it when it reads the books, and makes
/// it somebody's work when it has read them twice.
fn taken_back_behind_our_back(demo: &Demo) {
    const GOODS: &str = "/sap/opu/odata/sap/API_MATERIAL_DOCUMENT_SRV";
    let erp = demo.url("erp-eu");
    let items = body(&request(&erp, "GET", &format!("{GOODS}/A_MaterialDocumentItem"), &[("x-csrf-token", "Fetch")], ""));
    let receipt = |item: &&Value| item["ManufacturingOrder"] == "1000001" && item["GoodsMovementType"] == "101";
    let item = items["d"]["results"].as_array().unwrap().iter().find(receipt).unwrap().clone();
    let fetched = request(&erp, "GET", &format!("{GOODS}/A_MaterialDocumentItem"), &[("x-csrf-token", "Fetch")], "");
    let token = fetched.lines().find_map(|line| line.strip_prefix("x-csrf-token: ")).unwrap();
    let (year, number) = (item["MaterialDocumentYear"].as_str().unwrap(), item["MaterialDocument"].as_str().unwrap());
    let cancel = format!("{GOODS}/Cancel?MaterialDocumentYear=%27{year}%27&MaterialDocument=%27{number}%27");
    let answer = request(&erp, "POST", &cancel, &[("x-csrf-token", token)], "{}");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");

    // Nothing of ours moved, so everything is read.
    let found = takt(demo, &["reconcile", "--site", "erp-eu", "--every", "--reason", "month end"]);
    let qty: String = item["QuantityInBaseUnit"].as_str().unwrap().trim_end_matches('0').trim_end_matches('.').to_owned();
    assert_eq!((&found["run"]["differs_twice"], &found["run"]["unexplained"]), (&json!(1), &json!([format!("{qty} H87")])), "{found}");
    let row = &found["rows"][0];
    assert_eq!((row["name"].as_str(), row["verdict"].as_str()), (Some("1000001"), Some("differs_twice")), "{found}");
    let read = |at: &str| row["books"][at].as_str().unwrap().to_owned();
    assert!(read("differs_since") < read("read_at"), "it was read twice: {row}");
    let case = takt(demo, &["exceptions", "show", row["exceptions"].as_array().unwrap().last().unwrap().as_str().unwrap()]);
    assert!(case.to_string().contains("books_differ") && case.to_string().contains("two readings"), "{case}");
    let book = takt(demo, &["exceptions", "runbook", "books_differ"]);
    assert!(book["steps"].as_array().unwrap().len() >= 3, "{book}");
}

/// What the command line answers finance.
fn takt(demo: &Demo, words: &[&str]) -> Value {
    let api = demo.said.iter().find(|line| line.trim_start().starts_with("API")).unwrap();
    let url = api.split_whitespace().nth(1).unwrap();
    let asked = Command::new(TAKT).args(words).args(["--json", "--url", url, "--token", "demo-finance"]).output().unwrap();
    assert!(asked.status.success(), "{words:?}: {}", String::from_utf8_lossy(&asked.stdout));
    serde_json::from_slice(&asked.stdout).unwrap()
}

fn body(answer: &str) -> Value {
    serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap()
}

/// One request, by hand: the tests need no client for it.
fn post(url: &str, path: &str, body: &str) -> String {
    request(url, "POST", path, &[], body)
}

fn request(url: &str, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> String {
    let address = url.trim_start_matches("http://");
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    let length = body.len();
    let headers = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect::<Vec<_>>().concat();
    write!(stream, "{method} {path} HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n{headers}connection: close\r\n\r\n{body}").unwrap();
    std::io::read_to_string(stream).unwrap()
}
