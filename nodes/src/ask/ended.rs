//! An exception that is over: what it was, who did what about it, how it ended. Read from the log of its entity, where nothing is
//! forgotten; apart from the desk, which knows only what is open.

use std::collections::BTreeSet;

use takt_protocol::case::Case;
use takt_protocol::commit::Commit;
use takt_protocol::fact::Fact;
use takt_protocol::id::EntityId;
use takt_protocol::instant::Instant;

use super::desk::no_exception;
use super::{Denied, Reception, Sort};
use crate::answers::case::{CaseView, ClosedRow, NoteRow, row};
use crate::answers::history;
use crate::answers::timeline::person;

impl Reception {
    /// An exception that was open once.
    pub(super) async fn ended(&self, entity: EntityId, number: u32, id: &str) -> Result<CaseView, Denied> {
        let commits = self.history(entity, self.mesh().clock().now()).await?;
        let told = story(&commits, number).filter(|(.., closed)| closed.is_some()).ok_or_else(|| no_exception(id))?;
        Ok(self.past_case(entity, told).await)
    }

    /// An exception as it was: open or over by then.
    pub(super) async fn case_then(&self, entity: EntityId, number: u32, id: &str, then: Instant) -> Result<CaseView, Denied> {
        let commits = self.history(entity, self.mesh().clock().now()).await?;
        let until: Vec<Commit> = commits.iter().filter(|commit| commit.at <= then).cloned().collect();
        if let Some(told) = story(&until, number) {
            return Ok(self.past_case(entity, told).await);
        }
        let (case, ..) = story(&commits, number).ok_or_else(|| no_exception(id))?;
        let message = format!("this exception was not open by {then}");
        Err(Denied::new(Sort::NotFound, "UNKNOWN", message, format!("it was opened at {}", case.opened_at)).at("at"))
    }

    /// A case of the past. Nothing can be done about it there, and how many others had its cause then is not counted.
    async fn past_case(&self, entity: EntityId, (case, notes, closed): Story) -> CaseView {
        let owner = self.mesh().book().roles.answering(&case.owner);
        let case = if closed.is_some() { Case { snoozed_until: None, asked_by: BTreeSet::new(), ..case } } else { case };
        let mut row = row(entity, &Case { owner, ..case });
        (row.actions, row.advice, row.forbidden) = (Vec::new(), Vec::new(), Vec::new());
        let about = self.mesh().show(entity).await.ok().and_then(|state| self.called(&state));
        let closed = match closed {
            Some(ended) => Some(ClosedRow { how: self.in_names(&ended.how).await, ..ended }),
            None => None,
        };
        CaseView { row, notes, same_cause: 0, input: None, about, candidates: Vec::new(), closed }
    }
}

/// A case, what people did about it, and how it ended, if it did.
type Story = (Case, Vec<NoteRow>, Option<ClosedRow>);

/// A case as these commits leave it.
fn story(commits: &[Commit], number: u32) -> Option<Story> {
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
            return found.map(|found| (found, notes, Some(closed)));
        }
        if let Some((_, what)) = fact.deed().filter(|(case, _)| *case == number) {
            notes.push(NoteRow { at: commit.at.to_string(), what, who: by(), why: why() });
            if let Some(found) = &mut found {
                found.follow(fact);
            }
        }
    }
    found.map(|found| (found, notes, None))
}
