//! What matches nothing waits here, whole, and is offered again when the missing thing arrives; a person may match it by
//! hand, with a reason.

use super::decide::Turn;
use super::{Fact, Load, Name, Site, name_of};
use crate::answer::Answer;
use crate::case::{Case, CaseKind, Proposal};
use crate::common::Common;
use crate::desk::Action;
use crate::draft::{Draft, NewCase};
use crate::envelope::{Envelope, RawRef};
use crate::id::EntityId;
use crate::input::{Address, Body, Input};
use crate::kernel::{Context, refuse};
use crate::native::Ref;
use crate::refusal::Code;
use crate::seen::ContentHash;
use crate::wire;

impl Turn<'_, '_> {
    /// An entity exists: what waited for one of its names goes to it.
    pub(super) fn expect(&mut self, entity: EntityId, names: &[Ref], load: Option<&Load>) {
        for name in names {
            let other = self.site.expected.get(&name_of(name)).copied().filter(|known| *known != entity);
            if let Some(other) = other {
                let what = format!("{name} means two things here: {other} and {entity}; the newer one counts");
                self.draft.open_case(NewCase::new(CaseKind::AliasClash, "plant-it", what));
            }
        }
        self.note(Fact::Expects { entity, names: names.to_vec(), load: load.cloned().map(Box::new) });
        let keys: Vec<Name> = names.iter().map(name_of).collect();
        for (case, input) in &self.site.quarantine {
            if input.to == Address::Entity(entity) || names_of(input).iter().any(|name| keys.contains(name)) {
                self.pass_on(*case, entity, input);
            }
        }
        if let Some(load) = load.filter(|load| !self.site.knows_later(entity, load)) {
            self.tell_who_locates(entity, load);
        }
    }

    /// An input that no entity took.
    pub(super) fn unmatched(&mut self, input: &Input) -> Answer {
        let known = match &input.to {
            Address::Native { .. } => names_of(input).iter().find_map(|name| self.site.expected.get(name).copied()),
            Address::Entity(entity) => self.site.expected.values().find(|known| *known == entity).copied(),
        };
        if let Some(entity) = known {
            self.draft.forward(entity, readdressed(input, entity));
            return Answer::Accepted;
        }
        let names = match &input.to {
            Address::Native { names, .. } => names.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
            Address::Entity(entity) => entity.to_string(),
        };
        let what = format!("{} from {} is about {names}, which nobody knows here", kind_word(&input.body), input.envelope.key.source);
        let offers =
            vec![Proposal::Do("nothing, if the missing thing is on its way: it is offered again when it arrives".into()), Proposal::Match];
        let case = self.draft.open_case(NewCase::new(CaseKind::Unmatched, "plant-it", what).offers(offers));
        self.note(Fact::Quarantined { case, input: Box::new(input.clone()) });
        Answer::Quarantined { case }
    }

    /// A message that no mapping understands: its payload is kept, and a person sees why.
    pub(super) fn unreadable(&mut self, topic: &str, raw: &RawRef, why: &str) -> Answer {
        let what = format!("a message `{topic}` cannot be understood: {why}; its payload is kept as {raw}");
        let offers = vec![Proposal::Do("mend the mapping, then have the sender send it again".into()), Proposal::Acknowledge];
        let case = self.draft.open_case(NewCase::new(CaseKind::Unmatched, "plant-it", what).offers(offers));
        Answer::Quarantined { case }
    }

    fn pass_on(&mut self, case: u32, entity: EntityId, input: &Input) {
        self.draft.forward(entity, readdressed(input, entity));
        self.note(Fact::Matched { case, entity });
        self.draft.close_case(case, format!("matched with {entity}"));
    }
}

