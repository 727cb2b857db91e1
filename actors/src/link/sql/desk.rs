//! Connections to one database: opened when they are needed, kept while they work, and never shared by two transactions. A connection
//! whose transaction did not end in order is closed, which rolls back whatever it had begun. Knows no mapping.

use std::fmt;
use std::str::FromStr as _;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::mysql::{MySqlConnectOptions, MySqlConnection, MySqlDatabaseError};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _};

use super::{mysql, postgres};

/// Connections that are kept open while nobody uses them.
const IDLE_MAX: usize = 32;

/// What a database said no with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Problem {
    /// The SQLSTATE, five letters.
    pub(super) state: String,
    /// The number that MySQL has for it; 0 elsewhere.
    pub(super) number: u16,
    /// Its words.
    pub(super) text: String,
    /// The constraint that it is about, where it says so.
    pub(super) constraint: Option<String>,
}

impl Problem {
    /// As a mapping sees it.
    pub(super) fn shown(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }

    /// As a mapping saw it.
    pub(super) fn read(shown: &Value) -> Option<Self> {
        Self::deserialize(shown).ok()
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SQLSTATE {}: {}", self.state, self.text)
    }
}

/// Why a statement has no result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// The database said no.
    Said(Problem),
    /// There is no connection, or it broke.
    Broken(String),
    /// It cannot be asked as it is, or its result cannot be read: a person must look.
    Wrong(String),
}

impl From<sqlx::Error> for Trouble {
    fn from(error: sqlx::Error) -> Self {
        let sqlx::Error::Database(said) = &error else {
            let is_wrong = matches!(
                error,
                sqlx::Error::Configuration(_)
                    | sqlx::Error::InvalidArgument(_)
                    | sqlx::Error::Encode(_)
                    | sqlx::Error::Decode(_)
                    | sqlx::Error::ColumnDecode { .. }
                    | sqlx::Error::TypeNotFound { .. }
            );
            return if is_wrong { Self::Wrong(error.to_string()) } else { Self::Broken(error.to_string()) };
        };
        Self::Said(Problem {
            state: said.code().map(Into::into).unwrap_or_default(),
            number: said.try_downcast_ref::<MySqlDatabaseError>().map(MySqlDatabaseError::number).unwrap_or_default(),
            text: said.message().to_owned(),
            constraint: said.constraint().map(str::to_owned),
        })
    }
}

/// Which database, and as whom.
#[derive(Clone)]
enum Way {
    Postgres(Box<PgConnectOptions>),
    MySql(Box<MySqlConnectOptions>),
}

/// Reads an address; if it is none, why.
fn way(url: &str, password: Option<&str>) -> Result<Way, String> {
    let unread = |error: &sqlx::Error| format!("the address of the database cannot be read: {error}");
    match url.split_once("://").map(|(scheme, _)| scheme) {
        Some("postgres" | "postgresql") => {
            let options = PgConnectOptions::from_str(url).map_err(|error| unread(&error))?;
            let options = password.map_or(options.clone(), |password| options.password(password));
            Ok(Way::Postgres(Box::new(options.application_name("takt").disable_statement_logging())))
        }
        Some("mysql" | "mariadb") => {
            let options = MySqlConnectOptions::from_str(url).map_err(|error| unread(&error))?;
            let options = password.map_or(options.clone(), |password| options.password(password));
            Ok(Way::MySql(Box::new(options.pipes_as_concat(false).disable_statement_logging())))
        }
        Some(_) | None => Err("the address of the database begins with neither postgres:// nor mysql://".to_owned()),
    }
}

/// What is wrong with the address of a database, if anything is.
pub fn wrong_with(url: &str) -> Option<String> {
    way(url, None).err()
}

/// What a transaction may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rights {
    /// It reads; the database refuses whatever would change something.
    Read,
    /// It writes.
    Write,
}

enum Connected {
    Postgres(Box<PgConnection>),
    MySql(Box<MySqlConnection>),
}

