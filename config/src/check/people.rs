//! Who may do what that has to be done: a second person, somebody at each plant, whoever exceptions are opened for. Told as notes.

use serde_saphyr::Spanned;
use takt_protocol::name::SiteId;
use takt_protocol::role::{DELEGATED, OWNERS, VERBS};

use super::Checks;
use crate::govern::{self, plants};
use crate::nearest::listed;

impl Checks<'_> {
    pub(super) fn people(&mut self) {
        self.second_person();
        self.powers();
        self.idle_powers();
    }

    /// What roles may and no client is in one of them; and exceptions that nobody is told of.
    fn idle_powers(&mut self) {
        let pages = self.pages;
        let Some(mesh) = pages.mesh.as_ref().filter(|mesh| !mesh.clients.is_empty() && !pages.broken.contains("roles.yaml")) else {
            return;
        };
        let roles = govern::roles(pages, Some(&mesh.policy));
        // What is only delegated where somebody wants it is missed by nobody.
        let nobody = |verb: &&str| *verb != DELEGATED && !mesh.clients.iter().any(|client| roles.may(&client.value.role, verb));
        let nobody: Vec<&str> = VERBS.into_iter().filter(nobody).collect();
        if !nobody.is_empty() {
            let what = format!("no client may {}", nobody.join(", "));
            self.note_at("mesh.yaml", &["clients"], what, "add a client in a role that may, where a person is to do it");
        }
        let without = |owner: &&str| !mesh.clients.iter().any(|client| client.value.role.as_str() == *owner);
        let without: Vec<&str> = OWNERS.into_iter().filter(without).collect();
        if !without.is_empty() {
            let what = format!("exceptions are opened for the roles {}, and no client has one of them", without.join(", "));
            self.note_at("mesh.yaml", &["clients"], what, "add a client in each: only its owner acts on some of them");
        }
    }

    /// Whoever gives a quantity up names a second client who may.
    fn second_person(&mut self) {
        let pages = self.pages;
        let Some(mesh) = &pages.mesh else { return };
        let roles = govern::roles(pages, Some(&mesh.policy));
        let may: Vec<&str> = mesh
            .clients
            .iter()
            .map(|client| &client.value)
            .filter(|client| roles.may(&client.role, "write_off"))
            .map(|client| client.name.as_str())
            .collect();
        if let [only] = may.as_slice() {
            let what = format!("only {only} may write_off, and what is given up wants a second client who may");
            let remedy = format!("add another client with one of the roles {} under `clients`", listed(&roles.who_may("write_off")));
            self.note_at("mesh.yaml", &["clients"], what, remedy);
        }
    }

    /// What somebody may, and nobody at some plant.
    fn powers(&mut self) {
        let pages = self.pages;
        let Some(page) = &pages.roles else { return };
        for (plant, _) in plants(pages) {
            let here = |verb: &&str| {
                let mut granted = page.value.values().filter(|text| text.value.may.iter().any(|may| may.value == **verb)).peekable();
                let reaches =
                    |sites: &Option<Vec<Spanned<SiteId>>>| sites.as_ref().is_none_or(|sites| sites.iter().any(|site| site.value == plant));
                granted.peek().is_some() && !granted.any(|text| reaches(&text.value.sites))
            };
            let nobody: Vec<&str> = VERBS.into_iter().filter(here).collect();
            if !nobody.is_empty() {
                let what = format!("nobody may {} at {plant}: every role that may is limited to other sites", nobody.join(", "));
                self.note("roles.yaml", serde_saphyr::Location::UNKNOWN, what, format!("add {plant} to the `sites` of a role"));
            }
        }
    }
}
