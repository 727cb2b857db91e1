//! The servers of a demo whose regions are on JetStream: three nats-servers that it starts itself, over what they had in its folder,
//! each of which syncs before it acknowledges. They end with the demo, also when it is killed.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use takt_cluster::clock::SystemClock;
use takt_cluster::jetstream::servers::{Login, Servers, find, holds};
use takt_cluster::seam::Clock as _;
use takt_config::demo;

use super::Variables;

/// The accounts: the regions of the demo's configuration.
const REGIONS: [&str; 3] = ["eu", "na", "asia"];

/// How many servers.
const SERVERS: usize = 3;

/// How long the servers of a demo that was killed may take to end.
const PATIENCE: Duration = Duration::from_secs(20);

/// What is needed to start them.
pub(super) struct Plan {
    program: PathBuf,
    dir: PathBuf,
}

/// The servers at work.
pub(super) struct Cluster {
    servers: Option<Servers>,
    variables: Variables,
}

/// Whether a demo in this folder is on JetStream, and what it then starts; puts the regions there at the first start. A folder
/// that was begun goes on where it was.
pub(super) async fn plan(data: &Path, wanted: bool) -> anyhow::Result<Option<Plan>> {
    let (name, text) = demo::ON_NATS;
    let regions = data.join("config").join(name);
    if !regions.exists() {
        if !wanted {
            return Ok(None);
        }
        if data.join("regions").exists() {
            bail!("{} was begun on the embedded engine: leave out --nats, or choose another folder with --data", data.display());
        }
    }
    let program = tokio::task::spawn_blocking(|| find(&cache())).await?.context("the demo has no servers for its regions")?;
    if !regions.exists() {
        std::fs::create_dir_all(data.join("config"))?;
        super::write_whole(&regions, text.as_bytes()).with_context(|| format!("cannot write {}", regions.display()))?;
    }
    let dir = data.join("nats");
    let clock = SystemClock::start();
    while holds(&dir) {
        if clock.elapsed() > PATIENCE {
            bail!("the servers of another demo run over {}: end that one, or choose another folder with --data", data.display());
        }
        clock.sleep(Duration::from_millis(100)).await;
    }
    Ok(Some(Plan { program, dir }))
}

/// Where a program that had to be fetched stays for the next time.
pub(crate) fn cache() -> PathBuf {
    let named = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let home = || named("HOME").map(|home| home.join(".cache"));
    named("XDG_CACHE_HOME").or_else(home).unwrap_or_else(std::env::temp_dir).join("takt")
}

impl Plan {
    /// Starts them.
    pub(super) fn start(self) -> anyhow::Result<Cluster> {
        std::fs::create_dir_all(&self.dir)?;
        let login = |region: &str| Login { user: region.to_owned(), password: password(region) };
        let servers = Servers::keep(&self.program, &self.dir, &REGIONS.map(login));
        let servers = servers.with_context(|| format!("the servers in {} did not start", self.dir.display()))?;
        let mut variables = Variables::new();
        for (at, (port, monitor)) in (1..).zip(servers.ports()) {
            variables.insert(format!("NATS_{at}_PORT"), port.to_string());
            variables.insert(format!("NATS_{at}_MONITOR_PORT"), monitor.to_string());
        }
        variables.extend(REGIONS.map(|region| (password_name(region), password(region))));
        let exports: Vec<String> = variables.iter().map(|(name, value)| format!("export {name}={}\n", quoted(value))).collect();
        super::write_whole(&self.dir.join("env"), exports.concat().as_bytes())?;
        Ok(Cluster { servers: Some(servers), variables })
    }
}

/// What the files leave to be filled in as long as no server runs.
pub(super) fn none() -> Variables {
    let ports = (1..=SERVERS).flat_map(|at| [format!("NATS_{at}_PORT"), format!("NATS_{at}_MONITOR_PORT")]);
    // No two servers are the same one.
    ports.zip((1..).map(|port: u16| port.to_string())).chain(REGIONS.map(|region| (password_name(region), password(region)))).collect()
}

impl Cluster {
    /// What the files leave to be filled in.
    pub(super) fn variables(&self) -> &Variables {
        &self.variables
    }

    /// Where they are, for a person.
    pub(super) fn lines(&self, data: &Path) -> Vec<String> {
        let ports = |(at, (port, monitor)): (usize, (u16, u16))| format!("n{at} 127.0.0.1:{port}, monitoring 127.0.0.1:{monitor}");
        let all: Vec<String> = (1..).zip(self.servers.iter().flat_map(Servers::ports)).map(ports).collect();
        let (env, config) = (data.join("nats/env"), data.join("config"));
        vec![
            format!("  servers        {}", all.join("; ")),
            format!("                 how they are: . {} && takt doctor {}", env.display(), config.display()),
        ]
    }

    /// Ends them, and returns when they have.
    pub(super) async fn end(mut self) {
        let servers = self.servers.take();
        if tokio::task::spawn_blocking(move || drop(servers)).await.is_err() {
            tracing::warn!("the servers did not end as they should");
        }
    }
}

fn password_name(region: &str) -> String {
    format!("NATS_{}_PASSWORD", region.to_uppercase())
}

/// A demo listens on loopback only.
fn password(region: &str) -> String {
    std::env::var(password_name(region)).unwrap_or_else(|_| format!("demo-{region}"))
}

/// As a shell reads it.
fn quoted(value: &str) -> String {
    format!("'{}'", value.replace('\'', r"'\''"))
}
