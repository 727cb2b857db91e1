//! Servers of our own, for tests, benches and demos: a cluster of nats-servers on loopback, as safe as a region asks for, that
//! is killed, stopped and started again at will, and leaves nothing behind, whatever becomes of the process that started it.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::Duration;

use takt_protocol::name::Region;

use super::settings::Settings;
use stand::Words;

mod find;
mod stand;

pub use find::find;
pub use stand::Stand;

/// Between a server and whoever started it: it stays beside the server until its input ends, and that ends with us, also when
/// we are killed. Then it ends the server, and what the server wrote, unless it is told to keep that. A server whose folder is kept
/// for good is asked to end, and has ten seconds for it.
const GUARD: &str = r#"dir=$1; kept=$2; shift 2
"$@" >"$dir/log" 2>&1 </dev/null & server=$!
echo "$server" >"$dir/pid"
echo "$server"
read -r word
looks=0
if [ "$kept" = kept ]; then
  kill -TERM "$server" 2>/dev/null
  while kill -0 "$server" 2>/dev/null && [ "$looks" -lt 100 ]; do sleep 0.1; looks=$((looks + 1)); done
fi
kill -KILL "$server" 2>/dev/null
wait "$server" 2>/dev/null
rm -f "$dir/pid"
[ "$word$kept" != "" ] || { rm -rf "$dir"; rmdir "$(dirname "$dir")" 2>/dev/null; }
"#;

/// How often is looked whether a signal took effect: some seconds, at a few microseconds a look.
const LOOKS: usize = 200_000;

/// What a cluster is started with.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// How many servers.
    pub servers: usize,
    /// Accounts, each with streams of its own: `a0`, `a1` and so on, the user and the password the same.
    pub accounts: usize,
    /// Whether what is acknowledged is on the disk; `false` shows what a start refuses.
    pub sync_always: bool,
}

/// A user of a cluster, who has an account to himself.
#[derive(Clone, Debug)]
pub struct Login {
    /// The user, and the account in capitals.
    pub user: String,
    /// The password.
    pub password: String,
}

/// Servers of one cluster.
pub struct Servers {
    servers: Vec<Server>,
    program: PathBuf,
}

/// One of them.
struct Server {
    name: String,
    dir: PathBuf,
    stand: Stand,
    port: u16,
    monitor: u16,
    /// Whether what it wrote stays when it ends.
    kept: bool,
    guard: Option<Guard>,
    /// Of a server that was killed.
    fallen: Option<Guard>,
}

struct Guard {
    process: Child,
    input: ChildStdin,
    server: u32,
}

impl Servers {
    /// Starts a cluster in a new folder below `dir`, which is gone when it ends. The program is that of [`find`].
    pub fn start(program: &Path, dir: &Path, plan: Plan) -> std::io::Result<Self> {
        Self::start_at(program, dir, plan, &[])
    }

    /// The same, where the first of them stand so, and the others as they would.
    pub fn start_at(program: &Path, dir: &Path, plan: Plan, stands: &[Stand]) -> std::io::Result<Self> {
        let cluster = dir.join(format!("nats-{:x}", crate::chance::number()));
        let login = |at: usize| Login { user: format!("a{at}"), password: format!("a{at}") };
        let logins: Vec<Login> = (0..plan.accounts).map(login).collect();
        let words = Words { sync_always: plan.sync_always, logins: &logins };
        Self::begin(program, &cluster, (plan.servers, false), (stands, words))
    }

    /// Starts a cluster of three over what it had in `dir`, which stays when it ends: goes on where it was, on other ports. Look
    /// first whether somebody [`holds`] it.
    pub fn keep(program: &Path, dir: &Path, logins: &[Login]) -> std::io::Result<Self> {
        // The servers read the path from their configuration, wherever they run.
        Self::begin(program, &std::path::absolute(dir)?, (3, true), (&[], Words { sync_always: true, logins }))
    }

