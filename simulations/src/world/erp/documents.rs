//! Material documents: what a client sends to post one, how the ERP keeps it, and how it shows it.
//!
//! Apart from the rules of posting because a document once written only ever gains the mark that it was undone.

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::moment::{Moment, Zone};
use super::movements::Movement;
use super::odata::{Outcome, Refused, day_text, quantity_text, read_day, refused, time_text};
use super::stock::StockType;

/// A list as `OData` V2 sends it, in its `results` envelope or bare.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Listed<T> {
    Wrapped { results: Vec<T> },
    Bare(Vec<T>),
}

impl<T> Default for Listed<T> {
    fn default() -> Self {
        Self::Bare(Vec::new())
    }
}

impl<T> Listed<T> {
    pub(super) fn into_vec(self) -> Vec<T> {
        match self {
            Self::Wrapped { results: list } | Self::Bare(list) => list,
        }
    }
}

/// `A_MaterialDocumentHeader` as a client posts it. A field that the service does not have is refused.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields, default)]
pub(super) struct NewDocument {
    pub(super) posting_date: Option<String>,
    pub(super) document_date: Option<String>,
    pub(super) goods_movement_code: String,
    pub(super) material_document_header_text: String,
    pub(super) reference_document: String,
    #[serde(rename = "to_MaterialDocumentItem")]
    pub(super) items: Listed<NewItem>,
}

/// `A_MaterialDocumentItem` as a client posts it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields, default)]
pub(super) struct NewItem {
    pub(super) material: String,
    pub(super) plant: String,
    pub(super) storage_location: String,
    pub(super) batch: String,
    pub(super) goods_movement_type: String,
    pub(super) inventory_stock_type: String,
    pub(super) quantity_in_entry_unit: String,
    pub(super) entry_unit: String,
    pub(super) manufacturing_order: String,
    pub(super) manufacturing_order_item: String,
    pub(super) goods_movement_ref_doc_type: String,
    pub(super) goods_movement_reason_code: String,
    pub(super) material_document_item_text: String,
    pub(super) is_completely_delivered: bool,
}

/// What the head of a document says.
#[derive(Clone, Debug, Default)]
pub(super) struct Head {
    pub(super) posting_day: Option<Date>,
    pub(super) document_day: Option<Date>,
    pub(super) code: String,
    pub(super) header_text: String,
    pub(super) reference: String,
    pub(super) user: String,
}

impl NewDocument {
    /// Splits it into its head, read and measured, and its items.
    pub(super) fn into_parts(self, user: &str) -> Outcome<(Head, Vec<NewItem>)> {
        fits("ReferenceDocument", &self.reference_document, 16)?;
        fits("MaterialDocumentHeaderText", &self.material_document_header_text, 25)?;
        let head = Head {
            posting_day: self.posting_date.as_deref().map(read_day).transpose()?,
            document_day: self.document_date.as_deref().map(read_day).transpose()?,
            code: self.goods_movement_code,
            header_text: self.material_document_header_text,
            reference: self.reference_document,
            user: user.to_owned(),
        };
        Ok((head, self.items.into_vec()))
    }
}

/// Refuses a text that is longer than the field.
pub(super) fn fits(field: &str, text: &str, at_most: usize) -> Outcome<()> {
    if text.chars().count() <= at_most {
        return Ok(());
    }
    Err(refused("/IWBEP/CM_MGW_RT/022", format!("Property '{field}' has more than {at_most} characters")))
}

/// Reads a quantity as the ERP stores it: decimal text with at most 13 digits, 3 of them decimal places.
pub(super) fn read_quantity(field: &str, text: &str) -> Outcome<Decimal> {
    let wrong = |why: &str| -> Refused { refused("/IWBEP/CM_MGW_RT/021", format!("Property '{field}': '{text}' {why}")) };
    let quantity: Decimal = text.trim().parse().map_err(|_| wrong("is not a decimal"))?;
    let quantity = quantity.normalize();
    if quantity.scale() > 3 {
        return Err(wrong("has more than 3 decimal places"));
    }
    if quantity.abs() >= Decimal::from(10_000_000_000_u64) {
        return Err(wrong("has more than 10 digits before the point"));
    }
    Ok(quantity)
}