impl Connected {
    async fn say(&mut self, sql: &str) -> Result<(), Trouble> {
        let sql = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()));
        match self {
            Self::Postgres(connection) => (&mut **connection).execute(sql).await.map(drop)?,
            Self::MySql(connection) => (&mut **connection).execute(sql).await.map(drop)?,
        }
        Ok(())
    }

    /// Forgets the plans of statements: a table may have other columns by now. (Within a transaction they have names, because a statement
    /// without one is overwritten by the library's own questions about types.)
    async fn forget_plans(&mut self) -> Result<(), Trouble> {
        match self {
            Self::Postgres(connection) => connection.clear_cached_statements().await?,
            Self::MySql(connection) => connection.clear_cached_statements().await?,
        }
        Ok(())
    }

    async fn begin(&mut self, rights: Rights) -> Result<(), Trouble> {
        self.forget_plans().await?;
        self.say(match rights {
            Rights::Read => "START TRANSACTION READ ONLY",
            Rights::Write => "START TRANSACTION",
        })
        .await
    }
}

/// An open transaction. Dropped, it is rolled back.
pub(super) struct Open(Connected);

impl Open {
    /// One statement: its rows, and how many it changed.
    pub(super) async fn ask(&mut self, sql: &str, args: &[Value]) -> Result<Value, Trouble> {
        match &mut self.0 {
            Connected::Postgres(connection) => postgres::ask(connection, sql, args).await,
            Connected::MySql(connection) => mysql::ask(connection, sql, args).await,
        }
    }
}

/// The connections to one database.
pub(super) struct Desk {
    way: Result<Way, String>,
    window: Duration,
    idle: Mutex<Vec<Connected>>,
}

impl Desk {
    /// To the database at `url`, for transactions of so long at most.
    pub(super) fn of(url: &str, password: Option<&str>, window: Duration) -> Self {
        Self { way: way(url, password), window, idle: Mutex::default() }
    }

    /// A transaction. A connection that was kept may have died meanwhile, and then the others have, too: nothing was asked over it
    /// yet, so another one is opened.
    pub(super) async fn begin(&self, rights: Rights) -> Result<Open, Trouble> {
        if let Some(mut kept) = self.kept() {
            if let Ok(Ok(())) = tokio::time::timeout(self.window / 8, kept.begin(rights)).await {
                return Ok(Open(kept));
            }
            self.forget();
        }
        let mut fresh = self.connect().await?;
        fresh.begin(rights).await?;
        Ok(Open(fresh))
    }

    /// Ends a transaction so that it counts. Only `Ok`, and what the database says it rolled back, is certain.
    pub(super) async fn commit(&self, open: Open) -> Result<(), Trouble> {
        let Open(mut connected) = open;
        connected.say("COMMIT").await?;
        self.keep(connected);
        Ok(())
    }

    /// Ends a transaction as if it had not been.
    pub(super) async fn roll_back(&self, open: Open) {
        let Open(mut connected) = open;
        // Where nobody hears that, closing the connection does the same.
        if connected.say("ROLLBACK").await.is_ok() {
            self.keep(connected);
        }
    }

    fn kept(&self) -> Option<Connected> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    fn forget(&self) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn keep(&self, connected: Connected) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < IDLE_MAX {
            idle.push(connected);
        }
    }

    async fn connect(&self) -> Result<Connected, Trouble> {
        let way = self.way.clone().map_err(Trouble::Wrong)?;
        let patience = self.window / 2;
        match tokio::time::timeout(patience, connect(way, self.window)).await {
            Ok(connected) => connected,
            Err(_) => Err(Trouble::Broken(format!("no connection within {} ms", patience.as_millis()))),
        }
    }
}

/// A connection on which nothing hangs longer than we wait for it: a transaction of ours that nobody ends must not hold rows there.
async fn connect(way: Way, window: Duration) -> Result<Connected, Trouble> {
    let ms = window.as_millis().max(1);
    let secs = window.as_secs().max(1);
    let mut connected = match way {
        Way::Postgres(options) => Connected::Postgres(Box::new(PgConnection::connect_with(&options).await?)),
        Way::MySql(options) => Connected::MySql(Box::new(MySqlConnection::connect_with(&options).await?)),
    };
    let settings = match connected {
        Connected::Postgres(_) => format!("SET statement_timeout = {ms}; SET idle_in_transaction_session_timeout = {ms}"),
        // A text that is too long for its column is an error and not cut, whatever the server's default is. The connection goes
        // when it idles, because not every MySQL ends a transaction that does.
        Connected::MySql(_) => format!(
            "SET SESSION sql_mode = CONCAT(@@sql_mode, ',STRICT_ALL_TABLES'), innodb_lock_wait_timeout = {secs}, wait_timeout = {}",
            secs.saturating_mul(3).max(30)
        ),
    };
    connected.say(&settings).await?;
    Ok(connected)
}
