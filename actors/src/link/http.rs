//! A link over HTTP with JSON: what is asked for and what an answer means is said by a mapping; this file only carries it
//! there and back, and knows what can be known without understanding: whether anything was sent at all.
//!
//! Bodies are JSON, or what a request says under `as`: `xml`, `csv`, `x12` or `edifact` ([`super::format`]); an answer is read by its media type.
//!
//! A verb's mapping has `request` (the next request; `then: true` to be asked again with its answer among `.answers`),
//! `outcome` (what the answers mean), and for systems that are probed `probe` and `probed`. An `outcome` that gives nothing
//! leaves it to the status: 401, 403, 404 and 405 are a wrong configuration, 429 was not done, other 4xx are refusals, and
//! everything else may have been heard. Of `read_books` the outcome is `{ read: { entries: [...] } }`, lines as
//! [`takt_protocol::books::Stated`] has them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::{Value, json};
use takt_cluster::clock::SystemClock;
use takt_cluster::seam::Clock;
use takt_protocol::name::SiteId;
use takt_protocol::signature::Signature;
use tokio::sync::Mutex;

pub(super) use super::carrier::Silence;
use super::carrier::{ANSWER_BYTES_MAX, Answered, Carried, Carrier, Network, requests_begin, shown};
use super::format::edi::Standard;
use super::format::{Csv, Format};
use super::mapping::Mapping;
use super::meaning::{Finding, Outcome, said, view};
use super::{Errand, Link, Probed, Sent, drift};

mod asks;
mod csrf;
pub(super) mod session;

use csrf::Token;
pub use session::{Client, Credential};
use session::{Session, Shown};

/// How a system is reached.
#[derive(Clone, Debug)]
pub struct HttpSpec {
    /// Where it listens, without a slash at the end.
    pub base: String,
    /// The bearer token we show.
    pub bearer: Option<String>,
    /// How else we show who we are.
    pub credential: Option<Credential>,
    /// Where a CSRF token is fetched before writing.
    pub csrf: Option<String>,
    /// How what we send is signed, if it is.
    pub signature: Option<Signature>,
    /// How long one errand may take, in ms, with all its requests: they begin in its first half, so that none is under way when it is over.
    pub timeout_ms: u32,
    /// Code tables, given to every mapping as `.tables`.
    pub tables: Value,
}

/// A way to one system over HTTP.
pub struct HttpLink {
    site: SiteId,
    spec: HttpSpec,
    verbs: BTreeMap<String, Mapping>,
    carrier: Arc<dyn Carrier>,
    csrf: Mutex<Option<Token>>,
    session: Session,
    clock: Arc<dyn Clock>,
    /// By how much the system's clock is ahead; [`UNSEEN`] until an answer said so.
    ahead_ms: AtomicI64,
}

/// A request as a mapping says it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    #[serde(default = "get")]
    method: String,
    path: String,
    #[serde(default)]
    query: BTreeMap<String, String>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    body: Option<Value>,
    /// How the body is written; left out, as JSON.
    #[serde(default, rename = "as")]
    written_as: Written,
    /// Ask the mapping again when this was answered.
    #[serde(default)]
    then: bool,
    /// That it changes nothing there, whatever its method is: where everything is posted, a question is, too.
    #[serde(default)]
    reads: bool,
}

impl Asked {
    fn writes(&self) -> bool {
        self.method != "GET" && !self.reads
    }
}

/// How a body is written.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Written {
    #[default]
    Json,
    Xml,
    Csv,
    X12,
    Edifact,
}

impl Written {
    fn format(self) -> Format {
        match self {
            Self::Json => Format::Json,
            Self::Xml => Format::Xml,
            Self::Csv => Format::Csv(Csv::default()),
            Self::X12 => Format::Edi(Standard::X12),
            Self::Edifact => Format::Edi(Standard::Edifact),
        }
    }
}

fn get() -> String {
    "GET".to_owned()
}

/// Whether an output is a request; if not, where and why.
pub(super) fn fits(output: &Value) -> Result<(), String> {
    serde_path_to_error::deserialize::<_, Asked>(output).map(drop).map_err(|error| format!("{}: {}", error.path(), error.inner()))
}

