//! The only randomness of this crate that no seed decides: what makes a store, and a connection, unlike every other.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};

/// A random number that nobody else has: std's hasher keys come from the operating system. Never zero.
pub(crate) fn number() -> u64 {
    RandomState::new().build_hasher().finish().max(1)
}
