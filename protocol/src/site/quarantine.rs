//! What matches nothing waits here, whole, and is offered again when the missing thing arrives; a person may match it by
//! hand, with a reason.

use super::decide::Turn;
use super::{Fact, Load, Name, Site, name_of};
use crate::answer::Answer;
use crate::book::SiteKind;
use crate::case::{Case, CaseKind, Proposal};
use crate::common::Common;
use crate::desk::Action;
use crate::draft::{Draft, NewCase};
use crate::envelope::{Envelope, RawRef, Who};
use crate::id::EntityId;
use crate::input::{Address, Body, Input};
use crate::kernel::{Context, acknowledge, refuse};
use crate::native::Ref;
use crate::order;
use crate::refusal::Code;
use crate::seen::ContentHash;
use crate::wire;

/// How a case of what nobody understands begins, and what stands between its topic and the reason.
const UNREADABLE: &str = "a message `";
const BECAUSE: &str = "` cannot be understood: ";

/// What it was called that a case says cannot be understood; `None` for a case about anything else.
pub fn unreadable_topic(case: &Case) -> Option<&str> {
    let (topic, _) = case.what.strip_prefix(UNREADABLE)?.split_once(BECAUSE)?;
    (case.kind == CaseKind::Unmatched).then_some(topic)
}

impl Turn<'_, '_> {
    /// An entity exists: what waited for one of its names goes to it.
    pub(super) fn expect(&mut self, entity: EntityId, names: &[Ref], load: Option<&Load>) {
        for name in names {
            let other = self.site.expected.get(&name_of(name)).copied().filter(|known| *known != entity);
            if let Some(other) = other {
                let what = format!("{name} means two things here: {other} and {entity}; the newer one counts");
                self.draft.open_case(NewCase::new(CaseKind::AliasClash, "it", what));
            }
        }
        self.note(Fact::Expects { entity, names: names.to_vec(), load: load.cloned().map(Box::new) });
        let keys: Vec<Name> = names.iter().map(name_of).collect();
        for (case, input) in &self.site.quarantine {
            if input.to == Address::Entity(entity) || names_of(input).iter().any(|name| keys.contains(name)) {
                self.pass_on(*case, entity, input, None);
            }
        }
        if let Some(load) = load.filter(|load| !self.site.knows_later(entity, load)) {
            self.tell_who_locates(entity, load);
        }
    }

    /// An input that no entity took.
    pub(super) fn unmatched(&mut self, input: &Input) -> Answer {
        if let Some(entity) = self.known(input) {
            self.draft.forward(entity, readdressed(input, entity));
            return Answer::Accepted;
        }
        let names = match &input.to {
            Address::Native { names, .. } => names.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
            Address::Entity(entity) => entity.to_string(),
        };
        let what = format!("{} from {} is about {names}, which nobody knows here", kind_word(&input.body), input.envelope.key.source);
        let offers = vec![
            Proposal::Do("nothing, if the missing thing is on its way: it is offered again when it arrives".into()),
            Proposal::Match,
            Proposal::Edit,
        ];
        let about = format!("{} tells of {names}, which nobody knows", input.envelope.key.source);
        let case = NewCase::new(CaseKind::Unmatched, "it", what).stake(stake(&input.body)).offers(offers).because_of(about);
        let case = self.draft.open_case(case);
        self.note(Fact::Quarantined { case, input: Box::new(input.clone()) });
        Answer::Quarantined { case }
    }

    /// A message that no mapping understands: its payload is kept, and a person sees why.
    pub(super) fn unreadable(&mut self, topic: &str, raw: &RawRef, why: &str) -> Answer {
        let what = format!("{UNREADABLE}{topic}{BECAUSE}{why}; its payload is kept as {raw}");
        if let Some(open) = self.common.cases.values().find(|case| case.kind == CaseKind::Unmatched && case.what == what) {
            return Answer::Quarantined { case: open.number };
        }
        let mend = Proposal::Do("mend the mapping, then have the sender send it again".into());
        let of_quality = self.me().and_then(|me| self.context.book.sites.get(&me)).is_some_and(|site| site.kind == SiteKind::Quality);
        let hold = Proposal::Do("read it: where it says that goods are bad, have quality place the hold by hand (takt hold place)".into());
        let offers = of_quality.then_some(hold).into_iter().chain([mend, Proposal::Edit, Proposal::Acknowledge]).collect();
        let me = self.me().map(|site| site.to_string()).unwrap_or_default();
        let case = NewCase::new(CaseKind::Unmatched, "it", what)
            .offers(offers)
            .because_of(format!("{me} says what no mapping understands: {why}"));
        let case = self.draft.open_case(case);
        Answer::Quarantined { case }
    }

    /// What its system laid down again under the same name is understood: nobody need look at what was there before.
    pub(super) fn understood(&mut self, topic: &str) {
        for case in self.common.cases.values().filter(|case| unreadable_topic(case) == Some(topic)) {
            self.draft.close_case(case.number, format!("`{topic}` came again, and was taken"));
        }
    }

