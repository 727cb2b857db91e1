//! What samples say, and what of it a site's mappings do not read: fields, units without a code of ours, ids of things that nobody named
//! here. Each sample is given to the mapping of every topic that it may be of; the first that makes something of it counts.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;
use takt_actors::link::files::names::Pattern;
use takt_actors::link::format::Format;
use takt_protocol::name::SiteId;
use takt_protocol::uom::Uom;
use takt_protocol::words::{EquipmentId, MaterialId};

use super::sample::{self, Sample};
use crate::load::Mesh;
use crate::text::TransportText;
use crate::trial::mapping::{self, Given, What};

/// What was found about one sample.
#[derive(Clone, Debug, Default)]
pub struct Gap {
    /// The sample, by its path below the folder.
    pub sample: String,
    /// The topic it was taken as, and the mapping that took it.
    pub taken: Option<(String, String)>,
    /// How many inputs it became.
    pub inputs: usize,
    /// Its fields that changed nothing in what came out.
    pub left: Vec<String>,
    /// Its units that stand in no table, and are no code of ours.
    pub units: BTreeSet<String>,
    /// What it names that nobody named here: what kind of thing, and its id.
    pub ids: BTreeSet<(&'static str, String)>,
    /// Why no mapping takes it.
    pub why: Option<String>,
    /// The mapping that was drafted for it.
    pub drafted: Option<String>,
    pub(super) says: Value,
    pub(super) format: Format,
}

/// What there is about every sample of a folder.
pub(super) fn of(mesh: &Mesh, site: SiteId, samples: &Path) -> Result<Vec<Gap>, String> {
    let all = sample::all(samples)?;
    Ok(all.iter().map(|sample| about(mesh, site, sample)).collect())
}

fn about(mesh: &Mesh, site: SiteId, sample: &Sample) -> Gap {
    let mut gap = Gap { sample: sample.name.clone(), format: sample.format(), ..Gap::default() };
    match sample.read(&gap.format) {
        Ok(says) => gap.says = says,
        Err(why) => {
            gap.why = Some(format!("it cannot be read: {why}"));
            return gap;
        }
    }
    let Some(link) = mesh.links.get(&site) else { return gap };
    let mut tried = BTreeSet::new();
    for (topic, file) in candidates(&link.transport, sample) {
        let Some(compiled) = mesh.mappings.get(&file).filter(|_| tried.insert((topic.clone(), file.clone()))) else { continue };
        match taken(mesh, site, sample, (&topic, &file), compiled) {
            Ok((inputs, left)) if inputs > 0 => {
                gap = Gap { taken: Some((topic, file)), inputs, left, why: None, ..gap };
                break;
            }
            Ok(_) => gap.why = gap.why.take().or_else(|| Some(format!("{file} makes nothing of it"))),
            // Of several, the one that is called alike says most.
            Err(why) => gap.why = gap.why.take().or(Some(why)),
        }
    }
    if gap.taken.is_none() && gap.why.is_none() {
        gap.why = Some("no topic of the site is for it".to_owned());
    }
    named(mesh, link.transport.tables(), &gap.says.clone(), "", &mut gap);
    gap
}

/// The topics that a sample may be of, the likeliest first, each with its mapping.
fn candidates(transport: &TransportText, sample: &Sample) -> Vec<(String, String)> {
    let called = sample.topics();
    let fits = |topic: &str| match transport {
        TransportText::Files(files) => files
            .inbound
            .iter()
            .filter_map(|inbound| inbound.topics.get(topic))
            .any(|text| Pattern::new(&text.value.names).takes(sample.file()) || called.iter().any(|called| called == topic)),
        TransportText::Http(_) | TransportText::Sql(_) | TransportText::Mqtt(_) => called.iter().any(|called| called == topic),
    };
    let all = super::topics(transport);
    let likely = all.iter().filter(|(topic, _)| fits(topic)).cloned();
    // What takes every topic tells messages apart by it.
    let any = all.iter().filter(|(topic, _)| topic == "*");
    let any = any.flat_map(|(_, file)| called.iter().map(move |topic| (topic.clone(), file.clone())));
    likely.chain(any).collect()
}

/// How many inputs a mapping makes of a sample, and what it does not look at.
fn taken(
    mesh: &Mesh,
    site: SiteId,
    sample: &Sample,
    (topic, file): (&str, &str),
    compiled: &takt_actors::link::mapping::Mapping,
) -> Result<(usize, Vec<String>), String> {
    let format = mapping::format(mesh, site, file);
    let format = if format == Format::Json { sample.format() } else { format };
    let payload = format.read(&sample.bytes).map_err(|why| format!("{file} wants something else: {why}"))?.into_owned();
    let what = What::Message { topic: topic.to_owned(), payload, read: Vec::new(), file: Some(mapping::file_called(sample.file())) };
    let tables = mapping::tables(mesh, site).unwrap_or_default();
    let given =
        Given { site, tables, calendar: mapping::calendar(mesh, site), call: "inputs", named: mapping::named(mesh, site, file), what };
    let outputs = given.run(compiled)?;
    Ok((outputs.len(), given.left(compiled)))
}

/// How fields are called that say what a thing is measured in, and which thing it is.
const UNITS: [&str; 10] = ["unit", "uom", "unitofmeasure", "meins", "meinh", "erfme", "einheit", "me", "measure", "unitsymbol"];
const MATERIALS: [&str; 10] = ["material", "product", "productcode", "item", "itemcode", "sku", "matnr", "article", "artikel", "part"];
const EQUIPMENT: [&str; 7] = ["equipment", "machine", "workcenter", "workcentre", "arbpl", "resource", "maschine"];
const PLANTS: [&str; 5] = ["plant", "werk", "werks", "facility", "warehousecode"];

/// A name of a field without what people put between its words.
pub(super) fn plain(name: &str) -> String {
    name.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Looks at every value for what is not known here.
fn named(
    mesh: &Mesh,
    tables: &std::collections::BTreeMap<String, std::collections::BTreeMap<String, String>>,
    value: &Value,
    field: &str,
    gap: &mut Gap,
) {
    match value {
        Value::Array(all) => all.iter().for_each(|one| named(mesh, tables, one, field, gap)),
        Value::Object(fields) => {
            for (name, one) in fields {
                // What an element of XML says stands below it.
                let called = plain(name);
                named(mesh, tables, one, if called.is_empty() { field } else { &called }, gap);
            }
        }
        Value::String(text) if !text.trim().is_empty() && text.len() <= 60 => {
            let text = text.trim();
            let in_table = |table: &str| {
                tables.get(table).is_some_and(|table| table.values().any(|theirs| theirs == text) || table.contains_key(text))
            };
            if UNITS.contains(&field) && !in_table("unit") && Uom::parse(text).is_err() {
                gap.units.insert(text.to_owned());
            }
            let known_material = || MaterialId::parse(text).is_ok_and(|id| mesh.book.materials.contains_key(&id));
            if MATERIALS.contains(&field) && !known_material() && !in_table("material") {
                gap.ids.insert(("material", text.to_owned()));
            }
            let known_machine = || EquipmentId::parse(text).is_ok_and(|id| mesh.book.equipment.values().flatten().any(|one| one.id == id));
            if EQUIPMENT.contains(&field) && !known_machine() && !in_table("equipment") {
                gap.ids.insert(("equipment", text.to_owned()));
            }
            let known_plant = || SiteId::parse(text).is_ok_and(|id| mesh.book.sites.contains_key(&id));
            if PLANTS.contains(&field) && !known_plant() && !in_table("plant") {
                gap.ids.insert(("plant", text.to_owned()));
            }
        }
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
