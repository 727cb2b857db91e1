//! A new system beside those that are there: its file from a template, mappings of its own to be changed, what its messages say that
//! nobody reads yet, and a first mapping for those that no mapping takes. Writes into a folder, and decides nothing: what is
//! right, `takt check` says.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use takt_protocol::book::SiteKind;
use takt_protocol::name::{Region, SiteId};

use crate::demo;
use crate::finding::Finding;
use crate::folder::Folder;
use crate::load::load;
use crate::nearest::{listed, nearest};
use crate::text::{MeshText, SiteText, TransportText};
use crate::trial;

mod draft;
mod gaps;
mod sample;

pub use gaps::Gap;

macro_rules! templates {
    ($($name:literal,)*) => {
        /// Every template: its name, and the file of a site with words to be filled in.
        pub const TEMPLATES: &[(&str, &str)] = &[$(($name, include_str!(concat!("../templates/", $name, ".yaml"))),)*];
    };
}

templates! {
    "cmms",
    "lims",
    "mes-csv",
    "mes-rest",
    "mes-sql",
    "sap-idoc",
    "sap-odata",
    "tryton",
    "wms-edi",
}

/// What a person wants.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The name of the new site.
    pub name: SiteId,
    /// The template.
    pub template: String,
    /// The region it is at home in; left out, the only one.
    pub region: Option<Region>,
    /// Of a plant: the ERP that owns its orders; left out, the only one.
    pub erp: Option<SiteId>,
    /// A folder with messages of the system, as it sends them.
    pub samples: Option<PathBuf>,
}

/// What was written.
#[derive(Debug, Default)]
pub struct Written {
    /// The files, by their path within the folder.
    pub files: Vec<String>,
    /// What each sample says, and what of it nobody reads.
    pub gaps: Vec<Gap>,
    /// What a person does next.
    pub next: Vec<String>,
}

/// Why nothing was written.
#[derive(Debug)]
pub enum Unwritten {
    /// What was wanted cannot be.
    Said(String),
    /// The folder is not right: what is wrong with it.
    Found(Vec<Finding>),
}

impl From<String> for Unwritten {
    fn from(said: String) -> Self {
        Self::Said(said)
    }
}

/// What a template is for: its first line.
pub fn about(template: &str) -> &str {
    template.lines().next().unwrap_or_default().trim_start_matches("# ")
}

/// Writes a new site into a folder.
pub fn onboard(dir: &Path, wanted: &Wanted) -> Result<Written, Unwritten> {
    let name = wanted.name;
    let known: Vec<&str> = TEMPLATES.iter().map(|(name, _)| *name).collect();
    let template = TEMPLATES.iter().find(|(name, _)| *name == wanted.template).map(|(_, text)| *text);
    let template = template.ok_or_else(|| format!("there is no template {}: {}", wanted.template, nearest(&wanted.template, &known)))?;
    let folder = Folder::read(dir).map_err(Unwritten::Found)?;
    let file = format!("sites/{name}.yaml");
    if folder.file(&file).is_some() {
        return Err(Unwritten::Said(format!("{file} is there already: choose another name, or take it away first")));
    }
    let around = Around::of(&folder)?;
    let text = around.filled(template, wanted)?;
    let mut files = own_mappings(&text, name);
    files.insert(file.clone(), flat(&text, name));
    let mut written = Written::default();
    put(dir, &files, &mut written)?;
    if let Some(samples) = &wanted.samples {
        let folder = Folder::read(dir).map_err(Unwritten::Found)?;
        let (variables, _) = trial::filled(&folder, &BTreeMap::new());
        let mesh = load(dir, &variables).map_err(Unwritten::Found)?;
        written.gaps = gaps::of(&mesh, name, samples)?;
        let drafts = draft::of(&mesh, name, &mut written.gaps);
        let mut more: BTreeMap<String, String> = drafts.iter().flat_map(draft::Draft::files).collect();
        if let Some(text) = files.get(&file) {
            let wired = drafts.iter().fold(text.clone(), |text, draft| draft.wired(&text));
            if wired != *text {
                more.insert(file.clone(), wired);
            }
        }
        put(dir, &more, &mut written)?;
    }
    written.files.sort();
    written.files.dedup();
    written.next = around.next(template, name, dir);
    Ok(written)
}

/// The mapping files that a template names, as files of the site's own, with their tests.
fn own_mappings(text: &str, name: SiteId) -> BTreeMap<String, String> {
    let named = demo::FILES.iter().filter(|(path, _)| {
        let mapping = path.replace(trial::ENDING, ".jq");
        path.starts_with("mappings/") && mentions(text, &mapping)
    });
    named
        .map(|(path, content)| {
            (own(path, name), if path.ends_with(trial::ENDING) { tested_by(content, name) } else { (*content).to_owned() })
        })
        .collect()
}

/// Whether a text names this file, and not only one whose name begins alike.
fn mentions(text: &str, file: &str) -> bool {
    text.match_indices(file)
        .any(|(at, _)| !text.get(at + file.len()..).unwrap_or_default().starts_with(|next: char| next.is_alphanumeric()))
}

/// Where a mapping stands that is a site's own.
fn own(path: &str, name: SiteId) -> String {
    format!("mappings/{name}/{}", path.rsplit('/').next().unwrap_or_default())
}

/// A site's file with the mappings that are its own.
fn flat(text: &str, name: SiteId) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("mappings/") {
        out.push_str(before);
        let end = after.find(|letter: char| letter.is_whitespace() || matches!(letter, ',' | '}')).unwrap_or(after.len());
        let (path, behind) = after.split_at(end);
        out.push_str(&own(path, name));
        rest = behind;
    }
    out.push_str(rest);
    out
}

