//! The questions over gRPC: the same documents as over HTTP. Only translates.

use std::pin::Pin;
use std::sync::Arc;

use futures::{Stream, StreamExt as _};
use prost_types::value::Kind;
use prost_types::{ListValue, Struct, Value};
use serde::Serialize;
use takt_protocol::intent::Tier;
use tonic::{Request, Response, Status};

use crate::ask::v1::queries_server::Queries;
use crate::ask::{Denied, DeskWanted, ROWS_MAX, Reception, v1};

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

#[tonic::async_trait]
impl Queries for Counter {
    type WatchOrderStream = Pin<Box<dyn Stream<Item = Result<Struct, Status>> + Send>>;

    async fn watch_order(&self, request: Request<v1::WatchFrom>) -> Result<Response<Self::WatchOrderStream>, Status> {
        super::client(&self.reception, request.metadata())?;
        let v1::WatchFrom { id, after } = request.into_inner();
        let steps = self.reception.within(self.reception.watch(&id, after)).await?;
        Ok(Response::new(Box::pin(steps.map(|step| document(&step?)))))
    }

    async fn show_order(&self, request: Request<v1::Which>) -> Document {
        self.asked(&request, self.reception.order(&request.get_ref().id, request.get_ref().at.as_deref())).await
    }

    async fn show_timeline(&self, request: Request<v1::Which>) -> Document {
        self.asked(&request, self.reception.timeline(&request.get_ref().id)).await
    }

    async fn show_ledger(&self, request: Request<v1::Which>) -> Document {
        self.asked(&request, self.reception.ledger(&request.get_ref().id, request.get_ref().at.as_deref())).await
    }

    async fn show_lot(&self, request: Request<v1::Which>) -> Document {
        self.asked(&request, self.reception.lot(&request.get_ref().id, request.get_ref().at.as_deref())).await
    }

    async fn trace_lot(&self, request: Request<v1::Which>) -> Document {
        self.asked(&request, self.reception.trace(&request.get_ref().id)).await
    }

    async fn show_unit(&self, request: Request<v1::Which>) -> Document {
        self.asked(&request, self.reception.unit(&request.get_ref().id, request.get_ref().at.as_deref())).await
    }

    async fn show_shipment(&self, request: Request<v1::Which>) -> Document {
        self.asked(&request, self.reception.shipment(&request.get_ref().id, request.get_ref().at.as_deref())).await
    }

    async fn show_exception(&self, request: Request<v1::Which>) -> Document {
        self.asked(&request, self.reception.exception(&request.get_ref().id)).await
    }

    async fn list_orders(&self, request: Request<v1::OrdersWanted>) -> Document {
        self.asked(&request, self.reception.orders(request.get_ref())).await
    }

    async fn show_postings(&self, request: Request<v1::PostingsWanted>) -> Document {
        self.asked(&request, self.reception.postings(&request.get_ref().id, request.get_ref().raw.as_deref())).await
    }

    async fn show_genealogy(&self, request: Request<v1::Which>) -> Document {
        self.asked(&request, self.reception.genealogy(&request.get_ref().id)).await
    }

    async fn show_reach(&self, request: Request<v1::Which>) -> Document {
        self.asked(&request, self.reception.reach(&request.get_ref().id)).await
    }

    async fn show_site(&self, request: Request<v1::Which>) -> Document {
        self.asked(&request, self.reception.plant(&request.get_ref().id)).await
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
        self.asked(&request, self.reception.exception_group(&request.get_ref().id)).await
    }

    async fn show_runbook(&self, request: Request<v1::ExceptionKind>) -> Document {
        self.asked(&request, async { Reception::runbook(&request.get_ref().kind) }).await
    }

    async fn list_dead_letters(&self, request: Request<v1::All>) -> Document {
        self.asked(&request, self.reception.dead_letters()).await
    }

    async fn retry_dead_letter(&self, request: Request<v1::Which>) -> Document {
        let client = super::client(&self.reception, request.metadata())?;
        self.asked(&request, self.reception.retry_dead_letter(client, &request.get_ref().id)).await
    }

    async fn list_sites(&self, request: Request<v1::All>) -> Document {
        self.asked(&request, self.reception.sites()).await
    }

    async fn list_records(&self, request: Request<v1::RecordsQuestion>) -> Document {
        let asked = request.get_ref();
        let most = asked.most.and_then(|most| usize::try_from(most).ok()).unwrap_or(ROWS_MAX);
        self.asked(&request, self.reception.records(&asked.kind, asked.of.as_deref(), asked.after.as_deref(), most)).await
    }

    async fn show_record(&self, request: Request<v1::RecordQuestion>) -> Document {
        self.asked(&request, self.reception.record(&request.get_ref().kind, &request.get_ref().id)).await
    }

    async fn list_reconciliations(&self, request: Request<v1::All>) -> Document {
        self.asked(&request, self.reception.reconciliations()).await
    }

    async fn show_reconciliation(&self, request: Request<v1::Which>) -> Document {
        self.asked(&request, self.reception.reconciliation(&request.get_ref().id)).await
    }

    async fn show_drift(&self, request: Request<v1::Which>) -> Document {
        self.asked(&request, self.reception.drift(&request.get_ref().id)).await
    }

    async fn search(&self, request: Request<v1::Words>) -> Document {
        self.asked(&request, self.reception.search(&request.get_ref().q)).await
    }

    async fn retrieve_routing_assignments(&self, request: Request<v1::RoutingQuestion>) -> Document {
        self.asked(&request, self.reception.routing_assignments(request.get_ref())).await
    }
}

/// Which exceptions.
fn wanted(part: &v1::DeskPart) -> DeskWanted {
    DeskWanted {
        after: part.after.clone(),
        most: part.most.and_then(|most| usize::try_from(most).ok()),
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
