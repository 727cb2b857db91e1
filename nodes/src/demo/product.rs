//! The product data system of a region: it knows how the plants there make what they make, and what it releases is theirs. The
//! text of those recipes only tells the demo what to teach it.

use reqwest::Method;
use serde_json::{Value, json};
use takt_protocol::book::{Book, Recipe, SiteKind};
use takt_protocol::uom::Uom;
use takt_protocol::words::MaterialId;
use takt_simulations::logs::Logs;

use super::Stage;
use super::cast::{Cast, Plant, System};
use super::people::People;

/// The plants that a product data system knows, each with that system.
fn known<'a>(cast: &'a Cast, book: &Book) -> Vec<(&'a System, &'a Plant)> {
    let region = |system: &System| book.sites.get(&system.site).filter(|site| site.kind == SiteKind::ProductData).map(|site| site.region);
    let systems = cast.systems.values().filter_map(|system| Some((region(system)?, system)));
    systems
        .flat_map(|(region, system)| cast.plants.iter().filter(move |plant| plant.region == region).map(move |plant| (system, plant)))
        .collect()
}

/// Has every recipe of those plants released.
pub(super) async fn set(people: &People, cast: &Cast, book: &Book) -> anyhow::Result<()> {
    for (system, plant) in known(cast, book) {
        for (material, recipe) in &plant.makes {
            let place = format!("{}/revisions?item={material}&plant={}&revision={}", system.url, plant.site, recipe.version);
            let revisions = people.read(&place).await?;
            let found = revisions.get("results").and_then(Value::as_array).and_then(|all| all.first());
            if found.is_some_and(|revision| revision.get("state") == Some(&json!("released"))) {
                continue;
            }
            people.done(Method::POST, &format!("{}/_sim/revisions", system.url), &revision(system, plant, material, recipe), &[]).await?;
            let release = format!("{}/_sim/revisions/{material}/{}/{}/release", system.url, plant.site, recipe.version);
            people.done(Method::POST, &release, &json!({ "approved_by": "A. Roth" }), &[]).await?;
        }
    }
    Ok(())
}

fn revision(system: &System, plant: &Plant, material: &MaterialId, recipe: &Recipe) -> Value {
    let unit = |uom: Uom| system.word("unit", uom.code());
    let bom: Vec<Value> = recipe
        .components
        .iter()
        .map(|component| {
            json!({ "pos": component.item.as_str(), "op": component.op.as_str(), "item": component.material.as_str(),
                "qty": component.qty.value().to_string(), "unit": unit(component.qty.uom()) })
        })
        .collect();
    let routing: Vec<Value> = recipe
        .operations
        .iter()
        .map(|operation| json!({ "op": operation.op.as_str(), "class": operation.class.as_str(), "text": operation.class.as_str() }))
        .collect();
    json!({ "item": material.as_str(), "plant": plant.site.as_str(), "revision": recipe.version.as_str(), "effective_from": "2026-01-01",
        "base": recipe.base_quantity.value().to_string(), "unit": unit(recipe.base_quantity.uom()), "bom": bom, "routing": routing })
}

/// Waits until what it released is what the plants go by.
pub(super) async fn is_stated(stage: &Stage) -> anyhow::Result<()> {
    let mesh = stage.mesh();
    for (system, plant) in known(&stage.cast, &mesh.book()) {
        for (material, _) in &plant.makes {
            let what = format!("{} goes by the recipe of {material} that {} released", plant.site, system.site);
            let source = format!("{},", system.site);
            let stated = async || {
                let book = mesh.book_of(plant.site);
                let recipe = book.recipe(plant.site, material, None, mesh.clock().now()).ok();
                Ok(recipe.filter(|recipe| recipe.source.starts_with(&source)).map(|_| ()))
            };
            stage.people.until(&what, stated).await?;
        }
    }
    Ok(())
}

/// F4: every order of those plants was made by a recipe that the product data system released. What was found, and how many.
pub(super) fn look(logs: &Logs, cast: &Cast, book: &Book) -> (Vec<String>, u64) {
    let (mut broken, mut counted) = (Vec::new(), 0);
    for (system, plant) in known(cast, book) {
        let here = logs.orders().filter(|(_, order)| order.plant() == Some(plant.site));
        for (id, resolved) in here.filter_map(|(id, order)| Some((id, order.resolved.as_ref()?))) {
            if resolved.recipe_source.starts_with(&format!("{}, approved by", system.site)) {
                counted += 1;
            } else {
                broken.push(format!("F4: {id} is made by a recipe of {}, and {} released none such", resolved.recipe_source, system.site));
            }
        }
    }
    (broken, counted)
}
