//! Orders as they come into being: from a planner's own hands, or from outside by the order service; with the routing and
//! bill of material of a production version where they bring none of their own.
//!
//! Apart from what happens to an order later because making one is the only time its plan is drawn up.

use std::collections::BTreeMap;

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::json;

use super::super::exchange::{Request, Response};
use super::super::moment::Moment;
use super::super::system::Desk;
use super::Erp;
use super::documents::read_quantity;
use super::events::Event;
use super::odata::{Outcome, read_day, refused};
use super::orders::{Component, Life, Operation, Order};
use super::planner::read;

/// The production versions of each material at each plant, newest last.
pub(super) type Versions = BTreeMap<(String, String), Vec<ProductionVersion>>;

/// How a material is made at a plant.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProductionVersion {
    material: String,
    plant: String,
    #[serde(rename = "production_version")]
    version: String,
    /// For how much of the material the components are given.
    base_quantity: String,
    operations: Vec<NewOperation>,
    #[serde(default)]
    components: Vec<NewComponent>,
    /// Where receipts go.
    #[serde(default)]
    location: String,
    /// How much more may be delivered; absent for no limit.
    #[serde(default)]
    over_percent: Option<String>,
}

/// An order as the order service is asked for it. A planned order is converted once.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct RequestedOrder {
    material: String,
    production_plant: String,
    total_quantity: String,
    #[serde(default)]
    production_unit: String,
    #[serde(default)]
    production_version: String,
    #[serde(default)]
    planned_order: String,
    #[serde(default)]
    batch: String,
    #[serde(default)]
    mfg_order_planned_start_date: String,
    #[serde(default)]
    mfg_order_planned_end_date: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
