//! Which equipment may run which operation of a material's routing: the pure answer behind the query for equipment-capable
//! routing assignments. Apart from validation because it is asked before there is an order, and shows what is not fit, too.

use super::Site;
use crate::book::{Book, Equipment, Recipe};
use crate::instant::Instant;
use crate::name::SiteId;
use crate::words::{EquipmentClass, EquipmentId, OpNo};

/// An operation and the equipment of the class it needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment {
    /// Which operation.
    pub op: OpNo,
    /// The class it needs.
    pub class: EquipmentClass,
    /// Every piece of that class at the plant, in the order of the master data.
    pub candidates: Vec<Candidate>,
}

/// A piece of equipment that could run an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Which piece.
    pub equipment: EquipmentId,
    /// What it can do, in the plant's words.
    pub capabilities: Vec<String>,
    /// Whether it may run then.
    pub fitness: Fitness,
}

/// Whether a piece may run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fitness {
    /// Nothing known speaks against it.
    Fit,
    /// It is down, in the maintenance system's own word.
    Down(String),
    /// Its calibration runs out before it would be needed.
    CalibrationOverdue(Instant),
}

impl Assignment {
    /// The pieces that may run it.
    pub fn fit(&self) -> impl Iterator<Item = &Candidate> {
        self.candidates.iter().filter(|candidate| candidate.fitness == Fitness::Fit)
    }
}

/// The assignments of a recipe at a plant whose site is in this state, for work that starts at `start`.
pub fn routing_assignments(book: &Book, site: &Site, plant: SiteId, recipe: &Recipe, start: Instant) -> Vec<Assignment> {
    let all = book.equipment(plant, start);
    let candidate = |piece: &&Equipment| Candidate {
        equipment: piece.id.clone(),
        capabilities: piece.capabilities.clone(),
        fitness: fitness(site, &piece.id, start),
    };
    let assignment = |operation: &crate::book::RecipeOperation| Assignment {
        op: operation.op.clone(),
        class: operation.class.clone(),
        candidates: all.iter().filter(|piece| piece.class == operation.class).map(candidate).collect(),
    };
    recipe.operations.iter().map(assignment).collect()
}

fn fitness(site: &Site, piece: &EquipmentId, start: Instant) -> Fitness {
    match (site.hindrance(piece, start), site.calibrated.get(piece)) {
        (Some(state), _) => Fitness::Down(state),
        (None, Some(until)) if *until < start => Fitness::CalibrationOverdue(*until),
        (None, Some(_) | None) => Fitness::Fit,
    }
}
