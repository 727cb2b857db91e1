//! An exception that is over: what it was, who did what about it, how it ended. Read from the log of its entity, where nothing is
//! forgotten; apart from the desk, which knows only what is open.

use std::collections::BTreeSet;

use takt_protocol::case::Case;
use takt_protocol::commit::Commit;
use takt_protocol::fact::Fact;
use takt_protocol::id::EntityId;

use super::desk::no_exception;
use super::{Denied, Reception};
use crate::answers::case::{CaseView, ClosedRow, NoteRow, row};
use crate::answers::history;
use crate::answers::timeline::person;

impl Reception {
    /// An exception that was open once.
    pub(super) async fn ended(&self, entity: EntityId, number: u32, id: &str) -> Result<CaseView, Denied> {
        let commits = self.history(entity, self.mesh().clock().now()).await?;
        let (case, notes, closed) = over(&commits, number).ok_or_else(|| no_exception(id))?;
        let owner = self.mesh().book().roles.answering(&case.owner);
        // Nothing is to be done any more.
        let mut row = row(entity, &Case { owner, snoozed_until: None, asked_by: BTreeSet::new(), ..case });
        (row.actions, row.advice, row.forbidden) = (Vec::new(), Vec::new(), Vec::new());
        Ok(CaseView { row, notes, same_cause: 0, input: None, candidates: Vec::new(), closed: Some(closed) })
    }
}

/// A case as it was when it ended, what people did about it, and how it ended.
fn over(commits: &[Commit], number: u32) -> Option<(Case, Vec<NoteRow>, ClosedRow)> {
    let (mut found, mut notes): (Option<Case>, Vec<NoteRow>) = (None, Vec::new());
    for (commit, at, fact) in history::facts(commits) {
        let by = || commit.said_by(at).map(person).unwrap_or_default();
        let why = || commit.said_by(at).and_then(|who| who.reason.clone()).unwrap_or_default();
        if let Fact::CaseOpened(case) = fact
            && case.number == number
        {
            found = Some(case.as_ref().clone());
        }
        if let Fact::CaseClosed { case, how } = fact
            && *case == number
        {
            let closed = ClosedRow { at: commit.at.to_string(), how: how.clone(), who: by(), why: why() };
            return found.map(|found| (found, notes, closed));
        }
        if let Some((_, what)) = fact.deed().filter(|(case, _)| *case == number) {
            notes.push(NoteRow { at: commit.at.to_string(), what, who: by(), why: why() });
            if let Some(found) = &mut found {
                found.follow(fact);
            }
        }
    }
    None
}
