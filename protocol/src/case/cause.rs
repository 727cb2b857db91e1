//! Causes: what many cases have in common, so that a person decides once. A pure function of the case; its short id stays the
//! same as long as the cause does, on every node.

use std::fmt;

use sha2::{Digest, Sha256};

use super::Case;
use crate::id::{EntityId, crockford, leading_u128};
use crate::qty::Qty;

/// Names a cause: `G-` and 8 characters that can be read over the telephone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cause(String);

impl Cause {
    /// The id, as people say it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Case {
    /// Why it is open: its kind, and what it is about. One that says nothing of that is a cause of its own.
    pub fn cause(&self, entity: EntityId) -> Cause {
        let mut hash = Sha256::new();
        hash.update(self.kind.word());
        hash.update([0]);
        if self.about.is_empty() {
            hash.update(format!("{entity}/{}", self.number));
        } else {
            hash.update(&self.about);
        }
        let mut room = [0; 8];
        Cause(format!("G-{}", crockford::encode(leading_u128(&hash.finalize()) & ((1 << 40) - 1), &mut room)))
    }
}

/// What is at stake all together, by unit of measure in the order of their codes: `12.4 KGM + 960 H87`. A stake that is no
/// quantity is left out.
pub fn stakes<'a>(stakes: impl IntoIterator<Item = &'a str>) -> String {
    total(stakes.into_iter().flat_map(|stake| stake.split(" + ")).filter_map(|part| Qty::parse(part).ok()))
}

/// Quantities all together, by unit of measure in the order of their codes; of none, nothing.
pub fn total(quantities: impl IntoIterator<Item = Qty>) -> String {
    let mut sums: Vec<Qty> = Vec::new();
    for qty in quantities {
        match sums.iter_mut().find(|sum| sum.uom() == qty.uom()) {
            Some(sum) => *sum = sum.plus(qty).unwrap_or(*sum),
            None => sums.push(qty),
        }
    }
    let mut sums: Vec<(String, String)> = sums.iter().map(|sum| (sum.uom().to_string(), sum.to_string())).collect();
    sums.sort();
    sums.into_iter().map(|(_, sum)| sum).collect::<Vec<_>>().join(" + ")
}
