//! Puts the foreign systems on loopback ports: real HTTP, books on disk before any answer, messages posted until taken.
//!
//! Apart from the systems because this is the only place of the world with sockets, files, threads and a clock. Never decides
//! anything: a system's answer is the same here and under virtual time.
//!
//! Each system keeps its books in `DIR/<name>/journal.jsonl`, a list of its inputs: whatever moment the process is killed at, the
//! same directory brings the same system back, on the same port. What is told is posted as JSON to
//! `<base url><path>` with `{system}` and `{topic}` filled in, in order within a lane, until somebody answers 2xx. One request
//! carries one message, with `X-Message-Topic`, and `Authorization: Bearer <token>` where the system has one.
//!
//! A system that speaks in files ([`Kind::MesCsv`]) tells nothing over HTTP: it has the folders `in`, `out` and `archive` in
//! `DIR/<name>/files` instead, and its port is for its own people.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use tokio::net::TcpListener;

use super::moment::{Moment, UnknownZone, Zone};
use super::system::Kind;
use books::{Books, Opening};
use keeper::Keeper;

mod books;
mod courier;
mod cuttable;
mod door;
mod keeper;
mod porter;

/// One system to launch.
#[derive(Clone, Debug)]
pub struct SystemSpec {
    /// Its name: a folder, a part of the address its messages go to, and the `source` in them.
    pub name: String,
    /// What sort of system it is.
    pub kind: Kind,
    /// The IANA name of the zone its people live in.
    pub time_zone: String,
    /// What its misfortunes are drawn from.
    pub seed: u64,
    /// The port for its first launch; without one a free port is found. Later launches use the same port again.
    pub port: Option<u16>,
    /// The bearer token it shows when it posts.
    pub token: Option<String>,
}

impl SystemSpec {
    /// A system of this name, sort and zone, with a seed of its own, any free port and no token.
    pub fn new(name: &str, kind: Kind, time_zone: &str) -> Self {
        let (name, time_zone) = (name.to_owned(), time_zone.to_owned());
        Self { name, kind, time_zone, seed: 1, port: None, token: None }
    }
}

/// The systems to launch.
#[derive(Clone, Debug)]
pub struct WorldSpec {
    /// All of them, by different names.
    pub systems: Vec<SystemSpec>,
    /// Where messages go, after the base url; `{system}` and `{topic}` are filled in.
    pub path: String,
}

impl WorldSpec {
    /// These systems, posting to `<base url>/{system}/{topic}`.
    pub fn of(systems: Vec<SystemSpec>) -> Self {
        Self { systems, path: "/{system}/{topic}".to_owned() }
    }
}

