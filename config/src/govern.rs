//! What the texts about ownership, workflows and roles come to: one owner for each domain of each plant, what each plant does
//! without, who may what. Looks at pages that were checked, or says what it can of those that were not; tells nobody.

use std::collections::{BTreeMap, BTreeSet};

use serde_saphyr::Spanned;
use takt_protocol::book::SiteKind;
use takt_protocol::name::SiteId;
use takt_protocol::ownership::{Domain, Holder, Ownership};
use takt_protocol::role::{Grant, Roles};
use takt_protocol::workflow::{Flow, Step, Workflow, Workflows};

use crate::read::Pages;
use crate::text::{OwnerText, PolicyText, SiteText, WorkflowText};

/// The plants of a mesh.
pub(crate) fn plants(pages: &Pages) -> impl Iterator<Item = (SiteId, &SiteText)> {
    pages.sites.iter().filter(|(_, page)| page.value.kind == SiteKind::Plant).map(|(name, page)| (*name, &page.value))
}

/// The line that says who owns a domain at a plant: its own before the one for all.
pub(crate) fn owner_line(lines: &[Spanned<OwnerText>], plant: SiteId, domain: Domain) -> Option<&Spanned<OwnerText>> {
    let about = |line: &&Spanned<OwnerText>| line.value.domain == domain;
    let own = lines.iter().filter(about).find(|line| line.value.plant.as_ref().is_some_and(|named| named.value == plant));
    own.or_else(|| lines.iter().filter(about).find(|line| line.value.plant.is_none()))
}

/// What an owner is to a plant, whichever way it was named.
pub(crate) fn holder(line: &OwnerText, pages: &Pages) -> Option<Holder> {
    let named = || line.site.as_ref().and_then(|site| pages.sites.get(&site.value)).and_then(|page| Holder::of(page.value.kind));
    line.kind.or_else(named)
}

/// The system of a plant that is that to it.
pub(crate) fn system(plant: SiteId, text: &SiteText, holder: Holder) -> Option<SiteId> {
    let named = |site: &Option<Spanned<SiteId>>| site.as_ref().map(|site| site.value);
    match holder {
        Holder::Erp => named(&text.erp),
        Holder::Plant => Some(plant),
        Holder::Warehouse => named(&text.warehouse),
        Holder::Quality => named(&text.quality),
        Holder::Mesh => None,
    }
}

/// Who owns what.
pub(crate) fn ownership(pages: &Pages) -> Ownership {
    let Some(lines) = pages.ownership.as_ref().map(|page| &page.value) else { return Ownership::default() };
    let mut holders = BTreeMap::new();
    for (plant, _) in plants(pages) {
        for domain in Domain::ALL {
            if let Some(holder) = owner_line(lines, plant, domain).and_then(|line| holder(&line.value, pages)) {
                holders.insert((plant, domain), holder);
            }
        }
    }
    Ownership::new(holders)
}

/// A check or an errand by its word, with its workflow.
pub(crate) fn step(word: &str) -> Option<(Step, Flow)> {
    Step::ALL.into_iter().find(|(step, _)| step.word() == word)
}

/// What each workflow is, and what each plant does without.
pub(crate) fn workflows(pages: &Pages) -> Workflows {
    let texts = || pages.workflows.iter().flat_map(|page| &page.value);
    let declared = texts().filter_map(|(flow, text)| Some((*flow, workflow(&text.value)?))).collect();
    let steps =
        |words: &[Spanned<String>]| words.iter().filter_map(|word| step(&word.value)).map(|(step, _)| step).collect::<BTreeSet<_>>();
    let everywhere: BTreeSet<Step> = texts().flat_map(|(_, text)| steps(&text.value.without)).collect();
    let mut without = BTreeMap::new();
    for (plant, _) in plants(pages) {
        let mut here = everywhere.clone();
        let variants = pages.plants.get(&plant).and_then(|overlay| overlay.variants.as_ref());
        for variant in variants.into_iter().flat_map(|page| page.value.values()) {
            here.extend(steps(&variant.value.without));
            let again = steps(&variant.value.with);
            here.retain(|step| !again.contains(step));
        }
        if !here.is_empty() {
            without.insert(plant, here);
        }
    }
    Workflows { declared, without }
}

fn workflow(text: &WorkflowText) -> Option<Workflow> {
    let latency = &text.latency.as_ref()?.value;
    Some(Workflow {
        criticality: text.criticality.as_ref()?.value,
        latency: latency.class,
        within_ms: latency.within_ms.get(),
        sla: text.sla.as_ref()?.value,
        reconciliation: text.reconciliation.as_ref()?.value,
    })
}

/// Who may what: as `roles.yaml` says; without it the five roles that are built in, and those that `mesh.yaml` trusts with quality
/// or finance.
pub(crate) fn roles(pages: &Pages, policy: Option<&PolicyText>) -> Roles {
    if let Some(page) = &pages.roles {
        let grant = |text: &crate::text::RoleText| Grant {
            verbs: text.may.iter().map(|verb| verb.value.clone()).collect(),
            sites: text.sites.as_ref().map(|sites| sites.iter().map(|site| site.value).collect()),
        };
        return Roles::new(page.value.iter().map(|(role, text)| (role.clone(), grant(&text.value))).collect());
    }
    let mut roles = Roles::default();
    let named = |list: Option<&Vec<Spanned<takt_protocol::words::Role>>>| list.cloned().unwrap_or_default();
    for role in named(policy.and_then(|policy| policy.quality_roles.as_ref())) {
        roles.allow(&role.value, &["record_disposition", "release_hold", "release_shipment"]);
    }
    for role in named(policy.and_then(|policy| policy.finance_roles.as_ref())) {
        roles.allow(&role.value, &["release_shipment", "reverse_posting", "write_off"]);
    }
    roles
}
