//! A link over SQL, to PostgreSQL and to MySQL or MariaDB: what is asked for and what a result means is said by a mapping; this file
//! carries it there within one transaction, which is why more is known afterwards than over most transports: until the commit was
//! sent, nothing was done, whatever happened.
//!
//! A verb's mapping has `request` (the next statement, `{ sql, args, then }`; with `then: true` it is asked again, with the result among
//! `.answers`), `outcome` (what the results mean), and for systems that are probed `probe` and `probed`. Only an outcome that says
//! `accepted` is committed; everything else is rolled back. A result is `.rows` and `.affected`, or `.error` with its SQLSTATE as
//! `.error.state`; an outcome that gives nothing for an error leaves it to the SQLSTATE (`state`).
//!
//! Arguments are bound, never written into the text: `$1` (PostgreSQL) or `?` (MySQL). A text is bound as text, so PostgreSQL wants a
//! cast where another type is meant (`$1::numeric`); so decimals keep their digits. What a column becomes says `postgres` and
//! `mysql`: decimals are texts, keys padded with blanks lose these, and a time without a zone is a text without one.
//!
//! A poll's `ask` gives `{ sql, args }` and `items` sees `.rows`; both run read-only. `mark` gives statements that write.
//!
//! What it cannot promise: a procedure that commits by itself, and a table whose engine knows no transactions, are not rolled back. A
//! commit whose answer is lost may still be carried out for a moment: `settle_ms` has to be longer than that. A probe that is answered by
//! a replica says what stood there a while ago: name the primary.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::{Value, json};
use takt_protocol::name::SiteId;

use super::asks::{Asks, Unanswered};
use super::mapping::Mapping;
use super::meaning::{Finding, Outcome, said, view};
use super::{Errand, Link, Probed, Sent};
use desk::{Desk, Open, Rights, Trouble};

mod desk;
mod mysql;
mod postgres;
mod rows;
mod state;

pub use desk::wrong_with;

/// How a database is reached.
#[derive(Clone, Debug)]
pub struct SqlSpec {
    /// Where it listens and as whom we come: `postgres://…` or `mysql://…`.
    pub url: String,
    /// The password that we show, if any.
    pub password: Option<String>,
    /// How long one errand may take, in ms.
    pub window_ms: u32,
    /// Code tables, given to every mapping as `.tables`.
    pub tables: Value,
}

/// A way to one database.
pub struct SqlLink {
    site: SiteId,
    tables: Value,
    verbs: BTreeMap<String, Mapping>,
    desk: Desk,
    /// How long everything before the commit may take: what is given up then was certainly not done.
    before_commit: Duration,
}

/// A statement as a mapping says it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Statement {
    sql: String,
    #[serde(default)]
    args: Vec<Value>,
    /// Ask the mapping again when this has its result.
    #[serde(default)]
    then: bool,
}

/// Statements that one errand may take.
const STEPS_MAX: usize = 64;

/// Whether an output is a statement; if not, where and why.
pub(super) fn fits(output: &Value) -> Result<(), String> {
    serde_path_to_error::deserialize::<_, Statement>(output).map(drop).map_err(|error| format!("{}: {}", error.path(), error.inner()))
}

impl SqlLink {
    /// A link to `site`, with a mapping for each verb it can carry out. It connects when it is first used.
    pub fn new(site: SiteId, spec: SqlSpec, verbs: BTreeMap<String, Mapping>) -> Self {
        let window = Duration::from_millis(u64::from(spec.window_ms.max(4)));
        let desk = Desk::of(&spec.url, spec.password.as_deref(), window);
        Self { site, tables: spec.tables, verbs, desk, before_commit: window.mul_f64(0.75) }
    }

    /// Code tables.
    pub fn tables(&self) -> &Value {
        &self.tables
    }

