//! What happened to a thing, in order, each step with who told it, under which key, and the raw message behind it; and the
//! hash chain, verified while reading.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use takt_cluster::seam::Entry;
use takt_protocol::answer::Answer;
use takt_protocol::commit::{self, Commit, GENESIS};
use takt_protocol::envelope::{RawRef, Who};
use takt_protocol::instant::Instant;
use takt_protocol::wire;
use utoipa::ToSchema;

use super::word_of;

mod words;

pub(crate) use words::of as said;

/// What happened to a thing.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Timeline {
    /// Our id of it.
    pub id: String,
    /// The commits whose hash chain holds; fewer than there are means that the log was tampered with.
    pub chain_verified_to: u64,
    /// The hash of the last of them, which covers all before it.
    pub chain_head: String,
    /// The number of the last commit; of the last one until then, when a moment in the past is asked for.
    pub commits: u64,
    /// The steps, oldest first.
    pub steps: Vec<Step>,
    /// What to send as `after` for more; absent at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// When this was so.
    #[serde(default)]
    pub as_of: String,
}

/// Which part of a log is shown: what was recorded until a moment, behind a place, so many steps.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    pub(crate) until: Option<Instant>,
    pub(crate) after: Option<Spot>,
    pub(crate) most: usize,
}

/// A place between two steps of a log: behind the first `steps` of a commit; behind all of them when it does not say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Spot {
    commit: u64,
    steps: Option<usize>,
}

impl Spot {
    /// Reads what it printed, `12.3`; a number alone is a whole commit, as a watcher names it.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text.split_once('.') {
            Some((commit, steps)) => Some(Self { commit: commit.parse().ok()?, steps: Some(steps.parse().ok()?) }),
            None => Some(Self { commit: text.parse().ok()?, steps: None }),
        }
    }

    /// Whether a step of a commit comes behind it.
    fn is_before(self, commit: u64, at: usize) -> bool {
        commit > self.commit || (commit == self.commit && self.steps.is_some_and(|steps| at >= steps))
    }
}

impl std::fmt::Display for Spot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.steps {
            Some(steps) => write!(f, "{}.{steps}", self.commit),
            None => write!(f, "{}", self.commit),
        }
    }
}

/// How long the steps of a part may be together, as JSON: a client of gRPC takes 4 MiB unless it says otherwise.
const PART_BYTES_MAX: usize = 1 << 20;

/// One input and what came of it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Step {
    /// The commit it stands in.
    pub commit: u64,
    /// When it happened, by its source's clock.
    pub at: String,
    /// When it was recorded.
    pub recorded_at: String,
    /// Who sent it; empty for the entity's own alarm clock.
    pub source: String,
    /// Its key.
    pub key: String,
    /// The person or client behind it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub who: Option<String>,
    /// Why they acted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Who matched it with this by hand, when it came under a number that nobody knew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matched_by: Option<String>,
    /// Why they did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matched_because: Option<String>,
    /// What its sender was told: accepted, refused with its code, discrepant or quarantined.
    pub answer: String,
    /// The raw message behind it, for `/v1/raw/{hash}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw: Option<String>,
    /// The mapping that read it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mapping: Option<String>,
    /// What was recorded, in a word each.
    pub what: Vec<String>,
    /// What was recorded, whole.
    pub facts: Vec<Value>,
}

/// A log as it is shown, whole.
pub fn view(id: String, log: &[Entry]) -> Timeline {
    let mut steps = Vec::new();
    let proof = proven(log, None, |commit| steps.extend(of(commit)));
    Timeline {
        id,
        chain_verified_to: proof.verified,
        chain_head: proof.head.to_string(),
        commits: proof.commits,
        steps,
        next: None,
        as_of: String::new(),
    }
}

/// A part of a log as it is shown; its chain is verified from the beginning all the same.
pub(crate) fn part(id: String, log: &[Entry], wanted: &Wanted) -> Timeline {
    let (mut steps, mut bytes, mut last, mut next) = (Vec::new(), 0, None, None);
    let proof = proven(log, wanted.until, |commit| {
        for (at, step) in commit.steps.iter().enumerate() {
            if next.is_some() || wanted.after.is_some_and(|after| !after.is_before(commit.number, at)) {
                continue;
            }
            if steps.len() >= wanted.most || bytes > PART_BYTES_MAX {
                next = last;
                continue;
            }
            let step = shown(commit, at, step);
            bytes += serde_json::to_string(&step).map_or(0, |text| text.len());
            steps.push(step);
            last = Some(Spot { commit: commit.number, steps: Some(at + 1) });
        }
    });
    let (chain_head, next) = (proof.head.to_string(), next.map(|next| next.to_string()));
    Timeline { id, chain_verified_to: proof.verified, chain_head, commits: proof.commits, steps, next, as_of: String::new() }
}

/// How far a log's chain holds.
struct Proof {
    verified: u64,
    head: RawRef,
    commits: u64,
}

/// Walks over a log until a moment, and verifies it.
fn proven(log: &[Entry], until: Option<Instant>, mut see: impl FnMut(&Commit)) -> Proof {
    let mut previous = RawRef::from_bytes(GENESIS);
    let mut proof = Proof { verified: 0, head: previous, commits: 0 };
    for entry in log {
        // What cannot be read is no part of the chain, and what follows it cannot be verified.
        let Ok((commit, hash)) = wire::open(&entry.bytes) else {
            proof.commits += 1;
            continue;
        };
        if until.is_some_and(|until| commit.at > until) {
            break;
        }
        proof.commits += 1;
        if commit.previous == previous && proof.verified + 1 == commit.number {
            (proof.verified, proof.head) = (commit.number, hash);
        }
        previous = hash;
        see(&commit);
    }
    proof
}

/// The steps of a commit as they are shown.
pub fn of(commit: &Commit) -> Vec<Step> {
    commit.steps.iter().enumerate().map(|(at, step)| shown(commit, at, step)).collect()
}

fn shown(commit: &Commit, at: usize, step: &commit::Step) -> Step {
    let (who, matched) = (commit.said_by(at), commit.matched_by(at));
    Step {
        commit: commit.number,
        at: step.occurred_at.to_string(),
        recorded_at: commit.at.to_string(),
        source: step.key.source.to_string(),
        key: step.key_text(),
        who: who.map(person),
        reason: who.and_then(|who| who.reason.clone()),
        matched_by: matched.map(person),
        matched_because: matched.and_then(|who| who.reason.clone()),
        answer: told(&step.answer),
        raw: step.origin.as_ref().map(|origin| origin.raw.to_string()),
        mapping: step.origin.as_ref().map(|origin| origin.mapping.clone()),
        what: step.facts.iter().map(words::of).collect(),
        facts: step.facts.iter().filter_map(|fact| serde_json::to_value(fact).ok()).collect(),
    }
}

/// The person or client behind something.
pub(crate) fn person(who: &Who) -> String {
    match (&who.on_behalf_of, who.role.as_str()) {
        (Some(other), _) => format!("{} for {other}", who.user),
        (None, "") => who.user.clone(),
        (None, role) => format!("{} ({role})", who.user),
    }
}

fn told(answer: &Answer) -> String {
    match answer {
        Answer::Accepted => "accepted".to_owned(),
        Answer::Refused(refusal) => format!("refused {}: {}", word_of(&refusal.code), refusal.text),
        Answer::Discrepant { case } => format!("discrepant, exception {case}"),
        Answer::Quarantined { case } => format!("quarantined, exception {case}"),
    }
}
