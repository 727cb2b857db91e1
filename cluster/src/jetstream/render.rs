//! Configuration for nats-server, as what a region promises needs it: an account a region, users with no more rights than their work
//! needs, every write on the disk before it is acknowledged, TLS on every port that others reach. Text only; who writes it where, and
//! with which secrets, is the caller's.

use serde_json::json;
use takt_protocol::envelope::RawRef;
use takt_protocol::name::Region;

use super::api::DOMAIN;
use super::rights::Rights;
use super::settings::PAYLOAD_BYTES_MIN;

/// Between the port for clients and that for routes: with the usual 4222, the usual 6222.
const ROUTES: u16 = 2_000;

/// The same for the port where leaf nodes come: with the usual 4222, the usual 7422.
const LEAVES: u16 = 3_200;

/// Whoever may come to an account, by a password that is nowhere shown.
#[derive(Clone)]
pub struct User {
    /// The name.
    pub name: String,
    /// The password.
    pub password: String,
}

/// A region that dials another one.
#[derive(Clone)]
pub struct Guest {
    /// The region.
    pub region: Region,
    /// As whom.
    pub user: User,
    /// The subjects of the events that it may tell here.
    pub tells: Vec<String>,
    /// Where it comes through a leaf node of its own: where that listens, as host and port.
    pub leaf: Option<(String, u16)>,
}

/// A region's account.
#[derive(Clone)]
pub struct Account {
    /// The region.
    pub region: Region,
    /// Its shards.
    pub shards: u16,
    /// Its own nodes.
    pub user: User,
    /// Those who dial it.
    pub guests: Vec<Guest>,
}

/// A server's place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    /// What it is called.
    pub name: String,
    /// Its address, without a port.
    pub host: String,
    /// Where clients come.
    pub port: u16,
    /// Where it says how it stands, as host and port.
    pub monitor: Option<String>,
}

/// Servers that stand together.
#[derive(Clone)]
pub struct Cluster {
    /// What they are called together.
    pub name: String,
    /// They.
    pub hosts: Vec<Host>,
    /// The regions on them.
    pub accounts: Vec<Account>,
}

/// Where each server finds things on its own machine.
#[derive(Clone, Debug)]
pub struct Places {
    /// Its data, in a folder of its name.
    pub store: String,
    /// Its certificate and key, called after it, and `ca.crt`; without TLS when `None`.
    pub certificates: Option<String>,
}

impl Cluster {
    /// The configuration of one of its servers, whole.
    pub fn configuration(&self, host: &Host, places: &Places) -> String {
        let mut text = head(host, places);
        let store = format!("{}/{}", places.store.trim_end_matches('/'), host.name);
        let leaves = self.leaves().next().is_some();
        let domain = if leaves { format!("  domain: {DOMAIN}\n") } else { String::new() };
        add(&mut text, &format!("jetstream {{\n  store_dir: {}\n  sync_interval: always\n{domain}}}", json!(store)));
        if self.hosts.len() > 1 {
            let routes = self.hosts.iter().map(|other| {
                json!(format!("nats-route://{ROUTE_USER}:{}@{}:{}", self.routes_password(), other.host, beside(other.port, ROUTES)))
                    .to_string()
            });
            let listen = json!(format!("{}:{}", host.host, beside(host.port, ROUTES)));
            add(
                &mut text,
                &format!(
                    "cluster {{\n  name: {}\n  listen: {listen}\n  authorization {{ user: {ROUTE_USER}, password: {} }}\n  routes: [{}]\n{}}}",
                    json!(self.name),
                    json!(self.routes_password()),
                    routes.collect::<Vec<_>>().join(", "),
                    indented(&places.tls(host, true)),
                ),
            );
        }
        if leaves {
            let listen = json!(format!("{}:{}", host.host, beside(host.port, LEAVES)));
            add(&mut text, &format!("leafnodes {{\n  listen: {listen}\n{}}}", indented(&places.tls(host, false))));
        }
        let accounts: String = self.accounts.iter().map(Account::text).collect();
        add(&mut text, &format!("accounts {{\n{accounts}}}"));
        text
    }

    /// Those who come through a leaf node.
    pub fn leaves(&self) -> impl Iterator<Item = (Region, &Guest)> {
        let guests = self.accounts.iter().flat_map(|account| account.guests.iter().map(|guest| (account.region, guest)));
        guests.filter(|(_, guest)| guest.leaf.is_some())
    }