    /// What is expected here under one of the names of an input.
    fn known(&self, input: &Input) -> Option<EntityId> {
        match &input.to {
            Address::Native { .. } => names_of(input).iter().find_map(|name| self.site.expected.get(name).copied()),
            Address::Entity(entity) => self.site.expected.values().find(|known| *known == entity).copied(),
        }
    }

    /// Whom a copy names itself, or what is born from it.
    fn named_or_born(&self, copy: &Input) -> Option<EntityId> {
        match &copy.to {
            Address::Entity(entity) => Some(*entity),
            Address::Native { kind, names } if copy.body.may_be_born_from() => {
                let first = names.first()?;
                self.context.book.born_at(first.system, *kind, first.kind, first.id.as_str())
            }
            Address::Native { .. } => None,
        }
    }

    /// Copies go where they say; one that still matches nothing waits under a case of its own. The original stays in the log.
    fn mend(&mut self, case: &Case, original: Option<&Input>, copies: &[Input], envelope: &Envelope) -> Answer {
        if let Some(no) = cannot_stand(original, copies, envelope) {
            return no;
        }
        self.note(Fact::Mended { case: case.number, copies: copies.to_vec() });
        self.draft.close_case(case.number, "mended in a copy");
        for copy in copies {
            match self.known(copy).or_else(|| self.named_or_born(copy)) {
                Some(entity) => self.draft.forward(entity, readdressed(copy, entity)),
                None => drop(self.unmatched(copy)),
            }
        }
        Answer::Accepted
    }

    /// It goes to its entity, with the person who said so, if one did.
    fn pass_on(&mut self, case: u32, entity: EntityId, input: &Input, by: Option<&Who>) {
        let mut input = readdressed(input, entity);
        input.envelope.matched_by = by.map(|who| Who { matched: true, ..who.clone() });
        self.draft.forward(entity, input);
        self.note(Fact::Matched { case, entity });
        let how = by.map_or_else(|| format!("matched with {entity}"), |who| format!("matched with {entity} by hand, by {}", who.role));
        self.draft.close_case(case, how);
    }
}

impl Site {
    /// A person matches what waits in quarantine.
    pub(crate) fn act(
        &self,
        common: &Common,
        case: &Case,
        action: &Action,
        envelope: &Envelope,
        context: &Context<'_>,
        draft: &mut Draft,
    ) -> Answer {
        let mut turn = Turn { site: self, common, context, draft };
        let Some(input) = self.quarantine.get(&case.number) else {
            return match action {
                Action::Acknowledge => acknowledge(case, envelope, context, turn.draft),
                Action::Edit { copies, .. } if case.kind == CaseKind::Unmatched => turn.mend(case, None, copies, envelope),
                Action::Retry
                | Action::Adopt { .. }
                | Action::WriteOff
                | Action::Match { .. }
                | Action::HandTo { .. }
                | Action::Snooze { .. }
                | Action::Edit { .. } => refuse(
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
                turn.pass_on(case.number, *entity, input, envelope.who.as_ref());
                Answer::Accepted
            }
            Action::Edit { copies, .. } => turn.mend(case, Some(input), copies, envelope),
            Action::Retry
            | Action::Adopt { .. }
            | Action::WriteOff
            | Action::Acknowledge
            | Action::HandTo { .. }
            | Action::Snooze { .. } => refuse(
                Code::State,
                "what waits in quarantine is matched or mended, never dropped".into(),
                "match it with the entity it belongs to, or mend it in a copy",
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

/// Why copies cannot be taken instead of a message: they say what a message of its sender cannot say, or would count beside it.
fn cannot_stand(original: Option<&Input>, copies: &[Input], envelope: &Envelope) -> Option<Answer> {
    if envelope.who.as_ref().is_none_or(|who| who.reason.is_none()) {
        return Some(refuse(Code::Schema, "mending a message needs a reason".into(), "say what was wrong with it", "who.reason"));
    }
    if copies.is_empty() {
        return Some(refuse(Code::Schema, "the copy says nothing".into(), "send what the message should have said", "copies"));
    }
    if copies.iter().any(|copy| copy.body.is_request() || copy.body.kind().is_none()) {
        let text = "a message says what happened; the copy wishes for something".to_owned();
        return Some(refuse(Code::Schema, text, "send a report or a fact of the system's own", "copies"));
    }
    let original = original?;
    let [copy] = copies else {
        return Some(refuse(Code::Schema, "one message has one copy".into(), "send the message once, as it should have been", "copies"));
    };
    // Under another key both would count, should its sender mend it, too.
    if copy.envelope.key != original.envelope.key || copy.body.kind() != original.body.kind() {
        let text = "the copy is another message: its key or its kind is not that of the original".to_owned();
        return Some(refuse(Code::Schema, text, "change what it says or whom it is about, and nothing else", "copies"));
    }
    None
}

/// How much a message is about, for those that are about a quantity.
fn stake(body: &Body) -> String {
    let Body::Order(order::Input::Report(report)) = body else { return String::new() };
    report.quantities().first().map(|(_, qty)| qty.to_string()).unwrap_or_default()
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
