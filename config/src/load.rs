//! From text to the values a mesh runs on. Everything is read and checked before anything is said, so that all that is wrong
//! is told at once.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use takt_actors::link::mapping::Mapping;
use takt_actors::site::SiteLimits;
use takt_protocol::book::{Book, Material, Policy, Recipe, Site};
use takt_protocol::calendar::PeriodBook;
use takt_protocol::malformed::Malformed;
use takt_protocol::name::{Region, SiteId};
use takt_protocol::posting::RuleBook;
use takt_protocol::words::MaterialId;

use crate::check;
use crate::finding::Finding;
use crate::folder::Folder;
use crate::text::{
    ClientText, EquipmentText, MaterialsText, MeshText, PolicyText, RecipeText, RulesText, SimulatedText, SiteText, TransportText,
};

/// A configuration, loaded.
#[derive(Clone, Debug)]
pub struct Mesh {
    /// Everything a decision may look at.
    pub book: Arc<Book>,
    /// The regions, in the order they are written in.
    pub regions: Vec<Region>,
    /// How each site is spoken to.
    pub links: BTreeMap<SiteId, LinkText>,
    /// Who may use the API.
    pub clients: Vec<ClientText>,
    /// Each mapping file that a link names, compiled.
    pub mappings: BTreeMap<String, Mapping>,
}

/// How a site is spoken to.
#[derive(Clone, Debug)]
pub struct LinkText {
    /// The transport.
    pub transport: TransportText,
    /// Its limits.
    pub limits: SiteLimits,
    /// That the demo plays the system.
    pub simulated: Option<SimulatedText>,
}

/// A file and what stands in it.
#[derive(Debug)]
pub(crate) struct In<T> {
    pub(crate) file: String,
    pub(crate) value: T,
}

/// Everything as it was read, each with its file.
#[derive(Debug)]
pub(crate) struct Pages {
    pub(crate) mesh: MeshText,
    pub(crate) sites: BTreeMap<SiteId, In<SiteText>>,
    pub(crate) materials: Vec<In<MaterialsText>>,
    pub(crate) recipes: Vec<In<RecipeText>>,
    pub(crate) equipment: Vec<In<EquipmentText>>,
    pub(crate) rules: Vec<In<RulesText>>,
}