    fn begin(program: &Path, cluster: &Path, how: (usize, bool), text: (&[Stand], Words<'_>)) -> std::io::Result<Self> {
        let ((count, kept), (stands, words)) = (how, text);
        // Held until all are drawn, so that no two are alike; nobody else takes one in the moment after.
        let held = (0..count * 3).map(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0))).collect::<Result<Vec<_>, _>>()?;
        let ports = held.iter().map(|held| Ok(held.local_addr()?.port())).collect::<std::io::Result<Vec<u16>>>()?;
        drop(held);
        let stand = |at: usize| stands.get(at).cloned().unwrap_or_default();
        let routes: Vec<(Stand, u16)> = ports.iter().skip(count * 2).enumerate().map(|(at, port)| (stand(at), *port)).collect();
        let mut servers = Vec::new();
        for at in 0..count {
            let port = |group: usize| ports.get(group * count + at).copied().unwrap_or(0);
            let (name, stand) = (format!("n{}", at + 1), stand(at));
            let dir = cluster.join(&name);
            fs::create_dir_all(&dir)?;
            let data = stand.data.clone().unwrap_or_else(|| dir.join("data"));
            fs::write(dir.join("conf"), words.configuration(&name, &data, (&stand, [port(0), port(1), port(2)]), &routes))?;
            servers.push(Server { dir, name, stand, port: port(0), monitor: port(1), kept, guard: None, fallen: None });
        }
        let mut started = Self { servers, program: program.to_owned() };
        for at in 0..count {
            started.revive(at)?;
        }
        Ok(started)
    }

    /// Starts servers with configurations that somebody else wrote, each of which says by its name, and where its ports for clients
    /// and for monitoring are. What stands below `dir` is gone when they end.
    pub fn written(program: &Path, dir: &Path, all: &[(&str, &str, (u16, u16))]) -> std::io::Result<Self> {
        let cluster = dir.join(format!("nats-{:x}", crate::chance::number()));
        let mut servers = Vec::new();
        for (name, configuration, (port, monitor)) in all {
            let name = (*name).to_owned();
            let (dir, stand) = (cluster.join(&name), Stand::default());
            let server = Server { dir, name, stand, port: *port, monitor: *monitor, kept: false, guard: None, fallen: None };
            fs::create_dir_all(&server.dir)?;
            fs::write(server.dir.join("conf"), configuration)?;
            servers.push(server);
        }
        let mut started = Self { servers, program: program.to_owned() };
        for at in 0..all.len() {
            started.revive(at)?;
        }
        Ok(started)
    }

    /// Where clients connect.
    pub fn addresses(&self) -> Vec<String> {
        self.servers.iter().map(|server| format!("nats://{}:{}", server.stand.host, server.port)).collect()
    }

    /// Where each says how it is set.
    pub fn monitors(&self) -> Vec<String> {
        self.servers.iter().map(|server| format!("{}:{}", server.stand.host, server.monitor)).collect()
    }

    /// The settings of a region that has an account to itself.
    pub fn settings(&self, region: Region, account: usize) -> Settings {
        let login = format!("a{account}");
        Settings { login: Some((login.clone(), login)), monitors: self.monitors(), ..Settings::of(region, self.addresses()) }
    }

    /// The port for clients, and the one for monitoring, of each.
    pub fn ports(&self) -> impl Iterator<Item = (u16, u16)> {
        self.servers.iter().map(|server| (server.port, server.monitor))
    }

    /// How many.
    pub fn count(&self) -> usize {
        self.servers.len()
    }

    /// Which one has that name.
    pub fn named(&self, name: &str) -> Option<usize> {
        self.servers.iter().position(|server| server.name == name)
    }

    /// Ends one with `kill -9`, as a crash does, and returns when it is gone; its disk stays. `false` when it was not there.
    pub fn kill(&mut self, at: usize) -> bool {
        let Some(server) = self.servers.get_mut(at) else { return false };
        let Some(guard) = server.guard.take() else { return false };
        let is_dead = signal("-KILL", guard.server) && looked(|| state(guard.server).is_none_or(|state| "ZX".contains(state)));
        // It goes on guarding what the server wrote.
        server.fallen = Some(guard);
        is_dead
    }

    /// Starts one that is down, on its old disk.
    pub fn revive(&mut self, at: usize) -> std::io::Result<()> {
        let Some(server) = self.servers.get_mut(at).filter(|server| server.guard.is_none()) else { return Ok(()) };
        if let Some(Guard { mut process, mut input, .. }) = server.fallen.take() {
            input.write_all(b"keep\n")?;
            drop(input);
            process.wait()?;
        }
        server.guard = Some(server.guarded(&self.program)?);
        Ok(())
    }

    /// Changes the configuration of one, which it reads when it starts next.
    pub fn change(&self, at: usize, change: impl FnOnce(String) -> String) -> std::io::Result<()> {
        let Some(server) = self.servers.get(at) else { return Ok(()) };
        let file = server.dir.join("conf");
        fs::write(&file, change(fs::read_to_string(&file)?))
    }

    /// Stops one where it stands (SIGSTOP): its connections stay open and nothing answers. `false` when it is not running.
    pub fn freeze(&self, at: usize) -> bool {
        self.signal("-STOP", at) && self.becomes(at, true)
    }

    /// Lets one go on that was stopped.
    pub fn thaw(&self, at: usize) -> bool {
        self.signal("-CONT", at) && self.becomes(at, false)
    }

    /// Whether a server is stopped or dead, as the kernel says: a fault that shows nowhere is none.
    pub fn is_out(&self, at: usize) -> bool {
        let Some(guard) = self.servers.get(at).and_then(|server| server.guard.as_ref()) else { return true };
        state(guard.server).is_none_or(|state| "TtZX".contains(state))
    }

    /// How much of a processor all of them have used so far.
    pub fn used(&self) -> Duration {
        let servers = self.servers.iter().filter_map(|server| server.guard.as_ref());
        servers.map(|guard| used(&guard.server.to_string())).sum()
    }

    /// What one wrote last, for whoever looks at a failure.
    pub fn log(&self, at: usize) -> String {
        self.servers.get(at).and_then(|server| fs::read_to_string(server.dir.join("log")).ok()).unwrap_or_default()
    }

    fn becomes(&self, at: usize, out: bool) -> bool {
        looked(|| self.is_out(at) == out)
    }

    fn signal(&self, what: &str, at: usize) -> bool {
        self.servers.get(at).and_then(|server| server.guard.as_ref()).is_some_and(|guard| signal(what, guard.server))
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        for server in &mut self.servers {
            for Guard { mut process, input, .. } in server.guard.take().into_iter().chain(server.fallen.take()) {
                drop(input);
                if process.wait().is_err() {
                    tracing::warn!(server = server.name, "the guard of a server could not be waited for");
                }
            }
        }
    }
}

