//! Things as they were: the log of a thing, replayed up to a moment. What was decided then was decided by this and nothing
//! else, so it is also why. Apart from other questions because it reads logs and no actor.

use takt_protocol::id::{EntityId, Kind};
use takt_protocol::instant::Instant;
use takt_protocol::kernel::{State, replay};
use takt_protocol::wire;

use super::{Denied, Reception, Sort, field};
use crate::answers::timeline::{self, Step};

/// A thing at a moment.
pub(super) struct Seen {
    /// Its state then.
    pub(super) state: State,
    /// When.
    pub(super) at: Instant,
    /// For the past: the last step that made it so.
    pub(super) because: Option<Step>,
}

/// A log, replayed up to a moment.
struct Replayed {
    state: State,
    because: Option<Step>,
    /// When anything was recorded first.
    first: Option<Instant>,
}

impl Reception {
    /// A thing as it is, or as it was at `at`, by what was recorded until then.
    pub(super) async fn seen(&self, kind: Kind, word: &'static str, id: &str, at: Option<&str>) -> Result<Seen, Denied> {
        let Some(at) = self.moment(at)? else {
            return Ok(Seen { state: self.born(kind, word, id).await?, at: self.mesh().clock().now(), because: None });
        };
        let entity = self.find(kind, word, id).await?;
        match self.replayed(entity, at).await? {
            Replayed { state, because: Some(because), .. } => Ok(Seen { state, at, because: Some(because) }),
            Replayed { first, .. } => Err(Self::unrecorded(entity, word, at, first)),
        }
    }

    /// A moment in the past, when one is meant.
    pub(super) fn moment(&self, at: Option<&str>) -> Result<Option<Instant>, Denied> {
        let Some(text) = at else { return Ok(None) };
        let at = field::word("at", text, Instant::parse)?;
        if at > self.mesh().clock().now() {
            let message = format!("{at} has not come yet");
            return Err(Denied::new(Sort::Unprocessable, "SCHEMA", message, "send a moment in the past, or leave it out for now").at("at"));
        }
        Ok(Some(at))
    }

    /// The state of a thing now, or at a moment; unborn when nothing was recorded of it by then.
    pub(super) async fn state_at(&self, entity: EntityId, at: Option<Instant>) -> Result<State, Denied> {
        match at {
            None => self.mesh().show(entity).await.map_err(|error| Denied::asking(&error)),
            Some(at) => Ok(self.replayed(entity, at).await?.state),
        }
    }

    /// Nothing of a thing was recorded by a moment.
    pub(super) fn unrecorded(entity: EntityId, word: &'static str, at: Instant, first: Option<Instant>) -> Denied {
        let kind = entity.kind().word();
        let Some(first) = first else { return Denied::nobody_knows(kind, word) };
        let message = format!("nothing was recorded of this {kind} by {at}");
        Denied::new(Sort::NotFound, "UNKNOWN", message, format!("it was first recorded at {first}")).at("at")
    }

    async fn replayed(&self, entity: EntityId, at: Instant) -> Result<Replayed, Denied> {
        let log = self.mesh().log(entity).await.map_err(|error| Denied::asking(&error))?;
        let mut replayed = Replayed { state: State::unknown(entity), because: None, first: None };
        for entry in &log {
            let Ok((commit, _)) = wire::open(&entry.bytes) else {
                return Err(Denied::ours("a commit of its log cannot be read; what came before it is in its timeline"));
            };
            replayed.first.get_or_insert(commit.at);
            if commit.at > at {
                break;
            }
            replayed.because = timeline::of(&commit).pop().or(replayed.because);
            replayed.state = commit.steps.iter().fold(replayed.state, replay);
        }
        Ok(replayed)
    }
}
