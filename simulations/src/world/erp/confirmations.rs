//! Confirmations of operations: what was made, wasted and worked, with the goods movements that go along.
//!
//! Apart from posting because of the trap in it: a confirmation is saved even when some of its goods movements fail. Those
//! stand in a list of their own, which a clerk works off. Never tells the client in the status code.

use std::collections::BTreeMap;

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::habits::Habit;
use super::super::moment::{Moment, Zone};
use super::super::system::Desk;
use super::Erp;
use super::documents::{DocumentKey, Head, Line, Listed, NewItem, fits, read_quantity};
use super::odata::{Outcome, Refused, day_text, not_found, quantity_text, read_day, refused, time_text};
use super::orders::{Operation, Order};
use super::posting::Pending;

/// `ProdnOrdConf2` as a client posts it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct NewConfirmation {
    #[serde(rename = "OrderID")]
    pub(super) order: String,
    pub(super) order_operation: String,
    pub(super) confirmation_text: String,
    pub(super) external_system_confirmation: String,
    pub(super) confirmation_unit: String,
    pub(super) confirmation_yield_quantity: String,
    pub(super) confirmation_scrap_quantity: String,
    pub(super) confirmation_rework_quantity: String,
    pub(super) variance_reason_code: String,
    pub(super) is_final_confirmation: bool,
    pub(super) posting_date: Option<String>,
    pub(super) personnel: String,
    pub(super) work_center: String,
    #[serde(rename = "APIConfHasNoGoodsMovements")]
    pub(super) no_goods_movements: bool,
    #[serde(rename = "to_ProdnOrdConfMatlDocItm")]
    pub(super) items: Listed<NewItem>,
    /// The activities `OpConfirmedWorkQuantity1` to `6` with `OpWorkQuantityUnit1` to `6`, and fields that only inform.
    #[serde(flatten)]
    pub(super) more: BTreeMap<String, Value>,
}

/// Yield, scrap and rework, in the unit of the operation.
#[derive(Clone, Copy, Debug)]
struct Counted {
    good: Decimal,
    scrap: Decimal,
    rework: Decimal,
}

/// One confirmation as the ERP keeps it.
#[derive(Clone, Debug)]
pub(super) struct Confirmation {
    pub(super) group: String,
    pub(super) count: u32,
    pub(super) sent: NewConfirmation,
    counted: Counted,
    posting_day: Date,
    entered_at: Moment,
    user: String,
    document: Option<DocumentKey>,
    reversed: bool,
    reverses: Option<u32>,
}

/// A goods movement of a confirmation that failed, waiting for a clerk.
#[derive(Clone, Debug)]
pub(super) struct Failed {
    pub(super) group: String,
    pub(super) count: u32,
    pub(super) item: NewItem,
    pub(super) why: Refused,
}

impl Erp {
    /// Saves a confirmation, and posts of its goods movements what can be posted.
    pub(super) fn confirm(&mut self, desk: &mut Desk, sent: NewConfirmation, user: &str) -> Outcome<usize> {
        fits("ConfirmationText", &sent.confirmation_text, 40)?;
        known_fields(&sent.more)?;
        let order = self.order(&sent.order)?;
        order.allows("Confirm order")?;
        let plant = order.plant.clone();
        let operation = operation(order, &sent.order_operation)?;
        let (group, count) = (operation.confirmation_group.clone(), operation.confirmations + 1);
        let counted = quantities(order, operation, &sent)?;
        let entered_at = desk.stamp(desk.now);
        let today = self.plant_day(desk, &plant, entered_at);
        let posting_day = sent.posting_date.as_deref().map(read_day).transpose()?.unwrap_or(today);
        self.check_period(desk, posting_day, today)?;
        let items = self.movements_of(&sent, counted.good);
        let mut confirmation = Confirmation {
            group,
            count,
            sent,
            counted,
            posting_day,
            entered_at,
            user: user.to_owned(),
            document: None,
            reversed: false,
            reverses: None,
        };
        self.book_on_operation(&confirmation);
        confirmation.document = self.post_what_can_be(desk, &confirmation, items);
        self.confirmations.push(confirmation);
        Ok(self.confirmations.len() - 1)
    }

    /// The movements sent along; else, for components marked for backflush, those that the plan computes.
    fn movements_of(&self, sent: &NewConfirmation, yielded: Decimal) -> Vec<NewItem> {
        let for_order = |item: NewItem| NewItem { manufacturing_order: sent.order.clone(), ..item };
        let explicit: Vec<NewItem> = sent.items.clone().into_vec().into_iter().map(for_order).collect();
        if !explicit.is_empty() || sent.no_goods_movements {
            return explicit;
        }
        self.orders.get(&sent.order).map_or_else(Vec::new, |order| backflush(order, &sent.order_operation, yielded))
    }

