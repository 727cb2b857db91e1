//! `regions.yaml`: regions that exist, servers that can be come to and looked at, and no secret in the text.

use serde_saphyr::Spanned;
use takt_protocol::name::Region;

use super::Checks;
use crate::nearest::listed;
use crate::text::{DurabilityText, EngineText, JetStreamText};

const FILE: &str = "regions.yaml";

impl Checks<'_> {
    pub(super) fn engines(&mut self) {
        let pages = self.pages;
        let Some(page) = &pages.regions else { return };
        let known = self.regions();
        // A variable that is not set was told, and leaves addresses that are none.
        let whole = !self.findings.iter().any(|found| found.file == FILE && found.what.contains("variable"));
        for (region, engine) in &page.value {
            if !known.contains(region) && pages.mesh.is_some() {
                let remedy = format!("add it to `regions` in mesh.yaml, or use one of {}", listed(&known));
                self.say(FILE, engine.referenced, format!("there is no region {region}"), remedy);
            }
            if let EngineText::Jetstream(text) = &engine.value {
                self.jetstream(*region, engine, text);
                if whole {
                    self.addresses(text);
                }
            }
        }
    }

    fn jetstream(&mut self, region: Region, engine: &Spanned<EngineText>, text: &JetStreamText) {
        if text.servers.is_empty() {
            let what = format!("the region {region} has no server");
            self.say(FILE, engine.referenced, what, "name at least one under `servers`, such as `nats://10.0.0.1:4222`");
        }
        if text.durability == DurabilityText::Durable && text.monitors.is_empty() {
            let what = format!("nobody could see whether the servers of {region} keep what they acknowledge");
            let remedy = "name the monitoring address of each under `monitors`, or write `durability: relaxed` where nothing may be \
                          lost that matters";
            self.say(FILE, engine.referenced, what, remedy);
        }
        if text.durability == DurabilityText::Durable && (1..3).contains(&text.monitors.len()) {
            let what =
                format!("{region} names {} of its servers to be looked at, and what is durable is on most of three", text.monitors.len());
            self.note(
                FILE,
                engine.referenced,
                what,
                "name the monitoring address of each under `monitors`; on fewer than three servers a node does not start",
            );
        }
        self.credentials(FILE, text.user.as_ref(), text.password.as_ref(), text.token.as_ref());
        self.certificates(FILE, text.root_certificates.as_ref());
    }

    /// A file of certificates is named from the root.
    pub(super) fn certificates(&mut self, file: &str, path: Option<&Spanned<String>>) {
        let whole = |path: &str| path.is_empty() || path.starts_with('/') || is_open(path);
        if let Some(path) = path.filter(|path| !whole(&path.value)) {
            let what = format!("`{}` is not the whole path of a file", path.value);
            self.say(file, path.referenced, what, "begin it with a slash; the part that differs from host to host may be a `${NAME}`");
        }
    }

    fn addresses(&mut self, text: &JetStreamText) {
        self.servers(FILE, &text.servers);
        for monitor in text.monitors.iter().filter(|monitor| !is_address(&monitor.value) && !is_open(&monitor.value)) {
            let what = format!("`{}` is no monitoring address", monitor.value);
            self.say(FILE, monitor.referenced, what, "write host and port of a server's `http: …`, such as `10.0.0.1:8222`");
        }
        self.once(FILE, "monitoring address", text.monitors.iter());
    }

    /// That servers can be come to, each named once.
    pub(super) fn servers(&mut self, file: &str, servers: &[Spanned<String>]) {
        for server in servers.iter().filter(|server| !is_open(&server.value)) {
            if let Some((what, remedy)) = wrong_server(&server.value) {
                self.say(file, server.referenced, what, remedy);
            }
        }
        self.once(file, "server", servers.iter());
    }

    /// That a user has a password, and is not beside a token.
    pub(super) fn credentials(
        &mut self,
        file: &str,
        user: Option<&Spanned<String>>,
        password: Option<&Spanned<String>>,
        token: Option<&Spanned<String>>,
    ) {
        match (user, password, token) {
            (Some(user), None, None) => {
                self.say(file, user.referenced, "a user has a password".to_owned(), "write `password: ${NAME}` and set NAME outside");
            }
            (None, Some(password), _) => {
                self.say(file, password.referenced, "a password without a user".to_owned(), "write `user:` beside it");
            }
            (Some(user), _, Some(_)) => {
                let remedy = "leave one of them out: the servers know an account by the one or the other";
                self.say(file, user.referenced, "a user and a token".to_owned(), remedy);
            }
            (Some(_), Some(_), None) | (None, None, _) => {}
        }
    }
}

/// What is wrong with the address of a server, and what to do.
fn wrong_server(url: &str) -> Option<(String, &'static str)> {
    let rest = ["nats://", "tls://"].iter().find_map(|scheme| url.strip_prefix(scheme));
    match rest {
        Some(rest) if rest.contains('@') => {
            let place = rest.rsplit('@').next().unwrap_or_default();
            Some((
                format!("the address of {place} has credentials in it"),
                "write them as `user` and `password: ${NAME}`: an address stands in logs",
            ))
        }
        Some(rest) if is_address(rest) => None,
        Some(_) | None => {
            Some((format!("`{url}` is no address of a nats-server"), "write `nats://host:port`, such as `nats://10.0.0.1:4222`"))
        }
    }
}

/// Whether a variable in it was left as it is written, because only another process needs it.
fn is_open(text: &str) -> bool {
    text.contains("${")
}

/// Whether it is a host and a port.
fn is_address(text: &str) -> bool {
    let host = |host: &str| !host.is_empty() && !host.contains(['/', ' ', '?', '#']);
    text.rsplit_once(':').is_some_and(|(name, port)| host(name) && port.parse::<u16>().is_ok_and(|port| port > 0))
}
