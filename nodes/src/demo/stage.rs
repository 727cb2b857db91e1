//! Sets the stage: what the simulated systems know before anything happens, each by its own people's desk. Everything here
//! may be done again after a restart; what counts stock looks first.

use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::{Value, json};
use takt_protocol::book::{Book, LotMode, Recipe, RecipeOperation};
use takt_protocol::name::SiteId;
use takt_protocol::uom::Uom;
use takt_protocol::words::MaterialId;
use takt_simulations::world::system::Kind;

use super::cast::{Cast, Plant, System};
use super::people::{People, listed, text};
use super::{PALLET, second};

mod measure;
mod odoo;

/// How many pieces a second a simulated line makes.
const PIECES_PER_SECOND: u32 = 400;

/// Tells every simulated system what it has to know.
pub(super) async fn set(people: &People, cast: &Cast, book: &Book, odd: &Odd) -> anyhow::Result<()> {
    for plant in &cast.plants {
        if plant.erp.kind == Kind::ErpOdoo {
            odoo::set(people, plant, book).await?;
        } else {
            erp(people, plant, book).await?;
        }
        if plant.mes.in_files() {
            mes_in_files(people, plant, book).await?;
        } else {
            mes(people, plant, book, odd).await?;
        }
        super::around::set(people, plant, book).await?;
        put(people, &plant.wms, "pace", &pace(300)).await?;
        put(
            people,
            &plant.qms,
            "plan",
            &json!({ "result_after_ms": 500, "decide_after_ms": 4000, "fail_every": 0,
            "decisions": [{ "decision": "Accept" }] }),
        )
        .await?;
    }
    Ok(())
}

/// The pace of a warehouse that receives what was announced to it so soon.
pub(super) fn pace(receive_ms: u32) -> Value {
    json!({ "receive_ms": receive_ms, "put_away_ms": 300, "pick_ms": 300, "pack_ms": 2500, "ask_ms": 200, "load_ms": 300,
        "ask_again_ms": 1000 })
}

/// What is not everywhere the same.
#[derive(Default)]
pub(super) struct Odd {
    /// A plant that does not have the recipe of this material yet.
    pub(super) withheld: Option<(SiteId, MaterialId)>,
    /// A plant whose stations count by counters that go on.
    pub(super) counters: Option<SiteId>,
}

async fn put(people: &People, system: &System, desk: &str, body: &Value) -> anyhow::Result<Value> {
    people.done(Method::PUT, &format!("{}/_sim/{desk}", system.url), body, &[]).await
}

async fn post(people: &People, system: &System, desk: &str, body: &Value) -> anyhow::Result<Value> {
    people.done(Method::POST, &format!("{}/_sim/{desk}", system.url), body, &[]).await
}

/// The ERP: plant, materials, production versions, and something of every component in stock.
async fn erp(people: &People, plant: &Plant, book: &Book) -> anyhow::Result<()> {
    let erp = &plant.erp;
    let code = erp.word("plant", plant.site.as_str());
    let zone = book.sites.get(&plant.site).map(|site| site.calendar.zone().to_owned()).unwrap_or_default();
    post(people, erp, "plants", &json!({ "plant": code, "time_zone": zone })).await?;
    // All of them: an order may be asked for of what nobody makes yet, and then it is the recipe that is missing.
    for (name, known) in &book.materials {
        let body = json!({ "material": name.as_str(), "base_unit": unit(erp, known.base), "batch_managed": managed(book, name),
            "units": other_units(erp, book, name)? });
        post(people, erp, "materials", &body).await?;
    }
    for (material, recipe) in &plant.makes {
        post(people, erp, "production-versions", &version(erp, &code, material, recipe)).await?;
        stock(people, plant, book, &code, recipe).await?;
    }
    Ok(())
}

