//! What a site actor asks of a link: send an effect once, or ask whether it was done. A link never decides and never
//! retries; it says truly what it knows, and "I do not know" is an answer.

use async_trait::async_trait;
use serde_json::Value;
use takt_protocol::books::Reading;
use takt_protocol::calendar::Calendar;
use takt_protocol::effect::Effect;
use takt_protocol::intent::Reference;
use takt_protocol::outbox::Receipt;

pub mod asks;
pub mod carrier;
pub mod deliveries;
mod drift;
pub mod files;
#[cfg(test)]
pub(crate) mod fixture;
pub mod format;
pub mod http;
pub mod inbound;
pub mod local;
pub mod mapping;
pub mod meaning;
pub mod mqtt;
pub mod observed;
pub mod poll;
pub mod sql;
pub mod telemetry;

/// An effect that is to be sent, or was.
#[derive(Clone, Debug)]
pub struct Errand {
    /// Our reference, which the foreign document carries.
    pub reference: Reference,
    /// Which attempt.
    pub attempt: u32,
    /// What to do.
    pub effect: Box<Effect>,
}

/// What became of a send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sent {
    /// The site did it.
    Accepted(Receipt),
    /// The site refused it, and did nothing.
    Rejected {
        /// Its own code.
        code: String,
        /// Its own words.
        text: String,
    },
    /// It was certainly not done: not heard, or put off (429, a lock). May be tried again.
    NotDone {
        /// What was seen.
        why: String,
    },
    /// Nobody knows.
    Lost {
        /// What was seen.
        why: String,
    },
    /// The link cannot be used as it is configured: a person must look.
    Misconfigured {
        /// What is wrong, and what to do.
        why: String,
    },
    /// The site said what is in its books.
    Read {
        /// As the mapping says it; times may be those of the site's own clock.
        said: Value,
        /// Its answers, as they came.
        raw: Vec<u8>,
    },
}

/// What a site says about an earlier send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Probed {
    /// It was done.
    Found(Receipt),
    /// The site knows nothing of it.
    Absent,
    /// The site did not answer.
    NoAnswer {
        /// What was seen.
        why: String,
    },
}

/// Something of ours that a site refused, as it can be seen there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LateRefusal {
    /// Our reference in it.
    pub reference: String,
    /// Where it stands.
    pub place: String,
}

/// A way to one site.
#[async_trait]
pub trait Link: Send + Sync {
    /// Sends, once. Must stop by itself when dropped.
    async fn send(&self, errand: &Errand) -> Sent;

    /// Whether it is configured to send that at all.
    fn takes(&self, verb: &str) -> bool;

    /// Asks the site by our reference.
    async fn probe(&self, errand: &Errand) -> Probed;

    /// Whether it can be seen here that the site refused something a while after it took it.
    fn sees_late_refusals(&self) -> bool {
        false
    }

    /// What stands refused there now, and was taken before.
    async fn late_refusals(&self) -> Result<Vec<LateRefusal>, String> {
        Ok(Vec::new())
    }

    /// By how much the site's clock is ahead of ours at least, in ms, as its last answer said; nothing where no answer says so.
    fn clock_ahead_ms(&self) -> Option<i64> {
        None
    }
}

/// What a mapping says is in the books of a system, with times by the clock of the site; if it is none, where and why.
pub fn reading(said: Value, calendar: &Calendar) -> Result<Reading, String> {
    let settled = local::settle(said, calendar)?;
    serde_path_to_error::deserialize(settled).map_err(|error| format!("{}: {}", error.path(), error.inner()))
}

/// Whether what a mapping's function put out has the shape it is wanted in; if not, which output, where in it, and why.
/// `named` says that the message has a name where it comes from, so that an input may leave out its key.
pub fn fits(entry: &str, outputs: &[Value], named: bool) -> Result<(), String> {
    for (at, output) in outputs.iter().enumerate() {
        let fit = match entry {
            "inputs" => inbound::fits(output, named),
            "file" => files::fits(output),
            "items" => poll::fits(output),
            "outcome" | "probed" => meaning::fits(entry, output),
            "session" => http::session::fits(output),
            "expired" => output.as_bool().map(drop).ok_or_else(|| "it says true or false".to_owned()),
            // What is asked for has the form of its transport.
            _ if output.get("sql").is_some() => sql::fits(output),
            _ if output.get("topic").is_some() || output.get("sparkplug").is_some() => mqtt::fits(output),
            _ => http::fits(output),
        };
        fit.map_err(|wrong| format!("[{at}].{wrong}"))?;
    }
    Ok(())
}
