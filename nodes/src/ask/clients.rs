//! Who may ask: a table from credential to client, made from configuration once. Apart because nothing else may see a
//! token. Never prints one, and keeps only their hashes: a look-up by hash tells nobody by its time how much was right.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use takt_config::text::ClientText;
use takt_protocol::book::Book;
use takt_protocol::envelope::RawRef;
use takt_protocol::name::Source;
use takt_protocol::words::Role;
use tokio::sync::watch;

use super::{Denied, Sort};

/// A program that may ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    /// Its name: the source of everything it sends, and the user behind it.
    pub source: Source,
    /// The role it acts in, such as `quality`.
    pub role: Role,
}

/// All of them, by credential. Clones share the table, which the configuration in force fills.
#[derive(Clone, Default)]
pub struct Clients {
    by_token: Arc<RwLock<Table>>,
    /// Whose token was taken away, and in which change of the table that was.
    gone: Arc<watch::Sender<Gone>>,
}

#[derive(Debug, Default)]
struct Gone {
    change: u64,
    last: BTreeMap<Source, u64>,
}

type Table = BTreeMap<RawRef, Client>;

impl fmt::Debug for Clients {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.table().values()).finish()
    }
}

impl Clients {
    /// A table of tokens and whom each names.
    pub fn new(clients: impl IntoIterator<Item = (String, Client)>) -> Self {
        Self::from(clients.into_iter().map(|(token, client)| (RawRef::of(token.as_bytes()), client)).collect::<Table>())
    }

    /// Another table instead: a token that is not in it opens nothing from now on, and what it opened ends.
    pub fn replace(&self, by: &Self) {
        let new = by.table().clone();
        let gone: Vec<Source> = {
            let mut table = self.by_token.write().unwrap_or_else(PoisonError::into_inner);
            let old = std::mem::replace(&mut *table, new);
            old.into_iter().filter(|(token, client)| table.get(token) != Some(client)).map(|(_, client)| client.source).collect()
        };
        self.gone.send_if_modified(|known| {
            known.change += 1;
            known.last.extend(gone.iter().map(|source| (*source, known.change)));
            !gone.is_empty()
        });
    }

    /// Waits until the token with which a client came is taken away, or means something else; also when it was by now, since it came.
    pub(super) fn until_gone(&self, client: &Client) -> impl Future<Output = ()> + Send + use<> {
        let (mut gone, source) = (self.gone.subscribe(), client.source);
        let came = gone.borrow().change;
        // Between coming in and this a table may have changed, and nobody waited yet.
        let is_known = self.table().values().any(|known| known == client);
        async move {
            if is_known {
                drop(gone.wait_for(|gone| gone.last.get(&source).is_some_and(|change| *change > came)).await);
            }
        }
    }

    fn table(&self) -> RwLockReadGuard<'_, Table> {
        self.by_token.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The table of a configuration; the error says which client cannot be meant, and why.
    pub fn of(texts: &[ClientText], book: &Book) -> Result<Self, String> {
        let mut clients = Table::new();
        for text in texts {
            let source = Source::parse(&text.name).map_err(|error| error.to_string())?;
            if book.sites.contains_key(&source) {
                return Err(format!("client `{source}` has the name of a site: what it sends would pass for the site's own word"));
            }
            if text.token.trim().is_empty() {
                return Err(format!("client `{source}` has an empty token"));
            }
            let client = Client { source, role: text.role.clone() };
            if let Some(other) = clients.insert(RawRef::of(text.token.as_bytes()), client) {
                return Err(format!("clients `{}` and `{source}` have the same token", other.source));
            }
        }
        Ok(Self::from(clients))
    }

    /// Whom the content of an `authorization` header names.
    pub(super) fn who(&self, authorization: Option<&[u8]>) -> Result<Client, Denied> {
        let Some(token) = authorization.and_then(bearer) else {
            return Err(unknown("the request carries no bearer token"));
        };
        self.table().get(&RawRef::of(token)).cloned().ok_or_else(|| unknown("no client has this token"))
    }
}

impl From<Table> for Clients {
    fn from(table: Table) -> Self {
        Self { by_token: Arc::new(RwLock::new(table)), gone: Arc::default() }
    }
}

/// The token of a bearer credential.
pub(crate) fn bearer(authorization: &[u8]) -> Option<&[u8]> {
    let (scheme, rest) = authorization.split_at_checked(7)?;
    scheme.eq_ignore_ascii_case(b"bearer ").then(|| rest.trim_ascii())
}

fn unknown(message: &str) -> Denied {
    Denied::new(
        Sort::Unauthenticated,
        "UNAUTHENTICATED",
        message,
        "send `Authorization: Bearer <token>` with a token from `clients` in the configuration",
    )
    .at("authorization")
}

#[cfg(test)]
mod tests;
