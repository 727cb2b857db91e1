//! What an order has asked of systems and what has not come to an end: under way, in doubt, waiting for a person. Each with what
//! was asked of the system since, when it is tried again, and what nobody must do meanwhile.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use takt_protocol::case::short;
use takt_protocol::commit::Commit;
use takt_protocol::effect::Effect;
use takt_protocol::fact::Fact;
use takt_protocol::instant::Instant;
use takt_protocol::intent::{Intent, IntentId, Reference};
use takt_protocol::kernel::State;
use takt_protocol::name::SiteId;
use takt_protocol::order::Order;
use takt_protocol::outbox::{Class, Open, OutboxFact, Standing};
use utoipa::ToSchema;

use crate::answers::facts::spaced;
use crate::answers::ledger::booked;
use crate::answers::{history, word_of};

/// Something that a system was asked to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ErrandRow {
    /// Since when it stands so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// Of which system.
    pub system: String,
    /// What was asked for: a verb, such as post or `dispatch_job`.
    pub verb: String,
    /// What of, in words.
    pub what: String,
    /// waiting, released, `in_flight`, `in_doubt` or parked.
    pub standing: String,
    /// How often it was sent.
    pub attempts: u32,
    /// The posting, by its number in the order's ledger.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub posting: Option<u32>,
    /// Our reference, which the system's document carries.
    pub reference: String,
    /// How often the system was asked whether it was done, as far as the nodes remember that could be asked.
    pub probes: u64,
    /// What came of the last question: found, absent or `no_answer`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_probe: Option<String>,
    /// From when on an answer that it is not there counts, and it is sent again; absent while it is not in doubt, and where a person has
    /// to find out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub absent_counts_from: Option<String>,
    /// When it is tried again; absent when a person must decide, or when that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_try_at: Option<String>,
    /// The exception about it, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exception: Option<String>,
    /// What nobody must do meanwhile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forbidden: Option<String>,
    /// What to do when it turns out to have been done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

/// What a system was asked about one of our references after a lost reply.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Probes {
    /// How often, as far as it is remembered.
    pub(crate) count: u64,
    /// What came of the last question.
    pub(crate) last: Option<String>,
    /// When the errand is tried again.
    pub(crate) next: Option<Instant>,
}

/// Our references to what has not come to an end, each with the system that was asked.
pub(crate) fn references(state: &State, commits: &[Commit], incarnation: u64) -> BTreeSet<(SiteId, String)> {
    let of = |(number, open): (u32, &Open)| {
        let Intent::Site { site, .. } = &open.intent else { return None };
        Some((*site, reference(state, commits, incarnation, number).as_str().to_owned()))
    };
    state.common.outbox.iter().filter_map(of).collect()
}

/// Of a region that was restored, what was recorded before keeps the reference that it had.
fn reference(state: &State, commits: &[Commit], incarnation: u64, number: u32) -> Reference {
    IntentId { entity: state.id, incarnation: recorded_in(commits, number).unwrap_or(incarnation), number }.reference()
}

/// What has not come to an end, the doubtful first. `asked` says what a system was asked about our reference.
pub(super) fn errands(
    state: &State,
    order: &Order,
    commits: &[Commit],
    incarnation: u64,
    asked: &(dyn Fn(SiteId, &str) -> Probes + Sync),
) -> Vec<ErrandRow> {
    let mut found: Vec<(u8, ErrandRow)> = Vec::new();
    for (number, open) in state.common.outbox.iter() {
        let Intent::Site { site, effect, .. } = &open.intent else { continue };
        let reference = reference(state, commits, incarnation, number);
        let known = asked(*site, reference.as_str());
        let mut row = row(*site, effect, open, &known);
        row.posting = order.carries.get(&number).copied();
        row.since = since(commits, number, &open.standing);
        reference.as_str().clone_into(&mut row.reference);
        row.exception = state.common.cases.values().find(|case| case.intent == Some(number)).map(|case| short(state.id, case.number));
        let rank = rank(&open.standing);
        if rank < 2 {
            row.remedy = remedy(&row, effect);
        }
        found.push((rank, row));
    }
    found.sort_by_key(|(rank, _)| *rank);
    found.into_iter().map(|(_, row)| row).collect()
}

/// The store that an intent was recorded in.
fn recorded_in(commits: &[Commit], number: u32) -> Option<u64> {
    let is = |fact: &Fact| matches!(fact, Fact::Intended { number: of, .. } if *of == number);
    commits.iter().find(|commit| commit.steps.iter().flat_map(|step| &step.facts).any(is)).map(|commit| commit.incarnation)
}

fn rank(standing: &Standing) -> u8 {
    match standing {
        Standing::InDoubt { .. } => 0,
        Standing::Parked => 1,
        Standing::InFlight { .. } => 2,
        Standing::Released => 3,
        Standing::Waiting => 4,
    }
}

fn row(site: SiteId, effect: &Effect, open: &Open, asked: &Probes) -> ErrandRow {
    let doubtful = matches!(open.standing, Standing::InDoubt { .. });
    let what = if let Effect::Post(document) = effect {
        let lines: Vec<String> = document.posting.lines.iter().map(booked).collect();
        format!("{}: {}", spaced(&word_of(&document.posting.movement)), lines.join("; "))
    } else {
        effect.verb().replace('_', " ")
    };
    let by_hand = if matches!(effect, Effect::Post(_)) { "DO NOT POST BY HAND" } else { "DO NOT DO IT BY HAND" };
    ErrandRow {
        since: None,
        system: site.to_string(),
        verb: effect.verb().to_owned(),
        what,
        standing: word_of(&open.standing),
        attempts: open.attempts,
        posting: None,
        reference: String::new(),
        probes: asked.count,
        absent_counts_from: counts_from(open).map(|at| at.to_string()),
        last_probe: asked.last.clone(),
        next_try_at: asked.next.filter(|_| open.standing != Standing::Parked).map(|at| at.to_string()),
        exception: None,
        forbidden: doubtful.then(|| format!("{by_hand} until probed")),
        remedy: None,
    }
}

/// The reply may still be on its way before.
fn counts_from(open: &Open) -> Option<Instant> {
    let (Standing::InDoubt { not_after }, Class::ProbeWithSettle { settle_ms }) = (&open.standing, open.class) else { return None };
    Some(not_after.plus_ms(settle_ms.into()))
}

fn remedy(row: &ErrandRow, effect: &Effect) -> Option<String> {
    let case = row.exception.as_ref()?;
    Some(if matches!(effect, Effect::Post(_)) {
        format!("already done? takt exceptions adopt {case} --doc … --reason …")
    } else {
        format!("takt exceptions show {case}")
    })
}

/// Since when it stands so, by the log.
fn since(commits: &[Commit], number: u32, standing: &Standing) -> Option<String> {
    let is = |fact: &Fact| {
        if let Fact::Outbox { number: of, step } = fact {
            let made_so = matches!(
                (step, standing),
                (OutboxFact::InDoubt { .. }, Standing::InDoubt { .. })
                    | (OutboxFact::Parked { .. }, Standing::Parked)
                    | (OutboxFact::InFlight { .. }, Standing::InFlight { .. })
                    | (OutboxFact::Released { .. }, Standing::Released)
            );
            return *of == number && made_so;
        }
        matches!(fact, Fact::Intended { number: of, .. } if *of == number && *standing == Standing::Waiting)
    };
    history::last(commits, is).map(|moment| moment.at.to_string())
}
