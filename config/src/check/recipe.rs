//! Recipes and equipment: everything a recipe names is there, convertible and can be worked on; what it makes is received in
//! the ERP, and at one point only.

use std::collections::{BTreeMap, BTreeSet};

use serde_saphyr::{Location, Spanned};
use takt_protocol::book::SiteKind;
use takt_protocol::conversion::survives;
use takt_protocol::posting::{Match, Method, Movement, Rule, Use};
use takt_protocol::qty::Qty;
use takt_protocol::words::{MaterialId, OutputKind};

use super::Checks;
use crate::nearest::nearest;
use crate::read::In;
use crate::text::{ComponentText, RecipeText};

impl<'a> Checks<'a> {
    pub(super) fn equipment(&mut self) {
        let pages = self.pages;
        let mut files = BTreeMap::new();
        for page in &pages.equipment {
            let plant = &page.value.plant;
            self.is_a(&page.file, plant, SiteKind::Plant);
            if let Some(other) = files.insert(plant.value, &page.file) {
                let what = format!("the equipment of {} stands in {other} too", plant.value);
                self.say(&page.file, plant.referenced, what, "put both into one file");
            }
            self.once(&page.file, "equipment", page.value.equipment.iter().map(|piece| &piece.id));
        }
    }

    pub(super) fn recipes(&mut self) {
        let pages = self.pages;
        let mut files = BTreeMap::new();
        for page in &pages.recipes {
            let recipe = &page.value;
            let key = (recipe.plant.value, &recipe.material.value, &recipe.version.value);
            if let Some(other) = files.insert(key, &page.file) {
                let what = format!("version {} of {} at {} stands in {other} too", key.2, key.1, key.0);
                self.say(&page.file, recipe.version.referenced, what, "raise the version, or delete one of them");
            }
            self.recipe(page);
        }
    }

    fn recipe(&mut self, page: &'a In<RecipeText>) {
        let (file, recipe) = (&page.file, &page.value);
        self.is_a(file, &recipe.plant, SiteKind::Plant);
        self.material(file, &recipe.material.value, recipe.material.referenced);
        self.measured(file, &recipe.material.value, &recipe.base_quantity);
        self.exact(file, &recipe.material.value, &recipe.base_quantity);
        self.some(file, &recipe.material.value, &recipe.base_quantity);
        if recipe.source.trim().is_empty() {
            let what = format!("nobody approved version {} of {}", recipe.version.value, recipe.material.value);
            self.say_at(file, &["source"], what, "write who approved it and when, such as \"PLM, approved 12 Nov 2026\"");
        }
        self.operations(file, recipe);
        self.once(file, "component line", recipe.components.iter().map(|component| &component.item));
        for component in &recipe.components {
            self.component(file, recipe, component);
        }
        let yields = self.posting(recipe, &recipe.material.value, Use::Yield).count();
        self.ruled(
            file,
            recipe.operations.referenced,
            &format!("the yield of {} at {}", recipe.material.value, recipe.plant.value),
            "yield",
            yields,
        );
        self.outputs(file, recipe);
    }

    fn operations(&mut self, file: &str, recipe: &RecipeText) {
        let operations = &recipe.operations.value;
        if operations.is_empty() {
            self.say(file, recipe.operations.referenced, "the routing has no operation".to_owned(), "write at least one");
        }
        self.once(file, "operation", operations.iter().map(|operation| &operation.op));
        let pages = self.pages;
        let here = pages.equipment.iter().filter(|page| page.value.plant.value == recipe.plant.value);
        let classes: BTreeSet<&str> = here.flat_map(|page| &page.value.equipment).map(|piece| piece.class.as_str()).collect();
        for class in operations.iter().map(|operation| &operation.class) {
            if !classes.contains(class.value.as_str()) && pages.whole("equipment") {
                let what = format!("{} has no equipment of class {}", recipe.plant.value, class.value);
                self.say(file, class.referenced, what, format!("add one to equipment/{}.yaml", recipe.plant.value));
            }
        }
    }

    fn component(&mut self, file: &str, recipe: &RecipeText, component: &ComponentText) {
        let known: Vec<&str> = recipe.operations.value.iter().map(|operation| operation.op.value.as_str()).collect();
        let op = &component.op;
        if !known.contains(&op.value.as_str()) {
            self.say(file, op.referenced, format!("the routing has no operation {}", op.value), nearest(op.value.as_str(), &known));
        }
        let name = &component.material.value;
        self.material(file, name, component.material.referenced);
        let uses = self.posting(recipe, name, Use::Consumed).count();
        self.ruled(file, component.material.referenced, &format!("the consumption of {name} at {}", recipe.plant.value), "consumed", uses);
        self.measured(file, name, &component.qty);
        if !component.qty.value.is_positive() {
            let what = format!("{} of {name} is nothing that could be used", component.qty.value);
            self.say(
                file,
                component.qty.referenced,
                what,
                "write how much the base quantity takes; what comes out is one of the `outputs`",
            );
        }
        self.kept(file, recipe, name, &component.qty);
    }

    /// That a quantity is in a unit of its material.
    fn measured(&mut self, file: &str, name: &MaterialId, qty: &Spanned<Qty>) {
        let unit = qty.value.uom();
        if self.materials.get(name).is_some_and(|text| !text.conversions.knows(unit, text.base)) {
            let what = format!("{unit} is no unit of {name}");
            self.say(file, qty.referenced, what, format!("use its base unit, or add {unit} to its conversions"));
        }
    }

