//! Tryton itself: fetched from PyPI once for a target folder, on a PostgreSQL of ours, killed without a word and started again.

use std::net::{TcpListener, TcpStream};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::databases::{Database, program};

const SCRIPTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/tryton");

/// What is fetched. Its modules are of one series, 7.8.
const PACKAGES: [&str; 4] = ["trytond~=7.8.0", "trytond_production~=7.8.0", "trytond_stock_lot~=7.8.0", "psycopg2-binary"];

/// The password of its administrator; users of the test have it behind their name.
pub(super) const PASSWORD: &str = "a-long-password";

/// How often it is looked whether it is up, ten times a second, on a machine that does other things, too.
const LOOKS_MAX: usize = 1_800;

fn room() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("tryton")
}

fn run(command: &mut Command) -> Result<(), String> {
    let output = command.stdin(Stdio::null()).output().map_err(|error| format!("{command:?}: {error}"))?;
    output.status.success().then_some(()).ok_or_else(|| format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr).trim()))
}

/// Fetches what is not there; the reason where that does not come off.
pub(super) fn fetched() -> Result<(), String> {
    let python = room().join("bin/python");
    let is_there = || run(Command::new(&python).args(["-c", "import trytond.modules.production, trytond.modules.stock_lot, psycopg2"]));
    if is_there().is_err() {
        run(Command::new("python3").args(["-m", "venv"]).arg(room()))?;
        run(Command::new(&python).args(["-m", "pip", "install", "--quiet"]).args(PACKAGES))?;
        is_there()?;
    }
    Ok(())
}

/// A server.
pub(super) struct Tryton {
    dir: tempfile::TempDir,
    port: u16,
    running: Option<Child>,
}

impl Tryton {
    /// Starts it over an empty database, in which nobody has worked. What its installation writes there is kept for the next time.
    pub(super) async fn start(database: &Database) -> Self {
        let (created, why) = database.try_say("postgres", "create database tryton");
        assert!(created, "{why}");
        let dir = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let text = format!(
            "[database]\nuri = postgresql://takt@127.0.0.1:{}/\n[web]\nlisten = 127.0.0.1:{port}\n[session]\nauthentications = password\n",
            database.port()
        );
        std::fs::write(dir.path().join("trytond.conf"), text).unwrap();
        let mut tryton = Self { dir, port, running: None };
        let kept = room().join("installed.sql");
        if kept.exists() {
            run(database.client("tryton").arg("select 1").arg("-f").arg(&kept)).unwrap();
            tryton.restart().await;
        } else {
            tryton.install(database, &kept).await;
        }
        tryton
    }

    async fn install(&mut self, database: &Database, kept: &Path) {
        let password = self.dir.path().join("password");
        std::fs::write(&password, PASSWORD).unwrap();
        run(self.program("trytond-admin").args(["--all", "--email", "a@example.com"]).env("TRYTONPASSFILE", password)).unwrap();
        run(self.program("trytond-admin").args(["-u", "production", "stock_lot", "--activate-dependencies"])).unwrap();
        self.restart().await;
        run(&mut self.script("setup.py")).unwrap();
        let dump = kept.with_extension(format!("{}", std::process::id()));
        let mut command = Command::new(program("pg_dump").unwrap());
        command.args(["-h", "127.0.0.1", "-U", "takt", "-p", &database.port().to_string(), "-f"]).arg(&dump).arg("tryton");
        run(&mut command).unwrap();
        std::fs::rename(dump, kept).unwrap();
    }

    fn program(&self, name: &str) -> Command {
        let mut command = Command::new(room().join("bin").join(name));
        command.arg("-c").arg(self.dir.path().join("trytond.conf")).args(["-d", "tryton"]);
        command
    }

    /// A script of ours, which speaks with it by its own API.
    pub(super) fn script(&self, name: &str) -> Command {
        let mut command = Command::new(room().join("bin/python"));
        command.arg(format!("{SCRIPTS}/{name}")).args([&format!("{}/", self.url()), PASSWORD]).env("PYTHONDONTWRITEBYTECODE", "1");
        command
    }

    /// Where its database is spoken to.
    pub(super) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/tryton", self.port)
    }

    /// Starts it, and waits until it answers.
    pub(super) async fn restart(&mut self) {
        assert!(self.running.is_none(), "it runs");
        let log = std::fs::File::options().create(true).append(true).open(self.dir.path().join("log")).unwrap();
        let child = self.program("trytond").stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().unwrap();
        let running = self.running.insert(child);
        for _ in 0..LOOKS_MAX {
            if TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
                return;
            }
            assert!(running.try_wait().unwrap().is_none(), "it does not come up: {}", self.dir.path().display());
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("it does not come up");
    }

    /// Kills it in the middle of whatever it does. It is dead when this returns, of this and of nothing else.
    pub(super) fn kill(&mut self) {
        let mut child = self.running.take().unwrap();
        child.kill().unwrap();
        assert_eq!(child.wait().unwrap().signal(), Some(9), "it did not die of the kill");
        assert!(TcpStream::connect(("127.0.0.1", self.port)).is_err(), "it still answers");
    }
}

impl Drop for Tryton {
    fn drop(&mut self) {
        if let Some(mut child) = self.running.take() {
            drop(child.kill());
            drop(child.wait());
        }
    }
}