fn version(erp: &System, code: &str, material: &MaterialId, recipe: &Recipe) -> Value {
    let operations: Vec<Value> = recipe
        .operations
        .iter()
        .map(|operation| json!({ "operation": operation_number(operation.op.as_str()), "work_center": operation.class.as_str() }))
        .collect();
    let components: Vec<Value> = recipe
        .components
        .iter()
        .map(|component| {
            json!({ "item": component.item.as_str(), "operation": operation_number(component.op.as_str()),
                "material": component.material.as_str(), "quantity": component.qty.value().to_string(),
                "unit": unit(erp, component.qty.uom()), "location": erp.word("location", "raw") })
        })
        .collect();
    json!({ "material": material.as_str(), "plant": code, "production_version": recipe.version.as_str(),
        "base_quantity": recipe.base_quantity.value().to_string(), "location": erp.word("location", "finished"),
        "operations": operations, "components": components })
}

/// The ERP pads operation numbers to four places.
fn operation_number(op: &str) -> String {
    format!("{op:0>4}")
}

fn unit(erp: &System, uom: Uom) -> String {
    erp.word("unit", uom.code())
}

/// An opening balance of each component, once: the lots the line has.
async fn stock(people: &People, plant: &Plant, book: &Book, code: &str, recipe: &Recipe) -> anyhow::Result<()> {
    let books = people.read(&format!("{}/_sim/books", plant.erp.url)).await?;
    for component in &recipe.components {
        let name = component.material.as_str();
        for (batch, _) in lots_of(book, &component.material) {
            let is_it = |heap: &&Value| text(heap, "Material") == name && text(heap, "Plant") == code && text(heap, "Batch") == batch;
            if listed(&books, "stock").iter().any(|heap| is_it(&heap)) {
                continue;
            }
            // In the material's own unit, whatever the recipe is written in.
            let base = book.materials.get(&component.material).map_or(component.qty.uom(), |known| known.base);
            let body = json!({ "Material": name, "Plant": code, "StorageLocation": plant.erp.word("location", "raw"), "Batch": batch,
                "QuantityInEntryUnit": LOTS_OF_IT, "EntryUnit": unit(&plant.erp, base) });
            post(people, &plant.erp, "stock", &body).await?;
        }
    }
    Ok(())
}

/// The other units that recipes anywhere measure a material in, each with how many of its own unit that is.
fn other_units(erp: &System, book: &Book, name: &MaterialId) -> anyhow::Result<BTreeMap<String, (u64, u64)>> {
    let Some(known) = book.materials.get(name) else { return Ok(BTreeMap::new()) };
    let components = book.recipes.values().flatten().flat_map(|recipe| &recipe.components);
    let told = components.filter(|component| component.material == *name).map(|component| component.qty.uom());
    told.filter(|uom| *uom != known.base).map(|uom| Ok((unit(erp, uom), measure::factor(known, uom)?))).collect()
}

/// More than is ever used.
const LOTS_OF_IT: &str = "1000000";

/// The lots of a component that lie at the line, with how much of each; what is used first stands first. What is not kept in lots
/// is one without a number.
fn lots_of(book: &Book, material: &MaterialId) -> Vec<(String, &'static str)> {
    match second::TWO_LOTS {
        (name, [first, then], amount) if name == material.as_str() => vec![(first.to_owned(), amount), (then.to_owned(), LOTS_OF_IT)],
        _ if managed(book, material) => vec![(format!("L-{material}"), LOTS_OF_IT)],
        _ => vec![(String::new(), LOTS_OF_IT)],
    }
}

/// Every material that a recipe takes or makes.
fn touched(recipe: &Recipe) -> impl Iterator<Item = &MaterialId> {
    let taken = recipe.components.iter().map(|component| &component.material);
    taken.chain(recipe.outputs.iter().map(|output| &output.material))
}

