//! Code tables: our words and a system's own. Wrong where two cannot be told apart or one is no word at all; noted where a word is
//! missing, is somebody else's, or is looked at by nobody.

use std::collections::{BTreeMap, BTreeSet};

use takt_protocol::book::SiteKind;
use takt_protocol::name::SiteId;
use takt_protocol::uom::Uom;

use super::Checks;
use super::advice::identifiers;
use crate::nearest::nearest;
use crate::text::{SiteText, TransportText};

/// The code tables that are read in both directions: two words of ours with one of theirs cannot be told apart on the way in.
const BOTH_WAYS: [&str; 2] = ["plant", "unit"];

/// Our words for how stock stands.
const STOCK: [&str; 6] = ["unrestricted", "quality_inspection", "blocked", "in_transit", "returns", "restricted"];

/// Those of them in which stock is moved by holds and inspections.
const MOVED: [&str; 3] = ["unrestricted", "quality_inspection", "blocked"];

/// Our words and a system's, by table.
type Tables = BTreeMap<String, BTreeMap<String, String>>;

impl Checks<'_> {
    pub(super) fn tables(&mut self, file: &str, at: &[&str], tables: &Tables) {
        for table in BOTH_WAYS {
            self.told_apart(file, &[at, &[table]].concat(), table, tables.get(table));
        }
        let of = |table: &str| tables.get(table).into_iter().flatten();
        // `default` is the unit of what says none.
        for (unit, _) in of("unit").filter(|(ours, _)| *ours != "default") {
            if let Err(wrong) = Uom::parse(unit) {
                let what = format!("the table unit has a word for `{}`, which is not a valid {}", unit.escape_debug(), wrong.what);
                self.say_at(file, &[at, &["unit", unit]].concat(), what, wrong.remedy);
            }
        }
        // A variable that is not set was told, and leaves nothing.
        let whole = !self.findings.iter().any(|found| found.file == file && found.what.contains("variable"));
        for table in BOTH_WAYS.into_iter().filter(|_| whole) {
            for (ours, _) in of(table).filter(|(_, theirs)| theirs.trim().is_empty()) {
                let what = format!("the table {table} has no letters for {}", ours.escape_debug());
                self.say_at(file, &[at, &[table, ours]].concat(), what, "write the system's own word, or leave the line out");
            }
        }
        let pages = self.pages;
        // An ERP may keep a warehouse of ours as a plant of its own.
        let sites: Vec<&str> = pages.sites.keys().map(SiteId::as_str).collect();
        for (plant, _) in of("plant").filter(|(ours, _)| !sites.contains(&ours.as_str()) && pages.whole("sites")) {
            let what = format!("the table plant has a word for {}, and there is no such site", plant.escape_debug());
            self.say_at(file, &[at, &["plant", plant]].concat(), what, nearest(plant, &sites));
        }
        if let (Some(free), Some(blocked)) = (word_of(tables, "unrestricted"), word_of(tables, "blocked"))
            && free == blocked
        {
            let what = format!("the table stock has {free} for unrestricted and for blocked, so what is held would stay free there");
            self.say_at(file, &[at, &["stock", "blocked"]].concat(), what, "give blocked a word of its own");
        }
        for (status, _) in of("stock") {
            let near = nearest(status, &STOCK);
            if !STOCK.contains(&status.as_str()) && near.starts_with("did you mean") {
                let what = format!("the table stock has a word for {}, which is no status of stock", status.escape_debug());
                self.say_at(file, &[at, &["stock", status]].concat(), what, near);
            }
        }
    }

    fn told_apart(&mut self, file: &str, at: &[&str], table: &str, words: Option<&BTreeMap<String, String>>) {
        let mut ours: BTreeMap<&str, &str> = BTreeMap::new();
        for (our, their) in words.into_iter().flatten() {
            if let Some(other) = ours.insert(their, our) {
                let what = format!("the table {table} has {their} for {other} and for {our}, so neither is known when it comes in");
                let remedy = format!("give {other} and {our} two words, or leave out one of them");
                self.say_at(file, &[at, &[our]].concat(), what, remedy);
            }
        }
    }

    /// Codes for what is somebody else's, codes that nobody looks at, and units that are none.
    pub(super) fn coded(&mut self, name: SiteId, file: &str, site: &SiteText) {
        let Some(link) = &site.link else { return };
        let over = link.key();
        let folder = self.folder;
        let texts: Vec<&str> = link.mapping_files().iter().filter_map(|mapping| folder.file(&mapping.value)).collect();
        self.spoken(name, file, site, &["link", over, "tables"]);
        for (table, words) in link.tables() {
            let says = |text: &&str| identifiers(text).any(|said| said == table);
            if !texts.iter().any(says) {
                let read: BTreeSet<&str> =
                    texts.iter().flat_map(|text| text.split("tables.").skip(1)).filter_map(|rest| identifiers(rest).next()).collect();
                let read: Vec<&str> = read.into_iter().collect();
                let what = format!("no mapping of {name} looks at its table {table}");
                let remedy = if read.is_empty() { "leave it out".to_owned() } else { nearest(table, &read) };
                self.note_at(file, &["link", over, "tables", table], what, remedy);
            }
            for (ours, theirs) in words {
                let path = ["link", over, "tables", table, ours];
                let elsewhere =
                    SiteId::parse(ours).ok().and_then(|plant| self.pages.sites.get(&plant)).and_then(|page| page.value.erp.as_ref());
                if let Some(erp) = elsewhere.filter(|erp| table == "plant" && site.kind == SiteKind::Erp && erp.value != name) {
                    let what = format!("the table plant of {name} has a word for {ours}, whose ERP is {}", erp.value);
                    self.note_at(file, &path, what, format!("leave it out, unless {name} speaks of {ours} as of somebody else's plant"));
                }
                if table == "unit" && ours != theirs && words.contains_key(theirs) {
                    let what = format!("the table unit of {name} has {theirs} for {ours}, and a word for {theirs} itself");
                    self.note_at(file, &path, what, "look whether two words were exchanged");
                }
                let default = (table == "unit" && ours == "default") || (table == "default" && ours == "unit") || table == "item_unit";
                if let Some(wrong) = Uom::parse(theirs).err().filter(|_| default && !theirs.contains("${")) {
                    let what = format!("`{}` for what says no unit is not a valid {}", theirs.escape_debug(), wrong.what);
                    self.note_at(file, &path, what, wrong.remedy);
                }
            }
        }
    }

    /// The units in which something is measured at a plant, by its recipes here.
    fn measures(&self, plants: &BTreeSet<SiteId>) -> BTreeSet<Uom> {
        let recipes = self.pages.recipes.iter().map(|page| &page.value).filter(|recipe| plants.contains(&recipe.plant.value));
        let units = recipes.flat_map(|recipe| {
            let used = recipe.components.iter().map(|component| &component.material.value);
            let made = recipe.outputs.value.iter().map(|output| &output.material.value);
            used.chain(made).filter_map(|material| self.materials.get(material)).map(|text| text.base)
        });
        units.collect()
    }

    /// That a table of units has a word for each that is used, and one of stock for each that holds move it to.
    fn spoken(&mut self, name: SiteId, file: &str, site: &SiteText, path: &[&str]) {
        let pages = self.pages;
        let tables = site.link.as_ref().map(TransportText::tables);
        let table = |named: &str| tables.and_then(|tables| tables.get(named));
        let served = |text: &SiteText| text.erp.as_ref().is_some_and(|erp| erp.value == name);
        let here = pages.sites.iter().filter(|(plant, page)| **plant == name || served(&page.value)).map(|(plant, _)| *plant);
        let counted = matches!(site.kind, SiteKind::Erp | SiteKind::Plant);
        if let Some(units) = table("unit").filter(|_| counted) {
            let open = self.measures(&here.collect()).into_iter().map(|unit| unit.to_string()).filter(|unit| !units.contains_key(unit));
            let open: Vec<String> = open.collect();
            if !open.is_empty() {
                let what = format!("the table unit of {name} has no word for {}, in which something is measured", open.join(", "));
                self.note_at(file, &[path, &["unit"]].concat(), what, "add the system's own words for them");
            }
        }
        let open: Vec<&str> =
            table("stock").map(|stock| MOVED.into_iter().filter(|status| !stock.contains_key(*status)).collect()).unwrap_or_default();
        if !open.is_empty() {
            let what = format!("the table stock of {name} has no word for {}", open.join(", "));
            self.note_at(file, &[path, &["stock"]].concat(), what, "add the system's own word, or leave the table out");
        }
    }
}

fn word_of<'a>(tables: &'a Tables, status: &str) -> Option<&'a String> {
    tables.get("stock")?.get(status)
}
