//! What went to a system and what came from it lately, as plant IT asks when two systems disagree about what was sent.

use serde::{Deserialize, Serialize};
use takt_actors::link::deliveries::{Delivered, Way};
use utoipa::ToSchema;

/// One try.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
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
