//! The door over gRPC: the same requests one at a time, the stream on which many are in flight, and the same questions. Apart from HTTP because
//! plants that report thousands a minute come in here. Only translates.

use std::sync::{Arc, Weak};
use std::time::Duration;

use axum::Router;
use takt_protocol::intent::Tier;
use tonic::metadata::MetadataMap;
use tonic::service::Routes;
use tonic::service::interceptor::InterceptedService;
use tonic::{Request, Response, Status, Streaming};
use tonic_health::server::HealthReporter;

use crate::ask::v1::queries_server::QueriesServer;
use crate::ask::v1::requests_server::{Requests, RequestsServer};
use crate::ask::{Asked, Client, Ranked, Reception, Taken, v1};

mod exchange;
mod queries;
mod status;

use queries::{Document, document};

/// Says that the answer is the one the request got the first time.
const REPLAYED: &str = "idempotent-replayed";

/// How often it is looked whether the node is at work, in ms.
const HEALTH_MS: u64 = 1_000;

/// What the server speaks: requests, questions, health, and the description of all. Who is not known is turned away before
/// anything is read of what they send.
pub async fn routes(reception: Arc<Reception>) -> std::io::Result<Router> {
    let max = reception.limits().body_bytes_max;
    let queries = QueriesServer::new(queries::Counter { reception: Arc::clone(&reception) }).max_decoding_message_size(max);
    let requests = RequestsServer::new(Desk { reception: Arc::clone(&reception) }).max_decoding_message_size(max);
    let (health, healthy) = tonic_health::server::health_reporter();
    let (well, weak) = (reception.health().is_ok(), Arc::downgrade(&reception));
    tell_health(&health, well).await;
    tokio::spawn(watch_health(health, weak, well));
    let reflection = || {
        tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(v1::DESCRIPTORS)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
            // Each of the two names both: who asks one of them learns that there is the other.
            .include_reflection_service(false)
            .register_encoded_file_descriptor_set(tonic_reflection::pb::v1::FILE_DESCRIPTOR_SET)
            .register_encoded_file_descriptor_set(tonic_reflection::pb::v1alpha::FILE_DESCRIPTOR_SET)
    };
    let described = reflection().build_v1().map_err(std::io::Error::other)?;
    // What the clients of Python and others still ask.
    let described_before = reflection().build_v1alpha().map_err(std::io::Error::other)?;
    let known = move |request: Request<()>| client(&reception, request.metadata()).map(|_| ()).map(|()| request);
    let routes = Routes::new(InterceptedService::new(requests, known.clone()))
        .add_service(InterceptedService::new(queries, known))
        .add_service(healthy)
        .add_service(described)
        .add_service(described_before);
    Ok(routes.into_axum_router().reset_fallback().layer(axum::middleware::map_response(status::typed)))
}

/// There is no such service, or it has no such method.
pub(crate) fn unknown_method(uri: &axum::http::Uri) -> Status {
    status::unserved(&Status::unimplemented(uri.path())).into()
}

async fn tell_health(health: &HealthReporter, well: bool) {
    if well {
        health.set_serving::<RequestsServer<Desk>>().await;
        health.set_serving::<QueriesServer<queries::Counter>>().await;
    } else {
        health.set_not_serving::<RequestsServer<Desk>>().await;
        health.set_not_serving::<QueriesServer<queries::Counter>>().await;
    }
}

/// Tells who asks for it, as long as the node is there.
async fn watch_health(health: HealthReporter, reception: Weak<Reception>, mut well: bool) {
    loop {
        tokio::time::sleep(Duration::from_millis(HEALTH_MS)).await;
        let Some(now) = reception.upgrade().map(|reception| reception.health().is_ok()) else { return };
        if now != well {
            well = now;
            tell_health(&health, well).await;
        }
    }
}

/// Where requests come in over gRPC.
struct Desk {
    reception: Arc<Reception>,
}

/// Whom the credential names.
fn client(reception: &Reception, metadata: &MetadataMap) -> Result<Client, Status> {
    Ok(reception.client(metadata.get("authorization").map(tonic::metadata::AsciiMetadataValue::as_bytes))?)
}

type Answered = Result<Response<v1::Outcome>, Status>;

impl Desk {
    /// One request, one answer.
    async fn one<T: Asked>(&self, request: Request<T>) -> Answered {
        let client = client(&self.reception, request.metadata())?;
        let ticket = self.reception.admission().enter(T::TIER)?;
        let Taken { outcome, replayed } = self.reception.take(&client, &request.into_inner().whole(), ticket).await?;
        let mut response = Response::new(outcome);
        if replayed {
            response.metadata_mut().insert(REPLAYED, tonic::metadata::MetadataValue::from_static("true"));
        }
        Ok(response)
    }
}

