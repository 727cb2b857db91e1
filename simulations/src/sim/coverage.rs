//! Which codes a run reached: every kind of case that was opened and every refusal, by their names; so that over many runs one sees
//! which of them no seed ever met.

use std::collections::BTreeMap;

use takt_protocol::answer::Answer;
use takt_protocol::case::CaseKind;
use takt_protocol::fact::Fact;
use takt_protocol::order;
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
            // What keeps an order from its plant is said in the same words.
            for (code, _) in missing(fact) {
                add(refused(*code));
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

/// What no run can reach, and why.
pub const BEYOND: [(&str, &str); 1] = [(
    "case LogBroken",
    "the engine under a simulated region forgets no commit that it acknowledged and has no second writer; `actors` and `cluster` break \
     logs on purpose in their own tests",
)];

/// What an order lacks.
fn missing(fact: &Fact) -> &[(Code, String)] {
    let Fact::Order(fact) = fact else { return &[] };
    if let order::Fact::Dispatch(order::Dispatch::Invalid { missing }) = fact.as_ref() { missing } else { &[] }
}

fn refused(code: Code) -> String {
    format!("refusal {code:?}")
}

fn opened(kind: &CaseKind) -> String {
    let word = format!("{kind:?}");
    format!("case {}", word.split('(').next().unwrap_or(&word))
}

const CODES: [Code; 20] = [
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
    Code::NotOwner,
    Code::Expired,
    Code::KeyReused,
    Code::Schema,
    Code::Unknown,
    Code::State,
    Code::Other,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_counted_once_and_what_is_out_of_reach_is_one_of_them() {
        let names: Vec<String> = all().collect();
        let each: std::collections::BTreeSet<&String> = names.iter().collect();
        assert_eq!((each.len(), names.len()), (43, 43));
        assert!(BEYOND.iter().all(|(code, why)| names.iter().any(|name| name == code) && !why.is_empty()));
    }

    #[test]
    fn what_keeps_an_order_from_its_plant_counts_as_reached() {
        let lacks = order::Dispatch::Invalid { missing: vec![(Code::CalibrationOverdue, "PRESS".to_owned())] };
        let fact = Fact::Order(Box::new(order::Fact::Dispatch(lacks)));
        assert_eq!(missing(&fact).first().map(|(code, _)| *code), Some(Code::CalibrationOverdue));
        assert!(missing(&Fact::CaseClosed { case: 1, how: String::new() }).is_empty());
    }
}