    fn book_on_operation(&mut self, confirmation: &Confirmation) {
        let Some(order) = self.orders.get_mut(&confirmation.sent.order) else { return };
        order.changed_at = confirmation.entered_at;
        let number = &confirmation.sent.order_operation;
        let Some(operation) = order.operations.iter_mut().find(|operation| operation.number == *number) else { return };
        operation.confirmations += 1;
        operation.yielded += confirmation.counted.good;
        operation.scrapped += confirmation.counted.scrap;
        operation.reworked += confirmation.counted.rework;
        let ends = confirmation.sent.is_final_confirmation;
        operation.finally_confirmed = if confirmation.reverses.is_some() { !ends } else { ends || operation.finally_confirmed };
    }

    fn post_what_can_be(&mut self, desk: &mut Desk, confirmation: &Confirmation, items: Vec<NewItem>) -> Option<DocumentKey> {
        let doomed = if items.is_empty() { 0 } else { doomed(desk) };
        let mut pending = Pending::default();
        let mut lines: Vec<Line> = Vec::new();
        for (at, item) in items.into_iter().enumerate() {
            let locked = || refused("M3/024", format!("Valuation data for material {} is locked by another user", item.material));
            let checked = if at < doomed { Err(locked()) } else { self.check(&mut pending, &item) };
            match checked {
                Ok(line) => lines.push(line),
                Err(why) => self.fail(desk, confirmation, item, why),
            }
        }
        let head = Head {
            posting_day: Some(confirmation.posting_day),
            code: "02".to_owned(),
            header_text: confirmation.sent.confirmation_text.chars().take(25).collect(),
            user: confirmation.user.clone(),
            ..Head::default()
        };
        self.book(desk, head, lines, pending).ok()
    }

    fn fail(&mut self, desk: &mut Desk, confirmation: &Confirmation, item: NewItem, why: Refused) {
        desk.habits.count("goods_movement_failed");
        self.failed.push(Failed { group: confirmation.group.clone(), count: confirmation.count, item, why });
    }

    /// A clerk tries the failed movements once more; what still fails stays. Returns how many were posted.
    pub(super) fn reprocess(&mut self, desk: &mut Desk, user: &str) -> usize {
        let failed = std::mem::take(&mut self.failed);
        let before = failed.len();
        for one in failed {
            let head = Head { code: "02".to_owned(), user: user.to_owned(), ..Head::default() };
            if let Err(why) = self.post(desk, head, std::slice::from_ref(&one.item)) {
                self.failed.push(Failed { why, ..one });
            }
        }
        before - self.failed.len()
    }

    /// Takes a confirmation back by a counter-entry, and undoes the goods movements it posted.
    pub(super) fn cancel_confirmation(&mut self, desk: &mut Desk, group: &str, count: u32, day: Option<Date>) -> Outcome<usize> {
        let missing = || not_found(format!("Confirmation {group} {count} does not exist"));
        let at = self.confirmations.iter().position(|one| one.group == group && one.count == count).ok_or_else(missing)?;
        let original = self.confirmations.get(at).cloned().ok_or_else(missing)?;
        if original.reversed || original.reverses.is_some() {
            return Err(refused("RU/126", format!("Confirmation {group} {count} has already been cancelled")));
        }
        self.order(&original.sent.order)?.allows("Cancel confirmation")?;
        let entered_at = desk.stamp(desk.now);
        let today = self.plant_day(desk, &self.order(&original.sent.order)?.plant, entered_at);
        let posting_day = day.unwrap_or(today);
        self.check_period(desk, posting_day, today)?;
        let head = Head { posting_day: Some(posting_day), code: "02".to_owned(), user: original.user.clone(), ..Head::default() };
        let document = original.document.map(|key| self.undo(desk, key, None, head)).transpose()?;
        let next = self.confirmations.iter().filter(|one| one.group == group).map(|one| one.count).max().unwrap_or(count) + 1;
        let counted = Counted { good: -original.counted.good, scrap: -original.counted.scrap, rework: -original.counted.rework };
        let mark = Confirmation { count: next, counted, posting_day, entered_at, document, ..original };
        let mark = Confirmation { reverses: Some(count), ..mark };
        self.book_on_operation(&mark);
        if let Some(original) = self.confirmations.get_mut(at) {
            original.reversed = true;
        }
        self.confirmations.push(mark);
        Ok(self.confirmations.len() - 1)
    }

