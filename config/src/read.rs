//! From files to pages: everything in the folder, read by its shape, before anything is compared with anything. A page that
//! cannot be read is left out and remembered, so that nobody calls missing what is only misspelled.

use std::collections::{BTreeMap, BTreeSet};

use serde::de::DeserializeOwned;
use serde_saphyr::Spanned;
use takt_actors::link::mapping::Mapping;
use takt_protocol::name::{Region, SiteId};

use crate::fill::Variables;
use crate::finding::Finding;
use crate::folder::Folder;
use crate::overlay::{self, Overlay};
use crate::place;
use crate::text::{
    EngineText, EquipmentText, MaterialsText, MeshText, OwnershipText, RecipeText, RegionsText, RoadText, RoadsText, RolesText, RulesText,
    SiteText, TransportText, WorkflowsText,
};

/// Where files are read from, besides those that stand alone, mappings and the folders of plants.
const PLACES: [&str; 6] = ["equipment", "materials", "recipes", "rules", "sites", "workflows"];

/// What stands at the top.
const ALONE: [&str; 5] = ["mesh.yaml", "ownership.yaml", "regions.yaml", "roads.yaml", "roles.yaml"];

/// The folders of plants.
const PLANTS: &str = "plants";

/// A file and what stands in it.
#[derive(Debug)]
pub(crate) struct In<T> {
    pub(crate) file: String,
    pub(crate) value: T,
}

/// Everything as it was read, each with its file.
#[derive(Debug)]
pub(crate) struct Pages {
    pub(crate) mesh: Option<MeshText>,
    pub(crate) regions: Option<In<RegionsText>>,
    pub(crate) roads: Option<In<RoadsText>>,
    pub(crate) sites: BTreeMap<SiteId, In<SiteText>>,
    pub(crate) materials: Vec<In<MaterialsText>>,
    pub(crate) recipes: Vec<In<RecipeText>>,
    pub(crate) equipment: Vec<In<EquipmentText>>,
    pub(crate) rules: Vec<In<RulesText>>,
    pub(crate) ownership: Option<In<OwnershipText>>,
    pub(crate) workflows: Vec<In<WorkflowsText>>,
    pub(crate) roles: Option<In<RolesText>>,
    /// What plants have of their own; what of it is in force stands in the other pages already.
    pub(crate) plants: BTreeMap<SiteId, Overlay>,
    /// The mapping files that links name, compiled.
    pub(crate) mappings: BTreeMap<String, Mapping>,
    /// The files that cannot be read.
    pub(crate) broken: BTreeSet<String>,
    /// What is right to read, and may not be what is meant.
    pub(crate) notes: Vec<Finding>,
}

impl Pages {
    /// Whether every file within a sub-folder was read.
    pub(crate) fn whole(&self, within: &str) -> bool {
        !self.broken.iter().any(|file| file.strip_prefix(within).is_some_and(|rest| rest.starts_with('/')))
    }
}

/// Which regions run in the process that reads; nothing where it is all of them. What only the others need stays as it is written.
pub(crate) type Here<'a> = Option<&'a [Region]>;

/// Reads the folder; what is wrong with the shape of a file goes into `findings`.
pub(crate) fn pages(folder: &Folder, variables: &BTreeMap<String, String>, here: Here<'_>, findings: &mut Vec<Finding>) -> Pages {
    read(folder, variables, here, findings, true)
}

/// The same, with what plants have of their own beside what holds for all, not over it.
pub(crate) fn as_written(folder: &Folder, variables: &BTreeMap<String, String>) -> Pages {
    read(folder, variables, None, &mut Vec::new(), false)
}

