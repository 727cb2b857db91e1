//! Which servers stand together, whose accounts they hold, and who dials them: read from regions.yaml and roads.yaml. What a region
//! leaves open that its servers need is named, all of it at once.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use takt_actors::exporter::Export;
use takt_cluster::jetstream::render::{Account, Cluster, Guest, Host, Places, User};
use takt_config::load::Mesh;
use takt_config::text::{EngineText, JetStreamText, RoadText};
use takt_protocol::name::{Region, SiteId};
use takt_protocol::subject;

use super::{File, Nats, Plan};
use crate::engine;

/// How a password of the servers' own kind begins, which they would take for the hash of another one.
const HASHED: &str = "$2a$";

/// Regions on the same servers.
struct Group<'a> {
    servers: BTreeSet<&'a str>,
    regions: Vec<(Region, &'a JetStreamText)>,
}

/// What is to be written.
pub(super) fn plan(text: &Mesh, wanted: &Nats) -> Plan {
    let mut plan = Plan::default();
    let groups = groups(text, &mut plan);
    if groups.is_empty() && plan.wrong.is_empty() {
        plan.wrong.push("no region is on JetStream: name its servers in regions.yaml".to_owned());
    }
    for group in &groups {
        plan.cluster(text, group, wanted);
    }
    plan
}

/// The regions by their servers.
fn groups<'a>(text: &'a Mesh, plan: &mut Plan) -> Vec<Group<'a>> {
    let mut groups: Vec<Group> = Vec::new();
    for (region, engine) in &text.engines {
        let EngineText::Jetstream(engine) = engine else { continue };
        let servers: BTreeSet<&str> = engine.servers.iter().map(|server| server.value.as_str()).collect();
        match groups.iter_mut().find(|group| !group.servers.is_disjoint(&servers)) {
            Some(group) if group.servers == servers => group.regions.push((*region, engine)),
            Some(group) => {
                let other = group.regions.first().map_or_else(String::new, |(other, _)| other.to_string());
                plan.wrong.push(format!("regions {other} and {region} share some servers and not all: name the same ones for both"));
            }
            None => groups.push(Group { servers, regions: vec![(*region, engine)] }),
        }
    }
    groups
}

impl Plan {
    fn cluster(&mut self, text: &Mesh, group: &Group, wanted: &Nats) {
        let Some((first, engine)) = group.regions.first() else { return };
        let hosts = self.hosts(*first, engine);
        let roads: Vec<&RoadText> =
            text.roads.iter().filter(|road| group.regions.iter().any(|(region, _)| *region == road.to.value)).collect();
        let accounts: Vec<Account> =
            group.regions.iter().filter_map(|(region, engine)| self.account(text, *region, engine, &roads)).collect();
        self.alone(&accounts);
        let is_tls = group.regions.iter().any(|(_, engine)| engine.root_certificates.is_some())
            || group.servers.iter().any(|server| server.starts_with("tls://"));
        if !is_tls && hosts.iter().any(|host| !is_here(&host.host)) {
            let what = "passwords and all that is said go over the network as they are: name the certificates of those who vouch for the \
                        servers as `root_certificates` in regions.yaml";
            self.warnings.push(format!("the servers of region {first} speak without TLS; {what}"));
        }
        let places = Places { store: wanted.store.clone(), certificates: is_tls.then(|| wanted.certificates.clone()) };
        let cluster = Cluster { name: format!("takt-{first}"), hosts, accounts };
        for (to, guest) in cluster.leaves() {
            self.files.push(File {
                path: PathBuf::from(first.as_str()).join(format!("leaf-{}-{to}.conf", guest.region)),
                text: cluster.leaf(to, guest, &places),
                is: format!("leaf node of {}, which leads to {to}", guest.region),
            });
        }
        for host in &cluster.hosts {
            let regions: Vec<String> = cluster.accounts.iter().map(|account| account.region.to_string()).collect();
            self.files.push(File {
                path: PathBuf::from(first.as_str()).join(format!("{}.conf", host.name)),
                text: cluster.configuration(host, &places),
                is: format!("server {} at {}:{}, of {}", host.name, host.host, host.port, regions.join(", ")),
            });
        }
    }

