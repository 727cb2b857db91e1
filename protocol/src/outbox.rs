//! What an entity has asked sites to do, and how far each is: the claim before the send, the doubt after a lost reply,
//! the probe that settles it. At most one unsettled intent per site is out at a time, so a reversal cannot overtake its
//! posting; a hold may overtake anything but its own end.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::effect::Effect;
use crate::instant::Instant;
use crate::intent::Intent;
use crate::name::SiteId;
use crate::planted::{self, Bug};
use crate::words::DocNo;

mod claim;
mod fact;
#[cfg(test)]
mod tests;

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
    /// The first attempt that may have been done, while nobody has found out.
    #[serde(default)]
    pub doubted: Option<u32>,
    /// Whose the last claim was; 0 where nobody said.
    #[serde(default, skip_serializing_if = "claim::is_zero")]
    pub asker: u64,
}

impl Open {
    /// Whether it may have reached its site, or may be on its way there.
    fn is_out(&self) -> bool {
        match self.standing {
            Standing::Released | Standing::InFlight { .. } | Standing::InDoubt { .. } => true,
            Standing::Waiting | Standing::Parked => false,
        }
    }

    /// Whether the present attempt is that one's.
    fn is_claimed_by(&self, asker: u64) -> bool {
        asker != 0 && self.asker == asker
    }

    /// Whether an attempt before the present one may have been done.
    fn has_doubt_behind(&self) -> bool {
        self.doubted.is_some_and(|attempt| attempt < self.attempts)
    }

    /// Whether its site may have done it: the reply to some attempt was lost, and nobody has found out.
    pub(crate) fn may_have_been_done(&self) -> bool {
        self.doubted.is_some() || matches!(self.standing, Standing::InDoubt { .. })
    }

    /// Whether it only reads.
    fn only_reads(&self) -> bool {
        matches!(&self.intent, Intent::Site { effect, .. } if effect.only_reads())
    }

    /// The site whose lane it keeps while it is out; none where it overtakes.
    fn keeps(&self) -> Option<SiteId> {
        if let Intent::Site { site, overtakes: false, .. } = &self.intent { Some(*site) } else { None }
    }

    /// What turns something on or off, and where.
    fn switches(&self) -> Option<(SiteId, &Effect)> {
        let Intent::Site { site, effect, .. } = &self.intent else { return None };
        effect.switch().map(|_| (*site, effect.as_ref()))
    }
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

    /// The intents that are settled by a document, oldest first.
    pub fn documents(&self) -> impl Iterator<Item = (u32, &DocNo)> {
        self.documents.iter().map(|(number, document)| (*number, document))
    }

    /// Whether a number was ever given out.
    pub fn was_recorded(&self, number: u32) -> bool {
        (1..=self.last).contains(&number)
    }

    /// The intents that may go out now: everything that overtakes, and the oldest waiting one of each site where
    /// nothing that keeps the lane is out: also none that is newer, where a person sends an older one again. What turns something on waits
    /// for what turns it off, and the other way round.
    pub fn releasable(&self) -> Vec<(u32, OutboxFact)> {
        let mut busy: BTreeSet<SiteId> = self.open.values().filter(|open| open.is_out()).filter_map(Open::keeps).collect();
        let mut found = Vec::new();
        for (number, open) in &self.open {
            let Intent::Site { site, tier, overtakes, .. } = &open.intent else { continue };
            let may = open.standing == Standing::Waiting && (*overtakes || !busy.contains(site) || planted::is(Bug::ReversalOvertakes));
            let waits = |before: &Open| before.is_out() || before.standing == Standing::Waiting;
            if may && !self.opposites(*number, open).chain(self.ways_back(*number, open)).any(|(_, before)| waits(before)) {
                found.push((*number, OutboxFact::Released { site: *site, tier: *tier }));
            }
            if !overtakes && may {
                busy.insert(*site);
            }
        }
        found
    }

