//! Production orders as the ERP keeps them: quantities, operations, components, and a set of statuses.
//!
//! Apart because orders are what most rules ask about. Never posts; says what an order allows, and shows it.

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::super::moment::Moment;
use super::odata::{Outcome, instant_text, quantity_text, refused};

/// Where the order is in its business life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Life {
    Created,
    Released,
    TechnicallyCompleted,
    Closed,
    /// Flagged for deletion.
    Cancelled,
}

/// One operation.
#[derive(Clone, Debug)]
pub(super) struct Operation {
    pub(super) number: String,
    pub(super) work_center: String,
    pub(super) text: String,
    pub(super) control_key: String,
    pub(super) confirmation_group: String,
    pub(super) released: bool,
    pub(super) yielded: Decimal,
    pub(super) scrapped: Decimal,
    pub(super) reworked: Decimal,
    pub(super) confirmations: u32,
    pub(super) finally_confirmed: bool,
}

/// One component that the order needs.
#[derive(Clone, Debug)]
pub(super) struct Component {
    pub(super) item: String,
    pub(super) operation: String,
    pub(super) material: String,
    pub(super) required: Decimal,
    pub(super) withdrawn: Decimal,
    pub(super) unit: String,
    pub(super) location: String,
    pub(super) batch: String,
    pub(super) backflush: bool,
}

/// One production order.
#[derive(Clone, Debug)]
pub(super) struct Order {
    pub(super) number: String,
    pub(super) kind: String,
    pub(super) material: String,
    pub(super) plant: String,
    pub(super) location: String,
    pub(super) batch: String,
    pub(super) production_version: String,
    pub(super) converted_from: String,
    /// The requirement it was planned for, by the reference that its sender has for it.
    pub(super) demand: String,
    pub(super) total: Decimal,
    pub(super) planned_scrap: Decimal,
    pub(super) unit: String,
    /// Over-delivery tolerance in percent; without one it is unlimited.
    pub(super) over_percent: Option<Decimal>,
    pub(super) under_percent: Decimal,
    pub(super) start_day: String,
    pub(super) end_day: String,
    pub(super) operations: Vec<Operation>,
    pub(super) components: Vec<Component>,
    pub(super) life: Life,
    pub(super) locked: bool,
    pub(super) delivered: Decimal,
    pub(super) delivery_completed: bool,
    pub(super) created_at: Moment,
    pub(super) changed_at: Moment,
}

impl Order {
    /// Refuses work that the order's statuses do not allow.
    pub(super) fn allows(&self, work: &str) -> Outcome<()> {
        let order = format!("ORD {}", self.number);
        let hinders = if self.locked { Some("LKD") } else { self.hindrance() };
        match (hinders, self.life) {
            (Some(status), _) => Err(refused("BS/013", format!("System status {status} is active ({order})"))),
            (None, Life::Created) => Err(refused("BS/007", format!("'{work}' is not allowed ({order})"))),
            (None, _) => Ok(()),
        }
    }