    /// The configuration of a guest's leaf node: it takes the guest in by the same user and password, and knows nothing else.
    pub fn leaf(&self, to: Region, guest: &Guest, places: &Places) -> String {
        let Guest { region, user: User { name, password }, leaf, .. } = guest;
        let (host, port) = leaf.clone().unwrap_or_default();
        let url = |server: &Host| {
            let login = format!("{}:{}", in_url(name), in_url(password));
            json!(format!("nats-leaf://{login}@{}:{}", server.host, beside(server.port, LEAVES))).to_string()
        };
        let urls: Vec<String> = self.hosts.iter().map(url).collect();
        let tls = places.certificates.as_ref().map(|dir| format!(", tls {{ ca_file: {} }}", json!(in_dir(dir, "ca.crt"))));
        format!(
            "{WRITTEN}server_name: {}\nlisten: {}\nmax_payload: {PAYLOAD_BYTES_MIN}\nauthorization {{ user: {}, password: {} }}\n\
             leafnodes {{\n  remotes: [ {{ urls: [{}]{} }} ]\n}}\n",
            json!(format!("leaf-{region}-{to}")),
            json!(format!("{host}:{port}")),
            json!(name),
            json!(password),
            urls.join(", "),
            tls.unwrap_or_default(),
        )
    }

    /// What the servers know each other by: as secret as the password it comes from, and not to be turned back into it.
    fn routes_password(&self) -> String {
        let first = self.accounts.first().map_or("", |account| account.user.password.as_str());
        RawRef::of(format!("takt routes {} {first}", self.name).as_bytes()).to_string()
    }
}

impl Account {
    fn text(&self) -> String {
        let regions: Vec<Region> = self.guests.iter().map(|guest| guest.region).collect();
        let own = user(&self.user, &Rights::of_nodes(self.region, &self.user.name, &regions));
        let guests = self.guests.iter().map(|guest| user(&guest.user, &Rights::of_guest(self.region, &self.user.name, guest, self.shards)));
        let users: String = std::iter::once(own).chain(guests).collect();
        format!("  {} {{\n    jetstream: enabled\n    users: [\n{users}    ]\n  }}\n", self.region)
    }
}

/// What servers call each other.
const ROUTE_USER: &str = "routes";

impl Places {
    fn tls(&self, host: &Host, among_us: bool) -> String {
        let Some(dir) = &self.certificates else { return String::new() };
        let file = |ending: &str| json!(in_dir(dir, &format!("{}.{ending}", host.name)));
        // Routes are between servers alone, and each shows who it is.
        let verified = if among_us { format!(", ca_file: {}, verify: true", json!(in_dir(dir, "ca.crt"))) } else { String::new() };
        format!("tls {{ cert_file: {}, key_file: {}{verified}, timeout: 5 }}", file("crt"), file("key"))
    }
}

fn in_dir(dir: &str, file: &str) -> String {
    format!("{}/{file}", dir.trim_end_matches('/'))
}

const WRITTEN: &str = "# Written by `takt render nats`: change the configuration of Takt, and render it again. It holds passwords.\n";

fn head(host: &Host, places: &Places) -> String {
    let mut text = format!(
        "{WRITTEN}server_name: {}\nlisten: {}\nmax_payload: {PAYLOAD_BYTES_MIN}\n",
        json!(host.name),
        json!(format!("{}:{}", host.host, host.port)),
    );
    if let Some(monitor) = &host.monitor {
        add(&mut text, &format!("http: {}", json!(monitor)));
    }
    add(&mut text, &places.tls(host, false));
    text
}

fn user(user: &User, rights: &Rights) -> String {
    let list = |subjects: &[String]| {
        subjects.iter().map(|subject| ["\n            ".to_owned(), json!(subject).to_string()].concat()).collect::<String>()
    };
    // A text in their configuration is escaped like one in JSON.
    format!(
        "      {{\n        user: {}, password: {}\n        permissions: {{\n          publish: {{ allow: [{}\n          ] }}\n          \
         subscribe: {{ allow: [{}\n          ] }}\n          allow_responses: {{ max: 1, expires: \"1m\" }}\n        }}\n      }}\n",
        json!(user.name),
        json!(user.password),
        list(&rights.publish),
        list(&rights.subscribe),
    )
}

fn add(text: &mut String, part: &str) {
    if !part.is_empty() {
        text.push_str(part);
        text.push('\n');
    }
}

fn indented(line: &str) -> String {
    if line.is_empty() { String::new() } else { format!("  {line}\n") }
}

/// As it stands in a URL before the `@`.
fn in_url(text: &str) -> String {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~".contains(byte);
    text.bytes().map(|byte| if plain(&byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

/// A port beside another one.
fn beside(port: u16, by: u16) -> u16 {
    port.checked_add(by).unwrap_or_else(|| port.saturating_sub(by))
}
