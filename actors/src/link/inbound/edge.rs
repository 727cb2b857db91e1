//! A door at an edge: the system is at home in another region, and nothing of it is decided here. A message is kept as it came, in the
//! room for mail to that region, and acknowledged; where it is at home it goes through the system's own door.
//!
//! A mapping is asked only whether it stops bad goods: then it finds room when nothing else does, and goes first.

use takt_protocol::envelope::{Envelope, Key, KeyText, Mark, RawRef};
use takt_protocol::id::EntityId;
use takt_protocol::input::{Address, Body, Input};
use takt_protocol::payload::Payload;
use takt_protocol::site;

use super::{Inbound, Refused, Taken, Told, refused};

impl Inbound {
    /// The system's own entity, where that is at home in another region than this door.
    pub(super) fn at_home_elsewhere(&self) -> Option<EntityId> {
        let node = self.region.node();
        node.book().site_entity(self.site).filter(|keeper| keeper.region() != node.region)
    }

    /// Keeps a message until it is brought to where its system is at home. `Ok` means that it is durable here.
    pub(super) async fn pass_on(&self, told: &Told<'_>, keeper: EntityId) -> Result<Taken, Refused> {
        let raw = RawRef::of(&told.raw);
        let (id, urgent) = (self.id_of(told, &raw), self.holds_goods(told).await);
        let key = Key { source: self.site, epoch: 0, mark: Mark::Text(KeyText::ours(format_args!("told/{id}"))) };
        let mail = site::Mail::Told { topic: told.topic.to_owned(), raw: Payload::new(told.raw.to_vec()), urgent };
        let body = Body::Site(site::Input::Mail(mail));
        let input = Input { to: Address::Entity(keeper), envelope: Envelope::of(key, self.now()), body };
        self.region.take(input, id).await.map_err(refused)?;
        Ok(Taken { raw, inputs: 0, set_aside: None })
    }

    /// Whether it stops bad goods. What can be understood only with more that its system is asked for is not asked here.
    async fn holds_goods(&self, told: &Told<'_>) -> bool {
        if self.topic(told.topic).is_none_or(|topic| topic.mapping.has("read")) {
            return false;
        }
        matches!(self.understand(told).await, Ok(Ok((_, said))) if said.iter().any(|said| said.body.holds_goods()))
    }
}
