//! Real databases for the tests of links over SQL: a PostgreSQL and a MariaDB of our own, each on a free port and in a folder that goes
//! away with it. They are killed without a word (SIGKILL) and started again over what they left.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

mod cut;

pub(crate) use cut::Cutter;

/// What they need.
pub(crate) const NEEDS: &str = "links over SQL need PostgreSQL and MariaDB (apt-get install postgresql mariadb-server)";

/// How long a server may take to come up: it may have to recover, on a machine that does other things, too.
const START_MAX: Duration = Duration::from_mins(2);

/// Which database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Make {
    Postgres,
    MariaDb,
}

/// A server of ours.
pub(crate) struct Database {
    make: Make,
    dir: tempfile::TempDir,
    port: u16,
    running: Option<Child>,
    log: Arc<Mutex<String>>,
}

/// The first program of this name, in the folders where packages put it.
pub(crate) fn program(name: &str) -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|version| version.path().join("bin"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let usual = ["/usr/sbin", "/usr/bin", "/usr/local/bin"].map(PathBuf::from);
    versions.chain(std::env::split_paths(&path)).chain(usual).map(|folder| folder.join(name)).find(|program| program.is_file())
}

/// Why there can be none here, if so. Where they are missing and may be installed, they are.
pub(crate) fn missing() -> Option<String> {
    static ONCE: OnceLock<Option<String>> = OnceLock::new();
    ONCE.get_or_init(|| lacking().and_then(|lacking| installed().err().map(|why| format!("{lacking}; {why}")).or_else(self::lacking)))
        .clone()
}

fn lacking() -> Option<String> {
    let needed = ["postgres", "initdb", "psql", "mariadbd", "mariadb-install-db", "mariadb"];
    let missing: Vec<&str> = needed.into_iter().filter(|name| program(name).is_none()).collect();
    (!missing.is_empty()).then(|| format!("there is no {}", missing.join(", no ")))
}

/// Installs their packages, as root on Debian and its like.
fn installed() -> Result<(), String> {
    if !as_root() {
        return Err("only root may install them".to_owned());
    }
    for words in [&["update", "-qq"][..], &["install", "-y", "-qq", "--no-install-recommends", "postgresql", "mariadb-server"]] {
        let output = Command::new("apt-get").args(words).env("DEBIAN_FRONTEND", "noninteractive").stdin(Stdio::null()).output();
        let output = output.map_err(|error| format!("apt-get: {error}"))?;
        if !output.status.success() {
            return Err(format!("apt-get {}: {}", words[0], String::from_utf8_lossy(&output.stderr).trim()));
        }
    }
    Ok(())
}

fn as_root() -> bool {
    let id = Command::new("id").arg("-u").output().unwrap();
    id.stdout.trim_ascii() == b"0"
}

/// A program of PostgreSQL, which does not run as root: as the user that its package made, then.
fn postgres(name: &str) -> Command {
    let path = program(name).unwrap();
    if !as_root() {
        return Command::new(path);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]).arg(path);
    command
}

fn done(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output().unwrap();
    let (said, wrong) = (String::from_utf8_lossy(&output.stdout).into_owned(), String::from_utf8_lossy(&output.stderr).into_owned());
    assert!(output.status.success(), "{command:?}: {said}\n{wrong}");
    said
}

