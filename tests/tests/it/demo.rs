//! The demo as its user runs it: the `takt` binary, six orders, real HTTP on loopback; killed with -9 in the middle and
//! started again over the same folder. The account at its end is the judge, and is itself made to fail once.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::{Mutex, PoisonError};

/// Pieces of each order: two pallets, so that receipts wait for each other.
const PIECES: &str = "1000";

/// The binary.
const TAKT: &str = env!("CARGO_BIN_EXE_takt-under-test");

/// One demo at a time: a simulated system comes back on its own port, which nobody may have taken meanwhile.
static STAGE: Mutex<()> = Mutex::new(());

/// A demo that runs.
struct Demo {
    process: Child,
    lines: std::io::Lines<BufReader<ChildStdout>>,
    said: Vec<String>,
}

impl Demo {
    fn start(data: &Path, once: bool) -> Self {
        let mut command = Command::new(TAKT);
        command.args(["demo", "--port", "0", "--pieces", PIECES, "--data"]).arg(data);
        if once {
            command.arg("--once");
        }
        let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        Self { process, lines, said: Vec::new() }
    }

    /// Reads until it says something of this; what it said so far when it ended before.
    fn hear(&mut self, wanted: &[&str]) {
        while let Some(Ok(line)) = self.lines.next() {
            let found = wanted.iter().any(|wanted| line.contains(wanted));
            self.said.push(line);
            if found {
                return;
            }
        }
        panic!("it ended and never said `{}`:\n{}", wanted.join("` or `"), self.said.join("\n"));
    }

    fn kill(mut self) -> ExitStatus {
        self.process.kill().unwrap();
        self.process.wait().unwrap()
    }

    /// Lets it end by itself.
    fn end(mut self) -> (bool, String) {
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
fn a_posting_that_nobody_reported_breaks_the_account() {
    let _stage = STAGE.lock().unwrap_or_else(PoisonError::into_inner);
    let dir = tempfile::tempdir().unwrap();
    let mut demo = Demo::start(dir.path(), false);
    demo.hear(&["The mesh stays up"]);
    let stock = r#"{"do":"post","user":"MUELLER","document":{"GoodsMovementCode":"02","to_MaterialDocumentItem":[{"Material":"FG-100","Plant":"1010","StorageLocation":"0002","Batch":"1000001","GoodsMovementType":"101","ManufacturingOrder":"1000001","ManufacturingOrderItem":"1","GoodsMovementRefDocType":"F","QuantityInEntryUnit":"7","EntryUnit":"EA"}]}}"#;
    let answer = post(&demo.url("erp-eu"), "/_sim/by-hand", stock);
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    assert_eq!(demo.kill().signal(), Some(9));
    let (kept, said) = Demo::start(dir.path(), true).end();
    assert!(!kept && said.contains("T4: order 1000001: erp-eu has"), "the account did not see it:\n{said}");
}

/// One request, by hand: the tests need no client for it.
fn post(url: &str, path: &str, body: &str) -> String {
    let address = url.trim_start_matches("http://");
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    let length = body.len();
    write!(stream, "POST {path} HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}").unwrap();
    std::io::read_to_string(stream).unwrap()
}