/// No answer said what time it is there.
const UNSEEN: i64 = i64::MIN;

/// Requests that one effect may take.
const STEPS_MAX: usize = 64;

impl HttpLink {
    /// A link to `site` over the network, with a mapping for each verb it can carry out.
    pub fn new(site: SiteId, spec: HttpSpec, verbs: BTreeMap<String, Mapping>) -> Result<Self, reqwest::Error> {
        let patience = Duration::from_millis(u64::from(spec.timeout_ms.max(1)));
        let network: Arc<dyn Carrier> = Arc::new(Network::to(&spec.base, patience)?);
        // Who gives tokens may be another host than the system.
        let elsewhere = match &spec.credential {
            Some(Credential::Client(client)) if !client.token.starts_with('/') => Some(Arc::new(Network::to("", patience)?)),
            Some(Credential::Client(_) | Credential::Fixed(_) | Credential::Login { .. }) | None => None,
        };
        let tokens = elsewhere.map_or_else(|| Arc::clone(&network), |network| network as Arc<dyn Carrier>);
        Ok(Self::between(site, spec, verbs, (network, tokens), Arc::new(SystemClock::start())))
    }

    /// The same over any carrier, which has to keep to `timeout_ms`; what is sent is signed by the time of `clock`.
    pub fn over(site: SiteId, spec: HttpSpec, verbs: BTreeMap<String, Mapping>, carrier: Arc<dyn Carrier>, clock: Arc<dyn Clock>) -> Self {
        Self::between(site, spec, verbs, (Arc::clone(&carrier), carrier), clock)
    }

    /// Over one carrier to the system, and one to where tokens are given.
    fn between(
        site: SiteId,
        spec: HttpSpec,
        verbs: BTreeMap<String, Mapping>,
        (carrier, tokens): (Arc<dyn Carrier>, Arc<dyn Carrier>),
        clock: Arc<dyn Clock>,
    ) -> Self {
        let session = Session::new(spec.credential.clone(), tokens);
        Self { site, spec, verbs, carrier, csrf: Mutex::new(None), session, clock, ahead_ms: AtomicI64::new(UNSEEN) }
    }

    /// Whose link it is.
    pub fn site(&self) -> SiteId {
        self.site
    }

    /// Code tables.
    pub(super) fn tables(&self) -> &Value {
        &self.spec.tables
    }

    /// Asks for what `entry` says, until it wants nothing more.
    async fn converse(&self, mapping: &Mapping, entry: &'static str, errand: &Errand) -> Result<(Vec<Value>, bool), (Silence, bool)> {
        let (mut answers, mut wrote, mut wrote_before) = (Vec::new(), false, false);
        let window = Duration::from_millis(u64::from(self.spec.timeout_ms));
        let until = self.clock.elapsed() + requests_begin(window);
        while answers.len() < STEPS_MAX {
            let input = view(self.site, &self.spec.tables, errand, &answers).to_string().into_bytes();
            let said = mapping.run_bounded(entry, input).await.map_err(|error| (Silence::Wrong(error.to_string()), wrote))?;
            let Some(next) = said.into_iter().next() else { break };
            let asked: Asked = serde_path_to_error::deserialize(next)
                .map_err(|error| (Silence::Wrong(format!("{} gives no request: {error}", mapping.name())), wrote))?;
            let (writes, more) = (asked.writes(), asked.then);
            if writes && self.clock.elapsed() > until {
                // It could still be on its way when the system is asked what became of it.
                let why =
                    format!("{} ms were over before {} {}: raise `window_ms`", window.as_millis() / 2, asked.method, shown(&asked.path));
                return Err((Silence::Unsent(why), wrote));
            }
            answers.push(self.exchange(asked).await.map_err(|silence| (silence, wrote))?);
            wrote_before = wrote;
            wrote |= writes;
            if !more {
                break;
            }
        }
        Ok((answers, wrote_before))
    }

    /// One request, by somebody whom the system knows.
    pub(super) async fn exchange(&self, asked: Asked) -> Result<Value, Silence> {
        let shown = self.shown().await?;
        let answer = self.tokened(&asked, &shown).await?;
        if !self.ended(&shown, &answer).await? {
            return Ok(answer);
        }
        // Who was not known was not listened to.
        let shown = self.shown().await?;
        self.tokened(&asked, &shown).await
    }

