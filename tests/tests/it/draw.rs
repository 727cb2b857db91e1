//! Numbers drawn from a seed, so that a failing round can be run again. Nothing here asks the machine for chance.

/// A seeded sequence (splitmix, 64 bits).
pub(crate) struct Draw(u64);

impl Draw {
    /// The sequence of a seed.
    pub(crate) fn of(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number, below `bound`.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % bound
    }
}