#[derive(Default)]
pub(super) struct NewOrder {
    order: String,
    order_type: String,
    material: String,
    plant: String,
    location: String,
    batch: String,
    production_version: String,
    planned_order: String,
    /// The requirement it was planned for, by the reference that its sender has for it.
    demand: String,
    quantity: String,
    planned_scrap: String,
    unit: String,
    over_percent: Option<String>,
    under_percent: String,
    start: String,
    end: String,
    operations: Vec<NewOperation>,
    components: Vec<NewComponent>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewOperation {
    operation: String,
    work_center: String,
    #[serde(default)]
    text: String,
    #[serde(default)]
    control_key: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewComponent {
    item: String,
    operation: String,
    material: String,
    quantity: String,
    unit: String,
    location: String,
    #[serde(default)]
    batch: String,
    #[serde(default)]
    backflush: bool,
}

impl Erp {
    /// A routing and a bill of material are maintained; the same version again replaces it.
    pub(super) fn plan_production(&mut self, request: &Request) -> Outcome<Response> {
        let version: ProductionVersion = read(request)?;
        self.known_material(&version.material)?;
        let all = self.versions.entry((version.material.clone(), version.plant.clone())).or_default();
        all.retain(|known| known.version != version.version);
        all.push(version);
        Ok(Response::empty(204))
    }

    /// Makes an order, and tells its number.
    pub(super) fn create(&mut self, desk: &mut Desk, new: NewOrder) -> Outcome<String> {
        let unit = self.known_material(&new.material)?.base_unit.clone();
        if !new.unit.is_empty() && new.unit != unit {
            return Err(refused("BM/302", format!("Orders for {} are kept in its base unit {unit}", new.material)));
        }
        if let Some(twin) = self.orders.values().find(|order| !new.planned_order.is_empty() && order.converted_from == new.planned_order) {
            return Err(refused("CO/141", format!("Planned order {} was already converted into {}", new.planned_order, twin.number)));
        }
        let number = if new.order.is_empty() { self.next_order() } else { new.order.clone() };
        if self.orders.contains_key(&number) {
            return Err(refused("CO/143", format!("Order {number} exists already")));
        }
        let new = if new.operations.is_empty() { self.with_routing(new)? } else { new };
        let at = desk.stamp(desk.now);
        let order = new.into_order(number.clone(), unit, at)?;
        let batch = (order.material.clone(), order.batch.clone());
        if !order.batch.is_empty() {
            self.batches.entry(batch).or_insert(at);
        }
        self.orders.insert(number.clone(), order);
        self.tell(desk, Event::Created, &number, &json!({ "ManufacturingOrder": number }));
        Ok(number)
    }

    fn next_order(&self) -> String {
        let highest = self.orders.keys().filter_map(|number| number.parse::<u64>().ok()).max();
        (highest.unwrap_or(1_000_000) + 1).to_string()
    }

    /// What the plan of an order would be by another version.
    pub(super) fn planned_by(&self, order: &Order, version: &str) -> Outcome<(Vec<Operation>, Vec<Component>)> {
        let new = NewOrder {
            material: order.material.clone(),
            plant: order.plant.clone(),
            quantity: order.total.to_string(),
            production_version: version.to_owned(),
            ..NewOrder::default()
        };
        let new = self.with_routing(new)?;
        let released = order.operations.iter().any(|operation| operation.released);
        let groups = new.operations.iter().map(|operation| format!("{}{}", order.number, operation.operation));
        let operations = groups.zip(&new.operations).map(|(group, plan)| Operation { released, ..plan.plan(group) }).collect();
        Ok((operations, new.components.iter().map(NewComponent::plan).collect::<Outcome<_>>()?))
    }

    /// The order with the plan of its production version, or of the newest one.
    fn with_routing(&self, new: NewOrder) -> Outcome<NewOrder> {
        let all = self.versions.get(&(new.material.clone(), new.plant.clone())).map_or(&[][..], Vec::as_slice);
        let version = all.iter().rev().find(|known| new.production_version.is_empty() || known.version == new.production_version);
        let Some(version) = version else {
            let text = format!("No production version {} of {} in plant {}", new.production_version, new.material, new.plant);
            return Err(refused("CO/100", text));
        };
        let (total, base) = (read_quantity("quantity", &new.quantity)?, read_quantity("base_quantity", &version.base_quantity)?);
        let components = version.components.iter().map(|component| component.scaled(total, base)).collect::<Outcome<_>>()?;
        Ok(NewOrder {
            production_version: version.version.clone(),
            operations: version.operations.clone(),
            components,
            location: if new.location.is_empty() { version.location.clone() } else { new.location },
            over_percent: new.over_percent.or_else(|| version.over_percent.clone()),
            ..new
        })
    }
}

impl From<RequestedOrder> for NewOrder {
    fn from(asked: RequestedOrder) -> Self {
        Self {
            material: asked.material,
            plant: asked.production_plant,
            quantity: asked.total_quantity,
            unit: asked.production_unit,
            production_version: asked.production_version,
            planned_order: asked.planned_order,
            batch: asked.batch,
            start: asked.mfg_order_planned_start_date,
            end: asked.mfg_order_planned_end_date,
            ..Self::default()
        }
    }
}

impl NewOrder {
    /// What a planned order becomes: on its day, by the newest version there is.
    pub(super) fn planned(material: String, plant: String, quantity: Decimal, number: &str, day: Date, demand: String) -> Self {
        let (start, end, planned_order) = (day.to_string(), day.to_string(), number.to_owned());
        Self { material, plant, quantity: quantity.to_string(), planned_order, demand, start, end, ..Self::default() }
    }

    fn into_order(self, number: String, unit: String, at: Moment) -> Outcome<Order> {
        let optional = |field, text: &str| if text.is_empty() { Ok(Decimal::ZERO) } else { read_quantity(field, text) };
        let total = read_quantity("quantity", &self.quantity)?;
        if total <= Decimal::ZERO || self.operations.is_empty() {
            return Err(refused("CO/120", "An order needs a quantity and an operation"));
        }
        let over_percent = self.over_percent.as_deref().map(|text| read_quantity("over_percent", text)).transpose()?;
        let day = |text: &str| if text.is_empty() { Ok(String::new()) } else { read_day(text).map(super::odata::day_text) };
        let groups = self.operations.iter().map(|operation| format!("{number}{}", operation.operation));
        let operations = groups.zip(&self.operations).map(|(group, operation)| operation.plan(group)).collect();
        let components = self.components.iter().map(NewComponent::plan).collect::<Outcome<_>>()?;
        Ok(Order {
            number,
            kind: if self.order_type.is_empty() { "PP01".to_owned() } else { self.order_type },
            planned_scrap: optional("planned_scrap", &self.planned_scrap)?,
            under_percent: optional("under_percent", &self.under_percent)?,
            start_day: day(&self.start)?,
            end_day: day(&self.end)?,
            material: self.material,
            plant: self.plant,
            location: self.location,
            batch: self.batch,
            production_version: self.production_version,
            converted_from: self.planned_order,
            demand: self.demand,
            total,
            unit,
            over_percent,
            operations,
            components,
            life: Life::Created,
            locked: false,
            delivered: Decimal::ZERO,
            delivery_completed: false,
            created_at: at,
            changed_at: at,
        })
    }
}

impl NewOperation {
    fn plan(&self, confirmation_group: String) -> Operation {
        Operation {
            number: self.operation.clone(),
            work_center: self.work_center.clone(),
            text: self.text.clone(),
            control_key: if self.control_key.is_empty() { "PP01".to_owned() } else { self.control_key.clone() },
            confirmation_group,
            released: false,
            yielded: Decimal::ZERO,
            scrapped: Decimal::ZERO,
            reworked: Decimal::ZERO,
            confirmations: 0,
            finally_confirmed: false,
        }
    }
}

impl NewComponent {
    /// So much for an order of `total`, given for `base`.
    fn scaled(&self, total: Decimal, base: Decimal) -> Outcome<Self> {
        let needed = read_quantity("quantity", &self.quantity)?.checked_mul(total).and_then(|product| product.checked_div(base));
        let needed = needed.ok_or_else(|| refused("CO/120", format!("Component {} cannot be scaled to the order", self.material)))?;
        Ok(Self { quantity: needed.round_dp(3).to_string(), ..self.clone() })
    }

    fn plan(&self) -> Outcome<Component> {
        Ok(Component {
            item: self.item.clone(),
            operation: self.operation.clone(),
            material: self.material.clone(),
            required: read_quantity("quantity", &self.quantity)?,
            withdrawn: Decimal::ZERO,
            unit: self.unit.clone(),
            location: self.location.clone(),
            batch: self.batch.clone(),
            backflush: self.backflush,
        })
    }
}
