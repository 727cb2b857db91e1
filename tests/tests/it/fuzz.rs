//! Anything at all at everything that reads what others wrote: messages of systems, mappings, configuration, names, and what stands in
//! logs and queues. Samples are broken in every way that a seed draws; each parser runs in a process of its own with little memory and
//! is watched, so that a panic, a parse without end and a few letters that become gigabytes are all told with the bytes that did it.
//! `TAKT_FUZZ_SECONDS` says for how long each, and the commit draws what (`PROPTEST_RNG_SEED`).

use std::io::{Seek as _, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use takt_cluster::clock::SystemClock;
use takt_cluster::seam::Clock as _;

use breaker::Breaker;

mod breaker;
mod readers;

/// Which reader a process tries, and where it keeps what it tries just now; set in such a process only.
const READER: &str = "TAKT_TEST_FUZZ_READER";
const NOW: &str = "TAKT_TEST_FUZZ_NOW";

/// Seconds for each reader, where nobody says otherwise.
const SECONDS: u64 = 1;

/// Memory of such a process: what the test binary takes by itself, and some.
const MEMORY_BYTES: u64 = 1 << 30;

/// The longest that one text may take, in a debug build on a busy machine.
const LONGEST: Duration = Duration::from_secs(10);

/// The longest text.
const TEXT_BYTES_MAX: usize = 256 << 10;

fn seconds() -> u64 {
    std::env::var("TAKT_FUZZ_SECONDS").map_or(SECONDS, |set| set.parse().expect("TAKT_FUZZ_SECONDS is a number"))
}

fn seed() -> u64 {
    std::env::var("PROPTEST_RNG_SEED").map_or(1, |set| set.parse().expect("PROPTEST_RNG_SEED is a number"))
}

/// A reader in a process of its own: how many texts it read, or what was wrong.
async fn try_alone(name: &str, room: &Path) -> Result<u64, String> {
    let now = room.join(name);
    let mut command = Command::new("prlimit");
    command.arg(format!("--data={MEMORY_BYTES}")).arg("--core=0").arg(std::env::current_exe().unwrap());
    command.args(["fuzz::one_reader_takes_anything", "--exact", "--nocapture"]).env(READER, name).env(NOW, &now);
    let process = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let id = process.id().to_string();
    let mut ending = tokio::task::spawn_blocking(move || process.wait_with_output().unwrap());
    let in_time = tokio::time::timeout(Duration::from_secs(seconds()) + 3 * LONGEST, &mut ending).await;
    let ended = in_time.is_ok();
    let done = if let Ok(done) = in_time {
        done.unwrap()
    } else {
        assert!(Command::new("kill").args(["-KILL", &id]).status().unwrap().success());
        ending.await.unwrap()
    };
    let said = String::from_utf8_lossy(&done.stdout).into_owned();
    let read = said.lines().find_map(|line| line.split_once("fuzz: ")?.1.parse().ok());
    match read {
        Some(read) if done.status.success() => Ok(read),
        _ => {
            let text = std::fs::read(&now).unwrap_or_default();
            let how = if ended { done.status.to_string() } else { "no end".to_owned() };
            let why: String = String::from_utf8_lossy(&done.stderr).chars().take(2_000).collect();
            Err(format!("{name}: {how} at these {} bytes:\n{}\n{said}\n{why}", text.len(), text.escape_ascii()))
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_read_ends_soon_takes_little_and_breaks_nothing() {
    let room = tempfile::tempdir().unwrap();
    let mut broken = Vec::new();
    for name in readers::NAMES {
        match try_alone(name, room.path()).await {
            Ok(read) if read > 0 => eprintln!("fuzz: {name}: {read} texts"),
            Ok(_) => broken.push(format!("{name}: not one text in {} s", seconds())),
            Err(why) => broken.push(why),
        }
    }
    assert!(broken.is_empty(), "seed {}: {}", seed(), broken.join("\n\n"));
}

/// The harness itself: a reader that panics, one that ends never and one that eats memory are all told, with what they read.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_that_breaks_is_told_with_what_it_read() {
    let room = tempfile::tempdir().unwrap();
    for (name, how) in [("test-panics", "exit status: 101"), ("test-eats", "signal: 6")] {
        let told = try_alone(name, room.path()).await.unwrap_err();
        assert!(told.contains(how) && told.contains("bytes:\n"), "{told}");
    }
}

/// The other process of the tests above; alone it has nothing to do.
#[tokio::test]
async fn one_reader_takes_anything() {
    let (Ok(name), Ok(now)) = (std::env::var(READER), std::env::var(NOW)) else { return };
    let reader = readers::named(&name);
    let (clock, mut breaker, mut read, mut fit) = (SystemClock::start(), Breaker::seeded(seed()), 0_u64, 0_u64);
    let mut now = std::fs::File::create(now).unwrap();
    let least = Duration::from_secs(seconds());
    // What is not broken is read first, and well.
    for sample in &reader.samples {
        assert!((reader.read)(sample), "{name} does not read its own sample:\n{}", sample.escape_ascii());
    }
    while clock.elapsed() < least {
        let text = breaker.broken(&reader.samples, reader.words, TEXT_BYTES_MAX);
        now.rewind().unwrap();
        now.write_all(&text).unwrap();
        now.set_len(text.len().try_into().unwrap()).unwrap();
        let began = clock.elapsed();
        fit += u64::from((reader.read)(&text));
        let took = clock.elapsed().saturating_sub(began);
        assert!(took < LONGEST, "it took {took:?}");
        read += 1;
    }
    assert!(fit < read, "nothing of what was broken was refused");
    readers::say(&format!("{read}"));
}