/// Year and number.
pub(super) type DocumentKey = (i16, u64);

/// One line of a document, all checks behind it.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) movement: Movement,
    pub(super) material: String,
    pub(super) plant: String,
    pub(super) location: String,
    pub(super) batch: String,
    /// The stock type that the item named.
    pub(super) stock_type: StockType,
    pub(super) quantity: Decimal,
    pub(super) unit: String,
    pub(super) base_quantity: Decimal,
    pub(super) base_unit: String,
    pub(super) order: String,
    pub(super) text: String,
    pub(super) reason: String,
    pub(super) completes_delivery: bool,
    /// The document and item that this line undoes.
    pub(super) undoes: Option<(DocumentKey, usize)>,
    pub(super) undone: bool,
}

/// One document.
#[derive(Clone, Debug)]
pub(super) struct Document {
    pub(super) key: DocumentKey,
    pub(super) head: Head,
    pub(super) posting_day: Date,
    pub(super) dated: Date,
    pub(super) created_at: Moment,
    pub(super) lines: Vec<Line>,
}

impl Document {
    /// `A_MaterialDocumentHeader` with its items.
    pub(super) fn view(&self, zone: &Zone) -> Value {
        json!({
            "MaterialDocumentYear": self.key.0.to_string(), "MaterialDocument": self.key.1.to_string(),
            "DocumentDate": day_text(self.dated), "PostingDate": day_text(self.posting_day),
            "CreationDate": day_text(zone.day(self.created_at)), "CreationTime": time_text(zone, self.created_at),
            "CreatedByUser": self.head.user, "GoodsMovementCode": self.head.code,
            "MaterialDocumentHeaderText": self.head.header_text, "ReferenceDocument": self.head.reference,
            "to_MaterialDocumentItem": { "results": self.item_views() },
        })
    }

    /// `A_MaterialDocumentItem`, each with the head of its document.
    pub(super) fn items_with_head(&self, zone: &Zone) -> Vec<Value> {
        let mut head = self.view(zone);
        if let Some(fields) = head.as_object_mut() {
            fields.remove("to_MaterialDocumentItem");
        }
        let mut items = self.item_views();
        for fields in items.iter_mut().filter_map(Value::as_object_mut) {
            fields.insert("to_MaterialDocumentHeader".to_owned(), head.clone());
        }
        items
    }

    /// `A_MaterialDocumentItem`.
    pub(super) fn item_views(&self) -> Vec<Value> {
        (1..).zip(&self.lines).map(|(item, line)| self.item_view(item, line)).collect()
    }

    fn item_view(&self, item: usize, line: &Line) -> Value {
        let (undone_document, undone_item) = match line.undoes {
            Some((key, at)) => (Some(key), at.to_string()),
            None => (None, String::new()),
        };
        json!({
            "MaterialDocumentYear": self.key.0.to_string(), "MaterialDocument": self.key.1.to_string(),
            "MaterialDocumentItem": item.to_string(), "Material": line.material, "Plant": line.plant,
            "StorageLocation": line.location, "Batch": line.batch, "GoodsMovementType": line.movement.code,
            "InventoryStockType": line.stock_type.code(), "QuantityInEntryUnit": quantity_text(line.quantity),
            "EntryUnit": line.unit, "QuantityInBaseUnit": quantity_text(line.base_quantity),
            "MaterialBaseUnit": line.base_unit, "ManufacturingOrder": line.order,
            "ManufacturingOrderItem": if line.order.is_empty() { "" } else { "1" },
            "MaterialDocumentItemText": line.text, "GoodsMovementReasonCode": line.reason,
            "IsCompletelyDelivered": line.completes_delivery, "GoodsMovementIsCancelled": line.undone,
            "ReversedMaterialDocumentYear": undone_document.map_or(String::new(), |key| key.0.to_string()),
            "ReversedMaterialDocument": undone_document.map_or(String::new(), |key| key.1.to_string()),
            "ReversedMaterialDocumentItem": undone_item,
        })
    }
}
