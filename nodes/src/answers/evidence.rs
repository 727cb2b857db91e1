//! Every posting of an order with the reports behind it, and the raw message behind each report: from a document back to the
//! words that were sent, and from a message on to the documents it led to (promise T10).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use takt_protocol::commit::Commit;
use takt_protocol::fact::Fact;
use takt_protocol::instant::Instant;
use takt_protocol::kernel::State;
use takt_protocol::order::{self, Order};
use takt_protocol::posting::{Actual, Entry, PostingFact};
use utoipa::ToSchema;

use super::ledger::{PostingRow, posting};
use super::{Head, head, history, word_of};

/// Reports shown of one posting at most.
const SOURCES_MAX: usize = 500;

/// The postings of an order, each with what it stands on.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Evidence {
    /// Of which order, and when this was so.
    #[serde(flatten)]
    pub head: Head,
    /// The plant, for its clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plant: Option<String>,
    /// The postings, oldest first.
    pub postings: Vec<PostingEvidence>,
    /// Reports that no posting stands on yet.
    pub open: Vec<SourceRow>,
}

/// A posting and what it stands on.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct PostingEvidence {
    /// The posting.
    #[serde(flatten)]
    pub posting: PostingRow,
    /// The reports behind it, by their number; at most 500.
    pub sources: Vec<SourceRow>,
    /// How many more there are.
    pub more: usize,
}

/// A reported quantity, and who said it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SourceRow {
    /// Its number in the order's ledger.
    pub number: u32,
    /// When it happened, by its source.
    pub at: String,
    /// What was reported: use, quantity, material, lot.
    pub what: String,
    /// Who sent it.
    pub source: String,
    /// Under which key.
    pub key: String,
    /// The commit it stands in.
    pub commit: u64,
    /// The raw message behind it, for `/v1/raw/{hash}`; absent where none came, as for a request of a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw: Option<String>,
    /// The mapping that read it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mapping: Option<String>,
}

/// The evidence of an order; with `raw`, only the postings that this message led to.
pub(crate) fn view(state: &State, order: &Order, commits: &[Commit], raw: Option<&str>, now: Instant) -> Evidence {
    let sources = sources(commits);
    let meant = |source: &SourceRow| raw.is_none_or(|raw| source.raw.as_deref() == Some(raw));
    let postings = order.ledger.postings().map(|entry| evidence(entry, &sources, commits, raw));
    let postings: Vec<PostingEvidence> = postings.filter(|shown| raw.is_none() || shown.sources.iter().any(meant)).collect();
    let posted: Vec<(u32, u32)> =
        order.ledger.postings().flat_map(|entry| entry.posting.lines.iter().flat_map(|line| line.actuals.iter().copied())).collect();
    let behind = |number: u32| posted.iter().any(|(from, to)| (*from..=*to).contains(&number));
    Evidence {
        head: head(state, now),
        plant: order.plant().map(|plant| plant.to_string()),
        postings,
        open: sources.values().filter(|source| !behind(source.number) && meant(source)).take(SOURCES_MAX).cloned().collect(),
    }
}

fn evidence(entry: &Entry, sources: &BTreeMap<u32, SourceRow>, commits: &[Commit], raw: Option<&str>) -> PostingEvidence {
    let ranges = entry.posting.lines.iter().flat_map(|line| line.actuals.iter());
    let mut behind: BTreeMap<u32, &SourceRow> = BTreeMap::new();
    for (from, to) in ranges.filter(|(from, to)| from <= to) {
        behind.extend(sources.range(*from..=*to).map(|(number, source)| (*number, source)));
    }
    // What was asked for stands first, or the limit would hide it.
    let (wanted, others): (Vec<&SourceRow>, Vec<&SourceRow>) =
        behind.into_values().partition(|source| raw.is_some() && source.raw.as_deref() == raw);
    let all: Vec<SourceRow> = wanted.into_iter().chain(others).cloned().collect();
    let more = all.len().saturating_sub(SOURCES_MAX);
    PostingEvidence { posting: posting(entry, commits), sources: all.into_iter().take(SOURCES_MAX).collect(), more }
}

/// Every reported quantity by its number.
fn sources(commits: &[Commit]) -> BTreeMap<u32, SourceRow> {
    let mut found = BTreeMap::new();
    for (commit, at, fact) in history::facts(commits) {
        let Fact::Order(fact) = fact else { continue };
        let (order::Fact::Posting(PostingFact::Recorded { number, actual, .. }), Some(step)) = (fact.as_ref(), commit.steps.get(at)) else {
            continue;
        };
        let row = SourceRow {
            number: *number,
            at: step.occurred_at.to_string(),
            what: reported(actual),
            source: step.key.source.to_string(),
            key: step.key_text(),
            commit: commit.number,
            raw: step.origin.as_ref().map(|origin| origin.raw.to_string()),
            mapping: step.origin.as_ref().map(|origin| origin.mapping.clone()),
        };
        found.insert(*number, row);
    }
    found
}

fn reported(actual: &Actual) -> String {
    let lot = actual.lot.as_ref().map(|lot| format!(" / {lot}")).unwrap_or_default();
    let op = actual.op.as_ref().map(|op| format!(" at operation {op}")).unwrap_or_default();
    let unit = actual.unit.as_ref().map(|unit| format!(" on {unit}")).unwrap_or_default();
    format!("{} {} {}{lot}{op}{unit}", word_of(&actual.purpose), actual.qty, actual.material)
}
