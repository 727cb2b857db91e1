//! `mesh.yaml` and what it says about the rest: regions, clients, roles.

use std::collections::{BTreeMap, BTreeSet};

use serde_saphyr::Spanned;
use takt_protocol::name::{OURS, Source};

use super::Checks;
use crate::nearest::nearest;
use crate::text::{ClientText, MeshText};

const FILE: &str = "mesh.yaml";

impl Checks<'_> {
    pub(super) fn mesh(&mut self, mesh: &MeshText) {
        if mesh.regions.is_empty() {
            self.say_at(FILE, &["regions"], "there is no region".to_owned(), "write at least one, such as `regions: [eu]`");
        }
        self.once(FILE, "region", mesh.regions.iter());
        let mut tokens: BTreeMap<&str, &str> = BTreeMap::new();
        let mut names: BTreeSet<&str> = BTreeSet::new();
        for client in &mesh.clients {
            self.client(client);
            self.role_of(FILE, client, mesh);
            let (name, token) = (client.value.name.as_str(), client.value.token.as_str());
            if !names.insert(name) {
                self.say(FILE, client.referenced, format!("the client {name} stands twice"), "rename or delete one of them");
            }
            if let Some(other) = tokens.insert(token, name).filter(|_| !token.is_empty()) {
                let what = format!("the clients {other} and {name} have the same token");
                self.say(FILE, client.referenced, what, "give each its own: the token is how they are told apart");
            }
        }
        if mesh.clients.is_empty() {
            let remedy = "add one under `clients`, such as `{name: planner, token: \"${PLANNER_TOKEN}\", role: planning}`";
            self.say_of(FILE, "there is no client, so nobody could ask for anything".to_owned(), remedy);
        }
        self.trusted(mesh);
        self.trusted_twice(FILE, mesh);
    }

    fn client(&mut self, client: &Spanned<ClientText>) {
        let name = &client.value.name;
        match Source::parse(name) {
            Err(wrong) => self.say(FILE, client.referenced, format!("`{name}` is not a valid {}", wrong.what), wrong.remedy),
            Ok(_) if name.as_str() == OURS => {
                let what = format!("the client {name} has the name that the mesh's own words carry, and would pass for it");
                self.say(FILE, client.referenced, what, "rename the client");
            }
            Ok(source) if self.pages.sites.contains_key(&source) => {
                let what = format!("the client {name} has the name of a site, so its word would pass for the site's own");
                self.say(FILE, client.referenced, what, "rename the client");
            }
            Ok(_) => {}
        }
        // A variable that is not set was told, and leaves nothing.
        if client.value.token.trim().is_empty() && !self.findings.iter().any(|found| found.file == FILE && found.what.contains("variable"))
        {
            self.say(FILE, client.referenced, format!("the client {name} has no token"), "write `token: ${NAME}` and set NAME outside");
        }
    }

    /// A role that no client has could never do what it is trusted with.
    fn trusted(&mut self, mesh: &MeshText) {
        let had: Vec<&str> = mesh.clients.iter().map(|client| client.value.role.as_str()).collect();
        let named = mesh.policy.quality_roles.iter().chain(&mesh.policy.finance_roles).flatten();
        for role in named.filter(|role| !had.contains(&role.value.as_str())) {
            self.say(FILE, role.referenced, format!("no client has the role {}", role.value), nearest(role.value.as_str(), &had));
        }
    }
}