impl Site {
    /// A person matches what waits in quarantine.
    pub(crate) fn act(
        &self,
        _common: &Common,
        case: &Case,
        action: &Action,
        envelope: &Envelope,
        context: &Context<'_>,
        draft: &mut Draft,
    ) -> Answer {
        let mut turn = Turn { site: self, context, draft };
        let Some(input) = self.quarantine.get(&case.number) else {
            return match action {
                Action::Acknowledge => {
                    turn.draft.close_case(case.number, "acknowledged");
                    Answer::Accepted
                }
                Action::Retry | Action::Adopt { .. } | Action::WriteOff | Action::Match { .. } | Action::HandTo { .. } => refuse(
                    Code::State,
                    format!("case {} does not offer that", case.number),
                    "choose one of the actions the case offers",
                    "action",
                ),
            };
        };
        match action {
            Action::Match { entity } => {
                if envelope.who.as_ref().is_none_or(|who| who.reason.is_none()) {
                    return refuse(Code::Schema, "matching by hand needs a reason".into(), "say why it belongs there", "who.reason");
                }
                if let Some(no) = cannot_be(input, *entity, context) {
                    return no;
                }
                turn.pass_on(case.number, *entity, input);
                Answer::Accepted
            }
            Action::Retry | Action::Adopt { .. } | Action::WriteOff | Action::Acknowledge | Action::HandTo { .. } => refuse(
                Code::State,
                "what waits in quarantine is matched, never dropped".into(),
                "match it with the entity it belongs to",
                "action",
            ),
        }
    }

    /// What a name means here.
    pub fn meaning(&self, name: &Ref) -> Option<EntityId> {
        self.expected.get(&name_of(name)).copied()
    }
}

/// What tells a site to keep an input that nobody took. A sender's key names its inputs to one entity: what two entities were
/// to be told under the same key are two inputs here, and every delivery of one of them is the same.
pub fn unmatched(keeper: EntityId, input: Input) -> Input {
    let said = format!("{:?}|{}|{}", input.to, input.envelope.key, wire::content_of(&input.body));
    let key = format!("unmatched/{}", ContentHash::of(said.as_bytes()));
    let envelope = Envelope { origin: input.envelope.origin.clone(), ..Envelope::ours(key, input.envelope.received_at) };
    Input { to: Address::Entity(keeper), envelope, body: Body::Site(super::Input::Mail(super::Mail::Unmatched(Box::new(input)))) }
}

/// Why what waits cannot belong to that entity: it would be lost there.
fn cannot_be(input: &Input, entity: EntityId, context: &Context<'_>) -> Option<Answer> {
    if input.to == Address::Entity(entity) {
        let text = format!("it waits for {entity} already, which no ERP has made yet");
        return Some(refuse(Code::State, text, "wait until it is made: it is offered again then; or match it with another one", "entity"));
    }
    let wanted = input.body.kind();
    if wanted != Some(entity.kind()) {
        let wanted = wanted.map(crate::id::Kind::word).unwrap_or_default();
        let text = format!("what waits is for a {wanted}, and {entity} is a {}", entity.kind());
        return Some(refuse(Code::Schema, text, "match it with an entity of its own kind", "entity"));
    }
    if context.book.sites.values().any(|site| site.region == entity.region()) {
        return None;
    }
    let text = format!("{entity} is at home in {}, and no site of that region is configured", entity.region());
    Some(refuse(Code::Unknown, text, "look the entity up by a number it has", "entity"))
}

fn names_of(input: &Input) -> Vec<Name> {
    match &input.to {
        Address::Native { names, .. } => names.iter().map(name_of).collect(),
        Address::Entity(_) => Vec::new(),
    }
}

fn readdressed(input: &Input, entity: EntityId) -> Input {
    Input { to: Address::Entity(entity), envelope: input.envelope.clone(), body: input.body.clone() }
}

fn kind_word(body: &Body) -> &'static str {
    match body {
        Body::Order(_) => "a message about an order",
        Body::Lot(_) => "a message about a lot",
        Body::Unit(_) => "a message about a handling unit",
        Body::Shipment(_) => "a message about a shipment",
        Body::Site(_) => "a message about a site",
        Body::Record(_) => "a statement of master data",
        Body::Claim { .. } | Body::Woken { .. } | Body::Desk(_) => "a message",
    }
}
