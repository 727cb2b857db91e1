//! A real broker for the tests of links over MQTT: a mosquitto of our own, on a free port, in a folder that goes away with it; it is killed
//! without a word and started again over what it left. And peers that were not written here: paho-mqtt, and pysparkplug as an edge node.

use std::net::{TcpListener, TcpStream};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use crate::wheels::fetched;

/// What they need.
pub(crate) const NEEDS: &str = "links over MQTT need mosquitto (apt-get install mosquitto), and Python 3 with pip and its package index";

const PACKAGES: [&str; 3] = ["pysparkplug==0.6.1", "paho-mqtt==1.6.1", "protobuf==7.36.2"];

/// How long a broker may take to listen.
const START_MAX: Duration = Duration::from_secs(30);

/// A broker of ours.
pub(crate) struct Broker {
    dir: tempfile::TempDir,
    port: u16,
    running: Option<Child>,
}

fn program() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let usual = ["/usr/sbin", "/usr/bin", "/usr/local/sbin"].map(PathBuf::from);
    std::env::split_paths(&path).chain(usual).map(|folder| folder.join("mosquitto")).find(|program| program.is_file())
}

/// The folder of the peers; or why the tests cannot run here.
pub(crate) fn peers() -> Result<PathBuf, String> {
    static ONCE: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    ONCE.get_or_init(|| program().ok_or_else(|| "there is no mosquitto".to_owned()).and_then(|_| fetched("mqtt-peers-1", &PACKAGES)))
        .clone()
}

impl Broker {
    /// One that runs, with more lines in its configuration; `DIR` stands there for its folder.
    pub(crate) fn start(more: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let place = dir.path().display().to_string();
        // What it has is written down after every change, so that it may be killed.
        let text = format!(
            "listener {port} 127.0.0.1\npersistence true\npersistence_location {place}/\nautosave_on_changes true\nautosave_interval 1\n\
             max_queued_messages 100000\nuser root\n{}\n",
            more.replace("DIR", &place)
        );
        std::fs::write(dir.path().join("mosquitto.conf"), text).unwrap();
        let mut broker = Self { dir, port, running: None };
        broker.restart();
        broker
    }

    pub(crate) fn restart(&mut self) {
        assert!(self.running.is_none(), "it runs");
        let mut command = Command::new(program().unwrap());
        command.arg("-c").arg(self.dir.path().join("mosquitto.conf"));
        self.running = Some(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
        let (tell, ready) = std::sync::mpsc::channel();
        let port = self.port;
        std::thread::spawn(move || {
            while TcpStream::connect(("127.0.0.1", port)).is_err() {
                std::thread::yield_now();
            }
            tell.send(()).ok();
        });
        ready.recv_timeout(START_MAX).expect("the broker does not come up");
    }

    /// Kills it in the middle of whatever it does.
    pub(crate) fn kill(&mut self) {
        let mut child = self.running.take().unwrap();
        child.kill().unwrap();
        assert_eq!(child.wait().unwrap().signal(), Some(9), "it did not die of the kill");
        assert!(TcpStream::connect(("127.0.0.1", self.port)).is_err(), "it still listens");
    }

    /// Has it end in order, with all it has written down: one that is killed has acknowledged a few messages before it wrote them, and
    /// whoever sent them has forgotten them.
    pub(crate) fn end(&mut self) {
        let mut child = self.running.take().unwrap();
        assert!(Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap().success());
        assert!(child.wait().unwrap().success(), "it did not end in order");
        assert!(TcpStream::connect(("127.0.0.1", self.port)).is_err(), "it still listens");
    }

    /// Has it stand still, or go on, as a machine does that is out of breath.
    pub(crate) fn stand_still(&self, still: bool) {
        let id = self.running.as_ref().unwrap().id().to_string();
        assert!(Command::new("kill").args([if still { "-STOP" } else { "-CONT" }, &id]).status().unwrap().success());
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        if let Some(mut child) = self.running.take() {
            child.kill().ok();
            child.wait().ok();
        }
    }
}

/// A peer in a process of its own; it ends with this.
pub(crate) struct Peer(Child);

impl Peer {
    /// Begins what `mqtt/peers.py` says it can.
    pub(crate) fn start(peers: &Path, words: &[&str]) -> Self {
        let mut python = Command::new("python3");
        python.arg("-W").arg("ignore").arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/mqtt/peers.py"));
        let child = python.args(words).env("PYTHONPATH", peers).stdin(Stdio::null()).stdout(Stdio::null()).spawn().unwrap();
        Self(child)
    }

    /// Kills it in the middle of whatever it does.
    pub(crate) fn kill(mut self) {
        self.0.kill().unwrap();
        assert_eq!(self.0.wait().unwrap().signal(), Some(9), "it did not die of the kill");
    }

    /// Whether it is done, and well.
    pub(crate) fn is_done(&mut self) -> bool {
        match self.0.try_wait().unwrap() {
            Some(status) => {
                assert!(status.success(), "a peer failed: {status}");
                true
            }
            None => false,
        }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}
