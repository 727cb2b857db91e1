//! What a person does about an exception, read into the words of the protocol.

use takt_protocol::desk::{Action, Wish};
use takt_protocol::id::EntityId;
use takt_protocol::input::{Address, Body};
use takt_protocol::words::{DocNo, Role};

use super::field::maybe;
use super::meaning::Meaning;
use super::{Denied, Reception, Sort, v1};
use crate::answers::case::short;

impl v1::ActOnException {
    pub(super) async fn meaning(&self, reception: &Reception) -> Result<Meaning, Denied> {
        let action = self.read()?;
        let (entity, case) = reception.case(&self.exception).await?;
        let wish = Meaning::wish(Address::Entity(entity), Body::Desk(Wish { case, action }), "exception");
        Ok(Meaning { second: self.second.clone(), ..wish }.because(self.reason.as_ref()))
    }

    fn read(&self) -> Result<Action, Denied> {
        let (document, entity, role) = (self.document.as_ref(), self.entity.as_ref(), self.role.as_ref());
        match self.action.as_str() {
            "retry" => Ok(Action::Retry),
            "write_off" => Ok(Action::WriteOff),
            "acknowledge" => Ok(Action::Acknowledge),
            "adopt" => needed("document", maybe("document", document, DocNo::parse)?).map(|document| Action::Adopt { document }),
            "match" => needed("entity", maybe("entity", entity, EntityId::parse)?).map(|entity| Action::Match { entity }),
            "hand_to" => needed("role", maybe("role", role, Role::parse)?).map(|role| Action::HandTo { role }),
            "" => Err(Denied::missing("action")),
            other => {
                let message = format!("`{}` is no action", other.escape_debug());
                let actions = ["retry", "adopt", "write_off", "match", "hand_to", "acknowledge"].map(str::to_owned);
                Err(Denied::new(Sort::Unprocessable, "SCHEMA", message, "send one of the choices").at("action").choose(actions))
            }
        }
    }
}

fn needed<T>(field: &str, value: Option<T>) -> Result<T, Denied> {
    value.ok_or_else(|| Denied::missing(field))
}

impl Reception {
    /// Which case of which entity an exception is: as it is listed, or `<our id>:<number>`, which is good for ever.
    pub(super) async fn case(&self, text: &str) -> Result<(EntityId, u32), Denied> {
        let whole = text.rsplit_once(':').and_then(|(entity, case)| Some((EntityId::parse(entity).ok()?, case.parse().ok()?)));
        if let Some(whole) = whole {
            return Ok(whole);
        }
        self.indexed().await;
        let open = self.mesh().regions().values().flat_map(|region| region.index().cases());
        let meant: Vec<(EntityId, u32)> =
            open.map(|(entity, case)| (entity, case.number)).filter(|(entity, case)| short(*entity, *case) == text).collect();
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
    let message = format!("no open exception is known as `{}`", text.escape_debug());
    Denied::new(Sort::NotFound, "UNKNOWN", message, "send it as GET /v1/exceptions lists it; it may have been closed").at("exception")
}
