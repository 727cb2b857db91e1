//! What an entity has asked sites to do, and how far each is: the claim before the send, the doubt after a lost reply,
//! the probe that settles it. At most one unsettled intent per site is out at a time, so a reversal cannot overtake its
//! posting; a hold may overtake anything.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::instant::Instant;
use crate::intent::Intent;
use crate::name::SiteId;
use crate::words::DocNo;

mod claim;
mod fact;

pub use claim::{Claim, ClaimAnswer, Class, claim};
pub use fact::{OutboxFact, Outcome, Receipt};

/// The intents of an entity that are for sites and not settled.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Outbox {
    open: BTreeMap<u32, Open>,
    /// The document of each settled intent that has one.
    documents: BTreeMap<u32, DocNo>,
    last: u32,
}

/// An unsettled intent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Open {
    /// What it is.
    pub intent: Intent,
    /// How far.
    pub standing: Standing,
    /// Attempts claimed so far.
    pub attempts: u32,
    /// How often it was released to its site.
    pub releases: u32,
    /// What the link promised at the last claim.
    pub class: Class,
}

/// How far an intent is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Waits for the one before it at the same site.
    Waiting,
    /// May be claimed.
    Released,
    /// Claimed: somebody may be sending, until `not_after`.
    InFlight {
        /// Nobody sends this attempt after that.
        not_after: Instant,
    },
    /// The reply was lost: it may have happened. Nobody sends.
    InDoubt {
        /// Nobody sent after that.
        not_after: Instant,
    },
    /// Waits for a person.
    Parked,
}

impl Outbox {
    /// The number the next intent gets.
    pub fn next_number(&self) -> u32 {
        self.last + 1
    }

    /// An unsettled intent.
    pub fn get(&self, number: u32) -> Option<&Open> {
        self.open.get(&number)
    }

    /// All unsettled intents, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &Open)> {
        self.open.iter().map(|(number, open)| (*number, open))
    }

    /// The document of a settled intent.
    pub fn document(&self, number: u32) -> Option<&DocNo> {
        self.documents.get(&number)
    }

    /// Whether a number was ever given out.
    pub fn was_recorded(&self, number: u32) -> bool {
        (1..=self.last).contains(&number)
    }

    /// The intents that may go out now: everything that overtakes, and the oldest waiting one of each site where
    /// nothing that keeps the lane is out.
    pub fn releasable(&self) -> Vec<(u32, OutboxFact)> {
        let mut busy: BTreeMap<SiteId, bool> = BTreeMap::new();
        let mut found = Vec::new();
        for (number, open) in &self.open {
            let Intent::Site { site, tier, overtakes, .. } = &open.intent else { continue };
            let released = OutboxFact::Released { site: *site, tier: *tier };
            match (&open.standing, overtakes) {
                (Standing::Waiting, true) => found.push((*number, released)),
                (Standing::Waiting, false) if !busy.contains_key(site) => {
                    busy.insert(*site, true);
                    found.push((*number, released));
                }
                (Standing::Released | Standing::InFlight { .. } | Standing::InDoubt { .. }, false) => {
                    busy.insert(*site, true);
                }
                (Standing::Waiting | Standing::Parked, false) | (_, true) => {}
            }
        }
        found
    }

    /// The promise behind the lanes: no site has two unsettled intents out that do not overtake.
    pub fn lanes_hold(&self) -> bool {
        let mut out: BTreeMap<SiteId, u32> = BTreeMap::new();
        for open in self.open.values() {
            let Intent::Site { site, overtakes: false, .. } = &open.intent else { continue };
            match open.standing {
                Standing::Released | Standing::InFlight { .. } | Standing::InDoubt { .. } => *out.entry(*site).or_default() += 1,
                Standing::Waiting | Standing::Parked => {}
            }
        }
        out.values().all(|count| *count <= 1)
    }

    pub(crate) fn recorded(&mut self, number: u32, intent: Intent) {
        self.last = self.last.max(number);
        if matches!(intent, Intent::Site { .. }) {
            self.open.insert(number, Open { intent, standing: Standing::Waiting, attempts: 0, releases: 0, class: Class::AtMostOnce });
        }
    }
}