/// Why the world could not be launched.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LaunchError {
    /// A file of the books failed.
    #[error("failed to {doing} `{}`", path.display())]
    Disk {
        /// What was attempted.
        doing: &'static str,
        /// Where.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Somebody else has the same books open.
    #[error("another process keeps the books `{}`", path.display())]
    InUse {
        /// Where.
        path: PathBuf,
    },
    /// A line of the books, not the last one, cannot be read.
    #[error("line {line} of the books `{}` is damaged", path.display())]
    Damaged {
        /// Where.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
    },
    /// The books belong to another system than the one that was asked for.
    #[error("the books of `{name}` were opened as {before}, not as {asked}")]
    OtherSystem {
        /// The name.
        name: String,
        /// What the books say.
        before: String,
        /// What was asked for.
        asked: String,
    },
    /// A name that cannot be a folder and part of an address.
    #[error("`{0}` is not a name for a system: use letters, digits, `-` and `_`")]
    BadName(String),
    /// A zone that does not exist.
    #[error(transparent)]
    Zone(#[from] UnknownZone),
    /// The port that the system had before is taken now.
    #[error("port {port} of `{name}` is taken: end the program that listens there, or start with another folder for the data")]
    PortTaken {
        /// The name.
        name: String,
        /// The port.
        port: u16,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// No free port was found.
    #[error("found no free port for `{0}`")]
    NoPort(String),
    /// The client that posts messages could not be made.
    #[error("failed to make a client to post messages with")]
    Client(#[source] reqwest::Error),
}

/// A world at work. Dropping it does not end it: [`stop`](Self::stop) does.
#[derive(Debug)]
pub struct RunningWorld {
    addresses: BTreeMap<String, SocketAddr>,
    folders: BTreeMap<String, PathBuf>,
    running: Vec<Running>,
}

#[derive(Debug)]
struct Running {
    keeper: Keeper,
    tasks: Vec<tokio::task::JoinHandle<()>>,
}

impl RunningWorld {
    /// Where each system listens, by name.
    pub fn addresses(&self) -> &BTreeMap<String, SocketAddr> {
        &self.addresses
    }

    /// `http://127.0.0.1:port` of the system of this name.
    pub fn url(&self, name: &str) -> Option<String> {
        self.addresses.get(name).map(|address| format!("http://{address}"))
    }

    /// Where the folders `in`, `out` and `archive` of a system are that speaks in files.
    pub fn folder(&self, name: &str) -> Option<&Path> {
        self.folders.get(name).map(PathBuf::as_path)
    }

    /// Stops all systems and gives their ports back; what they answered is on disk, as always.
    pub async fn stop(self) {
        for running in self.running {
            for task in running.tasks {
                task.abort();
                if task.await.is_err_and(|end| end.is_panic()) {
                    tracing::error!("a task of a simulated system broke");
                }
            }
            running.keeper.stop();
        }
    }
}

impl RunningWorld {
    /// Somebody who carries files between the folders of a system and the system.
    fn porter(&mut self, system: &SystemSpec, dir: &Path, keeper: &Keeper) -> Result<tokio::task::JoinHandle<()>, LaunchError> {
        let folder = dir.join(&system.name).join("files");
        let opened = porter::Folders::open(&folder);
        let folders = opened.map_err(|source| LaunchError::Disk { doing: "make the folders of", path: folder.clone(), source })?;
        self.folders.insert(system.name.clone(), folder);
        Ok(tokio::spawn(porter::carry(keeper.desk(), folders)))
    }
}

fn speaks_in_files(kind: Kind) -> bool {
    kind == Kind::MesCsv
}

/// Launches these systems with their books under `dir`, posting what they tell to `base_url`.
pub async fn launch(spec: &WorldSpec, dir: &Path, base_url: &str) -> Result<RunningWorld, LaunchError> {
    let client = courier::client().map_err(LaunchError::Client)?;
    let mut world = RunningWorld { addresses: BTreeMap::new(), folders: BTreeMap::new(), running: Vec::new() };
    for system in &spec.systems {
        let (keeper, listener, address) = match open(system, dir).await {
            Ok(opened) => opened,
            Err(error) => {
                world.stop().await;
                return Err(error);
            }
        };
        let carrier = if speaks_in_files(system.kind) {
            match world.porter(system, dir, &keeper) {
                Ok(porter) => porter,
                Err(error) => {
                    keeper.stop();
                    world.stop().await;
                    return Err(error);
                }
            }
        } else {
            let to = courier::Destination::new(base_url, &spec.path, system);
            tokio::spawn(courier::carry(keeper.desk(), client.clone(), to))
        };
        let door = tokio::spawn(door::serve(listener, keeper.desk()));
        world.addresses.insert(system.name.clone(), address);
        world.running.push(Running { keeper, tasks: vec![door, carrier] });
    }
    Ok(world)
}

/// Brings one system back from its books, or opens new ones, and binds its port.
async fn open(spec: &SystemSpec, dir: &Path) -> Result<(Keeper, TcpListener, SocketAddr), LaunchError> {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_';
    if spec.name.is_empty() || !spec.name.chars().all(plain) {
        return Err(LaunchError::BadName(spec.name.clone()));
    }
    let folder = dir.join(&spec.name);
    let mut system = super::system(spec.kind, &spec.name, Zone::named(&spec.time_zone)?, spec.seed);
    let found = Books::reopen(&folder, |at, entry| entry.replay(system.as_mut(), at))?;
    let listener = match &found {
        Some((_, opening)) => bind(&spec.name, opening.accepts(spec)?).await?,
        None => first_bind(spec, dir).await?,
    };
    let address = listener.local_addr().map_err(|_| LaunchError::NoPort(spec.name.clone()))?;
    let books = match found {
        Some((books, _)) => books,
        None => Books::create(&folder, &Opening::of(spec, address.port()))?,
    };
    Ok((Keeper::start(system, books), listener, address))
}

async fn bind(name: &str, port: u16) -> Result<TcpListener, LaunchError> {
    let taken = |source| LaunchError::PortTaken { name: name.to_owned(), port, source };
    TcpListener::bind(("127.0.0.1", port)).await.map_err(taken)
}

/// Ports of a world lie beside each other, in one of so many blocks.
const BLOCKS: u32 = 200;
const BLOCK: u32 = 50;

/// A port below those that outgoing connections are given, so that nobody has taken it by the next launch; and in a block that follows
/// from the folder, so that another world does not take it while this one is away.
async fn first_bind(spec: &SystemSpec, dir: &Path) -> Result<TcpListener, LaunchError> {
    if let Some(port) = spec.port {
        return bind(&spec.name, port).await;
    }
    let sum = |bytes: &[u8]| bytes.iter().fold(7_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(*byte)));
    let start = sum(dir.as_os_str().as_encoded_bytes()) % BLOCKS * BLOCK + sum(spec.name.as_bytes()) % BLOCK;
    for probe in 0..200 {
        let Ok(port) = u16::try_from(20_000 + (start + probe) % (BLOCKS * BLOCK)) else { break };
        if let Ok(listener) = bind(&spec.name, port).await {
            return Ok(listener);
        }
    }
    Err(LaunchError::NoPort(spec.name.clone()))
}

/// The only clock of the world.
fn wall_clock() -> Moment {
    Moment::from_millis(jiff::Timestamp::now().as_millisecond())
}

#[cfg(test)]
mod tests;