    /// Asks what `entry` says, one statement after the other, until it wants nothing more or the database says no.
    async fn converse(&self, open: &mut Open, mapping: &Mapping, entry: &'static str, errand: &Errand) -> Result<Vec<Value>, Trouble> {
        let mut answers = Vec::new();
        while answers.len() < STEPS_MAX {
            let input = view(self.site, &self.tables, errand, &answers).to_string().into_bytes();
            let said = mapping.run_bounded(entry, input).await.map_err(|error| Trouble::Wrong(error.to_string()))?;
            let Some(next) = said.into_iter().next() else { break };
            let next: Statement = serde_path_to_error::deserialize(next)
                .map_err(|error| Trouble::Wrong(format!("{} gives no statement: {error}", mapping.name())))?;
            match open.ask(&next.sql, &next.args).await {
                Ok(answer) => answers.push(answer),
                Err(Trouble::Said(problem)) => {
                    answers.push(json!({ "error": problem.shown() }));
                    break;
                }
                Err(trouble) => return Err(trouble),
            }
            if !next.then {
                break;
            }
        }
        Ok(answers)
    }

    /// Everything up to the commit: what the outcome says, in a transaction that is still open.
    async fn prepare(&self, mapping: &Mapping, errand: &Errand) -> Result<(Open, Vec<Value>, Option<Outcome>), Trouble> {
        let mut open = self.desk.begin(Rights::Write).await?;
        let answers = self.converse(&mut open, mapping, "request", errand).await?;
        let input = view(self.site, &self.tables, errand, &answers).to_string().into_bytes();
        let outcome = said(mapping, mapping.run_bounded("outcome", input).await).map_err(Trouble::Wrong)?;
        Ok((open, answers, outcome))
    }

    /// One statement in a transaction of its own.
    async fn alone(&self, sql: &str, args: &[Value], rights: Rights) -> Result<Value, Trouble> {
        let work = async {
            let mut open = self.desk.begin(rights).await?;
            match open.ask(sql, args).await {
                Ok(answer) => self.desk.commit(open).await.map(|()| answer),
                Err(trouble) => {
                    self.desk.roll_back(open).await;
                    Err(trouble)
                }
            }
        };
        match tokio::time::timeout(self.before_commit, work).await {
            Ok(done) => done,
            Err(_) => Err(Trouble::Broken(format!("no answer within {} ms", self.before_commit.as_millis()))),
        }
    }

    async fn question(&self, question: Value, rights: Rights) -> Result<Value, Unanswered> {
        let asked: Statement =
            serde_path_to_error::deserialize(question).map_err(|error| Unanswered::Wrong(format!("it gives no statement: {error}")))?;
        self.alone(&asked.sql, &asked.args, rights).await.map_err(unanswered)
    }

    async fn find(&self, mapping: &Mapping, errand: &Errand) -> Result<Option<Finding>, Trouble> {
        let mut open = self.desk.begin(Rights::Read).await?;
        let answers = self.converse(&mut open, mapping, "probe", errand).await?;
        self.desk.roll_back(open).await;
        let input = view(self.site, &self.tables, errand, &answers).to_string().into_bytes();
        // What the database says no to is no answer, whatever the mapping makes of it.
        if let Some(problem) = answers.last().and_then(|answer| answer.get("error")) {
            return Err(Trouble::Broken(format!("the question was refused: {problem}")));
        }
        said(mapping, mapping.run_bounded("probed", input).await).map_err(Trouble::Wrong)
    }
}

fn unanswered(trouble: Trouble) -> Unanswered {
    match trouble {
        // A table may be missing for an hour: what is answered again ends the case by itself.
        Trouble::Said(problem) if state::is_about_the_question(&problem) => Unanswered::Refused(format!("answered {problem}")),
        Trouble::Said(problem) => Unanswered::Silent(problem.to_string()),
        Trouble::Broken(why) => Unanswered::Silent(why),
        Trouble::Wrong(why) => Unanswered::Wrong(why),
    }
}

/// Before the commit was sent nothing was done.
fn before_commit(trouble: Trouble) -> Sent {
    match trouble {
        Trouble::Said(problem) => state::sent(&problem),
        Trouble::Broken(why) => Sent::NotDone { why },
        Trouble::Wrong(why) => Sent::Misconfigured { why },
    }
}

/// What the results mean where the mapping says nothing about them.
fn by_state(mapping: &Mapping, answers: &[Value]) -> Sent {
    match answers.last().map(|answer| answer.get("error").and_then(desk::Problem::read)) {
        Some(Some(problem)) => state::sent(&problem),
        Some(None) => Sent::Misconfigured { why: format!("{} says nothing of what came of it; it was rolled back", mapping.name()) },
        None => Sent::Misconfigured { why: format!("{} asks for nothing", mapping.name()) },
    }
}

