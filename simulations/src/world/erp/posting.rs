//! The rules of posting goods movements: what is checked, in what order, and what changes when all holds.
//!
//! Apart because every road into stock (a document, a confirmation, a clerk, a reversal) takes these checks. A document is
//! posted whole or not at all. There is no dedup in here: the same document sent twice is posted twice.

use std::collections::BTreeMap;

use jiff::civil::Date;
use rust_decimal::Decimal;

use super::super::moment::Moment;
use super::super::system::Desk;
use super::Erp;
use super::documents::{Document, DocumentKey, Head, Line, NewItem, read_quantity};
use super::movements::{End, movement};
use super::odata::{Outcome, not_found, quantity_text, refused};
use super::orders::Order;
use super::stock::{Draft, Heap, Material, StockType};

const FIRST_NUMBER: u64 = 4_900_000_000;

/// What a document is about to change.
#[derive(Debug, Default)]
pub(super) struct Pending {
    stock: Draft,
    delivered: BTreeMap<String, Decimal>,
}

impl Erp {
    /// Posts all of these items in one document, or none.
    pub(super) fn post(&mut self, desk: &mut Desk, head: Head, items: &[NewItem]) -> Outcome<DocumentKey> {
        let mut pending = Pending::default();
        let lines = items.iter().map(|item| self.check(&mut pending, item)).collect::<Outcome<Vec<Line>>>()?;
        self.book(desk, head, lines, pending)
    }

    /// Checks one item against the books and what is pending already.
    pub(super) fn check(&self, pending: &mut Pending, item: &NewItem) -> Outcome<Line> {
        let line = self.line(item)?;
        self.draft(pending, &line)?;
        Ok(line)
    }

    fn line(&self, item: &NewItem) -> Outcome<Line> {
        let unknown = || refused("M7/001", format!("Movement type {} is not known", item.goods_movement_type));
        let movement = movement(&item.goods_movement_type).ok_or_else(unknown)?;
        let material = self.known_material(&item.material)?;
        if item.plant.is_empty() || item.storage_location.is_empty() {
            return Err(refused("M7/011", "Enter plant and storage location"));
        }
        if material.batch_managed && item.batch.is_empty() {
            return Err(refused("M7/018", format!("Enter a batch for material {}", item.material)));
        }
        if !material.batch_managed && !item.batch.is_empty() {
            return Err(refused("ZT/104", format!("Material {} is not managed in batches", item.material)));
        }
        let quantity = read_quantity("QuantityInEntryUnit", &item.quantity_in_entry_unit)?;
        if quantity <= Decimal::ZERO {
            return Err(refused("M7/002", "Enter a quantity greater than zero"));
        }
        if movement.for_order {
            self.order(&item.manufacturing_order)?.allows("Goods movement")?;
        }
        Ok(Line {
            movement,
            material: item.material.clone(),
            plant: item.plant.clone(),
            location: item.storage_location.clone(),
            batch: item.batch.clone(),
            stock_type: StockType::read(&item.inventory_stock_type)?,
            quantity,
            unit: item.entry_unit.clone(),
            base_quantity: material.in_base(quantity, &item.entry_unit)?,
            base_unit: material.base_unit.clone(),
            order: item.manufacturing_order.clone(),
            text: item.material_document_item_text.clone(),
            reason: item.goods_movement_reason_code.clone(),
            completes_delivery: item.is_completely_delivered,
            undoes: None,
            undone: false,
        })
    }

    /// Puts the line's change of stock and of the order's delivery into what is pending.
    pub(super) fn draft(&self, pending: &mut Pending, line: &Line) -> Outcome<()> {
        if let Some(by) = delivery(line) {
            let order = self.order(&line.order)?;
            Self::check_delivery(pending, order, line, by)?;
        }
        for (end, sign) in [(line.movement.from, -Decimal::ONE), (line.movement.to, Decimal::ONE)] {
            let stock_type = match end {
                End::Outside => continue,
                End::In(stock_type) => stock_type,
                End::Asked => line.stock_type,
            };
            let (material, plant, location) = (line.material.clone(), line.plant.clone(), line.location.clone());
            let heap = Heap { material, plant, location, batch: line.batch.clone(), stock_type };
            self.stock.change(&mut pending.stock, &heap, line.base_quantity * sign)?;
        }
        Ok(())
    }

    fn check_delivery(pending: &mut Pending, order: &Order, line: &Line, by: Decimal) -> Outcome<()> {
        if order.material != line.material {
            return Err(refused("ZT/105", format!("Order {} does not produce material {}", order.number, line.material)));
        }
        let change = pending.delivered.entry(order.number.clone()).or_default();
        let after = order.delivered + *change + by;
        if by > Decimal::ZERO && order.deliverable().is_some_and(|limit| after > limit) {
            let over = quantity_text(after - order.total);
            return Err(refused("M7/022", format!("Order {}: ordered quantity exceeded by {over} {}", order.number, line.base_unit)));
        }
        if after < Decimal::ZERO {
            return Err(refused("M7/023", format!("Order {}: more returned than was received", order.number)));
        }
        *change += by;
        Ok(())
    }

