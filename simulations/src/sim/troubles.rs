//! What becomes of the operations of an engine in a run: some are late, lost or answered by nobody, and at some the node dies.

use std::sync::Arc;
use std::time::Duration;

use takt_cluster::memory::{Fate, Fates, Operation};

use super::scenario::{Disk, Odds};
use super::schedule::Kind;
use super::town::Town;
use super::yard::Dying;
use crate::gate::Luck;

/// Of how many operations one is refused while servers elect a leader again and again.
const REFUSED_WHILE_UNSTEADY: u64 = 6;

/// The fates of one engine.
pub(super) struct Troubles {
    pub(super) luck: Luck,
    pub(super) odds: Odds,
    pub(super) node: Arc<Dying>,
    pub(super) town: Arc<Town>,
}

impl Fates for Troubles {
    fn decide(&mut self, operation: Operation) -> Fate {
        if self.node.is_calm() {
            return Fate::Done;
        }
        if self.luck.one_in(self.odds.crash) {
            let fate = if self.luck.one_in(2) { Fate::CrashAfter } else { Fate::CrashBefore };
            if self.town.lets(Kind::Crash) {
                self.node.dies();
                return fate;
            }
        }
        if operation.writes && self.luck.one_in(self.odds.engine_trouble) {
            let fate = match self.luck.below(3) {
                0 => Fate::UnknownDone,
                1 => Fate::UnknownNotDone,
                _ => Fate::Delayed(Duration::from_millis(1 + self.luck.below(400))),
            };
            if self.town.lets(Kind::EngineTrouble) {
                return fate;
            }
        }
        self.by_disk(operation)
    }
}

impl Troubles {
    /// What the disk under the engine makes of it.
    fn by_disk(&mut self, operation: Operation) -> Fate {
        match self.node.disk() {
            Some(Disk::Full) if operation.writes => {
                self.town.count("refused by a full disk");
                Fate::Refused
            }
            Some(Disk::Slow) => {
                self.town.count("waited for a slow disk");
                Fate::Delayed(Duration::from_millis(if operation.writes { 900 } else { 90 }))
            }
            Some(Disk::Gone) => {
                self.town.count("refused by servers that are gone");
                Fate::Refused
            }
            Some(Disk::Unsteady) if self.luck.one_in(REFUSED_WHILE_UNSTEADY) => {
                self.town.count("refused by unsteady servers");
                Fate::Refused
            }
            Some(Disk::Full | Disk::Unsteady) | None => Fate::Done,
        }
    }
}
