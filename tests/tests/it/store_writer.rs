//! A process that writes into a store and says on its standard output what was acknowledged to it: this test binary, run
//! once more. Apart from the tests that kill it or cut its power, which judge it only by what it said (`store_account`).

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, mpsc};

use bytes::Bytes;
use takt_cluster::clock::SystemClock;
use takt_cluster::embedded::{Embedded, Settings};
use takt_cluster::seam::{Append, Appended, Journal, Message, QueueName, Seams, Timer};
use takt_cluster::views::{Row, Stamp, Step, Table, Views};
use takt_protocol::id::{EntityId, Kind};
use takt_protocol::instant::Instant;
use takt_protocol::name::Region;

/// Tells the binary that it is a writer: which one, and where.
const ORDERED: &str = "TAKT_STORE_WRITER";
/// Entities written side by side, so that groups form.
pub(crate) const LANES: u64 = 6;
/// Messages the hasty writer answers for before it writes them.
const HASTY_GROUP: u64 = 64;
pub(crate) const IN: QueueName = QueueName::In { shard: 0 };
pub(crate) const DUE: QueueName = QueueName::Due { shard: 0 };
/// One row a message, and one row that says how many.
pub(crate) const MESSAGES: Table = Table(1);
pub(crate) const COUNT: Table = Table(2);

/// Who writes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Writes {
    /// The embedded engine, with views beside it, as a node has them.
    Engine,
    /// The embedded engine, acknowledged before it has written: must be caught by a kill.
    Hasty,
    /// sled, acknowledged after its own flush: must be caught by a power cut.
    PlainSled,
}

impl Writes {
    fn word(self) -> &'static str {
        match self {
            Self::Engine => "engine",
            Self::Hasty => "hasty",
            Self::PlainSled => "sled",
        }
    }
}

/// The writing process, as the test sees it.
pub(crate) struct Writer {
    child: Child,
    said: mpsc::Receiver<String>,
}

impl Writer {
    /// Runs `test` of this binary again, as a writer into `dir`.
    pub(crate) fn start(test: &str, writes: Writes, dir: &Path) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", test, "--nocapture", "--test-threads=1"]);
        command.env(ORDERED, format!("{}:{}", writes.word(), dir.display()));
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let (say, said) = mpsc::channel();
        std::thread::spawn(move || lines.map_while(Result::ok).all(|line| say.send(line).is_ok()));
        Self { child, said }
    }

    /// Listens until the writer has said so many things more.
    pub(crate) fn hear(&self, count: usize) -> Vec<String> {
        (0..count).map(|_| self.said.recv().expect("the writer ended by itself")).collect()
    }

    /// What has been said by now, without waiting.
    pub(crate) fn heard(&self) -> Vec<String> {
        self.said.try_iter().collect()
    }

    /// `kill -9`; returns what it had said and how it ended, once it is reaped.
    pub(crate) fn kill(mut self) -> (Vec<String>, ExitStatus) {
        self.child.kill().unwrap();
        let status = self.child.wait().unwrap();
        (self.said.iter().collect(), status)
    }

    /// Stops it where it stands; returns when no thread of it runs.
    pub(crate) fn freeze(&self) {
        self.signal("-STOP");
        while !self.threads().iter().all(|state| *state == 'T') {
            std::thread::yield_now();
        }
    }

    /// Lets it go on.
    pub(crate) fn thaw(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, signal: &str) {
        let sent = Command::new("kill").args([signal, &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success(), "kill {signal} did nothing");
    }

    fn threads(&self) -> Vec<char> {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", self.child.id())).unwrap();
        let states = tasks.filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("stat")).ok());
        states.filter_map(|stat| stat.rsplit_once(") ")?.1.chars().next()).collect()
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // After `kill` it is reaped already; this is for a test that failed before, and says no more than that did.
        if let Ok(None) = self.child.try_wait() {
            self.child.kill().and_then(|()| self.child.wait()).ok();
        }
    }
}

/// If this process is to be a writer: writes until it is killed. Otherwise returns at once.
pub(crate) fn write_if_ordered() {
    let Ok(order) = std::env::var(ORDERED) else { return };
    let (word, dir) = order.split_once(':').unwrap();
    let dir = PathBuf::from(dir);
    // The test harness has begun a line of its own.
    say("\nopening");
    match word {
        "sled" => plain_sled(&dir),
        word => {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(engine(&dir, word == "hasty"));
        }
    }
}

