//! Rows that projections derive from the log: on sled, or in memory on dashmap. Apart from the truth because they may be
//! lost: what is missing, unreadable, torn or of another make is thrown away, and built again from the log. Never the only
//! place of anything, never waited for by an acknowledgement.

use std::ops::Bound;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;

use crate::Error;

mod disk;
mod memory;
mod tally;

use disk::Disk;
use memory::InMemory;

/// One table of rows. The numbers are the projection's own; to change their meaning is to change the schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Table(pub u8);

/// What rows must have been made by and from to be of use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// How the projection writes its rows.
    pub schema: u64,
    /// The log they were derived from: `Journal::incarnation`.
    pub incarnation: u64,
}

/// What was found when views were opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opened {
    /// The rows are whole up to their cursors: go on from there.
    Kept,
    /// There are no rows and every cursor is 0: build them from the log.
    Fresh(Reason),
}

/// Why rows have to be built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// There were none.
    Missing,
    /// They were written under another schema, or derived from another log.
    OtherStamp,
    /// The files could not be read; what the store said.
    Unreadable(String),
    /// The files could be read, but the rows are not those that were written together with their cursors.
    Torn,
}

/// A change of one row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Where.
    pub table: Table,
    /// Which. Keys sort by their bytes.
    pub key: Vec<u8>,
    /// What stands there from now on; `None` removes the row.
    pub value: Option<Bytes>,
}

/// What a stretch of a shard's log changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Whose log.
    pub shard: u16,
    /// The cursor the rows were computed from.
    pub after: u64,
    /// The cursor once they are written: the last sequence they cover.
    pub upto: u64,
    /// The changes; of two for the same row the later one stands.
    pub rows: Vec<Row>,
}

/// What became of a [`Step`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applied {
    /// Rows and cursor were written together.
    Done,
    /// The cursor was elsewhere: nothing was written, so nothing is counted twice.
    Stale {
        /// Where it is.
        at: u64,
    },
}

/// Rows and the cursors they are valid at. Cheap to clone; all clones are the same rows. Calls return at once and do not
/// wait for the disk to be durable.
#[derive(Clone)]
pub struct Views {
    rows: Arc<dyn Rows>,
}

/// What either home of rows can do.
trait Rows: Send + Sync {
    fn apply(&self, step: Step) -> Result<Applied, Error>;
    fn cursor(&self, shard: u16) -> Result<u64, Error>;
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Bytes>, Error>;
    fn scan(&self, table: Table, span: Span<'_>) -> Result<Vec<Found>, Error>;
}

/// A row as a scan shows it: key and value.
pub type Found = (Vec<u8>, Bytes);

/// Which rows of a table a scan shows.
#[derive(Clone, Copy, Debug)]
pub struct Span<'a> {
    /// Their keys begin so; empty for all.
    pub prefix: &'a [u8],
    /// Only those behind this key: the last one of the page before.
    pub after: Option<&'a [u8]>,
    /// At most so many.
    pub most: usize,
}

impl Views {
    /// Opens the rows in `dir`, which is theirs alone, and reads them all once to see that they are whole. Refused when
    /// another process has them open; anything else that is wrong with them makes them fresh.
    pub fn open(dir: &Path, stamp: Stamp) -> Result<(Self, Opened), Error> {
        let (disk, opened) = Disk::open(dir, stamp)?;
        Ok((Self { rows: Arc::new(disk) }, opened))
    }

    /// Rows that are gone with the process: for a node without a disk, and for the simulator, since sled has threads.
    pub fn in_memory() -> Self {
        Self { rows: Arc::new(InMemory::default()) }
    }

    /// Writes rows together with their cursor, or nothing.
    pub fn apply(&self, step: Step) -> Result<Applied, Error> {
        self.rows.apply(step)
    }

    /// The last sequence of the shard's log that the rows cover; 0 for none.
    pub fn cursor(&self, shard: u16) -> Result<u64, Error> {
        self.rows.cursor(shard)
    }

    /// One row.
    pub fn get(&self, table: Table, key: &[u8]) -> Result<Option<Bytes>, Error> {
        self.rows.get(table, key)
    }

    /// Rows in the order of their keys.
    pub fn scan(&self, table: Table, span: Span<'_>) -> Result<Vec<Found>, Error> {
        self.rows.scan(table, span)
    }
}

impl Span<'_> {
    /// Where to begin.
    fn start(&self) -> Bound<Vec<u8>> {
        match self.after {
            Some(after) if after >= self.prefix => Bound::Excluded(after.to_vec()),
            Some(_) | None => Bound::Included(self.prefix.to_vec()),
        }
    }
}

#[cfg(test)]
mod tests;
