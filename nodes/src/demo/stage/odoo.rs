//! What the ERP in the manner of Odoo has to know, in its own words: warehouses, products, bills of material, opening stock.

use serde_json::{Value, json};
use takt_protocol::book::{Book, Recipe};
use takt_protocol::words::MaterialId;

use super::super::cast::Plant;
use super::super::people::{People, listed, text};
use super::{LOTS_OF_IT, lots_of, managed, measure, post, touched, unit};

pub(super) async fn set(people: &People, plant: &Plant, book: &Book) -> anyhow::Result<()> {
    let erp = &plant.erp;
    let code = erp.word("plant", plant.site.as_str());
    let zone = book.sites.get(&plant.site).map(|site| site.calendar.zone().to_owned()).unwrap_or_default();
    post(people, erp, "warehouses", &json!({ "warehouse": code, "time_zone": zone })).await?;
    let known = people.read(&format!("{}/_sim/books", erp.url)).await?;
    for (material, recipe) in &plant.makes {
        for name in touched(recipe) {
            let Some(described) = book.materials.get(name) else { continue };
            let tracking = if managed(book, name) { "lot" } else { "none" };
            let body = json!({ "code": name.as_str(), "uom": unit(erp, described.base), "tracking": tracking });
            post(people, erp, "products", &body).await?;
        }
        post(people, erp, "boms", &bom(plant, book, &code, material, recipe)?).await?;
        for component in &recipe.components {
            let name = component.material.as_str();
            for (lot, _) in lots_of(book, &component.material) {
                if listed(&known, "stock_quant").iter().any(|quant| is_of(quant, name, &lot)) {
                    continue;
                }
                let mut body = json!({ "product": name, "warehouse": code, "quantity": LOTS_OF_IT.parse::<u64>()? });
                if let (false, Some(fields)) = (lot.is_empty(), body.as_object_mut()) {
                    fields.insert("lot".to_owned(), json!(lot));
                }
                post(people, erp, "stock", &body).await?;
            }
        }
    }
    Ok(())
}

/// Whether a quant is of that product and lot; without a lot it says `false`.
fn is_of(quant: &Value, product: &str, lot: &str) -> bool {
    quant.pointer("/product_id/1").is_some_and(|name| name == product) && text(quant, "lot_name") == lot
}

/// Its quantities are numbers.
fn bom(plant: &Plant, book: &Book, code: &str, material: &MaterialId, recipe: &Recipe) -> anyhow::Result<Value> {
    let operations = recipe.operations.iter();
    let operations: Vec<Value> =
        operations.map(|operation| json!({ "operation": operation.op.as_str(), "workcenter": operation.class.as_str() })).collect();
    let mut components = Vec::new();
    for component in &recipe.components {
        // In the product's own unit: it knows few others.
        let qty = measure::in_base(book, component)?;
        let quantity: serde_json::Number = qty.value().to_string().parse()?;
        components.push(json!({ "line": component.item.as_str(), "operation": component.op.as_str(),
            "product": component.material.as_str(), "quantity": quantity, "uom": unit(&plant.erp, qty.uom()) }));
    }
    let base: serde_json::Number = recipe.base_quantity.value().to_string().parse()?;
    let others = recipe.outputs.iter().filter(|output| output.material != *material);
    Ok(json!({ "product": material.as_str(), "warehouse": code, "version": recipe.version.as_str(), "base_quantity": base,
        "operations": operations, "components": components,
        "by_products": others.map(|output| output.material.as_str()).collect::<Vec<_>>() }))
}
