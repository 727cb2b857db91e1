//! Claims at the kernel: the step in the intent's life, what the entity makes of it, and the case when a person must look.

use super::{Context, Decision, Own, Reply, State, record};
use crate::answer::Answer;
use crate::case::{CaseKind, Proposal, total};
use crate::commit::Step;
use crate::common::Common;
use crate::draft::{Draft, NewCase};
use crate::effect::Effect;
use crate::fact::Fact;
use crate::input::Input;
use crate::instant::Instant;
use crate::intent::{Intent, IntentId};
use crate::outbox::{self, Claim, ClaimAnswer, Class, OutboxFact, Outcome, Standing};
use crate::posting::{Line, Use};
use crate::wire;

/// Takes a claim, or word about one.
pub(super) fn step(state: &mut State, input: &Input, intent: IntentId, asked: &Claim, context: &Context<'_>) -> (Option<Step>, Reply) {
    let number = intent.number;
    let mine = intent.entity == state.id && intent.incarnation == context.incarnation;
    let waits = if mine { waits(state, number, asked, context) } else { None };
    let (found, told) = if let Some(until) = waits {
        (None, ClaimAnswer::Wait { until })
    } else if mine {
        outbox::claim(&state.common.outbox, number, asked, class(state, number, context), context.now)
    } else {
        (None, ClaimAnswer::Done)
    };
    let mut draft = state.draft(context);
    match &found {
        Some(found) => {
            follow(state, number, found, context, &mut draft);
            read(state, number, input, asked, context, &mut draft);
        }
        None if mine => {
            second_document(&state.common, number, asked, &mut draft);
            refused_late(state, number, asked, &mut draft);
        }
        None => {}
    }
    let decision = Decision { answer: Answer::Accepted, facts: draft.into_facts() };
    let (step, _) = record(state, input, wire::content_of(&input.body), false, decision, context);
    (step, Reply::Claim(told))
}

/// What a site said of its books, for whoever asked.
fn read(state: &State, number: u32, input: &Input, asked: &Claim, context: &Context<'_>, draft: &mut Draft) {
    let Claim::Read { reading, .. } = asked else { return };
    let Some(Intent::Site { site, .. }) = state.common.outbox.get(number).map(|open| &open.intent) else { return };
    let raw = input.envelope.origin.as_ref().map(|origin| origin.raw);
    match &state.own {
        Own::Order(order) => order.read(&state.common, *site, reading, raw, context, draft),
        Own::Unit(unit) => unit.read(&state.common, *site, reading, raw, context, draft),
        Own::Lot(_) | Own::Shipment(_) | Own::Site(_) | Own::Record(_) => {}
    }
}

/// Until when an intent that may be sent should not be.
fn waits(state: &State, number: u32, asked: &Claim, context: &Context<'_>) -> Option<Instant> {
    let (Own::Order(order), Claim::May { .. }) = (&state.own, asked) else { return None };
    let open = state.common.outbox.get(number).filter(|open| open.standing == Standing::Released)?;
    match &open.intent {
        Intent::Site { effect, .. } => order.waits(effect, context),
        Intent::Mail { .. } | Intent::Wake { .. } => None,
    }
}

/// What the link of an intent's site promises about repeated sends.
fn class(state: &State, number: u32, context: &Context<'_>) -> Class {
    match state.common.outbox.get(number).map(|open| &open.intent) {
        Some(Intent::Site { site, effect, .. }) => context.book.class(*site, effect.verb()),
        Some(Intent::Mail { .. } | Intent::Wake { .. }) | None => Class::AtMostOnce,
    }
}

/// A step in the life of an intent, and what its entity makes of it.
pub(super) fn follow(state: &State, number: u32, found: &OutboxFact, context: &Context<'_>, draft: &mut Draft) {
    draft.note(Fact::Outbox { number, step: found.clone() });
    let Some(open) = state.common.outbox.get(number) else { return };
    let Intent::Site { effect, .. } = &open.intent else { return };
    match found {
        OutboxFact::Settled(_) => close_cases_about(&state.common, number, draft),
        OutboxFact::Parked { why } if open.may_have_been_done() => open_parked_case(number, effect, why, draft),
        OutboxFact::Parked { why } => open_misconfigured_case(number, effect, why, draft),
        OutboxFact::Released { .. }
        | OutboxFact::InFlight { .. }
        | OutboxFact::InDoubt { .. }
        | OutboxFact::NotDone { .. }
        | OutboxFact::Requeued => {}
    }
    match &state.own {
        Own::Order(order) => order.follow(&state.common, number, effect, found, context, draft),
        Own::Lot(lot) => lot.follow(&state.common, number, effect, found, context, draft),
        Own::Unit(unit) => unit.follow(&state.common, number, effect, found, context, draft),
        Own::Shipment(shipment) => shipment.follow(&state.common, number, effect, found, context, draft),
        Own::Site(site) => site.follow(&state.common, effect, found, context, draft),
        Own::Record(_) => {}
    }
}

/// What would undo something newer if it ever went out is over, and so are the cases about it.
pub(super) fn overtaken(common: &Common) -> Vec<Fact> {
    let mut facts = Vec::new();
    for number in common.outbox.overtaken() {
        facts.push(Fact::Outbox { number, step: OutboxFact::Settled(Outcome::Superseded) });
        let about = common.cases.values().filter(|case| case.intent == Some(number));
        facts.extend(about.map(|case| Fact::CaseClosed { case: case.number, how: "overtaken by what came after it".to_owned() }));
    }
    facts
}

