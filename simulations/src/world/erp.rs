//! An ERP in the manner of SAP's `OData` V2 services, with rules of its own. This page is its interface reference.
//!
//! Apart from the mesh in every respect ([`super`]). It has **no dedup**: the same document sent twice is posted twice,
//! unless the habit `request_id_dedup` gives its gateway the `RequestID` repeatability (kept six hours by default).
//!
//! # Speaking with it
//!
//! All services live under `/sap/opu/odata/sap/`. Answers stand in `{"d": …}` (sets in `{"d":{"results":[…]}}`), quantities are
//! decimal text with three places, days are `/Date(ms)/`, instants `/Date(ms+0000)/`, flags of orders `"X"` or `""`. Writing needs a
//! token: `GET` any set with `X-CSRF-Token: Fetch`, send the answered one along; it is good for 30 to 60 minutes, then 403 with
//! `x-csrf-token: Required`. Refusals are `{"error":{"code":"M7/053","message":{"lang":"en","value":"…"}}}`, mostly with status 400.
//!
//! Sets take `$filter` (`Field eq|ne|ge|gt|le|lt literal` joined by `and`; dates as `datetime'…'` or `datetimeoffset'…'`), `$expand`,
//! `$orderby`, `$top`, `$skip`, `$inlinecount=allpages`.
//!
//! | service | sets | writing |
//! |---|---|---|
//! | `API_PRODUCTION_ORDER_2_SRV` | `A_ProductionOrder_2` with `to_ProductionOrderOperation`, `to_ProductionOrderComponent`, `to_ProductionOrderItem`, `to_ProductionOrderStatus`; `A_ProductionOrderOperation_2`; `A_ProductionOrderComponent_4` | `POST A_ProductionOrder_2` `{"Material":…,"ProductionPlant":…,"TotalQuantity":…,"PlannedOrder":…,"ProductionVersion":…,"Batch":…}`; `PATCH A_ProductionOrder_2('…')` `{"TotalQuantity":"…","MfgOrderPlannedStartDate":"…","MfgOrderPlannedEndDate":"…","ProductionVersion":"…"}`, each optional, with `If-Match`; `PATCH A_ProductionOrderComponent_4(ManufacturingOrder='…',ReservationItem='…')` `{"Material":"…"}`; `POST ReleaseOrder`, `TechnicallyCompleteOrder`, `ReopenOrder`, `CancelOrder`, `CloseOrder` `?ManufacturingOrder='…'` |
//! | `API_PROD_ORDER_CONFIRMATION_2_SRV` | `ProdnOrdConf2` with `to_ProdnOrdConfMatlDocItm`; `ProdnOrdConfMatlDocItm` | `POST ProdnOrdConf2`; `POST CancelProdnOrdConf?ConfirmationGroup='…'&ConfirmationCount='…'` |
//! | `API_MATERIAL_DOCUMENT_SRV` | `A_MaterialDocumentHeader` with `to_MaterialDocumentItem`; `A_MaterialDocumentItem` with `to_MaterialDocumentHeader` | `POST A_MaterialDocumentHeader`; `POST Cancel?MaterialDocumentYear='…'&MaterialDocument='…'` (and `PostingDate`), `CancelItem` |
//! | `API_MATERIAL_STOCK_SRV` | `A_MatlStkInAcctMod` (`InventoryStockType` 01 free, 02 inspection, 07 blocked) | |
//! | `API_BATCH_SRV` | `Batch` | |
//! | `API_PLND_INDEP_RQMT_SRV` | `A_PlndIndepRqmt` with `to_PlannedOrder` | `POST A_PlndIndepRqmt` `{"Material":…,"Plant":…,"RequirementReference":…,"RequirementVersion":"1","PlannedQuantity":"300","BaseUnit":"EA","RequirementDate":"2026-12-01T00:00:00","IsFirm":false}`; `PATCH A_PlndIndepRqmt('…')` with any of the last four; `DELETE A_PlndIndepRqmt('…')` |
//! | `API_OUTBOUND_DELIVERY_SRV;v=0002` | `A_OutbDeliveryHeader` with `to_DeliveryDocumentItem` | `PATCH A_OutbDeliveryHeader('…')` `{"DeliveryBlockReason":"Q1"}` |
//!
//! Posting goods; movement types 101 261 531 321 343 349 551 553 555 561 601 701 201 and what undoes each:
//!
//! ```json
//! { "GoodsMovementCode": "02", "PostingDate": "2026-11-24T00:00:00", "ReferenceDocument": "(16 characters)",
//!   "MaterialDocumentHeaderText": "(25 characters)",
//!   "to_MaterialDocumentItem": [{ "Material": "FG-100", "Plant": "1010", "StorageLocation": "0002", "Batch": "N7-1123",
//!     "GoodsMovementType": "101", "ManufacturingOrder": "1000042", "ManufacturingOrderItem": "1",
//!     "GoodsMovementRefDocType": "F", "InventoryStockType": "", "QuantityInEntryUnit": "480", "EntryUnit": "EA" }] }
//! ```
//!
//! Confirming; a confirmation is saved even when its goods movements fail (read `to_ProdnOrdConfMatlDocItm` back, the failed ones
//! stand in the books as `failed_goods_movements`). Quantities may be negative as a correction, also after the final one:
//!
//! ```json
//! { "OrderID": "1000042", "OrderOperation": "0030", "ConfirmationUnit": "EA", "ConfirmationYieldQuantity": "480",
//!   "ConfirmationScrapQuantity": "3", "IsFinalConfirmation": false, "PostingDate": "2026-11-24T00:00:00",
//!   "ConfirmationText": "(40 characters)", "ExternalSystemConfirmation": "(a GUID)", "Personnel": "P-117",
//!   "OpConfirmedWorkQuantity1": "12.5", "OpWorkQuantityUnit1": "MIN", "APIConfHasNoGoodsMovements": true,
//!   "to_ProdnOrdConfMatlDocItm": [] }
//! ```
//!
//! Without items and without `APIConfHasNoGoodsMovements` the components marked for backflush are issued by the plan.
//!
//! # Its refusals
//!
//! `BS/007` and `BS/013` the order's status does not allow it · `CO/001` no such order · `CO/110` `CO/111` worked on already · `RU/002` no such operation · `CO/469` the order
//! is locked by somebody (habit `locked`) · `MD/010` `MD/061` no quantity, no capacity until the day · `MD/142` an order was made of the requirement · `M7/001` movement type · `M7/003` no items · `M7/011` plant or location missing · `M7/018`
//! batch missing · `M7/021` deficit · `M7/022` over-delivery · `M7/053` period not open · `M7/310` already cancelled · `M3/305` material
//! unknown · `BM/302` unit · `ZT/…` this system's own · `/IWBEP/…` what was sent is malformed.
//! Only the current and the previous month of the plant's own calendar can be posted to, unless `/_sim/periods` closed them.
//!
//! # What it tells
//!
//! `order.released`, `order.changed`, `order.cancelled`, `order.technically_completed`, `order.reopened`, `order.closed`, `document.posted_by_hand`, in
//! the lane of the order, with nothing but keys; then read. Polling works as well: `$filter=LastChangeDateTime ge datetimeoffset'…'`.
//!
//! ```json
//! { "specversion": "1.0", "type": "sap.s4.beh.productionorder.v1.ProductionOrder.Released.v1", "topic": "order.released",
//!   "source": "/default/sap.s4.beh/erp-eu", "id": "erp-eu-7", "time": "2026-11-24T03:12:11.000+01:00",
//!   "datacontenttype": "application/json", "data": { "ManufacturingOrder": "1000042" } }
//! ```
//!
//! # Its own people
//!
//! | path | body |
//! |---|---|
//! | `POST /_sim/plants` | `{"plant":"1010","time_zone":"Europe/Berlin"}` |
//! | `POST /_sim/materials` | `{"material":"FG-100","base_unit":"EA","batch_managed":true,"units":{"PAL":[480,1]}}` |
//! | `POST /_sim/stock` | one item as in `to_MaterialDocumentItem`, without movement type: an opening balance |
//! | `PUT /_sim/periods` | `{"closed":["2026-10"]}` |
//! | `POST /_sim/production-versions` | `{"material":…,"plant":…,"production_version":"7","base_quantity":"1000","location":…,"operations":[…],"components":[…]}`: routing and bill of material for orders that bring none; the newest one where none is named |
//! | `POST /_sim/production-orders` | `{"order":"1000042","material":…,"plant":…,"location":…,"batch":…,"production_version":…,"planned_order":…,"quantity":"5000","over_percent":"5","under_percent":"0","start":"2026-11-24","end":…,"operations":[{"operation":"0010","work_center":"PRESS-4","text":"press"}],"components":[{"item":"0010","operation":"0010","material":"STEEL-3","quantity":"1600","unit":"KG","location":"0001"}]}`; `order` may be left out, so may `over_percent` (then unlimited); a planned order is converted once |
//! | `POST /_sim/production-orders/{no}/{action}` | `release`, `change` `{"quantity":"4000","start":…,"end":…,"production_version":…,"item":…,"material":…}`, `technically-complete`, `reopen`, `close`, `cancel`, `lock`, `unlock` |
//! | `POST /_sim/sourcing` | `{"material":"FG-100","sources":[{"plant":"1010","per_day":"160"}]}`: where it is made, the best place first, and how much a day; a requirement is planned as late as possible, first where it is wanted, on working days |
//! | `POST /_sim/conversions` | `{}`: every planned order of a firm requirement becomes a production order, released: `{"orders":["1000042"]}` |
//! | `POST /_sim/deliveries` | `{"delivery":"80000001","items":[{"item":"10","material":…,"plant":…,"batch":…,"quantity":"480","unit":"EA"}]}` |
//! | `POST /_sim/by-hand` | `{"do":"post","user":"KOTT","document":{…}}`, `{"do":"confirm","user":…,"confirmation":{…}}`, `{"do":"undo","user":…,"year":2026,"document":4900000001}`, `{"do":"reprocess_failed","user":…}`, `{"do":"order","order":"1000042","action":"technically-complete"}` |

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::exchange::{Request, Response};
use super::habits::Habit;
use super::moment::{Moment, Zone};
use super::system::{Desk, House, Kind, Rules};

