//! What went to a system and what came from it lately, as plant IT asks when two systems disagree about what was sent.

use serde::{Deserialize, Serialize};
use takt_actors::link::deliveries::{Delivered, Outcome, Way};
use takt_protocol::instant::Instant;
use utoipa::ToSchema;

use super::Page;

/// What went to a system and came from it lately, and whose knowledge that is.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Deliveries {
    /// The rows, newest first.
    #[serde(flatten)]
    pub page: Page<DeliveryRow>,
    /// Who was asked: each knows what went over its own links since it started.
    pub nodes: Vec<NodePart>,
}

/// What one process knows of deliveries, or that it did not say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NodePart {
    /// Which, such as `node b`, or `region na` for all of a region that is not reached.
    pub who: String,
    /// Since when it runs: what was before it does not know; absent where it did not answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// Why it did not answer; what it knows is not in the list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<String>,
    /// Since when it knows something by what it had kept before that start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept_since: Option<String>,
}

/// One try.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeliveryRow {
    /// When it began.
    pub at: String,
    /// in: from the system to us; out: from us to the system.
    pub way: String,
    /// The topic or the file that came in; the verb that went out.
    pub what: String,
    /// The hash of the raw payload that came in, to be read at `/v1/raw/{id}`; our reference of what went out, which the
    /// system's document carries. Empty where nothing was kept.
    pub reference: String,
    /// Which attempt, of what went out.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub attempt: u32,
    /// In: taken, `set_aside` (nobody understands it; it is an exception), `not_taken` (the system keeps it and comes again),
    /// refused (it was not signed). Out: accepted, rejected, `not_done`, lost (nobody knows), misconfigured; and of a question
    /// after a lost reply: found, absent, `no_answer`.
    pub outcome: String,
    /// What was said or seen.
    pub detail: String,
    /// How long it took, in ms.
    pub took_ms: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// A row as it is shown.
pub fn row(delivered: Delivered) -> DeliveryRow {
    let way = match delivered.way {
        Way::In => "in",
        Way::Out => "out",
    };
    DeliveryRow {
        at: delivered.at.to_string(),
        way: way.to_owned(),
        what: delivered.what,
        reference: delivered.reference,
        attempt: delivered.attempt,
        outcome: delivered.outcome.word().to_owned(),
        detail: delivered.detail,
        took_ms: delivered.took_ms,
    }
}

/// All that may become of a try.
pub(crate) const OUTCOMES: [Outcome; 12] = [
    Outcome::Taken,
    Outcome::SetAside,
    Outcome::NotTaken,
    Outcome::Refused,
    Outcome::Accepted,
    Outcome::Rejected,
    Outcome::NotDone,
    Outcome::Lost,
    Outcome::Misconfigured,
    Outcome::Found,
    Outcome::Absent,
    Outcome::NoAnswer,
];

/// What a row was made of; nothing where it is none of ours.
pub(crate) fn delivered(row: &DeliveryRow) -> Option<Delivered> {
    let way = match row.way.as_str() {
        "in" => Way::In,
        "out" => Way::Out,
        _ => return None,
    };
    Some(Delivered {
        at: Instant::parse(&row.at).ok()?,
        way,
        what: row.what.clone(),
        reference: row.reference.clone(),
        attempt: row.attempt,
        outcome: OUTCOMES.into_iter().find(|outcome| outcome.word() == row.outcome)?,
        detail: row.detail.clone(),
        took_ms: row.took_ms,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_that_was_kept_is_the_same_row_again() {
        for (at, outcome) in (1..).zip(OUTCOMES) {
            let tried = Delivered {
                at: Instant::from_utc_ms(1_764_000_000_000 + at),
                way: if at % 2 == 0 { Way::In } else { Way::Out },
                what: "dispatch_job".to_owned(),
                reference: "TKT0001".to_owned(),
                attempt: 2,
                outcome,
                detail: "no route".to_owned(),
                took_ms: 7,
            };
            assert_eq!(delivered(&row(tried.clone())), Some(tried));
        }
    }
}
