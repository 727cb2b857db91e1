//! Exceptions: what a person must look at, ranked by when it starts to hurt, and together where one cause is behind many.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use takt_actors::index::OpenCase;
use takt_protocol::case::{Case, Proposal, short, stakes};
use takt_protocol::id::EntityId;
use takt_protocol::instant::Instant;
use utoipa::ToSchema;

/// An exception.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CaseRow {
    /// How it is called: short, and good for ever.
    pub id: String,
    /// Whose it is: our id of the order, lot, shipment or site.
    pub entity: String,
    /// Its number within that entity.
    pub case: u32,
    /// What kind, such as `in_doubt` or `escape`.
    pub kind: String,
    /// How bad, 0 worst.
    pub severity: u8,
    /// What is wrong.
    pub what: String,
    /// What is at stake; empty when nothing countable is.
    pub stake: String,
    /// When it starts to hurt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub impact_at: Option<String>,
    /// What happens then: now, start, shift, truck, close or period.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub impact_by: Option<String>,
    /// Where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<String>,
    /// The role that should act.
    pub owner: String,
    /// When it was opened.
    pub opened_at: String,
    /// Its cause: all exceptions of one cause are one group.
    pub group: String,
    /// Until when somebody put it away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snoozed_until: Option<String>,
    /// Whether somebody asked to give it up, and a second person has to ask for the same.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub waits_for_second: bool,
    /// The raw message that opened it, for `/v1/raw/{hash}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw: Option<String>,
    /// The actions it offers, as words for `POST /v1/exceptions/{id}/actions`.
    pub actions: Vec<String>,
    /// What else to do, outside Takt.
    pub advice: Vec<String>,
    /// What must not be done.
    pub forbidden: Vec<String>,
}

/// What somebody did about an exception that is still open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NoteRow {
    /// When.
    pub at: String,
    /// What.
    pub what: String,
    /// Who.
    pub who: String,
    /// Why.
    pub why: String,
}

/// How an exception ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ClosedRow {
    /// When.
    pub at: String,
    /// How.
    pub how: String,
    /// Who; empty where it ended by itself.
    pub who: String,
    /// Why; empty where nobody said.
    pub why: String,
}

/// An exception with all there is to decide about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CaseView {
    /// The exception.
    #[serde(flatten)]
    pub row: CaseRow,
    /// What people did about it.
    pub notes: Vec<NoteRow>,
    /// How it ended; absent while it is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed: Option<ClosedRow>,
    /// How many are open of the same cause, this one among them; none once it is over.
    pub same_cause: usize,
    /// For a message that matches nothing: what it says, as `edit` takes it back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub input: Option<serde_json::Value>,
    /// What people call the thing that it is about, such as `1000042@erp-eu`; absent where that is not reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// What it most likely meant, the best first.
    pub candidates: Vec<Candidate>,
}

/// A thing that a message may have meant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Candidate {
    /// Our id.
    pub entity: String,
    /// A number it has.
    pub name: String,
    /// Why it is likely, in words.
    pub because: Vec<String>,
}

/// All exceptions of one cause.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GroupRow {
    /// How it is called: the same as long as the cause is.
    pub id: String,
    /// What kind its exceptions are.
    pub kind: String,
    /// How bad the worst is, 0 worst.
    pub severity: u8,
    /// What is wrong: of one, its words; of many, what they share.
    pub what: String,
    /// How many are open.
    pub count: usize,
    /// Where they are.
    pub sites: Vec<String>,
    /// What is at stake all together, by unit.
    pub stake: String,
    /// When the first of them starts to hurt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub impact_at: Option<String>,
    /// What happens then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub impact_by: Option<String>,
    /// Where the first of them is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<String>,
    /// The roles that should act.
    pub owners: Vec<String>,
    /// When the oldest was opened.
    pub opened_at: String,
    /// The first that hurts.
    pub first: String,
    /// The actions that every one of them offers.
    pub actions: Vec<String>,
    /// For how many of them somebody asked to give it up, and a second person has to ask for the same.
    pub waits_for_second: usize,
}

/// A group with its exceptions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GroupView {
    /// The group.
    #[serde(flatten)]
    pub row: GroupRow,
    /// Its exceptions, by when they hurt; the first 200.
    pub exceptions: Vec<CaseRow>,
    /// When this was so.
    pub as_of: String,
}

/// What came of an action on every exception of a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GroupOutcome {
    /// The key of the request.
    pub key: String,
    /// The group.
    pub group: String,
    /// How many were acted on; those a repetition finds done are among them.
    pub done: usize,
    /// How many were not granted.
    pub refused: usize,
    /// How many more are open, for which the same has to be sent again: one request is about so many.
    #[serde(default)]
    pub left: usize,
    /// Each, with what came of it.
    pub outcomes: Vec<OneOutcome>,
}

