//! The demo with every region on JetStream: the same story on three servers that it starts itself, killed in the middle with its
//! servers, started again over the same folder; and at the end the same orders, postings and ledger as on the embedded engine.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::PoisonError;

use serde_json::Value;
use takt_cluster::jetstream::servers::{find, holds};

use crate::demo::{Demo, STAGE, TAKT};

/// The program, fetched beside what is built when the machine has none.
fn program() -> PathBuf {
    let here = Path::new(TAKT);
    find(here.ancestors().find(|path| path.ends_with("target")).unwrap_or(here)).unwrap()
}

fn on_nats(data: &Path) -> Demo {
    Demo::start_with(data, true, |command| {
        command.arg("--nats").env("NATS_SERVER", program());
    })
}

/// What the account of a demo says of the orders, in the same order for the same story.
fn orders(data: &Path) -> Vec<Value> {
    let account: Value = serde_json::from_slice(&std::fs::read(data.join("account.json")).unwrap()).unwrap();
    account["orders"].as_array().unwrap().clone()
}

/// What the command line says of the servers of a demo that runs.
fn doctor(data: &Path) -> Value {
    let script = r#". "$0/nats/env" && exec "$1" doctor "$0/config" --json"#;
    let said = Command::new("sh").args(["-c", script]).arg(data).arg(TAKT).output().unwrap();
    serde_json::from_slice(&said.stdout).unwrap()
}

#[test]
fn the_demo_on_three_servers_killed_in_the_middle_ends_with_the_orders_and_the_ledger_of_the_embedded_engine() {
    let _stage = STAGE.lock().unwrap_or_else(PoisonError::into_inner);
    let (on_disk, on_servers) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (kept, said) = Demo::start(on_disk.path(), true).end();
    assert!(kept, "{said}");

    let mut demo = on_nats(on_servers.path());
    demo.hear(&["completed at the plant"]);
    let found = doctor(on_servers.path());
    let regions = found["regions"].as_array().unwrap();
    // Under load a copy may be behind for a moment, which is a warning.
    assert!(
        regions.len() == 3 && regions.iter().all(|region| region["engine"] == "jetstream" && region["verdict"] != "unsafe"),
        "{found:#}"
    );
    demo.kill();

    let (kept, said) = on_nats(on_servers.path()).end();
    assert!(kept, "{said}");
    assert!(!holds(&on_servers.path().join("nats")), "a server outlived the demo");
    let (theirs, ours) = (orders(on_disk.path()), orders(on_servers.path()));
    assert_eq!((theirs.len(), ours.len()), (10, 10));
    for (theirs, ours) in theirs.iter().zip(&ours) {
        assert_eq!(theirs, ours);
    }
}
