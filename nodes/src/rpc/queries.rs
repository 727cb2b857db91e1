//! The questions over gRPC: the same documents as over HTTP. Only translates.

use std::pin::Pin;
use std::sync::Arc;

use futures::{Stream, StreamExt as _};
use prost_types::value::Kind;
use prost_types::{ListValue, Struct, Value};
use serde::Serialize;
use takt_protocol::id::Kind as EntityKind;
use takt_protocol::intent::Tier;
use tonic::{Request, Response, Status};

use crate::answers::timeline::Step;
use crate::answers::{Page, event};
use crate::ask::v1::queries_server::Queries;
use crate::ask::{Denied, DeskWanted, Reception, Seen, Wanted, v1};

/// Where questions come in over gRPC.
pub(super) struct Counter {
    pub(super) reception: Arc<Reception>,
}

pub(super) type Document = Result<Response<Struct>, Status>;

impl Counter {
    /// Asks on behalf of a known client, while there is room.
    async fn asked<M, T: Serialize>(&self, request: &Request<M>, work: impl Future<Output = Result<T, Denied>>) -> Document {
        super::client(&self.reception, request.metadata())?;
        let _ticket = self.reception.admission().enter(Tier::Analytical)?;
        Ok(Response::new(document(&self.reception.within(work).await?)?))
    }
}

/// A step of an order that is watched.
#[derive(Serialize)]
struct Followed {
    #[serde(flatten)]
    step: Step,
    /// Where a watcher goes on that has seen it.
    next: u64,
}

#[tonic::async_trait]
impl Queries for Counter {
    type WatchOrderStream = Pin<Box<dyn Stream<Item = Result<Struct, Status>> + Send>>;
    type WatchEventsStream = Pin<Box<dyn Stream<Item = Result<Struct, Status>> + Send>>;

    async fn watch_order(&self, request: Request<v1::WatchFrom>) -> Result<Response<Self::WatchOrderStream>, Status> {
        let client = super::client(&self.reception, request.metadata())?;
        let v1::WatchFrom { id, after } = request.get_ref();
        let steps = self.reception.within(self.reception.watch(&client, id, *after)).await?;
        Ok(Response::new(Box::pin(steps.map(|seen| {
            let Seen { step, place } = seen?;
            document(&Followed { step, next: place })
        }))))
    }

    async fn show_order(&self, request: Request<v1::Which>) -> Document {
        self.asked(&request, Box::pin(self.reception.order(&request.get_ref().id, request.get_ref().at.as_deref()))).await
    }

    async fn show_timeline(&self, request: Request<v1::PartOf>) -> Document {
        self.asked(&request, self.reception.timeline(EntityKind::Order, request.get_ref())).await
    }

    async fn show_lot_timeline(&self, request: Request<v1::PartOf>) -> Document {
        self.asked(&request, self.reception.timeline(EntityKind::Lot, request.get_ref())).await
    }

    async fn show_unit_timeline(&self, request: Request<v1::PartOf>) -> Document {
        self.asked(&request, self.reception.timeline(EntityKind::Unit, request.get_ref())).await
    }

    async fn show_shipment_timeline(&self, request: Request<v1::PartOf>) -> Document {
        self.asked(&request, self.reception.timeline(EntityKind::Shipment, request.get_ref())).await
    }

    async fn show_site_timeline(&self, request: Request<v1::PartOf>) -> Document {
        self.asked(&request, self.reception.timeline(EntityKind::Site, request.get_ref())).await
    }

    async fn show_ledger(&self, request: Request<v1::Which>) -> Document {
        self.asked(&request, self.reception.ledger(&request.get_ref().id, request.get_ref().at.as_deref())).await
    }

    async fn show_lot(&self, request: Request<v1::Which>) -> Document {
        self.asked(&request, self.reception.lot(&request.get_ref().id, request.get_ref().at.as_deref())).await
    }

    async fn trace_lot(&self, request: Request<v1::PartOf>) -> Document {
        self.asked(&request, self.reception.trace(request.get_ref())).await
    }

    async fn show_unit(&self, request: Request<v1::Which>) -> Document {
        self.asked(&request, self.reception.unit(&request.get_ref().id, request.get_ref().at.as_deref())).await
    }

