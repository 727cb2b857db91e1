//! Rows in memory: one ordered map a table, so that a reader of one table does not wait for another. Deterministic,
//! because nobody walks over the tables.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use dashmap::DashMap;

use super::{Applied, Found, Rows, Span, Step, Table};
use crate::Error;

#[derive(Default)]
pub(super) struct InMemory {
    tables: DashMap<Table, BTreeMap<Vec<u8>, Bytes>>,
    cursors: Mutex<BTreeMap<u16, u64>>,
}

impl Rows for InMemory {
    fn apply(&self, step: Step) -> Result<Applied, Error> {
        let mut cursors = self.cursors.lock().unwrap_or_else(PoisonError::into_inner);
        let cursor = cursors.entry(step.shard).or_default();
        if *cursor != step.after {
            return Ok(Applied::Stale { at: *cursor });
        }
        for row in step.rows {
            let mut table = self.tables.entry(row.table).or_default();
            match row.value {
                Some(value) => table.insert(row.key, value),
                None => table.remove(&row.key),
            };
        }
        *cursor = step.upto;
        Ok(Applied::Done)
    }

    fn cursor(&self, shard: u16) -> Result<u64, Error> {
        let cursors = self.cursors.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(cursors.get(&shard).copied().unwrap_or_default())
    }

    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Bytes>, Error> {
        Ok(self.tables.get(&table).and_then(|rows| rows.get(key).cloned()))
    }

    fn scan(&self, table: Table, span: Span<'_>) -> Result<Vec<Found>, Error> {
        let Some(rows) = self.tables.get(&table) else { return Ok(Vec::new()) };
        let from = rows.range((span.start(), Bound::Unbounded));
        let within = from.take_while(|(key, _)| key.starts_with(span.prefix)).take(span.most);
        Ok(within.map(|(key, value)| (key.clone(), value.clone())).collect())
    }
}
