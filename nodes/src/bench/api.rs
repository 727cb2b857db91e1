//! Reports through the doors of a node: on the stream, one call each over gRPC, or one request each over HTTP. The client has a thread
//! of its own and real connections, as one that runs beside the node has. Apart because the same orders are also told inside.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context as _;
use takt_actors::region::Region;
use takt_protocol::id::EntityId;
use takt_protocol::instant::Instant;
use takt_protocol::name::Source;
use takt_protocol::words::Role;
use tokio::sync::{mpsc, oneshot};
use tokio_stream::StreamExt as _;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Request;
use tonic::transport::Channel;

use super::orders;
use crate::ask::v1::answer::Result as Outcome;
use crate::ask::v1::requests_client::RequestsClient;
use crate::ask::{Client, Clients, Limits, Reception, Verb, v1};
use crate::doors::{Doors, serve};
use crate::mesh::Mesh;

/// The token of the client.
const TOKEN: &str = "bench";

/// Requests at once on one connection: as many as a door takes on one stream, and on one connection.
const EACH: usize = 256;

/// A door that is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Door {
    Stream,
    Unary,
    Http,
}

/// How a report gets to its order.
#[derive(Clone)]
pub(super) enum Way {
    /// Without a door.
    Inside,
    Stream(Arc<Exchange>),
    Unary(RequestsClient<Channel>),
    Http(reqwest::Client, Arc<str>),
}

/// A stream, and who waits for which answer on it.
pub(super) struct Exchange {
    requests: mpsc::Sender<v1::Request>,
    waiting: Arc<Mutex<Waiting>>,
}

type Waiting = BTreeMap<String, oneshot::Sender<v1::Answer>>;

/// Opens the doors of a mesh for the client.
pub(super) async fn open(mesh: &Arc<Mesh>) -> anyhow::Result<Doors> {
    let client = Client { source: Source::parse("bench")?, role: Role::parse("production")? };
    let reception = Reception::new(Arc::clone(mesh), Clients::new([(TOKEN.to_owned(), client)]), Limits::default());
    let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    Ok(serve(reception, any, any).await?)
}

/// Ways through a door for so many requests at once, each for up to 256 of them.
pub(super) async fn ways(door: Door, doors: &Doors, in_flight: usize) -> anyhow::Result<Vec<Way>> {
    let mut ways = Vec::new();
    for _ in 0..in_flight.div_ceil(EACH) {
        ways.push(match door {
            Door::Stream => Way::Stream(Arc::new(Exchange::open(grpc(doors).await?).await?)),
            Door::Unary => Way::Unary(grpc(doors).await?),
            Door::Http => {
                let client = reqwest::Client::builder().http2_prior_knowledge().build().context("cannot make an HTTP client")?;
                Way::Http(client, format!("http://{}/v1/operation-completions", doors.http).into())
            }
        });
    }
    Ok(ways)
}

async fn grpc(doors: &Doors) -> anyhow::Result<RequestsClient<Channel>> {
    Ok(RequestsClient::new(Channel::from_shared(format!("http://{}", doors.grpc))?.connect().await?))
}

/// A message under the token of the client.
fn from_us<T>(message: T) -> anyhow::Result<Request<T>> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("authorization", format!("Bearer {TOKEN}").parse()?);
    Ok(request)
}

impl Way {
    /// Reports, and waits until that is durable and accepted.
    pub(super) async fn report(&self, region: &Region, order: EntityId, n: u64, now: Instant) -> anyhow::Result<()> {
        match self {
            Self::Inside => orders::inside(region, orders::report(order, n, now)?).await,
            Self::Stream(exchange) => accepted(&exchange.ask(completion(order, n, now)).await?),
            Self::Unary(client) => accepted(client.clone().confirm_completion(from_us(completion(order, n, now))?).await?.get_ref()),
            Self::Http(client, to) => {
                let mut told = completion(order, n, now);
                let key = told.cover.take().unwrap_or_default().key;
                let asked = client.post(to.as_ref()).bearer_auth(TOKEN).header("idempotency-key", key).json(&told);
                accepted(&asked.send().await?.error_for_status()?.json().await?)
            }
        }
    }
}

/// A report of one piece, as a plant sends it: each says another moment, so each is kept as it came.
fn completion(order: EntityId, n: u64, now: Instant) -> v1::ConfirmCompletion {
    v1::ConfirmCompletion {
        cover: Some(v1::Cover { key: format!("{order}/{n}"), ..v1::Cover::default() }),
        plant: "nord".to_owned(),
        order: order.to_string(),
        operation: "10".to_owned(),
        good: Some("1 H87".to_owned()),
        occurred_at: Some(now.to_string()),
        ..v1::ConfirmCompletion::default()
    }
}

fn accepted(outcome: &v1::Outcome) -> anyhow::Result<()> {
    anyhow::ensure!(outcome.answer == "accepted", "a report was answered {outcome:?}");
    Ok(())
}

impl Exchange {
    /// Opens the stream, and hands each answer to who waits for it.
    async fn open(mut client: RequestsClient<Channel>) -> anyhow::Result<Self> {
        let (requests, told) = mpsc::channel(EACH);
        let mut answers = client.exchange(from_us(ReceiverStream::new(told))?).await?.into_inner();
        let waiting = Arc::<Mutex<Waiting>>::default();
        let all = Arc::clone(&waiting);
        tokio::spawn(async move {
            while let Some(Ok(answer)) = answers.next().await {
                let waits = all.lock().unwrap_or_else(PoisonError::into_inner).remove(&answer.key);
                if let Some(waits) = waits {
                    drop(waits.send(answer));
                }
            }
            // Who still waits hears that there is no answer.
            all.lock().unwrap_or_else(PoisonError::into_inner).clear();
        });
        Ok(Self { requests, waiting })
    }

    async fn ask(&self, told: v1::ConfirmCompletion) -> anyhow::Result<v1::Outcome> {
        let (reply, answer) = oneshot::channel();
        let key = told.cover.as_ref().map(|cover| cover.key.clone()).unwrap_or_default();
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).insert(key, reply);
        self.requests.send(v1::Request { verb: Some(Verb::ConfirmCompletion(told)) }).await.context("the stream ended")?;
        match answer.await.context("the stream ended")?.result {
            Some(Outcome::Outcome(outcome)) => Ok(outcome),
            other => anyhow::bail!("a report was answered {other:?}"),
        }
    }
}