    async fn show_shipment(&self, request: Request<v1::Which>) -> Document {
        self.asked(&request, self.reception.shipment(&request.get_ref().id, request.get_ref().at.as_deref())).await
    }

    async fn show_exception(&self, request: Request<v1::Which>) -> Document {
        self.asked(&request, self.reception.exception(&request.get_ref().id, request.get_ref().at.as_deref())).await
    }

    async fn list_orders(&self, request: Request<v1::OrdersWanted>) -> Document {
        self.asked(&request, self.reception.orders(request.get_ref())).await
    }

    async fn list_lots(&self, request: Request<v1::LotsWanted>) -> Document {
        self.asked(&request, self.reception.lots(request.get_ref())).await
    }

    async fn list_shipments(&self, request: Request<v1::ShipmentsWanted>) -> Document {
        self.asked(&request, self.reception.shipments(request.get_ref())).await
    }

    async fn show_postings(&self, request: Request<v1::PostingsWanted>) -> Document {
        self.asked(&request, self.reception.postings(request.get_ref())).await
    }

    async fn show_genealogy(&self, request: Request<v1::Which>) -> Document {
        self.asked(&request, self.reception.genealogy(&request.get_ref().id, request.get_ref().at.as_deref())).await
    }

    async fn show_reach(&self, request: Request<v1::Which>) -> Document {
        self.asked(&request, self.reception.reach(&request.get_ref().id, request.get_ref().at.as_deref())).await
    }

    async fn show_site(&self, request: Request<v1::Which>) -> Document {
        let id = now_only(request.get_ref())?;
        self.asked(&request, self.reception.plant(id)).await
    }

    async fn list_exceptions(&self, request: Request<v1::DeskPart>) -> Document {
        let wanted = wanted(request.get_ref());
        self.asked(&request, self.reception.exceptions(&wanted)).await
    }

    async fn list_exception_groups(&self, request: Request<v1::DeskPart>) -> Document {
        let wanted = wanted(request.get_ref());
        self.asked(&request, self.reception.exception_groups(&wanted)).await
    }

    async fn show_exception_group(&self, request: Request<v1::Which>) -> Document {
        let id = now_only(request.get_ref())?;
        self.asked(&request, self.reception.exception_group(id)).await
    }

    async fn show_runbook(&self, request: Request<v1::ExceptionKind>) -> Document {
        self.asked(&request, async { Reception::runbook(&request.get_ref().kind) }).await
    }

    async fn list_dead_letters(&self, request: Request<v1::All>) -> Document {
        self.asked(&request, self.reception.dead_letters()).await
    }

    async fn retry_dead_letter(&self, request: Request<v1::Which>) -> Document {
        let client = super::client(&self.reception, request.metadata())?;
        let id = now_only(request.get_ref())?;
        self.asked(&request, self.reception.retry_dead_letter(&client, id)).await
    }

    async fn list_sites(&self, request: Request<v1::All>) -> Document {
        self.asked(&request, self.reception.sites()).await
    }

    async fn list_nodes(&self, request: Request<v1::All>) -> Document {
        self.asked(&request, self.reception.nodes()).await
    }

    async fn list_links(&self, request: Request<v1::All>) -> Document {
        self.asked(&request, self.reception.links()).await
    }

    async fn list_shards(&self, request: Request<v1::All>) -> Document {
        self.asked(&request, self.reception.shards()).await
    }

    async fn list_records(&self, request: Request<v1::RecordsQuestion>) -> Document {
        self.asked(&request, self.reception.records(request.get_ref())).await
    }

    async fn show_record(&self, request: Request<v1::RecordQuestion>) -> Document {
        self.asked(&request, self.reception.record(&request.get_ref().kind, &request.get_ref().id)).await
    }

    async fn list_reconciliations(&self, request: Request<v1::All>) -> Document {
        self.asked(&request, self.reception.reconciliations()).await
    }

    async fn show_reconciliation(&self, request: Request<v1::Which>) -> Document {
        let id = now_only(request.get_ref())?;
        self.asked(&request, self.reception.reconciliation(id)).await
    }

    async fn show_drift(&self, request: Request<v1::Which>) -> Document {
        let id = now_only(request.get_ref())?;
        self.asked(&request, self.reception.drift(id)).await
    }

    async fn list_deliveries(&self, request: Request<v1::DeliveriesWanted>) -> Document {
        self.asked(&request, self.reception.deliveries(request.get_ref())).await
    }

