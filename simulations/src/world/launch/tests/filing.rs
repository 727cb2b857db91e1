//! A system that speaks in files: laid down whole, taken once, answered in a file, across restarts.

use std::fs;
use std::path::Path;
use std::time::Duration;

use super::{Kind, NOBODY, PATIENCE, RunningWorld, TempDir, ask, books, json, start};

const ORDER: &[u8] = b"A;4711-1;FG-100;7;100;N7;24.11.2026\r\nG;4711-1;10;PRESS-4\r\n";

async fn at_work(dir: &Path) -> RunningWorld {
    let world = start(dir, "mes-alt", Kind::MesCsv, NOBODY).await;
    let desk = |path: &str| format!("{}/_sim/{path}", world.url("mes-alt").unwrap());
    let pace = json!({ "pieces_per_second": 1000, "start_after_ms": 0, "bundle": 10, "pallet": 40, "rows_per_file": 5 });
    for (path, body) in
        [("machines", json!(["PRESS-4"])), ("recipes/FG-100", json!({ "version": "7", "operations": ["10"] })), ("pace", pace)]
    {
        assert!(ask("PUT", &desk(path), &body).await.0 < 300);
    }
    world
}

/// Writes a file as it should be written: aside, then renamed.
fn lay(world: &RunningWorld, name: &str, bytes: &[u8]) {
    let folder = world.folder("mes-alt").unwrap().join("in");
    fs::write(folder.join(format!("{name}.part")), bytes).unwrap();
    fs::rename(folder.join(format!("{name}.part")), folder.join(name)).unwrap();
}

fn names(world: &RunningWorld, folder: &str) -> Vec<String> {
    let entries = fs::read_dir(world.folder("mes-alt").unwrap().join(folder)).unwrap();
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let looks = async {
        while !is_so() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, looks).await.unwrap_or_else(|_| panic!("not in time: {what}"));
}

/// The text of all report files, one byte a letter.
fn reported(world: &RunningWorld) -> Vec<u8> {
    let out = world.folder("mes-alt").unwrap().join("out");
    names(world, "out").iter().filter(|name| name.starts_with("RUECK_")).flat_map(|name| fs::read(out.join(name)).unwrap()).collect()
}

fn has_ended(world: &RunningWorld) -> bool {
    reported(world).windows(6).any(|part| part == b";ENDE;")
}

#[tokio::test]
async fn a_file_is_taken_answered_and_archived_and_reports_are_laid_down_whole() {
    let dir = TempDir::new().unwrap();
    let world = at_work(dir.path()).await;
    lay(&world, "auftrag.csv", ORDER);
    until("the order ended", || has_ended(&world)).await;
    assert_eq!((names(&world, "in"), names(&world, "archive")), (Vec::<String>::new(), vec!["auftrag.csv".to_owned()]));
    assert_eq!(fs::read(world.folder("mes-alt").unwrap().join("archive/auftrag.csv")).unwrap(), ORDER);
    assert_eq!(fs::read(world.folder("mes-alt").unwrap().join("out/auftrag.ok")).unwrap(), b"OK;2\r\n");
    assert!(names(&world, "out").iter().all(|name| !name.starts_with('.')), "nothing half stays behind");
    assert!(reported(&world).windows(3).any(|part| part == b"Ma\xdf"), "an umlaut is one byte");
    assert_eq!(books(&world, "mes-alt").await["untold"], 0);
    world.stop().await;
}

#[tokio::test]
async fn a_refused_file_is_archived_too_and_says_why_in_its_own_charset() {
    let dir = TempDir::new().unwrap();
    let world = at_work(dir.path()).await;
    lay(&world, "auftrag.csv", b"A;4711-1;FG-100;7;0;N7;\r\n");
    until("an answer", || names(&world, "out") == ["auftrag.err"]).await;
    assert_eq!(fs::read(world.folder("mes-alt").unwrap().join("out/auftrag.err")).unwrap(), b"FEHLER;1;MENGE;Menge ung\xfcltig: 0\r\n");
    until("the archive", || names(&world, "archive") == ["auftrag.csv"]).await;
    world.stop().await;
}

#[tokio::test]
async fn what_does_not_end_in_csv_or_is_hidden_is_left_alone() {
    let dir = TempDir::new().unwrap();
    let world = at_work(dir.path()).await;
    for name in ["auftrag.csv.tmp", ".auftrag.csv", "liesmich.txt"] {
        fs::write(world.folder("mes-alt").unwrap().join("in").join(name), ORDER).unwrap();
    }
    lay(&world, "zuletzt.csv", ORDER);
    until("the last one answered", || names(&world, "out").contains(&"zuletzt.ok".to_owned())).await;
    assert_eq!(names(&world, "in").len(), 3);
    world.stop().await;
}

#[tokio::test]
async fn a_file_that_the_system_does_not_take_now_stays_and_is_taken_later() {
    let dir = TempDir::new().unwrap();
    let world = at_work(dir.path()).await;
    let habits = format!("{}/_sim/habits", world.url("mes-alt").unwrap());
    ask("PUT", &habits, &json!({ "unavailable": { "next": 3, "matching": "POST /in/" } })).await;
    lay(&world, "auftrag.csv", ORDER);
    until("an answer", || names(&world, "out").contains(&"auftrag.ok".to_owned())).await;
    assert_eq!(books(&world, "mes-alt").await["effects"]["unavailable"], 3);
    world.stop().await;
}

#[tokio::test]
async fn a_file_that_was_taken_and_not_yet_moved_before_a_kill_is_taken_once() {
    let dir = TempDir::new().unwrap();
    let world = at_work(dir.path()).await;
    lay(&world, "auftrag.csv", ORDER);
    until("the order ended", || has_ended(&world)).await;
    let before = reported(&world);
    world.stop().await;
    // As a kill between the books and the move would have left it.
    let files = dir.path().join("mes-alt/files");
    fs::rename(files.join("archive/auftrag.csv"), files.join("in/auftrag.csv")).unwrap();
    fs::remove_file(files.join("out/auftrag.ok")).unwrap();
    let world = start(dir.path(), "mes-alt", Kind::MesCsv, NOBODY).await;
    until("answered again", || names(&world, "out").contains(&"auftrag.ok".to_owned()) && names(&world, "in").is_empty()).await;
    assert_eq!((reported(&world), books(&world, "mes-alt").await["orders"].as_array().unwrap().len()), (before, 1));
    world.stop().await;
}
