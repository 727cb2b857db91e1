//! What a thing keeps of its comparison with a system: whether it moved, what was asked, what was found, since when it differs,
//! and which difference was given up.

use serde::{Deserialize, Serialize};

use super::{Comparison, Difference};
use crate::instant::Instant;

/// How often a thing's books are asked for in one go while the system does not say.
pub const READS_MAX: u32 = 3;

/// What a thing keeps, of one system.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// The system's site was told that it moved, and it was not asked since.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub moved: bool,
    /// What is asked now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<Asked>,
    /// What was found last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<Box<Comparison>>,
    /// Since when it differs as it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Instant>,
    /// The difference that was given up: as long as it stays the same, it is none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accepted: Vec<Difference>,
}

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// For which run of the system's site; 0 for a person who wanted to know.
    pub run: u32,
    /// What was entered after that does not count.
    pub cut_off: Instant,
    /// The intent that asks.
    pub intent: u32,
    /// How often that failed in this go.
    #[serde(default)]
    pub failed: u32,
    /// It is asked again then, and not before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Instant>,
}

/// What is recorded of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fact {
    /// It moved, and the system's site was told.
    Moved,
    /// The system is asked.
    Asked(Asked),
    /// The system said what it has.
    Compared {
        /// Both sides.
        comparison: Box<Comparison>,
        /// When it is read again, where one reading does not count.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        again: Option<Instant>,
    },
    /// The system did not say.
    Unread {
        /// Why.
        why: String,
        /// When it is asked again.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        again: Option<Instant>,
    },
    /// A difference was given up, with two approvals.
    Accepted {
        /// What.
        differences: Vec<Difference>,
    },
}

/// What a reading leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// The books agree.
    Agrees,
    /// They differ as they did when that was given up.
    Accepted,
    /// They differ, and one reading does not count: read again then.
    Again(Instant),
    /// They differ as they did before.
    Differs,
}

impl Kept {
    /// What a reading leads to.
    pub fn next(&self, found: &Comparison, settle_ms: u64) -> Next {
        let differences = found.differences();
        if differences.is_empty() {
            return Next::Agrees;
        }
        if differences == self.accepted {
            return Next::Accepted;
        }
        let since = self.since_when(&differences).unwrap_or(found.read_at);
        let counts = since.plus_ms(settle_ms.max(1));
        if counts > found.read_at { Next::Again(counts) } else { Next::Differs }
    }

    /// Since when it differs so, if it did at the last reading.
    fn since_when(&self, differences: &[Difference]) -> Option<Instant> {
        self.since.filter(|_| self.last.as_ref().is_some_and(|last| last.differences() == differences))
    }

    pub(crate) fn evolve(&mut self, fact: &Fact) {
        match fact {
            Fact::Moved => self.moved = true,
            Fact::Asked(asked) => (self.moved, self.asked) = (false, Some(*asked)),
            Fact::Compared { comparison, again } => {
                let differences = comparison.differences();
                let before = self.since_when(&differences);
                self.since = (!differences.is_empty()).then(|| before.unwrap_or(comparison.read_at));
                if differences.is_empty() {
                    self.accepted.clear();
                }
                self.last = Some(comparison.clone());
                self.put_off(*again);
            }
            Fact::Unread { again, .. } => {
                if let Some(asked) = &mut self.asked {
                    asked.failed += 1;
                }
                self.put_off(*again);
            }
            Fact::Accepted { differences } => self.accepted.clone_from(differences),
        }
    }

    /// It is asked again then, or not for now.
    fn put_off(&mut self, again: Option<Instant>) {
        match again {
            Some(at) => self.asked = self.asked.map(|asked| Asked { due: Some(at), ..asked }),
            None => self.asked = None,
        }
    }
}
