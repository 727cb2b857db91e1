//! Who decides about what: expiry first, then the entity's own module, the desk, or the alarm clock.

use super::{Context, Decision, Own, State};
use crate::answer::Answer;
use crate::case::{Case, CaseKind, Proposal};
use crate::desk::{Action, Wish};
use crate::draft::{Draft, NewCase};
use crate::envelope::{Envelope, Who};
use crate::fact::Fact;
use crate::input::{Body, Input};
use crate::instant::Instant;
use crate::intent::{IntentId, Wake};
use crate::name::Source;
use crate::outbox::{OutboxFact, Standing};
use crate::refusal::{Code, Refusal};
use crate::words::Role;

/// Decides about an input that was never heard before.
pub fn decide(state: &State, input: &Input, context: &Context<'_>) -> Decision {
    if let Some(answer) = expired(input, context) {
        return Decision { answer, facts: Vec::new() };
    }
    let mut draft = state.draft(context);
    let envelope = &input.envelope;
    let answer = match (&state.own, &input.body) {
        (Own::Order(order), Body::Order(input)) => order.decide(&state.common, input, envelope, context, &mut draft),
        (Own::Lot(lot), Body::Lot(input)) => lot.decide(&state.common, input, envelope, context, &mut draft),
        (Own::Unit(unit), Body::Unit(input)) => unit.decide(&state.common, input, envelope, context, &mut draft),
        (Own::Shipment(shipment), Body::Shipment(input)) => shipment.decide(&state.common, input, envelope, context, &mut draft),
        (Own::Site(site), Body::Site(input)) => site.decide(&state.common, input, envelope, context, &mut draft),
        (Own::Record(record), Body::Record(input)) => record.decide(input, envelope, context, &mut draft),
        (_, Body::Desk(wish)) => act(state, wish, envelope, context, &mut draft),
        (own, _) => Answer::Refused(Box::new(wrong_kind(own))),
    };
    Decision { answer, facts: draft.into_facts() }
}

/// Decides about a wake-up: stale ones change nothing.
pub(super) fn woken(state: &State, intent: IntentId, wake: &Wake, context: &Context<'_>) -> Decision {
    let mut draft = state.draft(context);
    if state.common.outbox.was_recorded(intent.number) {
        match &state.own {
            Own::Order(order) => order.woken(&state.common, wake, context, &mut draft),
            Own::Lot(lot) => lot.woken(&state.common, wake, context, &mut draft),
            Own::Shipment(shipment) => shipment.woken(&state.common, wake, context, &mut draft),
            Own::Unit(unit) => unit.woken(&state.common, wake, context, &mut draft),
            Own::Site(site) => site.woken(&state.common, wake, context, &mut draft),
            Own::Record(_) => {}
        }
    }
    Decision { answer: Answer::Accepted, facts: draft.into_facts() }
}

fn expired(input: &Input, context: &Context<'_>) -> Option<Answer> {
    let not_after = input.envelope.not_after?;
    (input.body.is_request() && context.now > not_after).then(|| {
        let text = format!("the request was good until {not_after} and arrived at {}", context.now);
        Answer::Refused(Box::new(
            Refusal::new(Code::Expired, text, "ask how things stand now, then send it again under a new key").at("not_after"),
        ))
    })
}

fn wrong_kind(own: &Own) -> Refusal {
    let kind = match own {
        Own::Order(_) => "an order",
        Own::Lot(_) => "a lot",
        Own::Unit(_) => "a handling unit",
        Own::Shipment(_) => "a shipment",
        Own::Site(_) => "a site",
        Own::Record(_) => "a record of master data",
    };
    Refusal::new(Code::Schema, format!("this was sent to {kind}, which takes no such message"), "address it to the entity it is about")
}

