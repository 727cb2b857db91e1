//! What becomes of an operation. Drawn by whoever runs the engine: from a seed, from a list, or never anything bad.

use std::time::Duration;

/// An operation of a seam that is about to happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operation {
    /// Its name, such as `journal.append`.
    pub name: &'static str,
    /// Does it write?
    pub writes: bool,
}

impl Operation {
    pub(super) fn write(name: &'static str) -> Self {
        Self { name, writes: true }
    }

    pub(super) fn read(name: &'static str) -> Self {
        Self { name, writes: false }
    }
}

/// What becomes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is done, and answered.
    Done,
    /// It is done and answered, after a while.
    Delayed(Duration),
    /// The node dies before it is done.
    CrashBefore,
    /// The node dies after it is done, before the answer.
    CrashAfter,
    /// It is done, and the answer is lost.
    UnknownDone,
    /// It is not done, and the answer is lost.
    UnknownNotDone,
    /// It is not done, and said so.
    Refused,
}

impl Fate {
    /// The name under which the fault is counted.
    pub(super) fn fault(self) -> Option<&'static str> {
        match self {
            Self::Done => None,
            Self::Delayed(_) => Some("delayed"),
            Self::CrashBefore => Some("crash before"),
            Self::CrashAfter => Some("crash after"),
            Self::UnknownDone => Some("answer lost after the effect"),
            Self::UnknownNotDone => Some("request lost"),
            Self::Refused => Some("refused"),
        }
    }
}

/// Decides about operations, in the order in which they happen.
pub trait Fates: Send {
    /// What becomes of this one.
    fn decide(&mut self, operation: Operation) -> Fate;
}

/// Nothing bad ever happens.
#[derive(Debug)]
pub struct Untroubled;

impl Fates for Untroubled {
    fn decide(&mut self, _operation: Operation) -> Fate {
        Fate::Done
    }
}

impl<F: FnMut(Operation) -> Fate + Send> Fates for F {
    fn decide(&mut self, operation: Operation) -> Fate {
        self(operation)
    }
}
