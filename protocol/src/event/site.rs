//! What the world is told of a site.

use super::{Contract, Shape, Told, always, contract, maybe};
use crate::site::{DemandFact, Fact};

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

const DEMAND_STATED: Contract = contract(
    "site",
    "demand_stated",
    "A planning system wants something: raised, revised, made firm or withdrawn.",
    &[
        always("demand", Shape::Text, "Its number in the planning system."),
        always("version", Shape::Number, "Grows with each revision."),
        always("plant", Shape::Text, "The plant that should supply it."),
        always("material", Shape::Text, "Of what."),
        always("quantity", Shape::Quantity, "How much."),
        always("due", Shape::Text, "The day it must be there, as an ISO date."),
        always("firmness", Shape::Word, "open, firm or withdrawn."),
    ],
);
const DEMAND_ANSWERED: Contract = contract(
    "site",
    "demand_answered",
    "The ERP said what it makes of a version of a demand.",
    &[
        always("demand", Shape::Text, "Its number in the planning system."),
        always("version", Shape::Number, "Which version."),
        always("verdict", Shape::Word, "planned, refused or dropped."),
        maybe("requirement", Shape::Text, "The ERP's number for what it plans."),
        maybe("why", Shape::Text, "Why it cannot be supplied so."),
    ],
);
const DEMAND_SUPPLIED: Contract = contract(
    "site",
    "demand_supplied",
    "An order that was made of a demand is further than before.",
    &[
        always("demand", Shape::Text, "Its number in the planning system."),
        always("order", Shape::Entity, "The order."),
        always("number", Shape::Text, "Its number in its ERP."),
        always("plant", Shape::Text, "The plant that makes it."),
        always("quantity", Shape::Quantity, "How much it is over."),
        maybe("confirmed", Shape::Quantity, "How much was confirmed as good, once the plant is done."),
        always("state", Shape::Word, "created, released, completed or cancelled."),
    ],
);

pub(super) const ALL: &[&Contract] =
    &[&EQUIPMENT, &CALIBRATED, &QUARANTINED, &MATCHED, &RECIPES, &WINDOW, &DEMAND_STATED, &DEMAND_ANSWERED, &DEMAND_SUPPLIED];

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
        | Fact::Tallied { .. }
        | Fact::Planned { .. }
        | Fact::Finished(_)
        | Fact::Books(_)
        | Fact::RecipesListed
        | Fact::Heard { .. }
        | Fact::LastWord(_) => None,
        Fact::Demand(fact) => demanded(fact),
    }
}

fn demanded(fact: &DemandFact) -> Option<Told> {
    match fact {
        DemandFact::Said(signal) => {
            let data = DEMAND_STATED.with().text("demand", &signal.number).put("version", signal.version).text("plant", signal.plant);
            let data = data.text("material", &signal.material).text("quantity", signal.total).text("due", signal.due);
            data.word("firmness", &signal.firmness).done()
        }
        DemandFact::Answered { number, version, verdict, requirement, why } => {
            let data = DEMAND_ANSWERED.with().text("demand", number).put("version", *version).word("verdict", verdict);
            data.maybe("requirement", requirement.as_ref()).maybe("why", Some(why)).done()
        }
        DemandFact::Supplied { number, order, supply } => {
            let data = DEMAND_SUPPLIED.with().text("demand", number).text("order", order).text("number", &supply.order);
            let data = data.text("plant", supply.plant).text("quantity", supply.total).maybe("confirmed", supply.confirmed);
            data.word("state", &supply.state).done()
        }
        // What planning is told of all this is its own business.
        DemandFact::Told { .. } | DemandFact::Forgotten(_) => None,
    }
}
