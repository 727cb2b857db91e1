//! The door over gRPC: the same requests one at a time, the stream on which many are in flight, and the same questions. Apart from HTTP because
//! plants that report thousands a minute come in here. Only translates.

use std::sync::Arc;

use tonic::metadata::MetadataMap;
use tonic::service::Routes;
use tonic::{Request, Response, Status, Streaming};

use crate::ask::v1::queries_server::QueriesServer;
use crate::ask::v1::requests_server::{Requests, RequestsServer};
use crate::ask::{Asked, Client, Reception, Taken, v1};

mod exchange;
mod queries;
mod status;

/// What the server speaks: requests, health, and the description of both.
pub async fn routes(reception: Arc<Reception>) -> std::io::Result<Routes> {
    let max = reception.limits().body_bytes_max;
    let queries = QueriesServer::new(queries::Counter { reception: Arc::clone(&reception) }).max_decoding_message_size(max);
    let requests = RequestsServer::new(Desk { reception }).max_decoding_message_size(max);
    let (health, healthy) = tonic_health::server::health_reporter();
    health.set_serving::<RequestsServer<Desk>>().await;
    health.set_serving::<QueriesServer<queries::Counter>>().await;
    let described = tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(v1::DESCRIPTORS)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        .build_v1()
        .map_err(std::io::Error::other)?;
    Ok(Routes::new(requests).add_service(queries).add_service(healthy).add_service(described))
}

/// Where requests come in over gRPC.
struct Desk {
    reception: Arc<Reception>,
}

/// Whom the credential names.
fn client<'a>(reception: &'a Reception, metadata: &MetadataMap) -> Result<&'a Client, Status> {
    Ok(reception.client(metadata.get("authorization").map(tonic::metadata::AsciiMetadataValue::as_bytes))?)
}

type Answered = Result<Response<v1::Outcome>, Status>;

impl Desk {
    /// One request, one answer.
    async fn one<T: Asked>(&self, request: Request<T>) -> Answered {
        let client = client(&self.reception, request.metadata())?;
        let ticket = self.reception.admission().enter(T::TIER)?;
        let Taken { outcome, replayed } = self.reception.take(client, &request.into_inner().whole(), ticket).await?;
        let mut response = Response::new(outcome);
        if replayed {
            response.metadata_mut().insert("idempotent-replayed", tonic::metadata::MetadataValue::from_static("true"));
        }
        Ok(response)
    }
}

#[tonic::async_trait]
impl Requests for Desk {
    type ExchangeStream = exchange::Answers;

    async fn exchange(&self, request: Request<Streaming<v1::Request>>) -> Result<Response<exchange::Answers>, Status> {
        let client = client(&self.reception, request.metadata())?.clone();
        Ok(Response::new(exchange::answers(&self.reception, client, request.into_inner())))
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

    async fn act_on_exception(&self, request: Request<v1::ActOnException>) -> Answered {
        self.one(request).await
    }
}

#[cfg(test)]
mod tests;