fn read(folder: &Folder, variables: &BTreeMap<String, String>, here: Here<'_>, findings: &mut Vec<Finding>, laid_over: bool) -> Pages {
    let mut reader = Reader { folder, variables, findings, broken: BTreeSet::new(), notes: Vec::new() };
    reader.strays();
    let mesh = reader.mesh();
    let roads = reader.roads(here);
    let regions = reader.regions(here, roads.iter().flat_map(|page| &page.value).map(|road| &road.value));
    let plants = reader.plants();
    let mut sites = reader.sites();
    for (plant, overlay) in plants.iter().filter(|_| laid_over) {
        own_mappings(&overlay.mappings, sites.get_mut(plant));
    }
    let mappings = reader.mappings(sites.values());
    let mut pages = Pages {
        mesh,
        regions,
        roads,
        sites,
        ownership: reader.alone("ownership.yaml"),
        workflows: reader.every("workflows"),
        roles: reader.alone("roles.yaml"),
        plants,
        materials: reader.every("materials"),
        recipes: reader.every("recipes"),
        equipment: reader.every("equipment"),
        rules: reader.every("rules"),
        mappings,
        broken: reader.broken,
        notes: reader.notes,
    };
    if laid_over {
        overlay::apply(&mut pages);
    }
    pages
}

/// Names a plant's own mapping files in the place of those that hold for all.
fn own_mappings(own: &BTreeMap<String, String>, site: Option<&mut In<SiteText>>) {
    for file in site.and_then(|page| page.value.link.as_mut()).into_iter().flat_map(TransportText::mapping_files_mut) {
        if let Some(instead) = own.get(&file.value) {
            file.value.clone_from(instead);
        }
    }
}

struct Reader<'a> {
    folder: &'a Folder,
    variables: &'a BTreeMap<String, String>,
    findings: &'a mut Vec<Finding>,
    broken: BTreeSet<String>,
    notes: Vec<Finding>,
}

