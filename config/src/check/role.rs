//! Roles: what each may exists, every request has somebody who may make it, and every client is somebody.

use std::collections::BTreeSet;

use serde_saphyr::Spanned;
use takt_protocol::book::SiteKind;
use takt_protocol::role::{DELEGATED, VERBS};
use takt_protocol::words::Role;

use super::Checks;
use crate::govern;
use crate::nearest::{listed, nearest};
use crate::text::{ClientText, MeshText};

const FILE: &str = "roles.yaml";

impl Checks<'_> {
    pub(super) fn roles(&mut self) {
        let pages = self.pages;
        let Some(page) = &pages.roles else { return };
        let mut granted: BTreeSet<&str> = BTreeSet::new();
        for (role, text) in &page.value {
            if text.value.may.is_empty() {
                let what = format!("the role {role} may do nothing");
                self.say(FILE, text.referenced, what, "give it something to ask for under `may`, or delete it: everybody known may look");
            }
            for verb in &text.value.may {
                granted.insert(&verb.value);
                if !VERBS.contains(&verb.value.as_str()) {
                    self.say(FILE, verb.referenced, format!("nobody can ask for {}", verb.value), nearest(&verb.value, &VERBS));
                }
            }
            self.once(FILE, "verb", text.value.may.iter());
            for site in text.value.sites.iter().flatten().filter(|site| !pages.sites.contains_key(&site.value)) {
                let known: Vec<&str> = pages.sites.keys().map(takt_protocol::name::Name::as_str).collect();
                if !pages.broken.contains(&format!("sites/{}.yaml", site.value)) {
                    self.say(FILE, site.referenced, format!("there is no site {}", site.value), nearest(site.value.as_str(), &known));
                }
            }
        }
        let nobody: Vec<&str> = VERBS.into_iter().filter(|verb| !granted.contains(verb) && *verb != DELEGATED).collect();
        for verb in nobody {
            self.say_of(FILE, format!("nobody may {verb}"), "add it to the `may` of a role");
        }
        if let Some(mesh) = &pages.mesh {
            self.somebody(mesh);
        }
    }

    /// That a hold can be lifted: by somebody, or by the quality system of a site.
    fn somebody(&mut self, mesh: &MeshText) {
        let roles = govern::roles(self.pages, Some(&mesh.policy));
        let may = |client: &&Spanned<ClientText>, verb: &str| roles.may(&client.value.role, verb);
        let who = |verb: &str| mesh.clients.iter().filter(|client| may(client, verb)).count();
        // That there is no client at all was told, that one has a role which is none, and what nobody may, too.
        let told = |client: &Spanned<ClientText>| !roles.grants().contains_key(&client.value.role);
        let system = self.pages.sites.values().any(|page| page.value.kind == SiteKind::Quality);
        if system || mesh.clients.is_empty() || mesh.clients.iter().any(told) {
            return;
        }
        let offered = |verb: &str| listed(&roles.who_may(verb));
        let wanted = [
            ("release_hold", "and there is no quality system: what is held is held for ever"),
            ("record_disposition", "and there is no quality system: nobody decides about what is held"),
        ];
        let short: Vec<(String, String)> = wanted
            .into_iter()
            .filter(|(verb, _)| who(verb) == 0 && !roles.who_may(verb).is_empty())
            .map(|(verb, why)| {
                (format!("no client may {verb}, {why}"), format!("add a client with one of the roles {} under `clients`", offered(verb)))
            })
            .collect();
        for (what, remedy) in short {
            self.say_of("mesh.yaml", what, remedy);
        }
    }

    /// That a client acts in a role that exists.
    pub(super) fn role_of(&mut self, file: &str, client: &Spanned<ClientText>, mesh: &MeshText) {
        let roles = govern::roles(self.pages, Some(&mesh.policy));
        let known: Vec<&str> = roles.grants().keys().map(Role::as_str).collect();
        let role = client.value.role.as_str();
        if !known.contains(&role) && !self.pages.broken.contains(FILE) {
            let what = format!("the client {} has the role {role}, which is none", client.value.name);
            let remedy = if self.pages.roles.is_some() { format!("; or write `{role}:` in {FILE}") } else { String::new() };
            self.say(file, client.referenced, what, format!("{}{remedy}", nearest(role, &known)));
        }
    }

    /// `roles.yaml` and the lists that were there before it say the same thing: one of them is enough.
    pub(super) fn trusted_twice(&mut self, file: &str, mesh: &MeshText) {
        if self.pages.roles.is_none() {
            return;
        }
        let lists = [
            ("quality_roles", &mesh.policy.quality_roles, "record_disposition and release_hold"),
            ("finance_roles", &mesh.policy.finance_roles, "write_off and reverse_posting"),
        ];
        for (key, list, verbs) in lists {
            if let Some(first) = list.as_ref().and_then(|list| list.first()) {
                let all: Vec<String> = list.iter().flatten().map(|role| role.value.as_str().to_owned()).collect();
                let what = format!("`{key}` and {FILE} both say who may {verbs}");
                let remedy = format!("delete `{key}`, and give {} those verbs in {FILE}", listed(&all));
                self.say(file, first.referenced, what, remedy);
            }
        }
    }
}