    /// Writes the document and takes everything pending over.
    pub(super) fn book(&mut self, desk: &mut Desk, head: Head, lines: Vec<Line>, pending: Pending) -> Outcome<DocumentKey> {
        let plant = lines.first().map(|line| line.plant.clone());
        let plant = plant.ok_or_else(|| refused("M7/003", "Document does not contain any items"))?;
        let created_at = desk.stamp(desk.now);
        let today = self.plant_day(desk, &plant, created_at);
        let posting_day = head.posting_day.unwrap_or(today);
        self.check_period(desk, posting_day, today)?;
        self.stock.take_over(pending.stock);
        for line in &lines {
            self.book_on_order(line, created_at);
        }
        let key = self.next_document(posting_day.year());
        let dated = head.document_day.unwrap_or(today);
        self.documents.insert(key, Document { key, head, posting_day, dated, created_at, lines });
        Ok(key)
    }

    fn book_on_order(&mut self, line: &Line, at: Moment) {
        let Some(order) = self.orders.get_mut(&line.order) else { return };
        order.changed_at = at;
        if let Some(by) = delivery(line) {
            order.deliver(by, line.completes_delivery);
        }
        let by = match line.movement.code {
            "261" => line.base_quantity,
            "262" => -line.base_quantity,
            _ => return,
        };
        if let Some(component) = order.components.iter_mut().find(|component| component.material == line.material) {
            component.withdrawn += by;
        }
    }

    fn next_document(&mut self, year: i16) -> DocumentKey {
        let last = self.documents.range((year, 0)..=(year, u64::MAX)).next_back();
        (year, last.map_or(FIRST_NUMBER, |(key, _)| key.1) + 1)
    }

    /// Undoes a document, or one item of it, by a new dated document.
    pub(super) fn undo(&mut self, desk: &mut Desk, key: DocumentKey, item: Option<usize>, head: Head) -> Outcome<DocumentKey> {
        let missing = || not_found(format!("Material document {} {} does not exist", key.1, key.0));
        let document = self.documents.get(&key).ok_or_else(missing)?;
        let mut pending = Pending::default();
        let mut lines = Vec::new();
        for (at, line) in (1..).zip(&document.lines).filter(|(at, line)| !line.undone && item.is_none_or(|one| one == *at)) {
            lines.push(self.opposite(&mut pending, line, (key, at))?);
        }
        if lines.is_empty() {
            return Err(refused("M7/310", format!("Material document {} {} is already cancelled", key.1, key.0)));
        }
        let undone: Vec<usize> = lines.iter().filter_map(|line| line.undoes.map(|(_, at)| at)).collect();
        let undoing = self.book(desk, head, lines, pending)?;
        if let Some(document) = self.documents.get_mut(&key) {
            let marked = (1..).zip(&mut document.lines).filter(|(at, _)| undone.contains(at));
            marked.for_each(|(_, line)| line.undone = true);
        }
        Ok(undoing)
    }

    fn opposite(&self, pending: &mut Pending, line: &Line, undoes: (DocumentKey, usize)) -> Outcome<Line> {
        let none = || refused("M7/001", format!("Movement type {} cannot be undone", line.movement.code));
        let movement = movement(line.movement.undone_by).ok_or_else(none)?;
        if movement.for_order {
            self.order(&line.order)?.allows("Goods movement")?;
        }
        let opposite = Line { movement, undoes: Some(undoes), ..line.clone() };
        self.draft(pending, &opposite)?;
        Ok(opposite)
    }

    /// Refuses a posting day in a period that is not open: only the plant's current month and the one before are, unless
    /// finance closed them.
    pub(super) fn check_period(&self, desk: &mut Desk, day: Date, today: Date) -> Outcome<()> {
        let month = |day: Date| i32::from(day.year()) * 12 + i32::from(day.month());
        let possible = (month(today) - 1..=month(today)).contains(&month(day));
        let period = format!("{:04}-{:02}", day.year(), day.month());
        if possible && !self.closed_periods.contains(&period) {
            return Ok(());
        }
        desk.habits.count("period_closed");
        Err(refused("M7/053", format!("Posting only possible in open periods, not in {period}")))
    }

    /// The material, or the refusal that there is none.
    pub(super) fn known_material(&self, material: &str) -> Outcome<&Material> {
        let missing = || refused("M3/305", format!("The material {material} does not exist or is not activated"));
        self.materials.get(material).ok_or_else(missing)
    }

    /// The order, or the refusal that there is none.
    pub(super) fn order(&self, number: &str) -> Outcome<&Order> {
        self.orders.get(number).ok_or_else(|| refused("CO/001", format!("Order {number} not found")))
    }

    /// The calendar day in that plant.
    pub(super) fn plant_day(&self, desk: &Desk, plant: &str, at: Moment) -> Date {
        self.plants.get(plant).unwrap_or(&desk.zone).day(at)
    }
}

/// By how much a line changes what its order has delivered.
fn delivery(line: &Line) -> Option<Decimal> {
    match line.movement.code {
        "101" => Some(line.base_quantity),
        "102" => Some(-line.base_quantity),
        _ => None,
    }
}
