//! Demand that the ERP plans for: planned independent requirements, the planned orders it makes of them by its own sourcing and
//! capacity, and the production orders its planners convert those into.
//!
//! Apart from production orders because a plan is no promise: a requirement is planned anew whenever it changes, until an order
//! was made of it. It has no dedup: the same requirement sent twice is planned for twice.

use std::collections::BTreeMap;

use jiff::ToSpan as _;
use jiff::civil::{Date, Weekday};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::super::exchange::{Request, Response};
use super::super::system::Desk;
use super::Erp;
use super::changes::Change;
use super::documents::read_quantity;
use super::odata::{Outcome, Target, day_text, not_found, quantity_text, read_day, refused};
use super::planner::read;
use super::plans::NewOrder;

/// How far before the day it is wanted something may be planned, in days.
const HORIZON: i64 = 90;

/// What the ERP plans for, and how it sources it.
#[derive(Clone, Debug, Default)]
pub(super) struct Demand {
    requirements: BTreeMap<String, Requirement>,
    /// Where each material may be made, the best place first; where nobody said, where it is wanted.
    sources: BTreeMap<String, Vec<Source>>,
    last_requirement: u64,
    last_planned: u64,
}

/// A plant that may make a material, and how much of it a day.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Source {
    plant: String,
    per_day: String,
}

#[derive(Clone, Debug)]
struct Requirement {
    number: String,
    reference: String,
    version: String,
    material: String,
    plant: String,
    quantity: Decimal,
    due: Date,
    firm: bool,
    planned: Vec<Planned>,
}

/// A planned order: so much, at a plant, on a day.
#[derive(Clone, Debug)]
struct Planned {
    number: String,
    plant: String,
    quantity: Decimal,
    day: Date,
    /// The order that was made of it.
    order: Option<String>,
}

/// A requirement as the service is asked for it.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct NewRequirement {
    material: String,
    plant: String,
    #[serde(default)]
    requirement_reference: String,
    #[serde(default)]
    requirement_version: String,
    planned_quantity: String,
    #[serde(default)]
    base_unit: String,
    requirement_date: String,
    #[serde(default)]
    is_firm: bool,
}

/// What of a requirement changes; what is left out stays.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Revision {
    #[serde(default)]
    requirement_version: Option<String>,
    #[serde(default)]
    planned_quantity: Option<String>,
    #[serde(default)]
    requirement_date: Option<String>,
    #[serde(default)]
    is_firm: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sourcing {
    material: String,
    sources: Vec<Source>,
}

impl Erp {
    /// `POST A_PlndIndepRqmt`: a requirement is planned for at once, whole or not at all.
    pub(super) fn require(&mut self, desk: &Desk, request: &Request) -> Outcome<Response> {
        let new: NewRequirement = read(request)?;
        let unit = self.known_material(&new.material)?.base_unit.clone();
        if !new.base_unit.is_empty() && new.base_unit != unit {
            return Err(refused("BM/302", format!("Requirements for {} are kept in its base unit {unit}", new.material)));
        }
        let mut requirement = Requirement {
            number: String::new(),
            reference: new.requirement_reference,
            version: new.requirement_version,
            material: new.material,
            plant: new.plant,
            quantity: read_quantity("PlannedQuantity", &new.planned_quantity)?,
            due: read_day(&new.requirement_date)?,
            firm: new.is_firm,
            planned: Vec::new(),
        };
        self.plan_for(desk, &mut requirement)?;
        self.demand.last_requirement += 1;
        requirement.number = format!("{:08}", self.demand.last_requirement);
        let view = requirement.view();
        self.demand.requirements.insert(requirement.number.clone(), requirement);
        Ok(Response::json(201, &json!({ "d": view })))
    }

    /// `PATCH A_PlndIndepRqmt('…')`: planned anew, unless an order was made of it.
    pub(super) fn revise_requirement(&mut self, desk: &Desk, target: &Target, request: &Request) -> Outcome<Response> {
        let revision: Revision = read(request)?;
        let mut requirement = self.requirement(target)?.clone();
        let before = (requirement.quantity, requirement.due);
        if let Some(quantity) = &revision.planned_quantity {
            requirement.quantity = read_quantity("PlannedQuantity", quantity)?;
        }
        if let Some(day) = &revision.requirement_date {
            requirement.due = read_day(day)?;
        }
        requirement.version = revision.requirement_version.unwrap_or(requirement.version);
        requirement.firm = revision.is_firm.unwrap_or(requirement.firm);
        if (requirement.quantity, requirement.due) != before {
            requirement.is_open()?;
            self.plan_for(desk, &mut requirement)?;
        }
        self.demand.requirements.insert(requirement.number.clone(), requirement);
        Ok(Response::empty(204))
    }

    /// `DELETE A_PlndIndepRqmt('…')`: with its planned orders, unless an order was made of it.
    pub(super) fn drop_requirement(&mut self, target: &Target) -> Outcome<Response> {
        let requirement = self.requirement(target)?;
        requirement.is_open()?;
        let number = requirement.number.clone();
        self.demand.requirements.remove(&number);
        Ok(Response::empty(204))
    }

    fn requirement(&self, target: &Target) -> Outcome<&Requirement> {
        let number = target.key.first().map_or("", |(_, value)| value.as_str());
        self.demand.requirements.get(number).ok_or_else(|| not_found(format!("Requirement {number} does not exist")))
    }