/// A person's wish about a case.
fn act(state: &State, wish: &Wish, envelope: &Envelope, context: &Context<'_>, draft: &mut Draft) -> Answer {
    let Some(case) = state.common.cases.get(&wish.case) else {
        let text = format!("case {} is not open here", wish.case);
        return refuse(Code::Unknown, text, "list the open cases; this one may have been closed already", "case");
    };
    if envelope.who.as_ref().is_none_or(|who| who.user.is_empty()) {
        return refuse(Code::Schema, "an action at the desk needs a name".into(), "say who acts, and why", "who.user");
    }
    let parked = case.intent.filter(|number| state.common.outbox.get(*number).is_some_and(|open| open.standing == Standing::Parked));
    match (&wish.action, parked) {
        (Action::HandTo { role }, _) => {
            if let Some(no) = not_theirs(case, envelope, context) {
                return no;
            }
            draft.note(Fact::CaseHandedOver { case: case.number, to: role.clone() });
            Answer::Accepted
        }
        (Action::Snooze { until }, _) => snooze(case, *until, envelope, context, draft),
        // What waits in quarantine would be forgotten with its case, and the hold that keeps a truck with its own; and a difference in the
        // books is put right, or given up by two.
        (Action::Acknowledge, None)
            if case.posting.is_none()
                && !matches!(case.kind, CaseKind::Unmatched | CaseKind::BooksDiffer | CaseKind::Provisional)
                && !is_for_two(case)
                && (case.kind != CaseKind::Blocked || case.proposals.contains(&Proposal::Acknowledge)) =>
        {
            acknowledge(case, envelope, context, draft)
        }
        (Action::Retry, Some(number)) => {
            super::claim::follow(state, number, &OutboxFact::Requeued, context, draft);
            draft.close_case(case.number, "sent again");
            Answer::Accepted
        }
        (Action::Retry | Action::Adopt { .. } | Action::WriteOff | Action::Match { .. } | Action::Acknowledge | Action::Edit { .. }, _) => {
            own_act(state, case, wish, envelope, context, draft)
        }
    }
}

/// Whether a quantity would be forgotten with it: that is given up by two persons, or not at all.
fn is_for_two(case: &Case) -> bool {
    case.proposals.contains(&Proposal::WriteOff) && !case.proposals.contains(&Proposal::Acknowledge)
}

/// Taken note of, and closed: by who answers for it, and with a reason.
pub(crate) fn acknowledge(case: &Case, envelope: &Envelope, context: &Context<'_>, draft: &mut Draft) -> Answer {
    let who = envelope.who.as_ref();
    if !who.is_some_and(|who| answers_for(case, &who.role, context)) {
        let owner = context.book.roles.answering(&case.owner);
        let role = who.map(|who| who.role.as_str()).unwrap_or_default();
        let text = format!("case {} is for the role {owner} to close, and this is the role {role}", case.number);
        let remedy = format!("ask somebody in the role {owner}; or first take it over: hand-to {role}, with a reason");
        return refuse(Code::NotOwner, text, &remedy, "who.role");
    }
    if who.is_none_or(|who| who.reason.is_none()) {
        return refuse(Code::Schema, "closing a case needs a reason".into(), "say what was done about it", "who.reason");
    }
    draft.close_case(case.number, "acknowledged");
    Answer::Accepted
}

/// Whether a role answers for a case: it is its owner, or the configuration lets it decide what its owner decides.
fn answers_for(case: &Case, role: &str, context: &Context<'_>) -> bool {
    let Ok(role) = Role::parse(role) else { return false };
    let (roles, policy) = (&context.book.roles, &context.book.policy);
    let owner = roles.answering(&case.owner);
    let alike: &[Role] = match owner.as_str() {
        "finance" => &policy.finance_roles,
        "quality" => &policy.quality_roles,
        _ => &[],
    };
    roles.answering(&role) == owner || alike.contains(&role)
}

/// Whoever hands over what is somebody else's says why, for its owner to read.
fn not_theirs(case: &Case, envelope: &Envelope, context: &Context<'_>) -> Option<Answer> {
    let who = envelope.who.as_ref().filter(|who| who.reason.is_none() && !answers_for(case, &who.role, context))?;
    let text = format!("this is with {}, and you are {}", case.owner, who.role);
    Some(refuse(Code::Schema, text, "say why you hand it over", "who.reason"))
}