    async fn once(&self, asked: &Asked, shown: &Shown, token: Option<&Token>) -> Result<Value, Silence> {
        let sent = self.clock.now();
        let Answered { status, headers, body: bytes } = self.carrier.carry(self.written(asked, shown, token)?).await?;
        if let Some(ahead) = headers.get("date").and_then(|date| drift::ahead_ms(date, sent, self.clock.now())) {
            self.ahead_ms.store(ahead, Ordering::Relaxed);
        }
        if bytes.len() > ANSWER_BYTES_MAX {
            return Err(Silence::Unknown(format!("the answer of {} bytes is longer than {ANSWER_BYTES_MAX}", bytes.len())));
        }
        if let Some(page) = page(status, &headers, &bytes) {
            return Err(Silence::Unknown(page));
        }
        // A gateway's own words are no document: then the body is null, and they stand in `text`.
        let is_xml = headers.get("content-type").is_some_and(|media| media.contains("xml"));
        let format = if is_xml { Format::Xml } else { Format::Json };
        let document: Option<Value> = format.read(&bytes).ok().and_then(|json| serde_json::from_slice(&json).ok());
        let body = document.filter(|body| body.is_object() || body.is_array()).unwrap_or_default();
        let text = if body.is_null() { String::from_utf8_lossy(&bytes).into_owned() } else { String::new() };
        Ok(json!({ "status": status, "headers": headers, "body": body, "text": text }))
    }

    /// A request as it goes out: its body written, and signed where it is to be.
    fn written(&self, asked: &Asked, shown: &Shown, token: Option<&Token>) -> Result<Carried, Silence> {
        let mut headers: Vec<(String, String)> = asked.headers.iter().map(|(name, text)| (name.clone(), text.clone())).collect();
        headers.extend(shown.headers());
        headers.extend(token.into_iter().flat_map(Token::headers));
        let mut body = None;
        if let Some(said) = &asked.body {
            let (bytes, media) =
                asked.written_as.format().write(said).map_err(|why| Silence::Wrong(format!("the body cannot be written: {why}")))?;
            headers.push(("content-type".to_owned(), media.to_owned()));
            body = Some(bytes);
        }
        if let Some(signature) = self.spec.signature.as_ref().filter(|_| asked.method != "GET") {
            let signed = signature.sign(body.as_deref().unwrap_or_default(), self.clock.now());
            headers.extend(signed);
        }
        let (method, path, query) = (asked.method.clone(), asked.path.clone(), asked.query.clone());
        Ok(Carried { method, path, query, headers, bearer: self.spec.bearer.clone(), body })
    }
}

/// What is no answer of a system, although it says that all is well: a page for people, such as one to log in at, or the word to look
/// elsewhere. Whoever put it there may have heard the request, and no mapping is to take it for a yes, or for "nothing found".
fn page(status: u16, headers: &BTreeMap<String, String>, bytes: &[u8]) -> Option<String> {
    if (300..400).contains(&status) {
        let place = headers.get("location").map(|place| format!(" to {place}")).unwrap_or_default();
        return Some(format!("status {status}: the answer is a redirect{place}; write the address that answers itself as `base`"));
    }
    let text = String::from_utf8_lossy(bytes.get(..bytes.len().min(200)).unwrap_or_default()).trim_start().to_ascii_lowercase();
    let named = headers.get("content-type").is_some_and(|media| media.contains("html"));
    // Many systems call everything they say a page, and say JSON.
    let is_page =
        text.starts_with("<!doctype html") || text.starts_with("<html") || named && text.starts_with('<') && !text.starts_with("<?xml");
    ((200..300).contains(&status) && is_page).then(|| format!("status {status} with a page for people: is somebody to log in there?"))
}

