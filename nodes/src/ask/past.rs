//! Things as they were: the log of a thing, replayed up to a moment. What was decided then was decided by this and nothing
//! else, so it is also why. Apart from other questions because it reads logs and no actor.

use takt_actors::region::AskError;
use takt_protocol::id::Kind;
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

impl Reception {
    /// A thing as it is, or as it was at `at`, by what was recorded until then.
    pub(super) async fn seen(&self, kind: Kind, word: &'static str, id: &str, at: Option<&str>) -> Result<Seen, Denied> {
        let now = self.mesh().clock().now();
        let Some(text) = at else {
            return Ok(Seen { state: self.born(kind, word, id).await?, at: now, because: None });
        };
        let at = field::word("at", text, Instant::parse)?;
        if at > now {
            let message = format!("{at} has not come yet");
            return Err(Denied::new(Sort::Unprocessable, "SCHEMA", message, "send a moment in the past, or leave it out for now").at("at"));
        }
        let entity = self.find(kind, word, id).await?;
        let home = self.mesh().home(entity).map_err(|error| Denied::asking(&error))?;
        let log = home.node().seams.journal.read(entity, 0).await.map_err(|error| Denied::asking(&AskError::Store(error)))?;
        let (mut state, mut because, mut first) = (State::unknown(entity), None, None);
        for entry in &log {
            let Ok((commit, _)) = wire::open(&entry.bytes) else {
                return Err(Denied::ours("a commit of its log cannot be read; what came before it is in its timeline"));
            };
            first.get_or_insert(commit.at);
            if commit.at > at {
                break;
            }
            because = timeline::of(&commit).pop().or(because);
            state = commit.steps.iter().fold(state, replay);
        }
        match (because, first) {
            (Some(because), _) => Ok(Seen { state, at, because: Some(because) }),
            (None, Some(first)) => {
                let message = format!("nothing was recorded of this {} by {at}", kind.word());
                Err(Denied::new(Sort::NotFound, "UNKNOWN", message, format!("it was first recorded at {first}")).at("at"))
            }
            (None, None) => Err(Denied::nobody_knows(kind.word(), word)),
        }
    }
}