/// The MES: stations, recipes, a pace, and what lies at the line.
async fn mes(people: &People, plant: &Plant, book: &Book, odd: &Odd) -> anyhow::Result<()> {
    let mes = &plant.mes;
    let counts = odd.counters == Some(plant.site);
    for piece in book.equipment.get(&plant.site).map_or(&[][..], Vec::as_slice) {
        let body = json!({ "state": "up", "counting": if counts { "counter" } else { "each" }, "calibratedUntil": "2099-12-31" });
        people.done(Method::PUT, &format!("{}/stations/{}", mes.url, piece.id), &body, &[]).await?;
    }
    let mut line = serde_json::Map::new();
    for (material, recipe) in &plant.makes {
        // A plant that knows no recipe at all has not been asked yet; this one knows another.
        let withheld = odd.withheld.as_ref().is_some_and(|(site, name)| *site == plant.site && name == material);
        let known = if withheld { "FG-000" } else { material.as_str() };
        load_recipe(people, plant, book, known, material, recipe).await?;
        for component in &recipe.components {
            let name = component.material.as_str();
            if managed(book, &component.material) {
                // The line counts in the unit that its jobs are written in.
                let mut lots = Vec::new();
                for (lot, amount) in lots_of(book, &component.material) {
                    lots.push(json!({ "lot": lot, "amount": measure::from_base(book, &component.material, amount, component.qty.uom())? }));
                }
                line.insert(name.to_owned(), Value::Array(lots));
            }
        }
    }
    put(people, mes, "line-stock", &Value::Object(line)).await?;
    let pace = json!({ "piecesPerSecond": PIECES_PER_SECOND.to_string(), "startAfterMs": 500, "scrapEvery": 50, "sampleEvery": 100,
        "useEvery": 20, "labourEvery": 100, "readEvery": 20, "palletPieces": PALLET });
    put(people, mes, "pace", &pace).await?;
    Ok(())
}

/// A MES that speaks in files: machines, recipes, a pace. What lies at its line it takes from the order.
async fn mes_in_files(people: &People, plant: &Plant, book: &Book) -> anyhow::Result<()> {
    let machines: Vec<&str> = book.equipment.get(&plant.site).into_iter().flatten().map(|piece| piece.id.as_str()).collect();
    put(people, &plant.mes, "machines", &json!(machines)).await?;
    for (material, recipe) in &plant.makes {
        let operations: Vec<&str> = recipe.operations.iter().map(|operation| operation.op.as_str()).collect();
        let known = json!({ "version": recipe.version.as_str(), "operations": operations });
        put(people, &plant.mes, &format!("recipes/{material}"), &known).await?;
    }
    let pace = json!({ "pieces_per_second": PIECES_PER_SECOND, "start_after_ms": 500, "bundle": 20, "scrap_every": 50, "pallet": PALLET,
        "rows_per_file": 20 });
    put(people, &plant.mes, "pace", &pace).await?;
    Ok(())
}

/// Loads a recipe into the MES, under a part's name.
pub(super) async fn load_recipe(
    people: &People,
    plant: &Plant,
    book: &Book,
    part: &str,
    material: &MaterialId,
    recipe: &Recipe,
) -> anyhow::Result<()> {
    let stations = book.equipment.get(&plant.site).map_or(&[][..], Vec::as_slice);
    let step = |operation: &RecipeOperation| {
        let station = stations.iter().find(|piece| piece.class == operation.class)?;
        let step: u32 = operation.op.as_str().parse().ok()?;
        Some(json!({ "step": step, "station": station.id.as_str(), "minutesPerPiece": "0.05" }))
    };
    let steps: Vec<Value> = recipe.operations.iter().filter_map(step).collect();
    let mut body = json!({ "version": recipe.version.as_str(), "lotManaged": managed(book, material), "steps": steps });
    let others = recipe.outputs.iter().filter(|output| output.material != *material);
    let others: Vec<Value> = others.map(|output| json!({ "part": output.material.as_str(), "every": 10 })).collect();
    if let (false, Some(body)) = (others.is_empty(), body.as_object_mut()) {
        body.insert("coProducts".to_owned(), json!(others));
        body.insert("palletPieces".to_owned(), json!(second::PALLET));
        body.insert("piecesPerSecond".to_owned(), json!(second::PIECES_PER_SECOND.to_string()));
    }
    people.done(Method::PUT, &format!("{}/recipes/{part}", plant.mes.url), &body, &[]).await?;
    Ok(())
}

fn managed(book: &Book, material: &MaterialId) -> bool {
    book.materials.get(material).is_some_and(|known| known.lot_mode != LotMode::None)
}