    /// That a quantity is more than nothing: what orders are scaled by cannot be zero.
    fn some(&mut self, file: &str, name: &MaterialId, qty: &Spanned<Qty>) {
        if !qty.value.is_positive() {
            let what = format!("{} of {name} is nothing that an order could be scaled by", qty.value);
            self.say(file, qty.referenced, what, "write how much of it the components below are for, such as `1000 H87`");
        }
    }

    /// That a quantity, which orders are scaled by, is exactly so many of the unit its material is kept in.
    fn exact(&mut self, file: &str, name: &MaterialId, qty: &Spanned<Qty>) {
        let Some(text) = self.materials.get(name) else { return };
        if text.conversions.knows(qty.value.uom(), text.base) && text.conversions.to_base(qty.value, text.base).is_err() {
            let what = format!("{} of {name} are not exactly so many {}", qty.value, text.base);
            self.say(file, qty.referenced, what, format!("write the base quantity, and the components for it, in {}", text.base));
        }
    }

    /// That one of the unit it is measured in does not vanish when the ERP keeps its few decimals of the base unit.
    fn kept(&mut self, file: &str, recipe: &RecipeText, name: &MaterialId, qty: &Spanned<Qty>) {
        let Some(text) = self.materials.get(name) else { return };
        let (unit, base) = (qty.value.uom(), text.base);
        let rules = self.posting(recipe, name, Use::Consumed).filter(|rule| rule.method == Method::Explicit);
        let Some(scale) = rules.map(|rule| rule.scale).min() else { return };
        if unit.factor_to(base).is_some() && !survives(unit, 0, base, scale) {
            let what = format!("one {unit} of {name} is nothing in {base} with {scale} decimals, so small quantities would vanish");
            self.say(file, qty.referenced, what, "keep the material in a smaller base unit, or post more decimals");
        }
    }

    fn outputs(&mut self, file: &str, recipe: &RecipeText) {
        let main = recipe.outputs.value.iter().filter(|output| output.kind.value == OutputKind::Main);
        let main: Vec<&MaterialId> = main.map(|output| &output.material.value).collect();
        if main != [&recipe.material.value] {
            let what = format!("a recipe for {} makes it as its one main output", recipe.material.value);
            let remedy = format!("write `{{kind: main, material: {}}}` once", recipe.material.value);
            self.say(file, recipe.outputs.referenced, what, remedy);
        }
        let mut made: BTreeSet<&MaterialId> = BTreeSet::new();
        for output in &recipe.outputs.value {
            // A second main output was told.
            if !made.insert(&output.material.value) && output.kind.value != OutputKind::Main {
                let what = format!("{} stands twice among what is made", output.material.value);
                self.say(file, output.material.referenced, what, "delete one of them: what is counted would be received as either");
            }
            self.material(file, &output.material.value, output.material.referenced);
            self.received(file, recipe, &output.material.value, output.material.referenced);
        }
    }

    /// What is made is received in the ERP by some rule, and at one point only: at two it would be received twice. A rule may
    /// receive what is produced, or the good pieces that an operation counts.
    fn received(&mut self, file: &str, recipe: &RecipeText, material: &MaterialId, place: Location) {
        let rules = self.posting(recipe, material, Use::Produced).chain(self.posting(recipe, material, Use::Yield));
        let rules: Vec<&Rule> = rules.filter(|rule| rule.movement == Movement::GoodsReceipt).collect();
        if rules.is_empty() && self.pages.whole("rules") {
            let what = format!("no posting rule receives {material} made at {}", recipe.plant.value);
            self.say(file, place, what, "add a rule with `match: {use: produced}` to rules/");
        }
        let counted = |rule: &Rule| rule.matches.purpose == Some(Use::Yield);
        let point = |rule: &Rule| rule.matches.op.as_ref().map_or_else(|| "each operation".to_owned(), |op| format!("operation {op}"));
        let point = |rule: &Rule| if counted(rule) { point(rule) } else { "its output".to_owned() };
        let posted = rules.iter().filter(|rule| rule.method != Method::Skip);
        let points: BTreeMap<String, &str> = posted.map(|rule| (point(rule), rule.id.as_str())).collect();
        if points.len() > 1 {
            let all: Vec<String> = points.iter().map(|(point, rule)| format!("{point} (rule {rule})")).collect();
            let what = format!("{material} made at {} is received at more than one point: {}", recipe.plant.value, all.join(", "));
            self.say(file, place, what, "keep one goods receipt point, and let the other rules `method: skip`");
        }
    }

    /// The rules that may post a use of a material in a recipe.
    pub(super) fn posting(&self, recipe: &RecipeText, material: &MaterialId, purpose: Use) -> impl Iterator<Item = &'a Rule> {
        let fits = move |rule: &Match, material: &MaterialId, plant| {
            rule.site.is_none_or(|site| site == plant)
                && rule.material.as_ref().is_none_or(|wanted| wanted == material)
                && rule.purpose.is_none_or(|wanted| wanted == purpose)
        };
        let (plant, material) = (recipe.plant.value, material.clone());
        let rules = self.pages.rules.iter().flat_map(|page| &page.value).map(|rule| &rule.value);
        rules.filter(move |rule| fits(&rule.matches, &material, plant))
    }
}
