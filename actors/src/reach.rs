//! Reaching an entity wherever in its region it is decided: here, or by the node that runs its shard. A request that is carried there
//! is answered after its commit there. It is tried again until it is answered or its time is up: under its key it has its effect
//! once, however often it arrives; a claim says who asks, and the same one gets the same answer.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use takt_cluster::seam::Replied;
use takt_protocol::id::EntityId;
use takt_protocol::input::{Address, Input};
use takt_protocol::kernel::{Reply, State};
use takt_protocol::payload::Payload;
use takt_protocol::subject;
use takt_protocol::wire::{self, Relayed};

use crate::duties::{Duties, Duty};
use crate::entity::{self, LoadError};
use crate::hall::{Hall, Lost};
use crate::node::Node;
use crate::region::AskError;

/// Between two tries, at first and at most.
const PAUSE: Duration = Duration::from_millis(10);
const PAUSE_MAX: Duration = Duration::from_millis(200);

/// A way to every entity of the region. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Reach {
    pub(crate) node: Arc<Node>,
    pub(crate) hall: Hall,
    pub(crate) duties: Arc<Duties>,
}

/// How often an entity may not be at hand before its sender hears that it is not: it is put away in a moment.
const LOST_MAX: u32 = 5;

/// How a try went that brought no answer.
enum Missed {
    /// Nobody looked at it.
    NotHeard,
    /// Somebody may have.
    MayBeDone,
    /// Whoever decides about it could not: it was just being put away, or cannot be loaded.
    Lost,
    /// It cannot be carried at all.
    Never(AskError),
}

impl Reach {
    /// Whether this node decides about an entity just now.
    pub(crate) fn is_here(&self, entity: EntityId) -> bool {
        self.duties.is_alone() || self.duties.decides(self.shard(entity), self.node.seams.clock.elapsed())
    }

    /// Tells an entity something, and waits until the outcome is durable. Who gets no answer does not know how it went, and comes
    /// again with the same.
    pub(crate) async fn tell(&self, entity: EntityId, input: Input) -> Result<Reply, Lost> {
        if self.is_here(entity) {
            return self.hall.tell(entity, input).await;
        }
        Box::pin(self.carry(entity, input, None)).await.map_err(|error| {
            tracing::debug!(%error, %entity, "an entity on another node did not answer");
            Lost
        })
    }

    /// The same, if this node decides about it and goes on to; whoever hands its shard over waits for that.
    pub(crate) async fn tell_here(&self, entity: EntityId, input: Input) -> Option<Reply> {
        let post = self.duties.post(Duty::Shard(self.shard(entity)))?;
        if post.is_leaving() || !self.is_here(entity) {
            return None;
        }
        let _at_work = post.at_work();
        self.hall.tell(entity, input).await.ok()
    }

    /// The same as [`Self::tell`] for somebody who waits: tried again until there is an answer, or no more time for one. The message that
    /// it came in is kept: with what it leads to, or before it goes to another node.
    pub(crate) async fn ask(&self, entity: EntityId, input: Input, raw: Option<Payload>) -> Result<Reply, AskError> {
        if self.duties.is_alone() {
            return Ok(self.hall.tell_with(entity, input, raw).await?);
        }
        Box::pin(self.carry(entity, input, raw)).await
    }

    /// Carries it to wherever it is decided, until it is.
    async fn carry(&self, entity: EntityId, input: Input, mut raw: Option<Payload>) -> Result<Reply, AskError> {
        let clock = &self.node.seams.clock;
        let until = clock.elapsed() + Duration::from_millis(self.node.settings.ask_patience_ms);
        let (mut may_be_done, mut lost, mut pause) = (false, 0, PAUSE);
        // As it goes to another node, once it does.
        let mut question: Option<Bytes> = None;
        loop {
            let tried = if self.is_here(entity) {
                self.hall.tell_with(entity, input.clone(), raw.clone()).await.map_err(|Lost| Missed::Lost)
            } else {
                if let Some(raw) = raw.take() {
                    self.node.seams.blobs.keep(vec![Bytes::copy_from_slice(raw.bytes())]).await?;
                }
                let asked = match question.take() {
                    Some(asked) => asked,
                    None => Bytes::from(wire::pack_mail(Input { to: Address::Entity(entity), ..input.clone() })?),
                };
                question = Some(asked.clone());
                self.relay(entity, asked, until.saturating_sub(clock.elapsed())).await
            };
            match tried {
                Ok(reply) => return Ok(reply),
                Err(Missed::Never(error)) => return Err(error),
                Err(Missed::MayBeDone) => may_be_done = true,
                Err(Missed::Lost) if lost >= LOST_MAX => return Err(Lost.into()),
                Err(Missed::Lost) => (may_be_done, lost) = (true, lost + 1),
                Err(Missed::NotHeard) => {}
            }
            if clock.elapsed() + pause >= until {
                let shard = self.shard(entity);
                return Err(if may_be_done { AskError::Unanswered } else { AskError::NoNode { shard } });
            }
            clock.sleep(pause).await;
            pause = (pause * 2).min(PAUSE_MAX);
        }
    }

    /// The durable state of an entity: from whoever decides about it, which is this node, or from the log as its leader has it.
    pub(crate) async fn show(&self, entity: EntityId) -> Result<State, AskError> {
        if self.is_here(entity) {
            return Ok(self.hall.show(entity).await?);
        }
        match entity::load(&self.node, entity).await {
            Ok((state, _)) => Ok(state),
            Err(LoadError::Store { source, .. }) => Err(source.into()),
            Err(error) => {
                tracing::error!(%error, "an entity cannot be shown");
                Err(Lost.into())
            }
        }
    }

    /// One try to have it decided by the node that runs the shard.
    async fn relay(&self, entity: EntityId, question: Bytes, left: Duration) -> Result<Reply, Missed> {
        let subject = subject::command(self.node.region, self.shard(entity));
        let patience = left.min(Duration::from_millis(self.node.settings.relay_patience_ms));
        match self.node.seams.bus.request(&subject, question, patience).await {
            Ok(Replied::Answer(bytes)) => match wire::unpack_relayed(&bytes) {
                Ok(Relayed::Reply(reply)) => Ok(reply),
                Ok(Relayed::Elsewhere) => Err(Missed::NotHeard),
                Ok(Relayed::Lost) => Err(Missed::Lost),
                Err(error) => Err(Missed::Never(error.into())),
            },
            Ok(Replied::NoResponders) => Err(Missed::NotHeard),
            Ok(Replied::TimedOut) => Err(Missed::MayBeDone),
            Err(error) if error.is_transient() => Err(Missed::MayBeDone),
            Err(error) => Err(Missed::Never(error.into())),
        }
    }

    fn shard(&self, entity: EntityId) -> u16 {
        entity.shard(self.node.seams.journal.shards())
    }
}
