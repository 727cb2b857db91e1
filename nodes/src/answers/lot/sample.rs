//! The samples of a lot: when each was taken, by when its laboratory promised a verdict, and what that was. Read from the lot's log.

use serde::{Deserialize, Serialize};
use takt_protocol::commit::Commit;
use takt_protocol::effect::Effect;
use takt_protocol::fact::Fact;
use takt_protocol::intent::Intent;
use takt_protocol::lot::{self, Lot};
use takt_protocol::native::NativeId;
use takt_protocol::outbox::{OutboxFact, Outcome};
use utoipa::ToSchema;

use crate::answers::history;

/// A sample of a lot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LotSample {
    /// Its number.
    pub sample: String,
    /// When it was taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken_at: Option<String>,
    /// When its laboratory said that it would have judged it; absent where it did not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<String>,
    /// Whether it passed; absent until somebody judged it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passed: Option<bool>,
}

/// All samples of a lot, by what stands in its commits.
pub(crate) fn samples(lot: &Lot, commits: &[Commit]) -> Vec<LotSample> {
    let row = |(sample, passed): (&NativeId, &Option<bool>)| LotSample {
        sample: sample.to_string(),
        taken_at: taken(sample, commits),
        due_at: due(sample, commits),
        passed: *passed,
    };
    lot.samples.iter().map(row).collect()
}

fn taken(sample: &NativeId, commits: &[Commit]) -> Option<String> {
    let is = |fact: &Fact| matches!(fact, Fact::Lot(fact) if matches!(fact.as_ref(), lot::Fact::Sampled(known) if known == sample));
    history::first(commits, is).map(|moment| moment.at.to_string())
}

/// What the laboratory answered when it was asked to look at it.
fn due(sample: &NativeId, commits: &[Commit]) -> Option<String> {
    let asks = |intent: &Intent| {
        let Intent::Site { effect, .. } = intent else { return false };
        matches!(effect.as_ref(), Effect::OpenInspection { sample: asked, .. } if asked == sample)
    };
    let asked = history::facts(commits)
        .find_map(|(.., fact)| if let Fact::Intended { number, intent } = fact { asks(intent).then_some(*number) } else { None })?;
    let answered = history::facts(commits).rev().find_map(|(.., fact)| {
        let Fact::Outbox { number, step: OutboxFact::Settled(Outcome::Accepted(receipt)) } = fact else { return None };
        (*number == asked).then_some(receipt.due)
    });
    answered.flatten().map(|at| at.to_string())
}
