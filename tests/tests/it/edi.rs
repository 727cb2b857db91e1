//! Interchanges of ours before readers that were not written here: pydifact for EDIFACT, pyx12 for X12, both from PyPI. What we write they
//! read as we meant it and call right; what they write we read.

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use takt_actors::link::format::Format;
use takt_actors::link::format::edi::{Standard, acknowledgement};

use crate::skipped::skipped;
use crate::wheels::fetched;

const NEEDS: &str = "independent readers of EDI need Python 3 with pip, and its package index";
const PACKAGES: [&str; 3] = ["pydifact==0.2.3", "pyx12==4.0.0", "defusedxml==0.7.1"];
const X12: &[u8] = include_bytes!("../../../actors/src/link/format/edi/samples/all.x12");
const EDIFACT: &[u8] = include_bytes!("../../../actors/src/link/format/edi/samples/all.edi");

fn name(standard: Standard) -> &'static str {
    match standard {
        Standard::X12 => "x12",
        Standard::Edifact => "edifact",
    }
}

/// Runs the readers: what they say, or what they call wrong.
fn run(readers: &Path, what: &str, standard: Standard, file: &Path) -> Result<Vec<u8>, String> {
    let mut python = Command::new("python3");
    python.arg("-W").arg("ignore").arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/edi/readers.py"));
    let output = python.args([what, name(standard)]).arg(file).env("PYTHONPATH", readers).stdin(Stdio::null()).output().unwrap();
    if output.status.success() { Ok(output.stdout) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}

/// The segments of messages as a reader has them, without those of the envelopes.
fn theirs(readers: &Path, standard: Standard, bytes: &[u8]) -> Result<Vec<Value>, String> {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("interchange");
    std::fs::write(&file, bytes).unwrap();
    let segments: Vec<Value> = serde_json::from_slice(&run(readers, "read", standard, &file)?).unwrap();
    let envelope = ["ISA", "GS", "ST", "SE", "GE", "IEA", "TA1", "UNB", "UNH", "UNT", "UNZ"];
    Ok(segments.into_iter().filter(|segment| !envelope.contains(&segment[0].as_str().unwrap())).collect())
}

fn read(standard: Standard, bytes: &[u8]) -> Value {
    serde_json::from_slice(&Format::Edi(standard).read(bytes).unwrap()).unwrap()
}

/// The same as we have them.
fn ours(read: &Value) -> Vec<Value> {
    let groups = read.as_array().unwrap().iter().flat_map(|one| one["groups"].as_array().unwrap());
    let messages = groups.flat_map(|group| group["messages"].as_array().unwrap());
    messages.flat_map(|message| message["segments"].as_array().unwrap()).cloned().collect()
}

#[test]
fn readers_that_were_not_written_here_read_what_we_write_and_we_what_they_write() {
    let readers = match fetched("edi-readers-1", &PACKAGES) {
        Ok(readers) => readers,
        Err(why) => return skipped("readers_that_were_not_written_here_read_what_we_write_and_we_what_they_write", NEEDS, &why),
    };
    for (standard, sample) in [(Standard::X12, X12), (Standard::Edifact, EDIFACT)] {
        let known = read(standard, sample);
        let (written, _) = Format::Edi(standard).write(&known).unwrap();
        assert_eq!(theirs(&readers, standard, &written), Ok(ours(&known)), "{standard:?}");
        assert!(ours(&known).len() > 40, "{standard:?}");
        let told = acknowledgement(standard, sample, 7, "2026-11-24T06:01").unwrap();
        let (written, _) = Format::Edi(standard).write(&told).unwrap();
        assert_eq!(theirs(&readers, standard, &written), Ok(ours(&read(standard, &written))), "{standard:?}");
    }
    // They would say so if anything were wrong.
    let wrong = String::from_utf8(X12.to_vec()).unwrap().replacen("SE*9*0001", "SE*8*0001", 1);
    assert!(theirs(&readers, Standard::X12, wrong.as_bytes()).unwrap_err().contains("pyx12: "), "pyx12 counts nothing");

    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("theirs");
    run(&readers, "write", Standard::X12, &file).unwrap();
    let found = read(Standard::X12, &std::fs::read(&file).unwrap());
    assert_eq!(ours(&found), [json!(["BSN", "00", "ASN-1", "20261124", "0600"]), json!(["HL", "1", "", "S"])]);
    run(&readers, "write", Standard::Edifact, &file).unwrap();
    let found = read(Standard::Edifact, &std::fs::read(&file).unwrap());
    let text = json!(["FTX", "AAI", "", "", ["a:b", "it's 5? no"]]);
    assert_eq!(ours(&found), [json!(["BGM", "351", "ASN+1", "9"]), text]);
}
