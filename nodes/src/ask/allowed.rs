//! Whether a client may ask for what it asks for: its role by the matrix in force, and the sites its role is for; and whether the
//! wish can be meant at all. Looked at before anything is decided, for every protocol. Never says no to a report or a hold because
//! of what is in it.

use std::collections::BTreeSet;

use takt_protocol::input::{Address, Body};
use takt_protocol::name::SiteId;
use takt_protocol::order::{self, Input, Release, Request};
use takt_protocol::role::DELEGATED;
use takt_protocol::words::Role;

use super::meaning::Meaning;
use super::v1::request::Verb;
use super::{Client, Denied, Reception, Sort};

impl Reception {
    /// Whether a client's role may ask for a verb, anywhere.
    pub(super) fn may(&self, client: &Client, verb: &Verb) -> Result<(), Denied> {
        let delegated = matches!(verb, Verb::ReleaseHold(_)) && self.mesh().book().roles.may(&client.role, DELEGATED);
        if !delegated {
            self.may_ask(client, verb.name())?;
        }
        let Verb::ActOnException(act) = verb else { return Ok(()) };
        if act.action == "write_off" { self.may_ask(client, "write_off") } else { Ok(()) }
    }

    /// The same, for what is asked for by its name.
    pub(crate) fn may_ask(&self, client: &Client, verb: &str) -> Result<(), Denied> {
        let book = self.mesh().book();
        if book.roles.may(&client.role, verb) {
            return Ok(());
        }
        let who = book.roles.who_may(verb);
        tracing::warn!(client = %client.source, role = client.role.as_str(), verb, "refused a request at the door");
        let named: Vec<&str> = who.iter().map(Role::as_str).collect();
        let message = format!("the role {} may not {verb}", client.role.as_str());
        let remedy = format!("ask somebody in the role {}; or give {} that verb in `roles.yaml`", named.join(" or "), client.role.as_str());
        Err(forbidden(message, remedy).choose(named.iter().map(ToString::to_string)))
    }

    /// Whether its role is for the site that it is about. One that is for some sites only may not ask about what nobody has placed.
    pub(super) async fn may_there(&self, client: &Client, verb: &Verb, meaning: &Meaning) -> Result<(), Denied> {
        let book = self.mesh().book();
        let Some(sites) = book.roles.sites(&client.role) else { return Ok(()) };
        let about = Box::pin(self.sites_of(meaning)).await?;
        if !about.is_empty() && about.is_subset(sites) {
            return Ok(());
        }
        let listed = |sites: &BTreeSet<SiteId>| sites.iter().map(ToString::to_string).collect::<Vec<_>>();
        let role = client.role.as_str();
        tracing::warn!(client = %client.source, role, verb = verb.name(), "refused a request about another site at the door");
        let place = if about.is_empty() { "a site that nobody knows yet".to_owned() } else { listed(&about).join(" and ") };
        let message = format!("the role {role} may {} at {} only, and this is about {place}", verb.name(), listed(sites).join(", "));
        let remedy = format!("ask somebody whose role is for that site, or add it to the `sites` of {role} in `roles.yaml`");
        Err(forbidden(message, remedy).choose(listed(sites)))
    }

    /// The sites a request is about: those that it names itself, and where the thing it is for stands.
    async fn sites_of(&self, meaning: &Meaning) -> Result<BTreeSet<SiteId>, Denied> {
        let mut sites: BTreeSet<SiteId> = meaning.quarantine.into_iter().collect();
        if let Body::Order(Input::Request(Request::Release(release))) = &meaning.body {
            return Ok([release.plant].into());
        }
        if let Body::Order(Input::Request(Request::Split { plant: Some(plant), .. })) = &meaning.body {
            sites.insert(*plant);
        }
        if let (Body::Lot(_), Address::Native { names, .. }) = (&meaning.body, &meaning.to) {
            sites.extend(names.iter().map(|name| name.system));
            return Ok(sites);
        }
        let Some(entity) = self.mesh().entity(&meaning.to) else { return Ok(sites) };
        let book = self.mesh().book();
        if let Some(site) = book.site_of(entity) {
            sites.insert(site);
        } else {
            let state = self.mesh().show(entity).await.map_err(|error| Denied::asking(&error))?;
            sites.extend(state.site());
        }
        Ok(sites)
    }

    /// A date that is a slip is told before an order is born with it.
    pub(super) fn plausible(&self, meaning: &Meaning) -> Result<(), Denied> {
        let Body::Order(Input::Request(request)) = &meaning.body else { return Ok(()) };
        let (Request::Release(Release { start, .. }) | Request::Reschedule { start, .. } | Request::Split { start: Some(start), .. }) =
            request
        else {
            return Ok(());
        };
        if !order::is_long_past(*start, self.mesh().clock().now()) {
            return Ok(());
        }
        let message = format!("the planned start {start} is long past");
        let remedy = "send the start that is meant, a year back at most; what is finished is reported, not planned";
        Err(Denied::new(Sort::Unprocessable, "SCHEMA", message, remedy).at("start"))
    }
}

fn forbidden(message: String, remedy: String) -> Denied {
    Denied::new(Sort::Forbidden, "FORBIDDEN", message, remedy).at("authorization")
}

#[cfg(test)]
mod tests;
