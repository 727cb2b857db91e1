//! An exception that is over: what it was, who did what about it, how it ended. Read from the log of its entity, where nothing is
//! forgotten; apart from the desk, which knows only what is open.

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
        let mut row = row(entity, &Case { owner, ..case });
        // Nothing is to be done any more.
        (row.actions, row.advice, row.forbidden) = (Vec::new(), Vec::new(), Vec::new());
        Ok(CaseView { row, notes, same_cause: 0, input: None, candidates: Vec::new(), closed: Some(closed) })
    }
}

/// A case as it was when it ended, what people did about it, and how it ended.
fn over(commits: &[Commit], number: u32) -> Option<(Case, Vec<NoteRow>, ClosedRow)> {
    let (mut found, mut notes): (Option<Case>, Vec<NoteRow>) = (None, Vec::new());
    for (commit, at, fact) in history::facts(commits) {
        let what = match fact {
            Fact::CaseOpened(case) if case.number == number => {
                found = Some(case.as_ref().clone());
                continue;
            }
            Fact::CaseHandedOver { case, to } if *case == number => {
                if let Some(found) = &mut found {
                    found.owner = to.clone();
                }
                format!("handed to {to}")
            }
            Fact::CaseSnoozed { case, until } if *case == number => format!("put away until {until}"),
            Fact::CaseGivingUp { case, .. } if *case == number => "asked to write it off".to_owned(),
            Fact::CaseClosed { case, how } if *case == number => {
                let who = commit.said_by(at);
                let closed = ClosedRow {
                    at: commit.at.to_string(),
                    how: how.clone(),
                    who: who.map(person).unwrap_or_default(),
                    why: who.and_then(|who| who.reason.clone()).unwrap_or_default(),
                };
                return found.map(|found| (found, notes, closed));
            }
            Fact::Named(_)
            | Fact::Intended { .. }
            | Fact::Outbox { .. }
            | Fact::CaseOpened(_)
            | Fact::CaseHandedOver { .. }
            | Fact::CaseSnoozed { .. }
            | Fact::CaseGivingUp { .. }
            | Fact::CaseClosed { .. }
            | Fact::Order(_)
            | Fact::Lot(_)
            | Fact::Unit(_)
            | Fact::Shipment(_)
            | Fact::Site(_)
            | Fact::Record(_) => continue,
        };
        let who = commit.said_by(at);
        let why = who.and_then(|who| who.reason.clone()).unwrap_or_default();
        notes.push(NoteRow { at: commit.at.to_string(), what, who: who.map(person).unwrap_or_default(), why });
    }
    None
}
