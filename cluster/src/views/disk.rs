//! Rows on sled. Its `flush` issues no fsync and a power cut may leave anything behind, so nothing here trusts what it
//! opens: one batch writes rows, cursor and tally, and opening counts all rows again. sled may also panic over a damaged
//! file; that is caught, and is one more way to be unreadable.

use std::collections::BTreeMap;
use std::fs::{File, TryLockError};
use std::ops::Bound;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

use super::tally::Tally;
use super::{Applied, Found, Opened, Reason, Rows, Span, Stamp, Step, Table};
use crate::Error;

/// Memory for pages of the file. Where the rows were four times as large as it, a change cost five times as much.
const CACHE_BYTES: u64 = 256 << 20;

/// The first byte of a key says what it is; the stamp and the tally are not tallied.
const STAMP: [u8; 1] = [0];
const TALLY: [u8; 1] = [1];
const CURSOR: u8 = 2;
const ROW: u8 = 3;

pub(super) struct Disk {
    rows: sled::Db,
    tally: Mutex<Tally>,
    place: PathBuf,
    /// Held until the rows are closed, so that nobody throws away what another process uses. Dropped last.
    _lock: File,
}

impl Disk {
    pub(super) fn open(dir: &Path, stamp: Stamp) -> Result<(Self, Opened), Error> {
        std::fs::create_dir_all(dir).map_err(|error| failed("make the folder", dir, error))?;
        let lock = lock(dir)?;
        let place = dir.join("rows");
        let (rows, tally, opened) = match kept(&place, stamp) {
            Ok((rows, tally)) => (rows, tally, Opened::Kept),
            Err(reason) => (fresh(&place, stamp, &reason)?, Tally::default(), Opened::Fresh(reason)),
        };
        Ok((Self { rows, tally: Mutex::new(tally), place, _lock: lock }, opened))
    }

    fn failed(&self, attempt: &'static str) -> impl Fn(sled::Error) -> Error {
        move |error| failed(attempt, &self.place, error)
    }

    fn write(&self, step: Step) -> Result<Applied, sled::Error> {
        let mut tally = self.tally.lock().unwrap_or_else(PoisonError::into_inner);
        let at = self.at(step.shard)?;
        if at != step.after {
            return Ok(Applied::Stale { at });
        }
        let mut changes: BTreeMap<Vec<u8>, Option<Bytes>> =
            step.rows.into_iter().map(|row| (row_key(row.table, &row.key), row.value)).collect();
        changes.insert(cursor_key(step.shard), Some(Bytes::copy_from_slice(&step.upto.to_be_bytes())));
        let mut next = *tally;
        let mut batch = sled::Batch::default();
        for (key, value) in changes {
            let old = self.rows.get(&key)?;
            if old.as_deref() == value.as_deref() {
                continue;
            }
            if let Some(old) = old {
                next.take(&key, &old);
            }
            match value {
                Some(value) => {
                    next.add(&key, &value);
                    batch.insert(key, value.as_ref());
                }
                None => batch.remove(key),
            }
        }
        batch.insert(&TALLY, &next.to_bytes());
        self.rows.apply_batch(batch)?;
        *tally = next;
        Ok(Applied::Done)
    }

    fn at(&self, shard: u16) -> Result<u64, sled::Error> {
        let stored = self.rows.get(cursor_key(shard))?;
        Ok(stored.and_then(|bytes| bytes.as_ref().try_into().ok()).map_or(0, u64::from_be_bytes))
    }
}

impl Rows for Disk {
    fn apply(&self, step: Step) -> Result<Applied, Error> {
        self.write(step).map_err(self.failed("write rows"))
    }

    fn cursor(&self, shard: u16) -> Result<u64, Error> {
        self.at(shard).map_err(self.failed("read a cursor"))
    }

    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Bytes>, Error> {
        let found = self.rows.get(row_key(table, key)).map_err(self.failed("read a row"))?;
        Ok(found.map(|value| Bytes::copy_from_slice(&value)))
    }

