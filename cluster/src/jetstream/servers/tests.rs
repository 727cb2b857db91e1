//! Servers of our own leave nothing behind, and die and come back when they are told.

use std::path::Path;
use std::time::Duration;

use super::super::tests::{eu, open, program};
use super::super::{Durability, Settings};
use super::{Guard, Login, Plan, Servers, holds};
use crate::conformance::entity;
use crate::seam::{Append, Appended};

const ONE: Plan = Plan { servers: 1, accounts: 1, sync_always: true };

fn is_alive(process: u32) -> bool {
    Path::new(&format!("/proc/{process}")).exists()
}

#[test]
fn nothing_is_left_of_servers_when_whoever_started_them_is_gone() {
    let room = tempfile::tempdir().unwrap();
    let mut servers = Servers::start(&program(), room.path(), Plan { servers: 2, ..ONE }).unwrap();
    assert!(servers.kill(1), "it was not killed");
    let processes: Vec<u32> =
        servers.servers.iter().flat_map(|server| server.guard.iter().chain(&server.fallen)).map(|guard| guard.server).collect();
    assert!(processes.len() == 2 && is_alive(processes[0]) && servers.is_out(1));
    // Their input ends, as it does when the process at its other end is killed.
    for server in &mut servers.servers {
        for Guard { mut process, input, .. } in server.guard.take().into_iter().chain(server.fallen.take()) {
            drop(input);
            process.wait().unwrap();
        }
    }
    assert!(!processes.iter().any(|process| is_alive(*process)), "a server outlived us");
    assert_eq!(std::fs::read_dir(room.path()).unwrap().count(), 0, "what servers wrote outlived them");
}

#[tokio::test]
async fn a_server_that_was_killed_has_its_disk_when_it_comes_back() {
    let room = tempfile::tempdir().unwrap();
    let mut servers = Servers::start(&program(), room.path(), ONE).unwrap();
    let patient = Duration::from_secs(20);
    let settings = Settings { durability: Durability::Relaxed, append_patience: patient, ..servers.settings(eu(), 0) };
    let engine = open(settings.clone()).await;
    let append = |after, text: &str| vec![Append { entity: entity(1), after, bytes: text.to_owned().into() }];
    let [Appended::Committed { sequence }] = engine.seams().journal.append(append(0, "one")).await[..] else { panic!() };
    assert!(servers.kill(0) && servers.is_out(0) && !servers.kill(0), "it was not killed once");
    servers.revive(0).unwrap();
    let [Appended::Committed { .. }] = engine.seams().journal.append(append(sequence, "two")).await[..] else {
        panic!("{}", servers.log(0))
    };
    let log = open(settings).await.seams().journal.read(entity(1), 0).await.unwrap();
    assert_eq!(log.iter().map(|entry| entry.bytes.as_ref()).collect::<Vec<_>>(), [b"one", b"two"]);
}

#[tokio::test]
async fn servers_over_a_folder_that_is_kept_go_on_where_they_were_and_hold_it_as_long_as_they_run() {
    let room = tempfile::tempdir().unwrap();
    let dir = room.path().join("nats");
    let login = Login { user: "eu".to_owned(), password: "it's \"quoted\"".to_owned() };
    let settings = |servers: &Servers| Settings {
        login: Some((login.user.clone(), login.password.clone())),
        monitors: servers.monitors(),
        ..Settings::of(eu(), servers.addresses())
    };
    assert!(!holds(&dir), "nobody was there yet");
    let servers = Servers::keep(&program(), &dir, std::slice::from_ref(&login)).unwrap();
    let engine = open(settings(&servers)).await;
    let written = engine.seams().journal.append(vec![Append { entity: entity(1), after: 0, bytes: "one".into() }]).await;
    assert!(matches!(written[..], [Appended::Committed { .. }]) && holds(&dir));
    drop((engine, servers));
    assert!(!holds(&dir) && dir.join("n1/data").exists());
    let servers = Servers::keep(&program(), &dir, std::slice::from_ref(&login)).unwrap();
    let log = open(settings(&servers)).await.seams().journal.read(entity(1), 0).await.unwrap();
    assert_eq!(log.iter().map(|entry| entry.bytes.as_ref()).collect::<Vec<_>>(), [b"one"]);
}