    /// `ProdnOrdConf2` with its movements that were posted.
    pub(super) fn confirmation_view(&self, zone: &Zone, confirmation: &Confirmation) -> Value {
        let sent = &confirmation.sent;
        let posted = confirmation.document.and_then(|key| self.documents.get(&key));
        let mut entity = json!({
            "ConfirmationGroup": confirmation.group, "ConfirmationCount": confirmation.count.to_string(),
            "OrderID": sent.order, "OrderOperation": sent.order_operation, "Sequence": "0",
            "Material": self.orders.get(&sent.order).map(|order| order.material.clone()),
            "Plant": self.orders.get(&sent.order).map(|order| order.plant.clone()),
            "ConfirmationText": sent.confirmation_text, "ExternalSystemConfirmation": sent.external_system_confirmation,
            "ConfirmationUnit": sent.confirmation_unit, "WorkCenter": sent.work_center, "Personnel": sent.personnel,
            "ConfirmationYieldQuantity": quantity_text(confirmation.counted.good),
            "ConfirmationScrapQuantity": quantity_text(confirmation.counted.scrap),
            "ConfirmationReworkQuantity": quantity_text(confirmation.counted.rework),
            "VarianceReasonCode": sent.variance_reason_code, "IsFinalConfirmation": sent.is_final_confirmation,
            "IsReversed": confirmation.reversed, "IsReversal": confirmation.reverses.is_some(),
            "CancldConfirmationCount": confirmation.reverses.map(|count| count.to_string()),
            "PostingDate": day_text(confirmation.posting_day), "EnteredByUser": confirmation.user,
            "ConfirmationEntryDate": day_text(zone.day(confirmation.entered_at)),
            "ConfirmationEntryTime": time_text(zone, confirmation.entered_at),
            "to_ProdnOrdConfMatlDocItm": { "results": posted.map_or_else(Vec::new, super::documents::Document::item_views) },
        });
        if let Some(fields) = entity.as_object_mut() {
            let sign = if confirmation.reverses.is_some() { "-" } else { "" };
            fields.extend(sent.more.iter().map(|(name, value)| (name.clone(), signed(sign, name, value))));
        }
        entity
    }
}

/// What else a client may send: activities, times and the like; they are kept and shown, not judged.
const INFORMING: [&str; 11] = [
    "OpConfirmedWorkQuantity",
    "OpWorkQuantityUnit",
    "ConfirmedExecution",
    "ConfirmationExternalEntry",
    "FinalConfirmationType",
    "EnteredByExternalUser",
    "OpenReservationsIsCleared",
    "ShiftDefinition",
    "Language",
    "Sequence",
    "Plant",
];

fn known_fields(more: &BTreeMap<String, Value>) -> Outcome<()> {
    let foreign = more.keys().find(|name| !INFORMING.iter().any(|known| name.starts_with(known)));
    foreign.map_or(Ok(()), |name| Err(refused("/IWBEP/CM_MGW_RT/021", format!("Property '{name}' is invalid"))))
}

/// An activity of a counter-entry counts the other way.
fn signed(sign: &str, name: &str, value: &Value) -> Value {
    match value.as_str() {
        Some(text) if name.starts_with("OpConfirmedWorkQuantity") => json!(format!("{sign}{text}")),
        Some(_) | None => value.clone(),
    }
}

/// How many of the next confirmation's movements are bound to fail.
fn doomed(desk: &mut Desk) -> usize {
    let Some(dose) = desk.habits.takes(Habit::PartialGoods, "") else { return 0 };
    dose.amount.and_then(|amount| usize::try_from(amount).ok()).unwrap_or(1)
}

fn operation<'a>(order: &'a Order, number: &str) -> Outcome<&'a Operation> {
    let missing = || refused("RU/002", format!("Operation {number} does not exist in order {}", order.number));
    order.operations.iter().find(|operation| operation.number == number).ok_or_else(missing)
}

fn quantities(order: &Order, operation: &Operation, sent: &NewConfirmation) -> Outcome<Counted> {
    // Left out, it is the operation's own.
    if !sent.confirmation_unit.is_empty() && sent.confirmation_unit != order.unit {
        return Err(refused("BM/302", format!("Unit {} is not the unit of the operation, {}", sent.confirmation_unit, order.unit)));
    }
    let read = |field, text: &str| if text.is_empty() { Ok(Decimal::ZERO) } else { read_quantity(field, text) };
    let good = read("ConfirmationYieldQuantity", &sent.confirmation_yield_quantity)?;
    let scrap = read("ConfirmationScrapQuantity", &sent.confirmation_scrap_quantity)?;
    let rework = read("ConfirmationReworkQuantity", &sent.confirmation_rework_quantity)?;
    let after = [operation.yielded + good, operation.scrapped + scrap, operation.reworked + rework];
    if after.iter().any(|sum| *sum < Decimal::ZERO) {
        return Err(refused("RU/077", "A confirmed quantity cannot become less than zero"));
    }
    Ok(Counted { good, scrap, rework })
}

/// The planned share of each component that this operation issues by itself.
fn backflush(order: &Order, operation: &str, yielded: Decimal) -> Vec<NewItem> {
    let share = |required: Decimal| (required * yielded / order.total).round_dp(3);
    let due = order.components.iter().filter(|component| component.backflush && component.operation == operation);
    let item = |component: &super::orders::Component| NewItem {
        material: component.material.clone(),
        plant: order.plant.clone(),
        storage_location: component.location.clone(),
        batch: component.batch.clone(),
        goods_movement_type: "261".to_owned(),
        quantity_in_entry_unit: quantity_text(share(component.required)),
        entry_unit: component.unit.clone(),
        manufacturing_order: order.number.clone(),
        ..NewItem::default()
    };
    due.map(item).collect()
}
