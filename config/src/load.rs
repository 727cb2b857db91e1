//! From text to the values a mesh runs on. Everything is read and checked before anything is said, so that all that is wrong
//! is told at once.

use std::collections::BTreeMap;
use std::num::NonZeroU64;
use std::path::Path;
use std::sync::Arc;

use serde_saphyr::Spanned;
use takt_actors::link::mapping::Mapping;
use takt_actors::site::SiteLimits;
use takt_protocol::book::{Around, Book, Material, Policy, Recipe, Site};
use takt_protocol::calendar::PeriodBook;
use takt_protocol::data::Data;
use takt_protocol::name::{Region, SiteId};
use takt_protocol::posting::RuleBook;
use takt_protocol::role::{DELEGATED, Roles};
use takt_protocol::words::MaterialId;

use crate::check;
use crate::finding::Finding;
use crate::folder::Folder;
use crate::govern;
use crate::places::Places;
use crate::read::{self, In, Pages};
use crate::text::{
    ClientText, EngineText, MaterialText, MeshText, PieceText, PolicyText, RoadText, SimulatedText, SiteText, TransportText,
};

/// A configuration, loaded.
#[derive(Clone, Debug)]
pub struct Mesh {
    /// Everything a decision may look at.
    pub book: Arc<Book>,
    /// The regions, in the order they are written in.
    pub regions: Vec<Region>,
    /// What keeps the log of each region that is not on the embedded engine as it is usual.
    pub engines: BTreeMap<Region, EngineText>,
    /// How regions reach each other that run in different processes; none where one process runs all of them.
    pub roads: Vec<RoadText>,
    /// How each site is spoken to.
    pub links: BTreeMap<SiteId, LinkText>,
    /// Who may use the API.
    pub clients: Vec<ClientText>,
    /// Each mapping file that a link names, compiled.
    pub mappings: BTreeMap<String, Mapping>,
    /// In which file each thing of master data stands.
    pub places: Places,
}

/// How a site is spoken to.
#[derive(Clone, Debug)]
pub struct LinkText {
    /// The transport.
    pub transport: TransportText,
    /// The region that keeps what it tells until that is brought home, if there is one.
    pub edge: Option<Region>,
    /// Its limits.
    pub limits: SiteLimits,
    /// The folder for what would be sent, where the site is only observed.
    pub observe: Option<String>,
    /// That the demo plays the system.
    pub simulated: Option<SimulatedText>,
}

/// Reads a folder whole. `variables` are what `${NAME}` stands for.
pub fn load(dir: &Path, variables: &BTreeMap<String, String>) -> Result<Mesh, Vec<Finding>> {
    load_for(dir, variables, None)
}

/// The same for a process that runs only these regions: variables of servers that only the others come to need not be known.
pub fn load_for(dir: &Path, variables: &BTreeMap<String, String>, here: Option<&[Region]>) -> Result<Mesh, Vec<Finding>> {
    load_read(&Folder::read(dir)?, variables, here)
}

/// The same of a folder as it was read, whatever stands there by now: what was tested is what is loaded.
pub fn load_read(folder: &Folder, variables: &BTreeMap<String, String>, here: Option<&[Region]>) -> Result<Mesh, Vec<Finding>> {
    load_noted(folder, variables, here, &mut Vec::new())
}

/// The same; what is right, and may not be what somebody thinks it is, goes into `notes`.
pub(crate) fn load_noted(
    folder: &Folder,
    variables: &BTreeMap<String, String>,
    here: Option<&[Region]>,
    notes: &mut Vec<Finding>,
) -> Result<Mesh, Vec<Finding>> {
    let mut findings = Vec::new();
    let mut pages = read::pages(folder, variables, here, &mut findings);
    check::all(&pages, folder, &mut findings, notes);
    let mesh = pages.mesh.take().and_then(|mesh| assemble(folder, mesh, pages));
    match mesh {
        Some(mesh) if findings.is_empty() => Ok(mesh),
        Some(_) | None => Err(sorted(findings)),
    }
}

fn sorted(mut findings: Vec<Finding>) -> Vec<Finding> {
    findings.sort();
    findings.dedup();
    findings
}