#[async_trait]
impl Link for SqlLink {
    fn takes(&self, verb: &str) -> bool {
        self.verbs.contains_key(verb)
    }

    async fn send(&self, errand: &Errand) -> Sent {
        let verb = errand.effect.verb();
        let Some(mapping) = self.verbs.get(verb) else {
            return Sent::Misconfigured { why: format!("the link of {} has no mapping for {verb}: add one to `send`", self.site) };
        };
        let (open, answers, outcome) = match tokio::time::timeout(self.before_commit, self.prepare(mapping, errand)).await {
            Ok(Ok(prepared)) => prepared,
            Ok(Err(trouble)) => return before_commit(trouble),
            Err(_) => {
                return Sent::NotDone { why: format!("given up before it was committed, after {} ms", self.before_commit.as_millis()) };
            }
        };
        let receipt = match outcome {
            Some(Outcome::Accepted(receipt)) => receipt,
            other => {
                self.desk.roll_back(open).await;
                return match other {
                    Some(Outcome::Rejected { code, text }) => Sent::Rejected { code, text },
                    Some(Outcome::NotDone { why }) => Sent::NotDone { why },
                    Some(Outcome::Lost { why }) => Sent::Lost { why },
                    Some(Outcome::Misconfigured { why }) => Sent::Misconfigured { why },
                    Some(Outcome::Read(said)) => Sent::Read { said, raw: Value::Array(answers).to_string().into_bytes() },
                    Some(Outcome::Accepted(_)) | None => by_state(mapping, &answers),
                };
            }
        };
        if answers.last().is_some_and(|answer| answer.get("error").is_some()) {
            // The mapping knows this error: what was asked for is there already.
            self.desk.roll_back(open).await;
            return Sent::Accepted(receipt);
        }
        match self.desk.commit(open).await {
            Ok(()) => Sent::Accepted(receipt),
            Err(Trouble::Said(problem)) if state::was_rolled_back(&problem.state) => state::sent(&problem),
            Err(Trouble::Said(problem)) => Sent::Lost { why: format!("the commit was answered {problem}") },
            Err(Trouble::Broken(why) | Trouble::Wrong(why)) => Sent::Lost { why: format!("the commit was not answered: {why}") },
        }
    }

    async fn probe(&self, errand: &Errand) -> Probed {
        let verb = errand.effect.verb();
        let Some(mapping) = self.verbs.get(verb).filter(|mapping| mapping.has("probe")) else {
            return Probed::NoAnswer { why: format!("the link of {} cannot ask what became of {verb}", self.site) };
        };
        match tokio::time::timeout(self.before_commit, self.find(mapping, errand)).await {
            Ok(Ok(Some(Finding::Found(receipt)))) => Probed::Found(receipt),
            Ok(Ok(Some(Finding::Absent))) => Probed::Absent,
            Ok(Ok(None)) => Probed::NoAnswer { why: format!("{} says nothing about the answer", mapping.name()) },
            Ok(Err(Trouble::Said(problem))) => Probed::NoAnswer { why: problem.to_string() },
            Ok(Ok(Some(Finding::NoAnswer { why })) | Err(Trouble::Broken(why) | Trouble::Wrong(why))) => Probed::NoAnswer { why },
            Err(_) => Probed::NoAnswer { why: format!("no answer within {} ms", self.before_commit.as_millis()) },
        }
    }
}

#[async_trait]
impl Asks for SqlLink {
    async fn ask(&self, question: Value) -> Result<Value, Unanswered> {
        self.question(question, Rights::Read).await
    }

    async fn whole(&self, what: &str) -> Result<Value, Unanswered> {
        let mut answer = self.alone(what, &[], Rights::Read).await.map_err(unanswered)?;
        Ok(answer.get_mut("rows").map(Value::take).unwrap_or_default())
    }

    async fn tell(&self, told: Value) -> Result<(), Unanswered> {
        self.question(told, Rights::Write).await.map(drop)
    }
}
