//! Files that are late, broken, doubled or in the way of a crash.

use std::fs;
use std::path::Path;

use super::*;
use crate::link::deliveries::Outcome;
use crate::link::fixture::{MACHINES, Yard, nord};
use crate::link::format::edi::Standard;
use crate::link::format::{Csv, Format};
use crate::node::Settings;
use crate::tape::tests::seams;

fn spec(dir: &Path, settle_ms: u64) -> DropSpec {
    let topics = vec![("rows".to_owned(), Pattern::new("*.csv")), ("one".to_owned(), Pattern::new("*"))];
    DropSpec {
        folder: dir.to_owned(),
        done: dir.join("out/done"),
        errors: dir.join("out/error"),
        acknowledge: None,
        every_ms: 10,
        settle_ms,
        topics,
    }
}

fn watcher(yard: &Yard, dir: &Path) -> Watcher {
    patient(yard, dir, 0)
}

fn patient(yard: &Yard, dir: &Path, settle_ms: u64) -> Watcher {
    let door = yard.door(&[("one", Format::Json, MACHINES), ("rows", Format::Csv(Csv::default()), MACHINES)]);
    Watcher::new(door, spec(dir, settle_ms))
}

fn lies(dir: &Path) -> Vec<String> {
    let mut found: Vec<String> = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    found.sort();
    found
}

/// A person takes what went aside out of the error folder, mends it, and puts it back.
fn mended(dir: &Path, name: &str, content: &str) {
    let errors = dir.join("out/error");
    let aside: Vec<String> = lies(&errors).into_iter().filter(|file| file.starts_with(name) && !file.contains(".reason.")).collect();
    assert!(!aside.is_empty(), "nothing of {name} went aside");
    for file in &aside {
        fs::remove_file(errors.join(file)).unwrap();
    }
    fs::write(dir.join(name), content).unwrap();
}

#[tokio::test]
async fn a_file_is_taken_once_and_moved_away_and_every_row_of_it_happens() {
    let (yard, dir) = (Yard::start().await, tempfile::tempdir().unwrap());
    let mut watcher = watcher(&yard, dir.path());
    // Two rows that say the same are two rows.
    fs::write(dir.path().join("a.csv"), "machine,state\nP1,down\nP2,down\nP1,down\n").unwrap();
    assert_eq!(watcher.look().await, Ok(1));
    assert_eq!(watcher.look().await, Ok(0));
    assert_eq!(yard.machines().await, ["P1 down", "P1 down", "P2 down"]);
    assert_eq!((lies(dir.path()), lies(&dir.path().join("out/done"))), (vec!["out".to_owned()], vec!["a.csv".to_owned()]));
    let row = &yard.region.deliveries(nord()).unwrap().latest(1)[0];
    assert_eq!((row.what.as_str(), row.outcome, row.detail.as_str()), ("a.csv", Outcome::Taken, "3 inputs"));
    yard.region.stop().await;
}