mod changes;
mod confirmations;
mod deliveries;
mod demand;
mod documents;
mod events;
mod movements;
mod odata;
mod orders;
mod planner;
mod plans;
mod posting;
mod services;
mod stock;

/// The ERP's rules and books.
#[derive(Clone, Debug)]
pub struct Erp {
    name: String,
    zone: Zone,
    plants: BTreeMap<String, Zone>,
    materials: BTreeMap<String, stock::Material>,
    stock: stock::Stock,
    versions: plans::Versions,
    batches: BTreeMap<(String, String), Moment>,
    orders: BTreeMap<String, orders::Order>,
    documents: BTreeMap<documents::DocumentKey, documents::Document>,
    confirmations: Vec<confirmations::Confirmation>,
    failed: Vec<confirmations::Failed>,
    deliveries: deliveries::Deliveries,
    demand: demand::Demand,
    closed_periods: BTreeSet<String>,
    remembered: BTreeMap<String, (Moment, Response)>,
}

impl Erp {
    /// An ERP with empty books, of this name, whose people live in this zone.
    pub fn house(name: &str, zone: Zone, seed: u64) -> House<Self> {
        House::new(Self::empty(name, zone.clone()), zone, seed)
    }

    fn empty(name: &str, zone: Zone) -> Self {
        Self {
            name: name.to_owned(),
            zone,
            plants: BTreeMap::new(),
            materials: BTreeMap::new(),
            stock: stock::Stock::default(),
            versions: BTreeMap::new(),
            batches: BTreeMap::new(),
            orders: BTreeMap::new(),
            documents: BTreeMap::new(),
            confirmations: Vec::new(),
            failed: Vec::new(),
            deliveries: BTreeMap::new(),
            demand: demand::Demand::default(),
            closed_periods: BTreeSet::new(),
            remembered: BTreeMap::new(),
        }
    }

