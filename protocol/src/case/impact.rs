//! What every case says beside what its transition knew: where it is, when it starts to hurt and by what, what it shares with
//! others, and the message behind it. In one place, so that no kind of case can forget it.

use serde::{Deserialize, Serialize};

use super::{Case, CaseKind};
use crate::book::SiteKind;
use crate::effect::Effect;
use crate::fact::Fact;
use crate::input::Input;
use crate::instant::Instant;
use crate::intent::Intent;
use crate::kernel::{Context, Own, State};
use crate::name::SiteId;
use crate::site::unreadable_topic;

/// What happens when a case starts to hurt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Impact {
    /// It hurts already.
    Now,
    /// The order should start.
    Start,
    /// The next shift begins.
    Shift,
    /// The truck should leave.
    Truck,
    /// The plant's calendar day ends, and with it the date of its postings.
    Day,
    /// The same, and the month of the ERP's books with it.
    Period,
}

impl Impact {
    /// Its word, as it stands on every wire and screen.
    pub fn word(self) -> &'static str {
        match self {
            Self::Now => "now",
            Self::Start => "start",
            Self::Shift => "shift",
            Self::Truck => "truck",
            Self::Day => "close",
            Self::Period => "period",
        }
    }
}

/// Completes the cases that a decision opens.
pub(crate) fn frame(state: &State, input: &Input, context: &Context<'_>, facts: &mut [Fact]) {
    // A lot that is heard of for the first time is where this very decision says.
    let born_at = facts.iter().find_map(|fact| if let Fact::Lot(fact) = fact { fact.site() } else { None });
    for fact in facts {
        let Fact::CaseOpened(case) = fact else { continue };
        let here = state.site().or(born_at).or_else(|| context.book.site_of(state.id));
        let told = Some(input.envelope.key.source).filter(|source| context.book.sites.contains_key(source));
        case.site = case.site.or(here).or(told);
        case.origin = case.origin.take().or_else(|| input.envelope.origin.clone());
        if case.about.is_empty() {
            case.about = about(state, case, input).unwrap_or_default();
        }
        let found = impact(state, case, context);
        (case.impact_at, case.impact_by) = (found.map(|(at, _)| at), found.map(|(_, by)| by));
    }
}

/// What it shares with others, where its transition did not say.
fn about(state: &State, case: &Case, input: &Input) -> Option<String> {
    let (site, source) = (case.site, input.envelope.key.source);
    match case.kind {
        CaseKind::InDoubt => asked(state, case).map(|(site, effect)| format!("{site}: nobody knows what became of {}", effect.verb())),
        CaseKind::Misconfigured => {
            asked(state, case).map(|(site, effect)| format!("{site}: {} cannot be sent as it is configured", effect.verb()))
        }
        CaseKind::Unanswered if matches!(state.own, Own::Order(_)) => site.map(|site| format!("{site} does not answer")),
        CaseKind::CounterRestarted => site.map(|site| format!("{site}: counters began again")),
        CaseKind::KeyReused => Some(format!("{source} uses keys again for other content")),
        CaseKind::Rejected(_)
        | CaseKind::NotReady
        | CaseKind::Unanswered
        | CaseKind::ParkedPosting
        | CaseKind::ForeignPosting
        | CaseKind::NotOwner
        | CaseKind::Discrepancy
        | CaseKind::Unmatched
        | CaseKind::Escape
        | CaseKind::HeldAfterClearance
        | CaseKind::AliasClash
        | CaseKind::Tolerance
        | CaseKind::Shortage
        | CaseKind::Blocked
        | CaseKind::EquipmentDown
        | CaseKind::BooksDiffer
        | CaseKind::Provisional
        | CaseKind::Contradicted
        | CaseKind::LogBroken => None,
    }
}

/// The site that was asked by the intent of a case, and for what.
fn asked<'a>(state: &'a State, case: &Case) -> Option<(SiteId, &'a Effect)> {
    match &state.common.outbox.get(case.intent?)?.intent {
        Intent::Site { site, effect, .. } => Some((*site, effect)),
        Intent::Mail { .. } | Intent::Wake { .. } => None,
    }
}

