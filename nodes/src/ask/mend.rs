//! Messages mended in a copy: a person says what a message should have said, and that is taken instead of it. The original
//! stays in the log; the copy names it, who mended it and why; the mended text is kept like any other raw message.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};
use takt_protocol::case::Case;
use takt_protocol::desk::Action;
use takt_protocol::envelope::{Envelope, Origin, RawRef, Who};
use takt_protocol::id::EntityId;
use takt_protocol::input::{Address, Body, Input};
use takt_protocol::instant::Instant;
use takt_protocol::kernel::Own;

use super::meaning::Meaning;
use super::{Client, Denied, Reception, Sort, v1};

/// A message as a person reads and mends it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Mended {
    to: Address,
    #[serde(default)]
    occurred_at: Option<Instant>,
    body: Body,
}

/// A message that waits, as it is mended.
pub(super) fn shown(input: &Input) -> Value {
    json!({ "to": input.to, "occurred_at": input.envelope.occurred_at.to_string(), "body": input.body })
}

impl Reception {
    /// What is to be taken instead of the message of a case. The same words give the same copies, so that the request can be
    /// repeated.
    pub(super) async fn copies(
        &self,
        client: &Client,
        entity: EntityId,
        number: u32,
        wish: &v1::ActOnException,
    ) -> Result<Vec<Input>, Denied> {
        let state = self.mesh().show(entity).await.map_err(|error| Denied::asking(&error))?;
        let waiting = match &state.own {
            Own::Site(site) => site.quarantine.get(&number),
            Own::Order(_) | Own::Lot(_) | Own::Unit(_) | Own::Shipment(_) | Own::Record(_) => None,
        };
        let who =
            Who { user: client.source.to_string(), role: client.role.as_str().to_owned(), reason: wish.reason.clone(), ..Who::default() };
        let mend = Mend { who, causation: format!("{entity}:{number}") };
        match (&wish.input, &wish.payload, waiting) {
            (Some(text), None, Some(original)) => Ok(vec![mend.of_input(text, original)?]),
            (None, Some(text), None) => match state.common.cases.get(&number) {
                Some(case) => self.of_payload(&mend, entity, case, text).await,
                // Closed: its entity says so, or what it said when it was sent before.
                None => Ok(Vec::new()),
            },
            (Some(_), None, None) => Ok(Vec::new()),
            (None, None, _) => Err(Denied::missing(if waiting.is_some() { "input" } else { "payload" })),
            (Some(_), Some(_), _) | (None, Some(_), Some(_)) => {
                let message = "a message that matches nothing is mended by `input`, one that no mapping understands by `payload`";
                Err(Denied::new(Sort::Unprocessable, "SCHEMA", message, "send the one that fits the exception").at("payload"))
            }
        }
    }

    /// What a mended payload says, by the mapping as it is now.
    async fn of_payload(&self, mend: &Mend, entity: EntityId, case: &Case, text: &str) -> Result<Vec<Input>, Denied> {
        let site = self.mesh().book().site_of(entity);
        let topic = case.origin.as_ref().map(|origin| origin.mapping.clone());
        let (Some(site), Some(topic)) = (site, topic) else {
            let message = "the exception is about no message of a system";
            return Err(Denied::new(Sort::Conflict, "STATE", message, "choose one of the actions it offers").at("action"));
        };
        let inputs = self.foresee_payload(site, &topic, Bytes::from(text.to_owned())).await?;
        Ok(inputs.into_iter().map(|input| mend.stamp(input, case.opened_at)).collect())
    }

    /// Keeps the text of what was mended, before anybody is told of it.
    pub(super) async fn keep_copies(&self, meaning: &Meaning) -> Result<(), Denied> {
        let (Body::Desk(wish), Address::Entity(entity)) = (&meaning.body, &meaning.to) else { return Ok(()) };
        let (Action::Edit { .. }, Some(text)) = (&wish.action, &meaning.mended) else { return Ok(()) };
        let kept = self.mesh().keep(entity.region(), Bytes::from(text.clone())).await;
        kept.map(drop).map_err(|error| Denied::asking(&error))
    }
}

/// Who mends which message.
struct Mend {
    who: Who,
    causation: String,
}

impl Mend {
    /// A copy of a message that matched nothing, under its own key: should its sender mend it too, one of them counts.
    fn of_input(&self, text: &str, original: &Input) -> Result<Input, Denied> {
        let mut json = serde_json::Deserializer::from_str(text);
        let mended: Mended = serde_path_to_error::deserialize(&mut json).map_err(|error| {
            let message = format!("{}: {}", error.path(), error.inner()).escape_debug().to_string();
            Denied::new(Sort::Unprocessable, "SCHEMA", message, "send it as `input` of the exception shows it, with what was wrong changed")
                .at("input")
        })?;
        let envelope = Envelope {
            occurred_at: mended.occurred_at.unwrap_or(original.envelope.occurred_at),
            origin: Some(Origin { raw: RawRef::of(text.as_bytes()), mapping: format!("edit of {}", self.causation) }),
            ..original.envelope.clone()
        };
        Ok(self.stamp(Input { to: mended.to, envelope, body: mended.body }, original.envelope.received_at))
    }

    fn stamp(&self, input: Input, received_at: Instant) -> Input {
        let (who, causation) = (Some(self.who.clone()), Some(self.causation.clone()));
        Input { envelope: Envelope { who, causation, received_at, ..input.envelope }, ..input }
    }
}
