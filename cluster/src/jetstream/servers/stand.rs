//! Where a server of our own stands, and what it is configured with there.

use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};

use serde_json::json;

use super::super::settings::PAYLOAD_BYTES_MIN;
use super::Login;

/// Where a server stands: on loopback with its data in its own folder, where nothing else is said.
#[derive(Clone, Debug)]
pub struct Stand {
    /// The address that it listens at.
    pub host: IpAddr,
    /// The network namespace that it runs in, such as `/run/netns/far`, where that is not ours.
    pub namespace: Option<PathBuf>,
    /// Where its streams are, such as on a disk of their own.
    pub data: Option<PathBuf>,
}

impl Default for Stand {
    fn default() -> Self {
        Self { host: Ipv4Addr::LOCALHOST.into(), namespace: None, data: None }
    }
}

impl Stand {
    /// The words before a program that runs there; the process is the same one.
    pub(super) fn entered(&self) -> Vec<String> {
        self.namespace.iter().flat_map(|place| ["nsenter".to_owned(), format!("--net={}", place.display())]).collect()
    }
}

/// What all servers of a cluster are told.
#[derive(Clone, Copy)]
pub(super) struct Words<'a> {
    pub(super) sync_always: bool,
    pub(super) logins: &'a [Login],
}

impl Words<'_> {
    /// What one is told: where its data is, its ports for clients, monitoring and the others, and where the others are.
    pub(super) fn configuration(&self, name: &str, data: &Path, place: (&Stand, [u16; 3]), routes: &[(Stand, u16)]) -> String {
        let (Stand { host, .. }, [port, monitor, route]) = place;
        let sync = if self.sync_always { "sync_interval: always" } else { "" };
        let cluster = if routes.len() > 1 {
            let routes: Vec<String> = routes.iter().map(|(stand, port)| format!("nats://{}:{port}", stand.host)).collect();
            format!("cluster {{ name: takt, listen: \"{host}:{route}\", routes: [{}] }}\n", routes.join(", "))
        } else {
            String::new()
        };
        let account = |Login { user, password }: &Login| {
            // A text in their configuration is escaped like one in JSON.
            let (user, password, name) = (json!(user), json!(password), json!(user.to_uppercase()));
            format!("  {name} {{ jetstream: enabled, users: [{{user: {user}, password: {password}}}] }}\n")
        };
        let accounts: String = self.logins.iter().map(account).collect();
        format!(
            "server_name: {name}\nlisten: \"{host}:{port}\"\nhttp: \"{host}:{monitor}\"\nmax_payload: {PAYLOAD_BYTES_MIN}\n\
             jetstream {{ store_dir: \"{}\", max_mem: 1GB, max_file: 100GB, {sync} }}\n{cluster}\
             accounts {{\n{accounts}  SYS {{ users: [{{user: sys, password: sys}}] }}\n}}\nsystem_account: SYS\n",
            data.display()
        )
    }
}
