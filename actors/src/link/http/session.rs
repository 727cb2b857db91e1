//! How we show a system who we are, where a word in the configuration does not do: a name with a password, a key in a header, a token
//! that is fetched for a while (OAuth2, client credentials), or steps to log in that a mapping says.
//!
//! A mapping of that kind has `login` (the next request; `then: true` to be asked again; it sees `.secrets` and the answers so far),
//! `session` (what the answers mean: `{headers: {…}}`, shown with everything from then on, `{refused: {why}}` or `{not_done: {why}}`),
//! and for systems that do not say 401 when a session has ended `expired` (`true` of such an answer).
//!
//! One login at a time, however many errands want it. A session that has ended is renewed once for a request; who says 401 to the new one,
//! too, means it. A login that was refused is not tried again for a while: systems lock users who try too often.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::Mutex;

use super::{Asked, Carried, Carrier, HttpLink, STEPS_MAX, Silence};
use crate::link::format::Format;
use crate::link::mapping::Mapping;
use crate::link::meaning::said;

/// How long a refused login rests.
const REFUSED_REST: Duration = Duration::from_secs(30);

/// How long before its end a token is renewed.
const EARLY: Duration = Duration::from_secs(10);

/// How we show who we are.
#[derive(Clone)]
pub enum Credential {
    /// By headers that stay the same.
    Fixed(Vec<(String, String)>),
    /// By a token that an authorization server gives for our id and secret (OAuth2, client credentials).
    Client(Client),
    /// By steps that a mapping says.
    Login {
        /// It.
        mapping: Mapping,
        /// What it sees as `.secrets`.
        secrets: Value,
    },
}

/// Who we are for an authorization server.
#[derive(Clone)]
pub struct Client {
    /// Where it gives tokens: a path behind the system's address, or a whole address.
    pub token: String,
    /// Our id.
    pub id: String,
    /// Our secret.
    pub secret: String,
    /// What we ask for, if anything.
    pub scope: Option<String>,
}

impl Credential {
    /// A name with a password (RFC 7617).
    pub fn basic(user: &str, password: &str) -> Self {
        Self::Fixed(vec![("authorization".to_owned(), format!("Basic {}", STANDARD.encode(format!("{user}:{password}"))))])
    }
}

impl std::fmt::Debug for Credential {
    /// Without what nobody is to read.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Fixed(_) => "Fixed",
            Self::Client(_) => "Client",
            Self::Login { .. } => "Login",
        })
    }
}

/// What is shown with a request.
#[derive(Clone, Debug, Default)]
pub(super) struct Shown {
    headers: Arc<Vec<(String, String)>>,
    /// Which login it is of.
    number: u64,
}

impl Shown {
    pub(super) fn headers(&self) -> impl Iterator<Item = (String, String)> {
        self.headers.iter().cloned()
    }

    /// Whether it is of the same login.
    pub(super) fn is_of(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

/// The session with a system.
pub(super) struct Session {
    credential: Option<Credential>,
    /// The way to where tokens are given, and the path there.
    tokens: Arc<dyn Carrier>,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    shown: Option<Shown>,
    until: Option<Duration>,
    number: u64,
    refused: Option<(Duration, String)>,
}

/// What a mapping says of the answers to its steps.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Entered {
    Headers(BTreeMap<String, String>),
    Refused { why: String },
    NotDone { why: String },
}

/// Whether what `session` says has its shape; if not, where and why.
pub(crate) fn fits(output: &Value) -> Result<(), String> {
    serde_path_to_error::deserialize::<_, Entered>(output).map(drop).map_err(|error| format!("{}: {}", error.path(), error.inner()))
}

impl Session {
    pub(super) fn new(credential: Option<Credential>, tokens: Arc<dyn Carrier>) -> Self {
        Self { credential, tokens, open: Mutex::default() }
    }

    fn expires(&self) -> Option<&Mapping> {
        match &self.credential {
            Some(Credential::Login { mapping, .. }) if mapping.has("expired") => Some(mapping),
            Some(Credential::Login { .. } | Credential::Client(_) | Credential::Fixed(_)) | None => None,
        }
    }

    fn can_be_renewed(&self) -> bool {
        matches!(self.credential, Some(Credential::Client(_) | Credential::Login { .. }))
    }
}

impl HttpLink {
    /// What is to be shown just now; logs in where nothing is.
    pub(super) async fn shown(&self) -> Result<Shown, Silence> {
        let Some(credential) = &self.session.credential else { return Ok(Shown::default()) };
        let mut open = self.session.open.lock().await;
        let now = self.clock.elapsed();
        if let Some(shown) = open.shown.as_ref().filter(|_| open.until.is_none_or(|until| now < until)) {
            return Ok(shown.clone());
        }
        if let Some((until, why)) = &open.refused
            && now < *until
        {
            return Err(Silence::Wrong(why.clone()));
        }
        let entered = match credential {
            Credential::Fixed(headers) => Ok((headers.clone(), None)),
            Credential::Client(client) => self.fetched(client).await,
            Credential::Login { mapping, secrets } => self.logged_in(mapping, secrets).await.map(|headers| (headers, None)),
        };
        match entered {
            Ok((headers, lives)) => {
                open.number += 1;
                let shown = Shown { headers: Arc::new(headers), number: open.number };
                open.until = lives.map(|lives: Duration| now + lives.saturating_sub(EARLY.min(lives / 2)));
                (open.shown, open.refused) = (Some(shown.clone()), None);
                Ok(shown)
            }
            Err(silence) => {
                if let Silence::Wrong(why) = &silence {
                    open.refused = Some((now + REFUSED_REST, why.clone()));
                }
                // Whatever came of the login, what it was for was not sent.
                Err(match silence {
                    Silence::Unknown(why) | Silence::Unsent(why) => Silence::Unsent(why),
                    Silence::Wrong(why) => Silence::Wrong(why),
                })
            }
        }
    }