/// One write to the pipe; fails when the test is gone, which ends the writer.
fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush()).unwrap();
}

async fn engine(dir: &Path, hasty: bool) {
    let engine = open(dir);
    let seams = engine.seams();
    let (views, _) = Views::open(&dir.join("views"), stamp(seams.journal.as_ref())).unwrap();
    let mut lanes = tokio::task::JoinSet::new();
    for lane in 0..LANES {
        let (seams, views) = (seams.clone(), views.clone());
        lanes.spawn(async move { if hasty { hasty_lane(&seams, lane).await } else { write_lane(&seams, &views, lane).await } });
    }
    lanes.join_next().await.unwrap().unwrap();
}

async fn write_lane(seams: &Seams, views: &Views, lane: u64) {
    let there = seams.journal.read(entity(lane), 0).await.unwrap();
    let mut after = there.last().map_or(0, |entry| entry.sequence);
    for n in there.len() as u64 + 1.. {
        after = append(seams, lane, n, after).await;
        say(&format!("append {lane} {n} {after}"));
        let id = format!("{lane}-{n}");
        match n % 4 {
            0 => {
                seams.queue.publish(vec![Message { queue: IN, id: id.clone(), bytes: message(lane, n) }]).await.unwrap();
                say(&format!("queue {id}"));
            }
            1 => {
                seams.blobs.keep(vec![message(lane, n)]).await.unwrap();
                say(&format!("blob {lane} {n}"));
            }
            2 => {
                let timer = Timer { id: id.clone(), at: Instant::from_utc_ms(0), shard: 0, bytes: message(lane, n) };
                seams.timers.set(vec![timer]).await.unwrap();
                say(&format!("timer {id}"));
            }
            _ => show(views, lane, n),
        }
    }
}

async fn hasty_lane(seams: &Seams, lane: u64) {
    let mut after = 0;
    for group in 0.. {
        let numbers = group * HASTY_GROUP + 1..=(group + 1) * HASTY_GROUP;
        numbers.clone().for_each(|n| say(&format!("append {lane} {n} 0")));
        for n in numbers {
            after = append(seams, lane, n, after).await;
        }
    }
}

async fn append(seams: &Seams, lane: u64, n: u64, after: u64) -> u64 {
    let outcome = seams.journal.append(vec![Append { entity: entity(lane), after, bytes: message(lane, n) }]).await;
    let [Appended::Committed { sequence }] = outcome[..] else { panic!("the store answered {outcome:?}") };
    sequence
}

/// The lane's cursor counts its messages; each has a row, written in steps that begin where the last one ended.
fn show(views: &Views, lane: u64, upto: u64) {
    let shard = u16::try_from(lane).unwrap();
    let after = views.cursor(shard).unwrap();
    let row = |n: u64| Row { table: MESSAGES, key: [lane.to_be_bytes(), n.to_be_bytes()].concat(), value: Some(message(lane, n)) };
    let mut rows: Vec<Row> = (after + 1..=upto).map(row).collect();
    let count = Bytes::copy_from_slice(&upto.to_be_bytes());
    rows.push(Row { table: COUNT, key: lane.to_be_bytes().to_vec(), value: Some(count) });
    views.apply(Step { shard, after, upto, rows }).unwrap();
}

fn plain_sled(dir: &Path) {
    let store = sled::open(dir.join("control")).unwrap();
    for n in store.len() as u64 + 1.. {
        store.insert(n.to_be_bytes(), message(0, n).as_ref()).unwrap();
        store.flush().unwrap();
        say(&format!("append 0 {n} 0"));
    }
}

/// The store of a region of one shard.
pub(crate) fn open(dir: &Path) -> Embedded {
    Embedded::open(dir, Settings::of(Region::parse("eu").unwrap()), Arc::new(SystemClock::start())).unwrap()
}

pub(crate) fn stamp(journal: &dyn Journal) -> Stamp {
    Stamp { schema: 1, incarnation: journal.incarnation() }
}

pub(crate) fn entity(lane: u64) -> EntityId {
    EntityId::from_parts(Kind::Order, Region::parse("eu").unwrap(), 1, u128::from(lane) << 64 | 1)
}

/// The `n`th message of a lane: from a few bytes to a few kilobytes, so that pages split and chains grow.
pub(crate) fn message(lane: u64, n: u64) -> Bytes {
    let filler = "#".repeat(usize::try_from(n * 61 % 2_500).unwrap());
    Bytes::from(format!("lane {lane} message {n} {filler}"))
}
