//! `recipes/*.yaml` and `equipment/*.yaml`: how a plant makes what, and on what. Each word that another file has to know
//! keeps its place.

use serde::Deserialize;
use serde_saphyr::Spanned;
use takt_protocol::book::{Equipment, Recipe, RecipeComponent, RecipeOperation, RecipeOutput};
use takt_protocol::name::SiteId;
use takt_protocol::qty::Qty;
use takt_protocol::words::{EquipmentClass, EquipmentId, ItemNo, MaterialId, OpNo, OutputKind, Version};

/// `recipes/*.yaml`: one version of a recipe at a plant, approved.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecipeText {
    /// The plant.
    pub plant: Spanned<SiteId>,
    /// The material it makes.
    pub material: Spanned<MaterialId>,
    /// Its version.
    pub version: Spanned<Version>,
    /// Who approved it and when.
    pub source: String,
    /// For how much of the material the components are given.
    pub base_quantity: Spanned<Qty>,
    /// The routing, in order.
    pub operations: Spanned<Vec<OperationText>>,
    /// The bill of material.
    #[serde(default)]
    pub components: Vec<ComponentText>,
    /// What it makes, the main product first.
    pub outputs: Spanned<Vec<OutputText>>,
}

/// An operation.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OperationText {
    /// Its number.
    pub op: Spanned<OpNo>,
    /// What it needs.
    pub class: Spanned<EquipmentClass>,
    /// Is its confirmation one of the order's milestones?
    #[serde(default)]
    pub milestone: bool,
}

/// A component.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ComponentText {
    /// Its line.
    pub item: Spanned<ItemNo>,
    /// The operation that uses it.
    pub op: Spanned<OpNo>,
    /// The material.
    pub material: Spanned<MaterialId>,
    /// How much for the base quantity.
    pub qty: Spanned<Qty>,
}

/// An output.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutputText {
    /// Which.
    pub kind: Spanned<OutputKind>,
    /// The material.
    pub material: Spanned<MaterialId>,
}

impl RecipeText {
    /// The recipe, without places.
    pub fn recipe(&self) -> Recipe {
        Recipe {
            version: self.version.value.clone(),
            source: self.source.clone(),
            base_quantity: self.base_quantity.value,
            operations: self.operations.value.iter().map(OperationText::operation).collect(),
            components: self.components.iter().map(ComponentText::component).collect(),
            outputs: self.outputs.value.iter().map(OutputText::output).collect(),
        }
    }
}

impl OperationText {
    fn operation(&self) -> RecipeOperation {
        RecipeOperation { op: self.op.value.clone(), class: self.class.value.clone(), milestone: self.milestone }
    }
}

impl ComponentText {
    fn component(&self) -> RecipeComponent {
        RecipeComponent {
            item: self.item.value.clone(),
            op: self.op.value.clone(),
            material: self.material.value.clone(),
            qty: self.qty.value,
        }
    }
}

impl OutputText {
    fn output(&self) -> RecipeOutput {
        RecipeOutput { kind: self.kind.value, material: self.material.value.clone() }
    }
}

/// `equipment/*.yaml`: the equipment of a plant.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EquipmentText {
    /// The plant.
    pub plant: Spanned<SiteId>,
    /// Its equipment.
    pub equipment: Vec<PieceText>,
}

/// A piece of equipment.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PieceText {
    /// Its name at the plant.
    pub id: Spanned<EquipmentId>,
    /// What it is.
    pub class: EquipmentClass,
    /// The capabilities it has, free words of the plant.
    #[serde(default)]
    pub capabilities: Vec<String>,
}

impl PieceText {
    /// The piece, without places.
    pub fn piece(&self) -> Equipment {
        Equipment { id: self.id.value.clone(), class: self.class.clone(), capabilities: self.capabilities.clone() }
    }
}