    /// The intents that would undo something newer if they ever went out: a person had to look at them, or a hold passed them.
    /// And those that say less than a newer one, and wait.
    pub fn overtaken(&self) -> Vec<u32> {
        let mut found = BTreeSet::new();
        for (number, open) in &self.open {
            let passes = matches!(open.intent, Intent::Site { overtakes: true, .. });
            let stale = |before: &Open| before.standing == Standing::Parked || (passes && before.standing == Standing::Waiting);
            found.extend(self.opposites(*number, open).filter(|(_, before)| stale(before)).map(|(number, _)| number));
            found.extend(self.replaced(*number, open));
            found.extend(self.in_the_way(*number, open));
        }
        found.into_iter().collect()
    }

    /// The readings before this one that nobody has begun: they wait for what there is to do, and never the other way round.
    fn in_the_way<'a>(&'a self, number: u32, open: &'a Open) -> impl Iterator<Item = u32> {
        let mine = match &open.intent {
            Intent::Site { site, .. } if !open.only_reads() && open.standing != Standing::Parked => Some(*site),
            Intent::Site { .. } | Intent::Mail { .. } | Intent::Wake { .. } => None,
        };
        let unbegun = |before: &Open| matches!(before.standing, Standing::Waiting | Standing::Released) && before.only_reads();
        let there = move |before: &Open| matches!(&before.intent, Intent::Site { site, .. } if Some(*site) == mine);
        let before = if mine.is_some() { number } else { 0 };
        self.open.range(..before).filter(move |(_, before)| unbegun(before) && there(before)).map(|(number, _)| *number)
    }

    /// The unsettled intents before this one that do the opposite of it at the same site.
    fn opposites<'a>(&'a self, number: u32, open: &'a Open) -> impl Iterator<Item = (u32, &'a Open)> {
        let mine = open.switches();
        let opposite = move |other: &Open| matches!((mine, other.switches()), (Some((site, effect)), Some((place, before))) if site == place && effect.undoes(before));
        let before = if mine.is_some() { number } else { 0 };
        self.open.range(..before).filter(move |(_, other)| opposite(other)).map(|(number, other)| (*number, other))
    }

    /// The intents before this one that wait, and say nothing that this one does not say.
    fn replaced<'a>(&'a self, number: u32, open: &'a Open) -> impl Iterator<Item = u32> {
        let less = move |before: &Open| match (&open.intent, &before.intent) {
            (Intent::Site { site, effect, .. }, Intent::Site { site: place, effect: earlier, .. }) => {
                site == place && before.standing == Standing::Waiting && effect.replaces(earlier)
            }
            (Intent::Site { .. } | Intent::Mail { .. } | Intent::Wake { .. }, _) => false,
        };
        self.open.range(..number).filter(move |(_, before)| less(before)).map(|(number, _)| *number)
    }

    /// The unsettled intents before this one that move stock the other way at the same site: there is nothing to move before
    /// they have.
    fn ways_back<'a>(&'a self, number: u32, open: &'a Open) -> impl Iterator<Item = (u32, &'a Open)> {
        let back = move |other: &Open| {
            let (Intent::Site { site, effect, .. }, Intent::Site { site: place, effect: before, .. }) = (&open.intent, &other.intent)
            else {
                return false;
            };
            site == place && effect.moves_back(before)
        };
        self.open.range(..number).filter(move |(_, other)| back(other)).map(|(number, other)| (*number, other))
    }

    /// The promise behind the lanes: no site has two unsettled intents out that do not overtake, nor one with its opposite.
    pub fn lanes_hold(&self) -> bool {
        let mut out: BTreeMap<SiteId, u32> = BTreeMap::new();
        for site in self.open.values().filter(|open| open.is_out()).filter_map(Open::keeps) {
            *out.entry(site).or_default() += 1;
        }
        let mut opposed = self.open.iter().filter(|(_, open)| open.is_out()).flat_map(|(number, open)| self.opposites(*number, open));
        out.values().all(|count| *count <= 1) && !opposed.any(|(_, before)| before.is_out())
    }

    pub(crate) fn recorded(&mut self, number: u32, intent: Intent) {
        self.last = self.last.max(number);
        if matches!(intent, Intent::Site { .. }) {
            self.open.insert(
                number,
                Open { intent, standing: Standing::Waiting, attempts: 0, releases: 0, class: Class::AtMostOnce, doubted: None, asker: 0 },
            );
        }
    }
}