    fn scan(&self, table: Table, span: Span<'_>) -> Result<Vec<Found>, Error> {
        let prefix = row_key(table, span.prefix);
        let start = match span.start() {
            Bound::Included(key) => Bound::Included(row_key(table, &key)),
            Bound::Excluded(key) => Bound::Excluded(row_key(table, &key)),
            Bound::Unbounded => Bound::Unbounded,
        };
        let mut found = Vec::new();
        for row in self.rows.range((start, Bound::Unbounded)).take(span.most) {
            let (key, value) = row.map_err(self.failed("scan rows"))?;
            if !key.starts_with(&prefix) {
                break;
            }
            found.push((key.iter().copied().skip(row_key(table, &[]).len()).collect(), Bytes::copy_from_slice(&value)));
        }
        Ok(found)
    }
}

/// The rows that are there, if they are whole and of this stamp.
fn kept(place: &Path, stamp: Stamp) -> Result<(sled::Db, Tally), Reason> {
    if !place.exists() {
        return Err(Reason::Missing);
    }
    let opened = catch_unwind(AssertUnwindSafe(|| {
        let rows = store(place).map_err(|error| Reason::Unreadable(error.to_string()))?;
        let tally = counted(&rows, stamp)?;
        Ok((rows, tally))
    }));
    opened.unwrap_or_else(|_| Err(Reason::Unreadable("the store panicked over its file".to_owned())))
}

/// Counts the rows, which reads every page once: a damaged one is found now and not in the middle of a shift.
fn counted(rows: &sled::Db, stamp: Stamp) -> Result<Tally, Reason> {
    let unreadable = |error: sled::Error| Reason::Unreadable(error.to_string());
    let written = rows.get(STAMP).map_err(unreadable)?.ok_or(Reason::Torn)?;
    if written != stamp.to_bytes() {
        return Err(Reason::OtherStamp);
    }
    let mut tally = Tally::default();
    for row in rows.range([CURSOR]..) {
        let (key, value) = row.map_err(unreadable)?;
        tally.add(&key, &value);
    }
    let promised = rows.get(TALLY).map_err(unreadable)?;
    if promised.is_some_and(|promised| promised == tally.to_bytes()) { Ok(tally) } else { Err(Reason::Torn) }
}

/// Nothing but a stamp, instead of whatever was there.
fn fresh(place: &Path, stamp: Stamp, reason: &Reason) -> Result<sled::Db, Error> {
    if *reason != Reason::Missing {
        tracing::warn!(place = %place.display(), ?reason, "views are thrown away and built again from the log");
        let removed = if place.is_dir() { std::fs::remove_dir_all(place) } else { std::fs::remove_file(place) };
        removed.map_err(|error| failed("throw away", place, error))?;
    }
    let made = || {
        let rows = store(place)?;
        let mut batch = sled::Batch::default();
        batch.insert(&STAMP, &stamp.to_bytes());
        batch.insert(&TALLY, &Tally::default().to_bytes());
        rows.apply_batch(batch)?;
        Ok(rows)
    };
    made().map_err(|error: sled::Error| failed("make", place, error))
}

/// Opens the files. Nobody else has them, by the lock of our own; but sled lets go of its lock only when its threads have ended,
/// a moment after the last handle was dropped.
pub(super) fn store(place: &Path) -> Result<sled::Db, sled::Error> {
    if let Ok(left) = File::open(place.join("db")) {
        left.lock()?;
    }
    sled::Config::new().path(place).cache_capacity(CACHE_BYTES).open()
}

/// A file of our own says who has the rows, since sled's answer to a second opener looks like damage.
fn lock(dir: &Path) -> Result<File, Error> {
    let place = dir.join("lock");
    let file = File::create(&place).map_err(|error| failed("make", &place, error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::Refused {
            place: dir.display().to_string(),
            what: "another process has it open: stop that one, or choose another `--data`".to_owned(),
        }),
        Err(TryLockError::Error(error)) => Err(failed("lock", &place, error)),
    }
}

impl Stamp {
    fn to_bytes(self) -> [u8; 16] {
        (u128::from(self.schema) << 64 | u128::from(self.incarnation)).to_be_bytes()
    }
}

fn row_key(table: Table, key: &[u8]) -> Vec<u8> {
    [&[ROW, table.0], key].concat()
}

fn cursor_key(shard: u16) -> Vec<u8> {
    let [high, low] = shard.to_be_bytes();
    vec![CURSOR, high, low]
}

fn failed(attempt: &'static str, place: &Path, source: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::Disk { attempt, place: place.display().to_string(), source: Arc::new(source) }
}