#[tonic::async_trait]
impl Requests for Desk {
    type ExchangeStream = exchange::Answers;

    async fn exchange(&self, request: Request<Streaming<v1::Request>>) -> Result<Response<exchange::Answers>, Status> {
        let client = client(&self.reception, request.metadata())?;
        Ok(Response::new(exchange::answers(&self.reception, client, request.into_inner())))
    }

    async fn act_on_group(&self, request: Request<v1::ActOnGroup>) -> Document {
        let client = client(&self.reception, request.metadata())?;
        let ticket = self.reception.admission().enter(v1::ActOnGroup::TIER)?;
        Ok(Response::new(document(&self.reception.act_on_group(&client, request.get_ref(), ticket).await?)?))
    }

    async fn preview(&self, request: Request<v1::Request>) -> Document {
        let client = client(&self.reception, request.metadata())?;
        let Some(verb) = &request.get_ref().verb else { return Err(exchange::nothing_asked().into()) };
        let ticket = self.reception.admission().enter(Tier::Analytical)?;
        Ok(Response::new(document(&self.reception.preview(&client, verb, ticket).await?)?))
    }

    async fn release_order(&self, request: Request<v1::ReleaseOrder>) -> Answered {
        self.one(request).await
    }

    async fn confirm_completion(&self, request: Request<v1::ConfirmCompletion>) -> Answered {
        self.one(request).await
    }

    async fn issue_material(&self, request: Request<v1::IssueMaterial>) -> Answered {
        self.one(request).await
    }

    async fn correct_count(&self, request: Request<v1::CorrectCount>) -> Answered {
        self.one(request).await
    }

    async fn place_hold(&self, request: Request<v1::PlaceHold>) -> Answered {
        self.one(request).await
    }

    async fn record_disposition(&self, request: Request<v1::RecordDisposition>) -> Answered {
        self.one(request).await
    }

    async fn release_hold(&self, request: Request<v1::ReleaseHold>) -> Answered {
        self.one(request).await
    }

    async fn change_quantity(&self, request: Request<v1::ChangeQuantity>) -> Answered {
        self.one(request).await
    }

    async fn redispatch(&self, request: Request<v1::Redispatch>) -> Answered {
        self.one(request).await
    }

    async fn cancel_order(&self, request: Request<v1::CancelOrder>) -> Answered {
        self.one(request).await
    }

    async fn complete_technically(&self, request: Request<v1::CompleteTechnically>) -> Answered {
        self.one(request).await
    }

    async fn close_order(&self, request: Request<v1::CloseOrder>) -> Answered {
        self.one(request).await
    }

    async fn reschedule_order(&self, request: Request<v1::RescheduleOrder>) -> Answered {
        self.one(request).await
    }

    async fn replace_component(&self, request: Request<v1::ReplaceComponent>) -> Answered {
        self.one(request).await
    }

    async fn change_recipe(&self, request: Request<v1::ChangeRecipe>) -> Answered {
        self.one(request).await
    }

    async fn split_order(&self, request: Request<v1::SplitOrder>) -> Answered {
        self.one(request).await
    }

    async fn hold_order(&self, request: Request<v1::HoldOrder>) -> Answered {
        self.one(request).await
    }

    async fn resume_order(&self, request: Request<v1::ResumeOrder>) -> Answered {
        self.one(request).await
    }

    async fn revoke_dispatch(&self, request: Request<v1::RevokeDispatch>) -> Answered {
        self.one(request).await
    }

    async fn reopen_order(&self, request: Request<v1::ReopenOrder>) -> Answered {
        self.one(request).await
    }

    async fn reverse_posting(&self, request: Request<v1::ReversePosting>) -> Answered {
        self.one(request).await
    }

    async fn block_shipment(&self, request: Request<v1::BlockShipment>) -> Answered {
        self.one(request).await
    }

    async fn release_shipment(&self, request: Request<v1::ReleaseShipment>) -> Answered {
        self.one(request).await
    }

    async fn reconcile(&self, request: Request<v1::Reconcile>) -> Answered {
        self.one(request).await
    }

    async fn act_on_exception(&self, request: Request<v1::ActOnException>) -> Answered {
        self.one(request).await
    }
}

#[cfg(test)]
mod tests;