    fn failed_view(one: &confirmations::Failed) -> Value {
        json!({
            "ConfirmationGroup": one.group, "ConfirmationCount": one.count.to_string(), "OrderID": one.item.manufacturing_order,
            "Material": one.item.material, "Batch": one.item.batch, "GoodsMovementType": one.item.goods_movement_type,
            "QuantityInEntryUnit": one.item.quantity_in_entry_unit, "EntryUnit": one.item.entry_unit,
            "code": one.why.code, "text": one.why.text,
        })
    }
}

impl Rules for Erp {
    const KIND: Kind = Kind::Erp;
    const HABITS: &'static [Habit] = &[Habit::PartialGoods, Habit::RequestIdDedup];

    fn answer(&mut self, desk: &mut Desk, request: &Request) -> Response {
        if request.path.starts_with("/_sim/") {
            return self.in_house(desk, request).unwrap_or_else(|refusal| refusal.response());
        }
        let response = self.serve(desk, request).unwrap_or_else(|refusal| refusal.response());
        self.remember(desk, request, response)
    }

    /// An ERP does nothing by itself.
    fn tick(&mut self, _desk: &mut Desk) -> bool {
        false
    }

    fn due(&self) -> Option<Moment> {
        None
    }

    fn books(&self) -> Value {
        let confirmations: Vec<Value> = self.confirmations.iter().map(|one| self.confirmation_view(&self.zone, one)).collect();
        json!({
            "orders": planner::listed(&self.orders, orders::Order::view),
            "stock": self.stock.view(&self.materials),
            "documents": planner::listed(&self.documents, |document| document.view(&self.zone)),
            "confirmations": confirmations,
            "failed_goods_movements": self.failed.iter().map(Self::failed_view).collect::<Vec<_>>(),
            "deliveries": self.delivery_views(),
            "requirements": self.requirement_views(),
            "closed_periods": self.closed_periods,
        })
    }

    fn locked(status: Option<u16>) -> Response {
        let text = "Order is already being processed by user KOTT".to_owned();
        odata::Refused { status: status.unwrap_or(400), code: "CO/469", text }.response()
    }
}

#[cfg(test)]
mod tests;
