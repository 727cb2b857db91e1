//! From files to pages: everything in the folder, read by its shape, before anything is compared with anything. A page that
//! cannot be read is left out and remembered, so that nobody calls missing what is only misspelled.

use std::collections::{BTreeMap, BTreeSet};

use serde::de::DeserializeOwned;
use takt_actors::link::mapping::Mapping;
use takt_protocol::name::SiteId;

use crate::fill::Variables;
use crate::finding::Finding;
use crate::folder::Folder;
use crate::text::{EquipmentText, MaterialsText, MeshText, RecipeText, RulesText, SiteText, TransportText};

/// Where files are read from, besides `mesh.yaml`.
const PLACES: [&str; 5] = ["equipment", "materials", "recipes", "rules", "sites"];

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
    pub(crate) sites: BTreeMap<SiteId, In<SiteText>>,
    pub(crate) materials: Vec<In<MaterialsText>>,
    pub(crate) recipes: Vec<In<RecipeText>>,
    pub(crate) equipment: Vec<In<EquipmentText>>,
    pub(crate) rules: Vec<In<RulesText>>,
    /// The mapping files that links name, compiled.
    pub(crate) mappings: BTreeMap<String, Mapping>,
    /// The files that cannot be read.
    pub(crate) broken: BTreeSet<String>,
}

impl Pages {
    /// Whether every file within a sub-folder was read.
    pub(crate) fn whole(&self, within: &str) -> bool {
        !self.broken.iter().any(|file| file.strip_prefix(within).is_some_and(|rest| rest.starts_with('/')))
    }
}

/// Reads the folder; what is wrong with the shape of a file goes into `findings`.
pub(crate) fn pages(folder: &Folder, variables: &BTreeMap<String, String>, findings: &mut Vec<Finding>) -> Pages {
    let mut reader = Reader { folder, variables, findings, broken: BTreeSet::new() };
    reader.strays();
    let mesh = reader.mesh();
    let sites = reader.sites();
    let mappings = reader.mappings(sites.values());
    Pages {
        mesh,
        sites,
        materials: reader.every("materials"),
        recipes: reader.every("recipes"),
        equipment: reader.every("equipment"),
        rules: reader.every("rules"),
        mappings,
        broken: reader.broken,
    }
}

struct Reader<'a> {
    folder: &'a Folder,
    variables: &'a BTreeMap<String, String>,
    findings: &'a mut Vec<Finding>,
    broken: BTreeSet<String>,
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
        self.fill("mesh.yaml", |fill| mesh.each_text(fill));
        Some(mesh)
    }

    /// A site's name is its file's name.
    fn sites(&mut self) -> BTreeMap<SiteId, In<SiteText>> {
        let mut sites = BTreeMap::new();
        for mut page in self.every::<SiteText>("sites") {
            if let Some(link) = &mut page.value.link {
                self.fill(&page.file, |fill| link.each_text(fill));
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

    /// A file that nothing reads would be a wish that nobody heard.
    fn strays(&mut self) {
        for file in self.folder.names().filter(|file| *file != "mesh.yaml") {
            let tests = file.ends_with(crate::trial::ENDING) && (file.starts_with("rules/") || file.starts_with("mappings/"));
            let known = tests || file.split_once('/').is_some_and(|(place, rest)| PLACES.contains(&place) && !rest.contains('/'));
            let remedy = match file.rsplit_once('.') {
                Some((_, "yml")) => "rename it so that it ends in .yaml".to_owned(),
                Some((_, "yaml")) if !known => format!("move it into one of the folders {}", PLACES.join(", ")),
                Some(_) | None => continue,
            };
            self.findings.push(Finding::about(file, "nothing reads this file", remedy));
        }
    }
}