impl Reader<'_> {
    fn page<T: DeserializeOwned>(&mut self, file: &str) -> Option<T> {
        let page = self.folder.parse(file, self.findings);
        if page.is_none() {
            self.broken.insert(file.to_owned());
        }
        page
    }

    fn every<T: DeserializeOwned>(&mut self, within: &str) -> Vec<In<T>> {
        let files: Vec<&str> = self.folder.within(within).collect();
        files.into_iter().filter_map(|file| Some(In { file: file.to_owned(), value: self.page(file)? })).collect()
    }

    fn mesh(&mut self) -> Option<MeshText> {
        if self.folder.file("mesh.yaml").is_none() {
            self.findings.push(Finding::about("mesh.yaml", "is missing", "write one with `regions: [eu]`"));
            return None;
        }
        let mut mesh: MeshText = self.page("mesh.yaml")?;
        for client in mesh.clients.iter().filter(|client| is_plain(&client.value.token)) {
            let note = in_the_text("mesh.yaml", &format!("token of {}", client.value.name), "token");
            self.notes.push(note.at(client.referenced));
        }
        self.fill("mesh.yaml", |fill| mesh.each_text(fill));
        Some(mesh)
    }

    /// What keeps each region's log. Secrets are looked for before they are filled in.
    fn regions<'b>(&mut self, here: Here<'_>, roads: impl Iterator<Item = &'b RoadText>) -> Option<In<RegionsText>> {
        let mut page: In<RegionsText> = self.alone("regions.yaml")?;
        for engine in page.value.values() {
            if let EngineText::Jetstream(text) = &engine.value {
                self.outside(&page.file, text.secrets());
            }
        }
        // Whoever dials without a login or servers of its own comes with those of the region.
        let (mut whole, mut servers): (BTreeSet<Region>, BTreeSet<Region>) = Default::default();
        for road in roads.filter(|road| is_here(here, road.from.value)) {
            if !road.has_login() {
                whole.insert(road.to.value);
            } else if road.servers.is_empty() {
                servers.insert(road.to.value);
            }
        }
        self.fill("regions.yaml", |fill| {
            for (region, engine) in &mut page.value {
                if is_here(here, *region) || whole.contains(region) {
                    engine.value.each_text(fill);
                } else if servers.contains(region) {
                    engine.value.each_server(fill);
                }
            }
        });
        Some(page)
    }

    /// How regions reach each other.
    fn roads(&mut self, here: Here<'_>) -> Option<In<RoadsText>> {
        let mut page: In<RoadsText> = self.alone("roads.yaml")?;
        for road in &page.value {
            self.outside(&page.file, road.value.secrets());
        }
        let dialled = page.value.iter_mut().filter(|road| is_here(here, road.value.from.value));
        self.fill("roads.yaml", |fill| dialled.for_each(|road| road.value.each_text(fill)));
        Some(page)
    }

    /// That no secret stands in the text.
    fn outside<'b>(&mut self, file: &str, secrets: impl Iterator<Item = (&'static str, &'b Spanned<String>)>) {
        for (key, secret) in secrets.filter(|(_, secret)| !secret.value.starts_with("${")) {
            let what = format!("the {key} stands in the text");
            let remedy = format!("write `{key}: ${{NAME}}` and set NAME in the environment");
            self.findings.push(Finding::about(file, what, remedy).at(secret.referenced));
        }
    }

    /// A site's name is its file's name.
    fn sites(&mut self) -> BTreeMap<SiteId, In<SiteText>> {
        let mut sites = BTreeMap::new();
        for mut page in self.every::<SiteText>("sites") {
            if let Some(link) = &mut page.value.link {
                for (key, path) in
                    link.secrets().into_iter().filter(|(secret, _)| is_plain(secret)).map(|(_, path)| (path.last().copied(), path))
                {
                    let key = key.unwrap_or_default();
                    let place = self.folder.file(&page.file).and_then(|text| place::of(text, &path));
                    let note = in_the_text(&page.file, key, key);
                    self.notes.push(place.map_or(note.clone(), |place| note.at(place)));
                }
                self.fill(&page.file, |fill| link.each_text(fill));
            }
            if let Some(folder) = &mut page.value.observe {
                self.fill(&page.file, |fill| fill(&mut folder.value));
            }
            match SiteId::parse(page.file.trim_start_matches("sites/").trim_end_matches(".yaml")) {
                Ok(site) => drop(sites.insert(site, page)),
                Err(wrong) => {
                    let remedy = format!("rename the file, its name is the site's name: {}", wrong.remedy);
                    self.findings.push(Finding::about(&page.file, format!("`{}` is not a valid {}", wrong.text, wrong.what), remedy));
                }
            }
        }
        sites
    }

    fn fill(&mut self, file: &str, each_text: impl FnOnce(&mut dyn FnMut(&mut String))) {
        let mut variables = Variables::new(self.variables);
        each_text(&mut |text| variables.fill(text));
        self.findings.extend(variables.findings(file, self.folder.file(file).unwrap_or_default()));
    }

    /// Each mapping that is named and there, compiled once.
    fn mappings<'b>(&mut self, sites: impl Iterator<Item = &'b In<SiteText>>) -> BTreeMap<String, Mapping> {
        let links = sites.filter_map(|page| page.value.link.as_ref());
        let named: BTreeSet<&str> = links.flat_map(TransportText::mapping_files).map(|file| file.value.as_str()).collect();
        let mut mappings = BTreeMap::new();
        for file in named {
            match self.folder.file(file).map(|text| Mapping::compile(file, text)) {
                Some(Ok(mapping)) => drop(mappings.insert(file.to_owned(), mapping)),
                Some(Err(wrong)) => {
                    self.broken.insert(file.to_owned());
                    let (line, column) = (wrong.line, wrong.column);
                    self.findings.push(Finding { file: wrong.name, line, column, what: wrong.what, remedy: wrong.remedy });
                }
                None => {}
            }
        }
        mappings
    }

    /// A file at the top, where it is there.
    fn alone<T: DeserializeOwned>(&mut self, file: &str) -> Option<In<T>> {
        self.folder.file(file)?;
        Some(In { file: file.to_owned(), value: self.page(file)? })
    }

    /// What each plant has of its own. A folder that is no plant's is told by the checks.
    fn plants(&mut self) -> BTreeMap<SiteId, Overlay> {
        let mut plants: BTreeMap<SiteId, Overlay> = BTreeMap::new();
        let files: Vec<(&str, &str, &str)> = self.folder.names().filter_map(of_plant).collect();
        for (file, plant, rest) in files {
            let Ok(plant) = SiteId::parse(plant) else { continue };
            let overlay = plants.entry(plant).or_default();
            match rest {
                "limits.yaml" => overlay.limits = self.alone(file),
                "recipes.yaml" => overlay.notes = self.alone(file),
                "rules.yaml" => overlay.rules = self.alone(file),
                "workflows.yaml" => overlay.variants = self.alone(file),
                mapping if is_mapping(mapping) => drop(overlay.mappings.insert(mapping.to_owned(), file.to_owned())),
                _ => {}
            }
        }
        plants
    }

    /// A file that nothing reads would be a wish that nobody heard.
    fn strays(&mut self) {
        for file in self.folder.names().filter(|file| !ALONE.contains(file)) {
            let tests = file.ends_with(crate::trial::ENDING) && (file.starts_with("rules/") || file.starts_with("mappings/"));
            let known = tests || file.split_once('/').is_some_and(|(place, rest)| PLACES.contains(&place) && !rest.contains('/'));
            let (what, remedy) = match (file.rsplit_once('.'), of_plant(file)) {
                (Some((_, "yml")), _) => ("nothing reads this file".to_owned(), "rename it so that it ends in .yaml".to_owned()),
                (Some((_, "yaml")), Some((_, plant, rest))) => match stray_of_plant(plant, rest) {
                    Some(said) => said,
                    None => continue,
                },
                (Some((_, "yaml")), None) if !known => {
                    ("nothing reads this file".to_owned(), format!("move it into one of the folders {}", PLACES.join(", ")))
                }
                (Some(_) | None, _) => continue,
            };
            self.findings.push(Finding::about(file, what, remedy));
        }
        for file in self.folder.unread() {
            if file.split_once('/').is_some_and(|(place, _)| PLACES.contains(&place)) {
                let remedy = "rename it so that it ends in .yaml, or move it out of this folder";
                self.findings.push(Finding::about(file, "nothing reads this file", remedy));
            }
        }
    }
}

