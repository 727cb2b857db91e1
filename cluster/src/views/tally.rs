//! A sum over all rows that does not depend on their order, kept along with them: rows that do not add up to it were not
//! written together. It finds what a store lost, not what a person forged.

use std::hash::{DefaultHasher, Hasher as _};

/// How many rows there are, and the sum of their hashes. The hash may change with the toolchain: then the rows are built
/// anew, which is always allowed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    rows: u64,
    sum: u64,
}

impl Tally {
    /// A row was written.
    pub(super) fn add(&mut self, key: &[u8], value: &[u8]) {
        self.rows = self.rows.wrapping_add(1);
        self.sum = self.sum.wrapping_add(hash(key, value));
    }

    /// A row was taken away.
    pub(super) fn take(&mut self, key: &[u8], value: &[u8]) {
        self.rows = self.rows.wrapping_sub(1);
        self.sum = self.sum.wrapping_sub(hash(key, value));
    }

    /// As it is stored, 16 bytes.
    pub(super) fn to_bytes(self) -> [u8; 16] {
        (u128::from(self.rows) << 64 | u128::from(self.sum)).to_be_bytes()
    }
}

fn hash(key: &[u8], value: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write_usize(key.len());
    hasher.write(key);
    hasher.write(value);
    hasher.finish()
}
