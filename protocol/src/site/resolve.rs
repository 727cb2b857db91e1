//! Transitions 2 and 3 at the plant: does everything an order needs resolve, in our master data and in the plant's own
//! system? What is missing is named; who misses something is told by itself when it is there.

use super::decide::Turn;
use super::{Fact, Need, Resolution, Resolved, ResolvedMaterial, Site};
use crate::book::{Book, LotMode, Material, Recipe, RecipeComponent};
use crate::conversion::ConversionError;
use crate::effect::{JobComponent, JobOperation};
use crate::id::EntityId;
use crate::input::Body;
use crate::instant::Instant;
use crate::name::SiteId;
use crate::order;
use crate::order::cuts_a_piece;
use crate::qty::Qty;
use crate::refusal::Code;
use crate::words::{EquipmentClass, EquipmentId, MaterialId, OutputKind};
use crate::workflow::Step;

impl Turn<'_, '_> {
    /// An order asks.
    pub(super) fn resolve(&mut self, order: EntityId, attempt: u32, need: &Need) {
        let found = self.look(self.site, need);
        self.plan(order, need, &found);
        // Word of an older attempt may come behind that of a newer one, which is what the order waits for.
        let newest = self.site.waiting.get(&order).is_none_or(|(known, _)| *known <= attempt);
        if let (Resolution::Missing(_), true) = (&found, newest) {
            self.note(Fact::Waits { order, attempt, need: need.clone() });
        }
        self.answer(order, attempt, found);
    }

    /// Something changed: every order that waits is looked at again.
    pub(super) fn look_again(&mut self, after: &Site) {
        for (order, (attempt, need)) in &self.site.waiting {
            let found = self.look(after, need);
            if let Resolution::Resolved(_) = found {
                self.note(Fact::WaitsNoMore(*order));
                self.plan(*order, need, &found);
                self.answer(*order, *attempt, found);
            }
        }
    }

    fn answer(&mut self, order: EntityId, attempt: u32, found: Resolution) {
        let mail = order::Mail::Resolution { attempt, found };
        self.draft.tell(order, Body::Order(order::Input::Mail(mail)));
    }

    fn look(&self, site: &Site, need: &Need) -> Resolution {
        let book = self.context.book;
        let Some(plant) = book.site_of(self.draft.me()) else {
            return Resolution::Missing(vec![(Code::Unknown, "the plant is not configured".to_owned())]);
        };
        Looking { book, plant, site, need, now: self.context.now, missing: Vec::new() }.resolve()
    }
}

struct Looking<'a> {
    book: &'a Book,
    plant: SiteId,
    site: &'a Site,
    need: &'a Need,
    now: Instant,
    missing: Vec<(Code, String)>,
}

impl<'a> Looking<'a> {
    fn resolve(mut self) -> Resolution {
        let configured = self.book.sites.get(&self.plant);
        if !self.book.is_open(self.plant, self.need.start) {
            self.misses(Code::CalendarClosed, format!("{} is closed on the planned day", self.plant));
        }
        let recipe = self.recipe();
        let operations = recipe.map(|recipe| self.operations(recipe)).unwrap_or_default();
        let components = recipe.map(|recipe| self.components(recipe)).unwrap_or_default();
        let materials = self.materials(recipe);
        if !self.need.has_lot && materials.iter().any(|known| known.material == self.need.material && known.lot_mode != LotMode::None) {
            self.misses(Code::MissingLot, format!("{} is managed in lots, and no lot was named", self.need.material));
        }
        let (Some(recipe), true) = (recipe, self.missing.is_empty()) else { return Resolution::Missing(self.missing) };
        Resolution::Resolved(Box::new(Resolved {
            description: self.material(&self.need.material).map(|material| material.description.clone()).unwrap_or_default(),
            recipe: recipe.version.clone(),
            recipe_source: recipe.source.clone(),
            operations,
            milestones: recipe.operations.iter().filter(|operation| operation.milestone).map(|operation| operation.op.clone()).collect(),
            classes: recipe.operations.iter().map(|operation| (operation.op.clone(), operation.class.clone())).collect(),
            components,
            outputs: recipe.outputs.iter().map(|output| (output.kind, output.material.clone())).collect(),
            materials,
            warehouse: configured.and_then(|plant| plant.warehouse),
            quality: configured.and_then(|plant| plant.quality),
        }))
    }

