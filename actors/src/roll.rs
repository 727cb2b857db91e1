//! The roll of a region: which entities live here, and which cases are open, as the logs say. Rebuilt at every start by the
//! directory's own reading, because a list needs nothing more than ids: what is shown of each is asked of the entity itself,
//! so it is never stale. Decides nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use takt_protocol::case::Case;
use takt_protocol::commit::Commit;
use takt_protocol::fact::Fact;
use takt_protocol::id::{EntityId, Kind};
use takt_protocol::instant::Instant;
use takt_protocol::name::Region;

/// A handle to the roll of a region. Cheap to clone.
#[derive(Clone, Default)]
pub struct Roll {
    pages: Arc<Mutex<Pages>>,
}

#[derive(Default)]
struct Pages {
    entities: BTreeSet<EntityId>,
    cases: BTreeMap<(EntityId, u32), Case>,
    read: Option<Instant>,
}

impl Roll {
    /// Entities of a kind after `after`, in the order of their ids, at most `most`.
    pub fn entities(&self, kind: Kind, after: Option<EntityId>, most: usize) -> Vec<EntityId> {
        let first = Bound::Included(EntityId::from_parts(kind, Region::default(), 0, 0));
        let pages = self.pages();
        let range = pages.entities.range((after.map_or(first, Bound::Excluded), Bound::Unbounded));
        range.take_while(|entity| entity.kind() == kind).take(most).copied().collect()
    }

    /// Every open case, with whose it is.
    pub fn cases(&self) -> Vec<(EntityId, Case)> {
        self.pages().cases.iter().map(|((entity, _), case)| (*entity, case.clone())).collect()
    }

    /// When the newest commit was made that the roll has read.
    pub fn read_up_to(&self) -> Option<Instant> {
        self.pages().read
    }

    pub(crate) fn read(&self, commit: &Commit) {
        let mut pages = self.pages();
        pages.entities.insert(commit.entity);
        pages.read = pages.read.max(Some(commit.at));
        for fact in commit.steps.iter().flat_map(|step| &step.facts) {
            pages.note(commit.entity, fact);
        }
    }

    fn pages(&self) -> MutexGuard<'_, Pages> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pages {
    fn note(&mut self, entity: EntityId, fact: &Fact) {
        match fact {
            Fact::CaseOpened(case) => {
                self.cases.insert((entity, case.number), case.as_ref().clone());
            }
            Fact::CaseHandedOver { case, to } => {
                if let Some(case) = self.cases.get_mut(&(entity, *case)) {
                    case.owner = to.clone();
                }
            }
            Fact::CaseClosed { case, .. } => {
                self.cases.remove(&(entity, *case));
            }
            Fact::Named(_)
            | Fact::Intended { .. }
            | Fact::Outbox { .. }
            | Fact::Order(_)
            | Fact::Lot(_)
            | Fact::Unit(_)
            | Fact::Shipment(_)
            | Fact::Site(_) => {}
        }
    }
}