/// What came of it for one of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OneOutcome {
    /// Which.
    pub exception: String,
    /// accepted, or the code of the trouble.
    pub answer: String,
    /// Whether this is the answer that it got before.
    pub replayed: bool,
    /// Why not; empty when it was granted.
    pub message: String,
    /// What would help; empty when it was granted.
    pub remedy: String,
}

/// A case as it is shown.
pub fn row(entity: EntityId, case: &Case) -> CaseRow {
    let mut shown = CaseRow {
        id: short(entity, case.number),
        entity: entity.to_string(),
        case: case.number,
        kind: case.kind.word().to_owned(),
        severity: case.kind.severity(),
        what: case.what.clone(),
        stake: case.stake.clone(),
        impact_at: case.impact_at.as_ref().map(Instant::to_string),
        impact_by: case.impact_by.map(|by| by.word().to_owned()),
        site: case.site.map(|site| site.to_string()),
        owner: case.owner.as_str().to_owned(),
        opened_at: case.opened_at.to_string(),
        group: case.cause(entity).to_string(),
        snoozed_until: case.snoozed_until.as_ref().map(Instant::to_string),
        waits_for_second: !case.asked_by.is_empty(),
        raw: case.origin.as_ref().map(|origin| origin.raw.to_string()),
        actions: ["hand_to", "snooze"].map(str::to_owned).to_vec(),
        advice: Vec::new(),
        forbidden: Vec::new(),
    };
    for proposal in &case.proposals {
        match proposal {
            Proposal::Retry | Proposal::Adopt | Proposal::WriteOff | Proposal::Match | Proposal::Edit | Proposal::Acknowledge => {
                shown.actions.push(super::word_of(proposal));
            }
            Proposal::Do(words) => shown.advice.push(words.clone()),
            Proposal::DoNot(words) => shown.forbidden.push(words.clone()),
        }
    }
    shown
}

/// Open cases by cause, each group in the order of the desk, with the rank of its first.
pub fn groups(cases: &[OpenCase]) -> Vec<(Rank, GroupRow)> {
    let mut by_cause: BTreeMap<String, Vec<&OpenCase>> = BTreeMap::new();
    for open in cases {
        by_cause.entry(open.case.cause(open.entity).to_string()).or_default().push(open);
    }
    let mut rows: Vec<(Rank, GroupRow)> = by_cause.into_iter().filter_map(|(id, cases)| group(id, cases)).collect();
    rows.sort_by(|(a, _), (b, _)| a.cmp(b));
    rows
}

fn group(id: String, mut cases: Vec<&OpenCase>) -> Option<(Rank, GroupRow)> {
    cases.sort_by_cached_key(|open| Rank::of(open.entity, &open.case));
    let first = *cases.first()?;
    let shown = row(first.entity, &first.case);
    let alone = cases.len() == 1;
    let each = |word: fn(&Case) -> Option<String>| -> Vec<String> {
        let words: BTreeSet<String> = cases.iter().filter_map(|open| word(&open.case)).collect();
        words.into_iter().collect()
    };
    let offered = |action: &String| cases.iter().all(|open| row(open.entity, &open.case).actions.contains(action));
    let oldest = cases.iter().map(|open| open.case.opened_at).min().unwrap_or(first.case.opened_at);
    let group = GroupRow {
        id,
        severity: cases.iter().map(|open| open.case.kind.severity()).min().unwrap_or_default(),
        what: if alone { shown.what } else { first.case.about.clone() },
        count: cases.len(),
        sites: each(|case| case.site.map(|site| site.to_string())),
        stake: if alone { shown.stake } else { stakes(cases.iter().map(|open| open.case.stake.as_str())) },
        impact_at: shown.impact_at,
        impact_by: shown.impact_by,
        site: shown.site,
        owners: each(|case| Some(case.owner.to_string())),
        opened_at: oldest.to_string(),
        first: shown.id,
        actions: shown.actions.into_iter().filter(offered).collect(),
        waits_for_second: cases.iter().filter(|open| !open.case.asked_by.is_empty()).count(),
        kind: shown.kind,
    };
    Some((Rank::of(first.entity, &first.case), group))
}

/// The order of the desk: by when it hurts, then by how bad it is, then by age.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rank(String);

impl Rank {
    /// The rank of a case.
    pub fn of(entity: EntityId, case: &Case) -> Self {
        let impact_at_ns = case.impact_at.map_or(i64::MAX, |at| at.utc_ns()).max(0);
        let opened_at_ns = case.opened_at.utc_ns().max(0);
        Self(format!("{impact_at_ns:019}.{:03}.{opened_at_ns:019}.{entity}.{:010}", case.kind.severity(), case.number))
    }

    /// Takes one as it was told.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.get(..19).is_some_and(|head| head.bytes().all(|byte| byte.is_ascii_digit()));
        (digits && text.len() < 200).then(|| Self(text.to_owned()))
    }
}

impl std::fmt::Display for Rank {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}