    fn hindrance(&self) -> Option<&'static str> {
        match self.life {
            Life::Created | Life::Released => None,
            Life::TechnicallyCompleted => Some("TECO"),
            Life::Closed => Some("CLSD"),
            Life::Cancelled => Some("DLFL"),
        }
    }

    /// The largest quantity that may be delivered.
    pub(super) fn deliverable(&self) -> Option<Decimal> {
        self.over_percent.map(|percent| self.total + self.total * percent / Decimal::ONE_HUNDRED)
    }

    /// Takes the changed delivered quantity over.
    pub(super) fn deliver(&mut self, by: Decimal, completed: bool) {
        self.delivered += by;
        let enough = self.total - self.total * self.under_percent / Decimal::ONE_HUNDRED;
        self.delivery_completed = completed || (self.delivery_completed && by > Decimal::ZERO) || self.delivered >= enough;
    }

    /// What the last operation yielded: the order's confirmed yield.
    pub(super) fn confirmed(&self) -> Decimal {
        self.operations.last().map_or(Decimal::ZERO, |operation| operation.yielded)
    }

    /// Code and short name of every status it has.
    pub(super) fn statuses(&self) -> Vec<(&'static str, &'static str)> {
        let confirmed = self.operations.iter().any(|operation| operation.confirmations > 0);
        let finally = !self.operations.is_empty() && self.operations.iter().all(|operation| operation.finally_confirmed);
        let partly_released = self.operations.iter().any(|operation| operation.released);
        let all = [
            (!partly_released, ("I0001", "CRTD")),
            (partly_released && self.life == Life::Created, ("I0042", "PREL")),
            (partly_released && self.life != Life::Created, ("I0002", "REL")),
            (confirmed && !finally, ("I0010", "PCNF")),
            (finally, ("I0009", "CNF")),
            (self.delivered > Decimal::ZERO && !self.delivery_completed, ("I0074", "PDLV")),
            (self.delivery_completed, ("I0012", "DLV")),
            (self.life == Life::TechnicallyCompleted, ("I0045", "TECO")),
            (self.life == Life::Closed, ("I0046", "CLSD")),
            (self.life == Life::Cancelled, ("I0076", "DLFL")),
            (self.locked, ("I0043", "LKD")),
        ];
        all.into_iter().filter_map(|(has, status)| has.then_some(status)).collect()
    }

    fn has(&self, short: &str) -> &'static str {
        if self.statuses().iter().any(|(_, name)| *name == short) { "X" } else { "" }
    }

    /// `A_ProductionOrder_2` with everything that hangs on it.
    pub(super) fn view(&self) -> Value {
        let scrapped: Decimal = self.operations.iter().map(|operation| operation.scrapped).sum();
        let mut entity = json!({
            "ManufacturingOrder": self.number, "ManufacturingOrderCategory": "10", "ManufacturingOrderType": self.kind,
            "Material": self.material, "ProductionPlant": self.plant, "PlanningPlant": self.plant,
            "StorageLocation": self.location, "Batch": self.batch, "ProductionVersion": self.production_version,
            "PlannedOrder": self.converted_from, "RequirementReference": self.demand, "ProductionUnit": self.unit, "TotalQuantity": quantity_text(self.total),
            "MfgOrderPlannedScrapQty": quantity_text(self.planned_scrap),
            "MfgOrderConfirmedYieldQty": quantity_text(self.confirmed()),
            "MfgOrderConfirmedScrapQty": quantity_text(scrapped),
            "ActualDeliveredQuantity": quantity_text(self.delivered),
            "MfgOrderPlannedStartDate": self.start_day, "MfgOrderPlannedEndDate": self.end_day,
            "CreationDateTime": instant_text(self.created_at), "LastChangeDateTime": instant_text(self.changed_at),
            "to_ProductionOrderOperation": { "results": self.operation_views() },
            "to_ProductionOrderComponent": { "results": self.component_views() },
            "to_ProductionOrderItem": { "results": [self.item_view()] },
            "to_ProductionOrderStatus": { "results": self.status_views() },
        });
        if let Some(fields) = entity.as_object_mut() {
            for (field, short) in FLAGS {
                fields.insert(field.to_owned(), json!(self.has(short)));
            }
        }
        entity
    }

    /// `A_ProductionOrderOperation_2`.
    pub(super) fn operation_views(&self) -> Vec<Value> {
        let view = |operation: &Operation| {
            json!({
                "ManufacturingOrder": self.number, "ManufacturingOrderSequence": "0",
                "ManufacturingOrderOperation": operation.number, "MfgOrderOperationText": operation.text,
                "ProductionPlant": self.plant, "WorkCenter": operation.work_center,
                "OperationControlProfile": operation.control_key, "ConfirmationGroup": operation.confirmation_group,
                "OperationUnit": self.unit, "OpPlannedTotalQuantity": quantity_text(self.total),
                "OpTotalConfirmedYieldQty": quantity_text(operation.yielded),
                "OpTotalConfirmedScrapQty": quantity_text(operation.scrapped),
                "OpTotalConfirmedReworkQty": quantity_text(operation.reworked),
                "OperationIsReleased": flag(operation.released),
                "OperationIsPartiallyConfirmed": flag(operation.confirmations > 0 && !operation.finally_confirmed),
                "OperationIsConfirmed": flag(operation.finally_confirmed),
            })
        };
        self.operations.iter().map(view).collect()
    }

    /// `A_ProductionOrderComponent_4`.
    pub(super) fn component_views(&self) -> Vec<Value> {
        let view = |component: &Component| {
            json!({
                "ManufacturingOrder": self.number, "ReservationItem": component.item, "BOMItem": component.item,
                "ManufacturingOrderOperation": component.operation, "Material": component.material, "Plant": self.plant,
                "StorageLocation": component.location, "Batch": component.batch,
                "RequiredQuantity": quantity_text(component.required), "WithdrawnQuantity": quantity_text(component.withdrawn),
                "BaseUnit": component.unit, "GoodsMovementType": "261",
                "MatlCompIsMarkedForBackflush": component.backflush,
            })
        };
        self.components.iter().map(view).collect()
    }

    fn item_view(&self) -> Value {
        json!({
            "ManufacturingOrder": self.number, "ManufacturingOrderItem": "1", "Material": self.material,
            "ProductionPlant": self.plant, "StorageLocation": self.location, "Batch": self.batch, "ProductionUnit": self.unit,
            "MfgOrderItemPlannedTotalQty": quantity_text(self.total),
            "MfgOrderItemPlannedScrapQty": quantity_text(self.planned_scrap),
            "MfgOrderItemGoodsReceiptQty": quantity_text(self.delivered),
            "IsCompletelyDelivered": self.delivery_completed,
            "OverdelivTolrtdLmtRatioInPct": self.over_percent.map(|percent| percent.to_string()),
            "UnlimitedOverdeliveryIsAllowed": self.over_percent.is_none(),
            "UnderdelivTolrtdLmtRatioInPct": self.under_percent.to_string(),
        })
    }

    fn status_views(&self) -> Vec<Value> {
        let view = |(code, short): (&str, &str)| json!({ "ManufacturingOrder": self.number, "StatusCode": code, "IsUserStatus": false, "StatusShortName": short });
        self.statuses().into_iter().map(view).collect()
    }
}

/// The flags of the header, and the status each of them shows.
const FLAGS: [(&str, &str); 11] = [
    ("OrderIsCreated", "CRTD"),
    ("OrderIsPartiallyReleased", "PREL"),
    ("OrderIsReleased", "REL"),
    ("OrderIsPartiallyConfirmed", "PCNF"),
    ("OrderIsConfirmed", "CNF"),
    ("OrderIsPartiallyDelivered", "PDLV"),
    ("OrderIsDelivered", "DLV"),
    ("OrderIsTechnicallyCompleted", "TECO"),
    ("OrderIsClosed", "CLSD"),
    ("OrderIsMarkedForDeletion", "DLFL"),
    ("OrderIsLocked", "LKD"),
];

const fn flag(has: bool) -> &'static str {
    if has { "X" } else { "" }
}