/// What a status means when the mapping says nothing about it. Once a request before it has written, whatever is no success
/// leaves something half done, and nobody knows what a second try would do.
fn by_status(answers: &[Value], wrote: bool) -> Sent {
    let last = answers.last();
    let status = last.and_then(|answer| answer.get("status")).and_then(Value::as_u64).unwrap_or(0);
    let field = |name: &str| last.and_then(|answer| answer.get(name)).filter(|value| !value.is_null()).map(ToString::to_string);
    let text: String = field("body").or_else(|| field("text")).unwrap_or_default().chars().take(200).collect();
    match status {
        _ if wrote => Sent::Lost { why: format!("status {status} after a part was done. {text}") },
        0 => Sent::Misconfigured { why: "the mapping asks for nothing".to_owned() },
        401 | 403 | 404 | 405 => Sent::Misconfigured { why: format!("status {status}: check address and credential. {text}") },
        408 => Sent::Lost { why: "status 408".to_owned() },
        429 => Sent::NotDone { why: "status 429: too many requests".to_owned() },
        400..=499 => Sent::Rejected { code: format!("HTTP {status}"), text },
        _ => Sent::Lost { why: format!("status {status}. {text}") },
    }
}

#[async_trait]
impl Link for HttpLink {
    fn takes(&self, verb: &str) -> bool {
        self.verbs.contains_key(verb)
    }

    fn clock_ahead_ms(&self) -> Option<i64> {
        Some(self.ahead_ms.load(Ordering::Relaxed)).filter(|ahead| *ahead != UNSEEN)
    }

    async fn send(&self, errand: &Errand) -> Sent {
        let verb = errand.effect.verb();
        let Some(mapping) = self.verbs.get(verb) else {
            return Sent::Misconfigured { why: format!("the link of {} has no mapping for {verb}: add one to `send`", self.site) };
        };
        let (answers, wrote) = match self.converse(mapping, "request", errand).await {
            Ok(done) => done,
            Err((Silence::Wrong(why), false)) => return Sent::Misconfigured { why },
            Err((Silence::Unsent(why), false)) => return Sent::NotDone { why },
            Err((Silence::Wrong(why) | Silence::Unsent(why) | Silence::Unknown(why), _)) => return Sent::Lost { why },
        };
        let input = view(self.site, &self.spec.tables, errand, &answers).to_string().into_bytes();
        match said(mapping, mapping.run_bounded("outcome", input).await) {
            Ok(Some(Outcome::Accepted(receipt))) => Sent::Accepted(receipt),
            Ok(Some(Outcome::Rejected { code, text })) => Sent::Rejected { code, text },
            Ok(Some(Outcome::NotDone { why })) => Sent::NotDone { why },
            Ok(Some(Outcome::Misconfigured { why })) if wrote => Sent::Lost { why: format!("a part was done. {why}") },
            Ok(Some(Outcome::Misconfigured { why })) => Sent::Misconfigured { why },
            Ok(Some(Outcome::Read(said))) => Sent::Read { said, raw: Value::Array(answers).to_string().into_bytes() },
            Ok(None) => by_status(&answers, wrote),
            // Also what was answered, and nobody can say how.
            Ok(Some(Outcome::Lost { why })) | Err(why) => Sent::Lost { why },
        }
    }

    async fn probe(&self, errand: &Errand) -> Probed {
        let verb = errand.effect.verb();
        let Some(mapping) = self.verbs.get(verb).filter(|mapping| mapping.has("probe")) else {
            return Probed::NoAnswer { why: format!("the link of {} cannot ask what became of {verb}", self.site) };
        };
        let answers = match self.converse(mapping, "probe", errand).await {
            Ok((answers, _)) => answers,
            Err((Silence::Wrong(why) | Silence::Unsent(why) | Silence::Unknown(why), _)) => return Probed::NoAnswer { why },
        };
        let input = view(self.site, &self.spec.tables, errand, &answers).to_string().into_bytes();
        match said(mapping, mapping.run_bounded("probed", input).await) {
            Ok(Some(Finding::Found(receipt))) => Probed::Found(receipt),
            Ok(Some(Finding::Absent)) => Probed::Absent,
            Ok(Some(Finding::NoAnswer { why })) | Err(why) => Probed::NoAnswer { why },
            Ok(None) => Probed::NoAnswer { why: format!("{} says nothing about the answer", mapping.name()) },
        }
    }
}

#[cfg(test)]
mod tests;
