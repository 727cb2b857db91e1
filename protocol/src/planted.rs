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
}

impl Bug {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::NoFence, Self::NoKey, Self::AcknowledgeFirst, Self::NoClaim, Self::NoSettleTime, Self::HoldAfterAnswer, Self::NoClearance];
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