/// Reads a folder whole. `variables` are what `${NAME}` stands for.
pub fn load(dir: &Path, variables: &BTreeMap<String, String>) -> Result<Mesh, Vec<Finding>> {
    let folder = Folder::read(dir)?;
    let mut findings = Vec::new();
    let pages = read(&folder, variables, &mut findings);
    let Some(pages) = pages else { return Err(sorted(findings)) };
    check::all(&pages, &folder, &mut findings);
    let mesh = assemble(&folder, pages, &mut findings);
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

fn read(folder: &Folder, variables: &BTreeMap<String, String>, findings: &mut Vec<Finding>) -> Option<Pages> {
    if folder.file("mesh.yaml").is_none() {
        findings.push(Finding::about("mesh.yaml", "is missing", "write one with `regions: [eu]`"));
    }
    let mesh = folder.parse("mesh.yaml", variables, findings);
    let mut sites = BTreeMap::new();
    for file in folder.within("sites") {
        let name = file.trim_start_matches("sites/").trim_end_matches(".yaml");
        let text = folder.parse::<SiteText>(file, variables, findings);
        match (SiteId::parse(name), text) {
            (Ok(site), Some(value)) => drop(sites.insert(site, In { file: file.to_owned(), value })),
            (Ok(_), None) => {}
            (Err(wrong), _) => findings.push(Finding::about(file, wrong.to_string(), "rename the file: its name is the site's name")),
        }
    }
    let pages = Pages {
        mesh: mesh?,
        sites,
        materials: every(folder, "materials", variables, findings),
        recipes: every(folder, "recipes", variables, findings),
        equipment: every(folder, "equipment", variables, findings),
        rules: every(folder, "rules", variables, findings),
    };
    Some(pages)
}

fn every<T: serde::de::DeserializeOwned>(
    folder: &Folder,
    within: &str,
    variables: &BTreeMap<String, String>,
    findings: &mut Vec<Finding>,
) -> Vec<In<T>> {
    let files: Vec<&str> = folder.within(within).collect();
    files.into_iter().filter_map(|file| Some(In { file: file.to_owned(), value: folder.parse(file, variables, findings)? })).collect()
}

fn assemble(folder: &Folder, pages: Pages, findings: &mut Vec<Finding>) -> Option<Mesh> {
    let rules = pages.rules.into_iter().flat_map(|page| page.value.into_iter().map(|rule| rule.value)).collect();
    let rules = RuleBook::new(rules).map_err(|_| ()).ok();
    let mut links = BTreeMap::new();
    let mut sites = BTreeMap::new();
    let mut mappings = BTreeMap::new();
    for (name, page) in pages.sites {
        for file in page.value.mapping_files() {
            compile(folder, &file.value, &mut mappings, findings);
        }
        if let Some(transport) = page.value.link.clone() {
            let (limits, simulated) = (page.value.limits.limits(), page.value.simulated.clone());
            links.insert(name, LinkText { transport, limits, simulated });
        }
        match site(page.value) {
            Ok(site) => drop(sites.insert(name, site)),
            Err(wrong) => findings.push(Finding::about(&page.file, wrong.to_string(), "")),
        }
    }
    let mut recipes: BTreeMap<(SiteId, MaterialId), Vec<Recipe>> = BTreeMap::new();
    for page in pages.recipes {
        let key = (page.value.plant.value, page.value.material.value.clone());
        recipes.entry(key).or_default().push(page.value.recipe());
    }
    for versions in recipes.values_mut() {
        versions.sort_by(|a, b| by_number(a.version.as_str()).cmp(&by_number(b.version.as_str())));
    }
    let book = Book {
        hash: folder.hash(),
        generation: pages.mesh.generation,
        sites,
        materials: pages.materials.into_iter().flat_map(|page| page.value).map(material).collect(),
        recipes,
        equipment: pages.equipment.into_iter().map(|page| (page.value.plant.value, page.value.equipment)).collect(),
        rules: rules?,
        policy: policy(pages.mesh.policy),
    };
    let regions = pages.mesh.regions.into_iter().map(|region| region.value).collect();
    Some(Mesh { book: Arc::new(book), regions, links, clients: pages.mesh.clients, mappings })
}

/// Compiles a mapping file, once; a missing one was told already.
fn compile(folder: &Folder, file: &str, mappings: &mut BTreeMap<String, Mapping>, findings: &mut Vec<Finding>) {
    let Some(text) = folder.file(file).filter(|_| !mappings.contains_key(file)) else { return };
    match Mapping::compile(file, text) {
        Ok(mapping) => drop(mappings.insert(file.to_owned(), mapping)),
        Err(error) => {
            findings.push(Finding { file: error.name, line: error.line, column: error.column, what: error.what, remedy: error.remedy });
        }
    }
}

/// Versions sort as numbers where they are numbers: 9 before 10.
fn by_number(version: &str) -> (Option<u64>, &str) {
    (version.parse().ok(), version)
}

fn site(text: SiteText) -> Result<Site, Malformed> {
    let mut periods = PeriodBook::default();
    for (month, state) in &text.periods {
        let (year, number) = month_of(month)?;
        periods.set(year, number, state.value);
    }
    Ok(Site {
        kind: text.kind,
        region: text.region.value,
        calendar: text.calendar,
        erp: text.erp.map(|site| site.value),
        warehouse: text.warehouse.map(|site| site.value),
        quality: text.quality.map(|site| site.value),
        classes: text.classes.into_iter().map(|(verb, class)| (verb, class.value)).collect(),
        periods,
    })
}

fn month_of(text: &str) -> Result<(i16, i8), Malformed> {
    let wrong = || Malformed::new("month", text, "write it as 2026-10");
    let (year, month) = text.split_once('-').ok_or_else(wrong)?;
    let (year, month) = (year.parse().map_err(|_| wrong())?, month.parse().map_err(|_| wrong())?);
    if (1..=12).contains(&month) { Ok((year, month)) } else { Err(wrong()) }
}

fn material((name, text): (MaterialId, crate::text::MaterialText)) -> (MaterialId, Material) {
    let material = Material {
        description: text.description,
        base: text.base,
        conversions: text.conversions,
        lot_mode: text.lot_mode,
        inspected: text.inspected,
    };
    (name, material)
}

fn policy(text: PolicyText) -> Policy {
    let usual = Policy::default();
    Policy {
        dispatch_patience_ms: text.dispatch_patience_ms.unwrap_or(usual.dispatch_patience_ms),
        start_warning_ms: text.start_warning_ms.unwrap_or(usual.start_warning_ms),
        final_gap_ms: text.final_gap_ms.unwrap_or(usual.final_gap_ms),
        clearance_ms: text.clearance_ms.unwrap_or(usual.clearance_ms),
        disposition_ms: text.disposition_ms.unwrap_or(usual.disposition_ms),
        quality_roles: text.quality_roles.unwrap_or(usual.quality_roles),
        finance_roles: text.finance_roles.unwrap_or(usual.finance_roles),
        window_ms: text.window_ms.unwrap_or(usual.window_ms),
    }
}

#[cfg(test)]
mod tests;
