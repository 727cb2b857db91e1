//! What follows the log on a node: everything, but where it is measured what each of it costs.

use super::tasks::PROJECTIONS;

/// Which of the tasks run that follow the log: all of them, but where it is measured what they cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Projections {
    /// As everywhere.
    All,
    /// Only what decides.
    None,
    /// What fills names and lists, and nothing else.
    Index,
    /// What hands on mail, errands and wake-ups, and nothing else.
    Dispatcher,
    /// What tells public events, and nothing else.
    Publisher,
}

impl Projections {
    /// Whether a task runs.
    pub(super) fn run(self, task: &str) -> bool {
        let only = match self {
            Self::All => return true,
            Self::None => None,
            Self::Index => Some("index"),
            Self::Dispatcher => Some("dispatcher"),
            Self::Publisher => Some("publisher"),
        };
        only == Some(task) || !PROJECTIONS.contains(&task)
    }

    /// Whether names and lists are filled.
    pub fn index(self) -> bool {
        self.run("index")
    }
}
