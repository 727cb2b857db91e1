//! A run over the books of one system, as its site keeps it: which things have moved since they last agreed, which are asked
//! now, and what was found. Bounded by what does not agree: of what does only the number is kept.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::Place;
use crate::id::EntityId;
use crate::instant::Instant;
use crate::qty::Qty;

/// What a site keeps of its system's books.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Books {
    /// What moved, or did not agree, since it was last read.
    pub moved: BTreeSet<EntityId>,
    /// When the next run is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Instant>,
    /// The last run, or the one that is under way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<Box<Run>>,
}

/// A run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// Its number at this site, from 1.
    pub number: u32,
    /// What was entered after that does not count.
    pub cut_off: Instant,
    /// When it began.
    pub began_at: Instant,
    /// Who wanted it: a client, or the schedule.
    pub by: String,
    /// How many things it is about.
    pub of: u32,
    /// What is not asked yet.
    pub waiting: BTreeSet<EntityId>,
    /// What is asked now.
    pub out: BTreeSet<EntityId>,
    /// How many agree, with nothing to say about them.
    pub equal: u32,
    /// What there is to say about the others.
    pub found: BTreeMap<EntityId, Found>,
    /// When it was over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Instant>,
}

/// How a thing is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Called {
    /// For which run.
    pub run: u32,
    /// What was entered after that does not count.
    pub cut_off: Instant,
}

/// What was found of one thing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// In a word.
    pub verdict: Verdict,
    /// When it was read.
    pub read_at: Instant,
    /// What is netted out, by place and unit.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub netted: Vec<(Place, Qty)>,
    /// What nobody can explain.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unexplained: Vec<Qty>,
    /// Why it was not read.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
}

/// How a thing stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The books agree.
    Equal,
    /// They differ as they did when that was given up.
    Accepted,
    /// They differ, and are to be read again.
    Once,
    /// They differ in two readings: a person looks at it.
    Twice,
    /// The system did not say.
    Unread,
}

impl Verdict {
    /// Its word, as it stands on every wire and screen.
    pub fn word(self) -> &'static str {
        match self {
            Self::Equal => "equal",
            Self::Accepted => "accepted",
            Self::Once => "differs_once",
            Self::Twice => "differs_twice",
            Self::Unread => "unread",
        }
    }
}

/// What a site records of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SiteFact {
    /// Something moved.
    Moved(EntityId),
    /// The next run is due then, or never.
    Scheduled(Option<Instant>),
    /// A run began, over all that moved.
    Began {
        /// Its number.
        number: u32,
        /// What was entered after that does not count.
        cut_off: Instant,
        /// When.
        at: Instant,
        /// Who wanted it.
        by: String,
        /// Over all that the site knows, moved or not.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        every: bool,
    },
    /// These are asked.
    Asked(Vec<EntityId>),
    /// This was found of one.
    Found {
        /// Which.
        entity: EntityId,
        /// What.
        found: Box<Found>,
    },
    /// The run is over.
    Ended {
        /// When.
        at: Instant,
        /// What did not answer was given up because of that.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        why: Option<String>,
    },
}

impl Run {
    /// Whether something of it is to come: neither answered nor read for the second time.
    pub fn is_under_way(&self) -> bool {
        self.ended_at.is_none()
    }

    /// Whether nothing of it is to come.
    pub fn is_done(&self) -> bool {
        self.waiting.is_empty() && self.out.is_empty() && self.with(Verdict::Once) == 0
    }

    /// Whether this is about it: an answer to what it asked, or what a person had read since of something that it has found.
    pub(crate) fn takes(&self, entity: EntityId, run: u32) -> bool {
        run == self.number || (run == 0 && self.found.contains_key(&entity))
    }

    /// How many stand so.
    pub fn with(&self, verdict: Verdict) -> u32 {
        let found = self.found.values().filter(|found| found.verdict == verdict).count();
        let beside = if verdict == Verdict::Equal { self.equal } else { 0 };
        u32::try_from(found).unwrap_or(u32::MAX).saturating_add(beside)
    }

    fn found(&mut self, entity: EntityId, found: &Found) {
        let asked = self.out.remove(&entity) | self.waiting.remove(&entity);
        let known = self.found.remove(&entity).is_some();
        if !asked && !known {
            return;
        }
        if found.verdict == Verdict::Equal && found.netted.is_empty() {
            self.equal += 1;
        } else {
            self.found.insert(entity, found.clone());
        }
    }

    fn end(&mut self, at: Instant, why: Option<&str>) {
        self.ended_at = Some(at);
        let unread =
            |why: &str| Found { verdict: Verdict::Unread, read_at: at, netted: Vec::new(), unexplained: Vec::new(), why: why.to_owned() };
        for entity in std::mem::take(&mut self.out).into_iter().chain(std::mem::take(&mut self.waiting)) {
            self.found.insert(entity, unread(why.unwrap_or_default()));
        }
    }
}

impl Books {
    /// What a fact changes; `known` is all that the site knows.
    pub(crate) fn evolve(&mut self, fact: &SiteFact, known: impl Iterator<Item = EntityId>) {
        match fact {
            SiteFact::Moved(entity) => drop(self.moved.insert(*entity)),
            SiteFact::Scheduled(at) => self.next = *at,
            SiteFact::Began { number, cut_off, at, by, every } => {
                let mut waiting = std::mem::take(&mut self.moved);
                if *every {
                    waiting.extend(known);
                }
                let of = u32::try_from(waiting.len()).unwrap_or(u32::MAX);
                let (out, found) = (BTreeSet::new(), BTreeMap::new());
                let run = Run {
                    number: *number,
                    cut_off: *cut_off,
                    began_at: *at,
                    by: by.clone(),
                    of,
                    waiting,
                    out,
                    equal: 0,
                    found,
                    ended_at: None,
                };
                self.last = Some(Box::new(run));
            }
            SiteFact::Asked(entities) => {
                let Some(run) = &mut self.last else { return };
                for entity in entities {
                    run.waiting.remove(entity);
                    run.out.insert(*entity);
                }
            }
            SiteFact::Found { entity, found } => {
                if matches!(found.verdict, Verdict::Once | Verdict::Twice | Verdict::Unread) {
                    self.moved.insert(*entity);
                }
                if let Some(run) = &mut self.last {
                    run.found(*entity, found);
                }
            }
            SiteFact::Ended { at, why } => {
                let Some(run) = &mut self.last else { return };
                run.end(*at, why.as_deref());
                let unread = run.found.iter().filter(|(_, found)| found.verdict == Verdict::Unread);
                self.moved.extend(unread.map(|(entity, _)| *entity));
            }
        }
    }
}
