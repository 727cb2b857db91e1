//! The `OData` services: which entity sets there are, what may be read, created and changed, and by which function.
//!
//! Apart from the rules because this is the gateway: tokens, keys, entity tags, status codes. Never decides about stock.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::super::exchange::{Method, Request, Response};
use super::super::habits::Habit;
use super::super::moment::Zone;
use super::super::system::Desk;
use super::Erp;
use super::changes::Change;
use super::confirmations::NewConfirmation;
use super::documents::{Head, NewDocument};
use super::odata::{self, Outcome, Refused, Target, not_found, one_answer, parameter, read_day, refused, set_answer, target};
use super::planner::{read, user_of};
use super::plans::RequestedOrder;

const ORDERS: &str = "API_PRODUCTION_ORDER_2_SRV";
const CONFIRMATIONS: &str = "API_PROD_ORDER_CONFIRMATION_2_SRV";
const DOCUMENTS: &str = "API_MATERIAL_DOCUMENT_SRV";
const STOCK: &str = "API_MATERIAL_STOCK_SRV";
const BATCHES: &str = "API_BATCH_SRV";
const DELIVERIES: &str = "API_OUTBOUND_DELIVERY_SRV";
const REQUIREMENTS: &str = "API_PLND_INDEP_RQMT_SRV";

const SIX_HOURS_MS: i64 = 6 * 60 * 60 * 1000;

/// What of an order can be changed from outside.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct OrderPatch {
    #[serde(default)]
    total_quantity: String,
    #[serde(default)]
    mfg_order_planned_start_date: String,
    #[serde(default)]
    mfg_order_planned_end_date: String,
    #[serde(default)]
    production_version: String,
}

/// What of a component can be changed from outside.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct ComponentPatch {
    material: String,
}

impl Erp {
    /// Takes a request to one of the services.
    pub(super) fn serve(&mut self, desk: &mut Desk, request: &Request) -> Outcome<Response> {
        let Some(target) = target(&request.path) else {
            return Err(not_found(format!("No service found for {}", request.path)));
        };
        if request.method == Method::Get {
            let response = self.reading(&desk.zone, &target, request)?;
            let fetches = request.headers.get("x-csrf-token").is_some_and(|text| text.eq_ignore_ascii_case("fetch"));
            return Ok(if fetches { response.with_header("x-csrf-token", &odata::token(desk.now, 0)) } else { response });
        }
        if !odata::token_is_good(desk.now, request) {
            let missing = Refused { status: 403, code: "/IWFND/CM_CONSUMER/101", text: "CSRF token validation failed".to_owned() };
            return Ok(missing.response().with_header("x-csrf-token", "Required"));
        }
        match self.known_request(desk, request) {
            Some(answer) => Ok(answer),
            None => self.writing(desk, &target, request),
        }
    }