    /// Planned orders for a requirement: as late as possible, at the plant that wants it first and then in the order of its
    /// sources, on working days, never more than a plant has left on a day.
    fn plan_for(&mut self, desk: &Desk, requirement: &mut Requirement) -> Outcome<()> {
        let (mut rest, due) = (requirement.quantity, requirement.due);
        if rest <= Decimal::ZERO {
            return Err(refused("MD/010", "A requirement needs a quantity"));
        }
        let sources = self.sources_of(requirement)?;
        let today = desk.zone.local(desk.now).date();
        let mut planned = Vec::new();
        for back in 0..HORIZON {
            let Ok(day) = due.checked_sub(back.days()) else { break };
            if day < today || rest.is_zero() {
                break;
            }
            if matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday) {
                continue;
            }
            for (plant, per_day) in &sources {
                let left = per_day.map_or(rest, |most| most - self.taken(requirement, plant, day));
                let take = left.min(rest);
                if take <= Decimal::ZERO {
                    continue;
                }
                rest -= take;
                planned.push(Planned { number: String::new(), plant: plant.clone(), quantity: take, day, order: None });
            }
        }
        if !rest.is_zero() {
            let text = format!("No capacity for {} of {} until {due}", quantity_text(rest), requirement.material);
            return Err(refused("MD/061", text));
        }
        for one in &mut planned {
            self.demand.last_planned += 1;
            one.number = format!("9{:09}", self.demand.last_planned);
        }
        requirement.planned = planned;
        Ok(())
    }

    /// The plants that can make it, with what each makes of it a day at most.
    fn sources_of(&self, requirement: &Requirement) -> Outcome<Vec<(String, Option<Decimal>)>> {
        let made_at = |plant: &str| self.versions.contains_key(&(requirement.material.clone(), plant.to_owned()));
        let mut sources = Vec::new();
        match self.demand.sources.get(&requirement.material) {
            None => sources.push((requirement.plant.clone(), None)),
            Some(known) => {
                for source in known {
                    sources.push((source.plant.clone(), Some(read_quantity("per_day", &source.per_day)?)));
                }
                sources.sort_by_key(|(plant, _)| *plant != requirement.plant);
            }
        }
        sources.retain(|(plant, _)| made_at(plant));
        if sources.is_empty() {
            return Err(refused("CO/100", format!("No production version of {} at any of its sources", requirement.material)));
        }
        Ok(sources)
    }

    /// What other requirements take of a plant's day for the material.
    fn taken(&self, requirement: &Requirement, plant: &str, day: Date) -> Decimal {
        let others = self.demand.requirements.values();
        let others = others.filter(|other| other.number != requirement.number && other.material == requirement.material);
        let planned = others.flat_map(|other| &other.planned).filter(|planned| planned.plant == plant && planned.day == day);
        planned.map(|planned| planned.quantity).sum()
    }

    /// `POST /_sim/sourcing`: where a material is made, and how much of it a day.
    pub(super) fn source(&mut self, request: &Request) -> Outcome<Response> {
        let rule: Sourcing = read(request)?;
        self.known_material(&rule.material)?;
        for source in &rule.sources {
            read_quantity("per_day", &source.per_day)?;
        }
        self.demand.sources.insert(rule.material, rule.sources);
        Ok(Response::empty(204))
    }

    /// `POST /_sim/conversions`: the planners convert every planned order of firm requirements, and release what they made.
    pub(super) fn convert(&mut self, desk: &mut Desk) -> Outcome<Response> {
        let mut due = Vec::new();
        for requirement in self.demand.requirements.values().filter(|requirement| requirement.firm) {
            for planned in requirement.planned.iter().filter(|planned| planned.order.is_none()) {
                let (material, demand) = (requirement.material.clone(), requirement.reference.clone());
                due.push((requirement.number.clone(), planned.clone(), material, demand));
            }
        }
        let mut made = Vec::new();
        for (requirement, planned, material, demand) in due {
            let new = NewOrder::planned(material, planned.plant, planned.quantity, &planned.number, planned.day, demand);
            let order = self.create(desk, new)?;
            let all = self.demand.requirements.get_mut(&requirement).map(|requirement| &mut requirement.planned);
            if let Some(known) = all.and_then(|all| all.iter_mut().find(|known| known.number == planned.number)) {
                known.order = Some(order.clone());
            }
            self.act(desk, &order, "release", &Change::default())?;
            made.push(order);
        }
        Ok(Response::json(200, &json!({ "orders": made })))
    }

    /// `A_PlndIndepRqmt`, each with its planned orders.
    pub(super) fn requirement_views(&self) -> Vec<Value> {
        self.demand.requirements.values().map(Requirement::view).collect()
    }
}

impl Requirement {
    /// Refuses what would change the plan under an order that was made of it.
    fn is_open(&self) -> Outcome<()> {
        match self.planned.iter().find_map(|planned| planned.order.as_ref()) {
            Some(order) => Err(refused("MD/142", format!("Requirement {} was converted: order {order}", self.number))),
            None => Ok(()),
        }
    }

    fn view(&self) -> Value {
        let planned = self.planned.iter().map(|planned| {
            json!({
                "PlannedOrder": planned.number, "ProductionPlant": planned.plant, "TotalQuantity": quantity_text(planned.quantity),
                "PlndOrderPlannedEndDate": day_text(planned.day), "ManufacturingOrder": planned.order.clone().unwrap_or_default(),
            })
        });
        json!({
            "PlndIndepRqmt": self.number, "RequirementReference": self.reference, "RequirementVersion": self.version,
            "Material": self.material, "Plant": self.plant, "PlannedQuantity": quantity_text(self.quantity),
            "RequirementDate": day_text(self.due), "IsFirm": self.firm, "to_PlannedOrder": { "results": planned.collect::<Vec<_>>() },
        })
    }
}