/// Put away for a while, for a reason: never past the moment at which it starts to hurt, so never once it hurts.
fn snooze(case: &Case, until: Instant, envelope: &Envelope, context: &Context<'_>, draft: &mut Draft) -> Answer {
    if envelope.who.as_ref().is_none_or(|who| who.reason.is_none()) {
        return refuse(Code::Schema, "putting a case away needs a reason".into(), "say why it can wait", "who.reason");
    }
    if until <= context.now {
        return refuse(Code::Schema, format!("{until} has passed"), "name a moment to come", "until");
    }
    if let Some(at) = case.impact_at.filter(|at| *at <= context.now) {
        let text = format!("it hurts since {at}");
        return refuse(Code::State, text, "act on it now, or hand it to somebody who can", "until");
    }
    if let Some(at) = case.impact_at.filter(|at| until > *at) {
        let text = format!("it starts to hurt at {at}, which is before {until}");
        return refuse(Code::State, text, "put it away until then at most, or hand it to somebody who can act before", "until");
    }
    draft.note(Fact::CaseSnoozed { case: case.number, until });
    Answer::Accepted
}

fn own_act(state: &State, case: &Case, wish: &Wish, envelope: &Envelope, context: &Context<'_>, draft: &mut Draft) -> Answer {
    match &state.own {
        Own::Order(order) => order.act(&state.common, case, &wish.action, envelope, context, draft),
        Own::Site(site) => site.act(&state.common, case, &wish.action, envelope, context, draft),
        Own::Unit(unit) if case.kind == CaseKind::BooksDiffer => unit.act(&state.common, case, &wish.action, envelope, context, draft),
        Own::Lot(_) | Own::Unit(_) | Own::Shipment(_) | Own::Record(_) => {
            refuse(Code::State, format!("case {} does not offer that", case.number), "choose one of the actions the case offers", "action")
        }
    }
}

/// What somebody is answered who wants a quantity given up: only finance may, for a reason, and two persons, each for
/// themselves. Nothing once the second of them asks.
pub(crate) fn not_given_up(case: &Case, who: Option<&Who>, context: &Context<'_>, draft: &mut Draft) -> Option<Answer> {
    let finance = &context.book.policy.finance_roles;
    let who = who.filter(|who| finance.iter().any(|role| role.as_str() == who.role));
    let Some(who) = who else {
        return Some(refuse(Code::NotOwner, "only finance may give quantities up".into(), "hand the case to finance", "who.role"));
    };
    if who.reason.is_none() {
        let text = "giving quantities up needs a reason".into();
        return Some(refuse(Code::Schema, text, "say why they will never be posted", "who.reason"));
    }
    let asked_by = marks(who);
    if case.asked_by.is_empty() {
        draft.note(Fact::CaseGivingUp { case: case.number, asked_by });
        return Some(Answer::Accepted);
    }
    (!case.asked_by.is_disjoint(&asked_by)).then(|| {
        let text = "giving quantities up takes two persons, and you asked for it already".into();
        refuse(Code::NotOwner, text, "have somebody else of finance ask for the same, with their own credential", "who.user")
    })
}

/// The names of who acts, and of the one they act for, as marks that can be compared and not read.
fn marks(who: &Who) -> std::collections::BTreeSet<crate::envelope::RawRef> {
    let names = std::iter::once(&who.user).chain(&who.on_behalf_of);
    names.map(|name| crate::envelope::RawRef::of(name.trim().to_lowercase().as_bytes())).collect()
}

/// A refusal about a field, with its remedy.
pub(crate) fn refuse(code: Code, text: String, remedy: &str, field: &str) -> Answer {
    Answer::Refused(Box::new(Refusal::new(code, text, remedy).at(field)))
}

/// Promise T6: somebody speaks for a track that another one owns. Nothing moves, and it is shown.
pub(crate) fn not_owner(draft: &mut Draft, source: Source, owner: impl std::fmt::Display, what: &str) -> Answer {
    let about = format!("{source} sends {what}");
    let what = format!("{source} sent {what}, which is for {owner} to say; it is kept, and nothing moved");
    Answer::Discrepant { case: draft.open_case(NewCase::new(CaseKind::NotOwner, "it", what).because_of(about)) }
}
