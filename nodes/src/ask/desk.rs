//! What a person does about an exception, read into the words of the protocol.

use std::collections::BTreeSet;

use takt_protocol::desk::{Action, Wish};
use takt_protocol::envelope::RawRef;
use takt_protocol::id::EntityId;
use takt_protocol::input::{Address, Body};
use takt_protocol::instant::Instant;
use takt_protocol::kernel::Own;
use takt_protocol::malformed::Malformed;
use takt_protocol::words::{DocNo, Role};

use super::field::maybe;
use super::meaning::Meaning;
use super::names::not_heard;
use super::neighbours::CALLED;
use super::world::missing;
use super::{Client, Denied, Reception, Sort, v1};

impl v1::ActOnException {
    pub(super) async fn meaning(&self, reception: &Reception, client: &Client) -> Result<Meaning, Denied> {
        let (entity, case) = reception.case(&self.exception).await?;
        let action = match self.action.as_str() {
            "match" => Action::Match { entity: reception.belongs(entity, case, self.entity.as_ref()).await? },
            "edit" => {
                let raw = RawRef::of(self.mended().unwrap_or_default().as_bytes());
                Action::Edit { raw, copies: reception.copies(client, entity, case, self).await? }
            }
            "hand_to" => Action::HandTo { role: reception.handed_to(self.role.as_ref())? },
            _ => self.read()?,
        };
        let wish = Meaning::wish(Address::Entity(entity), Body::Desk(Wish { case, action }), "exception");
        Ok(Meaning { mended: self.mended().map(str::to_owned), ..wish }.because(self.reason.as_ref()))
    }

    /// The text of what was mended.
    fn mended(&self) -> Option<&str> {
        self.input.as_deref().or(self.payload.as_deref())
    }

    /// Every action but those that name something that must be there.
    fn read(&self) -> Result<Action, Denied> {
        let document = self.document.as_ref();
        match self.action.as_str() {
            "retry" => Ok(Action::Retry),
            "write_off" => Ok(Action::WriteOff),
            "acknowledge" => Ok(Action::Acknowledge),
            "adopt" => needed("document", maybe("document", document, numbered)?).map(|document| Action::Adopt { document }),
            "snooze" => needed("until", maybe("until", self.until.as_ref(), Instant::parse)?).map(|until| Action::Snooze { until }),
            "" => Err(Denied::missing("action")),
            other => Err(no_action(other)),
        }
    }
}

/// What may be done about an exception.
pub(super) const ACTIONS: [&str; 8] = ["retry", "adopt", "write_off", "match", "edit", "hand_to", "snooze", "acknowledge"];

pub(super) fn no_action(word: &str) -> Denied {
    let message = format!("`{}` is no action", word.escape_debug());
    let actions = ACTIONS.map(str::to_owned);
    Denied::new(Sort::Unprocessable, "SCHEMA", message, "send one of the choices").at("action").choose(actions)
}

/// The number of a document as a person types it: a word without a digit is no number.
fn numbered(text: &str) -> Result<DocNo, Malformed> {
    if text.bytes().any(|byte| byte.is_ascii_digit()) {
        return DocNo::parse(text);
    }
    Err(Malformed::new("document number", text, "send the number of the document as its ERP shows it, such as 4900012377"))
}

fn needed<T>(field: &str, value: Option<T>) -> Result<T, Denied> {
    value.ok_or_else(|| Denied::missing(field))
}

impl Reception {
    /// The role that an exception is handed to: one that somebody may have, or it would be with nobody.
    pub(super) fn handed_to(&self, role: Option<&String>) -> Result<Role, Denied> {
        let book = self.mesh().book();
        let role = role.ok_or_else(|| Denied::missing("role"))?;
        Self::role("role", role, &book.roles.grants().keys().cloned().collect())
    }

    /// The entity that a person says a waiting message belongs to, by our id or any number it has: one of the kind that the
    /// message is for, and one that exists. A message that was sent to nobody would be lost.
    async fn belongs(&self, site: EntityId, case: u32, text: Option<&String>) -> Result<EntityId, Denied> {
        let text = text.ok_or_else(|| Denied::missing("entity"))?;
        let state = self.mesh().show(site).await.map_err(|error| Denied::asking(&error))?;
        let waiting = match &state.own {
            Own::Site(site) => site.quarantine.get(&case).and_then(|input| input.body.kind()),
            Own::Order(_) | Own::Lot(_) | Own::Unit(_) | Own::Shipment(_) | Own::Record(_) => None,
        };
        // What does not wait is for its entity to say, also that it was matched before.
        let Some(kind) = waiting.or_else(|| EntityId::parse(text).ok().map(|entity| entity.kind())) else {
            return self.named_once(text);
        };
        let entity = self.find(kind, "entity", text).await?;
        if waiting.is_some() && !self.mesh().show(entity).await.map_err(|error| Denied::asking(&error))?.is_born() {
            return Err(Denied::nobody_knows(kind.word(), "entity"));
        }
        Ok(entity)
    }

    /// What one thing of any kind is known as.
    fn named_once(&self, text: &str) -> Result<EntityId, Denied> {
        let entities: BTreeSet<EntityId> = self.named(text)?.into_iter().map(|(_, entity)| entity).collect();
        match entities.first() {
            Some(entity) if entities.len() == 1 => Ok(*entity),
            Some(_) | None => {
                let message = format!("`{}` means {} things", text.escape_debug(), entities.len());
                Err(Denied::new(Sort::Unprocessable, "UNKNOWN", message, "send our id of the one it belongs to").at("entity"))
            }
        }
    }

    /// Which case of which entity an exception is: as it is listed, or `<our id>:<number>`. A closed one is found as well: an
    /// action that is sent again gets the answer it got.
    pub(super) async fn case(&self, text: &str) -> Result<(EntityId, u32), Denied> {
        let whole = text.rsplit_once(':').and_then(|(entity, case)| Some((EntityId::parse(entity).ok()?, case.parse().ok()?)));
        if let Some(whole) = whole {
            return Ok(whole);
        }
        let called = || self.mesh().regions().values().flat_map(|region| region.index().called(text)).collect::<Vec<_>>();
        let mut meant = called();
        if meant.is_empty() {
            // Somebody may act on what was opened this very moment.
            self.indexed().await;
            meant = called();
        }
        if meant.is_empty() {
            let far = self.gathered::<Vec<(EntityId, u32)>>(CALLED, |_| text.as_bytes().to_vec()).await;
            meant = far.parts.into_values().flatten().collect();
            let silent: Vec<String> = missing(&far.fresh).iter().map(ToString::to_string).collect();
            if meant.is_empty() && !silent.is_empty() {
                return Err(not_heard(&format!("no exception is known here as `{}`", text.escape_debug()), &silent).at("exception"));
            }
        }
        match (meant.first(), meant.len()) {
            (Some(one), 1) => Ok(*one),
            (None, _) => Err(no_exception(text)),
            (Some(_), _) => {
                let message = format!("`{text}` means {} exceptions", meant.len());
                let choices = meant.iter().map(|(entity, case)| format!("{entity}:{case}"));
                Err(Denied::new(Sort::Conflict, "AMBIGUOUS", message, "send one of the choices").at("exception").choose(choices))
            }
        }
    }
}

pub(super) fn no_exception(text: &str) -> Denied {
    let message = format!("no exception is known as `{}`", text.escape_debug());
    Denied::new(Sort::NotFound, "UNKNOWN", message, "send it as GET /v1/exceptions lists it, or as a timeline names it").at("exception")
}