    fn hosts(&mut self, region: Region, engine: &JetStreamText) -> Vec<Host> {
        let monitors: Vec<&str> = engine.monitors.iter().map(|monitor| monitor.value.as_str()).collect();
        if !monitors.is_empty() && monitors.len() != engine.servers.len() {
            self.wrong.push(format!(
                "region {region} has {} servers and {} monitoring addresses: name one of each a server, in the same order",
                engine.servers.len(),
                monitors.len()
            ));
        }
        let mut hosts = Vec::new();
        for (at, server) in engine.servers.iter().enumerate() {
            match address(&server.value) {
                Some((host, port)) => hosts.push(Host {
                    name: format!("{region}-{}", at + 1),
                    host,
                    port,
                    monitor: monitors.get(at).map(|monitor| (*monitor).to_owned()),
                }),
                None => self.wrong.push(format!("`{}` of region {region} has no port: write `nats://host:port`", server.value)),
            }
        }
        hosts
    }

    fn account(&mut self, text: &Mesh, region: Region, engine: &JetStreamText, roads: &[&RoadText]) -> Option<Account> {
        let login = engine.user.as_ref().zip(engine.password.as_ref());
        let user = self.user(
            login.map(|(user, password)| (user.value.as_str(), password.value.as_str())),
            &format!("region {region}"),
            "regions.yaml",
        );
        let mut guests = Vec::new();
        for road in roads.iter().filter(|road| road.to.value == region) {
            let login = road.login();
            let login = login.as_ref().map(|(user, password)| (user.as_str(), password.as_str()));
            let from = road.from.value;
            if let Some(user) = self.user(login, &format!("the road from {from} to {region}"), "roads.yaml") {
                let leaf = road.servers.first().filter(|_| road.leaf).and_then(|server| address(&server.value));
                if road.leaf && leaf.is_none() {
                    self.wrong.push(format!("the leaf node from {from} to {region} has no port: write `servers: [\"nats://host:port\"]`"));
                }
                guests.push(Guest { region: from, user, tells: tells(text, road, region), leaf });
            }
        }
        let shards = engine::settings(region, engine).shards;
        Some(Account { region, shards, user: user?, guests })
    }

    /// Whoever comes with a user and a password of its own: with another one's it would have the rights of that one.
    fn user(&mut self, login: Option<(&str, &str)>, whose: &str, file: &str) -> Option<User> {
        let Some((name, password)) = login else {
            self.wrong.push(format!(
                "{whose} has no user of its own: write `user` and `password: ${{NAME}}` in {file}, for a token knows no account"
            ));
            return None;
        };
        if password.is_empty() || password.starts_with(HASHED) {
            let what = if password.is_empty() { "is empty" } else { "begins like a hash, and the servers would take it for one" };
            self.wrong.push(format!("the password of {whose} {what}: set another one"));
            return None;
        }
        Some(User { name: name.to_owned(), password: password.to_owned() })
    }

    /// That a user is one of one account only: servers find the account by the user.
    fn alone(&mut self, accounts: &[Account]) {
        let mut seen = BTreeMap::new();
        for account in accounts {
            let own = (account.user.name.as_str(), format!("region {}", account.region));
            let guests = account
                .guests
                .iter()
                .map(|guest| (guest.user.name.as_str(), format!("the road from {} to {}", guest.region, account.region)));
            for (name, whose) in std::iter::once(own).chain(guests) {
                if let Some(other) = seen.insert(name, whose.clone()) {
                    self.wrong.push(format!("{other} and {whose} have the same user `{name}`: give each one of its own"));
                }
            }
        }
    }
}

/// The subjects of events that a road's text lets whoever dials tell there.
fn tells(text: &Mesh, road: &RoadText, region: Region) -> Vec<String> {
    let sites = text.book.sites.iter().filter(|(_, site)| site.region == road.from.value).map(|(site, _)| *site).collect();
    let one = |export: Export| {
        let subject = |site: &SiteId| match &export.name {
            Some(name) => subject::event(region, Some(*site), &export.family, name),
            None => subject::family(region, *site, &export.family),
        };
        export.sites.iter().map(subject).collect::<Vec<_>>()
    };
    road.exports(&sites).into_iter().flat_map(one).collect()
}

fn address(url: &str) -> Option<(String, u16)> {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let (host, port) = rest.rsplit_once(':')?;
    Some((host.to_owned(), port.parse().ok()?))
}

fn is_here(host: &str) -> bool {
    host == "localhost" || host.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}
