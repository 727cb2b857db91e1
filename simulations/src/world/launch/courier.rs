//! Posts what a system has to tell, until somebody takes it.
//!
//! Apart because telling is at least once: a message counts as taken only by a 2xx, and is taken off the books after that.
//! Order is kept within a lane; lanes go side by side. Never gives up and never drops.

use std::collections::BTreeMap;
use std::time::Duration;

use futures::StreamExt;
use futures::stream;
use reqwest::Client;

use super::super::outbox::Outgoing;
use super::SystemSpec;
use super::keeper::{Desk, Settled};

const IDLE: Duration = Duration::from_millis(20);
const PATIENCE: Duration = Duration::from_secs(5);
const LANES_AT_ONCE: usize = 16;
const FROM_ONE_LANE_MAX: usize = 32;

/// Where messages go.
#[derive(Clone, Debug)]
pub(super) struct Destination {
    template: String,
    token: Option<String>,
}

impl Destination {
    pub(super) fn new(base_url: &str, path: &str, system: &SystemSpec) -> Self {
        let template = format!("{}{path}", base_url.trim_end_matches('/')).replace("{system}", &system.name);
        Self { template, token: system.token.clone() }
    }

    fn url(&self, topic: &str) -> String {
        self.template.replace("{topic}", topic)
    }
}

/// A client for loopback: no proxy, no redirects, and no certificate that anybody would have to find on the machine.
pub(super) fn client() -> reqwest::Result<Client> {
    // The client asks for some crypto provider even to speak plain HTTP; another one that is installed already will do as well.
    drop(rustls::crypto::ring::default_provider().install_default());
    let builder = Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
    builder.tls_certs_only([]).timeout(PATIENCE).build()
}

/// Goes on until the system closes.
pub(super) async fn carry(desk: Desk, client: Client, to: Destination) {
    while let Some(pending) = desk.pending().await {
        if pending.is_empty() {
            tokio::time::sleep(IDLE).await;
            continue;
        }
        let mut lanes: BTreeMap<String, Vec<Outgoing>> = BTreeMap::new();
        for message in pending {
            lanes.entry(message.lane.clone()).or_default().push(message);
        }
        let walks = lanes.into_values().map(|lane| walk(&client, &to, lane));
        let settled: Vec<Vec<Settled>> = stream::iter(walks).buffer_unordered(LANES_AT_ONCE).collect().await;
        if desk.settle(settled.into_iter().flatten().collect()).is_none() {
            return;
        }
    }
}

/// Posts the messages of one lane one after the other, up to the first that is not taken.
async fn walk(client: &Client, to: &Destination, lane: Vec<Outgoing>) -> Vec<Settled> {
    let mut settled = Vec::new();
    for message in lane.into_iter().take(FROM_ONE_LANE_MAX) {
        let id = message.id;
        match post(client, to, message).await {
            Ok(status) if status.is_success() => settled.push(Settled::Delivered(id)),
            Ok(status) => {
                settled.push(Settled::Refused { id, status: Some(status.as_u16()) });
                break;
            }
            Err(error) => {
                tracing::debug!(%error, "nobody took a message of a simulated system");
                settled.push(Settled::Refused { id, status: None });
                break;
            }
        }
    }
    settled
}

async fn post(client: &Client, to: &Destination, message: Outgoing) -> reqwest::Result<reqwest::StatusCode> {
    let mut request = client.post(to.url(&message.topic)).header("x-message-topic", &message.topic);
    if let Some(token) = &to.token {
        request = request.bearer_auth(token);
    }
    let response = request.header("content-type", "application/json").body(message.body).send().await?;
    Ok(response.status())
}