fn close_cases_about(common: &Common, number: u32, draft: &mut Draft) {
    for case in common.cases.values().filter(|case| case.intent == Some(number)) {
        draft.close_case(case.number, "settled");
    }
}

/// It never left, or was not let in: nothing was done there, and nobody need look for it.
fn open_misconfigured_case(number: u32, effect: &Effect, why: &str, draft: &mut Draft) {
    let what = format!("{} cannot be sent as it is configured, and nothing was done: {why}", effect.verb());
    let again = Proposal::Do("mend the link or its mapping in the configuration folder, or have its credential put right".into());
    let mut proposals = vec![again, Proposal::Retry];
    if matches!(effect, Effect::Post(_)) {
        proposals.extend([Proposal::Adopt, Proposal::WriteOff]);
    }
    draft.open_case(NewCase::new(CaseKind::Misconfigured, "it", what).stake(at_stake(effect)).offers(proposals).about_intent(number));
}

fn open_parked_case(number: u32, effect: &Effect, why: &str, draft: &mut Draft) {
    let what = format!("{} waits for a person: {why}", effect.verb());
    let proposals = match effect {
        Effect::Post(_) => vec![
            Proposal::DoNot("post by hand before you have looked in the ERP for our reference".into()),
            Proposal::Adopt,
            Proposal::Retry,
            Proposal::WriteOff,
        ],
        Effect::DispatchJob(_) => vec![
            Proposal::Do(
                "look at the plant whether it has the job; where it has not, have it sent as a new attempt (takt order redispatch)".into(),
            ),
            Proposal::Retry,
        ],
        Effect::ConvertPlannedOrder(_)
        | Effect::RevokeJob(_)
        | Effect::ChangeOrder(_)
        | Effect::ChangeJob { .. }
        | Effect::HoldJob { .. }
        | Effect::ResumeJob(_)
        | Effect::ChangeStockStatus { .. }
        | Effect::AnnounceUnit(_)
        | Effect::BlockStock(_)
        | Effect::UnblockStock(_)
        | Effect::BlockShipment { .. }
        | Effect::UnblockShipment { .. }
        | Effect::AnswerDeparture { .. }
        | Effect::TellHold(_)
        | Effect::OpenInspection { .. }
        | Effect::ReportBreakdown(_)
        | Effect::TenderLoad(_)
        | Effect::PlaceDemand(_)
        | Effect::AnswerDemand(_)
        | Effect::TellEvents(_)
        | Effect::ReadBooks(_) => vec![Proposal::Retry],
    };
    draft.open_case(NewCase::new(CaseKind::InDoubt, "it", what).stake(at_stake(effect)).offers(proposals).about_intent(number));
}

/// Whether what became of a settled intent is shown as a discrepancy already.
fn is_shown(common: &Common, number: u32) -> bool {
    common.cases.values().any(|case| case.intent == Some(number) && case.kind == CaseKind::Discrepancy)
}

/// A site says that it did a settled intent once more, under another document: never silent.
fn second_document(common: &Common, number: u32, asked: &Claim, draft: &mut Draft) {
    let Claim::Accepted { receipt, .. } = asked else { return };
    let (Some(first), Some(second)) = (common.outbox.document(number), receipt.document.as_ref()) else { return };
    if first != second && !is_shown(common, number) {
        let what = format!("document {second} stands for the same intent as {first}: one of them is too many");
        let proposals = vec![Proposal::Do(format!("reverse {second} in its system")), Proposal::Acknowledge];
        draft.open_case(NewCase::new(CaseKind::Discrepancy, "finance", what).offers(proposals).about_intent(number));
    }
}

/// A site took a document, and refused it a while later: it stands as posted here, and in no books there.
fn refused_late(state: &State, number: u32, asked: &Claim, draft: &mut Draft) {
    let Claim::RefusedLate { why } = asked else { return };
    let Some(document) = state.common.outbox.document(number) else { return };
    if is_shown(&state.common, number) {
        return;
    }
    let what = format!("{document} was taken and is shown as posted, and was refused a while later: {why}");
    let proposals = vec![
        Proposal::Do("mend what it was refused for, and have it taken there again as it is: it carries our reference".into()),
        Proposal::DoNot("post it by hand while the refused one may be taken again".into()),
        Proposal::Acknowledge,
    ];
    let lines = match &state.own {
        Own::Order(order) => {
            order.ledger.postings().find(|entry| entry.standing.document() == Some(document)).map(|entry| &entry.posting.lines)
        }
        Own::Lot(_) | Own::Unit(_) | Own::Shipment(_) | Own::Site(_) | Own::Record(_) => None,
    };
    let stake = lines.map(|lines| goods(lines)).unwrap_or_default();
    draft.open_case(NewCase::new(CaseKind::Discrepancy, "finance", what).stake(stake).offers(proposals).about_intent(number));
}

/// What an errand is about, as far as it is a quantity: of a document the goods, or where there are none, the work.
fn at_stake(effect: &Effect) -> String {
    if let Effect::DispatchJob(job) = effect {
        job.total.to_string()
    } else if let Effect::ChangeStockStatus { qty, .. } = effect {
        qty.to_string()
    } else if let Effect::Post(document) = effect {
        goods(&document.posting.lines)
    } else {
        String::new()
    }
}

/// The goods of a document, or where there are none, the work.
fn goods(lines: &[Line]) -> String {
    let is_goods = |line: &&Line| matches!(line.series.purpose, Use::Produced | Use::Consumed);
    let goods: Vec<&Line> = lines.iter().filter(is_goods).collect();
    let counted = if goods.is_empty() { lines.iter().collect() } else { goods };
    total(counted.into_iter().map(|line| line.qty))
}
