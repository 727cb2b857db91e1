//! What the systems know before anything happens, each by its own people's desk: stock, routings, stations, recipes, trucks. It follows
//! from the text: what a plant makes, of what, on which machines.

use rust_decimal::Decimal;
use serde_json::{Value, json};
use takt_protocol::book::{Book, LotMode, Recipe, SiteKind};
use takt_protocol::name::SiteId;
use takt_protocol::words::MaterialId;

use super::cutover;
use super::scenario::{Scenario, What};
use super::text::Loaded;
use super::town::{House, Town};
use crate::world::system::Kind;
use crate::world::{Method, Request};

/// A plant that can be given orders: everything an order needs there plays.
#[derive(Clone, Debug)]
pub(super) struct Plant {
    pub(super) site: SiteId,
    pub(super) erp: SiteId,
    pub(super) wms: SiteId,
    pub(super) qms: SiteId,
    /// What it makes, and by which recipe.
    pub(super) makes: Vec<(MaterialId, Recipe)>,
}

/// The plants of a text whose systems all play, by name.
pub(super) fn plants(text: &Loaded, town: &Town) -> Vec<Plant> {
    let book = &text.mesh.book;
    let plants = book.sites.iter().filter(|(_, site)| site.kind == SiteKind::Plant);
    let plants = plants.filter_map(|(name, site)| {
        let plays = |site: SiteId| town.house(site).map(|house| house.site);
        let here = book.recipes.iter().filter(|((plant, _), _)| plant == name);
        let makes = here.filter_map(|((_, material), recipes)| Some((material.clone(), recipes.last()?.clone()))).collect();
        Some(Plant { site: plays(*name)?, erp: plays(site.erp?)?, wms: plays(site.warehouse?)?, qms: plays(site.quality?)?, makes })
    });
    plants.filter(|plant| !plant.makes.is_empty()).collect()
}

/// More than is ever used.
const LOTS_OF_IT: u64 = 1_000_000;

/// Docks of a yard: trucks that a hold keeps stand at theirs for as long as that takes, and others must pass.
const DOCKS: [&str; 8] = ["D1", "D2", "D3", "D4", "D5", "D6", "D7", "D8"];

/// Pieces on a pallet.
const PALLET: u32 = 8;

/// Sets the stage; where the orders of plants go to another ERP one day, that knows them before.
pub(super) fn set(town: &Town, text: &Loaded, scenario: &Scenario) -> anyhow::Result<()> {
    let plants = plants(text, town);
    anyhow::ensure!(
        !plants.is_empty(),
        "no plant of the text can be given orders: one needs a recipe, an ERP, a warehouse and a quality system with links over HTTP"
    );
    let cuts_over = scenario.blows.iter().any(|blow| matches!(blow.what, What::CutOver));
    // What is inspected never leaves without a sample: each order must be large enough for some, however its counts are corrected.
    let sample_every = (scenario.pieces_max / 6).clamp(1, 10);
    let pieces_per_second = Decimal::ONE.checked_div(scenario.piece_s.into()).unwrap_or(Decimal::ONE);
    let desk = Desk { town, text, book: &text.mesh.book, sample_every, pieces_per_second };
    for plant in &plants {
        let then = cutover::after(town, plant.erp).filter(|_| cuts_over);
        for erp in [Some(plant.erp), then].into_iter().flatten().filter_map(|erp| town.house(erp)) {
            if erp.kind == Kind::ErpOdoo { desk.odoo(erp, plant)? } else { desk.erp(erp, plant)? }
        }
        desk.mes(plant)?;
        desk.around(plant)?;
    }
    for house in town.houses() {
        match house.kind {
            Kind::Wms => desk.put(
                house,
                "pace",
                &json!({ "receive_ms": 120_000, "put_away_ms": 300_000, "pick_ms": 120_000, "pack_ms": 600_000, "ask_ms": 30_000,
                    "load_ms": 300_000, "ask_again_ms": 300_000 }),
            )?,
            Kind::Qms => desk.put(
                house,
                "plan",
                &json!({ "result_after_ms": 1_200_000, "decide_after_ms": 2_400_000, "fail_every": 0, "decisions": [{ "decision": "Accept" }] }),
            )?,
            Kind::Tms => desk.put(
                house,
                "pace",
                &json!({ "book_ms": 60_000, "arrive_ms": 600_000, "ask_ms": 30_000, "leave_ms": 120_000, "ask_again_ms": 300_000,
                    "waits_for_goods": true }),
            )?,
            Kind::Erp | Kind::ErpOdoo | Kind::Mes | Kind::MesCsv | Kind::Cmms | Kind::Planning | Kind::Portal | Kind::Plm | Kind::Analytics => {}
        }
        town.usual_habits(house);
    }
    Ok(())
}

