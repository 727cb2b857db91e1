//! Chance, drawn from a seed, a stream of its own for each thing it decides about: so that changing one leaves the others
//! as they were.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};

/// A stream of chance.
#[derive(Debug)]
pub struct Luck(ChaCha8Rng);

impl Luck {
    /// The stream of `purpose` under a seed.
    pub fn of(seed: u64, purpose: &str) -> Self {
        let mut key = [0; 32];
        let (first, rest) = key.split_at_mut(8);
        first.copy_from_slice(&seed.to_le_bytes());
        for (byte, letter) in rest.iter_mut().zip(purpose.bytes()) {
            *byte = letter;
        }
        Self(ChaCha8Rng::from_seed(key))
    }

    /// A number below `limit` (0 for a limit of 0).
    pub fn below(&mut self, limit: u64) -> u64 {
        if limit == 0 { 0 } else { self.0.next_u64() % limit }
    }

    /// True once in `limit` times; never for a limit of 0.
    pub fn one_in(&mut self, limit: u64) -> bool {
        limit > 0 && self.below(limit) == 0
    }
}
