//! What the world is told of a site.

use super::{Contract, Shape, Told, always, contract, maybe};
use crate::site::Fact;

const EQUIPMENT: Contract = contract(
    "site",
    "equipment_changed",
    "Equipment may run, or may not.",
    &[
        always("equipment", Shape::Text, "Which."),
        always("available", Shape::Flag, "Whether it may run."),
        always("state", Shape::Text, "The maintenance system's own word."),
    ],
);
const CALIBRATED: Contract = contract(
    "site",
    "equipment_calibrated",
    "Equipment was calibrated.",
    &[always("equipment", Shape::Text, "Which."), always("until", Shape::Time, "How long that is good.")],
);
const QUARANTINED: Contract = contract(
    "site",
    "message_quarantined",
    "A message matches nothing yet; it is kept, and offered again.",
    &[always("exception", Shape::Number, "The exception it waits under, by its number within the site.")],
);
const MATCHED: Contract = contract(
    "site",
    "message_matched",
    "A message of the quarantine was passed on.",
    &[always("exception", Shape::Number, "The exception it had waited under."), always("entity", Shape::Entity, "To what.")],
);
const RECIPES: Contract = contract(
    "site",
    "recipes_read",
    "What the plant's own system has of a material.",
    &[always("material", Shape::Text, "The material."), always("recipes", Shape::Texts, "The versions.")],
);
const WINDOW: Contract = contract(
    "site",
    "window_changed",
    "A planned stop of equipment: planned, moved, under way, or over.",
    &[
        always("window", Shape::Text, "Its number in the maintenance system."),
        always("state", Shape::Word, "planned, running or over."),
        maybe("equipment", Shape::Text, "Which; not when it is over."),
        maybe("from", Shape::Time, "From when."),
        maybe("to", Shape::Time, "Until when."),
    ],
);

pub(super) const ALL: &[&Contract] = &[&EQUIPMENT, &CALIBRATED, &QUARANTINED, &MATCHED, &RECIPES, &WINDOW];

pub(super) fn told(fact: &Fact) -> Option<Told> {
    match fact {
        Fact::Equipment { equipment, available, state, .. } => {
            EQUIPMENT.with().text("equipment", equipment).put("available", *available).text("state", state).done()
        }
        Fact::Calibrated { equipment, until } => CALIBRATED.with().text("equipment", equipment).text("until", until).done(),
        Fact::Quarantined { case, .. } => QUARANTINED.with().put("exception", *case).done(),
        Fact::Matched { case, entity } => MATCHED.with().put("exception", *case).text("entity", entity).done(),
        Fact::Recipes { material, versions } => RECIPES.with().text("material", material).texts("recipes", versions).done(),
        Fact::Window { number, window: None } => WINDOW.with().text("window", number).put("state", "over").done(),
        Fact::Window { number, window: Some(window) } => {
            let data = WINDOW.with().text("window", number).put("state", if window.running { "running" } else { "planned" });
            data.text("equipment", &window.equipment).text("from", window.from).text("to", window.to).done()
        }
        // Steps on the way, and what the orders tell themselves.
        Fact::Mended { .. }
        | Fact::Expects { .. }
        | Fact::Forgot(_)
        | Fact::Waits { .. }
        | Fact::WaitsNoMore(_)
        | Fact::Locates { .. }
        | Fact::Read(_)
        | Fact::Planned { .. }
        | Fact::Finished(_)
        | Fact::Books(_) => None,
    }
}