impl Database {
    /// A new one, that runs.
    pub(crate) fn start(make: Make) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("data");
        match make {
            Make::Postgres => {
                if as_root() {
                    done(Command::new("chown").arg("postgres").arg(dir.path()));
                }
                done(postgres("initdb").args(["--auth=trust", "--username=takt", "--encoding=UTF8", "--locale=C", "-D"]).arg(&data));
            }
            Make::MariaDb => {
                let mut install = Command::new(program("mariadb-install-db").unwrap());
                install.args(["--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db"]);
                done(install.args(user()).arg(format!("--datadir={}", data.display())));
            }
        }
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut database = Self { make, dir, port, running: None, log: Arc::default() };
        database.restart();
        match make {
            Make::Postgres => database.say_to("postgres", "create database plant"),
            Make::MariaDb => database.say_to(
                "mysql",
                "create database plant; create user takt@'%' identified by 't@k/t?'; create user takt@localhost identified by 't@k/t?'; \
                 grant all on *.* to takt@'%'; grant all on *.* to takt@localhost",
            ),
        };
        database
    }

    fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    /// Starts it over what is there, and waits until it answers. That a process of ours dies is not that a disk loses power, so the
    /// servers need not wait for the disk.
    pub(crate) fn restart(&mut self) {
        assert!(self.running.is_none(), "it runs");
        let mut command = match self.make {
            Make::Postgres => {
                let mut command = postgres("postgres");
                command.arg("-D").arg(self.data()).args([
                    "-p",
                    &self.port.to_string(),
                    "-c",
                    "fsync=off",
                    "-c",
                    "listen_addresses=127.0.0.1",
                ]);
                command.arg("-k").arg(self.dir.path());
                command
            }
            Make::MariaDb => {
                let mut command = Command::new(program("mariadbd").unwrap());
                command.args(["--no-defaults", "--bind-address=127.0.0.1", "--innodb-flush-log-at-trx-commit=2"]).args(user());
                command.arg(format!("--datadir={}", self.data().display())).arg(format!("--port={}", self.port));
                command.arg(format!("--socket={}", self.socket().display()));
                command
            }
        };
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let ready = self.listening(child.stderr.take().unwrap());
        // What a killed server left behind may still hold its place for a moment: then it goes away without having been ready.
        match ready.recv_timeout(START_MAX) {
            Ok(()) => self.running = Some(child),
            Err(RecvTimeoutError::Disconnected) => {
                child.wait().unwrap();
                return self.restart();
            }
            Err(RecvTimeoutError::Timeout) => panic!("{:?} does not come up: {}", self.make, self.logged()),
        }
        assert!(self.try_say(self.first(), "select 1").0, "{}", self.logged());
    }

    /// Keeps what it says of itself; says when it says that it is ready.
    fn listening(&self, words: ChildStderr) -> Receiver<()> {
        let is_ready = match self.make {
            Make::Postgres => "database system is ready to accept connections",
            Make::MariaDb => "ready for connections",
        };
        let (tell, ready) = channel();
        let log = Arc::clone(&self.log);
        std::thread::spawn(move || {
            for line in BufReader::new(words).lines().map_while(Result::ok) {
                log.lock().unwrap().extend([line.as_str(), "\n"]);
                if line.contains(is_ready) {
                    // Nobody may listen any more.
                    tell.send(()).ok();
                }
            }
        });
        ready
    }

    /// Kills it in the middle of whatever it does. It is dead when this returns, of this and of nothing else.
    pub(crate) fn kill(&mut self) {
        let mut child = self.running.take().unwrap();
        child.kill().unwrap();
        assert_eq!(child.wait().unwrap().signal(), Some(9), "it did not die of the kill");
        assert!(!self.try_say("plant", "select 1").0, "{:?} still answers", self.make);
    }

    /// How often it came up and found that it had not been stopped in order.
    pub(crate) fn recoveries(&self) -> usize {
        let words = match self.make {
            Make::Postgres => "database system was not properly shut down",
            Make::MariaDb => "Starting crash recovery",
        };
        self.logged().matches(words).count()
    }

    pub(crate) fn logged(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// The address of its database, at a port that may be another one.
    pub(crate) fn url(&self, port: u16) -> String {
        match self.make {
            Make::Postgres => format!("postgres://takt@127.0.0.1:{port}/plant?sslmode=disable"),
            Make::MariaDb => format!("mysql://takt@127.0.0.1:{port}/plant?ssl-mode=disabled"),
        }
    }

    /// The password that its address needs, with letters in it that could not stand in an address.
    pub(crate) fn password(&self) -> Option<&'static str> {
        match self.make {
            Make::Postgres => None,
            Make::MariaDb => Some("t@k/t?"),
        }
    }

    /// Says something to it by its own client, and gives back its rows, a line each, fields by tabs.
    pub(crate) fn say(&self, sql: &str) -> String {
        self.say_to("plant", sql)
    }

    /// The same where it need not come off.
    pub(crate) fn try_say(&self, database: &str, sql: &str) -> (bool, String) {
        let output = self.client(database).arg(sql).stdin(Stdio::null()).output().unwrap();
        let wrong = String::from_utf8_lossy(&output.stderr).into_owned();
        (
            output.status.success(),
            if output.status.success() { String::from_utf8_lossy(&output.stdout).trim_end().to_owned() } else { wrong },
        )
    }

    fn say_to(&self, database: &str, sql: &str) -> String {
        let (well, said) = self.try_say(database, sql);
        assert!(well, "{:?}: {sql}: {said}", self.make);
        said
    }

    /// Its own client, which reads what it is to do from its last argument; or from its input where that argument is left out.
    pub(crate) fn client(&self, database: &str) -> Command {
        let mut command = match self.make {
            Make::Postgres => Command::new(program("psql").unwrap()),
            Make::MariaDb => Command::new(program("mariadb").unwrap()),
        };
        match self.make {
            Make::Postgres => command.args(["-X", "-q", "-A", "-t", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-U", "takt"]),
            Make::MariaDb => command.args(["--no-defaults", "--batch", "--skip-column-names", "-uroot", "-S"]).arg(self.socket()),
        };
        match self.make {
            Make::Postgres => command.args(["-p", &self.port.to_string(), "-d", database, "-c"]),
            Make::MariaDb => command.args(["-D", database, "-e"]),
        };
        command
    }

    /// A session that is told what to do while it is open.
    pub(crate) fn session(&self) -> Child {
        let mut command = Command::new(program("psql").unwrap());
        command.args(["-X", "-q", "-A", "-t", "-h", "127.0.0.1", "-U", "takt", "-p", &self.port.to_string(), "-d", "plant"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap()
    }

    fn first(&self) -> &'static str {
        match self.make {
            Make::Postgres => "postgres",
            Make::MariaDb => "mysql",
        }
    }

    fn socket(&self) -> PathBuf {
        Path::new(self.dir.path()).join("socket")
    }
}

/// MariaDB runs as whoever starts it, and as root only when that is said.
fn user() -> Option<&'static str> {
    as_root().then_some("--user=root")
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Some(mut child) = self.running.take() {
            drop(child.kill());
            drop(child.wait());
        }
    }
}
