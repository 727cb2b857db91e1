//! The question which equipment may run which operation: the book says what there is, the plant's site how it is.

use takt_protocol::book::SiteKind;
use takt_protocol::instant::Instant;
use takt_protocol::kernel::Own;
use takt_protocol::refusal::Refusal;
use takt_protocol::site::routing_assignments;
use takt_protocol::words::Version;

use super::{Denied, Reception, field, v1};
use crate::answers::routing::{self, RoutingView};

impl Reception {
    /// The equipment-capable routing assignments of a material at a plant.
    pub async fn routing_assignments(&self, question: &v1::RoutingQuestion) -> Result<RoutingView, Denied> {
        let plant = field::site(&self.mesh().book(), "plant", &question.plant, SiteKind::Plant)?;
        let book = self.mesh().book_of(plant);
        let material = field::material(&book, plant, "material", &question.material)?;
        let version = field::maybe("recipe", question.recipe.as_ref(), Version::parse)?;
        let start = field::maybe("start", question.start.as_ref(), Instant::parse)?.unwrap_or_else(|| self.mesh().clock().now());
        let recipe = book.recipe(plant, &material, version.as_ref(), start).map_err(|code| {
            let remedy = "approve one for this plant, or name a version that is approved";
            Denied::refused(&Refusal::new(code, format!("no approved recipe for {material} at {plant}"), remedy).at("recipe"))
        })?;
        let entity = book.site_entity(plant).ok_or_else(|| Denied::ours("a configured plant has no entity"))?;
        let state = self.mesh().show(entity).await.map_err(|error| Denied::asking(&error))?;
        let Own::Site(site) = &state.own else { return Err(Denied::ours("a plant's entity is no site")) };
        let found = routing_assignments(&book, site, plant, recipe, start);
        Ok(routing::view(plant, &material, recipe, site, &found))
    }
}