/// Whether a secret stands in the text itself. One that is empty is none.
fn is_plain(secret: &str) -> bool {
    !secret.trim().is_empty() && !secret.contains("${")
}

fn in_the_text(file: &str, what: &str, key: &str) -> Finding {
    let remedy = format!("write `{key}: ${{NAME}}` and set NAME in the environment");
    Finding::about(file, format!("the {what} stands in the text, for everybody who may read it"), remedy)
}

fn is_here(here: Here<'_>, region: Region) -> bool {
    here.is_none_or(|here| here.contains(&region))
}

/// A file of a plant's folder: its whole name, the plant, and its name within.
fn of_plant(file: &str) -> Option<(&str, &str, &str)> {
    let (place, rest) = file.split_once('/')?;
    let (plant, name) = rest.split_once('/')?;
    (place == PLANTS).then_some((file, plant, name))
}

fn is_mapping(within: &str) -> bool {
    within.starts_with("mappings/") && within.rsplit_once('.').is_some_and(|(_, ending)| ending == "jq")
}

/// What is wrong with a YAML file of a plant's folder, if it is not one of those that may be there.
fn stray_of_plant(plant: &str, within: &str) -> Option<(String, String)> {
    let tests = within.strip_suffix(crate::trial::ENDING).is_some_and(|what| what == "rules" || what.starts_with("mappings/"));
    if tests || overlay::FILES.contains(&within) {
        return None;
    }
    let central = ["contracts", "materials", "mesh", "ownership", "regions", "roads", "roles", "sites"];
    let what = within.split(['.', '/']).next().unwrap_or_default();
    if central.contains(&what) {
        let what = format!("{what} is one for the whole mesh: {plant} cannot have its own");
        return Some((what, "say it in the file or folder of that name at the top, for everybody".to_owned()));
    }
    let remedy = format!("a plant's folder may hold {} and mappings/", overlay::FILES.join(", "));
    Some(("nothing reads this file".to_owned(), remedy))
}
