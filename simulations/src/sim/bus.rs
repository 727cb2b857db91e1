//! The bus between a region and a system: what carries our requests there under virtual time. It is late, loses requests before their
//! effect and answers after it, lets a request arrive when everybody has given up on it, and has no way while somebody is cut off.
//! Never tells a link more than the network would.

use std::collections::BTreeMap;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::json;
use takt_actors::link::carrier::{Answered, Carried, Carrier, Silence};
use takt_protocol::name::{Region, SiteId};
use tokio::sync::oneshot;

use super::schedule::Kind;
use super::town::{House, Town, lock};
use crate::world::{Answer, Method, Reply, Request, Response};

/// A way from a region to a system.
pub(super) struct Bus {
    pub(super) town: Arc<Town>,
    pub(super) from: Region,
    pub(super) site: SiteId,
    /// How long a request may take.
    pub(super) patience: Duration,
}

/// What becomes of a request.
struct Fate {
    there: Duration,
    back: Duration,
    lost: bool,
    unanswered: bool,
    /// Heard so long after it was given up.
    late: Option<Duration>,
}

impl Fate {
    fn draw(town: &Town, house: &House) -> Self {
        let (odds, mut luck) = (town.odds(), lock(&house.asked));
        let ms = |ms: u64| Duration::from_millis(ms);
        let (there, back) = (ms(5 + luck.below(60)), ms(5 + luck.below(60)));
        let (lost, unanswered) = (luck.one_in(odds.request_lost), luck.one_in(odds.answer_lost));
        let late = luck.one_in(odds.heard_late).then(|| ms(luck.below(house.settle_ms.saturating_sub(500).max(1))));
        let (lost, unanswered) = (lost && town.lets(Kind::RequestLost), unanswered && town.lets(Kind::AnswerLost));
        Self { there, back, lost, unanswered, late: late.filter(|_| town.lets(Kind::HeardLate)) }
    }
}

#[async_trait]
impl Carrier for Bus {
    async fn carry(&self, request: Carried) -> Result<Answered, Silence> {
        let what = format!("{} {}", request.method, request.path);
        let Some(house) = self.town.house(self.site).cloned() else {
            return Err(Silence::Unsent(format!("{what}: nobody plays {}", self.site)));
        };
        let request = plain(request).map_err(Silence::Wrong)?;
        let fate = Fate::draw(&self.town, &house);
        if self.town.out_of_reach(self.from, &house) {
            tokio::time::sleep(fate.there).await;
            self.town.count("no way");
            return Err(Silence::Unsent(format!("{what}: no way to {}", self.site)));
        }
        let (answer, heard) = oneshot::channel();
        tokio::spawn(fly(Arc::clone(&self.town), self.from, house, request, fate, answer));
        // Who waits does not learn that nothing will come.
        let heard = async move {
            match heard.await {
                Ok(reply) => reply,
                Err(_) => pending().await,
            }
        };
        match tokio::time::timeout(self.patience, heard).await {
            Ok(Reply::Sent(response)) => {
                Ok(Answered { status: response.status, headers: response.headers, body: response.body.into_bytes() })
            }
            Ok(Reply::Lost) => Err(Silence::Unknown(format!("{what}: the connection broke"))),
            Err(_) => Err(Silence::Unknown(format!("{what}: no answer within {} ms", self.patience.as_millis()))),
        }
    }
}

/// The way of a request, which goes on when nobody waits for it any more.
async fn fly(town: Arc<Town>, from: Region, house: Arc<House>, request: Request, fate: Fate, mut answer: oneshot::Sender<Reply>) {
    tokio::time::sleep(fate.there).await;
    if fate.lost {
        return town.goes_wrong(&house, "request lost");
    }
    if let Some(late) = fate.late {
        answer.closed().await;
        tokio::time::sleep(late).await;
        town.goes_wrong(&house, "heard late");
    }
    if town.out_of_reach(from, &house) {
        return town.count("request lost");
    }
    let heard = if town.is_locked_out(&house) { not_let_in(&town, &house) } else { town.hear(from, &house, &request) };
    tokio::time::sleep(Duration::from_millis(heard.after_ms) + fate.back).await;
    if fate.unanswered || town.out_of_reach(from, &house) {
        return town.goes_wrong(&house, "answer lost");
    }
    if answer.send(heard.reply).is_err() && fate.late.is_none() {
        town.count("answer to nobody");
    }
}

/// A gateway in front of a system does not know our credential: the system hears nothing.
fn not_let_in(town: &Town, house: &House) -> Answer {
    town.goes_wrong(house, "locked out");
    let response = Response::json(401, &json!({ "error": "the credential has run out" }));
    Answer { reply: Reply::Sent(response), after_ms: 5, to_keep: false }
}

/// The headers that some system looks at.
const HEADERS: [&str; 4] = ["x-csrf-token", "if-match", "requestid", "x-user"];

/// A request as the systems know it: decoded.
fn plain(carried: Carried) -> Result<Request, String> {
    let method = match carried.method.as_str() {
        "GET" | "HEAD" => Method::Get,
        "POST" => Method::Post,
        "PUT" => Method::Put,
        "PATCH" => Method::Patch,
        "DELETE" => Method::Delete,
        other => return Err(format!("no system knows the verb {other}")),
    };
    let (path, tail) = carried.path.split_once('?').unwrap_or((&carried.path, ""));
    let mut query = BTreeMap::new();
    for pair in tail.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        query.insert(decoded(&name.replace('+', " "))?, decoded(&value.replace('+', " "))?);
    }
    query.extend(carried.query);
    let shown = carried.headers.into_iter().map(|(name, text)| (name.to_lowercase(), text));
    let headers = shown.filter(|(name, _)| HEADERS.contains(&name.as_str())).collect();
    let body = String::from_utf8(carried.body.unwrap_or_default()).map_err(|_| "the body is no text".to_owned())?;
    Ok(Request { method, path: decoded(path)?, query, headers, body })
}

/// Undoes percent-encoding.
fn decoded(text: &str) -> Result<String, String> {
    let wrong = || format!("`{text}` is not percent-encoded");
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits = [rest.next().ok_or_else(wrong)?, rest.next().ok_or_else(wrong)?];
            let digits = std::str::from_utf8(&digits).map_err(|_| wrong())?;
            bytes.push(u8::from_str_radix(digits, 16).map_err(|_| wrong())?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_decoded_once_wherever_its_query_stands() {
        let carried = Carried {
            method: "GET".to_owned(),
            path: "/Order('1%2F2')?$top=1&name=a+b%3D".to_owned(),
            query: BTreeMap::from([("$filter".to_owned(), "A eq '1 %'".to_owned())]),
            headers: vec![("X-CSRF-Token".to_owned(), "Fetch".to_owned()), ("accept".to_owned(), "*".to_owned())],
            bearer: Some("secret".to_owned()),
            body: None,
        };
        let request = plain(carried).unwrap();
        assert_eq!(request.path, "/Order('1/2')");
        let query = [("$filter", "A eq '1 %'"), ("$top", "1"), ("name", "a b=")];
        assert_eq!(request.query, query.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
        assert_eq!(request.headers, BTreeMap::from([("x-csrf-token".to_owned(), "Fetch".to_owned())]));
        assert!(decoded("%2").is_err() && decoded("%zz").is_err());
    }
}