#[tokio::test]
async fn what_is_laid_down_again_changes_nothing_and_the_same_under_another_name_does() {
    let (yard, dir) = (Yard::start().await, tempfile::tempdir().unwrap());
    let mut watcher = watcher(&yard, dir.path());
    for (name, machines) in [("a.json", 1), ("a.json", 1), ("b.json", 2)] {
        fs::write(dir.path().join(name), r#"{"machine":"P1"}"#).unwrap();
        assert_eq!(watcher.look().await, Ok(1));
        assert_eq!(yard.machines().await.len(), machines, "{name}");
    }
    // A key of the mapping's own is stronger than the name of the file.
    for (name, machines) in [("c.json", 3), ("d.json", 3)] {
        fs::write(dir.path().join(name), r#"{"machine":"P2","key":"M-1"}"#).unwrap();
        assert_eq!(watcher.look().await, Ok(1));
        assert_eq!(yard.machines().await.len(), machines, "{name}");
    }
    let done = lies(&dir.path().join("out/done"));
    assert_eq!(done.len(), 5, "nothing is overwritten: {done:?}");
    yard.region.stop().await;
}

#[tokio::test]
async fn a_crash_after_it_is_durable_and_before_it_is_moved_happens_once() {
    let (yard, dir) = (Yard::start().await, tempfile::tempdir().unwrap());
    fs::write(dir.path().join("a.csv"), "machine\nP1\nP2\n").unwrap();
    // Where the folder for what is done should be, something else lies: the file stays, as it does after a crash there.
    fs::create_dir(dir.path().join("out")).unwrap();
    fs::write(dir.path().join("out/done"), "in the way").unwrap();
    let mut first = watcher(&yard, dir.path());
    let before = first.look().await.unwrap_err();
    assert!(before.contains("a.csv: was taken, and cannot be moved away"), "{before}");
    assert_eq!(yard.machines().await, ["P1 down", "P2 down"], "it is durable although it was not moved");
    drop(first);
    let yard = yard.crash().await;
    fs::remove_file(dir.path().join("out/done")).unwrap();
    assert_eq!(watcher(&yard, dir.path()).look().await, Ok(1));
    assert_eq!(yard.machines().await, ["P1 down", "P2 down"]);
    assert_eq!((lies(dir.path()), lies(&dir.path().join("out/done"))), (vec!["out".to_owned()], vec!["a.csv".to_owned()]));
    yard.region.stop().await;
}

#[tokio::test]
async fn a_file_that_is_laid_over_another_while_that_is_taken_is_read_too() {
    let (yard, dir) = (Yard::start().await, tempfile::tempdir().unwrap());
    let mut watcher = watcher(&yard, dir.path());
    let (path, beside) = (dir.path().join("a.json"), dir.path().join("new.tmp"));
    let lay = |machine: &str| {
        fs::write(&beside, format!(r#"{{"machine":"{machine}"}}"#)).unwrap();
        fs::rename(&beside, &path).unwrap();
    };
    lay("P1");
    let found = disk::list(dir.path()).await.unwrap();
    let taken = watcher.take(&found[0], Bytes::from(fs::read(&path).unwrap()), false).await.unwrap_or_else(|why| panic!("{why}"));
    // Of the same length, and perhaps of the same moment.
    lay("P2");
    assert!(!watcher.clear_away(&found[0], &taken).await.unwrap(), "what lies there now was not read");
    lay("P3");
    // The elder goes first, in the same look or in one of its own.
    let looks = [watcher.look().await.unwrap(), watcher.look().await.unwrap()];
    assert_eq!(looks.iter().sum::<usize>(), 2, "{looks:?}");
    assert_eq!(yard.machines().await, ["P1 down", "P2 down", "P3 down"]);
    assert_eq!((lies(dir.path()), lies(&dir.path().join("out/done")).len()), (vec!["out".to_owned()], 2));
    yard.region.stop().await;
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_file_whose_name_is_no_text_is_taken_all_the_same() {
    use std::os::unix::ffi::OsStrExt as _;
    let (yard, dir) = (Yard::start().await, tempfile::tempdir().unwrap());
    let name = std::ffi::OsStr::from_bytes(b"Auftr\xe4ge.csv");
    fs::write(dir.path().join(name), "machine\nP1\n").unwrap();
    assert_eq!(watcher(&yard, dir.path()).look().await, Ok(1));
    assert_eq!(yard.machines().await, ["P1 down"]);
    assert_eq!(lies(&dir.path().join("out/done")), ["Auftr\u{fffd}ge.csv"]);
    yard.region.stop().await;
}

#[tokio::test]
async fn what_is_still_written_or_hidden_or_only_points_elsewhere_is_left_alone() {
    let (yard, dir) = (Yard::start().await, tempfile::tempdir().unwrap());
    let (secret, mut watcher) = (tempfile::NamedTempFile::new().unwrap(), patient(&yard, dir.path(), 1));
    fs::write(secret.path(), r#"{"machine":"P9"}"#).unwrap();
    for name in ["a.json.tmp", "b.json.part", ".c.json"] {
        fs::write(dir.path().join(name), r#"{"machine":"P9"}"#).unwrap();
    }
    std::os::unix::fs::symlink(secret.path(), dir.path().join("d.json")).unwrap();
    fs::create_dir(dir.path().join("e.json")).unwrap();
    let grows = dir.path().join("f.json");
    fs::write(&grows, r#"{"machine":"#).unwrap();
    let clock = yard.region.node().seams.clock.clone();
    assert_eq!(watcher.look().await, Ok(0), "nobody has seen yet that it stands unchanged");
    clock.sleep(Duration::from_millis(3)).await;
    fs::write(&grows, r#"{"machine":"P1"}"#).unwrap();
    assert_eq!(watcher.look().await, Ok(0), "it has grown since the last look");
    clock.sleep(Duration::from_millis(3)).await;
    assert_eq!(watcher.look().await, Ok(1));
    assert_eq!(yard.machines().await, ["P1 down"]);
    assert_eq!(lies(dir.path()), [".c.json", "a.json.tmp", "b.json.part", "d.json", "e.json", "out"]);
    yard.region.stop().await;
}

#[tokio::test]
async fn what_cannot_be_understood_goes_aside_with_its_reason_and_is_one_case_however_often_it_comes() {
    let (yard, dir) = (Yard::start().await, tempfile::tempdir().unwrap());
    let mut watcher = watcher(&yard, dir.path());
    for round in 1..=2 {
        fs::write(dir.path().join("a.csv"), "machine,state\nP1\n").unwrap();
        assert_eq!(watcher.look().await, Ok(1));
        let cases = yard.cases().await;
        assert_eq!(cases.len(), 1, "round {round}: {cases:?}");
        assert!(cases[0].contains("line 2: 1 fields stand where 2 are named"), "{cases:?}");
    }
    fs::write(dir.path().join("b.csv"), "machine,state\nP1\n").unwrap();
    assert_eq!(watcher.look().await, Ok(1));
    assert_eq!(yard.cases().await.len(), 2, "the same under another name is another file");
    let errors = dir.path().join("out/error");
    let aside = lies(&errors);
    assert_eq!((aside.len(), &aside[0], &aside[3]), (6, &"a.csv".to_owned(), &"a.csv.reason.txt".to_owned()), "{aside:?}");
    let reason = fs::read_to_string(errors.join("a.csv.reason.txt")).unwrap();
    for words in ["a.csv was not understood", "line 2: 1 fields stand where 2 are named", "move the file back into", "takt exceptions"] {
        assert!(reason.contains(words), "{reason}");
    }
    // Another file of its name is not that one, nor is one whose name only begins like it.
    fs::write(errors.join("a.csv20261129"), "").unwrap();
    fs::write(dir.path().join("a.csv"), "machine,state\nP7,down\n").unwrap();
    assert_eq!(watcher.look().await, Ok(1));
    assert_eq!((yard.machines().await, yard.cases().await.len()), (vec!["P7 down".to_owned()], 2));
    // It was mended, and put back: its case is over, and that of the other is not.
    mended(dir.path(), "a.csv", "machine,state\nP1,down\n");
    assert_eq!(watcher.look().await, Ok(1));
    assert_eq!(yard.machines().await, ["P1 down", "P7 down"]);
    let cases = yard.cases().await;
    assert!(matches!(&cases[..], [one] if one.contains("`b.csv`")), "{cases:?}");
    yard.region.stop().await;
}

#[tokio::test]
async fn a_case_closes_when_its_file_comes_mended_after_a_restart_and_as_often_as_it_breaks() {
    let (yard, dir) = (Yard::start().await, tempfile::tempdir().unwrap());
    let mut first = watcher(&yard, dir.path());
    fs::write(dir.path().join("a.csv"), "machine,state\nP1\n").unwrap();
    assert_eq!(first.look().await, Ok(1));
    assert_eq!(yard.cases().await.len(), 1);
    drop(first);
    let yard = yard.crash().await;
    let mut watcher = watcher(&yard, dir.path());
    // Also with the very bytes of before.
    for broken in ["machine,state\nP2\n", "machine,state\nP3\n", "machine,state\nP3\n"] {
        mended(dir.path(), "a.csv", "machine,state\nP1,down\n");
        assert_eq!(watcher.look().await, Ok(1));
        assert_eq!(yard.cases().await, Vec::<String>::new());
        fs::write(dir.path().join("a.csv"), broken).unwrap();
        assert_eq!(watcher.look().await, Ok(1));
        assert_eq!(yard.cases().await.len(), 1);
    }
    yard.region.stop().await;
}

#[tokio::test]
async fn a_mended_copy_may_come_before_what_was_broken_is_taken_away() {
    let (yard, dir) = (Yard::start().await, tempfile::tempdir().unwrap());
    let mut watcher = watcher(&yard, dir.path());
    let lays = |content: &str| fs::write(dir.path().join("a.csv"), content).unwrap();
    for content in ["machine,state\nP1\n", "machine,state\nP1,down\n"] {
        lays(content);
        assert_eq!(watcher.look().await, Ok(1));
        assert_eq!(yard.cases().await.len(), 1, "the broken one lies there");
    }
    fs::remove_file(dir.path().join("out/error/a.csv")).unwrap();
    assert_eq!(watcher.look().await, Ok(0));
    assert_eq!(yard.cases().await, Vec::<String>::new());
    // What is thrown away and has not come again stays a case.
    lays("machine,state\nP2\n");
    assert_eq!(watcher.look().await, Ok(1));
    fs::remove_file(dir.path().join("out/error/a.csv")).unwrap();
    assert_eq!(watcher.look().await, Ok(0));
    assert_eq!(yard.cases().await.len(), 1);
    yard.region.stop().await;
}

#[tokio::test]
async fn an_empty_file_is_told_as_what_it_is() {
    let (yard, dir) = (Yard::start().await, tempfile::tempdir().unwrap());
    fs::write(dir.path().join("a.csv"), "").unwrap();
    assert_eq!(watcher(&yard, dir.path()).look().await, Ok(1));
    let cases = yard.cases().await;
    assert!(matches!(&cases[..], [one] if one.contains("a.csv is empty: nothing stands in it")), "{cases:?}");
    yard.region.stop().await;
}

#[tokio::test]
async fn nothing_of_a_file_happens_when_one_row_of_it_cannot_be_understood() {
    let (yard, dir) = (Yard::start().await, tempfile::tempdir().unwrap());
    fs::write(dir.path().join("a.csv"), "machine\nP1\n\"\"\n").unwrap();
    assert_eq!(watcher(&yard, dir.path()).look().await, Ok(1));
    assert!(yard.machines().await.is_empty());
    let cases = yard.cases().await;
    assert!(cases[0].contains("[1].body"), "{cases:?}");
    yard.region.stop().await;
}

#[tokio::test]
async fn a_file_that_is_too_long_or_that_no_topic_takes_is_a_case_and_not_read() {
    let (yard, dir) = (Yard::start().await, tempfile::tempdir().unwrap());
    let door = yard.door(&[("rows", Format::Json, MACHINES)]);
    let topics = vec![("rows".to_owned(), Pattern::new("*.json"))];
    let mut watcher = Watcher::new(door, DropSpec { topics, ..spec(dir.path(), 0) });
    fs::write(dir.path().join("a.json"), vec![b' '; usize::try_from(FILE_BYTES_MAX).unwrap() + 1]).unwrap();
    fs::write(dir.path().join("b.dat"), "?").unwrap();
    assert_eq!(watcher.look().await, Ok(2));
    let cases = yard.cases().await.join("\n");
    assert!(cases.contains("2097153 bytes, and 2097152 are taken") && cases.contains("no topic takes files of this name"), "{cases}");
    yard.region.stop().await;
}

#[tokio::test]
async fn where_no_more_is_taken_the_file_stays_and_one_that_cannot_be_worked_on_keeps_nobody_waiting() {
    let settings = Settings { waiting_max: 0, waiting_reserve: 0, ..Settings::default() };
    let (full, dir) = (Yard::over(seams(), settings).await, tempfile::tempdir().unwrap());
    fs::write(dir.path().join("a.json"), r#"{"machine":"P1"}"#).unwrap();
    let why = watcher(&full, dir.path()).look().await.unwrap_err();
    assert!(why.contains("not taken"), "{why}");
    assert_eq!(lies(dir.path()), ["a.json"]);
    full.region.stop().await;

    let yard = Yard::start().await;
    // The folder for errors is in the way of a broken file, which lies there first.
    fs::create_dir(dir.path().join("out")).unwrap();
    fs::write(dir.path().join("out/error"), "in the way").unwrap();
    fs::write(dir.path().join("b.csv"), "machine,state\nP1\n").unwrap();
    fs::write(dir.path().join("c.json"), r#"{"machine":"P2"}"#).unwrap();
    let why = watcher(&yard, dir.path()).look().await.unwrap_err();
    assert!(why.contains("b.csv"), "{why}");
    assert_eq!(yard.machines().await, ["P1 down", "P2 down"]);
    yard.region.stop().await;
}

#[tokio::test]
async fn a_folder_that_is_not_there_is_told_and_not_made() {
    let (yard, dir) = (Yard::start().await, tempfile::tempdir().unwrap());
    let gone = dir.path().join("mount");
    let why = watcher(&yard, &gone).look().await.unwrap_err();
    assert!(why.contains("mount cannot be read"), "{why}");
    assert!(!gone.exists());
    yard.region.stop().await;
}

/// Every message is a machine that is down, by its type.
const MESSAGES: &str = r#"
def down($site; $machine):
  { to: { native: { kind: "site", names: [{ system: $site, kind: "document", id: $site }] } }, occurred_at: "2026-11-24T03:12:00Z",
    body: { site: { report: { equipment_state: { equipment: $machine, available: false, state: "down" } } } } };
def inputs: .site as $site | .body[].groups[].messages[] | down($site; "M" + .type);
"#;

#[tokio::test]
async fn an_interchange_is_acknowledged_once_when_it_is_durable_and_rejected_when_it_is_broken() {
    let (yard, dir) = (Yard::start().await, tempfile::tempdir().unwrap());
    let back = dir.path().join("back");
    let door = || yard.door(&[("edi", Format::Edi(Standard::X12), MESSAGES)]);
    let topics = vec![("edi".to_owned(), Pattern::new("*.x12"))];
    let spec = DropSpec { topics, acknowledge: Some(back.clone()), ..spec(dir.path(), 0) };
    let sample = include_str!("../../format/edi/samples/all.x12");
    let acks = || lies(&back).into_iter().filter(|name| name.starts_with("ack-")).collect::<Vec<_>>();
    fs::write(dir.path().join("a.x12"), sample).unwrap();
    // Nobody can be told yet: it is durable, and lies there until somebody can.
    let mut watcher = Watcher::new(door(), spec.clone());
    assert!(watcher.look().await.unwrap_err().contains("was taken, and cannot be acknowledged in"));
    assert_eq!((yard.machines().await.len(), dir.path().join("a.x12").exists()), (8, true));
    fs::create_dir(&back).unwrap();
    assert_eq!(watcher.look().await, Ok(1));
    assert_eq!((yard.machines().await.len(), acks().len()), (8, 1));
    let told = fs::read_to_string(back.join(&acks()[0])).unwrap();
    assert!(told.contains("AK2*856*0001~AK5*A~AK9*A*1*1*1~"), "{told}");
    // A crash before it was moved: it is there again, and was told of.
    fs::write(dir.path().join("a.x12"), sample).unwrap();
    assert_eq!(Watcher::new(door(), spec.clone()).look().await, Ok(1));
    assert_eq!((yard.machines().await.len(), acks().len()), (8, 1));
    fs::write(dir.path().join("b.x12"), sample.replacen("SE*9*0001", "SE*8*0001", 1)).unwrap();
    assert_eq!(watcher.look().await, Ok(1));
    assert_eq!((yard.machines().await.len(), lies(&spec.errors)), (8, vec!["b.x12".to_owned(), "b.x12.reason.txt".to_owned()]));
    assert!(fs::read_to_string(spec.errors.join("b.x12.reason.txt")).unwrap().contains("segment 11 (SE), element 1: it says `8` segments"));
    let told: Vec<String> = acks().iter().map(|name| fs::read_to_string(back.join(name)).unwrap()).collect();
    assert!(told.len() == 2 && told.iter().any(|told| told.contains("AK5*R*4~AK9*R*1*1*0~")), "{told:?}");
    let numbers: BTreeSet<&str> = told.iter().filter_map(|told| told.get(90..99)).collect();
    assert_eq!(numbers.len(), 2, "two acknowledgements have one control number: {told:?}");
    yard.region.stop().await;
}
