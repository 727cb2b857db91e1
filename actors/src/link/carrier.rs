//! What carries a request of a link to its system and the answer back: the network, or whatever stands for it under virtual time.
//! Apart from links because they mean the same over either. Knows no mapping, and nothing of what a request is for.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;

/// A request as it goes out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Carried {
    /// `GET`, `POST` and so on.
    pub method: String,
    /// Behind the system's address, with its leading slash; a part of the query may stand in it.
    pub path: String,
    /// More of the query, not encoded.
    pub query: BTreeMap<String, String>,
    /// Headers, in their order.
    pub headers: Vec<(String, String)>,
    /// The bearer token to be shown.
    pub bearer: Option<String>,
    /// The body.
    pub body: Option<Vec<u8>>,
}

/// What was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// The HTTP status code.
    pub status: u16,
    /// Headers, by lower-case name; of one that came several times the lines, in their order.
    pub headers: BTreeMap<String, String>,
    /// The body; may be empty.
    pub body: Vec<u8>,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Silence {
    /// Nothing was sent.
    Unsent(String),
    /// It may have been heard.
    Unknown(String),
    /// The request cannot be made as it was asked for.
    Wrong(String),
}

/// A way to one system, good for any number of requests.
#[async_trait]
pub trait Carrier: Send + Sync {
    /// Carries one request, once. Ends by itself when the system is silent, with what is known then: [`Silence::Unsent`] only when
    /// it was certainly not heard.
    async fn carry(&self, request: Carried) -> Result<Answered, Silence>;
}

/// Of the window of an errand, how much may be over when it goes to its link; the claim before it took that.
pub(crate) fn claim_takes(window: Duration) -> Duration {
    window / 4
}

/// Behind that, how long a request of it may still begin.
pub(super) fn requests_begin(window: Duration) -> Duration {
    window / 2
}

/// And how long the kernel tries to bring it over, so that nothing arrives when the window is over.
fn kernel_keeps(window: Duration) -> Duration {
    window.saturating_sub(claim_takes(window)).saturating_sub(requests_begin(window))
}

/// The network.
pub(super) struct Network {
    base: String,
    client: reqwest::Client,
}

impl Network {
    /// To the system that listens at `base` (no slash at the end), for errands that have so long a window each.
    pub(super) fn to(base: &str, patience: Duration) -> Result<Self, reqwest::Error> {
        // One request is one try: what is answered by "look there" was heard, and whoever follows asks a second time.
        let client = reqwest::Client::builder().timeout(patience).redirect(reqwest::redirect::Policy::none());
        // What was given up is not to arrive when the cable is in again: the kernel would go on sending it for minutes, long after the
        // system was asked for it and had nothing.
        #[cfg(target_os = "linux")]
        let client = client.tcp_user_timeout(kernel_keeps(patience));
        Ok(Self { base: base.to_owned(), client: client.build()? })
    }
}

#[async_trait]
impl Carrier for Network {
    async fn carry(&self, request: Carried) -> Result<Answered, Silence> {
        let Carried { method, path, query, headers, bearer, body } = request;
        let verb = reqwest::Method::from_bytes(method.as_bytes()).map_err(|_| Silence::Wrong(format!("{method} is no method")))?;
        let mut asked = self.client.request(verb, format!("{}{path}", self.base)).query(&query);
        for (name, value) in &headers {
            asked = asked.header(name, value);
        }
        if let Some(bearer) = &bearer {
            asked = asked.bearer_auth(bearer);
        }
        if let Some(body) = body {
            asked = asked.body(body);
        }
        let unanswered = |error: reqwest::Error| {
            let (is_wrong, is_unsent) = (error.is_builder(), error.is_connect());
            let why = format!("{method} {}: {}", shown(&path), told(error));
            match (is_wrong, is_unsent) {
                (true, _) => Silence::Wrong(why),
                (false, true) => Silence::Unsent(why),
                (false, false) => Silence::Unknown(why),
            }
        };
        let answer = asked.send().await.map_err(unanswered)?;
        let status = answer.status().as_u16();
        let headers = joined(answer.headers());
        let body = read(answer).await?;
        Ok(Answered { status, headers, body })
    }
}

/// The headers of an answer, each name once.
fn joined(headers: &reqwest::header::HeaderMap) -> BTreeMap<String, String> {
    let texts = headers.iter().filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?)));
    texts.fold(BTreeMap::new(), |mut all: BTreeMap<String, String>, (name, text)| {
        let told = all.entry(name).or_default();
        *told = if told.is_empty() { text.to_owned() } else { format!("{told}\n{text}") };
        all
    })
}

/// The longest answer that is read, in bytes.
pub(super) const ANSWER_BYTES_MAX: usize = 1 << 20;

/// The body of an answer, and no more of it than is wanted of any: whoever says too much is not listened to.
async fn read(mut answer: reqwest::Response) -> Result<Vec<u8>, Silence> {
    let mut body = Vec::new();
    while let Some(more) = answer.chunk().await.map_err(|error| Silence::Unknown(told(error)))? {
        if body.len() + more.len() > ANSWER_BYTES_MAX {
            return Err(Silence::Unknown(format!("the answer is longer than {ANSWER_BYTES_MAX} bytes")));
        }
        body.extend_from_slice(&more);
    }
    Ok(body)
}

/// A path as people may see it: what is asked for behind it may be a key that is nobody's business.
pub(super) fn shown(path: &str) -> &str {
    path.split_once('?').map_or(path, |(path, _)| path)
}

/// An error with what is behind it, in one line, without the address that it was about.
fn told(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut source = std::error::Error::source(&error);
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
