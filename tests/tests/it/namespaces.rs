//! Hosts of their own on this machine: network namespaces, each with one cable to a switch that we are at, too. A cable is pulled and
//! plugged in again; whoever sits in the namespace hears nothing of it but silence.

use std::ffi::OsStr;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What they need.
pub(crate) const NEEDS: &str = "network namespaces need root, `ip` and `nsenter`";

/// Addresses that nobody has: those for measuring networks (RFC 2544), of which each test has a part.
const PARTS: u32 = 512;

/// The first of the hosts.
const FIRST: u8 = 10;

/// A switch and its hosts. Gone when dropped.
pub(crate) struct Net {
    tag: String,
    part: (u8, u8),
    hosts: u8,
}

impl Net {
    /// Makes so many hosts; why not, where the machine cannot have them.
    pub(crate) fn make(hosts: u8) -> Result<Self, String> {
        let process = std::process::id();
        let taken = ip(&["-4", "route"])?;
        let part = |at: u32| (18 + u8::try_from(at / 256 % 2).unwrap(), u8::try_from(at % 256).unwrap());
        let free = |(high, low): &(u8, u8)| !taken.contains(&format!("198.{high}.{low}."));
        let part = (process..process + PARTS).map(part).find(free).ok_or("every part of 198.18.0.0/15 is taken")?;
        // Named after the process: what one that was killed left behind is cleared away by the next.
        let net = Self { tag: format!("tkt{process}"), part, hosts };
        clear_away();
        let switch = net.tag.as_str();
        // An address of its own: otherwise it has that of one of the cables, and what comes in by that one is taken for ours even when it
        // is pulled, so that only the answers get lost.
        let address = format!("02:54:4b:00:{:02x}:{:02x}", part.0, part.1);
        ip(&["link", "add", switch, "address", &address, "type", "bridge"])?;
        ip(&["addr", "add", &format!("{}/24", net.here()), "dev", switch])?;
        ip(&["link", "set", switch, "up"])?;
        for at in 0..hosts {
            let (name, cable) = (net.name(at), net.cable(at));
            ip(&["netns", "add", &name])?;
            ip(&["link", "add", &cable, "type", "veth", "peer", "name", "eth0", "netns", &name])?;
            ip(&["link", "set", &cable, "master", switch, "up"])?;
            ip(&["-n", &name, "addr", "add", &format!("{}/24", net.host(at)), "dev", "eth0"])?;
            ip(&["-n", &name, "link", "set", "eth0", "up"])?;
            ip(&["-n", &name, "link", "set", "lo", "up"])?;
        }
        Ok(net)
    }

    /// Our own address at the switch.
    pub(crate) fn here(&self) -> Ipv4Addr {
        Ipv4Addr::new(198, self.part.0, self.part.1, 1)
    }

    /// The address of a host.
    pub(crate) fn host(&self, at: u8) -> Ipv4Addr {
        Ipv4Addr::new(198, self.part.0, self.part.1, FIRST + at)
    }

    /// Its namespace.
    pub(crate) fn namespace(&self, at: u8) -> PathBuf {
        Path::new("/run/netns").join(self.name(at))
    }

    /// Pulls its cable.
    pub(crate) fn pull(&self, at: u8) {
        ip(&["link", "set", &self.cable(at), "nomaster"]).unwrap();
    }

    /// Plugs it in again.
    pub(crate) fn plug(&self, at: u8) {
        ip(&["link", "set", &self.cable(at), "master", &self.tag]).unwrap();
    }

    fn name(&self, at: u8) -> String {
        format!("{}h{at}", self.tag)
    }

    fn cable(&self, at: u8) -> String {
        format!("{}c{at}", self.tag)
    }
}

impl Drop for Net {
    fn drop(&mut self) {
        // What was never made is no harm.
        for at in 0..self.hosts {
            drop(ip(&["netns", "del", &self.name(at)]));
        }
        drop(ip(&["link", "del", &self.tag]));
    }
}

/// Clears away what tests left behind that were killed.
fn clear_away() {
    let gone = |name: &str| {
        let process = name.strip_prefix("tkt").and_then(|rest| rest.split(['h', 'c']).next()).unwrap_or_default();
        !process.is_empty() && process.parse::<u32>().is_ok() && !Path::new("/proc").join(process).exists()
    };
    let names = |place: &str| {
        let entries = std::fs::read_dir(place).into_iter().flatten().flatten();
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).filter(|name| gone(name)).collect::<Vec<_>>()
    };
    for name in names("/run/netns") {
        drop(ip(&["netns", "del", &name]));
    }
    for name in names("/sys/class/net") {
        drop(ip(&["link", "del", &name]));
    }
}

fn ip(words: &[&str]) -> Result<String, String> {
    let done = Command::new("ip").args(words.iter().map(OsStr::new)).output().map_err(|error| format!("ip: {error}"))?;
    if done.status.success() {
        return Ok(String::from_utf8_lossy(&done.stdout).into_owned());
    }
    Err(format!("ip {}: {}", words.join(" "), String::from_utf8_lossy(&done.stderr).trim()))
}