    /// Everything in an entity set that a reading can mean, and the fields of its key. What is named exactly is found before it is
    /// written out: an ERP has thousands of documents, and is asked for one.
    fn entities(&self, zone: &Zone, target: &Target, query: &BTreeMap<String, String>) -> Outcome<(Vec<Value>, &'static [&'static str])> {
        let named = odata::named(target, query);
        let may = |field: &str, value: &str| named.get(field).is_none_or(|wanted| wanted == value);
        let is_meant = |order: &&super::orders::Order| {
            may("", &order.number) && may("ManufacturingOrder", &order.number) && may("PlannedOrder", &order.converted_from)
        };
        let orders = || self.orders.values().filter(is_meant);
        let number = |field: &str| named.get(field)?.parse::<u64>().ok();
        let documents = || {
            let known = number("MaterialDocument").map(|wanted| self.documents.iter().filter(move |((_, number), _)| *number == wanted));
            let all = known.is_none().then(|| self.documents.iter());
            let found = known.into_iter().flatten().chain(all.into_iter().flatten()).map(|(_, one)| one);
            found.filter(|one| may("ReferenceDocument", &one.head.reference))
        };
        let of_order = |one: &&super::documents::Document| one.lines.iter().any(|line| may("ManufacturingOrder", &line.order));
        let told = |one: &&super::confirmations::Confirmation| {
            may("OrderID", &one.sent.order) && may("ExternalSystemConfirmation", &one.sent.external_system_confirmation)
        };
        let confirmations = || self.confirmations.iter().filter(told).map(|one| self.confirmation_view(zone, one));
        let movements = |view: Value| view.pointer("/to_ProdnOrdConfMatlDocItm/results").and_then(Value::as_array).cloned();
        Ok(match (target.service, target.set) {
            (ORDERS, "A_ProductionOrder_2") => (orders().map(super::orders::Order::view).collect(), &["ManufacturingOrder"]),
            (ORDERS, "A_ProductionOrderOperation_2") => {
                (orders().flat_map(super::orders::Order::operation_views).collect(), &["ManufacturingOrder"])
            }
            (ORDERS, "A_ProductionOrderComponent_4") => {
                (orders().flat_map(super::orders::Order::component_views).collect(), &["ManufacturingOrder"])
            }
            (CONFIRMATIONS, "ProdnOrdConf2") => (confirmations().collect(), &["ConfirmationGroup", "ConfirmationCount"]),
            (CONFIRMATIONS, "ProdnOrdConfMatlDocItm") => {
                (confirmations().filter_map(movements).flatten().collect(), &["MaterialDocumentYear", "MaterialDocument"])
            }
            (DOCUMENTS, "A_MaterialDocumentHeader") => {
                (documents().map(|one| one.view(zone)).collect(), &["MaterialDocumentYear", "MaterialDocument"])
            }
            (DOCUMENTS, "A_MaterialDocumentItem") => (
                documents().filter(of_order).flat_map(|one| one.items_with_head(zone)).collect(),
                &["MaterialDocumentYear", "MaterialDocument"],
            ),
            (STOCK, "A_MatlStkInAcctMod") => (self.stock.view(&self.materials), &["Material"]),
            (BATCHES, "Batch") => (self.batch_views(), &["Material", "Batch"]),
            (DELIVERIES, "A_OutbDeliveryHeader") => (self.delivery_views(), &["DeliveryDocument"]),
            (REQUIREMENTS, "A_PlndIndepRqmt") => (self.requirement_views(), &["PlndIndepRqmt"]),
            (ORDERS | CONFIRMATIONS | DOCUMENTS | STOCK | BATCHES | DELIVERIES | REQUIREMENTS, "") => (Vec::new(), &[]),
            (service, set) => return Err(not_found(format!("Resource not found for segment '{set}' of {service}"))),
        })
    }

    fn reading(&self, zone: &Zone, target: &Target, request: &Request) -> Outcome<Response> {
        let (entities, key) = self.entities(zone, target, &request.query)?;
        if target.key.is_empty() {
            return set_answer(entities, &request.query);
        }
        let entity = only(entities, key, target)?;
        match target.rest {
            None => Ok(one_answer(200, entity, &request.query)),
            Some(navigation) => {
                let inside = entity.get(navigation).and_then(|value| value.get("results")).and_then(Value::as_array);
                let inside = inside.ok_or_else(|| not_found(format!("Resource not found for segment '{navigation}'")))?;
                set_answer(inside.clone(), &request.query)
            }
        }
    }

    fn writing(&mut self, desk: &mut Desk, target: &Target, request: &Request) -> Outcome<Response> {
        let zone = desk.zone.clone();
        let user = user_of(request);
        match (request.method.name(), target.service, target.set) {
            ("POST", DOCUMENTS, "A_MaterialDocumentHeader") => {
                let (head, items) = read::<NewDocument>(request)?.into_parts(&user)?;
                let key = self.post(desk, head, &items)?;
                self.show_document(&zone, key, 201)
            }
            ("POST", DOCUMENTS, "Cancel" | "CancelItem") => self.cancel_document(desk, request, user),
            ("POST", CONFIRMATIONS, "ProdnOrdConf2") => {
                let at = self.confirm(desk, read::<NewConfirmation>(request)?, &user)?;
                self.show_confirmation(&zone, at, 201)
            }
            ("POST", CONFIRMATIONS, "CancelProdnOrdConf") => {
                let group = required(request, "ConfirmationGroup")?;
                let count = number(request, "ConfirmationCount")?;
                let day = parameter(request, "PostingDate").as_deref().map(read_day).transpose()?;
                let at = self.cancel_confirmation(desk, &group, count, day)?;
                self.show_confirmation(&zone, at, 200)
            }
            ("POST", ORDERS, "A_ProductionOrder_2") => {
                let number = self.create(desk, read::<RequestedOrder>(request)?.into())?;
                Ok(Response::json(201, &json!({ "d": self.order(&number)?.view() })))
            }
            ("POST", ORDERS, function) => self.order_function(desk, function, request),
            ("PATCH", ORDERS, "A_ProductionOrder_2") => self.patch_order(desk, target, request),
            ("PATCH", ORDERS, "A_ProductionOrderComponent_4") => self.patch_component(desk, target, request),
            ("PATCH", DELIVERIES, "A_OutbDeliveryHeader") => self.patch_delivery(target, request),
            ("POST", REQUIREMENTS, "A_PlndIndepRqmt") => self.require(desk, request),
            ("PATCH", REQUIREMENTS, "A_PlndIndepRqmt") => self.revise_requirement(desk, target, request),
            ("DELETE", REQUIREMENTS, "A_PlndIndepRqmt") => self.drop_requirement(target),
            (method, service, set) => Err(not_found(format!("{method} is not supported for '{set}' of {service}"))),
        }
    }

    fn cancel_document(&mut self, desk: &mut Desk, request: &Request, user: String) -> Outcome<Response> {
        let key = (number(request, "MaterialDocumentYear")?, number(request, "MaterialDocument")?);
        let item = parameter(request, "MaterialDocumentItem").map(|_| number(request, "MaterialDocumentItem")).transpose()?;
        let posting_day = parameter(request, "PostingDate").as_deref().map(read_day).transpose()?;
        let undoing = self.undo(desk, key, item, Head { posting_day, user, ..Head::default() })?;
        let zone = desk.zone.clone();
        self.show_document(&zone, undoing, 200)
    }

    fn order_function(&mut self, desk: &mut Desk, function: &str, request: &Request) -> Outcome<Response> {
        let action = match function {
            "ReleaseOrder" => "release",
            "TechnicallyCompleteOrder" => "technically-complete",
            "ReopenOrder" => "reopen",
            "CancelOrder" => "cancel",
            "CloseOrder" => "close",
            other => return Err(not_found(format!("Function import '{other}' not found"))),
        };
        let order = required(request, "ManufacturingOrder")?;
        self.act(desk, &order, action, &Change::default())
    }

    fn patch_order(&mut self, desk: &mut Desk, target: &Target, request: &Request) -> Outcome<Response> {
        let number = target.key.first().map_or("", |(_, value)| value.as_str()).to_owned();
        let tag = odata::etag(&odata::instant_text(self.order(&number)?.changed_at));
        let precondition = |status, text: &str| Refused { status, code: "/IWBEP/CM_MGW_RT/022", text: text.to_owned() };
        match request.headers.get("if-match").map(String::as_str) {
            None => return Err(precondition(428, "An If-Match header is required")),
            Some("*") => {}
            Some(held) if held == tag => {}
            Some(_) => return Err(precondition(412, "The order was changed in the meantime")),
        }
        let patch: OrderPatch = read(request)?;
        let change = Change {
            quantity: patch.total_quantity,
            start: patch.mfg_order_planned_start_date,
            end: patch.mfg_order_planned_end_date,
            production_version: patch.production_version,
            ..Change::default()
        };
        self.act(desk, &number, "change", &change)?;
        Ok(Response::empty(204))
    }

    fn patch_component(&mut self, desk: &mut Desk, target: &Target, request: &Request) -> Outcome<Response> {
        let key = |name: &str| target.key.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
        let missing = |name: &str| refused("/IWBEP/CM_MGW_RT/021", format!("The key needs '{name}'"));
        let order = key("ManufacturingOrder").ok_or_else(|| missing("ManufacturingOrder"))?;
        let item = key("ReservationItem").ok_or_else(|| missing("ReservationItem"))?;
        let material = read::<ComponentPatch>(request)?.material;
        self.act(desk, &order, "change", &Change { item, material, ..Change::default() })?;
        Ok(Response::empty(204))
    }

    fn show_document(&self, zone: &Zone, key: super::documents::DocumentKey, status: u16) -> Outcome<Response> {
        let document = self.documents.get(&key).ok_or_else(|| not_found("material document"))?;
        let items = [("$expand".to_owned(), "to_MaterialDocumentItem".to_owned())];
        Ok(one_answer(status, document.view(zone), &items.into()))
    }

    fn show_confirmation(&self, zone: &Zone, at: usize, status: u16) -> Outcome<Response> {
        let confirmation = self.confirmations.get(at).ok_or_else(|| not_found("confirmation"))?;
        let items = [("$expand".to_owned(), "to_ProdnOrdConfMatlDocItm".to_owned())];
        Ok(one_answer(status, self.confirmation_view(zone, confirmation), &items.into()))
    }

    /// The first answer to this `RequestID` once more, while the gateway remembers it and if it has that ability at all.
    fn known_request(&mut self, desk: &mut Desk, request: &Request) -> Option<Response> {
        let (at, answer) = self.remembered.get(request.headers.get("requestid")?)?;
        let dose = desk.habits.shows(Habit::RequestIdDedup, &request.place())?;
        if desk.now > at.plus_ms(dose.amount.unwrap_or(SIX_HOURS_MS)) {
            let outdated = Refused { status: 400, code: "/IWFND/CM_CORE/109", text: "RequestID is outdated".to_owned() };
            return Some(outdated.response());
        }
        desk.habits.count(Habit::RequestIdDedup.name());
        Some(answer.clone())
    }

    /// Remembers what was answered to a `RequestID`.
    pub(super) fn remember(&mut self, desk: &mut Desk, request: &Request, response: Response) -> Response {
        let Some(id) = request.headers.get("requestid") else { return response };
        let able = desk.habits.doses().contains_key(&Habit::RequestIdDedup);
        let response = response.with_header("repeatabilityresult", if able { "accepted" } else { "unsupported" });
        if able && response.is_success() {
            self.remembered.entry(id.clone()).or_insert((desk.now, response.clone()));
        }
        response
    }
}

fn only(entities: Vec<Value>, key: &[&str], target: &Target) -> Outcome<Value> {
    let named: Vec<(&str, &str)> = target
        .key
        .iter()
        .map(|(name, value)| (if name.is_empty() { key.first().copied().unwrap_or("") } else { name.as_str() }, value.as_str()))
        .collect();
    let fits = |entity: &Value| named.iter().all(|(name, value)| entity.get(*name).and_then(Value::as_str) == Some(*value));
    let missing = || not_found(format!("{} {:?} does not exist", target.set, named));
    entities.into_iter().find(fits).ok_or_else(missing)
}

fn required(request: &Request, name: &str) -> Outcome<String> {
    parameter(request, name).ok_or_else(|| refused("/IWBEP/CM_MGW_RT/021", format!("Parameter '{name}' is missing")))
}

fn number<T: std::str::FromStr>(request: &Request, name: &str) -> Outcome<T> {
    let text = required(request, name)?;
    text.parse().map_err(|_| refused("/IWBEP/CM_MGW_RT/021", format!("Parameter '{name}' is not a number: '{text}'")))
}