/// The tests of a mapping with the new site in the place of whose they were.
fn tested_by(tests: &str, name: SiteId) -> String {
    let Some(whose) = tests.lines().find_map(|line| line.strip_prefix("site: ")).map(str::trim) else { return tests.to_owned() };
    let mut out = String::with_capacity(tests.len());
    let mut rest = tests;
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_';
    while let Some((before, after)) = rest.split_once(whose) {
        out.push_str(before);
        let alone = !out.ends_with(is_part) && !after.starts_with(is_part);
        out.push_str(if alone { name.as_str() } else { whose });
        rest = after;
    }
    out.push_str(rest);
    out
}

fn put(dir: &Path, files: &BTreeMap<String, String>, written: &mut Written) -> Result<(), Unwritten> {
    for (name, text) in files {
        let path = dir.join(name);
        let wrong = |error: std::io::Error| format!("{} cannot be written: {error}", path.display());
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(wrong)?;
        }
        std::fs::write(&path, text).map_err(wrong)?;
        written.files.push(name.clone());
    }
    Ok(())
}

/// What stands in the folder already.
struct Around {
    regions: Vec<Region>,
    sites: BTreeMap<SiteId, SiteKind>,
}

impl Around {
    fn of(folder: &Folder) -> Result<Self, Unwritten> {
        let mesh: MeshText = folder.read_as("mesh.yaml").map_err(Unwritten::Found)?;
        let mut sites = BTreeMap::new();
        for file in folder.within("sites") {
            let site: SiteText = folder.read_as(file).map_err(Unwritten::Found)?;
            let name = file.trim_start_matches("sites/").trim_end_matches(".yaml");
            sites.insert(SiteId::parse(name).map_err(|wrong| format!("{file}: {wrong}"))?, site.kind);
        }
        Ok(Self { regions: mesh.regions.iter().map(|region| region.value).collect(), sites })
    }

    fn of_kind(&self, kind: SiteKind) -> Vec<SiteId> {
        self.sites.iter().filter(|(_, known)| **known == kind).map(|(name, _)| *name).collect()
    }

    /// A template with the words of this mesh.
    fn filled(&self, template: &str, wanted: &Wanted) -> Result<String, Unwritten> {
        let region = match (wanted.region, self.regions.as_slice()) {
            (Some(region), known) if known.contains(&region) => region,
            (None, [only]) => *only,
            (Some(region), known) => return Err(Unwritten::Said(format!("there is no region {region}: use one of {}", listed(known)))),
            (None, known) => return Err(Unwritten::Said(format!("say where it is at home: --region with one of {}", listed(known)))),
        };
        let mut text = template.replace("region: REGION", &format!("region: {region}"));
        text = text.replace("TEMPLATE_", &format!("{}_", wanted.name.as_str().to_ascii_uppercase().replace('-', "_")));
        if text.contains("erp: ERP") {
            let known = self.of_kind(SiteKind::Erp);
            let erp = match (wanted.erp, known.as_slice()) {
                (Some(erp), known) if known.contains(&erp) => erp,
                (None, [only]) => *only,
                (Some(erp), known) => return Err(Unwritten::Said(format!("there is no ERP {erp}: use one of {}", listed(known)))),
                (None, known) => return Err(Unwritten::Said(format!("say whose orders it makes: --erp with one of {}", listed(known)))),
            };
            text = text.replace("erp: ERP", &format!("erp: {erp}"));
        }
        // Who serves it may be changed: the first of each kind stands there, and none where there is none.
        for (line, key, kind) in
            [("warehouse: WAREHOUSE\n", "warehouse", SiteKind::Warehouse), ("quality: QUALITY\n", "quality", SiteKind::Quality)]
        {
            let named = self.of_kind(kind).first().map(|name| format!("{key}: {name}\n"));
            text = text.replace(line, &named.unwrap_or_default());
        }
        // A code for each plant is the customer's: the first one shows the shape.
        let plant = self.of_kind(SiteKind::Plant).first().map_or_else(|| "plant-1".to_owned(), ToString::to_string);
        Ok(text.replace("{PLANT: ", &format!("{{{plant}: ")))
    }

    /// What a person does next.
    fn next(&self, template: &str, name: SiteId, dir: &Path) -> Vec<String> {
        let kind = template.lines().find_map(|line| line.strip_prefix("kind: ")).unwrap_or_default();
        let plants = listed(&self.of_kind(SiteKind::Plant));
        let named = match kind {
            "warehouse" | "quality" | "maintenance" => {
                Some(format!("write `{kind}: {name}` in the file of each plant that it serves ({plants})"))
            }
            "plant" => Some(format!(
                "look whether `warehouse` and `quality` in sites/{name}.yaml are those that serve it, and give it recipes and equipment"
            )),
            "erp" => Some(format!("write `erp: {name}` in the file of each plant whose orders it owns ({plants})")),
            _ => None,
        };
        let dir = dir.display();
        named
            .into_iter()
            .chain([
                format!("put zone, shifts and the codes of your system into {dir}/sites/{name}.yaml"),
                format!("takt check {dir}"),
                format!("takt site test {name} {dir}"),
            ])
            .collect()
    }
}

/// Every topic of a link, with its mapping file.
fn topics(transport: &TransportText) -> Vec<(String, String)> {
    let told = transport.slots().into_iter().filter_map(|(slot, file)| {
        let topic = slot.strip_prefix("inbound.").or_else(|| slot.strip_prefix("polls."))?;
        Some((topic.to_owned(), file.value.clone()))
    });
    told.collect()
}

#[cfg(test)]
mod tests;