/// Puts the pages together. They were checked: nothing is looked at twice here.
fn assemble(folder: &Folder, mesh: MeshText, pages: Pages) -> Option<Mesh> {
    let places = Places::of(&pages);
    let (ownership, workflows, roles) = (govern::ownership(&pages), govern::workflows(&pages), govern::roles(&pages, Some(&mesh.policy)));
    let rules = pages.rules.into_iter().flat_map(|page| page.value.into_iter().map(|rule| rule.value)).collect();
    let mut recipes: BTreeMap<(SiteId, MaterialId), Vec<Recipe>> = BTreeMap::new();
    for page in pages.recipes {
        let key = (page.value.plant.value, page.value.material.value.clone());
        recipes.entry(key).or_default().push(page.value.recipe());
    }
    for versions in recipes.values_mut() {
        versions.sort_by(|a, b| by_number(a.version.as_str()).cmp(&by_number(b.version.as_str())));
    }
    let equipment =
        pages.equipment.iter().map(|page| (page.value.plant.value, page.value.equipment.iter().map(PieceText::piece).collect()));
    let compared = |(name, page): (&SiteId, &In<SiteText>)| Some((*name, page.value.reconcile.as_ref()?.value.clone()));
    let reconcile = pages.sites.iter().filter_map(compared).collect();
    let book = Book {
        hash: folder.hash(),
        generation: mesh.generation.get(),
        sites: pages.sites.iter().map(|(name, page)| (*name, site(&page.value))).collect(),
        materials: pages.materials.into_iter().flat_map(|page| page.value).map(|(name, text)| (name, material(text.value))).collect(),
        recipes,
        equipment: equipment.collect(),
        data: Data::default(),
        rules: RuleBook::new(rules).ok()?,
        policy: policy(mesh.policy, &roles),
        ownership,
        workflows,
        roles,
        reconcile,
    };
    Some(Mesh {
        book: Arc::new(book),
        regions: mesh.regions.into_iter().map(|region| region.value).collect(),
        engines: pages.regions.into_iter().flat_map(|page| page.value).map(|(name, engine)| (name, engine.value)).collect(),
        roads: pages.roads.into_iter().flat_map(|page| page.value).map(|road| road.value).collect(),
        links: pages.sites.into_iter().filter_map(|(name, page)| Some((name, link(page.value)?))).collect(),
        clients: mesh.clients.into_iter().map(|client| client.value).collect(),
        mappings: pages.mappings,
        places,
    })
}

/// Versions sort as numbers where they are numbers: 9 before 10.
fn by_number(version: &str) -> (Option<u64>, &str) {
    (version.parse().ok(), version)
}

fn link(text: SiteText) -> Option<LinkText> {
    let edge = text.edge.as_ref().map(|edge| edge.value);
    Some(LinkText {
        transport: text.link?,
        edge,
        limits: text.limits.limits(),
        observe: text.observe.map(|folder| folder.value),
        simulated: text.simulated,
    })
}

fn site(text: &SiteText) -> Site {
    let named = |site: &Option<Spanned<SiteId>>| site.as_ref().map(|site| site.value);
    let mut periods = PeriodBook::default();
    for (month, state) in &text.periods {
        if let Some((year, number)) = month_of(month) {
            periods.set(year, number, state.value);
        }
    }
    Site {
        kind: text.kind,
        region: text.region.value,
        calendar: text.calendar.clone(),
        erp: named(&text.erp),
        warehouse: named(&text.warehouse),
        quality: named(&text.quality),
        around: Around {
            maintenance: named(&text.maintenance),
            transport: named(&text.transport),
            planning: named(&text.planning),
            supplier: named(&text.supplier),
        },
        classes: text.classes.iter().map(|(verb, class)| (verb.clone(), class.value)).collect(),
        periods,
    }
}

/// Year and month of `2026-10`.
pub(crate) fn month_of(text: &str) -> Option<(i16, i8)> {
    let (year, month) = text.split_once('-')?;
    let (year, month) = (year.parse().ok()?, month.parse().ok()?);
    ((1..=9999).contains(&year) && (1..=12).contains(&month)).then_some((year, month))
}

fn material(text: MaterialText) -> Material {
    Material {
        description: text.description,
        base: text.base,
        conversions: text.conversions,
        lot_mode: text.lot_mode,
        inspected: text.inspected,
    }
}

fn policy(text: PolicyText, roles: &Roles) -> Policy {
    let usual = Policy::default();
    let ms = |written: Option<Spanned<NonZeroU64>>, usual: u64| written.map_or(usual, |ms| ms.value.get());
    Policy {
        dispatch_patience_ms: ms(text.dispatch_patience_ms, usual.dispatch_patience_ms),
        start_warning_ms: ms(text.start_warning_ms, usual.start_warning_ms),
        final_gap_ms: ms(text.final_gap_ms, usual.final_gap_ms),
        clearance_ms: ms(text.clearance_ms, usual.clearance_ms),
        disposition_ms: ms(text.disposition_ms, usual.disposition_ms),
        lock_patience_ms: ms(text.lock_patience_ms, usual.lock_patience_ms),
        names_kept_ms: ms(text.names_kept_ms, usual.names_kept_ms),
        quality_roles: roles.who_may("record_disposition"),
        local_quality_roles: roles.who_may(DELEGATED),
        finance_roles: roles.who_may("write_off"),
        window_ms: text.window_ms.map_or(usual.window_ms, |window| window.value.get()),
    }
}

#[cfg(test)]
mod tests;
