//! Which equipment may run which operation, as a planner asks for it.

use serde::{Deserialize, Serialize};
use takt_protocol::book::Recipe;
use takt_protocol::name::SiteId;
use takt_protocol::site::{Assignment, Candidate, Fitness, Site};
use takt_protocol::words::MaterialId;
use utoipa::ToSchema;

use super::Word;

/// The equipment-capable routing assignments of a material at a plant.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct RoutingView {
    /// The plant.
    pub plant: String,
    /// The material.
    pub material: String,
    /// The recipe's version.
    pub recipe: String,
    /// Where it came from.
    pub recipe_source: String,
    /// Whether the plant's own system has that version; unknown until it said what it has.
    pub at_plant: Word,
    /// Whether every operation has equipment that may run.
    pub runnable: bool,
    /// By operation, in the order of the routing.
    pub operations: Vec<RoutedOperation>,
}

/// An operation and its equipment.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct RoutedOperation {
    /// Which.
    pub operation: String,
    /// The class it needs.
    pub class: String,
    /// Every piece of that class.
    pub equipment: Vec<RoutedEquipment>,
}

/// A piece of equipment.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct RoutedEquipment {
    /// Which.
    pub equipment: String,
    /// What it can do, in the plant's words.
    pub capabilities: Vec<String>,
    /// fit, down or `calibration_overdue`.
    pub state: String,
    /// Why it is not fit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// The assignments as they are shown.
pub fn view(plant: SiteId, material: &MaterialId, recipe: &Recipe, site: &Site, assignments: &[Assignment]) -> RoutingView {
    let has = site.recipes.get(material);
    let at_plant = match has {
        Some(versions) if versions.contains(&recipe.version) => Word::new("yes", "the plant's own system has it"),
        Some(versions) if !versions.is_empty() => {
            let theirs: Vec<&str> = versions.iter().map(takt_protocol::words::Version::as_str).collect();
            Word::new("no", format!("the plant's own system has {}", theirs.join(", ")))
        }
        Some(_) | None if site.said_recipes() => Word::new("no", "the plant's own system has no recipe of this material"),
        Some(_) | None => Word::new("unknown", "the plant's own system has not said which recipes it has of this material"),
    };
    RoutingView {
        plant: plant.to_string(),
        material: material.to_string(),
        recipe: recipe.version.to_string(),
        recipe_source: recipe.source.clone(),
        at_plant,
        runnable: assignments.iter().all(|assignment| assignment.fit().next().is_some()),
        operations: assignments.iter().map(operation).collect(),
    }
}

fn operation(assignment: &Assignment) -> RoutedOperation {
    RoutedOperation {
        operation: assignment.op.to_string(),
        class: assignment.class.to_string(),
        equipment: assignment.candidates.iter().map(piece).collect(),
    }
}

fn piece(candidate: &Candidate) -> RoutedEquipment {
    let (state, why) = match &candidate.fitness {
        Fitness::Fit => ("fit", None),
        Fitness::Down(state) => ("down", Some(state.clone())),
        Fitness::CalibrationOverdue(until) => ("calibration_overdue", Some(format!("calibrated until {until}"))),
    };
    RoutedEquipment {
        equipment: candidate.equipment.to_string(),
        capabilities: candidate.capabilities.clone(),
        state: state.to_owned(),
        why,
    }
}