    /// Whether an answer says that what was shown does not count any more; forgets it, then.
    pub(super) async fn ended(&self, shown: &Shown, answer: &Value) -> Result<bool, Silence> {
        if !self.session.can_be_renewed() {
            return Ok(false);
        }
        let mut ended = answer.get("status") == Some(&json!(401));
        if let Some(mapping) = self.session.expires().filter(|_| !ended) {
            let told = mapping.run_bounded("expired", answer.to_string().into_bytes()).await;
            // It was sent, and nobody can say what the answer means.
            ended = told.map_err(|error| Silence::Unknown(error.to_string()))?.first() == Some(&json!(true));
        }
        if ended {
            let mut open = self.session.open.lock().await;
            if open.shown.as_ref().is_some_and(|known| known.number == shown.number) {
                open.shown = None;
            }
        }
        Ok(ended)
    }

    /// Goes the steps that a mapping says.
    async fn logged_in(&self, mapping: &Mapping, secrets: &Value) -> Result<Vec<(String, String)>, Silence> {
        let mut answers: Vec<Value> = Vec::new();
        let view = |answers: &[Value]| {
            let mut view = json!({ "site": self.site.as_str(), "tables": self.spec.tables, "secrets": secrets, "answers": answers });
            if let (Some(fields), Some(Value::Object(last))) = (view.as_object_mut(), answers.last()) {
                fields.extend(last.clone());
            }
            view.to_string().into_bytes()
        };
        while answers.len() < STEPS_MAX {
            let said = mapping.run_bounded("login", view(&answers)).await.map_err(|error| Silence::Wrong(error.to_string()))?;
            let Some(next) = said.into_iter().next() else { break };
            let asked: Asked = serde_path_to_error::deserialize(next)
                .map_err(|error| Silence::Wrong(format!("{} gives no request: {error}", mapping.name())))?;
            let more = asked.then;
            answers.push(self.once(&asked, &Shown::default(), None).await?);
            if !more {
                break;
            }
        }
        let status = answers.last().and_then(|answer| answer.get("status")).and_then(Value::as_u64).unwrap_or_default();
        match said(mapping, mapping.run_bounded("session", view(&answers)).await) {
            Ok(Some(Entered::Headers(headers))) => Ok(headers.into_iter().collect()),
            Ok(Some(Entered::Refused { why })) => Err(Silence::Wrong(format!("the login was refused: {why}"))),
            Ok(Some(Entered::NotDone { why })) => Err(Silence::Unsent(format!("no login: {why}"))),
            Ok(None) => Err(refusal(status, "")),
            Err(why) => Err(Silence::Wrong(why)),
        }
    }

    /// Has a token given (RFC 6749, 4.4), and says how long it lives.
    async fn fetched(&self, client: &Client) -> Result<(Vec<(String, String)>, Option<Duration>), Silence> {
        let Credential::Fixed(mut headers) = Credential::basic(&form(&client.id), &form(&client.secret)) else {
            return Ok(Default::default());
        };
        headers.push(("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned()));
        headers.push(("accept".to_owned(), "application/json".to_owned()));
        let scope = client.scope.as_deref().map(|scope| format!("&scope={}", form(scope))).unwrap_or_default();
        let request = Carried {
            method: "POST".to_owned(),
            path: client.token.clone(),
            query: BTreeMap::new(),
            headers,
            bearer: None,
            body: Some(format!("grant_type=client_credentials{scope}").into_bytes()),
        };
        let answer = self.session.tokens.carry(request).await?;
        let body: Value = Format::Json.read(&answer.body).ok().and_then(|json| serde_json::from_slice(&json).ok()).unwrap_or_default();
        let word = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
        if !(200..300).contains(&answer.status) || word("access_token").is_empty() {
            return Err(refusal(answer.status.into(), word("error")));
        }
        let kind = Some(word("token_type")).filter(|kind| !kind.eq_ignore_ascii_case("bearer") && !kind.is_empty()).unwrap_or("Bearer");
        let lives = body.get("expires_in").and_then(Value::as_u64).map(Duration::from_secs);
        Ok((vec![("authorization".to_owned(), format!("{kind} {}", word("access_token")))], lives))
    }
}

/// What a status to a login means: whether a person has to look at our credential, or the system is away.
fn refusal(status: u64, word: &str) -> Silence {
    let word = if word.is_empty() { String::new() } else { format!(" ({word})") };
    match status {
        408 | 429 | 500.. => Silence::Unsent(format!("no login: status {status}{word}")),
        _ => Silence::Wrong(format!("the login was refused with status {status}{word}: check its credential and its address")),
    }
}

/// A word as a form writes it.
fn form(word: &str) -> String {
    let one = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    word.bytes().map(one).collect()
}

#[cfg(test)]
mod tests;