    async fn list_events(&self, request: Request<v1::EventsWanted>) -> Document {
        let client = super::client(&self.reception, request.metadata())?;
        // Who waits for events takes a watcher's place, and none of those who ask.
        let _ticket = self.reception.admission().watch(&client)?;
        let asked = request.into_inner();
        let place = self.reception.within(self.reception.place(asked.after.as_deref())).await?;
        let (wanted, most) = (Wanted { types: asked.r#type, site: asked.site }, asked.most.map(u64::from));
        let page = self.reception.events_page(place, wanted, most, asked.wait_ms.unwrap_or_default()).await?;
        Ok(Response::new(document(&page)?))
    }

    async fn watch_events(&self, request: Request<v1::EventsWanted>) -> Result<Response<Self::WatchEventsStream>, Status> {
        let client = super::client(&self.reception, request.metadata())?;
        let asked = request.into_inner();
        let wanted = Wanted { types: asked.r#type, site: asked.site };
        let (_, told) = self.reception.events(&client, asked.after.as_deref(), wanted).await?;
        let told = told.filter(|told| std::future::ready(!told.as_ref().is_ok_and(|told| told.events.is_empty())));
        Ok(Response::new(Box::pin(told.map(|told| document(&event::page(&told?))))))
    }

    async fn list_contracts(&self, request: Request<v1::All>) -> Document {
        self.asked(&request, async { Ok(Page { rows: event::listed(), next: None, as_of: None }) }).await
    }

    async fn show_contract(&self, request: Request<v1::Which>) -> Document {
        let id = now_only(request.get_ref())?;
        self.asked(&request, async { event::contract(id) }).await
    }

    async fn read_raw(&self, request: Request<v1::Which>) -> Result<Response<v1::Raw>, Status> {
        super::client(&self.reception, request.metadata())?;
        let _ticket = self.reception.admission().enter(Tier::Analytical)?;
        let hash = now_only(request.get_ref())?;
        let raw = self.reception.within(self.reception.raw(hash)).await?;
        Ok(Response::new(v1::Raw { raw: raw.to_vec() }))
    }

    async fn search(&self, request: Request<v1::Words>) -> Document {
        self.asked(&request, self.reception.search(&request.get_ref().q)).await
    }

    async fn retrieve_routing_assignments(&self, request: Request<v1::RoutingQuestion>) -> Document {
        self.asked(&request, self.reception.routing_assignments(request.get_ref())).await
    }
}

/// What is known as it is now only: who asks for the past of it would take the answer for that.
fn now_only(which: &v1::Which) -> Result<&str, Denied> {
    if which.at.is_none() {
        return Ok(&which.id);
    }
    Err(Denied::now_only("this", "ask for an order, a lot, a handling unit, a shipment, an exception or a timeline as it was"))
}

/// Which exceptions.
fn wanted(part: &v1::DeskPart) -> DeskWanted {
    DeskWanted {
        after: part.after.clone(),
        most: part.most.map(u64::from),
        owner: part.owner.clone(),
        site: part.site.clone(),
        snoozed: part.snoozed.unwrap_or_default(),
    }
}

/// An answer as a document; every answer is an object.
pub(super) fn document<T: Serialize>(answer: &T) -> Result<Struct, Status> {
    match serde_json::to_value(answer) {
        Ok(serde_json::Value::Object(fields)) => Ok(object(fields)),
        Ok(_) | Err(_) => Err(Denied::ours("an answer could not be written down").into()),
    }
}

fn object(fields: serde_json::Map<String, serde_json::Value>) -> Struct {
    Struct { fields: fields.into_iter().map(|(name, field)| (name, value(field))).collect() }
}

fn value(json: serde_json::Value) -> Value {
    let kind = match json {
        serde_json::Value::Null => Kind::NullValue(0),
        serde_json::Value::Bool(yes) => Kind::BoolValue(yes),
        serde_json::Value::Number(number) => Kind::NumberValue(number.as_f64().unwrap_or_default()),
        serde_json::Value::String(text) => Kind::StringValue(text),
        serde_json::Value::Array(items) => Kind::ListValue(ListValue { values: items.into_iter().map(value).collect() }),
        serde_json::Value::Object(fields) => Kind::StructValue(object(fields)),
    };
    Value { kind: Some(kind) }
}