    /// A material as it is on the planned day.
    fn material(&self, name: &MaterialId) -> Option<&'a Material> {
        self.book.material(self.plant, name, self.need.start)
    }

    fn misses(&mut self, code: Code, what: String) {
        self.missing.push((code, what));
    }

    /// Whether this plant has a check.
    fn has(&self, step: Step) -> bool {
        self.book.workflows.has(self.plant, step)
    }

    /// Our recipe, and the plant's own: the plant must have the version that is meant, once it said what it has.
    fn recipe(&mut self) -> Option<&'a Recipe> {
        let book = self.book;
        let recipe = match book.recipe(self.plant, &self.need.material, self.need.recipe.as_ref(), self.need.start) {
            Ok(recipe) => recipe,
            Err(code) => {
                let version = self.need.recipe.as_ref().map(|version| format!(" {version}")).unwrap_or_default();
                self.misses(code, format!("no approved recipe{version} for {} at {}", self.need.material, self.plant));
                return None;
            }
        };
        if !self.has(Step::PlantRecipe) {
            return Some(recipe);
        }
        let has = self.site.recipes.get(&self.need.material);
        match has.filter(|versions| !versions.is_empty()) {
            Some(versions) if !versions.contains(&recipe.version) => {
                let theirs = versions.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
                let what = format!("{} has recipe {theirs} of {}, the order needs {}", self.plant, self.need.material, recipe.version);
                self.misses(Code::RecipeVersionMismatch, what);
            }
            None if self.site.said_recipes() => {
                self.misses(Code::MissingRecipe, format!("{} itself has no recipe of {}", self.plant, self.need.material));
            }
            Some(_) | None => {}
        }
        Some(recipe)
    }

    fn operations(&mut self, recipe: &Recipe) -> Vec<JobOperation> {
        let (mut operations, checked) = (Vec::new(), self.has(Step::Equipment));
        let all = self.book.equipment(self.plant, self.need.start);
        for operation in &recipe.operations {
            let able: Vec<&EquipmentId> = all.iter().filter(|piece| piece.class == operation.class).map(|piece| &piece.id).collect();
            let stopped = |piece: &EquipmentId| self.site.hindrance(piece, self.now.max(self.need.start)).is_some();
            let up: Vec<&EquipmentId> = able.iter().copied().filter(|piece| !checked || !stopped(piece)).collect();
            let overdue = |piece: &EquipmentId| self.has(Step::Calibration) && self.overdue(piece);
            let fit: Vec<EquipmentId> = up.iter().copied().filter(|piece| !overdue(piece)).cloned().collect();
            match (able.is_empty(), up.is_empty(), fit.is_empty()) {
                (true, ..) if !checked => {}
                (true, ..) => self.misses(
                    Code::MissingEquipmentMapping,
                    format!("no equipment of class {} for operation {}", operation.class, operation.op),
                ),
                (_, true, _) => self.misses(Code::EquipmentUnavailable, self.all_down(&operation.class, &able)),
                (.., true) => {
                    self.misses(Code::CalibrationOverdue, format!("all equipment of class {} is out of calibration", operation.class));
                }
                (false, false, false) => {}
            }
            operations.push(JobOperation { op: operation.op.clone(), equipment: fit });
        }
        operations
    }

    /// Which pieces are down, and why, as the maintenance system says it.
    fn all_down(&self, class: &EquipmentClass, able: &[&EquipmentId]) -> String {
        let at = self.now.max(self.need.start);
        let why = able.iter().filter_map(|piece| Some(format!("{piece}: {}", self.site.hindrance(piece, at)?)));
        format!("all equipment of class {class} is down ({})", why.collect::<Vec<_>>().join(", "))
    }

    fn overdue(&self, piece: &EquipmentId) -> bool {
        self.site.calibrated.get(piece).is_some_and(|until| *until < self.now.max(self.need.start))
    }

    /// The bill of material for the whole order: multiplied before divided.
    fn components(&mut self, recipe: &Recipe) -> Vec<JobComponent> {
        let mut components = Vec::new();
        let total = self.measured(self.need.total);
        let total = total.filter(|total| self.need.total.uom() == total.uom() || self.is_whole(*total));
        let per = self.measured(recipe.base_quantity);
        let (Some(total), Some(per)) = (total, per) else { return components };
        for component in &recipe.components {
            let scaled = component
                .qty
                .value()
                .checked_mul(total.value())
                .and_then(|product| product.checked_div(per.value()))
                .and_then(|required| Qty::new(required.round_dp(Qty::SCALE_MAX), component.qty.uom()).ok());
            let Some(required) = scaled else {
                self.misses(Code::UomUnmapped, format!("component {} cannot be scaled to the order", component.material));
                continue;
            };
            components.push(JobComponent {
                item: component.item.clone(),
                op: component.op.clone(),
                material: self.material_of(component).clone(),
                required,
                lot: None,
            });
        }
        components
    }

    /// A quantity of what is made, in the unit that is kept in; what is not exactly so many of it is not guessed.
    fn measured(&mut self, qty: Qty) -> Option<Qty> {
        let known = self.material(&self.need.material)?;
        let what = match known.conversions.to_base(qty, known.base) {
            Ok(kept) => return Some(kept),
            Err(ConversionError::Unmapped { .. }) => format!("{} is not kept in {}", self.need.material, qty.uom()),
            Err(_) => format!("{qty} of {} are not exactly so many {}", self.need.material, known.base),
        };
        self.misses(Code::UomUnmapped, what);
        None
    }

    fn is_whole(&mut self, total: Qty) -> bool {
        let cut = cuts_a_piece(&total);
        if cut {
            self.misses(Code::UomUnmapped, format!("{} of {} are {total}, a part of a piece", self.need.total, self.need.material));
        }
        !cut
    }

    /// What goes in on a component line: the recipe's material, or what was put in its place.
    fn material_of<'b>(&'b self, component: &'b RecipeComponent) -> &'b MaterialId {
        self.need.replaced.get(&component.item).unwrap_or(&component.material)
    }

    fn materials(&mut self, recipe: Option<&Recipe>) -> Vec<ResolvedMaterial> {
        let need = self.need;
        let mut touched: Vec<&MaterialId> = vec![&need.material];
        touched.extend(recipe.iter().flat_map(|recipe| {
            recipe.components.iter().map(|component| need.replaced.get(&component.item).unwrap_or(&component.material))
        }));
        touched.extend(
            recipe
                .iter()
                .flat_map(|recipe| recipe.outputs.iter().filter(|output| output.kind != OutputKind::Main).map(|output| &output.material)),
        );
        touched.sort();
        touched.dedup();
        let mut materials = Vec::new();
        for name in touched {
            let Some(known) = self.material(name) else {
                self.misses(Code::MissingMaterial, format!("the material {name} is not known"));
                continue;
            };
            let items = recipe
                .iter()
                .flat_map(|recipe| recipe.components.iter().filter(|line| need.replaced.get(&line.item).unwrap_or(&line.material) == name));
            materials.push(ResolvedMaterial {
                material: name.clone(),
                base: known.base,
                conversions: known.conversions.clone(),
                lot_mode: known.lot_mode,
                inspected: known.inspected && self.has(Step::Inspection),
                items: items.map(|component| component.item.clone()).collect(),
            });
        }
        materials
    }
}
