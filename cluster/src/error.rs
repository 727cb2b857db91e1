//! What can go wrong below the actors, and the only question its callers have: may I try again?

use std::sync::Arc;

/// A failure of a seam. Says what was attempted; the cause is the source.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The disk refused.
    #[error("failed to {attempt} in `{place}`")]
    Disk {
        /// What was attempted, as a verb phrase.
        attempt: &'static str,
        /// The file or table.
        place: String,
        /// Why.
        #[source]
        source: Arc<dyn std::error::Error + Send + Sync>,
    },
    /// Nobody answers there just now: a partition, a stopped engine, a leader being elected.
    #[error("no answer from `{place}`")]
    Unreachable {
        /// Whom we asked.
        place: String,
    },
    /// The store is full. Nothing was written.
    #[error("no room left in `{place}`")]
    Full {
        /// The queue or disk.
        place: String,
    },
    /// Stored bytes that are not what was written.
    #[error("`{place}` is damaged: {what}")]
    Damaged {
        /// The file, table or subject.
        place: String,
        /// What was found.
        what: String,
    },
    /// The store is there and may not be opened so.
    #[error("`{place}` cannot be opened: {what}")]
    Refused {
        /// The file.
        place: String,
        /// Why, and what to do.
        what: String,
    },
    /// The engine was stopped; a restart brings it back.
    #[error("the engine is stopped")]
    Stopped,
}

impl Error {
    /// May the caller try the same again?
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::Full { .. } => true,
            Self::Disk { .. } | Self::Damaged { .. } | Self::Refused { .. } | Self::Stopped => false,
        }
    }
}
