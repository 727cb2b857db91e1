//! An order in brief: what a list of orders is put in order and filtered by, so that a page of a long list need not load the
//! rest of it, nor read it. Follows the facts of the order; says nothing that its own state does not say better.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use takt_protocol::id::EntityId;
use takt_protocol::instant::Instant;
use takt_protocol::name::SiteId;
use takt_protocol::order::{Business, Dispatch, Execution, Fact};

/// An order in brief.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Brief {
    /// Its plant, once known.
    pub plant: Option<SiteId>,
    /// When it should start.
    pub start: Option<Instant>,
    /// When it should end.
    pub end: Option<Instant>,
    /// The ERP's view.
    pub business: Business,
    /// How far it is on its way to the plant.
    pub handover: Handover,
    /// Whether any operation was begun.
    pub started: bool,
    /// Whether the plant said that all is done.
    pub completed: bool,
    /// Its open cases.
    pub cases: BTreeSet<u32>,
    /// Its intents whose reply was lost.
    pub doubts: BTreeSet<u32>,
}

/// How far an order is on its way to its plant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Handover {
    /// It is not there yet.
    #[default]
    Pending,
    /// Something is missing, it was refused, or nobody answered.
    Stuck,
    /// The plant has it.
    Taken,
}

impl Handover {
    fn of(dispatch: &Dispatch) -> Self {
        match dispatch {
            Dispatch::Accepted { .. } | Dispatch::Revoking { .. } | Dispatch::RevokeRefused => Self::Taken,
            Dispatch::Invalid { .. } | Dispatch::Rejected { .. } | Dispatch::TimedOut { .. } => Self::Stuck,
            Dispatch::Idle | Dispatch::Validating | Dispatch::Ready | Dispatch::Sent { .. } | Dispatch::Revoked => Self::Pending,
        }
    }
}

/// How far an order is, as far as it matters for where it stands in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Progress {
    /// Nothing of it was begun.
    Coming,
    /// Something was begun, and not all is done.
    Running,
    /// The plant is done with it.
    Completed,
    /// The ERP takes no more work for it.
    Over,
}

/// Orders that differ for a list only by when they are due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lane {
    /// How far they are.
    pub progress: Progress,
    /// Whether their plant has them.
    pub taken: bool,
    /// Whether somebody should look at them: they are not over, and have an open case or something in doubt.
    pub look: bool,
}

/// Where an order stands in its [`Lane`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Due {
    /// When the next thing should happen to it, in nanoseconds of UTC; `i64::MAX` while nobody said.
    pub at_ns: i64,
    /// Which order.
    pub order: EntityId,
}

/// From where on the orders of a lane are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Since {
    /// All of them.
    Start,
    /// Those that are due then or later; nanoseconds of UTC.
    Due(i64),
    /// Those behind one.
    Behind(Due),
}

impl Brief {
    /// Among which orders it stands in a list.
    pub fn lane(&self) -> Lane {
        let progress = match self {
            _ if self.is_over() => Progress::Over,
            _ if self.completed => Progress::Completed,
            _ if self.started => Progress::Running,
            _ => Progress::Coming,
        };
        let look = progress != Progress::Over && !(self.cases.is_empty() && self.doubts.is_empty());
        Lane { progress, taken: self.handover == Handover::Taken, look }
    }

    /// When the next thing should happen to it, in nanoseconds of UTC: its start until it was begun, then its end.
    pub fn due_ns(&self) -> i64 {
        let due = if self.started { self.end } else { self.start.min(self.end).or(self.start) };
        due.map_or(i64::MAX, |due| due.utc_ns())
    }

    /// Whether the ERP takes no more work for it.
    pub fn is_over(&self) -> bool {
        matches!(self.business, Business::TechnicallyCompleted | Business::Closed | Business::Cancelled)
    }

    /// Whether it should have begun, or ended, by now and has not.
    pub fn is_late(&self, now: Instant) -> bool {
        matches!(self.lane().progress, Progress::Coming | Progress::Running) && self.due_ns() < now.utc_ns()
    }

    /// What a fact changes; whether it changes anything.
    pub(super) fn follow(&mut self, fact: &Fact) -> bool {
        let before = self.clone();
        match fact {
            Fact::Wished(wish) => {
                (self.plant, self.start, self.end) = (Some(wish.plant), Some(wish.start), Some(wish.end));
                self.business = Business::Planned;
            }
            Fact::Created(header) | Fact::Released(header) => {
                (self.plant, self.start, self.end) = (Some(header.plant), Some(header.start), Some(header.end));
                self.business = if matches!(fact, Fact::Created(_)) { Business::Created } else { Business::Released };
            }
            Fact::Rescheduled { start, end } => (self.start, self.end) = (Some(*start), Some(*end)),
            Fact::Business(business) => self.business = *business,
            Fact::Dispatch(dispatch) => self.handover = Handover::of(dispatch),
            Fact::Validating { .. } => self.handover = Handover::Pending,
            Fact::Execution { to, .. } => self.started |= *to != Execution::NotStarted,
            Fact::Completed => self.completed = true,
            Fact::Locked { .. }
            | Fact::OnHold(_)
            | Fact::ChangeMoved(_)
            | Fact::ChangeEnded { .. }
            | Fact::Replaced { .. }
            | Fact::RecipeChanged { .. }
            | Fact::SplitFrom { .. }
            | Fact::SplitInto { .. }
            | Fact::TotalChanged { .. }
            | Fact::Measured { .. }
            | Fact::Resolved(_)
            | Fact::DispatchedBy { .. }
            | Fact::Job(_)
            | Fact::Worked { .. }
            | Fact::Counter { .. }
            | Fact::Declared { .. }
            | Fact::Supply(_)
            | Fact::Posting(_)
            | Fact::Carries { .. }
            | Fact::Books { .. }
            | Fact::Lot { .. }
            | Fact::Consumed { .. }
            | Fact::Made { .. }
            | Fact::Equipment { .. }
            | Fact::Unmade
            | Fact::Early(_)
            | Fact::EarlyBooked { .. }
            | Fact::Unbooked(_)
            | Fact::UnbookedOver { .. }
            | Fact::Filled { .. }
            | Fact::UnitMoved { .. }
            | Fact::UnitTaken { .. }
            | Fact::ForeignPosting { .. } => {}
        }
        *self != before
    }

    /// Whether a fact may change it: most do not, and need no row to be read.
    pub(super) fn hears(fact: &Fact) -> bool {
        Self::default().follow(fact) || matches!(fact, Fact::Business(_) | Fact::Dispatch(_) | Fact::Validating { .. })
    }
}