/// Whether servers of an earlier process run over a folder that is kept; they end by themselves a moment after it.
pub fn holds(dir: &Path) -> bool {
    let Ok(cluster) = std::path::absolute(dir) else { return false };
    let servers = fs::read_dir(&cluster).into_iter().flatten().flatten().map(|entry| entry.path());
    servers.into_iter().any(|server| {
        let process = fs::read_to_string(server.join("pid")).unwrap_or_default();
        // Another process may have the number by now.
        let words = fs::read(format!("/proc/{}/cmdline", process.trim())).unwrap_or_default();
        let conf = server.join("conf");
        words.split(|byte| *byte == 0).any(|word| word == conf.as_os_str().as_encoded_bytes())
    })
}

impl Server {
    /// Starts it, behind who guards it.
    fn guarded(&self, program: &Path) -> std::io::Result<Guard> {
        let mut process = Command::new("sh")
            .args(["-c", GUARD, "guard"])
            .arg(&self.dir)
            .arg(if self.kept { "kept" } else { "" })
            .args(self.stand.entered())
            .arg(program)
            .arg("-c")
            .arg(self.dir.join("conf"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // A key that ends the program in a terminal ends its servers only after it.
            .process_group(0)
            .spawn()?;
        let (Some(input), Some(output)) = (process.stdin.take(), process.stdout.take()) else {
            return Err(std::io::Error::other("the guard of a server has no pipes"));
        };
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        let server = line.trim().parse().map_err(|_| std::io::Error::other("the guard did not say which process the server is"))?;
        Ok(Guard { process, input, server })
    }
}

/// How much of a processor a process has used, as the kernel counts: in hundredths of a second. `self` is this one.
pub fn used(process: &str) -> Duration {
    let status = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    // Behind the name, which is in parentheses: the twelfth and the thirteenth are the time in the program and in the kernel.
    let rest = status.rsplit(')').next().unwrap_or_default();
    let ticks: u64 = rest.split_whitespace().skip(11).take(2).filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks.saturating_mul(10))
}

/// A signal takes effect a little after it was sent.
fn looked(mut is_so: impl FnMut() -> bool) -> bool {
    (0..LOOKS).any(|_| {
        std::thread::yield_now();
        is_so()
    })
}

/// How a process stands, in the kernel's letter; `None` when there is none.
fn state(process: u32) -> Option<char> {
    let status = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The state stands behind the name, which is in parentheses.
    status.rsplit(')').next()?.trim_start().chars().next()
}

fn signal(what: &str, process: u32) -> bool {
    Command::new("kill").args([what, &process.to_string()]).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests;
