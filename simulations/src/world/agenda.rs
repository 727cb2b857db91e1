//! What a system means to do later: tasks by their instant, and by the order they were noted in.
//!
//! Apart because the laboratory and the warehouse both live by it. Never runs a task.

use std::collections::BTreeMap;

use super::moment::Moment;

/// Tasks to come.
#[derive(Clone, Debug)]
pub(super) struct Agenda<T> {
    tasks: BTreeMap<(Moment, u64), T>,
    noted: u64,
}

impl<T> Default for Agenda<T> {
    fn default() -> Self {
        Self { tasks: BTreeMap::new(), noted: 0 }
    }
}

impl<T> Agenda<T> {
    /// Notes a task for that instant.
    pub(super) fn note(&mut self, at: Moment, task: T) {
        self.noted += 1;
        self.tasks.insert((at, self.noted), task);
    }

    /// Takes the next task that is due by now, with the instant it was due at.
    pub(super) fn take(&mut self, now: Moment) -> Option<(Moment, T)> {
        let entry = self.tasks.first_entry().filter(|entry| entry.key().0 <= now)?;
        let at = entry.key().0;
        Some((at, entry.remove()))
    }

    /// When the next task is due.
    pub(super) fn due(&self) -> Option<Moment> {
        self.tasks.keys().next().map(|(at, _)| *at)
    }
}
