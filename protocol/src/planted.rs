//! Bugs that are planted on purpose, so that the gate can prove that it would see them. One a thread, and none at all in a
//! release build: there the question is answered `false` by the compiler.

/// A bug that can be planted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bug {
    /// The journal takes an append whatever its fence says.
    NoFence,
    /// The state forgets which keys it has heard.
    NoKey,
    /// The intake acknowledges before the entity has written.
    AcknowledgeFirst,
    /// A worker sends without a claim in the log.
    NoClaim,
    /// A probe that finds nothing counts at once.
    NoSettleTime,
    /// A hold binds when the warehouse has confirmed it, not before.
    HoldAfterAnswer,
    /// A shipment leaves without asking its lots.
    NoClearance,
    /// The dispatcher moves its cursor although what was recorded could not be handed on.
    LostCursor,
    /// Every line of a series after its first one is a step too large.
    RoundingOffByOne,
    /// What was too little to post is forgotten when the next group is flushed.
    ResidualDropped,
    /// Timers are gone when another node takes over.
    TimerLost,
    /// A site is sent an intent of an entity while another one of it is out there.
    ReversalOvertakes,
    /// An entity is loaded from its snapshot without what was recorded since.
    SnapshotWithoutTail,
    /// An entity that is loaded from its snapshot knows no key any more.
    SeenForgotten,
    /// The breaker of a site that was silent is not closed again.
    BreakerNeverCloses,
    /// A correction of a count is taken as known already.
    CorrectionDropped,
    /// A hold does not hold what is packed or made after it.
    HoldNotOnLater,
    /// Mail is acknowledged although the other region did not take it.
    MailForgotten,
    /// A message is acknowledged and its bytes are not kept.
    RawNotKept,
    /// What is in doubt is sent again before anybody has asked.
    BlindRetry,
    /// An input that its entity does not take at once is set aside.
    GivesUpEarly,
    /// An append that nobody has answered is taken as done.
    UnknownIsDone,
    /// A region that was restored from a backup sends before anybody has compared it.
    SendsUncompared,
}

impl Bug {
    /// Those that the gate catches.
    pub const GATE: [Self; 7] =
        [Self::NoFence, Self::NoKey, Self::AcknowledgeFirst, Self::NoClaim, Self::NoSettleTime, Self::HoldAfterAnswer, Self::NoClearance];

    /// All of them. Which of them the simulator has caught, and by which seed, `cargo sim --mutants` says.
    pub const ALL: [Self; 23] = [
        Self::NoFence,
        Self::NoKey,
        Self::AcknowledgeFirst,
        Self::NoClaim,
        Self::NoSettleTime,
        Self::HoldAfterAnswer,
        Self::NoClearance,
        Self::LostCursor,
        Self::RoundingOffByOne,
        Self::ResidualDropped,
        Self::TimerLost,
        Self::ReversalOvertakes,
        Self::SnapshotWithoutTail,
        Self::SeenForgotten,
        Self::BreakerNeverCloses,
        Self::CorrectionDropped,
        Self::HoldNotOnLater,
        Self::MailForgotten,
        Self::RawNotKept,
        Self::BlindRetry,
        Self::GivesUpEarly,
        Self::UnknownIsDone,
        Self::SendsUncompared,
    ];

    /// Whether it shows only as something that never ends: then a run that hangs has caught it.
    pub fn only_hangs(self) -> bool {
        matches!(self, Self::LostCursor | Self::TimerLost | Self::BreakerNeverCloses)
    }
}

#[cfg(debug_assertions)]
mod present {
    use std::cell::Cell;

    use super::Bug;

    thread_local! {
        static PLANTED: Cell<Option<Bug>> = const { Cell::new(None) };
    }

    /// Plants a bug on this thread, or takes it out.
    pub fn plant(bug: Option<Bug>) {
        PLANTED.set(bug);
    }

    /// Whether it is planted on this thread.
    pub fn is(bug: Bug) -> bool {
        PLANTED.get() == Some(bug)
    }
}

#[cfg(not(debug_assertions))]
mod present {
    use super::Bug;

    /// Nothing can be planted in a release build.
    pub fn plant(_bug: Option<Bug>) {}

    /// Never.
    pub const fn is(_bug: Bug) -> bool {
        false
    }
}

pub use present::{is, plant};
