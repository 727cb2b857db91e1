//! Ownership, workflows and roles, each with everybody who says something of it.

use takt_protocol::name::SiteId;
use takt_protocol::ownership::{Domain, Holder};
use takt_protocol::role::{Roles, VERBS};
use takt_protocol::workflow::Step;

use super::{Book, Layer};
use crate::check::word;
use crate::govern::{holder, plants, roles, system};
use crate::nearest::listed;
use crate::read::Pages;
use crate::text::SiteText;

pub(super) fn all(pages: &Pages, book: &mut Book) {
    for (plant, text) in plants(pages) {
        ownership(plant, text, pages, book);
        steps(plant, pages, book);
    }
    workflows(pages, book);
    who(pages, book);
}

/// An owner by its name, and what it is to the plant.
fn named(plant: SiteId, text: &SiteText, owner: Holder) -> String {
    match (owner, system(plant, text, owner)) {
        (Holder::Mesh, _) => "mesh".to_owned(),
        (owner, Some(site)) => format!("{site} ({} of {plant})", owner.word()),
        (owner, None) => format!("nobody ({plant} has no {})", owner.word()),
    }
}

fn ownership(plant: SiteId, text: &SiteText, pages: &Pages, book: &mut Book) {
    for domain in Domain::ALL {
        let key = format!("ownership.{plant}.{}", domain.word());
        let usual = domain.possible().iter().find(|owner| **owner == Holder::Mesh || system(plant, text, **owner).is_some());
        if let Some(usual) = usual.or_else(|| domain.possible().first()) {
            book.built_in(&key, &named(plant, text, *usual));
        }
        let lines = pages.ownership.iter().flat_map(|page| &page.value).filter(|line| line.value.domain == domain);
        for line in lines {
            let own = line.value.plant.as_ref().map(|named| named.value);
            let layer = if own.is_some() { Layer::Named } else { Layer::Central };
            if let Some(owner) = holder(&line.value, pages).filter(|_| own.is_none_or(|named| named == plant)) {
                book.say(&key, &named(plant, text, owner), layer, ("ownership.yaml", line.referenced));
            }
        }
    }
}

/// Whether a plant has each check and errand.
fn steps(plant: SiteId, pages: &Pages, book: &mut Book) {
    for (step, flow) in Step::ALL {
        let key = format!("workflows.{}.{plant}.{}", flow.word(), step.word());
        book.built_in(&key, &"on");
        for (file, text) in pages.workflows.iter().flat_map(|page| page.value.values().map(move |text| (page.file.as_str(), text))) {
            for off in text.value.without.iter().filter(|off| off.value == step.word()) {
                book.say(&key, &"off", Layer::Central, (file, off.referenced));
            }
        }
        let variants = pages.plants.get(&plant).and_then(|overlay| overlay.variants.as_ref());
        for (file, variant) in variants.iter().flat_map(|page| page.value.values().map(move |variant| (page.file.as_str(), variant))) {
            for off in variant.value.without.iter().filter(|off| off.value == step.word()) {
                book.say(&key, &"off", Layer::Plant, (file, off.referenced));
            }
            for on in variant.value.with.iter().filter(|on| on.value == step.word()) {
                book.say(&key, &"on", Layer::Plant, (file, on.referenced));
            }
        }
    }
}

fn workflows(pages: &Pages, book: &mut Book) {
    for (file, flow, text) in
        pages.workflows.iter().flat_map(|page| page.value.iter().map(move |(flow, text)| (page.file.as_str(), flow, text)))
    {
        let key = |name: &str| format!("workflows.{}.{name}", flow.word());
        if let Some(one) = &text.value.criticality {
            book.say(&key("criticality"), &word(&one.value), Layer::Central, (file, one.referenced));
        }
        if let Some(one) = &text.value.latency {
            let value = format!("{}, {} ms at most", word(&one.value.class), one.value.within_ms);
            book.say(&key("latency"), &value, Layer::Central, (file, one.referenced));
        }
        if let Some(one) = &text.value.sla {
            book.say(&key("sla"), &word(&one.value), Layer::Central, (file, one.referenced));
        }
        if let Some(one) = &text.value.reconciliation {
            book.say(&key("reconciliation"), &word(&one.value), Layer::Central, (file, one.referenced));
        }
    }
}

fn who(pages: &Pages, book: &mut Book) {
    let policy = pages.mesh.as_ref().map(|mesh| &mesh.policy);
    let in_force = roles(pages, policy);
    for (role, grant) in Roles::default().grants() {
        book.built_in(&format!("roles.{role}.may"), &listed(&grant.verbs.iter().collect::<Vec<_>>()));
    }
    for (role, grant) in in_force.grants() {
        let verbs = listed(&grant.verbs.iter().collect::<Vec<_>>());
        let text = pages.roles.as_ref().and_then(|page| page.value.get(role));
        match text {
            Some(text) => book.say(&format!("roles.{role}.may"), &verbs, Layer::Central, ("roles.yaml", text.referenced)),
            None if Roles::default().grants().get(role) != Some(grant) => {
                book.say_of_file(&format!("roles.{role}.may"), &verbs, Layer::Central, "mesh.yaml");
            }
            None => {}
        }
        if let Some(first) = text.and_then(|text| text.value.sites.as_ref()).and_then(|sites| sites.first()) {
            let sites = grant.sites.iter().flatten().collect::<Vec<_>>();
            book.say(&format!("roles.{role}.sites"), &listed(&sites), Layer::Central, ("roles.yaml", first.referenced));
        }
    }
    if pages.roles.is_some() {
        // Where the file is, a built-in role that it does not name is none.
        book.said.retain(|key, _| {
            let role = key.strip_prefix("roles.").and_then(|rest| rest.rsplit_once('.')).map(|(role, _)| role);
            role.is_none_or(|role| in_force.grants().keys().any(|known| known.as_str() == role))
        });
    }
    for verb in VERBS {
        let key = format!("verbs.{verb}");
        book.built_in(&key, &listed(&Roles::default().who_may(verb)));
        if pages.roles.is_some() {
            book.say_of_file(&key, &listed(&in_force.who_may(verb)), Layer::Central, "roles.yaml");
        }
    }
}
