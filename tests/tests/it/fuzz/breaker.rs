//! How samples are broken: bits, bytes, pieces of themselves and of others, words that mean something, much too much of something.

/// Numbers from a seed, the same on every machine (`SplitMix64`).
pub(super) struct Breaker(u64);

impl Breaker {
    pub(super) fn seeded(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// Below a number, which may be 0.
    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(bound.max(1)).unwrap()).unwrap()
    }

    fn byte(&mut self) -> u8 {
        self.next().to_le_bytes()[0]
    }

    /// A sample with a few things wrong in it.
    pub(super) fn broken(&mut self, samples: &[Vec<u8>], words: &[&str], most: usize) -> Vec<u8> {
        let mut text = samples[self.below(samples.len())].clone();
        for _ in 0..=self.below(6) {
            self.harm(&mut text, samples, words);
        }
        text.truncate(most);
        text
    }

    fn harm(&mut self, text: &mut Vec<u8>, samples: &[Vec<u8>], words: &[&str]) {
        let at = self.below(text.len() + 1);
        let end = at + self.below((text.len() - at).min(64) + 1);
        match self.below(9) {
            0 if at < text.len() => text[at] ^= 1 << self.below(8),
            1 if at < text.len() => text[at] = self.byte(),
            2 => text.truncate(at),
            3 => drop(text.drain(at..end)),
            // A piece of it once more, and seldom very often.
            4 => {
                let times = if self.below(8) == 0 { self.below(4_096) } else { 1 };
                let piece = text[at..end].repeat(times);
                drop(text.splice(at..at, piece));
            }
            5 => {
                let other = &samples[self.below(samples.len())];
                let from = self.below(other.len() + 1);
                let upto = from + self.below((other.len() - from).min(256) + 1);
                drop(text.splice(at..end, other[from..upto].iter().copied()));
            }
            6 | 7 if !words.is_empty() => {
                let times = if self.below(8) == 0 { self.below(2_048) } else { 1 };
                let word = words[self.below(words.len())].repeat(times);
                drop(text.splice(at..end, word.into_bytes()));
            }
            _ => {
                let piece: Vec<u8> = (0..self.below(8)).map(|_| self.byte()).collect();
                drop(text.splice(at..at, piece));
            }
        }
    }
}
