//! HTTP in front of a system: turns a request on the wire into a plain one, and the answer back.
//!
//! Apart because the systems know no HTTP framework. Never answers in a system's place, but for what is no request at all:
//! a body that is too large or no text, a verb that nobody here knows.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response as HttpResponse};
use tokio::net::TcpListener;

use super::super::exchange::{Method, Reply, Request, Response};
use super::cuttable::{Cord, Cuttable};
use super::keeper::Desk;

const BODY_MAX: usize = 8 * 1024 * 1024;
/// The headers that some system looks at. Others stay outside, credentials above all: the books are plain text.
const HEADERS: [&str; 4] = ["x-csrf-token", "if-match", "requestid", "x-user"];

/// Serves until it is aborted.
pub(super) async fn serve(listener: TcpListener, desk: Desk) {
    let router = Router::new().fallback(take).with_state(desk);
    let service = router.into_make_service_with_connect_info::<Cord>();
    if let Err(error) = axum::serve(Cuttable(listener), service).await {
        tracing::error!(%error, "a simulated system stopped listening");
    }
}

async fn take(State(desk): State<Desk>, ConnectInfo(cord): ConnectInfo<Cord>, request: axum::extract::Request) -> HttpResponse {
    let request = match plain(request).await {
        Ok(request) => request,
        Err((status, why)) => return (status, why).into_response(),
    };
    let Some(answer) = desk.take(request).await else {
        cord.cut();
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    tokio::time::sleep(Duration::from_millis(answer.after_ms)).await;
    match answer.reply {
        Reply::Sent(response) => on_the_wire(response),
        Reply::Lost => {
            cord.cut();
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}

async fn plain(request: axum::extract::Request) -> Result<Request, (StatusCode, &'static str)> {
    let (head, body) = request.into_parts();
    let method = match head.method.as_str() {
        // A reading whose body nobody wants; some clients fetch their token that way.
        "GET" | "HEAD" => Method::Get,
        "POST" => Method::Post,
        "PUT" => Method::Put,
        "PATCH" => Method::Patch,
        "DELETE" => Method::Delete,
        _ => return Err((StatusCode::METHOD_NOT_ALLOWED, "no system here knows this verb")),
    };
    let query = Query::<BTreeMap<String, String>>::try_from_uri(&head.uri);
    let Query(query) = query.map_err(|_| (StatusCode::BAD_REQUEST, "the query cannot be read"))?;
    let path = decoded(head.uri.path()).ok_or((StatusCode::BAD_REQUEST, "the path cannot be read"))?;
    let bytes = to_bytes(body, BODY_MAX).await;
    let bytes = bytes.map_err(|_| (StatusCode::PAYLOAD_TOO_LARGE, "the body is broken or larger than 8 MiB"))?;
    let body = String::from_utf8(bytes.into()).map_err(|_| (StatusCode::BAD_REQUEST, "the body is not UTF-8"))?;
    Ok(Request { method, path, query, headers: headers(&head.headers), body })
}

fn headers(all: &HeaderMap) -> BTreeMap<String, String> {
    let known = |name: &str| Some((name.to_owned(), all.get(name)?.to_str().ok()?.to_owned()));
    HEADERS.into_iter().filter_map(known).collect()
}

/// Undoes percent-encoding; `None` for what is none.
fn decoded(path: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.bytes();
    while let Some(byte) = rest.next() {
        let plain = if byte == b'%' {
            let digits = [rest.next()?, rest.next()?];
            u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?
        } else {
            byte
        };
        bytes.push(plain);
    }
    String::from_utf8(bytes).ok()
}

fn on_the_wire(response: Response) -> HttpResponse {
    let mut wire = HttpResponse::builder().status(response.status);
    for (name, value) in &response.headers {
        wire = wire.header(name, value);
    }
    wire.body(Body::from(response.body)).unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}