/// When it starts to hurt, and by what; nothing where nobody can know.
fn impact(state: &State, case: &Case, context: &Context<'_>) -> Option<(Instant, Impact)> {
    match case.kind {
        CaseKind::Escape | CaseKind::HeldAfterClearance | CaseKind::LogBroken => Some((case.impact_at.unwrap_or(context.now), Impact::Now)),
        // A decision that is due hurts.
        CaseKind::Provisional => case.impact_at.map(|at| (at, Impact::Now)),
        CaseKind::Unanswered if matches!(state.own, Own::Lot(_)) => case.impact_at.map(|at| (at, Impact::Now)),
        // It may say that goods are bad, and until somebody has read it they are free.
        CaseKind::Unmatched if is_of_quality(case, context) && unreadable_topic(case).is_some() => Some((context.now, Impact::Now)),
        CaseKind::ParkedPosting | CaseKind::ForeignPosting | CaseKind::Unmatched | CaseKind::BooksDiffer => books(case, context),
        CaseKind::InDoubt | CaseKind::Misconfigured if asked(state, case).is_some_and(|(_, effect)| matches!(effect, Effect::Post(_))) => {
            books(case, context)
        }
        CaseKind::Discrepancy if case.impact_at == Some(context.now) => Some((context.now, Impact::Now)),
        CaseKind::Rejected(_)
        | CaseKind::NotReady
        | CaseKind::Unanswered
        | CaseKind::InDoubt
        | CaseKind::Misconfigured
        | CaseKind::KeyReused
        | CaseKind::NotOwner
        | CaseKind::Discrepancy
        | CaseKind::AliasClash
        | CaseKind::CounterRestarted
        | CaseKind::Tolerance
        | CaseKind::Shortage
        | CaseKind::Blocked
        | CaseKind::EquipmentDown
        | CaseKind::Contradicted => truck(state, context).or_else(|| start(state, case, context)).or_else(|| shift(case, context)),
    }
}

/// When the truck is to leave, or the planned departure, of what has not left.
fn truck(state: &State, context: &Context<'_>) -> Option<(Instant, Impact)> {
    let Own::Shipment(shipment) = &state.own else { return None };
    if shipment.stage == crate::shipment::Stage::Departed {
        return None;
    }
    let truck = shipment.truck.as_ref().and_then(|truck| truck.appointment);
    let leaves = truck.or(shipment.planned)?;
    // A truck that waits hurts now.
    Some(if leaves > context.now { (leaves, Impact::Truck) } else { (leaves, Impact::Now) })
}

/// The planned start, as the case or else the order says it. Once that has passed, what keeps the order from starting hurts.
fn start(state: &State, case: &Case, context: &Context<'_>) -> Option<(Instant, Impact)> {
    let (planned, begun) = match &state.own {
        Own::Order(order) => (order.header_or_wish().map(|header| header.start), order.completed || !order.ops.is_empty()),
        Own::Lot(_) | Own::Unit(_) | Own::Shipment(_) | Own::Site(_) | Own::Record(_) => (None, false),
    };
    // What has begun does not wait for its start.
    let start = case.impact_at.or(planned).filter(|_| !begun)?;
    if start > context.now {
        return Some((start, Impact::Start));
    }
    keeps_from_starting(&case.kind).then_some((context.now, Impact::Now))
}

fn keeps_from_starting(kind: &CaseKind) -> bool {
    matches!(
        kind,
        CaseKind::Rejected(_)
            | CaseKind::NotReady
            | CaseKind::Unanswered
            | CaseKind::Shortage
            | CaseKind::Blocked
            | CaseKind::EquipmentDown
    )
}

/// The next shift of where it is.
fn shift(case: &Case, context: &Context<'_>) -> Option<(Instant, Impact)> {
    let site = context.book.sites.get(&case.site?)?;
    Some((site.calendar.shift_end(context.now), Impact::Shift))
}

/// The end of the posting date of where it is.
fn books(case: &Case, context: &Context<'_>) -> Option<(Instant, Impact)> {
    let calendar = &context.book.sites.get(&case.site?)?.calendar;
    let end = calendar.next_midnight(context.now);
    let month = |at| calendar.posting_date(at).date().month();
    Some((end, if month(end) == month(context.now) { Impact::Day } else { Impact::Period }))
}

fn is_of_quality(case: &Case, context: &Context<'_>) -> bool {
    case.site.and_then(|site| context.book.sites.get(&site)).is_some_and(|site| site.kind == SiteKind::Quality)
}
