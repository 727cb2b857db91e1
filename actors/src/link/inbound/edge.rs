//! A door at an edge: the system is at home in another region, and nothing of it is decided here. A message is kept as it came, in the
//! room for mail to that region, and acknowledged; where it is at home it goes through the system's own door.
//!
//! A mapping is asked only whether it stops bad goods: then it finds room when nothing else does, and goes first.

use bytes::Bytes;
use serde_json::Value;
use takt_protocol::envelope::{Envelope, Key, KeyText, Mark, RawRef};
use takt_protocol::id::EntityId;
use takt_protocol::input::{Address, Body, Input};
use takt_protocol::payload::Payload;
use takt_protocol::site;

use super::{Inbound, Mapping, Refused, Taken, Told, Topic, refused};

impl Inbound {
    /// Takes a message that was kept at an edge and is brought here. `Ok` means that everything in it is durable here.
    pub async fn brought(&self, topic: &str, raw: Bytes) -> Result<Taken, Refused> {
        self.take(&Told { topic, raw, called: None, file: None, brought: true }).await
    }

    /// Stores all that a message says. What was brought was let in already: it must not wait for the room that it takes itself.
    pub(super) async fn store(&self, brought: bool, inputs: Vec<(Input, String)>) -> Result<(), Refused> {
        let stored = if brought { self.region.take_over(inputs).await } else { self.region.take_all(inputs).await };
        stored.map_err(refused)
    }

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

    /// What its system is asked for before a message can be understood.
    pub(super) async fn wanted(&self, mapping: &Mapping, told: &Told<'_>, json: &[u8]) -> Result<Vec<Value>, String> {
        if !mapping.has("read") {
            return Ok(Vec::new());
        }
        mapping.run_bounded("read", self.view(told, json, &[])).await.map_err(|error| error.to_string())
    }

    /// Whether it stops bad goods. What can be understood only with more that its system is asked for is not asked here.
    async fn holds_goods(&self, told: &Told<'_>) -> bool {
        let Some(Topic { format, mapping }) = self.topic(told.topic) else { return false };
        let Ok(json) = format.read(&told.raw) else { return false };
        if !self.wanted(mapping, told, &json).await.is_ok_and(|asked| asked.is_empty()) {
            return false;
        }
        matches!(self.understand(told).await, Ok(Ok((_, said))) if said.iter().any(|said| said.body.holds_goods()))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use async_trait::async_trait;
    use takt_cluster::seam::{Message, QueueName};
    use takt_protocol::instant::Instant;
    use takt_protocol::name::SiteId;
    use takt_protocol::wire;

    use super::*;
    use crate::doors::{Doors, Shut};
    use crate::link::fixture::{MACHINES, Yard, nord};
    use crate::link::format::Format;
    use crate::node::Settings;
    use crate::tape::tests::seams;

    /// The door of the yard.
    struct Only(Inbound);

    #[async_trait]
    impl Doors for Only {
        async fn receive(&self, _: SiteId, topic: &str, raw: Bytes) -> Result<(), Shut> {
            self.0.brought(topic, raw).await.map(drop).map_err(|refused| Shut::NotNow(refused.why))
        }
    }

    /// As the courier brings what the plant told at its edge.
    fn told(yard: &Yard, number: usize, body: &str) -> Message {
        let keeper = yard.region.node().book().site_entity(nord()).unwrap();
        let key = Key { source: nord(), epoch: 0, mark: Mark::Text(KeyText::ours(format_args!("told/{number}"))) };
        let mail = site::Mail::Told { topic: "machines".to_owned(), raw: Payload::new(body.as_bytes().to_vec()), urgent: false };
        let envelope = Envelope::of(key, Instant::EPOCH);
        let input = Input { to: Address::Entity(keeper), envelope, body: Body::Site(site::Input::Mail(mail)) };
        let bytes = Bytes::from(wire::pack_mail(input).unwrap());
        Message { queue: QueueName::In { shard: 0 }, id: format!("told-{number}"), bytes }
    }

    #[tokio::test]
    async fn what_was_brought_does_not_wait_for_the_room_that_it_takes_itself() {
        let seams = seams();
        let settings = Settings { waiting_max: 3, waiting_reserve: 0, ..Settings::default() };
        let yard = Yard::over(seams.clone(), settings).await;
        let bodies =
            [r#"{"machine": "M-1", "key": "1"}"#, r#"[{"machine": "M-2", "key": "2"}, {"machine": "M-3", "key": "3"}]"#, "no JSON"];
        let mail: Vec<Message> = bodies.iter().enumerate().map(|(number, body)| told(&yard, number, body)).collect();
        // No door is open yet: all the room is taken.
        seams.queue.offer(mail, 3).await.unwrap();
        yard.region.doors_by(Arc::new(Only(yard.door(&[("machines", Format::Json, MACHINES)]))));
        assert_eq!(yard.machines().await, ["M-1 down", "M-2 down", "M-3 down"]);
        assert_eq!(yard.cases().await.len(), 1, "what nobody understands is a case");
        yard.region.stop().await;
    }
}