/// Whoever prepares the systems.
struct Desk<'a> {
    town: &'a Town,
    text: &'a Loaded,
    book: &'a Book,
    /// Pieces from one sample to the next.
    sample_every: u64,
    pieces_per_second: Decimal,
}

impl Desk<'_> {
    fn put(&self, house: &House, desk: &str, body: &Value) -> anyhow::Result<()> {
        self.town.do_there(house, &Request::put(&format!("/_sim/{desk}"), body)).map(drop)
    }

    fn post(&self, house: &House, desk: &str, body: &Value) -> anyhow::Result<()> {
        self.town.do_there(house, &Request::post(&format!("/_sim/{desk}"), body)).map(drop)
    }

    fn word(&self, house: &House, table: &str, ours: &str) -> String {
        self.text.word(house.site, table, ours)
    }

    fn zone(&self, plant: &Plant) -> String {
        self.book.sites.get(&plant.site).map(|site| site.calendar.zone().to_owned()).unwrap_or_default()
    }

    /// The lot of a component that lies at the line; none for what is not kept in lots.
    fn lot_of(&self, material: &MaterialId) -> String {
        if managed(self.book, material) { format!("L-{material}") } else { String::new() }
    }

    /// Plant, materials, production versions, and something of every component in stock.
    fn erp(&self, erp: &House, plant: &Plant) -> anyhow::Result<()> {
        let code = self.word(erp, "plant", plant.site.as_str());
        let unit = |unit: takt_protocol::uom::Uom| self.word(erp, "unit", unit.code());
        self.post(erp, "plants", &json!({ "plant": code, "time_zone": self.zone(plant) }))?;
        for (material, recipe) in &plant.makes {
            for name in touched(recipe) {
                let Some(known) = self.book.materials.get(name) else { continue };
                let body = json!({ "material": name.as_str(), "base_unit": unit(known.base), "batch_managed": managed(self.book, name), "units": {} });
                self.post(erp, "materials", &body)?;
            }
            let padded = |op: &str| format!("{op:0>4}");
            let operations = recipe.operations.iter();
            let operations: Vec<Value> = operations
                .map(|operation| json!({ "operation": padded(operation.op.as_str()), "work_center": operation.class.as_str() }))
                .collect();
            let components = recipe.components.iter().map(|one| {
                json!({ "item": one.item.as_str(), "operation": padded(one.op.as_str()), "material": one.material.as_str(),
                    "quantity": one.qty.value().to_string(), "unit": unit(one.qty.uom()), "location": self.word(erp, "location", "raw") })
            });
            let version = json!({ "material": material.as_str(), "plant": code, "production_version": recipe.version.as_str(),
                "base_quantity": recipe.base_quantity.value().to_string(), "location": self.word(erp, "location", "finished"),
                "operations": operations, "components": components.collect::<Vec<_>>() });
            self.post(erp, "production-versions", &version)?;
            for component in &recipe.components {
                let body = json!({ "Material": component.material.as_str(), "Plant": code, "StorageLocation": self.word(erp, "location", "raw"),
                    "Batch": self.lot_of(&component.material), "QuantityInEntryUnit": LOTS_OF_IT.to_string(),
                    "EntryUnit": unit(component.qty.uom()) });
                self.post(erp, "stock", &body)?;
            }
        }
        Ok(())
    }

    /// Warehouses, products, bills of material, opening stock; its quantities are numbers.
    fn odoo(&self, erp: &House, plant: &Plant) -> anyhow::Result<()> {
        let code = self.word(erp, "plant", plant.site.as_str());
        let unit = |unit: takt_protocol::uom::Uom| self.word(erp, "unit", unit.code());
        self.post(erp, "warehouses", &json!({ "warehouse": code, "time_zone": self.zone(plant) }))?;
        for (material, recipe) in &plant.makes {
            for name in touched(recipe) {
                let Some(known) = self.book.materials.get(name) else { continue };
                let tracking = if managed(self.book, name) { "lot" } else { "none" };
                self.post(erp, "products", &json!({ "code": name.as_str(), "uom": unit(known.base), "tracking": tracking }))?;
            }
            let mut components = Vec::new();
            for one in &recipe.components {
                let quantity: serde_json::Number = one.qty.value().to_string().parse()?;
                components.push(json!({ "line": one.item.as_str(), "operation": one.op.as_str(), "product": one.material.as_str(),
                    "quantity": quantity, "uom": unit(one.qty.uom()) }));
            }
            let base: serde_json::Number = recipe.base_quantity.value().to_string().parse()?;
            let operations = recipe.operations.iter();
            let operations: Vec<Value> =
                operations.map(|operation| json!({ "operation": operation.op.as_str(), "workcenter": operation.class.as_str() })).collect();
            let others: Vec<&str> = others(material, recipe).collect();
            let bom = json!({ "product": material.as_str(), "warehouse": code, "version": recipe.version.as_str(), "base_quantity": base,
                "operations": operations, "components": components, "by_products": others });
            self.post(erp, "boms", &bom)?;
            for component in &recipe.components {
                let mut body = json!({ "product": component.material.as_str(), "warehouse": code, "quantity": LOTS_OF_IT });
                let lot = self.lot_of(&component.material);
                if let (false, Some(fields)) = (lot.is_empty(), body.as_object_mut()) {
                    fields.insert("lot".to_owned(), json!(lot));
                }
                self.post(erp, "stock", &body)?;
            }
        }
        Ok(())
    }

    /// Stations, recipes, what lies at the line, a pace.
    fn mes(&self, plant: &Plant) -> anyhow::Result<()> {
        let Some(mes) = self.town.house(plant.site) else { return Ok(()) };
        let stations = self.book.equipment.get(&plant.site).map_or(&[][..], Vec::as_slice);
        // Some plants count each piece, others by counters that go on.
        let letters: u32 = plant.site.as_str().bytes().map(u32::from).sum();
        let counting = if letters.is_multiple_of(2) { "counter" } else { "each" };
        for piece in stations {
            let body = json!({ "state": "up", "counting": counting, "calibratedUntil": "2099-12-31" });
            self.town.do_there(mes, &Request::put(&format!("/stations/{}", piece.id), &body))?;
        }
        let mut line = serde_json::Map::new();
        for (material, recipe) in &plant.makes {
            let steps = recipe.operations.iter().filter_map(|operation| {
                let station = stations.iter().find(|piece| piece.class == operation.class)?;
                let step: u32 = operation.op.as_str().parse().ok()?;
                Some(json!({ "step": step, "station": station.id.as_str(), "minutesPerPiece": "0.05" }))
            });
            let others: Vec<Value> = others(material, recipe).map(|part| json!({ "part": part, "every": 10 })).collect();
            let body = json!({ "version": recipe.version.as_str(), "lotManaged": managed(self.book, material),
                "steps": steps.collect::<Vec<_>>(), "coProducts": others, "palletPieces": PALLET });
            self.town.do_there(mes, &Request::put(&format!("/recipes/{material}"), &body))?;
            for component in recipe.components.iter().filter(|component| managed(self.book, &component.material)) {
                let lot = self.lot_of(&component.material);
                line.insert(component.material.to_string(), json!([{ "lot": lot, "amount": LOTS_OF_IT.to_string() }]));
            }
        }
        self.put(mes, "line-stock", &Value::Object(line))?;
        let pieces = self.pieces_per_second.to_string();
        let pace = json!({ "piecesPerSecond": pieces, "startAfterMs": 60_000, "scrapEvery": 12, "sampleEvery": self.sample_every, "useEvery": 5,
            "labourEvery": 10, "readEvery": 4, "palletPieces": PALLET });
        self.put(mes, "pace", &pace)
    }

    /// Maintenance knows the machines, transport has trucks, product data has released the recipes.
    fn around(&self, plant: &Plant) -> anyhow::Result<()> {
        let Some(known) = self.book.sites.get(&plant.site) else { return Ok(()) };
        if let Some(cmms) = known.around.maintenance.and_then(|site| self.town.house(site)) {
            for piece in self.book.equipment.get(&plant.site).into_iter().flatten() {
                let asset = json!({ "tag": format!("{}/{}", plant.site, piece.id), "plant": plant.site.as_str(),
                    "calibrated_until": 4_102_444_799_000_i64 });
                self.post(cmms, "assets", &asset)?;
            }
        }
        let transport = self.book.sites.get(&plant.wms).and_then(|warehouse| warehouse.around.transport);
        if let Some(tms) = transport.and_then(|site| self.town.house(site)) {
            // The last is a train.
            let carriers = json!([{ "carrier": "KURIER", "pallets": 1 }, { "carrier": "NORDFRACHT", "pallets": 33 },
                { "carrier": "GLEIS", "pallets": 1_000 }]);
            self.put(tms, &format!("yards/{}", plant.wms), &json!({ "docks": DOCKS, "carriers": carriers }))?;
        }
        let plms = self.town.houses().filter(|house| house.kind == Kind::Plm && house.region == known.region);
        for plm in plms {
            for (material, recipe) in &plant.makes {
                self.post(plm, "revisions", &self.revision(plm, plant, material, recipe))?;
                let place = format!("revisions/{material}/{}/{}/release", plant.site, recipe.version);
                self.post(plm, &place, &json!({ "approved_by": "A. Roth" }))?;
            }
        }
        Ok(())
    }

    fn revision(&self, plm: &House, plant: &Plant, material: &MaterialId, recipe: &Recipe) -> Value {
        let unit = |unit: takt_protocol::uom::Uom| self.word(plm, "unit", unit.code());
        let bom = recipe.components.iter().map(|one| {
            json!({ "pos": one.item.as_str(), "op": one.op.as_str(), "item": one.material.as_str(), "qty": one.qty.value().to_string(),
                "unit": unit(one.qty.uom()) })
        });
        let operations = recipe.operations.iter();
        let routing = operations
            .map(|operation| json!({ "op": operation.op.as_str(), "class": operation.class.as_str(), "text": operation.class.as_str() }));
        json!({ "item": material.as_str(), "plant": plant.site.as_str(), "revision": recipe.version.as_str(), "effective_from": "2026-01-01",
            "base": recipe.base_quantity.value().to_string(), "unit": unit(recipe.base_quantity.uom()),
            "bom": bom.collect::<Vec<_>>(), "routing": routing.collect::<Vec<_>>() })
    }
}

/// Every material that a recipe takes or makes.
fn touched(recipe: &Recipe) -> impl Iterator<Item = &MaterialId> {
    let taken = recipe.components.iter().map(|component| &component.material);
    taken.chain(recipe.outputs.iter().map(|output| &output.material))
}

/// What comes out beside what is made.
fn others<'a>(material: &MaterialId, recipe: &'a Recipe) -> impl Iterator<Item = &'a str> {
    recipe.outputs.iter().map(|output| &output.material).filter(move |made| *made != material).map(MaterialId::as_str)
}

fn managed(book: &Book, material: &MaterialId) -> bool {
    book.materials.get(material).is_some_and(|known| known.lot_mode != LotMode::None)
}

/// What somebody reads at a system's own desk.
pub(super) fn read(town: &Town, house: &House, path: &str) -> Option<Value> {
    town.do_there(house, &Request::new(Method::Get, path)).ok()
}
