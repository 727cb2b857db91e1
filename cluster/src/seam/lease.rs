//! Who usually runs a shard. Leases only spare work: the fence of the journal is what makes one writer.

use std::time::Duration;

use async_trait::async_trait;

use crate::Error;

/// The answer to a wish for a lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Leased {
    /// Ours, under this epoch; each new holder's epoch is greater than any before.
    Ours {
        /// The epoch.
        epoch: u64,
    },
    /// Somebody else's until it lapses.
    Theirs {
        /// The holder.
        holder: String,
    },
}

/// A lease that somebody has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holding {
    /// Its name.
    pub name: String,
    /// Who has it.
    pub holder: String,
    /// Under this epoch.
    pub epoch: u64,
}

/// Exclusive for a while, with an epoch.
#[async_trait]
pub trait Lease: Send + Sync {
    /// Takes or renews `name` for `holder`. The holder stops by itself when `ttl` has passed on its own clock since it
    /// last asked. Whole seconds: an engine may give others the lease later than asked for, up to a second.
    async fn take(&self, name: &str, holder: &str, ttl: Duration) -> Result<Leased, Error>;

    /// Gives it back, so that the next need not wait.
    async fn release(&self, name: &str, holder: &str) -> Result<(), Error>;

    /// The leases of a class that somebody has, by name: the class is what stands before the `/` of a name. Never older than the
    /// question.
    async fn held(&self, class: &str) -> Result<Vec<Holding>, Error>;
}
