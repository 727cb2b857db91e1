//! Systems behind real sockets, with real books: started, asked, cut off, stopped and started again.

use std::path::Path;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::super::system::Kind;
use super::{LaunchError, RunningWorld, SystemSpec, WorldSpec, launch};

mod filing;
mod serving;
mod telling;

const PATIENCE: Duration = Duration::from_secs(20);

/// A message as somebody outside got it.
#[derive(Debug)]
struct Heard {
    path: String,
    token: Option<String>,
    body: Value,
}

/// Somebody who listens to the world, and refuses the first so many messages.
struct Listener {
    url: String,
    heard: UnboundedReceiver<Heard>,
}

impl Listener {
    async fn new(refuses: usize) -> Self {
        let (sender, heard) = unbounded_channel();
        let left = std::sync::Arc::new(std::sync::Mutex::new(refuses));
        let router = Router::new().fallback(hear).with_state((sender, left));
        let socket = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", socket.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(socket, router).await.unwrap() });
        Self { url, heard }
    }

    async fn next(&mut self) -> Heard {
        tokio::time::timeout(PATIENCE, self.heard.recv()).await.unwrap().unwrap()
    }

    /// Everything up to and including the first message of this kind.
    async fn until(&mut self, kind: &str) -> Vec<Value> {
        let mut all = Vec::new();
        loop {
            let body = self.next().await.body;
            let last = body["kind"] == kind || body["topic"] == kind;
            all.push(body);
            if last {
                return all;
            }
        }
    }
}

type Ear = (UnboundedSender<Heard>, std::sync::Arc<std::sync::Mutex<usize>>);

async fn hear(State((sender, left)): State<Ear>, uri: Uri, headers: HeaderMap, body: String) -> StatusCode {
    let token = headers.get("authorization").map(|value| value.to_str().unwrap().to_owned());
    assert_eq!(headers["content-type"], "application/json");
    let heard = Heard { path: uri.path().to_owned(), token, body: serde_json::from_str(&body).unwrap() };
    let mut left = left.lock().unwrap();
    if *left > 0 {
        *left -= 1;
        return StatusCode::UNPROCESSABLE_ENTITY;
    }
    sender.send(heard).map_or(StatusCode::GONE, |()| StatusCode::NO_CONTENT)
}

/// One system of this name and sort, at work on books in this folder.
async fn start(dir: &Path, name: &str, kind: Kind, base_url: &str) -> RunningWorld {
    try_start(dir, name, kind, base_url).await.unwrap()
}

async fn try_start(dir: &Path, name: &str, kind: Kind, base_url: &str) -> Result<RunningWorld, LaunchError> {
    launch(&WorldSpec::of(vec![SystemSpec::new(name, kind, "Europe/Berlin")]), dir, base_url).await
}

/// Where nobody listens.
const NOBODY: &str = "http://127.0.0.1:9";

/// Asks over HTTP; status 0 stands for a connection that broke.
async fn ask(method: &str, url: &str, body: &Value) -> (u16, Value) {
    let request = super::courier::client().unwrap().request(method.parse().unwrap(), url);
    let request = if method == "GET" { request } else { request.header("content-type", "application/json").body(body.to_string()) };
    match request.send().await {
        Ok(response) => {
            let status = response.status().as_u16();
            (status, serde_json::from_str(&response.text().await.unwrap()).unwrap_or(Value::Null))
        }
        Err(_) => (0, Value::Null),
    }
}

async fn books(world: &RunningWorld, name: &str) -> Value {
    ask("GET", &format!("{}/_sim/books", world.url(name).unwrap()), &json!({})).await.1
}
