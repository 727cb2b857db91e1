//! Which codes a run reached: every kind of case that was opened and every refusal, by their names; so that over many runs one sees
//! which of them no seed ever met.

use std::collections::BTreeMap;

use takt_protocol::answer::Answer;
use takt_protocol::case::CaseKind;
use takt_protocol::fact::Fact;
use takt_protocol::refusal::Code;

use super::people::Answered;
use crate::logs::Logs;

/// How often each code was reached.
pub(super) fn of(logs: &Logs, answered: &[Answered]) -> BTreeMap<String, u64> {
    let mut reached = BTreeMap::new();
    let mut add = |name: String| *reached.entry(name).or_default() += 1;
    for (_, step) in logs.steps() {
        if let Answer::Refused(refusal) = &step.answer {
            add(refused(refusal.code));
        }
        for fact in &step.facts {
            if let Fact::CaseOpened(case) = fact {
                add(opened(&case.kind));
                if let CaseKind::Rejected(code) = case.kind {
                    add(refused(code));
                }
            }
        }
    }
    // Who asks for what cannot be is told so, and nothing is born of it that has a log.
    let unborn = |one: &&Answered| !logs.entities().contains_key(&one.entity);
    for code in answered.iter().filter(unborn).filter_map(|one| one.refused) {
        *reached.entry(refused(code)).or_default() += 1;
    }
    reached
}

/// Every name that can be reached.
pub fn all() -> impl Iterator<Item = String> {
    CODES.into_iter().map(refused).chain(CaseKind::ALL.iter().map(opened))
}

fn refused(code: Code) -> String {
    format!("refusal {code:?}")
}

fn opened(kind: &CaseKind) -> String {
    let word = format!("{kind:?}");
    format!("case {}", word.split('(').next().unwrap_or(&word))
}

const CODES: [Code; 22] = [
    Code::MissingRecipe,
    Code::RecipeVersionMismatch,
    Code::MissingEquipmentMapping,
    Code::EquipmentUnavailable,
    Code::CalibrationOverdue,
    Code::MissingMaterial,
    Code::MissingLot,
    Code::UomUnmapped,
    Code::CalendarClosed,
    Code::PeriodClosed,
    Code::DuplicateOrder,
    Code::StaleVersion,
    Code::Capacity,
    Code::Tolerance,
    Code::NotOwner,
    Code::Held,
    Code::Expired,
    Code::KeyReused,
    Code::Schema,
    Code::Unknown,
    Code::State,
    Code::Other,
];
