//! What becomes of the operations of an engine in a run: some are late, lost or answered by nobody, and at some the node dies.

use std::sync::Arc;
use std::time::Duration;

use takt_cluster::memory::{Fate, Fates, Operation};

use super::scenario::Odds;
use super::yard::Dying;
use crate::gate::Luck;

/// The fates of one engine.
pub(super) struct Troubles {
    pub(super) luck: Luck,
    pub(super) odds: Odds,
    pub(super) node: Arc<Dying>,
}

impl Fates for Troubles {
    fn decide(&mut self, operation: Operation) -> Fate {
        if self.node.is_calm() {
            return Fate::Done;
        }
        if self.luck.one_in(self.odds.crash) {
            self.node.dies();
            return if self.luck.one_in(2) { Fate::CrashAfter } else { Fate::CrashBefore };
        }
        if operation.writes && self.luck.one_in(self.odds.engine_trouble) {
            return match self.luck.below(3) {
                0 => Fate::UnknownDone,
                1 => Fate::UnknownNotDone,
                _ => Fate::Delayed(Duration::from_millis(1 + self.luck.below(400))),
            };
        }
        Fate::Done
    }
}
